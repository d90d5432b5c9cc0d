/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Proposals of IKEv1 (RFC 2407 4.4 - 4.5, RFC 2409 appendix A).  A peer's
 * transform is read into one struct of all attributes; one that is unknown
 * makes the transform unfit (RFC 2407 4.5), and the order does not matter.
 */
#include "ike/v1/offer.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/alg.h"

#define DOI_IPSEC 1
#define SIT_IDENTITY_ONLY 1
#define KEY_IKE 1		/* transform of phase 1 */
#define LIFE_SECONDS 1
#define LIFE_KILOBYTES 2
#define LIFE_FOREVER 0xffffffffu	/* settings.md 12.8 */

enum phase1_attr {		/* RFC 2409 appendix A */
	A1_ENCR = 1, A1_HASH = 2, A1_AUTH = 3, A1_GROUP = 4,
	A1_LIFE_TYPE = 11, A1_LIFE = 12, A1_PRF = 13, A1_KEY_LENGTH = 14,
};

enum phase2_attr {		/* RFC 2407 4.5, RFC 4304 */
	A2_LIFE_TYPE = 1, A2_LIFE = 2, A2_GROUP = 3, A2_ENCAP = 4,
	A2_AUTH = 5, A2_KEY_LENGTH = 6, A2_ESN = 11,
};

/* One transform, read. */
struct terms {
	uint64_t encr, hash, auth, group, encap, key_bits, esn;
	uint64_t seconds, kilobytes;	/* 0 = not said */
	uint64_t life_type;
	bool bad;
};

bool
v1_suite_fits(const struct suite *s)
{
	return s->encr != NULL && s->encr->mode == ALG_MODE_CBC &&
	    s->encr->v1_ike != 0 && s->prf != NULL && s->prf->v1_ike != 0 &&
	    s->prf->mode == ALG_MODE_HMAC && s->ke != NULL &&
	    s->ke->v1_ike != 0;
}

/* Do the key bits go on the wire? */
static bool
has_key_attr(const struct suite *s)
{
	return s->encr != NULL && (s->encr->flags & ALG_KEY_ATTR) != 0;
}

static void
life(struct terms *t, uint64_t value)
{
	if (t->life_type == LIFE_SECONDS)
		t->seconds = value;
	else if (t->life_type == LIFE_KILOBYTES)
		t->kilobytes = value;
	else
		t->bad = true;
}

static void
read_phase1(struct terms *t, const struct v1_attr *a)
{
	switch (a->type) {
	case A1_ENCR:
		t->encr = a->value;
		break;
	case A1_HASH:
		t->hash = a->value;
		break;
	case A1_AUTH:
		t->auth = a->value;
		break;
	case A1_GROUP:
		t->group = a->value;
		break;
	case A1_LIFE_TYPE:
		t->life_type = a->value;
		break;
	case A1_LIFE:
		life(t, a->value);
		break;
	case A1_KEY_LENGTH:
		t->key_bits = a->value;
		break;
	default:
		t->bad = true;
		break;
	}
}

static void
read_phase2(struct terms *t, const struct v1_attr *a)
{
	switch (a->type) {
	case A2_LIFE_TYPE:
		t->life_type = a->value;
		break;
	case A2_LIFE:
		life(t, a->value);
		break;
	case A2_GROUP:
		t->group = a->value;
		break;
	case A2_ENCAP:
		t->encap = a->value;
		break;
	case A2_AUTH:
		t->auth = a->value;
		break;
	case A2_KEY_LENGTH:
		t->key_bits = a->value;
		break;
	case A2_ESN:
		t->esn = a->value;
		break;
	default:
		t->bad = true;
		break;
	}
}

static void
read_terms(const struct v1_transform *t, bool phase1, struct terms *out)
{
	struct v1_attr a;
	struct rd r;

	memset(out, 0, sizeof(*out));
	rd_init(&r, t->attrs.p, t->attrs.len);
	while (v1_attr_next(&r, &a)) {
		if (phase1)
			read_phase1(out, &a);
		else
			read_phase2(out, &a);
	}
	out->bad |= r.bad;
}

static int64_t
life_ms(const struct terms *t)
{
	if (t->seconds == 0)
		return 0;
	return t->seconds >= LIFE_FOREVER ? TIME_NEVER :
	    (int64_t)t->seconds * 1000;
}

/* ---- writing ---- */

static void
begin_sa(struct buf *b)
{
	buf_u32(b, DOI_IPSEC);
	buf_u32(b, SIT_IDENTITY_ONLY);
}

