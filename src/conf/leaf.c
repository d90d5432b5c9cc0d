/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Settings of a node: storing, typed reading with defaults, comments.  A
 * value equal to a fixed default is not kept, so that the file holds only
 * what differs; a default that depends on other settings is kept when a
 * person wrote it.
 */
#include "conf/model.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"

struct conf_leaf *
leaf_find(const struct conf_node *n, const struct set_row *row)
{
	size_t i;

	for (i = 0; i < n->nr_leaves; i++) {
		if (n->leaves[i].row == row)
			return &n->leaves[i];
	}
	return NULL;
}

struct conf_leaf *
leaf_make(struct conf_node *n, const struct set_row *row)
{
	struct conf_leaf *leaf = leaf_find(n, row);
	size_t at;

	if (leaf != NULL)
		return leaf;
	n->leaves = xrealloc(n->leaves, n->nr_leaves + 1, sizeof(*leaf));
	for (at = n->nr_leaves; at > 0 && n->leaves[at - 1].row > row; at--)
		n->leaves[at] = n->leaves[at - 1];
	n->nr_leaves++;
	n->leaves[at] = (struct conf_leaf){ .row = row };
	return &n->leaves[at];
}

static void
leaf_clear(struct conf_leaf *leaf)
{
	size_t i;

	for (i = 0; i < leaf->nr; i++)
		free(leaf->values[i]);
	free(leaf->values);
	leaf->values = NULL;
	leaf->nr = 0;
}

void
leaf_drop(struct conf_node *n, struct conf_leaf *leaf)
{
	size_t i = (size_t)(leaf - n->leaves);

	leaf_clear(leaf);
	free(leaf->comment);
	for (; i + 1 < n->nr_leaves; i++)
		n->leaves[i] = n->leaves[i + 1];
	n->nr_leaves--;
}

void
leaves_free(struct conf_node *n)
{
	while (n->nr_leaves > 0)
		leaf_drop(n, &n->leaves[n->nr_leaves - 1]);
	free(n->leaves);
	n->leaves = NULL;
}

static void
leaf_append(struct conf_leaf *leaf, const char *value)
{
	leaf->values = xrealloc(leaf->values, leaf->nr + 1,
	    sizeof(*leaf->values));
	leaf->values[leaf->nr++] = xstrdup(value);
}

void
leaf_store(struct conf_leaf *leaf, const char *value)
{
	leaf_clear(leaf);
	leaf_append(leaf, value);
}

/* Values and comment of from into the empty leaf. */
static void
leaf_fill(struct conf_leaf *to, const struct conf_leaf *from)
{
	size_t i;

	for (i = 0; i < from->nr; i++)
		leaf_append(to, from->values[i]);
	to->comment = xstrdup(from->comment);
}

void
leaf_replace(struct conf_node *dst, const struct set_row *row,
    const struct conf_node *src, const struct conf_leaf *from)
{
	struct conf_leaf *to = leaf_find(dst, row);
	char name[CONF_NAME_MAX];

	if (to != NULL)
		leaf_drop(dst, to);
	if (from == NULL)
		return;
	leaf_fill(leaf_make(dst, row), from);
	if (row->type == SET_SECRET &&
	    conf_secret_name(from->values[0], name, sizeof(name)) &&
	    conf_secret(src->tree, name) != NULL)
		conf_secret_set(dst->tree, name, conf_secret(src->tree,
		    name));
}

void
leaves_copy(struct conf_node *dst, const struct conf_node *src)
{
	const struct conf_leaf *from;
	size_t i;

	for (i = 0; i < src->nr_leaves; i++) {
		from = &src->leaves[i];
		leaf_fill(leaf_make(dst, from->row), from);
	}
}

static bool
leaf_has(const struct conf_leaf *leaf, const char *value)
{
	size_t i;

	for (i = 0; i < leaf->nr; i++) {
		if (str_eq(leaf->values[i], value))
			return true;
	}
	return false;
}

/* Path of a setting into the error, unless it has one. */
static void
error_path(struct sp_error *err, const struct conf_node *n,
    const char *setting)
{
	struct buf b = {0};

	conf_node_path(n, &b);
	sp_path(err, "%s%s%s", (const char *)b.data, b.len > 0 ? " " : "",
	    setting);
	buf_free(&b);
}

/* The hint of a refused value becomes a command when it is a better value. */
static void
error_hint(struct sp_error *err, const struct conf_node *n,
    const char *setting)
{
	struct sp_error old;
	struct buf b = {0};

	if (err == NULL || err->hint[0] == '\0')
		return;
	old = *err;
	conf_node_path(n, &b);
	sp_hint(err, "set %s%s%s %s", (const char *)b.data,
	    b.len > 0 ? " " : "", setting, old.hint);
	buf_free(&b);
}

