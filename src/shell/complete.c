/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Completion and "?".  Nothing here asks the engine, the network or a disk:
 * words come from the command table, the schema and the candidate, so that a
 * list appears at once however busy the engine is.
 */
#include "shell/complete.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/text.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/pipe.h"
#include "shell/table.h"

#define ARG_PATH_MIN 4		/* more words than this: a path */
#define WORD_COLUMN_MAX 28	/* help begins here at the latest */

/* Help for first words that several commands share, and for keywords. */
static const struct {
	const char *word;
	const char *help;
} word_help[] = {
	{ "after", N_("Behind the one whose number follows") },
	{ "all", N_("Defaults too, marked as such") },
	{ "before", N_("In front of the one whose number follows") },
	{ "child", N_("The traffic keys") },
	{ "comment", N_("A note for the history") },
	{ "counters", N_("Numbers that only grow") },
	{ "detail", N_("Everything that is known") },
	{ "force", N_("Without telling the peer first") },
	{ "generate", N_("Make keys") },
	{ "ike", N_("The keys of the negotiation") },
	{ "last", N_("How many, the newest") },
	{ "level", N_("error, warning, notice, info or debug, and above") },
	{ "merge", N_("Add to the candidate") },
	{ "monitor", N_("Follow what happens") },
	{ "off", N_("Stop it") },
	{ "on", N_("Start it") },
	{ "power", N_("Start or stop a network") },
	{ "replace", N_("In place of the candidate") },
	{ "reset", N_("Set back to zero") },
	{ "rollback", N_("Against an earlier revision") },
	{ "show", N_("Show state and configuration") },
	{ "since", N_("Not older than this: 1h, or a time") },
	{ "terminal", N_("Size, paging and colour of this terminal") },
	{ "to", N_("The new name follows") },
	{ "tunnel", N_("Only of this tunnel") },
	{ "wait", N_("Wait until it is up or has failed") },
};

static const char *
help_of_word(const char *word)
{
	size_t i;

	for (i = 0; i < NELEM(word_help); i++) {
		if (str_eq(word_help[i].word, word))
			return _(word_help[i].help);
	}
	return "";
}

static void
append(struct choices *out, const char *word, const char *help, bool shape)
{
	if (out->nr == out->room) {
		out->room = out->room > 0 ? 2 * out->room : 16;
		out->c = xrealloc(out->c, out->room, sizeof(*out->c));
	}
	out->c[out->nr] = (struct choice){ .word = xstrdup(word),
	    .help = xstrdup(help ? help : ""), .shape = shape,
	    .order = out->nr };
	out->nr++;
}

void
choices_add(struct choices *out, const char *prefix, const char *word,
    const char *help)
{
	if (str_prefix(word, prefix))
		append(out, word, help, false);
}

void
choices_add_weak(struct choices *out, const char *prefix, const char *word,
    const char *help)
{
	size_t before = out->nr;

	choices_add(out, prefix, word, help);
	if (out->nr > before)
		out->c[before].weak = true;
}

void
choices_shape(struct choices *out, const char *shape, const char *help)
{
	size_t i;

	for (i = 0; i < out->nr; i++) {
		if (str_eq(out->c[i].word, shape))
			return;
	}
	append(out, shape, help, true);
}

void
choices_free(struct choices *out)
{
	size_t i;

	for (i = 0; i < out->nr; i++) {
		free(out->c[i].word);
		free(out->c[i].help);
	}
	free(out->c);
	*out = (struct choices){0};
}

char *
choices_common(const struct choices *c, size_t *nr_words)
{
	char *common = NULL;
	size_t i, j;

	*nr_words = 0;
	for (i = 0; i < c->nr; i++) {
		if (c->c[i].shape)
			continue;
		++*nr_words;
		if (common == NULL) {
			common = xstrdup(c->c[i].word);
			continue;
		}
		for (j = 0; common[j] && common[j] == c->c[i].word[j]; j++)
			;
		common[j] = '\0';
	}
	return common ? common : xstrdup("");
}

/* Sorted by word, "<cr>" last and other shapes before it. */
static int
by_word(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;
	bool enter_x = str_eq(x->word, "<cr>");

	if (x->shape != y->shape)
		return x->shape ? 1 : -1;
	if (x->shape && enter_x != str_eq(y->word, "<cr>"))
		return enter_x ? 1 : -1;
	if (x->weak != y->weak)
		return x->weak ? 1 : -1;
	return strverscmp(x->word, y->word);
}

/* The same word once, as it was added first: it may have been offered by two
 * commands, or ten thousand tunnels may be named alike. */
static int
by_word_and_order(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;
	int cmp = by_word(a, b);

	return cmp != 0 ? cmp : x->order < y->order ? -1 : 1;
}

void
choices_sort(struct choices *out)
{
	size_t i, n = 0;

	if (out->nr == 0)
		return;
	qsort(out->c, out->nr, sizeof(*out->c), by_word_and_order);
	for (i = 1; i < out->nr; i++) {
		if (str_eq(out->c[n].word, out->c[i].word)) {
			free(out->c[i].word);
			free(out->c[i].help);
		} else {
			out->c[++n] = out->c[i];
		}
	}
	out->nr = n + 1;
}

/* ---- the line ----------------------------------------------------------- */

struct collect {
	struct choices *out;
	const char *prefix;
};

