/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text helpers.  str_safe() is the one gate between text of a peer and a
 * terminal, a log or a JSON reply.
 */
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"

#define SAFE_COLUMNS 256

bool
str_eq(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
str_caseeq(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcasecmp(a, b) == 0;
}

bool
str_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_to_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	char *end;
	long long v;

	if (s[0] == '\0' || strspn(s, "-0123456789") != strlen(s))
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno != 0 || *end != '\0' || end == s || v < min || v > max)
		return false;
	*out = v;
	return true;
}

/*
 * Decode one UTF-8 character; returns its length in bytes, or 0 if the bytes
 * are not the shortest form of a character.
 */
static size_t
utf8_decode(const uint8_t *p, size_t len, uint32_t *ch)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n, i;

	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n > len)
		return 0;
	*ch = p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*ch = *ch << 6 | (p[i] & 0x3f);
	}
	if (*ch < least[n] || (*ch >= 0xd800 && *ch < 0xe000) ||
	    *ch > 0x10ffff)
		return 0;
	return n;
}

/* Characters that are valid but change how the rest of the line looks. */
static bool
is_treacherous(uint32_t ch)
{
	static const struct {
		uint32_t first, last;
	} bad[] = {
		{ 0x80, 0x9f },		/* C1 controls */
		{ 0xad, 0xad },		/* soft hyphen */
		{ 0x61c, 0x61c },	/* Arabic letter mark */
		{ 0x115f, 0x1160 },	/* fillers of no width */
		{ 0x180e, 0x180e },
		{ 0x200b, 0x200f },	/* zero width, direction marks */
		{ 0x2028, 0x202e },	/* separators, embeddings */
		{ 0x2060, 0x206f },	/* joiners, isolates */
		{ 0xd800, 0xf8ff },	/* surrogates, private use */
		{ 0xfe00, 0xfe0f },	/* variation selectors */
		{ 0xfeff, 0xfeff },
		{ 0xfff0, 0xffff },
		{ 0xe0000, 0x10ffff },	/* tags, private planes */
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (ch >= bad[i].first && ch <= bad[i].last)
			return true;
	}
	return false;
}

void
str_safe(struct buf *b, const void *text, size_t len)
{
	const uint8_t *p = text;
	size_t i = 0, n, columns = 0;
	uint32_t ch;

	while (i < len) {
		if (columns >= SAFE_COLUMNS) {
			buf_puts(b, "...");
			return;
		}
		n = 0;
		if (p[i] >= 0x20 && p[i] < 0x7f)
			n = 1;
		else if (p[i] >= 0x80)
			n = utf8_decode(p + i, len - i, &ch);
		if (n > 1 && is_treacherous(ch))
			n = 0;
		if (n == 0) {
			buf_printf(b, "\\x%02X", p[i++]);
			columns += 4;
			continue;
		}
		buf_bytes(b, p + i, n);
		i += n;
		columns += n > 2 ? 2 : 1;	/* wide at most */
	}
	buf_puts(b, "");
}

char *
str_safe_dup(const char *s)
{
	struct buf b = {0};

	str_safe(&b, s, strlen(s));
	return buf_steal_str(&b);
}

void
str_hex(struct buf *b, const void *p, size_t len)
{
	const uint8_t *byte = p;
	size_t i;

	for (i = 0; i < len; i++)
		buf_printf(b, "%02x", byte[i]);
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

bool
str_unhex(struct buf *out, const char *s, size_t len)
{
	size_t i;
	int hi, lo;

	if (len % 2 != 0)
		return false;
	for (i = 0; i < len; i += 2) {
		hi = hex_digit(s[i]);
		lo = hex_digit(s[i + 1]);
		if (hi < 0 || lo < 0)
			return false;
		buf_u8(out, (uint8_t)(hi << 4 | lo));
	}
	return true;
}

/* Units of durations, the largest first. */
static const struct {
	char unit;
	int64_t seconds;
} units[] = {
	{ 'y', 365 * 86400 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 },
	{ 's', 1 },
};

#define NUNITS (sizeof(units) / sizeof(units[0]))

bool
duration_parse(const char *s, int64_t *seconds)
{
	int64_t n = 0, factor = 1;
	size_t i, digits = strspn(s, "0123456789");

	if (str_eq(s, "forever")) {
		*seconds = DURATION_FOREVER;
		return true;
	}
	if (digits == 0 || digits > 12)
		return false;
	for (i = 0; i < digits; i++)
		n = n * 10 + (s[i] - '0');
	if (s[digits] != '\0') {
		for (i = 0; i < NUNITS && units[i].unit != s[digits]; i++)
			;
		if (i == NUNITS || s[digits + 1] != '\0')
			return false;
		factor = units[i].seconds;
	}
	return !__builtin_mul_overflow(n, factor, seconds);
}

void
duration_print(struct buf *b, int64_t seconds)
{
	size_t i = 0;

	if (seconds == DURATION_FOREVER) {
		buf_puts(b, "forever");
		return;
	}
	if (seconds == 0) {
		buf_puts(b, "0");
		return;
	}
	while (seconds % units[i].seconds != 0)
		i++;
	buf_printf(b, "%lld%c", (long long)(seconds / units[i].seconds),
	    units[i].unit);
}

void
age_print(struct buf *b, int64_t seconds)
{
	long long s = seconds < 0 ? 0 : seconds;

	if (s < 60)
		buf_printf(b, "%llds", s);
	else if (s < 3600)
		buf_printf(b, "%lldm%02llds", s / 60, s % 60);
	else if (s < 86400)
		buf_printf(b, "%lldh%02lldm", s / 3600, s / 60 % 60);
	else
		buf_printf(b, "%lldd%02lldh", s / 86400, s / 3600 % 24);
}

#define WORD_MAX_LEN 32

/*
 * Edits between two words of at most WORD_MAX_LEN characters; two letters
 * that changed places are one edit, the commonest slip of fast fingers.
 */
static size_t
distance(const char *a, size_t la, const char *b, size_t lb)
{
	size_t row[WORD_MAX_LEN + 1][WORD_MAX_LEN + 1], i, j, best;

	for (i = 0; i <= la; i++)
		row[i][0] = i;
	for (j = 0; j <= lb; j++)
		row[0][j] = j;
	for (i = 1; i <= la; i++) {
		for (j = 1; j <= lb; j++) {
			best = row[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (row[i - 1][j] + 1 < best)
				best = row[i - 1][j] + 1;
			if (row[i][j - 1] + 1 < best)
				best = row[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] &&
			    row[i - 2][j - 2] + 1 < best)
				best = row[i - 2][j - 2] + 1;
			row[i][j] = best;
		}
	}
	return row[la][lb];
}

int
str_nearest(const char *s, const char *const *words, size_t n)
{
	size_t i, d, len = strlen(s), best = (len + 3) / 5 + 1;
	int found = -1;

	if (len == 0 || len > WORD_MAX_LEN)
		return -1;
	for (i = 0; i < n; i++) {
		size_t wl = strlen(words[i]);

		if (wl > WORD_MAX_LEN)
			continue;
		d = distance(s, len, words[i], wl);
		if (d < best) {
			best = d;
			found = (int)i;
		}
	}
	return found;
}
