/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The IKE sockets of a network: UDP 500 and 4500, IPv4 and IPv6, opened
 * inside its namespace.  Packet information tells the local address of each
 * datagram and sets the source of each answer; the error queue (IP_RECVERR)
 * brings ICMP errors with the datagram they are about, so that a refused
 * port ends an attempt at once (RFC 7296 2.4 leaves that to policy: it ends
 * attempts that have had no answer only).
 *
 * On port 4500 IKE carries four zero bytes in front (RFC 3948 2.2); they are
 * added and taken off here.  A plane with PLANE_READS_4500 reads these
 * sockets itself; we only send on them.
 */
#include "engine/internal.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/loop.h"

#define BATCH 16		/* datagrams a system call */
#define BATCHES 4		/* system calls a wake-up */
#define DATAGRAM 16384		/* longest IKE message taken */
#define MARKER 4		/* zero bytes before IKE on 4500 */

static const struct {
	int family;
	uint16_t port;
} layout[NET_SOCKS] = {
	{ AF_INET, IKE_PORT }, { AF_INET, IKE_PORT_NAT },
	{ AF_INET6, IKE_PORT }, { AF_INET6, IKE_PORT_NAT },
};

/* Memory of one wake-up; one engine thread at a time uses its own. */
struct batch {
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage from[BATCH];
	char control[BATCH][256];
	uint8_t data[BATCH][DATAGRAM];
};

static void
set_option(int fd, int level, int name, int value)
{
	/* what an old kernel does not know is done without */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

static void
set_options(int fd, int family)
{
	set_option(fd, SOL_SOCKET, SO_MARK, (int)ENGINE_MARK);
	set_option(fd, SOL_SOCKET, SO_RCVBUF, 1 << 20);
	if (family == AF_INET) {
		set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
		set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER,
		    IP_PMTUDISC_DONT);
	} else {
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
		set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
		    IPV6_PMTUDISC_DONT);
	}
}

static int
bind_any(int fd, int family, uint16_t port)
{
	struct endpoint e = {0};
	struct sockaddr_storage ss;
	socklen_t len;

	e.addr.family = (uint8_t)family;
	e.port = port;
	len = endpoint_to_sockaddr(&e, &ss);
	return bind(fd, (struct sockaddr *)&ss, len);
}

static int
open_one(struct sock *s, int family, uint16_t port, struct sp_error *err)
{
	int fd;

	s->family = family;
	s->port = port;
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		if (family == AF_INET6 && errno == EAFNOSUPPORT)
			return 0;
		return sp_fail_errno(err, errno, "No socket for IKE");
	}
	set_options(fd, family);
	if (bind_any(fd, family, port) < 0) {
		if (errno == EADDRINUSE) {
			sp_fail(err, SP_EXISTS, "UDP port %u is held by "
			    "another program on this machine.", port);
			sp_hint(err, "stop the other IKE service, or set "
			    "placement namespace");
		} else {
			sp_fail_errno(err, errno, "UDP port %u cannot be "
			    "opened", port);
		}
		close(fd);
		return err != NULL ? err->code : SP_SYSTEM;
	}
	s->fd = fd;
	return 0;
}

int
sockets_open(struct network *n, struct sp_error *err)
{
	size_t i;
	int ret;

	for (i = 0; i < NET_SOCKS; i++) {
		ret = open_one(&n->socks[i], layout[i].family,
		    layout[i].port, err);
		if (ret < 0) {
			sockets_close(n);
			return ret;
		}
	}
	return 0;
}

void
sockets_close(struct network *n)
{
	struct sock *s;
	size_t i;

	for (i = 0; i < NET_SOCKS; i++) {
		s = &n->socks[i];
		loop_io_free(s->io);
		s->io = NULL;
		if (s->fd >= 0)
			close(s->fd);
		s->fd = -1;
	}
}

/* The local address in the control messages of a datagram. */
static struct ip_addr
local_addr(struct msghdr *m)
{
	struct ip_addr a = {0};
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo pi;

			memcpy(&pi, CMSG_DATA(c), sizeof(pi));
			a = addr_from_bytes(AF_INET, &pi.ipi_addr);
		}
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo pi6;

			memcpy(&pi6, CMSG_DATA(c), sizeof(pi6));
			a = addr_from_bytes(AF_INET6, &pi6.ipi6_addr);
		}
	}
	return a;
}

