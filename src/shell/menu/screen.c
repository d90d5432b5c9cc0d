/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The screen by curses (terminfo).  Curses keeps what the terminal shows and
 * sends the difference only, which is what a serial line needs; pages just
 * draw all their rows.
 *
 * Everything goes out by a descriptor of our own: standard output and error
 * are turned aside while a command of the shell runs for a menu.  The signals
 * stay with the line editor, whose pipe wakes scr_key() as well; that is why
 * curses installs no handlers (it takes only signals nobody has taken).
 */
#include "shell/menu/screen.h"

#include <curses.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "shell/line.h"

#define ESC_MS 100		/* between the bytes of one key */
#define ESC_DIGIT_MS 400	/* for a digit after Esc, by hand */
#define SLOW_BAUD B38400	/* what a pty says as well: it is not slow */
#define TOP_ROWS 2
#define BOTTOM_ROWS 2

struct screen {
	struct line *line;
	SCREEN *scr;
	FILE *out;
	struct termios found;
	bool utf8, slow, colour;
	unsigned turn;		/* of the busy sign */
	int cur_row, cur_col;	/* where the cursor rests */
	int columns, rows;
};

/* ---- keys --------------------------------------------------------------- */

static const struct {
	int curses, key;
} key_map[] = {
	{ KEY_UP, K_UP }, { KEY_DOWN, K_DOWN }, { KEY_LEFT, K_LEFT },
	{ KEY_RIGHT, K_RIGHT }, { KEY_HOME, K_HOME }, { KEY_FIND, K_HOME },
	{ KEY_END, K_END }, { KEY_SELECT, K_END }, { KEY_PPAGE, K_PGUP },
	{ KEY_NPAGE, K_PGDN }, { KEY_DC, K_DELETE },
	{ KEY_BACKSPACE, K_BACKSPACE }, { KEY_ENTER, K_ENTER },
	{ KEY_BTAB, K_BACKTAB }, { KEY_F(1), K_HELP },
	{ KEY_F(2), K_COMMANDS }, { KEY_F(4), K_ADVANCED },
	{ KEY_F(5), K_PICK }, { KEY_F(10), K_KEEP },
	{ KEY_RESIZE, K_RESIZE },
};

static const struct {
	wint_t c;
	int key;
} char_map[] = {
	{ '\r', K_ENTER }, { '\n', K_ENTER }, { '\t', K_TAB },
	{ 8, K_BACKSPACE }, { 127, K_BACKSPACE }, { K_CTRL('e'), K_COMMANDS },
	{ K_CTRL('t'), K_ADVANCED }, { K_CTRL('p'), K_PICK },
	{ K_CTRL('o'), K_KEEP },
};

static const struct {
	wint_t digit;
	int key;
} esc_map[] = {
	{ '1', K_HELP }, { '2', K_COMMANDS }, { '4', K_ADVANCED },
	{ '5', K_PICK }, { '0', K_KEEP },
};

/* Either form of the arrows comes, whatever TERM says. */
static void
keys_define(void)
{
	static const struct {
		const char *bytes;
		int key;
	} more[] = {
		{ "\033[A", KEY_UP }, { "\033OA", KEY_UP },
		{ "\033[B", KEY_DOWN }, { "\033OB", KEY_DOWN },
		{ "\033[C", KEY_RIGHT }, { "\033OC", KEY_RIGHT },
		{ "\033[D", KEY_LEFT }, { "\033OD", KEY_LEFT },
		{ "\033[H", KEY_HOME }, { "\033OH", KEY_HOME },
		{ "\033[1~", KEY_HOME }, { "\033[F", KEY_END },
		{ "\033OF", KEY_END }, { "\033[4~", KEY_END },
		{ "\033[3~", KEY_DC }, { "\033[5~", KEY_PPAGE },
		{ "\033[6~", KEY_NPAGE }, { "\033[Z", KEY_BTAB },
		{ "\033OP", KEY_F(1) }, { "\033[11~", KEY_F(1) },
		{ "\033OQ", KEY_F(2) }, { "\033[12~", KEY_F(2) },
		{ "\033OS", KEY_F(4) }, { "\033[14~", KEY_F(4) },
		{ "\033[15~", KEY_F(5) }, { "\033[21~", KEY_F(10) },
	};
	size_t i;

	for (i = 0; i < NELEM(more); i++)
		define_key(more[i].bytes, more[i].key);
}

/* Esc and a digit typed after it is a function key. */
static int
key_esc(struct screen *s)
{
	wint_t c;
	size_t i;

	if (get_wch(&c) == ERR) {
		(void)line_poll(s->line, -1, ESC_DIGIT_MS);
		if (get_wch(&c) == ERR)
			return K_ESC;
	}
	for (i = 0; i < NELEM(esc_map); i++) {
		if (esc_map[i].digit == c)
			return esc_map[i].key;
	}
	return K_ESC;
}

