/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Chains of certificates: what is believed, and the reason of each refusal.
 * The certificates are made by the test with the extensions of each row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/ui.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/cert.h"
#include "crypto/issue.h"
#include "crypto/pkey.h"
#include "crypto/prf.h"
#include "crypto/revoke.h"
#include "crypto/trust.h"

#define NOW 1800000000		/* 2027-01-15 */
#define DAY 86400
#define CA_EXT "critical,CA:TRUE"

struct ext {
	int nid;
	const char *value;
};

static struct pkey *root_key, *sub_key, *leaf_key, *weak_key;

static struct cert *
make(const char *name, const char *issuer, const struct pkey *key,
    const struct pkey *signer, int64_t from, int64_t to,
    const struct ext *ext, const EVP_MD *md)
{
	X509 *x = X509_new();
	X509_NAME *n = X509_NAME_new(), *in = X509_NAME_new();
	unsigned char *der = NULL;
	X509V3_CTX ctx;
	struct cert *c = NULL;
	int len;

	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8,
	    (const unsigned char *)name, -1, -1, 0);
	X509_NAME_add_entry_by_txt(in, "CN", MBSTRING_UTF8,
	    (const unsigned char *)issuer, -1, -1, 0);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 77);
	ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from);
	ASN1_TIME_set(X509_getm_notAfter(x), (time_t)to);
	X509_set_subject_name(x, n);
	X509_set_issuer_name(x, in);
	X509_set_pubkey(x, pkey_evp(key));
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	for (; ext != NULL && ext->value != NULL; ext++) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, ext->nid,
		    ext->value);

		assert_non_null(e);
		X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
	assert_true(X509_sign(x, pkey_evp(signer), md) > 0);
	len = i2d_X509(x, &der);
	assert_int_equal(cert_read(&c, der, (size_t)len, NULL), 0);
	OPENSSL_free(der);
	X509_NAME_free(n);
	X509_NAME_free(in);
	X509_free(x);
	return c;
}

static const struct ext ca_ext[] = {
	{ NID_basic_constraints, CA_EXT },
	{ NID_key_usage, "critical,keyCertSign,cRLSign" }, { 0, NULL },
};

static const struct row {
	const char *what;
	struct ext sub[4], leaf[4];
	int64_t leaf_from, leaf_to;	/* days from now; 0, 0 = -1, +10 */
	bool weak, sha1, stranger;
	enum ike_reason_code code;
} rows[] = {
	{ .what = "good", .code = REASON_NONE },
	{ .what = "signing key",
	  .leaf = { { NID_key_usage, "critical,digitalSignature" } } },
	{ .what = "may not sign", .code = REASON_CERT_CONSTRAINT,
	  .leaf = { { NID_key_usage, "critical,keyEncipherment" } } },
	{ .what = "made for code", .code = REASON_CERT_CONSTRAINT,
	  .leaf = { { NID_ext_key_usage, "codeSigning" } } },
	{ .what = "made for IKE",
	  .leaf = { { NID_ext_key_usage, "1.3.6.1.5.5.7.3.17" } } },
	{ .what = "made for all",
	  .leaf = { { NID_ext_key_usage, "anyExtendedKeyUsage" } } },
	{ .what = "expired", .leaf_from = -20, .leaf_to = -1,
	  .code = REASON_CERT_EXPIRED },
	{ .what = "not yet", .leaf_from = 1, .leaf_to = 20,
	  .code = REASON_CERT_NOT_YET_VALID },
	{ .what = "weak key", .weak = true, .code = REASON_CERT_CONSTRAINT },
	{ .what = "weak hash", .sha1 = true, .code = REASON_CERT_CONSTRAINT },
	{ .what = "unknown", .stranger = true,
	  .code = REASON_CERT_UNTRUSTED },
	{ .what = "issuer is no CA", .code = REASON_CERT_CONSTRAINT,
	  .sub = { { NID_basic_constraints, "CA:FALSE" } } },
	{ .what = "issuer may not certify", .code = REASON_CERT_CONSTRAINT,
	  .sub = { { NID_basic_constraints, CA_EXT },
	  { NID_key_usage, "critical,digitalSignature" } } },
	{ .what = "permitted name",
	  .sub = { { NID_basic_constraints, CA_EXT },
	  { NID_name_constraints, "critical,permitted;DNS:example" } },
	  .leaf = { { NID_subject_alt_name, "DNS:gw.example" } } },
	{ .what = "name outside", .code = REASON_CERT_CONSTRAINT,
	  .sub = { { NID_basic_constraints, CA_EXT },
	  { NID_name_constraints, "critical,permitted;DNS:example" } },
	  .leaf = { { NID_subject_alt_name, "DNS:gw.test" } } },
	{ .what = "name excluded", .code = REASON_CERT_CONSTRAINT,
	  .sub = { { NID_basic_constraints, CA_EXT },
	  { NID_name_constraints, "critical,excluded;DNS:test" } },
	  .leaf = { { NID_subject_alt_name, "DNS:gw.test" } } },
};

