/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Configuration paths on the command line: "vpn-network branch phase1 hq
 * remote-gateway ...", walked over schema and candidate at once, and the
 * block that is edited, which is where relative paths begin.
 *
 * Completion walks with PATH_MAKE over objects that do not exist yet and
 * removes them afterwards: so conditions and fitting choices of the schema,
 * which need an object to look at, work for a path that is being typed.
 */
#include "shell/path.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/schema.h"
#include "conf/text.h"
#include "shell/complete.h"
#include "shell/internal.h"
#include "shell/live.h"

#define WORDS_MAX 192

/* ---- words of an object ------------------------------------------------- */

/* All words that may stand in the object: settings, then objects. */
static size_t
object_words(const struct conf_object *obj, const char **word)
{
	const struct set_row *row;
	size_t i, n = 0;

	for (row = obj->rows; row && row->name && n < WORDS_MAX; row++)
		word[n++] = row->name;
	for (i = 0; obj->children && obj->children[i] && n < WORDS_MAX; i++)
		word[n++] = obj->children[i]->word;
	return n;
}

static int
fail_word(const struct conf_object *obj, const struct token *t,
    const char **word, size_t nr, struct sp_error *err)
{
	int near = str_nearest(t->text, word, nr);

	if (obj == &conf_root_object)
		sp_fail(err, SP_NOTFOUND,
		    _("\"%s\" is not an object of the configuration."),
		    t->text);
	else
		sp_fail(err, SP_NOTFOUND, near >= 0 ?
		    _("\"%s\" is not a setting of %s. "
		    "Did you mean \"%s\"?") :
		    _("\"%s\" is not a setting of %s."), t->text, obj->word,
		    near >= 0 ? word[near] : "");
	if (near >= 0 && obj == &conf_root_object)
		sp_hint(err, "%s", word[near]);
	sp_at(err, t->line, t->column, t->length);
	return SP_NOTFOUND;
}

static int
fail_ambiguous(const struct token *t, const char **word, size_t nr,
    struct sp_error *err)
{
	struct buf b = {0};
	size_t i;

	for (i = 0; i < nr; i++) {
		if (str_prefix(word[i], t->text))
			buf_printf(&b, " %s", word[i]);
	}
	sp_fail(err, SP_FORMAT, _("\"%s\" is ambiguous:%s."), t->text,
	    (char *)b.data);
	sp_at(err, t->line, t->column, t->length);
	buf_free(&b);
	return SP_FORMAT;
}

/* The whole word that a token stands for. */
static int
word_find(const struct conf_object *obj, const struct token *t, bool abbrev,
    const char **out, struct sp_error *err)
{
	const char *word[WORDS_MAX];
	size_t i, nr = object_words(obj, word), found = 0;

	for (i = 0; i < nr; i++) {
		if (str_eq(word[i], t->text)) {
			*out = word[i];
			return 0;
		}
		if (abbrev && t->text[0] && str_prefix(word[i], t->text)) {
			*out = word[i];
			found++;
		}
	}
	if (found > 1)
		return fail_ambiguous(t, word, nr, err);
	if (found == 0)
		return fail_word(obj, t, word, nr, err);
	return 0;
}

/* ---- the walk ----------------------------------------------------------- */

/* An object of this name is not there. */
static int
fail_missing(const struct conf_object *obj, const struct token *t,
    struct sp_error *err)
{
	sp_fail(err, SP_NOTFOUND, _("There is no %s \"%s\" here."), obj->word,
	    t->text);
	sp_at(err, t->line, t->column, t->length);
	return SP_NOTFOUND;
}

