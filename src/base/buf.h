/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes: a growing buffer to write into (struct buf) and a bounds-checked
 * cursor with a sticky error to read from (struct rd).  All pointer
 * arithmetic on wire data lives in buf.c; numbers are in network order.
 */
#ifndef SP_BASE_BUF_H
#define SP_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;
	size_t len;		/* bytes written */
	size_t cap;		/* bytes allocated */
};

/* Empty buffer, nothing allocated yet: struct buf b = {0} does the same. */
void buf_init(struct buf *b);

/* Release the bytes; the buffer may be used again. */
void buf_free(struct buf *b);

/* As buf_free(), after wiping the bytes. */
void buf_wipe(struct buf *b);

/* Forget what was written, keep the memory. */
void buf_reset(struct buf *b);

/* Append. buf_zero() appends n zero bytes; buf_space() n bytes that the
 * caller fills: it returns where they begin (valid until the next append). */
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);
void buf_u24(struct buf *b, uint32_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_bytes(struct buf *b, const void *p, size_t len);
void buf_zero(struct buf *b, size_t n);
uint8_t *buf_space(struct buf *b, size_t n);

/* Append text; no NUL is counted, but one always follows data[len]. */
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Overwrite at offset, which must lie inside what was written. */
void buf_set_u8(struct buf *b, size_t off, uint8_t v);
void buf_set_u16(struct buf *b, size_t off, uint16_t v);
void buf_set_u32(struct buf *b, size_t off, uint32_t v);

/* Shorten to len bytes (no effect if it is shorter already). */
void buf_truncate(struct buf *b, size_t len);

/* The text written so far, NUL-terminated; the caller owns it, b is empty. */
char *buf_steal_str(struct buf *b);

struct rd {
	const uint8_t *p;	/* next byte */
	size_t left;		/* bytes that remain */
	bool bad;		/* something was read past the end, or wrong */
};

/* Start reading len bytes at p (not copied). */
void rd_init(struct rd *r, const void *p, size_t len);

/* Take a number; 0 and r->bad once too little is left. */
uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u24(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);

/* Take n bytes; pointer into the input, or NULL and r->bad. */
const uint8_t *rd_bytes(struct rd *r, size_t n);

/* Copy n bytes out; on shortage dst is zeroed and r->bad set. */
void rd_copy(struct rd *r, void *dst, size_t n);

/* Step over n bytes. */
void rd_skip(struct rd *r, size_t n);

/* A cursor over the next n bytes, which r steps over. */
struct rd rd_sub(struct rd *r, size_t n);

/* Read big-endian numbers at a place known to be long enough. */
uint16_t get_u16(const uint8_t *p);
uint32_t get_u32(const uint8_t *p);
uint64_t get_u64(const uint8_t *p);
void put_u16(uint8_t *p, uint16_t v);
void put_u32(uint8_t *p, uint32_t v);
void put_u64(uint8_t *p, uint64_t v);

#endif
