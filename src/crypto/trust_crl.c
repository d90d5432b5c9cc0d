/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is a chain revoked (settings.md 12.4)?  Only after the chain itself is
 * good, so that nobody but a trusted authority names a URI to us.  First
 * OCSP, for those certificates that name a responder; then CRLs, gathered
 * from the peer, from files and URIs, and judged by OpenSSL with deltas.
 *
 * A CRL counts only if a certificate of this very chain signed it: a forged
 * one with a newer date would otherwise hide the true one.
 */
#include "crypto/trust_impl.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/prf.h"

#define CRLS_MAX 64		/* of one judgement */

/* What is known of one certificate of the chain. */
struct standing {
	bool good;		/* OCSP says so, or a CRL that is of now */
	bool revoked;
	bool expired;		/* the CRL is out of date */
	bool bad;		/* the CRL cannot be used */
	bool uri;		/* a source is named */
	int64_t when;		/* s since 1970 of the revocation */
	char source[128];
	char trouble[200];	/* why a source gave nothing */
};

struct search {			/* of one certificate's sources */
	struct judge *j;
	struct standing *s;
	STACK_OF(X509_CRL) *crls;
	X509 *cert, *issuer;
};

/* ---- gathering ---- */

static bool
is_signed_in(const struct judge *j, X509_CRL *crl)
{
	X509 *x;
	int i;

	for (i = 0; i < sk_X509_num(j->chain); i++) {
		x = sk_X509_value(j->chain, i);
		if (X509_NAME_cmp(X509_get_subject_name(x),
		    X509_CRL_get_issuer(crl)) == 0 &&
		    X509_CRL_verify(crl, X509_get0_pubkey(x)) == 1)
			return true;
	}
	ERR_clear_error();
	return false;
}

/* Takes over the CRL. */
static bool
add_crl(const struct judge *j, STACK_OF(X509_CRL) *crls, X509_CRL *crl)
{
	if (crl == NULL)
		return false;
	if (sk_X509_CRL_num(crls) < CRLS_MAX && is_signed_in(j, crl) &&
	    sk_X509_CRL_push(crls, crl) > 0)
		return true;
	X509_CRL_free(crl);
	return false;
}

static void
fetch_crl(struct search *s, const char *uri)
{
	struct revocation *r = s->j->trust->revocation;
	struct sp_error err = {0};
	X509_CRL *crl;
	bool got, good;

	s->s->uri = true;
	if (r == NULL)
		return;
	crl = revocation_crl(r, uri, s->j->now, &err);
	if (err.text[0] != '\0')
		snprintf(s->s->trouble, sizeof(s->s->trouble), "%.199s",
		    err.text);
	got = crl != NULL;
	good = add_crl(s->j, s->crls, crl);
	if (got && !good)
		revocation_doubt(r, uri, s->j->now);
	if (!good && err.text[0] == '\0') {
		snprintf(s->s->trouble, sizeof(s->s->trouble), "The CRL of "
		    "%.100s is not signed by the authority.", uri);
	} else if (s->s->source[0] == '\0') {
		snprintf(s->s->source, sizeof(s->s->source), "%.127s", uri);
	}
}

static void
on_crl_uri(void *ctx, const char *uri)
{
	struct search *s = ctx;

	/* from a certificate only http: no file, nothing else */
	if (str_prefix(uri, "http://"))
		fetch_crl(s, uri);
}

/* The delta CRLs that the base CRLs name (RFC 5280 5.2.6). */
static void
fetch_deltas(struct search *s)
{
	STACK_OF(DIST_POINT) *delta;
	int i, n = sk_X509_CRL_num(s->crls);

	for (i = 0; i < n; i++) {
		delta = X509_CRL_get_ext_d2i(sk_X509_CRL_value(s->crls, i),
		    NID_freshest_crl, NULL, NULL);
		cert_dist_uris(delta, on_crl_uri, s);
		sk_DIST_POINT_pop_free(delta, DIST_POINT_free);
	}
}

static const struct anchor *
anchor_of(const struct judge *j)
{
	X509 *top = sk_X509_value(j->chain, sk_X509_num(j->chain) - 1);
	size_t i;

	for (i = 0; i < j->trust->nr_anchors; i++) {
		if (X509_cmp(cert_x509(j->trust->anchor[i].cert), top) == 0)
			return &j->trust->anchor[i];
	}
	return NULL;
}

static void
gather_crls(struct search *s)
{
	const struct anchor *a = anchor_of(s->j);
	size_t i;

	cert_crl_uris(s->cert, on_crl_uri, s);
	for (i = 0; a != NULL && i < a->nr_crl; i++)
		fetch_crl(s, a->crl[i]);
	fetch_deltas(s);
}

/* ---- OCSP ---- */

static void
on_ocsp_uri(void *ctx, const char *uri)
{
	struct search *s = ctx;
	struct sp_error err = {0};
	enum revoke_answer a;

	if (!str_prefix(uri, "http://"))
		return;
	s->s->uri = true;
	if (s->s->good || s->s->revoked || s->j->trust->revocation == NULL)
		return;
	a = revocation_ocsp(s->j->trust->revocation, uri, s->cert, s->issuer,
	    s->j->trust->store, s->j->now, &s->s->when, &err);
	s->s->good = a == REVOKE_GOOD;
	s->s->revoked = a == REVOKE_REVOKED;
	if (a == REVOKE_UNKNOWN)
		snprintf(s->s->trouble, sizeof(s->s->trouble), "%.199s",
		    err.text);
	else
		snprintf(s->s->source, sizeof(s->s->source), "OCSP by %.110s",
		    uri);
}

