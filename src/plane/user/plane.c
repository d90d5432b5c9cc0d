/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The userspace plane as plane.h describes one: what the engine calls.  All
 * here runs in the engine's thread but the functions named run_*, which
 * user_call() runs in the plane's.  Objects are made before and freed after
 * the hand-over, so the plane's thread neither allocates keys nor fetches
 * ciphers.
 *
 * Bypass: what must go in clear is not routed to the TUN device
 * (PLANE_NEEDS_ROUTES); what comes there all the same matches its policy,
 * is dropped and counted, since sending it back would loop.
 */
#include "plane/plane.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "plane/user/coalesce.h"
#include "plane/user/user.h"

#define OUTER_MTU 1500

static struct user_plane *
user_of(const struct plane *p)
{
	return (struct user_plane *)(uintptr_t)p;
}

static unsigned
user_caps(const struct plane *p)
{
	const struct user_plane *u = user_of(p);
	unsigned caps = PLANE_TUNNEL | PLANE_TRANSPORT | PLANE_ESN |
	    PLANE_ACQUIRE | PLANE_NEEDS_ROUTES;

	if (u->socks[SOCK_UDP4].fd >= 0 || u->socks[SOCK_UDP6].fd >= 0)
		caps |= PLANE_ENCAP | PLANE_READS_4500;
	if (u->socks[SOCK_RAW4].fd >= 0 || u->socks[SOCK_RAW6].fd >= 0)
		caps |= PLANE_RAW_ESP;
	if (u->socks[SOCK_AH4].fd >= 0 || u->socks[SOCK_AH6].fd >= 0)
		caps |= PLANE_AH;
	return caps;
}

static const char *
user_ifname(const struct plane *p)
{
	return user_of(p)->tun.ifname;
}

/* Follow a change of the outbound SAs; a failure leaves the old MTU. */
static void
update_mtu(struct user_plane *u)
{
	struct sp_error err;
	unsigned mtu = mtu_inner(&u->mtu, u->outer_mtu);

	if (mtu != u->tun.mtu && utun_set_mtu(&u->tun, mtu, &err) < 0)
		log_event(u->log, LOG_LVL_WARNING, "plane-mtu", "", "%s",
		    err.text);
}

/* Let the policies of a child use its newest outbound SA. */
static void
bind_policies(struct user_plane *u, uint32_t reqid)
{
	struct esp_sa *sa = sadb_outbound(&u->sadb, reqid);
	struct policy *pol;

	for (pol = spd_of_child(&u->spd, reqid); pol != NULL;
	    pol = pol->next_sa) {
		if (pol->action != PLANE_PROTECT)
			continue;
		pol->sa = sa;
		if (sa != NULL)
			user_send_held(u, pol);
	}
}

static void
run_sa_add(struct user_plane *u, void *arg)
{
	struct esp_sa *sa = arg;

	sadb_add(&u->sadb, sa);
	if (sa->dir != PLANE_OUT)
		return;
	mtu_count(&u->mtu, sa, 1);
	bind_policies(u, sa->reqid);
}

static int
check_socket(struct user_plane *u, const struct esp_sa *sa,
    struct sp_error *err)
{
	if (sa->dir == PLANE_IN || batch_socket(u->socks, sa)->fd >= 0)
		return 0;
	return sp_fail(err, SP_UNSUPPORTED, "the userspace data plane has no "
	    "%s socket for %s", sa->encap ? "UDP 4500" :
	    sa->protocol == IPPROTO_AH ? "raw AH" : "raw ESP",
	    sa->dst.addr.family == AF_INET ? "IPv4" : "IPv6");
}

static int
user_sa_add(struct plane *p, const struct plane_sa *from,
    struct sp_error *err)
{
	struct user_plane *u = user_of(p);
	struct esp_sa *sa, *known;
	int ret;

