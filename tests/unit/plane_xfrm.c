/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plane/xfrm: policies as the kernel gets them, in a network namespace of
 * this process's own.  Policies need no ESP in the kernel, so this runs where
 * tests/lab/xfrm_kernel cannot.  Needs root and XFRM; exits 77 without.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "plane/xfrm/bypass.h"
#include "plane/xfrm/xfrm.h"

static struct sp_error err;

#define OK(call) do {							\
	memset(&err, 0, sizeof(err));					\
	if ((call) != 0)						\
		fail_msg("%s: %s", #call, err.text);			\
} while (0)

#define REFUSED(call, want_code, want_text) do {			\
	memset(&err, 0, sizeof(err));					\
	assert_int_equal((call), (want_code));				\
	assert_string_equal(err.text, (want_text));			\
} while (0)

/* A plane without the probe for ESP that plane_xfrm_new() makes. */
static int
setup(void **state)
{
	struct xfrm_plane *x = xcalloc(1, sizeof(*x));

	OK(xfrm_nl_open(&x->req, 0, &err));
	x->sas = map_new(1);
	x->pols = map_new(2);
	x->spd = map_new(3);
	*state = x;
	return 0;
}

static int
teardown(void **state)
{
	struct xfrm_plane *x = *state;

	xfrm_policy_clear(x, true);
	assert_int_equal(map_count(x->spd), 0);
	xfrm_nl_close(&x->req);
	map_free(x->sas);
	map_free(x->pols);
	map_free(x->spd);
	free(x);
	return 0;
}

static void
read_policy(const struct nlmsghdr *h, void *ctx)
{
	if (h->nlmsg_type == XFRM_MSG_NEWPOLICY)
		++*(size_t *)ctx;
}

/* Policies in the kernel, all directions. */
static size_t
kernel_count(struct xfrm_plane *x)
{
	struct xfrm_req r;
	size_t n = 0;

	xfrm_begin(&r, XFRM_MSG_GETPOLICY, NLM_F_DUMP, NULL, 0);
	assert_int_equal(xfrm_exchange(&x->req, &r, read_policy, &n), 0);
	return n;
}

static struct plane_selector
sel(const char *first, const char *last, uint8_t proto, uint16_t port_first,
    uint16_t port_last)
{
	struct plane_selector s = {
		.proto = proto,
		.port_first = port_first,
		.port_last = port_last,
	};

	if (!addr_parse(&s.first, first) || !addr_parse(&s.last, last))
		fail_msg("bad range %s to %s in the test", first, last);
	return s;
}

/* "10.1.0.0/16:0/0 10.9.0.1/32:443/ffff 6", one kernel selector. */
static const char *
print_sel(const struct xfrm_selector *s, char *out, size_t size)
{
	struct ip_prefix from = { xfrm_addr_read(&s->saddr, s->family),
		s->prefixlen_s };
	struct ip_prefix to = { xfrm_addr_read(&s->daddr, s->family),
		s->prefixlen_d };
	char a[ADDR_TEXT], b[ADDR_TEXT];

	snprintf(out, size, "%s:%u/%x %s:%u/%x %u", prefix_print(&from, a),
	    ntohs(s->sport), ntohs(s->sport_mask), prefix_print(&to, b),
	    ntohs(s->dport), ntohs(s->dport_mask), s->proto);
	return out;
}

