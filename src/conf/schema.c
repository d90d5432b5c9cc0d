/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Questions to the tables that need no tree: rows and objects by word, names
 * of objects, the shape of a value for help and completion.
 */
#include "conf/schema.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"

#define NAME_LEN 31
#define NEAR_MAX 64		/* rows and children of one object */

static const struct set_row root_rows[] = {
	{ .name = NULL }
};

static const struct conf_object *const root_children[] = {
	&network_object, &host_object, &certificate_object,
	&authority_object, &system_object, NULL
};

const struct conf_object conf_root_object = {
	.word = "configuration",
	.label = N_("Configuration"),
	.help = N_("Everything that is configured."),
	.naming = OBJ_SINGLE,
	.rows = root_rows,
	.children = root_children,
	.limit = 1,
};

const struct set_row *
schema_row(const struct conf_object *obj, const char *name)
{
	const struct set_row *row;

	/* Equal literals are one object after linking, and most callers name
	 * the setting by a literal: with 10,000 tunnels this loop is the
	 * hottest of the room. */
	for (row = obj->rows; row->name != NULL; row++) {
		if (row->name == name)
			return row;
	}
	for (row = obj->rows; row->name != NULL; row++) {
		if (str_eq(row->name, name))
			return row;
	}
	return NULL;
}

const struct conf_object *
schema_child(const struct conf_object *obj, const char *word)
{
	size_t i;

	for (i = 0; obj->children[i] != NULL; i++) {
		if (str_eq(obj->children[i]->word, word))
			return obj->children[i];
	}
	return NULL;
}

const struct set_choice *
schema_choice(const struct set_row *row, const char *word)
{
	const struct set_choice *c;

	for (c = row->choices; c != NULL && c->word != NULL; c++) {
		if (str_eq(c->word, word))
			return c;
	}
	return NULL;
}

const char *
schema_default(const struct set_row *row, const struct conf_node *node)
{
	if (node != NULL && row->dynamic_def != NULL)
		return row->dynamic_def(node);
	return row->def;
}

bool
schema_shown(const struct set_row *row, const struct conf_node *node,
    const char **why)
{
	const char *unused;

	if (row->shown == NULL)
		return true;
	return row->shown(node, why != NULL ? why : &unused);
}

/* Numbers of proposals: 1 to 9999, printed without leading zeros. */
static int
number_name(const struct conf_object *obj, const char *name, char **canon,
    struct sp_error *err)
{
	char shown[CONF_QUOTE];
	int64_t n;

	if (!str_to_i64(name, 1, 9999, &n)) {
		return sp_fail(err, SP_RANGE,
		    "%s lies between 1 and 9999; %s is outside.", obj->word,
		    value_quote(shown, name));
	}
	*canon = xasprintf("%" PRId64, n);
	return 0;
}

/* Routes: a network, or "default" for all that has no other. */
static int
prefix_name(const char *name, char **canon, struct sp_error *err)
{
	char shown[CONF_QUOTE];
	struct buf b = {0};
	int ret = 0;

	if (str_eq(name, "default"))
		buf_puts(&b, name);
	else
		ret = value_prefix(&b, name, value_quote(shown, name), err);
	if (ret == 0)
		*canon = buf_steal_str(&b);
	buf_free(&b);
	return ret;
}

static bool
is_name(const char *s)
{
	size_t i, len = strlen(s);

	if (len == 0 || len > NAME_LEN || !isalnum((unsigned char)s[0]))
		return false;
	for (i = 0; i < len; i++) {
		if (!isalnum((unsigned char)s[i]) &&
		    strchr("._-", s[i]) == NULL)
			return false;
	}
	return true;
}

int
schema_name(const struct conf_object *obj, const char *name, char **canon,
    struct sp_error *err)
{
	char shown[CONF_QUOTE];

	switch (obj->naming) {
	case OBJ_SINGLE:
		*canon = xstrdup("");
		return 0;
	case OBJ_NUMBERED:
		return number_name(obj, name, canon, err);
	case OBJ_PREFIX:
		return prefix_name(name, canon, err);
	case OBJ_NAMED:
		break;
	}
	if (!is_name(name)) {
		return sp_fail(err, SP_FORMAT,
		    "A name has 1 to 31 characters out of letters, digits, "
		    "\".\", \"_\" and \"-\", and begins with a letter or "
		    "digit; \"%s\" does not.", value_quote(shown, name));
	}
	*canon = xstrdup(name);
	return 0;
}

