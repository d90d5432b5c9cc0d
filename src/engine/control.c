/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The control server.  One object a line in, one or more out.  A client that
 * reads slowly is never waited for: beyond CONTROL_QUEUE_EVENTS queued bytes
 * it loses its subscriptions, and is told so once it has read what was
 * queued; beyond CONTROL_QUEUE_STOP its requests are left unread.
 *
 * Rights are decided in one place, call_method(), from the role that the
 * peer's credentials give: root and the engine's own user are
 * administrators, the groups sallyport-admin, -op and -view the rest.
 */
#include "engine/control_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/conn.h"
#include "engine/log.h"
#include "engine/loop.h"
#include "engine/methods.h"
#include "engine/stream.h"
#include "engine/wait.h"

static const char *const role_names[] = {
	[ROLE_NONE] = "none",
	[ROLE_VIEWER] = "viewer",
	[ROLE_OPERATOR] = "operator",
	[ROLE_ADMIN] = "administrator",
};

const char *
role_name(enum role role)
{
	return role_names[role];
}

enum role
client_role(const struct client *c)
{
	return c->role;
}

const char *
client_user(const struct client *c)
{
	return c->user;
}

void
client_lower(struct client *c, const char *role)
{
	int r;

	for (r = ROLE_VIEWER; r < (int)c->role; r++) {
		if (str_eq(role, role_names[r]))
			c->role = (enum role)r;
	}
}

void
client_note(struct client *c, const char *terminal, unsigned edits)
{
	struct buf b = {0};
	size_t len;

	if (terminal != NULL) {
		str_safe(&b, terminal, strnlen(terminal, 64));
		len = b.len < sizeof(c->terminal) ? b.len :
		    sizeof(c->terminal) - 1;
		/* half a character would make the whole list invalid */
		while (len > 0 && len < b.len && (b.data[len] & 0xc0) == 0x80)
			len--;
		memcpy(c->terminal, len > 0 ? (char *)b.data : "", len);
		c->terminal[len] = '\0';
		buf_free(&b);
	}
	c->edits = edits;
}

json_t *
control_sessions(const struct client *self)
{
	json_t *list = json_array();
	const struct client *c;
	char when[32];

	LIST_EACH(c, &self->engine->control->clients, struct client, link) {
		if (c->closing)
			continue;
		json_array_append_new(list, json_pack("{s:s s:s s:s s:s s:i "
		    "s:b}", "user", c->user, "role", role_names[c->role],
		    "terminal", c->terminal, "since",
		    clock_rfc3339(c->since_wall, when), "edits",
		    (int)c->edits, "own", c == self));
	}
	return list;
}

void
client_drop(struct client *c)
{
	struct engine *e = c->engine;
	struct network *n;
	struct conn *conn;

	LIST_EACH(n, &e->networks, struct network, link) {
		LIST_EACH(conn, &n->conns, struct conn, link)
			wait_drop_client(conn, c);
	}
	makings_drop_client(e, c);
	loop_io_free(c->io);
	close(c->fd);
	list_remove(&c->link);
	e->control->nr_clients--;
	stream_free(c->stream);
	buf_wipe(&c->in);		/* may hold secrets */
	buf_wipe(&c->out);
	free(c);
}

size_t
client_queued(const struct client *c)
{
	return c->out.len - c->sent;
}

/* What the loop watches follows from the queue. */
static void
client_watch(struct client *c)
{
	unsigned events = 0;

	if (!c->closing && c->stream == NULL &&
	    client_queued(c) < CONTROL_QUEUE_STOP)
		events |= LOOP_READ;
	if (client_queued(c) > 0 || c->stream != NULL)
		events |= LOOP_WRITE;
	loop_io_set(c->io, events);
}

static void
client_put(struct client *c, json_t *obj)
{
	char *text = json_dumps(obj, JSON_COMPACT);

	json_decref(obj);
	if (text != NULL && !c->closing) {
		buf_puts(&c->out, text);
		buf_u8(&c->out, '\n');
		client_watch(c);
	}
	if (text != NULL)	/* a draft has its secrets with it */
		explicit_bzero(text, strlen(text));
	free(text);
}

/* A call has its last reply: from now on it may count as idle. */
static void
answered(struct client *c)
{
	c->busy_ms = clock_ms();
	if (c->pending > 0)
		c->pending--;
}

void
control_result(struct client *c, json_t *id, json_t *result, bool more)
{
	json_t *obj = json_object();

	json_object_set(obj, "id", id != NULL ? id : json_null());
	if (more)
		json_object_set_new(obj, "more", json_true());
	else
		answered(c);
	json_object_set_new(obj, "result", result != NULL ? result :
	    json_object());
	client_put(c, obj);
}

