/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of an established tunnel between two hosts: rekeys without the
 * loss of a packet, deletes in all orders, liveness, lifetimes, NAT, unique
 * identities, events of the plane, odd and forged messages (conformance.md
 * 1.6 to 1.8; V2-... names the requirement).
 */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "ike/v2/steps.h"

static uint32_t
child_id(struct sim *s, unsigned host)
{
	return sim_in_use(s, host, "net")->id;
}

static uint32_t
sa_id(struct sim *s, unsigned host)
{
	struct ike_sa_info info;

	assert_true(sim_sa(s, host, 0, &info));
	return info.id;
}

static void
assert_clean(struct sim *s)
{
	assert_true(sim_agree(s));
	assert_true(sim_is_sane(s));
	assert_int_equal(s->host[0].lost + s->host[1].lost, 0);
}

/* ---- rekeys ---- */

/* V2-071: by either side, in traffic, nothing is lost. */
static void
t_child_rekey(void **state)
{
	struct sim s;
	unsigned by;

	(void)state;
	for (by = 0; by < 2; by++) {
		sim_start(&s, by, NULL);
		sim_up(&s);
		s.jitter = 40;
		s.traffic_ms = 3;
		s.traffic_at = s.now;
		sim_for(&s, 1000);
		assert_int_equal(ike_host_child_rekey(s.host[by].h, s.now,
		    child_id(&s, by), NULL), 0);
		sim_for(&s, 10000);
		s.traffic_ms = 0;
		sim_for(&s, 1000);
		assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_REKEYED), 1);
		assert_int_equal(sim_count(&s, 1, IKE_EV_CHILD_REKEYED), 1);
		assert_int_equal(sim_count(&s, by, IKE_EV_CHILD_DOWN), 0);
		assert_int_equal(sim_nr_children(&s, 0), 1);
		assert_true(s.host[0].received > 3000);
		assert_clean(&s);
		sim_end(&s);
	}
}

/* V2-081: children keep SPIs and keys; both then use the new IKE SA. */
static void
t_ike_rekey(void **state)
{
	struct ike_sa_info before, after;
	struct sim s;
	uint32_t spi;
	unsigned by;

	(void)state;
	for (by = 0; by < 2; by++) {
		sim_start(&s, by, NULL);
		sim_up(&s);
		spi = sim_in_use(&s, 0, "net")->spi_in;
		assert_true(sim_sa(&s, by, 0, &before));
		assert_int_equal(ike_host_sa_rekey(s.host[by].h, s.now,
		    before.id, NULL), 0);
		sim_for(&s, 1000);
		assert_true(sim_sa(&s, by, 0, &after));
		assert_true(after.initiator);
		assert_int_not_equal(before.spi_i, after.spi_i);
		assert_int_equal(sim_event(&s, by,
		    IKE_EV_SA_REKEYED)->new_id, after.id);
		assert_int_equal(sim_nr_sas(&s, 0), 1);
		assert_int_equal(sim_in_use(&s, 0, "net")->spi_in, spi);
		assert_int_equal(sim_count(&s, 0, IKE_EV_SA_DOWN), 0);
		ike_host_child_rekey(s.host[!by].h, s.now,
		    child_id(&s, !by), NULL);
		sim_for(&s, 400000);
		assert_clean(&s);
		sim_end(&s);
	}
}

