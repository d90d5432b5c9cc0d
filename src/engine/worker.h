/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Slow work off the loop: name look-ups, by a small pool of threads.  The
 * answer comes back in the loop's thread.
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

/* The pool; NULL if no thread can be had. */
struct worker *worker_new(struct loop *l);

/* Answers still to come are dropped; a look-up under way ends by itself. */
void worker_free(struct worker *w);

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
