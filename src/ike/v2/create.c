/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CREATE_CHILD_SA for children (RFC 7296 1.3.1, 1.3.3, 2.8, 2.25.1):
 *
 *	HDR, SK {[N(REKEY_SA),] SA, Ni, [KEi,] TSi, TSr} -->
 *				<-- HDR, SK {SA, Nr, [KEr,] TSi, TSr}
 *			or	<-- HDR, SK {N(an error)}
 *
 * Both sides may rekey the same child at once.  Each answers as usual and
 * remembers, in the task under way, the peer's new child and the lower nonce
 * of that exchange.  When our own answer comes the lowest of the four nonces
 * loses: the side whose exchange it was in deletes the child it made, the
 * other one deletes the old child.
 */
#include "ike/v2/steps.h"

#include <string.h>

#include "base/clock.h"

#define STEP "CREATE_CHILD_SA"
#define CHILD_TRIES 5		/* of TEMPORARY_FAILURE for a new child */

/* Byte strings in the order of RFC 7296 2.8.1. */
static int
compare(const struct bytes *a, const struct bytes *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int diff = memcmp(a->p, b->p, len);

	if (diff != 0)
		return diff;
	return a->len < b->len ? -1 : a->len > b->len;
}

void
v2_lower_nonce(const struct bytes *a, const struct bytes *b, struct buf *out)
{
	const struct bytes *low = compare(a, b) <= 0 ? a : b;

	buf_reset(out);
	buf_bytes(out, low->p, low->len);
}

bool
v2_lost_collision(const struct v2_task *t, const struct bytes *nr)
{
	struct bytes ni = { t->nonce.data, t->nonce.len };
	struct bytes rival = { t->rival_nonce.data, t->rival_nonce.len };

	return compare(&ni, &rival) < 0 || compare(nr, &rival) < 0;
}

/* ---- initiator ---- */

int
v2_create_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why)
{
	return v2_child_offer(sa, t, t->conf, NULL, m, why);
}

int
v2_rekey_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why)
{
	struct v2_child *old = v2_child_by_id(sa->host, t->child_id);
	struct ike_payload *p;
	uint8_t spi[4];

	if (old == NULL || old->sa != sa || old->gone ||
	    old->state != IKE_CHILD_INSTALLED)
		return 1;
	/* the peer has just done it; its Delete of the old one is to come */
	if (v2_child_successor(sa, old) != NULL)
		return 1;
	if (t->conf == NULL)
		t->conf = ike_child_conf_ref(old->conf);
	put_u32(spi, old->spi_in);
	p = ike_msg_add_notify(m, N_REKEY_SA, NULL, 0);
	p->u.notify.protocol = old->conf->protocol;
	p->u.notify.spi = ike_msg_bytes(m, spi, sizeof(spi));
	return v2_child_offer(sa, t, old->conf, old, m, why);
}

/* The peer wants another group: again with it, if it is one of ours. */
static bool
other_group(struct v2_task *t, const struct ike_child_conf *conf,
    const struct ike_payload *n)
{
	const struct bytes *d = &n->u.notify.data;
	const struct alg *group;

	if (n->u.notify.type != N_INVALID_KE_PAYLOAD || d->len != 2 ||
	    t->tries >= V2_RESTARTS)
		return false;
	group = v2_group_of(conf->suites, conf->nr_suites, get_u16(d->p));
	if (group == NULL || group == t->group)
		return false;
	t->group = group;
	return true;
}

enum v2_next
v2_create_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m)
{
	const struct ike_payload *n = ike_msg_find_error(m);
	struct ike_reason why;
	struct v2_child *c;

	if (n != NULL && other_group(t, t->conf, n))
		return V2_AGAIN;
	if (n != NULL && n->u.notify.type == N_TEMPORARY_FAILURE &&
	    t->tries < CHILD_TRIES) {
		v2_task_again(sa, t, 5000, 20000);
		return V2_LATER;
	}
	if (n != NULL) {
		v2_why_child(sa, STEP, n->u.notify.type, t->conf, &why);
		v2_emit_child_failed(sa, 0, t->conf->name, &why);
		return V2_DONE;
	}
	c = v2_child_accept(sa, t, t->conf, NULL, m, &why);
	if (c != NULL)
		v2_child_up(c);
	else
		v2_emit_child_failed(sa, 0, t->conf->name, &why);
	return V2_DONE;
}

