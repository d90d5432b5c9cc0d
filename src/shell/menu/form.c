/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Forms.  A field is a row of the schema: its label, value, help, choices,
 * conditions and sentences all come from there, and no setting is named here.
 *
 * Values go into the candidate as fields are left, so that fields which
 * depend on them appear and go at once; before the first one the candidate
 * remembers its state, for leaving without keeping and for undo.  A value
 * that is refused stays in its field, marked, with the schema's sentence.
 */
#include "shell/menu/form.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/schema.h"
#include "conf/text.h"
#include "conf/validate.h"
#include "shell/complete.h"
#include "shell/internal.h"
#include "shell/menu/menu.h"
#include "shell/menu/pages.h"
#include "shell/path.h"
#include "shell/secretin.h"
#include "shell/table.h"

#define FIELD_MAX 1000		/* bytes typed into one field */

struct field {
	const struct set_row *row;
	char *text;		/* as typed, where it differs; else NULL */
	char error[512];	/* why it was refused, or "" */
};

struct form {
	struct menu *m;
	const char *path;
	struct conf_node *node;
	struct field *field;	/* all rows of the object */
	size_t nr;
	size_t *shown;		/* indices of those in sight */
	size_t nr_shown;
	size_t at, top;		/* among those shown */
	size_t caret;		/* bytes before it in the text at hand */
	bool advanced;
	bool done, keep;
};

/* ---- fields ------------------------------------------------------------- */

static struct field *
here(struct form *f)
{
	return &f->field[f->shown[f->at]];
}

