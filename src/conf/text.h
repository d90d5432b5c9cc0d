/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text forms of the configuration.  One tokenizer serves the file, the flat
 * form and the command line.
 */
#ifndef SP_CONF_TEXT_H
#define SP_CONF_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct conf_node;
struct conf_tree;
struct sp_error;

enum tok_type { TOK_WORD, TOK_OPEN, TOK_CLOSE, TOK_END, TOK_COMMENT,
	TOK_PIPE };

struct token {
	enum tok_type type;
	char *text;		/* unquoted; "" for { } ; | */
	bool quoted;
	int line, column, length;	/* where it stood, 1-based, counted
					 * in characters */
};

struct tokens {
	struct token *tok;
	size_t nr;
};

/*
 * Split text into tokens: words ("..." and '...' quotes, backslash), { } ;
 * newline ends a command-line token list as ';' does in file mode ignores it.
 * '#' at the start of a word begins a comment.  command_line: '|' is TOK_PIPE
 * and newlines are TOK_END; '{' and '}' are plain characters of words.
 */
int tokens_split(struct tokens *out, const char *text, bool command_line,
    struct sp_error *err);
void tokens_free(struct tokens *t);

/* A file's text with a NUL inside would seem to end there: refuse it, with
 * line and column of the NUL.  text holds what was read, nothing behind. */
int conf_check_nul(const struct buf *text, struct sp_error *err);

/* Append a word, quoted if it needs it, so that it reads back the same. */
void token_print(struct buf *b, const char *word);

/*
 * Parse the block form ("vpn-network a { ... }") or the flat form ("set
 * vpn-network a ..."), told apart by the first word, into a new tree.  On
 * failure *out is untouched; err has line, column and what was expected.
 */
int conf_parse(struct conf_tree **out, const char *text,
    struct sp_error *err);

/*
 * Carry out the words behind "set": a path of objects (made if need be) with
 * settings and values from node n on.  Several settings of one object may
 * follow each other; values of a list end where another setting begins.
 * err has the position of the token.  What came before an error stays done.
 */
int conf_set_words(struct conf_node *n, const struct token *tok, size_t nr,
    struct sp_error *err);

/* Append the block form below a node (root: everything).  all: defaults too,
 * marked with a comment. */
void conf_print(struct buf *b, const struct conf_node *n, bool all);

/* Append the flat form: one "set ..." line a value, full paths. */
void conf_print_set(struct buf *b, const struct conf_node *n, bool all);

/*
 * Append the difference a -> b in block form with +/- in column 0; returns
 * the number of differing leaves and objects (0 = equal).
 */
size_t conf_diff_print(struct buf *out, const struct conf_tree *a,
    const struct conf_tree *b);

#endif
