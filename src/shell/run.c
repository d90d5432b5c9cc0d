/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Running commands: a text is cut into tokens and commands, each is parsed,
 * run, and its output filtered and shown.  The same way for the prompt, -c,
 * -f and pasted blocks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/text.h"
#include "shell/command.h"
#include "shell/complete.h"
#include "shell/internal.h"
#include "shell/line.h"
#include "shell/pager.h"
#include "shell/pipe.h"

/* ---- output ------------------------------------------------------------- */

static void
put_json(struct shell *sh)
{
	size_t flags = JSON_COMPACT;
	char *text;

	/* A person at the prompt reads it better in lines. */
	if (sh_interactive(sh) && !sh->p->json)
		flags = JSON_INDENT(2);
	text = json_dumps(sh->result, flags | JSON_ENCODE_ANY);
	buf_reset(&sh->out);
	buf_printf(&sh->out, "%s\n", text ? text : "{}");
	free(text);
}

/* A full disk behind ">" is an error; a reader that had enough (| head) is
 * none. */
static int
check_output(struct sp_error *err)
{
	int e;

	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	e = errno;
	clearerr(stdout);
	if (e == EPIPE)
		return 0;
	return sp_fail_errno(err, e, _("The output cannot be written"));
}

/* Paged only for a person: a pipe or a script gets it whole. */
static int
put_text(struct shell *sh, struct sp_error *err)
{
	const char *text = (const char *)sh->out.data;
	struct buf painted = {0};

	if (sh->out.len == 0)
		return 0;
	fflush(stdout);
	if (sh->page && sh_interactive(sh) && sh_rows(sh) > 0) {
		pager_show(text, sh_rows(sh), sh_width(sh), &sh->paint,
		    sh->interrupted);
	} else {
		term_paint_text(&sh->paint, text, strlen(text), &painted);
		fwrite(painted.data, 1, painted.len, stdout);
		buf_wipe(&painted);
	}
	return check_output(err);
}

/* Filter and show what the command left. */
static int
deliver(struct shell *sh, const struct pipes *pipes, struct sp_error *err)
{
	int ret;

	if (sh->json) {
		if (sh->result == NULL)
			return 0;
		put_json(sh);
	}
	buf_puts(&sh->out, "");
	ret = pipes_filter(sh, pipes, &sh->out, err);
	if (ret == 0)
		ret = put_text(sh, err);
	return ret;
}

/* Nothing of one command is seen by the next. */
static void
command_reset(struct shell *sh)
{
	buf_wipe(&sh->out);	/* may hold a new key */
	json_decref(sh->result);
	json_decref(sh->refusal);
	sh->result = sh->refusal = NULL;
	sh->json = sh->p->json;
	sh->wide = sh->commands = false;
	sh->paint.form = TERM_PLAIN;
	sh->page = true;
}

/* ---- one command -------------------------------------------------------- */

/* May the command run at all in this session. */
static int
check_allowed(struct shell *sh, const struct cmd_row *row,
    struct sp_error *err)
{
	if ((row->flags & CMD_PROMPT) && !sh_interactive(sh))
		return sp_fail(err, SP_STATE,
		    _("\"%s\" works at the prompt only."), row->words);
	return 0;
}

static int
run_row(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	bool edit = (cl->row->flags & CMD_EDIT) && sh->undoable;
	int ret;

	ret = check_allowed(sh, cl->row, err);
	if (ret == 0 && !(cl->row->flags & CMD_ENGINE))
		ret = session_need_candidate(sh, err);
	if (ret < 0)
		return ret;
	if ((cl->row->flags & CMD_LIVE) && sh->p->check_only)
		return 0;
	sh->acted |= (cl->row->flags & CMD_LIVE) != 0;
	sh->paint.form = sh->json ? TERM_PLAIN : cl->row->form;
	if (edit)
		cand_edit_begin(&sh->cand);
	ret = cl->row->run(sh, cl, err);
	if (edit && ret < 0)
		cand_edit_abort(&sh->cand);
	else if (edit)
		cand_edit_done(&sh->cand);
	return ret;
}

/* The number of tokens before the first "|". */
static size_t
pipe_at(const struct token *tok, size_t nr)
{
	size_t i;

	for (i = 0; i < nr && tok[i].type != TOK_PIPE; i++)
		;
	return i;
}

/* Parse and run; *usage: the command line itself was wrong. */
static int
run_tokens(struct shell *sh, const struct token *tok, size_t nr, bool *usage,
    struct sp_error *err)
{
	struct cmd_line cl;
	struct pipes pipes;
	size_t words = pipe_at(tok, nr);
	bool abbrev = sh_interactive(sh);
	int ret;

	command_reset(sh);
	*usage = true;
	if (words == 0) {
		sp_fail(err, SP_FORMAT, _("A command is missing before "
		    "\"|\"."));
		sp_at(err, tok[0].line, tok[0].column, 1);
		return SP_FORMAT;
	}
	ret = cmd_parse(sh, tok, words, abbrev, &cl, err);
	if (ret == 0)
		ret = pipes_parse(tok + words, nr - words, abbrev, &pipes,
		    err);
	if (ret < 0)
		return ret;
	*usage = false;
	pipes_forms(sh, &pipes);
	ret = run_row(sh, &cl, err);
	if (ret == 0)
		ret = deliver(sh, &pipes, err);
	return ret;
}

