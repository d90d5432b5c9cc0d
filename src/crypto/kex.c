/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Diffie-Hellman in the wire forms of IKE.
 *
 * MODP values are as long as the prime (RFC 7296 section 3.4); points are
 * x | y without OpenSSL's leading 04 and the secret is x (RFC 5903 section
 * 7, RFC 6954); X25519 and X448 are bytes as they are (RFC 8031).
 *
 * Checks of the peer's value, RFC 6989:
 *   section 2.1  safe primes (1, 2, 5, 14-18): 1 < r < p-1, here.  OpenSSL's
 *                own check costs a full power more and is left out.
 *   section 2.2  groups 22-24: the same, and r^q = 1, by OpenSSL.
 *   section 2.3  curves: on the curve; OpenSSL checks while it reads the
 *                point.  Infinity has no x | y form.
 *   RFC 7748 6   XDH: an all-zero secret is refused.
 */
#include "crypto/kex.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/dh.h>
#include <openssl/err.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"
#include "crypto/kex_impl.h"

static bool
is_modp(const struct alg *group)
{
	return group->mode == ALG_MODE_MODP ||
	    group->mode == ALG_MODE_MODP_SUB;
}

/* Private exponents of twice the strength of the group, not of less. */
static bool
set_exponent_len(EVP_PKEY_CTX *ctx, const struct alg *group)
{
	int bits = group->key_len * 8;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_PKEY_PARAM_DH_PRIV_LEN, &bits),
		OSSL_PARAM_construct_end(),
	};

	if (group->mode != ALG_MODE_MODP)
		return true;
	return EVP_PKEY_CTX_set_params(ctx, params) == 1;
}

static EVP_PKEY *
generate(const struct alg *group, EVP_PKEY *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, params, NULL);
	EVP_PKEY *key = NULL;

	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
	    !set_exponent_len(ctx, group) ||
	    EVP_PKEY_generate(ctx, &key) != 1) {
		key = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static const struct fetch_group *
find_group(const struct alg *group, struct sp_error *err)
{
	const struct fetch_group *params = NULL;

	if (group->type == ALG_KE && group->mode != ALG_MODE_NONE)
		params = fetch_group(group);
	if (params == NULL) {
		sp_fail(err, SP_UNSUPPORTED,
		    "OpenSSL does not have the group %s", group->word);
	}
	return params;
}

/* Takes key, which may be NULL if making it failed. */
static int
kex_from_key(struct kex **out, const struct alg *group,
    const struct fetch_group *params, EVP_PKEY *key, struct sp_error *err)
{
	struct kex *k;

	if (key == NULL) {
		ERR_clear_error();
		return sp_fail(err, SP_SYSTEM,
		    "OpenSSL makes no key of the group %s", group->word);
	}
	k = xcalloc(1, sizeof(*k));
	k->group = group;
	k->params = params;
	k->key = key;
	*out = k;
	return 0;
}

int
kex_new(struct kex **out, const struct alg *group, struct sp_error *err)
{
	const struct fetch_group *params = find_group(group, err);

	if (params == NULL)
		return SP_UNSUPPORTED;
	return kex_from_key(out, group, params,
	    generate(group, params->params), err);
}

int
kex_new_private(struct kex **out, const struct alg *group,
    const uint8_t *priv, size_t len, struct sp_error *err)
{
	const struct fetch_group *params = find_group(group, err);

	if (params == NULL)
		return SP_UNSUPPORTED;
	return kex_from_key(out, group, params,
	    kex_key_from_private(group, params, priv, len), err);
}

void
kex_free(struct kex *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->key);
	free(k);
}

const struct alg *
kex_group(const struct kex *k)
{
	return k->group;
}

/* Bytes that OpenSSL's encoding has before the wire form. */
static size_t
prefix_len(const struct alg *group)
{
	return group->mode == ALG_MODE_EC ? 1 : 0;
}

int
kex_public(const struct kex *k, struct buf *out, struct sp_error *err)
{
	size_t skip = prefix_len(k->group), len;
	unsigned char *enc = NULL;

	len = EVP_PKEY_get1_encoded_public_key(k->key, &enc);
	if (len != skip + k->group->out_len) {
		OPENSSL_free(enc);
		ERR_clear_error();
		return sp_fail(err, SP_SYSTEM,
		    "OpenSSL gives a public value of %zu bytes for %s, not %u",
		    len, k->group->word, k->group->out_len);
	}
	buf_bytes(out, enc + skip, len - skip);
	OPENSSL_free(enc);
	return 0;
}

