/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SA payloads out of suites, and suites out of SA payloads (RFC 7296 2.7,
 * 3.3; combined modes RFC 5282 8).
 *
 * A row of ours and a proposal of the peer's are compared part by part:
 * encryption, integrity, PRF, key exchange, ESN.  If no pair agrees in all,
 * the pair that agrees in most tells the operator what to change.
 */
#include "ike/proposal.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "crypto/alg.h"
#include "ike/codec.h"
#include "ike/internal.h"

#define MAX_OFFERS IKE_MAX_PROPOSALS
#define SHOWN 6			/* of the peer's algorithms in a sentence */

/* The kinds of transforms in the order in which they are compared. */
static const struct part {
	enum alg_type type;
	const char *label;
	bool has_none;		/* id 0 means "none" */
} parts[] = {
	{ ALG_ENCR, "encryption", false },
	{ ALG_INTEG, "integrity", true },
	{ ALG_PRF, "PRF", false },
	{ ALG_KE, "DH group", true },
	{ ALG_ESN, "extended sequence numbers", false },
};

#define NR_PARTS (sizeof(parts) / sizeof(parts[0]))

/* How one of our rows is compared with one proposal. */
struct pair {
	const struct ike_proposal *prop;
	const struct suite *row;
	unsigned protocol;	/* that we expect */
	bool with_ke;		/* KE transforms count */
};

/* Our algorithm of a kind, NULL for none (never asked for ESN). */
static const struct alg *
wanted(const struct suite *s, enum alg_type type)
{
	switch (type) {
	case ALG_ENCR:
		return s->encr;
	case ALG_PRF:
		return s->prf;
	case ALG_INTEG:
		return s->integ;
	case ALG_KE:
		return s->ke;
	case ALG_ESN:
		break;
	}
	return NULL;
}

/* Building */

static void
put_transform(struct ike_proposal *p, enum alg_type type, uint16_t id)
{
	struct ike_transform *t = &p->transforms[p->nr_transforms++];

	t->type = (uint8_t)type;
	t->id = id;
}

/* The key length goes along where the cipher has several (3.3.5). */
static void
put_encr(struct ike_msg *m, struct ike_proposal *p, const struct suite *s)
{
	struct ike_transform *t = &p->transforms[p->nr_transforms];

	put_transform(p, ALG_ENCR, s->encr->id);
	if ((s->encr->flags & ALG_KEY_ATTR) == 0)
		return;
	t->attrs = ike_msg_alloc(m, 1, sizeof(*t->attrs));
	t->nr_attrs = 1;
	t->attrs->type = ATTR_KEY_LENGTH;
	t->attrs->tv = true;
	t->attrs->value = (uint16_t)suite_key_bits(s);
}

/* Fill a proposal with what the row says; ESN comes with ESP and AH only. */
static void
put_proposal(struct ike_msg *m, struct ike_proposal *p,
    const struct suite *s, bool with_ke)
{
	p->transforms = ike_msg_alloc(m, NR_PARTS + 1,
	    sizeof(*p->transforms));
	if (s->encr != NULL && p->protocol != PROTO_AH)
		put_encr(m, p, s);
	if (s->prf != NULL && p->protocol == PROTO_IKE)
		put_transform(p, ALG_PRF, s->prf->id);
	if (s->integ != NULL)
		put_transform(p, ALG_INTEG, s->integ->id);
	if (s->ke != NULL && with_ke)
		put_transform(p, ALG_KE, s->ke->id);
	if (p->protocol == PROTO_IKE)
		return;
	if (s->esn != ESN_NO)
		put_transform(p, ALG_ESN, 1);
	if (s->esn != ESN_YES)
		put_transform(p, ALG_ESN, 0);
}

/* Empty proposals numbered from 1, all with the same SPI. */
static struct ike_proposal *
add_sa(struct ike_msg *m, size_t nr, unsigned protocol, const void *spi,
    size_t spi_len)
{
	struct ike_payload *p = ike_msg_add(m, PLD_SA);
	struct ike_proposal *props = ike_msg_alloc(m, nr, sizeof(*props));
	struct bytes b = ike_msg_bytes(m, spi, spi_len);
	size_t i;

	p->u.sa.proposals = props;
	p->u.sa.nr = nr;
	for (i = 0; i < nr; i++) {
		props[i].number = (uint8_t)(i + 1);
		props[i].protocol = (uint8_t)protocol;
		props[i].spi = b;
	}
	return props;
}