static enum shell_status
run_command(struct shell *sh, const struct token *tok, size_t nr,
    const char *text, int prompt)
{
	struct sp_error err = {0};
	bool usage;

	if (run_tokens(sh, tok, nr, &usage, &err) == 0)
		return SHELL_OK;
	/* Where the command stood, if nothing knows better. */
	if (err.line == 0 && !sh_interactive(sh) && strchr(text, '\n'))
		sp_at(&err, tok[0].line, tok[0].column, tok[0].length);
	report_error(sh, text, prompt, &err);
	return usage ? SHELL_USAGE : report_status(sh, &err);
}

/* ---- a text ------------------------------------------------------------- */

/* The next command: tokens from *at on; false at the end. */
static bool
next_command(const struct tokens *t, size_t *at, const struct token **tok,
    size_t *nr)
{
	while (*at < t->nr && (t->tok[*at].type == TOK_END ||
	    t->tok[*at].type == TOK_COMMENT))
		++*at;
	*tok = t->tok + *at;
	for (*nr = 0; *at < t->nr && t->tok[*at].type != TOK_END &&
	    t->tok[*at].type != TOK_COMMENT; ++*at)
		++*nr;
	return *nr > 0;
}

static size_t
count_commands(const struct tokens *t, size_t at)
{
	const struct token *tok;
	size_t nr, n = 0;

	while (next_command(t, &at, &tok, &nr))
		n++;
	return n;
}

/* An open quote: nothing of the text is run, not even what came before. */
static enum shell_status
fail_tokens(struct shell *sh, const char *text, int prompt,
    const struct sp_error *err)
{
	command_reset(sh);
	report_error(sh, text, prompt, err);
	return SHELL_USAGE;
}

enum shell_status
run_text(struct shell *sh, const char *text, int prompt, size_t *unrun)
{
	struct tokens t = {0};
	struct sp_error err = {0};
	enum shell_status status, first = SHELL_OK;
	const struct token *tok;
	size_t at = 0, nr;

	if (unrun)
		*unrun = 0;
	if (tokens_split(&t, text, true, &err) < 0)
		return fail_tokens(sh, text, prompt, &err);
	while (!sh->quit && next_command(&t, &at, &tok, &nr)) {
		status = run_command(sh, tok, nr, text, prompt);
		if (first == SHELL_OK)
			first = status;
		if (*sh->interrupted || sh->gone)
			break;
		if (status != SHELL_OK && !sh->p->keep_going)
			break;
	}
	if (unrun)
		*unrun = count_commands(&t, at);
	tokens_free(&t);
	return first;
}

/* ---- -c and -f ---------------------------------------------------------- */

/* Run in a session of its own. */
static enum shell_status
run_session(const struct shell_params *p, const char *text, bool stdin_used)
{
	struct shell sh = {0};
	struct sp_error err = {0};
	enum shell_status status;

	if (session_open(&sh, p, &err) < 0) {
		command_reset(&sh);
		report_error(&sh, NULL, -1, &err);
		session_close(&sh);
		return SHELL_NO_ENGINE;
	}
	sh.stdin_used = stdin_used;
	/* A copy of the tree for each line of a long file takes seconds; it is
	 * of use only if something is taken back or goes on after an error. */
	sh.undoable = p->keep_going || strstr(text, "undo");
	status = run_text(&sh, text, -1, NULL);
	if (status == SHELL_OK && cand_dirty(&sh.cand) && !p->check_only)
		report_note(&sh, _("note: changes that were not committed "
		    "are lost: %zu."), cand_changes(&sh.cand));
	session_close(&sh);
	return status;
}

void
shell_complete(const struct shell_params *p, const char *text)
{
	struct shell sh = {0};
	struct sp_error err = {0};
	struct choices c = {0};
	const char *last = strrchr(text, ';');
	size_t i, start;

	/* without an engine there are no live names, but all the words */
	if (p->client == NULL || session_open(&sh, p, &err) < 0 ||
	    session_need_candidate(&sh, &err) < 0)
		(void)cand_start(&sh.cand, "", 0, &err);
	sh.interrupted = &sh.never;
	complete_line(&sh, last != NULL ? last + 1 : text, &c, &start);
	for (i = 0; i < c.nr; i++) {
		if (!c.c[i].shape)
			puts(c.c[i].word);
	}
	choices_free(&c);
	session_close(&sh);
}

enum shell_status
shell_run_text(const struct shell_params *p, const char *text)
{
	return run_session(p, text, false);
}

/* The whole stream as text of the caller's, NULL if it cannot be read. */
static char *
read_all(FILE *f)
{
	struct buf b = {0};
	char chunk[8192];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_bytes(&b, chunk, n);
	if (ferror(f)) {
		buf_free(&b);
		return NULL;
	}
	buf_puts(&b, "");
	return buf_steal_str(&b);
}

enum shell_status
shell_run_file(const struct shell_params *p, const char *path)
{
	bool is_stdin = str_eq(path, "-");
	FILE *f = is_stdin ? stdin : fopen(path, "re");
	enum shell_status status;
	char *text;

	text = f ? read_all(f) : NULL;
	if (text == NULL)
		fprintf(stderr, _("error: Cannot read %s: %s\n"), path,
		    strerror(errno));
	if (f && !is_stdin)
		fclose(f);
	if (text == NULL)
		return SHELL_USAGE;
	status = run_session(p, text, is_stdin);
	explicit_bzero(text, strlen(text));	/* may hold a secret */
	free(text);
	return status;
}
