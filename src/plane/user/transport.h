/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transport mode (RFC 4303 3.1.1): which part of an IP packet is protected,
 * and the packet that what comes out of the SA makes.  The outer IP header
 * is the kernel's: it is made anew on sending, and on receiving from what
 * the socket tells of it.
 */
#ifndef SP_PLANE_USER_TRANSPORT_H
#define SP_PLANE_USER_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct esp_outer;
struct flow;

#define TRANSPORT_HEADER 40u	/* room that a header may need */

/*
 * Where the payload of the packet begins and what it is.  False for what
 * cannot go alone: fragments, IPv4 options, IPv6 headers that routers read.
 */
bool transport_cut(const struct flow *flow, const uint8_t *ip, size_t *off,
    uint8_t *next);

/*
 * Put a header and the payload together at out, TRANSPORT_HEADER + len
 * bytes; repair: addresses changed on the way, so compute the checksum of
 * TCP and UDP anew, which the ICV vouches for (RFC 3948 3.1.2).  Length of
 * the packet, 0 if it would be too long for IP.
 */
size_t transport_join(uint8_t *out, const struct esp_outer *outer,
    uint8_t next, const uint8_t *payload, size_t len, bool repair);

#endif
