/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * "state" events (help/protocol): what happens to tunnels and networks, for
 * prompts and live screens.  Nothing is built while nobody listens.
 */
#include "engine/conn.h"

#include "base/clock.h"
#include "diag/diag.h"
#include "engine/control.h"

static json_t *
short_reason(const struct conn *c, const struct ike_reason *r)
{
	struct diag_subject who = {
		.network = c->net->name, .phase1 = c->name,
		.remote = c->gateway,
	};
	json_t *all, *out;

	if (r == NULL)
		return json_null();
	all = diag_reason_json(r, &who, clock_wall_ms());
	out = json_pack("{s:O s:O s:O}", "code", json_object_get(all, "code"),
	    "title", json_object_get(all, "title"), "text",
	    json_object_get(all, "text"));
	json_decref(all);
	return out != NULL ? out : json_null();
}

void
conn_announce(const struct conn *c, const char *phase2, const char *what,
    const struct ike_reason *r)
{
	struct engine *e = c->net->engine;
	struct ip_addr peer = conn_peer_addr(c);
	char when[32], address[ADDR_TEXT] = "";

	if (!control_listened(e, TOPIC_STATE))
		return;
	if (peer.family != 0)
		addr_print(&peer, address);
	control_event(e, TOPIC_STATE, json_pack("{s:s s:s s:s s:s s:s s:s "
	    "s:s s:o}", "time", clock_rfc3339(clock_wall_ms(), when),
	    "network", c->net->name, "phase1", c->name, "phase2", phase2,
	    "what", what, "state", conn_state_name(conn_state(c)), "peer",
	    address, "reason", short_reason(c, r)));
}

void
network_announce(const struct network *n)
{
	static const char *const words[] = {
		[NET_OFF] = "off", [NET_ON] = "on", [NET_ERROR] = "error",
	};
	struct engine *e = n->engine;
	char when[32];

	if (!control_listened(e, TOPIC_STATE))
		return;
	control_event(e, TOPIC_STATE, json_pack("{s:s s:s s:s s:s s:s s:s "
	    "s:s s:o}", "time", clock_rfc3339(clock_wall_ms(), when),
	    "network", n->name, "phase1", "", "phase2", "", "what",
	    words[n->state], "state", words[n->state], "peer", "", "reason",
	    n->state != NET_ERROR ? json_null() : json_pack("{s:s s:s s:s}",
	    "code", sp_code_name(n->error.code), "title", "Network error",
	    "text", n->error.text)));
}
