/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Child SAs in the data plane.
 *
 * One reqid serves a configured child through all its rekeys, so that the
 * policy never changes while SAs do and old and new SA both pass (RFC 4301
 * 4.4.1 cares for the selectors, which stay).  A phase 1 that anybody may
 * come to gets a reqid for each child SA instead, as each peer is another.
 *
 * A child of ours has a policy of its own from power-on: it asks for an SA
 * (on-demand) or drops (start), so that nothing that belongs into the tunnel
 * leaves in clear while it is down.  What the peer narrowed gets a second
 * policy beside it.
 */
#include "engine/internal.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "crypto/alg.h"
#include "engine/conn.h"
#include "engine/loop.h"
#include "plane/xfrm/bypass.h"

#define REQID_MAX 0xfffffu	/* below the tag of kernel reqids */
#define REQID_EXCLUDE REQID_MAX	/* the bypass policy of a network */

struct selectors {
	struct plane_selector *sel;
	size_t nr;
};

static void
selectors_of(struct selectors *out, const struct ts_list *l,
    const struct ip_addr *extra)
{
	size_t i;

	out->sel = xcalloc(l->nr + 1, sizeof(*out->sel));
	for (i = 0; i < l->nr; i++) {
		out->sel[i].proto = l->ts[i].proto;
		out->sel[i].port_first = l->ts[i].port_first;
		out->sel[i].port_last = l->ts[i].port_last;
		out->sel[i].first = l->ts[i].first;
		out->sel[i].last = l->ts[i].last;
	}
	out->nr = l->nr;
	if (extra != NULL && extra->family != 0) {
		out->sel[out->nr].port_last = 65535;
		out->sel[out->nr].first = *extra;
		out->sel[out->nr++].last = *extra;
	}
}

struct inst *
inst_by_id(const struct network *n, uint32_t id)
{
	return map_get(n->inst_index, &id, sizeof(id));
}

static void
inst_free(struct inst *i)
{
	map_del(i->net->inst_index, &i->id, sizeof(i->id));
	list_remove(&i->of_child);
	list_remove(&i->link);
	free(i);
}

static struct inst *
inst_by_reqid(const struct network *n, uint32_t reqid)
{
	struct inst *i, *found = NULL;

	LIST_EACH(i, &n->insts, struct inst, link) {
		if (i->reqid == reqid && i->out)
			found = i;
	}
	return found;
}

static uint32_t
new_reqid(struct network *n)
{
	uint32_t id = n->next_reqid++;

	if (n->next_reqid >= REQID_EXCLUDE)
		n->next_reqid = 1;
	return id;
}

/* Where a new SA belongs: the reqid of the SA it replaces, of its child, or
 * one of its own. */
static struct inst *
inst_new(struct network *n, const struct ike_child_info *c)
{
	struct inst *i = xcalloc(1, sizeof(*i)), *old = NULL;
	struct conn *conn;

	i->net = n;
	i->id = c->id;
	i->protocol = c->protocol == PROTO_AH ? IPPROTO_AH : IPPROTO_ESP;
	conn = conn_of(n, c->ike_conf);
	i->child = conn != NULL ? conn_child(conn, c->name) : NULL;
	if (c->rekey_of != 0)
		old = inst_by_id(n, c->rekey_of);
	if (old != NULL) {
		i->reqid = old->reqid;
		i->policy = old->policy;
	} else if (i->child != NULL && i->child->trapped) {
		i->reqid = i->child->reqid;
		i->policy = 0;
	} else {
		i->reqid = i->policy = new_reqid(n);
	}
	list_init(&i->of_child);
	if (i->child != NULL)
		list_append(&i->child->insts, &i->of_child);
	list_append(&n->insts, &i->link);
	map_put(n->inst_index, &i->id, sizeof(i->id), i);
	return i;
}

static void
plane_reason(struct ike_reason *r, const struct network *n,
    const struct sp_error *err)
{
	ike_reason_set(r, REASON_NO_IPSEC_IN_KERNEL, true, "", NULL, NULL,
	    "The %s data plane did not take the SA: %s",
	    n->plane->ops->name, err->text);
}

/* Soft limits at 90 %; 64-bit block ciphers never beyond 2^30 bytes
 * (Sweet32, RFC 8221 section 5), counters not beyond 2^32 packets. */
