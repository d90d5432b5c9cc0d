/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The event queue.  IKE datagrams and all else are bounded apart, so that a
 * flood on port 4500 cannot push out an expiry.  The lock is held for a
 * list operation only; the packet path takes it for events, never for data.
 */
#include "plane/user/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "plane/user/flow.h"

enum event_kind {
	EVENT_ACQUIRE,
	EVENT_EXPIRE,
	EVENT_MOVED,
	EVENT_UNKNOWN_SPI,
	EVENT_IKE,
};

struct event {
	struct list link;
	enum event_kind kind;
	uint32_t id;			/* reqid or SPI */
	bool hard;
	struct endpoint local, remote;
	struct plane_selector src, dst;	/* acquire */
	size_t len;			/* IKE */
	uint8_t data[];
};

int
events_init(struct event_queue *q, struct sp_error *err)
{
	list_init(&q->events);
	q->nr_ike = q->nr_other = 0;
	q->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (q->fd < 0)
		return sp_fail_errno(err, errno, "no event descriptor for "
		    "the data plane");
	pthread_mutex_init(&q->lock, NULL);
	return 0;
}

void
events_free(struct event_queue *q)
{
	struct event *e;

	if (q->fd < 0)
		return;
	LIST_EACH(e, &q->events, struct event, link) {
		list_remove(&e->link);
		free(e);
	}
	pthread_mutex_destroy(&q->lock);
	close(q->fd);
	q->fd = -1;
}

static struct event *
event_new(enum event_kind kind, uint32_t id, size_t len)
{
	struct event *e = xcalloc(1, sizeof(*e) + len);

	list_init(&e->link);
	e->kind = kind;
	e->id = id;
	e->len = len;
	return e;
}

/* Queue the event, or free it and say false. */
static bool
push_take(struct event_queue *q, struct event *e)
{
	bool ike = e->kind == EVENT_IKE;
	unsigned *nr = ike ? &q->nr_ike : &q->nr_other;
	uint64_t one = 1;
	bool room, first;

	pthread_mutex_lock(&q->lock);
	room = *nr < (ike ? EVENTS_IKE : EVENTS_OTHER);
	first = list_empty(&q->events);
	if (room) {
		list_append(&q->events, &e->link);
		++*nr;
	}
	pthread_mutex_unlock(&q->lock);

	if (!room)
		free(e);
	else if (first && write(q->fd, &one, sizeof(one)) < 0)
		return false;	/* cannot be: the count is far from full */
	return room;
}

bool
events_acquire(struct event_queue *q, uint32_t reqid, const struct flow *flow)
{
	struct event *e = event_new(EVENT_ACQUIRE, reqid, 0);

	e->src.proto = e->dst.proto = flow->proto;
	e->src.first = e->src.last = flow->src;
	e->dst.first = e->dst.last = flow->dst;
	e->src.port_last = e->dst.port_last = UINT16_MAX;
	if (flow->has_ports) {
		e->src.port_first = e->src.port_last = flow->sport;
		e->dst.port_first = e->dst.port_last = flow->dport;
	}
	return push_take(q, e);
}

bool
events_expire(struct event_queue *q, uint32_t spi, bool hard)
{
	struct event *e = event_new(EVENT_EXPIRE, spi, 0);

	e->hard = hard;
	return push_take(q, e);
}

bool
events_moved(struct event_queue *q, uint32_t reqid,
    const struct endpoint *remote)
{
	struct event *e = event_new(EVENT_MOVED, reqid, 0);

	e->remote = *remote;
	return push_take(q, e);
}

bool
events_unknown_spi(struct event_queue *q, uint32_t spi,
    const struct endpoint *from)
{
	struct event *e = event_new(EVENT_UNKNOWN_SPI, spi, 0);

	e->remote = *from;
	return push_take(q, e);
}

bool
events_ike(struct event_queue *q, const struct endpoint *local,
    const struct endpoint *remote, const uint8_t *data, size_t len)
{
	struct event *e = event_new(EVENT_IKE, 0, len);

	e->local = *local;
	e->remote = *remote;
	memcpy(e->data, data, len);
	return push_take(q, e);
}

static void
deliver(const struct event *e, const struct plane_events *to)
{
	switch (e->kind) {
	case EVENT_ACQUIRE:
		if (to->acquire != NULL)
			to->acquire(to->ctx, e->id, &e->src, &e->dst);
		break;
	case EVENT_EXPIRE:
		if (to->expire != NULL)
			to->expire(to->ctx, e->id, e->hard);
		break;
	case EVENT_MOVED:
		if (to->moved != NULL)
			to->moved(to->ctx, e->id, &e->remote);
		break;
	case EVENT_UNKNOWN_SPI:
		if (to->unknown_spi != NULL)
			to->unknown_spi(to->ctx, e->id, &e->remote);
		break;
	case EVENT_IKE:
		if (to->ike != NULL)
			to->ike(to->ctx, &e->local, &e->remote, e->data,
			    e->len);
		break;
	}
}

void
events_dispatch(struct event_queue *q, const struct plane_events *to)
{
	struct list taken;
	struct event *e;
	uint64_t n;

	list_init(&taken);
	pthread_mutex_lock(&q->lock);
	/* emptied under the lock: a later event makes it readable again */
	if (read(q->fd, &n, sizeof(n)) > 0 || !list_empty(&q->events)) {
		LIST_EACH(e, &q->events, struct event, link) {
			list_remove(&e->link);
			list_append(&taken, &e->link);
		}
		q->nr_ike = q->nr_other = 0;
	}
	pthread_mutex_unlock(&q->lock);

	LIST_EACH(e, &taken, struct event, link) {
		list_remove(&e->link);
		deliver(e, to);
		free(e);
	}
}
