/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Text to tree: the block form of the file and the flat form of "set" lines.
 * Comments above a statement, or behind it on its line, belong to it; those
 * at the end of a block stay there.  The comments that conf_print() makes
 * itself ("default", "default: ...") are dropped.
 *
 * Depth is bounded by the schema: a block opens only for an object that the
 * tables know at this place.
 */
#include "conf/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"

/* One piece of comment for a place, in the order of the text. */
struct note {
	struct conf_node *node;
	const char *setting;		/* of the row; NULL: of the object;
					 * at_tail: at the end of its block */
	char *text;
	size_t seq;
};

struct parser {
	const struct token *tok;
	size_t nr, at;			/* tokens, the next one */
	struct buf comment;		/* lines that wait for a statement */
	bool has_comment;
	struct conf_node *last_node;	/* what a comment behind it is about */
	const char *last_setting;	/* NULL: the object itself */
	int last_line;			/* 0 = nothing */
	struct note *notes;
	size_t nr_notes, room_notes;
	struct sp_error *err;
};

static const char at_tail[] = "";

static const struct token *
peek(const struct parser *ps)
{
	return ps->at < ps->nr ? &ps->tok[ps->at] : NULL;
}

static int
fail_at(struct sp_error *err, const struct token *t, const char *what)
{
	int ret = sp_fail(err, SP_FORMAT, "%s", what);

	sp_at(err, t->line, t->column, t->length);
	return ret;
}

/* An error of model or schema gets the place of its word. */
static int
place(struct sp_error *err, const struct token *t, int ret)
{
	sp_at(err, t->line, t->column, t->length);
	return ret;
}

/*
 * Add lines to the comment of a place.  They are joined when all has been
 * read: one by one, a text that opens a block over and over, with a comment
 * each time, would cost the square of its length.
 */
static void
add_comment(struct parser *ps, struct conf_node *n, const char *setting,
    const char *text)
{
	struct note *note;

	if (ps->nr_notes == ps->room_notes) {
		ps->room_notes = ps->room_notes > 0 ? 2 * ps->room_notes : 16;
		ps->notes = xrealloc(ps->notes, ps->room_notes,
		    sizeof(*ps->notes));
	}
	note = &ps->notes[ps->nr_notes];
	note->node = n;
	note->setting = setting;
	note->text = xstrdup(text);
	note->seq = ps->nr_notes++;
}

static int
compare_size(uintptr_t a, uintptr_t b)
{
	return (a > b) - (a < b);
}

/* By place; the order of places does not matter, that within one does. */
static int
compare_notes(const void *a, const void *b)
{
	const struct note *x = a, *y = b;
	int ret = compare_size((uintptr_t)x->node, (uintptr_t)y->node);

	if (ret == 0) {
		ret = compare_size((uintptr_t)x->setting,
		    (uintptr_t)y->setting);
	}
	return ret != 0 ? ret : compare_size(x->seq, y->seq);
}

/* All of one place has come together. */
static void
put_comment(const struct note *note, const char *text)
{
	if (note->setting != at_tail) {
		conf_comment_set(note->node, note->setting, text);
		return;
	}
	free(note->node->tail);
	note->node->tail = comment_clean(text);
}

static void
put_comments(struct parser *ps)
{
	struct note *note, *end;
	struct buf text = {0};

	if (ps->nr_notes == 0)
		return;
	end = ps->notes + ps->nr_notes;
	qsort(ps->notes, ps->nr_notes, sizeof(*ps->notes), compare_notes);
	for (note = ps->notes; note < end; note++) {
		buf_puts(&text, note->text);
		if (note + 1 < end && note[1].node == note->node &&
		    note[1].setting == note->setting) {
			buf_puts(&text, "\n");
			continue;
		}
		put_comment(note, (const char *)text.data);
		buf_reset(&text);
	}
	buf_free(&text);
}

static void
notes_free(struct parser *ps)
{
	size_t i;

	for (i = 0; i < ps->nr_notes; i++)
		free(ps->notes[i].text);
	free(ps->notes);
}

static void
take_comment(struct parser *ps, const struct token *t)
{
	if (comment_is_generated(t->text))
		return;
	if (t->line == ps->last_line) {
		add_comment(ps, ps->last_node, ps->last_setting, t->text);
		return;
	}
	if (ps->has_comment)
		buf_puts(&ps->comment, "\n");
	buf_puts(&ps->comment, t->text);
	ps->has_comment = true;
}

