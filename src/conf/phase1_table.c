/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Settings of a phase 1 entry (settings.md section 3): a peer and how to
 * speak IKE with it.  A row that belongs to one version of IKE is shown when
 * key-exchange can become that version; auto can become both.
 */
#include "conf/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/str.h"
#include "conf/defaults.h"

#define DAY 86400
#define BITS_LEAST 64		/* of a pre-shared key */
#define BITS_EXPOSED 128	/* where a hash of it crosses the network */
#define DNS_MAX 4		/* name servers that a peer is told of */
#define KEY_CHARACTERS 20

static bool
is(const struct conf_node *n, const char *setting, const char *value)
{
	return str_eq(conf_str(n, setting), value);
}

static bool
shown_v1(const struct conf_node *n, const char **why)
{
	*why = "key-exchange is ikev2";
	return !is(n, "key-exchange", "ikev2");
}

static bool
shown_v2(const struct conf_node *n, const char **why)
{
	*why = "key-exchange is ikev1";
	return !is(n, "key-exchange", "ikev1");
}

/* Does this side, or the peer, authenticate so. */
static bool
is_ours(const struct conf_node *n, const char *method)
{
	return is(n, "authentication", method);
}

static bool
is_theirs(const struct conf_node *n, const char *method)
{
	if (is(n, "peer-authentication", "same"))
		return is_ours(n, method);
	return is(n, "peer-authentication", method);
}

static bool
shown_psk(const struct conf_node *n, const char **why)
{
	*why = is_ours(n, "certificate") ? "authentication is certificate" :
	    "authentication is null";
	return is_ours(n, "pre-shared-key") || is_theirs(n, "pre-shared-key");
}

static bool
shown_certificate(const struct conf_node *n, const char **why)
{
	*why = is_ours(n, "pre-shared-key") ?
	    "authentication is pre-shared-key" : "authentication is null";
	return is_ours(n, "certificate");
}

static bool
shown_trust(const struct conf_node *n, const char **why)
{
	*why = is_theirs(n, "pre-shared-key") ?
	    "authentication is pre-shared-key" : "authentication is null";
	return is_theirs(n, "certificate");
}

static bool
shown_split(const struct conf_node *n, const char **why)
{
	const struct conf_node *p2 = conf_next_child(n, "phase2", NULL);

	if (!shown_v2(n, why))
		return false;
	*why = "there are fewer than two phase 2 entries";
	return p2 != NULL && conf_next_child(n, "phase2", p2) != NULL;
}

static bool
shown_ppk(const struct conf_node *n, const char **why)
{
	*why = "ppk is not set";
	return conf_is_set(n, "ppk");
}

static bool
shown_pool(const struct conf_node *n, const char **why)
{
	*why = "address-pool is empty";
	return conf_count(n, "address-pool") > 0;
}

static bool
shown_tries(const struct conf_node *n, const char **why)
{
	*why = "connection-behavior is responder-only";
	return !is(n, "connection-behavior", "responder-only");
}

static bool
shown_rekey(const struct conf_node *n, const char **why)
{
	*why = "rekey is no";
	return conf_bool(n, "rekey");
}

static bool
shown_dpd(const struct conf_node *n, const char **why)
{
	*why = "dpd-action is none";
	return !is(n, "dpd-action", "none");
}

static bool
shown_failures(const struct conf_node *n, const char **why)
{
	return shown_dpd(n, why) && shown_v1(n, why);
}

static const char *
warn_exchange(const struct conf_node *n, const char *value, char *buf)
{
	(void)n;
	(void)buf;
	if (str_eq(value, "ikev1")) {
		return N_("IKEv1 is historic (RFC 9395); use ikev2 where the "
		    "peer can.");
	}
	return NULL;
}

static int
check_exchange(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	if (!str_eq(value, "ikev1") || (is_ours(n, "pre-shared-key") &&
	    is_theirs(n, "pre-shared-key")))
		return 0;
	return sp_fail(err, SP_INVALID, "IKEv1 authenticates both sides by "
	    "pre-shared key alone in this version.");
}

/* Is it one of the addresses that the network itself is known to have. */
static bool
is_own(const struct conf_node *network, const char *value)
{
	static const char *const own[] = { "address", "dmz-address",
		"assigned-address" };
	size_t k, i;

	for (k = 0; k < 3; k++) {
		for (i = 0; i < conf_count(network, own[k]); i++) {
			if (str_eq(conf_value(network, own[k], i), value))
				return true;
		}
	}
	return false;
}