/* Step down to a child; name is NULL for a single one. */
static int
step(struct path *p, const struct conf_object *obj, const struct token *name,
    unsigned flags, const struct token *at, struct sp_error *err)
{
	const char *text = name ? name->text : NULL;
	struct conf_node *child = conf_child(p->node, obj->word, text);
	int ret;

	if (child == NULL && !(flags & PATH_MAKE)) {
		if (name)
			return fail_missing(obj, name, err);
		sp_fail(err, SP_NOTFOUND, _("Nothing of %s is set here."),
		    obj->word);
		sp_at(err, at->line, at->column, at->length);
		return SP_NOTFOUND;
	}
	if (child == NULL) {
		ret = conf_child_make(p->node, obj->word, text, &child, err);
		if (ret < 0) {
			at = name ? name : at;
			sp_at(err, at->line, at->column, at->length);
			return ret;
		}
		if (p->made == NULL)
			p->made = child;
	}
	p->node = child;
	return 0;
}

int
path_walk(struct conf_node *start, const struct token *tok, size_t nr,
    unsigned flags, struct path *p, struct sp_error *err)
{
	const struct conf_object *obj, *child;
	const struct token *name;
	const char *word;
	size_t i = 0;
	int ret;

	*p = (struct path){ .node = start };
	while (i < nr) {
		obj = conf_node_object(p->node);
		ret = word_find(obj, &tok[i], flags & PATH_ABBREV, &word,
		    err);
		if (ret < 0)
			return ret;
		p->row = schema_row(obj, word);
		if (p->row) {
			p->value = tok + i + 1;
			p->nr_values = nr - i - 1;
			return 0;
		}
		child = schema_child(obj, word);
		name = NULL;
		if (child->naming != OBJ_SINGLE) {
			if (i + 1 == nr) {
				p->pending = child;
				return 0;
			}
			name = &tok[++i];
		}
		ret = step(p, child, name, flags, &tok[i], err);
		if (ret < 0)
			return ret;
		i++;
	}
	return 0;
}

size_t
path_values(const struct path *p)
{
	const struct conf_object *obj = conf_node_object(p->node);
	size_t n;

	if (p->nr_values == 0)
		return 0;
	if (p->row->type == SET_SECRET && p->nr_values > 1 &&
	    str_eq(p->value[0].text, "file") && !p->value[0].quoted)
		return 2;
	if (!(p->row->flags & SET_LIST)) {
		n = p->value[0].quoted ? 1 :
		    schema_value_words(p->row, p->value[0].text);
		return n < p->nr_values ? n : p->nr_values;
	}
	for (n = 1; n < p->nr_values; n++) {
		if (!p->value[n].quoted &&
		    (schema_row(obj, p->value[n].text) ||
		    schema_child(obj, p->value[n].text)))
			break;
	}
	return n;
}

/* ---- the block that is edited ------------------------------------------- */

struct conf_node *
path_here(struct shell *sh)
{
	struct conf_node *n = conf_root(sh->cand.tree), *child;
	const struct conf_object *obj;
	size_t i;

	for (i = 0; i < sh->nr_edit; i++) {
		obj = schema_child(conf_node_object(n), sh->edit[i]);
		if (obj == NULL)
			break;
		child = conf_child(n, obj->word, obj->naming == OBJ_SINGLE ?
		    NULL : i + 1 < sh->nr_edit ? sh->edit[++i] : "");
		/* It may have been deleted, or undone: stay above it. */
		if (child == NULL)
			break;
		n = child;
	}
	return n;
}

void
path_edit_set(struct shell *sh, const struct conf_node *n)
{
	struct buf b = {0};
	char *word, *save = NULL;

	conf_node_path(n, &b);
	buf_puts(&b, "");
	while (sh->nr_edit > 0)
		free(sh->edit[--sh->nr_edit]);
	for (word = strtok_r((char *)b.data, " ", &save); word;
	    word = strtok_r(NULL, " ", &save)) {
		sh->edit = xrealloc(sh->edit, sh->nr_edit + 1,
		    sizeof(*sh->edit));
		sh->edit[sh->nr_edit++] = xstrdup(word);
	}
	buf_free(&b);
}

