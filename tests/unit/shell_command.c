/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command table and its parser: every grammar is well formed, every row
 * and every setting has help, and lines parse to what they should.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/schema.h"
#include "conf/text.h"
#include "shell/command.h"
#include "shell/internal.h"

static const char conf[] =
    "vpn-network branch {\n phase1 hq {\n phase2 lan {\n }\n }\n"
    " phase1 wait {\n }\n}\n";

/* "row words: name=first+..." or the sentence of the error. */
static char *
parsed(struct shell *sh, const char *line, bool abbrev)
{
	struct tokens t = {0};
	struct sp_error err = {0};
	struct cmd_line cl;
	struct buf b = {0};
	size_t i, j, nr;

	assert_int_equal(tokens_split(&t, line, true, &err), 0);
	for (nr = t.nr; nr > 0 && t.tok[nr - 1].type == TOK_END; nr--)
		;
	if (cmd_parse(sh, t.tok, nr, abbrev, &cl, &err) < 0) {
		buf_puts(&b, err.text);
		if (err.hint[0])
			buf_printf(&b, " [%s]", err.hint);
	} else {
		buf_printf(&b, "%s:", cl.row->words);
		for (i = 0; i < cl.nr_args; i++) {
			buf_printf(&b, " %.*s=", (int)cl.arg[i].name_len,
			    cl.arg[i].name);
			for (j = 0; j < cl.arg[i].nr; j++)
				buf_printf(&b, "%s%s", j ? "+" : "",
				    cl.arg[i].tok[j].text);
		}
	}
	tokens_free(&t);
	return buf_steal_str(&b);
}

static const struct {
	const char *line;
	bool abbrev;
	const char *want;
} rows[] = {
	{ "show tunnels", false, "show tunnels:" },
	{ "sh tun", true, "show tunnels:" },
	{ "sh tun", false, "Unknown command \"sh\". [show]" },
	{ "s tunnels", false, "Unknown command \"s\"." },
	{ "s tunnels", true, "\"s\" is ambiguous: save set show sign." },
	{ "shwo tunnels", false, "Unknown command \"shwo\". [show]" },
	{ "show tunels", false, "\"tunels\" is not known here. "
	  "[show tunnels]" },
	{ "show", false, "Incomplete command. [show ?]" },
	{ "connect hq", false, "connect: tunnel=hq" },
	{ "connect branch hq lan wait 30", false,
	  "connect: tunnel=branch+hq+lan wait=wait seconds=30" },
	{ "connect wait wait 2m", false,
	  "connect: tunnel=wait wait=wait seconds=2m" },
	{ "connect hq wa 30", true,
	  "connect: tunnel=hq wait=wa seconds=30" },
	{ "connect branch wait", true, "Incomplete command. "
	  "[connect <tunnel> [wait <seconds>]]" },
	{ "connect hq wait x", false, "\"x\" is not a time between 1s and 1d. "
	  "Write seconds, or 2m." },
	{ "connect", false,
	  "Incomplete command. [connect <tunnel> [wait <seconds>]]" },
	{ "connect hq wait 3 more", false, "\"more\" does not belong here." },
	{ "connect a b c d", false, "\"d\" does not belong here." },
	{ "power on branch", false, "power: on=on network=branch" },
	{ "power maybe branch", false, "\"maybe\" does not belong here." },
	{ "show log level debug last 3 tunnel branch hq since 1h", false,
	  "show log: level=level level=debug last=last count=3 tunnel=tunnel "
	  "tunnel=branch+hq since=since time=1h" },
	{ "show log last", false, "Incomplete command. [show log "
	  "[last <count>] [tunnel <tunnel>] [level <level>] [since <time>]]" },
	{ "show log level loud", false, "\"loud\" is not a level: error, "
	  "warning, notice, info or debug." },
	{ "rename vpn-network a to b", false,
	  "rename: path=vpn-network+a to=to name=b" },
	{ "show configuration vpn-network a all", false,
	  "show configuration: path=vpn-network+a all=all" },
	{ "load terminal", false, "load terminal:" },
	{ "load terminals", false, "load: file=terminals" },
	{ "load x replace", false, "load: file=x replace=replace" },
	{ "set vpn-network \"a b\" comment", false,
	  "set: path-value=vpn-network+a b+comment" },
	{ "commit comment \"two words\"", false,
	  "commit: comment=comment text=two words" },
	{ "quit now", false, "\"now\" does not belong here." },
};

