/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NAT traversal (RFC 7296 2.23): detection by hashes in IKE_SA_INIT, the move
 * to port 4500, and following a peer behind a NAT to its new address.
 *
 * A peer may falsify its source hash to have ESP encapsulated although there
 * is no NAT; it then looks as if it were behind one, which is just what it
 * wants.  We do the same when the configuration says so.
 */
#include "ike/v2/steps.h"

#include <string.h>

#include "crypto/prf.h"
#include "crypto/rng.h"

#define NAT_HASH_LEN 20

/* SHA-1(SPIi | SPIr | address | port). */
static void
nat_hash(const struct ike_header *hdr, const struct endpoint *e,
    uint8_t out[NAT_HASH_LEN])
{
	uint8_t fixed[16], port[2];
	struct chunk in[3] = {
		{ fixed, sizeof(fixed) }, { e->addr.b, addr_len(&e->addr) },
		{ port, sizeof(port) },
	};

	put_u64(fixed, hdr->spi_i);
	put_u64(fixed + 8, hdr->spi_r);
	put_u16(port, e->port);
	hash_sha1(in, 3, out);
}

void
v2_nat_offer(struct ike_host *h, struct ike_msg *m,
    const struct ike_path *path, bool force_encap)
{
	uint8_t hash[NAT_HASH_LEN];

	if (force_encap)
		rng_bytes(h->par.rng, hash, sizeof(hash));
	else
		nat_hash(&m->hdr, &path->local, hash);
	ike_msg_add_notify(m, N_NAT_DETECTION_SOURCE_IP, hash, sizeof(hash));
	nat_hash(&m->hdr, &path->remote, hash);
	ike_msg_add_notify(m, N_NAT_DETECTION_DESTINATION_IP, hash,
	    sizeof(hash));
}

/*
 * Does no notify of the type carry the hash?  A host with several addresses
 * sends several source hashes, of which one has to fit.
 */
static bool
differs(const struct ike_msg *m, uint16_t type, const struct endpoint *e)
{
	const struct ike_payload *p;
	uint8_t hash[NAT_HASH_LEN];
	bool seen = false;
	size_t i;

	nat_hash(&m->hdr, e, hash);
	for (i = 0; i < m->nr; i++) {
		p = &m->payloads[i];
		if (p->type != PLD_NOTIFY || p->u.notify.type != type)
			continue;
		seen = true;
		if (p->u.notify.data.len == sizeof(hash) &&
		    memcmp(p->u.notify.data.p, hash, sizeof(hash)) == 0)
			return false;
	}
	return seen;
}

void
v2_nat_detect(struct v2_sa *sa, const struct ike_msg *m,
    const struct ike_path *path, bool force_encap)
{
	bool able = ike_msg_find_notify(m, N_NAT_DETECTION_SOURCE_IP) != NULL;

	sa->nat_remote = differs(m, N_NAT_DETECTION_SOURCE_IP, &path->remote);
	sa->nat_local = differs(m, N_NAT_DETECTION_DESTINATION_IP,
	    &path->local);
	sa->nat_able = able;
	sa->encap = able && (sa->nat_remote || sa->nat_local || force_encap);
}

void
v2_nat_float(struct v2_sa *sa)
{
	/* RFC 4555 3.3: a later address may be behind a NAT */
	if (!sa->encap && !(sa->conf->mobike && sa->nat_able))
		return;
	sa->path.local.port = IKE_PORT_NAT;
	sa->path.remote.port = IKE_PORT_NAT;
}

static void
move(struct v2_sa *sa, const struct endpoint *remote)
{
	struct v2_child *c;

	sa->path.remote = *remote;
	LIST_EACH(c, &sa->children, struct v2_child, link) {
		c->path = sa->path;
		if (c->in_done || c->out_done)
			v2_emit_child(c, IKE_ACT_CHILD_MOVE);
	}
}

/*
 * RFC 7296 2.23: the host that is not behind a NAT follows the other one;
 * one that is behind a NAT itself must not, or an attacker could move it.
 */
void
v2_follow(struct v2_sa *sa, const struct endpoint *remote)
{
	/* with MOBIKE the peer says so itself */
	if (!sa->nat_remote || sa->nat_local || sa->mobike != NULL)
		return;
	if (remote->addr.family != sa->path.remote.addr.family ||
	    endpoint_eq(remote, &sa->path.remote))
		return;
	move(sa, remote);
}

void
v2_heard(struct v2_sa *sa, const struct ike_path *path)
{
	sa->last_in = sa->host->now;
	v2_touch(sa);
	if (sa->state == V2_AUTH_WAIT) {
		/* the initiator floats to 4500 here, or did so before */
		sa->path = *path;
		return;
	}
	if (sa->mobike != NULL)
		v2_mobike_heard(sa, path);
	else if (endpoint_eq(&path->local, &sa->path.local))
		v2_follow(sa, &path->remote);
}
