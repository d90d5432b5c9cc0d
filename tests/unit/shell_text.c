/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts of the shell: tables, numbers, pages, pipes, base64, and lines with
 * secrets masked.
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
#include "base/secret.h"
#include "base/str.h"
#include "conf/text.h"
#include "shell/base64.h"
#include "shell/internal.h"
#include "shell/pager.h"
#include "shell/pipe.h"
#include "shell/table.h"

/* ---- tables ------------------------------------------------------------- */

static const struct tbl_col cols[] = {
	{ "NAME", TBL_LEFT, 0 }, { "BYTES", TBL_RIGHT, 1 },
	{ "A-RATHER-WIDE-COLUMN-WITH-A-LONG-HEAD", TBL_LEFT, 2 },
	{ "STATE", TBL_LEFT, 0 },
};

static const struct {
	int width;
	size_t hidden;
	const char *want;
} tables[] = {
	{ 0, 0,
	  "NAME     BYTES  A-RATHER-WIDE-COLUMN-WITH-A-LONG-HEAD  STATE\n"
	  "bl\xc3\xbctenh      1  x                                      up\n"
	  "b        12345  -                                      down\n" },
	{ 60, 0,
	  "NAME     BYTES  A-RATHER-WIDE-COLUMN-WITH-A-LONG-HEAD  STATE\n"
	  "bl\xc3\xbctenh      1  x                                      up\n"
	  "b        12345  -                                      down\n" },
	{ 40, 0,
	  "NAME: bl\xc3\xbctenh\nBYTES: 1\n"
	  "A-RATHER-WIDE-COLUMN-WITH-A-LONG-HEAD: x\nSTATE: up\n\n"
	  "NAME: b\nBYTES: 12345\n"
	  "A-RATHER-WIDE-COLUMN-WITH-A-LONG-HEAD: -\nSTATE: down\n" },
};

static void
test_tables(void **state)
{
	static const char *const cells[] = { "bl\xc3\xbctenh", "1", "x", "up",
		"b", "12345", "", "down" };
	struct tbl *t = tbl_new(cols, NELEM(cols));
	struct buf b = {0};
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cells); i++)
		tbl_cell(t, cells[i]);
	assert_int_equal(tbl_rows(t), 2);
	for (i = 0; i < NELEM(tables); i++) {
		buf_reset(&b);
		assert_int_equal(tbl_print(t, tables[i].width, &b),
		    tables[i].hidden);
		assert_string_equal((char *)b.data, tables[i].want);
	}
	tbl_free(t);
	buf_free(&b);
}

static void
test_dropped_columns(void **state)
{
	static const struct tbl_col wide[] = {
		{ "KEY", TBL_LEFT, 0 },
		{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", TBL_LEFT, 1 },
		{ "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", TBL_LEFT, 2 },
		{ "C", TBL_LEFT, 0 },
	};
	struct tbl *t = tbl_new(wide, NELEM(wide));
	struct buf b = {0};

	(void)state;
	assert_int_equal(tbl_print(t, 60, &b), 1);
	assert_string_equal((char *)b.data,
	    "KEY  AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA  C\n");
	tbl_free(t);
	buf_free(&b);
}

static const struct {
	const char *text;
	size_t room;
	const char *want;
} cuts[] = {
	{ "The peer does not answer.", 0, "The peer does not answer." },
	{ "The peer does not answer.", 25, "The peer does not answer." },
	{ "The peer does not answer.", 24, "The peer does not~" },
	{ "The peer does not answer.", 18, "The peer does not~" },
	{ "The peer does not answer.", 17, "The peer does~" },
	{ "NO_PROPOSAL_CHOSEN and more", 10, "NO_PROPOS~" },
	{ "m\xc3\xbc\xc3\xbc\xc3\xbc" "de", 4, "m\xc3\xbc\xc3\xbc~" },
	{ "", 1, "" }, { "ab", 1, "~" },
};

static void
test_cuts(void **state)
{
	struct buf b = {0};
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cuts); i++) {
		buf_reset(&b);
		text_cut(&b, cuts[i].text, cuts[i].room);
		buf_puts(&b, "");
		assert_string_equal((char *)b.data, cuts[i].want);
	}
	buf_free(&b);
}