/* PFS: agreed, refused for another group, asked for again (V2-072). */
static void
t_pfs(void **state)
{
	static const struct {
		const char *left, *right;
		bool rekeyed;
		enum ike_reason_code code;
	} rows[] = {
		{ "aes128gcm16-x25519", "aes128gcm16-x25519", true, 0 },
		{ "aes128gcm16-x25519", "aes128gcm16", false,
		  REASON_PFS_MISMATCH },
		{ "aes128gcm16-ecp256", "aes128gcm16-x25519", false,
		  REASON_PFS_MISMATCH },
	};
	struct sim_conf o[2] = {{0}};
	struct ike_conf *c[2];
	struct sim s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		o[0].esp[0] = rows[i].left;
		o[1].esp[0] = rows[i].right;
		sim_start(&s, i, NULL);
		c[0] = sim_conf_new(0, &o[0]);
		c[1] = sim_conf_new(1, &o[1]);
		sim_listen_take(&s, 1, c[1]);
		sim_initiate(&s, 0, c[0]);
		sim_for(&s, 1000);
		/* the first child has no group of its own: it comes up */
		assert_int_equal(sim_nr_children(&s, 1), 1);
		ike_host_child_rekey(s.host[0].h, s.now, child_id(&s, 0),
		    NULL);
		sim_for(&s, 10000);
		assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_REKEYED),
		    rows[i].rekeyed);
		if (!rows[i].rekeyed) {
			assert_int_equal(sim_event(&s, 0,
			    IKE_EV_CHILD_FAILED)->reason.code, rows[i].code);
			assert_int_equal(sim_event(&s, 1,
			    IKE_EV_CHILD_FAILED)->reason.code, rows[i].code);
		}
		assert_int_equal(sim_nr_children(&s, 0), 1);
		assert_clean(&s);
		sim_end(&s);
		ike_conf_unref(c[0]);
	}
}

/* The peer's first choice is the second of ours: INVALID_KE_PAYLOAD. */
static void
t_pfs_other_group(void **state)
{
	struct sim_conf left = { .esp = { "aes128gcm16-x25519",
	    "aes128gcm16-ecp256" } };
	struct sim_conf right = { .esp = { "aes128gcm16-ecp256" } };
	struct ike_conf *c = sim_conf_new(0, &left);
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_listen_take(&s, 1, sim_conf_new(1, &right));
	sim_initiate(&s, 0, c);
	sim_for(&s, 1000);
	ike_host_child_rekey(s.host[0].h, s.now, child_id(&s, 0), NULL);
	sim_for(&s, 10000);
	assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_REKEYED), 1);
	assert_clean(&s);
	sim_end(&s);
	ike_conf_unref(c);
}

/* ---- deletes ---- */

static void
t_delete_child(void **state)
{
	struct sim s;
	unsigned by;

	(void)state;
	for (by = 0; by < 2; by++) {
		sim_start(&s, by, NULL);
		sim_up(&s);
		ike_host_child_delete(s.host[by].h, s.now, child_id(&s, by),
		    REASON_USER_STOPPED, NULL);
		sim_for(&s, 1000);
		assert_int_equal(sim_nr_children(&s, 0), 0);
		assert_int_equal(sim_event(&s, by,
		    IKE_EV_CHILD_DOWN)->reason.code, REASON_USER_STOPPED);
		assert_int_equal(sim_event(&s, !by,
		    IKE_EV_CHILD_DOWN)->reason.code, REASON_PEER_DELETED);
		assert_int_equal(sim_nr_sas(&s, 0), 1);
		assert_clean(&s);
		sim_end(&s);
	}
}

static void
t_delete_sa(void **state)
{
	struct sim s;
	unsigned by, force;

	(void)state;
	for (by = 0; by < 4; by++) {
		force = by / 2;
		sim_start(&s, by, NULL);
		sim_up(&s);
		ike_host_sa_delete(s.host[by % 2].h, s.now, sa_id(&s, by % 2),
		    REASON_USER_STOPPED, force, NULL);
		sim_drain(&s);
		if (force)
			assert_int_equal(sim_nr_sas(&s, by % 2), 0);
		sim_for(&s, 1000);
		assert_int_equal(sim_nr_sas(&s, 0) + sim_nr_sas(&s, 1), 0);
		assert_int_equal(sim_event(&s, by % 2,
		    IKE_EV_SA_DOWN)->reason.code, REASON_USER_STOPPED);
		assert_int_equal(sim_event(&s, !(by % 2),
		    IKE_EV_SA_DOWN)->reason.code, REASON_PEER_DELETED);
		assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_DOWN), 1);
		assert_int_equal(sim_count(&s, 1, IKE_EV_CHILD_DOWN), 1);
		assert_int_equal(sim_nr_children(&s, 0), 0);
		sim_for(&s, 200000);
		assert_int_equal(ike_host_deadline(s.host[0].h), TIME_NEVER);
		assert_int_equal(ike_host_deadline(s.host[1].h), TIME_NEVER);
		assert_clean(&s);
		sim_end(&s);
	}
}

