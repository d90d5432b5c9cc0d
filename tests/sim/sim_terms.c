/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * New terms for SAs that stand (ike_host_sa_set_conf): lifetimes count from
 * the beginning, what is over is renewed soon, what did not change stays at
 * its moment, and nothing of it is seen on the wire.
 */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"

#define MINUTE 60000

struct row {
	const char *name;
	int64_t ike_ms, child_ms, margin_ms;	/* new terms */
	bool rekey;
	int64_t ike_left, child_left;	/* of rekey_at, from now; NEVER */
	int64_t ike_end, child_end;	/* of expires_at, from now */
};

/* Made with 180, 60 and 9 minutes without fuzz; ten minutes old. */
static const struct row rows[] = {
	{ "the same", 180, 60, 9, true, 161, 41, 170, 50 },
	{ "longer", 300, 120, 9, true, 281, 101, 290, 110 },
	{ "shorter", 100, 30, 9, true, 81, 11, 90, 20 },
	{ "another margin", 180, 60, 20, true, 150, 30, 170, 50 },
	{ "no renewal", 180, 60, 9, false, -1, -1, 170, 50 },
	{ "over already", 8, 180, 2, true, 0, 168, 2, 170 },
};

static struct ike_conf *
conf_of(const struct row *r)
{
	struct sim_conf o = {0};
	struct ike_conf *c = sim_conf_new(0, &o);

	c->lifetime_ms = r->ike_ms * MINUTE;
	c->children[0]->lifetime_ms = r->child_ms * MINUTE;
	c->margin_ms = r->margin_ms * MINUTE;
	c->fuzz_percent = 0;
	c->rekey = r->rekey;
	c->dpd = false;
	return c;
}

/* Both sides, a tunnel of the first row's terms that is so old. */
static void
begin(struct sim *s, uint64_t seed, int64_t age_ms)
{
	struct ike_conf *c = conf_of(&rows[0]);
	struct sim_conf o = {0};

	sim_start(s, seed, NULL);
	sim_listen_take(s, 1, sim_conf_new(1, &o));
	sim_initiate(s, 0, c);
	ike_conf_unref(c);
	sim_for(s, age_ms);
}

/* Within some seconds, as what is over is spread. */
static void
assert_left(const struct sim *s, const char *name, int64_t at, int64_t minutes)
{
	int64_t off = at - s->now - minutes * MINUTE;

	if (minutes < 0 ? at != TIME_NEVER : off < -2000 || off > 7000)
		fail_msg("%s: in %lld ms, want %lld minutes", name,
		    (long long)(at - s->now), (long long)minutes);
}

static void
set_terms(struct sim *s, const struct row *r)
{
	struct ike_conf *c = conf_of(r);
	struct ike_child_info child;
	size_t pos = 0;

	ike_host_sa_set_conf(s->host[0].h, s->now, c);
	assert_true(ike_host_next_child(s->host[0].h, &pos, &child));
	ike_host_child_set_conf(s->host[0].h, s->now, child.id,
	    c->children[0]);
	ike_conf_unref(c);
}

static void
t_times(void **state)
{
	struct ike_child_info child;
	struct ike_sa_info sa;
	unsigned datagrams;
	struct sim s;
	size_t i, pos;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		begin(&s, i, 10 * MINUTE);
		datagrams = s.datagrams;
		set_terms(&s, &rows[i]);
		sim_drain(&s);
		assert_int_equal(s.datagrams, datagrams);
		pos = 0;
		assert_true(ike_host_next_child(s.host[0].h, &pos, &child));
		assert_true(sim_sa(&s, 0, 0, &sa));
		assert_left(&s, rows[i].name, sa.rekey_at, rows[i].ike_left);
		assert_left(&s, rows[i].name, child.rekey_at,
		    rows[i].child_left);
		assert_left(&s, rows[i].name, sa.expires_at, rows[i].ike_end);
		assert_left(&s, rows[i].name, child.expires_at,
		    rows[i].child_end);
		sim_end(&s);
	}
}

/* What is over is renewed at once, not dropped. */
static void
t_renewed(void **state)
{
	static const struct row over = { .ike_ms = 5, .child_ms = 5,
	    .margin_ms = 2, .rekey = true };
	struct sim s;

	(void)state;
	begin(&s, 7, 10 * MINUTE);
	set_terms(&s, &over);
	sim_for(&s, MINUTE);
	assert_int_equal(sim_count(&s, 0, IKE_EV_SA_REKEYED), 1);
	assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_REKEYED), 1);
	assert_int_equal(sim_count(&s, 0, IKE_EV_SA_DOWN), 0);
	assert_int_equal(sim_nr_children(&s, 0), 1);
	assert_true(sim_agree(&s));
	sim_end(&s);
}

/* A shorter delay of liveness probes acts on the SA that stands. */
static void
t_liveness(void **state)
{
	struct ike_conf *c;
	unsigned datagrams;
	struct sim s;

	(void)state;
	begin(&s, 9, MINUTE);
	c = conf_of(&rows[0]);
	c->dpd = true;
	c->dpd_delay_ms = 1000;
	datagrams = s.datagrams;
	ike_host_sa_set_conf(s.host[0].h, s.now, c);
	ike_conf_unref(c);
	sim_for(&s, 5000);
	assert_true(s.datagrams >= datagrams + 8);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_times),
		cmocka_unit_test(t_renewed),
		cmocka_unit_test(t_liveness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