/* Headers of a proposal; returns where it begins, for end(). */
static size_t
begin_proposal(struct buf *b, uint8_t number, uint8_t protocol,
    uint32_t spi, size_t spi_len, uint8_t transforms)
{
	size_t at = b->len;

	buf_u32(b, 0);
	buf_u8(b, number);
	buf_u8(b, protocol);
	buf_u8(b, (uint8_t)spi_len);
	buf_u8(b, transforms);
	if (spi_len == 4)
		buf_u32(b, spi);
	return at;
}

static size_t
begin_transform(struct buf *b, bool more, uint8_t number, uint8_t id)
{
	size_t at = b->len;

	buf_u8(b, more ? P1_TRANSFORM : P1_NONE);
	buf_u8(b, 0);
	buf_u16(b, 0);
	buf_u8(b, number);
	buf_u8(b, id);
	buf_u16(b, 0);
	return at;
}

static void
end(struct buf *b, size_t at)
{
	buf_set_u16(b, at + 2, (uint16_t)(b->len - at));
}

/* Seconds of a life; forever has to be said (settings.md 12.8). */
static void
add_life(struct buf *b, uint16_t type, uint16_t value, int64_t ms)
{
	uint64_t s = ms == TIME_NEVER ? LIFE_FOREVER : (uint64_t)ms / 1000;

	if (s > LIFE_FOREVER)
		s = LIFE_FOREVER;
	v1_attr_basic(b, type, LIFE_SECONDS);
	v1_attr_long(b, value, (uint32_t)s);
}

static void
add_kilobytes(struct buf *b, uint64_t bytes)
{
	uint64_t kb = bytes / 1024;

	if (bytes == 0)
		return;
	v1_attr_basic(b, A2_LIFE_TYPE, LIFE_KILOBYTES);
	v1_attr_long(b, A2_LIFE,
	    kb == 0 ? 1 : (uint32_t)(kb > LIFE_FOREVER ? LIFE_FOREVER : kb));
}

static void
phase1_transform(struct buf *b, const struct suite *s, uint8_t number,
    bool more, int64_t lifetime_ms)
{
	size_t at = begin_transform(b, more, number, KEY_IKE);

	v1_attr_basic(b, A1_ENCR, s->encr->v1_ike);
	if (has_key_attr(s))
		v1_attr_basic(b, A1_KEY_LENGTH, (uint16_t)suite_key_bits(s));
	v1_attr_basic(b, A1_HASH, s->prf->v1_ike);
	v1_attr_basic(b, A1_GROUP, s->ke->v1_ike);
	v1_attr_basic(b, A1_AUTH, V1_AUTH_PSK);
	add_life(b, A1_LIFE_TYPE, A1_LIFE, lifetime_ms);
	end(b, at);
}

static bool
is_offered(const struct suite *s, const struct alg *only)
{
	return v1_suite_fits(s) && (only == NULL || s->ke == only);
}

bool
v1_offer_phase1(struct buf *b, const struct ike_conf *c,
    const struct alg *only)
{
	size_t i, at, nr = 0, done = 0;

	for (i = 0; i < c->nr_suites; i++)
		nr += is_offered(&c->suites[i], only);
	if (nr == 0 || nr > UINT8_MAX)
		return false;
	begin_sa(b);
	at = begin_proposal(b, 1, PROTO_IKE, 0, 0, (uint8_t)nr);
	for (i = 0; i < c->nr_suites; i++) {
		if (!is_offered(&c->suites[i], only))
			continue;
		done++;
		phase1_transform(b, &c->suites[i], (uint8_t)done, done < nr,
		    c->lifetime_ms);
	}
	end(b, at);
	return true;
}

/* The transform of ESP is the cipher, of AH the hash (RFC 2407 4.4.3). */
static uint8_t
transform_id(const struct suite *s, uint8_t protocol)
{
	return (uint8_t)(protocol == PROTO_AH ? s->integ->v1_ah :
	    s->encr->v1_esp);
}

static bool
is_phase2(const struct suite *s, const struct v1_terms *terms)
{
	if (s->ke != terms->group)
		return false;
	if (terms->protocol == PROTO_AH)
		return s->integ != NULL && s->integ->v1_ah != 0;
	return s->encr != NULL && s->encr->v1_esp != 0 &&
	    (s->integ == NULL || s->integ->v1_esp != 0);
}

