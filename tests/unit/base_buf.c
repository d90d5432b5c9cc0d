/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/buf, base/list, base/map: what is written reads back, a cursor never
 * leaves its input, a map survives growth and deletion.
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
#include "base/list.h"
#include "base/map.h"

static void
test_write_read(void **state)
{
	struct buf b = {0};
	struct rd r, sub;
	uint8_t two[2];

	(void)state;
	buf_u8(&b, 1);
	buf_u16(&b, 0x0203);
	buf_u24(&b, 0x040506);
	buf_u32(&b, 0x0708090a);
	buf_u64(&b, 0x0b0c0d0e0f101112u);
	buf_bytes(&b, "xy", 2);
	buf_zero(&b, 3);
	buf_set_u16(&b, 1, 0xfffe);
	buf_set_u32(&b, b.len - 3, 1);	/* does not fit: no effect */
	assert_int_equal(b.len, 23);

	rd_init(&r, b.data, b.len);
	assert_int_equal(rd_u8(&r), 1);
	assert_int_equal(rd_u16(&r), 0xfffe);
	assert_int_equal(rd_u24(&r), 0x040506);
	assert_int_equal(rd_u32(&r), 0x0708090a);
	assert_true(rd_u64(&r) == 0x0b0c0d0e0f101112u);
	sub = rd_sub(&r, 2);
	rd_copy(&sub, two, 2);
	assert_memory_equal(two, "xy", 2);
	assert_int_equal(sub.left, 0);
	assert_false(sub.bad);
	rd_skip(&r, 3);
	assert_false(r.bad);
	assert_int_equal(r.left, 0);
	buf_wipe(&b);
}

static void
test_sticky_error(void **state)
{
	static const uint8_t three[] = { 1, 2, 3 };
	struct rd r, sub;
	uint8_t four[4] = { 9, 9, 9, 9 };

	(void)state;
	rd_init(&r, three, sizeof(three));
	assert_int_equal(rd_u32(&r), 0);
	assert_true(r.bad);
	assert_int_equal(rd_u8(&r), 0);	/* nothing more, though 3 remain */
	rd_copy(&r, four, 4);
	assert_memory_equal(four, "\0\0\0\0", 4);
	sub = rd_sub(&r, 1);
	assert_true(sub.bad);
	assert_null(rd_bytes(&sub, 1));
	rd_init(&r, NULL, 0);
	assert_int_equal(rd_u8(&r), 0);
	assert_true(r.bad);
}

static void
test_text(void **state)
{
	struct buf b = {0};
	char *s;
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		buf_printf(&b, "%d,", i);
	buf_truncate(&b, 4);
	buf_puts(&b, "end");
	s = buf_steal_str(&b);
	assert_string_equal(s, "0,1,end");
	assert_int_equal(b.len, 0);
	free(s);
	s = buf_steal_str(&b);
	assert_string_equal(s, "");
	free(s);
}

struct item {
	int value;
	struct list link;
};

static void
test_list(void **state)
{
	struct list head;
	struct item items[4], *it;
	int sum = 0, i;

	(void)state;
	list_init(&head);
	assert_true(list_empty(&head));
	for (i = 0; i < 4; i++) {
		items[i].value = i;
		list_append(&head, &items[i].link);
	}
	LIST_EACH(it, &head, struct item, link) {
		if (it->value % 2)
			list_remove(&it->link);	/* while walking */
		else
			sum = sum * 10 + it->value;
	}
	assert_int_equal(sum, 2);
	assert_int_equal(list_length(&head), 2);
	list_remove(&items[0].link);
	list_remove(&items[0].link);	/* twice does no harm */
	assert_int_equal(list_length(&head), 1);
}

static void
test_map(void **state)
{
	struct map *m = map_new(12345);
	uintptr_t i, n = 5000, seen = 0;
	size_t pos = 0;
	char key[32];
	int len;

	(void)state;
	assert_null(map_get(m, "a", 1));
	assert_null(map_del(m, "a", 1));
	for (i = 1; i <= n; i++) {
		len = snprintf(key, sizeof(key), "key-%d", (int)i);
		assert_null(map_put(m, key, (size_t)len, (void *)i));
	}
	assert_int_equal(map_count(m), n);
	for (i = 1; i <= n; i += 2) {
		len = snprintf(key, sizeof(key), "key-%d", (int)i);
		assert_ptr_equal(map_del(m, key, (size_t)len), (void *)i);
	}
	for (i = 1; i <= n; i++) {
		len = snprintf(key, sizeof(key), "key-%d", (int)i);
		assert_ptr_equal(map_get(m, key, (size_t)len),
		    i % 2 ? NULL : (void *)i);
	}
	while (map_next(m, &pos) != NULL)
		seen++;
	assert_int_equal(seen, n / 2);
	assert_ptr_equal(map_put(m, "key-2", 5, (void *)7), (void *)2);
	map_free(m);
	map_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_read),
		cmocka_unit_test(test_sticky_error),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_map),
	};

	return cmocka_run_group_tests_name("base_buf", tests, NULL, NULL);
}
