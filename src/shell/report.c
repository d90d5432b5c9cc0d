/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors, warnings and notes.  An error has four lines at most: the line
 * unless it is in sight, a caret under the word, one sentence that begins
 * with "error:", and one remedy that can be typed (or, for a refusal of a
 * peer, ours and theirs and the remedy).  Sentences come ready from where
 * both sides were known and are never worded again here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/client.h"
#include "conf/schema.h"
#include "conf/text.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/table.h"

/* ---- masking ------------------------------------------------------------ */

/* Is the word, perhaps shortened, a setting with a secret value; looked for
 * in every object, as the path before it may be wrong. */
static bool
names_secret(const struct conf_object *obj, const char *word, int depth)
{
	const struct set_row *row;
	size_t i;

	for (row = obj->rows; row && row->name; row++) {
		if (row->type == SET_SECRET && strlen(word) >= 3 &&
		    str_prefix(row->name, word))
			return true;
	}
	for (i = 0; depth < 6 && obj->children && obj->children[i]; i++) {
		if (names_secret(obj->children[i], word, depth + 1))
			return true;
	}
	return false;
}

/* Bytes that the first n characters of s take. */
static size_t
bytes_of(const char *s, size_t n)
{
	size_t i;

	for (i = 0; s[i]; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	}
	return i;
}

/* Byte offset of a 1-based line and column, which counts characters. */
static size_t
offset_of(const char *text, int line, int column)
{
	const char *at = text;

	for (; line > 1; line--) {
		at = strchr(at, '\n');
		if (at == NULL)
			return strlen(text);
		at++;
	}
	return (size_t)(at - text) +
	    bytes_of(at, column > 0 ? (size_t)column - 1 : 0);
}

/* Is this token the value of a secret: it follows the setting's name and is
 * no word that says where the value comes from. */
static bool
is_secret_value(const struct tokens *t, size_t i, bool *inside)
{
	const struct token *tok = &t->tok[i];

	if (tok->type != TOK_WORD) {
		*inside = false;
		return false;
	}
	if (*inside)
		return true;
	if (i == 0 || t->tok[i - 1].type != TOK_WORD ||
	    !names_secret(&conf_root_object, t->tok[i - 1].text, 0))
		return false;
	/* "generate pre-shared-key hq" names a tunnel, no secret. */
	if (i >= 2 && t->tok[i - 2].type == TOK_WORD &&
	    str_prefix("generate", t->tok[i - 2].text))
		return false;
	if (str_eq(tok->text, "file") || str_eq(tok->text, "-"))
		return false;
	*inside = true;
	return true;
}

/* For a line that is no list of tokens, such as an open quote: everything
 * behind the name of a secret goes. */
static char *
masked_roughly(const char *line)
{
	static const char *const names[] = { "pre-sh", "secret", "passphrase" };
	const char *at;
	size_t i;

	for (i = 0; i < NELEM(names); i++) {
		at = strstr(line, names[i]);
		if (at == NULL)
			continue;
		at += strcspn(at, " ");
		return xasprintf("%.*s ***", (int)(at - line), line);
	}
	return xstrdup(line);
}

char *
report_masked(const char *line)
{
	struct tokens t = {0};
	struct sp_error err = {0};
	struct buf b = {0};
	size_t i, from, done = 0;
	bool inside = false;

	if (tokens_split(&t, line, true, &err) < 0)
		return masked_roughly(line);
	for (i = 0; i < t.nr; i++) {
		if (!is_secret_value(&t, i, &inside))
			continue;
		from = offset_of(line, t.tok[i].line, t.tok[i].column);
		if (from < done)
			continue;
		buf_bytes(&b, line + done, from - done);
		buf_puts(&b, "***");
		done = from + bytes_of(line + from, (size_t)t.tok[i].length);
	}
	buf_puts(&b, line + done);
	tokens_free(&t);
	return buf_steal_str(&b);
}

/* ---- errors ------------------------------------------------------------- */

/* The line number "line" of text (caller's). */
static char *
line_of(const char *text, int line)
{
	const char *at = text + offset_of(text, line, 1);

	return xstrndup(at, strcspn(at, "\n"));
}

