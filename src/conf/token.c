/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The tokenizer of configuration files, of the flat form and of the command
 * line, and its inverse for one word.  Input is hostile: only valid,
 * printable UTF-8 passes; words and their number are bounded; a byte order
 * mark at the start and CR before LF are taken for what they are.
 *
 * Inside "..." a backslash makes \n and \t newline and tab and takes any
 * other character as it is; inside '...' nothing is special; outside a
 * backslash takes the next character as it is.
 */
#include "conf/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"

#define BOM "\xef\xbb\xbf"

struct lexer {
	const char *p;			/* next byte */
	int line, column;		/* of it */
	bool command_line;
	struct tokens tokens;
	size_t cap;			/* tokens allocated */
	struct sp_error *err;
};

/* Bytes of the character at p. */
static size_t
char_len(const char *p)
{
	size_t n = 1;

	/* a continuation byte behind ASCII stands, and falls, alone */
	while ((unsigned char)p[0] >= 0x80 &&
	    ((unsigned char)p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static void
step(struct lexer *lx, size_t bytes)
{
	if (*lx->p == '\n') {
		lx->line++;
		lx->column = 1;
	} else {
		lx->column++;
	}
	lx->p += bytes;
}

static int
refuse(struct lexer *lx, int line, int column, const char *what)
{
	int ret = sp_fail(lx->err, SP_FORMAT, "%s", what);

	sp_at(lx->err, line, column, 1);
	return ret;
}

/* The character at p, which is no newline, must be one that can be shown. */
static int
check_char(struct lexer *lx, size_t len)
{
	int ret;

	if (value_printable(lx->p, len) || *lx->p == '\t')
		return 0;
	ret = sp_fail(lx->err, SP_FORMAT, "The character 0x%02X cannot stand "
	    "in a configuration.", (unsigned)(unsigned char)*lx->p);
	sp_at(lx->err, lx->line, lx->column, 1);
	return ret;
}

/* Append one character of a word, except CR before LF. */
static int
take_char(struct lexer *lx, struct buf *word)
{
	size_t len = char_len(lx->p);
	int ret;

	if (lx->p[0] == '\r' && lx->p[1] == '\n') {
		lx->p++;
		return 0;
	}
	if (*lx->p != '\n') {
		ret = check_char(lx, len);
		if (ret < 0)
			return ret;
	}
	if (word->len + len > CONF_WORD_MAX) {
		return refuse(lx, lx->line, lx->column,
		    "This word is too long.");
	}
	buf_bytes(word, lx->p, len);
	step(lx, len);
	return 0;
}

/* Backslash outside quotes and inside "...". */
static int
take_escape(struct lexer *lx, struct buf *word, bool quoted)
{
	int line = lx->line, column = lx->column;

	step(lx, 1);
	if (*lx->p == '\0') {
		return refuse(lx, line, column,
		    "There is nothing behind this backslash.");
	}
	if (quoted && (*lx->p == 'n' || *lx->p == 't')) {
		buf_u8(word, *lx->p == 'n' ? '\n' : '\t');
		step(lx, 1);
		return 0;
	}
	return take_char(lx, word);
}

static int
take_quoted(struct lexer *lx, struct buf *word)
{
	int line = lx->line, column = lx->column, ret;
	char quote = *lx->p;

	for (step(lx, 1); *lx->p != quote;) {
		if (*lx->p == '\0') {
			return refuse(lx, line, column,
			    "The quote that begins here is not closed.");
		}
		if (*lx->p == '\\' && quote == '"')
			ret = take_escape(lx, word, true);
		else
			ret = take_char(lx, word);
		if (ret < 0)
			return ret;
	}
	step(lx, 1);
	return 0;
}

/* Characters that end a word. */
static bool
is_end(const struct lexer *lx, char c)
{
	if (c == '\0' || strchr(" \t\r\n;", c) != NULL)
		return true;
	return lx->command_line ? c == '|' : c == '{' || c == '}';
}

static void
grow(struct lexer *lx)
{
	if (lx->tokens.nr < lx->cap)
		return;
	lx->cap = lx->cap ? lx->cap * 2 : 16;
	lx->tokens.tok = xrealloc(lx->tokens.tok, lx->cap,
	    sizeof(*lx->tokens.tok));
}

/* Add a token that began at line, column; its text moves out of the buffer. */
static int
add(struct lexer *lx, enum tok_type type, struct buf *text, bool quoted,
    int line, int column)
{
	struct token *t;

	if (lx->tokens.nr >= CONF_TOKENS_MAX)
		return refuse(lx, line, column, "There are too many words.");
	grow(lx);
	t = &lx->tokens.tok[lx->tokens.nr++];
	*t = (struct token){
		.type = type, .quoted = quoted, .line = line,
		.column = column, .length = 1, .text = buf_steal_str(text),
	};
	if (lx->line == line && lx->column > column)
		t->length = lx->column - column;
	return 0;
}

static int
lex_word(struct lexer *lx)
{
	int line = lx->line, column = lx->column, ret = 0;
	struct buf word = {0};
	bool quoted = false;

	while (ret == 0 && !is_end(lx, *lx->p)) {
		if (*lx->p == '"' || *lx->p == '\'') {
			quoted = true;
			ret = take_quoted(lx, &word);
		} else if (*lx->p == '\\') {
			quoted = true;
			ret = take_escape(lx, &word, false);
		} else {
			ret = take_char(lx, &word);
		}
	}
	if (ret == 0)
		ret = add(lx, TOK_WORD, &word, quoted, line, column);
	buf_wipe(&word);
	return ret;
}

static int
lex_comment(struct lexer *lx)
{
	int line = lx->line, column = lx->column, ret = 0;
	struct buf text = {0};

	step(lx, 1);
	if (*lx->p == ' ')
		step(lx, 1);
	while (ret == 0 && *lx->p != '\0' && *lx->p != '\n')
		ret = take_char(lx, &text);
	while (text.len > 0 && strchr(" \t", text.data[text.len - 1]) != NULL)
		buf_truncate(&text, text.len - 1);
	if (ret == 0)
		ret = add(lx, TOK_COMMENT, &text, false, line, column);
	buf_free(&text);
	return ret;
}

static int
lex_sign(struct lexer *lx, enum tok_type type)
{
	int line = lx->line, column = lx->column;
	struct buf none = {0};

	step(lx, 1);
	return add(lx, type, &none, false, line, column);
}

/* Type of a character that is a token by itself, or TOK_WORD. */
static enum tok_type
sign_type(const struct lexer *lx)
{
	static const struct {
		char sign;
		bool command_line, file;
		enum tok_type type;
	} signs[] = {
		{ ';', true, true, TOK_END },
		{ '\n', true, false, TOK_END },
		{ '|', true, false, TOK_PIPE },
		{ '{', false, true, TOK_OPEN },
		{ '}', false, true, TOK_CLOSE },
	};
	size_t i;

	for (i = 0; i < NELEM(signs); i++) {
		if (signs[i].sign == *lx->p && (lx->command_line ?
		    signs[i].command_line : signs[i].file))
			return signs[i].type;
	}
	return TOK_WORD;
}

static int
lex_one(struct lexer *lx)
{
	enum tok_type type = sign_type(lx);

	if (type != TOK_WORD)
		return lex_sign(lx, type);
	if (strchr(" \t\n", *lx->p) != NULL ||
	    (lx->p[0] == '\r' && lx->p[1] == '\n')) {
		step(lx, 1);
		return 0;
	}
	if (*lx->p == '#')
		return lex_comment(lx);
	if (*lx->p == '\r')
		return check_char(lx, 1);
	return lex_word(lx);
}

int
tokens_split(struct tokens *out, const char *text, bool command_line,
    struct sp_error *err)
{
	struct lexer lx = {
		.p = text, .line = 1, .column = 1,
		.command_line = command_line, .err = err,
	};
	int ret = 0;

	if (strnlen(text, CONF_TEXT_MAX + 1) > CONF_TEXT_MAX) {
		return sp_fail(err, SP_RANGE, "A configuration has at most "
		    "%u MiB of text.", CONF_TEXT_MAX >> 20);
	}
	if (str_prefix(text, BOM))
		lx.p += strlen(BOM);
	while (ret == 0 && *lx.p != '\0')
		ret = lex_one(&lx);
	if (ret < 0)
		tokens_free(&lx.tokens);
	else
		*out = lx.tokens;
	return ret;
}

void
tokens_free(struct tokens *t)
{
	size_t i;

	for (i = 0; i < t->nr; i++) {
		/* a word may have been a key in clear */
		if (t->tok[i].text != NULL)
			explicit_bzero(t->tok[i].text,
			    strlen(t->tok[i].text));
		free(t->tok[i].text);
	}
	free(t->tok);
	*t = (struct tokens){0};
}

int
conf_check_nul(const struct buf *text, struct sp_error *err)
{
	const uint8_t *nul = memchr(text->data, '\0', text->len), *p;
	int line = 1, column = 1, ret;

	if (nul == NULL)
		return 0;
	for (p = text->data; p < nul; p++) {
		column = *p == '\n' ? 1 : column + 1;
		line += *p == '\n';
	}
	ret = sp_fail(err, SP_FORMAT,
	    "The character 0x00 cannot stand in a configuration.");
	sp_at(err, line, column, 1);
	return ret;
}

static bool
is_plain(const char *word)
{
	return word[0] != '\0' && word[0] != '#' && strspn(word,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "._:/@%+,=~<>[]*#?!$&^()-") == strlen(word);
}

void
token_print(struct buf *b, const char *word)
{
	if (is_plain(word)) {
		buf_puts(b, word);
		return;
	}
	buf_puts(b, "\"");
	for (; *word != '\0'; word++) {
		if (*word == '\n')
			buf_puts(b, "\\n");
		else if (*word == '\t')
			buf_puts(b, "\\t");
		else if (*word == '"' || *word == '\\')
			buf_printf(b, "\\%c", *word);
		else
			buf_u8(b, (uint8_t)*word);
	}
	buf_puts(b, "\"");
}
