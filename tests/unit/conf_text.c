/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/text: tokens, block form, flat form, comments, differences; refusals
 * with line and column; hostile texts; print -> parse -> print of random
 * trees.
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
#include "conf/model.h"
#include "conf/text.h"

/* "word 'quoted word' { } ; | #comment" of the tokens. */
static char *
show_tokens(const struct tokens *t)
{
	static const char *const signs[] = {
		[TOK_OPEN] = "{", [TOK_CLOSE] = "}", [TOK_END] = ";",
		[TOK_PIPE] = "|",
	};
	struct buf b = {0};
	size_t i;

	buf_puts(&b, "");
	for (i = 0; i < t->nr; i++) {
		if (i > 0)
			buf_puts(&b, " ");
		if (t->tok[i].type == TOK_WORD)
			buf_printf(&b, t->tok[i].quoted ? "'%s'" : "%s",
			    t->tok[i].text);
		else if (t->tok[i].type == TOK_COMMENT)
			buf_printf(&b, "#%s", t->tok[i].text);
		else
			buf_puts(&b, signs[t->tok[i].type]);
	}
	return buf_steal_str(&b);
}

static void
test_tokens(void **state)
{
	static const struct {
		const char *name, *in;
		bool command_line;
		const char *want;
	} rows[] = {
		{ "words", " a  b\tc\n", false, "a b c" },
		{ "block", "a b{c d;}", false, "a b { c d ; }" },
		{ "line braces", "a b{c d;}", true, "a b{c d ; }" },
		{ "newline", "a\nb\n\n", true, "a ; b ; ;" },
		{ "pipe", "show x | match a|b", true,
		  "show x | match a | b" },
		{ "pipe in file", "a|b;", false, "a|b ;" },
		{ "quotes", "\"a b\" 'c \"d\"' e\"f g\"h", false,
		  "'a b' 'c \"d\"' 'ef gh'" },
		{ "escapes", "\"a\\\"b\\\\c\\nd\" e\\ f", false,
		  "'a\"b\\c\nd' 'e f'" },
		{ "single", "'a\\n'", false, "'a\\n'" },
		{ "empty", "\"\" ''", false, "'' ''" },
		{ "comment", "a # b { c\nd", false, "a #b { c d" },
		{ "no comment", "a#b", false, "a#b" },
		{ "quoted pipe", "a \"|\" b", true, "a '|' b" },
		{ "crlf", "a b;\r\n# c\r\nd;\r\n", false, "a b ; #c d ;" },
		{ "bom", "\xef\xbb\xbf" "a", false, "a" },
		{ "utf8", "\"Z\xc3\xbcrich\"", false, "'Z\xc3\xbcrich'" },
		{ "nothing", "", false, "" },
	};
	struct sp_error err;
	struct tokens t;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		if (tokens_split(&t, rows[i].in, rows[i].command_line, &err))
			fail_msg("%s: %s", rows[i].name, err.text);
		got = show_tokens(&t);
		if (!str_eq(got, rows[i].want))
			fail_msg("%s: got <%s>", rows[i].name, got);
		free(got);
		tokens_free(&t);
	}
}

static void
test_positions(void **state)
{
	struct sp_error err;
	struct tokens t;

	(void)state;
	assert_int_equal(tokens_split(&t,
	    "set \xc3\xa4\xc3\xb6\n  \"x y\" z", false, &err), 0);
	assert_int_equal(t.nr, 4);
	assert_int_equal(t.tok[1].line, 1);
	assert_int_equal(t.tok[1].column, 5);
	assert_int_equal(t.tok[1].length, 2);
	assert_int_equal(t.tok[2].line, 2);
	assert_int_equal(t.tok[2].column, 3);
	assert_int_equal(t.tok[2].length, 5);
	assert_int_equal(t.tok[3].column, 9);
	tokens_free(&t);
}

