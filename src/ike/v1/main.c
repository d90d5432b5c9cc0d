/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Main Mode with pre-shared keys (RFC 2409 5.4):
 *
 *	HDR, SA, VID... -->			<-- HDR, SA, VID...
 *	HDR, KE, Ni, [NAT-D...] -->		<-- HDR, KE, Nr, [NAT-D...]
 *	HDR*, IDii, HASH_I, [N] -->		<-- HDR*, IDir, HASH_R
 *
 * The responder has to know the key before the identity: it is chosen by the
 * addresses, and where several configurations fit, each of their keys is
 * tried on message 5.  Clear messages are believed no more than they must: a
 * wrong one ends nothing here, but a clear refusal of the offer does, as
 * nothing better would come.
 */
#include "ike/v1/phase1.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/error.h"
#include "base/map.h"
#include "crypto/alg.h"
#include "crypto/kex.h"
#include "ike/v2/steps.h"

#define STEP "Main Mode"

/* ---- both roles ---- */

static void
fail(struct v2_sa *sa, enum ike_reason_code code, const char *text)
{
	struct ike_reason why;

	ike_reason_set(&why, code, true, STEP, NULL, NULL, "%s", text);
	v2_end(sa, &why);
}

/* A clear message of ours; it answers what came last. */
static void
send_clear(struct v2_sa *sa, struct v1_out *o, const struct v1_in *in)
{
	v1_out_finish(o);
	v1_phase1_sent(sa, in, o);
}

static void
add_exchange(struct v2_sa *sa, struct v1_out *o, const struct ike_path *path)
{
	const struct v2_setup *s = sa->setup;
	const struct buf *nonce = sa->initiator ? &s->ni : &s->nr;

	v1_out_add(o, P1_KE, sa->v1->own_ke.data, sa->v1->own_ke.len);
	v1_out_add(o, P1_NONCE, nonce->data, nonce->len);
	v1_nat_add(sa, o, path, sa->conf->force_encap);
}

/* The exchanges to come begin where this message ended (appendix B). */
static void
keep_iv(struct v2_sa *sa, const struct v2_packet *pkt)
{
	size_t block = sa->suite.encr->block_len;

	memcpy(sa->v1->iv, pkt->data + pkt->len - block, block);
}

/* Our proof: ID and HASH, encrypted. */
static int
send_proof(struct v2_sa *sa, const struct v1_in *in, bool contact)
{
	struct v1_out o = {0};
	int ret;

	v1_out_begin(&o, sa->spi_i, sa->spi_r, X1_MAIN, 0);
	v1_add_id(sa, &o);
	ret = v1_add_hash(sa, &o);
	if (contact)
		v1_add_contact(sa, &o);
	if (ret == 0)
		ret = v1_seal(sa, &o, sa->v1->iv, NULL);
	if (ret == 0)
		v1_phase1_sent(sa, in, &o);
	buf_wipe(&o.b);
	return ret;
}

/* ---- initiator ---- */

int
v1_main_begin(struct v2_sa *sa, struct v2_task *t, struct ike_reason *why)
{
	struct v2_setup *s = sa->setup;
	struct v1_out o = {0};

	if (sa->conf->aggressive)
		return v1_aggressive_begin(sa, t, why);
	if (sa->conf->psk.len == 0) {
		v2_why_psk_missing(sa, &sa->conf->remote_id, why);
		return SP_AUTH;
	}
	buf_reset(&s->msg_i);
	if (!v1_offer_phase1(&s->msg_i, sa->conf, NULL)) {
		ike_reason_set(why, REASON_NO_PROPOSAL_IKE, true, STEP, NULL,
		    NULL, "Phase 1 has no proposal that IKEv1 can use.");
		return SP_INVALID;
	}
	v1_out_begin(&o, sa->spi_i, 0, X1_MAIN, 0);
	v1_out_add(&o, P1_SA, s->msg_i.data, s->msg_i.len);
	v1_add_vendors(sa, &o, false);
	v1_out_finish(&o);
	sa->v1->step = V1_WAIT_2;
	v2_enter(sa, V2_INIT_SENT, "Main Mode begun");
	buf_reset(&sa->sent);
	buf_bytes(&sa->sent, o.b.data, o.b.len);
	buf_free(&o.b);
	v1_task_sent(sa, t);
	return 0;
}

