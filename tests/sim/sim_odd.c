/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Odd peers: what is authentic but wrong, requests in states where they make
 * no sense, floods of IKE_SA_INIT, addresses that a NAT changed (see
 * conformance.md 1.1, 1.2, 1.7; hardening.md ).
 *
 * Authentic nonsense is said by reaching into host 0 (ike/v2/steps.h).
 */
#include "sim.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "ike/sk.h"
#include "ike/v2/steps.h"

static struct v2_sa *
sa_of(struct sim *s, unsigned host)
{
	struct ike_sa_info info;

	assert_true(sim_sa(s, host, 0, &info));
	return v2_sa_by_id(s->host[host].h, info.id);
}

/* Host 0 says a message with the payloads given; its number is consumed. */
static void
say(struct sim *s, uint8_t exchange, uint8_t first, const void *plds,
    size_t len)
{
	struct v2_sa *sa = sa_of(s, 0);
	struct ike_msg *m = v2_msg_new(sa, exchange, sa->mid_out++, false);

	assert_int_equal(ike_payloads_read(m, first, plds, len, NULL, NULL),
	    0);
	v2_send_once(sa, m);
	sim_drain(s);
	ike_msg_free(m);
}

static void
assert_refused(struct sim *s, enum ike_reason_code code)
{
	const struct ike_event *e = sim_event(s, 1, IKE_EV_REFUSED);

	if (e == NULL || e->reason.code != code)
		fail_msg("not refused for %s: %s", ike_reason_word(code),
		    e == NULL ? "nothing" : e->reason.text);
}

/* What the next exchange of a tunnel needs is intact. */
static void
assert_works(struct sim *s)
{
	s->manual = false;
	ike_host_sa_rekey(s->host[0].h, s->now, sa_of(s, 0)->id, NULL);
	sim_for(s, 60000);
	assert_int_equal(sim_count(s, 0, IKE_EV_SA_REKEYED), 1);
	assert_true(sim_agree(s));
	assert_true(sim_is_sane(s));
}

/* The rows: an authentic request, and why it is refused (NONE: it is not). */
static const struct {
	const char *name;
	uint8_t exchange, first;
	uint8_t plds[48];
	size_t len;
	enum ike_reason_code code;
} odd_rows[] = {
	{ "IKE_AUTH again", X_IKE_AUTH, PLD_IDi,
	  { 0, 0, 0, 12, 1, 0, 0, 0, 10, 0, 0, 1 }, 12,
	  REASON_INVALID_SYNTAX },
	{ "IKE_INTERMEDIATE", X_IKE_INTERMEDIATE, PLD_NOTIFY,
	  { 0, 0, 0, 8, 0, 0, 0x40, 1 }, 8, REASON_INVALID_SYNTAX },
	{ "child without selectors", X_CREATE_CHILD_SA, PLD_NOTIFY,
	  { 0, 0, 0, 8, 0, 0, 0x40, 1 }, 8, REASON_INVALID_SYNTAX },
	{ "status nobody knows", X_INFORMATIONAL, PLD_NOTIFY,
	  { 0, 0, 0, 8, 0, 0, 0x9f, 0xff }, 8, REASON_NONE },
	{ "error nobody knows", X_INFORMATIONAL, PLD_NOTIFY,
	  { 0, 0, 0, 8, 0, 0, 0x1f, 0xff }, 8, REASON_NONE },
	{ "Delete of a child nobody has", X_INFORMATIONAL, PLD_DELETE,
	  { 0, 0, 0, 12, 3, 4, 0, 1, 1, 2, 3, 4 }, 12, REASON_NONE },
	{ "Delete of AH", X_INFORMATIONAL, PLD_DELETE,
	  { 0, 0, 0, 12, 2, 4, 0, 1, 1, 2, 3, 4 }, 12, REASON_NONE },
	{ "unknown payload, not critical", X_INFORMATIONAL, 200,
	  { 0, 0, 0, 8, 1, 2, 3, 4 }, 8, REASON_NONE },
};

