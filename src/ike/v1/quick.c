/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quick Mode (RFC 2409 5.5):
 *
 *	HDR*, HASH(1), SA, Ni, [KE], IDci, IDcr -->
 *			<-- HDR*, HASH(2), SA, Nr, [KE], IDci, IDcr
 *	HDR*, HASH(3) -->
 *
 * Any message may get lost: the initiator repeats the first until the second
 * comes, and answers a repeated second with the third; the responder repeats
 * the second until the third comes or ESP shows that it did.  The responder
 * has its inbound SA before the second message leaves, its outbound one after
 * the third, so that no packet meets a missing SA.
 */
#include "ike/v1/v1.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/kex.h"
#include "ike/v1/v1keys.h"
#include "ike/v2/steps.h"

#define STEP "Quick Mode"
#define SPI_MIN 256		/* RFC 4303 2.1 */

/* What a message of Quick Mode holds beside its HASH. */
struct parts {
	const struct v1_payload *sa, *nonce, *ke, *idci, *idcr;
};

/* ---- the exchanges of an SA ---- */

static struct v1_quick *
quick_new(struct v2_sa *sa, uint32_t mid, bool ours,
    struct ike_child_conf *conf)
{
	struct v1_quick *q = xcalloc(1, sizeof(*q));

	q->mid = mid;
	q->ours = ours;
	q->state = ours ? QM_SENT : QM_WAIT;
	q->due = TIME_NEVER;
	q->conf = conf == NULL ? NULL : ike_child_conf_ref(conf);
	list_append(&sa->v1->quick, &q->link);
	sa->v1->nr_quick++;
	v1_phase2_iv(sa, mid, q->iv);
	return q;
}

/* Forget all but what answers a repeated message. */
static void
quick_strip(struct v1_quick *q)
{
	buf_free(&q->ni);
	buf_free(&q->nr);
	kex_free(q->kex);
	q->kex = NULL;
	ts_list_free(&q->local);
	ts_list_free(&q->remote);
	ike_child_conf_unref(q->conf);
	q->conf = NULL;
}

void
v1_quick_free(struct v2_sa *sa, struct v1_quick *q)
{
	quick_strip(q);
	buf_free(&q->sent);
	list_remove(&q->link);
	sa->v1->nr_quick--;
	free(q);
}

static void
quick_done(struct v2_sa *sa, struct v1_quick *q)
{
	q->state = QM_DONE;
	q->due = sa->host->now + V1_QUICK_MS;
	quick_strip(q);
	if (q->task != NULL)
		v1_task_done(sa);
	q->task = NULL;
}

static struct v1_quick *
quick_find(const struct v2_sa *sa, uint32_t mid)
{
	struct v1_quick *q;

	LIST_EACH(q, &sa->v1->quick, struct v1_quick, link) {
		if (q->mid == mid)
			return q;
	}
	return NULL;
}

static struct v1_quick *
quick_ours(const struct v2_sa *sa)
{
	struct v1_quick *q;

	LIST_EACH(q, &sa->v1->quick, struct v1_quick, link) {
		if (q->task != NULL && q->task == sa->active)
			return q;
	}
	return NULL;
}

/* A child is not made, or not renewed; its task is over. */
static void
fail(struct v2_sa *sa, struct v1_quick *q, const struct ike_reason *why)
{
	struct v2_child *c = v2_child_by_id(sa->host, q->child_id);

	if (c != NULL && !c->announced)
		v2_child_end(c, NULL);
	if (q->task != NULL && q->task->kind == T_REKEY_CHILD)
		v2_emit_child_failed(sa, q->task->child_id, "", why);
	else
		v2_emit_child_failed(sa, 0, q->conf->name, why);
	quick_done(sa, q);
}

static bool
find_parts(const struct v1_msg *m, struct parts *p)
{
	p->sa = v1_find(m, P1_SA);
	p->nonce = v1_find(m, P1_NONCE);
	p->ke = v1_find(m, P1_KE);
	p->idci = v1_find(m, P1_ID);
	p->idcr = p->idci == NULL ? NULL : v1_find_next(m, p->idci, P1_ID);
	return p->sa != NULL && p->nonce != NULL &&
	    p->nonce->body.len >= 8 && p->nonce->body.len <= 256 &&
	    (p->idci == NULL) == (p->idcr == NULL);
}

