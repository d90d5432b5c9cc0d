/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MOBIKE (RFC 4555): an IKE SA and its children follow changes of addresses.
 *
 *	HDR, SK {N(UPDATE_SA_ADDRESSES), N(NAT_DETECTION_*), ...} -->
 *				<-- HDR, SK {N(NAT_DETECTION_*)}
 *				<-- HDR, SK {N(COOKIE2)}
 *	HDR, SK {N(COOKIE2)} -->
 *
 * The initiator of the first IKE SA decides which addresses are used, also
 * after rekeys; the other side only lists its own.  The responder believes in
 * a new address for the children when a cookie came back from it (3.7).
 *
 * Invariant: sa->path is where our next packet goes; the children follow it
 * at once where we decide, after the check where the peer does.
 */
#include "ike/v2/steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "crypto/rng.h"

#define COOKIE2_LEN 16
#define PROBE_AFTER 2		/* sent in vain so often: other addresses */

void
v2_mobike_offer(const struct v2_sa *sa, struct ike_msg *m)
{
	if (!sa->conf->mobike)
		return;
	ike_msg_add_notify(m, N_MOBIKE_SUPPORTED, NULL, 0);
	v2_mobike_list(sa, m);
}

/* Our addresses besides the one in use (3.4). */
void
v2_mobike_list(const struct v2_sa *sa, struct ike_msg *m)
{
	const struct ike_host *h = sa->host;
	const struct ip_addr *a;
	size_t i, nr = 0;

	for (i = 0; i < h->nr_own; i++) {
		a = &h->own[i];
		/* with an address set, that one alone is used */
		if (sa->conf->local_addr.family != 0 ||
		    addr_eq(a, &sa->path.local.addr))
			continue;
		ike_msg_add_notify(m, a->family == AF_INET ?
		    N_ADDITIONAL_IP4_ADDRESS : N_ADDITIONAL_IP6_ADDRESS,
		    a->b, addr_len(a));
		nr++;
	}
	if (nr == 0 && sa->mobike != NULL)
		ike_msg_add_notify(m, N_NO_ADDITIONAL_ADDRESSES, NULL, 0);
}

/* The peer's list, which replaces an older one; false if there was none. */
static bool
take_list(struct v2_mobike *mo, const struct ike_msg *m)
{
	const struct ike_payload *p;
	struct ip_addr a;
	bool any = false;
	size_t i, nr = 0;

	for (i = 0; i < m->nr; i++) {
		p = &m->payloads[i];
		if (p->type != PLD_NOTIFY)
			continue;
		if (p->u.notify.type == N_NO_ADDITIONAL_ADDRESSES)
			any = true;
		a.family = p->u.notify.type == N_ADDITIONAL_IP4_ADDRESS ?
		    AF_INET : p->u.notify.type == N_ADDITIONAL_IP6_ADDRESS ?
		    AF_INET6 : 0;
		if (a.family == 0 || p->u.notify.data.len != addr_len(&a))
			continue;
		any = true;
		if (nr < V2_ADDRESSES)
			mo->peer[nr++] = addr_from_bytes(a.family,
			    p->u.notify.data.p);
	}
	if (any)
		mo->nr_peer = nr;
	return any;
}

void
v2_mobike_agree(struct v2_sa *sa, const struct ike_msg *m)
{
	if (!sa->conf->mobike || sa->mobike != NULL ||
	    ike_msg_find_notify(m, N_MOBIKE_SUPPORTED) == NULL)
		return;
	sa->mobike = xcalloc(1, sizeof(*sa->mobike));
	sa->mobike->decides = sa->initiator;
	take_list(sa->mobike, m);
}

void
v2_mobike_inherit(struct v2_sa *sa, const struct v2_sa *old)
{
	if (old->mobike != NULL)
		sa->mobike = xmemdup(old->mobike, sizeof(*old->mobike));
}

void
v2_mobike_free(struct v2_sa *sa)
{
	free(sa->mobike);
	sa->mobike = NULL;
}

static bool
is_path(const struct v2_sa *sa, const struct v2_child *c)
{
	return endpoint_eq(&c->path.local, &sa->path.local) &&
	    endpoint_eq(&c->path.remote, &sa->path.remote) &&
	    c->encap == sa->encap;
}

static void
move_children(struct v2_sa *sa)
{
	struct v2_child *c;

	LIST_EACH(c, &sa->children, struct v2_child, link) {
		if (is_path(sa, c))
			continue;
		c->path = sa->path;
		c->encap = sa->encap;
		if (c->in_done || c->out_done)
			v2_emit_child(c, IKE_ACT_CHILD_MOVE);
	}
}

/* ---- the side that decides ---- */

static void
ask_update(struct v2_sa *sa)
{
	sa->mobike->update = true;
	if (!v2_has_task(sa, T_MOBIKE, 0))
		v2_task_add(sa, T_MOBIKE);
	v2_touch(sa);
}

