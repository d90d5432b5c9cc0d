/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Configuration text to the terms of the state machines: identities,
 * proposals with their defaults, times, selectors, grouping of phase 2
 * entries, refusals.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "conf/model.h"
#include "conf/text.h"
#include "engine/ikeconf.h"

#define P1 "set vpn-network a phase1 p "
#define P2 P1 "phase2 x "
#define BASE \
	"set vpn-network a address 10.1.0.1\n" \
	"set vpn-network a network-address 10.1.0.0/24\n" \
	P1 "remote-gateway 203.0.113.7\n" \
	P1 "pre-shared-key correct-horse-battery-staple\n"
#define CHILD \
	P2 "local-network 10.1.0.0/24\n" \
	P2 "remote-network 10.2.0.0/24\n"

static struct conf_tree *
tree_of(const char *text)
{
	struct conf_tree *t = NULL;
	struct sp_error err = {0};

	if (conf_parse(&t, text, &err) < 0)
		fail_msg("line %d: %s", err.line, err.text);
	return t;
}

static const struct conf_node *
phase1(const struct conf_tree *t)
{
	return conf_child(conf_child(conf_root(t), "vpn-network", "a"),
	    "phase1", "p");
}

static void
ident_text(struct buf *b, const char *key, const struct ident *id)
{
	buf_printf(b, " %s=", key);
	if (id->type == ID_ANY)
		buf_puts(b, "any");
	else
		ident_print(b, id, true);
}

static void
suites_text(struct buf *b, const struct suite *s, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		buf_puts(b, i == 0 ? " " : ",");
		suite_print(b, &s[i]);
	}
}

/* The whole configuration on one line. */
static char *
describe(const struct ike_conf *c)
{
	struct buf b = {0};
	char addr[ADDR_TEXT];
	size_t i;

	buf_puts(&b, c->name);
	for (i = 0; i < c->nr_remote_addrs; i++)
		buf_printf(&b, " %s", addr_print(&c->remote_addrs[i], addr));
	ident_text(&b, "local", &c->local_id);
	ident_text(&b, "remote", &c->remote_id);
	suites_text(&b, c->suites, c->nr_suites);
	for (i = 0; i < c->nr_children; i++) {
		buf_printf(&b, " [%s ", c->children[i]->name);
		if (c->children[i]->local_dynamic)
			buf_puts(&b, "dynamic ");
		ts_list_print(&b, &c->children[i]->local_ts);
		buf_puts(&b, " = ");
		if (c->children[i]->remote_dynamic)
			buf_puts(&b, "dynamic ");
		ts_list_print(&b, &c->children[i]->remote_ts);
		suites_text(&b, c->children[i]->suites,
		    c->children[i]->nr_suites);
		buf_puts(&b, "]");
	}
	return buf_steal_str(&b);
}

