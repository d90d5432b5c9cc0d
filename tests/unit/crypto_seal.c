/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Seals: every suite there is, there and back; every byte of a packet is
 * covered; wrong parameters are refused with a sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "crypto/rng.h"
#include "crypto/seal.h"

#define HEADER 8
#define TEXT 48

static uint8_t key[64 + 4], mac_key[64];
static const uint8_t tail[4] = { 0, 0, 0, 9 };
static const uint8_t esn_aad[12] = { 1, 2, 3, 4, 0, 0, 0, 9, 0, 0, 0, 1 };

/* One packet in one piece. */
struct packet {
	uint8_t bytes[HEADER + 16 + TEXT + 64];
	struct seal_op op;
	size_t len;
};

static void
packet_lay_out(struct packet *p, const struct seal *s, bool esn)
{
	uint8_t *at = p->bytes;
	struct seal_op *op = &p->op;

	*op = (struct seal_op){
		.aad = at, .aad_len = HEADER, .text_len = TEXT,
	};
	op->iv = at + HEADER;
	op->text = op->iv + seal_iv_len(s);
	op->icv = op->text + TEXT;
	p->len = (size_t)(op->icv - at) + seal_icv_len(s);
	if (esn && seal_is_aead(s)) {
		op->aead_aad = esn_aad;
		op->aead_aad_len = sizeof(esn_aad);
	} else if (esn) {
		op->tail = tail;
		op->tail_len = sizeof(tail);
	}
}

static void
packet_fill(struct packet *p, const struct seal *s, bool esn)
{
	const struct rng rng = rng_system();
	size_t i;

	packet_lay_out(p, s, esn);
	for (i = 0; i < HEADER; i++)
		p->bytes[i] = (uint8_t)(0xf0 + i);
	for (i = 0; i < TEXT; i++)
		p->op.text[i] = (uint8_t)i;
	seal_make_iv(s, 77, &rng, p->op.iv);
}

static struct seal *
make(const struct alg *encr, unsigned bits, const struct alg *integ,
    bool encrypt)
{
	struct seal_params p = {
		.encr = encr, .key_bits = bits, .integ = integ,
		.encr_key = key, .integ_key = mac_key, .encrypt = encrypt,
	};
	struct sp_error err;
	struct seal *s;

	if (encr != NULL)
		p.encr_key_len = alg_encr_key_len(encr, bits);
	if (integ != NULL)
		p.integ_key_len = integ->key_len;
	if (seal_new(&s, &p, &err) == 0)
		return s;
	printf("  %s-%u: %s\n", encr->name, bits, err.text);
	return NULL;
}

/* Flip each byte in turn; returns how many went unnoticed. */
static unsigned
count_unnoticed(struct seal *out, const struct packet *sealed, bool esn)
{
	unsigned unnoticed = 0;
	struct packet p;
	size_t i;

	for (i = 0; i < sealed->len; i++) {
		/* with ESN the header is in the caller's data instead */
		if (i < HEADER && esn && seal_is_aead(out))
			continue;
		p = *sealed;
		packet_lay_out(&p, out, esn);
		p.bytes[i] ^= 0x40;
		if (seal_open(out, &p.op) != SP_AUTH) {
			printf("  byte %zu is not covered\n", i);
			unnoticed++;
		}
	}

	return unnoticed;
}

static void
try_suite(const struct alg *encr, unsigned bits, const struct alg *integ,
    bool esn)
{
	struct seal *in = make(encr, bits, integ, true);
	struct seal *out = make(encr, bits, integ, false);
	struct packet p, sealed;
	size_t i;

	assert_non_null(in);
	assert_non_null(out);
	packet_fill(&p, in, esn);
	assert_int_equal(seal_protect(in, &p.op), 0);
	sealed = p;
	assert_int_equal(count_unnoticed(out, &sealed, esn), 0);
	packet_lay_out(&p, out, !esn);
	assert_int_equal(seal_open(out, &p.op), SP_AUTH);
	p = sealed;
	packet_lay_out(&p, out, esn);
	assert_int_equal(seal_open(out, &p.op), 0);
	for (i = 0; i < TEXT; i++)
		assert_int_equal(p.op.text[i], i);
	/* a context knows its direction */
	assert_int_equal(seal_protect(out, &p.op), SP_SYSTEM);
	assert_int_equal(seal_open(in, &p.op), SP_AUTH);
	seal_free(in);
	seal_free(out);
}

