/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The three-way merge behind commits of several operators.  Objects are
 * matched by kind and name, settings as a whole: a list that both sides
 * changed differently is a conflict, never a mixture that nobody wrote.
 * Comments follow the side that changed them and are no reason to refuse;
 * where both did, mine stays.
 */
#include "conf/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"

/* Where the walk stands and what it has found. */
struct merge {
	enum merge_side prefer;
	struct conf_conflicts *out;
	struct sp_error *err;
	int ret;
};

static bool
same_leaf(const struct conf_node *na, const struct conf_leaf *a,
    const struct conf_node *nb, const struct conf_leaf *b)
{
	size_t i;

	if (a == NULL || b == NULL)
		return a == b;
	if (a->nr != b->nr)
		return false;
	for (i = 0; i < a->nr; i++) {
		if (!str_eq(a->values[i], b->values[i]))
			return false;
	}
	return a->row->type != SET_SECRET || secret_same(na->tree,
	    a->values[0], nb->tree, b->values[0]);
}

static const struct conf_leaf *
leaf_of(const struct conf_node *n, const struct set_row *row)
{
	return n != NULL ? leaf_find(n, row) : NULL;
}

static struct conf_node *
child_of(const struct conf_node *n, const struct conf_node *like)
{
	return n != NULL ? conf_child(n, like->object->word, like->name) :
	    NULL;
}

/* Are two objects equal with all below (comments do not count). */
static bool
same_node(const struct conf_node *a, const struct conf_node *b)
{
	const struct set_row *row;
	struct conf_node *child, *other;

	for (row = a->object->rows; row->name != NULL; row++) {
		if (!same_leaf(a, leaf_find(a, row), b, leaf_find(b, row)))
			return false;
	}
	LIST_EACH(child, &a->children, struct conf_node, link) {
		other = child_of(b, child);
		if (other == NULL || !same_node(child, other))
			return false;
	}
	LIST_EACH(child, &b->children, struct conf_node, link) {
		if (child_of(a, child) == NULL)
			return false;
	}
	return true;
}

static char *
leaf_text(const struct conf_leaf *leaf)
{
	struct buf b = {0};
	size_t i;

	if (leaf == NULL)
		return xstrdup("not set");
	for (i = 0; i < leaf->nr; i++) {
		buf_puts(&b, i > 0 ? " " : "");
		if (leaf->row->type == SET_SECRET)
			buf_puts(&b, "another key");
		else
			str_safe(&b, leaf->values[i], strlen(leaf->values[i]));
	}
	return buf_steal_str(&b);
}

/* Notes a conflict; mine and theirs are taken over. */
static void
add_conflict(struct merge *m, const struct conf_node *n,
    const struct set_row *row, char *mine, char *theirs)
{
	struct conf_conflicts *out = m->out;
	struct buf path = {0};

	conf_node_path(n, &path);
	if (row != NULL)
		buf_printf(&path, "%s%s", path.len > 0 ? " " : "", row->name);
	out->c = xrealloc(out->c, out->nr + 1, sizeof(*out->c));
	out->c[out->nr++] = (struct conf_conflict){ buf_steal_str(&path),
		mine, theirs };
}

static void
merge_row(struct merge *m, const struct conf_node *base,
    const struct conf_node *mine, struct conf_node *to,
    const struct set_row *row)
{
	const struct conf_leaf *was = leaf_of(base, row);
	const struct conf_leaf *ours = leaf_find(mine, row);
	const struct conf_leaf *now = leaf_find(to, row);

	if (same_leaf(base, was, mine, ours) ||
	    same_leaf(mine, ours, to, now))
		return;
	if (!same_leaf(base, was, to, now)) {
		add_conflict(m, to, row, leaf_text(ours), leaf_text(now));
		if (m->prefer != MERGE_MINE)
			return;
	}
	leaf_replace(to, row, mine, ours);
}

static void
merge_comment(const char *was, const char *mine, char **to)
{
	if (str_eq(was, mine) || str_eq(mine, *to))
		return;
	free(*to);
	*to = xstrdup(mine);
}

static void
merge_node(struct merge *m, const struct conf_node *base,
    const struct conf_node *mine, struct conf_node *to);

/* An object of mine that theirs does not have. */
static void
merge_missing(struct merge *m, const struct conf_node *was,
    const struct conf_node *child, struct conf_node *to)
{
	struct conf_node *copy;

	if (was != NULL) {
		if (same_node(was, child))
			return;
		add_conflict(m, child, NULL, xstrdup("changed"),
		    xstrdup("deleted"));
		if (m->prefer != MERGE_MINE)
			return;
	}
	m->ret = conf_child_make(to, child->object->word, child->name, &copy,
	    m->err);
	if (m->ret == 0)
		node_fill(copy, child);
}

/* Objects of base that mine has no more. */
static void
merge_deleted(struct merge *m, const struct conf_node *base,
    const struct conf_node *mine, struct conf_node *to)
{
	struct conf_node *was, *now;

	LIST_EACH(was, &base->children, struct conf_node, link) {
		now = child_of(to, was);
		if (child_of(mine, was) != NULL || now == NULL)
			continue;
		if (!same_node(was, now)) {
			add_conflict(m, now, NULL, xstrdup("deleted"),
			    xstrdup("changed"));
			if (m->prefer != MERGE_MINE)
				continue;
		}
		conf_node_delete(now);
	}
}

static void
merge_node(struct merge *m, const struct conf_node *base,
    const struct conf_node *mine, struct conf_node *to)
{
	const struct set_row *row;
	struct conf_node *child, *other;

	for (row = mine->object->rows; row->name != NULL; row++)
		merge_row(m, base, mine, to, row);
	merge_comment(base != NULL ? base->comment : NULL, mine->comment,
	    &to->comment);
	merge_comment(base != NULL ? base->tail : NULL, mine->tail,
	    &to->tail);
	if (base != NULL)
		merge_deleted(m, base, mine, to);
	LIST_EACH(child, &mine->children, struct conf_node, link) {
		if (m->ret < 0)
			return;
		other = child_of(to, child);
		if (other != NULL)
			merge_node(m, child_of(base, child), child, other);
		else
			merge_missing(m, child_of(base, child), child, to);
	}
}

struct conf_tree *
conf_merge(const struct conf_tree *base, const struct conf_tree *mine,
    const struct conf_tree *theirs, enum merge_side prefer,
    struct conf_conflicts *out, struct sp_error *err)
{
	struct conf_tree *t = conf_tree_copy(theirs);
	struct merge m = { .prefer = prefer, .out = out, .err = err };
	const char *name;
	size_t pos = 0;

	*out = (struct conf_conflicts){0};
	merge_node(&m, base->root, mine->root, t->root);
	if (m.ret < 0) {
		conf_conflicts_free(out);
		conf_tree_free(t);
		return NULL;
	}
	/* keys that only mine knows; those of changed settings went along */
	while ((name = conf_secret_next(mine, &pos)) != NULL) {
		if (conf_secret(t, name) == NULL)
			conf_secret_set(t, name, conf_secret(mine, name));
	}
	return t;
}

void
conf_conflicts_free(struct conf_conflicts *c)
{
	size_t i;

	for (i = 0; i < c->nr; i++) {
		free(c->c[i].path);
		free(c->c[i].mine);
		free(c->c[i].theirs);
	}
	free(c->c);
	*c = (struct conf_conflicts){0};
}