static const struct {
	const char *name, *text, *expected;
} rows[] = {
	{ "defaults", BASE CHILD,
	    "a/p 203.0.113.7 local=any remote=203.0.113.7 (IPv4 address) "
	    "aes256-sha256-modp2048 [x 10.1.0.0/24 = 10.2.0.0/24 "
	    "aes128-sha256-modp2048,aes128gcm16-modp2048]" },
	{ "identifiers", BASE CHILD P1 "identifier gw1.example\n"
	    P1 "peer-identifier user@host.example\n",
	    "a/p 203.0.113.7 local=gw1.example (FQDN) "
	    "remote=user@host.example (e-mail) aes256-sha256-modp2048 "
	    "[x 10.1.0.0/24 = 10.2.0.0/24 "
	    "aes128-sha256-modp2048,aes128gcm16-modp2048]" },
	{ "gateway by name is an FQDN", BASE CHILD
	    P1 "remote-gateway gw.example\n",
	    "a/p local=any remote=gw.example (FQDN) aes256-sha256-modp2048 "
	    "[x 10.1.0.0/24 = 10.2.0.0/24 "
	    "aes128-sha256-modp2048,aes128gcm16-modp2048]" },
	{ "gateway any", BASE CHILD P1 "remote-gateway any\n",
	    "a/p local=any remote=any aes256-sha256-modp2048 "
	    "[x 10.1.0.0/24 = 10.2.0.0/24 "
	    "aes128-sha256-modp2048,aes128gcm16-modp2048]" },
	{ "AEAD rows", BASE CHILD
	    P1 "proposal 10 algorithm aes-gcm\n"
	    P1 "proposal 10 prf sha384\n"
	    P1 "proposal 10 dh-group 31\n"
	    P2 "proposal 10 algorithm aes-gcm\n"
	    P2 "proposal 10 key-length 256\n"
	    P2 "proposal 10 dh-group none\n",
	    "a/p 203.0.113.7 local=any remote=203.0.113.7 (IPv4 address) "
	    "aes256gcm16-prfsha384-x25519 [x 10.1.0.0/24 = 10.2.0.0/24 "
	    "aes256gcm16]" },
	{ "remote network empty, local dynamic", BASE
	    P2 "local-network dynamic\n",
	    "a/p 203.0.113.7 local=any remote=203.0.113.7 (IPv4 address) "
	    "aes256-sha256-modp2048 [x dynamic  = dynamic  "
	    "aes128-sha256-modp2048,aes128gcm16-modp2048]" },
	{ "equal phase 2 entries are one child", BASE CHILD
	    P1 "phase2 y local-network 10.1.1.0/24\n"
	    P1 "phase2 y remote-network 10.2.1.0/24\n",
	    "a/p 203.0.113.7 local=any remote=203.0.113.7 (IPv4 address) "
	    "aes256-sha256-modp2048 [x 10.1.0.0/24, 10.1.1.0/24 = "
	    "10.2.0.0/24, 10.2.1.0/24 "
	    "aes128-sha256-modp2048,aes128gcm16-modp2048]" },
	{ "another lifetime is another child", BASE CHILD
	    P1 "phase2 y local-network 10.1.1.0/24\n"
	    P1 "phase2 y remote-network 10.2.1.0/24\n"
	    P1 "phase2 y lifetime 2h\n",
	    "a/p 203.0.113.7 local=any remote=203.0.113.7 (IPv4 address) "
	    "aes256-sha256-modp2048 [x 10.1.0.0/24 = 10.2.0.0/24 "
	    "aes128-sha256-modp2048,aes128gcm16-modp2048] "
	    "[y 10.1.1.0/24 = 10.2.1.0/24 "
	    "aes128-sha256-modp2048,aes128gcm16-modp2048]" },
	{ "split connections, one of them off", BASE CHILD
	    P1 "split-connections yes\n"
	    P1 "phase2 y local-network 10.1.1.0/24\n"
	    P1 "phase2 y remote-network 10.2.1.0/24\n"
	    P1 "phase2 z local-network 10.1.2.0/24\n"
	    P1 "phase2 z remote-network 10.2.2.0/24\n"
	    P1 "phase2 z enabled no\n",
	    "a/p 203.0.113.7 local=any remote=203.0.113.7 (IPv4 address) "
	    "aes256-sha256-modp2048 [x 10.1.0.0/24 = 10.2.0.0/24 "
	    "aes128-sha256-modp2048,aes128gcm16-modp2048] "
	    "[y 10.1.1.0/24 = 10.2.1.0/24 "
	    "aes128-sha256-modp2048,aes128gcm16-modp2048]" },
};

static void
test_rows(void **state)
{
	struct sp_error err;
	struct conf_tree *t;
	struct ike_conf *c;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		t = tree_of(rows[i].text);
		if (ikeconf_build(phase1(t), NULL, 0, NULL, &c, &err) < 0)
			fail_msg("%s: %s", rows[i].name, err.text);
		got = describe(c);
		if (strcmp(got, rows[i].expected) != 0)
			fail_msg("%s:\n got  %s\n want %s", rows[i].name, got,
			    rows[i].expected);
		free(got);
		ike_conf_unref(c);
		conf_tree_free(t);
	}
}

