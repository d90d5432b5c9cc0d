/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration as a whole: what was changed, its way to the engine, and
 * back again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/text.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/menu/menu.h"
#include "shell/menu/pages.h"

/* ---- commit ------------------------------------------------------------- */

/* Comment first; then, if wanted, the minutes after which it returns. */
static void
commit(struct menu *m)
{
	char *comment = win_line(m, _("Comment (may be empty): "), "", false);
	char *minutes;
	struct buf b = {0};

	if (comment == NULL)
		return;
	minutes = win_line(m, _("Return by itself unless confirmed, after "
	    "minutes (empty = no): "), "", false);
	buf_puts(&b, "commit");
	if (*comment != '\0') {
		buf_puts(&b, " comment ");
		token_print(&b, comment);
	}
	if (minutes != NULL && *minutes != '\0') {
		buf_puts(&b, " confirmed ");
		token_print(&b, minutes);
	}
	if (minutes != NULL)
		(void)menu_do(m, _("Commit"), "%s", (char *)b.data);
	free(comment);
	free(minutes);
	buf_free(&b);
}

static void
discard(struct menu *m)
{
	if (!cand_dirty(&m->sh->cand))
		menu_note(m, ROLE_PLAIN, _("Nothing was changed."));
	else if (win_ask(m, _("Drop all changes? y/N "), "ny") == 'y')
		(void)menu_do(m, _("Discard"), "discard");
}

/* ---- history ------------------------------------------------------------ */

static void
history_load(struct list *l)
{
	struct sp_error err = {0};
	json_t *reply = NULL;

	if (sh_call(l->m->sh, "config.history", NULL, &reply, &err) < 0) {
		menu_error(l->m, &err);
		return;
	}
	json_decref(l->ctx);
	l->ctx = reply;
}

static size_t
history_count(struct list *l)
{
	return json_array_size(jget(l->ctx, "history"));
}

static void
history_row(struct list *l, size_t i, struct buf *b, enum scr_role *role)
{
	const json_t *h = json_array_get(jget(l->ctx, "history"), i);

	(void)role;
	buf_printf(b, "%4zu  r%-6lld %s  %-10s ", i,
	    (long long)jint(h, "revision", 0), jstr(h, "time"),
	    jstr(h, "who"));
	jprint(b, jget(h, "comment"));
}

static void
history_key(struct list *l, int key)
{
	if (history_count(l) == 0)
		return;
	if (key == K_ENTER)
		(void)menu_do(l->m, _("Changes since then"),
		    "compare rollback %zu", l->at);
	if (key == 'b') {
		(void)menu_do(l->m, _("Roll back"), "rollback %zu", l->at);
		history_load(l);
	}
}

static void
history(struct menu *m)
{
	struct list l = {
		.m = m, .title = _("History of commits"),
		.keys = _("Enter compare  b roll back to it  q back"),
		.topic = "rollback", .empty = _("no commits yet"),
		.count = history_count, .row = history_row,
		.key = history_key, .load = history_load,
	};

	list_run(&l);
	json_decref(l.ctx);
}

/* ---- the page ----------------------------------------------------------- */

static const struct config_row {
	const char *label, *about;
	const char *command;		/* or: */
	void (*open)(struct menu *m);
} rows[] = {
	{ N_("Changes"), N_("candidate against running"), "compare", NULL },
	{ N_("Check"), N_("errors and warnings, nothing is done"),
	  "validate", NULL },
	{ N_("Commit"), N_("make the candidate the running one"), NULL,
	  commit },
	{ N_("Confirm"), N_("make a commit lasting that waits"), "confirm",
	  NULL },
	{ N_("Undo"), N_("take the last edit back"), "undo", NULL },
	{ N_("Redo"), N_("do it again"), "redo", NULL },
	{ N_("Discard"), N_("drop all edits"), NULL, discard },
	{ N_("History"), N_("earlier commits, and back to one"), NULL,
	  history },
	{ N_("Text"), N_("the whole candidate"), "show configuration", NULL },
};

static size_t
config_count(struct list *l)
{
	(void)l;
	return NELEM(rows);
}

static void
config_row(struct list *l, size_t i, struct buf *b, enum scr_role *role)
{
	(void)l, (void)role;
	buf_printf(b, "%zu  ", i + 1);
	buf_printf(b, "%s\t%s", _(rows[i].label), _(rows[i].about));
}

static void
config_key(struct list *l, int key)
{
	const struct config_row *r = &rows[l->at];

	if (key != K_ENTER && key != K_RIGHT)
		return;
	if (r->open != NULL)
		r->open(l->m);
	else
		(void)menu_do(l->m, _(r->label), "%s", r->command);
}

void
page_config(struct menu *m)
{
	struct list l = {
		.m = m, .title = _("Configuration"), .jump = true,
		.keys = _("Enter do it  F1 help  F2 commands  ! shell  "
		    "q back"),
		.topic = "commit", .count = config_count, .row = config_row,
		.key = config_key,
	};

	list_run(&l);
}