static void
test_token_print(void **state)
{
	static const char *const words[] = { "plain", "", "a b", "#x", "a#b",
		"{", "a;b", "|", "a|b", "\"", "\\", "a\nb\tc", "'", "<secret:a/b>",
		"10.0.0.0/8[tcp/443]", "Z\xc3\xbcrich", "CN=gw, O=x", "-", "a}" };
	struct buf b = {0};
	struct tokens t;
	size_t i;
	int mode;

	(void)state;
	for (i = 0; i < NELEM(words); i++) {
		for (mode = 0; mode < 2; mode++) {
			buf_reset(&b);
			token_print(&b, words[i]);
			assert_int_equal(tokens_split(&t,
			    (const char *)b.data, mode, NULL), 0);
			assert_int_equal(t.nr, 1);
			assert_int_equal(t.tok[0].type, TOK_WORD);
			assert_string_equal(t.tok[0].text, words[i]);
			tokens_free(&t);
		}
	}
	buf_free(&b);
}

static char *
print_tree(const struct conf_tree *t)
{
	struct buf b = {0};

	conf_print(&b, conf_root(t), false);
	return buf_steal_str(&b);
}

/* What every kind of statement and comment looks like when printed. */
static const char sample[] =
    "# the branch\n"
    "# second line\n"
    "vpn-network branch {\n"
    "    address 10.1.0.1;\n"
    "    network-address 10.1.0.0/24;\n"
    "    # why not\n"
    "    placement host;\n"
    "    ipsec {\n"
    "        unique-ids never;\n"
    "    }\n"
    "    phase1 hq {\n"
    "        description \"head quarters, 1st\";\n"
    "        remote-gateway 203.0.113.7;\n"
    "        pre-shared-key <secret:branch/hq>;\n"
    "        proposal 10 {\n"
    "            algorithm aes-gcm;\n"
    "        }\n"
    "        proposal 20 {\n"
    "        }\n"
    "        phase2 lan {\n"
    "            local-network 10.1.0.0/24 10.1.7.0/24;\n"
    "            remote-network 10.2.0.0/16;\n"
    "            # end of lan\n"
    "        }\n"
    "    }\n"
    "}\n"
    "system {\n"
    "    data-plane user;\n"
    "}\n"
    "# end of file\n";

static void
test_block(void **state)
{
	static const char loose[] = "system{data-plane user}"
	    "# the branch\n# second line\nvpn-network branch{"
	    "network-address 10.1.0.0/24;address 10.1.0.1;\n"
	    "placement host; # why not\n"
	    "phase1 hq{proposal 20;proposal 10{algorithm aes-gcm;}"
	    "phase2 lan{remote-network 10.2.0.0/16;"
	    "local-network 10.1.0.0/24 10.1.7.0/24 10.1.7.0/24\n;"
	    "\n# end of lan\n}"
	    "lifetime 3h;description 'head quarters, 1st';"
	    "remote-gateway 203.0.113.7;pre-shared-key <secret:branch/hq>}"
	    "ipsec{unique-ids never;enabled yes}}\n# end of file";
	struct conf_tree *t;
	struct sp_error err;
	const char *texts[] = { sample, loose };
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		if (conf_parse(&t, texts[i], &err) < 0)
			fail_msg("%d:%d %s", err.line, err.column, err.text);
		got = print_tree(t);
		assert_string_equal(got, sample);
		free(got);
		conf_tree_free(t);
	}
}

