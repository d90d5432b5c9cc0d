/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Project Wycheproof: valid vectors must agree, invalid ones be refused.
 * What has no form in IPsec (other nonce or tag lengths, other keys of CMAC,
 * keys inside X.509) is counted as skipped; "acceptable" ones are judged by
 * our own rules, given with each kind.
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
#include "tests/vectors/crypto_json.h"
#include "tests/vectors/crypto_suite.h"

struct group {
	struct tally *t;
	const struct alg *alg;
	unsigned key_bits, tag_bits;
};

static unsigned
number(const json_t *o, const char *key)
{
	return (unsigned)json_integer_value(json_object_get(o, key));
}

static const char *
name_of(const json_t *v)
{
	static char name[160];

	snprintf(name, sizeof(name), "%u %s (%s)", number(v, "tcId"),
	    vec_str(v, "comment"), vec_str(v, "result"));
	return name;
}

static bool
is_result(const json_t *v, const char *result)
{
	return str_eq(vec_str(v, "result"), result);
}

static bool
has_flag(const json_t *v, const char *flag)
{
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(v, "flags"), i, f) {
		if (str_eq(json_string_value(f), flag))
			return true;
	}

	return false;
}

/* The AEAD row with this tag length under the setting of base. */
static const struct alg *
aead_row(const struct alg *base, unsigned tag_bits)
{
	const struct alg *a = alg_by_setting(ALG_ENCR, base->setting,
	    tag_bits);

	return a != NULL && a->icv_len * 8U == tag_bits ? a : NULL;
}

static void
run_aead(const struct group *g, const json_t *v)
{
	const struct alg *row = aead_row(g->alg, g->tag_bits);
	struct bytes iv = vec_hex(v, "iv"), msg = vec_hex(v, "msg");
	struct bytes ct = vec_hex(v, "ct"), tag = vec_hex(v, "tag");
	struct packet p = { .encr = row, .aad = vec_hex(v, "aad") };
	bool valid = is_result(v, "valid");

	if (row == NULL || iv.len != row->salt_len + (size_t)row->iv_len) {
		g->t->skipped++;
		return;
	}
	p.key = vec_join(vec_hex(v, "key"), vec_part(iv, 0, row->salt_len));
	p.iv = vec_part(iv, row->salt_len, row->iv_len);
	p.text = ct;
	p.icv = tag;
	if (!valid) {
		vec_check(g->t, name_of(v), !packet_open(&p), "opened");
		return;
	}
	if (packet_open(&p))
		vec_expect(g->t, name_of(v), msg, p.text);
	else
		vec_check(g->t, name_of(v), false, "not opened");
	p.text = msg;
	vec_check(g->t, name_of(v), packet_protect(&p) &&
	    bytes_eq(p.text, ct) && bytes_eq(p.icv, tag), "sealed otherwise");
}

/* GMAC is GCM without text; ESP's GMAC row always has the IV in its data. */
static void
run_gmac(const struct group *g, const json_t *v)
{
	struct bytes iv = vec_hex(v, "iv");
	struct packet p = {
		.encr = alg_by_id(ALG_ENCR, 20), .aad = vec_hex(v, "msg"),
		.text = vec_room(0), .icv = vec_hex(v, "tag"),
	};

	if (iv.len != 12) {
		g->t->skipped++;
		return;
	}
	p.key = vec_join(vec_hex(v, "key"), vec_part(iv, 0, 4));
	p.iv = vec_part(iv, 4, 8);
	vec_check(g->t, name_of(v), packet_open(&p) == is_result(v, "valid"),
	    "judged otherwise");
}

/* Padding is IPsec's business, not the cipher's: PKCS#5 is added here. */
static void
run_cbc(const struct group *g, const json_t *v)
{
	struct bytes ct = vec_hex(v, "ct"), msg = vec_hex(v, "msg"), pad;
	struct packet p = {
		.encr = g->alg, .integ = alg_by_id(ALG_INTEG, 12),
		.integ_key = vec_room(32), .key = vec_hex(v, "key"),
		.iv = vec_hex(v, "iv"),
	};

	if (!is_result(v, "valid")) {
		/* of these only a broken length is for the cipher to see */
		if (ct.len % 16 == 0) {
			g->t->skipped++;
			return;
		}
		p.text = ct;
		p.icv = vec_room(16);
		vec_check(g->t, name_of(v), !packet_open(&p), "opened");
		return;
	}
	pad = vec_room(16 - msg.len % 16);
	memset(pad.p, (int)pad.len, pad.len);
	msg = vec_join(msg, pad);
	p.text = msg;
	vec_check(g->t, name_of(v), packet_protect(&p) &&
	    bytes_eq(p.text, ct), "encrypted otherwise");
	vec_check(g->t, name_of(v), packet_open(&p) &&
	    bytes_eq(p.text, msg), "decrypted otherwise");
}

static void
run_mac(const struct group *g, const json_t *v)
{
	struct bytes tag = vec_hex(v, "tag"), none = { 0 }, out;

	if (g->alg->mode == ALG_MODE_CMAC && g->key_bits != 128) {
		g->t->skipped++;
		return;
	}
	out = prf_of(g->alg, vec_hex(v, "key"), vec_hex(v, "msg"), none,
	    none);
	out = vec_part(out, 0, tag.len);
	vec_check(g->t, name_of(v),
	    bytes_eq(out, tag) == is_result(v, "valid"), "judged otherwise");
}