static void
test_times(void **state)
{
	struct conf_tree *t = tree_of(BASE CHILD
	    P1 "lifetime forever\n" P1 "margin-time 2m\n"
	    P1 "rekey-fuzz 50\n" P1 "dpd-delay 10s\n" P1 "reauth no\n"
	    P2 "lifetime 20m\n" P2 "life-packets 1000\n"
	    P2 "replay-window 64\n"
	    "set vpn-network a ipsec unique-ids keep\n");
	struct sp_error err;
	struct ike_conf *c;

	(void)state;
	assert_int_equal(ikeconf_build(phase1(t), NULL, 0, NULL, &c, &err), 0);
	assert_true(c->lifetime_ms == TIME_NEVER);
	assert_int_equal(c->margin_ms, 120000);
	assert_int_equal(c->fuzz_percent, 50);
	assert_int_equal(c->dpd_delay_ms, 10000);
	assert_true(c->rekey && c->dpd && !c->reauth);
	assert_int_equal(c->unique, UNIQUE_KEEP);
	assert_int_equal(c->children[0]->lifetime_ms, 1200000);
	assert_int_equal(c->children[0]->life_packets, 1000);
	assert_int_equal(c->children[0]->life_bytes, 0);
	assert_int_equal(c->children[0]->replay_window, 64);
	assert_int_equal(c->psk.len, strlen("correct-horse-battery-staple"));
	ike_conf_unref(c);
	conf_tree_free(t);
}

/* What a name resolved to is whom we answer. */
static void
test_resolved(void **state)
{
	struct conf_tree *t = tree_of(BASE CHILD
	    P1 "remote-gateway gw.example\n");
	struct ip_addr addr[2];
	struct sp_error err;
	struct ike_conf *c;

	(void)state;
	addr_parse(&addr[0], "192.0.2.7");
	addr_parse(&addr[1], "2001:db8::7");
	assert_int_equal(ikeconf_build(phase1(t), addr, 2, NULL, &c, &err), 0);
	assert_int_equal(c->nr_remote_addrs, 2);
	assert_true(addr_eq(&c->remote_addrs[1], &addr[1]));
	ike_conf_unref(c);
	conf_tree_free(t);
}

static void
test_refusals(void **state)
{
	struct conf_tree *t = tree_of(
	    P1 "remote-gateway 203.0.113.7\n" CHILD);
	struct sp_error err = {0};
	struct ike_conf *c = NULL;

	(void)state;
	assert_int_equal(ikeconf_build(phase1(t), NULL, 0, NULL, &c, &err),
	    SP_NOTFOUND);
	assert_string_equal(err.text, "Phase 1 \"p\" authenticates by "
	    "pre-shared key but has none.");
	assert_null(c);
	conf_tree_free(t);
}

/* What may change without a child being made anew. */
static void
test_same_child(void **state)
{
	static const struct {
		const char *name, *more;
		bool same;
	} cases[] = {
		{ "nothing", "", true },
		{ "lifetime", P2 "lifetime 2h\n", true },
		{ "selectors", P2 "remote-network 10.3.0.0/24\n", false },
		{ "proposal", P2 "proposal 10 algorithm aes\n", false },
		{ "replay window", P2 "replay-window 128\n", false },
	};
	struct conf_tree *a = tree_of(BASE CHILD), *b;
	struct ike_conf *ca, *cb;
	char *text;
	size_t i;

	(void)state;
	assert_int_equal(ikeconf_build(phase1(a), NULL, 0, NULL, &ca, NULL), 0);
	for (i = 0; i < NELEM(cases); i++) {
		text = xasprintf("%s%s", BASE CHILD, cases[i].more);
		b = tree_of(text);
		assert_int_equal(ikeconf_build(phase1(b), NULL, 0, NULL, &cb, NULL),
		    0);
		if (ikeconf_child_same(ca->children[0], cb->children[0]) !=
		    cases[i].same)
			fail_msg("%s", cases[i].name);
		ike_conf_unref(cb);
		conf_tree_free(b);
		free(text);
	}
	ike_conf_unref(ca);
	conf_tree_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_resolved),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_same_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