/* root -> sub -> leaf, judged with the sub sent by the peer. */
static void
check_row(const struct row *r, const struct ext *root_ext)
{
	int64_t from = r->leaf_from, to = r->leaf_to;
	struct trust *t = trust_new(CRL_NO);
	struct cert_list sent = {0};
	struct ike_reason why = {0};
	struct cert *root, *sub, *leaf;
	bool ok;

	if (from == 0 && to == 0) {
		from = -1;
		to = 10;
	}
	root = make("root", "root", root_key, root_key, NOW - DAY,
	    NOW + 99 * DAY, root_ext, EVP_sha256());
	sub = make("sub", "root", sub_key, root_key, NOW - DAY,
	    NOW + 99 * DAY, r->sub[0].value != NULL ? r->sub : ca_ext,
	    EVP_sha256());
	leaf = make("leaf", "sub", r->weak ? weak_key : leaf_key,
	    r->stranger ? leaf_key : sub_key, NOW + from * DAY,
	    NOW + to * DAY, r->leaf, r->sha1 ? EVP_sha1() : EVP_sha256());
	trust_add(t, root, NULL, 0, NULL, 0);
	cert_list_add(&sent, sub);
	ok = trust_check(t, leaf, &sent, NULL, 0, NOW, "IKE_AUTH", &why);
	if (ok != (r->code == REASON_NONE) || why.code != r->code) {
		fail_msg("%s: %d, %s: %s", r->what, ok,
		    ike_reason_word(why.code), why.text);
	}
	if (!ok) {
		assert_true(why.text[0] != '\0');
		assert_non_null(strstr(why.theirs, "CN="));
		assert_true(why.ours[0] != '\0');
	}
	cert_list_free(&sent);
	cert_unref(leaf);
	cert_unref(root);
	trust_unref(t);
}

static void
test_chains(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++)
		check_row(&rows[i], ca_ext);
}

