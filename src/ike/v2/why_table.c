/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sentences of the reasons that need no more than the SA itself, and what
 * an error notify of the peer means (conformance.md section 6).  Words in
 * braces are filled by why.c: {peer} address, {step} exchange, {packets} sent
 * and {seconds} spent on the request under way, {heard} seconds since the
 * last authentic packet, {notify} the name of the notify.
 */
#include "ike/v2/why.h"

const struct why_row why_code_table[] = {
	{ REASON_PEER_SILENT, false,
	  "The peer {peer} did not answer {step} ({packets} packets in "
	  "{seconds} s, nothing at all received)." },
	{ REASON_PEER_SILENT_AFTER_INIT, false,
	  "The peer {peer} answered IKE_SA_INIT, but {step} stayed without "
	  "an answer ({packets} packets in {seconds} s)." },
	{ REASON_DPD_TIMEOUT, true,
	  "The peer {peer} did not answer {step} ({packets} packets in "
	  "{seconds} s); it was last heard {heard} s ago." },
	{ REASON_PEER_DELETED, true,
	  "The peer {peer} deleted the tunnel." },
	{ REASON_INACTIVE, true,
	  "No packet went either way for the time that inactivity says." },
	{ REASON_LIFETIME_EXPIRED, true,
	  "The lifetime ended without renewal." },
	{ REASON_UNIQUE_REPLACED, true,
	  "A newer connection of the same identity took over." },
	{ REASON_REKEY_COLLISION_LOST, true,
	  "Both sides rekeyed at once; the other new SA is in use." },
	{ REASON_CHILD_NOT_FOUND, true,
	  "The peer {peer} no longer knows the child that was to be "
	  "rekeyed." },
	{ REASON_USER_STOPPED, true,
	  "The tunnel was stopped here." },
	{ REASON_CONFIG_CHANGED, true,
	  "The configuration of the tunnel changed." },
	{ REASON_AUTH_FAILED_PSK, false,
	  "The peer {peer} refused our authentication: the pre-shared key "
	  "or an identity differs." },
	{ REASON_NAT_DETECTED_AH, true,
	  "There is a NAT between here and {peer}, and AH cannot pass it." },
	{ REASON_MODE_MISMATCH, true,
	  "One side wants transport mode, the other tunnel mode." },
	{ REASON_TS_UNACCEPTABLE, true,
	  "No phase 2 entry is configured for the peer {peer}." },
	{ REASON_CRYPTO_UNAVAILABLE, true,
	  "An algorithm of {step} is not available on this machine." },
	{ REASON_NONE, true, "The SA is no longer needed." },
	{ REASON_COUNT, false, NULL }
};

const struct notify_row why_ike_table[] = {
	{ N_NO_PROPOSAL_CHOSEN, REASON_NO_PROPOSAL_IKE,
	  "The peer refused our IKE proposal ({notify} to {step})." },
	{ N_AUTHENTICATION_FAILED, REASON_AUTH_FAILED_PSK,
	  "The peer {peer} refused our authentication: the pre-shared key "
	  "or an identity differs ({notify})." },
	{ N_INVALID_MAJOR_VERSION, REASON_VERSION_MISMATCH,
	  "The peer {peer} does not speak IKEv2 ({notify})." },
	{ N_INVALID_SYNTAX, REASON_INVALID_SYNTAX,
	  "The peer {peer} calls our {step} malformed ({notify})." },
	{ N_UNSUPPORTED_CRITICAL_PAYLOAD, REASON_CRITICAL_PAYLOAD,
	  "The peer {peer} does not know a payload of our {step} "
	  "({notify})." },
	{ N_NO_ADDITIONAL_SAS, REASON_PEER_REFUSES_CHILDREN,
	  "The peer {peer} accepts no further SAs ({notify})." },
	{ N_TEMPORARY_FAILURE, REASON_TEMPORARY_FAILURE,
	  "The peer {peer} is busy with the same SA ({notify})." },
	{ 0, REASON_PEER_ERROR,
	  "The peer {peer} answered {step} with {notify}." }
};

const struct notify_row why_child_table[] = {
	{ N_INTERNAL_ADDRESS_FAILURE, REASON_ADDRESS_UNAVAILABLE,
	  "The peer has no address to give us" },
	{ N_FAILED_CP_REQUIRED, REASON_ADDRESS_UNAVAILABLE,
	  "The peer wants us to ask for an address (request-address)" },
	{ N_NO_PROPOSAL_CHOSEN, REASON_NO_PROPOSAL_CHILD,
	  "The peer refused our ESP proposal ({notify} to {step})." },
	{ N_INVALID_KE_PAYLOAD, REASON_INVALID_KE,
	  "The peer wants a key exchange group that is not configured here "
	  "({notify} to {step})." },
	{ N_TS_UNACCEPTABLE, REASON_TS_UNACCEPTABLE,
	  "The peer accepts none of our traffic selectors ({notify} to "
	  "{step})." },
	{ N_SINGLE_PAIR_REQUIRED, REASON_TS_UNACCEPTABLE,
	  "The peer wants one pair of traffic selectors for each child "
	  "({notify} to {step})." },
	{ N_NO_ADDITIONAL_SAS, REASON_PEER_REFUSES_CHILDREN,
	  "The peer {peer} accepts no further children ({notify})." },
	{ N_TEMPORARY_FAILURE, REASON_TEMPORARY_FAILURE,
	  "The peer {peer} is busy with the same SA ({notify})." },
	{ N_CHILD_SA_NOT_FOUND, REASON_CHILD_NOT_FOUND,
	  "The peer {peer} no longer knows the child ({notify})." },
	{ N_INVALID_SYNTAX, REASON_INVALID_SYNTAX,
	  "The peer {peer} calls our {step} malformed ({notify})." },
	{ 0, REASON_PEER_ERROR,
	  "The peer {peer} answered {step} with {notify}." }
};
