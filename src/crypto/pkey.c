/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys by OpenSSL's decoders, which know every form (PEM, DER, PKCS#1, SEC 1,
 * PKCS#8, encrypted with PBES2) and ask for the pass phrase themselves.
 */
#include "crypto/pkey.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"

#define PASS_MAX 1024

struct pkey {
	atomic_uint refs;
	EVP_PKEY *evp;
	enum pkey_type type;
};

/* What the call-back of a decoder needs, and what it saw. */
struct asked {
	const struct secret *pass;
	bool asked;
};

int
pem_no_pass(char *out, int size, int writing, void *ctx)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

int
ssl_fail(struct sp_error *err, int code, const char *fmt, ...)
{
	char text[256], words[160];
	unsigned long e = ERR_peek_last_error();
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	words[0] = '\0';
	if (e != 0 && ERR_reason_error_string(e) != NULL) {
		snprintf(words, sizeof(words), " (%s)",
		    ERR_reason_error_string(e));
	}
	ERR_clear_error();
	return sp_fail(err, (enum sp_code)code, "%s%s.", text, words);
}

static bool
type_of(const EVP_PKEY *key, enum pkey_type *type)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		*type = PKEY_RSA;
		return true;
	case EVP_PKEY_EC:
		*type = PKEY_ECDSA;
		return true;
	case EVP_PKEY_ED25519:
		*type = PKEY_ED25519;
		return true;
	case EVP_PKEY_ED448:
		*type = PKEY_ED448;
		return true;
	default:
		break;
	}
	/* keys of providers have no number, only a name */
	*type = PKEY_RSA;
	if (EVP_PKEY_is_a(key, "RSA"))
		return true;
	*type = PKEY_ECDSA;
	return EVP_PKEY_is_a(key, "EC");
}

int
pkey_take(struct pkey **out, EVP_PKEY *key, const char *what,
    struct sp_error *err)
{
	enum pkey_type type;
	struct pkey *k;

	if (!type_of(key, &type)) {
		EVP_PKEY_free(key);
		ERR_clear_error();
		return sp_fail(err, SP_UNSUPPORTED, "The key in \"%s\" is of "
		    "a kind that IKE cannot sign with; use RSA, ECDSA, "
		    "Ed25519 or Ed448.", what);
	}
	if (type == PKEY_RSA && EVP_PKEY_get_bits(key) > 16384) {
		EVP_PKEY_free(key);
		return sp_fail(err, SP_RANGE, "The RSA key in \"%s\" is "
		    "longer than 16384 bits.", what);
	}
	k = xcalloc(1, sizeof(*k));
	atomic_init(&k->refs, 1);
	k->evp = key;
	k->type = type;
	*out = k;
	return 0;
}

static int
give_pass(char *buf, int size, int rw, void *arg)
{
	struct asked *a = arg;

	(void)rw;
	a->asked = true;
	if (a->pass == NULL || a->pass->len == 0 ||
	    a->pass->len > (size_t)size)
		return -1;
	memcpy(buf, a->pass->data, a->pass->len);
	return (int)a->pass->len;
}

int
pkey_read_private(struct pkey **out, const void *p, size_t len,
    const struct secret *pass, const char *what, struct sp_error *err)
{
	struct asked a = { pass, false };
	OSSL_DECODER_CTX *ctx;
	EVP_PKEY *key = NULL;
	const unsigned char *at = p;
	int ok = 0;

	ctx = OSSL_DECODER_CTX_new_for_pkey(&key, NULL, NULL, NULL,
	    EVP_PKEY_KEYPAIR, NULL, NULL);
	if (ctx != NULL &&
	    OSSL_DECODER_CTX_set_pem_password_cb(ctx, give_pass, &a))
		ok = OSSL_DECODER_from_data(ctx, &at, &len);
	OSSL_DECODER_CTX_free(ctx);
	if (ok && key != NULL) {
		ERR_clear_error();
		return pkey_take(out, key, what, err);
	}
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (a.asked && (pass == NULL || pass->len == 0)) {
		return sp_fail(err, SP_DENIED, "The key in \"%s\" is "
		    "encrypted and no pass phrase is set for it.", what);
	}
	if (a.asked) {
		return sp_fail(err, SP_DENIED, "The pass phrase does not open "
		    "the key in \"%s\".", what);
	}
	return sp_fail(err, SP_FORMAT, "\"%s\" holds no private key (PEM, "
	    "DER or PKCS#8).", what);
}

