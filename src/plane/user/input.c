/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the sockets to the TUN device.  A datagram on port 4500 is a
 * keepalive (one byte 0xff), IKE (four zero bytes first) or ESP (RFC 3948
 * 2.2, 2.3); both forms of ESP are accepted for any SA (RFC 7296 2.23).
 * Nothing that a datagram says is believed before its ICV was good, unknown
 * SPIs apart, which are only counted and told once a second.
 */
#include "plane/user/user.h"

#include <netinet/in.h>

#include "base/buf.h"
#include "plane/user/coalesce.h"
#include "plane/user/esp.h"
#include "plane/user/flow.h"
#include "plane/user/transport.h"

#define TELL_AGAIN_MS 1000	/* between two unknown-spi events */
#define AH_HEADER 8u		/* what tells the SPI, ESP likewise */
#define MARKER 4u		/* zero bytes before IKE */

static void
unknown_spi(struct user_plane *u, uint32_t spi, const struct sock_in *in)
{
	esp_count(&u->stats.no_sa, 1);
	if (u->now_ms - u->unknown_ms < TELL_AGAIN_MS)
		return;
	if (events_unknown_spi(&u->queue, spi, &in->remote))
		u->unknown_ms = u->now_ms;
}

/* Counters of the plane; those of the SA are esp_in()'s. */
static void
count_refused(struct user_plane *u, enum esp_verdict v)
{
	switch (v) {
	case ESP_SHORT:
	case ESP_PADDING:
	case ESP_INNER:
		esp_count(&u->stats.malformed, 1);
		break;
	case ESP_SPOOFED:
	case ESP_ECN:
	case ESP_SPENT:
		esp_count(&u->stats.policy_drops, 1);
		break;
	case ESP_OK:
	case ESP_DUMMY:
	case ESP_REPLAY:
	case ESP_AUTH:
	case ESP_FAULT:
		break;
	}
}

/* Authentic ESP in UDP from a place that the SA does not know. */
static void
check_moved(struct user_plane *u, struct esp_sa *sa, const struct usock *s,
    const struct sock_in *in)
{
	if (!sa->encap || !s->udp || endpoint_eq(&in->remote, &sa->src) ||
	    endpoint_eq(&in->remote, &sa->moved_to))
		return;
	if (events_moved(&u->queue, sa->reqid, &in->remote))
		sa->moved_to = in->remote;
}

static void
flush(struct user_plane *u)
{
	unsigned lost = coalesce_flush(u->coalesce);

	if (lost > 0)
		esp_count(&u->stats.queue_drops, lost);
	u->arena_used = 0;
}

/* Room for a packet of transport mode around len bytes, until flush(). */
static uint8_t *
arena_room(struct user_plane *u, size_t len)
{
	if (len + TRANSPORT_HEADER > USER_ARENA - u->arena_used)
		flush(u);
	return &u->arena[u->arena_used];
}

static void
input_packet(struct user_plane *u, const struct usock *s,
    const struct sock_in *in, uint8_t *pkt, size_t len)
{
	struct esp_outer outer = {
		.src = in->remote.addr, .dst = in->local.addr,
		.tos = in->tos, .header = in->header,
		.header_len = in->header ? (size_t)(pkt - in->header) : 0,
	};
	bool ah = s->protocol == IPPROTO_AH;
	uint32_t spi;
	struct esp_inner inner;
	struct esp_sa *sa;
	struct flow flow;
	enum esp_verdict v;

	spi = len < AH_HEADER ? 0 : get_u32(&pkt[ah ? 4 : 0]);
	if (spi < ESP_MIN_SPI) {
		esp_count(&u->stats.malformed, 1);
		return;
	}
	/* behind a NAT the outer destination need not be the SA's */
	sa = sadb_by_spi(&u->sadb, spi, ah ? IPPROTO_AH : IPPROTO_ESP,
	    s->udp ? NULL : &in->local.addr);
	if (sa == NULL) {
		unknown_spi(u, spi, in);
		return;
	}
	if (sa->transport)
		outer.room = arena_room(u, len);
	v = esp_in(sa, pkt, len, &outer, u->now_ms, &flow, &inner);
	if (v != ESP_OK && v != ESP_DUMMY) {
		count_refused(u, v);
		return;
	}
	check_moved(u, sa, s, in);
	user_check_limits(u, sa);
	if (v != ESP_OK)
		return;
	if (sa->transport)
		u->arena_used += inner.len;
	coalesce_add(u->coalesce, sa, &flow, inner.ip);
}

static void
input_udp(struct user_plane *u, const struct usock *s,
    const struct sock_in *in, uint8_t *p, size_t len)
{
	if (len == 1 && p[0] == 0xff)
		return;			/* keepalive */
	if (len < MARKER) {
		esp_count(&u->stats.malformed, 1);
	} else if (get_u32(p) != 0) {
		input_packet(u, s, in, p, len);
	} else if (!events_ike(&u->queue, &in->local, &in->remote,
	    &p[MARKER], len - MARKER)) {
		esp_count(&u->stats.queue_drops, 1);
	}
}

void
user_input(struct user_plane *u, struct usock *s)
{
	struct sock_in in[SOCK_RECV_NR];
	unsigned i, nr;
	size_t off, len;

	nr = usock_recv(s, u->recv, in);
	for (i = 0; i < nr; i++) {
		for (off = 0; off < in[i].len; off += in[i].segment) {
			len = in[i].len - off;
			if (len > in[i].segment)
				len = in[i].segment;
			if (s->udp)
				input_udp(u, s, &in[i], &in[i].data[off], len);
			else
				input_packet(u, s, &in[i], &in[i].data[off], len);
		}
	}
	/* the pieces lie in the receive buffers */
	flush(u);
}
