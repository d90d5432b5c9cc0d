/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Pre-shared keys of a tree: a table beside it, so that no text, history or
 * diff can hold one.  The setting holds <secret:NAME>; NAME is the path of
 * names ("network/phase1").  A key is kept as it was typed; the forms are
 * strongSwan's: text, 0x and hex digits, 0s and base64 (RFC 4648 4).
 *
 * Decoding looks at every character whatever came before: how long it takes
 * tells nothing but the length.
 */
#include "conf/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"

#define TOKEN_BEGIN "<secret:"

bool
conf_secret_name(const char *value, char *out, size_t size)
{
	const char *name;
	size_t len;

	if (value == NULL || !str_prefix(value, TOKEN_BEGIN))
		return false;
	name = value + strlen(TOKEN_BEGIN);
	len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/");
	if (len == 0 || len >= size || !str_eq(name + len, ">"))
		return false;
	memcpy(out, name, len);
	out[len] = '\0';
	return true;
}

/* Place of a name in the table, which is sorted; *found if it is there. */
static size_t
find(const struct conf_tree *t, const char *name, bool *found)
{
	size_t lo = 0, hi = t->nr_secrets, mid;
	int order;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		order = strcmp(t->secrets[mid].name, name);
		if (order == 0) {
			*found = true;
			return mid;
		}
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*found = false;
	return lo;
}

bool
secret_at(const struct conf_tree *t, const char *name, size_t *at)
{
	bool found;

	*at = find(t, name, &found);
	return found;
}

const struct secret *
conf_secret(const struct conf_tree *t, const char *name)
{
	bool found;
	size_t at = find(t, name, &found);

	return found ? &t->secrets[at].value : NULL;
}

static void
remove_secret(struct conf_tree *t, size_t at)
{
	free(t->secrets[at].name);
	secret_free(&t->secrets[at].value);
	for (; at + 1 < t->nr_secrets; at++)
		t->secrets[at] = t->secrets[at + 1];
	t->nr_secrets--;
}

static void
insert_secret(struct conf_tree *t, size_t at, const char *name)
{
	size_t i;

	t->secrets = xrealloc(t->secrets, t->nr_secrets + 1,
	    sizeof(*t->secrets));
	for (i = t->nr_secrets++; i > at; i--)
		t->secrets[i] = t->secrets[i - 1];
	t->secrets[at] = (struct conf_named_secret){ .name = xstrdup(name) };
}

void
conf_secret_set(struct conf_tree *t, const char *name,
    const struct secret *value)
{
	struct secret copy;
	bool found;
	size_t at = find(t, name, &found);

	if (value == NULL) {
		if (found)
			remove_secret(t, at);
		return;
	}
	secret_copy(&copy, value);	/* value may be in the table itself */
	if (!found)
		insert_secret(t, at, name);
	secret_move(&t->secrets[at].value, &copy);
}

const char *
conf_secret_next(const struct conf_tree *t, size_t *pos)
{
	if (*pos >= t->nr_secrets)
		return NULL;
	return t->secrets[(*pos)++].name;
}

void
secret_default_name(struct buf *b, const struct conf_node *n,
    const struct conf_node *renamed, const char *former)
{
	const char *name = n == renamed ? former : n->name;

	if (n->parent == NULL)
		return;
	secret_default_name(b, n->parent, renamed, former);
	if (name[0] == '\0')
		return;
	buf_printf(b, "%s%s", b->len > 0 ? "/" : "", name);
}

void
secret_row_name(struct buf *b, const struct conf_node *n,
    const struct set_row *row, const struct conf_node *renamed,
    const char *former)
{
	secret_default_name(b, n, renamed, former);
	if (!str_eq(row->name, "pre-shared-key"))
		buf_printf(b, "/%s", row->name);
}

/* Value of one digit of base64, 0xff if it is none, without branches. */
static uint8_t
base64_digit(uint8_t c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned v = 0xff, i, same;

	for (i = 0; i < 64; i++) {
		same = ((unsigned)(c ^ (uint8_t)digits[i]) - 1) >> 8 & 0xff;
		v = (v & ~same) | (i & same);
	}
	return (uint8_t)v;
}

/* Append the bytes of base64 text (padding may be missing). */
static bool
base64_decode(struct buf *out, const uint8_t *p, size_t len)
{
	uint32_t bits = 0;
	uint8_t bad = 0, v;
	size_t i, pad = 0;

	while (pad < 2 && pad < len && p[len - 1 - pad] == '=')
		pad++;
	if (pad > 0 && len % 4 != 0)
		return false;
	len -= pad;
	if (len % 4 == 1 || (pad > 0 && (len + pad) % 4 != 0))
		return false;
	for (i = 0; i < len; i++) {
		v = base64_digit(p[i]);
		bad |= v & 0x80;
		bits = bits << 6 | (v & 0x3f);
		if (i % 4 != 0)
			buf_u8(out, (uint8_t)(bits >> (6 - 2 * (i % 4))));
	}
	return bad == 0;
}

