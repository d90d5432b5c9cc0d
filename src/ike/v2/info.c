/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * INFORMATIONAL (RFC 7296 1.4, 2.4, 2.25): deletes of children and of the
 * IKE SA, liveness.
 *
 *	HDR, SK {D(ESP, our inbound SPIs)} --> <-- HDR, SK {D(theirs)}
 *	HDR, SK {D(IKE)} -->                   <-- HDR, SK {}
 *	HDR, SK {} -->                         <-- HDR, SK {}
 *
 * A Delete names the SPIs of the sender's inbound SAs; the answer names the
 * other half of each pair, but not those for which our own Delete is under
 * way (1.4.1).
 */
#include "ike/v2/steps.h"

#include "base/clock.h"

#define PROBE_MS 1000		/* a hint asks for a probe so often */
#define INVALID_SPI_MS 10000	/* said to a peer so often */
#define DEAD_MAX 16		/* SPIs noted while an answer is awaited */

static void
add_delete(struct ike_msg *m, uint8_t protocol, const void *spis, size_t nr)
{
	struct ike_payload *p = ike_msg_add(m, PLD_DELETE);

	p->u.del.protocol = protocol;
	p->u.del.nr = (uint16_t)nr;
	p->u.del.spi_len = nr == 0 ? 0 : 4;
	p->u.del.spis = ike_msg_bytes(m, spis, nr * 4);
}

int
v2_delete_sa_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why)
{
	(void)sa;
	(void)why;
	if (t->auth_failed)
		ike_msg_add_notify(m, N_AUTHENTICATION_FAILED, NULL, 0);
	else
		add_delete(m, PROTO_IKE, NULL, 0);
	return 0;
}

enum v2_next
v2_delete_sa_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m)
{
	(void)m;
	v2_end_code(sa, t->why, "INFORMATIONAL");
	return V2_DONE;
}

int
v2_delete_child_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why)
{
	struct v2_child *c = v2_child_by_id(sa->host, t->child_id);
	uint8_t spi[4];

	(void)why;
	if (c == NULL || c->sa != sa || c->gone)
		return 1;
	put_u32(spi, c->spi_in);
	add_delete(m, c->conf->protocol, spi, 1);
	return 0;
}

enum v2_next
v2_delete_child_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m)
{
	struct v2_child *c = v2_child_by_id(sa->host, t->child_id);

	(void)m;
	if (c != NULL && c->sa == sa && !c->gone)
		v2_child_deleted(c, t->why);
	return V2_DONE;
}

int
v2_liveness_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why)
{
	uint8_t spi[4];

	(void)why;
	if (t->spi != 0) {
		put_u32(spi, t->spi);
		ike_msg_add_notify(m, N_INVALID_SPI, spi, sizeof(spi));
	}
	if (v2_mobike_watches_nat(sa)) {
		v2_nat_offer(sa->host, m, &sa->path, sa->conf->force_encap);
	}
	return 0;
}

enum v2_next
v2_liveness_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m)
{
	(void)t;
	v2_mobike_probed(sa, m);
	return V2_DONE;
}

void
v2_probe(struct v2_sa *sa)
{
	if (!v2_is_live(sa) || sa->active != NULL ||
	    v2_has_task(sa, T_LIVENESS, 0) ||
	    sa->host->now - sa->last_in < PROBE_MS)
		return;
	v2_task_add(sa, T_LIVENESS);
}

/* No Delete may follow soon: an old child of the peer's may still be on its
 * way out. */
void
v2_say_unknown_spi(struct v2_sa *sa, uint32_t spi)
{
	if (sa->host->now - sa->invalid_spi_at < INVALID_SPI_MS ||
	    v2_has_task(sa, T_LIVENESS, 0))
		return;
	sa->invalid_spi_at = sa->host->now;
	v2_task_add(sa, T_LIVENESS)->spi = spi;
}

/* The peer does not know the child by which we send: it is made anew by who
 * wants it.  Said inside the IKE SA, so it is believed. */
