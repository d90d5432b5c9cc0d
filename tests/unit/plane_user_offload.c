/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Segmentation and coalescing.  The law: whatever packets go into the
 * coalescer, cutting what comes out gives the same packets, byte for byte
 * and in the order of each flow (the identification of packets with DF
 * apart).  Random streams of TCP, UDP, ICMP and fragments over IPv4 and
 * IPv6, with options, odd sizes, ECN, damage and loss; and rows that say how
 * many super-packets come of a given stream.
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
#include "plane/user/checksum.h"
#include "plane/user/coalesce.h"
#include "plane/user/flow.h"
#include "plane/user/segment.h"
#include "plane/user/tun.h"

#define MAX_PACKETS 256
#define FLOWS 11		/* more than the coalescer keeps open */

struct packet {
	uint8_t *data;
	size_t len;
};

struct stream {
	struct packet in[MAX_PACKETS], out[MAX_PACKETS];
	unsigned nr_in, nr_out, writes;
};

/* How a flow's packets look. */
struct shape {
	uint8_t proto;
	bool v6, df;
	uint8_t tos, ttl;
	uint16_t sport, id;
	unsigned options;	/* bytes of TCP options */
	uint32_t seq, ack;
};

static unsigned
rnd(unsigned below)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned)(x >> 20) % below;
}

static size_t
put_ip(uint8_t *p, const struct shape *s, size_t l4_len)
{
	memset(p, 0, 40);
	if (s->v6) {
		put_u32(p, 0x60000000u | (uint32_t)s->tos << 20 | 0x12345);
		put_u16(&p[4], (uint16_t)l4_len);
		p[6] = s->proto;
		p[7] = s->ttl;
		p[8] = p[24] = 0xfd;
		p[23] = 1;
		p[39] = 2;
		return 40;
	}
	p[0] = 0x45;
	p[1] = s->tos;
	put_u16(&p[2], (uint16_t)(20 + l4_len));
	put_u16(&p[4], s->id);
	put_u16(&p[6], s->df ? 0x4000 : 0);
	p[8] = s->ttl;
	p[9] = s->proto;
	put_u32(&p[12], 0x0a010101);
	put_u32(&p[16], 0x0a020202);
	csum_put(&p[10], csum_add(0, p, 20), 0);
	return 20;
}

static void
put_sum(uint8_t *p, size_t len, size_t at)
{
	struct flow f;

	assert_true(flow_parse(&f, p, len));
	put_u16(&p[f.l4 + at], 0);
	csum_put(&p[f.l4 + at], csum_pseudo(csum_add(0, &p[f.l4],
	    len - f.l4), &f, len - f.l4), f.proto == IPPROTO_UDP);
}

/* A packet of the flow with payload bytes; the shape moves on. */
static size_t
make_packet(uint8_t *p, struct shape *s, size_t payload, uint8_t flags)
{
	size_t head = s->proto == IPPROTO_TCP ? 20 + s->options : 8;
	size_t ip = put_ip(p, s, head + payload);
	uint8_t *l4 = &p[ip];
	size_t i;

	memset(l4, 0, head);
	put_u16(l4, s->sport);
	put_u16(&l4[2], 80);
	if (s->proto == IPPROTO_TCP) {
		put_u32(&l4[4], s->seq);
		put_u32(&l4[8], s->ack);
		l4[12] = (uint8_t)(head / 4 << 4);
		l4[13] = flags;
		put_u16(&l4[14], 500);
		memset(&l4[20], 1, s->options);
	} else {
		put_u16(&l4[4], (uint16_t)(8 + payload));
	}
	for (i = 0; i < payload; i++)
		l4[head + i] = (uint8_t)rnd(256);
	if (s->proto == IPPROTO_TCP || s->proto == IPPROTO_UDP)
		put_sum(p, ip + head + payload,
		    s->proto == IPPROTO_TCP ? 16 : 6);
	s->seq += (uint32_t)payload;
	s->id++;
	return ip + head + payload;
}

static void
keep(struct packet *list, unsigned *nr, const uint8_t *p, size_t len)
{
	assert_true(*nr < MAX_PACKETS);
	list[*nr].data = xmemdup(p, len);
	list[(*nr)++].len = len;
}

