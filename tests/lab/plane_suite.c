/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conformance suite of plane.h: one table of what a child can be, run
 * between two planes of every kind that this machine has.  Two userspace
 * planes where the kernel has no ESP, else userspace against kernel, and with
 * --all the roles changed and kernel against kernel too.  Each row: small and large packets pass in
 * both directions, both ends count the same, the wire shows nothing else,
 * and packets caught on the wire and sent again are refused as replays.
 */
#include <err.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/alg.h"
#include "plane_pair.h"

#define PINGS 2u		/* of each size */
#define MAX_ROWS 400

static const struct {
	const char *encr, *integ;
	unsigned bits;
} mode_suites[] = {		/* in every mode */
	{ "ENCR_AES_GCM_16", NULL, 256 },
	{ "ENCR_AES_CBC", "AUTH_HMAC_SHA2_256_128", 128 },
	{ NULL, "AUTH_HMAC_SHA2_256_128", 0 },
};

static struct pair_suite rows[MAX_ROWS];
static size_t nr_rows, nr_modes;	/* the modes come first */

static void
add_row(struct pair_suite row)
{
	if (nr_rows == MAX_ROWS)
		errx(1, "more than %d rows", MAX_ROWS);
	rows[nr_rows++] = row;
}

/* Modes, families, encapsulation, extended numbers. */
static void
add_modes(void)
{
	unsigned i, bits;

	for (i = 0; i < NELEM(mode_suites); i++) {
		for (bits = 0; bits < 16; bits++) {
			if (mode_suites[i].encr == NULL && (bits & 4) != 0)
				continue;	/* no AH in UDP */
			add_row((struct pair_suite){
				.encr = mode_suites[i].encr,
				.integ = mode_suites[i].integ,
				.bits = mode_suites[i].bits,
				.transport = (bits & 1) != 0,
				.outer_v6 = (bits & 2) != 0,
				.encap = (bits & 4) != 0,
				.esn = (bits & 8) != 0,
			});
		}
	}
}

static bool
usable(const struct alg *alg, enum alg_type type, unsigned flag)
{
	return alg->type == type && (alg->flags & flag) != 0 &&
	    (alg->flags & ALG_ABSENT) == 0 && alg_usable(alg, NULL);
}

/* Each algorithm of ESP and AH once. */
static void
add_algs(void)
{
	const struct alg *alg;
	size_t i, k;

	for (i = 0; (alg = alg_at(i)) != NULL; i++) {
		for (k = 0; usable(alg, ALG_ENCR, ALG_USE_ESP) &&
		    (k == 0 || (k < 4 && alg->key_bits[k] != 0)); k++)
			add_row((struct pair_suite){
				.encr = alg->name, .bits = alg->key_bits[k],
				.integ = (alg->flags & ALG_AEAD) != 0 ? NULL :
				    "AUTH_HMAC_SHA1_96",
			});
		if (usable(alg, ALG_INTEG, ALG_USE_ESP))
			add_row((struct pair_suite){
				.encr = "ENCR_AES_CBC", .bits = 128,
				.integ = alg->name,
			});
		if (usable(alg, ALG_INTEG, ALG_USE_AH))
			add_row((struct pair_suite){ .integ = alg->name });
	}
}

static int
wire_open(const struct side *s)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_ALL) };
	int fd;

	pair_enter(s);
	ll.sll_ifindex = (int)if_nametoindex("v0");
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
	if (fd < 0 || bind(fd, (struct sockaddr *)&ll, sizeof(ll)) < 0)
		err(1, "packet socket");
	return fd;
}

struct caught {
	uint8_t frame[2048];	/* the last one that was protected */
	size_t len;
	unsigned clear;		/* frames that were not */
};

/* Is the frame what this suite sends, or neighbours finding each other. */
static bool
is_protected(const struct pair_suite *suite, const uint8_t *p, size_t len)
{
	bool v4 = get_u16(&p[12]) == ETH_P_IP;
	uint8_t proto = p[14 + (v4 ? 9 : 6)];

	if (len < 14 + 40 || v4 == suite->outer_v6)
		return false;
	if (suite->encap)
		return proto == IPPROTO_UDP &&
		    get_u16(&p[14 + (v4 ? 20 : 40) + 2]) == 4500;
	return proto == (suite->encr != NULL ? IPPROTO_ESP : IPPROTO_AH);
}

static bool
is_neighbour(const uint8_t *p)
{
	return get_u16(&p[12]) == ETH_P_ARP ||
	    (get_u16(&p[12]) == ETH_P_IPV6 && (p[20] == 0 ||
	    (p[20] == IPPROTO_ICMPV6 && p[54] >= 133)));
}

/*
 * Take what a side sent.  What it received is no witness: a kernel shows
 * there what it has decrypted, too.
 */
static void
wire_read(int fd, const struct pair_suite *suite, struct caught *c)
{
	struct sockaddr_ll from;
	static uint8_t p[70000];
	socklen_t from_len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(fd, p, sizeof(p), 0, (struct sockaddr *)&from,
	    &from_len)) > 0) {
		if (from.sll_pkttype != PACKET_OUTGOING || is_neighbour(p))
			continue;
		if (!is_protected(suite, p, (size_t)n)) {
			c->clear++;
		} else if ((size_t)n <= sizeof(c->frame)) {
			memcpy(c->frame, p, (size_t)n);
			c->len = (size_t)n;
		}
	}
}