/* ---- writing ---- */

static int
add_ke(struct v1_quick *q, struct v1_out *o, struct sp_error *err)
{
	struct buf ke = {0};
	int ret;

	if (q->terms.group == NULL)
		return 0;
	if (q->kex == NULL) {
		ret = kex_new(&q->kex, q->terms.group, err);
		if (ret < 0)
			return ret;
	}
	ret = kex_public(q->kex, &ke, err);
	if (ret == 0)
		v1_out_add(o, P1_KE, ke.data, ke.len);
	buf_free(&ke);
	return ret;
}

static void
add_id(struct v1_out *o, const struct ts_list *l)
{
	struct buf body = {0};

	v1_ts_to_id(&l->ts[0], &body);
	v1_out_add(o, P1_ID, body.data, body.len);
	buf_free(&body);
}

static struct v1_terms
terms_of(const struct v2_sa *sa, const struct ike_child_conf *conf,
    const struct alg *group)
{
	return (struct v1_terms){
		.protocol = conf->protocol, .group = group,
		.encap = v1_encap_mode(sa, conf->transport),
		.life_ms = conf->lifetime_ms,
	};
}

/* ---- initiator ---- */

/* The one group of our proposals (settings.md 4), as before in a rekey. */
static const struct alg *
group_of(const struct ike_child_conf *conf, const struct v2_child *old)
{
	if (old != NULL)
		return old->suite.ke;
	return conf->nr_suites > 0 ? conf->suites[0].ke : NULL;
}

static int
write_1(struct v2_sa *sa, struct v1_quick *q, struct sp_error *err)
{
	struct v1_out o = {0};
	size_t at;
	int ret;

	v1_begin(sa, &o, X1_QUICK, q->mid);
	at = v1_out_payload(&o, P1_SA);
	v1_offer_phase2(&o.b, q->conf->suites, q->conf->nr_suites, &q->terms,
	    q->spi);
	v1_out_end(&o, at);
	v1_out_add(&o, P1_NONCE, q->ni.data, q->ni.len);
	ret = add_ke(q, &o, err);
	add_id(&o, &q->local);
	add_id(&o, &q->remote);
	if (q->conf->transport)
		v1_nat_oa_add(sa, &o, true);
	if (ret == 0)
		ret = v1_finish(sa, &o, q->mid, NULL, NULL, false, q->iv,
		    &q->sent);
	buf_wipe(&o.b);
	return ret;
}

int
v1_quick_begin(struct v2_sa *sa, struct v2_task *t, struct ike_reason *why)
{
	struct v2_child *old = NULL;
	struct sp_error err = {0};
	struct v1_quick *q;

	if (t->kind == T_REKEY_CHILD) {
		old = v2_child_by_id(sa->host, t->child_id);
		if (old == NULL || old->sa != sa || old->gone ||
		    old->state != IKE_CHILD_INSTALLED ||
		    v2_child_successor(sa, old) != NULL)
			return 1;
	}
	if (old != NULL && t->conf == NULL)
		t->conf = ike_child_conf_ref(old->conf);
	if (t->conf->protocol == PROTO_AH && sa->encap) {
		v2_why_code(sa, REASON_NAT_DETECTED_AH, "", why);
		return SP_UNSUPPORTED;
	}
	q = quick_new(sa, v1_new_mid(sa), true, t->conf);
	q->rekey_of = old == NULL ? 0 : old->id;
	q->terms = terms_of(sa, t->conf, group_of(t->conf, old));
	q->spi = v2_new_child_spi(sa->host);
	v2_make_nonce(sa->host, &q->ni);
	if (old != NULL) {
		ts_list_copy(&q->local, &old->local_ts);
		ts_list_copy(&q->remote, &old->remote_ts);
	} else {
		v2_selectors(sa, t->conf, &q->local, &q->remote);
	}
	if (write_1(sa, q, &err) < 0) {
		ike_reason_set(why, REASON_CRYPTO_UNAVAILABLE, true, STEP,
		    NULL, NULL, "%s", err.text);
		v1_quick_free(sa, q);
		return SP_SYSTEM;
	}
	q->task = t;
	buf_reset(&sa->sent);
	buf_bytes(&sa->sent, q->sent.data, q->sent.len);
	v1_task_sent(sa, t);
	return 0;
}

