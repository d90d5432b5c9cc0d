/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IKEv1 between two hosts (conformance.md section 2; numbers V1-... name the
 * requirement): Main Mode and Quick Mode on a calm network with each suite,
 * rekeys of both phases by either side, deletes, dead peer detection, NAT,
 * every message lost once, the reasons of failures, and storms by seed.
 */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#define IKE "aes128-sha256-ecp256"
#define ESP "aes128-sha256"
#define STORMS 5000		/* seeds of one run */

/* Two configurations of IKEv1; they stay the caller's. */
static void
make(struct sim *s, struct ike_conf *c[2], const struct sim_conf *left,
    const struct sim_conf *right)
{
	const struct sim_conf *o[2] = { left, right };
	struct sim_conf one;
	unsigned i;

	for (i = 0; i < 2; i++) {
		one = o[i] == NULL ? (struct sim_conf){0} : *o[i];
		if (one.ike[0] == NULL)
			one.ike[0] = IKE;
		if (one.esp[0] == NULL)
			one.esp[0] = ESP;
		c[i] = sim_conf_new(i, &one);
		c[i]->version = IKE_VERSION_1;
		ike_host_conf_add(s->host[i].h, c[i]);
	}
}

static void
begin(struct sim *s, struct ike_conf *c[2], uint64_t seed)
{
	sim_start(s, seed, NULL);
	make(s, c, NULL, NULL);
	sim_initiate(s, 0, c[0]);
	sim_for(s, 1000);
	assert_int_equal(sim_count(s, 0, IKE_EV_CHILD_UP), 1);
	assert_int_equal(sim_count(s, 1, IKE_EV_CHILD_UP), 1);
	assert_true(sim_agree(s));
}

static void
end(struct sim *s, struct ike_conf *c[2])
{
	assert_true(sim_is_sane(s));
	sim_end(s);
	ike_conf_unref(c[0]);
	ike_conf_unref(c[1]);
}

static uint32_t
sa_id(const struct sim *s, unsigned host)
{
	struct ike_sa_info info;

	assert_true(sim_sa(s, host, 0, &info));
	return info.id;
}

/* ---- what works ---- */

static const struct {
	const char *ike, *esp;
} suite_rows[] = {
	{ "aes128-sha256-modp2048", "aes128-sha256" },
	{ "aes256-sha512-ecp384", "aes256gcm16" },
	{ "aes256-sha1-modp1536", "aes256-sha1-modp1536" },
	{ "3des-md5-modp1536", "3des-md5" },
	{ "aes192-sha384-ecp256", "aes128-sha256-ecp256" },
	{ "aes128-sha256-ecp256", "aes128-sha256-esn" },
};

/* V1-002, V1-004, V1-008. */
static void
t_suites(void **state)
{
	struct sim_conf o;
	struct ike_conf *c[2];
	struct sim s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(suite_rows); i++) {
		o = (struct sim_conf){ .ike = { suite_rows[i].ike },
		    .esp = { suite_rows[i].esp } };
		sim_start(&s, i, NULL);
		make(&s, c, &o, &o);
		sim_initiate(&s, 0, c[0]);
		sim_for(&s, 1000);
		if (sim_count(&s, 0, IKE_EV_CHILD_UP) != 1 ||
		    sim_count(&s, 1, IKE_EV_CHILD_UP) != 1 ||
		    sim_nr_children(&s, 0) != 1 || !sim_agree(&s))
			fail_msg("%s / %s does not come up",
			    suite_rows[i].ike, suite_rows[i].esp);
		end(&s, c);
	}
}

/* V1-006: also with every message lost once. */
static void
t_aggressive(void **state)
{
	struct ike_conf *c[2];
	struct sim s;
	unsigned n, k;

	(void)state;
	for (n = 0; n < 6; n++) {
		sim_start(&s, n, NULL);
		s.manual = true;
		s.nat = n % 2;
		make(&s, c, NULL, NULL);
		c[0]->aggressive = c[1]->aggressive = true;
		sim_initiate(&s, 0, c[0]);
		for (k = 0; k < n; k++)
			sim_pass(&s, k % 2);
		if (n > 0)
			sim_drop(&s, n % 2);
		s.manual = false;
		sim_for(&s, 60000);
		if (sim_count(&s, 0, IKE_EV_CHILD_UP) != 1 ||
		    sim_count(&s, 1, IKE_EV_CHILD_UP) != 1 || !sim_agree(&s))
			fail_msg("message %u lost: not up", n + 1);
		assert_int_equal(sim_in_use(&s, 1, "net")->encap, n % 2);
		end(&s, c);
	}
}

