/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures of IKE, made and checked in the form of the AUTH payload:
 * method 1 (RSA, RFC 7296), 9-11 (ECDSA as r | s, RFC 4754) and 14 (RFC 7427:
 * a length byte, an AlgorithmIdentifier, the signature; RSA PKCS#1 v1.5 and
 * PSS, ECDSA, RFC 8420 Ed25519 and Ed448).  IKEv1 signs a HASH as it is.
 * AlgorithmIdentifiers are written and read by OpenSSL.
 */
#ifndef SP_CRYPTO_SIG_H
#define SP_CRYPTO_SIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/prf.h"

struct buf;
struct pkey;
struct sp_error;

enum sig_method {		/* RFC 7296 3.8 and its registry */
	SIG_METHOD_RSA = 1, SIG_METHOD_ECDSA256 = 9, SIG_METHOD_ECDSA384 = 10,
	SIG_METHOD_ECDSA521 = 11, SIG_METHOD_DIGITAL = 14,
};

enum sig_hash {			/* RFC 7427 and RFC 8420 hash algorithms */
	SIG_HASH_NONE = 0, SIG_SHA1 = 1, SIG_SHA256 = 2, SIG_SHA384 = 3,
	SIG_SHA512 = 4, SIG_IDENTITY = 5,
};

#define SIG_BIT(hash) (1u << (hash))

/* What we announce in SIGNATURE_HASH_ALGORITHMS, best first; their set. */
extern const uint16_t sig_our_hashes[];
extern const size_t sig_nr_hashes;
#define SIG_OURS (SIG_BIT(SIG_SHA256) | SIG_BIT(SIG_SHA384) | \
    SIG_BIT(SIG_SHA512) | SIG_BIT(SIG_IDENTITY))

/* How one signature is made. */
struct sig {
	uint8_t method;		/* enum sig_method */
	uint8_t hash;		/* enum sig_hash */
	bool pss;		/* RSA: RSASSA-PSS */
};

/*
 * Choose for a key what the peer can check.  hashes: SIG_BITs that it
 * announced, 0 = it knows no RFC 7427.  pss: RSASSA-PSS rather than PKCS#1
 * v1.5 under method 14.  SP_PEER with a sentence if there is nothing.
 */
int sig_choose(const struct pkey *k, unsigned hashes, bool pss,
    struct sig *out, struct sp_error *err);

/* Append the authentication data of the payload: the signature over the
 * chunks, under method 14 with its AlgorithmIdentifier. */
int sig_make(const struct pkey *k, const struct sig *how,
    const struct chunk *in, size_t nr, struct buf *out,
    struct sp_error *err);

/*
 * Check authentication data.  Codes: SP_AUTH the signature does not fit;
 * SP_FORMAT malformed; SP_UNSUPPORTED unknown or not ours to accept; SP_PEER
 * of another kind than the key.  On success how tells what it was.  sha1:
 * accept SHA-1 (method 1 of peers without RFC 7427).
 */
int sig_check(const struct pkey *k, unsigned method, const uint8_t *auth,
    size_t len, bool sha1, const struct chunk *in, size_t nr,
    struct sig *how, struct sp_error *err);

/*
 * IKEv1 (RFC 2409 5.1, RFC 4754): the hash itself under PKCS#1 without a
 * DigestInfo, or under ECDSA as r | s.  raw_check: 0 or SP_AUTH.
 */
int sig_raw_make(const struct pkey *k, const uint8_t *hash, size_t len,
    struct buf *out, struct sp_error *err);
int sig_raw_check(const struct pkey *k, const uint8_t *hash, size_t len,
    const uint8_t *sig, size_t sig_len, struct sp_error *err);

/* Append "RSA-PSS with SHA-256", "ECDSA with SHA-384", "Ed25519". */
void sig_print(struct buf *b, const struct pkey *k, const struct sig *s);

/* "SHA-256", ... or "hash 9"; hash_list: all bits, "SHA-256, SHA-512". */
void sig_print_hashes(struct buf *b, unsigned hashes);

#endif
