/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Negotiating a child: the payloads that are the same in IKE_AUTH and in
 * CREATE_CHILD_SA (RFC 7296 1.3, 2.7, 2.9, 2.17; transport mode 1.3.1 and
 * behind NAT 2.23.1).
 *
 *	[N(USE_TRANSPORT_MODE),] SAi2, [Ni, [KEi,]] TSi, TSr -->
 *		<-- [N(USE_TRANSPORT_MODE),] SAr2, [Nr, [KEr,]] TSi, TSr
 *
 * The first child, in IKE_AUTH, has neither nonces nor KE: those of
 * IKE_SA_INIT serve (2.17).
 */
#include "ike/v2/steps.h"

#include <string.h>

#include "base/error.h"
#include "crypto/alg.h"
#include "crypto/kex.h"

/* One attempt of a responder to serve a request by one configuration. */
struct attempt {
	struct ike_child_conf *conf;
	const struct v2_child *old;	/* what is rekeyed, or NULL */
	bool first;		/* in IKE_AUTH */
	bool transport;
	struct suite_choice choice;
	struct ts_list local, remote;	/* narrowed */
	unsigned stage;		/* how far it came: the best is told of */
	uint16_t notify;	/* the refusal */
	uint8_t group[2];
	struct ike_reason why;
};

/* Everything of a family: which address it will be is not known yet. */
static struct ike_ts
any_of(uint8_t family)
{
	struct ike_ts ts = { .port_last = UINT16_MAX };

	ts.first.family = ts.last.family = family;
	memset(ts.last.b, 0xff, addr_len(&ts.last));
	return ts;
}

/* The inner addresses of a side, or its outer one if it has none. */
static void
add_dynamic(const struct v2_sa *sa, bool ours, const struct ip_addr *outer,
    struct ts_list *out)
{
	static const uint8_t families[2] = { AF_INET, AF_INET6 };
	const struct ip_addr *inner;
	bool any = false;
	struct ike_ts ts;
	size_t i;

	for (i = 0; i < 2; i++) {
		inner = v2_cp_addr(sa, ours, families[i]);
		if (inner != NULL)
			ts = ts_from_addr(inner);
		else if (ours && sa->cp == NULL && sa->setup != NULL &&
		    sa->initiator && v2_cp_asked(sa, families[i]))
			ts = any_of(families[i]);
		else
			continue;
		ts_list_add(out, &ts);
		any = true;
	}
	if (any)
		return;
	ts = ts_from_addr(outer);
	ts_list_add(out, &ts);
}

/* Our selectors of one side, dynamic ones filled in. */
static void
own_selectors(const struct v2_sa *sa, const struct ike_child_conf *conf,
    bool ours, struct ts_list *out)
{
	ts_list_copy(out, ours ? &conf->local_ts : &conf->remote_ts);
	if (ours ? conf->local_dynamic : conf->remote_dynamic) {
		add_dynamic(sa, ours, ours ? &sa->path.local.addr :
		    &sa->path.remote.addr, out);
	}
}

void
v2_selectors(const struct v2_sa *sa, const struct ike_child_conf *conf,
    struct ts_list *local, struct ts_list *remote)
{
	own_selectors(sa, conf, true, local);
	own_selectors(sa, conf, false, remote);
}

static void
add_ts(struct ike_msg *m, uint8_t type, const struct ts_list *l)
{
	struct ike_payload *p = ike_msg_add(m, type);

	if (l->nr == 0)
		return;
	p->u.ts.nr = l->nr;
	p->u.ts.ts = ike_msg_alloc(m, l->nr, sizeof(*l->ts));
	memcpy(p->u.ts.ts, l->ts, l->nr * sizeof(*l->ts));
}

/* Empty if there is none: an answer with KE alone passes the rules, as it is
 * that of a rekeyed IKE SA. */
static struct ts_list
ts_of(const struct ike_msg *m, uint8_t type)
{
	const struct ike_payload *p = ike_msg_find(m, type);

	if (p == NULL)
		return (struct ts_list){0};
	return (struct ts_list){ p->u.ts.ts, p->u.ts.nr };
}

