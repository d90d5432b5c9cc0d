/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Log records.  A record is one event: level, event word, the tunnel it
 * belongs to, a sentence.  The rooms below engine/ get a struct log handed
 * in; the engine's sink keeps a ring, writes the file and feeds followers.
 */
#ifndef SP_BASE_LOG_H
#define SP_BASE_LOG_H

#include <stdint.h>

enum log_level {
	LOG_LVL_ERROR,		/* ends this connection or refuses a request */
	LOG_LVL_WARNING,	/* unexpected, but survivable */
	LOG_LVL_NOTICE,		/* state changes an operator wants to see */
	LOG_LVL_INFO,		/* steps of a negotiation */
	LOG_LVL_DEBUG,
};

struct log_record {
	enum log_level level;
	const char *event;	/* kebab-case word, stable: "ike-state" */
	const char *tunnel;	/* "network/phase1[/phase2]" or "" */
	const char *text;	/* one line, already safe for a terminal */
};

struct log {
	void (*write)(void *ctx, const struct log_record *rec);
	void *ctx;
	enum log_level level;	/* records above this are not made */
};

/* Make and hand on a record; log may be NULL (nothing happens). */
void log_event(struct log *log, enum log_level level, const char *event,
    const char *tunnel, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* "error", "warning", "notice", "info", "debug". */
const char *log_level_name(enum log_level level);

#endif
