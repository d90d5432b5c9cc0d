/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * X.509 certificates (RFC 5280) as IKE sees them (RFC 4945): read, looked at,
 * asked for names.  A certificate is never changed once read, is counted by
 * reference, and may be used by any thread.  Trust is judged in trust.h.
 */
#ifndef SP_CRYPTO_CERT_H
#define SP_CRYPTO_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509v3.h>

struct buf;
struct cert;
struct pkey;
struct secret;
struct sp_error;

#define CERT_MAX 65536		/* bytes of one in DER */
#define CERT_FILE_MAX (1u << 20)	/* bytes of a file */
#define CERT_LIST_MAX 64	/* certificates of a file */

struct cert_list {
	struct cert **at;	/* a reference each */
	size_t nr;
};

enum cert_name {		/* numbers of RFC 7296 3.5 */
	CERT_IPV4 = 1, CERT_FQDN = 2, CERT_MAIL = 3, CERT_IPV6 = 5,
	CERT_DN = 9,
};

/* One certificate in DER, nothing behind it. */
int cert_read(struct cert **out, const void *der, size_t len,
    struct sp_error *err);

/* All of a file: PEM, or one in DER; at least one.  The caller frees. */
int cert_read_file(struct cert_list *out, const void *p, size_t len,
    const char *what, struct sp_error *err);

/*
 * A PKCS#12 file: the key, its certificate first in list, the others after.
 * SP_DENIED: the pass phrase does not open it.  SP_UNSUPPORTED: it is
 * encrypted by RC2 or the like, which OpenSSL leaves to its legacy provider.
 */
int cert_read_pkcs12(struct pkey **key, struct cert_list *list,
    const void *p, size_t len, const struct secret *pass, const char *what,
    struct sp_error *err);

/* Does the file look like PKCS#12 (rather than PEM or a certificate)? */
bool cert_is_pkcs12(const void *p, size_t len);

void cert_list_add(struct cert_list *l, struct cert *c);	/* takes over */
void cert_list_free(struct cert_list *l);

struct cert *cert_ref(struct cert *c);
void cert_unref(struct cert *c);	/* NULL is fine */

/* Borrowed: OpenSSL's object, the public key (NULL: of no kind that signs
 * IKE), the DER. */
X509 *cert_x509(const struct cert *c);
struct pkey *cert_key(const struct cert *c);
const uint8_t *cert_der(const struct cert *c, size_t *len);

/* Append the certificate as PEM. */
int cert_write_pem(const struct cert *c, struct buf *out,
    struct sp_error *err);

/* Same certificate, byte by byte. */
bool cert_eq(const struct cert *a, const struct cert *b);

/* May it sign others (basicConstraints)?  Is it signed by itself? */
bool cert_is_ca(const struct cert *c);
bool cert_is_self_issued(const struct cert *c);

/*
 * Does the certificate prove this identity: the whole subject (by attribute,
 * RFC 5280 7.1), or a subjectAltName of the same type.  A common name alone
 * proves nothing.
 */
bool cert_has_name(const struct cert *c, enum cert_name type,
    const void *data, size_t len);

/* Seconds since 1970. */
int64_t cert_not_before(const struct cert *c);
int64_t cert_not_after(const struct cert *c);

/* Append, safe for a terminal: subject and issuer, all names of it, serial
 * number, a date of the form 2026-11-24 10:00:00 UTC. */
void cert_print_subject(struct buf *b, const struct cert *c);
void cert_print_issuer(struct buf *b, const struct cert *c);
void cert_print_names(struct buf *b, const struct cert *c);
void cert_print_serial(struct buf *b, const struct cert *c);
void cert_print_name(struct buf *b, const X509_NAME *name);
void cert_print_date(struct buf *b, int64_t seconds);

/* SHA-1 of the SubjectPublicKeyInfo (CERTREQ, RFC 7296 3.7); SHA-256 of the
 * whole (what people compare). */
bool cert_key_hash(const struct cert *c, uint8_t out[20]);
void cert_fingerprint(const struct cert *c, uint8_t out[32]);

/* URIs of CRLs (delta CRLs too) and of OCSP responders, eight at most. */
void cert_crl_uris(const X509 *x,
    void (*each)(void *ctx, const char *uri), void *ctx);
void cert_ocsp_uris(const X509 *x,
    void (*each)(void *ctx, const char *uri), void *ctx);

/* The URIs of a distribution point extension (for CRLs: freshestCRL). */
void cert_dist_uris(const STACK_OF(DIST_POINT) *points,
    void (*each)(void *ctx, const char *uri), void *ctx);

/* ASN1 time to seconds; 0 if absent or malformed. */
int64_t cert_time(const ASN1_TIME *t);

#endif
