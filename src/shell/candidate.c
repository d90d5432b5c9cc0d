/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The candidate.  States for undo are whole copies of the tree: a tree of a
 * thousand tunnels copies in milliseconds, and nothing can be forgotten in
 * an inverse operation.
 *
 * Secrets: the engine never sends one, so base has none; those in the
 * candidate were typed in this shell (or come from its draft) and go out
 * with the next commit.
 */
#include "shell/candidate.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/secret.h"
#include "conf/model.h"
#include "conf/text.h"
#include "conf/validate.h"
#include "shell/base64.h"

#define UNDO_MAX 100

/* The oldest state goes when there are too many. */
static void
stack_push(struct conf_tree ***stack, size_t *nr, struct conf_tree *t)
{
	if (*nr == UNDO_MAX) {
		conf_tree_free((*stack)[0]);
		memmove(*stack, *stack + 1, (--*nr) * sizeof(**stack));
	}
	*stack = xrealloc(*stack, *nr + 1, sizeof(**stack));
	(*stack)[(*nr)++] = t;
}

static void
stack_clear(struct conf_tree ***stack, size_t *nr)
{
	while (*nr > 0)
		conf_tree_free((*stack)[--*nr]);
	free(*stack);
	*stack = NULL;
}

int
cand_start(struct candidate *c, const char *text, uint32_t revision,
    struct sp_error *err)
{
	struct conf_tree *base;
	int ret;

	ret = conf_parse(&base, text, err);
	if (ret < 0)
		return ret;
	cand_free(c);
	c->base = base;
	c->tree = conf_tree_copy(base);
	c->revision = revision;
	return 0;
}

void
cand_free(struct candidate *c)
{
	stack_clear(&c->undo, &c->nr_undo);
	stack_clear(&c->redo, &c->nr_redo);
	conf_tree_free(c->tree);
	conf_tree_free(c->base);
	*c = (struct candidate){0};
}

/* To the letter: this is looked at only where comments were edited. */
static bool
text_differs(const struct candidate *c)
{
	struct buf a = {0}, b = {0};
	bool same;

	conf_print(&a, conf_root(c->base), false);
	conf_print(&b, conf_root(c->tree), false);
	same = a.len == b.len && (a.len == 0 ||
	    memcmp(a.data, b.data, a.len) == 0);
	buf_free(&a);
	buf_free(&b);
	return !same;
}

size_t
cand_changes(const struct candidate *c)
{
	struct conf_changes ch = {0};
	size_t nr;

	conf_changes(c->base, c->tree, &ch);
	nr = ch.nr;
	conf_changes_free(&ch);
	return nr == 0 && c->comments && text_differs(c) ? 1 : nr;
}

bool
cand_count(const struct candidate *c, size_t *changes)
{
	size_t pos = 0;

	*changes = c->tree ? cand_changes(c) : 0;
	/* A key replaced by another leaves the text as it was. */
	return *changes > 0 || (c->tree && conf_secret_next(c->tree, &pos));
}

bool
cand_dirty(const struct candidate *c)
{
	size_t changes, pos = 0;

	/* The keys first: with many tunnels they are counted sooner. */
	return c->tree && (conf_secret_next(c->tree, &pos) != NULL ||
	    cand_count(c, &changes));
}

void
cand_edit_begin(struct candidate *c)
{
	stack_push(&c->undo, &c->nr_undo, conf_tree_copy(c->tree));
}

void
cand_edit_abort(struct candidate *c)
{
	if (c->nr_undo == 0)
		return;
	conf_tree_free(c->tree);
	c->tree = c->undo[--c->nr_undo];
}

void
cand_replace(struct candidate *c, struct conf_tree *tree)
{
	stack_push(&c->undo, &c->nr_undo, c->tree);
	c->tree = tree;
}

void
cand_edit_done(struct candidate *c)
{
	stack_clear(&c->redo, &c->nr_redo);
}

int
cand_undo(struct candidate *c, struct sp_error *err)
{
	if (c->nr_undo == 0)
		return sp_fail(err, SP_STATE, _("There is nothing to undo."));
	stack_push(&c->redo, &c->nr_redo, c->tree);
	c->tree = c->undo[--c->nr_undo];
	return 0;
}

int
cand_redo(struct candidate *c, struct sp_error *err)
{
	if (c->nr_redo == 0)
		return sp_fail(err, SP_STATE, _("There is nothing to redo."));
	stack_push(&c->undo, &c->nr_undo, c->tree);
	c->tree = c->redo[--c->nr_redo];
	return 0;
}

int
cand_discard(struct candidate *c, const char *text, uint32_t revision,
    struct sp_error *err)
{
	struct conf_tree *base;
	int ret;

	ret = conf_parse(&base, text, err);
	if (ret < 0)
		return ret;
	conf_tree_free(c->base);
	c->base = base;
	c->revision = revision;
	cand_replace(c, conf_tree_copy(base));
	return 0;
}

void
cand_rebase(struct candidate *c, struct conf_tree *tree,
    const struct conf_tree *base, uint32_t revision)
{
	cand_replace(c, tree);
	cand_edit_done(c);
	conf_tree_free(c->base);
	c->base = conf_tree_copy(base);
	c->revision = revision;
}

void
cand_committed(struct candidate *c, uint32_t revision)
{
	const char *name;
	size_t pos;

	stack_clear(&c->undo, &c->nr_undo);
	stack_clear(&c->redo, &c->nr_redo);
	/* The walk begins anew each time: removing moves the others. */
	for (pos = 0; (name = conf_secret_next(c->tree, &pos)) != NULL;
	    pos = 0)
		conf_secret_set(c->tree, name, NULL);
	conf_tree_free(c->base);
	c->base = conf_tree_copy(c->tree);
	c->revision = revision;
	c->comments = false;
}

/* Block form: it keeps comments, which the flat form has no room for. */
char *
cand_text(const struct candidate *c)
{
	struct buf b = {0};

	conf_print(&b, conf_root(c->tree), false);
	buf_puts(&b, "");
	return buf_steal_str(&b);
}

json_t *
cand_secrets(const struct candidate *c)
{
	json_t *obj = json_object();
	const struct secret *s;
	const char *name;
	size_t pos = 0;
	char *text;

	while ((name = conf_secret_next(c->tree, &pos)) != NULL) {
		s = conf_secret(c->tree, name);
		text = base64_encode(s->data, s->len);
		json_object_set_new(obj, name, json_string(text));
		explicit_bzero(text, strlen(text));
		free(text);
	}
	return obj;
}

/* A broken draft costs its secrets, not the rest of it. */
void
cand_secrets_load(struct candidate *c, const json_t *secrets)
{
	struct secret s;
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)secrets, name, v) {
		if (!json_is_string(v) ||
		    !base64_decode(json_string_value(v), &s))
			continue;
		conf_secret_set(c->tree, name, &s);
		secret_free(&s);
	}
}
