/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys of signatures: private ones from PEM, DER, PKCS#8 (encrypted or not)
 * or a PKCS#11 token, public ones as SubjectPublicKeyInfo (RFC 7670).  A key
 * is never changed once made, is counted by reference, and may be used by
 * any thread.
 */
#ifndef SP_CRYPTO_PKEY_H
#define SP_CRYPTO_PKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

struct buf;
struct pkey;
struct secret;
struct sp_error;

enum pkey_type { PKEY_RSA, PKEY_ECDSA, PKEY_ED25519, PKEY_ED448 };

/* Longest key file that is read, bytes. */
#define PKEY_FILE_MAX 65536

/*
 * A private key out of the bytes of a file, whatever its form; pass is the
 * pass phrase, or NULL.  what names the file in a sentence.  SP_DENIED: it
 * is encrypted and the pass phrase is missing or wrong.  SP_UNSUPPORTED: a
 * kind of key that IKE has no signature for.
 */
int pkey_read_private(struct pkey **out, const void *p, size_t len,
    const struct secret *pass, const char *what, struct sp_error *err);

/*
 * A private key of a token by its RFC 7512 URI, through the provider named
 * "pkcs11"; refused with SP_UNSUPPORTED where none is installed.
 */
int pkey_open_token(struct pkey **out, const char *uri,
    const struct secret *pin, struct sp_error *err);

/* A public key: PEM "PUBLIC KEY" or DER SubjectPublicKeyInfo. */
int pkey_read_public(struct pkey **out, const void *p, size_t len,
    const char *what, struct sp_error *err);

/* Take over an OpenSSL key; SP_UNSUPPORTED (and it is freed) if its kind is
 * none of enum pkey_type. */
int pkey_take(struct pkey **out, EVP_PKEY *key, const char *what,
    struct sp_error *err);

/*
 * Make a key pair by the words of `generate key-pair`: "rsa" with bits
 * (2048-8192), "ecdsa" with "p256", "p384", "p521", "ed25519", "ed448".
 * param may be NULL: 3072, p256.
 */
int pkey_generate(struct pkey **out, const char *type, const char *param,
    struct sp_error *err);

/* Append the private key as PEM (PKCS#8); with pass encrypted (AES-256). */
int pkey_write_private(const struct pkey *k, const struct secret *pass,
    struct buf *out, struct sp_error *err);

/* Append the SubjectPublicKeyInfo in DER, or as PEM. */
int pkey_spki(const struct pkey *k, struct buf *out, struct sp_error *err);
int pkey_write_public(const struct pkey *k, struct buf *out,
    struct sp_error *err);

struct pkey *pkey_ref(struct pkey *k);
void pkey_unref(struct pkey *k);	/* NULL is fine */

enum pkey_type pkey_type_of(const struct pkey *k);
unsigned pkey_bits(const struct pkey *k);

/* Append "RSA 3072", "ECDSA P-256", "Ed25519". */
void pkey_print(struct buf *b, const struct pkey *k);

/* Are both halves of the same pair? */
bool pkey_same(const struct pkey *a, const struct pkey *b);

/* RSA below 2048 bits (NIST SP 800-131A)? */
bool pkey_weak(const struct pkey *k);

/* OpenSSL's object, borrowed. */
EVP_PKEY *pkey_evp(const struct pkey *k);

/* The password callback of PEM that has none: OpenSSL's own would ask on the
 * terminal, and wait there, for whatever calls itself encrypted. */
int pem_no_pass(char *out, int size, int writing, void *ctx);

/* Fill err with a sentence and OpenSSL's own words, and clear its queue. */
int ssl_fail(struct sp_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