/* What is under way goes on by the new path (3.5), as patiently as if it had
 * just been asked. */
static void
go_on(struct v2_sa *sa)
{
	if (sa->active == NULL)
		return;
	sa->resend_at = sa->host->now;
	sa->packets = 0;
}

void
v2_mobike_move(struct v2_sa *sa, const struct ike_path *path)
{
	if (endpoint_eq(&sa->path.local, &path->local) &&
	    endpoint_eq(&sa->path.remote, &path->remote))
		return;
	sa->path = *path;
	if (!sa->mobike->decides) {
		/* all that we may do is to say where we are now */
		move_children(sa);
		if (!v2_has_task(sa, T_MOBIKE, 0))
			v2_task_add(sa, T_MOBIKE);
		v2_touch(sa);
		return;
	}
	move_children(sa);
	ask_update(sa);
	go_on(sa);
}

int
v2_mobike_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why)
{
	(void)t;
	(void)why;
	if (sa->mobike == NULL)
		return 1;
	if (sa->mobike->update) {
		sa->mobike->update = false;
		ike_msg_add_notify(m, N_UPDATE_SA_ADDRESSES, NULL, 0);
		v2_nat_offer(sa->host, m, &sa->path, sa->conf->force_encap);
	}
	v2_mobike_list(sa, m);
	return 0;
}

/* What the answer says of NATs on the new path. */
static void
take_nat(struct v2_sa *sa, const struct ike_msg *m)
{
	const struct ike_payload *p;

	p = ike_msg_find_notify(m, N_NAT_DETECTION_DESTINATION_IP);
	if (p == NULL)
		return;
	v2_nat_detect(sa, m, &sa->path, sa->conf->force_encap);
	if (p->u.notify.data.len != sizeof(sa->mobike->seen))
		return;
	memcpy(sa->mobike->seen, p->u.notify.data.p,
	    sizeof(sa->mobike->seen));
	sa->mobike->has_seen = true;
}

enum v2_next
v2_mobike_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m)
{
	const struct ike_payload *n = ike_msg_find_error(m);
	bool encap = sa->encap;
	struct ike_reason why;

	if (sa->mobike == NULL)
		return V2_DONE;
	if (n != NULL) {
		ike_reason_set(&why, REASON_PEER_ERROR, true, "INFORMATIONAL",
		    NULL, NULL, "The peer does not accept our new address "
		    "(error %u).", n->u.notify.type);
		v2_emit_refused(sa->host, sa, &sa->path, &why);
		return V2_DONE;
	}
	if (sa->mobike->update)
		return V2_AGAIN;
	take_nat(sa, m);
	/* an answer that was kept for repetition may be about a path of
	 * before: whether there is a NAT is asked once more */
	if (sa->encap != encap && t->tries == 0) {
		sa->mobike->update = true;
		return V2_AGAIN;
	}
	move_children(sa);
	return V2_DONE;
}

/* What was under way about addresses on an IKE SA that another one replaces
 * goes on there: its answer will not be heard any more. */
void
v2_mobike_follow(const struct v2_sa *old, struct v2_sa *sa)
{
	if (old->mobike == NULL || sa->mobike == NULL)
		return;
	sa->path = old->path;
	sa->nat_local = old->nat_local;
	sa->nat_remote = old->nat_remote;
	sa->encap = old->encap;
	*sa->mobike = *old->mobike;
	if (v2_has_task(old, T_MOBIKE, 0) || old->mobike->rotated) {
		sa->mobike->update = sa->mobike->decides;
		v2_task_add(sa, T_MOBIKE);
	}
	if (v2_has_task(old, T_COOKIE2, 0))
		v2_task_add(sa, T_COOKIE2);
}

/* The NAT in front of us has another mapping than before (3.8). */
void
v2_mobike_probed(struct v2_sa *sa, const struct ike_msg *m)
{
	const struct ike_payload *p;
	struct v2_mobike *mo = sa->mobike;

	if (mo == NULL || !mo->decides)
		return;
	p = ike_msg_find_notify(m, N_NAT_DETECTION_DESTINATION_IP);
	if (p == NULL || p->u.notify.data.len != sizeof(mo->seen))
		return;
	if (mo->has_seen && memcmp(mo->seen, p->u.notify.data.p,
	    sizeof(mo->seen)) != 0)
		ask_update(sa);
	memcpy(mo->seen, p->u.notify.data.p, sizeof(mo->seen));
	mo->has_seen = true;
}

bool
v2_mobike_watches_nat(const struct v2_sa *sa)
{
	return sa->mobike != NULL && sa->mobike->decides && sa->nat_local;
}

/* Nobody answers at the address in use: the next one that the peer named,
 * in a ring, so that the first one has its turn again. */
