/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Revocation lists and OCSP answers from files and by http, for
 * crypto/revoke.h.  Blocking: called by the signing threads only.
 */
#ifndef SP_ENGINE_FETCH_H
#define SP_ENGINE_FETCH_H

#include <stddef.h>

struct buf;
struct sp_error;

/* Append the bytes of a file, max at most. */
int fetch_file(const char *path, size_t max, struct buf *out,
    struct sp_error *err);

/* A revoke_get(): http:// URI or absolute path; ctx is not used. */
int fetch_uri(void *ctx, const char *uri, const void *post, size_t post_len,
    size_t max, struct buf *out, struct sp_error *err);

#endif
