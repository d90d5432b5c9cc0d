/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Exchanges (RFC 7296 2.1-2.4): requests of ours go out, are repeated bit by
 * bit until their answer comes and give way to the next task; requests of the
 * peer are handled once, in order, and their answer is kept for repetition.
 * The window is 1 both ways.
 *
 * Nothing but the message inside a good SK payload reaches a handler here
 * (2.21); IKE_SA_INIT, the one clear exchange, is in init.c.
 */
#include "ike/v2/prove.h"
#include "ike/v2/steps.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/prf.h"
#include "crypto/seal.h"
#include "ike/sk.h"
#include "ike/v1/v1.h"

#define OFFSET_LENGTH 24	/* of the header's Length field */
#define SHRINK_AFTER 2		/* sent so often in large fragments */

struct ike_msg *
v2_msg_new(const struct v2_sa *sa, uint8_t exchange, uint32_t mid,
    bool answer)
{
	struct ike_msg *m = ike_msg_new();

	m->hdr.spi_i = sa->spi_i;
	m->hdr.spi_r = sa->spi_r;
	m->hdr.exchange = exchange;
	m->hdr.mid = mid;
	m->hdr.flags = (sa->initiator ? IKE_FLAG_I : 0) |
	    (answer ? IKE_FLAG_R : 0);
	return m;
}

/* A keyed context for one message; an idle SA keeps no OpenSSL object. */
static int
make_seal(const struct v2_sa *sa, bool out, struct seal **seal,
    struct sp_error *err)
{
	bool i = sa->initiator == out;
	const struct secret *e = i ? &sa->keys.ei : &sa->keys.er;
	const struct secret *a = i ? &sa->keys.ai : &sa->keys.ar;

	return seal_new(seal, &(struct seal_params){
		.encr = sa->suite.encr, .key_bits = sa->suite.key_bits,
		.integ = sa->suite.integ,
		.encr_key = e->data, .encr_key_len = e->len,
		.integ_key = a->data, .integ_key_len = a->len,
		.encrypt = out,
	}, err);
}

static int
seal_msg(struct v2_sa *sa, const struct ike_msg *m, struct buf *out,
    struct sp_error *err)
{
	struct seal *seal;
	int ret;

	ret = make_seal(sa, true, &seal, err);
	if (ret < 0)
		return ret;
	ret = ike_sk_seal(m, seal, &sa->iv_counter, v2_fragment_size(sa),
	    sa->host->par.rng, out, err);
	seal_free(seal);
	return ret;
}

static int
open_msg(struct v2_sa *sa, struct ike_msg *m, const struct v2_packet *pkt,
    uint8_t *bad_type, struct sp_error *err)
{
	struct seal *seal;
	int ret;

	ret = make_seal(sa, false, &seal, err);
	if (ret < 0)
		return SP_AUTH;
	if (ike_msg_find(m, PLD_SKF) != NULL) {
		ret = v2_fragment_in(sa, m, pkt, seal, bad_type, err);
	} else {
		ret = ike_sk_open(m, pkt->data, pkt->len, seal, bad_type,
		    err);
	}
	seal_free(seal);
	return ret;
}

/* A message may lie there as several fragments, each with its length. */
static void
transmit(struct v2_sa *sa, const struct ike_path *path, const struct buf *b)
{
	struct buf one;
	size_t off;

	sa->last_out = sa->host->now;
	for (off = 0; off < b->len; off += one.len) {
		one = (struct buf){ .data = b->data + off };
		one.len = get_u32(b->data + off + OFFSET_LENGTH);
		v2_emit_send(sa->host, path, &one);
	}
}

/* The n-th wait for an answer: first * base^n. */
int64_t
v2_wait_ms(const struct ike_host *h, unsigned n)
{
	double ms = (double)h->par.retransmit_ms;

	while (n-- > 0 && ms < 86400e3)
		ms *= h->par.retransmit_base;
	return ms < 1 ? 1 : (int64_t)ms;
}

