/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Policy table: a list sorted once, when a policy is added: bypass first,
 * then explicit priorities, small before large, then the narrower selectors
 * (RFC 4301 4.4.1 wants an ordered SPD).  Only the outbound direction is
 * looked up here; what comes in is checked against the selectors of its SA.
 */
#include "plane/user/spd.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plane/user/flow.h"

void
spd_init(struct spd *db)
{
	list_init(&db->policies);
}

struct held *
policy_take_held(struct policy *pol)
{
	struct held *h;

	if (list_empty(&pol->held))
		return NULL;
	h = LIST_ENTRY(pol->held.next, struct held, link);
	list_remove(&h->link);
	pol->nr_held--;
	return h;
}

void
policy_free(struct policy *pol)
{
	struct held *h;

	if (pol == NULL)
		return;
	while ((h = policy_take_held(pol)) != NULL)
		free(h);
	free(pol->local);
	free(pol->remote);
	free(pol);
}

void
spd_free(struct spd *db)
{
	struct policy *pol;

	LIST_EACH(pol, &db->policies, struct policy, link) {
		list_remove(&pol->link);
		policy_free(pol);
	}
}

/* Bits in which the addresses of a range differ. */
static uint32_t
range_bits(const struct plane_selector *s)
{
	size_t i, len = addr_len(&s->first);
	uint32_t bits = (uint32_t)len * 8;
	uint8_t diff;

	for (i = 0; i < len; i++, bits -= 8) {
		diff = s->first.b[i] ^ s->last.b[i];
		if (diff == 0)
			continue;
		for (; (diff & 0x80) == 0; diff <<= 1)
			bits--;
		return bits;
	}
	return 0;
}

/* The widest selector of one side: addresses, then protocol and ports. */
static uint32_t
side_width(const struct plane_selector *s, size_t nr)
{
	uint32_t width, widest = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		width = range_bits(&s[i]) * 4;
		if (s[i].proto == 0)
			width += 2;
		if (s[i].port_first != s[i].port_last)
			width++;
		if (width > widest)
			widest = width;
	}
	return nr > 0 ? widest : 128 * 4 + 3;
}

struct policy *
policy_new(const struct plane_policy *from)
{
	struct policy *pol = xcalloc(1, sizeof(*pol));

	list_init(&pol->link);
	list_init(&pol->held);
	pol->reqid = from->reqid;
	pol->sa_reqid = from->sa_reqid;
	pol->action = from->action;
	pol->trap = from->trap;
	pol->priority = from->priority;
	pol->local = xmemdup(from->local,
	    from->nr_local * sizeof(*from->local));
	pol->remote = xmemdup(from->remote,
	    from->nr_remote * sizeof(*from->remote));
	pol->nr_local = from->nr_local;
	pol->nr_remote = from->nr_remote;
	pol->width = side_width(pol->local, pol->nr_local) +
	    side_width(pol->remote, pol->nr_remote);
	pol->asked_ms = INT64_MIN / 2;
	return pol;
}

/* Is a asked before b. */
static bool
comes_before(const struct policy *a, const struct policy *b)
{
	bool bypass_a = a->action == PLANE_BYPASS;
	bool bypass_b = b->action == PLANE_BYPASS;

	if (bypass_a != bypass_b)
		return bypass_a;
	/* 0 wraps to the largest: explicit priorities go first */
	if (a->priority != b->priority)
		return a->priority - 1 < b->priority - 1;
	return a->width < b->width;
}

void
spd_add(struct spd *db, struct policy *pol)
{
	struct policy *at;

	LIST_EACH(at, &db->policies, struct policy, link) {
		if (comes_before(pol, at)) {
			list_append(&at->link, &pol->link);
			return;
		}
	}
	list_append(&db->policies, &pol->link);
}

struct policy *
spd_find(const struct spd *db, uint32_t reqid)
{
	struct policy *pol;

	LIST_EACH(pol, &db->policies, struct policy, link) {
		if (pol->reqid == reqid)
			return pol;
	}
	return NULL;
}

struct policy *
spd_match(const struct spd *db, const struct flow *flow)
{
	struct policy *pol;

	LIST_EACH(pol, &db->policies, struct policy, link) {
		if (flow_selected(flow, pol->local, pol->nr_local,
		    pol->remote, pol->nr_remote))
			return pol;
	}
	return NULL;
}

bool
policy_hold(struct policy *pol, const uint8_t *data, size_t len,
    int64_t now_ms)
{
	struct held *h;

	if (pol->nr_held >= SPD_HELD)
		return false;
	h = xcalloc(1, sizeof(*h) + len);
	h->since_ms = now_ms;
	h->len = len;
	memcpy(h->data, data, len);
	list_append(&pol->held, &h->link);
	pol->nr_held++;
	return true;
}
