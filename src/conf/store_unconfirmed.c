/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The commit that waits for its confirmation.  What to return to is kept in
 * one file of its own, with the keys as they were: history names keys only,
 * and it may be pruned before the time is over.  The file is written before
 * the commit, so that there is no moment in which a crash would make an
 * unconfirmed configuration a lasting one.
 */
#include "conf/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"
#include "conf/store_internal.h"
#include "conf/text.h"

#define NAME "unconfirmed"
#define MODE 0600
#define HEAD "# sallyport unconfirmed %" PRIu32 " %" PRId64 " %" PRId64 \
	" %zu %s\n"
#define FILE_MAX (CONF_TEXT_MAX + (64u << 20))

int
conf_store_unconfirmed_set(struct conf_store *s,
    const struct conf_unconfirmed *u, const struct conf_tree *before,
    struct sp_error *err)
{
	struct buf text = {0}, file = {0};
	int ret;

	conf_print(&text, before->root, false);
	buf_printf(&file, HEAD, u->back_to, u->made_ms, u->deadline_ms,
	    text.len, u->who);
	buf_bytes(&file, text.data, text.len);
	secrets_format(&file, before);
	ret = file_save(&s->state, NAME, MODE, &file, err);
	buf_wipe(&file);
	buf_free(&text);
	return ret;
}

/* The heading; *body gets the text behind it, *size its length. */
static bool
parse_head(const char *p, struct conf_unconfirmed *u, const char **body,
    size_t *size)
{
	const char *end = strchr(p, '\n');
	char who[64];

	if (end == NULL || sscanf(p, "# sallyport unconfirmed %" SCNu32 " %"
	    SCNd64 " %" SCNd64 " %zu %63[^\n]", &u->back_to, &u->made_ms,
	    &u->deadline_ms, size, who) != 5)
		return false;
	snprintf(u->who, sizeof(u->who), "%s", who);
	*body = end + 1;
	return strlen(*body) >= *size;
}

static int
parse_file(struct buf *file, struct conf_unconfirmed *u,
    struct conf_tree **before, struct sp_error *err)
{
	struct conf_tree *t = NULL;
	struct buf keys = {0};
	const char *body;
	char *text;
	size_t size;
	int ret;

	buf_u8(file, '\0');
	if (!parse_head((const char *)file->data, u, &body, &size)) {
		return sp_fail(err, SP_FORMAT, "The record of the commit "
		    "that waits for its confirmation is not whole.");
	}
	text = xstrndup(body, size);
	ret = conf_parse(&t, text, err);
	free(text);
	buf_bytes(&keys, body + size, strlen(body + size));
	if (ret == 0)
		ret = secrets_parse(t, &keys, err);
	buf_wipe(&keys);
	if (ret < 0) {
		conf_tree_free(t);
		return ret;
	}
	*before = t;
	return 0;
}

int
conf_store_unconfirmed_get(struct conf_store *s, struct conf_unconfirmed *u,
    struct conf_tree **before, struct sp_error *err)
{
	struct buf file = {0};
	int ret;

	*u = (struct conf_unconfirmed){0};
	ret = file_read(&s->state, NAME, 077, FILE_MAX, &file, err);
	if (ret == 0)
		ret = parse_file(&file, u, before, err);
	buf_wipe(&file);
	return ret;
}

void
conf_store_unconfirmed_drop(struct conf_store *s)
{
	file_remove(&s->state, NAME);
}
