/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Commits over the control protocol: checked, made, confirmed, taken back.
 * The work is done by commit.c and confirm.c; here is what a request may ask
 * for and what it is told.
 */
#include "engine/methods.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "conf/merge.h"
#include "conf/model.h"
#include "conf/store.h"
#include "conf/validate.h"
#include "engine/commit.h"
#include "engine/confirm.h"
#include "engine/internal.h"

static json_t *
error_list(const struct sp_error *list, size_t nr)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_array_append_new(out, control_error_json(&list[i]));
	return out;
}

METHOD(method_config_validate)
{
	struct conf_report r;
	struct conf_tree *t;
	int ret;

	ret = config_request_tree(call, params, &t, err);
	if (ret < 0)
		return ret;
	conf_validate(t, &r);
	call->result = json_pack("{s:o s:o}", "errors",
	    error_list(r.errors, r.nr_errors), "warnings",
	    error_list(r.warnings, r.nr_warnings));
	conf_report_free(&r);
	conf_tree_free(t);
	return 0;
}

static int
refuse(struct call *call, const struct conf_report *r, struct sp_error *err)
{
	call->extra = json_pack("{s:o s:o}", "errors",
	    error_list(r->errors, r->nr_errors), "warnings",
	    error_list(r->warnings, r->nr_warnings));
	*err = r->errors[0];
	err->code = SP_INVALID;
	return SP_INVALID;
}

/* ---- commits that stand on an older revision ---- */

static json_t *
conflict_list(const struct conf_conflicts *c)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < c->nr; i++) {
		json_array_append_new(list, json_pack("{s:s s:s s:s}",
		    "path", c->c[i].path, "mine", c->c[i].mine, "theirs",
		    c->c[i].theirs));
	}
	return list;
}

/* Who committed what since revision base. */
static json_t *
commits_since(struct engine *e, uint32_t base)
{
	struct conf_history *h = xcalloc(HISTORY_MAX, sizeof(*h));
	json_t *list = json_array();
	size_t i, nr;

	nr = conf_store_history(e->store, h, HISTORY_MAX);
	for (i = 0; i < nr && h[i].revision > base; i++)
		json_array_append_new(list, history_json(&h[i]));
	free(h);
	return list;
}

static int
refuse_conflicts(struct call *call, uint32_t base,
    const struct conf_conflicts *c, struct sp_error *err)
{
	struct engine *e = call->engine;

	sp_fail(err, SP_CONFLICT, "%zu of your changes and those committed "
	    "since revision %u (now %u) touch the same place: %s is \"%s\" "
	    "in yours and \"%s\" in the running configuration.", c->nr,
	    base, e->revision, c->c[0].path, c->c[0].mine, c->c[0].theirs);
	call->extra = json_pack("{s:o s:o}", "conflicts", conflict_list(c),
	    "commits", commits_since(e, base));
	return SP_CONFLICT;
}

/*
 * *t was made from revision base, which runs no more: what it changes is
 * applied to what runs now.
 */
static int
merge_tree(struct call *call, uint32_t base, struct conf_tree **t,
    struct sp_error *err)
{
	struct engine *e = call->engine;
	struct conf_conflicts c = {0};
	struct conf_tree *was, *merged;
	int ret = 0;

	if (conf_store_revision(e->store, base, &was, NULL) < 0) {
		return sp_fail(err, SP_CONFLICT, "The running configuration "
		    "is revision %u now; yours was made from revision %u, "
		    "which the history does not hold.", e->revision, base);
	}
	merged = conf_merge(was, *t, e->conf, MERGE_THEIRS, &c, err);
	conf_tree_free(was);
	if (merged == NULL)
		return err->code;
	if (c.nr > 0)
		ret = refuse_conflicts(call, base, &c, err);
	conf_conflicts_free(&c);
	if (ret < 0) {
		conf_tree_free(merged);
		return ret;
	}
	conf_tree_free(*t);
	*t = merged;
	return 0;
}

static int
take_base(const json_t *params, uint32_t *base, struct sp_error *err)
{
	json_t *v = json_object_get(params, "base");

	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
	    json_integer_value(v) > UINT32_MAX)
		return sp_fail(err, SP_FORMAT, "\"base\" is the revision that "
		    "the text was made from.");
	*base = (uint32_t)json_integer_value(v);
	return 0;
}

