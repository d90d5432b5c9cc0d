/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The wizard on the screen: the same steps as line by line (wizard.h), with
 * the answers so far above the question.  Nothing is changed before the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/schema.h"
#include "shell/internal.h"
#include "shell/menu/menu.h"
#include "shell/menu/pages.h"
#include "shell/secretin.h"
#include "shell/wizard.h"

#define ANSWERS 40

struct wizard_page {
	struct menu *m;
	struct wizard *w;
	const struct wiz_step *given[ANSWERS];
	char *answer[ANSWERS];
	size_t nr;
	char *made;		/* the key that was generated, or NULL */
};

static void
wipe(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

/* ---- drawing ------------------------------------------------------------ */

/* Help of the step below the answers, as far as there is room. */
static void
draw_help(struct wizard_page *p, int y)
{
	struct buf text = {0}, help = {0};
	char *line, *save = NULL;

	wizard_help(p->w, &text);
	buf_puts(&text, "");
	win_wrap(&help, (char *)text.data,
	    (size_t)scr_columns(p->m->scr) - 3);
	buf_free(&text);
	for (line = strtok_r((char *)help.data, "\n", &save);
	    line != NULL && y < scr_body(p->m->scr);
	    line = strtok_r(NULL, "\n", &save))
		scr_row(p->m->scr, y++, line, ROLE_DIM, false);
	scr_clear_from(p->m->scr, y);
	buf_free(&help);
}

static void
draw(struct wizard_page *p)
{
	struct buf b = {0};
	size_t step, of, i, room = (size_t)scr_body(p->m->scr) / 2;
	int y = 0;

	wizard_place(p->w, &step, &of);
	buf_printf(&b, _("First tunnel: step %zu of %zu"), step, of);
	menu_frame(p->m, (char *)b.data, "", _("Enter next  Esc back  "
	    "nothing is changed before the end"));
	for (i = p->nr > room ? p->nr - room : 0; i < p->nr; i++) {
		buf_reset(&b);
		buf_printf(&b, "%-32s %s", _(p->given[i]->question),
		    p->answer[i]);
		scr_row(p->m->scr, y++, (char *)b.data, ROLE_PLAIN, false);
	}
	scr_row(p->m->scr, y++, "", ROLE_PLAIN, false);
	draw_help(p, y);
	buf_free(&b);
}

/* ---- answers ------------------------------------------------------------ */

static void
remember(struct wizard_page *p, const struct wiz_step *step,
    const char *text)
{
	if (p->nr == ANSWERS)
		return;
	p->given[p->nr] = step;
	p->answer[p->nr++] = xstrdup(text);
}

static void
forget(struct wizard_page *p)
{
	if (p->nr > 0)
		free(p->answer[--p->nr]);
}

/* Nothing typed: a random key, shown at the end. */
static int
answer_secret(struct wizard_page *p, const char *text, struct sp_error *err)
{
	struct secret s = {0};
	int ret = 0;

	wipe(p->made);
	p->made = NULL;
	if (text[0] == '\0') {
		ret = secretin_random(&p->made, err);
		text = p->made;
	}
	if (ret == 0) {
		secret_set(&s, text, strlen(text));
		ret = wizard_answer_secret(p->w, &s, err);
	}
	secret_free(&s);
	return ret;
}

/* One step; false: the person left at the first one. */
static bool
ask(struct wizard_page *p)
{
	const struct wiz_step *step = wizard_step(p->w);
	const struct set_row *row = wizard_row(p->w);
	bool secret = row != NULL && row->type == SET_SECRET;
	char *offer = wizard_offer(p->w), *question, *text;
	struct sp_error err = {0};
	int ret;

	draw(p);
	question = xasprintf(secret ? _("%s (empty: a new random one): ") :
	    "%s: ", _(step->question));
	text = win_line(p->m, question, secret ? "" : offer, secret);
	free(question);
	free(offer);
	if (text == NULL) {
		forget(p);
		return wizard_back(p->w);
	}
	ret = secret ? answer_secret(p, text, &err) :
	    wizard_answer(p->w, text, &err);
	if (ret < 0) {
		menu_error(p->m, &err);
		(void)win_ask(p->m, p->m->note, " ");
	} else {
		remember(p, step, secret ? "********" : text);
	}
	wipe(text);
	return true;
}

/* ---- the end ------------------------------------------------------------ */

static void
print_value(struct buf *b, const char *label, const struct conf_node *n,
    const char *setting)
{
	size_t i;

	buf_printf(b, "  %-24s", label);
	for (i = 0; conf_value(n, setting, i) != NULL; i++)
		buf_printf(b, "%s ", conf_value(n, setting, i));
	buf_puts(b, "\n");
}

/* The commands, and what the other side has to be told, in its words. */
static void
summary(struct wizard_page *p)
{
	const struct conf_node *p1 = wizard_node(p->w, WIZ_PHASE1);
	const struct conf_node *p2 = wizard_node(p->w, WIZ_PHASE2);
	struct buf b = {0};

	buf_printf(&b, "%s\n", _("This makes:"));
	wizard_commands(p->w, &b);
	buf_printf(&b, "\n%s\n", _("For the other side:"));
	print_value(&b, _("IKE version"), p1, "key-exchange");
	print_value(&b, _("peer's identity (ours)"), p1, "identifier");
	print_value(&b, _("own identity (theirs)"), p1, "peer-identifier");
	print_value(&b, _("their local networks"), p2, "remote-network");
	print_value(&b, _("their remote networks"), p2, "local-network");
	buf_printf(&b, "  %-24s%s\n", _("pre-shared key"), p->made != NULL ?
	    p->made : _("the one that you typed"));
	win_text(p->m, _("Summary; q goes on"), (char *)b.data);
	buf_wipe(&b);
}

/* Commit, power on, connect; the reason of a failure is on the page of the
 * tunnel, which stays. */
static void
carry_out(struct menu *m, const char *network, const char *phase1)
{
	if (!menu_act(m, _("Commit"), "commit comment wizard"))
		return;
	if (menu_act(m, _("Power on"), "power on %s wait 15", network))
		(void)menu_act(m, _("Connect"), "connect %s %s wait 30",
		    network, phase1);
	page_tunnel(m, network, phase1);
}

static void
finish(struct wizard_page *p)
{
	char *network = xstrdup(conf_node_name(wizard_node(p->w,
	    WIZ_NETWORK)));
	char *phase1 = xstrdup(conf_node_name(wizard_node(p->w,
	    WIZ_PHASE1)));
	char answer;

	summary(p);
	answer = win_ask(p->m, _("Commit and connect, keep as edits, or drop "
	    "it? c/k/d [k] "), "kcd");
	if (answer != 'd') {
		cand_replace(&p->m->sh->cand, wizard_take(p->w));
		if (answer == 'c')
			carry_out(p->m, network, phase1);
	}
	free(network);
	free(phase1);
}

void
page_wizard(struct menu *m)
{
	struct wizard_page p = { .m = m };

	m->editing = true;
	p.w = wizard_new(m->sh->cand.tree, wizard_first_tunnel);
	while (!m->leave && wizard_step(p.w) != NULL && ask(&p))
		;
	m->editing = false;
	if (!m->leave && wizard_step(p.w) == NULL)
		finish(&p);
	while (p.nr > 0)
		forget(&p);
	wizard_free(p.w);
	wipe(p.made);
}