/* One proposal a row: mixing AEAD and classic in one is not allowed. */
void
suite_offer(struct ike_msg *m, const struct suite *rows, size_t nr,
    unsigned protocol, const void *spi, size_t spi_len, bool with_ke)
{
	struct ike_proposal *props;
	size_t i;

	if (nr > MAX_OFFERS)
		nr = MAX_OFFERS;
	props = add_sa(m, nr, protocol, spi, spi_len);
	for (i = 0; i < nr; i++)
		put_proposal(m, &props[i], &rows[i], with_ke);
}

/* Under the peer's number, which is how it finds its proposal again. */
void
suite_answer(struct ike_msg *m, const struct suite_choice *c,
    unsigned protocol, const void *spi, size_t spi_len, bool with_ke)
{
	struct ike_proposal *p = add_sa(m, 1, protocol, spi, spi_len);

	p->number = c->number;
	put_proposal(m, p, &c->suite, with_ke);
}

/* Comparing */

/* The key length attribute if it is the only one, else 0. */
static unsigned
key_length_of(const struct ike_transform *t)
{
	return t->nr_attrs > 0 && t->attrs[0].type == ATTR_KEY_LENGTH &&
	    t->attrs[0].tv ? t->attrs[0].value : 0;
}

/*
 * May the transform be chosen as far as its attributes go: a key length
 * where and only where the algorithm has one, nothing else (RFC 7296 3.3.5,
 * 3.3.6).
 */
static bool
attrs_fit(const struct ike_transform *t, const struct alg *a, unsigned bits)
{
	if (a->type != ALG_ENCR || (a->flags & ALG_KEY_ATTR) == 0)
		return t->nr_attrs == 0;
	return t->nr_attrs == 1 && key_length_of(t) == bits && bits != 0;
}

/* Has the proposal a transform of the type at all, or one with this id. */
static bool
has_type(const struct ike_proposal *p, enum alg_type type)
{
	size_t i;

	for (i = 0; i < p->nr_transforms; i++) {
		if (p->transforms[i].type == type)
			return true;
	}
	return false;
}

/* For transforms without attributes: ESN, and "none". */
static bool
has_id(const struct ike_proposal *p, enum alg_type type, unsigned id)
{
	const struct ike_transform *t;
	size_t i;

	for (i = 0; i < p->nr_transforms; i++) {
		t = &p->transforms[i];
		if (t->type == type && t->id == id && t->nr_attrs == 0)
			return true;
	}
	return false;
}

/* Does the proposal list our algorithm in a form that can be chosen. */
static bool
has_alg(const struct ike_proposal *p, const struct alg *a, unsigned bits)
{
	const struct ike_transform *t;
	size_t i;

	for (i = 0; i < p->nr_transforms; i++) {
		t = &p->transforms[i];
		if (t->type == a->type && t->id == a->id &&
		    attrs_fit(t, a, bits))
			return true;
	}
	return false;
}

/* Peers that leave ESN out mean 32-bit numbers. */
static bool
esn_agrees(const struct pair *p)
{
	bool no = has_id(p->prop, ALG_ESN, 0) ||
	    !has_type(p->prop, ALG_ESN);

	if (p->protocol == PROTO_IKE)
		return !has_type(p->prop, ALG_ESN);
	if (p->row->esn != ESN_NO && has_id(p->prop, ALG_ESN, 1))
		return true;
	return p->row->esn != ESN_YES && no;
}

/* What we do not use must be absent from the proposal, or optional. */
static bool
part_agrees(const struct pair *p, const struct part *part)
{
	const struct alg *want = wanted(p->row, part->type);

	if (part->type == ALG_ESN)
		return esn_agrees(p);
	if (part->type == ALG_KE && !p->with_ke)
		return true;
	if (want != NULL)
		return has_alg(p->prop, want, suite_key_bits(p->row));
	return !has_type(p->prop, part->type) ||
	    (part->has_none && has_id(p->prop, part->type, 0));
}

/* A transform type that we do not know spoils its proposal (V2-008). */
static const struct ike_transform *
unknown_type(const struct ike_proposal *p)
{
	size_t i;

	for (i = 0; i < p->nr_transforms; i++) {
		if (p->transforms[i].type < ALG_ENCR ||
		    p->transforms[i].type > ALG_ESN)
			return &p->transforms[i];
	}
	return NULL;
}

