/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Settings of a VPN network and of its IPsec defaults (settings.md sections
 * 1 and 2).  What needs the machine (links, neighbours) is checked by the
 * engine at power-on.
 */
#include "conf/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/str.h"

#define IPV6_MTU 1280

static bool
is(const struct conf_node *n, const char *setting, const char *value)
{
	return str_eq(conf_str(n, setting), value);
}

static bool
shown_static(const struct conf_node *n, const char **why)
{
	*why = "address-type is dhcp";
	return is(n, "address-type", "static");
}

static bool
shown_namespace(const struct conf_node *n, const char **why)
{
	*why = "placement is host";
	return is(n, "placement", "namespace");
}

static int
check_address_type(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	if (!str_eq(value, "dhcp") || !is(n, "interface-network", "none"))
		return 0;
	return sp_fail(err, SP_INVALID,
	    "address-type dhcp needs an interface-network to ask on.");
}

/*
 * The first address names the network (IPv4) or any router (IPv6), the last
 * one of IPv4 is the broadcast; links of two and single addresses have
 * neither (RFC 3021, RFC 6164).
 */
static const char *
reserved_as(const struct ip_prefix *net, const struct ip_addr *a)
{
	struct ip_addr first, last;

	if (addr_len(a) * 8 - net->len < 2)
		return NULL;
	prefix_range(net, &first, &last);
	if (addr_eq(a, &first))
		return "network";
	return a->family == AF_INET && addr_eq(a, &last) ? "broadcast" :
	    NULL;
}

static int
check_address(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	const char *net_text = conf_str(n, "network-address"), *what;
	struct ip_prefix net;
	struct ip_addr a;

	if (!conf_prefix(n, "network-address", &net) ||
	    !addr_parse(&a, value))
		return 0;
	if (!prefix_has(&net, &a)) {
		return sp_fail(err, SP_INVALID,
		    "Router address %s is not inside %s.", value, net_text);
	}
	what = reserved_as(&net, &a);
	if (what == NULL)
		return 0;
	return sp_fail(err, SP_INVALID, "%s is the %s address of %s; give the "
	    "router a host address.", value, what, net_text);
}

/* Told at the later one of two networks, so once for each pair. */
static const char *
warn_network(const struct conf_node *n, const char *value, char *buf)
{
	const struct conf_node *o = NULL;
	struct ip_prefix mine, other;

	if (!prefix_parse(&mine, value))
		return NULL;
	while ((o = conf_next_child(n->parent, "vpn-network", o)) != n) {
		if (!conf_node_enabled(o) ||
		    !conf_prefix(o, "network-address", &other) ||
		    !prefix_overlap(&mine, &other))
			continue;
		snprintf(buf, 256, "%s overlaps %s of network \"%s\"; traffic "
		    "between them will not be routed.", value,
		    conf_str(o, "network-address"), o->name);
		return buf;
	}
	return NULL;
}

static int
check_placement(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	if (!str_eq(value, "host") || is(n, "interface-network", "none"))
		return 0;
	return sp_fail(err, SP_INVALID, "placement host has no port of its "
	    "own; remove interface-network or use placement namespace.");
}

static int
check_dmz(const struct conf_node *n, const char *value, struct sp_error *err)
{
	const struct conf_node *o = NULL, *system;
	struct ip_prefix dmz;
	struct ip_addr a;

	system = conf_child(n->tree->root, "system", NULL);
	if (!addr_parse(&a, value) ||
	    !conf_prefix(system, "dmz-network", &dmz))
		return 0;
	if (!prefix_has(&dmz, &a)) {
		return sp_fail(err, SP_INVALID, "DMZ address %s is not inside "
		    "%s (system dmz-network).", value,
		    conf_str(system, "dmz-network"));
	}
	while ((o = conf_next_child(n->parent, "vpn-network", o)) != NULL) {
		if (o == n || !is(o, "dmz-address", value))
			continue;
		return sp_fail(err, SP_INVALID, "DMZ address %s belongs to "
		    "network \"%s\".", value, o->name);
	}
	return 0;
}

