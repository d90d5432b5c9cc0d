/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The payloads without inner structure: KE, ID, CERT, CERTREQ, AUTH, NONCE,
 * N, D, V, EAP, SK and SKF (RFC 7296 3.4-3.12, 3.14, 3.16; RFC 7383 2.5).
 * The rows of payload_table.c have checked the least length before a reader
 * runs; the walker checks afterwards that nothing was missing or left over.
 */
#include "ike/internal.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "ike/ident.h"

#define EAP_REQUEST 1
#define EAP_RESPONSE 2
#define EAP_TYPE_OFFSET 4	/* behind code, identifier, length */
#define SHOWN_BYTES 24		/* of binary data, in the readable form */

struct bytes
pld_rest(struct rd *r)
{
	struct bytes b;

	b.len = r->left;
	b.p = rd_bytes(r, b.len);
	return b;
}

static void
put(struct buf *b, const struct bytes *d)
{
	buf_bytes(b, d->p, d->len);
}

/* Hex of the first bytes, for data that is not secret. */
static void
print_hex(struct buf *b, const struct bytes *d)
{
	str_hex(b, d->p, d->len < SHOWN_BYTES ? d->len : SHOWN_BYTES);
	if (d->len > SHOWN_BYTES)
		buf_printf(b, "... (%zu bytes)", d->len);
}

/* RFC 7296 3.4: group, two reserved bytes, public value. */
static int
ke_read(struct ike_msg *m, struct rd *r, struct ike_payload *p,
    struct sp_error *err)
{
	(void)m;
	(void)err;
	p->u.ke.group = rd_u16(r);
	rd_skip(r, 2);
	p->u.ke.data = pld_rest(r);
	return 0;
}

static int
ke_write(const struct ike_payload *p, struct buf *b, struct sp_error *err)
{
	(void)err;
	buf_u16(b, p->u.ke.group);
	buf_zero(b, 2);
	put(b, &p->u.ke.data);
	return 0;
}

static void
ke_print(const struct ike_payload *p, struct buf *b)
{
	pld_transform_print(b, 4, p->u.ke.group);
	buf_printf(b, ", %zu bytes", p->u.ke.data.len);
}

const struct pld_ops pld_ke_ops = {
	.read = ke_read,
	.write = ke_write,
	.print = ke_print,
};

/* RFC 7296 3.5: the value is judged by ident.c, not here. */
static int
id_read(struct ike_msg *m, struct rd *r, struct ike_payload *p,
    struct sp_error *err)
{
	(void)m;
	(void)err;
	p->u.id.type = rd_u8(r);
	rd_skip(r, 3);
	p->u.id.data = pld_rest(r);
	return 0;
}

static int
id_write(const struct ike_payload *p, struct buf *b, struct sp_error *err)
{
	(void)err;
	buf_u8(b, p->u.id.type);
	buf_zero(b, 3);
	put(b, &p->u.id.data);
	return 0;
}

/* With its type: the same text of another type is the usual fault. */
static void
id_print(const struct ike_payload *p, struct buf *b)
{
	struct ident id;

	ident_from_wire(&id, p->u.id.type, p->u.id.data.p, p->u.id.data.len);
	ident_print(b, &id, true);
	ident_free(&id);
}

const struct pld_ops pld_id_ops = {
	.read = id_read,
	.write = id_write,
	.print = id_print,
};

/* RFC 7296 3.6, 3.7: encoding, then data; X.509 is not looked into. */
static int
cert_read(struct ike_msg *m, struct rd *r, struct ike_payload *p,
    struct sp_error *err)
{
	(void)m;
	(void)err;
	p->u.cert.encoding = rd_u8(r);
	p->u.cert.data = pld_rest(r);
	return 0;
}

static int
cert_write(const struct ike_payload *p, struct buf *b,
    struct sp_error *err)
{
	(void)err;
	buf_u8(b, p->u.cert.encoding);
	put(b, &p->u.cert.data);
	return 0;
}

static void
cert_print(const struct ike_payload *p, struct buf *b)
{
	ike_name_print(b, ike_cert_names, "ENCODING", p->u.cert.encoding);
	buf_printf(b, ", %zu bytes", p->u.cert.data.len);
}

const struct pld_ops pld_cert_ops = {
	.read = cert_read,
	.write = cert_write,
	.print = cert_print,
};

/* RFC 7296 3.8: method, three reserved bytes, data. */
static int
auth_read(struct ike_msg *m, struct rd *r, struct ike_payload *p,
    struct sp_error *err)
{
	(void)m;
	(void)err;
	p->u.auth.method = rd_u8(r);
	rd_skip(r, 3);
	p->u.auth.data = pld_rest(r);
	return 0;
}

