/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Desired state against actual state of a connection (settings.md 12.9).
 *
 * Desired: child->wanted, set by connection-behavior start, by traffic, by
 * `connect`, and by what dpd-action and close-action say after a loss.
 * Actual: the IKE SA (sa_id, sa_up) and the children installed.  Events of
 * the host only change these and the times before which nothing is tried;
 * conn_reconcile() then does what is due.  A try is one attempt at each of
 * the peer's addresses; after keying-tries of them the connection is failed,
 * and waits for traffic or the operator.
 */
#include "engine/conn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "conf/model.h"
#include "engine/loop.h"
#include "engine/wait.h"

#define PAUSE_SILENT_MS 1000	/* the silence itself took minutes */
#define PAUSE_REFUSED_MS 5000	/* doubled with each try */
#define PAUSE_MAX_MS 300000
#define PAUSE_LOSS_MS 2000	/* before coming back after a loss */

static void
say(const struct conn *c, enum log_level level, const char *event,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void
say(const struct conn *c, enum log_level level, const char *event,
    const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_event(c->net->engine->log, level, event, c->full, "%s", text);
}

static bool
is_silence(enum ike_reason_code code)
{
	return code == REASON_PEER_SILENT ||
	    code == REASON_PEER_SILENT_AFTER_INIT ||
	    code == REASON_DPD_TIMEOUT;
}

/* Did we end it ourselves. */
static bool
is_ours(enum ike_reason_code code)
{
	return code == REASON_USER_STOPPED || code == REASON_CONFIG_CHANGED;
}

/* When to try again after the tries-th failure. */
static int64_t
pause_until(struct conn *c, unsigned tries, enum ike_reason_code code)
{
	const struct conf_node *sys;
	int64_t ms = PAUSE_REFUSED_MS, least = 0;

	if (is_silence(code)) {
		ms = PAUSE_SILENT_MS;
	} else {
		while (tries-- > 1 && ms < PAUSE_MAX_MS)
			ms *= 2;
	}
	if (ms > PAUSE_MAX_MS)
		ms = PAUSE_MAX_MS;
	sys = conf_child(conf_root(c->net->engine->conf), "system", NULL);
	if (code == REASON_NAME_UNRESOLVED && sys != NULL)
		least = conf_duration(sys, "retry-initiate-interval") * 1000;
	if (ms < least)
		ms = least;
	/* spread, so that many tunnels do not come back in one tick */
	ms += (int64_t)rng_below(&c->net->engine->rng, (uint64_t)ms / 8 + 1);
	return clock_ms() + ms;
}

static void
want_nothing(struct conn *c)
{
	struct child *ch;

	c->wanted = false;
	LIST_EACH(ch, &c->children, struct child, link)
		ch->wanted = false;
}

static void
nothing_pending(struct conn *c)
{
	struct child *ch;

	LIST_EACH(ch, &c->children, struct child, link)
		ch->pending = false;
}

void
conn_arm(struct conn *c, bool on)
{
	struct child *ch;

	c->armed = on;
	LIST_EACH(ch, &c->children, struct child, link) {
		if (child_up(ch) == 0)
			tie_trap(ch, on);
		else
			ch->trapped = on;
	}
}

/* Policies stand from power-on for all but responders. */
static bool
may_arm(const struct conn *c)
{
	return c->behavior != BEHAVE_RESPONDER &&
	    strcmp(c->gateway, "any") != 0;
}

static void
cancel_job(struct conn *c)
{
	if (c->job != NULL)
		worker_cancel(c->job);
	c->job = NULL;
}

static void
forget_state(struct conn *c)
{
	struct child *ch;

	cancel_job(c);
	c->sa_id = 0;
	c->sa_up = c->reauth = c->failed = c->armed = false;
	c->wanted = c->was_up = false;
	c->successor = c->predecessor = 0;
	c->tries = 0;
	c->next_try = 0;
	c->since_wall = clock_wall_ms();
	LIST_EACH(ch, &c->children, struct child, link) {
		ch->wanted = ch->pending = ch->trapped = ch->was_up = false;
		ch->rekeyed = false;
		ch->tries = 0;
		ch->next_try = 0;
		ch->reqid = 0;
	}
}

void
conn_power_on(struct conn *c)
{
	struct child *ch;

	forget_state(c);
	inner_sweep(c);
	if (!conn_active(c))
		return;

	ike_host_conf_add(c->net->host, c->conf);
	conn_look_up(c);
	if (may_arm(c))
		conn_arm(c, true);
	if (c->behavior == BEHAVE_START) {
		c->wanted = true;
		LIST_EACH(ch, &c->children, struct child, link)
			ch->wanted = true;
	}
	conn_reconcile(c);
}

/* Every IKE SA of this connection; more than one where anybody may come. */
static void
delete_sas(struct conn *c, enum ike_reason_code why, bool force)
{
	struct ike_host *h = c->net->host;
	struct ike_sa_info sa;
	uint32_t ids[64];
	size_t pos, nr, i;

	do {
		pos = nr = 0;
		while (nr < 64 && ike_host_next_sa(h, &pos, &sa)) {
			if (sa.conf != NULL && sa.state != IKE_SA_CLOSING &&
			    str_eq(sa.conf->name, c->full))
				ids[nr++] = sa.id;
		}
		for (i = 0; i < nr; i++) {
			ike_host_sa_delete(h, clock_ms(), ids[i], why, force,
			    NULL);
		}
	} while (nr == 64);
}

void
conn_power_off(struct conn *c)
{
	struct ike_reason why;

	ike_reason_set(&why, REASON_USER_STOPPED, true, "", NULL, NULL,
	    "Network \"%s\" is powered off.", c->net->name);
	conn_wake_at(c, TIME_NEVER);
	wait_fail(c, NULL, &why);
	delete_sas(c, REASON_USER_STOPPED, true);
	inner_drop(c);
	forget_state(c);
}

void
conn_connect(struct conn *c, struct child *ch)
{
	struct child *each;

	c->failed = false;
	c->tries = 0;
	c->next_try = 0;
	c->wanted = true;
	LIST_EACH(each, &c->children, struct child, link) {
		if (ch != NULL && each != ch)
			continue;
		each->wanted = true;
		each->tries = 0;
		each->next_try = 0;
	}
	if (may_arm(c) && !c->armed)
		conn_arm(c, true);
	conn_reconcile(c);
	wait_check(c);
	tie_run(c->net);
}

static void
disconnect_child(struct conn *c, struct child *ch, bool force)
{
	struct inst *i;

	ch->wanted = ch->was_up = false;
	LIST_EACH(i, &ch->insts, struct inst, of_child) {
		ike_host_child_delete(c->net->host, clock_ms(), i->id,
		    REASON_USER_STOPPED, NULL);
	}
	if (!force || !ch->trapped)
		return;
	if (child_up(ch) == 0)
		tie_trap(ch, false);
	else
		ch->trapped = false;
}

void
conn_disconnect(struct conn *c, struct child *ch, bool force)
{
	struct ike_reason why;
	struct child *each;

	ike_reason_set(&why, REASON_USER_STOPPED, true, "", NULL, NULL,
	    "Disconnected by hand.");
	wait_fail(c, ch, &why);
	if (ch != NULL) {
		disconnect_child(c, ch, force);
		tie_run(c->net);
		return;
	}
	cancel_job(c);
	c->failed = c->reauth = false;
	c->wanted = c->was_up = false;
	LIST_EACH(each, &c->children, struct child, link)
		each->wanted = each->was_up = false;
	delete_sas(c, REASON_USER_STOPPED, force);
	if (force && c->behavior == BEHAVE_ON_DEMAND && c->armed)
		conn_arm(c, false);
	conn_reconcile(c);
	tie_run(c->net);
}

void
conn_restart(struct conn *c)
{
	struct child *ch;

	LIST_EACH(ch, &c->children, struct child, link) {
		if (ch->was_up && c->behavior != BEHAVE_RESPONDER)
			ch->wanted = true;
	}
	c->failed = false;
	if (c->was_up && c->behavior != BEHAVE_RESPONDER)
		c->wanted = true;
	c->tries = 0;
	c->next_try = 0;
	delete_sas(c, REASON_CONFIG_CHANGED, true);
	if (c->armed)
		conn_arm(c, true);
	conn_reconcile(c);
}

void
conn_acquire(struct child *ch)
{
	struct conn *c = ch->conn;

	if (!conn_active(c) || ch->wanted || child_up(ch) > 0)
		return;

	say(c, LOG_LVL_INFO, "acquire", "traffic asks for %s", ch->name);
	ch->wanted = true;
	ch->tries = 0;
	if (!conn_wanted(c) || c->failed)
		c->tries = 0;
	c->failed = false;
	conn_reconcile(c);
}

static void
give_up(struct conn *c)
{
	say(c, LOG_LVL_WARNING, "give-up", "no tunnel after %u tries",
	    c->tries);
	c->failed = true;
	c->since_wall = clock_wall_ms();
	want_nothing(c);
	conn_announce(c, "", "gave-up", NULL);
}

void
conn_attempt_failed(struct conn *c, const struct ike_reason *r)
{
	c->sa_id = 0;
	c->sa_up = false;
	nothing_pending(c);
	if (is_ours(r->code)) {
		c->next_try = 0;
		return;
	}
	conn_record(c, "", r);
	say(c, LOG_LVL_WARNING, "ike-failed", "%s: %s",
	    ike_reason_word(r->code), r->text);
	conn_announce(c, "", "failed", r);
	if (conn_try_next(c))
		return;

	c->tries++;
	c->next_try = pause_until(c, c->tries, r->code);
	wait_fail(c, NULL, r);
	if (c->tries_max != 0 && c->tries >= c->tries_max)
		give_up(c);
}

/* ---- events of the host ---- */

static void
on_sa_up(struct conn *c, const struct ike_event *ev)
{
	struct ike_sa_info sa;
	struct child *ch;
	bool ours = false;

	if (ike_host_sa(c->net->host, ev->sa_id, &sa))
		ours = sa.initiator;
	c->sa_id = ev->sa_id;
	c->sa_up = c->was_up = true;
	c->failed = false;
	c->tries = 0;
	c->since_wall = clock_wall_ms();
	say(c, LOG_LVL_NOTICE, "ike-up", "IKE SA established as %s",
	    ours ? "initiator" : "responder");
	conn_announce(c, "", "up", NULL);
	wait_progress(c, "IKE SA established");
	/* the peer has children to make first */
	LIST_EACH(ch, &c->children, struct child, link) {
		if (!ours && !ch->pending)
			ch->next_try = clock_ms() + PAUSE_LOSS_MS;
	}
}

/* Another IKE SA of the same connection that stands, or 0. */
static uint32_t
other_sa(const struct conn *c, uint32_t but)
{
	struct ike_sa_info sa;
	size_t pos = 0;

	while (ike_host_next_sa(c->net->host, &pos, &sa)) {
		if (sa.conf != NULL && sa.id != but &&
		    (sa.state == IKE_SA_ESTABLISHED ||
		    sa.state == IKE_SA_REKEYING) &&
		    str_eq(sa.conf->name, c->full))
			return sa.id;
	}
	return 0;
}

static void
want_again(struct conn *c)
{
	struct child *ch;

	if (c->was_up && c->behavior != BEHAVE_RESPONDER)
		c->wanted = true;
	LIST_EACH(ch, &c->children, struct child, link) {
		if (ch->was_up && c->behavior != BEHAVE_RESPONDER)
			ch->wanted = true;
		ch->tries = 0;
	}
	c->tries = 0;
	c->next_try = clock_ms() + PAUSE_LOSS_MS;
}

/* What the configuration says for a loss; start comes back by itself. */
static void
after_loss(struct conn *c, enum on_loss action)
{
	switch (action) {
	case LOSS_RESTART:
		want_again(c);
		break;
	case LOSS_TRAP:
		want_nothing(c);
		if (strcmp(c->gateway, "any") != 0)
			conn_arm(c, true);
		break;
	case LOSS_CLEAR:
		want_nothing(c);
		conn_arm(c, false);
		break;
	case LOSS_NOTHING:
		want_nothing(c);
		break;
	}
}

static enum on_loss
loss_action(const struct conn *c, enum ike_reason_code code)
{
	if (is_silence(code) && c->dpd_action != LOSS_NOTHING)
		return c->dpd_action;
	if (code == REASON_PEER_DELETED || code == REASON_UNIQUE_REPLACED)
		return c->close_action;
	return c->behavior == BEHAVE_START ? LOSS_RESTART : LOSS_NOTHING;
}

static void
on_sa_down(struct conn *c, const struct ike_event *ev)
{
	enum ike_reason_code code = ev->reason.code;

	say(c, is_ours(code) ? LOG_LVL_NOTICE : LOG_LVL_WARNING, "ike-down",
	    "%s: %s", ike_reason_word(code), ev->reason.text);
	if (ev->sa_id != c->sa_id)
		return;

	if (!c->reauth)
		conn_record(c, "", &ev->reason);
	c->sa_id = other_sa(c, ev->sa_id);
	c->sa_up = c->sa_id != 0;
	c->since_wall = clock_wall_ms();
	nothing_pending(c);
	if (c->sa_up)
		return;

	inner_drop(c);
	conn_announce(c, "", "down", &ev->reason);
	if (c->reauth) {
		c->reauth = false;
		want_again(c);
		c->next_try = 0;
	} else if (is_ours(code)) {
		c->next_try = 0;
	} else {
		after_loss(c, loss_action(c, code));
	}
}

static void
on_sa_failed(struct conn *c, const struct ike_event *ev)
{
	if (ev->sa_id == c->sa_id) {
		conn_attempt_failed(c, &ev->reason);
		return;
	}
	conn_record(c, "", &ev->reason);
	say(c, LOG_LVL_WARNING, "ike-failed", "%s: %s",
	    ike_reason_word(ev->reason.code), ev->reason.text);
}

static void
on_reauth(struct conn *c, const struct ike_event *ev)
{
	reauth_begin(c, ev->sa_id);
}

static void
on_child_up(struct conn *c, const struct ike_event *ev)
{
	struct child *ch = conn_child(c, ev->child_name);

	if (ch == NULL)
		return;

	ch->pending = false;
	ch->was_up = true;
	ch->active_at = clock_ms();
	ch->tries = 0;
	ch->since_wall = clock_wall_ms();
	c->failed = false;
	say(c, LOG_LVL_NOTICE, "child-up", "child: %s", ch->name);
	conn_announce(c, ch->name, "up", NULL);
}

bool
conn_stands(const struct conn *c, uint32_t sa_id)
{
	struct ike_sa_info sa;

	return ike_host_sa(c->net->host, sa_id, &sa) &&
	    (sa.state == IKE_SA_ESTABLISHED || sa.state == IKE_SA_REKEYING);
}

static void
on_child_down(struct conn *c, const struct ike_event *ev)
{
	struct child *ch = conn_child(c, ev->child_name);
	enum ike_reason_code code = ev->reason.code;
	enum on_loss action;

	if (ch == NULL || child_up(ch) > 0)
		return;

	say(c, LOG_LVL_NOTICE, "child-down", "child: %s, %s: %s", ch->name,
	    ike_reason_word(code), ev->reason.text);
	ch->since_wall = clock_wall_ms();
	ch->pending = false;
	conn_announce(c, ch->name, "down", &ev->reason);
	if (!conn_stands(c, ev->sa_id) || c->reauth)
		return;		/* on_sa_down() decides */

	conn_record(c, ch->name, &ev->reason);
	if (is_ours(code)) {
		ch->next_try = 0;
		return;
	}
	action = code == REASON_INACTIVE ? LOSS_TRAP : loss_action(c, code);
	ch->wanted = action == LOSS_RESTART &&
	    c->behavior != BEHAVE_RESPONDER;
	ch->next_try = clock_ms() + PAUSE_LOSS_MS;
}

static void
on_child_failed(struct conn *c, const struct ike_event *ev)
{
	struct child *ch = conn_child(c, ev->child_name);

	conn_record(c, ch != NULL ? ch->name : "", &ev->reason);
	say(c, LOG_LVL_WARNING, "child-failed", "child: %s, %s: %s",
	    ev->child_name, ike_reason_word(ev->reason.code),
	    ev->reason.text);
	conn_announce(c, ch != NULL ? ch->name : "", "failed", &ev->reason);
	if (ch == NULL || !ev->initiator)
		return;

	ch->pending = false;
	ch->tries++;
	ch->next_try = pause_until(c, ch->tries, ev->reason.code);
	wait_fail(c, ch, &ev->reason);
	if (c->tries_max == 0 || ch->tries < c->tries_max)
		return;
	ch->wanted = false;
	if (!conn_wanted(c))
		c->failed = true;
}

static void
on_child_rekeyed(struct conn *c, const struct ike_event *ev)
{
	struct child *ch = conn_child(c, ev->child_name);

	if (ch != NULL)
		ch->rekeyed = true;
	say(c, LOG_LVL_INFO, "child-rekeyed", "child: %s", ev->child_name);
	conn_announce(c, ev->child_name, "rekeyed", NULL);
}

static void
on_sa_rekeyed(struct conn *c, const struct ike_event *ev)
{
	if (ev->sa_id == c->sa_id)
		c->sa_id = ev->new_id;
	say(c, LOG_LVL_INFO, "ike-rekeyed", "IKE SA renewed");
	conn_announce(c, "", "rekeyed", NULL);
}

static void
on_retransmit(struct conn *c, const struct ike_event *ev)
{
	say(c, LOG_LVL_INFO, "ike-retransmit", "%s sent again (try %u)",
	    ev->reason.step, ev->count);
	if (ev->sa_id == c->sa_id) {
		wait_progress(c, "%s sent again (try %u)", ev->reason.step,
		    ev->count);
	}
}

/* A peer was refused.  Without a known connection anybody may cause such
 * records: they carry no tunnel and are limited by the log. */
static void
on_refused(struct network *n, struct conn *c, const struct ike_event *ev)
{
	char from[ENDPOINT_TEXT];

	if (c != NULL)
		conn_record(c, "", &ev->reason);
	log_event(n->engine->log, LOG_LVL_WARNING, "ike-refused",
	    c != NULL ? c->full : "", "network: %s, from: %s, %s: %s",
	    n->name, endpoint_print(&ev->path.remote, from),
	    ike_reason_word(ev->reason.code), ev->reason.text);
}

void
conn_event(struct network *n, const struct ike_event *ev)
{
	static void (*const handlers[])(struct conn *c,
	    const struct ike_event *ev) = {
		[IKE_EV_SA_UP] = on_sa_up,
		[IKE_EV_SA_DOWN] = on_sa_down,
		[IKE_EV_SA_FAILED] = on_sa_failed,
		[IKE_EV_SA_REKEYED] = on_sa_rekeyed,
		[IKE_EV_SA_REAUTH] = on_reauth,
		[IKE_EV_CHILD_UP] = on_child_up,
		[IKE_EV_CHILD_DOWN] = on_child_down,
		[IKE_EV_CHILD_FAILED] = on_child_failed,
		[IKE_EV_CHILD_REKEYED] = on_child_rekeyed,
		[IKE_EV_RETRANSMIT] = on_retransmit,
	};
	struct conn *c = conn_of(n, ev->conf);

	if (ev->type == IKE_EV_REFUSED) {
		on_refused(n, c, ev);
		return;
	}
	if (c == NULL)
		return;

	reauth_event(c, ev);
	handlers[ev->type](c, ev);
	wait_check(c);
	conn_reconcile(c);
}

/* ---- what is due ---- */

static int64_t
make_children(struct conn *c, int64_t now)
{
	int64_t next = TIME_NEVER;
	struct sp_error err;
	struct child *ch;

	LIST_EACH(ch, &c->children, struct child, link) {
		if (!ch->wanted || ch->pending || child_up(ch) > 0)
			continue;
		if (now < ch->next_try) {
			if (ch->next_try < next)
				next = ch->next_try;
			continue;
		}
		if (ike_host_child_create(c->net->host, now, c->sa_id,
		    ch->conf, &err) == 0) {
			ch->pending = true;
			wait_progress(c, "CREATE_CHILD_SA sent for %s",
			    ch->name);
			continue;
		}
		say(c, LOG_LVL_WARNING, "child-failed", "child: %s, %s",
		    ch->name, err.text);
		ch->next_try = now + PAUSE_REFUSED_MS;
		if (ch->next_try < next)
			next = ch->next_try;
	}
	return next;
}

static int64_t
make_sa(struct conn *c, int64_t now)
{
	if (!conn_wanted(c) || c->sa_id != 0 || c->job != NULL)
		return TIME_NEVER;
	if (now >= c->next_try)
		conn_try(c);
	if (c->sa_id == 0 && c->job == NULL && conn_wanted(c))
		return c->next_try;
	return TIME_NEVER;
}

void
conn_reconcile(struct conn *c)
{
	int64_t now = clock_ms();

	if (!conn_active(c)) {
		conn_wake_at(c, TIME_NEVER);
		return;
	}
	/* an IKE SA that is going: its event comes next, and decides */
	if (c->sa_up && !conn_stands(c, c->sa_id)) {
		conn_wake_at(c, TIME_NEVER);
		return;
	}
	conn_wake_at(c, c->sa_up ? make_children(c, now) :
	    make_sa(c, now));
}
