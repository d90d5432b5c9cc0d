/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Certificates, keys and authorities of the configuration: read from their
 * files, checked, and shared between the phase 1 entries that use them.
 */
#ifndef SP_ENGINE_PKI_H
#define SP_ENGINE_PKI_H

#include <stddef.h>

#include "crypto/cert.h"
#include "ike/cred.h"

struct buf;
struct conf_node;
struct log;
struct ident;
struct pki;
struct revocation;
struct sp_error;

/* conf_dir: the folder with certs/; log may be NULL. */
struct pki *pki_new(const char *conf_dir, struct log *log);
void pki_free(struct pki *p);	/* NULL is fine */

/* The cache of revocation, for all networks. */
struct revocation *pki_revocation(struct pki *p);

/*
 * Fill what a phase 1 entry proves itself with and believes of the peer.  An
 * empty identity becomes the subject of our certificate; another one has to
 * be in it.  p may be NULL where no certificates are used.
 */
int pki_credentials(struct pki *p, const struct conf_node *phase1,
    struct ident *local_id, struct ike_cred *out, struct sp_error *err);

/* What is behind a `certificate NAME`. */
struct pki_entry {
	struct cert *cert;	/* NULL: a raw public key */
	struct pkey *key;	/* private, or NULL */
	struct pkey *public;
	struct cert_list chain;	/* more certificates of the file */
};

int pki_load(struct pki *p, const struct conf_node *certificate,
    struct pki_entry *out, struct sp_error *err);
void pki_entry_free(struct pki_entry *e);

/* All certificates of an `authority NAME`; the caller frees. */
int pki_load_authority(struct pki *p, const struct conf_node *authority,
    struct cert_list *out, struct sp_error *err);

/* Full name of a file of certs/ (the caller's): name as configured. */
char *pki_path(const struct pki *p, const char *name);

/* Read such a file / make one, whole or not at all (mode 0600 or 0644); it
 * must not be there yet. */
int pki_read(const struct pki *p, const char *name, struct buf *out,
    struct sp_error *err);
int pki_write(const struct pki *p, const char *name, const struct buf *bytes,
    unsigned mode, struct sp_error *err);

#endif
