/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Security associations of the userspace plane: made from the engine's
 * description, limits, sizes.  A non-ESN outbound SA gets packet limits so
 * that its sequence number cannot wrap (RFC 4303 3.3.3): a soft one in time
 * for a rekey, a hard one at the last number.
 */
#include "plane/user/esp.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/alg.h"

#define SEQ_LAST UINT32_MAX		/* without ESN */
#define SEQ_SOFT 0xf0000000u

static int
check_esp(const struct plane_sa *from, struct sp_error *err)
{
	if (from->encr == NULL)
		return sp_fail(err, SP_RANGE, "an ESP SA needs a cipher");
	if (from->integ == NULL && (from->encr->flags & ALG_AEAD) == 0)
		return sp_fail(err, SP_UNSUPPORTED,
		    "%s without integrity is not offered", from->encr->name);
	return 0;
}

static int
check_ah(const struct plane_sa *from, struct sp_error *err)
{
	if (from->encr != NULL)
		return sp_fail(err, SP_RANGE, "AH does not encrypt; there is "
		    "no place for %s", from->encr->name);
	if (from->encap)
		return sp_fail(err, SP_UNSUPPORTED, "AH cannot pass a NAT: "
		    "there is no AH in UDP (RFC 3948); use ESP");
	return 0;
}

static int
check_params(const struct plane_sa *from, struct sp_error *err)
{
	int ret;

	if (from->spi < ESP_MIN_SPI)
		return sp_fail(err, SP_RANGE,
		    "the SPI %08x is reserved (RFC 4303)", from->spi);
	if (from->protocol != IPPROTO_ESP && from->protocol != IPPROTO_AH)
		return sp_fail(err, SP_UNSUPPORTED, "the userspace data plane "
		    "has ESP and AH, not protocol %u", from->protocol);
	ret = from->protocol == IPPROTO_AH ? check_ah(from, err) :
	    check_esp(from, err);
	if (ret < 0)
		return ret;
	if (from->replay_window > REPLAY_MAX)
		return sp_fail(err, SP_RANGE, "a replay window of %u packets "
		    "is more than %u", from->replay_window, REPLAY_MAX);
	if (from->src.addr.family != from->dst.addr.family ||
	    addr_len(&from->src.addr) == 0)
		return sp_fail(err, SP_RANGE, "the outer addresses of SA %08x "
		    "are not of one family", from->spi);
	return 0;
}

static int
make_seal(struct esp_sa *sa, const struct plane_sa *from, struct sp_error *err)
{
	struct seal_params p = {
		.encr = from->encr, .key_bits = from->key_bits,
		.integ = from->integ,
		.encr_key = from->encr_key,
		.encr_key_len = from->encr_key_len,
		.integ_key = from->integ_key,
		.integ_key_len = from->integ_key_len,
		.encrypt = from->dir == PLANE_OUT,
	};
	int ret = seal_new(&sa->seal, &p, err);

	if (ret < 0)
		return ret;
	sa->iv_len = (unsigned)seal_iv_len(sa->seal);
	sa->icv_len = (unsigned)seal_icv_len(sa->seal);
	sa->align = (unsigned)seal_block_len(sa->seal);
	if (sa->align < 4)
		sa->align = 4;
	return 0;
}

static void
set_limits(struct esp_sa *sa, const struct plane_sa *from)
{
	sa->soft_bytes = from->soft_bytes;
	sa->hard_bytes = from->hard_bytes;
	sa->soft_packets = from->soft_packets;
	sa->hard_packets = from->hard_packets;
	if (sa->dir == PLANE_IN || sa->esn)
		return;
	if (sa->hard_packets == 0 || sa->hard_packets > SEQ_LAST)
		sa->hard_packets = SEQ_LAST;
	if (sa->soft_packets == 0 || sa->soft_packets > SEQ_SOFT)
		sa->soft_packets = SEQ_SOFT;
}

int
esp_sa_new(struct esp_sa **out, const struct plane_sa *from,
    struct sp_error *err)
{
	struct esp_sa *sa;
	int ret = check_params(from, err);

