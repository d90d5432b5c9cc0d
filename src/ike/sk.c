/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Encrypted payload (RFC 7296 3.14; with AEAD, RFC 5282):
 *
 *	header | generic header | IV | payloads | pad | pad length | ICV
 *
 * The ICV, or the AEAD's additional data, covers everything from the first
 * byte of the message.  Sealing writes the datagram into the caller's buffer
 * and encrypts in place; opening works on a copy in the message's arena, so
 * the datagram can be tried again with other keys.
 */
#include "ike/sk.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "crypto/rng.h"
#include "crypto/seal.h"
#include "ike/codec.h"
#include "ike/internal.h"

#define OFFSET_LENGTH 24	/* of the header's Length field */
#define GENERIC_LEN 4
#define FRAGMENT_LEN 4		/* number and total, in an SKF payload */

/*
 * Describe to the seal a message that lies at p: the IV begins at iv_off,
 * the whole has len bytes.
 */
static struct seal_op
make_op(struct seal *seal, uint8_t *p, size_t len, size_t iv_off)
{
	struct seal_op op = { .aad = p, .aad_len = iv_off };
	size_t text_off = iv_off + seal_iv_len(seal);
	size_t icv_off = len - seal_icv_len(seal);

	op.iv = p + iv_off;
	op.text = p + text_off;
	op.text_len = icv_off - text_off;
	op.icv = p + icv_off;
	return op;
}

/*
 * Padding is zero and as short as the cipher allows: the peer ignores its
 * value, and random bytes would only be a place to hide something.
 */
static void
write_padding(size_t text_len, size_t block, struct buf *out)
{
	size_t pad = (block - (text_len + 1) % block) % block;

	buf_zero(out, pad);
	buf_u8(out, (uint8_t)pad);
}

/* One message to seal: an SK payload, or a fragment of it. */
struct sealing {
	const struct ike_header *hdr;
	uint8_t first;		/* Next Payload of the generic header */
	uint16_t number, total;	/* total 0: SK, not SKF */
	const uint8_t *text;	/* the payloads, or the fragment's share */
	size_t len;
};

/* Lengths first, then encryption: both are covered by the ICV. */
static int
seal_text(const struct sealing *s, struct seal *seal, uint64_t counter,
    const struct rng *rng, struct buf *out, struct sp_error *err)
{
	size_t start = out->len, generic, iv_off, text_off, len;
	struct seal_op op;
	uint8_t *p;

	ike_header_write(s->hdr, s->total > 0 ? PLD_SKF : PLD_SK, out);
	generic = out->len;
	buf_u8(out, s->first);
	buf_zero(out, GENERIC_LEN - 1);
	if (s->total > 0) {
		buf_u16(out, s->number);
		buf_u16(out, s->total);
	}
	iv_off = out->len;
	buf_zero(out, seal_iv_len(seal));
	text_off = out->len;
	buf_bytes(out, s->text, s->len);
	write_padding(out->len - text_off, seal_block_len(seal), out);
	buf_zero(out, seal_icv_len(seal));

	len = out->len - start;
	if (len > IKE_MAX_MESSAGE)
		return sp_fail(err, SP_RANGE, "the message would have %zu "
		    "bytes", len);
	buf_set_u32(out, start + OFFSET_LENGTH, (uint32_t)len);
	buf_set_u16(out, generic + 2, (uint16_t)(out->len - generic));

	p = out->data + start;
	op = make_op(seal, p, len, iv_off - start);
	seal_make_iv(seal, counter, rng, op.iv);
	if (seal_protect(seal, &op) < 0)
		return sp_fail(err, SP_SYSTEM, "the message could not be "
		    "encrypted");
	return 0;
}

/* How much text a fragment of at most size bytes holds, 0 if none. */
static size_t
share_of(const struct seal *seal, size_t size)
{
	size_t fixed = IKE_HEADER_LEN + GENERIC_LEN + FRAGMENT_LEN +
	    seal_iv_len(seal) + seal_icv_len(seal);
	size_t block = seal_block_len(seal);

	if (size < fixed + block)
		return 0;
	return (size - fixed) / block * block - 1;
}

static bool
fits(const struct seal *seal, size_t text_len, size_t size)
{
	size_t block = seal_block_len(seal);

	return IKE_HEADER_LEN + GENERIC_LEN + seal_iv_len(seal) +
	    (text_len / block + 1) * block + seal_icv_len(seal) <= size;
}

