/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IKE_SA_INIT as initiator (RFC 7296 1.2, 2.6, 2.7, 2.23):
 *
 *	HDR, [N(COOKIE),] SAi1, KEi, Ni, N(NATD)... -->
 *				<-- HDR, SAr1, KEr, Nr, N(NATD)...
 *			or	<-- HDR, N(COOKIE)
 *			or	<-- HDR, N(INVALID_KE_PAYLOAD)
 *			or	<-- HDR, N(an error)
 *
 * A cookie and another group may be asked for in either order; the message
 * then goes out again with the same SPI and nonce, V2_RESTARTS times at most.
 * Nothing here is authentic yet: an answer that makes no sense is ignored,
 * but an error notify is believed, as waiting on would hide its reason.
 */
#include "ike/v2/prove.h"
#include "ike/v2/steps.h"

#include "base/error.h"
#include "crypto/alg.h"
#include "crypto/kex.h"
#include "crypto/rng.h"

#define STEP "IKE_SA_INIT"

void
v2_add_nonce(struct ike_msg *m, const struct buf *nonce)
{
	struct ike_payload *p = ike_msg_add(m, PLD_NONCE);

	p->u.raw = ike_msg_bytes(m, nonce->data, nonce->len);
}

int
v2_add_ke(struct ike_msg *m, const struct kex *kex, struct sp_error *err)
{
	struct ike_payload *p;
	struct buf b = {0};
	int ret;

	ret = kex_public(kex, &b, err);
	if (ret == 0) {
		p = ike_msg_add(m, PLD_KE);
		p->u.ke.group = kex_group(kex)->id;
		p->u.ke.data = ike_msg_bytes(m, b.data, b.len);
	}
	buf_free(&b);
	return ret;
}

void
v2_make_nonce(struct ike_host *h, struct buf *nonce)
{
	buf_reset(nonce);
	rng_bytes(h->par.rng, buf_space(nonce, V2_NONCE_LEN), V2_NONCE_LEN);
}

/* Key pair of the group in use, kept while the group is. */
static int
make_kex(struct v2_setup *s, struct sp_error *err)
{
	if (s->kex != NULL && kex_group(s->kex) == s->group)
		return 0;
	kex_free(s->kex);
	s->kex = NULL;
	return kex_new(&s->kex, s->group, err);
}

int
v2_init_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why)
{
	struct v2_setup *s = sa->setup;
	struct sp_error err = {0};
	int ret;

	(void)t;
	ret = make_kex(s, &err);
	if (s->ni.len == 0)
		v2_make_nonce(sa->host, &s->ni);
	/* the cookie comes first, RFC 7296 2.6 */
	if (s->cookie.len > 0) {
		ike_msg_add_notify(m, N_COOKIE, s->cookie.data,
		    s->cookie.len);
	}
	suite_offer(m, sa->conf->suites, sa->conf->nr_suites, PROTO_IKE, NULL,
	    0, true);
	if (ret == 0)
		ret = v2_add_ke(m, s->kex, &err);
	if (ret < 0) {
		ike_reason_set(why, REASON_CRYPTO_UNAVAILABLE, true, STEP,
		    NULL, NULL, "%s", err.text);
		return ret;
	}
	v2_add_nonce(m, &s->ni);
	v2_nat_offer(sa->host, m, &sa->path, sa->conf->force_encap);
	v2_fragment_offer(sa->conf, NULL, m);
	v2_prove_announce(m);
	v2_ppk_offer(sa->conf, m);
	return 0;
}

void
v2_init_sent(struct v2_sa *sa)
{
	struct buf *msg = &sa->setup->msg_i;

	buf_reset(msg);
	buf_bytes(msg, sa->sent.data, sa->sent.len);
	if (sa->state == V2_NEW)
		v2_enter(sa, V2_INIT_SENT, "IKE_SA_INIT sent");
}

/* Again, if not too often: a peer could send us in circles. */
static enum v2_next
restart(struct v2_sa *sa, const char *what)
{
	struct ike_reason why;
	char peer[ADDR_TEXT];

	if (++sa->setup->restarts <= V2_RESTARTS)
		return V2_AGAIN;
	ike_reason_set(&why, REASON_RATE_LIMITED, true, STEP, NULL, what,
	    "The peer %s answers every IKE_SA_INIT with %s.",
	    addr_print(&sa->path.remote.addr, peer), what);
	v2_end(sa, &why);
	return V2_DONE;
}

static enum v2_next
got_cookie(struct v2_sa *sa, const struct bytes *cookie)
{
	struct buf *b = &sa->setup->cookie;

	buf_reset(b);
	buf_bytes(b, cookie->p, cookie->len);
	return restart(sa, "COOKIE");
}

const struct alg *
v2_group_of(const struct suite *rows, size_t nr, unsigned id)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (rows[i].ke != NULL && rows[i].ke->id == id)
			return rows[i].ke;
	}
	return NULL;
}

static enum v2_next
got_invalid_ke(struct v2_sa *sa, const struct bytes *data)
{
	unsigned id = data->len == 2 ? get_u16(data->p) : 0;
	const struct alg *group;
	struct ike_reason why;

	group = v2_group_of(sa->conf->suites, sa->conf->nr_suites, id);
	if (group != NULL && group != sa->setup->group) {
		sa->setup->group = group;
		return restart(sa, "INVALID_KE_PAYLOAD");
	}
	v2_why_group(sa, STEP, id, &why);
	v2_end(sa, &why);
	return V2_DONE;
}

