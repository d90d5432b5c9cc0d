/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The place of a network.  Placement namespace: a namespace "sp-NAME" whose
 * up-link "dmz" is one end of a veth pair; the other end is a port of the
 * bridge "sp-dmz" on the host's side, which joins all networks and holds the
 * first address of system dmz-network.  The router's own address stands on
 * "lan", one end of a pair that stays inside: it answers whether or not a
 * link of the local network exists.  Placement host: nothing is made.
 *
 * What an engine that was killed left behind is removed first and made anew:
 * its addresses, routes and policies belong to a state that nobody knows any
 * more.  A namespace of that name that this engine's predecessors did not
 * make (state "placed/NAME") is somebody else's and stays as it is.
 */
#include "engine/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "conf/model.h"
#include "net/net.h"

#define UPLINK "dmz"
#define LAN "lan"

/* Host end of the up-link: 15 characters at most, unique by reqid space. */
static void
host_end(const struct network *n, char out[16])
{
	uint32_t hash = 2166136261u;
	const char *p;

	if (strlen(n->name) <= 11) {
		snprintf(out, 16, "spv-%.11s", n->name);
		return;
	}
	/* a long name: its beginning and a hash of the whole (FNV-1a) */
	for (p = n->name; *p != '\0'; p++)
		hash = (hash ^ (uint8_t)*p) * 16777619u;
	snprintf(out, 16, "spv-%.5s%06x", n->name, hash & 0xffffff);
}

static bool
dmz_taken(const struct network *n, const struct ip_addr *a)
{
	struct network *other;

	LIST_EACH(other, &n->engine->networks, struct network, link) {
		if (other != n && other->state == NET_ON &&
		    addr_eq(&other->dmz.addr, a))
			return true;
	}
	return false;
}

/* The address behind a; false if it wraps. */
static bool
addr_next(struct ip_addr *a)
{
	size_t i = addr_len(a);

	while (i-- > 0) {
		if (++a->b[i] != 0)
			return true;
	}
	return false;
}

/* The bridge's own address: the first host of the range. */
static struct ip_addr
bridge_addr(const struct ip_prefix *dmz)
{
	struct ip_addr first, last;

	prefix_range(dmz, &first, &last);
	addr_next(&first);
	return first;
}

/* The network's address on the segment: as set, or the lowest free one. */
static int
choose_dmz(struct network *n, const struct conf_node *node,
    const struct ip_prefix *dmz, struct sp_error *err)
{
	struct ip_addr a, last, first;

	n->dmz.len = dmz->len;
	if (conf_addr(node, "dmz-address", &n->dmz.addr))
		return 0;

	prefix_range(dmz, &first, &last);
	for (a = bridge_addr(dmz); addr_next(&a) && addr_cmp(&a, &last) < 0;) {
		if (!dmz_taken(n, &a)) {
			n->dmz.addr = a;
			return 0;
		}
	}
	return sp_fail(err, SP_RANGE,
	    "The segment that joins the networks has no address left.");
}

/* Forwarding on the host's side is what makes the segment lead anywhere. */
static int
make_bridge(const struct ip_prefix *dmz, struct sp_error *err)
{
	struct ip_prefix own = { bridge_addr(dmz), dmz->len };
	int ret;

	ret = link_add_bridge(ENGINE_DMZ_BRIDGE, err);
	if (ret == 0)
		ret = link_addr_add(ENGINE_DMZ_BRIDGE, &own, err);
	if (ret == 0)
		ret = link_up(ENGINE_DMZ_BRIDGE, err);
	if (ret == 0)
		ret = sysctl_set("net.ipv4.ip_forward", "1", err);
	return ret;
}

static int
make_uplink(struct network *n, unsigned mtu, struct sp_error *err)
{
	char port[16];
	int ret;

	host_end(n, port);
	ret = link_add_veth(port, UPLINK, n->netns, err);
	if (ret == 0)
		ret = link_set_master(port, ENGINE_DMZ_BRIDGE, err);
	if (ret == 0 && mtu != 0)
		ret = link_set_mtu(port, mtu, err);
	if (ret == 0)
		ret = link_up(port, err);
	return ret;
}

/* The router's address and nothing more: hosts of the local network are
 * found by way of the host (interface-network none). */
static int
make_lan(struct network *n, const struct ip_addr *own, struct sp_error *err)
{
	struct ip_prefix p = { *own, (uint8_t)(addr_len(own) * 8) };
	int ret;

	ret = link_add_veth(LAN, LAN "-in", n->netns, err);
	if (ret == 0)
		ret = link_addr_add(LAN, &p, err);
	if (ret == 0)
		ret = link_up(LAN "-in", err);
	if (ret == 0)
		ret = link_up(LAN, err);
	return ret;
}

