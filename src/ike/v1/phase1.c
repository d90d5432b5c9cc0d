/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parts of phase 1 (RFC 2409 5) that its exchanges share.  An SA becomes
 * established by v1_establish() alone, which its callers reach only behind
 * v1_proof_good().
 */
#include "ike/v1/phase1.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/map.h"
#include "crypto/alg.h"
#include "crypto/kex.h"
#include "ike/v1/v1keys.h"
#include "ike/v2/steps.h"

#define NONCE_MIN 8		/* RFC 2409 5 */
#define NONCE_MAX 256
#define ID_MAX 1024

/* The first message with its source, so that it is known again. */
static void
hash_request(const struct v2_packet *pkt, uint8_t out[32])
{
	const struct endpoint *e = &pkt->path->remote;
	struct chunk in[3] = {
		{ e->addr.b, addr_len(&e->addr) },
		{ &e->port, sizeof(e->port) }, { pkt->data, pkt->len },
	};

	hash_sha256(in, 3, out);
}

bool
v1_admits(struct ike_host *h, const struct v2_packet *pkt)
{
	const struct ip_addr *from = &pkt->path->remote.addr;
	uint8_t hash[32];
	struct v2_sa *sa;

	hash_request(pkt, hash);
	sa = map_get(h->by_init, hash, sizeof(hash));
	if (sa != NULL && sa->v1 != NULL) {
		h->stats.retransmits++;
		v2_emit_send(h, pkt->path, &sa->answer);
		return false;
	}
	if ((h->par.block_threshold > 0 &&
	    v2_half_open_from(h, from) >= h->par.block_threshold) ||
	    (h->par.half_open_limit > 0 &&
	    h->stats.half_open >= h->par.half_open_limit)) {
		h->stats.blocked++;
		return false;
	}
	return true;
}

struct v2_sa *
v1_respond(struct ike_host *h, const struct v2_packet *pkt,
    struct ike_conf *c)
{
	struct v2_sa *sa = v2_sa_new(h, false, v2_new_ike_spi(h), pkt->path);

	v1_attach(sa);
	sa->spi_i = pkt->hdr.spi_i;
	sa->conf = ike_conf_ref(c);
	v2_setup_new(sa);
	hash_request(pkt, sa->setup->hash);
	v2_half_open_add(sa);
	return sa;
}

void
v1_phase1_sent(struct v2_sa *sa, const struct v1_in *in,
    const struct v1_out *o)
{
	if (!sa->initiator) {
		v1_answer_sent(sa, in, in->pkt->path, o);
		return;
	}
	buf_reset(&sa->sent);
	buf_bytes(&sa->sent, o->b.data, o->b.len);
	v1_task_sent(sa, sa->active);
}

void
v1_answer_sent(struct v2_sa *sa, const struct v1_in *in,
    const struct ike_path *path, const struct v1_out *o)
{
	buf_reset(&sa->answer);
	buf_bytes(&sa->answer, o->b.data, o->b.len);
	hash_sha256(&(struct chunk){ in->pkt->data, in->pkt->len }, 1,
	    sa->answer_hash);
	sa->last_out = sa->host->now;
	v2_emit_send(sa->host, path, &sa->answer);
}

int
v1_make_fresh(struct v2_sa *sa, struct sp_error *err)
{
	struct v2_setup *s = sa->setup;
	int ret;

	v2_make_nonce(sa->host, sa->initiator ? &s->ni : &s->nr);
	ret = kex_new(&s->kex, sa->suite.ke, err);
	if (ret == 0)
		ret = kex_public(s->kex, &sa->v1->own_ke, err);
	return ret;
}

