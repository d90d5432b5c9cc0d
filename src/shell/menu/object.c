/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Objects of the candidate: what an object has (settings, objects below it)
 * and what can be done with it, and the lists of one kind.  All from the
 * schema: a new kind of object has its pages at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/schema.h"
#include "conf/text.h"
#include "shell/internal.h"
#include "shell/menu/form.h"
#include "shell/menu/menu.h"
#include "shell/menu/pages.h"

#define ENTRIES 32
#define NUMBER_MAX 9999
#define NUMBER_STEP 10

/* ---- paths -------------------------------------------------------------- */

struct conf_node *
object_find(const struct menu *m, const char *path)
{
	struct conf_node *n = conf_root(m->sh->cand.tree);
	const struct conf_object *obj;
	struct tokens t = {0};
	size_t i = 0;
	bool named;

	if (tokens_split(&t, path, true, NULL) < 0)
		return NULL;
	while (n != NULL && i < t.nr && t.tok[i].type == TOK_WORD) {
		obj = schema_child(conf_node_object(n), t.tok[i].text);
		named = obj != NULL && obj->naming != OBJ_SINGLE;
		if (obj == NULL || (named && i + 1 >= t.nr))
			n = NULL;
		else
			n = conf_child(n, obj->word,
			    named ? t.tok[i + 1].text : NULL);
		i += named ? 2 : 1;
	}
	tokens_free(&t);
	return n;
}

static char *
node_path(const struct conf_node *n)
{
	struct buf b = {0};

	conf_node_path(n, &b);
	buf_puts(&b, "");
	return buf_steal_str(&b);
}

static char *
below(const char *path, const char *word, const char *name)
{
	return xasprintf("%s%s%s%s%s", path, *path ? " " : "", word,
	    *name ? " " : "", name);
}

/* The names along the path, as commands on tunnels take them: "branch hq". */
static void
print_names(struct buf *b, const struct conf_node *n)
{
	const struct conf_node *parent = conf_node_parent(n);

	if (parent != NULL) {
		print_names(b, parent);
		buf_printf(b, "%s%s", b->len > 0 ? " " : "",
		    conf_node_name(n));
	}
	buf_puts(b, "");
}

static size_t
count_children(const struct conf_node *n, const char *word)
{
	const struct conf_node *c = NULL;
	size_t nr = 0;

	while ((c = conf_next_child(n, word, c)) != NULL)
		nr++;
	return nr;
}

/* ---- edits -------------------------------------------------------------- */

/* A command that edits, on the object; the sentence of a failure is shown. */
static bool
edit(struct menu *m, const char *verb, const char *path, const char *rest)
{
	return menu_do(m, _("Edit"), "%s %s%s", verb, path, rest);
}

/* The next free number, in steps of ten, or the name that is typed. */
static char *
new_name(struct menu *m, const struct conf_node *n,
    const struct conf_object *obj)
{
	const struct conf_node *c = NULL;
	int64_t last = 0;
	char *text, *question, *name;

	while ((c = conf_next_child(n, obj->word, c)) != NULL) {
		if (obj->naming == OBJ_NUMBERED)
			(void)str_to_i64(conf_node_name(c), 0, NUMBER_MAX,
			    &last);
	}
	text = obj->naming == OBJ_NUMBERED ?
	    xasprintf("%d", (int)(last / NUMBER_STEP + 1) * NUMBER_STEP) :
	    xstrdup("");
	question = xasprintf(_("%s, name: "), _(obj->label));
	name = win_line(m, question, text, false);
	free(question);
	free(text);
	return name;
}

/* Make an object and open its form; it stays only if that is kept. */
static void
add_child(struct menu *m, const char *path, const struct conf_object *obj)
{
	struct conf_node *n = object_find(m, path), *child;
	struct sp_error err = {0};
	char *name, *sub;

	if (n == NULL)
		return;
	name = new_name(m, n, obj);
	if (name == NULL || *name == '\0') {
		free(name);
		return;
	}
	if (conf_child(n, obj->word, name) != NULL) {
		menu_note(m, ROLE_BAD, _("There is already a %s \"%s\" here."),
		    obj->word, name);
		free(name);
		return;
	}
	cand_edit_begin(&m->sh->cand);
	sub = below(path, obj->word, name);
	if (conf_child_make(n, obj->word, name, &child, &err) < 0) {
		cand_edit_abort(&m->sh->cand);
		menu_error(m, &err);
	} else if (form_run(m, sub, true)) {
		page_object(m, sub);
	}
	free(sub);
	free(name);
}

