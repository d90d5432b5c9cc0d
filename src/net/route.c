/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Routes, by rtnetlink.
 *
 * Every route of ours carries NET_PROTO_SALLYPORT as its protocol, and only
 * such routes are ever changed or removed: what the operator or a routing
 * daemon made is not ours even when it has the same destination.  Adding a
 * route where ours stands already replaces it; where a foreign one stands it
 * is refused with SP_EXISTS.
 */
#include "net/net.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "net/nl.h"

/* IPv6 routes without a metric get this one (IP6_RT_PRIO_USER). */
#define METRIC6_DEFAULT 1024

/* A route of the kernel's, as far as it identifies one. */
struct seen {
	struct ip_prefix dst;
	uint32_t table, metric;
	uint8_t protocol, type;
};

static const struct {
	uint8_t rtn;
	const char *word;
} types[] = {
	[NET_ROUTE_UNICAST] = { RTN_UNICAST, "" },
	[NET_ROUTE_BLACKHOLE] = { RTN_BLACKHOLE, "blackhole " },
	[NET_ROUTE_THROW] = { RTN_THROW, "throw " },
};

static uint32_t
table_of(uint32_t table)
{
	return table == 0 ? RT_TABLE_MAIN : table;
}

static uint32_t
metric_of(const struct net_route *r)
{
	if (r->metric == 0 && r->dst.addr.family == AF_INET6)
		return METRIC6_DEFAULT;
	return r->metric;
}

/* What the kernel would refuse with a bare "invalid argument". */
static int
check(const struct net_route *r, struct sp_error *err)
{
	char dst[ADDR_TEXT];

	if (addr_len(&r->dst.addr) == 0)
		return sp_fail(err, SP_RANGE, "a route needs a destination");
	if (r->type != NET_ROUTE_UNICAST ||
	    r->gateway.family != 0 || r->ifname[0] != '\0')
		return 0;
	return sp_fail(err, SP_RANGE, "the route to %s has neither a gateway "
	    "nor a link", prefix_print(&r->dst, dst));
}

/* A gateway of the other family goes in an attribute of its own (RFC 5549). */
static void
put_gateway(struct nl_req *q, const struct net_route *r)
{
	struct {		/* struct rtvia with room for an address */
		uint16_t family;
		uint8_t bytes[16];
	} v = { .family = r->gateway.family };

	if (r->gateway.family == r->dst.addr.family) {
		nl_put_addr(q, RTA_GATEWAY, &r->gateway);
		return;
	}
	memcpy(v.bytes, r->gateway.b, addr_len(&r->gateway));
	mnl_attr_put(q->h, RTA_VIA, sizeof(v.family) + addr_len(&r->gateway),
	    &v);
}

static void
put_metrics(struct nl_req *q, const struct net_route *r)
{
	struct nlattr *nest;

	if (r->mtu == 0 && r->advmss == 0)
		return;
	nest = mnl_attr_nest_start(q->h, RTA_METRICS);
	if (r->mtu != 0)
		mnl_attr_put_u32(q->h, RTAX_MTU, r->mtu);
	if (r->advmss != 0)
		mnl_attr_put_u32(q->h, RTAX_ADVMSS, r->advmss);
	mnl_attr_nest_end(q->h, nest);
}

/* As iproute2 chooses it: a wrong scope is refused, or matches nothing. */
static uint8_t
scope_of(const struct net_route *r, bool add)
{
	if (!add)
		return RT_SCOPE_NOWHERE;	/* any */
	if (r->type == NET_ROUTE_UNICAST && r->gateway.family == 0)
		return RT_SCOPE_LINK;
	return RT_SCOPE_UNIVERSE;
}

/* What names a route, for adding and deleting alike. */
static int
build(struct nl_req *q, const struct net_route *r, uint16_t type,
    uint16_t flags, struct sp_error *err)
{
	struct ip_prefix dst = prefix_masked(&r->dst);
	struct rtmsg rtm = {
		.rtm_family = dst.addr.family,
		.rtm_dst_len = dst.len,
		.rtm_table = RT_TABLE_UNSPEC,
		.rtm_protocol = NET_PROTO_SALLYPORT,
		.rtm_scope = scope_of(r, type == RTM_NEWROUTE),
		.rtm_type = types[r->type].rtn,
	};
	char text[ADDR_TEXT];
	int ret = 0;

	nl_begin(q, type, flags, &rtm, sizeof(rtm), "%s %sroute to %s",
	    type == RTM_NEWROUTE ? "add" : "delete", types[r->type].word,
	    prefix_print(&dst, text));
	if (dst.len != 0)
		nl_put_addr(q, RTA_DST, &dst.addr);
	mnl_attr_put_u32(q->h, RTA_TABLE, table_of(r->table));
	if (r->metric != 0)
		mnl_attr_put_u32(q->h, RTA_PRIORITY, r->metric);
	if (r->gateway.family != 0)
		put_gateway(q, r);
	if (r->ifname[0] != '\0')
		ret = nl_put_link(q, RTA_OIF, r->ifname, err);
	return ret;
}

