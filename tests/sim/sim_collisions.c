/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Collisions (RFC 7296 2.8.1, 2.8.2, 2.25), one message after the other, each
 * with the exchange drawn as it goes.  A is host 0, B is host 1; X is the
 * child that is there at first.  Which nonce is the lowest depends on the
 * seed: cases that depend on it are run for many.
 */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SEEDS 16

enum { A, B };

static struct sim s;

static void
setup(uint64_t seed)
{
	sim_start(&s, seed, NULL);
	s.manual = true;
	sim_up(&s);
}

static uint32_t
child(unsigned host)
{
	return sim_in_use(&s, host, "net")->id;
}

static uint32_t
sa(unsigned host)
{
	struct ike_sa_info info;

	assert_true(sim_sa(&s, host, 0, &info));
	return info.id;
}

static void
rekey_child(unsigned host)
{
	assert_int_equal(ike_host_child_rekey(s.host[host].h, s.now,
	    child(host), NULL), 0);
	sim_drain(&s);
}

static void
delete_child(unsigned host)
{
	assert_int_equal(ike_host_child_delete(s.host[host].h, s.now,
	    child(host), REASON_USER_STOPPED, NULL), 0);
	sim_drain(&s);
}

static void
rekey_sa(unsigned host)
{
	assert_int_equal(ike_host_sa_rekey(s.host[host].h, s.now, sa(host),
	    NULL), 0);
	sim_drain(&s);
}

static void
delete_sa(unsigned host)
{
	assert_int_equal(ike_host_sa_delete(s.host[host].h, s.now, sa(host),
	    REASON_USER_STOPPED, false, NULL), 0);
	sim_drain(&s);
}

static void
create_child(unsigned host)
{
	struct ike_sa_info info;

	assert_true(sim_sa(&s, host, 0, &info));
	assert_int_equal(ike_host_child_create(s.host[host].h, s.now, info.id,
	    info.conf->children[0], NULL), 0);
	sim_drain(&s);
}

/* Let everything come to rest; then both sides agree. */
static void
teardown(unsigned sas, unsigned children)
{
	s.manual = false;
	sim_for(&s, 60000);
	assert_true(sim_agree(&s));
	assert_true(sim_is_sane(&s));
	assert_int_equal(sim_nr_sas(&s, A), sas);
	assert_int_equal(sim_nr_sas(&s, B), sas);
	assert_int_equal(sim_nr_children(&s, A), children);
	assert_int_equal(sim_nr_children(&s, B), children);
	/* nothing of it ends later, when what waits is over */
	sim_for(&s, 700000);
	assert_true(sim_agree(&s));
	assert_int_equal(sim_nr_children(&s, A), children);
	sim_end(&s);
}

/* Each side told one rekey of X and no end. */
static void
assert_one_rekey(void)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		assert_int_equal(sim_count(&s, i, IKE_EV_CHILD_REKEYED), 1);
		assert_int_equal(sim_count(&s, i, IKE_EV_CHILD_DOWN), 0);
		assert_int_equal(sim_count(&s, i, IKE_EV_CHILD_UP), 1);
	}
}

/*
 * A: CREATE_CHILD_SA { N(REKEY_SA, X) } -->
 *			<-- B: CREATE_CHILD_SA { N(REKEY_SA, X) }
 * Both are answered; then the nonces decide, and each side deletes one.
 */
static void
t_child_both(void **state)
{
	uint64_t seed;
	unsigned order;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		for (order = 0; order < 2; order++) {
			setup(seed);
			rekey_child(A);
			rekey_child(B);
			sim_pass(&s, A);	/* request of A */
			sim_pass(&s, B);	/* request of B */
			/* answers, in either order */
			sim_pass(&s, order ? A : B);
			sim_pass(&s, order ? B : A);
			sim_pass_all(&s);
			assert_one_rekey();
			teardown(1, 1);
		}
	}
}

/*
 * RFC 7296 2.8.1, second sequence: A's request is lost and repeated after B
 * has finished.
 *	A: { N(REKEY_SA, X) } --> (lost)
 *			<-- B: { N(REKEY_SA, X) }
 *	A: { SA, Nr } -->
 *			<-- B: { D(X) }
 *	A: { D(X) } -->
 *	A: { N(REKEY_SA, X) } --> (again)
 *			<-- B: { N(CHILD_SA_NOT_FOUND) }
 */
