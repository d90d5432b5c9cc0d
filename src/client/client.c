/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Client side of the control protocol (help/protocol): one JSON object a
 * line over a Unix stream socket.  Replies carry the id of their request, so
 * what comes late for a call that was given up is dropped here; events that
 * come between replies wait in a bounded queue, the oldest going first when
 * nobody fetches them.
 *
 * Invariant: c->in holds at most one incomplete line and whole lines not yet
 * looked at; a line longer than LINE_LIMIT ends the connection.
 */
#include "client/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"

#define LINE_LIMIT	(64u << 20)	/* config.get of 10 000 tunnels fits */
#define EVENTS_KEPT	2048
#define LOOK_MS		100		/* how often *interrupted is seen */

struct client {
	int fd;
	struct buf in;		/* bytes received, not yet taken as lines */
	size_t taken;		/* bytes of in already taken */
	json_t *events;		/* array, the oldest first */
	json_int_t id;		/* of the last request */
	json_t *error;		/* last error object or NULL */
	char *farewell;		/* why the engine closes, or NULL */
	bool closed;		/* the engine went away */
	bool (*on_wait)(void *ctx);	/* client_on_wait() */
	void *wait_ctx;
};

/* A call while it runs. */
struct call {
	json_t *result;		/* of the last reply */
	bool done;
	int (*each)(void *ctx, json_t *result);
	void *ctx;
	int stopped;		/* what each() returned */
};

struct client *
client_from_fd(int fd)
{
	struct client *c = xcalloc(1, sizeof(*c));

	c->fd = fd;
	c->events = json_array();
	return c;
}

int
client_connect(struct client **out, const char *path, struct sp_error *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, e;

	if (strlen(path) >= sizeof(sun.sun_path))
		return sp_fail(err, SP_RANGE,
		    _("The socket path %s is too long; the limit is %zu."),
		    path, sizeof(sun.sun_path) - 1);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return sp_fail_errno(err, errno, _("No socket for %s"), path);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0) {
		/* Secrets go out through JSON; in a process with an engine
		 * that one has done it. */
		json_set_alloc_funcs(malloc, mem_wipe_free);
		*out = client_from_fd(fd);
		return 0;
	}
	e = errno;
	close(fd);
	if (e == ENOENT || e == ECONNREFUSED)
		return sp_fail(err, SP_NOTFOUND,
		    _("No engine listens on %s."), path);
	if (e == EACCES || e == EPERM)
		return sp_fail(err, SP_DENIED,
		    _("You have no right to use the engine at %s."), path);
	return sp_fail_errno(err, e, _("No connection to %s"), path);
}

void
client_free(struct client *c)
{
	if (c == NULL)
		return;
	close(c->fd);
	buf_wipe(&c->in);
	json_decref(c->events);
	json_decref(c->error);
	free(c->farewell);
	free(c);
}

int
client_fd(const struct client *c)
{
	return c->fd;
}

json_t *
client_error_object(const struct client *c)
{
	return c->error;
}

void
client_on_wait(struct client *c, bool (*fn)(void *ctx), void *ctx)
{
	c->on_wait = fn;
	c->wait_ctx = ctx;
}

const char *
client_error_word(const struct client *c)
{
	const char *word;

	word = json_string_value(json_object_get(c->error, "code"));
	return word ? word : "";
}

/* The code that a word of the protocol stands for. */
static int
code_of_word(const char *word)
{
	int code;

	for (code = SP_FORMAT; code >= SP_AGAIN; code--) {
		if (str_eq(sp_code_name(code), word))
			return code;
	}
	return SP_SYSTEM;
}

