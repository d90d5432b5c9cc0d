/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The terminal's abilities, from terminfo and from the line itself.  Serial
 * lines know neither their size nor that they are slow; what they are asked
 * costs a few bytes once.
 */
#include "shell/term.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#undef columns		/* a capability in term.h */

#define ASK_MS 300
#define FAR_AWAY 998		/* rows and columns, counted from 0 */
#define SIZE_MAX_CELLS 999

static const speed_t slow_speeds[] = { B50, B75, B110, B134, B150, B200, B300,
	B600, B1200, B1800, B2400, B4800, B9600, B19200, B38400 };

bool
term_slow(int fd)
{
	struct termios mode;
	struct winsize ws = {0};
	size_t i;

	/* A pty says 38400 without meaning it, but it knows its size. */
	if (tcgetattr(fd, &mode) < 0 ||
	    (ioctl(fd, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0))
		return false;
	for (i = 0; i < NELEM(slow_speeds); i++) {
		if (cfgetospeed(&mode) == slow_speeds[i])
			return true;
	}
	return false;
}

/* Load the terminal's description; false if there is none. */
static bool
load(void)
{
	int why;

	return setupterm(NULL, STDOUT_FILENO, &why) == OK;
}

/* The number of colours; -1 if there is no such terminal. */
static int
colors(void)
{
	return load() ? tigetnum("colors") : -1;
}

bool
term_colorful(enum term_color mode, int fd)
{
	const char *no = getenv("NO_COLOR");

	if (mode != TERM_COLOR_AUTO)
		return mode == TERM_COLOR_ALWAYS;
	return isatty(fd) && (no == NULL || *no == '\0') && !term_slow(fd) &&
	    colors() >= 8;
}

/* A string of terminfo, or NULL. */
static char *
sequence(const char *name)
{
	char *s = tigetstr(name);

	return s == NULL || s == (char *)-1 ? NULL : s;
}

/* A copy without padding, which only slow lines need (caller's). */
static char *
unpadded(const char *s)
{
	struct buf b = {0};
	size_t n;

	while (*s) {
		n = strcspn(s, "$");
		buf_bytes(&b, s, n);
		s += n;
		if (s[0] == '$' && s[1] == '<' && strchr(s, '>'))
			s = strchr(s, '>') + 1;
		else if (*s)
			buf_bytes(&b, s++, 1);
	}
	buf_puts(&b, "");
	return buf_steal_str(&b);
}

void
term_paint_load(struct term_paint *p, bool color)
{
	static const int number[] = {
		[TERM_OK] = COLOR_GREEN, [TERM_BAD] = COLOR_RED,
		[TERM_WARN] = COLOR_YELLOW,
	};
	const char *off = NULL, *s = NULL;
	size_t i;

	*p = (struct term_paint){ .form = TERM_PLAIN };
	color = color && load();
	if (color)
		off = sequence("sgr0");
	for (i = 0; i < NELEM(number); i++) {
		if (off && sequence("setaf") && i != TERM_NONE)
			s = tparm(sequence("setaf"), number[i], 0, 0, 0, 0, 0,
			    0, 0, 0);
		p->begin[i] = unpadded(s ? s : "");
	}
	p->end = unpadded(off ? off : "");
}

void
term_paint_free(struct term_paint *p)
{
	size_t i;

	for (i = 0; i < NELEM(p->begin); i++)
		free(p->begin[i]);
	free(p->end);
	*p = (struct term_paint){0};
}

/* ---- text --------------------------------------------------------------- */

static enum term_role
word_role(const char *word, size_t len)
{
	static const struct {
		const char *word;
		enum term_role role;
	} rows[] = {
		{ "connected", TERM_OK }, { "up", TERM_OK },
		{ "on", TERM_OK }, { "failed", TERM_BAD },
		{ "error", TERM_BAD }, { "broken", TERM_BAD },
		{ "connecting", TERM_WARN }, { "rekeying", TERM_WARN },
		{ "closing", TERM_WARN }, { "weak", TERM_WARN },
	};
	size_t i;

	for (i = 0; i < NELEM(rows); i++) {
		if (strlen(rows[i].word) == len &&
		    memcmp(rows[i].word, word, len) == 0)
			return rows[i].role;
	}
	return TERM_NONE;
}

static void
put(const struct term_paint *p, enum term_role role, const char *s,
    size_t len, struct buf *out)
{
	if (role != TERM_NONE)
		buf_puts(out, p->begin[role]);
	buf_bytes(out, s, len);
	if (role != TERM_NONE)
		buf_puts(out, p->end);
}

/* One line without its end. */
static void
paint_line(const struct term_paint *p, const char *s, size_t len,
    struct buf *out)
{
	size_t at = 0, n;

	if (p->form == TERM_DIFF) {
		put(p, len == 0 ? TERM_NONE : *s == '+' ? TERM_OK :
		    *s == '-' ? TERM_BAD : TERM_NONE, s, len, out);
		return;
	}
	while (at < len) {
		for (n = 0; at + n < len && s[at + n] == ' '; n++)
			;
		buf_bytes(out, s + at, n);
		at += n;
		for (n = 0; at + n < len && s[at + n] != ' '; n++)
			;
		put(p, word_role(s + at, n), s + at, n, out);
		at += n;
	}
}

void
term_paint_text(const struct term_paint *p, const char *text, size_t len,
    struct buf *out)
{
	const char *nl;
	size_t n;

	if (p == NULL || p->form == TERM_PLAIN || p->end[0] == '\0') {
		buf_bytes(out, text, len);
		return;
	}
	while (len > 0) {
		nl = memchr(text, '\n', len);
		n = nl ? (size_t)(nl - text) : len;
		paint_line(p, text, n, out);
		if (nl)
			buf_puts(out, "\n");
		n += nl != NULL;
		text += n;
		len -= n;
	}
}

/* ---- size --------------------------------------------------------------- */

bool
term_parse_size(const char *text, int *columns, int *rows)
{
	const char *x = strchr(text, 'x');
	char *first;
	int64_t c, r;
	bool good;

	if (x == NULL)
		return false;
	first = xstrndup(text, (size_t)(x - text));
	good = str_to_i64(first, 20, SIZE_MAX_CELLS, &c) &&
	    str_to_i64(x + 1, 2, SIZE_MAX_CELLS, &r);
	free(first);
	if (good) {
		*columns = (int)c;
		*rows = (int)r;
	}
	return good;
}

/* Read up to the R that ends the answer. */
static bool
read_answer(char *out, size_t size)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };
	int64_t end = clock_ms() + ASK_MS, left;
	size_t n = 0;

	while (n + 1 < size) {
		left = end - clock_ms();
		if (left <= 0 || poll(&pfd, 1, (int)left) <= 0 ||
		    read(STDIN_FILENO, out + n, 1) != 1)
			return false;
		if (out[n++] == 'R')
			break;
	}
	out[n] = '\0';
	return true;
}

