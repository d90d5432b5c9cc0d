/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A page of rows.  Its content comes from callbacks, row by row, so that ten
 * thousand of them cost what is in sight.
 */
#include "shell/menu/menu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "shell/table.h"

#define SECOND_COLUMN 30	/* behind a tab */

/* ---- drawing ------------------------------------------------------------ */

/* Rows of the body that hold rows of the list. */
static size_t
room(const struct list *l)
{
	int body = scr_body(l->m->scr) - (l->head != NULL);

	return body < 1 ? 1 : (size_t)body;
}

static void
scroll_to(struct list *l, size_t nr)
{
	size_t rows = room(l);

	if (l->at >= nr)
		l->at = nr > 0 ? nr - 1 : 0;
	if (l->at < l->top)
		l->top = l->at;
	if (l->at >= l->top + rows)
		l->top = l->at - rows + 1;
	if (l->top + rows > nr)
		l->top = nr > rows ? nr - rows : 0;
}

/* A tab becomes blanks up to the second column, or one blank. */
static void
expand(struct buf *out, const char *text)
{
	const char *tab = strchr(text, '\t');
	char *first;
	size_t width;

	if (tab == NULL) {
		buf_puts(out, text);
		return;
	}
	first = xstrndup(text, (size_t)(tab - text));
	buf_puts(out, first);
	width = text_width(first);
	do {
		buf_puts(out, " ");
	} while (++width < SECOND_COLUMN);
	buf_puts(out, tab + 1);
	free(first);
}

static void
draw_row(struct list *l, size_t i, int y)
{
	enum scr_role role = ROLE_PLAIN;
	struct buf text = {0}, line = {0};

	l->row(l, i, &text, &role);
	buf_puts(&text, "");
	expand(&line, (char *)text.data);
	scr_row(l->m->scr, y, (char *)line.data, role, i == l->at);
	buf_free(&text);
	buf_free(&line);
}

static void
draw(struct list *l, size_t nr)
{
	struct screen *s = l->m->scr;
	struct buf b = {0};
	size_t i, rows = room(l);
	int y = 0;

	scroll_to(l, nr);
	buf_puts(&b, "");
	if (nr > 0 && l->about != NULL)
		l->about(l, l->at, &b);
	menu_frame(l->m, l->title, (char *)b.data, l->keys);
	if (l->head != NULL) {
		buf_reset(&b);
		l->head(l, &b);
		buf_puts(&b, "");
		scr_row(s, y++, (char *)b.data, ROLE_DIM, false);
	}
	if (nr == 0) {
		scr_row(s, y, l->empty ? l->empty : "", ROLE_PLAIN, false);
		scr_cursor(s, y++, 0);
	}
	for (i = l->top; i < nr && i < l->top + rows; i++)
		draw_row(l, i, y++);
	scr_clear_from(s, y);
	buf_free(&b);
}

/* ---- keys --------------------------------------------------------------- */

/* Does the row hold the text, in any case of letters. */
static bool
row_holds(struct list *l, size_t i, const char *text)
{
	enum scr_role role = ROLE_PLAIN;
	struct buf b = {0};
	bool hit;

	l->row(l, i, &b, &role);
	buf_puts(&b, "");
	hit = strcasestr((char *)b.data, text) != NULL;
	buf_free(&b);
	return hit;
}

static void
find(struct list *l, size_t nr)
{
	char *text = win_line(l->m, _("Find: "), l->find, false);
	size_t i;

	if (text == NULL)
		return;
	snprintf(l->find, sizeof(l->find), "%s", text);
	free(text);
	for (i = 1; i <= nr && l->find[0] != '\0'; i++) {
		if (!row_holds(l, (l->at + i) % nr, l->find))
			continue;
		l->at = (l->at + i) % nr;
		return;
	}
	menu_note(l->m, ROLE_WARN, _("\"%s\" is on no row."), l->find);
}

/* First letter of a row, behind its number if it has one. */
static int
first_letter(struct list *l, size_t i)
{
	enum scr_role role = ROLE_PLAIN;
	struct buf b = {0};
	const char *p;
	int c;

	l->row(l, i, &b, &role);
	buf_puts(&b, "");
	p = (char *)b.data;
	p += strspn(p, "0123456789 ");
	c = *p | 0x20;
	buf_free(&b);
	return c;
}

/* To the row with that number, or the next with that first letter. */
static bool
jump(struct list *l, int key, size_t nr)
{
	size_t i;

	if (!l->jump || key < ' ' || key > '~')
		return false;
	if (key >= '1' && key <= '9') {
		if ((size_t)(key - '1') < nr) {
			l->at = (size_t)(key - '1');
			l->key(l, K_ENTER);
		}
		return true;
	}
	for (i = 1; i <= nr; i++) {
		if (first_letter(l, (l->at + i) % nr) == (key | 0x20)) {
			l->at = (l->at + i) % nr;
			return true;
		}
	}
	return false;
}

/* Moving; false if the key does not. */
static bool
moved(struct list *l, int key, size_t nr)
{
	size_t rows = room(l), last = nr > 0 ? nr - 1 : 0;

	if (key == K_UP || key == 'k')
		l->at -= l->at > 0;
	else if (key == K_DOWN || key == 'j')
		l->at += l->at < last;
	else if (key == K_PGUP)
		l->at = l->at > rows ? l->at - rows : 0;
	else if (key == K_PGDN || key == ' ')
		l->at = l->at + rows < last ? l->at + rows : last;
	else if (key == K_HOME)
		l->at = 0;
	else if (key == K_END)
		l->at = last;
	else
		return false;
	return true;
}

static void
handle(struct list *l, int key, size_t nr)
{
	if (key == K_ESC || key == K_LEFT)
		l->done = true;
	else if ((key == K_HELP || key == '?') && l->topic != NULL)
		win_help(l->m, l->topic);
	else if (key == '/' && nr > 0)
		find(l, nr);
	else if (jump(l, key, nr) || moved(l, key, nr))
		return;
	else if (key == 'q')
		l->done = true;
	else
		l->key(l, key);
}

void
list_run(struct list *l)
{
	int key;

	if (l->load != NULL)
		l->load(l);
	while (!l->done && !l->m->leave) {
		draw(l, l->count(l));
		key = menu_key(l->m, l->tick_ms > 0 ? l->tick_ms : -1, false);
		if (key == K_NONE || key == K_EVENT) {
			if (l->load != NULL)
				l->load(l);
		} else if (key != K_RESIZE && !l->m->leave) {
			handle(l, key, l->count(l));
		}
	}
}