static int
auth_write(const struct ike_payload *p, struct buf *b,
    struct sp_error *err)
{
	(void)err;
	buf_u8(b, p->u.auth.method);
	buf_zero(b, 3);
	put(b, &p->u.auth.data);
	return 0;
}

/* The data stays out: with it a pre-shared key can be guessed offline. */
static void
auth_print(const struct ike_payload *p, struct buf *b)
{
	ike_name_print(b, ike_auth_names, "METHOD", p->u.auth.method);
	buf_printf(b, ", %zu bytes", p->u.auth.data.len);
}

const struct pld_ops pld_auth_ops = {
	.read = auth_read,
	.write = auth_write,
	.print = auth_print,
};

/* Payloads that are one string of bytes, and those of unknown type. */
static int
raw_read(struct ike_msg *m, struct rd *r, struct ike_payload *p,
    struct sp_error *err)
{
	(void)m;
	(void)err;
	p->u.raw = pld_rest(r);
	return 0;
}

static int
raw_write(const struct ike_payload *p, struct buf *b,
    struct sp_error *err)
{
	(void)err;
	put(b, &p->u.raw);
	return 0;
}

static void
raw_print(const struct ike_payload *p, struct buf *b)
{
	print_hex(b, &p->u.raw);
}

const struct pld_ops pld_raw_ops = {
	.read = raw_read,
	.write = raw_write,
	.print = raw_print,
};

/* Kept whole; its own Length field must agree (RFC 3748 4). */
static int
eap_read(struct ike_msg *m, struct rd *r, struct ike_payload *p,
    struct sp_error *err)
{
	(void)m;
	p->u.raw = pld_rest(r);
	if (get_u16(p->u.raw.p + 2) != p->u.raw.len)
		return sp_fail(err, SP_FORMAT, "the EAP message says it has "
		    "%u bytes, the payload holds %zu",
		    get_u16(p->u.raw.p + 2), p->u.raw.len);
	return 0;
}

static int
eap_write(const struct ike_payload *p, struct buf *b,
    struct sp_error *err)
{
	return raw_write(p, b, err);
}

/* Code and type only: the rest may be a password. */
static void
eap_print(const struct ike_payload *p, struct buf *b)
{
	const struct bytes *d = &p->u.raw;

	if (d->len < EAP_TYPE_OFFSET)
		return;
	ike_name_print(b, ike_eap_code_names, "CODE", d->p[0]);
	if (d->len > EAP_TYPE_OFFSET &&
	    (d->p[0] == EAP_REQUEST || d->p[0] == EAP_RESPONSE)) {
		buf_puts(b, " ");
		ike_name_print(b, ike_eap_type_names, "TYPE",
		    d->p[EAP_TYPE_OFFSET]);
	}
	buf_printf(b, ", %zu bytes", d->len);
}

const struct pld_ops pld_eap_ops = {
	.read = eap_read,
	.write = eap_write,
	.print = eap_print,
};

/* RFC 7296 3.10; protocol and SPI are meaningful for a few types only. */
static int
notify_read(struct ike_msg *m, struct rd *r, struct ike_payload *p,
    struct sp_error *err)
{
	uint8_t spi_len;

	(void)m;
	(void)err;
	p->u.notify.protocol = rd_u8(r);
	spi_len = rd_u8(r);
	p->u.notify.type = rd_u16(r);
	p->u.notify.spi.p = rd_bytes(r, spi_len);
	p->u.notify.spi.len = spi_len;
	p->u.notify.data = pld_rest(r);
	return 0;
}

static int
notify_write(const struct ike_payload *p, struct buf *b,
    struct sp_error *err)
{
	if (p->u.notify.spi.len > UINT8_MAX)
		return sp_fail(err, SP_RANGE, "a notify with an SPI of %zu "
		    "bytes cannot be sent", p->u.notify.spi.len);

	buf_u8(b, p->u.notify.protocol);
	buf_u8(b, (uint8_t)p->u.notify.spi.len);
	buf_u16(b, p->u.notify.type);
	put(b, &p->u.notify.spi);
	put(b, &p->u.notify.data);
	return 0;
}