static void
test_flat(void **state)
{
	static const char flat[] =
	    "set vpn-network branch\n"
	    "annotate vpn-network branch \"the branch\\nsecond line\"\n"
	    "set vpn-network branch address 10.1.0.1\n"
	    "set vpn-network branch network-address 10.1.0.0/24\n"
	    "set vpn-network branch placement host\n"
	    "annotate vpn-network branch placement \"why not\"\n"
	    "set vpn-network branch ipsec unique-ids never\n"
	    "set vpn-network branch phase1 hq\n"
	    "set vpn-network branch phase1 hq description \"head quarters, "
	    "1st\"\n"
	    "set vpn-network branch phase1 hq remote-gateway 203.0.113.7\n"
	    "set vpn-network branch phase1 hq pre-shared-key "
	    "<secret:branch/hq>\n"
	    "set vpn-network branch phase1 hq proposal 10\n"
	    "set vpn-network branch phase1 hq proposal 10 algorithm "
	    "aes-gcm\n"
	    "set vpn-network branch phase1 hq proposal 20\n"
	    "set vpn-network branch phase1 hq phase2 lan\n"
	    "set vpn-network branch phase1 hq phase2 lan local-network "
	    "10.1.0.0/24\n"
	    "set vpn-network branch phase1 hq phase2 lan local-network "
	    "10.1.7.0/24\n"
	    "set vpn-network branch phase1 hq phase2 lan remote-network "
	    "10.2.0.0/16\n"
	    "set system data-plane user\n";
	struct conf_tree *t, *again;
	struct sp_error err;
	struct buf b = {0};
	char *got;

	(void)state;
	assert_int_equal(conf_parse(&t, sample, &err), 0);
	conf_print_set(&b, conf_root(t), false);
	assert_string_equal((const char *)b.data, flat);
	if (conf_parse(&again, flat, &err) < 0)
		fail_msg("%d:%d %s", err.line, err.column, err.text);
	buf_reset(&b);
	conf_diff_print(&b, t, again);
	/* only what ends blocks is lost */
	got = print_tree(again);
	assert_null(strstr(got, "end of"));
	assert_non_null(strstr(got, "# second line\n"));
	free(got);
	conf_tree_free(t);
	conf_tree_free(again);
	/* several settings on a line, lists, comments, ';' */
	assert_int_equal(conf_parse(&t, "# top\n"
	    "set vpn-network a address 10.0.0.1 network-address 10.0.0.0/8;"
	    "set vpn-network a phase1 b phase2 c local-network 10.0.0.0/8 "
	    "10.7.0.0/16 lifetime 2h\n", &err), 0);
	got = print_tree(t);
	assert_string_equal(got,
	    "vpn-network a {\n"
	    "    address 10.0.0.1;\n"
	    "    # top\n"
	    "    network-address 10.0.0.0/8;\n"
	    "    phase1 b {\n"
	    "        phase2 c {\n"
	    "            local-network 10.0.0.0/8 10.7.0.0/16;\n"
	    "            lifetime 2h;\n"
	    "        }\n"
	    "    }\n"
	    "}\n");
	free(got);
	conf_tree_free(t);
	buf_free(&b);
}

