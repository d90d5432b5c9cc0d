/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The menus: begin and end, the main menu, and the commands that pages run.
 *
 * A command prints on standard output and error, as ever; while it runs for a
 * menu both are turned aside into a file in memory, and the screen goes on by
 * a descriptor of its own.  So no command has to know of menus.
 */
#include "shell/menu/menu.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/client.h"
#include "conf/model.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/line.h"
#include "shell/menu/pages.h"

#define LOOK_MS 60000		/* how often the clock is looked at */

/* ---- messages ----------------------------------------------------------- */

void
menu_note(struct menu *m, enum scr_role role, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->note, sizeof(m->note), fmt, ap);
	va_end(ap);
	m->note_role = role;
}

void
menu_error(struct menu *m, const struct sp_error *err)
{
	menu_note(m, ROLE_BAD, _("error: %s"), err->text);
}

/* "gw1  2 changes *  !9:41" */
static void
state_text(const struct menu *m, struct buf *b)
{
	const struct candidate *c = &m->sh->cand;
	int64_t left = (m->sh->confirm - clock_ms() + 999) / 1000;
	size_t nr;

	if (m->sh->confirm != 0 && left > 0)
		buf_printf(b, _("confirm in %d:%02d  "), (int)(left / 60),
		    (int)(left % 60));
	if (cand_dirty(c)) {
		nr = cand_changes(c);
		buf_printf(b, nr == 1 ? _("%zu change *") :
		    _("%zu changes *"), nr);
	} else {
		buf_puts(b, m->sh->host);
	}
	buf_puts(b, " ");
}

void
menu_frame(struct menu *m, const char *title, const char *text,
    const char *keys)
{
	struct buf b = {0};

	state_text(m, &b);
	scr_title(m->scr, title, (char *)b.data);
	if (m->note[0] != '\0')
		scr_message(m->scr, m->note, m->note_role);
	else
		scr_message(m->scr, text, ROLE_PLAIN);
	scr_keys(m->scr, keys);
	buf_free(&b);
}

/* ---- keys and events ---------------------------------------------------- */

/* Take in what the engine reported; true if there was something. */
static bool
take_events(struct menu *m)
{
	struct shell *sh = m->sh;
	bool closed = false, any = false;
	struct sp_error err = {0};
	struct buf b = {0};
	json_t *ev;

	while ((ev = client_event(sh->client, &closed)) != NULL) {
		buf_reset(&b);
		any = true;
		m->stale |= str_eq(jstr(ev, "event"), "config");
		if (monitor_line(sh, ev, &b) &&
		    !str_eq(jstr(ev, "event"), "log"))
			menu_note(m, ROLE_PLAIN, "%s", (char *)b.data);
		json_decref(ev);
	}
	buf_free(&b);
	m->changed += any;
	if (m->stale && !m->editing && !cand_dirty(&sh->cand)) {
		m->stale = false;
		if (session_refresh(sh, &err) < 0)
			menu_error(m, &err);
	}
	if (closed) {
		sh->gone = true;
		m->leave = true;
	}
	return any || closed;
}

/* Is nobody there any more: the session ends as at the prompt. */
static bool
idle(struct menu *m)
{
	int64_t limit = session_idle_limit(m->sh);

	if (limit <= 0 || clock_ms() - m->last_key < limit)
		return false;
	m->leave = true;
	m->sh->quit = true;
	return true;
}

/* One key or event for the page, after what is the same on every page. */
static int
common_key(struct menu *m, int key, bool typing)
{
	if (key == K_HANGUP) {
		m->leave = true;
		return K_ESC;
	}
	if (key == K_INTERRUPT)
		return K_ESC;
	if (key == K_CTRL('l')) {
		scr_redraw(m->scr);
		return K_RESIZE;
	}
	if (key == '!' && !typing) {
		m->leave = true;
		return K_ESC;
	}
	if (key == K_COMMANDS && !typing) {
		commands_show(m, m->sh->cand.base);
		return K_RESIZE;
	}
	return key;
}

