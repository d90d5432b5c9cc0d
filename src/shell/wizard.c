/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The walk through the steps of a wizard.  The tree is made anew from the
 * answers before each question: going back and answering otherwise (another
 * name of the network, say) leaves no trace of the former answer.
 */
#include "shell/wizard.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/text.h"

static const char *const words[WIZ_LEVELS] = {
	[WIZ_NETWORK] = "vpn-network",
	[WIZ_PHASE1] = "phase1",
	[WIZ_PHASE2] = "phase2",
};

struct wizard {
	const struct wiz_step *steps;
	size_t nr, at;
	char **answer;			/* one a step; NULL = none yet */
	struct secret secret;		/* of the one step that asks for it */
	struct conf_tree *from, *tree;
	struct conf_node *node[WIZ_LEVELS];
	bool had[WIZ_LEVELS];
};

struct wizard *
wizard_new(const struct conf_tree *from, const struct wiz_step *steps)
{
	struct wizard *w = xcalloc(1, sizeof(*w));

	w->steps = steps;
	while (steps[w->nr].question != NULL)
		w->nr++;
	w->answer = xcalloc(w->nr, sizeof(*w->answer));
	w->from = conf_tree_copy(from);
	w->tree = conf_tree_copy(from);
	return w;
}

void
wizard_free(struct wizard *w)
{
	size_t i;

	if (w == NULL)
		return;
	for (i = 0; i < w->nr; i++)
		free(w->answer[i]);
	free(w->answer);
	secret_free(&w->secret);
	conf_tree_free(w->from);
	conf_tree_free(w->tree);
	free(w);
}

static bool
is_asked(const struct wizard *w, size_t i)
{
	return w->steps[i].asked == NULL || w->steps[i].asked(w);
}

const struct wiz_step *
wizard_step(const struct wizard *w)
{
	return w->at < w->nr ? &w->steps[w->at] : NULL;
}

void
wizard_place(const struct wizard *w, size_t *step, size_t *of)
{
	size_t i;

	*step = *of = 0;
	for (i = 0; i < w->nr; i++) {
		if (!is_asked(w, i))
			continue;
		++*of;
		*step += i <= w->at;
	}
}

const struct conf_node *
wizard_node(const struct wizard *w, enum wiz_level level)
{
	return w->node[level];
}

bool
wizard_had(const struct wizard *w, enum wiz_level level)
{
	return w->had[level];
}

const struct set_row *
wizard_row(const struct wizard *w)
{
	const struct wiz_step *s = wizard_step(w);

	if (s == NULL || s->setting == NULL || w->node[s->level] == NULL)
		return NULL;
	return schema_row(conf_node_object(w->node[s->level]), s->setting);
}

/* The parent of the objects of a level. */
static struct conf_node *
parent_of(const struct wizard *w, enum wiz_level level)
{
	return level == WIZ_NETWORK ? conf_root(w->tree) :
	    w->node[level - 1];
}

static int
apply_name(struct wizard *w, const struct wiz_step *s, const char *name,
    struct sp_error *err)
{
	struct conf_node *parent = parent_of(w, s->level);

	w->had[s->level] = conf_child(parent, words[s->level], name) != NULL;
	return conf_child_make(parent, words[s->level], name,
	    &w->node[s->level], err);
}

/* A list takes words parted by blanks or commas; the answer replaces what
 * was there. */
static int
apply_list(struct conf_node *n, const char *setting, const char *text,
    struct sp_error *err)
{
	char *copy = xstrdup(text), *save = NULL, *word;
	int ret = 0;

	if (conf_is_set(n, setting))
		ret = conf_unset(n, setting, NULL, err);
	for (word = strtok_r(copy, " ,", &save); word != NULL && ret == 0;
	    word = strtok_r(NULL, " ,", &save))
		ret = conf_set(n, setting, word, err);
	free(copy);
	return ret;
}

static int
apply_step(struct wizard *w, const struct wiz_step *s, const char *text,
    struct sp_error *err)
{
	struct conf_node *n = w->node[s->level];
	const struct set_row *row;
	int ret;

	if (s->setting == NULL)
		return apply_name(w, s, text, err);
	row = schema_row(conf_node_object(n), s->setting);
	if (row->type == SET_SECRET)
		return conf_secret_put(n, s->setting, &w->secret, err);
	if (text[0] == '\0')
		return 0;
	if (row->flags & SET_LIST)
		return apply_list(n, s->setting, text, err);
	ret = conf_set(n, s->setting, text, err);
	if (ret == 0 && s->check && row->check != NULL)
		ret = row->check(n, conf_value(n, s->setting, 0), err);
	return ret;
}

