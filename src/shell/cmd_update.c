/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What others committed while this shell had edits: shown side by side with
 * who and when, and brought into the candidate.  A place in conflict is
 * settled by taking one side for all of them or path by path: "theirs" puts
 * the running value into the candidate, "mine" into the base, so that the
 * merge finds one side unchanged there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/merge.h"
#include "conf/model.h"
#include "conf/text.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/path.h"
#include "shell/table.h"
#include "shell/update.h"

#define WAYS_OUT "update mine | theirs [PATH]"

/* ---- side by side ------------------------------------------------------- */

static struct tbl *
sides_new(void)
{
	static const struct tbl_col cols[] = {
		{ N_("SETTING"), TBL_LEFT, 0 }, { N_("YOURS"), TBL_LEFT, 0 },
		{ N_("RUNNING"), TBL_LEFT, 0 },
	};

	return tbl_new(cols, NELEM(cols));
}

/* Print the table (taken over) where errors go, with a line for each commit
 * that is newer than the candidate's base. */
static void
sides_print(struct shell *sh, struct tbl *t, const json_t *commits)
{
	struct buf b = {0};
	const json_t *c;
	size_t i;

	tbl_print(t, sh_width(sh), &b);
	tbl_free(t);
	for (i = 0; i < json_array_size(commits); i++) {
		c = json_array_get(commits, i);
		if (jint(c, "revision", 0) <= (int64_t)sh->cand.revision)
			continue;
		buf_printf(&b, _("revision %lld: %s, %s %s\n"),
		    (long long)jint(c, "revision", 0), jstr(c, "who"),
		    jstr(c, "time"), jstr(c, "comment"));
	}
	buf_puts(&b, "");
	fputs((char *)b.data, stderr);
	buf_free(&b);
}

void
update_refused(struct shell *sh, struct sp_error *err)
{
	static const char *const member[] = { "path", "mine", "theirs" };
	const json_t *list = jget(sh->refusal, "conflicts");
	struct tbl *t;
	size_t i, j;

	sp_hint(err, WAYS_OUT);
	if (json_array_size(list) == 0 || sh->json)
		return;
	t = sides_new();
	for (i = 0; i < json_array_size(list); i++) {
		for (j = 0; j < NELEM(member); j++)
			tbl_cell(t, jstr(json_array_get(list, i), member[j]));
	}
	sides_print(sh, t, jget(sh->refusal, "commits"));
}

/* Those that are left, after a merge in this shell. */
static void
show_left(struct shell *sh, const struct conf_conflicts *c)
{
	struct sp_error err = {0};
	json_t *history = NULL;
	struct tbl *t;
	size_t i;

	if (sh->json)
		return;
	t = sides_new();
	for (i = 0; i < c->nr; i++) {
		tbl_cell(t, c->c[i].path);
		tbl_cell(t, c->c[i].mine);
		tbl_cell(t, c->c[i].theirs);
	}
	/* Without the history the two sides are still worth showing. */
	(void)sh_call(sh, "config.history", NULL, &history, &err);
	sides_print(sh, t, jget(history, "history"));
	json_decref(history);
}

/* ---- one place ---------------------------------------------------------- */

/* Make a setting as it is in another tree; its own key is let go. */
static int
copy_setting(const struct path *to, const struct path *from,
    struct sp_error *err)
{
	const char *name = to->row->name, *value = conf_value(to->node, name, 0);
	char secret[128];
	size_t i;
	int ret = 0;

	if (to->row->type == SET_SECRET && value &&
	    conf_secret_name(value, secret, sizeof(secret)))
		conf_secret_set(conf_node_tree(to->node), secret, NULL);
	if (conf_is_set(to->node, name))
		ret = conf_unset(to->node, name, NULL, err);
	for (i = 0; ret == 0 && from->row && i < conf_count(from->node, name);
	    i++)
		ret = conf_set(to->node, name, conf_value(from->node, name,
		    i), err);
	return ret;
}

/* Make the place as it is in another tree: a setting, or an object with all
 * below. */
static int
copy_place(struct conf_tree *to, const struct conf_tree *from,
    const struct token *tok, size_t nr, struct sp_error *err)
{
	struct path here, there;
	struct sp_error none = {0};
	bool exists;
	int ret;

	exists = path_walk(conf_root(from), tok, nr, 0, &there, &none) == 0;
	ret = path_walk(conf_root(to), tok, nr, PATH_MAKE, &here, err);
	if (ret < 0)
		return ret;
	if (!exists)
		there.row = NULL;
	if (here.row)
		return copy_setting(&here, &there, err);
	conf_node_delete(here.node);
	if (!exists)
		return 0;
	ret = path_walk(conf_root(to), tok, nr, PATH_MAKE, &here, err);
	return ret < 0 ? ret : load_node(here.node, there.node, err);
}

/* Is the place the path, or below it. */
static bool
is_below(const char *place, const char *path)
{
	size_t n = strlen(path);

	return str_prefix(place, path) && (place[n] == '\0' ||
	    place[n] == ' ');
}