/* Our rekey was refused; the old child lives on as long as it may. */
static enum v2_next
rekey_refused(struct v2_sa *sa, struct v2_task *t, struct v2_child *old,
    const struct ike_payload *n)
{
	uint16_t type = n->u.notify.type;
	struct ike_reason why;

	/* the peer was quicker: its own rekey or Delete settles the matter */
	if (old == NULL || old->gone || old->state != IKE_CHILD_INSTALLED ||
	    v2_child_by_id(sa->host, t->rival) != NULL)
		return V2_DONE;
	if (type == N_CHILD_SA_NOT_FOUND) {
		v2_child_end_code(old, REASON_CHILD_NOT_FOUND);
		return V2_DONE;
	}
	if (other_group(t, old->conf, n))
		return V2_AGAIN;
	if (type == N_TEMPORARY_FAILURE) {
		v2_task_again(sa, t, 5000, 20000);
		return V2_LATER;
	}
	v2_why_rekey(sa, old, type, &why);
	v2_emit_child_failed(sa, old->id, old->conf->name, &why);
	v2_task_again(sa, t, 20000, 40000);
	return V2_LATER;
}

/* Both new children are there; one has to go. */
static void
settle_collision(struct v2_sa *sa, struct v2_task *t, struct v2_child *old,
    struct v2_child *new, const struct bytes *nr)
{
	struct v2_child *rival = v2_child_by_id(sa->host, t->rival);
	bool lost = false;

	/* the rival may be over meanwhile; the nonces decide all the same */
	if (t->rival != 0)
		lost = old == NULL || v2_lost_collision(t, nr);
	if (lost) {
		/* the peer deletes the old one, which moves our traffic */
		v2_child_install(new, true, false);
		new->doomed = true;
		v2_child_close(new, REASON_REKEY_COLLISION_LOST);
		return;
	}
	if (rival != NULL) {
		rival->doomed = true;
		rival->switch_at = TIME_NEVER;
	}
	v2_child_switch(new);
	if (old != NULL)
		v2_child_close(old, REASON_NONE);
}

enum v2_next
v2_rekey_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m)
{
	struct v2_child *old = v2_child_by_id(sa->host, t->child_id);
	const struct ike_payload *n = ike_msg_find_error(m);
	struct ike_reason why;
	struct v2_child *new;

	if (old != NULL && old->sa != sa)
		old = NULL;
	if (n != NULL)
		return rekey_refused(sa, t, old, n);
	new = v2_child_accept(sa, t, t->conf,
	    old != NULL && !old->gone ? old : NULL, m, &why);
	if (new == NULL) {
		v2_emit_child_failed(sa, t->child_id, t->conf->name, &why);
		return V2_DONE;
	}
	if (old != NULL && old->gone)
		old = NULL;
	settle_collision(sa, t, old, new,
	    &ike_msg_find(m, PLD_NONCE)->u.raw);
	return V2_DONE;
}

/* ---- responder ---- */

static void
refuse(struct ike_msg *answer, uint16_t type)
{
	ike_msg_add_notify(answer, type, NULL, 0);
}

static void
refuse_rekey(struct ike_msg *answer, const struct ike_payload *rekey)
{
	struct ike_payload *p;

	p = ike_msg_add_notify(answer, N_CHILD_SA_NOT_FOUND, NULL, 0);
	p->u.notify.protocol = rekey->u.notify.protocol;
	p->u.notify.spi = ike_msg_bytes(answer, rekey->u.notify.spi.p,
	    rekey->u.notify.spi.len);
}