/* Group for the KE payload: as asked for, as before, or our first one. */
static const struct alg *
pick_group(const struct v2_task *t, const struct ike_child_conf *conf,
    const struct v2_child *old)
{
	size_t i;

	if (t->group != NULL)
		return t->group;
	if (old != NULL && old->suite.ke != NULL)
		return old->suite.ke;
	for (i = 0; i < conf->nr_suites; i++) {
		if (conf->suites[i].ke != NULL)
			return conf->suites[i].ke;
	}
	return NULL;
}

static int
offer_fresh(struct v2_sa *sa, struct v2_task *t,
    const struct alg *group, struct ike_msg *m, struct ike_reason *why)
{
	struct sp_error err = {0};
	int ret = 0;

	v2_make_nonce(sa->host, &t->nonce);
	v2_add_nonce(m, &t->nonce);
	if (group == NULL)
		return 0;
	kex_free(t->kex);
	t->kex = NULL;
	ret = kex_new(&t->kex, group, &err);
	if (ret == 0)
		ret = v2_add_ke(m, t->kex, &err);
	if (ret < 0) {
		ike_reason_set(why, REASON_CRYPTO_UNAVAILABLE, true,
		    "CREATE_CHILD_SA", NULL, NULL, "%s", err.text);
	}
	return ret;
}

int
v2_child_offer(struct v2_sa *sa, struct v2_task *t,
    const struct ike_child_conf *conf, const struct v2_child *old,
    struct ike_msg *m, struct ike_reason *why)
{
	bool first = t->kind == T_AUTH;
	uint8_t spi[4];
	int ret = 0;

	if (conf->protocol == PROTO_AH && sa->encap) {
		v2_why_code(sa, REASON_NAT_DETECTED_AH, "", why);
		return SP_UNSUPPORTED;
	}
	ts_list_free(&t->local);
	ts_list_free(&t->remote);
	if (old != NULL) {
		ts_list_copy(&t->local, &old->local_ts);
		ts_list_copy(&t->remote, &old->remote_ts);
	} else {
		v2_selectors(sa, conf, &t->local, &t->remote);
	}
	t->spi = v2_new_child_spi(sa->host);
	t->transport = old != NULL ? old->transport : conf->transport;
	put_u32(spi, t->spi);
	if (t->transport)
		ike_msg_add_notify(m, N_USE_TRANSPORT_MODE, NULL, 0);
	suite_offer(m, conf->suites, conf->nr_suites, conf->protocol, spi,
	    sizeof(spi), !first);
	if (!first) {
		ret = offer_fresh(sa, t, pick_group(t, conf, old), m, why);
		if (ret < 0)
			return ret;
	}
	add_ts(m, PLD_TSi, &t->local);
	add_ts(m, PLD_TSr, &t->remote);
	return 0;
}

void
v2_child_narrow(struct v2_sa *sa, struct v2_task *t,
    const struct ike_child_conf *conf)
{
	ts_list_free(&t->local);
	ts_list_free(&t->remote);
	v2_selectors(sa, conf, &t->local, &t->remote);
}

static int
child_key(struct v2_child *c, const struct secret *g_ir,
    const struct bytes *ni, const struct bytes *nr, bool initiator,
    struct sp_error *err)
{
	const struct v2_sa *sa = c->sa;
	struct child_keys k = {0};
	int ret;

	ret = ike_child_keys(sa->suite.prf, &sa->keys.d, g_ir, ni->p, ni->len,
	    nr->p, nr->len, &c->suite, c->conf->protocol, &k, err);
	if (ret < 0)
		return ret;
	secret_move(&c->encr_out, initiator ? &k.encr_i : &k.encr_r);
	secret_move(&c->integ_out, initiator ? &k.integ_i : &k.integ_r);
	secret_move(&c->encr_in, initiator ? &k.encr_r : &k.encr_i);
	secret_move(&c->integ_in, initiator ? &k.integ_r : &k.integ_i);
	child_keys_free(&k);
	return 0;
}

/* The SPI that the peer chose, or 0 if it is none. */
static uint32_t
peer_spi(const struct suite_choice *choice)
{
	return choice->spi_len == 4 ? get_u32(choice->spi) : 0;
}