/* Keys of both SAs; each is made with its own SPI. */
static int
make_keys(const struct v2_sa *sa, struct v1_quick *q, struct v2_child *c,
    const struct v1_payload *ke, struct sp_error *err)
{
	struct chunk ni = { q->ni.data, q->ni.len };
	struct chunk nr = { q->nr.data, q->nr.len };
	struct secret g_xy = {0}, *with = NULL;
	int ret = 0;

	if (q->terms.group != NULL) {
		if (ke == NULL)
			return sp_fail(err, SP_PEER, "the peer's key exchange "
			    "value is missing");
		with = &g_xy;
		ret = kex_derive(q->kex, ke->body.p, ke->body.len, &g_xy,
		    err);
	}
	if (ret == 0)
		ret = v1_keymat(sa->suite.prf, &sa->keys.d, with,
		    c->conf->protocol, c->spi_in, &ni, &nr, &c->suite,
		    &c->encr_in, &c->integ_in, err);
	if (ret == 0)
		ret = v1_keymat(sa->suite.prf, &sa->keys.d, with,
		    c->conf->protocol, c->spi_out, &ni, &nr, &c->suite,
		    &c->encr_out, &c->integ_out, err);
	secret_free(&g_xy);
	return ret;
}

/* Children belong to the SA that is in use, whichever made them. */
static struct v2_sa *
home(struct v2_sa *sa)
{
	struct v2_sa *twin;

	if (sa->state == V2_UP)
		return sa;
	twin = v2_find_twin(sa, &sa->remote_id);
	return twin == NULL ? sa : twin;
}

static struct v2_child *
make_child(struct v2_sa *sa, struct v1_quick *q,
    const struct v1_choice *choice, const struct v1_payload *ke,
    struct sp_error *err)
{
	struct v2_child *c;

	c = v2_child_new(home(sa), q->conf, q->spi, choice->spi);
	c->suite = choice->suite;
	c->transport = q->conf->transport;
	c->rekey_of = q->rekey_of;
	ts_list_copy(&c->local_ts, &q->local);
	ts_list_copy(&c->remote_ts, &q->remote);
	if (choice->life_ms > 0 && choice->life_ms < q->conf->lifetime_ms) {
		v2_life(sa->host, sa->conf, choice->life_ms, &c->rekey_at,
		    &c->expires_at);
	}
	q->child_id = c->id;
	if (make_keys(sa, q, c, ke, err) == 0)
		return c;
	v2_child_end(c, NULL);
	return NULL;
}

static void
why_offer(const struct ike_child_conf *conf, const struct v1_payload *sa,
    int code, const char *text, struct ike_reason *why)
{
	struct buf ours = {0}, theirs = {0};
	size_t i;

	for (i = 0; i < conf->nr_suites; i++) {
		buf_puts(&ours, i == 0 ? "" : ", ");
		suite_print(&ours, &conf->suites[i]);
	}
	v1_print_offer(&theirs, &sa->body, false);
	buf_puts(&theirs, "");
	ike_reason_set(why, code == SP_RANGE ? REASON_PFS_MISMATCH :
	    code == SP_STATE ? REASON_MODE_MISMATCH :
	    REASON_NO_PROPOSAL_CHILD, true, STEP, (char *)ours.data,
	    (char *)theirs.data, "Phase 2 \"%s\": %s.", conf->name, text);
	buf_free(&ours);
	buf_free(&theirs);
}

static bool
same_id(const struct v1_payload *p, const struct ts_list *l)
{
	struct ts_list one;
	struct ike_ts ts;

	if (p == NULL)
		return true;
	if (v1_ts_of_id(&p->body, &ts, NULL) < 0)
		return false;
	one = (struct ts_list){ &ts, 1 };
	return ts_list_contains(l, &one) && ts_contains(&ts, &l->ts[0]);
}

/* Is message 2 what message 1 asked for? */
static struct v2_child *
accept_2(struct v2_sa *sa, struct v1_quick *q, const struct parts *p,
    struct ike_reason *why)
{
	struct sp_error err = {0};
	struct v1_choice choice;
	struct v2_child *c;
	int ret;

