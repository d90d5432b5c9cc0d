/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures of IKE: every kind of key by every method both ways; what is
 * tampered with, of another key, another method or too weak is refused.
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
#include "base/secret.h"
#include "crypto/pkey.h"
#include "crypto/sig.h"

static const struct row {
	const char *type, *param;
	unsigned hashes;	/* what the peer announced */
	bool pss;
	unsigned method, hash;	/* 0: refused */
} rows[] = {
	{ "rsa", "2048", 0, true, 1, SIG_SHA1 },
	{ "rsa", "2048", SIG_BIT(2), true, 14, SIG_SHA256 },
	{ "rsa", "2048", SIG_BIT(2) | SIG_BIT(4), false, 14, SIG_SHA256 },
	{ "rsa", "2048", SIG_BIT(4), true, 14, SIG_SHA512 },
	{ "rsa", "2048", SIG_BIT(5), true, 0, 0 },
	{ "ecdsa", "p256", 0, false, 9, SIG_SHA256 },
	{ "ecdsa", "p384", 0, false, 10, SIG_SHA384 },
	{ "ecdsa", "p521", 0, false, 11, SIG_SHA512 },
	{ "ecdsa", "p256", SIG_OURS, false, 14, SIG_SHA256 },
	{ "ecdsa", "p384", SIG_OURS, false, 14, SIG_SHA384 },
	{ "ecdsa", "p384", SIG_BIT(2), false, 14, SIG_SHA256 },
	{ "ecdsa", "p521", SIG_OURS, false, 14, SIG_SHA512 },
	{ "ed25519", NULL, SIG_OURS, false, 14, SIG_IDENTITY },
	{ "ed448", NULL, SIG_OURS, true, 14, SIG_IDENTITY },
	{ "ed25519", NULL, SIG_BIT(2), false, 0, 0 },
	{ "ed25519", NULL, 0, false, 0, 0 },
};

static const struct chunk text[] = {
	{ "message", 7 }, { "", 0 }, { "nonce and identity", 18 },
};
static const struct chunk other[] = {
	{ "message", 7 }, { "", 0 }, { "nonce and Identity", 18 },
};

static void
check_row(const struct row *r)
{
	struct sp_error err = {0};
	struct pkey *k, *k2;
	struct sig how = {0}, seen;
	struct buf b = {0};
	int ret;

	assert_int_equal(pkey_generate(&k, r->type, r->param, NULL), 0);
	assert_int_equal(pkey_generate(&k2, r->type, r->param, NULL), 0);
	ret = sig_choose(k, r->hashes, r->pss, &how, &err);
	if (r->method == 0) {
		assert_int_equal(ret, SP_PEER);
		assert_true(err.text[0] != '\0');
		goto out;
	}
	assert_int_equal(ret, 0);
	assert_int_equal(how.method, r->method);
	assert_int_equal(how.hash, r->hash);
	assert_int_equal(sig_make(k, &how, text, 3, &b, NULL), 0);

	assert_int_equal(sig_check(k, how.method, b.data, b.len, true, text,
	    3, &seen, NULL), 0);
	assert_int_equal(seen.hash, how.hash);
	assert_int_equal(seen.pss, how.pss);
	/* other text, other key, a bit turned, cut short, other method */
	assert_int_equal(sig_check(k, how.method, b.data, b.len, true, other,
	    3, &seen, NULL), SP_AUTH);
	assert_int_equal(sig_check(k2, how.method, b.data, b.len, true, text,
	    3, &seen, NULL), SP_AUTH);
	b.data[b.len - 1] ^= 1;
	assert_int_equal(sig_check(k, how.method, b.data, b.len, true, text,
	    3, &seen, NULL), SP_AUTH);
	b.data[b.len - 1] ^= 1;
	assert_true(sig_check(k, how.method, b.data, b.len - 1, true, text, 3,
	    &seen, NULL) < 0);
	assert_true(sig_check(k, how.method == 14 ? 1 : 14, b.data, b.len,
	    true, text, 3, &seen, &err) < 0);
out:
	buf_free(&b);
	pkey_unref(k);
	pkey_unref(k2);
}

static void
test_methods(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++)
		check_row(&rows[i]);
}

