/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "move": another place in the order of numbered objects (rules, proposals),
 * whose order is that of their numbers.  The one that moves takes a number
 * between its new neighbours; where there is none, those behind it make room
 * by one each until there is a gap.
 */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/text.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/path.h"

#define NUMBER_MAX 9999
#define STEP 10			/* behind the last one */

/* The siblings of one that moves, without it, in order. */
struct order {
	struct conf_node **node;
	int64_t *number;
	size_t nr;
};

static int64_t
number_of(const struct conf_node *n)
{
	int64_t v = 0;

	(void)str_to_i64(conf_node_name(n), 1, NUMBER_MAX, &v);
	return v;
}

static void
order_read(struct order *o, const struct conf_node *moved)
{
	const struct conf_node *parent = conf_node_parent(moved);
	const char *word = conf_node_object(moved)->word;
	struct conf_node *n = NULL;

	*o = (struct order){0};
	while ((n = conf_next_child(parent, word, n)) != NULL) {
		if (n == moved)
			continue;
		o->node = xrealloc(o->node, o->nr + 1, sizeof(*o->node));
		o->number = xrealloc(o->number, o->nr + 1,
		    sizeof(*o->number));
		o->node[o->nr] = n;
		o->number[o->nr++] = number_of(n);
	}
}

static void
order_free(struct order *o)
{
	free(o->node);
	free(o->number);
}

/* A number that nobody has, from the end. */
static int64_t
free_number(const struct order *o)
{
	int64_t v = NUMBER_MAX;
	size_t i;

	for (i = o->nr; i > 0 && o->number[i - 1] == v; i--)
		v--;
	return v;
}

static int
renumber(struct conf_node *n, int64_t number, struct sp_error *err)
{
	char name[16];

	if (number_of(n) == number)
		return 0;
	snprintf(name, sizeof(name), "%lld", (long long)number);
	return conf_node_rename(n, name, err);
}

/* A number for the place before the at-th sibling; *shift gets how many from
 * there on must make room.  0: there is none. */
static int64_t
choose(const struct order *o, size_t at, size_t *shift)
{
	int64_t low = at > 0 ? o->number[at - 1] : 0;
	int64_t high = at < o->nr ? o->number[at] : NUMBER_MAX + 1;

	*shift = 0;
	if (high - low > 1)
		return at == o->nr && low + STEP <= NUMBER_MAX ? low + STEP :
		    low + (high - low) / 2;
	while (at + *shift < o->nr && o->number[at + *shift] ==
	    low + 1 + (int64_t)*shift)
		++*shift;
	return low + (int64_t)*shift < NUMBER_MAX ? low + 1 : 0;
}

static int
place(struct order *o, struct conf_node *moved, size_t at, int64_t *number,
    struct sp_error *err)
{
	size_t shift, i;
	int ret;

	*number = choose(o, at, &shift);
	if (*number == 0)
		return sp_fail(err, SP_RANGE, _("No number is free behind "
		    "%d."), NUMBER_MAX);
	/* Out of the way first: the others may need its number. */
	ret = shift > 0 ? renumber(moved, free_number(o), err) : 0;
	for (i = at + shift; ret == 0 && i > at; i--)
		ret = renumber(o->node[i - 1], o->number[i - 1] + 1, err);
	return ret < 0 ? ret : renumber(moved, *number, err);
}

/* The object that moves, and the token that names the other one. */
static int
find_moved(struct shell *sh, const struct cmd_line *cl, struct path *p,
    struct sp_error *err)
{
	const struct cmd_arg *a = cmd_arg(cl, "path");
	const struct token *last = &a->tok[a->nr - 1];
	int ret;

	ret = path_walk(path_here(sh), a->tok, a->nr, sh_interactive(sh) ?
	    PATH_ABBREV : 0, p, err);
	if (ret < 0)
		return ret;
	if (p->row || p->pending ||
	    conf_node_object(p->node)->naming != OBJ_NUMBERED) {
		sp_fail(err, SP_FORMAT, _("Only what has a number can be "
		    "moved: a rule, a proposal."));
		sp_hint(err, "move rule 20 before 10");
		sp_at(err, last->line, last->column, last->length);
		return SP_FORMAT;
	}
	return 0;
}

int
cmd_move(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const struct token *other = cmd_arg(cl, "name")->tok;
	struct order o;
	struct path p;
	int64_t number;
	size_t at;
	int ret;

	ret = find_moved(sh, cl, &p, err);
	if (ret < 0)
		return ret;
	order_read(&o, p.node);
	for (at = 0; at < o.nr; at++) {
		if (str_eq(conf_node_name(o.node[at]), other->text))
			break;
	}
	if (at == o.nr) {
		ret = sp_fail(err, SP_NOTFOUND, _("There is no other %s "
		    "\"%s\" here."), conf_node_object(p.node)->word,
		    other->text);
		sp_at(err, other->line, other->column, other->length);
	} else {
		ret = place(&o, p.node, at + cmd_has(cl, "after"), &number,
		    err);
	}
	if (ret == 0)
		buf_printf(&sh->out, _("now %s %lld\n"),
		    conf_node_object(p.node)->word, (long long)number);
	order_free(&o);
	return ret;
}