/* The writer: cut what comes out of the coalescer. */
static bool
cut(void *ctx, const struct iovec *iov, int nr)
{
	static uint8_t joined[TUN_READ_MAX], one[TUN_READ_MAX];
	struct stream *st = ctx;
	struct segments segs;
	struct flow flow;
	size_t len = 0, n;
	int i;

	st->writes++;
	assert_int_equal(iov[0].iov_len, TUN_HEADER);
	for (i = 0; i < nr; i++) {
		assert_true(len + iov[i].iov_len <= sizeof(joined));
		memcpy(&joined[len], iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	assert_true(flow_parse(&flow, &joined[TUN_HEADER], len - TUN_HEADER));
	assert_int_equal(flow.len, len - TUN_HEADER);
	assert_true(segments_begin(&segs, joined, &flow));
	while ((n = segments_next(&segs, one)) > 0) {
		assert_true(n <= segments_longest(&segs));
		keep(st->out, &st->nr_out, one, n);
	}
	return true;
}

/* Feed the stream, cut, and put both lists free of what may differ. */
static void
pass(struct stream *st, bool tcp, bool udp)
{
	struct coalesce *c = coalesce_new(tcp, udp, cut, st);
	static uint8_t copies[MAX_PACKETS][2048];
	struct flow f;
	unsigned i;

	for (i = 0; i < st->nr_in; i++) {
		memcpy(copies[i], st->in[i].data, st->in[i].len);
		assert_true(flow_parse(&f, copies[i], st->in[i].len));
		coalesce_add(c, st, &f, copies[i]);
	}
	assert_int_equal(coalesce_flush(c), 0);
	coalesce_free(c);
}

static void
forget(struct stream *st)
{
	unsigned i;

	for (i = 0; i < st->nr_in; i++)
		free(st->in[i].data);
	for (i = 0; i < st->nr_out; i++)
		free(st->out[i].data);
	free(st);
}

/* With DF the identification means nothing: take it out of both. */
static void
normalise(struct packet *p)
{
	uint32_t sum;

	if (p->data[0] >> 4 != 4 || (p->data[6] & 0x40) == 0)
		return;
	/* a header that was damaged must stay damaged */
	sum = csum_fold(csum_add(0, p->data, 20));
	put_u16(&p->data[4], 0);
	put_u16(&p->data[10], 0);
	if (sum == 0xffff)
		csum_put(&p->data[10], csum_add(0, p->data, 20), 0);
}

static bool
same_packet(const struct packet *a, const struct packet *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Do two packets belong to one flow as the coalescer sees it. */
static bool
one_flow(const struct packet *a, const struct packet *b)
{
	struct flow f, g;

	assert_true(flow_parse(&f, a->data, a->len));
	assert_true(flow_parse(&g, b->data, b->len));
	return f.proto == g.proto && f.sport == g.sport &&
	    f.dport == g.dport && addr_eq(&f.src, &g.src);
}

/* Every packet in is a packet out, in the order of its flow. */
static bool
check_law(struct stream *st)
{
	bool used[MAX_PACKETS] = {0};
	unsigned i, k;

	for (i = 0; i < st->nr_in; i++)
		normalise(&st->in[i]);
	for (k = 0; k < st->nr_out; k++)
		normalise(&st->out[k]);
	for (i = 0; i < st->nr_in; i++) {
		for (k = 0; k < st->nr_out; k++) {
			if (!used[k] && one_flow(&st->in[i], &st->out[k]))
				break;
		}
		if (k == st->nr_out ||
		    !same_packet(&st->in[i], &st->out[k])) {
			print_error("packet %u of %u is not the next of its "
			    "flow\n", i, st->nr_in);
			return false;
		}
		used[k] = true;
	}
	return st->nr_in == st->nr_out;
}

static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_TCP, IPPROTO_TCP,
    IPPROTO_UDP, IPPROTO_UDP, 253 };

static struct shape
random_shape(unsigned i)
{
	return (struct shape){
		.proto = protos[rnd(sizeof(protos))],
		.v6 = rnd(3) == 0, .df = rnd(2),
		.tos = (uint8_t)rnd(4), .ttl = 64,
		.sport = (uint16_t)(1000 + i), .id = (uint16_t)rnd(65536),
		.options = rnd(2) * 12, .seq = UINT32_MAX - rnd(9000),
	};
}

/* One of the things that make a packet differ from its neighbours. */
static void
disturb(struct shape *s, uint8_t *p, size_t len)
{
	switch (rnd(40)) {
	case 0:
		p[len - 1] ^= 1;		/* damaged payload */
		break;
	case 1:
		if (!s->v6)
			p[10] ^= 1;		/* damaged header */
		break;
	case 2:
		s->seq += 7;			/* something was lost */
		break;
	case 3:
		s->ack += 7;
		break;
	case 4:
		s->ttl ^= 1;
		break;
	case 5:
		s->tos ^= 3;
		break;
	case 6:
		s->options ^= 12;
		break;
	case 7:
		s->id += 3;
		break;
	case 8:
		if (!s->v6) {			/* a first fragment */
			p[6] |= 0x20;
			put_u16(&p[10], 0);
			csum_put(&p[10], csum_add(0, p, 20), 0);
		}
		break;
	case 9:
		s->id--;			/* fixed identification */
		break;
	case 10:
		if (s->proto == IPPROTO_UDP && !s->v6)
			put_u16(&p[26], 0);	/* no checksum */
		break;
	}
}

static void
random_stream(struct stream *st)
{
	struct shape shapes[FLOWS];
	unsigned i, n = 1 + rnd(200), flows = 1 + rnd(FLOWS);
	size_t len, usual = 1 + rnd(1400);
	uint8_t p[2048];
	struct shape *s;

	for (i = 0; i < flows; i++)
		shapes[i] = random_shape(i);
	for (i = 0; i < n; i++) {
		s = &shapes[rnd(4) ? i / 16 % flows : rnd(flows)];
		len = make_packet(p, s, rnd(12) ? usual : rnd(1400),
		    (uint8_t)(rnd(10) ? 0x10 : rnd(256)));
		disturb(s, p, len);
		keep(st->in, &st->nr_in, p, len);
	}
}

static void
test_law(void **state)
{
	unsigned i, in = 0, writes = 0;
	struct stream *st;
	bool ok = true;

	(void)state;
	for (i = 0; i < 600 && ok; i++) {
		st = xcalloc(1, sizeof(*st));
		random_stream(st);
		pass(st, i % 7 != 0, i % 5 != 0);
		ok = check_law(st);
		in += st->nr_in;
		writes += st->writes;
		forget(st);
	}
	assert_true(ok);
	print_message("%u packets in %u writes\n", in, writes);
	assert_true(writes < in / 4 * 3);
}

static const struct count_row {
	const char *name;
	struct shape shape;
	unsigned packets;
	size_t payload, last;	/* bytes of all, and of the last one */
	uint8_t flags, last_flags;
	unsigned writes;
} count_rows[] = {
	{ "tcp", { .proto = 6 }, 40, 1400, 1400, 0x10, 0x10, 1 },
	{ "tcp, short end", { .proto = 6 }, 40, 1400, 3, 0x10, 0x18, 1 },
	{ "tcp, longer end", { .proto = 6 }, 40, 1000, 1400, 0x10, 0x10, 2 },
	{ "tcp, v6", { .proto = 6, .v6 = true }, 40, 1380, 9, 0x10, 0x18, 1 },
	{ "tcp, each pushed", { .proto = 6 }, 5, 100, 100, 0x18, 0x18, 5 },
	{ "tcp, fin", { .proto = 6 }, 5, 100, 100, 0x10, 0x11, 2 },
	{ "tcp, cwr", { .proto = 6 }, 5, 100, 100, 0x90, 0x90, 5 },
	{ "tcp, more than pieces", { .proto = 6 }, 70, 100, 100, 0x10, 0x10,
	    2 },
	{ "tcp, more than bytes", { .proto = 6 }, 50, 1400, 1400, 0x10, 0x10,
	    2 },
	{ "tcp, empty", { .proto = 6 }, 3, 0, 0, 0x10, 0x10, 3 },
	{ "udp", { .proto = 17 }, 40, 1200, 1200, 0, 0, 1 },
	{ "udp, short end", { .proto = 17 }, 40, 1200, 1, 0, 0, 1 },
	{ "udp, v6, odd", { .proto = 17, .v6 = true }, 40, 1201, 1201, 0, 0,
	    1 },
	{ "other", { .proto = 253 }, 5, 100, 100, 0, 0, 5 },
};

static void
test_counts(void **state)
{
	const struct count_row *t;
	struct stream *st;
	struct shape s;
	uint8_t p[2048];
	unsigned i, k;
	size_t n;
	int bad = 0;

	(void)state;
	for (i = 0; i < NELEM(count_rows); i++) {
		t = &count_rows[i];
		st = xcalloc(1, sizeof(*st));
		s = t->shape;
		s.ttl = 64;
		for (k = 1; k <= t->packets; k++) {
			n = make_packet(p, &s, k == t->packets ? t->last :
			    t->payload, k == t->packets ? t->last_flags :
			    t->flags);
			keep(st->in, &st->nr_in, p, n);
		}
		pass(st, true, true);
		if (!check_law(st) || st->writes != t->writes) {
			print_error("%s: %u writes, expected %u\n", t->name,
			    st->writes, t->writes);
			bad++;
		}
		forget(st);
	}
	assert_int_equal(bad, 0);
}

/* A plain packet whose checksum the kernel left to us. */
static void
test_checksum(void **state)
{
	struct shape s = { .proto = IPPROTO_UDP, .ttl = 64 };
	struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
	    .csum_start = 20, .csum_offset = 6 };
	uint8_t buf[TUN_HEADER + 256], want[256], got[256];
	struct segments segs;
	struct flow f;
	uint16_t sum;
	size_t len;

	(void)state;
	len = make_packet(want, &s, 33, 0);
	memcpy(&buf[TUN_HEADER], want, len);
	assert_true(flow_parse(&f, want, len));
	sum = csum_fold(csum_pseudo(0, &f, len - 20));
	memcpy(&buf[TUN_HEADER + 26], &sum, 2);
	memcpy(buf, &h, sizeof(h));
	assert_true(segments_begin(&segs, buf, &f));
	assert_int_equal(segments_next(&segs, got), len);
	assert_memory_equal(got, want, len);
	assert_int_equal(segments_next(&segs, got), 0);

	/* a header that points past the packet is not followed */
	h.csum_offset = (uint16_t)(len - 21);
	memcpy(buf, &h, sizeof(h));
	assert_false(segments_begin(&segs, buf, &f));
	h.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	memcpy(buf, &h, sizeof(h));
	assert_false(segments_begin(&segs, buf, &f));
}

/* Flags of a TSO packet: CWR on the first segment, FIN and PSH on the last. */
static void
test_flags(void **state)
{
	static const uint8_t want[] = { 0x90, 0x10, 0x19 };
	struct shape s = { .proto = IPPROTO_TCP, .ttl = 64, .seq = 1000 };
	struct virtio_net_hdr h = { .gso_size = 600,
	    .gso_type = VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN };
	uint8_t buf[TUN_HEADER + 2048], got[2048];
	struct segments segs;
	struct flow f;
	size_t len, n, i;

	(void)state;
	len = make_packet(&buf[TUN_HEADER], &s, 1500, 0x99);
	memcpy(buf, &h, sizeof(h));
	assert_true(flow_parse(&f, &buf[TUN_HEADER], len));
	assert_true(segments_begin(&segs, buf, &f));
	for (i = 0; (n = segments_next(&segs, got)) > 0; i++) {
		assert_int_equal(n, i < 2 ? 640 : 340);
		assert_int_equal(got[33], want[i]);
		assert_int_equal(get_u32(&got[24]), 1000 + i * 600);
		assert_int_equal(get_u16(&got[4]), i);
		assert_int_equal(csum_fold(csum_add(0, got, 20)), 0xffff);
	}
	assert_int_equal(i, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_law),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