/* The request of the active task cannot be made: the task ends. */
static void
cannot_build(struct v2_sa *sa, struct v2_task *t,
    const struct ike_reason *why)
{
	sa->active = NULL;
	if (t->kind == T_INIT || t->kind == T_AUTH) {
		v2_end(sa, why);
	} else if (t->kind == T_CREATE_CHILD) {
		v2_emit_child_failed(sa, 0, t->conf->name, why);
	} else if (t->kind == T_REKEY_CHILD) {
		v2_emit_child_failed(sa, t->child_id, "", why);
	}
	v2_task_free(t);
}

static int
encode(struct v2_sa *sa, const struct v2_task *t, const struct ike_msg *m,
    struct ike_reason *why)
{
	struct sp_error err = {0};
	int ret;

	buf_reset(&sa->sent);
	if (t->kind == T_INIT)
		ret = ike_msg_write(m, &sa->sent, &err);
	else
		ret = seal_msg(sa, m, &sa->sent, &err);
	if (ret < 0) {
		ike_reason_set(why, REASON_CRYPTO_UNAVAILABLE, true,
		    v2_task_table[t->kind].step, NULL, NULL, "%s", err.text);
	}
	return ret;
}

/* Make and send the request of a task; false if there was nothing to ask. */
static bool
begin(struct v2_sa *sa, struct v2_task *t)
{
	const struct v2_task_row *row = &v2_task_table[t->kind];
	struct ike_reason why = {0};
	struct ike_msg *m;
	int ret;

	sa->active = t;
	m = v2_msg_new(sa, row->exchange, sa->mid_out, false);
	ret = row->build(sa, t, m, &why);
	if (ret == 0)
		ret = encode(sa, t, m, &why);
	if (ret == 0 && t->kind != T_INIT && v2_fragment_could_shrink(sa))
		sa->asked = m;
	else
		ike_msg_free(m);
	if (ret > 0) {
		sa->active = NULL;
		v2_task_free(t);
		return false;
	}
	if (ret < 0) {
		cannot_build(sa, t, &why);
		return false;
	}
	if (t->kind == T_INIT)
		v2_init_sent(sa);
	sa->packets = 1;
	sa->first_sent = sa->host->now;
	sa->resend_at = sa->host->now + v2_wait_ms(sa->host, 0);
	transmit(sa, &sa->path, &sa->sent);
	return true;
}

void
v2_run_tasks(struct v2_sa *sa)
{
	struct v2_task *t;

	if (sa->v1 != NULL) {
		v1_run_tasks(sa);
		return;
	}
	while (sa->state != V2_GONE && (t = v2_task_next(sa)) != NULL) {
		if (begin(sa, t))
			return;
	}
}

/* Nobody answered, however often we asked. */
static void
fell_silent(struct v2_sa *sa)
{
	struct v2_task *t = sa->active;
	struct v2_sa *rival;

	if (t->kind == T_DELETE_SA) {
		v2_end_code(sa, t->why, "");
		return;
	}
	/* the peer is alive if it made an SA of its own of this one */
	if (t->kind == T_REKEY_SA && t->rival != 0) {
		rival = v2_sa_by_id(sa->host, t->rival);
		if (rival != NULL && rival->state == V2_UP) {
			v2_take_over(sa, rival);
			v2_end_code(sa, REASON_REKEY_COLLISION_LOST, "");
			return;
		}
	}
	v2_end_code(sa, v2_task_table[t->kind].silent,
	    v2_task_table[t->kind].step);
}

/* RFC 7383 2.5.2: large fragments do not arrive, so cut smaller ones; this
 * once the repeated request is not the same bytes. */