static void
put_limits(struct plane_sa *sa, const struct ike_child_info *c)
{
	uint64_t bytes = c->conf->life_bytes, packets = c->conf->life_packets;

	if (c->suite.encr != NULL && c->suite.encr->block_len == 8 &&
	    (bytes == 0 || bytes > 1u << 30))
		bytes = 1u << 30;
	sa->hard_bytes = bytes;
	sa->soft_bytes = bytes / 10 * 9;
	sa->hard_packets = packets;
	sa->soft_packets = packets / 10 * 9;
	if (packets == 0 && c->suite.esn != ESN_YES)
		sa->soft_packets = 3221225472u;
}

static void
put_sa(struct plane_sa *sa, const struct inst *i,
    const struct ike_child_info *c)
{
	memset(sa, 0, sizeof(*sa));
	sa->reqid = i->reqid;
	sa->protocol = i->protocol;
	sa->transport = c->transport;
	sa->encap = c->encap;
	sa->encr = c->suite.encr;
	sa->integ = c->suite.integ;
	sa->key_bits = c->suite.key_bits;
	sa->esn = c->suite.esn == ESN_YES;
	sa->replay_window = c->conf->replay_window;
	put_limits(sa, c);
}

static int
add_sa(struct network *n, struct plane_sa *sa,
    const struct ike_child_info *c, struct ike_reason *why)
{
	struct selectors local, remote;
	struct sp_error err = {0};
	bool in = sa->dir == PLANE_IN;
	int ret;

	selectors_of(&local, c->local_ts, NULL);
	selectors_of(&remote, c->remote_ts, NULL);
	sa->src_sel = in ? remote.sel : local.sel;
	sa->nr_src_sel = in ? remote.nr : local.nr;
	sa->dst_sel = in ? local.sel : remote.sel;
	sa->nr_dst_sel = in ? local.nr : remote.nr;
	ret = n->plane->ops->sa_add(n->plane, sa, &err);
	if (ret < 0)
		plane_reason(why, n, &err);
	free(local.sel);
	free(remote.sel);
	return ret;
}

static void
put_key(const struct secret *s, const uint8_t **key, size_t *len)
{
	if (s != NULL) {
		*key = s->data;
		*len = s->len;
	}
}

int
tie_child_in(struct network *n, const struct ike_child_info *c,
    struct ike_reason *why)
{
	struct inst *i = inst_by_id(n, c->id);
	struct plane_sa sa;
	int ret;

	if (i == NULL)
		i = inst_new(n, c);
	put_sa(&sa, i, c);
	sa.dir = PLANE_IN;
	sa.spi = c->spi_in;
	sa.src = c->path.remote;
	sa.dst = c->path.local;
	put_key(c->encr_in, &sa.encr_key, &sa.encr_key_len);
	put_key(c->integ_in, &sa.integ_key, &sa.integ_key_len);
	ret = add_sa(n, &sa, c, why);
	if (ret < 0)
		return ret;
	i->spi_in = c->spi_in;
	i->dst_in = c->path.local.addr;
	i->path = c->path;
	i->in = true;
	return 0;
}

static bool
selectors_eq(const struct selectors *a, const struct selectors *b)
{
	const struct plane_selector *x, *y;
	size_t i;

	for (i = 0; i < a->nr && a->nr == b->nr; i++) {
		x = &a->sel[i];
		y = &b->sel[i];
		if (x->proto != y->proto || x->port_first != y->port_first ||
		    x->port_last != y->port_last ||
		    !addr_eq(&x->first, &y->first) ||
		    !addr_eq(&x->last, &y->last))
			return false;
	}
	return a->nr == b->nr;
}

/* Did the peer leave something out of what the child's policy covers. */
static bool
is_narrowed(const struct ike_child_info *c, const struct selectors *local,
    const struct selectors *remote)
{
	struct selectors l, r;
	bool same;

	selectors_of(&l, &c->conf->local_ts, c->conf->local_dynamic ?
	    &c->path.local.addr : NULL);
	selectors_of(&r, &c->conf->remote_ts, c->conf->remote_dynamic ?
	    &c->path.remote.addr : NULL);
	same = selectors_eq(local, &l) && selectors_eq(remote, &r);
	free(l.sel);
	free(r.sel);
	return !same;
}

/* The policy of an installed child, unless its own says the same already. */
static int
set_policy(struct network *n, struct inst *i, const struct ike_child_info *c,
    struct sp_error *err)
{
	struct plane_policy pol = {0};
	struct selectors local, remote;
	int ret;

