/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the state machines need to know of a phase 1 entry and its phase 2
 * entries, in IKE's own terms.  Built by the engine from the configuration,
 * counted by reference, never changed once handed to a host.
 */
#ifndef SP_IKE_CONF_H
#define SP_IKE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/secret.h"
#include "ike/cred.h"
#include "ike/ident.h"
#include "ike/proposal.h"
#include "ike/ts.h"

#define CP_DNS_MAX 4		/* name servers */

enum ike_unique { UNIQUE_YES, UNIQUE_NO, UNIQUE_NEVER, UNIQUE_KEEP };

/* RFC 7383: what is announced, what is sent */
enum ike_fragmentation { FRAG_YES, FRAG_NO, FRAG_FORCE, FRAG_ACCEPT };

enum ike_version {
	IKE_VERSION_AUTO,	/* begins with 2, answers both */
	IKE_VERSION_1, IKE_VERSION_2
};

struct ike_child_conf {
	unsigned refs;
	char *name;		/* phase 2 name */
	uint8_t protocol;	/* PROTO_ESP or PROTO_AH */
	bool transport;
	struct suite *suites;
	size_t nr_suites;
	struct ts_list local_ts, remote_ts;
	bool local_dynamic;	/* plus our outer address */
	bool remote_dynamic;	/* plus the peer's outer address */
	int64_t lifetime_ms;	/* TIME_NEVER = forever */
	uint64_t life_bytes, life_packets;	/* 0 = none */
	int64_t inactivity_ms;	/* 0 = none */
	uint32_t replay_window;	/* packets */
};

struct ike_conf {
	unsigned refs;
	char *name;		/* "network/phase1", for log and status */
	struct ip_addr local_addr;	/* family 0 = any */
	struct ip_addr *remote_addrs;	/* whom it answers; none = anybody */
	size_t nr_remote_addrs;
	uint16_t remote_port;	/* to start with, 500 by default */
	struct ident local_id;	/* ID_ANY: our address in use */
	struct ident remote_id;	/* pattern; ID_ANY accepts everybody */
	struct secret psk;
	struct secret ppk;	/* RFC 8784; empty: none */
	char *ppk_id;
	bool ppk_required;
	struct ike_cred cred;	/* which of the two, and certificates */
	struct suite *suites;
	size_t nr_suites;
	int64_t lifetime_ms;	/* TIME_NEVER = forever */
	int64_t margin_ms;	/* renewal lead time, also of the children */
	unsigned fuzz_percent;	/* random enlargement of margin_ms */
	bool rekey, reauth;
	enum ike_version version;
	bool aggressive;	/* IKEv1: Aggressive Mode */
	unsigned dpd_failures;	/* IKEv1: probes without an answer */
	bool force_encap;
	enum ike_fragmentation fragmentation;
	bool mobike;
	bool ask_address[2];	/* client: an address inside, IPv4, IPv6 */
	struct ip_prefix pool[2];	/* server: to give; family 0 = none */
	struct ip_addr dns[CP_DNS_MAX];	/* server: name servers to tell of */
	size_t nr_dns;
	bool dpd;		/* probes are sent */
	int64_t dpd_delay_ms;	/* 0 = no probes */
	enum ike_unique unique;
	struct ike_child_conf **children;	/* a reference each */
	size_t nr_children;
};

/* Empty configurations with one reference, IKE's defaults filled in. */
struct ike_conf *ike_conf_new(const char *name);
struct ike_child_conf *ike_child_conf_new(const char *name);

/* Append a child (takes over the caller's reference). */
void ike_conf_add_child_take(struct ike_conf *c, struct ike_child_conf *ch);

struct ike_conf *ike_conf_ref(struct ike_conf *c);
void ike_conf_unref(struct ike_conf *c);
struct ike_child_conf *ike_child_conf_ref(struct ike_child_conf *c);
void ike_child_conf_unref(struct ike_child_conf *c);

/* Child by name, or NULL. */
struct ike_child_conf *ike_conf_child(const struct ike_conf *c,
    const char *name);

#endif
