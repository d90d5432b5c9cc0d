/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two userspace planes across a veth: every outer and inner family, in UDP
 * and raw, suites, plain and with offloads.  Pings pass, the wire shows ESP
 * only, replayed packets are refused, traffic waits at a trap policy until
 * there is an SA, a hard limit stops an SA, another source is told, unknown
 * SPIs are counted, IKE comes back, a loop ends, TCP data arrives unchanged,
 * and rekeys under full load lose no packet.
 */
#include <err.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
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
#include "plane/user/checksum.h"
#include "plane/user/flow.h"
#include "plane_pair.h"

#define FRAMES 64

static const struct pair_suite suites[] = {
	{ .encr = "ENCR_AES_GCM_16", .bits = 128, .encap = true },
	{ .encr = "ENCR_AES_GCM_16", .bits = 256, .encap = true,
	    .outer_v6 = true },
	{ .encr = "ENCR_AES_GCM_16", .bits = 128 },
	{ .encr = "ENCR_CHACHA20_POLY1305", .bits = 256, .outer_v6 = true },
	{ .encr = "ENCR_AES_CBC", .bits = 128, .encap = true, .esn = true,
	    .integ = "AUTH_HMAC_SHA2_256_128" },
	{ .encr = "ENCR_AES_CBC", .bits = 256, .esn = true,
	    .integ = "AUTH_HMAC_SHA2_512_256" },
};

static const struct setup {
	enum tun_level level;
	bool udp_offload;
} setups[] = {
	{ TUN_PLAIN, false },
	{ TUN_USO, true },
};

/* A packet socket on the outer link of a side. */
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

struct frames {
	struct {
		uint8_t data[2048];
		size_t len;
	} f[FRAMES];
	unsigned nr;		/* ESP that came in */
	unsigned clear;		/* anything else but ARP and neighbours */
};

static void
note_frame(struct frames *fr, const uint8_t *p, size_t len)
{
	bool v4 = p[14] >> 4 == 4;
	uint8_t proto = p[14 + (v4 ? 9 : 6)];
	uint16_t port = get_u16(&p[14 + (v4 ? 20 : 40) + 2]);

	if (get_u16(&p[12]) == ETH_P_ARP ||
	    (!v4 && (proto == IPPROTO_ICMPV6 || proto == 0)))
		return;
	if (proto != IPPROTO_ESP && !(proto == IPPROTO_UDP && port == 4500)) {
		fr->clear++;
		return;
	}
	if (fr->nr == FRAMES || len > sizeof(fr->f[0].data))
		return;
	memcpy(fr->f[fr->nr].data, p, len);
	fr->f[fr->nr++].len = len;
}

/* Take what is in the socket, incoming direction only. */
static void
wire_read(int fd, struct frames *fr)
{
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	static uint8_t p[70000];
	ssize_t n;

	while ((n = recvfrom(fd, p, sizeof(p), 0, (struct sockaddr *)&from,
	    &from_len)) > 0) {
		if (from.sll_pkttype != PACKET_OUTGOING && n > 60)
			note_frame(fr, p, (size_t)n);
	}
}

/* A veth carries UDP without its checksum; to send it again needs one. */
static void
finish_checksum(uint8_t *ip, size_t len)
{
	struct flow f;
	size_t l4_len;

	assert_true(flow_parse(&f, ip, len));
	if (f.proto != IPPROTO_UDP)
		return;
	l4_len = f.len - f.l4;
	put_u16(&ip[f.l4 + 6], 0);
	csum_put(&ip[f.l4 + 6], csum_pseudo(csum_add(0, &ip[f.l4], l4_len),
	    &f, l4_len), 1);
}

static void
replay(struct pair *p, const struct pair_suite *suite,
    struct frames *fr)
{
	struct plane_counters before, after;
	int i, fd = wire_open(&p->a);
	unsigned k;

	before = pair_counters(&p->b, p, suite);
	for (k = 0; k < fr->nr; k++) {
		finish_checksum(&fr->f[k].data[14], fr->f[k].len - 14);
		assert_true(write(fd, fr->f[k].data, fr->f[k].len) > 0);
	}
	for (i = 0; i < 100; i++) {
		after = pair_counters(&p->b, p, suite);
		if (after.replay_errors == before.replay_errors + fr->nr)
			break;
		usleep(2000);
	}
	assert_int_equal(after.replay_errors, before.replay_errors + fr->nr);
	assert_int_equal(after.packets, before.packets);
	close(fd);
}

