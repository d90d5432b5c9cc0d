/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key exchange: both sides agree in every group; every degenerate value of
 * RFC 6989 and RFC 7748 is refused with a sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"
#include "crypto/alg.h"
#include "crypto/kex.h"
#include "crypto/kex_impl.h"

/* Next group that can be computed, from *pos on. */
static const struct alg *
next_group(size_t *pos)
{
	const struct alg *a;

	while ((a = alg_at((*pos)++)) != NULL) {
		if (a->type == ALG_KE && alg_usable(a, NULL))
			return a;
	}

	return NULL;
}

static bool
is_modp(const struct alg *g)
{
	return g->mode == ALG_MODE_MODP || g->mode == ALG_MODE_MODP_SUB;
}

static void
test_agreement(void **state)
{
	const struct alg *g;
	size_t pos = 0;

	(void)state;
	while ((g = next_group(&pos)) != NULL) {
		struct buf pa = { 0 }, pb = { 0 };
		struct secret sa, sb;
		struct kex *a, *b;
		size_t want = g->mode == ALG_MODE_EC ? g->out_len / 2U :
		    g->out_len;

		assert_int_equal(kex_new(&a, g, NULL), 0);
		assert_int_equal(kex_new(&b, g, NULL), 0);
		assert_ptr_equal(kex_group(a), g);
		assert_int_equal(kex_public(a, &pa, NULL), 0);
		assert_int_equal(kex_public(b, &pb, NULL), 0);
		assert_int_equal(pa.len, g->out_len);
		assert_memory_not_equal(pa.data, pb.data, pa.len);
		assert_int_equal(kex_derive(a, pb.data, pb.len, &sa, NULL),
		    0);
		assert_int_equal(kex_derive(b, pa.data, pa.len, &sb, NULL),
		    0);
		assert_int_equal(sa.len, want);
		assert_true(secret_eq(&sa, &sb));
		secret_free(&sa);
		secret_free(&sb);
		buf_free(&pa);
		buf_free(&pb);
		kex_free(a);
		kex_free(b);
	}
	kex_free(NULL);
}

/* Bytes of the prime of a MODP group minus sub, at out. */
static void
prime_minus(const struct alg *g, unsigned sub, uint8_t *out)
{
	BIGNUM *n = BN_dup(fetch_group(g)->p);

	assert_non_null(n);
	assert_int_equal(BN_sub_word(n, sub), 1);
	assert_int_equal(BN_bn2binpad(n, out, g->out_len), g->out_len);
	BN_free(n);
}

static void
small(const struct alg *g, unsigned v, uint8_t *out)
{
	memset(out, 0, g->out_len);
	out[g->out_len - 1] = (uint8_t)v;
}

/* The value is refused as the peer's fault, with a sentence. */
static void
refused(const struct alg *g, const char *what, const uint8_t *v, size_t len)
{
	struct secret out = { 0 };
	struct sp_error err;
	struct kex *k;
	int ret;

	assert_int_equal(kex_new(&k, g, NULL), 0);
	err.text[0] = '\0';
	ret = kex_derive(k, v, len, &out, &err);
	if (ret != SP_PEER || strstr(err.text, g->word) == NULL)
		printf("  %s: %s: %d %s\n", g->word, what, ret, err.text);
	assert_int_equal(ret, SP_PEER);
	assert_non_null(strstr(err.text, g->word));
	assert_null(out.data);
	kex_free(k);
}

static void
test_lengths(void **state)
{
	static uint8_t v[KEX_PUBLIC_MAX + 1];
	const struct alg *g;
	size_t pos = 0;

	(void)state;
	memset(v, 5, sizeof(v));
	while ((g = next_group(&pos)) != NULL) {
		refused(g, "empty", v, 0);
		refused(g, "one byte", v, 1);
		refused(g, "short", v, g->out_len - 1U);
		refused(g, "long", v, g->out_len + 1U);
	}
}

static void
test_modp_range(void **state)
{
	static uint8_t v[KEX_PUBLIC_MAX];
	const struct alg *g;
	size_t pos = 0;

	(void)state;
	while ((g = next_group(&pos)) != NULL) {
		if (!is_modp(g))
			continue;
		small(g, 0, v);
		refused(g, "0", v, g->out_len);
		small(g, 1, v);
		refused(g, "1", v, g->out_len);
		prime_minus(g, 1, v);
		refused(g, "p-1", v, g->out_len);
		prime_minus(g, 0, v);
		refused(g, "p", v, g->out_len);
		memset(v, 0xff, sizeof(v));
		refused(g, "all ones", v, g->out_len);
		if (g->mode != ALG_MODE_MODP_SUB)
			continue;
		/* in range, but outside the subgroup of prime order */
		small(g, 2, v);
		refused(g, "2", v, g->out_len);
		prime_minus(g, 2, v);
		refused(g, "p-2", v, g->out_len);
	}
}

