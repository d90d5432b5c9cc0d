/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ike_msg_check(): which payloads each exchange may hold.  A row lists the
 * payloads in order; "SK" divides the clear ones from the sealed ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "ike/codec.h"
#include "ike/internal.h"

static const struct {
	uint8_t exchange;
	uint8_t flags;
	const char *payloads;	/* names; N:number for a notify */
	const char *error;	/* NULL if it must pass */
} rows[] = {
	/* IKE_SA_INIT */
	{ 34, 0x08, "SA KE NONCE", NULL },
	{ 34, 0x08, "N:16390 SA KE NONCE N:16388 N:16388 N:16389 V V", NULL },
	{ 34, 0x08, "NONCE V KE 200 SA", NULL },
	{ 34, 0x08, "SA KE", "the IKE_SA_INIT request has no payload NONCE" },
	{ 34, 0x08, "SA NONCE", "has no payload KE" },
	{ 34, 0x08, "KE NONCE", "has no payload SA" },
	{ 34, 0x08, "", "has no payload SA" },
	{ 34, 0x08, "SA SA KE NONCE", "holds the payload SA more than 1" },
	{ 34, 0x08, "SA KE KE NONCE", "holds the payload KE more than 1" },
	{ 34, 0x08, "SA KE NONCE AUTH", "AUTH, which does not belong there" },
	{ 34, 0x08, "SA KE NONCE IDi", "IDi, which does not belong there" },
	{ 34, 0x08, "SA KE NONCE D", "D, which does not belong there" },
	{ 34, 0x08, "SA KE NONCE SK", "is encrypted" },
	{ 34, 0x08, "SK SA KE NONCE", "is encrypted" },
	{ 34, 0x08, "N:14", "has no payload SA" },
	{ 34, 0x08, "N:16390", "has no payload SA" },
	{ 34, 0x20, "SA KE NONCE CERTREQ", NULL },
	{ 34, 0x20, "N:16390", NULL },
	{ 34, 0x20, "N:17", NULL },
	{ 34, 0x20, "N:14", NULL },
	{ 34, 0x20, "N:5", NULL },
	{ 34, 0x20, "N:16407", NULL },
	{ 34, 0x20, "N:14 V", NULL },
	{ 34, 0x20, "N:16388 N:16389", "has no payload SA" },
	{ 34, 0x20, "N:14 AUTH", "AUTH, which does not belong there" },
	/* IKE_AUTH */
	{ 35, 0x08, "SK IDi AUTH SA TSi TSr", NULL },
	{ 35, 0x08, "SK IDi CERT CERT CERTREQ IDr AUTH CP SA TSi TSr N:16384",
	  NULL },
	{ 35, 0x08, "SK IDi AUTH", NULL },
	{ 35, 0x08, "SK IDi IDr CP SA TSi TSr", NULL },
	{ 35, 0x08, "SK EAP", NULL },
	{ 35, 0x08, "SK AUTH", NULL },
	{ 35, 0x08, "SK SA TSi TSr", "has neither payload IDi nor AUTH" },
	{ 35, 0x08, "SK IDi AUTH SA TSi", "has no payload TSr" },
	{ 35, 0x08, "SK IDi AUTH TSi TSr", "has no payload SA" },
	{ 35, 0x08, "SK IDi IDi AUTH", "IDi more than 1" },
	{ 35, 0x08, "SK IDi AUTH D", "D, which does not belong there" },
	{ 35, 0x08, "IDi AUTH SA TSi TSr", "IDi without encryption" },
	{ 35, 0x08, "AUTH SK IDi SA TSi TSr", "AUTH without encryption" },
	{ 35, 0x08, "N:16384 SK IDi AUTH", "N without encryption" },
	{ 35, 0x20, "SK IDr AUTH SA TSi TSr", NULL },
	{ 35, 0x20, "SK IDr CERT AUTH EAP", NULL },
	{ 35, 0x20, "SK EAP", NULL },
	{ 35, 0x20, "SK AUTH CP SA TSi TSr", NULL },
	{ 35, 0x20, "SK IDr AUTH", NULL },
	{ 35, 0x20, "SK IDr AUTH N:14", NULL },
	{ 35, 0x20, "SK IDr AUTH N:38", NULL },
	{ 35, 0x20, "SK N:24", NULL },
	{ 35, 0x20, "N:4", NULL },
	{ 35, 0x20, "SK N:16404", "has neither payload IDr nor AUTH" },
	{ 35, 0x20, "SK IDr AUTH SA", "has no payload" },
	/* CREATE_CHILD_SA */
	{ 36, 0x08, "SK SA NONCE TSi TSr", NULL },
	{ 36, 0x00, "SK N:16393 SA NONCE KE TSi TSr", NULL },
	{ 36, 0x08, "SK SA NONCE KE", NULL },
	{ 36, 0x08, "SK SA NONCE", "has neither payload KE nor TSi" },
	{ 36, 0x08, "SK SA NONCE KE TSi", "has no payload TSr" },
	{ 36, 0x08, "SK SA TSi TSr", "has no payload NONCE" },
	{ 36, 0x28, "SK SA NONCE TSi TSr", NULL },
	{ 36, 0x20, "SK N:43", NULL },
	{ 36, 0x20, "SK N:44", NULL },
	{ 36, 0x20, "SK N:17", NULL },
	{ 36, 0x20, "SK", "has no payload SA" },
	/* INFORMATIONAL */
	{ 37, 0x08, "SK", NULL },
	{ 37, 0x08, "SK D D N:16384 CP", NULL },
	{ 37, 0x20, "SK", NULL },
	{ 37, 0x20, "SK D", NULL },
	{ 37, 0x08, "N:4", NULL },
	{ 37, 0x08, "D", "D without encryption" },
	{ 37, 0x08, "D SK", "D without encryption" },
	{ 37, 0x08, "N:24 SK", "N without encryption" },
	{ 37, 0x08, "SK KE", "KE, which does not belong there" },
	/* others */
	{ 38, 0x08, "NONCE N:16413", NULL },
	{ 38, 0x20, "N:16412", NULL },
	{ 43, 0x08, "SK KE", NULL },
	{ 43, 0x08, "SK N:16441", NULL },
	{ 44, 0x08, "SK KE N:16441", NULL },
	{ 44, 0x08, "SK N:16441", "has no payload KE" },
	{ 44, 0x20, "SK N:47", NULL },
	/* unknown exchanges pass */
	{ 99, 0x08, "SA SA SA", NULL },
};

