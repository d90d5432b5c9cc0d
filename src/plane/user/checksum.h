/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Internet checksum (RFC 1071).  Sums are of the machine's byte order,
 * which one's complement allows, and 64 bits wide until they are folded.
 */
#ifndef SP_PLANE_USER_CHECKSUM_H
#define SP_PLANE_USER_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

struct flow;

/* Add len bytes; all pieces but the last must be of even length. */
uint64_t csum_add(uint64_t sum, const uint8_t *p, size_t len);

/* Add the pseudo header of a packet of the flow with l4_len bytes. */
uint64_t csum_pseudo(uint64_t sum, const struct flow *f, size_t l4_len);

/* The 16 bits of a sum, not complemented, to be stored as they are. */
uint16_t csum_fold(uint64_t sum);

/* Store the complement of a sum at p; zero as 0xffff if udp. */
void csum_put(uint8_t *p, uint64_t sum, int udp);

#endif