static int
check_gateway(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	int ret;

	if (is_own(n->parent, value) || is(n, "local-address", value)) {
		return sp_fail(err, SP_INVALID, "%s is this network's own "
		    "address; the remote gateway is the other side.", value);
	}
	if (!str_eq(value, "any") ||
	    is(n, "connection-behavior", "responder-only"))
		return 0;
	ret = sp_fail(err, SP_INVALID, "A tunnel whose remote-gateway is any "
	    "can only answer; set connection-behavior responder-only.");
	sp_hint(err, "set vpn-network %s phase1 %s connection-behavior "
	    "responder-only", n->parent->name, n->name);
	return ret;
}

/*
 * In a namespace of its own a network has just the addresses that it was
 * given; those of the host are not known here.
 */
static int
check_local_address(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	const struct conf_node *network = n->parent;
	struct ip_prefix dmz;
	struct ip_addr a;

	if (!addr_parse(&a, value) || is_own(network, value) ||
	    !is(network, "placement", "namespace"))
		return 0;
	if (is(network, "dmz-address", "auto") &&
	    conf_prefix(conf_child(n->tree->root, "system", NULL),
	    "dmz-network", &dmz) && prefix_has(&dmz, &a))
		return 0;
	return sp_fail(err, SP_INVALID, "%s is not an address of network "
	    "\"%s\".", value, network->name);
}

static const char *
warn_lifetime(const struct conf_node *n, const char *value, char *buf)
{
	(void)value;
	(void)buf;
	if (conf_duration(n, "lifetime") <= DAY)
		return NULL;
	return N_("NIST SP 800-77 rev. 1 advises at most 24 hours for an IKE "
	    "SA.");
}

/* The key that the setting names, or NULL. */
static const struct secret *
key_of(const struct conf_node *n)
{
	char name[CONF_NAME_MAX];

	if (!conf_secret_name(conf_str(n, "pre-shared-key"), name,
	    sizeof(name)))
		return NULL;
	return conf_secret(n->tree, name);
}

/*
 * Main Mode with a pre-shared key picks the key by addresses, before the
 * identities are known (RFC 2409 5.4).
 */
static int
check_main_mode(const struct conf_node *n, struct sp_error *err)
{
	const char *remote = conf_str(n, "remote-gateway");
	const struct conf_node *o = NULL;
	const struct secret *mine = key_of(n), *key;

	if (!is(n, "key-exchange", "ikev1") ||
	    !is(n, "negotiation-mode", "main"))
		return 0;
	/* only entries before this one: each pair is told once */
	while ((o = conf_next_child(n->parent, "phase1", o)) != n) {
		if (!is(o, "remote-gateway", remote) ||
		    !is(o, "key-exchange", "ikev1") ||
		    !is(o, "local-address", conf_str(n, "local-address")) ||
		    !conf_node_enabled(o))
			continue;
		key = key_of(o);
		if (key == NULL || secret_eq(mine, key))
			continue;
		return sp_fail(err, SP_INVALID, "Phase 1 \"%s\" and \"%s\" "
		    "share %s, and Main Mode cannot tell their keys apart; "
		    "give them the same key, or use ikev2.", o->name, n->name,
		    remote);
	}
	return 0;
}

static int
check_key(const struct conf_node *n, const char *value, struct sp_error *err)
{
	char name[CONF_NAME_MAX];
	struct secret bytes;
	int ret;

	if (!conf_secret_name(value, name, sizeof(name)))
		return 0;
	if (conf_secret(n->tree, name) == NULL) {
		return sp_fail(err, SP_INVALID, "pre-shared-key names secret "
		    "\"%s\", which does not exist.", name);
	}
	ret = conf_secret_bytes(n->tree, name, &bytes, err);
	if (ret < 0)
		return ret;
	secret_free(&bytes);
	return check_main_mode(n, err);
}

static const char *
warn_key(const struct conf_node *n, const char *value, char *buf)
{
	const struct secret *key = key_of(n);
	unsigned bits, least = BITS_LEAST;
	bool text;

	(void)value;
	if (key == NULL)
		return NULL;
	if (is(n, "negotiation-mode", "aggressive"))
		least = BITS_EXPOSED;
	bits = conf_secret_bits(key);
	/* the number of characters says nothing about 0x and 0s forms */
	text = key->len < 2 || key->data[0] != '0' ||
	    strchr("xs", key->data[1]) == NULL;
	if (bits >= least && (!text || key->len >= KEY_CHARACTERS))
		return NULL;
	snprintf(buf, 256, "This pre-shared key can be guessed off line (%u "
	    "bits); generate one.", bits);
	return buf;
}