	ret = v1_choose_phase2(&p->sa->body, q->conf->suites,
	    q->conf->nr_suites, &q->terms, &choice, &err);
	if (ret == 0 && choice.suite.ke != q->terms.group)
		ret = sp_fail(&err, SP_RANGE, "the peer chose another group");
	if (ret < 0 || choice.spi < SPI_MIN) {
		why_offer(q->conf, p->sa, ret, ret < 0 ? err.text :
		    "the peer chose no valid SPI", why);
		return NULL;
	}
	if (!q->conf->transport && (!same_id(p->idci, &q->local) ||
	    !same_id(p->idcr, &q->remote))) {
		ike_reason_set(why, REASON_TS_UNACCEPTABLE, true, STEP, NULL,
		    NULL, "The peer answered for other networks than those of "
		    "phase 2 \"%s\": in IKEv1 both sides must have exactly "
		    "the same.", q->conf->name);
		return NULL;
	}
	buf_bytes(&q->nr, p->nonce->body.p, p->nonce->body.len);
	c = make_child(sa, q, &choice, p->ke, &err);
	if (c == NULL)
		ike_reason_set(why, REASON_INVALID_KE, true, STEP, NULL, NULL,
		    "%s", err.text);
	return c;
}

static void
got_2(struct v2_sa *sa, struct v1_quick *q, const struct v1_in *in)
{
	struct v2_child *c, *old;
	struct v1_out o = {0};
	struct ike_reason why;
	struct parts p;

	if (!find_parts(&in->m, &p))
		return;
	c = accept_2(sa, q, &p, &why);
	if (c == NULL) {
		fail(sa, q, &why);
		return;
	}
	v1_begin(sa, &o, X1_QUICK, q->mid);
	v2_child_install(c, true, false);
	if (v1_finish(sa, &o, q->mid, &q->ni, &q->nr, true, q->iv,
	    &q->sent) == 0)
		v2_emit_send(sa->host, &sa->path, &q->sent);
	buf_wipe(&o.b);
	if (q->rekey_of == 0)
		v2_child_up(c);
	else
		v2_child_switch(c);
	old = v2_child_by_id(sa->host, q->rekey_of);
	quick_done(sa, q);
	if (old != NULL)
		v2_child_close(old, REASON_NONE);
}

/* ---- responder ---- */

/* Selectors of message 1 as we see them: ours and the peer's. */
static bool
their_ts(const struct v2_sa *sa, const struct parts *p, struct ike_ts *local,
    struct ike_ts *remote)
{
	*local = ts_from_addr(&sa->path.local.addr);
	*remote = ts_from_addr(&sa->path.remote.addr);
	if (p->idci == NULL)
		return true;
	return v1_ts_of_id(&p->idci->body, remote, NULL) == 0 &&
	    v1_ts_of_id(&p->idcr->body, local, NULL) == 0;
}

static bool
holds(const struct ts_list *l, const struct ike_ts *ts)
{
	size_t i;

	for (i = 0; i < l->nr; i++) {
		if (ts_contains(&l->ts[i], ts) && ts_contains(ts, &l->ts[i]))
			return true;
	}
	return false;
}

/* IKEv1 does not narrow: the phase 2 whose networks are just these. */
static struct ike_child_conf *
conf_for(const struct v2_sa *sa, const struct ike_ts *local,
    const struct ike_ts *remote)
{
	struct ts_list ol = {0}, or = {0};
	struct ike_child_conf *c;
	bool fits = false;
	size_t i;

	for (i = 0; i < sa->conf->nr_children && !fits; i++) {
		c = sa->conf->children[i];
		v2_selectors(sa, c, &ol, &or);
		/* behind a NAT the peer writes other addresses (RFC 3947) */
		fits = (holds(&ol, local) && holds(&or, remote)) ||
		    (c->transport && sa->encap);
		ts_list_free(&ol);
		ts_list_free(&or);
	}
	return fits ? c : NULL;
}

