/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/secret: copies, wiping, and that the pages stay out of core dumps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/secret.h"

static void
test_copy_and_wipe(void **state)
{
	struct secret a = {0}, b = {0}, c = {0};
	const uint8_t *cell;

	(void)state;
	secret_set(&a, "0123456789", 10);
	secret_copy(&b, &a);
	assert_true(secret_eq(&a, &b));
	b.data[9] ^= 1;
	assert_false(secret_eq(&a, &b));
	secret_move(&c, &a);
	assert_null(a.data);
	assert_int_equal(c.len, 10);
	cell = c.data;
	secret_free(&c);
	/* the cell stays mapped: the bytes behind the list link are gone */
	assert_memory_equal(cell + sizeof(void *), "\0\0", 2);
	secret_free(&c);
	secret_free(&b);
	assert_true(secret_eq(&a, &c));
}

static void
test_sizes(void **state)
{
	struct secret s[3000] = {{0}};
	size_t i;

	(void)state;
	for (i = 0; i < 3000; i++) {
		secret_alloc(&s[i], i);
		if (i > 0) {
			assert_int_equal(s[i].data[i - 1], 0);
			memset(s[i].data, (int)i, i);
		}
	}
	for (i = 1; i < 3000; i++)
		assert_int_equal(s[i].data[i - 1], i & 0xff);
	for (i = 0; i < 3000; i++)
		secret_free(&s[i]);
}

/* Is the page of p marked "dd" (do not dump) in smaps. */
static void
test_not_dumped(void **state)
{
	struct secret s = {0};
	unsigned long from, to, at;
	char line[512];
	int inside = 0, found = 0;
	FILE *f;

	(void)state;
	secret_set(&s, "canary", 6);
	at = (unsigned long)(uintptr_t)s.data;
	f = fopen("/proc/self/smaps", "r");
	if (f == NULL)
		skip();
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = at >= from && at < to;
		if (inside && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, " dd") != NULL;
	}
	fclose(f);
	assert_true(found);
	secret_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy_and_wipe),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_not_dumped),
	};

	return cmocka_run_group_tests_name("base_secret", tests, NULL, NULL);
}
