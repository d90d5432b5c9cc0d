/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What show.networks, show.sa, show.policies, show.counters, show.algorithms
 * and show.system answer.
 */
#include "engine/status.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/buf.h"
#include "base/clock.h"
#include "conf/model.h"
#include "crypto/alg.h"
#include "engine/conn.h"
#include "engine/log.h"

static void
set(json_t *obj, const char *key, json_t *value)
{
	json_object_set_new(obj, key, value);
}

static json_t *
text_or_null(const char *s)
{
	return s != NULL && s[0] != '\0' ? json_string(s) : json_null();
}

static json_t *
count(uint64_t v)
{
	return json_integer((json_int_t)v);
}

json_t *
status_network(struct network *n)
{
	static const char *const states[] = {
		[NET_OFF] = "off", [NET_ON] = "on", [NET_ERROR] = "error",
	};
	const struct conf_node *node = network_node(n);
	char dmz[ADDR_TEXT + 8];
	json_t *obj = json_object();

	set(obj, "network", json_string(n->name));
	set(obj, "placement", text_or_null(node != NULL ?
	    conf_str(node, "placement") : NULL));
	set(obj, "power", json_string(n->wanted ? "on" : "off"));
	set(obj, "state", json_string(states[n->state]));
	set(obj, "address", text_or_null(node != NULL ?
	    conf_str(node, "address") : NULL));
	set(obj, "network_address", text_or_null(node != NULL ?
	    conf_str(node, "network-address") : NULL));
	set(obj, "dmz_address", n->dmz.addr.family != 0 ?
	    json_string(addr_print(&n->dmz.addr, dmz)) : json_null());
	set(obj, "namespace", text_or_null(n->netns));
	set(obj, "data_plane", text_or_null(n->plane != NULL ?
	    n->plane->ops->name : NULL));
	set(obj, "device", text_or_null(n->plane != NULL ?
	    n->plane->ops->ifname(n->plane) : NULL));
	set(obj, "error", text_or_null(n->error.text));
	set(obj, "hint", text_or_null(n->error.hint));
	return obj;
}

/* Keys are nowhere near: the engine keeps none after the plane has them. */
static json_t *
sa_json(struct inst *i, bool in)
{
	struct plane_counters ci, co, *c = in ? &ci : &co;
	char src[ADDR_TEXT], dst[ADDR_TEXT], spi[16];
	const struct ip_addr *local = &i->path.local.addr;
	const struct ip_addr *remote = &i->path.remote.addr;
	json_t *obj;

	inst_counters(i, &ci, &co);
	snprintf(spi, sizeof(spi), "%08x", in ? i->spi_in : i->spi_out);
	obj = json_pack("{s:s s:s s:s s:s s:s s:s s:i}",
	    "network", i->net->name, "direction", in ? "in" : "out",
	    "protocol", i->protocol == 51 ? "ah" : "esp", "spi", spi,
	    "source", addr_print(in ? remote : local, src),
	    "destination", addr_print(in ? local : remote, dst),
	    "reqid", (int)i->reqid);
	set(obj, "phase1", text_or_null(i->child != NULL ?
	    i->child->conn->name : NULL));
	set(obj, "phase2", text_or_null(i->child != NULL ?
	    i->child->name : NULL));
	set(obj, "plane", json_string(i->net->plane->ops->name));
	set(obj, "bytes", count(c->bytes));
	set(obj, "packets", count(c->packets));
	set(obj, "replay_errors", count(c->replay_errors));
	set(obj, "auth_errors", count(c->auth_errors));
	set(obj, "other_errors", count(c->other_errors));
	return obj;
}

void
status_sas(struct network *n, json_t *list)
{
	struct inst *i;

	LIST_EACH(i, &n->insts, struct inst, link) {
		if (i->in)
			json_array_append_new(list, sa_json(i, true));
		if (i->out)
			json_array_append_new(list, sa_json(i, false));
	}
}

/* The policy as desired; narrowed ones show in the child's selectors. */
static json_t *
policy_json(const struct child *ch)
{
	const struct conn *c = ch->conn;
	struct buf local = {0}, remote = {0};
	const char *action = "protect";
	struct inst *i = child_inst(ch);
	json_t *obj;

	if (i == NULL)
		action = c->behavior == BEHAVE_ON_DEMAND ? "trap" : "block";
	ts_list_print(&local, &ch->conf->local_ts);
	ts_list_print(&remote, &ch->conf->remote_ts);
	if (ch->conf->local_dynamic)
		buf_puts(&local, local.len > 0 ? ", dynamic" : "dynamic");
	if (ch->conf->remote_dynamic)
		buf_puts(&remote, remote.len > 0 ? ", dynamic" : "dynamic");
	buf_u8(&local, '\0');
	buf_u8(&remote, '\0');
	obj = json_pack("{s:s s:s s:s s:s s:s s:s s:i s:i}", "network",
	    c->net->name, "phase1", c->name, "phase2", ch->name, "action",
	    action, "local", (char *)local.data, "remote",
	    (char *)remote.data, "reqid", (int)(i != NULL ? i->reqid :
	    ch->reqid), "priority",
	    (int)ch->priority);
	buf_free(&local);
	buf_free(&remote);
	return obj;
}

void
status_policies(struct network *n, json_t *list)
{
	struct conn *c;
	struct child *ch;
	char text[ADDR_TEXT + 8];

	if (n->plane == NULL)
		return;

	if (n->exclude && n->local.addr.family != 0) {
		prefix_print(&n->local, text);
		json_array_append_new(list, json_pack("{s:s s:s s:s s:s s:i}",
		    "network", n->name, "action", "bypass", "local", text,
		    "remote", text, "priority", 0));
	}
	LIST_EACH(c, &n->conns, struct conn, link) {
		LIST_EACH(ch, &c->children, struct child, link) {
			if (ch->trapped || child_up(ch) > 0)
				json_array_append_new(list, policy_json(ch));
		}
	}
}