	known = sadb_find(&u->sadb, from->spi, from->protocol,
	    &from->dst.addr);
	if (known != NULL && known->dir == from->dir)
		return sp_fail(err, SP_EXISTS, "there is an SA with SPI %08x "
		    "already", from->spi);
	ret = esp_sa_new(&sa, from, err);
	if (ret < 0)
		return ret;
	ret = check_socket(u, sa, err);
	if (ret < 0) {
		esp_sa_free(sa);
		return ret;
	}
	user_call(u, run_sa_add, sa);
	update_mtu(u);
	return 0;
}

static struct esp_sa *
find_sa(struct user_plane *u, uint32_t spi, uint8_t protocol,
    const struct ip_addr *dst, struct sp_error *err)
{
	struct esp_sa *sa = sadb_find(&u->sadb, spi, protocol, dst);

	if (sa == NULL)
		sp_fail(err, SP_NOTFOUND, "there is no SA with SPI %08x", spi);
	return sa;
}

static void
run_sa_del(struct user_plane *u, void *arg)
{
	struct esp_sa *sa = arg;

	sadb_remove(&u->sadb, sa);
	if (sa->dir != PLANE_OUT)
		return;
	mtu_count(&u->mtu, sa, -1);
	bind_policies(u, sa->reqid);
}

static int
user_sa_del(struct plane *p, uint32_t spi, uint8_t protocol,
    const struct ip_addr *dst, struct sp_error *err)
{
	struct user_plane *u = user_of(p);
	struct esp_sa *sa = find_sa(u, spi, protocol, dst, err);

	if (sa == NULL)
		return SP_NOTFOUND;
	user_call(u, run_sa_del, sa);
	esp_sa_free(sa);
	update_mtu(u);
	return 0;
}

struct move {
	uint32_t reqid;
	const struct endpoint *local, *remote;
	bool encap, found;
};

static void
run_sa_move(struct user_plane *u, void *arg)
{
	struct move *m = arg;
	struct esp_sa *sa;
	bool out;

	for (sa = sadb_of_child(&u->sadb, m->reqid); sa != NULL;
	    sa = sa->next_reqid) {
		out = sa->dir == PLANE_OUT;
		if (out)
			mtu_count(&u->mtu, sa, -1);
		sa->src = out ? *m->local : *m->remote;
		sa->dst = out ? *m->remote : *m->local;
		sa->encap = m->encap;
		sa->no_gso = false;
		sa->moved_to = (struct endpoint){0};
		if (out)
			mtu_count(&u->mtu, sa, 1);
		m->found = true;
	}
}

static int
user_sa_move(struct plane *p, uint32_t reqid, const struct endpoint *local,
    const struct endpoint *remote, bool encap, struct sp_error *err)
{
	struct user_plane *u = user_of(p);
	struct move m = {
		.reqid = reqid, .local = local, .remote = remote,
		.encap = encap,
	};
	const struct esp_sa *sa = sadb_of_child(&u->sadb, reqid);
	struct esp_sa probe = { .dir = PLANE_OUT, .encap = encap,
	    .protocol = sa != NULL ? sa->protocol : IPPROTO_ESP,
	    .dst = *remote };
	int ret;

	if (encap && probe.protocol == IPPROTO_AH)
		return sp_fail(err, SP_UNSUPPORTED, "AH cannot pass a NAT: "
		    "there is no AH in UDP (RFC 3948); use ESP");
	ret = check_socket(u, &probe, err);

	if (ret < 0)
		return ret;
	user_call(u, run_sa_move, &m);
	update_mtu(u);
	return m.found ? 0 : sp_fail(err, SP_NOTFOUND,
	    "there is no SA of child %u", reqid);
}

static int
user_sa_counters(struct plane *p, uint32_t spi, uint8_t protocol,
    const struct ip_addr *dst, struct plane_counters *out,
    struct sp_error *err)
{
	const struct esp_sa *sa = find_sa(user_of(p), spi, protocol, dst,
	    err);
	const struct esp_counters *c;

