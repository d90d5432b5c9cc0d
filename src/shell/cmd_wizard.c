/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The wizard of the command line: one question a line, so that it works on
 * any terminal, TERM=dumb too.  Enter takes the answer in brackets, "?"
 * explains, "back" goes back, Ctrl-C ends it with nothing changed.  What it
 * made is shown as commands before the commit, and what the other side has to
 * be told after it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/text.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/line.h"
#include "shell/secretin.h"
#include "shell/table.h"
#include "shell/wizard.h"

#define CONNECT_MS 20000
#define POWER_MS 10000

/* ---- asking ------------------------------------------------------------- */

static void
print(const struct shell *sh, const char *text)
{
	struct buf b = {0};
	int width = sh_width(sh);

	text_wrap(&b, text, width > 0 ? (size_t)width : 0, 2);
	printf("%s\n", (char *)b.data);
	buf_free(&b);
}

static void
print_help(struct shell *sh, const struct wizard *w)
{
	struct buf b = {0};
	char *line, *save = NULL;

	wizard_help(w, &b);
	buf_puts(&b, "");
	for (line = strtok_r((char *)b.data, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save))
		print(sh, line);
	buf_free(&b);
}

static void
print_error(struct shell *sh, const struct sp_error *err)
{
	struct buf b = {0};

	buf_printf(&b, _("error: %s"), err->text);
	print(sh, (char *)b.data);
	buf_reset(&b);
	if (err->hint[0] != '\0') {
		buf_printf(&b, _("  try: %s"), err->hint);
		print(sh, (char *)b.data);
	}
	buf_free(&b);
}

static char *
question(const struct wizard *w, const char *offer)
{
	size_t step, of;

	wizard_place(w, &step, &of);
	if (offer[0] == '\0')
		return xasprintf("%zu/%zu %s: ", step, of,
		    _(wizard_step(w)->question));
	return xasprintf("%zu/%zu %s [%s]: ", step, of,
	    _(wizard_step(w)->question), offer);
}

static bool
is_secret(const struct wizard *w)
{
	const struct set_row *row = wizard_row(w);

	return row != NULL && row->type == SET_SECRET;
}

