/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sums of 16-bit words, made of 32-bit ones: the carries gather in the high
 * half of a 64-bit accumulator, which cannot overflow on 64 KiB.
 */
#include "plane/user/checksum.h"

#include <arpa/inet.h>
#include <string.h>

#include "plane/user/flow.h"

uint64_t
csum_add(uint64_t sum, const uint8_t *p, size_t len)
{
	size_t i, words = len / 4;
	uint32_t word;

	for (i = 0; i < words; i++) {
		memcpy(&word, &p[i * 4], 4);
		sum += word;
	}
	word = 0;
	memcpy(&word, &p[words * 4], len % 4);
	return sum + word;
}

uint64_t
csum_pseudo(uint64_t sum, const struct flow *f, size_t l4_len)
{
	size_t len = addr_len(&f->src);

	sum = csum_add(sum, f->src.b, len);
	sum = csum_add(sum, f->dst.b, len);
	return sum + htonl((uint32_t)l4_len) + htons(f->proto);
}

uint16_t
csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

void
csum_put(uint8_t *p, uint64_t sum, int udp)
{
	uint16_t v = (uint16_t)~csum_fold(sum);

	if (v == 0 && udp)
		v = 0xffff;
	memcpy(p, &v, 2);
}
