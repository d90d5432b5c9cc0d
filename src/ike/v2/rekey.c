/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CREATE_CHILD_SA for the IKE SA itself (RFC 7296 1.3.2, 2.8, 2.18, 2.25.2):
 *
 *	HDR, SK {SA, Ni, KEi} -->
 *				<-- HDR, SK {SA, Nr, KEr}
 *
 * The new SA takes over the children and the queued work; its initiator
 * deletes the old one.  When both sides rekey at once, each answers but lets
 * the peer's new SA wait.  With the own answer the lowest of the four nonces
 * loses: its SA is deleted by the side that began it, the other new SA takes
 * over.  A peer that uses a waiting SA has decided for it already.
 */
#include "ike/v2/steps.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "crypto/alg.h"
#include "crypto/kex.h"

#define STEP "CREATE_CHILD_SA"

/* The two nonces and values that make the keys of a new IKE SA. */
struct exchange {
	struct suite_choice choice;
	struct kex *kex;
	struct bytes ni, nr, peer_ke;
	uint64_t our_spi;
	bool initiator;
};

static void
add_offer(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m)
{
	uint8_t spi[8];

	t->ike_spi = v2_new_ike_spi(sa->host);
	put_u64(spi, t->ike_spi);
	suite_offer(m, sa->conf->suites, sa->conf->nr_suites, PROTO_IKE, spi,
	    sizeof(spi), true);
}

int
v2_ike_rekey_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why)
{
	struct sp_error err = {0};
	int ret;

	add_offer(sa, t, m);
	v2_make_nonce(sa->host, &t->nonce);
	v2_add_nonce(m, &t->nonce);
	kex_free(t->kex);
	t->kex = NULL;
	ret = kex_new(&t->kex, t->group ? t->group : sa->suite.ke, &err);
	if (ret == 0)
		ret = v2_add_ke(m, t->kex, &err);
	if (ret < 0) {
		ike_reason_set(why, REASON_CRYPTO_UNAVAILABLE, true, STEP,
		    NULL, NULL, "%s", err.text);
	}
	return ret;
}

static int
derive(const struct v2_sa *old, struct v2_sa *sa, const struct exchange *x,
    struct sp_error *err)
{
	struct secret g_ir = {0}, seed = {0};
	int ret;

	ret = kex_derive(x->kex, x->peer_ke.p, x->peer_ke.len, &g_ir, err);
	if (ret == 0) {
		ret = ike_skeyseed_rekey(old->suite.prf, &old->keys.d, &g_ir,
		    x->ni.p, x->ni.len, x->nr.p, x->nr.len, &seed, err);
	}
	if (ret == 0) {
		ret = ike_keys_derive(&sa->suite, &seed, x->ni.p, x->ni.len,
		    x->nr.p, x->nr.len, sa->spi_i, sa->spi_r, &sa->keys, err);
	}
	secret_free(&g_ir);
	secret_free(&seed);
	return ret;
}

/* Make the new SA of an exchange; it waits to be taken. */
static struct v2_sa *
make_sa(struct v2_sa *old, const struct exchange *x, struct sp_error *err)
{
	struct v2_sa *sa = v2_sa_new(old->host, x->initiator, x->our_spi,
	    &old->path);
	uint64_t theirs = get_u64(x->choice.spi);

	if (x->initiator)
		sa->spi_r = theirs;
	else
		sa->spi_i = theirs;
	sa->suite = x->choice.suite;
	if (derive(old, sa, x, err) < 0) {
		v2_sa_free(sa);
		return NULL;
	}
	sa->conf = ike_conf_ref(old->conf);
	ident_copy(&sa->local_id, &old->local_id);
	ident_copy(&sa->remote_id, &old->remote_id);
	sa->nat_local = old->nat_local;
	sa->fragment_in = old->fragment_in;
	sa->fragment_out = old->fragment_out;
	sa->fragment_small = old->fragment_small;
	sa->nat_remote = old->nat_remote;
	sa->nat_able = old->nat_able;
	v2_mobike_inherit(sa, old);
	sa->encap = old->encap;
	sa->waiting = true;
	sa->replaces = old->id;
	sa->doom_at = old->host->now + 2 * v2_patience_ms(old->host);
	v2_establish(sa, "made by rekeying");
	v2_twins_add(sa);
	return sa;
}

/* ---- initiator ---- */

