/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IKE_AUTH, both roles (RFC 7296 1.2, 2.15, 2.21.2):
 *
 *	HDR, SK {IDi, [CERT+,] [CERTREQ,] [N(INITIAL_CONTACT),] [IDr,] AUTH,
 *	    SAi2, TSi, TSr} -->
 *			<-- HDR, SK {IDr, [CERT+,] AUTH, SAr2, TSi, TSr}
 *			or	<-- HDR, SK {IDr, AUTH, N(child refused)}
 *			or	<-- HDR, SK {N(AUTHENTICATION_FAILED)}
 *
 * Each side proves itself in its own way: by the pre-shared key here, by a
 * signature in prove.c, which takes time: what waits for it is run anew.
 *
 * The wire never says why authentication failed; our own record does.  An SA
 * becomes established by establish() alone, which wants a struct auth_ok that
 * only check_auth() makes (hardening.md R-10).
 */
#include "ike/v2/prove.h"
#include "ike/v2/steps.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "crypto/prf.h"

#define STEP "IKE_AUTH"
#define AUTH_SHARED_KEY 2	/* RFC 7296 3.8 */
#define AUTH_NULL 13		/* RFC 7619 */

/* Proof that the peer of the SA authenticated itself. */
struct auth_ok {
	const struct v2_sa *of;
};

bool
v2_auth_keys(struct v2_sa *sa)
{
	struct v2_setup *s = sa->setup;
	struct sp_error err = {0};
	struct ike_reason why;

	if (s->derived)
		return true;
	if (v2_derive(sa, s->peer_ke.data, s->peer_ke.len, &err) == 0) {
		buf_free(&s->peer_ke);
		return true;
	}
	ike_reason_set(&why, REASON_INVALID_KE, true, "IKE_SA_INIT", NULL,
	    NULL, "%s", err.text);
	v2_end(sa, &why);
	return false;
}

int
v2_auth_octets(const struct v2_sa *sa, bool of_initiator,
    const struct ident *id, struct buf *out, struct sp_error *err)
{
	const struct v2_setup *s = sa->setup;
	const struct buf *msg = of_initiator ? &s->msg_i : &s->msg_r;
	const struct buf *nonce = of_initiator ? &s->nr : &s->ni;
	const struct secret *sk = of_initiator ? &sa->keys.pi : &sa->keys.pr;
	struct buf body = {0};
	struct chunk in;
	int ret;

	in.len = ike_id_body(id->type, id->data, id->len,
	    buf_space(&body, IKE_ID_BODY_LEN(id->len)));
	in.p = body.data;
	buf_bytes(out, msg->data, msg->len);
	buf_bytes(out, nonce->data, nonce->len);
	ret = prf_compute(sa->suite.prf, sk->data, sk->len, &in, 1,
	    buf_space(out, sa->suite.prf->out_len), err);
	buf_free(&body);
	return ret;
}

/*
 * AUTH data of one side by a shared key: the PSK of the SA's configuration,
 * or for NULL the key that anybody here has (RFC 7619 2.1).
 */
static int
compute_auth(const struct v2_sa *sa, bool of_initiator, enum ike_auth kind,
    const struct ident *id, uint8_t out[PRF_MAX], struct sp_error *err)
{
	const struct secret *sk = of_initiator ? &sa->keys.pi : &sa->keys.pr;
	struct buf octets = {0};
	struct chunk in;
	int ret;

	ret = v2_auth_octets(sa, of_initiator, id, &octets, err);
	in = (struct chunk){ octets.data, octets.len };
	if (ret == 0) {
		ret = ike_auth_psk_octets(sa->suite.prf,
		    kind == IKE_AUTH_NULL ? sk : &sa->conf->psk, &in, 1, out,
		    err);
	}
	buf_free(&octets);
	return ret;
}

static void
add_id(struct ike_msg *m, uint8_t payload, const struct ident *id)
{
	struct ike_payload *p = ike_msg_add(m, payload);

	p->u.id.type = id->type;
	p->u.id.data = ike_msg_bytes(m, id->data, id->len);
}