static void
put_text(json_t *obj, const char *key, const char *text)
{
	if (text[0] != '\0')
		json_object_set_new(obj, key, json_string(text));
}

json_t *
control_error_json(const struct sp_error *err)
{
	json_t *obj = json_object();

	json_object_set_new(obj, "code", json_string(sp_code_name(err->code)));
	json_object_set_new(obj, "message", json_string(err->text));
	put_text(obj, "path", err->path);
	put_text(obj, "hint", err->hint);
	if (err->line > 0) {
		json_object_set_new(obj, "line", json_integer(err->line));
		json_object_set_new(obj, "column",
		    json_integer(err->column));
		json_object_set_new(obj, "length",
		    json_integer(err->length));
	}
	return obj;
}

void
control_error(struct client *c, json_t *id, const struct sp_error *err,
    json_t *extra)
{
	json_t *obj = json_object(), *error = control_error_json(err);

	if (extra != NULL)
		json_object_update(error, extra);
	json_decref(extra);
	json_object_set(obj, "id", id != NULL ? id : json_null());
	json_object_set_new(obj, "error", error);
	answered(c);
	client_put(c, obj);
}

/* ---- events ---- */

static void
put_event(struct client *c, const char *name, json_t *data)
{
	client_put(c, json_pack("{s:s s:o}", "event", name, "data", data));
}

/* No events any more; what is lost is counted until it has read on. */
static bool
cut_off(struct client *c)
{
	if (client_queued(c) <= CONTROL_QUEUE_EVENTS)
		return false;
	c->cut |= c->topics;
	c->topics = 0;
	c->lost++;
	return true;
}

void
client_dismiss(struct client *c, const char *why)
{
	log_event(c->engine->log, LOG_LVL_INFO, "control", "",
	    "the connection of %s is closed: %s", c->user, why);
	put_event(c, "closing", json_pack("{s:s}", "message", why));
	c->closing = true;
	c->busy_ms = clock_ms();
	client_watch(c);
}

/* The queue is empty again: say what happened. */
static void
tell_cut(struct client *c)
{
	if (c->cut == 0 || client_queued(c) > 0)
		return;
	c->cut = 0;
	put_event(c, "cut-off", json_pack("{s:I s:s}", "lost",
	    (json_int_t)c->lost, "message", "Events came faster than they "
	    "were read; subscribe again."));
	c->lost = 0;
}

void
client_subscribe(struct client *c, unsigned topics, enum log_level level)
{
	c->topics = topics;
	c->level = level;
	c->log_seq = elog_newest(c->engine->elog);
}

bool
control_listened(const struct engine *e, enum topic topic)
{
	const struct client *c;

	if (e->control == NULL)
		return false;
	LIST_EACH(c, &e->control->clients, struct client, link) {
		if ((c->topics | c->cut) & topic)
			return true;
	}
	return false;
}

void
control_event(struct engine *e, enum topic topic, json_t *data)
{
	static const char *const names[] = {
		[TOPIC_LOG] = "log", [TOPIC_STATE] = "state",
		[TOPIC_CONFIG] = "config",
	};
	struct client *c;

	LIST_EACH(c, &e->control->clients, struct client, link) {
		if (c->cut & topic)
			c->lost++;
		if ((c->topics & topic) && !cut_off(c))
			put_event(c, names[topic], json_incref(data));
	}
	json_decref(data);
}

static void
pump_log(struct client *c)
{
	json_t *rec;

	while ((c->topics & TOPIC_LOG) && (rec = elog_after(c->engine->elog,
	    &c->log_seq, c->level, &c->lost)) != NULL) {
		if (cut_off(c))
			json_decref(rec);
		else
			put_event(c, "log", rec);
	}
}

static void
on_log(void *ctx)
{
	struct engine *e = ctx;
	struct client *c;

	LIST_EACH(c, &e->control->clients, struct client, link)
		pump_log(c);
}

/* Any thread. */
static void
notify_log(void *ctx)
{
	loop_wake_send(ctx);
}

/* ---- requests ---- */

/* What a change was about, as " network phase1". */
static void
audit_target(struct buf *b, const json_t *params)
{
	json_t *target = json_object_get(params, "target"), *word;
	json_t *net = json_object_get(params, "network");
	size_t i;

	if (json_is_string(net)) {
		buf_puts(b, " ");
		str_safe(b, json_string_value(net), json_string_length(net));
	}
	for (i = 0; i < json_array_size(target) && i < 3; i++) {
		word = json_array_get(target, i);
		if (!json_is_string(word))
			continue;
		buf_puts(b, " ");
		str_safe(b, json_string_value(word), json_string_length(word));
	}
}

