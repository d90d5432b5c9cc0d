/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text form of traffic selectors (settings.md section 5):
 *
 *	ADDRESS | ADDRESS/LENGTH | FIRST-LAST, then [PROTOCOL[/PORTS]]
 *
 * PORTS is a port, FIRST-LAST or "opaque"; for ICMP a type with or without
 * ":CODE".  Without an address the selector covers all of IPv4, or of IPv6
 * for icmpv6.
 */
#include "ike/ts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#define PROTO_ICMP 1
#define PROTO_ICMPV6 58
#define TEXT_MAX 160		/* longest selector text that is looked at */

static const struct {
	uint8_t number;
	const char *name;	/* first of a number is the one printed */
} protocols[] = {
	{ 1, "icmp" }, { 2, "igmp" }, { 4, "ipip" }, { 6, "tcp" },
	{ 17, "udp" }, { 41, "ipv6" }, { 47, "gre" }, { 50, "esp" },
	{ 51, "ah" }, { 58, "icmpv6" }, { 58, "ipv6-icmp" }, { 89, "ospf" },
	{ 103, "pim" }, { 108, "ipcomp" }, { 112, "vrrp" }, { 115, "l2tp" },
	{ 132, "sctp" },
};

#define NR_PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

static bool
parse_number(const char *s, int64_t max, uint16_t *out)
{
	int64_t v;

	if (!str_to_i64(s, 0, max, &v))
		return false;
	*out = (uint16_t)v;
	return true;
}

/* A name, a number or "any". */
static bool
parse_protocol(uint8_t *proto, const char *s)
{
	uint16_t v;
	size_t i;

	if (str_caseeq(s, "any") || str_eq(s, "%any")) {
		*proto = 0;
		return true;
	}
	for (i = 0; i < NR_PROTOCOLS; i++) {
		if (str_caseeq(protocols[i].name, s)) {
			*proto = protocols[i].number;
			return true;
		}
	}
	if (!parse_number(s, UINT8_MAX, &v))
		return false;
	*proto = (uint8_t)v;
	return true;
}

static bool
is_icmp(uint8_t proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMPV6;
}

/*
 * One end of a port range.  ICMP's "TYPE:CODE" is the number type * 256 +
 * code (RFC 4301 4.4.1.1); a type alone reaches from code 0 to code 255.
 */
static bool
parse_port(char *s, bool icmp, bool last, uint16_t *out)
{
	char *colon;
	uint16_t type, code = last ? UINT8_MAX : 0;

	if (!icmp)
		return parse_number(s, UINT16_MAX, out);
	colon = strchr(s, ':');
	if (colon != NULL) {
		*colon = '\0';
		if (!parse_number(colon + 1, UINT8_MAX, &code))
			return false;
	}
	if (!parse_number(s, UINT8_MAX, &type))
		return false;
	*out = (uint16_t)(type << 8 | code);
	if (colon != NULL)
		*colon = ':';
	return true;
}

/* The range must go upwards: only "opaque" does not. */
static bool
parse_ports(struct ike_ts *ts, char *s)
{
	bool icmp = is_icmp(ts->proto);
	char *dash;

	if (str_eq(s, "any") || str_eq(s, "%any"))
		return true;
	if (str_eq(s, "opaque") || str_eq(s, "%opaque")) {
		ts->port_first = UINT16_MAX;
		ts->port_last = 0;
		return true;
	}
	dash = strchr(s, '-');
	if (dash != NULL)
		*dash = '\0';
	return parse_port(s, icmp, false, &ts->port_first) &&
	    parse_port(dash ? dash + 1 : s, icmp, true, &ts->port_last) &&
	    ts->port_first <= ts->port_last;
}

/* "proto" or "proto/ports", without the brackets. */
static bool
parse_service(struct ike_ts *ts, char *s)
{
	char *slash = strchr(s, '/');

	if (slash != NULL)
		*slash = '\0';
	if (!parse_protocol(&ts->proto, s))
		return false;
	return slash == NULL || parse_ports(ts, slash + 1);
}

static bool
parse_prefix(struct ike_ts *ts, const char *s)
{
	struct ip_prefix p;

	if (!prefix_parse(&p, s))
		return false;
	prefix_range(&p, &ts->first, &ts->last);
	return true;
}