static void
check_suite(struct pair *p, const struct pair_suite *suite)
{
	static struct frames fr;
	int fd = wire_open(&p->b);

	pair_add_sas(&p->a, p, suite);
	pair_add_sas(&p->b, p, suite);
	fr.nr = fr.clear = 0;
	wire_read(fd, &fr);
	fr.nr = fr.clear = 0;
	assert_int_equal(pair_run(&p->a, "ping -q -n -c 3 -i 0.01 -W 2 "
	    "10.2.2.1 >/dev/null"), 0);
	assert_int_equal(pair_run(&p->a, "ping -q -n -c 3 -i 0.01 -W 2 "
	    "-s 1300 fd00:2::1 >/dev/null"), 0);
	wire_read(fd, &fr);
	assert_int_equal(fr.clear, 0);
	assert_int_equal(fr.nr, 6);
	assert_int_equal(pair_counters(&p->a, p, suite).packets, 6);
	assert_int_equal(pair_counters(&p->b, p, suite).packets, 6);
	replay(p, suite, &fr);
	close(fd);
	pair_del_sas(&p->a, p, suite);
	pair_del_sas(&p->b, p, suite);
}

static void
test_suites(void **state)
{
	struct pair p;
	size_t i, k;

	(void)state;
	for (k = 0; k < NELEM(setups); k++) {
		pair_make(&p, setups[k].level, setups[k].udp_offload);
		pair_policies(&p, false);
		for (i = 0; i < NELEM(suites); i++)
			check_suite(&p, &suites[i]);
		pair_free(&p);
	}
}

/* Data of every size class through TCP in both directions, by checksum. */
static void
test_tcp(void **state)
{
	struct pair p;
	size_t i, k;
	pid_t pid;

	(void)state;
	for (k = 0; k < NELEM(setups); k++) {
		pair_make(&p, setups[k].level, setups[k].udp_offload);
		pair_policies(&p, false);
		for (i = 0; i < NELEM(suites); i++) {
			pair_add_sas(&p.a, &p, &suites[i]);
			pair_add_sas(&p.b, &p, &suites[i]);
			pid = pair_start(&p.b, "exec timeout 20 python3 -c '"
			    "import socket;"
			    "s=socket.create_server((\"10.2.2.1\",99));"
			    "c=s.accept()[0];h=0\n"
			    "while 1:\n"
			    " d=c.recv(65536)\n"
			    " if not d: break\n"
			    " c.sendall(d)'");
			assert_int_equal(pair_run(&p.a, "exec timeout 20 "
			    "python3 -c '"
			    "import socket,random,threading,time\n"
			    "for i in range(200):\n"
			    " try:\n"
			    "  s=socket.create_connection((\"10.2.2.1\",99))\n"
			    "  break\n"
			    " except OSError: time.sleep(0.02)\n"
			    "d=random.Random(1).randbytes(3000000)\n"
			    "def w():\n"
			    " i=0\n"
			    " while i<len(d):\n"
			    "  n=random.choice((1,100,1400,9000,65000))\n"
			    "  s.sendall(d[i:i+n]); i+=n\n"
			    " s.shutdown(1)\n"
			    "t=threading.Thread(target=w); t.start()\n"
			    "r=b\"\"\n"
			    "while 1:\n"
			    " x=s.recv(65536)\n"
			    " if not x: break\n"
			    " r+=x\n"
			    "exit(0 if r==d else 1)'"), 0);
			assert_int_equal(pair_wait(pid), 0);
			pair_del_sas(&p.a, &p, &suites[i]);
			pair_del_sas(&p.b, &p, &suites[i]);
		}
		pair_free(&p);
	}
}

#define REKEYS 20

/*
 * New keys again and again while TCP takes all that the machine gives: each
 * packet that was sent with old keys arrives, in either direction.
 */