	selectors_of(&local, c->local_ts, NULL);
	selectors_of(&remote, c->remote_ts, NULL);
	if (i->child != NULL && i->policy == 0 &&
	    is_narrowed(c, &local, &remote))
		i->policy = new_reqid(n);
	pol.reqid = i->policy != 0 ? i->policy : i->reqid;
	pol.sa_reqid = i->reqid;
	pol.action = PLANE_PROTECT;
	pol.trap = i->policy == 0 && i->child != NULL &&
	    i->child->conn->behavior == BEHAVE_ON_DEMAND;
	pol.transport = c->transport;
	pol.protocol = i->protocol;
	pol.priority = i->child != NULL ? i->child->priority : 0;
	pol.outer_local = c->path.local.addr;
	pol.outer_remote = c->path.remote.addr;
	pol.local = local.sel;
	pol.nr_local = local.nr;
	pol.remote = remote.sel;
	pol.nr_remote = remote.nr;
	ret = n->plane->ops->policy_set(n->plane, &pol, err);
	if (ret == 0) {
		routes_set(n, pol.reqid, local.sel, local.nr, remote.sel,
		    remote.nr, &pol.outer_remote);
	}
	free(local.sel);
	free(remote.sel);
	return ret;
}

int
tie_child_out(struct network *n, const struct ike_child_info *c,
    struct ike_reason *why)
{
	struct inst *i = inst_by_id(n, c->id), *old;
	struct sp_error err = {0};
	struct plane_sa sa;
	int ret;

	if (i == NULL)
		i = inst_new(n, c);
	put_sa(&sa, i, c);
	sa.dir = PLANE_OUT;
	sa.spi = c->spi_out;
	sa.src = c->path.local;
	sa.dst = c->path.remote;
	put_key(c->encr_out, &sa.encr_key, &sa.encr_key_len);
	put_key(c->integ_out, &sa.integ_key, &sa.integ_key_len);
	old = inst_by_reqid(n, i->reqid);
	sa.replaces = old != NULL && old != i ? old->spi_out : 0;
	ret = add_sa(n, &sa, c, why);
	if (ret < 0)
		return ret;
	i->spi_out = c->spi_out;
	i->dst_out = c->path.remote.addr;
	i->path = c->path;
	i->out = true;

	ret = set_policy(n, i, c, &err);
	if (ret < 0)
		plane_reason(why, n, &err);
	return ret;
}

void
tie_child_move(struct network *n, const struct ike_child_info *c)
{
	struct inst *i = inst_by_id(n, c->id);
	struct sp_error err;

	if (i == NULL)
		return;

	if (n->plane->ops->sa_move(n->plane, i->reqid, &c->path.local,
	    &c->path.remote, c->encap, &err) < 0) {
		log_event(n->engine->log, LOG_LVL_WARNING, "plane-move",
		    n->name, "%s", err.text);
	}
	i->path = c->path;
	i->dst_in = c->path.local.addr;
	i->dst_out = c->path.remote.addr;
	if (set_policy(n, i, c, &err) < 0) {
		log_event(n->engine->log, LOG_LVL_WARNING, "plane-move",
		    n->name, "%s", err.text);
	}
}

static bool
policy_shared(const struct network *n, const struct inst *i)
{
	struct inst *other;

	LIST_EACH(other, &n->insts, struct inst, link) {
		if (other != i && other->reqid == i->reqid &&
		    other->policy == i->policy)
			return true;
	}
	return false;
}

/* The last SA of a policy is gone. */
static void
end_policy(struct network *n, const struct inst *i)
{
	struct child *ch = i->child;

	if (policy_shared(n, i))
		return;

	if (i->policy != 0) {
		(void)n->plane->ops->policy_del(n->plane, i->policy, NULL);
		routes_del(n, i->policy);
	} else if (ch == NULL) {
		(void)n->plane->ops->policy_del(n->plane, i->reqid, NULL);
		routes_del(n, i->reqid);
	} else {
		tie_trap(ch, ch->trapped);
	}
}

void
tie_child_del(struct network *n, const struct ike_child_info *c)
{
	struct inst *i = inst_by_id(n, c->id);
	const struct plane_ops *ops = n->plane->ops;

	if (i == NULL)
		return;

	list_remove(&i->of_child);
	if (i->out)
		(void)ops->sa_del(n->plane, i->spi_out, i->protocol,
		    &i->dst_out, NULL);
	if (i->in)
		(void)ops->sa_del(n->plane, i->spi_in, i->protocol,
		    &i->dst_in, NULL);
	end_policy(n, i);
	inst_free(i);
}