/*
 * Text made safe for the terminal (caller's).  Word by word, as str_safe()
 * cuts one long string, and a sentence may list all algorithms.
 */
static char *
safe_text(const char *s)
{
	struct buf b = {0};
	size_t n;

	for (; *s; s += n) {
		n = *s == ' ' ? 1 : strcspn(s, " ");
		str_safe(&b, s, n);
	}
	buf_puts(&b, "");
	return buf_steal_str(&b);
}

static void
put_caret(int column, int length)
{
	int i;

	for (i = 0; i < column; i++)
		fputc(' ', stderr);
	for (i = 0; i < (length > 0 ? length : 1); i++)
		fputc('^', stderr);
	fputc('\n', stderr);
}

/* Of a line of several commands the one that column is in (caller's);
 * column becomes one in it. */
static char *
command_of(const char *line, int *column)
{
	struct tokens t = {0};
	struct sp_error err = {0};
	size_t i, from = 0, end = strlen(line);
	char *out;

	if (tokens_split(&t, line, true, &err) < 0)
		return xstrdup(line);
	for (i = 0; i < t.nr; i++) {
		if (t.tok[i].type != TOK_END)
			continue;
		if (t.tok[i].column >= *column) {
			end = offset_of(line, 1, t.tok[i].column);
			break;
		}
		from = offset_of(line, 1, t.tok[i].column) + 1;
	}
	tokens_free(&t);
	from += strspn(line + from, " \t");
	out = xstrndup(line, from);
	*column -= (int)text_width(out);
	free(out);
	return xstrndup(line + from, end > from ? end - from : 0);
}

/* The command again, with a caret line.  Masking moves what follows; then
 * there is no caret. */
static void
put_again(const char *line, int column, int length, int width)
{
	char *command = command_of(line, &column);
	char *masked = report_masked(command);

	if (width == 0 || (int)text_width(masked) + 2 <= width) {
		fprintf(stderr, "  %s\n", masked);
		if (str_eq(command, masked))
			put_caret(column + 1, length);
	}
	free(command);
	free(masked);
}

/*
 * The place of the error: under the line on the screen if it is right above
 * and did not wrap, else the command is printed again.
 */
static void
put_place(struct shell *sh, const char *text, int prompt,
    const struct sp_error *err)
{
	char *line = line_of(text, err->line);
	int width = sh_width(sh), length = err->length;

	if (err->column - 1 + length > (int)text_width(line))
		length = (int)text_width(line) - err->column + 1;
	if (prompt >= 0 && strchr(text, '\n') == NULL &&
	    (width == 0 || prompt + (int)text_width(line) < width))
		put_caret(prompt + err->column - 1, length);
	else
		put_again(line, err->column, length, width);
	free(line);
}

static void
put_error_json(struct shell *sh, const struct sp_error *err)
{
	json_t *obj, *e;

	e = sh->refusal ? json_deep_copy(sh->refusal) : json_object();
	json_object_set_new(e, "code",
	    json_string(sp_code_name(err->code)));
	json_object_set_new(e, "message", json_string(err->text));
	json_object_set_new(e, "path",
	    err->path[0] ? json_string(err->path) : json_null());
	json_object_set_new(e, "hint",
	    err->hint[0] ? json_string(err->hint) : json_null());
	if (err->line > 0) {
		json_object_set_new(e, "line", json_integer(err->line));
		json_object_set_new(e, "column", json_integer(err->column));
	}
	obj = json_pack("{s:o}", "error", e);
	json_dumpf(obj, stdout, JSON_COMPACT);
	fputc('\n', stdout);
	fflush(stdout);
	json_decref(obj);
}

/* The first word ("error:") in the colour of its role. */
static void
put_colored(const struct shell *sh, enum term_role role, const char *s)
{
	size_t n = role == TERM_NONE ? 0 : strcspn(s, " \n");

	if (n > 0)
		fprintf(stderr, "%s%.*s%s", sh->paint_err.begin[role], (int)n,
		    s, sh->paint_err.end);
	fprintf(stderr, "%s\n", s + n);
}