/* Whole words of a path, from the top of the configuration (caller's). */
static char *
path_text(struct shell *sh, const struct cmd_arg *a)
{
	struct buf b = {0};
	size_t i;

	conf_node_path(path_here(sh), &b);
	for (i = 0; i < a->nr; i++)
		buf_printf(&b, "%s%s", b.len > 0 ? " " : "", a->tok[i].text);
	buf_puts(&b, "");
	return buf_steal_str(&b);
}

static int
settle_place(struct shell *sh, struct conf_tree *running, const char *place,
    bool mine, struct sp_error *err)
{
	struct tokens t = {0};
	int ret;

	ret = tokens_split(&t, place, true, err);
	if (ret < 0)
		return ret;
	while (t.nr > 0 && t.tok[t.nr - 1].type != TOK_WORD)
		t.nr--;
	ret = copy_place(mine ? sh->cand.base : sh->cand.tree, running,
	    t.tok, t.nr, err);
	tokens_free(&t);
	return ret;
}

/* Settle the conflicts at or below the path that was named. */
static int
settle(struct shell *sh, struct conf_tree *running,
    const struct conf_conflicts *c, const struct cmd_line *cl,
    struct sp_error *err)
{
	const struct cmd_arg *a = cmd_arg(cl, "path-value");
	char *path = path_text(sh, a);
	size_t i, done = 0;
	int ret = 0;

	for (i = 0; ret == 0 && i < c->nr; i++) {
		if (!is_below(c->c[i].path, path))
			continue;
		ret = settle_place(sh, running, c->c[i].path, cmd_has(cl,
		    "mine"), err);
		done++;
	}
	if (ret == 0 && done == 0) {
		ret = sp_fail(err, SP_NOTFOUND,
		    _("Nothing is in conflict at %s."), path);
		sp_hint(err, "update");
	}
	free(path);
	return ret;
}

/* ---- update ------------------------------------------------------------- */

static void
taken(struct shell *sh, struct conf_tree *t, const struct conf_tree *running,
    uint32_t revision)
{
	size_t nr;

	cand_rebase(&sh->cand, t, running, revision);
	nr = cand_changes(&sh->cand);
	buf_printf(&sh->out, nr == 1 ?
	    _("up to date with revision %u; %zu change of yours\n") :
	    _("up to date with revision %u; %zu changes of yours\n"),
	    revision, nr);
}

static int
refuse(struct shell *sh, const struct conf_conflicts *c, struct sp_error *err)
{
	show_left(sh, c);
	sp_fail(err, SP_CONFLICT, c->nr == 1 ? _("Both sides changed %s. Say "
	    "whose change stays.") : _("Both sides changed %s and others. Say "
	    "whose change stays."), c->c[0].path);
	sp_hint(err, WAYS_OUT);
	return SP_CONFLICT;
}

/* Put what runs now under the edits; where both sides changed the same, by
 * the word that was given, or not at all. */
static int
rebase(struct shell *sh, struct conf_tree *running, uint32_t revision,
    const struct cmd_line *cl, struct sp_error *err)
{
	bool mine = cmd_has(cl, "mine"), one = cmd_has(cl, "path-value");
	bool all = (mine || cmd_has(cl, "theirs")) && !one;
	struct conf_conflicts c;
	struct conf_tree *t;
	int ret = 0;

	t = conf_merge(sh->cand.base, sh->cand.tree, running,
	    mine ? MERGE_MINE : MERGE_THEIRS, &c, err);
	if (t != NULL && one) {
		conf_tree_free(t);
		ret = settle(sh, running, &c, cl, err);
		conf_conflicts_free(&c);
		if (ret < 0)
			return ret;
		t = conf_merge(sh->cand.base, sh->cand.tree, running,
		    MERGE_THEIRS, &c, err);
	}
	if (t == NULL)
		return err->code;
	if (c.nr > 0 && !all) {
		conf_tree_free(t);
		ret = one ? 0 : refuse(sh, &c, err);
		if (one) {
			show_left(sh, &c);
			buf_printf(&sh->out, _("settled; left in conflict: "
			    "%zu\n"), c.nr);
		}
	} else {
		taken(sh, t, running, revision);
	}
	conf_conflicts_free(&c);
	return ret;
}

int
cmd_update(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	struct conf_tree *running;
	json_t *conf = NULL;
	uint32_t revision;
	int ret;

	if (cmd_has(cl, "path-value") && !cmd_has(cl, "mine") &&
	    !cmd_has(cl, "theirs")) {
		sp_fail(err, SP_FORMAT, _("Say whose change stays there: "
		    "mine or theirs."));
		sp_hint(err, WAYS_OUT);
		return SP_FORMAT;
	}
	ret = sh_call(sh, "config.get", NULL, &conf, err);
	if (ret < 0)
		return ret;
	revision = (uint32_t)jint(conf, "revision", 0);
	ret = conf_parse(&running, jstr(conf, "text"), err);
	json_decref(conf);
	if (ret < 0)
		return ret;
	ret = rebase(sh, running, revision, cl, err);
	conf_tree_free(running);
	return ret;
}