/* The peer's rekey met ours of the same child: remember its outcome. */
static void
note_collision(struct v2_sa *sa, const struct v2_child *old,
    const struct v2_child *new, const struct bytes *ni,
    const struct buf *nr)
{
	struct v2_task *t = v2_active(sa, T_REKEY_CHILD, old->id);
	struct bytes ours = { nr->data, nr->len };

	if (t == NULL)
		return;
	t->rival = new->id;
	v2_lower_nonce(ni, &ours, &t->rival_nonce);
}

static void
rekey_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer, const struct ike_payload *rekey)
{
	const struct bytes *spi = &rekey->u.notify.spi;
	struct v2_child *old, *new;
	struct buf nr = {0};

	old = spi->len != 4 ? NULL : v2_child_by_out(sa,
	    rekey->u.notify.protocol, get_u32(spi->p));
	/* an answer that we still wait for may have made it: ask again */
	if (old == NULL && v2_child_work(sa)) {
		refuse(answer, N_TEMPORARY_FAILURE);
		return;
	}
	if (old == NULL) {
		refuse_rekey(answer, rekey);
		return;
	}
	/* what we are about to delete, or replaced already, stays as it is */
	if (old->state != IKE_CHILD_INSTALLED || old->doomed ||
	    v2_has_task(sa, T_DELETE_CHILD, old->id)) {
		refuse(answer, N_TEMPORARY_FAILURE);
		return;
	}
	v2_make_nonce(sa->host, &nr);
	new = v2_child_respond(sa, m, answer, old, &nr);
	if (new != NULL) {
		note_collision(sa, old, new,
		    &ike_msg_find(m, PLD_NONCE)->u.raw, &nr);
		v2_child_install(new, true, false);
		new->switch_at = sa->host->now + V2_SWITCH_MS;
		old->rekey_at = TIME_NEVER;
	}
	buf_free(&nr);
}

static void
create_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer)
{
	struct v2_child *c;
	struct buf nr = {0};

	v2_make_nonce(sa->host, &nr);
	c = v2_child_respond(sa, m, answer, NULL, &nr);
	if (c != NULL)
		v2_child_up(c);
	buf_free(&nr);
}

/*
 * An authentic peer is no reason to grow without end.  A rekey replaces, so
 * it may go beyond the limit for as long as the old child is there.
 */
static bool
is_full(const struct v2_sa *sa, bool rekey)
{
	const struct list *l = sa->children.next;
	struct ike_reason why;
	unsigned nr = 0, most = rekey ? 2 * V2_CHILDREN : V2_CHILDREN;

	for (; l != &sa->children; l = l->next)
		nr++;
	if (nr < most)
		return false;
	ike_reason_set(&why, REASON_RATE_LIMITED, true, STEP, NULL, NULL,
	    "The peer asked for more than %u child SAs.", most);
	v2_emit_refused(sa->host, sa, &sa->path, &why);
	return true;
}

static bool
is_ike_rekey(const struct ike_msg *m)
{
	const struct ike_payload *sa = ike_msg_find(m, PLD_SA);

	return sa->u.sa.nr > 0 && sa->u.sa.proposals[0].protocol == PROTO_IKE;
}

void
v2_create_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer)
{
	const struct ike_payload *rekey = ike_msg_find_notify(m, N_REKEY_SA);

	if (is_ike_rekey(m)) {
		v2_ike_rekey_request(sa, m, answer);
		return;
	}
	/* on an SA that its maker uses, the collision is decided */
	v2_peer_chose(sa);
	if (sa->waiting || v2_active(sa, T_REKEY_SA, 0) != NULL) {
		refuse(answer, N_TEMPORARY_FAILURE);
		return;
	}
	if (ike_msg_find(m, PLD_TSi) == NULL)
		refuse(answer, N_INVALID_SYNTAX);
	else if (is_full(sa, rekey != NULL))
		refuse(answer, N_NO_ADDITIONAL_SAS);
	else if (rekey != NULL)
		rekey_request(sa, m, answer, rekey);
	else
		create_request(sa, m, answer);
}

/* An SA that is ending, or was replaced, makes nothing new. */
void
v2_create_too_late(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer)
{
	(void)sa;
	(void)m;
	refuse(answer, N_TEMPORARY_FAILURE);
}
