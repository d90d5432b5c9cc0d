/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Carrying out a commit.  Order: everything that can be checked is checked
 * first (each phase 1 that changes is built once for nothing); then the
 * operations that can fail, those on networks; then the save; then those on
 * tunnels, which cannot.  A failure on the way undoes what was done.
 */
#include "engine/commit.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/store.h"
#include "conf/text.h"
#include "engine/conn.h"
#include "engine/ikeconf.h"

/* ---- objects follow the tree ---- */

/* Connections as the configuration has them; new ones are made. */
static void
sync_conns(struct network *n)
{
	const struct conf_node *node = network_node(n), *p1 = NULL;
	struct conn *c;

	LIST_EACH(c, &n->conns, struct conn, link) {
		if (node == NULL || conf_child(node, "phase1", c->name) ==
		    NULL)
			conn_free(c);
	}
	while (node != NULL &&
	    (p1 = conf_next_child(node, "phase1", p1)) != NULL) {
		c = conn_find(n, conf_node_name(p1));
		if (c == NULL)
			c = conn_new(n, conf_node_name(p1));
		conn_configure(c);
	}
}

static int
power_if_wanted(struct network *n, struct sp_error *err)
{
	const struct conf_node *node = network_node(n);

	if (!n->wanted || node == NULL || !conf_node_enabled(node))
		return 0;
	return network_on(n, err);
}

/* Off and on again, with connections as the tree has them now. */
static int
cycle_network(struct network *n, struct sp_error *err)
{
	bool was_broken = n->state == NET_ERROR;
	int ret;

	network_off(n);
	sync_conns(n);
	ret = power_if_wanted(n, err);
	/* what did not work before is no reason to refuse a change */
	return was_broken ? 0 : ret;
}

static int
refresh_network(struct network *n, struct sp_error *err)
{
	const struct conf_node *node = network_node(n), *ipsec;
	int ret;

	ipsec = conf_child(node, "ipsec", NULL);
	n->exclude = ipsec == NULL || conf_bool(ipsec, "exclude-my-network");
	ret = network_ipsec(n, err);
	if (ret < 0 || n->plane == NULL)
		return ret;
	routes_reload(n);
	tie_exclude(n);
	routes_exclude(n);
	return 0;
}

static void
add_conn(struct network *n, const char *name)
{
	struct conn *c = conn_find(n, name);

	if (c == NULL)
		c = conn_new(n, name);
	conn_configure(c);
	if (n->host != NULL)
		conn_power_on(c);
}

/* What concerns the IKE SA changed, or whether it is enabled at all. */
static void
restart_conn(struct conn *c)
{
	bool was_active = conn_active(c);

	conn_configure(c);
	if (c->net->host == NULL)
		return;
	if (!c->enabled || c->conf == NULL) {
		conn_power_off(c);
		ike_host_conf_remove(c->net->host, c->full);
	} else if (!was_active) {
		conn_power_on(c);
	} else {
		conn_look_up(c);
		conn_restart(c);
	}
}

/* A new connection-behavior acts on what is desired, not on SAs. */
static void
update_conn(struct conn *c)
{
	enum behavior before = c->behavior;
	struct child *ch;

	conn_configure(c);
	if (!conn_active(c))
		return;
	if (c->behavior != before) {
		conn_arm(c, c->behavior != BEHAVE_RESPONDER &&
		    !str_eq(c->gateway, "any"));
		c->wanted |= c->behavior == BEHAVE_START;
		LIST_EACH(ch, &c->children, struct child, link) {
			if (c->behavior == BEHAVE_START)
				ch->wanted = true;
		}
	}
	conn_reconcile(c);
}

/* ---- operations ---- */

static int
do_network(struct engine *e, const struct commit_op *op, struct network *n,
    struct sp_error *err)
{
	if (op->type == COMMIT_NETWORK_ADD) {
		if (n == NULL)
			n = network_new(e, op->network);
		sync_conns(n);
		return power_if_wanted(n, err);
	}
	if (n == NULL)
		return 0;
	if (op->type == COMMIT_NETWORK_CYCLE)
		return cycle_network(n, err);
	if (op->type == COMMIT_NETWORK_REFRESH)
		return refresh_network(n, err);
	network_free(n);
	return 0;
}

static void
do_conn(const struct commit_op *op, struct network *n)
{
	struct conn *c = conn_find(n, op->phase1);

	if (op->type == COMMIT_CONN_ADD) {
		add_conn(n, op->phase1);
	} else if (c == NULL) {
		return;
	} else if (op->type == COMMIT_CONN_RESTART) {
		restart_conn(c);
	} else if (op->type == COMMIT_CONN_UPDATE) {
		update_conn(c);
	} else {
		if (n->host != NULL)
			conn_power_off(c);
		tie_run(n);
		conn_free(c);
	}
	tie_run(n);
}

static int
do_op(struct engine *e, const struct commit_op *op, struct sp_error *err)
{
	struct network *n = network_find(e, op->network);

	log_event(e->log, LOG_LVL_DEBUG, "commit-step", op->network, "%s %s",
	    commit_type_name(op->type), op->phase1);
	if (op->type == COMMIT_SYSTEM) {
		system_apply(e);
		return 0;
	}
	if (op->phase1[0] == '\0')
		return do_network(e, op, n, err);
	if (n != NULL)
		do_conn(op, n);
	return 0;
}

static bool
before_save(const struct commit_op *op)
{
	return op->type < COMMIT_CONN_REMOVE;
}

/* The operations before the save, or those behind it; *done counts on. */
static int
do_plan(struct engine *e, const struct commit_plan *p, bool before,
    size_t *done, struct sp_error *err)
{
	int ret = 0;

	while (*done < p->nr && before_save(&p->op[*done]) == before) {
		ret = do_op(e, &p->op[(*done)++], err);
		if (ret < 0)
			break;
	}
	return ret;
}