/* Aggressive Mode sends its one KE payload before anything is agreed. */
static int
check_negotiation(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	struct conf_proposal p, first;
	struct buf list = {0};
	bool differ = false;
	size_t i;
	int ret = 0;

	if (!str_eq(value, "aggressive") || !conf_proposal_at(n, 0, &first))
		return 0;
	for (i = 0; conf_proposal_at(n, i, &p); i++) {
		differ |= !str_eq(p.dh_group, first.dh_group);
		buf_printf(&list, "%s%s", i > 0 ? ", " : "", p.dh_group);
	}
	if (differ) {
		ret = sp_fail(err, SP_INVALID, "Aggressive Mode sends one DH "
		    "group; the proposals have %s. Keep one.",
		    (const char *)list.data);
	}
	buf_free(&list);
	return ret;
}

static const char *
warn_negotiation(const struct conf_node *n, const char *value, char *buf)
{
	(void)n;
	(void)buf;
	if (!str_eq(value, "aggressive"))
		return NULL;
	return N_("Aggressive Mode sends identities in clear and, with a "
	    "pre-shared key, a hash that anyone who answers or listens can "
	    "attack off line.");
}

static const char *
warn_peer(const struct conf_node *n, const char *value, char *buf)
{
	if (!str_eq(value, "any") || !is(n, "authentication",
	    "pre-shared-key"))
		return NULL;
	snprintf(buf, 256, "Any peer that knows the key is accepted as %s.",
	    n->name);
	return buf;
}

static int
check_ppk(const struct conf_node *n, const char *value, struct sp_error *err)
{
	char name[CONF_NAME_MAX];

	if (!conf_secret_name(value, name, sizeof(name)))
		return 0;
	if (conf_secret(n->tree, name) == NULL) {
		return sp_fail(err, SP_INVALID, "ppk names secret \"%s\", "
		    "which does not exist.", name);
	}
	if (!conf_is_set(n, "ppk-identifier")) {
		return sp_fail(err, SP_INVALID, "Phase 1 \"%s\" has a ppk "
		    "but no ppk-identifier, by which the peer knows it.",
		    n->name);
	}
	/* NO_PPK_AUTH would take a second signature */
	if (is(n, "authentication", "certificate") &&
	    !conf_bool(n, "ppk-required")) {
		return sp_fail(err, SP_INVALID, "With authentication "
		    "certificate a ppk is required or not used; ppk-required "
		    "no works with pre-shared-key alone.");
	}
	return 0;
}

/* A pool has room between its ends, and each family one. */
static int
check_pool(const struct conf_node *n, const char *value, struct sp_error *err)
{
	struct ip_prefix p, other;
	size_t i, same = 0;

	if (!prefix_parse(&p, value))
		return 0;
	for (i = 0; i < conf_count(n, "address-pool"); i++) {
		if (prefix_parse(&other, conf_value(n, "address-pool", i)))
			same += other.addr.family == p.addr.family;
	}
	if (same > 1) {
		return sp_fail(err, SP_INVALID, "address-pool holds one "
		    "network of each family; %s is a second one.", value);
	}
	if (p.len + 2u > addr_len(&p.addr) * 8) {
		return sp_fail(err, SP_INVALID, "The pool %s has no address "
		    "between its first and its last one.", value);
	}
	return 0;
}

static int
check_pool_dns(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	(void)value;
	if (conf_count(n, "pool-dns") <= DNS_MAX)
		return 0;
	return sp_fail(err, SP_INVALID, "pool-dns holds at most %d name "
	    "servers.", DNS_MAX);
}

/* AH has no UDP encapsulation (RFC 3948 is about ESP alone). */
static int
check_encapsulation(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	const struct conf_node *p2 = NULL;

	if (!str_eq(value, "yes"))
		return 0;
	while ((p2 = conf_next_child(n, "phase2", p2)) != NULL) {
		if (!conf_node_enabled(p2) || !is(p2, "protocol", "ah"))
			continue;
		return sp_fail(err, SP_INVALID, "Phase 2 \"%s\" uses AH, "
		    "which has no UDP encapsulation; use ESP or turn "
		    "force-udp-encapsulation off.", p2->name);
	}
	return 0;
}