int
schema_unknown(const struct conf_object *obj, const char *word,
    struct sp_error *err)
{
	const char *words[NEAR_MAX];
	char shown[CONF_QUOTE];
	const struct set_row *row;
	size_t n = 0, i;
	int near;

	for (row = obj->rows; row->name != NULL && n < NEAR_MAX; row++)
		words[n++] = row->name;
	for (i = 0; obj->children[i] != NULL && n < NEAR_MAX; i++)
		words[n++] = obj->children[i]->word;
	near = str_nearest(word, words, n);
	value_quote(shown, word);
	if (near < 0) {
		return sp_fail(err, SP_NOTFOUND,
		    "\"%s\" is not a setting of %s.", shown, obj->word);
	}
	return sp_fail(err, SP_NOTFOUND,
	    "\"%s\" is not a setting of %s. Did you mean \"%s\"?", shown,
	    obj->word, words[near]);
}

/* "yes|no|keep" of the words. */
static void
shape_choices(struct buf *b, const struct set_row *row, const char *sep)
{
	const struct set_choice *c;

	for (c = row->choices; c != NULL && c->word != NULL; c++) {
		buf_puts(b, sep);
		buf_puts(b, c->word);
		sep = "|";
	}
}

static void
shape_integer(struct buf *b, const struct set_row *row)
{
	buf_printf(b, "<%" PRId64 "..%" PRId64 ">", row->min, row->max);
	shape_choices(b, row, "|");
	if (row->unit != NULL)
		buf_printf(b, " %s", row->unit);
}

static void
shape_decimal(struct buf *b, const struct set_row *row)
{
	buf_printf(b, "<%g..%g>", (double)row->min / 1000,
	    (double)row->max / 1000);
	if (row->unit != NULL)
		buf_printf(b, " %s", row->unit);
}

static void
shape_duration(struct buf *b, const struct set_row *row)
{
	buf_puts(b, "<");
	duration_print(b, row->min);
	buf_puts(b, "..");
	duration_print(b, row->max);
	buf_puts(b, ">");
}

/* The angle-bracket word of the other types. */
static const char *const shape_words[] = {
	[SET_ADDRESS] = "<address>",
	[SET_PREFIX] = "<address/length>",
	[SET_HOST] = "<address or host name>",
	[SET_IDENTITY] = "<identity>",
	[SET_SELECTOR] = "<network>",
	[SET_END] = "any|custom <network>|my-router-ip|other-router-ip "
	    "<name>|...",
	[SET_PORTS] = "<port or a-b>",
	[SET_RATE] = "<100/second, 64kbytes/second>",
	[SET_TEXT] = "<text>",
	[SET_NAME] = "<name>",
	[SET_REFERENCE] = "<name>",
	[SET_SECRET] = "<key>",
};

static void
shape_word(struct buf *b, const struct set_row *row)
{
	buf_puts(b, shape_words[row->type]);
	shape_choices(b, row, "|");
}

static void
shape_bool(struct buf *b, const struct set_row *row)
{
	(void)row;
	buf_puts(b, "yes|no");
}

static void
shape_enum(struct buf *b, const struct set_row *row)
{
	shape_choices(b, row, "");
}

static void (*const shapes[])(struct buf *, const struct set_row *) = {
	[SET_BOOL] = shape_bool,
	[SET_ENUM] = shape_enum,
	[SET_INTEGER] = shape_integer,
	[SET_DECIMAL] = shape_decimal,
	[SET_DURATION] = shape_duration,
	[SET_ADDRESS] = shape_word,
	[SET_PREFIX] = shape_word,
	[SET_HOST] = shape_word,
	[SET_IDENTITY] = shape_word,
	[SET_SELECTOR] = shape_word,
	[SET_END] = shape_word,
	[SET_PORTS] = shape_word,
	[SET_RATE] = shape_word,
	[SET_TEXT] = shape_word,
	[SET_NAME] = shape_word,
	[SET_REFERENCE] = shape_word,
	[SET_SECRET] = shape_word,
};

void
schema_shape(struct buf *b, const struct set_row *row)
{
	shapes[row->type](b, row);
	if (row->flags & SET_LIST)
		buf_puts(b, " ...");
	if (row->def != NULL && row->def[0] != '\0')
		buf_printf(b, " (default %s)", row->def);
}
