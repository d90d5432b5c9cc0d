/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Protection of IKEv1 messages (RFC 2409 5.5, 5.7, appendix B): CBC whose IV
 * goes on from message to message of an exchange, and a HASH payload over
 * what follows it.  A caller hands in the IV by value and keeps the new one
 * only when the message proved good, so that rubbish moves nothing.
 */
#include "ike/v1/v1.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/error.h"
#include "crypto/alg.h"
#include "crypto/rng.h"

#define OFFSET_FLAGS 19		/* of the header */

int
v1_seal(const struct v2_sa *sa, struct v1_out *o, uint8_t *iv,
    struct sp_error *err)
{
	size_t block = sa->suite.encr->block_len;
	size_t pad = (block - (o->b.len - IKE_HEADER_LEN) % block) % block;

	buf_zero(&o->b, pad);
	buf_set_u8(&o->b, OFFSET_FLAGS, V1_FLAG_ENCRYPTED);
	v1_out_finish(o);
	return cbc_crypt(sa->suite.encr, &sa->keys.ei, iv,
	    o->b.data + IKE_HEADER_LEN, o->b.len - IKE_HEADER_LEN, true, err);
}

int
v1_open(const struct v2_sa *sa, struct v1_in *in, uint8_t *iv,
    struct sp_error *err)
{
	const struct v2_packet *pkt = in->pkt;
	size_t len = pkt->len - IKE_HEADER_LEN;
	int ret;

	if (sa->keys.ei.len == 0)
		return sp_fail(err, SP_STATE, "there is no key yet");
	buf_reset(&in->plain);
	buf_bytes(&in->plain, pkt->data + IKE_HEADER_LEN, len);
	ret = cbc_crypt(sa->suite.encr, &sa->keys.ei, iv, in->plain.data, len,
	    false, err);
	if (ret == 0) {
		ret = v1_chain_read(&in->m, pkt->hdr.next_payload,
		    in->plain.data, len, err);
	}
	in->m.hdr = pkt->hdr;
	return ret;
}

void
v1_clear(struct v1_in *in)
{
	buf_wipe(&in->plain);
}

void
v1_phase2_iv(const struct v2_sa *sa, uint32_t mid, uint8_t *iv)
{
	uint8_t id[4], out[PRF_MAX] = {0};
	struct chunk in[2] = {
		{ sa->v1->iv, sa->suite.encr->block_len }, { id, sizeof(id) },
	};

	put_u32(id, mid);
	/* the hash worked when phase 1 was made with it */
	if (hash_of_prf(sa->suite.prf, in, 2, out, NULL) == 0)
		memcpy(iv, out, sa->suite.encr->block_len);
}

int
v1_hash(const struct v2_sa *sa, bool zero, uint32_t mid,
    const struct buf *ni, const struct buf *nr, const struct bytes *rest,
    uint8_t out[PRF_MAX])
{
	static const uint8_t nought;
	uint8_t id[4];
	struct chunk in[5] = {
		{ &nought, zero }, { id, sizeof(id) }, { NULL, 0 },
		{ NULL, 0 }, { rest->p, rest->len },
	};

	put_u32(id, mid);
	if (ni != NULL)
		in[2] = (struct chunk){ ni->data, ni->len };
	if (nr != NULL)
		in[3] = (struct chunk){ nr->data, nr->len };
	return prf_compute(sa->suite.prf, sa->keys.ai.data, sa->keys.ai.len,
	    in, 5, out, NULL);
}

bool
v1_hash_good(const struct v2_sa *sa, const struct v1_in *in, bool zero,
    const struct buf *ni, const struct buf *nr)
{
	const struct v1_msg *m = &in->m;
	size_t len = sa->suite.prf->out_len;
	struct bytes rest = {0};
	uint8_t want[PRF_MAX];

	if (m->nr == 0 || m->at[0].type != P1_HASH ||
	    m->at[0].body.len != len)
		return false;
	/* HASH(3) covers the nonces alone (RFC 2409 5.5) */
	if (!zero) {
		rest.p = m->at[0].whole.p + m->at[0].whole.len;
		rest.len = m->chain.len - m->at[0].whole.len;
	}
	return v1_hash(sa, zero, m->hdr.mid, ni, nr, &rest, want) == 0 &&
	    CRYPTO_memcmp(want, m->at[0].body.p, len) == 0;
}

void
v1_begin(const struct v2_sa *sa, struct v1_out *o, uint8_t exchange,
    uint32_t mid)
{
	size_t at;

	v1_out_begin(o, sa->spi_i, sa->spi_r, exchange, mid);
	at = v1_out_payload(o, P1_HASH);
	buf_zero(&o->b, sa->suite.prf->out_len);
	v1_out_end(o, at);
}

int
v1_finish(const struct v2_sa *sa, struct v1_out *o, uint32_t mid,
    const struct buf *ni, const struct buf *nr, bool zero, uint8_t *iv,
    struct buf *out)
{
	size_t hash = IKE_HEADER_LEN + V1_GENERIC_LEN;
	size_t end = hash + sa->suite.prf->out_len;
	struct bytes rest = { o->b.data + end, o->b.len - end };
	uint8_t value[PRF_MAX];
	int ret;

	ret = v1_hash(sa, zero, mid, ni, nr, &rest, value);
	if (ret == 0) {
		memcpy(o->b.data + hash, value, sa->suite.prf->out_len);
		ret = v1_seal(sa, o, iv, NULL);
	}
	if (ret == 0) {
		buf_reset(out);
		buf_bytes(out, o->b.data, o->b.len);
	}
	return ret;
}

uint32_t
v1_new_mid(struct v2_sa *sa)
{
	const struct v1_quick *q;
	uint32_t mid;
	bool used;

	do {
		mid = rng_u32(sa->host->par.rng);
		used = mid == 0;
		LIST_EACH(q, &sa->v1->quick, const struct v1_quick, link)
			used |= q->mid == mid;
	} while (used);
	return mid;
}