static const struct {
	const char *text;
	size_t width, indent;
	const char *want;
} wraps[] = {
	{ "error: the key differs", 0, 2, "error: the key differs" },
	{ "error: the key differs", 22, 2, "error: the key differs" },
	{ "error: the key differs", 21, 2, "error: the key\n  differs" },
	{ "error: the key differs", 10, 2, "error: the\n  key\n  differs" },
	{ "error: the key differs", 4, 2,
	  "error:\n  the\n  key\n  differs" },
	{ "error: the key differs", 3, 3, "error: the key differs" },
	{ "", 10, 2, "" },
};

static void
test_wraps(void **state)
{
	struct buf b = {0};
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(wraps); i++) {
		buf_reset(&b);
		text_wrap(&b, wraps[i].text, wraps[i].width, wraps[i].indent);
		buf_puts(&b, "");
		assert_string_equal((char *)b.data, wraps[i].want);
	}
	buf_free(&b);
}

static void
test_sentence_column(void **state)
{
	static const struct tbl_col noted[] = {
		{ "KEY", TBL_LEFT, 0 },
		{ "AAAAAAAAAAAAAAAAAAAAAAAAA", TBL_LEFT, 1 },
		{ "NOTE", TBL_TEXT, 0 },
	};
	struct tbl *t = tbl_new(noted, NELEM(noted));
	struct buf b = {0};

	(void)state;
	tbl_cell(t, "k");
	tbl_cell(t, "a");
	tbl_cell(t, "A sentence of more columns than are left for it here.");
	assert_int_equal(tbl_print(t, 60, &b), 1);
	assert_string_equal((char *)b.data, "KEY  NOTE\n"
	    "k    A sentence of more columns than are left for it here.\n");
	buf_reset(&b);
	assert_int_equal(tbl_print(t, 70, &b), 0);
	assert_string_equal((char *)b.data,
	    "KEY  AAAAAAAAAAAAAAAAAAAAAAAAA  NOTE\n"
	    "k    a                          A sentence of more columns than "
	    "are~\n");
	tbl_free(t);
	buf_free(&b);
}

static const struct {
	int64_t bytes;
	const char *want;
} sizes[] = {
	{ 0, "0" }, { 1023, "1023" }, { 1024, "1.00K" }, { 1300234, "1.24M" },
	{ 317440, "310K" }, { 12582912, "12.0M" }, { 10480, "10.2K" },
	{ 1048575, "1.00M" }, { INT64_MAX, "8.00E" },
};

static void
test_bytes(void **state)
{
	struct buf b = {0};
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(sizes); i++) {
		buf_reset(&b);
		bytes_print(&b, sizes[i].bytes);
		assert_string_equal((char *)b.data, sizes[i].want);
	}
	buf_free(&b);
}

/* ---- pages -------------------------------------------------------------- */

static void
test_pager(void **state)
{
	static const char text[] = "one\ntwo\n0123456789ab\n\nlast\n";
	struct pager pg;
	const char *got;
	size_t len;

	(void)state;
	pager_init(&pg, text, 3, 10);	/* the long line takes two */
	assert_int_equal(pg.nr, 6);
	assert_int_equal(pg.page, 2);
	assert_false(pager_fits(&pg));
	got = pager_take(&pg, 2, &len);
	assert_memory_equal(got, "one\ntwo\n", len);
	assert_int_equal(len, 8);
	got = pager_take(&pg, 1, &len);
	assert_int_equal(len, 10);
	assert_true(pager_find(&pg, "last"));
	got = pager_take(&pg, 9, &len);
	assert_memory_equal(got, "last\n", len);
	assert_int_equal(pg.shown, pg.nr);
	assert_false(pager_find(&pg, "one"));
	pager_back(&pg, 99);
	assert_true(pager_find(&pg, "one"));
	pager_clear(&pg);
	pager_init(&pg, "", 24, 80);
	assert_true(pager_fits(&pg));
	assert_int_equal(pg.nr, 0);
	pager_clear(&pg);
}

/* ---- pipes -------------------------------------------------------------- */

static const struct {
	const char *pipe;
	const char *want;	/* text, or the sentence of the refusal */
} pipes[] = {
	{ "| match a", "a1\na2\n" },
	{ "| except a", "b1\n" },
	{ "| match ^.1 | count", "2\n" },
	{ "| begin b", "b1\na2\n" },
	{ "| begin z", "" },
	{ "| head 1", "a1\n" },
	{ "| head 0", "" },
	{ "| head 9", "a1\nb1\na2\n" },
	{ "| last 2", "b1\na2\n" },
	{ "| last 0", "" },
	{ "| count", "3\n" },
	{ "| match (", "\"(\" is not a regular expression: Unmatched ( or \\(."
	},
	{ "| head x", "\"x\" is not a number of lines." },
	{ "| frob", "\"frob\" cannot stand behind \"|\"." },
	{ "| match", "\"match\" needs one word: <regular-expression>." },
	{ "| count 3", "\"count\" takes no more words." },
	{ "|", "Nothing stands behind \"|\"." },
	{ "| match a |", "Nothing stands behind \"|\"." },
	{ "| ma a", "\"ma\" cannot stand behind \"|\"." },
};