static bool
has_prefix(const struct secret *s, const char *prefix)
{
	return s->len >= 2 && memcmp(s->data, prefix, 2) == 0;
}

/* The bytes behind the typed form; false if the form is broken. */
static bool
decode(struct buf *out, const struct secret *s)
{
	if (has_prefix(s, "0x"))
		return str_unhex(out, (const char *)s->data + 2, s->len - 2);
	if (has_prefix(s, "0s"))
		return base64_decode(out, s->data + 2, s->len - 2);
	buf_bytes(out, s->data, s->len);
	return true;
}

static bool
has_control(const struct secret *s)
{
	size_t i;

	for (i = 0; i < s->len; i++) {
		if (s->data[i] < 0x20 || s->data[i] == 0x7f)
			return true;
	}
	return false;
}

int
secret_check(const struct secret *value, struct sp_error *err)
{
	struct buf b = {0};
	bool ok;

	if (value->len > CONF_SECRET_MAX) {
		return sp_fail(err, SP_RANGE, "A pre-shared key has at most "
		    "%d characters.", CONF_SECRET_MAX);
	}
	if (value->len == 0)
		return sp_fail(err, SP_RANGE, "A pre-shared key is not empty.");
	if (has_control(value)) {
		return sp_fail(err, SP_FORMAT, "A pre-shared key has no "
		    "control characters; write such bytes as 0x and hex "
		    "digits.");
	}
	ok = decode(&b, value) && b.len > 0;
	buf_wipe(&b);
	if (ok)
		return 0;
	return sp_fail(err, SP_FORMAT, has_prefix(value, "0x") ?
	    "A pre-shared key that begins with 0x goes on with pairs of hex "
	    "digits; this one does not." :
	    "A pre-shared key that begins with 0s goes on with base64; this "
	    "one does not.");
}

static int
no_key(const struct conf_node *n, const struct set_row *row,
    struct sp_error *err)
{
	if (!str_eq(row->name, "pre-shared-key"))
		return sp_fail(err, SP_INVALID, "%s of phase 1 \"%s\" is a "
		    "key of at least one character.", row->name, n->name);
	return sp_fail(err, SP_INVALID, "Phase 1 \"%s\" authenticates by "
	    "pre-shared key but has none. Type \"generate pre-shared-key "
	    "%s\" or set one.", n->name, n->name);
}

int
conf_secret_put(struct conf_node *n, const char *setting,
    const struct secret *value, struct sp_error *err)
{
	const struct set_row *row = schema_row(n->object, setting);
	struct buf name = {0}, token = {0};
	int ret;

	if (row == NULL)
		return schema_unknown(n->object, setting, err);
	if (row->type != SET_SECRET) {
		return sp_fail(err, SP_STATE, "%s is not kept as a secret.",
		    setting);
	}
	ret = value->len == 0 ? no_key(n, row, err) :
	    secret_check(value, err);
	if (ret < 0)
		return ret;
	secret_row_name(&name, n, row, NULL, NULL);
	conf_secret_set(n->tree, (const char *)name.data, value);
	buf_printf(&token, TOKEN_BEGIN "%s>", (const char *)name.data);
	leaf_store(leaf_make(n, row), (const char *)token.data);
	buf_free(&name);
	buf_free(&token);
	return 0;
}

int
conf_secret_bytes(const struct conf_tree *t, const char *name,
    struct secret *out, struct sp_error *err)
{
	const struct secret *s = conf_secret(t, name);
	char shown[CONF_QUOTE];
	struct buf b = {0};
	int ret;

	if (s == NULL) {
		return sp_fail(err, SP_NOTFOUND, "There is no secret \"%s\".",
		    value_quote(shown, name));
	}
	ret = secret_check(s, err);
	if (ret == 0 && decode(&b, s))
		secret_set(out, b.data, b.len);
	buf_wipe(&b);
	return ret;
}

/*
 * log2(x) in 1/256, by repeated squaring: enough for an estimate, and the
 * room needs no floating-point library.
 */
