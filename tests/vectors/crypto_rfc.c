/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Published vectors of ciphers, MACs, hashes and groups: vectors/rfc/.
 * Ciphers without integrity are tried with HMAC-SHA1 behind them, and only
 * the text is compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "crypto/prf.h"
#include "tests/vectors/crypto_json.h"
#include "tests/vectors/crypto_suite.h"

/* Words of the vectors that are not the registry's. */
static const struct {
	const char *theirs;
	const char *ours;
} names[] = {
	{ "ENCR_AES_GCM_ICV16", "ENCR_AES_GCM_16" },
	{ "ENCR_AES_GCM_ICV12", "ENCR_AES_GCM_12" },
	{ "ENCR_AES_GCM_ICV8", "ENCR_AES_GCM_8" },
	{ "ENCR_AES_CCM_ICV16", "ENCR_AES_CCM_16" },
	{ "ENCR_AES_CCM_ICV12", "ENCR_AES_CCM_12" },
	{ "ENCR_AES_CCM_ICV8", "ENCR_AES_CCM_8" },
	{ "CURVE_25519", "CURVE25519" }, { "CURVE_448", "CURVE448" },
	{ "ECP_192_BIT", "ECP_192" }, { "ECP_224_BIT", "ECP_224" },
	{ "ECP_256_BIT", "ECP_256" }, { "ECP_384_BIT", "ECP_384" },
	{ "ECP_521_BIT", "ECP_521" },
	{ "ECP_224_BP", "BRAINPOOL_P224R1" },
	{ "ECP_256_BP", "BRAINPOOL_P256R1" },
	{ "ECP_384_BP", "BRAINPOOL_P384R1" },
	{ "ECP_512_BP", "BRAINPOOL_P512R1" },
	{ "MODP_768_BIT", "MODP_768" }, { "MODP_1024_BIT", "MODP_1024" },
	{ "MODP_1536_BIT", "MODP_1536" }, { "MODP_2048_BIT", "MODP_2048" },
	{ "MODP_3072_BIT", "MODP_3072" }, { "MODP_4096_BIT", "MODP_4096" },
	{ "MODP_6144_BIT", "MODP_6144" }, { "MODP_8192_BIT", "MODP_8192" },
	{ "ML_KEM_512", "ML_KEM_512" },
	/* untruncated or differently cut: compared as PRFs below */
	{ "AUTH_HMAC_MD5_128", "PRF_HMAC_MD5" },
	{ "AUTH_HMAC_SHA1_128", "PRF_HMAC_SHA1" },
	{ "AUTH_HMAC_SHA1_160", "PRF_HMAC_SHA1" },
};

static const struct alg *
alg_of(const char *theirs)
{
	size_t i;

	for (i = 0; i < NELEM(names); i++) {
		if (str_eq(names[i].theirs, theirs))
			return alg_by_name(names[i].ours);
	}

	return alg_by_name(theirs);
}

static void
add_mac(struct packet *p)
{
	p->integ = alg_by_name("AUTH_HMAC_SHA1_96");
	p->integ_key = vec_room(20);
}

static void
run_crypter(struct tally *t, const json_t *v)
{
	const char *id = vec_str(v, "id");
	struct packet p = {
		.encr = alg_of(vec_str(v, "alg")),
		.key = vec_hex(v, "key"), .iv = vec_hex(v, "iv"),
		.text = vec_hex(v, "plain"),
	};
	struct bytes plain = p.text, cipher = vec_hex(v, "cipher");

	if (p.encr == NULL || !alg_usable(p.encr, NULL)) {
		t->skipped++;
		return;
	}
	add_mac(&p);
	if (!packet_protect(&p)) {
		vec_check(t, id, false, "not protected");
		return;
	}
	vec_expect(t, id, cipher, p.text);
	if (!packet_open(&p))
		vec_check(t, id, false, "not opened");
	else if (!bytes_eq(p.text, plain))
		vec_check(t, id, false, "opened to something else");
}

static void
run_aead(struct tally *t, const json_t *v)
{
	const char *id = vec_str(v, "id");
	struct packet p = {
		.encr = alg_of(vec_str(v, "alg")),
		.key = vec_hex(v, "key"), .iv = vec_hex(v, "iv"),
		.aad = vec_hex(v, "adata"), .text = vec_hex(v, "plain"),
	};
	struct bytes plain = p.text;

	if (!packet_protect(&p)) {
		vec_check(t, id, false, "not protected");
		return;
	}
	vec_expect(t, id, vec_hex(v, "cipher"), vec_join(p.text, p.icv));
	if (!packet_open(&p))
		vec_check(t, id, false, "not opened");
	else if (!bytes_eq(p.text, plain))
		vec_check(t, id, false, "opened to something else");
	p.icv.p[0] ^= 1;
	vec_check(t, id, !packet_open(&p), "opened with a wrong tag");
}