static void
test_errors(void **state)
{
	static const struct {
		const char *in;
		int line, column;
		const char *sentence;
	} rows[] = {
		{ "vpn-network a {\n  phase1 b {\n    liftime 3h;\n  }\n}\n",
		  3, 5, "\"liftime\" is not a setting of phase1. Did you mean "
		  "\"lifetime\"?" },
		{ "vpn-network a {\n  phase1 b {\n    lifetime 1d9;\n", 3, 14,
		  "\"1d9\" is not a time. Write a number with s, m, h, d or y, "
		  "such as 3h." },
		{ "vpn-network a {\n", 1, 15,
		  "The block that begins here is not closed." },
		{ "}\n", 1, 1,
		  "There is no open block that this \"}\" could close." },
		{ "{", 1, 1, "A block needs the word of an object before its "
		  "\"{\"." },
		{ "vpn-network {", 1, 1,
		  "A name is missing behind this word." },
		{ "vpn-network a address", 1, 15,
		  "A \"{\" or \";\" is missing here." },
		{ "vpn-network a/b {", 1, 13, "A name has 1 to 31 characters "
		  "out of letters, digits, \".\", \"_\" and \"-\", and begins "
		  "with a letter or digit; \"a/b\" does not." },
		{ "vpn-network a { address; }", 1, 17,
		  "This setting needs a value." },
		{ "vpn-network a { address 10.0.0.1 mtu 1400; }", 1, 34,
		  "The value before this one must end with \";\"." },
		{ "vpn-network a { address 10.0.0.1", 1, 25,
		  "A \";\" is missing behind this value." },
		{ "vpn-network a { phase1 b { proposal 0 { } } }", 1, 37,
		  "proposal lies between 1 and 9999; 0 is outside." },
		{ "system { data-plane \"user; }", 1, 21,
		  "The quote that begins here is not closed." },
		{ "# \x01", 1, 3,
		  "The character 0x01 cannot stand in a configuration." },
		{ "vpn-network a { # latin: \xe9\n}", 1, 26,
		  "The character 0xE9 cannot stand in a configuration." },
		{ "a\rb", 1, 2,
		  "The character 0x0D cannot stand in a configuration." },
		{ "system { description \xe2\x80\xae; }", 1, 22,
		  "The character 0xE2 cannot stand in a configuration." },
		{ "a \\", 1, 3, "There is nothing behind this backslash." },
		{ "set vpn-network", 1, 5,
		  "A name is missing behind this word." },
		{ "set system data-plane", 1, 12,
		  "This setting needs a value." },
		{ "\nset system data-plane usr", 2, 23,
		  "data-plane is one of auto, kernel, user; \"usr\" is "
		  "not." },
		{ "set system log-level info\ndelete system", 2, 1,
		  "A line of this form begins with \"set\" and a path." },
		{ "set system log-level debug | x", 1, 28,
		  "A \"|\" cannot stand in a configuration." },
		{ "annotate vpn-network a \"x\"", 1, 10,
		  "There is no such object to annotate." },
		{ "annotate system x y z", 1, 17,
		  "An annotation has a path and one text." },
	};
	struct conf_tree *t = NULL;
	struct sp_error err;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		memset(&err, 0, sizeof(err));
		if (conf_parse(&t, rows[i].in, &err) == 0)
			fail_msg("accepted: %s", rows[i].in);
		if (!str_eq(err.text, rows[i].sentence) ||
		    err.line != rows[i].line || err.column != rows[i].column)
			fail_msg("%s: got %d:%d %s", rows[i].in, err.line,
			    err.column, err.text);
		assert_null(t);
	}
}

static void
test_set_words(void **state)
{
	struct conf_tree *t = conf_tree_new();
	struct sp_error err = {0};
	struct tokens words;

	(void)state;
	assert_int_equal(tokens_split(&words,
	    "vpn-network a mtu 1400 phase1 b lifetime 5", true, NULL), 0);
	assert_true(conf_set_words(conf_root(t), words.tok, words.nr, &err) <
	    0);
	assert_int_equal(err.line, 1);
	assert_int_equal(err.column, 42);
	assert_string_equal(err.text,
	    "A lifetime is at least 60 seconds; 5 is too short.");
	assert_string_equal(err.path, "vpn-network a phase1 b lifetime");
	assert_int_equal(conf_int(conf_child(conf_root(t), "vpn-network",
	    "a"), "mtu"), 1400);
	tokens_free(&words);
	conf_tree_free(t);
}

static void
test_all(void **state)
{
	struct conf_tree *t, *again;
	struct buf b = {0}, all = {0};
	struct sp_error err;

	(void)state;
	assert_int_equal(conf_parse(&t, "vpn-network a { phase1 b { phase2 c; "
	    "} }", &err), 0);
	conf_print(&all, conf_root(t), true);
	assert_non_null(strstr((const char *)all.data,
	    "        lifetime 3h; # default\n"));
	assert_non_null(strstr((const char *)all.data,
	    "        close-action trap; # default\n"));
	assert_non_null(strstr((const char *)all.data, "        # default: "
	    "proposal 10 algorithm aes key-length 256 hash sha256 prf sha256 "
	    "dh-group 14\n"));
	assert_non_null(strstr((const char *)all.data, "# default: proposal "
	    "20 algorithm aes-gcm key-length 128 icv-length 128 dh-group 14 "
	    "esn no\n"));
	/* it may be loaded: plain defaults do not stay */
	if (conf_parse(&again, (const char *)all.data, &err) < 0)
		fail_msg("%d:%d %s", err.line, err.column, err.text);
	assert_false(conf_is_set(conf_child(conf_root(again), "system", NULL),
	    "log-level"));
	conf_print(&b, conf_root(again), false);
	assert_null(strchr((const char *)b.data, '#'));
	conf_tree_free(again);
	conf_tree_free(t);
	buf_free(&b);
	buf_free(&all);
}