/* What goes wrong in Aggressive Mode; the modes of the two sides. */
static const struct {
	const char *what;
	bool left, right;	/* aggressive? */
	struct sim_conf conf;	/* of host 0 */
	enum ike_reason_code at_0, at_1;	/* NONE: nothing is said */
} aggressive_rows[] = {
	{ "mode", true, false, {0}, REASON_MODE_MISMATCH,
	  REASON_MODE_MISMATCH },
	{ "mode", false, true, {0}, REASON_MODE_MISMATCH,
	  REASON_MODE_MISMATCH },
	{ "PSK", true, true, { .psk = "another" }, REASON_AUTH_FAILED_PSK,
	  REASON_PEER_SILENT_AFTER_INIT },
	{ "identity", true, true, { .local_id = "other.example" },
	  REASON_PEER_ERROR, REASON_AUTH_FAILED_ID },
};

static void
t_aggressive_fails(void **state)
{
	const struct ike_event *e[2];
	struct ike_conf *c[2];
	struct sim s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(aggressive_rows); i++) {
		sim_start(&s, i, NULL);
		make(&s, c, &aggressive_rows[i].conf, NULL);
		c[0]->aggressive = aggressive_rows[i].left;
		c[1]->aggressive = aggressive_rows[i].right;
		sim_initiate(&s, 0, c[0]);
		sim_for(&s, 300000);
		e[0] = sim_event(&s, 0, IKE_EV_SA_FAILED);
		e[1] = sim_event(&s, 1, IKE_EV_REFUSED);
		if (e[0] == NULL || e[1] == NULL ||
		    e[0]->reason.code != aggressive_rows[i].at_0 ||
		    e[1]->reason.code != aggressive_rows[i].at_1)
			fail_msg("%s: %s and %s", aggressive_rows[i].what,
			    e[0] ? ike_reason_word(e[0]->reason.code) : "-",
			    e[1] ? ike_reason_word(e[1]->reason.code) : "-");
		end(&s, c);
	}
}

/* V1-021: no packet is lost by a rekey of either side. */
static void
t_rekey_child(void **state)
{
	struct ike_conf *c[2];
	struct sim s;
	unsigned who;

	(void)state;
	for (who = 0; who < 2; who++) {
		begin(&s, c, who);
		s.traffic_ms = 10;
		s.traffic_at = s.now;
		assert_int_equal(ike_host_child_rekey(s.host[who].h, s.now,
		    sim_in_use(&s, who, "net")->id, NULL), 0);
		sim_drain(&s);
		sim_for(&s, 10000);
		assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_REKEYED), 1);
		assert_int_equal(sim_count(&s, 1, IKE_EV_CHILD_REKEYED), 1);
		assert_int_equal(sim_nr_children(&s, 0), 1);
		assert_int_equal(s.host[0].lost + s.host[1].lost, 0);
		assert_true(sim_agree(&s));
		end(&s, c);
	}
}

/* V1-020: a new phase 1 takes over the children. */
static void
t_rekey_sa(void **state)
{
	struct ike_conf *c[2];
	struct sim s;
	unsigned who;

	(void)state;
	for (who = 0; who < 2; who++) {
		begin(&s, c, who);
		sim_for(&s, 20000);
		assert_int_equal(ike_host_sa_rekey(s.host[who].h, s.now,
		    sa_id(&s, who), NULL), 0);
		sim_drain(&s);
		sim_for(&s, 2000);
		assert_int_equal(sim_count(&s, 0, IKE_EV_SA_REKEYED), 1);
		assert_int_equal(sim_count(&s, 1, IKE_EV_SA_REKEYED), 1);
		assert_int_equal(sim_nr_sas(&s, 0), 1);
		assert_int_equal(sim_nr_sas(&s, 1), 1);
		assert_int_equal(sim_nr_children(&s, 0), 1);
		assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_DOWN), 0);
		assert_true(sim_agree(&s));
		end(&s, c);
	}
}

