/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MOBIKE (RFC 4555; conformance.md V2-104): addresses change on either side,
 * a NAT changes or appears, an address dies, what a peer may not do.
 */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ike/v2/steps.h"

static struct ip_addr
addr(const char *text)
{
	struct ip_addr a;

	assert_true(addr_parse(&a, text));
	return a;
}

/* A tunnel; MOBIKE as each side has it. */
static void
up(struct sim *s, uint64_t seed, bool left, bool right)
{
	struct ike_conf *c = sim_conf_new(0, NULL), *d = sim_conf_new(1, NULL);

	sim_start(s, seed, NULL);
	c->mobike = left;
	d->mobike = right;
	ike_host_conf_add(s->host[0].h, c);
	sim_listen_take(s, 1, d);
	sim_initiate(s, 0, c);
	ike_conf_unref(c);
	sim_for(s, 1000);
	assert_int_equal(sim_count(s, 1, IKE_EV_CHILD_UP), 1);
}

static struct v2_sa *
sa_of(struct sim *s, unsigned host)
{
	struct ike_sa_info info;

	assert_true(sim_sa(s, host, 0, &info));
	return v2_sa_by_id(s->host[host].h, info.id);
}

/* The host is somewhere else now, and knows it. */
static int
move(struct sim *s, unsigned host, const char *to)
{
	struct v2_sa *sa = sa_of(s, host);
	struct ike_path path = sa->path;
	int ret;

	s->host[host].addr = path.local.addr = addr(to);
	ret = ike_host_sa_move(s->host[host].h, s->now, sa->id, &path, NULL);
	sim_drain(s);
	return ret;
}

static void
assert_at(struct sim *s, unsigned host, const char *remote)
{
	struct sim_child *c = sim_in_use(s, host, NULL);
	struct ip_addr want = addr(remote);
	char text[ADDR_TEXT];

	assert_non_null(c);
	if (!addr_eq(&c->path.remote.addr, &want) ||
	    !addr_eq(&sa_of(s, host)->path.remote.addr, &want))
		fail_msg("host %u sends to %s, not to %s", host,
		    addr_print(&c->path.remote.addr, text), remote);
}

/* Port 4500 from IKE_AUTH on with both, nothing without (settings.md 3). */
static void
t_agree(void **state)
{
	struct sim s;
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		up(&s, i, i & 1, i & 2);
		assert_int_equal(sa_of(&s, 0)->mobike != NULL, i == 3);
		assert_int_equal(sa_of(&s, 1)->mobike != NULL, i == 3);
		assert_int_equal(sa_of(&s, 0)->path.remote.port,
		    i & 1 ? IKE_PORT_NAT : IKE_PORT);
		assert_false(sim_in_use(&s, 0, NULL)->encap);
		assert_int_equal(move(&s, 0, "192.0.2.77") == 0, i == 3);
		sim_end(&s);
	}
}

static void
t_initiator_moves(void **state)
{
	struct sim s;

	(void)state;
	up(&s, 1, true, true);
	s.traffic_ms = 10;
	sim_for(&s, 1000);
	assert_int_equal(move(&s, 0, "192.0.2.77"), 0);
	sim_for(&s, 5000);
	assert_at(&s, 1, "192.0.2.77");
	assert_int_equal(s.host[0].lost + s.host[1].lost, 0);
	/* and once more, after the role in the IKE SA has turned */
	ike_host_sa_rekey(s.host[1].h, s.now, sa_of(&s, 1)->id, NULL);
	sim_for(&s, 5000);
	assert_int_equal(sim_count(&s, 1, IKE_EV_SA_REKEYED), 1);
	assert_int_equal(move(&s, 0, "192.0.2.78"), 0);
	sim_for(&s, 5000);
	assert_at(&s, 1, "192.0.2.78");
	assert_true(sim_agree(&s));
	assert_true(sim_is_sane(&s));
	sim_end(&s);
}

/* Twice before the first update is answered, and with loss. */
static void
t_moves_again(void **state)
{
	struct sim s;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 30; seed++) {
		up(&s, seed, true, true);
		s.loss = s.reorder = s.twice = 20;
		s.latency = 30;
		assert_int_equal(move(&s, 0, "192.0.2.77"), 0);
		sim_for(&s, 40);
		assert_int_equal(move(&s, 0, "192.0.2.78"), 0);
		sim_for(&s, 200);
		assert_int_equal(move(&s, 0, "192.0.2.79"), 0);
		sim_for(&s, 120000);
		if (sim_count(&s, 0, IKE_EV_SA_DOWN) == 0)
			assert_at(&s, 1, "192.0.2.79");
		sim_end(&s);
	}
}

/* The other side says where it is; the one that decides goes there. */
static void
t_responder_moves(void **state)
{
	struct sim s;

	(void)state;
	up(&s, 2, true, true);
	assert_int_equal(move(&s, 1, "203.0.113.9"), 0);
	sim_for(&s, 5000);
	assert_at(&s, 0, "203.0.113.9");
	assert_true(sim_agree(&s));
	sim_end(&s);
}

/* A responder that says UPDATE_SA_ADDRESSES is not obeyed. */
static void
t_wrong_side(void **state)
{
	struct ip_addr was;
	struct ike_msg *m;
	struct v2_sa *sa;
	struct sim s;

	(void)state;
	up(&s, 3, true, true);
	was = sa_of(&s, 0)->path.remote.addr;
	sa = sa_of(&s, 1);
	sa->path.local.addr = addr("203.0.113.66");
	m = v2_msg_new(sa, X_INFORMATIONAL, sa->mid_out++, false);
	ike_msg_add_notify(m, N_UPDATE_SA_ADDRESSES, NULL, 0);
	v2_send_once(sa, m);
	ike_msg_free(m);
	sim_drain(&s);
	sim_for(&s, 1000);
	assert_true(addr_eq(&sa_of(&s, 0)->path.remote.addr, &was));
	sim_end(&s);
}

