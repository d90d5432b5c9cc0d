/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures of IKE_AUTH.  The chain and the signature of a peer cost up to
 * milliseconds, revocation up to seconds, so they are jobs (ike/job.h) that
 * the owner of the host runs elsewhere.  Meanwhile the initiator keeps the
 * answer, the responder the request; nothing else of the SA moves, and a
 * repeated packet of the peer is not answered.
 *
 * One job at a time; its number tells a late result from the present one.
 */
#include "ike/v2/prove.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/pkey.h"
#include "crypto/trust.h"
#include "ike/job.h"
#include "ike/v2/steps.h"

#define STEP "IKE_AUTH"

enum verdict { UNKNOWN, GOOD, BAD };

struct v2_proof {
	uint32_t job;		/* under way; 0 = none */
	enum verdict own, peer;
	uint8_t method;		/* of our signature */
	struct buf signature;	/* ours */
	struct ike_reason why_own, why_peer;
	struct ike_msg *held;	/* of the peer, waits */
	struct ike_path path;	/* it came by */
};

static struct v2_proof *
proof_of(struct v2_sa *sa)
{
	if (sa->setup->proof == NULL)
		sa->setup->proof = xcalloc(1, sizeof(struct v2_proof));
	return sa->setup->proof;
}

void
v2_proof_free(struct v2_proof *p)
{
	if (p == NULL)
		return;
	buf_free(&p->signature);
	ike_msg_free(p->held);
	free(p);
}

bool
v2_proof_waits(const struct v2_sa *sa)
{
	return sa->setup != NULL && sa->setup->proof != NULL &&
	    sa->setup->proof->job != 0;
}

void
v2_proof_hold(struct v2_sa *sa, struct ike_msg *m,
    const struct ike_path *path)
{
	struct v2_proof *p = proof_of(sa);

	ike_msg_free(p->held);
	p->held = ike_msg_ref(m);
	p->path = *path;
}

bool
v2_is_signature(unsigned method)
{
	return method == SIG_METHOD_RSA || method == SIG_METHOD_DIGITAL ||
	    (method >= SIG_METHOD_ECDSA256 && method <= SIG_METHOD_ECDSA521);
}

/* ---- what is said before ---- */

void
v2_prove_announce(struct ike_msg *m)
{
	struct buf b = {0};
	size_t i;

	for (i = 0; i < sig_nr_hashes; i++)
		buf_u16(&b, sig_our_hashes[i]);
	ike_msg_add_notify(m, N_SIGNATURE_HASH_ALGORITHMS, b.data, b.len);
	buf_free(&b);
}

void
v2_prove_learn(struct v2_sa *sa, const struct ike_msg *m)
{
	const struct ike_payload *n;
	struct rd r;
	uint16_t hash;

	sa->setup->sig_hashes = 0;
	n = ike_msg_find_notify(m, N_SIGNATURE_HASH_ALGORITHMS);
	if (n == NULL)
		return;
	rd_init(&r, n->u.notify.data.p, n->u.notify.data.len);
	while (r.left >= 2) {
		hash = rd_u16(&r);
		if (hash >= SIG_SHA1 && hash <= SIG_IDENTITY)
			sa->setup->sig_hashes |= SIG_BIT(hash);
	}
}

static void
add_certreq(struct ike_msg *m, const struct buf *hashes)
{
	struct ike_payload *p;

	if (hashes->len == 0)
		return;
	p = ike_msg_add(m, PLD_CERTREQ);
	p->u.cert.encoding = CERT_ENC_X509;
	p->u.cert.data = ike_msg_bytes(m, hashes->data, hashes->len);
}

void
v2_prove_certreq(const struct ike_conf *c, struct ike_msg *m)
{
	struct buf hashes = {0};

	if (c->cred.remote == IKE_AUTH_CERT && c->cred.trust != NULL)
		trust_hashes(c->cred.trust, &hashes);
	add_certreq(m, &hashes);
	buf_free(&hashes);
}

