/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line editor: readline by its callback interface, so that one poll()
 * watches keys and engine together.
 *
 * Readline and signal handlers have no place for a context of ours; that is
 * why this file keeps one file-scope pointer to the open line (the_line).
 * There is one terminal in a process, so there can be only one.
 *
 * Signals write one byte to a pipe and set a flag: the pipe wakes poll() in
 * whatever thread the signal was delivered to.  SIGHUP and SIGTERM end the
 * session; what becomes of an engine in the process is not decided here.
 *
 * Terminal modes: readline's while a line is edited, the ones found at start
 * while a command runs.
 */
#include "shell/line.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "shell/complete.h"
#include "shell/pager.h"

#define HISTORY_LINES 1000
#define WAITING_LINES 20	/* kept while the terminal cannot erase */
#define ASK_MAX 4096
#define MANY_CHOICES 200	/* more are shown only when asked for */
#define IDLE_WARN_MS 60000

static const int caught[] = { SIGINT, SIGHUP, SIGTERM, SIGWINCH, SIGTSTP,
	SIGTTOU, SIGTTIN };

struct line {
	struct line_hooks hooks;
	char *history;		/* file, or NULL */
	int wake[2];		/* written to by the signal handler */
	volatile int interrupted;	/* SIGINT, or the terminal is gone */
	volatile int hangup;
	volatile int terminated;	/* SIGTERM was the reason */
	volatile int resized;
	int columns, rows;	/* of line_set_size(); 0 = the terminal's */
	struct sigaction old[NELEM(caught)];
	struct termios found;	/* modes at start */
	bool editing;		/* readline has the terminal */
	bool quiet;		/* answers are not echoed */
	char *entered;		/* line that readline delivered */
	bool eof;
	int64_t idle_ms, last_key;	/* line_idle(); clock_ms() */
	bool idle_warned;
	char **waiting;		/* lines for line_flush() */
	size_t nr_waiting, dropped;
};

static struct line *the_line;

static void keys_bind(void);

/* ---- terminal ----------------------------------------------------------- */

void
line_size(int *columns, int *rows)
{
	struct winsize ws = {0};

	*columns = 80;
	*rows = 24;
	if (the_line && the_line->columns > 0) {
		*columns = the_line->columns;
		*rows = the_line->rows;
		return;
	}
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) < 0)
		return;
	if (ws.ws_col > 0)
		*columns = ws.ws_col;
	if (ws.ws_row > 0)
		*rows = ws.ws_row;
}

void
line_set_size(struct line *l, int columns, int rows)
{
	l->columns = columns;
	l->rows = rows;
	rl_set_screen_size(rows, columns);
}

void
line_vi(struct line *l, bool vi)
{
	(void)l;
	if (vi)
		rl_vi_editing_mode(0, 0);
	else
		rl_emacs_editing_mode(0, 0);
	keys_bind();
}

bool
line_can_erase(void)
{
	const char *term = getenv("TERM");

	return term && !str_eq(term, "dumb");
}

bool
line_hung_up(const struct line *l)
{
	struct pollfd pfd = { .fd = STDIN_FILENO };

	return l->hangup || (poll(&pfd, 1, 0) > 0 &&
	    (pfd.revents & (POLLHUP | POLLERR | POLLNVAL)));
}

bool
line_terminated(const struct line *l)
{
	return l->terminated;
}

volatile int *
line_interrupted(struct line *l)
{
	return &l->interrupted;
}

static void
on_signal(int sig)
{
	struct line *l = the_line;
	int e = errno;
	ssize_t n;

	if (l == NULL)
		return;
	if (sig == SIGINT)
		l->interrupted = 1;
	if (sig == SIGWINCH)
		l->resized = 1;
	if (sig == SIGHUP || sig == SIGTERM)
		l->hangup = l->interrupted = 1;
	if (sig == SIGTERM)
		l->terminated = 1;
	n = write(l->wake[1], "", 1);
	(void)n;	/* a full pipe wakes as well */
	errno = e;
}

