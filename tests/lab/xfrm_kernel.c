/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel plane in a real kernel: two namespaces joined by a veth pair,
 * a plane in each, packets of ping(8) between them, and ip(8) as the second
 * witness of what is installed.
 *
 *   xa 192.0.2.1, 2001:db8::1, inner 10.1.0.1, 2001:db8:a::1
 *   xb 192.0.2.2, 2001:db8::2, inner 10.2.0.1, 2001:db8:b::1
 *
 * --works tells by its status whether the kernel can do it: 0 or 77.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/alg.h"
#include "net/net.h"
#include "plane/plane.h"
#include "plane/xfrm/bypass.h"

enum side_name { A, B };

struct side {
	char netns[32];
	struct plane *plane;
	int udp4, udp6;
	/* what the plane said */
	unsigned nr_acquire, nr_soft, nr_hard, nr_moved;
	uint32_t acquire_reqid, expire_spi, moved_reqid;
	struct plane_selector acquire_src, acquire_dst;
	struct endpoint moved_to;
};

static struct side sides[2];
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

static struct ip_addr
addr(const char *s)
{
	struct ip_addr a = { 0 };

	if (!addr_parse(&a, s))
		fail_msg("bad address %s in the test", s);
	return a;
}

static struct plane_selector
sel(const char *s, uint8_t proto)
{
	struct plane_selector out = { .proto = proto, .port_last = 65535 };
	struct ip_prefix p;

	if (!prefix_parse(&p, s))
		fail_msg("bad prefix %s in the test", s);
	prefix_range(&p, &out.first, &out.last);
	return out;
}

