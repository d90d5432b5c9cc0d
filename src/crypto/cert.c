/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Certificates by OpenSSL.  Sizes are bounded before OpenSSL sees a byte;
 * every text out of a certificate passes str_safe().
 */
#include "crypto/cert.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "crypto/pkey.h"
#include "crypto/prf.h"

struct cert {
	atomic_uint refs;
	X509 *x509;
	struct pkey *key;
	uint8_t *der;
	size_t len;
};

/* Take over an OpenSSL object. */
static struct cert *
wrap(X509 *x)
{
	struct cert *c = xcalloc(1, sizeof(*c));
	EVP_PKEY *key = X509_get_pubkey(x);
	unsigned char *der = NULL;
	int len;

	atomic_init(&c->refs, 1);
	c->x509 = x;
	if (key != NULL)
		(void)pkey_take(&c->key, key, "certificate", NULL);
	len = i2d_X509(x, &der);
	if (len > 0) {
		c->der = xmemdup(der, (size_t)len);
		c->len = (size_t)len;
	}
	OPENSSL_free(der);
	/* fills the cached flags now: later calls come from any thread */
	(void)X509_check_purpose(x, -1, 0);
	ERR_clear_error();
	return c;
}

int
cert_read(struct cert **out, const void *der, size_t len,
    struct sp_error *err)
{
	const unsigned char *at = der;
	X509 *x;

	if (len == 0 || len > CERT_MAX) {
		return sp_fail(err, SP_RANGE, "A certificate has 1 to %d "
		    "bytes, not %zu.", CERT_MAX, len);
	}
	x = d2i_X509(NULL, &at, (long)len);
	if (x == NULL)
		return ssl_fail(err, SP_FORMAT, "The certificate is malformed");
	if (at != (const unsigned char *)der + len) {
		X509_free(x);
		return sp_fail(err, SP_FORMAT, "There is something behind the "
		    "certificate.");
	}
	*out = wrap(x);
	return 0;
}

void
cert_list_add(struct cert_list *l, struct cert *c)
{
	l->at = xrealloc(l->at, l->nr + 1, sizeof(*l->at));
	l->at[l->nr++] = c;
}

void
cert_list_free(struct cert_list *l)
{
	size_t i;

	for (i = 0; i < l->nr; i++)
		cert_unref(l->at[i]);
	free(l->at);
	memset(l, 0, sizeof(*l));
}

int
cert_read_file(struct cert_list *out, const void *p, size_t len,
    const char *what, struct sp_error *err)
{
	struct cert *c;
	X509 *x;
	BIO *bio;

	memset(out, 0, sizeof(*out));
	if (len > CERT_FILE_MAX) {
		return sp_fail(err, SP_RANGE, "\"%s\" is longer than a "
		    "certificate file may be (1 MiB).", what);
	}
	if (len > 0 && cert_read(&c, p, len, NULL) == 0) {
		cert_list_add(out, c);
		return 0;
	}
	bio = BIO_new_mem_buf(p, (int)len);
	while (bio != NULL && out->nr < CERT_LIST_MAX &&
	    (x = PEM_read_bio_X509(bio, NULL, pem_no_pass, NULL)) != NULL)
		cert_list_add(out, wrap(x));
	BIO_free(bio);
	ERR_clear_error();
	if (out->nr > 0)
		return 0;
	return sp_fail(err, SP_FORMAT, "\"%s\" holds no certificate (neither "
	    "PEM nor DER).", what);
}

/* ---- PKCS#12 ---- */

bool
cert_is_pkcs12(const void *p, size_t len)
{
	const unsigned char *at = p;
	PKCS12 *bag = NULL;

	if (len > 0 && len <= CERT_FILE_MAX)
		bag = d2i_PKCS12(NULL, &at, (long)len);
	PKCS12_free(bag);
	ERR_clear_error();
	return bag != NULL;
}

static int
why_not_opened(PKCS12 *bag, const char *pass, const char *what,
    struct sp_error *err)
{
	int n = pass == NULL ? 0 : (int)strlen(pass);
	bool good;

	ERR_clear_error();
	good = !PKCS12_mac_present(bag) || PKCS12_verify_mac(bag, pass, n);
	ERR_clear_error();
	if (!good) {
		return sp_fail(err, SP_DENIED, "The pass phrase does not open "
		    "\"%s\".", what);
	}
	return sp_fail(err, SP_UNSUPPORTED, "\"%s\" is encrypted by an old "
	    "method (RC2 or DES) that this machine's OpenSSL does not offer; "
	    "export it anew with AES.", what);
}

