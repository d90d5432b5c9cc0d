/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the TUN device to the sockets: policy, SA, segmentation, ESP, batch
 * (RFC 4301 5.1).  The policy is asked once for each read, not for each
 * segment.  A packet whose policy has no SA yet waits there, and the engine
 * is asked for one at most once a second.  The outer traffic class is that
 * of the inner packet: ECN by RFC 6040 normal mode, DSCP copied.
 */
#include "plane/user/user.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "plane/user/esp.h"
#include "plane/user/flow.h"
#include "plane/user/segment.h"
#include "plane/user/transport.h"

#define READS_A_WAKE 64		/* then other descriptors get their turn */
#define IKE_PORT 500
#define ASK_AGAIN_MS 1000	/* between two acquire events of a policy */

void
user_check_limits(struct user_plane *u, struct esp_sa *sa)
{
	if (!sa->soft_told && esp_sa_soft(sa))
		sa->soft_told = events_expire(&u->queue, sa->spi, false);
	if (!sa->hard_told && esp_sa_spent(sa))
		sa->hard_told = events_expire(&u->queue, sa->spi, true);
}

static void
flush(struct user_plane *u)
{
	unsigned lost = batch_flush(u->batch, u->socks);

	if (lost > 0)
		esp_count(&u->stats.queue_drops, lost);
}

/*
 * Build the payload of the next segment at its place; its bytes, 0 at the
 * end.  The packet of a transport mode SA is built elsewhere and loses its
 * header.
 */
static size_t
next_payload(struct user_plane *u, const struct esp_sa *sa,
    struct segments *segs, uint8_t *at, uint8_t *next)
{
	const struct flow *flow = segs->flow;
	size_t n, off;

	if (!sa->transport) {
		*next = flow->src.family == AF_INET ? IPPROTO_IPIP :
		    IPPROTO_IPV6;
		return segments_next(segs, at);
	}
	n = segments_next(segs, u->scratch);
	if (n == 0 || !transport_cut(flow, u->scratch, &off, next))
		return 0;
	memcpy(at, &u->scratch[off], n - off);
	return n - off;
}

/* Cut, protect and put into the batch. */
static void
protect(struct user_plane *u, struct esp_sa *sa, const struct flow *flow,
    const uint8_t *buf)
{
	struct segments segs;
	size_t room, n;
	uint8_t *pkt, next;

	if (!segments_begin(&segs, buf, flow)) {
		esp_count(&u->stats.malformed, 1);
		return;
	}
	room = esp_size(sa, segments_longest(&segs));
	for (;;) {
		if (!batch_has_room(u->batch, room))
			flush(u);
		pkt = batch_next(u->batch);
		n = next_payload(u, sa, &segs, &pkt[esp_head(sa)], &next);
		if (n == 0)
			break;
		if (esp_out(sa, &u->pool.rng, pkt, n, next, flow->tos,
		    u->now_ms) != ESP_OK) {
			esp_count(&sa->count.other, 1);
			break;
		}
		batch_add(u->batch, sa, esp_size(sa, n), flow->tos);
	}
	user_check_limits(u, sa);
}

/* No SA to use: wait for one, or drop. */
static void
no_sa(struct user_plane *u, struct policy *pol, const struct flow *flow,
    const uint8_t *buf, size_t len)
{
	if (!pol->trap) {
		esp_count(&u->stats.policy_drops, 1);
		return;
	}
	if (u->now_ms - pol->asked_ms >= ASK_AGAIN_MS &&
	    events_acquire(&u->queue, pol->reqid, flow))
		pol->asked_ms = u->now_ms;
	if (!policy_hold(pol, buf, len, u->now_ms))
		esp_count(&u->stats.queue_drops, 1);
}

/*
 * Our own ESP or IKE to the other gateway, routed into the tunnel: sending
 * it would loop, each time longer (conformance: never match own policies).
 */
static bool
is_outer(const struct flow *flow, const struct esp_sa *sa)
{
	if (!addr_eq(&flow->dst, &sa->dst.addr) ||
	    !addr_eq(&flow->src, &sa->src.addr))
		return false;
	return flow->proto == IPPROTO_ESP || flow->proto == IPPROTO_AH ||
	    (flow->fragment && !sa->transport) ||
	    (flow->proto == IPPROTO_UDP &&
	    (flow->sport == IKE_PORT || flow->sport == sa->src.port));
}

/* May this SA carry the flow: the peer may have narrowed what the policy
 * covers, and transport mode is for the two gateways' own packets. */
static bool
may_carry(const struct esp_sa *sa, const struct flow *flow,
    const uint8_t *ip)
{
	uint8_t next;
	size_t off;

	if (is_outer(flow, sa) || !flow_selected(flow, sa->src_sel,
	    sa->nr_src_sel, sa->dst_sel, sa->nr_dst_sel))
		return false;
	return !sa->transport || (addr_eq(&flow->src, &sa->src.addr) &&
	    addr_eq(&flow->dst, &sa->dst.addr) &&
	    transport_cut(flow, ip, &off, &next));
}

/* One packet as utun_read() gave it. */
static void
output_packet(struct user_plane *u, const uint8_t *buf, size_t len)
{
	struct policy *pol;
	struct flow flow;
	struct esp_sa *sa;

	if (len <= TUN_HEADER ||
	    !flow_parse(&flow, &buf[TUN_HEADER], len - TUN_HEADER)) {
		esp_count(&u->stats.malformed, 1);
		return;
	}
	pol = spd_match(&u->spd, &flow);
	if (pol == NULL || pol->action != PLANE_PROTECT) {
		esp_count(&u->stats.policy_drops, 1);
		return;
	}
	sa = pol->sa;
	if (sa == NULL || esp_sa_spent(sa)) {
		no_sa(u, pol, &flow, buf, len);
	} else if (!may_carry(sa, &flow, &buf[TUN_HEADER])) {
		esp_count(&u->stats.policy_drops, 1);
	} else {
		protect(u, sa, &flow, buf);
	}
}

bool
user_output(struct user_plane *u)
{
	unsigned i;
	ssize_t n = 1;

	for (i = 0; i < READS_A_WAKE && n > 0; i++) {
		n = utun_read(&u->tun, u->tun_buf);
		if (n > 0)
			output_packet(u, u->tun_buf, (size_t)n);
	}
	flush(u);
	return n >= 0;
}

void
user_send_held(struct user_plane *u, struct policy *pol)
{
	unsigned n = pol->nr_held;	/* what is held anew is not tried */
	struct held *h;

	while (n-- > 0 && (h = policy_take_held(pol)) != NULL) {
		if (u->now_ms - h->since_ms <= SPD_HELD_MS)
			output_packet(u, h->data, h->len);
		else
			esp_count(&u->stats.queue_drops, 1);
		free(h);
	}
	flush(u);
}
