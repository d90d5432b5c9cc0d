/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/str, base/error, base/log, base/clock: numbers, durations, escaping,
 * sentences.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

static void
test_safe(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "gw.example", "gw.example" },
		{ "a\nb\x1b[31m\x7f", "a\\x0Ab\\x1B[31m\\x7F" },
		{ "Z\xc3\xbcrich \xe2\x82\xac", "Z\xc3\xbcrich \xe2\x82\xac" },
		{ "\xc2\x9b", "\\xC2\\x9B" },			/* C1 CSI */
		{ "\xe2\x80\xae" "x", "\\xE2\\x80\\xAEx" },	/* RLO */
		{ "\xe2\x81\xa6", "\\xE2\\x81\\xA6" },		/* isolate */
		{ "\xe2\x80\x8b", "\\xE2\\x80\\x8B" },		/* ZWSP */
		{ "\xef\xbb\xbf", "\\xEF\\xBB\\xBF" },		/* BOM */
		{ "\xc0\x80", "\\xC0\\x80" },			/* overlong */
		{ "\xed\xa0\x80", "\\xED\\xA0\\x80" },		/* surrogate */
		{ "\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80" },
		{ "\xe2\x82", "\\xE2\\x82" },			/* cut short */
		{ "", "" },
	};
	char *got, longer[600];
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		got = str_safe_dup(rows[i].in);
		assert_string_equal(got, rows[i].want);
		free(got);
	}
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	got = str_safe_dup(longer);
	assert_int_equal(strlen(got), 256 + 3);
	free(got);
}

static void
test_duration(void **state)
{
	static const struct {
		const char *in;
		int64_t want;		/* -1: refused */
		const char *printed;
	} rows[] = {
		{ "90", 90, "90s" }, { "90s", 90, "90s" },
		{ "15m", 900, "15m" }, { "3h", 10800, "3h" },
		{ "2d", 172800, "2d" }, { "1y", 31536000, "1y" },
		{ "0", 0, "0" }, { "60", 60, "1m" },
		{ "forever", DURATION_FOREVER, "forever" },
		{ "1d9", -1, NULL }, { "h", -1, NULL }, { "", -1, NULL },
		{ "-5", -1, NULL }, { "1.5h", -1, NULL },
		{ "3 h", -1, NULL }, { "9999999999999", -1, NULL },
		{ "999999999999y", -1, NULL },
	};
	struct buf b = {0};
	int64_t got;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		if (duration_parse(rows[i].in, &got) != (rows[i].want >= 0))
			fail_msg("\"%s\" was judged wrongly", rows[i].in);
		if (rows[i].want < 0)
			continue;
		assert_true(got == rows[i].want);
		buf_reset(&b);
		duration_print(&b, got);
		buf_puts(&b, "");
		assert_string_equal((char *)b.data, rows[i].printed);
	}
	buf_reset(&b);
	age_print(&b, 41);
	buf_puts(&b, " ");
	age_print(&b, 555);
	buf_puts(&b, " ");
	age_print(&b, 3 * 86400 + 4 * 3600);
	buf_puts(&b, " ");
	age_print(&b, -3);
	buf_puts(&b, "");
	assert_string_equal((char *)b.data, "41s 9m15s 3d04h 0s");
	buf_free(&b);
}

static void
test_numbers(void **state)
{
	struct buf b = {0};
	int64_t v = 7;

	(void)state;
	assert_true(str_to_i64("42", 0, 100, &v) && v == 42);
	assert_true(str_to_i64("-1", -5, 5, &v) && v == -1);
	assert_false(str_to_i64("101", 0, 100, &v));
	assert_false(str_to_i64("", 0, 100, &v));
	assert_false(str_to_i64(" 1", 0, 100, &v));
	assert_false(str_to_i64("1x", 0, 100, &v));
	assert_false(str_to_i64("99999999999999999999", 0, INT64_MAX, &v));
	assert_true(str_unhex(&b, "00fFa0", 6));
	assert_memory_equal(b.data, "\x00\xff\xa0", 3);
	assert_false(str_unhex(&b, "0", 1));
	assert_false(str_unhex(&b, "zz", 2));
	buf_reset(&b);
	str_hex(&b, "\x01\xfe", 2);
	buf_puts(&b, "");
	assert_string_equal((char *)b.data, "01fe");
	buf_free(&b);
}