static void
t_child_lost_request(void **state)
{
	uint64_t seed;
	unsigned lost;

	(void)state;
	for (seed = 0; seed < 4; seed++) {
		for (lost = 1; lost <= 3; lost++) {
			setup(seed);
			rekey_child(A);
			sim_drop(&s, A);
			rekey_child(B);
			sim_pass(&s, B);
			sim_pass_all(&s);
			while (sim_count(&s, A, IKE_EV_RETRANSMIT) < lost) {
				sim_for(&s, 100);
				if (sim_count(&s, A, IKE_EV_RETRANSMIT) < lost)
					while (sim_drop(&s, A))
						;
			}
			sim_pass_all(&s);
			assert_one_rekey();
			teardown(1, 1);
		}
	}
}

/*
 * The same, but A's repeated request comes between B's Delete and its answer:
 *			<-- B: { D(X) }
 *	A: { N(REKEY_SA, X) } -->
 *			<-- B: { N(TEMPORARY_FAILURE) }
 */
static void
t_child_request_beside_delete(void **state)
{
	(void)state;
	setup(1);
	rekey_child(A);		/* waits */
	rekey_child(B);
	{
		struct sim_dgram *d = sim_peek(&s, A);
		struct ike_path path = { .local = d->dst, .remote = d->src };
		uint8_t copy[4096];
		size_t len = d->len;

		memcpy(copy, d->data, len);
		sim_drop(&s, A);
		sim_pass(&s, B);	/* request of B */
		sim_pass(&s, A);	/* answer; B sends its Delete */
		assert_int_equal(sim_waiting(&s, B), 1);
		sim_inject(&s, B, &path, copy, len);
	}
	sim_pass_all(&s);
	assert_one_rekey();
	teardown(1, 1);
}

/* One answer of the two is lost and repeated. */
static void
t_child_lost_answer(void **state)
{
	uint64_t seed;
	unsigned who;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		for (who = 0; who < 2; who++) {
			setup(seed);
			rekey_child(A);
			rekey_child(B);
			sim_pass(&s, A);
			sim_pass(&s, B);
			sim_drop(&s, who);
			sim_pass_all(&s);
			sim_for(&s, 4100);
			sim_pass_all(&s);
			assert_one_rekey();
			teardown(1, 1);
		}
	}
}

/*
 * V2-075: A rekeys X, B deletes it.
 *	A: { N(REKEY_SA, X) } -->
 *			<-- B: { D(X) }
 *	A: { D(X) } -->
 *			<-- B: { N(TEMPORARY_FAILURE) }
 */
static void
t_child_rekey_delete(void **state)
{
	unsigned order;

	(void)state;
	for (order = 0; order < 2; order++) {
		setup(1);
		rekey_child(A);
		delete_child(B);
		sim_pass(&s, order ? A : B);
		sim_pass(&s, order ? B : A);
		sim_pass_all(&s);
		assert_int_equal(sim_event(&s, A,
		    IKE_EV_CHILD_DOWN)->reason.code, REASON_PEER_DELETED);
		assert_int_equal(sim_count(&s, A, IKE_EV_CHILD_REKEYED), 0);
		teardown(1, 0);
	}
}

/*
 * V2-079: both delete X.
 *	A: { D(X) } -->			<-- B: { D(X) }
 *	A: { } -->			<-- B: { }
 */
static void
t_child_both_delete(void **state)
{
	(void)state;
	setup(1);
	delete_child(A);
	delete_child(B);
	sim_pass(&s, A);
	sim_pass(&s, B);
	/* answers without D: 61 bytes and a little would be with one */
	assert_true(sim_peek(&s, A)->len <= 61);
	assert_true(sim_peek(&s, B)->len <= 61);
	sim_pass_all(&s);
	assert_int_equal(sim_count(&s, A, IKE_EV_CHILD_DOWN), 1);
	assert_int_equal(sim_count(&s, B, IKE_EV_CHILD_DOWN), 1);
	teardown(1, 0);
}

/* Both rekey, then both delete what they have in use at once. */
static void
t_child_both_rekey_both_delete(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		setup(seed);
		rekey_child(A);
		rekey_child(B);
		sim_pass(&s, A);
		sim_pass(&s, B);
		delete_child(A);
		delete_child(B);
		sim_pass_all(&s);
		s.manual = false;
		sim_for(&s, 60000);
		assert_true(sim_agree(&s));
		assert_true(sim_is_sane(&s));
		sim_end(&s);
	}
}

