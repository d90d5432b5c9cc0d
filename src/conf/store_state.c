/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What the store keeps beside the configuration: drafts of shells that were
 * cut off, and small values of the engine ("power/branch" is on), all in one
 * file of "key value" lines.
 */
#include "conf/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"
#include "conf/store_internal.h"
#include "conf/text.h"

#define STATE_NAME "state"
#define STATE_MAX (1u << 20)
#define STATE_MODE 0640
#define DRAFT_MODE 0600

/* File name of a user's draft: hex, as user names may hold anything. */
static char *
draft_name(const char *user)
{
	struct buf b = {0};

	buf_puts(&b, "u");
	str_hex(&b, user, strnlen(user, 100));
	return buf_steal_str(&b);
}

int
conf_store_draft_save(struct conf_store *s, const char *user,
    const char *text, struct sp_error *err)
{
	char *name = draft_name(user);
	struct buf b = {0};
	int ret;

	buf_puts(&b, text);
	ret = file_save(&s->drafts, name, DRAFT_MODE, &b, err);
	buf_wipe(&b);
	free(name);
	return ret;
}

char *
conf_store_draft_load(struct conf_store *s, const char *user)
{
	char *name = draft_name(user), *text = NULL;
	struct buf b = {0};

	if (file_read(&s->drafts, name, 077, CONF_TEXT_MAX, &b, NULL) == 0)
		text = xstrndup((const char *)b.data, b.len);
	buf_wipe(&b);
	free(name);
	return text;
}

void
conf_store_draft_drop(struct conf_store *s, const char *user)
{
	char *name = draft_name(user);

	file_remove(&s->drafts, name);
	free(name);
}

/* Words of the state file: key, value, end of line, ...; none if broken. */
static struct tokens
state_read(const struct conf_store *s)
{
	struct tokens tokens = {0};
	struct buf b = {0};

	if (file_read(&s->state, STATE_NAME, 022, STATE_MAX, &b, NULL) == 0) {
		buf_puts(&b, "");
		tokens_split(&tokens, (const char *)b.data, true, NULL);
	}
	buf_free(&b);
	return tokens;
}

/* Is tok[i] a key with a value behind it. */
static bool
is_pair(const struct tokens *t, size_t i)
{
	return i + 1 < t->nr && t->tok[i].type == TOK_WORD &&
	    t->tok[i + 1].type == TOK_WORD &&
	    (i == 0 || t->tok[i - 1].type == TOK_END);
}

char *
conf_store_state_get(struct conf_store *s, const char *key)
{
	struct tokens t = state_read(s);
	char *value = NULL;
	size_t i;

	for (i = 0; i < t.nr && value == NULL; i++) {
		if (is_pair(&t, i) && str_eq(t.tok[i].text, key))
			value = xstrdup(t.tok[i + 1].text);
	}
	tokens_free(&t);
	return value;
}

static void
print_pair(struct buf *b, const char *key, const char *value)
{
	token_print(b, key);
	buf_puts(b, " ");
	token_print(b, value);
	buf_puts(b, "\n");
}

int
conf_store_state_set(struct conf_store *s, const char *key,
    const char *value, struct sp_error *err)
{
	struct tokens t = state_read(s);
	struct buf b = {0};
	size_t i;
	int ret;

	buf_puts(&b, "");
	for (i = 0; i < t.nr; i++) {
		if (is_pair(&t, i) && !str_eq(t.tok[i].text, key))
			print_pair(&b, t.tok[i].text, t.tok[i + 1].text);
	}
	if (value != NULL)
		print_pair(&b, key, value);
	ret = file_save(&s->state, STATE_NAME, STATE_MODE, &b, err);
	buf_free(&b);
	tokens_free(&t);
	return ret;
}
