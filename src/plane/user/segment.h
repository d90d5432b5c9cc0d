/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What comes from the TUN device, cut into packets that are whole: super-
 * packets of TSO and USO into their segments, unfinished checksums finished.
 */
#ifndef SP_PLANE_USER_SEGMENT_H
#define SP_PLANE_USER_SEGMENT_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flow;

/* of linux/virtio_net.h, which older distributions lack */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

struct segments {
	const uint8_t *ip;	/* the packet read */
	const struct flow *flow;
	size_t len;
	size_t head;		/* bytes of headers that each segment has */
	size_t size;		/* payload of each but the last */
	size_t off;		/* payload bytes taken so far */
	unsigned index;		/* segments made so far */
	bool tcp;
	bool gso;
	size_t csum_start, csum_at;	/* plain packet: checksum to finish */
};

/*
 * Begin with a packet as utun_read() gave it: virtio header in front, flow
 * that of the packet behind it.  False if the header is not to be followed.
 */
bool segments_begin(struct segments *s, const uint8_t *buf,
    const struct flow *flow);

/* Bytes of the longest segment. */
size_t segments_longest(const struct segments *s);

/* Build the next segment at out; its bytes, 0 at the end. */
size_t segments_next(struct segments *s, uint8_t *out);

#endif