static bool
ping(const struct pair *p, const struct pair_suite *suite, const char *inner,
    unsigned size)
{
	char command[160];

	if (suite->transport)
		inner = suite->outer_v6 ? "2001:db8::2" : "192.0.2.2";
	snprintf(command, sizeof(command), "ping -q -n -c %u -i 0.005 -W 2 "
	    "-s %u %s >/dev/null", PINGS, size, inner);
	if (pair_run(&p->a, command) == 0)
		return true;
	printf("no answer: %s\n", command);
	return false;
}

/* The same frame again, from the same side: one replay more, no packet. */
static bool
is_replay(struct pair *p, const struct pair_suite *suite,
    const struct caught *c)
{
	struct plane_counters before = pair_counters(&p->b, p, suite), after;
	int i, fd;

	/* a veth leaves UDP checksums to nobody: IPv6 would drop them */
	if (suite->encap)
		return true;
	fd = wire_open(&p->a);
	if (write(fd, c->frame, c->len) < 0)
		err(1, "write");
	close(fd);
	for (i = 0; i < 200; i++) {
		after = pair_counters(&p->b, p, suite);
		if (after.replay_errors == before.replay_errors + 1)
			return after.packets == before.packets;
		usleep(1000);
	}
	printf("replays: %llu, then %llu\n",
	    (unsigned long long)before.replay_errors,
	    (unsigned long long)after.replay_errors);
	return false;
}

static bool
traffic(struct pair *p, const struct pair_suite *suite)
{
	static struct caught c;
	int a = wire_open(&p->a), b = wire_open(&p->b);
	unsigned want = suite->transport ? 2 * PINGS : 3 * PINGS;
	bool ok;

	c.len = c.clear = 0;
	ok = ping(p, suite, "10.2.2.1", 56) &&
	    ping(p, suite, "10.2.2.1", 1201) &&
	    (suite->transport || ping(p, suite, "fd00:2::1", 1000));
	wire_read(b, suite, &c);
	wire_read(a, suite, &c);	/* last: this one is sent again */
	close(a);
	close(b);
	if (!ok)
		return false;
	if (c.clear != 0 || c.len == 0 ||
	    pair_counters(&p->a, p, suite).packets != want ||
	    pair_counters(&p->b, p, suite).packets != want) {
		printf("%u in clear; packets %llu, %llu, expected %u\n",
		    c.clear,
		    (unsigned long long)pair_counters(&p->a, p, suite).packets,
		    (unsigned long long)pair_counters(&p->b, p, suite).packets,
		    want);
		return false;
	}
	return is_replay(p, suite, &c);
}

static void
run_rows(bool kernel_a, bool kernel_b, size_t nr)
{
	const struct pair_suite *r;
	unsigned bad = 0, absent = 0;
	struct pair p;
	size_t i;

	pair_make_mixed(&p, kernel_a, kernel_b);
	for (i = 0; i < nr; i++) {
		r = &rows[i];
		if (!pair_up(&p, r)) {
			/* half a child is not worth taking down */
			absent++;
			pair_free(&p);
			pair_make_mixed(&p, kernel_a, kernel_b);
			continue;
		}
		if (!traffic(&p, r)) {
			bad++;
			printf("FAILED: %s %u %s%s%s%s%s\n",
			    r->encr ? r->encr : "AH", r->bits,
			    r->integ ? r->integ : "",
			    r->transport ? " transport" : " tunnel",
			    r->outer_v6 ? " in IPv6" : " in IPv4",
			    r->encap ? " in UDP" : "", r->esn ? " ESN" : "");
		}
		pair_down(&p, r);
	}
	pair_free(&p);
	print_message("%zu rows, %u of them with an algorithm that the kernel "
	    "lacks\n", nr, absent);
	assert_int_equal(bad, 0);
	assert_true(absent * 2 < nr);
}

static void
test_user_user(void **state)
{
	(void)state;
	run_rows(false, false, nr_rows);
}

static void
test_user_kernel(void **state)
{
	(void)state;
	run_rows(false, true, nr_rows);
}

static void
test_kernel_user(void **state)
{
	(void)state;
	run_rows(true, false, nr_modes);
}

static void
test_kernel_kernel(void **state)
{
	(void)state;
	run_rows(true, true, nr_modes);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest user[] = {
		cmocka_unit_test(test_user_user),
	};
	const struct CMUnitTest cross[] = {
		cmocka_unit_test(test_user_kernel),
	};
	const struct CMUnitTest all[] = {
		cmocka_unit_test(test_user_kernel),
		cmocka_unit_test(test_kernel_user),
		cmocka_unit_test(test_kernel_kernel),
	};
	const char *why = pair_obstacle();
	bool works;

	if (why != NULL) {
		printf("skipped: %s\n", why);
		return 77;
	}
	works = plane_xfrm_works(&why);
	if (argc > 1 && strcmp(argv[1], "--works") == 0)
		return works ? 0 : 77;
	add_modes();
	nr_modes = nr_rows;
	add_algs();
	if (works && argc > 1 && strcmp(argv[1], "--all") == 0)
		return cmocka_run_group_tests(all, NULL, NULL);
	if (works)
		return cmocka_run_group_tests(cross, NULL, NULL);
	printf("userspace planes only: %s\n", why);
	return cmocka_run_group_tests(user, NULL, NULL);
}
