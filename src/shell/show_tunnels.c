/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "show tunnels": a row for every configured child of every tunnel, up or
 * not, the state of the child apart from that of its IKE SA, and for what is
 * down the sentence of the reason.  "detail" prints everything as blocks.
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
#include "shell/jget.h"
#include "shell/show.h"
#include "shell/table.h"

static const struct tbl_col cols[] = {
	{ "TUNNEL", TBL_LEFT, 0 }, { "PEER", TBL_LEFT, 0 },
	{ "IKE", TBL_LEFT, 0 }, { "STATE", TBL_LEFT, 0 },
	{ "AGE", TBL_RIGHT, 1 }, { "IN", TBL_RIGHT, 2 },
	{ "OUT", TBL_RIGHT, 2 }, { "PROPOSAL", TBL_LEFT, 4 },
	{ "NOTE", TBL_TEXT, 0 },
};

static const char *const states[] = { "connected", "rekeying", "connecting",
	"closing", "waiting", "failed", "disabled" };

/* What is counted for the last line. */
struct sums {
	size_t of[NELEM(states)];
	size_t all;
};

static void
sum_add(struct sums *s, const char *state)
{
	size_t i;

	s->all++;
	for (i = 0; i < NELEM(states); i++)
		s->of[i] += str_eq(states[i], state);
}

/* Do the tunnels belong to more than one network. */
static bool
many_networks(const json_t *list)
{
	const char *first = jstr(json_array_get(list, 0), "network");
	size_t i;

	for (i = 1; i < json_array_size(list); i++) {
		if (!str_eq(first, jstr(json_array_get(list, i), "network")))
			return true;
	}
	return false;
}

static void
cell(struct tbl *t, const json_t *obj, const char *path)
{
	struct buf b = {0};

	show_cell(&b, obj, path);
	buf_puts(&b, "");
	tbl_cell(t, (char *)b.data);
	buf_free(&b);
}

/* "hq/lan", with the network only where that tells something. */
static void
name_cell(struct tbl *t, const json_t *tunnel, const json_t *child,
    bool with_network)
{
	struct buf b = {0};

	if (with_network)
		buf_printf(&b, "%s/", jstr(tunnel, "network"));
	buf_puts(&b, jstr(tunnel, "phase1"));
	if (child)
		buf_printf(&b, "/%s", jstr(child, "phase2"));
	tbl_cell(t, (char *)b.data);
	buf_free(&b);
}

/* Short words of a state for the column of the IKE SA. */
static const char *
ike_state(const json_t *tunnel)
{
	const char *state = jstr(tunnel, "state");

	if (str_eq(state, "connected") || str_eq(state, "rekeying"))
		return _("up");
	return "-";
}

/* Why it is not up: the reason of the child or of the tunnel, or what the
 * engine remarks, such as that the network is off. */
static void
note_cell(struct tbl *t, const json_t *tunnel, const json_t *child)
{
	const char *state = jstr(child ? child : tunnel, "state");
	const char *text = NULL;
	char *safe;

	/* That it is off says more than why it went down before. */
	if (str_eq(state, "disabled"))
		text = json_string_value(json_array_get(jget(tunnel, "notes"),
		    0));
	if (text == NULL)
		text = jstr(child, "reason.text");
	if (*text == '\0')
		text = jstr(tunnel, "reason.text");
	safe = str_safe_dup(text);
	tbl_cell(t, safe);
	free(safe);
}

static void
add_row(struct tbl *t, const json_t *tunnel, const json_t *child,
    bool with_network, struct sums *s)
{
	const json_t *proposal = jget(child ? child : tunnel, "proposal");
	const char *state = jstr(child ? child : tunnel, "state");

	name_cell(t, tunnel, child, with_network);
	cell(t, tunnel, "remote.address");
	tbl_cell(t, ike_state(tunnel));
	tbl_cell(t, state);
	cell(t, *jstr(child, "since") ? child : tunnel, "@since");
	cell(t, child, "#bytes_in");
	cell(t, child, "#bytes_out");
	cell(t, json_is_null(proposal) || proposal == NULL ? tunnel :
	    child ? child : tunnel, "proposal");
	note_cell(t, tunnel, child);
	sum_add(s, state);
}

