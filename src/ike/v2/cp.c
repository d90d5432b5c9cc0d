/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration payload (RFC 7296 2.19, 3.15): a client asks in IKE_AUTH
 * for an address inside and for name servers, a server gives them from its
 * pool.
 *
 *	CP(CFG_REQUEST), SAi2, TSi, TSr -->
 *			<-- CP(CFG_REPLY), SAr2, TSi, TSr
 *
 * An address belongs to one IKE SA of the host; one that the same identity
 * asks for again (reauthentication) goes over to the new SA.  Where the
 * configuration says "dynamic", selectors then mean that address.
 */
#include "ike/v2/steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

#define STEP "IKE_AUTH"
#define IP6_DATA 17		/* address and length of its prefix */
#define SEARCH_MAX 65536	/* addresses of a pool looked at */

/* The attributes of a family, RFC 7296 3.15.1. */
static const struct cp_row {
	uint8_t family;
	uint16_t address, dns;
	size_t least, most;	/* length of an address's data */
} rows[2] = {
	{ AF_INET, CP_IP4_ADDRESS, CP_IP4_DNS, 4, 4 },
	{ AF_INET6, CP_IP6_ADDRESS, CP_IP6_DNS, 16, IP6_DATA },
};

/* A payload to be filled; attributes are counted up as they are added. */
static struct ike_payload *
begin(struct ike_msg *m, uint8_t type)
{
	struct ike_payload *p = ike_msg_add(m, PLD_CP);

	p->u.cp.cfg_type = type;
	p->u.cp.attrs = ike_msg_alloc(m, 2 + 2 + CP_DNS_MAX,
	    sizeof(*p->u.cp.attrs));
	return p;
}

static void
add(struct ike_msg *m, struct ike_payload *p, uint16_t type,
    const void *data, size_t len)
{
	struct ike_attr *a = &p->u.cp.attrs[p->u.cp.nr++];

	a->type = type;
	a->data = ike_msg_bytes(m, data, len);
}

static const struct ike_attr *
find(const struct ike_payload *p, uint16_t type, const struct ike_attr *after)
{
	size_t i = after == NULL ? 0 : (size_t)(after - p->u.cp.attrs) + 1;

	for (; i < p->u.cp.nr; i++) {
		if (p->u.cp.attrs[i].type == type)
			return &p->u.cp.attrs[i];
	}
	return NULL;
}

/* The address in an attribute; family 0 if it holds none. */
static struct ip_addr
addr_of(const struct cp_row *r, const struct ike_attr *a)
{
	if (a == NULL || a->data.len < r->least || a->data.len > r->most)
		return (struct ip_addr){0};
	return addr_from_bytes(r->family, a->data.p);
}

static struct v2_cp *
cp_of(struct v2_sa *sa)
{
	if (sa->cp == NULL)
		sa->cp = xcalloc(1, sizeof(*sa->cp));
	return sa->cp;
}

const struct ip_addr *
v2_cp_addr(const struct v2_sa *sa, bool ours, uint8_t family)
{
	const struct v2_cp *cp = sa->cp;
	size_t i;

	for (i = 0; cp != NULL && cp->server != ours && i < 2; i++) {
		if (cp->addr[i].family != 0 && cp->addr[i].family == family)
			return &cp->addr[i];
	}
	return NULL;
}

/* ---- client ---- */

void
v2_cp_ask(struct v2_sa *sa, struct ike_msg *m)
{
	struct ike_payload *p;
	size_t i;

	if (!sa->conf->ask_address[0] && !sa->conf->ask_address[1])
		return;
	p = begin(m, CP_REQUEST);
	for (i = 0; i < 2; i++) {
		if (!sa->conf->ask_address[i])
			continue;
		add(m, p, rows[i].address, NULL, 0);
		add(m, p, rows[i].dns, NULL, 0);
	}
}

bool
v2_cp_asked(const struct v2_sa *sa, uint8_t family)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		if (rows[i].family == family)
			return sa->conf->ask_address[i];
	}
	return false;
}

void
v2_cp_answered(struct v2_sa *sa, const struct ike_msg *m)
{
	const struct ike_payload *p = ike_msg_find(m, PLD_CP);
	const struct ike_attr *a;
	struct v2_cp *cp;
	struct ip_addr dns;
	size_t i;

	if (!sa->conf->ask_address[0] && !sa->conf->ask_address[1])
		return;
	/* from here on "dynamic" is what came, not what may come */
	cp = cp_of(sa);
	if (p == NULL || p->u.cp.cfg_type != CP_REPLY)
		return;
	for (i = 0; i < 2; i++) {
		/* what was not asked for is not taken */
		if (!sa->conf->ask_address[i])
			continue;
		a = find(p, rows[i].address, NULL);
		cp->addr[i] = addr_of(&rows[i], a);
		for (a = NULL; (a = find(p, rows[i].dns, a)) != NULL;) {
			dns = addr_of(&rows[i], a);
			if (dns.family != 0 && cp->nr_dns < CP_DNS_MAX)
				cp->dns[cp->nr_dns++] = dns;
		}
	}
}

/* ---- server ---- */

