/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SA payload: proposals, transforms, attributes (RFC 7296 3.3).  The
 * counts and "more" marks of the wire are checked against each other and
 * made anew when writing; the choice among proposals is in proposal.c.
 */
#include "ike/internal.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "crypto/alg.h"

#define LAST 0			/* first byte of the last substructure */
#define MORE_PROPOSALS 2
#define MORE_TRANSFORMS 3
#define ATTR_TV 0x8000		/* the AF bit: two-byte value in place */
#define PROPOSAL_LEN 8		/* fixed part, bytes */
#define TRANSFORM_LEN 8

/*
 * Count substructures of the form "more, 0, length16, ..." which fill r to
 * its end; 0 if they do not, or if the "more" marks contradict.
 */
static size_t
count_subs(struct rd r, uint8_t more)
{
	size_t nr = 0;
	uint8_t mark = more;
	uint16_t len;

	while (r.left > 0 && mark == more) {
		mark = rd_u8(&r);
		rd_skip(&r, 1);
		len = rd_u16(&r);
		if (len < 4)
			return 0;
		rd_skip(&r, len - 4);
		nr++;
	}
	return r.bad || r.left > 0 || mark != LAST ? 0 : nr;
}

/* Counts ahead so that one array is enough; reading finds what is wrong. */
static size_t
count_attrs(struct rd r)
{
	size_t nr = 0;

	while (r.left > 0 && !r.bad) {
		if (rd_u16(&r) & ATTR_TV)
			rd_skip(&r, 2);
		else
			rd_skip(&r, rd_u16(&r));
		nr++;
	}
	return nr;
}

/* Attributes of any type are kept: whether they are known is judged later. */
static int
read_attrs(struct ike_msg *m, struct rd *r, struct ike_transform *t,
    struct sp_error *err)
{
	struct ike_attr *a;
	uint16_t len;
	size_t i;

	t->nr_attrs = count_attrs(*r);
	if (t->nr_attrs > IKE_MAX_ATTRS)
		return sp_fail(err, SP_FORMAT, "a transform holds %zu "
		    "attributes, %d are allowed", t->nr_attrs, IKE_MAX_ATTRS);
	if (t->nr_attrs == 0)
		return 0;
	t->attrs = ike_msg_alloc(m, t->nr_attrs, sizeof(*t->attrs));
	for (i = 0; i < t->nr_attrs; i++) {
		a = &t->attrs[i];
		a->type = rd_u16(r);
		a->tv = a->type & ATTR_TV;
		a->type &= (uint16_t)~ATTR_TV;
		if (a->tv) {
			a->value = rd_u16(r);
			continue;
		}
		len = rd_u16(r);
		a->data.p = rd_bytes(r, len);
		a->data.len = r->bad ? 0 : len;
	}
	return 0;
}

/* Reserved bytes are skipped, whatever they hold (RFC 7296 2.5). */
static int
read_transform(struct ike_msg *m, struct rd *r, struct ike_transform *t,
    struct sp_error *err)
{
	struct rd body;
	uint16_t len;
	int ret;

	rd_skip(r, 2);
	len = rd_u16(r);
	if (len < TRANSFORM_LEN)
		return sp_fail(err, SP_FORMAT, "a transform of %u bytes is "
		    "too short (RFC 7296 3.3.2)", len);
	body = rd_sub(r, len - 4u);
	t->type = rd_u8(&body);
	rd_skip(&body, 1);
	t->id = rd_u16(&body);
	ret = read_attrs(m, &body, t, err);
	if (ret == 0 && body.bad)
		return sp_fail(err, SP_FORMAT, "an attribute of a transform "
		    "is cut short (RFC 7296 3.3.5)");
	return ret;
}

/*
 * The number of transforms is given twice, as a count and by the "more"
 * marks; a proposal where they differ is refused rather than guessed at.
 */
static int
read_proposal(struct ike_msg *m, struct rd *r, struct ike_proposal *p,
    struct sp_error *err)
{
	uint8_t spi_len, nr;
	uint16_t len;
	struct rd body;
	size_t i;
	int ret = 0;

	rd_skip(r, 2);
	len = rd_u16(r);
	if (len < PROPOSAL_LEN)
		return sp_fail(err, SP_FORMAT, "a proposal of %u bytes is too "
		    "short (RFC 7296 3.3.1)", len);
	body = rd_sub(r, len - 4u);
	p->number = rd_u8(&body);
	p->protocol = rd_u8(&body);
	spi_len = rd_u8(&body);
	nr = rd_u8(&body);
	p->spi.p = rd_bytes(&body, spi_len);
	p->spi.len = spi_len;
	p->nr_transforms = body.bad ? 0 : count_subs(body, MORE_TRANSFORMS);
	if (p->nr_transforms == 0 || p->nr_transforms != nr)
		return sp_fail(err, SP_FORMAT, "the transforms of proposal %u "
		    "do not fit its length and number (RFC 7296 3.3.1)",
		    p->number);

	p->transforms = ike_msg_alloc(m, nr, sizeof(*p->transforms));
	for (i = 0; i < nr && ret == 0; i++)
		ret = read_transform(m, &body, &p->transforms[i], err);
	return ret;
}

/* Numbers of proposals are not judged: in an answer any may stand. */
static int
sa_read(struct ike_msg *m, struct rd *r, struct ike_payload *p,
    struct sp_error *err)
{
	size_t i;
	int ret = 0;

