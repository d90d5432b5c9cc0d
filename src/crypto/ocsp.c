/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OCSP (RFC 6960) by OpenSSL: one request for one certificate with a nonce;
 * an answer counts only if it is signed by the issuer or by a responder that
 * the issuer named, is about this certificate, and is of now.  Answers are
 * kept by certificate until their nextUpdate, an hour at most.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/cert.h"
#include "crypto/pkey.h"
#include "crypto/prf.h"
#include "crypto/revoke_impl.h"

#define SKEW 300		/* s that clocks may differ */
#define KEEP_MAX 3600		/* s that an answer serves */
#define ANSWERS_MAX 4096

struct answer {
	struct list link;
	uint8_t key[32];	/* of certificate, issuer and URI */
	enum revoke_answer what;
	int64_t when, until;	/* s since 1970 */
	char error[160];
};

static void
answer_free(struct revocation *r, struct answer *a)
{
	list_remove(&a->link);
	free(a);
	r->nr_answers--;
}

void
revoke_answers_flush(struct revocation *r)
{
	struct answer *a;

	LIST_EACH(a, &r->answers, struct answer, link)
		answer_free(r, a);
}

static bool
make_key(const char *uri, X509 *cert, X509 *issuer, uint8_t key[32])
{
	uint8_t md[2][EVP_MAX_MD_SIZE];
	unsigned n[2];
	struct chunk in[3];

	if (!X509_digest(cert, EVP_sha256(), md[0], &n[0]) ||
	    !X509_digest(issuer, EVP_sha256(), md[1], &n[1]))
		return false;
	in[0] = (struct chunk){ md[0], n[0] };
	in[1] = (struct chunk){ md[1], n[1] };
	in[2] = (struct chunk){ uri, strlen(uri) };
	hash_sha256(in, 3, key);
	return true;
}

static bool
recall(struct revocation *r, const uint8_t key[32], int64_t now,
    struct answer *out)
{
	struct answer *a;
	bool found = false;

	pthread_mutex_lock(&r->lock);
	LIST_EACH(a, &r->answers, struct answer, link) {
		if (a->until <= now || a->until > now + KEEP_MAX)
			answer_free(r, a);
		else if (!found && memcmp(a->key, key, 32) == 0) {
			*out = *a;
			found = true;
		}
	}
	pthread_mutex_unlock(&r->lock);
	return found;
}

static void
remember(struct revocation *r, const struct answer *a)
{
	struct answer *copy = xmemdup(a, sizeof(*a));

	pthread_mutex_lock(&r->lock);
	if (r->nr_answers == ANSWERS_MAX) {
		answer_free(r, LIST_ENTRY(r->answers.next, struct answer,
		    link));
	}
	list_append(&r->answers, &copy->link);
	r->nr_answers++;
	pthread_mutex_unlock(&r->lock);
}

static OCSP_REQUEST *
make_request(X509 *cert, X509 *issuer, struct buf *der)
{
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert, issuer);
	unsigned char *p = NULL;
	int len = 0;

	if (req != NULL && id != NULL && OCSP_request_add0_id(req, id)) {
		id = NULL;
		OCSP_request_add1_nonce(req, NULL, -1);
		len = i2d_OCSP_REQUEST(req, &p);
	}
	if (len > 0)
		buf_bytes(der, p, (size_t)len);
	OPENSSL_free(p);
	OCSP_CERTID_free(id);
	if (len > 0)
		return req;
	OCSP_REQUEST_free(req);
	return NULL;
}

