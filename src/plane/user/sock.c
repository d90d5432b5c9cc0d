/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Outer sockets: opening, options, batches of sendmmsg() and recvmmsg().
 * The source address of what is sent, and the local address of what came, go
 * by IP_PKTINFO / IPV6_PKTINFO; the traffic class by IP_TOS / IPV6_TCLASS.
 * Outer packets may be fragmented (DF clear): the TUN's MTU is what keeps
 * them short.  UDP_GRO and UDP_SEGMENT (Linux 4.18 and 5.0) are used where
 * they work.
 */
#include "plane/user/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

#define BUFFER_BYTES (4 * 1024 * 1024)
#define OUTER_TTL 64
#define WRITABLE_MS 20		/* longest wait for a full send buffer */
#define CONTROL_SIZE 128	/* room for the control messages used here */

/* between buffers, lest their beginnings share cache sets */
#define RECV_STRIDE (SOCK_RECV_SIZE + 192)

struct sock_recv {
	struct mmsghdr msgs[SOCK_RECV_NR];
	struct iovec iov[SOCK_RECV_NR];
	struct sockaddr_storage from[SOCK_RECV_NR];
	_Alignas(struct cmsghdr) uint8_t control[SOCK_RECV_NR][CONTROL_SIZE];
	uint8_t *data;
};

struct send_batch {
	struct mmsghdr msgs[SOCK_SEND_NR];
	struct iovec iov[SOCK_SEND_NR];
	struct sockaddr_storage to[SOCK_SEND_NR];
	_Alignas(struct cmsghdr) uint8_t control[SOCK_SEND_NR][CONTROL_SIZE];
};

struct option_row {
	int family;		/* 0 = both */
	int level, name, value;
	bool must;
};

static const struct option_row option_rows[] = {
	{ AF_INET, IPPROTO_IP, IP_PKTINFO, 1, true },
	{ AF_INET, IPPROTO_IP, IP_RECVTOS, 1, false },
	{ AF_INET, IPPROTO_IP, IP_TTL, OUTER_TTL, false },
	{ AF_INET, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT, false },
	{ AF_INET6, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, true },
	{ AF_INET6, IPPROTO_IPV6, IPV6_RECVTCLASS, 1, false },
	{ AF_INET6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, OUTER_TTL, false },
	{ AF_INET6, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT,
	    false },
	/* beyond the limits of the system: needs CAP_NET_ADMIN */
	{ 0, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES, false },
	{ 0, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES, false },
};

static int
set_options(const struct usock *s, struct sp_error *err)
{
	const struct option_row *o;
	size_t i;

	for (i = 0; i < NELEM(option_rows); i++) {
		o = &option_rows[i];
		if (o->family != 0 && o->family != s->family)
			continue;
		if (setsockopt(s->fd, o->level, o->name, &o->value,
		    sizeof(o->value)) < 0 && o->must)
			return sp_fail_errno(err, errno, "the ESP socket does "
			    "not tell local addresses");
	}
	return 0;
}

int
usock_from_udp(struct usock *s, int fd, int family, bool offload,
    struct sp_error *err)
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof(ss);
	struct endpoint local;
	int on = 1;

	*s = (struct usock){ .fd = fd, .family = family, .udp = true };
	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0 ||
	    !endpoint_from_sockaddr(&local, (struct sockaddr *)&ss))
		return sp_fail_errno(err, errno, "the UDP socket for ESP has "
		    "no address");
	s->port = local.port;
	if (offload) {
		/* older kernels have neither: then packets go singly */
		len = sizeof(on);
		s->gso = getsockopt(fd, SOL_UDP, UDP_SEGMENT, &on, &len) == 0;
		on = 1;
		setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on));
	}
	return set_options(s, err);
}

int
usock_open_raw(struct usock *s, int family, uint8_t protocol, uint32_t mark,
    struct sp_error *err)
{
	int on = 1, ret;

	*s = (struct usock){
		.family = family, .owned = true, .protocol = protocol,
	};
	s->fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    protocol);
	if (s->fd < 0)
		return sp_fail_errno(err, errno, "no raw socket for %s",
		    protocol == IPPROTO_AH ? "AH" : "ESP");
	ret = set_options(s, err);
	/* AH covers the header, so it must not be the kernel's */
	if (ret == 0 && protocol == IPPROTO_AH && family == AF_INET &&
	    setsockopt(s->fd, IPPROTO_IP, IP_HDRINCL, &on, sizeof(on)) < 0)
		ret = sp_fail_errno(err, errno, "the AH socket takes no IP "
		    "header");
	if (ret == 0 && mark != 0 && setsockopt(s->fd, SOL_SOCKET, SO_MARK,
	    &mark, sizeof(mark)) < 0)
		ret = sp_fail_errno(err, errno, "the ESP socket cannot be "
		    "marked");
	if (ret < 0)
		usock_close(s);
	return ret;
}

