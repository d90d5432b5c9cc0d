/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Aggressive Mode with pre-shared keys (RFC 2409 5.4):
 *
 *	HDR, SA, KE, Ni, IDii, VID... -->
 *			<-- HDR, SA, KE, Nr, IDir, HASH_R, [NAT-D...], VID...
 *	HDR*, HASH_I, [NAT-D...], [N] -->
 *
 * Whoever sees the second message can guess at the key off line, so it is
 * answered only where the configuration says so; the key is that of the
 * identity.  The third message may come in clear (RFC 2409 5).
 */
#include "ike/v1/phase1.h"

#include <string.h>

#include "base/error.h"
#include "crypto/alg.h"
#include "ike/v2/steps.h"

#define STEP "Aggressive Mode"

static void
fail(struct v2_sa *sa, enum ike_reason_code code, const char *text)
{
	struct ike_reason why;

	ike_reason_set(&why, code, true, STEP, NULL, NULL, "%s", text);
	v2_end(sa, &why);
}

static void
add_exchange(struct v2_sa *sa, struct v1_out *o)
{
	const struct v2_setup *s = sa->setup;
	const struct buf *nonce = sa->initiator ? &s->ni : &s->nr;

	v1_out_add(o, P1_KE, sa->v1->own_ke.data, sa->v1->own_ke.len);
	v1_out_add(o, P1_NONCE, nonce->data, nonce->len);
	v1_add_id(sa, o);
}

/* ---- initiator ---- */

/* One group goes on the wire: that of our first row that IKEv1 can use. */
static const struct alg *
group_of(const struct ike_conf *c)
{
	size_t i;

	for (i = 0; i < c->nr_suites; i++) {
		if (v1_suite_fits(&c->suites[i]))
			return c->suites[i].ke;
	}
	return NULL;
}

int
v1_aggressive_begin(struct v2_sa *sa, struct v2_task *t,
    struct ike_reason *why)
{
	struct v2_setup *s = sa->setup;
	struct sp_error err = {0};
	struct v1_out o = {0};

	if (sa->conf->psk.len == 0) {
		v2_why_psk_missing(sa, &sa->conf->remote_id, why);
		return SP_AUTH;
	}
	sa->suite.ke = group_of(sa->conf);
	buf_reset(&s->msg_i);
	if (sa->suite.ke == NULL ||
	    !v1_offer_phase1(&s->msg_i, sa->conf, sa->suite.ke)) {
		ike_reason_set(why, REASON_NO_PROPOSAL_IKE, true, STEP, NULL,
		    NULL, "Phase 1 has no proposal that IKEv1 can use.");
		return SP_INVALID;
	}
	if (v1_make_fresh(sa, &err) < 0) {
		ike_reason_set(why, REASON_CRYPTO_UNAVAILABLE, true, STEP,
		    NULL, NULL, "%s", err.text);
		return SP_SYSTEM;
	}
	v1_set_local_id(sa);
	v1_out_begin(&o, sa->spi_i, 0, X1_AGGRESSIVE, 0);
	v1_out_add(&o, P1_SA, s->msg_i.data, s->msg_i.len);
	add_exchange(sa, &o);
	v1_add_vendors(sa, &o, false);
	v1_out_finish(&o);
	sa->v1->step = V1_WAIT_A2;
	v2_enter(sa, V2_INIT_SENT, "Aggressive Mode begun");
	buf_reset(&sa->sent);
	buf_bytes(&sa->sent, o.b.data, o.b.len);
	buf_free(&o.b);
	v1_task_sent(sa, t);
	return 0;
}

/* The third message; kept to answer a repeated second one. */
static int
send_3(struct v2_sa *sa, const struct v1_in *in)
{
	struct v1_out o = {0};
	int ret;

	v1_out_begin(&o, sa->spi_i, sa->spi_r, X1_AGGRESSIVE, 0);
	ret = v1_add_hash(sa, &o);
	v1_nat_add(sa, &o, in->pkt->path, sa->conf->force_encap);
	if (v1_is_first_contact(sa))
		v1_add_contact(sa, &o);
	if (sa->encap) {
		sa->path.local.port = IKE_PORT_NAT;
		sa->path.remote.port = IKE_PORT_NAT;
	}
	if (ret == 0)
		ret = v1_seal(sa, &o, sa->v1->iv, NULL);
	if (ret == 0)
		v1_answer_sent(sa, in, &sa->path, &o);
	buf_wipe(&o.b);
	return ret;
}

