/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Encrypt, then MAC over lead | header | IV | ciphertext | tail (RFC 4303 section
 * 2.8, RFC 7296 section 3.14).  Opening checks the MAC first and decrypts
 * only what it vouches for, so no padding oracle can arise here.
 */
#include "crypto/seal_impl.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/error.h"

#define CTR_BLOCK 16

/* Set the IV and run the cipher over the text, either way. */
static bool
run_cipher(struct seal *s, const struct seal_op *op, const uint8_t *iv)
{
	int done;

	if (op->text_len == 0)
		return true;
	return EVP_CipherInit_ex(s->cipher, NULL, NULL, NULL, iv, -1) == 1 &&
	    EVP_CipherUpdate(s->cipher, op->text, &done, op->text,
	    (int)op->text_len) == 1;
}

/* RFC 3686 section 4: nonce | IV | block counter, which begins at 1. */
static bool
run_ctr(struct seal *s, const struct seal_op *op)
{
	uint8_t block[CTR_BLOCK] = { [CTR_BLOCK - 1] = 1 };

	memcpy(block, s->salt, s->salt_len);
	memcpy(block + s->salt_len, op->iv, s->iv_len);
	return run_cipher(s, op, block);
}

/* The full MAC of the packet; header, IV and text are contiguous. */
static bool
compute(struct seal *s, const struct seal_op *op, uint8_t *mac)
{
	const uint8_t *start = op->aad_len > 0 ? op->aad :
	    s->iv_len > 0 ? op->iv : op->text;

	return mac_start(&s->mac) == 0 &&
	    mac_update(&s->mac, op->lead, op->lead_len) == 0 &&
	    mac_update(&s->mac, start,
	    op->aad_len + s->iv_len + op->text_len) == 0 &&
	    mac_update(&s->mac, op->tail, op->tail_len) == 0 &&
	    mac_final(&s->mac, mac) == 0;
}

static int
put_icv(struct seal *s, const struct seal_op *op)
{
	uint8_t mac[MAC_MAX];

	if (!compute(s, op, mac))
		return SP_SYSTEM;
	memcpy(op->icv, mac, s->icv_len);
	return 0;
}

static int
check_icv(struct seal *s, const struct seal_op *op)
{
	uint8_t mac[MAC_MAX];

	if (!compute(s, op, mac) ||
	    CRYPTO_memcmp(op->icv, mac, s->icv_len) != 0) {
		return SP_AUTH;
	}

	return 0;
}

static int
cbc_protect(struct seal *s, const struct seal_op *op)
{
	if (!run_cipher(s, op, op->iv))
		return SP_SYSTEM;
	return put_icv(s, op);
}

static int
cbc_open(struct seal *s, const struct seal_op *op)
{
	int ret = check_icv(s, op);

	if (ret == 0 && !run_cipher(s, op, op->iv))
		ret = SP_AUTH;
	return ret;
}

const struct seal_mode seal_mode_cbc = {
	.protect = cbc_protect, .open = cbc_open,
};

static int
ctr_protect(struct seal *s, const struct seal_op *op)
{
	if (!run_ctr(s, op))
		return SP_SYSTEM;
	return put_icv(s, op);
}

static int
ctr_open(struct seal *s, const struct seal_op *op)
{
	int ret = check_icv(s, op);

	if (ret == 0 && !run_ctr(s, op))
		ret = SP_AUTH;
	return ret;
}

const struct seal_mode seal_mode_ctr = {
	.protect = ctr_protect, .open = ctr_open,
};

/* ENCR_NULL (RFC 2410) and AH: the MAC is all there is. */
const struct seal_mode seal_mode_null = {
	.protect = put_icv, .open = check_icv,
};
