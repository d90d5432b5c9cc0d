/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Allocation of small things.  These abort with a message when the machine
 * has no memory left; sizes that a peer or a file chooses must be bounded by
 * the caller before they get here.  Everything is released with free().
 */
#ifndef SP_BASE_MEM_H
#define SP_BASE_MEM_H

#include <stddef.h>

/*
 * Hidden: readline exports an xrealloc() with other arguments and calls it
 * through the dynamic symbol table, where ours must not stand in its place.
 */
#define MEM_HIDDEN __attribute__((visibility("hidden")))

/* Number of elements of an array. */
#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

/* Zeroed memory of n * size bytes; never NULL. */
void *xcalloc(size_t n, size_t size) __attribute__((malloc)) MEM_HIDDEN;

/* Resize p to n * size bytes (overflow checked); never NULL. */
void *xrealloc(void *p, size_t n, size_t size) MEM_HIDDEN;

/* Copy of len bytes; never NULL, one byte at least is allocated. */
void *xmemdup(const void *p, size_t len) MEM_HIDDEN;

/* Copies of a string; NULL gives NULL. */
char *xstrdup(const char *s) MEM_HIDDEN;
char *xstrndup(const char *s, size_t n) MEM_HIDDEN;

/* Free what malloc() gave, wiped before; NULL is fine.  For libraries that
 * hold copies of secrets. */
void mem_wipe_free(void *p) MEM_HIDDEN;

/* Formatted string of the caller's. */
char *xasprintf(const char *fmt, ...)
    __attribute__((format(printf, 1, 2))) MEM_HIDDEN;

#endif
