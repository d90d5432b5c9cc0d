/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Connections (phase 1 entries) and their children as objects: made from the
 * configuration, found, and asked for their state.  What drives them is
 * reconcile.c.
 */
#include "engine/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "engine/ikeconf.h"
#include "engine/loop.h"
#include "engine/wait.h"

static const char *const state_names[] = {
	[CONN_DISABLED] = "disabled",
	[CONN_WAITING] = "waiting",
	[CONN_CONNECTING] = "connecting",
	[CONN_CONNECTED] = "connected",
	[CONN_REKEYING] = "rekeying",
	[CONN_CLOSING] = "closing",
	[CONN_FAILED] = "failed",
};

static void
on_timer(void *ctx)
{
	struct conn *c = ctx;

	conn_reconcile(c);
	tie_run(c->net);
}

struct conn *
conn_new(struct network *n, const char *name)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	c->net = n;
	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(c->full, sizeof(c->full), "%s/%s", n->name, name);
	list_init(&c->children);
	list_init(&c->waiters);
	c->since_wall = clock_wall_ms();
	list_append(&n->conns, &c->link);
	map_put(n->conn_index, c->name, strlen(c->name), c);
	return c;
}

void
conn_wake_at(struct conn *c, int64_t at_ms)
{
	/* of thousands that wait for their peers none needs a timer */
	if (c->timer == NULL && at_ms == TIME_NEVER)
		return;
	if (c->timer == NULL)
		c->timer = loop_timer_new(c->net->engine->loop, on_timer, c);
	loop_timer_set(c->timer, at_ms);
}

static void
members_free(struct child *ch)
{
	size_t i;

	for (i = 0; i < ch->nr_members; i++)
		free(ch->members[i]);
	free(ch->members);
	ch->members = NULL;
	ch->nr_members = 0;
}

/* SAs that are still there lose their child; their policy goes with the
 * last of them. */
static void
child_free(struct child *ch)
{
	struct network *n = ch->conn->net;
	struct inst *i;
	bool in_use = !list_empty(&ch->insts);

	LIST_EACH(i, &ch->insts, struct inst, of_child) {
		list_remove(&i->of_child);
		i->child = NULL;
	}
	if (!in_use && ch->trapped && n->plane != NULL)
		tie_trap(ch, false);
	wait_drop_child(ch);
	list_remove(&ch->link);
	members_free(ch);
	ike_child_conf_unref(ch->conf);
	free(ch->last);
	free(ch);
}

void
conn_free(struct conn *c)
{
	struct child *ch;

	LIST_EACH(ch, &c->children, struct child, link)
		child_free(ch);
	wait_drop_conn(c);
	if (c->job != NULL)
		worker_cancel(c->job);
	if (c->net->host != NULL)
		ike_host_conf_remove(c->net->host, c->full);
	if (c->timer != NULL)
		loop_timer_free(c->timer);
	free(c->addrs);
	ike_conf_unref(c->conf);
	map_del(c->net->conn_index, c->name, strlen(c->name));
	list_remove(&c->link);
	free(c->records);
	free(c->gateway);
	free(c->error);
	free(c);
}

struct conn *
conn_find(const struct network *n, const char *name)
{
	return map_get(n->conn_index, name, strlen(name));
}

struct conn *
conn_of(const struct network *n, const struct ike_conf *conf)
{
	const char *slash;

	/* "network/phase1": names have no slash */
	slash = conf != NULL ? strchr(conf->name, '/') : NULL;
	return slash != NULL ? conn_find(n, slash + 1) : NULL;
}

struct child *
conn_child(const struct conn *c, const char *phase2)
{
	struct child *ch;
	size_t i;

	LIST_EACH(ch, &c->children, struct child, link) {
		for (i = 0; i < ch->nr_members; i++) {
			if (str_eq(ch->members[i], phase2))
				return ch;
		}
	}
	return NULL;
}

struct child *
conn_child_by_reqid(const struct network *n, uint32_t reqid)
{
	struct conn *c;
	struct child *ch;

	LIST_EACH(c, &n->conns, struct conn, link) {
		LIST_EACH(ch, &c->children, struct child, link) {
			if (ch->reqid == reqid)
				return ch;
		}
	}
	return NULL;
}

static enum on_loss
loss_word(const char *word)
{
	static const struct {
		const char *word;
		enum on_loss loss;
	} words[] = {
		{ "none", LOSS_NOTHING }, { "clear", LOSS_CLEAR },
		{ "hold", LOSS_TRAP }, { "trap", LOSS_TRAP },
		{ "restart", LOSS_RESTART }, { "start", LOSS_RESTART },
	};
	size_t i;

	for (i = 0; i < NELEM(words); i++) {
		if (str_eq(words[i].word, word))
			return words[i].loss;
	}
	return LOSS_NOTHING;
}

