/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Methods that look, and the ones about the connection itself.
 */
#include "engine/methods.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "engine/conn.h"
#include "engine/log.h"
#include "engine/loop.h"
#include "engine/status.h"
#include "engine/stream.h"

/* The first request of a client: which version, how much it wants to be
 * allowed, and what a banner says. */
METHOD(method_hello)
{
	struct engine *e = call->engine;
	json_t *version = json_object_get(params, "version");
	const char *why, *plane = status_data_plane(e, &why);

	if (json_is_integer(version) &&
	    json_integer_value(version) != CONTROL_VERSION) {
		return sp_fail(err, SP_UNSUPPORTED, "This engine speaks "
		    "version %d of the protocol; the client asks for %lld.",
		    CONTROL_VERSION,
		    (long long)json_integer_value(version));
	}
	client_lower(call->client,
	    json_string_value(json_object_get(params, "role")));
	if (json_is_string(json_object_get(params, "terminal")))
		client_note(call->client, json_string_value(json_object_get(
		    params, "terminal")), 0);
	call->result = json_pack("{s:i s:s s:i s:s s:o s:s s:i s:i s:s s:i}",
	    "version", CONTROL_VERSION, "program", VERSION,
	    "pid", (int)getpid(), "data_plane", plane, "data_plane_why",
	    why != NULL ? json_string(why) : json_null(), "role",
	    role_name(client_role(call->client)), "networks",
	    (int)list_length(&e->networks), "revision", (int)e->revision,
	    "dir", e->conf_dir, "tunnels_up", (int)status_tunnels_up(e));
	if (e->notice != NULL)
		json_object_set_new(call->result, "notice",
		    json_string(e->notice));
	return 0;
}

METHOD(method_session_note)
{
	json_t *edits = json_object_get(params, "edits");

	if (!json_is_integer(edits) || json_integer_value(edits) < 0 ||
	    json_integer_value(edits) > INT32_MAX)
		return sp_fail(err, SP_FORMAT, "\"edits\" is a number.");
	client_note(call->client, NULL, (unsigned)json_integer_value(edits));
	call->result = json_object();
	return 0;
}

METHOD(method_show_sessions)
{
	(void)params;
	(void)err;
	call->result = json_pack("{s:o}", "sessions",
	    control_sessions(call->client));
	return 0;
}

/* One list over all networks. */
static int
over_networks(struct call *call, const char *key,
    void (*add)(struct network *n, json_t *list))
{
	json_t *list = json_array();
	struct network *n;

	LIST_EACH(n, &call->engine->networks, struct network, link)
		add(n, list);
	call->result = json_pack("{s:o}", key, list);
	return 0;
}

static void
add_network(struct network *n, json_t *list)
{
	json_array_append_new(list, status_network(n));
}

static void
add_counters(struct network *n, json_t *list)
{
	json_array_append_new(list, status_counters(n));
}

METHOD(method_show_networks)
{
	(void)params;
	(void)err;
	return over_networks(call, "networks", add_network);
}

static void
add_tunnel(struct engine *e, const struct stream_item *item, bool detail,
    json_t *list)
{
	struct network *n = network_find(e, item->network);
	struct conn *c = n != NULL ? conn_find(n, item->phase1) : NULL;

	if (c != NULL)
		json_array_append_new(list, detail ? status_tunnel(c, true) :
		    status_tunnel_brief(c));
}

METHOD(method_show_tunnels)
{
	const char *net, *p1;
	struct stream *s;
	struct network *n;
	struct conn *c;

	(void)err;
	net = json_string_value(json_object_get(params, "network"));
	p1 = json_string_value(json_object_get(params, "phase1"));
	s = stream_new("tunnels", !json_is_true(json_object_get(params,
	    "brief")), add_tunnel);
	LIST_EACH(n, &call->engine->networks, struct network, link) {
		if (net != NULL && !str_eq(net, n->name))
			continue;
		LIST_EACH(c, &n->conns, struct conn, link) {
			if (p1 == NULL || str_eq(p1, c->name))
				stream_note(s, n->name, c->name, 0);
		}
	}
	return stream_answer(call, s);
}

static void
add_ike(struct engine *e, const struct stream_item *item, bool detail,
    json_t *list)
{
	struct network *n = network_find(e, item->network);

	(void)detail;
	if (n != NULL && n->host != NULL)
		status_ike(n, item->id, list);
}

METHOD(method_show_ike)
{
	struct stream *s = stream_new("ike_sas", false, add_ike);
	struct ike_sa_info sa;
	struct network *n;
	size_t pos;

	(void)params;
	(void)err;
	LIST_EACH(n, &call->engine->networks, struct network, link) {
		pos = 0;
		while (n->host != NULL && ike_host_next_sa(n->host, &pos,
		    &sa))
			stream_note(s, n->name, NULL, sa.id);
	}
	return stream_answer(call, s);
}

