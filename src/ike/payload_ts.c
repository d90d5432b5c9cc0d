/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The TSi and TSr payloads (RFC 7296 3.13) and the attributes of the CP
 * payload (3.15).  Selectors of types that we do not know (RFC 9478 labels)
 * are stepped over and noted.
 */
#include "ike/internal.h"

#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "ike/ts.h"

#define TS_IPV4_ADDR_RANGE 7
#define TS_IPV6_ADDR_RANGE 8
#define TS_FIXED_LEN 8		/* type, protocol, length, two ports */
#define TS_MIN_LEN 4		/* type, something, length */
#define CFG_TYPE_MASK 0x7fff	/* the R bit is reserved */
#define CFG_VERSION 7		/* APPLICATION_VERSION: text */
#define CFG_DNS_DOMAIN 25	/* INTERNAL_DNS_DOMAIN: text (RFC 8598) */

/* Address family of a selector type, 0 if it is none of ours. */
static int
ts_family(uint8_t type)
{
	if (type == TS_IPV4_ADDR_RANGE)
		return AF_INET;
	return type == TS_IPV6_ADDR_RANGE ? AF_INET6 : 0;
}

/* The two families differ in the length of an address only. */
static int
read_range(struct ike_ts *ts, int family, struct rd *body,
    struct sp_error *err)
{
	size_t len = family == AF_INET ? 4 : 16;

	ts->port_first = rd_u16(body);
	ts->port_last = rd_u16(body);
	ts->first.family = ts->last.family = (uint8_t)family;
	rd_copy(body, ts->first.b, len);
	rd_copy(body, ts->last.b, len);
	if (body->bad || body->left > 0)
		return sp_fail(err, SP_FORMAT, "the length of a traffic "
		    "selector does not fit its type (RFC 7296 3.13.1)");
	if (memcmp(ts->first.b, ts->last.b, len) > 0)
		return sp_fail(err, SP_FORMAT, "a traffic selector ends "
		    "before it begins");
	return 0;
}

/* One selector; 1 if it was of an unknown type. */
static int
read_ts(struct rd *r, struct ike_ts *ts, struct sp_error *err)
{
	uint8_t type = rd_u8(r), proto = rd_u8(r);
	uint16_t len = rd_u16(r);
	struct rd body;
	int family = ts_family(type);

	if (len < TS_MIN_LEN || (size_t)len - TS_MIN_LEN > r->left)
		return sp_fail(err, SP_FORMAT, "a traffic selector of %u "
		    "bytes does not fit into its payload", len);
	body = rd_sub(r, len - TS_MIN_LEN);
	if (family == 0)
		return 1;
	ts->proto = proto;
	return read_range(ts, family, &body, err);
}

/* The count is believed only as far as the bytes for it are there. */
static int
selectors_read(struct ike_msg *m, struct rd *r, struct ike_payload *p,
    struct sp_error *err)
{
	struct ike_ts *ts;
	unsigned nr, i;
	int ret;

	nr = rd_u8(r);
	rd_skip(r, 3);
	if (nr == 0 || nr > IKE_MAX_SELECTORS)
		return sp_fail(err, SP_FORMAT, "the payload says it holds %u "
		    "traffic selectors, 1 to %d are allowed", nr,
		    IKE_MAX_SELECTORS);
	if (r->left < (size_t)nr * TS_MIN_LEN)
		return sp_fail(err, SP_FORMAT, "the payload says it holds %u "
		    "traffic selectors, but is too short for them", nr);

	p->u.ts.ts = ts = ike_msg_alloc(m, nr, sizeof(*ts));
	for (i = 0; i < nr; i++) {
		ret = read_ts(r, &ts[p->u.ts.nr], err);
		if (ret < 0)
			return ret;
		if (ret == 0)
			p->u.ts.nr++;
		else
			p->u.ts.skipped = true;
	}
	return 0;
}

/* Selectors that were skipped when reading are lost here. */
static int
selectors_write(const struct ike_payload *p, struct buf *b,
    struct sp_error *err)
{
	const struct ike_ts *ts;
	size_t i, len;

	if (p->u.ts.nr > UINT8_MAX)
		return sp_fail(err, SP_RANGE, "%zu traffic selectors do not "
		    "fit into a payload", p->u.ts.nr);

