/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key derivation of ike/keys.h against $SP_SHARED/vectors/kdf/generated.json:
 * SKEYSEED, key material, child keys with and without a new key exchange,
 * rekey, an additional key exchange, AUTH by PSK.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "crypto/prf.h"
#include "ike/codec.h"
#include "ike/keys.h"
#include "ike/proposal.h"

struct vec {
	json_t *j;
	const char *id;
	const struct alg *prf;
	struct suite suite;
	struct buf ni, nr;
	struct secret g, sk_d;
	unsigned failures;
};

static struct buf
hex_of(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	struct buf b = {0};

	if (s != NULL)
		str_unhex(&b, s, strlen(s));
	return b;
}

static void
secret_of(json_t *j, const char *key, struct secret *out)
{
	struct buf b = hex_of(j, key);

	secret_set(out, b.data, b.len);
	buf_free(&b);
}

/* What we derive may be shorter or longer than what the vector gives. */
static void
compare(struct vec *v, const char *key, const void *p, size_t len)
{
	struct buf want = hex_of(v->j, key), a = {0}, b = {0};
	size_t n = len < want.len ? len : want.len;

	if (n == 0 || memcmp(p, want.data, n) != 0) {
		str_hex(&a, p, len);
		str_hex(&b, want.data, want.len);
		buf_puts(&a, "");
		buf_puts(&b, "");
		printf("# %s: %s is\n#   %s, expected\n#   %s\n", v->id, key,
		    (char *)a.data, (char *)b.data);
		v->failures++;
	}
	buf_free(&a);
	buf_free(&b);
	buf_free(&want);
}

static void
expect_ok(struct vec *v, int ret, const struct sp_error *err)
{
	if (ret == 0)
		return;
	printf("# %s: %s\n", v->id, err->text);
	v->failures++;
}

static void
put_secret(struct buf *b, const struct secret *s)
{
	buf_bytes(b, s->data, s->len);
}

static void
check_keymat(struct vec *v, const struct secret *seed, const char *key)
{
	struct buf i = hex_of(v->j, "SPIi"), r = hex_of(v->j, "SPIr");
	struct buf all = {0};
	struct ike_keys k = {0};
	struct sp_error err;

	expect_ok(v, ike_keys_derive(&v->suite, seed, v->ni.data, v->ni.len,
	    v->nr.data, v->nr.len, get_u64(i.data), get_u64(r.data), &k,
	    &err), &err);
	put_secret(&all, &k.d);
	put_secret(&all, &k.ai);
	put_secret(&all, &k.ar);
	put_secret(&all, &k.ei);
	put_secret(&all, &k.er);
	put_secret(&all, &k.pi);
	put_secret(&all, &k.pr);
	compare(v, key, all.data, all.len);
	buf_free(&all);
	buf_free(&i);
	buf_free(&r);
	ike_keys_free(&k);
}

static void
check_child(struct vec *v, const struct secret *g, const char *key)
{
	struct child_keys k = {0};
	struct buf all = {0};
	struct sp_error err;

	expect_ok(v, ike_child_keys(v->prf, &v->sk_d, g, v->ni.data,
	    v->ni.len, v->nr.data, v->nr.len, &v->suite, PROTO_ESP, &k,
	    &err), &err);
	put_secret(&all, &k.encr_i);
	put_secret(&all, &k.integ_i);
	put_secret(&all, &k.encr_r);
	put_secret(&all, &k.integ_r);
	compare(v, key, all.data, all.len);
	buf_free(&all);
	child_keys_free(&k);
}

static void
check_seeds(struct vec *v)
{
	struct secret seed = {0}, g_new = {0}, again = {0};
	struct sp_error err;

	expect_ok(v, ike_skeyseed(v->prf, &v->g, v->ni.data, v->ni.len,
	    v->nr.data, v->nr.len, &seed, &err), &err);
	compare(v, "SKEYSEED", seed.data, seed.len);
	check_keymat(v, &seed, "keymat");

	secret_of(v->j, "g_ir_new", &g_new);
	expect_ok(v, ike_skeyseed_rekey(v->prf, &v->sk_d, &g_new, v->ni.data,
	    v->ni.len, v->nr.data, v->nr.len, &again, &err), &err);
	compare(v, "rekey_SKEYSEED", again.data, again.len);
	compare(v, "SKEYSEED_addke1", again.data, again.len);
	check_keymat(v, &again, "keymat_addke1");
	check_child(v, NULL, "child_keymat");
	check_child(v, &g_new, "child_keymat_pfs");
	secret_free(&seed);
	secret_free(&again);
	secret_free(&g_new);
}

static void
check_auth(struct vec *v)
{
	struct buf octets = hex_of(v->j, "octets");
	struct chunk in = { octets.data, octets.len };
	struct secret psk = {0};
	uint8_t out[PRF_MAX];
	struct sp_error err;

	secret_of(v->j, "PSK", &psk);
	expect_ok(v, ike_auth_psk_octets(v->prf, &psk, &in, 1, out, &err),
	    &err);
	compare(v, "AUTH_psk", out, v->prf->out_len);
	secret_free(&psk);
	buf_free(&octets);
}

static const struct alg *
prf_by_name(const char *name)
{
	const struct alg *a;
	size_t i;

	for (i = 0; (a = alg_at(i)) != NULL; i++) {
		if (a->type == ALG_PRF && str_eq(a->name, name))
			return a;
	}
	return NULL;
}

static unsigned
check_vector(json_t *j)
{
	const char *name = json_string_value(json_object_get(j, "prf"));
	struct vec v = { .j = j, .prf = prf_by_name(name) };

	v.id = json_string_value(json_object_get(j, "id"));
	if (v.prf == NULL) {
		printf("# %s: no PRF %s\n", v.id, name);
		return 1;
	}
	suite_parse(&v.suite, "aes256-sha512-modp2048", true, NULL);
	v.suite.prf = v.prf;
	v.ni = hex_of(j, "Ni");
	v.nr = hex_of(j, "Nr");
	secret_of(j, "g_ir", &v.g);
	secret_of(j, "SK_d", &v.sk_d);
	check_seeds(&v);
	check_auth(&v);
	buf_free(&v.ni);
	buf_free(&v.nr);
	secret_free(&v.g);
	secret_free(&v.sk_d);
	return v.failures;
}

int
main(void)
{
	const char *shared = getenv("SP_SHARED");
	unsigned bad = 0, n = 0;
	json_t *root, *v;
	json_error_t jerr;
	char path[400];
	size_t i;

	snprintf(path, sizeof(path), "%s/vectors/kdf/generated.json",
	    shared ? shared : "");
	root = json_load_file(path, 0, &jerr);
	if (root == NULL) {
		printf("1..0 # SKIP %s: %s\n", path, jerr.text);
		return 77;
	}
	json_array_foreach(json_object_get(root, "vectors"), i, v) {
		if (!str_eq(json_string_value(json_object_get(v, "kind")),
		    "ikev2"))
			continue;
		n++;
		if (check_vector(v) > 0) {
			bad++;
			printf("not ok %u - %s\n", n, json_string_value(
			    json_object_get(v, "id")));
		} else {
			printf("ok %u - %s\n", n, json_string_value(
			    json_object_get(v, "id")));
		}
	}
	printf("1..%u\n", n);
	json_decref(root);
	return bad ? 1 : 0;
}