/* Eight bytes in an IKE rekey, none in IKE_SA_INIT, four for a child. */
static bool
spi_fits(const struct pair *p)
{
	size_t len = p->prop->spi.len;

	if (p->protocol == PROTO_IKE)
		return len == 0 || len == 8;
	return len == 4;
}

/*
 * Number of parts that agree; 0 if the proposal is not for us at all.
 * NR_PARTS + 1 if it can be chosen.
 */
static size_t
score(const struct pair *p)
{
	size_t i, n = 1;

	if (p->prop->protocol != p->protocol || !spi_fits(p) ||
	    unknown_type(p->prop) != NULL)
		return 0;
	for (i = 0; i < NR_PARTS; i++) {
		if (part_agrees(p, &parts[i]))
			n++;
	}
	return n;
}

/* Saying what differs */

/* As the word of a proposal, with what its word does not show. */
static void
print_transform(struct buf *b, const struct ike_transform *t)
{
	const struct alg *a = NULL;
	unsigned bits = key_length_of(t);

	if (t->type >= ALG_ENCR && t->type <= ALG_ESN)
		a = alg_by_id((enum alg_type)t->type, t->id);
	if (a != NULL)
		alg_print(b, a, bits);
	else
		pld_transform_print(b, t->type, t->id);
	/* an attribute that its word does not show */
	if (bits != 0 && (a == NULL || (a->flags & ALG_KEY_ATTR) == 0))
		buf_printf(b, " with key length %u", bits);
	else if (t->nr_attrs > (bits != 0 ? 1 : 0))
		buf_puts(b, " with unknown attributes");
	else if (a != NULL && a->type == ALG_ENCR && bits == 0 &&
	    (a->flags & ALG_KEY_ATTR) != 0)
		buf_puts(b, " without key length");
}

/* All algorithms of a kind that a proposal lists, within reason. */
static void
print_theirs(struct buf *b, const struct ike_proposal *p,
    const struct part *part)
{
	size_t i, shown = 0;

	for (i = 0; i < p->nr_transforms; i++) {
		if (p->transforms[i].type != part->type)
			continue;
		if (shown == SHOWN) {
			buf_puts(b, ", ...");
			break;
		}
		buf_puts(b, shown++ > 0 ? ", " : " ");
		print_transform(b, &p->transforms[i]);
	}
}

static void
print_ours(struct buf *b, const struct suite *s, const struct part *part)
{
	const struct alg *want = wanted(s, part->type);

	if (part->type == ALG_ESN)
		buf_puts(b, s->esn == ESN_YES ? "esn" : "noesn");
	else if (want == NULL)
		buf_puts(b, "none");
	else
		alg_print(b, want, part->type == ALG_ENCR ?
		    s->key_bits : 0);
}

/* The one sentence that names both sides. */
static int
fail_part(const struct pair *p, const struct part *part,
    struct sp_error *err)
{
	struct buf theirs = {0}, ours = {0};
	bool any = has_type(p->prop, part->type);

	print_theirs(&theirs, p->prop, part);
	print_ours(&ours, p->row, part);
	buf_puts(&theirs, "");
	sp_fail(err, SP_PEER, "the peer offers %s%s%s, we ask %s",
	    any ? "" : "no ", part->label, theirs.data, ours.data);
	buf_free(&theirs);
	buf_free(&ours);
	return SP_PEER;
}

/* Why a proposal is not for us at all. */
static int
fail_whole(const struct pair *p, struct sp_error *err)
{
	const struct ike_transform *t = unknown_type(p->prop);
	char theirs[32], ours[32];

	if (p->prop->protocol != p->protocol)
		return sp_fail(err, SP_PEER, "the peer offers %s, we ask %s",
		    ike_protocol_name(p->prop->protocol, theirs),
		    ike_protocol_name(p->protocol, ours));
	if (t != NULL && ike_name_of(ike_transform_type_names, t->type))
		return sp_fail(err, SP_PEER, "the peer demands a transform of "
		    "type %s, which we do not offer",
		    ike_name_of(ike_transform_type_names, t->type));
	if (t != NULL)
		return sp_fail(err, SP_PEER, "the peer demands a transform of "
		    "type %u, which is unknown here", t->type);
	return sp_fail(err, SP_PEER, "the peer offers %s with an SPI of %zu "
	    "bytes", ike_protocol_name(p->prop->protocol, theirs),
	    p->prop->spi.len);
}

