/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a policy needs to know of an inner IP packet: addresses, protocol,
 * ports, traffic class.  And whether a selector (RFC 7296 3.13) takes it.
 */
#ifndef SP_PLANE_USER_FLOW_H
#define SP_PLANE_USER_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct plane_selector;

struct flow {
	struct ip_addr src, dst;
	uint8_t proto;		/* of the payload, extension headers passed */
	uint8_t tos;		/* TOS byte / traffic class */
	bool fragment;		/* any fragment, also the first */
	bool has_ports;		/* ports are known */
	uint16_t sport, dport;	/* ICMP: type << 8 | code in both */
	size_t l4;		/* offset of the payload's header */
	size_t len;		/* of the packet, by its own header */
};

/*
 * Read the headers of the IPv4 or IPv6 packet in the len bytes at p.  False
 * if it is malformed or longer than len; it may be shorter (padding behind).
 */
bool flow_parse(struct flow *f, const uint8_t *p, size_t len);

/* Does one pair of the selectors take the flow; none at all takes any. */
bool flow_selected(const struct flow *f, const struct plane_selector *src,
    size_t nr_src, const struct plane_selector *dst, size_t nr_dst);

/*
 * Put the traffic class byte into an IP packet that flow_parse() accepted;
 * the IPv4 header checksum follows.
 */
void flow_set_tos(uint8_t *p, uint8_t tos);

/*
 * RFC 6040 4.2, normal mode: the traffic class of a packet that leaves the
 * tunnel, from its own and the outer one.  False: it must be dropped (the
 * path is congested, and the packet cannot carry the mark).
 */
bool flow_decap_ecn(uint8_t inner, uint8_t outer, uint8_t *tos);

#endif