/* Ours for as long as the line is open. */
static void
signals_take(struct line *l)
{
	struct sigaction sa = { .sa_handler = on_signal };
	size_t i;

	for (i = 0; i < NELEM(caught); i++) {
		/* Job control has no place on a console: those are ignored. */
		sa.sa_handler = caught[i] == SIGTSTP || caught[i] == SIGTTOU ||
		    caught[i] == SIGTTIN ? SIG_IGN : on_signal;
		sigaction(caught[i], &sa, &l->old[i]);
	}
}

static void
wake_drain(struct line *l)
{
	char chunk[64];

	while (read(l->wake[0], chunk, sizeof(chunk)) > 0)
		;
}

/* ---- completion keys ---------------------------------------------------- */

/* The text up to the cursor (caller's). */
static char *
before_cursor(void)
{
	return xstrndup(rl_line_buffer, (size_t)rl_point);
}

/* A list that nobody reads to its end costs seconds on a slow line. */
static bool
wants_list(struct line *l, const struct choices *c)
{
	int key;

	if (c->nr <= MANY_CHOICES)
		return true;
	fprintf(rl_outstream, _("%zu matches, show? [y/N] "), c->nr);
	fflush(rl_outstream);
	key = line_key(l, -1, -1);
	rl_crlf();
	fflush(rl_outstream);
	return key == 'y' || key == 'Y';
}

/* Print the list below the line, paged if it is long, and show the line
 * again.  Ctrl-C leaves the pages, not the line. */
static void
show_choices(struct line *l, const struct choices *c)
{
	struct buf b = {0};
	int columns, rows;

	line_size(&columns, &rows);
	rl_crlf();
	if (wants_list(l, c))
		choices_print(c, columns, &b);
	buf_puts(&b, "");
	fflush(rl_outstream);
	pager_show((char *)b.data, rows, columns, NULL, &l->interrupted);
	l->interrupted = l->hangup;
	rl_on_new_line();
	buf_free(&b);
}

/* Put the rest of the word in; a blank after it if it is the only one. */
static bool
insert_rest(const struct choices *c, size_t typed)
{
	size_t nr;
	char *common = choices_common(c, &nr);
	bool done = false;

	if (strlen(common) > typed) {
		rl_insert_text(common + typed);
		done = true;
	}
	/* Behind a folder the path goes on. */
	if (nr == 1 && (c->nr == 1 || typed > 0) &&
	    (*common == '\0' || common[strlen(common) - 1] != '/')) {
		rl_insert_text(" ");
		done = true;
	}
	free(common);
	return done;
}

static int
key_tab(int count, int key)
{
	struct line *l = the_line;
	struct choices c;
	char *text = before_cursor();
	size_t start;

	(void)count, (void)key;
	if (!l->hooks.complete(l->hooks.ctx, text, &c, &start)) {
		rl_ding();
		free(text);
		return 0;
	}
	if (c.nr == 0)
		rl_ding();
	else if (!insert_rest(&c, strlen(text) - start) &&
	    (rl_last_func == key_tab || c.nr == 1))
		show_choices(l, &c);
	choices_free(&c);
	free(text);
	return 0;
}

static int
key_help(int count, int key)
{
	struct line *l = the_line;
	struct choices c;
	char *text = before_cursor();
	size_t start;

	if (!l->hooks.complete(l->hooks.ctx, text, &c, &start)) {
		free(text);
		return rl_insert(count, key);	/* within quotes */
	}
	if (c.nr == 0)
		choices_shape(&c, "<cr>", _("Nothing fits here"));
	show_choices(l, &c);
	choices_free(&c);
	free(text);
	return 0;
}

/* In the keymap that is in force: vi has one for typing. */
static void
keys_bind(void)
{
	rl_bind_key('\t', key_tab);
	rl_bind_key('?', key_help);
}

