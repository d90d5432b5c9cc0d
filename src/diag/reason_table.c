/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What each reason code means and what to do about it: one row a code of
 * base/reason.h.  Remedies are commands of the shell, or one short advice
 * where no command of ours can mend it; the first is the likeliest.
 */
#include "diag/diag.h"

#include <stddef.h>

#include "base/i18n.h"

#define P1 "vpn-network {network} phase1 {phase1} "
#define P2 P1 "phase2 {phase2} "

static const struct diag_row rows[REASON_COUNT] = {
	[REASON_NONE] = {
		.title = N_("Nothing is wrong"),
		.side = DIAG_NONE,
	},
	[REASON_PEER_SILENT] = {
		.title = N_("The peer does not answer"),
		.side = DIAG_BETWEEN,
		.remedy = { "set " P1 "remote-gateway ADDRESS",
		    "at the peer and between: let UDP 500 and 4500 pass",
		    "show log tunnel {phase1}" },
	},
	[REASON_PEER_REFUSED] = {
		.title = N_("No IKE service at the peer's address"),
		.side = DIAG_PEER,
		.remedy = { "at the peer: start its IKE service on {remote}",
		    "set " P1 "remote-gateway ADDRESS" },
	},
	[REASON_PEER_UNREACHABLE] = {
		.title = N_("The network does not reach the peer"),
		.side = DIAG_BETWEEN,
		.remedy = { "set " P1 "remote-gateway ADDRESS",
		    "show networks" },
	},
	[REASON_NAME_UNRESOLVED] = {
		.title = N_("The peer's name has no address"),
		.side = DIAG_OURS,
		.remedy = { "set " P1 "remote-gateway ADDRESS",
		    "check the name servers of this machine" },
	},
	[REASON_LOCAL_SEND_FAILED] = {
		.title = N_("This machine does not let the packet out"),
		.side = DIAG_OURS,
		.remedy = { "let UDP 500 and 4500 out of this machine's "
		    "packet filter",
		    "delete " P1 "local-address" },
	},
	[REASON_PEER_SILENT_AFTER_INIT] = {
		.title = N_("The peer went silent after its first answer"),
		.side = DIAG_BETWEEN,
		.remedy = { "at the peer and between: let UDP 4500 pass",
		    "at the peer: look for what it says of {remote}" },
	},
	[REASON_FRAGMENTS_LOST] = {
		.title = N_("A part of the peer's message did not arrive"),
		.side = DIAG_BETWEEN,
		.remedy = { "at the peer: make the fragments of IKE smaller",
		    "between: let UDP packets of 1280 bytes pass" },
	},
	[REASON_NO_PROPOSAL_IKE] = {
		.title = N_("No common phase 1 proposal"),
		.side = DIAG_BOTH,
		.remedy = { "show configuration vpn-network {network} "
		    "phase1 {phase1}",
		    "set " P1 "proposal 10 algorithm WORD",
		    "set " P1 "proposal 10 dh-group WORD",
		    "at the peer: allow {ours}" },
	},
	[REASON_NO_PROPOSAL_CHILD] = {
		.title = N_("No common phase 2 proposal"),
		.side = DIAG_BOTH,
		.remedy = { "set " P2 "proposal 10 algorithm WORD",
		    "set " P2 "proposal 10 dh-group WORD",
		    "at the peer: allow {ours}" },
	},
	[REASON_INVALID_KE] = {
		.title = N_("The peer wants another DH group"),
		.side = DIAG_BOTH,
		.remedy = { "set " P1 "proposal 10 dh-group {theirs}",
		    "at the peer: allow group {ours}" },
	},
	[REASON_PFS_MISMATCH] = {
		.title = N_("Forward secrecy differs"),
		.side = DIAG_BOTH,
		.remedy = { "set " P2 "proposal 10 dh-group {theirs}",
		    "set " P2 "proposal 10 dh-group none",
		    "rekey {network} {phase1} {phase2} child" },
	},
	[REASON_AUTH_FAILED_PSK] = {
		.title = N_("The pre-shared keys differ"),
		.side = DIAG_BOTH,
		.remedy = { "set " P1 "pre-shared-key",
		    "set " P1 "identifier ID",
		    "at the peer: compare the key and both identifiers" },
	},
	[REASON_PSK_MISSING] = {
		.title = N_("No pre-shared key is set"),
		.side = DIAG_OURS,
		.remedy = { "set " P1 "pre-shared-key",
		    "generate pre-shared-key {phase1}" },
	},
	[REASON_AUTH_FAILED_ID] = {
		.title = N_("The identifiers do not fit"),
		.side = DIAG_BOTH,
		.remedy = { "set " P1 "peer-identifier {theirs}",
		    "at the peer: set its identifier to {ours}" },
	},
	[REASON_ID_TYPE_MISMATCH] = {
		.title = N_("Same identifier, another type"),
		.side = DIAG_BOTH,
		.remedy = { "set " P1 "peer-identifier {theirs}",
		    "at the peer: send its identifier as {ours}" },
	},
	[REASON_PPK] = {
		.title = N_("The post-quantum preshared keys do not fit"),
		.side = DIAG_BOTH,
		.remedy = { "set " P1 "ppk", "set " P1 "ppk-identifier",
		    "set " P1 "ppk-required" },
	},
	[REASON_AUTH_METHOD_MISMATCH] = {
		.title = N_("The authentication methods differ"),
		.side = DIAG_BOTH,
		.remedy = { "set " P1 "authentication METHOD",
		    "at the peer: use {ours}" },
	},
	[REASON_AUTH_FAILED_SIGNATURE] = {
		.title = N_("A signature is refused"),
		.side = DIAG_BOTH,
		.remedy = { "show certificates",
		    "at the peer: compare certificate, key and identifiers" },
	},
	[REASON_SIG_HASH_UNSUPPORTED] = {
		.title = N_("No common signature algorithm"),
		.side = DIAG_BOTH,
		.remedy = { "at the peer: allow {ours}",
		    "generate key-pair NAME ecdsa p256" },
	},
	[REASON_CERT_MISSING] = {
		.title = N_("The peer's certificate is not there"),
		.side = DIAG_PEER,
		.remedy = { "at the peer: let it send its certificate",
		    "set " P1 "peer-certificate NAME" },
	},
	[REASON_KEY_MISSING] = {
		.title = N_("No private key for our certificate"),
		.side = DIAG_OURS,
		.remedy = { "show certificates",
		    "import pkcs12 FILE", "generate key-pair NAME" },
	},
	[REASON_CERT_UNTRUSTED] = {
		.title = N_("No trusted authority behind the certificate"),
		.side = DIAG_BOTH,
		.remedy = { "set authority NAME file FILE",
		    "set " P1 "peer-certificate NAME",
		    "at the peer: let it send its intermediate "
		    "certificates" },
	},
	[REASON_CERT_EXPIRED] = {
		.title = N_("The certificate has expired"),
		.side = DIAG_PEER,
		.remedy = { "at the peer: renew its certificate",
		    "check the clock of this machine" },
	},
	[REASON_CERT_NOT_YET_VALID] = {
		.title = N_("The certificate is not yet valid"),
		.side = DIAG_BOTH,
		.remedy = { "check the clock of this machine",
		    "at the peer: renew its certificate" },
	},
	[REASON_CERT_REVOKED] = {
		.title = N_("The certificate is revoked"),
		.side = DIAG_PEER,
		.remedy = { "at the peer: use a certificate that is not "
		    "revoked" },
	},
	[REASON_CRL_UNAVAILABLE] = {
		.title = N_("No revocation list can be had"),
		.side = DIAG_OURS,
		.remedy = { "set authority NAME crl FILE",
		    "set vpn-network {network} ipsec strict-crl-policy no" },
	},
	[REASON_CRL_EXPIRED] = {
		.title = N_("The revocation list is out of date"),
		.side = DIAG_OURS,
		.remedy = { "set authority NAME crl FILE",
		    "set vpn-network {network} ipsec strict-crl-policy no" },
	},
	[REASON_CERT_CONSTRAINT] = {
		.title = N_("The certificate may not be used for this"),
		.side = DIAG_PEER,
		.remedy = { "at the peer: use a certificate made for IKE" },
	},
	[REASON_ID_NOT_IN_CERT] = {
		.title = N_("The identifier is not in the certificate"),
		.side = DIAG_BOTH,
		.remedy = { "set " P1 "peer-identifier ID",
		    "at the peer: set its identifier to a name of its "
		    "certificate" },
	},
	[REASON_ADDRESS_UNAVAILABLE] = {
		.title = N_("No address for the client"),
		.side = DIAG_BOTH,
		.remedy = { "set " P1 "address-pool",
		    "set " P1 "request-address" },
	},
	[REASON_TS_UNACCEPTABLE] = {
		.title = N_("The networks of the two sides do not meet"),
		.side = DIAG_BOTH,
		.remedy = { "set " P2 "remote-network PREFIX",
		    "set " P2 "local-network PREFIX",
		    "set " P1 "split-connections yes",
		    "at the peer: allow {ours}" },
	},
	[REASON_MODE_MISMATCH] = {
		.title = N_("Tunnel mode here, transport mode there"),
		.side = DIAG_BOTH,
		.remedy = { "set " P2 "mode {theirs}",
		    "at the peer: use {ours}" },
	},
	[REASON_VERSION_MISMATCH] = {
		.title = N_("The peer speaks another IKE version"),
		.side = DIAG_BOTH,
		.remedy = { "at the peer: enable IKEv2" },
	},
	[REASON_NAT_DETECTED_AH] = {
		.title = N_("AH cannot pass the NAT on the way"),
		.side = DIAG_BETWEEN,
		.remedy = { "set " P2 "protocol esp" },
	},
	[REASON_DPD_TIMEOUT] = {
		.title = N_("The peer stopped answering"),
		.side = DIAG_BETWEEN,
		.remedy = { "connect {network} {phase1} wait 30",
		    "set " P1 "dpd-action restart" },
	},
	[REASON_PEER_DELETED] = {
		.title = N_("The peer closed the tunnel"),
		.side = DIAG_PEER,
		.remedy = { "connect {network} {phase1} wait 30",
		    "set " P1 "close-action start" },
	},
	[REASON_LIFETIME_EXPIRED] = {
		.title = N_("The lifetime ended without a renewal"),
		.side = DIAG_BOTH,
		.remedy = { "set " P1 "rekey yes",
		    "connect {network} {phase1} wait 30" },
	},
	[REASON_INACTIVE] = {
		.title = N_("No packets for the time that inactivity says"),
		.side = DIAG_OURS,
		.remedy = { "set " P2 "inactivity 0" },
	},
	[REASON_UNIQUE_REPLACED] = {
		.title = N_("A newer connection of the same identity"),
		.side = DIAG_BOTH,
		.remedy = { "set vpn-network {network} ipsec unique-ids never",
		    "at the peer: give each device its own identifier" },
	},
	[REASON_REKEY_COLLISION_LOST] = {
		.title = N_("Both sides renewed at once; one was kept"),
		.side = DIAG_NONE,
	},
	[REASON_TEMPORARY_FAILURE] = {
		.title = N_("The peer is busy; it is tried again"),
		.side = DIAG_PEER,
		.remedy = { "rekey {network} {phase1}" },
	},
	[REASON_CHILD_NOT_FOUND] = {
		.title = N_("The peer does not know this child any more"),
		.side = DIAG_PEER,
		.remedy = { "connect {network} {phase1} {phase2} wait 30" },
	},
	[REASON_PEER_REFUSES_CHILDREN] = {
		.title = N_("The peer takes no further child"),
		.side = DIAG_PEER,
		.remedy = { "set " P1 "split-connections no",
		    "at the peer: raise its limit of children" },
	},
	[REASON_CRITICAL_PAYLOAD] = {
		.title = N_("A critical payload was not understood"),
		.side = DIAG_PEER,
		.remedy = { "show log tunnel {phase1}" },
	},
	[REASON_INVALID_SYNTAX] = {
		.title = N_("A message was malformed"),
		.side = DIAG_PEER,
		.remedy = { "show log tunnel {phase1}" },
	},
	[REASON_DECRYPT_FAILED] = {
		.title = N_("Messages fail their integrity check"),
		.side = DIAG_BETWEEN,
		.remedy = { "connect {network} {phase1} wait 30",
		    "show counters" },
	},
	[REASON_RATE_LIMITED] = {
		.title = N_("Too many attempts at once"),
		.side = DIAG_BOTH,
		.remedy = { "show counters",
		    "set system block-threshold NUMBER" },
	},
	[REASON_NO_IPSEC_IN_KERNEL] = {
		.title = N_("The data plane cannot carry this tunnel"),
		.side = DIAG_OURS,
		.remedy = { "set system data-plane user",
		    "show algorithms" },
	},
	[REASON_CRYPTO_UNAVAILABLE] = {
		.title = N_("An algorithm is not offered on this machine"),
		.side = DIAG_OURS,
		.remedy = { "show algorithms",
		    "set " P1 "proposal 10 algorithm aes" },
	},
	[REASON_ROUTE_MISSING] = {
		.title = N_("There is no route to the peer"),
		.side = DIAG_OURS,
		.remedy = { "give this machine a route to {remote}",
		    "show networks" },
	},
	[REASON_ADDRESS_IN_USE] = {
		.title = N_("Another program holds the IKE ports"),
		.side = DIAG_OURS,
		.remedy = { "stop the other IKE service of this machine",
		    "set vpn-network {network} placement namespace" },
	},
	[REASON_USER_STOPPED] = {
		.title = N_("Stopped by a command"),
		.side = DIAG_NONE,
		.remedy = { "connect {network} {phase1}" },
	},
	[REASON_CONFIG_CHANGED] = {
		.title = N_("The configuration was changed"),
		.side = DIAG_NONE,
		.remedy = { "connect {network} {phase1}" },
	},
	[REASON_PEER_ERROR] = {
		.title = N_("The peer reported an error"),
		.side = DIAG_PEER,
		.remedy = { "at the peer: look for what it says of {remote}",
		    "show log tunnel {phase1}" },
	},
};

const struct diag_row *
diag_row(enum ike_reason_code code)
{
	return &rows[(unsigned)code < REASON_COUNT ? code : REASON_NONE];
}
