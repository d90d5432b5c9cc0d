/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/model: structure, names, defaults, typed access, secrets that follow
 * their object, comments.
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
#include "conf/defaults.h"
#include "conf/model.h"
#include "conf/text.h"

static struct conf_tree *
parse(const char *text)
{
	struct conf_tree *t = NULL;
	struct sp_error err = {0};

	if (conf_parse(&t, text, &err) < 0)
		fail_msg("%d:%d %s", err.line, err.column, err.text);
	return t;
}

static struct conf_node *
child(struct conf_node *n, const char *word, const char *name)
{
	struct conf_node *c = NULL;
	struct sp_error err = {0};

	if (conf_child_make(n, word, name, &c, &err) < 0)
		fail_msg("%s %s: %s", word, name, err.text);
	return c;
}

/* Names of the children of a kind, in order. */
static char *
names(const struct conf_node *n, const char *word)
{
	struct conf_node *c = NULL;
	struct buf b = {0};

	buf_puts(&b, "");
	while ((c = conf_next_child(n, word, c)) != NULL)
		buf_printf(&b, "%s ", conf_node_name(c));
	return buf_steal_str(&b);
}

static void
expect_names(const struct conf_node *n, const char *word, const char *want)
{
	char *got = names(n, word);

	assert_string_equal(got, want);
	free(got);
}

static void
test_order(void **state)
{
	struct conf_tree *t = conf_tree_new();
	struct conf_node *net, *p1;
	struct sp_error err;
	struct buf b = {0};

	(void)state;
	child(conf_root(t), "vpn-network", "zz");
	net = child(conf_root(t), "vpn-network", "aa");
	expect_names(conf_root(t), "vpn-network", "zz aa ");
	p1 = child(net, "phase1", "hq");
	child(p1, "phase2", "lan");
	child(p1, "proposal", "30");
	child(p1, "proposal", "0007");
	child(p1, "proposal", "20");
	child(p1, "phase2", "dmz");
	expect_names(p1, "proposal", "7 20 30 ");
	expect_names(p1, "phase2", "lan dmz ");
	assert_ptr_equal(child(p1, "proposal", "7"),
	    conf_child(p1, "proposal", "07"));
	assert_null(conf_child(p1, "proposal", "8"));
	assert_null(conf_child(p1, "rule", "8"));
	assert_null(conf_next_child(p1, "rule", NULL));
	conf_node_path(conf_child(p1, "phase2", "dmz"), &b);
	assert_string_equal((const char *)b.data,
	    "vpn-network aa phase1 hq phase2 dmz");
	buf_free(&b);
	/* renumbering moves it */
	assert_int_equal(conf_node_rename(conf_child(p1, "proposal", "7"),
	    "25", &err), 0);
	expect_names(p1, "proposal", "20 25 30 ");
	assert_int_equal(conf_node_rename(conf_child(p1, "proposal", "25"),
	    "30", &err), SP_EXISTS);
	assert_string_equal(err.text,
	    "There is already a proposal \"30\" here.");
	conf_node_delete(conf_child(p1, "proposal", "25"));
	expect_names(p1, "proposal", "20 30 ");
	conf_node_delete(net);
	expect_names(conf_root(t), "vpn-network", "zz ");
	conf_tree_free(t);
	conf_tree_free(NULL);
}

/* ipsec and system are there at once and survive their deletion. */
static void
test_single(void **state)
{
	struct conf_tree *t = conf_tree_new();
	struct conf_node *net = child(conf_root(t), "vpn-network", "a");
	struct conf_node *ipsec = conf_child(net, "ipsec", NULL);
	struct sp_error err;
	struct buf b = {0};

	(void)state;
	assert_non_null(ipsec);
	assert_true(conf_bool(ipsec, "exclude-my-network"));
	assert_int_equal(conf_set(ipsec, "unique-ids", "keep", &err), 0);
	conf_node_delete(ipsec);
	assert_ptr_equal(conf_child(net, "ipsec", NULL), ipsec);
	assert_string_equal(conf_str(ipsec, "unique-ids"), "yes");
	assert_int_equal(conf_node_rename(ipsec, "x", &err), SP_STATE);
	assert_int_equal(conf_node_copy(ipsec, "x", &err), SP_STATE);
	conf_print(&b, conf_root(t), false);
	assert_string_equal((const char *)b.data, "vpn-network a {\n}\n");
	buf_free(&b);
	conf_tree_free(t);
}

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{ "a", true }, { "9lives", true }, { "a.b_c-d", true },
		{ "abcdefghijklmnopqrstuvwxyz01234", true },
		{ "abcdefghijklmnopqrstuvwxyz012345", false },
		{ "", false }, { "-a", false }, { ".a", false },
		{ "a b", false }, { "a/b", false }, { "\xc3\xbc", false },
		{ "a\n", false },
	};
	struct conf_tree *t = conf_tree_new();
	struct conf_node *n;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		if ((conf_child_make(conf_root(t), "vpn-network",
		    rows[i].name, &n, NULL) == 0) != rows[i].ok)
			fail_msg("name \"%s\"", rows[i].name);
	}
	conf_tree_free(t);
}