static struct v2_sa *
rival_of(const struct v2_sa *sa, const struct v2_task *t)
{
	struct v2_sa *rival = v2_sa_by_id(sa->host, t->rival);

	return rival != NULL && rival->state == V2_UP ? rival : NULL;
}

static enum v2_next
other_group(struct v2_sa *sa, struct v2_task *t, const struct bytes *d)
{
	const struct alg *group = NULL;

	if (d->len == 2) {
		group = v2_group_of(sa->conf->suites, sa->conf->nr_suites,
		    get_u16(d->p));
	}
	if (group != NULL && group != t->group && t->tries < V2_RESTARTS) {
		t->group = group;
		return V2_AGAIN;
	}
	v2_task_again(sa, t, 20000, 40000);
	return V2_LATER;
}

static enum v2_next
refused(struct v2_sa *sa, struct v2_task *t, const struct ike_payload *n)
{
	struct v2_sa *rival = rival_of(sa, t);
	char name[48];

	if (rival != NULL) {
		v2_take_over(sa, rival);
		return V2_DONE;
	}
	log_event(sa->host->par.log, LOG_LVL_WARNING, "ike-rekey-refused",
	    sa->conf->name, "the peer refused to rekey the IKE SA: %s",
	    ike_notify_name(n->u.notify.type, name));
	switch (n->u.notify.type) {
	case N_INVALID_KE_PAYLOAD:
		return other_group(sa, t, &n->u.notify.data);
	case N_NO_ADDITIONAL_SAS:
		/* no rekey with this peer: it has to be a new one */
		v2_emit_sa(sa, IKE_EV_SA_REAUTH, 0, NULL);
		return V2_DONE;
	case N_TEMPORARY_FAILURE:
		v2_task_again(sa, t, 5000, 20000);
		return V2_LATER;
	}
	v2_task_again(sa, t, 20000, 40000);
	return V2_LATER;
}

/* Read the answer into x; a sentence if it is not what we asked for. */
static int
read_answer(const struct v2_sa *sa, const struct v2_task *t,
    const struct ike_msg *m, struct exchange *x, struct sp_error *err)
{
	const struct ike_payload *ke = ike_msg_find(m, PLD_KE);
	int ret;

	ret = suite_check_answer(ike_msg_find(m, PLD_SA), sa->conf->suites,
	    sa->conf->nr_suites, PROTO_IKE, true, &x->choice, err);
	if (ret < 0)
		return ret;
	if (ke == NULL || x->choice.spi_len != 8 ||
	    get_u64(x->choice.spi) == 0 ||
	    x->choice.suite.ke != kex_group(t->kex) ||
	    ke->u.ke.group != kex_group(t->kex)->id)
		return sp_fail(err, SP_PEER, "its answer lacks an SPI or a "
		    "key exchange value of the group asked for");
	x->kex = t->kex;
	x->ni = (struct bytes){ t->nonce.data, t->nonce.len };
	x->nr = ike_msg_find(m, PLD_NONCE)->u.raw;
	x->peer_ke = ke->u.ke.data;
	x->our_spi = t->ike_spi;
	x->initiator = true;
	return 0;
}

/* The new SA stands; who takes over? */
static void
settle(struct v2_sa *sa, struct v2_task *t, struct v2_sa *new,
    const struct bytes *nr)
{
	struct v2_sa *rival = rival_of(sa, t);
	bool lost = rival != NULL &&
	    (!rival->waiting || v2_lost_collision(t, nr));

	if (sa->state != V2_UP || lost) {
		/* we close the old SA, or the peer's new one survives */
		if (sa->state == V2_UP)
			v2_take_over(sa, rival);
		v2_close(new, REASON_REKEY_COLLISION_LOST);
		return;
	}
	v2_take_over(sa, new);
	v2_close(sa, REASON_NONE);
}

enum v2_next
v2_ike_rekey_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m)
{
	const struct ike_payload *n = ike_msg_find_error(m);
	struct exchange x = {0};
	struct sp_error err = {0};
	struct ike_reason why;
	struct v2_sa *new = NULL;

	if (n != NULL)
		return refused(sa, t, n);
	if (read_answer(sa, t, m, &x, &err) == 0)
		new = make_sa(sa, &x, &err);
	if (new == NULL) {
		/* the peer holds an SA that we cannot even delete */
		ike_reason_set(&why, REASON_PEER_ERROR, true, STEP, NULL,
		    NULL, "The peer's answer to the rekey of the IKE SA is "
		    "wrong: %s", err.text);
		v2_end(sa, &why);
		return V2_DONE;
	}
	settle(sa, t, new, &x.nr);
	return V2_DONE;
}