static void
label_add(const struct conf_node *n, struct buf *b)
{
	const struct conf_object *obj = conf_node_object(n);

	if (conf_node_parent(n) == NULL)
		return;
	label_add(conf_node_parent(n), b);
	if (obj->naming == OBJ_NAMED)
		buf_printf(b, "/%s", conf_node_name(n));
	else if (obj->naming == OBJ_NUMBERED)
		buf_printf(b, "/%s-%s", obj->word, conf_node_name(n));
	else
		buf_printf(b, "/%s", obj->word);
}

char *
path_edit_label(struct shell *sh)
{
	struct buf b = {0};

	if (sh->nr_edit > 0)
		label_add(path_here(sh), &b);
	buf_puts(&b, "");
	return buf_steal_str(&b);
}

/* ---- offers ------------------------------------------------------------- */

/* The names of the children of one kind. */
static void
offer_names(const struct conf_node *n, const struct conf_object *obj,
    const char *prefix, struct choices *out)
{
	const struct conf_node *c = NULL;
	const char *help;

	while ((c = conf_next_child(n, obj->word, c)) != NULL) {
		help = schema_row(obj, "description") ?
		    conf_value(c, "description", 0) : NULL;
		choices_add(out, prefix, conf_node_name(c),
		    help && *help ? help : _(obj->label));
	}
}

/* Settings and objects of a node. */
static void
offer_words(const struct conf_node *n, const char *prefix,
    struct choices *out)
{
	const struct conf_object *obj = conf_node_object(n);
	const struct set_row *row;
	const char *why;
	struct buf b = {0};
	size_t i;

	for (row = obj->rows; row && row->name; row++) {
		if (!schema_shown(row, n, &why) && !conf_is_set(n, row->name))
			continue;
		buf_reset(&b);
		buf_printf(&b, "%s%s", conf_is_set(n, row->name) ? "* " : "",
		    _(row->help));
		choices_add(out, prefix, row->name, (char *)b.data);
	}
	buf_free(&b);
	for (i = 0; obj->children && obj->children[i]; i++)
		choices_add(out, prefix, obj->children[i]->word,
		    _(obj->children[i]->help));
}

/* Words that fit the rest of the object; weak ones say so. */
static void
offer_choices(const struct conf_node *n, const struct set_row *row,
    const char *prefix, struct choices *out)
{
	const struct set_choice *c;
	struct buf b = {0};

	for (c = row->choices; c && c->word; c++) {
		if (row->fits && !row->fits(n, c->word))
			continue;
		buf_reset(&b);
		buf_puts(&b, c->help ? _(c->help) : "");
		if (c->weak)
			buf_printf(&b, _("%sWEAK: %s"), b.len ? "; " : "",
			    c->weak);
		if (c->later)
			buf_printf(&b, _("%snot yet supported"),
			    b.len ? "; " : "");
		if (c->weak)
			choices_add_weak(out, prefix, c->word, (char *)b.data);
		else
			choices_add(out, prefix, c->word, (char *)b.data);
	}
	buf_free(&b);
}

/* A secret itself is never offered. */
static void
offer_secret(const char *prefix, struct choices *out)
{
	choices_add(out, prefix, "file", _("Read it from a file"));
	choices_add(out, prefix, "-", _("Read it from standard input"));
	choices_shape(out, "<cr>", _("Asks for it without showing it"));
}

/* Values of a setting. */
static void
offer_values(struct shell *sh, const struct path *p, const char *prefix,
    struct choices *out)
{
	const struct conf_object *ref;
	struct buf b = {0};
	const char *word;
	size_t i;

