/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the owner of a host may tell it: commands of the operator, and events
 * of the data plane and of the network.
 */
#include "ike/host.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "ike/v1/v1.h"
#include "ike/v2/steps.h"

static struct v2_sa *
get_sa(const struct ike_host *h, uint32_t id, struct sp_error *err)
{
	struct v2_sa *sa = v2_sa_by_id(h, id);

	if (sa != NULL && sa->state != V2_GONE)
		return sa;
	sp_fail(err, SP_NOTFOUND, "There is no IKE SA number %u.", id);
	return NULL;
}

static struct v2_child *
get_child(const struct ike_host *h, uint32_t id, struct sp_error *err)
{
	struct v2_child *c = v2_child_by_id(h, id);

	if (c == NULL)
		sp_fail(err, SP_NOTFOUND, "There is no child number %u.", id);
	return c;
}

/* The suite whose group the first KE payload is made for. */
static const struct alg *
first_group(const struct ike_conf *c)
{
	size_t i;

	for (i = 0; i < c->nr_suites; i++) {
		if (c->suites[i].ke != NULL)
			return c->suites[i].ke;
	}
	return NULL;
}

int
ike_host_initiate(struct ike_host *h, int64_t now, struct ike_conf *c,
    struct ike_child_conf *child, const struct ike_path *path,
    uint32_t *sa_id, struct sp_error *err)
{
	struct v2_sa *sa;

	if (first_group(c) == NULL)
		return sp_fail(err, SP_INVALID, "%s has no proposal with a "
		    "key exchange group.", c->name);
	if (c->version == IKE_VERSION_1 && !v1_conf_fits(c))
		return sp_fail(err, SP_UNSUPPORTED, "%s cannot use IKEv1, "
		    "which authenticates by a pre-shared key alone here and "
		    "knows neither a PPK nor addresses to ask for.", c->name);
	v2_begin(h, now);
	if (child == NULL && c->nr_children > 0)
		child = c->children[0];
	sa = v2_sa_new(h, true, v2_new_ike_spi(h), path);
	sa->conf = ike_conf_ref(c);
	if (c->version == IKE_VERSION_1)
		v1_attach(sa);
	v2_setup_new(sa);
	sa->setup->group = first_group(c);
	if (child != NULL)
		sa->setup->child = ike_child_conf_ref(child);
	*sa_id = sa->id;
	v2_task_add(sa, T_INIT);
	v2_settle(h);
	return 0;
}

int
ike_host_child_create(struct ike_host *h, int64_t now, uint32_t sa_id,
    struct ike_child_conf *child, struct sp_error *err)
{
	struct v2_sa *sa = get_sa(h, sa_id, err);
	struct v2_task *t;

	if (sa == NULL)
		return SP_NOTFOUND;
	if (!v2_is_live(sa))
		return sp_fail(err, SP_STATE, "The IKE SA number %u is not "
		    "established.", sa_id);
	v2_begin(h, now);
	t = v2_task_new(T_CREATE_CHILD);
	t->conf = ike_child_conf_ref(child);
	v2_task_queue(sa, t);
	v2_settle(h);
	return 0;
}

int
ike_host_child_rekey(struct ike_host *h, int64_t now, uint32_t child_id,
    struct sp_error *err)
{
	struct v2_child *c = get_child(h, child_id, err);

	if (c == NULL)
		return SP_NOTFOUND;
	v2_begin(h, now);
	v2_child_renew(c);
	v2_settle(h);
	return 0;
}

int
ike_host_sa_rekey(struct ike_host *h, int64_t now, uint32_t sa_id,
    struct sp_error *err)
{
	struct v2_sa *sa = get_sa(h, sa_id, err);

	if (sa == NULL)
		return SP_NOTFOUND;
	if (!v2_is_live(sa))
		return sp_fail(err, SP_STATE, "The IKE SA number %u is not "
		    "established.", sa_id);
	v2_begin(h, now);
	sa->soft_done = true;
	if (!v2_has_task(sa, T_REKEY_SA, 0))
		v2_task_add(sa, T_REKEY_SA);
	v2_settle(h);
	return 0;
}

int
ike_host_child_delete(struct ike_host *h, int64_t now, uint32_t child_id,
    enum ike_reason_code why, struct sp_error *err)
{
	struct v2_child *c = get_child(h, child_id, err);

	if (c == NULL)
		return SP_NOTFOUND;
	v2_begin(h, now);
	v2_child_close(c, why);
	v2_settle(h);
	return 0;
}

/* A Delete that is sent once, whatever the window: the last word. */
static void
farewell(struct v2_sa *sa)
{
	struct ike_payload *p;
	struct ike_msg *m;

	if (sa->v1 != NULL) {
		v1_farewell(sa);
		return;
	}
	if (sa->keys.d.len == 0)
		return;
	m = v2_msg_new(sa, X_INFORMATIONAL,
	    sa->mid_out + (sa->active != NULL), false);
	p = ike_msg_add(m, PLD_DELETE);
	p->u.del.protocol = PROTO_IKE;
	v2_send_once(sa, m);
	ike_msg_free(m);
}

int
ike_host_sa_delete(struct ike_host *h, int64_t now, uint32_t sa_id,
    enum ike_reason_code why, bool force, struct sp_error *err)
{
	struct v2_sa *sa = get_sa(h, sa_id, err);

