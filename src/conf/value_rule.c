/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Values of rules and routes (settings.md sections 6 and 7): ends of a flow
 * ("custom 10.0.0.0/8", "other-router-ip External"), ports, rates.  An end
 * has one to three words, told by the first; it is kept as one text with
 * single blanks.
 */
#include "conf/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"

enum part { PART_NONE, PART_ADDRESSES, PART_ADDRESS, PART_NAME };

static const struct end_row {
	const char *word;
	enum part part[2];	/* of the words behind it */
} ends[] = {
	{ "any", { PART_NONE } },
	{ "custom", { PART_ADDRESSES } },
	{ "alias", { PART_NAME } },
	{ "my-ip-address", { PART_ADDRESS } },
	{ "my-network-address", { PART_NONE } },
	{ "my-router-ip", { PART_NONE } },
	{ "my-dmz-ip", { PART_NONE } },
	{ "other-ip-address", { PART_NAME, PART_ADDRESS } },
	{ "other-network-address", { PART_NAME } },
	{ "other-router-ip", { PART_NAME } },
	{ "other-dmz-ip", { PART_NAME } },
	{ "default", { PART_NONE } },
	{ "blackhole", { PART_NONE } },
};

static const struct end_row *
end_find(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < NELEM(ends); i++) {
		if (strlen(ends[i].word) == len &&
		    memcmp(ends[i].word, word, len) == 0)
			return &ends[i];
	}
	return NULL;
}

const char *
schema_end_word(size_t i)
{
	return i < NELEM(ends) ? ends[i].word : NULL;
}

size_t
schema_value_words(const struct set_row *row, const char *first)
{
	const struct end_row *e;
	size_t n = 1;

	if (row->type != SET_END || strchr(first, ' ') != NULL)
		return 1;
	e = end_find(first, strlen(first));
	while (e != NULL && n < 3 && e->part[n - 1] != PART_NONE)
		n++;
	return n;
}

/* An address, a prefix or a range, in its printed form. */
static int
addresses(struct buf *out, const char *value, const char *shown,
    struct sp_error *err)
{
	struct sp_error e;
	struct buf b = {0};
	int ret = value_selector(&b, value, shown, &e);

	/* protocols and ports have settings of their own; no "dynamic" */
	if (ret == 0 && (strchr(value, '[') != NULL ||
	    str_eq(value, "dynamic")))
		ret = SP_FORMAT;
	if (ret < 0) {
		sp_fail(err, SP_FORMAT, "\"%s\" is not an address, a network "
		    "or a range first-last.", shown);
	} else {
		buf_puts(&b, "");
		buf_puts(out, (char *)b.data);
	}
	buf_free(&b);
	return ret;
}

static int
one_part(struct buf *out, enum part part, const char *value,
    struct sp_error *err)
{
	static const struct conf_object any = { .naming = OBJ_NAMED };
	char shown[CONF_QUOTE], text[ADDR_TEXT], *canon;
	struct ip_addr a;
	int ret;

	value_quote(shown, value);
	if (part == PART_ADDRESSES)
		return addresses(out, value, shown, err);
	if (part == PART_NAME) {
		ret = schema_name(&any, value, &canon, err);
		if (ret == 0)
			buf_puts(out, canon);
		if (ret == 0)
			free(canon);
		return ret;
	}
	if (!addr_parse(&a, value))
		return sp_fail(err, SP_FORMAT,
		    "\"%s\" is not an IPv4 or IPv6 address.", shown);
	buf_puts(out, addr_print(&a, text));
	return 0;
}

/* What the words behind the first one have to be. */
static int
fail_parts(const struct end_row *e, struct sp_error *err)
{
	static const char *const names[] = { "", " ADDRESS|NETWORK|RANGE",
		" ADDRESS", " NAME" };

	return sp_fail(err, SP_FORMAT, "\"%s\" is written as: %s%s%s.",
	    e->word, e->word, names[e->part[0]], names[e->part[1]]);
}

int
value_end(struct buf *out, const char *value, const char *shown,
    struct sp_error *err)
{
	char *copy = xstrdup(value), *save = NULL, *word;
	const struct end_row *e;
	size_t n = 0;
	int ret = 0;

	word = strtok_r(copy, " ", &save);
	e = word != NULL ? end_find(word, strlen(word)) : NULL;
	if (e == NULL) {
		free(copy);
		return sp_fail(err, SP_FORMAT, "\"%s\" is no end of a flow; "
		    "write any, custom ADDRESS, my-router-ip, "
		    "other-router-ip NETWORK or another of its words.", shown);
	}
	buf_puts(out, e->word);
	while (ret == 0 && (word = strtok_r(NULL, " ", &save)) != NULL) {
		if (n == 2 || e->part[n] == PART_NONE) {
			ret = fail_parts(e, err);
			break;
		}
		buf_puts(out, " ");
		ret = one_part(out, e->part[n++], word, err);
	}
	if (ret == 0 && n < 2 && e->part[n] != PART_NONE)
		ret = fail_parts(e, err);
	free(copy);
	return ret;
}

int
value_ports(struct buf *out, const char *value, const char *shown,
    struct sp_error *err)
{
	const char *dash = strchr(value, '-');
	char *first = dash != NULL ? xstrndup(value, (size_t)(dash - value)) :
	    xstrdup(value);
	int64_t a = 0, z = 0;
	bool ok;

	ok = str_to_i64(first, 1, 65535, &a);
	z = a;
	if (ok && dash != NULL)
		ok = str_to_i64(dash + 1, 1, 65535, &z) && a <= z;
	free(first);
	if (!ok)
		return sp_fail(err, SP_RANGE, "\"%s\" is neither a port from "
		    "1 to 65535 nor a range a-b of ports.", shown);
	if (a == z)
		buf_printf(out, "%lld", (long long)a);
	else
		buf_printf(out, "%lld-%lld", (long long)a, (long long)z);
	return 0;
}

/* "N/second|minute|hour|day" packets, or "N bytes/second" written as
 * Nbytes/second. */
int
value_rate(struct buf *out, const char *value, const char *shown,
    struct sp_error *err)
{
	static const char *const units[] = { "/second", "/minute", "/hour",
		"/day", "bytes/second", "kbytes/second", "mbytes/second" };
	size_t digits = strspn(value, "0123456789"), i;
	char *number = xstrndup(value, digits);
	int64_t n;
	bool ok = false;

	if (str_to_i64(number, 1, UINT32_MAX, &n)) {
		for (i = 0; i < NELEM(units) && !ok; i++)
			ok = str_eq(value + digits, units[i]);
	}
	free(number);
	if (!ok)
		return sp_fail(err, SP_FORMAT, "\"%s\" is not a rate. Write "
		    "packets as 100/second (minute, hour, day) or bytes as "
		    "64kbytes/second.", shown);
	buf_puts(out, value);
	return 0;
}
