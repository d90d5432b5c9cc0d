/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands that act on tunnels and networks.  The engine resolves names, as
 * it is the running configuration that counts, and its refusals come back
 * with reason, ours, theirs and remedy, which report.c prints.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/text.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/jget.h"

/* ["net", "p1", "p2"] from the words of the argument. */
static json_t *
target_json(const struct cmd_line *cl)
{
	const struct cmd_arg *a = cmd_arg(cl, "tunnel");
	json_t *list = json_array();
	size_t i;

	for (i = 0; a && i < a->nr; i++)
		json_array_append_new(list, json_string(a->tok[i].text));
	return list;
}

/* The words as one name for people: "branch/hq". */
static void
target_print(const struct cmd_line *cl, const char *sep, struct buf *b)
{
	const struct cmd_arg *a = cmd_arg(cl, "tunnel");
	size_t i;

	for (i = 0; a && i < a->nr; i++)
		buf_printf(b, "%s%s", i > 0 ? sep : "", a->tok[i].text);
	buf_puts(b, "");
}

/* 0: do not wait. */
static int64_t
wait_ms(const struct cmd_line *cl)
{
	const char *text = cmd_word(cl, "seconds");
	int64_t seconds = 0;

	if (text == NULL || !duration_parse(text, &seconds))
		return 0;
	return seconds * 1000;
}

/* Does the candidate have a network or a phase 1 of this name. */
static bool
is_edited(const struct shell *sh, const char *name)
{
	const struct conf_node *root, *n = NULL;

	if (!cand_dirty(&sh->cand))
		return false;
	root = conf_root(sh->cand.tree);
	if (conf_child(root, "vpn-network", name))
		return true;
	while ((n = conf_next_child(root, "vpn-network", n)) != NULL) {
		if (conf_child(n, "phase1", name))
			return true;
	}
	return false;
}

/* A refused name is a word of this line: point at it.  It may wait in the
 * candidate: what runs knows it only after a commit. */
static int
point_at(struct shell *sh, const struct cmd_line *cl, const char *arg,
    int ret, struct sp_error *err)
{
	const struct cmd_arg *a = cmd_arg(cl, arg);
	const struct token *last = a ? &a->tok[a->nr - 1] : NULL;

	if (ret == SP_NOTFOUND && last && err->hint[0] == '\0' &&
	    is_edited(sh, a->tok->text))
		sp_hint(err, "commit");
	if (ret == SP_NOTFOUND && last && err->line == 0)
		sp_at(err, a->tok->line, a->tok->column,
		    last->column + last->length - a->tok->column);
	return ret;
}

/* ---- connect ------------------------------------------------------------ */

/* Steps of the negotiation, for a person only: scripts get the end. */
static int
show_progress(void *ctx, json_t *result)
{
	struct shell *sh = ctx;
	char *text;

	if (!sh_interactive(sh) || sh->p->quiet || sh->json)
		return 0;
	text = str_safe_dup(jstr(result, "progress"));
	if (*text) {
		printf("  %s\n", text);
		fflush(stdout);
	}
	free(text);
	return 0;
}

static void
print_selectors(const json_t *child, struct buf *b)
{
	struct buf ts = {0};

	jprint(&ts, jget(child, "local_ts"));
	buf_puts(&ts, " === ");
	jprint(&ts, jget(child, "remote_ts"));
	buf_printf(b, "; %s: %s", jstr(child, "phase2"), (char *)ts.data);
	buf_free(&ts);
}