static void
test_diff(void **state)
{
	static const char changed[] =
	    "vpn-network branch {\n"
	    "    address 10.1.0.1;\n"
	    "    network-address 10.1.0.0/24;\n"
	    "    # why not\n"
	    "    placement host;\n"
	    "    ipsec {\n"
	    "        unique-ids keep;\n"
	    "    }\n"
	    "    phase1 hq {\n"
	    "        description \"head quarters, 1st\";\n"
	    "        remote-gateway 203.0.113.7;\n"
	    "        pre-shared-key <secret:branch/hq>;\n"
	    "        proposal 10 {\n"
	    "            algorithm aes-gcm;\n"
	    "        }\n"
	    "        phase2 lan {\n"
	    "            local-network 10.1.0.0/24;\n"
	    "            remote-network 10.2.0.0/16;\n"
	    "            # end of lan\n"
	    "        }\n"
	    "    }\n"
	    "    phase1 new {\n"
	    "        remote-gateway any;\n"
	    "    }\n"
	    "}\n"
	    "# end of file\n";
	static const char want[] =
	    "- # the branch\n"
	    "- # second line\n"
	    "- vpn-network branch {\n"
	    "+ vpn-network branch {\n"
	    "      ipsec {\n"
	    "-         unique-ids never;\n"
	    "+         unique-ids keep;\n"
	    "      }\n"
	    "      phase1 hq {\n"
	    "-         pre-shared-key <secret:branch/hq>;\n"
	    "+         pre-shared-key <secret:branch/hq>; # new key\n"
	    "-         proposal 20 {\n"
	    "-         }\n"
	    "          phase2 lan {\n"
	    "-             local-network 10.1.0.0/24 10.1.7.0/24;\n"
	    "+             local-network 10.1.0.0/24;\n"
	    "          }\n"
	    "      }\n"
	    "+     phase1 new {\n"
	    "+         remote-gateway any;\n"
	    "+     }\n"
	    "  }\n"
	    "  system {\n"
	    "-     data-plane user;\n"
	    "  }\n";
	struct conf_tree *a, *b;
	struct secret s;
	struct sp_error err;
	struct buf out = {0};

	(void)state;
	assert_int_equal(conf_parse(&a, sample, &err), 0);
	if (conf_parse(&b, changed, &err) < 0)
		fail_msg("%s", err.text);
	secret_set(&s, "one", 3);
	conf_secret_set(a, "branch/hq", &s);
	secret_free(&s);
	/* comment, unique-ids, key, proposal, list, phase1 with a leaf, plane */
	assert_int_equal(conf_diff_print(&out, a, b), 8);
	assert_string_equal((const char *)out.data, want);
	buf_reset(&out);
	assert_int_equal(conf_diff_print(&out, a, a), 0);
	assert_string_equal((const char *)out.data, "");
	conf_tree_free(a);
	conf_tree_free(b);
	buf_free(&out);
}

/* Parse within a second whatever it is; the verdict is the caller's. */
static int
timed_parse(const char *what, const char *text, struct sp_error *err)
{
	int64_t start = clock_ms();
	struct conf_tree *t = NULL;
	int ret = conf_parse(&t, text, err);

	conf_tree_free(t);
	if (clock_ms() - start > 8000)	/* under sanitizers, on a busy host */
		fail_msg("%s took too long", what);
	return ret;
}

