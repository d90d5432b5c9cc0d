/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands that edit the candidate.  None of them touches the engine: what
 * they do is seen with "compare" and takes effect with "commit".  A command
 * that fails leaves the candidate as it was (run.c goes back).
 */
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
#include "shell/path.h"
#include "shell/secretin.h"

/* Scripts write words out, so that a new word breaks none. */
static unsigned
abbrev(struct shell *sh)
{
	return sh_interactive(sh) ? PATH_ABBREV : 0;
}

/* Point the error at a token unless it points somewhere already. */
static int
fail_token(struct sp_error *err, const struct token *t)
{
	if (err->line == 0)
		sp_at(err, t->line, t->column, t->length);
	return err->code;
}

static int
walk(struct shell *sh, const struct cmd_arg *a, unsigned flags,
    struct path *p, struct sp_error *err)
{
	return path_walk(path_here(sh), a->tok, a->nr, flags | abbrev(sh), p,
	    err);
}

/* The walk must end at an object, not at a setting or half a name. */
static int
walk_object(struct shell *sh, const struct cmd_arg *a, unsigned flags,
    struct path *p, struct sp_error *err)
{
	const struct token *last = &a->tok[a->nr - 1];
	int ret = walk(sh, a, flags, p, err);

	if (ret < 0)
		return ret;
	if (p->pending) {
		sp_fail(err, SP_FORMAT, _("Which %s? Its name is missing."),
		    p->pending->word);
		return fail_token(err, last);
	}
	if (p->row) {
		sp_fail(err, SP_FORMAT, _("%s is a setting, not an object."),
		    p->row->name);
		return fail_token(err, last);
	}
	return 0;
}

/* ---- set ---------------------------------------------------------------- */

/* What the schema has to say about the value that was just set. */
static void
warn_value(struct shell *sh, const struct path *p)
{
	char text[256] = "";
	const char *value = conf_value(p->node, p->row->name, 0), *said;
	struct buf path = {0};

	if (p->row->warn == NULL || value == NULL)
		return;
	said = p->row->warn(p->node, value, text);
	if (said == NULL)
		return;
	conf_node_path(p->node, &path);
	buf_puts(&path, "");
	report_warning(sh, (char *)path.data, said, "");
	buf_free(&path);
}

static int
fail_no_value(const struct path *p, const struct token *last,
    struct sp_error *err)
{
	struct buf b = {0};

	schema_shape(&b, p->row);
	buf_puts(&b, "");
	sp_fail(err, SP_FORMAT, _("%s needs a value: %s"), p->row->name,
	    (char *)b.data);
	buf_free(&b);
	sp_at(err, last->line, last->column + last->length + 1, 1);
	return SP_FORMAT;
}