static void
refuse(struct v2_sa *sa, struct v1_quick *q, unsigned notify,
    const struct ike_reason *why)
{
	uint8_t spi[4];

	put_u32(spi, q->spi);
	v1_send_notify(sa, PROTO_ESP, notify, spi, sizeof(spi), NULL, 0);
	v2_emit_refused(sa->host, sa, &sa->path, why);
	quick_done(sa, q);
}

static void
refuse_ts(struct v2_sa *sa, struct v1_quick *q, const struct ike_ts *local,
    const struct ike_ts *remote)
{
	struct buf ours = {0}, theirs = {0};
	struct ts_list ol = {0}, or = {0};
	struct ike_reason why;

	ts_print(&theirs, local);
	buf_puts(&theirs, " to ");
	ts_print(&theirs, remote);
	if (sa->conf->nr_children > 0) {
		v2_selectors(sa, sa->conf->children[0], &ol, &or);
		ts_list_print(&ours, &ol);
		buf_puts(&ours, " to ");
		ts_list_print(&ours, &or);
	}
	buf_puts(&ours, "");
	ike_reason_set(&why, REASON_TS_UNACCEPTABLE, true, STEP,
	    (char *)ours.data, (char *)theirs.data, "The peer asks for "
	    "networks that are not exactly those of a phase 2 (IKEv1 does not "
	    "narrow).");
	ts_list_free(&ol);
	ts_list_free(&or);
	buf_free(&ours);
	buf_free(&theirs);
	refuse(sa, q, N1_INVALID_ID_INFORMATION, &why);
}

/* The child that these selectors have already: then this is its rekey. */
static uint32_t
predecessor(const struct v2_sa *sa, const struct v1_quick *q)
{
	const struct v2_child *c;
	uint32_t id = 0;

	LIST_EACH(c, &sa->children, const struct v2_child, link) {
		if (c->announced && c->state == IKE_CHILD_INSTALLED &&
		    c->out_done && ts_list_eq(&c->local_ts, &q->local) &&
		    ts_list_eq(&c->remote_ts, &q->remote))
			id = c->id;
	}
	return id;
}

static int
write_2(struct v2_sa *sa, struct v1_quick *q, const struct v1_choice *choice,
    const struct parts *p, struct sp_error *err)
{
	struct v1_out o = {0};
	struct buf body = {0};
	int ret;

	v1_begin(sa, &o, X1_QUICK, q->mid);
	v1_answer(&body, choice, q->spi, 4);
	v1_out_add(&o, P1_SA, body.data, body.len);
	v1_out_add(&o, P1_NONCE, q->nr.data, q->nr.len);
	ret = add_ke(q, &o, err);
	if (p->idci != NULL) {
		v1_out_add(&o, P1_ID, p->idci->body.p, p->idci->body.len);
		v1_out_add(&o, P1_ID, p->idcr->body.p, p->idcr->body.len);
	}
	if (q->conf->transport)
		v1_nat_oa_add(sa, &o, false);
	if (ret == 0)
		ret = v1_finish(sa, &o, q->mid, &q->ni, NULL, false, q->iv,
		    &q->sent);
	buf_free(&body);
	buf_wipe(&o.b);
	return ret;
}

/* The suites are ours; the group is the one of the row that fits. */
static int
choose(const struct v2_sa *sa, struct v1_quick *q, const struct parts *p,
    struct v1_choice *choice, struct sp_error *err)
{
	int ret;

	q->terms = terms_of(sa, q->conf, NULL);
	ret = v1_choose_phase2(&p->sa->body, q->conf->suites,
	    q->conf->nr_suites, &q->terms, choice, err);
	if (ret == 0)
		q->terms.group = choice->suite.ke;
	if (ret == 0 && choice->spi < SPI_MIN)
		ret = sp_fail(err, SP_PEER, "the peer offered no valid SPI");
	if (ret == 0 && (p->ke != NULL) != (choice->suite.ke != NULL))
		ret = sp_fail(err, SP_RANGE, "the peer's key exchange value "
		    "does not go with the group of its proposal");
	return ret;
}

