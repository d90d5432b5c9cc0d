/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/merge: what one side changed is taken, what both changed unlike each
 * other is a conflict; and, for random edits, the laws that a merge keeps.
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
#include "conf/merge.h"
#include "conf/model.h"
#include "conf/text.h"

#define A "set vpn-network a "
#define P A "phase1 p "
#define BASE A "address 10.1.0.1\n" A "network-address 10.1.0.0/24\n" \
	P "remote-gateway 203.0.113.7\n" P "lifetime 4h\n" \
	P "pre-shared-key 0123456789abcdef\n" \
	P "phase2 x local-network 10.1.0.0/24\n" \
	P "phase2 x remote-network 10.2.0.0/24\n"

/* conflicts: "path mine/theirs; " for each */
static const struct {
	const char *name, *base, *mine, *theirs, *merged, *conflicts;
} rows[] = {
	{ "nothing", BASE, BASE, BASE, BASE, "" },
	{ "only mine", BASE, BASE P "lifetime 2h\n", BASE,
	    BASE P "lifetime 2h\n", "" },
	{ "only theirs", BASE, BASE, BASE P "lifetime 2h\n",
	    BASE P "lifetime 2h\n", "" },
	{ "different settings", BASE, BASE P "lifetime 2h\n",
	    BASE P "mobike no\n", BASE P "lifetime 2h\n" P "mobike no\n",
	    "" },
	{ "the same on both sides", BASE, BASE P "lifetime 2h\n",
	    BASE P "lifetime 2h\n", BASE P "lifetime 2h\n", "" },
	{ "unlike on both sides", BASE, BASE P "lifetime 2h\n",
	    BASE P "lifetime 1h\n", BASE P "lifetime 1h\n",
	    "vpn-network a phase1 p lifetime 2h/1h; " },
	{ "new objects on both sides", BASE, BASE P "phase2 y mode tunnel\n"
	    P "phase2 y description m\n", BASE P "phase2 z description t\n",
	    BASE P "phase2 z description t\n"
	    P "phase2 y description m\n", "" },
	{ "the same new object", BASE, BASE P "phase2 y description m\n",
	    BASE P "phase2 y description t\n",
	    BASE P "phase2 y description t\n",
	    "vpn-network a phase1 p phase2 y description m/t; " },
	{ "mine deleted, theirs untouched", BASE, A "address 10.1.0.1\n"
	    A "network-address 10.1.0.0/24\n", BASE,
	    A "address 10.1.0.1\n" A "network-address 10.1.0.0/24\n", "" },
	{ "mine deleted, theirs changed", BASE, A "address 10.1.0.1\n"
	    A "network-address 10.1.0.0/24\n", BASE P "lifetime 1h\n",
	    BASE P "lifetime 1h\n",
	    "vpn-network a phase1 p deleted/changed; " },
	{ "theirs deleted, mine changed", BASE, BASE P "lifetime 1h\n",
	    A "address 10.1.0.1\n" A "network-address 10.1.0.0/24\n",
	    A "address 10.1.0.1\n" A "network-address 10.1.0.0/24\n",
	    "vpn-network a phase1 p changed/deleted; " },
	{ "a new key of mine", BASE, BASE P "pre-shared-key new-key-of-mine\n",
	    BASE P "lifetime 1h\n", BASE P "lifetime 1h\n"
	    P "pre-shared-key new-key-of-mine\n", "" },
	{ "a list is one value", BASE,
	    BASE P "phase2 x remote-network 10.3.0.0/24\n",
	    BASE P "phase2 x remote-network 10.4.0.0/24\n",
	    BASE P "phase2 x remote-network 10.4.0.0/24\n",
	    "vpn-network a phase1 p phase2 x remote-network "
	    "10.2.0.0/24 10.3.0.0/24/10.2.0.0/24 10.4.0.0/24; " },
};

static struct conf_tree *
tree_of(const char *text)
{
	struct conf_tree *t = NULL;
	struct sp_error err = {0};

	if (conf_parse(&t, text, &err) < 0)
		fail_msg("line %d: %s\n%s", err.line, err.text, text);
	return t;
}

static char *
describe(const struct conf_conflicts *c)
{
	struct buf b = {0};
	size_t i;

	buf_puts(&b, "");
	for (i = 0; i < c->nr; i++)
		buf_printf(&b, "%s %s/%s; ", c->c[i].path, c->c[i].mine,
		    c->c[i].theirs);
	return buf_steal_str(&b);
}