	if (sa == NULL)
		return SP_NOTFOUND;
	v2_begin(h, now);
	if (force || sa->state == V2_AUTH_SENT) {
		farewell(sa);
		v2_end_code(sa, why, "");
	} else {
		v2_close(sa, why);
	}
	v2_settle(h);
	return 0;
}

int
ike_host_sa_move(struct ike_host *h, int64_t now, uint32_t sa_id,
    const struct ike_path *path, struct sp_error *err)
{
	struct v2_sa *sa = get_sa(h, sa_id, err);

	if (sa == NULL)
		return SP_NOTFOUND;
	if (!v2_is_live(sa) || sa->mobike == NULL)
		return sp_fail(err, SP_STATE, "The IKE SA number %u cannot "
		    "move to another address.", sa_id);
	v2_begin(h, now);
	v2_mobike_move(sa, path);
	v2_settle(h);
	return 0;
}

void
ike_host_set_addresses(struct ike_host *h, const struct ip_addr *addrs,
    size_t nr)
{
	free(h->own);
	h->own = nr > 0 ? xmemdup(addrs, nr * sizeof(*addrs)) : NULL;
	h->nr_own = nr;
}

void
ike_host_sa_probe(struct ike_host *h, int64_t now, uint32_t sa_id)
{
	struct v2_sa *sa = v2_sa_by_id(h, sa_id);

	v2_begin(h, now);
	if (sa != NULL && v2_is_live(sa) && sa->active == NULL &&
	    !v2_has_task(sa, T_LIVENESS, 0))
		v2_task_add(sa, T_LIVENESS);
	v2_settle(h);
}

/* A child by either of its SPIs; outbound ones are the peers' choice. */
static struct v2_child *
child_by_spi(const struct ike_host *h, uint32_t spi)
{
	struct v2_child *c = map_get(h->by_child_spi, &spi, sizeof(spi));
	size_t pos = 0;

	if (c != NULL)
		return c;
	while ((c = map_next(h->children, &pos)) != NULL) {
		if (c->spi_out == spi)
			return c;
	}
	return NULL;
}

void
ike_host_plane_expire(struct ike_host *h, int64_t now, uint32_t spi,
    bool hard)
{
	struct v2_child *c = child_by_spi(h, spi);

	v2_begin(h, now);
	if (c != NULL && hard)
		v2_child_close(c, REASON_LIFETIME_EXPIRED);
	else if (c != NULL && c->ike_conf->rekey)
		v2_child_renew(c);
	v2_settle(h);
}

void
ike_host_plane_alive(struct ike_host *h, int64_t now, uint32_t child_id)
{
	struct v2_child *c = v2_child_by_id(h, child_id);

	v2_begin(h, now);
	if (c == NULL)
		return;
	c->sa->last_in = h->now;
	v2_touch(c->sa);
	/* the peer sends by the new child: it has both directions */
	if (!c->out_done && c->in_done && !c->doomed && !c->gone &&
	    v2_active(c->sa, T_REKEY_CHILD, c->rekey_of) == NULL)
		v2_child_switch(c);
	v2_settle(h);
}

void
ike_host_plane_moved(struct ike_host *h, int64_t now, uint32_t child_id,
    const struct endpoint *remote)
{
	struct v2_child *c = v2_child_by_id(h, child_id);

	v2_begin(h, now);
	if (c != NULL && v2_is_live(c->sa))
		v2_follow(c->sa, remote);
	v2_settle(h);
}

void
ike_host_plane_unknown_spi(struct ike_host *h, int64_t now, uint32_t spi,
    const struct ip_addr *from)
{
	struct v2_sa *sa;
	size_t pos = 0;

	v2_begin(h, now);
	/* one that was replaced just now is known, only late */
	if (map_get(h->by_child_spi, &spi, sizeof(spi)) != NULL ||
	    !v2_quota(h))
		return;
	while ((sa = map_next(h->by_id, &pos)) != NULL) {
		if (v2_is_live(sa) &&
		    addr_eq(&sa->path.remote.addr, from)) {
			v2_say_unknown_spi(sa, spi);
			break;
		}
	}
	v2_settle(h);
}

void
ike_host_plane_failed(struct ike_host *h, int64_t now, uint32_t child_id,
    const struct ike_reason *reason)
{
	struct v2_child *c = v2_child_by_id(h, child_id);

	v2_begin(h, now);
	if (c == NULL)
		return;
	/* not told yet that it is up: then it never was */
	if (v2_queue_drop_up(h, child_id) || !c->announced) {
		c->announced = false;
		v2_emit_child_failed(c->sa, child_id, c->conf->name, reason);
	} else {
		v2_emit_child_event(c->sa, c, IKE_EV_CHILD_DOWN, 0, reason);
		c->announced = false;
	}
	v2_child_close(c, reason->code);
	v2_settle(h);
}

void
ike_host_unreachable(struct ike_host *h, int64_t now,
    const struct ike_path *path, const struct ike_reason *reason)
{
	struct v2_sa *sa;
	size_t pos = 0;

	v2_begin(h, now);
	while ((sa = map_next(h->by_id, &pos)) != NULL) {
		if (sa->state == V2_INIT_SENT &&
		    sa->setup->cookie.len == 0 &&
		    addr_eq(&sa->path.remote.addr, &path->remote.addr) &&
		    sa->path.remote.port == path->remote.port)
			v2_end(sa, reason);
	}
	v2_settle(h);
}
