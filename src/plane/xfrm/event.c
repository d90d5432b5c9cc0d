/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the kernel tells by itself: traffic that asks for a state (acquire),
 * limits reached (expire), ESP from another outer source (mapping, RFC 3948
 * and V2-033).
 *
 * The multicast socket has a buffer; when it runs over, messages are lost and
 * the next read says ENOBUFS.  Then the states are dumped at once and compared
 * with ours: what is gone has expired hard, what is past its soft limit has
 * expired soft, and a larval state (SPI 0) is an acquire nobody heard of.
 *
 * Callbacks may add and delete states and policies: nothing here holds a
 * record or walks a map across one.
 */
#include "plane/xfrm/xfrm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

#define EVENT_MAX 8192
#define READS_MAX 64		/* of one dispatch: others have work too */

static void
read_ports(const struct xfrm_selector *s, struct plane_selector *src,
    struct plane_selector *dst)
{
	uint16_t sport = ntohs(s->sport), dport = ntohs(s->dport);

	src->port_last = dst->port_last = UINT16_MAX;
	if (s->proto == IPPROTO_ICMP || s->proto == IPPROTO_ICMPV6) {
		/* type and code are one number to IKE (RFC 7296 3.13.1) */
		src->port_first = src->port_last = dst->port_first =
		    dst->port_last = (uint16_t)(sport << 8 | (dport & 0xff));
		return;
	}
	if (s->sport_mask != 0)
		src->port_first = src->port_last = sport;
	if (s->dport_mask != 0)
		dst->port_first = dst->port_last = dport;
}

/* The packet that asked, as two selectors. */
static void
read_packet(const struct xfrm_selector *s, struct plane_selector *src,
    struct plane_selector *dst)
{
	struct ip_prefix from = {
		.addr = xfrm_addr_read(&s->saddr, s->family),
		.len = s->prefixlen_s,
	};
	struct ip_prefix to = {
		.addr = xfrm_addr_read(&s->daddr, s->family),
		.len = s->prefixlen_d,
	};

	memset(src, 0, sizeof(*src));
	memset(dst, 0, sizeof(*dst));
	src->proto = dst->proto = s->proto;
	prefix_range(&from, &src->first, &src->last);
	prefix_range(&to, &dst->first, &dst->last);
	read_ports(s, src, dst);
}

static void
raise_acquire(struct xfrm_plane *x, const struct xfrm_pol *pol,
    const struct xfrm_selector *packet)
{
	struct plane_selector src, dst;

	if (pol == NULL || !pol->trap || x->events.acquire == NULL)
		return;
	read_packet(packet, &src, &dst);
	x->events.acquire(x->events.ctx, pol->reqid, &src, &dst);
}

static void
on_acquire(struct xfrm_plane *x, const struct nlmsghdr *h)
{
	struct xfrm_user_acquire a;

	if (xfrm_fixed(h, &a, sizeof(a)))
		raise_acquire(x, xfrm_policy_by_sel(x, &a.policy.sel), &a.sel);
}

/* Once for each state and kind, whoever found out. */
static void
raise_expire(struct xfrm_plane *x, struct xfrm_sa *sa, bool hard)
{
	bool *told = hard ? &sa->hard_told : &sa->soft_told;

	if (*told || x->events.expire == NULL)
		return;
	*told = true;
	x->events.expire(x->events.ctx, sa->spi, hard);
}

static struct xfrm_sa *
sa_of(const struct xfrm_plane *x, const struct xfrm_usersa_info *info)
{
	struct ip_addr dst;

	dst = xfrm_addr_read(&info->id.daddr, info->family);
	return xfrm_sa_find(x, ntohl(info->id.spi), info->id.proto, &dst);
}

static void
on_expire(struct xfrm_plane *x, const struct nlmsghdr *h)
{
	struct xfrm_user_expire e;
	struct xfrm_sa *sa;

	if (!xfrm_fixed(h, &e, sizeof(e)))
		return;
	sa = sa_of(x, &e.state);
	if (sa != NULL)
		raise_expire(x, sa, e.hard != 0);
}

/* The kernel repeats this for every packet until the state is moved. */
static void
on_mapping(struct xfrm_plane *x, const struct nlmsghdr *h)
{
	struct xfrm_user_mapping m;
	struct endpoint remote;
	struct ip_addr dst;
	struct xfrm_sa *sa;

	if (!xfrm_fixed(h, &m, sizeof(m)))
		return;
	dst = xfrm_addr_read(&m.id.daddr, m.id.family);
	sa = xfrm_sa_find(x, ntohl(m.id.spi), m.id.proto, &dst);
	remote.addr = xfrm_addr_read(&m.new_saddr, m.id.family);
	remote.port = ntohs(m.new_sport);
	if (sa == NULL || endpoint_eq(&sa->told, &remote) ||
	    x->events.moved == NULL)
		return;

	sa->told = remote;
	x->events.moved(x->events.ctx, sa->reqid, &remote);
}

