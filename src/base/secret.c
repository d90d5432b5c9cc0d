/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secret memory: pages of our own, locked as far as RLIMIT_MEMLOCK allows
 * and excluded from core dumps and from children after fork, handed out in
 * cells of fixed size so that thousands of keys cost little.  Long secrets
 * get pages of their own.
 */
#include "base/secret.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

#define CELL 80			/* holds any traffic key with its salt */
#define ARENA_CELLS 816		/* about 64 KiB */
#define SECRET_MAX 65536

union cell {
	union cell *next;	/* while free */
	uint8_t bytes[CELL];
};

/* The free list: the one process-wide state of this room, behind its lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static union cell *free_cells;

static void *
map_pages(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	/* best effort each: an old kernel or a low limit must not stop us */
	madvise(p, len, MADV_DONTDUMP);
	madvise(p, len, MADV_WIPEONFORK);
	mlock(p, len);
	return p;
}

static void
add_cells(void)
{
	union cell *c = map_pages(ARENA_CELLS * sizeof(*c));
	size_t i;

	for (i = 0; i < ARENA_CELLS; i++) {
		c[i].next = free_cells;
		free_cells = &c[i];
	}
}

void
secret_alloc(struct secret *s, size_t len)
{
	union cell *c;

	if (len > SECRET_MAX)
		abort();
	s->data = NULL;
	s->len = len;
	if (len == 0)
		return;
	if (len > CELL) {
		s->data = map_pages(len);
		return;
	}
	pthread_mutex_lock(&lock);
	if (free_cells == NULL)
		add_cells();
	c = free_cells;
	free_cells = c->next;
	pthread_mutex_unlock(&lock);
	memset(c, 0, sizeof(*c));
	s->data = c->bytes;
}

void
secret_set(struct secret *s, const void *p, size_t len)
{
	secret_alloc(s, len);
	if (len > 0)
		memcpy(s->data, p, len);
}

void
secret_copy(struct secret *dst, const struct secret *src)
{
	secret_set(dst, src->data, src->len);
}

void
secret_free(struct secret *s)
{
	union cell *c = (union cell *)(void *)s->data;

	if (c == NULL) {
		s->len = 0;
		return;
	}
	explicit_bzero(s->data, s->len);
	if (s->len > CELL) {
		munmap(s->data, s->len);
	} else {
		pthread_mutex_lock(&lock);
		c->next = free_cells;
		free_cells = c;
		pthread_mutex_unlock(&lock);
	}
	s->data = NULL;
	s->len = 0;
}

void
secret_move(struct secret *dst, struct secret *src)
{
	secret_free(dst);
	*dst = *src;
	src->data = NULL;
	src->len = 0;
}

bool
secret_eq(const struct secret *a, const struct secret *b)
{
	uint8_t diff = 0;
	size_t i;

	if (a->len != b->len)
		return false;
	for (i = 0; i < a->len; i++)
		diff |= a->data[i] ^ b->data[i];
	return diff == 0;
}