static void
wipe(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

/* Blanks around an answer are no part of it. */
static void
trim(char *text)
{
	size_t skip = strspn(text, " \t"), len = strlen(text + skip);

	while (len > 0 && strchr(" \t", text[skip + len - 1]) != NULL)
		len--;
	memmove(text, text + skip, len);
	text[len] = '\0';
}

/* A random key in place of an answer; it is shown at the end. */
static int
answer_random(struct wizard *w, char **made, struct sp_error *err)
{
	struct secret s = {0};
	char *text;
	int ret;

	ret = secretin_random(&text, err);
	if (ret < 0)
		return ret;
	wipe(*made);
	*made = text;
	secret_set(&s, *made, strlen(*made));
	ret = wizard_answer_secret(w, &s, err);
	secret_free(&s);
	return ret;
}

static int
answer_typed(struct wizard *w, const char *text, char **made,
    struct sp_error *err)
{
	struct secret s = {0};
	int ret;

	wipe(*made);
	*made = NULL;
	secret_set(&s, text, strlen(text));
	ret = wizard_answer_secret(w, &s, err);
	secret_free(&s);
	return ret;
}

/* One line for the open step; false: the person has left. */
static bool
ask_step(struct shell *sh, struct wizard *w, char **made)
{
	char *offer = wizard_offer(w), *q = question(w, offer), *text;
	bool secret = is_secret(w);
	struct sp_error err = {0};
	int ret = 0;

	line_quiet(sh->line, secret);
	text = line_ask(sh->line, q);
	line_quiet(sh->line, false);
	free(q);
	if (text == NULL) {
		free(offer);
		return false;
	}
	trim(text);
	if (str_eq(text, "?"))
		print_help(sh, w);
	else if (str_eq(text, "back")) {
		if (!wizard_back(w))
			print(sh, _("This is the first question."));
	} else if (secret && text[0] == '\0')
		ret = answer_random(w, made, &err);
	else if (secret)
		ret = answer_typed(w, text, made, &err);
	else
		ret = wizard_answer(w, text[0] != '\0' ? text : offer, &err);
	if (ret < 0)
		print_error(sh, &err);
	free(offer);
	wipe(text);
	return true;
}

/* ---- the end ------------------------------------------------------------ */

static void
print_row(const char *label, const char *value)
{
	printf("  %-22s %s\n", label, value);
}

/* All values of a setting of a node in one line. */
static void
print_values(const char *label, const struct conf_node *n,
    const char *setting, const char *none)
{
	struct buf b = {0};
	const char *value;
	size_t i;

	for (i = 0; (value = conf_value(n, setting, i)) != NULL; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", value);
	buf_puts(&b, "");
	print_row(label, b.len > 0 ? (char *)b.data : none);
	buf_free(&b);
}

/* What whoever configures the peer has to know, in their words: what is ours
 * is "remote" there. */
static void
print_for_peer(const struct conf_node *p1, const struct conf_node *p2,
    const char *made)
{
	printf(_("\nFor the other side:\n"));
	print_values(_("IKE version"), p1, "key-exchange", "");
	print_values(_("peer's identity (ours)"), p1, "identifier",
	    _("our address"));
	print_values(_("own identity (theirs)"), p1, "peer-identifier",
	    _("their address"));
	print_values(_("their local networks"), p2, "remote-network", "");
	print_values(_("their remote networks"), p2, "local-network", "");
	if (made != NULL)
		print_row(_("pre-shared key"), made);
	else
		print_row(_("pre-shared key"), _("the one that you typed"));
	fflush(stdout);
}

static void
print_out(struct shell *sh)
{
	buf_puts(&sh->out, "");
	fputs((char *)sh->out.data, stdout);
	fflush(stdout);
	buf_wipe(&sh->out);
}

/* Power on and connect; the reason of a failure is the error. */
static int
bring_up(struct shell *sh, const char *network, const char *phase1,
    const char *behavior, struct sp_error *err)
{
	int ret;

	ret = sh_call(sh, "power", json_pack("{s:s, s:s, s:i}", "network",
	    network, "state", "on", "wait_ms", POWER_MS), NULL, err);
	if (ret < 0)
		return ret;
	if (str_eq(behavior, "responder-only")) {
		buf_puts(&sh->out, _("The network is on and waits for the "
		    "peer.\n"));
		return 0;
	}
	return tunnel_connect(sh, json_pack("[s, s]", network, phase1),
	    CONNECT_MS, err);
}

/* The candidate as the wizard made it, committed and connected. */
static int
carry_out(struct shell *sh, struct wizard *w, struct sp_error *err)
{
	char *network, *phase1, *behavior;
	const struct conf_node *p1 = wizard_node(w, WIZ_PHASE1);
	struct cmd_line none = {0};
	int ret;

	network = xstrdup(conf_node_name(wizard_node(w, WIZ_NETWORK)));
	phase1 = xstrdup(conf_node_name(p1));
	behavior = xstrdup(conf_str(p1, "connection-behavior"));
	cand_replace(&sh->cand, wizard_take(w));
	ret = cmd_commit(sh, &none, err);
	print_out(sh);
	if (ret == 0)
		ret = bring_up(sh, network, phase1, behavior, err);
	free(network);
	free(phase1);
	free(behavior);
	return ret;
}

/* The summary and the last question. */
static int
finish(struct shell *sh, struct wizard *w, const char *made,
    struct sp_error *err)
{
	struct buf b = {0};
	char answer;

	wizard_commands(w, &b);
	printf(_("\nThis makes:\n%s"), (char *)b.data);
	buf_free(&b);
	print_for_peer(wizard_node(w, WIZ_PHASE1), wizard_node(w, WIZ_PHASE2),
	    made);
	answer = sh_ask(sh, _("\nCommit and connect, keep as edits, or drop "
	    "it? c/k/d [c] "), "ckd");
	if (*sh->interrupted || answer == 'd')
		return sp_fail(err, SP_STATE, _("Nothing was changed."));
	if (answer == 'c')
		return carry_out(sh, w, err);
	cand_replace(&sh->cand, wizard_take(w));
	buf_puts(&sh->out, _("kept in the candidate; see: compare, commit\n"));
	return 0;
}

int
cmd_wizard(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	struct wizard *w;
	char *made = NULL;
	int ret;

	(void)cl;
	print(sh, _("First tunnel. Enter takes the answer in brackets, ? "
	    "explains, \"back\" goes back, Ctrl-C leaves with nothing "
	    "changed."));
	w = wizard_new(sh->cand.tree, wizard_first_tunnel);
	while (wizard_step(w) != NULL && ask_step(sh, w, &made))
		;
	if (wizard_step(w) != NULL)
		ret = sp_fail(err, SP_STATE, _("Nothing was changed."));
	else
		ret = finish(sh, w, made, err);
	wizard_free(w);
	wipe(made);
	return ret;
}
