/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel plane: creation and end, capabilities, the sockets of the
 * engine, statistics.  The kernel encrypts; this room gives it states and
 * policies over NETLINK_XFRM and listens to what it reports.
 *
 * The netlink sockets and the file of statistics are opened once, in the
 * namespace of creation, and keep to it wherever the thread goes later.
 *
 * Order at the end: the ear is closed first (so no larval states are made),
 * then states go (traffic is dropped, not sent in the clear), then policies.
 */
#include "plane/xfrm/xfrm.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#include "base/error.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "crypto/rng.h"
#include "plane/xfrm/bypass.h"

#define EVENT_BUFFER (1 << 20)	/* bytes; a burst of 10 000 acquires */
#define STAT_FILE "/proc/thread-self/net/xfrm_stat"
#define STAT_MAX 4096

static unsigned
caps(const struct plane *p)
{
	return ((const struct xfrm_plane *)(const void *)p)->caps;
}

static const char *
ifname(const struct plane *p)
{
	(void)p;
	return NULL;		/* policies see all traffic, no link needed */
}

static int
fd(const struct plane *p)
{
	const struct xfrm_plane *x = (const struct xfrm_plane *)(const void *)p;

	return mnl_socket_get_fd(x->ev.s);
}

/*
 * The kernel's counters by name, and the sums of ours that they go to.
 * XfrmInTmplMismatch: it came in the clear, or by another SA, where a policy
 * protects.
 */
static const struct {
	const char *name;
	size_t member;
} stat_rows[] = {
	{ "XfrmInNoStates", offsetof(struct plane_stats, no_sa) },
	{ "XfrmInHdrError", offsetof(struct plane_stats, malformed) },
	{ "XfrmInBufferError", offsetof(struct plane_stats, malformed) },
	{ "XfrmInStateModeError", offsetof(struct plane_stats, malformed) },
	{ "XfrmInTmplMismatch", offsetof(struct plane_stats, clear_drops) },
	{ "XfrmInNoPols", offsetof(struct plane_stats, policy_drops) },
	{ "XfrmInPolBlock", offsetof(struct plane_stats, policy_drops) },
	{ "XfrmOutPolBlock", offsetof(struct plane_stats, policy_drops) },
	{ "XfrmOutNoStates", offsetof(struct plane_stats, queue_drops) },
};

static uint64_t *
stat_member(struct plane_stats *s, size_t row)
{
	return (uint64_t *)(void *)((char *)s + stat_rows[row].member);
}

static void
read_stat_line(const char *line, struct plane_stats *out)
{
	unsigned long long value;
	char name[64];
	size_t i;

	if (sscanf(line, "%63s %llu", name, &value) != 2)
		return;
	for (i = 0; i < NELEM(stat_rows); i++) {
		if (strcmp(stat_rows[i].name, name) == 0)
			*stat_member(out, i) += value;
	}
}

