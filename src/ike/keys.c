/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key derivation (RFC 7296 2.13-2.18).  Key material is cut from one prf+
 * stream in the order of the RFC; the stream lives on the stack and is wiped
 * before the function returns.
 */
#include "ike/keys.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "crypto/alg.h"
#include "crypto/prf.h"
#include "ike/codec.h"
#include "ike/proposal.h"

/* PRFs whose key has one length (RFC 4434, RFC 4615; RFC 7296 2.14). */
#define PRF_AES128_XCBC 4
#define PRF_AES128_CMAC 8
#define FIXED_KEY_NONCE 8	/* bytes of each nonce that make their key */

#define NONCE_MAX 256
#define KEYMAT_MAX 640		/* more than any suite needs */

static const char key_pad[] = "Key Pad for IKEv2";

/* These take nonces cut to size, not hashed to size. */
static bool
has_fixed_key(const struct alg *prf)
{
	return prf->id == PRF_AES128_XCBC || prf->id == PRF_AES128_CMAC;
}

int
ike_skeyseed(const struct alg *prf, const struct secret *g_ir,
    const uint8_t *ni, size_t ni_len, const uint8_t *nr, size_t nr_len,
    struct secret *out, struct sp_error *err)
{
	struct chunk in = { g_ir->data, g_ir->len };
	uint8_t key[2 * NONCE_MAX], seed[PRF_MAX];
	int ret;

	if (ni_len > NONCE_MAX || nr_len > NONCE_MAX)
		return sp_fail(err, SP_RANGE, "a nonce has more than %d bytes",
		    NONCE_MAX);
	if (has_fixed_key(prf)) {
		if (ni_len < FIXED_KEY_NONCE || nr_len < FIXED_KEY_NONCE)
			return sp_fail(err, SP_RANGE, "a nonce has less than "
			    "%d bytes", FIXED_KEY_NONCE);
		ni_len = nr_len = FIXED_KEY_NONCE;
	}

	memcpy(key, ni, ni_len);
	memcpy(key + ni_len, nr, nr_len);
	ret = prf_compute(prf, key, ni_len + nr_len, &in, 1, seed, err);
	if (ret == 0)
		secret_set(out, seed, prf->out_len);
	explicit_bzero(seed, sizeof(seed));
	return ret;
}

/* SK_d has the length that the PRF wants, so no cutting here. */
int
ike_skeyseed_rekey(const struct alg *old_prf, const struct secret *sk_d,
    const struct secret *g_ir, const uint8_t *ni, size_t ni_len,
    const uint8_t *nr, size_t nr_len, struct secret *out,
    struct sp_error *err)
{
	struct chunk in[3] = {
		{ g_ir->data, g_ir->len }, { ni, ni_len }, { nr, nr_len },
	};
	uint8_t seed[PRF_MAX];
	int ret;

	ret = prf_compute(old_prf, sk_d->data, sk_d->len, in, 3, seed, err);
	if (ret == 0)
		secret_set(out, seed, old_prf->out_len);
	explicit_bzero(seed, sizeof(seed));
	return ret;
}

/* One key to cut from the stream. */
struct cut {
	struct secret *key;
	size_t len;
};

/* Run prf+ for as much as the cuts need and deal it out, freeing old keys. */
static int
derive(const struct alg *prf, const struct secret *key,
    const struct chunk *seed, size_t nr_seed, const struct cut *cuts,
    size_t nr, struct sp_error *err)
{
	uint8_t mat[KEYMAT_MAX];
	size_t len = 0, i;
	struct rd r;
	int ret;

	for (i = 0; i < nr; i++)
		len += cuts[i].len;
	if (len > sizeof(mat))
		return sp_fail(err, SP_RANGE, "%zu bytes of keys are more "
		    "than any suite needs", len);
	ret = prf_plus(prf, key->data, key->len, seed, nr_seed, mat, len, err);
	if (ret < 0)
		goto out;

	rd_init(&r, mat, len);
	for (i = 0; i < nr; i++) {
		secret_free(cuts[i].key);
		secret_alloc(cuts[i].key, cuts[i].len);
		rd_copy(&r, cuts[i].key->data, cuts[i].len);
	}
out:
	explicit_bzero(mat, sizeof(mat));
	return ret;
}

/* Key and salt; nothing for AH and NULL. */
static size_t
encr_len(const struct suite *s)
{
	return s->encr ? alg_encr_key_len(s->encr, s->key_bits) : 0;
}

