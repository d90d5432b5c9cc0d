/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reasons: why an exchange, a child or a whole tunnel ended or failed.  The
 * codes are the taxonomy of the project; the words never change, scripts
 * read them.  ours/theirs are filled where the engine knows them.
 */
#ifndef SP_BASE_REASON_H
#define SP_BASE_REASON_H

#include <stdbool.h>

#define IKE_REASONS(X)							\
	X(NONE, "none")							\
	X(PEER_SILENT, "peer-silent")					\
	X(PEER_REFUSED, "peer-refused")					\
	X(PEER_UNREACHABLE, "peer-unreachable")				\
	X(NAME_UNRESOLVED, "name-unresolved")				\
	X(LOCAL_SEND_FAILED, "local-send-failed")			\
	X(PEER_SILENT_AFTER_INIT, "peer-silent-after-init")		\
	X(FRAGMENTS_LOST, "fragments-lost")				\
	X(NO_PROPOSAL_IKE, "no-proposal-chosen-ike")			\
	X(NO_PROPOSAL_CHILD, "no-proposal-chosen-child")		\
	X(INVALID_KE, "invalid-ke")					\
	X(PFS_MISMATCH, "pfs-mismatch")					\
	X(AUTH_FAILED_PSK, "auth-failed-psk")				\
	X(PSK_MISSING, "psk-missing")					\
	X(AUTH_FAILED_ID, "auth-failed-id")				\
	X(ID_TYPE_MISMATCH, "id-type-mismatch")				\
	X(PPK, "ppk-mismatch")						\
	X(AUTH_METHOD_MISMATCH, "auth-method-mismatch")			\
	X(AUTH_FAILED_SIGNATURE, "auth-failed-signature")		\
	X(SIG_HASH_UNSUPPORTED, "sig-hash-unsupported")			\
	X(CERT_MISSING, "cert-missing")					\
	X(KEY_MISSING, "key-missing")					\
	X(CERT_UNTRUSTED, "cert-untrusted")				\
	X(CERT_EXPIRED, "cert-expired")					\
	X(CERT_NOT_YET_VALID, "cert-not-yet-valid")			\
	X(CERT_REVOKED, "cert-revoked")					\
	X(CRL_UNAVAILABLE, "crl-unavailable")				\
	X(CRL_EXPIRED, "crl-expired")					\
	X(CERT_CONSTRAINT, "cert-constraint")				\
	X(ID_NOT_IN_CERT, "id-not-in-cert")				\
	X(ADDRESS_UNAVAILABLE, "address-unavailable")			\
	X(TS_UNACCEPTABLE, "ts-unacceptable")				\
	X(MODE_MISMATCH, "mode-mismatch")				\
	X(VERSION_MISMATCH, "version-mismatch")				\
	X(NAT_DETECTED_AH, "nat-detected-ah")				\
	X(DPD_TIMEOUT, "dpd-timeout")					\
	X(PEER_DELETED, "peer-deleted")					\
	X(LIFETIME_EXPIRED, "lifetime-expired")				\
	X(INACTIVE, "inactive")						\
	X(UNIQUE_REPLACED, "unique-replaced")				\
	X(REKEY_COLLISION_LOST, "rekey-collision-lost")			\
	X(TEMPORARY_FAILURE, "temporary-failure")			\
	X(CHILD_NOT_FOUND, "child-not-found")				\
	X(PEER_REFUSES_CHILDREN, "peer-refuses-more-children")		\
	X(CRITICAL_PAYLOAD, "critical-payload")				\
	X(INVALID_SYNTAX, "invalid-syntax")				\
	X(DECRYPT_FAILED, "decrypt-failed")				\
	X(RATE_LIMITED, "rate-limited")					\
	X(NO_IPSEC_IN_KERNEL, "no-ipsec-in-kernel")			\
	X(CRYPTO_UNAVAILABLE, "crypto-unavailable")			\
	X(ROUTE_MISSING, "route-missing")				\
	X(ADDRESS_IN_USE, "address-in-use")				\
	X(USER_STOPPED, "user-stopped")					\
	X(CONFIG_CHANGED, "config-changed")				\
	X(PEER_ERROR, "peer-error")

enum ike_reason_code {
#define X(sym, word) REASON_##sym,
	IKE_REASONS(X)
#undef X
	REASON_COUNT
};

struct ike_reason {
	enum ike_reason_code code;
	bool sure;		/* proven on this side, else likely */
	char text[400];		/* one sentence; safe for a terminal */
	char ours[256];		/* our value of the field, or "" */
	char theirs[256];	/* the peer's, or "" */
	char step[32];		/* "IKE_SA_INIT", "IKE_AUTH", ... */
};

/* The stable word of a code: "peer-silent". */
const char *ike_reason_word(enum ike_reason_code code);

/* Fill r; fmt is the sentence.  ours and theirs may be NULL. */
void ike_reason_set(struct ike_reason *r, enum ike_reason_code code,
    bool sure, const char *step, const char *ours, const char *theirs,
    const char *fmt, ...) __attribute__((format(printf, 7, 8)));

#endif
