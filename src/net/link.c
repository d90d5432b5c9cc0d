/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Links: bridges, veth pairs, their state, MTU and master, by rtnetlink.
 *
 * Creating is idempotent in the strict sense: a link of that name and kind is
 * success, one of another kind is SP_EXISTS; nothing that somebody else made
 * is turned into ours by accident.
 */
#include "net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#include "base/error.h"
#include "base/str.h"
#include "net/nl.h"

/* What RTM_GETLINK tells of a link. */
struct link {
	int index;		/* 0 = there is none */
	unsigned mtu;
	char kind[16];		/* "bridge", "veth", "" for hardware */
};

/* The kernel's own rule (dev_valid_name), for a better sentence. */
static int
check_name(const char *ifname, struct sp_error *err)
{
	size_t len = strlen(ifname);

	if (len > 0 && len < IFNAMSIZ && strpbrk(ifname, "/: \t\n") == NULL)
		return 0;
	return sp_fail(err, SP_RANGE, "\"%.64s\" cannot name a link: at most "
	    "%d characters, no blank, colon or slash", ifname, IFNAMSIZ - 1);
}

/* One RTM_NEWLINK; len is bounded, as a kind is any module's name. */
static int
read_link(const struct nlmsghdr *h, void *ctx)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);
	const struct nlattr *tab[IFLA_LINKINFO + 1];
	const struct nlattr *info[IFLA_INFO_KIND + 1];
	struct link *l = ctx;
	size_t len;

	if (h->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(*ifi))
		return 0;

	nl_attrs(h, sizeof(*ifi), tab, IFLA_LINKINFO);
	nl_attrs_nested(tab[IFLA_LINKINFO], info, IFLA_INFO_KIND);
	l->index = ifi->ifi_index;
	l->mtu = nl_get_u32(tab[IFLA_MTU]);
	if (info[IFLA_INFO_KIND] == NULL)
		return 0;

	len = mnl_attr_get_payload_len(info[IFLA_INFO_KIND]);
	if (len >= sizeof(l->kind))
		len = sizeof(l->kind) - 1;
	memcpy(l->kind, mnl_attr_get_payload(info[IFLA_INFO_KIND]), len);
	return 0;
}

/* Look up by name; *l is empty (index 0) if there is none. */
static int
find(const char *ifname, struct link *l, struct sp_error *err)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nl_req r;
	int ret;

	memset(l, 0, sizeof(*l));
	ret = check_name(ifname, err);
	if (ret < 0)
		return ret;

	nl_begin(&r, RTM_GETLINK, 0, &ifi, sizeof(ifi), "look up link %s",
	    ifname);
	r.gone = ENODEV;
	mnl_attr_put_strz(r.h, IFLA_IFNAME, ifname);
	return nl_exchange(&r, read_link, l, err);
}

bool
link_exists(const char *ifname)
{
	return link_index(ifname) != 0;
}

int
link_index(const char *ifname)
{
	struct link l;

	return find(ifname, &l, NULL) == 0 ? l.index : 0;
}

unsigned
link_mtu(const char *ifname)
{
	struct link l;

	return find(ifname, &l, NULL) == 0 ? l.mtu : 0;
}

/* 1: there is one of that kind; 0: there is none; else SP_EXISTS. */
static int
is_there(const char *ifname, const char *kind, struct sp_error *err)
{
	struct link l;
	int ret;

	ret = find(ifname, &l, err);
	if (ret < 0)
		return ret;
	if (l.index == 0)
		return 0;
	if (str_eq(l.kind, kind))
		return 1;
	return sp_fail(err, SP_EXISTS, "link %s exists already and is no %s "
	    "but %s", ifname, kind, l.kind[0] != '\0' ? l.kind : "hardware");
}

int
link_add_bridge(const char *ifname, struct sp_error *err)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nlattr *info;
	struct nl_req r;
	int ret;

	ret = is_there(ifname, "bridge", err);
	if (ret != 0)
		return ret < 0 ? ret : 0;

	nl_begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi,
	    sizeof(ifi), "add bridge %s", ifname);
	mnl_attr_put_strz(r.h, IFLA_IFNAME, ifname);
	info = mnl_attr_nest_start(r.h, IFLA_LINKINFO);
	mnl_attr_put_strz(r.h, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(r.h, info);
	return nl_exchange(&r, NULL, NULL, err);
}

/* Is the far end of an existing pair where it should be? */
static int
check_peer(const char *ifname, const char *peer, const char *netns,
    struct sp_error *err)
{
	int old = -1, ret = 0;
	bool there;

	if (netns != NULL)
		ret = netns_enter(netns, &old, err);
	if (ret < 0)
		return ret;
	there = link_exists(peer);
	if (netns != NULL)
		ret = netns_leave(old, err);
	if (ret < 0 || there)
		return ret;

	return sp_fail(err, SP_EXISTS, "link %s exists already, but its far "
	    "end is not %s%s%s", ifname, peer,
	    netns != NULL ? " in network namespace " : "",
	    netns != NULL ? netns : "");
}