/* Stopped before it was up: nothing stays at either side. */
static void
t_delete_connecting(void **state)
{
	struct ike_conf *c = sim_conf_new(0, NULL);
	struct sim s;
	uint32_t id;
	int passed;

	(void)state;
	for (passed = 0; passed < 4; passed++) {
		sim_start(&s, 1, NULL);
		sim_listen_take(&s, 1, sim_conf_new(1, NULL));
		s.manual = true;
		id = sim_initiate(&s, 0, c);
		if (passed > 0)
			sim_pass(&s, 0);
		if (passed > 1)
			sim_pass(&s, 1);
		if (passed > 2)
			sim_pass(&s, 0);
		ike_host_sa_delete(s.host[0].h, s.now, id,
		    REASON_USER_STOPPED, false, NULL);
		sim_drain(&s);
		s.manual = false;
		sim_for(&s, 60000);
		assert_int_equal(sim_nr_sas(&s, 0) + sim_nr_sas(&s, 1), 0);
		assert_int_equal(sim_event(&s, 0,
		    IKE_EV_SA_FAILED)->reason.code, REASON_USER_STOPPED);
		assert_clean(&s);
		sim_end(&s);
	}
	ike_conf_unref(c);
}

/* ---- liveness and lifetimes ---- */

/* V2-100: a probe 30 s after the last sign of life; death after 165 s. */
static void
t_dpd(void **state)
{
	struct ike_host_stats st;
	struct sim s;
	uint64_t before;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_up(&s);
	ike_host_stats(s.host[0].h, &st);
	before = st.datagrams_out;
	/* ESP counts as life: no probe */
	s.traffic_ms = 1000;
	s.traffic_at = s.now;
	sim_for(&s, 300000);
	ike_host_stats(s.host[0].h, &st);
	assert_int_equal(st.datagrams_out, before);
	s.traffic_ms = 0;
	sim_for(&s, 100000);
	ike_host_stats(s.host[0].h, &st);
	assert_true(st.datagrams_out > before);
	s.cut = true;
	sim_for(&s, 250000);
	assert_int_equal(sim_event(&s, 0, IKE_EV_SA_DOWN)->reason.code,
	    REASON_DPD_TIMEOUT);
	assert_int_equal(sim_event(&s, 0, IKE_EV_CHILD_DOWN)->reason.code,
	    REASON_DPD_TIMEOUT);
	assert_non_null(strstr(sim_event(&s, 0, IKE_EV_SA_DOWN)->reason.text,
	    "it was last heard"));
	assert_int_equal(sim_nr_sas(&s, 0) + sim_nr_sas(&s, 1), 0);
	assert_clean(&s);
	sim_end(&s);
}

static void
set_life(struct ike_conf *c, int64_t sa_ms, int64_t child_ms, bool rekey)
{
	c->lifetime_ms = sa_ms;
	c->margin_ms = sa_ms / 10;
	c->rekey = rekey;
	c->children[0]->lifetime_ms = child_ms;
}

