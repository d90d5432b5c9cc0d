/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Settings of the whole system (settings.md section 9); strongSwan's values
 * as defaults where it has one.
 */
#include "conf/internal.h"

#include <stdlib.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/str.h"

/*
 * A selector that contains the whole segment is wider on purpose (a default
 * route into a tunnel); one that lies in it or cuts it is a mistake.
 */
static bool
clashes(const struct ip_addr *lo, const struct ip_addr *hi,
    const char *selector)
{
	struct ip_addr first, last;

	if (!selector_range(selector, &first, &last) ||
	    first.family != lo->family || addr_cmp(&last, lo) < 0 ||
	    addr_cmp(&first, hi) > 0)
		return false;
	return addr_cmp(&first, lo) > 0 || addr_cmp(&last, hi) < 0 ||
	    (addr_eq(&first, lo) && addr_eq(&last, hi));
}

/* The first selector of a phase 2 that clashes, or NULL. */
static const char *
clash_in(const struct conf_node *p2, const struct ip_prefix *dmz)
{
	static const char *const sides[] = { "local-network",
		"remote-network" };
	struct ip_addr lo, hi;
	const char *sel;
	size_t side, i;

	prefix_range(dmz, &lo, &hi);
	for (side = 0; side < 2; side++) {
		for (i = 0; i < conf_count(p2, sides[side]); i++) {
			sel = conf_value(p2, sides[side], i);
			if (clashes(&lo, &hi, sel))
				return sel;
		}
	}
	return NULL;
}

static int
check_phase1_dmz(const struct conf_node *p1, const struct ip_prefix *dmz,
    const char *value, struct sp_error *err)
{
	const struct conf_node *p2 = NULL;
	const char *sel;

	while ((p2 = conf_next_child(p1, "phase2", p2)) != NULL) {
		sel = conf_node_enabled(p2) ? clash_in(p2, dmz) : NULL;
		if (sel != NULL) {
			return sp_fail(err, SP_INVALID,
			    "%s overlaps %s of phase 2 \"%s\".", value, sel,
			    p2->name);
		}
	}
	return 0;
}

static int
check_dmz_network(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	const struct conf_node *net = NULL, *p1;
	struct ip_prefix dmz;
	int ret;

	if (!prefix_parse(&dmz, value))
		return 0;
	while ((net = conf_next_child(n->parent, "vpn-network", net)) !=
	    NULL) {
		for (p1 = NULL; conf_node_enabled(net) && (p1 =
		    conf_next_child(net, "phase1", p1)) != NULL;) {
			if (!conf_node_enabled(p1))
				continue;
			ret = check_phase1_dmz(p1, &dmz, value, err);
			if (ret < 0)
				return ret;
		}
	}
	return 0;
}