static void
run_prf(struct tally *t, const json_t *v)
{
	const struct alg *prf = alg_of(vec_str(v, "alg"));
	struct bytes none = { 0 };

	if (prf == NULL) {
		t->skipped++;
		return;
	}
	vec_expect(t, vec_str(v, "id"), vec_hex(v, "out"),
	    prf_of(prf, vec_hex(v, "key"), vec_hex(v, "seed"), none, none));
}

static void
run_signer(struct tally *t, const json_t *v)
{
	const struct alg *a = alg_of(vec_str(v, "alg"));
	struct packet p = {
		.encr = alg_by_name("ENCR_NULL"), .integ = a,
		.integ_key = vec_hex(v, "key"), .text = vec_hex(v, "data"),
	};
	struct bytes mac = vec_hex(v, "mac"), none = { 0 };
	const char *id = vec_str(v, "id");

	if (a == NULL) {
		t->skipped++;
		return;
	}
	if (a->type == ALG_PRF) {
		vec_expect(t, id, mac, vec_part(prf_of(a, p.integ_key,
		    p.text, none, none), 0, mac.len));
		return;
	}
	vec_check(t, id, packet_protect(&p), "not protected");
	vec_expect(t, id, mac, p.icv);
	p.icv = mac;
	vec_check(t, id, packet_open(&p), "not opened");
	p.icv.p[mac.len - 1] ^= 0x80;
	vec_check(t, id, !packet_open(&p), "opened with a wrong MAC");
}

static void
run_hasher(struct tally *t, const json_t *v)
{
	struct bytes in = vec_hex(v, "data"), out = vec_room(32);
	struct chunk c = { in.p, in.len };
	const char *alg = vec_str(v, "alg");

	if (str_eq(alg, "HASH_SHA1")) {
		hash_sha1(&c, 1, out.p);
		out.len = 20;
	} else if (str_eq(alg, "HASH_SHA256")) {
		hash_sha256(&c, 1, out.p);
	} else {
		t->skipped++;
		return;
	}
	vec_expect(t, vec_str(v, "id"), vec_hex(v, "hash"), out);
}

static void
run_ke(struct tally *t, const json_t *v)
{
	const struct alg *g = alg_of(vec_str(v, "method"));
	struct bytes seed = vec_hex(v, "seed"), i, r;
	struct bytes pub_i = vec_hex(v, "pub_i"), pub_r = vec_hex(v, "pub_r");
	struct bytes shared = vec_hex(v, "shared");
	const char *id = vec_str(v, "id");

	if (g == NULL || !alg_usable(g, NULL)) {
		t->skipped++;
		return;
	}
	i = vec_part(seed, 0, seed.len / 2);
	r = vec_part(seed, seed.len / 2, seed.len);
	vec_expect(t, id, pub_i, public_of(g, i));
	vec_expect(t, id, pub_r, public_of(g, r));
	vec_expect(t, id, shared, agree(g, i, pub_r));
	vec_expect(t, id, shared, agree(g, r, pub_i));
}

static const struct {
	const char *kind;
	void (*run)(struct tally *t, const json_t *v);
} kinds[] = {
	{ "crypter", run_crypter }, { "aead", run_aead },
	{ "prf", run_prf }, { "signer", run_signer },
	{ "hasher", run_hasher }, { "ke", run_ke },
};

static const char *const files[] = {
	"rfc/3des_cbc.json", "rfc/aes_cbc.json", "rfc/aes_ccm.json",
	"rfc/aes_cmac.json", "rfc/aes_ctr.json", "rfc/aes_gcm.json",
	"rfc/aes_xcbc.json", "rfc/blowfish.json", "rfc/camellia_cbc.json",
	"rfc/cast.json", "rfc/chacha20poly1305.json", "rfc/curve25519.json",
	"rfc/curve448.json", "rfc/des.json", "rfc/ecp.json",
	"rfc/ecpbp.json", "rfc/md5.json", "rfc/md5_hmac.json",
	"rfc/ml_kem.json", "rfc/modp.json", "rfc/modpsub.json",
	"rfc/null.json", "rfc/sha1.json", "rfc/sha1_hmac.json",
	"rfc/sha2.json", "rfc/sha2_hmac.json",
};