/* Nobody answers at the first address; the second one was named. */
static void
t_dead_address(void **state)
{
	struct ip_addr more = addr("203.0.113.9");
	struct ike_conf *c = sim_conf_new(0, NULL), *d = sim_conf_new(1, NULL);
	struct sim s;

	(void)state;
	sim_start(&s, 4, NULL);
	c->mobike = d->mobike = true;
	ike_host_set_addresses(s.host[1].h, &more, 1);
	sim_listen_take(&s, 1, d);
	sim_initiate(&s, 0, c);
	ike_conf_unref(c);
	sim_for(&s, 1000);
	assert_int_equal(sa_of(&s, 0)->mobike->nr_peer, 1);
	s.manual = true;
	ike_host_sa_probe(s.host[0].h, s.now, sa_of(&s, 0)->id);
	sim_drain(&s);
	while (addr_eq(&sim_peek(&s, 0)->dst.addr, &s.host[1].addr)) {
		assert_true(sim_drop(&s, 0));
		s.now = ike_host_deadline(s.host[0].h);
		ike_host_tick(s.host[0].h, s.now);
		sim_drain(&s);
	}
	s.host[1].addr = more;
	sim_pass_all(&s);
	assert_at(&s, 0, "203.0.113.9");
	sim_end(&s);
}

/* A NAT appears with the new address, then changes its mapping. */
static void
t_nat(void **state)
{
	struct sim s;

	(void)state;
	up(&s, 5, true, true);
	s.nat = true;
	s.nat_addr = addr("198.51.100.200");
	s.nat_port[0] = 1500;
	s.nat_port[1] = 14500;
	assert_int_equal(move(&s, 0, "10.9.9.9"), 0);
	sim_for(&s, 5000);
	assert_at(&s, 1, "198.51.100.200");
	assert_true(sim_in_use(&s, 0, NULL)->encap);
	assert_true(sim_in_use(&s, 1, NULL)->encap);
	assert_true(sa_of(&s, 0)->nat_local);
	assert_true(sim_agree(&s));

	ike_host_sa_probe(s.host[0].h, s.now, sa_of(&s, 0)->id);
	sim_drain(&s);
	sim_for(&s, 1000);
	s.nat_port[1] = 24500;
	ike_host_sa_probe(s.host[0].h, s.now, sa_of(&s, 0)->id);
	sim_drain(&s);
	sim_for(&s, 5000);
	assert_int_equal(sim_in_use(&s, 1, NULL)->path.remote.port, 24500);

	/* out of the NAT again */
	s.nat = false;
	assert_int_equal(move(&s, 0, "192.0.2.2"), 0);
	sim_for(&s, 5000);
	assert_at(&s, 1, "192.0.2.2");
	assert_false(sim_in_use(&s, 1, NULL)->encap);
	sim_end(&s);
}

/* 3.7: the children of the responder wait for the cookie; a wrong one ends
 * the SA, none leaves them where they were. */
static void
t_cookie(void **state)
{
	struct ip_addr was, now = addr("192.0.2.77");
	struct sim s;

	(void)state;
	up(&s, 6, true, true);
	was = s.host[0].addr;
	s.manual = true;
	assert_int_equal(move(&s, 0, "192.0.2.77"), 0);
	assert_true(sim_pass(&s, 0));
	assert_true(addr_eq(&sa_of(&s, 1)->path.remote.addr, &now));
	assert_true(addr_eq(&sim_in_use(&s, 1, NULL)->path.remote.addr,
	    &was));
	assert_true(sim_pass(&s, 1));
	sa_of(&s, 1)->active->nonce.data[3] ^= 1;
	s.manual = false;
	sim_for(&s, 5000);
	assert_int_equal(sim_count(&s, 1, IKE_EV_SA_DOWN), 1);
	assert_non_null(sim_event(&s, 1, IKE_EV_REFUSED));
	sim_end(&s);
}

/* NO_NATS_ALLOWED with addresses that are not those of the packet (3.9). */
static void
t_no_nats(void **state)
{
	uint8_t data[12] = { 192, 0, 2, 55, 198, 51, 100, 2, 0x11, 0x94, 0x11,
	    0x94 };
	struct ip_addr was;
	struct ike_msg *m;
	struct v2_sa *sa;
	struct sim s;

	(void)state;
	up(&s, 7, true, true);
	was = sa_of(&s, 1)->path.remote.addr;
	sa = sa_of(&s, 0);
	sa->path.local.addr = addr("192.0.2.77");
	m = v2_msg_new(sa, X_INFORMATIONAL, sa->mid_out++, false);
	ike_msg_add_notify(m, N_UPDATE_SA_ADDRESSES, NULL, 0);
	ike_msg_add_notify(m, N_NO_NATS_ALLOWED, data, sizeof(data));
	v2_send_once(sa, m);
	ike_msg_free(m);
	sim_drain(&s);
	sim_for(&s, 1000);
	assert_true(addr_eq(&sa_of(&s, 1)->path.remote.addr, &was));
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_agree),
		cmocka_unit_test(t_initiator_moves),
		cmocka_unit_test(t_moves_again),
		cmocka_unit_test(t_responder_moves),
		cmocka_unit_test(t_wrong_side),
		cmocka_unit_test(t_dead_address),
		cmocka_unit_test(t_nat),
		cmocka_unit_test(t_cookie),
		cmocka_unit_test(t_no_nats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
