/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inner packets: headers and what is malformed in them, selectors, ECN on
 * the way out of the tunnel (RFC 6040 figure 4), policy order.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "plane/plane.h"
#include "plane/user/checksum.h"
#include "plane/user/flow.h"
#include "plane/user/spd.h"

#define V4 "0a0101010a020202"		/* 10.1.1.1 -> 10.2.2.2 */
#define V6 "fd000001000000000000000000000001" \
    "fd000002000000000000000000000002"

#define BAD false, 0, false, false, 0, 0, 0, 0

static const struct parse_row {
	const char *name, *hex;
	bool ok;
	int proto;
	bool fragment, has_ports;
	unsigned sport, dport;
	size_t l4, len;
} parse_rows[] = {
	{ "empty", "", BAD },
	{ "v4 udp", "4500001c00000000401100 00" V4 "0035123400080000",
	    true, 17, false, true, 0x35, 0x1234, 20, 28 },
	{ "v4 tcp, options", "4600001c00000000400600 00" V4 "01010100"
	    "00501f90", true, 6, false, true, 80, 8080, 24, 28 },
	{ "v4 tcp cut before the ports", "4500001600000000400600 00" V4
	    "0050", true, 6, false, false, 0, 0, 20, 22 },
	{ "v4 icmp", "4500001c00000000400100 00" V4 "0800000000000000",
	    true, 1, false, true, 0x800, 0x800, 20, 28 },
	{ "v4 first fragment", "4500001c00002000401100 00" V4
	    "0035123400080000", true, 17, true, true, 0x35, 0x1234, 20, 28 },
	{ "v4 later fragment", "4500001c00000001401100 00" V4
	    "0035123400080000", true, 17, true, false, 0, 0, 20, 28 },
	{ "v4 padding behind", "4500001c00000000401100 00" V4
	    "00351234000800000000", true, 17, false, true, 0x35, 0x1234,
	    20, 28 },
	{ "v4 length too long", "4500001d00000000401100 00" V4
	    "0035123400080000", BAD },
	{ "v4 length below the header", "4500001300000000401100 00" V4
	    "0035123400080000", BAD },
	{ "v4 header too short", "4400001c00000000401100 00" V4
	    "0035123400080000", BAD },
	{ "v4 header past the end", "4f00001c00000000401100 00" V4
	    "0035123400080000", BAD },
	{ "version 5", "5500001c00000000401100 00" V4 "0035123400080000",
	    BAD },
	{ "v6 udp", "6000000000081140" V6 "0035123400080000",
	    true, 17, false, true, 0x35, 0x1234, 40, 48 },
	{ "v6 hop-by-hop, udp", "6000000000100040" V6 "1100010400000000"
	    "0035123400080000", true, 17, false, true, 0x35, 0x1234, 48, 56 },
	{ "v6 first fragment", "6000000000102c40" V6 "1100000100000001"
	    "0035123400080000", true, 17, true, true, 0x35, 0x1234, 48, 56 },
	{ "v6 later fragment", "6000000000102c40" V6 "1100000900000001"
	    "0035123400080000", true, 17, true, false, 0, 0, 48, 56 },
	{ "v6 extension cut", "6000000000040040" V6 "11ff0104", BAD },
	{ "v6 no next header", "6000000000003b40" V6, true, 59, false, false,
	    0, 0, 40, 40 },
	{ "v6 length too long", "6000000000091140" V6 "0035123400080000",
	    BAD },
	{ "v6 header cut", "6000000000081140fd00000100000000", BAD },
};

static size_t
unhex(const char *hex, uint8_t *out)
{
	struct buf b = {0};
	char packed[512];
	size_t n = 0;

	for (; *hex != '\0'; hex++) {
		if (*hex != ' ')
			packed[n++] = *hex;
	}
	assert_true(str_unhex(&b, packed, n));
	n = b.len;
	if (n > 0)
		memcpy(out, b.data, n);
	buf_free(&b);
	return n;
}

static bool
same_flow(const struct flow *f, const struct parse_row *t)
{
	return f->proto == t->proto && f->fragment == t->fragment &&
	    f->has_ports == t->has_ports && f->l4 == t->l4 &&
	    f->len == t->len &&
	    (!f->has_ports || (f->sport == t->sport && f->dport == t->dport));
}