/* Suite, values and keys out of message 2; false after the SA's end. */
static bool
take_2(struct v2_sa *sa, struct v1_in *in)
{
	const struct v1_payload *p = v1_find(&in->m, P1_SA);
	struct sp_error err = {0};
	struct v1_choice choice;

	if (p == NULL || in->m.hdr.spi_r == 0)
		return false;
	if (v1_choose_phase1(&p->body, sa->conf, &choice, &err) < 0 ||
	    choice.suite.ke != sa->suite.ke) {
		fail(sa, REASON_NO_PROPOSAL_IKE, "The peer chose a proposal "
		    "that we did not offer.");
		return false;
	}
	if (!v1_take_exchange(sa, &in->m))
		return false;
	sa->suite = choice.suite;
	sa->v1->life_ms = choice.life_ms;
	sa->spi_r = in->m.hdr.spi_r;
	v1_read_vendors(sa, &in->m);
	v1_nat_detect(sa, &in->m, in->pkt->path, sa->conf->force_encap);
	if (v1_shared_secret(sa, &err) < 0 ||
	    v1_make_keys(sa, &sa->conf->psk, &err) < 0) {
		fail(sa, REASON_INVALID_KE, err.text);
		return false;
	}
	return true;
}

static void
got_2(struct v2_sa *sa, struct v1_in *in)
{
	struct ike_reason why;
	struct ident id = {0};

	if (!take_2(sa, in) || !v1_read_id(&in->m, &id))
		return;
	if (!ident_match(&sa->conf->remote_id, &id)) {
		v2_why_id(&sa->conf->remote_id, &id, &why);
		v2_copy_text(why.step, sizeof(why.step), STEP);
		v2_end(sa, &why);
	} else if (!v1_proof_good(sa, &in->m)) {
		v1_why_hash(sa, &id, &why);
		v2_end(sa, &why);
	} else {
		v2_enter(sa, V2_AUTH_SENT, "our proof is sent");
		if (send_3(sa, in) == 0) {
			v1_task_done(sa);
			v1_establish(sa, &id, false);
		} else {
			fail(sa, REASON_CRYPTO_UNAVAILABLE, "Message 3 cannot "
			    "be encrypted.");
		}
	}
	ident_free(&id);
}

/* ---- responder ---- */

static void
refuse_1(struct ike_host *h, const struct v2_packet *pkt,
    enum ike_reason_code code, unsigned notify, const struct bytes *offer,
    const char *text)
{
	struct buf theirs = {0};
	struct ike_reason why;
	char peer[ADDR_TEXT];

	v1_print_offer(&theirs, offer, true);
	buf_puts(&theirs, "");
	addr_print(&pkt->path->remote.addr, peer);
	ike_reason_set(&why, code, true, STEP, NULL, (char *)theirs.data,
	    "The peer %s begins with Aggressive Mode: %s.", peer, text);
	buf_free(&theirs);
	if (notify != 0)
		v1_clear_notify(h, pkt, 0, notify);
	v2_emit_refused(h, NULL, pkt->path, &why);
}

/* The configuration of the identity (V1-005), or NULL after a refusal. */
static struct ike_conf *
choose(struct ike_host *h, const struct v2_packet *pkt,
    const struct bytes *offer, const struct ident *id, struct v1_choice *out)
{
	bool any = false, mode = false, known = false;
	struct ike_conf *c;
	size_t pos = 0;

	while ((c = v1_conf_next(h, pkt->path, &pos)) != NULL) {
		any = true;
		mode |= c->aggressive;
		if (!c->aggressive || !ident_match(&c->remote_id, id))
			continue;
		known = true;
		if (c->psk.len > 0 &&
		    v1_choose_phase1(offer, c, out, NULL) == 0)
			return c;
	}
	pos = 0;
	if (!any && v2_conf_next(h, pkt->path, &pos) != NULL)
		refuse_1(h, pkt, REASON_VERSION_MISMATCH, 0, offer,
		    "the tunnel is set to IKEv2");
	else if (any && !mode)
		refuse_1(h, pkt, REASON_MODE_MISMATCH,
		    N1_INVALID_EXCHANGE_TYPE, offer,
		    "negotiation-mode is main here");
	else if (any && !known)
		refuse_1(h, pkt, REASON_AUTH_FAILED_ID,
		    N1_AUTHENTICATION_FAILED, offer,
		    "its identity is not the one that is expected");
	else
		refuse_1(h, pkt, REASON_NO_PROPOSAL_IKE,
		    N1_NO_PROPOSAL_CHOSEN, offer,
		    "none of its proposals is one of ours");
	return NULL;
}

static int
write_2(struct v2_sa *sa, const struct v1_choice *choice,
    const struct v1_in *in, struct sp_error *err)
{
	struct v1_out o = {0};
	struct buf body = {0};
	int ret;

	ret = v1_make_fresh(sa, err);
	if (ret == 0)
		ret = v1_shared_secret(sa, err);
	if (ret == 0)
		ret = v1_make_keys(sa, &sa->conf->psk, err);
	if (ret < 0)
		return ret;
	v1_answer(&body, choice, 0, 0);
	v1_out_begin(&o, sa->spi_i, sa->spi_r, X1_AGGRESSIVE, 0);
	v1_out_add(&o, P1_SA, body.data, body.len);
	add_exchange(sa, &o);
	ret = v1_add_hash(sa, &o);
	v1_nat_add(sa, &o, in->pkt->path, sa->conf->force_encap);
	v1_add_vendors(sa, &o, true);
	v1_out_finish(&o);
	if (ret == 0)
		v1_answer_sent(sa, in, in->pkt->path, &o);
	buf_free(&body);
	buf_free(&o.b);
	return ret;
}

