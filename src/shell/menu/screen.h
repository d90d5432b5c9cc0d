/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The terminal as pages see it: rows of safe text, keys as numbers.  The only
 * place that knows curses.  There is one terminal, so one screen at a time.
 */
#ifndef SP_SHELL_MENU_SCREEN_H
#define SP_SHELL_MENU_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

struct line;
struct screen;
struct sp_error;

/* Keys above Unicode; below are characters as typed. */
enum scr_key {
	K_NONE = 0,		/* the time is over */
	K_UP = 0x110000, K_DOWN, K_LEFT, K_RIGHT, K_HOME, K_END, K_PGUP,
	K_PGDN, K_DELETE, K_BACKSPACE, K_ENTER, K_TAB, K_BACKTAB, K_ESC,
	K_HELP,			/* F1, Esc 1 */
	K_COMMANDS,		/* F2, Esc 2, Ctrl-E */
	K_ADVANCED,		/* F4, Esc 4, Ctrl-T */
	K_PICK,			/* F5, Esc 5, Ctrl-P */
	K_KEEP,			/* F10, Esc 0, Ctrl-O */
	K_RESIZE,		/* the size changed: draw again */
	K_EVENT,		/* the engine has something to say */
	K_INTERRUPT,		/* Ctrl-C */
	K_HANGUP,		/* nobody is there any more */
	K_OTHER,		/* a key without a meaning */
};

#define K_CTRL(letter) ((letter) & 0x1f)

enum scr_role {			/* each also has a word or a sign */
	ROLE_PLAIN, ROLE_GOOD, ROLE_BAD, ROLE_WARN, ROLE_DIM, ROLE_BOLD,
	ROLES
};

/* Take the terminal over from the line editor; SP_UNSUPPORTED if it cannot
 * move its cursor.  err has the sentence. */
int scr_open(struct screen **out, struct line *line, struct sp_error *err);

/* Give it back as it was found. */
void scr_close(struct screen *s);

/* Columns and rows now; rows of the body between the rule and the message. */
int scr_columns(const struct screen *s);
int scr_rows(const struct screen *s);
int scr_body(const struct screen *s);

/* Title line with a state at its right, and the rule below it. */
void scr_title(struct screen *s, const char *left, const char *right);

/* A row of the body, from 0: all of it is replaced.  Untrusted text is made
 * safe, what is too long is cut.  The cursor goes there if selected. */
void scr_row(struct screen *s, int row, const char *text, enum scr_role role,
    bool selected);

/* Part of a row of the body from a column on, to the end of the text. */
void scr_part(struct screen *s, int row, int column, const char *text,
    enum scr_role role);

/* Empty rows of the body from here on. */
void scr_clear_from(struct screen *s, int row);

/* The message above the keys, and the line of keys. */
void scr_message(struct screen *s, const char *text, enum scr_role role);
void scr_keys(struct screen *s, const char *text);

/* Where the cursor rests: a row of the body (-1: the message). */
void scr_cursor(struct screen *s, int row, int column);

/* Paint everything anew (Ctrl-L: something else wrote on the terminal). */
void scr_redraw(struct screen *s);

/* Send what changed and wait for a key, at most timeout_ms (-1: no limit);
 * K_EVENT when fd has something (fd -1: none). */
int scr_key(struct screen *s, int fd, int timeout_ms);

/* While the engine is slow: turn a sign in the last column; true if Esc or
 * Ctrl-C came. */
bool scr_busy(struct screen *s);

#endif
