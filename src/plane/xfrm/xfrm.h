/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel plane inside: what its files share.
 *
 *   attr.c    netlink exchange, addresses, tags       knows no plane
 *   sa.c      states: add, delete, move, count
 *   sweep.c   states nobody speaks of: leftovers, larval ones
 *   policy.c  policies: selectors, priorities, who of several wins
 *   event.c   multicast messages, overruns
 *   plane.c   creation, capabilities, sockets, end
 */
#ifndef SP_PLANE_XFRM_XFRM_H
#define SP_PLANE_XFRM_XFRM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/netlink.h>
#include <linux/xfrm.h>

#include "plane/plane.h"

#define XFRM_REQ_MAX 4096	/* largest: a state with a 4096-packet window */
#define XFRM_WORDS_MAX 160

struct map;
struct mnl_socket;

/* The tag leaves 20 bits of a reqid for the child's number. */
#define XFRM_TAG_MASK 0xfff00000u
#define XFRM_WINDOW_MAX 4096	/* packets; the kernel's bound */

/* A netlink socket and what its last answer said. */
struct xfrm_nl {
	struct mnl_socket *s;
	uint32_t seq;
	char words[XFRM_WORDS_MAX];	/* of the last refusal, or "" */
};

/* A request being built. */
struct xfrm_req {
	_Alignas(8) char bytes[XFRM_REQ_MAX];
	struct nlmsghdr *h;	/* in bytes */
};

/* Called for each message of an answer. */
typedef void (*xfrm_msg_fn)(const struct nlmsghdr *h, void *ctx);

/* A state of ours; nothing secret is kept, the kernel has the keys. */
struct xfrm_sa {
	uint32_t spi, reqid;	/* host order; reqid as the engine knows it */
	uint8_t protocol;
	enum plane_dir dir;
	bool encap;
	bool soft_told, hard_told;	/* expiry was reported */
	bool seen;		/* in the dump under way */
	struct endpoint src, dst;
	struct endpoint told;	/* last remote end reported as moved */
	uint64_t packets;	/* at the last look */
	int64_t last_used_ms;
};

/* A policy of ours and the kernel selectors that it comes to. */
struct xfrm_pol {
	uint32_t reqid, sa_reqid;
	enum plane_action action;
	bool trap, transport;
	uint8_t protocol;
	uint32_t priority;	/* as the engine gave it */
	struct ip_addr outer_local, outer_remote;
	struct xfrm_selector *sel;	/* local to remote */
	size_t nr_sel;
};

/* One selector in the kernel; claims are the policies that want it. */
struct xfrm_spd {
	struct xfrm_selector sel;
	struct xfrm_pol **claims;	/* oldest first */
	size_t nr_claims;
	const struct xfrm_pol *installed;
	uint32_t index;		/* kernel's number without direction */
};

struct xfrm_plane {
	struct plane plane;	/* first: a struct plane * points here */
	struct xfrm_nl req, ev;
	struct plane_events events;
	struct log *log;
	unsigned caps;
	uint32_t mark;
	int udp_fd[2];		/* engine's sockets with our option, or -1 */
	int stat_fd;		/* /proc/net/xfrm_stat of our namespace */
	struct plane_stats stat_base;	/* what was there before us */
	uint64_t overruns;
	uint32_t next_index;
	uint64_t seed;		/* of the maps: a peer chooses SPIs */
	struct map *sas;	/* struct xfrm_sa by SPI, protocol, dst */
	struct map *pols;	/* struct xfrm_pol by reqid */
	struct map *spd;	/* struct xfrm_spd by selector */
};

/* attr.c */

/* Open in the present namespace, member of the groups in this mask;
 * SP_UNSUPPORTED where the kernel has no IPsec at all. */
int xfrm_nl_open(struct xfrm_nl *nl, unsigned groups, struct sp_error *err);
void xfrm_nl_close(struct xfrm_nl *nl);

/* Start a request with its fixed part, which is copied; dumps have none
 * (NULL, 0). */
void xfrm_begin(struct xfrm_req *r, uint16_t type, uint16_t flags,
    const void *fixed, size_t len);

/* Append an attribute; false when the request has no room for it. */
bool xfrm_put(struct xfrm_req *r, uint16_t attr, const void *p, size_t len);

/* Forget the request and the keys in it. */
void xfrm_wipe(struct xfrm_req *r);

/* Send, wait for the end of the answer; 0 or an errno value (positive), with
 * the kernel's words in nl->words.  fn may be NULL. */
