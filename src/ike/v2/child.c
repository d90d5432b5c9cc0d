/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a child (RFC 7296 2.8): its entry in the host's tables, the
 * order in which its SAs go into the data plane, its ends.
 *
 * A first child is installed both ways at once.  Of a rekey the initiator
 * installs both ways when the answer came; the responder installs inbound at
 * once and moves its own traffic when the Delete of the old child comes, when
 * ESP comes in on the new one, or after V2_SWITCH_MS: until then the peer may
 * not have its inbound SA.  A replaced child goes on receiving V2_OVERLAP_MS
 * after its Delete.  So no packet of a rekey is lost.
 */
#include "ike/v2/steps.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "crypto/rng.h"

/* The range that strongSwan uses too: readable in traces of both. */
#define SPI_FIRST 0xc0000000u
#define SPI_COUNT 0x10000000u

uint32_t
v2_new_child_spi(struct ike_host *h)
{
	uint32_t spi;

	do
		spi = SPI_FIRST + (uint32_t)rng_below(h->par.rng, SPI_COUNT);
	while (map_get(h->by_child_spi, &spi, sizeof(spi)) != NULL);
	return spi;
}

struct v2_child *
v2_child_new(struct v2_sa *sa, struct ike_child_conf *conf, uint32_t spi_in,
    uint32_t spi_out)
{
	struct ike_host *h = sa->host;
	struct v2_child *c = xcalloc(1, sizeof(*c));

	c->refs = 1;
	c->sa = sa;
	c->id = ++h->last_id;
	c->conf = ike_child_conf_ref(conf);
	c->ike_conf = ike_conf_ref(sa->conf);
	c->state = IKE_CHILD_INSTALLED;
	c->path = sa->path;
	c->encap = sa->encap;
	c->spi_in = spi_in;
	c->spi_out = spi_out;
	c->switch_at = c->remove_at = TIME_NEVER;
	c->installed_at = h->now;
	v2_life(h, sa->conf, conf->lifetime_ms, &c->rekey_at,
	    &c->expires_at);
	list_append(&sa->children, &c->link);
	map_put(h->children, &c->id, sizeof(c->id), c);
	map_put(h->by_child_spi, &c->spi_in, sizeof(c->spi_in), c);
	return c;
}

struct v2_child *
v2_child_ref(struct v2_child *c)
{
	c->refs++;
	return c;
}

void
v2_child_wipe_keys(struct v2_child *c)
{
	secret_free(&c->encr_in);
	secret_free(&c->integ_in);
	secret_free(&c->encr_out);
	secret_free(&c->integ_out);
}

void
v2_child_unref(struct v2_child *c)
{
	if (c == NULL || --c->refs > 0)
		return;
	v2_child_wipe_keys(c);
	ts_list_free(&c->local_ts);
	ts_list_free(&c->remote_ts);
	ike_child_conf_unref(c->conf);
	ike_conf_unref(c->ike_conf);
	free(c);
}

void
v2_child_unlink(struct v2_child *c)
{
	struct ike_host *h = c->sa->host;

	list_remove(&c->link);
	map_del(h->children, &c->id, sizeof(c->id));
	map_del(h->by_child_spi, &c->spi_in, sizeof(c->spi_in));
	c->sa = NULL;
	v2_child_unref(c);
}

struct v2_child *
v2_child_by_id(const struct ike_host *h, uint32_t id)
{
	return map_get(h->children, &id, sizeof(id));
}

struct v2_child *
v2_child_by_out(const struct v2_sa *sa, unsigned protocol, uint32_t spi)
{
	struct v2_child *c;

	LIST_EACH(c, &sa->children, struct v2_child, link) {
		if (c->spi_out == spi && c->conf->protocol == protocol &&
		    !c->gone)
			return c;
	}
	return NULL;
}

struct v2_child *
v2_child_successor(const struct v2_sa *sa, const struct v2_child *old)
{
	struct v2_child *c;

	LIST_EACH(c, &sa->children, struct v2_child, link) {
		if (c->rekey_of == old->id && c->in_done && !c->out_done &&
		    !c->doomed && !c->gone && c->state == IKE_CHILD_INSTALLED)
			return c;
	}
	return NULL;
}

void
v2_child_install(struct v2_child *c, bool in, bool out)
{
	v2_touch(c->sa);
	if (in && !c->in_done) {
		c->in_done = true;
		v2_emit_child(c, IKE_ACT_CHILD_IN);
	}
	if (out && !c->out_done) {
		c->out_done = true;
		c->switch_at = TIME_NEVER;
		v2_emit_child(c, IKE_ACT_CHILD_OUT);
	}
}

