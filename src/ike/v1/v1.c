/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IKEv1 on the common ground: the way of a datagram to its exchange (RFC 2408
 * 3.1: the cookies find the SA, the Message ID the exchange), tasks of ours,
 * retransmission, and what time does to Quick Modes.
 */
#include "ike/v1/phase1.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "ike/v2/steps.h"

struct v1_sa *
v1_attach(struct v2_sa *sa)
{
	sa->v1 = xcalloc(1, sizeof(*sa->v1));
	list_init(&sa->v1->quick);
	return sa->v1;
}

void
v1_free(struct v2_sa *sa)
{
	struct v1_quick *q;

	if (sa->v1 == NULL)
		return;
	LIST_EACH(q, &sa->v1->quick, struct v1_quick, link)
		v1_quick_free(sa, q);
	secret_free(&sa->v1->g_xy);
	buf_free(&sa->v1->own_ke);
	buf_free(&sa->v1->peer_id);
	free(sa->v1);
	sa->v1 = NULL;
}

/* ---- tasks ---- */

void
v1_task_sent(struct v2_sa *sa, struct v2_task *t)
{
	struct ike_host *h = sa->host;

	sa->active = t;
	sa->packets = 1;
	sa->first_sent = h->now;
	sa->last_out = h->now;
	sa->resend_at = h->now + v2_wait_ms(h, 0);
	v2_emit_send(h, &sa->path, &sa->sent);
}

void
v1_task_done(struct v2_sa *sa)
{
	v2_task_free(sa->active);
	sa->active = NULL;
	sa->resend_at = TIME_NEVER;
	buf_free(&sa->sent);
	v2_touch(sa);
}

static int
delete_child(struct v2_sa *sa, struct v2_task *t, struct ike_reason *why)
{
	struct v2_child *c = v2_child_by_id(sa->host, t->child_id);

	(void)why;
	if (c == NULL || c->sa != sa || c->gone)
		return 1;
	v1_send_delete(sa, c);
	v2_child_deleted(c, t->why);
	return 1;
}

/* No answer is to come: all is said with this. */
static int
delete_sa(struct v2_sa *sa, struct v2_task *t, struct ike_reason *why)
{
	enum ike_reason_code code = t->why;

	(void)why;
	v1_farewell(sa);
	v2_end_code(sa, code, "Informational");
	return 1;
}

static int
probe(struct v2_sa *sa, struct v2_task *t, struct ike_reason *why)
{
	(void)why;
	if (!sa->v1->dpd)
		return 1;	/* RFC 3706 5.1: not without its vendor ID */
	sa->active = t;
	sa->packets = 0;
	sa->first_sent = sa->host->now;
	v1_dpd_send(sa);
	return 0;
}

/* A new phase 1 takes the place of this one, with its children. */
static int
renew(struct v2_sa *sa, struct v2_task *t, struct ike_reason *why)
{
	struct ike_host *h = sa->host;
	struct v2_sa *new = v2_sa_new(h, true, v2_new_ike_spi(h), &sa->path);

	(void)t;
	(void)why;
	v1_attach(new);
	new->conf = ike_conf_ref(sa->conf);
	v2_setup_new(new);
	new->v1->replaces = sa->id;
	v2_task_add(new, T_INIT);
	return 1;
}

/* Begin a task: 0 under way (it is sa->active), 1 done, negative: why. */
static int (*const begin_table[T_KINDS])(struct v2_sa *, struct v2_task *,
    struct ike_reason *) = {
	[T_INIT] = v1_main_begin,
	[T_DELETE_SA] = delete_sa,
	[T_DELETE_CHILD] = delete_child,
	[T_LIVENESS] = probe,
	[T_REKEY_SA] = renew,
	[T_REKEY_CHILD] = v1_quick_begin,
	[T_CREATE_CHILD] = v1_quick_begin,
};

static bool
begin(struct v2_sa *sa, struct v2_task *t)
{
	struct ike_reason why = {0};
	int ret = 1;

	if (begin_table[t->kind] != NULL)
		ret = begin_table[t->kind](sa, t, &why);
	if (ret == 0)
		return true;
	if (ret < 0 && t->kind == T_INIT)
		v2_end(sa, &why);
	else if (ret < 0)
		v2_emit_child_failed(sa, t->child_id, t->conf == NULL ? "" :
		    t->conf->name, &why);
	v2_task_free(t);
	return false;
}

void
v1_run_tasks(struct v2_sa *sa)
{
	struct v2_task *t;

	while (sa->state != V2_GONE && (t = v2_task_next(sa)) != NULL) {
		if (begin(sa, t))
			return;
	}
}

/* ---- time ---- */

static void
fell_silent(struct v2_sa *sa)
{
	struct ike_reason why;

	switch (sa->active->kind) {
	case T_REKEY_CHILD:
	case T_CREATE_CHILD:
		v1_quick_silent(sa);
		return;
	case T_LIVENESS:
		v2_end_code(sa, REASON_DPD_TIMEOUT, "DPD");
		return;
	case T_INIT:
	case T_AUTH:
	case T_DELETE_SA:
	case T_DELETE_CHILD:
	case T_COOKIE2:
	case T_MOBIKE:
	case T_REKEY_SA:
	case T_KINDS:
		break;
	}
	v1_why_silent(sa, &why);
	v2_end(sa, &why);
}