/* Does the answer name a suite and a group of ours? */
static int
read_choice(struct v2_sa *sa, const struct ike_msg *m, struct ike_reason *why)
{
	const struct ike_payload *ke = ike_msg_find(m, PLD_KE);
	struct suite_choice choice;
	struct sp_error err = {0};
	int ret;

	ret = suite_check_answer(ike_msg_find(m, PLD_SA), sa->conf->suites,
	    sa->conf->nr_suites, PROTO_IKE, true, &choice, &err);
	if (ret == 0 && (choice.suite.ke != sa->setup->group ||
	    ke->u.ke.group != sa->setup->group->id)) {
		ret = sp_fail(&err, SP_PEER, "its answer names one key "
		    "exchange group and carries another");
	}
	if (ret < 0) {
		v2_why_offer(sa, REASON_NO_PROPOSAL_IKE, STEP,
		    ike_msg_find(m, PLD_SA), err.text, why);
		return ret;
	}
	sa->suite = choice.suite;
	return 0;
}

int
v2_derive(struct v2_sa *sa, const uint8_t *ke, size_t len,
    struct sp_error *err)
{
	struct v2_setup *s = sa->setup;
	struct secret g_ir = {0}, seed = {0};
	int ret;

	ret = kex_derive(s->kex, ke, len, &g_ir, err);
	if (ret == 0) {
		ret = ike_skeyseed(sa->suite.prf, &g_ir, s->ni.data,
		    s->ni.len, s->nr.data, s->nr.len, &seed, err);
	}
	if (ret == 0) {
		ret = ike_keys_derive(&sa->suite, &seed, s->ni.data,
		    s->ni.len, s->nr.data, s->nr.len, sa->spi_i, sa->spi_r,
		    &sa->keys, err);
	}
	secret_free(&g_ir);
	secret_free(&seed);
	kex_free(s->kex);
	s->kex = NULL;
	s->derived = ret == 0;
	return ret;
}

static enum v2_next
got_answer(struct v2_sa *sa, const struct ike_msg *m)
{
	const struct bytes *ke = &ike_msg_find(m, PLD_KE)->u.ke.data;
	const struct bytes *nr = &ike_msg_find(m, PLD_NONCE)->u.raw;
	struct v2_setup *s = sa->setup;
	struct sp_error err = {0};
	struct ike_reason why;
	char peer[ADDR_TEXT];

	if (read_choice(sa, m, &why) < 0) {
		v2_end(sa, &why);
		return V2_DONE;
	}
	/* RFC 6023 3: not against a responder that did not announce it */
	if (s->child == NULL && sa->conf->nr_children == 0 &&
	    ike_msg_find_notify(m, N_CHILDLESS_IKEV2_SUPPORTED) == NULL) {
		ike_reason_set(&why, REASON_PEER_ERROR, true, STEP, NULL,
		    NULL, "The peer %s cannot bring up a phase 1 without a "
		    "phase 2 (RFC 6023); add a phase 2.", addr_print(
		    &sa->path.remote.addr, peer));
		v2_end(sa, &why);
		return V2_DONE;
	}
	sa->spi_r = m->hdr.spi_r;
	buf_bytes(&s->nr, nr->p, nr->len);
	if (v2_derive(sa, ke->p, ke->len, &err) < 0) {
		ike_reason_set(&why, REASON_INVALID_KE, true, STEP, NULL,
		    NULL, "%s", err.text);
		v2_end(sa, &why);
		return V2_DONE;
	}
	v2_nat_detect(sa, m, &sa->path, sa->conf->force_encap);
	v2_nat_float(sa);
	v2_fragment_agree(sa, sa->conf, m);
	v2_prove_learn(sa, m);
	v2_ppk_learn(sa, m);
	sa->mid_out = 1;
	v2_task_add(sa, T_AUTH);
	return V2_DONE;
}

enum v2_next
v2_init_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m)
{
	const struct ike_payload *n;
	struct ike_reason why;

	(void)t;
	n = ike_msg_find_notify(m, N_COOKIE);
	if (n != NULL)
		return got_cookie(sa, &n->u.notify.data);
	n = ike_msg_find_error(m);
	if (n == NULL)
		return got_answer(sa, m);
	if (n->u.notify.type == N_INVALID_KE_PAYLOAD)
		return got_invalid_ke(sa, &n->u.notify.data);
	v2_why_notify(sa, STEP, n->u.notify.type, &why);
	v2_end(sa, &why);
	return V2_DONE;
}

/* Could this be the answer that we wait for? */
static bool
is_awaited(const struct v2_sa *sa, const struct v2_packet *pkt)
{
	return sa->active != NULL && sa->active->kind == T_INIT &&
	    (pkt->hdr.flags & IKE_FLAG_R) && pkt->hdr.mid == 0 &&
	    addr_eq(&pkt->path->remote.addr, &sa->path.remote.addr);
}

void
v2_init_answer(struct v2_sa *sa, const struct v2_packet *pkt,
    const struct ike_msg *m)
{
	const struct ike_payload *p;
	size_t len;

	if (!is_awaited(sa, pkt))
		return;
	if (ike_msg_check(m, NULL) < 0) {
		sa->host->stats.malformed++;
		return;
	}
	p = ike_msg_find_notify(m, N_COOKIE);
	len = p == NULL ? 1 : p->u.notify.data.len;
	if (len < 1 || len > 64) {
		sa->host->stats.malformed++;
		return;
	}
	/* a full answer needs its SPI and all three payloads */
	if (p == NULL && ike_msg_find_error(m) == NULL &&
	    (pkt->hdr.spi_r == 0 || ike_msg_find(m, PLD_SA) == NULL ||
	    ike_msg_find(m, PLD_KE) == NULL ||
	    ike_msg_find(m, PLD_NONCE) == NULL))
		return;
	buf_reset(&sa->setup->msg_r);
	buf_bytes(&sa->setup->msg_r, pkt->data, pkt->len);
	v2_answered(sa, m);
}
