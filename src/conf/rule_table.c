/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Rules and routes of a VPN network and of the machine (settings.md sections
 * 6 and 7).  Their settings are checked here in full; the rules themselves
 * are not loaded in this version, so a commit with one is refused.
 */
#include "conf/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"

#define NUMBER_MAX 9999

static bool
is(const struct conf_node *n, const char *setting, const char *value)
{
	return str_eq(conf_str(n, setting), value);
}

/* ---- when a setting applies ---- */

static bool
is_filter(const struct conf_node *n)
{
	return is(n, "action", "accept") || is(n, "action", "drop") ||
	    is(n, "action", "reject");
}

static bool
shown_filter(const struct conf_node *n, const char **why)
{
	*why = "the action is translate or route";
	return is_filter(n);
}

static bool
shown_target(const struct conf_node *n, const char **why)
{
	*why = "the action is accept, drop or reject";
	return !is_filter(n);
}

static bool
shown_interface(const struct conf_node *n, const char **why)
{
	*why = "the action is route";
	return !is(n, "action", "route");
}

/* ---- checks ---- */

static int
check_direction(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	if (!is(n, "action", "route") || str_eq(value, "outgoing"))
		return 0;
	return sp_fail(err, SP_INVALID, "A route rule directs outgoing "
	    "traffic; set direction outgoing.");
}

static bool
has_ports(const struct conf_node *n)
{
	return is(n, "protocol", "tcp") || is(n, "protocol", "udp") ||
	    is(n, "protocol", "tcp-udp");
}

static int
check_ports(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	(void)value;
	if (has_ports(n))
		return 0;
	return sp_fail(err, SP_INVALID, "Ports need protocol tcp, udp or "
	    "tcp-udp; this rule has %s.", conf_str(n, "protocol"));
}

static int
check_target_ports(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	const char *port = conf_value(n, "destination-ports", 0);

	if (conf_count(n, "destination-ports") > 1 ||
	    (port != NULL && strchr(port, '-') != NULL)) {
		return sp_fail(err, SP_INVALID, "Leave target-ports empty "
		    "when there are several destination ports; they stay as "
		    "they are.");
	}
	return check_ports(n, value, err);
}

/* First and last address of an end that names them itself. */
static bool
end_range(const char *value, struct ip_addr *first, struct ip_addr *last)
{
	const char *space = value != NULL ? strrchr(value, ' ') : NULL;

	if (space == NULL || (!str_prefix(value, "custom ") &&
	    !str_prefix(value, "my-ip-address ") &&
	    !str_prefix(value, "other-ip-address ")))
		return false;
	return selector_range(space + 1, first, last);
}

/* Distance of two addresses, by bytes: equal for ranges of equal size. */
static void
distance(const struct ip_addr *first, const struct ip_addr *last,
    uint8_t out[16])
{
	int borrow = 0, d, i;

	memset(out, 0, 16);
	for (i = (int)addr_len(first) - 1; i >= 0; i--) {
		d = last->b[i] - first->b[i] - borrow;
		borrow = d < 0;
		out[i] = (uint8_t)(d & 0xff);
	}
}

/* A range may be put behind one address (masquerade), and one address in
 * front of one; else sizes must be equal, as each stands for one. */
static int
check_target(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	bool out = is(n, "direction", "outgoing");
	const char *other = conf_value(n, out ? "source" : "destination", 0);
	struct ip_addr a, z, first, last;
	uint8_t want[16], got[16];

	if (!is(n, "action", "translate") || !end_range(value, &a, &z) ||
	    addr_eq(&a, &z) || !end_range(other, &first, &last))
		return 0;
	distance(&a, &z, got);
	distance(&first, &last, want);
	if (a.family == first.family && memcmp(got, want, 16) == 0)
		return 0;
	return sp_fail(err, SP_INVALID, "Target %s cannot stand for %s: the "
	    "sizes differ.", strrchr(value, ' ') + 1,
	    strrchr(other, ' ') + 1);
}

/* ---- a rule that is never reached ---- */

static bool
covers(const struct conf_node *m, const struct conf_node *n,
    const char *setting, const char *all)
{
	return is(m, setting, all) || str_eq(conf_str(m, setting),
	    conf_str(n, setting));
}

