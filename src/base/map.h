/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hash table from byte strings to pointers.  Keys are copied; values belong
 * to the caller.  The hash is seeded at creation, so that a peer who chooses
 * keys cannot choose collisions.
 */
#ifndef SP_BASE_MAP_H
#define SP_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map;

/* New empty map; seed should be random where keys come from a network. */
struct map *map_new(uint64_t seed);

/* Free the map and its keys, not the values.  NULL is fine. */
void map_free(struct map *m);

/* Value of key, or NULL. */
void *map_get(const struct map *m, const void *key, size_t len);

/* Set the value of key; returns the former value or NULL. */
void *map_put(struct map *m, const void *key, size_t len, void *value);

/* Remove key; returns its value or NULL. */
void *map_del(struct map *m, const void *key, size_t len);

size_t map_count(const struct map *m);

/*
 * Walk in no particular order: start with *pos = 0; returns the next value
 * or NULL at the end.  The map must not change meanwhile.
 */
void *map_next(const struct map *m, size_t *pos);

#endif