static void
test_values(void **state)
{
	struct conf_tree *t = conf_tree_new();
	struct conf_node *net = child(conf_root(t), "vpn-network", "a");
	struct conf_node *p1 = child(net, "phase1", "b");
	struct conf_node *sys = conf_child(conf_root(t), "system", NULL);
	struct sp_error err;
	struct ip_prefix prefix;
	struct ip_addr addr;

	(void)state;
	assert_int_equal(conf_duration(p1, "lifetime"), 10800);
	assert_int_equal(conf_int(p1, "keying-tries"), 3);
	assert_true(conf_decimal(sys, "retransmit-base") == 1.8);
	assert_true(conf_decimal(sys, "retransmit-timeout") == 4.0);
	assert_int_equal(conf_int(net, "mtu"), 0);
	assert_false(conf_addr(net, "dmz-address", &addr));
	assert_false(conf_addr(net, "address", &addr));
	assert_null(conf_str(p1, "identifier"));
	assert_null(conf_value(p1, "no-such", 0));
	assert_true(conf_prefix(sys, "dmz-network", &prefix));
	assert_int_equal(prefix.len, 24);
	assert_true(conf_node_enabled(p1));

	/* a value equal to the default is not kept */
	assert_int_equal(conf_set(p1, "lifetime", "4h", &err), 0);
	assert_true(conf_is_set(p1, "lifetime"));
	assert_int_equal(conf_set(p1, "lifetime", "10800s", &err), 0);
	assert_false(conf_is_set(p1, "lifetime"));
	assert_int_equal(conf_set(p1, "lifetime", "forever", &err), 0);
	assert_true(conf_duration(p1, "lifetime") == DURATION_FOREVER);

	/* defaults that follow other settings */
	assert_string_equal(conf_str(p1, "close-action"), "trap");
	conf_set(p1, "connection-behavior", "start", &err);
	assert_string_equal(conf_str(p1, "close-action"), "start");
	conf_set(p1, "close-action", "start", &err);
	assert_true(conf_is_set(p1, "close-action"));

	assert_int_equal(conf_unset(p1, "close-action", NULL, &err), 0);
	assert_int_equal(conf_unset(p1, "close-action", NULL, &err),
	    SP_NOTFOUND);
	assert_string_equal(err.text, "close-action is not set here.");
	assert_int_equal(conf_set(p1, "enabled", "off", &err), 0);
	assert_false(conf_node_enabled(p1));

	assert_true(conf_set(net, "network-address", "10.1.2.3/16", &err) <
	    0);
	assert_string_equal(err.path, "vpn-network a network-address");
	assert_string_equal(err.hint,
	    "set vpn-network a network-address 10.1.0.0/16");
	conf_tree_free(t);
}