static bool
delete_object(struct menu *m, const char *path)
{
	char *question = xasprintf(_("Delete %s? y/N "), path);
	bool yes = win_ask(m, question, "ny") == 'y';

	free(question);
	return yes && edit(m, "delete", path, "");
}

/* Rename or copy: "rename PATH to NAME". */
static bool
to_name(struct menu *m, const char *verb, const char *path)
{
	char *name = win_line(m, _("New name: "), "", false), *rest;
	struct buf word = {0};
	bool done;

	if (name == NULL || *name == '\0') {
		free(name);
		return false;
	}
	token_print(&word, name);
	buf_puts(&word, "");
	rest = xasprintf(" to %s", (char *)word.data);
	done = edit(m, verb, path, rest);
	free(rest);
	buf_free(&word);
	free(name);
	return done;
}

/* ---- an object ---------------------------------------------------------- */

enum entry_kind { ENTRY_FORM, ENTRY_CHILDREN, ENTRY_SINGLE, ENTRY_ACTION,
	ENTRY_RENAME, ENTRY_COPY, ENTRY_DELETE };

/* What can be done with a running object; %s are its names. */
struct action {
	const char *object;		/* word of the kind */
	const char *label, *about;
	const char *command;		/* of the shell; NULL: page */
	void (*page)(struct menu *m, const struct conf_node *n);
};

struct entry {
	enum entry_kind kind;
	const struct conf_object *object;	/* CHILDREN, SINGLE */
	const struct action *action;
};

struct object_page {
	const char *path;
	struct entry entry[ENTRIES];
	size_t nr;
};

static void
open_monitor(struct menu *m, const struct conf_node *n)
{
	char *name = xstrdup(conf_node_name(n));

	page_monitor(m, name);
	free(name);
}

static void
open_tunnel(struct menu *m, const struct conf_node *n)
{
	char *network = xstrdup(conf_node_name(conf_node_parent(n)));
	char *phase1 = xstrdup(conf_node_name(n));

	page_tunnel(m, network, phase1);
	free(network);
	free(phase1);
}

static const struct action actions[] = {
	{ "vpn-network", N_("Connections"),
	  N_("state, connect, disconnect"), NULL, open_monitor },
	{ "vpn-network", N_("Power on"), N_("start the network"),
	  "power on %s wait 15", NULL },
	{ "vpn-network", N_("Power off"), N_("stop it with all tunnels"),
	  "power off %s wait 15", NULL },
	{ "phase1", N_("Status"), N_("IKE SA, children, messages"), NULL,
	  open_tunnel },
	{ "phase1", N_("Connect"), N_("negotiate now"),
	  "connect %s wait 30", NULL },
	{ "phase1", N_("Disconnect"), N_("take it down"),
	  "disconnect %s", NULL },
	{ "phase2", N_("Connect"), N_("negotiate now"),
	  "connect %s wait 30", NULL },
	{ "phase2", N_("Disconnect"), N_("take it down"),
	  "disconnect %s", NULL },
};

static void
entry_add(struct object_page *p, enum entry_kind kind,
    const struct conf_object *object, const struct action *action)
{
	if (p->nr < ENTRIES)
		p->entry[p->nr++] = (struct entry){ kind, object, action };
}

static void
object_load(struct list *l)
{
	struct object_page *p = l->ctx;
	const struct conf_node *n = object_find(l->m, p->path);
	const struct conf_object *obj, *child;
	size_t i;

	p->nr = 0;
	if (n == NULL) {
		l->done = true;
		return;
	}
	obj = conf_node_object(n);
	for (i = 0; i < NELEM(actions); i++) {
		if (str_eq(actions[i].object, obj->word))
			entry_add(p, ENTRY_ACTION, NULL, &actions[i]);
	}
	if (obj->rows != NULL && obj->rows->name != NULL)
		entry_add(p, ENTRY_FORM, NULL, NULL);
	for (i = 0; (child = obj->children[i]) != NULL; i++)
		entry_add(p, child->naming == OBJ_SINGLE ? ENTRY_SINGLE :
		    ENTRY_CHILDREN, child, NULL);
	if (obj->naming == OBJ_SINGLE || *p->path == '\0')
		return;
	entry_add(p, ENTRY_RENAME, NULL, NULL);
	entry_add(p, ENTRY_COPY, NULL, NULL);
	entry_add(p, ENTRY_DELETE, NULL, NULL);
}

