/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The room's calls in the shape that vectors have.
 */
#ifndef TESTS_VECTORS_CRYPTO_SUITE_H
#define TESTS_VECTORS_CRYPTO_SUITE_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/vectors/crypto_json.h"

struct alg;

/* A packet for an algorithm; key with its salt. */
struct packet {
	const struct alg *encr;
	const struct alg *integ;	/* NULL with AEAD */
	struct bytes key, integ_key;
	struct bytes aad, iv, text;
	struct bytes icv;		/* for packet_open() */
};

/*
 * Protect the packet twice with one context; text gets the ciphertext, icv
 * the check value.  False if anything is refused or the two differ.
 */
bool packet_protect(struct packet *p);

/* Open the packet twice with one context; text gets the plaintext. */
bool packet_open(struct packet *p);

/* prf(key, a | b | c), empty on refusal. */
struct bytes prf_of(const struct alg *prf, struct bytes key,
    struct bytes a, struct bytes b, struct bytes c);

/* prf+(key, a | b | c | d) of len bytes, empty on refusal. */
struct bytes prf_plus_of(const struct alg *prf, struct bytes key,
    struct bytes a, struct bytes b, struct bytes c, struct bytes d,
    size_t len);

/* Row by IANA name, as vectors write it, or NULL. */
const struct alg *alg_by_name(const char *name);

/* Shared secret of a private and a public value, empty on refusal. */
struct bytes agree(const struct alg *group, struct bytes priv,
    struct bytes peer);

/* Public value of a private one, empty on refusal. */
struct bytes public_of(const struct alg *group, struct bytes priv);

#endif