static int
check_assigned(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	const struct conf_node *o = NULL;
	size_t i;

	while ((o = conf_next_child(n->parent, "vpn-network", o)) != n) {
		for (i = 0; i < conf_count(o, "assigned-address"); i++) {
			if (!str_eq(conf_value(o, "assigned-address", i),
			    value))
				continue;
			return sp_fail(err, SP_INVALID, "%s is already "
			    "assigned to network \"%s\".", value, o->name);
		}
	}
	return 0;
}

/* RFC 8200 5: every IPv6 link carries 1280 bytes. */
static int
check_mtu(const struct conf_node *n, const char *value, struct sp_error *err)
{
	struct ip_prefix net;

	if (str_eq(value, "auto") || conf_int(n, "mtu") >= IPV6_MTU ||
	    !conf_prefix(n, "network-address", &net) ||
	    net.addr.family != AF_INET6)
		return 0;
	return sp_fail(err, SP_INVALID, "An IPv6 network needs an MTU of at "
	    "least 1280; %s is too small.", value);
}

static const struct set_choice none_only[] = {
	{ "none", N_("A router without a link layer of its own"), NULL,
	  false },
	{ .word = NULL }
};

static const struct set_choice address_types[] = {
	{ "static", N_("The address is set here"), NULL, false },
	{ "dhcp", N_("The address is leased"), NULL, true },
	{ .word = NULL }
};

static const struct set_choice no_interface[] = {
	{ "none", N_("All traffic is routed; no port on a link"), NULL,
	  false },
	{ .word = NULL }
};