static void
test_lists(void **state)
{
	struct conf_tree *t = parse("vpn-network a { phase1 b { phase2 c { "
	    "local-network 10.1.0.0/24 10.2.0.0/24; } } }");
	struct conf_node *n = conf_child(conf_child(conf_child(conf_root(t),
	    "vpn-network", "a"), "phase1", "b"), "phase2", "c");
	struct sp_error err;

	(void)state;
	assert_int_equal(conf_count(n, "local-network"), 2);
	assert_int_equal(conf_set(n, "local-network", "10.3.0.0/24", &err),
	    0);
	assert_int_equal(conf_set(n, "local-network", "10.1.0.0/24", &err),
	    0);
	assert_int_equal(conf_count(n, "local-network"), 3);
	assert_string_equal(conf_value(n, "local-network", 2),
	    "10.3.0.0/24");
	assert_null(conf_value(n, "local-network", 3));
	assert_int_equal(conf_unset(n, "local-network", "10.9.0.0/24", &err),
	    SP_NOTFOUND);
	assert_string_equal(err.text,
	    "local-network has no value \"10.9.0.0/24\".");
	assert_int_equal(conf_unset(n, "local-network", "10.1.0.0/24", &err),
	    0);
	assert_string_equal(conf_value(n, "local-network", 0),
	    "10.2.0.0/24");
	conf_unset(n, "local-network", "10.2.0.0/24", &err);
	conf_unset(n, "local-network", "10.3.0.0/24", &err);
	assert_false(conf_is_set(n, "local-network"));
	conf_tree_free(t);
}

static void
put(struct conf_node *n, const char *key)
{
	struct sp_error err = {0};

	if (conf_set(n, "pre-shared-key", key, &err) < 0)
		fail_msg("%s", err.text);
}

static void
expect_key(const struct conf_node *n, const char *value, const char *key)
{
	const struct secret *s;
	char name[64];

	assert_string_equal(conf_str(n, "pre-shared-key"), value);
	assert_true(conf_secret_name(value, name, sizeof(name)));
	s = conf_secret(conf_node_tree(n), name);
	assert_non_null(s);
	assert_int_equal(s->len, strlen(key));
	assert_memory_equal(s->data, key, s->len);
}

static void
test_secrets(void **state)
{
	struct conf_tree *t = conf_tree_new(), *copy;
	struct conf_node *net = child(conf_root(t), "vpn-network", "branch");
	struct conf_node *hq = child(net, "phase1", "hq");
	struct conf_node *dr = child(net, "phase1", "dr"), *net2;
	struct buf b = {0};
	struct sp_error err;
	struct secret s = {0};

	(void)state;
	put(hq, "first key");
	expect_key(hq, "<secret:branch/hq>", "first key");
	put(dr, "<secret:branch/hq>");
	/* a rename takes its key along; who shares it keeps it */
	assert_int_equal(conf_node_rename(hq, "main", &err), 0);
	expect_key(hq, "<secret:branch/main>", "first key");
	expect_key(dr, "<secret:branch/hq>", "first key");
	/* a new object of the old name does not touch it */
	put(child(net, "phase1", "hq"), "second key");
	expect_key(hq, "<secret:branch/main>", "first key");
	/* a copy gets keys of its own, also of what is below */
	assert_int_equal(conf_node_copy(net, "b2", &err), 0);
	net2 = conf_child(conf_root(t), "vpn-network", "b2");
	expect_key(conf_child(net2, "phase1", "main"), "<secret:b2/main>",
	    "first key");
	put(conf_child(net2, "phase1", "main"), "third key");
	expect_key(hq, "<secret:branch/main>", "first key");
	copy = conf_tree_copy(t);
	expect_key(conf_child(conf_child(conf_root(copy), "vpn-network",
	    "b2"), "phase1", "main"), "<secret:b2/main>", "third key");
	conf_tree_free(copy);

	conf_print(&b, conf_root(t), true);
	assert_null(strstr((const char *)b.data, "st key"));
	buf_free(&b);

	assert_true(conf_set(hq, "pre-shared-key", "", &err) < 0);
	assert_string_equal(err.text, "Phase 1 \"main\" authenticates by "
	    "pre-shared key but has none. Type \"generate pre-shared-key "
	    "main\" or set one.");
	assert_true(conf_set(hq, "pre-shared-key", "a\nb", &err) < 0);
	assert_true(conf_set(hq, "pre-shared-key", "0xabc", &err) < 0);
	assert_null(strstr(err.text, "abc"));
	assert_int_equal(conf_secret_put(hq, "lifetime", &s, &err),
	    SP_STATE);
	conf_secret_set(t, "branch/main", NULL);
	assert_null(conf_secret(t, "branch/main"));
	conf_tree_free(t);
}

