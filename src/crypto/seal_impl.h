/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside of struct seal, shared by seal.c and the files of its modes.
 */
#ifndef SP_CRYPTO_SEAL_IMPL_H
#define SP_CRYPTO_SEAL_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "crypto/mac.h"
#include "crypto/seal.h"

#define SEAL_SALT_MAX 4		/* bytes */

struct seal_mode;

/*
 * Random bytes fetched ahead for CBC: 16 bytes cost the generator 0.90 us,
 * 256 bytes 0.93 us, and sealing 64 bytes with AES-CBC and SHA-256 0.6 us.
 */
struct seal_ivs {
	uint8_t bytes[256];
	size_t left;		/* bytes not used yet, at the end */
};

struct seal {
	const struct seal_mode *mode;
	EVP_CIPHER_CTX *cipher;	/* keyed; NULL with ENCR_NULL and AH */
	struct mac mac;		/* keyed; unused with AEAD */
	uint8_t salt[SEAL_SALT_MAX];
	uint8_t salt_len;	/* bytes, as the following */
	uint8_t iv_len;
	uint8_t icv_len;
	uint8_t block_len;
	bool aead;
	bool counter;		/* the IV is a number, not random */
	bool encrypt;
	struct seal_ivs *ivs;	/* CBC that encrypts, else NULL */
};

/*
 * What differs between constructions.  protect and open as seal_protect()
 * and seal_open(), with lengths checked already.
 */
struct seal_mode {
	int (*protect)(struct seal *s, const struct seal_op *op);
	int (*open)(struct seal *s, const struct seal_op *op);
	uint8_t nonce_len;	/* AEAD: salt and IV, bytes */
	bool tag_first;		/* the tag length is set before the key */
};

/* AES-GCM and ChaCha20-Poly1305; AES-CCM; AES-GMAC (seal_aead.c). */
extern const struct seal_mode seal_mode_aead;
extern const struct seal_mode seal_mode_ccm;
extern const struct seal_mode seal_mode_gmac;

/* A cipher in CBC, one in CTR, or none, then a MAC (seal_etm.c). */
extern const struct seal_mode seal_mode_cbc;
extern const struct seal_mode seal_mode_ctr;
extern const struct seal_mode seal_mode_null;

#endif
