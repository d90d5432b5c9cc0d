/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making log records.  The text of a record is one line: line breaks and
 * other controls in it are made visible here once more, whatever the caller
 * did (no event can look like two).
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>


static const char *const level_names[] = {
	[LOG_LVL_ERROR] = "error",
	[LOG_LVL_WARNING] = "warning",
	[LOG_LVL_NOTICE] = "notice",
	[LOG_LVL_INFO] = "info",
	[LOG_LVL_DEBUG] = "debug",
};

const char *
log_level_name(enum log_level level)
{
	return level_names[level];
}

void
log_event(struct log *log, enum log_level level, const char *event,
    const char *tunnel, const char *fmt, ...)
{
	struct log_record rec = { level, event, tunnel ? tunnel : "", NULL };
	char text[1024], *p;
	va_list ap;

	if (log == NULL || level > log->level)
		return;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (p = text; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	rec.text = text;
	log->write(log->ctx, &rec);
}
