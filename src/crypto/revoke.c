/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The cache of CRLs.  The lock is never held while something is fetched, so
 * a slow server delays only who needs it; two threads may then fetch the
 * same, and the later one wins.  A URI that failed is left in peace for
 * REVOKE_RETRY seconds, so a dead server costs one time-out a minute.
 */
#include "crypto/revoke.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/cert.h"
#include "crypto/pkey.h"
#include "crypto/revoke_impl.h"

#define ENTRIES_MAX 1024	/* URIs: certificates of trusted CAs name them */
#define NO_NEXT_UPDATE 3600	/* s that a CRL without nextUpdate serves */
#define FILE_AGAIN 1		/* s until a file is looked at again */

struct entry {
	struct list link;
	char *uri;
	X509_CRL *crl;		/* NULL: never had one */
	int64_t fetched, failed;	/* s since 1970, 0 = never */
	int64_t doubted;	/* not signed for one who asked; 0 = never */
	char error[160];
};

static void
entry_free(struct entry *e)
{
	list_remove(&e->link);
	X509_CRL_free(e->crl);
	free(e->uri);
	free(e);
}

struct revocation *
revocation_new(revoke_get *get, void *ctx)
{
	struct revocation *r = xcalloc(1, sizeof(*r));

	atomic_init(&r->refs, 1);
	pthread_mutex_init(&r->lock, NULL);
	list_init(&r->crls);
	list_init(&r->answers);
	r->get = get;
	r->ctx = ctx;
	return r;
}

struct revocation *
revocation_ref(struct revocation *r)
{
	atomic_fetch_add(&r->refs, 1);
	return r;
}

void
revocation_flush(struct revocation *r)
{
	struct entry *e;

	pthread_mutex_lock(&r->lock);
	LIST_EACH(e, &r->crls, struct entry, link)
		entry_free(e);
	r->nr_crls = 0;
	revoke_answers_flush(r);
	pthread_mutex_unlock(&r->lock);
}

