/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Start, loop and end of an engine.  One engine owns a directory: a lock on
 * RUNDIR/lock, held as long as it lives.  engine_new() runs in the caller's
 * thread and starts none but the workers'; networks are powered on by the
 * loop's thread, as planes belong to the thread that made them.
 */
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "conf/model.h"
#include "conf/store.h"
#include "engine/commit.h"
#include "engine/confirm.h"
#include "engine/control.h"
#include "engine/internal.h"
#include "engine/log.h"
#include "engine/loop.h"
#include "engine/methods.h"
#include "engine/pki.h"

#define LOG_BYTES (16u << 20)
#define RESOLVERS 2
#define SIGNERS 6	/* three may fetch, REVOKE_FETCHES; the rest sign */

/* mkdir -p, 0750. */
static int
make_dir(const char *path, struct sp_error *err)
{
	char *copy = xstrdup(path), *p;

	for (p = copy + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(copy, 0755);
		*p = '/';
	}
	free(copy);
	/* the umask leaves nothing to the group, which has to pass here */
	if (mkdir(path, 0750) == 0)
		(void)chmod(path, 0750);
	else if (errno != EEXIST)
		return sp_fail_errno(err, errno, "Directory %s", path);
	return 0;
}

static int
take_lock(struct engine *e, struct sp_error *err)
{
	char *path = xasprintf("%s/lock", e->run_dir), pid[32];
	int fd, n;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0) {
		sp_fail_errno(err, errno, "The lock %s", path);
		free(path);
		return SP_SYSTEM;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		sp_fail(err, SP_EXISTS, "Another engine of sallyport holds "
		    "%s.", path);
		free(path);
		close(fd);
		return SP_EXISTS;
	}
	free(path);
	n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) == 0 && n > 0)
		(void)!write(fd, pid, (size_t)n);	/* for people only */
	e->lock_fd = fd;
	return 0;
}

/* In the loop's thread, for whatever other threads want of it. */
static void
on_wake(void *ctx)
{
	struct engine *e = ctx;

	atomic_store(&e->pongs, atomic_load(&e->pings));
	control_take_handed(e);
	if (atomic_load(&e->stop))
		loop_break(e->loop);
}

/* Said in the log and to everybody who comes, until the next commit. */
static void
note_broken(struct engine *e, const struct sp_error *why)
{
	e->notice = xasprintf("%s/sallyport.conf, line %d, column %d: %s "
	    "Revision %u runs instead; the file is kept as "
	    "sallyport.conf.broken.", e->conf_dir, why->line, why->column,
	    why->text, e->revision);
	log_event(e->log, LOG_LVL_ERROR, "configuration", "", "%s",
	    e->notice);
}

static int
load_conf(struct engine *e, struct sp_error *err)
{
	struct conf_store_paths paths = { e->conf_dir, e->state_dir };
	struct sp_error broken;
	int ret;

	ret = conf_store_open(&e->store, &paths, err);
	if (ret == 0)
		ret = conf_store_load(e->store, &e->conf, &e->revision,
		    &broken, err);
	if (ret == 0 && broken.code != SP_OK)
		note_broken(e, &broken);
	if (ret < 0 && err != NULL && err->line > 0)
		sp_path(err, "%s/sallyport.conf", e->conf_dir);
	return ret;
}

static int
open_all(struct engine *e, struct sp_error *err)
{
	int ret;

	/* the lock first: nothing of a running engine's may be touched */
	ret = make_dir(e->run_dir, err);
	if (ret == 0)
		ret = take_lock(e, err);
	if (ret == 0)
		ret = load_conf(e, err);
	if (ret < 0)
		return ret;

	e->loop = loop_new();
	e->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (e->loop == NULL || e->done_fd < 0)
		return sp_fail_errno(err, errno, "The event loop");
	e->wake = loop_wake_new(e->loop, on_wake, e);
	e->worker = worker_new(e->loop, RESOLVERS);
	e->signer = worker_new(e->loop, SIGNERS);
	if (e->worker == NULL || e->signer == NULL)
		return sp_fail(err, SP_SYSTEM, "No threads for slow work.");
	return control_open(e, err);
}

int
engine_new(struct engine **out, const struct engine_params *p,
    struct sp_error *err)
{
	struct engine *e = xcalloc(1, sizeof(*e));
	int ret;

