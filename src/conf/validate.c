/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Checks of a whole configuration.  Each row's own check and warning run on
 * the value in force, default or not; then the checks of objects, and what
 * concerns several objects: selectors that occur twice, names that lead
 * nowhere.  What is disabled may be half finished: it is not checked.
 *
 * Work is bounded: reports end at REPORT_MAX entries, the comparison of
 * selectors at PAIRS_MAX pairs.
 */
#include "conf/validate.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/i18n.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"
#include "conf/model.h"

#define REPORT_MAX 1000
#define PAIRS_MAX 200000
#define WARNING 256		/* room for a warning of a table */

struct walk {
	const struct conf_tree *tree;
	struct conf_report *report;
	struct map *selectors;	/* space, local, remote -> phase 2 */
};

/* One entry with the path of the node and setting (NULL: the object). */
static void
add(struct sp_error **list, size_t *nr, const struct conf_node *n,
    const char *setting, const struct sp_error *e)
{
	struct buf path = {0};

	if (*nr >= REPORT_MAX)
		return;
	/* grown by doubling: at 0, 1, 2, 4 ... entries */
	if ((*nr & (*nr - 1)) == 0)
		*list = xrealloc(*list, *nr ? *nr * 2 : 1, sizeof(**list));
	(*list)[*nr] = *e;
	conf_node_path(n, &path);
	if (setting != NULL)
		buf_printf(&path, "%s%s", path.len > 0 ? " " : "", setting);
	sp_path(&(*list)[*nr], "%s", (const char *)path.data);
	buf_free(&path);
	/* a list says it of each of its values: once is enough */
	if (*nr == 0 || !str_eq((*list)[*nr].path, (*list)[*nr - 1].path) ||
	    !str_eq((*list)[*nr].text, (*list)[*nr - 1].text))
		(*nr)++;
}

static void
add_error(const struct walk *w, const struct conf_node *n,
    const char *setting, const struct sp_error *e)
{
	add(&w->report->errors, &w->report->nr_errors, n, setting, e);
}

static void
add_warning(const struct walk *w, const struct conf_node *n,
    const char *setting, const struct sp_error *e)
{
	add(&w->report->warnings, &w->report->nr_warnings, n, setting, e);
}

/* Values and choices whose behaviour comes with a later version. */
static void
check_later(const struct walk *w, const struct conf_node *n,
    const struct set_row *row, const char *value)
{
	const struct set_choice *c = schema_choice(row, value);
	char shown[CONF_QUOTE];
	struct sp_error e;

	if (!(c != NULL && c->later) &&
	    (!(row->flags & SET_LATER) || str_eq(value, row->def)))
		return;
	sp_fail(&e, SP_UNSUPPORTED,
	    "%s %s is not yet supported in this version.", row->name,
	    value_quote(shown, value));
	add_error(w, n, row->name, &e);
}

/* What a weak choice is called: "DH group 2", or the word. */
static void
weak_name(struct sp_error *out, const struct set_row *row, const char *value)
{
	value_sentence(out, SP_INVALID, row->weak_name ? row->weak_name :
	    "{v}", value);
}

/* system weak-algorithms decides; warned: the row has said it already. */
static void
check_weak(const struct walk *w, const struct conf_node *n,
    const struct set_row *row, const char *value, bool warned)
{
	const struct set_choice *c = schema_choice(row, value);
	const char *policy;
	struct sp_error e, what;

	if (c == NULL || c->weak == NULL)
		return;
	policy = conf_str(conf_child(w->tree->root, "system", NULL),
	    "weak-algorithms");
	weak_name(&what, row, value);
	if (str_eq(policy, "refuse")) {
		sp_fail(&e, SP_INVALID,
		    "%s is refused by system weak-algorithms (%s).",
		    what.text, c->weak);
		add_error(w, n, row->name, &e);
	} else if (str_eq(policy, "warn") && !warned) {
		sp_fail(&e, SP_INVALID, "%s is weak (%s); prefer %s.",
		    what.text, c->weak, row->better);
		add_warning(w, n, row->name, &e);
	}
}

static void
check_value(const struct walk *w, const struct conf_node *n,
    const struct set_row *row, const char *value)
{
	const char *warning = NULL;
	char buf[WARNING];
	struct sp_error e = {0};

	check_later(w, n, row, value);
	if (row->check != NULL && row->check(n, value, &e) < 0)
		add_error(w, n, row->name, &e);
	if (row->warn != NULL)
		warning = row->warn(n, value, buf);
	if (warning != NULL) {
		sp_fail(&e, SP_INVALID, "%s", warning);
		add_warning(w, n, row->name, &e);
	}
	check_weak(w, n, row, value, warning != NULL);
}

/* A reference must lead to an object of its kind at the top. */
static void
check_reference(const struct walk *w, const struct conf_node *n,
    const struct set_row *row, const char *value)
{
	const struct conf_node *root = w->tree->root;
	struct sp_error e;

	if (row->type != SET_REFERENCE ||
	    schema_child(root->object, row->ref_object) == NULL ||
	    conf_child(root, row->ref_object, value) != NULL)
		return;
	sp_fail(&e, SP_INVALID, "%s names %s \"%s\", which does not exist.",
	    row->name, row->ref_object, value);
	add_error(w, n, row->name, &e);
}

