/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time.  Everything that measures a duration uses milliseconds of a clock
 * that never jumps and counts suspend (CLOCK_BOOTTIME); wall-clock time is
 * for display and certificate dates only.  State machines get the time
 * handed in and never call this.
 */
#ifndef SP_BASE_CLOCK_H
#define SP_BASE_CLOCK_H

#include <stdint.h>

#define TIME_NEVER INT64_MAX	/* a time that does not come */

/* Milliseconds since boot. */
int64_t clock_ms(void);

/* Milliseconds since 1970 (wall clock). */
int64_t clock_wall_ms(void);

/* RFC 3339 text, UTC, of wall-clock milliseconds, into out[32]. */
const char *clock_rfc3339(int64_t wall_ms, char *out);

#endif
