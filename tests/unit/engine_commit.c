/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The smallest set of operations between two configurations: what did not
 * change is not in the list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "conf/model.h"
#include "conf/text.h"
#include "engine/commit.h"

#define NET(n) \
	"set vpn-network " n " address 10.1.0.1\n" \
	"set vpn-network " n " network-address 10.1.0.0/24\n"
#define CONN(n, p) \
	"set vpn-network " n " phase1 " p " remote-gateway 203.0.113.7\n" \
	"set vpn-network " n " phase1 " p " pre-shared-key 0123456789abcdef\n" \
	"set vpn-network " n " phase1 " p " phase2 x local-network " \
	"10.1.0.0/24\n" \
	"set vpn-network " n " phase1 " p " phase2 x remote-network " \
	"10.2.0.0/24\n"
#define BASE NET("a") CONN("a", "p") CONN("a", "q") NET("b") CONN("b", "r")
#define P "set vpn-network a phase1 p "

static const struct {
	const char *name, *from, *to, *expected;
} rows[] = {
	{ "nothing", BASE, BASE, "" },
	{ "from nothing", "", BASE, "network-add a; network-add b; " },
	{ "to nothing", BASE, "", "network-remove a; network-remove b; " },
	{ "one network more", NET("a"), NET("a") NET("b"), "network-add b; " },
	{ "one phase 1 more", NET("a") CONN("a", "p"),
	    NET("a") CONN("a", "p") CONN("a", "q"), "conn-add a/q; " },
	{ "one phase 1 less", NET("a") CONN("a", "p") CONN("a", "q"),
	    NET("a") CONN("a", "q"), "conn-remove a/p; " },
	{ "lifetime disturbs nothing", BASE, BASE P "lifetime 2h\n",
	    "conn-update a/p; " },
	{ "description disturbs nothing", BASE, BASE P "description new\n",
	    "conn-update a/p; " },
	{ "identifier: one IKE SA", BASE, BASE P "identifier gw.example\n",
	    "conn-restart a/p; " },
	{ "another key: one IKE SA", BASE,
	    BASE P "pre-shared-key another-secret-key\n",
	    "conn-restart a/p; " },
	{ "phase 1 proposal: one IKE SA", BASE,
	    BASE P "proposal 10 algorithm aes-gcm\n", "conn-restart a/p; " },
	{ "phase 1 off: one IKE SA", BASE, BASE P "enabled no\n",
	    "conn-restart a/p; " },
	{ "selectors: at most a child", BASE,
	    BASE P "phase2 x remote-network 10.3.0.0/24\n",
	    "conn-update a/p; " },
	{ "phase 2 proposal: at most a child", BASE,
	    BASE P "phase2 x proposal 10 algorithm aes-gcm\n",
	    "conn-update a/p; " },
	{ "phase 2 more", BASE,
	    BASE P "phase2 y local-network 10.1.0.0/24\n"
	    P "phase2 y remote-network 10.4.0.0/24\n",
	    "conn-update a/p; " },
	{ "the stronger one wins", BASE,
	    BASE P "lifetime 2h\n" P "identifier gw.example\n"
	    P "phase2 x lifetime 2h\n", "conn-restart a/p; " },
	{ "address: the network", BASE,
	    BASE "set vpn-network b address 10.1.0.2\n",
	    "network-cycle b; " },
	{ "a cycled network takes its tunnels along", BASE,
	    BASE "set vpn-network a address 10.1.0.2\n"
	    P "identifier gw.example\n", "network-cycle a; " },
	{ "description of a network", BASE,
	    BASE "set vpn-network a description new\n", "" },
	{ "unique-ids", BASE,
	    BASE "set vpn-network a ipsec unique-ids never\n",
	    "network-refresh a; conn-update a/p; conn-update a/q; " },
	{ "ipsec off", BASE, BASE "set vpn-network b ipsec enabled no\n",
	    "network-refresh b; conn-restart b/r; " },
	{ "log level", BASE, BASE "set system log-level debug\n",
	    "system; " },
	{ "data plane: every network", BASE,
	    BASE "set system data-plane user\n",
	    "network-cycle a; network-cycle b; system; " },
};

static struct conf_tree *
tree_of(const char *text)
{
	struct conf_tree *t = NULL;
	struct sp_error err = {0};

	if (text[0] == '\0')
		return conf_tree_new();
	if (conf_parse(&t, text, &err) < 0)
		fail_msg("line %d: %s", err.line, err.text);
	return t;
}

static char *
describe(const struct commit_plan *p)
{
	struct buf b = {0};
	size_t i;

	buf_puts(&b, "");
	for (i = 0; i < p->nr; i++) {
		buf_puts(&b, commit_type_name(p->op[i].type));
		if (p->op[i].network[0] != '\0')
			buf_printf(&b, " %s", p->op[i].network);
		if (p->op[i].phase1[0] != '\0')
			buf_printf(&b, "/%s", p->op[i].phase1);
		buf_puts(&b, "; ");
	}
	return buf_steal_str(&b);
}

static void
test_plans(void **state)
{
	struct conf_tree *from, *to;
	struct commit_plan plan;
	unsigned bad = 0;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		from = tree_of(rows[i].from);
		to = tree_of(rows[i].to);
		commit_plan_make(from, to, &plan);
		got = describe(&plan);
		if (strcmp(got, rows[i].expected) != 0) {
			print_message("%s:\n got  %s\n want %s\n",
			    rows[i].name, got, rows[i].expected);
			bad++;
		}
		free(got);
		commit_plan_free(&plan);
		conf_tree_free(from);
		conf_tree_free(to);
	}
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
