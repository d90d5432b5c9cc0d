/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prf and prf+ against vectors/kdf/: the CAVP rows of strongSwan and
 * libreswan, and the generated ones.  The schedules themselves are written
 * out here from RFC 7296 2.13-2.18 and RFC 2409 5, 5.5, apart from the
 * program's own in ike/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "tests/vectors/crypto_json.h"
#include "tests/vectors/crypto_suite.h"

static const struct bytes none;

static const struct alg *
prf_row(const char *name)
{
	return alg_by_name(name);
}

static void
run_strongswan(struct tally *t, const json_t *v)
{
	const struct alg *prf = prf_row(vec_str(v, "arg.prf"));
	struct bytes key = vec_hex(v, "key"), salt = vec_hex(v, "salt");
	struct bytes want = vec_hex(v, "out"), got;

	if (str_eq(vec_str(v, "alg"), "KDF_PRF"))
		got = prf_of(prf, salt, key, none, none);
	else
		got = prf_plus_of(prf, key, salt, none, none, none,
		    want.len);
	vec_expect(t, vec_str(v, "id"), want, got);
}

/* RFC 7296 2.14: PRFs with fixed keys take 8 bytes of each nonce. */
static struct bytes
nonce_key(const struct alg *prf, struct bytes ni, struct bytes nr)
{
	if (prf->mode == ALG_MODE_HMAC)
		return vec_join(ni, nr);
	return vec_join(vec_part(ni, 0, 8), vec_part(nr, 0, 8));
}

static void
run_v2_child(struct tally *t, const json_t *v, const struct alg *prf,
    struct bytes ni, struct bytes nr)
{
	const char *id = vec_str(v, "id");
	struct bytes d = vec_hex(v, "SK_d"), g = vec_hex(v, "g_ir_new");
	struct bytes want;

	want = vec_hex(v, "child_keymat");
	vec_expect(t, id, want,
	    prf_plus_of(prf, d, ni, nr, none, none, want.len));
	want = vec_hex(v, "child_keymat_pfs");
	vec_expect(t, id, want,
	    prf_plus_of(prf, d, g, ni, nr, none, want.len));
	vec_expect(t, id, vec_hex(v, "rekey_SKEYSEED"),
	    prf_of(prf, d, g, ni, nr));
	/* RFC 8784 3 */
	want = vec_hex(v, "SK_d_with_PPK");
	vec_expect(t, id, want, prf_plus_of(prf, vec_hex(v, "PPK"), d, none,
	    none, none, want.len));
}

static void
run_v2(struct tally *t, const json_t *v)
{
	const struct alg *prf = prf_row(vec_str(v, "prf"));
	const char *id = vec_str(v, "id");
	struct bytes ni = vec_hex(v, "Ni"), nr = vec_hex(v, "Nr");
	struct bytes pad = { (uint8_t *)"Key Pad for IKEv2", 17 };
	struct bytes seed = vec_hex(v, "SKEYSEED");
	struct bytes want = vec_hex(v, "keymat");

	vec_expect(t, id, seed, prf_of(prf, nonce_key(prf, ni, nr),
	    vec_hex(v, "g_ir"), none, none));
	vec_expect(t, id, want, prf_plus_of(prf, seed, ni, nr,
	    vec_hex(v, "SPIi"), vec_hex(v, "SPIr"), want.len));
	run_v2_child(t, v, prf, ni, nr);
	vec_expect(t, id, vec_hex(v, "AUTH_psk"), prf_of(prf,
	    prf_of(prf, vec_hex(v, "PSK"), pad, none, none),
	    vec_hex(v, "octets"), none, none));
}

/* RFC 2409 5: SKEYID_x = prf(SKEYID, [before |] g^xy | cookies | n). */
static struct bytes
skeyid(const struct alg *prf, const json_t *v, struct bytes before,
    unsigned char n)
{
	struct bytes cookies = vec_join(vec_hex(v, "CKY_I"),
	    vec_hex(v, "CKY_R"));
	struct bytes end = vec_join(cookies, (struct bytes){ &n, 1 });

	return prf_of(prf, vec_hex(v, "SKEYID"), before,
	    vec_hex(v, "g_xy"), end);
}