/* ---- history ------------------------------------------------------------ */

/* Of all sessions of this person. */
static void
history_open(struct line *l)
{
	using_history();
	stifle_history(HISTORY_LINES);
	if (l->history)
		read_history(l->history);
}

void
line_history(struct line *l, const char *text)
{
	HIST_ENTRY *last = history_length > 0 ?
	    history_get(history_base + history_length - 1) : NULL;
	int fd;

	if (last && str_eq(last->line, text))
		return;
	add_history(text);
	if (l->history == NULL)
		return;
	/* Made by us, so that nobody else can read it, ever. */
	fd = open(l->history, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	fchmod(fd, 0600);
	close(fd);
	append_history(1, l->history);
}

/* ---- the line ----------------------------------------------------------- */

static void
on_line(char *text)
{
	struct line *l = the_line;

	/* Remove at once: commands run with the terminal as it was found. */
	rl_callback_handler_remove();
	l->editing = false;
	l->entered = text;
	l->eof = text == NULL;
}

struct line *
line_open(const struct line_hooks *hooks, const char *history)
{
	struct line *l = xcalloc(1, sizeof(*l));
	const char *term = getenv("TERM");

	l->hooks = *hooks;
	l->history = xstrdup(history);
	l->last_key = clock_ms();
	if (pipe2(l->wake, O_CLOEXEC | O_NONBLOCK) < 0)
		l->wake[0] = l->wake[1] = -1;
	tcgetattr(STDIN_FILENO, &l->found);
	the_line = l;
	signals_take(l);
	/* A serial line often says nothing of its terminal. */
	if (term == NULL || *term == '\0' || str_eq(term, "unknown") ||
	    str_eq(term, "network"))
		setenv("TERM", "vt100", 1);
	rl_readline_name = "sallyport";
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_initialize();
	keys_bind();
	history_open(l);
	return l;
}

/*
 * The line goes without having been entered.  Its undo list, which an entry of
 * the history may share, has to go with it: the next line would undo by it
 * what is no longer there.
 */
static void
edit_drop(struct line *l)
{
	if (!l->editing)
		return;
	rl_free_line_state();
	rl_replace_line("", 1);
	rl_callback_handler_remove();
	l->editing = false;
}

void
line_close(struct line *l)
{
	size_t i;

	if (l == NULL)
		return;
	edit_drop(l);
	if (l->history)
		history_truncate_file(l->history, HISTORY_LINES);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &l->found);
	/* After a hang-up the process goes on without a terminal: its signals
	 * stay harmless. */
	for (i = 0; !l->hangup && i < NELEM(caught); i++)
		sigaction(caught[i], &l->old[i], NULL);
	the_line = NULL;
	close(l->wake[0]);
	close(l->wake[1]);
	for (i = 0; i < l->nr_waiting; i++)
		free(l->waiting[i]);
	free(l->waiting);
	free(l->history);
	free(l->entered);
	free(l);
}

/* Ctrl-C: the line is dropped, shown as such. */
static void
drop_line(struct line *l)
{
	rl_callback_sigcleanup();
	/* Behind what was typed, before readline goes to column 0. */
	rl_point = rl_end;
	rl_redisplay();
	fputs("^C\n", rl_outstream);
	fflush(rl_outstream);
	edit_drop(l);
	l->interrupted = 0;
}

/* Hand the terminal to readline; what was printed must be out by then. */
static void
edit_begin(struct line *l, const char *prompt)
{
	if (l->editing)
		return;
	fflush(stdout);
	fflush(stderr);
	l->interrupted = 0;
	l->editing = true;
	rl_callback_handler_install(prompt, on_line);
}

/* What a wake-up means; LINE_TEXT: nothing, go on. */
static enum line_event
after_wake(struct line *l)
{
	wake_drain(l);
	if (l->resized) {
		l->resized = 0;
		l->columns = l->rows = 0;	/* now it does know */
		rl_resize_terminal();
	}
	if (l->hangup)
		return LINE_HANGUP;
	if (l->interrupted) {
		drop_line(l);
		return LINE_INTERRUPT;
	}
	return LINE_TEXT;
}

