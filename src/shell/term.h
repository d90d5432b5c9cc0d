/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the terminal is like: its size where the kernel does not know it, its
 * speed, and colour.  Sequences come from terminfo only.  Colour is never the
 * only sign: every coloured word or line means the same without it.
 */
#ifndef SP_SHELL_TERM_H
#define SP_SHELL_TERM_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

enum term_color { TERM_COLOR_AUTO, TERM_COLOR_ALWAYS, TERM_COLOR_NEVER };

/* How a command's text is coloured. */
enum term_form {
	TERM_PLAIN,
	TERM_DIFF,		/* lines that begin with + or - */
	TERM_STATES,		/* words such as connected and failed */
};

enum term_role { TERM_NONE, TERM_OK, TERM_BAD, TERM_WARN };

/* Sequences of the roles, "" where there is no colour; owned. */
struct term_paint {
	char *begin[TERM_WARN + 1];
	char *end;
	enum term_form form;
};

/* Does the line carry 38400 bit/s or less (0: it does not say = fast). */
bool term_slow(int fd);

/*
 * Is colour wanted on this descriptor: always and never as told; auto: a
 * terminal of at least eight colours, not a slow line, NO_COLOR unset.
 */
bool term_colorful(enum term_color mode, int fd);

/* Load the sequences of the terminal (colour off: empty ones); p is
 * overwritten. */
void term_paint_load(struct term_paint *p, bool color);
void term_paint_free(struct term_paint *p);

/* Append text of len bytes with the colours of p->form; p NULL: as it is. */
void term_paint_text(const struct term_paint *p, const char *text, size_t len,
    struct buf *out);

/* Read "132x50": 20 to 999 columns, 2 to 999 rows. */
bool term_parse_size(const char *text, int *columns, int *rows);

/*
 * Ask the terminal for its size by moving the cursor far down and asking
 * where it is; at most 300 ms.  False: no answer, no such sequence, input is
 * no terminal, or bytes are waiting there.
 */
bool term_ask_size(int *columns, int *rows);

#endif