static int
add_auth(struct v2_sa *sa, struct ike_msg *m, struct ike_reason *why)
{
	enum ike_auth kind = sa->conf->cred.local;
	struct ike_payload *p;
	struct sp_error err = {0};
	uint8_t auth[PRF_MAX];
	int ret;

	if (kind == IKE_AUTH_CERT) {
		v2_prove_add_auth(sa, m);
		return 0;
	}
	ret = compute_auth(sa, sa->initiator, kind, &sa->local_id, auth,
	    &err);
	if (ret < 0) {
		ike_reason_set(why, REASON_CRYPTO_UNAVAILABLE, true, STEP,
		    NULL, NULL, "%s", err.text);
		return ret;
	}
	p = ike_msg_add(m, PLD_AUTH);
	p->u.auth.method = kind == IKE_AUTH_NULL ? AUTH_NULL :
	    AUTH_SHARED_KEY;
	p->u.auth.data = ike_msg_bytes(m, auth, sa->suite.prf->out_len);
	OPENSSL_cleanse(auth, sizeof(auth));
	return 0;
}

/* May we say who we are: is there a key, is the signature made? */
static enum v2_step
ready_to_prove(struct v2_sa *sa, const struct ident *peer,
    struct ike_reason *why)
{
	switch (sa->conf->cred.local) {
	case IKE_AUTH_PSK:
		if (sa->conf->psk.len > 0)
			return V2_GO;
		v2_why_psk_missing(sa, peer, why);
		return V2_FAIL;
	case IKE_AUTH_CERT:
		return v2_prove_own(sa, why);
	case IKE_AUTH_NULL:
		break;
	}
	return V2_GO;
}

/* The identity that we show: as configured, or the address in use. */
static void
set_local_id(struct v2_sa *sa)
{
	ident_free(&sa->local_id);
	if (sa->conf->local_id.type != ID_ANY)
		ident_copy(&sa->local_id, &sa->conf->local_id);
	else
		ident_from_addr(&sa->local_id, &sa->path.local.addr);
}

/* Is it what the configuration wants of the peer? */
static bool
is_expected(enum ike_auth want, unsigned method)
{
	switch (want) {
	case IKE_AUTH_PSK:
		return method == AUTH_SHARED_KEY;
	case IKE_AUTH_CERT:
		return v2_is_signature(method);
	case IKE_AUTH_NULL:
		break;
	}
	return method == AUTH_NULL;
}

/* By a shared key; id is the peer's. */
static enum v2_step
check_shared(struct v2_sa *sa, const struct ike_payload *p,
    const struct ident *id, struct ike_reason *why)
{
	enum ike_auth kind = sa->conf->cred.remote;
	struct sp_error err = {0};
	uint8_t want[PRF_MAX];
	size_t len = sa->suite.prf->out_len;
	bool good;

	if (kind == IKE_AUTH_PSK && sa->conf->psk.len == 0) {
		v2_why_psk_missing(sa, id, why);
		return V2_FAIL;
	}
	if (compute_auth(sa, !sa->initiator, kind, id, want, &err) < 0) {
		ike_reason_set(why, REASON_CRYPTO_UNAVAILABLE, true, STEP,
		    NULL, NULL, "%s", err.text);
		return V2_FAIL;
	}
	good = p->u.auth.data.len == len &&
	    CRYPTO_memcmp(p->u.auth.data.p, want, len) == 0;
	OPENSSL_cleanse(want, sizeof(want));
	if (good)
		return V2_GO;
	v2_why_psk(id, why);
	return V2_FAIL;
}

/*
 * The check of an AUTH payload; id is the peer's.  On V2_GO ok proves it, on
 * V2_FAIL why tells; V2_WAIT: a job has to judge first.
 */
static enum v2_step
check_auth(struct v2_sa *sa, const struct ike_msg *m, const struct ident *id,
    struct auth_ok *ok, struct ike_reason *why)
{
	const struct ike_payload *p = ike_msg_find(m, PLD_AUTH);
	unsigned method = p == NULL ? 0 : p->u.auth.method;
	enum v2_step step;

	if (p == NULL || !is_expected(sa->conf->cred.remote, method)) {
		v2_why_method(method, sa->conf->cred.remote, why);
		return V2_FAIL;
	}
	if (sa->conf->cred.remote == IKE_AUTH_CERT)
		step = v2_prove_peer(sa, m, id, why);
	else
		step = check_shared(sa, p, id, why);
	if (step == V2_GO)
		ok->of = sa;
	return step;
}