/* Who the peer is comes with IKE_AUTH only: ask for all that could do. */
void
v2_prove_certreq_all(const struct ike_host *h, const struct ike_path *path,
    struct ike_msg *m)
{
	const struct ike_conf *c;
	struct buf hashes = {0};
	size_t pos = 0;

	while ((c = v2_conf_next(h, path, &pos)) != NULL) {
		if (c->cred.remote == IKE_AUTH_CERT && c->cred.trust != NULL)
			trust_hashes(c->cred.trust, &hashes);
	}
	add_certreq(m, &hashes);
	buf_free(&hashes);
}

/* ---- our own ---- */

static void
begin(struct v2_sa *sa, struct ike_job *j)
{
	struct v2_proof *p = proof_of(sa);

	p->job = ++sa->host->last_id;
	j->sa_id = sa->id;
	j->id = p->job;
	v2_emit_job(sa->host, j);
}

static enum v2_step
no_key(const struct v2_sa *sa, struct ike_reason *why)
{
	ike_reason_set(why, REASON_KEY_MISSING, true, STEP, NULL, NULL,
	    "There is no private key for the certificate of %s.",
	    sa->conf->name);
	return V2_FAIL;
}

enum v2_step
v2_prove_own(struct v2_sa *sa, struct ike_reason *why)
{
	const struct ike_cred *c = &sa->conf->cred;
	struct v2_proof *p = proof_of(sa);
	struct sp_error err = {0};
	struct ike_job *j;
	struct sig how;

	if (p->own == GOOD)
		return V2_GO;
	if (p->own == BAD) {
		*why = p->why_own;
		return V2_FAIL;
	}
	if (p->job != 0)
		return V2_WAIT;
	if (c->key == NULL)
		return no_key(sa, why);
	if (sig_choose(c->key, sa->setup->sig_hashes, c->pss, &how,
	    &err) < 0) {
		ike_reason_set(why, REASON_SIG_HASH_UNSUPPORTED, true, STEP,
		    NULL, NULL, "%s", err.text);
		return V2_FAIL;
	}
	j = ike_job_sign(c, &how, STEP);
	if (v2_auth_octets(sa, sa->initiator, &sa->local_id, &j->octets,
	    &err) < 0) {
		ike_job_free(j);
		ike_reason_set(why, REASON_CRYPTO_UNAVAILABLE, true, STEP,
		    NULL, NULL, "%s", err.text);
		return V2_FAIL;
	}
	p->method = how.method;
	begin(sa, j);
	return V2_WAIT;
}

static void
add_cert(struct ike_msg *m, uint8_t encoding, const void *data, size_t len)
{
	struct ike_payload *p = ike_msg_add(m, PLD_CERT);

	p->u.cert.encoding = encoding;
	p->u.cert.data = ike_msg_bytes(m, data, len);
}

void
v2_prove_add_certs(const struct v2_sa *sa, struct ike_msg *m)
{
	const struct ike_cred *c = &sa->conf->cred;
	struct buf spki = {0};
	const uint8_t *der;
	size_t len, i;

	if (c->local != IKE_AUTH_CERT)
		return;
	if (c->cert == NULL) {
		if (pkey_spki(c->key, &spki, NULL) == 0)
			add_cert(m, CERT_ENC_RAW_KEY, spki.data, spki.len);
		buf_free(&spki);
		return;
	}
	der = cert_der(c->cert, &len);
	add_cert(m, CERT_ENC_X509, der, len);
	for (i = 0; i < c->chain.nr && i + 1 < JOB_CERTS; i++) {
		der = cert_der(c->chain.at[i], &len);
		add_cert(m, CERT_ENC_X509, der, len);
	}
}

void
v2_prove_add_auth(const struct v2_sa *sa, struct ike_msg *m)
{
	const struct v2_proof *proof = sa->setup->proof;
	struct ike_payload *p = ike_msg_add(m, PLD_AUTH);

	p->u.auth.method = proof->method;
	p->u.auth.data = ike_msg_bytes(m, proof->signature.data,
	    proof->signature.len);
}

/* ---- the peer's ---- */

