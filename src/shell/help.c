/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Help.  What the tables know (usage, one line, settings with defaults,
 * choices) is printed from them; the story around it is a page of text in
 * HELPDIR/commands or HELPDIR/settings.  A file name is only ever made from
 * words of our own tables, never from what was typed.
 */
#include "shell/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/schema.h"
#include "conf/text.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/complete.h"
#include "shell/internal.h"
#include "shell/table.h"

#define DEPTH_MAX 6		/* of objects in objects */
#define TOPICS_MAX 512

/* ---- pages -------------------------------------------------------------- */

/* Append the page; nothing happens if there is none. */
static void
page_add(const char *folder, const char *words, struct buf *out)
{
	const char *dir = getenv("SALLYPORT_HELP");
	char *path, *at, chunk[4096];
	size_t n;
	FILE *f;

	path = xasprintf("%s/%s%s", dir ? dir : HELPDIR, folder, words);
	for (at = path + strlen(path) - strlen(words); *at; at++)
		*at = *at == ' ' ? '-' : *at;
	f = fopen(path, "re");
	free(path);
	if (f == NULL)
		return;
	buf_puts(out, "\n");
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_bytes(out, chunk, n);
	fclose(f);
	buf_puts(out, "");
}

/* Usage and one line from the table, then the page. */
static void
command_page(const struct cmd_row *row, struct buf *out)
{
	cmd_usage(out, row);
	buf_printf(out, "\n  %s\n", _(row->help));
	page_add("commands/", row->words, out);
}

/* "help" alone. */
static void
overview(struct buf *out)
{
	struct choices c = {0};
	const struct cmd_row *row;

	buf_puts(out, _("Commands (help COMMAND explains one):\n"));
	for (row = cmd_table; row->words; row++)
		choices_add(&c, "", row->words, _(row->help));
	choices_print(&c, 0, out);
	choices_free(&c);
	buf_puts(out, _("\n\"?\" lists what may come next, Tab completes. "
	    "Edits go to a candidate;\n\"commit\" makes it the running "
	    "configuration. help vpn-network, help phase1\nand so on "
	    "explain the settings of an object.\n"));
}

/* ---- settings ----------------------------------------------------------- */

/* All that the row says: values, weak ones, other programs' names. */
static void
setting_details(const struct set_row *row, struct buf *out)
{
	const struct set_choice *c;

	buf_puts(out, "  ");
	schema_shape(out, row);
	buf_puts(out, "\n");
	for (c = row->choices; c && c->word; c++) {
		buf_printf(out, "  %-20s %s", c->word,
		    c->help ? _(c->help) : "");
		if (c->weak)
			buf_printf(out, _(" WEAK: %s"), c->weak);
		if (c->later)
			buf_puts(out, _(" (not yet supported)"));
		buf_puts(out, "\n");
	}
	if (row->flags & SET_LATER)
		buf_puts(out, _("  Only the default is supported yet.\n"));
	if (row->ipsec_conf)
		buf_printf(out, _("  in ipsec.conf: %s\n"), row->ipsec_conf);
	if (row->swanctl)
		buf_printf(out, _("  in swanctl.conf: %s\n"), row->swanctl);
}

static void
setting_page(const struct conf_object *obj, const struct set_row *row,
    struct buf *out)
{
	buf_printf(out, "%s%s %s (%s)\n  %s\n", out->len ? "\n" : "",
	    obj->word, row->name, _(row->label), _(row->help));
	setting_details(row, out);
}

/* story: with its page, which objects of the same word share. */
static void
object_page(const struct conf_object *obj, bool story, struct buf *out)
{
	const struct set_row *row;
	struct choices c = {0};
	size_t i;

	if (out->len > 0)
		buf_puts(out, "\n");
	buf_printf(out, "%s (%s)\n  %s\n", obj->word, _(obj->label),
	    _(obj->help));
	if (story)
		page_add("settings/", obj->word, out);
	buf_puts(out, _("\nSettings:\n"));
	for (row = obj->rows; row && row->name; row++)
		choices_add(&c, "", row->name, _(row->help));
	for (i = 0; obj->children && obj->children[i]; i++)
		choices_add(&c, "", obj->children[i]->word,
		    _(obj->children[i]->help));
	choices_print(&c, 0, out);
	choices_free(&c);
}

/* What is looked for in the schema, and where what is found goes. */
struct search {
	const char *object;	/* only settings of this one, or NULL */
	const char *word;
	struct buf *out;
	bool found;
};

static void
search_object(struct search *s, const struct conf_object *obj, int depth)
{
	const struct set_row *row;
	size_t i;

	if (s->object == NULL && str_eq(obj->word, s->word)) {
		object_page(obj, !s->found, s->out);
		s->found = true;
	}
	row = s->object == NULL || str_eq(s->object, obj->word) ?
	    schema_row(obj, s->word) : NULL;
	if (row) {
		setting_page(obj, row, s->out);
		s->found = true;
	}
	for (i = 0; depth < DEPTH_MAX && obj->children && obj->children[i];
	    i++)
		search_object(s, obj->children[i], depth + 1);
}

/* ---- topics ------------------------------------------------------------- */