static void
t_odd(void **state)
{
	struct sim s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(odd_rows); i++) {
		sim_start(&s, i, NULL);
		sim_up(&s);
		s.manual = true;
		say(&s, odd_rows[i].exchange, odd_rows[i].first,
		    odd_rows[i].plds, odd_rows[i].len);
		sim_pass(&s, 0);
		/* each is answered, whatever it is */
		if (sim_waiting(&s, 1) != 1)
			fail_msg("%s: no answer", odd_rows[i].name);
		sim_drop(&s, 1);
		if (odd_rows[i].code != REASON_NONE)
			assert_refused(&s, odd_rows[i].code);
		else
			assert_int_equal(sim_count(&s, 1, IKE_EV_REFUSED), 0);
		assert_int_equal(sim_nr_children(&s, 1), 1);
		assert_works(&s);
		sim_end(&s);
	}
}

/* V2-005: an unknown payload with the critical bit, inside of SK. */
static void
t_critical(void **state)
{
	struct ike_payload *p;
	struct ike_msg *m;
	struct v2_sa *sa;
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_up(&s);
	s.manual = true;
	sa = sa_of(&s, 0);
	m = v2_msg_new(sa, X_INFORMATIONAL, sa->mid_out++, false);
	p = ike_msg_add(m, 200);
	p->critical = true;
	v2_send_once(sa, m);
	ike_msg_free(m);
	sim_drain(&s);
	sim_pass(&s, 0);
	assert_refused(&s, REASON_CRITICAL_PAYLOAD);
	assert_int_equal(sim_waiting(&s, 1), 1);
	sim_drop(&s, 1);
	assert_works(&s);
	sim_end(&s);
}

/* V2-023: outside of the window there is silence, and no harm. */
static void
t_window(void **state)
{
	static const uint32_t off[] = { 1, 2, 1000, (uint32_t)-2 };
	struct v2_sa *sa;
	struct ike_msg *m;
	struct sim s;
	size_t i;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_up(&s);
	s.manual = true;
	sa = sa_of(&s, 0);
	for (i = 0; i < NELEM(off); i++) {
		m = v2_msg_new(sa, X_INFORMATIONAL, sa->mid_out + off[i],
		    false);
		ike_msg_add(m, PLD_DELETE)->u.del.protocol = PROTO_IKE;
		v2_send_once(sa, m);
		ike_msg_free(m);
		sim_drain(&s);
		sim_pass(&s, 0);
		assert_int_equal(sim_waiting(&s, 1), 0);
	}
	assert_int_equal(sim_nr_sas(&s, 1), 1);
	assert_works(&s);
	sim_end(&s);
}

/* the same number again, but another request: not answered. */
static void
t_other_repeat(void **state)
{
	static const uint8_t note[] = { 0, 0, 0, 8, 0, 0, 0x9f, 0xff };
	struct v2_sa *sa;
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_up(&s);
	s.manual = true;
	sa = sa_of(&s, 0);
	say(&s, X_INFORMATIONAL, PLD_NOTIFY, note, sizeof(note));
	sim_pass(&s, 0);
	sim_drop(&s, 1);
	sa->mid_out--;
	say(&s, X_INFORMATIONAL, PLD_NOTIFY, note, sizeof(note));
	sim_pass(&s, 0);
	assert_int_equal(sim_waiting(&s, 1), 0);
	assert_works(&s);
	sim_end(&s);
}

/* A copy of IKE_SA_INIT that comes late is no new peer. */
static void
t_late_copy(void **state)
{
	struct ike_conf *c = sim_conf_new(0, NULL);
	struct ike_path path;
	uint8_t copy[2048];
	struct sim s;
	size_t len;

	(void)state;
	sim_start(&s, 1, NULL);
	s.manual = true;
	sim_listen_take(&s, 1, sim_conf_new(1, NULL));
	sim_initiate(&s, 0, c);
	len = sim_peek(&s, 0)->len;
	memcpy(copy, sim_peek(&s, 0)->data, len);
	sim_pass_all(&s);
	path = sim_path(&s, 1);
	sim_inject(&s, 1, &path, copy, len);
	assert_int_equal(sim_waiting(&s, 1), 0);
	assert_true(sim_is_sane(&s));
	sim_end(&s);
	ike_conf_unref(c);
}

/*
 * ten thousand IKE_SA_INIT from as many addresses cost no memory
 * beyond the threshold, and a real peer still gets in, by a cookie.
 */
