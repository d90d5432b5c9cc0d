/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The log ring: order, filters, bound in bytes, rate limit of records that
 * belong to no tunnel, followers and what they lose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/log.h"

static const struct elog_filter everything = { .level = LOG_LVL_DEBUG };

static const char *
text_at(json_t *list, size_t i)
{
	return json_string_value(json_object_get(json_array_get(list, i),
	    "text"));
}

static void
test_order_and_names(void **state)
{
	struct elog *l = elog_new(1 << 20, false);
	json_t *list, *first;

	(void)state;
	log_event(elog_sink(l), LOG_LVL_NOTICE, "ike-up", "net/p", "one");
	log_event(elog_sink(l), LOG_LVL_WARNING, "ike-down", "net/p", "two");
	log_event(elog_sink(l), LOG_LVL_DEBUG, "quiet", "net/p", "not kept");
	list = elog_list(l, &everything);
	assert_int_equal(json_array_size(list), 2);
	first = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(first,
	    "level")), "notice");
	assert_string_equal(json_string_value(json_object_get(first,
	    "event")), "ike-up");
	assert_string_equal(json_string_value(json_object_get(first,
	    "tunnel")), "net/p");
	assert_string_equal(text_at(list, 1), "two");
	json_decref(list);
	elog_free(l);
}

static void
test_filters(void **state)
{
	static const struct {
		const char *name;
		struct elog_filter f;
		size_t nr;
		const char *first;
	} rows[] = {
		{ "all", { .level = LOG_LVL_DEBUG }, 4, "a" },
		{ "last", { .level = LOG_LVL_DEBUG, .last = 1 }, 1, "d" },
		{ "more than there are", { .level = LOG_LVL_DEBUG,
		    .last = 99 }, 4, "a" },
		{ "tunnel", { .level = LOG_LVL_DEBUG, .tunnel = "net/q" }, 2,
		    "b" },
		{ "part of the name", { .level = LOG_LVL_DEBUG,
		    .tunnel = "q", .last = 1 }, 1, "d" },
		{ "level", { .level = LOG_LVL_WARNING }, 1, "c" },
		{ "since", { .level = LOG_LVL_DEBUG,
		    .since_wall_ms = INT64_MAX }, 0, NULL },
	};
	struct elog *l = elog_new(1 << 20, false);
	struct log *log = elog_sink(l);
	json_t *list;
	size_t i;

	(void)state;
	log_event(log, LOG_LVL_INFO, "x", "net/p", "a");
	log_event(log, LOG_LVL_INFO, "x", "net/q", "b");
	log_event(log, LOG_LVL_WARNING, "x", "net/p", "c");
	log_event(log, LOG_LVL_INFO, "x", "net/q", "d");
	for (i = 0; i < NELEM(rows); i++) {
		list = elog_list(l, &rows[i].f);
		if (json_array_size(list) != rows[i].nr)
			fail_msg("%s: %zu records", rows[i].name,
			    json_array_size(list));
		if (rows[i].nr > 0 && strcmp(text_at(list, 0),
		    rows[i].first) != 0)
			fail_msg("%s: begins with %s", rows[i].name,
			    text_at(list, 0));
		json_decref(list);
	}
	elog_free(l);
}

static void
test_bound(void **state)
{
	struct elog *l = elog_new(4096, false);
	size_t bytes, i;
	json_t *list;

	(void)state;
	for (i = 0; i < 150; i++)
		log_event(elog_sink(l), LOG_LVL_INFO, "x", "net/p",
		    "record %zu", i);
	assert_true(elog_count(l, &bytes) < 150);
	assert_true(bytes <= 4096);
	list = elog_list(l, &everything);
	assert_string_equal(text_at(list, json_array_size(list) - 1),
	    "record 149");
	json_decref(list);
	elog_set(l, LOG_LVL_INFO, 600);
	(void)elog_count(l, &bytes);
	assert_true(bytes <= 600);
	elog_free(l);
}

/* A flood without a tunnel leaves ten records of its kind in a second, and
 * takes no room from another kind. */
static void
test_rate(void **state)
{
	struct elog *l = elog_new(1 << 20, false);
	struct log *log = elog_sink(l);
	size_t bytes, nr, i;

	(void)state;
	for (i = 0; i < 1000; i++)
		log_event(log, LOG_LVL_WARNING, "flood", "", "packet");
	nr = elog_count(l, &bytes);
	/* the second may turn while this runs */
	assert_true(nr >= 10 && nr <= 21);
	log_event(log, LOG_LVL_WARNING, "other", "", "one");
	assert_true(elog_count(l, &bytes) > nr);
	nr = elog_count(l, &bytes);
	for (i = 0; i < 50; i++)
		log_event(log, LOG_LVL_INFO, "flood", "net/p", "ours");
	assert_int_equal(elog_count(l, &bytes), nr + 50);
	elog_free(l);
}

static void
count_up(void *ctx)
{
	++*(int *)ctx;
}

static void
test_follow(void **state)
{
	struct elog *l = elog_new(2048, false);
	struct log *log = elog_sink(l);
	uint64_t seq, lost = 0;
	int told = 0, i;
	json_t *rec;

	(void)state;
	log_event(log, LOG_LVL_INFO, "x", "net/p", "before");
	seq = elog_newest(l);
	elog_on_record(l, count_up, &told);
	assert_null(elog_after(l, &seq, LOG_LVL_DEBUG, &lost));
	log_event(log, LOG_LVL_INFO, "x", "net/p", "low");
	log_event(log, LOG_LVL_WARNING, "x", "net/p", "high");
	assert_int_equal(told, 2);
	rec = elog_after(l, &seq, LOG_LVL_WARNING, &lost);
	assert_non_null(rec);
	assert_string_equal(json_string_value(json_object_get(rec, "text")),
	    "high");
	json_decref(rec);
	assert_null(elog_after(l, &seq, LOG_LVL_WARNING, &lost));
	assert_int_equal(lost, 0);

	/* more than the ring holds: the follower learns how many it missed */
	for (i = 0; i < 100; i++)
		log_event(log, LOG_LVL_INFO, "x", "net/p", "many");
	for (i = 0; (rec = elog_after(l, &seq, LOG_LVL_DEBUG, &lost)) != NULL;
	    i++)
		json_decref(rec);
	assert_true(lost > 0);
	assert_int_equal(lost + (uint64_t)i, 100);
	elog_free(l);
}

static void
test_level_words(void **state)
{
	enum log_level level;

	(void)state;
	assert_true(elog_level_parse("debug", &level));
	assert_int_equal(level, LOG_LVL_DEBUG);
	assert_false(elog_level_parse("loud", &level));
	assert_false(elog_level_parse(NULL, &level));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_names),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_level_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