static int
list_add(struct conf_node *n, const struct set_row *row, const char *value,
    struct sp_error *err)
{
	struct conf_leaf *leaf = leaf_find(n, row);

	if (leaf != NULL && leaf_has(leaf, value))
		return 0;
	if (leaf != NULL && leaf->nr >= CONF_LIST_MAX) {
		return sp_fail(err, SP_RANGE, "%s holds at most %d values.",
		    row->name, CONF_LIST_MAX);
	}
	leaf_append(leaf_make(n, row), value);
	return 0;
}

/* Is there no need to keep the value, as it is the default anyway. */
static bool
is_plain_default(const struct set_row *row, const char *value)
{
	return row->dynamic_def == NULL && row->def != NULL &&
	    str_eq(row->def, value);
}

static void
single_set(struct conf_node *n, const struct set_row *row, const char *value)
{
	struct conf_leaf *leaf = leaf_find(n, row);

	if (!is_plain_default(row, value) ||
	    (leaf != NULL && leaf->comment != NULL))
		leaf_store(leaf_make(n, row), value);
	else if (leaf != NULL)
		leaf_drop(n, leaf);
}

static int
set_secret(struct conf_node *n, const struct set_row *row, const char *value,
    struct sp_error *err)
{
	struct secret s;
	int ret;

	secret_set(&s, value, strnlen(value, CONF_SECRET_MAX + 1));
	ret = conf_secret_put(n, row->name, &s, err);
	secret_free(&s);
	return ret;
}

int
conf_set(struct conf_node *n, const char *setting, const char *value,
    struct sp_error *err)
{
	const struct set_row *row = schema_row(n->object, setting);
	char name[CONF_NAME_MAX], *canon;
	int ret;

	if (row == NULL)
		return schema_unknown(n->object, setting, err);
	if (row->type == SET_SECRET &&
	    !conf_secret_name(value, name, sizeof(name)))
		return set_secret(n, row, value, err);
	ret = schema_value(row, n, value, &canon, err);
	if (ret < 0) {
		error_path(err, n, setting);
		error_hint(err, n, setting);
		return ret;
	}
	if (row->flags & SET_LIST)
		ret = list_add(n, row, canon, err);
	else
		single_set(n, row, canon);
	free(canon);
	return ret;
}

/* Take one value out of a list; the last one takes the setting along. */
static int
list_remove_value(struct conf_node *n, struct conf_leaf *leaf,
    const char *value, struct sp_error *err)
{
	char shown[CONF_QUOTE], *canon;
	size_t i, keep = 0;
	int ret = schema_value(leaf->row, n, value, &canon, err);

	if (ret < 0)
		return ret;
	if (!leaf_has(leaf, canon)) {
		free(canon);
		return sp_fail(err, SP_NOTFOUND, "%s has no value \"%s\".",
		    leaf->row->name, value_quote(shown, value));
	}
	for (i = 0; i < leaf->nr; i++) {
		if (str_eq(leaf->values[i], canon))
			free(leaf->values[i]);
		else
			leaf->values[keep++] = leaf->values[i];
	}
	leaf->nr = keep;
	free(canon);
	if (keep == 0)
		leaf_drop(n, leaf);
	return 0;
}

int
conf_unset(struct conf_node *n, const char *setting, const char *value,
    struct sp_error *err)
{
	const struct set_row *row = schema_row(n->object, setting);
	struct conf_leaf *leaf;

	if (row == NULL)
		return schema_unknown(n->object, setting, err);
	leaf = leaf_find(n, row);
	if (leaf == NULL) {
		return sp_fail(err, SP_NOTFOUND, "%s is not set here.",
		    setting);
	}
	if (value != NULL)
		return list_remove_value(n, leaf, value, err);
	leaf_drop(n, leaf);
	return 0;
}

bool
conf_is_set(const struct conf_node *n, const char *setting)
{
	return conf_count(n, setting) > 0;
}

size_t
conf_count(const struct conf_node *n, const char *setting)
{
	const struct set_row *row = schema_row(n->object, setting);
	const struct conf_leaf *leaf = row ? leaf_find(n, row) : NULL;

	return leaf != NULL ? leaf->nr : 0;
}

const char *
conf_value(const struct conf_node *n, const char *setting, size_t i)
{
	const struct set_row *row = schema_row(n->object, setting);
	const struct conf_leaf *leaf;

	if (row == NULL)
		return NULL;
	leaf = leaf_find(n, row);
	if (leaf != NULL)
		return i < leaf->nr ? leaf->values[i] : NULL;
	return i == 0 ? schema_default(row, n) : NULL;
}

const char *
conf_str(const struct conf_node *n, const char *setting)
{
	return conf_value(n, setting, 0);
}

