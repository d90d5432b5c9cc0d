/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Client side of the control protocol: newline-delimited JSON over a Unix
 * stream socket.
 */
#ifndef SP_CLIENT_CLIENT_H
#define SP_CLIENT_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

struct client;
struct sp_error;

/* Connect to a socket path; SP_NOTFOUND if nobody listens there. */
int client_connect(struct client **out, const char *path,
    struct sp_error *err);

/* Use a connected descriptor (taken over). */
struct client *client_from_fd(int fd);
void client_free(struct client *c);

int client_fd(const struct client *c);

/*
 * Call a method and wait for its last reply.  params may be NULL and is
 * taken over.  each (may be NULL: lists in parts are put together) sees every
 * "more" reply as it comes; a non-zero return cancels the call.  *result (caller's, json_decref) gets
 * the "result" of the last one.  On {"error"} err is filled from it; its
 * code word is in client_error_word(), the whole object in
 * client_error_object() (borrowed) until the next call.
 * timeout_ms < 0: no limit.
 * interrupted (may be NULL) is looked at about every 100 ms: non-zero
 * cancels with SP_STATE.
 */
int client_call(struct client *c, const char *method, json_t *params,
    int (*each)(void *ctx, json_t *result), void *ctx, int timeout_ms,
    volatile int *interrupted, json_t **result, struct sp_error *err);

/* Call fn about every 100 ms while a call waits, for a sign of life; true
 * gives the call up as if interrupted.  NULL: no more. */
void client_on_wait(struct client *c, bool (*fn)(void *ctx), void *ctx);

const char *client_error_word(const struct client *c);
json_t *client_error_object(const struct client *c);

/*
 * Read events that came (non-blocking): returns the next event object
 * (caller's) or NULL.  *closed is set when the engine went away.
 */
json_t *client_event(struct client *c, bool *closed);

#endif
