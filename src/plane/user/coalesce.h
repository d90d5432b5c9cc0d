/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets that came out of the tunnel, joined into super-packets for the TUN
 * device: what a network card's receive offload does.  The law: cutting a
 * super-packet again (segment.h) gives the packets that went in, byte for
 * byte, the identification of packets with DF apart (RFC 6864 4.1).
 */
#ifndef SP_PLANE_USER_COALESCE_H
#define SP_PLANE_USER_COALESCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct coalesce;
struct flow;

/*
 * Takes one packet: iov[0] is its virtio header, the others its bytes.
 * False if it could not be written.
 */
typedef bool coalesce_write(void *ctx, const struct iovec *iov, int nr);

/*
 * New, empty.  tcp, udp: what the writer takes as super-packets.  The
 * caller frees it.
 */
struct coalesce *coalesce_new(bool tcp, bool udp, coalesce_write *write,
    void *ctx);
void coalesce_free(struct coalesce *c);

/*
 * Hand in a packet of f->len bytes that flow_parse() accepted.  Its bytes
 * may be changed and must stay until coalesce_flush().  owner: packets of
 * different owners are not joined.
 */
void coalesce_add(struct coalesce *c, const void *owner, const struct flow *f,
    uint8_t *ip);

/* Write all that waits; how many packets were lost since the last call. */
unsigned coalesce_flush(struct coalesce *c);

#endif
