/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Segmentation as a network card does it (virtio 1.2, 5.1.6.2): headers are
 * copied, IP length, identification and checksum follow; TCP: the sequence
 * number grows, FIN and PSH stay on the last segment, CWR on the first; UDP:
 * length.  Transport checksums are always computed whole.
 */
#include "plane/user/segment.h"

#include <netinet/in.h>
#include <string.h>

#include "base/buf.h"
#include "plane/user/checksum.h"
#include "plane/user/flow.h"
#include "plane/user/tun.h"

#define TCP_FIN_PSH 0x09
#define TCP_CWR 0x80
#define TCP_FLAGS 13		/* offsets in the TCP header */
#define TCP_SUM 16
#define UDP_SUM 6

/* A super-packet: where its headers end. */
static bool
begin_gso(struct segments *s, const struct virtio_net_hdr *h)
{
	const struct flow *f = s->flow;
	unsigned type = h->gso_type & ~(unsigned)VIRTIO_NET_HDR_GSO_ECN;
	size_t l4;

	s->gso = true;
	s->tcp = type != VIRTIO_NET_HDR_GSO_UDP_L4;
	if (f->fragment || h->gso_size == 0 ||
	    f->proto != (s->tcp ? IPPROTO_TCP : IPPROTO_UDP) ||
	    f->len < f->l4 + (s->tcp ? 20 : 8))
		return false;
	l4 = s->tcp ? (s->ip[f->l4 + 12] >> 4) * 4u : 8;
	if (l4 < (s->tcp ? 20 : 8) || f->len <= f->l4 + l4)
		return false;
	s->head = f->l4 + l4;
	s->size = h->gso_size;
	return true;
}

bool
segments_begin(struct segments *s, const uint8_t *buf,
    const struct flow *flow)
{
	struct virtio_net_hdr h;

	memcpy(&h, buf, sizeof(h));
	*s = (struct segments){
		.ip = &buf[TUN_HEADER], .flow = flow, .len = flow->len,
	};
	if (h.gso_type != VIRTIO_NET_HDR_GSO_NONE)
		return begin_gso(s, &h);
	s->head = s->len;
	if ((h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
		s->csum_start = h.csum_start;
		s->csum_at = (size_t)h.csum_start + h.csum_offset;
		return s->csum_start >= flow->l4 && s->csum_at + 2 <= s->len;
	}
	return true;
}

size_t
segments_longest(const struct segments *s)
{
	size_t size = s->head + s->size;

	return size < s->len ? size : s->len;
}

/* The packet is one: at most its checksum is missing. */
static size_t
whole(struct segments *s, uint8_t *out)
{
	uint64_t sum;

	if (s->index++ > 0)
		return 0;
	memcpy(out, s->ip, s->len);
	if (s->csum_at != 0) {
		/* the field holds the sum of the pseudo header */
		sum = csum_add(0, &out[s->csum_start],
		    s->len - s->csum_start);
		csum_put(&out[s->csum_at], sum,
		    s->flow->proto == IPPROTO_UDP);
	}
	return s->len;
}

static void
fix_ip(const struct segments *s, uint8_t *ip, size_t len)
{
	if (s->flow->src.family == AF_INET6) {
		put_u16(&ip[4], (uint16_t)(len - 40));
		return;
	}
	put_u16(&ip[2], (uint16_t)len);
	put_u16(&ip[4], (uint16_t)(get_u16(&s->ip[4]) + s->index));
	put_u16(&ip[10], 0);
	csum_put(&ip[10], csum_add(0, ip, (ip[0] & 0x0fu) * 4u), 0);
}

static void
fix_l4(const struct segments *s, uint8_t *l4, size_t len, bool last)
{
	size_t at = s->tcp ? TCP_SUM : UDP_SUM;
	uint64_t sum;

	if (s->tcp) {
		put_u32(&l4[4], get_u32(&l4[4]) + (uint32_t)s->off);
		if (!last)
			l4[TCP_FLAGS] &= (uint8_t)~TCP_FIN_PSH;
		if (s->index > 0)
			l4[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
	} else {
		put_u16(&l4[4], (uint16_t)len);
	}
	put_u16(&l4[at], 0);
	sum = csum_pseudo(csum_add(0, l4, len), s->flow, len);
	csum_put(&l4[at], sum, !s->tcp);
}

size_t
segments_next(struct segments *s, uint8_t *out)
{
	size_t left = s->len - s->head - s->off;
	size_t n = left < s->size ? left : s->size;
	size_t l4 = s->flow->l4;

	if (!s->gso)
		return whole(s, out);
	if (left == 0)
		return 0;
	memcpy(out, s->ip, s->head);
	memcpy(&out[s->head], &s->ip[s->head + s->off], n);
	fix_ip(s, out, s->head + n);
	fix_l4(s, &out[l4], s->head - l4 + n, n == left);
	s->off += n;
	s->index++;
	return s->head + n;
}
