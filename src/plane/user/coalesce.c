/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Receive coalescing.  A few flows are open at a time.  A packet joins the
 * group of its flow if it is exactly what cutting the group would give next:
 * same headers but for lengths and checksums, following sequence number,
 * same payload size (the last may be shorter).  Both checksums must be right,
 * since the joined packet gets new ones: a damaged packet passes alone, as it
 * is.  A packet of a flow that cannot join pushes its group out first, so
 * that the order within a flow stays.
 *
 * Nothing is copied: a group is a list of pieces of the receive buffers, of
 * which the first holds the headers.
 */
#include "plane/user/coalesce.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "plane/user/checksum.h"
#include "plane/user/flow.h"
#include "plane/user/segment.h"

#define GROUPS 8
#define PIECES 64		/* packets of a group */
#define GROUP_BYTES 65000u

#define IP_DF 0x4000
#define TCP_ACK 0x10
#define TCP_PSH 0x08

/* What a packet must look like to be joined with others. */
struct part {
	const void *owner;
	const struct flow *flow;
	uint8_t *ip;
	size_t head;		/* bytes of headers */
	size_t payload;
	bool tcp;
	bool last;		/* PSH: nothing may follow */
};

struct group {
	const void *owner;
	struct flow flow;	/* of the first packet */
	uint8_t *ip;		/* the first packet; NULL = group is free */
	size_t head, size;	/* headers; payload of all but the last */
	size_t total;		/* payload of all */
	unsigned nr;		/* packets */
	bool tcp, joinable, closed, push;
	struct iovec iov[PIECES + 1];	/* 0: virtio header */
};

struct coalesce {
	bool tcp, udp;
	coalesce_write *write;
	void *ctx;
	unsigned lost;
	unsigned next;		/* group to give up when all are used */
	struct group groups[GROUPS];
};

struct coalesce *
coalesce_new(bool tcp, bool udp, coalesce_write *write, void *ctx)
{
	struct coalesce *c = xcalloc(1, sizeof(*c));

	c->tcp = tcp;
	c->udp = udp;
	c->write = write;
	c->ctx = ctx;
	return c;
}

void
coalesce_free(struct coalesce *c)
{
	free(c);
}

static bool
checksums_right(const struct part *p)
{
	const struct flow *f = p->flow;
	size_t l4_len = f->len - f->l4;
	uint64_t sum;

	if (f->src.family == AF_INET &&
	    csum_fold(csum_add(0, p->ip, f->l4)) != 0xffff)
		return false;
	sum = csum_pseudo(csum_add(0, &p->ip[f->l4], l4_len), f, l4_len);
	return csum_fold(sum) == 0xffff;
}

static bool
tcp_part(struct part *p)
{
	const uint8_t *tcp = &p->ip[p->flow->l4];
	size_t len = p->flow->len - p->flow->l4;
	size_t header;

	if (len < 20)
		return false;
	header = (tcp[12] >> 4) * 4u;
	if (header < 20 || header >= len || (tcp[12] & 0x0f) != 0 ||
	    (tcp[13] & ~TCP_PSH) != TCP_ACK || get_u16(&tcp[18]) != 0)
		return false;
	p->head = p->flow->l4 + header;
	p->payload = len - header;
	p->last = (tcp[13] & TCP_PSH) != 0;
	return true;
}

static bool
udp_part(struct part *p)
{
	const uint8_t *udp = &p->ip[p->flow->l4];
	size_t len = p->flow->len - p->flow->l4;

	/* without a checksum it could not be told from a damaged one */
	if (len <= 8 || get_u16(&udp[4]) != len || get_u16(&udp[6]) == 0)
		return false;
	p->head = p->flow->l4 + 8;
	p->payload = len - 8;
	p->last = false;
	return true;
}

/* Is this packet one that may be joined with others at all. */
static bool
is_part(const struct coalesce *c, struct part *p)
{
	const struct flow *f = p->flow;

	if (f->fragment || f->l4 != (f->src.family == AF_INET ? 20 : 40))
		return false;
	p->tcp = f->proto == IPPROTO_TCP;
	if (p->tcp ? !c->tcp || !tcp_part(p) :
	    f->proto != IPPROTO_UDP || !c->udp || !udp_part(p))
		return false;
	return checksums_right(p);
}

static bool
same_flow(const struct group *g, const void *owner, const struct flow *f)
{
	return g->ip != NULL && g->owner == owner &&
	    g->flow.proto == f->proto && g->flow.sport == f->sport &&
	    g->flow.dport == f->dport && addr_eq(&g->flow.src, &f->src) &&
	    addr_eq(&g->flow.dst, &f->dst);
}

static bool
ip_follows(const struct group *g, const struct part *p)
{
	const uint8_t *a = g->ip, *b = p->ip;
	uint16_t id = get_u16(&a[4]);

	if (g->flow.src.family == AF_INET6)
		return get_u32(a) == get_u32(b) && get_u16(&a[6]) ==
		    get_u16(&b[6]);
	if (get_u16(a) != get_u16(b) || get_u16(&a[6]) != get_u16(&b[6]) ||
	    get_u16(&a[8]) != get_u16(&b[8]))
		return false;
	return get_u16(&b[4]) == (uint16_t)(id + g->nr) ||
	    (get_u16(&b[4]) == id && (get_u16(&a[6]) & IP_DF) != 0);
}

