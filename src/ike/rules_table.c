/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each exchange may hold in each direction: RFC 7296 1.2-1.5 and
 * appendix C, RFC 5723, RFC 9242, RFC 9370.  Read by ike_msg_check() before
 * any state code runs.  V and N go everywhere within the limit of the codec.
 *
 * Where an exchange has several forms (EAP rounds of IKE_AUTH, childless
 * IKE_AUTH, rekeys) the counts are the union of the forms, and any_of and
 * together say what makes a form whole.
 */
#include "ike/internal.h"

#define MAX_CERTS 12

/* Notify types of other documents that may stand alone in an answer. */
#define N_REDIRECT 16407	/* RFC 5685 */
#define N_TICKET_NACK 16412	/* RFC 5723 */
#define N_PUZZLE 16434		/* RFC 8019 */

#define NOTES(where)							\
	{ PLD_NOTIFY, 0, IKE_MAX_PAYLOADS, where },			\
	{ PLD_VENDOR, 0, IKE_MAX_PAYLOADS, where }

const struct msg_rule ike_rules_table[] = {
	/* HDR, SAi1, KEi, Ni */
	{ .exchange = X_IKE_SA_INIT, .response = false,
	  .plds = {
		{ PLD_SA, 1, 1, PLD_CLEAR },
		{ PLD_KE, 1, 1, PLD_CLEAR },
		{ PLD_NONCE, 1, 1, PLD_CLEAR },
		{ PLD_PS, 0, 1, PLD_CLEAR },
		NOTES(PLD_CLEAR),
	  } },
	/* HDR, SAr1, KEr, Nr, [CERTREQ]; or a lone N */
	{ .exchange = X_IKE_SA_INIT, .response = true,
	  .plds = {
		{ PLD_SA, 1, 1, PLD_CLEAR },
		{ PLD_KE, 1, 1, PLD_CLEAR },
		{ PLD_NONCE, 1, 1, PLD_CLEAR },
		{ PLD_CERTREQ, 0, MAX_CERTS, PLD_CLEAR },
		NOTES(PLD_CLEAR),
	  },
	  .error_suffices = true,
	  .sufficient = { N_COOKIE, N_REDIRECT, N_PUZZLE } },

	/* HDR, SK {IDi, [CERT+], [CERTREQ+], [IDr], AUTH, SAi2, TSi, TSr};
	 * EAP: SK {IDi, ...} without AUTH, then SK {EAP}, then SK {AUTH} */
	{ .exchange = X_IKE_AUTH, .response = false,
	  .plds = {
		{ PLD_IDi, 0, 1, PLD_SEALED },
		{ PLD_IDr, 0, 1, PLD_SEALED },
		{ PLD_CERT, 0, MAX_CERTS, PLD_SEALED },
		{ PLD_CERTREQ, 0, MAX_CERTS, PLD_SEALED },
		{ PLD_AUTH, 0, 1, PLD_SEALED },
		{ PLD_EAP, 0, 1, PLD_SEALED },
		{ PLD_GSPM, 0, 1, PLD_SEALED },
		{ PLD_CP, 0, 1, PLD_SEALED },
		{ PLD_SA, 0, 1, PLD_SEALED },
		{ PLD_TSi, 0, 1, PLD_SEALED },
		{ PLD_TSr, 0, 1, PLD_SEALED },
		{ PLD_PS, 0, 1, PLD_SEALED },
		NOTES(PLD_EITHER),
	  },
	  .any_of = { PLD_IDi, PLD_AUTH, PLD_EAP, PLD_GSPM },
	  .together = { PLD_SA, PLD_TSi, PLD_TSr } },
	/* HDR, SK {IDr, [CERT+], AUTH, SAr2, TSi, TSr}; or EAP, or N(error) */
	{ .exchange = X_IKE_AUTH, .response = true,
	  .plds = {
		{ PLD_IDr, 0, 1, PLD_SEALED },
		{ PLD_CERT, 0, MAX_CERTS, PLD_SEALED },
		{ PLD_CERTREQ, 0, MAX_CERTS, PLD_SEALED },
		{ PLD_AUTH, 0, 1, PLD_SEALED },
		{ PLD_EAP, 0, 1, PLD_SEALED },
		{ PLD_GSPM, 0, 1, PLD_SEALED },
		{ PLD_CP, 0, 1, PLD_SEALED },
		{ PLD_SA, 0, 1, PLD_SEALED },
		{ PLD_TSi, 0, 1, PLD_SEALED },
		{ PLD_TSr, 0, 1, PLD_SEALED },
		NOTES(PLD_EITHER),
	  },
	  .any_of = { PLD_IDr, PLD_AUTH, PLD_EAP, PLD_GSPM },
	  .together = { PLD_SA, PLD_TSi, PLD_TSr },
	  .error_suffices = true },

	/* HDR, SK {SA, Ni, [KEi], [TSi, TSr]}: child, child rekey, IKE rekey */
	{ .exchange = X_CREATE_CHILD_SA, .response = false,
	  .plds = {
		{ PLD_SA, 1, 1, PLD_SEALED },
		{ PLD_NONCE, 1, 1, PLD_SEALED },
		{ PLD_KE, 0, 1, PLD_SEALED },
		{ PLD_CP, 0, 1, PLD_SEALED },
		{ PLD_TSi, 0, 1, PLD_SEALED },
		{ PLD_TSr, 0, 1, PLD_SEALED },
		NOTES(PLD_EITHER),
	  },
	  .any_of = { PLD_KE, PLD_TSi },
	  .together = { PLD_TSi, PLD_TSr } },
	{ .exchange = X_CREATE_CHILD_SA, .response = true,
	  .plds = {
		{ PLD_SA, 1, 1, PLD_SEALED },
		{ PLD_NONCE, 1, 1, PLD_SEALED },
		{ PLD_KE, 0, 1, PLD_SEALED },
		{ PLD_CP, 0, 1, PLD_SEALED },
		{ PLD_TSi, 0, 1, PLD_SEALED },
		{ PLD_TSr, 0, 1, PLD_SEALED },
		NOTES(PLD_EITHER),
	  },
	  .any_of = { PLD_KE, PLD_TSi },
	  .together = { PLD_TSi, PLD_TSr },
	  .error_suffices = true },

	/* HDR, SK {[N+], [D+], [CP]}; a clear one holds a notify only */
	{ .exchange = X_INFORMATIONAL, .response = false,
	  .plds = {
		{ PLD_DELETE, 0, IKE_MAX_PAYLOADS, PLD_SEALED },
		{ PLD_CP, 0, 1, PLD_SEALED },
		NOTES(PLD_EITHER),
	  } },
	{ .exchange = X_INFORMATIONAL, .response = true,
	  .plds = {
		{ PLD_DELETE, 0, IKE_MAX_PAYLOADS, PLD_SEALED },
		{ PLD_CP, 0, 1, PLD_SEALED },
		NOTES(PLD_EITHER),
	  } },

	/* HDR, [N(COOKIE)], Ni, N(TICKET_OPAQUE)   (RFC 5723 4.3.2) */
	{ .exchange = X_IKE_SESSION_RESUME, .response = false,
	  .plds = {
		{ PLD_NONCE, 1, 1, PLD_CLEAR },
		NOTES(PLD_CLEAR),
	  } },
	{ .exchange = X_IKE_SESSION_RESUME, .response = true,
	  .plds = {
		{ PLD_NONCE, 1, 1, PLD_CLEAR },
		NOTES(PLD_CLEAR),
	  },
	  .error_suffices = true,
	  .sufficient = { N_COOKIE, N_REDIRECT, N_TICKET_NACK } },

	/* HDR, SK {[KE], [N+]}   (RFC 9242 3.3, RFC 9370 2.2.2) */
	{ .exchange = X_IKE_INTERMEDIATE, .response = false,
	  .plds = {
		{ PLD_KE, 0, 1, PLD_SEALED },
		NOTES(PLD_EITHER),
	  } },
	{ .exchange = X_IKE_INTERMEDIATE, .response = true,
	  .plds = {
		{ PLD_KE, 0, 1, PLD_SEALED },
		NOTES(PLD_EITHER),
	  } },

	/* HDR, SK {KE, N(ADDITIONAL_KEY_EXCHANGE)}   (RFC 9370 2.2.4) */
	{ .exchange = X_IKE_FOLLOWUP_KE, .response = false,
	  .plds = {
		{ PLD_KE, 1, 1, PLD_SEALED },
		NOTES(PLD_EITHER),
	  } },
	{ .exchange = X_IKE_FOLLOWUP_KE, .response = true,
	  .plds = {
		{ PLD_KE, 1, 1, PLD_SEALED },
		NOTES(PLD_EITHER),
	  },
	  .error_suffices = true },
	{ .exchange = 0 }
};
