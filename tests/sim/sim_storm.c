/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Storms: many seeds of a network that loses, doubles and reorders up to 30 %
 * of all datagrams and spoils some, while both sides connect, create, rekey,
 * delete, move to other addresses and jump in time at random, with extensions
 * by seed.  In the end, on a calm network, both sides must have the same SAs
 * with the same keys, nothing half open, no illegal change of state, and
 * every attempt must have ended in success or in a reason.
 *
 * SIM_SEEDS sets the number of seeds (5000), SIM_SEED runs one of them only;
 * SIM_TRACE=1 prints what happens.
 */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static uint32_t
any_child(struct sim *s, unsigned host, uint64_t r)
{
	struct ike_child_info c;
	size_t pos = 0, n = 0;
	uint32_t id = 0;

	while (ike_host_next_child(s->host[host].h, &pos, &c)) {
		/* one of those seen so far, each as likely */
		if (r % ++n == 0)
			id = c.id;
	}
	return id;
}

/* The host gets another address, and the SAs that can move follow. */
static void
roam(struct sim *s, unsigned host)
{
	struct ike_host *h = s->host[host].h;
	struct ike_sa_info sa;
	uint32_t ids[16];
	size_t pos = 0, nr = 0, i;

	s->host[host].addr.b[3] = (uint8_t)(10 + host * 100 +
	    rng_below(&s->rng, 90));
	while (nr < NELEM(ids) && ike_host_next_sa(h, &pos, &sa))
		ids[nr++] = sa.id;
	for (i = 0; i < nr; i++) {
		if (!ike_host_sa(h, ids[i], &sa))
			continue;
		sa.path.local.addr = s->host[host].addr;
		ike_host_sa_move(h, s->now, ids[i], &sa.path, NULL);
	}
}

/* What needs no SA: a connection or a new one beside it (reauthentication
 * make before break), an address that changes, a clock that jumps. */
static void
upset(struct sim *s, struct ike_conf *const c[2], unsigned host)
{
	struct ike_path path = sim_path(s, host);
	uint32_t id;

	switch (rng_below(&s->rng, 8)) {
	case 0: case 1:
		ike_host_initiate(s->host[host].h, s->now, c[host], NULL,
		    &path, &id, NULL);
		break;
	case 2:
		if (c[0]->mobike && c[1]->mobike)
			roam(s, host);
		break;
	case 3:
		s->now += (int64_t)rng_below(&s->rng, 600000);
		break;
	default:
		break;
	}
	sim_drain(s);
}

/* Something that an operator, a timer or a plane may do at any time. */
static void
meddle(struct sim *s)
{
	unsigned host = rng_u32(&s->rng) & 1;
	struct ike_host *h = s->host[host].h;
	uint32_t child = any_child(s, host, rng_u32(&s->rng));
	struct ike_sa_info sa;

	if (!sim_sa(s, host, 0, &sa))
		return;
	switch (rng_below(&s->rng, 12)) {
	case 0: case 1: case 2: case 3:
		ike_host_child_rekey(h, s->now, child, NULL);
		break;
	case 4: case 5: case 6:
		ike_host_sa_rekey(h, s->now, sa.id, NULL);
		break;
	case 7: case 8:
		if (sa.conf != NULL && sim_nr_children(s, host) < 8) {
			ike_host_child_create(h, s->now, sa.id,
			    sa.conf->children[0], NULL);
		}
		break;
	case 9:
		ike_host_child_delete(h, s->now, child, REASON_USER_STOPPED,
		    NULL);
		break;
	case 10:
		ike_host_sa_probe(h, s->now, sa.id);
		break;
	case 11:
		if (rng_below(&s->rng, 8) == 0) {
			ike_host_sa_delete(h, s->now, sa.id,
			    REASON_USER_STOPPED, rng_u32(&s->rng) & 1, NULL);
		}
		break;
	}
	sim_drain(s);
}