/* The one statement about our certificate. */
static int
read_status(OCSP_BASICRESP *basic, X509 *cert, X509 *issuer, int64_t now,
    struct answer *a, struct sp_error *err)
{
	ASN1_GENERALIZEDTIME *revoked = NULL, *this = NULL, *next = NULL;
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert, issuer);
	int64_t from, to;
	int status = -1;
	bool found;

	found = id != NULL && OCSP_resp_find_status(basic, id, &status, NULL,
	    &revoked, &this, &next) == 1;
	OCSP_CERTID_free(id);
	if (!found) {
		return sp_fail(err, SP_PEER, "the answer is about another "
		    "certificate");
	}
	from = cert_time(this);
	to = next != NULL ? cert_time(next) : from + KEEP_MAX;
	if (from > now + SKEW || to < now - SKEW)
		return sp_fail(err, SP_PEER, "the answer is out of date");
	a->until = to < now + KEEP_MAX ? to : now + KEEP_MAX;
	a->when = cert_time(revoked);
	if (status == V_OCSP_CERTSTATUS_GOOD)
		a->what = REVOKE_GOOD;
	else if (status == V_OCSP_CERTSTATUS_REVOKED)
		a->what = REVOKE_REVOKED;
	else
		return sp_fail(err, SP_PEER, "the responder does not know "
		    "the certificate");
	return 0;
}

static int
believe(OCSP_RESPONSE *resp, OCSP_REQUEST *req, X509 *cert, X509 *issuer,
    X509_STORE *store, int64_t now, struct answer *a, struct sp_error *err)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	OCSP_BASICRESP *basic = NULL;
	int ret, status = OCSP_response_status(resp);

	if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		sk_X509_free(chain);
		return sp_fail(err, SP_PEER, "the responder says \"%s\"",
		    OCSP_response_status_str(status));
	}
	basic = OCSP_response_get1_basic(resp);
	if (chain != NULL)
		sk_X509_push(chain, issuer);
	if (basic == NULL || OCSP_check_nonce(req, basic) == 0 ||
	    OCSP_basic_verify(basic, chain, store, OCSP_TRUSTOTHER) != 1)
		ret = sp_fail(err, SP_AUTH, "the answer is not signed by the "
		    "authority");
	else
		ret = read_status(basic, cert, issuer, now, a, err);
	OCSP_BASICRESP_free(basic);
	sk_X509_free(chain);
	ERR_clear_error();
	return ret;
}

static int
ask(struct revocation *r, const char *uri, X509 *cert, X509 *issuer,
    X509_STORE *store, int64_t now, struct answer *a, struct sp_error *err)
{
	struct buf out = {0}, in = {0};
	OCSP_REQUEST *req = make_request(cert, issuer, &out);
	OCSP_RESPONSE *resp = NULL;
	const unsigned char *at;
	int ret;

	if (req == NULL)
		return ssl_fail(err, SP_NOMEM, "no request can be made");
	ret = revoke_fetch(r, uri, &out, REVOKE_OCSP_MAX, &in, err);
	at = in.data;
	if (ret == 0)
		resp = d2i_OCSP_RESPONSE(NULL, &at, (long)in.len);
	if (ret == 0 && resp == NULL)
		ret = ssl_fail(err, SP_FORMAT, "the answer is malformed");
	if (ret == 0)
		ret = believe(resp, req, cert, issuer, store, now, a, err);
	OCSP_RESPONSE_free(resp);
	OCSP_REQUEST_free(req);
	buf_free(&out);
	buf_free(&in);
	return ret;
}

enum revoke_answer
revocation_ocsp(struct revocation *r, const char *uri, X509 *cert,
    X509 *issuer, X509_STORE *store, int64_t now, int64_t *when,
    struct sp_error *err)
{
	struct answer a = {0};
	struct sp_error e2 = {0};
	uint8_t key[32];

	*when = 0;
	if (r->get == NULL || !make_key(uri, cert, issuer, key))
		return REVOKE_UNKNOWN;
	if (!recall(r, key, now, &a)) {
		memcpy(a.key, key, sizeof(key));
		if (ask(r, uri, cert, issuer, store, now, &a, &e2) < 0) {
			a.what = REVOKE_UNKNOWN;
			a.until = now + REVOKE_RETRY;
			snprintf(a.error, sizeof(a.error), "%.159s", e2.text);
		}
		remember(r, &a);
	}
	*when = a.when;
	if (a.what == REVOKE_UNKNOWN)
		sp_fail(err, SP_SYSTEM, "OCSP by %.120s: %s", uri, a.error);
	return a.what;
}
