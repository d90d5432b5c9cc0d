/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Types of arguments in command grammars: how many words, what they must
 * look like, and what completion offers for them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/text.h"
#include "shell/command.h"
#include "shell/complete.h"
#include "shell/help.h"
#include "shell/internal.h"
#include "shell/live.h"
#include "shell/path.h"

#define ANY_NUMBER 256		/* words of a path, at most */

/* ---- checks ------------------------------------------------------------- */

static int
check_seconds(const struct token *tok, struct sp_error *err)
{
	int64_t v;

	if (duration_parse(tok->text, &v) && v > 0 && v <= 86400)
		return 0;
	return sp_fail(err, SP_FORMAT, _("\"%s\" is not a time between 1s "
	    "and 1d. Write seconds, or 2m."), tok->text);
}

static int
check_count(const struct token *tok, struct sp_error *err)
{
	int64_t v;

	if (str_to_i64(tok->text, 0, 1000000, &v))
		return 0;
	return sp_fail(err, SP_FORMAT,
	    _("\"%s\" is not a number between 0 and 1000000."), tok->text);
}

static int
check_minutes(const struct token *tok, struct sp_error *err)
{
	int64_t v;

	if (str_to_i64(tok->text, 1, 1440, &v))
		return 0;
	return sp_fail(err, SP_FORMAT, _("\"%s\" does not belong here; the "
	    "minutes behind \"confirmed\" lie between 1 and 1440."),
	    tok->text);
}

static int
check_size(const struct token *tok, struct sp_error *err)
{
	int columns, rows;

	if (term_parse_size(tok->text, &columns, &rows))
		return 0;
	return sp_fail(err, SP_FORMAT, _("\"%s\" is not a size. Write "
	    "columns x rows, such as 132x50."), tok->text);
}

static const char *const levels[] = { "error", "warning", "notice", "info",
	"debug" };

static int
check_level(const struct token *tok, struct sp_error *err)
{
	size_t i;

	for (i = 0; i < NELEM(levels); i++) {
		if (str_eq(levels[i], tok->text))
			return 0;
	}
	return sp_fail(err, SP_FORMAT, _("\"%s\" is not a level: error, "
	    "warning, notice, info or debug."), tok->text);
}

/* ---- offers ------------------------------------------------------------- */

static void
offer_level(struct shell *sh, const struct token *done, size_t nr,
    const char *prefix, struct choices *out)
{
	size_t i;

	(void)sh, (void)done, (void)nr;
	for (i = 0; i < NELEM(levels); i++)
		choices_add(out, prefix, levels[i], "");
}

static void
offer_path(struct shell *sh, const struct token *done, size_t nr,
    const char *prefix, struct choices *out)
{
	path_offer(sh, done, nr, prefix, false, out);
}

static void
offer_setting(struct shell *sh, const struct token *done, size_t nr,
    const char *prefix, struct choices *out)
{
	path_offer(sh, done, nr, prefix, true, out);
}

static void
offer_network(struct shell *sh, const struct token *done, size_t nr,
    const char *prefix, struct choices *out)
{
	const struct conf_node *root = conf_root(sh->cand.tree), *n = NULL;
	const char *help;

	(void)done, (void)nr;
	while ((n = conf_next_child(root, "vpn-network", n)) != NULL) {
		help = conf_value(n, "network-address", 0);
		choices_add(out, prefix, conf_node_name(n), help ? help : "");
	}
}

static void
offer_file(struct shell *sh, const struct token *done, size_t nr,
    const char *prefix, struct choices *out)
{
	(void)sh, (void)done, (void)nr;
	live_offer_files(prefix, out);
}

static void
offer_topic(struct shell *sh, const struct token *done, size_t nr,
    const char *prefix, struct choices *out)
{
	(void)sh;
	help_offer(done, nr, prefix, out);
}

/* Is word among what the offer gives for this place. */
static bool
tunnel_known(struct shell *sh, const struct token *done, size_t nr,
    const char *word)
{
	struct choices c = {0};
	bool found = false;
	size_t i;

	path_offer_tunnel(sh, done, nr, word, &c);
	for (i = 0; i < c.nr && !found; i++)
		found = str_eq(c.c[i].word, word);
	choices_free(&c);
	return found;
}

const struct arg_type arg_table[] = {
	{ .name = "count", .max = 1, .shape = N_("<number>"),
	  .check = check_count },
	{ .name = "file", .max = 1, .shape = N_("<file>"),
	  .offer = offer_file },
	{ .name = "level", .max = 1, .check = check_level,
	  .offer = offer_level },
	{ .name = "minutes", .max = 1, .shape = N_("<minutes>"),
	  .check = check_minutes },
	{ .name = "name", .max = 1, .shape = N_("<name>") },
	{ .name = "alt-names", .max = 16,
	  .shape = N_("<host names, addresses, e-mail addresses>") },
	{ .name = "network", .max = 1, .shape = N_("<network>"),
	  .offer = offer_network },
	{ .name = "path", .max = ANY_NUMBER, .offer = offer_path },
	{ .name = "path-value", .max = ANY_NUMBER, .offer = offer_setting },
	{ .name = "seconds", .max = 1, .shape = N_("<seconds>, or 2m"),
	  .check = check_seconds },
	{ .name = "secret-file", .max = 1, .shape = N_("<file>") },
	{ .name = "size", .max = 1, .shape = N_("<columns>x<rows>"),
	  .check = check_size },
	{ .name = "dn", .max = 1,
	  .shape = N_("<\"CN=name, O=organisation\">") },
	{ .name = "text", .max = 1, .shape = N_("<\"text\">") },
	{ .name = "time", .max = 1, .shape = N_("<1h, or 2026-01-31T12:00>") },
	{ .name = "topic", .max = 4, .offer = offer_topic },
	{ .name = "tunnel", .max = 3, .shape = N_("<tunnel>"),
	  .known = tunnel_known, .offer = path_offer_tunnel },
	{ .name = NULL }
};
