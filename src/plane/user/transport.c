/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transport mode: the payload goes out without its IP header and gets one on
 * the other side (RFC 4301 5.1.2, RFC 4303 3.1.1).  Only whole packets are
 * protected (RFC 4303 3.3.4); IPv6 destination options go inside, as a
 * payload, headers for routers have no place there.
 */
#include "plane/user/transport.h"

#include <netinet/in.h>
#include <string.h>

#include "base/buf.h"
#include "plane/user/checksum.h"
#include "plane/user/esp.h"
#include "plane/user/flow.h"

#define OUTER_TTL 64
#define PACKET_MAX 65535u

bool
transport_cut(const struct flow *flow, const uint8_t *ip, size_t *off,
    uint8_t *next)
{
	bool v4 = flow->src.family == AF_INET;

	*off = v4 ? 20 : 40;
	*next = v4 ? ip[9] : ip[6];
	if (flow->fragment)
		return false;
	if (v4)
		return (ip[0] & 0x0f) == 5;
	return *next != IPPROTO_HOPOPTS && *next != IPPROTO_ROUTING;
}

static size_t
put_v4(uint8_t *p, const struct esp_outer *outer, uint8_t next, size_t len)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	p[1] = outer->tos;
	put_u16(&p[2], (uint16_t)(20 + len));
	p[8] = OUTER_TTL;
	p[9] = next;
	memcpy(&p[12], outer->src.b, 4);
	memcpy(&p[16], outer->dst.b, 4);
	csum_put(&p[10], csum_add(0, p, 20), 0);
	return 20;
}

static size_t
put_v6(uint8_t *p, const struct esp_outer *outer, uint8_t next, size_t len)
{
	put_u32(p, UINT32_C(6) << 28 | (uint32_t)outer->tos << 20);
	put_u16(&p[4], (uint16_t)len);
	p[6] = next;
	p[7] = OUTER_TTL;
	memcpy(&p[8], outer->src.b, 16);
	memcpy(&p[24], outer->dst.b, 16);
	return 40;
}

/* The checksum that the packet needs with the addresses that it has. */
static void
repair_sum(uint8_t *l4, const struct esp_outer *outer, uint8_t next,
    size_t len)
{
	struct flow f = { .src = outer->src, .dst = outer->dst,
	    .proto = next };
	bool udp = next == IPPROTO_UDP;
	size_t at = udp ? 6 : 16;

	if ((next != IPPROTO_TCP && !udp) || len < at + 2)
		return;
	if (udp && get_u16(&l4[at]) == 0)
		return;			/* it has none */
	put_u16(&l4[at], 0);
	csum_put(&l4[at], csum_pseudo(csum_add(0, l4, len), &f, len), udp);
}

size_t
transport_join(uint8_t *out, const struct esp_outer *outer, uint8_t next,
    const uint8_t *payload, size_t len, bool repair)
{
	bool v4 = outer->src.family == AF_INET;
	size_t head;

	if (len + (v4 ? 20 : 0) > PACKET_MAX)
		return 0;
	head = v4 ? put_v4(out, outer, next, len) :
	    put_v6(out, outer, next, len);
	memcpy(&out[head], payload, len);
	if (repair)
		repair_sum(&out[head], outer, next, len);
	return head + len;
}