/* Make the tree from the answers of the steps before `upto`. */
static int
rebuild(struct wizard *w, size_t upto, struct sp_error *err)
{
	size_t i;
	int ret = 0;

	conf_tree_free(w->tree);
	w->tree = conf_tree_copy(w->from);
	memset(w->node, 0, sizeof(w->node));
	memset(w->had, 0, sizeof(w->had));
	for (i = 0; i < upto && ret == 0; i++) {
		if (w->answer[i] != NULL && is_asked(w, i))
			ret = apply_step(w, &w->steps[i], w->answer[i], err);
	}
	return ret;
}

/* The answer stands: on to the next step that is asked. */
static void
advance(struct wizard *w)
{
	do {
		w->at++;
	} while (w->at < w->nr && !is_asked(w, w->at));
}

static int
give(struct wizard *w, const char *text, struct sp_error *err)
{
	const struct wiz_step *s = &w->steps[w->at];
	int ret;

	ret = apply_step(w, s, text, err);
	if (ret < 0) {
		(void)rebuild(w, w->at, NULL);
		/* the words before it were not typed by the person */
		err->path[0] = '\0';
		return ret;
	}
	free(w->answer[w->at]);
	w->answer[w->at] = xstrdup(text);
	advance(w);
	return 0;
}

int
wizard_answer(struct wizard *w, const char *text, struct sp_error *err)
{
	const struct wiz_step *s = wizard_step(w);

	if (text[0] == '\0' && !s->optional)
		return sp_fail(err, SP_FORMAT, _("An answer is needed here."));
	return give(w, text, err);
}

int
wizard_answer_secret(struct wizard *w, const struct secret *s,
    struct sp_error *err)
{
	secret_set(&w->secret, s->data, s->len);
	return give(w, "", err);
}

bool
wizard_back(struct wizard *w)
{
	size_t i = w->at;

	while (i > 0) {
		if (!is_asked(w, --i))
			continue;
		w->at = i;
		(void)rebuild(w, i, NULL);
		return true;
	}
	return false;
}

/* All values of a setting, parted by blanks. */
static char *
values_text(const struct conf_node *n, const char *setting)
{
	struct buf b = {0};
	const char *value;
	size_t i;

	buf_puts(&b, "");
	for (i = 0; (value = conf_value(n, setting, i)) != NULL; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", value);
	return buf_steal_str(&b);
}

char *
wizard_offer(const struct wizard *w)
{
	const struct wiz_step *s = wizard_step(w);
	const struct set_row *row = wizard_row(w);
	char *text = NULL;

	if (row != NULL && row->type == SET_SECRET)
		return xstrdup("");
	if (w->answer[w->at] != NULL && w->answer[w->at][0] != '\0')
		return xstrdup(w->answer[w->at]);
	if (row != NULL && conf_is_set(w->node[s->level], s->setting))
		return values_text(w->node[s->level], s->setting);
	if (s->suggest != NULL)
		text = s->suggest(w);
	if (text == NULL && row != NULL)
		text = values_text(w->node[s->level], s->setting);
	return text != NULL ? text : xstrdup("");
}

void
wizard_help(const struct wizard *w, struct buf *out)
{
	const struct wiz_step *s = wizard_step(w);
	const struct set_row *row = wizard_row(w);
	const struct conf_node *n = w->node[s->level];
	const struct set_choice *c;

	buf_printf(out, "%s\n", _(s->help));
	if (row == NULL || row->type == SET_SECRET)
		return;
	for (c = row->choices; c != NULL && c->word != NULL; c++) {
		if (!c->later && (row->fits == NULL || row->fits(n, c->word)))
			buf_printf(out, "  %-16s %s\n", c->word,
			    c->help != NULL ? _(c->help) : "");
	}
	if (row->choices == NULL) {
		schema_shape(out, row);
		buf_puts(out, "\n");
	}
}

/* The lines that are not in the tree the wizard began with. */
void
wizard_commands(const struct wizard *w, struct buf *out)
{
	struct buf was = {0}, now = {0};
	char *line, *save = NULL;

	conf_print_set(&was, conf_root(w->from), false);
	conf_print_set(&now, conf_root(w->tree), false);
	buf_puts(&was, "");
	buf_puts(&now, "");
	for (line = strtok_r((char *)now.data, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save)) {
		if (strstr((char *)was.data, line) == NULL)
			buf_printf(out, "%s\n", line);
	}
	buf_puts(out, "");
	buf_free(&was);
	buf_free(&now);
}

struct conf_tree *
wizard_take(struct wizard *w)
{
	struct conf_tree *t = w->tree;

	w->tree = NULL;
	return t;
}
