/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Identities (RFC 7296 3.5; text forms settings.md 3.1).  An identity is its
 * type and its wire bytes; the text is made when needed.  Distinguished
 * names are in ident_dn.c.
 */
#include "ike/ident.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "ike/ident_dn.h"

#define ID_MAX 1024		/* bytes of any identity */

/* Prefixes that force a type: settings.md 3.1. */
static const struct {
	const char *prefix;
	uint8_t type;
} forced[] = {
	{ "fqdn:", ID_FQDN }, { "dns:", ID_FQDN },
	{ "email:", ID_RFC822_ADDR }, { "rfc822:", ID_RFC822_ADDR },
	{ "ipv4:", ID_IPV4_ADDR }, { "ipv6:", ID_IPV6_ADDR },
	{ "dn:", ID_DER_ASN1_DN }, { "keyid:", ID_KEY_ID },
};

static const struct {
	uint8_t type;
	const char *name;
} type_names[] = {
	{ ID_ANY, "any" },
	{ ID_IPV4_ADDR, "IPv4 address" },
	{ ID_FQDN, "FQDN" },
	{ ID_RFC822_ADDR, "e-mail" },
	{ ID_IPV6_ADDR, "IPv6 address" },
	{ ID_DER_ASN1_DN, "DN" },
	{ ID_DER_ASN1_GN, "general name" },
	{ ID_KEY_ID, "KEY_ID" },
	{ ID_NULL, "NULL" },
};

/* For messages; the types are few. */
const char *
ident_type_name(unsigned type)
{
	size_t i;

	for (i = 0; i < NELEM(type_names); i++) {
		if (type_names[i].type == type)
			return type_names[i].name;
	}
	return "unknown type";
}

/* Bytes of any length and content: only printing must be careful. */
void
ident_from_wire(struct ident *id, uint8_t type, const void *p, size_t len)
{
	id->type = type;
	id->len = len;
	id->data = len > 0 ? xmemdup(p, len) : NULL;
}

void
ident_from_addr(struct ident *id, const struct ip_addr *addr)
{
	ident_from_wire(id, addr->family == AF_INET ? ID_IPV4_ADDR :
	    ID_IPV6_ADDR, addr->b, addr_len(addr));
}

void
ident_copy(struct ident *dst, const struct ident *src)
{
	ident_from_wire(dst, src->type, src->data, src->len);
}

void
ident_free(struct ident *id)
{
	free(id->data);
	*id = (struct ident){0};
}

/* Printable, no blank, and not empty: what a host or mail name may hold. */
static bool
is_name(const char *s)
{
	size_t i, len = strlen(s);

	for (i = 0; i < len; i++) {
		if (!isgraph((unsigned char)s[i]))
			return false;
	}
	return len > 0;
}

static bool
is_mail(const char *s)
{
	const char *at = strrchr(s, '@');

	return is_name(s) && at != NULL && at != s && at[1] != '\0';
}

/* family 0 takes either. */
static bool
parse_addr(struct ident *id, const char *s, int family)
{
	struct ip_addr a;

	if (!addr_parse(&a, s) || (family != 0 && a.family != family))
		return false;
	ident_from_addr(id, &a);
	return true;
}

/* "@#" of strongSwan: a key id in hex. */
static bool
parse_hex(struct ident *id, const char *s)
{
	struct buf b = {0};
	bool ok = str_unhex(&b, s, strlen(s)) && b.len > 0;

	if (ok)
		ident_from_wire(id, ID_KEY_ID, b.data, b.len);
	buf_free(&b);
	return ok;
}

static bool
parse_dn(struct ident *id, const char *s)
{
	struct buf der = {0};
	bool ok = dn_parse(&der, s);

	if (ok)
		ident_from_wire(id, ID_DER_ASN1_DN, der.data, der.len);
	buf_free(&der);
	return ok;
}

/* Parse s, which is known or meant to be of the type. */
static bool
parse_as(struct ident *id, uint8_t type, const char *s)
{
	bool ok = false;

	if (type == ID_IPV4_ADDR)
		return parse_addr(id, s, AF_INET);
	if (type == ID_IPV6_ADDR)
		return parse_addr(id, s, AF_INET6);
	if (type == ID_DER_ASN1_DN)
		return parse_dn(id, s);
	if (type == ID_FQDN)
		ok = is_name(s);
	else if (type == ID_RFC822_ADDR)
		ok = is_mail(s);
	else if (type == ID_KEY_ID)
		ok = s[0] != '\0';
	if (ok)
		ident_from_wire(id, type, s, strlen(s));
	return ok;
}