/* The request for a pair; ns is the far end's namespace or -1. */
static void
build_veth(struct nl_req *r, const char *ifname, const char *peer, int ns)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nlattr *info, *data, *far;

	nl_begin(r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi),
	    "add veth pair %s, %s", ifname, peer);
	mnl_attr_put_strz(r->h, IFLA_IFNAME, ifname);
	info = mnl_attr_nest_start(r->h, IFLA_LINKINFO);
	mnl_attr_put_strz(r->h, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(r->h, IFLA_INFO_DATA);

	/* a header of its own opens the attribute of the far end */
	far = mnl_attr_nest_start(r->h, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(r->h, sizeof(ifi));
	mnl_attr_put_strz(r->h, IFLA_IFNAME, peer);
	if (ns >= 0)
		mnl_attr_put_u32(r->h, IFLA_NET_NS_FD, (uint32_t)ns);
	mnl_attr_nest_end(r->h, far);

	mnl_attr_nest_end(r->h, data);
	mnl_attr_nest_end(r->h, info);
}

/* Descriptor of a named namespace, without staying there. */
static int
open_netns(const char *netns, int *fd, struct sp_error *err)
{
	int old, ret;

	ret = netns_enter(netns, &old, err);
	if (ret < 0)
		return ret;
	*fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (*fd < 0) {
		ret = sp_fail_errno(err, errno,
		    "cannot open network namespace %s", netns);
		netns_leave(old, NULL);
		return ret;
	}
	return netns_leave(old, err);
}

int
link_add_veth(const char *ifname, const char *peer, const char *netns,
    struct sp_error *err)
{
	struct nl_req r;
	int ret, ns = -1;

	ret = is_there(ifname, "veth", err);
	if (ret > 0)
		return check_peer(ifname, peer, netns, err);
	if (ret == 0)
		ret = check_name(peer, err);
	if (ret == 0 && netns != NULL)
		ret = open_netns(netns, &ns, err);
	if (ret < 0)
		goto out;

	build_veth(&r, ifname, peer, ns);
	ret = nl_exchange(&r, NULL, NULL, err);
out:
	if (ns >= 0)
		close(ns);
	return ret;
}

int
link_del(const char *ifname, struct sp_error *err)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nl_req r;
	struct link l;
	int ret;

	ret = find(ifname, &l, err);
	if (ret < 0 || l.index == 0)
		return ret;

	ifi.ifi_index = l.index;
	nl_begin(&r, RTM_DELLINK, 0, &ifi, sizeof(ifi), "delete link %s",
	    ifname);
	r.gone = ENODEV;
	return nl_exchange(&r, NULL, NULL, err);
}

/* Start a change of an existing link. */
static int
begin_change(struct nl_req *r, const char *ifname, unsigned flags,
    const char *deed, struct sp_error *err)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct link l;
	int ret;

	ret = find(ifname, &l, err);
	if (ret < 0)
		return ret;
	if (l.index == 0) {
		return sp_fail(err, SP_NOTFOUND,
		    "cannot %s %s: there is no such link here", deed, ifname);
	}

	ifi.ifi_index = l.index;
	ifi.ifi_flags = ifi.ifi_change = flags;
	nl_begin(r, RTM_NEWLINK, 0, &ifi, sizeof(ifi), "%s %s", deed, ifname);
	return 0;
}

int
link_up(const char *ifname, struct sp_error *err)
{
	struct nl_req r;
	int ret;

	ret = begin_change(&r, ifname, IFF_UP, "bring up link", err);
	if (ret < 0)
		return ret;
	return nl_exchange(&r, NULL, NULL, err);
}

int
link_set_mtu(const char *ifname, unsigned mtu, struct sp_error *err)
{
	struct nl_req r;
	int ret;

	ret = begin_change(&r, ifname, 0, "set the MTU of link", err);
	if (ret < 0)
		return ret;
	mnl_attr_put_u32(r.h, IFLA_MTU, mtu);
	return nl_exchange(&r, NULL, NULL, err);
}

int
link_set_master(const char *ifname, const char *bridge, struct sp_error *err)
{
	struct nl_req r;
	int ret;

	ret = begin_change(&r, ifname, 0, "attach to a bridge link", err);
	if (ret < 0)
		return ret;
	ret = nl_put_link(&r, IFLA_MASTER, bridge, err);
	if (ret < 0)
		return ret;
	return nl_exchange(&r, NULL, NULL, err);
}

/* What the walk over all links looks for. */
struct ports {
	uint32_t bridge;
	bool found;
};

static int
read_port(const struct nlmsghdr *h, void *ctx)
{
	const struct nlattr *tab[IFLA_MASTER + 1];
	struct ports *p = ctx;

	if (h->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(struct ifinfomsg))
		return 0;

	nl_attrs(h, sizeof(struct ifinfomsg), tab, IFLA_MASTER);
	if (nl_get_u32(tab[IFLA_MASTER]) == p->bridge)
		p->found = true;
	return 0;
}

bool
link_has_ports(const char *bridge)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct ports p = { .bridge = (uint32_t)link_index(bridge) };
	struct nl_req r;
	int i, ret = SP_AGAIN;

	if (p.bridge == 0)
		return false;

	for (i = 0; i < NL_DUMP_TRIES && ret == SP_AGAIN; i++) {
		p.found = false;
		nl_begin(&r, RTM_GETLINK, NLM_F_DUMP, &ifi, sizeof(ifi),
		    "list links");
		ret = nl_exchange(&r, read_port, &p, NULL);
	}
	/* not known: better a bridge too many than one taken away */
	return ret < 0 || p.found;
}