static void
t_delete(void **state)
{
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	begin(&s, c, 3);
	assert_int_equal(ike_host_sa_delete(s.host[0].h, s.now, sa_id(&s, 0),
	    REASON_USER_STOPPED, false, NULL), 0);
	sim_drain(&s);
	sim_for(&s, 1000);
	assert_int_equal(sim_nr_sas(&s, 0) + sim_nr_sas(&s, 1), 0);
	assert_int_equal(sim_nr_children(&s, 1), 0);
	assert_int_equal(sim_event(&s, 1, IKE_EV_SA_DOWN)->reason.code,
	    REASON_PEER_DELETED);
	end(&s, c);
}

/* V1-014: probes are answered; silence ends the SA after as many as set. */
static void
t_dpd(void **state)
{
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	begin(&s, c, 4);
	sim_for(&s, 300000);
	assert_int_equal(sim_nr_sas(&s, 0), 1);
	s.cut = true;
	sim_for(&s, 250000);
	assert_int_equal(sim_event(&s, 0, IKE_EV_SA_DOWN)->reason.code,
	    REASON_DPD_TIMEOUT);
	assert_int_equal(sim_event(&s, 1, IKE_EV_SA_DOWN)->reason.code,
	    REASON_DPD_TIMEOUT);
	end(&s, c);
}

/* The first datagram of the exchange that host 0 sends; handed over too. */
static size_t
record(struct sim *s, uint8_t exchange, uint8_t *out, size_t max,
    struct ike_path *path)
{
	struct sim_dgram *d;
	size_t len = 0;
	unsigned n;

	s->manual = true;
	for (n = 0; n < 200 && len == 0; n++) {
		while (len == 0 && (d = sim_peek(s, 0)) != NULL) {
			if (d->data[18] == exchange && d->len <= max) {
				len = d->len;
				memcpy(out, d->data, len);
				path->local = d->dst;
				path->remote = d->src;
			}
			sim_pass(s, 0);
		}
		while (sim_pass(s, 1))
			continue;
		if (len == 0)
			sim_for(s, 1000);
	}
	s->manual = false;
	return len;
}

/* An old message that comes again from elsewhere moves nobody; a new one of
 * the peer from another port of its NAT does. */
static void
t_replay(void **state)
{
	static const uint8_t exchanges[] = { 5, 32 };
	struct ike_path path, forged;
	struct ike_sa_info info;
	struct ike_conf *c[2];
	uint8_t data[2048];
	struct sim s;
	size_t i, len;

	(void)state;
	for (i = 0; i < NELEM(exchanges); i++) {
		sim_start(&s, 20 + i, NULL);
		s.nat = true;
		make(&s, c, NULL, NULL);
		sim_initiate(&s, 0, c[0]);
		len = record(&s, exchanges[i], data, sizeof(data), &path);
		assert_int_not_equal(len, 0);
		sim_for(&s, 300000);
		assert_true(sim_sa(&s, 1, 0, &info));
		assert_true(endpoint_eq(&info.path.remote, &path.remote));
		forged = path;
		forged.remote.port++;
		sim_inject(&s, 1, &forged, data, len);
		assert_true(sim_sa(&s, 1, 0, &info));
		if (!endpoint_eq(&info.path.remote, &path.remote))
			fail_msg("a replay of exchange %u moves the SA",
			    exchanges[i]);
		s.nat_port[1]++;
		sim_for(&s, 300000);
		assert_true(sim_sa(&s, 1, 0, &info));
		assert_int_equal(info.path.remote.port, s.nat_port[1]);
		end(&s, c);
	}
}

/* V1-016 */
static void
t_nat(void **state)
{
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	sim_start(&s, 5, NULL);
	s.nat = true;
	make(&s, c, NULL, NULL);
	sim_initiate(&s, 0, c[0]);
	sim_for(&s, 1000);
	assert_int_equal(sim_nr_children(&s, 1), 1);
	assert_true(sim_in_use(&s, 0, "net")->encap);
	assert_true(sim_in_use(&s, 1, "net")->encap);
	end(&s, c);
}