static void
test_selectors(void **state)
{
	static const struct {
		const char *first, *last;
		uint8_t proto;
		uint16_t port_first, port_last;
		size_t nr;
		const char *want;	/* one of them */
	} rows[] = {
		{ "10.9.0.0", "10.9.255.255", 0, 0, 65535, 1,
		  "10.1.0.0/16:0/0 10.9.0.0/16:0/0 0" },
		{ "0.0.0.0", "255.255.255.255", 0, 0, 65535, 1,
		  "10.1.0.0/16:0/0 0.0.0.0/0:0/0 0" },
		{ "0.0.0.1", "255.255.255.254", 0, 0, 65535, 62,
		  "10.1.0.0/16:0/0 64.0.0.0/2:0/0 0" },
		{ "10.9.0.1", "10.9.0.4", 0, 0, 65535, 3,
		  "10.1.0.0/16:0/0 10.9.0.2/31:0/0 0" },
		{ "255.255.255.255", "255.255.255.255", 0, 0, 65535, 1,
		  "10.1.0.0/16:0/0 255.255.255.255/32:0/0 0" },
		{ "10.9.0.1", "10.9.0.1", 6, 443, 443, 1,
		  "10.1.0.0/16:0/0 10.9.0.1/32:443/ffff 6" },
		{ "10.9.0.1", "10.9.0.1", 17, 1000, 1007, 1,
		  "10.1.0.0/16:0/0 10.9.0.1/32:1000/fff8 17" },
		{ "10.9.0.1", "10.9.0.1", 17, 1, 65534, 30,
		  "10.1.0.0/16:0/0 10.9.0.1/32:16384/c000 17" },
		{ "10.9.0.1", "10.9.0.1", 17, 65535, 65535, 1,
		  "10.1.0.0/16:0/0 10.9.0.1/32:65535/ffff 17" },
		{ "10.9.0.1", "10.9.0.1", 17, 0, 0, 1,
		  "10.1.0.0/16:0/0 10.9.0.1/32:0/ffff 17" },
		/* OPAQUE */
		{ "10.9.0.1", "10.9.0.1", 6, 65535, 0, 1,
		  "10.1.0.0/16:0/0 10.9.0.1/32:0/0 6" },
		/* ICMP: type as source, code as destination port */
		{ "10.9.0.1", "10.9.0.1", 1, 0x0800, 0x08ff, 1,
		  "10.1.0.0/16:8/ffff 10.9.0.1/32:0/0 1" },
		{ "10.9.0.1", "10.9.0.1", 1, 0x0301, 0x0301, 1,
		  "10.1.0.0/16:3/ffff 10.9.0.1/32:1/ffff 1" },
		{ "10.9.0.1", "10.9.0.1", 1, 0x0300, 0x05ff, 2,
		  "10.1.0.0/16:4/fffe 10.9.0.1/32:0/0 1" },
		{ "10.9.0.1", "10.9.0.1", 1, 0, 65535, 1,
		  "10.1.0.0/16:0/0 10.9.0.1/32:0/0 1" },
	};
	struct xfrm_plane *x = *state;
	struct plane_selector l = sel("10.1.0.0", "10.1.255.255", 0, 0, 65535);
	struct plane_selector r;
	struct plane_policy pol = {
		.reqid = 50, .action = PLANE_DISCARD, .local = &l,
		.remote = &r, .nr_local = 1, .nr_remote = 1,
	};
	const struct xfrm_pol *p;
	uint32_t key = 50;
	char text[160];
	bool found;
	size_t i, j;

	for (i = 0; i < NELEM(rows); i++) {
		r = sel(rows[i].first, rows[i].last, rows[i].proto,
		    rows[i].port_first, rows[i].port_last);
		OK(xfrm_policy_set(&x->plane, &pol, &err));
		p = map_get(x->pols, &key, sizeof(key));
		assert_int_equal(kernel_count(x), rows[i].nr * 3);
		found = false;
		for (j = 0; j < p->nr_sel; j++) {
			print_sel(&p->sel[j], text, sizeof(text));
			found |= strcmp(text, rows[i].want) == 0;
		}
		if (!found || p->nr_sel != rows[i].nr) {
			fail_msg("row %zu: %zu selectors, the last %s; "
			    "wanted %zu, one %s", i, p->nr_sel, text,
			    rows[i].nr, rows[i].want);
		}
	}
	OK(xfrm_policy_del(&x->plane, 50, &err));
	assert_int_equal(kernel_count(x), 0);
}

