/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plane's thread: epoll over the TUN device, the sockets and a wake-up
 * descriptor.  Level-triggered, bounded work for each descriptor and turn.
 * Commands of the engine meet it at one slot under a lock, which the thread
 * takes only when it was woken for a command.
 */
#include "plane/user/user.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

/* What epoll says is ready: a socket's kind or one of these. */
enum {
	WATCH_TUN = SOCK_KINDS,
	WATCH_WAKE,
	WATCH_NR,
};

struct command {
	void (*fn)(struct user_plane *u, void *arg);
	void *arg;
	bool done;
};

static void
run_command(struct user_plane *u)
{
	struct command *c;
	uint64_t n;

	if (read(u->wake_fd, &n, sizeof(n)) < 0)
		return;
	pthread_mutex_lock(&u->lock);
	c = u->command;
	u->command = NULL;
	pthread_mutex_unlock(&u->lock);
	if (c == NULL)
		return;

	c->fn(u, c->arg);
	pthread_mutex_lock(&u->lock);
	c->done = true;
	pthread_cond_signal(&u->done);
	pthread_mutex_unlock(&u->lock);
}

void
user_call(struct user_plane *u, void (*fn)(struct user_plane *u, void *arg),
    void *arg)
{
	struct command c = { .fn = fn, .arg = arg };
	uint64_t one = 1;

	pthread_mutex_lock(&u->lock);
	u->command = &c;
	/* the count of an eventfd that is read at once cannot overflow */
	while (write(u->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
	while (!c.done)
		pthread_cond_wait(&u->done, &u->lock);
	pthread_mutex_unlock(&u->lock);
}

static void
handle(struct user_plane *u, unsigned which)
{
	if (which < SOCK_KINDS) {
		user_input(u, &u->socks[which]);
	} else if (which == WATCH_WAKE) {
		run_command(u);
	} else if (!user_output(u)) {
		/* the namespace was taken down: no busy loop on its ruins */
		epoll_ctl(u->epoll_fd, EPOLL_CTL_DEL, u->tun.fd, NULL);
		log_event(u->log, LOG_LVL_ERROR, "plane-tun-gone", "",
		    "the TUN device %s has gone", u->tun.ifname);
	}
}

static void *
thread_main(void *arg)
{
	struct user_plane *u = arg;
	struct epoll_event ready[WATCH_NR];
	int i, n;

	while (!u->stop) {
		n = epoll_wait(u->epoll_fd, ready, WATCH_NR, -1);
		u->now_ms = clock_ms();
		for (i = 0; i < n; i++)
			handle(u, ready[i].data.u32);
	}
	return NULL;
}

static int
watch(struct user_plane *u, int fd, unsigned which)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = which };

	return fd < 0 ? 0 : epoll_ctl(u->epoll_fd, EPOLL_CTL_ADD, fd, &e);
}

static int
watch_all(struct user_plane *u)
{
	unsigned i;

	u->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	u->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (u->epoll_fd < 0 || u->wake_fd < 0)
		return -1;
	for (i = 0; i < SOCK_KINDS; i++) {
		if (watch(u, u->socks[i].fd, i) < 0)
			return -1;
	}
	if (watch(u, u->tun.fd, WATCH_TUN) < 0)
		return -1;
	return watch(u, u->wake_fd, WATCH_WAKE);
}

int
user_thread_start(struct user_plane *u, struct sp_error *err)
{
	sigset_t all, old;
	int e;

	if (watch_all(u) < 0)
		return sp_fail_errno(err, errno, "the data plane cannot watch "
		    "its descriptors");

	/* signals belong to the other threads */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	e = pthread_create(&u->thread, NULL, thread_main, u);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (e != 0)
		return sp_fail_errno(err, e, "no thread for the data plane");
	u->running = true;
	return 0;
}

static void
set_stop(struct user_plane *u, void *arg)
{
	(void)arg;
	u->stop = true;
}

void
user_thread_stop(struct user_plane *u)
{
	if (u->running) {
		user_call(u, set_stop, NULL);
		pthread_join(u->thread, NULL);
		u->running = false;
	}
	if (u->epoll_fd >= 0)
		close(u->epoll_fd);
	if (u->wake_fd >= 0)
		close(u->wake_fd);
	u->epoll_fd = u->wake_fd = -1;
	pthread_mutex_destroy(&u->lock);
	pthread_cond_destroy(&u->done);
}
