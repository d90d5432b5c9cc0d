/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "explain": why a tunnel is not up, or what is to be known of it though it
 * is: field by field ours beside theirs, what was seen, and the commands that
 * mend it, by number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/text.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/table.h"

static const char *const verdicts[][2] = {
	{ "same", N_("same") }, { "differs", N_("DIFFERS") },
	{ "unknown", N_("not told") }, { "note", "" },
};

static const char *
verdict_word(const char *verdict)
{
	size_t i;

	for (i = 0; i < NELEM(verdicts); i++) {
		if (str_eq(verdicts[i][0], verdict))
			return verdicts[i][1][0] ? _(verdicts[i][1]) : "";
	}
	return verdict;
}

/* Text of the engine behind a lead, wrapped to the width. */
static void
put_text(struct shell *sh, const char *lead, const char *text, size_t indent)
{
	char *safe = str_safe_dup(text), *line;
	int width = sh_width(sh);

	line = xasprintf("%s%s", lead, safe);
	text_wrap(&sh->out, line, width > 0 ? (size_t)width : 0, indent);
	buf_puts(&sh->out, "\n");
	free(line);
	free(safe);
}

static void
print_fields(struct shell *sh, const json_t *fields)
{
	static const struct tbl_col cols[] = {
		{ "FIELD", TBL_LEFT, 0 }, { "OURS", TBL_LEFT, 0 },
		{ "THEIRS", TBL_LEFT, 0 }, { "VERDICT", TBL_LEFT, 0 },
	};
	static const char *const member[] = { "field", "ours", "theirs" };
	struct tbl *t;
	const json_t *f;
	size_t i, j;
	char *safe, *lead;

	t = tbl_new(cols, NELEM(cols));
	for (i = 0; i < json_array_size(fields); i++) {
		f = json_array_get(fields, i);
		if (str_eq(jstr(f, "verdict"), "note")) {
			lead = xasprintf("%s: ", jstr(f, "field"));
			put_text(sh, lead, jstr(f, "ours"), 2);
			free(lead);
			continue;
		}
		for (j = 0; j < NELEM(member); j++) {
			safe = str_safe_dup(jstr(f, member[j]));
			tbl_cell(t, safe);
			free(safe);
		}
		tbl_cell(t, verdict_word(jstr(f, "verdict")));
	}
	if (tbl_rows(t) > 0)
		tbl_print(t, sh_width(sh), &sh->out);
	tbl_free(t);
}

static void
print_list(struct shell *sh, const char *title, const json_t *list,
    bool numbered)
{
	char number[32];
	size_t i;

	if (json_array_size(list) == 0)
		return;
	buf_printf(&sh->out, "%s\n", title);
	for (i = 0; i < json_array_size(list); i++) {
		snprintf(number, sizeof(number), "  %zu. ", i + 1);
		put_text(sh, numbered ? number : "  ",
		    json_string_value(json_array_get(list, i)), 5);
	}
}

static void
print_explanation(struct shell *sh, const json_t *e)
{
	buf_printf(&sh->out, "%s/%s: %s\n", jstr(e, "network"),
	    jstr(e, "phase1"), jstr(e, "title"));
	put_text(sh, "", jstr(e, "text"), 0);
	if (json_is_false(jget(e, "sure")))
		buf_puts(&sh->out, _("(likely; the other side does not "
		    "say more)\n"));
	print_fields(sh, jget(e, "fields"));
	print_list(sh, _("Seen:"), jget(e, "evidence"), false);
	print_list(sh, _("To mend it (explain ... apply N runs the "
	    "command):"), jget(e, "remedy"), true);
	if (*jstr(e, "tell")) {
		buf_printf(&sh->out, "%s\n", _("For the other side:"));
		put_text(sh, "  ", jstr(e, "tell"), 2);
	}
}

/* Run a remedy: an edit lands in the candidate, for compare and commit. */
static int
apply(struct shell *sh, const json_t *list, const char *typed,
    struct sp_error *err)
{
	const char *line;
	json_t *keep;
	int64_t n = 0;
	enum shell_status status;

	if (!str_to_i64(typed, 1, (int64_t)json_array_size(list), &n)) {
		return sp_fail(err, SP_RANGE, _("There are %zu remedies; \"%s\""
		    " is none of them."), json_array_size(list), typed);
	}
	line = json_string_value(json_array_get(list, (size_t)n - 1));
	if (!str_prefix(line, "set ") && !str_prefix(line, "delete ") &&
	    !str_prefix(line, "show ") && !str_prefix(line, "generate ") &&
	    !str_prefix(line, "rekey ") && !str_prefix(line, "activate ") &&
	    !str_prefix(line, "power "))
		return sp_fail(err, SP_STATE, _("This remedy is an advice, "
		    "not a command: %s"), line);
	/* running a command lets go of the result that holds the line */
	keep = json_string(line);
	printf("%s\n", json_string_value(keep));
	fflush(stdout);
	status = run_text(sh, json_string_value(keep), -1, NULL);
	json_decref(keep);
	if (status != SHELL_OK)
		return sp_fail(err, SP_STATE, _("The remedy could not be "
		    "applied as it stands."));
	return 0;
}

int
cmd_explain(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const struct cmd_arg *a = cmd_arg(cl, "tunnel");
	json_t *target = json_array(), *reply = NULL;
	size_t i;
	int ret;

	for (i = 0; i < a->nr; i++)
		json_array_append_new(target, json_string(a->tok[i].text));
	ret = sh_call(sh, "explain", json_pack("{s:o}", "target", target),
	    &reply, err);
	if (ret < 0)
		return ret;
	if (cmd_has(cl, "apply")) {
		ret = apply(sh, jget(reply, "explanation.remedy"),
		    cmd_word(cl, "count"), err);
		json_decref(reply);
		return ret;
	}
	sh->result = reply;
	print_explanation(sh, jget(reply, "explanation"));
	return 0;
}
