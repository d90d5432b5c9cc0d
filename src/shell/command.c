/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Matching a command line against the command table.  First the words of the
 * command, then its arguments by the grammar of the row.  The same walk
 * serves running (cmd_parse) and completion (cmd_next), so what "?" offers is
 * what the parser takes.
 *
 * A grammar is a list of items, each wanted or in brackets; an item is a
 * list of elements, keywords or typed arguments.  Between two wanted items
 * the bracketed ones may come in any order.
 */
#include "shell/command.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/text.h"

#define GRAM_ITEMS 10
#define GRAM_ELEMS 4
#define NEAR_WORDS 128

struct gram_elem {
	const char *text;	/* "on|off" or the name of the type */
	size_t len;
	const struct arg_type *type;	/* NULL: keywords */
};

struct gram_item {
	bool optional;
	struct gram_elem elem[GRAM_ELEMS];
	size_t nr;
};

struct gram {
	struct gram_item item[GRAM_ITEMS];
	size_t nr;
};

/* Where the walk stands. */
struct walk {
	struct shell *sh;
	const struct gram *g;
	const struct token *tok;
	size_t nr, at;		/* tokens, the next one */
	bool abbrev;
	size_t base;		/* first item not passed */
	unsigned used;		/* bit for each item */
	const struct gram_item *item;	/* within this one ... */
	size_t elem;		/* ... before this element */
	struct cmd_arg *open;	/* last argument could take more words */
	const struct arg_type *open_type;
};

/* ---- grammar ------------------------------------------------------------ */

static const struct arg_type *
type_find(const char *name, size_t len)
{
	const struct arg_type *t;

	for (t = arg_table; t->name; t++) {
		if (strlen(t->name) == len && memcmp(t->name, name, len) == 0)
			return t;
	}
	return NULL;
}

/* Read the grammar string; rows are checked by a unit test, so what does not
 * fit is left out here. */
static void
gram_read(struct gram *g, const char *s)
{
	struct gram_item *it = NULL;
	struct gram_elem *e;
	bool inside = false;
	size_t len;

	*g = (struct gram){0};
	for (; *s && g->nr < GRAM_ITEMS; s += len) {
		len = 1;
		if (*s == ' ')
			continue;
		if (*s == '[' || !inside) {
			it = &g->item[g->nr++];
			it->optional = inside = *s == '[';
			if (inside)
				continue;
		}
		if (*s == ']') {
			inside = false;
			continue;
		}
		len = strcspn(s, " ]");
		if (it->nr == GRAM_ELEMS)
			continue;
		e = &it->elem[it->nr++];
		*e = (struct gram_elem){ .text = s, .len = len };
		if (*s == '<') {
			e->text = s + 1;
			e->len = len - 2;
			e->type = type_find(s + 1, len - 2);
		}
	}
}

/* ---- words -------------------------------------------------------------- */

/* 2 = equal, 1 = beginning, 0 = neither. */
static int
word_match(const char *word, size_t len, const char *typed, bool abbrev)
{
	size_t n = strlen(typed);

	if (n == len && memcmp(word, typed, n) == 0)
		return 2;
	return abbrev && n > 0 && n < len && memcmp(word, typed, n) == 0;
}

/* The best match of "a|b|c"; *word and *wlen get the alternative. */
static int
alternatives_match(const struct gram_elem *e, const char *typed, bool abbrev,
    const char **word, size_t *wlen)
{
	const char *s = e->text, *end = e->text + e->len;
	size_t len;
	int best = 0, m;

	while (s < end) {
		const char *bar = memchr(s, '|', (size_t)(end - s));

		len = bar ? (size_t)(bar - s) : (size_t)(end - s);
		m = word_match(s, len, typed, abbrev);
		if (m > best) {
			best = m;
			*word = s;
			*wlen = len;
		}
		s += len + 1;
	}
	return best;
}

