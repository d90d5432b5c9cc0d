/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Allocation that does not fail: small sizes only, see mem.h.
 */
#include "base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
out_of_memory(size_t n)
{
	fprintf(stderr, "sallyport: out of memory (%zu bytes)\n", n);
	abort();
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (p == NULL)
		out_of_memory(n * size);
	return p;
}

void *
xrealloc(void *p, size_t n, size_t size)
{
	void *q;

	if (n == 0)
		n = 1;
	if (size != 0 && n > SIZE_MAX / size)
		out_of_memory(SIZE_MAX);
	q = realloc(p, n * size);
	if (q == NULL)
		out_of_memory(n * size);
	return q;
}

void *
xmemdup(const void *p, size_t len)
{
	void *q = malloc(len ? len : 1);

	if (q == NULL)
		out_of_memory(len);
	if (len > 0)
		memcpy(q, p, len);
	return q;
}

char *
xstrdup(const char *s)
{
	return s ? xmemdup(s, strlen(s) + 1) : NULL;
}

char *
xstrndup(const char *s, size_t n)
{
	size_t len;
	char *out;

	if (s == NULL)
		return NULL;

	len = strnlen(s, n);
	out = xcalloc(len + 1, 1);
	memcpy(out, s, len);
	return out;
}

void
mem_wipe_free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *out;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&out, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory(0);
	return out;
}