static const struct set_choice planes[] = {
	{ "auto", N_("The kernel if its ESP works, else userspace"), NULL,
	  false },
	{ "kernel", N_("The kernel's XFRM"), NULL, false },
	{ "user", N_("Userspace, on a TUN device"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice weak_policies[] = {
	{ "allow", N_("Used without a word"), NULL, false },
	{ "warn", N_("Used, with a warning"), NULL, false },
	{ "refuse", N_("Refused at commit"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice levels[] = {
	{ "error", N_("What ends a connection or refuses a request"), NULL,
	  false },
	{ "warning", N_("And what is unexpected but survivable"), NULL,
	  false },
	{ "notice", N_("And changes of state"), NULL, false },
	{ "info", N_("And the steps of negotiations"), NULL, false },
	{ "debug", N_("Everything"), NULL, false },
	{ .word = NULL }
};

const struct set_row system_table[] = {
	{ .name = "data-plane", .type = SET_ENUM, .def = "auto",
	  .choices = planes, .restart = RESTART_NETWORK,
	  .label = N_("Data Plane"),
	  .help = N_("What encrypts the packets."),
	  .group = N_("General") },
	{ .name = "weak-algorithms", .type = SET_ENUM, .def = "warn",
	  .choices = weak_policies, .label = N_("Weak Algorithms"),
	  .help = N_("What happens to proposals with weak algorithms."),
	  .group = N_("General") },
	/* sent at 0, 4, 11, 24, 47, 89 s; given up at about 165 s */
	{ .name = "retransmit-timeout", .type = SET_DECIMAL, .def = "4",
	  .min = 100, .max = 60000, .unit = N_("seconds"),
	  .flags = SET_ADVANCED, .label = N_("Retransmit Timeout"),
	  .help = N_("Time before a request is sent again."),
	  .group = N_("IKE"), .swanctl = "charon.retransmit_timeout" },
	{ .name = "retransmit-base", .type = SET_DECIMAL, .def = "1.8",
	  .min = 1000, .max = 10000, .flags = SET_ADVANCED,
	  .label = N_("Retransmit Base"),
	  .help = N_("Factor by which that time grows."),
	  .group = N_("IKE"), .swanctl = "charon.retransmit_base" },
	{ .name = "retransmit-tries", .type = SET_INTEGER, .def = "5",
	  .min = 0, .max = 20, .unit = N_("tries"), .flags = SET_ADVANCED,
	  .label = N_("Retransmit Tries"),
	  .help = N_("How often a request is sent again."),
	  .group = N_("IKE"), .swanctl = "charon.retransmit_tries" },
	{ .name = "keep-alive", .type = SET_DURATION, .def = "20s",
	  .min = 0, .max = 3600, .label = N_("NAT Keep-Alive"),
	  .help = N_("Silence after which a NAT is kept open; 0: never."),
	  .group = N_("IKE"), .swanctl = "charon.keep_alive" },
	/* floods of first messages (RFC 7296 2.6, RFC 8019) */
	{ .name = "half-open-limit", .type = SET_INTEGER, .def = "0",
	  .min = 0, .max = 1000000, .flags = SET_ADVANCED,
	  .label = N_("Half-Open Limit"),
	  .help = N_("Unfinished IKE SAs at most; 0: no limit."),
	  .group = N_("Floods"), .swanctl = "charon.init_limit_half_open" },
	{ .name = "cookie-threshold", .type = SET_INTEGER, .def = "30",
	  .min = 0, .max = 1000000, .flags = SET_ADVANCED,
	  .label = N_("Cookie Threshold"),
	  .help = N_("Unfinished IKE SAs before a cookie is asked for."),
	  .group = N_("Floods"), .swanctl = "charon.cookie_threshold" },
	{ .name = "cookie-threshold-address", .type = SET_INTEGER,
	  .def = "3", .min = 0, .max = 1000000, .flags = SET_ADVANCED,
	  .label = N_("Cookie Threshold of an Address"),
	  .help = N_("As before, for one address."),
	  .group = N_("Floods"), .swanctl = "charon.cookie_threshold_ip" },
	{ .name = "block-threshold", .type = SET_INTEGER, .def = "5",
	  .min = 0, .max = 1000000, .flags = SET_ADVANCED,
	  .label = N_("Block Threshold"),
	  .help = N_("Unfinished IKE SAs of one address before it is "
	    "ignored."),
	  .group = N_("Floods"), .swanctl = "charon.block_threshold" },
	{ .name = "retry-initiate-interval", .type = SET_DURATION,
	  .def = "0", .min = 0, .max = 86400, .flags = SET_ADVANCED,
	  .label = N_("Retry Interval"),
	  .help = N_("Pause after a name could not be looked up."),
	  .group = N_("IKE"),
	  .swanctl = "charon.retry_initiate_interval" },
	/* a packet without a route is dropped before policy sees it */
	{ .name = "install-routes", .type = SET_BOOL, .def = "yes",
	  .restart = RESTART_RULES, .label = N_("Install Routes"),
	  .help = N_("Make routes for the remote networks."),
	  .group = N_("Network"), .swanctl = "charon.install_routes" },
	{ .name = "routing-table", .type = SET_INTEGER, .def = "220",
	  .min = 1, .max = UINT32_MAX, .flags = SET_ADVANCED,
	  .restart = RESTART_RULES, .label = N_("Routing Table"),
	  .help = N_("Number of the table for these routes."),
	  .group = N_("Network"), .swanctl = "charon.routing_table" },
	{ .name = "dmz-network", .type = SET_PREFIX,
	  .def = "100.64.0.0/24", .check = check_dmz_network,
	  .restart = RESTART_NETWORK, .label = N_("DMZ Network"),
	  .help = N_("Segment that joins all networks."),
	  .group = N_("Network") },
	{ .name = "log-level", .type = SET_ENUM, .def = "info",
	  .choices = levels, .label = N_("Log Level"),
	  .help = N_("Which events are logged."), .group = N_("Log"),
	  .swanctl = "charon.filelog" },
	{ .name = "log-bytes", .type = SET_INTEGER, .def = "16777216",
	  .min = 65536, .max = 1 << 30, .unit = N_("bytes"),
	  .flags = SET_ADVANCED, .label = N_("Log Size"),
	  .help = N_("Size that the log is kept below."),
	  .group = N_("Log") },
	{ .name = "trace-messages", .type = SET_INTEGER, .def = "64",
	  .min = 0, .max = 10000, .flags = SET_ADVANCED | SET_LATER,
	  .label = N_("Traced Messages"),
	  .help = N_("IKE messages kept for each tunnel."),
	  .group = N_("Log") },
	{ .name = "commit-confirm-default", .type = SET_INTEGER,
	  .def = "10", .min = 1, .max = 1440, .unit = N_("minutes"),
	  .label = N_("Commit Confirm Time"),
	  .help = N_("Minutes before an unconfirmed commit is taken back."),
	  .group = N_("Shell") },
	{ .name = "session-idle-timeout", .type = SET_DURATION,
	  .def = "15m", .min = 0, .max = 86400, .flags = SET_ADVANCED,
	  .label = N_("Session Idle Timeout"),
	  .help = N_("Silence after which a control connection that waits "
	    "for nothing is closed; 0: never."),
	  .group = N_("Shell") },
	{ .name = "inactivity-logout", .type = SET_DURATION, .def = "0",
	  .min = 0, .max = 86400,
	  .label = N_("Inactivity Logout"),
	  .help = N_("Idle time after which the shell ends; 0: never."),
	  .group = N_("Shell") },
	{ .name = NULL }
};

static const struct conf_object *const no_children[] = { NULL };

const struct conf_object system_object = {
	.word = "system",
	.label = N_("System"),
	.help = N_("Settings of the program as a whole."),
	.naming = OBJ_SINGLE,
	.rows = system_table,
	.children = no_children,
	.limit = 1,
};
