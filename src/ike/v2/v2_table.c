/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables of the IKEv2 machine: which changes of state are legal, what
 * each kind of request of ours does, and who handles a request of the peer's
 * in which state.  tests/sim proves that the running machine never leaves
 * v2_state_table.
 */
#include "ike/v2/steps.h"

const char *const v2_state_names[V2_STATES] = {
	[V2_NEW] = "NEW",
	[V2_INIT_SENT] = "INIT_SENT",
	[V2_AUTH_SENT] = "AUTH_SENT",
	[V2_AUTH_WAIT] = "AUTH_WAIT",
	[V2_UP] = "UP",
	[V2_REPLACED] = "REPLACED",
	[V2_DELETING] = "DELETING",
	[V2_GONE] = "GONE",
};

const struct v2_state_row v2_state_table[] = {
	/* HDR, SAi1, KEi, Ni -->		<-- HDR, SAr1, KEr, Nr */
	{ V2_NEW, V2_INIT_SENT, "IKE_SA_INIT sent" },
	{ V2_NEW, V2_AUTH_WAIT, "IKE_SA_INIT answered" },
	{ V2_NEW, V2_GONE, "IKE_SA_INIT cannot be made" },
	/* HDR, SK {IDi, AUTH, ...} -->		<-- HDR, SK {IDr, AUTH, ...} */
	{ V2_INIT_SENT, V2_AUTH_SENT, "IKE_AUTH sent" },
	{ V2_INIT_SENT, V2_GONE, "no IKE_SA_INIT answer, or a refusal" },
	{ V2_AUTH_SENT, V2_UP, "the peer is authenticated" },
	{ V2_AUTH_SENT, V2_DELETING, "the peer's proof is refused" },
	{ V2_AUTH_SENT, V2_GONE, "no IKE_AUTH answer, or a refusal" },
	{ V2_AUTH_WAIT, V2_UP, "the peer is authenticated" },
	{ V2_AUTH_WAIT, V2_GONE, "no IKE_AUTH came, or it was refused" },
	/* HDR, SK {SA, Ni, KEi} -->		<-- HDR, SK {SA, Nr, KEr} */
	{ V2_NEW, V2_UP, "made by rekeying" },
	{ V2_UP, V2_REPLACED, "the new IKE SA took over" },
	/* HDR, SK {D} -->			<-- HDR, SK {} */
	{ V2_UP, V2_DELETING, "to be deleted" },
	{ V2_UP, V2_GONE, "deleted by the peer, or the peer is dead" },
	{ V2_REPLACED, V2_GONE, "deleted by either side" },
	{ V2_DELETING, V2_GONE, "the Delete is answered" },
	{ V2_NEW, V2_NEW, NULL }
};

const struct v2_task_row v2_task_table[T_KINDS] = {
	[T_INIT] = {
		.step = "IKE_SA_INIT", .exchange = X_IKE_SA_INIT,
		.silent = REASON_PEER_SILENT,
		.build = v2_init_build, .answer = v2_init_answered },
	[T_AUTH] = {
		.step = "IKE_AUTH", .exchange = X_IKE_AUTH,
		.silent = REASON_PEER_SILENT_AFTER_INIT,
		.build = v2_auth_build, .answer = v2_auth_answered },
	[T_DELETE_SA] = {
		.step = "INFORMATIONAL", .exchange = X_INFORMATIONAL,
		.silent = REASON_DPD_TIMEOUT,
		.build = v2_delete_sa_build,
		.answer = v2_delete_sa_answered },
	[T_DELETE_CHILD] = {
		.step = "INFORMATIONAL", .exchange = X_INFORMATIONAL,
		.child = true, .silent = REASON_DPD_TIMEOUT,
		.build = v2_delete_child_build,
		.answer = v2_delete_child_answered },
	[T_LIVENESS] = {
		.step = "INFORMATIONAL", .exchange = X_INFORMATIONAL,
		.silent = REASON_DPD_TIMEOUT,
		.build = v2_liveness_build,
		.answer = v2_liveness_answered },
	[T_COOKIE2] = {
		.step = "INFORMATIONAL", .exchange = X_INFORMATIONAL,
		.silent = REASON_DPD_TIMEOUT,
		.build = v2_cookie2_build, .answer = v2_cookie2_answered },
	[T_MOBIKE] = {
		.step = "INFORMATIONAL", .exchange = X_INFORMATIONAL,
		.silent = REASON_DPD_TIMEOUT,
		.build = v2_mobike_build, .answer = v2_mobike_answered },
	[T_REKEY_SA] = {
		.step = "CREATE_CHILD_SA", .exchange = X_CREATE_CHILD_SA,
		.silent = REASON_DPD_TIMEOUT,
		.build = v2_ike_rekey_build,
		.answer = v2_ike_rekey_answered },
	[T_REKEY_CHILD] = {
		.step = "CREATE_CHILD_SA", .exchange = X_CREATE_CHILD_SA,
		.child = true, .silent = REASON_DPD_TIMEOUT,
		.build = v2_rekey_build, .answer = v2_rekey_answered },
	[T_CREATE_CHILD] = {
		.step = "CREATE_CHILD_SA", .exchange = X_CREATE_CHILD_SA,
		.child = true, .silent = REASON_DPD_TIMEOUT,
		.build = v2_create_build, .answer = v2_create_answered },
};

const struct v2_request_row v2_request_table[] = {
	{ X_IKE_AUTH, V2_AUTH_WAIT, v2_auth_request },
	{ X_CREATE_CHILD_SA, V2_UP, v2_create_request },
	{ X_CREATE_CHILD_SA, V2_REPLACED, v2_create_too_late },
	{ X_CREATE_CHILD_SA, V2_DELETING, v2_create_too_late },
	{ X_INFORMATIONAL, V2_UP, v2_info_request },
	{ X_INFORMATIONAL, V2_REPLACED, v2_info_request },
	{ X_INFORMATIONAL, V2_DELETING, v2_info_request },
	{ X_INFORMATIONAL, V2_GONE, v2_info_gone },
	{ 0, V2_NEW, NULL }
};