static bool
same_list(const struct conf_node *m, const struct conf_node *n,
    const char *setting)
{
	size_t i;

	for (i = 0; i < conf_count(m, setting) ||
	    i < conf_count(n, setting); i++) {
		if (!str_eq(conf_value(m, setting, i),
		    conf_value(n, setting, i)))
			return false;
	}
	return true;
}

static bool
list_covers(const struct conf_node *m, const struct conf_node *n,
    const char *setting)
{
	return conf_count(m, setting) == 0 || same_list(m, n, setting);
}

/* Does m, which comes first, decide every packet that n would match. */
static bool
decides(const struct conf_node *m, const struct conf_node *n)
{
	return conf_node_enabled(m) && is_filter(m) &&
	    !conf_is_set(m, "throttle") &&
	    str_eq(conf_str(m, "direction"), conf_str(n, "direction")) &&
	    covers(m, n, "interface", "any") &&
	    covers(m, n, "protocol", "any") &&
	    covers(m, n, "source", "any") &&
	    covers(m, n, "destination", "any") &&
	    list_covers(m, n, "ct-state") &&
	    list_covers(m, n, "source-ports") &&
	    list_covers(m, n, "destination-ports");
}

/* Pinned ones first or last, the others by number. */
static long
place_of(const struct conf_node *n)
{
	long number = strtol(n->name, NULL, 10);

	if (is(n, "pin", "top"))
		return number - 2 * NUMBER_MAX;
	return is(n, "pin", "bottom") ? number + 2 * NUMBER_MAX : number;
}

static const char *
warn_action(const struct conf_node *n, const char *value, char *buf)
{
	const struct conf_node *m = NULL;

	(void)value;
	if (!is_filter(n))
		return NULL;
	while ((m = conf_next_child(n->parent, "rule", m)) != NULL) {
		if (place_of(m) >= place_of(n) || !decides(m, n))
			continue;
		snprintf(buf, 256, "Rule %s is never reached: rule %s "
		    "matches all of it.", n->name, m->name);
		return buf;
	}
	return NULL;
}

/* ---- objects ---- */

static int
check_rule(const struct conf_node *n, struct sp_error *err)
{
	if (!is_filter(n) && !conf_is_set(n, "target")) {
		return sp_fail(err, SP_INVALID, "A %s rule needs a target: "
		    "where should the packets go?", conf_str(n, "action"));
	}
	return sp_fail(err, SP_INVALID,
	    "rule %s is not yet supported in this version.", n->name);
}

static int
check_route(const struct conf_node *n, struct sp_error *err)
{
	return sp_fail(err, SP_INVALID,
	    "route %s is not yet supported in this version.", n->name);
}

static const struct set_choice actions[] = {
	{ .word = "accept", .help = N_("Let the packet through") },
	{ .word = "drop", .help = N_("Discard it without a word") },
	{ .word = "reject", .help = N_("Discard it and tell the sender") },
	{ .word = "translate", .help = N_("Another address or port (NAT)") },
	{ .word = "route", .help = N_("Send it to a router") },
	{ .word = NULL }
};

static const struct set_choice directions[] = {
	{ .word = "incoming", .help = N_("Packets that enter by the port") },
	{ .word = "outgoing", .help = N_("Packets that leave by it") },
	{ .word = NULL }
};

static const struct set_choice rule_protocols[] = {
	{ .word = "any", .help = N_("Every protocol") },
	{ .word = "tcp", .help = N_("TCP") },
	{ .word = "udp", .help = N_("UDP") },
	{ .word = "tcp-udp", .help = N_("TCP and UDP") },
	{ .word = "icmp", .help = N_("ICMP of IPv4") },
	{ .word = "icmpv6", .help = N_("ICMP of IPv6") },
	{ .word = "esp", .help = N_("Encrypted packets (protocol 50)") },
	{ .word = "ah", .help = N_("Authenticated packets (protocol 51)") },
	{ .word = "ipip", .help = N_("IPv4 in IP (protocol 4)") },
	{ .word = "ipcomp", .help = N_("Compressed packets (protocol 108)") },
	{ .word = "gre", .help = N_("GRE (protocol 47)") },
	{ .word = NULL }
};