static void
shrink(struct v2_sa *sa)
{
	struct ike_msg *m = sa->asked;

	if (m == NULL)
		return;
	sa->asked = NULL;
	sa->fragment_small = true;
	buf_reset(&sa->sent);
	if (seal_msg(sa, m, &sa->sent, NULL) < 0)
		buf_reset(&sa->sent);
	ike_msg_free(m);
}

void
v2_resend(struct v2_sa *sa)
{
	struct ike_host *h = sa->host;

	if (sa->v1 != NULL) {
		v1_resend(sa);
		return;
	}
	sa->resend_at = TIME_NEVER;
	if (sa->active == NULL)
		return;
	if (sa->packets > h->par.retransmit_tries) {
		fell_silent(sa);
		return;
	}
	h->stats.retransmits++;
	sa->resend_at = h->now + v2_wait_ms(h, sa->packets);
	v2_emit_retransmit(sa, v2_task_table[sa->active->kind].step,
	    sa->packets);
	v2_mobike_rotate(sa);
	sa->packets++;
	if (sa->packets > SHRINK_AFTER)
		shrink(sa);
	transmit(sa, &sa->path, &sa->sent);
}

void
v2_send_once(struct v2_sa *sa, struct ike_msg *m)
{
	struct buf out = {0};

	if (seal_msg(sa, m, &out, NULL) == 0)
		transmit(sa, &sa->path, &out);
	buf_free(&out);
}

static void
finish(struct v2_sa *sa, struct v2_task *t, enum v2_next next)
{
	if (sa->state == V2_GONE)
		next = V2_DONE;
	switch (next) {
	case V2_DONE:
		v2_task_free(t);
		break;
	case V2_AGAIN:
		t->tries++;
		t->not_before = 0;
		v2_task_queue(sa, t);
		break;
	case V2_LATER:
		t->tries++;
		v2_task_queue(sa, t);
		break;
	}
	v2_touch(sa);
}

void
v2_forget_sent(struct v2_sa *sa)
{
	sa->resend_at = TIME_NEVER;
	buf_free(&sa->sent);
	ike_msg_free(sa->asked);
	sa->asked = NULL;
	v2_fragments_free(sa, true);
}

void
v2_answered(struct v2_sa *sa, const struct ike_msg *m)
{
	struct v2_task *t = sa->active;
	enum v2_next next;

	/* the window is free: the handler may end the SA and its tasks */
	sa->active = NULL;
	v2_forget_sent(sa);
	if (t->kind != T_INIT)
		sa->mid_out++;
	next = v2_task_table[t->kind].answer(sa, t, m);
	finish(sa, t, next);
}

/* An authentic answer that is not what the RFC allows: that exchange fails. */
static void
bad_answer(struct v2_sa *sa, enum ike_reason_code code,
    const struct sp_error *err)
{
	struct v2_task *t = sa->active;
	const char *step = v2_task_table[t->kind].step;
	struct ike_reason why;

	ike_reason_set(&why, code, true, step, NULL, NULL,
	    "The peer's answer to %s is malformed: %s", step, err->text);
	sa->mid_out++;
	if (t->kind == T_AUTH || t->kind == T_DELETE_SA) {
		v2_end(sa, &why);
		return;
	}
	v2_forget_sent(sa);
	cannot_build(sa, t, &why);
	v2_touch(sa);
}

static void
input_answer(struct v2_sa *sa, const struct v2_packet *pkt, struct ike_msg *m)
{
	struct sp_error err = {0};
	int ret;

	if (sa->active == NULL || sa->state == V2_GONE ||
	    sa->active->kind == T_INIT || pkt->hdr.mid != sa->mid_out ||
	    pkt->hdr.exchange != v2_task_table[sa->active->kind].exchange)
		return;
	ret = open_msg(sa, m, pkt, NULL, &err);
	if (ret == SP_AUTH) {
		sa->host->stats.auth_failures++;
		return;
	}
	v2_heard(sa, pkt->path);
	if (ret == SP_AGAIN)
		return;
	if (ret == 0)
		ret = ike_msg_check(m, &err);
	if (ret < 0) {
		bad_answer(sa, ret == SP_UNSUPPORTED ? REASON_CRITICAL_PAYLOAD :
		    REASON_INVALID_SYNTAX, &err);
		return;
	}
	if (sa->active->kind == T_AUTH)
		v2_ppk_settle(sa, m);
	if (sa->active->kind != T_AUTH || v2_prove_answer(sa, m))
		v2_answered(sa, m);
}

