/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line editor and the terminal: the only place that knows readline,
 * terminal modes and signals.  There is one terminal, so there is one of
 * these in a process.
 */
#ifndef SP_SHELL_LINE_H
#define SP_SHELL_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct choices;
struct line;

enum line_event {
	LINE_TEXT,		/* a line was entered */
	LINE_EOF,		/* Ctrl-D on an empty line */
	LINE_INTERRUPT,		/* Ctrl-C: the line was dropped */
	LINE_HANGUP,		/* the terminal is gone, or SIGTERM */
	LINE_OTHER,		/* the other descriptor has something */
	LINE_IDLE,		/* no key for the time of line_idle() */
};

struct line_hooks {
	/* What may stand at the end of text; false inside quotes. */
	bool (*complete)(void *ctx, const char *text, struct choices *out,
	    size_t *start);
	void *ctx;
};

/* Take the terminal: signals, keys, history (file NULL = not kept). */
struct line *line_open(const struct line_hooks *hooks, const char *history);

/* Give it back as it was found; writes the history. */
void line_close(struct line *l);

/*
 * Show the prompt (again) and wait for a line, or until fd has something.
 * What was typed so far survives LINE_OTHER.  *text: caller's, LINE_TEXT.
 */
enum line_event line_wait(struct line *l, const char *prompt, int fd,
    char **text);

/* End waiting when no key came for so long, with a warning a minute before
 * (half the time, if it is short); 0 = never. */
void line_idle(struct line *l, int64_t ms);

/* Print a finished line above the prompt and what was typed; it waits for
 * Enter where the terminal cannot do that. */
void line_above(struct line *l, const char *text);

/* Print lines that waited; false if there were none. */
bool line_flush(struct line *l);

/* Remember a line (already masked). */
void line_history(struct line *l, const char *text);

/* Non-zero once Ctrl-C came or the terminal went; cleared by line_begin(). */
volatile int *line_interrupted(struct line *l);

/* A command begins: the terminal is in its usual mode. */
void line_begin(struct line *l);

/* Throw away lines that wait in the terminal (a paste after an error);
 * returns how many there were. */
size_t line_drop_pending(struct line *l);

/*
 * Read a line with a question before it.  Returns the text (caller's; wipe
 * it if it is a secret) or NULL at end or Ctrl-C.
 */
char *line_ask(struct line *l, const char *question);

/* From now on nothing that is typed for line_ask() is shown; and again. */
void line_quiet(struct line *l, bool quiet);

/* Wait up to timeout_ms (-1: no limit) for one key, or for fd; returns the
 * key, 0 if fd has something or the time is over, -1 at Ctrl-C or end. */
int line_key(struct line *l, int fd, int timeout_ms);

/* What woke line_poll(): nothing in time, a signal (see line_interrupted()),
 * a key that is not read yet, fd, the end of the terminal. */
enum line_poll { LINE_POLL_TIME, LINE_POLL_SIGNAL, LINE_POLL_KEY,
	LINE_POLL_OTHER, LINE_POLL_END };

/* Wait for whoever reads the keys himself (menus); fd -1: none. */
enum line_poll line_poll(struct line *l, int fd, int timeout_ms);

/* Single keys without echo, for line_key(); false: as found. */
void line_raw(struct line *l, bool raw);

/* Was it SIGTERM: the process is asked to end, not only the session. */
bool line_terminated(const struct line *l);

/* Is the terminal gone. */
bool line_hung_up(const struct line *l);

/* Another size than the terminal's own, which it may not know. */
void line_set_size(struct line *l, int columns, int rows);

/* Keys of vi instead of emacs. */
void line_vi(struct line *l, bool vi);

/* Size of the terminal of standard output, or what line_set_size() said; 80
 * x 24 if nobody knows. */
void line_size(int *columns, int *rows);

/* Can the terminal move and erase (not TERM=dumb). */
bool line_can_erase(void);

#endif
