/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The engine's log: a ring bounded in bytes, fed from any thread, read by
 * `show log` and by followers.  Records without a tunnel come from packets
 * that nobody vouches for; they are limited to ten a second and event word,
 * with a count of what was left out.
 */
#ifndef SP_ENGINE_LOG_H
#define SP_ENGINE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/log.h"

struct elog;

/* An empty ring of so many bytes; to_stderr copies each record there. */
struct elog *elog_new(size_t max_bytes, bool to_stderr);
void elog_free(struct elog *l);

/* What the rooms below write to; lives as long as l. */
struct log *elog_sink(struct elog *l);

/* Change what is recorded, and the bound (the oldest go first). */
void elog_set(struct elog *l, enum log_level level, size_t max_bytes);

/* notify runs after each new record, in whatever thread made it. */
void elog_on_record(struct elog *l, void (*notify)(void *ctx), void *ctx);

/* Filter of elog_list(): empty fields let everything pass. */
struct elog_filter {
	size_t last;			/* newest so many, 0 = all */
	const char *tunnel;		/* name or part of it, or NULL */
	enum log_level level;		/* this and graver */
	int64_t since_wall_ms;		/* 0 = all */
};

/* {"time","level","event","tunnel","text"} objects, oldest first. */
json_t *elog_list(struct elog *l, const struct elog_filter *f);

/* Number of the newest record; 0 = none yet. */
uint64_t elog_newest(struct elog *l);

/*
 * The next record after number *seq of this level or graver, as JSON; NULL
 * at the end.  *seq moves to it; *lost counts records that fell off the ring
 * before they were read.
 */
json_t *elog_after(struct elog *l, uint64_t *seq, enum log_level level,
    uint64_t *lost);

/* Records and bytes held now. */
size_t elog_count(struct elog *l, size_t *bytes);

/* Level of its word; false if it is none. */
bool elog_level_parse(const char *word, enum log_level *out);

#endif