/* The entry, itself or a phase 2 below, whose SAs live shortest. */
static const struct conf_node *
shortest_lived(const struct conf_node *n)
{
	const struct conf_node *p2 = NULL, *shortest = n;

	while ((p2 = conf_next_child(n, "phase2", p2)) != NULL) {
		if (conf_node_enabled(p2) && conf_duration(p2, "lifetime") <
		    conf_duration(shortest, "lifetime"))
			shortest = p2;
	}
	return shortest;
}

/* Renewal begins at lifetime - margin * (1 + random 0..fuzz). */
static int
check_margin(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	const struct conf_node *short_one = shortest_lived(n);
	int64_t life = conf_duration(short_one, "lifetime");
	int64_t margin = conf_duration(n, "margin-time");
	int64_t percent = 100 + conf_int(n, "rekey-fuzz");
	struct buf most = {0};
	int ret;

	if (life == DURATION_FOREVER || margin * percent < life * 100)
		return 0;
	duration_print(&most, life * 100 / percent);
	ret = sp_fail(err, SP_INVALID, "margin-time %s with its random part "
	    "of %" PRId64 " %% reaches the whole lifetime %s of %s \"%s\"; "
	    "make it less than %s.", value, percent - 100,
	    conf_str(short_one, "lifetime"),
	    short_one == n ? "phase 1" : "phase 2", short_one->name,
	    (const char *)most.data);
	buf_free(&most);
	return ret;
}

static int
check_delay(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	if (!str_eq(value, "0") || !is(n, "key-exchange", "ikev1"))
		return 0;
	return sp_fail(err, SP_INVALID, "dpd-delay 0 turns probes off in "
	    "IKEv1; use dpd-action none to say so.");
}

static const char *
default_close(const struct conf_node *n)
{
	static const struct {
		const char *behavior, *action;
	} rows[] = {
		{ "responder-only", "none" },
		{ "on-demand", "trap" },
		{ "start", "start" },
	};
	size_t i = 0;

	while (!is(n, "connection-behavior", rows[i].behavior))
		i++;
	return rows[i].action;
}

/* Is there a row that the version can use: IKEv1 has no AEAD for IKE. */
static bool
has_usable_row(const struct conf_node *n)
{
	bool v1 = is(n, "key-exchange", "ikev1");
	struct conf_proposal p;
	size_t i;

	for (i = 0; conf_proposal_at(n, i, &p); i++) {
		if (!v1 || p.hash != NULL)
			return true;
	}
	return false;
}

static int
check_phase1(const struct conf_node *n, struct sp_error *err)
{
	int ret;

	if (is_ours(n, "certificate") && conf_str(n, "certificate") == NULL) {
		return sp_fail(err, SP_INVALID, "Phase 1 \"%s\" authenticates "
		    "by certificate but has none. Import or generate one and "
		    "set certificate.", n->name);
	}
	if ((is_ours(n, "pre-shared-key") ||
	    is_theirs(n, "pre-shared-key")) &&
	    !conf_is_set(n, "pre-shared-key")) {
		ret = sp_fail(err, SP_INVALID, "Phase 1 \"%s\" authenticates "
		    "by pre-shared key but has none. Type \"generate "
		    "pre-shared-key %s\" or set one.", n->name, n->name);
		sp_hint(err, "generate pre-shared-key %s", n->name);
		return ret;
	}
	if (has_usable_row(n))
		return 0;
	return sp_fail(err, SP_INVALID, "Phase 1 \"%s\" has no proposal that "
	    "%s can use.", n->name,
	    is(n, "key-exchange", "ikev1") ? "IKEv1" : "IKEv2");
}