/* A prefix, a range or one address; text without address is all of them. */
static bool
parse_addrs(struct ike_ts *ts, char *s)
{
	char *dash;

	if (s[0] == '\0')
		return parse_prefix(ts, ts->proto == PROTO_ICMPV6 ?
		    "::/0" : "0.0.0.0/0");
	if (strchr(s, '/') != NULL)
		return parse_prefix(ts, s);
	dash = strchr(s, '-');
	if (dash != NULL)
		*dash = '\0';
	return addr_parse(&ts->first, s) &&
	    addr_parse(&ts->last, dash ? dash + 1 : s) &&
	    ts->first.family == ts->last.family &&
	    addr_cmp(&ts->first, &ts->last) <= 0;
}

/* Cuts its argument up; ts is undefined if it fails. */
static bool
parse(struct ike_ts *ts, char *s)
{
	char *open = strchr(s, '['), *close;

	if (open != NULL) {
		close = strchr(open, ']');
		if (close == NULL || close[1] != '\0')
			return false;
		*open = *close = '\0';
		if (!parse_service(ts, open + 1))
			return false;
	}
	return (open != NULL || s[0] != '\0') && parse_addrs(ts, s);
}

int
ts_parse(struct ike_ts *ts, const char *text, struct sp_error *err)
{
	struct ike_ts r = { .port_last = UINT16_MAX };
	char copy[TEXT_MAX], *safe;

	if (strlen(text) < sizeof(copy)) {
		snprintf(copy, sizeof(copy), "%s", text);
		if (parse(&r, copy)) {
			*ts = r;
			return 0;
		}
	}
	safe = str_safe_dup(text);
	sp_fail(err, SP_FORMAT, "\"%s\" is not a network: an address, "
	    "ADDRESS/LENGTH or FIRST-LAST, with [PROTOCOL/PORT] behind it "
	    "where wanted.", safe);
	free(safe);
	return SP_FORMAT;
}

/* The shortest form: address, prefix, range. */
static void
print_addrs(struct buf *b, const struct ike_ts *ts)
{
	struct ip_prefix p = prefix_of_range(&ts->first, &ts->last);
	struct ip_addr first, last;
	char text[ADDR_TEXT];

	buf_puts(b, addr_print(&ts->first, text));
	if (addr_eq(&ts->first, &ts->last))
		return;
	prefix_range(&p, &first, &last);
	if (addr_eq(&last, &ts->last)) {
		buf_printf(b, "/%u", p.len);
		return;
	}
	buf_puts(b, "-");
	buf_puts(b, addr_print(&ts->last, text));
}

static void
print_protocol(struct buf *b, uint8_t proto)
{
	size_t i;

	for (i = 0; i < NR_PROTOCOLS; i++) {
		if (protocols[i].number == proto) {
			buf_puts(b, protocols[i].name);
			return;
		}
	}
	if (proto == 0)
		buf_puts(b, "any");
	else
		buf_printf(b, "%u", proto);
}

/* Types alone where all codes are meant. */
static void
print_icmp(struct buf *b, const struct ike_ts *ts)
{
	unsigned first = ts->port_first, last = ts->port_last;
	bool types = (first & 0xff) == 0 && (last & 0xff) == 0xff;

	buf_printf(b, "%u", first >> 8);
	if (!types)
		buf_printf(b, ":%u", first & 0xff);
	if (first == last || (types && first >> 8 == last >> 8))
		return;
	buf_printf(b, "-%u", last >> 8);
	if (!types)
		buf_printf(b, ":%u", last & 0xff);
}

static void
print_ports(struct buf *b, const struct ike_ts *ts)
{
	if (ts->port_first == UINT16_MAX && ts->port_last == 0) {
		buf_puts(b, "opaque");
		return;
	}
	if (is_icmp(ts->proto)) {
		print_icmp(b, ts);
		return;
	}
	buf_printf(b, "%u", ts->port_first);
	if (ts->port_first != ts->port_last)
		buf_printf(b, "-%u", ts->port_last);
}

void
ts_print(struct buf *b, const struct ike_ts *ts)
{
	bool any_port = ts->port_first == 0 && ts->port_last == UINT16_MAX;

	print_addrs(b, ts);
	if (ts->proto == 0 && any_port)
		return;
	buf_puts(b, "[");
	print_protocol(b, ts->proto);
	if (!any_port) {
		buf_puts(b, "/");
		print_ports(b, ts);
	}
	buf_puts(b, "]");
}

void
ts_list_print(struct buf *b, const struct ts_list *l)
{
	size_t i;

	for (i = 0; i < l->nr; i++) {
		if (i > 0)
			buf_puts(b, ", ");
		ts_print(b, &l->ts[i]);
	}
}
