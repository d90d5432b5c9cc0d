/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Commands on networks and tunnels.  A target is ["network","phase1",
 * "phase2"] from the left, or without the network where the phase 1 name is
 * unique.
 */
#include "engine/methods.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/store.h"
#include "engine/conn.h"
#include "engine/explain.h"
#include "engine/wait.h"

#define SILENCE_MS 3000		/* then an attempt may be begun anew by hand */

struct target {
	struct network *net;
	struct conn *conn;
	struct child *child;	/* NULL = all */
};

static const char *
word_at(const json_t *list, size_t i)
{
	const char *s = json_string_value(json_array_get(list, i));

	return s != NULL ? s : "";
}

static int
not_found(struct sp_error *err, const char *kind, const char *name)
{
	char *safe = str_safe_dup(name);

	sp_fail(err, SP_NOTFOUND, "There is no %s \"%s\".", kind, safe);
	free(safe);
	return SP_NOTFOUND;
}

/* The phase 1 of this name in whatever network, if it is the only one. */
static int
find_anywhere(struct engine *e, const char *name, struct target *t,
    struct sp_error *err)
{
	struct network *n;
	struct conn *c;

	LIST_EACH(n, &e->networks, struct network, link) {
		c = conn_find(n, name);
		if (c == NULL)
			continue;
		if (t->conn != NULL) {
			return sp_fail(err, SP_INVALID, "Networks \"%s\" and "
			    "\"%s\" both have a phase 1 \"%s\"; put the "
			    "network in front.", t->net->name, n->name,
			    c->name);
		}
		t->net = n;
		t->conn = c;
	}
	return t->conn != NULL ? 0 : not_found(err, "phase 1", name);
}

static int
find_target(struct engine *e, const json_t *params, struct target *t,
    struct sp_error *err)
{
	json_t *list = json_object_get(params, "target");
	size_t nr = json_array_size(list), at = 1;
	int ret;

	*t = (struct target){0};
	if (nr < 1 || nr > 3)
		return sp_fail(err, SP_FORMAT, "\"target\" names a tunnel.");
	t->net = network_find(e, word_at(list, 0));
	if (t->net != NULL && nr > 1) {
		t->conn = conn_find(t->net, word_at(list, 1));
		at = 2;
	}
	if (t->conn == NULL && t->net != NULL && nr > 2)
		return not_found(err, "phase 1", word_at(list, 1));
	if (t->conn == NULL) {
		at = 1;
		ret = find_anywhere(e, word_at(list, 0), t, err);
		if (ret < 0)
			return ret;
	}
	if (at >= nr)
		return 0;
	t->child = conn_child(t->conn, word_at(list, at));
	if (t->child == NULL)
		return not_found(err, "phase 2", word_at(list, at));
	return at + 1 < nr ? not_found(err, "tunnel", word_at(list, at + 1)) :
	    0;
}

/* Can something be done with this tunnel at all. */
static int
must_be_active(const struct target *t, struct sp_error *err)
{
	const struct network *n = t->net;

	if (t->conn->error != NULL)
		return sp_fail(err, SP_STATE, "%s", t->conn->error);
	if (!t->conn->enabled) {
		sp_fail(err, SP_STATE, "Phase 1 \"%s\" is not active.",
		    t->conn->name);
		sp_hint(err, "activate vpn-network %s phase1 %s", n->name,
		    t->conn->name);
		return SP_STATE;
	}
	if (n->state == NET_ON)
		return 0;
	if (n->state == NET_ERROR) {
		sp_fail(err, SP_STATE, "Network \"%s\" is not on: %s",
		    n->name, n->error.text);
	} else {
		sp_fail(err, SP_STATE, "Network \"%s\" is powered off.",
		    n->name);
	}
	sp_hint(err, "power on %s", n->name);
	return SP_STATE;
}

/* ---- power ---- */

static void
remember_power(struct engine *e, const struct network *n)
{
	char *key = xasprintf("power/%s", n->name);
	struct sp_error err;

	if (conf_store_state_set(e->store, key, n->wanted ? "on" : "off",
	    &err) < 0) {
		log_event(e->log, LOG_LVL_WARNING, "state", n->name, "%s",
		    err.text);
	}
	free(key);
}

/* What the operator wants is remembered even if it cannot be done now: the
 * next start of the engine tries again (on-power-loss last-state). */
METHOD(method_power)
{
	struct engine *e = call->engine;
	const char *name, *state;
	struct network *n;
	bool on;
	int ret = 0;

	name = json_string_value(json_object_get(params, "network"));
	state = json_string_value(json_object_get(params, "state"));
	on = str_eq(state, "on");
	if (name == NULL || (!on && !str_eq(state, "off")))
		return sp_fail(err, SP_FORMAT,
		    "power takes a network, and on or off.");
	n = network_find(e, name);
	if (n == NULL)
		return not_found(err, "network", name);

	n->wanted = on;
	remember_power(e, n);
	if (on)
		ret = network_on(n, err);
	else
		network_off(n);
	if (ret < 0)
		return ret;
	call->result = json_pack("{s:s s:s}", "network", n->name, "state",
	    on ? "on" : "off");
	return 0;
}

