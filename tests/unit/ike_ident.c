/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Identities: text forms, equality, patterns, hostile bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "ike/ident.h"

static const struct {
	const char *text;
	const char *print;	/* with its type; NULL: refused */
} texts[] = {
	{ "198.51.100.7", "198.51.100.7 (IPv4 address)" },
	{ "2001:db8::1", "2001:db8::1 (IPv6 address)" },
	{ "gw.example", "gw.example (FQDN)" },
	{ "@gw.example", "gw.example (FQDN)" },
	{ "@198.51.100.7", "198.51.100.7 (FQDN)" },
	{ "user@host", "user@host (e-mail)" },
	{ "keyid:Branch 7", "Branch 7 (KEY_ID)" },
	{ "@#0aff", "\\x0A\\xFF (KEY_ID)" },
	{ "@#6162", "ab (KEY_ID)" },
	{ "CN=gw, O=x", "CN=gw, O=x (DN)" },
	{ "C=DE, O=Acme GmbH, CN=gw.example",
	  "C=DE, O=Acme GmbH, CN=gw.example (DN)" },
	{ "c=DE,o=x,cn=y", "C=DE, O=x, CN=y (DN)" },
	{ "C=DE, CN=a\\, b", "C=DE, CN=a\\, b (DN)" },
	{ "C=DE, CN=\"a, b\"", "C=DE, CN=a\\, b (DN)" },
	{ "CN=a+OU=b", "CN=a + OU=b (DN)" },
	{ "E=a@b.example", "emailAddress=a@b.example (DN)" },
	{ "CN=*", "CN=* (DN)" },
	{ "CN=M\xc3\xbcller", "CN=M\xc3\xbcller (DN)" },
	{ "fqdn:10.0.0.1", "10.0.0.1 (FQDN)" },
	{ "email:a@b", "a@b (e-mail)" },
	{ "ipv4:10.0.0.1", "10.0.0.1 (IPv4 address)" },
	{ "ipv6:::1", "::1 (IPv6 address)" },
	{ "dn:CN=x", "CN=x (DN)" },
	{ "any", "any (any)" },
	{ "%any", "any (any)" },
	{ "", NULL },
	{ "@", NULL },
	{ "gw example", NULL },
	{ "ipv4:::1", NULL },
	{ "ipv6:10.0.0.1", NULL },
	{ "email:x", NULL },
	{ "email:@x", NULL },
	{ "keyid:", NULL },
	{ "@#0", NULL },
	{ "@#xy", NULL },
	{ "@#", NULL },
	{ "CN=", NULL },
	{ "=x", NULL },
	{ "NOSUCH=x", NULL },
	{ "CN=\"x", NULL },
	{ "CN=x,", NULL },
	{ "CN=x, y", NULL },
	{ "dn:gw", NULL },
	{ "C=DEUTSCHLAND", NULL },
	{ "a\tb", NULL },
};

static struct ident
id_of(const char *text)
{
	struct ident id;
	struct sp_error err;

	if (ident_parse(&id, text, &err) < 0)
		fail_msg("\"%s\": %s", text, err.text);
	return id;
}

static char *
print(const struct ident *id)
{
	struct buf b = {0};

	ident_print(&b, id, true);
	return buf_steal_str(&b);
}

static void
test_text(void **state)
{
	struct ident id;
	struct sp_error err;
	size_t i;
	char *s;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(texts); i++) {
		ret = ident_parse(&id, texts[i].text, &err);
		if ((ret == 0) != (texts[i].print != NULL))
			fail_msg("\"%s\": %d", texts[i].text, ret);
		if (ret < 0) {
			assert_int_equal(ret, SP_FORMAT);
			assert_non_null(strstr(err.text, "is not an "));
			continue;
		}
		s = print(&id);
		if (!str_eq(s, texts[i].print))
			fail_msg("\"%s\" prints \"%s\"", texts[i].text, s);
		free(s);
		ident_free(&id);
	}
}

/* The text of a DN gives the same DN again. */
static void
test_dn_again(void **state)
{
	struct ident a, b;
	struct buf text;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(texts); i++) {
		if (texts[i].print == NULL || !strstr(texts[i].print, "(DN)"))
			continue;
		a = id_of(texts[i].text);
		text = (struct buf){0};
		ident_print(&text, &a, false);
		b = id_of((char *)text.data);
		if (!ident_eq(&a, &b))
			fail_msg("%s: not the same", (char *)text.data);
		buf_free(&text);
		ident_free(&a);
		ident_free(&b);
	}
}