static void
test_parse(void **state)
{
	struct shell sh = {0};
	struct sp_error err = {0};
	size_t i, bad = 0;
	char *got;

	(void)state;
	assert_int_equal(cand_start(&sh.cand, conf, 1, &err), 0);
	for (i = 0; i < NELEM(rows); i++) {
		got = parsed(&sh, rows[i].line, rows[i].abbrev);
		if (!str_eq(got, rows[i].want)) {
			printf("%s\n  got    %s\n  wanted %s\n", rows[i].line,
			    got, rows[i].want);
			bad++;
		}
		free(got);
	}
	cand_free(&sh.cand);
	assert_int_equal(bad, 0);
}

/* Brackets that are closed, types that exist. */
static void
check_grammar(const char *args)
{
	const struct arg_type *t;
	const char *s, *end;
	int depth = 0;

	for (s = args; *s; s++) {
		depth += *s == '[' ? 1 : *s == ']' ? -1 : 0;
		assert_in_range(depth, 0, 1);
		if (*s != '<')
			continue;
		end = strchr(s, '>');
		assert_non_null(end);
		for (t = arg_table; t->name; t++) {
			if (strlen(t->name) == (size_t)(end - s - 1) &&
			    memcmp(t->name, s + 1, strlen(t->name)) == 0)
				break;
		}
		if (t->name == NULL)
			printf("no type for %s\n", s);
		assert_non_null(t->name);
	}
	assert_int_equal(depth, 0);
}

static void
test_table(void **state)
{
	const struct cmd_row *row;

	(void)state;
	for (row = cmd_table; row->words; row++) {
		assert_non_null(row->run);
		assert_non_null(row->help);
		assert_true(strlen(row->help) <= 60);
		check_grammar(row->args);
		if (row > cmd_table && strcmp(row[-1].words, row->words) >= 0)
			printf("%s is not in order\n", row->words);
		if (row > cmd_table)
			assert_true(strcmp(row[-1].words, row->words) < 0);
	}
}

/* ---- help --------------------------------------------------------------- */

/* The page, NULL if there is none (caller's). */
static char *
page(const char *folder, const char *words)
{
	const char *top = getenv("SP_SRCDIR");
	char *path, *at, *text;
	size_t n;
	FILE *f;

	path = xasprintf("%s/help/%s/%s", top ? top : ".", folder, words);
	for (at = strrchr(path, '/'); *at; at++)
		*at = *at == ' ' ? '-' : *at;
	f = fopen(path, "r");
	if (f == NULL)
		printf("no page %s\n", path);
	free(path);
	if (f == NULL)
		return NULL;
	text = xcalloc(1, 16384);
	n = fread(text, 1, 16383, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

/* Is the word there as a whole word. */
static bool
mentions(const char *text, const char *word)
{
	const char *at = text;
	size_t n = strlen(word);
	static const char in_word[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	while ((at = strstr(at, word)) != NULL) {
		if ((at == text || !strchr(in_word, at[-1])) &&
		    (at[n] == '\0' || !strchr(in_word, at[n])))
			return true;
		at++;
	}
	return false;
}

static size_t
check_object(const struct conf_object *obj)
{
	const struct set_row *row;
	size_t i, bad = 0;
	char *text = obj == &conf_root_object ? xstrdup("") :
	    page("settings", obj->word);

	bad += text == NULL;
	for (row = obj->rows; text && row && row->name; row++) {
		if (row->help && row->help[0] && mentions(text, row->name))
			continue;
		printf("no help about %s %s\n", obj->word, row->name);
		bad++;
	}
	free(text);
	for (i = 0; obj->children && obj->children[i]; i++)
		bad += check_object(obj->children[i]);
	return bad;
}

static void
test_help(void **state)
{
	const struct cmd_row *row;
	size_t bad = 0;
	char *text;

	(void)state;
	for (row = cmd_table; row->words; row++) {
		text = page("commands", row->words);
		bad += text == NULL || *text == '\0';
		free(text);
	}
	bad += check_object(&conf_root_object);
	assert_int_equal(bad, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