static void
test_rekey(void **state)
{
	struct pair_suite suite = suites[0], next = suites[0];
	struct plane_stats st;
	struct pair p;
	pid_t sink, source;
	uint64_t carried = 0;
	unsigned i, lossy = 0;

	(void)state;
	pair_make(&p, TUN_USO, true);
	pair_policies(&p, false);
	pair_add_sas(&p.a, &p, &suite);
	pair_add_sas(&p.b, &p, &suite);
	sink = pair_start(&p.b, "exec timeout 30 python3 -c '"
	    "import socket\n"
	    "c=socket.create_server((\"10.2.2.1\",99)).accept()[0]\n"
	    "while c.recv(1<<20): pass'");
	source = pair_start(&p.a, "exec timeout 30 python3 -c '"
	    "import socket,time\n"
	    "for i in range(300):\n"
	    " try:\n"
	    "  s=socket.create_connection((\"10.2.2.1\",99))\n"
	    "  break\n"
	    " except OSError: time.sleep(0.02)\n"
	    "s.setsockopt(1,7,400000)\n"
	    "while 1: s.sendall(bytes(1<<20))' 2>/dev/null");
	for (i = 0; i < 500 && pair_counters(&p.b, &p, &suite).packets < 2000;
	    i++)
		usleep(10000);
	for (i = 1; i <= REKEYS; i++) {
		next.spi_add = suite.spi_add + 0x100;
		usleep(20000);
		carried += pair_counters(&p.b, &p, &suite).packets;
		if (!pair_rekey(&p, &suite, &next))
			lossy++;
		suite = next;
	}
	assert_int_equal(lossy, 0);
	print_message("%llu packets over %d rekeys\n",
	    (unsigned long long)carried, REKEYS);
	assert_true(carried > 2000 + REKEYS * 50);
	p.b.plane->ops->stats(p.b.plane, &st);
	assert_int_equal(st.no_sa, 0);
	p.a.plane->ops->stats(p.a.plane, &st);
	assert_int_equal(st.no_sa, 0);
	assert_int_equal(st.policy_drops, 0);
	kill(source, SIGTERM);
	pair_wait(source);
	pair_wait(sink);
	pair_free(&p);
}

/* The first ping asks for an SA, waits at the policy, and is answered. */
static void
test_acquire(void **state)
{
	struct pair p;
	struct plane_stats st;
	pid_t pid;

	(void)state;
	pair_make(&p, TUN_USO, true);
	pair_policies(&p, true);
	pair_add_sas(&p.b, &p, &suites[0]);
	pid = pair_start(&p.a, "ping -q -n -c 1 -W 5 10.2.2.1 >/dev/null");
	assert_true(pair_await(&p.a, &p.a.acquires, 1, 5000));
	pair_add_sas(&p.a, &p, &suites[0]);
	assert_int_equal(pair_wait(pid), 0);
	pair_del_sas(&p.a, &p, &suites[0]);

	/* a flood asks once a second at most and waits within its bound */
	pair_run(&p.a, "ping -q -n -c 100 -i 0.002 -W 1 10.2.2.1 >/dev/null");
	p.a.plane->ops->dispatch(p.a.plane);
	assert_in_range(p.a.acquires, 1, 4);
	p.a.plane->ops->stats(p.a.plane, &st);
	assert_int_equal(st.queue_drops, 100 - SPD_HELD);
	pair_free(&p);
}

static void
test_limit(void **state)
{
	struct pair_suite suite = suites[0];
	struct pair_suite next = suites[0];
	struct pair p;

	(void)state;
	pair_make(&p, TUN_USO, true);
	pair_policies(&p, false);
	suite.hard_packets = 5;
	pair_add_sas(&p.a, &p, &suite);
	pair_add_sas(&p.b, &p, &suite);
	assert_int_equal(pair_run(&p.a, "ping -q -n -c 5 -i 0.01 -W 1 "
	    "10.2.2.1 >/dev/null"), 0);
	assert_true(pair_await(&p.a, &p.a.expires, 1, 1000));
	assert_int_not_equal(pair_run(&p.a, "ping -q -n -c 1 -W 0.2 "
	    "10.2.2.1 >/dev/null"), 0);

	/* a new SA of the child takes over while the old one still stands */
	next.spi_add = 0x100;
	pair_add_sas(&p.a, &p, &next);
	pair_add_sas(&p.b, &p, &next);
	assert_int_equal(pair_run(&p.a, "ping -q -n -c 3 -i 0.01 -W 1 "
	    "10.2.2.1 >/dev/null"), 0);
	pair_del_sas(&p.a, &p, &suite);
	assert_int_equal(pair_run(&p.a, "ping -q -n -c 3 -i 0.01 -W 1 "
	    "10.2.2.1 >/dev/null"), 0);
	assert_int_equal(pair_counters(&p.b, &p, &next).packets, 6);
	pair_free(&p);
}