static EVP_PKEY *
load_token(const char *uri, struct asked *a)
{
	UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(give_pass, 0);
	OSSL_STORE_CTX *store;
	OSSL_STORE_INFO *info;
	EVP_PKEY *key = NULL;

	store = OSSL_STORE_open(uri, ui, a, NULL, NULL);
	while (store != NULL && key == NULL && !OSSL_STORE_eof(store)) {
		info = OSSL_STORE_load(store);
		if (info == NULL)
			break;
		if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	if (store != NULL)
		OSSL_STORE_close(store);
	UI_destroy_method(ui);
	return key;
}

int
pkey_open_token(struct pkey **out, const char *uri, const struct secret *pin,
    struct sp_error *err)
{
	struct asked a = { pin, false };
	OSSL_PROVIDER *prov;
	EVP_PKEY *key;

	/* a provider stays loaded as long as a key may need it: for good */
	prov = OSSL_PROVIDER_try_load(NULL, "pkcs11", 1);
	if (prov == NULL) {
		ERR_clear_error();
		return sp_fail(err, SP_UNSUPPORTED, "Keys of a token "
		    "(\"%.80s\") need OpenSSL's provider \"pkcs11\", which is "
		    "not installed here.", uri);
	}
	key = load_token(uri, &a);
	if (key == NULL) {
		return ssl_fail(err, SP_NOTFOUND,
		    "The token has no private key \"%.120s\"", uri);
	}
	return pkey_take(out, key, uri, err);
}

int
pkey_read_public(struct pkey **out, const void *p, size_t len,
    const char *what, struct sp_error *err)
{
	const unsigned char *at = p;
	EVP_PKEY *key = NULL;
	BIO *bio;

	if (len > 0 && len <= PKEY_FILE_MAX) {
		bio = BIO_new_mem_buf(p, (int)len);
		if (bio != NULL)
			key = PEM_read_bio_PUBKEY(bio, NULL, pem_no_pass,
			    NULL);
		BIO_free(bio);
		if (key == NULL)
			key = d2i_PUBKEY(NULL, &at, (long)len);
	}
	ERR_clear_error();
	if (key == NULL) {
		return sp_fail(err, SP_FORMAT, "\"%s\" holds no public key.",
		    what);
	}
	return pkey_take(out, key, what, err);
}

/* ---- made here ---- */

static int
curve_of(const char *param, const char **name, struct sp_error *err)
{
	static const char *const curves[][2] = {
		{ "p256", "P-256" }, { "p384", "P-384" }, { "p521", "P-521" },
	};
	size_t i;

	*name = "P-256";
	if (param == NULL)
		return 0;
	for (i = 0; i < NELEM(curves); i++) {
		if (str_eq(curves[i][0], param)) {
			*name = curves[i][1];
			return 0;
		}
	}
	return sp_fail(err, SP_RANGE, "\"%.32s\" is no curve of an ECDSA key; "
	    "choose p256, p384 or p521.", param);
}

static int
generate(EVP_PKEY **key, const char *type, const char *param,
    struct sp_error *err)
{
	const char *curve;
	int64_t bits = 3072;
	int ret;

	if (str_eq(type, "rsa")) {
		if (param != NULL && !str_to_i64(param, 2048, 8192, &bits)) {
			return sp_fail(err, SP_RANGE, "An RSA key has 2048 to "
			    "8192 bits; \"%.32s\" is none of them.", param);
		}
		*key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
		return 0;
	}
	if (str_eq(type, "ecdsa")) {
		ret = curve_of(param, &curve, err);
		if (ret == 0)
			*key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
		return ret;
	}
	if (param == NULL && str_eq(type, "ed25519"))
		*key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else if (param == NULL && str_eq(type, "ed448"))
		*key = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	else
		return sp_fail(err, SP_RANGE, "A key pair is \"rsa BITS\", "
		    "\"ecdsa p256|p384|p521\", \"ed25519\" or \"ed448\".");
	return 0;
}

int
pkey_generate(struct pkey **out, const char *type, const char *param,
    struct sp_error *err)
{
	EVP_PKEY *key = NULL;
	int ret;

	ret = generate(&key, type, param, err);
	if (ret < 0)
		return ret;
	if (key == NULL)
		return ssl_fail(err, SP_SYSTEM, "The key cannot be made");
	return pkey_take(out, key, type, err);
}

/* Move what a memory BIO holds into a buffer, and free the BIO. */
static void
drain(BIO *bio, struct buf *out)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	buf_bytes(out, p, (size_t)n);
	BIO_free(bio);
}

