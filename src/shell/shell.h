/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shell: an interactive prompt, or commands from a string or a file.
 */
#ifndef SP_SHELL_SHELL_H
#define SP_SHELL_SHELL_H

#include <stdbool.h>

struct client;

/* Exit statuses of commands.md. */
enum shell_status {
	SHELL_OK = 0, SHELL_FAILED = 1, SHELL_USAGE = 2, SHELL_NO_ENGINE = 3,
	SHELL_INVALID = 4, SHELL_TIMEOUT = 5, SHELL_CONFLICT = 6,
};

enum shell_end {		/* how an interactive session ended */
	SHELL_END_EXIT,		/* exit: stop the in-process engine */
	SHELL_END_DETACH,	/* exit: leave the engine running */
	SHELL_END_HANGUP,	/* the terminal is gone */
};

struct shell_params {
	struct client *client;	/* stays the caller's */
	bool in_process;	/* the engine is in this process */
	bool json;		/* -j */
	bool quiet;		/* -q */
	bool yes;		/* -y */
	bool check_only;	/* -n */
	bool keep_going;
	bool menu;		/* begin in the menus */
};

/* Interactive session on the terminal; returns how it ended. */
enum shell_end shell_interactive(const struct shell_params *p);

/* Run commands (newline or ';' separated); returns the exit status. */
enum shell_status shell_run_text(const struct shell_params *p,
    const char *text);

/* Print the words that may stand at the end of text, one a line (for the
 * completion of an outer shell); p->client may be NULL. */
void shell_complete(const struct shell_params *p, const char *text);

/* Run a file ("-" = standard input). */
enum shell_status shell_run_file(const struct shell_params *p,
    const char *path);

#endif