static enum behavior
behavior_word(const char *word)
{
	if (str_eq(word, "start"))
		return BEHAVE_START;
	if (str_eq(word, "on-demand"))
		return BEHAVE_ON_DEMAND;
	return BEHAVE_RESPONDER;
}

static struct child *
child_make(struct conn *c, const char *name)
{
	struct child *ch = xcalloc(1, sizeof(*ch));

	ch->conn = c;
	snprintf(ch->name, sizeof(ch->name), "%s", name);
	ch->since_wall = clock_wall_ms();
	list_init(&ch->insts);
	list_append(&c->children, &ch->link);
	return ch;
}

static struct child *
child_named(const struct conn *c, const char *name)
{
	struct child *ch;

	LIST_EACH(ch, &c->children, struct child, link) {
		if (str_eq(ch->name, name))
			return ch;
	}
	return NULL;
}

/* End what a child has in the host: it was removed or has to be remade. */
static void
child_stop(struct child *ch)
{
	struct network *n = ch->conn->net;
	struct inst *i;

	if (n->host == NULL)
		return;
	LIST_EACH(i, &ch->insts, struct inst, of_child) {
		ike_host_child_delete(n->host, clock_ms(), i->id,
		    REASON_CONFIG_CHANGED, NULL);
	}
}

/* Take over members and settings of a group.  Where nothing that is
 * negotiated changed, SAs that stand go on under the new terms. */
static void
child_set(struct child *ch, struct ikeconf_group *g,
    struct ike_child_conf *conf)
{
	bool powered = ch->conn->net->host != NULL;
	bool was_new = ch->conf == NULL;
	uint32_t priority = (uint32_t)conf_int(g->first, "priority");
	bool same = !was_new && ch->priority == priority &&
	    ikeconf_child_same(ch->conf, conf);
	struct inst *i;

	if (powered && !was_new && !same)
		child_stop(ch);
	LIST_EACH(i, &ch->insts, struct inst, of_child) {
		if (powered && same)
			ike_host_child_set_conf(ch->conn->net->host,
			    clock_ms(), i->id, conf);
	}
	members_free(ch);
	ch->members = g->members;
	ch->nr_members = g->nr_members;
	g->members = NULL;
	g->nr_members = 0;
	ch->priority = priority;
	ike_child_conf_unref(ch->conf);
	ch->conf = ike_child_conf_ref(conf);
	if (was_new && powered && ch->conn->behavior == BEHAVE_START)
		ch->wanted = true;
	if (powered && ch->conn->armed && !same)
		tie_trap(ch, true);
}

/* Children as the new configuration has them; the order follows it. */
static void
set_children(struct conn *c, struct ikeconf_groups *groups)
{
	struct list old;
	struct child *ch;
	size_t i;

	list_init(&old);
	LIST_EACH(ch, &c->children, struct child, link) {
		list_remove(&ch->link);
		list_append(&old, &ch->link);
	}
	for (i = 0; i < groups->nr && i < c->conf->nr_children; i++) {
		struct ike_child_conf *conf = c->conf->children[i];
		struct child *found = NULL;

		LIST_EACH(ch, &old, struct child, link) {
			if (str_eq(ch->name, conf->name))
				found = ch;
		}
		if (found != NULL) {
			list_remove(&found->link);
			list_append(&c->children, &found->link);
		} else {
			found = child_named(c, conf->name);
		}
		if (found == NULL)
			found = child_make(c, conf->name);
		child_set(found, &groups->group[i], conf);
	}
	LIST_EACH(ch, &old, struct child, link) {
		child_stop(ch);
		child_free(ch);
	}
}

static void
read_settings(struct conn *c, const struct conf_node *node)
{
	const char *gateway = conf_str(node, "remote-gateway");
	const struct conf_node *ipsec;

	if (gateway == NULL)
		gateway = "any";
	ipsec = conf_child(conf_node_parent(node), "ipsec", NULL);
	c->enabled = conf_node_enabled(node) &&
	    (ipsec == NULL || conf_bool(ipsec, "enabled"));
	if (!str_eq(c->gateway, gateway)) {
		/* what is known of the old peer does not hold */
		c->nr_addrs = c->addr_at = 0;
		if (c->job != NULL)
			worker_cancel(c->job);
		c->job = NULL;
		free(c->gateway);
		c->gateway = xstrdup(gateway);
	}
	c->behavior = behavior_word(conf_str(node, "connection-behavior"));
	c->dpd_action = loss_word(conf_str(node, "dpd-action"));
	c->close_action = loss_word(conf_str(node, "close-action"));
	c->make_first = ipsec != NULL && conf_bool(ipsec,
	    "make-before-break");
	c->tries_max = (unsigned)conf_int(node, "keying-tries");
}

