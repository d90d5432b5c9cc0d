/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One shell session: what the files of this room share.  A command reads its
 * words from struct cmd_line, talks to the engine through sh_call(), and
 * leaves text in sh->out and, if the engine gave one, an object in
 * sh->result; run.c filters and shows them.
 */
#ifndef SP_SHELL_INTERNAL_H
#define SP_SHELL_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "shell/candidate.h"
#include "shell/shell.h"
#include "shell/term.h"

struct line;
struct token;

struct shell {
	const struct shell_params *p;
	struct client *client;
	struct line *line;	/* NULL: not interactive */
	struct candidate cand;
	char **edit;		/* words of the block that is edited */
	size_t nr_edit;
	json_t *hello;		/* what the engine said of itself */
	char host[33];		/* for the prompt */
	volatile int *interrupted;	/* Ctrl-C since the command began */
	volatile int never;	/* for sessions without a Ctrl-C of ours */

	struct term_paint paint;	/* colours of standard output */
	struct term_paint paint_err;	/* of standard error */
	int length;		/* rows of a page; 0 = no paging, < 0 = as the
				 * terminal has */

	/* of the running command */
	struct buf out;		/* its text */
	json_t *result;		/* its object, or NULL */
	json_t *refusal;	/* error object of the engine, or NULL */
	bool json;		/* -j or | json */
	bool commands;		/* | commands */
	bool wide;		/* no limit to the width */
	bool page;		/* long text may be paged */
	bool undoable;		/* edits are remembered */
	bool stdin_used;	/* standard input holds the commands */

	int64_t confirm;	/* the running commit returns then
				 * (clock_ms), 0 = it is lasting */
	size_t told_edits;	/* what the engine knows of our edits */
	bool follow;		/* log lines above the prompt */
	bool acted;		/* the last command acted on tunnels */
	/* Who asks instead of the line editor (menus), or NULL. */
	char (*asker)(void *ctx, const char *question, const char *keys);
	void *asker_ctx;
	bool quit;		/* the session ends */
	bool hangup;		/* the terminal is gone */
	bool gone;		/* the engine closed the connection */
	enum shell_end end;
};

/* ---- session.c ---------------------------------------------------------- */

/* Greet the engine. */
int session_open(struct shell *sh, const struct shell_params *p,
    struct sp_error *err);

/* Fetch the configuration if that was not done yet: a command that only asks
 * the engine does without. */
int session_need_candidate(struct shell *sh, struct sp_error *err);

/* Fetch the configuration anew; the candidate's edits are lost. */
int session_refresh(struct shell *sh, struct sp_error *err);

/* When a commit that waits returns, from the engine's "confirm" object;
 * clock_ms(), 0 = none waits. */
int64_t session_deadline(const json_t *confirm);

/* Release everything but the client. */
void session_close(struct shell *sh);

/*
 * Call a method of the engine (params is taken over).  *result may be NULL;
 * else it gets an object of the caller's.  A refusal is kept in sh->refusal.
 */
int sh_call(struct shell *sh, const char *method, json_t *params,
    json_t **result, struct sp_error *err);

/* As sh_call(), with partial replies handed to each(); Ctrl-C cancels. */
int sh_call_each(struct shell *sh, const char *method, json_t *params,
    int (*each)(void *ctx, json_t *result), void *ctx, json_t **result,
    struct sp_error *err);

/*
 * Ask for one of the letters of keys; Enter or end of input gives the first.
 * Only at a terminal; else the first letter is returned at once.
 */
char sh_ask(struct shell *sh, const char *question, const char *keys);

/* Columns and rows of the terminal; 0 = no limit (a pipe or a file). */
int sh_width(const struct shell *sh);
int sh_rows(const struct shell *sh);

/* Does the session run at a prompt. */
bool sh_interactive(const struct shell *sh);

/* Choose whether text is coloured. */
void session_color(struct shell *sh, enum term_color mode);

/* How long a session may be without a key, 0 = for ever; and its end then:
 * edits are kept as on a hang-up. */
int64_t session_idle_limit(const struct shell *sh);
void session_end_idle(struct shell *sh);

/* Keep the candidate as a draft in the engine. */
int session_keep_draft(struct shell *sh, struct sp_error *err);

/* ---- report.c ----------------------------------------------------------- */

/*
 * Show an error of the line that text holds: caret, sentence, remedy; as an
 * object with -j.  prompt: columns before the line on the screen, or -1 when
 * the line is not in sight.
 */
void report_error(struct shell *sh, const char *text, int prompt,
    const struct sp_error *err);

/* "warning: ..." on standard error; an object with -j is not printed. */
void report_warning(struct shell *sh, const char *path, const char *text,
    const char *hint);

/* "note: ..." on standard error, unless -q. */
void report_note(struct shell *sh, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The exit status that an error stands for. */
enum shell_status report_status(const struct shell *sh,
    const struct sp_error *err);

/*
 * A copy of the line with the values of secrets as "***" (caller's); used
 * for history and whenever a line is printed again.
 */
char *report_masked(const char *line);

/* ---- run.c -------------------------------------------------------------- */

/*
 * Run the commands of a text one by one; stops at the first failure unless
 * keep_going.  prompt as in report_error().  *unrun gets how many commands
 * were not run because of the failure (may be NULL).
 */
enum shell_status run_text(struct shell *sh, const char *text, int prompt,
    size_t *unrun);

/* ---- monitor.c ---------------------------------------------------------- */

/* Print what the engine reported since, above the prompt if there is one. */
void monitor_drain(struct shell *sh);

/* Subscribe to what a prompt always tells: commits of others, tunnels that
 * come and go. */
int monitor_listen(struct shell *sh, struct sp_error *err);

/* Append an event as a note of one line; false if it is none of interest. */
bool monitor_line(struct shell *sh, const json_t *ev, struct buf *b);

/* Append one log record as a line without end. */
void monitor_record(struct buf *b, const json_t *record);

#endif