/* pathLenConstraint 0 of the root leaves no room for the sub. */
static void
test_path_length(void **state)
{
	static const struct ext short_root[] = {
		{ NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
		{ 0, NULL },
	};
	struct row r = { .what = "path length",
	    .code = REASON_CERT_CONSTRAINT };

	(void)state;
	check_row(&r, short_root);
}

/* A critical extension that nobody knows. */
static void
test_critical(void **state)
{
	int nid = OBJ_create("1.3.6.1.4.1.99999.1", "spTest", "spTest");
	struct row r = { .what = "critical extension",
	    .code = REASON_CERT_CONSTRAINT,
	    .leaf = { { NID_subject_key_identifier, "hash" } } };

	(void)state;
	assert_true(nid != NID_undef);
	X509V3_EXT_add_alias(nid, NID_netscape_comment);
	r.leaf[1] = (struct ext){ nid, "critical,hello" };
	check_row(&r, ca_ext);
}

/* ---- revocation ---- */

static struct buf served;	/* what the server gives; empty: nothing */
static struct buf served_delta;	/* for the URI of the delta CRL */
static int fetches;

static int
serve(void *ctx, const char *uri, const void *post, size_t post_len,
    size_t max, struct buf *out, struct sp_error *err)
{
	(void)ctx;
	(void)post;
	(void)post_len;
	fetches++;
	if (strstr(uri, "delta") != NULL) {
		buf_bytes(out, served_delta.data, served_delta.len);
		return 0;
	}
	if (served.len == 0 || served.len > max)
		return sp_fail(err, SP_TIMEOUT, "\"%s\" did not answer.", uri);
	buf_bytes(out, served.data, served.len);
	return 0;
}

static void
crl_ext(X509_CRL *crl, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	ASN1_INTEGER *n = ASN1_INTEGER_new();

	if (e != NULL) {
		X509_CRL_add_ext(crl, e, -1);
	} else {
		/* a number: crlNumber, deltaCRLIndicator (critical) */
		ASN1_INTEGER_set(n, value[0] - '0');
		assert_int_equal(X509_CRL_add1_ext_i2d(crl, nid, n,
		    nid == NID_delta_crl, 0), 1);
	}
	X509_EXTENSION_free(e);
	ASN1_INTEGER_free(n);
	ERR_clear_error();
}

/* number and base: one digit, or NULL; base: it is a delta to that one. */
static void
make_crl_to(struct buf *to_buf, const struct pkey *signer, bool revoke,
    int64_t from, int64_t to, const char *number, const char *base)
{
	X509_CRL *crl = X509_CRL_new();
	X509_NAME *n = X509_NAME_new();
	ASN1_TIME *t = ASN1_TIME_new();
	unsigned char *der = NULL;
	X509_REVOKED *rev;
	int len;

	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8,
	    (const unsigned char *)"root", -1, -1, 0);
	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, n);
	X509_CRL_set1_lastUpdate(crl, ASN1_TIME_set(t, (time_t)from));
	X509_CRL_set1_nextUpdate(crl, ASN1_TIME_set(t, (time_t)to));
	if (revoke) {
		ASN1_INTEGER *serial = ASN1_INTEGER_new();

		ASN1_INTEGER_set(serial, 77);
		rev = X509_REVOKED_new();
		X509_REVOKED_set_serialNumber(rev, serial);
		X509_REVOKED_set_revocationDate(rev, ASN1_TIME_set(t,
		    (time_t)(NOW - DAY)));
		X509_CRL_add0_revoked(crl, rev);
		ASN1_INTEGER_free(serial);
	}
	if (number != NULL)
		crl_ext(crl, NID_crl_number, number);
	if (base != NULL)
		crl_ext(crl, NID_delta_crl, base);
	X509_CRL_sort(crl);
	assert_true(X509_CRL_sign(crl, pkey_evp(signer), EVP_sha256()) > 0);
	len = i2d_X509_CRL(crl, &der);
	buf_reset(to_buf);
	buf_bytes(to_buf, der, (size_t)len);
	OPENSSL_free(der);
	ASN1_TIME_free(t);
	X509_NAME_free(n);
	X509_CRL_free(crl);
}

static void
make_crl(const struct pkey *signer, bool revoke, int64_t from, int64_t to)
{
	make_crl_to(&served, signer, revoke, from, to, NULL, NULL);
}

static const struct crl_row {
	const char *what;
	enum crl_policy policy;
	bool uri;		/* the certificate names one */
	bool is_there, revoked, stranger;
	int64_t to;		/* days until nextUpdate; 0 = 1 */
	enum ike_reason_code code;
} crl_rows[] = {
	{ "no, nothing known", CRL_NO, true, false, false, false, 0, 0 },
	{ "no, good", CRL_NO, true, true, false, false, 0, 0 },
	{ "no, revoked", CRL_NO, true, true, true, false, 0,
	  REASON_CERT_REVOKED },
	{ "no, revoked by an old CRL", CRL_NO, true, true, true, false, -1,
	  REASON_CERT_REVOKED },
	{ "no, revoked by a stranger", CRL_NO, true, true, true, true, 0, 0 },
	{ "no, old", CRL_NO, true, true, false, false, -1, 0 },
	{ "if-uri without", CRL_IF_URI, false, false, false, false, 0, 0 },
	{ "if-uri, silent", CRL_IF_URI, true, false, false, false, 0,
	  REASON_CRL_UNAVAILABLE },
	{ "if-uri, good", CRL_IF_URI, true, true, false, false, 0, 0 },
	{ "yes without", CRL_YES, false, false, false, false, 0,
	  REASON_CRL_UNAVAILABLE },
	{ "yes, good", CRL_YES, true, true, false, false, 0, 0 },
	{ "yes, by a stranger", CRL_YES, true, true, false, true, 0,
	  REASON_CRL_UNAVAILABLE },
	{ "yes, old", CRL_YES, true, true, false, false, -1,
	  REASON_CRL_EXPIRED },
	{ "yes, revoked", CRL_YES, true, true, true, false, 0,
	  REASON_CERT_REVOKED },
};

