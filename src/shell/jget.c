/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading the engine's objects: a missing member is an empty text, never an
 * error, since members may be null and newer engines may leave some out.
 */
#include "shell/jget.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

json_t *
jget(const json_t *obj, const char *path)
{
	const json_t *at = obj;
	const char *dot;
	size_t len;

	while (at && *path) {
		dot = strchrnul(path, '.');
		len = (size_t)(dot - path);
		at = json_object_getn(at, path, len);
		path = *dot ? dot + 1 : dot;
	}
	return (json_t *)at;
}

const char *
jstr(const json_t *obj, const char *path)
{
	const char *s = json_string_value(jget(obj, path));

	return s ? s : "";
}

int64_t
jint(const json_t *obj, const char *path, int64_t missing)
{
	const json_t *v = jget(obj, path);

	return json_is_integer(v) ? json_integer_value(v) : missing;
}

static void
print_list(struct buf *b, const json_t *list)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		if (i > 0)
			buf_puts(b, ", ");
		jprint(b, json_array_get(list, i));
	}
}

/* "a: 1, b: 2" of an object inside a list. */
static void
print_members(struct buf *b, const json_t *obj)
{
	const char *key, *sep = "";
	json_t *v;

	json_object_foreach((json_t *)obj, key, v) {
		buf_printf(b, "%s%s: ", sep, key);
		jprint(b, v);
		sep = ", ";
	}
}

void
jprint(struct buf *b, const json_t *value)
{
	if (json_is_string(value))
		str_safe(b, json_string_value(value),
		    json_string_length(value));
	else if (json_is_integer(value))
		buf_printf(b, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		buf_printf(b, "%.3g", json_real_value(value));
	else if (json_is_boolean(value))
		buf_puts(b, json_is_true(value) ? "yes" : "no");
	else if (json_is_array(value))
		print_list(b, value);
	else if (json_is_object(value))
		print_members(b, value);
}

bool
jage(const json_t *obj, const char *path, int64_t *seconds)
{
	struct tm tm = {0};
	const char *text = jstr(obj, path);

	if (strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) == NULL)
		return false;
	*seconds = clock_wall_ms() / 1000 - (int64_t)timegm(&tm);
	return true;
}