/* Send an answer and keep it, for the case that it gets lost. */
static void
respond(struct v2_sa *sa, const struct ike_path *path,
    const struct ike_msg *answer)
{
	buf_reset(&sa->answer);
	if (seal_msg(sa, answer, &sa->answer, NULL) < 0)
		return;
	transmit(sa, path, &sa->answer);
	if (sa->state == V2_GONE)
		v2_linger(sa);
}

/* Know the request again, once it is answered. */
static void
note_request(struct v2_sa *sa, const struct v2_packet *pkt)
{
	buf_reset(&sa->answer);
	if (!v2_fragments_hash(sa, sa->answer_hash)) {
		hash_sha256(&(struct chunk){ pkt->data, pkt->len }, 1,
		    sa->answer_hash);
	}
	v2_fragments_free(sa, false);
}

/*
 * A first fragment cut to another size begins the same request (RFC 7383
 * 2.6.1: to one of each set the answer is repeated).
 */
static bool
is_recut(struct v2_sa *sa, const struct v2_packet *pkt, struct ike_msg *m)
{
	const struct ike_payload *skf = ike_msg_find(m, PLD_SKF);
	struct bytes text;
	struct seal *seal;
	bool good;

	if (skf == NULL || skf->u.sk.number != 1 || !sa->fragment_in ||
	    make_seal(sa, false, &seal, NULL) < 0)
		return false;
	good = ike_sk_open_part(m, pkt->data, pkt->len, seal, &text,
	    NULL) == 0;
	seal_free(seal);
	return good;
}

static void
repeat_answer(struct v2_sa *sa, const struct v2_packet *pkt,
    struct ike_msg *m)
{
	uint8_t hash[32];

	if (sa->answer.len == 0)
		return;
	/* the same number with other content is nobody we know */
	hash_sha256(&(struct chunk){ pkt->data, pkt->len }, 1, hash);
	if (memcmp(hash, sa->answer_hash, sizeof(hash)) != 0 &&
	    !is_recut(sa, pkt, m))
		return;
	transmit(sa, pkt->path, &sa->answer);
	sa->host->stats.retransmits++;
}

/* Well formed or not, the request was authentic: it is answered. */
static void
refuse(struct v2_sa *sa, struct ike_msg *answer, uint8_t bad_type, int code,
    const struct sp_error *err)
{
	bool critical = code == SP_UNSUPPORTED;
	struct ike_reason why;

	if (critical) {
		ike_msg_add_notify(answer, N_UNSUPPORTED_CRITICAL_PAYLOAD,
		    &bad_type, 1);
	} else {
		ike_msg_add_notify(answer, N_INVALID_SYNTAX, NULL, 0);
	}
	ike_reason_set(&why, critical ? REASON_CRITICAL_PAYLOAD :
	    REASON_INVALID_SYNTAX, true, "", NULL, NULL,
	    "A request of the peer was refused: %s", err->text);
	if (sa->state == V2_AUTH_WAIT)
		v2_end(sa, &why);
	else
		v2_emit_refused(sa->host, sa, &sa->path, &why);
}

static const struct v2_request_row *
find_row(const struct v2_sa *sa, uint8_t exchange)
{
	const struct v2_request_row *row;

	for (row = v2_request_table; row->handle != NULL; row++) {
		if (row->exchange == exchange && row->state == sa->state)
			return row;
	}
	return NULL;
}