/* Is the child in the answer what we asked for?  Fills the choice. */
static int
check_answer(struct v2_sa *sa, struct v2_task *t,
    const struct ike_child_conf *conf, const struct v2_child *old,
    const struct ike_msg *m, struct suite_choice *choice,
    struct ike_reason *why)
{
	const char *step = v2_task_table[t->kind].step;
	struct ts_list local = ts_of(m, PLD_TSi), remote = ts_of(m, PLD_TSr);
	struct sp_error err = {0};
	int ret;

	ret = suite_check_answer(ike_msg_find(m, PLD_SA), conf->suites,
	    conf->nr_suites, conf->protocol, t->kind != T_AUTH, choice, &err);
	if (ret == 0 && peer_spi(choice) < 256)
		ret = sp_fail(&err, SP_PEER, "the peer chose no valid SPI");
	if (ret < 0) {
		v2_why_suites(conf->suites, conf->nr_suites,
		    REASON_NO_PROPOSAL_CHILD, step, ike_msg_find(m, PLD_SA),
		    err.text, why);
		return ret;
	}
	if (!ts_list_contains(&t->local, &local) ||
	    !ts_list_contains(&t->remote, &remote) ||
	    local.nr == 0 || remote.nr == 0 ||
	    (old != NULL && (!ts_list_contains(&local, &old->local_ts) ||
	    !ts_list_contains(&remote, &old->remote_ts)))) {
		v2_why_ts(step, &t->local, &t->remote, &local, &remote, why);
		return SP_PEER;
	}
	if (t->transport &&
	    ike_msg_find_notify(m, N_USE_TRANSPORT_MODE) == NULL) {
		v2_why_code(sa, REASON_MODE_MISMATCH, step, why);
		return SP_PEER;
	}
	return 0;
}

/* The shared secret of a CREATE_CHILD_SA answer, if one was agreed. */
static int
answer_secret(const struct v2_task *t, const struct ike_msg *m,
    const struct suite *s, struct secret *g_ir, struct sp_error *err)
{
	const struct ike_payload *ke = ike_msg_find(m, PLD_KE);

	if (s->ke == NULL || t->kind == T_AUTH)
		return 0;
	if (ke == NULL || t->kex == NULL || kex_group(t->kex) != s->ke ||
	    ke->u.ke.group != s->ke->id) {
		return sp_fail(err, SP_PEER, "the peer agreed to a key "
		    "exchange but its value is missing or of another group");
	}
	return kex_derive(t->kex, ke->u.ke.data.p, ke->u.ke.data.len, g_ir,
	    err);
}

/* Nonces of the answer's exchange, ours first. */
static void
answer_nonces(const struct v2_sa *sa, const struct v2_task *t,
    const struct ike_msg *m, struct bytes *ni, struct bytes *nr)
{
	if (t->kind == T_AUTH) {
		*ni = (struct bytes){ sa->setup->ni.data, sa->setup->ni.len };
		*nr = (struct bytes){ sa->setup->nr.data, sa->setup->nr.len };
		return;
	}
	*ni = (struct bytes){ t->nonce.data, t->nonce.len };
	*nr = ike_msg_find(m, PLD_NONCE)->u.raw;
}

/* Was the child deleted while the answer that made it was on its way? */
static bool
is_dead(const struct v2_task *t, uint32_t spi)
{
	size_t i;

	for (i = 0; i + 4 <= t->dead.len; i += 4) {
		if (get_u32(t->dead.data + i) == spi)
			return true;
	}
	return false;
}

/*
 * The peer has made a child that we do not want: it must hear so, or it will
 * send into the void.
 */
static void
reject_child(struct v2_child *c)
{
	c->doomed = true;
	v2_child_close(c, REASON_NONE);
}

