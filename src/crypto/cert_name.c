/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names in certificates: does one prove an identity (RFC 4945 3.1), how it
 * is shown to people, and which URIs it names.
 */
#include "crypto/cert.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/str.h"

#define NAMES_MAX 256		/* subjectAltNames that are looked at */
#define URIS_MAX 8
#define URI_MAX 1024		/* characters */

static bool
text_is(const ASN1_STRING *s, const void *data, size_t len)
{
	const char *p = (const char *)ASN1_STRING_get0_data(s);
	size_t n = (size_t)ASN1_STRING_length(s);

	/* an inner NUL ends no name (hardening.md: names cut short) */
	return n == len && n > 0 && memchr(p, '\0', n) == NULL &&
	    strncasecmp(p, data, n) == 0;
}

static bool
name_is(const GENERAL_NAME *n, enum cert_name type, const void *data,
    size_t len)
{
	switch (n->type) {
	case GEN_DNS:
		return type == CERT_FQDN && text_is(n->d.dNSName, data, len);
	case GEN_EMAIL:
		return type == CERT_MAIL &&
		    text_is(n->d.rfc822Name, data, len);
	case GEN_IPADD:
		return (type == CERT_IPV4 || type == CERT_IPV6) &&
		    (size_t)ASN1_STRING_length(n->d.iPAddress) == len &&
		    memcmp(ASN1_STRING_get0_data(n->d.iPAddress), data,
		    len) == 0;
	default:
		return false;
	}
}

static bool
subject_is(const struct cert *c, const void *der, size_t len)
{
	const unsigned char *at = der;
	X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)len);
	bool same;

	same = name != NULL && at == (const unsigned char *)der + len &&
	    X509_NAME_entry_count(name) > 0 &&
	    X509_NAME_cmp(name, X509_get_subject_name(cert_x509(c))) == 0;
	X509_NAME_free(name);
	ERR_clear_error();
	return same;
}

bool
cert_has_name(const struct cert *c, enum cert_name type, const void *data,
    size_t len)
{
	GENERAL_NAMES *names;
	bool found = false;
	int i;

	if (type == CERT_DN)
		return subject_is(c, data, len);
	names = X509_get_ext_d2i(cert_x509(c), NID_subject_alt_name, NULL,
	    NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names) && i < NAMES_MAX &&
	    !found; i++) {
		found = name_is(sk_GENERAL_NAME_value(names, i), type, data,
		    len);
	}
	GENERAL_NAMES_free(names);
	return found;
}

/* ---- for people ---- */

void
cert_print_name(struct buf *b, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	if (bio != NULL) {
		X509_NAME_print_ex(bio, name, 0, (XN_FLAG_ONELINE |
		    ASN1_STRFLGS_UTF8_CONVERT) & ~(unsigned long)
		    (XN_FLAG_SPC_EQ | ASN1_STRFLGS_ESC_MSB));
		n = BIO_get_mem_data(bio, &p);
		if (n > 0)
			str_safe(b, p, (size_t)n);
		else
			buf_puts(b, "(empty)");
	}
	BIO_free(bio);
}

void
cert_print_subject(struct buf *b, const struct cert *c)
{
	cert_print_name(b, X509_get_subject_name(cert_x509(c)));
}

void
cert_print_issuer(struct buf *b, const struct cert *c)
{
	cert_print_name(b, X509_get_issuer_name(cert_x509(c)));
}

static void
print_address(struct buf *b, const ASN1_OCTET_STRING *s)
{
	size_t len = (size_t)ASN1_STRING_length(s);
	struct ip_addr a = { .family = len == 4 ? AF_INET : AF_INET6 };
	char text[ADDR_TEXT];

	if (len != 4 && len != 16)
		return;
	memcpy(a.b, ASN1_STRING_get0_data(s), len);
	buf_puts(b, addr_print(&a, text));
}

