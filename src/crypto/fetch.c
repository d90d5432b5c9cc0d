/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What OpenSSL was asked for by name, kept for the life of the process.
 *
 * Three caches, each filled by one pthread_once() and read-only after:
 * the algorithms of the default provider, those of the legacy provider (in
 * a library context of its own, so that nothing else can reach them), and
 * the parameters of the key exchange groups.  This is the only file of the
 * room with static state.
 */
#include "crypto/fetch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "crypto/alg_table.h"

#define KEY_SIZES 4		/* as alg->key_bits */
#define NAME_MAX_LEN 40

static pthread_once_t default_once = PTHREAD_ONCE_INIT;
static pthread_once_t legacy_once = PTHREAD_ONCE_INIT;
static pthread_once_t group_once = PTHREAD_ONCE_INIT;

/* By index of the row in the table. */
static EVP_CIPHER *(*ciphers)[KEY_SIZES];
static EVP_CIPHER *(*legacy_ciphers)[KEY_SIZES];
static EVP_MAC_CTX **macs;
static struct fetch_group *groups;

static EVP_CIPHER *aes128_cbc;
static EVP_MD *sha1;
static EVP_MD *sha256;

/* The OpenSSL name of a cipher row: its %u replaced by the key length. */
static void
cipher_name(const struct alg *row, unsigned bits, char *out)
{
	const char *s = row->ossl;
	size_t n = 0;

	while (*s != '\0' && n < NAME_MAX_LEN - 6) {
		if (s[0] != '%') {
			out[n++] = *s++;
			continue;
		}
		n += (size_t)snprintf(out + n, 6, "%u", bits);
		s += 2;
	}
	out[n] = '\0';
}

static void
fetch_cipher_row(OSSL_LIB_CTX *lib, const struct alg *row,
    EVP_CIPHER **slots)
{
	char name[NAME_MAX_LEN];
	size_t i;

	for (i = 0; i < KEY_SIZES; i++) {
		if (i > 0 && row->key_bits[i] == 0)
			break;
		cipher_name(row, row->key_bits[i], name);
		slots[i] = EVP_CIPHER_fetch(lib, name, NULL);
	}
}

/* Fetch the ciphers whose ALG_LEGACY flag is as asked. */
static EVP_CIPHER *
(*fetch_ciphers(OSSL_LIB_CTX *lib, unsigned legacy))[KEY_SIZES]
{
	EVP_CIPHER *(*slots)[KEY_SIZES];
	const struct alg *rows;
	size_t i, nr;

	rows = alg_rows(&nr);
	slots = xcalloc(nr, sizeof(*slots));
	for (i = 0; i < nr; i++) {
		if (rows[i].type == ALG_ENCR && rows[i].ossl != NULL &&
		    (rows[i].flags & ALG_LEGACY) == legacy) {
			fetch_cipher_row(lib, &rows[i], slots[i]);
		}
	}

	return slots;
}

/*
 * A context with its digest or cipher set, never used itself.  CMAC cannot
 * be duplicated before it had a key, so it gets one of zeros.
 */
static EVP_MAC_CTX *
mac_template(EVP_MAC *mac, const struct alg *row)
{
	static const unsigned char zeros[16];
	const char *what = row->mode == ALG_MODE_HMAC ?
	    OSSL_MAC_PARAM_DIGEST : OSSL_MAC_PARAM_CIPHER;
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	char name[NAME_MAX_LEN];
	OSSL_PARAM params[2];

	snprintf(name, sizeof(name), "%s", row->ossl);
	params[0] = OSSL_PARAM_construct_utf8_string(what, name, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) == 1 &&
	    (row->mode == ALG_MODE_HMAC ||
	    EVP_MAC_init(ctx, zeros, sizeof(zeros), NULL) == 1)) {
		return ctx;
	}

	EVP_MAC_CTX_free(ctx);
	return NULL;
}

static void
fetch_macs(void)
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC *cmac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	const struct alg *rows;
	size_t i, nr;

	rows = alg_rows(&nr);
	macs = xcalloc(nr, sizeof(*macs));
	for (i = 0; i < nr; i++) {
		if (rows[i].mode == ALG_MODE_HMAC && hmac != NULL)
			macs[i] = mac_template(hmac, &rows[i]);
		else if (rows[i].mode == ALG_MODE_CMAC && cmac != NULL)
			macs[i] = mac_template(cmac, &rows[i]);
	}
	EVP_MAC_free(hmac);
	EVP_MAC_free(cmac);
}

static void
fill_default(void)
{
	ciphers = fetch_ciphers(NULL, 0);
	fetch_macs();
	aes128_cbc = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
	sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	ERR_clear_error();
	if (sha1 == NULL || sha256 == NULL) {
		fputs("OpenSSL without SHA-1 or SHA-256\n", stderr);
		abort();
	}
}

static void
fill_legacy(void)
{
	OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();

	if (lib != NULL && OSSL_PROVIDER_load(lib, "legacy") != NULL) {
		legacy_ciphers = fetch_ciphers(lib, ALG_LEGACY);
		/* the context lives as long as the ciphers: for ever */
		lib = NULL;
	}
	OSSL_LIB_CTX_free(lib);
	ERR_clear_error();
}

