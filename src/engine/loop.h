/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The event loop: descriptors, timers and one kind of wake-up that other
 * threads may use.  libev is known to loop.c alone.  Everything but
 * loop_wake_send() belongs to the thread that runs the loop.
 */
#ifndef SP_ENGINE_LOOP_H
#define SP_ENGINE_LOOP_H

#include <stdint.h>

struct loop;
struct loop_io;
struct loop_timer;
struct loop_wake;

enum loop_events { LOOP_READ = 1, LOOP_WRITE = 2 };

/* NULL if the system offers no way to wait for descriptors. */
struct loop *loop_new(void);
void loop_free(struct loop *l);

/* Run until loop_break() is called from a callback. */
void loop_run(struct loop *l);
void loop_break(struct loop *l);

/* Watch fd (stays the caller's) for events; free before closing it. */
struct loop_io *loop_io_new(struct loop *l, int fd, unsigned events,
    void (*cb)(void *ctx, unsigned events), void *ctx);
void loop_io_set(struct loop_io *io, unsigned events);
void loop_io_free(struct loop_io *io);

/* A timer, not running yet. */
struct loop_timer *loop_timer_new(struct loop *l, void (*cb)(void *ctx),
    void *ctx);

/* (Re)start: fires once when clock_ms() reaches at; TIME_NEVER stops it. */
void loop_timer_set(struct loop_timer *t, int64_t at_ms);
void loop_timer_free(struct loop_timer *t);

/* A wake-up: any thread sends, cb runs in the loop's thread at least once
 * after. */
struct loop_wake *loop_wake_new(struct loop *l, void (*cb)(void *ctx),
    void *ctx);
void loop_wake_send(struct loop_wake *w);
void loop_wake_free(struct loop_wake *w);

#endif