static void
respond(struct v2_sa *sa, struct v1_quick *q, const struct parts *p)
{
	struct sp_error err = {0};
	struct v1_choice choice;
	struct ike_reason why;
	struct v2_child *c;
	int ret;

	ret = choose(sa, q, p, &choice, &err);
	if (ret < 0) {
		why_offer(q->conf, p->sa, ret, err.text, &why);
		refuse(sa, q, N1_NO_PROPOSAL_CHOSEN, &why);
		return;
	}
	buf_bytes(&q->ni, p->nonce->body.p, p->nonce->body.len);
	v2_make_nonce(sa->host, &q->nr);
	q->spi = v2_new_child_spi(sa->host);
	q->rekey_of = predecessor(home(sa), q);
	if (write_2(sa, q, &choice, p, &err) < 0 ||
	    (c = make_child(sa, q, &choice, p->ke, &err)) == NULL) {
		ike_reason_set(&why, REASON_INVALID_KE, true, STEP, NULL,
		    NULL, "%s", err.text);
		refuse(sa, q, N1_INVALID_KEY_INFORMATION, &why);
		return;
	}
	v2_child_install(c, true, false);
	q->packets = 1;
	q->due = sa->host->now + v2_wait_ms(sa->host, 0);
	v2_emit_send(sa->host, &sa->path, &q->sent);
}

static void
got_1(struct v2_sa *sa, struct v1_quick *q, const struct v1_in *in)
{
	struct ike_ts local, remote;
	struct parts p;

	if (!find_parts(&in->m, &p) || !their_ts(sa, &p, &local, &remote)) {
		v1_quick_free(sa, q);
		return;
	}
	hash_sha256(&(struct chunk){ in->pkt->data, in->pkt->len }, 1,
	    q->in_hash);
	q->conf = conf_for(sa, &local, &remote);
	if (q->conf == NULL) {
		refuse_ts(sa, q, &local, &remote);
		return;
	}
	ike_child_conf_ref(q->conf);
	if (q->conf->transport) {
		local.first = local.last = sa->path.local.addr;
		remote.first = remote.last = sa->path.remote.addr;
	}
	ts_list_add(&q->local, &local);
	ts_list_add(&q->remote, &remote);
	respond(sa, q, &p);
}

static void
got_3(struct v2_sa *sa, struct v1_quick *q)
{
	struct v2_child *c = v2_child_by_id(sa->host, q->child_id);

	if (c != NULL && c->sa != NULL && !c->announced) {
		if (q->rekey_of == 0)
			v2_child_up(c);
		else
			v2_child_switch(c);
	}
	buf_free(&q->sent);
	quick_done(sa, q);
}

/* ---- input and time ---- */

static unsigned
quick_open(const struct v2_sa *sa)
{
	const struct v1_quick *q;
	unsigned nr = 0;

	LIST_EACH(q, &sa->v1->quick, const struct v1_quick, link)
		nr += q->state == QM_WAIT;
	return nr;
}

static bool
is_repeated(struct v2_sa *sa, struct v1_quick *q,
    const struct v2_packet *pkt)
{
	uint8_t hash[32];

	hash_sha256(&(struct chunk){ pkt->data, pkt->len }, 1, hash);
	if (memcmp(hash, q->in_hash, sizeof(hash)) != 0)
		return false;
	if (q->sent.len > 0) {
		sa->host->stats.retransmits++;
		v2_emit_send(sa->host, pkt->path, &q->sent);
	}
	return true;
}

/* The nonces that the HASH of the awaited message covers. */
static bool
hash_good(const struct v2_sa *sa, const struct v1_quick *q,
    const struct v1_in *in)
{
	if (q == NULL)
		return v1_hash_good(sa, in, false, NULL, NULL);
	if (q->ours)
		return v1_hash_good(sa, in, false, &q->ni, NULL);
	return v1_hash_good(sa, in, true, &q->ni, &q->nr);
}

static void
handle(struct v2_sa *sa, struct v1_quick *q, const struct v1_in *in,
    const uint8_t *iv)
{
	/* messages 2 and 3 prove by a nonce of ours that they are new; the
	 * first may be an old one from anywhere */
	if (q != NULL)
		v2_heard(sa, in->pkt->path);
	if (q == NULL) {
		q = quick_new(sa, in->pkt->hdr.mid, false, NULL);
		memcpy(q->iv, iv, sizeof(q->iv));
		got_1(sa, q, in);
		return;
	}
	memcpy(q->iv, iv, sizeof(q->iv));
	if (!q->ours) {
		got_3(sa, q);
		return;
	}
	hash_sha256(&(struct chunk){ in->pkt->data, in->pkt->len }, 1,
	    q->in_hash);
	got_2(sa, q, in);
}