static int
check_range(const struct kex *k, const uint8_t *peer, size_t len,
    struct sp_error *err)
{
	BIGNUM *r = BN_bin2bn(peer, (int)len, NULL);
	bool low, high;

	if (r == NULL)
		return sp_fail(err, SP_SYSTEM, "OpenSSL has no memory left");
	low = BN_is_zero(r) || BN_is_one(r);
	high = BN_cmp(r, k->params->p_minus_1) >= 0;
	BN_free(r);
	if (!low && !high)
		return 0;
	return sp_fail(err, SP_PEER, "the peer's public value for %s is %s, "
	    "not between 1 and p-1 (RFC 6989 2.1)", k->group->word,
	    low ? "0 or 1" : "p-1 or more");
}

static int
check_peer(const struct kex *k, const uint8_t *peer, size_t len,
    struct sp_error *err)
{
	if (len != k->group->out_len) {
		return sp_fail(err, SP_PEER, "the peer's public value for %s "
		    "has %zu bytes, the group has %u", k->group->word, len,
		    k->group->out_len);
	}
	return is_modp(k->group) ? check_range(k, peer, len, err) : 0;
}

/* The peer's value as a key; NULL if OpenSSL finds it to be none. */
static EVP_PKEY *
import_peer(const struct kex *k, const uint8_t *peer, size_t len)
{
	unsigned char enc[1 + KEX_PUBLIC_MAX] = { EC_UNCOMPRESSED };
	size_t skip = prefix_len(k->group);
	EVP_PKEY *key = EVP_PKEY_dup(k->params->params);

	memcpy(enc + skip, peer, len);
	if (key != NULL &&
	    EVP_PKEY_set1_encoded_public_key(key, enc, skip + len) == 1) {
		return key;
	}

	EVP_PKEY_free(key);
	return NULL;
}

static bool
agree(const struct kex *k, EVP_PKEY *peer, uint8_t *out, size_t *len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->key, NULL);
	int validate = k->group->mode == ALG_MODE_MODP_SUB ? 1 : 0;
	bool ok;

	ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	    (!is_modp(k->group) || EVP_PKEY_CTX_set_dh_pad(ctx, 1) == 1) &&
	    EVP_PKEY_derive_set_peer_ex(ctx, peer, validate) == 1 &&
	    EVP_PKEY_derive(ctx, out, len) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/*
 * Is the secret one that the group can give.  x = 0 is a point like others
 * on some curves, and OpenSSL refuses 0 and 1 for MODP, so this is about
 * XDH.  The time does not depend on where the first set bit is.
 */
static bool
is_fit(const struct alg *group, const uint8_t *p, size_t len)
{
	uint8_t all = 0;
	size_t i;

	for (i = 0; i < len; i++)
		all |= p[i];
	return all != 0 || group->mode != ALG_MODE_XDH;
}

/* What is wrong with a value that OpenSSL refused. */
static const char *
refusal(const struct alg *group)
{
	if (group->mode == ALG_MODE_EC)
		return "is not a point of the curve (RFC 6989 2.3)";
	if (group->mode == ALG_MODE_XDH)
		return "gives an all-zero secret (RFC 8031 2.3)";
	if (group->mode == ALG_MODE_MODP_SUB)
		return "is not in the group's subgroup (RFC 6989 2.2)";
	return "gives a secret of 1 or 0 (RFC 6989 2.1)";
}

int
kex_derive(struct kex *k, const uint8_t *peer, size_t len,
    struct secret *out, struct sp_error *err)
{
	uint8_t shared[KEX_PUBLIC_MAX];
	size_t shared_len = sizeof(shared);
	EVP_PKEY *key;
	bool ok;
	int ret;

	ret = check_peer(k, peer, len, err);
	if (ret < 0)
		return ret;
	key = import_peer(k, peer, len);
	ok = key != NULL && agree(k, key, shared, &shared_len) &&
	    is_fit(k->group, shared, shared_len);
	EVP_PKEY_free(key);
	if (ok) {
		secret_set(out, shared, shared_len);
	} else {
		ERR_clear_error();
		ret = sp_fail(err, SP_PEER, "the peer's public value for %s "
		    "%s", k->group->word, refusal(k->group));
	}
	OPENSSL_cleanse(shared, sizeof(shared));
	return ret;
}
