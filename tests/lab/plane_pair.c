/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pair of planes: namespaces by unshare(), links and addresses by ip(8),
 * SAs by hand.  Everything is gone when the process ends.
 */
#include "plane_pair.h"

#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/alg.h"
#include "plane/xfrm/bypass.h"

#define MARK 0x5350		/* of the planes' own sockets */

const char *
pair_obstacle(void)
{
	if (geteuid() != 0)
		return "needs root";
	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		return "needs /dev/net/tun";
	if (system("command -v ip >/dev/null") != 0)
		return "needs ip (iproute2)";
	return NULL;
}

void
pair_enter(const struct side *s)
{
	if (setns(s->ns, CLONE_NEWNET) < 0)
		err(1, "setns");
}

pid_t
pair_start(const struct side *s, const char *command)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid > 0)
		return pid;
	pair_enter(s);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

int
pair_wait(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int
pair_run(const struct side *s, const char *command)
{
	return pair_wait(pair_start(s, command));
}

static void
must_run(const struct side *s, const char *command)
{
	if (pair_run(s, command) != 0)
		errx(1, "%s: failed: %s", s->name, command);
}

static void
new_namespace(struct side *s)
{
	if (unshare(CLONE_NEWNET) < 0)
		err(1, "unshare");
	s->ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (s->ns < 0)
		err(1, "/proc/self/ns/net");
}

static int
udp_socket(int family)
{
	struct endpoint e = { .addr.family = (uint8_t)family, .port = 4500 };
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(&e, &ss);
	int on = 1, mark = MARK;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&ss, len) < 0)
		err(1, "bind 4500");
	return fd;
}

static void
on_acquire(void *ctx, uint32_t reqid, const struct plane_selector *src,
    const struct plane_selector *dst)
{
	struct side *s = ctx;

	(void)src;
	(void)dst;
	s->acquires += reqid == PAIR_REQID;
}

static void
on_expire(void *ctx, uint32_t spi, bool hard)
{
	struct side *s = ctx;

	(void)spi;
	(void)hard;
	s->expires++;
}

static void
on_moved(void *ctx, uint32_t reqid, const struct endpoint *remote)
{
	struct side *s = ctx;

	s->moves += reqid == PAIR_REQID;
	s->moved_to = *remote;
}

static void
on_unknown(void *ctx, uint32_t spi, const struct endpoint *from)
{
	struct side *s = ctx;

	(void)spi;
	(void)from;
	s->unknown++;
}

static void
on_ike(void *ctx, const struct endpoint *local, const struct endpoint *remote,
    const uint8_t *data, size_t len)
{
	struct side *s = ctx;

	if (local->port != 4500 || remote->port == 0)
		errx(1, "IKE event without ports");
	s->ike++;
	s->ike_len = len < sizeof(s->ike_data) ? len : sizeof(s->ike_data);
	memcpy(s->ike_data, data, s->ike_len);
}

static void
make_plane(struct side *s, enum tun_level most, bool udp_offload)
{
	struct plane_params params = {
		.name = s->name,
		.events = { on_acquire, on_expire, on_moved, on_unknown,
		    on_ike, s },
	};
	struct sp_error e;

	pair_enter(s);
	s->udp4 = params.udp4500_v4 = udp_socket(AF_INET);
	s->udp6 = params.udp4500_v6 = udp_socket(AF_INET6);
	params.mark = MARK;
	if (s->kernel && (plane_xfrm_bypass_socket(s->udp4, AF_INET, &e) < 0 ||
	    plane_xfrm_bypass_socket(s->udp6, AF_INET6, &e) < 0 ||
	    plane_xfrm_new(&s->plane, &params, &e) < 0))
		errx(1, "plane %s: %s", s->name, e.text);
	if (!s->kernel &&
	    user_plane_new(&s->plane, &params, most, udp_offload, &e) < 0)
		errx(1, "plane %s: %s", s->name, e.text);
}