static struct v2_sa *
holder(const struct ike_host *h, const struct ip_addr *a)
{
	return map_get(h->by_inner, a->b, addr_len(a));
}

/* Is it free, or held by the same identity. */
static bool
may_have(const struct v2_sa *sa, const struct ip_addr *a)
{
	const struct v2_sa *other = holder(sa->host, a);

	return other == NULL || ident_eq(&other->remote_id, &sa->remote_id);
}

static void
next_addr(struct ip_addr *a)
{
	size_t i = addr_len(a);

	while (i-- > 0 && ++a->b[i] == 0)
		continue;
}

/* The lowest free address between the ends, which name the network and, in
 * IPv4, its broadcast. */
static bool
search(const struct v2_sa *sa, const struct ip_prefix *pool,
    struct ip_addr *out)
{
	struct ip_addr first, last;
	size_t i;

	prefix_range(pool, &first, &last);
	*out = first;
	for (i = 0; i < SEARCH_MAX && !addr_eq(out, &last); i++) {
		if (i > 0 && holder(sa->host, out) == NULL)
			return true;
		next_addr(out);
	}
	return false;
}

static bool
give(struct v2_sa *sa, size_t family, const struct ike_attr *asked)
{
	const struct ip_prefix *pool = &sa->conf->pool[family];
	struct ip_addr wish = addr_of(&rows[family], asked), first, last;
	struct ip_addr *out = &cp_of(sa)->addr[family];

	sa->cp->server = true;
	prefix_range(pool, &first, &last);
	if (wish.family != 0 && prefix_has(pool, &wish) &&
	    !addr_eq(&wish, &first) && !addr_eq(&wish, &last) &&
	    may_have(sa, &wish)) {
		*out = wish;
	} else if (!search(sa, pool, out)) {
		out->family = 0;
		return false;
	}
	map_put(sa->host->by_inner, out->b, addr_len(out), sa);
	return true;
}

static void
write_reply(struct v2_sa *sa, struct ike_msg *m)
{
	struct ike_payload *p = begin(m, CP_REPLY);
	uint8_t data[IP6_DATA];
	size_t i, k;

	for (i = 0; i < 2; i++) {
		if (sa->cp->addr[i].family == 0)
			continue;
		memcpy(data, sa->cp->addr[i].b, 16);
		data[16] = 128;
		add(m, p, rows[i].address, data, rows[i].most);
		for (k = 0; k < sa->conf->nr_dns; k++) {
			if (sa->conf->dns[k].family == rows[i].family)
				add(m, p, rows[i].dns, sa->conf->dns[k].b,
				    rows[i].least);
		}
	}
}

/* Nothing is left in the pool: the child is refused, the IKE SA stays. */
static bool
refuse(struct v2_sa *sa, struct ike_msg *answer, uint16_t notify,
    const char *text)
{
	struct ike_reason why;

	ike_reason_set(&why, REASON_ADDRESS_UNAVAILABLE, true, STEP, NULL,
	    NULL, "%s", text);
	ike_msg_add_notify(answer, notify, NULL, 0);
	v2_emit_refused(sa->host, sa, &sa->path, &why);
	return false;
}

bool
v2_cp_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer)
{
	const struct ike_payload *p = ike_msg_find(m, PLD_CP);
	const struct ike_attr *asked;
	bool given = false, missed = false, pool = false;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (sa->conf->pool[i].addr.family == 0)
			continue;
		pool = true;
		asked = p == NULL || p->u.cp.cfg_type != CP_REQUEST ? NULL :
		    find(p, rows[i].address, NULL);
		if (asked != NULL && give(sa, i, asked))
			given = true;
		else if (asked != NULL)
			missed = true;
	}
	if (given)
		write_reply(sa, answer);
	if (!pool || given)
		return true;
	if (missed) {
		return refuse(sa, answer, N_INTERNAL_ADDRESS_FAILURE,
		    "The pool has no free address left for the peer.");
	}
	return refuse(sa, answer, N_FAILED_CP_REQUIRED, "The peer did not "
	    "ask for an address, which this tunnel gives to each peer.");
}

/* ---- both ---- */

void
v2_cp_move(struct v2_sa *from, struct v2_sa *to)
{
	size_t i;

	to->cp = from->cp;
	from->cp = NULL;
	for (i = 0; to->cp != NULL && to->cp->server && i < 2; i++) {
		if (to->cp->addr[i].family != 0 &&
		    holder(to->host, &to->cp->addr[i]) == from) {
			map_put(to->host->by_inner, to->cp->addr[i].b,
			    addr_len(&to->cp->addr[i]), to);
		}
	}
}

void
v2_cp_free(struct v2_sa *sa)
{
	size_t i;

	for (i = 0; sa->cp != NULL && sa->cp->server && i < 2; i++) {
		if (sa->cp->addr[i].family != 0 &&
		    holder(sa->host, &sa->cp->addr[i]) == sa) {
			map_del(sa->host->by_inner, sa->cp->addr[i].b,
			    addr_len(&sa->cp->addr[i]));
		}
	}
	free(sa->cp);
	sa->cp = NULL;
}
