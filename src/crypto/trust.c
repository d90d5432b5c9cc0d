/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Path validation by OpenSSL's X509_verify_cert(): signatures, dates, basic
 * constraints, path length, name constraints, critical extensions nobody
 * knows, strength (112 bits: RSA 2048, SHA-2).  What it does not know of IKE
 * is added here: key usage (RFC 4945 5.1.3.2) and extended key usage
 * (5.1.3.12), pinned certificates, and a reason in words for each failure.
 */
#include "crypto/trust_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/mem.h"
#include "crypto/pkey.h"
#include "crypto/prf.h"

#define STRENGTH 2		/* OpenSSL's level: 112 bits */

/* ---- the set ---- */

struct trust *
trust_new(enum crl_policy policy)
{
	struct trust *t = xcalloc(1, sizeof(*t));

	atomic_init(&t->refs, 1);
	t->policy = policy;
	t->store = X509_STORE_new();
	if (t->store != NULL)
		X509_STORE_set_flags(t->store, X509_V_FLAG_PARTIAL_CHAIN);
	return t;
}

struct trust *
trust_ref(struct trust *t)
{
	atomic_fetch_add(&t->refs, 1);
	return t;
}

static void
anchor_free(struct anchor *a)
{
	size_t i;

	cert_unref(a->cert);
	for (i = 0; i < a->nr_crl; i++)
		free(a->crl[i]);
	for (i = 0; i < a->nr_ocsp; i++)
		free(a->ocsp[i]);
	free(a->crl);
	free(a->ocsp);
}

void
trust_unref(struct trust *t)
{
	size_t i;

	if (t == NULL || atomic_fetch_sub(&t->refs, 1) != 1)
		return;
	for (i = 0; i < t->nr_anchors; i++)
		anchor_free(&t->anchor[i]);
	free(t->anchor);
	cert_list_free(&t->helpers);
	revocation_unref(t->revocation);
	X509_STORE_free(t->store);
	free(t);
}

static char **
copy_texts(const char *const *text, size_t nr)
{
	char **out = xcalloc(nr + 1, sizeof(*out));
	size_t i;

	for (i = 0; i < nr; i++)
		out[i] = xstrdup(text[i]);
	return out;
}

void
trust_add(struct trust *t, struct cert *authority, const char *const *crl,
    size_t nr_crl, const char *const *ocsp, size_t nr_ocsp)
{
	struct anchor *a;

	if (t->store == NULL ||
	    !X509_STORE_add_cert(t->store, cert_x509(authority)))
		return;
	t->anchor = xrealloc(t->anchor, t->nr_anchors + 1,
	    sizeof(*t->anchor));
	a = &t->anchor[t->nr_anchors++];
	*a = (struct anchor){ .cert = cert_ref(authority),
	    .crl = copy_texts(crl, nr_crl), .nr_crl = nr_crl,
	    .ocsp = copy_texts(ocsp, nr_ocsp), .nr_ocsp = nr_ocsp };
}

void
trust_add_helper(struct trust *t, struct cert *c)
{
	cert_list_add(&t->helpers, cert_ref(c));
}

void
trust_set_revocation(struct trust *t, struct revocation *r)
{
	revocation_unref(t->revocation);
	t->revocation = revocation_ref(r);
}

bool
trust_is_empty(const struct trust *t)
{
	return t->nr_anchors == 0;
}

bool
trust_has(const struct trust *t, const struct cert *c)
{
	size_t i;

	for (i = 0; i < t->nr_anchors; i++) {
		if (cert_eq(t->anchor[i].cert, c))
			return true;
	}
	return false;
}

static bool
has_hash(const struct buf *out, const uint8_t hash[20])
{
	size_t at;

	for (at = 0; at + 20 <= out->len; at += 20) {
		if (memcmp(out->data + at, hash, 20) == 0)
			return true;
	}
	return false;
}