void
usock_close(struct usock *s)
{
	int off = 0;

	if (s->owned && s->fd >= 0)
		close(s->fd);
	else if (s->udp && s->fd >= 0)
		setsockopt(s->fd, SOL_UDP, UDP_GRO, &off, sizeof(off));
	s->fd = -1;
}

struct sock_recv *
sock_recv_new(void)
{
	struct sock_recv *r = xcalloc(1, sizeof(*r));
	unsigned i;

	r->data = xcalloc(SOCK_RECV_NR, RECV_STRIDE);
	for (i = 0; i < SOCK_RECV_NR; i++) {
		r->iov[i].iov_base = &r->data[i * RECV_STRIDE];
		r->iov[i].iov_len = SOCK_RECV_SIZE;
		r->msgs[i].msg_hdr.msg_iov = &r->iov[i];
		r->msgs[i].msg_hdr.msg_iovlen = 1;
		r->msgs[i].msg_hdr.msg_name = &r->from[i];
		r->msgs[i].msg_hdr.msg_control = r->control[i];
	}
	return r;
}

void
sock_recv_free(struct sock_recv *r)
{
	if (r == NULL)
		return;
	free(r->data);
	free(r);
}

static void
read_control_v4(struct sock_in *in, const struct cmsghdr *c)
{
	struct in_pktinfo info;

	if (c->cmsg_type == IP_PKTINFO) {
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		in->local.addr = addr_from_bytes(AF_INET, &info.ipi_addr);
	} else if (c->cmsg_type == IP_TOS) {
		in->tos = *CMSG_DATA(c);
	}
}

static void
read_control_v6(struct sock_in *in, const struct cmsghdr *c)
{
	struct in6_pktinfo info;
	int tclass;

	if (c->cmsg_type == IPV6_PKTINFO) {
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		in->local.addr = addr_from_bytes(AF_INET6, &info.ipi6_addr);
	} else if (c->cmsg_type == IPV6_TCLASS) {
		memcpy(&tclass, CMSG_DATA(c), sizeof(tclass));
		in->tos = (uint8_t)tclass;
	}
}

static void
read_control(struct sock_in *in, struct msghdr *m)
{
	struct cmsghdr *c;
	int segment;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP)
			read_control_v4(in, c);
		else if (c->cmsg_level == IPPROTO_IPV6)
			read_control_v6(in, c);
		if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO)
			continue;
		memcpy(&segment, CMSG_DATA(c), sizeof(segment));
		if (segment > 0)
			in->segment = (size_t)segment;
	}
}

/* Raw IPv4 sockets give the IP header too: step over it. */
static bool
skip_ip_header(struct sock_in *in)
{
	size_t header;

	if (in->len < 20)
		return false;
	header = (in->data[0] & 0x0fu) * 4u;
	if (header < 20 || header > in->len)
		return false;
	in->header = in->data;
	in->data = &in->data[header];
	in->len -= header;
	return true;
}

/* One message received; false if it is nothing to work on. */
static bool
read_message(const struct usock *s, struct mmsghdr *m, struct sock_in *in)
{
	struct msghdr *h = &m->msg_hdr;

	*in = (struct sock_in){
		.data = h->msg_iov->iov_base, .len = m->msg_len,
	};
	if ((h->msg_flags & MSG_TRUNC) != 0 ||
	    !endpoint_from_sockaddr(&in->remote, h->msg_name))
		return false;
	read_control(in, h);
	in->local.port = s->port;
	if (!s->udp) {
		in->remote.port = 0;
		if (s->family == AF_INET && !skip_ip_header(in))
			return false;
	}
	if (in->segment == 0 || in->segment > in->len)
		in->segment = in->len;
	return true;
}

unsigned
usock_recv(struct usock *s, struct sock_recv *r, struct sock_in *in)
{
	unsigned i, nr = 0;
	int n;

	for (i = 0; i < SOCK_RECV_NR; i++) {
		r->msgs[i].msg_hdr.msg_namelen = sizeof(r->from[i]);
		r->msgs[i].msg_hdr.msg_controllen = CONTROL_SIZE;
	}
	n = recvmmsg(s->fd, r->msgs, SOCK_RECV_NR, MSG_DONTWAIT, NULL);
	for (i = 0; n > 0 && i < (unsigned)n; i++) {
		if (read_message(s, &r->msgs[i], &in[nr]))
			nr++;
	}
	return nr;
}