static void
check_crl(const struct crl_row *r)
{
	const struct ext leaf_ext[] = {
		{ r->uri ? NID_crl_distribution_points :
		  NID_subject_key_identifier, r->uri ?
		  "URI:http://crl.example/root.crl" : "hash" }, { 0, NULL },
	};
	struct revocation *rev = revocation_new(serve, NULL);
	struct trust *t = trust_new(r->policy);
	struct ike_reason why = {0};
	struct cert *root, *leaf;
	bool ok;

	buf_free(&served);
	fetches = 0;
	if (r->is_there) {
		make_crl(r->stranger ? sub_key : root_key, r->revoked,
		    NOW - 2 * DAY, NOW + (r->to == 0 ? 1 : r->to) * DAY);
	}
	root = make("root", "root", root_key, root_key, NOW - DAY,
	    NOW + 99 * DAY, ca_ext, EVP_sha256());
	leaf = make("leaf", "root", leaf_key, root_key, NOW - DAY, NOW + DAY,
	    leaf_ext, EVP_sha256());
	trust_add(t, root, NULL, 0, NULL, 0);
	trust_set_revocation(t, rev);
	ok = trust_check(t, leaf, NULL, NULL, 0, NOW, "IKE_AUTH", &why);
	if (ok != (r->code == REASON_NONE) || why.code != r->code)
		fail_msg("%s: %d, %s: %s", r->what, ok,
		    ike_reason_word(why.code), why.text);
	/* asked again, a server is left in peace */
	memset(&why, 0, sizeof(why));
	assert_int_equal(trust_check(t, leaf, NULL, NULL, 0, NOW + 1,
	    "IKE_AUTH", &why), ok);
	if (r->to == 0)
		assert_true(fetches <= 1);
	/* a forged one does not serve until its own nextUpdate */
	if (r->stranger && r->uri && r->is_there) {
		fetches = 0;
		make_crl(root_key, false, NOW - DAY, NOW + DAY);
		if (!trust_check(t, leaf, NULL, NULL, 0, NOW + REVOKE_RETRY + 1,
		    "IKE_AUTH", &why) || fetches != 1)
			fail_msg("%s: a forged CRL is kept: %s", r->what,
			    why.text);
	}
	cert_unref(leaf);
	cert_unref(root);
	trust_unref(t);
	revocation_unref(rev);
}

static void
count_http(void *ctx, const char *uri)
{
	*(int *)ctx += strncmp(uri, "http://", 7) == 0;
}

/* A line end in a URI is no way to write headers of our request. */
static void
test_uri_lines(void **state)
{
	static const struct {
		const char *text;
		int fetches;
	} uris[] = {
		{ "http://crl.example/a", 1 },
		{ "http://crl.example/a\r\nHost: other", 0 },
		{ "http://crl.example/a b", 0 }, { "file:///etc/passwd", 0 },
	};
	GENERAL_NAMES *names;
	GENERAL_NAME *n;
	DIST_POINT *p;
	STACK_OF(DIST_POINT) *all;
	size_t i;
	int seen;

	(void)state;
	for (i = 0; i < NELEM(uris); i++) {
		seen = 0;
		n = GENERAL_NAME_new();
		n->type = GEN_URI;
		n->d.uniformResourceIdentifier = ASN1_IA5STRING_new();
		ASN1_STRING_set(n->d.uniformResourceIdentifier, uris[i].text,
		    -1);
		names = sk_GENERAL_NAME_new_null();
		sk_GENERAL_NAME_push(names, n);
		p = DIST_POINT_new();
		p->distpoint = DIST_POINT_NAME_new();
		p->distpoint->type = 0;
		p->distpoint->name.fullname = names;
		all = sk_DIST_POINT_new_null();
		sk_DIST_POINT_push(all, p);
		cert_dist_uris(all, count_http, &seen);
		if (seen != uris[i].fetches)
			fail_msg("%s: %d", uris[i].text, seen);
		sk_DIST_POINT_pop_free(all, DIST_POINT_free);
	}
}

static int asked;

static int
count_question(UI *ui, UI_STRING *what)
{
	(void)ui;
	(void)what;
	asked++;
	return 0;
}

#define SECRET_PEM(what) "-----BEGIN " what "-----\n" \
	"Proc-Type: 4,ENCRYPTED\n" \
	"DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n" \
	"AAAAAAAAAAAAAAAAAAAAAA==\n-----END " what "-----\n"

