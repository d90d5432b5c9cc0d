/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * HTTP by OpenSSL's own client (OSSL_HTTP), which is all that revocation
 * needs.  Bounds (hardening.md: fetches as a weapon): five seconds in all,
 * three redirections, http to http only, and the caller's limit of bytes.
 */
#include "engine/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/http.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#define SECONDS 5
#define REDIRECTIONS 3
#define PIECE 16384

int
fetch_file(const char *path, size_t max, struct buf *out,
    struct sp_error *err)
{
	uint8_t piece[PIECE];
	struct stat st;
	ssize_t n = 0;
	int fd, e;

	/* a pipe or a device would block */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return sp_fail_errno(err, errno, "\"%.200s\"", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return sp_fail(err, SP_FORMAT, "\"%.200s\" is no file.",
		    path);
	}
	while (out->len <= max && (n = read(fd, piece, sizeof(piece))) > 0)
		buf_bytes(out, piece, (size_t)n);
	e = errno;
	close(fd);
	explicit_bzero(piece, sizeof(piece));
	if (n < 0)
		return sp_fail_errno(err, e, "\"%.200s\"", path);
	if (out->len > max) {
		return sp_fail(err, SP_RANGE, "\"%.200s\" is longer than %zu "
		    "bytes.", path, max);
	}
	return 0;
}

/* Everything that comes until the end, or the limits. */
static int
drain(BIO *bio, time_t until, size_t max, struct buf *out,
    const char *uri, struct sp_error *err)
{
	uint8_t piece[PIECE];
	int n;

	for (;;) {
		n = BIO_read(bio, piece, sizeof(piece));
		if (n > 0)
			buf_bytes(out, piece, (size_t)n);
		if (out->len > max) {
			return sp_fail(err, SP_RANGE, "\"%.120s\" gives more "
			    "than %zu bytes.", uri, max);
		}
		if (time(NULL) >= until) {
			return sp_fail(err, SP_TIMEOUT, "\"%.120s\" took "
			    "longer than %d seconds.", uri, SECONDS);
		}
		if (n > 0)
			continue;
		if (!BIO_should_retry(bio))
			return 0;
		if (BIO_wait(bio, until, 50) < 0)
			continue;
	}
}

static int
no_answer(const char *uri, time_t until, struct sp_error *err)
{
	unsigned long e = ERR_peek_last_error();
	const char *why = e != 0 ? ERR_reason_error_string(e) : NULL;

	sp_fail(err, SP_TIMEOUT, "\"%.120s\" cannot be fetched: %s.", uri,
	    time(NULL) >= until ? "no answer in 5 seconds" :
	    why != NULL ? why : "the connection failed");
	ERR_clear_error();
	return SP_TIMEOUT;
}

/* One request; *next gets where a redirection leads. */
static int
ask(const char *uri, const struct buf *post, time_t until, size_t max,
    struct buf *out, char **next, struct sp_error *err)
{
	char *host = NULL, *port = NULL, *path = NULL;
	OSSL_HTTP_REQ_CTX *ctx = NULL;
	int left = (int)(until - time(NULL)), ssl = 0, ret;
	BIO *body = NULL, *answer = NULL;

	*next = NULL;
	if (left <= 0 || !OSSL_HTTP_parse_url(uri, &ssl, NULL, &host, &port,
	    NULL, &path, NULL, NULL) || ssl) {
		ret = no_answer(uri, until, err);
		goto out;
	}
	if (post != NULL)
		body = BIO_new_mem_buf(post->data, (int)post->len);
	ctx = OSSL_HTTP_open(host, port, NULL, NULL, 0, NULL, NULL, NULL,
	    NULL, 0, left);
	if (ctx != NULL && OSSL_HTTP_set1_request(ctx, path, NULL,
	    post != NULL ? "application/ocsp-request" : NULL, body, NULL, 0,
	    max, left, 0))
		answer = OSSL_HTTP_exchange(ctx, next);
	if (answer != NULL)
		ret = drain(answer, until, max, out, uri, err);
	else
		ret = *next != NULL ? 0 : no_answer(uri, until, err);
out:
	OSSL_HTTP_close(ctx, ret == 0);
	BIO_free(body);
	OPENSSL_free(host);
	OPENSSL_free(port);
	OPENSSL_free(path);
	ERR_clear_error();
	return ret;
}

static int
fetch_http(const char *uri, const struct buf *post, size_t max,
    struct buf *out, struct sp_error *err)
{
	time_t until = time(NULL) + SECONDS;
	char *at = xstrdup(uri), *next = NULL;
	int i, ret = 0;

	for (i = 0; i <= REDIRECTIONS; i++) {
		ret = ask(at, post, until, max, out, &next, err);
		if (ret < 0 || next == NULL)
			break;
		free(at);
		at = xstrdup(next);
		OPENSSL_free(next);
		next = NULL;
		if (!str_prefix(at, "http://") || i == REDIRECTIONS) {
			ret = sp_fail(err, SP_PEER, "\"%.120s\" redirects too "
			    "often, or not to http.", uri);
			break;
		}
	}
	OPENSSL_free(next);
	free(at);
	return ret;
}

int
fetch_uri(void *ctx, const char *uri, const void *post, size_t post_len,
    size_t max, struct buf *out, struct sp_error *err)
{
	struct buf request = {0};
	int ret;

	(void)ctx;
	if (!str_prefix(uri, "http://"))
		return fetch_file(uri, max, out, err);
	buf_bytes(&request, post, post_len);
	ret = fetch_http(uri, post != NULL ? &request : NULL, max, out, err);
	buf_free(&request);
	return ret;
}
