/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Who may connect to the control socket, as whom, and for how long
 * (hardening.md section 8).  The peer's credentials (SO_PEERCRED,
 * SO_PEERGROUPS) are the kernel's word and decide the role once, at accept;
 * what else is found out about the peer is for the audit only, and escaped.
 * Nothing here may wait: no name service is asked for a client.
 */
#include "engine/control_client.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "engine/loop.h"

#define USER_CLIENTS 8		/* connections of one user */
#define ROOT_CLIENTS 32		/* of root: others must still get in */
#define GREET_MS 30000		/* within which a first request comes */
#define IDLE_LOOK_MS 1000
#define IDLE_DEFAULT_MS 900000	/* of session-idle-timeout */
#define ENVIRON_MAX 65536	/* bytes of a peer's environment looked at */

/* ---- who it is ---- */

/* The local name of a user id, from the file alone; "uid-N" else. */
static void
name_of(unsigned uid, char *out, size_t size)
{
	FILE *f = fopen("/etc/passwd", "re");
	struct passwd *pw;

	snprintf(out, size, "uid-%u", uid);
	/* names end up in paths of drafts: only plain ones are taken */
	while (f != NULL && (pw = fgetpwent(f)) != NULL) {
		if (pw->pw_uid != uid)
			continue;
		if (pw->pw_name[0] != '.' && strlen(pw->pw_name) < size &&
		    strspn(pw->pw_name, "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		    strlen(pw->pw_name))
			snprintf(out, size, "%s", pw->pw_name);
		break;
	}
	if (f != NULL)
		fclose(f);
}

/* Bytes of /proc/PID/NAME, ended by a zero; how many without it. */
static size_t
read_proc(int pid, const char *name, char *out, size_t size)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, out, size - 1);
		close(fd);
	}
	if (n < 0)
		n = 0;
	out[n] = '\0';
	return (size_t)n;
}

/* Append " KEY: value" with the value made harmless. */
static void
put_word(struct buf *b, const char *key, const char *value, size_t len)
{
	buf_printf(b, ", %s: ", key);
	str_safe(b, value, len);
}

/* Who logged in and from where: for the audit.  A peer may lie about the
 * second, which is its environment's. */
static void
find_origin(struct client *c, int pid)
{
	char *env = xcalloc(1, ENVIRON_MAX), login[16];
	struct buf b = {0};
	size_t len, at;

	len = read_proc(pid, "loginuid", login, sizeof(login));
	if (len > 0 && strcmp(login, "4294967295") != 0)
		put_word(&b, "login", login, len);
	len = read_proc(pid, "environ", env, ENVIRON_MAX);
	for (at = 0; at < len; at += strlen(env + at) + 1) {
		if (strncmp(env + at, "SSH_CONNECTION=", 15) == 0)
			put_word(&b, "from", env + at + 15,
			    strcspn(env + at + 15, " "));
	}
	explicit_bzero(env, ENVIRON_MAX);
	free(env);
	buf_u8(&b, '\0');
	snprintf(c->from, sizeof(c->from), "%s", (char *)b.data);
	buf_free(&b);
}

/* ---- what it may ---- */

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

/* Connections of this user. */
static unsigned
count_of(const struct control *ctl, unsigned uid)
{
	const struct client *c;
	unsigned nr = 0;

	LIST_EACH(c, &ctl->clients, struct client, link)
		nr += !c->inside && c->uid == uid;
	return nr;
}