	if (sa == NULL)
		return SP_NOTFOUND;
	c = &sa->count;
	*out = (struct plane_counters){
		.bytes = esp_counter(&c->bytes),
		.packets = esp_counter(&c->packets),
		.replay_errors = esp_counter(&c->replay),
		.auth_errors = esp_counter(&c->auth),
		.other_errors = esp_counter(&c->other),
		.last_used_ms = atomic_load_explicit(&c->last_used_ms,
		    memory_order_relaxed),
	};
	return 0;
}

struct policy_change {
	struct policy *now, *old;
};

static void
run_policy_set(struct user_plane *u, void *arg)
{
	struct policy_change *c = arg;
	struct held *h;

	c->old = spd_find(&u->spd, c->now->reqid);
	if (c->old != NULL) {
		spd_remove(&u->spd, c->old);
		c->now->asked_ms = c->old->asked_ms;
		while ((h = policy_take_held(c->old)) != NULL) {
			list_append(&c->now->held, &h->link);
			c->now->nr_held++;
		}
	}
	spd_add(&u->spd, c->now);
	if (c->now->action == PLANE_PROTECT)
		bind_policies(u, c->now->sa_reqid);
}

static int
user_policy_set(struct plane *p, const struct plane_policy *pol,
    struct sp_error *err)
{
	struct policy_change c = {0};

	(void)err;
	c.now = policy_new(pol);
	user_call(user_of(p), run_policy_set, &c);
	policy_free(c.old);
	return 0;
}

static void
run_policy_del(struct user_plane *u, void *arg)
{
	struct policy *pol = arg;

	spd_remove(&u->spd, pol);
}

static int
user_policy_del(struct plane *p, uint32_t reqid, struct sp_error *err)
{
	struct user_plane *u = user_of(p);
	struct policy *pol = spd_find(&u->spd, reqid);

	if (pol == NULL)
		return sp_fail(err, SP_NOTFOUND,
		    "there is no policy of child %u", reqid);
	user_call(u, run_policy_del, pol);
	policy_free(pol);
	return 0;
}

static void
user_plane_stats(struct plane *p, struct plane_stats *out)
{
	const struct user_stats *s = &user_of(p)->stats;

	*out = (struct plane_stats){
		.no_sa = esp_counter(&s->no_sa),
		.malformed = esp_counter(&s->malformed),
		.policy_drops = esp_counter(&s->policy_drops),
		.queue_drops = esp_counter(&s->queue_drops),
	};
}

static int
user_fd(const struct plane *p)
{
	return user_of(p)->queue.fd;
}

static void
user_dispatch(struct plane *p)
{
	struct user_plane *u = user_of(p);

	events_dispatch(&u->queue, &u->events);
}

static void
user_free(struct plane *p)
{
	struct user_plane *u = user_of(p);
	unsigned i;

	user_thread_stop(u);
	for (i = 0; i < SOCK_KINDS; i++)
		usock_close(&u->socks[i]);
	utun_close(&u->tun);
	sadb_free(&u->sadb);
	spd_free(&u->spd);
	events_free(&u->queue);
	sock_recv_free(u->recv);
	coalesce_free(u->coalesce);
	batch_free(u->batch);
	free(u->tun_buf);
	free(u->scratch);
	free(u->arena);
	free(u);
}

static const struct plane_ops user_ops = {
	.name = "user",
	.caps = user_caps,
	.ifname = user_ifname,
	.sa_add = user_sa_add,
	.sa_del = user_sa_del,
	.sa_move = user_sa_move,
	.sa_counters = user_sa_counters,
	.policy_set = user_policy_set,
	.policy_del = user_policy_del,
	.stats = user_plane_stats,
	.fd = user_fd,
	.dispatch = user_dispatch,
	.free = user_free,
};

static void
pool_bytes(void *ctx, void *out, size_t len)
{
	struct rng_pool *pool = ctx;
	struct rng sys = rng_system();

	if (len > sizeof(pool->bytes)) {
		rng_bytes(&sys, out, len);
		return;
	}
	if (len > pool->left) {
		rng_bytes(&sys, pool->bytes, sizeof(pool->bytes));
		pool->left = sizeof(pool->bytes);
	}
	memcpy(out, &pool->bytes[sizeof(pool->bytes) - pool->left], len);
	pool->left -= len;
}

