/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry: invariants of the table, look-ups, words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "crypto/alg_table.h"

/* A sentence if the row breaks a rule of alg_table.c. */
static const char *
row_fault(const struct alg *a)
{
	bool absent = (a->flags & ALG_ABSENT) != 0;
	size_t i;

	if (a->name == NULL || a->word == NULL)
		return "no name or word";
	if (!absent && a->type != ALG_ESN && a->mode == ALG_MODE_NONE)
		return "no mode";
	if (absent && a->mode != ALG_MODE_NONE)
		return "absent, but with a mode";
	if (a->class != ALG_OK && (a->basis == NULL || a->better == NULL))
		return "judged without a reason";
	if (a->class == ALG_OK && (a->basis != NULL || a->better != NULL))
		return "a reason without a judgement";
	for (i = 1; i < NELEM(a->key_bits) && a->key_bits[i] != 0; i++) {
		if (a->key_bits[i] <= a->key_bits[i - 1])
			return "key lengths do not ascend";
	}
	if (a->type == ALG_ENCR && i > 1 && strstr(a->word, "%u") == NULL)
		return "lengths to choose from, but none in the word";
	if (a->type == ALG_ENCR && i > 1 && !(a->flags & ALG_KEY_ATTR))
		return "lengths to choose from, but no attribute";
	if (!absent && a->type == ALG_ENCR && a->block_len == 0)
		return "no block length";
	if (!absent && ((a->flags & ALG_AEAD) != 0 || a->type == ALG_INTEG) &&
	    a->icv_len == 0) {
		return "no check value";
	}
	if (!absent && (a->type == ALG_PRF || a->type == ALG_KE) &&
	    a->out_len == 0) {
		return "no output length";
	}

	return NULL;
}

