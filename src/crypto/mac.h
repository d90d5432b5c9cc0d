/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One keyed MAC: what PRFs and integrity algorithms have in common.  For
 * prf.c and the seal files only.
 *
 * Order of calls: mac_init, then any number of mac_start, mac_update ...,
 * mac_final; mac_clear at the end.  After mac_init a start is implied.
 */
#ifndef SP_CRYPTO_MAC_H
#define SP_CRYPTO_MAC_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#define MAC_MAX 64		/* longest output, bytes: HMAC-SHA2-512 */

struct alg;
struct sp_error;
struct xcbc;

struct mac {
	EVP_MAC_CTX *ctx;	/* HMAC, CMAC */
	struct xcbc *xcbc;	/* AES-XCBC */
};

/*
 * Key a MAC for a PRF or INTEG row.  XCBC and CMAC take 16 bytes, nothing
 * else; HMAC takes any number.  On failure nothing has to be cleared.
 */
int mac_init(struct mac *m, const struct alg *row, const void *key,
    size_t key_len, struct sp_error *err);

/* Release; keys are wiped.  Fine on a zeroed one. */
void mac_clear(struct mac *m);

/* Begin a new message under the same key.  0 or SP_SYSTEM. */
int mac_start(struct mac *m);

/* Add len bytes.  0 or SP_SYSTEM. */
int mac_update(struct mac *m, const void *p, size_t len);

/* The whole output into out[MAC_MAX], untruncated.  0 or SP_SYSTEM. */
int mac_final(struct mac *m, uint8_t *out);

#endif