/* Bytes of integrity key; none with AEAD. */
static size_t
integ_len(const struct suite *s)
{
	return s->integ ? s->integ->key_len : 0;
}

int
ike_keys_derive(const struct suite *s, const struct secret *skeyseed,
    const uint8_t *ni, size_t ni_len, const uint8_t *nr, size_t nr_len,
    uint64_t spi_i, uint64_t spi_r, struct ike_keys *out,
    struct sp_error *err)
{
	const struct cut cuts[] = {
		{ &out->d, s->prf->key_len },
		{ &out->ai, integ_len(s) }, { &out->ar, integ_len(s) },
		{ &out->ei, encr_len(s) }, { &out->er, encr_len(s) },
		{ &out->pi, s->prf->key_len }, { &out->pr, s->prf->key_len },
	};
	uint8_t spis[16];
	struct chunk seed[3] = {
		{ ni, ni_len }, { nr, nr_len }, { spis, sizeof(spis) },
	};

	put_u64(spis, spi_i);
	put_u64(spis + 8, spi_r);
	return derive(s->prf, skeyseed, seed, 3, cuts,
	    sizeof(cuts) / sizeof(cuts[0]), err);
}

void
ike_keys_free(struct ike_keys *k)
{
	secret_free(&k->d);
	secret_free(&k->ai);
	secret_free(&k->ar);
	secret_free(&k->ei);
	secret_free(&k->er);
	secret_free(&k->pi);
	secret_free(&k->pr);
}

int
ike_child_keys(const struct alg *prf, const struct secret *sk_d,
    const struct secret *g_ir, const uint8_t *ni, size_t ni_len,
    const uint8_t *nr, size_t nr_len, const struct suite *suite,
    unsigned protocol, struct child_keys *out, struct sp_error *err)
{
	size_t encr = protocol == PROTO_ESP ? encr_len(suite) : 0;
	const struct cut cuts[] = {
		{ &out->encr_i, encr }, { &out->integ_i, integ_len(suite) },
		{ &out->encr_r, encr }, { &out->integ_r, integ_len(suite) },
	};
	struct chunk seed[3];
	size_t n = 0;

	if (g_ir != NULL)
		seed[n++] = (struct chunk){ g_ir->data, g_ir->len };
	seed[n++] = (struct chunk){ ni, ni_len };
	seed[n++] = (struct chunk){ nr, nr_len };
	return derive(prf, sk_d, seed, n, cuts,
	    sizeof(cuts) / sizeof(cuts[0]), err);
}

void
child_keys_free(struct child_keys *k)
{
	secret_free(&k->encr_i);
	secret_free(&k->integ_i);
	secret_free(&k->encr_r);
	secret_free(&k->integ_r);
}

/* Two rounds, so that a stored prf(psk, pad) would do as well. */
int
ike_auth_psk_octets(const struct alg *prf, const struct secret *psk,
    const struct chunk *octets, size_t nr, uint8_t *out,
    struct sp_error *err)
{
	struct chunk pad = { key_pad, sizeof(key_pad) - 1 };
	uint8_t key[PRF_MAX];
	int ret;

	ret = prf_compute(prf, psk->data, psk->len, &pad, 1, key, err);
	if (ret == 0)
		ret = prf_compute(prf, key, prf->out_len, octets, nr, out,
		    err);
	explicit_bzero(key, sizeof(key));
	return ret;
}

int
ike_auth_psk(const struct alg *prf, const struct secret *psk,
    const uint8_t *msg, size_t msg_len, const uint8_t *nonce,
    size_t nonce_len, const struct secret *sk_p, const uint8_t *id_body,
    size_t id_len, uint8_t *out, struct sp_error *err)
{
	uint8_t maced_id[PRF_MAX];
	struct chunk id = { id_body, id_len };
	struct chunk octets[3] = {
		{ msg, msg_len }, { nonce, nonce_len },
		{ maced_id, prf->out_len },
	};
	int ret;

	ret = prf_compute(prf, sk_p->data, sk_p->len, &id, 1, maced_id, err);
	if (ret < 0)
		return ret;
	return ike_auth_psk_octets(prf, psk, octets, 3, out, err);
}

size_t
ike_id_body(uint8_t type, const uint8_t *data, size_t len, uint8_t *out)
{
	out[0] = type;
	memset(out + 1, 0, 3);
	if (len > 0)
		memcpy(out + 4, data, len);
	return IKE_ID_BODY_LEN(len);
}
