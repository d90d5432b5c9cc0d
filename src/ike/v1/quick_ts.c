/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The identities of Quick Mode as selectors (RFC 2407 4.6.2): an address, a
 * subnet or a range, with protocol and port (0 = any).
 */
#include "ike/v1/v1.h"

#include <string.h>
#include <sys/socket.h>

#include "base/error.h"

#define BODY_HEADER 4		/* type, protocol, port */

/* The last address of first/mask; false for a mask with holes. */
static bool
apply_mask(struct ike_ts *ts, const uint8_t *mask, size_t len)
{
	bool ended = false;
	size_t i;
	unsigned bit;

	for (i = 0; i < len; i++) {
		for (bit = 0x80; bit != 0; bit >>= 1) {
			if ((mask[i] & bit) && ended)
				return false;
			ended |= !(mask[i] & bit);
		}
		ts->first.b[i] &= mask[i];
		ts->last.b[i] = ts->first.b[i] | (uint8_t)~mask[i];
	}
	return true;
}

static bool
read_addresses(struct ike_ts *ts, uint8_t type, const uint8_t *p, size_t len)
{
	bool v6 = type == ID1_IPV6 || type == ID1_IPV6_SUBNET ||
	    type == ID1_IPV6_RANGE;
	bool one = type == ID1_IPV4 || type == ID1_IPV6;
	size_t size = v6 ? 16 : 4;

	if (len != (one ? size : 2 * size))
		return false;
	ts->first = addr_from_bytes(v6 ? AF_INET6 : AF_INET, p);
	ts->last = ts->first;
	if (type == ID1_IPV4_SUBNET || type == ID1_IPV6_SUBNET)
		return apply_mask(ts, p + size, size);
	if (one)
		return true;
	ts->last = addr_from_bytes(v6 ? AF_INET6 : AF_INET, p + size);
	return memcmp(p, p + size, size) <= 0;
}

int
v1_ts_of_id(const struct bytes *body, struct ike_ts *out,
    struct sp_error *err)
{
	uint8_t type;
	uint16_t port;

	if (body->len < BODY_HEADER)
		return sp_fail(err, SP_FORMAT, "an identity of Quick Mode is "
		    "cut off");
	memset(out, 0, sizeof(*out));
	type = body->p[0];
	out->proto = body->p[1];
	port = get_u16(body->p + 2);
	out->port_first = port;
	out->port_last = port == 0 ? UINT16_MAX : port;
	if (type != ID1_IPV4 && type != ID1_IPV4_SUBNET &&
	    type != ID1_IPV4_RANGE && type != ID1_IPV6 &&
	    type != ID1_IPV6_SUBNET && type != ID1_IPV6_RANGE)
		return sp_fail(err, SP_FORMAT, "an identity of Quick Mode is "
		    "of type %u, which names no addresses", type);
	if (!read_addresses(out, type, body->p + BODY_HEADER,
	    body->len - BODY_HEADER))
		return sp_fail(err, SP_FORMAT, "an identity of Quick Mode "
		    "names no addresses");
	return 0;
}

/* Is it first to last a whole prefix; fills the mask. */
static bool
is_prefix(const struct ike_ts *ts, uint8_t mask[16])
{
	struct ike_ts copy = *ts;
	size_t i, len = addr_len(&ts->first);

	for (i = 0; i < len; i++)
		mask[i] = (uint8_t)~(ts->first.b[i] ^ ts->last.b[i]);
	return apply_mask(&copy, mask, len) &&
	    addr_eq(&copy.first, &ts->first) && addr_eq(&copy.last, &ts->last);
}

void
v1_ts_to_id(const struct ike_ts *ts, struct buf *out)
{
	size_t len = addr_len(&ts->first);
	bool v6 = len == 16;
	uint8_t mask[16];

	if (addr_eq(&ts->first, &ts->last))
		buf_u8(out, v6 ? ID1_IPV6 : ID1_IPV4);
	else if (is_prefix(ts, mask))
		buf_u8(out, v6 ? ID1_IPV6_SUBNET : ID1_IPV4_SUBNET);
	else
		buf_u8(out, v6 ? ID1_IPV6_RANGE : ID1_IPV4_RANGE);
	buf_u8(out, ts->proto);
	buf_u16(out, ts->port_first == ts->port_last ? ts->port_first : 0);
	buf_bytes(out, ts->first.b, len);
	if (addr_eq(&ts->first, &ts->last))
		return;
	buf_bytes(out, is_prefix(ts, mask) ? mask : ts->last.b, len);
}