static void
test_secret_names(void **state)
{
	static const struct {
		const char *value, *name;
	} rows[] = {
		{ "<secret:a/b>", "a/b" }, { "<secret:a.b-c_1>", "a.b-c_1" },
		{ "<secret:>", NULL }, { "<secret:a", NULL },
		{ "<secret:a>x", NULL }, { "<secret:a b>", NULL },
		{ "secret", NULL }, { "", NULL }, { NULL, NULL },
		{ "<secret:a\"b>", NULL },
	};
	char name[32];
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		bool ok = conf_secret_name(rows[i].value, name, sizeof(name));

		assert_int_equal(ok, rows[i].name != NULL);
		if (ok)
			assert_string_equal(name, rows[i].name);
	}
	assert_false(conf_secret_name("<secret:abcdef>", name, 6));
	assert_true(conf_secret_name("<secret:abcdef>", name, 7));
}

static void
test_secret_bytes(void **state)
{
	static const struct {
		const char *typed, *hex;	/* hex NULL: refused */
	} rows[] = {
		{ "abc", "616263" },
		{ "0x616263", "616263" },
		{ "0xFFfe", "fffe" },
		{ "0sYWJj", "616263" },
		{ "0sYWI=", "6162" },
		{ "0sYWI", "6162" },
		{ "0sYQ==", "61" },
		{ "0s/+8A", "ffef00" },
		{ "0s", NULL }, { "0x", NULL }, { "0x6", NULL },
		{ "0xgg", NULL }, { "0sY", NULL }, { "0sYWJj=", NULL },
		{ "0sYW*j", NULL }, { "0s====", NULL }, { "0sYWI==", NULL },
		{ "0sY W", NULL },
		{ "0 x", "302078" },
		{ "Z\xc3\xbc", "5ac3bc" },
	};
	struct conf_tree *t = conf_tree_new();
	struct secret s, out = {0};
	struct sp_error err;
	struct buf hex = {0};
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		secret_set(&s, rows[i].typed, strlen(rows[i].typed));
		conf_secret_set(t, "x", &s);
		secret_free(&s);
		ret = conf_secret_bytes(t, "x", &out, &err);
		if ((ret == 0) != (rows[i].hex != NULL))
			fail_msg("%s: %d", rows[i].typed, ret);
		if (ret < 0)
			continue;
		buf_reset(&hex);
		str_hex(&hex, out.data, out.len);
		assert_string_equal((const char *)hex.data, rows[i].hex);
		secret_free(&out);
	}
	assert_int_equal(conf_secret_bytes(t, "none", &out, &err),
	    SP_NOTFOUND);
	assert_string_equal(err.text, "There is no secret \"none\".");
	buf_free(&hex);
	conf_tree_free(t);
}

/* References follow a rename, among several and nowhere else. */
static void
test_references(void **state)
{
	struct conf_tree *t = conf_tree_new();
	struct conf_node *root = conf_root(t), *ca, *net, *p1;

	(void)state;
	assert_int_equal(conf_child_make(root, "vpn-network", "a", &net,
	    NULL), 0);
	assert_int_equal(conf_child_make(net, "phase1", "old", &p1, NULL), 0);
	assert_int_equal(conf_child_make(root, "authority", "old", &ca,
	    NULL), 0);
	assert_int_equal(conf_set(p1, "authority", "other", NULL), 0);
	assert_int_equal(conf_set(p1, "authority", "old", NULL), 0);
	assert_int_equal(conf_set(p1, "certificate", "old", NULL), 0);
	assert_int_equal(conf_node_rename(ca, "new", NULL), 0);
	assert_string_equal(conf_value(p1, "authority", 0), "other");
	assert_string_equal(conf_value(p1, "authority", 1), "new");
	assert_string_equal(conf_str(p1, "certificate"), "old");
	assert_int_equal(conf_node_rename(p1, "hq", NULL), 0);
	assert_string_equal(conf_str(p1, "certificate"), "old");
	conf_tree_free(t);
}

static void
test_strength(void **state)
{
	static const struct {
		const char *typed;
		unsigned least, most;
	} rows[] = {
		{ "secret", 10, 20 },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0, 1 },
		{ "passwordpasswordpasswordpassword", 60, 100 },
		{ "correct horse battery staple", 80, 105 },
		{ "mJ4kQz8tY2bVxW6pR9sN", 80, 90 },
		{ "Yd0rD4mQeO2m3u8uH3oT1u7cV2lqkXq0b8vQm2eJr4s=", 170, 260 },
		{ "0x0123456789abcdef", 64, 64 },
		{ "0x00000000000000000000000000000000", 8, 8 },
		{ "0s*", 0, 0 },
	};
	struct secret s;
	unsigned got;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		secret_set(&s, rows[i].typed, strlen(rows[i].typed));
		got = conf_secret_bits(&s);
		if (got < rows[i].least || got > rows[i].most)
			fail_msg("%s: %u bits", rows[i].typed, got);
		secret_free(&s);
	}
}