static void
t_flood(void **state)
{
	struct ike_conf *c = sim_conf_new(0, NULL);
	struct ike_host_stats st;
	struct ike_path path;
	struct ike_msg *m;
	struct buf b = {0};
	struct sim s;
	size_t before = 0, i;

	(void)state;
	sim_start(&s, 1, NULL);
	s.manual = true;
	sim_listen_take(&s, 1, sim_conf_new(1, NULL));
	sim_initiate(&s, 0, c);
	assert_int_equal(ike_msg_read(&m, sim_peek(&s, 0)->data,
	    sim_peek(&s, 0)->len, NULL, NULL), 0);
	path = sim_path(&s, 1);
	for (i = 0; i < 10000; i++) {
		m->hdr.spi_i++;
		path.remote.addr.b[2] = (uint8_t)(i >> 8);
		path.remote.addr.b[3] = (uint8_t)i;
		buf_reset(&b);
		assert_int_equal(ike_msg_write(m, &b, NULL), 0);
		sim_inject(&s, 1, &path, b.data, b.len);
		while (sim_drop(&s, 1))
			;
		if (i == 100)
			before = mallinfo2().uordblks;
	}
	assert_true(mallinfo2().uordblks < before + 65536);
	ike_host_stats(s.host[1].h, &st);
	assert_int_equal(st.half_open, 30);
	assert_true(st.cookies_sent > 9900);
	sim_pass_all(&s);
	assert_int_equal(sim_count(&s, 1, IKE_EV_SA_UP), 1);
	sim_for(&s, 61000);
	assert_true(sim_is_sane(&s));
	ike_msg_free(m);
	buf_free(&b);
	sim_end(&s);
	ike_conf_unref(c);
}

/* V2-092: "dynamic" selectors are the outer addresses. */
static void
t_dynamic(void **state)
{
	struct ike_conf *c[2];
	struct sim s;
	unsigned i;

	(void)state;
	sim_start(&s, 1, NULL);
	for (i = 0; i < 2; i++) {
		c[i] = sim_conf_new(i, NULL);
		ts_list_free(&c[i]->children[0]->local_ts);
		ts_list_free(&c[i]->children[0]->remote_ts);
		c[i]->children[0]->local_dynamic = true;
		c[i]->children[0]->remote_dynamic = true;
	}
	sim_listen_take(&s, 1, c[1]);
	sim_initiate(&s, 0, c[0]);
	sim_for(&s, 1000);
	assert_string_equal(sim_in_use(&s, 0, "net")->remote,
	    "198.51.100.2");
	assert_true(sim_agree(&s));
	sim_end(&s);
	ike_conf_unref(c[0]);
}

/* RFC 7296 2.23.1: transport mode; each side writes what it sees. */
static void
t_transport_nat(void **state)
{
	struct ike_conf *c[2];
	struct sim s;
	unsigned i;

	(void)state;
	sim_start(&s, 1, NULL);
	s.nat = true;
	for (i = 0; i < 2; i++) {
		c[i] = sim_conf_new(i, &(struct sim_conf){
		    .transport = true });
		ts_list_free(&c[i]->children[0]->local_ts);
		ts_list_free(&c[i]->children[0]->remote_ts);
		c[i]->children[0]->local_dynamic = true;
		c[i]->children[0]->remote_dynamic = true;
	}
	sim_listen_take(&s, 1, c[1]);
	sim_initiate(&s, 0, c[0]);
	sim_for(&s, 1000);
	assert_int_equal(sim_nr_children(&s, 0), 1);
	assert_int_equal(sim_nr_children(&s, 1), 1);
	assert_string_equal(sim_in_use(&s, 0, "net")->local,
	    "192.0.2.2");
	assert_string_equal(sim_in_use(&s, 1, "net")->remote,
	    "198.51.100.1");
	/* and the rekey by the outside host, which never saw the inner one */
	ike_host_child_rekey(s.host[1].h, s.now,
	    sim_in_use(&s, 1, "net")->id, NULL);
	sim_for(&s, 20000);
	assert_int_equal(sim_count(&s, 1, IKE_EV_CHILD_REKEYED), 1);
	ike_host_child_rekey(s.host[0].h, s.now,
	    sim_in_use(&s, 0, "net")->id, NULL);
	sim_for(&s, 20000);
	assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_REKEYED), 2);
	assert_true(sim_is_sane(&s));
	sim_end(&s);
	ike_conf_unref(c[0]);
}

