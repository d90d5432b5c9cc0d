/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The candidate as text: shown, loaded, saved.
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
#include "shell/update.h"

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

/* ---- load, save --------------------------------------------------------- */

int
load_node(struct conf_node *to, const struct conf_node *from,
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
				ret = load_node(into, c, err);
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
	size_t changes;
	int ret;

	ret = conf_parse(&tree, text, err);
	if (ret < 0)
		return ret;
	sh->cand.comments = true;
	if (replace) {
		conf_tree_free(sh->cand.tree);
		sh->cand.tree = tree;
	} else {
		ret = load_node(conf_root(sh->cand.tree), conf_root(tree),
		    err);
		merge_secrets(sh->cand.tree, tree);
		conf_tree_free(tree);
	}
	if (ret == 0) {
		changes = cand_changes(&sh->cand);
		buf_printf(&sh->out, changes == 1 ?
		    _("loaded; %zu change against the running "
		    "configuration\n") :
		    _("loaded; %zu changes against the running "
		    "configuration\n"), changes);
	}
	return ret;
}

/* All of a stream, as text of the caller's; without NUL. */
static int
read_stream(FILE *f, const char *name, char **out, struct sp_error *err)
{
	struct buf b = {0};
	char chunk[8192];
	size_t n;
	int ret;

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
	ret = b.len > 0 ? conf_check_nul(&b, err) : 0;
	if (ret < 0) {
		buf_wipe(&b);
		return ret;
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
		return place_in_words(name, ret, err);
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
