/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Base64 of secrets (RFC 4648 section 4), in time that depends on the length
 * only.
 */
#ifndef SP_SHELL_BASE64_H
#define SP_SHELL_BASE64_H

#include <stdbool.h>
#include <stddef.h>

struct secret;

/* Text of len bytes with padding; the caller's, to be wiped. */
char *base64_encode(const void *p, size_t len);

/* Read such text; false if it is none, and out is untouched then. */
bool base64_decode(const char *text, struct secret *out);

#endif
