/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Clients that wait for a tunnel to come up (`connect ... wait`).
 */
#ifndef SP_ENGINE_WAIT_H
#define SP_ENGINE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

struct call;
struct child;
struct client;
struct conn;
struct ike_reason;

/* Do as many calls wait for c as may? */
bool wait_is_full(const struct conn *c);

/* Answer the call when c (or ch of it, if not NULL) is up, fails, or wait_ms
 * are over. */
void wait_add(struct call *call, struct conn *c, struct child *ch,
    int64_t wait_ms);

/* A step to tell those who wait. */
void wait_progress(struct conn *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Answer those whose tunnel is up now. */
void wait_check(struct conn *c);

/* Answer with a reason: all of c (ch NULL), or those who need ch. */
void wait_fail(struct conn *c, const struct child *ch,
    const struct ike_reason *r);

/* The client, the connection, the child is gone. */
void wait_drop_client(struct conn *c, const struct client *client);
void wait_drop_conn(struct conn *c);
void wait_drop_child(struct child *ch);

#endif