/* V2-082: rekey no: the hard end; the reason is told on both sides. */
static void
t_expire(void **state)
{
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	c[0] = sim_conf_new(0, NULL);
	c[1] = sim_conf_new(1, NULL);
	set_life(c[0], 200000, 100000, false);
	set_life(c[1], TIME_NEVER, TIME_NEVER, false);
	sim_listen_take(&s, 1, c[1]);
	sim_initiate(&s, 0, c[0]);
	sim_for(&s, 99000);
	assert_int_equal(sim_nr_children(&s, 1), 1);
	sim_for(&s, 2000);
	assert_int_equal(sim_nr_children(&s, 0), 0);
	assert_int_equal(sim_event(&s, 0, IKE_EV_CHILD_DOWN)->reason.code,
	    REASON_LIFETIME_EXPIRED);
	sim_for(&s, 100000);
	assert_int_equal(sim_event(&s, 0, IKE_EV_SA_DOWN)->reason.code,
	    REASON_LIFETIME_EXPIRED);
	assert_int_equal(sim_nr_sas(&s, 1), 0);
	assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_REKEYED), 0);
	assert_clean(&s);
	sim_end(&s);
	ike_conf_unref(c[0]);
}

/* Reauthentication is asked for once, in the time of a rekey. */
static void
t_reauth(void **state)
{
	struct ike_conf *c = sim_conf_new(0, NULL);
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	set_life(c, 200000, TIME_NEVER, true);
	c->reauth = true;
	sim_listen_take(&s, 1, sim_conf_new(1, NULL));
	sim_initiate(&s, 0, c);
	sim_for(&s, 159000);
	assert_int_equal(sim_count(&s, 0, IKE_EV_SA_REAUTH), 0);
	sim_for(&s, 30000);
	assert_int_equal(sim_count(&s, 0, IKE_EV_SA_REAUTH), 1);
	assert_int_equal(sim_count(&s, 0, IKE_EV_SA_REKEYED), 0);
	/* make before break: the second first, then the end of the first */
	sim_initiate(&s, 0, c);
	sim_for(&s, 1000);
	assert_int_equal(sim_nr_sas(&s, 0), 2);
	ike_host_sa_delete(s.host[0].h, s.now, sim_event(&s, 0,
	    IKE_EV_SA_REAUTH)->sa_id, REASON_USER_STOPPED, false, NULL);
	sim_for(&s, 20000);
	assert_int_equal(sim_nr_sas(&s, 0), 1);
	assert_int_equal(sim_nr_children(&s, 0), 1);
	assert_clean(&s);
	sim_end(&s);
	ike_conf_unref(c);
}

/* A virtual day: rekeys of both kinds by both sides, probes, no loss. */
static void
t_day(void **state)
{
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_up(&s);
	s.jitter = 30;
	s.traffic_ms = 500;
	s.traffic_at = s.now;
	sim_for(&s, 86400000);
	assert_true(sim_count(&s, 0, IKE_EV_CHILD_REKEYED) >= 24);
	assert_true(sim_count(&s, 0, IKE_EV_SA_REKEYED) >= 7);
	assert_int_equal(sim_count(&s, 0, IKE_EV_SA_DOWN), 0);
	assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_DOWN), 0);
	s.traffic_ms = 0;
	sim_for(&s, 20000);
	assert_true(s.host[1].received > 170000);
	assert_int_equal(sim_nr_children(&s, 0), 1);
	assert_clean(&s);
	sim_end(&s);
}

/* ---- NAT ---- */

/* V2-032, V2-033, V2-103. */
static void
t_nat(void **state)
{
	struct ike_sa_info info;
	struct sim s;
	unsigned retries;

	(void)state;
	sim_start(&s, 1, NULL);
	s.nat = true;
	sim_up(&s);
	assert_true(sim_agree(&s));
	assert_true(sim_sa(&s, 0, 0, &info));
	assert_true(info.nat_local && !info.nat_remote);
	assert_int_equal(info.path.remote.port, 4500);
	assert_true(sim_sa(&s, 1, 0, &info));
	assert_true(info.nat_remote && !info.nat_local);
	assert_int_equal(info.path.remote.port, 14500);
	assert_int_equal(info.path.local.port, 4500);
	assert_true(sim_in_use(&s, 0, "net")->encap);
	/* the mapping changes: the outside host follows authentic packets */
	s.nat_port[1] = 24500;
	sim_for(&s, 60000);
	assert_int_equal(s.host[1].moves, 1);
	assert_int_equal(s.host[0].moves, 0);
	assert_int_equal(sim_in_use(&s, 1, "net")->path.remote.port, 24500);
	/* only the inside host keeps the mapping open */
	assert_true(s.host[0].keepalives >= 1);
	assert_int_equal(s.host[1].keepalives, 0);
	retries = sim_count(&s, 1, IKE_EV_RETRANSMIT);
	ike_host_sa_probe(s.host[1].h, s.now, sa_id(&s, 1));
	sim_for(&s, 10000);
	assert_int_equal(sim_count(&s, 1, IKE_EV_RETRANSMIT), retries);
	assert_clean(&s);
	sim_end(&s);
}

