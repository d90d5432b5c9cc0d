/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables: an UPPERCASE header, two blanks between columns, never a trailing
 * blank, numbers on the right.  A table too wide for the terminal loses
 * whole columns, the least important first, and its caller says so; the key
 * column is never cut, a sentence is, once nothing else can go.  On a very narrow terminal each row becomes a block
 * of "key: value" lines.
 */
#include "shell/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define NARROW 60
#define TEXT_LEAST 32		/* columns that a sentence is left */

struct tbl {
	const struct tbl_col *cols;
	size_t nr_cols;
	char **cell;		/* row by row */
	size_t nr_cells;
	size_t *width;		/* of each column */
};

size_t
text_width(const char *s)
{
	size_t n = 0;

	/* Continuation bytes of UTF-8 take no column of their own. */
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* Bytes of the first n columns. */
static size_t
bytes_of(const char *s, size_t n)
{
	size_t i;

	for (i = 0; s[i]; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	}
	return i;
}

void
text_cut(struct buf *b, const char *s, size_t room)
{
	size_t end, word;

	if (room == 0 || text_width(s) <= room) {
		buf_puts(b, s);
		return;
	}
	end = word = bytes_of(s, room - 1);
	/* At the end of a word, if that does not lose half of it all. */
	while (word > end / 2 && s[word] != ' ')
		word--;
	buf_bytes(b, s, s[word] == ' ' ? word : end);
	buf_puts(b, "~");
}

void
text_wrap(struct buf *b, const char *s, size_t width, size_t indent)
{
	size_t end, word, line = width;

	while (width > indent + 1 && text_width(s) > line) {
		end = bytes_of(s, line);
		for (word = end; word > 0 && s[word] != ' '; word--)
			;
		if (word == 0)
			word = end + strcspn(s + end, " ");
		buf_bytes(b, s, word);
		s += word;
		s += strspn(s, " ");
		if (*s)
			buf_printf(b, "\n%*s", (int)indent, "");
		line = width - indent;
	}
	buf_puts(b, s);
}

void
bytes_print(struct buf *b, int64_t bytes)
{
	static const char units[] = "KMGTPE";
	double v = (double)bytes;
	size_t i = 0;

	if (bytes < 1024) {
		buf_printf(b, "%lld", (long long)bytes);
		return;
	}
	for (v /= 1024; v >= 1023.5 && units[i + 1]; v /= 1024)
		i++;
	buf_printf(b, "%.*f%c", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v,
	    units[i]);
}

struct tbl *
tbl_new(const struct tbl_col *cols, size_t nr)
{
	struct tbl *t = xcalloc(1, sizeof(*t));
	size_t i;

	t->cols = cols;
	t->nr_cols = nr;
	t->width = xcalloc(nr, sizeof(*t->width));
	for (i = 0; i < nr; i++)
		t->width[i] = text_width(cols[i].head);
	return t;
}

void
tbl_free(struct tbl *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->nr_cells; i++)
		free(t->cell[i]);
	free(t->cell);
	free(t->width);
	free(t);
}

void
tbl_cell(struct tbl *t, const char *text)
{
	size_t col = t->nr_cells % t->nr_cols, w;

	if (text == NULL || *text == '\0')
		text = "-";
	t->cell = xrealloc(t->cell, t->nr_cells + 1, sizeof(*t->cell));
	t->cell[t->nr_cells++] = xstrdup(text);
	w = text_width(text);
	if (w > t->width[col])
		t->width[col] = w;
}

size_t
tbl_rows(const struct tbl *t)
{
	return t->nr_cells / t->nr_cols;
}

/* The least columns that the table takes. */
static size_t
total_width(const struct tbl *t, const bool *off)
{
	size_t i, w, sum = 0;

	for (i = 0; i < t->nr_cols; i++) {
		w = t->width[i];
		if (t->cols[i].align == TBL_TEXT && w > TEXT_LEAST)
			w = TEXT_LEAST;
		if (!off[i])
			sum += w + 2;
	}
	return sum ? sum - 2 : 0;
}

/* The columns that a sentence may take; 0 = no limit. */
static size_t
text_room(const struct tbl *t, size_t width, const bool *off)
{
	size_t i, used = 0;

	for (i = 0; i < t->nr_cols; i++) {
		if (!off[i] && t->cols[i].align != TBL_TEXT)
			used += t->width[i] + 2;
	}
	if (width == 0)
		return 0;
	return width > used + TEXT_LEAST ? width - used : TEXT_LEAST;
}

/* Leave out columns until the rest fits, or nothing more may go. */
static size_t
drop_columns(const struct tbl *t, size_t width, bool *off)
{
	size_t i, worst, hidden = 0;

	while (total_width(t, off) > width) {
		worst = t->nr_cols;
		for (i = 0; i < t->nr_cols; i++) {
			if (off[i] || t->cols[i].drop == 0)
				continue;
			if (worst == t->nr_cols ||
			    t->cols[i].drop >= t->cols[worst].drop)
				worst = i;
		}
		if (worst == t->nr_cols)
			break;
		off[worst] = true;
		hidden++;
	}
	return hidden;
}

static void
pad(struct buf *b, size_t n)
{
	while (n-- > 0)
		buf_puts(b, " ");
}

/* One line; text(i) is head or cell.  Blanks are held back until something
 * follows them. */
static void
print_line(const struct tbl *t, const bool *off, size_t room,
    char *const *cells, struct buf *out)
{
	size_t i, w, gap = 0;
	const char *text;

	for (i = 0; i < t->nr_cols; i++) {
		if (off[i])
			continue;
		text = cells ? cells[i] : t->cols[i].head;
		w = t->width[i] - text_width(text);
		if (t->cols[i].align == TBL_RIGHT) {
			gap += w;
			w = 0;
		}
		pad(out, gap);
		text_cut(out, text, t->cols[i].align == TBL_TEXT ? room : 0);
		gap = w + 2;
	}
	buf_puts(out, "\n");
}

static void
print_records(const struct tbl *t, struct buf *out)
{
	size_t i;

	for (i = 0; i < t->nr_cells; i++) {
		if (i > 0 && i % t->nr_cols == 0)
			buf_puts(out, "\n");
		buf_printf(out, "%s: %s\n", t->cols[i % t->nr_cols].head,
		    t->cell[i]);
	}
}

size_t
tbl_print(const struct tbl *t, int width, struct buf *out)
{
	bool *off;
	size_t row, room, hidden = 0;

	if (width > 0 && width < NARROW) {
		print_records(t, out);
		return 0;
	}
	off = xcalloc(t->nr_cols, sizeof(*off));
	if (width > 0)
		hidden = drop_columns(t, (size_t)width, off);
	room = text_room(t, width > 0 ? (size_t)width : 0, off);
	print_line(t, off, room, NULL, out);
	for (row = 0; row < tbl_rows(t); row++)
		print_line(t, off, room, t->cell + row * t->nr_cols, out);
	free(off);
	return hidden;
}