static void
test_refused(void **state)
{
	struct xfrm_plane *x = *state;
	struct plane_selector l = sel("10.1.0.1", "10.1.255.254", 17, 1,
	    65534);
	struct plane_selector r = sel("0.0.0.1", "255.255.255.254", 17, 0,
	    65535);
	struct plane_policy pol = {
		.reqid = 50, .action = PLANE_DISCARD, .local = &l,
		.remote = &r, .nr_local = 1, .nr_remote = 1,
	};

	REFUSED(xfrm_policy_set(&x->plane, &pol, &err), SP_RANGE,
	    "the traffic selectors come to more than 1024 kernel selectors; "
	    "use networks in place of ranges");
	l = sel("10.1.0.0", "10.1.255.255", 1, 0x0301, 0x0504);
	r = sel("10.2.0.0", "10.2.255.255", 1, 0, 65535);
	REFUSED(xfrm_policy_set(&x->plane, &pol, &err), SP_UNSUPPORTED,
	    "the kernel cannot select ICMP type 3 code 1 to type 5 code 4: "
	    "all codes of several types, or some of one, are possible");
	r.proto = 17;
	REFUSED(xfrm_policy_set(&x->plane, &pol, &err), SP_RANGE,
	    "no packet can match the traffic selectors: local and remote have "
	    "no address family and protocol in common");
	assert_int_equal(kernel_count(x), 0);
	assert_int_equal(map_count(x->spd), 0);
}

/* Several policies on one selector: the kernel has the best. */
static void
test_claims(void **state)
{
	static const struct {
		uint32_t reqid;
		enum plane_action action;
		bool trap, del;
		uint32_t priority;
		uint32_t want;		/* reqid that wins, 0 = none left */
	} steps[] = {
		{ 1, PLANE_PROTECT, true, false, 0, 1 },
		{ 2, PLANE_PROTECT, false, false, 0, 2 },
		{ 1, PLANE_PROTECT, true, false, 0, 2 },
		{ 3, PLANE_PROTECT, false, false, 0, 3 },	/* newest */
		{ 4, PLANE_DISCARD, false, false, 9, 4 },	/* explicit */
		{ 5, PLANE_DISCARD, false, false, 10, 4 },
		{ 6, PLANE_BYPASS, false, false, 0, 6 },
		{ 4, PLANE_DISCARD, false, true, 0, 6 },
		{ 6, PLANE_BYPASS, false, true, 0, 5 },
		{ 5, PLANE_BYPASS, false, true, 0, 3 },
		{ 3, PLANE_BYPASS, false, true, 0, 2 },
		{ 2, PLANE_BYPASS, false, true, 0, 1 },
		{ 7, PLANE_BYPASS, false, true, 0, 1 },		/* unknown */
		{ 1, PLANE_BYPASS, false, true, 0, 0 },
	};
	struct xfrm_plane *x = *state;
	struct plane_selector l = sel("10.1.0.0", "10.1.255.255", 0, 0, 65535);
	struct plane_selector r = sel("10.2.0.0", "10.2.255.255", 0, 0, 65535);
	struct plane_policy pol = {
		.protocol = 50, .local = &l, .remote = &r,
		.nr_local = 1, .nr_remote = 1,
	};
	struct xfrm_selector key = { .family = AF_INET, .prefixlen_s = 16,
		.prefixlen_d = 16 };
	const struct xfrm_pol *won;
	size_t i;

	addr_parse(&pol.outer_local, "192.0.2.1");
	addr_parse(&pol.outer_remote, "192.0.2.2");
	key.saddr = xfrm_addr(&l.first);
	key.daddr = xfrm_addr(&r.first);
	for (i = 0; i < NELEM(steps); i++) {
		pol.reqid = steps[i].reqid;
		pol.action = steps[i].action;
		pol.trap = steps[i].trap;
		pol.priority = steps[i].priority;
		if (steps[i].del)
			OK(xfrm_policy_del(&x->plane, pol.reqid, &err));
		else
			OK(xfrm_policy_set(&x->plane, &pol, &err));
		won = xfrm_policy_by_sel(x, &key);
		if ((won != NULL ? won->reqid : 0) != steps[i].want)
			fail_msg("step %zu: %u wins", i,
			    won != NULL ? won->reqid : 0);
		assert_int_equal(kernel_count(x), won != NULL ? 3 : 0);
	}
}