static const struct set_choice interfaces[] = {
	{ .word = "auto", .help = N_("The port of the destination, else "
	    "both") },
	{ .word = "router", .help = N_("The port with the address") },
	{ .word = "dmz", .help = N_("The layer 3 port") },
	{ .word = "any", .help = N_("Every port") },
	{ .word = "tunnel", .help = N_("Decrypted traffic only") },
	{ .word = NULL }
};

static const struct set_choice pins[] = {
	{ .word = "no", .help = N_("In its place by number") },
	{ .word = "top", .help = N_("Before all that are not pinned") },
	{ .word = "bottom", .help = N_("After all that are not pinned") },
	{ .word = NULL }
};

static const struct set_choice ct_states[] = {
	{ .word = "new", .help = N_("The first packet of a connection") },
	{ .word = "established", .help = N_("Packets seen both ways") },
	{ .word = "related", .help = N_("Begun by another connection") },
	{ .word = "invalid", .help = N_("Belongs to no connection") },
	{ .word = "untracked", .help = N_("Not looked at") },
	{ .word = NULL }
};

#define ROW_COMMON(what) \
	{ .name = "enabled", .type = SET_BOOL, .def = "yes", \
	  .restart = RESTART_RULES, .label = N_("Enabled"), \
	  .help = what, .group = N_("General") }, \
	{ .name = "description", .type = SET_TEXT, .max = 255, \
	  .restart = RESTART_NONE, .label = N_("Description"), \
	  .help = N_("A note for people; it has no effect."), \
	  .group = N_("General") }

#define ROW_PORTS(word, text, test, when) \
	{ .name = word, .type = SET_PORTS, .flags = SET_LIST, \
	  .check = test, .shown = when, .restart = RESTART_RULES, \
	  .label = text, .group = N_("Match"), \
	  .help = N_("Ports or ranges a-b, several of them.") }

#define ROW_FLAG(word, text, note, when) \
	{ .name = word, .type = SET_BOOL, .def = "no", .shown = when, \
	  .restart = RESTART_RULES, .label = text, .help = note, \
	  .group = N_("Observation"), .flags = SET_ADVANCED }

