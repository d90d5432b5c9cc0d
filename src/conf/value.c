/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * One value of one setting: is it of the row's type and range, and what is
 * its printed form.  Sentences are those of settings.md, "general refusals".
 * Every value passes here, from the prompt, a file or the protocol; so a
 * canonical text in the tree can be read back without further checks.
 */
#include "conf/schema.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"

#define SECONDS_DIGITS 10	/* more would overflow when times a year */

struct value_in {
	const struct set_row *row;
	const struct conf_node *node;	/* or NULL */
	const char *value;
	const char *shown;		/* the value, safe for a sentence */
};

const char *
value_quote(char *out, const char *value)
{
	struct buf b = {0};
	size_t len = strnlen(value, CONF_QUOTE);

	str_safe(&b, value, len);
	len = b.len;
	if (len >= CONF_QUOTE)
		len = CONF_QUOTE - 4;
	/* do not cut a character in two */
	while (len > 0 && len < b.len && (b.data[len] & 0xc0) == 0x80)
		len--;
	memcpy(out, b.data, len);
	memcpy(out + len, len < b.len ? "..." : "", len < b.len ? 4 : 1);
	buf_free(&b);
	return out;
}

/* Bytes of the UTF-8 character that begins at s, as its first byte says. */
static size_t
char_bytes(const char *s, size_t left)
{
	size_t n = 1;

	while (n < left && ((unsigned char)s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

bool
value_printable(const char *s, size_t len)
{
	struct buf b = {0};
	size_t i, n;
	bool ok = true;

	for (i = 0; i < len && ok; i += n) {
		n = char_bytes(s + i, len - i);
		if (n == 1) {
			ok = s[i] >= 0x20 && s[i] < 0x7f;
			continue;
		}
		buf_reset(&b);
		str_safe(&b, s + i, n);
		ok = b.len == n && memcmp(b.data, s + i, n) == 0;
	}
	buf_free(&b);
	return ok;
}

int
value_sentence(struct sp_error *err, enum sp_code code, const char *sentence,
    const char *value)
{
	const char *at = strstr(sentence, "{v}");
	char shown[CONF_QUOTE];

	if (at == NULL)
		return sp_fail(err, code, "%s", sentence);
	return sp_fail(err, code, "%.*s%s%s", (int)(at - sentence), sentence,
	    value_quote(shown, value), at + 3);
}

static int
value_bool(const struct value_in *in, struct buf *out, struct sp_error *err)
{
	static const struct {
		const char *word, *canon;
	} words[] = {
		{ "yes", "yes" }, { "no", "no" },
		{ "true", "yes" }, { "false", "no" },
		{ "on", "yes" }, { "off", "no" },
		{ "enabled", "yes" }, { "disabled", "no" },
	};
	size_t i;

	for (i = 0; i < NELEM(words); i++) {
		if (str_eq(in->value, words[i].word)) {
			buf_puts(out, words[i].canon);
			return 0;
		}
	}
	return sp_fail(err, SP_FORMAT, "%s is yes or no; \"%s\" is neither.",
	    in->row->name, in->shown);
}

/* schema_value() takes the words of choices; here come all others. */
static int
value_enum(const struct value_in *in, struct buf *out, struct sp_error *err)
{
	const struct set_choice *c;
	int ret;

	for (c = in->row->choices; c->word != NULL; c++) {
		buf_puts(out, c->word);
		if (c[1].word != NULL)
			buf_puts(out, ", ");
	}
	ret = sp_fail(err, SP_RANGE, "%s is one of %s; \"%s\" is not.",
	    in->row->name, (const char *)out->data, in->shown);
	return ret;
}

static int
out_of_range(const struct value_in *in, const char *min, const char *max,
    bool below, struct sp_error *err)
{
	if (below && in->row->below != NULL)
		return value_sentence(err, SP_RANGE, in->row->below,
		    in->value);
	return sp_fail(err, SP_RANGE,
	    "%s lies between %s and %s; %s is outside.", in->row->name, min,
	    max, in->shown);
}

static bool
is_number(const char *s)
{
	s += *s == '-';
	return *s != '\0' && strspn(s, "0123456789") == strlen(s);
}

static int
value_integer(const struct value_in *in, struct buf *out,
    struct sp_error *err)
{
	const struct set_row *row = in->row;
	char min[24], max[24];
	struct buf words = {0};
	const struct set_choice *c;
	int64_t n;
	int ret;

	snprintf(min, sizeof(min), "%" PRId64, row->min);
	snprintf(max, sizeof(max), "%" PRId64, row->max);
	if (str_to_i64(in->value, row->min, row->max, &n)) {
		buf_printf(out, "%" PRId64, n);
		return 0;
	}
	if (is_number(in->value)) {
		return out_of_range(in, min, max, in->value[0] == '-' ||
		    str_to_i64(in->value, 0, row->min, &n), err);
	}
	buf_puts(&words, "");
	for (c = row->choices; c != NULL && c->word != NULL; c++)
		buf_printf(&words, " or %s", c->word);
	ret = sp_fail(err, SP_FORMAT,
	    "%s is a number between %s and %s%s; \"%s\" is not.", row->name,
	    min, max, (const char *)words.data, in->shown);
	buf_free(&words);
	return ret;
}

bool
decimal_parse(const char *s, int64_t *thousandths)
{
	size_t whole = strspn(s, "0123456789"), part = 0, i;
	int64_t n = 0;

	if (whole == 0 || whole > 9)
		return false;
	if (s[whole] == '.') {
		part = strspn(s + whole + 1, "0123456789");
		if (part == 0 || part > 3)
			return false;
	}
	if (s[whole + (part ? part + 1 : 0)] != '\0')
		return false;
	for (i = 0; i < whole; i++)
		n = n * 10 + (s[i] - '0');
	for (i = 0; i < 3; i++)
		n = n * 10 + (i < part ? s[whole + 1 + i] - '0' : 0);
	*thousandths = n;
	return true;
}

static void
decimal_print(struct buf *out, int64_t thousandths)
{
	buf_printf(out, "%" PRId64, thousandths / 1000);
	if (thousandths % 1000 == 0)
		return;
	buf_printf(out, ".%03" PRId64, thousandths % 1000);
	while (out->data[out->len - 1] == '0')
		buf_truncate(out, out->len - 1);
	buf_puts(out, "");	/* the end of the text moved */
}

static int
value_decimal(const struct value_in *in, struct buf *out,
    struct sp_error *err)
{
	const struct set_row *row = in->row;
	struct buf min = {0}, max = {0};
	int64_t n;
	int ret = 0;

	decimal_print(&min, row->min);
	decimal_print(&max, row->max);
	if (!decimal_parse(in->value, &n)) {
		ret = sp_fail(err, SP_FORMAT, "%s is a number between %s and "
		    "%s with at most three decimal places; \"%s\" is not.",
		    row->name, (const char *)min.data,
		    (const char *)max.data, in->shown);
	} else if (n < row->min || n > row->max) {
		ret = out_of_range(in, (const char *)min.data,
		    (const char *)max.data, n < row->min, err);
	} else {
		decimal_print(out, n);
	}
	buf_free(&min);
	buf_free(&max);
	return ret;
}

/* Is it a time at all, whatever its size. */
static bool
is_duration(const char *s)
{
	size_t digits = strspn(s, "0123456789");

	if (str_eq(s, "forever"))
		return true;
	if (digits == 0)
		return false;
	s += digits;
	return *s == '\0' || (strchr("smhdy", *s) != NULL && s[1] == '\0');
}

static int
value_duration(const struct value_in *in, struct buf *out,
    struct sp_error *err)
{
	const struct set_row *row = in->row;
	int64_t n = INT64_MAX, most = row->max;
	struct buf min = {0}, max = {0};
	bool fits = false;
	int ret = 0;

	if (!is_duration(in->value)) {
		return sp_fail(err, SP_FORMAT, "\"%s\" is not a time. Write a "
		    "number with s, m, h, d or y, such as 3h.", in->shown);
	}
	if (most > INT32_MAX)
		most = INT32_MAX;
	if (str_eq(in->value, "forever"))
		fits = row->max == DURATION_FOREVER;
	else if (strspn(in->value, "0123456789") <= SECONDS_DIGITS)
		fits = duration_parse(in->value, &n) && n >= row->min &&
		    n <= most;
	if (fits) {
		duration_print(out, n);
		return 0;
	}
	duration_print(&min, row->min);
	duration_print(&max, most);
	ret = out_of_range(in, (const char *)min.data,
	    (const char *)max.data, n < row->min, err);
	buf_free(&min);
	buf_free(&max);
	return ret;
}

static int
value_address(const struct value_in *in, struct buf *out,
    struct sp_error *err)
{
	char text[ADDR_TEXT];
	struct ip_addr a;

	if (!addr_parse(&a, in->value)) {
		return sp_fail(err, SP_FORMAT,
		    "\"%s\" is not an IPv4 or IPv6 address.", in->shown);
	}
	buf_puts(out, addr_print(&a, text));
	return 0;
}

/* The plain forms, which need nothing of the row. */
static int
by_form(const struct value_in *in, struct buf *out, struct sp_error *err)
{
	static int (*const forms[])(struct buf *, const char *, const char *,
	    struct sp_error *) = {
		[SET_PREFIX] = value_prefix,
		[SET_HOST] = value_host,
		[SET_IDENTITY] = value_identity,
		[SET_SELECTOR] = value_selector,
		[SET_END] = value_end,
		[SET_PORTS] = value_ports,
		[SET_RATE] = value_rate,
	};

	return forms[in->row->type](out, in->value, in->shown, err);
}

/* Characters (not bytes) of valid UTF-8. */
static size_t
count_characters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static int
value_text(const struct value_in *in, struct buf *out, struct sp_error *err)
{
	const char *line = in->value, *gap;
	const char *breaks = in->row->flags & SET_MULTILINE ? "\n\t" : "";
	size_t n = count_characters(in->value), len;

	if ((int64_t)n > in->row->max) {
		return sp_fail(err, SP_RANGE,
		    "%s has at most %" PRId64 " characters; this has %zu.",
		    in->row->name, in->row->max, n);
	}
	for (;; line = gap + 1) {
		len = strcspn(line, breaks);
		gap = line + len;
		if (!value_printable(line, len)) {
			return sp_fail(err, SP_FORMAT,
			    "%s is plain text; \"%s\" holds a character that "
			    "cannot be shown.", in->row->name, in->shown);
		}
		if (*gap == '\0')
			break;
	}
	buf_puts(out, in->value);
	return 0;
}

static int
value_name(const struct value_in *in, struct buf *out, struct sp_error *err)
{
	static const struct conf_object any = { .naming = OBJ_NAMED };
	char *canon;
	int ret = schema_name(&any, in->value, &canon, err);

	if (ret < 0)
		return ret;
	buf_puts(out, canon);
	free(canon);
	return 0;
}

/* A key in clear is checked and answered with the name it would get. */
static int
value_secret(const struct value_in *in, struct buf *out,
    struct sp_error *err)
{
	char name[CONF_NAME_MAX];
	struct buf own = {0};
	struct secret s;
	int ret;

	if (conf_secret_name(in->value, name, sizeof(name))) {
		buf_puts(out, in->value);
		return 0;
	}
	secret_set(&s, in->value, strnlen(in->value, CONF_SECRET_MAX + 1));
	ret = secret_check(&s, err);
	secret_free(&s);
	if (ret < 0)
		return ret;
	if (in->node != NULL)
		secret_row_name(&own, in->node, in->row, NULL, NULL);
	else
		buf_puts(&own, "new");
	buf_printf(out, "<secret:%s>", (const char *)own.data);
	buf_free(&own);
	return 0;
}

static int (*const checks[])(const struct value_in *, struct buf *,
    struct sp_error *) = {
	[SET_BOOL] = value_bool,
	[SET_ENUM] = value_enum,
	[SET_INTEGER] = value_integer,
	[SET_DECIMAL] = value_decimal,
	[SET_DURATION] = value_duration,
	[SET_ADDRESS] = value_address,
	[SET_PREFIX] = by_form,
	[SET_HOST] = by_form,
	[SET_IDENTITY] = by_form,
	[SET_SELECTOR] = by_form,
	[SET_END] = by_form,
	[SET_PORTS] = by_form,
	[SET_RATE] = by_form,
	[SET_TEXT] = value_text,
	[SET_NAME] = value_name,
	[SET_REFERENCE] = value_name,
	[SET_SECRET] = value_secret,
};

int
schema_value(const struct set_row *row, const struct conf_node *node,
    const char *value, char **canon, struct sp_error *err)
{
	char shown[CONF_QUOTE];
	struct value_in in = {
		.row = row, .node = node, .value = value, .shown = shown,
	};
	struct buf out = {0};
	int ret;

	if (schema_choice(row, value) != NULL) {
		*canon = xstrdup(value);
		return 0;
	}
	/* a key must not get into a sentence */
	value_quote(shown, row->type == SET_SECRET ? "" : value);
	ret = checks[row->type](&in, &out, err);
	if (ret == 0)
		*canon = buf_steal_str(&out);
	buf_free(&out);
	return ret;
}
