/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The candidate as a whole: shown, compared, checked, loaded, saved, and
 * handed to the engine.  The checks that count are the engine's, which knows
 * the secrets; "validate" and "commit" ask it and print what it says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/text.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/line.h"
#include "shell/path.h"
#include "shell/table.h"

#define CONFIRM_DEFAULT 10	/* minutes; as the schema's row says */
#define FILE_MAX (8u << 20)	/* of a configuration that is loaded */

/* ---- as JSON ------------------------------------------------------------ */

/* Numbers and yes/no as what they are; special words stay words. */
static json_t *
value_json(const struct set_row *row, const char *value)
{
	int64_t v;

	if (row->type == SET_BOOL)
		return json_boolean(str_eq(value, "yes"));
	if (row->type == SET_INTEGER &&
	    str_to_i64(value, INT64_MIN, INT64_MAX, &v))
		return json_integer(v);
	return json_string(value);
}

static json_t *
setting_json(const struct conf_node *n, const struct set_row *row)
{
	json_t *list;
	const char *value;
	size_t i;

	if (!(row->flags & SET_LIST))
		return value_json(row, conf_value(n, row->name, 0));
	list = json_array();
	for (i = 0; (value = conf_value(n, row->name, i)) != NULL; i++)
		json_array_append_new(list, value_json(row, value));
	return list;
}

/* Objects without a name are always there; an empty one is not shown. */
static void
add_kind(json_t *out, const struct conf_object *kind, json_t *named)
{
	json_t *value = kind->naming == OBJ_SINGLE ?
	    json_object_get(named, kind->word) : named;

	if (json_object_size(value) > 0)
		json_object_set(out, kind->word, value);
	json_decref(named);
}

static json_t *
node_json(const struct conf_node *n, bool all)
{
	const struct conf_object *obj = conf_node_object(n), *kind;
	const struct conf_node *c;
	const struct set_row *row;
	json_t *out = json_object(), *named;
	size_t i;

	for (row = obj->rows; row && row->name; row++) {
		if (conf_is_set(n, row->name) ||
		    (all && conf_value(n, row->name, 0)))
			json_object_set_new(out, row->name,
			    setting_json(n, row));
	}
	for (i = 0; obj->children && obj->children[i]; i++) {
		kind = obj->children[i];
		named = json_object();
		c = NULL;
		while ((c = conf_next_child(n, kind->word, c)) != NULL)
			json_object_set_new(named,
			    kind->naming == OBJ_SINGLE ? kind->word :
			    conf_node_name(c), node_json(c, all));
		add_kind(out, kind, named);
	}
	return out;
}

/* ---- show configuration ------------------------------------------------- */

/* One setting: its words, without secrets. */
static void
print_setting(const struct conf_node *n, const struct set_row *row,
    struct buf *out)
{
	const char *value;
	size_t i;

	for (i = 0; (value = conf_value(n, row->name, i)) != NULL; i++) {
		buf_printf(out, "%s ", row->name);
		token_print(out, value);
		buf_puts(out, ";\n");
	}
}

/* In the form that was asked for behind the pipe. */
static void
print_node(struct shell *sh, const struct conf_node *n, bool all)
{
	if (sh->commands)
		conf_print_set(&sh->out, n, all);
	else
		conf_print(&sh->out, n, all);
}

int
cmd_show_configuration(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	const struct cmd_arg *a = cmd_arg(cl, "path");
	bool all = cmd_has(cl, "all");
	struct path p = { .node = path_here(sh) };
	const struct conf_node *c = NULL;
	int ret;

	if (a) {
		ret = path_walk(p.node, a->tok, a->nr,
		    sh_interactive(sh) ? PATH_ABBREV : 0, &p, err);
		if (ret < 0)
			return ret;
	}
	if (sh->json) {
		sh->result = json_pack("{s:o}", "configuration",
		    node_json(p.node, all));
	} else if (p.row) {
		print_setting(p.node, p.row, &sh->out);
	} else if (p.pending) {
		while ((c = conf_next_child(p.node, p.pending->word, c)))
			print_node(sh, c, all);
	} else {
		print_node(sh, p.node, all);
	}
	return 0;
}

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

/* A warning is an object with a path, or a sentence alone. */
static void
show_warnings(struct shell *sh, const json_t *reply)
{
	const json_t *list = jget(reply, "warnings"), *w;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		w = json_array_get(list, i);
		if (json_is_string(w))
			report_warning(sh, "", json_string_value(w), "");
		else
			report_warning(sh, jstr(w, "path"),
			    jstr(w, "message"), jstr(w, "hint"));
	}
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
	/* The engine knows nothing of candidates: ours is the better hint. */
	if (err->code == SP_CONFLICT)
		sp_hint(err, "save FILE; discard; load FILE merge; compare");
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
	return 0;
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

/* ---- load, save --------------------------------------------------------- */

/* Set everything of one node in another. */
static int
merge_node(struct conf_node *to, const struct conf_node *from,
    struct sp_error *err)
{
	const struct conf_object *obj = conf_node_object(from);
	const struct set_row *row;
	const struct conf_node *c;
	struct conf_node *into;
	size_t i;
	int ret = 0;