static void
deliver(struct sock *s, struct msghdr *m, const uint8_t *data, size_t len)
{
	static const uint8_t marker[MARKER];
	struct ike_path path = {0};

	if (!endpoint_from_sockaddr(&path.remote, m->msg_name))
		return;

	path.local.addr = local_addr(m);
	path.local.port = s->port;
	if (path.local.addr.family == 0)
		return;
	if (s->port == IKE_PORT_NAT) {
		/* anything else here is ESP or a keepalive */
		if (len < MARKER || memcmp(data, marker, MARKER) != 0)
			return;
		data += MARKER;
		len -= MARKER;
	}
	ike_host_input(s->net->host, clock_ms(), &path, data, len);
	tie_run(s->net);
}

static int
read_batch(struct sock *s, struct batch *b)
{
	struct msghdr *m;
	int i, nr;

	memset(b->msg, 0, sizeof(b->msg));
	for (i = 0; i < BATCH; i++) {
		m = &b->msg[i].msg_hdr;
		b->iov[i].iov_base = b->data[i];
		b->iov[i].iov_len = sizeof(b->data[i]);
		m->msg_iov = &b->iov[i];
		m->msg_iovlen = 1;
		m->msg_name = &b->from[i];
		m->msg_namelen = sizeof(b->from[i]);
		m->msg_control = b->control[i];
		m->msg_controllen = sizeof(b->control[i]);
	}
	nr = recvmmsg(s->fd, b->msg, BATCH, MSG_DONTWAIT, NULL);
	for (i = 0; i < nr; i++) {
		m = &b->msg[i].msg_hdr;
		if (!(m->msg_flags & MSG_TRUNC) && s->fd >= 0)
			deliver(s, m, b->data[i], b->msg[i].msg_len);
	}
	return nr;
}

/* Words and code of a send error or of an ICMP error's errno. */
static void
error_reason(struct ike_reason *r, int errnum, const char *to,
    const char *from)
{
	enum ike_reason_code code = REASON_PEER_UNREACHABLE;
	const char *said = from != NULL ? " says " : "";

	if (errnum == ECONNREFUSED) {
		ike_reason_set(r, REASON_PEER_REFUSED, true, "", NULL, NULL,
		    "Nothing listens for IKE at %s (ICMP port unreachable).",
		    to);
		return;
	}
	if (errnum == ENETUNREACH && from == NULL) {
		ike_reason_set(r, REASON_ROUTE_MISSING, true, "", NULL, NULL,
		    "There is no route to %s.", to);
		return;
	}
	if (errnum == EPERM || errnum == ENOBUFS || errnum == EADDRNOTAVAIL ||
	    errnum == EINVAL)
		code = REASON_LOCAL_SEND_FAILED;
	ike_reason_set(r, code, true, "", NULL, NULL,
	    "%s cannot be reached: %s%s%s.", to, from != NULL ? from :
	    "this machine says ", said, strerror(errnum));
}

/* One ICMP error: whom it is about, and who sent it. */
static void
icmp_error(struct sock *s, struct msghdr *m)
{
	struct sock_extended_err ee;
	struct ike_path path = {0};
	struct ike_reason why;
	struct endpoint off;
	struct cmsghdr *c;
	char to[ENDPOINT_TEXT], by[ADDR_TEXT];
	const char *from = NULL;
	bool found = false;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if ((c->cmsg_level == IPPROTO_IP &&
		    c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_RECVERR)) {
			memcpy(&ee, CMSG_DATA(c), sizeof(ee));
			found = true;
			if (endpoint_from_sockaddr(&off, (void *)(CMSG_DATA(c)
			    + sizeof(ee))))
				from = addr_print(&off.addr, by);
		}
	}
	if (!found || ee.ee_errno == EMSGSIZE ||
	    !endpoint_from_sockaddr(&path.remote, m->msg_name))
		return;

	path.local.port = s->port;
	path.local.addr = local_addr(m);
	endpoint_print(&path.remote, to);
	error_reason(&why, (int)ee.ee_errno, to, from);
	tie_undeliverable(s->net, &path, &why);
}