	if (p->row->type == SET_SECRET) {
		offer_secret(prefix, out);
		return;
	}
	if (p->row->type == SET_BOOL) {
		choices_add(out, prefix, "yes", "");
		choices_add(out, prefix, "no", "");
	}
	offer_choices(p->node, p->row, prefix, out);
	for (i = 0; p->row->type == SET_END &&
	    (word = schema_end_word(i)) != NULL; i++)
		choices_add(out, prefix, word, "");
	ref = p->row->ref_object ?
	    schema_child(&conf_root_object, p->row->ref_object) : NULL;
	if (ref)
		offer_names(conf_root(sh->cand.tree), ref, prefix, out);
	if (p->row->type == SET_BOOL || p->row->type == SET_ENUM)
		return;
	if (p->row->type == SET_NAME)
		live_offer_links(prefix, out);
	/* Where "auto" is one of our own, another one may be meant. */
	if (p->row->type == SET_ADDRESS && p->row->def &&
	    str_eq(p->row->def, "auto"))
		live_offer_addresses(prefix, out);
	schema_shape(&b, p->row);
	buf_puts(&b, "");
	choices_shape(out, (char *)b.data, _(p->row->help));
	buf_free(&b);
}

/* Walk to where the words end, over settings that have their values. */
static int
walk_on(struct shell *sh, const struct token *tok, size_t nr,
    struct path *p, struct conf_node **made)
{
	struct sp_error err = {0};
	size_t used;
	int ret;

	*p = (struct path){ .node = path_here(sh) };
	*made = NULL;
	do {
		ret = path_walk(p->node, tok, nr, PATH_MAKE | PATH_ABBREV, p,
		    &err);
		if (*made == NULL)
			*made = p->made;
		if (ret < 0 || p->row == NULL)
			return ret;
		used = path_values(p);
		tok = p->value + used;
		nr = p->nr_values - used;
	} while (nr > 0);
	return 0;
}

/* The words behind "custom", "other-router-ip" and the like. */
static void
offer_rest_of_end(struct shell *sh, const struct path *p, const char *prefix,
    struct choices *out)
{
	const struct conf_object *networks;

	if (str_prefix(p->value[0].text, "other-") && p->nr_values == 1) {
		networks = schema_child(&conf_root_object, "vpn-network");
		offer_names(conf_root(sh->cand.tree), networks, prefix, out);
		choices_add(out, prefix, "External", _("The machine's own"));
		return;
	}
	choices_shape(out, str_eq(p->value[0].text, "custom") ?
	    _("<address, network or range>") : _("<address or name>"), "");
}

/* After a value: further values of a list, other settings, or Enter. */
static void
offer_after_value(struct shell *sh, const struct path *p, const char *prefix,
    struct choices *out)
{
	if (p->row->type == SET_END &&
	    schema_value_words(p->row, p->value[0].text) > p->nr_values) {
		offer_rest_of_end(sh, p, prefix, out);
		return;
	}
	if (p->row->flags & SET_LIST)
		offer_values(sh, p, prefix, out);
	if (p->row->type == SET_SECRET && str_eq(p->value[0].text, "file") &&
	    p->nr_values == 1) {
		choices_shape(out, _("<file>"), "");
		return;
	}
	offer_words(p->node, prefix, out);
	choices_shape(out, "<cr>", _("Run the command"));
}

void
path_offer(struct shell *sh, const struct token *done, size_t nr,
    const char *prefix, bool values, struct choices *out)
{
	struct conf_node *made;
	struct path p;
	int ret;

	ret = walk_on(sh, done, nr, &p, &made);
	/* Nothing fits behind a wrong word. */
	if (ret == 0 && p.row && values && p.nr_values == 0) {
		offer_values(sh, &p, prefix, out);
	} else if (ret == 0 && p.row && values) {
		offer_after_value(sh, &p, prefix, out);
	} else if (ret == 0 && p.row && p.nr_values == 0) {
		choices_shape(out, "<cr>", _("Run the command"));
	} else if (ret == 0 && p.pending) {
		offer_names(p.node, p.pending, prefix, out);
		choices_shape(out, p.pending->naming == OBJ_NUMBERED ?
		    "<1..9999>" : _("<name>"), _(p.pending->help));
	} else if (ret == 0 && p.row == NULL) {
		offer_words(p.node, prefix, out);
		if (nr > 0)
			choices_shape(out, "<cr>", _("Run the command"));
	}
	if (made)
		conf_node_delete(made);
}