static void
unknown_child(struct v2_sa *sa, const struct ike_msg *m)
{
	const struct ike_payload *p = ike_msg_find_notify(m, N_INVALID_SPI);
	struct v2_child *c;

	if (p == NULL || p->u.notify.data.len != 4 || sa->state != V2_UP)
		return;
	LIST_EACH(c, &sa->children, struct v2_child, link) {
		if (c->spi_out == get_u32(p->u.notify.data.p) && !c->gone &&
		    c->state == IKE_CHILD_INSTALLED) {
			v2_child_close(c, REASON_CHILD_NOT_FOUND);
			return;
		}
	}
}

/* One SPI of a Delete; the other half goes to spis if it is to be named. */
static void
delete_one(struct v2_sa *sa, uint8_t protocol, uint32_t spi,
    struct buf *spis)
{
	struct v2_child *c = v2_child_by_out(sa, protocol, spi);

	/* made by an answer of the peer's that we have not got yet? */
	if (c == NULL && v2_child_work(sa) &&
	    sa->active->dead.len < DEAD_MAX * sizeof(spi))
		buf_u32(&sa->active->dead, spi);
	if (c == NULL || v2_active(sa, T_DELETE_CHILD, c->id) != NULL)
		return;
	buf_u32(spis, c->spi_in);
	v2_child_deleted(c, REASON_PEER_DELETED);
}

static void
delete_children(struct v2_sa *sa, const struct ike_payload *p,
    struct buf *spis)
{
	size_t i;

	if (p->u.del.spi_len != 4)
		return;
	for (i = 0; i < p->u.del.nr; i++) {
		delete_one(sa, p->u.del.protocol,
		    get_u32(p->u.del.spis.p + 4 * i), spis);
	}
}

/* The peer ends the SA that we are about to replace or to end ourselves. */
static void
peer_ends(struct v2_sa *sa, enum ike_reason_code code)
{
	const struct v2_task *t = v2_active(sa, T_REKEY_SA, 0);
	struct v2_sa *rival;

	if (t != NULL && t->rival != 0) {
		rival = v2_sa_by_id(sa->host, t->rival);
		if (rival != NULL)
			v2_take_over(sa, rival);
	}
	/* what was decided here first is the reason that counts */
	if (sa->state == V2_DELETING)
		code = v2_close_code(sa, code);
	v2_end_code(sa, code, "INFORMATIONAL");
}

static bool
ends_sa(const struct ike_msg *m, enum ike_reason_code *code)
{
	const struct ike_payload *p;
	size_t i;

	for (i = 0; i < m->nr; i++) {
		p = &m->payloads[i];
		if (p->type == PLD_DELETE && p->u.del.protocol == PROTO_IKE) {
			*code = REASON_PEER_DELETED;
			return true;
		}
	}
	if (ike_msg_find_notify(m, N_AUTHENTICATION_FAILED) != NULL) {
		*code = REASON_AUTH_FAILED_PSK;
		return true;
	}
	return false;
}

bool
v2_is_farewell(const struct ike_msg *m)
{
	enum ike_reason_code code;

	return m->hdr.exchange == X_INFORMATIONAL && ends_sa(m, &code);
}

void
v2_info_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer)
{
	static const uint8_t protocols[] = { PROTO_ESP, PROTO_AH };
	struct buf spis[2] = {{0}};
	enum ike_reason_code code;
	size_t i, k;

	if (ends_sa(m, &code)) {
		peer_ends(sa, code);
		return;
	}
	v2_mobike_request(sa, m, answer);
	unknown_child(sa, m);
	if (ike_msg_find(m, PLD_DELETE) != NULL)
		v2_peer_chose(sa);
	for (i = 0; i < m->nr; i++) {
		for (k = 0; k < 2; k++) {
			if (m->payloads[i].type == PLD_DELETE &&
			    m->payloads[i].u.del.protocol == protocols[k])
				delete_children(sa, &m->payloads[i],
				    &spis[k]);
		}
	}
	for (k = 0; k < 2; k++) {
		if (spis[k].len > 0)
			add_delete(answer, protocols[k], spis[k].data,
			    spis[k].len / 4);
		buf_free(&spis[k]);
	}
}

/* Both sides deleted at once: ours is done, the peer's is answered (2.25.2). */
void
v2_info_gone(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer)
{
	(void)sa;
	(void)m;
	(void)answer;
}
