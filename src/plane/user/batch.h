/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Outbound ESP packets of one burst, one after another in memory, until they
 * are sent together.  Packets of one SA keep their order.
 */
#ifndef SP_PLANE_USER_BATCH_H
#define SP_PLANE_USER_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plane/user/sock.h"

struct esp_sa;

#define BATCH_PACKETS 512u
#define BATCH_BYTES (512u * 1024u)
#define BATCH_PACKET_MAX 66048u	/* room for any packet and its overhead */

/* The sockets of a plane by kind; fd -1 where there is none. */
enum sock_kind {
	SOCK_UDP4,
	SOCK_UDP6,
	SOCK_RAW4,
	SOCK_RAW6,
	SOCK_AH4,
	SOCK_AH6,
	SOCK_KINDS,
};

struct batch;

/* Empty batch; the caller frees it. */
struct batch *batch_new(void);
void batch_free(struct batch *b);

/* Is there room for a packet of len bytes. */
bool batch_has_room(const struct batch *b, size_t len);

/* Where the next packet must be built. */
uint8_t *batch_next(struct batch *b);

/* Note the packet of len bytes built there; tos: outer traffic class. */
void batch_add(struct batch *b, struct esp_sa *sa, size_t len, uint8_t tos);

/* The socket that sends for this SA. */
struct usock *batch_socket(struct usock socks[SOCK_KINDS],
    const struct esp_sa *sa);

/* Send all; how many packets were lost.  The batch is empty after. */
unsigned batch_flush(struct batch *b, struct usock socks[SOCK_KINDS]);

#endif
