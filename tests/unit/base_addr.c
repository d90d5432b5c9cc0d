/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/addr: addresses, prefixes, ranges, socket addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/mem.h"

static void
test_parse(void **state)
{
	static const struct {
		const char *in, *want;		/* NULL: refused */
	} rows[] = {
		{ "192.0.2.1/24", "192.0.2.1/24" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "2001:db8::1/64", "2001:db8::1/64" },
		{ "::/0", "::/0" },
		{ "192.0.2.1/33", NULL }, { "192.0.2.1/", NULL },
		{ "192.0.2.1/-1", NULL }, { "192.0.2.1/1x", NULL },
		{ "192.0.2.1", NULL }, { "192.0.2.300/24", NULL },
		{ "2001:db8::1/129", NULL }, { "/24", NULL },
		{ "192.0.2.1.5/24", NULL }, { "01.2.3.4/8", NULL },
	};
	struct ip_prefix p;
	char text[ADDR_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		if (prefix_parse(&p, rows[i].in) != (rows[i].want != NULL))
			fail_msg("%s was judged wrongly", rows[i].in);
		if (rows[i].want != NULL)
			assert_string_equal(prefix_print(&p, text),
			    rows[i].want);
	}
}

static void
test_range(void **state)
{
	struct ip_prefix p, q;
	struct ip_addr first, last, a;
	char text[ADDR_TEXT];

	(void)state;
	assert_true(prefix_parse(&p, "10.1.2.3/20"));
	prefix_range(&p, &first, &last);
	assert_string_equal(addr_print(&first, text), "10.1.0.0");
	assert_string_equal(addr_print(&last, text), "10.1.15.255");
	q = prefix_masked(&p);
	assert_string_equal(prefix_print(&q, text), "10.1.0.0/20");
	q = prefix_of_range(&first, &last);
	assert_string_equal(prefix_print(&q, text), "10.1.0.0/20");
	last.b[3] = 254;
	q = prefix_of_range(&first, &last);
	assert_string_equal(prefix_print(&q, text), "10.1.0.0/21");
	assert_true(addr_parse(&a, "10.1.15.255"));
	assert_true(prefix_has(&p, &a));
	assert_true(addr_parse(&a, "10.1.16.0"));
	assert_false(prefix_has(&p, &a));
	assert_true(addr_parse(&a, "::1"));
	assert_false(prefix_has(&p, &a));
	assert_true(prefix_parse(&q, "10.0.0.0/8"));
	assert_true(prefix_overlap(&p, &q) && prefix_overlap(&q, &p));
	assert_true(prefix_parse(&q, "10.2.0.0/16"));
	assert_false(prefix_overlap(&p, &q));
}

static void
test_sockaddr(void **state)
{
	static const char *const addrs[] = { "192.0.2.7", "2001:db8::7" };
	static const char *const texts[] = { "192.0.2.7:500",
		"[2001:db8::7]:500" };
	struct sockaddr_storage ss;
	struct endpoint e = {0}, back;
	char text[ENDPOINT_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_true(addr_parse(&e.addr, addrs[i]));
		e.port = 500;
		assert_true(endpoint_to_sockaddr(&e, &ss) > 0);
		assert_true(endpoint_from_sockaddr(&back, (void *)&ss));
		assert_true(endpoint_eq(&e, &back));
		assert_string_equal(endpoint_print(&back, text), texts[i]);
	}
	ss.ss_family = AF_UNIX;
	assert_false(endpoint_from_sockaddr(&back, (void *)&ss));
	assert_true(addr_is_any(&(struct ip_addr){ .family = AF_INET6 }));
	assert_true(addr_cmp(&e.addr, &e.addr) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_sockaddr),
	};

	return cmocka_run_group_tests_name("base_addr", tests, NULL, NULL);
}
