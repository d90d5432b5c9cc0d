/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IKE messages in fragments (RFC 7383; conformance.md V2-105): parts lost,
 * doubled, out of order and cut anew, sides that do not want them, and what
 * an attacker or a lossy path may leave behind.  Long identities make
 * IKE_AUTH longer than a datagram, both ways.
 */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "ike/sk.h"
#include "ike/v2/steps.h"

#define NETWORKS 20
#define NAME_LEN 900		/* two of them do not fit into a datagram */
#define SIZE_V4 (1280 - 20 - 8 - 4)
#define SIZE_SMALL (576 - 20 - 8 - 4)

static const char *
long_id(unsigned host)
{
	static char ids[2][NAME_LEN + 16];

	memset(ids[host], host == 0 ? 'l' : 'r', NAME_LEN);
	memcpy(ids[host] + NAME_LEN, ".example", 9);
	return ids[host];
}

/* Many networks make the answer long, too. */
static void
add_networks(struct ts_list *l, unsigned side)
{
	struct ike_ts ts;
	char text[32];
	unsigned i;

	for (i = 0; i < NETWORKS; i++) {
		snprintf(text, sizeof(text), "192.168.%u.%u/32", side, 2 * i);
		assert_int_equal(ts_parse(&ts, text, NULL), 0);
		ts_list_add(l, &ts);
	}
}

static struct ike_conf *
conf(unsigned host, enum ike_fragmentation how)
{
	struct ike_conf *c = sim_conf_new(host, &(struct sim_conf){
		.local_id = long_id(host), .remote_id = long_id(!host),
	});

	c->fragmentation = how;
	add_networks(&c->children[0]->local_ts, host + 1);
	add_networks(&c->children[0]->remote_ts, !host + 1);
	return c;
}

/* Host 0 has begun; nothing has been handed over. */
static void
start(struct sim *s, uint64_t seed, enum ike_fragmentation left,
    enum ike_fragmentation right)
{
	struct ike_conf *c = conf(0, left);

	sim_start(s, seed, NULL);
	s->manual = true;
	sim_listen_take(s, 1, conf(1, right));
	sim_initiate(s, 0, c);
	ike_conf_unref(c);
}

static void
assert_up(struct sim *s)
{
	assert_int_equal(sim_count(s, 0, IKE_EV_CHILD_UP), 1);
	assert_int_equal(sim_count(s, 1, IKE_EV_CHILD_UP), 1);
	assert_true(sim_agree(s));
	assert_true(sim_is_sane(s));
}

/* The longest IKE datagram that waits from the host; how many do. */
static size_t
longest(const struct sim *s, unsigned from, unsigned *nr)
{
	const struct sim_dgram *d;
	size_t most = 0;

	*nr = 0;
	LIST_EACH(d, &s->wire, const struct sim_dgram, link) {
		if (d->from != from || d->esp)
			continue;
		(*nr)++;
		if (d->len > most)
			most = d->len;
	}
	return most;
}

static struct v2_sa *
sa_of(struct sim *s, unsigned host)
{
	struct ike_sa_info info;

	assert_true(sim_sa(s, host, 0, &info));
	return v2_sa_by_id(s->host[host].h, info.id);
}

/* Who says it, who cuts: RFC 7383 2.3, settings.md 3. */
static const struct {
	enum ike_fragmentation left, right;
	bool left_cuts, right_cuts;
} modes[] = {
	{ FRAG_YES, FRAG_YES, true, true },
	{ FRAG_FORCE, FRAG_YES, true, true },
	{ FRAG_ACCEPT, FRAG_YES, false, true },
	{ FRAG_YES, FRAG_ACCEPT, true, false },
	{ FRAG_NO, FRAG_YES, false, false },
	{ FRAG_YES, FRAG_NO, false, false },
	{ FRAG_FORCE, FRAG_NO, false, false },
};