/* Save the cursor, go far away, ask, come back. */
static bool
write_question(void)
{
	char *save = sequence("sc"), *back = sequence("rc");
	char *go = sequence("cup"), *ask = sequence("u7");

	if (save == NULL || back == NULL || go == NULL || ask == NULL)
		return false;
	/* putp() turns the padding in them into time. */
	putp(save);
	putp(tparm(go, FAR_AWAY, FAR_AWAY, 0, 0, 0, 0, 0, 0, 0));
	putp(ask);
	putp(back);
	return fflush(stdout) == 0;
}

bool
term_ask_size(int *columns, int *rows)
{
	struct termios old, raw;
	char answer[32] = "", end = '\0';
	int waiting = 0, r = 0, c = 0;
	bool done;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &old) < 0 ||
	    !load() || ioctl(STDIN_FILENO, FIONREAD, &waiting) < 0 ||
	    waiting > 0)
		return false;
	raw = old;
	raw.c_lflag &= (tcflag_t)~(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	done = write_question() && read_answer(answer, sizeof(answer));
	tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	if (!done || sscanf(answer, "\033[%3d;%3d%c", &r, &c, &end) != 3 ||
	    end != 'R' || r < 2 || c < 2 || r > SIZE_MAX_CELLS ||
	    c > SIZE_MAX_CELLS)
		return false;
	*columns = c;
	*rows = r;
	return true;
}
