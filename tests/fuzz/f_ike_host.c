/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two IKE hosts with a hostile wire between them: the input is a script of
 * bytes that passes, drops, doubles, cuts and mangles datagrams, rekeys and
 * deletes, lets time go by, and lets a host say anything at all under good
 * keys.  Laws: no crash, no illegal change of state, and once the wire is cut
 * everything ends: no SA, no child, nothing half open, no timer.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "ike/v2/steps.h"
#include "../sim/sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint32_t
some_child(struct sim *s, unsigned host, unsigned nth)
{
	struct ike_child_info c;
	size_t pos = 0;
	uint32_t id = 0;

	while (ike_host_next_child(s->host[host].h, &pos, &c)) {
		id = c.id;
		if (nth-- == 0)
			break;
	}
	return id;
}

static struct v2_sa *
some_sa(struct sim *s, unsigned host, unsigned nth)
{
	struct ike_sa_info info;

	if (!sim_sa(s, host, nth % 3, &info) && !sim_sa(s, host, 0, &info))
		return NULL;
	return v2_sa_by_id(s->host[host].h, info.id);
}

/* An authentic message with any payloads that decode. */
static void
say(struct sim *s, unsigned host, struct rd *r)
{
	static const uint8_t exchanges[4] = { X_IKE_AUTH, X_CREATE_CHILD_SA,
	    X_INFORMATIONAL, X_IKE_INTERMEDIATE };
	uint8_t how = rd_u8(r), first = rd_u8(r);
	size_t len = rd_u8(r);
	struct v2_sa *sa = some_sa(s, host, how >> 5);
	bool answer = how & 4;
	struct ike_msg *m;

	len = len < r->left ? len : r->left;
	if (sa == NULL || sa->keys.d.len == 0)
		return;
	m = v2_msg_new(sa, exchanges[how & 3], answer ? sa->mid_in :
	    sa->mid_out + (how >> 3 & 1), answer);
	if (ike_payloads_read(m, first, rd_bytes(r, len), len, NULL,
	    NULL) == 0) {
		v2_send_once(sa, m);
		sim_drain(s);
	}
	ike_msg_free(m);
}

static void
mangle(struct sim *s, unsigned host, struct rd *r, bool cut)
{
	struct sim_dgram *d = sim_peek(s, host);
	size_t at = rd_u16(r);
	uint8_t bits = rd_u8(r);

	if (d == NULL || d->len == 0)
		return;
	if (cut)
		d->len = at % d->len;
	else
		d->data[at % d->len] ^= bits;
	sim_pass(s, host);
}

static void
command(struct sim *s, unsigned host, unsigned what, unsigned nth)
{
	struct ike_host *h = s->host[host].h;
	struct v2_sa *sa = some_sa(s, host, nth);
	uint32_t child = some_child(s, host, nth);

	if (sa == NULL)
		return;
	if (what == 0)
		ike_host_child_rekey(h, s->now, child, NULL);
	else if (what == 1)
		ike_host_sa_rekey(h, s->now, sa->id, NULL);
	else if (what == 2)
		ike_host_child_delete(h, s->now, child, REASON_USER_STOPPED,
		    NULL);
	else if (what == 3 && sa->conf != NULL && sim_nr_children(s, host) < 8)
		ike_host_child_create(h, s->now, sa->id,
		    sa->conf->children[0], NULL);
	else if (what == 4)
		ike_host_sa_delete(h, s->now, sa->id, REASON_USER_STOPPED,
		    nth & 1, NULL);
	sim_drain(s);
}

static void
step(struct sim *s, struct rd *r)
{
	unsigned op = rd_u8(r), host = op >> 7;

	switch (op & 15) {
	case 0: case 1: case 2: case 3:
		sim_pass(s, host);
		break;
	case 4:
		sim_drop(s, host);
		break;
	case 5:
		mangle(s, host, r, false);
		break;
	case 6:
		mangle(s, host, r, true);
		break;
	case 7:
		sim_for(s, (int64_t)rd_u8(r) * 100);
		break;
	case 8: case 9: case 10: case 11: case 12:
		command(s, host, (op & 15) - 8, op >> 4 & 7);
		break;
	default:
		say(s, host, r);
		break;
	}
}

static void
law(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned i, steps = 0;
	struct sim s;
	struct rd r;

	if (len > 4096)
		return 0;
	rd_init(&r, data, len);
	sim_start(&s, rd_u8(&r), NULL);
	s.manual = true;
	sim_up(&s);
	while (r.left > 0 && steps++ < 300)
		step(&s, &r);
	s.cut = true;
	while (sim_drop(&s, 0) || sim_drop(&s, 1))
		;
	sim_for(&s, 86400000);
	law(sim_is_sane(&s));
	for (i = 0; i < 2; i++) {
		law(sim_nr_sas(&s, i) == 0 && sim_nr_children(&s, i) == 0);
		law(ike_host_deadline(s.host[i].h) == TIME_NEVER);
	}
	sim_end(&s);
	return 0;
}
