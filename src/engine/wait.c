/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * `connect ... wait`: a call that is answered when the tunnel is up, when an
 * attempt ends, or when the time is over - then with the reason so far, so
 * that a time-out says as much as a failure would.
 */
#include "engine/wait.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "diag/diag.h"
#include "engine/conn.h"
#include "engine/control.h"
#include "engine/loop.h"
#include "engine/status.h"

#define WAITERS 64		/* calls that wait for one connection */

struct waiter {
	struct list link;
	struct client *client;
	json_t *id;
	struct conn *conn;
	struct child *child;		/* NULL = all of conn */
	int64_t began;			/* clock_ms() */
	unsigned nr_records;		/* of conn, when it began */
	struct loop_timer *timer;
	char step[128];			/* last progress */
};

static void
waiter_free(struct waiter *w)
{
	list_remove(&w->link);
	loop_timer_free(w->timer);
	json_decref(w->id);
	free(w);
}

/* The error carries the whole reason, and its first remedy as the hint. */
static void
fail(struct waiter *w, enum sp_code code, const struct ike_reason *r)
{
	struct diag_subject who = {
		.network = w->conn->net->name, .phase1 = w->conn->name,
		.phase2 = w->child != NULL ? w->child->name : NULL,
		.remote = w->conn->gateway,
	};
	struct sp_error err = {0};
	json_t *extra = json_object();
	char *remedy;

	sp_fail(&err, code, "%s", r->text);
	remedy = diag_row(r->code)->remedy[0] != NULL ?
	    diag_remedy(diag_row(r->code)->remedy[0], r, &who) : NULL;
	if (remedy != NULL)
		sp_hint(&err, "%s", remedy);
	free(remedy);
	json_object_set_new(extra, "reason",
	    diag_reason_json(r, &who, clock_wall_ms()));
	control_error(w->client, w->id, &err, extra);
	waiter_free(w);
}

static void
on_timeout(void *ctx)
{
	struct waiter *w = ctx;
	const struct record *rec = conn_last_record(w->conn, 0);
	struct ike_reason r;
	double s = (double)(clock_ms() - w->began) / 1000.0;

	if (rec != NULL && w->conn->nr_records != w->nr_records) {
		r = rec->reason;
	} else {
		ike_reason_set(&r, REASON_PEER_SILENT, false, "", NULL, NULL,
		    "%s is not up after %.0f s; last step: %s.",
		    w->conn->full, s, w->step[0] != '\0' ? w->step :
		    "waiting for the peer");
	}
	fail(w, SP_TIMEOUT, &r);
}

/* An IKE SA without the child that was asked for is not enough. */
static bool
is_up(const struct waiter *w)
{
	struct child *ch;
	unsigned nr = 0;

	/* what a disconnect is closing is up no more */
	if (!w->conn->sa_up || !conn_stands(w->conn, w->conn->sa_id))
		return false;
	LIST_EACH(ch, &w->conn->children, struct child, link) {
		if (w->child != NULL && ch != w->child)
			continue;
		if (child_up(ch) == 0)
			return false;
		nr++;
	}
	return nr > 0 || list_empty(&w->conn->children);
}

static void
answer(struct waiter *w)
{
	double s = (double)(clock_ms() - w->began) / 1000.0;

	control_result(w->client, w->id, json_pack("{s:s s:o s:f}",
	    "state", "connected", "tunnel", status_tunnel(w->conn, false),
	    "seconds", s), false);
	waiter_free(w);
}

/* Each gets every word of progress, whether its client reads or not. */
bool
wait_is_full(const struct conn *c)
{
	const struct list *l = c->waiters.next;
	unsigned nr = 0;

	for (; l != &c->waiters; l = l->next)
		nr++;
	return nr >= WAITERS;
}

void
wait_add(struct call *call, struct conn *c, struct child *ch, int64_t wait_ms)
{
	struct waiter *w = xcalloc(1, sizeof(*w));

	w->client = call->client;
	w->id = call->id != NULL ? json_incref(call->id) : json_null();
	w->conn = c;
	w->child = ch;
	w->began = clock_ms();
	w->nr_records = c->nr_records;
	w->timer = loop_timer_new(call->engine->loop, on_timeout, w);
	loop_timer_set(w->timer, w->began + wait_ms);
	list_append(&c->waiters, &w->link);
}

void
wait_progress(struct conn *c, const char *fmt, ...)
{
	struct waiter *w;
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	LIST_EACH(w, &c->waiters, struct waiter, link) {
		snprintf(w->step, sizeof(w->step), "%s", text);
		control_result(w->client, w->id, json_pack("{s:s}",
		    "progress", text), true);
	}
}

void
wait_check(struct conn *c)
{
	struct waiter *w;

	LIST_EACH(w, &c->waiters, struct waiter, link) {
		if (is_up(w))
			answer(w);
	}
}

void
wait_fail(struct conn *c, const struct child *ch, const struct ike_reason *r)
{
	struct waiter *w;

	LIST_EACH(w, &c->waiters, struct waiter, link) {
		if (ch == NULL || w->child == NULL || w->child == ch)
			fail(w, SP_PEER, r);
	}
}

void
wait_drop_client(struct conn *c, const struct client *client)
{
	struct waiter *w;

	LIST_EACH(w, &c->waiters, struct waiter, link) {
		if (w->client == client)
			waiter_free(w);
	}
}

static void
removed(struct waiter *w)
{
	struct ike_reason r;

	ike_reason_set(&r, REASON_CONFIG_CHANGED, true, "", NULL, NULL,
	    "%s was removed from the configuration.", w->conn->full);
	fail(w, SP_NOTFOUND, &r);
}

void
wait_drop_conn(struct conn *c)
{
	struct waiter *w;

	LIST_EACH(w, &c->waiters, struct waiter, link)
		removed(w);
}

void
wait_drop_child(struct child *ch)
{
	struct waiter *w;

	LIST_EACH(w, &ch->conn->waiters, struct waiter, link) {
		if (w->child == ch)
			removed(w);
	}
}
