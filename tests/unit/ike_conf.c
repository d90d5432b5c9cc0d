/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Configuration objects (references, look-up), reason records, and the
 * refusals of the key derivation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/reason.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "ike/codec.h"
#include "ike/conf.h"
#include "ike/keys.h"

static void
test_conf(void **state)
{
	struct ike_conf *c = ike_conf_new("net/office");
	struct ike_child_conf *a = ike_child_conf_new("a"), *kept;
	struct ike_ts ts = { .port_last = UINT16_MAX };

	(void)state;
	assert_string_equal(c->name, "net/office");
	assert_int_equal(c->remote_port, 500);
	assert_int_equal(c->local_id.type, ID_ANY);
	assert_true(c->rekey && c->dpd);
	ts_list_add(&a->local_ts, &ts);
	a->suites = xcalloc(1, sizeof(*a->suites));
	ike_conf_add_child_take(c, a);
	ike_conf_add_child_take(c, ike_child_conf_new("b"));
	assert_ptr_equal(ike_conf_child(c, "a"), a);
	assert_string_equal(ike_conf_child(c, "b")->name, "b");
	assert_null(ike_conf_child(c, "c"));
	assert_int_equal(ident_parse(&c->remote_id, "CN=*", NULL), 0);
	secret_set(&c->psk, "key", 3);

	kept = ike_child_conf_ref(a);
	assert_ptr_equal(ike_conf_ref(c), c);
	ike_conf_unref(c);
	assert_int_equal(c->refs, 1);
	ike_conf_unref(c);
	/* the child outlives its parent while somebody holds it */
	assert_string_equal(kept->name, "a");
	ike_child_conf_unref(kept);
	ike_conf_unref(NULL);
	ike_child_conf_unref(NULL);
}

static void
test_reason(void **state)
{
	struct ike_reason r;
	const char *w;
	unsigned i, j;
	char longer[600];

	(void)state;
	for (i = 0; i < REASON_COUNT; i++) {
		w = ike_reason_word((enum ike_reason_code)i);
		assert_int_equal(strspn(w, "abcdefghijklmnopqrstuvwxyz-"),
		    strlen(w));
		for (j = 0; j < i; j++)
			assert_string_not_equal(w,
			    ike_reason_word((enum ike_reason_code)j));
	}
	assert_string_equal(ike_reason_word(REASON_INVALID_KE), "invalid-ke");
	assert_string_equal(ike_reason_word(REASON_COUNT), "none");

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ike_reason_set(&r, REASON_INVALID_KE, true, "IKE_SA_INIT", "14", NULL,
	    "%s of %d", longer, 3);
	assert_int_equal(r.code, REASON_INVALID_KE);
	assert_true(r.sure);
	assert_string_equal(r.step, "IKE_SA_INIT");
	assert_string_equal(r.ours, "14");
	assert_string_equal(r.theirs, "");
	assert_int_equal(strlen(r.text), sizeof(r.text) - 1);
}

/* Nonces that no honest peer sends are refused, not read beyond. */
static void
test_key_refusals(void **state)
{
	const struct alg *xcbc = alg_by_id(ALG_PRF, 4);
	const struct alg *sha256 = alg_by_id(ALG_PRF, 5);
	struct secret g = {0}, out = {0};
	uint8_t n[300] = {0};

	(void)state;
	secret_alloc(&g, 32);
	assert_int_equal(ike_skeyseed(sha256, &g, n, 257, n, 16, &out, NULL),
	    SP_RANGE);
	assert_int_equal(ike_skeyseed(sha256, &g, n, 16, n, 257, &out, NULL),
	    SP_RANGE);
	assert_int_equal(ike_skeyseed(xcbc, &g, n, 7, n, 16, &out, NULL),
	    SP_RANGE);
	assert_int_equal(out.len, 0);
	assert_int_equal(ike_skeyseed(sha256, &g, n, 256, n, 256, &out, NULL),
	    0);
	assert_int_equal(out.len, 32);
	secret_free(&out);
	secret_free(&g);
}

/* Deriving again into the same place frees what was there (leak check). */
static void
test_keys_again(void **state)
{
	struct secret seed = {0}, d = {0};
	struct ike_keys k = {0};
	struct child_keys c = {0};
	struct suite s;
	uint8_t n[16] = {0};
	int i;

	(void)state;
	secret_alloc(&seed, 32);
	assert_int_equal(suite_parse(&s, "aes256gcm16-prfsha256-x25519", true,
	    NULL), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(ike_keys_derive(&s, &seed, n, 16, n, 16, 1,
		    2, &k, NULL), 0);
	assert_int_equal(k.ai.len, 0);
	assert_int_equal(k.ei.len, 36);
	secret_copy(&d, &k.d);
	for (i = 0; i < 2; i++)
		assert_int_equal(ike_child_keys(s.prf, &d, NULL, n, 16, n, 16,
		    &s, PROTO_ESP, &c, NULL), 0);
	assert_int_equal(c.encr_i.len, 36);
	assert_int_equal(c.integ_i.len, 0);
	ike_keys_free(&k);
	ike_keys_free(&k);
	child_keys_free(&c);
	assert_int_equal(suite_parse(&s, "sha256", false, NULL), 0);
	assert_int_equal(ike_child_keys(alg_by_id(ALG_PRF, 5), &d, NULL, n,
	    16, n, 16, &s, PROTO_AH, &c, NULL), 0);
	assert_int_equal(c.encr_i.len, 0);
	assert_int_equal(c.integ_r.len, 32);
	child_keys_free(&c);
	secret_free(&seed);
	secret_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conf),
		cmocka_unit_test(test_reason),
		cmocka_unit_test(test_key_refusals),
		cmocka_unit_test(test_keys_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
