/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key derivation of IKEv1 (RFC 2409 section 5, appendix B).  Intermediate
 * values are wiped on every way out.
 */
#include "ike/v1/v1keys.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/alg.h"

#define MATERIAL_MAX 256	/* more than any suite needs, bytes */

int
v1_skeyid_psk(const struct alg *prf, const struct secret *psk,
    const struct chunk *ni, const struct chunk *nr, struct secret *out,
    struct sp_error *err)
{
	struct chunk in[2] = { *ni, *nr };
	uint8_t id[PRF_MAX];
	int ret;

	ret = prf_compute(prf, psk->data, psk->len, in, 2, id, err);
	if (ret == 0)
		secret_set(out, id, prf->out_len);
	explicit_bzero(id, sizeof(id));
	return ret;
}

/* The i-th of SKEYID_d, _a, _e: prf(SKEYID, the one before | g^xy | ...). */
static int
chain(const struct alg *prf, const struct secret *skeyid, uint8_t last[PRF_MAX],
    uint8_t i, const struct secret *g_xy, const uint8_t cookies[16],
    struct sp_error *err)
{
	struct chunk in[4] = {
		{ last, i == 0 ? 0 : prf->out_len },
		{ g_xy->data, g_xy->len }, { cookies, 16 }, { &i, 1 },
	};

	return prf_compute(prf, skeyid->data, skeyid->len, in, 4, last, err);
}

/* Appendix B: a long cipher key is Ka = K1 | K2 | ..., K1 = prf(e, 0). */
static int
cipher_key(const struct suite *s, const uint8_t e[PRF_MAX],
    struct secret *out, struct sp_error *err)
{
	size_t want = alg_encr_key_len(s->encr, s->key_bits);
	size_t hash = s->prf->out_len, have = 0;
	uint8_t block[PRF_MAX] = {0};
	struct chunk in = { block, 1 };
	int ret = 0;

	secret_alloc(out, want);
	if (want <= hash) {
		memcpy(out->data, e, want);
		return 0;
	}
	while (ret == 0 && have < want) {
		ret = prf_compute(s->prf, e, hash, &in, 1, block, err);
		memcpy(out->data + have, block,
		    want - have < hash ? want - have : hash);
		have += hash;
		in.len = hash;
	}
	explicit_bzero(block, sizeof(block));
	return ret;
}

int
v1_phase1_keys(const struct suite *s, const struct secret *skeyid,
    const struct secret *g_xy, uint64_t cky_i, uint64_t cky_r,
    struct ike_keys *out, struct sp_error *err)
{
	uint8_t last[PRF_MAX] = {0}, cookies[16];
	struct secret *keep[3] = { &out->d, &out->ai, NULL };
	uint8_t i;
	int ret = 0;

	put_u64(cookies, cky_i);
	put_u64(cookies + 8, cky_r);
	for (i = 0; ret == 0 && i < 3; i++) {
		ret = chain(s->prf, skeyid, last, i, g_xy, cookies, err);
		if (ret < 0 || keep[i] == NULL)
			continue;
		secret_free(keep[i]);
		secret_set(keep[i], last, s->prf->out_len);
	}
	if (ret == 0) {
		secret_free(&out->ei);
		ret = cipher_key(s, last, &out->ei, err);
	}
	explicit_bzero(last, sizeof(last));
	return ret;
}

int
v1_proof_hash(const struct alg *prf, const struct secret *skeyid,
    const struct v1_proof *p, uint8_t out[PRF_MAX], struct sp_error *err)
{
	uint8_t cookies[16];
	struct chunk in[5] = {
		p->own_ke, p->other_ke, { cookies, 16 }, p->sai, p->id,
	};

	put_u64(cookies, p->own_cky);
	put_u64(cookies + 8, p->other_cky);
	return prf_compute(prf, skeyid->data, skeyid->len, in, 5, out, err);
}

int
v1_keymat(const struct alg *prf, const struct secret *skeyid_d,
    const struct secret *g_xy, unsigned protocol, uint32_t spi,
    const struct chunk *ni, const struct chunk *nr, const struct suite *s,
    struct secret *encr, struct secret *integ, struct sp_error *err)
{
	size_t e = s->encr == NULL ? 0 :
	    alg_encr_key_len(s->encr, s->key_bits);
	size_t a = s->integ == NULL ? 0 : s->integ->key_len;
	uint8_t mat[MATERIAL_MAX + PRF_MAX], fixed[5] = { (uint8_t)protocol };
	struct chunk in[5] = {
		{ mat, 0 }, { NULL, 0 }, { fixed, sizeof(fixed) }, *ni, *nr,
	};
	size_t have = 0;
	int ret = 0;

	if (e + a > MATERIAL_MAX)
		return sp_fail(err, SP_RANGE, "a suite needs too much keying "
		    "material");
	put_u32(fixed + 1, spi);
	if (g_xy != NULL)
		in[1] = (struct chunk){ g_xy->data, g_xy->len };
	while (ret == 0 && have < e + a) {
		ret = prf_compute(prf, skeyid_d->data, skeyid_d->len, in, 5,
		    mat + have, err);
		in[0] = (struct chunk){ mat + have, prf->out_len };
		have += prf->out_len;
	}
	if (ret == 0 && e > 0)
		secret_set(encr, mat, e);
	if (ret == 0 && a > 0)
		secret_set(integ, mat + e, a);
	explicit_bzero(mat, sizeof(mat));
	return ret;
}
