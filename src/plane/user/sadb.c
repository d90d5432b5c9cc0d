/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SA table: a hash by SPI for what comes in (the SPIs are our own random
 * choice, so their low bits are a good hash), lists for the rest.  Outbound
 * SAs are found by policy, which remembers its SA.
 */
#include "plane/user/sadb.h"

#include <stdlib.h>

#include "base/mem.h"

#define FIRST_BUCKETS 64

void
sadb_init(struct sadb *db)
{
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
	if (sa->dir == PLANE_OUT) {
		list_append(&db->out, &sa->link);
		return;
	}
	list_append(&db->in, &sa->link);
	hash_in(db, sa);
	if (++db->nr_in > db->nr_buckets)
		grow(db);
}

void
sadb_remove(struct sadb *db, struct esp_sa *sa)
{
	struct esp_sa **at;

	list_remove(&sa->link);
	if (sa->dir == PLANE_OUT)
		return;
	at = bucket(db, sa->spi);
	while (*at != NULL && *at != sa)
		at = &(*at)->next_spi;
	if (*at == sa) {
		*at = sa->next_spi;
		db->nr_in--;
	}
}

struct esp_sa *
sadb_by_spi(const struct sadb *db, uint32_t spi, const struct ip_addr *dst)
{
	struct esp_sa *sa;

	for (sa = *bucket(db, spi); sa != NULL; sa = sa->next_spi) {
		if (sa->spi == spi &&
		    (dst == NULL || addr_eq(dst, &sa->dst.addr)))
			return sa;
	}
	return NULL;
}

struct esp_sa *
sadb_find(const struct sadb *db, uint32_t spi, const struct ip_addr *dst)
{
	struct esp_sa *sa = sadb_by_spi(db, spi, dst);

	if (sa != NULL)
		return sa;
	LIST_EACH(sa, &db->out, struct esp_sa, link) {
		if (sa->spi == spi && addr_eq(dst, &sa->dst.addr))
			return sa;
	}
	return NULL;
}

struct esp_sa *
sadb_outbound(const struct sadb *db, uint32_t reqid)
{
	struct esp_sa *sa;
	struct esp_sa *newest = NULL;

	LIST_EACH(sa, &db->out, struct esp_sa, link) {
		if (sa->reqid == reqid && !esp_sa_spent(sa))
			newest = sa;
	}
	return newest;
}