static void
trap_on(struct child *ch)
{
	struct conn *c = ch->conn;
	struct network *n = c->net;
	struct plane_policy pol = {0};
	struct selectors local, remote;
	struct sp_error err;

	pol.reqid = pol.sa_reqid = ch->reqid;
	pol.action = PLANE_PROTECT;
	pol.trap = c->behavior == BEHAVE_ON_DEMAND;
	pol.transport = ch->conf->transport;
	pol.protocol = ch->conf->protocol == PROTO_AH ? IPPROTO_AH :
	    IPPROTO_ESP;
	pol.priority = ch->priority;
	pol.outer_remote = conn_peer_addr(c);
	pol.outer_local = conn_own_addr(c, &pol.outer_remote);
	selectors_of(&local, &ch->conf->local_ts, ch->conf->local_dynamic ?
	    &pol.outer_local : NULL);
	selectors_of(&remote, &ch->conf->remote_ts, ch->conf->remote_dynamic ?
	    &pol.outer_remote : NULL);
	pol.local = local.sel;
	pol.nr_local = local.nr;
	pol.remote = remote.sel;
	pol.nr_remote = remote.nr;
	if (local.nr > 0 && remote.nr > 0 &&
	    n->plane->ops->policy_set(n->plane, &pol, &err) < 0) {
		log_event(n->engine->log, LOG_LVL_WARNING, "plane-policy",
		    c->full, "%s", err.text);
	} else if (local.nr > 0 && remote.nr > 0) {
		routes_set(n, ch->reqid, local.sel, local.nr, remote.sel,
		    remote.nr, &pol.outer_remote);
	}
	free(local.sel);
	free(remote.sel);
}

void
tie_trap(struct child *ch, bool on)
{
	struct network *n = ch->conn->net;

	if (ch->reqid == 0)
		ch->reqid = new_reqid(n);
	ch->trapped = on;
	if (on) {
		trap_on(ch);
		return;
	}
	(void)n->plane->ops->policy_del(n->plane, ch->reqid, NULL);
	routes_del(n, ch->reqid);
}

void
tie_exclude(struct network *n)
{
	struct plane_policy pol = {0};
	struct plane_selector sel = {0};
	struct sp_error err;

	(void)n->plane->ops->policy_del(n->plane, REQID_EXCLUDE, NULL);
	if (!n->exclude || n->local.addr.family == 0)
		return;

	prefix_range(&n->local, &sel.first, &sel.last);
	sel.port_last = 65535;
	pol.reqid = REQID_EXCLUDE;
	pol.action = PLANE_BYPASS;
	pol.local = pol.remote = &sel;
	pol.nr_local = pol.nr_remote = 1;
	if (n->plane->ops->policy_set(n->plane, &pol, &err) < 0) {
		log_event(n->engine->log, LOG_LVL_WARNING, "plane-policy",
		    n->name, "%s", err.text);
	}
}

/* ---- what the plane reports ---- */

static void
on_acquire(void *ctx, uint32_t reqid, const struct plane_selector *src,
    const struct plane_selector *dst)
{
	struct network *n = ctx;
	struct child *ch = conn_child_by_reqid(n, reqid);

	(void)src;
	(void)dst;
	if (ch != NULL && n->host != NULL)
		conn_acquire(ch);
}

static void
on_expire(void *ctx, uint32_t spi, bool hard)
{
	struct network *n = ctx;

	if (n->host != NULL)
		ike_host_plane_expire(n->host, clock_ms(), spi, hard);
}

static void
on_moved(void *ctx, uint32_t reqid, const struct endpoint *remote)
{
	struct network *n = ctx;
	struct inst *i = inst_by_reqid(n, reqid);

	if (i != NULL && n->host != NULL)
		ike_host_plane_moved(n->host, clock_ms(), i->id, remote);
}

static void
on_unknown_spi(void *ctx, uint32_t spi, const struct endpoint *from)
{
	struct network *n = ctx;
	char text[ENDPOINT_TEXT];

	log_event(n->engine->log, LOG_LVL_INFO, "esp-unknown-spi", "",
	    "network: %s, from: %s, spi: %08x", n->name,
	    endpoint_print(from, text), spi);
	if (n->host != NULL) {
		ike_host_plane_unknown_spi(n->host, clock_ms(), spi,
		    &from->addr);
	}
}

