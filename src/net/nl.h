/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One rtnetlink request and its answer, for the files of this room only.
 * A request lives on the stack; a socket is opened for each exchange, in the
 * network namespace of the calling thread, so nothing outlives the call.
 */
#ifndef SP_NET_NL_H
#define SP_NET_NL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/netlink.h>

#include "base/addr.h"

#define NL_REQ_MAX 1024		/* bytes of a request; ours are short */
#define NL_WHAT_MAX 160
#define NL_DUMP_TRIES 8	/* after SP_AGAIN */

struct sp_error;

/* A request being built. */
struct nl_req {
	_Alignas(8) char bytes[NL_REQ_MAX];
	struct nlmsghdr *h;	/* in bytes */
	char what[NL_WHAT_MAX];	/* for errors: "add route 10.0.0.0/8" */
	int gone, there;	/* errno values that are success, or 0 */
};

/* Called for each message of an answer; a negative code ends the exchange
 * and becomes its result. */
typedef int (*nl_msg_fn)(const struct nlmsghdr *h, void *ctx);

/*
 * Start a request of this type with the family header fixed[len].  what is a
 * printf format: the deed as a verb, used in the error sentence.
 */
void nl_begin(struct nl_req *r, uint16_t type, uint16_t flags,
    const void *fixed, size_t len, const char *what, ...)
    __attribute__((format(printf, 6, 7)));

/* Append an attribute that holds the bytes of an address. */
void nl_put_addr(struct nl_req *r, uint16_t attr, const struct ip_addr *a);

/* Append an attribute that holds the index of a link; SP_NOTFOUND if there
 * is none of that name. */
int nl_put_link(struct nl_req *r, uint16_t attr, const char *ifname,
    struct sp_error *err);

/*
 * Send and wait for the end of the answer; fn (may be NULL) sees each
 * message of it.  The kernel's refusal becomes a sentence with the kernel's
 * own words behind: SP_DENIED, SP_NOTFOUND, SP_EXISTS or SP_SYSTEM.
 * SP_AGAIN: a dump was torn by a change; forget what fn saw and repeat.
 */
int nl_exchange(struct nl_req *r, nl_msg_fn fn, void *ctx,
    struct sp_error *err);

/* As nl_exchange(); *refused gets the errno value of the refusal, or 0, for
 * callers that know better words or another way. */
int nl_try(struct nl_req *r, nl_msg_fn fn, void *ctx, int *refused,
    struct sp_error *err);

/* Attributes behind a family header of hdr_len bytes, by number, into
 * tab[max + 1]; what is absent or beyond max is NULL. */
void nl_attrs(const struct nlmsghdr *h, size_t hdr_len,
    const struct nlattr **tab, size_t max);

/* The same for the attributes inside another. */
void nl_attrs_nested(const struct nlattr *nest, const struct nlattr **tab,
    size_t max);

/* Address in an attribute, family 0 if the attribute is NULL or too short. */
struct ip_addr nl_get_addr(const struct nlattr *a, int family);

/* Number in an attribute, 0 if it is NULL or too short. */
uint32_t nl_get_u32(const struct nlattr *a);

#endif