static void
test_parse(void **state)
{
	const struct parse_row *t;
	struct flow f;
	uint8_t *exact, p[256];
	size_t i, len;
	int bad = 0;
	bool ok;

	(void)state;
	for (i = 0; i < NELEM(parse_rows); i++) {
		t = &parse_rows[i];
		len = unhex(t->hex, p);
		exact = xmemdup(p, len);	/* so that ASan sees the end */
		ok = flow_parse(&f, exact, len);
		free(exact);
		if (ok == t->ok && (!ok || same_flow(&f, t)))
			continue;
		print_error("%s: ok %d proto %u fragment %d ports %d "
		    "%#x %#x l4 %zu len %zu\n", t->name, ok, f.proto,
		    f.fragment, f.has_ports, f.sport, f.dport, f.l4, f.len);
		bad++;
	}
	assert_int_equal(bad, 0);
}

static struct plane_selector
selector(const char *first, const char *last, unsigned proto, unsigned from,
    unsigned to)
{
	struct plane_selector s = {
		.proto = (uint8_t)proto,
		.port_first = (uint16_t)from, .port_last = (uint16_t)to,
	};

	assert_true(addr_parse(&s.first, first));
	assert_true(addr_parse(&s.last, last));
	return s;
}

static const struct select_row {
	const char *name, *src_first, *src_last, *dst_first, *dst_last;
	unsigned proto, port_first, port_last;	/* of the destination */
	const char *packet;		/* name of a row above */
	bool ok;
} select_rows[] = {
	{ "wide", "0.0.0.0", "255.255.255.255", "0.0.0.0",
	    "255.255.255.255", 0, 0, 65535, "v4 udp", true },
	{ "exact", "10.1.1.1", "10.1.1.1", "10.2.2.2", "10.2.2.2", 17, 0x1234,
	    0x1234, "v4 udp", true },
	{ "other source", "10.1.1.2", "10.1.1.9", "10.2.2.0", "10.2.2.255", 0,
	    0, 65535, "v4 udp", false },
	{ "other destination", "10.1.1.0", "10.1.1.255", "10.2.2.3",
	    "10.2.2.255", 0, 0, 65535, "v4 udp", false },
	{ "other protocol", "10.1.1.0", "10.1.1.255", "10.2.2.0",
	    "10.2.2.255", 6, 0, 65535, "v4 udp", false },
	{ "other port", "10.1.1.0", "10.1.1.255", "10.2.2.0", "10.2.2.255",
	    17, 1, 1023, "v4 udp", false },
	{ "other family", "::", "ffff::", "::", "ffff::", 0, 0, 65535,
	    "v4 udp", false },
	{ "v6", "fd00:1::", "fd00:1::ffff", "fd00:2::", "fd00:2::ffff", 17, 1,
	    65535, "v6 udp", true },
	{ "icmp type", "10.1.1.0", "10.1.1.255", "10.2.2.0", "10.2.2.255", 1,
	    0x800, 0x8ff, "v4 icmp", true },
	{ "icmp other type", "10.1.1.0", "10.1.1.255", "10.2.2.0",
	    "10.2.2.255", 1, 0, 0xff, "v4 icmp", false },
	{ "fragment, port asked", "10.1.1.0", "10.1.1.255", "10.2.2.0",
	    "10.2.2.255", 17, 0x1234, 0x1234, "v4 later fragment", false },
	{ "fragment, any port", "10.1.1.0", "10.1.1.255", "10.2.2.0",
	    "10.2.2.255", 17, 0, 65535, "v4 later fragment", true },
	{ "fragment, opaque", "10.1.1.0", "10.1.1.255", "10.2.2.0",
	    "10.2.2.255", 17, 65535, 0, "v4 later fragment", true },
	{ "opaque, ports there", "10.1.1.0", "10.1.1.255", "10.2.2.0",
	    "10.2.2.255", 17, 65535, 0, "v4 udp", false },
};

static bool
flow_named(const char *name, struct flow *f)
{
	uint8_t p[256];
	size_t i;

	for (i = 0; i < NELEM(parse_rows); i++) {
		if (strcmp(parse_rows[i].name, name) == 0)
			return flow_parse(f, p, unhex(parse_rows[i].hex, p));
	}
	return false;
}

