/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the two sides of a phase 1 entry prove themselves with, beside the
 * pre-shared key: part of struct ike_conf, the same for IKEv1 and IKEv2.
 */
#ifndef SP_IKE_CRED_H
#define SP_IKE_CRED_H

#include <stdbool.h>

#include "crypto/cert.h"

struct ident;
struct pkey;
struct trust;

enum ike_auth {			/* how one side authenticates */
	IKE_AUTH_PSK,
	IKE_AUTH_CERT,		/* signature: certificate or raw key */
	IKE_AUTH_NULL,		/* RFC 7619: not at all */
};

struct ike_cred {
	enum ike_auth local, remote;
	/* ours */
	struct pkey *key;
	struct cert *cert;	/* NULL: the raw public key (RFC 7670) */
	struct cert_list chain;	/* intermediates that we send */
	bool pss;		/* RSASSA-PSS under RFC 7427 */
	/* the peer's: one of these three */
	struct trust *trust;	/* authorities */
	struct cert *pinned;	/* the only certificate accepted */
	struct pkey *pinned_key;	/* the only raw key accepted */
	bool sha1;		/* accept SHA-1 of peers without RFC 7427 */
};

/* Release the references; the struct is empty after. */
void ike_cred_free(struct ike_cred *c);

/* Does the certificate prove the identity (subject or subjectAltName of its
 * type, RFC 4945 3.1)?  KEY_ID and others are never proven. */
bool ike_cert_proves(const struct cert *c, const struct ident *id);

#endif