const struct set_row rule_table[] = {
	ROW_COMMON(N_("Is the rule in use.")),
	{ .name = "name", .type = SET_TEXT, .max = 63,
	  .flags = SET_REQUIRED, .restart = RESTART_NONE,
	  .label = N_("Name"), .group = N_("General"),
	  .help = N_("What the rule is for, in words.") },
	{ .name = "action", .type = SET_ENUM, .def = "accept",
	  .choices = actions, .warn = warn_action,
	  .restart = RESTART_RULES, .label = N_("Action"),
	  .group = N_("General"),
	  .help = N_("What becomes of a packet that matches.") },
	{ .name = "direction", .type = SET_ENUM, .def = "incoming",
	  .choices = directions, .check = check_direction,
	  .restart = RESTART_RULES, .label = N_("Direction"),
	  .group = N_("General"),
	  .help = N_("Does it look at packets that come or that go.") },
	{ .name = "protocol", .type = SET_INTEGER, .def = "any", .min = 0,
	  .max = 255, .choices = rule_protocols, .restart = RESTART_RULES,
	  .label = N_("Protocol"), .group = N_("Match"),
	  .help = N_("Protocol by name or number.") },
	{ .name = "interface", .type = SET_ENUM, .def = "auto",
	  .choices = interfaces, .shown = shown_interface,
	  .restart = RESTART_RULES, .label = N_("Interface"),
	  .group = N_("Match"),
	  .help = N_("By which port the packet comes or goes.") },
	{ .name = "pin", .type = SET_ENUM, .def = "no", .choices = pins,
	  .restart = RESTART_RULES, .label = N_("Pin"),
	  .group = N_("General"),
	  .help = N_("Keeps the rule at an end of the list.") },
	{ .name = "ct-state", .type = SET_ENUM, .flags = SET_LIST,
	  .choices = ct_states, .shown = shown_filter,
	  .restart = RESTART_RULES, .label = N_("Connection Tracking State"),
	  .group = N_("Match"),
	  .help = N_("States of the connection; none: every state.") },
	{ .name = "source", .type = SET_END, .def = "any",
	  .restart = RESTART_RULES, .label = N_("Source"),
	  .group = N_("Match"), .help = N_("Where the packet comes from.") },
	ROW_PORTS("source-ports", N_("Source Ports/Ranges"), check_ports,
	    NULL),
	{ .name = "destination", .type = SET_END, .def = "any",
	  .restart = RESTART_RULES, .label = N_("Destination"),
	  .group = N_("Match"), .help = N_("Where the packet goes.") },
	ROW_PORTS("destination-ports", N_("Destination Ports/Ranges"),
	    check_ports, NULL),
	{ .name = "target", .type = SET_END, .check = check_target,
	  .shown = shown_target, .restart = RESTART_RULES,
	  .label = N_("Target"), .group = N_("General"),
	  .help = N_("The new address of a translation, or the router.") },
	ROW_PORTS("target-ports", N_("Target Ports/Ranges"),
	    check_target_ports, shown_target),
	{ .name = "throttle", .type = SET_RATE, .shown = shown_filter,
	  .restart = RESTART_RULES, .label = N_("Enable Throttle"),
	  .group = N_("General"), .flags = SET_ADVANCED,
	  .help = N_("The rule matches up to this rate only.") },
	ROW_FLAG("drop-throttle", N_("Drop Above The Throttle"),
	    N_("Above the rate: drop, instead of going on to later rules."),
	    shown_filter),
	ROW_FLAG("log", N_("Log"),
	    N_("Log packets that match, ten a second at most."),
	    shown_filter),
	ROW_FLAG("statistics", N_("Track Rule Statistics"),
	    N_("Keep a history of its counters."), NULL),
	ROW_FLAG("trace", N_("Trace/Debug Rule"),
	    N_("Mark packets that match for firewall-trace."), NULL),
	{ .name = NULL }
};

const struct set_row route_table[] = {
	ROW_COMMON(N_("Is the route in use.")),
	{ .name = "target", .type = SET_END, .flags = SET_REQUIRED,
	  .restart = RESTART_RULES, .label = N_("Target"),
	  .group = N_("General"),
	  .help = N_("The router, or blackhole to discard.") },
	{ .name = "metric", .type = SET_INTEGER, .def = "0", .min = 0,
	  .max = UINT32_MAX, .restart = RESTART_RULES,
	  .label = N_("Metric"), .group = N_("General"),
	  .help = N_("Of routes to the same place the smaller one wins.") },
	{ .name = "source", .type = SET_ADDRESS, .def = "auto",
	  .choices = (const struct set_choice []){ { .word = "auto",
	    .help = N_("As the link has it") }, { .word = NULL } },
	  .restart = RESTART_RULES, .label = N_("Source"),
	  .group = N_("General"), .flags = SET_ADVANCED,
	  .help = N_("Source address of our own packets by this route.") },
	{ .name = NULL }
};

static const struct set_row host_table[] = {
	{ .name = NULL }
};

static const struct conf_object *const no_children[] = { NULL };

const struct conf_object rule_object = {
	.word = "rule",
	.label = N_("Rule"),
	.help = N_("What passes, what is translated; the first match wins."),
	.naming = OBJ_NUMBERED,
	.rows = rule_table,
	.children = no_children,
	.limit = NUMBER_MAX,
	.check = check_rule,
};

const struct conf_object route_object = {
	.word = "route",
	.label = N_("Route"),
	.help = N_("Where packets to a network go."),
	.naming = OBJ_PREFIX,
	.rows = route_table,
	.children = no_children,
	.limit = 4096,
	.check = check_route,
};

static const struct conf_object *const host_children[] = {
	&rule_object, &route_object, NULL
};

const struct conf_object host_object = {
	.word = "host",
	.label = N_("Host"),
	.help = N_("The machine's own network: its rules and routes."),
	.naming = OBJ_SINGLE,
	.rows = host_table,
	.children = host_children,
	.limit = 1,
};
