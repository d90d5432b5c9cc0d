/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of an IKE SA: making and freeing it, the one writer of its state,
 * its ends, and the taking over of the children by a new SA (RFC 7296 2.18).
 *
 * Invariants: every change of state is a row of v2_state_table; an SA leaves
 * the tables of the host only by v2_sa_free(); each end is told exactly once,
 * as SA_DOWN if SA_UP or SA_REKEYED had been told before, else as SA_FAILED
 * (we initiated) or REFUSED (the peer did).
 */
#include "ike/v1/v1.h"
#include "ike/v2/prove.h"
#include "ike/v2/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "crypto/kex.h"
#include "crypto/rng.h"

static bool
is_legal(enum v2_state from, enum v2_state to)
{
	const struct v2_state_row *row;

	for (row = v2_state_table; row->story != NULL; row++) {
		if (row->from == from && row->to == to)
			return true;
	}
	return false;
}

void
v2_enter(struct v2_sa *sa, enum v2_state state, const char *why)
{
	struct ike_host *h = sa->host;
	const char *name = sa->conf == NULL ? "" : sa->conf->name;

	if (!is_legal(sa->state, state)) {
		h->stats.bad_transitions++;
		log_event(h->par.log, LOG_LVL_WARNING, "ike-state-illegal",
		    name, "IKE SA %u: %s -> %s is not in the table: %s",
		    sa->id, v2_state_names[sa->state], v2_state_names[state],
		    why);
	}
	log_event(h->par.log, LOG_LVL_INFO, "ike-state", name,
	    "IKE SA %u: %s -> %s: %s", sa->id, v2_state_names[sa->state],
	    v2_state_names[state], why);
	sa->state = state;
	v2_touch(sa);
}

void
v2_touch(struct v2_sa *sa)
{
	list_remove(&sa->dirty);
	list_append(&sa->host->dirty, &sa->dirty);
}

uint64_t
v2_our_spi(const struct v2_sa *sa)
{
	return sa->initiator ? sa->spi_i : sa->spi_r;
}

uint64_t
v2_new_ike_spi(struct ike_host *h)
{
	uint64_t spi;

	do
		spi = rng_u64(h->par.rng);
	while (spi == 0 || map_get(h->by_spi, &spi, sizeof(spi)) != NULL);
	return spi;
}

struct v2_sa *
v2_sa_new(struct ike_host *h, bool initiator, uint64_t our_spi,
    const struct ike_path *path)
{
	struct v2_sa *sa = xcalloc(1, sizeof(*sa));

	sa->host = h;
	sa->id = ++h->last_id;
	sa->state = V2_NEW;
	sa->initiator = initiator;
	if (initiator)
		sa->spi_i = our_spi;
	else
		sa->spi_r = our_spi;
	sa->path = *path;
	sa->rekey_at = sa->expires_at = sa->doom_at = TIME_NEVER;
	sa->resend_at = TIME_NEVER;
	sa->last_in = sa->last_out = h->now;
	sa->invalid_spi_at = INT64_MIN / 2;
	v2_timer_init(&sa->timer);
	list_init(&sa->dirty);
	list_init(&sa->twins);
	list_init(&sa->children);
	list_init(&sa->tasks);
	map_put(h->by_spi, &our_spi, sizeof(our_spi), sa);
	map_put(h->by_id, &sa->id, sizeof(sa->id), sa);
	return sa;
}

struct v2_setup *
v2_setup_new(struct v2_sa *sa)
{
	sa->setup = xcalloc(1, sizeof(*sa->setup));
	sa->setup->created_at = sa->host->now;
	return sa->setup;
}

/* Count half-opens of an address up or down; the count is the map's value. */
static void
count_half_open(struct ike_host *h, const struct ip_addr *from, int step)
{
	size_t len = addr_len(from);
	uintptr_t n = (uintptr_t)map_get(h->half_open, from->b, len);

	n += (uintptr_t)(intptr_t)step;
	if (n == 0)
		map_del(h->half_open, from->b, len);
	else
		map_put(h->half_open, from->b, len, (void *)n);
	h->stats.half_open += (uint64_t)(int64_t)step;
}

void
v2_half_open_add(struct v2_sa *sa)
{
	struct ike_host *h = sa->host;

	sa->setup->from = sa->path.remote.addr;
	count_half_open(h, &sa->setup->from, 1);
	map_put(h->by_init, sa->setup->hash, sizeof(sa->setup->hash), sa);
}

