/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The data plane: security associations and policies, behind one interface
 * with two implementations: xfrm/ (the kernel, by netlink) and user/ (ESP on
 * a TUN device and sockets, in a thread of its own).  A third is the test
 * double.
 *
 * A plane is made inside the network namespace that it serves and stays
 * there.  All functions are called from one thread (the engine's).  Events
 * are collected by plane_dispatch(), called when plane_fd() is readable.
 */
#ifndef SP_PLANE_PLANE_H
#define SP_PLANE_PLANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct alg;
struct log;
struct plane;
struct sp_error;

enum plane_caps {
	PLANE_TUNNEL = 1 << 0,
	PLANE_TRANSPORT = 1 << 1,
	PLANE_AH = 1 << 2,
	PLANE_ESN = 1 << 3,
	PLANE_RAW_ESP = 1 << 4,		/* protocol 50, without UDP */
	PLANE_ENCAP = 1 << 5,		/* ESP in UDP */
	PLANE_ACQUIRE = 1 << 6,		/* traffic can ask for an SA */
	PLANE_NEEDS_ROUTES = 1 << 7,	/* remote networks must be routed to
					 * plane_ifname() */
	PLANE_READS_4500 = 1 << 8,	/* takes over reading the sockets given
					 * to it; IKE comes back as events */
};

enum plane_dir { PLANE_IN, PLANE_OUT };

struct plane_selector {		/* as struct ike_ts, without ike/ */
	uint8_t proto;
	uint16_t port_first, port_last;
	struct ip_addr first, last;
};

struct plane_sa {
	enum plane_dir dir;
	uint32_t spi;		/* host order */
	uint32_t reqid;		/* the child */
	uint8_t protocol;	/* 50 ESP, 51 AH */
	bool transport;
	bool encap;		/* in UDP, ports of src and dst */
	struct endpoint src, dst;	/* outer, as on the wire */
	const struct alg *encr, *integ;	/* integ NULL with AEAD */
	unsigned key_bits;
	const uint8_t *encr_key;	/* salt behind */
	size_t encr_key_len;
	const uint8_t *integ_key;
	size_t integ_key_len;
	bool esn;
	uint32_t replay_window;	/* packets; inbound */
	const struct plane_selector *src_sel, *dst_sel;	/* inner packets */
	size_t nr_src_sel, nr_dst_sel;
	uint64_t soft_bytes, hard_bytes;	/* 0 = no limit */
	uint64_t soft_packets, hard_packets;
	uint32_t replaces;	/* outbound: SPI that it takes over from */
};

enum plane_action {
	PLANE_PROTECT,		/* by the SA of reqid; without one: acquire if
				 * trap is set, else drop */
	PLANE_BYPASS,
	PLANE_DISCARD,
};

/*
 * One policy covers both directions of a child: local <-> remote, each pair.
 * Sorted by the plane: bypass first, then explicit priority, then the
 * narrower selector.
 */
struct plane_policy {
	uint32_t reqid;		/* key of the policy, unique */
	enum plane_action action;
	bool trap;		/* PROTECT: ask for an SA on traffic */
	bool transport;
	uint8_t protocol;	/* 50, 51 */
	uint32_t sa_reqid;	/* PROTECT: reqid of the SAs in use */
	uint32_t priority;	/* 0 = by selector size; smaller wins */
	struct ip_addr outer_local, outer_remote;
	const struct plane_selector *local, *remote;
	size_t nr_local, nr_remote;
};

struct plane_counters {
	uint64_t bytes, packets;
	uint64_t replay_errors, auth_errors, other_errors;
	int64_t last_used_ms;	/* clock_ms() of the last packet, 0 = never */
};

struct plane_stats {		/* of the whole plane */
	uint64_t no_sa;		/* ESP with an unknown SPI */
	uint64_t malformed, policy_drops, clear_drops, queue_drops;
};

/* Called from plane_dispatch(). */
struct plane_events {
	/* traffic matched a trap policy: reqid of the policy */
	void (*acquire)(void *ctx, uint32_t reqid,
	    const struct plane_selector *src,
	    const struct plane_selector *dst);
	/* a limit in bytes or packets (kernel: also time) was reached */
	void (*expire)(void *ctx, uint32_t spi, bool hard);
	/* authentic ESP came from another outer source */
	void (*moved)(void *ctx, uint32_t reqid,
	    const struct endpoint *remote);
	/* ESP with an unknown SPI (rate limited by the plane) */
	void (*unknown_spi)(void *ctx, uint32_t spi,
	    const struct endpoint *from);
	/* PLANE_READS_4500: an IKE datagram, marker removed; ifname unused */
	void (*ike)(void *ctx, const struct endpoint *local,
	    const struct endpoint *remote, const uint8_t *data, size_t len);
	void *ctx;
};

struct plane_params {
	const char *name;	/* of the network; names the TUN device */
	struct plane_events events;
	struct log *log;
	int udp4500_v4, udp4500_v6;	/* the engine's sockets, or -1; stay
					 * the engine's, close after
					 * plane_free() */
	unsigned mtu;		/* of the outer link, 0 = 1500 */
	uint32_t mark;		/* SO_MARK of sockets the plane opens */
};

struct plane_ops {
	const char *name;	/* "kernel", "user" */
	unsigned (*caps)(const struct plane *p);
	const char *(*ifname)(const struct plane *p);	/* or NULL */
	int (*sa_add)(struct plane *p, const struct plane_sa *sa,
	    struct sp_error *err);
	/* dst: outer destination of the SA */
	int (*sa_del)(struct plane *p, uint32_t spi, uint8_t protocol,
	    const struct ip_addr *dst, struct sp_error *err);
	/* new outer addresses or ports of both SAs of the child */
	int (*sa_move)(struct plane *p, uint32_t reqid,
	    const struct endpoint *local, const struct endpoint *remote,
	    bool encap, struct sp_error *err);
	int (*sa_counters)(struct plane *p, uint32_t spi, uint8_t protocol,
	    const struct ip_addr *dst, struct plane_counters *out,
	    struct sp_error *err);
	/* add or replace (same reqid) / remove */
	int (*policy_set)(struct plane *p, const struct plane_policy *pol,
	    struct sp_error *err);
	int (*policy_del)(struct plane *p, uint32_t reqid,
	    struct sp_error *err);
	void (*stats)(struct plane *p, struct plane_stats *out);
	int (*fd)(const struct plane *p);
	void (*dispatch)(struct plane *p);
	void (*free)(struct plane *p);	/* removes all that it installed */
};

/* First member of each implementation's own struct. */
struct plane {
	const struct plane_ops *ops;
};

/*
 * Make a plane in the present network namespace.  Leftovers of an earlier
 * engine there (tagged by PLANE_TAG) are removed first.
 */
int plane_xfrm_new(struct plane **out, const struct plane_params *p,
    struct sp_error *err);
int plane_user_new(struct plane **out, const struct plane_params *p,
    struct sp_error *err);

/*
 * Can this kernel do ESP?  Installs and removes one state in the present
 * namespace.  *why gets a phrase such as "this kernel has no ESP".
 */
bool plane_xfrm_works(const char **why);

#define PLANE_TAG 0x53500000u	/* high bits of every kernel reqid of ours */

#endif