/* The plane saw ESP from elsewhere: followed by the same rule. */
static void
t_plane_moved(void **state)
{
	struct endpoint e;
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	s.nat = true;
	sim_up(&s);
	e = sim_in_use(&s, 1, "net")->path.remote;
	e.port = 999;
	ike_host_plane_moved(s.host[1].h, s.now, child_id(&s, 1), &e);
	sim_drain(&s);
	assert_int_equal(sim_in_use(&s, 1, "net")->path.remote.port, 999);
	/* who is inside does not */
	e = sim_in_use(&s, 0, "net")->path.remote;
	e.port = 999;
	ike_host_plane_moved(s.host[0].h, s.now, child_id(&s, 0), &e);
	sim_drain(&s);
	assert_int_equal(sim_in_use(&s, 0, "net")->path.remote.port, 4500);
	sim_end(&s);
}

/* One side falsifies its hash: both encapsulate, by port 4500. */
static void
t_force_encap(void **state)
{
	struct ike_conf *c[2];
	struct sim s;
	unsigned who;

	(void)state;
	for (who = 0; who < 3; who++) {
		sim_start(&s, 1, NULL);
		c[0] = sim_conf_new(0, NULL);
		c[1] = sim_conf_new(1, NULL);
		c[0]->force_encap = who != 1;
		c[1]->force_encap = who != 0;
		sim_listen_take(&s, 1, c[1]);
		sim_initiate(&s, 0, c[0]);
		sim_for(&s, 1000);
		assert_true(sim_in_use(&s, 0, "net")->encap);
		assert_int_equal(sim_in_use(&s, 1, "net")->path.remote.port,
		    4500);
		assert_clean(&s);
		sim_end(&s);
		ike_conf_unref(c[0]);
	}
}

/* ---- unique identities ---- */

static void
t_unique(void **state)
{
	static const struct {
		enum ike_unique policy;
		unsigned sas;	/* at the end, at the responder */
	} rows[] = {
		{ UNIQUE_YES, 1 }, { UNIQUE_NO, 2 }, { UNIQUE_NEVER, 2 },
		{ UNIQUE_KEEP, 2 },
	};
	struct ike_conf *c[2];
	struct sim s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		sim_start(&s, i, NULL);
		c[0] = sim_conf_new(0, NULL);
		c[1] = sim_conf_new(1, NULL);
		c[0]->unique = UNIQUE_NO;
		c[1]->unique = rows[i].policy;
		sim_listen_take(&s, 1, c[1]);
		sim_initiate(&s, 0, c[0]);
		sim_for(&s, 1000);
		sim_initiate(&s, 0, c[0]);
		sim_for(&s, 60000);
		assert_int_equal(sim_nr_sas(&s, 1), rows[i].sas);
		assert_int_equal(sim_nr_sas(&s, 0), rows[i].sas);
		if (rows[i].sas == 1) {
			assert_int_equal(sim_event(&s, 1,
			    IKE_EV_SA_DOWN)->reason.code,
			    REASON_UNIQUE_REPLACED);
		}
		assert_clean(&s);
		sim_end(&s);
		ike_conf_unref(c[0]);
	}
}

