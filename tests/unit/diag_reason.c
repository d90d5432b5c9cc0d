/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Every reason code has a row with a title and, where something is wrong, a
 * remedy; remedies name only words that exist; the JSON has the stable names.
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
#include "diag/diag.h"

static const struct diag_subject full = {
	.network = "branch", .phase1 = "hq", .phase2 = "lan",
	.remote = "203.0.113.7",
};

static void
test_every_code_has_a_row(void **state)
{
	const struct diag_row *row;
	int code;

	(void)state;
	for (code = 0; code < REASON_COUNT; code++) {
		row = diag_row((enum ike_reason_code)code);
		if (row->title == NULL)
			fail_msg("%s has no title",
			    ike_reason_word((enum ike_reason_code)code));
		if (row->side != DIAG_NONE && row->remedy[0] == NULL)
			fail_msg("%s has no remedy",
			    ike_reason_word((enum ike_reason_code)code));
	}
}

static void
check_remedy(const char *tmpl, const struct ike_reason *r, const char *word)
{
	char *text = diag_remedy(tmpl, r, &full);

	if (text == NULL)
		fail_msg("%s: \"%s\" names an unknown word", word, tmpl);
	if (strchr(text, '{') != NULL || strchr(text, '}') != NULL)
		fail_msg("%s: \"%s\" is not filled in", word, text);
	free(text);
}

static void
test_remedies_name_known_words(void **state)
{
	struct ike_reason r = { .ours = "aes256", .theirs = "3des" };
	const struct diag_row *row;
	int code, i;

	(void)state;
	for (code = 0; code < REASON_COUNT; code++) {
		row = diag_row((enum ike_reason_code)code);
		for (i = 0; i < DIAG_REMEDIES && row->remedy[i] != NULL; i++)
			check_remedy(row->remedy[i], &r,
			    ike_reason_word((enum ike_reason_code)code));
	}
}

static void
test_remedy_words(void **state)
{
	static const struct {
		const char *name, *tmpl, *expected;
	} rows[] = {
		{ "plain", "show log", "show log" },
		{ "one word", "connect {phase1}", "connect hq" },
		{ "two words", "rekey {network} {phase1} child",
		    "rekey branch hq child" },
		{ "at the end", "allow {ours}", "allow aes256" },
		{ "empty value is left out", "set it to {theirs}", NULL },
		{ "unknown word is left out", "set it to {what}", NULL },
	};
	struct ike_reason r = { .ours = "aes256" };
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		got = diag_remedy(rows[i].tmpl, &r, &full);
		if ((got == NULL) != (rows[i].expected == NULL) ||
		    (got != NULL && strcmp(got, rows[i].expected) != 0))
			fail_msg("%s: got \"%s\"", rows[i].name,
			    got != NULL ? got : "nothing");
		free(got);
	}
}

/* What a peer calls itself stands in a command that somebody may run. */
static void
test_values_of_peers(void **state)
{
	static const struct {
		const char *theirs, *expected;
	} rows[] = {
		{ "gw.example (FQDN)", "set x fqdn:gw.example" },
		{ "a@b.example (e-mail)", "set x email:a@b.example" },
		{ "203.0.113.7 (IPv4 address)", "set x 203.0.113.7" },
		{ "C=DE, CN=gw (DN)", "set x \"C=DE, CN=gw\"" },
		{ "a; delete vpn-network b (FQDN)",
		  "set x \"fqdn:a; delete vpn-network b\"" },
		{ "a\"; delete b (KEY_ID)", "set x \"keyid:a\\\"; delete b\"" },
		{ "a | save /etc/passwd", "set x \"a | save /etc/passwd\"" },
	};
	struct ike_reason r = {0};
	size_t i;
	char *got;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		snprintf(r.theirs, sizeof(r.theirs), "%s", rows[i].theirs);
		got = diag_remedy("set x {theirs}", &r, &full);
		assert_string_equal(got, rows[i].expected);
		free(got);
	}
}

static void
test_json(void **state)
{
	struct ike_reason r = {0};
	json_t *obj, *remedy;

	(void)state;
	ike_reason_set(&r, REASON_NO_PROPOSAL_CHILD, true, "IKE_AUTH",
	    "aes128-sha256", NULL, "The peer refused our proposal.");
	obj = diag_reason_json(&r, &full, 0);
	assert_string_equal(json_string_value(json_object_get(obj, "code")),
	    "no-proposal-chosen-child");
	assert_string_equal(json_string_value(json_object_get(obj, "side")),
	    "both");
	assert_string_equal(json_string_value(json_object_get(obj, "ours")),
	    "aes128-sha256");
	assert_null(json_object_get(obj, "theirs"));
	assert_null(json_object_get(obj, "time"));
	assert_true(json_is_true(json_object_get(obj, "sure")));
	remedy = json_object_get(obj, "remedy");
	assert_int_equal(json_array_size(remedy), 3);
	assert_string_equal(json_string_value(json_array_get(remedy, 0)),
	    "set vpn-network branch phase1 hq phase2 lan proposal 10 "
	    "algorithm WORD");
	json_decref(obj);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_has_a_row),
		cmocka_unit_test(test_remedies_name_known_words),
		cmocka_unit_test(test_remedy_words),
		cmocka_unit_test(test_values_of_peers),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
