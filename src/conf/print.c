/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Tree to text: the block form (also with +/- marks, for diff.c) and the
 * flat form.  The order is that of the tables, so that equal trees print
 * equal texts; what is printed reads back to an equal tree.
 */
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "conf/defaults.h"
#include "conf/internal.h"

#define INDENT 4

/* Mark and indentation at the start of a line. */
static void
begin_line(const struct printer *pr)
{
	if (pr->mark != 0)
		buf_printf(pr->out, "%c ", pr->mark);
	buf_printf(pr->out, "%*s", pr->depth * INDENT, "");
}

static void
print_comment(const struct printer *pr, const char *comment)
{
	size_t len;

	while (comment != NULL && *comment != '\0') {
		len = strcspn(comment, "\n");
		begin_line(pr);
		buf_printf(pr->out, "#%s%.*s\n", len > 0 ? " " : "",
		    (int)len, comment);
		comment += len;
		comment += *comment == '\n';
	}
}

/* A value of several words reads back without quotes; its words need none. */
static void
value_print(struct buf *b, const struct set_row *row, const char *value)
{
	if (row->type == SET_END)
		buf_puts(b, value);
	else
		token_print(b, value);
}

void
print_leaf(const struct printer *pr, const struct conf_leaf *leaf,
    const char *note)
{
	size_t i;

	print_comment(pr, leaf->comment);
	begin_line(pr);
	buf_puts(pr->out, leaf->row->name);
	for (i = 0; i < leaf->nr; i++) {
		buf_puts(pr->out, " ");
		value_print(pr->out, leaf->row, leaf->values[i]);
	}
	buf_printf(pr->out, ";%s%s\n", note != NULL ? " # " : "",
	    note != NULL ? note : "");
}

/* A setting that was not set, with the default that applies. */
static void
print_default(const struct printer *pr, const struct conf_node *n,
    const struct set_row *row)
{
	const char *def = schema_default(row, n);

	if (def == NULL || def[0] == '\0' || !schema_shown(row, n, NULL))
		return;
	begin_line(pr);
	buf_printf(pr->out, "%s ", row->name);
	token_print(pr->out, def);
	buf_puts(pr->out, "; # default\n");
}

static void
print_rows(const struct printer *pr, const struct conf_node *n)
{
	const struct set_row *row;
	const struct conf_leaf *leaf;

	for (row = n->object->rows; row->name != NULL; row++) {
		leaf = leaf_find(n, row);
		if (leaf != NULL)
			print_leaf(pr, leaf, NULL);
		else if (pr->all)
			print_default(pr, n, row);
	}
}

/* The default proposals of an entry without any, as comments. */
static void
print_default_proposals(const struct printer *pr, const struct conf_node *n)
{
	struct conf_proposal p;
	size_t i;

	if (schema_child(n->object, "proposal") == NULL ||
	    conf_next_child(n, "proposal", NULL) != NULL)
		return;
	for (i = 0; conf_proposal_at(n, i, &p); i++) {
		begin_line(pr);
		buf_puts(pr->out, "# default: proposal ");
		conf_proposal_print(pr->out, &p);
		buf_puts(pr->out, "\n");
	}
}

void
print_head(const struct printer *pr, const struct conf_node *n)
{
	print_comment(pr, n->comment);
	begin_line(pr);
	buf_puts(pr->out, n->object->word);
	if (n->name[0] != '\0')
		buf_printf(pr->out, " %s", n->name);
	buf_puts(pr->out, " {\n");
}

void
print_close(const struct printer *pr)
{
	begin_line(pr);
	buf_puts(pr->out, "}\n");
}

void
print_body(const struct printer *pr, const struct conf_node *n)
{
	struct conf_node *child;

	print_rows(pr, n);
	if (pr->all)
		print_default_proposals(pr, n);
	LIST_EACH(child, &n->children, struct conf_node, link) {
		if (child->object->naming == OBJ_SINGLE && !pr->all &&
		    node_is_empty(child))
			continue;
		print_node(pr, child);
	}
	print_comment(pr, n->tail);
}

void
print_node(const struct printer *pr, const struct conf_node *n)
{
	struct printer inner = *pr;

	inner.depth++;
	print_head(pr, n);
	print_body(&inner, n);
	print_close(pr);
}

void
conf_print(struct buf *b, const struct conf_node *n, bool all)
{
	struct printer pr = { .out = b, .all = all };

	buf_puts(b, "");
	print_body(&pr, n);
}

/* "set PATH" or "annotate PATH", a blank behind each word. */
static void
flat_begin(struct buf *b, const char *verb, const struct conf_node *n)
{
	struct buf path = {0};

	conf_node_path(n, &path);
	buf_printf(b, "%s %s%s", verb, (const char *)path.data,
	    path.len > 0 ? " " : "");
	buf_free(&path);
}

static void
flat_comment(struct buf *b, const struct conf_node *n, const char *setting,
    const char *comment)
{
	if (comment == NULL)
		return;
	flat_begin(b, "annotate", n);
	if (setting != NULL)
		buf_printf(b, "%s ", setting);
	token_print(b, comment);
	buf_puts(b, "\n");
}

static void
flat_value(struct buf *b, const struct conf_node *n,
    const struct set_row *row, const char *value)
{
	flat_begin(b, "set", n);
	buf_printf(b, "%s ", row->name);
	value_print(b, row, value);
	buf_puts(b, "\n");
}

static void
flat_rows(struct buf *b, const struct conf_node *n, bool all)
{
	const struct set_row *row;
	const struct conf_leaf *leaf;
	const char *def;
	size_t i;

	for (row = n->object->rows; row->name != NULL; row++) {
		leaf = leaf_find(n, row);
		def = schema_default(row, n);
		for (i = 0; leaf != NULL && i < leaf->nr; i++)
			flat_value(b, n, row, leaf->values[i]);
		if (leaf != NULL)
			flat_comment(b, n, row->name, leaf->comment);
		else if (all && def != NULL && def[0] != '\0' &&
		    schema_shown(row, n, NULL))
			flat_value(b, n, row, def);
	}
}

void
conf_print_set(struct buf *b, const struct conf_node *n, bool all)
{
	struct conf_node *child;

	buf_puts(b, "");
	if (n->parent != NULL && n->object->naming != OBJ_SINGLE) {
		flat_begin(b, "set", n);
		buf_truncate(b, b->len - 1);	/* the blank */
		buf_puts(b, "\n");
	}
	flat_comment(b, n, NULL, n->comment);
	flat_rows(b, n, all);
	LIST_EACH(child, &n->children, struct conf_node, link)
		conf_print_set(b, child, all);
}
