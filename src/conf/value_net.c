/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Text forms out of the network: host names (RFC 1123 2.1), prefixes,
 * traffic selectors, identities (settings.md 3.1; RFC 7296 3.5 names the
 * types).  Whether a name resolves or an identity matches is decided by the
 * engine; here only its writing is checked.
 */
#include "conf/internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#define HOST_LEN 253
#define LABEL_LEN 63
#define IDENTITY_LEN 255
#define SELECTOR_LEN 128

/* One label of a host name: letters, digits, inner hyphens. */
static bool
is_label(const char *s, size_t len)
{
	size_t i;

	if (len == 0 || len > LABEL_LEN || s[0] == '-' || s[len - 1] == '-')
		return false;
	for (i = 0; i < len; i++) {
		if (!isalnum((unsigned char)s[i]) && s[i] != '-')
			return false;
	}
	return true;
}

/*
 * RFC 1123: a name whose last label is a number would be taken for an
 * address, so that 10.0.0.300 is a mistyped address and no name.
 */
static bool
is_host_name(const char *s)
{
	size_t len;

	if (strlen(s) > HOST_LEN)
		return false;
	for (;;) {
		len = strcspn(s, ".");
		if (!is_label(s, len))
			return false;
		if (s[len] == '\0')
			return strspn(s, "0123456789") != len;
		s += len + 1;
	}
}

int
value_host(struct buf *out, const char *value, const char *shown,
    struct sp_error *err)
{
	char text[ADDR_TEXT];
	struct ip_addr a;

	if (addr_parse(&a, value)) {
		buf_puts(out, addr_print(&a, text));
		return 0;
	}
	if (!is_host_name(value)) {
		return sp_fail(err, SP_FORMAT,
		    "\"%s\" is neither an address nor a host name.", shown);
	}
	buf_puts(out, value);
	return 0;
}

static int
no_network(const char *shown, struct sp_error *err)
{
	return sp_fail(err, SP_FORMAT, "\"%s\" is not a network. Write it as "
	    "address/length, such as 192.168.0.0/24.", shown);
}

int
value_prefix(struct buf *out, const char *value, const char *shown,
    struct sp_error *err)
{
	char text[ADDR_TEXT];
	struct ip_prefix p, masked;
	int ret;

	if (!prefix_parse(&p, value))
		return no_network(shown, err);
	masked = prefix_masked(&p);
	prefix_print(&masked, text);
	if (!addr_eq(&p.addr, &masked.addr)) {
		ret = sp_fail(err, SP_RANGE, "%s has host bits set; the "
		    "network is %s. Set %s?", shown, text, text);
		sp_hint(err, "%s", text);
		return ret;
	}
	buf_puts(out, text);
	return 0;
}

/* Names of protocols that may stand in [proto/port]. */
static const char *const protocols[] = {
	"any", "icmp", "tcp", "udp", "gre", "esp", "ah", "icmpv6", "sctp",
	"ipip", "ipcomp",
};

static bool
is_protocol(const char *s)
{
	int64_t n;
	size_t i;

	for (i = 0; i < NELEM(protocols); i++) {
		if (str_eq(s, protocols[i]))
			return true;
	}
	return str_to_i64(s, 0, 255, &n);
}

/* Highest port of a protocol: types for ICMP, none at all for any. */
static int64_t
highest_port(const char *protocol)
{
	static const struct {
		const char *protocol;
		int64_t most;
	} rows[] = {
		{ "any", -1 }, { "0", -1 }, { "icmp", 255 }, { "1", 255 },
		{ "icmpv6", 255 }, { "58", 255 },
	};
	size_t i;

	for (i = 0; i < NELEM(rows); i++) {
		if (str_eq(rows[i].protocol, protocol))
			return rows[i].most;
	}
	return 65535;
}

/* "443", "500-600" or "any". */
static bool
is_port_range(char *s, int64_t most)
{
	char *dash = strchr(s, '-');
	int64_t a, b;

	if (str_eq(s, "any"))
		return true;
	if (dash == NULL)
		return str_to_i64(s, 0, most, &a);
	*dash = '\0';
	return str_to_i64(s, 0, most, &a) &&
	    str_to_i64(dash + 1, 0, most, &b) && a <= b;
}

/* "[proto]" or "[proto/port]" behind the addresses; s is cut up. */
static bool
is_restriction(const char *text)
{
	char s[SELECTOR_LEN], *slash;
	size_t len = strlen(text);

	if (len < 3 || len >= sizeof(s) || text[len - 1] != ']')
		return false;
	memcpy(s, text + 1, len - 2);
	s[len - 2] = '\0';
	slash = strchr(s, '/');
	if (slash != NULL)
		*slash = '\0';
	return is_protocol(s) && (slash == NULL ||
	    is_port_range(slash + 1, highest_port(s)));
}

/* "a-b" of one family, a not above b. */
static bool
range_parse(const char *s, struct ip_addr *first, struct ip_addr *last)
{
	const char *dash = strchr(s, '-');
	char text[ADDR_TEXT];

	if (dash == NULL || (size_t)(dash - s) >= sizeof(text))
		return false;
	memcpy(text, s, (size_t)(dash - s));
	text[dash - s] = '\0';
	return addr_parse(first, text) && addr_parse(last, dash + 1) &&
	    first->family == last->family && addr_cmp(first, last) <= 0;
}

/* Network part of a selector: prefix, range or address. */
static int
selector_net(struct buf *out, const char *net, const char *shown,
    struct sp_error *err)
{
	char text[ADDR_TEXT];
	struct ip_addr first, last;

