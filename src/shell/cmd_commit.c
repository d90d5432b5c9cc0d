/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The candidate and the engine: compared, checked, committed, confirmed and
 * taken back.  The checks that count are the engine's, which knows the
 * secrets; "validate" and "commit" ask it and print what it says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/text.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/table.h"
#include "shell/update.h"

#define WARNINGS_ALIKE 3
#define CONFIRM_DEFAULT 10	/* minutes; as the schema's row says */

/* ---- compare ------------------------------------------------------------ */

/* Number of the n-th commit before the running one. */
static int
rollback_revision(struct shell *sh, size_t n, int64_t *out,
    struct sp_error *err)
{
	json_t *list = NULL;
	int ret;

	ret = sh_call(sh, "config.history", NULL, &list, err);
	if (ret < 0)
		return ret;
	*out = jint(json_array_get(jget(list, "history"), n), "revision", -1);
	json_decref(list);
	if (*out < 0)
		return sp_fail(err, SP_NOTFOUND,
		    _("The history holds no %zu commits before this one."), n);
	return 0;
}

/* The tree of the n-th commit before the running one (the caller's). */
static int
rollback_tree(struct shell *sh, size_t n, struct conf_tree **out,
    struct sp_error *err)
{
	json_t *rev = NULL;
	int64_t number;
	int ret;

	ret = rollback_revision(sh, n, &number, err);
	if (ret < 0)
		return ret;
	ret = sh_call(sh, "config.revision", json_pack("{s:I}", "revision",
	    (json_int_t)number), &rev, err);
	if (ret < 0)
		return ret;
	ret = conf_parse(out, jstr(rev, "text"), err);
	json_decref(rev);
	return ret;
}

int
cmd_compare(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const char *back = cmd_word(cl, "count");
	struct conf_tree *old = NULL;
	int64_t n = 0;
	size_t changes;
	int ret = 0;

	if (back && str_to_i64(back, 0, INT64_MAX, &n))
		ret = rollback_tree(sh, (size_t)n, &old, err);
	if (ret < 0)
		return ret;
	changes = conf_diff_print(&sh->out, old ? old : sh->cand.base,
	    sh->cand.tree);
	conf_tree_free(old);
	if (sh->json) {
		buf_puts(&sh->out, "");
		sh->result = json_pack("{s:I, s:s}", "changes",
		    (json_int_t)changes, "difference", (char *)sh->out.data);
	} else if (changes == 0) {
		buf_puts(&sh->out, _("no differences\n"));
	}
	return 0;
}

/* ---- validate, commit --------------------------------------------------- */

/* The sentence of a warning: an object with a path, or a sentence alone. */
static const char *
warning_text(const json_t *w)
{
	return json_is_string(w) ? json_string_value(w) : jstr(w, "message");
}

/* How many of the first n warnings have the sentence of the n-th. */
static size_t
same_before(const json_t *list, size_t n)
{
	const char *text = warning_text(json_array_get(list, n));
	size_t i, same = 0;

	for (i = 0; i < n && same < WARNINGS_ALIKE; i++)
		same += str_eq(text, warning_text(json_array_get(list, i)));
	return same;
}

/* A thousand tunnels may deserve the same sentence: it is said three times,
 * and then how often it was left out. */
static void
show_warnings(struct shell *sh, const json_t *reply)
{
	const json_t *list = jget(reply, "warnings"), *w;
	size_t i, left_out = 0;

	for (i = 0; i < json_array_size(list); i++) {
		w = json_array_get(list, i);
		if (same_before(list, i) == WARNINGS_ALIKE) {
			left_out++;
			continue;
		}
		report_warning(sh, json_is_string(w) ? "" : jstr(w, "path"),
		    warning_text(w), json_is_string(w) ? "" :
		    jstr(w, "hint"));
	}
	if (left_out > 0)
		report_note(sh, _("note: %zu more warnings of the same words; "
		    "all of them: validate | json"), left_out);
}

/* The first error becomes the error of the command; how many more. */
static int
fail_invalid(const json_t *list, struct sp_error *err)
{
	const json_t *first = json_array_get(list, 0);
	size_t nr = json_array_size(list);

	sp_fail(err, SP_INVALID, "%s", jstr(first, "message"));
	if (nr > 1)
		sp_fail(err, SP_INVALID, nr == 2 ?
		    _("%s (1 more; nothing was applied)") :
		    _("%s (%zu more; nothing was applied)"),
		    jstr(first, "message"), nr - 1);
	sp_path(err, "%s", jstr(first, "path"));
	if (*jstr(first, "hint"))
		sp_hint(err, "%s", jstr(first, "hint"));
	else if (nr > 1)
		sp_hint(err, "validate");
	return SP_INVALID;
}