static size_t
row_index(const struct alg *row)
{
	size_t nr;

	return (size_t)(row - alg_rows(&nr));
}

/* Place of key_bits among the row's lengths; 0 bits: the only length. */
static size_t
size_index(const struct alg *row, unsigned key_bits)
{
	size_t i;

	for (i = 0; i < KEY_SIZES && key_bits != 0; i++) {
		if (row->key_bits[i] == key_bits)
			return i;
	}

	return 0;
}

const EVP_CIPHER *
fetch_cipher(const struct alg *encr, unsigned key_bits, const char **why)
{
	EVP_CIPHER *(*slots)[KEY_SIZES];
	const EVP_CIPHER *found;
	bool legacy = (encr->flags & ALG_LEGACY) != 0;

	if (legacy)
		pthread_once(&legacy_once, fill_legacy);
	else
		pthread_once(&default_once, fill_default);
	slots = legacy ? legacy_ciphers : ciphers;
	found = slots == NULL ? NULL :
	    slots[row_index(encr)][size_index(encr, key_bits)];
	if (found == NULL && why != NULL) {
		*why = legacy && slots == NULL ?
		    N_("OpenSSL's legacy provider is not installed") :
		    N_("this OpenSSL was built without it");
	}

	return found;
}

const EVP_MAC_CTX *
fetch_mac(const struct alg *row)
{
	pthread_once(&default_once, fill_default);
	return macs[row_index(row)];
}

const EVP_CIPHER *
fetch_aes128_cbc(void)
{
	pthread_once(&default_once, fill_default);
	return aes128_cbc;
}

const EVP_MD *
fetch_sha1(void)
{
	pthread_once(&default_once, fill_default);
	return sha1;
}

const EVP_MD *
fetch_sha256(void)
{
	pthread_once(&default_once, fill_default);
	return sha256;
}

/* Make parameters of type ("EC", "DH") out of params. */
static EVP_PKEY *
params_from(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEY_PARAMETERS,
	    params) != 1) {
		pkey = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static EVP_PKEY *
params_by_name(const char *type, const char *name)
{
	char group[NAME_MAX_LEN];
	OSSL_PARAM params[2];

	snprintf(group, sizeof(group), "%s", name);
	params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[1] = OSSL_PARAM_construct_end();
	return params_from(type, params);
}

/* Groups 1 and 2 of RFC 2409: OpenSSL has their primes, but no names. */
static EVP_PKEY *
params_by_prime(unsigned bits)
{
	unsigned char p[128], g[] = { 2 };
	BIGNUM *prime = bits == 768 ? BN_get_rfc2409_prime_768(NULL) :
	    BN_get_rfc2409_prime_1024(NULL);
	OSSL_PARAM params[3];
	size_t len = bits / 8;

	/* OSSL_PARAM numbers are in the byte order of the machine */
	if (prime == NULL || BN_bn2nativepad(prime, p, (int)len) < 0) {
		BN_free(prime);
		return NULL;
	}
	BN_free(prime);
	params[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_FFC_P, p, len);
	params[1] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_FFC_G, g,
	    sizeof(g));
	params[2] = OSSL_PARAM_construct_end();
	return params_from("DH", params);
}

static void
fetch_modp(struct fetch_group *out, const struct alg *row)
{
	EVP_PKEY *params = row->ossl != NULL ?
	    params_by_name("DH", row->ossl) : params_by_prime(row->bits);

	if (params == NULL)
		return;
	if (EVP_PKEY_get_bn_param(params, OSSL_PKEY_PARAM_FFC_P, &out->p) &&
	    EVP_PKEY_get_bn_param(params, OSSL_PKEY_PARAM_FFC_G, &out->g) &&
	    (out->p_minus_1 = BN_dup(out->p)) != NULL &&
	    BN_sub_word(out->p_minus_1, 1)) {
		out->params = params;
		return;
	}

	EVP_PKEY_free(params);
}

static void
fill_group(struct fetch_group *out, const struct alg *row)
{
	/* any value makes a template; keys get their own */
	static const unsigned char base[56] = { 9 };

	if (row->mode == ALG_MODE_MODP || row->mode == ALG_MODE_MODP_SUB) {
		fetch_modp(out, row);
	} else if (row->mode == ALG_MODE_EC) {
		out->params = params_by_name("EC", row->ossl);
	} else if (row->mode == ALG_MODE_XDH) {
		out->params = EVP_PKEY_new_raw_public_key_ex(NULL, row->ossl,
		    NULL, base, row->out_len);
	}
}

static void
fill_groups(void)
{
	const struct alg *rows;
	size_t i, nr;

	rows = alg_rows(&nr);
	groups = xcalloc(nr, sizeof(*groups));
	for (i = 0; i < nr; i++) {
		if (rows[i].type == ALG_KE)
			fill_group(&groups[i], &rows[i]);
	}
	ERR_clear_error();
}

const struct fetch_group *
fetch_group(const struct alg *ke)
{
	const struct fetch_group *g;

	pthread_once(&group_once, fill_groups);
	g = &groups[row_index(ke)];
	return g->params != NULL ? g : NULL;
}
