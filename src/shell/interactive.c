/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The interactive session: banner, draft of an earlier session, prompt, and
 * the ways to end.  Losing the terminal never loses edits: they go to the
 * engine as a draft, and the engine goes on.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/client.h"
#include "conf/model.h"
#include "conf/text.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/complete.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/line.h"
#include "shell/path.h"
#include "shell/table.h"

#define PROMPT_MAX 30		/* columns */
#define HISTORY_FILE ".sallyport_history"

/* ---- prompt ------------------------------------------------------------- */

/* Cut the middle out of text so that it takes columns at most. */
static char *
cut_middle(const char *text, size_t columns)
{
	size_t len = strlen(text), head = columns / 2;
	size_t tail = columns - head - 1;

	if (len <= columns)
		return xstrdup(text);
	return xasprintf("%.*s~%s", (int)head, text, text + len - tail);
}

/* "!9:41": until a commit that waits for its confirmation returns. */
static void
print_left(const struct shell *sh, char out[16])
{
	int64_t left = (sh->confirm - clock_ms() + 999) / 1000;

	out[0] = '\0';
	if (sh->confirm != 0)
		snprintf(out, 16, "!%d:%02d", left > 0 ? (int)(left / 60) : 0,
		    left > 0 ? (int)(left % 60) : 0);
}

/* "gw1> ", "gw1*> ", "gw1 /branch/hq*> ", "gw1!9:41> " (caller's). */
static char *
prompt_text(struct shell *sh, bool dirty)
{
	char *label = path_edit_label(sh), *cut, *out, left[16];
	size_t room = PROMPT_MAX - strlen(sh->host) - 4;

	print_left(sh, left);
	cut = cut_middle(label, room - strlen(left));
	out = xasprintf("%s%s%s%s%s> ", sh->host, *cut ? " " : "", cut,
	    dirty ? "*" : "", left);
	free(cut);
	free(label);
	return out;
}

/* ---- begin -------------------------------------------------------------- */

/* Print a sentence so that no word is broken. */
static void
say(const struct shell *sh, const char *text)
{
	struct buf b = {0};
	int width = sh_width(sh);

	text_wrap(&b, text, width > 0 ? (size_t)width : 0, 2);
	puts((char *)b.data);
	buf_free(&b);
}

/* In ASCII: a console may know no other letters. */
static void
banner(struct shell *sh)
{
	const char *why = jstr(sh->hello, "data_plane_why");
	const char *plane = jstr(sh->hello, "data_plane");
	struct buf b = {0};

	if (sh->p->quiet)
		return;
	buf_printf(&b, sh->p->in_process ?
	    _("sallyport %s - engine in this process, data plane: %s") :
	    _("sallyport %s - attached to the engine, data plane: %s"),
	    jstr(sh->hello, "program"),
	    str_eq(plane, "user") ? _("userspace") : plane);
	if (*why)
		buf_printf(&b, " (%s)", why);
	say(sh, (char *)b.data);
	buf_free(&b);
	if (*jstr(sh->hello, "notice"))
		say(sh, jstr(sh->hello, "notice"));
	if (jint(sh->hello, "networks", 0) == 0)
		say(sh, _("No configuration yet. Type 'wizard' to be led "
		    "through a first tunnel, or '?' for commands."));
	if (!str_eq(jstr(sh->hello, "role"), "administrator"))
		printf(_("Your role is %s.\n"), jstr(sh->hello, "role"));
}

/* A serial line does not know the size of what is at its other end. */
static void
size_ask(struct shell *sh)
{
	struct winsize ws = {0};
	int columns, rows;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) < 0 || ws.ws_col > 0)
		return;
	if (line_can_erase() && term_ask_size(&columns, &rows))
		line_set_size(sh->line, columns, rows);
}

/* Put the draft in place of the candidate, with its secrets. */
static int
draft_restore(struct shell *sh, const json_t *draft, struct sp_error *err)
{
	struct conf_tree *tree;
	size_t nr;
	int ret;

	ret = conf_parse(&tree, jstr(draft, "text"), err);
	if (ret < 0)
		return ret;
	cand_replace(&sh->cand, tree);
	cand_secrets_load(&sh->cand, jget(draft, "secrets"));
	nr = cand_changes(&sh->cand);
	printf(nr == 1 ? _("Restored: %zu change. See: compare\n") :
	    _("Restored: %zu changes. See: compare\n"), nr);
	return 0;
}

