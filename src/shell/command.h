/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands as table rows.  .words name the command, .args is its grammar:
 *
 *	word		a keyword		on|off	one of several
 *	<type>		an argument (types: arg_table.c)
 *	[ ... ]		may be left out; neighbours come in any order
 *
 * Parser, completion, "?", usage lines and help all read these strings; a
 * handler asks for its arguments by name.
 */
#ifndef SP_SHELL_COMMAND_H
#define SP_SHELL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/term.h"

struct buf;
struct choices;
struct cmd_line;
struct shell;
struct sp_error;
struct token;

enum cmd_flags {
	CMD_EDIT = 1 << 0,	/* changes the candidate: can be undone */
	CMD_LIVE = 1 << 1,	/* acts on the engine: left out by -n */
	CMD_PROMPT = 1 << 2,	/* makes sense at a prompt only */
	CMD_STREAM = 1 << 3,	/* prints as it goes */
	CMD_ENGINE = 1 << 4,	/* asks the engine; needs no candidate */
};

struct cmd_row {
	const char *words;	/* "show tunnels" */
	const char *args;	/* grammar, "" = none */
	int (*run)(struct shell *sh, const struct cmd_line *cl,
	    struct sp_error *err);
	unsigned flags;
	const void *data;	/* for run: what is shown */
	enum term_form form;	/* how its text is coloured */
	const char *help;	/* N_(): one line */
};

/* All commands, sorted; ends with .words NULL. */
extern const struct cmd_row cmd_table[];

/* A kind of argument. */
struct arg_type {
	const char *name;	/* as in <name> */
	size_t max;		/* words it takes at most */
	const char *shape;	/* N_(): what may be typed */
	/* Is the value acceptable; NULL = any. */
	int (*check)(const struct token *tok, struct sp_error *err);
	/* Could word follow the words already taken (an existing name); used
	 * to tell names from shortened keywords.  NULL = yes. */
	bool (*known)(struct shell *sh, const struct token *done, size_t nr,
	    const char *word);
	/* Offer live values after the words already taken; NULL = none. */
	void (*offer)(struct shell *sh, const struct token *done, size_t nr,
	    const char *prefix, struct choices *out);
};

/* The types; ends with .name NULL. */
extern const struct arg_type arg_table[];

#define CMD_ARGS 16
#define CMD_PIPES 8

struct cmd_arg {
	const char *name;	/* type, or the keyword itself */
	size_t name_len;
	const struct token *tok;
	size_t nr;
};

struct cmd_line {
	const struct cmd_row *row;
	struct cmd_arg arg[CMD_ARGS];
	size_t nr_args;
	const struct token *first;	/* first word of the command */
};

/* What may come next at the end of an incomplete command. */
struct cmd_next {
	const struct cmd_row *row;	/* NULL: still within the words */
	struct {
		const char *text;	/* keyword(s) "on|off" or type name */
		size_t len;
		const struct arg_type *type;	/* NULL: keywords */
		const struct token *done;	/* words it has already */
		size_t nr_done;
	} want[CMD_ARGS];
	size_t nr_want;
	bool enter;		/* the command is complete as it is */
	size_t depth;		/* words of the command name seen */
};

/*
 * Match the tokens of one command (without pipes).  abbrev: words may be
 * shortened while unambiguous.  On failure err has the place and, for an
 * incomplete command, what is missing.
 */
int cmd_parse(struct shell *sh, const struct token *tok, size_t nr,
    bool abbrev, struct cmd_line *out, struct sp_error *err);

/* What may follow these tokens; negative if they do not fit at all. */
int cmd_next(struct shell *sh, const struct token *tok, size_t nr,
    bool abbrev, struct cmd_next *out, struct sp_error *err);

/* Rows whose first nr words are those tokens; calls each() for the next
 * word of each (NULL: the row has no more). */
void cmd_each_word(const struct token *tok, size_t nr, bool abbrev,
    void (*each)(void *ctx, const struct cmd_row *row, const char *word,
    size_t len), void *ctx);

/* Was the argument or keyword given; its first word; NULL if not. */
const struct cmd_arg *cmd_arg(const struct cmd_line *cl, const char *name);
const char *cmd_word(const struct cmd_line *cl, const char *name);
bool cmd_has(const struct cmd_line *cl, const char *name);

/* Append "connect <tunnel> [wait <seconds>]". */
void cmd_usage(struct buf *b, const struct cmd_row *row);

#endif