static void
got_2(struct v2_sa *sa, struct v1_in *in)
{
	const struct v1_payload *p = v1_find(&in->m, P1_SA);
	struct sp_error err = {0};
	struct v1_choice choice;
	struct v1_out o = {0};

	if (p == NULL || in->m.hdr.spi_r == 0)
		return;
	if (v1_choose_phase1(&p->body, sa->conf, &choice, &err) < 0) {
		fail(sa, REASON_NO_PROPOSAL_IKE, "The peer chose a proposal "
		    "that we did not offer.");
		return;
	}
	sa->suite = choice.suite;
	sa->v1->life_ms = choice.life_ms;
	sa->spi_r = in->m.hdr.spi_r;
	v1_read_vendors(sa, &in->m);
	if (v1_make_fresh(sa, &err) < 0) {
		fail(sa, REASON_CRYPTO_UNAVAILABLE, err.text);
		return;
	}
	v1_out_begin(&o, sa->spi_i, sa->spi_r, X1_MAIN, 0);
	add_exchange(sa, &o, &sa->path);
	sa->v1->step = V1_WAIT_4;
	send_clear(sa, &o, in);
	buf_free(&o.b);
}

static void
got_4(struct v2_sa *sa, struct v1_in *in)
{
	struct sp_error err = {0};

	if (!v1_take_exchange(sa, &in->m))
		return;
	v1_nat_detect(sa, &in->m, in->pkt->path, sa->conf->force_encap);
	if (v1_shared_secret(sa, &err) < 0 ||
	    v1_make_keys(sa, &sa->conf->psk, &err) < 0) {
		fail(sa, REASON_INVALID_KE, err.text);
		return;
	}
	if (sa->encap) {
		sa->path.local.port = IKE_PORT_NAT;
		sa->path.remote.port = IKE_PORT_NAT;
	}
	v1_set_local_id(sa);
	sa->v1->step = V1_WAIT_6;
	v2_enter(sa, V2_AUTH_SENT, "our proof is sent");
	if (send_proof(sa, in, v1_is_first_contact(sa)) < 0)
		fail(sa, REASON_CRYPTO_UNAVAILABLE, "Message 5 of Main Mode "
		    "cannot be encrypted.");
}

/* Nothing that our key opens: the peer's key seems to be another one. */
void
v1_main_unreadable(struct v2_sa *sa)
{
	struct ike_reason why;

	sa->host->stats.auth_failures++;
	if (sa->v1->step != V1_WAIT_6 || ++sa->v1->garbage < V1_GARBAGE)
		return;
	v1_why_silent(sa, &why);
	v2_end(sa, &why);
}

static void
got_6(struct v2_sa *sa, struct v1_in *in)
{
	uint8_t iv[CBC_BLOCK_MAX];
	struct sp_error err = {0};
	struct ike_reason why;
	struct ident id = {0};

	memcpy(iv, sa->v1->iv, sizeof(iv));
	if (v1_open(sa, in, iv, &err) < 0) {
		v1_main_unreadable(sa);
		return;
	}
	if (!v1_read_id(&in->m, &id)) {
		v1_main_unreadable(sa);
	} else if (!ident_match(&sa->conf->remote_id, &id)) {
		v2_why_id(&sa->conf->remote_id, &id, &why);
		snprintf(why.step, sizeof(why.step), "%s", STEP);
		keep_iv(sa, in->pkt);
		v1_send_notify(sa, PROTO_IKE, N1_INVALID_ID_INFORMATION, NULL,
		    0, NULL, 0);
		v2_end(sa, &why);
	} else if (!v1_proof_good(sa, &in->m)) {
		v1_why_hash(sa, &id, &why);
		keep_iv(sa, in->pkt);
		v1_send_notify(sa, PROTO_IKE, N1_INVALID_HASH_INFORMATION,
		    NULL, 0, NULL, 0);
		v2_end(sa, &why);
	} else {
		memcpy(sa->v1->iv, iv, sizeof(iv));
		v1_task_done(sa);
		v1_establish(sa, &id, false);
	}
	ident_free(&id);
}