/* Offer what an earlier session of this person left. */
static void
draft_offer(struct shell *sh)
{
	struct sp_error err = {0};
	json_t *draft = NULL;
	char answer = 'k';

	if (sh_call(sh, "draft.load", NULL, &draft, &err) < 0 ||
	    !json_is_string(jget(draft, "text"))) {
		json_decref(draft);
		return;
	}
	answer = sh_ask(sh, _("A draft of uncommitted changes was kept: "
	    "restore, drop, keep for later? [r] "), "rdk");
	if (answer == 'r' && !sh->hangup &&
	    draft_restore(sh, draft, &err) < 0)
		report_error(sh, NULL, -1, &err);
	if (answer != 'k' && err.code == SP_OK)
		sh_call(sh, "draft.drop", NULL, NULL, &err);
	json_decref(draft);
}

/* ---- end ---------------------------------------------------------------- */

/* What to do with uncommitted edits; false: stay. */
static bool
settle_candidate(struct shell *sh, struct sp_error *err)
{
	struct cmd_line commit = {0};
	char *question, answer;
	size_t nr;
	int ret = 0;

	if (!cand_dirty(&sh->cand))
		return true;
	nr = cand_changes(&sh->cand);
	question = xasprintf(nr == 1 ?
	    _("%zu change not committed: commit, keep as draft, discard, "
	    "stay? [k] ") :
	    _("%zu changes not committed: commit, keep as draft, discard, "
	    "stay? [k] "), nr);
	answer = sh_ask(sh, question, "kcds");
	free(question);
	if (answer == 's')
		return false;
	if (answer == 'k')
		ret = session_keep_draft(sh, err);
	if (answer == 'c')
		ret = cmd_commit(sh, &commit, err);
	return ret == 0;
}

/* Tunnels that are up by the engine's own count; 0 if it cannot say. */
static int64_t
tunnels_up(struct shell *sh)
{
	struct sp_error err = {0};
	json_t *hello = NULL;
	int64_t up;

	if (sh_call(sh, "hello", json_pack("{s:i}", "version", 1), &hello,
	    &err) < 0)
		return 0;
	up = jint(hello, "tunnels_up", 0);
	json_decref(hello);
	return up;
}

/* An engine in this process ends with it, unless it is left running. */
static bool
settle_engine(struct shell *sh)
{
	int64_t up = sh->p->in_process ? tunnels_up(sh) : 0;
	char *question, answer;

	sh->end = SHELL_END_EXIT;
	if (up == 0)
		return true;
	question = xasprintf(up == 1 ?
	    _("%lld tunnel is up: leave it running, stop it, here again? "
	    "[l] ") :
	    _("%lld tunnels are up: leave them running, stop them, here "
	    "again? [l] "), (long long)up);
	answer = sh->p->yes ? 'l' : sh_ask(sh, question, "lsh");
	free(question);
	if (answer == 'l')
		sh->end = SHELL_END_DETACH;
	return answer != 'h';
}

int
cmd_exit(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	(void)cl;
	if (!sh_interactive(sh)) {
		sh->quit = true;
		return 0;
	}
	/* Inside a block, leaving means the block?  No: up and top do that;
	 * exit always leaves the shell. */
	if (settle_candidate(sh, err) && settle_engine(sh))
		sh->quit = true;
	return err->code;
}

/* ---- the loop ----------------------------------------------------------- */

static bool
complete(void *ctx, const char *text, struct choices *out, size_t *start)
{
	return complete_line(ctx, text, out, start);
}

static void
run_line(struct shell *sh, const char *text, int prompt)
{
	size_t unrun, dropped = 0;
	enum shell_status status;

	line_begin(sh->line);
	status = run_text(sh, text, prompt, &unrun);
	/* A paste that came without brackets: what follows an error would be
	 * run in the wrong place. */
	if (status != SHELL_OK)
		dropped = line_drop_pending(sh->line);
	if (unrun + dropped > 0)
		fprintf(stderr, unrun + dropped == 1 ?
		    _("note: %zu further command was not run\n") :
		    _("note: %zu further commands were not run\n"),
		    unrun + dropped);
}

/* Remember the line, without secrets, and run it. */
static void
take_line(struct shell *sh, const char *text, int prompt)
{
	char *masked, *flat;
	size_t i;

	/* What is printed now parts the line from a caret. */
	if (line_flush(sh->line))
		prompt = -1;
	if (text[strspn(text, " \t\n")] == '\0')
		return;
	masked = report_masked(text);
	flat = masked;
	for (i = 0; flat[i]; i++)
		flat[i] = flat[i] == '\n' ? ';' : flat[i];
	line_history(sh->line, flat);
	free(masked);
	run_line(sh, text, prompt);
}

/* Nobody is there any more: edits are kept as on a hang-up. */
void
session_end_idle(struct shell *sh)
{
	struct sp_error err = {0};

	line_begin(sh->line);
	fputs(_("\nLogged out: no key was pressed; tunnels go on.\n"),
	    stdout);
	if (cand_dirty(&sh->cand) && session_keep_draft(sh, &err) == 0)
		fputs(_("Uncommitted changes are kept as a draft.\n"),
		    stdout);
	sh->end = SHELL_END_DETACH;
	sh->quit = true;
}

