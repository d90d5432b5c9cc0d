/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making certificates: requests (PKCS#10, RFC 2986) and a small authority
 * for labs, which signs them (RFC 5280 section 4).
 */
#ifndef SP_CRYPTO_ISSUE_H
#define SP_CRYPTO_ISSUE_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct cert;
struct pkey;
struct sp_error;

#define ISSUE_NAMES 16

/* What a new certificate shall say. */
struct issue {
	const uint8_t *subject;		/* DER of the Name */
	size_t subject_len;
	struct {			/* subjectAltNames */
		enum { ISSUE_DNS, ISSUE_MAIL, ISSUE_IP } type;
		const char *text;
	} name[ISSUE_NAMES];
	size_t nr_names;
	unsigned days;			/* of validity from now on */
};

/* Append a request for the key as PEM. */
int issue_request(const struct pkey *key, const struct issue *what,
    struct buf *pem, struct sp_error *err);

/* A self-signed authority.  now: seconds since 1970. */
int issue_authority(const struct pkey *key, const struct issue *what,
    int64_t now, struct cert **out, struct sp_error *err);

/*
 * Sign a request (PEM or DER) by an authority: its signature is checked,
 * subject and subjectAltNames are taken over, nothing else of it is.  The
 * certificate never outlives its authority.  file names it in a sentence.
 */
int issue_sign(const struct cert *authority, const struct pkey *key,
    const void *request, size_t len, const char *file, unsigned days,
    int64_t now, struct cert **out, struct sp_error *err);

#endif
