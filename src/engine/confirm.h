/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Commits that are taken back unless they are confirmed in time: the way out
 * of a change that cut the operator off.
 */
#ifndef SP_ENGINE_CONFIRM_H
#define SP_ENGINE_CONFIRM_H

#include <jansson.h>
#include <stdbool.h>

struct conf_tree;
struct engine;
struct sp_error;

#define CONFIRM_MINUTES_MAX 1440

/*
 * At start, before the networks are made: what was not confirmed in time is
 * taken back (e->conf is replaced and saved); for the rest of a time that is
 * not over the timer runs on.
 */
void confirm_start(struct engine *e);
void confirm_free(struct engine *e);

/*
 * Before a commit by who: may it be made (SP_STATE: somebody else's waits)?
 * minutes > 0: note what to return to; a commit that waits already keeps its
 * own point of return and gets the new time.  minutes 0: nothing is noted.
 */
int confirm_prepare(struct engine *e, unsigned minutes, const char *who,
    struct sp_error *err);

/*
 * After it: failed (or nothing was changed), what was noted is as it was
 * before; else the time begins, or, with minutes 0, what waited is confirmed.
 */
void confirm_settle(struct engine *e, unsigned minutes, bool done);

/* Make what waits lasting; SP_STATE when nothing does. */
int confirm_now(struct engine *e, const char *who, struct sp_error *err);

/*
 * {"back_to","until","seconds_left","who"} of what waits, or JSON null.
 */
json_t *confirm_json(const struct engine *e);

#endif