/* What config.validate and config.commit have in common. */
static json_t *
candidate_params(struct shell *sh)
{
	char *text = cand_text(&sh->cand);
	json_t *params;

	params = json_pack("{s:s, s:o}", "text", text, "secrets",
	    cand_secrets(&sh->cand));
	free(text);
	return params;
}

/* Each with its remedy, as one line may mend one of them only. */
static void
print_errors(struct shell *sh, const json_t *list)
{
	const json_t *e;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		e = json_array_get(list, i);
		buf_printf(&sh->out, "%s%s%s\n", jstr(e, "path"),
		    *jstr(e, "path") ? ": " : "", jstr(e, "message"));
		if (*jstr(e, "hint"))
			buf_printf(&sh->out, _("  try: %s\n"),
			    jstr(e, "hint"));
	}
}

/* All that is wrong, not only the first, as this is what one asks it for. */
int
cmd_validate(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	json_t *reply = NULL, *errors;
	size_t nr;
	int ret;

	(void)cl;
	ret = sh_call(sh, "config.validate", candidate_params(sh), &reply,
	    err);
	if (ret < 0)
		return ret;
	show_warnings(sh, reply);
	errors = jget(reply, "errors");
	if (json_array_size(errors) > 1 && !sh->json) {
		print_errors(sh, errors);
		fwrite(sh->out.data, 1, sh->out.len, stderr);
		ret = sp_fail(err, SP_INVALID, _("%zu errors; a commit would "
		    "be refused."), json_array_size(errors));
	} else if (json_array_size(errors) > 0) {
		ret = fail_invalid(errors, err);
		sh->refusal = json_pack("{s:O}", "errors", errors);
	} else {
		nr = json_array_size(jget(reply, "warnings"));
		buf_printf(&sh->out, nr == 1 ? _("no errors, %zu warning\n") :
		    _("no errors, %zu warnings\n"), nr);
	}
	sh->result = reply;
	return ret;
}

/* What the engine refused: the list is more telling than the sentence. */
static int
commit_refused(struct shell *sh, int ret, struct sp_error *err)
{
	const json_t *list = jget(sh->refusal, "errors");

	if (err->code == SP_INVALID && json_array_size(list) > 0)
		return fail_invalid(list, err);
	if (err->code == SP_CONFLICT)
		update_refused(sh, err);
	return ret;
}

/* "confirmed [MINUTES]": how long the commit waits; 0 = it is lasting. */
static int
confirm_minutes(struct shell *sh, const struct cmd_line *cl, int64_t *out,
    struct sp_error *err)
{
	const char *typed = cmd_word(cl, "minutes");
	const struct conf_node *sys;
	const char *word;

	*out = 0;
	if (!cmd_has(cl, "confirmed")) {
		if (typed == NULL)
			return 0;
		return sp_fail(err, SP_FORMAT, _("A number of minutes stands "
		    "behind \"confirmed\"."));
	}
	sys = conf_child(conf_root(sh->cand.tree), "system", NULL);
	word = typed ? typed : sys ?
	    conf_value(sys, "commit-confirm-default", 0) : NULL;
	if (word == NULL || !str_to_i64(word, 1, 1440, out))
		*out = CONFIRM_DEFAULT;
	return 0;
}

static void
say_committed(struct shell *sh, const json_t *reply)
{
	int64_t changes = jint(reply, "changes", 0);
	const json_t *confirm = jget(reply, "confirm");

	show_warnings(sh, reply);
	buf_printf(&sh->out, changes == 1 ?
	    _("committed revision %lld, %lld change\n") :
	    _("committed revision %lld, %lld changes\n"),
	    (long long)jint(reply, "revision", 0), (long long)changes);
	sh->confirm = session_deadline(confirm);
	if (json_is_object(confirm))
		buf_printf(&sh->out, _("Type \"confirm\" before %s, or "
		    "revision %lld returns by itself.\n"),
		    jstr(confirm, "until"),
		    (long long)jint(confirm, "back_to", 0));
}

/* An edit that changes nothing makes no revision; but a commit confirms one
 * that waits, as its edits stand on it. */