void
v1_resend(struct v2_sa *sa)
{
	struct ike_host *h = sa->host;
	bool probing;

	sa->resend_at = TIME_NEVER;
	if (sa->active == NULL)
		return;
	probing = sa->active->kind == T_LIVENESS;
	if (probing && sa->last_in > sa->first_sent) {
		v1_task_done(sa);
		return;
	}
	if (sa->packets >= (probing ? sa->conf->dpd_failures :
	    h->par.retransmit_tries + 1)) {
		fell_silent(sa);
		return;
	}
	h->stats.retransmits++;
	v2_emit_retransmit(sa, probing ? "DPD" : sa->active->kind == T_INIT ?
	    v1_mode(sa) : "Quick Mode", sa->packets);
	if (probing) {
		v1_dpd_send(sa);
		return;
	}
	sa->resend_at = h->now + v2_wait_ms(h, sa->packets);
	sa->packets++;
	sa->last_out = h->now;
	/* nothing came since: the third message of Aggressive Mode may be
	 * what got lost, and nobody asks for it */
	if (sa->initiator && sa->answer.len > 0 &&
	    sa->last_in == sa->established_at)
		v2_emit_send(h, &sa->path, &sa->answer);
	v2_emit_send(h, &sa->path, &sa->sent);
}

int64_t
v1_due(const struct v2_sa *sa)
{
	const struct v1_quick *q;
	int64_t due = TIME_NEVER;

	LIST_EACH(q, &sa->v1->quick, const struct v1_quick, link)
		due = q->due < due ? q->due : due;
	return due;
}

void
v1_run(struct v2_sa *sa)
{
	struct v1_quick *q;

	LIST_EACH(q, &sa->v1->quick, struct v1_quick, link) {
		if (q->due <= sa->host->now)
			v1_quick_due(sa, q);
	}
}

/* ---- input ---- */

static struct v2_sa *
find_sa(const struct ike_host *h, const struct ike_header *hdr)
{
	struct v2_sa *sa;

	sa = map_get(h->by_spi, &hdr->spi_r, sizeof(hdr->spi_r));
	if (sa != NULL && sa->v1 != NULL && !sa->initiator &&
	    sa->spi_i == hdr->spi_i)
		return sa;
	sa = map_get(h->by_spi, &hdr->spi_i, sizeof(hdr->spi_i));
	if (sa == NULL || sa->v1 == NULL || !sa->initiator)
		return NULL;
	/* the responder's cookie is not known before its answer */
	if (sa->spi_r != hdr->spi_r && sa->spi_r != 0 && hdr->spi_r != 0)
		return NULL;
	return sa;
}

/* The same message again: the peer has not got our answer. */
static bool
is_repeated(struct v2_sa *sa, const struct v2_packet *pkt)
{
	uint8_t hash[32];

	if (sa->answer.len == 0)
		return false;
	hash_sha256(&(struct chunk){ pkt->data, pkt->len }, 1, hash);
	if (memcmp(hash, sa->answer_hash, sizeof(hash)) != 0)
		return false;
	sa->host->stats.retransmits++;
	v2_emit_send(sa->host, sa->initiator ? &sa->path : pkt->path,
	    &sa->answer);
	return true;
}

static void
new_peer(struct ike_host *h, const struct v2_packet *pkt)
{
	const struct ike_header *hdr = &pkt->hdr;

	if (hdr->spi_r != 0 || hdr->spi_i == 0 || hdr->mid != 0 ||
	    (hdr->flags & V1_FLAG_ENCRYPTED)) {
		h->stats.unknown_spi++;
		return;
	}
	if (hdr->exchange == X1_MAIN)
		v1_main_request(h, pkt);
	else if (hdr->exchange == X1_AGGRESSIVE)
		v1_aggressive_request(h, pkt);
	else
		h->stats.malformed++;
}

void
v1_input(struct ike_host *h, const struct v2_packet *pkt)
{
	struct v2_sa *sa = find_sa(h, &pkt->hdr);
	struct v1_in in = { .pkt = pkt };

	if (sa == NULL) {
		new_peer(h, pkt);
		return;
	}
	if (sa->state == V2_GONE)
		return;
	switch (pkt->hdr.exchange) {
	case X1_MAIN:
		if (!is_repeated(sa, pkt) && pkt->hdr.mid == 0)
			v1_main_input(sa, &in);
		break;
	case X1_AGGRESSIVE:
		if (!is_repeated(sa, pkt) && pkt->hdr.mid == 0)
			v1_aggressive_input(sa, &in);
		break;
	case X1_QUICK:
		v1_quick_input(sa, pkt);
		break;
	case X1_INFO:
		v1_info_input(sa, &in);
		break;
	default:
		h->stats.malformed++;
		break;
	}
	v1_clear(&in);
	v2_touch(sa);
}