/* ---- tunnels ---- */

static int64_t
wait_ms(const json_t *params)
{
	json_t *w = json_object_get(params, "wait_ms");
	json_int_t ms = json_is_integer(w) ? json_integer_value(w) : 0;

	if (ms < 0)
		return 0;
	return ms > 86400000 ? 86400000 : ms;
}

/* With wait_ms the call is parked before anything is sent, so that a failure
 * in the first step already reaches it. */
/* Who types connect means now, not the next retransmission of an attempt that
 * nobody has answered; others who wait for that one are not disturbed.
 * conn_connect(), which follows, runs what the host wants done. */
static void
begin_anew(struct conn *c)
{
	struct ike_sa_info sa;

	if (conn_state(c) != CONN_CONNECTING || c->sa_id == 0 ||
	    !list_empty(&c->waiters) ||
	    clock_wall_ms() - c->since_wall < SILENCE_MS)
		return;
	if (!ike_host_sa(c->net->host, c->sa_id, &sa) || sa.spi_r != 0)
		return;
	ike_host_sa_delete(c->net->host, clock_ms(), c->sa_id,
	    REASON_USER_STOPPED, true, NULL);
}

METHOD(method_connect)
{
	struct target t;
	int ret;

	ret = find_target(call->engine, params, &t, err);
	if (ret == 0)
		ret = must_be_active(&t, err);
	if (ret < 0)
		return ret;
	if (wait_ms(params) > 0 && wait_is_full(t.conn)) {
		return sp_fail(err, SP_AGAIN, "Too many calls wait for %s "
		    "already.", t.conn->full);
	}
	begin_anew(t.conn);
	if (wait_ms(params) > 0) {
		wait_add(call, t.conn, t.child, wait_ms(params));
		conn_connect(t.conn, t.child);
		return CALL_LATER;
	}
	conn_connect(t.conn, t.child);
	call->result = json_pack("{s:s}", "state",
	    conn_state_name(conn_state(t.conn)));
	return 0;
}

METHOD(method_disconnect)
{
	struct target t;
	int ret;

	ret = find_target(call->engine, params, &t, err);
	if (ret == 0)
		ret = must_be_active(&t, err);
	if (ret < 0)
		return ret;
	conn_disconnect(t.conn, t.child,
	    json_is_true(json_object_get(params, "force")));
	call->result = json_pack("{s:s}", "state",
	    conn_state_name(conn_state(t.conn)));
	return 0;
}

static int
rekey_child(struct child *ch, struct sp_error *err)
{
	struct inst *i = child_inst(ch);

	if (i == NULL) {
		return sp_fail(err, SP_STATE, "Phase 2 \"%s\" is not up.",
		    ch->name);
	}
	return ike_host_child_rekey(i->net->host, clock_ms(), i->id, err);
}

static int
rekey_children(const struct target *t, struct sp_error *err)
{
	struct child *ch;
	int ret = 0;

	LIST_EACH(ch, &t->conn->children, struct child, link) {
		if ((t->child == NULL || t->child == ch) && ret == 0)
			ret = rekey_child(ch, err);
	}
	return ret;
}

METHOD(method_rekey)
{
	const char *what = json_string_value(json_object_get(params, "what"));
	struct target t;
	int ret;

	ret = find_target(call->engine, params, &t, err);
	if (ret == 0)
		ret = must_be_active(&t, err);
	if (ret < 0)
		return ret;
	if (!t.conn->sa_up) {
		return sp_fail(err, SP_STATE, "%s is not connected.",
		    t.conn->full);
	}
	if (str_eq(what, "child") || (what == NULL && t.child != NULL))
		ret = rekey_children(&t, err);
	else
		ret = ike_host_sa_rekey(t.net->host, clock_ms(),
		    t.conn->sa_id, err);
	tie_run(t.net);
	if (ret == 0)
		call->result = json_object();
	return ret;
}

METHOD(method_explain)
{
	struct target t;
	int ret;

	ret = find_target(call->engine, params, &t, err);
	if (ret < 0)
		return ret;
	call->result = json_pack("{s:o}", "explanation",
	    explain_tunnel(t.conn));
	return 0;
}

METHOD(method_reset_counters)
{
	struct target t = {0};
	struct network *n;
	struct inst *i;
	int ret;

	if (json_array_size(json_object_get(params, "target")) > 0) {
		ret = find_target(call->engine, params, &t, err);
		if (ret < 0)
			return ret;
	}
	LIST_EACH(n, &call->engine->networks, struct network, link) {
		LIST_EACH(i, &n->insts, struct inst, link) {
			if (t.conn == NULL || (i->child != NULL &&
			    i->child->conn == t.conn && (t.child == NULL ||
			    i->child == t.child)))
				inst_reset(i);
		}
	}
	call->result = json_object();
	return 0;
}
