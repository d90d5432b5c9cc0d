/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Unique identities (RFC 7296 2.4 INITIAL_CONTACT; settings.md 12.6): what
 * happens to an older IKE SA between the same two identities once a new one
 * is authenticated.
 *
 *	yes	the new one replaces it
 *	no	only if the peer says INITIAL_CONTACT
 *	never	not even then
 *	keep	the new one is refused, unless it comes from the same address
 *
 * Two hosts that begin at the same moment get two SAs and must not delete
 * both: of two SAs with different initiators, both young, the one with the
 * lower SPIs stays, which both hosts see alike.
 */
#include "ike/v2/steps.h"

#include "base/map.h"
#include "base/str.h"

#define REAUTH_MS 10000		/* the peer deletes the older one itself */

static void
key_add(struct buf *key, const struct ident *id)
{
	buf_u8(key, id->type);
	buf_u16(key, (uint16_t)id->len);
	buf_bytes(key, id->data, id->len);
}

/* The pair of identities as a key; ours is what the SA shows. */
static void
make_key(const struct v2_sa *sa, const struct ident *remote, struct buf *key)
{
	key_add(key, &sa->local_id);
	key_add(key, remote);
}

void
v2_twins_add(struct v2_sa *sa)
{
	struct buf key = {0};
	struct v2_sa *other;

	make_key(sa, &sa->remote_id, &key);
	other = map_put(sa->host->by_ids, key.data, key.len, sa);
	if (other != NULL)
		list_append(&other->twins, &sa->twins);
	sa->in_twins = true;
	buf_free(&key);
}

void
v2_twins_del(struct v2_sa *sa)
{
	struct buf key = {0};
	struct v2_sa *other;

	if (!sa->in_twins)
		return;
	sa->in_twins = false;
	make_key(sa, &sa->remote_id, &key);
	if (list_empty(&sa->twins)) {
		map_del(sa->host->by_ids, key.data, key.len);
	} else {
		other = LIST_ENTRY(sa->twins.next, struct v2_sa, twins);
		map_put(sa->host->by_ids, key.data, key.len, other);
		list_remove(&sa->twins);
	}
	buf_free(&key);
}

static bool
is_twin(const struct v2_sa *sa, const struct v2_sa *other)
{
	return other != sa && v2_is_live(other);
}

struct v2_sa *
v2_find_twin(const struct v2_sa *sa, const struct ident *remote)
{
	struct v2_sa *first, *other;
	struct buf key = {0};

	make_key(sa, remote, &key);
	first = map_get(sa->host->by_ids, key.data, key.len);
	buf_free(&key);
	if (first == NULL || is_twin(sa, first))
		return first;
	LIST_EACH(other, &first->twins, struct v2_sa, twins) {
		if (is_twin(sa, other))
			return other;
	}
	return NULL;
}

/* Were the two begun by both sides at once; and is sa the one to go? */
static bool
loses_race(const struct v2_sa *sa, const struct v2_sa *other)
{
	int64_t now = sa->host->now;

	if (sa->initiator == other->initiator ||
	    now - sa->established_at > V2_YOUNG_MS ||
	    now - other->established_at > V2_YOUNG_MS)
		return false;
	if (sa->spi_i != other->spi_i)
		return sa->spi_i > other->spi_i;
	return sa->spi_r > other->spi_r;
}

/* The other SA of the pair goes: at once, or after a graceful while. */
static void
replace(struct v2_sa *sa, struct v2_sa *old, bool contact)
{
	bool same = addr_eq(&sa->path.remote.addr, &old->path.remote.addr);

	if (contact && sa->initiator == old->initiator) {
		/* the peer knows nothing of it any more: no Delete */
		v2_end_code(old, REASON_UNIQUE_REPLACED, "IKE_AUTH");
	} else if (same && !contact && sa->initiator == old->initiator) {
		/* looks like make-before-break reauthentication */
		old->doom_at = sa->host->now + REAUTH_MS;
		old->doom_why = REASON_UNIQUE_REPLACED;
		v2_touch(old);
	} else {
		v2_close(old, REASON_UNIQUE_REPLACED);
	}
}

void
v2_unique(struct v2_sa *sa, bool contact)
{
	enum ike_unique policy = sa->conf->unique;
	struct v2_sa *other;

	if (policy == UNIQUE_NEVER || (policy != UNIQUE_YES && !contact))
		return;
	LIST_EACH(other, &sa->twins, struct v2_sa, twins) {
		if (!is_twin(sa, other))
			continue;
		if (loses_race(sa, other)) {
			v2_close(sa, REASON_UNIQUE_REPLACED);
			return;
		}
		replace(sa, other, contact);
	}
}

bool
v2_unique_admits(const struct v2_sa *sa, const struct ident *remote,
    struct ike_reason *why)
{
	char there[ADDR_TEXT], here[ADDR_TEXT];
	struct v2_sa *other;

	if (sa->conf->unique != UNIQUE_KEEP)
		return true;
	other = v2_find_twin(sa, remote);
	if (other == NULL || addr_eq(&other->path.remote.addr,
	    &sa->path.remote.addr))
		return true;
	addr_print(&other->path.remote.addr, here);
	addr_print(&sa->path.remote.addr, there);
	ike_reason_set(why, REASON_UNIQUE_REPLACED, true, "IKE_AUTH", here,
	    there, "The peer's identity is in use from %s already; the "
	    "connection from %s was refused.", here, there);
	return false;
}