static void
read_errors(struct sock *s)
{
	struct sockaddr_storage about;
	char control[512];
	uint8_t data[64];
	struct iovec iov = { data, sizeof(data) };
	struct msghdr m;
	int i;

	for (i = 0; i < BATCH * BATCHES && s->fd >= 0; i++) {
		memset(&m, 0, sizeof(m));
		m.msg_name = &about;
		m.msg_namelen = sizeof(about);
		m.msg_iov = &iov;
		m.msg_iovlen = 1;
		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		if (recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		icmp_error(s, &m);
	}
}

static void
on_readable(void *ctx, unsigned events)
{
	struct sock *s = ctx;
	struct batch b;
	int i;

	(void)events;
	read_errors(s);
	for (i = 0; i < BATCHES && s->fd >= 0; i++) {
		if (read_batch(s, &b) < BATCH)
			break;
	}
	tie_run(s->net);
}

void
sockets_watch(struct network *n)
{
	bool taken = n->plane->ops->caps(n->plane) & PLANE_READS_4500;
	struct sock *s;
	size_t i;

	for (i = 0; i < NET_SOCKS; i++) {
		s = &n->socks[i];
		if (s->fd < 0 || (taken && s->port == IKE_PORT_NAT))
			continue;
		if (s->family == AF_INET)
			set_option(s->fd, IPPROTO_IP, IP_RECVERR, 1);
		else
			set_option(s->fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
		s->io = loop_io_new(n->engine->loop, s->fd, LOOP_READ,
		    on_readable, s);
	}
}

static struct sock *
sock_for(struct network *n, const struct ike_path *path)
{
	struct sock *s;
	size_t i;

	for (i = 0; i < NET_SOCKS; i++) {
		s = &n->socks[i];
		if (s->fd >= 0 && s->family == path->remote.addr.family &&
		    s->port == path->local.port)
			return s;
	}
	return NULL;
}

/* The control message that chooses the source address. */
static size_t
put_source(struct msghdr *m, const struct ip_addr *src)
{
	struct cmsghdr *c = m->msg_control;
	struct in_pktinfo pi = {0};
	struct in6_pktinfo pi6 = {0};

	if (src->family == AF_INET) {
		memcpy(&pi.ipi_spec_dst, src->b, 4);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(pi));
		memcpy(CMSG_DATA(c), &pi, sizeof(pi));
		return CMSG_SPACE(sizeof(pi));
	}
	memcpy(&pi6.ipi6_addr, src->b, 16);
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(pi6));
	memcpy(CMSG_DATA(c), &pi6, sizeof(pi6));
	return CMSG_SPACE(sizeof(pi6));
}

static int
transmit(struct sock *s, const struct ike_path *path, struct iovec *iov,
    size_t nr_iov)
{
	union {
		struct cmsghdr align;
		char room[128];
	} control = {0};
	struct sockaddr_storage to;
	struct msghdr m = {0};

	m.msg_name = &to;
	m.msg_namelen = endpoint_to_sockaddr(&path->remote, &to);
	m.msg_iov = iov;
	m.msg_iovlen = nr_iov;
	if (!addr_is_any(&path->local.addr)) {
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
		m.msg_controllen = put_source(&m, &path->local.addr);
	}
	return sendmsg(s->fd, &m, MSG_DONTWAIT) < 0 ? errno : 0;
}

bool
sockets_send(struct network *n, const struct ike_path *path,
    const void *data, size_t len, struct ike_reason *why)
{
	static const uint8_t marker[MARKER];
	struct sock *s = sock_for(n, path);
	struct iovec iov[2];
	char to[ENDPOINT_TEXT];
	size_t nr = 0;
	int rc;

	if (s == NULL)
		return true;	/* no such socket here: as if it was lost */

	if (s->port == IKE_PORT_NAT) {
		iov[nr].iov_base = (void *)(uintptr_t)marker;
		iov[nr++].iov_len = MARKER;
	}
	iov[nr].iov_base = (void *)(uintptr_t)data;
	iov[nr++].iov_len = len;
	rc = transmit(s, path, iov, nr);
	/* with an error queue a send may fail for an older datagram */
	if (rc == ECONNREFUSED || rc == EHOSTUNREACH || rc == EPROTO) {
		read_errors(s);
		rc = transmit(s, path, iov, nr);
	}
	if (rc == 0 || rc == EAGAIN)
		return true;
	error_reason(why, rc, endpoint_print(&path->remote, to), NULL);
	return false;
}

void
sockets_keepalive(struct network *n, const struct ike_path *path)
{
	static const uint8_t one = 0xff;
	struct sock *s = sock_for(n, path);
	struct iovec iov = { (void *)(uintptr_t)&one, 1 };

	if (s != NULL)
		(void)transmit(s, path, &iov, 1);
}