int
menu_key(struct menu *m, int timeout_ms, bool typing)
{
	int wait = timeout_ms, key;

	if (m->leave)
		return K_ESC;
	if (wait < 0 || wait > LOOK_MS)
		wait = LOOK_MS;
	key = scr_key(m->scr, client_fd(m->sh->client), wait);
	if (idle(m))
		return K_ESC;
	if (key == K_EVENT) {
		take_events(m);
		return m->leave ? K_ESC : K_EVENT;
	}
	if (key == K_NONE || key == K_RESIZE)
		return key;
	m->last_key = clock_ms();
	m->note[0] = '\0';
	return common_key(m, key, typing);
}

/* ---- commands ----------------------------------------------------------- */

static char
ask_for_command(void *ctx, const char *question, const char *keys)
{
	return win_ask(ctx, question, keys);
}

static bool
busy(void *ctx)
{
	struct menu *m = ctx;

	return scr_busy(m->scr);
}

/* Everything that was written to the file. */
static void
read_back(int fd, struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_bytes(out, chunk, (size_t)n);
}

/* run_text() with standard output and error in a file of memory. */
static enum shell_status
run_aside(struct menu *m, const char *text, struct buf *out)
{
	int aside = memfd_create("menu", MFD_CLOEXEC);
	int saved_out = dup(STDOUT_FILENO), saved_err = dup(STDERR_FILENO);
	enum shell_status status = SHELL_FAILED;

	if (aside >= 0 && saved_out >= 0 && saved_err >= 0) {
		fflush(NULL);
		dup2(aside, STDOUT_FILENO);
		dup2(aside, STDERR_FILENO);
		status = run_text(m->sh, text, -1, NULL);
		fflush(stdout);
		fflush(stderr);
		dup2(saved_out, STDOUT_FILENO);
		dup2(saved_err, STDERR_FILENO);
		read_back(aside, out);
	}
	if (aside >= 0)
		close(aside);
	if (saved_out >= 0)
		close(saved_out);
	if (saved_err >= 0)
		close(saved_err);
	buf_puts(out, "");
	return status;
}

static __attribute__((format(printf, 3, 0))) bool
run_format(struct menu *m, struct buf *out, const char *fmt, va_list ap)
{
	enum shell_status status;
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	line_begin(m->sh->line);
	status = run_aside(m, text, out);
	line_begin(m->sh->line);
	if (m->sh->gone)
		m->leave = true;
	return status == SHELL_OK;
}

bool
menu_run(struct menu *m, struct buf *out, const char *fmt, ...)
{
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	ok = run_format(m, out, fmt, ap);
	va_end(ap);
	return ok;
}

bool
menu_do(struct menu *m, const char *title, const char *fmt, ...)
{
	struct buf out = {0};
	char *text, *end;
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	ok = run_format(m, &out, fmt, ap);
	va_end(ap);
	text = (char *)out.data;
	end = strchr(text, '\n');
	if (end != NULL && end[1] == '\0') {
		*end = '\0';
		end = NULL;
	}
	if (end == NULL && strlen(text) < (size_t)scr_columns(m->scr))
		menu_note(m, ok ? ROLE_GOOD : ROLE_BAD, "%s", text);
	else
		win_text(m, title, text);
	buf_free(&out);
	return ok;
}

bool
menu_act(struct menu *m, const char *title, const char *fmt, ...)
{
	struct buf out = {0};
	char *text, *last;
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	ok = run_format(m, &out, fmt, ap);
	va_end(ap);
	text = (char *)out.data;
	while (out.len > 0 && text[out.len - 1] == '\n')
		text[--out.len] = '\0';
	last = strrchr(text, '\n');
	if (ok)
		menu_note(m, ROLE_GOOD, "%s", last != NULL ? last + 1 : text);
	else if (last == NULL && strlen(text) < (size_t)scr_columns(m->scr))
		menu_note(m, ROLE_BAD, "%s", text);
	else
		win_text(m, title, text);
	buf_wipe(&out);
	return ok;
}

/* ---- the main menu ------------------------------------------------------ */

static void
open_networks(struct menu *m)
{
	page_children(m, "", "vpn-network");
}

static void
open_monitor(struct menu *m)
{
	page_monitor(m, NULL);
}

static void
open_log(struct menu *m)
{
	page_log(m, NULL);
}

static void
open_objects(struct menu *m)
{
	page_object(m, "");
}

static void
open_system(struct menu *m)
{
	page_object(m, "system");
}

