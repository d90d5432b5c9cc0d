/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The check of a message against rules_table.c.  Payloads of unknown type
 * pass (RFC 7296 2.5); a known one that its exchange does not have, that
 * comes too often, or outside of SK although it must be protected, is an
 * error.  That keeps clear payloads beside an SK away from the state code,
 * which looks payloads up by type.
 */
#include "ike/codec.h"

#include "base/error.h"
#include "ike/internal.h"

#define NR_TYPES 64		/* known payload types are below this */

/* The message while it is checked. */
struct check {
	const struct ike_msg *m;
	const struct msg_rule *rule;
	unsigned count[NR_TYPES];	/* by payload type */
	char exchange[32];
	const char *kind;	/* "request" or "response" */
};

/* An exchange that we have no rules for is answered by its handler. */
static const struct msg_rule *
find_rule(const struct ike_header *h)
{
	bool response = h->flags & IKE_FLAG_R;
	const struct msg_rule *r;

	for (r = ike_rules_table; r->exchange != 0; r++) {
		if (r->exchange == h->exchange && r->response == response)
			return r;
	}
	return NULL;
}

static bool
is_sk(uint8_t type)
{
	return type == PLD_SK || type == PLD_SKF;
}

/* Index of the SK payload; m->nr if there is none. */
static size_t
sk_index(const struct ike_msg *m)
{
	size_t i;

	for (i = 0; i < m->nr; i++) {
		if (is_sk(m->payloads[i].type))
			break;
	}
	return i;
}

static const struct pld_rule *
pld_rule_of(const struct msg_rule *rule, uint8_t type)
{
	const struct pld_rule *r;

	for (r = rule->plds; r->type != 0; r++) {
		if (r->type == type)
			return r;
	}
	return NULL;
}

/* May payload i be there, so often, clear or sealed as it is. */
static int
check_place(const struct check *c, size_t i, size_t sk, struct sp_error *err)
{
	uint8_t type = c->m->payloads[i].type;
	const struct pld_rule *r = pld_rule_of(c->rule, type);
	bool sealed = i > sk, clear_message = sk == c->m->nr;
	char name[32];

	ike_payload_name(type, name);
	if (r == NULL)
		return sp_fail(err, SP_FORMAT, "the %s %s holds a payload %s, "
		    "which does not belong there", c->exchange, c->kind,
		    name);
	if (c->count[type] > r->max)
		return sp_fail(err, SP_FORMAT, "the %s %s holds the payload "
		    "%s more than %u times", c->exchange, c->kind, name,
		    r->max);
	if (!sealed && (r->where == PLD_SEALED ||
	    (r->where == PLD_EITHER && !clear_message)))
		return sp_fail(err, SP_FORMAT, "the %s %s holds the payload "
		    "%s without encryption", c->exchange, c->kind, name);
	return 0;
}

/* Every payload by itself; counts them. */
static int
check_each(struct check *c, struct sp_error *err)
{
	size_t sk = sk_index(c->m), i;
	uint8_t type;
	int ret;

	if (sk < c->m->nr && c->rule->plds[0].where == PLD_CLEAR)
		return sp_fail(err, SP_FORMAT, "the %s %s is encrypted, but "
		    "there are no keys yet", c->exchange, c->kind);
	for (i = 0; i < c->m->nr; i++) {
		type = c->m->payloads[i].type;
		if (is_sk(type) || ike_pld_row(type) == NULL)
			continue;
		c->count[type]++;
		ret = check_place(c, i, sk, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Does the answer hold a notify that explains why the rest is missing. */
static bool
is_excused(const struct check *c)
{
	size_t i;

	if (c->rule->error_suffices && ike_msg_find_error(c->m) != NULL)
		return true;
	for (i = 0; i < RULE_SET && c->rule->sufficient[i] != 0; i++) {
		if (ike_msg_find_notify(c->m, c->rule->sufficient[i]) != NULL)
			return true;
	}
	return false;
}

/* What must be there whatever the form. */
static int
check_minimum(const struct check *c, struct sp_error *err)
{
	const struct pld_rule *r;
	char name[32];

	for (r = c->rule->plds; r->type != 0; r++) {
		if (c->count[r->type] < r->min)
			return sp_fail(err, SP_FORMAT, "the %s %s has no "
			    "payload %s", c->exchange, c->kind,
			    ike_payload_name(r->type, name));
	}
	return 0;
}

/* How many of a set of types are there; *size gets how many it names. */
static size_t
count_set(const struct check *c, const uint8_t *set, size_t *size,
    uint8_t *missing)
{
	size_t i, found = 0;

	for (i = 0; i < RULE_SET && set[i] != 0; i++) {
		if (c->count[set[i]] > 0)
			found++;
		else
			*missing = set[i];
	}
	*size = i;
	return found;
}

/* What makes one of the forms of the exchange whole. */
static int
check_sets(const struct check *c, struct sp_error *err)
{
	size_t size, found;
	uint8_t missing = 0;
	char first[32], name[32];

	found = count_set(c, c->rule->any_of, &size, &missing);
	if (size > 0 && found == 0)
		return sp_fail(err, SP_FORMAT, "the %s %s has neither payload "
		    "%s nor %s", c->exchange, c->kind,
		    ike_payload_name(c->rule->any_of[0], first),
		    ike_payload_name(c->rule->any_of[1], name));
	found = count_set(c, c->rule->together, &size, &missing);
	if (found > 0 && found < size)
		return sp_fail(err, SP_FORMAT, "the %s %s has no payload %s",
		    c->exchange, c->kind, ike_payload_name(missing, name));
	return 0;
}

int
ike_msg_check(const struct ike_msg *m, struct sp_error *err)
{
	struct check c = { .m = m, .rule = find_rule(&m->hdr) };
	int ret;

	if (c.rule == NULL)
		return 0;

	ike_exchange_name(m->hdr.exchange, c.exchange);
	c.kind = m->hdr.flags & IKE_FLAG_R ? "response" : "request";
	ret = check_each(&c, err);
	if (ret < 0 || is_excused(&c))
		return ret;
	ret = check_minimum(&c, err);
	if (ret < 0)
		return ret;
	return check_sets(&c, err);
}