	if (ret < 0)
		return ret;
	sa = xcalloc(1, sizeof(*sa));
	list_init(&sa->link);
	sa->dir = from->dir;
	sa->spi = from->spi;
	sa->reqid = from->reqid;
	sa->protocol = from->protocol;
	sa->transport = from->transport;
	sa->encap = from->encap;
	sa->esn = from->esn;
	sa->src = from->src;
	sa->dst = from->dst;
	sa->src_sel = xmemdup(from->src_sel,
	    from->nr_src_sel * sizeof(*from->src_sel));
	sa->dst_sel = xmemdup(from->dst_sel,
	    from->nr_dst_sel * sizeof(*from->dst_sel));
	sa->nr_src_sel = from->nr_src_sel;
	sa->nr_dst_sel = from->nr_dst_sel;
	replay_init(&sa->replay, from->dir == PLANE_IN ?
	    from->replay_window : 0, from->esn);
	set_limits(sa, from);

	ret = make_seal(sa, from, err);
	if (ret < 0) {
		esp_sa_free(sa);
		return ret;
	}
	*out = sa;
	return 0;
}

void
esp_sa_free(struct esp_sa *sa)
{
	if (sa == NULL)
		return;
	seal_free(sa->seal);
	replay_free(&sa->replay);
	free(sa->src_sel);
	free(sa->dst_sel);
	free(sa);
}

uint64_t
esp_counter(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static bool
reached(uint64_t limit, const _Atomic uint64_t *count)
{
	return limit != 0 && esp_counter(count) >= limit;
}

bool
esp_sa_spent(const struct esp_sa *sa)
{
	return reached(sa->hard_bytes, &sa->count.bytes) ||
	    reached(sa->hard_packets, &sa->count.packets) ||
	    sa->seq == (sa->esn ? UINT64_MAX : SEQ_LAST);
}

bool
esp_sa_soft(const struct esp_sa *sa)
{
	return reached(sa->soft_bytes, &sa->count.bytes) ||
	    reached(sa->soft_packets, &sa->count.packets);
}

size_t
esp_head(const struct esp_sa *sa)
{
	if (sa->protocol == IPPROTO_AH)
		return ah_head(sa);
	return ESP_HEADER + sa->iv_len;
}

size_t
esp_size(const struct esp_sa *sa, size_t inner_len)
{
	size_t text = inner_len + 2;	/* pad length, next header */

	if (sa->protocol == IPPROTO_AH)
		return ah_head(sa) + inner_len;
	text += (sa->align - text % sa->align) % sa->align;
	return ESP_HEADER + sa->iv_len + text + sa->icv_len;
}

size_t
esp_room(const struct esp_sa *sa, size_t size)
{
	size_t fixed = ESP_HEADER + sa->iv_len + sa->icv_len;

	if (sa->protocol == IPPROTO_AH)
		return size > ah_head(sa) ? size - ah_head(sa) : 0;
	if (size < fixed + sa->align)
		return 0;
	size -= fixed;
	return size - size % sa->align - 2;
}

void
esp_op_init(struct esp_op *o, const struct esp_sa *sa, uint8_t *pkt,
    size_t text_len, uint64_t seq)
{
	size_t head = esp_head(sa);

	o->op = (struct seal_op){
		.aad = pkt, .aad_len = ESP_HEADER,
		.iv = &pkt[ESP_HEADER],
		.text = &pkt[head], .text_len = text_len,
		.icv = &pkt[head + text_len],
	};
	if (!sa->esn)
		return;

	put_u32(o->high, (uint32_t)(seq >> 32));
	if (seal_is_aead(sa->seal)) {
		/* RFC 4106 5: the extended number in the AAD */
		put_u32(o->aad, sa->spi);
		put_u64(&o->aad[4], seq);
		o->op.aead_aad = o->aad;
		o->op.aead_aad_len = sizeof(o->aad);
	} else {
		o->op.tail = o->high;
		o->op.tail_len = sizeof(o->high);
	}
}

void
esp_count(_Atomic uint64_t *counter, uint64_t n)
{
	/* one writer: a load and a store are enough */
	atomic_store_explicit(counter, esp_counter(counter) + n,
	    memory_order_relaxed);
}

void
esp_count_packet(struct esp_sa *sa, size_t len, int64_t now_ms)
{
	esp_count(&sa->count.bytes, len);
	esp_count(&sa->count.packets, 1);
	atomic_store_explicit(&sa->count.last_used_ms, now_ms,
	    memory_order_relaxed);
}
