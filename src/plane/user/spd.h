/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Policies of a userspace plane, found by prefix, and the packets that wait
 * for an SA of theirs.  Changed like sadb.h.
 */
#ifndef SP_PLANE_USER_SPD_H
#define SP_PLANE_USER_SPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "plane/plane.h"

struct esp_sa;
struct flow;
struct map;
struct plane_policy;

#define SPD_HELD 64u		/* packets that wait at one policy */
#define SPD_HELD_MS 30000	/* older ones are not worth sending */

/* A packet that waits, as it was read from the TUN device. */
struct held {
	struct list link;	/* policy.held */
	int64_t since_ms;
	size_t len;
	uint8_t data[];
};

/* What a policy is found by: the prefix around one selector of a side. */
struct spd_entry {
	struct spd_entry *next;	/* same bucket */
	struct policy *pol;
	uint8_t side, bits;	/* SPD_*; length of the prefix */
	struct ip_addr addr;
};

enum spd_side { SPD_REMOTE, SPD_LOCAL, SPD_SIDES };

struct policy {
	struct list link;	/* spd.policies */
	struct policy *next_sa;	/* spd.by_sa: same sa_reqid */
	struct spd_entry *entries;
	size_t nr_entries;
	uint64_t serial;	/* older ones go first among equals */
	uint32_t reqid, sa_reqid;
	enum plane_action action;
	bool trap;
	uint32_t priority;	/* as given, 0 = by width */
	uint32_t width;		/* of the selectors, in bits; small = narrow */
	struct plane_selector *local, *remote;
	size_t nr_local, nr_remote;
	struct esp_sa *sa;	/* outbound SA in use, or NULL */
	int64_t asked_ms;	/* last acquire event */
	struct list held;	/* struct held, oldest first */
	unsigned nr_held;
};

#define SPD_BITS 129u		/* prefix lengths, 0 to 128 */

struct spd {
	struct list policies;	/* in no order */
	struct map *by_reqid, *by_sa;
	struct spd_entry **buckets;
	size_t nr_buckets;	/* a power of two */
	size_t nr_entries;
	uint64_t seed, serial;
	/* by side and family (0 IPv4, 1 IPv6): entries of each prefix length,
	 * and the lengths that have any */
	uint32_t count[SPD_SIDES][2][SPD_BITS];
	uint8_t lengths[SPD_SIDES][2][SPD_BITS];
	unsigned nr_lengths[SPD_SIDES][2];
};

/* Empty table; seed: random, since peers choose selectors too. */
void spd_init(struct spd *db, uint64_t seed);

/* Free all policies with what waits there. */
void spd_free(struct spd *db);

/* Length of the prefix around a range of addresses. */
unsigned selector_bits(const struct plane_selector *s);

/* Copy a policy of the engine's; the caller owns it. */
struct policy *policy_new(const struct plane_policy *from);

/* Free a policy and what waits there. */
void policy_free(struct policy *pol);

/* Link a policy at its place; the table owns it from then on. */
void spd_add(struct spd *db, struct policy *pol);

/* Unlink a policy; the caller owns it again. */
void spd_remove(struct spd *db, struct policy *pol);

/* The first policy that uses the SAs of a child; more by next_sa. */
struct policy *spd_of_child(const struct spd *db, uint32_t sa_reqid);

/* The policy of that key, or NULL. */
struct policy *spd_find(const struct spd *db, uint32_t reqid);

/* The first policy whose selectors take an outbound flow, or NULL. */
struct policy *spd_match(const struct spd *db, const struct flow *flow);

/* Keep a copy of a packet until there is an SA; false if too many wait. */
bool policy_hold(struct policy *pol, const uint8_t *data, size_t len,
    int64_t now_ms);

/* Take the oldest held packet (free() it), or NULL. */
struct held *policy_take_held(struct policy *pol);

#endif