static void
test_select(void **state)
{
	const struct select_row *t;
	struct plane_selector src, dst;
	struct flow f;
	size_t i;
	int bad = 0;

	(void)state;
	for (i = 0; i < NELEM(select_rows); i++) {
		t = &select_rows[i];
		src = selector(t->src_first, t->src_last, t->proto, 0, 65535);
		dst = selector(t->dst_first, t->dst_last, t->proto,
		    t->port_first, t->port_last);
		assert_true(flow_named(t->packet, &f));
		if (flow_selected(&f, &src, 1, &dst, 1) == t->ok)
			continue;
		print_error("%s: wrong\n", t->name);
		bad++;
	}
	assert_int_equal(bad, 0);
}

/* RFC 6040 figure 4; -1 = drop.  Rows: inner, columns: outer 0 1 2 3. */
static const int ecn_rows[4][4] = {
	{ 0, 0, 0, -1 },
	{ 1, 1, 1, 3 },
	{ 2, 1, 2, 3 },
	{ 3, 3, 3, 3 },
};

static void
test_ecn(void **state)
{
	uint8_t inner, outer, tos;
	bool ok;

	(void)state;
	for (inner = 0; inner < 4; inner++) {
		for (outer = 0; outer < 4; outer++) {
			ok = flow_decap_ecn(0xb8 | inner, 0x28 | outer, &tos);
			assert_int_equal(ok, ecn_rows[inner][outer] >= 0);
			if (ok)
				assert_int_equal(tos,
				    0xb8 | ecn_rows[inner][outer]);
		}
	}
}

static void
test_set_tos(void **state)
{
	uint8_t v4[64], v6[64];
	struct flow f;
	unsigned tos;
	size_t n;

	(void)state;
	n = unhex("4500001c12345678401100 00" V4 "0035123400080000", v4);
	csum_put(&v4[10], csum_add(0, v4, 20), 0);
	for (tos = 0; tos < 256; tos++) {
		flow_set_tos(v4, (uint8_t)tos);
		assert_int_equal(csum_fold(csum_add(0, v4, 20)), 0xffff);
		assert_int_equal(v4[1], tos);
	}
	assert_int_equal(n, 28);

	n = unhex("600abcde00081140" V6 "0035123400080000", v6);
	for (tos = 0; tos < 256; tos++) {
		flow_set_tos(v6, (uint8_t)tos);
		assert_true(flow_parse(&f, v6, n));
		assert_int_equal(f.tos, tos);
		assert_int_equal(get_u32(v6) & 0xf00fffff, 0x600abcde);
	}
}

static const struct order_row {
	uint32_t reqid;
	enum plane_action action;
	uint32_t priority;
	const char *remote_last;	/* from 10.2.0.0 */
	unsigned proto;
	int place;
} order_rows[] = {
	{ 1, PLANE_PROTECT, 0, "10.2.255.255", 0, 5 },
	{ 2, PLANE_PROTECT, 0, "10.2.0.255", 0, 4 },
	{ 3, PLANE_PROTECT, 0, "10.2.0.255", 17, 3 },
	{ 4, PLANE_DISCARD, 20, "10.255.255.255", 0, 2 },
	{ 5, PLANE_PROTECT, 10, "10.255.255.255", 0, 1 },
	{ 6, PLANE_BYPASS, 0, "10.255.255.255", 0, 0 },
};

static void
test_order(void **state)
{
	struct plane_selector local, remote;
	struct plane_policy from;
	struct policy *pol;
	struct flow flow;
	struct spd db;
	int place = 0;
	size_t i;

	(void)state;
	spd_init(&db, 7);
	local = selector("10.1.0.0", "10.1.255.255", 0, 0, 65535);
	for (i = 0; i < NELEM(order_rows); i++) {
		remote = selector("10.2.0.0", order_rows[i].remote_last,
		    order_rows[i].proto, 0, 65535);
		from = (struct plane_policy){
			.reqid = order_rows[i].reqid,
			.action = order_rows[i].action,
			.priority = order_rows[i].priority,
			.local = &local, .nr_local = 1,
			.remote = &remote, .nr_remote = 1,
		};
		spd_add(&db, policy_new(&from));
	}
	/* the best goes each time, until none is left */
	memset(&flow, 0, sizeof(flow));
	assert_true(addr_parse(&flow.src, "10.1.3.3"));
	assert_true(addr_parse(&flow.dst, "10.2.0.7"));
	flow.proto = 17;
	while ((pol = spd_match(&db, &flow)) != NULL) {
		assert_int_equal(order_rows[pol->reqid - 1].place, place);
		assert_ptr_equal(spd_find(&db, pol->reqid), pol);
		place++;
		spd_remove(&db, pol);
		policy_free(pol);
	}
	assert_int_equal(place, NELEM(order_rows));
	spd_free(&db);
}