static int
fail_at(struct sp_error *err, const struct token *t)
{
	sp_at(err, t->line, t->column, t->length);
	return err ? (int)err->code : SP_FORMAT;
}

/* ---- the walk ----------------------------------------------------------- */

/* Is item i among those that may come now. */
static bool
item_open(const struct walk *w, size_t i)
{
	size_t j;

	if (i < w->base || (w->used & 1u << i))
		return false;
	for (j = w->base; j < i; j++) {
		if (!w->g->item[j].optional)
			return false;
	}
	return true;
}

/* Does the token end an argument of several words: a keyword that may come
 * next.  A shortened keyword counts only if no name is meant. */
static bool
is_stop(const struct walk *w, const struct arg_type *type,
    const struct cmd_arg *arg, const struct token *t)
{
	const struct gram_elem *e;
	const char *word;
	size_t i, len;
	int m;

	if (t->quoted)
		return false;
	for (i = 0; i < w->g->nr; i++) {
		if (!item_open(w, i))
			continue;
		e = &w->g->item[i].elem[0];
		if (e->type)
			continue;
		m = alternatives_match(e, t->text, w->abbrev, &word, &len);
		if (m == 2)
			return true;
		if (m == 1 && type->known &&
		    !type->known(w->sh, arg->tok, arg->nr, t->text))
			return true;
	}
	return false;
}

static struct cmd_arg *
arg_add(struct cmd_line *cl, const char *name, size_t len,
    const struct token *tok)
{
	struct cmd_arg *a;

	if (cl->nr_args == CMD_ARGS)
		return NULL;
	a = &cl->arg[cl->nr_args++];
	*a = (struct cmd_arg){ .name = name, .name_len = len, .tok = tok,
	    .nr = 1 };
	return a;
}

/* Take the words of a typed argument; the first is there. */
static int
take_arg(struct walk *w, const struct gram_elem *e, struct cmd_line *cl,
    struct sp_error *err)
{
	struct cmd_arg *a = arg_add(cl, e->text, e->len, &w->tok[w->at]);
	int ret;

	if (a == NULL || e->type == NULL)
		return sp_fail(err, SP_FORMAT, _("Too many words."));
	if (e->type->check) {
		ret = e->type->check(a->tok, err);
		if (ret < 0)
			return fail_at(err, a->tok);
	}
	for (w->at++; w->at < w->nr && a->nr < e->type->max; w->at++) {
		if (is_stop(w, e->type, a, &w->tok[w->at]))
			break;
		a->nr++;
	}
	if (w->at == w->nr && a->nr < e->type->max) {
		w->open = a;
		w->open_type = e->type;
	}
	return 0;
}

static int
take_elem(struct walk *w, const struct gram_elem *e, struct cmd_line *cl,
    struct sp_error *err)
{
	const struct token *t = &w->tok[w->at];
	const char *word;
	size_t len;

	if (e->type)
		return take_arg(w, e, cl, err);
	if (!alternatives_match(e, t->text, w->abbrev, &word, &len)) {
		sp_fail(err, SP_FORMAT, _("Expected %.*s, not \"%s\"."),
		    (int)e->len, e->text, t->text);
		return fail_at(err, t);
	}
	arg_add(cl, word, len, t);
	w->at++;
	return 0;
}

/* The item that the next token begins, or NULL: keywords before arguments,
 * whole words before shortened ones. */
static const struct gram_item *
item_find(const struct walk *w)
{
	const struct gram_item *best = NULL;
	const char *word;
	size_t i, len;
	int m, rank, best_rank = 0;

	for (i = 0; i < w->g->nr; i++) {
		if (!item_open(w, i))
			continue;
		if (w->g->item[i].elem[0].type) {
			rank = 1;
		} else {
			m = alternatives_match(&w->g->item[i].elem[0],
			    w->tok[w->at].text, w->abbrev, &word, &len);
			rank = m ? m + 1 : 0;
		}
		if (rank > best_rank) {
			best = &w->g->item[i];
			best_rank = rank;
		}
	}
	return best;
}