/* ---- responder ---- */

void
v2_peer_chose(struct v2_sa *sa)
{
	struct v2_sa *old;

	if (!sa->waiting || sa->initiator)
		return;
	old = v2_sa_by_id(sa->host, sa->replaces);
	if (old != NULL)
		v2_take_over(old, sa);
}

/* Choose suite and group; false after the refusal was added. */
static bool
read_request(struct v2_sa *sa, const struct ike_msg *m, struct exchange *x,
    struct ike_msg *answer)
{
	const struct ike_payload *p = ike_msg_find(m, PLD_SA);
	const struct ike_payload *ke = ike_msg_find(m, PLD_KE);
	struct sp_error err = {0};
	struct ike_reason why;
	uint8_t id[2];

	if (suite_choose(p, sa->conf->suites, sa->conf->nr_suites, PROTO_IKE,
	    false, &x->choice, &err) < 0 || x->choice.spi_len != 8 ||
	    get_u64(x->choice.spi) == 0) {
		ike_msg_add_notify(answer, N_NO_PROPOSAL_CHOSEN, NULL, 0);
		v2_why_suites(sa->conf->suites, sa->conf->nr_suites,
		    REASON_NO_PROPOSAL_IKE, STEP, p, err.text, &why);
		v2_emit_refused(sa->host, sa, &sa->path, &why);
		return false;
	}
	if (ke == NULL || ke->u.ke.group != x->choice.suite.ke->id) {
		put_u16(id, x->choice.suite.ke->id);
		ike_msg_add_notify(answer, N_INVALID_KE_PAYLOAD, id,
		    sizeof(id));
		return false;
	}
	x->ni = ike_msg_find(m, PLD_NONCE)->u.raw;
	x->peer_ke = ke->u.ke.data;
	return true;
}

static void
add_answer(const struct exchange *x, struct ike_msg *answer,
    const struct buf *nonce)
{
	uint8_t spi[8];

	put_u64(spi, x->our_spi);
	suite_answer(answer, &x->choice, PROTO_IKE, spi, sizeof(spi), true);
	v2_add_nonce(answer, nonce);
}

/* Take the children at once, unless our own rekey is on its way. */
static void
adopt(struct v2_sa *sa, struct v2_sa *new, const struct exchange *x)
{
	struct v2_task *t = v2_active(sa, T_REKEY_SA, 0);

	if (t == NULL) {
		v2_take_over(sa, new);
		return;
	}
	t->rival = new->id;
	v2_lower_nonce(&x->ni, &x->nr, &t->rival_nonce);
}

static void
accept_rekey(struct v2_sa *sa, struct exchange *x, struct ike_msg *answer)
{
	struct sp_error err = {0};
	struct v2_sa *new = NULL;
	struct buf nr = {0};

	v2_make_nonce(sa->host, &nr);
	x->nr = (struct bytes){ nr.data, nr.len };
	x->our_spi = v2_new_ike_spi(sa->host);
	if (kex_new(&x->kex, x->choice.suite.ke, &err) == 0)
		new = make_sa(sa, x, &err);
	if (new == NULL) {
		ike_msg_add_notify(answer, N_INVALID_SYNTAX, NULL, 0);
	} else {
		add_answer(x, answer, &nr);
		v2_add_ke(answer, x->kex, NULL);
		adopt(sa, new, x);
	}
	kex_free(x->kex);
	buf_free(&nr);
}

void
v2_ike_rekey_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer)
{
	const struct v2_task *t;
	struct exchange x = {0};

	v2_peer_chose(sa);
	t = v2_active(sa, T_REKEY_SA, 0);
	/* RFC 7296 2.25.2: not beside our work on a child; nor a second one
	 * while the first waits for the outcome of ours */
	if (sa->waiting || v2_child_work(sa) ||
	    (t != NULL && rival_of(sa, t) != NULL)) {
		ike_msg_add_notify(answer, N_TEMPORARY_FAILURE, NULL, 0);
		return;
	}
	if (read_request(sa, m, &x, answer))
		accept_rekey(sa, &x, answer);
}
