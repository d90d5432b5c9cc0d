/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Routes for tunnels (system install-routes): in a table of their own
 * (routing-table, 220), looked at before the main one by every packet but
 * our own (rule "not fwmark").  The userspace plane needs a route to its
 * device for each remote network.  The kernel plane takes the packets by
 * policy whatever the route; there the route chooses the source address, so
 * that what this machine sends itself falls into the local selector.
 *
 * The list is kept while install-routes is no (table 0), so that a commit can
 * put the routes into the kernel, or into another table, without the tunnels.
 *
 * exclude-my-network is a throw route: such packets go on to the main table.
 */
#include "engine/internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "conf/model.h"
#include "net/net.h"

struct route {
	struct list link;
	uint32_t reqid;		/* of the policy it serves; 0 = exclude */
	struct net_route r;
};

#define MAX_ROUTES 256		/* prefixes of one selector list */

static void
remove_route(struct network *n, struct route *rt)
{
	struct sp_error err;

	if (n->table != 0 && route_del(&rt->r, &err) < 0) {
		log_event(n->engine->log, LOG_LVL_WARNING, "route", n->name,
		    "%s", err.text);
	}
	list_remove(&rt->link);
	free(rt);
}

/* In the network's namespace.  A prefix that two tunnels share is one route
 * in the kernel: it goes with the last of them. */
static void
add_route(struct network *n, uint32_t reqid, const struct net_route *r)
{
	struct sp_error err;
	struct route *rt;

	if (n->table != 0 && route_add(r, &err) < 0) {
		log_event(n->engine->log, LOG_LVL_WARNING, "route", n->name,
		    "%s", err.text);
		return;
	}
	rt = xcalloc(1, sizeof(*rt));
	rt->reqid = reqid;
	rt->r = *r;
	list_append(&n->routes, &rt->link);
}

static bool
shared(const struct network *n, const struct route *rt)
{
	struct route *other;

	LIST_EACH(other, &n->routes, struct route, link) {
		if (other != rt && other->r.dst.len == rt->r.dst.len &&
		    addr_eq(&other->r.dst.addr, &rt->r.dst.addr))
			return true;
	}
	return false;
}

static void
drop_routes(struct network *n, uint32_t reqid)
{
	struct route *rt;

	LIST_EACH(rt, &n->routes, struct route, link) {
		if (rt->reqid != reqid)
			continue;
		if (shared(n, rt)) {
			list_remove(&rt->link);
			free(rt);
		} else {
			remove_route(n, rt);
		}
	}
}

/* Preferred source: an own address inside a local selector. */
static void
find_source(struct net_route *r, const struct plane_selector *local,
    size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (local[i].first.family == r->dst.addr.family &&
		    net_addr_in_range(&local[i].first, &local[i].last,
		    &r->source))
			return;
	}
}

/* The range as prefixes, at most MAX_ROUTES of them. */
static void
add_range(struct network *n, uint32_t reqid, struct net_route *r,
    const struct plane_selector *sel)
{
	struct ip_addr at = sel->first, last;
	int i;

	for (i = 0; i < MAX_ROUTES; i++) {
		r->dst = prefix_of_range(&at, &sel->last);
		add_route(n, reqid, r);
		prefix_range(&r->dst, &at, &last);
		if (addr_cmp(&last, &sel->last) >= 0)
			return;
		/* the address behind last */
		at = last;
		for (size_t k = addr_len(&at); k-- > 0 && ++at.b[k] == 0;)
			;
	}
}

void
routes_set(struct network *n, uint32_t reqid,
    const struct plane_selector *local, size_t nr_local,
    const struct plane_selector *remote, size_t nr_remote,
    const struct ip_addr *peer)
{
	bool to_device = n->plane->ops->caps(n->plane) & PLANE_NEEDS_ROUTES;
	struct net_route r = {0};
	struct net_path path;
	size_t i;
	int old;

	if (network_enter(n, &old, NULL) < 0)
		return;

	drop_routes(n, reqid);
	for (i = 0; i < nr_remote; i++) {
		r = (struct net_route){0};
		r.table = n->table;
		r.dst.addr = remote[i].first;
		find_source(&r, local, nr_local);
		if (to_device) {
			snprintf(r.ifname, sizeof(r.ifname), "%s",
			    n->plane->ops->ifname(n->plane));
		} else {
			/* without a source to choose it changes nothing */
			if (r.source.family == 0 || peer->family !=
			    r.dst.addr.family || route_get(peer, NULL,
			    ENGINE_MARK, &path, NULL) < 0)
				continue;
			r.gateway = path.gateway;
			snprintf(r.ifname, sizeof(r.ifname), "%s",
			    path.ifname);
		}
		add_range(n, reqid, &r, &remote[i]);
	}
	network_leave(n, old);
}

void
routes_del(struct network *n, uint32_t reqid)
{
	int old;

	if (network_enter(n, &old, NULL) < 0)
		return;

	drop_routes(n, reqid);
	network_leave(n, old);
}

void
routes_exclude(struct network *n)
{
	struct net_route r = { .type = NET_ROUTE_THROW, .dst = n->local,
	    .table = n->table };
	int old;

	if (network_enter(n, &old, NULL) < 0)
		return;

	drop_routes(n, 0);
	if (n->exclude && n->local.addr.family != 0)
		add_route(n, 0, &r);
	network_leave(n, old);
}

/* The table that the configuration names, 0 = no routes. */
static uint32_t
wanted_table(const struct network *n)
{
	const struct conf_node *sys;

	sys = conf_child(conf_root(n->engine->conf), "system", NULL);
	if (sys == NULL)
		return 220;
	return conf_bool(sys, "install-routes") ?
	    (uint32_t)conf_int(sys, "routing-table") : 0;
}

/* In the network's namespace. */
static void
leave_table(struct network *n)
{
	if (n->table == 0)
		return;

	(void)route_flush(n->table, NULL);
	(void)rule_del(ENGINE_RULE_PREF, ENGINE_MARK, n->table, NULL);
	n->table = 0;
}

/* In the network's namespace. */
int
routes_open(struct network *n, struct sp_error *err)
{
	n->table = wanted_table(n);
	if (n->table == 0)
		return 0;

	(void)route_flush(n->table, NULL);
	return rule_add(ENGINE_RULE_PREF, ENGINE_MARK, n->table, err);
}

/* In the network's namespace. */
void
routes_close(struct network *n)
{
	struct route *rt;

	LIST_EACH(rt, &n->routes, struct route, link) {
		list_remove(&rt->link);
		free(rt);
	}
	leave_table(n);
}

void
routes_reload(struct network *n)
{
	struct sp_error err = {0};
	struct route *rt;
	int old, ret;

	if (n->table == wanted_table(n) || network_enter(n, &old, NULL) < 0)
		return;

	leave_table(n);
	ret = routes_open(n, &err);
	LIST_EACH(rt, &n->routes, struct route, link) {
		rt->r.table = n->table;
		if (ret == 0 && n->table != 0)
			ret = route_add(&rt->r, &err);
	}
	network_leave(n, old);
	if (ret < 0) {
		log_event(n->engine->log, LOG_LVL_WARNING, "route", n->name,
		    "%s", err.text);
	}
}