int
cert_read_pkcs12(struct pkey **key, struct cert_list *list, const void *p,
    size_t len, const struct secret *pass, const char *what,
    struct sp_error *err)
{
	const unsigned char *at = p;
	char *text = pass == NULL ? NULL : xstrndup((char *)pass->data,
	    pass->len);
	STACK_OF(X509) *more = NULL;
	EVP_PKEY *evp = NULL;
	X509 *x = NULL;
	PKCS12 *bag = NULL;
	int ret = 0;

	memset(list, 0, sizeof(*list));
	if (len > 0 && len <= CERT_FILE_MAX)
		bag = d2i_PKCS12(NULL, &at, (long)len);
	if (bag == NULL)
		ret = sp_fail(err, SP_FORMAT, "\"%s\" is no PKCS#12 file.",
		    what);
	else if (!PKCS12_parse(bag, text == NULL ? "" : text, &evp, &x, &more))
		ret = why_not_opened(bag, text, what, err);
	else if (evp == NULL || x == NULL)
		ret = sp_fail(err, SP_FORMAT, "\"%s\" has no private key with "
		    "its certificate.", what);
	if (ret == 0) {
		cert_list_add(list, wrap(x));
		x = NULL;
		while (more != NULL && sk_X509_num(more) > 0)
			cert_list_add(list, wrap(sk_X509_shift(more)));
		ret = pkey_take(key, evp, what, err);
		evp = NULL;
	}
	X509_free(x);
	EVP_PKEY_free(evp);
	sk_X509_pop_free(more, X509_free);
	PKCS12_free(bag);
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
	ERR_clear_error();
	return ret;
}

/* ---- looked at ---- */

struct cert *
cert_ref(struct cert *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void
cert_unref(struct cert *c)
{
	if (c == NULL || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	X509_free(c->x509);
	pkey_unref(c->key);
	free(c->der);
	free(c);
}

X509 *
cert_x509(const struct cert *c)
{
	return c->x509;
}

struct pkey *
cert_key(const struct cert *c)
{
	return c->key;
}

const uint8_t *
cert_der(const struct cert *c, size_t *len)
{
	*len = c->len;
	return c->der;
}

int
cert_write_pem(const struct cert *c, struct buf *out, struct sp_error *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	if (bio == NULL || !PEM_write_bio_X509(bio, c->x509)) {
		BIO_free(bio);
		return ssl_fail(err, SP_SYSTEM,
		    "The certificate cannot be written");
	}
	n = BIO_get_mem_data(bio, &p);
	buf_bytes(out, p, (size_t)n);
	BIO_free(bio);
	return 0;
}

bool
cert_eq(const struct cert *a, const struct cert *b)
{
	return a->len == b->len && memcmp(a->der, b->der, a->len) == 0;
}

bool
cert_is_ca(const struct cert *c)
{
	/* 1: by basicConstraints; old forms (3-5) are no proof */
	return X509_check_ca(c->x509) == 1;
}

bool
cert_is_self_issued(const struct cert *c)
{
	return X509_NAME_cmp(X509_get_subject_name(c->x509),
	    X509_get_issuer_name(c->x509)) == 0;
}

int64_t
cert_time(const ASN1_TIME *t)
{
	struct tm tm;

	if (t == NULL || !ASN1_TIME_to_tm(t, &tm))
		return 0;
	return (int64_t)timegm(&tm);
}

int64_t
cert_not_before(const struct cert *c)
{
	return cert_time(X509_get0_notBefore(c->x509));
}

int64_t
cert_not_after(const struct cert *c)
{
	return cert_time(X509_get0_notAfter(c->x509));
}

/* As it stands in the certificate: encoding a key anew costs much more. */
bool
cert_key_hash(const struct cert *c, uint8_t out[20])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c->x509), &der);

	if (len > 0)
		hash_sha1(&(struct chunk){ der, (size_t)len }, 1, out);
	OPENSSL_free(der);
	return len > 0;
}

void
cert_fingerprint(const struct cert *c, uint8_t out[32])
{
	hash_sha256(&(struct chunk){ c->der, c->len }, 1, out);
}
