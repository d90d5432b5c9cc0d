/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The outer side of a plane: the engine's UDP 4500 sockets (RFC 3948) and
 * raw sockets for ESP without UDP, read and written in batches.
 */
#ifndef SP_PLANE_USER_SOCK_H
#define SP_PLANE_USER_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct sp_error;

#define SOCK_RECV_NR 32u	/* messages a batch */
#define SOCK_RECV_SIZE 65536u	/* room of one, bytes */
#define SOCK_SEND_NR 64u	/* messages a batch */

struct usock {
	int fd;			/* -1 = not there */
	int family;
	bool udp;		/* else raw */
	uint8_t protocol;	/* raw: 50 ESP, 51 AH */
	bool owned;		/* opened here, closed here */
	uint16_t port;		/* local, host order; 0 = raw */
	bool gso;		/* UDP_SEGMENT works on it */
};

/* One datagram, or several of equal size that UDP_GRO joined. */
struct sock_in {
	uint8_t *data;		/* ESP, AH or IKE, IPv4 header passed */
	const uint8_t *header;	/* raw IPv4: that header, else NULL */
	size_t len;
	size_t segment;		/* bytes of each but the last; len if one */
	uint8_t tos;		/* outer traffic class */
	struct endpoint local, remote;
};

/* One datagram, or nr of segment bytes (the last may be shorter). */
struct sock_out {
	const uint8_t *data;
	size_t len;
	size_t segment;		/* 0 = one datagram */
	uint8_t tos;
	const struct endpoint *local, *remote;
	bool refused;		/* set: the path does not take segments */
};

struct sock_recv;		/* buffers of a receive batch */

/* Take over reading of a UDP socket of the engine's. */
int usock_from_udp(struct usock *s, int fd, int family, bool offload,
    struct sp_error *err);

/*
 * Open a raw socket of ESP or AH with SO_MARK mark (0 = none).  What is sent
 * as AH in IPv4 has its IP header in front.
 */
int usock_open_raw(struct usock *s, int family, uint8_t protocol,
    uint32_t mark, struct sp_error *err);

/* Close if opened here, else give it back as it was. */
void usock_close(struct usock *s);

/* Buffers for usock_recv(); freed by the caller. */
struct sock_recv *sock_recv_new(void);
void sock_recv_free(struct sock_recv *r);

/*
 * Receive what is there, at most SOCK_RECV_NR messages, into in[]; returns
 * their number.  The data stays valid until the next call.
 */
unsigned usock_recv(struct usock *s, struct sock_recv *r, struct sock_in *in);

/*
 * Send nr <= SOCK_SEND_NR messages in order; returns how many datagrams were
 * lost (no buffer, no route, too long).
 */
unsigned usock_send(struct usock *s, struct sock_out *out, unsigned nr);

#endif
