/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Explanations.  The values are those of the reason records, which were made
 * where both sides' were at hand (ike/); here they are taken apart, so that
 * the one transform that differs stands alone, and put into commands.
 */
#include "engine/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "diag/diag.h"
#include "engine/conn.h"
#include "engine/status.h"

#define WORDS 16		/* transforms of a type in one proposal */
#define TYPES 5

static const struct {
	enum alg_type type;
	const char *field;
	const char *setting;	/* of a proposal */
} types[TYPES] = {
	{ ALG_ENCR, "encryption", "algorithm" },
	{ ALG_INTEG, "integrity", "hash" },
	{ ALG_PRF, "PRF", "prf" },
	{ ALG_KE, "key exchange", "dh-group" },
	{ ALG_ESN, "ESN", NULL },
};

struct offer {			/* one proposal, its words by type */
	char *word[TYPES][WORDS];
	size_t nr[TYPES];
};

static void
offer_add(struct offer *o, const char *word)
{
	unsigned bits;
	size_t i;

	for (i = 0; i < TYPES; i++) {
		if (alg_by_word(types[i].type, word, &bits) == NULL)
			continue;
		if (o->nr[i] < WORDS)
			o->word[i][o->nr[i]++] = xstrdup(word);
		return;
	}
}

/* An offer that names no PRF uses the one of its integrity algorithm. */
static void
offer_imply_prf(struct offer *o)
{
	char *word;

	if (o->nr[2] > 0 || o->nr[1] == 0)
		return;
	word = xasprintf("prf%s", o->word[1][0]);
	offer_add(o, word);
	free(word);
}

/* "aes128-sha256-modp2048" into words; text is changed. */
static void
offer_read(struct offer *o, char *text)
{
	char *save = NULL, *word;

	*o = (struct offer){0};
	for (word = strtok_r(text, "-", &save); word != NULL;
	    word = strtok_r(NULL, "-", &save))
		offer_add(o, word);
	offer_imply_prf(o);
}

static void
offer_free(struct offer *o)
{
	size_t i, j;

	for (i = 0; i < TYPES; i++) {
		for (j = 0; j < o->nr[i]; j++)
			free(o->word[i][j]);
	}
}

/* Does one of the words of a type stand in both; types that neither side
 * names are equal. */
static bool
same_type(const struct offer *a, const struct offer *b, size_t type)
{
	size_t i, j;

	if (a->nr[type] == 0 && b->nr[type] == 0)
		return true;
	for (i = 0; i < a->nr[type]; i++) {
		for (j = 0; j < b->nr[type]; j++) {
			if (str_eq(a->word[type][i], b->word[type][j]))
				return true;
		}
	}
	return false;
}

static size_t
differences(const struct offer *a, const struct offer *b)
{
	size_t i, n = 0;

	for (i = 0; i < TYPES; i++)
		n += !same_type(a, b, i);
	return n;
}

