/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SA table: a hash by SPI for what comes in (the SPIs are our own random
 * choice, so their low bits are a good hash), maps by SPI for what goes out
 * and by child for both.  A packet finds its outbound SA by its policy, which
 * remembers it.
 */
#include "plane/user/sadb.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

#define FIRST_BUCKETS 64

void
sadb_init(struct sadb *db, uint64_t seed)
{
	db->by_reqid = map_new(seed);
	db->out_by_spi = map_new(seed);
	list_init(&db->in);
	list_init(&db->out);
	db->nr_buckets = FIRST_BUCKETS;
	db->buckets = xcalloc(db->nr_buckets, sizeof(*db->buckets));
	db->nr_in = 0;
}

static void
free_list(struct list *head)
{
	struct esp_sa *sa;

	LIST_EACH(sa, head, struct esp_sa, link) {
		list_remove(&sa->link);
		esp_sa_free(sa);
	}
}

void
sadb_free(struct sadb *db)
{
	free_list(&db->in);
	free_list(&db->out);
	map_free(db->by_reqid);
	map_free(db->out_by_spi);
	free(db->buckets);
	db->buckets = NULL;
}

static struct esp_sa **
bucket(const struct sadb *db, uint32_t spi)
{
	return &db->buckets[spi & (db->nr_buckets - 1)];
}

static void
hash_in(struct sadb *db, struct esp_sa *sa)
{
	struct esp_sa **b = bucket(db, sa->spi);

	sa->next_spi = *b;
	*b = sa;
}

static void
grow(struct sadb *db)
{
	struct esp_sa *sa;

	free(db->buckets);
	db->nr_buckets *= 2;
	db->buckets = xcalloc(db->nr_buckets, sizeof(*db->buckets));
	LIST_EACH(sa, &db->in, struct esp_sa, link)
		hash_in(db, sa);
}

void
sadb_add(struct sadb *db, struct esp_sa *sa)
{
	sa->next_reqid = map_put(db->by_reqid, &sa->reqid, sizeof(sa->reqid),
	    sa);
	if (sa->dir == PLANE_OUT) {
		list_append(&db->out, &sa->link);
		sa->next_spi = map_put(db->out_by_spi, &sa->spi,
		    sizeof(sa->spi), sa);
		return;
	}
	list_append(&db->in, &sa->link);
	hash_in(db, sa);
	if (++db->nr_in > db->nr_buckets)
		grow(db);
}

/* Put back the first of a chain, or forget the key. */
static void
set_first(struct map *m, uint32_t key, struct esp_sa *first)
{
	if (first != NULL)
		map_put(m, &key, sizeof(key), first);
	else
		map_del(m, &key, sizeof(key));
}

static void
leave_child(struct sadb *db, struct esp_sa *sa)
{
	struct esp_sa *first = sadb_of_child(db, sa->reqid);
	struct esp_sa **at = &first;

	while (*at != NULL && *at != sa)
		at = &(*at)->next_reqid;
	if (*at == sa)
		*at = sa->next_reqid;
	set_first(db->by_reqid, sa->reqid, first);
}

/* Take the SA out of the chain at *at. */
static void
leave_spi(struct esp_sa **at, const struct esp_sa *sa)
{
	while (*at != NULL && *at != sa)
		at = &(*at)->next_spi;
	if (*at == sa)
		*at = sa->next_spi;
}

void
sadb_remove(struct sadb *db, struct esp_sa *sa)
{
	struct esp_sa *first;

	list_remove(&sa->link);
	leave_child(db, sa);
	if (sa->dir == PLANE_OUT) {
		first = map_get(db->out_by_spi, &sa->spi, sizeof(sa->spi));
		leave_spi(&first, sa);
		set_first(db->out_by_spi, sa->spi, first);
	} else {
		leave_spi(bucket(db, sa->spi), sa);
		db->nr_in--;
	}
}

struct esp_sa *
sadb_by_spi(const struct sadb *db, uint32_t spi, uint8_t protocol,
    const struct ip_addr *dst)
{
	struct esp_sa *sa;

	for (sa = *bucket(db, spi); sa != NULL; sa = sa->next_spi) {
		if (sa->spi == spi && sa->protocol == protocol &&
		    (dst == NULL || addr_eq(dst, &sa->dst.addr)))
			return sa;
	}
	return NULL;
}

struct esp_sa *
sadb_find(const struct sadb *db, uint32_t spi, uint8_t protocol,
    const struct ip_addr *dst)
{
	struct esp_sa *sa = sadb_by_spi(db, spi, protocol, dst);

	if (sa != NULL)
		return sa;
	sa = map_get(db->out_by_spi, &spi, sizeof(spi));
	while (sa != NULL && (sa->protocol != protocol ||
	    !addr_eq(dst, &sa->dst.addr)))
		sa = sa->next_spi;
	return sa;
}

struct esp_sa *
sadb_of_child(const struct sadb *db, uint32_t reqid)
{
	return map_get(db->by_reqid, &reqid, sizeof(reqid));
}

struct esp_sa *
sadb_outbound(const struct sadb *db, uint32_t reqid)
{
	struct esp_sa *sa = sadb_of_child(db, reqid);

	while (sa != NULL && (sa->dir != PLANE_OUT || esp_sa_spent(sa)))
		sa = sa->next_reqid;
	return sa;
}