/* ---- responder ---- */

static struct ike_conf *
choose(struct ike_host *h, const struct v2_packet *pkt,
    const struct bytes *offer, struct v1_choice *out)
{
	struct ike_conf *c, *nearest = NULL;
	struct buf ours = {0}, theirs = {0};
	struct ike_reason why;
	size_t pos = 0, i;
	char peer[ADDR_TEXT];

	while ((c = v1_conf_next(h, pkt->path, &pos)) != NULL) {
		if (!c->aggressive &&
		    v1_choose_phase1(offer, c, out, NULL) == 0)
			return c;
		if (nearest == NULL)
			nearest = c;
	}
	addr_print(&pkt->path->remote.addr, peer);
	v1_print_offer(&theirs, offer, true);
	for (i = 0; nearest != NULL && i < nearest->nr_suites; i++) {
		buf_puts(&ours, i == 0 ? "" : ", ");
		suite_print(&ours, &nearest->suites[i]);
	}
	buf_puts(&ours, "");
	buf_puts(&theirs, "");
	pos = 0;
	if (nearest == NULL && v2_conf_next(h, pkt->path, &pos) != NULL) {
		ike_reason_set(&why, REASON_VERSION_MISMATCH, true, STEP,
		    "IKEv2", "IKEv1", "The peer %s speaks IKEv1, but the "
		    "tunnel is set to IKEv2.", peer);
	} else if (nearest != NULL && nearest->aggressive) {
		ike_reason_set(&why, REASON_MODE_MISMATCH, true, STEP,
		    "Aggressive Mode", STEP, "The peer %s begins with Main "
		    "Mode, but negotiation-mode is aggressive.", peer);
	} else {
		ike_reason_set(&why, REASON_NO_PROPOSAL_IKE, true, STEP,
		    (char *)ours.data, (char *)theirs.data, nearest == NULL ?
		    "No tunnel is configured with the peer %s." :
		    "The peer %s offered no proposal for IKEv1 that is one "
		    "of ours.", peer);
	}
	if (why.code == REASON_NO_PROPOSAL_IKE)
		v1_clear_notify(h, pkt, 0, N1_NO_PROPOSAL_CHOSEN);
	else if (why.code == REASON_MODE_MISMATCH)
		v1_clear_notify(h, pkt, 0, N1_INVALID_EXCHANGE_TYPE);
	v2_emit_refused(h, NULL, pkt->path, &why);
	buf_free(&ours);
	buf_free(&theirs);
	return NULL;
}

static void
answer_1(struct v2_sa *sa, struct v1_in *in, const struct v1_choice *choice)
{
	struct v1_out o = {0};
	struct buf body = {0};

	v1_answer(&body, choice, 0, 0);
	v1_out_begin(&o, sa->spi_i, sa->spi_r, X1_MAIN, 0);
	v1_out_add(&o, P1_SA, body.data, body.len);
	v1_add_vendors(sa, &o, true);
	send_clear(sa, &o, in);
	buf_free(&body);
	buf_free(&o.b);
}

void
v1_main_request(struct ike_host *h, const struct v2_packet *pkt)
{
	struct v1_in in = { .pkt = pkt };
	const struct v1_payload *p;
	struct v1_choice choice;
	struct ike_conf *c;
	struct v2_sa *sa;

	if (!v1_admits(h, pkt))
		return;
	if (v1_chain_read(&in.m, pkt->hdr.next_payload,
	    pkt->data + IKE_HEADER_LEN, pkt->len - IKE_HEADER_LEN,
	    NULL) < 0 || (p = v1_find(&in.m, P1_SA)) == NULL) {
		h->stats.malformed++;
		return;
	}
	c = choose(h, pkt, &p->body, &choice);
	if (c == NULL)
		return;
	in.m.hdr = pkt->hdr;
	sa = v1_respond(h, pkt, c);
	sa->suite = choice.suite;
	sa->v1->life_ms = choice.life_ms;
	buf_bytes(&sa->setup->msg_i, p->body.p, p->body.len);
	v1_read_vendors(sa, &in.m);
	sa->v1->step = V1_WAIT_3;
	v2_enter(sa, V2_AUTH_WAIT, "message 1 of Main Mode is answered");
	answer_1(sa, &in, &choice);
}