/* Policies of a plane that is gone are known by index or by reqid. */
static void
test_leftovers(void **state)
{
	struct xfrm_plane *x = *state;
	struct plane_selector l = sel("10.1.0.0", "10.1.255.255", 0, 0, 65535);
	struct plane_selector r = sel("10.2.0.0", "10.2.255.255", 0, 0, 65535);
	struct plane_policy pol = {
		.reqid = 1, .protocol = 50, .local = &l, .remote = &r,
		.nr_local = 1, .nr_remote = 1, .transport = true,
	};
	struct xfrm_userpolicy_info foreign = {
		.sel = { .family = AF_INET, .prefixlen_d = 8 },
		.dir = XFRM_POLICY_OUT,
	};
	struct xfrm_plane *dead;
	struct xfrm_req req;
	void *s;

	setup(&s);
	dead = s;
	OK(xfrm_policy_set(&dead->plane, &pol, &err));
	pol.reqid = 2;
	pol.action = PLANE_BYPASS;
	r = sel("10.3.0.0", "10.3.255.255", 0, 0, 65535);
	OK(xfrm_policy_set(&dead->plane, &pol, &err));
	xfrm_begin(&req, XFRM_MSG_NEWPOLICY, 0, &foreign, sizeof(foreign));
	assert_int_equal(xfrm_exchange(&x->req, &req, NULL, NULL), 0);
	assert_int_equal(kernel_count(x), 7);

	xfrm_policy_clear(x, true);
	assert_int_equal(kernel_count(x), 1);
	teardown(&s);
	assert_int_equal(kernel_count(x), 1);
}

static void
test_bypass(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < NELEM(families); i++) {
		fd = socket(families[i], SOCK_DGRAM, 0);
		OK(plane_xfrm_bypass_socket(fd, families[i], &err));
		close(fd);
	}
	REFUSED(plane_xfrm_bypass_socket(-1, AF_INET, &err), SP_SYSTEM,
	    "cannot keep IKE out of its own tunnels: Bad file descriptor");
}

/* Where there is no ESP, both say so, in the same words. */
static void
test_works(void **state)
{
	struct plane_params params = { .name = "test", .udp4500_v4 = -1,
		.udp4500_v6 = -1 };
	struct plane *p = NULL;
	const char *why;
	bool works = plane_xfrm_works(&why);

	(void)state;
	memset(&err, 0, sizeof(err));
	if (works) {
		assert_null(why);
		OK(plane_xfrm_new(&p, &params, &err));
		assert_false(p->ops->caps(p) & PLANE_ENCAP);
		p->ops->free(p);
		return;
	}
	assert_non_null(why);
	assert_true(plane_xfrm_new(&p, &params, &err) < 0);
	assert_null(p);
	if (strcmp(why, "this kernel has no ESP") == 0) {
		assert_int_equal(err.code, SP_UNSUPPORTED);
		assert_non_null(strstr(err.text, "cannot use the kernel's "
		    "IPsec: this kernel has no ESP or AH"));
		assert_string_equal(err.hint, "set system data-plane user");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_selectors, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claims, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leftovers, setup,
		    teardown),
		cmocka_unit_test(test_bypass),
		cmocka_unit_test(test_works),
	};
	struct xfrm_nl nl;

	if (unshare(CLONE_NEWNET) < 0) {
		printf("skipped: no network namespace: %s\n",
		    strerror(errno));
		return 77;
	}
	if (xfrm_nl_open(&nl, 0, &err) < 0) {
		printf("skipped: %s\n", err.text);
		return 77;
	}
	xfrm_nl_close(&nl);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