/* Several words that are one value. */
static int
set_end(struct path *p, size_t nr, struct sp_error *err)
{
	struct buf b = {0};
	size_t i;
	int ret;

	for (i = 0; i < nr; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", p->value[i].text);
	ret = conf_set(p->node, p->row->name, (char *)b.data, err);
	buf_free(&b);
	if (ret == 0)
		return 0;
	err->path[0] = '\0';
	return fail_token(err, &p->value[nr - 1]);
}

/* The first value that is refused ends it; run.c takes the others back. */
static int
set_values(struct path *p, size_t nr, struct sp_error *err)
{
	size_t i;
	int ret;

	if (p->row->type == SET_END)
		return set_end(p, nr, err);
	for (i = 0; i < nr; i++) {
		ret = conf_set(p->node, p->row->name, p->value[i].text, err);
		if (ret < 0) {
			/* The words before the caret are the path. */
			err->path[0] = '\0';
			return fail_token(err, &p->value[i]);
		}
	}
	return 0;
}

/* Set the setting of the path; *used: words of values it took. */
static int
set_one(struct shell *sh, struct path *p, const struct token *last,
    size_t *used, struct sp_error *err)
{
	int ret;

	*used = path_values(p);
	if (p->row->type == SET_SECRET)
		ret = secretin_set(sh, p, *used, last, err);
	else if (*used == 0)
		ret = fail_no_value(p, last, err);
	else
		ret = set_values(p, *used, err);
	if (ret == 0)
		warn_value(sh, p);
	return ret;
}

/* Several settings of one object may follow each other. */
int
cmd_set(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	struct cmd_arg a = *cmd_arg(cl, "path-value");
	const struct token *last = &a.tok[a.nr - 1];
	struct path p = { .node = path_here(sh) };
	size_t used;
	int ret;

	while (a.nr > 0) {
		ret = path_walk(p.node, a.tok, a.nr, PATH_MAKE | abbrev(sh),
		    &p, err);
		if (ret < 0)
			return ret;
		if (p.pending) {
			sp_fail(err, SP_FORMAT, _("The new %s needs a name."),
			    p.pending->word);
			sp_at(err, last->line, last->column + last->length + 1,
			    1);
			return SP_FORMAT;
		}
		if (p.row == NULL)
			return 0;
		ret = set_one(sh, &p, last, &used, err);
		if (ret < 0)
			return ret;
		a.tok = p.value + used;
		a.nr = p.nr_values - used;
	}
	return 0;
}

/* ---- delete ------------------------------------------------------------- */

/* A setting as a whole, or single values of a list. */
static int
delete_values(struct path *p, const struct token *last, struct sp_error *err)
{
	size_t i;
	int ret;

	if (p->nr_values == 0) {
		ret = conf_unset(p->node, p->row->name, NULL, err);
		return ret < 0 ? fail_token(err, last) : 0;
	}
	for (i = 0; i < p->nr_values; i++) {
		ret = conf_unset(p->node, p->row->name, p->value[i].text, err);
		if (ret < 0)
			return fail_token(err, &p->value[i]);
	}
	return 0;
}

/* "delete vpn-network": all of one kind. */
static void
delete_kind(struct conf_node *n, const struct conf_object *kind)
{
	struct conf_node *c;

	while ((c = conf_next_child(n, kind->word, NULL)) != NULL)
		conf_node_delete(c);
}

int
cmd_delete(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const struct cmd_arg *a = cmd_arg(cl, "path-value");
	const struct token *last = &a->tok[a->nr - 1];
	struct path p;
	int ret;

	ret = walk(sh, a, 0, &p, err);
	if (ret < 0)
		return ret;
	if (p.row)
		return delete_values(&p, last, err);
	if (p.pending && conf_next_child(p.node, p.pending->word, NULL)) {
		delete_kind(p.node, p.pending);
		return 0;
	}
	if (p.pending) {
		sp_fail(err, SP_NOTFOUND, _("There is no %s here."),
		    p.pending->word);
		return fail_token(err, last);
	}
	conf_node_delete(p.node);
	return 0;
}

/* ---- the block that is edited ------------------------------------------- */

int
cmd_edit(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	struct path p;
	int ret;

	/* A block that is not there yet is made, so that one can go in and
	 * fill it; the undo state is needed only then. */
	cand_edit_begin(&sh->cand);
	ret = walk_object(sh, cmd_arg(cl, "path"), PATH_MAKE, &p, err);
	if (ret < 0 || p.made == NULL) {
		if (ret == 0)
			path_edit_set(sh, p.node);
		cand_edit_abort(&sh->cand);
		return ret;
	}
	path_edit_set(sh, p.node);
	cand_edit_done(&sh->cand);
	return 0;
}

/* From the block as it is now: an undo may have taken the inner one away. */
int
cmd_up(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const struct conf_node *n = conf_node_parent(path_here(sh));

	(void)cl;
	if (n == NULL)
		return sp_fail(err, SP_STATE,
		    _("This is the top of the configuration."));
	path_edit_set(sh, n);
	return 0;
}

int
cmd_top(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	(void)cl, (void)err;
	path_edit_set(sh, conf_root(sh->cand.tree));
	return 0;
}

/* ---- objects ------------------------------------------------------------ */

int
cmd_rename(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const struct cmd_arg *name = cmd_arg(cl, "name");
	struct path p;
	int ret;

	ret = walk_object(sh, cmd_arg(cl, "path"), 0, &p, err);
	if (ret == 0) {
		ret = conf_node_rename(p.node, name->tok->text, err);
		if (ret < 0)
			fail_token(err, name->tok);
	}
	return ret;
}

int
cmd_copy(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const struct cmd_arg *name = cmd_arg(cl, "name");
	struct path p;
	int ret;

	ret = walk_object(sh, cmd_arg(cl, "path"), 0, &p, err);
	if (ret == 0) {
		ret = conf_node_copy(p.node, name->tok->text, err);
		if (ret < 0)
			fail_token(err, name->tok);
	}
	return ret;
}

/* Objects without the setting are part of another: their parent is what can
 * be switched. */
static int
set_enabled(struct shell *sh, const struct cmd_line *cl, const char *value,
    struct sp_error *err)
{
	const struct cmd_arg *a = cmd_arg(cl, "path");
	struct path p;
	int ret;

	ret = walk_object(sh, a, 0, &p, err);
	if (ret < 0)
		return ret;
	if (schema_row(conf_node_object(p.node), "enabled") == NULL) {
		sp_fail(err, SP_UNSUPPORTED,
		    _("%s cannot be activated or deactivated."),
		    conf_node_object(p.node)->word);
		return fail_token(err, &a->tok[a->nr - 1]);
	}
	return conf_set(p.node, "enabled", value, err);
}

int
cmd_activate(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	return set_enabled(sh, cl, "yes", err);
}

int
cmd_deactivate(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	return set_enabled(sh, cl, "no", err);
}

/* annotate PATH "text": the text is the last word. */
int
cmd_annotate(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	struct cmd_arg a = *cmd_arg(cl, "path-value");
	const struct token *text = &a.tok[a.nr - 1];
	struct path p;
	int ret;

	if (a.nr < 2) {
		sp_fail(err, SP_FORMAT, _("Incomplete command."));
		sp_hint(err, "annotate PATH \"text\"");
		return fail_token(err, text);
	}
	a.nr--;
	ret = walk(sh, &a, 0, &p, err);
	if (ret < 0)
		return ret;
	if (p.pending || p.nr_values > 0) {
		sp_fail(err, SP_FORMAT,
		    _("A comment stands above an object or a setting."));
		return fail_token(err, text);
	}
	sh->cand.comments = true;
	conf_comment_set(p.node, p.row ? p.row->name : NULL, text->text);
	return 0;
}

/* What a step back or forward has changed. */
static void
print_step(struct shell *sh, const struct conf_tree *before)
{
	if (conf_diff_print(&sh->out, before, sh->cand.tree) == 0)
		buf_puts(&sh->out, _("no setting differs\n"));
}

int
cmd_undo(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	int ret = cand_undo(&sh->cand, err);

	(void)cl;
	if (ret == 0 && sh_interactive(sh))
		print_step(sh, sh->cand.redo[sh->cand.nr_redo - 1]);
	return ret;
}

int
cmd_redo(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	int ret = cand_redo(&sh->cand, err);

	(void)cl;
	if (ret == 0 && sh_interactive(sh))
		print_step(sh, sh->cand.undo[sh->cand.nr_undo - 1]);
	return ret;
}