void
trust_hashes(const struct trust *t, struct buf *out)
{
	uint8_t hash[20];
	size_t i;

	for (i = 0; i < t->nr_anchors; i++) {
		if (cert_key_hash(t->anchor[i].cert, hash) &&
		    !has_hash(out, hash))
			buf_bytes(out, hash, sizeof(hash));
	}
}

/* ---- reasons ---- */

static void
copy_text(char *out, size_t size, struct buf *b)
{
	buf_u8(b, '\0');
	snprintf(out, size, "%s", (const char *)b->data);
	buf_free(b);
}

/* What we trust, in names. */
static void
print_anchors(struct buf *b, const struct trust *t)
{
	size_t i;

	for (i = 0; i < t->nr_anchors && b->len < 200; i++) {
		if (i > 0)
			buf_puts(b, "; ");
		cert_print_subject(b, t->anchor[i].cert);
	}
	if (t->nr_anchors == 0)
		buf_puts(b, "no authority");
	else if (i < t->nr_anchors)
		buf_puts(b, "; ...");
}

static void
print_about(struct buf *b, X509 *x)
{
	cert_print_name(b, X509_get_subject_name(x));
	buf_puts(b, ", issued by ");
	cert_print_name(b, X509_get_issuer_name(x));
}

bool
judge_fail(const struct judge *j, enum ike_reason_code code, X509 *about,
    const char *fmt, ...)
{
	struct buf ours = {0}, theirs = {0}, date = {0};
	char text[400], o[256], t[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (code == REASON_CERT_EXPIRED || code == REASON_CERT_NOT_YET_VALID) {
		buf_puts(&date, "our clock says ");
		cert_print_date(&date, j->now);
		copy_text(o, sizeof(o), &date);
	} else {
		if (j->trust != NULL)
			print_anchors(&ours, j->trust);
		copy_text(o, sizeof(o), &ours);
	}
	print_about(&theirs, about != NULL ? about : cert_x509(j->leaf));
	copy_text(t, sizeof(t), &theirs);
	ike_reason_set(j->why, code, true, j->step, o, t, "%s", text);
	return false;
}

/* OpenSSL's verdicts in our terms; the rest is a constraint. */
static const struct verdict {
	int error;
	enum ike_reason_code code;
	const char *text;
} verdict_table[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, REASON_CERT_EXPIRED, NULL },
	{ X509_V_ERR_CERT_NOT_YET_VALID, REASON_CERT_NOT_YET_VALID, NULL },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, REASON_CERT_UNTRUSTED, NULL },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
	  REASON_CERT_UNTRUSTED, NULL },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, REASON_CERT_UNTRUSTED,
	  NULL },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, REASON_CERT_UNTRUSTED,
	  NULL },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, REASON_CERT_UNTRUSTED, NULL },
	{ X509_V_ERR_CERT_UNTRUSTED, REASON_CERT_UNTRUSTED, NULL },
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG, REASON_CERT_CONSTRAINT,
	  "the chain of certificates is too long" },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, REASON_CERT_UNTRUSTED,
	  "its signature is not its issuer's" },
	{ X509_V_ERR_INVALID_CA, REASON_CERT_CONSTRAINT,
	  "it was issued by a certificate that is no authority "
	  "(basicConstraints)" },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED, REASON_CERT_CONSTRAINT,
	  "an authority may not have so many below it (pathLenConstraint)" },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN, REASON_CERT_CONSTRAINT,
	  "its issuer may not sign certificates (keyUsage)" },
	{ X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, REASON_CERT_CONSTRAINT,
	  "it has a critical extension that is not known here" },
	{ X509_V_ERR_PERMITTED_VIOLATION, REASON_CERT_CONSTRAINT,
	  "its name is outside of what its authority may name "
	  "(nameConstraints)" },
	{ X509_V_ERR_EXCLUDED_VIOLATION, REASON_CERT_CONSTRAINT,
	  "its name is excluded by its authority (nameConstraints)" },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, REASON_CERT_CONSTRAINT,
	  "its key is too weak (below 112 bits, such as RSA 1024)" },
	{ X509_V_ERR_CA_KEY_TOO_SMALL, REASON_CERT_CONSTRAINT,
	  "the key of its authority is too weak (below 112 bits)" },
	{ X509_V_ERR_CA_MD_TOO_WEAK, REASON_CERT_CONSTRAINT,
	  "it is signed with a hash that is too weak (SHA-1 or MD5)" },
};