static void
try_encr(const struct alg *encr, unsigned bits)
{
	const struct alg *integ;
	size_t i;

	if (encr->flags & ALG_AEAD) {
		try_suite(encr, bits, NULL, false);
		try_suite(encr, bits, NULL, true);
		return;
	}
	for (i = 0; (integ = alg_at(i)) != NULL; i++) {
		if (integ->type != ALG_INTEG || !alg_usable(integ, NULL))
			continue;
		try_suite(encr, bits, integ, false);
		try_suite(encr, bits, integ, true);
	}
}

static void
test_all_suites(void **state)
{
	const struct alg *encr;
	size_t i, j;

	(void)state;
	for (i = 0; (encr = alg_at(i)) != NULL; i++) {
		if (encr->type != ALG_ENCR || !alg_usable(encr, NULL))
			continue;
		for (j = 0; j < NELEM(encr->key_bits); j++) {
			if (j > 0 && encr->key_bits[j] == 0)
				break;
			try_encr(encr, encr->key_bits[j]);
		}
		/* a cipher of one length is also asked for without one */
		if (encr->key_bits[1] == 0)
			try_encr(encr, 0);
	}
}

/* AH: no cipher at all. */
static void
test_ah(void **state)
{
	const struct alg *sha256 = alg_by_id(ALG_INTEG, 12);
	struct seal *s;

	(void)state;
	try_suite(NULL, 0, sha256, false);
	s = make(NULL, 0, sha256, true);
	assert_int_equal(seal_iv_len(s), 0);
	assert_int_equal(seal_icv_len(s), 16);
	assert_int_equal(seal_block_len(s), 1);
	assert_false(seal_is_aead(s));
	seal_free(s);
}

/*
 * RFC 4543 with the IV in the additional data: the test case that Linux
 * has for rfc4543(gcm(aes)), from draft-mcgrew-gcm-test-01.
 */
static void
test_gmac_vector(void **state)
{
	static const char hex_key[] =
	    "4c80cdefbb5d10da906ac73c3613a63422433c64";
	static const char packet[] = "0000432100000007" "0000000000000000"
	    "45000030da3a00008001df3bc0a80005c0a800010800c6cd02000700"
	    "6162636465666768696a6b6c6d6e6f707172737401020201"
	    "f2a9a836e155106aa8dcd618e4099aaa";
	struct buf k = { 0 }, w = { 0 };
	struct seal_params p = {
		.encr = alg_by_id(ALG_ENCR, 21), .key_bits = 128,
	};
	struct seal_op op = { .aad_len = 8 };
	struct seal *s;

	(void)state;
	assert_true(str_unhex(&k, hex_key, strlen(hex_key)));
	assert_true(str_unhex(&w, packet, strlen(packet)));
	p.encr_key = k.data;
	p.encr_key_len = k.len;
	assert_int_equal(seal_new(&s, &p, NULL), 0);
	op.aad = w.data;
	op.iv = w.data + 8;
	op.text = w.data + 16;
	op.text_len = w.len - 32;
	op.icv = w.data + w.len - 16;
	assert_int_equal(seal_open(s, &op), 0);
	op.iv[7] ^= 1;
	assert_int_equal(seal_open(s, &op), SP_AUTH);
	seal_free(s);
	buf_free(&k);
	buf_free(&w);
}

