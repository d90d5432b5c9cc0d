/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Completion: what is offered at the end of a line.  "-word" in the expected
 * list says that the word must not be offered, "=a b" that these are all.
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
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "shell/complete.h"
#include "shell/internal.h"

#define NAMES 10000
#define ROUNDS 5

static const char conf[] =
    "vpn-network branch {\n network-address 10.1.0.0/24;\n"
    " phase1 hq {\n remote-gateway 203.0.113.7;\n phase2 lan {\n }\n }\n"
    " phase1 paris {\n }\n}\n"
    "vpn-network lab {\n phase1 hq {\n }\n}\n";

static const struct {
	const char *text;
	const char *want;
} rows[] = {
	{ "", "set show connect -tunnels" },
	{ "sh", "=show" },
	{ "show ", "tunnels configuration log -set" },
	{ "show tunn", "=tunnels" },
	{ "show tunnels ", "branch hq paris lab detail <cr>" },
	{ "show tunnels branch ", "hq paris detail -lab" },
	{ "connect ", "branch hq paris lab <tunnel> -wait" },
	{ "connect hq ", "lan wait <cr> -paris" },
	{ "connect branch hq ", "lan wait" },
	{ "connect branch hq lan ", "wait <cr> -lan" },
	{ "connect hq wait ", "=<seconds>,~or~2m" },
	{ "power ", "=off on" },
	{ "power on ", "branch lab" },
	{ "set ", "vpn-network system" },
	{ "set vpn-network ", "branch lab <name>" },
	{ "set vpn-network new ", "address phase1 <cr>" },
	{ "set vpn-network branch phase1 hq authentication ",
	  "pre-shared-key certificate" },
	{ "set vpn-network branch phase1 hq authentication p",
	  "=pre-shared-key" },
	{ "set vpn-network branch phase1 hq pre-shared-key ",
	  "=- file <cr>" },
	{ "set vpn-network branch phase1 hq mobike ", "yes no" },
	{ "set vpn-n branch ph hq mob ", "yes no" },
	{ "set vpn-network branch phase1 hq mobike yes ",
	  "lifetime <cr> -yes" },
	{ "set vpn-network branch phase1 hq proposal 10 algorithm ",
	  "aes aes-gcm 3des" },
	{ "set vpn-network branch phase1 hq proposal 10 algorithm aes "
	  "key-length ", "128 192 256" },
	{ "delete vpn-network branch phase1 ", "hq paris" },
	{ "show log | ", "match count json save" },
	{ "show log | ma", "=match" },
	{ "show log | match ", "=<regular-expression>" },
	{ "show log | match x | c", "commands count" },
	{ "show tunnels; sh", "=show" },
	{ "help ", "connect show phase1 system" },
	{ "help phase1 ", "lifetime remote-gateway" },
	{ "nonsense ", "=" },
	{ "show nonsense ", "=" },
	{ "set nonsense ", "=" },
	{ "show configuration vpn-network branch phase1 hq lifetime ",
	  "=all <cr>" },
	{ "commit ", "comment <cr>" },
	{ "load ", "terminal <file>" },
};

static bool
has(const struct choices *c, const char *word)
{
	size_t i;

	for (i = 0; i < c->nr; i++) {
		if (str_eq(c->c[i].word, word))
			return true;
	}
	return false;
}

static bool
fits(const struct choices *c, const char *want)
{
	bool all = *want == '=', good = true;
	char *copy = xstrdup(want + all), *word, *save = NULL, *at;
	size_t nr = 0;

	for (word = strtok_r(copy, " ", &save); word;
	    word = strtok_r(NULL, " ", &save), nr++) {
		for (at = word; *at; at++)
			*at = *at == '~' ? ' ' : *at;
		if (!all && *word == '-')
			good &= !has(c, word + 1);
		else
			good &= has(c, word);
	}
	free(copy);
	return good && (!all || nr == c->nr);
}

static void
test_lines(void **state)
{
	struct shell sh = {0};
	struct sp_error err = {0};
	struct choices c;
	size_t i, j, start, bad = 0, before;

	(void)state;
	assert_int_equal(cand_start(&sh.cand, conf, 1, &err), 0);
	before = cand_changes(&sh.cand);
	for (i = 0; i < NELEM(rows); i++) {
		assert_true(complete_line(&sh, rows[i].text, &c, &start));
		if (!fits(&c, rows[i].want)) {
			printf("\"%s\": wanted %s, got", rows[i].text,
			    rows[i].want);
			for (j = 0; j < c.nr; j++)
				printf(" %s", c.c[j].word);
			printf("\n");
			bad++;
		}
		choices_free(&c);
	}
	assert_int_equal(cand_changes(&sh.cand), before);
	assert_false(complete_line(&sh, "annotate \"why", &c, &start));
	cand_free(&sh.cand);
	assert_int_equal(bad, 0);
}

/* At ten thousand tunnels no key waits. */
static void
test_speed(void **state)
{
	struct shell sh = {0};
	struct sp_error err = {0};
	struct buf b = {0};
	struct choices c;
	int64_t begin;
	size_t i, start;

	(void)state;
	for (i = 0; i < NAMES; i++)
		buf_printf(&b, "set vpn-network branch phase1 p%zu "
		    "remote-gateway 10.%zu.%zu.1\n", i, i / 250,
		    i % 250);
	assert_int_equal(cand_start(&sh.cand, (char *)b.data, 1, &err), 0);
	begin = clock_ms();
	for (i = 0; i < ROUNDS; i++) {
		assert_true(complete_line(&sh, "connect p999", &c, &start));
		assert_int_equal(c.nr, 12);	/* and <tunnel> */
		choices_free(&c);
		assert_true(complete_line(&sh, "connect ", &c, &start));
		assert_int_equal(c.nr, NAMES + 2);	/* the network */
		choices_free(&c);
	}
	printf("# names among %d: %.1f ms\n", NAMES,
	    (double)(clock_ms() - begin) / (2 * ROUNDS));
	/* 16 ms is the aim; sanitizers and a busy machine take more */
	assert_true(clock_ms() - begin <= 2 * ROUNDS * 200);
	cand_free(&sh.cand);
	buf_free(&b);
}

static void
test_common(void **state)
{
	struct choices c = {0};
	size_t nr;
	char *common;

	(void)state;
	choices_add(&c, "", "remote-gateway", "");
	choices_add(&c, "", "remote-port", "");
	choices_add(&c, "", "remote-port", "twice");
	choices_shape(&c, "<cr>", "");
	choices_sort(&c);
	assert_string_equal(c.c[1].help, "");
	common = choices_common(&c, &nr);
	assert_string_equal(common, "remote-");
	assert_int_equal(nr, 2);
	free(common);
	choices_free(&c);
}

static void
test_print(void **state)
{
	struct choices c = {0};
	struct buf b = {0};

	(void)state;
	choices_add(&c, "", "a", "first");
	choices_add(&c, "", "bcd", "a long line of help");
	choices_print(&c, 20, &b);
	assert_string_equal((char *)b.data,
	    "  a    first\n  bcd  a long line~\n");
	choices_free(&c);
	buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_speed),
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