static int
walk_item(struct walk *w, const struct gram_item *it, struct cmd_line *cl,
    struct sp_error *err)
{
	size_t i = (size_t)(it - w->g->item);
	int ret;

	w->used |= 1u << i;
	if (!it->optional)
		w->base = i + 1;
	for (w->elem = 0; w->elem < it->nr; w->elem++) {
		if (w->at == w->nr) {
			w->item = it;
			return 0;
		}
		w->open = NULL;
		ret = take_elem(w, &it->elem[w->elem], cl, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int
walk_all(struct walk *w, struct cmd_line *cl, struct sp_error *err)
{
	const struct gram_item *it;
	int ret;

	while (w->at < w->nr && w->item == NULL) {
		it = item_find(w);
		if (it == NULL) {
			sp_fail(err, SP_FORMAT,
			    _("\"%s\" does not belong here."),
			    w->tok[w->at].text);
			return fail_at(err, &w->tok[w->at]);
		}
		ret = walk_item(w, it, cl, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* The first item that must still come, or NULL. */
static const struct gram_item *
item_missing(const struct walk *w)
{
	size_t i;

	for (i = w->base; i < w->g->nr; i++) {
		if (!w->g->item[i].optional)
			return &w->g->item[i];
	}
	return NULL;
}

/* ---- the words of the command ------------------------------------------- */

/* The n-th word of "show tunnels"; NULL past the end. */
static const char *
nth_word(const char *words, size_t n, size_t *len)
{
	while (n-- > 0) {
		words = strchr(words, ' ');
		if (words == NULL)
			return NULL;
		words++;
	}
	*len = strcspn(words, " ");
	return words;
}

/* How well the first nr tokens name the row: 0 not, else the sum of the
 * single matches, so that whole words win over shortened ones. */
static int
row_match(const struct cmd_row *row, const struct token *tok, size_t nr,
    bool abbrev)
{
	const char *word;
	size_t i, len;
	int m, sum = 0;

	for (i = 0; i < nr; i++) {
		word = nth_word(row->words, i, &len);
		m = word ? word_match(word, len, tok[i].text,
		    abbrev && !tok[i].quoted) : 0;
		if (m == 0)
			return 0;
		sum = sum * 2 + m;
	}
	return nr == 0 ? 1 : sum;
}

/* The best sum of row_match() over the table. */
static int
best_match(const struct token *tok, size_t nr, bool abbrev)
{
	const struct cmd_row *row;
	int best = 0, m;

	for (row = cmd_table; row->words; row++) {
		m = row_match(row, tok, nr, abbrev);
		if (m > best)
			best = m;
	}
	return best;
}

void
cmd_each_word(const struct token *tok, size_t nr, bool abbrev,
    void (*each)(void *ctx, const struct cmd_row *row, const char *word,
    size_t len), void *ctx)
{
	const struct cmd_row *row;
	const char *word;
	size_t len = 0;
	int best = best_match(tok, nr, abbrev);

	for (row = cmd_table; best > 0 && row->words; row++) {
		if (row_match(row, tok, nr, abbrev) != best)
			continue;
		word = nth_word(row->words, nr, &len);
		each(ctx, row, word, word ? len : 0);
	}
}

/* What the rows have at one place. */
struct words {
	const char *word[NEAR_WORDS];	/* different next words */
	size_t len[NEAR_WORDS];
	size_t nr;
	const struct cmd_row *whole;	/* row that ends here */
};

static void
words_collect(void *ctx, const struct cmd_row *row, const char *word,
    size_t len)
{
	struct words *w = ctx;
	size_t i;

	if (word == NULL) {
		w->whole = row;
		return;
	}
	for (i = 0; i < w->nr; i++) {
		if (w->len[i] == len && memcmp(w->word[i], word, len) == 0)
			return;
	}
	if (w->nr == NEAR_WORDS)
		return;
	w->word[w->nr] = word;
	w->len[w->nr++] = len;
}

static int
fail_ambiguous(const struct words *w, const struct token *t,
    struct sp_error *err)
{
	struct buf b = {0};
	size_t i;

	for (i = 0; i < w->nr; i++) {
		if (word_match(w->word[i], w->len[i], t->text, true))
			buf_printf(&b, " %.*s", (int)w->len[i], w->word[i]);
	}
	sp_fail(err, SP_FORMAT, _("\"%s\" is ambiguous:%s."), t->text,
	    (char *)b.data);
	buf_free(&b);
	return fail_at(err, t);
}

/* The word that was meant: nearly so spelt, or the only one that begins so
 * (where words may not be shortened); else -1. */
static int
word_meant(const struct words *w, const char *text)
{
	char *word[NEAR_WORDS];
	int near, found = -1;
	size_t i;

	for (i = 0; i < w->nr; i++)
		word[i] = xstrndup(w->word[i], w->len[i]);
	near = str_nearest(text, (const char *const *)word, w->nr);
	for (i = 0; near < 0 && i < w->nr; i++) {
		if (word_match(w->word[i], w->len[i], text, true))
			found = found == -1 ? (int)i : -2;
	}
	for (i = 0; i < w->nr; i++)
		free(word[i]);
	return near >= 0 ? near : found;
}

static int
fail_unknown(const struct words *w, size_t depth, const struct token *tok,
    struct sp_error *err)
{
	const struct token *t = &tok[depth];
	struct buf b = {0};
	int meant = word_meant(w, t->text);
	size_t i;

	sp_fail(err, SP_FORMAT, depth == 0 ?
	    _("Unknown command \"%s\".") :
	    _("\"%s\" is not known here."), t->text);
	for (i = 0; i < depth; i++)
		buf_printf(&b, "%s ", tok[i].text);
	buf_puts(&b, "");
	if (meant >= 0)
		sp_hint(err, "%s%.*s", (char *)b.data, (int)w->len[meant],
		    w->word[meant]);
	buf_free(&b);
	return fail_at(err, t);
}

/* How many of the next words fit the token; 1 if one fits wholly. */
static size_t
words_fitting(const struct words *w, const struct token *t, bool abbrev)
{
	size_t i, n = 0;
	int m;

	for (i = 0; i < w->nr; i++) {
		m = word_match(w->word[i], w->len[i], t->text,
		    abbrev && !t->quoted);
		if (m == 2)
			return 1;
		n += m != 0;
	}
	return n;
}

/*
 * Find the row; *depth gets the number of its words.  *row NULL: the tokens
 * end before a command is complete.
 */
static int
row_find(const struct token *tok, size_t nr, bool abbrev,
    const struct cmd_row **row, size_t *depth, struct sp_error *err)
{
	struct words w;
	size_t fitting;

	for (*depth = 0;; ++*depth) {
		w = (struct words){0};
		cmd_each_word(tok, *depth, abbrev, words_collect, &w);
		*row = w.whole;
		if (*depth == nr || w.nr == 0)
			return 0;
		fitting = words_fitting(&w, &tok[*depth], abbrev);
		if (fitting == 0 && w.whole)
			return 0;
		if (fitting == 0)
			return fail_unknown(&w, *depth, tok, err);
		if (fitting > 1)
			return fail_ambiguous(&w, &tok[*depth], err);
	}
}

/* ---- public ------------------------------------------------------------- */

void
cmd_usage(struct buf *b, const struct cmd_row *row)
{
	buf_printf(b, "%s%s%s", row->words, *row->args ? " " : "", row->args);
}

static int
fail_incomplete(const struct cmd_row *row, const struct token *tok,
    size_t nr, struct sp_error *err)
{
	const struct token *last = &tok[nr - 1];
	struct buf b = {0};
	size_t i;

	sp_fail(err, SP_FORMAT, _("Incomplete command."));
	if (row && str_prefix(row->args, "<path")) {
		/* What may follow is a tree: "?" shows it. */
		sp_hint(err, "%s ?", row->words);
	} else if (row) {
		cmd_usage(&b, row);
		sp_hint(err, "%s", (char *)b.data);
	} else {
		for (i = 0; i < nr; i++)
			buf_printf(&b, "%s ", tok[i].text);
		sp_hint(err, "%s?", (char *)b.data);
	}
	buf_free(&b);
	sp_at(err, last->line, last->column + last->length + 1, 1);
	return SP_FORMAT;
}

int
cmd_parse(struct shell *sh, const struct token *tok, size_t nr, bool abbrev,
    struct cmd_line *out, struct sp_error *err)
{
	struct gram g;
	struct walk w = { .sh = sh, .g = &g, .abbrev = abbrev };
	size_t depth;
	int ret;

	*out = (struct cmd_line){ .first = tok };
	ret = row_find(tok, nr, abbrev, &out->row, &depth, err);
	if (ret < 0)
		return ret;
	if (out->row == NULL)
		return fail_incomplete(NULL, tok, nr, err);
	gram_read(&g, out->row->args);
	w.tok = tok + depth;
	w.nr = nr - depth;
	ret = walk_all(&w, out, err);
	if (ret < 0)
		return ret;
	if (w.item || item_missing(&w))
		return fail_incomplete(out->row, tok, nr, err);
	return 0;
}

static void
want(struct cmd_next *next, const struct gram_elem *e, const struct cmd_arg
    *done)
{
	if (next->nr_want == CMD_ARGS)
		return;
	next->want[next->nr_want].text = e->text;
	next->want[next->nr_want].len = e->len;
	next->want[next->nr_want].type = e->type;
	next->want[next->nr_want].done = done ? done->tok : NULL;
	next->want[next->nr_want++].nr_done = done ? done->nr : 0;
}

int
cmd_next(struct shell *sh, const struct token *tok, size_t nr, bool abbrev,
    struct cmd_next *out, struct sp_error *err)
{
	struct gram g;
	struct walk w = { .sh = sh, .g = &g, .abbrev = abbrev };
	struct cmd_line cl = {0};
	size_t i;
	int ret;

	*out = (struct cmd_next){0};
	ret = row_find(tok, nr, abbrev, &out->row, &out->depth, err);
	if (ret < 0 || out->row == NULL)
		return ret;
	gram_read(&g, out->row->args);
	w.tok = tok + out->depth;
	w.nr = nr - out->depth;
	ret = walk_all(&w, &cl, err);
	if (ret < 0)
		return ret;
	if (w.item) {
		want(out, &w.item->elem[w.elem], NULL);
		return 0;
	}
	if (w.open)
		want(out, &(struct gram_elem){ .type = w.open_type,
		    .text = w.open->name, .len = w.open->name_len }, w.open);
	for (i = 0; i < g.nr; i++) {
		if (item_open(&w, i))
			want(out, &g.item[i].elem[0], NULL);
	}
	out->enter = item_missing(&w) == NULL;
	return 0;
}

const struct cmd_arg *
cmd_arg(const struct cmd_line *cl, const char *name)
{
	size_t i;

	for (i = 0; i < cl->nr_args; i++) {
		if (strlen(name) == cl->arg[i].name_len &&
		    memcmp(name, cl->arg[i].name, cl->arg[i].name_len) == 0)
			return &cl->arg[i];
	}
	return NULL;
}

const char *
cmd_word(const struct cmd_line *cl, const char *name)
{
	const struct cmd_arg *a = cmd_arg(cl, name);

	return a ? a->tok[0].text : NULL;
}

bool
cmd_has(const struct cmd_line *cl, const char *name)
{
	return cmd_arg(cl, name) != NULL;
}
