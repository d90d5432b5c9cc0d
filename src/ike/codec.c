/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading, writing and printing whole messages: the fixed header (RFC 7296
 * 3.1) and the chain of generic payload headers (3.2).  What is inside a
 * payload is the business of its row in payload_table.c.
 *
 * Every byte is read once, through a struct rd; no number of the peer's is
 * used before it was compared with what is left.
 */
#include "ike/codec.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "ike/internal.h"

#define GENERIC_LEN 4		/* generic payload header, bytes */
#define CRITICAL 0x80

/*
 * A datagram with bytes behind the message is refused as much as a short
 * one: what is not covered by Length would not be covered by the ICV.
 */
int
ike_header_read(struct ike_header *h, const uint8_t *data, size_t len,
    struct sp_error *err)
{
	struct rd r;
	uint8_t version;

	if (len < IKE_HEADER_LEN)
		return sp_fail(err, SP_FORMAT, "the message has %zu bytes, "
		    "an IKE header needs %d", len, IKE_HEADER_LEN);

	rd_init(&r, data, len);
	h->spi_i = rd_u64(&r);
	h->spi_r = rd_u64(&r);
	h->next_payload = rd_u8(&r);
	version = rd_u8(&r);
	h->major = version >> 4;
	h->minor = version & 0x0f;
	h->exchange = rd_u8(&r);
	h->flags = rd_u8(&r);
	h->mid = rd_u32(&r);
	h->length = rd_u32(&r);
	if (h->length != len)
		return sp_fail(err, SP_FORMAT, "the IKE header says %u bytes, "
		    "the datagram has %zu", h->length, len);
	return 0;
}

/* Body of a known payload: bounds of its row, then its own reader. */
static int
read_known(struct ike_msg *m, const struct pld_row *row, struct rd *body,
    struct ike_payload *p, struct sp_error *err)
{
	int ret;

	if (body->left < row->least)
		return sp_fail(err, SP_FORMAT, "the %s payload has %zu bytes, "
		    "it needs %u at least (%s)", row->name, body->left,
		    row->least, row->rfc);
	if (body->left > row->most)
		return sp_fail(err, SP_FORMAT, "the %s payload has %zu bytes, "
		    "%u are allowed at most", row->name, body->left,
		    row->most);

	ret = row->ops->read(m, body, p, err);
	if (ret == 0 && body->bad)
		return sp_fail(err, SP_FORMAT, "the %s payload is cut short "
		    "(%s)", row->name, row->rfc);
	if (ret == 0 && body->left > 0)
		return sp_fail(err, SP_FORMAT, "the %s payload has %zu bytes "
		    "too many (%s)", row->name, body->left, row->rfc);
	return ret;
}

/* SK and SKF hold the rest of the chain: nothing may come behind them. */
static int
end_with_sk(struct ike_payload *p, const struct rd *r, uint8_t next,
    size_t offset, struct sp_error *err)
{
	if (r->left > 0)
		return sp_fail(err, SP_FORMAT, "%zu bytes follow the SK "
		    "payload, which must be the last (RFC 7296 3.14)",
		    r->left);
	p->u.sk.first_inner = next;
	p->u.sk.offset = offset + (p->type == PLD_SKF ? 4 : 0);
	return 0;
}

/* One payload of known or unknown type; critical unknown ones end it all. */
static int
read_payload(struct ike_msg *m, uint8_t type, bool critical, struct rd *body,
    uint8_t *bad_type, struct sp_error *err)
{
	const struct pld_row *row = ike_pld_row(type);
	struct ike_payload *p;

	if (row == NULL && critical) {
		if (bad_type != NULL)
			*bad_type = type;
		return sp_fail(err, SP_UNSUPPORTED, "payload type %u is "
		    "unknown here and marked critical by the peer "
		    "(RFC 7296 2.5)", type);
	}
	if (m->nr == IKE_MAX_PAYLOADS)
		return sp_fail(err, SP_FORMAT, "the message holds more than "
		    "%d payloads", IKE_MAX_PAYLOADS);

	p = ike_msg_add(m, type);
	p->critical = critical;
	if (row != NULL)
		return read_known(m, row, body, p, err);
	p->u.raw = pld_rest(body);
	return 0;
}

static bool
is_sk(uint8_t type)
{
	return type == PLD_SK || type == PLD_SKF;
}

/*
 * The walker.  Each turn consumes four bytes at least, so it ends; the
 * generic header is read here once for all payload types.  base is 0 inside
 * of SK, where no further SK may be.
 */
int
ike_chain_read(struct ike_msg *m, uint8_t first, const uint8_t *data,
    size_t len, size_t base, uint8_t *bad_type, struct sp_error *err)
{
	uint8_t type = first, next, flags;
	struct rd r, body;
	uint16_t pld_len;
	int ret;

	rd_init(&r, data, len);
	while (type != PLD_NONE) {
		next = rd_u8(&r);
		flags = rd_u8(&r);
		pld_len = rd_u16(&r);
		if (r.bad || pld_len < GENERIC_LEN ||
		    (size_t)pld_len - GENERIC_LEN > r.left)
			return sp_fail(err, SP_FORMAT, "payload type %u at "
			    "byte %zu does not fit into the message", type,
			    base + len - r.left);
		body = rd_sub(&r, pld_len - GENERIC_LEN);
		if (is_sk(type) && base != IKE_HEADER_LEN)
			return sp_fail(err, SP_FORMAT, "an SK payload inside "
			    "of an SK payload");
		ret = read_payload(m, type, flags & CRITICAL, &body, bad_type,
		    err);
		if (ret < 0)
			return ret;
		if (is_sk(type))
			return end_with_sk(&m->payloads[m->nr - 1], &r, next,
			    base + len - (pld_len - GENERIC_LEN), err);
		type = next;
	}
	if (r.left > 0)
		return sp_fail(err, SP_FORMAT, "%zu bytes follow the last "
		    "payload", r.left);
	return 0;
}