static void
add_their_certs(struct ike_job *j, const struct ike_msg *m)
{
	const struct ike_payload *p;
	size_t i;

	for (i = 0; i < m->nr; i++) {
		p = &m->payloads[i];
		if (p->type == PLD_CERT)
			(void)ike_job_add_cert(j, p->u.cert.encoding,
			    p->u.cert.data.p, p->u.cert.data.len);
	}
}

enum v2_step
v2_prove_peer(struct v2_sa *sa, const struct ike_msg *m,
    const struct ident *id, struct ike_reason *why)
{
	const struct ike_payload *auth = ike_msg_find(m, PLD_AUTH);
	struct v2_proof *p = proof_of(sa);
	struct sp_error err = {0};
	struct ike_job *j;

	if (p->peer == GOOD)
		return V2_GO;
	if (p->peer == BAD) {
		*why = p->why_peer;
		return V2_FAIL;
	}
	if (p->job != 0)
		return V2_WAIT;
	j = ike_job_verify(&sa->conf->cred, auth->u.auth.method, id, STEP);
	buf_bytes(&j->auth, auth->u.auth.data.p, auth->u.auth.data.len);
	add_their_certs(j, m);
	if (v2_auth_octets(sa, !sa->initiator, id, &j->octets, &err) < 0) {
		ike_job_free(j);
		ike_reason_set(why, REASON_CRYPTO_UNAVAILABLE, true, STEP,
		    NULL, NULL, "%s", err.text);
		return V2_FAIL;
	}
	begin(sa, j);
	return V2_WAIT;
}

bool
v2_prove_answer(struct v2_sa *sa, struct ike_msg *m)
{
	const struct ike_payload *auth = ike_msg_find(m, PLD_AUTH);
	const struct ike_payload *idr = ike_msg_find(m, PLD_IDr);
	enum v2_step step = V2_GO;
	struct ike_reason why;
	struct ident id;

	if (v2_proof_waits(sa))
		return false;
	if (sa->setup == NULL || auth == NULL || idr == NULL ||
	    sa->conf->cred.remote != IKE_AUTH_CERT ||
	    !v2_is_signature(auth->u.auth.method))
		return true;
	ident_from_wire(&id, idr->u.id.type, idr->u.id.data.p,
	    idr->u.id.data.len);
	if (ident_match(&sa->conf->remote_id, &id))
		step = v2_prove_peer(sa, m, &id, &why);
	ident_free(&id);
	if (step != V2_WAIT)
		return true;
	/* it came: nothing is to be repeated */
	sa->resend_at = TIME_NEVER;
	v2_proof_hold(sa, m, &sa->path);
	v2_touch(sa);
	return false;
}

/* ---- results ---- */

static void
keep_result(struct v2_proof *p, struct ike_job *j)
{
	p->job = 0;
	if (j->kind == JOB_SIGN) {
		p->own = j->ok ? GOOD : BAD;
		p->why_own = j->why;
		buf_reset(&p->signature);
		buf_bytes(&p->signature, j->signature.data,
		    j->signature.len);
	} else {
		p->peer = j->ok ? GOOD : BAD;
		p->why_peer = j->why;
	}
}

static void
carry_on(struct v2_sa *sa)
{
	struct v2_proof *p = sa->setup->proof;
	struct ike_path path = p->path;
	struct ike_msg *m = p->held;

	p->held = NULL;
	if (m == NULL)
		v2_task_add(sa, T_AUTH);
	else if (!sa->initiator)
		v2_resume(sa, m, &path);
	else if (sa->active != NULL && sa->active->kind == T_AUTH)
		v2_answered(sa, m);
	ike_msg_free(m);
}

void
ike_host_job_done(struct ike_host *h, int64_t now, struct ike_job *job)
{
	struct v2_sa *sa = v2_sa_by_id(h, job->sa_id);

	v2_begin(h, now);
	if (sa != NULL && v2_proof_waits(sa) &&
	    sa->setup->proof->job == job->id) {
		keep_result(sa->setup->proof, job);
		carry_on(sa);
	}
	ike_job_free(job);
	v2_settle(h);
}
