/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the wizards ask, with the answers that fit most often.
 */
#include "shell/wizard.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"

/* RFC 1918: what stands on an inner link. */
static bool
is_private(const struct ip_addr *a)
{
	static const char *const ranges[] = { "10.0.0.0/8", "172.16.0.0/12",
		"192.168.0.0/16" };
	struct ip_addr first, last;
	struct ip_prefix p;
	size_t i;

	for (i = 0; i < NELEM(ranges); i++) {
		prefix_parse(&p, ranges[i]);
		prefix_range(&p, &first, &last);
		if (a->family == first.family && addr_cmp(a, &first) >= 0 &&
		    addr_cmp(a, &last) <= 0)
			return true;
	}
	return false;
}

static unsigned
mask_length(const struct sockaddr *mask)
{
	const struct sockaddr_in *sin = (const void *)mask;

	return (unsigned)__builtin_popcount(ntohl(sin->sin_addr.s_addr));
}

/* An own private IPv4 address, inside the given network if it is not NULL. */
static bool
own_inner(const struct ip_prefix *inside, struct ip_prefix *out)
{
	struct ifaddrs *list, *i;
	const struct sockaddr_in *sin;
	struct ip_addr a, first, last;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (i = list; i != NULL && !found; i = i->ifa_next) {
		if (i->ifa_addr == NULL || i->ifa_netmask == NULL ||
		    i->ifa_addr->sa_family != AF_INET ||
		    (i->ifa_flags & (IFF_LOOPBACK | IFF_UP)) != IFF_UP)
			continue;
		sin = (const void *)i->ifa_addr;
		a = (struct ip_addr){ .family = AF_INET };
		memcpy(a.b, &sin->sin_addr, 4);
		if (inside != NULL)
			prefix_range(inside, &first, &last);
		found = inside == NULL ? is_private(&a) :
		    addr_cmp(&a, &first) >= 0 && addr_cmp(&a, &last) <= 0;
		*out = (struct ip_prefix){ a,
		    (uint8_t)mask_length(i->ifa_netmask) };
	}
	freeifaddrs(list);
	return found;
}

static bool
is_new_network(const struct wizard *w)
{
	return !wizard_had(w, WIZ_NETWORK);
}

/* The only network there is, or a new one. */
static char *
suggest_network(const struct wizard *w)
{
	(void)w;
	return xstrdup("vpn");
}

static char *
suggest_host(const struct wizard *w)
{
	(void)w;
	return xstrdup("host");
}

static char *
suggest_local(const struct wizard *w)
{
	struct ip_prefix p;
	struct ip_addr last;
	char text[ADDR_TEXT];

	(void)w;
	if (!own_inner(NULL, &p))
		return NULL;
	prefix_range(&p, &p.addr, &last);
	return xasprintf("%s/%u", addr_print(&p.addr, text), p.len);
}

/* Our address in the local network; else its first host. */
static char *
suggest_address(const struct wizard *w)
{
	const struct conf_node *net = wizard_node(w, WIZ_NETWORK);
	struct ip_prefix local, own;
	struct ip_addr last;
	char text[ADDR_TEXT];

	if (net == NULL || !conf_prefix(net, "network-address", &local))
		return NULL;
	if (own_inner(&local, &own))
		return xstrdup(addr_print(&own.addr, text));
	prefix_range(&local, &local.addr, &last);
	local.addr.b[addr_len(&local.addr) - 1]++;
	return xstrdup(addr_print(&local.addr, text));
}

static char *
suggest_local_selector(const struct wizard *w)
{
	const struct conf_node *net = wizard_node(w, WIZ_NETWORK);
	const char *value = NULL;

	if (net != NULL)
		value = conf_value(net, "network-address", 0);
	return value != NULL ? xstrdup(value) : NULL;
}

static char *
suggest_phase1(const struct wizard *w)
{
	(void)w;
	return xstrdup("hq");
}

static char *
suggest_ikev2(const struct wizard *w)
{
	(void)w;
	return xstrdup("ikev2");
}

static char *
suggest_phase2(const struct wizard *w)
{
	(void)w;
	return xstrdup("lan");
}

static char *
suggest_start(const struct wizard *w)
{
	(void)w;
	return xstrdup("start");
}

const struct wiz_step wizard_first_tunnel[] = {
	{ .level = WIZ_NETWORK, .question = N_("Name of the VPN network"),
	  .suggest = suggest_network,
	  .help = N_("A VPN network is a router with its tunnels. A new name "
	    "makes one; the name of an existing one adds a tunnel to it.") },
	{ .level = WIZ_NETWORK, .setting = "placement",
	  .question = N_("Where it lives"), .suggest = suggest_host,
	  .asked = is_new_network,
	  .help = N_("host: this machine itself is the gateway. namespace: "
	    "the network gets a namespace of its own.") },
	{ .level = WIZ_NETWORK, .setting = "network-address",
	  .question = N_("Local network (address/length)"),
	  .suggest = suggest_local, .asked = is_new_network,
	  .help = N_("The network on this side whose hosts use the "
	    "tunnel.") },
	{ .level = WIZ_NETWORK, .setting = "address",
	  .question = N_("This gateway's address in it"),
	  .suggest = suggest_address, .asked = is_new_network,
	  .check = true,
	  .help = N_("The inner address of this gateway; with placement "
	    "host one that the machine has.") },
	{ .level = WIZ_PHASE1, .question = N_("Name of the other side"),
	  .suggest = suggest_phase1,
	  .help = N_("A short name for the peer, such as its town; you will "
	    "type it in \"connect\".") },
	{ .level = WIZ_PHASE1, .setting = "remote-gateway",
	  .question = N_("Peer's public address or name"),
	  .help = N_("Where IKE goes to. \"any\" if the peer's address "
	    "changes and it is the one who calls.") },
	{ .level = WIZ_PHASE1, .setting = "key-exchange",
	  .question = N_("IKE version"), .suggest = suggest_ikev2,
	  .help = N_("ikev2 unless the peer is too old for it.") },
	{ .level = WIZ_PHASE1, .setting = "identifier", .optional = true,
	  .question = N_("Our identity (empty: our address)"),
	  .help = N_("What we say we are; the peer must expect the same. "
	    "Behind NAT a name is better than an address.") },
	{ .level = WIZ_PHASE1, .setting = "peer-identifier", .optional = true,
	  .question = N_("Peer's identity (empty: its address)"),
	  .help = N_("What the peer must say it is.") },
	{ .level = WIZ_PHASE1, .setting = "pre-shared-key",
	  .question = N_("Pre-shared key"),
	  .help = N_("The same key on both sides, at least 20 characters. "
	    "Enter alone makes a new random one and shows it at the end; it "
	    "is not shown while you type.") },
	{ .level = WIZ_PHASE1, .setting = "connection-behavior",
	  .question = N_("When to connect"), .suggest = suggest_start,
	  .help = N_("Who begins.") },
	{ .level = WIZ_PHASE2, .question = N_("Name of the traffic"),
	  .suggest = suggest_phase2,
	  .help = N_("A name for what goes through the tunnel; a peer may "
	    "have several.") },
	{ .level = WIZ_PHASE2, .setting = "local-network",
	  .question = N_("Networks on this side"),
	  .suggest = suggest_local_selector,
	  .help = N_("Address/length, several parted by blanks; the peer "
	    "has the same as its remote networks.") },
	{ .level = WIZ_PHASE2, .setting = "remote-network",
	  .question = N_("Networks on the other side"),
	  .help = N_("Address/length, several parted by blanks.") },
	{ .question = NULL }
};
