/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inbound ESP (RFC 4303 3.4) in the order that the RFC sets: window, ICV and
 * decryption, window update, padding, next header, then the checks of RFC
 * 4301 5.2 on the inner packet.  Nothing of an SA but its counters changes
 * before the ICV was found good.
 */
#include "plane/user/esp.h"

#include <netinet/in.h>

#include "base/buf.h"
#include "plane/user/flow.h"

/* Replay check, ICV, decryption, window. */
static enum esp_verdict
unseal(struct esp_sa *sa, uint8_t *pkt, size_t text_len)
{
	struct esp_op o;
	uint64_t seq;

	if (!replay_infer(&sa->replay, get_u32(&pkt[4]), &seq) ||
	    !replay_check(&sa->replay, seq))
		return ESP_REPLAY;
	esp_op_init(&o, sa, pkt, text_len, seq);
	if (seal_open(sa->seal, &o.op) < 0)
		return ESP_AUTH;
	replay_update(&sa->replay, seq);
	return ESP_OK;
}

/* Take padding and trailer off; *len: of text, then of the payload. */
static enum esp_verdict
strip_trailer(const uint8_t *text, size_t *len, uint8_t *next)
{
	size_t pad = text[*len - 2];
	size_t i;

	*next = text[*len - 1];
	if (pad + 2 > *len)
		return ESP_PADDING;
	*len -= pad + 2;
	for (i = 0; i < pad; i++) {
		if (text[*len + i] != (uint8_t)(i + 1))
			return ESP_PADDING;
	}
	return ESP_OK;
}

/* Is it the packet that the next header announces, and may it come here. */
static enum esp_verdict
check_inner(const struct esp_sa *sa, uint8_t *ip, size_t len, uint8_t next,
    uint8_t outer_tos, struct flow *flow)
{
	uint8_t tos;

	if (next == IPPROTO_NONE)
		return ESP_DUMMY;
	if (next != IPPROTO_IPIP && next != IPPROTO_IPV6)
		return ESP_INNER;
	if (!flow_parse(flow, ip, len) ||
	    (flow->src.family == AF_INET) != (next == IPPROTO_IPIP))
		return ESP_INNER;
	if (!flow_selected(flow, sa->src_sel, sa->nr_src_sel,
	    sa->dst_sel, sa->nr_dst_sel))
		return ESP_SPOOFED;
	if (!flow_decap_ecn(flow->tos, outer_tos, &tos))
		return ESP_ECN;
	if (tos != flow->tos) {
		flow_set_tos(ip, tos);
		flow->tos = tos;
	}
	return ESP_OK;
}

static enum esp_verdict
open_packet(struct esp_sa *sa, uint8_t *pkt, size_t len, uint8_t outer_tos,
    int64_t now_ms, struct flow *flow, struct esp_inner *out)
{
	size_t head = esp_head(sa);
	size_t text_len;
	enum esp_verdict v;
	uint8_t next;

	if (len < head + sa->icv_len + sa->align)
		return ESP_SHORT;
	text_len = len - head - sa->icv_len;
	if (text_len % sa->align != 0)
		return ESP_SHORT;
	if (esp_sa_spent(sa))
		return ESP_SPENT;

	v = unseal(sa, pkt, text_len);
	if (v != ESP_OK)
		return v;
	v = strip_trailer(&pkt[head], &text_len, &next);
	if (v != ESP_OK)
		return v;
	v = check_inner(sa, &pkt[head], text_len, next, outer_tos, flow);
	if (v == ESP_OK) {
		out->ip = &pkt[head];
		out->len = flow->len;	/* less than text_len: TFC padding */
	}
	if (v == ESP_OK || v == ESP_DUMMY)
		esp_count_packet(sa, v == ESP_OK ? flow->len : 0, now_ms);
	return v;
}

enum esp_verdict
esp_in(struct esp_sa *sa, uint8_t *pkt, size_t len, uint8_t outer_tos,
    int64_t now_ms, struct flow *flow, struct esp_inner *out)
{
	enum esp_verdict v;

	v = open_packet(sa, pkt, len, outer_tos, now_ms, flow, out);
	if (v == ESP_REPLAY)
		esp_count(&sa->count.replay, 1);
	else if (v == ESP_AUTH)
		esp_count(&sa->count.auth, 1);
	else if (v != ESP_OK && v != ESP_DUMMY)
		esp_count(&sa->count.other, 1);
	return v;
}