/* The type that a text without prefix has; *s skips what is not sent. */
static uint8_t
guess_type(const char **s)
{
	struct ip_addr a;

	if (addr_parse(&a, *s))
		return a.family == AF_INET ? ID_IPV4_ADDR : ID_IPV6_ADDR;
	if (strchr(*s, '=') != NULL)
		return ID_DER_ASN1_DN;
	if ((*s)[0] == '@') {
		(*s)++;
		return ID_FQDN;
	}
	return strchr(*s, '@') != NULL ? ID_RFC822_ADDR : ID_FQDN;
}

/* *type gets what was tried, for the error. */
static bool
parse(struct ident *id, const char *s, uint8_t *type)
{
	size_t i;

	if (str_caseeq(s, "any") || str_eq(s, "%any")) {
		ident_from_wire(id, ID_ANY, NULL, 0);
		return true;
	}
	if (str_prefix(s, "@#")) {
		*type = ID_KEY_ID;
		return parse_hex(id, s + 2);
	}
	for (i = 0; i < NELEM(forced); i++) {
		if (str_prefix(s, forced[i].prefix)) {
			*type = forced[i].type;
			return parse_as(id, *type,
			    s + strlen(forced[i].prefix));
		}
	}
	*type = guess_type(&s);
	return parse_as(id, *type, s);
}

int
ident_parse(struct ident *id, const char *text, struct sp_error *err)
{
	uint8_t type = ID_FQDN;
	char *safe;

	if (strlen(text) <= ID_MAX && parse(id, text, &type)) {
		if (id->len <= ID_MAX)
			return 0;
		ident_free(id);
	}
	safe = str_safe_dup(text);
	sp_fail(err, SP_FORMAT, "\"%s\" is not an %s identity.", safe,
	    ident_type_name(type));
	free(safe);
	return SP_FORMAT;
}

static bool
has_no_case(uint8_t type)
{
	return type == ID_FQDN || type == ID_RFC822_ADDR;
}

/* Equal without case; bytes are not NUL-terminated and may hold NUL. */
static bool
bytes_caseeq(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (tolower(a[i]) != tolower(b[i]))
			return false;
	}
	return true;
}

/* DNs that are not DER are compared as bytes. */
bool
ident_eq(const struct ident *a, const struct ident *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == ID_DER_ASN1_DN && dn_eq(a->data, a->len, b->data,
	    b->len))
		return true;
	if (a->len != b->len)
		return false;
	if (has_no_case(a->type))
		return bytes_caseeq(a->data, b->data, a->len);
	return a->len == 0 || memcmp(a->data, b->data, a->len) == 0;
}

/* "*.example.org", "*@example.org": the rest is the end of the name. */
static bool
matches_tail(const struct ident *pattern, const struct ident *id)
{
	size_t tail = pattern->len - 1;

	return id->len > tail && bytes_caseeq(pattern->data + 1,
	    id->data + (id->len - tail), tail);
}

bool
ident_match(const struct ident *pattern, const struct ident *id)
{
	/* an anonymous peer must be asked for by name (RFC 7619 2.5) */
	if (pattern->type == ID_ANY)
		return id->type != ID_NULL;
	if (ident_eq(pattern, id))
		return true;
	if (pattern->type != id->type)
		return false;
	if (pattern->type == ID_DER_ASN1_DN)
		return dn_match(pattern->data, pattern->len, id->data,
		    id->len);
	return has_no_case(pattern->type) && pattern->len > 1 &&
	    pattern->data[0] == '*' && matches_tail(pattern, id);
}

/* An address of wrong length, or an unknown type, prints as hex. */
static void
print_value(struct buf *b, const struct ident *id)
{
	struct ip_addr a;
	char text[ADDR_TEXT];
	bool v4 = id->type == ID_IPV4_ADDR && id->len == 4;
	bool v6 = id->type == ID_IPV6_ADDR && id->len == 16;

	if (v4 || v6) {
		a = addr_from_bytes(v4 ? AF_INET : AF_INET6, id->data);
		buf_puts(b, addr_print(&a, text));
	} else if (id->type == ID_DER_ASN1_DN) {
		if (!dn_print(b, id->data, id->len))
			str_hex(b, id->data, id->len);
	} else if (id->type == ID_ANY) {
		buf_puts(b, "any");
	} else if (has_no_case(id->type) || id->type == ID_KEY_ID) {
		str_safe(b, id->data, id->len);
	} else {
		str_hex(b, id->data, id->len);
	}
}

void
ident_print(struct buf *b, const struct ident *id, bool with_type)
{
	print_value(b, id);
	if (with_type)
		buf_printf(b, " (%s)", ident_type_name(id->type));
}