/* "confirm": minutes, absent = a lasting commit. */
static int
take_minutes(const json_t *params, unsigned *minutes, struct sp_error *err)
{
	json_t *v = json_object_get(params, "confirm");

	*minutes = 0;
	if (v == NULL)
		return 0;
	if (!json_is_integer(v) || json_integer_value(v) < 1 ||
	    json_integer_value(v) > CONFIRM_MINUTES_MAX) {
		return sp_fail(err, SP_RANGE, "\"confirm\" lies between 1 "
		    "and %d minutes.", CONFIRM_MINUTES_MAX);
	}
	*minutes = (unsigned)json_integer_value(v);
	return 0;
}

/* Make a checked tree (taken over) the running one, and say it. */
static int
make_commit(struct call *call, const json_t *params, struct conf_tree *t,
    const char *comment, const struct conf_report *r, struct sp_error *err)
{
	struct engine *e = call->engine;
	const char *who = client_user(call->client);
	unsigned minutes;
	size_t changes = 0;
	int ret;

	ret = take_minutes(params, &minutes, err);
	if (ret == 0)
		ret = confirm_prepare(e, minutes, who, err);
	if (ret < 0) {
		conf_tree_free(t);
		return ret;
	}
	ret = commit_tree(e, t, who, comment, &changes, err);
	confirm_settle(e, minutes, ret == 0 && (changes > 0 || minutes == 0));
	if (ret < 0)
		return ret;

	call->result = json_pack("{s:i s:i s:o s:o}", "revision",
	    (int)e->revision, "changes", (int)changes, "warnings",
	    error_list(r->warnings, r->nr_warnings), "confirm",
	    confirm_json(e));
	control_event(e, TOPIC_CONFIG, json_pack("{s:i s:s s:s s:o}",
	    "revision", (int)e->revision, "who", who, "what", "commit",
	    "confirm", confirm_json(e)));
	return 0;
}

static int
check_and_commit(struct call *call, const json_t *params, struct conf_tree *t,
    const char *comment, struct sp_error *err)
{
	struct conf_report r;
	int ret;

	conf_validate(t, &r);
	if (r.nr_errors > 0) {
		ret = refuse(call, &r, err);
		conf_tree_free(t);
	} else {
		ret = make_commit(call, params, t, comment, &r, err);
	}
	conf_report_free(&r);
	return ret;
}

METHOD(method_config_commit)
{
	struct engine *e = call->engine;
	const char *comment;
	struct conf_tree *t;
	uint32_t base;
	bool merged;
	int ret;

	comment = json_string_value(json_object_get(params, "comment"));
	ret = take_base(params, &base, err);
	if (ret == 0)
		ret = config_request_tree(call, params, &t, err);
	if (ret < 0)
		return ret;
	merged = base != e->revision;
	if (merged)
		ret = merge_tree(call, base, &t, err);
	if (ret < 0) {
		conf_tree_free(t);
		return ret;
	}
	ret = check_and_commit(call, params, t, comment != NULL ? comment :
	    "", err);
	if (ret == 0)
		json_object_set_new(call->result, "merged",
		    json_boolean(merged));
	return ret;
}

METHOD(method_config_confirm)
{
	struct engine *e = call->engine;
	int ret;

	(void)params;
	ret = confirm_now(e, client_user(call->client), err);
	if (ret == 0)
		call->result = json_pack("{s:i}", "revision",
		    (int)e->revision);
	return ret;
}

/* An old revision becomes the running one, as a commit of its own. */
METHOD(method_config_rollback)
{
	json_t *rev = json_object_get(params, "revision");
	const char *comment;
	char text[64];
	struct conf_tree *t;
	uint32_t number, base;
	int ret;

	if (!json_is_integer(rev) || json_integer_value(rev) < 1 ||
	    json_integer_value(rev) > UINT32_MAX)
		return sp_fail(err, SP_FORMAT, "\"revision\" is a number.");
	number = (uint32_t)json_integer_value(rev);
	ret = take_base(params, &base, err);
	if (ret == 0 && base != call->engine->revision) {
		ret = sp_fail(err, SP_CONFLICT, "The running configuration "
		    "is revision %u now; yours was made from revision %u.",
		    call->engine->revision, base);
	}
	if (ret == 0)
		ret = conf_store_revision(call->engine->store, number, &t,
		    err);
	if (ret < 0)
		return ret;
	snprintf(text, sizeof(text), "rollback to revision %u", number);
	comment = json_string_value(json_object_get(params, "comment"));
	return check_and_commit(call, params, t, comment != NULL ? comment :
	    text, err);
}