static void
ask_ocsp(struct search *s)
{
	const struct anchor *a = anchor_of(s->j);
	size_t i;

	for (i = 0; a != NULL && i < a->nr_ocsp; i++)
		on_ocsp_uri(s, a->ocsp[i]);
	cert_ocsp_uris(s->cert, on_ocsp_uri, s);
}

/* ---- judgement of the CRLs ---- */

static int
on_verdict(int ok, X509_STORE_CTX *ctx)
{
	struct standing *all = X509_STORE_CTX_get_app_data(ctx);
	int depth = X509_STORE_CTX_get_error_depth(ctx);
	struct standing *s;
	X509_CRL *crl;
	X509_REVOKED *rev = NULL;

	if (ok || depth < 0 || depth > TRUST_DEPTH + 1)
		return ok;
	s = &all[depth];
	switch (X509_STORE_CTX_get_error(ctx)) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		s->bad = true;
		return 1;
	case X509_V_ERR_CRL_HAS_EXPIRED:
		s->expired = true;
		return 1;
	case X509_V_ERR_CERT_REVOKED:
		if (s->bad)
			return 1;
		s->revoked = true;
		crl = X509_STORE_CTX_get0_current_crl(ctx);
		if (crl != NULL && X509_CRL_get0_by_cert(crl, &rev,
		    X509_STORE_CTX_get_current_cert(ctx)) > 0)
			s->when = cert_time(
			    X509_REVOKED_get0_revocationDate(rev));
		return 1;
	default:
		/* not of now, of another scope, unusable */
		s->bad = true;
		return 1;
	}
}

static void
judge_crls(struct judge *j, STACK_OF(X509_CRL) *crls, struct standing *s,
    int nr)
{
	X509_STORE_CTX *ctx = judge_context(j);
	bool decided[TRUST_DEPTH + 2];
	int i;

	for (i = 0; i < nr; i++)
		decided[i] = s[i].good || s[i].revoked;
	if (ctx == NULL)
		return;
	X509_STORE_CTX_set0_crls(ctx, crls);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_CRL_CHECK |
	    X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_USE_DELTAS);
	X509_STORE_CTX_set_app_data(ctx, s);
	X509_STORE_CTX_set_verify_cb(ctx, on_verdict);
	(void)X509_verify_cert(ctx);
	for (i = 0; i < nr; i++) {
		if (!decided[i])
			s[i].good = !s[i].bad && !s[i].expired &&
			    !s[i].revoked;
	}
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
}

/* ---- the policy ---- */

static bool
refuse_revoked(const struct judge *j, X509 *x, const struct standing *s)
{
	struct buf serial = {0}, date = {0};
	const ASN1_INTEGER *n = X509_get0_serialNumber(x);

	str_hex(&serial, ASN1_STRING_get0_data(n),
	    (size_t)ASN1_STRING_length(n));
	cert_print_date(&date, s->when);
	judge_fail(j, REASON_CERT_REVOKED, x, "A certificate of the peer "
	    "(serial number %.*s) was revoked on %.*s%s%s.",
	    (int)(serial.len > 64 ? 64 : serial.len), (char *)serial.data,
	    (int)date.len, (char *)date.data,
	    s->source[0] != '\0' ? ", says " : "", s->source);
	buf_free(&serial);
	buf_free(&date);
	return false;
}

static bool
judge_standing(const struct judge *j, X509 *x, const struct standing *s)
{
	bool strict = j->trust->policy == CRL_YES ||
	    (j->trust->policy == CRL_IF_URI && s->uri);

	if (s->revoked)
		return refuse_revoked(j, x, s);
	if (s->good || !strict)
		return true;
	if (s->expired && !s->bad) {
		return judge_fail(j, REASON_CRL_EXPIRED, x, "The CRL for a "
		    "certificate of the peer is out of date, and the policy "
		    "wants a fresh one. %s", s->trouble);
	}
	return judge_fail(j, REASON_CRL_UNAVAILABLE, x, "There is no CRL and "
	    "no OCSP answer for a certificate of the peer, and the policy "
	    "wants one. %s", s->trouble);
}

static void
add_sent(struct judge *j, STACK_OF(X509_CRL) *crls)
{
	const unsigned char *at;
	size_t i;

	for (i = 0; i < j->nr_crls; i++) {
		at = j->crls[i].p;
		add_crl(j, crls, d2i_X509_CRL(NULL, &at,
		    (long)j->crls[i].len));
	}
	ERR_clear_error();
}

bool
judge_revocation(struct judge *j)
{
	STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
	struct standing all[TRUST_DEPTH + 2];
	struct search s = { .j = j, .crls = crls };
	int i, nr = sk_X509_num(j->chain) - 1;	/* not the authority */
	bool ok = true;

	memset(all, 0, sizeof(all));
	if (crls == NULL || nr > TRUST_DEPTH + 1) {
		sk_X509_CRL_free(crls);
		return judge_fail(j, REASON_CERT_CONSTRAINT, NULL,
		    "The chain of certificates is too long.");
	}
	add_sent(j, crls);
	for (i = 0; i < nr; i++) {
		s.s = &all[i];
		s.cert = sk_X509_value(j->chain, i);
		s.issuer = sk_X509_value(j->chain, i + 1);
		ask_ocsp(&s);
		if (!all[i].good && !all[i].revoked)
			gather_crls(&s);
	}
	if (sk_X509_CRL_num(crls) > 0)
		judge_crls(j, crls, all, nr);
	for (i = 0; ok && i < nr; i++)
		ok = judge_standing(j, sk_X509_value(j->chain, i), &all[i]);
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	return ok;
}