/* The key that waits; K_NONE if there is none. */
static int
key_take(struct screen *s)
{
	wint_t c;
	size_t i;
	int ret = get_wch(&c);

	if (ret == ERR)
		return K_NONE;
	if (ret == KEY_CODE_YES) {
		for (i = 0; i < NELEM(key_map); i++) {
			if (key_map[i].curses == (int)c)
				return key_map[i].key;
		}
		return K_OTHER;
	}
	if (c == 27)
		return key_esc(s);
	for (i = 0; i < NELEM(char_map); i++) {
		if (char_map[i].c == c)
			return char_map[i].key;
	}
	return c == 0 || (c >= 0x80 && c < 0xa0) ? K_OTHER : (int)c;
}

/* ---- begin and end ------------------------------------------------------ */

static void
colours_begin(struct screen *s)
{
	static const short colour[ROLES] = {
		[ROLE_GOOD] = COLOR_GREEN, [ROLE_BAD] = COLOR_RED,
		[ROLE_WARN] = COLOR_YELLOW, [ROLE_DIM] = -1,
		[ROLE_PLAIN] = -1, [ROLE_BOLD] = -1,
	};
	const char *no = getenv("NO_COLOR");
	short i;

	s->colour = has_colors() && COLORS >= 8 && !s->slow &&
	    (no == NULL || *no == '\0');
	if (!s->colour)
		return;
	start_color();
	use_default_colors();
	for (i = 0; i < ROLES; i++)
		init_pair((short)(i + 1), colour[i], -1);
}

static int
open_terminal(struct screen *s, struct sp_error *err)
{
	int fd = dup(STDOUT_FILENO);

	if (fd < 0)
		return sp_fail(err, SP_SYSTEM, _("No terminal."));
	s->out = fdopen(fd, "w");
	if (s->out == NULL) {
		close(fd);
		return sp_fail(err, SP_SYSTEM, _("No terminal."));
	}
	if (line_can_erase())
		s->scr = newterm(NULL, s->out, stdin);
	if (s->scr != NULL && tigetstr("cup") == NULL) {
		endwin();
		delscreen(s->scr);
		s->scr = NULL;
	}
	if (s->scr != NULL)
		return 0;
	fclose(s->out);
	return sp_fail(err, SP_UNSUPPORTED, _("This terminal (%s) cannot move "
	    "its cursor, so there are no menus on it."),
	    getenv("TERM") ? getenv("TERM") : "");
}

int
scr_open(struct screen **out, struct line *line, struct sp_error *err)
{
	struct screen *s = xcalloc(1, sizeof(*s));
	int ret;

	s->line = line;
	tcgetattr(STDIN_FILENO, &s->found);
	ret = open_terminal(s, err);
	if (ret < 0) {
		free(s);
		return ret;
	}
	s->utf8 = str_eq(nl_langinfo(CODESET), "UTF-8");
	s->slow = cfgetospeed(&s->found) < SLOW_BAUD;
	/* cbreak: Ctrl-C stays a signal, and Ctrl-S stops the output. */
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	idlok(stdscr, TRUE);
	set_escdelay(ESC_MS);
	keys_define();
	colours_begin(s);
	getmaxyx(stdscr, s->rows, s->columns);
	*out = s;
	return 0;
}

void
scr_close(struct screen *s)
{
	if (s == NULL)
		return;
	/* Where there is no second screen the prompt comes on this line. */
	move(s->rows - 1, 0);
	clrtoeol();
	refresh();
	endwin();
	delscreen(s->scr);
	fclose(s->out);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &s->found);
	free(s);
}

int
scr_columns(const struct screen *s)
{
	return s->columns;
}

int
scr_rows(const struct screen *s)
{
	return s->rows;
}

int
scr_body(const struct screen *s)
{
	int rows = s->rows - TOP_ROWS - BOTTOM_ROWS;

	return rows < 1 ? 1 : rows;
}

/* ---- drawing ------------------------------------------------------------ */

static attr_t
attribute(const struct screen *s, enum scr_role role)
{
	attr_t a = A_NORMAL;

	if (role == ROLE_BOLD)
		a |= A_BOLD;
	if (s->colour && role == ROLE_DIM)
		a |= A_DIM;
	if (s->colour && role != ROLE_PLAIN)
		a |= (attr_t)COLOR_PAIR((short)role + 1);
	return a;
}

/*
 * Put text that may come from anybody: made safe, cut at the last column.  In
 * a locale without UTF-8 letters that it does not have become "?".  Returns
 * the column behind it.
 */