	if (strchr(net, '/') != NULL)
		return value_prefix(out, net, shown, err);
	if (addr_parse(&first, net)) {
		buf_puts(out, addr_print(&first, text));
		return 0;
	}
	if (!range_parse(net, &first, &last))
		return no_network(shown, err);
	buf_printf(out, "%s-", addr_print(&first, text));
	buf_puts(out, addr_print(&last, text));
	return 0;
}

int
value_selector(struct buf *out, const char *value, const char *shown,
    struct sp_error *err)
{
	size_t len = strcspn(value, "[");
	char net[SELECTOR_LEN];
	int ret;

	if (len >= sizeof(net))
		return no_network(shown, err);
	memcpy(net, value, len);
	net[len] = '\0';
	ret = selector_net(out, net, shown, err);
	if (ret < 0)
		return ret;
	if (value[len] == '[' && !is_restriction(value + len)) {
		return sp_fail(err, SP_FORMAT,
		    "\"%s\" is not a protocol and port. Write %s[tcp/443].",
		    shown, net);
	}
	buf_puts(out, value + len);
	return 0;
}

bool
selector_range(const char *value, struct ip_addr *first, struct ip_addr *last)
{
	size_t len = strcspn(value, "[");
	char net[SELECTOR_LEN];
	struct ip_prefix p;

	if (len >= sizeof(net))
		return false;
	memcpy(net, value, len);
	net[len] = '\0';
	if (prefix_parse(&p, net)) {
		prefix_range(&p, first, last);
		return true;
	}
	if (addr_parse(first, net)) {
		*last = *first;
		return true;
	}
	return range_parse(net, first, last);
}

static bool
is_graphic(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s <= 0x20 || *s >= 0x7f)
			return false;
	}
	return true;
}

static bool
is_ipv4(const char *s)
{
	struct ip_addr a;

	return addr_parse(&a, s) && addr_len(&a) == 4;
}

static bool
is_ipv6(const char *s)
{
	struct ip_addr a;

	return addr_parse(&a, s) && addr_len(&a) == 16;
}

/* Digits and dots alone are a mistyped address, not a name. */
static bool
is_fqdn(const char *s)
{
	return is_graphic(s) && strchr(s, '@') == NULL &&
	    strspn(s, "0123456789.") != strlen(s);
}

static bool
is_mail(const char *s)
{
	const char *at = strchr(s, '@');

	return is_graphic(s) && at != NULL && at != s && at[1] != '\0' &&
	    strchr(at + 1, '@') == NULL;
}

/* RFC 4514 in outline: attribute=value, separated by commas. */
static bool
is_dn(const char *s)
{
	size_t key;

	if (*s == '\0')
		return false;
	while (*s != '\0') {
		s += strspn(s, " ");
		key = strspn(s, "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
		if (key == 0 || s[key] != '=')
			return false;
		for (s += key + 1; *s != '\0' && *s != ','; s++) {
			if (*s == '\\' && s[1] != '\0')
				s++;
		}
		if (*s == ',' && *++s == '\0')
			return false;
	}
	return true;
}

static bool
is_key_id(const char *s)
{
	return *s != '\0';
}

static bool
is_hex(const char *s)
{
	struct buf b = {0};
	bool ok = *s != '\0' && str_unhex(&b, s, strlen(s));

	buf_free(&b);
	return ok;
}

/* Prefixes that force a type; the order is the order of trial. */
static const struct {
	const char *prefix;
	const char *type;
	bool (*is)(const char *s);
} forced[] = {
	{ "@#", "ID_KEY_ID", is_hex },
	{ "@", "ID_FQDN", is_graphic },
	{ "keyid:", "ID_KEY_ID", is_key_id },
	{ "fqdn:", "ID_FQDN", is_graphic },
	{ "email:", "ID_RFC822_ADDR", is_mail },
	{ "ipv4:", "ID_IPV4_ADDR", is_ipv4 },
	{ "ipv6:", "ID_IPV6_ADDR", is_ipv6 },
	{ "dn:", "ID_DER_ASN1_DN", is_dn },
};

/* Type and verdict of a text without such a prefix. */
static const char *
guess_type(const char *s, bool *ok)
{
	struct ip_addr a;

	*ok = true;
	if (addr_parse(&a, s))
		return "IP address";
	if (strchr(s, '=') != NULL) {
		*ok = is_dn(s);
		return "ID_DER_ASN1_DN";
	}
	if (strchr(s, '@') != NULL) {
		*ok = is_mail(s);
		return "ID_RFC822_ADDR";
	}
	*ok = is_fqdn(s);
	return "ID_FQDN";
}

int
value_identity(struct buf *out, const char *value, const char *shown,
    struct sp_error *err)
{
	const char *type = NULL;
	bool ok = false;
	size_t i;

	for (i = 0; i < NELEM(forced) && type == NULL; i++) {
		if (!str_prefix(value, forced[i].prefix))
			continue;
		type = forced[i].type;
		ok = forced[i].is(value + strlen(forced[i].prefix));
	}
	if (type == NULL)
		type = guess_type(value, &ok);
	if (!ok || strlen(value) > IDENTITY_LEN ||
	    !value_printable(value, strlen(value))) {
		return sp_fail(err, SP_FORMAT, "\"%s\" is not an %s identity.",
		    shown, type);
	}
	buf_puts(out, value);
	return 0;
}
