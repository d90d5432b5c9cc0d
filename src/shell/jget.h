/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Short ways to read the engine's objects.
 */
#ifndef SP_SHELL_JGET_H
#define SP_SHELL_JGET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct buf;

/* The value at "a.b.c", or NULL (borrowed). */
json_t *jget(const json_t *obj, const char *path);

/* Its text; "" if there is none (borrowed). */
const char *jstr(const json_t *obj, const char *path);

/* Its number; missing if there is none. */
int64_t jint(const json_t *obj, const char *path, int64_t missing);

/* Append any scalar or list of scalars as text: "a, b"; nothing for null. */
void jprint(struct buf *b, const json_t *value);

/* Seconds since the RFC 3339 time at path (negative: in the future); false
 * if there is none. */
bool jage(const json_t *obj, const char *path, int64_t *seconds);

#endif