static int
put(const struct screen *s, int y, int x, const char *text)
{
	struct buf safe = {0};
	wchar_t wide[2] = { 0, 0 };
	mbstate_t state;
	size_t at = 0, n;
	int width;

	memset(&state, 0, sizeof(state));
	str_safe(&safe, text, strlen(text));
	while (at < safe.len && y >= 0 && y < s->rows) {
		n = s->utf8 ? mbrtowc(wide, (char *)safe.data + at,
		    safe.len - at, &state) : 1;
		if (!s->utf8)
			wide[0] = safe.data[at] < 0x80 ? safe.data[at] : '?';
		if (n == 0 || n > safe.len - at)
			break;
		at += n;
		width = wcwidth(wide[0]);
		if (width < 0)
			continue;
		if (x + width > s->columns)
			break;
		mvaddnwstr(y, x, wide, 1);
		x += width;
	}
	buf_free(&safe);
	return x;
}

static void
put_line(struct screen *s, int y, const char *text, attr_t a)
{
	if (y < 0 || y >= s->rows)
		return;
	move(y, 0);
	clrtoeol();
	attrset(a);
	put(s, y, 0, text);
	attrset(A_NORMAL);
}

void
scr_title(struct screen *s, const char *left, const char *right)
{
	int width = 0, column;
	wchar_t rule = s->utf8 && !s->slow ? 0x2500 : '-';
	const char *p;

	put_line(s, 0, left, s->colour ? A_BOLD : A_NORMAL);
	for (p = right; *p != '\0'; p++)
		width += (*p & 0xc0) != 0x80;
	column = s->columns - width;
	if (column > 8) {
		move(0, column - 1);
		clrtoeol();
		put(s, 0, column, right);
	}
	for (column = 0; column < s->columns && s->rows > 4; column++)
		mvaddnwstr(1, column, &rule, 1);
}

void
scr_row(struct screen *s, int row, const char *text, enum scr_role role,
    bool selected)
{
	attr_t a = attribute(s, role);

	if (row < 0 || row >= scr_body(s))
		return;
	/* Without colours the sign and the cursor must do: to repaint two
	 * rows for each key takes a serial line a fifth of a second. */
	if (selected && s->colour)
		a |= A_REVERSE;
	put_line(s, TOP_ROWS + row, "", A_NORMAL);
	attrset(a);
	put(s, TOP_ROWS + row, 0, selected ? ">" : " ");
	put(s, TOP_ROWS + row, 2, text);
	attrset(A_NORMAL);
	if (selected)
		scr_cursor(s, row, 0);
}

void
scr_part(struct screen *s, int row, int column, const char *text,
    enum scr_role role)
{
	if (row < 0 || row >= scr_body(s) || column >= s->columns)
		return;
	attrset(attribute(s, role));
	put(s, TOP_ROWS + row, column, text);
	attrset(A_NORMAL);
}

void
scr_clear_from(struct screen *s, int row)
{
	for (; row < scr_body(s); row++)
		put_line(s, TOP_ROWS + row, "", A_NORMAL);
}

void
scr_message(struct screen *s, const char *text, enum scr_role role)
{
	put_line(s, s->rows - 2, text, attribute(s, role));
}

void
scr_keys(struct screen *s, const char *text)
{
	put_line(s, s->rows - 1, text, attribute(s, ROLE_DIM));
}

void
scr_cursor(struct screen *s, int row, int column)
{
	s->cur_row = row < 0 ? s->rows - 2 : row + TOP_ROWS;
	s->cur_col = column < s->columns ? column : s->columns - 1;
}

void
scr_redraw(struct screen *s)
{
	(void)s;
	clearok(stdscr, TRUE);
}

/* ---- waiting ------------------------------------------------------------ */

/* Has the size changed; curses is told. */
static bool
resized(struct screen *s)
{
	int columns, rows;

	line_size(&columns, &rows);
	if (columns == s->columns && rows == s->rows)
		return false;
	resize_term(rows, columns);
	getmaxyx(stdscr, s->rows, s->columns);
	erase();
	clearok(stdscr, TRUE);
	return true;
}

int
scr_key(struct screen *s, int fd, int timeout_ms)
{
	int key, what;

	if (resized(s))
		return K_RESIZE;
	move(s->cur_row, s->cur_col);
	/* get_wch() would send what changed, too; but only if it waits. */
	refresh();
	key = key_take(s);
	if (key != K_NONE)
		return key;
	what = line_poll(s->line, fd, timeout_ms);
	if (what == LINE_POLL_END)
		return K_HANGUP;
	if (*line_interrupted(s->line)) {
		line_begin(s->line);
		return K_INTERRUPT;
	}
	if (resized(s))
		return K_RESIZE;
	if (what == LINE_POLL_KEY)
		key = key_take(s);
	else if (what == LINE_POLL_OTHER)
		key = K_EVENT;
	return key;
}

bool
scr_busy(struct screen *s)
{
	static const char sign[] = "|/-\\";
	char text[2] = { sign[s->turn++ % 4], '\0' };
	int key;

	put(s, 0, s->columns - 1, text);
	refresh();
	put(s, 0, s->columns - 1, " ");
	key = key_take(s);
	return key == K_ESC || key == 'q' || *line_interrupted(s->line);
}
