/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The actions of a host: what the state machines want done outside, in the
 * order in which they wanted it.  Whatever an action points to is copied or
 * counted, so that the machines may go on while the owner of the host has not
 * looked yet.  Child information is filled when the owner takes the action:
 * it then describes the child as it is, with its present path.
 *
 * Traffic keys are wiped when the owner has taken the outbound SA and comes
 * for the next action: by then both directions are in the data plane.
 */
#include "ike/v2/steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ike/job.h"

static struct v2_action *
add(struct ike_host *h, enum ike_action_type type)
{
	struct v2_action *a = xcalloc(1, sizeof(*a));

	a->type = type;
	list_append(&h->actions, &a->link);
	return a;
}

void
v2_emit_send(struct ike_host *h, const struct ike_path *path,
    const struct buf *data)
{
	struct v2_action *a = add(h, IKE_ACT_SEND);

	a->path = *path;
	buf_bytes(&a->data, data->data, data->len);
	h->stats.datagrams_out++;
}

void
v2_emit_keepalive(struct ike_host *h, const struct ike_path *path)
{
	add(h, IKE_ACT_KEEPALIVE)->path = *path;
}

void
v2_emit_child(struct v2_child *c, enum ike_action_type type)
{
	struct v2_action *a = add(c->sa->host, type);

	a->path = c->path;
	a->child = v2_child_ref(c);
}

void
v2_emit_job(struct ike_host *h, struct ike_job *job)
{
	add(h, IKE_ACT_JOB)->job = job;
}

/* A new event of the SA (NULL: of none), filled as far as that is known. */
static struct ike_event *
event(struct ike_host *h, const struct v2_sa *sa, enum ike_event_type type)
{
	struct ike_event *e = xcalloc(1, sizeof(*e));

	e->type = type;
	add(h, IKE_ACT_EVENT)->event = e;
	if (sa == NULL)
		return e;
	e->sa_id = sa->id;
	e->path = sa->path;
	e->initiator = sa->initiator;
	if (sa->conf != NULL)
		e->conf = ike_conf_ref(sa->conf);
	return e;
}

void
v2_emit_sa(struct v2_sa *sa, enum ike_event_type type, uint32_t new_id,
    const struct ike_reason *why)
{
	struct ike_event *e = event(sa->host, sa, type);

	e->new_id = new_id;
	if (why != NULL)
		e->reason = *why;
}

void
v2_emit_retransmit(struct v2_sa *sa, const char *step, unsigned count)
{
	struct ike_event *e = event(sa->host, sa, IKE_EV_RETRANSMIT);

	e->count = count;
	v2_copy_text(e->reason.step, sizeof(e->reason.step), step);
}

void
v2_emit_child_event(struct v2_sa *sa, const struct v2_child *c,
    enum ike_event_type type, uint32_t new_id, const struct ike_reason *why)
{
	struct ike_event *e = event(sa->host, sa, type);

	e->child_id = c->id;
	e->new_id = new_id;
	v2_copy_text(e->child_name, sizeof(e->child_name), c->conf->name);
	if (why != NULL)
		e->reason = *why;
}

void
v2_emit_child_failed(struct v2_sa *sa, uint32_t child_id, const char *name,
    const struct ike_reason *why)
{
	struct ike_event *e = event(sa->host, sa, IKE_EV_CHILD_FAILED);

	e->child_id = child_id;
	v2_copy_text(e->child_name, sizeof(e->child_name), name);
	e->reason = *why;
}

void
v2_emit_refused(struct ike_host *h, const struct v2_sa *sa,
    const struct ike_path *path, const struct ike_reason *why)
{
	struct ike_conf *only;
	struct ike_event *e;

	/* anybody can cause these: ten a second, hardening.md R-24 */
	if (!v2_quota(h))
		return;
	e = event(h, sa, IKE_EV_REFUSED);
	e->path = *path;
	e->initiator = false;
	e->reason = *why;
	only = v2_conf_only(h, path);
	if (e->conf == NULL && only != NULL)
		e->conf = ike_conf_ref(only);
}

static void
action_free(struct v2_action *a)
{
	if (a == NULL)
		return;
	if (a->type == IKE_ACT_CHILD_OUT)
		v2_child_wipe_keys(a->child);
	v2_child_unref(a->child);
	if (a->event != NULL) {
		ike_conf_unref(a->event->conf);
		free(a->event);
	}
	ike_job_free(a->job);
	buf_free(&a->data);
	free(a);
}

void
v2_actions_free(struct ike_host *h)
{
	struct v2_action *a;

	action_free(h->shown);
	h->shown = NULL;
	LIST_EACH(a, &h->actions, struct v2_action, link) {
		list_remove(&a->link);
		action_free(a);
	}
}

bool
ike_host_next_action(struct ike_host *h, struct ike_action *out)
{
	struct v2_action *a;

	action_free(h->shown);
	h->shown = NULL;
	if (list_empty(&h->actions))
		return false;
	a = LIST_ENTRY(h->actions.next, struct v2_action, link);
	list_remove(&a->link);
	h->shown = a;

	*out = (struct ike_action){ .type = a->type, .path = a->path };
	out->data = a->data.data;
	out->len = a->data.len;
	if (a->child != NULL) {
		out->child_id = a->child->id;
		v2_child_info(a->child, &out->child);
		out->path = a->child->path;
	}
	if (a->event != NULL)
		out->event = *a->event;
	out->job = a->job;
	a->job = NULL;
	return true;
}

bool
v2_queue_drop_up(struct ike_host *h, uint32_t child_id)
{
	struct v2_action *a;
	bool found = false;

	LIST_EACH(a, &h->actions, struct v2_action, link) {
		if (a->event == NULL || a->event->type != IKE_EV_CHILD_UP ||
		    a->event->child_id != child_id)
			continue;
		found = true;
		list_remove(&a->link);
		action_free(a);
	}
	return found;
}