/* Cloned routes are IPv6 cache entries: they show up in dumps. */
static bool
read_seen(const struct nlmsghdr *h, struct seen *s)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(h);
	const struct nlattr *tab[RTA_TABLE + 1];

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(*rtm) ||
	    (rtm->rtm_flags & RTM_F_CLONED))
		return false;

	nl_attrs(h, sizeof(*rtm), tab, RTA_TABLE);
	memset(s, 0, sizeof(*s));
	s->dst.addr.family = rtm->rtm_family;
	if (tab[RTA_DST] != NULL)
		s->dst.addr = nl_get_addr(tab[RTA_DST], rtm->rtm_family);
	s->dst.len = rtm->rtm_dst_len;
	s->table = tab[RTA_TABLE] != NULL ? nl_get_u32(tab[RTA_TABLE]) :
	    rtm->rtm_table;
	s->metric = nl_get_u32(tab[RTA_PRIORITY]);
	s->protocol = rtm->rtm_protocol;
	s->type = rtm->rtm_type;
	return true;
}

struct search {
	const struct net_route *want;
	bool foreign;		/* one with the same key is not ours */
};

/* Compares what the kernel compares before it says "exists". */
static int
find_foreign(const struct nlmsghdr *h, void *ctx)
{
	struct search *f = ctx;
	struct ip_prefix dst = prefix_masked(&f->want->dst);
	struct seen s;

	if (read_seen(h, &s) && s.protocol != NET_PROTO_SALLYPORT &&
	    s.table == table_of(f->want->table) &&
	    s.metric == metric_of(f->want) && s.dst.len == dst.len &&
	    addr_eq(&s.dst.addr, &dst.addr))
		f->foreign = true;
	return 0;
}

/* Start a dump of one table; the kernel may send more than was asked for. */
static void
begin_dump(struct nl_req *q, int family, uint32_t table, uint8_t protocol)
{
	struct rtmsg rtm = {
		.rtm_family = (uint8_t)family,
		.rtm_protocol = protocol,
	};

	nl_begin(q, RTM_GETROUTE, NLM_F_DUMP, &rtm, sizeof(rtm),
	    "list the routes");
	mnl_attr_put_u32(q->h, RTA_TABLE, table_of(table));
	q->gone = ENOENT;		/* no such table: no routes */
}

/* The place is taken: by ours, which is replaced, or by a foreign route. */
static int
replace_ours(const struct net_route *r, struct nl_req *q,
    struct sp_error *err)
{
	struct search f = { .want = r };
	struct nl_req dump;
	char text[ADDR_TEXT];
	int ret;

	begin_dump(&dump, r->dst.addr.family, r->table, 0);
	ret = nl_exchange(&dump, find_foreign, &f, err);
	if (ret < 0)
		return ret;
	if (f.foreign) {
		return sp_fail(err, SP_EXISTS, "a route to %s that sallyport "
		    "did not make is in table %u already",
		    prefix_print(&r->dst, text), table_of(r->table));
	}

	q->h->nlmsg_flags &= (uint16_t)~NLM_F_EXCL;
	q->h->nlmsg_flags |= NLM_F_REPLACE;
	return nl_exchange(q, NULL, NULL, err);
}

int
route_add(const struct net_route *r, struct sp_error *err)
{
	struct nl_req q;
	int ret, refused;

	ret = check(r, err);
	if (ret < 0)
		return ret;
	ret = build(&q, r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, err);
	if (ret < 0)
		return ret;

	if (r->source.family != 0)
		nl_put_addr(&q, RTA_PREFSRC, &r->source);
	put_metrics(&q, r);
	ret = nl_try(&q, NULL, NULL, &refused, err);
	if (ret < 0 && refused == EEXIST)
		ret = replace_ours(r, &q, err);
	return ret;
}

int
route_del(const struct net_route *r, struct sp_error *err)
{
	struct nl_req q;
	int ret;

	/* routes go with their link: nothing is left to remove */
	if (r->ifname[0] != '\0' && !link_exists(r->ifname))
		return 0;
	ret = build(&q, r, RTM_DELROUTE, 0, err);
	if (ret < 0)
		return ret;

	q.gone = ESRCH;
	return nl_exchange(&q, NULL, NULL, err);
}

/* A gateway of the other family than the route's. */
static void
read_via(const struct nlattr *a, struct ip_addr *gateway)
{
	const struct rtvia *via;

	if (a == NULL || mnl_attr_get_payload_len(a) < sizeof(*via) + 4)
		return;
	via = mnl_attr_get_payload(a);
	if (via->rtvia_family == AF_INET6 &&
	    mnl_attr_get_payload_len(a) < sizeof(*via) + 16)
		return;
	*gateway = addr_from_bytes(via->rtvia_family, via->rtvia_addr);
}

struct path_read {
	struct net_path *path;
	uint8_t type;
};

