/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables for terminals and pipes, and the short forms of numbers in them.
 */
#ifndef SP_SHELL_TABLE_H
#define SP_SHELL_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct buf;

enum tbl_align {
	TBL_LEFT, TBL_RIGHT,
	TBL_TEXT,		/* a sentence, the last column: what does not
				 * fit is cut, with "~" */
};

struct tbl_col {
	const char *head;	/* UPPERCASE word */
	enum tbl_align align;
	int drop;		/* dropped when too narrow, the highest
				 * first; 0 = never */
};

struct tbl;

/* New table; cols stays the caller's and must outlive it. */
struct tbl *tbl_new(const struct tbl_col *cols, size_t nr);
void tbl_free(struct tbl *t);

/* Fill the next cell, row by row; NULL or "" prints "-". */
void tbl_cell(struct tbl *t, const char *text);

size_t tbl_rows(const struct tbl *t);

/*
 * Append the table; width 0 = no limit, below 60 one "key: value" a line.
 * Returns the number of columns that were left out.
 */
size_t tbl_print(const struct tbl *t, int width, struct buf *out);

/* Columns that a UTF-8 text takes. */
size_t text_width(const char *s);

/* Append text; what takes more than room columns (0 = any) is cut behind a
 * word, with "~". */
void text_cut(struct buf *b, const char *s, size_t room);

/* Append text, broken at blanks so that no line passes width (0 = any); the
 * lines after the first begin with indent blanks.  Longer words stay whole. */
void text_wrap(struct buf *b, const char *s, size_t width, size_t indent);

/* Append bytes in 1024 steps with three digits: "1.24M", "310K", "0". */
void bytes_print(struct buf *b, int64_t bytes);

#endif
