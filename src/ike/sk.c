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

/* Lengths first, then encryption: both are covered by the ICV. */
int
ike_sk_seal(const struct ike_msg *m, struct seal *seal, uint64_t counter,
    const struct rng *rng, struct buf *out, struct sp_error *err)
{
	size_t start = out->len, generic, iv_off, text_off, len;
	uint8_t first, *p;
	struct seal_op op;
	int ret;

	ike_header_write(&m->hdr, PLD_SK, out);
	generic = out->len;
	buf_zero(out, GENERIC_LEN);
	iv_off = out->len;
	buf_zero(out, seal_iv_len(seal));
	text_off = out->len;
	ret = ike_payloads_write(m->payloads, m->nr, out, &first, err);
	if (ret < 0)
		return ret;
	write_padding(out->len - text_off, seal_block_len(seal), out);
	buf_zero(out, seal_icv_len(seal));

	len = out->len - start;
	if (len > IKE_MAX_MESSAGE)
		return sp_fail(err, SP_RANGE, "the message would have %zu "
		    "bytes", len);
	buf_set_u32(out, start + OFFSET_LENGTH, (uint32_t)len);
	buf_set_u8(out, generic, first);
	buf_set_u16(out, generic + 2, (uint16_t)(out->len - generic));

	p = out->data + start;
	op = make_op(seal, p, len, iv_off - start);
	seal_make_iv(seal, counter, rng, op.iv);
	ret = seal_protect(seal, &op);
	if (ret < 0)
		return sp_fail(err, ret, "the message could not be encrypted");
	return 0;
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
int
ike_sk_open(struct ike_msg *m, const uint8_t *data, size_t len,
    struct seal *seal, uint8_t *bad_type, struct sp_error *err)
{
	const struct ike_payload *sk = ike_msg_find(m, PLD_SK);
	struct bytes copy;
	struct seal_op op;
	size_t pad;
	int ret;

	if (sk == NULL)
		return sp_fail(err, SP_AUTH, "the message has no SK payload");

	copy = ike_msg_bytes(m, data, len);
	ret = open_copy(sk, seal, copy, &op, err);
	if (ret < 0)
		return ret;

	pad = op.text[op.text_len - 1];
	if (pad + 1 > op.text_len)
		return sp_fail(err, SP_AUTH, "the message says it has %zu "
		    "bytes of padding, more than it is long", pad);
	return ike_chain_read(m, sk->u.sk.first_inner, op.text,
	    op.text_len - 1 - pad, 0, bad_type, err);
}
