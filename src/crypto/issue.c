/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests and certificates by OpenSSL.  An authority of ours may sign end
 * entities only (pathLenConstraint 0); serial numbers are 128 random bits.
 */
#include "crypto/issue.h"

#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/error.h"
#include "crypto/cert.h"
#include "crypto/pkey.h"

#define BACKDATE 300		/* s: clocks of peers may be behind */

static const EVP_MD *
digest_of(const struct pkey *k)
{
	if (pkey_type_of(k) == PKEY_RSA)
		return EVP_sha256();
	if (pkey_type_of(k) == PKEY_ECDSA)
		return pkey_bits(k) > 384 ? EVP_sha512() :
		    pkey_bits(k) > 256 ? EVP_sha384() : EVP_sha256();
	return NULL;
}

static GENERAL_NAMES *
make_names(const struct issue *what, struct sp_error *err)
{
	static const int types[] = {
		[ISSUE_DNS] = GEN_DNS, [ISSUE_MAIL] = GEN_EMAIL,
		[ISSUE_IP] = GEN_IPADD,
	};
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *n;
	size_t i;

	for (i = 0; names != NULL && i < what->nr_names; i++) {
		n = a2i_GENERAL_NAME(NULL, NULL, NULL,
		    types[what->name[i].type], what->name[i].text, 0);
		if (n == NULL || !sk_GENERAL_NAME_push(names, n)) {
			GENERAL_NAME_free(n);
			GENERAL_NAMES_free(names);
			ssl_fail(err, SP_FORMAT, "\"%.100s\" cannot be a name "
			    "of a certificate", what->name[i].text);
			return NULL;
		}
	}
	return names;
}

static X509_NAME *
make_subject(const struct issue *what)
{
	const unsigned char *at = what->subject;

	return d2i_X509_NAME(NULL, &at, (long)what->subject_len);
}

static bool
request_names(X509_REQ *req, const struct issue *what, struct sp_error *err)
{
	STACK_OF(X509_EXTENSION) *exts = NULL;
	GENERAL_NAMES *names = make_names(what, err);
	bool ok;

	if (names == NULL)
		return false;
	ok = what->nr_names == 0 ||
	    (X509V3_add1_i2d(&exts, NID_subject_alt_name, names, 0, 0) == 1 &&
	    X509_REQ_add_extensions(req, exts) == 1);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	GENERAL_NAMES_free(names);
	if (!ok)
		ssl_fail(err, SP_SYSTEM, "The request cannot be made");
	return ok;
}

static int
write_request(X509_REQ *req, struct buf *pem, struct sp_error *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	if (bio == NULL || !PEM_write_bio_X509_REQ(bio, req)) {
		BIO_free(bio);
		return ssl_fail(err, SP_SYSTEM,
		    "The request cannot be written");
	}
	n = BIO_get_mem_data(bio, &p);
	buf_bytes(pem, p, (size_t)n);
	BIO_free(bio);
	return 0;
}

int
issue_request(const struct pkey *key, const struct issue *what,
    struct buf *pem, struct sp_error *err)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *subject = make_subject(what);
	int ret = -1;

	if (req == NULL || subject == NULL ||
	    !X509_REQ_set_subject_name(req, subject) ||
	    !X509_REQ_set_pubkey(req, pkey_evp(key)))
		ret = ssl_fail(err, SP_SYSTEM, "The request cannot be made");
	else if (!request_names(req, what, err))
		ret = SP_FORMAT;
	else if (X509_REQ_sign(req, pkey_evp(key), digest_of(key)) <= 0)
		ret = ssl_fail(err, SP_SYSTEM,
		    "The request cannot be signed");
	else
		ret = write_request(req, pem, err);
	X509_NAME_free(subject);
	X509_REQ_free(req);
	return ret;
}

/* ---- certificates ---- */

static bool
set_serial(X509 *x)
{
	uint8_t bytes[16];
	BIGNUM *n;
	bool ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
	n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = n != NULL && BN_to_ASN1_INTEGER(n,
	    X509_get_serialNumber(x)) != NULL;
	BN_free(n);
	return ok;
}

static bool
set_times(X509 *x, int64_t now, int64_t end)
{
	return ASN1_TIME_set(X509_getm_notBefore(x),
	    (time_t)(now - BACKDATE)) != NULL &&
	    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)end) != NULL;
}