/* An object with nothing in it, which user_free() can free. */
static struct user_plane *
make_empty(const struct plane_params *p)
{
	struct user_plane *u = xcalloc(1, sizeof(*u));
	struct rng sys = rng_system();
	uint64_t seeds[2];
	unsigned i;

	u->plane.ops = &user_ops;
	u->events = p->events;
	u->log = p->log;
	u->outer_mtu = p->mtu != 0 ? p->mtu : OUTER_MTU;
	u->unknown_ms = INT64_MIN / 2;
	u->queue.fd = u->tun.fd = u->tun.ctl = -1;
	u->epoll_fd = u->wake_fd = -1;
	for (i = 0; i < SOCK_KINDS; i++)
		u->socks[i].fd = -1;
	pthread_mutex_init(&u->lock, NULL);
	pthread_cond_init(&u->done, NULL);
	rng_bytes(&sys, seeds, sizeof(seeds));
	sadb_init(&u->sadb, seeds[0]);
	spd_init(&u->spd, seeds[1]);
	u->recv = sock_recv_new();
	u->batch = batch_new();
	u->tun_buf = xcalloc(1, TUN_READ_MAX);
	u->scratch = xcalloc(1, TUN_READ_MAX);
	u->arena = xcalloc(1, USER_ARENA);
	u->pool.rng = (struct rng){ .bytes = pool_bytes, .ctx = &u->pool };
	return u;
}

/* Raw sockets may be refused (rights, no IPv6): then UDP is all there is. */
static void
open_raw(struct user_plane *u, enum sock_kind kind, int family,
    uint8_t protocol, uint32_t mark)
{
	struct sp_error err;

	if (usock_open_raw(&u->socks[kind], family, protocol, mark,
	    &err) < 0)
		log_event(u->log, LOG_LVL_INFO, "plane-raw", "", "%s",
		    err.text);
}

static int
open_sockets(struct user_plane *u, const struct plane_params *p,
    bool udp_offload, struct sp_error *err)
{
	int ret = 0;

	if (p->udp4500_v4 >= 0)
		ret = usock_from_udp(&u->socks[SOCK_UDP4], p->udp4500_v4,
		    AF_INET, udp_offload, err);
	if (ret == 0 && p->udp4500_v6 >= 0)
		ret = usock_from_udp(&u->socks[SOCK_UDP6], p->udp4500_v6,
		    AF_INET6, udp_offload, err);
	if (ret < 0)
		return ret;
	open_raw(u, SOCK_RAW4, AF_INET, IPPROTO_ESP, p->mark);
	open_raw(u, SOCK_RAW6, AF_INET6, IPPROTO_ESP, p->mark);
	open_raw(u, SOCK_AH4, AF_INET, IPPROTO_AH, p->mark);
	open_raw(u, SOCK_AH6, AF_INET6, IPPROTO_AH, p->mark);
	return 0;
}

static bool
write_tun(void *ctx, const struct iovec *iov, int nr)
{
	return utun_write(ctx, iov, nr);
}

int
user_plane_new(struct plane **out, const struct plane_params *p,
    enum tun_level most, bool udp_offload, struct sp_error *err)
{
	struct user_plane *u = make_empty(p);
	int ret;

	ret = events_init(&u->queue, err);
	if (ret == 0)
		ret = utun_open(&u->tun, p->name, most,
		    mtu_inner(&u->mtu, u->outer_mtu), err);
	if (ret == 0)
		ret = open_sockets(u, p, udp_offload, err);
	u->coalesce = coalesce_new(u->tun.level >= TUN_TSO,
	    u->tun.level >= TUN_USO, write_tun, &u->tun);
	if (ret == 0)
		ret = user_thread_start(u, err);
	if (ret < 0) {
		user_free(&u->plane);
		return ret;
	}
	*out = &u->plane;
	return 0;
}

int
plane_user_new(struct plane **out, const struct plane_params *p,
    struct sp_error *err)
{
	return user_plane_new(out, p, TUN_USO, true, err);
}