/* Fill err from an error object of the engine, its sentence unchanged. */
static int
error_take(struct client *c, json_t *obj, struct sp_error *err)
{
	const char *message = NULL, *path = NULL, *hint = NULL;
	int line = 0, column = 0;

	json_decref(c->error);
	c->error = json_incref(obj);
	json_unpack(obj, "{s?s, s?s, s?s, s?i, s?i}", "message", &message,
	    "path", &path, "hint", &hint, "line", &line, "column", &column);
	sp_fail(err, code_of_word(client_error_word(c)), "%s",
	    message ? message : _("The engine refused without a reason."));
	if (path && *path)
		sp_path(err, "%s", path);
	if (hint && *hint)
		sp_hint(err, "%s", hint);
	if (line > 0)
		sp_at(err, line, column, 1);
	return err ? (int)err->code : code_of_word(client_error_word(c));
}

static void
event_keep(struct client *c, json_t *obj)
{
	const char *message;

	if (str_eq(json_string_value(json_object_get(obj, "event")),
	    "closing")) {
		message = json_string_value(json_object_get(
		    json_object_get(obj, "data"), "message"));
		free(c->farewell);
		c->farewell = message != NULL ? str_safe_dup(message) : NULL;
		return;
	}
	if (json_array_size(c->events) >= EVENTS_KEPT)
		json_array_remove(c->events, 0);
	json_array_append(c->events, obj);
}

/* The next whole line as an object, NULL if there is none; broken lines are
 * skipped, as the engine's next one may be fine. */
static json_t *
line_next(struct client *c)
{
	char *start, *end;
	json_t *obj;

	for (;;) {
		start = (char *)c->in.data + c->taken;
		end = c->in.len > c->taken ?
		    memchr(start, '\n', c->in.len - c->taken) : NULL;
		if (end == NULL)
			return NULL;
		c->taken += (size_t)(end - start) + 1;
		obj = json_loadb(start, (size_t)(end - start), 0, NULL);
		if (json_is_object(obj))
			return obj;
		json_decref(obj);
	}
}

/* Drop the bytes that were taken as lines. */
static void
in_compact(struct client *c)
{
	if (c->taken == 0)
		return;
	memmove(c->in.data, c->in.data + c->taken, c->in.len - c->taken);
	buf_truncate(&c->in, c->in.len - c->taken);
	c->taken = 0;
}