static void
print_alt_name(struct buf *b, const GENERAL_NAME *n)
{
	const ASN1_STRING *s = NULL;

	switch (n->type) {
	case GEN_DNS:
		s = n->d.dNSName;
		break;
	case GEN_EMAIL:
		s = n->d.rfc822Name;
		break;
	case GEN_URI:
		s = n->d.uniformResourceIdentifier;
		break;
	case GEN_IPADD:
		print_address(b, n->d.iPAddress);
		return;
	case GEN_DIRNAME:
		cert_print_name(b, n->d.directoryName);
		return;
	default:
		buf_puts(b, "(other)");
		return;
	}
	str_safe(b, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

void
cert_print_names(struct buf *b, const struct cert *c)
{
	GENERAL_NAMES *names;
	int i;

	names = X509_get_ext_d2i(cert_x509(c), NID_subject_alt_name, NULL,
	    NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names) && i < 16; i++) {
		if (i > 0)
			buf_puts(b, ", ");
		print_alt_name(b, sk_GENERAL_NAME_value(names, i));
	}
	if (sk_GENERAL_NAME_num(names) > i)
		buf_puts(b, ", ...");
	if (i == 0)
		buf_puts(b, "none");
	GENERAL_NAMES_free(names);
}

void
cert_print_serial(struct buf *b, const struct cert *c)
{
	const ASN1_INTEGER *n = X509_get0_serialNumber(cert_x509(c));

	str_hex(b, ASN1_STRING_get0_data(n), (size_t)ASN1_STRING_length(n));
}

void
cert_print_date(struct buf *b, int64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[64];
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		text[0] = '\0';
	buf_puts(b, text);
}

/* ---- URIs ---- */

/* RFC 3986 has neither blanks nor control characters: a line end would begin
 * a header of the certificate's own in our request. */
static bool
is_uri(const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] <= ' ' || p[i] >= 0x7f)
			return false;
	}
	return len > 0;
}

static bool
take_uri(const GENERAL_NAME *n, void (*each)(void *ctx, const char *uri),
    void *ctx)
{
	const ASN1_STRING *s;
	char text[URI_MAX];
	size_t len;

	if (n->type != GEN_URI)
		return false;
	s = n->d.uniformResourceIdentifier;
	len = (size_t)ASN1_STRING_length(s);
	if (len >= sizeof(text) || !is_uri(ASN1_STRING_get0_data(s), len))
		return false;
	memcpy(text, ASN1_STRING_get0_data(s), len);
	text[len] = '\0';
	each(ctx, text);
	return true;
}

void
cert_dist_uris(const STACK_OF(DIST_POINT) *points,
    void (*each)(void *ctx, const char *uri), void *ctx)
{
	const DIST_POINT *p;
	int i, k, n = 0;

	for (i = 0; i < sk_DIST_POINT_num(points); i++) {
		p = sk_DIST_POINT_value(points, i);
		if (p->distpoint == NULL || p->distpoint->type != 0)
			continue;
		for (k = 0; n < URIS_MAX && k < sk_GENERAL_NAME_num(
		    p->distpoint->name.fullname); k++) {
			n += take_uri(sk_GENERAL_NAME_value(
			    p->distpoint->name.fullname, k), each, ctx);
		}
	}
}

void
cert_crl_uris(const X509 *x, void (*each)(void *ctx, const char *uri),
    void *ctx)
{
	static const int nids[] = {
		NID_crl_distribution_points, NID_freshest_crl,
	};
	STACK_OF(DIST_POINT) *points;
	size_t i;

	for (i = 0; i < sizeof(nids) / sizeof(nids[0]); i++) {
		points = X509_get_ext_d2i(x, nids[i], NULL, NULL);
		cert_dist_uris(points, each, ctx);
		sk_DIST_POINT_pop_free(points, DIST_POINT_free);
	}
}

void
cert_ocsp_uris(const X509 *x, void (*each)(void *ctx, const char *uri),
    void *ctx)
{
	AUTHORITY_INFO_ACCESS *info;
	const ACCESS_DESCRIPTION *d;
	int i, n = 0;

	info = X509_get_ext_d2i(x, NID_info_access, NULL, NULL);
	for (i = 0; i < sk_ACCESS_DESCRIPTION_num(info) && n < URIS_MAX;
	    i++) {
		d = sk_ACCESS_DESCRIPTION_value(info, i);
		if (OBJ_obj2nid(d->method) == NID_ad_OCSP)
			n += take_uri(d->location, each, ctx);
	}
	AUTHORITY_INFO_ACCESS_free(info);
}
