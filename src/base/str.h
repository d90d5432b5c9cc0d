/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text: comparison, numbers, hex, durations, and the one function through
 * which every string of a peer passes before it reaches a terminal or a log.
 */
#ifndef SP_BASE_STR_H
#define SP_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* A life time that never ends, in seconds. */
#define DURATION_FOREVER INT64_MAX

/* Equality of strings; NULL equals only NULL. */
bool str_eq(const char *a, const char *b);
bool str_caseeq(const char *a, const char *b);
bool str_prefix(const char *s, const char *prefix);

/* Decimal number out of [min, max] with nothing behind it. */
bool str_to_i64(const char *s, int64_t min, int64_t max, int64_t *out);

/*
 * Append untrusted text made safe: printable ASCII and valid printable UTF-8
 * stay; C0, DEL, C1, bidirectional and zero-width controls and invalid bytes
 * become \xNN.  At most 256 columns; then "..." follows.
 */
void str_safe(struct buf *b, const void *text, size_t len);

/* As str_safe() of a string, as a string of the caller's. */
char *str_safe_dup(const char *s);

/* Append lower-case hex. */
void str_hex(struct buf *b, const void *p, size_t len);

/* Parse hex digits (even number, no separators) into out; false if wrong. */
bool str_unhex(struct buf *out, const char *s, size_t len);

/*
 * Parse "90", "90s", "15m", "3h", "2d", "1y" or "forever" into seconds
 * (DURATION_FOREVER); a fraction is not allowed.  False if it is not a time.
 */
bool duration_parse(const char *s, int64_t *seconds);

/* Print seconds in the largest unit that divides evenly: 10800 -> "3h". */
void duration_print(struct buf *b, int64_t seconds);

/* Print an age in two units: "3d04h", "9m15s", "41s". */
void age_print(struct buf *b, int64_t seconds);

/*
 * Edit distance for "did you mean"; returns the index of the nearest of n
 * words, or -1 if none is near enough: a fifth of the letters may differ (one
 * at least), so that nobody is asked whether "foo" was to be "top".
 */
int str_nearest(const char *s, const char *const *words, size_t n);

#endif