/* Answer (freed here), unless the handler waits for a job. */
static void
finish_request(struct v2_sa *sa, struct ike_msg *m,
    const struct ike_path *path, struct ike_msg *answer)
{
	sa->host->from = NULL;
	if (v2_proof_waits(sa))
		v2_proof_hold(sa, m, path);
	else
		respond(sa, path, answer);
	ike_msg_free(answer);
	v2_touch(sa);
}

static void
handle(struct v2_sa *sa, const struct v2_packet *pkt, struct ike_msg *m)
{
	const struct v2_request_row *row;
	struct sp_error err = {0};
	struct ike_msg *answer;
	uint8_t bad_type = 0;
	int ret;

	ret = open_msg(sa, m, pkt, &bad_type, &err);
	if (ret == SP_AUTH) {
		sa->host->stats.auth_failures++;
		return;
	}
	/* the rest of an SA answers no sign of life, or it would give one */
	if (sa->state == V2_GONE && (ret < 0 || !v2_is_farewell(m)))
		return;
	v2_heard(sa, pkt->path);
	if (ret == SP_AGAIN)
		return;
	sa->host->from = pkt->path;
	sa->mid_in++;
	note_request(sa, pkt);
	answer = v2_msg_new(sa, pkt->hdr.exchange, pkt->hdr.mid, true);
	if (ret == 0)
		ret = ike_msg_check(m, &err);
	row = find_row(sa, pkt->hdr.exchange);
	if (ret == 0 && row == NULL) {
		ret = sp_fail(&err, SP_STATE,
		    "this exchange is not possible now");
	}
	if (ret < 0)
		refuse(sa, answer, bad_type, ret, &err);
	else
		row->handle(sa, m, answer);
	finish_request(sa, m, pkt->path, answer);
}

void
v2_resume(struct v2_sa *sa, struct ike_msg *m, const struct ike_path *path)
{
	const struct v2_request_row *row = find_row(sa, m->hdr.exchange);
	struct ike_msg *answer;

	if (row == NULL)
		return;
	sa->host->from = path;
	answer = v2_msg_new(sa, m->hdr.exchange, m->hdr.mid, true);
	row->handle(sa, m, answer);
	finish_request(sa, m, path, answer);
}

static void
input_request(struct v2_sa *sa, const struct v2_packet *pkt,
    struct ike_msg *m)
{
	if (pkt->hdr.mid + 1 == sa->mid_in) {
		repeat_answer(sa, pkt, m);
		return;
	}
	if (pkt->hdr.mid != sa->mid_in)
		return;		/* outside the window: silence, 2.3 */
	/* the responder is ahead of its IKE_AUTH answer: it will repeat */
	if (sa->state < V2_AUTH_WAIT)
		return;
	if (sa->state == V2_AUTH_WAIT && !v2_auth_keys(sa))
		return;
	if (sa->keys.d.len > 0)
		handle(sa, pkt, m);
}

/* An unprotected word to an SA with keys is a hint at most (2.21). */
static void
hint(struct v2_sa *sa, const struct ike_msg *m)
{
	if (ike_msg_find_notify(m, N_INVALID_IKE_SPI) != NULL)
		v2_probe(sa);
}

void
v2_input(struct v2_sa *sa, const struct v2_packet *pkt)
{
	struct ike_msg *m;
	struct sp_error err;

	if (ike_msg_read(&m, pkt->data, pkt->len, NULL, &err) < 0) {
		sa->host->stats.malformed++;
		return;
	}
	if (pkt->hdr.exchange == X_IKE_SA_INIT)
		v2_init_answer(sa, pkt, m);
	else if (ike_msg_find(m, PLD_SK) == NULL &&
	    ike_msg_find(m, PLD_SKF) == NULL)
		hint(sa, m);
	else if (pkt->hdr.flags & IKE_FLAG_R)
		input_answer(sa, pkt, m);
	else
		input_request(sa, pkt, m);
	ike_msg_free(m);
}
