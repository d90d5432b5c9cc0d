/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pseudo-random functions and key expansion (RFC 7296 2.13), plain hashes.
 */
#ifndef SP_CRYPTO_PRF_H
#define SP_CRYPTO_PRF_H

#include <stddef.h>
#include <stdint.h>

struct alg;
struct secret;
struct sp_error;

#define PRF_MAX 64		/* longest output of any PRF, bytes */

/* A piece of input. */
struct chunk {
	const void *p;
	size_t len;
};

/*
 * out = prf(key, chunk | chunk | ...), alg->out_len bytes.  AES-XCBC and
 * AES-CMAC keys of other lengths follow RFC 4434 / RFC 4615.
 */
int prf_compute(const struct alg *prf, const void *key, size_t key_len,
    const struct chunk *in, size_t nr, uint8_t *out, struct sp_error *err);

/* prf+ of RFC 7296 2.13 into len bytes at out (at most 255 blocks). */
int prf_plus(const struct alg *prf, const void *key, size_t key_len,
    const struct chunk *seed, size_t nr, uint8_t *out, size_t len,
    struct sp_error *err);

/* The hash under a PRF row of HMAC (IKEv1's negotiated hash), out_len bytes.
 * SP_UNSUPPORTED if OpenSSL lacks it. */
int hash_of_prf(const struct alg *prf, const struct chunk *in, size_t nr,
    uint8_t out[PRF_MAX], struct sp_error *err);

/* SHA-1 of the chunks, 20 bytes (NAT detection, RFC 7296 2.23). */
void hash_sha1(const struct chunk *in, size_t nr, uint8_t out[20]);

/* SHA-256 of the chunks, 32 bytes (cookies, retransmission checks). */
void hash_sha256(const struct chunk *in, size_t nr, uint8_t out[32]);

#endif