static void
on_ike(void *ctx, const struct endpoint *local, const struct endpoint *remote,
    const uint8_t *data, size_t len)
{
	struct network *n = ctx;
	struct ike_path path = { *local, *remote };

	if (n->host == NULL)
		return;
	ike_host_input(n->host, clock_ms(), &path, data, len);
	tie_run(n);
}

static void
on_plane(void *ctx, unsigned events)
{
	struct network *n = ctx;

	(void)events;
	n->plane->ops->dispatch(n->plane);
	tie_run(n);
}

/* IKE itself must pass whatever the policies say (0.0.0.0/0). */
static int
bypass_sockets(struct network *n, struct sp_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < NET_SOCKS && ret == 0; i++) {
		if (n->socks[i].fd >= 0) {
			ret = plane_xfrm_bypass_socket(n->socks[i].fd,
			    n->socks[i].family, err);
		}
	}
	return ret;
}

/* Within the network's namespace. */
int
tie_plane_open(struct network *n, struct sp_error *err)
{
	struct plane_params p = {
		.name = n->name,
		.events = { on_acquire, on_expire, on_moved, on_unknown_spi,
		    on_ike, n },
		.log = n->engine->log,
		.udp4500_v4 = n->socks[1].fd,
		.udp4500_v6 = n->socks[3].fd,
		.mark = ENGINE_MARK,
	};
	const struct conf_node *node = network_node(n);
	const char *why;
	int ret;

	/* what a packet may have on the outside: auto leaves it to the plane */
	if (node != NULL && !str_eq(conf_str(node, "mtu"), "auto"))
		p.mtu = (unsigned)conf_int(node, "mtu");
	if (system_plane_kernel(n->engine, &why)) {
		ret = plane_xfrm_new(&n->plane, &p, err);
		if (ret == 0)
			ret = bypass_sockets(n, err);
	} else {
		ret = plane_user_new(&n->plane, &p, err);
	}
	if (ret < 0)
		return ret;
	n->plane_io = loop_io_new(n->engine->loop,
	    n->plane->ops->fd(n->plane), LOOP_READ, on_plane, n);
	return 0;
}

void
tie_plane_close(struct network *n)
{
	struct inst *i;

	LIST_EACH(i, &n->insts, struct inst, link)
		inst_free(i);
	loop_io_free(n->plane_io);
	n->plane_io = NULL;
	if (n->plane != NULL)
		n->plane->ops->free(n->plane);
	n->plane = NULL;
}

/* ---- counters ---- */

static void
subtract(struct plane_counters *c, const struct plane_counters *base)
{
	c->bytes -= base->bytes;
	c->packets -= base->packets;
	c->replay_errors -= base->replay_errors;
	c->auth_errors -= base->auth_errors;
	c->other_errors -= base->other_errors;
}

static void
raw_counters(const struct inst *i, bool in, struct plane_counters *c)
{
	struct plane *p = i->net->plane;

	memset(c, 0, sizeof(*c));
	if (in ? i->in : i->out) {
		(void)p->ops->sa_counters(p, in ? i->spi_in : i->spi_out,
		    i->protocol, in ? &i->dst_in : &i->dst_out, c, NULL);
	}
}

void
inst_counters(struct inst *i, struct plane_counters *in,
    struct plane_counters *out)
{
	raw_counters(i, true, in);
	subtract(in, &i->base_in);
	raw_counters(i, false, out);
	subtract(out, &i->base_out);
}

#define RATE_MS 2000		/* least time that a rate is taken over */

void
inst_rates(struct inst *i, const struct plane_counters *in,
    const struct plane_counters *out, uint64_t *rate_in, uint64_t *rate_out)
{
	struct rate *r = &i->rate;
	int64_t now = clock_ms(), ms = now - r->at;

	/* the first look, a reset, or one so old that it says nothing */
	if (r->at == 0 || in->bytes < r->bytes_in ||
	    out->bytes < r->bytes_out || ms > 30 * RATE_MS) {
		*r = (struct rate){ .at = now, .bytes_in = in->bytes,
		    .bytes_out = out->bytes };
	} else if (ms >= RATE_MS) {
		r->in = (in->bytes - r->bytes_in) * 1000 / (uint64_t)ms;
		r->out = (out->bytes - r->bytes_out) * 1000 / (uint64_t)ms;
		r->at = now;
		r->bytes_in = in->bytes;
		r->bytes_out = out->bytes;
	}
	*rate_in = r->in;
	*rate_out = r->out;
}

void
inst_reset(struct inst *i)
{
	raw_counters(i, true, &i->base_in);
	raw_counters(i, false, &i->base_out);
}