void
revocation_unref(struct revocation *r)
{
	if (r == NULL || atomic_fetch_sub(&r->refs, 1) != 1)
		return;
	revocation_flush(r);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static bool
is_http(const char *uri)
{
	return str_prefix(uri, "http://");
}

/* With the lock held. */
static struct entry *
find(struct revocation *r, const char *uri)
{
	struct entry *e;

	LIST_EACH(e, &r->crls, struct entry, link) {
		if (strcmp(e->uri, uri) == 0)
			return e;
	}
	return NULL;
}

/* With the lock held; the one least recently fetched makes room. */
static struct entry *
find_or_make(struct revocation *r, const char *uri)
{
	struct entry *e = find(r, uri);

	if (e != NULL)
		return e;
	if (r->nr_crls == ENTRIES_MAX) {
		entry_free(LIST_ENTRY(r->crls.next, struct entry, link));
		r->nr_crls--;
	}
	e = xcalloc(1, sizeof(*e));
	e->uri = xstrdup(uri);
	list_append(&r->crls, &e->link);
	r->nr_crls++;
	return e;
}

static bool
is_fresh(const struct entry *e, int64_t now)
{
	int64_t next;

	if (e->crl == NULL)
		return false;
	if (!is_http(e->uri))
		return e->fetched <= now && now < e->fetched + FILE_AGAIN;
	next = cert_time(X509_CRL_get0_nextUpdate(e->crl));
	if (next == 0)
		next = e->fetched + NO_NEXT_UPDATE;
	return e->fetched <= now && now < next;
}

/* DER or PEM; NULL if it is neither. */
static X509_CRL *
parse(const struct buf *b)
{
	const unsigned char *at = b->data;
	X509_CRL *crl = NULL;
	BIO *bio;

	if (b->len == 0 || b->len > REVOKE_CRL_MAX)
		return NULL;
	crl = d2i_X509_CRL(NULL, &at, (long)b->len);
	if (crl == NULL) {
		bio = BIO_new_mem_buf(b->data, (int)b->len);
		if (bio != NULL)
			crl = PEM_read_bio_X509_CRL(bio, NULL,
			    pem_no_pass, NULL);
		BIO_free(bio);
	}
	ERR_clear_error();
	return crl;
}

int
revoke_fetch(struct revocation *r, const char *uri, const struct buf *post,
    size_t max, struct buf *out, struct sp_error *err)
{
	bool busy;
	int ret;

	pthread_mutex_lock(&r->lock);
	busy = r->fetching >= REVOKE_FETCHES;
	if (!busy)
		r->fetching++;
	pthread_mutex_unlock(&r->lock);
	if (busy) {
		return sp_fail(err, SP_AGAIN, "Too many fetches are under "
		    "way; \"%.120s\" was not tried.", uri);
	}
	ret = r->get(r->ctx, uri, post != NULL ? post->data : NULL,
	    post != NULL ? post->len : 0, max, out, err);
	pthread_mutex_lock(&r->lock);
	r->fetching--;
	pthread_mutex_unlock(&r->lock);
	return ret;
}

static X509_CRL *
load(struct revocation *r, const char *uri, struct sp_error *err)
{
	struct buf b = {0};
	X509_CRL *crl = NULL;

	if (r->get == NULL) {
		sp_fail(err, SP_STATE, "Nothing is fetched here.");
		return NULL;
	}
	if (revoke_fetch(r, uri, NULL, REVOKE_CRL_MAX, &b, err) == 0) {
		crl = parse(&b);
		if (crl == NULL) {
			sp_fail(err, SP_FORMAT, "\"%.200s\" holds no CRL.",
			    uri);
		}
	}
	buf_free(&b);
	return crl;
}

/* With the lock held: what is there, counted for the caller. */
static X509_CRL *
take(struct entry *e, struct sp_error *err)
{
	if (e->failed != 0 && e->error[0] != '\0')
		sp_fail(err, SP_SYSTEM, "%s", e->error);
	if (e->crl != NULL)
		X509_CRL_up_ref(e->crl);
	return e->crl;
}

X509_CRL *
revocation_crl(struct revocation *r, const char *uri, int64_t now,
    struct sp_error *err)
{
	struct sp_error e2 = {0};
	struct entry *e;
	X509_CRL *crl;
	bool wait;

	pthread_mutex_lock(&r->lock);
	e = find_or_make(r, uri);
	wait = is_http(uri) && e->failed != 0 && e->failed <= now &&
	    now < e->failed + REVOKE_RETRY;
	if (wait || (is_fresh(e, now) && (e->doubted == 0 ||
	    (e->doubted <= now && now < e->doubted + REVOKE_RETRY)))) {
		crl = take(e, err);
		pthread_mutex_unlock(&r->lock);
		return crl;
	}
	pthread_mutex_unlock(&r->lock);

	crl = load(r, uri, &e2);
	pthread_mutex_lock(&r->lock);
	e = find_or_make(r, uri);
	if (crl != NULL) {
		X509_CRL_free(e->crl);
		e->crl = crl;
		e->fetched = now;
		e->failed = 0;
		e->doubted = 0;
		e->error[0] = '\0';
	} else {
		e->failed = now;
		snprintf(e->error, sizeof(e->error), "%.159s", e2.text);
	}
	crl = take(e, err);
	pthread_mutex_unlock(&r->lock);
	return crl;
}

void
revocation_doubt(struct revocation *r, const char *uri, int64_t now)
{
	struct entry *e;

	pthread_mutex_lock(&r->lock);
	e = find(r, uri);
	if (e != NULL && e->doubted == 0)
		e->doubted = now;
	pthread_mutex_unlock(&r->lock);
}

void
revocation_each(struct revocation *r, void (*each)(void *ctx,
    const char *uri, const X509_CRL *crl, int64_t fetched,
    const char *error), void *ctx)
{
	struct entry *e;

	pthread_mutex_lock(&r->lock);
	LIST_EACH(e, &r->crls, struct entry, link)
		each(ctx, e->uri, e->crl, e->fetched, e->error);
	pthread_mutex_unlock(&r->lock);
}
