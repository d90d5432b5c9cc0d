/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The engine as seen from main.c: made, run in a thread (or in the calling
 * one), given control connections, stopped.  Everything else goes through
 * the control protocol (help/protocol).
 */
#ifndef SP_ENGINE_ENGINE_H
#define SP_ENGINE_ENGINE_H

#include <stdbool.h>

struct engine;
struct sp_error;

struct engine_params {
	const char *conf_dir;	/* sallyport.conf, secrets, certs/ */
	const char *state_dir;	/* history, drafts, state */
	const char *run_dir;	/* socket, lock */
	bool log_stderr;	/* serve: records also to standard error */
	bool no_socket;		/* do not listen (standalone -c) */
};

/*
 * Take the lock, load the configuration, listen.  A broken configuration
 * file is an error with line and column and nothing starts.
 * SP_EXISTS: another engine holds the lock.
 */
int engine_new(struct engine **out, const struct engine_params *p,
    struct sp_error *err);

/* Run the loop in this thread until engine_stop(); 0 or negative. */
int engine_run(struct engine *e);

/* Run the loop in a new thread. */
int engine_start(struct engine *e, struct sp_error *err);

/*
 * A connected socket for a client in this process (administrator's role);
 * thread-safe.  Returns the descriptor or a negative code.
 */
int engine_connect(struct engine *e, struct sp_error *err);

/*
 * A descriptor that becomes readable when the loop has ended, whoever ended
 * it (`shutdown`).  It stays the engine's.
 */
int engine_done_fd(const struct engine *e);

/*
 * Ask the loop for a sign of life; thread-safe, does not wait.  Returns
 * whether the question before this one was answered (watchdog).
 */
bool engine_alive(struct engine *e);

/*
 * End: Delete to every peer, networks powered off without forgetting their
 * desired state, plane cleaned.  Thread-safe; waits for the thread.
 */
void engine_stop(struct engine *e);

void engine_free(struct engine *e);

#endif