static void
make_links(struct pair *p)
{
	char command[128];

	new_namespace(&p->b);
	new_namespace(&p->a);
	snprintf(command, sizeof(command), "ip link add v0 type veth peer "
	    "name v0 netns /proc/%d/fd/%d", getpid(), p->b.ns);
	must_run(&p->a, command);
	must_run(&p->a, "ip link set lo up; ip link set v0 up; "
	    "ip addr add 192.0.2.1/24 dev v0; ip addr add 10.1.1.1 dev lo; "
	    "ip addr add 192.0.2.3/24 dev v0; "
	    "ip addr add 2001:db8::1/64 dev v0 nodad; "
	    "ip addr add fd00:1::1 dev lo nodad");
	must_run(&p->b, "ip link set lo up; ip link set v0 up; "
	    "ip addr add 192.0.2.2/24 dev v0; ip addr add 10.2.2.1 dev lo; "
	    "ip addr add 2001:db8::2/64 dev v0 nodad; "
	    "ip addr add fd00:2::1 dev lo nodad");
}

static void
set_outer(struct side *s, const char *v4, const char *v6)
{
	addr_parse(&s->outer[0].addr, v4);
	addr_parse(&s->outer[1].addr, v6);
	s->outer[0].port = s->outer[1].port = 4500;
}

/* The way to the other side's networks: its plane's device, or its address
 * where the kernel does the rest by policy. */
static void
make_routes(const struct side *s, const char *net4, const char *net6,
    const char *src4, const char *src6, const char *via4, const char *via6)
{
	char to[2][40], command[300];

	snprintf(to[0], sizeof(to[0]), s->kernel ? "via %s" : "dev sp-%s",
	    s->kernel ? via4 : s->name);
	snprintf(to[1], sizeof(to[1]), s->kernel ? "via %s" : "dev sp-%s",
	    s->kernel ? via6 : s->name);
	snprintf(command, sizeof(command), "ip route add %s %s src %s; "
	    "ip route add %s %s src %s", net4, to[0], src4, net6, to[1], src6);
	must_run(s, command);
	snprintf(command, sizeof(command), "ip rule add pref 220 not fwmark "
	    "%#x table 220; ip -6 rule add pref 220 not fwmark %#x table 220",
	    MARK, MARK);
	must_run(s, command);
}

static void
make(struct pair *p, enum tun_level most, bool udp_offload)
{
	set_outer(&p->a, "192.0.2.1", "2001:db8::1");
	set_outer(&p->b, "192.0.2.2", "2001:db8::2");
	make_links(p);
	make_plane(&p->a, most, udp_offload);
	make_plane(&p->b, most, udp_offload);
	make_routes(&p->a, "10.2.2.0/24", "fd00:2::/64", "10.1.1.1",
	    "fd00:1::1", "192.0.2.2", "2001:db8::2");
	make_routes(&p->b, "10.1.1.0/24", "fd00:1::/64", "10.2.2.1",
	    "fd00:2::1", "192.0.2.1", "2001:db8::1");
}

void
pair_make(struct pair *p, enum tun_level most, bool udp_offload)
{
	*p = (struct pair){ .a.name = "a", .b.name = "b" };
	make(p, most, udp_offload);
}

void
pair_make_mixed(struct pair *p, bool kernel_a, bool kernel_b)
{
	*p = (struct pair){ .a.name = "a", .b.name = "b" };
	p->a.kernel = kernel_a;
	p->b.kernel = kernel_b;
	make(p, TUN_USO, true);
}

static void
free_side(struct side *s)
{
	s->plane->ops->free(s->plane);
	close(s->udp4);
	close(s->udp6);
	close(s->ns);
}

void
pair_free(struct pair *p)
{
	free_side(&p->a);
	free_side(&p->b);
}

struct selectors {
	struct plane_selector s[2];
};

static struct selectors
inner_of(const struct pair *p, const struct side *s,
    const struct pair_suite *suite)
{
	struct selectors sel = {0};
	bool a = s == &p->a;

	sel.s[0].port_last = sel.s[1].port_last = UINT16_MAX;
	if (suite != NULL && suite->transport) {
		sel.s[0].first = s->outer[suite->outer_v6].addr;
		sel.s[0].last = sel.s[0].first;
		sel.s[1] = sel.s[0];
		return sel;
	}
	if (p->wide) {
		sel.s[0].first.family = sel.s[0].last.family = AF_INET;
		memset(sel.s[0].last.b, 0xff, 4);
		sel.s[1] = sel.s[0];
		return sel;
	}
	addr_parse(&sel.s[0].first, a ? "10.1.1.0" : "10.2.2.0");
	addr_parse(&sel.s[0].last, a ? "10.1.1.255" : "10.2.2.255");
	addr_parse(&sel.s[1].first, a ? "fd00:1::" : "fd00:2::");
	addr_parse(&sel.s[1].last, a ? "fd00:1::ffff:ffff:ffff:ffff" :
	    "fd00:2::ffff:ffff:ffff:ffff");
	return sel;
}