/*
 * RFC 7296 2.8.2: both rekey the IKE SA.
 *	A: { SA, Ni, KE } -->		<-- B: { SA, Ni, KE }
 *	A: { SA, Nr, KE } -->		<-- B: { SA, Nr, KE }
 * One new SA is deleted by its maker, the old one by the other.
 */
static void
t_ike_both(void **state)
{
	uint64_t seed;
	unsigned order;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		for (order = 0; order < 2; order++) {
			setup(seed);
			rekey_sa(A);
			rekey_sa(B);
			sim_pass(&s, A);
			sim_pass(&s, B);
			sim_pass(&s, order ? A : B);
			sim_pass(&s, order ? B : A);
			sim_pass_all(&s);
			assert_int_equal(sim_count(&s, A,
			    IKE_EV_SA_REKEYED), 1);
			assert_int_equal(sim_count(&s, B,
			    IKE_EV_SA_REKEYED), 1);
			assert_int_equal(sim_count(&s, A, IKE_EV_SA_DOWN), 0);
			teardown(1, 1);
		}
	}
}

/*
 * Only B notices: A's answer arrives before B's request.
 *	A: { SA, Ni, KE } -->
 *					B: { SA, Ni, KE } (under way)
 *			<-- B: { SA, Nr, KE }
 *	A: { D } -->	B answers, and forgets its own rekey
 */
static void
t_ike_one_notices(void **state)
{
	(void)state;
	setup(1);
	rekey_sa(A);
	rekey_sa(B);
	sim_pass(&s, A);	/* request of A: B notes the collision */
	sim_drop(&s, B);	/* request of B is lost */
	sim_pass(&s, B);	/* answer of B */
	sim_pass(&s, A);	/* D of the old SA */
	sim_pass_all(&s);
	assert_int_equal(sim_count(&s, A, IKE_EV_SA_REKEYED), 1);
	assert_int_equal(sim_count(&s, B, IKE_EV_SA_REKEYED), 1);
	teardown(1, 1);
}

/* The same, but B's request is late and meets an SA that is being deleted:
 * TEMPORARY_FAILURE. */
static void
t_ike_late_request(void **state)
{
	struct sim_dgram *d;
	struct ike_path path;
	uint8_t copy[4096];
	size_t len;

	(void)state;
	setup(1);
	rekey_sa(A);
	rekey_sa(B);
	d = sim_peek(&s, B);
	path = (struct ike_path){ .local = d->dst, .remote = d->src };
	len = d->len;
	memcpy(copy, d->data, len);
	sim_drop(&s, B);
	sim_pass(&s, A);	/* request of A */
	sim_pass(&s, B);	/* answer of B; A sends D */
	sim_inject(&s, A, &path, copy, len);
	sim_pass_all(&s);
	assert_int_equal(sim_count(&s, B, IKE_EV_SA_REKEYED), 1);
	teardown(1, 1);
}

/* One of the four messages is lost and repeated. */
static void
t_ike_lost(void **state)
{
	uint64_t seed;
	unsigned who, step;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		for (who = 0; who < 2; who++) {
			for (step = 0; step < 2; step++) {
				setup(seed);
				rekey_sa(A);
				rekey_sa(B);
				if (step == 0)
					sim_drop(&s, who);
				sim_pass(&s, A);
				sim_pass(&s, B);
				if (step == 1)
					sim_drop(&s, who);
				sim_pass_all(&s);
				sim_for(&s, 4100);
				sim_pass_all(&s);
				teardown(1, 1);
			}
		}
	}
}

/*
 * V2-076: A rekeys the IKE SA, B a child: each gets TEMPORARY_FAILURE, both
 * try again later.
 */
static void
t_ike_and_child(void **state)
{
	unsigned kind;

	(void)state;
	for (kind = 0; kind < 2; kind++) {
		setup(kind);
		rekey_sa(A);
		if (kind == 0)
			rekey_child(B);
		else
			create_child(B);
		sim_pass(&s, A);
		sim_pass(&s, B);
		sim_pass_all(&s);
		assert_int_equal(sim_count(&s, A, IKE_EV_SA_REKEYED), 0);
		assert_int_equal(sim_count(&s, B, IKE_EV_CHILD_REKEYED), 0);
		s.manual = false;
		sim_for(&s, 60000);
		assert_int_equal(sim_count(&s, A, IKE_EV_SA_REKEYED), 1);
		teardown(1, kind == 0 ? 1 : 2);
	}
}