/* All values that are in force, parted by blanks (caller's). */
static char *
value_text(const struct form *f, const struct set_row *row)
{
	struct buf b = {0};
	const char *value;
	size_t i;

	buf_puts(&b, "");
	for (i = 0; (value = conf_value(f->node, row->name, i)) != NULL; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", value);
	return buf_steal_str(&b);
}

static char *
field_text(const struct form *f, const struct field *fd)
{
	char *text;

	if (fd->text != NULL)
		return xstrdup(fd->text);
	text = value_text(f, fd->row);
	if (fd->row->type != SET_SECRET)
		return text;
	free(text);
	return xstrdup(conf_is_set(f->node, fd->row->name) ? "********" :
	    "");
}

/* Settings that nothing acts on yet are left out: commit refuses them. */
static bool
field_shown(const struct form *f, const struct field *fd)
{
	const struct set_row *row = fd->row;
	bool advanced = (row->flags & SET_ADVANCED) != 0;

	if (row->flags & (SET_LATER | SET_MULTILINE))
		return false;
	if (fd->error[0] != '\0')
		return true;
	return schema_shown(row, f->node, NULL) && advanced == f->advanced;
}

/* Which fields are in sight; the cursor stays on its field. */
static void
choose_fields(struct form *f)
{
	size_t i, was = f->nr_shown > 0 ? f->shown[f->at] : 0;

	f->nr_shown = 0;
	f->at = 0;
	for (i = 0; i < f->nr; i++) {
		if (!field_shown(f, &f->field[i]))
			continue;
		if (i <= was)
			f->at = f->nr_shown;
		f->shown[f->nr_shown++] = i;
	}
}

/* A list is set anew, word by word. */
static int
apply_list(struct form *f, const char *name, const char *text,
    struct sp_error *err)
{
	char *copy = xstrdup(text), *save = NULL, *word;
	int ret = 0;

	if (conf_is_set(f->node, name))
		ret = conf_unset(f->node, name, NULL, err);
	for (word = strtok_r(copy, " ,", &save); word != NULL && ret == 0;
	    word = strtok_r(NULL, " ,", &save))
		ret = conf_set(f->node, name, word, err);
	free(copy);
	return ret;
}

static int
apply(struct form *f, const struct set_row *row, const char *text,
    struct sp_error *err)
{
	if (text[0] == '\0' && !conf_is_set(f->node, row->name))
		return 0;
	if (text[0] == '\0')
		return conf_unset(f->node, row->name, NULL, err);
	if (row->flags & SET_LIST)
		return apply_list(f, row->name, text, err);
	return conf_set(f->node, row->name, text, err);
}

/* The field is left: what was typed goes into the candidate, or stays. */
static void
settle(struct form *f)
{
	struct field *fd = here(f);
	struct sp_error err = {0};
	char buf[256];
	const char *warning;

	if (fd->text == NULL)
		return;
	if (apply(f, fd->row, fd->text, &err) < 0) {
		snprintf(fd->error, sizeof(fd->error), "%s", err.text);
		menu_error(f->m, &err);
		return;
	}
	free(fd->text);
	fd->text = NULL;
	fd->error[0] = '\0';
	warning = fd->row->warn != NULL && conf_is_set(f->node,
	    fd->row->name) ? fd->row->warn(f->node, conf_value(f->node,
	    fd->row->name, 0), buf) : NULL;
	if (warning != NULL)
		menu_note(f->m, ROLE_WARN, _("warning: %s"), _(warning));
	choose_fields(f);
}

static void
put_value(struct form *f, const char *text)
{
	struct field *fd = here(f);

	free(fd->text);
	fd->text = xstrdup(text);
	f->caret = strlen(text);
	settle(f);
}

/* ---- drawing ------------------------------------------------------------ */

/* The basis of a weakness of the present choice, or NULL. */
static const char *
weakness(const struct form *f, const struct set_row *row)
{
	const char *value = conf_value(f->node, row->name, 0);
	const struct set_choice *c;

	c = value != NULL && row->choices != NULL ?
	    schema_choice(row, value) : NULL;
	return c != NULL ? c->weak : NULL;
}

static size_t
label_width(const struct form *f)
{
	int columns = scr_columns(f->m->scr);

	return columns >= 60 ? 28 : columns >= 30 ? (size_t)columns / 2 - 4 :
	    8;
}

static bool
has_choices(const struct set_row *row)
{
	return row->type == SET_BOOL || row->type == SET_ENUM ||
	    row->type == SET_REFERENCE;
}

/* "! Label        [value      ]" in one go; the caret is in the value. */
static void
draw_field(struct form *f, size_t i, int y)
{
	const struct field *fd = &f->field[f->shown[i]];
	char *text = field_text(f, fd);
	struct buf b = {0};
	size_t label = label_width(f), column, before;
	bool bad = fd->error[0] != '\0', weak = weakness(f, fd->row) != NULL;
	enum scr_role role = bad ? ROLE_BAD : weak ? ROLE_WARN : ROLE_PLAIN;
	char *head;

	text_cut(&b, _(fd->row->label), label);
	buf_puts(&b, "");
	while (text_width((char *)b.data) < label)
		buf_puts(&b, " ");
	column = label;
	buf_printf(&b, " %s", bad || weak ? "!" : " ");
	buf_printf(&b, has_choices(fd->row) ? "<%s>" : "[%s]", text);
	if (fd->text == NULL && !conf_is_set(f->node, fd->row->name) &&
	    *text != '\0' && scr_columns(f->m->scr) >= 60)
		buf_printf(&b, "  (%s)", _("default"));
	scr_row(f->m->scr, y, (char *)b.data, role, i == f->at);
	if (i == f->at && !has_choices(fd->row)) {
		before = f->caret < strlen(text) ? f->caret : strlen(text);
		head = xstrndup(text, before);
		scr_cursor(f->m->scr, y, (int)(column + 5 +
		    text_width(head)));
		free(head);
	}
	free(text);
	buf_free(&b);
}

/* What the message line says: the error, the weakness, the help. */
static void
about(struct form *f, struct buf *b)
{
	const struct field *fd = here(f);
	const char *weak = weakness(f, fd->row);

	buf_puts(b, "");
	if (fd->error[0] != '\0')
		buf_printf(b, _("error: %s"), fd->error);
	else if (weak != NULL)
		buf_printf(b, _("WEAK: %s"), _(weak));
	else
		buf_puts(b, _(fd->row->help));
}

static void
draw(struct form *f)
{
	struct buf title = {0}, b = {0};
	size_t rows = (size_t)scr_body(f->m->scr), i;
	int y = 0;

	buf_puts(&title, f->path);
	if (f->advanced)
		buf_printf(&title, " - %s", _("advanced"));
	about(f, &b);
	menu_frame(f->m, (char *)title.data, (char *)b.data,
	    scr_columns(f->m->scr) >= 60 ?
	    _("F10 keep  Enter choose  F1 help  F2 commands  F4 advanced  "
	    "Esc back") : _("F10 keep  F1 help  F4 more  Esc back"));
	if (f->at < f->top)
		f->top = f->at;
	if (f->at >= f->top + rows)
		f->top = f->at - rows + 1;
	for (i = f->top; i < f->nr_shown && i < f->top + rows; i++)
		draw_field(f, i, y++);
	scr_clear_from(f->m->scr, y);
	buf_free(&title);
	buf_free(&b);
}

/* ---- choices ------------------------------------------------------------ */

static size_t
pick_count(struct list *l)
{
	return ((struct choices *)l->ctx)->nr;
}

static void
pick_row(struct list *l, size_t i, struct buf *b, enum scr_role *role)
{
	const struct choice *c = &((struct choices *)l->ctx)->c[i];

	if (strstr(c->help, "WEAK") != NULL)
		*role = ROLE_WARN;
	buf_printf(b, "%s\t%s", c->word, c->help);
}

static void
pick_key(struct list *l, int key)
{
	if (key == K_ENTER || key == K_RIGHT) {
		l->find[0] = '\1';	/* chosen, not left */
		l->done = true;
	}
}

/* Choose one of the words; -1 if it was left. */
static int
pick(struct menu *m, const char *title, struct choices *c, const char *now)
{
	struct list l = {
		.m = m, .title = title, .ctx = c, .jump = false,
		.keys = _("Enter choose  / find  Esc back"),
		.empty = _("There is nothing to choose from."),
		.count = pick_count, .row = pick_row, .key = pick_key,
	};
	size_t i;

	for (i = 0; i < c->nr; i++) {
		if (str_eq(c->c[i].word, now))
			l.at = i;
	}
	list_run(&l);
	return l.find[0] == '\1' && l.at < c->nr ? (int)l.at : -1;
}

/* Words and live values that completion would offer for the setting. */
static void
offer(struct form *f, const struct set_row *row, struct choices *out)
{
	struct tokens t = {0};
	struct sp_error err = {0};
	struct choices all = {0};
	char *text = xasprintf("%s %s", f->path, row->name);
	size_t i;

	if (tokens_split(&t, text, true, &err) == 0)
		path_offer(f->m->sh, t.tok, t.nr, "", true, &all);
	for (i = 0; i < all.nr; i++) {
		if (!all.c[i].shape)
			choices_add(out, "", all.c[i].word, all.c[i].help);
	}
	choices_free(&all);
	tokens_free(&t);
	free(text);
}

static void
choose(struct form *f)
{
	const struct set_row *row = here(f)->row;
	struct choices c = {0};
	int i;

	offer(f, row, &c);
	i = pick(f->m, _(row->label), &c, conf_value(f->node, row->name, 0));
	if (i >= 0)
		put_value(f, c.c[i].word);
	choices_free(&c);
}

/* Space: the choice after the present one. */
static void
cycle(struct form *f)
{
	const struct set_row *row = here(f)->row;
	const char *now = conf_value(f->node, row->name, 0);
	struct choices c = {0};
	size_t i, next = 0;

	offer(f, row, &c);
	for (i = 0; i < c.nr; i++) {
		if (str_eq(c.c[i].word, now))
			next = (i + 1) % c.nr;
	}
	if (c.nr > 0)
		put_value(f, c.c[next].word);
	choices_free(&c);
}

/* ---- secrets ------------------------------------------------------------ */

static void
wipe(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

static void
put_secret(struct form *f, const char *text)
{
	struct field *fd = here(f);
	struct sp_error err = {0};
	struct secret s = {0};
	char buf[256];
	const char *warning;

	secret_set(&s, text, strlen(text));
	if (conf_secret_put(f->node, fd->row->name, &s, &err) < 0)
		menu_error(f->m, &err);
	secret_free(&s);
	warning = err.code == SP_OK && fd->row->warn != NULL ?
	    fd->row->warn(f->node, conf_value(f->node, fd->row->name, 0),
	    buf) : NULL;
	if (warning != NULL)
		menu_note(f->m, ROLE_WARN, _("warning: %s"), _(warning));
}

/* A new key; it is shown only if that is asked for. */
static void
generate(struct form *f)
{
	struct sp_error err = {0};
	char *text = NULL;

	if (secretin_random(&text, &err) < 0) {
		menu_error(f->m, &err);
		return;
	}
	put_secret(f, text);
	if (win_ask(f->m, _("A new key was made. Show it, this once? y/N "),
	    "ny") == 'y')
		win_text(f->m, _("New key; the peer needs it too"), text);
	wipe(text);
}

static void
type_secret(struct form *f)
{
	char *first, *second;

	first = win_line(f->m, _("New key: "), "", true);
	if (first == NULL || *first == '\0') {
		wipe(first);
		return;
	}
	second = win_line(f->m, _("The same again: "), "", true);
	if (second != NULL && str_eq(first, second))
		put_secret(f, first);
	else if (second != NULL)
		menu_note(f->m, ROLE_BAD,
		    _("The two differ; nothing was changed."));
	wipe(first);
	wipe(second);
}

static void
edit_secret(struct form *f)
{
	struct choices c = {0};
	int i;

	choices_add(&c, "", "generate", _("A new random key"));
	choices_add(&c, "", "type", _("A key that was agreed upon"));
	i = pick(f->m, _(here(f)->row->label), &c, NULL);
	choices_free(&c);
	if (i == 0)
		generate(f);
	else if (i == 1)
		type_secret(f);
}

/* ---- typing ------------------------------------------------------------- */

/* Is there text of a field to type in. */
static bool
is_text(const struct field *fd)
{
	return !has_choices(fd->row) && fd->row->type != SET_SECRET;
}

/* The text of the field, ready to be changed. */
static char *
open_text(struct form *f)
{
	struct field *fd = here(f);

	if (fd->text == NULL)
		fd->text = value_text(f, fd->row);
	/* a refused text is there already, and the caret far behind it */
	if (f->caret > strlen(fd->text))
		f->caret = strlen(fd->text);
	return fd->text;
}

/* Bytes of the character before (or, forward, at) the caret. */
static size_t
char_len(const char *text, size_t at, bool forward)
{
	size_t n = 1;

	if (forward) {
		if (text[at] == '\0')
			return 0;
		while ((text[at + n] & 0xc0) == 0x80)
			n++;
		return n;
	}
	if (at == 0)
		return 0;
	while (n < at && (text[at - n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* Put bytes in at the caret. */
static void
insert(struct form *f, int key)
{
	char bytes[MB_LEN_MAX + 1], *text = open_text(f), *joined;
	mbstate_t state;
	size_t n;

	memset(&state, 0, sizeof(state));
	n = wcrtomb(bytes, (wchar_t)key, &state);
	if (n == (size_t)-1 || strlen(text) + n > FIELD_MAX)
		return;
	bytes[n] = '\0';
	joined = xasprintf("%.*s%s%s", (int)f->caret, text, bytes,
	    text + f->caret);
	free(text);
	here(f)->text = joined;
	f->caret += n;
}

static void
take_out(struct form *f, bool forward)
{
	char *text = open_text(f);
	size_t n = char_len(text, f->caret, forward);

	if (!forward)
		f->caret -= n;
	memmove(text + f->caret, text + f->caret + n,
	    strlen(text + f->caret + n) + 1);
}

/* Keys within the text of a field; false if it is none of them. */
static bool
edit_text(struct form *f, int key)
{
	char *text;

	if (!is_text(here(f)))
		return false;
	if (key >= ' ' && key < K_UP) {
		insert(f, key);
	} else if (key == K_BACKSPACE || key == K_DELETE) {
		take_out(f, key == K_DELETE);
	} else if (key == K_CTRL('u')) {
		open_text(f)[0] = '\0';
		f->caret = 0;
	} else if (key == K_LEFT || key == K_RIGHT || key == K_HOME ||
	    key == K_END) {
		text = field_text(f, here(f));
		if (f->caret > strlen(text))
			f->caret = strlen(text);
		if (key == K_LEFT)
			f->caret -= char_len(text, f->caret, false);
		else if (key == K_RIGHT)
			f->caret += char_len(text, f->caret, true);
		else
			f->caret = key == K_HOME ? 0 : strlen(text);
		free(text);
	} else {
		return false;
	}
	return true;
}

/* ---- keys --------------------------------------------------------------- */

static void
go(struct form *f, int by)
{
	settle(f);
	if (by < 0 && f->at > 0)
		f->at--;
	else if (by > 0 && f->at + 1 < f->nr_shown)
		f->at++;
	f->caret = SIZE_MAX / 2;	/* behind the text */
}

static void
turn_page(struct form *f)
{
	bool any = false;
	size_t i;

	settle(f);
	for (i = 0; i < f->nr; i++)
		any |= (f->field[i].row->flags & SET_ADVANCED) != 0 &&
		    (f->field[i].row->flags & (SET_LATER | SET_MULTILINE)) ==
		    0;
	if (!any) {
		menu_note(f->m, ROLE_PLAIN,
		    _("There are no advanced settings here."));
		return;
	}
	f->advanced = !f->advanced;
	choose_fields(f);
	if (f->nr_shown == 0) {
		f->advanced = !f->advanced;
		choose_fields(f);
	}
	f->at = f->top = 0;
}

static bool
has_errors(struct form *f)
{
	size_t i, j;

	for (i = 0; i < f->nr_shown; i++) {
		j = f->shown[i];
		if (f->field[j].error[0] == '\0')
			continue;
		f->at = i;
		menu_note(f->m, ROLE_BAD, _("error: %s"), f->field[j].error);
		return true;
	}
	return false;
}

/* What would keep the object from being committed, for the person to know;
 * that another field comes later is no reason to refuse. */
static void
tell_missing(struct form *f)
{
	struct conf_report r = {0};
	size_t i, len = strlen(f->path);

	conf_validate(f->m->sh->cand.tree, &r);
	for (i = 0; i < r.nr_errors; i++) {
		if (strncmp(r.errors[i].path, f->path, len) == 0) {
			menu_note(f->m, ROLE_WARN, _("Kept; still missing: "
			    "%s"), r.errors[i].text);
			break;
		}
	}
	conf_report_free(&r);
}

static void
keep(struct form *f)
{
	settle(f);
	if (has_errors(f))
		return;
	tell_missing(f);
	f->done = f->keep = true;
}

/* Was anything changed since the form began. */
static bool
changed(const struct form *f)
{
	const struct candidate *c = &f->m->sh->cand;
	struct conf_changes changes;
	bool any;
	size_t i;

	conf_changes(c->undo[c->nr_undo - 1], c->tree, &changes);
	any = changes.nr > 0;
	conf_changes_free(&changes);
	for (i = 0; i < f->nr; i++)
		any |= f->field[i].text != NULL;
	return any;
}

static void
leave(struct form *f)
{
	char answer;

	if (!changed(f)) {
		f->done = true;
		return;
	}
	answer = win_ask(f->m, _("Keep the changes, drop them, or stay? "
	    "k/d/s [s] "), "skd");
	if (answer == 'k')
		keep(f);
	f->done |= answer == 'd';
}

static void
enter(struct form *f)
{
	if (here(f)->row->type == SET_SECRET)
		edit_secret(f);
	else if (has_choices(here(f)->row))
		choose(f);
	else
		go(f, 1);
}

static void
handle(struct form *f, int key)
{
	if (key == K_UP || key == K_BACKTAB)
		go(f, -1);
	else if (key == K_DOWN || key == K_TAB)
		go(f, 1);
	else if (key == K_ENTER)
		enter(f);
	else if (key == K_PICK && here(f)->row->type != SET_SECRET)
		choose(f);
	else if (key == K_CTRL('g') && here(f)->row->type == SET_SECRET)
		generate(f);
	else if (key == K_HELP || (key == '?' && !is_text(here(f))))
		win_help(f->m, here(f)->row->name);
	else if (key == K_ADVANCED)
		turn_page(f);
	else if (key == K_KEEP)
		keep(f);
	else if (key == K_ESC)
		leave(f);
	else if (key == ' ' && has_choices(here(f)->row))
		cycle(f);
	else if (key == K_COMMANDS) {
		settle(f);
		commands_show(f->m, f->m->sh->cand.undo[
		    f->m->sh->cand.nr_undo - 1]);
	} else
		(void)edit_text(f, key);
}

static void
form_open(struct form *f)
{
	const struct conf_object *obj = conf_node_object(f->node);
	const struct set_row *row;

	for (row = obj->rows; row && row->name; row++)
		f->nr++;
	f->field = xcalloc(f->nr + 1, sizeof(*f->field));
	f->shown = xcalloc(f->nr + 1, sizeof(*f->shown));
	f->nr = 0;
	for (row = obj->rows; row && row->name; row++)
		f->field[f->nr++].row = row;
	choose_fields(f);
	f->at = 0;
	f->caret = SIZE_MAX / 2;
}

static void
form_close(struct form *f)
{
	size_t i;

	for (i = 0; i < f->nr; i++)
		free(f->field[i].text);
	free(f->field);
	free(f->shown);
}

bool
form_run(struct menu *m, const char *path, bool fresh)
{
	struct form f = { .m = m, .path = path };
	int key;

	f.node = object_find(m, path);
	if (f.node == NULL)
		return false;
	if (!fresh)
		cand_edit_begin(&m->sh->cand);
	m->editing = true;
	form_open(&f);
	while (!f.done && !m->leave && f.nr_shown > 0) {
		draw(&f);
		key = menu_key(m, -1, true);
		if (m->leave)
			f.keep = true;	/* nobody is asked: edits stay */
		else if (key != K_NONE && key != K_EVENT && key != K_RESIZE)
			handle(&f, key);
	}
	if (f.keep && changed(&f))
		cand_edit_done(&m->sh->cand);
	else
		cand_edit_abort(&m->sh->cand);
	form_close(&f);
	m->editing = false;
	return f.keep;
}