static bool
explain(const struct judge *j, X509_STORE_CTX *ctx)
{
	int e = X509_STORE_CTX_get_error(ctx);
	X509 *x = X509_STORE_CTX_get_current_cert(ctx);
	const struct verdict *v = NULL;
	const char *text = NULL;
	struct buf date = {0};
	bool late = e == X509_V_ERR_CERT_HAS_EXPIRED;
	size_t i;

	for (i = 0; i < NELEM(verdict_table) && v == NULL; i++) {
		if (verdict_table[i].error == e)
			v = &verdict_table[i];
	}
	if (x == NULL)
		x = cert_x509(j->leaf);
	if (v != NULL && (late || e == X509_V_ERR_CERT_NOT_YET_VALID)) {
		cert_print_date(&date, cert_time(late ?
		    X509_get0_notAfter(x) : X509_get0_notBefore(x)));
		judge_fail(j, v->code, x, late ? "A certificate of the peer "
		    "expired on %.*s." : "A certificate of the peer is not "
		    "valid before %.*s.", (int)date.len, (char *)date.data);
		buf_free(&date);
		return false;
	}
	if (v != NULL && v->text == NULL) {
		cert_print_name(&date, X509_get_issuer_name(x));
		judge_fail(j, v->code, x, "No trusted authority stands behind "
		    "the peer's certificate; the last issuer found is %.*s.",
		    (int)(date.len > 200 ? 200 : date.len), (char *)date.data);
		buf_free(&date);
		return false;
	}
	text = v != NULL ? v->text : X509_verify_cert_error_string(e);
	return judge_fail(j, v != NULL ? v->code : REASON_CERT_CONSTRAINT, x,
	    "The peer's certificate is refused: %s.", text);
}

/* ---- judgement ---- */

X509_STORE_CTX *
judge_context(const struct judge *j)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *par;

	if (ctx == NULL || j->trust->store == NULL ||
	    !X509_STORE_CTX_init(ctx, j->trust->store, cert_x509(j->leaf),
	    j->others)) {
		X509_STORE_CTX_free(ctx);
		return NULL;
	}
	par = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(par, (time_t)j->now);
	X509_VERIFY_PARAM_set_depth(par, TRUST_DEPTH);
	X509_VERIFY_PARAM_set_auth_level(par, STRENGTH);
	return ctx;
}

/* RFC 4945 5.1.3.12: without the extension, any, or one that serves IKE. */
static bool
eku_serves(X509 *x)
{
	static const char *const good[] = {
		"1.3.6.1.5.5.7.3.17",	/* id-kp-ipsecIKE */
		"1.3.6.1.5.5.8.2.2",	/* iKEIntermediate */
		"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2",	/* TLS */
		"1.3.6.1.5.5.7.3.5", "1.3.6.1.5.5.7.3.6",	/* IPsec, */
		"1.3.6.1.5.5.7.3.7",	/* before RFC 4945 */
		"2.5.29.37.0",		/* any */
	};
	EXTENDED_KEY_USAGE *eku;
	char oid[64];
	bool ok;
	size_t k;
	int i;

	eku = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	ok = eku == NULL;
	for (i = 0; !ok && i < sk_ASN1_OBJECT_num(eku); i++) {
		OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(eku, i),
		    1);
		for (k = 0; !ok && k < NELEM(good); k++)
			ok = strcmp(oid, good[k]) == 0;
	}
	EXTENDED_KEY_USAGE_free(eku);
	return ok;
}