/* V2-061: a host that lost its memory says INITIAL_CONTACT. */
static void
t_initial_contact(void **state)
{
	struct ike_host_params p = ike_host_defaults();
	struct ike_conf *c = sim_conf_new(0, NULL);
	struct sim s;
	size_t i;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_listen_take(&s, 1, sim_conf_new(1, NULL));
	sim_initiate(&s, 0, c);
	sim_for(&s, 1000);
	ike_host_free(s.host[0].h);
	p.rng = &s.rng;
	s.host[0].h = ike_host_new(&p);
	for (i = 0; i < SIM_CHILDREN; i++)
		s.host[0].plane[i].id = 0;
	sim_initiate(&s, 0, c);
	sim_for(&s, 1000);
	assert_int_equal(sim_nr_sas(&s, 1), 1);
	assert_int_equal(sim_nr_children(&s, 1), 1);
	assert_int_equal(sim_event(&s, 1, IKE_EV_SA_DOWN)->reason.code,
	    REASON_UNIQUE_REPLACED);
	assert_clean(&s);
	sim_end(&s);
	ike_conf_unref(c);
}

/* Both begin at once: one of the two SAs stays, the same on both sides. */
static void
t_both_begin(void **state)
{
	struct ike_conf *c[2];
	struct sim s;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 40; seed++) {
		sim_start(&s, seed, NULL);
		s.jitter = 40;
		c[0] = sim_conf_new(0, NULL);
		c[1] = sim_conf_new(1, NULL);
		ike_host_conf_add(s.host[0].h, c[0]);
		ike_host_conf_add(s.host[1].h, c[1]);
		sim_initiate(&s, 0, c[0]);
		sim_for(&s, (int64_t)(seed % 4) * 15);
		sim_initiate(&s, 1, c[1]);
		sim_for(&s, 60000);
		assert_int_equal(sim_nr_sas(&s, 0), 1);
		assert_int_equal(sim_nr_children(&s, 0), 1);
		assert_clean(&s);
		sim_end(&s);
		ike_conf_unref(c[0]);
		ike_conf_unref(c[1]);
	}
}

/* ---- the plane and the network ---- */

static void
t_plane_events(void **state)
{
	struct ike_reason why;
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_up(&s);
	/* soft: rekey; hard: the end */
	ike_host_plane_expire(s.host[0].h, s.now,
	    sim_in_use(&s, 0, "net")->spi_out, false);
	sim_for(&s, 10000);
	assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_REKEYED), 1);
	ike_host_plane_expire(s.host[1].h, s.now,
	    sim_in_use(&s, 1, "net")->spi_in, true);
	sim_for(&s, 1000);
	assert_int_equal(sim_nr_children(&s, 0), 0);
	assert_int_equal(sim_event(&s, 1, IKE_EV_CHILD_DOWN)->reason.code,
	    REASON_LIFETIME_EXPIRED);
	assert_clean(&s);
	sim_end(&s);

	/* it cannot be installed: the peer hears of it */
	sim_start(&s, 1, NULL);
	sim_up(&s);
	ike_reason_set(&why, REASON_NO_IPSEC_IN_KERNEL, true, "", NULL, NULL,
	    "This kernel has no ESP.");
	ike_host_plane_failed(s.host[0].h, s.now, child_id(&s, 0), &why);
	sim_for(&s, 1000);
	assert_int_equal(sim_event(&s, 0, IKE_EV_CHILD_DOWN)->reason.code,
	    REASON_NO_IPSEC_IN_KERNEL);
	assert_int_equal(sim_nr_children(&s, 1), 0);
	assert_int_equal(sim_nr_sas(&s, 1), 1);
	assert_clean(&s);
	sim_end(&s);
}

static void
t_unreachable(void **state)
{
	struct ike_conf *c = sim_conf_new(0, NULL);
	struct ike_reason why;
	struct ike_path path;
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	s.cut = true;
	sim_initiate(&s, 0, c);
	ike_reason_set(&why, REASON_PEER_REFUSED, true, "IKE_SA_INIT", NULL,
	    NULL, "Nothing listens on UDP port 500 of the peer.");
	path = sim_path(&s, 0);
	ike_host_unreachable(s.host[0].h, s.now, &path, &why);
	sim_drain(&s);
	assert_int_equal(sim_event(&s, 0, IKE_EV_SA_FAILED)->reason.code,
	    REASON_PEER_REFUSED);
	sim_end(&s);
	ike_conf_unref(c);
}

