/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AES-XCBC-MAC, RFC 3566 section 4: CBC-MAC under K1, where the last block
 * is first mixed with K2 (if whole) or padded with 10* and mixed with K3.
 * K1, K2, K3 are the encryptions of 01.., 02.., 03.. under the key.
 *
 * The chaining is done by OpenSSL's AES-128-CBC with an IV of zeros: the MAC
 * is the last block of its output.  The last block has to wait until it is
 * known to be the last, so up to one block is held back.
 */
#include "crypto/xcbc.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/error.h"
#include "base/mem.h"
#include "crypto/fetch.h"

#define BLOCK 16U
#define STRIDE 512U		/* bytes given to OpenSSL at a time */

struct xcbc {
	EVP_CIPHER_CTX *ctx;	/* CBC under K1; holds the chain */
	uint8_t k2[BLOCK];
	uint8_t k3[BLOCK];
	uint8_t held[BLOCK];
	size_t nr_held;
	uint8_t chain[BLOCK];	/* last output, the MAC in the end */
};

static const uint8_t zeros[BLOCK];

/* len: whole blocks. */
static int
chain_blocks(struct xcbc *x, const uint8_t *p, size_t len)
{
	uint8_t out[STRIDE];
	size_t n;
	int done;

	for (; len > 0; p += n, len -= n) {
		n = len < STRIDE ? len : STRIDE;
		if (EVP_EncryptUpdate(x->ctx, out, &done, p, (int)n) != 1)
			return SP_SYSTEM;
		memcpy(x->chain, out + n - BLOCK, BLOCK);
	}

	return 0;
}

/* out = the block of sixteen times value, encrypted under the key of ctx. */
static int
subkey(EVP_CIPHER_CTX *ctx, uint8_t value, uint8_t *out)
{
	uint8_t block[BLOCK];
	int done;

	memset(block, value, sizeof(block));
	/* one block in CBC with an IV of zeros is ECB */
	if (EVP_EncryptInit_ex(ctx, NULL, NULL, NULL, zeros) != 1 ||
	    EVP_EncryptUpdate(ctx, out, &done, block, BLOCK) != 1) {
		return SP_SYSTEM;
	}

	return 0;
}

static int
set_key(struct xcbc *x, const EVP_CIPHER *cipher, const uint8_t *key)
{
	uint8_t k1[BLOCK];
	int ret = SP_SYSTEM;

	if (EVP_EncryptInit_ex(x->ctx, cipher, NULL, key, zeros) != 1 ||
	    EVP_CIPHER_CTX_set_padding(x->ctx, 0) != 1) {
		return SP_SYSTEM;
	}
	if (subkey(x->ctx, 1, k1) == 0 && subkey(x->ctx, 2, x->k2) == 0 &&
	    subkey(x->ctx, 3, x->k3) == 0 &&
	    EVP_EncryptInit_ex(x->ctx, NULL, NULL, k1, zeros) == 1) {
		ret = 0;
	}
	OPENSSL_cleanse(k1, sizeof(k1));
	return ret;
}

struct xcbc *
xcbc_new(const uint8_t *key)
{
	const EVP_CIPHER *cipher = fetch_aes128_cbc();
	struct xcbc *x = xcalloc(1, sizeof(*x));

	x->ctx = EVP_CIPHER_CTX_new();
	if (x->ctx == NULL || cipher == NULL || set_key(x, cipher, key) < 0) {
		xcbc_free(x);
		return NULL;
	}

	return x;
}

void
xcbc_free(struct xcbc *x)
{
	if (x == NULL)
		return;
	EVP_CIPHER_CTX_free(x->ctx);
	OPENSSL_cleanse(x, sizeof(*x));
	free(x);
}

int
xcbc_start(struct xcbc *x)
{
	x->nr_held = 0;
	if (EVP_EncryptInit_ex(x->ctx, NULL, NULL, NULL, zeros) != 1)
		return SP_SYSTEM;
	return 0;
}

int
xcbc_update(struct xcbc *x, const uint8_t *p, size_t len)
{
	size_t n = BLOCK - x->nr_held, whole;

	if (len <= n) {
		memcpy(x->held + x->nr_held, p, len);
		x->nr_held += len;
		return 0;
	}
	/* more follows: what is held is not the last block */
	memcpy(x->held + x->nr_held, p, n);
	if (chain_blocks(x, x->held, BLOCK) < 0)
		return SP_SYSTEM;
	p += n;
	len -= n;
	whole = (len - 1) / BLOCK * BLOCK;
	if (chain_blocks(x, p, whole) < 0)
		return SP_SYSTEM;
	x->nr_held = len - whole;
	memcpy(x->held, p + whole, x->nr_held);
	return 0;
}

int
xcbc_final(struct xcbc *x, uint8_t *out)
{
	const uint8_t *mix = x->k2;
	size_t i;

	if (x->nr_held < BLOCK) {
		memset(x->held + x->nr_held, 0, BLOCK - x->nr_held);
		x->held[x->nr_held] = 0x80;
		mix = x->k3;
	}
	for (i = 0; i < BLOCK; i++)
		x->held[i] ^= mix[i];
	if (chain_blocks(x, x->held, BLOCK) < 0)
		return SP_SYSTEM;
	memcpy(out, x->chain, XCBC_LEN);
	return 0;
}
