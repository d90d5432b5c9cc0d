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
#include "engine/control.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/conn.h"
#include "engine/log.h"
#include "engine/loop.h"
#include "engine/wait.h"

struct client {
	struct list link;
	struct engine *engine;
	int fd;
	struct loop_io *io;
	enum role role;
	char user[32];
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
};

struct control {
	int fd;
	int spare;			/* given up when descriptors run out */
	struct loop_io *io;
	struct loop_wake *log_wake;
	struct list clients;
	unsigned nr_clients;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	gid_t socket, view, op, admin;	/* (gid_t)-1 = no such group */
};

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

	if (terminal != NULL) {
		str_safe(&b, terminal, strnlen(terminal, 64));
		buf_puts(&b, "");
		snprintf(c->terminal, sizeof(c->terminal), "%s",
		    (char *)b.data);
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

static void
client_free(struct client *c)
{
	struct engine *e = c->engine;
	struct network *n;
	struct conn *conn;

	LIST_EACH(n, &e->networks, struct network, link) {
		LIST_EACH(conn, &n->conns, struct conn, link)
			wait_drop_client(conn, c);
	}
	loop_io_free(c->io);
	close(c->fd);
	list_remove(&c->link);
	e->control->nr_clients--;
	buf_wipe(&c->in);		/* may hold secrets */
	buf_wipe(&c->out);
	free(c);
}

static size_t
queued(const struct client *c)
{
	return c->out.len - c->sent;
}

/* What the loop watches follows from the queue. */
static void
client_watch(struct client *c)
{
	unsigned events = 0;

	if (!c->closing && queued(c) < CONTROL_QUEUE_STOP)
		events |= LOOP_READ;
	if (queued(c) > 0)
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

void
control_result(struct client *c, json_t *id, json_t *result, bool more)
{
	json_t *obj = json_object();

	json_object_set(obj, "id", id != NULL ? id : json_null());
	if (more)
		json_object_set_new(obj, "more", json_true());
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
	if (queued(c) <= CONTROL_QUEUE_EVENTS)
		return false;
	c->cut |= c->topics;
	c->topics = 0;
	c->lost++;
	return true;
}

/* The queue is empty again: say what happened. */
static void
tell_cut(struct client *c)
{
	if (c->cut == 0 || queued(c) > 0)
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

static void
audit(struct client *c, const struct method *m, const json_t *params)
{
	json_t *target = json_object_get(params, "target");
	json_t *net = json_object_get(params, "network");
	struct buf b = {0};
	size_t i;

	if (json_is_string(net)) {
		buf_puts(&b, " ");
		str_safe(&b, json_string_value(net),
		    json_string_length(net));
	}
	for (i = 0; i < json_array_size(target) && i < 3; i++) {
		json_t *word = json_array_get(target, i);

		buf_puts(&b, " ");
		if (json_is_string(word))
			str_safe(&b, json_string_value(word),
			    json_string_length(word));
	}
	buf_u8(&b, '\0');
	log_event(c->engine->log, LOG_LVL_NOTICE, "audit", "",
	    "by: %s, method: %s%s", c->user, m->name, (char *)b.data);
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

	if (m->changes)
		audit(call->client, m, params);
	ret = m->run(call, params, err);
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

	while (at < c->in.len && !c->closing &&
	    queued(c) < CONTROL_QUEUE_STOP &&
	    (nl = memchr(data + c->scanned, '\n', c->in.len - c->scanned)) !=
	    NULL) {
		size_t len = (size_t)(nl - (data + at));

		if (len > 0)
			handle_line(c, data + at, len);
		at += len + 1;
		c->scanned = at;
	}
	/* a queue that is full leaves lines for later: look at them again */
	if (queued(c) < CONTROL_QUEUE_STOP)
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

static void
client_write(struct client *c)
{
	ssize_t sent;

	while (queued(c) > 0) {
		sent = send(c->fd, c->out.data + c->sent, queued(c),
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
	if (queued(c) == 0) {
		if (c->out.len > 0)
			explicit_bzero(c->out.data, c->out.len);
		buf_reset(&c->out);
		c->sent = 0;
	} else if (c->sent > CONTROL_QUEUE_EVENTS) {
		memmove(c->out.data, c->out.data + c->sent, queued(c));
		buf_truncate(&c->out, queued(c));
		c->sent = 0;
	}
}

static void
on_client(void *ctx, unsigned events)
{
	struct client *c = ctx;

	if (events & LOOP_READ)
		client_read(c);
	if (queued(c) > 0)
		client_write(c);
	tell_cut(c);
	if (c->closing && queued(c) == 0) {
		client_free(c);
		return;
	}
	/* requests left in the buffer while it did not read the answers */
	handle_input(c);
	client_watch(c);
}

struct client *
control_adopt(struct engine *e, int fd, enum role role, unsigned uid)
{
	struct client *c = xcalloc(1, sizeof(*c));

	c->engine = e;
	c->fd = fd;
	c->role = role;
	c->since_wall = clock_wall_ms();
	if (uid == 0)
		snprintf(c->user, sizeof(c->user), "root");
	else
		snprintf(c->user, sizeof(c->user), "uid-%u", uid);
	c->io = loop_io_new(e->loop, fd, LOOP_READ, on_client, c);
	list_append(&e->control->clients, &c->link);
	e->control->nr_clients++;
	return c;
}

/* ---- who may connect ---- */

static bool
in_group(int fd, gid_t primary, gid_t wanted)
{
	gid_t groups[256];
	socklen_t len = sizeof(groups);
	size_t i;

	if (wanted == (gid_t)-1)
		return false;
	if (primary == wanted)
		return true;
	/* the kernel's list, not the name service's: nothing here may wait */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (i = 0; i < len / sizeof(groups[0]); i++) {
		if (groups[i] == wanted)
			return true;
	}
	return false;
}

static enum role
role_of(const struct control *ctl, int fd, const struct ucred *cred)
{
	if (cred->uid == 0 || cred->uid == geteuid() ||
	    in_group(fd, cred->gid, ctl->admin))
		return ROLE_ADMIN;
	if (in_group(fd, cred->gid, ctl->op))
		return ROLE_OPERATOR;
	if (in_group(fd, cred->gid, ctl->view))
		return ROLE_VIEWER;
	return ROLE_NONE;
}

/*
 * No descriptor is left: a client that waits would wake the loop for ever.
 * It is turned away with the one that is kept for this (hardening.md R-65).
 */
static void
turn_away(struct control *ctl)
{
	if (ctl->spare >= 0)
		close(ctl->spare);
	ctl->spare = accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC);
	if (ctl->spare >= 0)
		close(ctl->spare);
	ctl->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
on_accept(void *ctx, unsigned events)
{
	struct engine *e = ctx;
	struct control *ctl = e->control;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	enum role role;
	int fd;

	(void)events;
	fd = accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			turn_away(ctl);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 ||
	    ctl->nr_clients >= CONTROL_CLIENTS) {
		close(fd);
		return;
	}
	role = role_of(ctl, fd, &cred);
	if (role == ROLE_NONE) {
		log_event(e->log, LOG_LVL_WARNING, "control-denied", "",
		    "uid: %u, pid: %d", (unsigned)cred.uid, (int)cred.pid);
		close(fd);
		return;
	}
	control_adopt(e, fd, role, cred.uid);
}

/* The secrets of a commit pass through JSON: no copy of them stays. */
static void
wipe_free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static gid_t
group_id(const char *name)
{
	struct group *g = getgrnam(name);

	return g != NULL ? g->gr_gid : (gid_t)-1;
}

static int
listen_on(struct control *ctl, const char *dir, struct sp_error *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int n, fd;

	n = snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/control", dir);
	if (n < 0 || (size_t)n >= sizeof(sa.sun_path)) {
		return sp_fail(err, SP_RANGE, "The path %s/control is too "
		    "long for a socket.", dir);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return sp_fail_errno(err, errno, "No control socket");
	/* we hold the lock of this directory: an old socket is a leftover */
	(void)unlink(sa.sun_path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(fd, 16) < 0) {
		sp_fail_errno(err, errno, "The control socket %s cannot be "
		    "made", sa.sun_path);
		close(fd);
		return SP_SYSTEM;
	}
	(void)chmod(sa.sun_path, 0660);
	/* without the group, or the right to it, our own user alone */
	if (ctl->socket == (gid_t)-1 ||
	    chown(sa.sun_path, (uid_t)-1, ctl->socket) < 0)
		(void)chmod(sa.sun_path, 0600);
	memcpy(ctl->path, sa.sun_path, sizeof(ctl->path));
	ctl->fd = fd;
	return 0;
}

/* Asking the name service takes longer than all else at start: only when
 * there will be peers whose rights depend on it. */
static void
find_groups(struct control *ctl)
{
	ctl->socket = group_id("sallyport");
	ctl->view = group_id("sallyport-view");
	ctl->op = group_id("sallyport-op");
	ctl->admin = group_id("sallyport-admin");
}

int
control_open(struct engine *e, struct sp_error *err)
{
	struct control *ctl = xcalloc(1, sizeof(*ctl));
	int ret = 0;

	json_set_alloc_funcs(malloc, wipe_free);
	ctl->fd = -1;
	ctl->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	list_init(&ctl->clients);
	e->control = ctl;
	if (!e->no_socket) {
		find_groups(ctl);
		ret = listen_on(ctl, e->run_dir, err);
	}
	if (ret < 0)
		return ret;
	if (ctl->fd >= 0)
		ctl->io = loop_io_new(e->loop, ctl->fd, LOOP_READ, on_accept,
		    e);
	ctl->log_wake = loop_wake_new(e->loop, on_log, e);
	elog_on_record(e->elog, notify_log, ctl->log_wake);
	return 0;
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
		client_free(c);
	}
	loop_io_free(ctl->io);
	loop_wake_free(ctl->log_wake);
	if (ctl->fd >= 0) {
		close(ctl->fd);
		(void)unlink(ctl->path);
	}
	if (ctl->spare >= 0)
		close(ctl->spare);
	free(ctl);
	e->control = NULL;
}

void
control_take_handed(struct engine *e)
{
	int fd;

	for (;;) {
		pthread_mutex_lock(&e->lock);
		fd = e->nr_handed > 0 ? e->handed[--e->nr_handed] : -1;
		pthread_mutex_unlock(&e->lock);
		if (fd < 0)
			return;
		control_adopt(e, fd, ROLE_ADMIN, (unsigned)getuid());
	}
}
