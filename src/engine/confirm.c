/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The confirmation of commits.  The store holds the point of return from
 * before the commit on, so a kill or a restart of the machine in any moment
 * ends in the old configuration or in the running clock.  While the engine
 * runs the clock that counts is the monotonic one; across a restart it is
 * the wall clock, and one that stands before the commit (a machine without
 * a battery) means that the whole time begins anew.
 */
#include "engine/confirm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/store.h"
#include "engine/commit.h"
#include "engine/control.h"
#include "engine/internal.h"
#include "engine/loop.h"

#define MINUTE_MS 60000

struct confirm {
	struct conf_unconfirmed u, was;	/* was: to go back on failure */
	struct conf_tree *before;	/* NULL = nothing waits */
	bool had;			/* was is valid */
	int64_t at_ms;			/* monotonic */
	struct loop_timer *timer;
};

static void take_back(void *ctx);

static struct confirm *
confirm_of(struct engine *e)
{
	if (e->confirm == NULL) {
		e->confirm = xcalloc(1, sizeof(*e->confirm));
		e->confirm->timer = loop_timer_new(e->loop, take_back, e);
	}
	return e->confirm;
}

static void
forget(struct engine *e)
{
	struct confirm *c = e->confirm;

	loop_timer_set(c->timer, TIME_NEVER);
	conf_tree_free(c->before);
	c->before = NULL;
	conf_store_unconfirmed_drop(e->store);
}

static void
announce(struct engine *e, const char *what)
{
	control_event(e, TOPIC_CONFIG, json_pack("{s:i s:s s:s s:o}",
	    "revision", (int)e->revision, "who", e->confirm->u.who, "what",
	    what, "confirm", confirm_json(e)));
}

/* The time is over.  A failure keeps the point of return: tried again. */
static void
take_back(void *ctx)
{
	struct engine *e = ctx;
	struct confirm *c = e->confirm;
	struct sp_error err = {0};
	char comment[96];
	size_t changes;

	snprintf(comment, sizeof(comment), "revision %u was not confirmed in "
	    "time; this is revision %u again", e->revision, c->u.back_to);
	if (commit_tree(e, conf_tree_copy(c->before), "sallyport", comment,
	    &changes, &err) < 0) {
		log_event(e->log, LOG_LVL_ERROR, "confirm", "", "the "
		    "unconfirmed commit could not be taken back (%s); next "
		    "try in a minute", err.text);
		loop_timer_set(c->timer, clock_ms() + MINUTE_MS);
		return;
	}
	log_event(e->log, LOG_LVL_WARNING, "confirm", "", "%s", comment);
	forget(e);
	announce(e, "returned");
}

/* Nothing runs yet: put the old configuration in place of the loaded one. */
static void
take_back_at_start(struct engine *e, struct conf_tree *before,
    const struct conf_unconfirmed *u)
{
	struct sp_error err = {0};
	char comment[96];

	snprintf(comment, sizeof(comment), "revision %u was not confirmed "
	    "before a restart; this is revision %u again", e->revision,
	    u->back_to);
	if (conf_store_save(e->store, before, "sallyport", comment,
	    &e->revision, &err) < 0) {
		log_event(e->log, LOG_LVL_ERROR, "confirm", "", "the "
		    "unconfirmed commit is taken back, but not saved: %s",
		    err.text);
	} else {
		conf_store_unconfirmed_drop(e->store);
	}
	log_event(e->log, LOG_LVL_WARNING, "confirm", "", "%s", comment);
	conf_tree_free(e->conf);
	e->conf = before;
}

void
confirm_start(struct engine *e)
{
	struct confirm *c = confirm_of(e);
	struct conf_tree *before = NULL;
	struct sp_error err = {0};
	int64_t now = clock_wall_ms(), left;
	int ret;

	ret = conf_store_unconfirmed_get(e->store, &c->u, &before, &err);
	if (ret == SP_NOTFOUND)
		return;
	if (ret < 0) {
		log_event(e->log, LOG_LVL_ERROR, "confirm", "", "%s",
		    err.text);
		return;
	}
	left = c->u.deadline_ms - now;
	if (now < c->u.made_ms)
		left = c->u.deadline_ms - c->u.made_ms;
	if (left <= 0) {
		take_back_at_start(e, before, &c->u);
		return;
	}
	c->before = before;
	c->at_ms = clock_ms() + left;
	loop_timer_set(c->timer, c->at_ms);
}

void
confirm_free(struct engine *e)
{
	if (e->confirm == NULL)
		return;
	loop_timer_free(e->confirm->timer);
	conf_tree_free(e->confirm->before);
	free(e->confirm);
	e->confirm = NULL;
}

static int
refuse_other(const struct confirm *c, struct sp_error *err)
{
	char until[32];

	sp_fail(err, SP_STATE, "A commit by %s waits for its confirmation "
	    "until %s; it is confirmed or taken back first.", c->u.who,
	    clock_rfc3339(c->u.deadline_ms, until));
	sp_hint(err, "confirm");
	return SP_STATE;
}

int
confirm_prepare(struct engine *e, unsigned minutes, const char *who,
    struct sp_error *err)
{
	struct confirm *c = confirm_of(e);
	int64_t now = clock_wall_ms();

	if (c->before != NULL && !str_eq(c->u.who, who))
		return refuse_other(c, err);
	if (minutes == 0)
		return 0;

	c->had = c->before != NULL;
	c->was = c->u;
	if (!c->had) {
		c->before = conf_tree_copy(e->conf);
		c->u.back_to = e->revision;
	}
	c->u.made_ms = now;
	c->u.deadline_ms = now + (int64_t)minutes * MINUTE_MS;
	snprintf(c->u.who, sizeof(c->u.who), "%s", who);
	if (conf_store_unconfirmed_set(e->store, &c->u, c->before, err) == 0)
		return 0;
	confirm_settle(e, minutes, false);
	return err->code;
}

void
confirm_settle(struct engine *e, unsigned minutes, bool done)
{
	struct confirm *c = e->confirm;

	if (minutes == 0) {
		if (done && c->before != NULL)
			forget(e);
		return;
	}
	if (done) {
		c->at_ms = clock_ms() + (int64_t)minutes * MINUTE_MS;
		loop_timer_set(c->timer, c->at_ms);
	} else if (c->had) {
		c->u = c->was;
		(void)conf_store_unconfirmed_set(e->store, &c->u, c->before,
		    NULL);
	} else {
		forget(e);
	}
}

int
confirm_now(struct engine *e, const char *who, struct sp_error *err)
{
	struct confirm *c = confirm_of(e);

	if (c->before == NULL)
		return sp_fail(err, SP_STATE,
		    "No commit waits for its confirmation.");
	forget(e);
	log_event(e->log, LOG_LVL_NOTICE, "confirm", "",
	    "revision: %u, by: %s", e->revision, who);
	announce(e, "confirmed");
	return 0;
}

json_t *
confirm_json(const struct engine *e)
{
	const struct confirm *c = e->confirm;
	char until[32];

	if (c == NULL || c->before == NULL)
		return json_null();
	return json_pack("{s:i s:s s:I s:s}", "back_to", (int)c->u.back_to,
	    "until", clock_rfc3339(c->u.deadline_ms, until), "seconds_left",
	    (json_int_t)((c->at_ms - clock_ms()) / 1000), "who", c->u.who);
}
