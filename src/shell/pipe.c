/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pipes.  A stage is either a form (json, commands, wide, no-more), which
 * the command sees before it runs, or a filter of the text that it left.
 * Regular expressions are POSIX extended ones.
 */
#include "shell/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/str.h"
#include "conf/text.h"
#include "shell/complete.h"
#include "shell/internal.h"
#include "shell/live.h"

#define COUNT_MAX 1000000000

/* ---- filters ------------------------------------------------------------ */

enum keep { KEEP_MATCHING, KEEP_OTHERS, KEEP_FROM_FIRST };

/* Keep the lines that (do not) match, or all from the first match on. */
static int
filter_lines(const char *re, enum keep keep, struct buf *text,
    struct sp_error *err)
{
	struct buf out = {0};
	char *copy, *line, *end, why[128];
	bool wanted, begun = false;
	regex_t rx;
	int e;

	e = regcomp(&rx, re, REG_EXTENDED | REG_NOSUB);
	if (e != 0) {
		regerror(e, &rx, why, sizeof(why));
		return sp_fail(err, SP_FORMAT,
		    _("\"%s\" is not a regular expression: %s."), re, why);
	}
	copy = buf_steal_str(text);
	for (line = copy; *line; line = end) {
		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = '\0';
		wanted = regexec(&rx, line, 0, NULL, 0) == 0;
		begun |= wanted;
		if (keep == KEEP_FROM_FIRST ? begun :
		    wanted == (keep == KEEP_MATCHING))
			buf_printf(&out, "%s\n", line);
	}
	free(copy);
	regfree(&rx);
	buf_puts(&out, "");
	*text = out;
	return 0;
}

static int
filter_match(struct shell *sh, const char *arg, struct buf *text,
    struct sp_error *err)
{
	(void)sh;
	return filter_lines(arg, KEEP_MATCHING, text, err);
}

static int
filter_except(struct shell *sh, const char *arg, struct buf *text,
    struct sp_error *err)
{
	(void)sh;
	return filter_lines(arg, KEEP_OTHERS, text, err);
}

static int
filter_begin(struct shell *sh, const char *arg, struct buf *text,
    struct sp_error *err)
{
	(void)sh;
	return filter_lines(arg, KEEP_FROM_FIRST, text, err);
}

static size_t
count_lines(const struct buf *text)
{
	size_t i, n = 0;

	for (i = 0; i < text->len; i++)
		n += text->data[i] == '\n';
	return n;
}

/* Of lines, the header of a table among them. */
static int
filter_count(struct shell *sh, const char *arg, struct buf *text,
    struct sp_error *err)
{
	size_t n = count_lines(text);

	(void)sh, (void)arg, (void)err;
	buf_reset(text);
	buf_printf(text, "%zu\n", n);
	return 0;
}

/* Keep n lines after the first skip ones. */
static void
keep_lines(struct buf *text, size_t skip, size_t n)
{
	size_t i, line = 0, from = 0, to = 0;

	for (i = 0; i < text->len && line < skip + n; i++) {
		if (text->data[i] != '\n')
			continue;
		line++;
		if (line == skip)
			from = i + 1;
	}
	to = i;
	memmove(text->data, text->data + from, to - from);
	buf_truncate(text, to - from);
	buf_puts(text, "");
}

static int
parse_count(const char *arg, int64_t *n, struct sp_error *err)
{
	if (str_to_i64(arg, 0, COUNT_MAX, n))
		return 0;
	return sp_fail(err, SP_FORMAT, _("\"%s\" is not a number of lines."),
	    arg);
}

static int
filter_head(struct shell *sh, const char *arg, struct buf *text,
    struct sp_error *err)
{
	int64_t n;
	int ret = parse_count(arg, &n, err);

	(void)sh;
	if (ret == 0 && text->len > 0)
		keep_lines(text, 0, (size_t)n);
	return ret;
}

static int
filter_last(struct shell *sh, const char *arg, struct buf *text,
    struct sp_error *err)
{
	size_t lines = count_lines(text), skip;
	int64_t n;
	int ret = parse_count(arg, &n, err);

	(void)sh;
	if (ret < 0 || text->len == 0)
		return ret;
	skip = lines > (size_t)n ? lines - (size_t)n : 0;
	keep_lines(text, skip, lines);
	return 0;
}

/* The text is gone from the screen then; a note says where it went. */
static int
filter_save(struct shell *sh, const char *arg, struct buf *text,
    struct sp_error *err)
{
	size_t lines = count_lines(text), done = 0;
	ssize_t n = 0;
	int fd;

