/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pager: no process of its own, only what a serial console can bear.
 * The upper half cuts text into screen lines and keeps the place (pure, for
 * tests); the lower half prints pages and reads keys.
 *
 * Keys: space or f a page, b a page back, Enter a line, g and G to the begin
 * and to the end, / finds, n finds the next, h names the keys, q or Ctrl-C
 * leaves.  Where the terminal cannot erase (TERM=dumb) the prompt
 * stays as a line of its own.
 */
#include "shell/pager.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "shell/line.h"
#include "shell/table.h"
#include "shell/term.h"

static void
add_line(struct pager *pg, size_t offset)
{
	pg->start = xrealloc(pg->start, pg->nr + 2, sizeof(*pg->start));
	pg->start[pg->nr] = offset;
}

/* Bytes from s that fill at most width columns, at least one character. */
static size_t
cut(const char *s, size_t len, int width)
{
	size_t i, columns = 0;

	for (i = 0; i < len; i++) {
		if (((unsigned char)s[i] & 0xc0) == 0x80)
			continue;
		if (columns == (size_t)width)
			return i;
		columns++;
	}
	return len;
}

void
pager_init(struct pager *pg, const char *text, int rows, int width)
{
	size_t at = 0, len, n;
	const char *nl;

	*pg = (struct pager){ .text = text,
	    .page = rows > 2 ? (size_t)rows - 1 : 1 };
	add_line(pg, 0);
	while (text[at] != '\0') {
		nl = strchrnul(text + at, '\n');
		len = (size_t)(nl - text) - at;
		n = width > 0 ? cut(text + at, len, width) : len;
		at += n;
		if (n == len && *nl == '\n')
			at++;
		pg->nr++;
		add_line(pg, at);
	}
}

void
pager_clear(struct pager *pg)
{
	free(pg->start);
	*pg = (struct pager){0};
}

bool
pager_fits(const struct pager *pg)
{
	return pg->nr <= pg->page;
}

const char *
pager_take(struct pager *pg, size_t n, size_t *len)
{
	size_t from = pg->shown;

	pg->shown = n > pg->nr - from ? pg->nr : from + n;
	*len = pg->start[pg->shown] - pg->start[from];
	return pg->text + pg->start[from];
}

void
pager_back(struct pager *pg, size_t n)
{
	pg->shown -= n < pg->shown ? n : pg->shown;
}

bool
pager_find(struct pager *pg, const char *word)
{
	size_t i, len;
	const char *line;

	for (i = pg->shown; *word && i < pg->nr; i++) {
		line = pg->text + pg->start[i];
		len = pg->start[i + 1] - pg->start[i];
		if (memmem(line, len, word, strlen(word))) {
			pg->shown = i;
			return true;
		}
	}
	return false;
}

/* ---- the terminal ------------------------------------------------------- */

static void
put(const char *s, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(STDOUT_FILENO, s, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		s += n;
		len -= (size_t)n;
	}
}

/* Whole lines of the text, in colour. */
static void
put_lines(const struct term_paint *paint, const char *s, size_t len)
{
	struct buf b = {0};

	term_paint_text(paint, s, len, &b);
	put((char *)b.data, b.len);
	buf_wipe(&b);
}

static void
puts_fd(const char *s)
{
	put(s, strlen(s));
}

/* One key; 0 at the end of input or Ctrl-C. */
static char
read_key(volatile int *interrupted)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };
	char c;

	while (!*interrupted) {
		if (poll(&pfd, 1, 100) <= 0)
			continue;
		if (read(STDIN_FILENO, &c, 1) != 1)
			return 0;
		return c;
	}
	return 0;
}

/* Take a prompt away again: over-written where it can be. */
static void
erase(size_t columns)
{
	char blanks[128];
	int n;

	if (!line_can_erase()) {
		puts_fd("\n");
		return;
	}
	n = snprintf(blanks, sizeof(blanks), "\r%*s\r",
	    columns < 120 ? (int)columns : 120, "");
	put(blanks, (size_t)n);
}