unsigned
v2_half_open_from(const struct ike_host *h, const struct ip_addr *from)
{
	return (unsigned)(uintptr_t)map_get(h->half_open, from->b,
	    addr_len(from));
}

void
v2_setup_free(struct v2_sa *sa)
{
	struct v2_setup *s = sa->setup;

	if (s == NULL)
		return;
	if (s->from.family != 0) {
		count_half_open(sa->host, &s->from, -1);
		map_del(sa->host->by_init, s->hash, sizeof(s->hash));
	}
	buf_free(&s->ni);
	buf_free(&s->nr);
	buf_free(&s->msg_i);
	buf_free(&s->msg_r);
	buf_free(&s->cookie);
	buf_free(&s->peer_ke);
	v2_ppk_free(s);
	kex_free(s->kex);
	v2_proof_free(s->proof);
	ike_child_conf_unref(s->child);
	v2_task_free(s->offer);
	free(s);
	sa->setup = NULL;
}

void
v2_sa_free(struct v2_sa *sa)
{
	struct ike_host *h = sa->host;
	uint64_t spi = v2_our_spi(sa);
	struct v2_child *c;

	if (sa->lingers)
		h->lingering--;
	v2_setup_free(sa);
	v2_tasks_free(sa);
	v2_twins_del(sa);
	LIST_EACH(c, &sa->children, struct v2_child, link)
		v2_child_unlink(c);
	map_del(h->by_spi, &spi, sizeof(spi));
	map_del(h->by_id, &sa->id, sizeof(sa->id));
	v2_timer_set(&h->heap, &sa->timer, TIME_NEVER);
	list_remove(&sa->dirty);
	v2_forget_sent(sa);
	v2_fragments_free(sa, false);
	v2_mobike_free(sa);
	v2_cp_free(sa);
	v1_free(sa);
	buf_free(&sa->answer);
	ike_keys_free(&sa->keys);
	ident_free(&sa->local_id);
	ident_free(&sa->remote_id);
	ike_conf_unref(sa->conf);
	free(sa);
}

bool
v2_is_live(const struct v2_sa *sa)
{
	return sa->state == V2_UP && !sa->waiting;
}

/* A random part of the margin, settings.md 12: margin * (1 + 0 ... fuzz). */
int64_t
v2_margin(struct ike_host *h, const struct ike_conf *c)
{
	uint64_t most = (uint64_t)c->margin_ms * c->fuzz_percent / 100;

	return c->margin_ms + (int64_t)rng_below(h->par.rng, most + 1);
}

void
v2_life(struct ike_host *h, const struct ike_conf *c, int64_t lifetime_ms,
    int64_t *rekey_at, int64_t *expires_at)
{
	int64_t margin;

	*rekey_at = *expires_at = TIME_NEVER;
	if (lifetime_ms == TIME_NEVER)
		return;
	*expires_at = h->now + lifetime_ms;
	if (!c->rekey)
		return;

	/* a margin that eats the life whole still leaves a tenth of it */
	margin = v2_margin(h, c);
	if (margin > lifetime_ms / 10 * 9)
		margin = lifetime_ms / 10 * 9;
	*rekey_at = h->now + lifetime_ms - margin;
}

void
v2_establish(struct v2_sa *sa, const char *why)
{
	struct ike_host *h = sa->host;

	v2_enter(sa, V2_UP, why);
	/* both AUTH payloads are made and checked: these served their end */
	secret_free(&sa->keys.pi);
	secret_free(&sa->keys.pr);
	sa->established_at = h->now;
	sa->last_in = h->now;
	if (sa->conf != NULL) {
		v2_life(h, sa->conf, sa->conf->lifetime_ms, &sa->rekey_at,
		    &sa->expires_at);
	}
}

/* Remove what an ending SA still has in the plane, and say so. */
static void
end_children(struct v2_sa *sa, const struct ike_reason *why)
{
	struct v2_child *c;

	LIST_EACH(c, &sa->children, struct v2_child, link)
		v2_child_end(c, why);
}

int64_t
v2_patience_ms(const struct ike_host *h)
{
	double wait = (double)h->par.retransmit_ms, sum = wait;
	unsigned i;

	for (i = 0; i < h->par.retransmit_tries; i++) {
		wait *= h->par.retransmit_base;
		sum += wait;
	}
	return sum < 86400e3 ? (int64_t)sum : 86400000;
}

/*
 * How long the rest of an SA answers: as long as a peer may repeat itself,
 * or not at all where nobody can have anything to ask.
 */