static char *
repeat(const char *head, const char *part, size_t nr, const char *tail)
{
	struct buf b = {0};
	size_t i;

	buf_puts(&b, head);
	for (i = 0; i < nr; i++)
		buf_puts(&b, part);
	buf_puts(&b, tail);
	return buf_steal_str(&b);
}

static void
test_hostile(void **state)
{
	static const struct {
		const char *what, *head, *part;
		size_t nr;
		const char *tail, *sentence;
	} rows[] = {
		{ "long word", "system { log-level ", "x", 100000, "; }",
		  "This word is too long." },
		{ "long line", "# ", "x ", 50000, "\n", "This word is too "
		  "long." },
		{ "long list", "vpn-network a { phase1 b { phase2 c { "
		  "local-network ", "10.0.0.0/8 ", 100000, "; } } }", NULL },
		{ "deep", "", "vpn-network a {", 100000, "",
		  "\"vpn-network\" is not a setting of vpn-network." },
		{ "braces", "", "{", 100000, "", "A block needs" },
		{ "closes", "", "}", 100000, "", "There is no open block" },
		{ "many words", "", "a ", 1000001, "", "There are too many "
		  "words." },
		{ "quotes", "system \"", "\\\"", 30000, "", "The quote that "
		  "begins here is not closed." },
		{ "ends", "", ";", 500000, "", NULL },
		{ "comments", "", "#\n", 300000, "", NULL },
		{ "comments of one block", "", "system { } # why\n", 160000,
		  "", NULL },
		{ "comments in one block", "", "system { # why\n}\n", 160000,
		  "", NULL },
		{ "comments at one end", "", "system {\n# why\n}\n", 160000,
		  "", NULL },
		{ "annotations", "", "annotate system why\n", 200000, "",
		  NULL },
		{ "huge", "", "# 345678\n", 1700000, "", "A configuration has "
		  "at most 14 MiB of text." },
	};
	struct sp_error err;
	char *text;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		text = repeat(rows[i].head, rows[i].part, rows[i].nr,
		    rows[i].tail);
		memset(&err, 0, sizeof(err));
		ret = timed_parse(rows[i].what, text, &err);
		if ((ret == 0) != (rows[i].sentence == NULL) ||
		    (ret < 0 && !str_prefix(err.text, rows[i].sentence)))
			fail_msg("%s: %d %s", rows[i].what, ret, err.text);
		free(text);
	}
}

/* Thousands of objects, up to the limits of each kind. */
static void
test_many(void **state)
{
	struct sp_error err = {0};
	struct buf b = {0};
	unsigned i;

	(void)state;
	buf_puts(&b, "vpn-network a {\n");
	for (i = 0; i < 20000; i++)
		buf_printf(&b, "phase1 p%u { remote-gateway 192.0.2.1; "
		    "phase2 c { local-network 10.%u.%u.0/24; } }\n", i,
		    i >> 8, i & 255);
	buf_puts(&b, "}\n");
	if (timed_parse("20000 tunnels", (const char *)b.data, &err) < 0)
		fail_msg("%s", err.text);
	buf_truncate(&b, b.len - 2);
	buf_puts(&b, "phase1 more { } }");
	assert_true(timed_parse("20001", (const char *)b.data, &err) < 0);
	assert_string_equal(err.text,
	    "There is room for 20000 objects phase1 here, and no more.");
	assert_int_equal(err.line, 20002);
	buf_free(&b);
}

struct random {
	uint64_t x;
};

static unsigned
roll(struct random *r, unsigned n)
{
	/* xorshift: only has to be the same everywhere */
	r->x ^= r->x << 13;
	r->x ^= r->x >> 7;
	r->x ^= r->x << 17;
	return (unsigned)((r->x >> 11) % n);
}

