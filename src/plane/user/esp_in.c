/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inbound ESP (RFC 4303 3.4) in the order that the RFC sets: window, ICV and
 * decryption, window update, padding, next header, then the checks of RFC
 * 4301 5.2 on the inner packet; AH the same with ah.c's part.  Nothing of an
 * SA but its counters changes before the ICV was found good.
 */
#include "plane/user/esp.h"

#include <netinet/in.h>

#include "base/buf.h"
#include "plane/user/flow.h"
#include "plane/user/transport.h"

/* What an SA protected: the payload, and what it says it is. */
struct opened {
	uint8_t *data;
	size_t len;
	uint8_t next;
};

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

static enum esp_verdict
open_esp(struct esp_sa *sa, uint8_t *pkt, size_t len, struct opened *out)
{
	size_t head = esp_head(sa);
	enum esp_verdict v;

	if (len < head + sa->icv_len + sa->align)
		return ESP_SHORT;
	out->data = &pkt[head];
	out->len = len - head - sa->icv_len;
	if (out->len % sa->align != 0)
		return ESP_SHORT;
	v = unseal(sa, pkt, out->len);
	if (v != ESP_OK)
		return v;
	return strip_trailer(out->data, &out->len, &out->next);
}

/* Tunnel mode: the payload is a packet, as the next header announces. */
static enum esp_verdict
take_inner(const struct esp_sa *sa, const struct opened *o,
    const struct esp_outer *outer, struct flow *flow, struct esp_inner *out)
{
	uint8_t tos;

	if (o->next != IPPROTO_IPIP && o->next != IPPROTO_IPV6)
		return ESP_INNER;
	if (!flow_parse(flow, o->data, o->len) ||
	    (flow->src.family == AF_INET) != (o->next == IPPROTO_IPIP))
		return ESP_INNER;
	if (!flow_selected(flow, sa->src_sel, sa->nr_src_sel,
	    sa->dst_sel, sa->nr_dst_sel))
		return ESP_SPOOFED;
	if (!flow_decap_ecn(flow->tos, outer->tos, &tos))
		return ESP_ECN;
	if (tos != flow->tos) {
		flow_set_tos(o->data, tos);
		flow->tos = tos;
	}
	out->ip = o->data;
	return ESP_OK;
}

/* Transport mode: the payload gets the header that it travelled with. */
static enum esp_verdict
take_payload(const struct esp_sa *sa, const struct opened *o,
    const struct esp_outer *outer, struct flow *flow, struct esp_inner *out)
{
	size_t len = transport_join(outer->room, outer, o->next, o->data,
	    o->len, sa->encap);

	if (len == 0 || !flow_parse(flow, outer->room, len) ||
	    flow->fragment)
		return ESP_INNER;
	if (!flow_selected(flow, sa->src_sel, sa->nr_src_sel,
	    sa->dst_sel, sa->nr_dst_sel))
		return ESP_SPOOFED;
	out->ip = outer->room;
	return ESP_OK;
}

static enum esp_verdict
open_packet(struct esp_sa *sa, uint8_t *pkt, size_t len,
    const struct esp_outer *outer, int64_t now_ms, struct flow *flow,
    struct esp_inner *out)
{
	struct opened o = {0};
	enum esp_verdict v;

	if (esp_sa_spent(sa))
		return ESP_SPENT;
	if (sa->protocol == IPPROTO_AH)
		v = ah_in(sa, pkt, len, outer, &o.data, &o.len, &o.next);
	else
		v = open_esp(sa, pkt, len, &o);
	if (v != ESP_OK)
		return v;
	if (o.next == IPPROTO_NONE)
		v = ESP_DUMMY;
	else if (sa->transport)
		v = take_payload(sa, &o, outer, flow, out);
	else
		v = take_inner(sa, &o, outer, flow, out);
	if (v == ESP_OK)
		out->len = flow->len;	/* less than o.len: TFC padding */
	if (v == ESP_OK || v == ESP_DUMMY)
		esp_count_packet(sa, v == ESP_OK ? flow->len : 0, now_ms);
	return v;
}

enum esp_verdict
esp_in(struct esp_sa *sa, uint8_t *pkt, size_t len,
    const struct esp_outer *outer, int64_t now_ms, struct flow *flow,
    struct esp_inner *out)
{
	enum esp_verdict v;

	v = open_packet(sa, pkt, len, outer, now_ms, flow, out);
	if (v == ESP_REPLAY)
		esp_count(&sa->count.replay, 1);
	else if (v == ESP_AUTH)
		esp_count(&sa->count.auth, 1);
	else if (v != ESP_OK && v != ESP_DUMMY)
		esp_count(&sa->count.other, 1);
	return v;
}