static void
on_message(struct xfrm_plane *x, const struct nlmsghdr *h)
{
	static const struct {
		uint16_t type;
		void (*fn)(struct xfrm_plane *x, const struct nlmsghdr *h);
	} rows[] = {
		{ XFRM_MSG_ACQUIRE, on_acquire },
		{ XFRM_MSG_EXPIRE, on_expire },
		{ XFRM_MSG_MAPPING, on_mapping },
	};
	size_t i;

	for (i = 0; i < NELEM(rows); i++) {
		if (rows[i].type == h->nlmsg_type)
			rows[i].fn(x, h);
	}
}

/* One read; 0 or an errno value. */
static int
read_events(struct xfrm_plane *x)
{
	_Alignas(8) char room[EVENT_MAX];
	const struct nlmsghdr *h;
	ssize_t n;
	int left;

	n = mnl_socket_recvfrom(x->ev.s, room, sizeof(room));
	if (n < 0)
		return errno;

	left = (int)n;
	for (h = (const void *)room; mnl_nlmsg_ok(h, left);
	    h = mnl_nlmsg_next(h, &left))
		on_message(x, h);
	return 0;
}

void
xfrm_dispatch(struct plane *p)
{
	struct xfrm_plane *x = (struct xfrm_plane *)(void *)p;
	int i, errnum;
	bool lost = false;

	for (i = 0; i < READS_MAX; i++) {
		errnum = read_events(x);
		if (errnum == EAGAIN)
			break;
		if (errnum == ENOBUFS)
			lost = true;
	}
	if (!lost)
		return;

	x->overruns++;
	log_event(x->log, LOG_LVL_WARNING, "netlink-overrun", "",
	    "messages of the kernel were lost (%llu times so far); all states "
	    "are compared", (unsigned long long)x->overruns);
	xfrm_resync(x);
}

static bool
is_past_soft(const struct xfrm_usersa_info *info)
{
	return info->curlft.bytes >= info->lft.soft_byte_limit ||
	    info->curlft.packets >= info->lft.soft_packet_limit;
}

/* What one state of the dump says that we were not told. */
static void
compare(struct xfrm_plane *x, const struct xfrm_usersa_info *info)
{
	struct xfrm_sa *sa;

	if (info->id.spi == 0) {
		raise_acquire(x, xfrm_policy_by_sa(x, info->reqid),
		    &info->sel);
		return;
	}
	sa = sa_of(x, info);
	if (sa != NULL && is_past_soft(info))
		raise_expire(x, sa, false);
}

/* SPIs, destinations of ours that the dump lacks, then an expiry of each. */
static void
expire_unseen(struct xfrm_plane *x)
{
	struct xfrm_sa **gone = NULL, *sa;
	struct xfrm_sa *names;
	size_t nr = 0, pos = 0, i;

	while ((sa = map_next(x->sas, &pos)) != NULL) {
		if (sa->seen)
			continue;
		gone = xrealloc(gone, nr + 1, sizeof(struct xfrm_sa *));
		gone[nr++] = sa;
	}

	/* copies: a callback may free any of the records */
	names = xcalloc(nr + 1, sizeof(*names));
	for (i = 0; i < nr; i++)
		names[i] = *gone[i];
	free(gone);
	for (i = 0; i < nr; i++) {
		sa = xfrm_sa_find(x, names[i].spi, names[i].protocol,
		    &names[i].dst.addr);
		if (sa != NULL)
			raise_expire(x, sa, true);
	}
	free(names);
}

void
xfrm_resync(struct xfrm_plane *x)
{
	struct xfrm_usersa_info *infos;
	struct xfrm_sa *sa;
	size_t pos = 0, nr, i;
	int errnum;

	infos = xfrm_sa_dump(x, &nr, &errnum);
	if (errnum != 0)
		goto out;

	while ((sa = map_next(x->sas, &pos)) != NULL)
		sa->seen = false;
	for (i = 0; i < nr; i++) {
		sa = sa_of(x, &infos[i]);
		if (sa != NULL)
			sa->seen = true;
	}
	expire_unseen(x);
	for (i = 0; i < nr; i++)
		compare(x, &infos[i]);
out:
	free(infos);
}