/* RFC 7748 6 and 8031 2.3: take any value but those that give zero. */
static void
run_xdh(const struct group *g, const json_t *v)
{
	struct bytes shared = agree(g->alg, vec_hex(v, "private"),
	    vec_hex(v, "public"));
	struct bytes want = vec_hex(v, "shared");
	size_t i;

	for (i = 0; i < want.len && want.p[i] == 0; i++)
		;
	if (is_result(v, "invalid") || i == want.len)
		vec_check(g->t, name_of(v), shared.len == 0, "accepted");
	else
		vec_expect(g->t, name_of(v), want, shared);
}

/* The private value in as many bytes as a coordinate has. */
static struct bytes
scalar(struct bytes b)
{
	while (b.len > 0 && b.p[0] == 0)
		b = vec_part(b, 1, b.len);
	return b;
}

/* Uncompressed points only; RFC 5903 has no other form. */
static void
run_ecpoint(const struct group *g, const json_t *v)
{
	struct bytes pub = vec_hex(v, "public"), shared;

	if (pub.len > 0 && pub.p[0] == 4)
		pub = vec_part(pub, 1, pub.len);
	shared = agree(g->alg, scalar(vec_hex(v, "private")), pub);
	if (is_result(v, "valid"))
		vec_expect(g->t, name_of(v), vec_hex(v, "shared"), shared);
	else
		vec_check(g->t, name_of(v), shared.len == 0, "accepted");
}

/*
 * Points inside X.509 keys: the point is at the end, behind a 04.  Faults of
 * the wrapping cannot reach IKE.
 */
static void
run_ecdh_asn(const struct group *g, const json_t *v)
{
	struct bytes pub = vec_hex(v, "public"), shared;
	bool curve = has_flag(v, "InvalidCurveAttack") ||
	    has_flag(v, "WrongCurve");
	size_t n = g->alg->out_len;

	if ((!is_result(v, "valid") && !curve) || pub.len < n + 1 ||
	    pub.p[pub.len - n - 1] != 4) {
		g->t->skipped++;
		return;
	}
	shared = agree(g->alg, scalar(vec_hex(v, "private")),
	    vec_part(pub, pub.len - n, n));
	if (is_result(v, "valid"))
		vec_expect(g->t, name_of(v), vec_hex(v, "shared"), shared);
	else
		vec_check(g->t, name_of(v), shared.len == 0, "accepted");
}

static const struct {
	const char *file;
	enum alg_type type;
	unsigned id;
	void (*run)(const struct group *g, const json_t *v);
} files[] = {
	{ "aes_gcm", ALG_ENCR, 20, run_aead },
	{ "aes_ccm", ALG_ENCR, 16, run_aead },
	{ "chacha20_poly1305", ALG_ENCR, 28, run_aead },
	{ "aes_gmac", ALG_ENCR, 20, run_gmac },
	{ "aes_cbc_pkcs5", ALG_ENCR, 12, run_cbc },
	{ "aes_cmac", ALG_PRF, 8, run_mac },
	{ "hmac_sha1", ALG_PRF, 2, run_mac },
	{ "hmac_sha256", ALG_PRF, 5, run_mac },
	{ "hmac_sha384", ALG_PRF, 6, run_mac },
	{ "hmac_sha512", ALG_PRF, 7, run_mac },
	{ "x25519", ALG_KE, 31, run_xdh },
	{ "x448", ALG_KE, 32, run_xdh },
	{ "ecdh_secp256r1_ecpoint", ALG_KE, 19, run_ecpoint },
	{ "ecdh_secp384r1_ecpoint", ALG_KE, 20, run_ecpoint },
	{ "ecdh_secp521r1_ecpoint", ALG_KE, 21, run_ecpoint },
	{ "ecdh_brainpoolP256r1", ALG_KE, 28, run_ecdh_asn },
	{ "ecdh_brainpoolP384r1", ALG_KE, 29, run_ecdh_asn },
	{ "ecdh_brainpoolP512r1", ALG_KE, 30, run_ecdh_asn },
};

static unsigned
run_file(size_t i)
{
	char path[80];
	struct tally t = { .file = path };
	struct group g = { .t = &t };
	json_t *root, *o, *v;
	size_t j, k;

	snprintf(path, sizeof(path), "wycheproof/%s_test.json",
	    files[i].file);
	root = vec_load(path);
	g.alg = alg_by_id(files[i].type, files[i].id);
	json_array_foreach(json_object_get(root, "testGroups"), j, o) {
		g.key_bits = number(o, "keySize");
		g.tag_bits = number(o, "tagSize");
		json_array_foreach(json_object_get(o, "tests"), k, v) {
			files[i].run(&g, v);
			vec_reset();
		}
	}
	json_decref(root);
	return vec_report(&t);
}

static void
test_wycheproof(void **state)
{
	unsigned bad = 0;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(files); i++)
		bad += run_file(i);
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wycheproof),
	};

	vec_need();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
