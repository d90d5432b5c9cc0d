/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Policies in the kernel (RFC 4301 4.4.1, DP-013).
 *
 * A policy of the plane speaks of ranges of addresses and ports; one of the
 * kernel has prefixes and port masks, and a direction.  So a policy comes to
 * a number of kernel selectors, each installed three times: out, and the
 * reverse for in (to this host) and fwd (through it).
 *
 * The kernel knows a policy by its selector alone.  Two policies of ours may
 * come to the same selector (a trap and the child that it called up, a child
 * and its successor), so each selector has a list of claims; the best claim
 * is what the kernel has: bypass, then explicit priority, then narrowness,
 * then no trap, then the newest.  A policy of somebody else on the same
 * selector is never overwritten.
 *
 * Tags: a template carries the tagged reqid; for policies without one the
 * index, a number that we choose, has the tag in its high bits.
 */
#include "plane/xfrm/xfrm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"

#define SEL_MAX 1024		/* kernel selectors of one policy */
#define PREFIXES_MAX 256	/* of one range; IPv6 needs 254 at worst */
#define MASKS_MAX 32		/* of one range of ports; 30 at worst */
#define INDEX_STEP 8		/* the low three bits are the direction */

/* Kernel priorities, the smaller wins; the gaps hold what is added. */
#define PRIO_BYPASS 10000u
#define PRIO_EXPLICIT 100000u
#define PRIO_EXPLICIT_MAX 99000000u
#define PRIO_AUTO 200000000u

/* A power of two of ports at a multiple of itself. */
struct port_mask {
	uint16_t port, mask;
};

struct port_masks {
	struct port_mask m[MASKS_MAX];
	size_t nr;
};

struct prefixes {
	struct ip_prefix p[PREFIXES_MAX];
	size_t nr;
};

/* Names of policies to delete, gathered from a dump. */
struct names {
	struct xfrm_userpolicy_id *ids;
	size_t nr;
};

static const struct {
	uint8_t dir;
	bool reverse;
} dirs[] = {
	{ XFRM_POLICY_OUT, false },
	{ XFRM_POLICY_IN, true },
	{ XFRM_POLICY_FWD, true },
};

