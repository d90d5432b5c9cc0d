/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Objects fetched from OpenSSL, once a process and read-only from then on,
 * so that no packet and no handshake pays for a search by name.  All
 * functions may be called by any thread; what they return is never freed.
 */
#ifndef SP_CRYPTO_FETCH_H
#define SP_CRYPTO_FETCH_H

#include <openssl/evp.h>

struct alg;

/* Domain parameters of a key exchange group. */
struct fetch_group {
	EVP_PKEY *params;	/* template of keys; XDH: some public key */
	BIGNUM *p_minus_1;	/* MODP: the greatest value, excluded */
	BIGNUM *p;		/* MODP */
	BIGNUM *g;		/* MODP */
};

/*
 * Cipher of an ENCR row that has one, or NULL and *why (may be NULL), a
 * reason marked for translation.
 * key_bits is one of the row's, or 0 for the first.  Rows with ALG_LEGACY
 * come from a library context of their own.
 */
const EVP_CIPHER *fetch_cipher(const struct alg *encr, unsigned key_bits,
    const char **why);

/*
 * Context of a PRF or INTEG row of HMAC or CMAC, to be duplicated and then
 * keyed.  NULL if it is neither, or missing.
 */
const EVP_MAC_CTX *fetch_mac(const struct alg *row);

/* AES-128 in CBC mode, under XCBC; NULL if missing. */
const EVP_CIPHER *fetch_aes128_cbc(void);

/* SHA-1 and SHA-256; never NULL (aborts without them). */
const EVP_MD *fetch_sha1(void);
const EVP_MD *fetch_sha256(void);

/* Group of a KE row, or NULL. */
const struct fetch_group *fetch_group(const struct alg *ke);

#endif
