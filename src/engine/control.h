/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The control server (help/protocol): clients, their roles, calls and
 * events.  Writes never block; what a client does not read is bounded.
 */
#ifndef SP_ENGINE_CONTROL_H
#define SP_ENGINE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/log.h"

struct client;
struct control;
struct engine;
struct sp_error;

#define CONTROL_VERSION 1
#define CONTROL_LINE_MAX (1u << 20)	/* bytes of a request ... */
#define CONTROL_LINE_ADMIN (16u << 20)	/* ... of an administrator, whose
					 * commit may hold 10 000 tunnels */
#define CONTROL_QUEUE_EVENTS (256u << 10)	/* beyond it no events */
#define CONTROL_QUEUE_STOP (2u << 20)	/* beyond it no requests are read */
#define CONTROL_CLIENTS 64

enum role { ROLE_NONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN };

struct call {			/* one request */
	struct engine *engine;
	struct client *client;
	json_t *id;		/* borrowed while the method runs */
	json_t *result;		/* set by the method; taken */
	json_t *extra;		/* more members of an error; taken */
};

#define CALL_LATER 1		/* the method answers by itself, later */

/* A row of method_table.c. */
struct method {
	const char *name;
	enum role role;		/* least one that may call it */
	bool changes;		/* is recorded for the audit */
	/* 0 with call->result, CALL_LATER, or negative with err. */
	int (*run)(struct call *call, const json_t *params,
	    struct sp_error *err);
};

/* Row by name, or NULL. */
const struct method *method_find(const char *name);

/* The table in order; NULL at the end. */
const struct method *method_at(size_t index);

/* Listen on RUNDIR/control unless the engine is private. */
int control_open(struct engine *e, struct sp_error *err);
void control_close(struct engine *e);

/* Serve the sockets that engine_connect() handed over. */
void control_take_handed(struct engine *e);

/* Answers; result and extra are taken over. */
void control_result(struct client *c, json_t *id, json_t *result, bool more);
void control_error(struct client *c, json_t *id, const struct sp_error *err,
    json_t *extra);

/* A list to be written in parts (stream.h; taken over); no further request of
 * this client is looked at before its end. */
struct stream;
void client_stream(struct client *c, struct stream *s);

/* {"code","message","path","hint","line","column"} of an error. */
json_t *control_error_json(const struct sp_error *err);

/* Who it is: role, name for records ("root", "uid-1000"). */
enum role client_role(const struct client *c);
const char *client_user(const struct client *c);
const char *role_name(enum role role);

/* Ask for less than the role by the credentials; never more. */
void client_lower(struct client *c, const char *role);

/* What a client says of itself; terminal NULL = as before. */
void client_note(struct client *c, const char *terminal, unsigned edits);

/* [{"user","role","terminal","since","edits","own"}] of all clients. */
json_t *control_sessions(const struct client *self);

/* Topics of subscribe: bits. */
enum topic { TOPIC_LOG = 1, TOPIC_STATE = 2, TOPIC_CONFIG = 4 };
void client_subscribe(struct client *c, unsigned topics,
    enum log_level level);

/* Did anybody subscribe to it. */
bool control_listened(const struct engine *e, enum topic topic);

/* Send an event to all who subscribed to it; data is taken over. */
void control_event(struct engine *e, enum topic topic, json_t *data);

#endif
