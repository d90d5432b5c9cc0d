/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures of IKEv1 (RFC 2409 5.1): over HASH_I or HASH_R as it is, RSA
 * with PKCS#1 padding and no DigestInfo, ECDSA as r | s (RFC 4754).
 */
#include "crypto/sig.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/buf.h"
#include "base/error.h"
#include "crypto/pkey.h"

#define RAW_MAX 2048

static EVP_PKEY_CTX *
context(const struct pkey *k, bool sign)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey_evp(k),
	    NULL);
	int ok;

	if (ctx == NULL)
		return NULL;
	ok = sign ? EVP_PKEY_sign_init(ctx) : EVP_PKEY_verify_init(ctx);
	if (ok > 0 && pkey_type_of(k) == PKEY_RSA)
		ok = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
	if (ok > 0)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

/* Bytes of one coordinate. */
static size_t
coord_len(const struct pkey *k)
{
	return (pkey_bits(k) + 7) / 8;
}

static bool
put_pair(const struct pkey *k, const uint8_t *der, size_t len,
    struct buf *out)
{
	const unsigned char *at = der;
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &at, (long)len);
	size_t coord = coord_len(k), mark = out->len;
	bool ok;

	ok = s != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(s),
	    buf_space(out, coord), (int)coord) > 0 &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(s), buf_space(out, coord),
	    (int)coord) > 0;
	if (!ok)
		buf_truncate(out, mark);
	ECDSA_SIG_free(s);
	return ok;
}

int
sig_raw_make(const struct pkey *k, const uint8_t *hash, size_t len,
    struct buf *out, struct sp_error *err)
{
	EVP_PKEY_CTX *ctx = NULL;
	uint8_t sig[RAW_MAX];
	size_t n = sizeof(sig);
	bool ok = false;

	if (pkey_type_of(k) == PKEY_RSA || pkey_type_of(k) == PKEY_ECDSA)
		ctx = context(k, true);
	if (ctx != NULL && EVP_PKEY_sign(ctx, sig, &n, hash, len) == 1) {
		ok = true;
		if (pkey_type_of(k) == PKEY_ECDSA)
			ok = put_pair(k, sig, n, out);
		else
			buf_bytes(out, sig, n);
	}
	EVP_PKEY_CTX_free(ctx);
	if (ok)
		return 0;
	return ssl_fail(err, SP_SYSTEM, "Signing failed");
}

static bool
pair_to_der(const uint8_t *pair, size_t coord, unsigned char **der, int *len)
{
	ECDSA_SIG *s = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(pair, (int)coord, NULL);
	BIGNUM *v = BN_bin2bn(pair + coord, (int)coord, NULL);

	*len = 0;
	if (s != NULL && r != NULL && v != NULL && ECDSA_SIG_set0(s, r, v)) {
		r = v = NULL;
		*len = i2d_ECDSA_SIG(s, der);
	}
	BN_free(r);
	BN_free(v);
	ECDSA_SIG_free(s);
	return *len > 0;
}

int
sig_raw_check(const struct pkey *k, const uint8_t *hash, size_t len,
    const uint8_t *sig, size_t sig_len, struct sp_error *err)
{
	enum pkey_type type = pkey_type_of(k);
	EVP_PKEY_CTX *ctx = NULL;
	unsigned char *der = NULL;
	size_t coord = coord_len(k);
	int n = 0;
	bool ok = false;

	if (type == PKEY_RSA || type == PKEY_ECDSA)
		ctx = context(k, false);
	if (ctx != NULL && type == PKEY_RSA) {
		ok = EVP_PKEY_verify(ctx, sig, sig_len, hash, len) == 1;
	} else if (ctx != NULL && sig_len == 2 * coord &&
	    pair_to_der(sig, coord, &der, &n)) {
		ok = EVP_PKEY_verify(ctx, der, (size_t)n, hash, len) == 1;
	}
	OPENSSL_free(der);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	if (ok)
		return 0;
	return sp_fail(err, SP_AUTH, "The peer's signature does not fit its "
	    "key.");
}
