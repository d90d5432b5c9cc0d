/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Addresses and routes of this machine that change under standing tunnels
 * (RFC 4555): the kernel says that something did, and after a short rest each
 * IKE SA that can move is asked whether its own address still leads to its
 * peer.  One that does not moves to the address that the route gives now.
 */
#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/conn.h"
#include "engine/loop.h"
#include "net/net.h"

#define REST_MS 200		/* changes come in bursts */
#define MOVES 64		/* SAs looked at before the host acts */

struct move {
	uint32_t sa_id;
	struct ike_path path;
};

int
roam_open(struct network *n, struct sp_error *err)
{
	int fd = net_watch_open(err);

	if (fd < 0)
		return fd;
	n->watch_fd = fd;
	return 0;
}

void
roam_close(struct network *n)
{
	loop_io_free(n->watch_io);
	loop_timer_free(n->roam_timer);
	n->watch_io = NULL;
	n->roam_timer = NULL;
	if (n->watch_fd >= 0)
		close(n->watch_fd);
	n->watch_fd = -1;
}

static bool
is_link_local(const struct ip_addr *a)
{
	if (a->family == AF_INET)
		return a->b[0] == 169 && a->b[1] == 254;
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* May a peer be told of this address: not of the inside, not of one that
 * means something else elsewhere. */
static bool
is_outer(const struct network *n, const struct net_addr *a)
{
	const struct ip_addr *ip = &a->prefix.addr;

	if (!a->up || strcmp(a->ifname, "lo") == 0 || is_link_local(ip))
		return false;
	return n->local.addr.family == 0 || !prefix_has(&n->local, ip);
}

static void
list_addresses(struct network *n, const struct net_addr *all, size_t nr)
{
	struct ip_addr *own = xcalloc(nr + 1, sizeof(*own));
	size_t i, k = 0;

	for (i = 0; i < nr; i++) {
		if (is_outer(n, &all[i]))
			own[k++] = all[i].prefix.addr;
	}
	ike_host_set_addresses(n->host, own, k);
	free(own);
}

/* The link that has the address, "" if none has it any more. */
static const char *
link_of(const struct net_addr *all, size_t nr, const struct ip_addr *a)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (all[i].up && addr_eq(&all[i].prefix.addr, a))
			return all[i].ifname;
	}
	return "";
}

/* Where the SA has to go: false if it may stay, or if there is no way. */
static bool
new_path(const struct conn *c, const struct ike_sa_info *sa,
    const struct net_addr *all, size_t nr, struct ike_path *out)
{
	const char *there = link_of(all, nr, &sa->path.local.addr);
	struct net_path way;

	/* an address that is set is the operator's choice */
	if (c->conf == NULL || c->conf->local_addr.family != 0)
		return false;
	if (route_get(&sa->path.remote.addr, NULL, ENGINE_MARK, &way,
	    NULL) < 0 || way.source.family != sa->path.local.addr.family)
		return false;
	if (addr_eq(&way.source, &sa->path.local.addr) ||
	    strcmp(way.ifname, there) == 0)
		return false;
	*out = sa->path;
	out->local.addr = way.source;
	return true;
}

static void
say(const struct network *n, const struct conn *c,
    const struct ip_addr *was, const struct ip_addr *is)
{
	char from[ADDR_TEXT], to[ADDR_TEXT];

	log_event(n->engine->log, LOG_LVL_NOTICE, "ike-move", c->full,
	    "own address: %s, was: %s", addr_print(is, to),
	    addr_print(was, from));
}

/* A list first: the host may not change while it is walked. */
static size_t
find_moves(struct network *n, const struct net_addr *all, size_t nr,
    struct move *out)
{
	struct ike_sa_info sa;
	struct conn *c;
	size_t pos = 0, k = 0;

	while (k < MOVES && ike_host_next_sa(n->host, &pos, &sa)) {
		c = sa.mobike ? conn_of(n, sa.conf) : NULL;
		if (c == NULL || !new_path(c, &sa, all, nr, &out[k].path))
			continue;
		out[k++].sa_id = sa.id;
		say(n, c, &sa.path.local.addr, &out[k - 1].path.local.addr);
	}
	return k;
}

static void
check_all(struct network *n)
{
	struct net_addr *all = NULL;
	struct move moves[MOVES];
	size_t nr = 0, k, i;

	if (link_addr_list(&all, &nr, NULL) < 0)
		return;
	list_addresses(n, all, nr);
	do {
		k = find_moves(n, all, nr, moves);
		for (i = 0; i < k; i++) {
			ike_host_sa_move(n->host, clock_ms(), moves[i].sa_id,
			    &moves[i].path, NULL);
		}
	} while (k == MOVES);
	free(all);
}

static void
on_rest(void *ctx)
{
	struct network *n = ctx;
	int old;

	if (n->host == NULL || network_enter(n, &old, NULL) < 0)
		return;
	check_all(n);
	network_leave(n, old);
	tie_run(n);
}

static void
on_change(void *ctx, unsigned events)
{
	struct network *n = ctx;

	(void)events;
	if (net_watch_drain(n->watch_fd))
		loop_timer_set(n->roam_timer, clock_ms() + REST_MS);
}

void
roam_watch(struct network *n)
{
	n->roam_timer = loop_timer_new(n->engine->loop, on_rest, n);
	n->watch_io = loop_io_new(n->engine->loop, n->watch_fd, LOOP_READ,
	    on_change, n);
	on_rest(n);
}
