/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The payload types of IKEv2 (RFC 7296 3.2 and its extensions), one row
 * each.  Lengths are of the body behind the generic header.  A type without
 * a row is unknown: kept as raw bytes, or refused if it is critical.
 */
#include "ike/internal.h"

#define ANY_LEN 65531		/* 16-bit payload length less its header */

const struct pld_row ike_pld_table[] = {
	{ .type = PLD_SA, .name = "SA", .rfc = "RFC 7296 3.3",
	  .least = 16, .most = ANY_LEN, .ops = &pld_sa_ops },
	{ .type = PLD_KE, .name = "KE", .rfc = "RFC 7296 3.4",
	  .least = 5, .most = ANY_LEN, .ops = &pld_ke_ops },
	{ .type = PLD_IDi, .name = "IDi", .rfc = "RFC 7296 3.5",
	  .least = 4, .most = 4 + IKE_MAX_ID, .ops = &pld_id_ops },
	{ .type = PLD_IDr, .name = "IDr", .rfc = "RFC 7296 3.5",
	  .least = 4, .most = 4 + IKE_MAX_ID, .ops = &pld_id_ops },
	{ .type = PLD_CERT, .name = "CERT", .rfc = "RFC 7296 3.6",
	  .least = 2, .most = ANY_LEN, .ops = &pld_cert_ops },
	{ .type = PLD_CERTREQ, .name = "CERTREQ", .rfc = "RFC 7296 3.7",
	  .least = 1, .most = ANY_LEN, .ops = &pld_cert_ops },
	{ .type = PLD_AUTH, .name = "AUTH", .rfc = "RFC 7296 3.8",
	  .least = 5, .most = ANY_LEN, .ops = &pld_auth_ops },
	{ .type = PLD_NONCE, .name = "NONCE", .rfc = "RFC 7296 3.9",
	  .least = 16, .most = 256, .ops = &pld_raw_ops },
	{ .type = PLD_NOTIFY, .name = "N", .rfc = "RFC 7296 3.10",
	  .least = 4, .most = ANY_LEN, .ops = &pld_notify_ops },
	{ .type = PLD_DELETE, .name = "D", .rfc = "RFC 7296 3.11",
	  .least = 4, .most = ANY_LEN, .ops = &pld_delete_ops },
	{ .type = PLD_VENDOR, .name = "V", .rfc = "RFC 7296 3.12",
	  .least = 0, .most = ANY_LEN, .ops = &pld_raw_ops },
	{ .type = PLD_TSi, .name = "TSi", .rfc = "RFC 7296 3.13",
	  .least = 8, .most = ANY_LEN, .ops = &pld_ts_ops },
	{ .type = PLD_TSr, .name = "TSr", .rfc = "RFC 7296 3.13",
	  .least = 8, .most = ANY_LEN, .ops = &pld_ts_ops },
	{ .type = PLD_SK, .name = "SK", .rfc = "RFC 7296 3.14",
	  .least = 1, .most = ANY_LEN, .ops = &pld_sk_ops },
	{ .type = PLD_CP, .name = "CP", .rfc = "RFC 7296 3.15",
	  .least = 4, .most = ANY_LEN, .ops = &pld_cp_ops },
	{ .type = PLD_EAP, .name = "EAP", .rfc = "RFC 7296 3.16",
	  .least = 4, .most = ANY_LEN, .ops = &pld_eap_ops },
	{ .type = PLD_GSPM, .name = "GSPM", .rfc = "RFC 6467 3",
	  .least = 0, .most = ANY_LEN, .ops = &pld_raw_ops },
	{ .type = PLD_SKF, .name = "SKF", .rfc = "RFC 7383 2.5",
	  .least = 5, .most = ANY_LEN, .ops = &pld_skf_ops },
	{ .type = PLD_PS, .name = "PS", .rfc = "RFC 8019 8.2",
	  .least = 0, .most = ANY_LEN, .ops = &pld_raw_ops },
	{ .name = NULL }
};

/* The rows are few and the lookup is made for each payload: a plain walk. */
const struct pld_row *
ike_pld_row(unsigned type)
{
	const struct pld_row *row;

	for (row = ike_pld_table; row->name != NULL; row++) {
		if (row->type == type)
			return row;
	}
	return NULL;
}