static void
test_comments(void **state)
{
	struct conf_tree *t = conf_tree_new();
	struct conf_node *net = child(conf_root(t), "vpn-network", "a");

	(void)state;
	conf_comment_set(net, NULL, "one\n\x1b[31mtwo  \n\n");
	assert_string_equal(conf_comment(net, NULL), "one\n[31mtwo");
	conf_comment_set(net, "mtu", "as it is");
	assert_true(conf_is_set(net, "mtu"));
	assert_string_equal(conf_comment(net, "mtu"), "as it is");
	conf_comment_set(net, "mtu", NULL);
	assert_false(conf_is_set(net, "mtu"));
	conf_comment_set(net, "address", "nothing to stand above");
	assert_null(conf_comment(net, "address"));
	conf_comment_set(net, "no-such", "x");
	conf_comment_set(conf_root(t), NULL, "x");
	assert_null(conf_comment(conf_root(t), NULL));
	conf_tree_free(t);
}

static void
test_proposals(void **state)
{
	static const struct {
		const char *rows, *want;
	} p1[] = {
		{ "", "10 algorithm aes key-length 256 hash sha256 prf sha256 "
		  "dh-group 14|" },
		{ "proposal 20; proposal 10 { hash sha384; dh-group 19; }",
		  "10 algorithm aes key-length 256 hash sha384 prf sha384 "
		  "dh-group 19|20 algorithm aes key-length 256 hash sha256 prf "
		  "sha256 dh-group 14|" },
		{ "proposal 10 { algorithm aes-gcm; hash sha512; }",
		  "10 algorithm aes-gcm key-length 256 icv-length 128 prf "
		  "sha512 dh-group 14|" },
		{ "proposal 10 { algorithm chacha20-poly1305; prf sha1; }",
		  "10 algorithm chacha20-poly1305 prf sha1 dh-group 14|" },
		{ "proposal 10 { algorithm 3des; enabled no; }", "" },
	}, p2[] = {
		{ "", "10 algorithm aes key-length 128 hash sha256 dh-group 14 "
		  "esn no|20 algorithm aes-gcm key-length 128 icv-length 128 "
		  "dh-group 14 esn no|" },
		{ "protocol ah;", "10 hash sha256 dh-group 14 esn no|" },
		{ "protocol ah; proposal 5 { hash sha512; dh-group none; }",
		  "5 hash sha512 dh-group none esn no|" },
		{ "proposal 5 { key-length 192; esn either; }",
		  "5 algorithm aes key-length 192 hash sha256 dh-group 14 esn "
		  "either|" },
	};
	struct conf_proposal p;
	struct conf_tree *t;
	struct conf_node *n;
	struct buf b = {0};
	char *text;
	size_t i, k;

	(void)state;
	for (i = 0; i < NELEM(p1) + NELEM(p2); i++) {
		bool first = i < NELEM(p1);
		const char *want = first ? p1[i].want :
		    p2[i - NELEM(p1)].want;

		text = xasprintf(first ? "vpn-network a { phase1 b { %s } }" :
		    "vpn-network a { phase1 b { phase2 c { %s } } }",
		    first ? p1[i].rows : p2[i - NELEM(p1)].rows);
		t = parse(text);
		free(text);
		n = conf_child(conf_child(conf_root(t), "vpn-network", "a"),
		    "phase1", "b");
		n = first ? n : conf_child(n, "phase2", "c");
		buf_reset(&b);
		buf_puts(&b, "");
		for (k = 0; conf_proposal_at(n, k, &p); k++) {
			conf_proposal_print(&b, &p);
			buf_puts(&b, "|");
		}
		assert_int_equal(conf_proposal_count(n), k);
		assert_string_equal((const char *)b.data, want);
		conf_tree_free(t);
	}
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_secret_names),
		cmocka_unit_test(test_secret_bytes),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_strength),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_proposals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