/* V1-015: whichever message is lost, the tunnel comes up. */
static void
t_each_lost(void **state)
{
	struct ike_conf *c[2];
	struct sim s;
	unsigned n, k;

	(void)state;
	for (n = 0; n < 9; n++) {
		sim_start(&s, n, NULL);
		s.manual = true;
		make(&s, c, NULL, NULL);
		sim_initiate(&s, 0, c[0]);
		for (k = 0; k < n; k++)
			sim_pass(&s, k % 2);
		sim_drop(&s, n % 2);
		s.manual = false;
		sim_for(&s, 60000);
		if (sim_count(&s, 0, IKE_EV_CHILD_UP) != 1 ||
		    sim_count(&s, 1, IKE_EV_CHILD_UP) != 1 || !sim_agree(&s))
			fail_msg("message %u lost: not up", n + 1);
		end(&s, c);
	}
}

/* ---- what fails ---- */

static const struct {
	const char *what;
	struct sim_conf left, right;
	enum ike_reason_code at_0, at_1;
	enum ike_event_type event;	/* at host 0 */
} fail_rows[] = {
	{ "PSK", { .psk = "one secret" }, { .psk = "another" },
	  REASON_AUTH_FAILED_PSK, REASON_AUTH_FAILED_PSK, IKE_EV_SA_FAILED },
	{ "proposal", { .ike = { "aes256-sha512-ecp384" } }, {0},
	  REASON_NO_PROPOSAL_IKE, REASON_NO_PROPOSAL_IKE, IKE_EV_SA_FAILED },
	{ "identity", { .local_id = "other.example" }, {0},
	  REASON_AUTH_FAILED_ID, REASON_AUTH_FAILED_ID, IKE_EV_SA_FAILED },
	{ "networks", { .remote_ts = "10.2.0.0/17" }, {0},
	  REASON_TS_UNACCEPTABLE, REASON_TS_UNACCEPTABLE,
	  IKE_EV_CHILD_FAILED },
	{ "PFS", { .esp = { "aes128-sha256-ecp256" } }, {0},
	  REASON_NO_PROPOSAL_CHILD, REASON_PFS_MISMATCH,
	  IKE_EV_CHILD_FAILED },
	{ "mode", { .transport = true }, {0},
	  REASON_NO_PROPOSAL_CHILD, REASON_MODE_MISMATCH,
	  IKE_EV_CHILD_FAILED },
	{ "cipher", { .esp = { "aes256-sha512" } }, {0},
	  REASON_NO_PROPOSAL_CHILD, REASON_NO_PROPOSAL_CHILD,
	  IKE_EV_CHILD_FAILED },
};

/* V1-010, V1-024, V1-025 */
static void
t_reasons(void **state)
{
	const struct ike_event *e[2];
	struct ike_conf *c[2];
	struct sim s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(fail_rows); i++) {
		sim_start(&s, i, NULL);
		make(&s, c, &fail_rows[i].left, &fail_rows[i].right);
		sim_initiate(&s, 0, c[0]);
		sim_for(&s, 300000);
		e[0] = sim_event(&s, 0, fail_rows[i].event);
		e[1] = sim_event(&s, 1, IKE_EV_REFUSED);
		if (e[0] == NULL || e[1] == NULL ||
		    e[0]->reason.code != fail_rows[i].at_0 ||
		    e[1]->reason.code != fail_rows[i].at_1)
			fail_msg("%s: %s and %s", fail_rows[i].what,
			    e[0] ? ike_reason_word(e[0]->reason.code) : "-",
			    e[1] ? ike_reason_word(e[1]->reason.code) : "-");
		end(&s, c);
	}
}

