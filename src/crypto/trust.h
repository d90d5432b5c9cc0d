/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose certificates are believed, and the judgement of one chain (RFC 5280
 * section 6, RFC 4945).  A struct trust is filled once and never changed
 * after; then any thread may judge by it.  trust_check() may block for
 * seconds (it fetches revocation lists): never call it on the loop.
 */
#ifndef SP_CRYPTO_TRUST_H
#define SP_CRYPTO_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"

struct buf;
struct cert;
struct cert_list;
struct chunk;
struct revocation;
struct sp_error;
struct trust;

#define TRUST_DEPTH 8		/* intermediates, hardening.md */

enum crl_policy {		/* settings.md 12.4 */
	CRL_NO,			/* only a known revocation refuses */
	CRL_IF_URI,		/* as CRL_YES where a URI is named */
	CRL_YES,		/* every certificate needs a fresh answer */
};

struct trust *trust_new(enum crl_policy policy);
struct trust *trust_ref(struct trust *t);
void trust_unref(struct trust *t);	/* NULL is fine */

/* Add an authority whose certificates are believed (a reference is taken);
 * its further sources of CRLs (path, file: or http: URI) and OCSP. */
void trust_add(struct trust *t, struct cert *authority,
    const char *const *crl, size_t nr_crl, const char *const *ocsp,
    size_t nr_ocsp);

/* Add a certificate that may complete chains, but is not believed itself. */
void trust_add_helper(struct trust *t, struct cert *c);

/* Where revocation is looked up (a reference is taken); none without. */
void trust_set_revocation(struct trust *t, struct revocation *r);

bool trust_is_empty(const struct trust *t);
bool trust_has(const struct trust *t, const struct cert *c);

/* Append the hashes of all authorities (CERTREQ, RFC 7296 3.7), 20 bytes
 * each; of two calls each hash comes once in out. */
void trust_hashes(const struct trust *t, struct buf *out);

/*
 * Judge the peer's certificate.  others: what it sent beside; crls: CRLs in
 * DER that it sent.  now: seconds since 1970.  True: believed.  False: why
 * has code, sentence and both sides' values; step names the exchange.
 */
bool trust_check(const struct trust *t, const struct cert *leaf,
    const struct cert_list *others, const struct chunk *crls, size_t nr_crls,
    int64_t now, const char *step, struct ike_reason *why);

/*
 * The same without an authority: leaf is the pinned certificate itself; only
 * dates, key usage and strength are judged.
 */
bool trust_check_pinned(const struct cert *leaf, int64_t now,
    const char *step, struct ike_reason *why);

/* Put the certificates between leaf and root into out, as far as they are
 * known: what we send beside our own (references are taken). */
void trust_complete(const struct trust *t, const struct cert *leaf,
    const struct cert_list *known, struct cert_list *out);

#endif