/* Run a command in a side's namespace; its output in out, exit status back. */
static int
run(enum side_name side, const char *command, char *out, size_t size)
{
	char copy[300], *argv[40], *save = NULL, *word;
	size_t argc = 0, len = 0;
	int old, fds[2], status;
	ssize_t n;
	pid_t pid;

	snprintf(copy, sizeof(copy), "%s", command);
	for (word = strtok_r(copy, " ", &save); word != NULL && argc < 39;
	    word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	OK(netns_enter(sides[side].netns, &old, &err));
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fds[1]);
	while ((n = read(fds[0], out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	OK(netns_leave(old, &err));
	return WEXITSTATUS(status);
}

/* The output of a command holds (or lacks) a text. */
static bool
shows(enum side_name side, const char *command, const char *want)
{
	char text[16384];

	run(side, command, text, sizeof(text));
	if (strstr(text, want) != NULL)
		return true;
	print_message("side %d, %s: no \"%s\" in\n%s\n", (int)side, command,
	    want, text);
	return false;
}

static bool
shows_nothing(enum side_name side, const char *command)
{
	char text[16384];

	run(side, command, text, sizeof(text));
	if (text[strspn(text, " \n")] == '\0')
		return true;
	print_message("side %d, %s: not empty:\n%s\n", (int)side, command,
	    text);
	return false;
}

/* How many of n pings from A's inner address are answered. */
static unsigned
ping(const char *from, const char *to, unsigned n)
{
	char command[120], text[4096], *p;
	unsigned answered = 0;

	snprintf(command, sizeof(command),
	    "ping -n -q -c %u -i 0.02 -W 1 -I %s %s", n, from, to);
	run(A, command, text, sizeof(text));
	p = strstr(text, "transmitted, ");
	if (p == NULL || sscanf(p, "transmitted, %u", &answered) != 1)
		print_message("%s\n", text);
	return answered;
}

static void
on_acquire(void *ctx, uint32_t reqid, const struct plane_selector *src,
    const struct plane_selector *dst)
{
	struct side *s = ctx;

	s->nr_acquire++;
	s->acquire_reqid = reqid;
	s->acquire_src = *src;
	s->acquire_dst = *dst;
}

static void
on_expire(void *ctx, uint32_t spi, bool hard)
{
	struct side *s = ctx;

	if (hard)
		s->nr_hard++;
	else
		s->nr_soft++;
	s->expire_spi = spi;
}

static void
on_moved(void *ctx, uint32_t reqid, const struct endpoint *remote)
{
	struct side *s = ctx;

	s->nr_moved++;
	s->moved_reqid = reqid;
	s->moved_to = *remote;
}

static void
dispatch(enum side_name side)
{
	struct plane *p = sides[side].plane;
	struct pollfd f = { .fd = p->ops->fd(p), .events = POLLIN };

	if (poll(&f, 1, 300) > 0)
		p->ops->dispatch(p);
}

static int
udp_socket(int family)
{
	struct endpoint e = { .port = 4500 };
	struct sockaddr_storage ss;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	e.addr.family = (uint8_t)family;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&ss,
	    endpoint_to_sockaddr(&e, &ss)), 0);
	return fd;
}

/* A plane in the namespace of the side, with its sockets of port 4500. */
static void
plane_up(enum side_name side)
{
	struct side *s = &sides[side];
	struct plane_params p = { .name = "lab", .events = {
		.acquire = on_acquire, .expire = on_expire,
		.moved = on_moved, .ctx = s } };
	int old;

	OK(netns_enter(s->netns, &old, &err));
	if (s->udp4 == 0) {
		s->udp4 = udp_socket(AF_INET);
		s->udp6 = udp_socket(AF_INET6);
		OK(plane_xfrm_bypass_socket(s->udp4, AF_INET, &err));
		OK(plane_xfrm_bypass_socket(s->udp6, AF_INET6, &err));
	}
	p.udp4500_v4 = s->udp4;
	p.udp4500_v6 = s->udp6;
	OK(plane_xfrm_new(&s->plane, &p, &err));
	OK(netns_leave(old, &err));
	s->nr_acquire = s->nr_soft = s->nr_hard = s->nr_moved = 0;
}

static void
plane_down(enum side_name side)
{
	sides[side].plane->ops->free(sides[side].plane);
	sides[side].plane = NULL;
	assert_true(shows_nothing(side, "ip xfrm state"));
	assert_true(shows_nothing(side, "ip xfrm policy list dir out "
	    "priority 0 nosock"));
}

static int
setup(void **state)
{
	(void)state;
	plane_up(A);
	plane_up(B);
	return 0;
}

static int
teardown(void **state)
{
	enum side_name s;

	(void)state;
	for (s = A; s <= B; s++) {
		if (sides[s].plane != NULL)
			plane_down(s);
	}
	return 0;
}

/* A kind of tunnel. */
struct kind {
	const char *name;
	const char *outer[2], *inner[2];
	uint8_t protocol;
	bool transport, encap, esn;
	uint32_t window;
	const char *encr, *integ;	/* settings words */
	unsigned bits, icv;
	const char *shown[2];		/* by ip xfrm state */
};

#define V4 { "192.0.2.1", "192.0.2.2" }
#define V6 { "2001:db8::1", "2001:db8::2" }
#define IN4 { "10.1.0.1", "10.2.0.1" }
#define IN6 { "2001:db8:a::1", "2001:db8:b::1" }

static const struct kind kinds[] = {
	{ "AES-GCM", V4, IN4, 50, false, false, false, 32, "aes-gcm", NULL,
	  256, 128, { "aead rfc4106(gcm(aes))", " 128\n" } },
	{ "AES-CBC, SHA-256", V4, IN4, 50, false, false, false, 64, "aes",
	  "sha256", 128, 0, { "enc cbc(aes)", "auth-trunc hmac(sha256)" } },
	{ "in UDP", V4, IN4, 50, false, true, false, 32, "aes-gcm", NULL,
	  128, 128, { "encap type espinudp sport 4500 dport 4500", "" } },
	{ "in UDP, IPv6", V6, IN4, 50, false, true, false, 32, "aes-gcm",
	  NULL, 128, 128, { "encap type espinudp", "" } },
	{ "IPv6 in IPv6", V6, IN6, 50, false, false, false, 32, "aes-gcm",
	  NULL, 128, 128, { "mode tunnel", "" } },
	{ "IPv6 in IPv4", V4, IN6, 50, false, false, false, 32, "aes",
	  "sha1", 256, 0, { "mode tunnel", "hmac(sha1)" } },
	{ "ESN", V4, IN4, 50, false, false, true, 1024, "aes-gcm", NULL, 128,
	  128, { "flag af-unspec esn", "replay_window 1024" } },
	{ "ESN without a window", V4, IN4, 50, false, false, true, 0,
	  "aes-gcm", NULL, 128, 128, { "replay_window 4096", "" } },
	{ "transport", V4, V4, 50, true, false, false, 32, "aes-gcm", NULL,
	  128, 128, { "mode transport", "" } },
	{ "NULL, SHA-512", V4, IN4, 50, false, false, false, 0, "none",
	  "sha512", 0, 0, { "ecb(cipher_null)", "hmac(sha512)" } },
	{ "AH", V4, IN4, 51, false, false, false, 32, NULL, "sha256", 0, 0,
	  { "proto ah", "hmac(sha256)" } },
};

/* The SA of one direction at one side; keys are the direction's. */
static struct plane_sa
make_sa(const struct kind *k, enum side_name side, enum side_name from,
    uint32_t reqid)
{
	static uint8_t keys[2][128];
	enum side_name to = from == A ? B : A;
	struct plane_sa sa = {
		.dir = side == from ? PLANE_OUT : PLANE_IN,
		.spi = from == A ? 0xc0ffee01 : 0xc0ffee02,
		.reqid = reqid,
		.protocol = k->protocol,
		.transport = k->transport,
		.encap = k->encap,
		.src = { addr(k->outer[from]), k->encap ? 4500 : 0 },
		.dst = { addr(k->outer[to]), k->encap ? 4500 : 0 },
		.key_bits = k->bits,
		.encr_key = keys[from],
		.integ_key = keys[from],
		.esn = k->esn,
		.replay_window = side == from ? 0 : k->window,
	};

	memset(keys[from], from == A ? 0x5a : 0xa5, sizeof(keys[from]));
	if (k->encr != NULL) {
		sa.encr = alg_by_setting(ALG_ENCR, k->encr, k->icv);
		assert_non_null(sa.encr);
		sa.encr_key_len = alg_encr_key_len(sa.encr, k->bits);
	}
	if (k->integ != NULL) {
		sa.integ = alg_by_setting(ALG_INTEG, k->integ, 0);
		assert_non_null(sa.integ);
		sa.integ_key_len = sa.integ->key_len;
	}
	return sa;
}

static void
add_sas(const struct kind *k, enum side_name side, uint32_t reqid)
{
	struct plane *p = sides[side].plane;
	struct plane_sa in = make_sa(k, side, side == A ? B : A, reqid);
	struct plane_sa out = make_sa(k, side, side, reqid);

	OK(p->ops->sa_add(p, &in, &err));
	OK(p->ops->sa_add(p, &out, &err));
}

static void
set_policy(const struct kind *k, enum side_name side, uint32_t reqid,
    bool trap)
{
	enum side_name far = side == A ? B : A;
	const char *bits = strchr(k->inner[0], ':') != NULL ? "/128" : "/32";
	struct plane *p = sides[side].plane;
	struct plane_selector local, remote;
	char a[64], b[64];
	struct plane_policy pol = {
		.reqid = reqid, .sa_reqid = reqid, .trap = trap,
		.action = PLANE_PROTECT, .protocol = k->protocol,
		.transport = k->transport,
		.outer_local = addr(k->outer[side]),
		.outer_remote = addr(k->outer[far]),
		.local = &local, .remote = &remote,
		.nr_local = 1, .nr_remote = 1,
	};

	snprintf(a, sizeof(a), "%s%s", k->inner[side], bits);
	snprintf(b, sizeof(b), "%s%s", k->inner[far], bits);
	local = sel(a, k->transport ? IPPROTO_ICMP : 0);
	remote = sel(b, k->transport ? IPPROTO_ICMP : 0);
	OK(p->ops->policy_set(p, &pol, &err));
}

static struct plane_counters
counters(const struct kind *k, enum side_name side, enum side_name from)
{
	struct plane_sa sa = make_sa(k, side, from, 0);
	struct plane *p = sides[side].plane;
	struct plane_counters c = { 0 };

	OK(p->ops->sa_counters(p, sa.spi, sa.protocol, &sa.dst.addr, &c,
	    &err));
	return c;
}

static void
tunnel_up(const struct kind *k, uint32_t reqid)
{
	enum side_name s;

	for (s = A; s <= B; s++) {
		add_sas(k, s, reqid);
		set_policy(k, s, reqid, false);
	}
}

static void
test_kinds(void **state)
{
	const struct kind *k;
	struct plane_counters c;
	struct plane_sa sa;
	int64_t before;
	size_t i, j;

	(void)state;
	for (i = 0; i < NELEM(kinds); i++) {
		k = &kinds[i];
		print_message("%s\n", k->name);
		tunnel_up(k, 17);
		for (j = 0; j < NELEM(k->shown); j++)
			assert_true(shows(A, "ip xfrm state", k->shown[j]));
		assert_true(shows(A, "ip xfrm state", "reqid 1397751825"));
		assert_true(shows(A, "ip xfrm policy", "reqid 1397751825"));
		before = clock_ms();
		assert_int_equal(ping(k->inner[0], k->inner[1], 3), 3);

		c = counters(k, A, A);
		assert_int_equal(c.packets, 3);
		assert_in_range(c.last_used_ms, before - 1000, clock_ms());
		assert_true(c.bytes >= 3 * 64);
		assert_int_equal(counters(k, A, B).packets, 3);
		assert_int_equal(counters(k, B, A).packets, 3);
		assert_int_equal(counters(k, B, B).packets, 3);

		/* added again, deleted twice: no harm */
		add_sas(k, A, 17);
		sa = make_sa(k, A, A, 17);
		OK(sides[A].plane->ops->sa_del(sides[A].plane, sa.spi,
		    sa.protocol, &sa.dst.addr, &err));
		OK(sides[A].plane->ops->sa_del(sides[A].plane, sa.spi,
		    sa.protocol, &sa.dst.addr, &err));
		memset(&err, 0, sizeof(err));
		assert_int_equal(sides[A].plane->ops->sa_counters(
		    sides[A].plane, sa.spi, sa.protocol, &sa.dst.addr, &c,
		    &err), SP_NOTFOUND);
		assert_string_equal(err.text, "cannot read the counters of SA "
		    "c0ffee01: the kernel has none");
		teardown(NULL);
		setup(NULL);
	}
}

static void
test_acquire(void **state)
{
	const struct kind *k = &kinds[0];
	char text[ADDR_TEXT];

	(void)state;
	set_policy(k, A, 5, true);
	assert_int_equal(ping(k->inner[0], k->inner[1], 1), 0);
	dispatch(A);
	assert_int_equal(sides[A].nr_acquire, 1);
	assert_int_equal(sides[A].acquire_reqid, 5);
	assert_int_equal(sides[A].acquire_src.proto, IPPROTO_ICMP);
	assert_int_equal(sides[A].acquire_src.port_first, 8 << 8);
	assert_string_equal(addr_print(&sides[A].acquire_src.first, text),
	    "10.1.0.1");
	assert_string_equal(addr_print(&sides[A].acquire_dst.last, text),
	    "10.2.0.1");

	/* one acquire stands for all packets, until the trap is set anew */
	ping(k->inner[0], k->inner[1], 1);
	dispatch(A);
	assert_int_equal(sides[A].nr_acquire, 1);
	set_policy(k, A, 5, true);
	ping(k->inner[0], k->inner[1], 1);
	dispatch(A);
	assert_int_equal(sides[A].nr_acquire, 2);

	/* the states that it asked for, and the trap still there */
	add_sas(k, A, 5);
	add_sas(k, B, 5);
	set_policy(k, B, 5, false);
	assert_int_equal(ping(k->inner[0], k->inner[1], 2), 2);
	assert_int_equal(counters(k, B, A).packets, 2);
}

/* Without trap nobody is asked, and nothing goes out in the clear. */
static void
test_no_trap(void **state)
{
	const struct kind *k = &kinds[0];

	(void)state;
	set_policy(k, A, 5, false);
	assert_int_equal(ping(k->inner[0], k->inner[1], 1), 0);
	dispatch(A);
	assert_int_equal(sides[A].nr_acquire, 0);
}

static void
test_expire(void **state)
{
	const struct kind *k = &kinds[0];
	struct plane_sa sa = make_sa(k, A, A, 6);
	struct plane *p = sides[A].plane;

	(void)state;
	tunnel_up(k, 6);
	OK(p->ops->sa_del(p, sa.spi, sa.protocol, &sa.dst.addr, &err));
	sa.soft_packets = 2;
	sa.hard_packets = 4;
	OK(p->ops->sa_add(p, &sa, &err));
	assert_int_equal(ping(k->inner[0], k->inner[1], 3), 3);
	dispatch(A);
	assert_int_equal(sides[A].nr_soft, 1);
	assert_int_equal(sides[A].nr_hard, 0);
	assert_int_equal(sides[A].expire_spi, 0xc0ffee01);
	ping(k->inner[0], k->inner[1], 2);
	dispatch(A);
	assert_int_equal(sides[A].nr_soft, 1);
	assert_int_equal(sides[A].nr_hard, 1);
}

/* The same when the socket's buffer ran over and the messages are lost. */
static void
test_overrun(void **state)
{
	const struct kind *k = &kinds[2];
	struct plane_sa sa = make_sa(k, A, A, 6);
	struct plane_stats st;
	struct plane *p = sides[A].plane;
	struct endpoint local = { addr("192.0.2.2"), 4777 };
	struct endpoint remote = { addr("192.0.2.1"), 4500 };
	int small = 1;

	(void)state;
	tunnel_up(k, 6);
	OK(p->ops->sa_del(p, sa.spi, sa.protocol, &sa.dst.addr, &err));
	sa.soft_packets = 60;
	sa.hard_packets = 70;
	OK(p->ops->sa_add(p, &sa, &err));
	setsockopt(p->ops->fd(p), SOL_SOCKET, SO_RCVBUFFORCE, &small,
	    sizeof(small));

	/* each packet from B's other port is a message to A */
	OK(sides[B].plane->ops->sa_move(sides[B].plane, 6, &local, &remote,
	    true, &err));
	ping(k->inner[0], k->inner[1], 72);
	dispatch(A);
	assert_int_equal(sides[A].nr_hard, 1);
	assert_int_equal(sides[A].expire_spi, 0xc0ffee01);
	p->ops->stats(p, &st);
	assert_true(st.queue_drops >= 1);
}

/* NAT gives B another port: A hears of it and follows. */
static void
test_moved(void **state)
{
	const struct kind *k = &kinds[2];
	struct endpoint b = { addr("192.0.2.2"), 4555 };
	struct endpoint a = { addr("192.0.2.1"), 4500 };
	char text[ENDPOINT_TEXT];
	struct plane_counters c;

	(void)state;
	tunnel_up(k, 7);
	assert_int_equal(ping(k->inner[0], k->inner[1], 2), 2);
	OK(sides[B].plane->ops->sa_move(sides[B].plane, 7, &b, &a, true,
	    &err));
	assert_int_equal(ping(k->inner[0], k->inner[1], 2), 2);
	dispatch(A);
	assert_int_equal(sides[A].nr_moved, 1);
	assert_int_equal(sides[A].moved_reqid, 7);
	assert_string_equal(endpoint_print(&sides[A].moved_to, text),
	    "192.0.2.2:4555");

	OK(sides[A].plane->ops->sa_move(sides[A].plane, 7, &a, &b, true,
	    &err));
	assert_true(shows(A, "ip xfrm state", "sport 4500 dport 4555"));
	assert_true(shows(A, "ip xfrm state", "sport 4555 dport 4500"));
	dispatch(A);
	assert_int_equal(sides[A].nr_moved, 1);
	c = counters(k, A, A);
	assert_int_equal(c.packets, 4);		/* counting went on */
}

/* Other addresses (MOBIKE): states and policies follow, and the sequence
 * goes on, so that the far window takes the packets. */
static void
test_move_address(void **state)
{
	const struct kind *k = &kinds[6];
	struct endpoint a = { addr("192.0.2.11"), 0 };
	struct endpoint b = { addr("192.0.2.2"), 0 };
	struct plane_sa sa = make_sa(k, B, A, 7);
	struct plane_counters c;

	(void)state;
	tunnel_up(k, 7);
	assert_int_equal(ping(k->inner[0], k->inner[1], 5), 5);
	OK(sides[A].plane->ops->sa_move(sides[A].plane, 7, &a, &b, false,
	    &err));
	OK(sides[B].plane->ops->sa_move(sides[B].plane, 7, &b, &a, false,
	    &err));
	assert_true(shows(A, "ip xfrm policy", "src 192.0.2.11 dst 192.0.2.2"));
	assert_true(shows(B, "ip xfrm policy", "src 192.0.2.2 dst 192.0.2.11"));
	assert_int_equal(ping(k->inner[0], k->inner[1], 5), 5);
	OK(sides[B].plane->ops->sa_counters(sides[B].plane, sa.spi, 50,
	    &sa.dst.addr, &c, &err));
	assert_int_equal(c.packets, 10);
	assert_int_equal(c.replay_errors, 0);

	/* an address that is not there: refused, and all is as it was */
	b = (struct endpoint){ addr("2001:db8::2"), 0 };
	OK(sides[A].plane->ops->sa_move(sides[A].plane, 8, &a, &b, false,
	    &err));
	assert_int_equal(ping(k->inner[0], k->inner[1], 1), 1);
}

/* What an engine that was killed left goes; what others made stays. */
static void
test_leftovers(void **state)
{
	const struct kind *k = &kinds[0];
	struct plane_selector all = sel("0.0.0.0/0", 0);
	struct plane_selector one = sel("10.3.0.0/16", 0);
	struct plane_policy bypass = {
		.reqid = 99, .action = PLANE_BYPASS, .local = &all,
		.remote = &one, .nr_local = 1, .nr_remote = 1,
	};
	struct plane *lost = sides[A].plane;
	char text[4096];

	(void)state;
	tunnel_up(k, 17);
	OK(lost->ops->policy_set(lost, &bypass, &err));
	assert_int_equal(run(A, "ip xfrm state add src 192.0.2.1 dst "
	    "192.0.2.9 proto esp spi 0x1234 reqid 7 mode tunnel aead "
	    "rfc4106(gcm(aes)) 0x0102030405060708090a0b0c0d0e0f1011121314 128",
	    text, sizeof(text)), 0);
	assert_int_equal(run(A, "ip xfrm policy add src 10.8.0.0/16 dst "
	    "10.9.0.0/16 dir out tmpl src 192.0.2.1 dst 192.0.2.9 proto esp "
	    "reqid 7 mode tunnel", text, sizeof(text)), 0);

	plane_up(A);
	run(A, "ip xfrm state", text, sizeof(text));
	assert_non_null(strstr(text, "spi 0x00001234"));
	assert_null(strstr(text, "0xc0ffee"));
	run(A, "ip xfrm policy list nosock", text, sizeof(text));
	assert_non_null(strstr(text, "10.9.0.0/16"));
	assert_null(strstr(text, "10.2.0.1"));
	assert_null(strstr(text, "10.3.0.0"));
	run(A, "ip xfrm state flush", text, sizeof(text));
	run(A, "ip xfrm policy flush", text, sizeof(text));
	lost->ops->free(lost);
}

static void
test_refusals(void **state)
{
	const struct kind *k = &kinds[0];
	struct plane *p = sides[A].plane;
	struct plane_sa sa = make_sa(k, A, A, 17);
	struct alg odd = *sa.encr;
	struct plane_selector l = sel("10.8.0.0/16", 0);
	struct plane_selector r = sel("10.9.0.0/16", 0);
	struct plane_selector r6 = sel("2001:db8:9::/48", 0);
	struct plane_policy pol = {
		.reqid = 3, .action = PLANE_DISCARD, .local = &l,
		.remote = &r, .nr_local = 1, .nr_remote = 1,
	};
	char text[2048];

	(void)state;
	odd.kernel = "rfc4106(gcm(nosuch))";
	sa.encr = &odd;
	memset(&err, 0, sizeof(err));
	assert_int_equal(p->ops->sa_add(p, &sa, &err), SP_UNSUPPORTED);
	assert_non_null(strstr(err.text, "cannot install the outbound ESP SA "
	    "c0ffee01 with rfc4106(gcm(nosuch)): this kernel lacks the "
	    "cipher"));
	sa = make_sa(k, A, A, 17);
	sa.spi = 255;
	REFUSED(p->ops->sa_add(p, &sa, &err), SP_RANGE,
	    "SPI 000000ff is reserved, the least is 00000100");
	sa = make_sa(k, A, A, 17);
	OK(p->ops->sa_add(p, &sa, &err));
	sa.reqid = 18;
	REFUSED(p->ops->sa_add(p, &sa, &err), SP_EXISTS,
	    "cannot install the outbound ESP SA c0ffee01 with "
	    "rfc4106(gcm(aes)): there is one already");

	run(A, "ip xfrm policy add src 10.9.0.0/16 dst 10.8.0.0/16 dir in "
	    "action block", text, sizeof(text));
	REFUSED(p->ops->policy_set(p, &pol, &err), SP_EXISTS,
	    "cannot install the IPsec policy 10.8.0.0/16 to 10.9.0.0/16: "
	    "another program has a policy for the same traffic");
	assert_true(shows_nothing(A, "ip xfrm policy list dir out nosock"));
	run(A, "ip xfrm policy flush", text, sizeof(text));
	pol.remote = &r6;
	REFUSED(p->ops->policy_set(p, &pol, &err), SP_RANGE,
	    "no packet can match the traffic selectors: local and remote have "
	    "no address family and protocol in common");
	pol.action = PLANE_PROTECT;
	REFUSED(p->ops->policy_set(p, &pol, &err), SP_RANGE,
	    "a tunnel policy needs the outer addresses of both ends, in one "
	    "family");
}

/* Bypass before protect, the trap again when the child is gone; discard; and
 * the socket of IKE goes past them all. */
static void
test_policies(void **state)
{
	const struct kind *k = &kinds[0];
	struct plane *p = sides[A].plane;
	struct plane_selector l = sel("10.1.0.0/16", 0);
	struct plane_selector all = sel("0.0.0.0/0", 0);
	struct plane_policy pol = {
		.reqid = 30, .action = PLANE_BYPASS, .local = &l,
		.remote = &all, .nr_local = 1, .nr_remote = 1,
	};
	struct endpoint to = { addr("192.0.2.2"), 4500 };
	struct sockaddr_storage ss;
	socklen_t len;

	(void)state;
	set_policy(k, A, 31, true);
	assert_int_equal(ping(k->inner[0], k->inner[1], 1), 0);
	OK(p->ops->policy_set(p, &pol, &err));
	assert_int_equal(ping(k->inner[0], k->inner[1], 1), 1);
	pol.action = PLANE_DISCARD;
	OK(p->ops->policy_set(p, &pol, &err));
	assert_int_equal(ping(k->inner[0], k->inner[1], 1), 0);
	pol.priority = 1;
	OK(p->ops->policy_set(p, &pol, &err));
	assert_true(shows(A, "ip xfrm policy list dir out nosock",
	    "action block priority 100001"));
	OK(p->ops->policy_del(p, 30, &err));
	OK(p->ops->policy_del(p, 30, &err));

	/* two claims on one selector */
	set_policy(k, A, 32, false);
	assert_true(shows(A, "ip xfrm policy list dir out nosock",
	    "reqid 1397751840"));
	set_policy(k, A, 31, true);
	assert_true(shows(A, "ip xfrm policy list dir out nosock",
	    "reqid 1397751840"));
	OK(p->ops->policy_del(p, 32, &err));
	assert_true(shows(A, "ip xfrm policy list dir out nosock",
	    "reqid 1397751839"));

	pol = (struct plane_policy){
		.reqid = 40, .action = PLANE_DISCARD, .local = &all,
		.remote = &all, .nr_local = 1, .nr_remote = 1,
	};
	OK(p->ops->policy_set(p, &pol, &err));
	len = endpoint_to_sockaddr(&to, &ss);
	assert_int_equal(sendto(sides[A].udp4, "\0\0\0\0hello", 9, 0,
	    (struct sockaddr *)&ss, len), 9);
	assert_int_equal(ping("192.0.2.1", "192.0.2.2", 1), 0);
}

/* IKE passes the socket that the kernel takes ESP out of; clear packets where
 * a policy protects are dropped and counted. */
static void
test_drops(void **state)
{
	struct pollfd f = { .fd = sides[B].udp4, .events = POLLIN };
	const struct kind *k = &kinds[0];
	struct plane_stats st;
	char room[64];

	(void)state;
	if (poll(&f, 1, 300) <= 0)
		fail_msg("the IKE datagram of the test before did not come");
	assert_int_equal(recv(sides[B].udp4, room, sizeof(room), 0), 9);

	set_policy(k, B, 5, false);
	assert_int_equal(ping(k->inner[0], k->inner[1], 2), 0);
	sides[B].plane->ops->stats(sides[B].plane, &st);
	assert_int_equal(st.clear_drops, 2);

	/* ESP of an SPI that B does not know */
	add_sas(k, A, 5);
	set_policy(k, A, 5, false);
	ping(k->inner[0], k->inner[1], 2);
	sides[B].plane->ops->stats(sides[B].plane, &st);
	assert_int_equal(st.no_sa, 2);
}

/* Ranges, ports and ICMP types as the kernel's prefixes and masks. */
static void
test_selectors(void **state)
{
	static const struct {
		const char *first, *last;
		uint8_t proto;
		uint16_t port_first, port_last;
		const char *want[3];
	} rows[] = {
		{ "10.9.0.0", "10.9.255.255", 0, 0, 65535,
		  { "src 10.1.0.0/16 dst 10.9.0.0/16 " } },
		{ "10.9.0.1", "10.9.0.4", 0, 0, 65535, { "dst 10.9.0.1/32",
		  "dst 10.9.0.2/31", "dst 10.9.0.4/32" } },
		{ "10.9.0.0", "10.9.0.255", IPPROTO_TCP, 443, 443,
		  { "proto tcp dport 443" } },
		{ "10.9.0.0", "10.9.0.255", IPPROTO_UDP, 1000, 1007,
		  { "proto udp dport 1000 " } },
		{ "10.9.0.0", "10.9.0.255", IPPROTO_ICMP, 0x0800, 0x08ff,
		  { "proto icmp type 8" } },
		{ "10.9.0.0", "10.9.0.255", IPPROTO_ICMP, 0x0301, 0x0301,
		  { "proto icmp type 3 code 1" } },
		{ "10.9.0.0", "10.9.0.255", IPPROTO_TCP, 65535, 0,
		  { "10.9.0.0/24 proto tcp" } },
	};
	struct plane *p = sides[A].plane;
	struct plane_selector l = sel("10.1.0.0/16", 0), r;
	struct plane_policy pol = {
		.reqid = 50, .action = PLANE_DISCARD, .local = &l,
		.remote = &r, .nr_local = 1, .nr_remote = 1,
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		r = (struct plane_selector){ rows[i].proto,
			rows[i].port_first, rows[i].port_last,
			addr(rows[i].first), addr(rows[i].last) };
		OK(p->ops->policy_set(p, &pol, &err));
		for (j = 0; j < 3 && rows[i].want[j] != NULL; j++) {
			assert_true(shows(A, "ip xfrm policy list dir out "
			    "nosock", rows[i].want[j]));
		}
	}
	OK(p->ops->policy_del(p, 50, &err));
	assert_true(shows_nothing(A, "ip xfrm policy list nosock"));
}

/* Links, addresses and routes of both namespaces. */
static int
lab_up(void **state)
{
	static const char *const outer[2][3] = {
		{ "192.0.2.1/24", "192.0.2.11/24", "2001:db8::1/64" },
		{ "192.0.2.2/24", "192.0.2.2/24", "2001:db8::2/64" },
	};
	static const char *const inner[2][2] = {
		{ "10.1.0.1/32", "2001:db8:a::1/128" },
		{ "10.2.0.1/32", "2001:db8:b::1/128" },
	};
	struct ip_prefix p;
	enum side_name s;
	size_t i;
	int old;

	(void)state;
	for (s = A; s <= B; s++) {
		snprintf(sides[s].netns, sizeof(sides[s].netns), "spx-%d-%c",
		    (int)getpid(), s == A ? 'a' : 'b');
		OK(netns_create(sides[s].netns, &err));
	}
	OK(netns_enter(sides[A].netns, &old, &err));
	OK(link_add_veth("v0", "v0", sides[B].netns, &err));
	OK(netns_leave(old, &err));
	for (s = A; s <= B; s++) {
		OK(netns_enter(sides[s].netns, &old, &err));
		OK(link_up("lo", &err));
		OK(link_up("v0", &err));
		for (i = 0; i < 3; i++) {
			prefix_parse(&p, outer[s][i]);
			OK(link_addr_add("v0", &p, &err));
		}
		for (i = 0; i < 2; i++) {
			struct net_route r = { .ifname = "v0" };

			prefix_parse(&p, inner[s][i]);
			OK(link_addr_add("lo", &p, &err));
			prefix_parse(&r.dst, inner[s == A ? B : A][i]);
			OK(route_add(&r, &err));
		}
		OK(netns_leave(old, &err));
	}
	return 0;
}

static int
lab_down(void **state)
{
	enum side_name s;

	(void)state;
	for (s = A; s <= B; s++)
		netns_delete(sides[s].netns, NULL);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(test_kinds), T(test_acquire), T(test_no_trap),
		T(test_expire), T(test_overrun), T(test_moved),
		T(test_move_address), T(test_leftovers), T(test_refusals),
		T(test_policies), T(test_drops), T(test_selectors),
	};
	const char *why = NULL;

	if (!plane_xfrm_works(&why)) {
		printf("skipped: %s\n", why);
		return 77;
	}
	if (argc > 1 && strcmp(argv[1], "--works") == 0)
		return 0;
	return cmocka_run_group_tests(tests, lab_up, lab_down);
}
