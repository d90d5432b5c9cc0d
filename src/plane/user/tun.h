/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The TUN device of a plane: where inner packets enter and leave.  With
 * offloads the kernel hands over super-packets of up to 64 KiB (TSO, USO)
 * and takes such back; each packet then has a virtio header in front.
 */
#ifndef SP_PLANE_USER_TUN_H
#define SP_PLANE_USER_TUN_H

#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct sp_error;

#define TUN_HEADER sizeof(struct virtio_net_hdr)
#define TUN_MAX_PACKET 65535u
#define TUN_READ_MAX (TUN_HEADER + TUN_MAX_PACKET)

/* What the device does for us; each level includes those before. */
enum tun_level {
	TUN_PLAIN,		/* whole packets, no header */
	TUN_CSUM,		/* header; checksums may be left to us */
	TUN_TSO,		/* TCP super-packets */
	TUN_USO,		/* UDP super-packets too */
};

struct utun {
	int fd;
	int ctl;		/* socket in the device's namespace */
	enum tun_level level;	/* reached */
	unsigned mtu;
	char ifname[IFNAMSIZ];
};

/*
 * Make "sp-<name>" (cut to 15 characters) in the present namespace with the
 * best level up to most, set its MTU, bring it up.
 */
int utun_open(struct utun *t, const char *name, enum tun_level most,
    unsigned mtu, struct sp_error *err);

/* Close; the device is gone then. */
void utun_close(struct utun *t);

/* Change the MTU. */
int utun_set_mtu(struct utun *t, unsigned mtu, struct sp_error *err);

/*
 * Read one packet into buf[TUN_READ_MAX], always with a virtio header in
 * front (zero where the level is TUN_PLAIN).  Bytes of header and packet,
 * 0 = nothing there now, negative errno.
 */
ssize_t utun_read(const struct utun *t, uint8_t *buf);

/*
 * Write one packet: iov[0] must be the header (TUN_HEADER bytes, not sent
 * at TUN_PLAIN), the packet lies in the others.  False if refused.
 */
bool utun_write(const struct utun *t, const struct iovec *iov, int nr);

#endif
