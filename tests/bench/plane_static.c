/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One userspace plane with fixed SAs in the present namespace, for plane.py:
 *
 *	plane_static NAME LOCAL REMOTE LOCAL-NET REMOTE-NET LEVEL UDP KEY-BITS
 *	    SUITE CHILDREN
 *
 * LEVEL 0..3 is the TUN's offload, UDP 0 or 1 that of the socket, or "raw"
 * for ESP without UDP.  SUITE is gcm or cbc (with HMAC-SHA2-256).  CHILDREN
 * is how many children there are, of which the last has the networks given
 * and the others a 172.16.0.0/12 address each on both sides.  Prints the interface when it is ready and
 * runs until its standard input ends.
 */
#include <err.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/error.h"
#include "crypto/alg.h"
#include "plane/user/user.h"

struct setup {
	struct plane *plane;
	struct endpoint local, remote;
	struct plane_selector net_local, net_remote;
	unsigned bits, children;
	bool encap, cbc;
};

static void
add_sa(const struct setup *s, enum plane_dir dir, uint32_t child)
{
	uint8_t key[64] = "a key for a bench, nothing more ...";
	bool out = dir == PLANE_OUT;
	struct plane_sa sa = {
		.dir = dir, .reqid = child, .protocol = 50, .encap = s->encap,
		.src = out ? s->local : s->remote,
		.dst = out ? s->remote : s->local,
		.src_sel = out ? &s->net_local : &s->net_remote,
		.dst_sel = out ? &s->net_remote : &s->net_local,
		.nr_src_sel = 1, .nr_dst_sel = 1,
		.key_bits = s->bits, .encr_key = key, .replay_window = 1024,
	};
	struct sp_error e;

	/* the SPI says the direction: both ends compute the same */
	sa.spi = 0x1000 + (child << 8) + sa.src.addr.b[0];
	key[0] = sa.src.addr.b[0];
	sa.encr = alg_by_setting(ALG_ENCR, s->cbc ? "aes" : "aes-gcm", 128);
	sa.integ = s->cbc ? alg_by_id(ALG_INTEG, 12) : NULL;
	sa.integ_key = key;
	sa.integ_key_len = s->cbc ? sa.integ->key_len : 0;
	sa.encr_key_len = alg_encr_key_len(sa.encr, s->bits);
	if (s->plane->ops->sa_add(s->plane, &sa, &e) < 0)
		errx(1, "%s", e.text);
}

static struct plane_selector
net(const char *text)
{
	struct plane_selector s = { .port_last = UINT16_MAX };
	struct ip_prefix p;

	if (!prefix_parse(&p, text))
		errx(1, "%s is no network", text);
	prefix_range(&p, &s.first, &s.last);
	return s;
}

/* A child with both SAs and its policy. */
static void
add_child(const struct setup *s, uint32_t child)
{
	struct plane_policy pol = {
		.reqid = child, .sa_reqid = child, .protocol = 50,
		.local = &s->net_local, .nr_local = 1,
		.remote = &s->net_remote, .nr_remote = 1,
	};
	struct sp_error e;

	if (s->plane->ops->policy_set(s->plane, &pol, &e) < 0)
		errx(1, "%s", e.text);
	add_sa(s, PLANE_IN, child);
	add_sa(s, PLANE_OUT, child);
}

/* The same for a child that no traffic of the bench meets. */
static void
add_other(const struct setup *s, uint32_t child)
{
	struct setup other = *s;

	other.net_local = (struct plane_selector){ .port_last = UINT16_MAX };
	other.net_local.first.family = AF_INET;
	put_u32(other.net_local.first.b, 0xac100000 + child);
	other.net_local.last = other.net_local.first;
	other.net_remote = other.net_local;
	add_child(&other, child);
}

static int
udp_socket(const struct endpoint *local)
{
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(local, &ss);
	int fd = socket(local->addr.family, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&ss, len) < 0)
		err(1, "UDP 4500");
	return fd;
}

static void
start(struct setup *s, char **argv)
{
	struct plane_params params = { .name = argv[1], .udp4500_v6 = -1 };
	struct sp_error e;
	uint32_t i;

	params.udp4500_v4 = udp_socket(&s->local);
	if (user_plane_new(&s->plane, &params, (enum tun_level)atol(argv[6]),
	    s->encap && atol(argv[7]) != 0, &e) < 0)
		errx(1, "%s", e.text);
	for (i = 1; i < s->children; i++)
		add_other(s, i);
	add_child(s, s->children);
}

int
main(int argc, char **argv)
{
	struct setup s = { .local.port = 4500, .remote.port = 4500 };
	char c;

	if (argc != 11 || !addr_parse(&s.local.addr, argv[2]) ||
	    !addr_parse(&s.remote.addr, argv[3]))
		errx(2, "see the head of plane_static.c");
	s.net_local = net(argv[4]);
	s.net_remote = net(argv[5]);
	s.encap = strcmp(argv[7], "raw") != 0;
	s.bits = (unsigned)atol(argv[8]);
	s.cbc = strcmp(argv[9], "cbc") == 0;
	s.children = (unsigned)atol(argv[10]);
	start(&s, argv);
	printf("%s\n", s.plane->ops->ifname(s.plane));
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		continue;
	s.plane->ops->free(s.plane);
	return 0;
}
