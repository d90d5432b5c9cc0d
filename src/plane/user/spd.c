/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Policies as objects: made from the engine's description, how narrow they
 * are, and the packets that wait at them.  The table is in spd_table.c.
 */
#include "plane/user/spd.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

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
	free(pol->entries);
	free(pol->local);
	free(pol->remote);
	free(pol);
}

unsigned
selector_bits(const struct plane_selector *s)
{
	size_t i, len = addr_len(&s->first);
	unsigned bits = 0;
	uint8_t diff;

	for (i = 0; i < len; i++, bits += 8) {
		diff = s->first.b[i] ^ s->last.b[i];
		if (diff == 0)
			continue;
		for (; (diff & 0x80) == 0; diff = (uint8_t)(diff << 1))
			bits++;
		return bits;
	}
	return bits;
}

/* The widest selector of one side: addresses, then protocol and ports. */
static uint32_t
side_width(const struct plane_selector *s, size_t nr)
{
	uint32_t width, widest = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		width = (uint32_t)addr_len(&s[i].first) * 8 -
		    selector_bits(&s[i]);
		width *= 4;
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