/* Append a control message; the buffer has room and is zeroed. */
static void
put_control(struct msghdr *h, int level, int type, const void *data,
    size_t len)
{
	struct cmsghdr *c;

	c = (struct cmsghdr *)(void *)
	    &((uint8_t *)h->msg_control)[h->msg_controllen];
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	h->msg_controllen += CMSG_SPACE(len);
}

static void
put_addresses(struct msghdr *h, const struct sock_out *out)
{
	struct in_pktinfo v4 = {0};
	struct in6_pktinfo v6 = {0};
	int tos = out->tos;

	if (out->local->addr.family == AF_INET) {
		memcpy(&v4.ipi_spec_dst, out->local->addr.b, 4);
		put_control(h, IPPROTO_IP, IP_PKTINFO, &v4, sizeof(v4));
		put_control(h, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	} else {
		memcpy(&v6.ipi6_addr, out->local->addr.b, 16);
		put_control(h, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof(v6));
		put_control(h, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	}
}

static void
put_message(const struct usock *s, struct send_batch *b, unsigned i,
    const struct sock_out *out)
{
	struct msghdr *h = &b->msgs[i].msg_hdr;
	struct endpoint to = *out->remote;
	uint16_t segment = (uint16_t)out->segment;

	/* the port of a raw IPv6 address must be 0 or the protocol */
	if (!s->udp)
		to.port = 0;
	memset(b->control[i], 0, CONTROL_SIZE);
	b->iov[i].iov_base = (void *)(uintptr_t)out->data;
	b->iov[i].iov_len = out->len;
	*h = (struct msghdr){
		.msg_name = &b->to[i],
		.msg_namelen = endpoint_to_sockaddr(&to, &b->to[i]),
		.msg_iov = &b->iov[i], .msg_iovlen = 1,
		.msg_control = b->control[i],
	};
	put_addresses(h, out);
	if (segment != 0)
		put_control(h, SOL_UDP, UDP_SEGMENT, &segment,
		    sizeof(segment));
}

static unsigned
datagrams(const struct sock_out *out)
{
	if (out->segment == 0)
		return 1;
	return (unsigned)((out->len + out->segment - 1) / out->segment);
}

/* Does it help to call again after this error, once. */
static bool
worth_retry(const struct usock *s, int e)
{
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };

	if (e == EAGAIN)
		return poll(&p, 1, WRITABLE_MS) > 0;
	/* what an ICMP message left at the socket is told once */
	return e == EINTR || e == ECONNREFUSED || e == EHOSTUNREACH ||
	    e == ENETUNREACH;
}

/* Send the segments of one message as datagrams; how many were lost. */
static unsigned
send_singly(struct usock *s, const struct sock_out *out)
{
	struct sock_out one = *out;
	size_t off;
	unsigned lost = 0;

	one.segment = 0;
	for (off = 0; off < out->len; off += out->segment) {
		one.data = &out->data[off];
		one.len = out->len - off;
		if (one.len > out->segment)
			one.len = out->segment;
		lost += usock_send(s, &one, 1);
	}
	return lost;
}

/* The first message was not taken, for errno e; how many were lost. */
static unsigned
give_up(struct usock *s, struct sock_out *out, int e)
{
	unsigned lost;

	if (out->segment == 0 || (e != EINVAL && e != EMSGSIZE && e != EIO))
		return datagrams(out);
	lost = send_singly(s, out);
	/* if single ones pass, it was the segmentation that did not */
	out->refused = lost == 0;
	if (out->refused && e == EIO)
		s->gso = false;
	return lost;
}

unsigned
usock_send(struct usock *s, struct sock_out *out, unsigned nr)
{
	struct send_batch b;
	unsigned i, lost = 0;
	bool tried = false;
	int n, e;

	for (i = 0; i < nr; i++)
		put_message(s, &b, i, &out[i]);
	for (i = 0; i < nr;) {
		n = sendmmsg(s->fd, &b.msgs[i], nr - i, MSG_DONTWAIT);
		e = errno;
		if (n > 0) {
			i += (unsigned)n;
			tried = false;
		} else if (!tried && worth_retry(s, e)) {
			tried = true;
		} else {
			lost += give_up(s, &out[i++], e);
			tried = false;
		}
	}
	return lost;
}