static size_t
object_count(struct list *l)
{
	return ((struct object_page *)l->ctx)->nr;
}

static void
object_row(struct list *l, size_t i, struct buf *b, enum scr_role *role)
{
	struct object_page *p = l->ctx;
	const struct entry *e = &p->entry[i];
	const struct conf_node *n = object_find(l->m, p->path);

	(void)role;
	switch (e->kind) {
	case ENTRY_FORM:
		buf_printf(b, "%s\t%s", _("Settings"),
		    _("edit in a form; F4 there: advanced"));
		break;
	case ENTRY_CHILDREN:
		buf_printf(b, "%s (%zu)\t%s", _(e->object->label),
		    n ? count_children(n, e->object->word) : 0,
		    _(e->object->help));
		break;
	case ENTRY_SINGLE:
		buf_printf(b, "%s\t%s", _(e->object->label),
		    _(e->object->help));
		break;
	case ENTRY_ACTION:
		buf_printf(b, "%s\t%s", _(e->action->label),
		    _(e->action->about));
		break;
	case ENTRY_RENAME:
		buf_puts(b, _("Rename"));
		break;
	case ENTRY_COPY:
		buf_puts(b, _("Copy"));
		break;
	case ENTRY_DELETE:
		buf_puts(b, _("Delete"));
		break;
	}
}

static void
run_action(struct list *l, const struct action *a)
{
	struct object_page *p = l->ctx;
	const struct conf_node *n = object_find(l->m, p->path);
	struct buf names = {0};
	char *command;

	if (a->page != NULL) {
		a->page(l->m, n);
		return;
	}
	print_names(&names, n);
	/* the table's own words: %s stands where the names go */
	command = xasprintf("%.*s%s%s",
	    (int)(strstr(a->command, "%s") - a->command), a->command,
	    (char *)names.data, strstr(a->command, "%s") + 2);
	(void)menu_act(l->m, _(a->label), "%s", command);
	free(command);
	buf_free(&names);
}

static void
open_below(struct list *l, const struct entry *e)
{
	struct object_page *p = l->ctx;
	char *sub = below(p->path, e->object->word, "");

	if (e->kind == ENTRY_CHILDREN)
		page_children(l->m, p->path, e->object->word);
	else if (e->object->children[0] == NULL)
		(void)form_run(l->m, sub, false);
	else
		page_object(l->m, sub);
	free(sub);
}

static void
object_key(struct list *l, int key)
{
	struct object_page *p = l->ctx;
	const struct entry *e = &p->entry[l->at];

	if ((key != K_ENTER && key != K_RIGHT) || p->nr == 0)
		return;
	switch (e->kind) {
	case ENTRY_FORM:
		(void)form_run(l->m, p->path, false);
		break;
	case ENTRY_CHILDREN:
	case ENTRY_SINGLE:
		open_below(l, e);
		break;
	case ENTRY_ACTION:
		run_action(l, e->action);
		break;
	case ENTRY_RENAME:
		l->done = to_name(l->m, "rename", p->path);
		break;
	case ENTRY_COPY:
		(void)to_name(l->m, "copy", p->path);
		break;
	case ENTRY_DELETE:
		l->done = delete_object(l->m, p->path);
		break;
	}
	object_load(l);
}

void
page_object(struct menu *m, const char *path)
{
	const struct conf_node *n = object_find(m, path);
	struct object_page p = { .path = path };
	struct list l = {
		.m = m, .title = *path ? path : _("Configuration"),
		.jump = true, .ctx = &p,
		.keys = _("Enter open  F1 help  F2 commands  ! shell  q back"),
		.count = object_count, .row = object_row, .key = object_key,
		.load = object_load,
	};

	if (n == NULL)
		return;
	/* One thing to choose from is no menu. */
	if (conf_node_object(n)->children[0] == NULL &&
	    conf_node_object(n)->naming == OBJ_SINGLE) {
		(void)form_run(m, path, false);
		return;
	}
	l.topic = *path ? conf_node_object(n)->word : "menu";
	list_run(&l);
}

/* ---- the objects of one kind -------------------------------------------- */

struct children_page {
	const char *path;
	const struct conf_object *object;
};

static struct conf_node *
child_at(const struct list *l, size_t at)
{
	const struct children_page *p = l->ctx;
	struct conf_node *n = object_find(l->m, p->path), *c = NULL;
	size_t i;

	for (i = 0; n != NULL && i <= at; i++) {
		c = conf_next_child(n, p->object->word, c);
		if (c == NULL)
			break;
	}
	return c;
}