struct v2_child *
v2_child_accept(struct v2_sa *sa, struct v2_task *t,
    struct ike_child_conf *conf, const struct v2_child *old,
    const struct ike_msg *m, struct ike_reason *why)
{
	struct ts_list local = ts_of(m, PLD_TSi), remote = ts_of(m, PLD_TSr);
	struct suite_choice choice = {0};
	struct secret g_ir = {0};
	struct sp_error err = {0};
	struct bytes ni, nr;
	struct v2_child *c;
	int ret;

	ret = check_answer(sa, t, conf, old, m, &choice, why);
	if (ret == 0 && is_dead(t, peer_spi(&choice))) {
		v2_why_code(sa, REASON_PEER_DELETED,
		    v2_task_table[t->kind].step, why);
		return NULL;
	}
	c = v2_child_new(sa, conf, t->spi, peer_spi(&choice));
	c->suite = choice.suite;
	c->transport = t->transport;
	c->rekey_of = old == NULL ? 0 : old->id;
	if (ret < 0) {
		reject_child(c);
		return NULL;
	}
	ts_list_copy(&c->local_ts, &local);
	ts_list_copy(&c->remote_ts, &remote);
	answer_nonces(sa, t, m, &ni, &nr);
	ret = answer_secret(t, m, &c->suite, &g_ir, &err);
	if (ret == 0) {
		ret = child_key(c, g_ir.len > 0 ? &g_ir : NULL, &ni, &nr,
		    true, &err);
	}
	secret_free(&g_ir);
	if (ret < 0) {
		ike_reason_set(why, REASON_INVALID_KE, true,
		    v2_task_table[t->kind].step, NULL, NULL, "%s", err.text);
		reject_child(c);
		return NULL;
	}
	return c;
}

/* ---- responder ---- */

/*
 * Transport mode behind NAT (2.23.1): the peer writes addresses as it sees
 * them; we compare as we see them.  Only single addresses can be meant.
 */
static void
substitute(struct ts_list *l, const struct ip_addr *addr)
{
	size_t i;

	for (i = 0; i < l->nr; i++) {
		if (l->ts[i].first.family == addr->family &&
		    addr_eq(&l->ts[i].first, &l->ts[i].last))
			l->ts[i].first = l->ts[i].last = *addr;
	}
}

static void
copy_theirs(const struct v2_sa *sa, const struct attempt *a,
    const struct ike_msg *m, struct ts_list *local, struct ts_list *remote)
{
	struct ts_list tsi = ts_of(m, PLD_TSi), tsr = ts_of(m, PLD_TSr);

	ts_list_copy(remote, &tsi);
	ts_list_copy(local, &tsr);
	if (!a->transport || !(sa->nat_local || sa->nat_remote))
		return;
	substitute(remote, &sa->path.remote.addr);
	substitute(local, &sa->path.local.addr);
}

static void
attempt_reset(struct attempt *a)
{
	ts_list_free(&a->local);
	ts_list_free(&a->remote);
}

/* Stage 1: selectors have something in common; exact: they are equal. */
static bool
try_ts(const struct v2_sa *sa, struct attempt *a, const struct ike_msg *m,
    bool exact)
{
	struct ts_list ol = {0}, or = {0}, tl = {0}, tr = {0};
	bool ok;

	v2_selectors(sa, a->conf, &ol, &or);
	copy_theirs(sa, a, m, &tl, &tr);
	ok = ts_narrow(&ol, &tl, &a->local) > 0 &&
	    ts_narrow(&or, &tr, &a->remote) > 0;
	if (ok && exact)
		ok = ts_list_eq(&ol, &tl) && ts_list_eq(&or, &tr);
	/* a rekey never narrows below what it replaces, 2.9.2 */
	if (ok && a->old != NULL) {
		ok = ts_list_contains(&a->local, &a->old->local_ts) &&
		    ts_list_contains(&a->remote, &a->old->remote_ts);
	}
	if (!ok) {
		a->notify = N_TS_UNACCEPTABLE;
		v2_why_ts(a->first ? "IKE_AUTH" : "CREATE_CHILD_SA", &ol, &or,
		    &tl, &tr, &a->why);
	}
	ts_list_free(&ol);
	ts_list_free(&or);
	ts_list_free(&tl);
	ts_list_free(&tr);
	return ok;
}