/* The answer to RTM_GETROUTE: the route as it would be used, resolved. */
static int
read_path(const struct nlmsghdr *h, void *ctx)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(h);
	const struct nlattr *tab[RTA_VIA + 1], *metrics[RTAX_MTU + 1];
	struct path_read *p = ctx;
	struct net_path *out = p->path;
	char ifname[IFNAMSIZ] = "";

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(*rtm))
		return 0;

	nl_attrs(h, sizeof(*rtm), tab, RTA_VIA);
	nl_attrs_nested(tab[RTA_METRICS], metrics, RTAX_MTU);
	p->type = rtm->rtm_type;
	out->source = nl_get_addr(tab[RTA_PREFSRC], rtm->rtm_family);
	out->gateway = nl_get_addr(tab[RTA_GATEWAY], rtm->rtm_family);
	if (out->gateway.family == 0)
		read_via(tab[RTA_VIA], &out->gateway);
	out->mtu = nl_get_u32(metrics[RTAX_MTU]);
	if (if_indextoname(nl_get_u32(tab[RTA_OIF]), ifname) != NULL)
		memcpy(out->ifname, ifname, sizeof(out->ifname));
	return 0;
}

/* The kernel tells these cases apart in no way worth relying on. */
static int
no_route(const struct ip_addr *dst, const struct ip_addr *src,
    struct sp_error *err)
{
	char to[ADDR_TEXT], from[ADDR_TEXT];

	if (src == NULL) {
		return sp_fail(err, SP_NOTFOUND, "there is no route to %s",
		    addr_print(dst, to));
	}
	return sp_fail(err, SP_NOTFOUND,
	    "there is no route to %s from %s, or %s is not an address of "
	    "this network", addr_print(dst, to), addr_print(src, from), from);
}

int
route_get(const struct ip_addr *dst, const struct ip_addr *src,
    uint32_t mark, struct net_path *out, struct sp_error *err)
{
	struct rtmsg rtm = {
		.rtm_family = dst->family,
		.rtm_dst_len = (uint8_t)(addr_len(dst) * 8),
	};
	struct net_path path = { .mtu = 0 };
	struct path_read p = { .path = &path };
	struct nl_req q;
	char text[ADDR_TEXT];
	int ret, refused = 0;

	if (src != NULL && src->family == 0)
		src = NULL;
	if (src != NULL)
		rtm.rtm_src_len = (uint8_t)(addr_len(src) * 8);

	nl_begin(&q, RTM_GETROUTE, 0, &rtm, sizeof(rtm),
	    "look up the route to %s", addr_print(dst, text));
	nl_put_addr(&q, RTA_DST, dst);
	if (src != NULL)
		nl_put_addr(&q, RTA_SRC, src);
	if (mark != 0)
		mnl_attr_put_u32(q.h, RTA_MARK, mark);

	/* EINVAL stands for blackholes and foreign source addresses alike */
	ret = nl_try(&q, read_path, &p, &refused, err);
	if (refused == ENETUNREACH || refused == EHOSTUNREACH ||
	    refused == EINVAL || refused == EACCES)
		return no_route(dst, src, err);
	if (ret < 0)
		return ret;
	if (p.type != RTN_UNICAST && p.type != RTN_LOCAL)
		return no_route(dst, src, err);

	if (path.source.family == 0 && src != NULL)
		path.source = *src;
	if (path.mtu == 0)
		path.mtu = link_mtu(path.ifname);
	*out = path;
	return 0;
}

/* Routes to remove: the kernel's own messages, one behind the other. */
struct flush {
	uint32_t table;
	struct buf messages;
};

static int
collect_ours(const struct nlmsghdr *h, void *ctx)
{
	struct flush *f = ctx;
	struct seen s;

	if (read_seen(h, &s) && s.protocol == NET_PROTO_SALLYPORT &&
	    s.table == f->table && h->nlmsg_len <= NL_REQ_MAX)
		buf_bytes(&f->messages, h, MNL_ALIGN(h->nlmsg_len));
	return 0;
}

/* A dumped route sent back as it came is the exact name of itself. */
static int
delete_collected(const struct flush *f, struct sp_error *err)
{
	const struct nlmsghdr *h = (const void *)f->messages.data;
	int left = (int)f->messages.len, ret;
	struct rtmsg rtm = { .rtm_family = AF_UNSPEC };
	struct nl_req q;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		nl_begin(&q, RTM_DELROUTE, 0, &rtm, sizeof(rtm),
		    "delete the routes of table %u", f->table);
		memcpy(mnl_nlmsg_get_payload(q.h), mnl_nlmsg_get_payload(h),
		    mnl_nlmsg_get_payload_len(h));
		q.h->nlmsg_len = h->nlmsg_len;
		q.gone = ESRCH;
		ret = nl_exchange(&q, NULL, NULL, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int
route_flush(uint32_t table, struct sp_error *err)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct flush f = { .table = table_of(table) };
	struct nl_req q;
	int ret = 0;
	size_t i;

	for (i = 0; i < NELEM(families) && ret == 0; i++) {
		begin_dump(&q, families[i], table, NET_PROTO_SALLYPORT);
		q.there = EAFNOSUPPORT;		/* a host without IPv6 */
		ret = nl_exchange(&q, collect_ours, &f, err);
	}

	/* what a torn dump has missed is not worth keeping the rest for */
	if (ret == 0 || ret == SP_AGAIN)
		ret = delete_collected(&f, err);
	buf_free(&f.messages);
	return ret;
}