/* a sends from another address: b is told, moves, and answers there. */
static void
test_moved(void **state)
{
	struct endpoint there;
	struct sp_error e;
	struct pair p;

	(void)state;
	pair_make(&p, TUN_USO, true);
	pair_policies(&p, false);
	pair_add_sas(&p.a, &p, &suites[0]);
	pair_add_sas(&p.b, &p, &suites[0]);
	there = p.a.outer[0];
	addr_parse(&there.addr, "192.0.2.3");
	assert_int_equal(p.a.plane->ops->sa_move(p.a.plane, PAIR_REQID,
	    &there, &p.b.outer[0], true, &e), 0);
	pair_run(&p.a, "ping -q -n -c 1 -W 0.1 10.2.2.1 >/dev/null");
	assert_true(pair_await(&p.b, &p.b.moves, 1, 1000));
	assert_true(endpoint_eq(&p.b.moved_to, &there));
	assert_int_equal(p.b.plane->ops->sa_move(p.b.plane, PAIR_REQID,
	    &p.b.outer[0], &there, true, &e), 0);
	assert_int_equal(pair_run(&p.a, "ping -q -n -c 1 -W 1 10.2.2.1 "
	    ">/dev/null"), 0);
	assert_int_equal(p.b.moves, 1);
	pair_free(&p);
}

/* The way to the peer leads into the tunnel: our ESP must not go round. */
static void
test_loop(void **state)
{
	struct plane_stats st;
	struct pair p;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i += 2) {		/* in UDP, raw */
		pair_make(&p, TUN_USO, true);
		p.wide = true;
		pair_policies(&p, false);
		pair_add_sas(&p.a, &p, &suites[i]);
		assert_int_equal(pair_run(&p.a,
		    "ip route add 192.0.2.2 dev sp-a"), 0);
		assert_int_not_equal(pair_run(&p.a, "ping -q -n -c 2 -i 0.05 "
		    "-W 0.1 10.2.2.1 >/dev/null"), 0);
		p.a.plane->ops->stats(p.a.plane, &st);
		assert_int_equal(pair_counters(&p.a, &p,
		    &suites[i]).packets, 2);
		assert_in_range(st.policy_drops, 2, 10);
		pair_free(&p);
	}
}

/* What is not ours on port 4500, and IKE. */
static void
test_datagrams(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} rows[] = {
		{ "", 0 }, { "\xff", 1 }, { "\xff\xff", 2 }, { "\1\2\3", 3 },
		{ "\0\0\0\1\0\0\0\1", 8 },	/* SPI 1: reserved */
		{ "\7\7\7\7\0\0\0\1", 8 },	/* unknown SPI */
		{ "\7\7\7\7", 4 },		/* ESP cut */
		{ "\0\0\0\0hello", 9 },		/* IKE */
	};
	struct sockaddr_storage ss;
	struct plane_stats st;
	struct pair p;
	socklen_t len;
	size_t i;

	(void)state;
	pair_make(&p, TUN_USO, true);
	len = endpoint_to_sockaddr(&p.b.outer[0], &ss);
	for (i = 0; i < NELEM(rows); i++)
		assert_int_equal(sendto(p.a.udp4, rows[i].data, rows[i].len,
		    0, (struct sockaddr *)&ss, len), rows[i].len);
	assert_true(pair_await(&p.b, &p.b.ike, 1, 1000));
	assert_int_equal(p.b.unknown, 1);
	assert_int_equal(p.b.ike_len, 5);
	assert_memory_equal(p.b.ike_data, "hello", 5);
	p.b.plane->ops->stats(p.b.plane, &st);
	assert_int_equal(st.no_sa, 1);
	assert_int_equal(st.malformed, 4);
	pair_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_suites),
		cmocka_unit_test(test_acquire),
		cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_tcp),
	};
	const char *why = pair_obstacle();

	if (why != NULL) {
		printf("skipped: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
