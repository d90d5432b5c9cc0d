/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pseudo-random functions of IKE: HMAC takes any key; AES-XCBC and AES-CMAC
 * have keys of 16 bytes and each its own rule for others (RFC 4434 section
 * 2, RFC 4615 section 3).  prf+ is RFC 7296 section 2.13.  Every context and
 * intermediate value is wiped before the function returns.
 */
#include "crypto/prf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/error.h"
#include "crypto/alg.h"
#include "crypto/fetch.h"
#include "crypto/mac.h"
#include "crypto/xcbc.h"

#define FIXED_KEY XCBC_KEY_LEN

/* out[FIXED_KEY] = the MAC of key under a key of zeros. */
static int
shrink_key(const struct alg *prf, const void *key, size_t key_len,
    uint8_t *out, struct sp_error *err)
{
	static const uint8_t zeros[FIXED_KEY];
	uint8_t full[MAC_MAX];
	struct mac m;
	int ret;

	ret = mac_init(&m, prf, zeros, sizeof(zeros), err);
	if (ret < 0)
		return ret;
	if (mac_update(&m, key, key_len) < 0 || mac_final(&m, full) < 0)
		ret = sp_fail(err, SP_SYSTEM, "OpenSSL fails at %s", prf->name);
	else
		memcpy(out, full, FIXED_KEY);
	OPENSSL_cleanse(full, sizeof(full));
	mac_clear(&m);
	return ret;
}

static int
prf_init_fixed(struct mac *m, const struct alg *prf, const void *key,
    size_t key_len, struct sp_error *err)
{
	uint8_t fixed[FIXED_KEY] = { 0 };
	int ret = 0;

	/* RFC 4434: short keys are padded; RFC 4615: they are shrunk too */
	if (key_len == FIXED_KEY ||
	    (prf->mode == ALG_MODE_XCBC && key_len < FIXED_KEY)) {
		if (key_len > 0)
			memcpy(fixed, key, key_len);
	} else {
		ret = shrink_key(prf, key, key_len, fixed, err);
	}
	if (ret == 0)
		ret = mac_init(m, prf, fixed, sizeof(fixed), err);
	OPENSSL_cleanse(fixed, sizeof(fixed));
	return ret;
}

static int
prf_init(struct mac *m, const struct alg *prf, const void *key,
    size_t key_len, struct sp_error *err)
{
	if (prf->type != ALG_PRF || prf->mode == ALG_MODE_NONE) {
		return sp_fail(err, SP_UNSUPPORTED,
		    "%s is not a PRF that can be computed", prf->name);
	}
	if (prf->mode == ALG_MODE_HMAC)
		return mac_init(m, prf, key, key_len, err);
	return prf_init_fixed(m, prf, key, key_len, err);
}

static int
add_chunks(struct mac *m, const struct chunk *in, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (mac_update(m, in[i].p, in[i].len) < 0)
			return SP_SYSTEM;
	}

	return 0;
}

int
prf_compute(const struct alg *prf, const void *key, size_t key_len,
    const struct chunk *in, size_t nr, uint8_t *out, struct sp_error *err)
{
	uint8_t full[MAC_MAX];
	struct mac m;
	int ret;

	ret = prf_init(&m, prf, key, key_len, err);
	if (ret < 0)
		return ret;
	/* not straight into out: it may be one of the inputs, or shorter */
	if (add_chunks(&m, in, nr) < 0 || mac_final(&m, full) < 0)
		ret = sp_fail(err, SP_SYSTEM, "OpenSSL fails at %s", prf->name);
	else
		memcpy(out, full, prf->out_len);
	OPENSSL_cleanse(full, sizeof(full));
	mac_clear(&m);
	return ret;
}

/* block = prf(K, [block |] seed | number); the first has no block yet. */
static int
plus_block(struct mac *m, const struct alg *prf, const struct chunk *seed,
    size_t nr, uint8_t number, uint8_t *block)
{
	if (number > 1 && (mac_start(m) < 0 ||
	    mac_update(m, block, prf->out_len) < 0)) {
		return SP_SYSTEM;
	}
	if (add_chunks(m, seed, nr) < 0 || mac_update(m, &number, 1) < 0)
		return SP_SYSTEM;
	return mac_final(m, block);
}

int
prf_plus(const struct alg *prf, const void *key, size_t key_len,
    const struct chunk *seed, size_t nr, uint8_t *out, size_t len,
    struct sp_error *err)
{
	uint8_t block[MAC_MAX];
	struct mac m;
	size_t done, n;
	uint8_t number;
	int ret;

	if (len > 255U * prf->out_len) {
		return sp_fail(err, SP_RANGE,
		    "%zu bytes of key material asked for, prf+ of %s ends "
		    "at %u", len, prf->name, 255U * prf->out_len);
	}
	ret = prf_init(&m, prf, key, key_len, err);
	if (ret < 0)
		return ret;
	for (done = 0, number = 1; done < len; done += n, number++) {
		if (plus_block(&m, prf, seed, nr, number, block) < 0) {
			ret = sp_fail(err, SP_SYSTEM, "OpenSSL fails at %s",
			    prf->name);
			break;
		}
		n = len - done < prf->out_len ? len - done : prf->out_len;
		memcpy(out + done, block, n);
	}
	OPENSSL_cleanse(block, sizeof(block));
	mac_clear(&m);
	return ret;
}

/* Hashing fails only where there is no memory left: as base/mem.h. */
static void
hash(const EVP_MD *md, const struct chunk *in, size_t nr, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, md, NULL) == 1;
	size_t i;

	for (i = 0; ok && i < nr; i++)
		ok = EVP_DigestUpdate(ctx, in[i].p, in[i].len) == 1;
	if (!ok || EVP_DigestFinal_ex(ctx, out, NULL) != 1) {
		fputs("out of memory\n", stderr);
		abort();
	}
	EVP_MD_CTX_free(ctx);
}

void
hash_sha1(const struct chunk *in, size_t nr, uint8_t out[20])
{
	hash(fetch_sha1(), in, nr, out);
}

void
hash_sha256(const struct chunk *in, size_t nr, uint8_t out[32])
{
	hash(fetch_sha256(), in, nr, out);
}

int
hash_of_prf(const struct alg *prf, const struct chunk *in, size_t nr,
    uint8_t out[PRF_MAX], struct sp_error *err)
{
	EVP_MD *md = prf->mode != ALG_MODE_HMAC ? NULL :
	    EVP_MD_fetch(NULL, prf->ossl, NULL);

	if (md == NULL)
		return sp_fail(err, SP_UNSUPPORTED, "the hash of %s is not "
		    "offered here", prf->name);
	hash(md, in, nr, out);
	EVP_MD_free(md);
	return 0;
}