/* AH cannot pass a NAT: said so, and the IKE SA stays. */
static void
t_ah(void **state)
{
	struct ike_conf *c[2];
	struct sim s;
	unsigned i, nat;

	(void)state;
	for (nat = 0; nat < 2; nat++) {
		sim_start(&s, 1, NULL);
		s.nat = nat;
		for (i = 0; i < 2; i++) {
			c[i] = sim_conf_new(i, &(struct sim_conf){
			    .esp = { "sha256" } });
			c[i]->children[0]->protocol = PROTO_AH;
		}
		sim_listen_take(&s, 1, c[1]);
		sim_initiate(&s, 0, c[0]);
		sim_for(&s, 1000);
		assert_int_equal(sim_nr_sas(&s, 0), 1);
		assert_int_equal(sim_nr_children(&s, 0), !nat);
		if (nat) {
			assert_int_equal(sim_event(&s, 0,
			    IKE_EV_CHILD_FAILED)->reason.code,
			    REASON_NAT_DETECTED_AH);
		}
		assert_true(sim_agree(&s));
		sim_end(&s);
		ike_conf_unref(c[0]);
	}
}

/* An answer as to an IKE rekey where a child was asked for: SA, Ni, KE. */
static void
t_answer_without_ts(void **state)
{
	static const uint8_t plds[] = {
		PLD_NONCE, 0, 0, 24, 0, 0, 0, 20, 1, 3, 4, 1, 1, 2, 3, 4,
		0, 0, 0, 8, 5, 0, 0, 0,
		PLD_KE, 0, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8,
		1, 2, 3, 4, 5, 6, 7, 8,
		0, 0, 0, 12, 0, 31, 0, 0, 1, 2, 3, 4,
	};
	struct ike_child_conf *more;
	struct ike_msg *m;
	struct v2_sa *sa;
	struct sim s;
	unsigned rekey;

	(void)state;
	for (rekey = 0; rekey < 2; rekey++) {
		sim_start(&s, rekey, NULL);
		sim_up(&s);
		s.manual = true;
		more = sim_child_new("more", "aes128gcm16", "10.1.0.0/24",
		    "10.2.0.0/24");
		if (rekey) {
			ike_host_child_rekey(s.host[0].h, s.now,
			    sim_in_use(&s, 0, "net")->id, NULL);
		} else {
			ike_host_child_create(s.host[0].h, s.now,
			    sa_of(&s, 0)->id, more, NULL);
		}
		sim_drain(&s);
		assert_true(sim_drop(&s, 0));
		sa = sa_of(&s, 1);
		m = v2_msg_new(sa, X_CREATE_CHILD_SA, sa_of(&s, 0)->mid_out,
		    true);
		assert_int_equal(ike_payloads_read(m, PLD_SA, plds,
		    sizeof(plds), NULL, NULL), 0);
		sa->mid_in++;
		v2_send_once(sa, m);
		sim_drain(&s);
		ike_msg_free(m);
		sim_pass(&s, 1);
		assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_FAILED), 1);
		assert_int_equal(sim_nr_children(&s, 0), 1);
		assert_works(&s);
		ike_child_conf_unref(more);
		sim_end(&s);
	}
}

/* Deletes of SPIs nobody knows, while an answer of the peer's is awaited. */
static void
t_many_deletes(void **state)
{
	uint8_t plds[8 + 4 * 200] = { 0, 0, sizeof(plds) >> 8,
	    (uint8_t)sizeof(plds), PROTO_ESP, 4, 0, 200 };
	struct v2_sa *sa;
	struct sim s;
	unsigned i;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_up(&s);
	s.manual = true;
	ike_host_child_rekey(s.host[1].h, s.now,
	    sim_in_use(&s, 1, "net")->id, NULL);
	sim_drain(&s);
	for (i = 0; i < 10; i++) {
		say(&s, X_INFORMATIONAL, PLD_DELETE, plds, sizeof(plds));
		sim_pass(&s, 0);
	}
	sa = sa_of(&s, 1);
	assert_non_null(sa->active);
	assert_in_range(sa->active->dead.len, 4, 64);
	sim_pass_all(&s);
	assert_works(&s);
	sim_end(&s);
}