/* V1-005: the key of an address is found among several configurations. */
static void
t_which_psk(void **state)
{
	struct sim_conf other = { .psk = "for somebody else",
	    .name = "sim/other", .remote_id = "else.example", .ike = { IKE } };
	struct ike_conf *c[2], *first;
	struct sim s;

	(void)state;
	sim_start(&s, 6, NULL);
	first = sim_conf_new(1, &other);
	sim_listen_take(&s, 1, first);
	make(&s, c, NULL, NULL);
	sim_initiate(&s, 0, c[0]);
	sim_for(&s, 1000);
	assert_int_equal(sim_count(&s, 1, IKE_EV_CHILD_UP), 1);
	assert_true(sim_agree(&s));
	end(&s, c);
}

/* V1-027: neither version is answered where the other one is set. */
static void
t_versions(void **state)
{
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	sim_start(&s, 7, NULL);
	make(&s, c, NULL, NULL);
	c[1]->version = IKE_VERSION_2;
	sim_initiate(&s, 0, c[0]);
	sim_for(&s, 1000);
	assert_int_equal(sim_event(&s, 1, IKE_EV_REFUSED)->reason.code,
	    REASON_VERSION_MISMATCH);
	assert_int_equal(sim_nr_sas(&s, 1), 0);
	end(&s, c);
}

/*
 * Where IKEv2 demands a certificate or a PPK, IKEv1 is no way around it: a key
 * of one zero byte is the same to HMAC as none.
 */
static void
t_no_way_around(void **state)
{
	struct ike_conf *c[2];
	struct sim s;
	unsigned how;

	(void)state;
	for (how = 0; how < 6; how++) {
		sim_start(&s, how, NULL);
		make(&s, c, NULL, NULL);
		c[0]->aggressive = c[1]->aggressive = how % 2;
		c[1]->version = IKE_VERSION_AUTO;
		if (how / 2 == 0) {
			secret_free(&c[0]->psk);
			secret_set(&c[0]->psk, "", 1);
			secret_free(&c[1]->psk);
		} else if (how / 2 == 1) {
			c[1]->cred.remote = IKE_AUTH_CERT;
		} else {
			secret_set(&c[1]->ppk, "quantum", 7);
			c[1]->ppk_required = true;
		}
		sim_initiate(&s, 0, c[0]);
		sim_for(&s, 1000);
		assert_int_equal(sim_count(&s, 1, IKE_EV_SA_UP), 0);
		assert_int_equal(sim_nr_sas(&s, 1), 0);
		end(&s, c);
	}
}

/* ---- storms ---- */

/* Loss, copies, disorder and damage; then calm: what is up works. */
static void
storm(uint64_t seed)
{
	struct ike_conf *c[2];
	struct sim s;
	unsigned k;

	sim_start(&s, seed, NULL);
	make(&s, c, NULL, NULL);
	s.loss = 5 + seed % 25;
	s.twice = seed % 20;
	s.reorder = seed % 30;
	s.spoil = seed % 7;
	sim_initiate(&s, 0, c[0]);
	if (seed % 3 == 0)
		sim_initiate(&s, 1, c[1]);
	sim_for(&s, 30000);
	for (k = 0; k < 3 && sim_in_use(&s, k % 2, "net") != NULL; k++) {
		ike_host_child_rekey(s.host[k % 2].h, s.now,
		    sim_in_use(&s, k % 2, "net")->id, NULL);
		sim_drain(&s);
		sim_for(&s, 20000);
	}
	s.loss = s.twice = s.reorder = s.spoil = 0;
	sim_for(&s, 400000);
	if (!sim_is_sane(&s))
		fail_msg("seed %u: an illegal change of state",
		    (unsigned)seed);
	end(&s, c);
}

static void
t_storm(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < STORMS; seed++)
		storm(seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_suites),
		cmocka_unit_test(t_aggressive),
		cmocka_unit_test(t_aggressive_fails),
		cmocka_unit_test(t_rekey_child),
		cmocka_unit_test(t_rekey_sa),
		cmocka_unit_test(t_delete),
		cmocka_unit_test(t_dpd),
		cmocka_unit_test(t_replay),
		cmocka_unit_test(t_nat),
		cmocka_unit_test(t_each_lost),
		cmocka_unit_test(t_reasons),
		cmocka_unit_test(t_which_psk),
		cmocka_unit_test(t_versions),
		cmocka_unit_test(t_no_way_around),
		cmocka_unit_test(t_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
