/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Traffic selectors as sets of packets: containment, intersection, lists and
 * narrowing (RFC 7296 2.9, RFC 4301 4.4.1.1).  The text form is in
 * ts_text.c.
 *
 * Ports: 0-65535 is any port, 65535-0 is OPAQUE (packets whose ports cannot
 * be seen); any includes opaque, a range does not.
 */
#include "ike/ts.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/mem.h"

#define NARROW_MAX 64		/* selectors that a payload may hold */

void
ts_list_add(struct ts_list *l, const struct ike_ts *ts)
{
	l->ts = xrealloc(l->ts, l->nr + 1, sizeof(*l->ts));
	l->ts[l->nr++] = *ts;
}

void
ts_list_copy(struct ts_list *dst, const struct ts_list *src)
{
	dst->ts = NULL;
	dst->nr = src->nr;
	if (src->nr > 0)
		dst->ts = xmemdup(src->ts, src->nr * sizeof(*src->ts));
}

void
ts_list_free(struct ts_list *l)
{
	free(l->ts);
	l->ts = NULL;
	l->nr = 0;
}

static bool
ts_eq(const struct ike_ts *a, const struct ike_ts *b)
{
	return a->proto == b->proto && a->port_first == b->port_first &&
	    a->port_last == b->port_last && addr_eq(&a->first, &b->first) &&
	    addr_eq(&a->last, &b->last);
}

/* The same selectors in the same order. */
bool
ts_list_eq(const struct ts_list *a, const struct ts_list *b)
{
	size_t i;

	if (a->nr != b->nr)
		return false;
	for (i = 0; i < a->nr; i++) {
		if (!ts_eq(&a->ts[i], &b->ts[i]))
			return false;
	}
	return true;
}

struct ike_ts
ts_from_addr(const struct ip_addr *a)
{
	struct ike_ts ts = { .port_last = UINT16_MAX };

	ts.first = ts.last = *a;
	return ts;
}

static bool
is_any_port(const struct ike_ts *ts)
{
	return ts->port_first == 0 && ts->port_last == UINT16_MAX;
}

static bool
is_opaque(const struct ike_ts *ts)
{
	return ts->port_first == UINT16_MAX && ts->port_last == 0;
}

/* Any holds opaque, no range does. */
static bool
ports_contain(const struct ike_ts *a, const struct ike_ts *b)
{
	if (is_any_port(a))
		return true;
	if (is_opaque(a) || is_opaque(b))
		return is_opaque(a) && is_opaque(b);
	return a->port_first <= b->port_first && b->port_last <= a->port_last;
}

bool
ts_contains(const struct ike_ts *a, const struct ike_ts *b)
{
	if (a->first.family != b->first.family || a->first.family == 0)
		return false;
	if (a->proto != 0 && a->proto != b->proto)
		return false;
	return ports_contain(a, b) && addr_cmp(&a->first, &b->first) <= 0 &&
	    addr_cmp(&b->last, &a->last) <= 0;
}

/* Opaque packets meet only any and opaque. */
static bool
ports_intersect(const struct ike_ts *a, const struct ike_ts *b,
    struct ike_ts *out)
{
	if (is_opaque(a) || is_opaque(b)) {
		out->port_first = UINT16_MAX;
		out->port_last = 0;
		return (is_opaque(a) || is_any_port(a)) &&
		    (is_opaque(b) || is_any_port(b));
	}
	out->port_first = a->port_first > b->port_first ? a->port_first :
	    b->port_first;
	out->port_last = a->port_last < b->port_last ? a->port_last :
	    b->port_last;
	return out->port_first <= out->port_last;
}

bool
ts_intersect(const struct ike_ts *a, const struct ike_ts *b,
    struct ike_ts *out)
{
	struct ike_ts r = {0};

	if (a->first.family != b->first.family || a->first.family == 0)
		return false;
	if (a->proto != 0 && b->proto != 0 && a->proto != b->proto)
		return false;
	r.proto = a->proto != 0 ? a->proto : b->proto;
	if (!ports_intersect(a, b, &r))
		return false;
	r.first = addr_cmp(&a->first, &b->first) > 0 ? a->first : b->first;
	r.last = addr_cmp(&a->last, &b->last) < 0 ? a->last : b->last;
	if (addr_cmp(&r.first, &r.last) > 0)
		return false;
	*out = r;
	return true;
}

static bool
one_contains(const struct ts_list *l, const struct ike_ts *ts)
{
	size_t i;

	for (i = 0; i < l->nr; i++) {
		if (ts_contains(&l->ts[i], ts))
			return true;
	}
	return false;
}

/* Add ts unless it is in the list already; drop what it makes superfluous. */
static void
add_widest(struct ts_list *l, const struct ike_ts *ts)
{
	size_t i, kept = 0;

	if (one_contains(l, ts))
		return;
	for (i = 0; i < l->nr; i++) {
		if (!ts_contains(ts, &l->ts[i]))
			l->ts[kept++] = l->ts[i];
	}
	l->nr = kept;
	if (l->nr < NARROW_MAX)
		ts_list_add(l, ts);
}

/*
 * In the order of their list, so that the selector of the packet that
 * triggered the negotiation, which comes first, stays in front.
 */
size_t
ts_narrow(const struct ts_list *ours, const struct ts_list *theirs,
    struct ts_list *out)
{
	struct ike_ts both;
	size_t i, j;

	out->ts = NULL;
	out->nr = 0;
	for (i = 0; i < theirs->nr; i++) {
		for (j = 0; j < ours->nr; j++) {
			if (ts_intersect(&theirs->ts[i], &ours->ts[j], &both))
				add_widest(out, &both);
		}
	}
	return out->nr;
}

bool
ts_list_contains(const struct ts_list *l, const struct ts_list *sub)
{
	size_t i;

	for (i = 0; i < sub->nr; i++) {
		if (!one_contains(l, &sub->ts[i]))
			return false;
	}
	return true;
}