static void
phase2_transform(struct buf *b, const struct suite *s,
    const struct v1_terms *terms, uint8_t number, bool more)
{
	size_t at;

	at = begin_transform(b, more, number,
	    transform_id(s, terms->protocol));
	if (has_key_attr(s))
		v1_attr_basic(b, A2_KEY_LENGTH, (uint16_t)suite_key_bits(s));
	if (s->integ != NULL)
		v1_attr_basic(b, A2_AUTH, s->integ->v1_esp);
	v1_attr_basic(b, A2_ENCAP, terms->encap);
	if (s->ke != NULL)
		v1_attr_basic(b, A2_GROUP, s->ke->v1_ike);
	if (s->esn == ESN_YES)
		v1_attr_basic(b, A2_ESN, 1);
	add_life(b, A2_LIFE_TYPE, A2_LIFE, terms->life_ms);
	add_kilobytes(b, terms->life_bytes);
	end(b, at);
}

void
v1_offer_phase2(struct buf *b, const struct suite *rows, size_t nr,
    const struct v1_terms *terms, uint32_t spi)
{
	size_t i, at, count = 0, done = 0;

	for (i = 0; i < nr; i++)
		count += is_phase2(&rows[i], terms);
	begin_sa(b);
	at = begin_proposal(b, 1, terms->protocol, spi, 4, (uint8_t)count);
	for (i = 0; i < nr; i++) {
		if (!is_phase2(&rows[i], terms))
			continue;
		done++;
		phase2_transform(b, &rows[i], terms, (uint8_t)done,
		    done < count);
	}
	end(b, at);
}

void
v1_answer(struct buf *b, const struct v1_choice *c, uint32_t spi,
    size_t spi_len)
{
	size_t at, inner;

	begin_sa(b);
	at = begin_proposal(b, c->t.proposal, c->t.protocol, spi, spi_len, 1);
	inner = begin_transform(b, false, c->t.number, c->t.id);
	buf_bytes(b, c->t.attrs.p, c->t.attrs.len);
	end(b, inner);
	end(b, at);
}

/* ---- choosing ---- */

/* The key length as it must have been said. */
static bool
key_fits(const struct suite *s, uint64_t bits)
{
	if (has_key_attr(s))
		return bits == suite_key_bits(s);
	return bits == 0 || bits == suite_key_bits(s);
}

static bool
phase1_fits(const struct suite *s, const struct terms *t)
{
	return t->encr == s->encr->v1_ike && t->hash == s->prf->v1_ike &&
	    t->group == s->ke->v1_ike && t->auth == V1_AUTH_PSK &&
	    key_fits(s, t->key_bits);
}

int
v1_choose_phase1(const struct bytes *sa, const struct ike_conf *c,
    struct v1_choice *out, struct sp_error *err)
{
	struct v1_transform ts[V1_MAX_TRANSFORMS];
	struct terms t;
	size_t i;
	int k, nr;

	nr = v1_sa_read(sa, ts, V1_MAX_TRANSFORMS, err);
	if (nr < 0)
		return nr;
	for (i = 0; i < c->nr_suites; i++) {
		for (k = 0; k < nr && v1_suite_fits(&c->suites[i]); k++) {
			read_terms(&ts[k], true, &t);
			if (t.bad || ts[k].protocol != PROTO_IKE ||
			    ts[k].id != KEY_IKE ||
			    !phase1_fits(&c->suites[i], &t))
				continue;
			*out = (struct v1_choice){ .suite = c->suites[i],
			    .t = ts[k], .life_ms = life_ms(&t) };
			return 0;
		}
	}
	return sp_fail(err, SP_PEER, "none of the peer's proposals for "
	    "phase 1 is one of ours");
}

/* How near a transform of the peer comes to one of our rows. */
enum fit { FIT_NO, FIT_BUT_MODE, FIT_BUT_GROUP, FIT_WHOLE };

static bool
mode_fits(const struct v1_terms *terms, uint64_t encap)
{
	bool transport = terms->encap == ENCAP1_TRANSPORT ||
	    terms->encap == ENCAP1_UDP_TRANSPORT ||
	    terms->encap == ENCAP1_DRAFT_TRANSPORT;

	/* left out, it is up to the host (RFC 2407 4.5): ours is tunnel */
	return encap == terms->encap || (encap == 0 && !transport);
}