static void
test_nearest(void **state)
{
	static const char *const words[] = { "lifetime", "local-address",
		"remote-gateway", "rekey" };
	static const char *const far[] = { "top", "description", "counters" };

	(void)state;
	assert_int_equal(str_nearest("lifetme", words, 4), 0);
	assert_int_equal(str_nearest("remote-gatway", words, 4), 2);
	assert_int_equal(str_nearest("rekye", words, 4), 3);
	assert_int_equal(str_nearest("zzzz", words, 4), -1);
	assert_int_equal(str_nearest("", words, 4), -1);
	assert_int_equal(str_nearest("tpo", far, 3), 0);
	assert_int_equal(str_nearest("tp", far, 3), 0);
	assert_int_equal(str_nearest("xo", far, 3), -1);
	assert_int_equal(str_nearest("foo", far, 3), -1);
	assert_int_equal(str_nearest("encryption", far, 3), -1);
	assert_int_equal(str_nearest("routes", far, 3), -1);
	assert_int_equal(str_nearest("conuters", far, 3), 2);
}

static void
test_error(void **state)
{
	struct sp_error err;

	(void)state;
	assert_int_equal(sp_fail(NULL, SP_RANGE, "x"), SP_RANGE);
	assert_int_equal(sp_fail(&err, SP_PEER, "theirs %d, ours %d", 1, 2),
	    SP_PEER);
	sp_hint(&err, "set %s", "x");
	sp_path(&err, "a b");
	sp_path(&err, "not this one");
	sp_at(&err, 3, 4, 5);
	assert_string_equal(err.text, "theirs 1, ours 2");
	assert_string_equal(err.path, "a b");
	assert_string_equal(err.hint, "set x");
	assert_int_equal(err.line * 100 + err.column * 10 + err.length, 345);
	/* its own old text as an argument; the rest starts anew */
	sp_fail(&err, SP_SYSTEM, "again: %s", err.text);
	assert_string_equal(err.text, "again: theirs 1, ours 2");
	assert_string_equal(err.path, "");
	sp_fail_errno(&err, 2, "cannot open %s", "f");
	assert_string_equal(err.text,
	    "cannot open f: No such file or directory");
	assert_string_equal(sp_code_name(SP_NOTFOUND), "not-found");
	assert_string_equal(sp_code_name(SP_AGAIN), "again");
}

static void
keep(void *ctx, const struct log_record *rec)
{
	snprintf(ctx, 200, "%s|%s|%s|%s", log_level_name(rec->level),
	    rec->event, rec->tunnel, rec->text);
}

static void
test_log(void **state)
{
	char got[200] = "";
	struct log log = { keep, got, LOG_LVL_INFO };

	(void)state;
	log_event(&log, LOG_LVL_DEBUG, "x", NULL, "not made");
	assert_string_equal(got, "");
	log_event(&log, LOG_LVL_WARNING, "ike-state", "a/b", "one\ntwo %d", 3);
	assert_string_equal(got, "warning|ike-state|a/b|one?two 3");
	log_event(NULL, LOG_LVL_ERROR, "x", NULL, "nobody listens");
}

static void
test_clock(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(clock_rfc3339(0, text), "1970-01-01T00:00:00.000Z");
	assert_string_equal(clock_rfc3339(1767225599999, text),
	    "2025-12-31T23:59:59.999Z");
	assert_true(clock_ms() > 0);
	assert_true(clock_wall_ms() > 1600000000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests_name("base_str", tests, NULL, NULL);
}
