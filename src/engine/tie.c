/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Carrying out what the IKE host of a network asks for.  Actions point into
 * the host and are valid until its next call, so nothing here calls the host
 * while actions are drained: events and failures are queued and dealt with
 * after, round by round, until there is nothing left.
 */
#include "engine/internal.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/conn.h"
#include "engine/loop.h"
#include "ike/job.h"

#define MAX_ROUNDS 1000		/* a host that never rests is a defect */

struct queued {
	struct list link;
	struct ike_event ev;
};

struct failed {			/* to be told to the host */
	struct list link;
	uint32_t child_id;	/* 0: the path */
	struct ike_path path;
	struct ike_reason why;
};

static void
queue_failed(struct network *n, uint32_t child_id,
    const struct ike_path *path, const struct ike_reason *why)
{
	struct failed *f = xcalloc(1, sizeof(*f));

	f->child_id = child_id;
	if (path != NULL)
		f->path = *path;
	f->why = *why;
	list_append(&n->undelivered, &f->link);
}

void
tie_undeliverable(struct network *n, const struct ike_path *path,
    const struct ike_reason *why)
{
	queue_failed(n, 0, path, why);
}

static void
queue_event(struct network *n, const struct ike_event *ev)
{
	struct queued *q = xcalloc(1, sizeof(*q));

	q->ev = *ev;
	if (q->ev.conf != NULL)
		ike_conf_ref(q->ev.conf);
	list_append(&n->events, &q->link);
}

/* ---- public-key work of the host ---- */

struct signing {
	struct list link;
	struct network *net;	/* NULL: its host is gone */
	struct ike_job *job;
};

static void
run_signing(void *ctx)
{
	struct signing *s = ctx;

	ike_job_run(s->job, (int64_t)time(NULL));
}

static void
end_signing(void *ctx)
{
	struct signing *s = ctx;
	struct network *n = s->net;

	if (n == NULL)
		return;
	list_remove(&s->link);
	ike_host_job_done(n->host, clock_ms(), s->job);
	s->job = NULL;
	tie_run(n);
}

static void
drop_signing(void *ctx)
{
	struct signing *s = ctx;

	ike_job_free(s->job);
	free(s);
}

static void
queue_job(struct network *n, struct ike_job *job)
{
	static const struct worker_task task = {
		run_signing, end_signing, drop_signing,
	};
	struct signing *s = xcalloc(1, sizeof(*s));

	s->net = n;
	s->job = job;
	list_append(&n->jobs, &s->link);
	(void)worker_run(n->engine->signer, &task, s);
}

/* SAs go into the plane before the packet that tells the peer of them: the
 * host queues its actions in that order, and it is kept here. */
static void
do_action(struct network *n, const struct ike_action *a)
{
	struct ike_reason why;
	struct conn *c;
	int ret = 0;

	switch (a->type) {
	case IKE_ACT_SEND:
		if (!sockets_send(n, &a->path, a->data, a->len, &why))
			queue_failed(n, 0, &a->path, &why);
		break;
	case IKE_ACT_KEEPALIVE:
		sockets_keepalive(n, &a->path);
		break;
	case IKE_ACT_CHILD_IN:
		c = conn_of(n, a->child.ike_conf);
		if (c != NULL)
			inner_take(c, a->child.sa_id);
		ret = tie_child_in(n, &a->child, &why);
		break;
	case IKE_ACT_CHILD_OUT:
		ret = tie_child_out(n, &a->child, &why);
		break;
	case IKE_ACT_CHILD_MOVE:
		tie_child_move(n, &a->child);
		break;
	case IKE_ACT_CHILD_DEL:
		tie_child_del(n, &a->child);
		break;
	case IKE_ACT_EVENT:
		queue_event(n, &a->event);
		break;
	case IKE_ACT_JOB:
		queue_job(n, a->job);
		break;
	}
	if (ret < 0)
		queue_failed(n, a->child.id, NULL, &why);
}

static bool
drain_actions(struct network *n)
{
	struct ike_action a;
	bool any = false;

	while (ike_host_next_action(n->host, &a)) {
		do_action(n, &a);
		any = true;
	}
	return any;
}

static bool
drain_failures(struct network *n)
{
	struct failed *f;

	if (list_empty(&n->undelivered))
		return false;

	f = LIST_ENTRY(n->undelivered.next, struct failed, link);
	list_remove(&f->link);
	if (f->child_id != 0) {
		ike_host_plane_failed(n->host, clock_ms(), f->child_id,
		    &f->why);
	} else {
		ike_host_unreachable(n->host, clock_ms(), &f->path, &f->why);
	}
	free(f);
	return true;
}

/* One at a time: a handler may call the host, whose actions come first. */
static bool
drain_events(struct network *n)
{
	struct queued *q;

	if (list_empty(&n->events))
		return false;

	q = LIST_ENTRY(n->events.next, struct queued, link);
	list_remove(&q->link);
	conn_event(n, &q->ev);
	ike_conf_unref(q->ev.conf);
	free(q);
	return true;
}

void
tie_run(struct network *n)
{
	int round = 0;
	bool any = true;

	if (n->running || n->host == NULL)
		return;

	n->running = true;
	while (any && round++ < MAX_ROUNDS) {
		any = drain_actions(n);
		any = drain_failures(n) || any;
		any = drain_events(n) || any;
	}
	n->running = false;
	loop_timer_set(n->host_timer, ike_host_deadline(n->host));
}

void
tie_clear(struct network *n)
{
	struct signing *s;
	struct queued *q;
	struct failed *f;

	/* a thread may have them: their results find nobody */
	LIST_EACH(s, &n->jobs, struct signing, link) {
		list_remove(&s->link);
		s->net = NULL;
	}
	LIST_EACH(q, &n->events, struct queued, link) {
		list_remove(&q->link);
		ike_conf_unref(q->ev.conf);
		free(q);
	}
	LIST_EACH(f, &n->undelivered, struct failed, link) {
		list_remove(&f->link);
		free(f);
	}
}
