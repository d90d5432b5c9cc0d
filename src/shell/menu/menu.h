/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the pages of the menus share: the session they work on, lists, windows
 * and the way to run commands.  Everything that a menu does is a command of
 * the shell or an edit of its candidate; pages keep words of paths, never
 * nodes, as undo and commits replace the tree.
 */
#ifndef SP_SHELL_MENU_MENU_H
#define SP_SHELL_MENU_MENU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "shell/menu/screen.h"

struct conf_node;
struct conf_object;
struct conf_tree;
struct shell;
struct sp_error;

struct menu {
	struct shell *sh;
	struct screen *scr;
	bool leave;		/* all pages end */
	char note[256];		/* for the message line, until a key */
	enum scr_role note_role;
	int64_t last_key;	/* clock_ms() */
	unsigned changed;	/* counts state and config events */
	bool editing;		/* a form holds nodes of the candidate */
	bool stale;		/* somebody committed meanwhile */
};

/* ---- menu.c ------------------------------------------------------------- */

/* Say something on the message line. */
void menu_note(struct menu *m, enum scr_role role, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void menu_error(struct menu *m, const struct sp_error *err);

/*
 * Wait for a key for a page; events of the engine are taken in meanwhile.
 * K_NONE when timeout_ms (-1: no limit) is over, K_EVENT after an event.  At
 * the end of the session m->leave is set and K_ESC returned.  "!", F2 and
 * Ctrl-L are dealt with here when typing is false.
 */
int menu_key(struct menu *m, int timeout_ms, bool typing);

/* Title with the pending changes at the right; at the bottom the note, or
 * text, and the keys. */
void menu_frame(struct menu *m, const char *title, const char *text,
    const char *keys);

/*
 * Run a command of the shell; what it prints goes to out.  True if it
 * succeeded.  Questions come up on the message line.
 */
bool menu_run(struct menu *m, struct buf *out, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Run it and show what it printed: one line as a note, more as a page. */
bool menu_do(struct menu *m, const char *title, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Run one that acts: if it succeeds its last line is the note, what it told
 * on the way is not shown; a failure is shown whole. */
bool menu_act(struct menu *m, const char *title, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- list.c ------------------------------------------------------------- */

/* A page of rows; only those in sight are asked for. */
struct list {
	struct menu *m;
	const char *title;		/* translated */
	const char *keys;		/* translated */
	const char *topic;		/* of "help", or NULL */
	const char *empty;		/* when there are no rows */
	bool jump;			/* digits and letters choose a row */
	int tick_ms;			/* 0 = rows change by keys only */
	size_t (*count)(struct list *l);
	/* Text of a row; a tab parts what stands in a second column. */
	void (*row)(struct list *l, size_t i, struct buf *b,
	    enum scr_role *role);
	/* What the message line says of a row; NULL = nothing. */
	void (*about)(struct list *l, size_t i, struct buf *b);
	/* A key other than moving; nothing to do for the rest. */
	void (*key)(struct list *l, int key);
	/* Column heads into b; NULL = none.  Before each drawing. */
	void (*head)(struct list *l, struct buf *b);
	/* Fetch anew: at the start, at each tick and event; NULL = nothing. */
	void (*load)(struct list *l);
	void *ctx;
	size_t at, top;			/* selected, first in sight */
	bool done;			/* the page ends */
	char find[64];			/* what "/" looked for */
};

void list_run(struct list *l);

/* ---- window.c ----------------------------------------------------------- */

/* Append text so that no line passes width; its own breaks stay. */
void win_wrap(struct buf *out, const char *text, size_t width);

/* Show text, page by page, until q; searchable with "/". */
void win_text(struct menu *m, const char *title, const char *text);

/* The help page of a topic. */
void win_help(struct menu *m, const char *topic);

/* A question for one of the letters; Esc and Enter give the first. */
char win_ask(struct menu *m, const char *question, const char *letters);

/* Ask for a line; text is what stands there at first.  NULL at Esc.  The
 * caller's; hidden shows stars, wipe it then. */
char *win_line(struct menu *m, const char *question, const char *text,
    bool hidden);

/* ---- commands.c --------------------------------------------------------- */

/* Append what makes b of a as commands, secrets without their value. */
void commands_print(struct buf *out, const struct conf_tree *a,
    const struct conf_tree *b);

/* F2: what is edited here as commands. */
void commands_show(struct menu *m, const struct conf_tree *from);

#endif
