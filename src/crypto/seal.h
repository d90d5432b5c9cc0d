/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Encryption with integrity, one direction, one key: AEAD, or a cipher with
 * a MAC over what was encrypted.  Serves IKE (SK payload) and ESP alike:
 *
 *	aad | IV | text | ICV		on the wire, contiguous
 *	tail				covered by the ICV, not sent (ESN high)
 *
 * With AEAD the additional data is aad (RFC 5282 for IKE, RFC 4106 for ESP,
 * with ESN: SPI | high | low, which the caller passes as aad_override).
 */
#ifndef SP_CRYPTO_SEAL_H
#define SP_CRYPTO_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct alg;
struct rng;
struct seal;
struct sp_error;

struct seal_params {
	const struct alg *encr;	/* ENCR row; ENCR_NULL for ESP, NULL for AH */
	unsigned key_bits;
	const struct alg *integ;	/* INTEG row, NULL with AEAD */
	const uint8_t *encr_key;	/* key | salt */
	size_t encr_key_len;
	const uint8_t *integ_key;
	size_t integ_key_len;
	bool encrypt;		/* direction: protect or open */
};

/* One packet.  Lengths in bytes; iv, text and icv are contiguous. */
struct seal_op {
	const uint8_t *lead;	/* MAC only: covered before aad (AH), or NULL */
	size_t lead_len;
	const uint8_t *aad;	/* header before the IV, contiguous with it */
	size_t aad_len;
	const uint8_t *aead_aad;	/* AEAD: used instead of aad, or NULL */
	size_t aead_aad_len;
	uint8_t *iv;		/* seal_iv_len() bytes, filled by the caller */
	uint8_t *text;		/* encrypted or decrypted in place */
	size_t text_len;	/* multiple of seal_block_len(), < 16 MiB */
	uint8_t *icv;		/* seal_icv_len() bytes: written or checked */
	const uint8_t *tail;	/* MAC only: further covered bytes, or NULL */
	size_t tail_len;
};

/*
 * Make a keyed context.  The keys are copied into OpenSSL's context only.
 * SP_UNSUPPORTED if OpenSSL lacks the algorithm, SP_RANGE for key lengths.
 */
int seal_new(struct seal **out, const struct seal_params *p,
    struct sp_error *err);
void seal_free(struct seal *s);

size_t seal_iv_len(const struct seal *s);
size_t seal_icv_len(const struct seal *s);
size_t seal_block_len(const struct seal *s);
bool seal_is_aead(const struct seal *s);

/*
 * Make the IV of a packet: counter modes and AEAD take counter (unique under
 * the key; rng may be NULL), CBC takes bytes from rng.
 */
void seal_make_iv(const struct seal *s, uint64_t counter,
    const struct rng *rng, uint8_t *iv);

/*
 * Encrypt and authenticate; 0 or SP_SYSTEM (also for a length that is no
 * multiple of the block, or a context made for opening).
 */
int seal_protect(struct seal *s, const struct seal_op *op);

/*
 * Check the ICV (in constant time) and decrypt.  SP_AUTH if it is wrong; then
 * text may hold rubbish.
 */
int seal_open(struct seal *s, const struct seal_op *op);

#endif
