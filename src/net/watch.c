/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes of addresses, links and routes, as rtnetlink multicasts them.
 * What changed is not told: who asks looks at the present state, since
 * messages may be lost (ENOBUFS) and come in bursts.
 */
#include "net/net.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "base/error.h"

#define GROUPS (RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |	\
    RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE)

int
net_watch_open(struct sp_error *err)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK,
	    .nl_groups = GROUPS };
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);
	if (fd < 0)
		return sp_fail_errno(err, errno, "No socket for changes of "
		    "addresses");
	if (bind(fd, (struct sockaddr *)&nl, sizeof(nl)) < 0) {
		sp_fail_errno(err, errno, "Changes of addresses cannot be "
		    "watched");
		close(fd);
		return SP_SYSTEM;
	}
	return fd;
}

bool
net_watch_drain(int fd)
{
	char bytes[8192];
	ssize_t n;
	bool any = false;

	for (;;) {
		n = recv(fd, bytes, sizeof(bytes), MSG_TRUNC);
		if (n >= 0 || errno == ENOBUFS)
			any = true;
		else if (errno != EINTR)
			return any;
	}
}
