/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vendor IDs, and what two of them stand for: NAT traversal by RFC 3947 or
 * its drafts 02 and 03 (the newest that both know), dead peer detection by
 * RFC 3706.  Unknown vendor IDs are ignored (RFC 2408 3.16).
 */
#include "ike/v1/v1.h"

#include <string.h>

#include "crypto/alg.h"
#include "crypto/rng.h"

#define VID(s) { s, sizeof(s) - 1 }

static const struct v1_vendor {
	struct chunk id;
	enum v1_nat nat;	/* V1_NAT_NONE: it is that of DPD */
} vendors[] = {			/* in the order of sending */
	{ VID("\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57"
	    "\x01\x00"), V1_NAT_NONE },
	{ VID("\x4a\x13\x1c\x81\x07\x03\x58\x45\x5c\x57\x28\xf2\x0e\x95"
	    "\x45\x2f"), V1_NAT_RFC },
	{ VID("\x7d\x94\x19\xa6\x53\x10\xca\x6f\x2c\x17\x9d\x92\x15\x52"
	    "\x9d\x56"), V1_NAT_DRAFT_03 },
	{ VID("\x90\xcb\x80\x91\x3e\xbb\x69\x6e\x08\x63\x81\xb5\xec\x42"
	    "\x7b\x1f"), V1_NAT_DRAFT_02N },
	{ VID("\xcd\x60\x46\x43\x35\xdf\x21\xf8\x7c\xfd\xb2\xfc\x68\xb6"
	    "\xa4\x48"), V1_NAT_DRAFT_02 },
};

#define NR_VENDORS (sizeof(vendors) / sizeof(vendors[0]))

void
v1_add_vendors(const struct v2_sa *sa, struct v1_out *o, bool answer)
{
	size_t i;

	/* an answer names the one form of NAT-T that was chosen */
	for (i = 0; i < NR_VENDORS; i++) {
		if (answer && vendors[i].nat != V1_NAT_NONE &&
		    vendors[i].nat != sa->v1->nat)
			continue;
		v1_out_add(o, P1_VENDOR, vendors[i].id.p, vendors[i].id.len);
	}
}

void
v1_read_vendors(struct v2_sa *sa, const struct v1_msg *m)
{
	const struct v1_payload *p = NULL;
	size_t i;

	while ((p = v1_find_next(m, p, P1_VENDOR)) != NULL) {
		for (i = 0; i < NR_VENDORS; i++) {
			if (p->body.len != vendors[i].id.len ||
			    memcmp(p->body.p, vendors[i].id.p,
			    p->body.len) != 0)
				continue;
			if (vendors[i].nat == V1_NAT_NONE)
				sa->v1->dpd = true;
			else if (vendors[i].nat > sa->v1->nat)
				sa->v1->nat = vendors[i].nat;
		}
	}
}

static uint8_t
nat_d(const struct v2_sa *sa)
{
	return sa->v1->nat == V1_NAT_RFC ? P1_NAT_D : P1_NAT_D_DRAFT;
}

/* HASH(CKY-I | CKY-R | address | port), RFC 3947 3.2. */
static void
nat_hash(const struct v2_sa *sa, const struct endpoint *e,
    uint8_t out[PRF_MAX])
{
	uint8_t fixed[16], port[2];
	struct chunk in[3] = {
		{ fixed, sizeof(fixed) }, { e->addr.b, addr_len(&e->addr) },
		{ port, sizeof(port) },
	};

	put_u64(fixed, sa->spi_i);
	put_u64(fixed + 8, sa->spi_r);
	put_u16(port, e->port);
	memset(out, 0, PRF_MAX);
	hash_of_prf(sa->suite.prf, in, 3, out, NULL);
}

void
v1_nat_add(struct v2_sa *sa, struct v1_out *o, const struct ike_path *path,
    bool force)
{
	uint8_t hash[PRF_MAX];

	if (sa->v1->nat == V1_NAT_NONE)
		return;
	nat_hash(sa, &path->remote, hash);
	v1_out_add(o, nat_d(sa), hash, sa->suite.prf->out_len);
	if (force)
		rng_bytes(sa->host->par.rng, hash, sa->suite.prf->out_len);
	else
		nat_hash(sa, &path->local, hash);
	v1_out_add(o, nat_d(sa), hash, sa->suite.prf->out_len);
}

static bool
is_hash(const struct v2_sa *sa, const struct v1_payload *p,
    const uint8_t *hash)
{
	return p->body.len == sa->suite.prf->out_len &&
	    memcmp(p->body.p, hash, p->body.len) == 0;
}

void
v1_nat_detect(struct v2_sa *sa, const struct v1_msg *m,
    const struct ike_path *path, bool force)
{
	const struct v1_payload *p = v1_find(m, nat_d(sa));
	uint8_t local[PRF_MAX], remote[PRF_MAX];
	bool known = false;

	if (sa->v1->nat == V1_NAT_NONE || p == NULL)
		return;
	nat_hash(sa, &path->local, local);
	nat_hash(sa, &path->remote, remote);
	/* the first is what the peer sees of us, the others are its own */
	sa->nat_local = !is_hash(sa, p, local);
	while ((p = v1_find_next(m, p, nat_d(sa))) != NULL)
		known |= is_hash(sa, p, remote);
	sa->nat_remote = !known;
	sa->nat_able = true;
	sa->encap = sa->nat_local || sa->nat_remote || force;
}

uint16_t
v1_encap_mode(const struct v2_sa *sa, bool transport)
{
	if (!sa->encap)
		return transport ? ENCAP1_TRANSPORT : ENCAP1_TUNNEL;
	if (sa->v1->nat == V1_NAT_RFC) {
		return transport ? ENCAP1_UDP_TRANSPORT : ENCAP1_UDP_TUNNEL;
	}
	return transport ? ENCAP1_DRAFT_TRANSPORT : ENCAP1_DRAFT_TUNNEL;
}

static void
add_oa(const struct v2_sa *sa, struct v1_out *o, const struct ip_addr *a)
{
	uint8_t type = sa->v1->nat == V1_NAT_RFC ? P1_NAT_OA :
	    P1_NAT_OA_DRAFT;
	size_t at = v1_out_payload(o, type);

	buf_u8(&o->b, addr_len(a) == 4 ? ID1_IPV4 : ID1_IPV6);
	buf_zero(&o->b, 3);
	buf_bytes(&o->b, a->b, addr_len(a));
	v1_out_end(o, at);
}

/* RFC 3947 5.2: the addresses as the sender sees them, initiator's first. */
void
v1_nat_oa_add(const struct v2_sa *sa, struct v1_out *o, bool initiator)
{
	const struct ip_addr *own = &sa->path.local.addr;
	const struct ip_addr *other = &sa->path.remote.addr;

	if (!sa->encap)
		return;
	if (sa->v1->nat != V1_NAT_RFC) {
		/* the drafts know the sender's address only */
		add_oa(sa, o, own);
		return;
	}
	add_oa(sa, o, initiator ? own : other);
	add_oa(sa, o, initiator ? other : own);
}
