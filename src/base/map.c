/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Open addressing with linear probing and backward-shift deletion; grows at
 * three quarters full.  The hash is SipHash-2-4's construction (public
 * domain, Aumasson and Bernstein), keyed by the seed, because peers choose
 * many of the keys.
 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct slot {
	uint64_t hash;
	void *key;		/* NULL = empty */
	size_t len;
	void *value;
};

struct map {
	struct slot *slots;
	size_t cap;		/* a power of two */
	size_t count;
	uint64_t k0, k1;
};

#define ROTL(x, b) ((x) << (b) | (x) >> (64 - (b)))

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = ROTL(v[1], 13) ^ v[0];
	v[0] = ROTL(v[0], 32);
	v[2] += v[3];
	v[3] = ROTL(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = ROTL(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = ROTL(v[1], 17) ^ v[2];
	v[2] = ROTL(v[2], 32);
}

static uint64_t
hash_key(const struct map *m, const uint8_t *p, size_t len)
{
	uint64_t v[4] = {
		m->k0 ^ 0x736f6d6570736575u, m->k1 ^ 0x646f72616e646f6du,
		m->k0 ^ 0x6c7967656e657261u, m->k1 ^ 0x7465646279746573u,
	};
	uint64_t word;
	size_t off, n;

	/* the last word carries the length, so it is made even if empty */
	for (off = 0; off <= len; off += 8) {
		n = len - off < 8 ? len - off : 8;
		word = n < 8 ? (uint64_t)len << 56 : 0;
		if (n > 0)
			memcpy(&word, p + off, n);
		v[3] ^= word;
		sip_round(v);
		sip_round(v);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	for (n = 0; n < 4; n++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map *
map_new(uint64_t seed)
{
	struct map *m = xcalloc(1, sizeof(*m));

	m->k0 = seed;
	m->k1 = ROTL(seed, 29) * 0x9e3779b97f4a7c15u;
	return m;
}

void
map_free(struct map *m)
{
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; i < m->cap; i++)
		free(m->slots[i].key);
	free(m->slots);
	free(m);
}

/* Slot of the key, or the empty slot where it would go. */
static size_t
find(const struct map *m, uint64_t hash, const void *key, size_t len)
{
	size_t i = hash & (m->cap - 1);
	const struct slot *s;

	for (;;) {
		s = &m->slots[i];
		if (s->key == NULL)
			return i;
		if (s->hash == hash && s->len == len &&
		    memcmp(s->key, key, len) == 0)
			return i;
		i = (i + 1) & (m->cap - 1);
	}
}

void *
map_get(const struct map *m, const void *key, size_t len)
{
	if (m->count == 0)
		return NULL;
	return m->slots[find(m, hash_key(m, key, len), key, len)].value;
}

static void
grow(struct map *m)
{
	struct slot *old = m->slots;
	size_t old_cap = m->cap, i;

	m->cap = old_cap ? old_cap * 2 : 16;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (i = 0; i < old_cap; i++) {
		if (old[i].key == NULL)
			continue;
		m->slots[find(m, old[i].hash, old[i].key, old[i].len)] =
		    old[i];
	}
	free(old);
}

void *
map_put(struct map *m, const void *key, size_t len, void *value)
{
	uint64_t hash = hash_key(m, key, len);
	struct slot *s;
	void *old;

	if (m->count + 1 > m->cap / 4 * 3)
		grow(m);
	s = &m->slots[find(m, hash, key, len)];
	old = s->value;
	if (s->key == NULL) {
		s->key = xmemdup(key, len);
		s->len = len;
		s->hash = hash;
		m->count++;
	}
	s->value = value;
	return old;
}

void *
map_del(struct map *m, const void *key, size_t len)
{
	size_t i, j, home, mask = m->cap - 1;
	void *value;

	if (m->count == 0)
		return NULL;
	i = find(m, hash_key(m, key, len), key, len);
	if (m->slots[i].key == NULL)
		return NULL;
	value = m->slots[i].value;
	free(m->slots[i].key);
	m->count--;

	/* move back what probed past the hole */
	for (j = (i + 1) & mask; m->slots[j].key != NULL; j = (j + 1) & mask) {
		home = m->slots[j].hash & mask;
		if (((j - home) & mask) < ((j - i) & mask))
			continue;
		m->slots[i] = m->slots[j];
		i = j;
	}
	m->slots[i] = (struct slot){0};
	return value;
}

size_t
map_count(const struct map *m)
{
	return m->count;
}

void *
map_next(const struct map *m, size_t *pos)
{
	while (*pos < m->cap) {
		const struct slot *s = &m->slots[(*pos)++];

		if (s->key != NULL)
			return s->value;
	}
	return NULL;
}