static void
got_3(struct v2_sa *sa, struct v1_in *in)
{
	struct sp_error err = {0};
	struct v1_out o = {0};

	if (!v1_take_exchange(sa, &in->m))
		return;
	v1_nat_detect(sa, &in->m, in->pkt->path, sa->conf->force_encap);
	if (v1_make_fresh(sa, &err) < 0) {
		fail(sa, REASON_CRYPTO_UNAVAILABLE, err.text);
		return;
	}
	v1_out_begin(&o, sa->spi_i, sa->spi_r, X1_MAIN, 0);
	add_exchange(sa, &o, in->pkt->path);
	sa->v1->step = V1_WAIT_5;
	send_clear(sa, &o, in);
	buf_free(&o.b);
}

/*
 * Does this configuration's key open message 5, and is the peer it shows the
 * one that is expected?  On success the keys and the IV are in place.
 */
static bool
try_key(struct v2_sa *sa, struct v1_in *in, const struct ike_conf *c,
    struct ident *id, const struct ike_conf **readable)
{
	uint8_t iv[CBC_BLOCK_MAX];

	if (v1_make_keys(sa, &c->psk, NULL) < 0)
		return false;
	memcpy(iv, sa->v1->iv, sizeof(iv));
	if (v1_open(sa, in, iv, NULL) < 0 || !v1_read_id(&in->m, id) ||
	    !v1_proof_good(sa, &in->m))
		return false;
	*readable = c;
	if (!ident_match(&c->remote_id, id))
		return false;
	memcpy(sa->v1->iv, iv, sizeof(iv));
	return true;
}

static struct ike_conf *
find_conf(struct v2_sa *sa, struct v1_in *in, struct ident *id,
    const struct ike_conf **readable)
{
	struct ike_conf *c;
	size_t pos = 0, i;

	if (try_key(sa, in, sa->conf, id, readable))
		return sa->conf;
	while ((c = v1_conf_next(sa->host, &sa->path, &pos)) != NULL) {
		for (i = 0; i < c->nr_suites && c != sa->conf; i++) {
			if (suite_eq(&c->suites[i], &sa->suite) &&
			    try_key(sa, in, c, id, readable))
				return c;
		}
	}
	return NULL;
}

/* Message 5 is no proof.  It may be forged, so the SA stays until its time
 * is over; the reason is told at once. */
static void
refuse_5(struct v2_sa *sa, const struct v1_in *in, const struct ident *id,
    const struct ike_conf *readable)
{
	struct ike_reason why;

	sa->host->stats.auth_failures++;
	if (readable != NULL && v1_make_keys(sa, &readable->psk, NULL) == 0) {
		v2_why_id(&readable->remote_id, id, &why);
		keep_iv(sa, in->pkt);
		snprintf(why.step, sizeof(why.step), "%s", STEP);
		v1_send_notify(sa, PROTO_IKE, N1_INVALID_ID_INFORMATION, NULL,
		    0, NULL, 0);
		v2_end(sa, &why);
		return;
	}
	if (!sa->v1->told) {
		v1_why_undecryptable(sa, &why);
		v2_emit_refused(sa->host, sa, &sa->path, &why);
	}
	sa->v1->told = true;
}

static void
got_5(struct v2_sa *sa, struct v1_in *in)
{
	const struct ike_conf *readable = NULL;
	bool contact;
	struct sp_error err = {0};
	struct ident id = {0};
	struct ike_conf *c;
	struct ike_reason why;

	if (sa->v1->g_xy.len == 0 && v1_shared_secret(sa, &err) < 0) {
		fail(sa, REASON_INVALID_KE, err.text);
		return;
	}
	c = find_conf(sa, in, &id, &readable);
	if (c == NULL) {
		refuse_5(sa, in, &id, readable);
		ident_free(&id);
		return;
	}
	if (c != sa->conf) {
		ike_conf_unref(sa->conf);
		sa->conf = ike_conf_ref(c);
	}
	sa->path = *in->pkt->path;
	v1_set_local_id(sa);
	contact = v1_has_notify(&in->m, N1_INITIAL_CONTACT);
	if (!v2_unique_admits(sa, &id, &why))
		v2_end(sa, &why);
	else if (send_proof(sa, in, false) == 0)
		v1_establish(sa, &id, contact);
	ident_free(&id);
}

