/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * From the differences of two configurations to operations, by the restart
 * class of each setting (settings.md, column R).  One operation for each
 * network and connection remains: the strongest.
 */
#include "engine/commit.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/validate.h"

#define OP_KEY 72		/* "network/phase1" */

static const char *const type_names[] = {
	[COMMIT_NETWORK_REMOVE] = "network-remove",
	[COMMIT_CONN_REMOVE] = "conn-remove",
	[COMMIT_SYSTEM] = "system",
	[COMMIT_NETWORK_CYCLE] = "network-cycle",
	[COMMIT_NETWORK_ADD] = "network-add",
	[COMMIT_NETWORK_REFRESH] = "network-refresh",
	[COMMIT_CONN_ADD] = "conn-add",
	[COMMIT_CONN_RESTART] = "conn-restart",
	[COMMIT_CONN_UPDATE] = "conn-update",
};

/* What an operation outdoes on the same object: smaller wins. */
static const unsigned char strength[] = {
	[COMMIT_NETWORK_REMOVE] = 0,
	[COMMIT_NETWORK_ADD] = 1,
	[COMMIT_NETWORK_CYCLE] = 2,
	[COMMIT_NETWORK_REFRESH] = 3,
	[COMMIT_CONN_REMOVE] = 4,
	[COMMIT_CONN_ADD] = 5,
	[COMMIT_CONN_RESTART] = 6,
	[COMMIT_CONN_UPDATE] = 7,
	[COMMIT_SYSTEM] = 8,
};

const char *
commit_type_name(enum commit_type type)
{
	return type_names[type];
}

/* The index's key of an operation's object; names have no slash. */
static size_t
make_key(char key[OP_KEY], const char *network, const char *phase1)
{
	return (size_t)snprintf(key, OP_KEY, "%s/%s", network, phase1);
}

static struct commit_op *
plan_find(const struct commit_plan *p, const char *network,
    const char *phase1)
{
	char key[OP_KEY];
	uintptr_t place;

	place = (uintptr_t)map_get(p->index, key, make_key(key, network,
	    phase1));
	return place != 0 ? &p->op[place - 1] : NULL;
}

static void
plan_add(struct commit_plan *p, enum commit_type type, const char *network,
    const char *phase1)
{
	struct commit_op *op = plan_find(p, network, phase1);
	char key[OP_KEY];

	if (op != NULL) {
		if (strength[type] < strength[op->type])
			op->type = type;
		return;
	}
	/* grown by doubling: at 0, 1, 2, 4 ... elements */
	if ((p->nr & (p->nr - 1)) == 0)
		p->op = xrealloc(p->op, p->nr ? p->nr * 2 : 1,
		    sizeof(*p->op));
	op = &p->op[p->nr++];
	memset(op, 0, sizeof(*op));
	op->type = type;
	snprintf(op->network, sizeof(op->network), "%s", network);
	snprintf(op->phase1, sizeof(op->phase1), "%s", phase1);
	map_put(p->index, key, make_key(key, network, phase1),
	    (void *)(uintptr_t)p->nr);
}

/* The node or its parent of this kind, or NULL. */
static const struct conf_node *
enclosing(const struct conf_node *n, const char *word)
{
	while (n != NULL && !str_eq(conf_node_object(n)->word, word))
		n = conf_node_parent(n);
	return n;
}

static void
every_network(struct commit_plan *p, const struct conf_tree *to,
    enum commit_type type)
{
	const struct conf_node *n = NULL;

	while ((n = conf_next_child(conf_root(to), "vpn-network", n)) != NULL)
		plan_add(p, type, conf_node_name(n), "");
}

static void
every_conn(struct commit_plan *p, const struct conf_tree *to,
    const char *network, enum commit_type type)
{
	const struct conf_node *net, *n = NULL;

	net = conf_child(conf_root(to), "vpn-network", network);
	while (net != NULL && (n = conf_next_child(net, "phase1", n)) != NULL)
		plan_add(p, type, network, conf_node_name(n));
}

/* An object of this very kind came or went, and nothing else. */
static bool
came_or_went(const struct conf_change *c, const char *word)
{
	return c->row == NULL && str_eq(c->object->word, word);
}

static void
phase1_change(struct commit_plan *p, const struct conf_change *c,
    const char *network, const char *phase1)
{
	bool ike = c->restart == RESTART_IKE || c->restart == RESTART_NETWORK;

	if (came_or_went(c, "phase1")) {
		plan_add(p, c->new != NULL ? COMMIT_CONN_ADD :
		    COMMIT_CONN_REMOVE, network, phase1);
		return;
	}
	/* below a phase 2 it is the child that changes, at most */
	if (enclosing(c->new != NULL ? c->new : c->old, "phase2") != NULL)
		ike = false;
	else if (c->row == NULL)
		ike = true;		/* a proposal came or went */
	plan_add(p, ike ? COMMIT_CONN_RESTART : COMMIT_CONN_UPDATE, network,
	    phase1);
}