/* New children beyond the limit are refused; the tunnel stays. */
static void
t_many_children(void **state)
{
	struct ike_child_conf *more;
	struct v2_sa *sa;
	struct sim s;
	unsigned i;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_up(&s);
	sa = sa_of(&s, 1);
	/* one is there; the next but one is too many */
	for (i = 0; i < V2_CHILDREN - 2; i++) {
		v2_child_new(sa, sa->conf->children[0],
		    v2_new_child_spi(sa->host), 1000 + i);
	}
	more = sim_child_new("more", "aes128gcm16", "10.1.0.0/24",
	    "10.2.0.0/24");
	for (i = 0; i < 2; i++) {
		ike_host_child_create(s.host[0].h, s.now, sa_of(&s, 0)->id,
		    more, NULL);
		sim_for(&s, 1000);
		assert_int_equal(sim_nr_children(&s, 0), 2);
		assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_FAILED), i);
	}
	assert_refused(&s, REASON_RATE_LIMITED);
	assert_true(sim_is_sane(&s));
	ike_child_conf_unref(more);
	sim_end(&s);
}

/* A peer that rekeys the IKE SA again while its first new one waits. */
static void
t_many_rekeys(void **state)
{
	struct v2_sa *sa;
	struct sim s;
	unsigned i;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_up(&s);
	s.manual = true;
	ike_host_sa_rekey(s.host[1].h, s.now, sa_of(&s, 1)->id, NULL);
	sim_drain(&s);
	for (i = 0; i < 3; i++) {
		sa = sa_of(&s, 0);
		ike_host_sa_rekey(s.host[0].h, s.now, sa->id, NULL);
		sim_drain(&s);
		sim_pass(&s, 0);
		sim_drop(&s, 0);
		/* forget it, so that the next can go */
		v2_tasks_free(sa);
		sa->mid_out++;
	}
	assert_int_equal(map_count(s.host[1].h->by_id), 2);
	assert_true(sim_is_sane(&s));
	sim_end(&s);
}

/* SAs that ended answer for a while, but not any number of them. */
static void
t_many_ends(void **state)
{
	struct ike_host *h;
	struct ike_path path;
	struct v2_sa *sa;
	struct sim s;
	unsigned i;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_up(&s);
	h = s.host[1].h;
	path = sim_path(&s, 1);
	for (i = 0; i < V2_LINGERING + 500; i++) {
		sa = v2_sa_new(h, false, v2_new_ike_spi(h), &path);
		sa->established_at = 1;
		v2_end_code(sa, REASON_PEER_DELETED, "");
	}
	ike_host_tick(h, s.now);
	v2_settle(h);
	assert_int_equal(map_count(h->by_id), 1 + V2_LINGERING);
	sim_for(&s, 400000);
	assert_int_equal(map_count(h->by_id), 1);
	assert_int_equal(h->lingering, 0);
	assert_true(sim_is_sane(&s));
	sim_end(&s);
}

/* V2-083: the peer refuses every rekey: the hard end, with its reason. */
static void
t_rekey_refused(void **state)
{
	struct ike_conf *c[2];
	struct sim s;
	unsigned i;

	(void)state;
	sim_start(&s, 1, NULL);
	for (i = 0; i < 2; i++) {
		c[i] = sim_conf_new(i, &(struct sim_conf){
		    .esp = { i ? "aes128gcm16" : "aes128gcm16-x25519" } });
		c[i]->children[0]->lifetime_ms = i ? 3600000 : 300000;
		c[i]->margin_ms = 60000;
	}
	sim_listen_take(&s, 1, c[1]);
	sim_initiate(&s, 0, c[0]);
	sim_for(&s, 299000);
	assert_true(sim_count(&s, 0, IKE_EV_CHILD_FAILED) >= 1);
	assert_int_equal(sim_nr_children(&s, 0), 1);
	sim_for(&s, 5000);
	assert_int_equal(sim_nr_children(&s, 0), 0);
	assert_int_equal(sim_event(&s, 0, IKE_EV_CHILD_DOWN)->reason.code,
	    REASON_LIFETIME_EXPIRED);
	assert_true(sim_agree(&s));
	sim_end(&s);
	ike_conf_unref(c[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_odd),
		cmocka_unit_test(t_critical),
		cmocka_unit_test(t_window),
		cmocka_unit_test(t_other_repeat),
		cmocka_unit_test(t_late_copy),
		cmocka_unit_test(t_flood),
		cmocka_unit_test(t_dynamic),
		cmocka_unit_test(t_transport_nat),
		cmocka_unit_test(t_ah),
		cmocka_unit_test(t_answer_without_ts),
		cmocka_unit_test(t_many_deletes),
		cmocka_unit_test(t_many_children),
		cmocka_unit_test(t_many_rekeys),
		cmocka_unit_test(t_many_ends),
		cmocka_unit_test(t_rekey_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
