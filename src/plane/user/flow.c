/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inner packets: headers read once, through one bounds-checked cursor;
 * selectors; ECN across the tunnel (RFC 6040).  Ports of a fragment are not
 * known unless it is the first one; such a packet matches only selectors
 * that take any port (RFC 4301 7.1, RFC 7296 3.13.1 for OPAQUE).
 */
#include "plane/user/flow.h"

#include <netinet/in.h>
#include <string.h>

#include "base/buf.h"
#include "plane/plane.h"

#define MAX_EXTENSIONS 8	/* IPv6 extension headers walked */
#define ECN_MASK 3
#define ECN_CE 3

/* Ports, or what stands for them, from the payload at the cursor. */
static void
parse_ports(struct flow *f, struct rd *r)
{
	switch (f->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_UDPLITE:
		f->sport = rd_u16(r);
		f->dport = rd_u16(r);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		f->sport = f->dport = rd_u16(r);
		break;
	default:
		return;
	}
	f->has_ports = !r->bad;
}

static bool
parse_v4(struct flow *f, const uint8_t *p, size_t len)
{
	struct rd r;
	size_t header = (p[0] & 0x0fu) * 4u;
	uint16_t fragment;

	rd_init(&r, p, len);
	rd_skip(&r, 1);
	f->tos = rd_u8(&r);
	f->len = rd_u16(&r);
	rd_skip(&r, 2);
	fragment = rd_u16(&r);
	rd_skip(&r, 1);
	f->proto = rd_u8(&r);
	rd_skip(&r, 2);
	f->src.family = f->dst.family = AF_INET;
	rd_copy(&r, f->src.b, 4);
	rd_copy(&r, f->dst.b, 4);
	if (r.bad || header < 20 || f->len < header || f->len > len)
		return false;

	f->l4 = header;
	f->fragment = (fragment & 0x3fff) != 0;
	if ((fragment & 0x1fff) == 0) {
		rd_init(&r, &p[header], f->len - header);
		parse_ports(f, &r);
	}
	return true;
}

/* Step over one extension header; false if proto is none. */
static bool
skip_extension(struct flow *f, struct rd *r, bool *later)
{
	uint8_t next;
	size_t units;

	switch (f->proto) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		next = rd_u8(r);
		units = rd_u8(r);
		rd_skip(r, units * 8 + 6);
		break;
	case IPPROTO_FRAGMENT:
		next = rd_u8(r);
		rd_skip(r, 1);
		f->fragment = true;
		*later = (rd_u16(r) & 0xfff8) != 0;
		rd_skip(r, 4);
		break;
	case IPPROTO_AH:
		next = rd_u8(r);
		units = rd_u8(r);
		rd_skip(r, units * 4 + 6);
		break;
	default:
		return false;
	}
	f->proto = next;
	return true;
}

static bool
parse_v6(struct flow *f, const uint8_t *p, size_t len)
{
	struct rd r;
	bool later = false;
	unsigned n = 0;

	rd_init(&r, p, len);
	f->tos = (uint8_t)(rd_u16(&r) >> 4);
	rd_skip(&r, 2);
	f->len = rd_u16(&r) + 40u;
	f->proto = rd_u8(&r);
	rd_skip(&r, 1);
	f->src.family = f->dst.family = AF_INET6;
	rd_copy(&r, f->src.b, 16);
	rd_copy(&r, f->dst.b, 16);
	if (r.bad || f->len > len)
		return false;

	rd_init(&r, &p[40], f->len - 40);
	while (!later && n < MAX_EXTENSIONS && skip_extension(f, &r, &later))
		n++;
	if (r.bad || n == MAX_EXTENSIONS)
		return false;
	f->l4 = f->len - r.left;
	if (!later)
		parse_ports(f, &r);
	return true;
}

bool
flow_parse(struct flow *f, const uint8_t *p, size_t len)
{
	memset(f, 0, sizeof(*f));
	if (len < 20)
		return false;
	if (p[0] >> 4 == 4)
		return parse_v4(f, p, len);
	if (p[0] >> 4 == 6)
		return parse_v6(f, p, len);
	return false;
}

static bool
selector_takes(const struct plane_selector *s, const struct flow *f,
    const struct ip_addr *a, uint16_t port)
{
	size_t len = addr_len(a);

	if (s->first.family != a->family ||
	    memcmp(a->b, s->first.b, len) < 0 ||
	    memcmp(a->b, s->last.b, len) > 0)
		return false;
	if (s->proto != 0 && s->proto != f->proto)
		return false;
	if (s->port_first == 0 && s->port_last == UINT16_MAX)
		return true;
	if (s->port_first > s->port_last)	/* OPAQUE */
		return !f->has_ports;
	return f->has_ports && port >= s->port_first && port <= s->port_last;
}

static bool
side_selected(const struct plane_selector *s, size_t nr,
    const struct flow *f, const struct ip_addr *a, uint16_t port)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (selector_takes(&s[i], f, a, port))
			return true;
	}
	return nr == 0;
}

bool
flow_selected(const struct flow *f, const struct plane_selector *src,
    size_t nr_src, const struct plane_selector *dst, size_t nr_dst)
{
	return side_selected(src, nr_src, f, &f->src, f->sport) &&
	    side_selected(dst, nr_dst, f, &f->dst, f->dport);
}

/* RFC 1624: the header checksum after one 16-bit word of it changed. */
static void
fix_checksum(uint8_t *sum, uint16_t from, uint16_t to)
{
	uint32_t s = (uint16_t)~get_u16(sum) + (uint32_t)(uint16_t)~from + to;

	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	put_u16(sum, (uint16_t)~s);
}

void
flow_set_tos(uint8_t *p, uint8_t tos)
{
	uint16_t was = get_u16(p), now;

	if (p[0] >> 4 == 4) {
		now = (uint16_t)((was & 0xff00) | tos);
		fix_checksum(&p[10], was, now);
	} else {
		now = (uint16_t)((was & 0xf00f) | tos << 4);
	}
	put_u16(p, now);
}

bool
flow_decap_ecn(uint8_t inner, uint8_t outer, uint8_t *tos)
{
	*tos = inner;
	if ((outer & ECN_MASK) == ECN_CE) {
		if ((inner & ECN_MASK) == 0)
			return false;
		*tos = inner | ECN_CE;
	} else if ((outer & ECN_MASK) == 1 && (inner & ECN_MASK) == 2) {
		*tos = (uint8_t)((inner & ~ECN_MASK) | 1);	/* ECT(1) */
	}
	return true;
}