/* A line of prose (taken over): at a prompt words are not broken. */
static void
put_prose(const struct shell *sh, enum term_role role, struct buf *text,
    size_t indent)
{
	struct buf b = {0};
	int width = sh_interactive(sh) ? sh_width(sh) : 0;

	text_wrap(&b, (char *)text->data, width > 0 ? (size_t)width : 0,
	    indent);
	put_colored(sh, sh->paint_err.end ? role : TERM_NONE,
	    (char *)b.data);
	buf_free(&b);
	buf_free(text);
}

/* "  ours:   ..." if the refusal of a peer has it. */
static void
put_side(const struct shell *sh, const json_t *reason, const char *key,
    const char *label)
{
	struct buf b = {0};
	size_t indent;

	buf_printf(&b, "  %-8s ", label);
	indent = text_width((char *)b.data);
	jprint(&b, jget(reason, key));
	buf_puts(&b, "");
	if (text_width((char *)b.data) > indent)
		put_prose(sh, TERM_NONE, &b, indent);
	buf_free(&b);
}

/* What can be typed to mend it: the hint, or the first remedy. */
static void
put_remedy(const struct sp_error *err, const json_t *reason)
{
	const char *text = err->hint;

	if (text[0] == '\0')
		text = json_string_value(json_array_get(jget(reason,
		    "remedy"), 0));
	if (text && text[0])
		fprintf(stderr, _("  try: %s\n"), text);
}

void
report_error(struct shell *sh, const char *text, int prompt,
    const struct sp_error *err)
{
	const json_t *reason = jget(sh->refusal, "reason");
	char *safe = safe_text(err->text);
	struct buf b = {0};

	fflush(stdout);
	if (sh->json) {
		put_error_json(sh, err);
		free(safe);
		return;
	}
	if (err->line > 0 && text)
		put_place(sh, text, prompt, err);
	/* The terminal has echoed ^C. */
	if (sh_interactive(sh) && *sh->interrupted && !sh->hangup)
		fputc('\n', stderr);
	buf_puts(&b, _("error: "));
	if (err->line > 0 && text && prompt < 0 && strchr(text, '\n'))
		buf_printf(&b, _("line %d: "), err->line);
	if (err->path[0])
		buf_printf(&b, "%s: ", err->path);
	buf_puts(&b, safe);
	put_prose(sh, TERM_BAD, &b, 2);
	put_side(sh, reason, "ours", _("ours:"));
	put_side(sh, reason, "theirs", _("theirs:"));
	put_remedy(err, reason);
	free(safe);
}

void
report_warning(struct shell *sh, const char *path, const char *text,
    const char *hint)
{
	struct buf b = {0};
	char *safe;

	if (sh->json)
		return;
	fflush(stdout);
	/* Those of the tables come as they are marked there. */
	safe = safe_text(*text ? _(text) : text);
	buf_printf(&b, _("warning: %s%s%s\n"), path, *path ? ": " : "", safe);
	b.data[b.len - 1] = '\0';	/* put_prose() ends the line */
	put_prose(sh, TERM_WARN, &b, 2);
	if (*hint)
		fprintf(stderr, _("  try: %s\n"), hint);
	free(safe);
}

void
report_note(struct shell *sh, const char *fmt, ...)
{
	va_list ap;

	if (sh->p->quiet || sh->json)
		return;
	fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

enum shell_status
report_status(const struct shell *sh, const struct sp_error *err)
{
	static const struct {
		enum sp_code code;
		enum shell_status status;
	} map[] = {
		{ SP_DENIED, SHELL_NO_ENGINE },
		{ SP_INVALID, SHELL_INVALID },
		{ SP_TIMEOUT, SHELL_TIMEOUT },
		{ SP_CONFLICT, SHELL_CONFLICT },
	};
	size_t i;

	for (i = 0; i < NELEM(map); i++) {
		if (map[i].code == err->code)
			return map[i].status;
	}
	return sh->gone ? SHELL_NO_ENGINE : SHELL_FAILED;
}