static bool
judge_usage(const struct judge *j)
{
	X509 *x = cert_x509(j->leaf);
	uint32_t usage = X509_get_key_usage(x);

	if (usage != UINT32_MAX &&
	    !(usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION))) {
		return judge_fail(j, REASON_CERT_CONSTRAINT, x, "The peer's "
		    "certificate may not sign (keyUsage has neither "
		    "digitalSignature nor nonRepudiation).");
	}
	if (!eku_serves(x)) {
		return judge_fail(j, REASON_CERT_CONSTRAINT, x, "The peer's "
		    "certificate is made for another purpose than IKE "
		    "(extendedKeyUsage).");
	}
	if (cert_key(j->leaf) == NULL) {
		return judge_fail(j, REASON_CERT_CONSTRAINT, x, "The peer's "
		    "certificate has a key of a kind that IKE does not "
		    "sign with.");
	}
	return true;
}

static bool
judge_chain(struct judge *j)
{
	X509_STORE_CTX *ctx = judge_context(j);
	bool ok = false;

	if (ctx == NULL) {
		return judge_fail(j, REASON_CRYPTO_UNAVAILABLE, NULL,
		    "There is no memory to judge a certificate.");
	}
	if (X509_verify_cert(ctx) == 1) {
		j->chain = X509_STORE_CTX_get1_chain(ctx);
		ok = j->chain != NULL;
	} else {
		explain(j, ctx);
	}
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

static STACK_OF(X509) *
gather(const struct trust *t, const struct cert_list *others)
{
	STACK_OF(X509) *s = sk_X509_new_null();
	size_t i;

	for (i = 0; s != NULL && others != NULL && i < others->nr; i++)
		sk_X509_push(s, cert_x509(others->at[i]));
	for (i = 0; s != NULL && i < t->helpers.nr; i++)
		sk_X509_push(s, cert_x509(t->helpers.at[i]));
	return s;
}

bool
trust_check(const struct trust *t, const struct cert *leaf,
    const struct cert_list *others, const struct chunk *crls, size_t nr_crls,
    int64_t now, const char *step, struct ike_reason *why)
{
	struct judge j = { .trust = t, .leaf = leaf, .crls = crls,
	    .nr_crls = nr_crls, .now = now, .step = step, .why = why };
	bool ok;

	j.others = gather(t, others);
	ok = judge_chain(&j) && judge_usage(&j) && judge_revocation(&j);
	sk_X509_free(j.others);
	sk_X509_pop_free(j.chain, X509_free);
	return ok;
}

bool
trust_check_pinned(const struct cert *leaf, int64_t now, const char *step,
    struct ike_reason *why)
{
	struct judge j = { .leaf = leaf, .now = now, .step = step,
	    .why = why };
	X509 *x = cert_x509(leaf);
	struct buf date = {0};
	bool late = now > cert_not_after(leaf);

	if (late || now < cert_not_before(leaf)) {
		cert_print_date(&date, late ? cert_not_after(leaf) :
		    cert_not_before(leaf));
		judge_fail(&j, late ? REASON_CERT_EXPIRED :
		    REASON_CERT_NOT_YET_VALID, x, late ? "The certificate of "
		    "the peer expired on %.*s." : "The certificate of the "
		    "peer is not valid before %.*s.", (int)date.len,
		    (char *)date.data);
		buf_free(&date);
		return false;
	}
	return judge_usage(&j);
}

static const struct cert *
issuer_in(const struct cert *c, const struct cert_list *known)
{
	size_t i;

	for (i = 0; known != NULL && i < known->nr; i++) {
		if (X509_check_issued(cert_x509(known->at[i]),
		    cert_x509(c)) == X509_V_OK)
			return known->at[i];
	}
	return NULL;
}

void
trust_complete(const struct trust *t, const struct cert *leaf,
    const struct cert_list *known, struct cert_list *out)
{
	const struct cert *c = leaf, *up;
	size_t i;

	for (i = 0; i < TRUST_DEPTH && !cert_is_self_issued(c); i++) {
		up = issuer_in(c, known);
		if (up == NULL && t != NULL)
			up = issuer_in(c, &t->helpers);
		if (up == NULL || cert_is_self_issued(up))
			return;
		cert_list_add(out, cert_ref((struct cert *)(uintptr_t)up));
		c = up;
	}
}