void
v1_quick_input(struct v2_sa *sa, const struct v2_packet *pkt)
{
	struct v1_quick *q = quick_find(sa, pkt->hdr.mid);
	struct v1_in in = { .pkt = pkt };
	uint8_t iv[CBC_BLOCK_MAX] = {0};

	if ((sa->state != V2_UP && sa->state != V2_REPLACED) ||
	    pkt->hdr.mid == 0 || !(pkt->hdr.flags & V1_FLAG_ENCRYPTED))
		return;
	if (q != NULL && (is_repeated(sa, q, pkt) || q->state == QM_DONE))
		return;
	if (q == NULL && (quick_open(sa) >= V1_QUICK_OPEN ||
	    sa->v1->nr_quick >= V1_QUICK_MAX))
		return;
	if (q != NULL)
		memcpy(iv, q->iv, sizeof(iv));
	else
		v1_phase2_iv(sa, pkt->hdr.mid, iv);
	if (v1_open(sa, &in, iv, NULL) < 0 || !hash_good(sa, q, &in))
		sa->host->stats.auth_failures++;
	else
		handle(sa, q, &in, iv);
	v1_clear(&in);
}

/* A refusal came that can only mean our Quick Mode. */
void
v1_quick_refused(struct v2_sa *sa, struct v2_task *t, unsigned notify)
{
	struct v1_quick *q = quick_ours(sa);
	struct ike_reason why;
	const char *name;

	if (q == NULL || q->task != t)
		return;
	name = q->conf->name;
	if (notify == N1_INVALID_ID_INFORMATION) {
		ike_reason_set(&why, REASON_TS_UNACCEPTABLE, true, STEP, NULL,
		    NULL, "The peer refused the networks of phase 2 \"%s\" "
		    "(INVALID-ID-INFORMATION): in IKEv1 both sides must have "
		    "exactly the same.", name);
	} else if (notify == N1_NO_PROPOSAL_CHOSEN) {
		ike_reason_set(&why, REASON_NO_PROPOSAL_CHILD, true, STEP,
		    NULL, NULL, "The peer refused the proposals of phase 2 "
		    "\"%s\" (NO-PROPOSAL-CHOSEN): algorithms, PFS group, mode "
		    "or networks differ.", name);
	} else {
		ike_reason_set(&why, REASON_PEER_ERROR, true, STEP, NULL,
		    NULL, "The peer refused phase 2 \"%s\" with notify %u.",
		    name, notify);
	}
	fail(sa, q, &why);
}

void
v1_quick_silent(struct v2_sa *sa)
{
	struct v1_quick *q = quick_ours(sa);
	struct ike_reason why;

	ike_reason_set(&why, REASON_PEER_SILENT_AFTER_INIT, false, STEP, NULL,
	    NULL, "The peer did not answer Quick Mode for phase 2 \"%s\".",
	    q->conf->name);
	fail(sa, q, &why);
}

/* Message 3 is missing, or a finished exchange may be forgotten. */
void
v1_quick_due(struct v2_sa *sa, struct v1_quick *q)
{
	struct ike_host *h = sa->host;
	struct v2_child *c = v2_child_by_id(h, q->child_id);
	struct ike_reason why;

	if (q->state == QM_DONE) {
		v1_quick_free(sa, q);
		return;
	}
	if (c != NULL && c->announced) {	/* ESP came in: all is well */
		quick_done(sa, q);
		return;
	}
	if (q->packets > h->par.retransmit_tries) {
		ike_reason_set(&why, REASON_PEER_SILENT_AFTER_INIT, false,
		    STEP, NULL, NULL, "The last message of Quick Mode for "
		    "phase 2 \"%s\" did not come.", q->conf->name);
		fail(sa, q, &why);
		return;
	}
	h->stats.retransmits++;
	q->due = h->now + v2_wait_ms(h, q->packets++);
	v2_emit_send(h, &sa->path, &q->sent);
}