static const char *
random_value(struct random *r, const struct set_row *row)
{
	static const char *const values[] = { "yes", "no", "0", "1", "64",
		"700", "90", "2h", "forever", "1.5", "10.0.0.0/8", "fd00::/8",
		"10.0.0.1", "2001:db8::1", "gw.example", "any", "auto",
		"none", "dynamic", "a b", "#x", "\"", "\\", "{", "}", ";",
		"\xc3\xbc", "CN=a, O=b", "<secret:x/y>", "clear key", "set" };
	unsigned n = 0;

	while (row->choices != NULL && row->choices[n].word != NULL)
		n++;
	if (n > 0 && roll(r, 2) == 0)
		return row->choices[roll(r, n)].word;
	return values[roll(r, NELEM(values))];
}

static void
random_node(struct random *r, struct conf_node *n, int depth)
{
	static const char *const comments[] = { "why", " two\nlines", "# x",
		"a \"b\"", "\xc3\xbc", "" };
	const struct conf_object *obj = conf_node_object(n), *kind;
	const struct set_row *row;
	struct conf_node *child;
	char name[16];
	size_t i, k;

	for (row = obj->rows; row->name != NULL; row++) {
		for (k = roll(r, 4); k > 1; k--)
			conf_set(n, row->name, random_value(r, row), NULL);
		if (roll(r, 8) == 0)
			conf_comment_set(n, row->name,
			    comments[roll(r, NELEM(comments))]);
	}
	if (depth > 0 && roll(r, 4) == 0)
		conf_comment_set(n, NULL, comments[roll(r,
		    NELEM(comments))]);
	for (i = 0; (kind = obj->children[i]) != NULL; i++) {
		for (k = roll(r, 4); k > 0; k--) {
			snprintf(name, sizeof(name), "%u", 1 + roll(r, 9999));
			if (conf_child_make(n, kind->word, name, &child,
			    NULL) == 0)
				random_node(r, child, depth + 1);
		}
	}
}

/* The text reads back to the same configuration, else say where not. */
static void
reads_back(const char *form, unsigned seed, const struct conf_tree *t,
    const char *text)
{
	struct conf_tree *again;
	struct sp_error err = {0};
	struct buf diff = {0};
	char *one, *two;

	if (conf_parse(&again, text, &err) < 0)
		fail_msg("%s, seed %u: %d:%d %s\n%s", form, seed, err.line,
		    err.column, err.text, text);
	one = print_tree(t);
	two = print_tree(again);
	if (!str_eq(one, two)) {
		conf_diff_print(&diff, t, again);
		fail_msg("%s, seed %u:\n%s", form, seed,
		    diff.len > 0 ? (const char *)diff.data : two);
	}
	conf_tree_free(again);
	free(one);
	free(two);
}

static void
random_round(uint64_t seed)
{
	struct random r = { .x = seed * 0x9e3779b97f4a7c15u };
	struct conf_tree *t = conf_tree_new(), *copy;
	struct buf flat = {0}, diff = {0};
	char *block;

	random_node(&r, conf_root(t), 0);
	block = print_tree(t);
	reads_back("block form", (unsigned)seed, t, block);
	conf_print_set(&flat, conf_root(t), false);
	reads_back("set form", (unsigned)seed, t, (const char *)flat.data);
	copy = conf_tree_copy(t);
	if (conf_diff_print(&diff, t, copy) != 0)
		fail_msg("copy differs: %s", (const char *)diff.data);
	conf_tree_free(copy);
	conf_tree_free(t);
	buf_free(&flat);
	buf_free(&diff);
	free(block);
}

/* SP_CONF_RANDOM: how many; a slice unless it says otherwise. */
static void
test_random(void **state)
{
	const char *many = getenv("SP_CONF_RANDOM");
	uint64_t seed, end = many ? strtoull(many, NULL, 10) : 60;

	(void)state;
	assert_true(end > 0);
	for (seed = 1; seed <= end; seed++)
		random_round(seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_token_print),
		cmocka_unit_test(test_block),
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_set_words),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
