/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keyed contexts for packets: which construction a suite needs, keys into
 * OpenSSL, IVs.  The constructions are in seal_aead.c and seal_etm.c.
 *
 * A context is keyed once, here; for each packet only the IV is set anew
 * (conformance: RFC 4106, 4309, 4543, 5282, 7634 for combined modes, RFC
 * 3602, 3686, 2451, 5529 with RFC 2404, 4868, 3566, 4494 for the others).
 * One context belongs to one direction and one thread.
 */
#include "crypto/seal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/alg.h"
#include "crypto/fetch.h"
#include "crypto/rng.h"
#include "crypto/seal_impl.h"

/* Longest text of one packet: what an int of OpenSSL holds, by far. */
#define TEXT_MAX (1U << 24)

static const struct seal_mode *const modes[] = {
	[ALG_MODE_NULL] = &seal_mode_null,
	[ALG_MODE_CBC] = &seal_mode_cbc,
	[ALG_MODE_CTR] = &seal_mode_ctr,
	[ALG_MODE_GCM] = &seal_mode_aead,
	[ALG_MODE_CHACHA] = &seal_mode_aead,
	[ALG_MODE_CCM] = &seal_mode_ccm,
	[ALG_MODE_GMAC] = &seal_mode_gmac,
};

static int
check_encr(const struct seal_params *p, struct sp_error *err)
{
	const struct alg *e = p->encr;
	size_t want;

	if (e->type != ALG_ENCR || e->mode == ALG_MODE_NONE ||
	    e->mode >= NELEM(modes) || modes[e->mode] == NULL) {
		return sp_fail(err, SP_UNSUPPORTED,
		    "%s is not a cipher that can be computed", e->name);
	}
	if (!alg_has_key_bits(e, p->key_bits)) {
		return sp_fail(err, SP_RANGE, "%s has no keys of %u bits",
		    e->name, p->key_bits);
	}
	want = alg_encr_key_len(e, p->key_bits);
	if (p->encr_key_len != want) {
		return sp_fail(err, SP_RANGE,
		    "the key of %s has %zu bytes, not %zu", e->name,
		    p->encr_key_len, want);
	}

	return 0;
}

static int
check_integ(const struct seal_params *p, bool aead, struct sp_error *err)
{
	const struct alg *a = p->integ;

	if (aead && a != NULL) {
		return sp_fail(err, SP_RANGE, "%s checks integrity itself, "
		    "%s must not come with it", p->encr->name, a->name);
	}
	if (aead)
		return 0;
	if (a == NULL) {
		return sp_fail(err, SP_RANGE, "%s needs an integrity "
		    "algorithm", p->encr != NULL ? p->encr->name : "AH");
	}
	if (a->type != ALG_INTEG || a->mode == ALG_MODE_NONE) {
		return sp_fail(err, SP_UNSUPPORTED,
		    "%s is not an integrity algorithm that can be computed",
		    a->name);
	}
	if (p->integ_key_len != a->key_len) {
		return sp_fail(err, SP_RANGE,
		    "the key of %s has %zu bytes, not %u", a->name,
		    p->integ_key_len, a->key_len);
	}

	return 0;
}

static bool
set_cipher_key(struct seal *s, const struct seal_params *p,
    const EVP_CIPHER *cipher, size_t key_len)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int enc = p->encrypt ? 1 : 0;

	s->cipher = c;
	if (c == NULL || EVP_CipherInit_ex(c, cipher, NULL, NULL, NULL,
	    enc) != 1) {
		return false;
	}
	if (s->aead && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN,
	    s->mode->nonce_len, NULL) != 1) {
		return false;
	}
	if (s->mode->tag_first && EVP_CIPHER_CTX_ctrl(c,
	    EVP_CTRL_AEAD_SET_TAG, s->icv_len, NULL) != 1) {
		return false;
	}
	if (EVP_CIPHER_CTX_get_key_length(c) != (int)key_len &&
	    EVP_CIPHER_CTX_set_key_length(c, (int)key_len) != 1) {
		return false;
	}
	return EVP_CipherInit_ex(c, NULL, NULL, p->encr_key, NULL, -1) == 1 &&
	    (s->aead || EVP_CIPHER_CTX_set_padding(c, 0) == 1);
}