static void
report_missing(const struct walk *w, const struct conf_node *n,
    const struct set_row *row)
{
	struct buf path = {0};
	struct sp_error e;

	sp_fail(&e, SP_INVALID, "%s \"%s\" has no %s, which it needs.",
	    n->object->label, n->name, row->name);
	conf_node_path(n, &path);
	sp_hint(&e, "set %s %s ...", (const char *)path.data, row->name);
	buf_free(&path);
	add_error(w, n, row->name, &e);
}

static void
report_idle(const struct walk *w, const struct conf_node *n,
    const struct set_row *row, const char *why)
{
	struct sp_error e;

	sp_fail(&e, SP_INVALID, "%s has no effect while %s; it is kept.",
	    row->name, why);
	add_warning(w, n, row->name, &e);
}

/* May a default be wrong, or worth a warning, in its place. */
static bool
default_matters(const struct set_row *row)
{
	return (row->flags & SET_REQUIRED) || row->check != NULL ||
	    row->warn != NULL || row->dynamic_def != NULL ||
	    row->better != NULL;
}

static void
check_row(const struct walk *w, const struct conf_node *n,
    const struct set_row *row)
{
	bool set = leaf_find(n, row) != NULL;
	const char *why = "", *value;
	size_t i;

	if (!set && !default_matters(row))
		return;
	if (!schema_shown(row, n, &why)) {
		if (set)
			report_idle(w, n, row, why);
		return;
	}
	if (!set && (row->flags & SET_REQUIRED))
		report_missing(w, n, row);
	for (i = 0; (value = conf_value(n, row->name, i)) != NULL; i++) {
		if (set)
			check_reference(w, n, row, value);
		check_value(w, n, row, value);
	}
}

/* "first-last[proto/port]": equal for equal sets of packets. */
static void
selector_key(struct buf *b, const char *selector)
{
	char a[ADDR_TEXT], z[ADDR_TEXT];
	struct ip_addr first, last;

	if (selector_range(selector, &first, &last))
		buf_printf(b, "%s-%s%s ", addr_print(&first, a),
		    addr_print(&last, z), selector + strcspn(selector, "["));
	else
		buf_printf(b, "%s ", selector);
}

/* A side's i-th selector; nothing set or dynamic is the outer address. */
static const char *
selector_of(const struct conf_node *p2, const char *setting,
    const char *outer, size_t i)
{
	const char *sel = conf_value(p2, setting, i);

	if (sel == NULL && i == 0)
		return conf_str(p2->parent, outer);
	if (str_eq(sel, "dynamic"))
		return conf_str(p2->parent, outer);
	return sel;
}

static void
report_twice(const struct walk *w, const struct conf_node *p2,
    const struct conf_node *other, const char *local, const char *remote)
{
	struct sp_error e;

	sp_fail(&e, SP_INVALID, "%s to %s is already phase 2 \"%s\" of "
	    "\"%s\"; the kernel cannot tell them apart.", local, remote,
	    other->name, other->parent->name);
	add_error(w, p2, "local-network", &e);
}

/* Enter one pair; false when it was there already (and is reported). */
static bool
enter_pair(struct walk *w, const struct conf_node *p2, const char *local,
    const char *remote)
{
	const struct conf_node *network = p2->parent->parent, *other;
	bool host = str_eq(conf_str(network, "placement"), "host");
	struct buf key = {0};

	/* policies of one namespace share one table */
	buf_printf(&key, "%s ", host ? "" : network->name);
	selector_key(&key, local);
	selector_key(&key, remote);
	other = map_get(w->selectors, key.data, key.len);
	if (other == NULL)
		map_put(w->selectors, key.data, key.len, (void *)(uintptr_t)p2);
	buf_free(&key);
	if (other == NULL || other == p2)
		return true;
	report_twice(w, p2, other, local, remote);
	return false;
}

/*
 * The same selectors twice in one namespace: which child a packet takes
 * would be chance.  Peers with any address differ by what they get.
 */
static void
check_selectors(struct walk *w, const struct conf_node *p2)
{
	const char *local, *remote;
	size_t i, k;

	for (i = 0; (local = selector_of(p2, "local-network",
	    "local-address", i)) != NULL; i++) {
		for (k = 0; (remote = selector_of(p2, "remote-network",
		    "remote-gateway", k)) != NULL; k++) {
			if (str_eq(remote, "any") ||
			    map_count(w->selectors) >= PAIRS_MAX)
				continue;
			if (!enter_pair(w, p2, local, remote))
				return;
		}
	}
}

static void
check_node(struct walk *w, const struct conf_node *n)
{
	const struct set_row *row;
	struct conf_node *child;
	struct sp_error e = {0};

	if (!conf_node_enabled(n) && n->object->naming != OBJ_SINGLE)
		return;
	for (row = n->object->rows; row->name != NULL; row++)
		check_row(w, n, row);
	if (n->object->check != NULL && n->object->check(n, &e) < 0)
		add_error(w, n, NULL, &e);
	if (n->object == &phase2_object)
		check_selectors(w, n);
	LIST_EACH(child, &n->children, struct conf_node, link)
		check_node(w, child);
}

void
conf_validate(const struct conf_tree *t, struct conf_report *out)
{
	struct walk w = { .tree = t, .report = out };

	*out = (struct conf_report){0};
	w.selectors = map_new((uint64_t)(uintptr_t)t);
	check_node(&w, t->root);
	map_free(w.selectors);
}

void
conf_report_free(struct conf_report *r)
{
	free(r->errors);
	free(r->warnings);
	*r = (struct conf_report){0};
}
