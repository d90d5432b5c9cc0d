/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Encrypted payload: sealed and opened for every kind of cipher, every
 * byte of the message forged, padding that lies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/alg.h"
#include "crypto/rng.h"
#include "crypto/seal.h"
#include "ike/codec.h"
#include "ike/internal.h"
#include "ike/proposal.h"
#include "ike/sk.h"

static const char *const suites[] = {
	"aes128-sha256-modp2048",
	"aes256-sha512-modp2048",
	"3des-md5-modp1024",
	"aes128ctr-sha1-modp2048",
	"aes256gcm16-prfsha256-modp2048",
	"aes128gcm8-prfsha256-modp2048",
	"aes128ccm12-prfsha256-modp2048",
	"chacha20poly1305-prfsha256-modp2048",
};

struct pair {
	struct seal *seal, *open;
	struct rng rng;
};

static void
fixed_bytes(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 0x5a, len);
}

static void
pair_make(struct pair *p, const char *text)
{
	static const uint8_t key[128] = { 1, 2, 3, 4 };
	struct seal_params sp = {0};
	struct suite s;

	assert_int_equal(suite_parse(&s, text, true, NULL), 0);
	sp.encr = s.encr;
	sp.key_bits = suite_key_bits(&s);
	sp.integ = s.integ;
	sp.encr_key = key;
	sp.encr_key_len = alg_encr_key_len(s.encr, s.key_bits);
	sp.integ_key = key;
	sp.integ_key_len = s.integ ? s.integ->key_len : 0;
	sp.encrypt = true;
	assert_int_equal(seal_new(&p->seal, &sp, NULL), 0);
	sp.encrypt = false;
	assert_int_equal(seal_new(&p->open, &sp, NULL), 0);
	p->rng = (struct rng){ fixed_bytes, NULL };
}

static void
pair_free(struct pair *p)
{
	seal_free(p->seal);
	seal_free(p->open);
}

static struct ike_msg *
build(size_t data_len)
{
	static const uint8_t data[64];
	struct ike_msg *m = ike_msg_new();

	m->hdr.spi_i = 1;
	m->hdr.spi_r = 2;
	m->hdr.exchange = X_INFORMATIONAL;
	m->hdr.mid = 7;
	ike_msg_add_notify(m, N_COOKIE, data, data_len);
	ike_msg_add(m, PLD_DELETE)->u.del.protocol = PROTO_IKE;
	return m;
}

static int
open_bytes(struct pair *p, const struct buf *b, struct ike_msg **out,
    struct sp_error *err)
{
	struct ike_msg *m;
	int ret;

	ret = ike_msg_read(&m, b->data, b->len, NULL, err);
	if (ret < 0)
		return ret;
	ret = ike_sk_open(m, b->data, b->len, p->open, NULL, err);
	if (ret < 0)
		ike_msg_free(m);
	else
		*out = m;
	return ret;
}

/* All lengths around a block; what comes behind other bytes in the buffer. */
static void
test_round_trip(void **state)
{
	struct buf out = {0}, tail = {0};
	struct ike_msg *m, *got;
	struct pair p;
	struct sp_error err;
	uint64_t counter;
	size_t i, len;

	(void)state;
	for (i = 0; i < NELEM(suites); i++) {
		pair_make(&p, suites[i]);
		for (len = 0; len <= 34; len++) {
			m = build(len);
			buf_reset(&out);
			buf_puts(&out, "before");
			counter = len;
			assert_int_equal(ike_sk_seal(m, p.seal, &counter, 0,
			    &p.rng, &out, &err), 0);
			assert_int_equal(counter, len + 1);
			assert_memory_equal(out.data, "before", 6);
			buf_reset(&tail);
			buf_bytes(&tail, out.data + 6, out.len - 6);
			if (open_bytes(&p, &tail, &got, &err) < 0)
				fail_msg("%s, %zu: %s", suites[i], len,
				    err.text);
			assert_int_equal(got->nr, 3);
			assert_int_equal(got->hdr.mid, 7);
			assert_int_equal(got->payloads[1].u.notify.data.len,
			    len);
			assert_int_equal(got->payloads[2].type, PLD_DELETE);
			assert_int_equal(ike_msg_check(got, &err), 0);
			ike_msg_free(got);
			ike_msg_free(m);
		}
		pair_free(&p);
	}
	buf_free(&out);
	buf_free(&tail);
}

/* An empty message is a liveness probe. */
static void
test_empty(void **state)
{
	struct ike_msg *m = ike_msg_new(), *got;
	struct buf out = {0};
	struct pair p;
	struct sp_error err;
	uint64_t counter = 0;

	(void)state;
	m->hdr.exchange = X_INFORMATIONAL;
	pair_make(&p, suites[0]);
	assert_int_equal(ike_sk_seal(m, p.seal, &counter, 0, &p.rng,
	    &out, &err), 0);
	assert_int_equal(open_bytes(&p, &out, &got, &err), 0);
	assert_int_equal(got->nr, 1);
	assert_int_equal(ike_msg_check(got, &err), 0);
	ike_msg_free(got);
	ike_msg_free(m);
	buf_free(&out);
	pair_free(&p);
}

/* No bit of the message may change; and it opens again afterwards. */
static void
test_forged(void **state)
{
	struct ike_msg *m = build(10), *got;
	struct buf out = {0};
	struct pair p;
	struct sp_error err;
	uint64_t counter = 3;
	size_t i, at;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(suites); i++) {
		pair_make(&p, suites[i]);
		buf_reset(&out);
		assert_int_equal(ike_sk_seal(m, p.seal, &counter, 0, &p.rng,
		    &out, &err), 0);
		for (at = 0; at < out.len; at++) {
			out.data[at] ^= 1;
			ret = open_bytes(&p, &out, &got, &err);
			/* the header and its lengths fail in the codec */
			if (ret == 0 || (at > 31 && ret != SP_AUTH))
				fail_msg("%s, byte %zu: %d", suites[i], at,
				    ret);
			out.data[at] ^= 1;
		}
		assert_int_equal(open_bytes(&p, &out, &got, &err), 0);
		ike_msg_free(got);
		pair_free(&p);
	}
	ike_msg_free(m);
	buf_free(&out);
}