static void
add_row_word(void *ctx, const struct cmd_row *row, const char *word,
    size_t len)
{
	struct collect *c = ctx;
	const char *help;
	char *copy;

	if (word == NULL)
		return;
	copy = xstrndup(word, len);
	/* The last word of a command has its help, an earlier one a shared
	 * line, or that of its only command. */
	help = word[len] == '\0' ? _(row->help) : help_of_word(copy);
	choices_add(c->out, c->prefix, copy, *help ? help : _(row->help));
	free(copy);
}

/* "on|off": each by itself. */
static void
add_keywords(struct collect *c, const char *text, size_t len)
{
	char *copy = xstrndup(text, len), *word, *save = NULL;

	for (word = strtok_r(copy, "|", &save); word;
	    word = strtok_r(NULL, "|", &save))
		choices_add(c->out, c->prefix, word, help_of_word(word));
	free(copy);
}

static void
add_wants(struct shell *sh, struct collect *c, const struct cmd_next *next)
{
	const struct arg_type *type;
	bool enter = next->enter;
	size_t i;

	for (i = 0; i < next->nr_want; i++) {
		type = next->want[i].type;
		if (type == NULL) {
			add_keywords(c, next->want[i].text,
			    next->want[i].len);
			continue;
		}
		if (type->offer)
			type->offer(sh, next->want[i].done,
			    next->want[i].nr_done, c->prefix, c->out);
		if (type->shape && next->want[i].nr_done == 0)
			choices_shape(c->out, _(type->shape), "");
		/* Paths say themselves whether they may end here. */
		if (next->want[i].nr_done > 0 && type->max > ARG_PATH_MIN)
			enter = false;
	}
	if (enter)
		choices_shape(c->out, "<cr>", _("Run the command"));
}

/* The commands' part: tok are the finished words. */
static void
add_command(struct shell *sh, struct collect *c, const struct token *tok,
    size_t nr)
{
	struct cmd_next next;
	struct sp_error err = {0};

	if (cmd_next(sh, tok, nr, true, &next, &err) < 0)
		return;
	if (next.depth == nr)
		cmd_each_word(tok, nr, true, add_row_word, c);
	if (next.row)
		add_wants(sh, c, &next);
}

/* Offset of the word that ends the text. */
static size_t
word_start(const char *text)
{
	size_t at = strlen(text);

	while (at > 0 && strchr(" \t\n;|", text[at - 1]) == NULL)
		at--;
	return at;
}

/* Within a word the line cannot be entered yet. */
static void
drop_enter(struct choices *out)
{
	size_t i;

	for (i = 0; i < out->nr; i++) {
		if (!str_eq(out->c[i].word, "<cr>"))
			continue;
		free(out->c[i].word);
		free(out->c[i].help);
		out->c[i] = out->c[--out->nr];
		return;
	}
}

/* Find the last command of the tokens, and its first pipe. */
static size_t
last_command(const struct tokens *t, size_t nr, size_t *pipe)
{
	size_t i, first = 0;

	*pipe = nr;
	for (i = 0; i < nr; i++) {
		if (t->tok[i].type == TOK_END) {
			first = i + 1;
			*pipe = nr;
		} else if (t->tok[i].type == TOK_PIPE && *pipe == nr) {
			*pipe = i;
		}
	}
	return first;
}

bool
complete_line(struct shell *sh, const char *text, struct choices *out,
    size_t *start)
{
	struct tokens t = {0};
	struct sp_error err = {0};
	struct collect c = { .out = out };
	size_t first, pipe, nr;

	*out = (struct choices){0};
	*start = word_start(text);
	if (tokens_split(&t, text, true, &err) < 0)
		return false;
	nr = t.nr;
	while (nr > 0 && t.tok[nr - 1].type == TOK_END &&
	    strchr(";\n", text[strlen(text) - 1]) == NULL)
		nr--;	/* the end of the text is no end of a command */
	if (text[*start] != '\0' && nr > 0)
		nr--;	/* the word being typed */
	c.prefix = text + *start;
	if (strpbrk(c.prefix, "\"'\\#") == NULL) {
		first = last_command(&t, nr, &pipe);
		if (pipe < nr)
			pipes_offer(t.tok + pipe, nr - pipe, c.prefix, out);
		else
			add_command(sh, &c, t.tok + first, nr - first);
	}
	tokens_free(&t);
	if (*c.prefix)
		drop_enter(out);
	choices_sort(out);
	return true;
}

/* ---- the list ----------------------------------------------------------- */

void
choices_print(const struct choices *c, int width, struct buf *b)
{
	size_t i, w, column = 0, room = 0;

	for (i = 0; i < c->nr; i++) {
		w = text_width(c->c[i].word);
		if (w > column && w <= WORD_COLUMN_MAX)
			column = w;
	}
	if (width > 0 && (size_t)width > column + 8)
		room = (size_t)width - column - 5;
	for (i = 0; i < c->nr; i++) {
		buf_printf(b, "  %s", c->c[i].word);
		w = text_width(c->c[i].word);
		if (c->c[i].help[0]) {
			for (; w < column; w++)
				buf_puts(b, " ");
			buf_puts(b, "  ");
			text_cut(b, c->c[i].help, room);
		}
		buf_puts(b, "\n");
	}
}