static const struct {
	const char *pattern, *id;
	bool eq, match;
} pairs[] = {
	{ "gw.example", "GW.Example", true, true },
	{ "gw.example", "gw.example.org", false, false },
	{ "user@host", "USER@HOST", true, true },
	{ "keyid:abc", "keyid:ABC", false, false },
	{ "keyid:gw.example", "gw.example", false, false },
	{ "10.0.0.1", "10.0.0.1", true, true },
	{ "10.0.0.1", "fqdn:10.0.0.1", false, false },
	{ "any", "gw.example", false, true },
	{ "any", "CN=x", false, true },
	{ "*.example", "gw.example", false, true },
	{ "*.example", "example", false, false },
	{ "*.example", ".example", false, false },
	{ "*.example", "gw.example.org", false, false },
	{ "*@example.org", "me@example.org", false, true },
	{ "*@example.org", "fqdn:me@example.org", false, false },
	{ "C=DE, O=x, CN=y", "C=DE, O=x, CN=y", true, true },
	{ "C=DE, O=x, CN=y", "C=DE, O=X, CN=Y", true, true },
	{ "C=DE, O=a  b", "C=DE, O=a b", true, true },
	{ "CN=y, O=x, C=DE", "C=DE, O=x, CN=y", false, true },
	{ "C=DE, O=x, CN=*", "C=DE, O=x, CN=y", false, true },
	{ "C=DE, O=x, CN=*", "C=DE, O=x", false, false },
	{ "C=DE, O=x, CN=*", "C=DE, O=z, CN=y", false, false },
	{ "C=DE, O=x, CN=*", "C=DE, O=x, OU=y", false, false },
	{ "C=DE, OU=*, OU=a", "C=DE, OU=a, OU=b", false, true },
	{ "C=DE, OU=a, OU=a", "C=DE, OU=a, OU=b", false, false },
	{ "CN=*", "gw.example", false, false },
};

static void
test_pairs(void **state)
{
	struct ident p, id, copy;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(pairs); i++) {
		p = id_of(pairs[i].pattern);
		id = id_of(pairs[i].id);
		if (ident_eq(&p, &id) != pairs[i].eq)
			fail_msg("%s = %s: %d", pairs[i].pattern, pairs[i].id,
			    !pairs[i].eq);
		if (ident_match(&p, &id) != pairs[i].match)
			fail_msg("%s matches %s: %d", pairs[i].pattern,
			    pairs[i].id, !pairs[i].match);
		ident_copy(&copy, &id);
		assert_true(ident_eq(&copy, &id));
		assert_true(ident_match(&copy, &id));
		ident_free(&copy);
		ident_free(&p);
		ident_free(&id);
	}
}

static const struct {
	const char *name;
	uint8_t type;
	const char *bytes;
	size_t len;
	const char *print;
} wires[] = {
	{ "escape", ID_FQDN, "a\033[2J", 5, "a\\x1B[2J (FQDN)" },
	{ "NUL", ID_FQDN, "a\0b", 3, "a\\x00b (FQDN)" },
	{ "empty", ID_FQDN, "", 0, " (FQDN)" },
	{ "short address", ID_IPV4_ADDR, "\1\2", 2, "0102 (IPv4 address)" },
	{ "no DER", ID_DER_ASN1_DN, "\x30\x05xx", 4, "30057878 (DN)" },
	{ "DER and more", ID_DER_ASN1_DN, "\x30\0x", 3, "300078 (DN)" },
	{ "empty DN", ID_DER_ASN1_DN, "", 0, " (DN)" },
	{ "general name", ID_DER_ASN1_GN, "\x82\1a", 3,
	  "820161 (general name)" },
	{ "null", ID_NULL, "", 0, " (NULL)" },
	{ "unknown", 77, "\1", 1, "01 (unknown type)" },
};

static void
test_wire(void **state)
{
	struct ident id, any = {0};
	size_t i;
	char *s;

	(void)state;
	for (i = 0; i < NELEM(wires); i++) {
		ident_from_wire(&id, wires[i].type, wires[i].bytes,
		    wires[i].len);
		s = print(&id);
		if (!str_eq(s, wires[i].print))
			fail_msg("%s prints \"%s\"", wires[i].name, s);
		assert_true(ident_eq(&id, &id));
		assert_int_equal(ident_match(&any, &id),
		    wires[i].type != ID_NULL);
		free(s);
		ident_free(&id);
	}
}

/* "gw" and "gw\0x" must never be the same name. */
static void
test_embedded_nul(void **state)
{
	struct ident a, b, star;

	(void)state;
	ident_from_wire(&a, ID_FQDN, "gw\0xx", 5);
	ident_from_wire(&b, ID_FQDN, "gw\0yy", 5);
	ident_from_wire(&star, ID_FQDN, "*\0yy", 4);
	assert_false(ident_eq(&a, &b));
	assert_false(ident_match(&star, &a));
	assert_true(ident_match(&star, &b));
	ident_free(&a);
	ident_free(&b);
	ident_free(&star);
}

static void
test_addr(void **state)
{
	struct ip_addr v4, v6;
	struct ident id;

	(void)state;
	assert_true(addr_parse(&v4, "192.0.2.9"));
	assert_true(addr_parse(&v6, "2001:db8::9"));
	ident_from_addr(&id, &v4);
	assert_int_equal(id.type, ID_IPV4_ADDR);
	assert_int_equal(id.len, 4);
	ident_free(&id);
	ident_from_addr(&id, &v6);
	assert_int_equal(id.type, ID_IPV6_ADDR);
	assert_int_equal(id.len, 16);
	ident_free(&id);
	assert_int_equal(id.len, 0);
	ident_free(&id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_dn_again),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_embedded_nul),
		cmocka_unit_test(test_addr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
