/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/sim.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void
t_up(void **state)
{
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_up(&s);
	assert_int_equal(sim_count(&s, 0, IKE_EV_SA_UP), 1);
	assert_int_equal(sim_count(&s, 1, IKE_EV_SA_UP), 1);
	assert_int_equal(sim_count(&s, 0, IKE_EV_CHILD_UP), 1);
	assert_int_equal(sim_count(&s, 1, IKE_EV_CHILD_UP), 1);
	assert_true(sim_agree(&s));
	assert_true(sim_is_sane(&s));
	sim_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(t_up) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
