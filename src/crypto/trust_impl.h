/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What trust.c (chains) and trust_crl.c (their revocation) share.
 */
#ifndef SP_CRYPTO_TRUST_IMPL_H
#define SP_CRYPTO_TRUST_IMPL_H

#include <stdatomic.h>

#include <openssl/x509_vfy.h>

#include "crypto/cert.h"
#include "crypto/revoke.h"
#include "crypto/trust.h"

struct anchor {
	struct cert *cert;
	char **crl, **ocsp;	/* further sources */
	size_t nr_crl, nr_ocsp;
};

struct trust {
	atomic_uint refs;
	enum crl_policy policy;
	struct anchor *anchor;
	size_t nr_anchors;
	struct cert_list helpers;
	X509_STORE *store;
	struct revocation *revocation;
};

/* One judgement under way. */
struct judge {
	const struct trust *trust;
	const struct cert *leaf;
	STACK_OF(X509) *others;	/* untrusted; borrowed certificates */
	STACK_OF(X509) *chain;	/* once built: leaf ... authority */
	const struct chunk *crls;	/* DER that the peer sent */
	size_t nr_crls;
	int64_t now;
	const char *step;
	struct ike_reason *why;
};

/* trust.c: a context with our limits; NULL without memory. */
X509_STORE_CTX *judge_context(const struct judge *j);

/* trust.c: fill the reason; about is the certificate in question. */
bool judge_fail(const struct judge *j, enum ike_reason_code code,
    X509 *about, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* trust_crl.c: is none of the chain revoked, by the policy? */
bool judge_revocation(struct judge *j);

#endif