	for (row = obj->rows; ret == 0 && row && row->name; row++) {
		for (i = 0; ret == 0 && i < conf_count(from, row->name); i++)
			ret = conf_set(to, row->name,
			    conf_value(from, row->name, i), err);
	}
	for (i = 0; ret == 0 && obj->children && obj->children[i]; i++) {
		c = NULL;
		while (ret == 0 && (c = conf_next_child(from,
		    obj->children[i]->word, c)) != NULL) {
			ret = conf_child_make(to, obj->children[i]->word,
			    obj->children[i]->naming == OBJ_SINGLE ? NULL :
			    conf_node_name(c), &into, err);
			if (ret == 0)
				ret = merge_node(into, c, err);
		}
	}
	return ret;
}

/* Keys in clear in a loaded text are in the table of its tree. */
static void
merge_secrets(struct conf_tree *to, const struct conf_tree *from)
{
	const char *name;
	size_t pos = 0;

	while ((name = conf_secret_next(from, &pos)) != NULL)
		conf_secret_set(to, name, conf_secret(from, name));
}

/* Take a text into the candidate; the caller has made it undoable. */
static int
load_text(struct shell *sh, const char *text, bool replace,
    struct sp_error *err)
{
	struct conf_tree *tree;
	int ret;

	ret = conf_parse(&tree, text, err);
	if (ret < 0)
		return ret;
	if (replace) {
		conf_tree_free(sh->cand.tree);
		sh->cand.tree = tree;
	} else {
		ret = merge_node(conf_root(sh->cand.tree), conf_root(tree),
		    err);
		merge_secrets(sh->cand.tree, tree);
		conf_tree_free(tree);
	}
	if (ret == 0)
		buf_printf(&sh->out, _("loaded; %zu changes against the "
		    "running configuration\n"), cand_changes(&sh->cand));
	return ret;
}

/* All of a stream, as text of the caller's. */
static int
read_stream(FILE *f, const char *name, char **out, struct sp_error *err)
{
	struct buf b = {0};
	char chunk[8192];
	size_t n;

	while (b.len <= FILE_MAX &&
	    (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_bytes(&b, chunk, n);
	if (ferror(f) || b.len > FILE_MAX) {
		buf_wipe(&b);
		if (ferror(f))
			return sp_fail_errno(err, errno, _("Cannot read %s"),
			    name);
		return sp_fail(err, SP_RANGE, _("%s is longer than 8 MiB."),
		    name);
	}
	buf_puts(&b, "");
	*out = buf_steal_str(&b);
	return 0;
}

/* A place in the file is no place in the command line: say it in words. */
static int
place_in_words(const char *name, int ret, struct sp_error *err)
{
	struct sp_error was = *err;

	if (ret == 0 || err->line == 0)
		return ret;
	sp_fail(err, was.code, _("%s, line %d, column %d: %s"), name,
	    was.line, was.column, was.text);
	err->line = 0;
	if (was.hint[0])
		sp_hint(err, "%s", was.hint);
	return ret;
}

int
cmd_load(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const char *name = cmd_word(cl, "file");
	FILE *f = fopen(name, "re");
	char *text = NULL;
	int ret;

	if (f == NULL)
		return sp_fail_errno(err, errno, _("Cannot read %s"), name);
	ret = read_stream(f, name, &text, err);
	fclose(f);
	if (ret < 0)
		return ret;
	ret = load_text(sh, text, cmd_has(cl, "replace"), err);
	explicit_bzero(text, strlen(text));
	free(text);
	return place_in_words(name, ret, err);
}

/* Lines typed or pasted until a single ".". */
static char *
read_terminal(struct shell *sh)
{
	struct buf b = {0};
	char *line;

	while ((line = line_ask(sh->line, "")) != NULL &&
	    !str_eq(line, ".")) {
		buf_printf(&b, "%s\n", line);
		free(line);
	}
	free(line);
	buf_puts(&b, "");
	return buf_steal_str(&b);
}

int
cmd_load_terminal(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	char *text = NULL;
	int ret = 0;

	if (sh->stdin_used)
		return sp_fail(err, SP_STATE, _("Standard input holds the "
		    "commands; load from a file."));
	if (sh_interactive(sh)) {
		printf(_("Configuration text; a single \".\" ends it.\n"));
		text = read_terminal(sh);
		if (*sh->interrupted)
			ret = sp_fail(err, SP_STATE, _("Interrupted."));
	} else {
		ret = read_stream(stdin, _("standard input"), &text, err);
	}
	if (ret == 0)
		ret = load_text(sh, text, cmd_has(cl, "replace"), err);
	free(text);
	return place_in_words(_("the text"), ret, err);
}

int
cmd_save(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const char *name = cmd_word(cl, "file");
	struct buf b = {0};
	bool bad;
	FILE *f;
	int fd;

	/* Without secrets, yet with names and addresses of peers. */
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (f == NULL) {
		sp_fail_errno(err, errno, _("Cannot write %s"), name);
		if (fd >= 0)
			close(fd);
		return SP_SYSTEM;
	}
	conf_print(&b, conf_root(sh->cand.tree), false);
	bad = fwrite(b.data, 1, b.len, f) != b.len;
	bad |= fclose(f) != 0;
	buf_free(&b);
	if (bad)
		return sp_fail_errno(err, errno, _("Cannot write %s"), name);
	buf_printf(&sh->out, _("saved to %s, without secrets\n"), name);
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
