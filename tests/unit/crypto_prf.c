/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PRFs beyond the published vectors: laws, limits, threads; and randomness.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <pthread.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/mem.h"
#include "crypto/alg.h"
#include "crypto/prf.h"
#include "crypto/rng.h"

static uint8_t data[1000];

static void
fill(void)
{
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 3);
}

/* Next PRF that can be computed, from *pos on. */
static const struct alg *
next_prf(size_t *pos)
{
	const struct alg *a;

	while ((a = alg_at((*pos)++)) != NULL) {
		if (a->type == ALG_PRF && alg_usable(a, NULL))
			return a;
	}

	return NULL;
}

/* However the input is cut, the output is the same. */
static void
test_cuts(void **state)
{
	uint8_t whole[PRF_MAX], cut[PRF_MAX];
	const struct alg *prf;
	size_t pos = 0, i, len = 67;

	(void)state;
	while ((prf = next_prf(&pos)) != NULL) {
		const struct chunk one = { data, len };

		assert_int_equal(prf_compute(prf, "key", 3, &one, 1, whole,
		    NULL), 0);
		for (i = 0; i <= len; i++) {
			const struct chunk three[] = {
				{ data, i }, { NULL, 0 },
				{ data + i, len - i },
			};

			assert_int_equal(prf_compute(prf, "key", 3, three, 3,
			    cut, NULL), 0);
			if (memcmp(whole, cut, prf->out_len) != 0)
				printf("  %s cut at %zu\n", prf->name, i);
			assert_memory_equal(whole, cut, prf->out_len);
		}
	}
}

/* Keys of every length make different outputs; none at all is one too. */
static void
test_keys(void **state)
{
	uint8_t now[PRF_MAX], before[PRF_MAX];
	const struct chunk in = { data, 20 };
	const struct alg *prf;
	size_t pos = 0, len;

	(void)state;
	while ((prf = next_prf(&pos)) != NULL) {
		memset(before, 0, sizeof(before));
		for (len = 0; len < 140; len++) {
			assert_int_equal(prf_compute(prf,
			    len > 0 ? data + 1 : NULL, len, &in, 1, now,
			    NULL), 0);
			assert_memory_not_equal(now, before, prf->out_len);
			memcpy(before, now, prf->out_len);
		}
	}
}

static void
test_in_place(void **state)
{
	const struct alg *prf = alg_by_id(ALG_PRF, 5);
	uint8_t a[PRF_MAX], b[PRF_MAX];
	struct chunk in = { data, 32 };

	(void)state;
	assert_int_equal(prf_compute(prf, "k", 1, &in, 1, a, NULL), 0);
	memcpy(b, data, 32);
	in.p = b;
	assert_int_equal(prf_compute(prf, "k", 1, &in, 1, b, NULL), 0);
	assert_memory_equal(a, b, 32);
}

/* prf+ by its definition; every length is a prefix of a longer one. */
static void
test_plus(void **state)
{
	static uint8_t all[255 * PRF_MAX + 1], some[300];
	const struct chunk seed = { data, 40 };
	uint8_t block[PRF_MAX], n;
	const struct alg *prf;
	struct sp_error err;
	size_t pos = 0, max;

	(void)state;
	while ((prf = next_prf(&pos)) != NULL) {
		max = 255U * prf->out_len;
		assert_int_equal(prf_plus(prf, "key", 3, &seed, 1, all, max,
		    &err), 0);
		for (n = 1; n != 0; n++) {
			const struct chunk in[] = {
				{ block, n > 1 ? prf->out_len : 0 }, seed,
				{ &n, 1 },
			};

			assert_int_equal(prf_compute(prf, "key", 3, in, 3,
			    block, NULL), 0);
			assert_memory_equal(block,
			    all + (n - 1U) * prf->out_len, prf->out_len);
		}
		assert_int_equal(prf_plus(prf, "key", 3, &seed, 1, some, 101,
		    NULL), 0);
		assert_memory_equal(some, all, 101);
		assert_int_equal(prf_plus(prf, "key", 3, &seed, 1, all,
		    max + 1, &err), SP_RANGE);
		assert_true(err.text[0] != '\0');
	}
}

static void
test_refusals(void **state)
{
	const struct chunk in = { data, 4 };
	const unsigned wrong[][2] = {
		{ ALG_PRF, 3 }, { ALG_INTEG, 12 }, { ALG_ENCR, 12 },
	};
	uint8_t out[PRF_MAX];
	struct sp_error err;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(wrong); i++) {
		err.text[0] = '\0';
		assert_int_equal(prf_compute(alg_by_id(wrong[i][0],
		    wrong[i][1]), "k", 1, &in, 1, out, &err),
		    SP_UNSUPPORTED);
		assert_true(err.text[0] != '\0');
	}
}

static void
test_hashes(void **state)
{
	static const uint8_t sha1_abc[20] = {
		0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
		0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d,
	};
	static const uint8_t sha256_abc[4] = { 0xba, 0x78, 0x16, 0xbf };
	const struct chunk in[] = { { "a", 1 }, { "bc", 2 } };
	uint8_t out[32];

	(void)state;
	hash_sha1(in, 2, out);
	assert_memory_equal(out, sha1_abc, 20);
	hash_sha256(in, 2, out);
	assert_memory_equal(out, sha256_abc, 4);
}

/* Result of many computations, for one thread. */
static void *
thread_main(void *arg)
{
	struct chunk in = { data, 100 };
	const struct alg *prf;
	size_t pos, i;
	uint8_t *out = arg, one[PRF_MAX];

	memset(out, 0, PRF_MAX);
	for (i = 0; i < 50; i++) {
		pos = 0;
		while ((prf = next_prf(&pos)) != NULL) {
			in.p = data + i;
			if (prf_compute(prf, out, 16, &in, 1, one, NULL) == 0)
				memcpy(out, one, prf->out_len);
		}
	}

	return NULL;
}

static void
test_threads(void **state)
{
	uint8_t out[4][PRF_MAX];
	pthread_t t[4];
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, thread_main,
		    out[i]), 0);
	for (i = 0; i < NELEM(t); i++)
		pthread_join(t[i], NULL);
	for (i = 1; i < NELEM(t); i++)
		assert_memory_equal(out[0], out[i], PRF_MAX);
}

/* Hands out 0, 1, 2 ... as bytes. */
static void
counting(void *ctx, void *out, size_t len)
{
	uint8_t *n = ctx, *p = out;

	while (len-- > 0)
		*p++ = (*n)++;
}

static void
test_rng(void **state)
{
	uint8_t n = 0, a[32] = { 0 }, zero[32] = { 0 };
	const struct rng fake = { counting, &n }, sys = rng_system();
	unsigned seen[7] = { 0 };
	size_t i;
	uint64_t v;

	(void)state;
	rng_bytes(&fake, a, 4);
	assert_int_equal(a[3], 3);
	rng_u32(&fake);
	rng_u64(&fake);
	assert_int_equal(n, 16);
	rng_bytes(&sys, a, sizeof(a));
	assert_memory_not_equal(a, zero, sizeof(a));
	assert_int_equal(rng_below(&sys, 1), 0);
	for (i = 0; i < 1000; i++) {
		v = rng_below(&sys, NELEM(seen));
		assert_true(v < NELEM(seen));
		seen[v]++;
	}
	for (i = 0; i < NELEM(seen); i++)
		assert_true(seen[i] > 50);
	assert_true(rng_below(&sys, UINT64_MAX) < UINT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* first, so that the threads race for the first fetch */
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_plus),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_rng),
	};

	fill();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
