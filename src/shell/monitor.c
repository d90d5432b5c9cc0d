/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What happens meanwhile: events of the engine as lines above the prompt, or
 * as a stream until q or Ctrl-C.  A flood is cut down to what the line can
 * carry, with a count of what was left out; the engine itself cuts off a
 * reader that does not keep up.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/client.h"
#include "conf/text.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/line.h"

#define LINES_A_SECOND 20
#define LOOK_MS 500		/* how often -c looks for Ctrl-C */

/* ---- records ------------------------------------------------------------ */

/* "14:02:07" of an RFC 3339 time; the whole text if it is none. */
static void
print_clock(struct buf *b, const char *time)
{
	const char *t = strchr(time, 'T');

	if (t && strlen(t) >= 9)
		buf_printf(b, "%.8s", t + 1);
	else
		buf_puts(b, time);
}

/* "14:02:07 INF child-rekeyed branch/hq child: lan": a person finds the event
 * word in the documentation, a script matches it. */
void
monitor_record(struct buf *b, const json_t *record)
{
	static const struct {
		const char *level, *word;
	} words[] = {
		{ "error", "ERR" }, { "warning", "WRN" }, { "notice", "NTC" },
		{ "info", "INF" }, { "debug", "DBG" },
	};
	static const char *const names[] = { "event", "tunnel" };
	const char *level = jstr(record, "level"), *name;
	size_t i;

	print_clock(b, jstr(record, "time"));
	for (i = 0; i < NELEM(words); i++) {
		if (str_eq(words[i].level, level))
			buf_printf(b, " %s", words[i].word);
	}
	for (i = 0; i < NELEM(names); i++) {
		name = jstr(record, names[i]);
		if (*name == '\0')
			continue;
		buf_puts(b, " ");
		str_safe(b, name, strlen(name));
	}
	buf_puts(b, " ");
	jprint(b, jget(record, "text"));
	buf_puts(b, "");
}

/* ---- above the prompt --------------------------------------------------- */

/* Commits, of others and as they end. */
static bool
config_line(struct shell *sh, const json_t *data, struct buf *b)
{
	int64_t revision = jint(data, "revision", 0);

	sh->confirm = session_deadline(jget(data, "confirm"));
	if (str_eq(jstr(data, "what"), "confirmed")) {
		buf_printf(b, _("note: revision %lld was confirmed"),
		    (long long)revision);
		return true;
	}
	if (revision == (int64_t)sh->cand.revision || revision == 0)
		return false;
	if (str_eq(jstr(data, "what"), "returned"))
		buf_printf(b, _("note: the last commit was not confirmed in "
		    "time and is taken back (revision %lld)"),
		    (long long)revision);
	else
		buf_printf(b, _("note: %s committed revision %lld"),
		    *jstr(data, "who") ? jstr(data, "who") : _("somebody"),
		    (long long)revision);
	if (cand_dirty(&sh->cand))
		buf_printf(b, _("; your edits come from %u"),
		    sh->cand.revision);
	return true;
}

/* "note: branch/hq/lan is down: The peer does not answer."  Rekeying is
 * everyday business, and the log above the prompt says all this itself. */
static bool
state_line(const struct shell *sh, const json_t *data, struct buf *b)
{
	static const struct {
		const char *what, *text;
	} rows[] = {
		{ "up", N_("is up") }, { "down", N_("is down") },
		{ "failed", N_("has failed") },
		{ "gave-up", N_("has failed for good") },
		{ "on", N_("is switched on") }, { "off", N_("is switched off") },
		{ "error", N_("cannot work") },
	};
	static const char *const names[] = { "network", "phase1", "phase2" };
	const char *what = jstr(data, "what"), *part;
	size_t i, row;

	for (row = 0; row < NELEM(rows); row++) {
		if (str_eq(rows[row].what, what))
			break;
	}
	if (row == NELEM(rows) || sh->follow)
		return false;
	buf_puts(b, _("note: "));
	for (i = 0; i < NELEM(names); i++) {
		part = jstr(data, names[i]);
		buf_puts(b, i > 0 && *part ? "/" : "");
		str_safe(b, part, strlen(part));
	}
	buf_printf(b, " %s", _(rows[row].text));
	part = jstr(data, "reason.text");
	if (*part) {
		buf_puts(b, ": ");
		jprint(b, jget(data, "reason.text"));
	}
	buf_puts(b, "");
	return true;
}

