/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Identities (RFC 7296 3.5; text forms: settings.md 3.1).
 */
#ifndef SP_IKE_IDENT_H
#define SP_IKE_IDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct ip_addr;
struct sp_error;

enum ident_type {
	ID_ANY = 0,		/* configuration only: matches everything */
	ID_IPV4_ADDR = 1, ID_FQDN = 2, ID_RFC822_ADDR = 3, ID_IPV6_ADDR = 5,
	ID_DER_ASN1_DN = 9, ID_DER_ASN1_GN = 10, ID_KEY_ID = 11, ID_NULL = 13,
};

struct ident {
	uint8_t type;		/* enum ident_type */
	uint8_t *data;		/* owned */
	size_t len;
};

/*
 * Parse "198.51.100.7", "gw.example", "@gw.example", "user@host",
 * "keyid:TEXT", "@#hex", "CN=gw, O=x", "fqdn:", "email:", "ipv4:", "ipv6:",
 * "dn:", "any", "%any".  Error: `"{v}" is not an {type} identity.`
 */
int ident_parse(struct ident *id, const char *text, struct sp_error *err);

/* From an address / from wire bytes (copied). */
void ident_from_addr(struct ident *id, const struct ip_addr *addr);
void ident_from_wire(struct ident *id, uint8_t type, const void *p,
    size_t len);

void ident_copy(struct ident *dst, const struct ident *src);
void ident_free(struct ident *id);

/* Same type and value (FQDN and mail without case). */
bool ident_eq(const struct ident *a, const struct ident *b);

/*
 * Does id satisfy the configured pattern: equal; ID_ANY (all but ID_NULL);
 * FQDN and mail that begin with "*" by their end; a DN with the same
 * attributes in any order, where "*" stands for any value.
 */
bool ident_match(const struct ident *pattern, const struct ident *id);

/* Append safe text; with_type: "gw.example (FQDN)". */
void ident_print(struct buf *b, const struct ident *id, bool with_type);

/* "IPv4 address", "FQDN", "e-mail", "DN", "KEY_ID", ... */
const char *ident_type_name(unsigned type);

#endif