	buf_u8(b, (uint8_t)p->u.ts.nr);
	buf_zero(b, 3);
	for (i = 0; i < p->u.ts.nr; i++) {
		ts = &p->u.ts.ts[i];
		len = addr_len(&ts->first);
		buf_u8(b, len == 4 ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE);
		buf_u8(b, ts->proto);
		buf_u16(b, (uint16_t)(TS_FIXED_LEN + 2 * len));
		buf_u16(b, ts->port_first);
		buf_u16(b, ts->port_last);
		buf_bytes(b, ts->first.b, len);
		buf_bytes(b, ts->last.b, len);
	}
	return 0;
}

static void
selectors_print(const struct ike_payload *p, struct buf *b)
{
	size_t i;

	for (i = 0; i < p->u.ts.nr; i++) {
		if (i > 0)
			buf_puts(b, ", ");
		ts_print(b, &p->u.ts.ts[i]);
	}
	if (p->u.ts.skipped)
		buf_puts(b, " (and selectors of unknown type)");
}

const struct pld_ops pld_ts_ops = {
	.read = selectors_read,
	.write = selectors_write,
	.print = selectors_print,
};

/* As for transforms: count first, allocate once. */
static size_t
count_attrs(struct rd r)
{
	size_t nr = 0;

	while (r.left > 0 && !r.bad) {
		rd_skip(&r, 2);
		rd_skip(&r, rd_u16(&r));
		nr++;
	}
	return nr;
}

/* An empty attribute asks for a value, so zero bytes are usual. */
static int
cp_read(struct ike_msg *m, struct rd *r, struct ike_payload *p,
    struct sp_error *err)
{
	struct ike_attr *a;
	size_t i;

	p->u.cp.cfg_type = rd_u8(r);
	rd_skip(r, 3);
	p->u.cp.nr = count_attrs(*r);
	if (p->u.cp.nr > IKE_MAX_ATTRS)
		return sp_fail(err, SP_FORMAT, "the CP payload holds %zu "
		    "attributes, %d are allowed", p->u.cp.nr, IKE_MAX_ATTRS);
	if (p->u.cp.nr == 0)
		return 0;

	p->u.cp.attrs = a = ike_msg_alloc(m, p->u.cp.nr, sizeof(*a));
	for (i = 0; i < p->u.cp.nr; i++) {
		a[i].type = rd_u16(r) & CFG_TYPE_MASK;
		a[i].data.len = rd_u16(r);
		a[i].data.p = rd_bytes(r, a[i].data.len);
	}
	return 0;
}

static int
cp_write(const struct ike_payload *p, struct buf *b, struct sp_error *err)
{
	const struct ike_attr *a;
	size_t i;

	buf_u8(b, p->u.cp.cfg_type);
	buf_zero(b, 3);
	for (i = 0; i < p->u.cp.nr; i++) {
		a = &p->u.cp.attrs[i];
		if (a->data.len > UINT16_MAX)
			return sp_fail(err, SP_RANGE, "a configuration "
			    "attribute of %zu bytes cannot be sent",
			    a->data.len);
		buf_u16(b, a->type);
		buf_u16(b, (uint16_t)a->data.len);
		buf_bytes(b, a->data.p, a->data.len);
	}
	return 0;
}

/* Texts as text, what has the size of an address as one, else hex. */
static void
print_attr(const struct ike_attr *a, struct buf *b)
{
	struct ip_addr addr;
	char text[ADDR_TEXT];

	ike_name_print(b, ike_cfg_attr_names, "ATTRIBUTE", a->type);
	if (a->data.len == 0)
		return;
	buf_puts(b, "=");
	if (a->type == CFG_VERSION || a->type == CFG_DNS_DOMAIN) {
		str_safe(b, a->data.p, a->data.len);
	} else if (a->data.len == 4 || a->data.len == 16) {
		addr = addr_from_bytes(a->data.len == 4 ? AF_INET : AF_INET6,
		    a->data.p);
		buf_puts(b, addr_print(&addr, text));
	} else {
		str_hex(b, a->data.p, a->data.len < 32 ? a->data.len : 32);
	}
}

static void
cp_print(const struct ike_payload *p, struct buf *b)
{
	size_t i;

	ike_name_print(b, ike_cfg_type_names, "CFG", p->u.cp.cfg_type);
	for (i = 0; i < p->u.cp.nr; i++) {
		buf_puts(b, i > 0 ? ", " : " ");
		print_attr(&p->u.cp.attrs[i], b);
	}
}

const struct pld_ops pld_cp_ops = {
	.read = cp_read,
	.write = cp_write,
	.print = cp_print,
};
