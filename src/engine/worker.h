/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Slow work off the loop, by small pools of threads: name look-ups, public-key
 * work.  The answer comes back in the loop's thread.
 */
#ifndef SP_ENGINE_WORKER_H
#define SP_ENGINE_WORKER_H

#include <stddef.h>

#include "base/addr.h"

struct loop;
struct worker;
struct worker_job;

#define WORKER_ADDRS 8		/* addresses kept of one name */

struct worker_answer {
	struct ip_addr addr[WORKER_ADDRS];
	size_t nr;		/* 0: see error */
	char error[128];	/* the resolver's words */
};

/* A kind of work: run in a thread of the pool, done in the loop's thread
 * unless cancelled, drop in either one, always and last. */
struct worker_task {
	void (*run)(void *ctx);
	void (*done)(void *ctx);
	void (*drop)(void *ctx);
};

/* A pool of so many threads; NULL if they cannot be had. */
struct worker *worker_new(struct loop *l, unsigned threads);

/* Answers still to come are dropped; a look-up under way ends by itself. */
void worker_free(struct worker *w);

/* Have work done; first come, first served. */
struct worker_job *worker_run(struct worker *w,
    const struct worker_task *task, void *ctx);

/*
 * Look up a name; family AF_UNSPEC, AF_INET or AF_INET6.  done runs once in
 * the loop's thread, and the job is gone after it.
 */
struct worker_job *worker_resolve(struct worker *w, const char *name,
    int family, void (*done)(void *ctx, const struct worker_answer *a),
    void *ctx);

/* Forget a job whose done has not run: it will not. */
void worker_cancel(struct worker_job *job);

#endif