static bool
tcp_follows(const struct group *g, const struct part *p)
{
	const uint8_t *a = &g->ip[g->flow.l4];
	const uint8_t *b = &p->ip[g->flow.l4];

	return get_u32(&b[4]) == get_u32(&a[4]) + (uint32_t)g->total &&
	    get_u32(&a[8]) == get_u32(&b[8]) && a[12] == b[12] &&
	    get_u16(&a[14]) == get_u16(&b[14]) &&
	    memcmp(&a[20], &b[20], g->head - g->flow.l4 - 20) == 0;
}

/* Would cutting the group with this packet at its end give it back. */
static bool
follows(const struct group *g, const struct part *p)
{
	if (!g->joinable || g->closed || g->nr == PIECES ||
	    g->tcp != p->tcp || g->head != p->head ||
	    p->payload > g->size || g->total + p->payload > GROUP_BYTES)
		return false;
	return ip_follows(g, p) && (!g->tcp || tcp_follows(g, p));
}

/* Make the first packet's headers those of the joined one. */
static void
join_headers(struct group *g, struct virtio_net_hdr *h)
{
	uint8_t *ip = g->ip;
	uint8_t *l4 = &ip[g->flow.l4];
	size_t len = g->head + g->total;
	size_t at = g->tcp ? 16 : 6;
	uint16_t sum;
	bool v4 = g->flow.src.family == AF_INET;

	if (v4) {
		put_u16(&ip[2], (uint16_t)len);
		put_u16(&ip[10], 0);
		csum_put(&ip[10], csum_add(0, ip, 20), 0);
	} else {
		put_u16(&ip[4], (uint16_t)(len - 40));
	}
	if (g->tcp && g->push)
		l4[13] |= TCP_PSH;
	if (!g->tcp)
		put_u16(&l4[4], (uint16_t)(len - g->flow.l4));
	sum = csum_fold(csum_pseudo(0, &g->flow, len - g->flow.l4));
	memcpy(&l4[at], &sum, 2);

	h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	h->gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
	if (g->tcp)
		h->gso_type = v4 ? VIRTIO_NET_HDR_GSO_TCPV4 :
		    VIRTIO_NET_HDR_GSO_TCPV6;
	h->hdr_len = (uint16_t)g->head;
	h->gso_size = (uint16_t)g->size;
	h->csum_start = (uint16_t)g->flow.l4;
	h->csum_offset = (uint16_t)at;
}

static void
group_write(struct coalesce *c, struct group *g)
{
	struct virtio_net_hdr h = {0};

	if (g->ip == NULL)
		return;
	if (g->nr > 1)
		join_headers(g, &h);
	g->iov[0].iov_base = &h;
	g->iov[0].iov_len = sizeof(h);
	if (!c->write(c->ctx, g->iov, (int)g->nr + 1))
		c->lost += g->nr;
	g->ip = NULL;
}

static void
group_begin(struct group *g, const struct part *p, bool joinable)
{
	g->owner = p->owner;
	g->flow = *p->flow;
	g->ip = p->ip;
	g->head = p->head;
	g->size = g->total = p->payload;
	g->nr = 1;
	g->tcp = p->tcp;
	g->joinable = joinable;
	g->closed = g->push = p->last;
	g->iov[1].iov_base = p->ip;
	g->iov[1].iov_len = p->flow->len;
}

static void
group_join(struct group *g, const struct part *p)
{
	g->nr++;
	g->iov[g->nr].iov_base = &p->ip[p->head];
	g->iov[g->nr].iov_len = p->payload;
	g->total += p->payload;
	g->push = p->last;
	g->closed = p->last || p->payload < g->size;
}

/* The group of the flow, or one to use anew, written out. */
static struct group *
group_for(struct coalesce *c, const struct part *p)
{
	unsigned i, empty = GROUPS;
	struct group *g;

	for (i = 0; i < GROUPS; i++) {
		if (same_flow(&c->groups[i], p->owner, p->flow))
			return &c->groups[i];
		if (c->groups[i].ip == NULL)
			empty = i;
	}
	if (empty == GROUPS)
		empty = c->next++ % GROUPS;
	g = &c->groups[empty];
	group_write(c, g);
	return g;
}

void
coalesce_add(struct coalesce *c, const void *owner, const struct flow *f,
    uint8_t *ip)
{
	struct part p = { .owner = owner, .flow = f, .ip = ip };
	bool joinable = is_part(c, &p);
	struct group *g = group_for(c, &p);

	if (joinable && g->ip != NULL && follows(g, &p)) {
		group_join(g, &p);
	} else {
		group_write(c, g);
		group_begin(g, &p, joinable);
	}
	/* what nothing can follow need not wait */
	if (!g->joinable || g->closed)
		group_write(c, g);
}

unsigned
coalesce_flush(struct coalesce *c)
{
	unsigned i, lost;

	for (i = 0; i < GROUPS; i++)
		group_write(c, &c->groups[i]);
	lost = c->lost;
	c->lost = 0;
	return lost;
}