/* One line that any client shows as the engine's answer, and the end. */
static void
refuse(struct control *ctl, int fd, const char *why)
{
	char line[256];
	int n;

	n = snprintf(line, sizeof(line), "{\"event\":\"closing\",\"data\":"
	    "{\"message\":\"%s\"}}\n", why);
	(void)!send(fd, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	ctl->refused++;
	close(fd);
}

static bool
has_room(struct engine *e, int fd, unsigned uid)
{
	struct control *ctl = e->control;
	unsigned most = uid == 0 ? ROOT_CLIENTS : USER_CLIENTS;
	const char *why = NULL;

	if (ctl->nr_clients >= CONTROL_CLIENTS)
		why = "The engine has as many connections as it takes.";
	else if (count_of(ctl, uid) >= most)
		why = "This user has as many connections as one may have.";
	if (why == NULL)
		return true;
	log_event(e->log, LOG_LVL_WARNING, "control-denied", "",
	    "uid: %u, connections: %u, of this user: %u", uid,
	    ctl->nr_clients, count_of(ctl, uid));
	refuse(ctl, fd, why);
	return false;
}

static void
on_accept(void *ctx, unsigned events)
{
	struct engine *e = ctx;
	struct control *ctl = e->control;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct client *c;
	enum role role;
	int fd;

	(void)events;
	fd = accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			turn_away(ctl);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0) {
		close(fd);
		return;
	}
	role = role_of(ctl, fd, &cred);
	if (role == ROLE_NONE) {
		log_event(e->log, LOG_LVL_WARNING, "control-denied", "",
		    "uid: %u, pid: %d", (unsigned)cred.uid, (int)cred.pid);
		refuse(ctl, fd, "This user belongs to none of the groups "
		    "sallyport-view, sallyport-op and sallyport-admin.");
		return;
	}
	if (!has_room(e, fd, cred.uid))
		return;
	c = client_new(e, fd, role, cred.uid);
	if (ctl->nr_clients == 1)
		loop_timer_set(ctl->idle, clock_ms() + IDLE_LOOK_MS);
	name_of(cred.uid, c->user, sizeof(c->user));
	find_origin(c, cred.pid);
}

/* ---- silent ones ---- */

static int64_t
idle_limit(const struct engine *e)
{
	const struct conf_node *s;

	s = conf_child(conf_root(e->conf), "system", NULL);
	return s != NULL ? conf_duration(s, "session-idle-timeout") * 1000 :
	    IDLE_DEFAULT_MS;
}

/* Who waits for an answer or for events is not idle. */
static void
look_at(struct client *c, int64_t now, int64_t limit)
{
	int64_t quiet = now - c->busy_ms;

	/* it does not even read why it is sent away */
	if (c->closing && quiet >= GREET_MS) {
		client_drop(c);
		return;
	}
	if (c->inside || c->closing || c->pending > 0 || c->topics != 0)
		return;
	if (!c->greeted && quiet >= GREET_MS)
		client_dismiss(c, "No request came.");
	else if (limit > 0 && quiet >= limit)
		client_dismiss(c, "Nothing was asked for too long a time.");
}

static void
on_idle(void *ctx)
{
	struct engine *e = ctx;
	struct control *ctl = e->control;
	int64_t now = clock_ms(), limit = idle_limit(e);
	struct client *c;

	LIST_EACH(c, &ctl->clients, struct client, link)
		look_at(c, now, limit);
	if (ctl->nr_clients > 0)
		loop_timer_set(ctl->idle, now + IDLE_LOOK_MS);
}

/* ---- the socket ---- */

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
	else
		(void)!chown(dir, (uid_t)-1, ctl->socket);
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
control_listen(struct engine *e, struct sp_error *err)
{
	struct control *ctl = e->control;
	int ret;

	find_groups(ctl);
	ret = listen_on(ctl, e->run_dir, err);
	if (ret < 0)
		return ret;
	ctl->idle = loop_timer_new(e->loop, on_idle, e);
	ctl->io = loop_io_new(e->loop, ctl->fd, LOOP_READ, on_accept, e);
	return 0;
}

void
control_unlisten(struct control *ctl)
{
	loop_io_free(ctl->io);
	loop_timer_free(ctl->idle);
	if (ctl->fd < 0)
		return;
	close(ctl->fd);
	(void)unlink(ctl->path);
	ctl->fd = -1;
}