bool
v1_take_exchange(struct v2_sa *sa, const struct v1_msg *m)
{
	const struct v1_payload *ke = v1_find(m, P1_KE);
	const struct v1_payload *n = v1_find(m, P1_NONCE);
	struct buf *nonce = sa->initiator ? &sa->setup->nr : &sa->setup->ni;

	if (ke == NULL || n == NULL || n->body.len < NONCE_MIN ||
	    n->body.len > NONCE_MAX ||
	    ke->body.len != sa->suite.ke->out_len)
		return false;
	buf_reset(nonce);
	buf_bytes(nonce, n->body.p, n->body.len);
	buf_reset(&sa->setup->peer_ke);
	buf_bytes(&sa->setup->peer_ke, ke->body.p, ke->body.len);
	return true;
}

int
v1_shared_secret(struct v2_sa *sa, struct sp_error *err)
{
	const struct buf *ke = &sa->setup->peer_ke;

	return kex_derive(sa->setup->kex, ke->data, ke->len, &sa->v1->g_xy,
	    err);
}

int
v1_make_keys(struct v2_sa *sa, const struct secret *psk,
    struct sp_error *err)
{
	const struct v2_setup *s = sa->setup;
	const struct buf *own = &sa->v1->own_ke, *other = &s->peer_ke;
	struct chunk ni = { s->ni.data, s->ni.len };
	struct chunk nr = { s->nr.data, s->nr.len };
	struct chunk ke[2] = {
		{ own->data, own->len }, { other->data, other->len },
	};
	uint8_t iv[PRF_MAX];
	int ret;

	if (!sa->initiator) {
		ke[1] = ke[0];
		ke[0] = (struct chunk){ other->data, other->len };
	}
	secret_free(&sa->keys.pi);
	ret = v1_skeyid_psk(sa->suite.prf, psk, &ni, &nr, &sa->keys.pi, err);
	if (ret == 0)
		ret = v1_phase1_keys(&sa->suite, &sa->keys.pi, &sa->v1->g_xy,
		    sa->spi_i, sa->spi_r, &sa->keys, err);
	if (ret == 0)
		ret = hash_of_prf(sa->suite.prf, ke, 2, iv, err);
	if (ret == 0)
		memcpy(sa->v1->iv, iv, sizeof(sa->v1->iv));
	return ret;
}

/* ---- identities and proofs ---- */

void
v1_set_local_id(struct v2_sa *sa)
{
	ident_free(&sa->local_id);
	if (sa->conf->local_id.type != ID_ANY)
		ident_copy(&sa->local_id, &sa->conf->local_id);
	else
		ident_from_addr(&sa->local_id, &sa->path.local.addr);
}

/* Body of an ID payload; protocol and port 0 (RFC 2407 4.6.2). */
static void
id_body(const struct ident *id, struct buf *b)
{
	buf_u8(b, id->type);
	buf_u8(b, 0);
	buf_u16(b, 0);
	buf_bytes(b, id->data, id->len);
}

static int
proof(const struct v2_sa *sa, bool own, const struct chunk *id,
    uint8_t out[PRF_MAX])
{
	const struct v2_setup *s = sa->setup;
	const struct buf *mine = &sa->v1->own_ke, *other = &s->peer_ke;
	bool initiator = sa->initiator == own;
	struct v1_proof p = {
		.own_ke = { mine->data, mine->len },
		.other_ke = { other->data, other->len },
		.own_cky = initiator ? sa->spi_i : sa->spi_r,
		.other_cky = initiator ? sa->spi_r : sa->spi_i,
		.sai = { s->msg_i.data, s->msg_i.len }, .id = *id,
	};

	if (!own) {
		p.own_ke = (struct chunk){ other->data, other->len };
		p.other_ke = (struct chunk){ mine->data, mine->len };
	}
	return v1_proof_hash(sa->suite.prf, &sa->keys.pi, &p, out, NULL);
}

void
v1_add_id(const struct v2_sa *sa, struct v1_out *o)
{
	struct buf body = {0};

	id_body(&sa->local_id, &body);
	v1_out_add(o, P1_ID, body.data, body.len);
	buf_free(&body);
}