static void
run_v1(struct tally *t, const json_t *v)
{
	const struct alg *prf = prf_row(vec_str(v, "prf"));
	const char *id = vec_str(v, "id");
	struct bytes ni = vec_hex(v, "Ni_b"), nr = vec_hex(v, "Nr_b");
	struct bytes d = vec_hex(v, "SKEYID_d"), a = vec_hex(v, "SKEYID_a");

	if (str_eq(vec_str(v, "auth"), "psk")) {
		vec_expect(t, id, vec_hex(v, "SKEYID"),
		    prf_of(prf, vec_hex(v, "psk"), ni, nr, none));
	} else {
		vec_expect(t, id, vec_hex(v, "SKEYID"), prf_of(prf,
		    vec_join(ni, nr), vec_hex(v, "g_xy"), none, none));
	}
	vec_expect(t, id, d, skeyid(prf, v, none, 0));
	vec_expect(t, id, a, skeyid(prf, v, d, 1));
	vec_expect(t, id, vec_hex(v, "SKEYID_e"), skeyid(prf, v, a, 2));
}

static void
run_generated(struct tally *t, const json_t *v)
{
	if (str_eq(vec_str(v, "kind"), "ikev2"))
		run_v2(t, v);
	else
		run_v1(t, v);
}

static void
run_acvp_v2(struct tally *t, const json_t *in, const json_t *out)
{
	const struct alg *sha1 = prf_row("PRF_HMAC_SHA1");
	struct bytes ni = vec_hex(in, "nInit"), nr = vec_hex(in, "nResp");
	struct bytes g = vec_hex(in, "girNew");
	struct bytes seed = vec_hex(out, "sKeySeed");
	struct bytes mat = vec_hex(out, "derivedKeyingMaterial"), d;

	d = vec_part(mat, 0, sha1->out_len);
	vec_expect(t, "SKEYSEED", seed, prf_of(sha1, vec_join(ni, nr),
	    vec_hex(in, "gir"), none, none));
	vec_expect(t, "DKM", mat, prf_plus_of(sha1, seed, ni, nr,
	    vec_hex(in, "spiInit"), vec_hex(in, "spiResp"), mat.len));
	vec_expect(t, "DKM child", vec_hex(out, "derivedKeyingMaterialChild"),
	    prf_plus_of(sha1, d, ni, nr, none, none, mat.len));
	vec_expect(t, "DKM child DH", vec_hex(out, "derivedKeyingMaterialDh"),
	    prf_plus_of(sha1, d, g, ni, nr, none, mat.len));
	vec_expect(t, "rekey", vec_hex(out, "sKeySeedReKey"),
	    prf_of(sha1, d, g, ni, nr));
}

static void
run_acvp(struct tally *t, const json_t *v)
{
	const json_t *in = json_object_get(v, "input");
	const json_t *out = json_object_get(v, "expected");
	const struct alg *sha1 = prf_row("PRF_HMAC_SHA1");
	struct bytes ni = vec_hex(in, "nInit"), nr = vec_hex(in, "nResp");
	const char *form = vec_str(v, "form");

	if (str_eq(form, "ikev2")) {
		run_acvp_v2(t, in, out);
	} else if (str_eq(form, "ikev1_psk")) {
		vec_expect(t, form, vec_hex(out, "sKeyId"), prf_of(sha1,
		    vec_hex(in, "preSharedKey"), ni, nr, none));
	} else {
		vec_expect(t, form, vec_hex(out, "sKeyId"), prf_of(sha1,
		    vec_join(ni, nr), vec_hex(in, "gxy"), none, none));
	}
}

static const struct {
	const char *file;
	void (*run)(struct tally *t, const json_t *v);
} files[] = {
	{ "kdf/kdf_prf.json", run_strongswan },
	{ "kdf/kdf_prf_plus.json", run_strongswan },
	{ "kdf/generated.json", run_generated },
	{ "kdf/acvp-libreswan.json", run_acvp },
};

static void
test_kdf(void **state)
{
	unsigned bad = 0;
	json_t *root, *v;
	size_t i, j;

	(void)state;
	for (i = 0; i < NELEM(files); i++) {
		struct tally t = { .file = files[i].file };

		root = vec_load(t.file);
		json_array_foreach(json_object_get(root, "vectors"), j, v) {
			files[i].run(&t, v);
			vec_reset();
		}
		json_decref(root);
		bad += vec_report(&t);
	}
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kdf),
	};

	vec_need();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
