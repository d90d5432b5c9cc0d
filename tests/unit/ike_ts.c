/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Traffic selectors: text, containment, intersection, narrowing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "ike/ts.h"

static const struct {
	const char *text;
	const char *print;	/* NULL if it is not a selector */
} texts[] = {
	{ "10.1.0.0/16", "10.1.0.0/16" },
	{ "10.1.2.3/16", "10.1.0.0/16" },
	{ "10.1.0.1", "10.1.0.1" },
	{ "10.1.0.1/32", "10.1.0.1" },
	{ "0.0.0.0/0", "0.0.0.0/0" },
	{ "10.1.0.5-10.1.0.9", "10.1.0.5-10.1.0.9" },
	{ "10.1.0.0-10.1.255.255", "10.1.0.0/16" },
	{ "10.1.0.0/16[tcp/443]", "10.1.0.0/16[tcp/443]" },
	{ "10.1.0.0/16[6/443]", "10.1.0.0/16[tcp/443]" },
	{ "10.1.0.0/16[17/500-600]", "10.1.0.0/16[udp/500-600]" },
	{ "10.1.0.0/16[gre]", "10.1.0.0/16[gre]" },
	{ "10.1.0.0/16[200]", "10.1.0.0/16[200]" },
	{ "10.1.0.0/16[any]", "10.1.0.0/16" },
	{ "10.1.0.0/16[any/80]", "10.1.0.0/16[any/80]" },
	{ "10.1.0.0/16[tcp/0-65535]", "10.1.0.0/16[tcp]" },
	{ "10.1.0.0/16[tcp/any]", "10.1.0.0/16[tcp]" },
	{ "10.1.0.0/16[tcp/opaque]", "10.1.0.0/16[tcp/opaque]" },
	{ "[icmp]", "0.0.0.0/0[icmp]" },
	{ "[icmpv6]", "::/0[icmpv6]" },
	{ "[icmp/8]", "0.0.0.0/0[icmp/8]" },
	{ "[icmp/8:0]", "0.0.0.0/0[icmp/8:0]" },
	{ "[icmp/8-11]", "0.0.0.0/0[icmp/8-11]" },
	{ "[icmp/3:1-3:4]", "0.0.0.0/0[icmp/3:1-3:4]" },
	{ "2001:db8::/32", "2001:db8::/32" },
	{ "2001:db8::1-2001:db8::5[tcp]", "2001:db8::1-2001:db8::5[tcp]" },
	{ "", NULL },
	{ "x", NULL },
	{ "10.1.0.0/33", NULL },
	{ "10.1.0.9-10.1.0.5", NULL },
	{ "10.1.0.9-2001:db8::1", NULL },
	{ "10.1.0.0/16[", NULL },
	{ "10.1.0.0/16[tcp", NULL },
	{ "10.1.0.0/16[tcp]x", NULL },
	{ "10.1.0.0/16[tcp/65536]", NULL },
	{ "10.1.0.0/16[tcp/9-5]", NULL },
	{ "10.1.0.0/16[256]", NULL },
	{ "10.1.0.0/16[nonsense]", NULL },
	{ "[icmp/256]", NULL },
	{ "[icmp/8:256]", NULL },
	{ "10.1.0.0/16[tcp/-1]", NULL },
};

static char *
print(const struct ike_ts *ts)
{
	struct buf b = {0};

	ts_print(&b, ts);
	return buf_steal_str(&b);
}

static void
test_text(void **state)
{
	struct ike_ts ts;
	struct sp_error err;
	size_t i;
	char *s;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(texts); i++) {
		ret = ts_parse(&ts, texts[i].text, &err);
		if ((ret == 0) != (texts[i].print != NULL))
			fail_msg("\"%s\": %d", texts[i].text, ret);
		if (ret < 0) {
			assert_non_null(strstr(err.text, texts[i].text));
			continue;
		}
		s = print(&ts);
		if (!str_eq(s, texts[i].print))
			fail_msg("\"%s\" prints \"%s\"", texts[i].text, s);
		free(s);
	}
}

static struct ike_ts
sel(const char *text)
{
	struct ike_ts ts;

	if (ts_parse(&ts, text, NULL) < 0)
		fail_msg("\"%s\" is no selector", text);
	return ts;
}

static const struct {
	const char *a, *b;
	const char *both;	/* NULL if empty */
	bool contains;		/* a contains b */
} pairs[] = {
	{ "10.1.0.0/16", "10.1.2.0/24", "10.1.2.0/24", true },
	{ "10.1.2.0/24", "10.1.0.0/16", "10.1.2.0/24", false },
	{ "10.1.0.0/16", "10.2.0.0/16", NULL, false },
	{ "10.1.0.0/16", "2001:db8::/32", NULL, false },
	{ "10.1.0.0-10.1.0.9", "10.1.0.5-10.1.0.20", "10.1.0.5-10.1.0.9",
	  false },
	{ "10.1.0.0/16", "10.1.0.0/16[tcp/80]", "10.1.0.0/16[tcp/80]", true },
	{ "10.1.0.0/16[tcp/80]", "10.1.0.0/16", "10.1.0.0/16[tcp/80]", false },
	{ "10.1.0.0/16[tcp]", "10.1.0.0/16[udp]", NULL, false },
	{ "10.1.0.0/16[tcp/80-90]", "10.1.0.0/16[tcp/85-99]",
	  "10.1.0.0/16[tcp/85-90]", false },
	{ "10.1.0.0/16[tcp/80-90]", "10.1.0.0/16[tcp/91]", NULL, false },
	{ "10.1.0.0/16[any/80]", "10.1.0.0/16[tcp]", "10.1.0.0/16[tcp/80]",
	  false },
	{ "10.1.0.0/16[tcp]", "10.1.0.0/16[tcp/opaque]",
	  "10.1.0.0/16[tcp/opaque]", true },
	{ "10.1.0.0/16[tcp/opaque]", "10.1.0.0/16[tcp/opaque]",
	  "10.1.0.0/16[tcp/opaque]", true },
	{ "10.1.0.0/16[tcp/opaque]", "10.1.0.0/16[tcp/80]", NULL, false },
	{ "10.1.0.0/16[tcp/80]", "10.1.0.0/16[tcp/opaque]", NULL, false },
	{ "10.1.0.0/16[tcp/opaque]", "10.1.0.0/16",
	  "10.1.0.0/16[tcp/opaque]", false },
};

