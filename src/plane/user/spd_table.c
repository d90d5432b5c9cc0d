/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The policy table.  RFC 4301 4.4.1 wants an ordered SPD: bypass first, then
 * explicit priorities, small before large, then the narrower selectors, then
 * the older policy.  A packet does not walk that order: each policy is filed
 * under the prefixes around the selectors of one of its sides, the one that
 * tells more; a look-up asks a hash once for each prefix length in use, of
 * which there are a handful however many children there are, and takes the
 * first in the order of what it finds.
 *
 * Only the outbound direction is looked up here; what comes in is checked
 * against the selectors of its SA.
 */
#include "plane/user/spd.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "plane/user/flow.h"

#define FIRST_BUCKETS 64

void
spd_init(struct spd *db, uint64_t seed)
{
	memset(db, 0, sizeof(*db));
	list_init(&db->policies);
	db->seed = seed;
	db->by_reqid = map_new(seed);
	db->by_sa = map_new(seed);
	db->nr_buckets = FIRST_BUCKETS;
	db->buckets = xcalloc(db->nr_buckets, sizeof(*db->buckets));
}

void
spd_free(struct spd *db)
{
	struct policy *pol;

	LIST_EACH(pol, &db->policies, struct policy, link) {
		list_remove(&pol->link);
		policy_free(pol);
	}
	map_free(db->by_reqid);
	map_free(db->by_sa);
	free(db->buckets);
}

static unsigned
family_index(const struct ip_addr *a)
{
	return a->family == AF_INET6;
}

/* The first bits of a half of an address, of which n count. */
static uint64_t
first_bits(uint64_t half, unsigned n)
{
	if (n == 0)
		return 0;
	return n >= 64 ? half : half & ~UINT64_C(0) << (64 - n);
}

static struct spd_entry **
bucket_of(const struct spd *db, unsigned side, const struct ip_addr *a,
    unsigned bits)
{
	uint64_t h, high, low = 0;

	if (a->family == AF_INET6) {
		high = get_u64(a->b);
		low = first_bits(get_u64(&a->b[8]), bits > 64 ? bits - 64 : 0);
	} else {
		high = (uint64_t)get_u32(a->b) << 32;
	}
	h = first_bits(high, bits) ^ db->seed;
	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	h ^= low ^ (uint64_t)bits << 2 ^ side << 1 ^ family_index(a);
	h = (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
	h ^= h >> 32;
	return &db->buckets[h & (db->nr_buckets - 1)];
}

static void
file_entry(struct spd *db, struct spd_entry *e)
{
	struct spd_entry **b = bucket_of(db, e->side, &e->addr, e->bits);

	e->next = *b;
	*b = e;
}

static void
grow(struct spd *db)
{
	struct policy *pol;
	size_t i;

	free(db->buckets);
	db->nr_buckets *= 2;
	db->buckets = xcalloc(db->nr_buckets, sizeof(*db->buckets));
	LIST_EACH(pol, &db->policies, struct policy, link) {
		for (i = 0; i < pol->nr_entries; i++)
			file_entry(db, &pol->entries[i]);
	}
}

/* One entry more or less of a prefix length. */
static void
count_length(struct spd *db, const struct spd_entry *e, int n)
{
	unsigned f = family_index(&e->addr), i;
	uint32_t *count = db->count[e->side][f];

	count[e->bits] += (uint32_t)n;
	db->nr_lengths[e->side][f] = 0;
	for (i = 0; i < SPD_BITS; i++) {
		if (count[i] > 0)
			db->lengths[e->side][f][db->nr_lengths[e->side][f]++] =
			    (uint8_t)i;
	}
}

/* How much a side tells: the shortest prefix of its selectors. */
static unsigned
side_tells(const struct plane_selector *s, size_t nr)
{
	unsigned bits, least = nr > 0 ? SPD_BITS : 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		bits = selector_bits(&s[i]);
		if (bits < least)
			least = bits;
	}
	return least;
}

/* No selector takes any packet: a prefix of nothing in both families. */
static void
file_under_all(struct policy *pol)
{
	pol->nr_entries = 2;
	pol->entries = xcalloc(2, sizeof(*pol->entries));
	pol->entries[0].addr.family = AF_INET;
	pol->entries[1].addr.family = AF_INET6;
	pol->entries[0].pol = pol->entries[1].pol = pol;
}

