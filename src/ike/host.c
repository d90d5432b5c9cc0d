/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The IKE host: made and freed, its clock, the way of a datagram to its SA
 * (RFC 7296 3.1: our SPI finds it), and the settling after each call, in
 * which waiting requests start, deadlines move and what is over is freed.
 */
#include "ike/host.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "crypto/rng.h"
#include "ike/v1/v1.h"
#include "ike/v2/steps.h"

struct ike_host_params
ike_host_defaults(void)
{
	return (struct ike_host_params){
		.retransmit_ms = 4000, .retransmit_base = 1.8,
		.retransmit_tries = 5, .keep_alive_ms = 20000,
		.half_open_ms = 30000, .cookie_threshold = 30,
		.cookie_threshold_address = 3, .block_threshold = 5,
	};
}

struct ike_host *
ike_host_new(const struct ike_host_params *p)
{
	struct ike_host *h = xcalloc(1, sizeof(*h));

	h->par = *p;
	h->by_spi = map_new(rng_u64(p->rng));
	h->by_id = map_new(rng_u64(p->rng));
	h->by_init = map_new(rng_u64(p->rng));
	h->by_ids = map_new(rng_u64(p->rng));
	h->children = map_new(rng_u64(p->rng));
	h->by_child_spi = map_new(rng_u64(p->rng));
	h->by_inner = map_new(rng_u64(p->rng));
	h->half_open = map_new(rng_u64(p->rng));
	list_init(&h->dirty);
	list_init(&h->actions);
	h->quota_at = -1;
	return h;
}

void
ike_host_free(struct ike_host *h)
{
	struct v2_sa *sa;
	size_t pos = 0;

	if (h == NULL)
		return;
	v2_actions_free(h);
	/* freeing moves entries, some behind the cursor: walk again */
	for (; map_count(h->by_id) > 0; pos = 0) {
		while ((sa = map_next(h->by_id, &pos)) != NULL)
			v2_sa_free(sa);
	}
	while (h->nr_confs > 0)
		ike_conf_unref(h->confs[--h->nr_confs]);
	free(h->confs);
	free(h->own);
	v2_heap_free(&h->heap);
	map_free(h->by_spi);
	map_free(h->by_id);
	map_free(h->by_init);
	map_free(h->by_ids);
	map_free(h->children);
	map_free(h->by_child_spi);
	map_free(h->by_inner);
	map_free(h->half_open);
	free(h);
}

void
ike_host_set_params(struct ike_host *h, const struct ike_host_params *p)
{
	const struct rng *rng = h->par.rng;

	h->par = *p;
	if (h->par.rng == NULL)
		h->par.rng = rng;
}

/* Begin a call: time never goes back, whatever the caller says. */
void
v2_begin(struct ike_host *h, int64_t now)
{
	if (now > h->now)
		h->now = now;
}

/* End a call: every SA that was touched gets its work and its deadline. */
void
v2_settle(struct ike_host *h)
{
	struct v2_sa *sa;

	while (!list_empty(&h->dirty)) {
		sa = LIST_ENTRY(h->dirty.next, struct v2_sa, dirty);
		list_remove(&sa->dirty);
		v2_run_tasks(sa);
		if (sa->state == V2_GONE && sa->doom_at <= h->now)
			v2_sa_free(sa);
		else
			v2_timer_set(&h->heap, &sa->timer, v2_due(sa));
	}
}

void
ike_host_tick(struct ike_host *h, int64_t now)
{
	struct v2_timer *t;

	v2_begin(h, now);
	while ((t = v2_timer_first(&h->heap)) != NULL && t->due <= h->now) {
		v2_run(LIST_ENTRY(t, struct v2_sa, timer), h->now);
		v2_settle(h);
	}
}

int64_t
ike_host_deadline(const struct ike_host *h)
{
	const struct v2_timer *t = v2_timer_first(&h->heap);

	return t == NULL ? TIME_NEVER : t->due;
}