/* RFC 7383 2.5.1: only the first fragment says what its text begins with. */
static int
seal_parts(struct sealing *s, struct seal *seal, uint64_t *counter,
    size_t share, const struct rng *rng, struct buf *out,
    struct sp_error *err)
{
	const uint8_t *text = s->text;
	size_t len = s->len, off, total = (len + share - 1) / share;
	int ret;

	if (total > IKE_MAX_FRAGMENTS)
		return sp_fail(err, SP_RANGE, "the message would have %zu "
		    "fragments", total);
	s->total = (uint16_t)total;
	for (off = 0; off < len; off += share) {
		s->number++;
		s->text = text + off;
		s->len = len - off < share ? len - off : share;
		ret = seal_text(s, seal, (*counter)++, rng, out, err);
		if (ret < 0)
			return ret;
		s->first = 0;
	}
	return 0;
}

int
ike_sk_seal(const struct ike_msg *m, struct seal *seal, uint64_t *counter,
    size_t size, const struct rng *rng, struct buf *out,
    struct sp_error *err)
{
	struct sealing s = { .hdr = &m->hdr };
	size_t share = share_of(seal, size);
	struct buf text = {0};
	int ret;

	ret = ike_payloads_write(m->payloads, m->nr, &text, &s.first, err);
	s.text = text.data;
	s.len = text.len;
	if (ret == 0 && (share == 0 || fits(seal, text.len, size)))
		ret = seal_text(&s, seal, (*counter)++, rng, out, err);
	else if (ret == 0)
		ret = seal_parts(&s, seal, counter, share, rng, out, err);
	buf_wipe(&text);
	return ret;
}

/* Check that the parts fit; then authenticate and decrypt the copy. */
static int
open_copy(const struct ike_payload *sk, struct seal *seal, struct bytes copy,
    struct seal_op *op, struct sp_error *err)
{
	size_t fixed = seal_iv_len(seal) + seal_icv_len(seal);
	size_t block = seal_block_len(seal), text_len;

	if (sk->u.sk.offset + sk->u.sk.data.len != copy.len)
		return sp_fail(err, SP_STATE, "the SK payload is not of this "
		    "message");
	if (sk->u.sk.data.len < fixed + 1)
		return sp_fail(err, SP_AUTH, "the SK payload of %zu bytes is "
		    "too short for its IV and check value",
		    sk->u.sk.data.len);
	text_len = sk->u.sk.data.len - fixed;
	if (text_len % block != 0)
		return sp_fail(err, SP_AUTH, "the SK payload holds %zu bytes "
		    "of text, not a multiple of %zu", text_len, block);

	*op = make_op(seal, (uint8_t *)copy.p, copy.len, sk->u.sk.offset);
	if (seal_open(seal, op) < 0)
		return sp_fail(err, SP_AUTH, "the check value of the message "
		    "is wrong");
	return 0;
}

/* The padding is looked at only when the ICV was right. */
static int
open_text(struct ike_msg *m, const struct ike_payload *sk,
    const uint8_t *data, size_t len, struct seal *seal, struct bytes *text,
    struct sp_error *err)
{
	struct bytes copy = ike_msg_bytes(m, data, len);
	struct seal_op op;
	size_t pad;
	int ret;

	ret = open_copy(sk, seal, copy, &op, err);
	if (ret < 0)
		return ret;
	pad = op.text[op.text_len - 1];
	if (pad + 1 > op.text_len)
		return sp_fail(err, SP_AUTH, "the message says it has %zu "
		    "bytes of padding, more than it is long", pad);
	text->p = op.text;
	text->len = op.text_len - 1 - pad;
	return 0;
}

int
ike_sk_open(struct ike_msg *m, const uint8_t *data, size_t len,
    struct seal *seal, uint8_t *bad_type, struct sp_error *err)
{
	const struct ike_payload *sk = ike_msg_find(m, PLD_SK);
	struct bytes text;
	int ret;

	if (sk == NULL)
		return sp_fail(err, SP_AUTH, "the message has no SK payload");
	ret = open_text(m, sk, data, len, seal, &text, err);
	if (ret < 0)
		return ret;
	return ike_chain_read(m, sk->u.sk.first_inner, text.p, text.len, 0,
	    bad_type, err);
}

int
ike_sk_open_part(struct ike_msg *m, const uint8_t *data, size_t len,
    struct seal *seal, struct bytes *text, struct sp_error *err)
{
	const struct ike_payload *skf = ike_msg_find(m, PLD_SKF);

	if (skf == NULL)
		return sp_fail(err, SP_AUTH, "the message is no fragment");
	return open_text(m, skf, data, len, seal, text, err);
}