static void
open_shell(struct menu *m)
{
	m->leave = true;
}

static const struct main_row {
	const char *label, *about;
	void (*open)(struct menu *m);
	const char *same;	/* equal command */
} main_rows[] = {
	{ N_("VPN networks"), N_("addresses, power, IPsec, tunnels"),
	  open_networks, "show networks" },
	{ N_("Tunnels"), N_("live view: connect, disconnect, why down"),
	  open_monitor, "monitor" },
	{ N_("Everything"), N_("all objects: rules, routes, certificates"),
	  open_objects, "show configuration" },
	{ N_("Log"), N_("what the engine has recorded"), open_log,
	  "show log" },
	{ N_("Wizard"), N_("a few questions lead to a tunnel"),
	  page_wizard, "wizard" },
	{ N_("Configuration"), N_("changes, commit, history, roll back"),
	  page_config, "compare" },
	{ N_("System"), N_("settings of the engine"), open_system,
	  "show system" },
	{ N_("Command line"), N_("leave the menus; \"menu\" comes back"),
	  open_shell, "" },
};

static size_t
main_count(struct list *l)
{
	(void)l;
	return NELEM(main_rows);
}

static void
main_row(struct list *l, size_t i, struct buf *b, enum scr_role *role)
{
	(void)l, (void)role;
	buf_printf(b, "%zu  ", i + 1);
	buf_puts(b, _(main_rows[i].label));
	if (scr_columns(l->m->scr) >= 60)
		buf_printf(b, "\t%s", _(main_rows[i].about));
}

static void
main_about(struct list *l, size_t i, struct buf *b)
{
	if (scr_columns(l->m->scr) < 60)
		buf_puts(b, _(main_rows[i].about));
	else if (*main_rows[i].same)
		buf_printf(b, _("same as: %s"), main_rows[i].same);
}

static void
main_key(struct list *l, int key)
{
	if (key == K_ENTER || key == K_RIGHT)
		main_rows[l->at].open(l->m);
}

static void
main_menu(struct menu *m)
{
	struct list l = {
		.m = m, .title = "sallyport", .jump = true,
		.keys = _("Enter open  F1 help  F2 commands  ! shell  q quit"),
		.topic = "menu", .count = main_count, .row = main_row,
		.about = main_about, .key = main_key,
	};

	list_run(&l);
}

/* ---- begin and end ------------------------------------------------------ */

/* Take the terminal, show a page, give it back. */
static int
with_screen(struct shell *sh, void (*page)(struct menu *m),
    struct sp_error *err)
{
	struct menu m = { .sh = sh, .last_key = clock_ms() };
	char **edit = sh->edit;
	size_t nr_edit = sh->nr_edit;
	int ret;

	ret = scr_open(&m.scr, sh->line, err);
	if (ret < 0)
		return ret;
	/* Paths of menus begin at the top. */
	sh->edit = NULL;
	sh->nr_edit = 0;
	sh->asker = ask_for_command;
	sh->asker_ctx = &m;
	client_on_wait(sh->client, busy, &m);
	take_events(&m);
	page(&m);
	client_on_wait(sh->client, NULL, NULL);
	sh->asker = NULL;
	sh->edit = edit;
	sh->nr_edit = nr_edit;
	scr_close(m.scr);
	/* What its commands left is none of the output of "menu". */
	buf_wipe(&sh->out);
	json_decref(sh->result);
	sh->result = NULL;
	if (sh->quit)
		session_end_idle(sh);
	return 0;
}

/* On a terminal without a cursor the questions of the wizard come line by
 * line, as they do for screen readers. */
int
cmd_menu(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	int ret = with_screen(sh, main_menu, err);

	if (ret != SP_UNSUPPORTED)
		return ret;
	report_note(sh, _("note: %s The wizard asks line by line; every menu "
	    "has a command that does the same: help"), err->text);
	memset(err, 0, sizeof(*err));
	return cmd_wizard(sh, cl, err);
}

static void
only_monitor(struct menu *m)
{
	page_monitor(m, NULL);
}

int
cmd_monitor(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	int ret = with_screen(sh, only_monitor, err);

	(void)cl;
	if (ret == SP_UNSUPPORTED)
		sp_hint(err, "show tunnels");
	return ret;
}
