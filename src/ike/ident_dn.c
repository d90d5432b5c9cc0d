/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Distinguished names by OpenSSL's X509_NAME.  Only the cutting of the text
 * into attributes is ours; encoding, printing and comparison are OpenSSL's.
 */
#include "ike/ident_dn.h"

#include <string.h>
#include <strings.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/str.h"

#define DN_MAX_ENTRIES 32	/* attributes of a name that we compare */

/* Without case; those that strongSwan knows beside OpenSSL's. */
static const struct {
	const char *word;
	int nid;
} aliases[] = {
	{ "E", NID_pkcs9_emailAddress }, { "email", NID_pkcs9_emailAddress },
	{ "S", NID_surname }, { "G", NID_givenName },
	{ "serialNumber", NID_serialNumber }, { "D", NID_description },
	{ "I", NID_initials }, { "CN", NID_commonName },
	{ "C", NID_countryName }, { "L", NID_localityName },
	{ "ST", NID_stateOrProvinceName }, { "O", NID_organizationName },
	{ "OU", NID_organizationalUnitName }, { "DC", NID_domainComponent },
	{ "UID", NID_userId },
};

/* Ours first: OpenSSL has other meanings for a few short names. */
static int
attribute_nid(const char *word)
{
	size_t i;
	int nid;
	ASN1_OBJECT *obj;

	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcasecmp(aliases[i].word, word) == 0)
			return aliases[i].nid;
	}
	obj = OBJ_txt2obj(word, 0);
	nid = obj ? OBJ_obj2nid(obj) : NID_undef;
	ASN1_OBJECT_free(obj);
	return nid;
}

/* Value of a hex digit, or -1. */
static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at;

	at = c != '\0' ? strchr(digits, c | 0x20) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* A backslash was read: a byte in hex, or the next character itself. */
static const char *
take_escape(struct buf *out, const char *s)
{
	int hi = hex_digit(s[0]), lo = hi < 0 ? -1 : hex_digit(s[1]);

	if (lo >= 0) {
		buf_u8(out, (uint8_t)(hi << 4 | lo));
		return s + 2;
	}
	if (s[0] == '\0')
		return s;
	buf_u8(out, (uint8_t)s[0]);
	return s + 1;
}

/* Take a value up to "," or "+"; trailing blanks that were typed go. */
static const char *
take_value(struct buf *out, const char *s)
{
	bool quoted = false;
	size_t keep = out->len;	/* what stays whatever follows */

	for (; *s != '\0' && (quoted || strchr(",+", *s) == NULL);) {
		if (*s == '"') {
			quoted = !quoted;
			keep = out->len;
			s++;
		} else if (*s == '\\') {
			s = take_escape(out, s + 1);
			keep = out->len;
		} else {
			if (quoted || *s != ' ')
				keep = out->len + 1;
			buf_u8(out, (uint8_t)*s++);
		}
	}
	buf_truncate(out, keep);
	return quoted ? NULL : s;
}

/* Take "WORD=value" and append it to the name; NULL if it is none. */
static const char *
take_attribute(X509_NAME *name, const char *s, int set)
{
	struct buf value = {0};
	char word[64];
	size_t len;
	int nid, ok = 0;

	s += strspn(s, " ");
	len = strcspn(s, "=,+ ");
	if (len == 0 || len >= sizeof(word))
		return NULL;
	memcpy(word, s, len);
	word[len] = '\0';
	s += len + strspn(s + len, " ");
	nid = attribute_nid(word);
	if (*s != '=' || nid == NID_undef)
		return NULL;

	s++;
	s = take_value(&value, s + strspn(s, " "));
	if (s != NULL && value.len > 0)
		ok = X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
		    value.data, (int)value.len, -1, set);
	buf_free(&value);
	return ok ? s : NULL;
}

/* Two calls, as OpenSSL wants it: length, then bytes. */
static bool
put_der(struct buf *der, X509_NAME *name)
{
	int len = i2d_X509_NAME(name, NULL);
	uint8_t *p;

	if (len <= 0)
		return false;
	p = buf_space(der, (size_t)len);
	return i2d_X509_NAME(name, &p) == len;
}

/* OpenSSL's errors are cleared, or a later call would seem to have them. */
bool
dn_parse(struct buf *der, const char *text)
{
	X509_NAME *name = X509_NAME_new();
	const char *s = text;
	int set = 0;
	bool ok = false;

	while (name != NULL) {
		s = take_attribute(name, s, set);
		if (s == NULL)
			goto out;
		if (*s == '\0')
			break;
		/* -1 joins the attribute to the one before it */
		set = *s++ == '+' ? -1 : 0;
	}
	ok = name != NULL && put_der(der, name);
out:
	X509_NAME_free(name);
	ERR_clear_error();
	return ok;
}

