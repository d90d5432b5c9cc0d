/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Post-quantum preshared keys (RFC 8784; conformance.md V2-068): who has
 * which key, who requires it, and what comes of it.
 */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "ike/v2/steps.h"

struct side {
	const char *id, *key;	/* NULL: no PPK */
	bool required;
};

static const struct row {
	const char *name;
	struct side left, right;
	bool up;
	enum ike_reason_code left_why, right_why;
} rows[] = {
	{ "same key, required", { "k", "quantum", true },
	  { "k", "quantum", true }, true, 0, 0 },
	{ "same key, optional", { "k", "quantum", false },
	  { "k", "quantum", false }, true, 0, 0 },
	{ "none", { NULL, NULL, false }, { NULL, NULL, false }, true, 0, 0 },
	{ "only the initiator, optional", { "k", "quantum", false },
	  { NULL, NULL, false }, true, 0, 0 },
	{ "only the responder, optional", { NULL, NULL, false },
	  { "k", "quantum", false }, true, 0, 0 },
	{ "only the initiator, required", { "k", "quantum", true },
	  { NULL, NULL, false }, false, REASON_PPK, 0 },
	{ "only the responder, required", { NULL, NULL, false },
	  { "k", "quantum", true }, false, REASON_AUTH_FAILED_PSK,
	  REASON_PPK },
	{ "other name, optional", { "k", "quantum", false },
	  { "l", "quantum", false }, true, 0, 0 },
	{ "other name, initiator requires", { "k", "quantum", true },
	  { "l", "quantum", false }, false, REASON_AUTH_FAILED_PSK,
	  REASON_PPK },
	{ "other name, responder requires", { "k", "quantum", false },
	  { "l", "quantum", true }, false, REASON_AUTH_FAILED_PSK,
	  REASON_PPK },
	{ "other value", { "k", "quantum", true }, { "k", "leap", true },
	  false, REASON_AUTH_FAILED_PSK, REASON_AUTH_FAILED_PSK },
};

static struct ike_conf *
conf(unsigned host, const struct side *side)
{
	struct ike_conf *c = sim_conf_new(host, NULL);

	if (side->id == NULL)
		return c;
	c->ppk_id = xstrdup(side->id);
	secret_set(&c->ppk, side->key, strlen(side->key));
	c->ppk_required = side->required;
	return c;
}

static void
assert_why(const struct sim *s, unsigned host, enum ike_event_type type,
    enum ike_reason_code want, const char *name)
{
	const struct ike_event *e = sim_event(s, host, type);

	if (want == REASON_NONE)
		return;
	if (e == NULL || e->reason.code != want)
		fail_msg("%s, host %u: %s", name, host, e == NULL ?
		    "no reason" : e->reason.text);
}

static void
t_rows(void **state)
{
	struct ike_conf *c;
	struct sim s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		sim_start(&s, i, NULL);
		c = conf(0, &rows[i].left);
		sim_listen_take(&s, 1, conf(1, &rows[i].right));
		sim_initiate(&s, 0, c);
		ike_conf_unref(c);
		sim_for(&s, 3000);
		if ((sim_count(&s, 0, IKE_EV_CHILD_UP) == 1) != rows[i].up)
			fail_msg("%s: %s", rows[i].name, rows[i].up ?
			    "not up" : "up");
		assert_why(&s, 0, IKE_EV_SA_FAILED, rows[i].left_why,
		    rows[i].name);
		assert_why(&s, 1, IKE_EV_REFUSED, rows[i].right_why,
		    rows[i].name);
		/* an initiator that gives up before IKE_AUTH leaves the other
		 * side half open for a while */
		if (!rows[i].up)
			sim_for(&s, 40000);
		/* the keys of the child and of the next IKE SA hang on it */
		if (!sim_agree(&s))
			fail_msg("%s: the sides disagree", rows[i].name);
		if (rows[i].up) {
			struct ike_sa_info sa;

			assert_true(sim_sa(&s, 0, 0, &sa));
			ike_host_sa_rekey(s.host[0].h, s.now, sa.id, NULL);
			sim_for(&s, 5000);
			assert_int_equal(sim_count(&s, 0,
			    IKE_EV_SA_REKEYED), 1);
			assert_true(sim_agree(&s));
		}
		sim_for(&s, 200000);
		assert_true(sim_is_sane(&s));
		sim_end(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