static void
print_sums(const struct sums *s, size_t hidden, struct buf *out)
{
	const char *sep = ": ";
	size_t i;

	buf_printf(out, s->all == 1 ? _("%zu tunnel") : _("%zu tunnels"),
	    s->all);
	for (i = 0; i < NELEM(states); i++) {
		if (s->of[i] == 0)
			continue;
		buf_printf(out, "%s%zu %s", sep, s->of[i], states[i]);
		sep = ", ";
	}
	if (hidden > 0)
		buf_printf(out, hidden == 1 ?
		    _("  (%zu column hidden: use | wide)") :
		    _("  (%zu columns hidden: use | wide)"), hidden);
	buf_puts(out, "\n");
}

static void
print_table(struct shell *sh, const json_t *list)
{
	struct tbl *t = tbl_new(cols, NELEM(cols));
	bool many = many_networks(list);
	struct sums s = {0};
	const json_t *tunnel, *children;
	size_t i, j, hidden;

	for (i = 0; i < json_array_size(list); i++) {
		tunnel = json_array_get(list, i);
		children = jget(tunnel, "children");
		for (j = 0; j < json_array_size(children); j++)
			add_row(t, tunnel, json_array_get(children, j), many,
			    &s);
		if (j == 0)
			add_row(t, tunnel, NULL, many, &s);
	}
	hidden = tbl_print(t, sh_width(sh), &sh->out);
	print_sums(&s, hidden, &sh->out);
	tbl_free(t);
}

/* The reasons of before, one a line: the last one, if it still holds, is
 * told whole already. */
static void
print_records(struct buf *b, const json_t *tunnel)
{
	const json_t *list = jget(tunnel, "records"), *r;
	size_t i = json_is_object(jget(tunnel, "reason")) ? 1 : 0;

	if (i < json_array_size(list))
		buf_puts(b, "records:\n");
	for (; i < json_array_size(list); i++) {
		r = json_array_get(list, i);
		buf_printf(b, "  %s %s: ", jstr(r, "time"), jstr(r, "code"));
		jprint(b, jget(r, "text"));
		buf_puts(b, "\n");
	}
}

/* Everything the engine says, tunnel by tunnel. */
static void
print_detail(struct shell *sh, const json_t *list)
{
	json_t *rest;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		if (i > 0)
			buf_puts(&sh->out, "\n");
		rest = json_copy(json_array_get(list, i));
		json_object_del(rest, "records");
		show_object(&sh->out, rest, 0);
		json_decref(rest);
		print_records(&sh->out, json_array_get(list, i));
	}
}

/* {"network", "phase1"} from one to three words: the first one is a network
 * if there is one of this name, else a tunnel. */
static json_t *
filter_params(struct shell *sh, const struct cmd_line *cl)
{
	const struct cmd_arg *a = cmd_arg(cl, "tunnel");
	json_t *p = json_pack("{s:b}", "brief", !sh->json &&
	    !cmd_has(cl, "detail"));
	size_t i = 0;

	if (a == NULL)
		return p;
	if (conf_child(conf_root(sh->cand.base), "vpn-network",
	    a->tok[0].text)) {
		json_object_set_new(p, "network",
		    json_string(a->tok[0].text));
		i = 1;
	}
	if (i < a->nr)
		json_object_set_new(p, "phase1", json_string(a->tok[i].text));
	return p;
}

int
cmd_show_tunnels(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	const struct cmd_arg *a = cmd_arg(cl, "tunnel");
	const json_t *list;
	int ret;

	ret = a ? session_need_candidate(sh, err) : 0;
	if (ret < 0)
		return ret;
	ret = sh_call(sh, "show.tunnels", filter_params(sh, cl), &sh->result,
	    err);
	if (ret < 0 || sh->json)
		return ret;
	list = jget(sh->result, "tunnels");
	if (json_array_size(list) == 0 && a) {
		sp_fail(err, SP_NOTFOUND, _("There is no tunnel \"%s\"."),
		    a->tok[a->nr - 1].text);
		sp_at(err, a->tok->line, a->tok->column, a->tok->length);
		return SP_NOTFOUND;
	}
	if (json_array_size(list) == 0)
		buf_puts(&sh->out, _("no tunnels\n"));
	else if (cmd_has(cl, "detail"))
		print_detail(sh, list);
	else
		print_table(sh, list);
	return 0;
}