bool
conf_bool(const struct conf_node *n, const char *setting)
{
	return str_eq(conf_str(n, setting), "yes");
}

int64_t
conf_int(const struct conf_node *n, const char *setting)
{
	const char *s = conf_str(n, setting);
	int64_t v;

	if (s == NULL || !str_to_i64(s, INT64_MIN, INT64_MAX, &v))
		return 0;
	return v;
}

double
conf_decimal(const struct conf_node *n, const char *setting)
{
	const char *s = conf_str(n, setting);
	int64_t thousandths;

	if (s == NULL || !decimal_parse(s, &thousandths))
		return 0;
	return (double)thousandths / 1000;
}

int64_t
conf_duration(const struct conf_node *n, const char *setting)
{
	const char *s = conf_str(n, setting);
	int64_t seconds;

	if (s == NULL || !duration_parse(s, &seconds))
		return 0;
	return seconds;
}

bool
conf_addr(const struct conf_node *n, const char *setting,
    struct ip_addr *out)
{
	const char *s = conf_str(n, setting);

	return s != NULL && addr_parse(out, s);
}

bool
conf_prefix(const struct conf_node *n, const char *setting,
    struct ip_prefix *out)
{
	const char *s = conf_str(n, setting);

	return s != NULL && prefix_parse(out, s);
}

bool
conf_node_enabled(const struct conf_node *n)
{
	return schema_row(n->object, "enabled") == NULL ||
	    conf_bool(n, "enabled");
}

const char *
conf_comment(const struct conf_node *n, const char *setting)
{
	const struct set_row *row;
	const struct conf_leaf *leaf;

	if (setting == NULL)
		return n->comment;
	row = schema_row(n->object, setting);
	leaf = row ? leaf_find(n, row) : NULL;
	return leaf != NULL ? leaf->comment : NULL;
}

bool
comment_is_generated(const char *line)
{
	return str_eq(line, "default") || str_prefix(line, "default: ");
}

/* One line of a comment without what a terminal would act on. */
static char *
clean_line(const char *line, size_t len)
{
	struct buf b = {0};
	size_t i, n;

	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	for (i = 0; i < len; i += n) {
		n = 1;
		while (i + n < len &&
		    ((unsigned char)line[i + n] & 0xc0) == 0x80)
			n++;
		if (value_printable(line + i, n))
			buf_bytes(&b, line + i, n);
		else if (line[i] == '\t')
			buf_puts(&b, " ");
	}
	while (b.len > 0 && b.data[b.len - 1] == ' ')
		buf_truncate(&b, b.len - 1);
	return buf_steal_str(&b);
}

char *
comment_clean(const char *text)
{
	struct buf b = {0};
	char *line;
	size_t len;

	while (text != NULL) {
		len = strcspn(text, "\n");
		line = clean_line(text, len);
		/* as the parser would not give it back */
		if (!comment_is_generated(line))
			buf_puts(&b, line);
		free(line);
		text = text[len] != '\0' ? text + len + 1 : NULL;
		if (text != NULL)
			buf_puts(&b, "\n");
	}
	while (b.len > 0 && b.data[b.len - 1] == '\n')
		buf_truncate(&b, b.len - 1);
	if (b.len == 0) {
		buf_free(&b);
		return NULL;
	}
	return buf_steal_str(&b);
}

/* A comment needs a written value to stand above. */
static struct conf_leaf *
leaf_for_comment(struct conf_node *n, const struct set_row *row)
{
	struct conf_leaf *leaf = leaf_find(n, row);
	const char *def = schema_default(row, n);

	if (leaf != NULL || def == NULL)
		return leaf;
	leaf = leaf_make(n, row);
	leaf_store(leaf, def);
	return leaf;
}

/* Without its comment a default needs not be written any more. */
static void
leaf_comment(struct conf_node *n, const struct set_row *row, char *clean)
{
	struct conf_leaf *leaf = clean != NULL ? leaf_for_comment(n, row) :
	    leaf_find(n, row);

	if (leaf == NULL) {
		free(clean);
		return;
	}
	free(leaf->comment);
	leaf->comment = clean;
	if (clean == NULL && leaf->nr == 1 &&
	    is_plain_default(row, leaf->values[0]))
		leaf_drop(n, leaf);
}

void
conf_comment_set(struct conf_node *n, const char *setting, const char *text)
{
	char *clean = comment_clean(text);
	const struct set_row *row;

	if (setting != NULL) {
		row = schema_row(n->object, setting);
		if (row != NULL)
			leaf_comment(n, row, clean);
		else
			free(clean);
	} else if (n->parent != NULL) {
		free(n->comment);
		n->comment = clean;
	} else {
		free(clean);	/* the root has no line to stand above */
	}
}