static void
add_child(struct engine *e, const struct stream_item *item, bool detail,
    json_t *list)
{
	struct network *n = network_find(e, item->network);

	(void)detail;
	if (n != NULL && n->host != NULL)
		status_child(n, item->id, list);
}

METHOD(method_show_children)
{
	struct stream *s = stream_new("children", false, add_child);
	struct ike_child_info c;
	struct network *n;
	size_t pos;

	(void)params;
	(void)err;
	LIST_EACH(n, &call->engine->networks, struct network, link) {
		pos = 0;
		while (n->host != NULL && ike_host_next_child(n->host, &pos,
		    &c))
			stream_note(s, n->name, NULL, c.id);
	}
	return stream_answer(call, s);
}

METHOD(method_show_sa)
{
	(void)params;
	(void)err;
	return over_networks(call, "sas", status_sas);
}

METHOD(method_show_policies)
{
	(void)params;
	(void)err;
	return over_networks(call, "policies", status_policies);
}

METHOD(method_show_counters)
{
	(void)params;
	(void)err;
	return over_networks(call, "networks", add_counters);
}

METHOD(method_show_algorithms)
{
	(void)params;
	(void)err;
	call->result = json_pack("{s:o}", "algorithms", status_algorithms());
	return 0;
}

METHOD(method_show_system)
{
	(void)params;
	(void)err;
	call->result = json_pack("{s:o}", "system",
	    status_system(call->engine));
	return 0;
}

/* Milliseconds since 1970 of "2026-11-24T06:32:57Z" (RFC 3339, UTC). */
static bool
parse_time(const char *s, int64_t *wall_ms)
{
	struct tm tm = {0};
	const char *rest = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);

	if (rest == NULL)
		return false;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (!str_eq(rest, "Z") && !str_eq(rest, ""))
		return false;
	*wall_ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

METHOD(method_show_log)
{
	const char *since, *level;
	struct elog_filter f = { .level = LOG_LVL_DEBUG };
	json_t *last = json_object_get(params, "last");

	since = json_string_value(json_object_get(params, "since"));
	level = json_string_value(json_object_get(params, "level"));
	f.tunnel = json_string_value(json_object_get(params, "tunnel"));
	if (json_is_integer(last) && json_integer_value(last) > 0)
		f.last = (size_t)json_integer_value(last);
	if (level != NULL && !elog_level_parse(level, &f.level))
		return sp_fail(err, SP_FORMAT, "\"level\" is one of error, "
		    "warning, notice, info, debug.");
	if (since != NULL && !parse_time(since, &f.since_wall_ms))
		return sp_fail(err, SP_FORMAT, "\"since\" is a time such as "
		    "2026-01-31T14:00:00Z.");
	call->result = json_pack("{s:o}", "records",
	    elog_list(call->engine->elog, &f));
	return 0;
}

/* Replaces what was subscribed before; unknown topics are no error, so that
 * a newer client can ask for what an older engine lacks. */
METHOD(method_subscribe)
{
	static const struct {
		const char *word;
		enum topic topic;
	} topics[] = {
		{ "log", TOPIC_LOG }, { "state", TOPIC_STATE },
		{ "config", TOPIC_CONFIG },
	};
	const char *level, *word;
	enum log_level lvl = LOG_LVL_INFO;
	unsigned mask = 0;
	json_t *value;
	size_t i, k;

	level = json_string_value(json_object_get(params, "level"));
	if (level != NULL && !elog_level_parse(level, &lvl))
		return sp_fail(err, SP_FORMAT, "\"level\" is one of error, "
		    "warning, notice, info, debug.");
	json_array_foreach(json_object_get(params, "topics"), i, value) {
		word = json_string_value(value);
		for (k = 0; k < 3; k++) {
			if (str_eq(word, topics[k].word))
				mask |= topics[k].topic;
		}
	}
	client_subscribe(call->client, mask, lvl);
	call->result = json_object();
	return 0;
}

METHOD(method_unsubscribe)
{
	(void)params;
	(void)err;
	client_subscribe(call->client, 0, LOG_LVL_INFO);
	call->result = json_object();
	return 0;
}

/* The answer is queued before the loop ends; control_close() sends it. */
METHOD(method_shutdown)
{
	(void)params;
	(void)err;
	log_event(call->engine->log, LOG_LVL_NOTICE, "engine", "",
	    "told to stop by %s", client_user(call->client));
	atomic_store(&call->engine->stop, true);
	loop_wake_send(call->engine->wake);
	call->result = json_object();
	return 0;
}
