/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Traffic selectors: text form, sets, narrowing (RFC 7296 2.9).
 */
#ifndef SP_IKE_TS_H
#define SP_IKE_TS_H

#include <stdbool.h>
#include <stddef.h>

#include "ike/codec.h"

struct ts_list {
	struct ike_ts *ts;	/* owned */
	size_t nr;
};

/*
 * Parse "10.1.0.0/16", "10.1.0.1", "10.1.0.5-10.1.0.9",
 * "10.1.0.0/16[tcp/443]", "10.1.0.0/16[17/500-600]", "[icmp]", "[icmp/8:0]".
 * The address may be missing behind brackets: all of IPv4, or of IPv6 for
 * icmpv6.  Error: a sentence with the text.
 */
int ts_parse(struct ike_ts *ts, const char *text, struct sp_error *err);

/* Append the text form. */
void ts_print(struct buf *b, const struct ike_ts *ts);
void ts_list_print(struct buf *b, const struct ts_list *l);

void ts_list_add(struct ts_list *l, const struct ike_ts *ts);
void ts_list_copy(struct ts_list *dst, const struct ts_list *src);
void ts_list_free(struct ts_list *l);
bool ts_list_eq(const struct ts_list *a, const struct ts_list *b);

/* Selector of one address, any protocol. */
struct ike_ts ts_from_addr(const struct ip_addr *a);

/* Is every packet of b inside a; intersection (false if it is empty). */
bool ts_contains(const struct ike_ts *a, const struct ike_ts *b);
bool ts_intersect(const struct ike_ts *a, const struct ike_ts *b,
    struct ike_ts *out);

/*
 * Narrow: out gets the intersection of ours with theirs (each pair, those
 * contained in others left out).  Returns the number of selectors in out;
 * 0 = nothing in common.
 */
size_t ts_narrow(const struct ts_list *ours, const struct ts_list *theirs,
    struct ts_list *out);

/* Is every selector of sub inside one selector of the list. */
bool ts_list_contains(const struct ts_list *l, const struct ts_list *sub);

#endif
