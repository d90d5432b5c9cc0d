/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text to read, questions, and a line to type: on the message line rather
 * than in boxes, which a serial line would have to draw and to take away.
 */
#include "shell/menu/menu.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/text.h"
#include "shell/help.h"
#include "shell/internal.h"
#include "shell/table.h"

#define LINE_MAX_BYTES 1000	/* typed into one field */

/* ---- text --------------------------------------------------------------- */

struct lines {
	char *text;		/* owned, newlines replaced by ends */
	char **line;
	size_t nr;
};

void
win_wrap(struct buf *out, const char *text, size_t width)
{
	const char *from, *stop;
	char *one;

	for (from = text; *from != '\0'; from = *stop ? stop + 1 : stop) {
		stop = strchrnul(from, '\n');
		one = xstrndup(from, (size_t)(stop - from));
		text_wrap(out, one, width, 2);
		buf_puts(out, "\n");
		free(one);
	}
	buf_puts(out, "");
}

static void
lines_split(struct lines *out, const char *text, size_t width)
{
	struct buf b = {0};
	char *p, *end;

	win_wrap(&b, text, width);
	out->text = buf_steal_str(&b);
	out->nr = 0;
	out->line = NULL;
	for (p = out->text; *p != '\0'; p = end + 1) {
		end = strchrnul(p, '\n');
		out->line = xrealloc(out->line, out->nr + 1,
		    sizeof(*out->line));
		out->line[out->nr++] = p;
		if (*end == '\0')
			break;
		*end = '\0';
	}
}

static size_t
text_count(struct list *l)
{
	return ((struct lines *)l->ctx)->nr;
}

static void
text_row(struct list *l, size_t i, struct buf *b, enum scr_role *role)
{
	const char *line = ((struct lines *)l->ctx)->line[i];

	if (*line == '+')
		*role = ROLE_GOOD;
	else if (*line == '-')
		*role = ROLE_BAD;
	for (; *line != '\0'; line++) {
		if (*line == '\t')
			buf_puts(b, "    ");
		else
			buf_u8(b, (uint8_t)*line);
	}
}

static void
text_key(struct list *l, int key)
{
	l->done = key == K_ENTER;
}

void
win_text(struct menu *m, const char *title, const char *text)
{
	struct lines lines;
	struct list l = {
		.m = m, .title = title, .ctx = &lines,
		.keys = _("Up Down Space move  / find  q back"),
		.empty = _("nothing"), .count = text_count, .row = text_row,
		.key = text_key,
	};

	lines_split(&lines, text, (size_t)scr_columns(m->scr) - 3);
	list_run(&l);
	free(lines.line);
	free(lines.text);
}

void
win_help(struct menu *m, const char *topic)
{
	struct tokens t = {0};
	struct sp_error err = {0};
	struct buf b = {0};

	if (tokens_split(&t, topic, true, &err) == 0 &&
	    help_page(t.tok, t.nr, &b, &err) == 0) {
		buf_puts(&b, "");
		win_text(m, _("Help"), (char *)b.data);
	} else {
		menu_error(m, &err);
	}
	tokens_free(&t);
	buf_free(&b);
}

/* ---- questions ---------------------------------------------------------- */

char
win_ask(struct menu *m, const char *question, const char *letters)
{
	int key = K_NONE;

	for (;;) {
		scr_message(m->scr, question, ROLE_BOLD);
		scr_cursor(m->scr, -1, (int)text_width(question));
		key = menu_key(m, -1, true);
		if (key == K_ESC || key == K_ENTER || m->leave)
			return letters[0];
		if (key > ' ' && key < 0x7f && strchr(letters, key | 0x20))
			return (char)(key | 0x20);
	}
}

/* ---- a line to type ----------------------------------------------------- */

static void
draw_line(struct menu *m, const char *question, const struct buf *text,
    bool hidden)
{
	struct buf b = {0};
	size_t width = text_width((char *)text->data), i;
	const char *from = (char *)text->data;
	size_t left = (size_t)scr_columns(m->scr) - 1;

	buf_puts(&b, question);
	/* The end of what is typed stays in sight. */
	left -= text_width(question) < left ? text_width(question) : left;
	for (i = 0; hidden && i < width && i < left; i++)
		buf_puts(&b, "*");
	while (!hidden && width > left && *from != '\0') {
		from++;
		while ((*from & 0xc0) == 0x80)
			from++;
		width = text_width(from);
	}
	if (!hidden)
		buf_puts(&b, from);
	scr_message(m->scr, (char *)b.data, ROLE_PLAIN);
	scr_cursor(m->scr, -1, (int)text_width((char *)b.data));
	buf_wipe(&b);
}

/* Take the last character away. */
static void
rub_out(struct buf *text)
{
	size_t len = text->len;

	while (len > 0 && (text->data[len - 1] & 0xc0) == 0x80)
		len--;
	buf_truncate(text, len > 0 ? len - 1 : 0);
	buf_puts(text, "");
}

static void
type_in(struct buf *text, int key)
{
	char bytes[MB_LEN_MAX + 1];
	mbstate_t state;
	size_t n;

	memset(&state, 0, sizeof(state));
	n = wcrtomb(bytes, (wchar_t)key, &state);
	if (n == (size_t)-1 || text->len + n > LINE_MAX_BYTES)
		return;
	bytes[n] = '\0';
	buf_puts(text, bytes);
}

char *
win_line(struct menu *m, const char *question, const char *text, bool hidden)
{
	struct buf b = {0};
	int key;

	buf_puts(&b, text);
	for (;;) {
		draw_line(m, question, &b, hidden);
		key = menu_key(m, -1, true);
		if (key == K_ESC || m->leave) {
			buf_wipe(&b);
			return NULL;
		}
		if (key == K_ENTER)
			return buf_steal_str(&b);
		if (key == K_BACKSPACE)
			rub_out(&b);
		else if (key == K_CTRL('u'))
			buf_truncate(&b, 0);
		else if (key >= ' ' && key < K_UP)
			type_in(&b, key);
		buf_puts(&b, "");
	}
}
