/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The writing buffer and the reading cursor.  Invariants: buf.data holds
 * cap bytes of which len are written, and if cap > 0 there is always one
 * byte of room behind len for a NUL; rd.p may be read for rd.left bytes,
 * and once rd.bad is set nothing more is handed out.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
buf_init(struct buf *b)
{
	*b = (struct buf){0};
}

void
buf_free(struct buf *b)
{
	free(b->data);
	buf_init(b);
}

void
buf_wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_free(b);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
}

/*
 * Room for n more bytes and a NUL.  The former block may have held a secret,
 * which buf_wipe() would not find any more: it is wiped before it goes.
 */
static void
reserve(struct buf *b, size_t n)
{
	size_t want = b->len + n + 1;
	size_t cap = b->cap ? b->cap : 64;
	uint8_t *data;

	if (want <= b->cap)
		return;
	while (cap < want)
		cap *= 2;
	data = xrealloc(NULL, cap, 1);
	if (b->data != NULL) {
		memcpy(data, b->data, b->len);
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	b->data = data;
	b->cap = cap;
}

uint8_t *
buf_space(struct buf *b, size_t n)
{
	uint8_t *p;

	reserve(b, n);
	p = b->data + b->len;
	b->len += n;
	return p;
}

void
buf_u8(struct buf *b, uint8_t v)
{
	*buf_space(b, 1) = v;
}

void
buf_u16(struct buf *b, uint16_t v)
{
	put_u16(buf_space(b, 2), v);
}

void
buf_u24(struct buf *b, uint32_t v)
{
	buf_u8(b, (uint8_t)(v >> 16));
	buf_u16(b, (uint16_t)v);
}

void
buf_u32(struct buf *b, uint32_t v)
{
	put_u32(buf_space(b, 4), v);
}

void
buf_u64(struct buf *b, uint64_t v)
{
	put_u64(buf_space(b, 8), v);
}

void
buf_bytes(struct buf *b, const void *p, size_t len)
{
	if (len > 0)
		memcpy(buf_space(b, len), p, len);
}

void
buf_zero(struct buf *b, size_t n)
{
	memset(buf_space(b, n), 0, n);
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_bytes(b, s, strlen(s));
	reserve(b, 0);
	b->data[b->len] = '\0';
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;

	reserve(b, (size_t)n);
	va_start(ap, fmt);
	vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
buf_set_u8(struct buf *b, size_t off, uint8_t v)
{
	if (off < b->len)
		b->data[off] = v;
}

void
buf_set_u16(struct buf *b, size_t off, uint16_t v)
{
	if (off + 2 <= b->len)
		put_u16(b->data + off, v);
}

void
buf_set_u32(struct buf *b, size_t off, uint32_t v)
{
	if (off + 4 <= b->len)
		put_u32(b->data + off, v);
}

void
buf_truncate(struct buf *b, size_t len)
{
	if (len < b->len)
		b->len = len;
}

char *
buf_steal_str(struct buf *b)
{
	char *s;

	reserve(b, 0);
	b->data[b->len] = '\0';
	s = (char *)b->data;
	buf_init(b);
	return s;
}

void
rd_init(struct rd *r, const void *p, size_t len)
{
	r->p = p;
	r->left = len;
	r->bad = false;
}

const uint8_t *
rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || n > r->left) {
		r->bad = true;
		return NULL;
	}
	r->left -= n;
	if (n > 0)
		r->p += n;
	return p;
}

void
rd_skip(struct rd *r, size_t n)
{
	rd_bytes(r, n);
}

void
rd_copy(struct rd *r, void *dst, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);

	if (n == 0)
		return;
	if (p != NULL)
		memcpy(dst, p, n);
	else
		memset(dst, 0, n);
}

uint8_t
rd_u8(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 1);

	return p ? *p : 0;
}

uint16_t
rd_u16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return p ? get_u16(p) : 0;
}

uint32_t
rd_u24(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 3);

	return p ? (uint32_t)p[0] << 16 | get_u16(p + 1) : 0;
}

uint32_t
rd_u32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p ? get_u32(p) : 0;
}

uint64_t
rd_u64(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 8);

	return p ? get_u64(p) : 0;
}

struct rd
rd_sub(struct rd *r, size_t n)
{
	struct rd sub = {0};
	const uint8_t *p = rd_bytes(r, n);

	if (p == NULL && r->bad)
		sub.bad = true;
	else
		rd_init(&sub, p, n);
	return sub;
}

uint16_t
get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
get_u32(const uint8_t *p)
{
	return (uint32_t)get_u16(p) << 16 | get_u16(p + 2);
}

uint64_t
get_u64(const uint8_t *p)
{
	return (uint64_t)get_u32(p) << 32 | get_u32(p + 4);
}

void
put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void
put_u32(uint8_t *p, uint32_t v)
{
	put_u16(p, (uint16_t)(v >> 16));
	put_u16(p + 2, (uint16_t)v);
}

void
put_u64(uint8_t *p, uint64_t v)
{
	put_u32(p, (uint32_t)(v >> 32));
	put_u32(p + 4, (uint32_t)v);
}