int
v1_add_hash(const struct v2_sa *sa, struct v1_out *o)
{
	struct buf body = {0};
	struct chunk id;
	uint8_t hash[PRF_MAX];
	int ret;

	id_body(&sa->local_id, &body);
	id = (struct chunk){ body.data, body.len };
	ret = proof(sa, true, &id, hash);
	if (ret == 0)
		v1_out_add(o, P1_HASH, hash, sa->suite.prf->out_len);
	buf_free(&body);
	return ret;
}

bool
v1_proof_good(const struct v2_sa *sa, const struct v1_msg *m)
{
	const struct v1_payload *id = v1_find(m, P1_ID);
	const struct v1_payload *hash = v1_find(m, P1_HASH);
	size_t len = sa->suite.prf->out_len;
	struct chunk body;
	uint8_t want[PRF_MAX];

	if (hash == NULL || hash->body.len != len)
		return false;
	/* in Aggressive Mode the initiator's came with its first message */
	if (sa->v1->peer_id.len > 0)
		body = (struct chunk){ sa->v1->peer_id.data,
		    sa->v1->peer_id.len };
	else if (id != NULL)
		body = (struct chunk){ id->body.p, id->body.len };
	else
		return false;
	return proof(sa, false, &body, want) == 0 &&
	    CRYPTO_memcmp(want, hash->body.p, len) == 0;
}

bool
v1_read_id(const struct v1_msg *m, struct ident *id)
{
	const struct v1_payload *p = v1_find(m, P1_ID);

	if (p == NULL || p->body.len <= 4 || p->body.len > ID_MAX + 4)
		return false;
	ident_free(id);
	ident_from_wire(id, p->body.p[0], p->body.p + 4, p->body.len - 4);
	return true;
}

bool
v1_is_first_contact(const struct v2_sa *sa)
{
	const struct ike_conf *c = sa->conf;

	return c->unique != UNIQUE_NEVER && c->remote_id.type != ID_ANY &&
	    sa->v1->replaces == 0 && v2_find_twin(sa, &c->remote_id) == NULL;
}

void
v1_add_contact(const struct v2_sa *sa, struct v1_out *o)
{
	size_t at = v1_out_payload(o, P1_NOTIFY);

	buf_u32(&o->b, 1);	/* DOI */
	buf_u8(&o->b, PROTO_IKE);
	buf_u8(&o->b, 16);
	buf_u16(&o->b, N1_INITIAL_CONTACT);
	buf_u64(&o->b, sa->spi_i);
	buf_u64(&o->b, sa->spi_r);
	v1_out_end(o, at);
}

bool
v1_has_notify(const struct v1_msg *m, unsigned type)
{
	const struct v1_payload *p = NULL;

	while ((p = v1_find_next(m, p, P1_NOTIFY)) != NULL) {
		if (p->body.len >= 8 && get_u16(p->body.p + 6) == type)
			return true;
	}
	return false;
}

/* ---- the end of phase 1 ---- */

/* An older SA of the same two hosts gives its children to the new one: in
 * IKEv1 a new phase 1 is how an old one is renewed. */
static void
adopt(struct v2_sa *sa)
{
	struct v2_sa *old = v2_sa_by_id(sa->host, sa->v1->replaces);

	if (old == NULL && !sa->initiator)
		old = v2_find_twin(sa, &sa->remote_id);
	/* begun by both sides at once: v2_unique() decides */
	if (old != NULL && old->initiator != sa->initiator &&
	    sa->setup->created_at < old->established_at)
		return;
	if (old == NULL || old->v1 == NULL || old->state != V2_UP ||
	    old->conf != sa->conf || !addr_eq(&old->path.remote.addr,
	    &sa->path.remote.addr))
		return;
	v2_take_over(old, sa);
	/* whoever began the new one deletes the old one */
	if (sa->initiator)
		v2_close(old, REASON_NONE);
}