/* What calls itself encrypted makes nobody ask on the terminal. */
static void
test_no_password(void **state)
{
	UI_METHOD *m = UI_create_method("count");
	struct revocation *rev = revocation_new(serve, NULL);
	struct sp_error err = {0};
	struct cert_list list;
	struct pkey *key = NULL;

	(void)state;
	UI_method_set_reader(m, count_question);
	UI_set_default_method(m);
	assert_true(cert_read_file(&list, SECRET_PEM("CERTIFICATE"),
	    strlen(SECRET_PEM("CERTIFICATE")), "x", &err) < 0);
	assert_true(pkey_read_public(&key, SECRET_PEM("PUBLIC KEY"),
	    strlen(SECRET_PEM("PUBLIC KEY")), "x", &err) < 0);
	buf_free(&served);
	buf_puts(&served, SECRET_PEM("X509 CRL"));
	assert_null(revocation_crl(rev, "http://crl.example/x", NOW, &err));
	assert_int_equal(asked, 0);
	buf_free(&served);
	revocation_unref(rev);
	UI_set_default_method(UI_OpenSSL());
	UI_destroy_method(m);
}

static void
test_crls(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(crl_rows); i++)
		check_crl(&crl_rows[i]);
	buf_free(&served);
}

/* The base CRL is clean; its delta revokes, if it fits the base. */
static void
test_delta(void **state)
{
	static const struct ext leaf_ext[] = {
		{ NID_crl_distribution_points,
		  "URI:http://crl.example/root.crl" },
		{ NID_freshest_crl, "URI:http://crl.example/delta.crl" },
		{ 0, NULL },
	};
	static const struct {
		bool revoke;
		const char *base;
		enum ike_reason_code code;
	} deltas[] = {
		{ false, "3", REASON_NONE }, { true, "3", REASON_CERT_REVOKED },
		{ true, "5", REASON_NONE },	/* to a later base */
	};
	struct ike_reason why;
	struct cert *root, *leaf;
	size_t i;

	(void)state;
	root = make("root", "root", root_key, root_key, NOW - DAY,
	    NOW + 99 * DAY, ca_ext, EVP_sha256());
	leaf = make("leaf", "root", leaf_key, root_key, NOW - DAY, NOW + DAY,
	    leaf_ext, EVP_sha256());
	for (i = 0; i < NELEM(deltas); i++) {
		struct revocation *rev = revocation_new(serve, NULL);
		struct trust *t = trust_new(CRL_YES);
		bool ok;

		memset(&why, 0, sizeof(why));
		make_crl_to(&served, root_key, false, NOW - DAY, NOW + DAY,
		    "3", NULL);
		make_crl_to(&served_delta, root_key, deltas[i].revoke,
		    NOW - 60, NOW + DAY, "6", deltas[i].base);
		trust_add(t, root, NULL, 0, NULL, 0);
		trust_set_revocation(t, rev);
		ok = trust_check(t, leaf, NULL, NULL, 0, NOW, "IKE_AUTH",
		    &why);
		if (ok != (deltas[i].code == REASON_NONE) ||
		    why.code != deltas[i].code)
			fail_msg("delta %zu: %d, %s", i, ok, why.text);
		trust_unref(t);
		revocation_unref(rev);
	}
	cert_unref(leaf);
	cert_unref(root);
	buf_free(&served);
	buf_free(&served_delta);
}

/* Two authorities that sign each other lead nowhere, and soon. */
static void
test_loop(void **state)
{
	struct trust *t = trust_new(CRL_NO);
	struct cert_list sent = {0};
	struct ike_reason why = {0};
	struct cert *root, *leaf;

	(void)state;
	root = make("root", "root", root_key, root_key, NOW - DAY,
	    NOW + 99 * DAY, ca_ext, EVP_sha256());
	cert_list_add(&sent, make("a", "b", sub_key, leaf_key, NOW - DAY,
	    NOW + DAY, ca_ext, EVP_sha256()));
	cert_list_add(&sent, make("b", "a", leaf_key, sub_key, NOW - DAY,
	    NOW + DAY, ca_ext, EVP_sha256()));
	leaf = make("leaf", "a", leaf_key, sub_key, NOW - DAY, NOW + DAY,
	    NULL, EVP_sha256());
	trust_add(t, root, NULL, 0, NULL, 0);
	assert_false(trust_check(t, leaf, &sent, NULL, 0, NOW, "IKE_AUTH",
	    &why));
	assert_int_equal(why.code, REASON_CERT_UNTRUSTED);
	cert_list_free(&sent);
	cert_unref(leaf);
	cert_unref(root);
	trust_unref(t);
}

/* ---- names ---- */