void
v1_main_input(struct v2_sa *sa, struct v1_in *in)
{
	static void (*const steps[])(struct v2_sa *, struct v1_in *) = {
		[V1_WAIT_2] = got_2, [V1_WAIT_4] = got_4, [V1_WAIT_6] = got_6,
		[V1_WAIT_3] = got_3, [V1_WAIT_5] = got_5, [V1_WAIT_A2] = NULL, [V1_WAIT_A3] = NULL, [V1_DONE] = NULL,
	};
	bool sealed = (in->pkt->hdr.flags & V1_FLAG_ENCRYPTED) != 0;
	enum v1_step step = sa->v1->step;
	bool last = step == V1_WAIT_5 || step == V1_WAIT_6;

	if (steps[step] == NULL || sealed != last)
		return;
	if (!sealed && v1_chain_read(&in->m, in->pkt->hdr.next_payload,
	    in->pkt->data + IKE_HEADER_LEN, in->pkt->len - IKE_HEADER_LEN,
	    NULL) < 0) {
		sa->host->stats.malformed++;
		return;
	}
	in->m.hdr = in->pkt->hdr;
	steps[step](sa, in);
}

void
v1_main_refused(struct v2_sa *sa, unsigned notify)
{
	struct buf ours = {0};
	struct ike_reason why;
	char peer[ADDR_TEXT];
	size_t i;

	addr_print(&sa->path.remote.addr, peer);
	for (i = 0; i < sa->conf->nr_suites; i++) {
		buf_puts(&ours, i == 0 ? "" : ", ");
		suite_print(&ours, &sa->conf->suites[i]);
	}
	buf_puts(&ours, "");
	if (sa->v1->step == V1_WAIT_6) {
		v1_why_silent(sa, &why);
	} else if (notify == N1_INVALID_MAJOR_VERSION) {
		ike_reason_set(&why, REASON_VERSION_MISMATCH, false, v1_mode(sa),
		    "IKEv1", NULL, "The peer %s does not speak IKEv1.", peer);
	} else if (notify == N1_INVALID_EXCHANGE_TYPE) {
		ike_reason_set(&why, REASON_MODE_MISMATCH, false, v1_mode(sa),
		    v1_mode(sa), NULL, "The peer %s refuses %s.", peer,
		    v1_mode(sa));
	} else if (notify == N1_NO_PROPOSAL_CHOSEN) {
		ike_reason_set(&why, REASON_NO_PROPOSAL_IKE, false, v1_mode(sa),
		    (char *)ours.data, NULL, "The peer %s refused our "
		    "proposals for phase 1 (NO-PROPOSAL-CHOSEN): algorithms, "
		    "mode or authentication differ, or it does not know us.",
		    peer);
	} else {
		ike_reason_set(&why, REASON_PEER_ERROR, false, v1_mode(sa), NULL,
		    NULL, "The peer %s refused phase 1 with notify %u.", peer,
		    notify);
	}
	buf_free(&ours);
	v2_end(sa, &why);
}

/* It could be read, so the key is the same: the identity is the matter. */
void
v1_main_told(struct v2_sa *sa, const struct v1_in *in)
{
	struct ike_reason why;
	struct buf id = {0};
	char peer[ADDR_TEXT];

	if (sa->v1->step != V1_WAIT_6 || v1_find(&in->m, P1_NOTIFY) == NULL)
		return;
	ident_print(&id, &sa->local_id, true);
	ike_reason_set(&why, REASON_AUTH_FAILED_ID, true, v1_mode(sa),
	    (char *)id.data, NULL, "The peer %s knows the pre-shared key but "
	    "refuses our identity.",
	    addr_print(&sa->path.remote.addr, peer));
	buf_free(&id);
	v2_end(sa, &why);
}