static void
t_modes(void **state)
{
	struct sim s;
	unsigned nr;
	size_t i, len;

	(void)state;
	for (i = 0; i < NELEM(modes); i++) {
		start(&s, i, modes[i].left, modes[i].right);
		assert_true(sim_pass(&s, 0));
		assert_true(sim_pass(&s, 1));
		len = longest(&s, 0, &nr);
		print_message("row %zu: %u of at most %zu bytes\n", i, nr, len);
		assert_int_equal(nr > 1, modes[i].left_cuts);
		assert_int_equal(len <= SIZE_V4, modes[i].left_cuts);
		while (sim_pass(&s, 0))
			continue;
		len = longest(&s, 1, &nr);
		assert_int_equal(nr > 1, modes[i].right_cuts);
		sim_pass_all(&s);
		assert_up(&s);
		sim_end(&s);
	}
}

/* Each part of either set is lost once; the request comes again whole. */
static void
t_lost(void **state)
{
	struct sim s;
	unsigned side, part, i;

	(void)state;
	for (side = 0; side < 2; side++) {
		for (part = 0; part < 2; part++) {
			start(&s, 10 * side + part, FRAG_YES, FRAG_YES);
			sim_pass(&s, 0);
			sim_pass(&s, 1);
			for (i = 0; side == 1 && sim_pass(&s, 0); i++)
				continue;
			for (i = 0; i < part; i++)
				sim_pass(&s, side);
			assert_true(sim_drop(&s, side));
			s.manual = false;
			sim_for(&s, 30000);
			assert_up(&s);
			sim_end(&s);
		}
	}
}

/* Copies, and the parts in the other order. */
static void
t_order(void **state)
{
	struct ike_path back;
	struct sim_dgram *d;
	struct buf first = {0};
	struct sim s;
	unsigned nr;

	(void)state;
	start(&s, 3, FRAG_YES, FRAG_YES);
	sim_pass(&s, 0);
	sim_pass(&s, 1);
	d = sim_peek(&s, 0);
	buf_bytes(&first, d->data, d->len);
	back = (struct ike_path){ .local = d->dst, .remote = d->src };
	sim_drop(&s, 0);
	while (sim_pass(&s, 0))
		continue;
	assert_int_equal(longest(&s, 1, &nr), 0);
	sim_inject(&s, 1, &back, first.data, first.len);
	assert_true(longest(&s, 1, &nr) > 0);
	/* of the answered request only the first part is answered again */
	while (sim_drop(&s, 1))
		continue;
	sim_inject(&s, 1, &back, first.data, first.len);
	longest(&s, 1, &nr);
	assert_int_equal(nr, 2);
	buf_free(&first);
	sim_pass_all(&s);
	assert_up(&s);
	sim_end(&s);
}

/* Large parts never arrive: smaller ones do, and stay in use. */
static void
t_small(void **state)
{
	struct sim s;
	unsigned nr;
	size_t len;

	(void)state;
	start(&s, 4, FRAG_YES, FRAG_YES);
	sim_pass(&s, 0);
	sim_pass(&s, 1);
	do {
		while (sim_drop(&s, 0))
			continue;
		s.now = ike_host_deadline(s.host[0].h);
		ike_host_tick(s.host[0].h, s.now);
		sim_drain(&s);
		len = longest(&s, 0, &nr);
	} while (len > SIZE_SMALL);
	assert_true(nr > 2);
	sim_pass_all(&s);
	assert_up(&s);
	assert_true(sa_of(&s, 0)->fragment_small);
	/* what follows works: keys, numbers, a rekey of the SA inherits it */
	ike_host_sa_rekey(s.host[0].h, s.now, sa_of(&s, 0)->id, NULL);
	sim_drain(&s);
	sim_pass_all(&s);
	assert_int_equal(sim_count(&s, 0, IKE_EV_SA_REKEYED), 1);
	assert_true(sa_of(&s, 0)->fragment_out);
	assert_true(sa_of(&s, 1)->fragment_in);
	sim_end(&s);
}