void
v2_mobike_rotate(struct v2_sa *sa)
{
	struct v2_mobike *mo = sa->mobike;
	struct ip_addr now = sa->path.remote.addr;
	size_t i;

	if (mo == NULL || !mo->decides || sa->packets < PROBE_AFTER)
		return;
	for (i = 0; i < mo->nr_peer; i++) {
		if (mo->peer[i].family == now.family)
			break;
	}
	if (i == mo->nr_peer)
		return;
	sa->path.remote.addr = mo->peer[i];
	mo->nr_peer--;
	memmove(&mo->peer[i], &mo->peer[i + 1],
	    (mo->nr_peer - i) * sizeof(mo->peer[0]));
	mo->peer[mo->nr_peer++] = now;
	mo->rotated = true;
}

void
v2_mobike_heard(struct v2_sa *sa, const struct ike_path *path)
{
	struct v2_mobike *mo = sa->mobike;

	if (!mo->rotated || !mo->decides || path->remote.addr.family !=
	    sa->path.remote.addr.family)
		return;
	mo->rotated = false;
	sa->path = *path;
	move_children(sa);
	ask_update(sa);
}

/* ---- the other side ---- */

/* Is the packet as its sender made it (3.9): addresses, then ports. */
static bool
is_as_sent(const struct bytes *data, const struct ike_path *path)
{
	size_t len = addr_len(&path->remote.addr);
	uint8_t want[36];

	if (data->len != 2 * len + 4)
		return false;
	memcpy(want, path->remote.addr.b, len);
	memcpy(want + len, path->local.addr.b, len);
	put_u16(want + 2 * len, path->remote.port);
	put_u16(want + 2 * len + 2, path->local.port);
	return memcmp(data->p, want, data->len) == 0;
}

static void
update(struct v2_sa *sa, const struct ike_msg *m, struct ike_msg *answer)
{
	const struct ike_path *path = sa->host->from;
	const struct ike_payload *p;

	p = ike_msg_find_notify(m, N_NO_NATS_ALLOWED);
	if (p != NULL && !is_as_sent(&p->u.notify.data, path)) {
		ike_msg_add_notify(answer, N_UNEXPECTED_NAT_DETECTED, NULL,
		    0);
		return;
	}
	sa->path = *path;
	go_on(sa);
	if (ike_msg_find_notify(m, N_NAT_DETECTION_SOURCE_IP) != NULL)
		v2_nat_detect(sa, m, path, sa->conf->force_encap);
	if (!v2_has_task(sa, T_COOKIE2, 0))
		v2_task_add(sa, T_COOKIE2);
	else
		sa->mobike->update = true;
}

/* The side that may not decide wrote from another address: ours to go there,
 * and the children follow with the answer from it. */
static void
peer_moved(struct v2_sa *sa)
{
	const struct ike_path *path = sa->host->from;

	if (addr_eq(&path->remote.addr, &sa->path.remote.addr))
		return;
	sa->path = *path;
	ask_update(sa);
}

void
v2_mobike_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer)
{
	const struct ike_payload *p = ike_msg_find_notify(m, N_COOKIE2);

	if (p != NULL) {
		ike_msg_add_notify(answer, N_COOKIE2, p->u.notify.data.p,
		    p->u.notify.data.len);
	}
	if (sa->mobike == NULL || sa->state != V2_UP)
		return;
	if (take_list(sa->mobike, m) && sa->mobike->decides)
		peer_moved(sa);
	if (!sa->mobike->decides &&
	    ike_msg_find_notify(m, N_UPDATE_SA_ADDRESSES) != NULL)
		update(sa, m, answer);
	if (ike_msg_find_notify(m, N_NAT_DETECTION_SOURCE_IP) != NULL) {
		v2_nat_offer(sa->host, answer, sa->host->from,
		    sa->conf->force_encap);
	}
}

int
v2_cookie2_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why)
{
	(void)why;
	if (sa->mobike == NULL)
		return 1;
	sa->mobike->update = false;
	buf_reset(&t->nonce);
	rng_bytes(sa->host->par.rng, buf_space(&t->nonce, COOKIE2_LEN),
	    COOKIE2_LEN);
	ike_msg_add_notify(m, N_COOKIE2, t->nonce.data, t->nonce.len);
	return 0;
}

enum v2_next
v2_cookie2_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m)
{
	const struct ike_payload *p = ike_msg_find_notify(m, N_COOKIE2);
	struct ike_reason why;

	if (p == NULL || p->u.notify.data.len != t->nonce.len ||
	    memcmp(p->u.notify.data.p, t->nonce.data, t->nonce.len) != 0) {
		/* 3.7: such a peer is not trusted any more */
		ike_reason_set(&why, REASON_PEER_ERROR, true,
		    "INFORMATIONAL", NULL, NULL, "The peer did not prove "
		    "that it is at its new address (COOKIE2).");
		v2_emit_refused(sa->host, sa, &sa->path, &why);
		v2_close(sa, REASON_PEER_ERROR);
		return V2_DONE;
	}
	if (sa->mobike->update)
		return V2_AGAIN;
	move_children(sa);
	return V2_DONE;
}
