/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Outbound ESP (RFC 4303 3.3).  The number of a packet is the counter of its
 * nonce too, so a nonce never repeats under a key; once the numbers or the
 * life time are used up nothing is sent.  CBC ciphers get random IVs (RFC
 * 3602).  The padding is the default one, 1 2 3 .., as short as the cipher
 * and the alignment to four bytes allow.
 */
#include "plane/user/esp.h"

#include <netinet/in.h>

#include "base/buf.h"
#include "crypto/seal.h"

static void
put_trailer(uint8_t *text, size_t inner_len, size_t text_len, uint8_t next)
{
	size_t pad = text_len - inner_len - 2;
	size_t i;

	for (i = 0; i < pad; i++)
		text[inner_len + i] = (uint8_t)(i + 1);
	text[text_len - 2] = (uint8_t)pad;
	text[text_len - 1] = next;
}

static enum esp_verdict
seal_packet(struct esp_sa *sa, const struct rng *rng, uint8_t *pkt,
    size_t inner_len, uint8_t next)
{
	size_t text_len = esp_size(sa, inner_len) - esp_head(sa) - sa->icv_len;
	struct esp_op o;

	esp_op_init(&o, sa, pkt, text_len, sa->seq);
	put_u32(pkt, sa->spi);
	put_u32(&pkt[4], (uint32_t)sa->seq);
	seal_make_iv(sa->seal, sa->seq, rng, o.op.iv);
	put_trailer(o.op.text, inner_len, text_len, next);
	if (seal_protect(sa->seal, &o.op) < 0)
		return ESP_FAULT;
	return ESP_OK;
}

enum esp_verdict
esp_out(struct esp_sa *sa, const struct rng *rng, uint8_t *pkt,
    size_t inner_len, uint8_t next, uint8_t tos, int64_t now_ms)
{
	enum esp_verdict v;

	if (esp_sa_spent(sa))
		return ESP_SPENT;
	sa->seq++;
	if (sa->protocol == IPPROTO_AH)
		v = ah_out(sa, pkt, inner_len, next, tos);
	else
		v = seal_packet(sa, rng, pkt, inner_len, next);
	if (v == ESP_OK)
		esp_count_packet(sa, inner_len, now_ms);
	return v;
}
