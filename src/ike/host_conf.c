/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configurations of a host and which of them may serve a peer, as far as
 * addresses tell (RFC 7296 1.2: the identities come later).
 */
#include "ike/host.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "ike/v1/phase1.h"
#include "ike/v2/steps.h"

#define NO_VERSION ((enum ike_version)-1)	/* excludes none */

static size_t
find(const struct ike_host *h, const char *name)
{
	size_t i;

	for (i = 0; i < h->nr_confs; i++) {
		if (str_eq(h->confs[i]->name, name))
			break;
	}
	return i;
}

void
ike_host_conf_add(struct ike_host *h, struct ike_conf *c)
{
	size_t i = find(h, c->name);

	ike_conf_ref(c);
	if (i < h->nr_confs) {
		ike_conf_unref(h->confs[i]);
		h->confs[i] = c;
		return;
	}
	h->confs = xrealloc(h->confs, h->nr_confs + 1, sizeof(*h->confs));
	h->confs[h->nr_confs++] = c;
}

void
ike_host_conf_remove(struct ike_host *h, const char *name)
{
	size_t i = find(h, name);

	if (i == h->nr_confs)
		return;
	ike_conf_unref(h->confs[i]);
	for (h->nr_confs--; i < h->nr_confs; i++)
		h->confs[i] = h->confs[i + 1];
}

/* Does the configuration name the peer's address? */
static bool
names_peer(const struct ike_conf *c, const struct ip_addr *peer)
{
	size_t i;

	for (i = 0; i < c->nr_remote_addrs; i++) {
		if (addr_eq(&c->remote_addrs[i], peer))
			return true;
	}
	return false;
}

/*
 * Candidates in order: first those that name the peer's address, then those
 * that answer anybody.  *pos counts through the list twice.
 */
static struct ike_conf *
conf_next(const struct ike_host *h, const struct ike_path *path,
    size_t *pos, enum ike_version not)
{
	struct ike_conf *c;
	bool named;

	while (*pos < 2 * h->nr_confs) {
		named = *pos < h->nr_confs;
		c = h->confs[*pos % h->nr_confs];
		++*pos;
		if (c->version == not)
			continue;
		if (!addr_is_any(&c->local_addr) &&
		    !addr_eq(&c->local_addr, &path->local.addr))
			continue;
		if (named ? names_peer(c, &path->remote.addr) :
		    c->nr_remote_addrs == 0)
			return c;
	}
	return NULL;
}

struct ike_conf *
v2_conf_next(const struct ike_host *h, const struct ike_path *path,
    size_t *pos)
{
	return conf_next(h, path, pos, IKE_VERSION_1);
}

struct ike_conf *
v1_conf_next(const struct ike_host *h, const struct ike_path *path,
    size_t *pos)
{
	return conf_next(h, path, pos, IKE_VERSION_2);
}

/*
 * The configuration whose gateway the peer is, if there is just one: what the
 * peer did wrong before it said who it is belongs there.
 */
struct ike_conf *
v2_conf_only(const struct ike_host *h, const struct ike_path *path)
{
	struct ike_conf *c, *only = NULL;
	size_t pos = 0;

	while ((c = conf_next(h, path, &pos, NO_VERSION)) != NULL) {
		if (!names_peer(c, &path->remote.addr))
			break;
		if (only != NULL)
			return NULL;
		only = c;
	}
	return only;
}