/* A rekeys the IKE SA, B deletes a child: answered as usual. */
static void
t_ike_and_child_delete(void **state)
{
	unsigned order;

	(void)state;
	for (order = 0; order < 2; order++) {
		setup(order);
		rekey_sa(A);
		delete_child(B);
		sim_pass(&s, order ? A : B);
		sim_pass(&s, order ? B : A);
		sim_pass_all(&s);
		s.manual = false;
		sim_for(&s, 60000);
		assert_int_equal(sim_count(&s, A, IKE_EV_SA_REKEYED), 1);
		teardown(1, 0);
	}
}

/* V2-078: A rekeys the IKE SA, B deletes it; whoever comes first. */
static void
t_ike_rekey_delete(void **state)
{
	unsigned order;

	(void)state;
	for (order = 0; order < 2; order++) {
		setup(order);
		rekey_sa(A);
		delete_sa(B);
		sim_pass(&s, order ? A : B);
		sim_pass(&s, order ? B : A);
		sim_pass_all(&s);
		assert_int_equal(sim_count(&s, A, IKE_EV_SA_DOWN), 1);
		assert_int_equal(sim_count(&s, B, IKE_EV_SA_DOWN), 1);
		teardown(0, 0);
	}
}

/* V2-078: both delete the IKE SA: both answer, both are done. */
static void
t_ike_both_delete(void **state)
{
	unsigned lost;

	(void)state;
	for (lost = 0; lost < 3; lost++) {
		setup(lost);
		delete_sa(A);
		delete_sa(B);
		if (lost > 0)
			sim_drop(&s, lost - 1);
		sim_pass_all(&s);
		assert_int_equal(sim_event(&s, A,
		    IKE_EV_SA_DOWN)->reason.code, REASON_USER_STOPPED);
		assert_int_equal(sim_event(&s, B,
		    IKE_EV_SA_DOWN)->reason.code, REASON_USER_STOPPED);
		/* nobody repeats for ever */
		s.manual = false;
		sim_for(&s, 3000);
		assert_int_equal(sim_waiting(&s, A) + sim_waiting(&s, B), 0);
		teardown(0, 0);
	}
}

/* A's child comes while B deletes the IKE SA: refused, and all ends. */
static void
t_create_and_delete_sa(void **state)
{
	(void)state;
	setup(1);
	create_child(A);
	delete_sa(B);
	sim_pass(&s, A);
	sim_pass(&s, B);
	sim_pass_all(&s);
	teardown(0, 0);
}

/* The answer of a new child is lost, and B deletes the child at once. */
static void
t_created_and_deleted(void **state)
{
	struct ike_child_info c;
	uint32_t id = 0;
	size_t pos = 0;

	(void)state;
	setup(1);
	create_child(A);
	sim_pass(&s, A);
	sim_drop(&s, B);
	while (ike_host_next_child(s.host[B].h, &pos, &c))
		id = c.id > id ? c.id : id;
	assert_int_equal(ike_host_child_delete(s.host[B].h, s.now, id,
	    REASON_USER_STOPPED, NULL), 0);
	sim_drain(&s);
	sim_pass_all(&s);
	sim_for(&s, 4100);
	sim_pass_all(&s);
	assert_int_equal(sim_event(&s, A, IKE_EV_CHILD_FAILED)->reason.code,
	    REASON_PEER_DELETED);
	teardown(1, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_child_both),
		cmocka_unit_test(t_child_lost_request),
		cmocka_unit_test(t_child_request_beside_delete),
		cmocka_unit_test(t_child_lost_answer),
		cmocka_unit_test(t_child_rekey_delete),
		cmocka_unit_test(t_child_both_delete),
		cmocka_unit_test(t_child_both_rekey_both_delete),
		cmocka_unit_test(t_ike_both),
		cmocka_unit_test(t_ike_one_notices),
		cmocka_unit_test(t_ike_late_request),
		cmocka_unit_test(t_ike_lost),
		cmocka_unit_test(t_ike_and_child),
		cmocka_unit_test(t_ike_and_child_delete),
		cmocka_unit_test(t_ike_rekey_delete),
		cmocka_unit_test(t_ike_both_delete),
		cmocka_unit_test(t_create_and_delete_sa),
		cmocka_unit_test(t_created_and_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
