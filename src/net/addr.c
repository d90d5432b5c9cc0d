/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses of links, by rtnetlink.
 *
 * IPv6 addresses are added without duplicate address detection: for its
 * second of waiting the address could not be bound, and a tunnel that starts
 * with the network would fail for that alone (RFC 4862 5.4).
 */
#include "net/net.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/nl.h"

struct link_row {
	int index;
	bool up;
	char ifname[IFNAMSIZ];
};

/* Both dumps that a list is made of. */
struct listing {
	struct link_row *links;
	size_t nr_links;
	struct net_addr *addrs;
	size_t nr_addrs;
};

/* Append a zeroed element to a growing array; room doubles. */
static void *
grow(void *array, size_t nr, size_t size)
{
	if (nr == 0 || (nr & (nr - 1)) == 0)
		return xrealloc(array, nr == 0 ? 1 : nr * 2, size);
	return array;
}

static int
change(const char *ifname, const struct ip_prefix *p, uint16_t type,
    struct sp_error *err)
{
	char text[ADDR_TEXT];
	struct ifaddrmsg ifa = {
		.ifa_family = p->addr.family,
		.ifa_prefixlen = p->len,
		.ifa_scope = RT_SCOPE_UNIVERSE,
	};
	bool add = type == RTM_NEWADDR;
	struct nl_req r;

	ifa.ifa_index = (uint32_t)link_index(ifname);
	if (ifa.ifa_index == 0) {
		if (!add)
			return 0;
		return sp_fail(err, SP_NOTFOUND, "cannot add address %s: "
		    "there is no link %s here", prefix_print(p, text),
		    ifname);
	}

	nl_begin(&r, type, add ? NLM_F_CREATE | NLM_F_EXCL : 0, &ifa,
	    sizeof(ifa), "%s address %s %s link %s", add ? "add" : "delete",
	    prefix_print(p, text), add ? "to" : "from", ifname);
	nl_put_addr(&r, IFA_LOCAL, &p->addr);
	nl_put_addr(&r, IFA_ADDRESS, &p->addr);
	if (add && p->addr.family == AF_INET6)
		mnl_attr_put_u32(r.h, IFA_FLAGS, IFA_F_NODAD);
	r.there = EEXIST;
	r.gone = EADDRNOTAVAIL;
	return nl_exchange(&r, NULL, NULL, err);
}

int
link_addr_add(const char *ifname, const struct ip_prefix *p,
    struct sp_error *err)
{
	return change(ifname, p, RTM_NEWADDR, err);
}

int
link_addr_del(const char *ifname, const struct ip_prefix *p,
    struct sp_error *err)
{
	return change(ifname, p, RTM_DELADDR, err);
}

/* First dump: names and states, as addresses know links by index only. */
static int
read_link(const struct nlmsghdr *h, void *ctx)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);
	const struct nlattr *tab[IFLA_IFNAME + 1];
	struct listing *l = ctx;
	struct link_row *row;

	if (h->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(*ifi))
		return 0;

	nl_attrs(h, sizeof(*ifi), tab, IFLA_IFNAME);
	if (tab[IFLA_IFNAME] == NULL)
		return 0;

	l->links = grow(l->links, l->nr_links, sizeof(*row));
	row = &l->links[l->nr_links++];
	row->index = ifi->ifi_index;
	row->up = (ifi->ifi_flags & IFF_UP) != 0;
	snprintf(row->ifname, sizeof(row->ifname), "%s",
	    mnl_attr_get_str(tab[IFLA_IFNAME]));
	return 0;
}

/* A link that came between the two dumps is not there: its address waits. */
static const struct link_row *
row_of(const struct listing *l, uint32_t index)
{
	size_t i;

	for (i = 0; i < l->nr_links; i++) {
		if (l->links[i].index == (int)index)
			return &l->links[i];
	}
	return NULL;
}

/* Second dump: the addresses themselves. */
static int
read_addr(const struct nlmsghdr *h, void *ctx)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(h);
	const struct nlattr *tab[IFA_LOCAL + 1];
	const struct link_row *row;
	struct listing *l = ctx;
	struct net_addr *a;
	struct ip_addr own;

	if (h->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(*ifa) ||
	    (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return 0;

	/* on point-to-point links IFA_ADDRESS is the other end's */
	nl_attrs(h, sizeof(*ifa), tab, IFA_LOCAL);
	own = nl_get_addr(tab[IFA_LOCAL] != NULL ? tab[IFA_LOCAL] :
	    tab[IFA_ADDRESS], ifa->ifa_family);
	row = row_of(l, ifa->ifa_index);
	if (row == NULL || own.family == 0)
		return 0;

	l->addrs = grow(l->addrs, l->nr_addrs, sizeof(*a));
	a = &l->addrs[l->nr_addrs++];
	memset(a, 0, sizeof(*a));
	a->prefix.addr = own;
	a->prefix.len = ifa->ifa_prefixlen;
	a->up = row->up;
	memcpy(a->ifname, row->ifname, sizeof(a->ifname));
	return 0;
}

static void
forget(struct listing *l)
{
	free(l->links);
	free(l->addrs);
	memset(l, 0, sizeof(*l));
}

/* Both dumps from the start; an earlier, torn round is forgotten. */
static int
list_once(struct listing *l, struct sp_error *err)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct ifaddrmsg ifa = { .ifa_family = AF_UNSPEC };
	struct nl_req r;
	int ret;

	forget(l);
	nl_begin(&r, RTM_GETLINK, NLM_F_DUMP, &ifi, sizeof(ifi),
	    "list the links");
	ret = nl_exchange(&r, read_link, l, err);
	if (ret < 0)
		return ret;

	nl_begin(&r, RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa),
	    "list the addresses");
	return nl_exchange(&r, read_addr, l, err);
}

int
link_addr_list(struct net_addr **out, size_t *nr, struct sp_error *err)
{
	struct listing l = { 0 };
	int ret, tries;

	for (tries = 0; tries < NL_DUMP_TRIES; tries++) {
		ret = list_once(&l, err);
		if (ret != SP_AGAIN)
			break;
	}
	if (ret == 0) {
		*out = l.addrs;
		*nr = l.nr_addrs;
		l.addrs = NULL;
	}
	forget(&l);
	return ret;
}

/*
 * 127.0.0.0/8, ::1 and fe80::/10 answer nobody at the far end of a tunnel;
 * a range as wide as 0.0.0.0/0 must not choose them.
 */
static bool
is_of_this_host_only(const struct ip_addr *a)
{
	static const uint8_t loopback6[16] = { [15] = 1 };

	if (a->family == AF_INET)
		return a->b[0] == 127;
	return memcmp(a->b, loopback6, sizeof(loopback6)) == 0 ||
	    (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80);
}

bool
net_addr_in_range(const struct ip_addr *first, const struct ip_addr *last,
    struct ip_addr *out)
{
	struct net_addr *addrs = NULL;
	const struct ip_addr *a;
	bool found = false;
	size_t i, nr = 0;

	if (link_addr_list(&addrs, &nr, NULL) < 0)
		return false;

	for (i = 0; i < nr && !found; i++) {
		a = &addrs[i].prefix.addr;
		if (!addrs[i].up || a->family != first->family ||
		    is_of_this_host_only(a) || addr_cmp(a, first) < 0 ||
		    addr_cmp(a, last) > 0)
			continue;
		*out = *a;
		found = true;
	}
	free(addrs);
	return found;
}
