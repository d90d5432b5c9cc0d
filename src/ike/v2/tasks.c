/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The work that waits for the window (RFC 7296 2.3, window 1): one request of
 * ours is under way at most, the others queue, ordered by kind (deletes and
 * liveness, then rekeys, then new children) and by age within a kind.
 */
#include "ike/v2/steps.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "crypto/kex.h"
#include "crypto/rng.h"

struct v2_task *
v2_task_new(enum v2_kind kind)
{
	struct v2_task *t = xcalloc(1, sizeof(*t));

	t->kind = kind;
	list_init(&t->link);
	return t;
}

void
v2_task_forget(struct v2_task *t)
{
	kex_free(t->kex);
	t->kex = NULL;
	buf_free(&t->nonce);
	buf_free(&t->rival_nonce);
	buf_free(&t->dead);
	t->rival = 0;
	ts_list_free(&t->local);
	ts_list_free(&t->remote);
}

void
v2_task_free(struct v2_task *t)
{
	if (t == NULL)
		return;
	v2_task_forget(t);
	ike_child_conf_unref(t->conf);
	free(t);
}

void
v2_task_queue(struct v2_sa *sa, struct v2_task *t)
{
	struct v2_task *other;

	list_remove(&t->link);
	LIST_EACH(other, &sa->tasks, struct v2_task, link) {
		if (other->kind > t->kind) {
			list_append(&other->link, &t->link);
			v2_touch(sa);
			return;
		}
	}
	list_append(&sa->tasks, &t->link);
	v2_touch(sa);
}

struct v2_task *
v2_task_add(struct v2_sa *sa, enum v2_kind kind)
{
	struct v2_task *t = v2_task_new(kind);

	v2_task_queue(sa, t);
	return t;
}

void
v2_task_again(struct v2_sa *sa, struct v2_task *t, int64_t least_ms,
    int64_t most_ms)
{
	struct ike_host *h = sa->host;
	uint64_t spread = (uint64_t)(most_ms - least_ms) + 1;

	v2_task_forget(t);
	t->not_before = h->now + least_ms +
	    (int64_t)rng_below(h->par.rng, spread);
}

bool
v2_has_task(const struct v2_sa *sa, enum v2_kind kind, uint32_t child_id)
{
	const struct v2_task *t = sa->active;

	if (t != NULL && t->kind == kind && t->child_id == child_id)
		return true;
	LIST_EACH(t, &sa->tasks, const struct v2_task, link) {
		if (t->kind == kind && t->child_id == child_id)
			return true;
	}
	return false;
}

struct v2_task *
v2_active(const struct v2_sa *sa, enum v2_kind kind, uint32_t child_id)
{
	struct v2_task *t = sa->active;

	if (t == NULL || t->kind != kind || t->child_id != child_id)
		return NULL;
	return t;
}

bool
v2_child_work(const struct v2_sa *sa)
{
	return sa->active != NULL && v2_task_table[sa->active->kind].child;
}

/* May this kind of request leave an SA in its present state? */
static bool
is_ripe(const struct v2_sa *sa, const struct v2_task *t)
{
	switch (t->kind) {
	case T_INIT:
		return sa->state == V2_NEW || sa->state == V2_INIT_SENT;
	case T_AUTH:
		return sa->state == V2_INIT_SENT;
	case T_DELETE_SA:
		return sa->state == V2_DELETING || sa->state == V2_REPLACED;
	case T_DELETE_CHILD:
	case T_LIVENESS:
	case T_COOKIE2:
	case T_MOBIKE:
	case T_REKEY_SA:
	case T_REKEY_CHILD:
	case T_CREATE_CHILD:
	case T_KINDS:
		break;
	}
	return v2_is_live(sa);
}

int64_t
v2_tasks_due(const struct v2_sa *sa)
{
	const struct v2_task *t;
	int64_t due = TIME_NEVER;

	if (sa->active != NULL)
		return due;
	LIST_EACH(t, &sa->tasks, const struct v2_task, link) {
		if (is_ripe(sa, t) && t->not_before < due)
			due = t->not_before;
	}
	return due;
}

struct v2_task *
v2_task_next(struct v2_sa *sa)
{
	struct v2_task *t;

	if (sa->active != NULL)
		return NULL;
	LIST_EACH(t, &sa->tasks, struct v2_task, link) {
		if (is_ripe(sa, t) && t->not_before <= sa->host->now) {
			list_remove(&t->link);
			return t;
		}
	}
	return NULL;
}

void
v2_tasks_drop_queued(struct v2_sa *sa)
{
	struct v2_task *t;

	LIST_EACH(t, &sa->tasks, struct v2_task, link) {
		list_remove(&t->link);
		v2_task_free(t);
	}
}

void
v2_tasks_free(struct v2_sa *sa)
{
	v2_tasks_drop_queued(sa);
	v2_task_free(sa->active);
	sa->active = NULL;
	sa->resend_at = TIME_NEVER;
}