/* All zero on a kernel without CONFIG_XFRM_STATISTICS. */
static void
read_stats(int stat_fd, struct plane_stats *out)
{
	char text[STAT_MAX], *line, *save = NULL;
	ssize_t n;

	memset(out, 0, sizeof(*out));
	n = pread(stat_fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return;
	text[n] = '\0';
	for (line = strtok_r(text, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save))
		read_stat_line(line, out);
}

/* Since the plane began: the kernel counts since the namespace did. */
static void
stats(struct plane *p, struct plane_stats *out)
{
	struct xfrm_plane *x = (struct xfrm_plane *)(void *)p;

	read_stats(x->stat_fd, out);
	out->no_sa -= x->stat_base.no_sa;
	out->malformed -= x->stat_base.malformed;
	out->clear_drops -= x->stat_base.clear_drops;
	out->policy_drops -= x->stat_base.policy_drops;
	out->queue_drops -= x->stat_base.queue_drops;
	out->queue_drops += x->overruns;
}

/* Have the kernel take ESP out of the UDP packets of this socket, or not. */
static int
set_encap(int udp_fd, int type)
{
	return setsockopt(udp_fd, IPPROTO_UDP, UDP_ENCAP, &type,
	    sizeof(type));
}

static void
take_sockets(struct xfrm_plane *x, const struct plane_params *p)
{
	const int given[] = { p->udp4500_v4, p->udp4500_v6 };
	size_t i;

	for (i = 0; i < NELEM(given); i++) {
		x->udp_fd[i] = -1;
		if (given[i] < 0)
			continue;
		if (set_encap(given[i], UDP_ENCAP_ESPINUDP) < 0) {
			log_event(x->log, LOG_LVL_WARNING, "udp-encap", "",
			    "this kernel takes no ESP in UDP over IPv%s: %s",
			    i == 0 ? "4" : "6", strerror(errno));
			continue;
		}
		x->udp_fd[i] = given[i];
		x->caps |= PLANE_ENCAP;
	}
}

static void
plane_free(struct plane *p)
{
	struct xfrm_plane *x = (struct xfrm_plane *)(void *)p;
	size_t i;

	if (x == NULL)
		return;

	xfrm_nl_close(&x->ev);
	if (x->req.s != NULL) {
		xfrm_sa_clear(x, false);
		xfrm_policy_clear(x, false);
	}
	xfrm_nl_close(&x->req);
	for (i = 0; i < NELEM(x->udp_fd); i++) {
		if (x->udp_fd[i] >= 0)
			set_encap(x->udp_fd[i], 0);
	}
	if (x->stat_fd >= 0)
		close(x->stat_fd);
	map_free(x->sas);
	map_free(x->pols);
	map_free(x->spd);
	free(x);
}

static const struct plane_ops ops = {
	.name = "kernel",
	.caps = caps,
	.ifname = ifname,
	.sa_add = xfrm_sa_add,
	.sa_del = xfrm_sa_del,
	.sa_move = xfrm_sa_move,
	.sa_counters = xfrm_sa_counters,
	.policy_set = xfrm_policy_set,
	.policy_del = xfrm_policy_del,
	.stats = stats,
	.fd = fd,
	.dispatch = xfrm_dispatch,
	.free = plane_free,
};

/* The socket of events: never blocks, and holds a burst. */
static int
open_events(struct xfrm_plane *x, struct sp_error *err)
{
	unsigned groups = 1u << (XFRMNLGRP_ACQUIRE - 1) |
	    1u << (XFRMNLGRP_EXPIRE - 1) | 1u << (XFRMNLGRP_MAPPING - 1);
	int size = EVENT_BUFFER, ret, event_fd;

	ret = xfrm_nl_open(&x->ev, groups, err);
	if (ret < 0)
		return ret;

	event_fd = mnl_socket_get_fd(x->ev.s);
	setsockopt(event_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (fcntl(event_fd, F_SETFL, O_NONBLOCK) < 0) {
		return sp_fail_errno(err, errno,
		    "cannot prepare the kernel's IPsec interface");
	}
	return 0;
}

int
plane_xfrm_new(struct plane **out, const struct plane_params *p,
    struct sp_error *err)
{
	struct rng rng = rng_system();
	struct xfrm_plane *x = xcalloc(1, sizeof(*x));
	int ret, errnum;

	x->plane.ops = &ops;
	x->events = p->events;
	x->log = p->log;
	x->mark = p->mark;
	x->udp_fd[0] = x->udp_fd[1] = -1;
	x->stat_fd = open(STAT_FILE, O_RDONLY | O_CLOEXEC);
	read_stats(x->stat_fd, &x->stat_base);
	x->seed = rng_u64(&rng);
	x->sas = map_new(x->seed);
	x->pols = map_new(x->seed);
	x->spd = map_new(x->seed);

	ret = xfrm_nl_open(&x->req, 0, err);
	if (ret == 0)
		ret = open_events(x, err);
	if (ret < 0)
		goto fail;
	errnum = xfrm_sa_probe(&x->req, IPPROTO_ESP);
	if (errnum != 0) {
		ret = xfrm_refused(&x->req, errnum, err,
		    "use the kernel's IPsec");
		goto fail;
	}

	x->caps = PLANE_TUNNEL | PLANE_TRANSPORT | PLANE_ESN | PLANE_RAW_ESP |
	    PLANE_ACQUIRE;
	if (xfrm_sa_probe(&x->req, IPPROTO_AH) == 0)
		x->caps |= PLANE_AH;
	xfrm_sa_clear(x, true);
	xfrm_policy_clear(x, true);
	take_sockets(x, p);
	*out = &x->plane;
	return 0;
fail:
	plane_free(&x->plane);
	return ret;
}

bool
plane_xfrm_works(const char **why)
{
	static const struct {
		int errnum;
		const char *why;
	} rows[] = {
		{ EPROTONOSUPPORT, "this kernel has no ESP" },
		{ ENOSYS, "this kernel has no AES-GCM" },
		{ ENOENT, "this kernel has no AES-GCM" },
		{ EPERM, "no right to install IPsec states (CAP_NET_ADMIN)" },
		{ ETIMEDOUT, "the kernel does not answer" },
	};
	struct xfrm_nl nl;
	int errnum;
	size_t i;

	*why = NULL;
	if (xfrm_nl_open(&nl, 0, NULL) < 0) {
		*why = "this kernel has no IPsec";
		return false;
	}
	errnum = xfrm_sa_probe(&nl, IPPROTO_ESP);
	xfrm_nl_close(&nl);
	if (errnum == 0)
		return true;

	*why = "the kernel refuses IPsec states";
	for (i = 0; i < NELEM(rows); i++) {
		if (rows[i].errnum == errnum)
			*why = rows[i].why;
	}
	return false;
}

int
plane_xfrm_bypass_socket(int sock, int family, struct sp_error *err)
{
	static const uint8_t both[] = { XFRM_POLICY_IN, XFRM_POLICY_OUT };
	struct xfrm_userpolicy_info pol = {
		.action = XFRM_POLICY_ALLOW,
		.sel.family = (uint16_t)family,
	};
	int level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
	int name = family == AF_INET6 ? IPV6_XFRM_POLICY : IP_XFRM_POLICY;
	size_t i;

	for (i = 0; i < NELEM(both); i++) {
		pol.dir = both[i];
		if (setsockopt(sock, level, name, &pol, sizeof(pol)) == 0)
			continue;
		if (errno == EPERM) {
			return sp_fail(err, SP_DENIED, "cannot keep IKE out of "
			    "its own tunnels: that needs the right "
			    "CAP_NET_ADMIN");
		}
		return sp_fail(err, errno == ENOPROTOOPT ? SP_UNSUPPORTED :
		    SP_SYSTEM, "cannot keep IKE out of its own tunnels: %s",
		    strerror(errno));
	}
	return 0;
}