	p->u.sa.nr = count_subs(*r, MORE_PROPOSALS);
	if (p->u.sa.nr == 0)
		return sp_fail(err, SP_FORMAT, "the proposals do not fit the "
		    "length of the SA payload (RFC 7296 3.3)");
	if (p->u.sa.nr > IKE_MAX_PROPOSALS)
		return sp_fail(err, SP_FORMAT, "the SA payload holds %zu "
		    "proposals, %d are allowed", p->u.sa.nr,
		    IKE_MAX_PROPOSALS);

	p->u.sa.proposals = ike_msg_alloc(m, p->u.sa.nr,
	    sizeof(*p->u.sa.proposals));
	for (i = 0; i < p->u.sa.nr && ret == 0; i++)
		ret = read_proposal(m, r, &p->u.sa.proposals[i], err);
	return ret;
}

/* Either the two-byte form or the one with length (RFC 7296 3.3.5). */
static void
write_attr(const struct ike_attr *a, struct buf *b)
{
	if (a->tv) {
		buf_u16(b, a->type | ATTR_TV);
		buf_u16(b, a->value);
		return;
	}
	buf_u16(b, a->type);
	buf_u16(b, (uint16_t)a->data.len);
	buf_bytes(b, a->data.p, a->data.len);
}

/* Lengths are filled in behind; their fields cannot overflow with 64 KiB. */
static void
write_transform(const struct ike_transform *t, bool last, struct buf *b)
{
	size_t start = b->len, i;

	buf_u8(b, last ? LAST : MORE_TRANSFORMS);
	buf_u8(b, 0);
	buf_u16(b, 0);
	buf_u8(b, t->type);
	buf_u8(b, 0);
	buf_u16(b, t->id);
	for (i = 0; i < t->nr_attrs; i++)
		write_attr(&t->attrs[i], b);
	buf_set_u16(b, start + 2, (uint16_t)(b->len - start));
}

static int
write_proposal(const struct ike_proposal *p, bool last, struct buf *b,
    struct sp_error *err)
{
	size_t start = b->len, i;

	if (p->nr_transforms > IKE_MAX_TRANSFORMS || p->spi.len > UINT8_MAX)
		return sp_fail(err, SP_RANGE, "a proposal of %zu transforms "
		    "cannot be sent", p->nr_transforms);

	buf_u8(b, last ? LAST : MORE_PROPOSALS);
	buf_u8(b, 0);
	buf_u16(b, 0);
	buf_u8(b, p->number);
	buf_u8(b, p->protocol);
	buf_u8(b, (uint8_t)p->spi.len);
	buf_u8(b, (uint8_t)p->nr_transforms);
	buf_bytes(b, p->spi.p, p->spi.len);
	for (i = 0; i < p->nr_transforms; i++)
		write_transform(&p->transforms[i],
		    i + 1 == p->nr_transforms, b);
	buf_set_u16(b, start + 2, (uint16_t)(b->len - start));
	return 0;
}

static int
sa_write(const struct ike_payload *p, struct buf *b, struct sp_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < p->u.sa.nr && ret == 0; i++)
		ret = write_proposal(&p->u.sa.proposals[i],
		    i + 1 == p->u.sa.nr, b, err);
	return ret;
}

/* The registry knows more than we can compute, so most ids have names. */
void
pld_transform_print(struct buf *b, unsigned type, unsigned id)
{
	const struct alg *alg = NULL;

	if (type >= ALG_ENCR && type <= ALG_ESN)
		alg = alg_by_id((enum alg_type)type, id);
	if (alg != NULL) {
		buf_puts(b, alg->name);
		return;
	}
	if (id == 0 && (type == ALG_INTEG || type >= ALG_KE)) {
		ike_name_print(b, ike_transform_type_names, "TYPE", type);
		buf_puts(b, "_NONE");
		return;
	}
	ike_name_print(b, ike_transform_type_names, "TYPE", type);
	buf_printf(b, "_%u", id);
}

/* The key length in brackets, as people write it; others by number. */
static void
print_attr(const struct ike_attr *a, struct buf *b)
{
	if (a->tv && a->type == ATTR_KEY_LENGTH)
		buf_printf(b, "(%u)", a->value);
	else if (a->tv)
		buf_printf(b, "(attribute %u = %u)", a->type, a->value);
	else
		buf_printf(b, "(attribute %u, %zu bytes)", a->type,
		    a->data.len);
}

/* One line for all proposals, divided by semicolons. */
static void
sa_print(const struct ike_payload *p, struct buf *b)
{
	const struct ike_proposal *prop;
	const struct ike_transform *t;
	char name[32];
	size_t i, j, k;

	for (i = 0; i < p->u.sa.nr; i++) {
		prop = &p->u.sa.proposals[i];
		buf_printf(b, "%sproposal %u %s", i > 0 ? "; " : "",
		    prop->number, ike_protocol_name(prop->protocol, name));
		if (prop->spi.len > 0) {
			buf_puts(b, " SPI ");
			str_hex(b, prop->spi.p, prop->spi.len);
		}
		for (j = 0; j < prop->nr_transforms; j++) {
			t = &prop->transforms[j];
			buf_puts(b, " ");
			pld_transform_print(b, t->type, t->id);
			for (k = 0; k < t->nr_attrs; k++)
				print_attr(&t->attrs[k], b);
		}
	}
}

const struct pld_ops pld_sa_ops = {
	.read = sa_read,
	.write = sa_write,
	.print = sa_print,
};