/* Every SA that was begun came up, or ended, with a sentence. */
static bool
is_told(const struct sim *s)
{
	const struct ike_event *e;
	unsigned i;
	size_t n;

	for (i = 0; i < 2; i++) {
		for (n = 0; n < s->host[i].nr_events; n++) {
			e = &s->host[i].events[n].e;
			if ((e->type == IKE_EV_SA_FAILED ||
			    e->type == IKE_EV_SA_DOWN ||
			    e->type == IKE_EV_CHILD_DOWN ||
			    e->type == IKE_EV_CHILD_FAILED) &&
			    e->reason.text[0] == '\0') {
				printf("event %d without a reason\n",
				    e->type);
				return false;
			}
		}
	}
	return sim_count(s, 0, IKE_EV_SA_UP) +
	    sim_count(s, 0, IKE_EV_SA_FAILED) > 0;
}

static void
probe_all(struct sim *s, unsigned host)
{
	struct ike_host *h = s->host[host].h;
	struct ike_sa_info sa;
	uint32_t ids[64];
	size_t pos = 0, nr = 0, i;

	while (nr < NELEM(ids) && ike_host_next_sa(h, &pos, &sa))
		ids[nr++] = sa.id;
	for (i = 0; i < nr; i++)
		ike_host_sa_probe(h, s->now, ids[i]);
	sim_drain(s);
}

/* A configuration with extensions by seed: the same seed, the same storm. */
static struct ike_conf *
conf_of(unsigned host, uint64_t seed)
{
	struct ike_conf *c = sim_conf_new(host, NULL);

	c->mobike = seed % 3 == 0;
	if (seed % 5 == 0) {
		c->ppk_id = xstrdup("storm");
		secret_set(&c->ppk, "quantum", 7);
	}
	if (seed % 7 == 0 && host == 0) {
		c->ask_address[0] = true;
		c->children[0]->local_dynamic = true;
	}
	if (seed % 7 == 0 && host == 1) {
		assert_true(prefix_parse(&c->pool[0], "10.99.0.0/24"));
		c->children[0]->remote_dynamic = true;
	}
	return c;
}

static bool
storm(uint64_t seed)
{
	struct ike_conf *c[2];
	struct sim s;
	unsigned i;
	bool ok;

	sim_start(&s, seed, NULL);
	s.loss = seed % 31;
	s.twice = seed / 31 % 31;
	s.reorder = seed / 7 % 31;
	s.spoil = seed / 3 % 11;
	s.jitter = 40;
	for (i = 0; i < 2; i++) {
		c[i] = conf_of(i, seed);
		ike_host_conf_add(s.host[i].h, c[i]);
	}
	sim_initiate(&s, 0, c[0]);
	if (seed % 4 == 0)
		sim_initiate(&s, 1, c[1]);
	sim_for(&s, 20000);
	for (i = 0; i < 24; i++) {
		meddle(&s);
		upset(&s, c, rng_u32(&s.rng) & 1);
		sim_for(&s, (int64_t)rng_below(&s.rng, 15000));
	}
	s.loss = s.twice = s.reorder = s.spoil = 0;
	sim_for(&s, 900000);
	/* a peer that lost touch is found out by a probe */
	probe_all(&s, 0);
	probe_all(&s, 1);
	sim_for(&s, 900000);
	ok = sim_agree(&s);
	if (!sim_is_sane(&s) || !is_told(&s))
		ok = false;
	sim_end(&s);
	ike_conf_unref(c[0]);
	ike_conf_unref(c[1]);
	return ok;
}

/* Seeds that once failed, beyond those that are run: an update of addresses
 * under way on an IKE SA that a rekey replaced. */
static void
t_once(void **state)
{
	static const uint64_t seeds[] = { 12009, 13947 };
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(seeds); i++)
		assert_true(storm(seeds[i]));
}

static void
t_storm(void **state)
{
	const char *n = getenv("SIM_SEEDS"), *one = getenv("SIM_SEED");
	uint64_t seeds = n ? strtoull(n, NULL, 10) : 5000, i;
	unsigned bad = 0;

	(void)state;
	if (one != NULL) {
		assert_true(storm(strtoull(one, NULL, 10)));
		return;
	}
	for (i = 1; i <= seeds; i++) {
		if (!storm(i)) {
			printf("seed %llu failed\n", (unsigned long long)i);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_once),
		cmocka_unit_test(t_storm),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