static size_t
children_count(struct list *l)
{
	const struct children_page *p = l->ctx;
	const struct conf_node *n = object_find(l->m, p->path);

	if (n == NULL) {
		l->done = true;
		return 0;
	}
	return count_children(n, p->object->word);
}

/* The name, and the first settings that say something. */
static void
children_row(struct list *l, size_t i, struct buf *b, enum scr_role *role)
{
	const struct children_page *p = l->ctx;
	const struct conf_node *n = child_at(l, i);
	const struct set_row *row;
	size_t j;

	if (n == NULL)
		return;
	buf_printf(b, "%s\t", conf_node_name(n));
	if (!conf_node_enabled(n)) {
		buf_printf(b, "(%s) ", _("disabled"));
		*role = ROLE_DIM;
	}
	for (row = p->object->rows; row && row->name; row++) {
		if (row->type == SET_SECRET || str_eq(row->name, "enabled"))
			continue;
		for (j = 0; j < conf_count(n, row->name); j++)
			buf_printf(b, "%s ", conf_value(n, row->name, j));
	}
}

/*
 * Numbered objects change places: their numbers are exchanged, by way of one
 * that is free, and all of it is one edit.
 */
static void
move_child(struct list *l, bool up)
{
	struct menu *m = l->m;
	const struct children_page *p = l->ctx;
	struct conf_node *a = child_at(l, up ? l->at - 1 : l->at);
	struct conf_node *b = child_at(l, up ? l->at : l->at + 1);
	struct sp_error err = {0};
	char *low, *high, spare[8];
	int free_number = NUMBER_MAX, ret;

	if ((up && l->at == 0) || a == NULL || b == NULL)
		return;
	snprintf(spare, sizeof(spare), "%d", free_number);
	while (conf_child(conf_node_parent(a), p->object->word, spare))
		snprintf(spare, sizeof(spare), "%d", --free_number);
	low = xstrdup(conf_node_name(a));
	high = xstrdup(conf_node_name(b));
	cand_edit_begin(&m->sh->cand);
	ret = conf_node_rename(a, spare, &err);
	if (ret == 0)
		ret = conf_node_rename(b, low, &err);
	if (ret == 0)
		ret = conf_node_rename(a, high, &err);
	if (ret < 0) {
		cand_edit_abort(&m->sh->cand);
		menu_error(m, &err);
	} else {
		cand_edit_done(&m->sh->cand);
		l->at += up ? (size_t)-1 : 1;
	}
	free(low);
	free(high);
}

static void
children_key(struct list *l, int key)
{
	const struct children_page *p = l->ctx;
	const struct conf_node *n = child_at(l, l->at);
	char *path = n != NULL ? node_path(n) : NULL;

	if (key == 'a' || key == '+')
		add_child(l->m, p->path, p->object);
	else if (path == NULL)
		menu_note(l->m, ROLE_PLAIN, _("a adds one."));
	else if (key == K_ENTER || key == K_RIGHT)
		page_object(l->m, path);
	else if (key == 'd' || key == K_DELETE)
		(void)delete_object(l->m, path);
	else if (key == 'c')
		(void)to_name(l->m, "copy", path);
	else if (key == 'r')
		(void)to_name(l->m, "rename", path);
	else if (key == 'x')
		(void)edit(l->m, conf_node_enabled(n) ? "deactivate" :
		    "activate", path, "");
	else if ((key == 'u' || key == 'n') &&
	    p->object->naming == OBJ_NUMBERED)
		move_child(l, key == 'u');
	free(path);
}

void
page_children(struct menu *m, const char *path, const char *word)
{
	const struct conf_node *n = object_find(m, path);
	struct children_page p = { .path = path };
	struct list l = {
		.m = m, .ctx = &p, .empty = _("None yet; a adds one."),
		.count = children_count, .row = children_row,
		.key = children_key,
	};
	char *title;

	p.object = n ? schema_child(conf_node_object(n), word) : NULL;
	if (p.object == NULL)
		return;
	l.keys = p.object->naming == OBJ_NUMBERED ?
	    _("Enter open  a add  d delete  c copy  u up  n down  x on/off  "
	    "q back") :
	    _("Enter open  a add  d delete  c copy  r rename  x on/off  "
	    "q back");
	l.topic = p.object->word;
	title = xasprintf("%s%s%s", path, *path ? " - " : "",
	    _(p.object->label));
	l.title = title;
	list_run(&l);
	free(title);
}