/* The first set came whole and is answered; one cut anew asks for it. */
static void
t_recut(void **state)
{
	struct sim s;
	unsigned nr, tries;

	(void)state;
	start(&s, 5, FRAG_YES, FRAG_YES);
	sim_pass(&s, 0);
	sim_pass(&s, 1);
	while (sim_pass(&s, 0))
		continue;
	for (tries = 0; tries < 3; tries++) {
		while (sim_drop(&s, 1))
			continue;
		while (sim_drop(&s, 0))
			continue;
		s.now = ike_host_deadline(s.host[0].h);
		ike_host_tick(s.host[0].h, s.now);
		sim_drain(&s);
	}
	assert_true(longest(&s, 0, &nr) <= SIZE_SMALL);
	sim_pass_all(&s);
	assert_up(&s);
	sim_end(&s);
}

/* The number of parts may only grow (2.6); a set that cannot be is dropped. */
static void
t_sets(void **state)
{
	static const struct {
		uint16_t number, total;
		unsigned held;	/* of how many parts the set is then */
	} rows[] = {
		{ 1, 3, 3 }, { 2, 3, 3 }, { 2, 2, 3 }, { 2, 5, 5 },
		{ 1, IKE_MAX_FRAGMENTS, IKE_MAX_FRAGMENTS },
		{ 1, IKE_MAX_FRAGMENTS + 1, 0 },
	};
	struct sim s;
	struct v2_sa *sa;
	size_t i;

	(void)state;
	sim_start(&s, 6, NULL);
	sim_up(&s);
	sa = sa_of(&s, 1);
	for (i = 0; i < NELEM(rows); i++) {
		struct v2_packet pkt = { .data = (const uint8_t *)"x",
		    .len = 1 };
		struct ike_payload skf = { .type = PLD_SKF };
		struct bytes text = { (const uint8_t *)"text", 4 };

		pkt.hdr.mid = sa->mid_in;
		pkt.hdr.exchange = X_INFORMATIONAL;
		skf.u.sk.number = rows[i].number;
		skf.u.sk.total = rows[i].total;
		assert_int_equal(v2_fragment_add(sa, &pkt, &skf, &text),
		    SP_AGAIN);
		assert_int_equal(sa->fragments[0] == NULL ? 0 :
		    sa->fragments[0]->total, rows[i].held);
	}
	sim_end(&s);
}

/* An incomplete request is forgotten, and the reason names what is missing. */
static void
t_forgotten(void **state)
{
	const struct ike_event *e;
	struct sim s;

	(void)state;
	start(&s, 7, FRAG_YES, FRAG_YES);
	sim_pass(&s, 0);
	sim_pass(&s, 1);
	sim_pass(&s, 0);
	while (sim_drop(&s, 0))
		continue;
	s.manual = false;
	s.cut = true;
	sim_for(&s, 40000);
	e = sim_event(&s, 1, IKE_EV_REFUSED);
	assert_non_null(e);
	assert_int_equal(e->reason.code, REASON_FRAGMENTS_LOST);
	assert_non_null(strstr(e->reason.text, "arrive: 2, 3."));
	assert_true(sim_is_sane(&s));
	sim_end(&s);
}

/* Sets of many seeds over a bad path: both agree at the end. */
static void
t_weather(void **state)
{
	struct sim s;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 60; seed++) {
		start(&s, seed, FRAG_YES, FRAG_YES);
		s.manual = false;
		s.loss = s.twice = s.reorder = 25;
		s.spoil = 5;
		s.latency = 20;
		s.jitter = 40;
		sim_for(&s, 300000);
		if (sim_count(&s, 0, IKE_EV_SA_FAILED) == 0)
			assert_true(sim_count(&s, 0, IKE_EV_CHILD_UP) > 0);
		assert_true(sim_is_sane(&s));
		sim_end(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_modes),
		cmocka_unit_test(t_lost),
		cmocka_unit_test(t_order),
		cmocka_unit_test(t_small),
		cmocka_unit_test(t_recut),
		cmocka_unit_test(t_sets),
		cmocka_unit_test(t_forgotten),
		cmocka_unit_test(t_weather),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
