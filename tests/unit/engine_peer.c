/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "tests/unit/engine_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/engine.h"

static struct engine *engine;
static char dir[] = "/tmp/sp-control-XXXXXX";

static void
limit_wait(int fd)
{
	struct timeval limit = { .tv_sec = 20 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

void
peer_open(struct peer *p)
{
	struct sp_error err;

	memset(p, 0, sizeof(*p));
	p->fd = engine_connect(engine, &err);
	if (p->fd < 0)
		fail_msg("%s", err.text);
	limit_wait(p->fd);
}

void
peer_close(struct peer *p)
{
	close(p->fd);
	free(p->in);
}

void
peer_send(struct peer *p, const char *text, size_t len)
{
	ssize_t n;

	for (; len > 0; text += n, len -= (size_t)n) {
		n = send(p->fd, text, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
	}
}

/* The next line as JSON; NULL when the engine closed. */
json_t *
peer_read(struct peer *p)
{
	char data[65536], *nl;
	json_t *obj;
	ssize_t n;

	while (p->len == 0 || (nl = memchr(p->in, '\n', p->len)) == NULL) {
		n = recv(p->fd, data, sizeof(data), 0);
		if (n <= 0)
			return NULL;
		p->in = xrealloc(p->in, p->len + (size_t)n, 1);
		memcpy(p->in + p->len, data, (size_t)n);
		p->len += (size_t)n;
	}
	obj = json_loadb(p->in, (size_t)(nl - p->in), 0, NULL);
	assert_non_null(obj);
	p->len -= (size_t)(nl - p->in) + 1;
	memmove(p->in, nl + 1, p->len);
	return obj;
}

json_t *
ask(struct peer *p, const char *line)
{
	peer_send(p, line, strlen(line));
	peer_send(p, "\n", 1);
	return peer_read(p);
}

const char *
error_code(const json_t *reply)
{
	const char *s = json_string_value(json_object_get(
	    json_object_get(reply, "error"), "code"));

	return s != NULL ? s : "none";
}

int
peer_engine(void **state)
{
	static char state_dir[64], run_dir[64];
	struct engine_params p = { dir, state_dir, run_dir, false, false };
	struct sp_error err = {0};

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(state_dir, sizeof(state_dir), "%s/state", dir);
	snprintf(run_dir, sizeof(run_dir), "%s/run", dir);
	if (engine_new(&engine, &p, &err) < 0 ||
	    engine_start(engine, &err) < 0) {
		print_message("%s\n", err.text);
		return -1;
	}
	return 0;
}

int
peer_engine_end(void **state)
{
	char *cmd[] = { (char *)(uintptr_t)"rm", (char *)(uintptr_t)"-rf",
	    dir, NULL };

	(void)state;
	engine_stop(engine);
	engine_free(engine);
	if (fork() == 0) {
		execvp(cmd[0], cmd);
		_exit(1);
	}
	return 0;
}

json_t *
result_of(struct peer *p, const char *line, const char *key)
{
	json_t *r = ask(p, line), *v;

	if (json_object_get(r, "error") != NULL)
		fail_msg("%s: %s", line, json_string_value(json_object_get(
		    json_object_get(r, "error"), "message")));
	v = json_incref(json_object_get(json_object_get(r, "result"), key));
	json_decref(r);
	return v;
}

void
peer_dial(struct peer *p)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	memset(p, 0, sizeof(*p));
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/run/control", dir);
	p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(p->fd, (struct sockaddr *)&sa, sizeof(sa)),
	    0);
	limit_wait(p->fd);
}
