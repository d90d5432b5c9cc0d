/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A reason record as JSON, with the remedies of its code filled in for the
 * tunnel it belongs to.  Text of a peer in it was made safe by whoever wrote
 * the record.
 */
#include "diag/diag.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "conf/text.h"

static const char *const side_names[] = {
	[DIAG_NONE] = "none",
	[DIAG_OURS] = "ours",
	[DIAG_PEER] = "peer",
	[DIAG_BOTH] = "both",
	[DIAG_BETWEEN] = "between",
};

/* The value of the word {name} in this case, or NULL. */
static const char *
word_value(const char *name, size_t len, const struct ike_reason *r,
    const struct diag_subject *who)
{
	const struct {
		const char *name, *value;
	} words[] = {
		{ "network", who->network }, { "phase1", who->phase1 },
		{ "phase2", who->phase2 }, { "remote", who->remote },
		{ "ours", r->ours }, { "theirs", r->theirs },
	};
	size_t i;

	for (i = 0; i < NELEM(words); i++) {
		if (strlen(words[i].name) == len &&
		    memcmp(words[i].name, name, len) == 0)
			return words[i].value;
	}
	return NULL;
}

/* How a setting writes what a reason shows: "gw.example (FQDN)" is the
 * identity fqdn:gw.example.  Quoted where it must be: the peer has chosen it,
 * and somebody may run the line. */
static void
put_value(struct buf *b, const char *value)
{
	static const struct {
		const char *shown, *prefix;
	} types[] = {
		{ " (FQDN)", "fqdn:" }, { " (e-mail)", "email:" },
		{ " (KEY_ID)", "keyid:" }, { " (IPv4 address)", "" },
		{ " (IPv6 address)", "" }, { " (DN)", "" },
	};
	size_t i, len = strlen(value), n;
	char *text;

	for (i = 0; i < NELEM(types); i++) {
		n = strlen(types[i].shown);
		if (len <= n || strcmp(value + len - n, types[i].shown) != 0)
			continue;
		text = xasprintf("%s%.*s", types[i].prefix, (int)(len - n),
		    value);
		token_print(b, text);
		free(text);
		return;
	}
	token_print(b, value);
}

/* Append the template with its words replaced; false if one is unknown. */
static bool
fill_in(struct buf *b, const char *tmpl, const struct ike_reason *r,
    const struct diag_subject *who)
{
	const char *open, *end, *value;

	while ((open = strchr(tmpl, '{')) != NULL) {
		end = strchr(open, '}');
		if (end == NULL)
			break;
		buf_bytes(b, tmpl, (size_t)(open - tmpl));
		value = word_value(open + 1, (size_t)(end - open - 1), r, who);
		if (value == NULL || value[0] == '\0')
			return false;
		put_value(b, value);
		tmpl = end + 1;
	}
	buf_puts(b, tmpl);
	return true;
}

char *
diag_remedy(const char *tmpl, const struct ike_reason *r,
    const struct diag_subject *who)
{
	struct buf b = {0};

	if (fill_in(&b, tmpl, r, who))
		return buf_steal_str(&b);
	buf_free(&b);
	return NULL;
}

static json_t *
remedies(const struct ike_reason *r, const struct diag_subject *who)
{
	const struct diag_row *row = diag_row(r->code);
	json_t *list = json_array();
	char *text;
	size_t i;

	for (i = 0; i < DIAG_REMEDIES && row->remedy[i] != NULL; i++) {
		text = diag_remedy(row->remedy[i], r, who);
		if (text != NULL)
			json_array_append_new(list, json_string(text));
		free(text);
	}
	return list;
}

static void
put(json_t *obj, const char *key, const char *value)
{
	if (value[0] != '\0')
		json_object_set_new(obj, key, json_string(value));
}

json_t *
diag_reason_json(const struct ike_reason *r, const struct diag_subject *who,
    int64_t wall_ms)
{
	const struct diag_row *row = diag_row(r->code);
	json_t *obj = json_object();
	char when[32];

	put(obj, "code", ike_reason_word(r->code));
	put(obj, "title", row->title);
	put(obj, "side", side_names[row->side]);
	json_object_set_new(obj, "sure", json_boolean(r->sure));
	put(obj, "text", r->text);
	put(obj, "ours", r->ours);
	put(obj, "theirs", r->theirs);
	put(obj, "step", r->step);
	if (wall_ms != 0)
		put(obj, "time", clock_rfc3339(wall_ms, when));
	json_object_set_new(obj, "remedy", remedies(r, who));
	return obj;
}
