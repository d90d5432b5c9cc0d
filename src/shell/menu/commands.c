/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * F2: the edits of menus and forms as the commands that make them, for whoever
 * learns the command line or writes a script.
 */
#include "shell/menu/menu.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/schema.h"
#include "conf/text.h"
#include "conf/validate.h"
#include "shell/internal.h"

/* "set PATH setting VALUE", one line for each value of a list; of a secret
 * the value is asked for. */
static void
print_setting(struct buf *out, const struct conf_change *c)
{
	const char *value;
	size_t i, nr = conf_count(c->new, c->row->name);

	if (c->row->flags & SET_LIST && c->old != NULL &&
	    conf_is_set(c->old, c->row->name))
		buf_printf(out, "delete %s %s\n", c->path, c->row->name);
	for (i = 0; i < nr; i++) {
		value = conf_value(c->new, c->row->name, i);
		buf_printf(out, "set %s %s", c->path, c->row->name);
		if (c->row->type != SET_SECRET && value != NULL) {
			buf_puts(out, " ");
			token_print(out, value);
		}
		buf_puts(out, "\n");
	}
	if (nr == 0)
		buf_printf(out, "delete %s %s\n", c->path, c->row->name);
}

/* The settings of a new object one by one, so that secrets are left out. */
static void
print_object(struct buf *out, const struct conf_node *n, const char *path)
{
	const struct conf_object *obj = conf_node_object(n);
	struct conf_change c = { .path = (char *)path, .object = obj,
		.new = n };
	const struct conf_node *child;
	struct buf sub = {0};
	size_t i, set = 0;

	for (c.row = obj->rows; c.row && c.row->name; c.row++) {
		if (!conf_is_set(n, c.row->name))
			continue;
		print_setting(out, &c);
		set++;
	}
	if (set == 0)
		buf_printf(out, "set %s\n", path);
	for (i = 0; obj->children[i] != NULL; i++) {
		child = NULL;
		while ((child = conf_next_child(n, obj->children[i]->word,
		    child)) != NULL) {
			buf_reset(&sub);
			conf_node_path(child, &sub);
			buf_puts(&sub, "");
			if (obj->children[i]->naming != OBJ_SINGLE)
				print_object(out, child, (char *)sub.data);
		}
	}
	buf_free(&sub);
}

void
commands_print(struct buf *out, const struct conf_tree *a,
    const struct conf_tree *b)
{
	struct conf_changes changes;
	const struct conf_change *c;
	size_t i;

	conf_changes(a, b, &changes);
	for (i = 0; i < changes.nr; i++) {
		c = &changes.change[i];
		if (c->row != NULL && c->new != NULL)
			print_setting(out, c);
		else if (c->row == NULL && c->new != NULL)
			print_object(out, c->new, c->path);
		else if (c->row == NULL)
			buf_printf(out, "delete %s\n", c->path);
	}
	conf_changes_free(&changes);
	buf_puts(out, "");
}

void
commands_show(struct menu *m, const struct conf_tree *from)
{
	struct buf b = {0};

	commands_print(&b, from, m->sh->cand.tree);
	if (b.len == 0)
		menu_note(m, ROLE_PLAIN, _("Nothing was changed."));
	else
		win_text(m, _("The same as commands"), (char *)b.data);
	buf_wipe(&b);
}