static void
respond(struct ike_host *h, struct v1_in *in, struct ike_conf *c,
    const struct v1_choice *choice)
{
	const struct v1_payload *p = v1_find(&in->m, P1_SA);
	const struct v1_payload *id = v1_find(&in->m, P1_ID);
	struct sp_error err = {0};
	struct v2_sa *sa = v1_respond(h, in->pkt, c);

	sa->suite = choice->suite;
	sa->v1->life_ms = choice->life_ms;
	buf_bytes(&sa->setup->msg_i, p->body.p, p->body.len);
	buf_bytes(&sa->v1->peer_id, id->body.p, id->body.len);
	v1_read_vendors(sa, &in->m);
	v1_set_local_id(sa);
	sa->v1->step = V1_WAIT_A3;
	v2_enter(sa, V2_AUTH_WAIT, "message 1 of Aggressive Mode is answered");
	if (!v1_take_exchange(sa, &in->m))
		fail(sa, REASON_INVALID_SYNTAX, "Message 1 of Aggressive Mode "
		    "has no good key exchange value.");
	else if (write_2(sa, choice, in, &err) < 0)
		fail(sa, REASON_INVALID_KE, err.text);
}

void
v1_aggressive_request(struct ike_host *h, const struct v2_packet *pkt)
{
	struct v1_in in = { .pkt = pkt };
	const struct v1_payload *p;
	struct v1_choice choice;
	struct ident id = {0};
	struct ike_conf *c;

	if (!v1_admits(h, pkt))
		return;
	if (v1_chain_read(&in.m, pkt->hdr.next_payload,
	    pkt->data + IKE_HEADER_LEN, pkt->len - IKE_HEADER_LEN,
	    NULL) < 0 || (p = v1_find(&in.m, P1_SA)) == NULL ||
	    !v1_read_id(&in.m, &id)) {
		h->stats.malformed++;
		return;
	}
	in.m.hdr = pkt->hdr;
	c = choose(h, pkt, &p->body, &id, &choice);
	ident_free(&id);
	if (c != NULL)
		respond(h, &in, c, &choice);
}

static void
got_3(struct v2_sa *sa, struct v1_in *in, const uint8_t *iv)
{
	struct ident id = {0};
	struct ike_reason why;

	ident_from_wire(&id, sa->v1->peer_id.data[0],
	    sa->v1->peer_id.data + 4, sa->v1->peer_id.len - 4);
	if (!v1_proof_good(sa, &in->m)) {
		sa->host->stats.auth_failures++;
		v1_why_hash(sa, &id, &why);
		if (!sa->v1->told)
			v2_emit_refused(sa->host, sa, &sa->path, &why);
		sa->v1->told = true;
	} else if (!v2_unique_admits(sa, &id, &why)) {
		v2_end(sa, &why);
	} else {
		memcpy(sa->v1->iv, iv, sizeof(sa->v1->iv));
		sa->path = *in->pkt->path;
		v1_nat_detect(sa, &in->m, in->pkt->path,
		    sa->conf->force_encap);
		/* on 4500 because the peer found a NAT, or feigned one */
		if (in->pkt->path->local.port == IKE_PORT_NAT)
			sa->encap = sa->nat_able;
		v1_establish(sa, &id, v1_has_notify(&in->m,
		    N1_INITIAL_CONTACT));
	}
	ident_free(&id);
}

void
v1_aggressive_input(struct v2_sa *sa, struct v1_in *in)
{
	const struct v2_packet *pkt = in->pkt;
	bool sealed = (pkt->hdr.flags & V1_FLAG_ENCRYPTED) != 0;
	uint8_t iv[CBC_BLOCK_MAX];
	int ret;

	if (sa->v1->step != V1_WAIT_A2 && sa->v1->step != V1_WAIT_A3)
		return;
	memcpy(iv, sa->v1->iv, sizeof(iv));
	if (sealed) {
		ret = v1_open(sa, in, iv, NULL);
	} else {
		ret = v1_chain_read(&in->m, pkt->hdr.next_payload,
		    pkt->data + IKE_HEADER_LEN, pkt->len - IKE_HEADER_LEN,
		    NULL);
	}
	in->m.hdr = pkt->hdr;
	if (ret < 0 && sealed && sa->v1->step == V1_WAIT_A3)
		in->m.nr = 0;	/* another key: no proof */
	else if (ret < 0)
		return;
	if (sa->v1->step == V1_WAIT_A3)
		got_3(sa, in, iv);
	else if (!sealed)
		got_2(sa, in);
}
