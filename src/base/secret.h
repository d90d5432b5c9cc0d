/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secrets: keys, pre-shared keys, passwords.  The bytes live in memory that
 * is locked (where the limit allows), left out of core dumps and wiped at
 * free.  There is no way to print one.
 */
#ifndef SP_BASE_SECRET_H
#define SP_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secret {
	uint8_t *data;
	size_t len;
};

/* Room for len zeroed bytes (at most 64 KiB; aborts beyond). */
void secret_alloc(struct secret *s, size_t len);

/* Copy of len bytes. */
void secret_set(struct secret *s, const void *p, size_t len);

/* Copy of another secret. */
void secret_copy(struct secret *dst, const struct secret *src);

/* Wipe and release; the secret is empty after.  Fine on an empty one. */
void secret_free(struct secret *s);

/* Take over src into dst (freeing what dst held); src is empty after. */
void secret_move(struct secret *dst, struct secret *src);

/* Equal length and bytes, in time that depends on the length only. */
bool secret_eq(const struct secret *a, const struct secret *b);

#endif