bool
monitor_line(struct shell *sh, const json_t *ev, struct buf *b)
{
	const char *topic = jstr(ev, "event");
	const json_t *data = jget(ev, "data");

	if (str_eq(topic, "log")) {
		monitor_record(b, data);
		return true;
	}
	if (str_eq(topic, "config"))
		return config_line(sh, data, b);
	/* The answer to one's own command has said it. */
	return str_eq(topic, "state") && !sh->acted &&
	    state_line(sh, data, b);
}

void
monitor_drain(struct shell *sh)
{
	struct buf b = {0};
	struct sp_error err = {0};
	bool closed = false, stale = false;
	size_t shown = 0, left_out = 0;
	json_t *ev;

	while ((ev = client_event(sh->client, &closed)) != NULL) {
		buf_reset(&b);
		if (monitor_line(sh, ev, &b)) {
			if (shown++ < LINES_A_SECOND)
				line_above(sh->line, (char *)b.data);
			else
				left_out++;
		}
		stale |= str_eq(jstr(ev, "event"), "config");
		json_decref(ev);
	}
	/* Without edits there is nothing to hold on to: follow. */
	if (stale && !cand_dirty(&sh->cand) &&
	    session_refresh(sh, &err) < 0)
		report_error(sh, NULL, -1, &err);
	if (left_out > 0) {
		buf_reset(&b);
		buf_printf(&b, _("[+%zu lines, show log]"), left_out);
		line_above(sh->line, (char *)b.data);
	}
	buf_free(&b);
	sh->acted = false;
	if (closed)
		sh->gone = true;
}

/* ---- monitor log -------------------------------------------------------- */

static int
subscribe(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const struct cmd_arg *level = cmd_arg(cl, "level");

	return sh_call(sh, "subscribe", json_pack("{s:[s, s], s:s}",
	    "topics", "log", "config", "level",
	    level ? (level + 1)->tok->text : "info"), NULL, err);
}

/* Back to what the prompt always listens to. */
static int
unsubscribe(struct shell *sh, struct sp_error *err)
{
	int ret = sh_call(sh, "unsubscribe", NULL, NULL, err);

	if (ret == 0 && sh_interactive(sh))
		ret = monitor_listen(sh, err);
	return ret;
}

int
monitor_listen(struct shell *sh, struct sp_error *err)
{
	return sh_call(sh, "subscribe", json_pack("{s:[s, s]}", "topics",
	    "config", "state"), NULL, err);
}

static void
put_event(struct shell *sh, const json_t *ev)
{
	struct buf b = {0};

	if (!str_eq(jstr(ev, "event"), "log"))
		return;
	if (sh->json) {
		json_dumpf(jget(ev, "data"), stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		monitor_record(&b, jget(ev, "data"));
		printf("%s\n", (char *)b.data);
	}
	buf_free(&b);
}

/* Wait for an event or, at a prompt, a key: its code, 0, or -1. */
static int
wait_key(struct shell *sh)
{
	struct pollfd pfd = { .fd = client_fd(sh->client), .events = POLLIN };

	if (sh->line)
		return line_key(sh->line, pfd.fd, LOOK_MS);
	poll(&pfd, 1, LOOK_MS);
	return 0;
}

/* Print events until a key q, Ctrl-C, or the end of the connection. */
static int
stream(struct shell *sh, struct sp_error *err)
{
	bool closed = false;
	json_t *ev;
	int key = 0;

	while (key >= 0 && key != 'q' && !*sh->interrupted) {
		while ((ev = client_event(sh->client, &closed)) != NULL) {
			put_event(sh, ev);
			json_decref(ev);
		}
		if (fflush(stdout) != 0)
			return sp_fail(err, SP_SYSTEM,
			    _("The output was closed."));
		if (closed) {
			sh->gone = true;
			return sp_fail(err, SP_NOTFOUND,
			    _("The engine has closed the connection."));
		}
		key = wait_key(sh);
	}
	return 0;
}

int
cmd_monitor_log(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	bool on = cmd_has(cl, "on"), off = cmd_has(cl, "off");
	int ret;

	if ((on || off) && !sh_interactive(sh))
		return sp_fail(err, SP_STATE, _("\"monitor log on\" works at "
		    "the prompt only."));
	if (off) {
		sh->follow = false;
		return unsubscribe(sh, err);
	}
	ret = subscribe(sh, cl, err);
	if (ret < 0 || on) {
		sh->follow = ret == 0;
		return ret;
	}
	if (sh_interactive(sh)) {
		printf(_("Log of the engine; q or Ctrl-C ends it.\n"));
		line_raw(sh->line, true);
	}
	ret = stream(sh, err);
	if (sh_interactive(sh))
		line_raw(sh->line, false);
	if (ret == 0 && !sh->follow)
		ret = unsubscribe(sh, err);
	return ret;
}