/* The one way to an established SA that was not made by a rekey. */
static void
establish(struct v2_sa *sa, const struct auth_ok *ok,
    const struct ident *peer)
{
	if (ok->of != sa)
		return;
	ident_free(&sa->remote_id);
	ident_copy(&sa->remote_id, peer);
	v2_establish(sa, "the peer is authenticated");
	v2_twins_add(sa);
	sa->announced = true;
	v2_emit_sa(sa, IKE_EV_SA_UP, 0, NULL);
}

/* ---- initiator ---- */

/* May IDr name the one identity that we expect?  A pattern cannot. */
static bool
is_exact(const struct ident *id)
{
	bool text = id->type == ID_DER_ASN1_DN || id->type == ID_FQDN ||
	    id->type == ID_RFC822_ADDR;

	return id->type != ID_ANY &&
	    (!text || memchr(id->data, '*', id->len) == NULL);
}

/* RFC 7296 2.4: nobody else is known by this pair of identities. */
static bool
is_first_contact(const struct v2_sa *sa)
{
	const struct ike_conf *c = sa->conf;

	return c->unique != UNIQUE_NEVER && is_exact(&c->remote_id) &&
	    v2_find_twin(sa, &c->remote_id) == NULL;
}

static int
offer_child(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m)
{
	struct ike_reason why;

	if (sa->setup->child == NULL)
		return 0;
	if (v2_child_offer(sa, t, sa->setup->child, NULL, m, &why) == 0)
		return 0;
	v2_emit_child_failed(sa, 0, sa->setup->child->name, &why);
	ike_child_conf_unref(sa->setup->child);
	sa->setup->child = NULL;
	return 0;
}

/* RFC 8784 3: what a peer without the key checks, before the keys change. */
static int
begin_ppk(struct v2_sa *sa, struct ike_msg *m, struct ike_reason *why)
{
	const struct ike_payload *p;
	int ret;

	if (v2_ppk_wants_plain(sa) &&
	    sa->conf->cred.local == IKE_AUTH_PSK && sa->conf->psk.len > 0) {
		ret = add_auth(sa, m, why);
		if (ret < 0)
			return ret;
		p = &m->payloads[--m->nr];
		buf_bytes(&sa->setup->no_ppk_auth, p->u.auth.data.p,
		    p->u.auth.data.len);
	}
	return v2_ppk_begin(sa, why);
}

int
v2_auth_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why)
{
	int ret;

	set_local_id(sa);
	ret = begin_ppk(sa, m, why);
	if (ret < 0)
		return ret;
	switch (ready_to_prove(sa, &sa->conf->remote_id, why)) {
	case V2_GO:
		break;
	case V2_WAIT:
		return 1;	/* the result brings a new task */
	case V2_FAIL:
		return SP_AUTH;
	}
	add_id(m, PLD_IDi, &sa->local_id);
	v2_prove_add_certs(sa, m);
	v2_prove_certreq(sa->conf, m);
	if (is_first_contact(sa))
		ike_msg_add_notify(m, N_INITIAL_CONTACT, NULL, 0);
	if (is_exact(&sa->conf->remote_id))
		add_id(m, PLD_IDr, &sa->conf->remote_id);
	ret = add_auth(sa, m, why);
	if (ret < 0)
		return ret;
	v2_ppk_name(sa, m);
	v2_mobike_offer(sa, m);
	v2_cp_ask(sa, m);
	ret = offer_child(sa, t, m);
	if (ret == 0)
		v2_enter(sa, V2_AUTH_SENT, "IKE_AUTH sent");
	return ret;
}

/* We do not accept the peer: it has to know, as it believes itself up. */
static void
reject_peer(struct v2_sa *sa, const struct ike_reason *why)
{
	struct v2_task *t;

	v2_emit_sa(sa, IKE_EV_SA_FAILED, 0, why);
	v2_enter(sa, V2_DELETING, why->text);
	t = v2_task_add(sa, T_DELETE_SA);
	t->auth_failed = true;
	t->why = why->code;
}