static void
make_entries(struct policy *pol)
{
	bool remote = side_tells(pol->remote, pol->nr_remote) >=
	    side_tells(pol->local, pol->nr_local);
	const struct plane_selector *s = remote ? pol->remote : pol->local;
	size_t i, nr = remote ? pol->nr_remote : pol->nr_local;

	if (nr == 0) {
		file_under_all(pol);
		return;
	}
	pol->entries = xcalloc(nr, sizeof(*pol->entries));
	pol->nr_entries = nr;
	for (i = 0; i < nr; i++)
		pol->entries[i] = (struct spd_entry){
			.pol = pol,
			.side = remote ? SPD_REMOTE : SPD_LOCAL,
			.bits = (uint8_t)selector_bits(&s[i]),
			.addr = s[i].first,
		};
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
	if (a->width != b->width)
		return a->width < b->width;
	return a->serial < b->serial;
}

void
spd_add(struct spd *db, struct policy *pol)
{
	size_t i;

	make_entries(pol);
	pol->serial = db->serial++;
	list_append(&db->policies, &pol->link);
	map_put(db->by_reqid, &pol->reqid, sizeof(pol->reqid), pol);
	pol->next_sa = map_put(db->by_sa, &pol->sa_reqid,
	    sizeof(pol->sa_reqid), pol);
	for (i = 0; i < pol->nr_entries; i++) {
		file_entry(db, &pol->entries[i]);
		count_length(db, &pol->entries[i], 1);
	}
	db->nr_entries += pol->nr_entries;
	if (db->nr_entries > db->nr_buckets)
		grow(db);
}

static void
leave_child(struct spd *db, struct policy *pol)
{
	struct policy *first = spd_of_child(db, pol->sa_reqid);
	struct policy **at = &first;

	while (*at != NULL && *at != pol)
		at = &(*at)->next_sa;
	if (*at == pol)
		*at = pol->next_sa;
	if (first != NULL)
		map_put(db->by_sa, &pol->sa_reqid, sizeof(pol->sa_reqid),
		    first);
	else
		map_del(db->by_sa, &pol->sa_reqid, sizeof(pol->sa_reqid));
}

void
spd_remove(struct spd *db, struct policy *pol)
{
	struct spd_entry *e, **at;
	size_t i;

	for (i = 0; i < pol->nr_entries; i++) {
		e = &pol->entries[i];
		at = bucket_of(db, e->side, &e->addr, e->bits);
		while (*at != NULL && *at != e)
			at = &(*at)->next;
		if (*at == e)
			*at = e->next;
		count_length(db, e, -1);
	}
	db->nr_entries -= pol->nr_entries;
	leave_child(db, pol);
	map_del(db->by_reqid, &pol->reqid, sizeof(pol->reqid));
	list_remove(&pol->link);
}

struct policy *
spd_of_child(const struct spd *db, uint32_t sa_reqid)
{
	return map_get(db->by_sa, &sa_reqid, sizeof(sa_reqid));
}

struct policy *
spd_find(const struct spd *db, uint32_t reqid)
{
	return map_get(db->by_reqid, &reqid, sizeof(reqid));
}

/* The better of best and what is filed under one prefix. */
static struct policy *
better(const struct spd_entry *e, struct policy *best,
    const struct flow *flow)
{
	for (; e != NULL; e = e->next) {
		if (e->pol != best &&
		    (best == NULL || comes_before(e->pol, best)) &&
		    flow_selected(flow, e->pol->local, e->pol->nr_local,
		    e->pol->remote, e->pol->nr_remote))
			best = e->pol;
	}
	return best;
}

struct policy *
spd_match(const struct spd *db, const struct flow *flow)
{
	const struct ip_addr *a;
	struct policy *best = NULL;
	unsigned side, i, bits, f = family_index(&flow->dst);

	for (side = 0; side < SPD_SIDES; side++) {
		a = side == SPD_REMOTE ? &flow->dst : &flow->src;
		for (i = 0; i < db->nr_lengths[side][f]; i++) {
			bits = db->lengths[side][f][i];
			best = better(*bucket_of(db, side, a, bits), best,
			    flow);
		}
	}
	return best;
}
