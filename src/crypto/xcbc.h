/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AES-XCBC-MAC (RFC 3566), which OpenSSL does not have, over OpenSSL's
 * AES-CBC.  For mac.c only.
 */
#ifndef SP_CRYPTO_XCBC_H
#define SP_CRYPTO_XCBC_H

#include <stddef.h>
#include <stdint.h>

#define XCBC_KEY_LEN 16U	/* bytes; also of AES-CMAC */
#define XCBC_LEN 16U		/* bytes of output */

struct xcbc;

/* A context under key[XCBC_KEY_LEN], started; NULL if OpenSSL fails. */
struct xcbc *xcbc_new(const uint8_t *key);

/* Wipe and release; NULL is fine. */
void xcbc_free(struct xcbc *x);

/* Begin a new message.  0 or SP_SYSTEM. */
int xcbc_start(struct xcbc *x);

/* Add len bytes.  0 or SP_SYSTEM. */
int xcbc_update(struct xcbc *x, const uint8_t *p, size_t len);

/* Write out[XCBC_LEN].  0 or SP_SYSTEM. */
int xcbc_final(struct xcbc *x, uint8_t *out);

#endif