int
pkey_write_private(const struct pkey *k, const struct secret *pass,
    struct buf *out, struct sp_error *err)
{
	bool enc = pass != NULL && pass->len > 0;
	BIO *bio = BIO_new(BIO_s_secmem());
	int ok;

	if (bio == NULL)
		return ssl_fail(err, SP_NOMEM, "No memory for a key");
	ok = PEM_write_bio_PKCS8PrivateKey(bio, k->evp,
	    enc ? EVP_aes_256_cbc() : NULL, enc ? (char *)pass->data : NULL,
	    enc ? (int)pass->len : 0, NULL, NULL);
	if (!ok) {
		BIO_free(bio);
		return ssl_fail(err, SP_SYSTEM, "The key cannot be written");
	}
	drain(bio, out);
	return 0;
}

int
pkey_spki(const struct pkey *k, struct buf *out, struct sp_error *err)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(k->evp, &der);

	if (len <= 0)
		return ssl_fail(err, SP_SYSTEM, "The key has no public half");
	buf_bytes(out, der, (size_t)len);
	OPENSSL_free(der);
	return 0;
}

int
pkey_write_public(const struct pkey *k, struct buf *out, struct sp_error *err)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio == NULL || !PEM_write_bio_PUBKEY(bio, k->evp)) {
		BIO_free(bio);
		return ssl_fail(err, SP_SYSTEM, "The key has no public half");
	}
	drain(bio, out);
	return 0;
}

/* ---- looked at ---- */

struct pkey *
pkey_ref(struct pkey *k)
{
	atomic_fetch_add(&k->refs, 1);
	return k;
}

void
pkey_unref(struct pkey *k)
{
	if (k == NULL || atomic_fetch_sub(&k->refs, 1) != 1)
		return;
	EVP_PKEY_free(k->evp);
	free(k);
}

enum pkey_type
pkey_type_of(const struct pkey *k)
{
	return k->type;
}

unsigned
pkey_bits(const struct pkey *k)
{
	int bits = EVP_PKEY_get_bits(k->evp);

	return bits < 0 ? 0 : (unsigned)bits;
}

void
pkey_print(struct buf *b, const struct pkey *k)
{
	switch (k->type) {
	case PKEY_RSA:
		buf_printf(b, "RSA %u", pkey_bits(k));
		break;
	case PKEY_ECDSA:
		buf_printf(b, "ECDSA P-%u", pkey_bits(k));
		break;
	case PKEY_ED25519:
		buf_puts(b, "Ed25519");
		break;
	case PKEY_ED448:
		buf_puts(b, "Ed448");
		break;
	}
}

bool
pkey_same(const struct pkey *a, const struct pkey *b)
{
	bool same = EVP_PKEY_eq(a->evp, b->evp) == 1;

	ERR_clear_error();
	return same;
}

bool
pkey_weak(const struct pkey *k)
{
	return k->type == PKEY_RSA && pkey_bits(k) < 2048;
}

EVP_PKEY *
pkey_evp(const struct pkey *k)
{
	return k->evp;
}