static void
check_pipe(const char *line, const char *want)
{
	struct shell sh = {0};
	struct tokens t = {0};
	struct sp_error err = {0};
	struct pipes p;
	struct buf b = {0};
	size_t nr;
	int ret;

	assert_int_equal(tokens_split(&t, line, true, &err), 0);
	for (nr = t.nr; nr > 0 && t.tok[nr - 1].type == TOK_END; nr--)
		;
	buf_puts(&b, "a1\nb1\na2\n");
	ret = pipes_parse(t.tok, nr, false, &p, &err);
	if (ret == 0)
		ret = pipes_filter(&sh, &p, &b, &err);
	if (!str_eq(ret ? err.text : (char *)b.data, want))
		printf("%s: got %s\n", line, ret ? err.text : (char *)b.data);
	assert_string_equal(ret ? err.text : (char *)b.data, want);
	buf_free(&b);
	tokens_free(&t);
}

static void
test_pipes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(pipes); i++)
		check_pipe(pipes[i].pipe, pipes[i].want);
}

/* ---- secrets ------------------------------------------------------------ */

/* RFC 4648 section 10, and one with every kind of letter. */
static const struct {
	const char *plain, *coded;
} codes[] = {
	{ "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" }, { "\xfb\xef\xbe\xff\xff", "++++//8=" },
};

static void
test_base64(void **state)
{
	static const char *const wrong[] = { "", "Zg=", "Zg", "Z===", "Zm9v\n",
		"Zm 9", "Zm9=v", "Zm9v*m==", "=Zm9" };
	struct secret s;
	size_t i;
	char *text;

	(void)state;
	for (i = 0; i < NELEM(codes); i++) {
		text = base64_encode(codes[i].plain, strlen(codes[i].plain));
		assert_string_equal(text, codes[i].coded);
		assert_true(base64_decode(text, &s));
		assert_int_equal(s.len, strlen(codes[i].plain));
		assert_memory_equal(s.data, codes[i].plain, s.len);
		secret_free(&s);
		free(text);
	}
	for (i = 0; i < NELEM(wrong); i++)
		assert_false(base64_decode(wrong[i], &s));
}

static const struct {
	const char *line, *want;
} masks[] = {
	{ "show tunnels", "show tunnels" },
	{ "set vpn-network a phase1 b pre-shared-key hunter2",
	  "set vpn-network a phase1 b pre-shared-key ***" },
	{ "set pre-shared-key \"two words\"", "set pre-shared-key ***" },
	{ "set vpn-n a ph b pre hunter2; show tunnels",
	  "set vpn-n a ph b pre ***; show tunnels" },
	{ "set x pre-shared-key hunter2 lifetime 3h",
	  "set x pre-shared-key *** *** ***" },
	{ "set x pre-shared-key file /root/key",
	  "set x pre-shared-key file /root/key" },
	{ "set x pre-shared-key -", "set x pre-shared-key -" },
	{ "set x pre-shared-key", "set x pre-shared-key" },
	{ "generate pre-shared-key hq", "generate pre-shared-key hq" },
	{ "set x description \"\xc3\xbc\" pre-shared-key s\xc3\xa9same ;up",
	  "set x description \"\xc3\xbc\" pre-shared-key *** ;up" },
	{ "set x pre-shared-key \"open quote", "set x pre-shared-key ***" },
	{ "set a b 1\nset pre-shared-key k\nup",
	  "set a b 1\nset pre-shared-key ***\nup" },
};

static void
test_masks(void **state)
{
	size_t i, bad = 0;
	char *got;

	(void)state;
	for (i = 0; i < NELEM(masks); i++) {
		got = report_masked(masks[i].line);
		if (!str_eq(got, masks[i].want)) {
			printf("got    %s\nwanted %s\n", got, masks[i].want);
			bad++;
		}
		free(got);
	}
	assert_int_equal(bad, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_dropped_columns),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_sentence_column),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_pager),
		cmocka_unit_test(test_pipes),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