static int
default_route(const struct ip_prefix *dmz, struct sp_error *err)
{
	struct net_route r = {0};

	r.dst.addr.family = dmz->addr.family;
	r.gateway = bridge_addr(dmz);
	snprintf(r.ifname, sizeof(r.ifname), "%s", UPLINK);
	return route_add(&r, err);
}

static int
make_inside(struct network *n, const struct ip_prefix *dmz, unsigned mtu,
    struct sp_error *err)
{
	int ret;

	ret = link_up("lo", err);
	if (ret == 0)
		ret = link_addr_add(UPLINK, &n->dmz, err);
	if (ret == 0 && mtu != 0)
		ret = link_set_mtu(UPLINK, mtu, err);
	if (ret == 0)
		ret = link_up(UPLINK, err);
	if (ret == 0)
		ret = default_route(dmz, err);
	if (ret == 0 && n->router.family != 0)
		ret = make_lan(n, &n->router, err);
	if (ret == 0)
		ret = sysctl_set("net.ipv4.ip_forward", "1", err);
	if (ret == 0)
		(void)sysctl_set("net.ipv6.conf.all.forwarding", "1", NULL);
	return ret;
}

/* The host's way to the router's address, as it was when it was made. */
static void
host_route(const struct network *n, bool add)
{
	struct net_route r = { .dst.addr = n->router };

	if (n->router.family == 0 || n->router.family != n->dmz.addr.family)
		return;

	r.dst.len = (uint8_t)(addr_len(&r.dst.addr) * 8);
	r.gateway = n->dmz.addr;
	snprintf(r.ifname, sizeof(r.ifname), "%s", ENGINE_DMZ_BRIDGE);
	if (add)
		(void)route_add(&r, NULL);
	else
		(void)route_del(&r, NULL);
}

/*
 * An engine that was killed may leave the name without the namespace behind
 * it (a mount of a mount namespace that is gone); then it is made anew.
 */
static int
make_netns(const struct network *n, struct sp_error *err)
{
	if (netns_create(n->netns, NULL) == 0)
		return 0;
	(void)netns_delete(n->netns, NULL);
	return netns_create(n->netns, err);
}

static int
make_namespace(struct network *n, const struct conf_node *node,
    struct sp_error *err)
{
	const struct conf_node *sys;
	struct ip_prefix dmz;
	unsigned mtu;
	int old, ret;

	sys = conf_child(conf_root(n->engine->conf), "system", NULL);
	if (sys == NULL || !conf_prefix(sys, "dmz-network", &dmz))
		prefix_parse(&dmz, "100.64.0.0/24");
	mtu = str_eq(conf_str(node, "mtu"), "auto") ? 0 :
	    (unsigned)conf_int(node, "mtu");

	ret = choose_dmz(n, node, &dmz, err);
	if (ret == 0)
		ret = make_bridge(&dmz, err);
	if (ret == 0)
		ret = make_netns(n, err);
	if (ret == 0)
		ret = make_uplink(n, mtu, err);
	if (ret == 0)
		ret = network_enter(n, &old, err);
	if (ret < 0)
		return ret;

	ret = make_inside(n, &dmz, mtu, err);
	network_leave(n, old);
	if (ret == 0)
		host_route(n, true);
	return ret;
}

void
place_remove(struct network *n)
{
	char port[16];

	if (n->netns[0] == '\0')
		return;

	host_route(n, false);
	host_end(n, port);
	(void)link_del(port, NULL);
	(void)netns_delete(n->netns, NULL);
	/* other networks share it, and perhaps other engines */
	if (!link_has_ports(ENGINE_DMZ_BRIDGE))
		(void)link_del(ENGINE_DMZ_BRIDGE, NULL);
	n->netns[0] = '\0';
}

/* Is the name free, or what stands there a leftover that may go? */
static int
clear_site(struct network *n, struct sp_error *err)
{
	char name[sizeof(n->netns)];

	snprintf(name, sizeof(name), "sp-%s", n->name);
	if (netns_exists(name) && !n->left_over) {
		sp_fail(err, SP_EXISTS, "There is a network namespace %s "
		    "already that another program made.", name);
		sp_hint(err, "ip netns delete %s", name);
		return SP_EXISTS;
	}
	memcpy(n->netns, name, sizeof(name));
	if (n->left_over)
		place_remove(n);
	memcpy(n->netns, name, sizeof(name));
	return 0;
}

int
place_make(struct network *n, struct sp_error *err)
{
	const struct conf_node *node = network_node(n);
	int ret;

	n->netns[0] = '\0';
	memset(&n->dmz, 0, sizeof(n->dmz));
	memset(&n->router, 0, sizeof(n->router));
	if (str_eq(conf_str(node, "placement"), "host"))
		return 0;

	ret = clear_site(n, err);
	if (ret < 0)
		return ret;
	(void)conf_addr(node, "address", &n->router);
	ret = make_namespace(n, node, err);
	if (ret < 0)
		place_remove(n);
	return ret;
}
