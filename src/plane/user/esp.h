/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ESP and AH on packets in memory (RFC 4303, RFC 4302): one SA of one
 * direction, no socket, no clock, no global.  Both directions work in place:
 *
 *	SPI | sequence | IV | inner packet | 1 2 3 .. | pad len | next | ICV
 *
 * An SA belongs to one thread; only its counters are read from others.
 */
#ifndef SP_PLANE_USER_ESP_H
#define SP_PLANE_USER_ESP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/list.h"
#include "crypto/seal.h"
#include "plane/plane.h"
#include "plane/user/replay.h"

struct flow;
struct rng;
struct sp_error;

#define ESP_HEADER 8u		/* SPI and sequence number */
#define ESP_MIN_SPI 256u	/* smaller ones are reserved */

/* What became of a packet. */
enum esp_verdict {
	ESP_OK,
	ESP_DUMMY,		/* next header 59: discard in silence */
	ESP_SHORT,		/* too short for its suite, or not aligned */
	ESP_REPLAY,
	ESP_AUTH,		/* wrong ICV */
	ESP_PADDING,		/* padding or pad length wrong */
	ESP_INNER,		/* next header or inner packet malformed */
	ESP_SPOOFED,		/* inner addresses outside the selectors */
	ESP_ECN,		/* RFC 6040: outer CE, inner not ECN-capable */
	ESP_SPENT,		/* a hard limit or the last number is reached */
	ESP_FAULT,		/* the cipher failed to encrypt */
};

/* Written by the owning thread only, read by any. */
struct esp_counters {
	_Atomic uint64_t bytes, packets;	/* inner */
	_Atomic uint64_t replay, auth, other;	/* refused */
	_Atomic int64_t last_used_ms;
};

struct esp_sa {
	struct list link;		/* sadb: all SAs of the direction */
	struct esp_sa *next_spi;	/* sadb: same hash bucket or SPI */
	struct esp_sa *next_reqid;	/* sadb: same child, older */
	enum plane_dir dir;
	uint32_t spi, reqid;
	uint8_t protocol;		/* 50 ESP, 51 AH */
	bool transport, encap, esn;
	struct seal *seal;
	unsigned iv_len, icv_len, align;	/* bytes */
	uint64_t seq;			/* outbound: last number used */
	struct replay replay;		/* inbound */
	struct endpoint src, dst;	/* outer */
	struct endpoint moved_to;	/* inbound: source last reported */
	struct plane_selector *src_sel, *dst_sel;
	size_t nr_src_sel, nr_dst_sel;
	uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets;
	bool soft_told, hard_told;	/* the events have been sent */
	bool no_gso;			/* the path does not take segments */
	struct esp_counters count;
};

/* What is known of the packet around the one to open. */
struct esp_outer {
	struct ip_addr src, dst;	/* as they came */
	uint8_t tos;			/* traffic class */
	const uint8_t *header;		/* AH in IPv4: the header as it came */
	size_t header_len;
	uint8_t *room;			/* transport mode: for the packet,
					 * TRANSPORT_HEADER more than came */
};

/* A packet that came out of the tunnel. */
struct esp_inner {
	uint8_t *ip;		/* inside the datagram, or in the room */
	size_t len;
};

/*
 * Make an SA from the engine's description; everything is copied.  SP_RANGE
 * for an SPI, SP_UNSUPPORTED for what this plane does not do.
 */
int esp_sa_new(struct esp_sa **out, const struct plane_sa *from,
    struct sp_error *err);

/* Free with its keys; NULL is fine. */
void esp_sa_free(struct esp_sa *sa);

/* Has the SA reached a hard limit or its last sequence number. */
bool esp_sa_spent(const struct esp_sa *sa);

/* Has it passed a soft limit. */
bool esp_sa_soft(const struct esp_sa *sa);

/* Bytes before the payload: header and IV; AH in IPv4: and the outer one. */
size_t esp_head(const struct esp_sa *sa);

/* Bytes of the whole packet around inner_len bytes. */
size_t esp_size(const struct esp_sa *sa, size_t inner_len);

/* Longest inner packet that fits esp packets of at most size bytes. */
size_t esp_room(const struct esp_sa *sa, size_t size);

/* What seal_protect() and seal_open() need, with the bytes behind it. */
struct esp_op {
	struct seal_op op;
	uint8_t aad[12];		/* ESN with AEAD: SPI | high | low */
	uint8_t high[4];		/* ESN with a MAC: covered, not sent */
};

/* Lay the operation over the packet at pkt; its text has text_len bytes. */
void esp_op_init(struct esp_op *o, const struct esp_sa *sa, uint8_t *pkt,
    size_t text_len, uint64_t seq);

/* Add to a counter of the thread's own (no locked instruction). */
void esp_count(_Atomic uint64_t *counter, uint64_t n);

/* Read a counter from any thread. */
uint64_t esp_counter(const _Atomic uint64_t *counter);

/* Count one good packet of len inner bytes. */
void esp_count_packet(struct esp_sa *sa, size_t len, int64_t now_ms);

/*
 * Protect: the payload lies at pkt[esp_head()], pkt has room for esp_size()
 * bytes, next is 4 or 41 in tunnel mode, tos the outer traffic class.
 * ESP_OK, ESP_SPENT or ESP_FAULT.
 */
enum esp_verdict esp_out(struct esp_sa *sa, const struct rng *rng,
    uint8_t *pkt, size_t inner_len, uint8_t next, uint8_t tos,
    int64_t now_ms);

/*
 * Open the packet of this SA and check all that RFC 4303 3.4 and RFC
 * 4301 5.2 ask for; flow (of the inner packet) and out are set with ESP_OK.
 * Counts by itself.
 */
enum esp_verdict esp_in(struct esp_sa *sa, uint8_t *pkt, size_t len,
    const struct esp_outer *outer, int64_t now_ms, struct flow *flow,
    struct esp_inner *out);

/* ah.c: bytes before the payload, and the part of esp_out() and esp_in()
 * that AH does its own way. */
size_t ah_head(const struct esp_sa *sa);
enum esp_verdict ah_out(struct esp_sa *sa, uint8_t *pkt, size_t len,
    uint8_t next, uint8_t tos);
enum esp_verdict ah_in(struct esp_sa *sa, uint8_t *pkt, size_t len,
    const struct esp_outer *outer, uint8_t **payload, size_t *payload_len,
    uint8_t *next);

#endif