static bool
add_ext(X509 *x, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	bool ok = ext != NULL && X509_add_ext(x, ext, -1) == 1;

	X509_EXTENSION_free(ext);
	return ok;
}

static bool
add_exts(X509 *x, X509 *issuer, bool ca)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	return add_ext(x, &ctx, NID_basic_constraints, ca ?
	    "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
	    add_ext(x, &ctx, NID_key_usage, ca ?
	    "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
	    add_ext(x, &ctx, NID_subject_key_identifier, "hash") &&
	    add_ext(x, &ctx, NID_authority_key_identifier, "keyid:always");
}

/* Sign and turn into a struct cert; frees x. */
static int
finish(X509 *x, const struct pkey *key, struct cert **out,
    struct sp_error *err)
{
	unsigned char *der = NULL;
	int len = 0, ret;

	if (X509_sign(x, pkey_evp(key), digest_of(key)) > 0)
		len = i2d_X509(x, &der);
	X509_free(x);
	if (len <= 0)
		return ssl_fail(err, SP_SYSTEM,
		    "The certificate cannot be signed");
	ret = cert_read(out, der, (size_t)len, err);
	OPENSSL_free(der);
	return ret;
}

int
issue_authority(const struct pkey *key, const struct issue *what, int64_t now,
    struct cert **out, struct sp_error *err)
{
	X509 *x = X509_new();
	X509_NAME *subject = make_subject(what);
	bool ok;

	ok = x != NULL && subject != NULL && X509_set_version(x, 2) &&
	    set_serial(x) &&
	    set_times(x, now, now + (int64_t)what->days * 86400) &&
	    X509_set_subject_name(x, subject) &&
	    X509_set_issuer_name(x, subject) &&
	    X509_set_pubkey(x, pkey_evp(key)) && add_exts(x, x, true);
	X509_NAME_free(subject);
	if (ok)
		return finish(x, key, out, err);
	X509_free(x);
	return ssl_fail(err, SP_SYSTEM, "The authority cannot be made");
}

static X509_REQ *
read_request(const void *p, size_t len)
{
	const unsigned char *at = p;
	X509_REQ *req = NULL;
	BIO *bio;

	if (len == 0 || len > CERT_MAX)
		return NULL;
	bio = BIO_new_mem_buf(p, (int)len);
	if (bio != NULL)
		req = PEM_read_bio_X509_REQ(bio, NULL, pem_no_pass, NULL);
	BIO_free(bio);
	if (req == NULL)
		req = d2i_X509_REQ(NULL, &at, (long)len);
	ERR_clear_error();
	return req;
}

/* Only the names of a request are taken over, no other extension. */
static bool
take_names(X509 *x, X509_REQ *req)
{
	STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(req);
	int at = exts == NULL ? -1 : X509v3_get_ext_by_NID(exts,
	    NID_subject_alt_name, -1);
	bool ok = at < 0 || X509_add_ext(x, X509v3_get_ext(exts, at), -1);

	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	return ok;
}

int
issue_sign(const struct cert *authority, const struct pkey *key,
    const void *request, size_t len, const char *file, unsigned days,
    int64_t now, struct cert **out, struct sp_error *err)
{
	int64_t end = now + (int64_t)days * 86400;
	X509_REQ *req = read_request(request, len);
	X509 *ca = cert_x509(authority), *x;
	EVP_PKEY *pub;
	bool ok;

	if (req == NULL)
		return sp_fail(err, SP_FORMAT, "\"%s\" holds no certificate "
		    "request.", file);
	pub = X509_REQ_get0_pubkey(req);
	if (pub == NULL || X509_REQ_verify(req, pub) != 1) {
		X509_REQ_free(req);
		return ssl_fail(err, SP_AUTH, "The request in \"%s\" is not "
		    "signed by its own key", file);
	}
	if (end > cert_not_after(authority))
		end = cert_not_after(authority);
	x = X509_new();
	ok = x != NULL && X509_set_version(x, 2) && set_serial(x) &&
	    set_times(x, now, end) &&
	    X509_set_subject_name(x, X509_REQ_get_subject_name(req)) &&
	    X509_set_issuer_name(x, X509_get_subject_name(ca)) &&
	    X509_set_pubkey(x, pub) && add_exts(x, ca, false) &&
	    take_names(x, req);
	X509_REQ_free(req);
	if (ok)
		return finish(x, key, out, err);
	X509_free(x);
	return ssl_fail(err, SP_SYSTEM, "The certificate cannot be made");
}