static void
test_pairs(void **state)
{
	struct ike_ts a, b, both;
	size_t i;
	char *s;

	(void)state;
	for (i = 0; i < NELEM(pairs); i++) {
		a = sel(pairs[i].a);
		b = sel(pairs[i].b);
		s = ts_intersect(&a, &b, &both) ? print(&both) : NULL;
		if (!str_eq(s, pairs[i].both))
			fail_msg("%s and %s: %s", pairs[i].a, pairs[i].b,
			    s ? s : "nothing");
		free(s);
		if (ts_intersect(&b, &a, &both) != (pairs[i].both != NULL))
			fail_msg("%s and %s: not symmetric", pairs[i].a,
			    pairs[i].b);
		if (ts_contains(&a, &b) != pairs[i].contains)
			fail_msg("%s contains %s: %d", pairs[i].a, pairs[i].b,
			    !pairs[i].contains);
	}
}

static struct ts_list
list(const char *text)
{
	struct ts_list l = {0};
	struct ike_ts ts;
	char *copy = xstrdup(text), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL) {
		if (word[0] == '\0')
			continue;
		ts = sel(word);
		ts_list_add(&l, &ts);
	}
	free(copy);
	return l;
}

static const struct {
	const char *ours, *theirs, *narrow;
} narrows[] = {
	{ "10.1.0.0/16", "0.0.0.0/0", "10.1.0.0/16" },
	{ "0.0.0.0/0", "10.1.0.0/16", "10.1.0.0/16" },
	{ "10.1.0.0/16", "10.2.0.0/16", "" },
	{ "10.1.0.0/16 10.2.0.0/16", "0.0.0.0/0",
	  "10.1.0.0/16, 10.2.0.0/16" },
	/* the packet that triggered comes first and is inside the second */
	{ "10.1.0.0/16", "10.1.2.3[tcp/80] 10.1.0.0/16", "10.1.0.0/16" },
	{ "10.1.0.0/24", "10.1.0.7[tcp/80] 10.1.0.0/16", "10.1.0.0/24" },
	{ "10.1.0.0/24 10.1.0.0/16", "10.0.0.0/8", "10.1.0.0/16" },
	{ "10.1.0.0/24 2001:db8::/64", "10.1.0.0/16 2001:db8::/32",
	  "10.1.0.0/24, 2001:db8::/64" },
	{ "", "10.1.0.0/16", "" },
};

static void
test_narrow(void **state)
{
	struct ts_list ours, theirs, out, copy;
	struct buf b;
	size_t i, n;

	(void)state;
	for (i = 0; i < NELEM(narrows); i++) {
		ours = list(narrows[i].ours);
		theirs = list(narrows[i].theirs);
		n = ts_narrow(&ours, &theirs, &out);
		assert_int_equal(n, out.nr);
		b = (struct buf){0};
		buf_puts(&b, "");
		ts_list_print(&b, &out);
		if (!str_eq((char *)b.data, narrows[i].narrow))
			fail_msg("%s with %s: %s", narrows[i].ours,
			    narrows[i].theirs, (char *)b.data);
		assert_true(ts_list_contains(&ours, &out));
		assert_true(ts_list_contains(&theirs, &out));
		ts_list_copy(&copy, &out);
		assert_true(ts_list_eq(&copy, &out));
		if (out.nr > 0)
			assert_false(ts_list_eq(&copy, &(struct ts_list){0}));
		buf_free(&b);
		ts_list_free(&ours);
		ts_list_free(&theirs);
		ts_list_free(&out);
		ts_list_free(&copy);
	}
}

/* The result always fits into a payload. */
static void
test_narrow_limit(void **state)
{
	struct ts_list ours = {0}, theirs = {0}, out;
	struct ike_ts ts = sel("10.0.0.0/8");
	unsigned i;

	(void)state;
	for (i = 0; i < 64; i++) {
		ts.first.b[1] = ts.last.b[1] = (uint8_t)i;
		ts.first.b[2] = 0;
		ts.last.b[2] = 255;
		ts_list_add(&ours, &ts);
		ts.first.b[2] = (uint8_t)i;
		ts_list_add(&theirs, &ts);
		ts.first.b[1] = 0;
		ts_list_add(&theirs, &ts);
	}
	assert_in_range(ts_narrow(&ours, &theirs, &out), 1, 64);
	ts_list_free(&ours);
	ts_list_free(&theirs);
	ts_list_free(&out);
}

static void
test_from_addr(void **state)
{
	struct ike_ts one = sel("192.0.2.1"), ts;
	char *s;

	(void)state;
	ts = ts_from_addr(&one.first);
	s = print(&ts);
	assert_string_equal(s, "192.0.2.1");
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_narrow_limit),
		cmocka_unit_test(test_from_addr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