static unsigned
log2_256(uint64_t x)
{
	unsigned whole = 0, part = 0, i;

	while (x >> whole > 1)
		whole++;
	x = whole < 16 ? x << (16 - whole) : x >> (whole - 16);
	for (i = 0; i < 8; i++) {	/* x in [1, 2), 16 binary places */
		x = x * x >> 16;
		part <<= 1;
		if (x >= 2u << 16) {
			part |= 1;
			x >>= 1;
		}
	}
	return whole * 256 + part;
}

/* Size of the alphabet that the characters come from. */
static unsigned
alphabet(const struct secret *s)
{
	static const struct {
		const char *members;	/* first and last of a range */
		unsigned size;
	} sets[] = {
		{ "az", 26 }, { "AZ", 26 }, { "09", 10 },
	};
	unsigned total = 0, other = 0;
	size_t i, k;

	for (k = 0; k < NELEM(sets); k++) {
		for (i = 0; i < s->len; i++) {
			if (s->data[i] >= (uint8_t)sets[k].members[0] &&
			    s->data[i] <= (uint8_t)sets[k].members[1])
				break;
		}
		total += i < s->len ? sets[k].size : 0;
	}
	for (i = 0; i < s->len; i++) {
		if (strchr("0123456789abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ", s->data[i]) == NULL)
			other = 33;
	}
	return total + other;
}

static size_t
count_bytes(const struct secret *s, unsigned counts[256])
{
	size_t i, distinct = 0;

	for (i = 0; i < s->len; i++)
		distinct += counts[s->data[i]]++ == 0;
	return distinct;
}

unsigned
conf_secret_bits(const struct secret *s)
{
	unsigned counts[256] = {0}, i;
	uint64_t by_alphabet, by_use = 0;
	struct secret bytes;
	struct buf b = {0};

	if (s->len == 0)
		return 0;
	if (has_prefix(s, "0x") || has_prefix(s, "0s")) {
		if (!decode(&b, s)) {
			buf_wipe(&b);
			return 0;
		}
		bytes = (struct secret){ .data = b.data, .len = b.len };
		i = (unsigned)count_bytes(&bytes, counts) * 8;
		buf_wipe(&b);
		return i;
	}
	/* the lesser of "any of this alphabet" and Shannon's measure: a word
	 * repeated, or one character held down, is not long */
	count_bytes(s, counts);
	by_alphabet = (uint64_t)s->len * log2_256(alphabet(s));
	for (i = 0; i < 256; i++) {
		if (counts[i] > 0)
			by_use += counts[i] * (uint64_t)(log2_256(s->len) -
			    log2_256(counts[i]));
	}
	return (unsigned)((by_use < by_alphabet ? by_use : by_alphabet) / 256);
}

/* Rename, or copy where another setting still names it. */
static void
follow_one(struct conf_node *n, struct conf_leaf *leaf,
    const struct conf_node *renamed, const char *former)
{
	struct buf old = {0}, now = {0}, token = {0};
	const struct secret *s;

	secret_row_name(&old, n, leaf->row, renamed, former);
	secret_row_name(&now, n, leaf->row, NULL, NULL);
	buf_printf(&token, TOKEN_BEGIN "%s>", (const char *)old.data);
	s = conf_secret(n->tree, (const char *)old.data);
	if (s != NULL && str_eq(leaf->values[0], (const char *)token.data)) {
		conf_secret_set(n->tree, (const char *)now.data, s);
		buf_reset(&token);
		buf_printf(&token, TOKEN_BEGIN "%s>",
		    (const char *)now.data);
		leaf_store(leaf, (const char *)token.data);
	}
	buf_free(&old);
	buf_free(&now);
	buf_free(&token);
}

void
secrets_follow(struct conf_node *n, const struct conf_node *renamed,
    const char *former)
{
	struct conf_node *child;
	size_t i;

	for (i = 0; i < n->nr_leaves; i++) {
		if (n->leaves[i].row->type == SET_SECRET)
			follow_one(n, &n->leaves[i], renamed, former);
	}
	LIST_EACH(child, &n->children, struct conf_node, link)
		secrets_follow(child, renamed, former);
}

bool
secret_same(const struct conf_tree *a, const char *value_a,
    const struct conf_tree *b, const char *value_b)
{
	char name_a[CONF_NAME_MAX], name_b[CONF_NAME_MAX];
	const struct secret *sa, *sb;

	if (!conf_secret_name(value_a, name_a, sizeof(name_a)) ||
	    !conf_secret_name(value_b, name_b, sizeof(name_b)))
		return false;
	sa = conf_secret(a, name_a);
	sb = conf_secret(b, name_b);
	if (sa == NULL || sb == NULL)
		return sa == sb;
	return secret_eq(sa, sb);
}