/* Read what is there; c->closed at the end of the stream. */
static void
in_read(struct client *c)
{
	uint8_t chunk[65536];
	ssize_t n;

	in_compact(c);
	n = recv(c->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
	if (n > 0)
		buf_bytes(&c->in, chunk, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		c->closed = true;
	if (c->in.len > LINE_LIMIT)
		c->closed = true;
}

/* What comes outside of calls: replies to given up ones are dropped. */
static void
events_read(struct client *c)
{
	json_t *obj;

	in_read(c);
	while ((obj = line_next(c)) != NULL) {
		if (json_object_get(obj, "event"))
			event_keep(c, obj);
		json_decref(obj);
	}
}

static int
gone(const struct client *c, struct sp_error *err)
{
	if (c->farewell != NULL)
		return sp_fail(err, SP_NOTFOUND, _("The engine has closed "
		    "the connection: %s"), c->farewell);
	return sp_fail(err, SP_NOTFOUND,
	    _("The engine has closed the connection."));
}

static int
send_all(struct client *c, const char *p, size_t len, struct sp_error *err)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLOUT };
	ssize_t n;

	while (len > 0) {
		n = send(c->fd, p, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			poll(&pfd, 1, LOOK_MS);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			c->closed = true;
			events_read(c);	/* it may have said why */
			return gone(c, err);
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
request_send(struct client *c, const char *method, json_t *params,
    struct sp_error *err)
{
	json_t *req;
	struct buf out = {0};
	char *text;
	int ret;

	req = json_pack("{s:I, s:s, s:o}", "id", ++c->id, "method", method,
	    "params", params ? params : json_object());
	text = req ? json_dumps(req, JSON_COMPACT) : NULL;
	json_decref(req);
	if (text == NULL)
		return sp_fail(err, SP_FORMAT,
		    _("The request \"%s\" holds text that is not UTF-8."),
		    method);
	buf_puts(&out, text);
	buf_u8(&out, '\n');
	ret = send_all(c, (char *)out.data, out.len, err);
	explicit_bzero(text, strlen(text));	/* may hold a secret */
	free(text);
	buf_wipe(&out);
	return ret;
}

/* A long list comes in parts with the same key: put them together. */
static void
parts_join(struct call *call, json_t *part)
{
	const char *key;
	json_t *value, *sum;

	if (call->result == NULL)
		call->result = json_object();
	json_object_foreach(part, key, value) {
		sum = json_object_get(call->result, key);
		if (json_is_array(sum) && json_is_array(value))
			json_array_extend(sum, value);
		else
			json_object_set(call->result, key, value);
	}
}

/* One object from the engine: an event, or a reply to the call. */
static int
object_take(struct client *c, struct call *call, json_t *obj,
    struct sp_error *err)
{
	json_t *e, *result;

	if (json_object_get(obj, "event")) {
		event_keep(c, obj);
		return 0;
	}
	if (json_integer_value(json_object_get(obj, "id")) != c->id)
		return 0;	/* of a call that was given up */
	e = json_object_get(obj, "error");
	if (e) {
		call->done = true;
		return error_take(c, e, err);
	}
	result = json_object_get(obj, "result");
	if (json_is_true(json_object_get(obj, "more"))) {
		if (call->each == NULL)
			parts_join(call, result);
		else if (call->stopped == 0)
			call->stopped = call->each(call->ctx, result);
		return 0;
	}
	call->done = true;
	if (call->result != NULL)
		parts_join(call, result);
	else
		call->result = result ? json_incref(result) : json_object();
	return 0;
}

/* Take all lines that are complete. */
static int
lines_take(struct client *c, struct call *call, struct sp_error *err)
{
	json_t *obj;
	int ret = 0;

	while (ret == 0 && !call->done && call->stopped == 0 &&
	    (obj = line_next(c)) != NULL) {
		ret = object_take(c, call, obj, err);
		json_decref(obj);
	}
	return ret;
}

/* Milliseconds for the next poll; 0 when the time is over. */
static int
wait_step(int64_t end)
{
	int64_t left = end - clock_ms();

	if (left <= 0)
		return 0;
	return left < LOOK_MS ? (int)left : LOOK_MS;
}

static int
call_wait(struct client *c, struct call *call, int timeout_ms,
    volatile int *interrupted, struct sp_error *err)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLIN };
	int64_t end;
	int ret, step;

	end = timeout_ms < 0 ? TIME_NEVER : clock_ms() + timeout_ms;
	for (;;) {
		ret = lines_take(c, call, err);
		if (ret < 0 || call->done)
			return ret;
		if (call->stopped != 0 || (interrupted && *interrupted))
			return sp_fail(err, SP_STATE, _("Interrupted."));
		if (c->closed)
			return gone(c, err);
		step = wait_step(end);
		if (step == 0)
			return sp_fail(err, SP_TIMEOUT,
			    _("The engine did not answer in time."));
		if (poll(&pfd, 1, step) > 0)
			in_read(c);
		else if (c->on_wait != NULL && c->on_wait(c->wait_ctx))
			call->stopped = 1;
	}
}

int
client_call(struct client *c, const char *method, json_t *params,
    int (*each)(void *ctx, json_t *result), void *ctx, int timeout_ms,
    volatile int *interrupted, json_t **result, struct sp_error *err)
{
	struct call call = { .each = each, .ctx = ctx };
	int ret;

	json_decref(c->error);
	c->error = NULL;
	ret = request_send(c, method, params, err);
	if (ret == 0)
		ret = call_wait(c, &call, timeout_ms, interrupted, err);
	if (ret < 0 || result == NULL) {
		json_decref(call.result);
		return ret;
	}
	*result = call.result;
	return 0;
}

json_t *
client_event(struct client *c, bool *closed)
{
	json_t *obj;

	if (json_array_size(c->events) == 0)
		events_read(c);
	*closed = c->closed;
	if (json_array_size(c->events) == 0)
		return NULL;
	obj = json_incref(json_array_get(c->events, 0));
	json_array_remove(c->events, 0);
	return obj;
}