static const struct set_choice placements[] = {
	{ "namespace", N_("A network namespace of its own"), NULL, false },
	{ "host", N_("The namespace of this machine"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice auto_dmz[] = {
	{ "auto", N_("Assigned by the system"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice auto_mtu[] = {
	{ "auto", N_("As the link carries"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice power_losses[] = {
	{ "last-state", N_("As it was"), NULL, false },
	{ "on", N_("On"), NULL, false },
	{ "off", N_("Off"), NULL, false },
	{ .word = NULL }
};

const struct set_row network_table[] = {
	{ .name = "enabled", .type = SET_BOOL, .def = "yes",
	  .restart = RESTART_NETWORK, .label = N_("Enabled"),
	  .help = N_("Is this network in use."), .group = N_("General") },
	{ .name = "description", .type = SET_TEXT, .max = 255,
	  .label = N_("Description"),
	  .help = N_("A note for people; it has no effect."),
	  .group = N_("General") },
	/* kept so that forms match; a VPN router has no link layer */
	{ .name = "layer-2-type", .type = SET_ENUM, .def = "none",
	  .choices = none_only, .restart = RESTART_NETWORK,
	  .label = N_("Layer 2 Type"),
	  .help = N_("Link layer of the network; only none is offered."),
	  .group = N_("General") },
	/* the port on the local side */
	{ .name = "address-type", .type = SET_ENUM, .def = "static",
	  .choices = address_types, .check = check_address_type,
	  .restart = RESTART_NETWORK, .label = N_("IP Address Type"),
	  .help = N_("Where the address of the router comes from."),
	  .group = N_("Addresses") },
	{ .name = "address", .type = SET_ADDRESS, .flags = SET_REQUIRED,
	  .shown = shown_static, .check = check_address,
	  .restart = RESTART_NETWORK, .label = N_("IP Address"),
	  .help = N_("Address of the VPN router inside the network."),
	  .group = N_("Addresses") },
	{ .name = "network-address", .type = SET_PREFIX,
	  .flags = SET_REQUIRED, .warn = warn_network,
	  .restart = RESTART_NETWORK, .label = N_("Network Address"),
	  .help = N_("The local range of addresses."),
	  .group = N_("Addresses") },
	{ .name = "interface-network", .type = SET_NAME, .def = "none",
	  .choices = no_interface, .flags = SET_LATER,
	  .restart = RESTART_NETWORK, .label = N_("Interface Network"),
	  .help = N_("Bridge or link on which the router gets a port."),
	  .group = N_("Addresses") },
	{ .name = "placement", .type = SET_ENUM, .def = "namespace",
	  .choices = placements, .check = check_placement,
	  .restart = RESTART_NETWORK, .label = N_("Placement"),
	  .help = N_("Where the router lives."), .group = N_("General") },
	/* the port on the segment that joins all networks */
	{ .name = "dmz-address", .type = SET_ADDRESS, .def = "auto",
	  .choices = auto_dmz, .shown = shown_namespace,
	  .check = check_dmz, .restart = RESTART_NETWORK,
	  .label = N_("DMZ IP"),
	  .help = N_("Address on the segment that joins all networks."),
	  .group = N_("Addresses") },
	{ .name = "assigned-address", .type = SET_ADDRESS,
	  .flags = SET_LIST | SET_LATER, .shown = shown_namespace,
	  .check = check_assigned, .restart = RESTART_RULES,
	  .label = N_("Assigned IP Addresses"),
	  .help = N_("Public addresses handed to this network."),
	  .group = N_("Addresses") },
	{ .name = "mtu", .type = SET_INTEGER, .def = "auto", .min = 576,
	  .max = 9216, .unit = N_("bytes"), .choices = auto_mtu,
	  .check = check_mtu, .restart = RESTART_NETWORK,
	  .label = N_("MTU size"),
	  .help = N_("Largest packet on the ports of the network."),
	  .group = N_("General") },
	{ .name = "on-power-loss", .type = SET_ENUM, .def = "last-state",
	  .choices = power_losses, .label = N_("On Power Loss"),
	  .help = N_("Power state when the engine starts."),
	  .group = N_("General") },
	/* for all rules of the network together */
	{ .name = "track-statistics", .type = SET_BOOL, .def = "no",
	  .flags = SET_LATER, .restart = RESTART_RULES,
	  .label = N_("Track Statistics For All Rules"),
	  .help = N_("Count packets of every rule."),
	  .group = N_("Rules") },
	{ .name = "trace-rules", .type = SET_BOOL, .def = "no",
	  .flags = SET_LATER, .restart = RESTART_RULES,
	  .label = N_("Trace/Debug Rules"),
	  .help = N_("Trace packets through every rule."),
	  .group = N_("Rules") },
	{ .name = NULL }
};

static bool
shown_normal(const struct conf_node *n, const char **why)
{
	*why = "configuration-mode is advanced";
	return is(n, "configuration-mode", "normal");
}

static bool
shown_advanced(const struct conf_node *n, const char **why)
{
	*why = "configuration-mode is normal";
	return is(n, "configuration-mode", "advanced");
}

/* May some phase 1 of the network use the version, and pass the filter. */
static bool
some_phase1(const struct conf_node *ipsec, const char *other_version,
    bool (*also)(const struct conf_node *p1))
{
	const struct conf_node *p1 = NULL;

	while ((p1 = conf_next_child(ipsec->parent, "phase1", p1)) != NULL) {
		if (!is(p1, "key-exchange", other_version) &&
		    (also == NULL || also(p1)))
			return true;
	}
	return false;
}

static bool
shown_some_v1(const struct conf_node *n, const char **why)
{
	if (!shown_normal(n, why))
		return false;
	*why = "no phase 1 may use IKEv1";
	return some_phase1(n, "ikev2", NULL);
}

static bool
has_reauth(const struct conf_node *p1)
{
	return conf_bool(p1, "reauth");
}

static bool
shown_reauth(const struct conf_node *n, const char **why)
{
	if (!shown_normal(n, why))
		return false;
	*why = "no phase 1 reauthenticates by IKEv2";
	return some_phase1(n, "ikev1", has_reauth);
}

static const char *
warn_ipcomp(const struct conf_node *n, const char *value, char *buf)
{
	const struct conf_node *p1 = NULL, *p2;

	(void)buf;
	if (!str_eq(value, "yes"))
		return NULL;
	while ((p1 = conf_next_child(n->parent, "phase1", p1)) != NULL) {
		p2 = NULL;
		while ((p2 = conf_next_child(p1, "phase2", p2)) != NULL) {
			if (is(p2, "protocol", "ah"))
				return N_("IPComp before AH compresses, but "
				    "hides nothing.");
		}
	}
	return NULL;
}

static const char *
warn_unencrypted(const struct conf_node *n, const char *value, char *buf)
{
	(void)n;
	(void)buf;
	if (!str_eq(value, "yes"))
		return NULL;
	return N_("Identities will cross the network in clear and the peer "
	    "can be impersonated more easily; use only for a peer that "
	    "cannot do otherwise.");
}

static const struct set_choice modes[] = {
	{ "normal", N_("The settings here"), NULL, false },
	{ "advanced", N_("The texts of ipsec.conf and its companions"), NULL,
	  true },
	{ .word = NULL }
};

static const struct set_choice uniques[] = {
	{ "yes", N_("A new IKE SA replaces the older"), NULL, false },
	{ "no", N_("Only if the peer says it is its first"), NULL, false },
	{ "never", N_("Not even then"), NULL, false },
	{ "replace", N_("As yes"), NULL, false },
	{ "keep", N_("The new one is refused"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice mss_words[] = {
	{ "0", N_("Off"), NULL, false },
	{ "auto", N_("What fits the tunnel"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice crl_policies[] = {
	{ "no", N_("Only a known revocation refuses"), NULL, false },
	{ "if-uri", N_("A CRL is needed where one is named"), NULL, false },
	{ "yes", N_("A CRL is always needed"), NULL, false },
	{ .word = NULL }
};

#define ROW_FILE(row_name, row_label, row_help, conf) \
	{ .name = row_name, .type = SET_TEXT, .max = 60000, \
	  .flags = SET_MULTILINE | SET_LATER, .shown = shown_advanced, \
	  .restart = RESTART_IKE, .label = row_label, .help = row_help, \
	  .group = N_("Advanced"), .ipsec_conf = conf }

const struct set_row ipsec_table[] = {
	{ .name = "enabled", .type = SET_BOOL, .def = "yes",
	  .restart = RESTART_IKE, .label = N_("Enabled"),
	  .help = N_("Does this network speak IKE."),
	  .group = N_("General") },
	{ .name = "configuration-mode", .type = SET_ENUM, .def = "normal",
	  .choices = modes, .restart = RESTART_IKE,
	  .label = N_("Configuration Mode"),
	  .help = N_("Settings, or strongSwan's texts."),
	  .group = N_("General") },
	ROW_FILE("strongswan-conf", N_("strongswan.conf"),
	    N_("Text in the form of strongswan.conf."), "strongswan.conf"),
	ROW_FILE("ipsec-conf", N_("ipsec.conf"),
	    N_("Text in the form of ipsec.conf."), "ipsec.conf"),
	ROW_FILE("ipsec-secrets", N_("ipsec.secrets"),
	    N_("Text in the form of ipsec.secrets."), "ipsec.secrets"),
	/* yes is replace; 12.6 has the details of the others */
	{ .name = "unique-ids", .type = SET_ENUM, .def = "yes",
	  .choices = uniques, .shown = shown_normal,
	  .label = N_("Unique IDs"),
	  .help = N_("What a second IKE SA with the same identities does."),
	  .group = N_("General"), .ipsec_conf = "config setup uniqueids",
	  .swanctl = "unique" },
	{ .name = "ipcomp", .type = SET_BOOL, .def = "no",
	  .flags = SET_LATER, .shown = shown_normal, .warn = warn_ipcomp,
	  .restart = RESTART_CHILD,
	  .label = N_("Propose IPComp Compression"),
	  .help = N_("Compress packets before they are encrypted."),
	  .group = N_("Traffic"), .ipsec_conf = "compress",
	  .swanctl = "children.ipcomp" },
	{ .name = "exclude-my-network", .type = SET_BOOL, .def = "yes",
	  .shown = shown_normal, .restart = RESTART_CHILD,
	  .label = N_("Exclude My Network"),
	  .help = N_("Hosts of the local network reach each other in "
	    "clear."),
	  .group = N_("Traffic"), .ipsec_conf = "type=passthrough",
	  .swanctl = "children.mode=pass" },
	/* both act in IKEv1 only */
	{ .name = "cisco-extensions", .type = SET_BOOL, .def = "no",
	  .flags = SET_LATER, .shown = shown_some_v1,
	  .restart = RESTART_IKE, .label = N_("Cisco Extensions"),
	  .help = N_("Unity attributes of IKEv1."),
	  .group = N_("Compatibility"), .swanctl = "charon.cisco_unity" },
	{ .name = "accept-unencrypted-main-mode", .type = SET_BOOL,
	  .def = "no", .flags = SET_LATER, .shown = shown_some_v1,
	  .warn = warn_unencrypted, .restart = RESTART_IKE,
	  .label = N_("Unencrypted ID and HASH payloads in IKEv1 Main "
	    "Mode"),
	  .help = N_("Accept them from peers that cannot do otherwise."),
	  .group = N_("Compatibility"),
	  .swanctl = "charon.accept_unencrypted_mainmode_messages" },
	{ .name = "mss-clamp", .type = SET_INTEGER, .def = "0", .min = 216,
	  .max = 9176, .unit = N_("bytes"), .choices = mss_words,
	  .flags = SET_LATER, .shown = shown_normal,
	  .below = N_("MSS {v} is below 216, the smallest that IPv4 hosts "
	    "must accept."),
	  .restart = RESTART_RULES, .label = N_("MSS Clamp"),
	  .help = N_("Largest TCP segment through a tunnel; 0: off."),
	  .group = N_("Traffic"),
	  .swanctl = "charon.plugins.kernel-netlink.mss" },
	{ .name = "strict-crl-policy", .type = SET_ENUM, .def = "no",
	  .choices = crl_policies,
	  .shown = shown_normal, .label = N_("Strict CRL Policy"),
	  .help = N_("Must revocation lists be at hand."),
	  .group = N_("General"),
	  .ipsec_conf = "config setup strictcrlpolicy",
	  .swanctl = "remote.revocation" },
	{ .name = "make-before-break", .type = SET_BOOL, .def = "no",
	  .shown = shown_reauth,
	  .label = N_("Make Before Break"),
	  .help = N_("Reauthenticate before the old IKE SA is deleted."),
	  .group = N_("General"),
	  .swanctl = "charon.make_before_break" },
	{ .name = NULL }
};

static const struct conf_object *const no_children[] = { NULL };

const struct conf_object ipsec_object = {
	.word = "ipsec",
	.label = N_("IPsec"),
	.help = N_("Defaults for all tunnels of the network."),
	.naming = OBJ_SINGLE,
	.rows = ipsec_table,
	.children = no_children,
	.limit = 1,
};

static const struct conf_object *const network_children[] = {
	&ipsec_object, &phase1_object, &rule_object, &route_object, NULL
};

const struct conf_object network_object = {
	.word = "vpn-network",
	.label = N_("VPN network"),
	.help = N_("A router with its tunnels."),
	.naming = OBJ_NAMED,
	.rows = network_table,
	.children = network_children,
	.limit = 1000,
};