static bool
try_mode(const struct v2_sa *sa, struct attempt *a, const struct ike_msg *m)
{
	bool asked = ike_msg_find_notify(m, N_USE_TRANSPORT_MODE) != NULL;

	if (a->conf->protocol == PROTO_AH && sa->encap) {
		a->notify = N_NO_PROPOSAL_CHOSEN;
		v2_why_code(sa, REASON_NAT_DETECTED_AH, "", &a->why);
		return false;
	}
	/* tunnel instead of transport is the peer's to accept, 1.3.1 */
	a->transport = a->conf->transport && asked;
	if (a->conf->transport && !asked) {
		a->notify = N_NO_PROPOSAL_CHOSEN;
		v2_why_code(sa, REASON_MODE_MISMATCH, "", &a->why);
		return false;
	}
	return true;
}

static bool
try_suite(struct attempt *a, const struct ike_msg *m)
{
	const struct ike_payload *sa = ike_msg_find(m, PLD_SA);
	const struct ike_child_conf *conf = a->conf;
	enum ike_reason_code code = REASON_NO_PROPOSAL_CHILD;
	struct suite_choice spare;
	struct sp_error err = {0};

	if (suite_choose(sa, conf->suites, conf->nr_suites, conf->protocol,
	    a->first, &a->choice, &err) == 0 && peer_spi(&a->choice) >= 256)
		return true;
	/* with another group it would do: that is PFS, not the ciphers */
	if (!a->first && suite_choose(sa, conf->suites, conf->nr_suites,
	    conf->protocol, true, &spare, NULL) == 0)
		code = REASON_PFS_MISMATCH;
	a->notify = N_NO_PROPOSAL_CHOSEN;
	v2_why_suites(conf->suites, conf->nr_suites, code,
	    a->first ? "IKE_AUTH" : "CREATE_CHILD_SA", sa, err.text, &a->why);
	return false;
}

static bool
try_group(struct attempt *a, const struct ike_msg *m)
{
	const struct alg *want = a->choice.suite.ke;
	const struct ike_payload *ke = ike_msg_find(m, PLD_KE);

	if (a->first || want == NULL)
		return true;
	if (ke != NULL && ke->u.ke.group == want->id)
		return true;
	a->notify = N_INVALID_KE_PAYLOAD;
	put_u16(a->group, want->id);
	ike_reason_set(&a->why, REASON_INVALID_KE, true, "CREATE_CHILD_SA",
	    want->name, NULL, "The peer's key exchange value is not of the "
	    "group %s and was asked for again.", want->name);
	return false;
}

/* Try one configuration; true if the child can be made of it. */
static bool
attempt(const struct v2_sa *sa, struct attempt *a, const struct ike_msg *m,
    bool exact)
{
	attempt_reset(a);
	a->stage = 1;
	if (!try_mode(sa, a, m))
		return false;
	if (!try_ts(sa, a, m, exact))
		return false;
	a->stage = 2;
	if (!try_suite(a, m))
		return false;
	a->stage = 3;
	return try_group(a, m);
}

/* The configuration that serves the request best; else the best refusal. */
static bool
find_conf(const struct v2_sa *sa, struct attempt *best,
    const struct ike_msg *m)
{
	struct attempt a;
	size_t i;
	int exact;

	for (exact = 1; exact >= 0; exact--) {
		for (i = 0; i < sa->conf->nr_children; i++) {
			a = (struct attempt){ .first = best->first,
			    .conf = sa->conf->children[i] };
			if (attempt(sa, &a, m, exact)) {
				attempt_reset(best);
				*best = a;
				return true;
			}
			attempt_reset(&a);
			if (exact == 0 && a.stage > best->stage)
				*best = a;
		}
	}
	return false;
}

static struct v2_child *
make_child(struct v2_sa *sa, const struct attempt *a, const struct buf *nr,
    const struct secret *g_ir, const struct ike_msg *m, struct sp_error *err)
{
	struct bytes ni, ours = { nr->data, nr->len };
	struct v2_child *c;

	c = v2_child_new(sa, a->conf, v2_new_child_spi(sa->host),
	    peer_spi(&a->choice));
	c->suite = a->choice.suite;
	c->transport = a->transport;
	c->rekey_of = a->old == NULL ? 0 : a->old->id;
	ts_list_copy(&c->local_ts, &a->local);
	ts_list_copy(&c->remote_ts, &a->remote);
	if (a->first)
		ni = (struct bytes){ sa->setup->ni.data, sa->setup->ni.len };
	else
		ni = ike_msg_find(m, PLD_NONCE)->u.raw;
	if (child_key(c, g_ir, &ni, &ours, false, err) < 0) {
		v2_child_unlink(c);
		return NULL;
	}
	return c;
}

