/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IPv4 and IPv6 addresses, address with port, prefixes.
 */
#ifndef SP_BASE_ADDR_H
#define SP_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDR_TEXT 48		/* room for any address as text */
#define ENDPOINT_TEXT 56	/* "[address]:port" */

struct ip_addr {
	uint8_t family;		/* AF_INET, AF_INET6, or 0 = none */
	uint8_t b[16];		/* network order; 4 bytes used for AF_INET */
};

struct endpoint {
	struct ip_addr addr;
	uint16_t port;		/* host order */
};

struct ip_prefix {
	struct ip_addr addr;
	uint8_t len;		/* bits */
};

/* Bytes of an address of this family: 4, 16 or 0. */
size_t addr_len(const struct ip_addr *a);

/* Parse a numeric address / "address/length"; false if it is none. */
bool addr_parse(struct ip_addr *a, const char *s);
bool prefix_parse(struct ip_prefix *p, const char *s);

/* Print into out[ADDR_TEXT] / out[ENDPOINT_TEXT]; returns out. */
const char *addr_print(const struct ip_addr *a, char *out);
const char *endpoint_print(const struct endpoint *e, char *out);
const char *prefix_print(const struct ip_prefix *p, char *out);

bool addr_eq(const struct ip_addr *a, const struct ip_addr *b);
bool endpoint_eq(const struct endpoint *a, const struct endpoint *b);

/* Three-way comparison of two addresses of one family. */
int addr_cmp(const struct ip_addr *a, const struct ip_addr *b);

/* All-zero address (or no address). */
bool addr_is_any(const struct ip_addr *a);

/* Address from 4 or 16 bytes. */
struct ip_addr addr_from_bytes(int family, const void *bytes);

/* Is a inside p; first and last address of p; p without host bits. */
bool prefix_has(const struct ip_prefix *p, const struct ip_addr *a);
void prefix_range(const struct ip_prefix *p, struct ip_addr *first,
    struct ip_addr *last);
struct ip_prefix prefix_masked(const struct ip_prefix *p);

/* Do the two prefixes share an address. */
bool prefix_overlap(const struct ip_prefix *a, const struct ip_prefix *b);

/*
 * The longest prefix that begins at first and does not pass last; used to
 * write a range as prefixes.
 */
struct ip_prefix prefix_of_range(const struct ip_addr *first,
    const struct ip_addr *last);

/* To and from socket addresses; to: returns the length. */
socklen_t endpoint_to_sockaddr(const struct endpoint *e,
    struct sockaddr_storage *ss);
bool endpoint_from_sockaddr(struct endpoint *e, const struct sockaddr *sa);

#endif