/* Who did what, from where, and what came of it; before it is answered. */
static void
audit(struct client *c, const struct method *m, const json_t *params, int ret,
    const struct sp_error *err)
{
	struct buf b = {0};

	buf_printf(&b, "by: %s%s", c->user, c->from);
	if (c->terminal[0] != '\0')
		buf_printf(&b, ", terminal: %s", c->terminal);
	buf_printf(&b, ", method: %s", m->name);
	audit_target(&b, params);
	if (ret < 0)
		buf_printf(&b, ", refused: %s", err->text);
	else
		buf_printf(&b, ", result: %s", ret == CALL_LATER ?
		    "under way" : "done");
	buf_u8(&b, '\0');
	log_event(c->engine->log, LOG_LVL_NOTICE, "audit", "", "%s",
	    (char *)b.data);
	buf_free(&b);
}

static int
call_method(struct call *call, const json_t *req, struct sp_error *err)
{
	const char *name = json_string_value(json_object_get(req, "method"));
	json_t *params = json_object_get(req, "params");
	const struct method *m;
	char *safe;
	int ret;

	if (name == NULL)
		return sp_fail(err, SP_FORMAT, "A request needs a \"method\".");
	m = method_find(name);
	if (m == NULL) {
		safe = str_safe_dup(name);
		sp_fail(err, SP_UNSUPPORTED, "There is no method \"%s\".",
		    safe);
		free(safe);
		return SP_UNSUPPORTED;
	}
	if (call->client->role < m->role) {
		return sp_fail(err, SP_DENIED, "%s needs the role %s; this "
		    "connection has %s.", m->name, role_name(m->role),
		    role_name(call->client->role));
	}
	if (params != NULL && !json_is_object(params))
		return sp_fail(err, SP_FORMAT, "\"params\" is an object.");

	ret = m->run(call, params, err);
	if (m->changes)
		audit(call->client, m, params, ret, err);
	return ret;
}

static void
handle_line(struct client *c, const char *line, size_t len)
{
	struct call call = { .engine = c->engine, .client = c };
	struct sp_error err = {0};
	json_error_t jerr;
	json_t *req;
	int ret;

	c->pending++;
	c->greeted = true;
	c->busy_ms = clock_ms();
	req = json_loadb(line, len, JSON_REJECT_DUPLICATES, &jerr);
	if (req == NULL || !json_is_object(req)) {
		sp_fail(&err, SP_FORMAT, "The request is no JSON object: %s.",
		    req == NULL ? jerr.text : "another type");
		control_error(c, NULL, &err, NULL);
		json_decref(req);
		return;
	}
	call.id = json_object_get(req, "id");
	ret = call_method(&call, req, &err);
	if (ret < 0)
		control_error(c, call.id, &err, call.extra);
	else if (ret == 0)
		control_result(c, call.id, call.result, false);
	json_decref(req);
}

/* Take whole lines out of the input. */
static void
handle_input(struct client *c)
{
	const char *data = (const char *)c->in.data, *nl;
	size_t at = 0;

	while (at < c->in.len && !c->closing && c->stream == NULL &&
	    client_queued(c) < CONTROL_QUEUE_STOP &&
	    (nl = memchr(data + c->scanned, '\n', c->in.len - c->scanned)) !=
	    NULL) {
		size_t len = (size_t)(nl - (data + at));

		if (len > 0)
			handle_line(c, data + at, len);
		at += len + 1;
		c->scanned = at;
	}
	/* a queue that is full leaves lines for later: look at them again */
	if (client_queued(c) < CONTROL_QUEUE_STOP && c->stream == NULL)
		c->scanned = c->in.len;
	c->scanned -= at;
	if (at == 0)
		return;
	memmove(c->in.data, c->in.data + at, c->in.len - at);
	explicit_bzero(c->in.data + c->in.len - at, at);
	buf_truncate(&c->in, c->in.len - at);
}

static size_t
line_max(const struct client *c)
{
	return c->role == ROLE_ADMIN ? CONTROL_LINE_ADMIN : CONTROL_LINE_MAX;
}

static void
too_long(struct client *c)
{
	struct sp_error err;

	sp_fail(&err, SP_RANGE, "A request has at most %zu bytes.",
	    line_max(c));
	control_error(c, NULL, &err, NULL);
	buf_reset(&c->in);
	c->scanned = 0;
	c->closing = true;
	client_watch(c);
}