	/* A configuration may name peers and addresses: not for everybody. */
	fd = open(arg, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return sp_fail_errno(err, errno, _("Cannot write %s"), arg);
	while (done < text->len && n >= 0) {
		n = write(fd, text->data + done, text->len - done);
		if (n >= 0)
			done += (size_t)n;
		else if (errno == EINTR)
			n = 0;
	}
	if (close(fd) < 0 || n < 0)
		return sp_fail_errno(err, errno, _("Cannot write %s"), arg);
	buf_reset(text);
	buf_puts(text, "");
	report_note(sh, _("%zu lines written to %s."), lines, arg);
	return 0;
}

/* ---- forms -------------------------------------------------------------- */

static void
form_json(struct shell *sh)
{
	sh->json = true;
}

static void
form_commands(struct shell *sh)
{
	sh->commands = true;
}

static void
form_wide(struct shell *sh)
{
	sh->wide = true;
}

static void
form_no_more(struct shell *sh)
{
	sh->page = false;
}

const struct pipe_row pipe_table[] = {
	{ .word = "begin", .arg = N_("<regular-expression>"),
	  .filter = filter_begin,
	  .help = N_("From the first line on that matches") },
	{ .word = "commands", .form = form_commands,
	  .help = N_("As set commands (configuration)") },
	{ .word = "count", .filter = filter_count,
	  .help = N_("Number of lines") },
	{ .word = "except", .arg = N_("<regular-expression>"),
	  .filter = filter_except, .help = N_("Lines that do not match") },
	{ .word = "head", .arg = N_("<lines>"), .filter = filter_head,
	  .help = N_("The first lines") },
	{ .word = "json", .form = form_json, .help = N_("As a JSON object") },
	{ .word = "last", .arg = N_("<lines>"), .filter = filter_last,
	  .help = N_("The last lines") },
	{ .word = "match", .arg = N_("<regular-expression>"),
	  .filter = filter_match, .help = N_("Lines that match") },
	{ .word = "no-more", .form = form_no_more,
	  .help = N_("Without paging") },
	{ .word = "save", .arg = N_("<file>"), .filter = filter_save,
	  .help = N_("Into a file") },
	{ .word = "wide", .form = form_wide,
	  .help = N_("All columns, however wide") },
	{ .word = NULL }
};

/* ---- parsing ------------------------------------------------------------ */

static int
row_find(const struct token *t, bool abbrev, const struct pipe_row **out,
    struct sp_error *err)
{
	const struct pipe_row *row;
	size_t found = 0;

	for (row = pipe_table; row->word; row++) {
		if (str_eq(row->word, t->text)) {
			*out = row;
			return 0;
		}
		if (abbrev && str_prefix(row->word, t->text)) {
			*out = row;
			found++;
		}
	}
	if (found == 1)
		return 0;
	sp_fail(err, SP_FORMAT, found ?
	    _("\"%s\" is ambiguous behind \"|\".") :
	    _("\"%s\" cannot stand behind \"|\"."), t->text);
	sp_hint(err, "| ?");
	sp_at(err, t->line, t->column, t->length);
	return SP_FORMAT;
}

/* A stage without its word, or with one too many. */
static int
fail_stage(const struct token *at, const struct pipe_row *row,
    struct sp_error *err)
{
	if (row == NULL)
		sp_fail(err, SP_FORMAT, _("Nothing stands behind \"|\"."));
	else if (row->arg)
		sp_fail(err, SP_FORMAT, _("\"%s\" needs one word: %s."),
		    row->word, _(row->arg));
	else
		sp_fail(err, SP_FORMAT, _("\"%s\" takes no more words."),
		    row->word);
	sp_at(err, at->line, at->column, at->length);
	return SP_FORMAT;
}

int
pipes_parse(const struct token *tok, size_t nr, bool abbrev,
    struct pipes *out, struct sp_error *err)
{
	struct pipe_stage *st;
	size_t i, end;
	int ret;

	*out = (struct pipes){0};
	for (i = 0; i < nr; i = end) {
		for (end = i + 1; end < nr && tok[end].type != TOK_PIPE; end++)
			;
		if (end == i + 1 || out->nr == PIPE_STAGES)
			return fail_stage(&tok[i], NULL, err);
		st = &out->stage[out->nr++];
		ret = row_find(&tok[i + 1], abbrev, &st->row, err);
		if (ret < 0)
			return ret;
		if (end - i - 2 != (st->row->arg ? 1 : 0))
			return fail_stage(&tok[end - 1], st->row, err);
		st->arg = st->row->arg ? &tok[i + 2] : NULL;
	}
	return 0;
}

void
pipes_forms(struct shell *sh, const struct pipes *p)
{
	size_t i;

	for (i = 0; i < p->nr; i++) {
		if (p->stage[i].row->form)
			p->stage[i].row->form(sh);
	}
}

int
pipes_filter(struct shell *sh, const struct pipes *p, struct buf *text,
    struct sp_error *err)
{
	const struct pipe_stage *st;
	size_t i;
	int ret;

	for (i = 0; i < p->nr; i++) {
		st = &p->stage[i];
		if (st->row->filter == NULL)
			continue;
		ret = st->row->filter(sh, st->arg ? st->arg->text : NULL,
		    text, err);
		if (ret < 0 && st->arg)
			sp_at(err, st->arg->line, st->arg->column,
			    st->arg->length);
		if (ret < 0)
			return ret;
	}
	return 0;
}

void
pipes_offer(const struct token *tok, size_t nr, const char *prefix,
    struct choices *out)
{
	const struct pipe_row *row;
	struct sp_error err = {0};
	size_t i, first = nr;

	while (first > 0 && tok[first - 1].type != TOK_PIPE)
		first--;
	for (i = 0; first == nr && pipe_table[i].word; i++)
		choices_add(out, prefix, pipe_table[i].word,
		    _(pipe_table[i].help));
	if (first == nr || row_find(&tok[first], true, &row, &err) < 0)
		return;
	if (row->filter == filter_save && nr - first == 1)
		live_offer_files(prefix, out);
	if (row->arg && nr - first == 1)
		choices_shape(out, _(row->arg), _(row->help));
	else
		choices_shape(out, "<cr>", _("Run the command"));
}
