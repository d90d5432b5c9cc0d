/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Revocation: CRLs (RFC 5280 section 5, with deltas) and OCSP (RFC 6960),
 * kept until they run out.  One object serves all threads.  Whatever comes
 * from a server is only believed after its signature was checked against
 * the chain that is being judged.
 */
#ifndef SP_CRYPTO_REVOKE_H
#define SP_CRYPTO_REVOKE_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

struct buf;
struct revocation;
struct sp_error;

#define REVOKE_FETCHES 3	/* at a time */
#define REVOKE_RETRY 60		/* s until a URI that failed is tried again */
#define REVOKE_CRL_MAX (32u << 20)	/* bytes of a CRL */
#define REVOKE_OCSP_MAX 65536	/* bytes of an OCSP answer */

/* Get what a URI names (blocking, bounded by the implementation): post is
 * an OCSP request or NULL; at most max bytes go to out. */
typedef int revoke_get(void *ctx, const char *uri, const void *post,
    size_t post_len, size_t max, struct buf *out, struct sp_error *err);

/* get may be NULL: nothing is fetched. */
struct revocation *revocation_new(revoke_get *get, void *ctx);
struct revocation *revocation_ref(struct revocation *r);
void revocation_unref(struct revocation *r);	/* NULL is fine */

/* Forget everything; the next check fetches anew. */
void revocation_flush(struct revocation *r);

/*
 * The CRL of a URI or file, out of the cache while it is fresh (now: seconds
 * since 1970).  The caller frees.  When a fetch fails an older one serves,
 * with err filled; NULL if there is none at all.
 */
X509_CRL *revocation_crl(struct revocation *r, const char *uri, int64_t now,
    struct sp_error *err);

/*
 * What the URI gave was not signed by the authority whose CRL it should be:
 * it is fetched again after REVOKE_RETRY seconds, however long it claims to
 * be valid, as plain HTTP lets anyone on the way answer.
 */
void revocation_doubt(struct revocation *r, const char *uri, int64_t now);

enum revoke_answer { REVOKE_UNKNOWN, REVOKE_GOOD, REVOKE_REVOKED };

/*
 * Ask an OCSP responder for a certificate (issuer: next in the chain; store:
 * the authorities).  REVOKE_UNKNOWN with err if there is no answer that can
 * be believed; when: seconds since 1970 of a revocation.
 */
enum revoke_answer revocation_ocsp(struct revocation *r, const char *uri,
    X509 *cert, X509 *issuer, X509_STORE *store, int64_t now, int64_t *when,
    struct sp_error *err);

/* What is held, for `show certificates`: call each for every CRL. */
void revocation_each(struct revocation *r, void (*each)(void *ctx,
    const char *uri, const X509_CRL *crl, int64_t fetched,
    const char *error), void *ctx);

#endif
