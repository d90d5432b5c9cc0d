/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Settings of a phase 2 entry (settings.md section 5): a child SA.
 */
#include "conf/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/str.h"
#include "conf/defaults.h"

#define HOURS 3600

static bool
is_ikev1(const struct conf_node *p2)
{
	return str_eq(conf_str(p2->parent, "key-exchange"), "ikev1");
}

static bool
shown_tunnel(const struct conf_node *n, const char **why)
{
	*why = "mode is transport";
	return str_eq(conf_str(n, "mode"), "tunnel");
}

/* RFC 4301: transport mode protects the two endpoints themselves. */
static int
check_mode(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	static const char *const sides[] = { "local-network",
		"remote-network" };
	const char *local, *remote, *sel;
	struct ip_addr first, last;
	size_t side, i;

	if (!str_eq(value, "transport"))
		return 0;
	local = conf_str(n->parent, "local-address");
	remote = conf_str(n->parent, "remote-gateway");
	for (side = 0; side < 2; side++) {
		for (i = 0; i < conf_count(n, sides[side]); i++) {
			sel = conf_value(n, sides[side], i);
			if (!selector_range(sel, &first, &last) ||
			    addr_eq(&first, &last))
				continue;
			return sp_fail(err, SP_INVALID, "Transport mode "
			    "protects only %s to %s themselves; %s is a "
			    "network. Use mode tunnel.", local,
			    remote ? remote : "the peer", sel);
		}
	}
	return 0;
}

static const char *
warn_mode(const struct conf_node *n, const char *value, char *buf)
{
	const char *remote = conf_str(n->parent, "remote-gateway");

	if (!str_eq(value, "transport") || remote == NULL)
		return NULL;
	snprintf(buf, 256, "Two clients behind one NAT cannot both use "
	    "transport mode to %s.", remote);
	return buf;
}

/* IKEv1 carries one selector a side; told once, at the first value. */
static int
check_one_network(const struct conf_node *n, const char *setting,
    const char *value, struct sp_error *err)
{
	size_t i, nr = conf_count(n, setting);
	struct buf list = {0};
	int ret;

	if (nr < 2 || !is_ikev1(n) || !str_eq(value, conf_str(n, setting)))
		return 0;
	for (i = 0; i < nr; i++)
		buf_printf(&list, "%s%s", i > 0 ? ", " : "",
		    conf_value(n, setting, i));
	ret = sp_fail(err, SP_INVALID, "IKEv1 carries one network on each "
	    "side; make a phase 2 for each of %s.", (const char *)list.data);
	buf_free(&list);
	return ret;
}

static int
check_local(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	return check_one_network(n, "local-network", value, err);
}

static bool
is_inside(const struct ip_addr *first, const struct ip_addr *last,
    const struct ip_addr *lo, const struct ip_addr *hi)
{
	return first->family == lo->family && addr_cmp(first, lo) >= 0 &&
	    addr_cmp(last, hi) <= 0;
}

static int
check_remote(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	struct ip_addr first, last, lo, hi;
	const char *local;
	size_t i;
	int ret = check_one_network(n, "remote-network", value, err);

	if (ret < 0 || !selector_range(value, &first, &last))
		return ret;
	for (i = 0; i < conf_count(n, "local-network"); i++) {
		local = conf_value(n, "local-network", i);
		if (!selector_range(local, &lo, &hi) ||
		    !is_inside(&first, &last, &lo, &hi))
			continue;
		return sp_fail(err, SP_INVALID, "Local %s and remote %s "
		    "overlap; hosts would look for each other on their own "
		    "link.", local, value);
	}
	return 0;
}

static const char *
warn_protocol(const struct conf_node *n, const char *value, char *buf)
{
	(void)n;
	(void)buf;
	if (!str_eq(value, "ah"))
		return NULL;
	return N_("AH does not encrypt.");
}

static const char *
warn_lifetime(const struct conf_node *n, const char *value, char *buf)
{
	(void)value;
	(void)buf;
	if (conf_duration(n, "lifetime") <= 8 * HOURS)
		return NULL;
	return N_("NIST SP 800-77 rev. 1 advises at most 8 hours for an IPsec "
	    "SA.");
}

static const char *
warn_window(const struct conf_node *n, const char *value, char *buf)
{
	(void)n;
	(void)buf;
	if (!str_eq(value, "0"))
		return NULL;
	return N_("Without a replay window recorded packets are accepted "
	    "again.");
}