static size_t
prompt(const struct pager *pg, const char *note)
{
	char text[96];

	if (!line_can_erase()) {
		puts_fd(_("-- more? [Enter/q] --"));
		return 0;
	}
	snprintf(text, sizeof(text),
	    _("-- %zu/%zu %sq quit, space more, / find --"), pg->shown,
	    pg->nr, note);
	puts_fd(text);
	return text_width(text);
}

/* Read the word to find, echoed by hand since the terminal is raw. */
static void
read_word(char *word, size_t size, volatile int *interrupted)
{
	size_t n = 0;
	char c;

	puts_fd("/");
	while ((c = read_key(interrupted)) != 0 && c != '\n' && c != '\r') {
		if ((c == 0x7f || c == '\b') && n > 0) {
			puts_fd("\b \b");
			n--;
		} else if ((unsigned char)c >= 0x20 && c != 0x7f &&
		    n + 1 < size) {
			word[n++] = c;
			put(&c, 1);
		}
	}
	word[n] = '\0';
	erase(n + 1);
}

/* What a key asks for. */
enum act { ACT_LEAVE, ACT_LINES, ACT_FIND, ACT_NEXT, ACT_KEYS };

/* The lines to show next, for ACT_LINES. */
static enum act
key_act(struct pager *pg, char key, size_t *lines)
{
	static const char pages[] = " fzd";
	static const char leave[] = "qQ\x04";

	*lines = 1;
	if (key == 0 || strchr(leave, key))
		return ACT_LEAVE;
	if (key == '/')
		return ACT_FIND;
	if (key == 'n')
		return ACT_NEXT;
	if (key == 'h')
		return ACT_KEYS;
	if (key == 'G')
		*lines = pg->nr;
	else if (key == 'g')
		pager_back(pg, pg->nr);
	else if (key == 'b' || key == 'k')
		pager_back(pg, key == 'b' ? 2 * pg->page : pg->page + 1);
	/* Without erasing, Enter is the one key that the prompt names. */
	if (strchr(pages, key) || key == 'g' || key == 'b' || key == 'k' ||
	    !line_can_erase())
		*lines = key == 'G' ? pg->nr : pg->page;
	return ACT_LINES;
}

/* Go to the word and tell how that went; true: there is a page to show. */
static bool
find(struct pager *pg, const char *word, const char **note)
{
	if (pager_find(pg, word))
		return true;
	*note = _("not found; ");
	return false;
}

static void
show_pages(struct pager *pg, const struct term_paint *paint,
    volatile int *interrupted)
{
	char word[64] = "";
	const char *text, *note = "";
	size_t len, columns, n = pg->page;
	enum act act = ACT_LINES;

	while (act != ACT_LEAVE) {
		if (n > 0) {
			text = pager_take(pg, n, &len);
			put_lines(paint, text, len);
		}
		if (pg->shown == pg->nr || *interrupted)
			break;
		columns = prompt(pg, note);
		note = "";
		act = key_act(pg, read_key(interrupted), &n);
		erase(columns);
		if (act == ACT_FIND)
			read_word(word, sizeof(word), interrupted);
		if (act == ACT_FIND || act == ACT_NEXT)
			n = find(pg, word, &note) ? pg->page : 0;
		if (act == ACT_KEYS) {
			note = _("b back, Enter line, n next; ");
			n = 0;
		}
	}
}

void
pager_show(const char *text, int rows, int width,
    const struct term_paint *paint, volatile int *interrupted)
{
	struct pager pg;
	struct termios old, raw;

	pager_init(&pg, text, rows, width);
	if (pager_fits(&pg) || tcgetattr(STDIN_FILENO, &old) < 0) {
		put_lines(paint, text, strlen(text));
		pager_clear(&pg);
		return;
	}
	raw = old;
	raw.c_lflag &= (tcflag_t)~(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	show_pages(&pg, paint, interrupted);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	pager_clear(&pg);
}
