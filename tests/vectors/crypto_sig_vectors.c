/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Project Wycheproof's signatures in the form of IKE's AUTH payload (RFC 7427
 * method 14): valid ones must pass, invalid ones be refused.  Its
 * "acceptable" ones (a missing NULL in a DigestInfo) are refused here.
 */
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
#include "crypto/pkey.h"
#include "crypto/sig.h"
#include "tests/vectors/crypto_json.h"

static const struct row {
	const char *file, *type, *param;
	uint8_t hash;
	bool pss;
} rows[] = {
	{ "wycheproof/ecdsa_secp256r1_sha256_test.json", "ecdsa", "p256",
	  SIG_SHA256, false },
	{ "wycheproof/ecdsa_secp384r1_sha384_test.json", "ecdsa", "p384",
	  SIG_SHA384, false },
	{ "wycheproof/ecdsa_secp521r1_sha512_test.json", "ecdsa", "p521",
	  SIG_SHA512, false },
	{ "wycheproof/ed25519_test.json", "ed25519", NULL, SIG_IDENTITY,
	  false },
	{ "wycheproof/ed448_test.json", "ed448", NULL, SIG_IDENTITY, false },
	{ "wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json", "rsa", "2048",
	  SIG_SHA256, true },
	{ "wycheproof/rsa_signature_2048_sha256_test.json", "rsa", "2048",
	  SIG_SHA256, false },
};

/* The AlgorithmIdentifier that we send ourselves for this kind. */
static void
algorithm(const struct row *r, struct buf *out)
{
	struct sig how = { SIG_METHOD_DIGITAL, r->hash, r->pss };
	struct pkey *k;

	assert_int_equal(pkey_generate(&k, r->type, r->param, NULL), 0);
	assert_int_equal(sig_make(k, &how, NULL, 0, out, NULL), 0);
	buf_truncate(out, 1U + out->data[0]);
	pkey_unref(k);
}

static void
run_one(struct tally *t, const struct pkey *k, const struct buf *algid,
    const json_t *v)
{
	struct bytes msg = vec_hex(v, "msg"), sig = vec_hex(v, "sig");
	bool valid = str_eq(vec_str(v, "result"), "valid");
	struct chunk in = { msg.p, msg.len };
	struct buf auth = {0};
	struct sig seen;
	char name[160];
	int ret;

	buf_bytes(&auth, algid->data, algid->len);
	buf_bytes(&auth, sig.p, sig.len);
	ret = sig_check(k, SIG_METHOD_DIGITAL, auth.data, auth.len, false,
	    &in, 1, &seen, NULL);
	snprintf(name, sizeof(name), "%lld %.120s",
	    (long long)json_integer_value(json_object_get(v, "tcId")),
	    vec_str(v, "comment"));
	vec_check(t, name, (ret == 0) == valid, valid ? "is refused" :
	    "passes");
	buf_free(&auth);
}

static void
run_file(const struct row *r)
{
	struct tally t = { .file = r->file };
	json_t *j = vec_load(r->file), *group, *v;
	struct buf algid = {0};
	struct bytes der;
	struct pkey *k;
	size_t g, i;

	algorithm(r, &algid);
	json_array_foreach(json_object_get(j, "testGroups"), g, group) {
		der = vec_hex(group, "publicKeyDer");
		assert_int_equal(pkey_read_public(&k, der.p, der.len, r->file,
		    NULL), 0);
		json_array_foreach(json_object_get(group, "tests"), i, v) {
			run_one(&t, k, &algid, v);
			vec_reset();
		}
		pkey_unref(k);
	}
	buf_free(&algid);
	json_decref(j);
	assert_int_equal(vec_report(&t), 0);
}

static void
test_signatures(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++)
		run_file(&rows[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signatures),
	};

	vec_need();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
