/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SAs of a userspace plane.  Changed only by commands that the plane's
 * thread runs while the engine's thread waits, so each of the two may read
 * it at other times without a lock.
 */
#ifndef SP_PLANE_USER_SADB_H
#define SP_PLANE_USER_SADB_H

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "plane/user/esp.h"

struct map;

struct sadb {
	struct list in, out;		/* esp_sa.link, oldest first */
	struct map *by_reqid;		/* newest SA of a child, either way */
	struct map *out_by_spi;		/* newest of that SPI */
	struct esp_sa **buckets;	/* inbound, by SPI */
	size_t nr_buckets;		/* a power of two */
	size_t nr_in;
};

/* Empty table; seed: random, since peers choose outbound SPIs. */
void sadb_init(struct sadb *db, uint64_t seed);

/* Free all SAs. */
void sadb_free(struct sadb *db);

/* Link an SA, which the table owns from then on. */
void sadb_add(struct sadb *db, struct esp_sa *sa);

/* Unlink an SA; the caller owns it again. */
void sadb_remove(struct sadb *db, struct esp_sa *sa);

/*
 * The inbound SA of a received SPI, or NULL.  dst, if not NULL, is the
 * address that it came to and must be the SA's (ESP without UDP).
 */
struct esp_sa *sadb_by_spi(const struct sadb *db, uint32_t spi,
    uint8_t protocol, const struct ip_addr *dst);

/* SA of either direction by SPI and outer destination, or NULL. */
struct esp_sa *sadb_find(const struct sadb *db, uint32_t spi,
    uint8_t protocol, const struct ip_addr *dst);

/* The newest SA of a child; older ones by next_reqid.  NULL if none. */
struct esp_sa *sadb_of_child(const struct sadb *db, uint32_t reqid);

/* The newest outbound SA of a child that is not spent, or NULL. */
struct esp_sa *sadb_outbound(const struct sadb *db, uint32_t reqid);

#endif
