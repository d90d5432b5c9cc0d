/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The TUN device.  Offloads are tried from the best level down, because
 * older kernels refuse USO (before 6.2), and some refuse more; each level is
 * a working plane.  The device has no queue of its own in userspace: what is
 * not read waits in the kernel, at most TUN_QUEUE packets.
 */
#include "plane/user/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

#define TUN_QUEUE 1000		/* packets */

/* of linux/if_tun.h, which older distributions lack */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

static const unsigned level_offloads[] = {
	[TUN_PLAIN] = 0,
	[TUN_CSUM] = TUN_F_CSUM,
	[TUN_TSO] = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6,
	[TUN_USO] = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 |
	    TUN_F_USO4 | TUN_F_USO6,
};

static void
make_request(struct ifreq *ifr, const struct utun *t)
{
	memset(ifr, 0, sizeof(*ifr));
	memcpy(ifr->ifr_name, t->ifname, sizeof(ifr->ifr_name));
}

/* Attach with this level; 0 or an errno value. */
static int
attach(struct utun *t, enum tun_level level)
{
	struct ifreq ifr;

	t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0)
		return errno;
	make_request(&ifr, t);
	ifr.ifr_flags = IFF_TUN | IFF_NO_PI;
	if (level != TUN_PLAIN)
		ifr.ifr_flags |= IFF_VNET_HDR;
	if (ioctl(t->fd, TUNSETIFF, &ifr) < 0)
		return errno;
	if (level != TUN_PLAIN &&
	    ioctl(t->fd, TUNSETOFFLOAD, level_offloads[level]) < 0)
		return errno;
	t->level = level;
	return 0;
}

static int
attach_best(struct utun *t, enum tun_level most, struct sp_error *err)
{
	int level, e = 0;

	for (level = (int)most; level >= (int)TUN_PLAIN; level--) {
		e = attach(t, (enum tun_level)level);
		if (e == 0)
			return 0;
		if (t->fd >= 0)
			close(t->fd);
		t->fd = -1;
		if (e != EINVAL && e != ENOTTY)
			break;
	}
	return sp_fail_errno(err, e, "the TUN device %s cannot be made",
	    t->ifname);
}

/*
 * No link-local address of the kernel's: neighbour and multicast chatter of
 * it would only end as packets without a policy.  Not worth failing for.
 */
static void
quiet_ipv6(const struct utun *t)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path),
	    "/proc/sys/net/ipv6/conf/%s/addr_gen_mode", t->ifname);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "1\n", 2) < 0)
		errno = 0;
	close(fd);
}

int
utun_set_mtu(struct utun *t, unsigned mtu, struct sp_error *err)
{
	struct ifreq ifr;

	make_request(&ifr, t);
	ifr.ifr_mtu = (int)mtu;
	if (ioctl(t->ctl, SIOCSIFMTU, &ifr) < 0)
		return sp_fail_errno(err, errno, "the MTU of %s cannot be %u",
		    t->ifname, mtu);
	t->mtu = mtu;
	return 0;
}

static int
bring_up(struct utun *t, struct sp_error *err)
{
	struct ifreq ifr;

	make_request(&ifr, t);
	ifr.ifr_qlen = TUN_QUEUE;
	ioctl(t->ctl, SIOCSIFTXQLEN, &ifr);

	make_request(&ifr, t);
	if (ioctl(t->ctl, SIOCGIFFLAGS, &ifr) == 0) {
		ifr.ifr_flags |= IFF_UP;
		if (ioctl(t->ctl, SIOCSIFFLAGS, &ifr) == 0)
			return 0;
	}
	return sp_fail_errno(err, errno, "the TUN device %s cannot be "
	    "brought up", t->ifname);
}

int
utun_open(struct utun *t, const char *name, enum tun_level most,
    unsigned mtu, struct sp_error *err)
{
	int ret;

	memset(t, 0, sizeof(*t));
	snprintf(t->ifname, sizeof(t->ifname), "sp-%.12s", name);
	t->fd = t->ctl = -1;
	ret = attach_best(t, most, err);
	if (ret < 0)
		goto fail;
	t->ctl = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (t->ctl < 0) {
		ret = sp_fail_errno(err, errno, "no socket to set up %s",
		    t->ifname);
		goto fail;
	}
	ret = utun_set_mtu(t, mtu, err);
	if (ret < 0)
		goto fail;
	quiet_ipv6(t);
	ret = bring_up(t, err);
	if (ret < 0)
		goto fail;
	return 0;
fail:
	utun_close(t);
	return ret;
}

void
utun_close(struct utun *t)
{
	if (t->fd >= 0)
		close(t->fd);
	if (t->ctl >= 0)
		close(t->ctl);
	t->fd = t->ctl = -1;
}

ssize_t
utun_read(const struct utun *t, uint8_t *buf)
{
	size_t skip = t->level == TUN_PLAIN ? TUN_HEADER : 0;
	ssize_t n;

	n = read(t->fd, &buf[skip], TUN_READ_MAX - skip);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (skip > 0)
		memset(buf, 0, skip);
	return n + (ssize_t)skip;
}

bool
utun_write(const struct utun *t, const struct iovec *iov, int nr)
{
	if (t->level == TUN_PLAIN)
		return writev(t->fd, &iov[1], nr - 1) > 0;
	return writev(t->fd, iov, nr) > 0;
}