static uint8_t
type_of(const char *word)
{
	const struct pld_row *row;

	for (row = ike_pld_table; row->name != NULL; row++) {
		if (str_eq(row->name, word))
			return row->type;
	}
	return (uint8_t)atoi(word);
}

static struct ike_msg *
build(size_t row)
{
	struct ike_msg *m = ike_msg_new();
	char *copy = xstrdup(rows[row].payloads), *rest = copy, *word;

	m->hdr.exchange = rows[row].exchange;
	m->hdr.flags = rows[row].flags;
	while ((word = strsep(&rest, " ")) != NULL) {
		if (str_prefix(word, "N:"))
			ike_msg_add_notify(m, (uint16_t)atoi(word + 2), NULL,
			    0);
		else if (word[0] != '\0')
			ike_msg_add(m, type_of(word));
	}
	free(copy);
	return m;
}

static void
test_rules(void **state)
{
	struct ike_msg *m;
	struct sp_error err;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		m = build(i);
		ret = ike_msg_check(m, &err);
		if (rows[i].error == NULL && ret != 0)
			fail_msg("%u/%02x %s: %s", rows[i].exchange,
			    rows[i].flags, rows[i].payloads, err.text);
		if (rows[i].error != NULL && (ret != SP_FORMAT ||
		    strstr(err.text, rows[i].error) == NULL))
			fail_msg("%u/%02x %s: %d \"%s\", expected \"%s\"",
			    rows[i].exchange, rows[i].flags, rows[i].payloads,
			    ret, ret < 0 ? err.text : "", rows[i].error);
		ike_msg_free(m);
	}
}

/* The table holds both directions of every named exchange. */
static void
test_table(void **state)
{
	const struct ike_name *n;
	const struct msg_rule *r;
	unsigned found;

	(void)state;
	for (n = ike_exchange_names; n->name != NULL; n++) {
		found = 0;
		for (r = ike_rules_table; r->exchange != 0; r++) {
			if (r->exchange == n->number)
				found |= r->response ? 2 : 1;
		}
		if (found != 3)
			fail_msg("no rules for %s", n->name);
	}
	for (r = ike_rules_table; r->exchange != 0; r++)
		assert_int_equal(r->plds[RULE_PAYLOADS - 1].type, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