void
v2_child_up(struct v2_child *c)
{
	v2_child_install(c, true, true);
	c->announced = true;
	v2_emit_child_event(c->sa, c, IKE_EV_CHILD_UP, 0, NULL);
}

/* Traffic goes by the new child from here on. */
void
v2_child_switch(struct v2_child *c)
{
	struct v2_child *old = v2_child_by_id(c->sa->host, c->rekey_of);

	v2_child_install(c, true, true);
	c->switch_at = TIME_NEVER;
	if (c->announced)
		return;
	c->announced = true;
	if (old == NULL || old->sa != c->sa || !old->announced) {
		v2_emit_child_event(c->sa, c, IKE_EV_CHILD_UP, 0, NULL);
		return;
	}
	/* the old one has its end told with this */
	old->announced = false;
	old->rekey_at = TIME_NEVER;
	if (old->state != IKE_CHILD_CLOSING)
		old->state = IKE_CHILD_REKEYED;
	v2_emit_child_event(c->sa, old, IKE_EV_CHILD_REKEYED, c->id, NULL);
}

void
v2_child_end(struct v2_child *c, const struct ike_reason *why)
{
	struct v2_sa *sa = c->sa;

	if (c->in_done || c->out_done)
		v2_emit_child(c, IKE_ACT_CHILD_DEL);
	if (c->announced)
		v2_emit_child_event(sa, c, IKE_EV_CHILD_DOWN, 0, why);
	v2_child_unlink(c);
	v2_touch(sa);
}

void
v2_child_end_code(struct v2_child *c, enum ike_reason_code code)
{
	struct ike_reason why;

	v2_why_code(c->sa, code, "", &why);
	v2_child_end(c, &why);
}

/*
 * The peer knows the child no more.  One that was replaced still receives
 * what is on its way; another one is over.
 */
void
v2_child_deleted(struct v2_child *c, enum ike_reason_code why)
{
	struct v2_child *new = v2_child_successor(c->sa, c);

	if (new != NULL)
		v2_child_switch(new);
	if (c->state != IKE_CHILD_REKEYED || c->doomed) {
		v2_child_end_code(c, why);
		return;
	}
	c->gone = true;
	c->rekey_at = c->expires_at = TIME_NEVER;
	c->remove_at = c->sa->host->now + V2_OVERLAP_MS;
	v2_touch(c->sa);
}

/* Ask the peer to delete the child; it stays until the answer. */
void
v2_child_close(struct v2_child *c, enum ike_reason_code why)
{
	struct v2_sa *sa = c->sa;
	struct v2_task *t;

	c->rekey_at = TIME_NEVER;
	c->switch_at = TIME_NEVER;
	if (c->gone || v2_has_task(sa, T_DELETE_CHILD, c->id))
		return;
	if (sa->state == V2_DELETING || sa->state == V2_GONE)
		return;		/* goes with its IKE SA */
	if (c->state != IKE_CHILD_REKEYED)
		c->state = IKE_CHILD_CLOSING;
	t = v2_task_new(T_DELETE_CHILD);
	t->child_id = c->id;
	t->why = why;
	v2_task_queue(sa, t);
}

void
v2_child_renew(struct v2_child *c)
{
	struct v2_task *t;

	if (c->state != IKE_CHILD_INSTALLED || c->doomed || !c->out_done ||
	    v2_has_task(c->sa, T_REKEY_CHILD, c->id))
		return;
	t = v2_task_new(T_REKEY_CHILD);
	t->child_id = c->id;
	v2_task_queue(c->sa, t);
}

void
v2_child_info(const struct v2_child *c, struct ike_child_info *out)
{
	*out = (struct ike_child_info){
		.id = c->id, .sa_id = c->sa == NULL ? 0 : c->sa->id,
		.name = c->conf->name, .conf = c->conf,
		.ike_conf = c->ike_conf, .state = c->state,
		.protocol = c->conf->protocol, .transport = c->transport,
		.encap = c->encap, .path = c->path,
		.spi_in = c->spi_in, .spi_out = c->spi_out,
		.suite = c->suite,
		.local_ts = &c->local_ts, .remote_ts = &c->remote_ts,
		.encr_in = &c->encr_in, .integ_in = &c->integ_in,
		.encr_out = &c->encr_out, .integ_out = &c->integ_out,
		.rekey_of = c->rekey_of, .installed_at = c->installed_at,
		.rekey_at = c->rekey_at, .expires_at = c->expires_at,
	};
	if (c->sa != NULL && c->state == IKE_CHILD_INSTALLED &&
	    v2_active(c->sa, T_REKEY_CHILD, c->id) != NULL)
		out->state = IKE_CHILD_REKEYING;
}