int
cmd_commit(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const char *comment = cmd_word(cl, "text");
	json_t *params, *reply = NULL;
	int64_t minutes;
	int ret;

	if (sh->p->check_only)
		return cmd_validate(sh, cl, err);
	ret = confirm_minutes(sh, cl, &minutes, err);
	if (ret < 0)
		return ret;
	if (!cand_dirty(&sh->cand)) {
		buf_puts(&sh->out, _("nothing to commit\n"));
		if (sh->confirm != 0)
			report_note(sh, _("the last commit waits for "
			    "\"confirm\""));
		return 0;
	}
	params = candidate_params(sh);
	json_object_set_new(params, "base",
	    json_integer(sh->cand.revision));
	json_object_set_new(params, "comment",
	    json_string(comment ? comment : ""));
	if (minutes > 0)
		json_object_set_new(params, "confirm",
		    json_integer(minutes));
	ret = sh_call(sh, "config.commit", params, &reply, err);
	if (ret < 0)
		return commit_refused(sh, ret, err);
	say_committed(sh, reply);
	cand_committed(&sh->cand, (uint32_t)jint(reply, "revision", 0));
	sh->result = reply;
	if (!json_is_true(jget(reply, "merged")))
		return 0;
	buf_puts(&sh->out, _("merged with what others committed meanwhile\n"));
	return session_refresh(sh, err);
}

int
cmd_confirm(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	int ret;

	(void)cl;
	ret = sh_call(sh, "config.confirm", NULL, &sh->result, err);
	if (ret < 0)
		return ret;
	sh->confirm = 0;
	buf_printf(&sh->out, _("revision %lld is confirmed\n"),
	    (long long)jint(sh->result, "revision", 0));
	return 0;
}

/* At once, as a commit of its own: only what differs is touched. */
int
cmd_rollback(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const char *count = cmd_word(cl, "count");
	json_t *reply = NULL;
	int64_t n = 0, revision;
	char *question, answer;
	int ret;

	if (cand_dirty(&sh->cand)) {
		sp_fail(err, SP_STATE, _("There are uncommitted changes; "
		    "commit or discard them first."));
		sp_hint(err, "compare");
		return SP_STATE;
	}
	(void)str_to_i64(count, 0, INT64_MAX, &n);
	ret = rollback_revision(sh, (size_t)n, &revision, err);
	if (ret < 0)
		return ret;
	question = xasprintf(_("Make revision %lld the running configuration "
	    "again? y/N "), (long long)revision);
	answer = sh->p->yes || !sh_interactive(sh) ? 'y' :
	    sh_ask(sh, question, "ny");
	free(question);
	if (answer != 'y')
		return 0;
	ret = sh_call(sh, "config.rollback", json_pack("{s:I s:I}", "base",
	    (json_int_t)sh->cand.revision, "revision", (json_int_t)revision),
	    &reply, err);
	if (ret < 0)
		return commit_refused(sh, ret, err);
	say_committed(sh, reply);
	sh->result = reply;
	return session_refresh(sh, err);
}

/* Begins from what runs now: after a conflict that is not what this shell
 * came from. */
int
cmd_discard(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	size_t nr = cand_changes(&sh->cand);
	json_t *conf = NULL;
	int ret;

	(void)cl;
	if (!cand_dirty(&sh->cand)) {
		buf_puts(&sh->out, _("nothing to discard\n"));
		return session_refresh(sh, err);
	}
	ret = sh_call(sh, "config.get", NULL, &conf, err);
	if (ret == 0)
		ret = cand_discard(&sh->cand, jstr(conf, "text"),
		    (uint32_t)jint(conf, "revision", 0), err);
	json_decref(conf);
	if (ret < 0)
		return ret;
	buf_printf(&sh->out, nr == 1 ?
	    _("%zu change discarded; undo brings it back\n") :
	    _("%zu changes discarded; undo brings them back\n"), nr);
	return 0;
}

/* ---- history ------------------------------------------------------------ */

int
cmd_show_history(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	static const struct tbl_col cols[] = {
		{ "N", TBL_RIGHT, 0 }, { "REVISION", TBL_RIGHT, 1 },
		{ "TIME", TBL_LEFT, 0 }, { "WHO", TBL_LEFT, 2 },
		{ "COMMENT", TBL_LEFT, 3 },
	};
	static const char *const member[] = { "revision", "time", "who",
		"comment" };
	struct tbl *t;
	struct buf b = {0};
	json_t *list, *h;
	size_t i, j;
	int ret;

	(void)cl;
	ret = sh_call(sh, "config.history", NULL, &sh->result, err);
	if (ret < 0)
		return ret;
	list = jget(sh->result, "history");
	t = tbl_new(cols, NELEM(cols));
	for (i = 0; i < json_array_size(list); i++) {
		h = json_array_get(list, i);
		for (j = 0; j <= NELEM(member); j++) {
			buf_reset(&b);
			if (j == 0)
				buf_printf(&b, "%zu", i);
			else
				jprint(&b, jget(h, member[j - 1]));
			buf_puts(&b, "");
			tbl_cell(t, (char *)b.data);
		}
	}
	if (i == 0)
		buf_puts(&sh->out, _("no commits yet\n"));
	else
		tbl_print(t, sh_width(sh), &sh->out);
	tbl_free(t);
	buf_free(&b);
	return 0;
}
