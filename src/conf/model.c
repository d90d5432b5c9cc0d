/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The tree of objects.  Children of a node are one list, ordered by kind (as
 * the parent's table lists them), numbered ones by number, named ones as
 * they were made.  One index over the whole tree finds a child by parent,
 * kind and name, so that thousands of tunnels cost no walks.
 *
 * Invariants: every node is in the index; the single children of a node are
 * made with it and live as long as it does.
 */
#include "conf/model.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"

struct key {			/* of the index; the name follows */
	const struct conf_node *parent;
	const struct conf_object *object;
};

static void
make_key(struct buf *b, const struct conf_node *parent,
    const struct conf_object *object, const char *name)
{
	struct key k = { .parent = parent, .object = object };

	buf_bytes(b, &k, sizeof(k));
	buf_puts(b, name);
}

static void
index_put(struct conf_node *n)
{
	struct buf key = {0};

	make_key(&key, n->parent, n->object, n->name);
	map_put(n->tree->index, key.data, key.len, n);
	buf_free(&key);
}

static void
index_del(struct conf_node *n)
{
	struct buf key = {0};

	make_key(&key, n->parent, n->object, n->name);
	map_del(n->tree->index, key.data, key.len);
	buf_free(&key);
}

static struct conf_node *
index_get(const struct conf_node *parent, const struct conf_object *object,
    const char *name)
{
	struct buf key = {0};
	struct conf_node *n;

	make_key(&key, parent, object, name);
	n = map_get(parent->tree->index, key.data, key.len);
	buf_free(&key);
	return n;
}

/* Place of a kind among the children of its parent. */
static size_t
kind_rank(const struct conf_node *n)
{
	size_t i = 0;

	while (n->parent->object->children[i] != n->object)
		i++;
	return i;
}

static long
number_of(const struct conf_node *n)
{
	if (n->object->naming != OBJ_NUMBERED)
		return 0;
	return strtol(n->name, NULL, 10);
}

/* Does a stand behind b in the list. */
static bool
is_behind(const struct conf_node *a, const struct conf_node *b)
{
	size_t ra = kind_rank(a), rb = kind_rank(b);

	if (ra != rb)
		return ra > rb;
	return number_of(a) > number_of(b);
}

/* Link a child at its place: behind all that do not stand behind it. */
static void
link_child(struct conf_node *n)
{
	struct list *head = &n->parent->children, *at = head->prev;

	while (at != head &&
	    is_behind(LIST_ENTRY(at, struct conf_node, link), n))
		at = at->prev;
	list_prepend(at, &n->link);	/* that is: directly behind at */
}

static struct conf_node *
node_new(struct conf_tree *t, struct conf_node *parent,
    const struct conf_object *object, char *name_take)
{
	struct conf_node *n = xcalloc(1, sizeof(*n));
	size_t i;

	n->tree = t;
	n->parent = parent;
	n->object = object;
	n->name = name_take;
	list_init(&n->link);
	list_init(&n->children);
	t->nr_nodes++;
	index_put(n);
	if (parent != NULL) {
		link_child(n);
		parent->nr_children += object->naming != OBJ_SINGLE;
	}
	for (i = 0; object->children[i] != NULL; i++) {
		if (object->children[i]->naming == OBJ_SINGLE)
			node_new(t, n, object->children[i], xstrdup(""));
	}
	return n;
}

static void
node_free(struct conf_node *n)
{
	struct conf_node *child;

	LIST_EACH(child, &n->children, struct conf_node, link)
		node_free(child);
	index_del(n);
	list_remove(&n->link);
	if (n->parent != NULL)
		n->parent->nr_children -= n->object->naming != OBJ_SINGLE;
	n->tree->nr_nodes--;
	leaves_free(n);
	free(n->comment);
	free(n->tail);
	free(n->name);
	free(n);
}

struct conf_tree *
conf_tree_new(void)
{
	struct conf_tree *t = xcalloc(1, sizeof(*t));

	t->index = map_new((uint64_t)(uintptr_t)t);
	t->root = node_new(t, NULL, &conf_root_object, xstrdup(""));
	return t;
}

static void
copy_below(struct conf_node *dst, const struct conf_node *src)
{
	struct conf_node *child, *copy;

	leaves_copy(dst, src);
	dst->comment = xstrdup(src->comment);
	dst->tail = xstrdup(src->tail);
	LIST_EACH(child, &src->children, struct conf_node, link) {
		if (child->object->naming == OBJ_SINGLE)
			copy = index_get(dst, child->object, "");
		else
			copy = node_new(dst->tree, dst, child->object,
			    xstrdup(child->name));
		copy_below(copy, child);
	}
}

void
node_fill(struct conf_node *dst, const struct conf_node *src)
{
	const char *name;
	size_t pos = 0;

	copy_below(dst, src);
	/* keys of another tree that the copy may name */
	while (dst->tree != src->tree &&
	    (name = conf_secret_next(src->tree, &pos)) != NULL) {
		if (conf_secret(dst->tree, name) == NULL)
			conf_secret_set(dst->tree, name,
			    conf_secret(src->tree, name));
	}
}

struct conf_tree *
conf_tree_copy(const struct conf_tree *t)
{
	struct conf_tree *copy = conf_tree_new();
	size_t i;

	copy_below(copy->root, t->root);
	for (i = 0; i < t->nr_secrets; i++)
		conf_secret_set(copy, t->secrets[i].name,
		    &t->secrets[i].value);
	return copy;
}

void
conf_tree_free(struct conf_tree *t)
{
	size_t i;

	if (t == NULL)
		return;
	node_free(t->root);
	for (i = 0; i < t->nr_secrets; i++) {
		free(t->secrets[i].name);
		secret_free(&t->secrets[i].value);
	}
	free(t->secrets);
	map_free(t->index);
	free(t);
}

struct conf_node *
conf_root(const struct conf_tree *t)
{
	return t->root;
}

const struct conf_object *
conf_node_object(const struct conf_node *n)
{
	return n->object;
}

const char *
conf_node_name(const struct conf_node *n)
{
	return n->name;
}

struct conf_node *
conf_node_parent(const struct conf_node *n)
{
	return n->parent;
}

struct conf_tree *
conf_node_tree(const struct conf_node *n)
{
	return n->tree;
}

struct conf_node *
conf_child(const struct conf_node *n, const char *word, const char *name)
{
	const struct conf_object *object = schema_child(n->object, word);
	struct conf_node *child;
	char *canon;

	if (object == NULL)
		return NULL;
	if (schema_name(object, name != NULL ? name : "", &canon, NULL) < 0)
		return NULL;
	child = index_get(n, object, canon);
	free(canon);
	return child;
}

static int
room_for_one(const struct conf_node *n, const struct conf_object *object,
    struct sp_error *err)
{
	if (n->nr_children >= object->limit) {
		return sp_fail(err, SP_RANGE, "There is room for %u objects "
		    "%s here, and no more.", object->limit, object->word);
	}
	if (n->tree->nr_nodes >= CONF_NODES_MAX) {
		return sp_fail(err, SP_RANGE, "A configuration has at most "
		    "%d objects.", CONF_NODES_MAX);
	}
	return 0;
}

int
conf_child_make(struct conf_node *n, const char *word, const char *name,
    struct conf_node **out, struct sp_error *err)
{
	const struct conf_object *object = schema_child(n->object, word);
	struct conf_node *child;
	char *canon;
	int ret;

	if (object == NULL)
		return schema_unknown(n->object, word, err);
	ret = schema_name(object, name != NULL ? name : "", &canon, err);
	if (ret < 0)
		return ret;
	child = index_get(n, object, canon);
	if (child == NULL) {
		ret = room_for_one(n, object, err);
		if (ret == 0) {
			child = node_new(n->tree, n, object, canon);
			canon = NULL;	/* the node owns it now */
		}
	}
	free(canon);
	if (ret == 0)
		*out = child;
	return ret;
}

static struct conf_node *
first_child(const struct conf_node *n, const struct conf_object *object)
{
	struct conf_node *child;

	LIST_EACH(child, &n->children, struct conf_node, link) {
		if (child->object == object)
			return child;
	}
	return NULL;
}

struct conf_node *
conf_next_child(const struct conf_node *n, const char *word,
    const struct conf_node *prev)
{
	const struct conf_object *object = schema_child(n->object, word);
	struct conf_node *next;

	if (object == NULL)
		return NULL;
	if (prev == NULL)
		return first_child(n, object);
	if (prev->link.next == &n->children)
		return NULL;
	next = LIST_ENTRY(prev->link.next, struct conf_node, link);
	return next->object == object ? next : NULL;
}

/* A single node stays where it is, but holds nothing any more. */
static void
node_empty(struct conf_node *n)
{
	struct conf_node *child;

	LIST_EACH(child, &n->children, struct conf_node, link)
		conf_node_delete(child);
	leaves_free(n);
	free(n->comment);
	free(n->tail);
	n->comment = n->tail = NULL;
}

void
conf_node_delete(struct conf_node *n)
{
	if (n->object->naming == OBJ_SINGLE)
		node_empty(n);
	else
		node_free(n);
}

/* The name for a renamed or copied node; must be free. */
static int
free_name(const struct conf_node *n, const char *name, char **canon,
    struct sp_error *err)
{
	int ret;

	if (n->object->naming == OBJ_SINGLE) {
		return sp_fail(err, SP_STATE, "%s has no name of its own.",
		    n->object->word);
	}
	ret = schema_name(n->object, name, canon, err);
	if (ret < 0)
		return ret;
	if (index_get(n->parent, n->object, *canon) == NULL)
		return 0;
	ret = sp_fail(err, SP_EXISTS, "There is already a %s \"%s\" here.",
	    n->object->word, *canon);
	free(*canon);
	return ret;
}

/* Values of n's settings that name such an object by its former name. */
static void
references_rename(struct conf_node *n, const struct conf_node *renamed,
    const char *former)
{
	const struct set_row *row;
	char **value;
	size_t i, k;

	for (i = 0; i < n->nr_leaves; i++) {
		row = n->leaves[i].row;
		if (row->type != SET_REFERENCE ||
		    !str_eq(row->ref_object, renamed->object->word))
			continue;
		for (k = 0; k < n->leaves[i].nr; k++) {
			value = &n->leaves[i].values[k];
			if (!str_eq(*value, former))
				continue;
			free(*value);
			*value = xstrdup(renamed->name);
		}
	}
}

/* What refers to a renamed object of the top follows it. */
static void
references_follow(struct conf_node *n, const struct conf_node *renamed,
    const char *former)
{
	struct conf_node *child;

	references_rename(n, renamed, former);
	LIST_EACH(child, &n->children, struct conf_node, link)
		references_follow(child, renamed, former);
}

int
conf_node_rename(struct conf_node *n, const char *name, struct sp_error *err)
{
	char *canon, *former = n->name;
	int ret = free_name(n, name, &canon, err);

	if (ret < 0)
		return ret;
	index_del(n);
	n->name = canon;
	index_put(n);
	if (n->object->naming == OBJ_NUMBERED) {
		list_remove(&n->link);
		link_child(n);
	}
	secrets_follow(n, n, former);
	if (n->parent == n->tree->root)
		references_follow(n->tree->root, n, former);
	free(former);
	return 0;
}

static size_t
count_nodes(const struct conf_node *n)
{
	struct conf_node *child;
	size_t nr = 1;

	LIST_EACH(child, &n->children, struct conf_node, link)
		nr += count_nodes(child);
	return nr;
}

int
conf_node_copy(struct conf_node *n, const char *name, struct sp_error *err)
{
	struct conf_node *copy;
	char *canon;
	int ret = free_name(n, name, &canon, err);

	if (ret < 0)
		return ret;
	ret = room_for_one(n->parent, n->object, err);
	if (ret == 0 && n->tree->nr_nodes + count_nodes(n) > CONF_NODES_MAX) {
		ret = sp_fail(err, SP_RANGE, "A configuration has at most "
		    "%d objects.", CONF_NODES_MAX);
	}
	if (ret < 0) {
		free(canon);
		return ret;
	}
	copy = node_new(n->tree, n->parent, n->object, canon);
	copy_below(copy, n);
	secrets_follow(copy, copy, n->name);
	return 0;
}

void
conf_node_path(const struct conf_node *n, struct buf *b)
{
	if (n->parent == NULL) {
		buf_puts(b, "");
		return;
	}
	conf_node_path(n->parent, b);
	buf_printf(b, "%s%s", b->len > 0 ? " " : "", n->object->word);
	if (n->name[0] != '\0')
		buf_printf(b, " %s", n->name);
}

bool
node_is_empty(const struct conf_node *n)
{
	struct conf_node *child;

	if (n->nr_leaves > 0 || n->comment != NULL || n->tail != NULL)
		return false;
	LIST_EACH(child, &n->children, struct conf_node, link) {
		if (child->object->naming != OBJ_SINGLE ||
		    !node_is_empty(child))
			return false;
	}
	return true;
}