static enum line_event
after_enter(struct line *l, char **text)
{
	if (l->eof) {
		l->eof = false;
		if (line_hung_up(l))
			return LINE_HANGUP;
		fputc('\n', stdout);
		return LINE_EOF;
	}
	*text = l->entered;
	l->entered = NULL;
	return LINE_TEXT;
}

static void
read_key(struct line *l)
{
	l->last_key = clock_ms();
	l->idle_warned = false;
	rl_callback_read_char();
}

void
line_idle(struct line *l, int64_t ms)
{
	l->idle_ms = ms;
}

/* How long poll() may wait for a key; -1 = for ever. */
static int
idle_timeout(const struct line *l)
{
	int64_t left, warn = l->idle_ms / 2 < IDLE_WARN_MS ? l->idle_ms / 2 :
	    IDLE_WARN_MS;

	if (l->idle_ms == 0)
		return -1;
	left = l->last_key + l->idle_ms - clock_ms();
	if (!l->idle_warned)
		left -= warn;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* No key came in time: a warning first; true: it was the second time. */
static bool
is_idle(struct line *l)
{
	int64_t left = l->last_key + l->idle_ms - clock_ms();
	char *text;

	if (l->idle_ms == 0 || idle_timeout(l) > 0)
		return false;
	if (left <= 0 && l->idle_warned)
		return true;
	l->idle_warned = true;
	text = xasprintf(_("note: no key for a while; this session ends in "
	    "%lld s, tunnels go on"), (long long)((left + 999) / 1000));
	line_above(l, text);
	free(text);
	return false;
}

enum line_event
line_wait(struct line *l, const char *prompt, int fd, char **text)
{
	enum line_event ev;

	edit_begin(l, prompt);
	for (;;) {
		struct pollfd pfd[] = {
			{ .fd = l->wake[0], .events = POLLIN },
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = fd, .events = POLLIN },
		};

		if (poll(pfd, NELEM(pfd), idle_timeout(l)) < 0 &&
		    errno != EINTR)
			return LINE_HANGUP;
		ev = after_wake(l);
		if (ev != LINE_TEXT)
			return ev;
		if (pfd[1].revents & POLLIN)
			read_key(l);
		else if (pfd[1].revents)
			return LINE_HANGUP;
		if (!l->editing)
			return after_enter(l, text);
		if (pfd[2].revents)
			return LINE_OTHER;
		if (is_idle(l))
			return LINE_IDLE;
	}
}

void
line_begin(struct line *l)
{
	edit_drop(l);
	l->interrupted = l->hangup;
}

/* ---- beside the line ---------------------------------------------------- */

static void
wait_for_enter(struct line *l, const char *text)
{
	if (l->nr_waiting == WAITING_LINES) {
		free(l->waiting[0]);
		memmove(l->waiting, l->waiting + 1,
		    --l->nr_waiting * sizeof(*l->waiting));
		l->dropped++;
	}
	l->waiting = xrealloc(l->waiting, l->nr_waiting + 1,
	    sizeof(*l->waiting));
	l->waiting[l->nr_waiting++] = xstrdup(text);
}

void
line_above(struct line *l, const char *text)
{
	if (!l->editing) {
		printf("%s\n", text);
		fflush(stdout);
		return;
	}
	if (!line_can_erase()) {
		wait_for_enter(l, text);
		return;
	}
	rl_clear_visible_line();
	fprintf(rl_outstream, "%s\n", text);
	rl_on_new_line();
	rl_redisplay();
}

bool
line_flush(struct line *l)
{
	bool any = l->nr_waiting > 0;
	size_t i;

	if (l->dropped > 0)
		printf(_("[+%zu lines, show log]\n"), l->dropped);
	l->dropped = 0;
	for (i = 0; i < l->nr_waiting; i++) {
		printf("%s\n", l->waiting[i]);
		free(l->waiting[i]);
	}
	l->nr_waiting = 0;
	return any;
}

