/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ISAKMP payload chains (RFC 2408 3.1 - 3.6) read and written.  A length that
 * leaves its container ends the reading: nothing outside is looked at, and
 * each payload takes four bytes at least, so every loop comes to its end.
 */
#include "ike/v1/wire.h"

#include <string.h>

#include "base/error.h"

#define AF_BASIC 0x8000		/* attribute format bit, RFC 2408 3.3 */
#define DOI_IPSEC 1
#define SIT_IDENTITY_ONLY 1

int
v1_chain_read(struct v1_msg *m, uint8_t first, const uint8_t *data,
    size_t len, struct sp_error *err)
{
	struct v1_payload *p;
	uint8_t type = first;
	size_t off = 0, size;

	m->nr = 0;
	while (type != P1_NONE) {
		if (m->nr == V1_MAX_PAYLOADS)
			return sp_fail(err, SP_FORMAT, "a message has more "
			    "than %d payloads", V1_MAX_PAYLOADS);
		if (len - off < V1_GENERIC_LEN)
			return sp_fail(err, SP_FORMAT, "a payload header is "
			    "cut off");
		size = get_u16(data + off + 2);
		if (size < V1_GENERIC_LEN || size > len - off)
			return sp_fail(err, SP_FORMAT, "a payload of type %u "
			    "has a wrong length", type);
		if (data[off + 1] != 0)
			return sp_fail(err, SP_FORMAT, "the reserved field of "
			    "a payload is not zero");
		p = &m->at[m->nr++];
		p->type = type;
		p->whole = (struct bytes){ data + off, size };
		p->body = (struct bytes){ data + off + V1_GENERIC_LEN,
		    size - V1_GENERIC_LEN };
		type = data[off];
		off += size;
	}
	m->chain = (struct bytes){ data, off };
	return 0;
}

const struct v1_payload *
v1_find_next(const struct v1_msg *m, const struct v1_payload *prev,
    uint8_t type)
{
	size_t i = prev == NULL ? 0 : (size_t)(prev - m->at) + 1;

	for (; i < m->nr; i++) {
		if (m->at[i].type == type)
			return &m->at[i];
	}
	return NULL;
}

const struct v1_payload *
v1_find(const struct v1_msg *m, uint8_t type)
{
	return v1_find_next(m, NULL, type);
}

/* The generic header of a proposal or transform; its body, or bad. */
static struct rd
inner(struct rd *r, uint8_t *next)
{
	uint16_t len;

	*next = rd_u8(r);
	rd_u8(r);
	len = rd_u16(r);
	if (len < V1_GENERIC_LEN)
		r->bad = true;
	return rd_sub(r, r->bad ? 0 : len - (size_t)V1_GENERIC_LEN);
}

static void
read_transform(struct rd *r, struct v1_transform *t)
{
	t->number = rd_u8(r);
	t->id = rd_u8(r);
	rd_u16(r);
	t->attrs.len = r->bad ? 0 : r->left;
	t->attrs.p = rd_bytes(r, t->attrs.len);
}

/* The transforms of one proposal behind those that are listed. */
static size_t
read_proposal(struct rd *r, struct v1_transform *out, size_t nr, size_t max,
    bool *bad)
{
	struct v1_transform t = {0};
	uint8_t left, next = P1_TRANSFORM;
	struct rd sub;

	t.proposal = rd_u8(r);
	t.protocol = rd_u8(r);
	t.spi.len = rd_u8(r);
	left = rd_u8(r);
	t.spi.p = rd_bytes(r, t.spi.len);
	while (left-- > 0 && next == P1_TRANSFORM && !r->bad && nr < max) {
		sub = inner(r, &next);
		read_transform(&sub, &t);
		r->bad |= sub.bad;
		if (!r->bad)
			out[nr++] = t;
	}
	*bad = r->bad;
	return nr;
}

int
v1_sa_read(const struct bytes *body, struct v1_transform *out, size_t max,
    struct sp_error *err)
{
	uint8_t next = P1_PROPOSAL;
	bool bad = false;
	struct rd r, sub;
	size_t nr = 0;

	rd_init(&r, body->p, body->len);
	if (rd_u32(&r) != DOI_IPSEC || rd_u32(&r) != SIT_IDENTITY_ONLY)
		return sp_fail(err, SP_FORMAT, "the SA payload is not of the "
		    "IPsec DOI");
	while (next == P1_PROPOSAL && !bad) {
		sub = inner(&r, &next);
		if (r.bad)
			break;
		nr = read_proposal(&sub, out, nr, max, &bad);
	}
	if (r.bad || bad)
		return sp_fail(err, SP_FORMAT, "a proposal of the SA payload "
		    "is cut off");
	return (int)nr;
}

bool
v1_attr_next(struct rd *r, struct v1_attr *out)
{
	uint16_t type, len;

	if (r->bad || r->left == 0)
		return false;
	type = rd_u16(r);
	len = rd_u16(r);
	out->type = type & (AF_BASIC - 1);
	out->value = len;
	if (type & AF_BASIC)
		return !r->bad;
	out->value = 0;
	if (len > 8) {
		rd_skip(r, len);
		out->value = UINT64_MAX;
	} else {
		while (len-- > 0)
			out->value = out->value << 8 | rd_u8(r);
	}
	return !r->bad;
}

void
v1_out_begin(struct v1_out *o, uint64_t cky_i, uint64_t cky_r,
    uint8_t exchange, uint32_t mid)
{
	buf_reset(&o->b);
	buf_u64(&o->b, cky_i);
	buf_u64(&o->b, cky_r);
	o->next_at = o->b.len;
	buf_u8(&o->b, P1_NONE);
	buf_u8(&o->b, 0x10);
	buf_u8(&o->b, exchange);
	buf_u8(&o->b, 0);
	buf_u32(&o->b, mid);
	buf_u32(&o->b, 0);
}

size_t
v1_out_payload(struct v1_out *o, uint8_t type)
{
	size_t at = o->b.len;

	buf_set_u8(&o->b, o->next_at, type);
	o->next_at = at;
	buf_u32(&o->b, 0);
	return at;
}

void
v1_out_end(struct v1_out *o, size_t at)
{
	buf_set_u16(&o->b, at + 2, (uint16_t)(o->b.len - at));
}

void
v1_out_add(struct v1_out *o, uint8_t type, const void *p, size_t len)
{
	size_t at = v1_out_payload(o, type);

	if (len > 0)
		buf_bytes(&o->b, p, len);
	v1_out_end(o, at);
}

void
v1_out_finish(struct v1_out *o)
{
	buf_set_u32(&o->b, 24, (uint32_t)o->b.len);
}

void
v1_attr_basic(struct buf *b, uint16_t type, uint16_t value)
{
	buf_u16(b, type | AF_BASIC);
	buf_u16(b, value);
}

void
v1_attr_long(struct buf *b, uint16_t type, uint32_t value)
{
	buf_u16(b, type);
	buf_u16(b, 4);
	buf_u32(b, value);
}