static void
list_once(struct buf *list, const char *word)
{
	if (list->len > 0 && strstr((const char *)list->data, word) != NULL)
		return;
	buf_printf(list, "%s%s", list->len > 0 ? ", " : "", word);
}

/* IKEv1 Quick Mode has one KE payload: the rows must agree on the group. */
static int
check_groups(const struct conf_node *n, struct sp_error *err)
{
	struct conf_proposal p, first;
	struct buf list = {0};
	bool differ = false;
	size_t i;
	int ret = 0;

	if (!is_ikev1(n) || !conf_proposal_at(n, 0, &first))
		return 0;
	for (i = 0; conf_proposal_at(n, i, &p); i++) {
		differ |= !str_eq(p.dh_group, first.dh_group);
		list_once(&list, p.dh_group);
	}
	if (differ) {
		ret = sp_fail(err, SP_INVALID, "IKEv1 Quick Mode carries one "
		    "DH group; the proposals of phase 2 \"%s\" have %s.",
		    n->name, (const char *)list.data);
	}
	buf_free(&list);
	return ret;
}

static int
check_phase2(const struct conf_node *n, struct sp_error *err)
{
	if (conf_proposal_count(n) == 0) {
		return sp_fail(err, SP_INVALID, "Phase 2 \"%s\" has no "
		    "proposal that %s can use.", n->name,
		    is_ikev1(n) ? "IKEv1" : "IKEv2");
	}
	return check_groups(n, err);
}

static const struct set_choice modes[] = {
	{ "tunnel", N_("Whole packets between networks"), NULL, false },
	{ "transport", N_("Traffic of the two endpoints only"), NULL, true },
	{ .word = NULL }
};

static const struct set_choice protocols[] = {
	{ "esp", N_("Encrypts and authenticates"), NULL, false },
	{ "ah", N_("Authenticates only"), NULL, true },
	{ .word = NULL }
};

