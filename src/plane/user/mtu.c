/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Overheads of the outbound SAs (RFC 4303 2, 2.4): outer IP and UDP header,
 * ESP header, IV and ICV are fixed, padding goes by the cipher's block.
 */
#include "plane/user/mtu.h"

#include <netinet/in.h>

#include "plane/user/esp.h"

#define INNER_MTU_MIN 1280u	/* IPv6 is gone from a link below */
#define INNER_MTU_MAX 65535u
#define OVERHEAD 62u		/* UDP, IPv4, AES-GCM: 1438 on 1500 */
#define TRAILER 2u		/* pad length, next header */

static uint32_t *
kind_of(struct mtu_table *t, const struct esp_sa *sa)
{
	size_t fixed = sa->dst.addr.family == AF_INET ? 20 : 40;

	if (sa->encap)
		fixed += 8;
	fixed += esp_head(sa);
	if (sa->protocol == IPPROTO_ESP)
		fixed += sa->icv_len;
	else if (sa->dst.addr.family == AF_INET)
		fixed -= 20;		/* AH's head has it */
	/* align is 4, 8 or 16 */
	return &t->nr[fixed < MTU_FIXED ? fixed : MTU_FIXED - 1]
	    [sa->align / 8];
}

void
mtu_count(struct mtu_table *t, const struct esp_sa *sa, int n)
{
	*kind_of(t, sa) += (uint32_t)n;
}

unsigned
mtu_inner(const struct mtu_table *t, unsigned outer)
{
	unsigned fixed, a, room, least = INNER_MTU_MAX;
	bool any = false;

	for (fixed = 0; fixed < MTU_FIXED && fixed < outer; fixed++) {
		for (a = 0; a < MTU_ALIGNS; a++) {
			if (t->nr[fixed][a] == 0)
				continue;
			any = true;
			room = (outer - fixed) & ~((4u << a) - 1);
			room = room > TRAILER ? room - TRAILER : 0;
			if (room < least)
				least = room;
		}
	}
	if (!any && outer > OVERHEAD)
		least = outer - OVERHEAD;
	return least < INNER_MTU_MIN ? INNER_MTU_MIN : least;
}