/* Would the engine take this phase 1. */
static int
check_phase1(struct engine *e, const struct conf_node *p1, struct sp_error *err)
{
	struct buf path = {0};
	struct ike_conf *conf;
	int ret;

	if (p1 == NULL || !conf_node_enabled(p1))
		return 0;
	ret = ikeconf_build(p1, NULL, 0, e->pki, &conf, err);
	if (ret < 0) {
		conf_node_path(p1, &path);
		buf_u8(&path, '\0');
		sp_path(err, "%s", (char *)path.data);
		buf_free(&path);
		return ret;
	}
	ike_conf_unref(conf);
	return 0;
}

/* Would the engine take all that the operations bring. */
static int
check_plan(struct engine *e, const struct conf_tree *tree,
    const struct commit_plan *p, struct sp_error *err)
{
	const struct conf_node *net, *p1;
	size_t i;
	int ret = 0;

	for (i = 0; i < p->nr && ret == 0; i++) {
		net = conf_child(conf_root(tree), "vpn-network",
		    p->op[i].network);
		if (net == NULL)
			continue;
		if (p->op[i].phase1[0] != '\0') {
			ret = check_phase1(e, conf_child(net, "phase1",
			    p->op[i].phase1), err);
			continue;
		}
		/* a refreshed one has operations for its connections */
		p1 = NULL;
		while (p->op[i].type != COMMIT_NETWORK_REFRESH && ret == 0 &&
		    (p1 = conf_next_child(net, "phase1", p1)) != NULL)
			ret = check_phase1(e, p1, err);
	}
	return ret;
}

/* Was this network touched by one of the first nr operations. */
static bool
was_touched(const struct commit_plan *p, size_t nr, const char *network)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (str_eq(p->op[i].network, network))
			return true;
	}
	return false;
}

/* Undo what the first nr operations did, and nothing else. */
static void
go_back(struct engine *e, struct conf_tree *old,
    const struct commit_plan *plan, size_t nr)
{
	struct commit_plan back;
	struct conf_tree *tree = e->conf;
	struct sp_error err = {0};
	size_t i;

	commit_plan_make(tree, old, &back);
	e->conf = old;
	for (i = 0; i < back.nr; i++) {
		if (!before_save(&back.op[i]) ||
		    !was_touched(plan, nr, back.op[i].network))
			continue;
		if (do_op(e, &back.op[i], &err) < 0) {
			log_event(e->log, LOG_LVL_ERROR, "commit",
			    back.op[i].network, "the former configuration "
			    "could not be restored whole: %s", err.text);
		}
	}
	commit_plan_free(&back);
	conf_tree_free(tree);
}

/* Are both the same to the letter, comments of people too. */
static bool
same_text(const struct conf_tree *a, const struct conf_tree *b)
{
	struct buf x = {0}, y = {0};
	bool same;

	conf_print(&x, conf_root(a), false);
	conf_print(&y, conf_root(b), false);
	same = x.len == y.len && (x.len == 0 ||
	    memcmp(x.data, y.data, x.len) == 0);
	buf_free(&x);
	buf_free(&y);
	return same;
}

int
commit_tree(struct engine *e, struct conf_tree *tree, const char *who,
    const char *comment, size_t *changes, struct sp_error *err)
{
	struct conf_tree *old = e->conf;
	struct commit_plan plan;
	size_t done = 0;
	int ret;

	commit_plan_make(old, tree, &plan);
	*changes = plan.changes;
	ret = check_plan(e, tree, &plan, err);
	/* a comment is kept, though it touches nothing */
	if (ret == 0 && plan.changes == 0 && !same_text(old, tree))
		*changes = 1;
	if (ret < 0 || *changes == 0) {
		conf_tree_free(tree);
		commit_plan_free(&plan);
		return ret;
	}
	e->conf = tree;
	ret = do_plan(e, &plan, true, &done, err);
	if (ret == 0)
		ret = conf_store_save(e->store, tree, who, comment,
		    &e->revision, err);
	if (ret < 0) {
		go_back(e, old, &plan, done);
		commit_plan_free(&plan);
		return ret;
	}
	/* none of these can fail */
	(void)do_plan(e, &plan, false, &done, NULL);
	commit_plan_free(&plan);
	conf_tree_free(old);
	/* texts and trees of ten thousand tunnels leave tens of megabytes of
	 * holes behind them */
	malloc_trim(0);
	free(e->notice);
	e->notice = NULL;
	log_event(e->log, LOG_LVL_NOTICE, "commit", "",
	    "revision: %u, changes: %zu, by: %s", e->revision, *changes, who);
	return 0;
}

/* on-power-loss: what power does when the engine starts. */
static bool
power_at_start(struct engine *e, const struct conf_node *node)
{
	const char *word = conf_str(node, "on-power-loss");
	char *key, *state;
	bool on;

	if (!str_eq(word, "last-state"))
		return str_eq(word, "on");
	key = xasprintf("power/%s", conf_node_name(node));
	state = conf_store_state_get(e->store, key);
	on = str_eq(state, "on");
	free(key);
	free(state);
	return on;
}

void
commit_start(struct engine *e)
{
	const struct conf_node *node = NULL;
	struct network *n;

	system_apply(e);
	while ((node = conf_next_child(conf_root(e->conf), "vpn-network",
	    node)) != NULL) {
		n = network_new(e, conf_node_name(node));
		n->wanted = power_at_start(e, node);
		sync_conns(n);
		(void)power_if_wanted(n, NULL);
		network_sweep(n);
	}
	malloc_trim(0);
}
