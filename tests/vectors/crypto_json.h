/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading test vectors (JSON, byte strings in hex) and counting how they
 * fared.
 */
#ifndef TESTS_VECTORS_CRYPTO_JSON_H
#define TESTS_VECTORS_CRYPTO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct bytes {
	uint8_t *p;
	size_t len;
};

struct tally {
	const char *file;
	unsigned good;		/* agreed, or refused where that is right */
	unsigned bad;		/* differed */
	unsigned skipped;	/* has no form in IPsec, or no code here */
};

/* Exit 77 with a word unless SP_SHARED names a folder with vectors. */
void vec_need(void);

/*
 * Load a file below the vectors' folder; the caller drops the reference.
 * Ends the program if it cannot be read.
 */
json_t *vec_load(const char *file);

/*
 * Member key of o as bytes: hex, with or without "0x" and blanks; absent
 * gives no bytes.  Valid until vec_reset().
 */
struct bytes vec_hex(const json_t *o, const char *key);

/* As vec_hex(), but what does not begin with 0x is text. */
struct bytes vec_text(const json_t *o, const char *key);

/* len bytes of room, zeroed; valid until vec_reset(). */
struct bytes vec_room(size_t len);

/* a and b one behind the other; valid until vec_reset(). */
struct bytes vec_join(struct bytes a, struct bytes b);

/* The bytes of b from offset; len may be more than there are. */
struct bytes vec_part(struct bytes b, size_t offset, size_t len);

/* Member key of o as a string, "" if absent. */
const char *vec_str(const json_t *o, const char *key);

/* Release all bytes handed out. */
void vec_reset(void);

bool bytes_eq(struct bytes a, struct bytes b);

/* Count one vector; if got and want differ, print both with its name. */
void vec_expect(struct tally *t, const char *name, struct bytes want,
    struct bytes got);

/* Count one vector by a condition; if it fails, print name and what. */
void vec_check(struct tally *t, const char *name, bool ok,
    const char *what);

/* Print the counts of one file; returns how many differed. */
unsigned vec_report(const struct tally *t);

#endif