/* Equal, keys included; prints the difference else. */
static void
assert_same(const char *name, const struct conf_tree *got,
    const struct conf_tree *want)
{
	struct buf diff = {0};

	if (conf_diff_print(&diff, want, got) != 0)
		fail_msg("%s: differs\n%s", name, (char *)diff.data);
	buf_free(&diff);
}

static void
test_rows(void **state)
{
	struct conf_tree *base, *mine, *theirs, *want, *got;
	struct conf_conflicts c;
	struct sp_error err = {0};
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		base = tree_of(rows[i].base);
		mine = tree_of(rows[i].mine);
		theirs = tree_of(rows[i].theirs);
		want = tree_of(rows[i].merged);
		got = conf_merge(base, mine, theirs, MERGE_THEIRS, &c, &err);
		assert_non_null(got);
		text = describe(&c);
		if (!str_eq(text, rows[i].conflicts))
			fail_msg("%s: conflicts %s", rows[i].name, text);
		assert_same(rows[i].name, got, want);
		free(text);
		conf_conflicts_free(&c);
		conf_tree_free(base);
		conf_tree_free(mine);
		conf_tree_free(theirs);
		conf_tree_free(want);
		conf_tree_free(got);
	}
}

/* One random edit at one of a few places, so that the sides often meet. */
static void
edit(struct conf_tree *t, unsigned *seed)
{
	static const char *const values[] = { "1h", "2h", "3h" };
	struct conf_node *net, *p1;
	struct sp_error err = {0};
	char name[8];

	snprintf(name, sizeof(name), "p%d", rand_r(seed) % 4);
	net = conf_child(conf_root(t), "vpn-network", "a");
	p1 = conf_child(net, "phase1", name);
	switch (rand_r(seed) % 4) {
	case 0:
		if (p1 != NULL)
			conf_node_delete(p1);
		break;
	case 1:
		(void)conf_child_make(net, "phase1", name, &p1, &err);
		break;
	default:
		if (p1 != NULL)
			(void)conf_set(p1, "lifetime",
			    values[rand_r(seed) % 3], &err);
	}
}

static void
edits(struct conf_tree *t, unsigned *seed)
{
	int n = rand_r(seed) % 6;

	while (n-- > 0)
		edit(t, seed);
}

/* merge(b, x, b) = x; merge(b, b, x) = x; merge(b, x, x) = x; and which side
 * is called mine does not matter for whether there are conflicts, nor, when
 * there are none, for the result (but for the order of new objects). */
static void
test_laws(void **state)
{
	struct conf_tree *b, *x, *y, *xy, *yx, *t;
	struct conf_conflicts c, d;
	struct sp_error err = {0};
	unsigned seed;

	(void)state;
	for (seed = 1; seed <= 2000; seed++) {
		unsigned s = seed;

		b = tree_of(BASE);
		edits(b, &s);
		x = conf_tree_copy(b);
		y = conf_tree_copy(b);
		edits(x, &s);
		edits(y, &s);
		t = conf_merge(b, x, b, MERGE_THEIRS, &c, &err);
		assert_int_equal(c.nr, 0);
		assert_same("merge(b, x, b)", t, x);
		conf_tree_free(t);
		t = conf_merge(b, b, x, MERGE_THEIRS, &c, &err);
		assert_int_equal(c.nr, 0);
		assert_same("merge(b, b, x)", t, x);
		conf_tree_free(t);
		t = conf_merge(b, x, x, MERGE_THEIRS, &c, &err);
		assert_int_equal(c.nr, 0);
		assert_same("merge(b, x, x)", t, x);
		conf_tree_free(t);
		xy = conf_merge(b, x, y, MERGE_THEIRS, &c, &err);
		yx = conf_merge(b, y, x, MERGE_THEIRS, &d, &err);
		if (c.nr != d.nr)
			fail_msg("seed %u: %zu and %zu conflicts", seed, c.nr,
			    d.nr);
		if (c.nr == 0)
			assert_same("merge(b, x, y)", xy, yx);
		conf_tree_free(xy);
		conf_conflicts_free(&c);
		/* theirs of one is mine of the other */
		xy = conf_merge(b, x, y, MERGE_MINE, &c, &err);
		assert_same("merge(b, x over y)", xy, yx);
		conf_conflicts_free(&c);
		conf_conflicts_free(&d);
		conf_tree_free(b);
		conf_tree_free(x);
		conf_tree_free(y);
		conf_tree_free(xy);
		conf_tree_free(yx);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_laws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