/* The reason of a configuration that cannot be used. */
static void
record_error(struct conn *c, const struct sp_error *err)
{
	struct ike_reason r;

	c->error = xstrdup(err->text);
	ike_reason_set(&r, err->code == SP_NOTFOUND ? REASON_PSK_MISSING :
	    REASON_CRYPTO_UNAVAILABLE, true, "", NULL, NULL, "%s", err->text);
	conn_record(c, "", &r);
}

void
conn_configure(struct conn *c)
{
	const struct conf_node *node = network_node(c->net);
	struct ikeconf_groups groups;
	struct ike_conf *conf = NULL;
	struct sp_error err = {0};

	node = node != NULL ? conf_child(node, "phase1", c->name) : NULL;
	if (node == NULL)
		return;

	read_settings(c, node);
	free(c->error);
	c->error = NULL;
	if (ikeconf_build(node, c->addrs, c->nr_addrs,
	    c->net->engine->pki, &conf, &err) < 0) {
		record_error(c, &err);
		return;
	}
	ike_conf_unref(c->conf);
	c->conf = conf;
	if (c->net->host != NULL)
		ike_host_sa_set_conf(c->net->host, clock_ms(), c->conf);
	ikeconf_group(node, &groups);
	set_children(c, &groups);
	ikeconf_groups_free(&groups);
	if (c->net->host != NULL && c->enabled)
		ike_host_conf_add(c->net->host, c->conf);
}

struct inst *
child_inst(const struct child *ch)
{
	struct inst *i, *found = NULL;

	LIST_EACH(i, &ch->insts, struct inst, of_child) {
		if (i->in && i->out)
			found = i;
	}
	return found;
}

unsigned
child_up(const struct child *ch)
{
	struct inst *i;
	unsigned nr = 0;

	LIST_EACH(i, &ch->insts, struct inst, of_child)
		nr += i->in && i->out;
	return nr;
}

bool
conn_wanted(const struct conn *c)
{
	struct child *ch;

	if (list_empty(&c->children))
		return c->wanted;
	LIST_EACH(ch, &c->children, struct child, link) {
		if (ch->wanted)
			return true;
	}
	return false;
}

bool
conn_active(const struct conn *c)
{
	return c->enabled && c->conf != NULL && c->net->host != NULL;
}

void
conn_record(struct conn *c, const char *phase2, const struct ike_reason *r)
{
	struct child *ch = conn_child(c, phase2);
	struct record *rec;

	/* most of thousands of connections never have one */
	if (c->records == NULL)
		c->records = xcalloc(CONN_RECORDS, sizeof(*c->records));
	rec = &c->records[c->nr_records++ % CONN_RECORDS];
	rec->reason = *r;
	rec->wall_ms = clock_wall_ms();
	snprintf(rec->phase2, sizeof(rec->phase2), "%s", phase2);
	if (ch == NULL)
		return;
	if (ch->last == NULL)
		ch->last = xcalloc(1, sizeof(*ch->last));
	*ch->last = *rec;
}

const struct record *
conn_last_record(const struct conn *c, unsigned back)
{
	if (back >= c->nr_records || back >= CONN_RECORDS)
		return NULL;
	return &c->records[(c->nr_records - 1 - back) % CONN_RECORDS];
}

static bool
any_child(const struct conn *c, bool (*test)(const struct child *ch))
{
	struct child *ch;

	LIST_EACH(ch, &c->children, struct child, link) {
		if (test(ch))
			return true;
	}
	return false;
}

static bool
is_up(const struct child *ch)
{
	return child_up(ch) > 0;
}

static bool
is_pending(const struct child *ch)
{
	return ch->pending || (ch->wanted && child_up(ch) == 0);
}

/* An IKE SA alone is no connection where a child is configured. */
static enum conn_state
sa_state(const struct conn *c)
{
	struct ike_sa_info sa;

	if (!ike_host_sa(c->net->host, c->sa_id, &sa))
		return CONN_CONNECTING;

	switch (sa.state) {
	case IKE_SA_CONNECTING:
		return CONN_CONNECTING;
	case IKE_SA_CLOSING:
		return CONN_CLOSING;
	case IKE_SA_REKEYING:
		return CONN_REKEYING;
	case IKE_SA_ESTABLISHED:
		break;
	}
	if (list_empty(&c->children) || any_child(c, is_up))
		return CONN_CONNECTED;
	if (any_child(c, is_pending) && !c->failed)
		return CONN_CONNECTING;
	return c->failed ? CONN_FAILED : CONN_WAITING;
}

enum conn_state
conn_state(const struct conn *c)
{
	if (c->error != NULL && c->enabled)
		return CONN_FAILED;
	if (!conn_active(c))
		return CONN_DISABLED;
	if (c->sa_id != 0)
		return sa_state(c);
	if (c->job != NULL || conn_wanted(c))
		return CONN_CONNECTING;
	return c->failed ? CONN_FAILED : CONN_WAITING;
}

const char *
conn_state_name(enum conn_state s)
{
	return state_names[s];
}
