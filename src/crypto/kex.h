/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key exchange: MODP, ECP, Brainpool, X25519, X448 in the wire forms of
 * RFC 7296 3.4, RFC 5903, RFC 6954, RFC 8031.  Public values are checked as
 * RFC 6989 demands; the shared secret keeps leading zeros.
 */
#ifndef SP_CRYPTO_KEX_H
#define SP_CRYPTO_KEX_H

#include <stddef.h>
#include <stdint.h>

struct alg;
struct buf;
struct kex;
struct secret;
struct sp_error;

/*
 * Make a key pair of the group (an ALG_KE row).  The caller frees *out.
 * SP_UNSUPPORTED if OpenSSL lacks the group.
 */
int kex_new(struct kex **out, const struct alg *group, struct sp_error *err);

/*
 * The same from a given private value (vectors, captures, PPK tests): a
 * big-endian number, for X25519 and X448 the bytes of RFC 7748.
 */
int kex_new_private(struct kex **out, const struct alg *group,
    const uint8_t *priv, size_t len, struct sp_error *err);

/* Wipe and release; NULL is fine. */
void kex_free(struct kex *k);

/* The row the pair was made for. */
const struct alg *kex_group(const struct kex *k);

/* Append our public value in wire form, out_len bytes of the row. */
int kex_public(const struct kex *k, struct buf *out, struct sp_error *err);

/*
 * Check the peer's value and compute the shared secret.  SP_PEER with a
 * sentence if the value is of wrong length, out of range, outside the
 * subgroup (22-24), not on the curve, or gives zero (X25519, X448).  out is
 * written only on success; the caller frees it.
 */
int kex_derive(struct kex *k, const uint8_t *peer, size_t len,
    struct secret *out, struct sp_error *err);

#endif