size_t
line_drop_pending(struct line *l)
{
	char chunk[512];
	int waiting = 0;
	size_t lines = 0;
	ssize_t n, i;

	(void)l;
	while (ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting > 0) {
		n = read(STDIN_FILENO, chunk, sizeof(chunk));
		if (n <= 0)
			break;
		for (i = 0; i < n; i++)
			lines += chunk[i] == '\n' || chunk[i] == '\r';
	}
	return lines;
}

/* Read bytes up to the end of the line in the terminal's own mode. */
static bool
read_answer(struct line *l, char *out, size_t size)
{
	size_t n = 0;
	int key;

	while ((key = line_key(l, -1, -1)) > 0 && key != '\n' && key != '\r') {
		if (key == 4 && n == 0)
			return false;
		if (n + 1 < size)
			out[n++] = (char)key;
	}
	out[n] = '\0';
	return key > 0;
}

/* The mode in which questions are answered: the terminal edits the line. */
static void
ask_mode(struct line *l)
{
	struct termios mode = l->found;

	mode.c_lflag |= ICANON | ISIG | ECHO;
	mode.c_iflag |= ICRNL;
	if (l->quiet)
		mode.c_lflag &= (tcflag_t)~ECHO;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

void
line_quiet(struct line *l, bool quiet)
{
	l->quiet = quiet;
	if (quiet)
		ask_mode(l);
	else
		tcsetattr(STDIN_FILENO, TCSADRAIN, &l->found);
}

char *
line_ask(struct line *l, const char *question)
{
	char *answer = xcalloc(1, ASK_MAX), *out = NULL;

	/* The mode first: an answer may be faster than the question. */
	ask_mode(l);
	fputs(question, stdout);
	fflush(stdout);
	if (read_answer(l, answer, ASK_MAX))
		out = xstrdup(answer);
	if (l->quiet || out == NULL)
		fputc('\n', stdout);
	if (!l->quiet)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &l->found);
	explicit_bzero(answer, ASK_MAX);
	free(answer);
	return out;
}

int
line_key(struct line *l, int fd, int timeout_ms)
{
	struct pollfd pfd[] = {
		{ .fd = l->wake[0], .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	unsigned char c;

	for (;;) {
		if (l->interrupted)
			return -1;
		if (poll(pfd, NELEM(pfd), timeout_ms) == 0)
			return 0;
		wake_drain(l);
		if (l->interrupted)
			return -1;
		if (pfd[1].revents & POLLIN)
			return read(STDIN_FILENO, &c, 1) == 1 ? c : -1;
		if (pfd[1].revents)
			return -1;
		if (pfd[2].revents)
			return 0;
	}
}

enum line_poll
line_poll(struct line *l, int fd, int timeout_ms)
{
	struct pollfd pfd[] = {
		{ .fd = l->wake[0], .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};

	if (l->hangup)
		return LINE_POLL_END;
	if (l->interrupted)
		return LINE_POLL_SIGNAL;
	if (poll(pfd, NELEM(pfd), timeout_ms) <= 0)
		return LINE_POLL_TIME;
	wake_drain(l);
	if (l->hangup)
		return LINE_POLL_END;
	if (pfd[0].revents)
		return LINE_POLL_SIGNAL;
	if (pfd[1].revents & POLLIN)
		return LINE_POLL_KEY;
	if (pfd[1].revents)
		return LINE_POLL_END;
	return LINE_POLL_OTHER;
}

void
line_raw(struct line *l, bool raw)
{
	struct termios mode = l->found;

	if (raw) {
		mode.c_lflag &= (tcflag_t)~(ICANON | ECHO);
		mode.c_cc[VMIN] = 1;
		mode.c_cc[VTIME] = 0;
	}
	tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}
