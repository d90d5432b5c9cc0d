/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key pairs from a private value that is known beforehand: test vectors and
 * recorded exchanges.  OpenSSL wants the public value together with the
 * private one, so it is computed here, by OpenSSL's numbers and points.
 */
#include "crypto/kex_impl.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

/* A key of type ("EC", "DH") from what is in the builder. */
static EVP_PKEY *
key_from(const char *type, OSSL_PARAM_BLD *bld)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (params == NULL || ctx == NULL ||
	    EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1) {
		key = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

/* Domain parameters of a MODP group, by name where OpenSSL has one. */
static bool
push_modp(OSSL_PARAM_BLD *bld, const struct alg *group,
    const struct fetch_group *params)
{
	if (group->ossl != NULL) {
		return OSSL_PARAM_BLD_push_utf8_string(bld,
		    OSSL_PKEY_PARAM_GROUP_NAME, group->ossl, 0) == 1;
	}
	return OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_FFC_P,
	    params->p) == 1 && OSSL_PARAM_BLD_push_BN(bld,
	    OSSL_PKEY_PARAM_FFC_G, params->g) == 1;
}

static EVP_PKEY *
modp_key(const struct alg *group, const struct fetch_group *params,
    const BIGNUM *x, BN_CTX *bn)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *y = BN_new();
	EVP_PKEY *key = NULL;

	if (bld != NULL && y != NULL &&
	    BN_mod_exp(y, params->g, x, params->p, bn) == 1 &&
	    push_modp(bld, group, params) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PUB_KEY, y) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, x) == 1) {
		key = key_from("DH", bld);
	}
	BN_free(y);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

/* Our public point in OpenSSL's form, at enc; its length, 0 on failure. */
static size_t
ec_public(const struct alg *group, const BIGNUM *x, uint8_t *enc,
    size_t size, BN_CTX *bn)
{
	int nid = EC_curve_nist2nid(group->ossl);
	EC_GROUP *curve;
	EC_POINT *point;
	size_t len = 0;

	if (nid == NID_undef)
		nid = OBJ_sn2nid(group->ossl);
	curve = EC_GROUP_new_by_curve_name(nid);
	point = curve != NULL ? EC_POINT_new(curve) : NULL;
	if (point != NULL &&
	    EC_POINT_mul(curve, point, x, NULL, NULL, bn) == 1) {
		len = EC_POINT_point2oct(curve, point,
		    POINT_CONVERSION_UNCOMPRESSED, enc, size, bn);
	}
	EC_POINT_free(point);
	EC_GROUP_free(curve);
	return len;
}

static EVP_PKEY *
ec_key(const struct alg *group, const BIGNUM *x, BN_CTX *bn)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	uint8_t enc[1 + KEX_PUBLIC_MAX];
	size_t len = ec_public(group, x, enc, sizeof(enc), bn);
	EVP_PKEY *key = NULL;

	if (bld != NULL && len > 0 &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
	    group->ossl, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY,
	    enc, len) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, x) == 1) {
		key = key_from("EC", bld);
	}
	OSSL_PARAM_BLD_free(bld);
	return key;
}

EVP_PKEY *
kex_key_from_private(const struct alg *group,
    const struct fetch_group *params, const uint8_t *priv, size_t len)
{
	EVP_PKEY *key = NULL;
	BN_CTX *bn;
	BIGNUM *x;

	if (len > KEX_PUBLIC_MAX)
		return NULL;
	if (group->mode == ALG_MODE_XDH) {
		return EVP_PKEY_new_raw_private_key_ex(NULL, group->ossl,
		    NULL, priv, len);
	}
	bn = BN_CTX_new();
	x = BN_bin2bn(priv, (int)len, NULL);
	if (bn != NULL && x != NULL && !BN_is_zero(x)) {
		BN_set_flags(x, BN_FLG_CONSTTIME);
		key = group->mode == ALG_MODE_EC ? ec_key(group, x, bn) :
		    modp_key(group, params, x, bn);
	}
	BN_clear_free(x);
	BN_CTX_free(bn);
	return key;
}