static void
test_points(void **state)
{
	static uint8_t v[KEX_PUBLIC_MAX];
	const struct alg *g;
	size_t pos = 0;

	(void)state;
	while ((g = next_group(&pos)) != NULL) {
		struct buf pub = { 0 };
		struct kex *k;

		if (g->mode != ALG_MODE_EC)
			continue;
		assert_int_equal(kex_new(&k, g, NULL), 0);
		assert_int_equal(kex_public(k, &pub, NULL), 0);
		pub.data[pub.len - 1] ^= 1;
		refused(g, "y changed", pub.data, pub.len);
		pub.data[pub.len - 1] ^= 1;
		pub.data[g->out_len / 2 - 1] ^= 4;
		refused(g, "x changed", pub.data, pub.len);
		memset(v, 0, sizeof(v));
		refused(g, "0, 0", v, g->out_len);
		memset(v, 0xff, sizeof(v));
		refused(g, "x, y beyond p", v, g->out_len);
		buf_free(&pub);
		kex_free(k);
	}
}

/* Points of small order (RFC 7748 7): 0, 1 and p, little-endian. */
static void
test_xdh_zero(void **state)
{
	const struct alg *x25519 = alg_by_id(ALG_KE, 31);
	const struct alg *x448 = alg_by_id(ALG_KE, 32);
	uint8_t v[56] = { 0 };

	(void)state;
	refused(x25519, "0", v, 32);
	refused(x448, "0", v, 56);
	v[0] = 1;
	refused(x25519, "1", v, 32);
	refused(x448, "1", v, 56);
	memset(v, 0xff, sizeof(v));
	v[0] = 0xed;
	v[31] = 0x7f;
	refused(x25519, "p", v, 32);
	memset(v, 0xff, sizeof(v));
	v[28] = 0xfe;
	refused(x448, "p", v, 56);
}

/* 5^2 = 25: the secret has the length of the prime all the same. */
static void
test_leading_zeros(void **state)
{
	static uint8_t v[KEX_PUBLIC_MAX];
	const uint8_t two = 2;
	const struct alg *g;
	struct secret s;
	struct kex *k;
	size_t pos = 0;

	(void)state;
	while ((g = next_group(&pos)) != NULL) {
		if (g->mode != ALG_MODE_MODP)
			continue;
		assert_int_equal(kex_new_private(&k, g, &two, 1, NULL), 0);
		small(g, 5, v);
		assert_int_equal(kex_derive(k, v, g->out_len, &s, NULL), 0);
		small(g, 25, v);
		assert_int_equal(s.len, g->out_len);
		assert_memory_equal(s.data, v, s.len);
		secret_free(&s);
		kex_free(k);
	}
}

/* Exponents are as long as the registry asks, not OpenSSL's shorter ones. */
static void
test_exponents(void **state)
{
	const struct alg *g;
	struct kex *k;
	size_t pos = 0;
	int bits;

	(void)state;
	while ((g = next_group(&pos)) != NULL) {
		BIGNUM *x = NULL;

		if (g->mode != ALG_MODE_MODP)
			continue;
		assert_int_equal(kex_new(&k, g, NULL), 0);
		assert_int_equal(EVP_PKEY_get_bn_param(k->key,
		    OSSL_PKEY_PARAM_PRIV_KEY, &x), 1);
		bits = BN_num_bits(x);
		BN_clear_free(x);
		kex_free(k);
		/* fewer only by leading zeros: 24 of them in 2^24 runs */
		if (bits > g->key_len * 8 || bits < g->key_len * 8 - 24)
			printf("  %s: %d bits\n", g->word, bits);
		assert_in_range(bits, g->key_len * 8 - 24, g->key_len * 8);
	}
}

static void
test_refusals(void **state)
{
	const unsigned wrong[][2] = {
		{ ALG_KE, 36 }, { ALG_PRF, 5 }, { ALG_ESN, 0 },
	};
	static const uint8_t zeros[32];
	struct sp_error err;
	struct kex *k;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(wrong); i++) {
		err.text[0] = '\0';
		assert_int_equal(kex_new(&k, alg_by_id(wrong[i][0],
		    wrong[i][1]), &err), SP_UNSUPPORTED);
		assert_true(err.text[0] != '\0');
	}
	assert_int_equal(kex_new_private(&k, alg_by_id(ALG_KE, 19), zeros,
	    sizeof(zeros), &err), SP_SYSTEM);
	assert_int_equal(kex_new_private(&k, alg_by_id(ALG_KE, 31), zeros,
	    31, &err), SP_SYSTEM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agreement),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_modp_range),
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_xdh_zero),
		cmocka_unit_test(test_leading_zeros),
		cmocka_unit_test(test_exponents),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
