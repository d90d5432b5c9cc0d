/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configurations of a host and which of them may serve a peer, as far as
 * addresses tell (RFC 7296 1.2: the identities come later).
 */
#include "ike/host.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/rng.h"
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
	struct ike_conf *c;

	do
		c = conf_next(h, path, pos, IKE_VERSION_2);
	while (c != NULL && !v1_conf_fits(c));
	return c;
}

/* Nobody may come in by IKEv1 who would have to prove more in IKEv2. */
bool
v1_conf_fits(const struct ike_conf *c)
{
	return c->version != IKE_VERSION_2 && c->psk.len > 0 &&
	    c->cred.local == IKE_AUTH_PSK && c->cred.remote == IKE_AUTH_PSK &&
	    !(c->ppk.len > 0 && c->ppk_required) &&
	    !c->ask_address[0] && !c->ask_address[1];
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

/* ---- new terms for what runs ---- */

#define SPREAD_MS 5000		/* many SAs do not become due in one tick */

/* The terms from which an SA's times follow. */
struct terms {
	int64_t lifetime_ms, margin_ms;
	unsigned fuzz_percent;
	bool rekey;
};

static struct terms
terms_of(const struct ike_conf *c, int64_t lifetime_ms)
{
	return (struct terms){ .lifetime_ms = lifetime_ms,
	    .margin_ms = c->margin_ms, .fuzz_percent = c->fuzz_percent,
	    .rekey = c->rekey };
}

static bool
terms_eq(const struct terms *a, const struct terms *b)
{
	return a->lifetime_ms == b->lifetime_ms &&
	    a->margin_ms == b->margin_ms &&
	    a->fuzz_percent == b->fuzz_percent && a->rekey == b->rekey;
}

/*
 * Times anew, from the beginning of what lives; drawn again only when the
 * terms are others, so that a commit which leaves them moves nothing.
 */
static void
new_times(struct ike_host *h, const struct ike_conf *c, int64_t lifetime_ms,
    int64_t began, int64_t *rekey_at, int64_t *expires_at)
{
	int64_t soon = h->now + (int64_t)rng_below(h->par.rng, SPREAD_MS);

	v2_life(h, c, lifetime_ms, rekey_at, expires_at);
	if (*rekey_at != TIME_NEVER)
		*rekey_at -= h->now - began;
	if (*expires_at != TIME_NEVER)
		*expires_at -= h->now - began;
	if (*rekey_at < soon)
		*rekey_at = soon;
	/* what is renewed late still needs the time to be renewed */
	if (*rekey_at != TIME_NEVER && *expires_at < soon + c->margin_ms)
		*expires_at = soon + c->margin_ms;
	else if (*expires_at < soon)
		*expires_at = soon;
}

static void
child_terms(struct v2_child *c, struct ike_conf *sa_conf,
    struct ike_child_conf *conf)
{
	struct terms old = terms_of(c->ike_conf, c->conf->lifetime_ms);
	struct terms new = terms_of(sa_conf, conf->lifetime_ms);

	ike_conf_ref(sa_conf);
	ike_conf_unref(c->ike_conf);
	c->ike_conf = sa_conf;
	ike_child_conf_ref(conf);
	ike_child_conf_unref(c->conf);
	c->conf = conf;
	/* one whose renewal was begun keeps its end; IKEv1 agreed on it */
	if (terms_eq(&old, &new) || c->state != IKE_CHILD_INSTALLED ||
	    c->sa->v1 != NULL)
		return;
	new_times(c->sa->host, sa_conf, conf->lifetime_ms, c->installed_at,
	    &c->rekey_at, &c->expires_at);
}

static void
sa_terms(struct v2_sa *sa, struct ike_conf *conf)
{
	struct terms old = terms_of(sa->conf, sa->conf->lifetime_ms);
	struct terms new = terms_of(conf, conf->lifetime_ms);
	struct v2_child *c;

	ike_conf_ref(conf);
	ike_conf_unref(sa->conf);
	sa->conf = conf;
	LIST_EACH(c, &sa->children, struct v2_child, link)
		child_terms(c, conf, c->conf);
	if (v2_is_live(sa) && sa->v1 == NULL && !sa->soft_done &&
	    !terms_eq(&old, &new)) {
		new_times(sa->host, conf, conf->lifetime_ms,
		    sa->established_at, &sa->rekey_at, &sa->expires_at);
	}
	v2_touch(sa);
}

void
ike_host_sa_set_conf(struct ike_host *h, int64_t now, struct ike_conf *c)
{
	struct v2_sa *sa;
	size_t pos = 0;

	v2_begin(h, now);
	while ((sa = map_next(h->by_id, &pos)) != NULL) {
		if (sa->conf != NULL && sa->conf != c &&
		    sa->state != V2_GONE && str_eq(sa->conf->name, c->name))
			sa_terms(sa, c);
	}
	v2_settle(h);
}

void
ike_host_child_set_conf(struct ike_host *h, int64_t now, uint32_t child_id,
    struct ike_child_conf *c)
{
	struct v2_child *child = v2_child_by_id(h, child_id);

	if (child == NULL || child->sa == NULL || child->conf == c)
		return;
	v2_begin(h, now);
	child_terms(child, child->ike_conf, c);
	v2_touch(child->sa);
	v2_settle(h);
}
