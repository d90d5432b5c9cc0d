/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * From the configuration tree to the terms of the IKE state machines.
 */
#ifndef SP_ENGINE_IKECONF_H
#define SP_ENGINE_IKECONF_H

#include <stddef.h>

#include "ike/conf.h"

struct conf_node;
struct pki;
struct sp_error;

/*
 * Phase 2 entries that are negotiated as one child: with split-connections
 * no, those of equal mode, protocol, proposals and lifetimes (settings.md
 * 12.10).  The name of the child is that of the first.
 */
struct ikeconf_group {
	char **members;			/* names of the phase 2 entries */
	size_t nr_members;
	const struct conf_node *first;	/* settings of the child */
};

struct ikeconf_groups {
	struct ikeconf_group *group;
	size_t nr;
};

/* Group the enabled phase 2 entries of a phase 1. */
void ikeconf_group(const struct conf_node *phase1,
    struct ikeconf_groups *out);
void ikeconf_groups_free(struct ikeconf_groups *g);

/*
 * Build the configuration of a phase 1 with its children (one for each
 * group, in order).  addrs: what remote-gateway resolved to, or none if that
 * is not known yet.  pki reads certificates (NULL: there are none).  The
 * caller owns one reference of *out.
 */
int ikeconf_build(const struct conf_node *phase1, const struct ip_addr *addrs,
    size_t nr_addrs, struct pki *pki, struct ike_conf **out,
    struct sp_error *err);

/* May a child keep its SAs when b takes the place of a. */
bool ikeconf_child_same(const struct ike_child_conf *a,
    const struct ike_child_conf *b);

#endif
