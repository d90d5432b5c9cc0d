/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The insides of the control server, shared by control.c (requests, replies,
 * events) and control_listen.c (who may connect, and for how long).
 */
#ifndef SP_ENGINE_CONTROL_CLIENT_H
#define SP_ENGINE_CONTROL_CLIENT_H

#include <sys/types.h>
#include <sys/un.h>

#include "base/buf.h"
#include "engine/control.h"
#include "engine/internal.h"

struct stream;

struct client {
	struct list link;
	struct engine *engine;
	int fd;
	struct loop_io *io;
	enum role role;
	unsigned uid;
	bool inside;			/* of this process: no limits */
	char user[32];
	char from[80];			/* login user, ssh address, or "" */
	char terminal[32];		/* as it said in hello, or "" */
	int64_t since_wall;
	unsigned edits;			/* uncommitted changes it told of */
	struct buf in, out;
	size_t scanned;			/* of in: no line ends before it */
	size_t sent;			/* of out */
	unsigned topics;
	enum log_level level;
	uint64_t log_seq;		/* last record sent */
	uint64_t lost;			/* events since it was cut off */
	unsigned cut;			/* topics it lost */
	bool closing;			/* gone, or to go once out is empty */
	int64_t busy_ms;		/* clock_ms() of the last request */
	bool greeted;			/* has sent one */
	unsigned pending;		/* calls that have no answer yet */
	struct stream *stream;		/* an answer on its way, in parts */
};

struct control {
	int fd;
	int spare;			/* given up when descriptors run out */
	struct loop_io *io;
	struct loop_wake *log_wake;
	struct list clients;
	unsigned nr_clients;
	unsigned refused;		/* since the start */
	struct loop_timer *idle;	/* looks for silent clients */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	gid_t socket, view, op, admin;	/* (gid_t)-1 = no such group */
};

/* Bytes that wait to be written. */
size_t client_queued(const struct client *c);

/* Take the socket of somebody in; the user's name is that of uid. */
struct client *client_new(struct engine *e, int fd, enum role role,
    unsigned uid);
void client_drop(struct client *c);

/* Write what fits; a broken connection is marked as closing. */
void client_write(struct client *c);

/* Say why (an event "closing"), read no more, close once that is written. */
void client_dismiss(struct client *c, const char *why);

/*
 * control_listen.c: the socket in RUNDIR, and the watch for idle clients.
 * Listening is left out when the engine is private.
 */
int control_listen(struct engine *e, struct sp_error *err);
void control_unlisten(struct control *ctl);

#endif
