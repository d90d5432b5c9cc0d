/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AH (RFC 4302), out and in: the ICV covers the IP header with what changes
 * on the way set to zero (appendix A), the AH header with its ICV zero, the
 * payload, and the high half of an extended number.
 *
 *	next | length | 0 | SPI | sequence | ICV, padded | payload
 *
 * IPv4: the whole outer header is made here, because its identification is
 * covered; the socket takes it as it is.  IPv6: of the outer header only
 * what the kernel cannot choose is covered, so it makes that.
 */
#include "plane/user/esp.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>

#include "base/buf.h"

#define AH_FIXED 12u		/* before the ICV */
#define AH_MAX (4u * 257u)	/* by its length field */
#define IP_MAX 60u		/* IPv4 header with options */
#define OUTER_TTL 64

/* The IP header and the AH header as the ICV sees them. */
struct covered {
	uint8_t bytes[IP_MAX + AH_MAX];
	size_t len;
};

/* Options that routers leave alone (RFC 4302 appendix A1). */
static bool
option_stays(uint8_t type)
{
	static const uint8_t stay[] = { 130, 133, 134, 148, 149 };

	return memchr(stay, type, sizeof(stay)) != NULL;
}

/* Zero the options that may change; false if they are malformed. */
static bool
clear_options(uint8_t *p, size_t len)
{
	size_t i, n;

	for (i = 0; i < len && p[i] != IPOPT_EOL; i += n) {
		n = 1;
		if (p[i] == IPOPT_NOP)
			continue;
		if (i + 1 >= len || p[i + 1] < 2 || p[i + 1] > len - i)
			return false;
		n = p[i + 1];
		if (!option_stays(p[i]))
			memset(&p[i], 0, n);
	}
	return true;
}

static bool
cover_v4(struct covered *c, const uint8_t *header, size_t len)
{
	if (header == NULL || len < 20 || len > IP_MAX)
		return false;
	memcpy(c->bytes, header, len);
	c->len = len;
	c->bytes[1] = 0;		/* class */
	memset(&c->bytes[6], 0, 3);	/* fragment, TTL */
	memset(&c->bytes[10], 0, 2);	/* checksum */
	return clear_options(&c->bytes[20], len - 20);
}

static void
cover_v6(struct covered *c, const struct ip_addr *src,
    const struct ip_addr *dst, size_t payload)
{
	memset(c->bytes, 0, 8);
	c->bytes[0] = 6 << 4;
	put_u16(&c->bytes[4], (uint16_t)payload);
	c->bytes[6] = IPPROTO_AH;
	memcpy(&c->bytes[8], src->b, 16);
	memcpy(&c->bytes[24], dst->b, 16);
	c->len = 40;
}

/* Add the AH header of len bytes, its ICV zero. */
static void
cover_ah(struct covered *c, const uint8_t *ah, size_t len, size_t icv_len)
{
	memcpy(&c->bytes[c->len], ah, len);
	memset(&c->bytes[c->len + AH_FIXED], 0, icv_len);
	c->len += len;
}

static void
op_init(struct esp_op *o, const struct esp_sa *sa, const struct covered *c,
    uint8_t *ah, uint8_t *payload, size_t len, uint64_t seq)
{
	o->op = (struct seal_op){
		.lead = c->bytes, .lead_len = c->len,
		.text = payload, .text_len = len,
		.icv = &ah[AH_FIXED],
	};
	if (!sa->esn)
		return;
	put_u32(o->high, (uint32_t)(seq >> 32));
	o->op.tail = o->high;
	o->op.tail_len = sizeof(o->high);
}

size_t
ah_head(const struct esp_sa *sa)
{
	bool v4 = sa->dst.addr.family == AF_INET;
	size_t align = v4 ? 4 : 8;
	size_t len = AH_FIXED + sa->icv_len + align - 1;

	return (v4 ? 20 : 0) + len - len % align;
}

static void
put_outer_v4(uint8_t *p, const struct esp_sa *sa, size_t len, uint8_t tos)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	p[1] = tos;
	put_u16(&p[2], (uint16_t)len);
	/* zero would be replaced on sending */
	put_u16(&p[4], (uint16_t)(sa->seq % UINT16_MAX + 1));
	p[8] = OUTER_TTL;
	p[9] = IPPROTO_AH;
	memcpy(&p[12], sa->src.addr.b, 4);
	memcpy(&p[16], sa->dst.addr.b, 4);
}

enum esp_verdict
ah_out(struct esp_sa *sa, uint8_t *pkt, size_t len, uint8_t next,
    uint8_t tos)
{
	bool v4 = sa->dst.addr.family == AF_INET;
	uint8_t *ah = &pkt[v4 ? 20 : 0];
	size_t head = esp_head(sa), ah_len = head - (v4 ? 20 : 0);
	struct covered c;
	struct esp_op o;

	if (head + len > UINT16_MAX)
		return ESP_FAULT;
	memset(ah, 0, ah_len);
	ah[0] = next;
	ah[1] = (uint8_t)(ah_len / 4 - 2);
	put_u32(&ah[4], sa->spi);
	put_u32(&ah[8], (uint32_t)sa->seq);
	if (v4) {
		put_outer_v4(pkt, sa, head + len, tos);
		(void)cover_v4(&c, pkt, 20);
	} else {
		cover_v6(&c, &sa->src.addr, &sa->dst.addr, ah_len + len);
	}
	cover_ah(&c, ah, ah_len, sa->icv_len);
	op_init(&o, sa, &c, ah, &pkt[head], len, sa->seq);
	return seal_protect(sa->seal, &o.op) < 0 ? ESP_FAULT : ESP_OK;
}

/* Is the header of a length that this SA's ICV can have (RFC 4302 2.2; a
 * sender may align to eight bytes in IPv4 too). */
static bool
length_right(const struct esp_sa *sa, size_t ah_len)
{
	size_t exact = AH_FIXED + sa->icv_len;

	return ah_len >= exact && ah_len < exact + 8;
}

enum esp_verdict
ah_in(struct esp_sa *sa, uint8_t *pkt, size_t len,
    const struct esp_outer *outer, uint8_t **payload, size_t *payload_len,
    uint8_t *next)
{
	struct covered c;
	struct esp_op o;
	uint64_t seq;
	size_t ah_len;

	if (len < AH_FIXED)
		return ESP_SHORT;
	ah_len = (pkt[1] + 2u) * 4u;
	if (ah_len > len || !length_right(sa, ah_len))
		return ESP_SHORT;
	if (!replay_infer(&sa->replay, get_u32(&pkt[8]), &seq) ||
	    !replay_check(&sa->replay, seq))
		return ESP_REPLAY;
	if (sa->dst.addr.family == AF_INET6)
		cover_v6(&c, &outer->src, &outer->dst, len);
	else if (!cover_v4(&c, outer->header, outer->header_len))
		return ESP_SHORT;
	cover_ah(&c, pkt, ah_len, sa->icv_len);
	op_init(&o, sa, &c, pkt, &pkt[ah_len], len - ah_len, seq);
	if (seal_open(sa->seal, &o.op) < 0)
		return ESP_AUTH;
	replay_update(&sa->replay, seq);
	*next = pkt[0];
	*payload = &pkt[ah_len];
	*payload_len = len - ah_len;
	return ESP_OK;
}
