/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CBC without integrity, for IKEv1 alone (RFC 2409 appendix B).  The IV is
 * the caller's: each message goes on where the one before it ended.
 */
#include "crypto/cbc.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/error.h"
#include "base/secret.h"
#include "crypto/alg.h"
#include "crypto/fetch.h"

static int
run(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const struct secret *key,
    const uint8_t *iv, uint8_t *data, size_t len, bool encrypt)
{
	int out = 0;

	/* Blowfish and CAST take keys of several lengths: set it first */
	return EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, encrypt,
	    NULL) == 1 &&
	    EVP_CIPHER_CTX_set_key_length(ctx, (int)key->len) == 1 &&
	    EVP_CipherInit_ex2(ctx, NULL, key->data, iv, encrypt, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	    EVP_CipherUpdate(ctx, data, &out, data, (int)len) == 1 &&
	    out == (int)len;
}

int
cbc_crypt(const struct alg *encr, const struct secret *key, uint8_t *iv,
    uint8_t *data, size_t len, bool encrypt, struct sp_error *err)
{
	const char *why = NULL;
	const EVP_CIPHER *cipher;
	uint8_t last[CBC_BLOCK_MAX];
	size_t block = encr->block_len;
	EVP_CIPHER_CTX *ctx;
	bool good;

	if (encr->mode != ALG_MODE_CBC || block > sizeof(last) ||
	    len == 0 || len % block != 0 || len > INT_MAX)
		return sp_fail(err, SP_RANGE, "%zu bytes cannot be encrypted "
		    "by %s", len, encr->name);
	cipher = fetch_cipher(encr, (unsigned)key->len * 8, &why);
	if (cipher == NULL)
		return sp_fail(err, SP_UNSUPPORTED, "%s is not offered here",
		    encr->name);
	memcpy(last, data + len - block, block);
	ctx = EVP_CIPHER_CTX_new();
	good = ctx != NULL && run(ctx, cipher, key, iv, data, len, encrypt);
	EVP_CIPHER_CTX_free(ctx);
	if (!good)
		return sp_fail(err, SP_SYSTEM, "OpenSSL cannot use %s",
		    encr->name);
	memcpy(iv, encrypt ? data + len - block : last, block);
	return 0;
}
