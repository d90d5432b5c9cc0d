/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Differences of two trees: as text for a person (compare, rollback) and as
 * a work list for the engine.  Objects are matched by kind and name; the
 * text compares what was written, the work list what is in force, so that a
 * default written out disturbs nothing.
 */
#include "conf/text.h"
#include "conf/validate.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"

/* The node of b that corresponds to child of a's counterpart, or NULL. */
static struct conf_node *
counterpart(const struct conf_node *other, const struct conf_node *child)
{
	if (other == NULL)
		return NULL;
	return conf_child(other, child->object->word, child->name);
}

static bool
same_values(const struct conf_leaf *a, const struct conf_leaf *b)
{
	size_t i;

	if (a->nr != b->nr)
		return false;
	for (i = 0; i < a->nr; i++) {
		if (!str_eq(a->values[i], b->values[i]))
			return false;
	}
	return true;
}

/* Same words, but another key behind them. */
static bool
is_new_key(const struct conf_node *na, const struct conf_leaf *a,
    const struct conf_node *nb, const struct conf_leaf *b)
{
	return a->row->type == SET_SECRET && !secret_same(na->tree,
	    a->values[0], nb->tree, b->values[0]);
}

static size_t
diff_row(struct printer *pr, const struct conf_node *na,
    const struct conf_node *nb, const struct set_row *row)
{
	const struct conf_leaf *a = leaf_find(na, row);
	const struct conf_leaf *b = leaf_find(nb, row);
	const char *note = NULL;

	if (a == NULL && b == NULL)
		return 0;
	if (a != NULL && b != NULL) {
		if (is_new_key(na, a, nb, b))
			note = "new key";
		else if (same_values(a, b) &&
		    str_eq(a->comment, b->comment))
			return 0;
	}
	if (a != NULL) {
		pr->mark = '-';
		print_leaf(pr, a, NULL);
	}
	if (b != NULL) {
		pr->mark = '+';
		print_leaf(pr, b, note);
	}
	return 1;
}

static size_t
count_all(const struct conf_node *n)
{
	struct conf_node *child;
	size_t nr = n->object->naming != OBJ_SINGLE;

	nr += n->nr_leaves;
	LIST_EACH(child, &n->children, struct conf_node, link)
		nr += count_all(child);
	return nr;
}

/* An object that only one side has. */
static size_t
diff_whole(struct printer *pr, const struct conf_node *n, char mark)
{
	pr->mark = mark;
	print_node(pr, n);
	return count_all(n);
}

/* The comments of an object itself changed: its head in both versions. */
static size_t
diff_comment(struct printer *pr, const struct conf_node *a,
    const struct conf_node *b)
{
	if (str_eq(a->comment, b->comment))
		return 0;
	pr->mark = '-';
	print_head(pr, a);
	pr->mark = '+';
	print_head(pr, b);
	return 1;
}

static size_t
diff_body(struct printer *pr, const struct conf_node *a,
    const struct conf_node *b);

static size_t
diff_object(struct printer *pr, const struct conf_node *a,
    const struct conf_node *b)
{
	struct conf_node plain = *b;
	struct printer inner = *pr;
	size_t start = pr->out->len, nr;

	nr = diff_comment(pr, a, b);
	if (nr == 0) {
		/* its comment is the same: no need to repeat it */
		plain.comment = NULL;
		pr->mark = ' ';
		print_head(pr, &plain);
	}
	inner.depth++;
	nr += diff_body(&inner, a, b);
	if (nr == 0) {
		buf_truncate(pr->out, start);
		return 0;
	}
	pr->mark = ' ';
	print_close(pr);
	return nr;
}

