/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A pool of threads.  What they do cannot be interrupted (getaddrinfo(), a
 * signature), so they are detached and share the pool by a count of
 * references: whoever leaves last frees it, and stopping the engine never
 * waits for a server.
 */
#include "engine/worker.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "engine/loop.h"

struct worker_job {
	struct list link;
	bool cancelled;
	const struct worker_task *task;
	void *ctx;		/* of the task */
};

/* A name look-up. */
struct look_up {
	char *name;
	int family;
	void (*done)(void *ctx, const struct worker_answer *a);
	void *ctx;
	struct worker_answer answer;
};

struct worker {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct list todo, ready;
	struct loop_wake *wake;	/* NULL once the loop's side is gone */
	bool stop;
	unsigned refs;
};

static void
job_free(struct worker_job *job)
{
	job->task->drop(job->ctx);
	free(job);
}

static void
list_drop(struct list *head)
{
	struct worker_job *job;

	LIST_EACH(job, head, struct worker_job, link) {
		list_remove(&job->link);
		job_free(job);
	}
}

/* With the lock held; releases it. */
static void
unref(struct worker *w)
{
	bool last = --w->refs == 0;

	pthread_mutex_unlock(&w->lock);
	if (!last)
		return;

	list_drop(&w->todo);
	list_drop(&w->ready);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* Keep each address once, in the order of the resolver (RFC 6724). */
static void
keep(struct worker_answer *a, const struct sockaddr *sa)
{
	struct endpoint e;
	size_t i;

	if (a->nr == WORKER_ADDRS || !endpoint_from_sockaddr(&e, sa))
		return;

	for (i = 0; i < a->nr; i++) {
		if (addr_eq(&a->addr[i], &e.addr))
			return;
	}
	a->addr[a->nr++] = e.addr;
}

static void
run_look_up(void *ctx)
{
	struct look_up *job = ctx;
	struct addrinfo hints = {0}, *list = NULL, *ai;
	int rc;

	hints.ai_family = job->family;
	hints.ai_socktype = SOCK_DGRAM;
	rc = getaddrinfo(job->name, NULL, &hints, &list);
	if (rc != 0) {
		snprintf(job->answer.error, sizeof(job->answer.error), "%s",
		    gai_strerror(rc));
		return;
	}
	for (ai = list; ai != NULL; ai = ai->ai_next)
		keep(&job->answer, ai->ai_addr);
	freeaddrinfo(list);
	if (job->answer.nr == 0) {
		snprintf(job->answer.error, sizeof(job->answer.error),
		    "the name has no address");
	}
}

static void
end_look_up(void *ctx)
{
	struct look_up *job = ctx;

	job->done(job->ctx, &job->answer);
}

static void
drop_look_up(void *ctx)
{
	struct look_up *job = ctx;

	free(job->name);
	free(job);
}

static const struct worker_task look_up_task = {
	run_look_up, end_look_up, drop_look_up,
};

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct worker_job *job;

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		if (list_empty(&w->todo)) {
			pthread_cond_wait(&w->more, &w->lock);
			continue;
		}
		job = LIST_ENTRY(w->todo.next, struct worker_job, link);
		list_remove(&job->link);
		pthread_mutex_unlock(&w->lock);
		job->task->run(job->ctx);
		pthread_mutex_lock(&w->lock);
		list_append(&w->ready, &job->link);
		if (w->wake != NULL)
			loop_wake_send(w->wake);
	}
	unref(w);
	return NULL;
}

/* In the loop's thread: hand out what is ready. */
static void
deliver(void *ctx)
{
	struct worker *w = ctx;
	struct worker_job *job;

	for (;;) {
		pthread_mutex_lock(&w->lock);
		if (list_empty(&w->ready)) {
			pthread_mutex_unlock(&w->lock);
			return;
		}
		job = LIST_ENTRY(w->ready.next, struct worker_job, link);
		list_remove(&job->link);
		pthread_mutex_unlock(&w->lock);
		if (!job->cancelled)
			job->task->done(job->ctx);
		job_free(job);
	}
}

/* Threads that take no signal: those are for whoever started the engine. */
static bool
spawn(struct worker *w)
{
	sigset_t all, old;
	pthread_t t;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&t, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0)
		return false;
	pthread_detach(t);
	return true;
}

struct worker *
worker_new(struct loop *l, unsigned threads)
{
	struct worker *w = xcalloc(1, sizeof(*w));
	unsigned i;

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	list_init(&w->todo);
	list_init(&w->ready);
	w->wake = loop_wake_new(l, deliver, w);
	w->refs = 1;
	for (i = 0; i < threads; i++) {
		w->refs++;
		if (!spawn(w)) {
			w->refs--;
			worker_free(w);
			return NULL;
		}
	}
	return w;
}

void
worker_free(struct worker *w)
{
	struct loop_wake *wake;

	if (w == NULL)
		return;

	pthread_mutex_lock(&w->lock);
	wake = w->wake;
	w->wake = NULL;
	w->stop = true;
	pthread_cond_broadcast(&w->more);
	loop_wake_free(wake);
	unref(w);
}

struct worker_job *
worker_run(struct worker *w, const struct worker_task *task, void *ctx)
{
	struct worker_job *job = xcalloc(1, sizeof(*job));

	job->task = task;
	job->ctx = ctx;
	list_init(&job->link);
	pthread_mutex_lock(&w->lock);
	list_append(&w->todo, &job->link);
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	return job;
}

struct worker_job *
worker_resolve(struct worker *w, const char *name, int family,
    void (*done)(void *ctx, const struct worker_answer *a), void *ctx)
{
	struct look_up *job = xcalloc(1, sizeof(*job));

	job->name = xstrdup(name);
	job->family = family;
	job->done = done;
	job->ctx = ctx;
	return worker_run(w, &look_up_task, job);
}

void
worker_cancel(struct worker_job *job)
{
	/* read by deliver() only, in this same thread */
	job->cancelled = true;
}