static bool
is_icmp(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

/* The address behind a; false behind the last one. */
static bool
step(struct ip_addr *a)
{
	size_t i;

	for (i = addr_len(a); i-- > 0;) {
		if (++a->b[i] != 0)
			return true;
	}
	return false;
}

/* Prefixes that make up a range, in order. */
static void
cover(const struct plane_selector *s, struct prefixes *out)
{
	struct ip_addr next = s->first, first, last;
	struct ip_prefix p;

	out->nr = 0;
	while (addr_cmp(&next, &s->last) <= 0 && out->nr < PREFIXES_MAX) {
		p = prefix_of_range(&next, &s->last);
		out->p[out->nr++] = p;
		prefix_range(&p, &first, &last);
		next = last;
		if (!step(&next))
			return;
	}
}

/*
 * Masks that make up a range of ports.  All ports, and OPAQUE (first above
 * last, RFC 4301 4.4.1.1), which the kernel cannot express, are one mask of
 * no bits.
 */
static void
cover_ports(uint16_t first, uint16_t last, struct port_masks *out)
{
	uint32_t at = first, size;

	out->nr = 0;
	if (first > last || (first == 0 && last == UINT16_MAX)) {
		out->m[out->nr++] = (struct port_mask){ 0, 0 };
		return;
	}
	while (at <= last && out->nr < MASKS_MAX) {
		size = 1;
		while (at % (size * 2) == 0 && at + size * 2 - 1 <= last)
			size *= 2;
		out->m[out->nr++] = (struct port_mask){
			(uint16_t)at, (uint16_t)~(size - 1) };
		at += size;
	}
}

static bool
has_ports(const struct plane_selector *s)
{
	return s->port_first != 0 || s->port_last != UINT16_MAX;
}

/*
 * ICMP: type and code sit in the high and low byte of the "port" (RFC 7296
 * 3.13.1); the kernel wants the type as source, the code as destination port.
 */
static int
cover_icmp(const struct plane_selector *l, const struct plane_selector *r,
    struct port_masks *types, struct port_masks *codes, struct sp_error *err)
{
	const struct plane_selector *s = has_ports(l) ? l : r;
	uint8_t type = s->port_first >> 8, type_last = s->port_last >> 8;
	uint8_t code = s->port_first & 0xff, code_last = s->port_last & 0xff;

	if (!has_ports(s) || s->port_first > s->port_last) {
		cover_ports(0, UINT16_MAX, types);
		cover_ports(0, UINT16_MAX, codes);
		return 0;
	}
	if (type != type_last && (code != 0 || code_last != 0xff)) {
		return sp_fail(err, SP_UNSUPPORTED, "the kernel cannot select "
		    "ICMP type %u code %u to type %u code %u: all codes of "
		    "several types, or some of one, are possible", type, code,
		    type_last, code_last);
	}

	cover_ports(type, type_last, types);
	if (code == 0 && code_last == 0xff)
		cover_ports(0, UINT16_MAX, codes);
	else
		cover_ports(code, code_last, codes);
	return 0;
}

static int
add_sel(struct xfrm_pol *p, const struct ip_prefix *l,
    const struct ip_prefix *r, uint8_t proto, const struct port_mask *sport,
    const struct port_mask *dport, struct sp_error *err)
{
	struct xfrm_selector *s;

	if (p->nr_sel == SEL_MAX) {
		return sp_fail(err, SP_RANGE, "the traffic selectors come to "
		    "more than %d kernel selectors; use networks in place of "
		    "ranges", SEL_MAX);
	}

	if ((p->nr_sel & (p->nr_sel - 1)) == 0) {
		p->sel = xrealloc(p->sel, p->nr_sel == 0 ? 1 : p->nr_sel * 2,
		    sizeof(*p->sel));
	}
	s = &p->sel[p->nr_sel++];
	memset(s, 0, sizeof(*s));	/* padding is part of the map's key */
	s->family = l->addr.family;
	s->saddr = xfrm_addr(&l->addr);
	s->prefixlen_s = l->len;
	s->daddr = xfrm_addr(&r->addr);
	s->prefixlen_d = r->len;
	s->proto = proto;
	s->sport = htons(sport->port);
	s->sport_mask = htons(sport->mask);
	s->dport = htons(dport->port);
	s->dport_mask = htons(dport->mask);
	return 0;
}

static int
add_ports(struct xfrm_pol *p, const struct ip_prefix *l,
    const struct ip_prefix *r, uint8_t proto, const struct port_masks *s,
    const struct port_masks *d, struct sp_error *err)
{
	size_t i, j;
	int ret;

	for (i = 0; i < s->nr; i++) {
		for (j = 0; j < d->nr; j++) {
			ret = add_sel(p, l, r, proto, &s->m[i], &d->m[j], err);
			if (ret < 0)
				return ret;
		}
	}
	return 0;
}

static int
add_pair(struct xfrm_pol *p, const struct plane_selector *l,
    const struct plane_selector *r, struct sp_error *err)
{
	uint8_t proto = l->proto != 0 ? l->proto : r->proto;
	struct port_masks s, d;
	struct prefixes from, to;
	size_t i, j;
	int ret = 0;

	/* a pair that no packet can match */
	if (l->first.family != r->first.family ||
	    (l->proto != 0 && r->proto != 0 && l->proto != r->proto))
		return 0;

	if (is_icmp(proto)) {
		ret = cover_icmp(l, r, &s, &d, err);
	} else {
		cover_ports(l->port_first, l->port_last, &s);
		cover_ports(r->port_first, r->port_last, &d);
	}
	cover(l, &from);
	cover(r, &to);
	for (i = 0; i < from.nr && ret == 0; i++) {
		for (j = 0; j < to.nr && ret == 0; j++) {
			ret = add_ports(p, &from.p[i], &to.p[j], proto, &s,
			    &d, err);
		}
	}
	return ret;
}

static void
pol_free(struct xfrm_pol *p)
{
	if (p == NULL)
		return;
	free(p->sel);
	free(p);
}

/* A tunnel needs both its ends before the kernel takes a template. */
static int
check(const struct plane_policy *in, struct sp_error *err)
{
	if (in->action != PLANE_PROTECT || in->transport ||
	    (addr_len(&in->outer_local) != 0 &&
	    in->outer_local.family == in->outer_remote.family))
		return 0;
	return sp_fail(err, SP_RANGE, "a tunnel policy needs the outer "
	    "addresses of both ends, in one family");
}

static int
pol_new(struct xfrm_pol **out, const struct plane_policy *in,
    struct sp_error *err)
{
	struct xfrm_pol *p = xcalloc(1, sizeof(*p));
	size_t i, j;
	int ret;

	ret = check(in, err);
	p->reqid = in->reqid;
	p->sa_reqid = in->sa_reqid != 0 ? in->sa_reqid : in->reqid;
	p->action = in->action;
	p->trap = in->trap;
	p->transport = in->transport;
	p->protocol = in->protocol;
	p->priority = in->priority;
	p->outer_local = in->outer_local;
	p->outer_remote = in->outer_remote;
	for (i = 0; i < in->nr_local && ret == 0; i++) {
		for (j = 0; j < in->nr_remote && ret == 0; j++)
			ret = add_pair(p, &in->local[i], &in->remote[j], err);
	}
	if (ret == 0 && p->nr_sel == 0) {
		ret = sp_fail(err, SP_RANGE, "no packet can match the traffic "
		    "selectors: local and remote have no address family and "
		    "protocol in common");
	}
	if (ret < 0)
		pol_free(p);
	else
		*out = p;
	return ret;
}

/* How much a selector lets through: address bits first, then the rest. */
static uint32_t
width(const struct xfrm_selector *s)
{
	uint32_t bits = s->family == AF_INET ? 32 : 128;

	return (bits * 2 - s->prefixlen_s - s->prefixlen_d) * 8 +
	    (s->proto == 0 ? 4 : 0) + (s->sport_mask != 0xffff ? 1 : 0) +
	    (s->dport_mask != 0xffff ? 1 : 0);
}

static uint32_t
prio(const struct xfrm_pol *p, const struct xfrm_selector *s)
{
	uint32_t fine = width(s) * 2 + (p->trap ? 1 : 0);

	if (p->action == PLANE_BYPASS)
		return PRIO_BYPASS + fine;
	if (p->priority > PRIO_EXPLICIT_MAX)
		return PRIO_EXPLICIT + PRIO_EXPLICIT_MAX;
	if (p->priority != 0)
		return PRIO_EXPLICIT + p->priority;
	return PRIO_AUTO + fine;
}

/* The selector of the packets that come back. */
static struct xfrm_selector
reversed(const struct xfrm_selector *s)
{
	struct xfrm_selector r = *s;

	r.saddr = s->daddr;
	r.prefixlen_s = s->prefixlen_d;
	r.daddr = s->saddr;
	r.prefixlen_d = s->prefixlen_s;
	if (is_icmp(s->proto))
		return r;

	r.sport = s->dport;
	r.sport_mask = s->dport_mask;
	r.dport = s->sport;
	r.dport_mask = s->sport_mask;
	return r;
}

static void
put_template(struct xfrm_req *r, const struct xfrm_pol *p,
    uint16_t inner_family, bool reverse)
{
	const struct ip_addr *src = reverse ? &p->outer_remote :
	    &p->outer_local;
	const struct ip_addr *dst = reverse ? &p->outer_local :
	    &p->outer_remote;
	struct xfrm_user_tmpl t = {
		.id = { .proto = p->protocol },
		.family = inner_family,
		.reqid = xfrm_tag(p->sa_reqid),
		.mode = XFRM_MODE_TRANSPORT,
		.aalgos = ~0u, .ealgos = ~0u, .calgos = ~0u,
	};

	/* in transport mode the packet's own addresses are the outer ones */
	if (!p->transport) {
		t.mode = XFRM_MODE_TUNNEL;
		t.family = dst->family;
		t.id.daddr = xfrm_addr(dst);
		t.saddr = xfrm_addr(src);
	}
	xfrm_put(r, XFRMA_TMPL, &t, sizeof(t));
}

static int
install_dir(struct xfrm_plane *x, const struct xfrm_spd *spd,
    const struct xfrm_pol *p, size_t d, uint16_t type)
{
	struct xfrm_userpolicy_info info = {
		.sel = dirs[d].reverse ? reversed(&spd->sel) : spd->sel,
		.lft = {
			.soft_byte_limit = XFRM_INF,
			.hard_byte_limit = XFRM_INF,
			.soft_packet_limit = XFRM_INF,
			.hard_packet_limit = XFRM_INF,
		},
		.priority = prio(p, &spd->sel),
		.index = spd->index | dirs[d].dir,
		.dir = dirs[d].dir,
		.action = p->action == PLANE_DISCARD ? XFRM_POLICY_BLOCK :
		    XFRM_POLICY_ALLOW,
	};
	struct xfrm_req r;

	xfrm_begin(&r, type, 0, &info, sizeof(info));
	if (p->action == PLANE_PROTECT)
		put_template(&r, p, spd->sel.family, dirs[d].reverse);
	return xfrm_exchange(&x->req, &r, NULL, NULL);
}

static int
remove_dir(struct xfrm_plane *x, const struct xfrm_spd *spd, size_t d)
{
	struct xfrm_userpolicy_id id = {
		.sel = dirs[d].reverse ? reversed(&spd->sel) : spd->sel,
		.dir = dirs[d].dir,
	};
	struct xfrm_req r;
	int errnum;

	xfrm_begin(&r, XFRM_MSG_DELPOLICY, 0, &id, sizeof(id));
	errnum = xfrm_exchange(&x->req, &r, NULL, NULL);
	return errnum == ENOENT || errnum == ESRCH ? 0 : errnum;
}

/* "the IPsec policy 10.1.0.0/16 to 10.2.0.0/16" */
static int
refused(const struct xfrm_plane *x, const struct xfrm_spd *spd, int errnum,
    const char *deed, struct sp_error *err)
{
	struct ip_prefix from = {
		.addr = xfrm_addr_read(&spd->sel.saddr, spd->sel.family),
		.len = spd->sel.prefixlen_s,
	};
	struct ip_prefix to = {
		.addr = xfrm_addr_read(&spd->sel.daddr, spd->sel.family),
		.len = spd->sel.prefixlen_d,
	};
	char a[ADDR_TEXT], b[ADDR_TEXT], text[200];

	snprintf(text, sizeof(text), "%s the IPsec policy %s to %s", deed,
	    prefix_print(&from, a), prefix_print(&to, b));
	if (errnum == EEXIST) {
		return sp_fail(err, SP_EXISTS, "cannot %s: another program "
		    "has a policy for the same traffic", text);
	}
	return xfrm_refused(&x->req, errnum, err, text);
}

/*
 * Make p what the kernel has.  The first time it must not be there yet; a
 * refusal half way takes back what was done, or puts back what was before.
 */
static int
install(struct xfrm_plane *x, struct xfrm_spd *spd,
    const struct xfrm_pol *p, struct sp_error *err)
{
	const struct xfrm_pol *before = spd->installed;
	uint16_t type = before == NULL ? XFRM_MSG_NEWPOLICY :
	    XFRM_MSG_UPDPOLICY;
	int errnum = 0, ret;
	size_t d;

	for (d = 0; d < NELEM(dirs); d++) {
		errnum = install_dir(x, spd, p, d, type);
		if (errnum != 0)
			break;
	}
	if (errnum == 0) {
		spd->installed = p;
		return 0;
	}

	ret = refused(x, spd, errnum, "install", err);
	while (d-- > 0) {
		if (before == NULL)
			remove_dir(x, spd, d);
		else
			install_dir(x, spd, before, d, XFRM_MSG_UPDPOLICY);
	}
	return ret;
}

static const struct xfrm_pol *
best(const struct xfrm_spd *spd)
{
	const struct xfrm_pol *found = NULL;
	size_t i;

	for (i = 0; i < spd->nr_claims; i++) {
		if (found == NULL || prio(spd->claims[i], &spd->sel) <=
		    prio(found, &spd->sel))
			found = spd->claims[i];
	}
	return found;
}

static void
spd_free(struct xfrm_plane *x, struct xfrm_spd *spd)
{
	map_del(x->spd, &spd->sel, sizeof(spd->sel));
	free(spd->claims);
	free(spd);
}

/* Bring the kernel to the best claim; spd is gone when there is none. */
static int
settle(struct xfrm_plane *x, struct xfrm_spd *spd, struct sp_error *err)
{
	const struct xfrm_pol *want = best(spd);
	int errnum = 0, ret = 0;
	size_t d;

	if (want != NULL)
		return want == spd->installed ? 0 : install(x, spd, want, err);

	for (d = 0; d < NELEM(dirs) && spd->installed != NULL; d++)
		errnum = remove_dir(x, spd, d);
	if (errnum != 0)
		ret = refused(x, spd, errnum, "remove", err);
	spd_free(x, spd);
	return ret;
}

static struct xfrm_spd *
spd_get(struct xfrm_plane *x, const struct xfrm_selector *sel)
{
	struct xfrm_spd *spd = map_get(x->spd, sel, sizeof(*sel));

	if (spd != NULL)
		return spd;

	spd = xcalloc(1, sizeof(*spd));
	memcpy(&spd->sel, sel, sizeof(*sel));
	x->next_index = (x->next_index + INDEX_STEP) & ~XFRM_TAG_MASK;
	spd->index = PLANE_TAG | x->next_index;
	map_put(x->spd, sel, sizeof(*sel), spd);
	return spd;
}

static int
unclaim(struct xfrm_plane *x, const struct xfrm_selector *sel,
    const struct xfrm_pol *p, struct sp_error *err)
{
	struct xfrm_spd *spd = map_get(x->spd, sel, sizeof(*sel));
	size_t i;
	int ret;

	if (spd == NULL)
		return 0;
	for (i = 0; i < spd->nr_claims && spd->claims[i] != p; i++)
		;
	if (i == spd->nr_claims)
		return 0;

	spd->nr_claims--;
	for (; i < spd->nr_claims; i++)
		spd->claims[i] = spd->claims[i + 1];
	if (spd->nr_claims == 0)
		return settle(x, spd, err);

	/* p goes whatever the kernel says: nothing may point to it */
	ret = settle(x, spd, err);
	if (spd->installed == p)
		spd->installed = best(spd);
	return ret;
}

/* A refused claim is not kept. */
static int
claim(struct xfrm_plane *x, const struct xfrm_selector *sel,
    struct xfrm_pol *p, struct sp_error *err)
{
	struct xfrm_spd *spd = spd_get(x, sel);
	int ret;

	spd->claims = xrealloc(spd->claims, spd->nr_claims + 1,
	    sizeof(struct xfrm_pol *));
	spd->claims[spd->nr_claims++] = p;
	ret = settle(x, spd, err);
	if (ret < 0)
		unclaim(x, sel, p, NULL);
	return ret;
}

/*
 * All claims of a policy away; the first error is told, none stops it.  A
 * trap that is set again (same reqid) so asks again, too.
 */
static int
drop(struct xfrm_plane *x, struct xfrm_pol *p, struct sp_error *err)
{
	int ret = 0, one;
	size_t i;

	for (i = 0; i < p->nr_sel; i++) {
		one = unclaim(x, &p->sel[i], p, ret == 0 ? err : NULL);
		if (ret == 0)
			ret = one;
	}
	xfrm_sa_rearm(x, p);
	pol_free(p);
	return ret;
}

int
xfrm_policy_set(struct plane *plane, const struct plane_policy *in,
    struct sp_error *err)
{
	struct xfrm_plane *x = (struct xfrm_plane *)(void *)plane;
	struct xfrm_pol *p = NULL, *old;
	size_t i;
	int ret;

	ret = pol_new(&p, in, err);
	for (i = 0; ret == 0 && i < p->nr_sel; i++)
		ret = claim(x, &p->sel[i], p, err);
	if (ret < 0 && p != NULL)
		drop(x, p, NULL);
	if (ret < 0)
		return ret;

	/* only now the old one: traffic never meets a gap */
	old = map_put(x->pols, &p->reqid, sizeof(p->reqid), p);
	return old != NULL ? drop(x, old, err) : 0;
}

int
xfrm_policy_del(struct plane *plane, uint32_t reqid, struct sp_error *err)
{
	struct xfrm_plane *x = (struct xfrm_plane *)(void *)plane;
	struct xfrm_pol *p = map_del(x->pols, &reqid, sizeof(reqid));

	return p != NULL ? drop(x, p, err) : 0;
}

const struct xfrm_pol *
xfrm_policy_by_sel(const struct xfrm_plane *x,
    const struct xfrm_selector *sel)
{
	struct xfrm_selector key;
	const struct xfrm_spd *spd;

	/* field by field: the kernel's padding is its own */
	memset(&key, 0, sizeof(key));
	key.daddr = sel->daddr;
	key.saddr = sel->saddr;
	key.dport = sel->dport;
	key.dport_mask = sel->dport_mask;
	key.sport = sel->sport;
	key.sport_mask = sel->sport_mask;
	key.family = sel->family;
	key.prefixlen_d = sel->prefixlen_d;
	key.prefixlen_s = sel->prefixlen_s;
	key.proto = sel->proto;
	spd = map_get(x->spd, &key, sizeof(key));
	return spd != NULL ? spd->installed : NULL;
}

const struct xfrm_pol *
xfrm_policy_by_sa(const struct xfrm_plane *x, uint32_t kernel_reqid)
{
	const struct xfrm_pol *p;
	size_t pos = 0;

	while ((p = map_next(x->pols, &pos)) != NULL) {
		if (p->action == PLANE_PROTECT &&
		    xfrm_tag(p->sa_reqid) == kernel_reqid)
			return p;
	}
	return NULL;
}

/* Write a policy whose templates changed to the kernel, where it is there. */
static int
reinstall(struct xfrm_plane *x, const struct xfrm_pol *p,
    struct sp_error *err)
{
	struct xfrm_spd *spd;
	int ret = 0;
	size_t i;

	for (i = 0; i < p->nr_sel && ret == 0; i++) {
		spd = map_get(x->spd, &p->sel[i], sizeof(p->sel[i]));
		if (spd != NULL && spd->installed == p)
			ret = install(x, spd, p, err);
	}
	return ret;
}

int
xfrm_policy_move(struct xfrm_plane *x, uint32_t sa_reqid,
    const struct ip_addr *local, const struct ip_addr *remote,
    struct sp_error *err)
{
	struct xfrm_pol *p;
	size_t pos = 0;
	int ret = 0;

	while (ret == 0 && (p = map_next(x->pols, &pos)) != NULL) {
		if (p->action != PLANE_PROTECT || p->sa_reqid != sa_reqid ||
		    (addr_eq(&p->outer_local, local) &&
		    addr_eq(&p->outer_remote, remote)))
			continue;
		p->outer_local = *local;
		p->outer_remote = *remote;
		ret = reinstall(x, p, err);
	}
	return ret;
}

static bool
is_ours(const struct xfrm_userpolicy_info *info, const struct nlattr *tmpl)
{
	struct xfrm_user_tmpl t;

	if (xfrm_is_tagged(info->index))
		return true;
	if (tmpl == NULL || mnl_attr_get_payload_len(tmpl) < sizeof(t))
		return false;
	memcpy(&t, mnl_attr_get_payload(tmpl), sizeof(t));
	return xfrm_is_tagged(t.reqid);
}

/* Policies of sockets are dumped too, with directions of their own. */
static void
keep_name(const struct nlmsghdr *h, void *ctx)
{
	struct xfrm_userpolicy_info info;
	const struct nlattr *tab[XFRMA_MAX + 1];
	struct names *n = ctx;

	if (h->nlmsg_type != XFRM_MSG_NEWPOLICY ||
	    !xfrm_fixed(h, &info, sizeof(info)))
		return;
	xfrm_attrs(h, sizeof(info), tab);
	if (info.dir >= XFRM_POLICY_MAX || !is_ours(&info, tab[XFRMA_TMPL]))
		return;

	n->ids = xrealloc(n->ids, n->nr + 1, sizeof(*n->ids));
	n->ids[n->nr++] = (struct xfrm_userpolicy_id){
		.sel = info.sel,
		.dir = info.dir,
	};
}

void
xfrm_policy_clear(struct xfrm_plane *x, bool leftovers)
{
	struct names n = { 0 };
	struct xfrm_pol *p;
	struct xfrm_req r;
	size_t pos, i;

	for (pos = 0; (p = map_next(x->pols, &pos)) != NULL;)
		drop(x, p, NULL);
	map_free(x->pols);
	x->pols = map_new(x->seed);
	if (!leftovers)
		return;

	xfrm_begin(&r, XFRM_MSG_GETPOLICY, NLM_F_DUMP, NULL, 0);
	xfrm_exchange(&x->req, &r, keep_name, &n);
	for (i = 0; i < n.nr; i++) {
		xfrm_begin(&r, XFRM_MSG_DELPOLICY, 0, &n.ids[i],
		    sizeof(n.ids[i]));
		xfrm_exchange(&x->req, &r, NULL, NULL);
	}
	free(n.ids);
}