static size_t
diff_body(struct printer *pr, const struct conf_node *a,
    const struct conf_node *b)
{
	const struct set_row *row;
	struct conf_node *child, *other;
	size_t nr = 0;

	for (row = b->object->rows; row->name != NULL; row++)
		nr += diff_row(pr, a, b, row);
	LIST_EACH(child, &a->children, struct conf_node, link) {
		if (counterpart(b, child) == NULL)
			nr += diff_whole(pr, child, '-');
	}
	LIST_EACH(child, &b->children, struct conf_node, link) {
		other = counterpart(a, child);
		if (other == NULL)
			nr += diff_whole(pr, child, '+');
		else
			nr += diff_object(pr, other, child);
	}
	return nr + !str_eq(a->tail, b->tail);
}

size_t
conf_diff_print(struct buf *out, const struct conf_tree *a,
    const struct conf_tree *b)
{
	struct printer pr = { .out = out, .mark = ' ' };
	size_t nr = diff_body(&pr, a->root, b->root);

	buf_puts(out, "");	/* it may have been shortened */
	return nr;
}

/* What it costs when an object comes or goes: its dearest setting. */
static enum set_restart
object_restart(const struct conf_object *object)
{
	enum set_restart most = RESTART_NONE;
	const struct set_row *row;

	for (row = object->rows; row->name != NULL; row++) {
		if (row->restart > most)
			most = row->restart;
	}
	return most;
}

static void
add_change(struct conf_changes *out, const struct conf_node *old,
    const struct conf_node *new, const struct set_row *row)
{
	const struct conf_node *n = new != NULL ? new : old;
	struct buf path = {0};
	struct conf_change *c;

	/* grown by doubling: at 0, 1, 2, 4 ... elements */
	if ((out->nr & (out->nr - 1)) == 0) {
		out->change = xrealloc(out->change,
		    out->nr ? out->nr * 2 : 1, sizeof(*out->change));
	}
	conf_node_path(n, &path);
	c = &out->change[out->nr++];
	*c = (struct conf_change){
		.path = buf_steal_str(&path),
		.object = n->object, .row = row, .old = old, .new = new,
		.restart = row ? row->restart : object_restart(n->object),
	};
}

/* Is the setting in force different: values with defaults, or the key. */
static bool
row_changed(const struct conf_node *old, const struct conf_node *new,
    const struct set_row *row)
{
	const char *a, *b;
	size_t i = 0;

	/* not set on either side: only a default that depends on others may
	 * differ */
	if (row->dynamic_def == NULL && leaf_find(old, row) == NULL &&
	    leaf_find(new, row) == NULL)
		return false;
	do {
		a = conf_value(old, row->name, i);
		b = conf_value(new, row->name, i);
		if (row->type == SET_SECRET && a != NULL && b != NULL) {
			if (!secret_same(old->tree, a, new->tree, b))
				return true;
		} else if (!str_eq(a, b)) {
			return true;
		}
		i++;
	} while (a != NULL);
	return false;
}

static void
changes_below(const struct conf_node *old, const struct conf_node *new,
    struct conf_changes *out)
{
	const struct set_row *row;
	struct conf_node *child, *other;

	for (row = new->object->rows; row->name != NULL; row++) {
		if (row_changed(old, new, row))
			add_change(out, old, new, row);
	}
	LIST_EACH(child, &old->children, struct conf_node, link) {
		if (counterpart(new, child) == NULL)
			add_change(out, child, NULL, NULL);
	}
	LIST_EACH(child, &new->children, struct conf_node, link) {
		other = counterpart(old, child);
		if (other == NULL)
			add_change(out, NULL, child, NULL);
		else
			changes_below(other, child, out);
	}
}

void
conf_changes(const struct conf_tree *old, const struct conf_tree *new,
    struct conf_changes *out)
{
	*out = (struct conf_changes){0};
	changes_below(old->root, new->root, out);
}

void
conf_changes_free(struct conf_changes *c)
{
	size_t i;

	for (i = 0; i < c->nr; i++)
		free(c->change[i].path);
	free(c->change);
	*c = (struct conf_changes){0};
}
