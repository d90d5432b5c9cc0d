/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Combined modes.  The nonce is salt | IV (RFC 4106 section 4, RFC 4309
 * section 4, RFC 7634 section 2).  GCM and ChaCha20-Poly1305 share one
 * sequence of calls; CCM wants the tag and the length of the text before
 * anything else; GMAC has no text, only additional data: header, IV and what
 * would be the text (RFC 4543 section 3.3, as Linux and the test cases of
 * draft-mcgrew-gcm-test-01 read it).
 *
 * This is the path of every packet: no allocation, no name, no key.
 */
#include "crypto/seal_impl.h"

#include <string.h>

#include <openssl/err.h>

#include "base/error.h"

#define NONCE_MAX 12

static void
make_nonce(const struct seal *s, const struct seal_op *op, uint8_t *nonce)
{
	memcpy(nonce, s->salt, s->salt_len);
	memcpy(nonce + s->salt_len, op->iv, s->iv_len);
}

static bool
add_aad(EVP_CIPHER_CTX *c, const uint8_t *p, size_t len)
{
	int done;

	return len == 0 || EVP_CipherUpdate(c, NULL, &done, p, (int)len) == 1;
}

/* The additional data: the caller's, or the header. */
static bool
add_header(EVP_CIPHER_CTX *c, const struct seal_op *op)
{
	if (op->aead_aad != NULL)
		return add_aad(c, op->aead_aad, op->aead_aad_len);
	return add_aad(c, op->aad, op->aad_len);
}

static bool
get_tag(struct seal *s, const struct seal_op *op)
{
	return EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_GET_TAG,
	    s->icv_len, op->icv) == 1;
}

static bool
set_tag(struct seal *s, const struct seal_op *op)
{
	return EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_SET_TAG,
	    s->icv_len, op->icv) == 1;
}

static int
aead_protect(struct seal *s, const struct seal_op *op)
{
	EVP_CIPHER_CTX *c = s->cipher;
	uint8_t nonce[NONCE_MAX];
	int done;

	make_nonce(s, op, nonce);
	if (EVP_EncryptInit_ex(c, NULL, NULL, NULL, nonce) != 1 ||
	    !add_header(c, op) ||
	    EVP_EncryptUpdate(c, op->text, &done, op->text,
	    (int)op->text_len) != 1 ||
	    EVP_EncryptFinal_ex(c, op->text + op->text_len, &done) != 1 ||
	    !get_tag(s, op)) {
		return SP_SYSTEM;
	}

	return 0;
}

static int
aead_open(struct seal *s, const struct seal_op *op)
{
	EVP_CIPHER_CTX *c = s->cipher;
	uint8_t nonce[NONCE_MAX];
	int done;

	make_nonce(s, op, nonce);
	if (EVP_DecryptInit_ex(c, NULL, NULL, NULL, nonce) != 1 ||
	    !set_tag(s, op) || !add_header(c, op) ||
	    EVP_DecryptUpdate(c, op->text, &done, op->text,
	    (int)op->text_len) != 1 ||
	    EVP_DecryptFinal_ex(c, op->text + op->text_len, &done) != 1) {
		return SP_AUTH;
	}

	return 0;
}

const struct seal_mode seal_mode_aead = {
	.protect = aead_protect, .open = aead_open, .nonce_len = 12,
};

/* Announce the length of the text, then header, then text. */
static bool
ccm_pass(struct seal *s, const struct seal_op *op)
{
	EVP_CIPHER_CTX *c = s->cipher;
	int done;

	return EVP_CipherUpdate(c, NULL, &done, NULL,
	    (int)op->text_len) == 1 && add_header(c, op) &&
	    EVP_CipherUpdate(c, op->text, &done, op->text,
	    (int)op->text_len) == 1;
}

static int
ccm_protect(struct seal *s, const struct seal_op *op)
{
	uint8_t nonce[NONCE_MAX];

	make_nonce(s, op, nonce);
	if (EVP_EncryptInit_ex(s->cipher, NULL, NULL, NULL, nonce) != 1 ||
	    !ccm_pass(s, op) || !get_tag(s, op)) {
		return SP_SYSTEM;
	}

	return 0;
}

static int
ccm_open(struct seal *s, const struct seal_op *op)
{
	uint8_t nonce[NONCE_MAX];

	make_nonce(s, op, nonce);
	/* with CCM the update itself compares the tag */
	if (EVP_DecryptInit_ex(s->cipher, NULL, NULL, NULL, nonce) != 1 ||
	    !set_tag(s, op) || !ccm_pass(s, op)) {
		ERR_clear_error();
		return SP_AUTH;
	}

	return 0;
}

const struct seal_mode seal_mode_ccm = {
	.protect = ccm_protect, .open = ccm_open, .nonce_len = 11,
	.tag_first = true,
};

static bool
gmac_pass(struct seal *s, const struct seal_op *op)
{
	EVP_CIPHER_CTX *c = s->cipher;

	return add_header(c, op) && add_aad(c, op->iv, s->iv_len) &&
	    add_aad(c, op->text, op->text_len);
}

static int
gmac_protect(struct seal *s, const struct seal_op *op)
{
	uint8_t nonce[NONCE_MAX];
	int done;

	make_nonce(s, op, nonce);
	if (EVP_EncryptInit_ex(s->cipher, NULL, NULL, NULL, nonce) != 1 ||
	    !gmac_pass(s, op) ||
	    EVP_EncryptFinal_ex(s->cipher, op->icv, &done) != 1 ||
	    !get_tag(s, op)) {
		return SP_SYSTEM;
	}

	return 0;
}

static int
gmac_open(struct seal *s, const struct seal_op *op)
{
	uint8_t nonce[NONCE_MAX];
	int done;

	make_nonce(s, op, nonce);
	if (EVP_DecryptInit_ex(s->cipher, NULL, NULL, NULL, nonce) != 1 ||
	    !set_tag(s, op) || !gmac_pass(s, op) ||
	    EVP_DecryptFinal_ex(s->cipher, op->icv, &done) != 1) {
		return SP_AUTH;
	}

	return 0;
}

const struct seal_mode seal_mode_gmac = {
	.protect = gmac_protect, .open = gmac_open, .nonce_len = 12,
};