/* The SA of a datagram: by our SPI; the other one has to fit too. */
static struct v2_sa *
find_sa(const struct ike_host *h, const struct ike_header *hdr)
{
	bool we_initiated = !(hdr->flags & IKE_FLAG_I);
	uint64_t ours = we_initiated ? hdr->spi_i : hdr->spi_r;
	struct v2_sa *sa = map_get(h->by_spi, &ours, sizeof(ours));

	if (sa == NULL || sa->initiator != we_initiated || sa->v1 != NULL)
		return NULL;
	if (!we_initiated)
		return sa->spi_i == hdr->spi_i ? sa : NULL;
	/* the responder's SPI is not known before its answer */
	if (sa->state != V2_INIT_SENT && sa->spi_r != hdr->spi_r)
		return NULL;
	return sa;
}

/* 2.21.4: the sender may have lost touch; nothing is believed of this.  To a
 * bare header there is no answer: it would be longer than what it answers. */
static void
unknown_spi(struct ike_host *h, const struct v2_packet *pkt)
{
	struct ike_msg *m;
	struct buf out = {0};

	h->stats.unknown_spi++;
	if ((pkt->hdr.flags & IKE_FLAG_R) || !v2_quota(h))
		return;
	m = ike_msg_new();
	m->hdr = pkt->hdr;
	m->hdr.flags = (uint8_t)((pkt->hdr.flags & IKE_FLAG_I) ^ IKE_FLAG_I) |
	    IKE_FLAG_R;
	ike_msg_add_notify(m, N_INVALID_IKE_SPI, NULL, 0);
	if (ike_msg_write(m, &out, NULL) == 0 && out.len <= pkt->len)
		v2_emit_send(h, pkt->path, &out);
	buf_free(&out);
	ike_msg_free(m);
}

/* 2.5: another major version is told which one we speak. */
static void
other_version(struct ike_host *h, const struct v2_packet *pkt)
{
	struct ike_reason why;
	char peer[ADDR_TEXT];
	struct v2_sa *sa = find_sa(h, &pkt->hdr);

	h->stats.malformed++;
	ike_reason_set(&why, REASON_VERSION_MISMATCH, true, "IKE_SA_INIT",
	    "IKEv2", pkt->hdr.major == 1 ? "IKEv1" : "a later version",
	    "The peer %s speaks another version of IKE (%s).",
	    addr_print(&pkt->path->remote.addr, peer),
	    pkt->hdr.major == 1 ? "IKEv1" : "a later one");
	if (sa != NULL && sa->state == V2_INIT_SENT) {
		v2_end(sa, &why);
		return;
	}
	if (sa != NULL || (pkt->hdr.major > 2 &&
	    (pkt->hdr.flags & IKE_FLAG_R)) || !v2_quota(h))
		return;
	if (pkt->hdr.major > 2)
		v2_init_notify(h, pkt, N_INVALID_MAJOR_VERSION, NULL, 0);
	v2_emit_refused(h, NULL, pkt->path, &why);
}

static void
dispatch(struct ike_host *h, const struct v2_packet *pkt)
{
	struct v2_sa *sa = find_sa(h, &pkt->hdr);

	/* an answer in IKEv1 to our IKE_SA_INIT says that IKEv2 is unknown */
	if (pkt->hdr.major == 1 && (sa == NULL || sa->state != V2_INIT_SENT)) {
		v1_input(h, pkt);
		return;
	}
	if (pkt->hdr.major != 2) {
		other_version(h, pkt);
		return;
	}
	if (pkt->hdr.exchange == X_IKE_SA_INIT &&
	    (pkt->hdr.flags & IKE_FLAG_I)) {
		/* a new SA; anything else in this direction is nonsense */
		if (!(pkt->hdr.flags & IKE_FLAG_R) && pkt->hdr.mid == 0 &&
		    pkt->hdr.spi_r == 0 && pkt->hdr.spi_i != 0)
			v2_init_request(h, pkt);
		else
			h->stats.malformed++;
		return;
	}
	if (sa == NULL)
		unknown_spi(h, pkt);
	else
		v2_input(sa, pkt);
}

void
ike_host_input(struct ike_host *h, int64_t now, const struct ike_path *path,
    const uint8_t *data, size_t len)
{
	struct v2_packet pkt = { .path = path, .data = data, .len = len };

	v2_begin(h, now);
	h->stats.datagrams_in++;
	if (ike_header_read(&pkt.hdr, data, len, NULL) < 0)
		h->stats.malformed++;
	else
		dispatch(h, &pkt);
	v2_settle(h);
}