void
v2_linger(struct v2_sa *sa)
{
	struct ike_host *h = sa->host;
	int64_t now = h->now;

	/* wrong proofs are cheap to send: what they leave behind is bounded */
	if (!sa->lingers && h->lingering >= V2_LINGERING) {
		sa->doom_at = now;
		return;
	}
	if (!sa->lingers)
		h->lingering++;
	sa->lingers = true;
	if (sa->established_at != 0)
		sa->doom_at = now + v2_patience_ms(h);
	else if (sa->answer.len > 0)
		sa->doom_at = now + h->par.half_open_ms;
	else
		sa->doom_at = now;
}

void
v2_end(struct v2_sa *sa, const struct ike_reason *why)
{
	struct ike_host *h = sa->host;

	if (sa->state == V2_GONE)
		return;
	end_children(sa, why);
	if (sa->state == V2_REPLACED || sa->waiting) {
		/* its successor or its rival was told of, or will be */
	} else if (sa->announced) {
		v2_emit_sa(sa, IKE_EV_SA_DOWN, 0, why);
	} else if (sa->initiator && sa->state != V2_DELETING) {
		v2_emit_sa(sa, IKE_EV_SA_FAILED, 0, why);
	} else if (sa->state == V2_AUTH_WAIT) {
		v2_emit_refused(h, sa, &sa->path, why);
	}
	v2_tasks_free(sa);
	v2_setup_free(sa);
	v2_cp_free(sa);
	v2_forget_sent(sa);
	sa->announced = false;
	v2_enter(sa, V2_GONE, why->text);
	v2_linger(sa);
}

void
v2_end_code(struct v2_sa *sa, enum ike_reason_code code, const char *step)
{
	struct ike_reason why;

	v2_why_code(sa, code, step, &why);
	v2_end(sa, &why);
}

/* Ask the peer to end the SA; what is queued or comes later is dropped. */
void
v2_close(struct v2_sa *sa, enum ike_reason_code why)
{
	struct v2_task *t;

	if (sa->state == V2_GONE || sa->state == V2_DELETING)
		return;
	if (sa->state != V2_UP && sa->state != V2_REPLACED) {
		v2_end_code(sa, why, "");
		return;
	}
	v2_tasks_drop_queued(sa);
	t = v2_task_add(sa, T_DELETE_SA);
	t->why = why;
	if (sa->state == V2_UP)
		v2_enter(sa, V2_DELETING, ike_reason_word(why));
}

enum ike_reason_code
v2_close_code(const struct v2_sa *sa, enum ike_reason_code other)
{
	const struct v2_task *t = v2_active(sa, T_DELETE_SA, 0);

	if (t != NULL)
		return t->why;
	LIST_EACH(t, &sa->tasks, const struct v2_task, link) {
		if (t->kind == T_DELETE_SA)
			return t->why;
	}
	return other;
}

/* The time of an SA that was superseded is over. */
void
v2_doom(struct v2_sa *sa)
{
	if (sa->state == V2_REPLACED)
		v2_end_code(sa, REASON_REKEY_COLLISION_LOST, "");
	else if (sa->doom_why != REASON_NONE)
		v2_close(sa, sa->doom_why);
	else
		v2_close(sa, REASON_REKEY_COLLISION_LOST);
}

/* A task about a child follows it; the rest was about the old SA itself. */
static void
move_tasks(struct v2_sa *from, struct v2_sa *to)
{
	struct v2_task *t;

	LIST_EACH(t, &from->tasks, struct v2_task, link) {
		if (!v2_task_table[t->kind].child)
			continue;
		list_remove(&t->link);
		v2_task_queue(to, t);
	}
}

void
v2_take_over(struct v2_sa *old, struct v2_sa *sa)
{
	struct v2_child *c;

	if (sa->state != V2_UP || old->state != V2_UP)
		return;
	sa->waiting = false;
	sa->doom_at = TIME_NEVER;
	LIST_EACH(c, &old->children, struct v2_child, link) {
		list_remove(&c->link);
		list_append(&sa->children, &c->link);
		c->sa = sa;
	}
	move_tasks(old, sa);
	v2_cp_move(old, sa);
	v2_mobike_follow(old, sa);
	sa->announced = true;
	v2_emit_sa(old, IKE_EV_SA_REKEYED, sa->id, NULL);
	old->announced = false;
	old->rekey_at = old->expires_at = TIME_NEVER;
	/* the side whose SA survived deletes the old one; else it fades */
	old->doom_at = old->host->now + 2 * v2_patience_ms(old->host);
	v2_enter(old, V2_REPLACED, "the new IKE SA took over");
	v2_touch(sa);
}
