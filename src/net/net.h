/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Namespaces, links, addresses, routes and policy-routing rules, by
 * rtnetlink (libmnl).  Every function works in the network namespace of the
 * calling thread and is synchronous.  Adding what is there already, and
 * removing what is not, is success.
 */
#ifndef SP_NET_NET_H
#define SP_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct sp_error;

/* Named namespaces, as "ip netns" keeps them (/run/netns/NAME). */
int netns_create(const char *name, struct sp_error *err);
int netns_delete(const char *name, struct sp_error *err);
bool netns_exists(const char *name);

/*
 * Move the calling thread into the named namespace; *old gets a descriptor
 * for netns_leave(), which returns there and closes it.
 */
int netns_enter(const char *name, int *old, struct sp_error *err);
int netns_leave(int old, struct sp_error *err);

/* Links. */
bool link_exists(const char *ifname);
int link_index(const char *ifname);		/* 0 = none */
int link_add_bridge(const char *ifname, struct sp_error *err);
/* A pair; the second end is made in the named namespace. */
int link_add_veth(const char *ifname, const char *peer, const char *netns,
    struct sp_error *err);
int link_del(const char *ifname, struct sp_error *err);
int link_up(const char *ifname, struct sp_error *err);
int link_set_mtu(const char *ifname, unsigned mtu, struct sp_error *err);
int link_set_master(const char *ifname, const char *bridge,
    struct sp_error *err);
/* Is any link attached to this bridge? */
bool link_has_ports(const char *bridge);
/* MTU of the link, 0 = unknown. */
unsigned link_mtu(const char *ifname);

/* Addresses. */
int link_addr_add(const char *ifname, const struct ip_prefix *p,
    struct sp_error *err);
int link_addr_del(const char *ifname, const struct ip_prefix *p,
    struct sp_error *err);

struct net_addr {
	struct ip_prefix prefix;
	char ifname[16];
	bool up;
};
/* All addresses; *out is the caller's (free()). */
int link_addr_list(struct net_addr **out, size_t *nr, struct sp_error *err);

/* An own address inside the range [first, last] (source of packets into a
 * tunnel); false if there is none. */
bool net_addr_in_range(const struct ip_addr *first,
    const struct ip_addr *last, struct ip_addr *out);

/* Routes. */
enum net_route_type { NET_ROUTE_UNICAST, NET_ROUTE_BLACKHOLE,
	NET_ROUTE_THROW };

struct net_route {
	enum net_route_type type;
	struct ip_prefix dst;
	struct ip_addr gateway;	/* family 0 = on link */
	char ifname[16];	/* "" = by gateway */
	struct ip_addr source;	/* preferred source, family 0 = none */
	uint32_t table;		/* 0 = main */
	uint32_t metric;
	unsigned mtu, advmss;	/* 0 = none */
};

/* The tag that marks our routes and rules (rtm_protocol). */
#define NET_PROTO_SALLYPORT 83

int route_add(const struct net_route *r, struct sp_error *err);
int route_del(const struct net_route *r, struct sp_error *err);

/* How would a packet to dst go: source address, link, gateway, MTU.
 * mark: its SO_MARK.  SP_NOTFOUND: no route. */
struct net_path {
	struct ip_addr source, gateway;
	char ifname[16];
	unsigned mtu;
};
int route_get(const struct ip_addr *dst, const struct ip_addr *src,
    uint32_t mark, struct net_path *out, struct sp_error *err);

/* All routes of a table that carry our tag are removed. */
int route_flush(uint32_t table, struct sp_error *err);

/*
 * "not fwmark MARK lookup TABLE" at preference pref, both families: traffic
 * but our own sockets' looks there first.
 */
int rule_add(uint32_t pref, uint32_t mark, uint32_t table,
    struct sp_error *err);
int rule_del(uint32_t pref, uint32_t mark, uint32_t table,
    struct sp_error *err);

/*
 * A descriptor that becomes readable when addresses, links or routes of this
 * namespace change (close() it); take in what came: did anything change.
 */
int net_watch_open(struct sp_error *err);
bool net_watch_drain(int fd);

/* Write a sysctl of this namespace: "net.ipv4.ip_forward", "1". */
int sysctl_set(const char *name, const char *value, struct sp_error *err);

#endif
