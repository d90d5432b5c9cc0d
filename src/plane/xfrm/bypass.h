/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeping IKE out of the tunnels that it makes, on the kernel plane.
 */
#ifndef SP_PLANE_XFRM_BYPASS_H
#define SP_PLANE_XFRM_BYPASS_H

struct sp_error;

/*
 * Packets of this socket are never matched against IPsec policies, in either
 * direction: what IKE sends is not protected by the SAs it negotiates, and
 * what it receives in the clear is not dropped (RFC 4301 4.4.1, DP-013).
 * family: AF_INET or AF_INET6, that of the socket; a socket that takes both
 * needs both calls.  SP_DENIED without CAP_NET_ADMIN, SP_UNSUPPORTED where
 * the kernel has no IPsec.
 */
int plane_xfrm_bypass_socket(int fd, int family, struct sp_error *err);

#endif
