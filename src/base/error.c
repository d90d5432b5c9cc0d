/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Filling struct sp_error.  Every function here accepts a NULL error, so
 * that callers who do not want the words need no special case.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const code_names[] = {
	[-SP_OK] = "ok",
	[-SP_FORMAT] = "format",
	[-SP_RANGE] = "range",
	[-SP_PEER] = "peer",
	[-SP_SYSTEM] = "system",
	[-SP_NOTFOUND] = "not-found",
	[-SP_EXISTS] = "exists",
	[-SP_STATE] = "state",
	[-SP_NOMEM] = "no-memory",
	[-SP_DENIED] = "denied",
	[-SP_TIMEOUT] = "timeout",
	[-SP_CONFLICT] = "conflict",
	[-SP_UNSUPPORTED] = "unsupported",
	[-SP_INVALID] = "invalid",
	[-SP_AUTH] = "auth",
	[-SP_AGAIN] = "again",
};

/* A new error: nothing of an older one may shine through. */
static void
start(struct sp_error *err, enum sp_code code)
{
	memset(err, 0, sizeof(*err));
	err->code = code;
}

int
sp_fail(struct sp_error *err, enum sp_code code, const char *fmt, ...)
{
	struct sp_error tmp;
	va_list ap;

	if (err == NULL)
		return code;

	/* by way of a copy: an argument may be the old text of err itself */
	start(&tmp, code);
	va_start(ap, fmt);
	vsnprintf(tmp.text, sizeof(tmp.text), fmt, ap);
	va_end(ap);
	*err = tmp;
	return code;
}

int
sp_fail_errno(struct sp_error *err, int errnum, const char *fmt, ...)
{
	struct sp_error tmp;
	va_list ap;
	size_t len;
	char words[128];

	if (err == NULL)
		return SP_SYSTEM;

	start(&tmp, SP_SYSTEM);
	va_start(ap, fmt);
	vsnprintf(tmp.text, sizeof(tmp.text), fmt, ap);
	va_end(ap);
	len = strlen(tmp.text);
	snprintf(tmp.text + len, sizeof(tmp.text) - len, ": %s",
	    strerror_r(errnum, words, sizeof(words)));
	*err = tmp;
	return SP_SYSTEM;
}

void
sp_hint(struct sp_error *err, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return;

	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
}

void
sp_path(struct sp_error *err, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL || err->path[0] != '\0')
		return;

	va_start(ap, fmt);
	vsnprintf(err->path, sizeof(err->path), fmt, ap);
	va_end(ap);
}

void
sp_at(struct sp_error *err, int line, int column, int length)
{
	if (err == NULL)
		return;

	err->line = line;
	err->column = column;
	err->length = length;
}

const char *
sp_code_name(enum sp_code code)
{
	size_t i = (size_t)-(int)code;

	if (i >= sizeof(code_names) / sizeof(code_names[0]))
		return "system";
	return code_names[i];
}
