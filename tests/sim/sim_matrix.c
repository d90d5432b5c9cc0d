/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state matrix: every exchange, as request and as response, in clear and
 * sealed with the right keys, in every state of an IKE SA, against a model
 * that says in which state the SA is afterwards and whether it answered.
 * The sealed messages are empty: authentic, of the right number, and of the
 * right form for INFORMATIONAL alone (RFC 7296 1.4, 2.21, 2.4).
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

static const uint8_t exchanges[] = {
	X_IKE_SA_INIT, X_IKE_AUTH, X_CREATE_CHILD_SA, X_INFORMATIONAL,
	X_IKE_SESSION_RESUME, X_IKE_INTERMEDIATE, X_IKE_FOLLOWUP_KE, 99,
};

/* How a state is reached, and at which host; keys: sealed messages exist. */
static const struct reach {
	enum v2_state state;
	unsigned host;
	bool keys;
} states[] = {
	{ V2_INIT_SENT, 0, false },
	{ V2_AUTH_SENT, 0, true },
	{ V2_AUTH_WAIT, 1, true },
	{ V2_UP, 0, true },
	{ V2_UP, 1, true },
	{ V2_REPLACED, 0, true },
	{ V2_DELETING, 0, true },
	{ V2_GONE, 1, true },
};

/* What a sealed message does; what is not listed changes nothing and is not
 * answered.  exchange 0: every one. */
static const struct effect {
	enum v2_state from;
	uint8_t exchange;
	bool response;
	enum v2_state to;
	bool answered;
} model[] = {
	/* nothing but IKE_AUTH is possible yet, and an empty one is wrong */
	{ V2_AUTH_WAIT, 0, false, V2_GONE, true },
	{ V2_AUTH_SENT, X_IKE_AUTH, true, V2_GONE, false },
	/* every authentic request is answered, be it by an error */
	{ V2_UP, 0, false, V2_UP, true },
	{ V2_REPLACED, 0, false, V2_REPLACED, true },
	{ V2_DELETING, 0, false, V2_DELETING, true },
	/* the answer to our Delete */
	{ V2_REPLACED, X_INFORMATIONAL, true, V2_GONE, false },
	{ V2_DELETING, X_INFORMATIONAL, true, V2_GONE, false },
};

static const struct effect *
effect_of(enum v2_state from, uint8_t exchange, bool response)
{
	size_t i;

	for (i = 0; i < NELEM(model); i++) {
		if (model[i].from == from && model[i].response == response &&
		    (model[i].exchange == exchange ||
		    model[i].exchange == 0))
			return &model[i];
	}
	return NULL;
}

/* The first SA of a host; it may be over already. */
static struct v2_sa *
sa_of(struct sim *s, unsigned host)
{
	return v2_sa_by_id(s->host[host].h, 1);
}

static void
drop_all(struct sim *s)
{
	while (sim_drop(s, 0) || sim_drop(s, 1))
		continue;
}

/* Two hosts, of which the one has its SA in the state. */
static void
reach(struct sim *s, const struct reach *r)
{
	struct ike_conf *c = sim_conf_new(0, NULL);

	sim_start(s, 1, NULL);
	s->manual = true;
	sim_listen_take(s, 1, sim_conf_new(1, NULL));
	sim_initiate(s, 0, c);
	ike_conf_unref(c);
	if (r->state == V2_INIT_SENT)
		return;
	sim_pass(s, 0);
	if (r->state == V2_AUTH_WAIT || r->state == V2_AUTH_SENT)
		sim_pass(s, 1);
	else
		sim_pass_all(s);
	if (r->state == V2_AUTH_SENT)
		assert_true(v2_auth_keys(sa_of(s, 1)));
	if (r->state == V2_REPLACED) {
		ike_host_sa_rekey(s->host[0].h, s->now, 1, NULL);
		sim_drain(s);
		sim_pass(s, 0);
		sim_pass(s, 1);
	}
	if (r->state == V2_DELETING || r->state == V2_GONE) {
		ike_host_sa_delete(s->host[0].h, s->now, 1,
		    REASON_USER_STOPPED, false, NULL);
		sim_drain(s);
	}
	if (r->state == V2_GONE)
		sim_pass(s, 0);
	drop_all(s);
	assert_int_equal(sa_of(s, r->host)->state, r->state);
}

/* The peer says the message, or an attacker does in clear. */
static void
say(struct sim *s, const struct reach *r, uint8_t exchange, bool response,
    bool sealed)
{
	struct v2_sa *to = sa_of(s, r->host), *from = sa_of(s, !r->host);
	struct ike_path path;
	struct ike_msg *m;
	struct buf out = {0};

	/* number and keys as the receiver expects them */
	m = v2_msg_new(to, exchange, response ? to->mid_out : to->mid_in,
	    response);
	m->hdr.flags ^= IKE_FLAG_I;
	path = (struct ike_path){ to->path.local, to->path.remote };
	if (!sealed) {
		assert_int_equal(ike_msg_write(m, &out, NULL), 0);
		sim_inject(s, r->host, &path, out.data, out.len);
	} else {
		m->hdr.flags = (uint8_t)((from->initiator ? IKE_FLAG_I : 0) |
		    (response ? IKE_FLAG_R : 0));
		v2_send_once(from, m);
		sim_drain(s);
		sim_pass(s, !r->host);
	}
	ike_msg_free(m);
	buf_free(&out);
}

static void
check(const struct reach *r, uint8_t exchange, bool response, bool sealed)
{
	const struct effect *e = sealed ? effect_of(r->state, exchange,
	    response) : NULL;
	enum v2_state want = e == NULL ? r->state : e->to;
	bool answered = e != NULL && e->answered;
	struct ike_host_stats st;
	const struct v2_sa *sa;
	struct sim s;

	reach(&s, r);
	drop_all(&s);
	say(&s, r, exchange, response, sealed);
	sa = sa_of(&s, r->host);
	ike_host_stats(s.host[r->host].h, &st);
	if ((sa == NULL ? V2_GONE : sa->state) != want ||
	    (sim_waiting(&s, r->host) > 0) != answered ||
	    st.bad_transitions != 0) {
		fail_msg("%s, %s %s of exchange %u: now %s, %u answers, %u "
		    "illegal changes", v2_state_names[r->state],
		    sealed ? "sealed" : "clear",
		    response ? "response" : "request", exchange,
		    v2_state_names[sa == NULL ? V2_GONE : sa->state],
		    sim_waiting(&s, r->host), (unsigned)st.bad_transitions);
	}
	sim_end(&s);
}

static void
t_matrix(void **state)
{
	size_t i, k;
	int form;

	(void)state;
	for (i = 0; i < NELEM(states); i++) {
		for (k = 0; k < NELEM(exchanges); k++) {
			for (form = 0; form < 4; form++) {
				if ((form & 1) && !states[i].keys)
					continue;
				/* a sealed IKE_SA_INIT is no message at all */
				if ((form & 1) && exchanges[k] ==
				    X_IKE_SA_INIT)
					continue;
				check(&states[i], exchanges[k], form & 2,
				    form & 1);
			}
		}
	}
}

/* Every state of the machine is in the matrix, but the one before it runs. */
static void
t_all_states(void **state)
{
	bool seen[V2_STATES] = { [V2_NEW] = true };
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(states); i++)
		seen[states[i].state] = true;
	for (i = 0; i < V2_STATES; i++)
		assert_true(seen[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_matrix),
		cmocka_unit_test(t_all_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
