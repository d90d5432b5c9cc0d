/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A VPN network: powered on it has a place (its namespace or the host's), the
 * IKE sockets there, a data plane, an IKE host and its connections; powered
 * off it has none of them.  Both are idempotent, and a failure half way takes
 * back what was made.
 *
 * While anything of it exists the state store says so ("placed/NAME"): an
 * engine that is killed cannot clean up, its successor does.
 */
#include "engine/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/store.h"
#include "engine/conn.h"
#include "engine/loop.h"
#include "net/net.h"

#define PULSE_MS 2000		/* how often life on the plane is looked for */

struct network *
network_new(struct engine *e, const char *name)
{
	struct network *n = xcalloc(1, sizeof(*n));
	size_t i;

	n->engine = e;
	snprintf(n->name, sizeof(n->name), "%s", name);
	for (i = 0; i < NET_SOCKS; i++) {
		n->socks[i].net = n;
		n->socks[i].fd = -1;
	}
	n->next_reqid = 1;
	n->watch_fd = -1;
	list_init(&n->conns);
	n->conn_index = map_new(0);
	list_init(&n->insts);
	n->inst_index = map_new(0);
	list_init(&n->routes);
	list_init(&n->events);
	list_init(&n->undelivered);
	list_init(&n->jobs);
	list_append(&e->networks, &n->link);
	return n;
}

void
network_free(struct network *n)
{
	struct conn *c;

	if (n == NULL)
		return;

	network_off(n);
	LIST_EACH(c, &n->conns, struct conn, link)
		conn_free(c);
	map_free(n->conn_index);
	map_free(n->inst_index);
	list_remove(&n->link);
	free(n);
}

struct network *
network_find(struct engine *e, const char *name)
{
	struct network *n;

	LIST_EACH(n, &e->networks, struct network, link) {
		if (str_eq(n->name, name))
			return n;
	}
	return NULL;
}

struct conf_node *
network_node(const struct network *n)
{
	return conf_child(conf_root(n->engine->conf), "vpn-network", n->name);
}

int
network_enter(const struct network *n, int *old, struct sp_error *err)
{
	*old = -1;
	if (n->netns[0] == '\0')
		return 0;
	return netns_enter(n->netns, old, err);
}

void
network_leave(const struct network *n, int old)
{
	struct sp_error err;

	if (old >= 0 && netns_leave(old, &err) < 0) {
		log_event(n->engine->log, LOG_LVL_ERROR, "namespace", "",
		    "%s", err.text);
	}
}

static void
on_deadline(void *ctx)
{
	struct network *n = ctx;

	ike_host_tick(n->host, clock_ms());
	tie_run(n);
}

/* ESP that came in spares a liveness probe (RFC 7296 2.4). */
static void
look_for_life(struct network *n, struct inst *i, int64_t now)
{
	struct plane_counters in;

	if (!i->in)
		return;
	if (n->plane->ops->sa_counters(n->plane, i->spi_in, i->protocol,
	    &i->dst_in, &in, NULL) < 0 || in.last_used_ms <= i->alive)
		return;
	i->alive = in.last_used_ms;
	ike_host_plane_alive(n->host, now, i->id);
}

/* Nothing either way for so long (inactivity): the child goes, its trap
 * stays.  The time is the child's, not that of one of its SAs. */
static void
look_for_idleness(struct network *n, struct inst *i, int64_t now)
{
	struct child *ch = i->child;
	struct plane_counters in, out;

	if (ch == NULL || ch->conf->inactivity_ms == 0 || !i->in || !i->out)
		return;
	inst_counters(i, &in, &out);
	if (in.last_used_ms > ch->active_at)
		ch->active_at = in.last_used_ms;
	if (out.last_used_ms > ch->active_at)
		ch->active_at = out.last_used_ms;
	if (now - ch->active_at >= ch->conf->inactivity_ms) {
		ike_host_child_delete(n->host, now, i->id, REASON_INACTIVE,
		    NULL);
	}
}

static void
on_pulse(void *ctx)
{
	struct network *n = ctx;
	struct inst *i;
	int64_t now = clock_ms();

	LIST_EACH(i, &n->insts, struct inst, link)
		look_for_life(n, i, now);
	LIST_EACH(i, &n->insts, struct inst, link)
		look_for_idleness(n, i, now);
	tie_run(n);
	loop_timer_set(n->pulse, now + PULSE_MS);
}

/* With the place made and entered: sockets, plane, routing rule. */
static int
open_inside(struct network *n, struct sp_error *err)
{
	int ret;

	ret = sockets_open(n, err);
	if (ret == 0)
		ret = tie_plane_open(n, err);
	if (ret == 0)
		ret = routes_open(n, err);
	if (ret == 0)
		ret = roam_open(n, err);
	return ret;
}

/* Note in the state store whether something of this network exists. */
static void
remember_place(struct network *n, bool exists)
{
	struct engine *e = n->engine;
	char *key = xasprintf("placed/%s", n->name);
	struct sp_error err;

	if (conf_store_state_set(e->store, key, exists ? "yes" : NULL,
	    &err) < 0) {
		log_event(e->log, LOG_LVL_WARNING, "state", n->name, "%s",
		    err.text);
	}
	free(key);
}

/* Whether an earlier engine died while something of it existed. */
static bool
was_placed(const struct network *n)
{
	char *key = xasprintf("placed/%s", n->name);
	char *value = conf_store_state_get(n->engine->store, key);
	bool placed = value != NULL;

	free(key);
	free(value);
	return placed;
}

/* In the reverse order of making: routes and policies before the plane they
 * point to, the plane before the sockets it reads, the namespace last. */
static void
close_ipsec(struct network *n)
{
	int old;

	loop_timer_free(n->host_timer);
	loop_timer_free(n->pulse);
	n->host_timer = n->pulse = NULL;
	roam_close(n);
	if (network_enter(n, &old, NULL) == 0) {
		routes_close(n);
		network_leave(n, old);
	}
	tie_plane_close(n);
	sockets_close(n);
	ike_host_free(n->host);
	n->host = NULL;
	tie_clear(n);
}

static void
close_all(struct network *n)
{
	close_ipsec(n);
	place_remove(n);
	remember_place(n, false);
}

/* With everything in place: the state machines, and what is desired. */
static void
start_host(struct network *n)
{
	struct engine *e = n->engine;
	struct ike_host_params p = system_ike_params(e);
	struct conn *c;

	n->host = ike_host_new(&p);
	n->host_timer = loop_timer_new(e->loop, on_deadline, n);
	n->pulse = loop_timer_new(e->loop, on_pulse, n);
	loop_timer_set(n->pulse, clock_ms() + PULSE_MS);
	sockets_watch(n);
	roam_watch(n);
	tie_exclude(n);
	routes_exclude(n);
	LIST_EACH(c, &n->conns, struct conn, link)
		conn_power_on(c);
	tie_run(n);
}

/* `ipsec enabled no` leaves the place alone: no sockets, plane, host. */
static bool
ipsec_wanted(const struct network *n)
{
	const struct conf_node *node = network_node(n), *ipsec;

	ipsec = node != NULL ? conf_child(node, "ipsec", NULL) : NULL;
	return ipsec == NULL || conf_bool(ipsec, "enabled");
}

/* What of a network lies in its place; nothing of it is left on failure. */
static int
open_ipsec(struct network *n, struct sp_error *err)
{
	int old, ret;

	ret = network_enter(n, &old, err);
	if (ret == 0) {
		ret = open_inside(n, err);
		network_leave(n, old);
	}
	if (ret < 0)
		close_ipsec(n);
	return ret;
}

static int
open_network(struct network *n, bool ipsec_on, struct sp_error *err)
{
	const struct conf_node *node = network_node(n), *ipsec;
	int ret;

	if (node == NULL || !conf_node_enabled(node)) {
		return sp_fail(err, SP_STATE, "Network \"%s\" is not enabled.",
		    n->name);
	}
	ipsec = conf_child(node, "ipsec", NULL);
	n->exclude = ipsec == NULL || conf_bool(ipsec, "exclude-my-network");
	if (!conf_prefix(node, "network-address", &n->local))
		memset(&n->local, 0, sizeof(n->local));

	n->left_over = was_placed(n);
	if (!n->left_over)
		remember_place(n, true);
	ret = place_make(n, err);
	if (ret < 0) {
		remember_place(n, false);
		return ret;
	}
	if (ipsec_on)
		ret = open_ipsec(n, err);
	if (ret < 0)
		close_all(n);
	return ret;
}

int
network_ipsec(struct network *n, struct sp_error *err)
{
	bool wanted = ipsec_wanted(n);
	struct conn *c;
	int ret;

	if (n->state != NET_ON || wanted == (n->host != NULL))
		return 0;
	if (wanted) {
		ret = open_ipsec(n, err);
		if (ret < 0)
			return ret;
		start_host(n);
	} else {
		LIST_EACH(c, &n->conns, struct conn, link)
			conn_power_off(c);
		tie_run(n);
		close_ipsec(n);
	}
	log_event(n->engine->log, LOG_LVL_NOTICE, "network-ipsec", n->name,
	    "%s", wanted ? "on" : "off, the IKE sockets are closed");
	return 0;
}

int
network_on(struct network *n, struct sp_error *err)
{
	struct sp_error local = {0};
	struct engine *e = n->engine;
	int ret;

	if (n->state == NET_ON)
		return 0;

	ret = open_network(n, ipsec_wanted(n), &local);
	if (ret < 0) {
		n->state = NET_ERROR;
		n->error = local;
		if (err != NULL)
			*err = local;
		log_event(e->log, LOG_LVL_ERROR, "network-power", n->name,
		    "cannot be powered on: %s", local.text);
		network_announce(n);
		return ret;
	}
	n->state = NET_ON;
	memset(&n->error, 0, sizeof(n->error));
	log_event(e->log, LOG_LVL_NOTICE, "network-power", n->name,
	    "on, data plane: %s, place: %s", n->plane != NULL ?
	    n->plane->ops->name : "none, IPsec is not enabled",
	    n->netns[0] != '\0' ? n->netns : "host");
	network_announce(n);
	if (n->plane != NULL)
		start_host(n);
	return 0;
}

void
network_off(struct network *n)
{
	struct conn *c;

	if (n->state != NET_ON) {
		n->state = NET_OFF;
		return;
	}
	LIST_EACH(c, &n->conns, struct conn, link) {
		if (n->host != NULL)
			conn_power_off(c);
	}
	if (n->host != NULL)
		tie_run(n);
	close_all(n);
	n->state = NET_OFF;
	log_event(n->engine->log, LOG_LVL_NOTICE, "network-power", n->name,
	    "off");
	network_announce(n);
}

/* Made once more it is known what there is to remove: sockets and plane find
 * the policies, rules and routes that carry our marks. */
void
network_sweep(struct network *n)
{
	struct sp_error err;

	if (n->state == NET_ON || !was_placed(n))
		return;

	if (open_network(n, true, &err) < 0) {
		log_event(n->engine->log, LOG_LVL_WARNING, "network-power",
		    n->name, "what an earlier engine left cannot be "
		    "removed: %s", err.text);
		return;
	}
	close_all(n);
	log_event(n->engine->log, LOG_LVL_NOTICE, "network-power", n->name,
	    "what an earlier engine left is removed");
}
