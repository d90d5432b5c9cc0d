/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The secrets file: one line a secret, its name and, in quotes, the key as
 * it was typed; only \ and " are escaped.  The general tokenizer is not used:
 * its words live in ordinary memory, while every byte here passes through
 * buffers that are wiped.
 */
#include "conf/store_file.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "conf/internal.h"

#define HEADING "# Secrets of sallyport; nobody else may read this file.\n"

/* Room that a line can take at most. */
static size_t
line_room(const struct conf_named_secret *s)
{
	return strlen(s->name) + 2 * s->value.len + 8;
}

void
secrets_format(struct buf *out, const struct conf_tree *t)
{
	const struct conf_named_secret *s;
	size_t i, k, start = out->len, room = sizeof(HEADING);

	/* one allocation: growing would leave copies behind */
	for (i = 0; i < t->nr_secrets; i++)
		room += line_room(&t->secrets[i]);
	buf_space(out, room);
	buf_truncate(out, start);
	buf_puts(out, HEADING);
	for (i = 0; i < t->nr_secrets; i++) {
		s = &t->secrets[i];
		buf_puts(out, s->name);
		buf_puts(out, " \"");
		for (k = 0; k < s->value.len; k++) {
			if (strchr("\"\\", s->value.data[k]) != NULL)
				buf_u8(out, '\\');
			buf_u8(out, s->value.data[k]);
		}
		buf_puts(out, "\"\n");
	}
}

/* Key in quotes at rd, up to the end of the line, into key. */
static bool
read_key(struct rd *rd, struct buf *key)
{
	uint8_t c;

	if (rd_u8(rd) != '"')
		return false;
	while (!rd->bad && key->len <= CONF_SECRET_MAX) {
		c = rd_u8(rd);
		if (c == '"')
			return !rd->bad && rd->left == 0;
		if (c == '\\')
			c = rd_u8(rd);
		if (!rd->bad)
			buf_u8(key, c);
	}
	return false;
}

/* Name up to the blanks before the key. */
static bool
read_name(struct rd *rd, char name[CONF_NAME_MAX])
{
	char token[CONF_NAME_MAX + 16], check[CONF_NAME_MAX];
	size_t n = 0;

	while (rd->left > 0 && *rd->p != ' ' && *rd->p != '\t') {
		if (n + 1 >= CONF_NAME_MAX)
			return false;
		name[n++] = (char)rd_u8(rd);
	}
	name[n] = '\0';
	while (rd->left > 0 && (*rd->p == ' ' || *rd->p == '\t'))
		rd_skip(rd, 1);
	/* the same characters that <secret:NAME> may have */
	snprintf(token, sizeof(token), "<secret:%s>", name);
	return conf_secret_name(token, check, sizeof(check)) &&
	    str_eq(check, name);
}

static int
take_line(struct conf_tree *t, const uint8_t *p, size_t len, int line,
    struct sp_error *err)
{
	char name[CONF_NAME_MAX];
	struct secret value = {0};
	struct buf key = {0};
	struct rd rd;
	int ret = 0;

	rd_init(&rd, p, len);
	buf_space(&key, CONF_SECRET_MAX + 1);
	buf_truncate(&key, 0);
	if (!read_name(&rd, name) || !read_key(&rd, &key)) {
		ret = sp_fail(err, SP_FORMAT, "secrets, line %d: a line is a "
		    "name and a key in quotes.", line);
		sp_at(err, line, 1, 1);
	}
	if (ret == 0 && conf_secret(t, name) == NULL) {
		secret_set(&value, key.data, key.len);
		conf_secret_set(t, name, &value);
		secret_free(&value);
	}
	buf_wipe(&key);
	return ret;
}

int
secrets_parse(struct conf_tree *t, const struct buf *text,
    struct sp_error *err)
{
	const uint8_t *p, *end;
	size_t at = 0, len;
	int line = 1, ret = 0;

	while (ret == 0 && at < text->len) {
		p = text->data + at;
		end = memchr(p, '\n', text->len - at);
		len = end != NULL ? (size_t)(end - p) : text->len - at;
		at += len + 1;
		if (len > 0 && p[len - 1] == '\r')
			len--;
		if (len > 0 && p[0] != '#')
			ret = take_line(t, p, len, line, err);
		line++;
	}
	return ret;
}
