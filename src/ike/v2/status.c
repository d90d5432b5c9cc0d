/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Status of a host for its owner: walks and look-ups over SAs and children.
 * What is over, and new SAs of a rekey that nobody has taken yet, are inner
 * matters and are not shown.
 */
#include "ike/v2/steps.h"

#include <string.h>

#include "base/map.h"

struct v2_sa *
v2_sa_by_id(const struct ike_host *h, uint32_t id)
{
	return map_get(h->by_id, &id, sizeof(id));
}

static bool
is_shown(const struct v2_sa *sa)
{
	return sa->state != V2_GONE && sa->state != V2_REPLACED &&
	    !sa->waiting;
}

static enum ike_sa_state
outer_state(const struct v2_sa *sa)
{
	switch (sa->state) {
	case V2_NEW:
	case V2_INIT_SENT:
	case V2_AUTH_SENT:
	case V2_AUTH_WAIT:
		return IKE_SA_CONNECTING;
	case V2_UP:
		break;
	case V2_REPLACED:
	case V2_DELETING:
	case V2_GONE:
	case V2_STATES:
		return IKE_SA_CLOSING;
	}
	if (v2_active(sa, T_REKEY_SA, 0) != NULL)
		return IKE_SA_REKEYING;
	return IKE_SA_ESTABLISHED;
}

static void
fill_inner(const struct v2_sa *sa, struct ike_sa_info *out)
{
	const struct v2_cp *cp = sa->cp;

	if (cp == NULL)
		return;
	memcpy(cp->server ? out->inner_remote : out->inner_local, cp->addr,
	    sizeof(cp->addr));
	memcpy(out->dns, cp->dns, sizeof(cp->dns));
	out->nr_dns = cp->nr_dns;
}

static void
fill(const struct v2_sa *sa, struct ike_sa_info *out)
{
	*out = (struct ike_sa_info){
		.id = sa->id, .conf = sa->conf, .state = outer_state(sa),
		.version = sa->v1 != NULL ? 1 : 2,
		.initiator = sa->initiator,
		.spi_i = sa->spi_i, .spi_r = sa->spi_r,
		.path = sa->path, .suite = sa->suite,
		.nat_local = sa->nat_local, .nat_remote = sa->nat_remote,
		.mobike = sa->mobike != NULL,
		.established_at = sa->established_at,
		.rekey_at = sa->rekey_at, .expires_at = sa->expires_at,
		.last_in = sa->last_in,
		.nr_children = (unsigned)list_length(&sa->children),
	};
	fill_inner(sa, out);
	if (sa->local_id.type != ID_ANY)
		out->local_id = &sa->local_id;
	if (sa->remote_id.type != ID_ANY)
		out->remote_id = &sa->remote_id;
}

bool
ike_host_next_sa(const struct ike_host *h, size_t *pos,
    struct ike_sa_info *out)
{
	const struct v2_sa *sa;

	while ((sa = map_next(h->by_id, pos)) != NULL) {
		if (is_shown(sa)) {
			fill(sa, out);
			return true;
		}
	}
	return false;
}

bool
ike_host_sa(const struct ike_host *h, uint32_t sa_id,
    struct ike_sa_info *out)
{
	const struct v2_sa *sa = v2_sa_by_id(h, sa_id);

	if (sa == NULL || !is_shown(sa))
		return false;
	fill(sa, out);
	return true;
}

bool
ike_host_next_child(const struct ike_host *h, size_t *pos,
    struct ike_child_info *out)
{
	const struct v2_child *c = map_next(h->children, pos);

	if (c == NULL)
		return false;
	v2_child_info(c, out);
	return true;
}

bool
ike_host_child(const struct ike_host *h, uint32_t child_id,
    struct ike_child_info *out)
{
	const struct v2_child *c = v2_child_by_id(h, child_id);

	if (c == NULL)
		return false;
	v2_child_info(c, out);
	return true;
}

void
ike_host_stats(const struct ike_host *h, struct ike_host_stats *out)
{
	*out = h->stats;
}