/* A signature of nothing but zeros (CVE-2013-2944), an empty one. */
static void
test_zero(void **state)
{
	static const char *const kinds[][2] = {
		{ "rsa", "2048" }, { "ecdsa", "p256" }, { "ed25519", NULL },
	};
	static const unsigned methods[] = { 1, 9, 10, 11, 14, 2, 0, 255 };
	uint8_t zero[256] = {0};
	struct pkey *k;
	struct sig seen;
	size_t i, m, n;

	(void)state;
	for (i = 0; i < NELEM(kinds); i++) {
		assert_int_equal(pkey_generate(&k, kinds[i][0], kinds[i][1],
		    NULL), 0);
		for (m = 0; m < NELEM(methods); m++) {
			for (n = 0; n <= sizeof(zero); n += 32) {
				assert_true(sig_check(k, methods[m], zero, n,
				    true, text, 3, &seen, NULL) < 0);
			}
		}
		pkey_unref(k);
	}
}

/* SHA-1 is for peers without RFC 7427 only, and only if allowed. */
static void
test_sha1(void **state)
{
	struct sig how = { 1, SIG_SHA1, false }, seen;
	struct buf b = {0};
	struct pkey *k;

	(void)state;
	assert_int_equal(pkey_generate(&k, "rsa", "2048", NULL), 0);
	assert_int_equal(sig_make(k, &how, text, 3, &b, NULL), 0);
	assert_int_equal(sig_check(k, 1, b.data, b.len, false, text, 3, &seen,
	    NULL), SP_AUTH);
	buf_reset(&b);
	how.method = 14;
	assert_int_equal(sig_make(k, &how, text, 3, &b, NULL), 0);
	assert_int_equal(sig_check(k, 14, b.data, b.len, false, text, 3,
	    &seen, NULL), SP_UNSUPPORTED);
	buf_free(&b);
	pkey_unref(k);
}

static void
test_raw(void **state)
{
	static const char *const kinds[][2] = {
		{ "rsa", "2048" }, { "ecdsa", "p256" }, { "ecdsa", "p521" },
	};
	uint8_t hash[32] = { 1, 2, 3 };
	struct buf b = {0};
	struct pkey *k;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(kinds); i++) {
		buf_reset(&b);
		assert_int_equal(pkey_generate(&k, kinds[i][0], kinds[i][1],
		    NULL), 0);
		assert_int_equal(sig_raw_make(k, hash, sizeof(hash), &b,
		    NULL), 0);
		assert_int_equal(sig_raw_check(k, hash, sizeof(hash), b.data,
		    b.len, NULL), 0);
		b.data[b.len / 2] ^= 4;
		assert_int_equal(sig_raw_check(k, hash, sizeof(hash), b.data,
		    b.len, NULL), SP_AUTH);
		pkey_unref(k);
	}
	buf_free(&b);
}

/* Written and read again: plain, encrypted, wrong and missing pass phrase. */
static void
test_files(void **state)
{
	struct secret pass, wrong;
	struct sp_error err = {0};
	struct pkey *k, *back;
	struct buf b = {0};

	(void)state;
	secret_set(&pass, "sesame street", 13);
	secret_set(&wrong, "sesame", 6);
	assert_int_equal(pkey_generate(&k, "ecdsa", "p256", NULL), 0);
	assert_int_equal(pkey_write_private(k, NULL, &b, NULL), 0);
	assert_int_equal(pkey_read_private(&back, b.data, b.len, NULL, "f",
	    NULL), 0);
	assert_true(pkey_same(k, back));
	pkey_unref(back);
	buf_reset(&b);
	assert_int_equal(pkey_write_private(k, &pass, &b, NULL), 0);
	assert_int_equal(pkey_read_private(&back, b.data, b.len, &pass, "f",
	    NULL), 0);
	pkey_unref(back);
	assert_int_equal(pkey_read_private(&back, b.data, b.len, &wrong, "f",
	    &err), SP_DENIED);
	assert_non_null(strstr(err.text, "does not open"));
	assert_int_equal(pkey_read_private(&back, b.data, b.len, NULL, "f",
	    &err), SP_DENIED);
	assert_non_null(strstr(err.text, "is encrypted"));
	assert_int_equal(pkey_read_private(&back, "rubbish", 7, NULL, "f",
	    &err), SP_FORMAT);
	buf_reset(&b);
	assert_int_equal(pkey_write_public(k, &b, NULL), 0);
	assert_int_equal(pkey_read_public(&back, b.data, b.len, "f", NULL),
	    0);
	assert_true(pkey_same(k, back));
	pkey_unref(back);
	assert_int_equal(pkey_open_token(&back, "pkcs11:object=none", NULL,
	    &err), SP_UNSUPPORTED);
	assert_int_equal(pkey_generate(&back, "dsa", NULL, &err), SP_RANGE);
	assert_int_equal(pkey_generate(&back, "rsa", "512", &err), SP_RANGE);
	pkey_unref(k);
	secret_free(&pass);
	secret_free(&wrong);
	buf_wipe(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_sha1),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