static uint8_t
protocol_of(const struct pair_suite *suite)
{
	return suite->encr != NULL ? IPPROTO_ESP : IPPROTO_AH;
}

static const struct side *
other(const struct pair *p, const struct side *s)
{
	return s == &p->a ? &p->b : &p->a;
}

static void
set_policy(struct side *s, const struct pair *p, bool trap,
    const struct pair_suite *suite)
{
	const struct side *peer = other(p, s);
	struct selectors local = inner_of(p, s, suite);
	struct selectors remote = inner_of(p, peer, suite);
	bool transport = suite != NULL && suite->transport;
	bool v6 = suite != NULL && suite->outer_v6;
	struct plane_policy pol = {
		.reqid = PAIR_REQID, .sa_reqid = PAIR_REQID,
		.action = PLANE_PROTECT, .trap = trap,
		.protocol = suite != NULL ? protocol_of(suite) : 50,
		.transport = transport,
		.outer_local = s->outer[v6].addr,
		.outer_remote = peer->outer[v6].addr,
		.local = local.s, .nr_local = transport ? 1 : 2,
		.remote = remote.s, .nr_remote = transport ? 1 : 2,
	};
	struct sp_error e;

	if (s->plane->ops->policy_set(s->plane, &pol, &e) < 0)
		errx(1, "policy: %s", e.text);
}

void
pair_policies(struct pair *p, bool trap)
{
	set_policy(&p->a, p, trap, NULL);
	set_policy(&p->b, p, trap, NULL);
}

static const struct alg *
named(const char *name)
{
	const struct alg *alg;
	size_t i;

	for (i = 0; name != NULL && (alg = alg_at(i)) != NULL; i++) {
		if (strcmp(alg->name, name) == 0)
			return alg;
	}
	return NULL;
}

/* False if the plane does not have the algorithm. */
static bool
add_sa(struct side *s, const struct pair *p, const struct pair_suite *suite,
    enum plane_dir dir)
{
	const struct side *from = dir == PLANE_OUT ? s : other(p, s);
	const struct side *to = other(p, from);
	struct selectors src = inner_of(p, from, suite);
	struct selectors dst = inner_of(p, to, suite);
	uint8_t key[128];
	int ret;
	struct plane_sa sa = {
		.dir = dir, .reqid = PAIR_REQID,
		.protocol = protocol_of(suite), .transport = suite->transport,
		.spi = (from == &p->a ? PAIR_SPI_AB : PAIR_SPI_BA) +
		    suite->spi_add,
		.encap = suite->encap, .esn = suite->esn,
		.src = from->outer[suite->outer_v6],
		.dst = to->outer[suite->outer_v6],
		.encr = named(suite->encr), .integ = named(suite->integ),
		.key_bits = suite->bits, .encr_key = key, .integ_key = key,
		.replay_window = 1024,
		.src_sel = src.s, .nr_src_sel = 2,
		.dst_sel = dst.s, .nr_dst_sel = 2,
	};
	struct sp_error e;

	if (dir == PLANE_OUT && s == &p->a)
		sa.hard_packets = suite->hard_packets;
	memset(key, (int)sa.spi & 0xff, sizeof(key));
	if (sa.encr != NULL)
		sa.encr_key_len = alg_encr_key_len(sa.encr, suite->bits);
	sa.integ_key_len = sa.integ ? sa.integ->key_len : 0;
	ret = s->plane->ops->sa_add(s->plane, &sa, &e);
	if (ret < 0 && ret != SP_UNSUPPORTED)
		errx(1, "SA: %s", e.text);
	if (ret < 0)
		printf("%s: %s\n", s->name, e.text);
	return ret == 0;
}

void
pair_add_sas(struct side *s, const struct pair *p,
    const struct pair_suite *suite)
{
	if (!add_sa(s, p, suite, PLANE_IN) || !add_sa(s, p, suite, PLANE_OUT))
		errx(1, "%s: no SAs", s->name);
}

