/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * libev behind a face of our own.  Timers take absolute times of clock_ms();
 * libev's clock does not count suspend, so a timer looks at clock_ms() again
 * when it fires and goes on waiting if it is early.
 */
#include "engine/loop.h"

#include <stdlib.h>

#include <ev.h>

#include "base/clock.h"
#include "base/mem.h"

/* No timer sleeps longer: a suspend is noticed within this time. */
#define MAX_SLEEP_S 60.0

struct loop {
	struct ev_loop *ev;
};

struct loop_io {
	ev_io w;		/* .data points back to this */
	struct loop *loop;
	void (*cb)(void *ctx, unsigned events);
	void *ctx;
};

struct loop_timer {
	ev_timer w;
	struct loop *loop;
	int64_t at;		/* clock_ms() */
	void (*cb)(void *ctx);
	void *ctx;
};

struct loop_wake {
	ev_async w;
	struct loop *loop;
	void (*cb)(void *ctx);
	void *ctx;
};

struct loop *
loop_new(void)
{
	struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	struct loop *l;

	if (ev == NULL)
		return NULL;

	l = xcalloc(1, sizeof(*l));
	l->ev = ev;
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;

	ev_loop_destroy(l->ev);
	free(l);
}

void
loop_run(struct loop *l)
{
	ev_run(l->ev, 0);
}

void
loop_break(struct loop *l)
{
	ev_break(l->ev, EVBREAK_ALL);
}

static void
on_io(struct ev_loop *ev, ev_io *w, int revents)
{
	struct loop_io *io = w->data;
	unsigned events = 0;

	(void)ev;
	if (revents & EV_READ)
		events |= LOOP_READ;
	if (revents & EV_WRITE)
		events |= LOOP_WRITE;
	io->cb(io->ctx, events);
}

static int
ev_mask(unsigned events)
{
	return (events & LOOP_READ ? EV_READ : 0) |
	    (events & LOOP_WRITE ? EV_WRITE : 0);
}

struct loop_io *
loop_io_new(struct loop *l, int fd, unsigned events,
    void (*cb)(void *ctx, unsigned events), void *ctx)
{
	struct loop_io *io = xcalloc(1, sizeof(*io));

	io->loop = l;
	io->cb = cb;
	io->ctx = ctx;
	ev_io_init(&io->w, on_io, fd, ev_mask(events));
	io->w.data = io;
	if (events != 0)
		ev_io_start(l->ev, &io->w);
	return io;
}

void
loop_io_set(struct loop_io *io, unsigned events)
{
	int mask = ev_mask(events);

	if (ev_is_active(&io->w) ? (io->w.events & (EV_READ | EV_WRITE)) ==
	    mask : mask == 0)
		return;

	ev_io_stop(io->loop->ev, &io->w);
	ev_io_set(&io->w, io->w.fd, mask);
	if (mask != 0)
		ev_io_start(io->loop->ev, &io->w);
}

void
loop_io_free(struct loop_io *io)
{
	if (io == NULL)
		return;

	ev_io_stop(io->loop->ev, &io->w);
	free(io);
}

static void
timer_arm(struct loop_timer *t)
{
	double wait = (double)(t->at - clock_ms()) / 1000.0;

	if (wait < 0)
		wait = 0;
	if (wait > MAX_SLEEP_S)
		wait = MAX_SLEEP_S;
	ev_now_update(t->loop->ev);
	ev_timer_stop(t->loop->ev, &t->w);
	ev_timer_set(&t->w, wait, 0.0);
	ev_timer_start(t->loop->ev, &t->w);
}

static void
on_timer(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct loop_timer *t = w->data;

	(void)ev;
	(void)revents;
	if (clock_ms() < t->at) {
		timer_arm(t);
		return;
	}
	t->cb(t->ctx);
}

struct loop_timer *
loop_timer_new(struct loop *l, void (*cb)(void *ctx), void *ctx)
{
	struct loop_timer *t = xcalloc(1, sizeof(*t));

	t->loop = l;
	t->cb = cb;
	t->ctx = ctx;
	ev_timer_init(&t->w, on_timer, 0.0, 0.0);
	t->w.data = t;
	return t;
}

void
loop_timer_set(struct loop_timer *t, int64_t at_ms)
{
	if (at_ms == TIME_NEVER) {
		ev_timer_stop(t->loop->ev, &t->w);
		return;
	}
	if (ev_is_active(&t->w) && t->at == at_ms)
		return;

	t->at = at_ms;
	timer_arm(t);
}

void
loop_timer_free(struct loop_timer *t)
{
	if (t == NULL)
		return;

	ev_timer_stop(t->loop->ev, &t->w);
	free(t);
}

static void
on_wake(struct ev_loop *ev, ev_async *w, int revents)
{
	struct loop_wake *k = w->data;

	(void)ev;
	(void)revents;
	k->cb(k->ctx);
}

struct loop_wake *
loop_wake_new(struct loop *l, void (*cb)(void *ctx), void *ctx)
{
	struct loop_wake *k = xcalloc(1, sizeof(*k));

	k->loop = l;
	k->cb = cb;
	k->ctx = ctx;
	ev_async_init(&k->w, on_wake);
	k->w.data = k;
	ev_async_start(l->ev, &k->w);
	return k;
}

void
loop_wake_send(struct loop_wake *w)
{
	ev_async_send(w->loop->ev, &w->w);
}

void
loop_wake_free(struct loop_wake *w)
{
	if (w == NULL)
		return;

	ev_async_stop(w->loop->ev, &w->w);
	free(w);
}