static void
first_child(struct v2_sa *sa, struct v2_task *t, const struct ike_msg *m)
{
	struct ike_child_conf *conf = sa->setup->child;
	const struct ike_payload *n = ike_msg_find_error(m);
	struct v2_child *c = NULL;
	struct ike_reason why;

	if (conf == NULL)
		return;
	if (n != NULL) {
		v2_why_child(sa, STEP, n->u.notify.type, conf, &why);
	} else if (ike_msg_find(m, PLD_SA) == NULL) {
		ike_reason_set(&why, REASON_PEER_REFUSED, true, STEP, NULL,
		    NULL, "The peer's answer to IKE_AUTH says nothing about "
		    "the child \"%s\".", conf->name);
	} else {
		if (sa->cp != NULL)
			v2_child_narrow(sa, t, conf);
		c = v2_child_accept(sa, t, conf, NULL, m, &why);
	}
	if (c != NULL)
		v2_child_up(c);
	else
		v2_emit_child_failed(sa, 0, conf->name, &why);
}

/* Is the whole exchange refused, rather than the child alone? */
static bool
is_refusal(struct v2_sa *sa, const struct ike_msg *m)
{
	const struct ike_payload *n = ike_msg_find_error(m);
	struct ike_reason why;

	if (ike_msg_find(m, PLD_AUTH) != NULL &&
	    ike_msg_find(m, PLD_IDr) != NULL)
		return false;
	if (n != NULL) {
		v2_why_notify(sa, STEP, n->u.notify.type, &why);
		v2_end(sa, &why);
		return true;
	}
	v2_why_method(0, sa->conf->cred.remote, &why);
	reject_peer(sa, &why);
	return true;
}

enum v2_next
v2_auth_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m)
{
	struct auth_ok ok = {0};
	const struct ike_payload *p;
	struct ike_reason why;
	struct ident id;

	if (is_refusal(sa, m))
		return V2_DONE;
	p = ike_msg_find(m, PLD_IDr);
	ident_from_wire(&id, p->u.id.type, p->u.id.data.p, p->u.id.data.len);
	if (!ident_match(&sa->conf->remote_id, &id)) {
		v2_why_id(&sa->conf->remote_id, &id, &why);
		reject_peer(sa, &why);
	} else if (v2_ppk_is_missed(sa, m, &why) ||
	    check_auth(sa, m, &id, &ok, &why) != V2_GO) {
		reject_peer(sa, &why);
	} else {
		establish(sa, &ok, &id);
		v2_mobike_agree(sa, m);
		v2_cp_answered(sa, m);
		first_child(sa, t, m);
		v2_setup_free(sa);
		v2_unique(sa, false);
	}
	ident_free(&id);
	return V2_DONE;
}

/* ---- responder ---- */

/* How well a configuration fits the identities of a request; 0: not. */
static unsigned
fit(const struct v2_sa *sa, const struct ike_conf *c, const struct ident *idi,
    const struct ident *idr, const struct ike_msg *m)
{
	const struct ike_payload *auth = ike_msg_find(m, PLD_AUTH);
	unsigned points = 1;
	size_t i;

	if (!ident_match(&c->remote_id, idi))
		return 0;
	if (c->remote_id.type != ID_ANY)
		points += 4;
	if (idr != NULL && c->local_id.type != ID_ANY) {
		if (!ident_match(&c->local_id, idr))
			return 0;
		points += 2;
	}
	if (auth != NULL && is_expected(c->cred.remote, auth->u.auth.method))
		points += 8;
	/* the suite agreed upon must be one of its own */
	for (i = 0; i < c->nr_suites; i++) {
		if (suite_eq(&c->suites[i], &sa->suite))
			return points;
	}
	return 0;
}

static struct ike_conf *
find_conf(const struct v2_sa *sa, const struct ident *idi,
    const struct ident *idr, const struct ike_msg *m)
{
	struct ike_conf *c, *best = NULL;
	unsigned points, most = 0;
	size_t pos = 0;

	while ((c = v2_conf_next(sa->host, &sa->path, &pos)) != NULL) {
		points = fit(sa, c, idi, idr, m);
		if (points > most) {
			most = points;
			best = c;
		}
	}
	return best;
}