static json_t *
words_json(const struct offer *o, size_t type)
{
	struct buf b = {0};
	json_t *s;
	size_t i;

	buf_puts(&b, "");
	for (i = 0; i < o->nr[type]; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", o->word[type][i]);
	s = json_string(b.len > 0 ? (char *)b.data : "none");
	buf_free(&b);
	return s;
}

static void
add_field(json_t *fields, const char *field, json_t *ours, json_t *theirs,
    const char *verdict)
{
	json_array_append_new(fields, json_pack("{s:s s:o s:o s:s}", "field",
	    field, "ours", ours, "theirs", theirs, "verdict", verdict));
}

static void
add_text(json_t *fields, const char *field, const char *ours,
    const char *theirs, const char *verdict)
{
	add_field(fields, field, json_string(ours), json_string(theirs),
	    verdict);
}

/* The peer's first transforms as settings of a proposal of ours; NULL if one
 * of them cannot be computed here. */
static char *
offer_settings(const struct offer *o, bool child)
{
	const struct alg *alg;
	bool aead = o->nr[1] == 0;
	struct buf b = {0};
	unsigned bits;
	size_t i;

	for (i = 0; i < TYPES; i++) {
		if (o->nr[i] == 0 || types[i].setting == NULL ||
		    (types[i].type == ALG_PRF && !aead))
			continue;
		alg = alg_by_word(types[i].type, o->word[i][0], &bits);
		if (alg->setting == NULL || !alg_usable(alg, NULL)) {
			buf_free(&b);
			return NULL;
		}
		buf_printf(&b, " %s %s", types[i].setting, alg->setting);
		if (types[i].type == ALG_ENCR && bits != 0)
			buf_printf(&b, " key-length %u", bits);
	}
	/* a child without a group of its own: no PFS */
	if (child && o->nr[3] == 0)
		buf_puts(&b, " dh-group none");
	return b.len > 0 ? buf_steal_str(&b) : NULL;
}

/* All proposals of a text; returns how many, at most max. */
static size_t
offers_read(const char *text, struct offer *out, size_t max)
{
	char *copy = xstrdup(text), *save = NULL, *one;
	size_t n = 0;

	for (one = strtok_r(copy, ", ", &save); one != NULL && n < max;
	    one = strtok_r(NULL, ", ", &save))
		offer_read(&out[n++], one);
	free(copy);
	return n;
}

#define OFFERS 16

void
explain_offer(json_t *fields, const char *ours, const char *theirs,
    bool child, char **remedy)
{
	struct offer *a = xcalloc(2 * OFFERS, sizeof(*a)), *b = a + OFFERS;
	size_t na = offers_read(ours, a, OFFERS);
	size_t nb = offers_read(theirs, b, OFFERS);
	size_t i, j, best_a = 0, best_b = 0, least = TYPES + 1;

	for (i = 0; i < na; i++) {
		for (j = 0; j < nb; j++) {
			if (differences(&a[i], &b[j]) >= least)
				continue;
			least = differences(&a[i], &b[j]);
			best_a = i;
			best_b = j;
		}
	}
	*remedy = nb > 0 ? offer_settings(&b[best_b], child) : NULL;
	for (i = 0; na > 0 && nb > 0 && i < TYPES; i++) {
		if (a[best_a].nr[i] + b[best_b].nr[i] == 0)
			continue;
		add_field(fields, types[i].field, words_json(&a[best_a], i),
		    words_json(&b[best_b], i), same_type(&a[best_a],
		    &b[best_b], i) ? "same" : "differs");
	}
	for (i = 0; i < na; i++)
		offer_free(&a[i]);
	for (j = 0; j < nb; j++)
		offer_free(&b[j]);
	free(a);
}

/* What the values of a code are values of. */
static const char *
field_of(enum ike_reason_code code)
{
	static const struct {
		enum ike_reason_code code;
		const char *field;
	} rows[] = {
		{ REASON_AUTH_FAILED_ID, "identity of the peer" },
		{ REASON_ID_TYPE_MISMATCH, "type of the identity" },
		{ REASON_AUTH_METHOD_MISMATCH, "authentication" },
		{ REASON_AUTH_FAILED_PSK, "pre-shared key" },
		{ REASON_PSK_MISSING, "pre-shared key" },
		{ REASON_TS_UNACCEPTABLE, "networks (ours === theirs)" },
		{ REASON_INVALID_KE, "key exchange" },
		{ REASON_MODE_MISMATCH, "mode" },
		{ REASON_VERSION_MISMATCH, "IKE version" },
		{ REASON_NO_PROPOSAL_IKE, "phase 1 proposals" },
		{ REASON_NO_PROPOSAL_CHILD, "phase 2 proposals" },
		{ REASON_PFS_MISMATCH, "phase 2 key exchange (PFS)" },
		{ REASON_NAME_UNRESOLVED, "remote-gateway" },
	};
	size_t i;

	for (i = 0; i < NELEM(rows); i++) {
		if (rows[i].code == code)
			return rows[i].field;
	}
	return "reason";
}

static bool
is_offer(enum ike_reason_code code)
{
	return code == REASON_NO_PROPOSAL_IKE ||
	    code == REASON_NO_PROPOSAL_CHILD || code == REASON_PFS_MISMATCH;
}

static void
add_remedy(json_t *list, const struct conn *c, const struct record *rec,
    const char *settings)
{
	char *path, *line;

	path = rec->reason.code == REASON_NO_PROPOSAL_IKE ?
	    xasprintf("vpn-network %s phase1 %s", c->net->name, c->name) :
	    xasprintf("vpn-network %s phase1 %s phase2 %s", c->net->name,
	    c->name, rec->phase2[0] != '\0' ? rec->phase2 :
	    LIST_ENTRY(c->children.next, struct child, link)->name);
	line = xasprintf("set %s proposal 10%s", path, settings);
	json_array_insert_new(list, 0, json_string(line));
	free(path);
	free(line);
}

/* The fields of a failure, and a better remedy than the table's where the
 * peer has shown what it takes. */
static void
explain_record(json_t *out, const struct conn *c, const struct record *rec)
{
	const struct ike_reason *r = &rec->reason;
	json_t *fields = json_object_get(out, "fields");
	json_t *reason = status_reason(c, rec);
	char *settings = NULL;

	json_object_set(out, "title", json_object_get(reason, "title"));
	json_object_set(out, "text", json_object_get(reason, "text"));
	json_object_set(out, "sure", json_object_get(reason, "sure"));
	json_object_set(out, "side", json_object_get(reason, "side"));
	json_object_set(out, "remedy", json_object_get(reason, "remedy"));
	json_decref(reason);
	if (is_offer(r->code) && r->theirs[0] != '\0')
		explain_offer(fields, r->ours, r->theirs,
		    r->code != REASON_NO_PROPOSAL_IKE, &settings);
	else if (r->ours[0] != '\0' || r->theirs[0] != '\0')
		add_text(fields, field_of(r->code), r->ours[0] != '\0' ?
		    r->ours : "(not shown)", r->theirs[0] != '\0' ?
		    r->theirs : "(not told)", r->theirs[0] != '\0' ?
		    "differs" : "unknown");
	if (settings != NULL && (r->code == REASON_NO_PROPOSAL_IKE ||
	    !list_empty(&c->children)))
		add_remedy(json_object_get(out, "remedy"), c, rec, settings);
	free(settings);
}

/* The records, the newest first: what was seen, when, at which step. */
static void
add_evidence(json_t *out, const struct conn *c)
{
	json_t *list = json_object_get(out, "evidence");
	const struct record *rec;
	struct buf b = {0};
	char when[32];
	unsigned i;

	for (i = 0; i < 5 && (rec = conn_last_record(c, i)) != NULL; i++) {
		buf_reset(&b);
		buf_printf(&b, "%s %s%s%s: %s",
		    clock_rfc3339(rec->wall_ms, when),
		    ike_reason_word(rec->reason.code),
		    rec->reason.step[0] != '\0' ? " at " : "",
		    rec->reason.step, rec->reason.text);
		json_array_append_new(list, json_string((char *)b.data));
	}
	buf_free(&b);
}

/* What is in force, and every note of the status. */
static void
explain_up(json_t *out, const json_t *tunnel)
{
	json_t *fields = json_object_get(out, "fields"), *child, *note;
	const char *name;
	size_t i, j;

	json_array_foreach(json_object_get(tunnel, "notes"), i, note)
		add_text(fields, "tunnel", json_string_value(note), "",
		    "note");
	json_array_foreach(json_object_get(tunnel, "children"), i, child) {
		name = json_string_value(json_object_get(child, "phase2"));
		json_array_foreach(json_object_get(child, "notes"), j, note)
			add_text(fields, name, json_string_value(note), "",
			    "note");
	}
	json_object_set_new(out, "title", json_string("Connected"));
	json_object_set_new(out, "text", json_string(
	    json_array_size(fields) > 0 ? "The tunnel is up; these things "
	    "are to be known of it." : "The tunnel is up, and nothing is to "
	    "be said against it."));
}

/* For whoever runs the other side, in terms of theirs. */
static void
add_tell(json_t *out, const struct conn *c)
{
	const json_t *f, *fields = json_object_get(out, "fields");
	struct buf b = {0};
	size_t i, n = 0;

	buf_printf(&b, "Our gateway for \"%s\" sees: %s", c->name,
	    json_string_value(json_object_get(out, "title")));
	json_array_foreach(fields, i, f) {
		if (!str_eq(json_string_value(json_object_get(f, "verdict")),
		    "differs"))
			continue;
		buf_printf(&b, "%s %s is %s at yours, %s at ours",
		    n++ > 0 ? ";" : ".", json_string_value(json_object_get(f,
		    "field")), json_string_value(json_object_get(f,
		    "theirs")), json_string_value(json_object_get(f,
		    "ours")));
	}
	buf_puts(&b, ".");
	json_object_set_new(out, "tell", json_string((char *)b.data));
	buf_free(&b);
}

json_t *
explain_tunnel(struct conn *c)
{
	enum conn_state state = conn_state(c);
	const struct record *rec = conn_last_record(c, 0);
	json_t *tunnel = status_tunnel(c, false), *out;
	bool up = state == CONN_CONNECTED || state == CONN_REKEYING;
	struct child *ch;

	out = json_pack("{s:s s:s s:s s:[] s:[] s:[]}", "network",
	    c->net->name, "phase1", c->name, "state", conn_state_name(state),
	    "fields", "evidence", "remedy");
	/* a child may be down though the IKE SA is up */
	LIST_EACH(ch, &c->children, struct child, link) {
		if (child_up(ch) == 0 && ch->last != NULL && up) {
			rec = ch->last;
			up = false;
		}
	}
	if (!up && rec != NULL) {
		explain_record(out, c, rec);
		add_evidence(out, c);
		add_tell(out, c);
	} else if (up) {
		explain_up(out, tunnel);
	} else {
		json_object_set_new(out, "title", json_string(
		    state == CONN_DISABLED ? "Not in use" : "Nothing yet"));
		json_object_set_new(out, "text", json_string(
		    state == CONN_DISABLED ? "The tunnel or its network is "
		    "switched off." : "No attempt has been made and no peer "
		    "has come; connect it to see more."));
	}
	json_decref(tunnel);
	return out;
}