/* ---- odd and forged messages ---- */

static void
inject(struct sim *s, unsigned to, const struct ike_header *hdr,
    uint16_t notify)
{
	struct ike_path path = sim_path(s, to);
	struct ike_msg *m = ike_msg_new();
	struct buf b = {0};

	m->hdr = *hdr;
	if (notify != 0)
		ike_msg_add_notify(m, notify, NULL, 0);
	assert_int_equal(ike_msg_write(m, &b, NULL), 0);
	sim_inject(s, to, &path, b.data, b.len);
	buf_free(&b);
	ike_msg_free(m);
}

/* V2-101: unknown SPIs are answered ten times a second at most, and a bare
 * header not at all: the answer would be longer. */
static void
t_unknown_spi(void **state)
{
	struct ike_header hdr = { .spi_i = 1, .spi_r = 2, .major = 2,
	    .exchange = X_INFORMATIONAL, .flags = IKE_FLAG_I, .mid = 7 };
	struct ike_host_stats st;
	struct sim s;
	int i;

	(void)state;
	sim_start(&s, 1, NULL);
	s.manual = true;
	inject(&s, 0, &hdr, 0);
	assert_int_equal(sim_waiting(&s, 0), 0);
	sim_for(&s, 1000);
	for (i = 0; i < 50; i++)
		inject(&s, 0, &hdr, N_INITIAL_CONTACT);
	ike_host_stats(s.host[0].h, &st);
	assert_int_equal(st.unknown_spi, 51);
	assert_int_equal(sim_waiting(&s, 0), 10);
	/* an answer is never answered */
	sim_for(&s, 2000);
	hdr.flags |= IKE_FLAG_R;
	inject(&s, 0, &hdr, N_INVALID_IKE_SPI);
	assert_int_equal(sim_waiting(&s, 0), 10);
	sim_end(&s);
}

/* V2-002. */
/* V2-102: ESP that nobody knows is told of inside the IKE SA, rarely, and
 * the side that sends it makes its child anew. */
static void
t_invalid_spi(void **state)
{
	struct sim_child *left;
	struct ike_child_info c;
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_up(&s);
	left = sim_in_use(&s, 0, NULL);
	assert_non_null(left);
	/* one that the peer has, and one that nobody uses: nothing happens */
	ike_host_plane_unknown_spi(s.host[1].h, s.now, left->spi_out,
	    &s.host[0].addr);
	ike_host_plane_unknown_spi(s.host[1].h, s.now, 0x1234567,
	    &s.host[1].addr);
	sim_drain(&s);
	sim_for(&s, 3000);
	assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_DOWN), 0);
	/* the peer lost its half; ours goes */
	assert_true(ike_host_child(s.host[1].h,
	    sim_in_use(&s, 1, NULL)->id, &c));
	v2_child_unlink(v2_child_by_id(s.host[1].h, c.id));
	ike_host_plane_unknown_spi(s.host[1].h, s.now, left->spi_out,
	    &s.host[0].addr);
	sim_drain(&s);
	sim_for(&s, 5000);
	assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_DOWN), 1);
	assert_int_equal(sim_event(&s, 0, IKE_EV_CHILD_DOWN)->reason.code,
	    REASON_CHILD_NOT_FOUND);
	assert_true(sim_is_sane(&s));
	sim_end(&s);
}