/* The first part in the order of the table, as a person reads a row. */
static int
fail_pair(const struct pair *p, struct sp_error *err)
{
	size_t i;

	if (score(p) == 0)
		return fail_whole(p, err);
	for (i = 0; i < NR_PARTS; i++) {
		if (!part_agrees(p, &parts[i]))
			return fail_part(p, &parts[i], err);
	}
	return SP_PEER;
}

/* Choosing */

/* Note what was chosen; ESN_EITHER becomes what the peer has, on first. */
static void
take(const struct pair *p, size_t row, struct suite_choice *out)
{
	struct suite_choice c = { .suite = *p->row, .row = row };

	c.number = p->prop->number;
	c.spi_len = p->prop->spi.len;
	if (c.spi_len > 0)
		memcpy(c.spi, p->prop->spi.p, c.spi_len);
	c.suite.esn = ESN_NO;
	if (p->row->esn != ESN_NO && has_id(p->prop, ALG_ESN, 1))
		c.suite.esn = ESN_YES;
	if (!p->with_ke)
		c.suite.ke = NULL;
	*out = c;
}

/* Our order decides, not the peer's (settings.md section 4). */
int
suite_choose(const struct ike_payload *sa, const struct suite *rows,
    size_t nr, unsigned protocol, bool ignore_ke, struct suite_choice *out,
    struct sp_error *err)
{
	struct pair p = { .protocol = protocol, .with_ke = !ignore_ke };
	struct pair best = p;
	size_t i, j, s, best_score = 0;

	for (i = 0; i < nr; i++) {
		for (j = 0; j < sa->u.sa.nr; j++) {
			p.row = &rows[i];
			p.prop = &sa->u.sa.proposals[j];
			s = score(&p);
			if (s == NR_PARTS + 1) {
				take(&p, i, out);
				return 0;
			}
			if (best.row == NULL || s > best_score) {
				best = p;
				best_score = s;
			}
		}
	}
	if (best.row == NULL)
		return sp_fail(err, SP_PEER, "there is no proposal to choose "
		    "from");
	return fail_pair(&best, err);
}

/* The answer names one transform of each type (RFC 7296 2.7). */
static int
check_single(const struct ike_proposal *p, struct sp_error *err)
{
	size_t i, j;

	for (i = 0; i < p->nr_transforms; i++) {
		for (j = 0; j < i; j++) {
			if (p->transforms[i].type == p->transforms[j].type)
				return sp_fail(err, SP_PEER, "the peer "
				    "answers with more than one algorithm of "
				    "a kind");
		}
	}
	return 0;
}

/* With KE left out of the offer the answer must not bring one. */
static bool
ke_is_uncalled(const struct pair *p)
{
	return !p->with_ke && has_type(p->prop, ALG_KE) &&
	    !has_id(p->prop, ALG_KE, 0);
}

int
suite_check_answer(const struct ike_payload *sa, const struct suite *rows,
    size_t nr, unsigned protocol, bool with_ke, struct suite_choice *out,
    struct sp_error *err)
{
	struct pair p = { .protocol = protocol, .with_ke = with_ke };
	int ret;

	if (sa->u.sa.nr != 1)
		return sp_fail(err, SP_PEER, "the peer answers with %zu "
		    "proposals, it must choose one", sa->u.sa.nr);
	p.prop = &sa->u.sa.proposals[0];
	ret = check_single(p.prop, err);
	if (ret < 0)
		return ret;
	if (ke_is_uncalled(&p))
		return sp_fail(err, SP_PEER, "the peer answers with a DH group "
		    "where none was offered");

	/* the row that the answer names; some peers number anew */
	if (p.prop->number >= 1 && p.prop->number <= nr) {
		p.row = &rows[p.prop->number - 1];
		if (score(&p) == NR_PARTS + 1) {
			take(&p, p.prop->number - 1u, out);
			return 0;
		}
	}
	return suite_choose(sa, rows, nr, protocol, !with_ke, out, err);
}

/* For status and explain: the words only, no protocol and SPI. */
void
suite_print_offer(struct buf *b, const struct ike_payload *sa)
{
	const struct ike_proposal *p;
	size_t i, j;

	for (i = 0; i < sa->u.sa.nr; i++) {
		p = &sa->u.sa.proposals[i];
		if (i > 0)
			buf_puts(b, ", ");
		for (j = 0; j < p->nr_transforms; j++) {
			if (j > 0)
				buf_puts(b, "-");
			print_transform(b, &p->transforms[j]);
		}
	}
}