/* Step over comments, keeping them. */
static void
skip_comments(struct parser *ps)
{
	const struct token *t;

	while ((t = peek(ps)) != NULL && t->type == TOK_COMMENT) {
		take_comment(ps, t);
		ps->at++;
	}
}

/* A statement was read whole: it gets the waiting comment. */
static void
statement_done(struct parser *ps, struct conf_node *n, const char *setting,
    int line)
{
	if (ps->has_comment) {
		add_comment(ps, n, setting, (const char *)ps->comment.data);
		buf_reset(&ps->comment);
		ps->has_comment = false;
	}
	ps->last_node = n;
	ps->last_setting = setting;
	ps->last_line = line;
}

/* What still waits at the end of a block stays at its end. */
static void
block_done(struct parser *ps, struct conf_node *n)
{
	if (!ps->has_comment)
		return;
	add_comment(ps, n, at_tail, (const char *)ps->comment.data);
	buf_reset(&ps->comment);
	ps->has_comment = false;
}

/* One value of a setting, of as many words as its first one asks for. */
static int
set_value(struct conf_node *n, const struct set_row *row,
    const struct token *tok, size_t nr, size_t *used, struct sp_error *err)
{
	size_t words = tok[0].quoted ? 1 :
	    schema_value_words(row, tok[0].text), i;
	struct buf b = {0};
	int ret;

	for (i = 0; i < words && i < nr && tok[i].type == TOK_WORD; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", tok[i].text);
	*used = i;
	ret = conf_set(n, row->name, (char *)b.data, err);
	buf_free(&b);
	return ret;
}

/* "setting value ...;" where row is the setting. */
static int
parse_setting(struct parser *ps, struct conf_node *n,
    const struct set_row *row)
{
	const struct token *word = peek(ps), *t;
	size_t nr = 0, used;
	int ret;

	ps->at++;
	for (skip_comments(ps); (t = peek(ps)) != NULL &&
	    t->type == TOK_WORD; skip_comments(ps)) {
		if (nr > 0 && !(row->flags & SET_LIST)) {
			return fail_at(ps->err, t,
			    "The value before this one must end with \";\".");
		}
		ret = set_value(n, row, t, ps->nr - ps->at, &used, ps->err);
		if (ret < 0)
			return place(ps->err, t, ret);
		word = t;
		nr++;
		ps->at += used;
	}
	if (nr == 0)
		return fail_at(ps->err, word, "This setting needs a value.");
	if (t == NULL || t->type == TOK_OPEN) {
		return fail_at(ps->err, word,
		    "A \";\" is missing behind this value.");
	}
	statement_done(ps, n, row->name, t->line);
	ps->at += t->type == TOK_END;
	return 0;
}

static int parse_block(struct parser *ps, struct conf_node *n,
    const struct token *open);

/* Behind "word name": a block, or ";" for an object with defaults only. */
static int
parse_body(struct parser *ps, struct conf_node *child,
    const struct token *head)
{
	const struct token *t;

	skip_comments(ps);
	t = peek(ps);
	if (t == NULL || (t->type != TOK_OPEN && t->type != TOK_END)) {
		return fail_at(ps->err, t != NULL ? t : head,
		    "A \"{\" or \";\" is missing here.");
	}
	statement_done(ps, child, NULL, t->line);
	ps->at++;
	return t->type == TOK_END ? 0 : parse_block(ps, child, t);
}

static int
parse_object(struct parser *ps, struct conf_node *n,
    const struct conf_object *object)
{
	const struct token *head = peek(ps), *name = NULL;
	struct conf_node *child;
	int ret;

	ps->at++;
	if (object->naming != OBJ_SINGLE) {
		skip_comments(ps);
		name = peek(ps);
		if (name == NULL || name->type != TOK_WORD) {
			return fail_at(ps->err, head,
			    "A name is missing behind this word.");
		}
		head = name;
		ps->at++;
	}
	ret = conf_child_make(n, object->word, name ? name->text : NULL,
	    &child, ps->err);
	if (ret < 0)
		return place(ps->err, head, ret);
	return parse_body(ps, child, head);
}

static int
parse_statement(struct parser *ps, struct conf_node *n)
{
	const struct token *t = peek(ps);
	const struct conf_object *object = schema_child(n->object, t->text);
	const struct set_row *row;

	if (object != NULL)
		return parse_object(ps, n, object);
	row = schema_row(n->object, t->text);
	if (row != NULL)
		return parse_setting(ps, n, row);
	return place(ps->err, t, schema_unknown(n->object, t->text, ps->err));
}

/* One step inside a block; *done at its end. */
static int
parse_step(struct parser *ps, struct conf_node *n, const struct token *open,
    bool *done)
{
	const struct token *t = peek(ps);

	if (t->type == TOK_WORD)
		return parse_statement(ps, n);
	if (t->type == TOK_OPEN) {
		return fail_at(ps->err, t,
		    "A block needs the word of an object before its \"{\".");
	}
	if (t->type == TOK_CLOSE && open == NULL) {
		return fail_at(ps->err, t,
		    "There is no open block that this \"}\" could close.");
	}
	*done = t->type == TOK_CLOSE;
	ps->at++;
	return 0;
}

/* Statements up to the "}" of the block, or up to the end (open NULL). */
static int
parse_block(struct parser *ps, struct conf_node *n, const struct token *open)
{
	bool done = false;
	int ret;

	while (!done) {
		skip_comments(ps);
		if (peek(ps) == NULL) {
			if (open == NULL)
				break;
			return fail_at(ps->err, open,
			    "The block that begins here is not closed.");
		}
		ret = parse_step(ps, n, open, &done);
		if (ret < 0)
			return ret;
	}
	block_done(ps, n);
	ps->last_line = 0;
	return 0;
}

/* Can the word begin something else inside n; then a list ends before it. */
static bool
is_known(const struct conf_node *n, const struct token *t)
{
	return !t->quoted && (schema_row(n->object, t->text) != NULL ||
	    schema_child(n->object, t->text) != NULL);
}

/* Setting tok[0] of n with its values; *used tokens. */
static int
set_row_words(struct conf_node *n, const struct set_row *row,
    const struct token *tok, size_t nr, size_t *used, struct sp_error *err)
{
	size_t i = 1, words;
	int ret;

	do {
		if (i >= nr) {
			return fail_at(err, &tok[0],
			    "This setting needs a value.");
		}
		ret = set_value(n, row, tok + i, nr - i, &words, err);
		if (ret < 0)
			return place(err, &tok[i], ret);
		i += words;
	} while ((row->flags & SET_LIST) && i < nr && !is_known(n, &tok[i]));
	*used = i;
	return 0;
}

/* Object tok[0] below *n, with its name; *n becomes it. */
static int
set_object_words(struct conf_node **n, const struct conf_object *object,
    const struct token *tok, size_t nr, size_t *used, struct sp_error *err)
{
	bool named = object->naming != OBJ_SINGLE;
	int ret;

	if (named && nr < 2) {
		return fail_at(err, &tok[0],
		    "A name is missing behind this word.");
	}
	ret = conf_child_make(*n, object->word, named ? tok[1].text : NULL,
	    n, err);
	if (ret < 0)
		return place(err, &tok[named], ret);
	*used = named ? 2 : 1;
	return 0;
}

/* As conf_set_words(); tells where it ended (setting NULL: an object). */
static int
set_words(struct conf_node **n, const struct token *tok, size_t nr,
    const char **setting, struct sp_error *err)
{
	const struct conf_object *object;
	const struct set_row *row;
	size_t i, used = 1;
	int ret;

	for (i = 0; i < nr; i += used) {
		object = schema_child((*n)->object, tok[i].text);
		row = schema_row((*n)->object, tok[i].text);
		*setting = row != NULL ? row->name : NULL;
		if (object != NULL) {
			ret = set_object_words(n, object, tok + i, nr - i,
			    &used, err);
		} else if (row != NULL) {
			ret = set_row_words(*n, row, tok + i, nr - i, &used,
			    err);
		} else {
			ret = place(err, &tok[i], schema_unknown(
			    (*n)->object, tok[i].text, err));
		}
		if (ret < 0)
			return ret;
	}
	return 0;
}

int
conf_set_words(struct conf_node *n, const struct token *tok, size_t nr,
    struct sp_error *err)
{
	const char *setting;

	return set_words(&n, tok, nr, &setting, err);
}

/* "annotate PATH "text"": the path must be there already. */
static int
annotate_words(struct parser *ps, struct conf_node *n,
    const struct token *tok, size_t nr)
{
	const struct conf_object *object;
	const struct set_row *row;
	struct conf_node *child;
	size_t i = 0;

	while (i + 1 < nr &&
	    (object = schema_child(n->object, tok[i].text)) != NULL) {
		child = conf_child(n, object->word,
		    object->naming != OBJ_SINGLE ? tok[i + 1].text : NULL);
		if (child == NULL) {
			return fail_at(ps->err, &tok[i],
			    "There is no such object to annotate.");
		}
		n = child;
		i += object->naming != OBJ_SINGLE ? 2 : 1;
	}
	if (i + 1 == nr) {
		add_comment(ps, n, NULL, tok[i].text);
		return 0;
	}
	row = i + 2 == nr ? schema_row(n->object, tok[i].text) : NULL;
	if (row == NULL) {
		return fail_at(ps->err, &tok[i < nr ? i : nr - 1],
		    "An annotation has a path and one text.");
	}
	add_comment(ps, n, row->name, tok[i + 1].text);
	return 0;
}

/* One line of the flat form: nr words beginning with a verb. */
static int
flat_line(struct parser *ps, struct conf_node *root, const struct token *tok,
    size_t nr)
{
	struct conf_node *n = root;
	const char *setting = NULL;
	int ret;

	if (nr > 1 && str_eq(tok[0].text, "annotate"))
		return annotate_words(ps, root, tok + 1, nr - 1);
	if (nr < 2 || !str_eq(tok[0].text, "set")) {
		return fail_at(ps->err, &tok[0], "A line of this form begins "
		    "with \"set\" and a path.");
	}
	ret = set_words(&n, tok + 1, nr - 1, &setting, ps->err);
	if (ret == 0)
		statement_done(ps, n, setting, tok[nr - 1].line);
	return ret;
}

static int
parse_flat(struct parser *ps, struct conf_node *root)
{
	size_t first;
	int ret = 0;

	while (ret == 0 && ps->at < ps->nr) {
		skip_comments(ps);
		first = ps->at;
		while (ps->at < ps->nr && ps->tok[ps->at].type == TOK_WORD)
			ps->at++;
		if (ps->at > first)
			ret = flat_line(ps, root, ps->tok + first,
			    ps->at - first);
		if (ret < 0 || ps->at >= ps->nr)
			break;
		if (ps->tok[ps->at].type == TOK_PIPE)
			ret = fail_at(ps->err, &ps->tok[ps->at],
			    "A \"|\" cannot stand in a configuration.");
		ps->at += ps->tok[ps->at].type == TOK_END;
	}
	if (ret == 0)
		block_done(ps, root);
	return ret;
}

/* The first word that is no comment decides about the form. */
static bool
is_flat(const char *text)
{
	static const char *const verbs[] = { "set", "annotate" };
	size_t len, i;

	if (str_prefix(text, "\xef\xbb\xbf"))
		text += 3;
	for (;;) {
		text += strspn(text, " \t\r\n;");
		if (*text != '#')
			break;
		text += strcspn(text, "\n");
	}
	len = strcspn(text, " \t\r\n;{");
	for (i = 0; i < NELEM(verbs); i++) {
		if (strlen(verbs[i]) == len &&
		    strncmp(text, verbs[i], len) == 0)
			return true;
	}
	return false;
}

int
conf_parse(struct conf_tree **out, const char *text, struct sp_error *err)
{
	struct conf_tree *t = NULL;
	struct tokens tokens = {0};
	struct parser ps = { .err = err };
	bool flat = is_flat(text);
	int ret;

	ret = tokens_split(&tokens, text, flat, err);
	if (ret < 0)
		return ret;
	ps.tok = tokens.tok;
	ps.nr = tokens.nr;
	t = conf_tree_new();
	if (flat)
		ret = parse_flat(&ps, t->root);
	else
		ret = parse_block(&ps, t->root, NULL);
	if (ret == 0) {
		put_comments(&ps);
		*out = t;
		t = NULL;
	}
	conf_tree_free(t);
	notes_free(&ps);
	buf_free(&ps.comment);
	tokens_free(&tokens);
	return ret;
}