/* What runs decides how long a session may be idle. */
int64_t
session_idle_limit(const struct shell *sh)
{
	const struct conf_node *sys;

	sys = conf_child(conf_root(sh->cand.base), "system", NULL);
	return sys != NULL ? conf_duration(sys, "inactivity-logout") * 1000 :
	    0;
}

/* Others see in "show sessions" that somebody edits. */
static void
tell_edits(struct shell *sh, size_t edits)
{
	struct sp_error err = {0};

	if (edits == sh->told_edits)
		return;
	sh->told_edits = edits;
	(void)sh_call(sh, "session.note", json_pack("{s:I}", "edits",
	    (json_int_t)edits), NULL, &err);
}

static void
handle(struct shell *sh, enum line_event ev, char *text, int prompt)
{
	struct sp_error err = {0};
	struct cmd_line none = {0};

	switch (ev) {
	case LINE_TEXT:
		take_line(sh, text, prompt);
		break;
	case LINE_EOF:
		line_begin(sh->line);
		cmd_exit(sh, &none, &err);
		if (err.code != SP_OK)
			report_error(sh, NULL, -1, &err);
		break;
	case LINE_INTERRUPT:
		break;
	case LINE_HANGUP:
		sh->hangup = true;
		break;
	case LINE_OTHER:
		monitor_drain(sh);
		break;
	case LINE_IDLE:
		session_end_idle(sh);
		break;
	}
}

static void
loop(struct shell *sh)
{
	size_t edits;
	bool dirty;
	char *prompt = NULL, *text;
	enum line_event ev = LINE_TEXT;

	while (!sh->quit && !sh->hangup && !sh->gone) {
		/* The prompt on the screen stays while events come. */
		if (ev != LINE_OTHER) {
			/* Those that came while a command waited for its
			 * reply are read already: poll would not see them. */
			monitor_drain(sh);
			dirty = cand_count(&sh->cand, &edits);
			tell_edits(sh, edits);
			free(prompt);
			prompt = prompt_text(sh, dirty);
			line_idle(sh->line, session_idle_limit(sh));
		}
		text = NULL;
		ev = line_wait(sh->line, prompt, client_fd(sh->client), &text);
		handle(sh, ev, text, (int)text_width(prompt));
		if (text)
			explicit_bzero(text, strlen(text));
		free(text);
		sh->hangup |= line_hung_up(sh->line);
	}
	free(prompt);
}

static char *
history_path(void)
{
	const char *home = getenv("HOME");
	struct passwd *pw;

	if (home == NULL || *home != '/') {
		pw = getpwuid(getuid());
		home = pw ? pw->pw_dir : NULL;
	}
	return home ? xasprintf("%s/%s", home, HISTORY_FILE) : NULL;
}

/* The terminal is gone: nothing may be written to it any more. */
static void
end_hangup(struct shell *sh)
{
	struct sp_error err = {0};

	line_begin(sh->line);
	/* The call to the engine is not to be cut short by the hang-up. */
	sh->interrupted = &sh->never;
	if (cand_dirty(&sh->cand))
		session_keep_draft(sh, &err);
	sh->end = line_terminated(sh->line) ? SHELL_END_EXIT :
	    SHELL_END_HANGUP;
}

enum shell_end
shell_interactive(const struct shell_params *p)
{
	struct shell sh = {0};
	struct line_hooks hooks = { .complete = complete, .ctx = &sh };
	struct sp_error err = {0};
	char *history;

	sh.undoable = true;
	if (session_open(&sh, p, &err) < 0 ||
	    session_need_candidate(&sh, &err) < 0) {
		report_error(&sh, NULL, -1, &err);
		session_close(&sh);
		return SHELL_END_EXIT;
	}
	history = history_path();
	sh.line = line_open(&hooks, history);
	free(history);
	sh.interrupted = line_interrupted(sh.line);
	size_ask(&sh);
	banner(&sh);
	if (sh.confirm != 0)
		say(&sh, _("The last commit waits for \"confirm\", or the "
		    "former configuration returns."));
	draft_offer(&sh);
	if (monitor_listen(&sh, &err) < 0)
		report_error(&sh, NULL, -1, &err);
	if (p->menu)
		run_line(&sh, "menu", -1);
	loop(&sh);
	if (sh.hangup)
		end_hangup(&sh);
	else if (sh.gone)
		fputs(_("\nThe engine has ended; so does this shell.\n"),
		    stderr);
	line_close(sh.line);
	session_close(&sh);
	return sh.end;
}
