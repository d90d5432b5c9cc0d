/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Timers: a binary heap of struct v2_timer, which lie inside the SAs, one
 * for each SA.  So a tick costs what is due, not what exists, and moving a
 * deadline costs a few comparisons.  A timer knows its slot; one that is not
 * armed has slot SIZE_MAX and due TIME_NEVER.
 */
#include "ike/v2/steps.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

static void
put(struct v2_heap *h, size_t slot, struct v2_timer *t)
{
	h->at[slot] = t;
	t->slot = slot;
}

static void
sift_up(struct v2_heap *h, struct v2_timer *t)
{
	size_t i = t->slot, up;

	while (i > 0) {
		up = (i - 1) / 2;
		if (h->at[up]->due <= t->due)
			break;
		put(h, i, h->at[up]);
		i = up;
	}
	put(h, i, t);
}

static void
sift_down(struct v2_heap *h, struct v2_timer *t)
{
	size_t i = t->slot, down;

	for (;;) {
		down = 2 * i + 1;
		if (down >= h->nr)
			break;
		if (down + 1 < h->nr &&
		    h->at[down + 1]->due < h->at[down]->due)
			down++;
		if (h->at[down]->due >= t->due)
			break;
		put(h, i, h->at[down]);
		i = down;
	}
	put(h, i, t);
}

static void
insert(struct v2_heap *h, struct v2_timer *t)
{
	if (h->nr == h->cap) {
		h->cap = h->cap == 0 ? 16 : h->cap * 2;
		h->at = xrealloc(h->at, h->cap, sizeof(*h->at));
	}
	t->slot = h->nr++;
	sift_up(h, t);
}

static void
take_out(struct v2_heap *h, struct v2_timer *t)
{
	struct v2_timer *last = h->at[--h->nr];
	size_t hole = t->slot;

	t->slot = SIZE_MAX;
	if (last == t)
		return;

	/* the last one may belong above or below the hole */
	put(h, hole, last);
	sift_up(h, last);
	sift_down(h, last);
}

void
v2_timer_init(struct v2_timer *t)
{
	t->due = TIME_NEVER;
	t->slot = SIZE_MAX;
}

void
v2_timer_set(struct v2_heap *h, struct v2_timer *t, int64_t due)
{
	if (due == t->due)
		return;
	t->due = due;
	if (due == TIME_NEVER) {
		if (t->slot != SIZE_MAX)
			take_out(h, t);
		return;
	}
	if (t->slot == SIZE_MAX) {
		insert(h, t);
		return;
	}
	sift_up(h, t);
	sift_down(h, t);
}

struct v2_timer *
v2_timer_first(const struct v2_heap *h)
{
	return h->nr == 0 ? NULL : h->at[0];
}

void
v2_heap_free(struct v2_heap *h)
{
	free(h->at);
	*h = (struct v2_heap){0};
}