static void
test_names(void **state)
{
	static const struct ext ext[] = {
		{ NID_subject_alt_name, "DNS:gw.example,email:a@b.example,"
		  "IP:192.0.2.1" }, { 0, NULL },
	};
	struct buf b = {0};
	struct cert *c;

	(void)state;
	c = make("cn.example", "root", leaf_key, root_key, NOW, NOW + DAY,
	    ext, EVP_sha256());
	assert_true(cert_has_name(c, CERT_FQDN, "GW.example", 10));
	assert_true(cert_has_name(c, CERT_MAIL, "a@b.example", 11));
	assert_true(cert_has_name(c, CERT_IPV4, "\xc0\0\2\1", 4));
	assert_false(cert_has_name(c, CERT_FQDN, "gw.exampl", 9));
	assert_false(cert_has_name(c, CERT_FQDN, "gw.example\0", 11));
	assert_false(cert_has_name(c, CERT_MAIL, "gw.example", 10));
	/* a common name proves nothing */
	assert_false(cert_has_name(c, CERT_FQDN, "cn.example", 10));
	assert_false(cert_has_name(c, CERT_DN, "\x30\0", 2));
	cert_print_names(&b, c);
	assert_int_equal(b.len, strlen("gw.example, a@b.example, 192.0.2.1"));
	buf_free(&b);
	cert_unref(c);
}

/* The lab's authority: key, request, certificate, believed. */
static void
test_issue(void **state)
{
	/* CN=ca, CN=gw */
	static const uint8_t ca_dn[] = "\x30\x0d\x31\x0b\x30\x09\x06\x03\x55"
	    "\x04\x03\x0c\x02\x63\x61";
	static const uint8_t gw_dn[] = "\x30\x0d\x31\x0b\x30\x09\x06\x03\x55"
	    "\x04\x03\x0c\x02\x67\x77";
	struct issue ca = { ca_dn, sizeof(ca_dn) - 1, { { 0, NULL } }, 0,
	    100 };
	struct issue gw = { gw_dn, sizeof(gw_dn) - 1,
	    { { ISSUE_DNS, "gw.example" }, { ISSUE_IP, "192.0.2.9" } }, 2,
	    0 };
	struct trust *t = trust_new(CRL_NO);
	struct ike_reason why = {0};
	struct sp_error err = {0};
	struct cert *authority, *c;
	struct buf pem = {0};

	(void)state;
	assert_int_equal(issue_authority(root_key, &ca, NOW, &authority,
	    NULL), 0);
	assert_true(cert_is_ca(authority));
	assert_int_equal(issue_request(leaf_key, &gw, &pem, NULL), 0);
	assert_int_equal(issue_sign(authority, root_key, pem.data, pem.len,
	    "gw.csr", 1000, NOW, &c, NULL), 0);
	assert_true(cert_not_after(c) == cert_not_after(authority));
	assert_true(cert_has_name(c, CERT_FQDN, "gw.example", 10));
	assert_true(cert_has_name(c, CERT_DN, gw_dn, sizeof(gw_dn) - 1));
	assert_false(cert_is_ca(c));
	trust_add(t, authority, NULL, 0, NULL, 0);
	if (!trust_check(t, c, NULL, NULL, 0, NOW, "IKE_AUTH", &why))
		fail_msg("%s", why.text);
	pem.data[pem.len / 2] ^= 1;
	assert_true(issue_sign(authority, root_key, pem.data, pem.len,
	    "gw.csr", 10, NOW, &c, &err) < 0);
	assert_true(err.text[0] != '\0');
	cert_unref(c);
	cert_unref(authority);
	trust_unref(t);
	buf_free(&pem);
}

static int
setup(void **state)
{
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);

	(void)state;
	return pkey_generate(&root_key, "ecdsa", "p256", NULL) +
	    pkey_generate(&sub_key, "ecdsa", "p256", NULL) +
	    pkey_generate(&leaf_key, "rsa", "2048", NULL) +
	    pkey_take(&weak_key, rsa, "weak", NULL);
}

static int
teardown(void **state)
{
	(void)state;
	pkey_unref(root_key);
	pkey_unref(sub_key);
	pkey_unref(leaf_key);
	pkey_unref(weak_key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_path_length),
		cmocka_unit_test(test_critical),
		cmocka_unit_test(test_crls),
		cmocka_unit_test(test_no_password),
		cmocka_unit_test(test_uri_lines),
		cmocka_unit_test(test_delta),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_issue),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