	e->conf_dir = xstrdup(p->conf_dir);
	e->state_dir = xstrdup(p->state_dir);
	e->run_dir = xstrdup(p->run_dir);
	e->no_socket = p->no_socket;
	e->lock_fd = e->done_fd = -1;
	e->started_ms = clock_ms();
	e->rng = rng_system();
	e->elog = elog_new(LOG_BYTES, p->log_stderr);
	e->log = elog_sink(e->elog);
	e->pki = pki_new(e->conf_dir, e->log);
	list_init(&e->networks);
	list_init(&e->drafts);
	list_init(&e->makings);
	pthread_mutex_init(&e->lock, NULL);
	ret = open_all(e, err);
	if (ret < 0) {
		engine_free(e);
		return ret;
	}
	*out = e;
	return 0;
}

static void
start_up(struct engine *e)
{
	const char *why = NULL;

	e->kernel_works = plane_xfrm_works(&why);
	e->kernel_why = why;
	log_event(e->log, LOG_LVL_NOTICE, "engine", "",
	    "started, directory: %s, revision: %u, ESP in the kernel: %s",
	    e->conf_dir, e->revision, e->kernel_works ? "yes" :
	    why != NULL ? why : "no");
	confirm_start(e);
	commit_start(e);
}

/* Peers hear of it (Delete); what is desired stays written down, so that the
 * next start finds it. */
static void
shut_down(struct engine *e)
{
	struct network *n;
	uint64_t one = 1;

	LIST_EACH(n, &e->networks, struct network, link)
		network_off(n);
	log_event(e->log, LOG_LVL_NOTICE, "engine", "", "stopped");
	LIST_EACH(n, &e->networks, struct network, link)
		network_free(n);
	control_close(e);
	(void)!write(e->done_fd, &one, sizeof(one));
}

int
engine_run(struct engine *e)
{
	start_up(e);
	/* what was handed over, or asked for, before the loop ran */
	loop_wake_send(e->wake);
	loop_run(e->loop);
	shut_down(e);
	return 0;
}

static void *
thread_main(void *arg)
{
	engine_run(arg);
	return NULL;
}

int
engine_start(struct engine *e, struct sp_error *err)
{
	sigset_t all, old;
	int rc;

	/* signals are for the thread that started us */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&e->thread, NULL, thread_main, e);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0)
		return sp_fail_errno(err, rc, "The engine's thread");
	e->threaded = true;
	return 0;
}

int
engine_connect(struct engine *e, struct sp_error *err)
{
	int fd[2], flags;
	bool full;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
		return sp_fail_errno(err, errno, "A control connection");
	flags = fcntl(fd[1], F_GETFL);
	(void)fcntl(fd[1], F_SETFL, flags | O_NONBLOCK);
	pthread_mutex_lock(&e->lock);
	full = e->nr_handed == NELEM(e->handed);
	if (!full)
		e->handed[e->nr_handed++] = fd[1];
	pthread_mutex_unlock(&e->lock);
	if (full) {
		close(fd[0]);
		close(fd[1]);
		return sp_fail(err, SP_AGAIN, "Too many connections at once.");
	}
	loop_wake_send(e->wake);
	return fd[0];
}

int
engine_done_fd(const struct engine *e)
{
	return e->done_fd;
}

bool
engine_alive(struct engine *e)
{
	bool answered = atomic_load(&e->pings) == atomic_load(&e->pongs);

	if (answered)
		atomic_fetch_add(&e->pings, 1);
	loop_wake_send(e->wake);
	return answered;
}

void
engine_stop(struct engine *e)
{
	if (e == NULL)
		return;

	atomic_store(&e->stop, true);
	loop_wake_send(e->wake);
	if (e->threaded)
		pthread_join(e->thread, NULL);
	e->threaded = false;
}

void
engine_free(struct engine *e)
{
	struct network *n;

	if (e == NULL)
		return;

	if (e->threaded)
		engine_stop(e);
	LIST_EACH(n, &e->networks, struct network, link)
		network_free(n);
	control_close(e);
	drafts_free(e);
	confirm_free(e);
	while (e->nr_handed > 0)
		close(e->handed[--e->nr_handed]);
	worker_free(e->worker);
	worker_free(e->signer);
	loop_wake_free(e->wake);
	loop_free(e->loop);
	conf_tree_free(e->conf);
	conf_store_free(e->store);
	pki_free(e->pki);
	elog_free(e->elog);
	if (e->done_fd >= 0)
		close(e->done_fd);
	if (e->lock_fd >= 0)
		close(e->lock_fd);
	pthread_mutex_destroy(&e->lock);
	free(e->notice);
	free(e->conf_dir);
	free(e->state_dir);
	free(e->run_dir);
	free(e);
}