static int
init_cipher(struct seal *s, const struct seal_params *p,
    struct sp_error *err)
{
	const struct alg *e = p->encr;
	const EVP_CIPHER *cipher;
	const char *why = "";
	size_t key_len;

	s->salt_len = e->salt_len;
	s->iv_len = e->iv_len;
	s->block_len = e->block_len;
	s->counter = (e->flags & ALG_COUNTER) != 0;
	if (p->encrypt && s->iv_len > 0 && !s->counter)
		s->ivs = xcalloc(1, sizeof(*s->ivs));
	if (e->mode == ALG_MODE_NULL)
		return 0;
	cipher = fetch_cipher(e, p->key_bits, &why);
	if (cipher == NULL)
		return sp_fail(err, SP_UNSUPPORTED, "%s: %s", e->name, why);
	key_len = p->encr_key_len - e->salt_len;
	if (e->salt_len > 0)
		memcpy(s->salt, p->encr_key + key_len, e->salt_len);
	if (!set_cipher_key(s, p, cipher, key_len)) {
		ERR_clear_error();
		return sp_fail(err, SP_SYSTEM, "OpenSSL refuses a key for %s",
		    e->name);
	}

	return 0;
}

int
seal_new(struct seal **out, const struct seal_params *p,
    struct sp_error *err)
{
	const struct alg *e = p->encr;
	bool aead = e != NULL && (e->flags & ALG_AEAD) != 0;
	struct seal *s;
	int ret;

	ret = e != NULL ? check_encr(p, err) : 0;
	if (ret == 0)
		ret = check_integ(p, aead, err);
	if (ret < 0)
		return ret;
	s = xcalloc(1, sizeof(*s));
	s->mode = e != NULL ? modes[e->mode] : &seal_mode_null;
	s->aead = aead;
	s->encrypt = p->encrypt;
	s->icv_len = aead ? e->icv_len : p->integ->icv_len;
	s->block_len = 1;
	if (e != NULL)
		ret = init_cipher(s, p, err);
	if (ret == 0 && !aead) {
		ret = mac_init(&s->mac, p->integ, p->integ_key,
		    p->integ_key_len, err);
	}
	if (ret < 0) {
		seal_free(s);
		return ret;
	}

	*out = s;
	return 0;
}

void
seal_free(struct seal *s)
{
	if (s == NULL)
		return;
	EVP_CIPHER_CTX_free(s->cipher);
	mac_clear(&s->mac);
	free(s->ivs);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}

size_t
seal_iv_len(const struct seal *s)
{
	return s->iv_len;
}

size_t
seal_icv_len(const struct seal *s)
{
	return s->icv_len;
}

size_t
seal_block_len(const struct seal *s)
{
	return s->block_len;
}

bool
seal_is_aead(const struct seal *s)
{
	return s->aead;
}

static void
random_iv(struct seal_ivs *ivs, size_t len, const struct rng *rng,
    uint8_t *iv)
{
	if (ivs->left < len) {
		rng_bytes(rng, ivs->bytes, sizeof(ivs->bytes));
		ivs->left = sizeof(ivs->bytes);
	}
	memcpy(iv, ivs->bytes + sizeof(ivs->bytes) - ivs->left, len);
	ivs->left -= len;
}

void
seal_make_iv(const struct seal *s, uint64_t counter,
    const struct rng *rng, uint8_t *iv)
{
	if (s->iv_len == 0)
		return;
	if (s->counter)
		put_u64(iv, counter);
	else if (s->ivs != NULL)
		random_iv(s->ivs, s->iv_len, rng, iv);
	else
		rng_bytes(rng, iv, s->iv_len);
}

/* block_len is a power of two. */
static bool
op_is_sane(const struct seal *s, const struct seal_op *op)
{
	return op->text_len <= TEXT_MAX && op->aad_len <= TEXT_MAX &&
	    op->aead_aad_len <= TEXT_MAX &&
	    (op->text_len & (s->block_len - 1U)) == 0;
}

int
seal_protect(struct seal *s, const struct seal_op *op)
{
	if (!s->encrypt || !op_is_sane(s, op))
		return SP_SYSTEM;
	return s->mode->protect(s, op);
}

int
seal_open(struct seal *s, const struct seal_op *op)
{
	/* a text of broken length cannot have a right ICV */
	if (s->encrypt || !op_is_sane(s, op))
		return SP_AUTH;
	return s->mode->open(s, op);
}