void
pair_del_sas(struct side *s, const struct pair *p,
    const struct pair_suite *suite)
{
	const struct plane_ops *ops = s->plane->ops;
	struct sp_error e;

	if (ops->sa_del(s->plane, PAIR_SPI_AB + suite->spi_add,
	    protocol_of(suite), &p->b.outer[suite->outer_v6].addr, &e) < 0 ||
	    ops->sa_del(s->plane, PAIR_SPI_BA + suite->spi_add,
	    protocol_of(suite), &p->a.outer[suite->outer_v6].addr, &e) < 0)
		errx(1, "SA: %s", e.text);
}

struct plane_counters
pair_counters(struct side *s, const struct pair *p,
    const struct pair_suite *suite)
{
	struct plane_counters c = {0};
	struct sp_error e;

	if (s->plane->ops->sa_counters(s->plane, PAIR_SPI_AB + suite->spi_add,
	    protocol_of(suite), &p->b.outer[suite->outer_v6].addr, &c, &e) < 0)
		errx(1, "counters: %s", e.text);
	return c;
}

/* Transport mode's traffic goes to the other side's own address. */
static void
route_peer(const struct side *s, const struct pair *p,
    const struct pair_suite *suite, const char *what)
{
	char command[200], src[ADDR_TEXT], dst[ADDR_TEXT];

	if (!suite->transport || s->kernel)
		return;
	addr_print(&s->outer[suite->outer_v6].addr, src);
	addr_print(&other(p, s)->outer[suite->outer_v6].addr, dst);
	snprintf(command, sizeof(command), "ip route %s table 220 %s dev "
	    "sp-%s src %s", what, dst, s->name, src);
	must_run(s, command);
}

bool
pair_up(struct pair *p, const struct pair_suite *suite)
{
	struct side *s[2] = { &p->a, &p->b };
	size_t i;

	for (i = 0; i < 2; i++) {
		set_policy(s[i], p, false, suite);
		if (!add_sa(s[i], p, suite, PLANE_IN) ||
		    !add_sa(s[i], p, suite, PLANE_OUT))
			return false;
		route_peer(s[i], p, suite, "add");
	}
	return true;
}

void
pair_down(struct pair *p, const struct pair_suite *suite)
{
	struct side *s[2] = { &p->a, &p->b };
	struct sp_error e;
	size_t i;

	for (i = 0; i < 2; i++) {
		pair_del_sas(s[i], p, suite);
		route_peer(s[i], p, suite, "del");
		if (s[i]->plane->ops->policy_del(s[i]->plane, PAIR_REQID,
		    &e) < 0)
			errx(1, "policy: %s", e.text);
	}
}

/* Packets that a side counted on one of the two SAs. */
static uint64_t
packets(struct side *s, const struct pair *p, const struct pair_suite *suite,
    bool from_a)
{
	uint32_t spi = from_a ? PAIR_SPI_AB : PAIR_SPI_BA;
	const struct side *to = from_a ? &p->b : &p->a;
	struct plane_counters c = {0};
	struct sp_error e;

	if (s->plane->ops->sa_counters(s->plane, spi + suite->spi_add,
	    protocol_of(suite), &to->outer[suite->outer_v6].addr, &c, &e) < 0)
		errx(1, "counters: %s", e.text);
	return c.packets;
}

bool
pair_rekey(struct pair *p, const struct pair_suite *old,
    const struct pair_suite *next)
{
	int64_t end = clock_ms() + 2000;
	bool all = false;

	if (!add_sa(&p->a, p, next, PLANE_IN) ||
	    !add_sa(&p->b, p, next, PLANE_IN) ||
	    !add_sa(&p->a, p, next, PLANE_OUT) ||
	    !add_sa(&p->b, p, next, PLANE_OUT))
		errx(1, "no SAs to rekey with");
	while (!all && clock_ms() < end) {
		usleep(1000);
		all = packets(&p->a, p, old, true) ==
		    packets(&p->b, p, old, true) &&
		    packets(&p->b, p, old, false) ==
		    packets(&p->a, p, old, false);
	}
	pair_del_sas(&p->a, p, old);
	pair_del_sas(&p->b, p, old);
	return all;
}

bool
pair_await(struct side *s, const unsigned *count, unsigned want, int ms)
{
	struct pollfd pfd = { .fd = s->plane->ops->fd(s->plane),
	    .events = POLLIN };
	int64_t end = clock_ms() + ms;
	int64_t left;

	while (*count < want) {
		left = end - clock_ms();
		if (left <= 0 || poll(&pfd, 1, (int)left) <= 0)
			return *count >= want;
		s->plane->ops->dispatch(s->plane);
	}
	return true;
}
