/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Suites in text: the words of strongSwan's proposals, one algorithm of each
 * kind (settings.md section 4).  An IKE suite without a PRF word takes the
 * PRF of its hash; with AEAD a hash word only names the PRF (RFC 5282 8).
 */
#include "ike/proposal.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "crypto/alg.h"

#define TEXT_MAX 160

/* What has been read of a proposal so far. */
struct parse {
	struct suite s;
	bool ike;
	bool esn, noesn;	/* the words were there */
};

/* The PRF that goes with a hash: RFC names share the word of settings. */
static const struct alg *
prf_of(const struct alg *integ)
{
	const char *word = integ ? integ->setting : NULL;
	size_t len;
	char base[16];

	if (word == NULL)
		return NULL;
	/* "sha256-96" shortens the check value, not the hash */
	len = strlen(word);
	if (len > 3 && len < sizeof(base) && str_eq(word + len - 3, "-96")) {
		memcpy(base, word, len - 3);
		base[len - 3] = '\0';
		word = base;
	}
	return alg_by_setting(ALG_PRF, word, 0);
}

/* The place of an algorithm in a suite. */
static const struct alg **
slot(struct suite *s, enum alg_type type)
{
	if (type == ALG_ENCR)
		return &s->encr;
	if (type == ALG_PRF)
		return &s->prf;
	return type == ALG_INTEG ? &s->integ : &s->ke;
}

/* May the algorithm be in a suite of this kind. */
static bool
is_allowed(const struct alg *a, bool ike)
{
	unsigned use = ike ? ALG_USE_IKE : ALG_USE_ESP | ALG_USE_AH;

	if (a->type == ALG_KE)
		return true;
	return a->type == ALG_PRF ? ike : (a->flags & use) != 0;
}

/* A row holds one of each kind: choices are made by several rows. */
static int
take_alg(struct parse *p, const struct alg *a, unsigned bits,
    const char *word, struct sp_error *err)
{
	const struct alg **at = slot(&p->s, a->type);

	if (!is_allowed(a, p->ike))
		return sp_fail(err, SP_INVALID, "\"%s\" is not an algorithm "
		    "of %s.", word, p->ike ? "IKE" : "ESP or AH");
	if (*at != NULL)
		return sp_fail(err, SP_INVALID, "\"%s\" is a second algorithm "
		    "of its kind; make a row for each.", word);
	*at = a;
	if (a->type == ALG_ENCR)
		p->s.key_bits = bits;
	return 0;
}

/* The kinds are tried in turn; "aes128gmac" is a cipher before a hash. */
static int
take_word(struct parse *p, const char *word, struct sp_error *err)
{
	static const enum alg_type types[] = {
		ALG_ENCR, ALG_INTEG, ALG_PRF, ALG_KE,
	};
	const struct alg *a;
	unsigned bits;
	char *safe;
	size_t i;

	if (!p->ike && str_eq(word, "esn")) {
		p->esn = true;
		return 0;
	}
	if (!p->ike && str_eq(word, "noesn")) {
		p->noesn = true;
		return 0;
	}
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		a = alg_by_word(types[i], word, &bits);
		if (a != NULL)
			return take_alg(p, a, bits, word, err);
	}
	safe = str_safe_dup(word);
	sp_fail(err, SP_INVALID, "\"%s\" is not an algorithm.", safe);
	free(safe);
	return SP_INVALID;
}

static bool
is_aead(const struct suite *s)
{
	return s->encr != NULL && (s->encr->flags & ALG_AEAD) != 0;
}

/* What an IKE suite needs to be whole (RFC 7296 3.3.3). */
static int
finish_ike(struct suite *s, const char *text, struct sp_error *err)
{
	if (s->encr == NULL)
		return sp_fail(err, SP_INVALID, "\"%s\" has no encryption "
		    "algorithm.", text);
	if (s->prf == NULL)
		s->prf = prf_of(s->integ);
	if (is_aead(s))
		s->integ = NULL;
	else if (s->integ == NULL)
		return sp_fail(err, SP_INVALID, "\"%s\" needs a hash: without "
		    "one its packets can be forged.", text);
	if (s->prf == NULL)
		return sp_fail(err, SP_INVALID, "\"%s\" has no PRF; add one, "
		    "such as prfsha256.", text);
	if (s->ke == NULL)
		return sp_fail(err, SP_INVALID, "\"%s\" has no DH group; "
		    "phase 1 needs one.", text);
	return 0;
}

/* ESP needs integrity in some form (RFC 8221 4); AH is integrity only. */
static int
finish_child(struct suite *s, const char *text, struct sp_error *err)
{
	if (is_aead(s))
		s->integ = NULL;
	else if (s->integ == NULL)
		return sp_fail(err, SP_INVALID, "\"%s\" needs a hash: without "
		    "one its packets can be forged.", text);
	return 0;
}

int
suite_parse(struct suite *s, const char *text, bool ike,
    struct sp_error *err)
{
	struct parse p = { .ike = ike };
	char copy[TEXT_MAX], *rest = copy, *word;
	int ret;

	if (strlen(text) >= sizeof(copy))
		return sp_fail(err, SP_INVALID, "a proposal has more than %d "
		    "characters.", TEXT_MAX - 1);
	memcpy(copy, text, strlen(text) + 1);
	while ((word = strsep(&rest, "-")) != NULL) {
		ret = take_word(&p, word, err);
		if (ret < 0)
			return ret;
	}
	ret = ike ? finish_ike(&p.s, text, err) :
	    finish_child(&p.s, text, err);
	if (ret < 0)
		return ret;

	if (p.esn)
		p.s.esn = p.noesn ? ESN_EITHER : ESN_YES;
	*s = p.s;
	return 0;
}

/* Append a word of the proposal, behind a dash if it is not the first. */
static void
print_word(struct buf *b, size_t start, const struct alg *a, unsigned bits)
{
	if (b->len > start)
		buf_puts(b, "-");
	alg_print(b, a, bits);
}

/* Leaves out what parsing adds by itself. */
void
suite_print(struct buf *b, const struct suite *s)
{
	size_t start = b->len;

	if (s->encr != NULL)
		print_word(b, start, s->encr, s->key_bits);
	if (s->integ != NULL)
		print_word(b, start, s->integ, 0);
	if (s->prf != NULL && s->prf != prf_of(s->integ))
		print_word(b, start, s->prf, 0);
	if (s->ke != NULL)
		print_word(b, start, s->ke, 0);
	if (s->esn != ESN_NO)
		buf_puts(b, s->esn == ESN_YES ? "-esn" : "-esn-noesn");
}

bool
suite_eq(const struct suite *a, const struct suite *b)
{
	return a->encr == b->encr && suite_key_bits(a) == suite_key_bits(b) &&
	    a->integ == b->integ && a->prf == b->prf && a->ke == b->ke &&
	    a->esn == b->esn;
}

unsigned
suite_key_bits(const struct suite *s)
{
	if (s->encr == NULL)
		return 0;
	return s->key_bits != 0 ? s->key_bits : s->encr->key_bits[0];
}
