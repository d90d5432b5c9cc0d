/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/vectors/crypto_json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define ROOMS_MAX 256

static void *rooms[ROOMS_MAX];
static size_t nr_rooms;

void
vec_need(void)
{
	const char *shared = getenv("SP_SHARED");
	char path[512];

	snprintf(path, sizeof(path), "%s/vectors",
	    shared != NULL ? shared : "");
	if (shared == NULL || access(path, R_OK) != 0) {
		puts("skipped: SP_SHARED does not lead to vectors/");
		exit(77);
	}
}

json_t *
vec_load(const char *file)
{
	json_error_t err;
	char path[512];
	json_t *root;

	snprintf(path, sizeof(path), "%s/vectors/%s", getenv("SP_SHARED"),
	    file);
	root = json_load_file(path, 0, &err);
	if (root == NULL) {
		printf("%s: %s\n", path, err.text);
		exit(1);
	}

	return root;
}

struct bytes
vec_room(size_t len)
{
	struct bytes b = { .p = xcalloc(1, len + 1), .len = len };

	if (nr_rooms == ROOMS_MAX) {
		puts("too many byte strings for one vector");
		exit(1);
	}
	rooms[nr_rooms++] = b.p;
	return b;
}

void
vec_reset(void)
{
	while (nr_rooms > 0)
		free(rooms[--nr_rooms]);
}

const char *
vec_str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static int
nibble(char c)
{
	return isdigit((unsigned char)c) ? c - '0' :
	    tolower((unsigned char)c) - 'a' + 10;
}

static struct bytes
unhex(const char *s)
{
	struct bytes b = vec_room(strlen(s) / 2);
	size_t n = 0;

	if (strncmp(s, "0x", 2) == 0)
		s += 2;
	for (; *s != '\0'; s++) {
		if (!isxdigit((unsigned char)*s))
			continue;
		if (n / 2 < b.len)
			b.p[n / 2] = (uint8_t)(b.p[n / 2] << 4 | nibble(*s));
		n++;
	}
	b.len = n / 2;
	return b;
}

struct bytes
vec_hex(const json_t *o, const char *key)
{
	return unhex(vec_str(o, key));
}

struct bytes
vec_text(const json_t *o, const char *key)
{
	const char *s = vec_str(o, key);
	struct bytes b;

	if (strncmp(s, "0x", 2) == 0)
		return unhex(s);
	b = vec_room(strlen(s));
	memcpy(b.p, s, b.len);
	return b;
}

struct bytes
vec_join(struct bytes a, struct bytes b)
{
	struct bytes out = vec_room(a.len + b.len);

	if (a.len > 0)
		memcpy(out.p, a.p, a.len);
	if (b.len > 0)
		memcpy(out.p + a.len, b.p, b.len);
	return out;
}

struct bytes
vec_part(struct bytes b, size_t offset, size_t len)
{
	struct bytes out = b;

	if (offset >= b.len)
		return vec_room(0);
	out.p += offset;
	out.len -= offset;
	if (out.len > len)
		out.len = len;
	return out;
}

bool
bytes_eq(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 ||
	    memcmp(a.p, b.p, a.len) == 0);
}

static void
print_bytes(const char *label, struct bytes b)
{
	size_t i;

	printf("    %s ", label);
	for (i = 0; i < b.len; i++)
		printf("%02x", b.p[i]);
	puts("");
}

void
vec_expect(struct tally *t, const char *name, struct bytes want,
    struct bytes got)
{
	if (bytes_eq(want, got)) {
		t->good++;
		return;
	}
	t->bad++;
	printf("  %s: %s\n", t->file, name);
	print_bytes("want", want);
	print_bytes("got ", got);
}

void
vec_check(struct tally *t, const char *name, bool ok, const char *what)
{
	if (ok) {
		t->good++;
		return;
	}
	t->bad++;
	printf("  %s: %s: %s\n", t->file, name, what);
}

unsigned
vec_report(const struct tally *t)
{
	printf("%-52s %4u agree, %u differ, %u skipped\n", t->file, t->good,
	    t->bad, t->skipped);
	return t->bad;
}