static void
run_kind(struct tally *t, const json_t *v)
{
	const char *kind = vec_str(v, "kind");
	size_t i;

	for (i = 0; i < NELEM(kinds); i++) {
		if (str_eq(kinds[i].kind, kind)) {
			kinds[i].run(t, v);
			return;
		}
	}
	vec_check(t, vec_str(v, "id"), false, "unknown kind");
}

static void
test_rfc(void **state)
{
	unsigned bad = 0;
	json_t *root, *v;
	size_t i, j;

	(void)state;
	for (i = 0; i < NELEM(files); i++) {
		struct tally t = { .file = files[i] };

		root = vec_load(files[i]);
		json_array_foreach(json_object_get(root, "vectors"), j, v) {
			run_kind(&t, v);
			vec_reset();
		}
		json_decref(root);
		bad += vec_report(&t);
	}
	assert_int_equal(bad, 0);
}

/* libreswan's rows say in words which algorithm they are for. */
static void
libreswan_cipher(struct tally *t, const json_t *v)
{
	struct bytes iv = vec_text(v, "iv"), cb = vec_text(v, "cb");
	struct bytes salted = vec_text(v, "salted_iv");
	const char *about = vec_str(v, "description");
	struct packet p = {
		.key = vec_text(v, "key"), .aad = vec_text(v, "aad"),
		.text = vec_text(v, "plaintext"), .iv = iv,
	};
	struct bytes want = vec_text(v, "ciphertext");

	if (json_object_get(v, "plaintext") == NULL) {
		t->skipped++;
		return;
	}
	if (salted.len > 0) {
		p.encr = alg_by_name("ENCR_AES_GCM_16");
		p.key = vec_join(p.key, vec_part(salted, 0, 4));
		p.iv = vec_part(salted, 4, 8);
		want = vec_join(want, vec_text(v, "tag"));
	} else {
		p.encr = alg_by_name(strstr(about, "Camellia") != NULL ?
		    "ENCR_CAMELLIA_CBC" : "ENCR_AES_CBC");
		add_mac(&p);
	}
	if (cb.len > 0) {
		p.encr = alg_by_name("ENCR_AES_CTR");
		p.key = vec_join(p.key, vec_part(cb, 0, 4));
		p.iv = vec_part(cb, 4, 8);
	}
	vec_check(t, about, packet_protect(&p), "not protected");
	vec_expect(t, about, want,
	    salted.len > 0 ? vec_join(p.text, p.icv) : p.text);
}

static void
libreswan_prf(struct tally *t, const json_t *v)
{
	const char *about = vec_str(v, "description");
	const struct alg *prf = alg_by_name(strstr(about, "MD5") != NULL ?
	    "PRF_HMAC_MD5" : "PRF_AES128_XCBC");
	struct bytes in = vec_text(v, "message"), none = { 0 };

	if (json_object_get(v, "prf_output") == NULL) {
		t->skipped++;
		return;
	}
	if (json_object_get(v, "message_size") != NULL)
		in = vec_room(1000);
	else if (json_object_get(v, "message") == NULL) {
		t->skipped++;
		return;
	}
	vec_expect(t, about, vec_text(v, "prf_output"),
	    prf_of(prf, vec_text(v, "key"), in, none, none));
}

static const struct {
	const char *file;
	void (*run)(struct tally *t, const json_t *v);
} libreswan[] = {
	{ "rfc/libreswan-ike_alg_encrypt_cbc_test_vectors.json",
	  libreswan_cipher },
	{ "rfc/libreswan-ike_alg_encrypt_ctr_test_vectors.json",
	  libreswan_cipher },
	{ "rfc/libreswan-ike_alg_encrypt_gcm_test_vectors.json",
	  libreswan_cipher },
	{ "rfc/libreswan-ike_alg_prf_test_vectors.json", libreswan_prf },
};

static void
test_libreswan(void **state)
{
	unsigned bad = 0;
	json_t *root, *v;
	size_t i, j;

	(void)state;
	for (i = 0; i < NELEM(libreswan); i++) {
		struct tally t = { .file = libreswan[i].file };

		root = vec_load(t.file);
		json_array_foreach(json_object_get(root, "vectors"), j, v) {
			libreswan[i].run(&t, v);
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
		cmocka_unit_test(test_rfc),
		cmocka_unit_test(test_libreswan),
	};

	vec_need();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
