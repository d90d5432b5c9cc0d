/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The MTU of the TUN device: the longest inner packet that every outbound SA
 * takes in one piece.  SAs are counted by what they add to a packet, so that
 * a change costs the same with one child and with ten thousand.
 */
#ifndef SP_PLANE_USER_MTU_H
#define SP_PLANE_USER_MTU_H

#include <stdint.h>

struct esp_sa;

#define MTU_FIXED 160u		/* bytes of headers, IV and ICV: 48 + 24 + 64
				 * at most */
#define MTU_ALIGNS 3u		/* 4, 8, 16 bytes */

struct mtu_table {
	uint32_t nr[MTU_FIXED][MTU_ALIGNS];	/* outbound SAs of each kind */
};

/* One outbound SA more (n 1) or less (n -1). */
void mtu_count(struct mtu_table *t, const struct esp_sa *sa, int n);

/* MTU inside, for a link of outer bytes; AES-GCM in UDP while no SA is. */
unsigned mtu_inner(const struct mtu_table *t, unsigned outer);

#endif