static const struct set_choice windows[] = {
	{ "0", N_("No check for replayed packets"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice dynamic[] = {
	{ "dynamic", N_("The tunnel's own outer address"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice dscp[] = {
	{ "out", N_("To the outer header"), NULL, false },
	{ "in", N_("From the outer header"), NULL, false },
	{ "yes", N_("Both ways"), NULL, false },
	{ "no", N_("Not at all"), NULL, false },
	{ .word = NULL }
};

const struct set_row phase2_table[] = {
	{ .name = "enabled", .type = SET_BOOL, .def = "yes",
	  .restart = RESTART_CHILD, .label = N_("Enabled"),
	  .help = N_("Is this entry in use."), .group = N_("General") },
	{ .name = "description", .type = SET_TEXT, .max = 255,
	  .label = N_("Description"),
	  .help = N_("A note for people; it has no effect."),
	  .group = N_("General") },
	{ .name = "mode", .type = SET_ENUM, .def = "tunnel",
	  .choices = modes, .check = check_mode, .warn = warn_mode,
	  .restart = RESTART_CHILD, .label = N_("Mode"),
	  .help = N_("What is protected: networks, or the endpoints alone."),
	  .group = N_("General"), .ipsec_conf = "type",
	  .swanctl = "children.mode" },
	/* traffic selectors (RFC 7296 2.9) */
	{ .name = "local-network", .type = SET_SELECTOR,
	  .flags = SET_LIST | SET_REQUIRED, .choices = dynamic,
	  .check = check_local, .restart = RESTART_CHILD,
	  .label = N_("Local Network"),
	  .help = N_("Networks on our side that the tunnel serves."),
	  .group = N_("Networks"), .ipsec_conf = "leftsubnet",
	  .swanctl = "children.local_ts" },
	{ .name = "remote-network", .type = SET_SELECTOR, .flags = SET_LIST,
	  .choices = dynamic, .check = check_remote,
	  .restart = RESTART_CHILD, .label = N_("Remote Network"),
	  .help = N_("Networks behind the peer; empty: the remote gateway "
	    "itself."),
	  .group = N_("Networks"), .ipsec_conf = "rightsubnet",
	  .swanctl = "children.remote_ts" },
	{ .name = "protocol", .type = SET_ENUM, .def = "esp",
	  .choices = protocols, .warn = warn_protocol,
	  .restart = RESTART_CHILD, .label = N_("Protocol"),
	  .help = N_("How packets are protected."),
	  .group = N_("General"), .ipsec_conf = "esp/ah",
	  .swanctl = "children.esp_proposals, children.ah_proposals" },
	{ .name = "lifetime", .type = SET_DURATION, .def = "1h", .min = 60,
	  .max = DURATION_FOREVER, .warn = warn_lifetime,
	  .below = N_("A lifetime is at least 60 seconds; {v} is too "
	    "short."),
	  .label = N_("Lifetime"),
	  .help = N_("Age at which the keys of the traffic end."),
	  .group = N_("Lifetime"), .ipsec_conf = "lifetime",
	  .swanctl = "children.life_time" },
	/* a rekey begins at 90 % of these */
	{ .name = "life-bytes", .type = SET_INTEGER, .def = "0", .min = 0,
	  .max = INT64_MAX, .unit = N_("bytes"), .flags = SET_ADVANCED,
	  .label = N_("Lifetime in Data"),
	  .help = N_("Bytes after which the keys end; 0: no limit."),
	  .group = N_("Lifetime"), .ipsec_conf = "lifebytes",
	  .swanctl = "children.life_bytes" },
	{ .name = "life-packets", .type = SET_INTEGER, .def = "0", .min = 0,
	  .max = INT64_MAX, .unit = N_("packets"), .flags = SET_ADVANCED,
	  .label = N_("Lifetime in Packets"),
	  .help = N_("Packets after which the keys end; 0: no limit."),
	  .group = N_("Lifetime"), .ipsec_conf = "lifepackets",
	  .swanctl = "children.life_packets" },
	{ .name = "inactivity", .type = SET_DURATION, .def = "0", .min = 0,
	  .max = INT32_MAX, .flags = SET_ADVANCED,
	  .label = N_("Close When Idle"),
	  .help = N_("Time without packets after which the child is closed; "
	    "0: never."),
	  .group = N_("Lifetime"), .ipsec_conf = "inactivity",
	  .swanctl = "children.inactivity" },
	{ .name = "replay-window", .type = SET_INTEGER, .def = "32",
	  .min = 32, .max = 4096, .choices = windows, .unit = N_("packets"),
	  .flags = SET_ADVANCED, .warn = warn_window,
	  .restart = RESTART_CHILD, .label = N_("Replay Window"),
	  .help = N_("How far packets may overtake each other."),
	  .group = N_("Packets"), .ipsec_conf = "replay_window",
	  .swanctl = "children.replay_window" },
	/* header fields between inner and outer header (RFC 4301 5.1.2) */
	{ .name = "copy-df", .type = SET_BOOL, .def = "yes",
	  .flags = SET_ADVANCED | SET_LATER, .shown = shown_tunnel,
	  .restart = RESTART_CHILD, .label = N_("DF"),
	  .help = N_("Copy Don't Fragment to the outer header."),
	  .group = N_("Packets"), .swanctl = "children.copy_df" },
	{ .name = "copy-ecn", .type = SET_BOOL, .def = "yes",
	  .flags = SET_ADVANCED | SET_LATER, .shown = shown_tunnel,
	  .restart = RESTART_CHILD, .label = N_("ECN"),
	  .help = N_("Copy congestion marks both ways (RFC 6040)."),
	  .group = N_("Packets"), .swanctl = "children.copy_ecn" },
	{ .name = "copy-dscp", .type = SET_ENUM, .def = "out",
	  .choices = dscp, .flags = SET_ADVANCED | SET_LATER,
	  .shown = shown_tunnel, .restart = RESTART_CHILD,
	  .label = N_("DSCP"),
	  .help = N_("Copy the class of service between the headers."),
	  .group = N_("Packets"), .swanctl = "children.copy_dscp" },
	{ .name = "priority", .type = SET_INTEGER, .def = "0", .min = 0,
	  .max = INT32_MAX, .flags = SET_ADVANCED,
	  .restart = RESTART_CHILD, .label = N_("Policy Priority"),
	  .help = N_("Smaller wins where selectors overlap; 0: by their "
	    "size."),
	  .group = N_("Networks"), .swanctl = "children.priority" },
	{ .name = NULL }
};

static const struct conf_object *const children[] = {
	&proposal2_object, NULL
};

const struct conf_object phase2_object = {
	.word = "phase2",
	.label = N_("Phase 2"),
	.help = N_("Traffic that a phase 1 protects: networks and their "
	    "algorithms."),
	.naming = OBJ_NAMED,
	.rows = phase2_table,
	.children = children,
	.check = check_phase2,
	.limit = 256,
};