/* ---- tunnels ------------------------------------------------------------ */

#define NETWORK "vpn-network"

/* The only phase 1 of this name; SP_EXISTS if several networks have one. */
static int
phase1_find(const struct conf_node *root, const struct token *t,
    struct conf_node **out, struct sp_error *err)
{
	struct conf_node *n = NULL, *p1, *found = NULL;

	while ((n = conf_next_child(root, NETWORK, n)) != NULL) {
		p1 = conf_child(n, "phase1", t->text);
		if (p1 && found) {
			sp_fail(err, SP_EXISTS,
			    _("Networks \"%s\" and \"%s\" both have a phase1 "
			    "\"%s\"; name the network first."),
			    conf_node_name(conf_node_parent(found)),
			    conf_node_name(n), t->text);
			sp_at(err, t->line, t->column, t->length);
			return SP_EXISTS;
		}
		if (p1)
			found = p1;
	}
	if (found == NULL) {
		sp_fail(err, SP_NOTFOUND, _("There is no phase1 \"%s\"."),
		    t->text);
		sp_at(err, t->line, t->column, t->length);
		return SP_NOTFOUND;
	}
	*out = found;
	return 0;
}

int
path_tunnel(struct shell *sh, const struct token *tok, size_t nr,
    struct conf_node **phase1, struct conf_node **child,
    struct sp_error *err)
{
	const struct conf_node *root = conf_root(sh->cand.tree);
	struct conf_node *net, *p2 = NULL;
	const struct token *last = NULL;
	int ret;

	net = nr > 1 ? conf_child(root, NETWORK, tok[0].text) : NULL;
	*phase1 = net ? conf_child(net, "phase1", tok[1].text) : NULL;
	if (*phase1) {
		last = nr > 2 ? &tok[2] : NULL;
	} else {
		ret = phase1_find(root, &tok[0], phase1, err);
		if (ret < 0)
			return ret;
		last = nr > 1 ? &tok[1] : NULL;
	}
	if (last) {
		p2 = conf_child(*phase1, "phase2", last->text);
		if (p2 == NULL)
			return fail_missing(&(struct conf_object){ .word =
			    "phase2" }, last, err);
	}
	if (child)
		*child = p2;
	return 0;
}

/* Offer the children of one kind with their distinguishing value. */
static void
offer_kind(const struct conf_node *n, const char *word, const char *about,
    const char *prefix, struct choices *out)
{
	const struct conf_node *c = NULL;
	const char *help;

	while ((c = conf_next_child(n, word, c)) != NULL) {
		help = conf_value(c, about, 0);
		choices_add(out, prefix, conf_node_name(c), help ? help : "");
	}
}

void
path_offer_tunnel(struct shell *sh, const struct token *done, size_t nr,
    const char *prefix, struct choices *out)
{
	const struct conf_node *root = conf_root(sh->cand.tree);
	const struct conf_node *n = NULL, *p1;

	if (nr == 0)
		offer_kind(root, NETWORK, "network-address", prefix, out);
	while ((n = conf_next_child(root, NETWORK, n)) != NULL) {
		if (nr == 0)
			offer_kind(n, "phase1", "remote-gateway", prefix, out);
		if (nr == 1 && str_eq(conf_node_name(n), done[0].text))
			offer_kind(n, "phase1", "remote-gateway", prefix, out);
		p1 = nr == 1 ? conf_child(n, "phase1", done[0].text) : NULL;
		if (nr == 2 && str_eq(conf_node_name(n), done[0].text))
			p1 = conf_child(n, "phase1", done[1].text);
		if (p1)
			offer_kind(p1, "phase2", "remote-network", prefix,
			    out);
	}
}