/* One copy into the arena; every payload then points into that copy. */
int
ike_msg_read(struct ike_msg **out, const uint8_t *data, size_t len,
    uint8_t *bad_type, struct sp_error *err)
{
	struct ike_msg *m;
	struct bytes copy;
	struct rd r;
	int ret;

	if (len > IKE_MAX_MESSAGE)
		return sp_fail(err, SP_FORMAT, "the message has %zu bytes, "
		    "%d are allowed at most", len, IKE_MAX_MESSAGE);

	m = ike_msg_new();
	ret = ike_header_read(&m->hdr, data, len, err);
	if (ret < 0)
		goto out;

	copy = ike_msg_bytes(m, data, len);
	rd_init(&r, copy.p, copy.len);
	rd_skip(&r, IKE_HEADER_LEN);
	ret = ike_chain_read(m, m->hdr.next_payload, r.p, r.left,
	    IKE_HEADER_LEN, bad_type, err);
	if (ret < 0)
		goto out;

	*out = m;
	m = NULL;
out:
	ike_msg_free(m);
	return ret;
}

int
ike_payloads_read(struct ike_msg *m, uint8_t first, const uint8_t *data,
    size_t len, uint8_t *bad_type, struct sp_error *err)
{
	struct bytes copy = ike_msg_bytes(m, data, len);

	return ike_chain_read(m, first, copy.p, copy.len, 0, bad_type, err);
}

/* The length is put in when the body is there. */
static int
write_payload(const struct ike_payload *p, uint8_t next, struct buf *out,
    struct sp_error *err)
{
	const struct pld_row *row = ike_pld_row(p->type);
	const struct pld_ops *ops = row ? row->ops : &pld_raw_ops;
	size_t start = out->len;
	int ret;

	buf_u8(out, next);
	buf_u8(out, p->critical ? CRITICAL : 0);
	buf_u16(out, 0);
	ret = ops->write(p, out, err);
	if (ret < 0)
		return ret;
	if (out->len - start > UINT16_MAX)
		return sp_fail(err, SP_RANGE, "a payload of type %u would "
		    "have %zu bytes", p->type, out->len - start);
	buf_set_u16(out, start + 2, (uint16_t)(out->len - start));
	return 0;
}

int
ike_payloads_write(const struct ike_payload *plds, size_t nr,
    struct buf *out, uint8_t *first, struct sp_error *err)
{
	uint8_t next;
	size_t i;
	int ret;

	*first = nr > 0 ? plds[0].type : PLD_NONE;
	for (i = 0; i < nr; i++) {
		next = i + 1 < nr ? plds[i + 1].type : PLD_NONE;
		if (is_sk(plds[i].type))
			next = plds[i].u.sk.first_inner;
		ret = write_payload(&plds[i], next, out, err);
		if (ret < 0)
			return ret;
		/* what is behind it was read from its inside */
		if (is_sk(plds[i].type))
			break;
	}
	return 0;
}

void
ike_header_write(const struct ike_header *h, uint8_t first, struct buf *out)
{
	buf_u64(out, h->spi_i);
	buf_u64(out, h->spi_r);
	buf_u8(out, first);
	buf_u8(out, (uint8_t)(h->major << 4 | (h->minor & 0x0f)));
	buf_u8(out, h->exchange);
	buf_u8(out, h->flags);
	buf_u32(out, h->mid);
	buf_u32(out, 0);
}

int
ike_msg_write(const struct ike_msg *m, struct buf *out, struct sp_error *err)
{
	size_t start = out->len;
	uint8_t first;
	int ret;

	ike_header_write(&m->hdr, PLD_NONE, out);
	ret = ike_payloads_write(m->payloads, m->nr, out, &first, err);
	if (ret < 0)
		return ret;
	if (out->len - start > IKE_MAX_MESSAGE)
		return sp_fail(err, SP_RANGE, "the message would have %zu "
		    "bytes", out->len - start);
	buf_set_u8(out, start + 16, first);
	buf_set_u32(out, start + 24, (uint32_t)(out->len - start));
	return 0;
}

/* What was inside of SK is indented. */
void
ike_msg_print(const struct ike_msg *m, struct buf *out)
{
	const struct pld_row *row;
	const struct ike_payload *p;
	const char *indent = "";
	char name[32];
	size_t i;

	for (i = 0; i < m->nr; i++) {
		p = &m->payloads[i];
		row = ike_pld_row(p->type);
		buf_puts(out, indent);
		buf_puts(out, ike_payload_name(p->type, name));
		if (p->critical)
			buf_puts(out, " (critical)");
		buf_puts(out, ": ");
		(row ? row->ops : &pld_raw_ops)->print(p, out);
		buf_puts(out, "\n");
		if (is_sk(p->type))
			indent = "  ";
	}
}
