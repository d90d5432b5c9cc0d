/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events on their way from a plane's thread to the engine: a bounded queue
 * and an eventfd that is readable while something waits in it.
 */
#ifndef SP_PLANE_USER_EVENTS_H
#define SP_PLANE_USER_EVENTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/list.h"
#include "plane/plane.h"

struct flow;
struct sp_error;

#define EVENTS_IKE 512u		/* datagrams that may wait */
#define EVENTS_OTHER 4096u	/* other events that may wait */

struct event_queue {
	int fd;			/* eventfd */
	pthread_mutex_t lock;	/* of what follows */
	struct list events;	/* struct event, oldest first */
	unsigned nr_ike, nr_other;
};

/* Make an empty queue. */
int events_init(struct event_queue *q, struct sp_error *err);

/* Forget what waits and close. */
void events_free(struct event_queue *q);

/*
 * Queue an event; the data is copied.  False if the queue is full.  acquire:
 * for the flow that asked; ike: the datagram without its marker.
 */
bool events_acquire(struct event_queue *q, uint32_t reqid,
    const struct flow *flow);
bool events_expire(struct event_queue *q, uint32_t spi, bool hard);
bool events_moved(struct event_queue *q, uint32_t reqid,
    const struct endpoint *remote);
bool events_unknown_spi(struct event_queue *q, uint32_t spi,
    const struct endpoint *from);
bool events_ike(struct event_queue *q, const struct endpoint *local,
    const struct endpoint *remote, const uint8_t *data, size_t len);

/* Hand what waits to the engine's functions, without holding the lock. */
void events_dispatch(struct event_queue *q, const struct plane_events *to);

#endif
