/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The anti-replay window: edges, jumps, duplicates, extended numbers across
 * 2^32, and random traffic against a slow model that keeps every number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "plane/user/replay.h"

struct step {
	uint64_t seq;
	bool ok;
};

static const struct row {
	const char *name;
	uint32_t window;
	struct step steps[12];		/* ends with seq 0 after the first */
} rows[] = {
	{ "in order", 32, { { 1, true }, { 2, true }, { 3, true } } },
	{ "zero", 32, { { 0, false } } },
	{ "duplicate of the top", 32, { { 7, true }, { 7, false } } },
	{ "late but within", 32, { { 40, true }, { 20, true }, { 20, false } } },
	{ "the last that fits", 32, { { 100, true }, { 69, true },
	    { 69, false } } },
	{ "the first too old", 32, { { 100, true }, { 68, false } } },
	{ "edge moves", 32, { { 100, true }, { 69, true }, { 101, true },
	    { 69, false }, { 70, true } } },
	{ "edge of 64", 64, { { 100, true }, { 37, true }, { 36, false } } },
	{ "edge of 4096", 4096, { { 5000, true }, { 905, true },
	    { 904, false } } },
	{ "jump of the window", 64, { { 1, true }, { 65, true }, { 1, false },
	    { 2, true } } },
	{ "jump over the ring", 4096, { { 8200, true }, { 100000, true },
	    { 8200, false }, { 99999, true }, { 95905, true },
	    { 95904, false } } },
	{ "ring wraps clean", 64, { { 10, true }, { 8202, true },
	    { 8201, true }, { 8202, false } } },
	{ "off", 0, { { 5, true }, { 5, true }, { 1, true } } },
	{ "to the end", 32, { { UINT32_MAX - 1, true }, { UINT32_MAX, true },
	    { UINT32_MAX, false } } },
	{ "above 32 bits", 32, { { 0xfffffffe, true }, { 0x100000002, true },
	    { 0xffffffff, true }, { 0xfffffffe, false },
	    { 0x100000001, true } } },
};

static void
test_rows(void **state)
{
	const struct row *t;
	const struct step *s;
	struct replay r;
	size_t i, j;
	int bad = 0;
	bool ok;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		t = &rows[i];
		replay_init(&r, t->window, true);
		for (j = 0; j < NELEM(t->steps); j++) {
			s = &t->steps[j];
			if (j > 0 && s->seq == 0)
				break;
			ok = replay_check(&r, s->seq);
			if (ok)
				replay_update(&r, s->seq);
			if (ok == s->ok)
				continue;
			print_error("%s, step %zu (%#llx): %s\n", t->name, j,
			    (unsigned long long)s->seq,
			    ok ? "taken" : "refused");
			bad++;
		}
		replay_free(&r);
	}
	assert_int_equal(bad, 0);
}

static const struct infer_row {
	const char *name;
	bool esn;
	uint64_t top;
	uint32_t window, low;
	bool ok;
	uint64_t seq;
} infer_rows[] = {
	{ "plain", false, 10, 64, 11, true, 11 },
	{ "plain zero", false, 10, 64, 0, false, 0 },
	{ "first", true, 0, 64, 1, true, 1 },
	{ "start, below zero", true, 0, 64, 0xfffffff0, false, 0 },
	{ "case A, in the window", true, 0x100, 64, 0xd0, true, 0xd0 },
	{ "case A, bottom", true, 0x100, 64, 0xc1, true, 0xc1 },
	{ "case A, below: next epoch", true, 0x100, 64, 0xc0, true,
	    0x1000000c0 },
	{ "case A, ahead", true, 0x100, 64, 0xfffffff0, true, 0xfffffff0 },
	{ "over 2^32", true, 0xffffffff, 64, 0, true, 0x100000000 },
	{ "over 2^32, more", true, 0xfffffff0, 64, 5, true, 0x100000005 },
	{ "case B, late", true, 0x100000005, 64, 0xfffffff0, true,
	    0xfffffff0 },
	{ "case B, bottom", true, 0x100000005, 64, 0xffffffc6, true,
	    0xffffffc6 },
	{ "case B, below: this epoch", true, 0x100000005, 64, 0xffffffc5,
	    true, 0x1ffffffc5 },
	{ "case B, ahead", true, 0x100000005, 64, 6, true, 0x100000006 },
	{ "last epoch, none after", true, 0xffffffff00000100, 64, 0xc0,
	    false, 0 },
	{ "no window, over 2^32", true, 0xffffffff, 0, 1, true, 0x100000001 },
};

static void
test_infer(void **state)
{
	const struct infer_row *t;
	struct replay r;
	uint64_t seq;
	size_t i;
	int bad = 0;
	bool ok;

	(void)state;
	for (i = 0; i < NELEM(infer_rows); i++) {
		t = &infer_rows[i];
		replay_init(&r, t->window, t->esn);
		r.top = t->top;
		seq = 0;
		ok = replay_infer(&r, t->low, &seq);
		replay_free(&r);
		if (ok == t->ok && (!ok || seq == t->seq))
			continue;
		print_error("%s: %d %#llx, expected %d %#llx\n", t->name, ok,
		    (unsigned long long)seq, t->ok,
		    (unsigned long long)t->seq);
		bad++;
	}
	assert_int_equal(bad, 0);
}

#define MODEL 60000u

/* Every number is remembered; the window is counted by hand. */
static void
test_model(void **state)
{
	static const uint32_t windows[] = { 32, 64, 100, 1024, 4096 };
	static uint8_t seen[MODEL + 10000];
	uint32_t w, top, seq, rnd = 1;
	struct replay r;
	size_t i;
	bool want;

	(void)state;
	for (i = 0; i < NELEM(windows); i++) {
		w = windows[i];
		memset(seen, 0, sizeof(seen));
		replay_init(&r, w, false);
		for (top = 0; top < MODEL;) {
			rnd = rnd * 1103515245u + 12345u;
			seq = top + 1 + (rnd >> 16) % 40;
			if ((rnd >> 9) % 4 != 0)
				seq = top - (rnd >> 16) % (w + w / 4);
			else if ((rnd >> 5) % 64 == 0)
				seq += w * 2;
			if ((int32_t)seq <= 0)
				seq = 1;
			want = seq > top || (top - seq < w && !seen[seq]);
			assert_int_equal(replay_check(&r, seq), want);
			if (!want)
				continue;
			replay_update(&r, seq);
			seen[seq] = 1;
			if (seq > top)
				top = seq;
		}
		replay_free(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_infer),
		cmocka_unit_test(test_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