/* "hq: connected to 203.0.113.7 (IKEv2, AES...) in 0.2 s; lan: A === B" */
static void
print_connected(struct shell *sh, const json_t *reply)
{
	const json_t *tunnel = jget(reply, "tunnel"), *children, *c;
	const json_t *seconds = jget(reply, "seconds");
	struct buf *b = &sh->out;
	size_t i;

	buf_printf(b, _("%s: connected to %s ("), jstr(tunnel, "phase1"),
	    jstr(tunnel, "remote.address"));
	if (json_is_integer(jget(tunnel, "ike_version")))
		buf_puts(b, "IKEv");
	jprint(b, jget(tunnel, "ike_version"));
	buf_puts(b, ", ");
	jprint(b, jget(tunnel, "proposal"));
	buf_puts(b, ")");
	if (json_is_number(seconds))
		buf_printf(b, _(" in %.*f s"), json_number_value(seconds) <
		    0.1 ? 2 : 1, json_number_value(seconds));
	children = jget(tunnel, "children");
	for (i = 0; i < json_array_size(children); i++) {
		c = json_array_get(children, i);
		if (str_eq(jstr(c, "state"), "connected"))
			print_selectors(c, b);
	}
	buf_puts(b, "\n");
}

int
tunnel_connect(struct shell *sh, json_t *target, int64_t wait,
    struct sp_error *err)
{
	int ret;

	json_decref(sh->result);
	sh->result = NULL;
	ret = sh_call_each(sh, "connect", json_pack("{s:o, s:I}", "target",
	    target, "wait_ms", (json_int_t)wait), show_progress, sh,
	    &sh->result, err);
	if (ret == 0 && jget(sh->result, "tunnel"))
		print_connected(sh, sh->result);
	return ret;
}

int
cmd_connect(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	struct buf b = {0};
	int ret;

	ret = tunnel_connect(sh, target_json(cl), wait_ms(cl), err);
	if (ret < 0 && *sh->interrupted) {
		/* Only the waiting has ended: the engine goes on trying. */
		target_print(cl, " ", &b);
		sp_hint(err, "disconnect %s", (char *)b.data);
		buf_free(&b);
	}
	if (ret < 0)
		return point_at(sh, cl, "tunnel", ret, err);
	if (jget(sh->result, "tunnel"))
		return 0;
	target_print(cl, "/", &sh->out);
	buf_printf(&sh->out, ": %s\n", jstr(sh->result, "state"));
	return 0;
}

/* ---- the others --------------------------------------------------------- */

/* Call with {"target": ...} and say the state that came of it. */
static int
call_target(struct shell *sh, const struct cmd_line *cl, const char *method,
    json_t *params, const char *done, struct sp_error *err)
{
	int ret;

	json_object_set_new(params, "target", target_json(cl));
	ret = sh_call(sh, method, params, &sh->result, err);
	if (ret < 0)
		return point_at(sh, cl, "tunnel", ret, err);
	target_print(cl, "/", &sh->out);
	if (*jstr(sh->result, "state"))
		done = jstr(sh->result, "state");
	buf_printf(&sh->out, "%s%s\n", sh->out.len > 0 ? ": " : "", done);
	return 0;
}

int
cmd_disconnect(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	return call_target(sh, cl, "disconnect", json_pack("{s:b}", "force",
	    cmd_has(cl, "force")), _("closing"), err);
}

int
cmd_rekey(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const char *what = cmd_has(cl, "ike") ? "ike" :
	    cmd_has(cl, "child") ? "child" : NULL;

	return call_target(sh, cl, "rekey", json_pack("{s:s?}", "what", what),
	    _("rekeying"), err);
}

int
cmd_reset_counters(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	return call_target(sh, cl, "reset.counters", json_object(),
	    _("counters set to zero"), err);
}

int
cmd_power(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	json_t *params;
	int ret;

	params = json_pack("{s:s, s:s, s:I}", "network",
	    cmd_word(cl, "network"), "state", cmd_has(cl, "on") ? "on" : "off",
	    "wait_ms", (json_int_t)wait_ms(cl));
	ret = sh_call(sh, "power", params, &sh->result, err);
	if (ret < 0)
		return point_at(sh, cl, "network", ret, err);
	buf_printf(&sh->out, "%s: %s\n", cmd_word(cl, "network"),
	    jstr(sh->result, "state"));
	return 0;
}