static const struct {
	const char *name;
	int encr, integ;	/* ids, -1 = none */
	unsigned bits;
	size_t key_len, mac_len;
	int want;
} refusals[] = {
	{ "cipher without integrity", 12, -1, 128, 16, 0, SP_RANGE },
	{ "AEAD with integrity", 20, 12, 128, 20, 32, SP_RANGE },
	{ "key length not offered", 12, 12, 160, 20, 32, SP_RANGE },
	{ "key without salt", 20, -1, 128, 16, 0, SP_RANGE },
	{ "no key length", 12, 12, 0, 16, 32, SP_RANGE },
	{ "CAST with more than 128 bits", 6, 12, 256, 32, 32, SP_RANGE },
	{ "short MAC key", 12, 12, 128, 16, 20, SP_RANGE },
	{ "absent cipher", 5, 12, 128, 16, 32, SP_UNSUPPORTED },
	{ "absent integrity", 12, 9, 128, 16, 20, SP_UNSUPPORTED },
	{ "nothing at all", -1, -1, 0, 0, 0, SP_RANGE },
};

static void
test_refusals(void **state)
{
	struct sp_error err;
	struct seal *s;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(refusals); i++) {
		const struct seal_params p = {
			.encr = refusals[i].encr < 0 ? NULL :
			    alg_by_id(ALG_ENCR, (unsigned)refusals[i].encr),
			.integ = refusals[i].integ < 0 ? NULL : alg_by_id(
			    ALG_INTEG, (unsigned)refusals[i].integ),
			.key_bits = refusals[i].bits,
			.encr_key = key, .encr_key_len = refusals[i].key_len,
			.integ_key = mac_key,
			.integ_key_len = refusals[i].mac_len,
		};

		err.text[0] = '\0';
		ret = seal_new(&s, &p, &err);
		if (ret != refusals[i].want)
			printf("  %s: %d\n", refusals[i].name, ret);
		assert_int_equal(ret, refusals[i].want);
		assert_true(err.text[0] != '\0');
	}
}

/* A text that is no multiple of the block is refused, either way. */
static void
test_broken_lengths(void **state)
{
	const struct alg *cbc = alg_by_id(ALG_ENCR, 12);
	const struct alg *sha = alg_by_id(ALG_INTEG, 12);
	struct seal *in = make(cbc, 128, sha, true);
	struct seal *out = make(cbc, 128, sha, false);
	struct packet p;

	(void)state;
	packet_fill(&p, in, false);
	p.op.text_len = 17;
	assert_int_equal(seal_protect(in, &p.op), SP_SYSTEM);
	assert_int_equal(seal_open(out, &p.op), SP_AUTH);
	seal_free(in);
	seal_free(out);
	seal_free(NULL);
}

static void
test_iv(void **state)
{
	const struct rng rng = rng_system();
	struct seal *gcm = make(alg_by_id(ALG_ENCR, 20), 128, NULL, true);
	struct seal *cbc = make(alg_by_id(ALG_ENCR, 12), 128,
	    alg_by_id(ALG_INTEG, 12), true);
	uint8_t iv[16] = { 0 }, other[16] = { 0 };

	(void)state;
	seal_make_iv(gcm, 0x0102030405060708, NULL, iv);
	assert_memory_equal(iv, "\1\2\3\4\5\6\7\10", 8);
	seal_make_iv(cbc, 1, &rng, iv);
	seal_make_iv(cbc, 1, &rng, other);
	assert_memory_not_equal(iv, other, sizeof(iv));
	seal_free(gcm);
	seal_free(cbc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_suites),
		cmocka_unit_test(test_ah),
		cmocka_unit_test(test_gmac_vector),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_broken_lengths),
		cmocka_unit_test(test_iv),
	};
	size_t i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 11 + 1);
	for (i = 0; i < sizeof(mac_key); i++)
		mac_key[i] = (uint8_t)(i * 13 + 2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