/* Our KE value and the shared secret, if the suite has a group. */
static int
answer_ke(const struct attempt *a, const struct ike_msg *m,
    struct ike_msg *answer, struct secret *g_ir, struct sp_error *err)
{
	const struct ike_payload *ke = ike_msg_find(m, PLD_KE);
	struct kex *kex;
	int ret;

	if (a->first || a->choice.suite.ke == NULL)
		return 0;
	ret = kex_new(&kex, a->choice.suite.ke, err);
	if (ret < 0)
		return ret;
	ret = kex_derive(kex, ke->u.ke.data.p, ke->u.ke.data.len, g_ir, err);
	if (ret == 0)
		ret = v2_add_ke(answer, kex, err);
	kex_free(kex);
	return ret;
}

static void
answer_payloads(const struct attempt *a, const struct v2_child *c,
    const struct ike_msg *m, struct ike_msg *answer)
{
	struct ts_list tsi = ts_of(m, PLD_TSi), tsr = ts_of(m, PLD_TSr);
	bool same = a->transport && (c->sa->nat_local || c->sa->nat_remote);
	uint8_t spi[4];

	put_u32(spi, c->spi_in);
	if (c->transport)
		ike_msg_add_notify(answer, N_USE_TRANSPORT_MODE, NULL, 0);
	suite_answer(answer, &a->choice, a->conf->protocol, spi, sizeof(spi),
	    !a->first);
	/* what was substituted goes back as the peer wrote it, 2.23.1 */
	add_ts(answer, PLD_TSi, same ? &tsi : &c->remote_ts);
	add_ts(answer, PLD_TSr, same ? &tsr : &c->local_ts);
}

static void
refuse(struct v2_sa *sa, const struct attempt *a, struct ike_msg *answer)
{
	bool ke = a->notify == N_INVALID_KE_PAYLOAD;

	ike_msg_add_notify(answer, a->notify, ke ? a->group : NULL,
	    ke ? sizeof(a->group) : 0);
	if (!ke) {
		v2_emit_child_failed(sa, a->old == NULL ? 0 : a->old->id,
		    a->conf == NULL ? "" : a->conf->name, &a->why);
	}
}

struct v2_child *
v2_child_respond(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer, const struct v2_child *old, struct buf *nonce)
{
	struct attempt a = { .old = old, .first = nonce == NULL };
	const struct buf *nr = nonce;
	struct secret g_ir = {0};
	struct sp_error err = {0};
	struct v2_child *c = NULL;
	bool ok;

	if (nr == NULL)
		nr = &sa->setup->nr;
	if (old != NULL) {
		a.conf = old->conf;
		ok = attempt(sa, &a, m, false);
	} else {
		a.notify = N_TS_UNACCEPTABLE;
		v2_why_code(sa, REASON_TS_UNACCEPTABLE, "", &a.why);
		ok = find_conf(sa, &a, m);
	}
	if (!ok) {
		refuse(sa, &a, answer);
		attempt_reset(&a);
		return NULL;
	}
	if (answer_ke(&a, m, answer, &g_ir, &err) == 0) {
		c = make_child(sa, &a, nr, g_ir.len > 0 ? &g_ir : NULL, m,
		    &err);
	}
	secret_free(&g_ir);
	if (c == NULL) {
		a.notify = N_INVALID_SYNTAX;
		ike_reason_set(&a.why, REASON_INVALID_KE, true, "", NULL,
		    NULL, "%s", err.text);
		refuse(sa, &a, answer);
	} else {
		if (nonce != NULL)
			v2_add_nonce(answer, nonce);
		answer_payloads(&a, c, m, answer);
	}
	attempt_reset(&a);
	return c;
}