static void
client_read(struct client *c)
{
	uint8_t data[16384];
	ssize_t got;

	got = recv(c->fd, data, sizeof(data), MSG_DONTWAIT);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		c->closing = true;
		buf_reset(&c->out);
		c->sent = 0;
		return;
	}
	if (got < 0)
		return;

	buf_bytes(&c->in, data, (size_t)got);
	explicit_bzero(data, (size_t)got);
	handle_input(c);
	if (c->in.len > line_max(c))
		too_long(c);
}

void
client_write(struct client *c)
{
	ssize_t sent;

	while (client_queued(c) > 0) {
		sent = send(c->fd, c->out.data + c->sent, client_queued(c),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (sent < 0) {
			c->closing = true;
			buf_reset(&c->out);
			c->sent = 0;
			return;
		}
		c->sent += (size_t)sent;
	}
	if (client_queued(c) == 0) {
		if (c->out.len > 0)
			explicit_bzero(c->out.data, c->out.len);
		buf_reset(&c->out);
		c->sent = 0;
	} else if (c->sent > CONTROL_QUEUE_EVENTS) {
		memmove(c->out.data, c->out.data + c->sent, client_queued(c));
		buf_truncate(&c->out, client_queued(c));
		c->sent = 0;
	}
}

void
client_stream(struct client *c, struct stream *s)
{
	c->stream = s;
	client_watch(c);
}

/* One part each time the socket takes bytes: the loop runs between. */
static void
pump_stream(struct client *c)
{
	struct stream *s = c->stream;
	json_t *part;
	bool last;

	if (s == NULL || c->closing ||
	    client_queued(c) > CONTROL_QUEUE_EVENTS)
		return;
	part = stream_next(s, c->engine, &last);
	if (last)
		c->stream = NULL;
	control_result(c, stream_id(s), part, !last);
	if (last)
		stream_free(s);
}

static void
on_client(void *ctx, unsigned events)
{
	struct client *c = ctx;

	if (events & LOOP_READ)
		client_read(c);
	if (client_queued(c) > 0)
		client_write(c);
	pump_stream(c);
	tell_cut(c);
	if (c->closing && client_queued(c) == 0) {
		client_drop(c);
		return;
	}
	/* requests left in the buffer while it did not read the answers */
	handle_input(c);
	client_watch(c);
}

struct client *
client_new(struct engine *e, int fd, enum role role, unsigned uid)
{
	struct client *c = xcalloc(1, sizeof(*c));

	c->engine = e;
	c->fd = fd;
	c->role = role;
	c->uid = uid;
	c->since_wall = clock_wall_ms();
	c->busy_ms = clock_ms();
	if (uid == 0)
		snprintf(c->user, sizeof(c->user), "root");
	else
		snprintf(c->user, sizeof(c->user), "uid-%u", uid);
	c->io = loop_io_new(e->loop, fd, LOOP_READ, on_client, c);
	list_append(&e->control->clients, &c->link);
	e->control->nr_clients++;
	return c;
}

int
control_open(struct engine *e, struct sp_error *err)
{
	struct control *ctl = xcalloc(1, sizeof(*ctl));

	/* The secrets of a commit pass through JSON: no copy of them stays. */
	json_set_alloc_funcs(malloc, mem_wipe_free);
	ctl->fd = -1;
	ctl->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	list_init(&ctl->clients);
	e->control = ctl;
	ctl->log_wake = loop_wake_new(e->loop, on_log, e);
	elog_on_record(e->elog, notify_log, ctl->log_wake);
	return e->no_socket ? 0 : control_listen(e, err);
}

/* What is still queued gets one last chance. */
void
control_close(struct engine *e)
{
	struct control *ctl = e->control;
	struct client *c;

	if (ctl == NULL)
		return;

	elog_on_record(e->elog, NULL, NULL);
	LIST_EACH(c, &ctl->clients, struct client, link) {
		client_write(c);
		client_drop(c);
	}
	control_unlisten(ctl);
	loop_wake_free(ctl->log_wake);
	if (ctl->spare >= 0)
		close(ctl->spare);
	free(ctl);
	e->control = NULL;
}

void
control_take_handed(struct engine *e)
{
	struct client *c;
	int fd;

	for (;;) {
		pthread_mutex_lock(&e->lock);
		fd = e->nr_handed > 0 ? e->handed[--e->nr_handed] : -1;
		pthread_mutex_unlock(&e->lock);
		if (fd < 0)
			return;
		c = client_new(e, fd, ROLE_ADMIN, (unsigned)getuid());
		c->inside = true;
	}
}