/* Bytes sealed as they are, behind a header and an SK header. */
static void
seal_raw(struct pair *p, uint8_t first, const uint8_t *text, size_t len,
    struct buf *out)
{
	struct ike_header h = { .major = 2, .exchange = X_INFORMATIONAL };
	struct seal_op op = { .aad_len = 32 };
	size_t iv = seal_iv_len(p->seal), icv = seal_icv_len(p->seal);

	buf_reset(out);
	ike_header_write(&h, PLD_SK, out);
	buf_u8(out, first);
	buf_u8(out, 0);
	buf_u16(out, (uint16_t)(4 + iv + len + icv));
	buf_zero(out, iv);
	buf_bytes(out, text, len);
	buf_zero(out, icv);
	buf_set_u32(out, 24, (uint32_t)out->len);
	op.aad = out->data;
	op.iv = out->data + 32;
	op.text = op.iv + iv;
	op.text_len = len;
	op.icv = op.text + len;
	assert_int_equal(seal_protect(p->seal, &op), 0);
}

static const struct {
	const char *name;
	uint8_t first;
	uint8_t text[16];
	int ret;
} lies[] = {
	{ "empty", 0, { [15] = 15 }, 0 },
	{ "pad one too long", 0, { [15] = 16 }, SP_AUTH },
	{ "pad 255", 0, { [15] = 255 }, SP_AUTH },
	{ "notify", 41, { 0, 0, 0, 8, 0, 0, 0x40, 6, [15] = 7 }, 0 },
	{ "notify into the padding", 41,
	  { 0, 0, 0, 9, 0, 0, 0x40, 6, [15] = 7 }, SP_FORMAT },
	{ "bytes behind", 41, { 0, 0, 0, 8, 0, 0, 0x40, 6, [15] = 6 },
	  SP_FORMAT },
	{ "chain, but nothing there", 41, { [15] = 15 }, SP_FORMAT },
	{ "sk in sk", 46, { 0, 0, 0, 8, 0, 0, 0x40, 6, [15] = 7 },
	  SP_FORMAT },
	{ "skf in sk", 53, { 0, 0, 0, 12, 0, 1, 0, 1, [15] = 3 },
	  SP_FORMAT },
	{ "unknown critical", 200, { 0, 0x80, 0, 4, [15] = 11 },
	  SP_UNSUPPORTED },
	{ "unknown", 200, { 0, 0, 0, 4, [15] = 11 }, 0 },
};

static void
test_padding(void **state)
{
	struct ike_msg *got;
	struct buf out = {0};
	struct pair p;
	struct sp_error err;
	size_t i;
	int ret;

	(void)state;
	pair_make(&p, suites[0]);
	for (i = 0; i < NELEM(lies); i++) {
		seal_raw(&p, lies[i].first, lies[i].text, 16, &out);
		ret = open_bytes(&p, &out, &got, &err);
		if (ret != lies[i].ret)
			fail_msg("%s: %d %s", lies[i].name, ret,
			    ret < 0 ? err.text : "");
		if (ret == 0)
			ike_msg_free(got);
	}
	buf_free(&out);
	pair_free(&p);
}

/* SK payloads of 1 to 80 bytes that no key has sealed. */
static void
test_short(void **state)
{
	struct ike_header h = { .major = 2 };
	struct ike_msg *got;
	struct buf out = {0};
	struct pair p;
	struct sp_error err;
	size_t i, len;

	(void)state;
	for (i = 0; i < NELEM(suites); i++) {
		pair_make(&p, suites[i]);
		for (len = 1; len <= 80; len++) {
			buf_reset(&out);
			ike_header_write(&h, PLD_SK, &out);
			buf_u16(&out, 0);
			buf_u16(&out, (uint16_t)(4 + len));
			buf_zero(&out, len);
			buf_set_u32(&out, 24, (uint32_t)out.len);
			assert_int_equal(open_bytes(&p, &out, &got, &err),
			    SP_AUTH);
		}
		pair_free(&p);
	}
	buf_free(&out);
}

static void
test_no_sk(void **state)
{
	struct ike_msg *m = build(0);
	struct pair p;
	struct sp_error err;

	(void)state;
	pair_make(&p, suites[0]);
	assert_int_equal(ike_sk_open(m, (const uint8_t *)"", 0, p.open, NULL,
	    &err), SP_AUTH);
	ike_msg_free(m);
	pair_free(&p);
}

static void
test_too_long(void **state)
{
	static const uint8_t data[65000];
	struct ike_msg *m = ike_msg_new();
	struct buf out = {0};
	struct pair p;
	uint64_t counter = 0;

	(void)state;
	pair_make(&p, suites[0]);
	ike_msg_add_notify(m, N_COOKIE, data, sizeof(data));
	ike_msg_add_notify(m, N_COOKIE, data, 500);
	assert_int_equal(ike_sk_seal(m, p.seal, &counter, 0, &p.rng, &out,
	    NULL), SP_RANGE);
	/* nor in fragments: there would be too many */
	buf_reset(&out);
	assert_int_equal(ike_sk_seal(m, p.seal, &counter, 500, &p.rng, &out,
	    NULL), SP_RANGE);
	ike_msg_free(m);
	buf_free(&out);
	pair_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_no_sk),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