/* The name, or NULL if the bytes are not exactly one. */
static X509_NAME *
from_der(const uint8_t *der, size_t len)
{
	const uint8_t *p = der;
	X509_NAME *name = NULL;

	if (len > 0)
		name = d2i_X509_NAME(NULL, &p, (long)len);
	if (name != NULL && p != der + len) {
		X509_NAME_free(name);
		name = NULL;
	}
	ERR_clear_error();
	return name;
}

/*
 * OpenSSL escapes what RFC 4514 asks for and leaves UTF-8 alone; str_safe()
 * then deals with what could harm a terminal.
 */
bool
dn_print(struct buf *b, const uint8_t *der, size_t len)
{
	X509_NAME *name = from_der(der, len);
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned long flags = XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN |
	    (ASN1_STRFLGS_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	char *text;
	long n;
	bool ok = false;

	if (name == NULL || bio == NULL)
		goto out;
	if (X509_NAME_print_ex(bio, name, 0, flags) < 0)
		goto out;
	n = BIO_get_mem_data(bio, &text);
	str_safe(b, text, n > 0 ? (size_t)n : 0);
	ok = true;
out:
	BIO_free(bio);
	X509_NAME_free(name);
	ERR_clear_error();
	return ok;
}

/* X509_NAME_cmp() compares the canonical forms (RFC 5280 7.1). */
bool
dn_eq(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	X509_NAME *na = from_der(a, a_len), *nb = from_der(b, b_len);
	bool eq = na != NULL && nb != NULL && X509_NAME_cmp(na, nb) == 0;

	X509_NAME_free(na);
	X509_NAME_free(nb);
	return eq;
}

static bool
is_star(const X509_NAME_ENTRY *e)
{
	const ASN1_STRING *s = X509_NAME_ENTRY_get_data(e);

	return ASN1_STRING_length(s) == 1 &&
	    ASN1_STRING_get0_data(s)[0] == '*';
}

/* Compare values as OpenSSL compares names: by a name of one attribute. */
static bool
entry_eq(const X509_NAME_ENTRY *a, const X509_NAME_ENTRY *b)
{
	X509_NAME *na = X509_NAME_new(), *nb = X509_NAME_new();
	bool eq = na != NULL && nb != NULL &&
	    X509_NAME_add_entry(na, a, -1, 0) &&
	    X509_NAME_add_entry(nb, b, -1, 0) && X509_NAME_cmp(na, nb) == 0;

	X509_NAME_free(na);
	X509_NAME_free(nb);
	return eq;
}

static bool
entry_match(const X509_NAME_ENTRY *pattern, const X509_NAME_ENTRY *e)
{
	if (OBJ_cmp(X509_NAME_ENTRY_get_object(pattern),
	    X509_NAME_ENTRY_get_object(e)) != 0)
		return false;
	return is_star(pattern) || entry_eq(pattern, e);
}

/* Find an attribute of name that is not used yet and matches. */
static bool
use_entry(const X509_NAME *name, const X509_NAME_ENTRY *pattern, bool *used)
{
	int i, n = X509_NAME_entry_count(name);

	for (i = 0; i < n; i++) {
		if (!used[i] && entry_match(pattern,
		    X509_NAME_get_entry(name, i))) {
			used[i] = true;
			return true;
		}
	}
	return false;
}

/*
 * Exact values first, so that "OU=a, OU=*" cannot spend its star on the
 * attribute that the other one needs.
 */
static bool
match_all(const X509_NAME *pattern, const X509_NAME *name)
{
	bool used[DN_MAX_ENTRIES] = { false };
	int i, stars, n = X509_NAME_entry_count(pattern);
	const X509_NAME_ENTRY *e;

	if (n != X509_NAME_entry_count(name) || n > DN_MAX_ENTRIES)
		return false;
	for (stars = 0; stars <= 1; stars++) {
		for (i = 0; i < n; i++) {
			e = X509_NAME_get_entry(pattern, i);
			if (is_star(e) == stars && !use_entry(name, e, used))
				return false;
		}
	}
	return true;
}

bool
dn_match(const uint8_t *pattern, size_t pattern_len, const uint8_t *name,
    size_t name_len)
{
	X509_NAME *np = from_der(pattern, pattern_len);
	X509_NAME *nn = from_der(name, name_len);
	bool ok = np != NULL && nn != NULL && match_all(np, nn);

	X509_NAME_free(np);
	X509_NAME_free(nn);
	ERR_clear_error();
	return ok;
}