json_t *
status_counters(struct network *n)
{
	json_t *obj = json_pack("{s:s}", "network", n->name);
	struct ike_host_stats s;
	struct plane_stats p;

	if (n->host == NULL)
		return obj;

	ike_host_stats(n->host, &s);
	n->plane->ops->stats(n->plane, &p);
	set(obj, "ike", json_pack("{s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I}",
	    "datagrams_in", (json_int_t)s.datagrams_in,
	    "datagrams_out", (json_int_t)s.datagrams_out,
	    "retransmits", (json_int_t)s.retransmits,
	    "malformed", (json_int_t)s.malformed,
	    "auth_failures", (json_int_t)s.auth_failures,
	    "unknown_spi", (json_int_t)s.unknown_spi,
	    "cookies_sent", (json_int_t)s.cookies_sent,
	    "blocked", (json_int_t)s.blocked,
	    "half_open", (json_int_t)s.half_open,
	    "bad_transitions", (json_int_t)s.bad_transitions));
	set(obj, "plane", json_pack("{s:I s:I s:I s:I s:I}",
	    "no_sa", (json_int_t)p.no_sa,
	    "malformed", (json_int_t)p.malformed,
	    "policy_drops", (json_int_t)p.policy_drops,
	    "clear_drops", (json_int_t)p.clear_drops,
	    "queue_drops", (json_int_t)p.queue_drops));
	return obj;
}

static json_t *
algorithm_json(const struct alg *a)
{
	static const char *const types[] = {
		[ALG_ENCR] = "encryption", [ALG_PRF] = "prf",
		[ALG_INTEG] = "integrity", [ALG_KE] = "dh-group",
		[ALG_ESN] = "esn",
	};
	static const char *const classes[] = {
		[ALG_OK] = "ok", [ALG_OLD] = "old", [ALG_WEAK] = "weak",
		[ALG_BAD] = "bad",
	};
	const char *why = NULL;
	bool usable = alg_usable(a, &why);
	json_t *obj = json_object(), *use = json_array();

	set(obj, "type", json_string(types[a->type]));
	set(obj, "name", text_or_null(a->name));
	set(obj, "word", text_or_null(a->word));
	set(obj, "setting", text_or_null(a->setting));
	set(obj, "id", json_integer(a->id));
	if (a->flags & ALG_USE_IKE)
		json_array_append_new(use, json_string("ike"));
	if (a->flags & ALG_USE_ESP)
		json_array_append_new(use, json_string("esp"));
	if (a->flags & ALG_USE_AH)
		json_array_append_new(use, json_string("ah"));
	set(obj, "use", use);
	set(obj, "class", json_string(classes[a->class]));
	set(obj, "basis", text_or_null(a->basis));
	set(obj, "usable", json_boolean(usable));
	set(obj, "why", text_or_null(why));
	return obj;
}

json_t *
status_algorithms(void)
{
	json_t *list = json_array();
	const struct alg *a;
	size_t i;

	for (i = 0; (a = alg_at(i)) != NULL; i++) {
		if (!(a->flags & ALG_ABSENT) && a->type != ALG_ESN)
			json_array_append_new(list, algorithm_json(a));
	}
	return list;
}

/* Resident memory of this process, kilobytes; 0 if it cannot be told. */
static long
memory_kb(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long total = 0, resident = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%ld %ld", &total, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

const char *
status_data_plane(const struct engine *e, const char **why)
{
	return system_plane_kernel(e, why) ? "kernel" : "user";
}

static void
count_sas(const struct engine *e, int *sas, int *half_open,
    int *children)
{
	struct ike_sa_info sa;
	struct ike_child_info c;
	struct network *n;
	size_t pos;

	*half_open = *sas = *children = 0;
	LIST_EACH(n, &e->networks, struct network, link) {
		for (pos = 0; n->host != NULL &&
		    ike_host_next_sa(n->host, &pos, &sa);)
			++*(sa.state == IKE_SA_CONNECTING ? half_open : sas);
		for (pos = 0; n->host != NULL &&
		    ike_host_next_child(n->host, &pos, &c);)
			++*children;
	}
}

json_t *
status_system(struct engine *e)
{
	struct utsname u;
	const char *why;
	json_t *obj = json_object();
	int sas, half_open, children;
	size_t bytes, records = elog_count(e->elog, &bytes);

	count_sas(e, &sas, &half_open, &children);
	uname(&u);
	set(obj, "version", json_string(VERSION));
	set(obj, "pid", json_integer(getpid()));
	set(obj, "uptime_s", json_integer((clock_ms() - e->started_ms) /
	    1000));
	set(obj, "data_plane", json_string(status_data_plane(e, &why)));
	set(obj, "data_plane_why", text_or_null(why));
	set(obj, "openssl", json_string(OpenSSL_version(OPENSSL_VERSION)));
	set(obj, "kernel", json_string(u.release));
	set(obj, "memory_kb", json_integer(memory_kb()));
	set(obj, "ike_sas", json_integer(sas));
	set(obj, "half_open", json_integer(half_open));
	set(obj, "children", json_integer(children));
	set(obj, "log_records", json_integer((json_int_t)records));
	set(obj, "log_bytes", json_integer((json_int_t)bytes));
	set(obj, "revision", json_integer(e->revision));
	set(obj, "dir", json_string(e->conf_dir));
	return obj;
}