static const struct set_choice exchanges[] = {
	{ "auto", N_("Starts as IKEv2"), NULL, false },
	{ "ikev2", N_("IKEv2 only"), NULL, false },
	{ "ikev1", N_("IKEv1 only (historic)"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice any_gateway[] = {
	{ "any", N_("Whoever proves to be the peer; we only answer"), NULL,
	  false },
	{ .word = NULL }
};

static const struct set_choice auto_address[] = {
	{ "auto", N_("The address that the route to the peer gives"), NULL,
	  false },
	{ .word = NULL }
};

static const struct set_choice methods[] = {
	{ "pre-shared-key", N_("Both sides know one key"), NULL, false },
	{ "certificate", N_("Each side signs with its certificate"), NULL,
	  false },
	{ "null", N_("Nothing is proven (RFC 7619)"),
	  "RFC 7619: anybody is let in", false },
	{ .word = NULL }
};

static const struct set_choice peer_methods[] = {
	{ "same", N_("As we do"), NULL, false },
	{ "pre-shared-key", N_("The peer knows the key"), NULL, false },
	{ "certificate", N_("The peer signs with its certificate"), NULL,
	  false },
	{ "null", N_("The peer proves nothing (RFC 7619)"),
	  "RFC 7619: anybody is let in", false },
	{ .word = NULL }
};

static const struct set_choice paddings[] = {
	{ "pss", N_("RSASSA-PSS"), NULL, false },
	{ "pkcs1", N_("RSASSA-PKCS1-v1_5"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice negotiations[] = {
	{ "main", N_("Identities are protected"), NULL, false },
	{ "aggressive", N_("Three messages, identities in clear"), NULL,
	  false },
	{ .word = NULL }
};

static const struct set_choice any_peer[] = {
	{ "any", N_("Every identity"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice behaviors[] = {
	{ "responder-only", N_("Never starts, answers the peer"), NULL,
	  false },
	{ "on-demand", N_("The first packet starts it"), NULL, false },
	{ "start", N_("Starts at power-on and after a loss"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice dpd_actions[] = {
	{ "none", N_("No probes"), NULL, false },
	{ "clear", N_("Remove the tunnel, stay down"), NULL, false },
	{ "hold", N_("Remove the tunnel, start with the next packet"), NULL,
	  false },
	{ "restart", N_("Remove the tunnel, negotiate at once"), NULL,
	  false },
	{ .word = NULL }
};

static const struct set_choice fragmentations[] = {
	{ "yes", N_("If the peer can, else whole messages"), NULL, false },
	{ "no", N_("Never"), NULL, false },
	{ "force", N_("Always"), NULL, false },
	{ "accept", N_("Only those of the peer"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice requests[] = {
	{ "no", N_("None"), NULL, false },
	{ "ipv4", N_("An IPv4 address and name servers"), NULL, false },
	{ "ipv6", N_("An IPv6 address and name servers"), NULL, false },
	{ "both", N_("One of each family"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice closes[] = {
	{ "none", N_("Stay closed"), NULL, false },
	{ "trap", N_("Wait for the next packet"), NULL, false },
	{ "start", N_("Negotiate again"), NULL, false },
	{ .word = NULL }
};

const struct set_row phase1_table[] = {
	{ .name = "enabled", .type = SET_BOOL, .def = "yes",
	  .restart = RESTART_IKE, .label = N_("Enabled"),
	  .help = N_("Is this entry in use."), .group = N_("General") },
	{ .name = "description", .type = SET_TEXT, .max = 255,
	  .label = N_("Description"),
	  .help = N_("A note for people; it has no effect."),
	  .group = N_("General") },
	{ .name = "key-exchange", .type = SET_ENUM, .def = "auto",
	  .choices = exchanges, .check = check_exchange,
	  .warn = warn_exchange,
	  .restart = RESTART_IKE, .label = N_("Key Exchange Version"),
	  .help = N_("Version of IKE that is spoken with the peer."),
	  .group = N_("General"), .ipsec_conf = "keyexchange",
	  .swanctl = "version" },
	{ .name = "remote-gateway", .type = SET_HOST,
	  .flags = SET_REQUIRED, .choices = any_gateway,
	  .check = check_gateway, .restart = RESTART_IKE,
	  .label = N_("Remote Gateway"),
	  .help = N_("Address or host name of the peer."),
	  .group = N_("General"), .ipsec_conf = "right",
	  .swanctl = "remote_addrs" },
	{ .name = "local-address", .type = SET_ADDRESS, .def = "auto",
	  .flags = SET_ADVANCED, .choices = auto_address,
	  .check = check_local_address, .restart = RESTART_IKE,
	  .label = N_("Local Address"),
	  .help = N_("Own address that IKE uses."),
	  .group = N_("General"), .ipsec_conf = "left",
	  .swanctl = "local_addrs" },
	{ .name = "lifetime", .type = SET_DURATION, .def = "3h", .min = 60,
	  .max = DURATION_FOREVER, .warn = warn_lifetime,
	  .below = N_("A lifetime is at least 60 seconds; {v} is too "
	    "short."),
	  .label = N_("Lifetime"),
	  .help = N_("Age at which the IKE SA ends."),
	  .group = N_("Renewal"), .ipsec_conf = "ikelifetime",
	  .swanctl = "rekey_time" },
	/* who is there */
	{ .name = "authentication", .type = SET_ENUM,
	  .def = "pre-shared-key", .choices = methods,
	  .better = "certificate",
	  .restart = RESTART_IKE, .label = N_("Authentication Method"),
	  .help = N_("How each side proves who it is."),
	  .group = N_("Authentication"), .ipsec_conf = "authby",
	  .swanctl = "local.auth" },
	{ .name = "peer-authentication", .type = SET_ENUM, .def = "same",
	  .choices = peer_methods, .flags = SET_ADVANCED,
	  .better = "certificate",
	  .shown = shown_v2, .restart = RESTART_IKE,
	  .label = N_("Peer's Authentication Method"),
	  .help = N_("How the peer proves who it is, if not as we do."),
	  .group = N_("Authentication"), .ipsec_conf = "rightauth",
	  .swanctl = "remote.auth" },
	{ .name = "pre-shared-key", .type = SET_SECRET, .shown = shown_psk,
	  .check = check_key, .warn = warn_key, .restart = RESTART_IKE,
	  .label = N_("Pre-Shared Key"),
	  .help = N_("The key that both sides know: text, 0x and hex, or 0s "
	    "and base64."),
	  .group = N_("Authentication"), .ipsec_conf = "ipsec.secrets: PSK",
	  .swanctl = "secrets.ike.secret" },
	{ .name = "certificate", .type = SET_REFERENCE,
	  .ref_object = "certificate", .shown = shown_certificate,
	  .restart = RESTART_IKE, .label = N_("Certificate"),
	  .help = N_("Our certificate."), .group = N_("Authentication"),
	  .ipsec_conf = "leftcert", .swanctl = "local.certs" },
	{ .name = "rsa-padding", .type = SET_ENUM, .def = "pss",
	  .choices = paddings, .flags = SET_ADVANCED,
	  .shown = shown_certificate, .restart = RESTART_IKE,
	  .label = N_("RSA Padding"),
	  .help = N_("Form of our RSA signatures under RFC 7427."),
	  .group = N_("Authentication"), .swanctl = "local.auth" },
	{ .name = "authority", .type = SET_REFERENCE,
	  .flags = SET_LIST, .ref_object = "authority",
	  .shown = shown_trust, .restart = RESTART_IKE,
	  .label = N_("Trusted Authorities"),
	  .help = N_("Whose certificates the peer may show; empty: all."),
	  .group = N_("Authentication"), .ipsec_conf = "rightca",
	  .swanctl = "remote.cacerts" },
	{ .name = "peer-certificate", .type = SET_REFERENCE,
	  .ref_object = "certificate",
	  .shown = shown_trust, .restart = RESTART_IKE,
	  .label = N_("Peer Certificate"),
	  .help = N_("The only certificate that is accepted."),
	  .group = N_("Authentication"), .ipsec_conf = "rightcert",
	  .swanctl = "remote.certs" },
	/* post-quantum preshared key, RFC 8784 */
	{ .name = "ppk", .type = SET_SECRET, .flags = SET_ADVANCED,
	  .shown = shown_v2, .check = check_ppk, .restart = RESTART_IKE,
	  .label = N_("Post-Quantum Preshared Key"),
	  .help = N_("A second key, against those who record now and break "
	    "the key exchange later."),
	  .group = N_("Authentication"), .ipsec_conf = "ipsec.secrets: PPK",
	  .swanctl = "secrets.ppk.secret" },
	{ .name = "ppk-identifier", .type = SET_TEXT, .max = 128,
	  .flags = SET_ADVANCED, .shown = shown_ppk, .restart = RESTART_IKE,
	  .label = N_("PPK Identifier"),
	  .help = N_("Its name, the same at the peer."),
	  .group = N_("Authentication"), .swanctl = "ppk_id" },
	{ .name = "ppk-required", .type = SET_BOOL, .def = "yes",
	  .flags = SET_ADVANCED, .shown = shown_ppk, .restart = RESTART_IKE,
	  .label = N_("PPK Required"),
	  .help = N_("Is a peer without it refused."),
	  .group = N_("Authentication"), .swanctl = "ppk_required" },
	/* IKEv1 alone (RFC 2409 5.4) */
	{ .name = "negotiation-mode", .type = SET_ENUM, .def = "main",
	  .choices = negotiations, .shown = shown_v1,
	  .check = check_negotiation, .warn = warn_negotiation,
	  .restart = RESTART_IKE, .label = N_("Negotiation Mode"),
	  .help = N_("Form of the first exchange of IKEv1."),
	  .group = N_("General"), .ipsec_conf = "aggressive",
	  .swanctl = "aggressive" },
	{ .name = "identifier", .type = SET_IDENTITY,
	  .restart = RESTART_IKE, .label = N_("Identifier"),
	  .help = N_("Who we say we are; empty: our current address."),
	  .group = N_("Authentication"), .ipsec_conf = "leftid",
	  .swanctl = "local.id" },
	{ .name = "peer-identifier", .type = SET_IDENTITY,
	  .choices = any_peer, .warn = warn_peer, .restart = RESTART_IKE,
	  .label = N_("Peer Identifier"),
	  .help = N_("Who the peer must be; empty: its remote-gateway."),
	  .group = N_("Authentication"), .ipsec_conf = "rightid",
	  .swanctl = "remote.id" },
	/* also what follows a loss: settings.md 12.9 */
	{ .name = "connection-behavior", .type = SET_ENUM,
	  .def = "on-demand", .choices = behaviors,
	  .label = N_("Connection Behavior"),
	  .help = N_("When the tunnel is brought up, and again after a "
	    "loss."),
	  .group = N_("General"), .ipsec_conf = "auto",
	  .swanctl = "children.start_action" },
	/*
	 * How packets find the peer.  Split connections exist for peers
	 * that take one pair of networks in each child (12.10).
	 */
	{ .name = "mobike", .type = SET_BOOL, .def = "no",
	  .shown = shown_v2, .restart = RESTART_IKE,
	  .label = N_("MOBIKE"),
	  .help = N_("Follow changes of addresses (RFC 4555)."),
	  .group = N_("Network"), .ipsec_conf = "mobike",
	  .swanctl = "mobike" },
	/* configuration payload (RFC 7296 2.19); selectors "dynamic" then
	 * mean the address that was given */
	{ .name = "request-address", .type = SET_ENUM, .def = "no",
	  .choices = requests, .flags = SET_ADVANCED, .shown = shown_v2,
	  .restart = RESTART_IKE, .label = N_("Request Address"),
	  .help = N_("Ask the peer for an address inside."),
	  .group = N_("Network"), .ipsec_conf = "leftsourceip",
	  .swanctl = "vips" },
	{ .name = "address-pool", .type = SET_PREFIX,
	  .flags = SET_LIST | SET_ADVANCED, .shown = shown_v2,
	  .check = check_pool, .restart = RESTART_IKE,
	  .label = N_("Address Pool"),
	  .help = N_("Addresses to give to peers that ask; one network of "
	    "each family."),
	  .group = N_("Network"), .ipsec_conf = "rightsourceip",
	  .swanctl = "pools" },
	{ .name = "pool-dns", .type = SET_ADDRESS,
	  .flags = SET_LIST | SET_ADVANCED, .shown = shown_pool,
	  .check = check_pool_dns, .restart = RESTART_IKE,
	  .label = N_("Name Servers"),
	  .help = N_("Name servers that peers with an address are told of."),
	  .group = N_("Network"), .ipsec_conf = "rightdns",
	  .swanctl = "pools.dns" },
	{ .name = "split-connections", .type = SET_BOOL, .def = "no",
	  .shown = shown_split, .restart = RESTART_CHILD,
	  .label = N_("Split Connections"),
	  .help = N_("Negotiate each phase 2 entry by itself."),
	  .group = N_("Network") },
	{ .name = "force-udp-encapsulation", .type = SET_BOOL, .def = "no",
	  .check = check_encapsulation, .restart = RESTART_IKE,
	  .label = N_("Force UDP Encapsulation"),
	  .help = N_("Use UDP 4500 even where no NAT is found."),
	  .group = N_("Network"), .ipsec_conf = "forceencaps",
	  .swanctl = "encap" },
	{ .name = "keying-tries", .type = SET_INTEGER, .def = "3",
	  .min = 0, .max = 1000, .unit = N_("tries"), .shown = shown_tries,
	  .label = N_("Keying Tries"),
	  .help = N_("Attempts before it counts as failed; 0: no end."),
	  .group = N_("Renewal"), .ipsec_conf = "keyingtries",
	  .swanctl = "keyingtries" },
	/*
	 * Renewal: margin-time is a lead time before the end, enlarged by
	 * a random part, so that two sides do not meet (12.2).
	 */
	{ .name = "rekey", .type = SET_BOOL, .def = "yes",
	  .label = N_("Rekey"),
	  .help = N_("Do we renew keys before they end."),
	  .group = N_("Renewal"), .ipsec_conf = "rekey",
	  .swanctl = "rekey_time" },
	{ .name = "reauth", .type = SET_BOOL, .def = "yes",
	  .shown = shown_v2, .label = N_("Reauthenticate"),
	  .help = N_("Renew the IKE SA by a new one with authentication."),
	  .group = N_("Renewal"), .ipsec_conf = "reauth",
	  .swanctl = "reauth_time" },
	{ .name = "margin-time", .type = SET_DURATION, .def = "9m",
	  .min = 1, .max = INT32_MAX, .shown = shown_rekey,
	  .check = check_margin, .label = N_("Margin Time"),
	  .help = N_("How long before the end renewal begins."),
	  .group = N_("Renewal"), .ipsec_conf = "margintime",
	  .swanctl = "rekey_time" },
	{ .name = "rekey-fuzz", .type = SET_INTEGER, .def = "100",
	  .min = 0, .max = 200, .unit = N_("percent"),
	  .flags = SET_ADVANCED, .shown = shown_rekey,
	  .label = N_("Rekey Fuzz"),
	  .help = N_("Random enlargement of margin-time."),
	  .group = N_("Renewal"), .ipsec_conf = "rekeyfuzz",
	  .swanctl = "rand_time" },
	/*
	 * Death of the peer.  IKEv2 knows no count of failures: a probe
	 * dies with its retransmissions (RFC 7296 2.4; 12.11).
	 */
	{ .name = "dpd-action", .type = SET_ENUM, .def = "restart",
	  .choices = dpd_actions, .label = N_("Dead Peer Detection"),
	  .help = N_("What follows when the peer answers no more."),
	  .group = N_("Dead Peer Detection"), .ipsec_conf = "dpdaction",
	  .swanctl = "children.dpd_action" },
	{ .name = "dpd-delay", .type = SET_DURATION, .def = "30s",
	  .min = 0, .max = 3600, .shown = shown_dpd, .check = check_delay,
	  .label = N_("DPD Delay"),
	  .help = N_("Silence of the peer after which it is probed."),
	  .group = N_("Dead Peer Detection"), .ipsec_conf = "dpddelay",
	  .swanctl = "dpd_delay" },
	{ .name = "dpd-failures", .type = SET_INTEGER, .def = "5",
	  .min = 1, .max = 100, .shown = shown_failures,
	  .label = N_("DPD Failures"),
	  .help = N_("Probes without answer that IKEv1 takes for death."),
	  .group = N_("Dead Peer Detection"), .ipsec_conf = "dpdtimeout",
	  .swanctl = "dpd_timeout" },
	{ .name = "fragmentation", .type = SET_ENUM, .def = "yes",
	  .choices = fragmentations, .flags = SET_ADVANCED,
	  .restart = RESTART_IKE, .label = N_("IKE Fragmentation"),
	  .help = N_("Split long IKE messages (RFC 7383)."),
	  .group = N_("Network"), .ipsec_conf = "fragmentation",
	  .swanctl = "fragmentation" },
	/* other ports than 500 imply NAT-T framing from the start */
	{ .name = "local-port", .type = SET_INTEGER, .def = "500",
	  .min = 1, .max = 65535, .flags = SET_ADVANCED | SET_LATER,
	  .restart = RESTART_IKE, .label = N_("Local Port"),
	  .help = N_("Own UDP port of IKE."), .group = N_("Network"),
	  .ipsec_conf = "leftikeport", .swanctl = "local_port" },
	{ .name = "remote-port", .type = SET_INTEGER, .def = "500",
	  .min = 1, .max = 65535, .flags = SET_ADVANCED | SET_LATER,
	  .restart = RESTART_IKE, .label = N_("Remote Port"),
	  .help = N_("UDP port of the peer's IKE."), .group = N_("Network"),
	  .ipsec_conf = "rightikeport", .swanctl = "remote_port" },
	{ .name = "close-action", .type = SET_ENUM, .choices = closes,
	  .dynamic_def = default_close, .flags = SET_ADVANCED,
	  .label = N_("On Peer's Delete"),
	  .help = N_("What follows when the peer closes a child."),
	  .group = N_("Dead Peer Detection"), .ipsec_conf = "closeaction",
	  .swanctl = "children.close_action" },
	{ .name = NULL }
};

static const struct conf_object *const children[] = {
	&proposal1_object, &phase2_object, NULL
};

const struct conf_object phase1_object = {
	.word = "phase1",
	.label = N_("Phase 1"),
	.help = N_("A peer and how to speak IKE with it."),
	.naming = OBJ_NAMED,
	.rows = phase1_table,
	.children = children,
	.check = check_phase1,
	.limit = 20000,
};
