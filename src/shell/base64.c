/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Base64 of secrets, RFC 4648 section 4.  No table is indexed by a secret
 * and no branch depends on one: letters are computed from ranges by masks,
 * and whether the text was right is decided once, at the end.
 */
#include "shell/base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"

/* All ones if lo <= v <= hi, else 0 (small numbers only). */
static int
in_range(int v, int lo, int hi)
{
	return ~(((v - lo) | (hi - v)) >> 31);
}

static char
letter_of(int v)
{
	return (char)((in_range(v, 0, 25) & (v + 'A')) |
	    (in_range(v, 26, 51) & (v - 26 + 'a')) |
	    (in_range(v, 52, 61) & (v - 52 + '0')) |
	    (in_range(v, 62, 62) & '+') | (in_range(v, 63, 63) & '/'));
}

/* The six bits of a letter, -1 if it is none. */
static int
value_of(int c)
{
	int v;

	v = (in_range(c, 'A', 'Z') & (c - 'A' + 1)) |
	    (in_range(c, 'a', 'z') & (c - 'a' + 27)) |
	    (in_range(c, '0', '9') & (c - '0' + 53)) |
	    (in_range(c, '+', '+') & 63) | (in_range(c, '/', '/') & 64);
	return v - 1;
}

char *
base64_encode(const void *p, size_t len)
{
	const uint8_t *in = p;
	char *out = xcalloc(len / 3 + 2, 4), *to = out;
	size_t i, j, n;
	uint32_t bits;

	for (i = 0; i < len; i += 3) {
		n = len - i < 3 ? len - i : 3;
		bits = 0;
		for (j = 0; j < 3; j++)
			bits = bits << 8 | (j < n ? in[i + j] : 0u);
		for (j = 0; j < 4; j++)
			*to++ = j <= n ?
			    letter_of(bits >> (18 - 6 * j) & 63) : '=';
	}
	return out;
}

bool
base64_decode(const char *text, struct secret *out)
{
	size_t len = strlen(text), pad, i, n = 0;
	uint32_t bits = 0;
	struct secret s;
	int v, bad = 0;

	pad = len - strcspn(text, "=");
	if (len == 0 || len > 65536 || len % 4 != 0 || pad > 2 ||
	    strspn(text + len - pad, "=") != pad)
		return false;
	secret_alloc(&s, len / 4 * 3 - pad);
	for (i = 0; i < len; i++) {
		v = i < len - pad ? value_of((unsigned char)text[i]) : 0;
		bad |= v;
		bits = bits << 6 | ((uint32_t)v & 63);
		if (i % 4 == 0)
			continue;
		if (n < s.len)
			s.data[n++] = (uint8_t)(bits >> (6 - i % 4 * 2));
	}
	if (bad < 0) {
		secret_free(&s);
		return false;
	}
	*out = s;
	return true;
}
