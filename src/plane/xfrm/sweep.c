/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finding and removing states that no record speaks of: what an engine that
 * was killed left behind, and larval states.
 *
 * A larval state (SPI 0) is what the kernel makes when traffic matches a
 * policy and no state is there.  While it lives (xfrm_acq_expires, 165 s) it
 * swallows the traffic and no second acquire is sent; once the negotiation
 * has failed or the trap is set anew, that is only in the way.
 */
#include "plane/xfrm/xfrm.h"

#include <stdlib.h>

#include <libmnl/libmnl.h>

#include "base/map.h"
#include "base/mem.h"

/* SPIs that larval states get for the moment of their deletion. */
#define LARVAL_SPI_MIN (PLANE_TAG | 512)
#define LARVAL_SPI_MAX (PLANE_TAG | ~XFRM_TAG_MASK)

/* The states of a dump, ours only. */
struct states {
	struct xfrm_usersa_info *infos;
	size_t nr;
};

static void
keep_spi(const struct nlmsghdr *h, void *ctx)
{
	struct xfrm_usersa_info info;

	if (h->nlmsg_type == XFRM_MSG_NEWSA &&
	    xfrm_fixed(h, &info, sizeof(info)))
		*(uint32_t *)ctx = info.id.spi;
}

/*
 * A larval state stands for an acquire under way and silences further ones.
 * It has no SPI to delete it by; so it is given one first, which makes it if
 * it was not there: that does no harm, as it goes at once.
 */
static void
delete_larval(struct xfrm_plane *x, const struct xfrm_usersa_info *larval)
{
	struct xfrm_userspi_info want = {
		.info = {
			.id = larval->id,
			.saddr = larval->saddr,
			.mode = larval->mode,
			.reqid = larval->reqid,
			.family = larval->family,
		},
		.min = LARVAL_SPI_MIN,
		.max = LARVAL_SPI_MAX,
	};
	struct xfrm_usersa_id id = {
		.daddr = larval->id.daddr,
		.family = larval->family,
		.proto = larval->id.proto,
	};
	struct xfrm_req r;

	xfrm_begin(&r, XFRM_MSG_ALLOCSPI, 0, &want, sizeof(want));
	if (xfrm_exchange(&x->req, &r, keep_spi, &id.spi) == 0 && id.spi != 0)
		xfrm_sa_remove(&x->req, &id);
}

void
xfrm_sa_rearm(struct xfrm_plane *x, const struct xfrm_pol *p)
{
	struct xfrm_usersa_info larval = {
		.id = {
			.daddr = xfrm_addr(&p->outer_remote),
			.proto = p->protocol,
		},
		.saddr = xfrm_addr(&p->outer_local),
		.mode = p->transport ? XFRM_MODE_TRANSPORT : XFRM_MODE_TUNNEL,
		.reqid = xfrm_tag(p->sa_reqid),
		.family = p->outer_remote.family,
	};

	if (p->action == PLANE_PROTECT && larval.family != 0)
		delete_larval(x, &larval);
}

static void
keep_state(const struct nlmsghdr *h, void *ctx)
{
	struct xfrm_usersa_info info;
	struct states *s = ctx;

	if (h->nlmsg_type != XFRM_MSG_NEWSA ||
	    !xfrm_fixed(h, &info, sizeof(info)) ||
	    !xfrm_is_tagged(info.reqid))
		return;
	if ((s->nr & (s->nr - 1)) == 0) {
		s->infos = xrealloc(s->infos, s->nr == 0 ? 1 : s->nr * 2,
		    sizeof(*s->infos));
	}
	s->infos[s->nr++] = info;
}

struct xfrm_usersa_info *
xfrm_sa_dump(struct xfrm_plane *x, size_t *nr, int *errnum)
{
	struct states s = { 0 };
	struct xfrm_req r;

	xfrm_begin(&r, XFRM_MSG_GETSA, NLM_F_DUMP, NULL, 0);
	*errnum = xfrm_exchange(&x->req, &r, keep_state, &s);
	*nr = s.nr;
	return s.infos;
}

/* States with our tag that no record speaks of. */
static void
delete_leftovers(struct xfrm_plane *x)
{
	struct xfrm_usersa_info *infos;
	struct xfrm_usersa_id id;
	size_t nr, i;
	int errnum;

	infos = xfrm_sa_dump(x, &nr, &errnum);
	for (i = 0; i < nr; i++) {
		if (infos[i].id.spi == 0) {
			delete_larval(x, &infos[i]);
			continue;
		}
		id = (struct xfrm_usersa_id){
			.daddr = infos[i].id.daddr,
			.spi = infos[i].id.spi,
			.family = infos[i].family,
			.proto = infos[i].id.proto,
		};
		xfrm_sa_remove(&x->req, &id);
	}
	free(infos);
}

void
xfrm_sa_clear(struct xfrm_plane *x, bool leftovers)
{
	struct xfrm_usersa_id id;
	struct xfrm_sa *sa;
	size_t pos;

	for (pos = 0; (sa = map_next(x->sas, &pos)) != NULL;) {
		id = xfrm_sa_id(sa->spi, sa->protocol, &sa->dst.addr);
		xfrm_sa_remove(&x->req, &id);
		free(sa);
	}
	map_free(x->sas);
	x->sas = map_new(x->seed);
	if (leftovers)
		delete_leftovers(x);
}