/* Data in hex: its form depends on the type, and most are hashes. */
static void
notify_print(const struct ike_payload *p, struct buf *b)
{
	char name[48];

	buf_puts(b, ike_notify_name(p->u.notify.type, name));
	if (p->u.notify.spi.len > 0) {
		buf_printf(b, " %s SPI ",
		    ike_protocol_name(p->u.notify.protocol, name));
		str_hex(b, p->u.notify.spi.p, p->u.notify.spi.len);
	}
	if (p->u.notify.data.len > 0) {
		buf_puts(b, " ");
		print_hex(b, &p->u.notify.data);
	}
}

const struct pld_ops pld_notify_ops = {
	.read = notify_read,
	.write = notify_write,
	.print = notify_print,
};

/*
 * RFC 7296 3.11.  With SPIs of no bytes (IKE) the count says nothing; users
 * of it must not loop over it.
 */
static int
delete_read(struct ike_msg *m, struct rd *r, struct ike_payload *p,
    struct sp_error *err)
{
	(void)m;
	p->u.del.protocol = rd_u8(r);
	p->u.del.spi_len = rd_u8(r);
	p->u.del.nr = rd_u16(r);
	p->u.del.spis = pld_rest(r);
	if (p->u.del.spis.len != (size_t)p->u.del.nr * p->u.del.spi_len)
		return sp_fail(err, SP_FORMAT, "a Delete payload of %u SPIs "
		    "of %u bytes has %zu bytes of them (RFC 7296 3.11)",
		    p->u.del.nr, p->u.del.spi_len, p->u.del.spis.len);
	return 0;
}

static int
delete_write(const struct ike_payload *p, struct buf *b,
    struct sp_error *err)
{
	if (p->u.del.spis.len != (size_t)p->u.del.nr * p->u.del.spi_len)
		return sp_fail(err, SP_RANGE, "a Delete payload of %u SPIs "
		    "was given %zu bytes of them", p->u.del.nr,
		    p->u.del.spis.len);

	buf_u8(b, p->u.del.protocol);
	buf_u8(b, p->u.del.spi_len);
	buf_u16(b, p->u.del.nr);
	put(b, &p->u.del.spis);
	return 0;
}

/* The SPIs in a row, as `ip xfrm state` shows them. */
static void
delete_print(const struct ike_payload *p, struct buf *b)
{
	struct rd r;
	char name[32];

	buf_puts(b, ike_protocol_name(p->u.del.protocol, name));
	if (p->u.del.spi_len == 0)
		return;
	rd_init(&r, p->u.del.spis.p, p->u.del.spis.len);
	while (r.left > 0) {
		buf_puts(b, " ");
		str_hex(b, rd_bytes(&r, p->u.del.spi_len), p->u.del.spi_len);
	}
}

const struct pld_ops pld_delete_ops = {
	.read = delete_read,
	.write = delete_write,
	.print = delete_print,
};

/* Kept whole: how long IV and ICV are, the key knows. */
static int
sk_read(struct ike_msg *m, struct rd *r, struct ike_payload *p,
    struct sp_error *err)
{
	(void)m;
	(void)err;
	p->u.sk.data = pld_rest(r);
	return 0;
}

static int
sk_write(const struct ike_payload *p, struct buf *b, struct sp_error *err)
{
	(void)err;
	put(b, &p->u.sk.data);
	return 0;
}

static void
sk_print(const struct ike_payload *p, struct buf *b)
{
	buf_printf(b, "%zu bytes encrypted", p->u.sk.data.len);
}

const struct pld_ops pld_sk_ops = {
	.read = sk_read,
	.write = sk_write,
	.print = sk_print,
};

static int
skf_read(struct ike_msg *m, struct rd *r, struct ike_payload *p,
    struct sp_error *err)
{
	(void)m;
	p->u.sk.number = rd_u16(r);
	p->u.sk.total = rd_u16(r);
	p->u.sk.data = pld_rest(r);
	if (p->u.sk.number == 0 || p->u.sk.number > p->u.sk.total)
		return sp_fail(err, SP_FORMAT, "a message fragment says it is "
		    "number %u of %u (RFC 7383 2.6)", p->u.sk.number,
		    p->u.sk.total);
	return 0;
}

static int
skf_write(const struct ike_payload *p, struct buf *b,
    struct sp_error *err)
{
	(void)err;
	buf_u16(b, p->u.sk.number);
	buf_u16(b, p->u.sk.total);
	put(b, &p->u.sk.data);
	return 0;
}

static void
skf_print(const struct ike_payload *p, struct buf *b)
{
	buf_printf(b, "fragment %u of %u, %zu bytes encrypted",
	    p->u.sk.number, p->u.sk.total, p->u.sk.data.len);
}

const struct pld_ops pld_skf_ops = {
	.read = skf_read,
	.write = skf_write,
	.print = skf_print,
};