/* The words joined by blanks (caller's). */
static char *
joined(const struct token *tok, size_t nr)
{
	struct buf b = {0};
	size_t i;

	for (i = 0; i < nr; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", tok[i].text);
	buf_puts(&b, "");
	return buf_steal_str(&b);
}

/* The command, or all commands that begin with the words. */
static bool
command_topic(const char *words, struct buf *out)
{
	const struct cmd_row *row;
	size_t len = strlen(words);
	bool found = false;

	for (row = cmd_table; row->words; row++) {
		if (str_eq(row->words, words)) {
			command_page(row, out);
			found = true;
		} else if (str_prefix(row->words, words) &&
		    row->words[len] == ' ') {
			cmd_usage(out, row);
			buf_printf(out, "\n  %s\n", _(row->help));
			found = true;
		}
	}
	return found;
}

static size_t
collect_object(const struct conf_object *obj, const char **word, size_t n,
    int depth)
{
	const struct set_row *row;
	size_t i;

	for (row = obj->rows; row && row->name && n < TOPICS_MAX; row++)
		word[n++] = row->name;
	for (i = 0; depth < DEPTH_MAX && obj->children && obj->children[i] &&
	    n < TOPICS_MAX; i++) {
		word[n++] = obj->children[i]->word;
		n = collect_object(obj->children[i], word, n, depth + 1);
	}
	return n;
}

static int
fail_topic(const struct token *t, const char *words, struct sp_error *err)
{
	const char **word = xcalloc(TOPICS_MAX, sizeof(*word));
	const struct cmd_row *row;
	size_t n = collect_object(&conf_root_object, word, 0, 0);
	int near;

	for (row = cmd_table; row->words && n < TOPICS_MAX; row++)
		word[n++] = row->words;
	near = str_nearest(words, word, n);
	sp_fail(err, SP_NOTFOUND, _("There is no help about \"%s\"."), words);
	if (near >= 0)
		sp_hint(err, "help %s", word[near]);
	else
		sp_hint(err, "help");
	sp_at(err, t->line, t->column, t->length);
	free(word);
	return SP_NOTFOUND;
}

int
help_page(const struct token *tok, size_t nr, struct buf *out,
    struct sp_error *err)
{
	char *words = joined(tok, nr);
	struct search s = { .out = out };
	int ret = 0;

	if (nr == 0) {
		overview(out);
	} else if (str_eq(words, "protocol")) {
		page_add("", "protocol", out);
	} else {
		s.found = command_topic(words, out);
		s.word = tok[nr - 1].text;
		s.object = nr > 1 ? tok[nr - 2].text : NULL;
		search_object(&s, &conf_root_object, 0);
		if (!s.found)
			ret = fail_topic(tok, words, err);
	}
	free(words);
	return ret;
}

/* The next word of a command is a topic. */
static void
offer_row(void *ctx, const struct cmd_row *row, const char *word, size_t len)
{
	struct choices *out = ctx;
	char *copy;

	if (word == NULL)
		return;
	copy = xstrndup(word, len);
	choices_add(out, "", copy, word[len] == '\0' ? _(row->help) : "");
	free(copy);
}

static void
offer_object(const struct conf_object *obj, const char *prefix,
    struct choices *out, int depth)
{
	size_t i;

	for (i = 0; depth < DEPTH_MAX && obj->children && obj->children[i];
	    i++) {
		choices_add(out, prefix, obj->children[i]->word,
		    _(obj->children[i]->help));
		offer_object(obj->children[i], prefix, out, depth + 1);
	}
}

/* The settings of the objects that the last word names. */
static void
offer_settings(const struct conf_object *obj, const char *word,
    const char *prefix, struct choices *out, int depth)
{
	const struct set_row *row;
	size_t i;

	if (str_eq(obj->word, word)) {
		for (row = obj->rows; row && row->name; row++)
			choices_add(out, prefix, row->name, _(row->help));
	}
	for (i = 0; depth < DEPTH_MAX && obj->children && obj->children[i];
	    i++)
		offer_settings(obj->children[i], word, prefix, out,
		    depth + 1);
}

void
help_offer(const struct token *done, size_t nr, const char *prefix,
    struct choices *out)
{
	struct choices all = {0};
	size_t i;

	cmd_each_word(done, nr, false, offer_row, &all);
	for (i = 0; i < all.nr; i++)
		choices_add(out, prefix, all.c[i].word, all.c[i].help);
	choices_free(&all);
	if (nr == 0)
		offer_object(&conf_root_object, prefix, out, 0);
	else
		offer_settings(&conf_root_object, done[nr - 1].text, prefix,
		    out, 0);
}

/* Lines that are too long for the terminal go on below, further in. */
static void
put_lines(struct buf *out, const char *text, size_t width)
{
	size_t len;
	char *line;

	while (*text) {
		len = strcspn(text, "\n");
		line = xstrndup(text, len);
		text_wrap(out, line, width, strspn(line, " ") + 2);
		free(line);
		text += len;
		if (*text) {
			buf_puts(out, "\n");
			text++;
		}
	}
}

int
cmd_help(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const struct cmd_arg *a = cmd_arg(cl, "topic");
	int ret, width = sh_width(sh);
	struct buf page = {0};

	ret = help_page(a ? a->tok : NULL, a ? a->nr : 0, &page, err);
	if (ret == 0 && page.len > 0)
		put_lines(&sh->out, (char *)page.data,
		    width > 0 ? (size_t)width : 0);
	buf_free(&page);
	return ret;
}