static void
test_rows(void **state)
{
	const struct alg *a, *b;
	const char *fault;
	unsigned bad = 0;
	size_t i, j;

	(void)state;
	for (i = 0; (a = alg_at(i)) != NULL; i++) {
		fault = row_fault(a);
		for (j = 0; j < i && fault == NULL; j++) {
			b = alg_at(j);
			if (a->type == b->type && (a->id == b->id ||
			    str_eq(a->word, b->word) ||
			    str_eq(a->name, b->name))) {
				fault = "not unique";
			}
			if (a->type < b->type)
				fault = "out of order";
		}
		if (alg_by_id(a->type, a->id) != a)
			fault = "not found by its number";
		if (fault != NULL) {
			printf("  %s: %s\n", a->name, fault);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
	assert_true(i > 70);
	assert_null(alg_by_id(ALG_ENCR, 999));
}

/* Printing a row and reading the word gives row and length again. */
static void
test_words_round_trip(void **state)
{
	const struct alg *a, *found;
	struct buf b = { 0 };
	unsigned bits, got;
	size_t i, j;

	(void)state;
	for (i = 0; (a = alg_at(i)) != NULL; i++) {
		for (j = 0; j < NELEM(a->key_bits); j++) {
			bits = strstr(a->word, "%u") ? a->key_bits[j] : 0;
			if (j > 0 && bits == 0)
				break;
			buf_reset(&b);
			alg_print(&b, a, bits);
			buf_u8(&b, 0);
			got = 12345;
			found = alg_by_word(a->type, (char *)b.data, &got);
			if (found != a || got != bits) {
				printf("  %s: %s\n", a->name,
				    (char *)b.data);
			}
			assert_ptr_equal(found, a);
			assert_int_equal(got, bits);
		}
	}
	buf_free(&b);
}

static const struct {
	enum alg_type type;
	const char *word;
	int id;			/* -1 = unknown */
	unsigned bits;
} words[] = {
	{ ALG_ENCR, "aes", 12, 128 },
	{ ALG_ENCR, "aes192", 12, 192 },
	{ ALG_ENCR, "aes129", -1, 0 },
	{ ALG_ENCR, "aes0", -1, 0 },
	{ ALG_ENCR, "aes1000000", -1, 0 },
	{ ALG_ENCR, "aes256gcm16", 20, 256 },
	{ ALG_ENCR, "aes256gcm128", 20, 256 },
	{ ALG_ENCR, "aes128gcm96", 19, 128 },
	{ ALG_ENCR, "aes128gcm64", 18, 128 },
	{ ALG_ENCR, "aes128gcm", -1, 0 },
	{ ALG_ENCR, "aes192ccm8", 14, 192 },
	{ ALG_ENCR, "aes256ctr", 13, 256 },
	{ ALG_ENCR, "aes128gmac", 21, 128 },
	{ ALG_ENCR, "blowfish", 7, 128 },
	{ ALG_ENCR, "cast128", 6, 0 },
	{ ALG_ENCR, "3des", 3, 0 },
	{ ALG_ENCR, "null", 11, 0 },
	{ ALG_ENCR, "", -1, 0 },
	{ ALG_ENCR, "sha256", -1, 0 },
	{ ALG_INTEG, "sha", 2, 0 },
	{ ALG_INTEG, "sha2_512", 14, 0 },
	{ ALG_INTEG, "sha256_96", 1026, 0 },
	{ ALG_INTEG, "aes128gmac", 9, 0 },
	{ ALG_PRF, "prfsha384", 6, 0 },
	{ ALG_PRF, "sha384", -1, 0 },
	{ ALG_KE, "x25519", 31, 0 },
	{ ALG_KE, "curve25519", 31, 0 },
	{ ALG_KE, "curve448", 32, 0 },
	{ ALG_KE, "modp2048", 14, 0 },
	{ ALG_KE, "modp2048s256", 24, 0 },
	{ ALG_KE, "ecp512bp", 30, 0 },
	{ ALG_KE, "mlkem768", 36, 0 },
	{ ALG_ESN, "esn", 1, 0 },
	{ ALG_ESN, "noesn", 0, 0 },
};

static void
test_words(void **state)
{
	const struct alg *a;
	unsigned bits;
	size_t i;
	int id;

	(void)state;
	for (i = 0; i < NELEM(words); i++) {
		bits = 0;
		a = alg_by_word(words[i].type, words[i].word, &bits);
		id = a != NULL ? a->id : -1;
		if (id != words[i].id || bits != words[i].bits) {
			printf("  \"%s\": row %d, %u bits\n", words[i].word,
			    id, bits);
		}
		assert_int_equal(id, words[i].id);
		assert_int_equal(bits, words[i].bits);
	}
}

/* The words of the settings' algorithm matrix. */
static const struct {
	enum alg_type type;
	const char *word;
	unsigned icv;
	int id;
} settings[] = {
	{ ALG_ENCR, "aes", 0, 12 }, { ALG_ENCR, "aes", 128, 12 },
	{ ALG_ENCR, "aes-gcm", 0, 20 }, { ALG_ENCR, "aes-gcm", 128, 20 },
	{ ALG_ENCR, "aes-gcm", 96, 19 }, { ALG_ENCR, "aes-gcm", 64, 18 },
	{ ALG_ENCR, "aes-gcm", 80, -1 },
	{ ALG_ENCR, "chacha20-poly1305", 0, 28 },
	{ ALG_ENCR, "3des", 0, 3 }, { ALG_ENCR, "blowfish", 0, 7 },
	{ ALG_ENCR, "cast128", 0, 6 }, { ALG_ENCR, "none", 0, 11 },
	{ ALG_INTEG, "md5", 0, 1 }, { ALG_INTEG, "sha1", 0, 2 },
	{ ALG_INTEG, "sha256", 0, 12 }, { ALG_INTEG, "sha384", 0, 13 },
	{ ALG_INTEG, "sha512", 0, 14 }, { ALG_INTEG, "aes-xcbc", 0, 5 },
	{ ALG_PRF, "sha256", 0, 5 }, { ALG_PRF, "aes-cmac", 0, 8 },
	{ ALG_PRF, "aes-xcbc", 0, 4 }, { ALG_PRF, "md5", 0, 1 },
	{ ALG_KE, "14", 0, 14 }, { ALG_KE, "31", 0, 31 },
	{ ALG_KE, "3", 0, -1 }, { ALG_KE, "none", 0, -1 },
	{ ALG_ESN, "yes", 0, 1 },
};

static void
test_settings(void **state)
{
	const struct alg *a;
	size_t i;
	int id;

	(void)state;
	for (i = 0; i < NELEM(settings); i++) {
		a = alg_by_setting(settings[i].type, settings[i].word,
		    settings[i].icv);
		id = a != NULL ? a->id : -1;
		if (id != settings[i].id)
			printf("  \"%s\": row %d\n", settings[i].word, id);
		assert_int_equal(id, settings[i].id);
	}
}

static void
test_key_lengths(void **state)
{
	const struct alg *gcm = alg_by_id(ALG_ENCR, 20);
	const struct alg *ccm = alg_by_id(ALG_ENCR, 16);
	const struct alg *des3 = alg_by_id(ALG_ENCR, 3);
	const struct alg *null = alg_by_id(ALG_ENCR, 11);

	(void)state;
	assert_int_equal(alg_encr_key_len(gcm, 256), 36);
	assert_int_equal(alg_encr_key_len(ccm, 128), 19);
	assert_int_equal(alg_encr_key_len(des3, 0), 24);
	assert_int_equal(alg_encr_key_len(null, 0), 0);
	assert_true(alg_has_key_bits(gcm, 192));
	assert_false(alg_has_key_bits(gcm, 0));
	assert_false(alg_has_key_bits(gcm, 64));
	assert_true(alg_has_key_bits(des3, 0));
	assert_true(alg_has_key_bits(des3, 192));
	assert_false(alg_has_key_bits(null, 128));
}

/* All that is not absent works with Debian's OpenSSL. */
static void
test_usable(void **state)
{
	const struct alg *a;
	const char *why;
	unsigned bad = 0;
	bool want;
	size_t i;

	(void)state;
	for (i = 0; (a = alg_at(i)) != NULL; i++) {
		want = (a->flags & ALG_ABSENT) == 0;
		if (alg_usable(a, &why) != want || (why == NULL) != want) {
			printf("  %s: %s\n", a->name, why);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_words_round_trip),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_key_lengths),
		cmocka_unit_test(test_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