static enum fit
phase2_fit(const struct suite *s, const struct v1_terms *terms,
    const struct v1_transform *tr)
{
	uint64_t group = s->ke == NULL ? 0 : s->ke->v1_ike;
	uint64_t auth = s->integ == NULL ? 0 : s->integ->v1_esp;
	struct terms t;

	read_terms(tr, false, &t);
	if (t.bad || tr->protocol != terms->protocol || tr->spi.len != 4 ||
	    tr->id != transform_id(s, terms->protocol) || t.auth != auth ||
	    !key_fits(s, t.key_bits) ||
	    (s->esn == ESN_NO && t.esn != 0) ||
	    (s->esn == ESN_YES && t.esn != 1))
		return FIT_NO;
	if (!mode_fits(terms, t.encap))
		return FIT_BUT_MODE;
	return t.group == group ? FIT_WHOLE : FIT_BUT_GROUP;
}

/* Protocols bundled under one number (with IPComp) are another thing. */
static bool
is_bundled(const struct v1_transform *ts, int nr, int k)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (ts[i].proposal == ts[k].proposal &&
		    ts[i].protocol != ts[k].protocol)
			return true;
	}
	return false;
}

static int
refuse_phase2(enum fit best, struct sp_error *err)
{
	if (best == FIT_BUT_GROUP)
		return sp_fail(err, SP_RANGE, "the peer's proposals differ "
		    "from ours in the PFS group");
	if (best == FIT_BUT_MODE)
		return sp_fail(err, SP_STATE, "the peer's proposals differ "
		    "from ours in the encapsulation mode");
	return sp_fail(err, SP_PEER, "none of the peer's proposals for "
	    "phase 2 is one of ours");
}

static void
take_phase2(struct v1_choice *out, const struct suite *s,
    const struct v1_transform *tr)
{
	struct terms t;

	read_terms(tr, false, &t);
	*out = (struct v1_choice){ .suite = *s, .t = *tr,
	    .spi = get_u32(tr->spi.p), .life_ms = life_ms(&t) };
	out->suite.esn = t.esn == 1 ? ESN_YES : ESN_NO;
}

int
v1_choose_phase2(const struct bytes *sa, const struct suite *rows,
    size_t nr, const struct v1_terms *terms, struct v1_choice *out,
    struct sp_error *err)
{
	struct v1_transform ts[V1_MAX_TRANSFORMS];
	struct v1_terms any = *terms;
	enum fit fit, best = FIT_NO;
	int k, count;
	size_t i;

	count = v1_sa_read(sa, ts, V1_MAX_TRANSFORMS, err);
	if (count < 0)
		return count;
	for (i = 0; i < nr; i++) {
		any.group = rows[i].ke;
		for (k = 0; k < count && is_phase2(&rows[i], &any); k++) {
			fit = is_bundled(ts, count, k) ? FIT_NO :
			    phase2_fit(&rows[i], terms, &ts[k]);
			if (fit == FIT_WHOLE) {
				take_phase2(out, &rows[i], &ts[k]);
				return 0;
			}
			best = fit > best ? fit : best;
		}
	}
	return refuse_phase2(best, err);
}

/* ---- for people ---- */

static const struct alg *
by_number(enum alg_type type, size_t field, uint64_t number)
{
	const struct alg *a;
	uint16_t v;
	size_t i;

	for (i = 0; number != 0 && (a = alg_at(i)) != NULL; i++) {
		memcpy(&v, (const uint8_t *)a + field, sizeof(v));
		if (a->type == type && v == number)
			return a;
	}
	return NULL;
}

#define FIELD(member) offsetof(struct alg, member)

void
v1_print_offer(struct buf *b, const struct bytes *sa, bool phase1)
{
	struct v1_transform ts[V1_MAX_TRANSFORMS];
	struct terms t;
	struct suite s;
	int k, nr = v1_sa_read(sa, ts, V1_MAX_TRANSFORMS, NULL);

	for (k = 0; k < nr && k < 8; k++) {
		read_terms(&ts[k], phase1, &t);
		s = (struct suite){ .key_bits = (unsigned)t.key_bits };
		s.encr = phase1 ? by_number(ALG_ENCR, FIELD(v1_ike), t.encr) :
		    by_number(ALG_ENCR, FIELD(v1_esp), ts[k].id);
		s.integ = phase1 ?
		    by_number(ALG_INTEG, FIELD(v1_ike), t.hash) :
		    by_number(ALG_INTEG, FIELD(v1_esp), t.auth);
		s.ke = by_number(ALG_KE, FIELD(v1_ike), t.group);
		if (b->len > 0)
			buf_puts(b, ", ");
		suite_print(b, &s);
		if (phase1 && t.auth != V1_AUTH_PSK)
			buf_printf(b, " (authentication method %u)",
			    (unsigned)t.auth);
	}
}
