/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Beginning an IKE SA: the peer's name is looked up at each attempt, by the
 * worker pool, and its addresses are tried in the resolver's order; our own
 * address is the one set, or the one the route to the peer gives.
 */
#include "engine/conn.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/wait.h"
#include "net/net.h"

struct ip_addr
conn_peer_addr(const struct conn *c)
{
	struct ip_addr a = {0};

	if (c->nr_addrs > 0)
		return c->addrs[c->addr_at < c->nr_addrs ? c->addr_at : 0];
	addr_parse(&a, c->gateway);
	return a;
}

struct ip_addr
conn_own_addr(const struct conn *c, const struct ip_addr *peer)
{
	struct ip_addr a = c->conf->local_addr;
	struct net_path path;
	int old;

	if (a.family != 0 || peer->family == 0)
		return a;
	if (network_enter(c->net, &old, NULL) < 0)
		return a;
	if (route_get(peer, NULL, ENGINE_MARK, &path, NULL) == 0)
		a = path.source;
	network_leave(c->net, old);
	return a;
}

/* The child that goes into IKE_AUTH: the first that is wanted. */
static struct child *
first_wanted(const struct conn *c)
{
	struct child *ch;

	LIST_EACH(ch, &c->children, struct child, link) {
		if (ch->wanted)
			return ch;
	}
	return NULL;
}

/* IKE_SA_INIT.  The id is known before the first packet leaves, so that an
 * event of this very attempt finds its connection. */
static int
initiate(struct conn *c, const struct ike_path *path, struct ike_reason *why)
{
	struct child *ch = first_wanted(c);
	struct sp_error err = {0};
	char to[ENDPOINT_TEXT];

	if (ike_host_initiate(c->net->host, clock_ms(), c->conf,
	    ch != NULL ? ch->conf : NULL, path, &c->sa_id, &err) < 0) {
		c->sa_id = 0;
		ike_reason_set(why, REASON_CRYPTO_UNAVAILABLE, true,
		    "IKE_SA_INIT", NULL, NULL, "%s", err.text);
		return -1;
	}
	if (ch != NULL)
		ch->pending = true;
	endpoint_print(&path->remote, to);
	log_event(c->net->engine->log, LOG_LVL_INFO, "ike-initiate", c->full,
	    "to: %s, try: %u", to, c->tries + 1);
	wait_progress(c, "IKE_SA_INIT sent to %s", to);
	return 0;
}

/* The address that local-address names may be another machine's by now. */
static bool
is_own(const struct conn *c, struct ike_reason *why)
{
	const struct ip_addr *a = &c->conf->local_addr;
	char text[ADDR_TEXT];
	struct ip_addr found;
	bool own = true;
	int old;

	if (a->family == 0 || network_enter(c->net, &old, NULL) < 0)
		return true;
	own = net_addr_in_range(a, a, &found);
	network_leave(c->net, old);
	if (!own) {
		addr_print(a, text);
		ike_reason_set(why, REASON_LOCAL_SEND_FAILED, true,
		    "IKE_SA_INIT", text, NULL,
		    "%s is not an address of network \"%s\".", text,
		    c->net->name);
	}
	return own;
}

/* One attempt at the address whose turn it is.  Port 4500 is used from the
 * start where the peer listens elsewhere than on 500: both sides then expect
 * the non-ESP marker. */
static void
dial(struct conn *c)
{
	struct ike_path path = {0};
	struct ike_reason why;
	char to[ADDR_TEXT];

	path.remote.addr = c->addrs[c->addr_at];
	path.remote.port = c->conf->remote_port;
	path.local.addr = conn_own_addr(c, &path.remote.addr);
	path.local.port = path.remote.port == IKE_PORT ? IKE_PORT :
	    IKE_PORT_NAT;
	if (path.local.addr.family == path.remote.addr.family) {
		if (is_own(c, &why) && initiate(c, &path, &why) == 0)
			return;
	} else {
		ike_reason_set(&why, REASON_ROUTE_MISSING, true,
		    "IKE_SA_INIT", NULL, NULL,
		    "There is no route to the peer %s.",
		    addr_print(&path.remote.addr, to));
	}
	conn_attempt_failed(c, &why);
}

bool
conn_try_next(struct conn *c)
{
	if (c->addr_at + 1 >= c->nr_addrs)
		return false;
	c->addr_at++;
	dial(c);
	return true;
}

static bool
same_addrs(const struct conn *c, const struct worker_answer *a)
{
	size_t i;

	for (i = 0; i < a->nr && a->nr == c->nr_addrs; i++) {
		if (!addr_eq(&a->addr[i], &c->addrs[i]))
			return false;
	}
	return a->nr == c->nr_addrs;
}

static void
room_for_addrs(struct conn *c)
{
	if (c->addrs == NULL)
		c->addrs = xcalloc(WORKER_ADDRS, sizeof(*c->addrs));
}

/* The name has these addresses now: those are whom we answer, too. */
static void
take_addrs(struct conn *c, const struct worker_answer *a)
{
	bool same = same_addrs(c, a);

	room_for_addrs(c);
	memcpy(c->addrs, a->addr, WORKER_ADDRS * sizeof(*c->addrs));
	c->nr_addrs = a->nr;
	c->addr_at = 0;
	if (same)
		return;

	conn_configure(c);
	if (c->armed)
		conn_arm(c, true);
}

static void
unresolved(struct conn *c, const char *error)
{
	struct ike_reason why;

	ike_reason_set(&why, REASON_NAME_UNRESOLVED, true, "", c->gateway,
	    NULL, "The name \"%s\" of the peer has no address: %s.",
	    c->gateway, error);
	conn_attempt_failed(c, &why);
}

/* In the loop's thread.  Between question and answer the connection may have
 * been stopped, or the peer may have come by itself: only what is still
 * wanted goes on. */
static void
on_resolved(void *ctx, const struct worker_answer *a)
{
	struct conn *c = ctx;

	c->job = NULL;
	if (!conn_active(c))
		return;
	if (a->nr > 0)
		take_addrs(c, a);
	if (conn_wanted(c) && c->sa_id == 0) {
		if (a->nr > 0)
			dial(c);
		else
			unresolved(c, a->error);
	}
	conn_reconcile(c);
	tie_run(c->net);
}

void
conn_look_up(struct conn *c)
{
	struct ip_addr a;

	if (c->job != NULL || strcmp(c->gateway, "any") == 0)
		return;
	if (addr_parse(&a, c->gateway)) {
		room_for_addrs(c);
		c->addrs[0] = a;
		c->nr_addrs = 1;
		c->addr_at = 0;
		return;
	}
	c->job = worker_resolve(c->net->engine->worker, c->gateway, AF_UNSPEC,
	    on_resolved, c);
}

static void
no_address(struct conn *c)
{
	struct ike_reason why;

	ike_reason_set(&why, REASON_PEER_UNREACHABLE, true, "", "any", NULL,
	    "Phase 1 \"%s\" has no address of its peer (remote-gateway any); "
	    "it can only answer.", c->name);
	conn_attempt_failed(c, &why);
}

void
conn_try(struct conn *c)
{
	struct ip_addr a;

	if (strcmp(c->gateway, "any") == 0) {
		no_address(c);
		return;
	}
	conn_look_up(c);
	if (addr_parse(&a, c->gateway))
		dial(c);
	else
		wait_progress(c, "resolving %s", c->gateway);
}