static void
network_change(struct commit_plan *p, const struct conf_change *c,
    const struct conf_tree *to, const char *network)
{
	bool ipsec = str_eq(c->object->word, "ipsec");

	if (came_or_went(c, "vpn-network")) {
		plan_add(p, c->new != NULL ? COMMIT_NETWORK_ADD :
		    COMMIT_NETWORK_REMOVE, network, "");
		return;
	}
	if (!ipsec && c->restart == RESTART_NETWORK) {
		plan_add(p, COMMIT_NETWORK_CYCLE, network, "");
		return;
	}
	if (!ipsec)
		return;		/* read where it is used */
	plan_add(p, COMMIT_NETWORK_REFRESH, network, "");
	every_conn(p, to, network, c->row != NULL && (c->restart ==
	    RESTART_IKE || c->restart == RESTART_NETWORK) ?
	    COMMIT_CONN_RESTART : COMMIT_CONN_UPDATE);
}

/* Does one of the values of a setting name the object. */
static bool
names(const struct conf_node *n, const char *setting, const char *name)
{
	const char *value;
	size_t i;

	for (i = 0; (value = conf_value(n, setting, i)) != NULL; i++) {
		if (str_eq(value, name))
			return true;
	}
	return false;
}

/* A phase 1 that names no authority trusts all. */
static bool
uses(const struct conf_node *p1, bool authority, const char *name)
{
	if (authority) {
		return names(p1, "authority", name) ||
		    (conf_value(p1, "authority", 0) == NULL &&
		    (str_eq(conf_str(p1, "authentication"), "certificate") ||
		    str_eq(conf_str(p1, "peer-authentication"),
		    "certificate")));
	}
	return names(p1, "certificate", name) ||
	    names(p1, "peer-certificate", name);
}

/* What proves identities changed: its users begin anew. */
static void
credentials_change(struct commit_plan *p, const struct conf_change *c,
    const struct conf_tree *to)
{
	const struct conf_node *n = c->new != NULL ? c->new : c->old;
	const struct conf_node *net = NULL, *p1;
	bool authority = str_eq(c->object->word, "authority");

	while ((net = conf_next_child(conf_root(to), "vpn-network", net))) {
		for (p1 = NULL;
		    (p1 = conf_next_child(net, "phase1", p1)) != NULL;) {
			if (uses(p1, authority, conf_node_name(n)))
				plan_add(p, COMMIT_CONN_RESTART,
				    conf_node_name(net), conf_node_name(p1));
		}
	}
}

static void
one_change(struct commit_plan *p, const struct conf_change *c,
    const struct conf_tree *to)
{
	const struct conf_node *n = c->new != NULL ? c->new : c->old;
	const struct conf_node *net = enclosing(n, "vpn-network");
	const struct conf_node *p1 = enclosing(n, "phase1");

	if (net == NULL && (str_eq(c->object->word, "certificate") ||
	    str_eq(c->object->word, "authority"))) {
		credentials_change(p, c, to);
		return;
	}
	if (net == NULL) {
		plan_add(p, COMMIT_SYSTEM, "", "");
		if (c->restart == RESTART_NETWORK)
			every_network(p, to, COMMIT_NETWORK_CYCLE);
		if (c->restart == RESTART_RULES)
			every_network(p, to, COMMIT_NETWORK_REFRESH);
		return;
	}
	if (p1 != NULL)
		phase1_change(p, c, conf_node_name(net), conf_node_name(p1));
	else
		network_change(p, c, to, conf_node_name(net));
}

/* A network that comes, goes or is cycled takes its connections along. */
static bool
is_covered(const struct commit_plan *p, const struct commit_op *op)
{
	const struct commit_op *net;

	if (op->phase1[0] == '\0')
		return false;
	net = plan_find(p, op->network, "");
	return net != NULL && net->type != COMMIT_NETWORK_REFRESH;
}

static void
drop_covered(struct commit_plan *p)
{
	bool *covered = xcalloc(p->nr + 1, sizeof(*covered));
	size_t i, keep = 0;

	/* places in the index hold until the first one moves */
	for (i = 0; i < p->nr; i++)
		covered[i] = is_covered(p, &p->op[i]);
	for (i = 0; i < p->nr; i++) {
		if (!covered[i])
			p->op[keep++] = p->op[i];
	}
	p->nr = keep;
	free(covered);
}

static int
by_order(const void *a, const void *b)
{
	const struct commit_op *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (strcmp(x->network, y->network) != 0)
		return strcmp(x->network, y->network);
	return strcmp(x->phase1, y->phase1);
}

void
commit_plan_make(const struct conf_tree *from, const struct conf_tree *to,
    struct commit_plan *out)
{
	struct conf_changes changes;
	size_t i;

	memset(out, 0, sizeof(*out));
	out->index = map_new(0);
	conf_changes(from, to, &changes);
	for (i = 0; i < changes.nr; i++)
		one_change(out, &changes.change[i], to);
	out->changes = changes.nr;
	conf_changes_free(&changes);
	drop_covered(out);
	map_free(out->index);
	out->index = NULL;
	if (out->nr > 0)
		qsort(out->op, out->nr, sizeof(*out->op), by_order);
}

void
commit_plan_free(struct commit_plan *p)
{
	free(p->op);
	memset(p, 0, sizeof(*p));
}