static void
t_version(void **state)
{
	struct ike_header hdr = { .spi_i = 1, .major = 3,
	    .exchange = X_IKE_SA_INIT, .flags = IKE_FLAG_I };
	struct ike_conf *c = sim_conf_new(0, NULL);
	struct ike_sa_info info;
	struct ike_msg *m;
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	s.manual = true;
	inject(&s, 1, &hdr, 0);
	assert_int_equal(sim_waiting(&s, 1), 0);
	inject(&s, 1, &hdr, N_COOKIE);
	assert_int_equal(ike_msg_read(&m, sim_peek(&s, 1)->data,
	    sim_peek(&s, 1)->len, NULL, NULL), 0);
	assert_int_equal(m->hdr.major, 2);
	assert_non_null(ike_msg_find_notify(m, N_INVALID_MAJOR_VERSION));
	ike_msg_free(m);
	/* a peer of IKEv1 answers us */
	sim_initiate(&s, 0, c);
	assert_true(sim_sa(&s, 0, 0, &info));
	hdr = (struct ike_header){ .spi_i = info.spi_i, .spi_r = 1,
	    .major = 1, .exchange = 5 };
	inject(&s, 0, &hdr, N_NO_PROPOSAL_CHOSEN);
	assert_int_equal(sim_event(&s, 0, IKE_EV_SA_FAILED)->reason.code,
	    REASON_VERSION_MISMATCH);
	sim_end(&s);
	ike_conf_unref(c);
}

/* V2-011, V2-101: what is not protected never ends an SA; it is a hint. */
static void
t_forged(void **state)
{
	struct ike_header hdr;
	struct ike_sa_info info;
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_up(&s);
	s.manual = true;
	sim_for(&s, 5000);
	assert_true(sim_sa(&s, 0, 0, &info));
	hdr = (struct ike_header){ .spi_i = info.spi_i, .spi_r = info.spi_r,
	    .major = 2, .exchange = X_INFORMATIONAL };
	inject(&s, 0, &hdr, N_AUTHENTICATION_FAILED);
	hdr.flags = IKE_FLAG_R;
	inject(&s, 0, &hdr, N_INVALID_SYNTAX);
	assert_int_equal(sim_waiting(&s, 0), 0);
	inject(&s, 0, &hdr, N_INVALID_IKE_SPI);
	assert_int_equal(sim_waiting(&s, 0), 1);
	inject(&s, 0, &hdr, N_INVALID_IKE_SPI);
	assert_int_equal(sim_waiting(&s, 0), 1);
	s.manual = false;
	sim_for(&s, 1000);
	assert_clean(&s);
	assert_int_equal(sim_nr_sas(&s, 0), 1);
	sim_end(&s);
}

/* The deadline drives all: without SAs there is none. */
static void
t_idle(void **state)
{
	struct sp_error err;
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	assert_int_equal(ike_host_deadline(s.host[0].h), TIME_NEVER);
	assert_int_equal(ike_host_sa_rekey(s.host[0].h, s.now, 7, &err),
	    SP_NOTFOUND);
	assert_int_equal(ike_host_child_delete(s.host[0].h, s.now, 7,
	    REASON_USER_STOPPED, &err), SP_NOTFOUND);
	assert_string_equal(err.text, "There is no child number 7.");
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_child_rekey),
		cmocka_unit_test(t_ike_rekey),
		cmocka_unit_test(t_pfs),
		cmocka_unit_test(t_pfs_other_group),
		cmocka_unit_test(t_delete_child),
		cmocka_unit_test(t_delete_sa),
		cmocka_unit_test(t_delete_connecting),
		cmocka_unit_test(t_dpd),
		cmocka_unit_test(t_expire),
		cmocka_unit_test(t_reauth),
		cmocka_unit_test(t_day),
		cmocka_unit_test(t_nat),
		cmocka_unit_test(t_plane_moved),
		cmocka_unit_test(t_force_encap),
		cmocka_unit_test(t_unique),
		cmocka_unit_test(t_initial_contact),
		cmocka_unit_test(t_both_begin),
		cmocka_unit_test(t_plane_events),
		cmocka_unit_test(t_unreachable),
		cmocka_unit_test(t_unknown_spi),
		cmocka_unit_test(t_invalid_spi),
		cmocka_unit_test(t_version),
		cmocka_unit_test(t_forged),
		cmocka_unit_test(t_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