#define MODEL_POLICIES 300
#define MODEL_STEPS 20000

/* Does a take the flow in preference to b, as RFC 4301 orders them. */
static bool
goes_first(const struct policy *a, const struct policy *b)
{
	if ((a->action == PLANE_BYPASS) != (b->action == PLANE_BYPASS))
		return a->action == PLANE_BYPASS;
	if (a->priority != b->priority)
		return a->priority != 0 &&
		    (b->priority == 0 || a->priority < b->priority);
	if (a->width != b->width)
		return a->width < b->width;
	return a->serial < b->serial;
}

static struct policy *
slow_match(const struct spd *db, const struct flow *f)
{
	struct policy *pol, *best = NULL;

	LIST_EACH(pol, &db->policies, struct policy, link) {
		if ((best == NULL || goes_first(pol, best)) &&
		    flow_selected(f, pol->local, pol->nr_local, pol->remote,
		    pol->nr_remote))
			best = pol;
	}
	return best;
}

/* An address of few values, so that ranges meet. */
static struct ip_addr
some_addr(bool v6)
{
	struct ip_addr a = { .family = v6 ? AF_INET6 : AF_INET };
	size_t i, len = addr_len(&a);

	for (i = len - 3; i < len; i++)
		a.b[i] = (uint8_t)(rand() % 4 * 60);
	return a;
}

static struct plane_selector
some_range(bool v6)
{
	struct plane_selector s = { .port_last = UINT16_MAX };
	struct ip_addr a = some_addr(v6), b = some_addr(v6);
	bool swap = memcmp(a.b, b.b, sizeof(a.b)) > 0;

	s.first = swap ? b : a;
	s.last = swap ? a : b;
	if (rand() % 3 == 0)
		s.last = s.first;
	s.proto = rand() % 4 == 0 ? 17 : 0;
	return s;
}

static struct policy *
some_policy(uint32_t reqid)
{
	struct plane_selector local[3], remote[3];
	struct plane_policy from = { .reqid = reqid, .sa_reqid = reqid % 7,
	    .local = local, .remote = remote };
	bool v6 = rand() % 2;
	size_t i;

	from.nr_local = (size_t)rand() % 4;
	from.nr_remote = (size_t)rand() % 4;
	for (i = 0; i < 3; i++) {
		local[i] = some_range(v6);
		remote[i] = some_range(v6);
	}
	from.action = (enum plane_action)(rand() % 3);
	from.priority = rand() % 3 == 0 ? (uint32_t)rand() % 5 : 0;
	return policy_new(&from);
}

static unsigned
of_child(const struct spd *db, uint32_t reqid)
{
	const struct policy *pol;
	unsigned n = 0;

	for (pol = spd_of_child(db, reqid); pol != NULL; pol = pol->next_sa)
		n++;
	return n;
}

/* The table against a list that is walked, while policies come and go. */
static void
test_table(void **state)
{
	struct policy *pol;
	struct flow flow;
	struct spd db;
	unsigned n = 0, matched = 0, bad = 0;
	uint32_t reqid;
	int i;

	(void)state;
	srand(4301);
	spd_init(&db, 99);
	for (i = 0; i < MODEL_STEPS && bad < 5; i++) {
		reqid = (uint32_t)rand() % MODEL_POLICIES;
		pol = spd_find(&db, reqid);
		if (pol != NULL && rand() % 8 == 0) {
			spd_remove(&db, pol);
			policy_free(pol);
		} else if (pol == NULL && rand() % 4 == 0) {
			spd_add(&db, some_policy(reqid));
		}
		memset(&flow, 0, sizeof(flow));
		flow.src = some_addr(i % 2);
		flow.dst = some_addr(i % 2);
		flow.proto = i % 3 == 0 ? 17 : 6;
		pol = slow_match(&db, &flow);
		matched += pol != NULL;
		if (spd_match(&db, &flow) != pol) {
			print_error("step %d: another policy\n", i);
			bad++;
		}
	}
	for (reqid = 0; reqid < 7; reqid++)
		n += of_child(&db, reqid);
	assert_int_equal(n, list_length(&db.policies));
	assert_in_range(matched, MODEL_STEPS / 10, MODEL_STEPS);
	assert_int_equal(bad, 0);
	spd_free(&db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_ecn),
		cmocka_unit_test(test_set_tos),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