/* Say which identity failed against the nearest configuration. */
static void
why_no_conf(const struct v2_sa *sa, const struct ident *idi,
    const struct ident *idr, struct ike_reason *why)
{
	const struct ike_conf *c;
	size_t pos = 0;

	c = v2_conf_next(sa->host, &sa->path, &pos);
	if (c == NULL)
		v2_why_id(NULL, idi, why);
	else if (!ident_match(&c->remote_id, idi) || idr == NULL)
		v2_why_id(&c->remote_id, idi, why);
	else
		v2_why_own_id(&c->local_id, idr, why);
}

static void
refuse_peer(struct v2_sa *sa, struct ike_msg *answer,
    const struct ike_reason *why)
{
	ike_msg_add_notify(answer, N_AUTHENTICATION_FAILED, NULL, 0);
	v2_end(sa, why);
}

static void
accept_peer(struct v2_sa *sa, const struct auth_ok *ok,
    const struct ident *idi, const struct ike_msg *m, struct ike_msg *answer)
{
	bool contact = ike_msg_find_notify(m, N_INITIAL_CONTACT) != NULL;
	struct ike_reason why;
	struct v2_child *c;

	add_id(answer, PLD_IDr, &sa->local_id);
	v2_prove_add_certs(sa, answer);
	if (add_auth(sa, answer, &why) < 0) {
		refuse_peer(sa, answer, &why);
		return;
	}
	v2_ppk_confirm(sa, answer);
	establish(sa, ok, idi);
	v2_mobike_agree(sa, m);
	if (sa->mobike != NULL)
		v2_mobike_offer(sa, answer);
	if (ike_msg_find(m, PLD_SA) != NULL &&
	    v2_cp_request(sa, m, answer)) {
		c = v2_child_respond(sa, m, answer, NULL, NULL);
		if (c != NULL)
			v2_child_up(c);
	}
	v2_init_remember(sa);
	v2_setup_free(sa);
	v2_unique(sa, contact);
}

/* Choose once: a job may have interrupted us after the choice. */
static bool
choose_conf(struct v2_sa *sa, const struct ident *idi,
    const struct ident *idr, const struct ike_msg *m)
{
	struct ike_conf *c;

	if (sa->conf == NULL) {
		c = find_conf(sa, idi, idr, m);
		if (c == NULL)
			return false;
		sa->conf = ike_conf_ref(c);
		set_local_id(sa);
	}
	return true;
}

static void
judge_peer(struct v2_sa *sa, const struct ident *idi, const struct ident *idr,
    const struct ike_msg *m, struct ike_msg *answer)
{
	struct auth_ok ok = {0};
	struct ike_reason why;
	enum v2_step step;

	if (!choose_conf(sa, idi, idr, m)) {
		why_no_conf(sa, idi, idr, &why);
		refuse_peer(sa, answer, &why);
		return;
	}
	step = v2_ppk_request(sa, m, &why) < 0 ? V2_FAIL :
	    check_auth(sa, m, idi, &ok, &why);
	if (step == V2_GO && !v2_unique_admits(sa, idi, &why))
		step = V2_FAIL;
	if (step == V2_GO)
		step = ready_to_prove(sa, idi, &why);
	switch (step) {
	case V2_GO:
		accept_peer(sa, &ok, idi, m, answer);
		break;
	case V2_WAIT:
		break;
	case V2_FAIL:
		refuse_peer(sa, answer, &why);
		break;
	}
}

void
v2_auth_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer)
{
	const struct ike_payload *pi = ike_msg_find(m, PLD_IDi);
	const struct ike_payload *pr = ike_msg_find(m, PLD_IDr);
	struct ident idi = {0}, idr = {0};
	struct ike_reason why;

	if (pi == NULL) {
		ike_reason_set(&why, REASON_INVALID_SYNTAX, true, STEP, NULL,
		    NULL, "The peer's IKE_AUTH has no identity.");
		ike_msg_add_notify(answer, N_INVALID_SYNTAX, NULL, 0);
		v2_end(sa, &why);
		return;
	}
	ident_from_wire(&idi, pi->u.id.type, pi->u.id.data.p,
	    pi->u.id.data.len);
	if (pr != NULL) {
		ident_from_wire(&idr, pr->u.id.type, pr->u.id.data.p,
		    pr->u.id.data.len);
	}
	judge_peer(sa, &idi, pr == NULL ? NULL : &idr, m, answer);
	ident_free(&idi);
	ident_free(&idr);
}
