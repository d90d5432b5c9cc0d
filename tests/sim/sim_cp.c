/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration payload (RFC 7296 2.19; conformance.md V2-066): an
 * address for the client, its life over rekeys and reauthentication, pools
 * that are full, sides that do not want it.
 */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "ike/v2/steps.h"

static struct ike_conf *
client(bool v4, bool v6)
{
	struct ike_conf *c = sim_conf_new(0, NULL);

	c->ask_address[0] = v4;
	c->ask_address[1] = v6;
	ts_list_free(&c->children[0]->local_ts);
	c->children[0]->local_dynamic = true;
	return c;
}

static struct ike_conf *
server(const char *v4, const char *v6)
{
	struct ike_conf *c = sim_conf_new(1, &(struct sim_conf){
		.remote_id = "*.example" });

	if (v4 != NULL)
		assert_true(prefix_parse(&c->pool[0], v4));
	if (v6 != NULL)
		assert_true(prefix_parse(&c->pool[1], v6));
	assert_true(addr_parse(&c->dns[0], "10.2.0.53"));
	assert_true(addr_parse(&c->dns[1], "fd00::53"));
	c->nr_dns = 2;
	ts_list_free(&c->children[0]->remote_ts);
	c->children[0]->remote_dynamic = true;
	return c;
}

static void
up(struct sim *s, struct ike_conf *c, struct ike_conf *d)
{
	sim_start(s, 1, NULL);
	sim_listen_take(s, 1, d);
	sim_initiate(s, 0, c);
	ike_conf_unref(c);
	sim_for(s, 2000);
}

static const char *
inner(const struct sim *s, unsigned host, size_t family, bool remote)
{
	static char text[ADDR_TEXT];
	struct ike_sa_info info;

	if (!sim_sa(s, host, 0, &info))
		return "no SA";
	return addr_print(remote ? &info.inner_remote[family] :
	    &info.inner_local[family], text);
}

static void
t_given(void **state)
{
	struct ike_sa_info info;
	struct sim s;

	(void)state;
	up(&s, client(true, true), server("10.99.0.0/28", "fd99::/120"));
	assert_string_equal(inner(&s, 0, 0, false), "10.99.0.1");
	assert_string_equal(inner(&s, 0, 1, false), "fd99::1");
	assert_string_equal(inner(&s, 1, 0, true), "10.99.0.1");
	assert_true(sim_sa(&s, 0, 0, &info));
	assert_int_equal(info.nr_dns, 2);
	assert_string_equal(sim_in_use(&s, 0, NULL)->local,
	    "10.99.0.1, fd99::1");
	assert_true(sim_agree(&s));

	/* keys are renewed, the address stays */
	ike_host_sa_rekey(s.host[1].h, s.now, info.id, NULL);
	sim_for(&s, 3000);
	ike_host_child_rekey(s.host[0].h, s.now,
	    sim_in_use(&s, 0, NULL)->id, NULL);
	sim_for(&s, 20000);
	assert_string_equal(inner(&s, 0, 0, false), "10.99.0.1");
	assert_string_equal(inner(&s, 1, 0, true), "10.99.0.1");
	assert_string_equal(sim_in_use(&s, 1, NULL)->remote,
	    "10.99.0.1, fd99::1");
	assert_int_equal(map_count(s.host[1].h->by_inner), 2);
	assert_true(sim_agree(&s));

	/* with the SA it is free again */
	assert_true(sim_sa(&s, 0, 0, &info));
	ike_host_sa_delete(s.host[0].h, s.now, info.id, REASON_USER_STOPPED,
	    false, NULL);
	sim_drain(&s);
	sim_for(&s, 3000);
	assert_int_equal(map_count(s.host[1].h->by_inner), 0);
	assert_true(sim_is_sane(&s));
	sim_end(&s);
}

/* What each side wants, and what becomes of the child. */
static const struct {
	bool ask4, ask6;
	const char *pool4, *pool6;
	bool child;
	enum ike_reason_code server;	/* what it tells */
} rows[] = {
	{ true, false, "10.99.0.0/28", "fd99::/120", true, REASON_NONE },
	{ true, true, "10.99.0.0/28", NULL, true, REASON_NONE },
	{ false, true, NULL, "fd99::/120", true, REASON_NONE },
	{ false, false, "10.99.0.0/28", NULL, false,
	  REASON_ADDRESS_UNAVAILABLE },
	{ false, true, "10.99.0.0/28", NULL, false,
	  REASON_ADDRESS_UNAVAILABLE },
	/* nobody gives: dynamic is the outer address, as without asking */
	{ false, false, NULL, NULL, true, REASON_NONE },
};

static void
t_wishes(void **state)
{
	const struct ike_event *e;
	struct sim s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		up(&s, client(rows[i].ask4, rows[i].ask6),
		    server(rows[i].pool4, rows[i].pool6));
		assert_int_equal(sim_count(&s, 0, IKE_EV_SA_UP), 1);
		if ((sim_count(&s, 0, IKE_EV_CHILD_UP) == 1) != rows[i].child)
			fail_msg("row %zu: child", i);
		e = sim_event(&s, 1, IKE_EV_REFUSED);
		if ((e == NULL ? REASON_NONE : e->reason.code) !=
		    rows[i].server)
			fail_msg("row %zu: %s", i, e == NULL ? "no reason" :
			    e->reason.text);
		assert_true(sim_agree(&s));
		sim_end(&s);
	}
}

/* Two addresses fit into a /30; the third client gets none, until one goes;
 * the same identity keeps its address. */
static void
t_full(void **state)
{
	static const char *const names[] = { "a.example", "b.example",
	    "c.example" };
	struct ike_conf *c;
	struct sim s;
	size_t i;

	(void)state;
	sim_start(&s, 2, NULL);
	sim_listen_take(&s, 1, server("10.99.0.0/30", NULL));
	for (i = 0; i < NELEM(names); i++) {
		c = client(true, false);
		ident_free(&c->local_id);
		assert_int_equal(ident_parse(&c->local_id, names[i], NULL),
		    0);
		sim_initiate(&s, 0, c);
		ike_conf_unref(c);
		sim_for(&s, 2000);
	}
	assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_UP), 2);
	assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_FAILED), 1);
	assert_int_equal(sim_event(&s, 0, IKE_EV_CHILD_FAILED)->reason.code,
	    REASON_ADDRESS_UNAVAILABLE);
	assert_int_equal(map_count(s.host[1].h->by_inner), 2);
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_given),
		cmocka_unit_test(t_wishes),
		cmocka_unit_test(t_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
