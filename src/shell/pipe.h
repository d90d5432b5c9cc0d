/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What follows "|": filters of a command's text, and forms of it.
 */
#ifndef SP_SHELL_PIPE_H
#define SP_SHELL_PIPE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct choices;
struct shell;
struct sp_error;
struct token;

struct pipe_row {
	const char *word;
	const char *arg;	/* N_(): shape of the argument, or NULL */
	/* Choose a form before the command runs; NULL = a filter. */
	void (*form)(struct shell *sh);
	/* Change the text; NULL = a form. */
	int (*filter)(struct shell *sh, const char *arg, struct buf *text,
	    struct sp_error *err);
	const char *help;	/* N_() */
};

/* Ends with .word NULL. */
extern const struct pipe_row pipe_table[];

struct pipe_stage {
	const struct pipe_row *row;
	const struct token *arg;	/* NULL: none */
};

#define PIPE_STAGES 8

struct pipes {
	struct pipe_stage stage[PIPE_STAGES];
	size_t nr;
};

/* Read the stages; tok begins with the first "|". */
int pipes_parse(const struct token *tok, size_t nr, bool abbrev,
    struct pipes *out, struct sp_error *err);

/* Choose the forms among them. */
void pipes_forms(struct shell *sh, const struct pipes *p);

/* Run all filters over the text in order. */
int pipes_filter(struct shell *sh, const struct pipes *p, struct buf *text,
    struct sp_error *err);

/* Offer what may follow the words of the last stage. */
void pipes_offer(const struct token *tok, size_t nr, const char *prefix,
    struct choices *out);

#endif