int xfrm_exchange(struct xfrm_nl *nl, struct xfrm_req *r, xfrm_msg_fn fn,
    void *ctx);

/* Make the words of an errno value that xfrm_exchange() returned; deed is
 * "install the inbound SA ...".  Conformance reason no-ipsec-in-kernel. */
int xfrm_refused(const struct xfrm_nl *nl, int errnum, struct sp_error *err,
    const char *deed);

/* Copy the fixed part of a message; false if it is too short.  Messages are
 * aligned to 4 bytes, the kernel's structs to 8: hence a copy. */
bool xfrm_fixed(const struct nlmsghdr *h, void *out, size_t len);

/* Attributes by number into tab[XFRMA_MAX + 1]; absent ones are NULL. */
void xfrm_attrs(const struct nlmsghdr *h, size_t hdr_len,
    const struct nlattr **tab);

/* Addresses to and from the kernel's form. */
xfrm_address_t xfrm_addr(const struct ip_addr *a);
struct ip_addr xfrm_addr_read(const xfrm_address_t *x, int family);

/* The kernel's reqid of a child; is a kernel's reqid one of ours. */
uint32_t xfrm_tag(uint32_t reqid);
bool xfrm_is_tagged(uint32_t kernel_reqid);

/* sa.c */

/* The methods of plane_ops (plane.h). */
int xfrm_sa_add(struct plane *p, const struct plane_sa *sa,
    struct sp_error *err);
int xfrm_sa_del(struct plane *p, uint32_t spi, uint8_t protocol,
    const struct ip_addr *dst, struct sp_error *err);
int xfrm_sa_move(struct plane *p, uint32_t reqid,
    const struct endpoint *local, const struct endpoint *remote, bool encap,
    struct sp_error *err);
int xfrm_sa_counters(struct plane *p, uint32_t spi, uint8_t protocol,
    const struct ip_addr *dst, struct plane_counters *out,
    struct sp_error *err);

/* Our record of a state, or NULL. */
struct xfrm_sa *xfrm_sa_find(const struct xfrm_plane *x, uint32_t spi,
    uint8_t protocol, const struct ip_addr *dst);

/* Try to install and remove a state of this protocol; 0 or an errno value. */
int xfrm_sa_probe(struct xfrm_nl *nl, uint8_t protocol);

/* A state's name; removing it, 0 or an errno value (gone already is 0). */
struct xfrm_usersa_id xfrm_sa_id(uint32_t spi, uint8_t protocol,
    const struct ip_addr *dst);
int xfrm_sa_remove(struct xfrm_nl *nl, const struct xfrm_usersa_id *id);

/* sweep.c */

/* States in the kernel that carry our tag, larval ones (SPI 0) too; the array
 * is the caller's (free()).  *errnum: 0 or why the dump is incomplete. */
struct xfrm_usersa_info *xfrm_sa_dump(struct xfrm_plane *x, size_t *nr,
    int *errnum);

/* Forget that traffic of this policy has asked for an SA already: the next
 * packet asks again. */
void xfrm_sa_rearm(struct xfrm_plane *x, const struct xfrm_pol *p);

/* Remove all states of ours; with leftovers also tagged ones that this plane
 * knows nothing of. */
void xfrm_sa_clear(struct xfrm_plane *x, bool leftovers);

/* policy.c */

/* The methods of plane_ops (plane.h). */
int xfrm_policy_set(struct plane *p, const struct plane_policy *pol,
    struct sp_error *err);
int xfrm_policy_del(struct plane *p, uint32_t reqid, struct sp_error *err);

/* The policy whose kernel form has this selector (local to remote), or NULL;
 * the one whose SAs have this kernel reqid, or NULL. */
const struct xfrm_pol *xfrm_policy_by_sel(const struct xfrm_plane *x,
    const struct xfrm_selector *sel);
const struct xfrm_pol *xfrm_policy_by_sa(const struct xfrm_plane *x,
    uint32_t kernel_reqid);

/* New outer addresses in all policies over the SAs of this reqid. */
int xfrm_policy_move(struct xfrm_plane *x, uint32_t sa_reqid,
    const struct ip_addr *local, const struct ip_addr *remote,
    struct sp_error *err);

/* As xfrm_sa_clear(). */
void xfrm_policy_clear(struct xfrm_plane *x, bool leftovers);

/* event.c */

/* The method of plane_ops (plane.h). */
void xfrm_dispatch(struct plane *p);

/* Compare the kernel's states with ours after messages were lost: raises the
 * expiries and acquires that nobody told us of. */
void xfrm_resync(struct xfrm_plane *x);

#endif
