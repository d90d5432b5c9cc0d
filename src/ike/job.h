/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Public-key work that may take long: a signature of ours, or the judgement
 * of the peer's with its chain of certificates.  The host hands a job to its
 * owner (IKE_ACT_JOB); the owner runs it in any thread and gives it back by
 * ike_host_job_done().  A job owns or counts all that it touches, so the SA
 * may end meanwhile.  tests/sim runs jobs at once or late, as a seed says.
 */
#ifndef SP_IKE_JOB_H
#define SP_IKE_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/reason.h"
#include "crypto/sig.h"
#include "ike/cred.h"
#include "ike/ident.h"

#define JOB_CERTS 12		/* CERT payloads of one message, R-05 */

enum ike_job_kind { JOB_SIGN, JOB_VERIFY };

enum ike_cert_encoding {	/* RFC 7296 3.6, RFC 7670 */
	CERT_ENC_X509 = 4, CERT_ENC_CRL = 7, CERT_ENC_HASH_URL = 12,
	CERT_ENC_BUNDLE_URL = 13, CERT_ENC_RAW_KEY = 15,
};

struct ike_job {
	enum ike_job_kind kind;
	uint32_t sa_id, id;	/* whose; which of it */
	struct buf octets;	/* that are signed */
	bool raw;		/* IKEv1: octets are the hash itself */
	/* JOB_SIGN */
	struct pkey *key;
	struct sig how;
	/* JOB_VERIFY */
	uint8_t method;		/* of the AUTH payload */
	struct buf auth;	/* its data */
	struct ident peer;	/* the identity to be proven */
	struct {
		uint8_t encoding;
		struct buf data;
	} cert[JOB_CERTS];	/* CERT payloads, in order */
	unsigned nr_certs;
	struct trust *trust;
	struct cert *pinned;
	struct pkey *pinned_key;
	bool sha1;
	const char *step;	/* for reasons; a literal */
	/* the result */
	bool ok;
	struct buf signature;	/* JOB_SIGN: data of the AUTH payload */
	struct ike_reason why;	/* unless ok */
};

/* Empty jobs; the caller fills octets, auth and certificates. */
struct ike_job *ike_job_sign(const struct ike_cred *c, const struct sig *how,
    const char *step);
struct ike_job *ike_job_verify(const struct ike_cred *c, uint8_t method,
    const struct ident *peer, const char *step);

/* Add a CERT payload; false beyond JOB_CERTS or CERT_MAX. */
bool ike_job_add_cert(struct ike_job *j, uint8_t encoding, const void *data,
    size_t len);

/*
 * Do it.  now: seconds since 1970, for dates.  May block for seconds while
 * revocation is looked up; touches nothing but the job and what any thread
 * may touch.
 */
void ike_job_run(struct ike_job *j, int64_t now);

/* Wipe and release; NULL is fine. */
void ike_job_free(struct ike_job *j);

#endif