void
v1_establish(struct v2_sa *sa, const struct ident *peer, bool contact)
{
	struct ike_child_conf *first = sa->setup->child;
	struct v2_task *t;

	sa->v1->step = V1_DONE;
	ident_free(&sa->remote_id);
	ident_copy(&sa->remote_id, peer);
	v2_establish(sa, "the peer is authenticated");
	if (sa->v1->life_ms > 0 && sa->v1->life_ms != TIME_NEVER &&
	    sa->v1->life_ms < sa->conf->lifetime_ms)
		v2_life(sa->host, sa->conf, sa->v1->life_ms, &sa->rekey_at,
		    &sa->expires_at);
	v2_twins_add(sa);
	if (!contact)
		adopt(sa);
	if (!sa->announced) {
		sa->announced = true;
		v2_emit_sa(sa, IKE_EV_SA_UP, 0, NULL);
	}
	if (first != NULL) {
		t = v2_task_new(T_CREATE_CHILD);
		t->conf = ike_child_conf_ref(first);
		v2_task_queue(sa, t);
	}
	secret_free(&sa->v1->g_xy);
	buf_free(&sa->v1->own_ke);
	buf_free(&sa->v1->peer_id);
	v2_setup_free(sa);
	v2_unique(sa, contact);
}

/* ---- reasons ---- */

const char *
v1_mode(const struct v2_sa *sa)
{
	return sa->conf->aggressive ? "Aggressive Mode" : "Main Mode";
}

void
v1_why_hash(const struct v2_sa *sa, const struct ident *id,
    struct ike_reason *why)
{
	struct buf b = {0};

	ident_print(&b, id, true);
	ike_reason_set(why, REASON_AUTH_FAILED_PSK, true, v1_mode(sa), NULL,
	    NULL, "The peer's proof (HASH) for %s is wrong: the pre-shared "
	    "keys differ.", (char *)b.data);
	buf_free(&b);
}

void
v1_why_undecryptable(const struct v2_sa *sa, struct ike_reason *why)
{
	char peer[ADDR_TEXT];

	addr_print(&sa->path.remote.addr, peer);
	ike_reason_set(why, REASON_AUTH_FAILED_PSK, false, "Main Mode", NULL,
	    NULL, "Message 5 of the peer %s cannot be decrypted: its "
	    "pre-shared key is probably not ours.", peer);
}

void
v1_why_silent(const struct v2_sa *sa, struct ike_reason *why)
{
	char peer[ADDR_TEXT];
	unsigned n = sa->packets;

	if (sa->v1->told && sa->v1->step == V1_WAIT_5) {
		v1_why_undecryptable(sa, why);
		return;
	}
	addr_print(&sa->path.remote.addr, peer);
	switch (sa->v1->step) {
	case V1_WAIT_2:
	case V1_WAIT_A2:
		ike_reason_set(why, REASON_PEER_SILENT, false, v1_mode(sa),
		    NULL, NULL, "The peer %s did not answer message 1 of %s "
		    "(%u packets, nothing at all received).", peer,
		    v1_mode(sa), n);
		return;
	case V1_WAIT_6:
		ike_reason_set(why, REASON_AUTH_FAILED_PSK, false,
		    "Main Mode", NULL, NULL, "The peer %s answered up to "
		    "message 4 of Main Mode and sent nothing readable after "
		    "our proof (%u packets, %u unreadable answers): its "
		    "pre-shared key is probably not ours, or it refuses our "
		    "identity.", peer, n, sa->v1->garbage);
		return;
	case V1_WAIT_3:
	case V1_WAIT_4:
	case V1_WAIT_5:
	case V1_WAIT_A3:
	case V1_DONE:
		break;
	}
	ike_reason_set(why, REASON_PEER_SILENT_AFTER_INIT, false,
	    v1_mode(sa), NULL, NULL, "The peer %s began %s and fell silent.",
	    peer, v1_mode(sa));
}
