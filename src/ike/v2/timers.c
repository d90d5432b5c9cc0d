/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What time does to an IKE SA and its children: retransmission, half-open
 * time-out, liveness (RFC 7296 2.4), NAT keepalive (2.23), renewal and
 * expiry (2.8), the delayed steps of a child rekey, and the end of what was
 * replaced.
 *
 * v2_due() names the earliest of these moments and v2_run() does whatever has
 * come; both walk the same fields, so that nothing due is ever overslept.
 */
#include "ike/v1/phase1.h"
#include "ike/v2/steps.h"

#include "base/clock.h"

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
child_due(const struct v2_child *c)
{
	int64_t due = earlier(c->rekey_at, c->expires_at);

	due = earlier(due, c->switch_at);
	return earlier(due, c->remove_at);
}

static int64_t
liveness_due(const struct v2_sa *sa)
{
	const struct ike_conf *c = sa->conf;

	if (!v2_is_live(sa) || c == NULL || !c->dpd || c->dpd_delay_ms <= 0)
		return TIME_NEVER;
	if (sa->active != NULL || v2_has_task(sa, T_LIVENESS, 0) ||
	    (sa->v1 != NULL && !sa->v1->dpd))
		return TIME_NEVER;
	return sa->last_in + c->dpd_delay_ms;
}

static int64_t
keepalive_due(const struct v2_sa *sa)
{
	int64_t every = sa->host->par.keep_alive_ms;

	/* only the inside host keeps the mapping open, RFC 7296 2.23 */
	if (!v2_is_live(sa) || !sa->nat_local || every <= 0)
		return TIME_NEVER;
	return sa->last_out + every;
}

static int64_t
half_open_due(const struct v2_sa *sa)
{
	if (sa->state != V2_AUTH_WAIT)
		return TIME_NEVER;
	return sa->setup->created_at + sa->host->par.half_open_ms;
}

int64_t
v2_due(const struct v2_sa *sa)
{
	struct v2_child *c;
	int64_t due;

	due = earlier(sa->doom_at, half_open_due(sa));
	if (sa->state == V2_GONE)
		return due;
	if (sa->v1 != NULL)
		due = earlier(due, v1_due(sa));
	due = earlier(due, v2_fragments_due(sa));
	due = earlier(due, sa->expires_at);
	due = earlier(due, sa->resend_at);
	due = earlier(due, liveness_due(sa));
	due = earlier(due, keepalive_due(sa));
	due = earlier(due, v2_tasks_due(sa));
	if (v2_is_live(sa) && !sa->soft_done)
		due = earlier(due, sa->rekey_at);
	LIST_EACH(c, &sa->children, struct v2_child, link)
		due = earlier(due, child_due(c));
	return due;
}

static void
run_child(struct v2_sa *sa, struct v2_child *c, int64_t now)
{
	struct v2_child *new;

	/* not while a collision may still decide against it */
	if (c->switch_at <= now &&
	    v2_active(sa, T_REKEY_CHILD, c->rekey_of) != NULL)
		c->switch_at = now + V2_SWITCH_MS;
	if (c->switch_at <= now)
		v2_child_switch(c);
	if (c->rekey_at <= now) {
		c->rekey_at = TIME_NEVER;
		v2_child_renew(c);
	}
	if (c->expires_at <= now) {
		c->expires_at = TIME_NEVER;
		/* never leave the pair without an outbound SA */
		new = v2_child_successor(sa, c);
		if (new != NULL)
			v2_child_switch(new);
		v2_child_close(c, REASON_LIFETIME_EXPIRED);
	}
	if (c->remove_at <= now)
		v2_child_end(c, NULL);
}

/* The IKE SA wants renewal; who does it and how is the configuration's. */
static void
renew(struct v2_sa *sa)
{
	sa->soft_done = true;
	/* IKEv1 makes a new phase 1, which keeps the children */
	if (sa->v1 == NULL && sa->conf->reauth)
		v2_emit_sa(sa, IKE_EV_SA_REAUTH, 0, NULL);
	else
		v2_task_add(sa, T_REKEY_SA);
}

static void
expire(struct v2_sa *sa)
{
	sa->expires_at = TIME_NEVER;
	/* a request that hangs blocks the window: no Delete can be sent */
	if (sa->active != NULL && sa->active->kind != T_DELETE_SA) {
		v2_end_code(sa, REASON_LIFETIME_EXPIRED, "");
		return;
	}
	v2_close(sa, REASON_LIFETIME_EXPIRED);
}

static void
run_live(struct v2_sa *sa, int64_t now)
{
	if (!sa->soft_done && sa->rekey_at <= now)
		renew(sa);
	if (liveness_due(sa) <= now)
		v2_task_add(sa, T_LIVENESS);
	if (keepalive_due(sa) <= now) {
		sa->last_out = now;
		v2_emit_keepalive(sa->host, &sa->path);
	}
}

static void
never_authenticated(struct v2_sa *sa)
{
	struct ike_reason why;

	if (sa->v1 != NULL)
		v1_why_silent(sa, &why);
	if (sa->v1 != NULL || v2_fragments_why(sa, &why))
		v2_end(sa, &why);
	else
		v2_end_code(sa, REASON_PEER_SILENT_AFTER_INIT, "IKE_AUTH");
}

void
v2_run(struct v2_sa *sa, int64_t now)
{
	struct v2_child *c;

	v2_touch(sa);
	if (sa->state == V2_GONE)
		return;		/* host_settle() frees it when it is time */
	if (half_open_due(sa) <= now) {
		never_authenticated(sa);
		return;
	}
	v2_fragments_expire(sa);
	if (sa->doom_at <= now) {
		sa->doom_at = TIME_NEVER;
		v2_doom(sa);
		return;
	}
	if (sa->v1 != NULL)
		v1_run(sa);
	if (sa->resend_at <= now)
		v2_resend(sa);
	LIST_EACH(c, &sa->children, struct v2_child, link)
		run_child(sa, c, now);
	if (v2_is_live(sa))
		run_live(sa, now);
	if (sa->expires_at <= now && sa->state != V2_GONE)
		expire(sa);
}
