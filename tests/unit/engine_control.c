/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The control protocol against an engine in this process: malformed and too
 * long requests, unknown methods, roles, configuration and its secrets, a
 * reader that is too slow for its events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/control.h"
#include "tests/unit/engine_peer.h"

static void
test_refusals(void **state)
{
	static const struct {
		const char *name, *line, *code;
	} rows[] = {
		{ "no JSON", "hello", "format" },
		{ "half an object", "{\"id\":1,", "format" },
		{ "a list", "[1,2]", "format" },
		{ "a number", "12", "format" },
		{ "twice the same key", "{\"id\":1,\"id\":2}", "format" },
		{ "no method", "{\"id\":1}", "format" },
		{ "method is a number", "{\"id\":1,\"method\":7}", "format" },
		{ "unknown method", "{\"id\":1,\"method\":\"x\\u001b[2J\"}",
		    "unsupported" },
		{ "params are a list", "{\"id\":1,\"method\":\"hello\","
		    "\"params\":[]}", "format" },
		{ "version", "{\"id\":1,\"method\":\"hello\",\"params\":"
		    "{\"version\":99}}", "unsupported" },
		{ "no target", "{\"id\":1,\"method\":\"connect\"}", "format" },
		{ "target is a word", "{\"id\":1,\"method\":\"connect\","
		    "\"params\":{\"target\":\"x\"}}", "format" },
		{ "unknown target", "{\"id\":1,\"method\":\"connect\","
		    "\"params\":{\"target\":[\"x\",\"y\"]}}", "not-found" },
		{ "target of numbers", "{\"id\":1,\"method\":\"rekey\","
		    "\"params\":{\"target\":[1,2,3]}}", "not-found" },
		{ "unknown network", "{\"id\":1,\"method\":\"power\","
		    "\"params\":{\"network\":\"x\",\"state\":\"on\"}}",
		    "not-found" },
		{ "no such power", "{\"id\":1,\"method\":\"power\","
		    "\"params\":{\"network\":\"x\",\"state\":\"up\"}}",
		    "format" },
		{ "level", "{\"id\":1,\"method\":\"show.log\",\"params\":"
		    "{\"level\":\"loud\"}}", "format" },
		{ "time", "{\"id\":1,\"method\":\"show.log\",\"params\":"
		    "{\"since\":\"yesterday\"}}", "format" },
		{ "revision", "{\"id\":1,\"method\":\"config.revision\","
		    "\"params\":{\"revision\":-1}}", "format" },
		{ "no base", "{\"id\":1,\"method\":\"config.commit\","
		    "\"params\":{\"text\":\"\"}}", "format" },
		{ "stale base", "{\"id\":1,\"method\":\"config.commit\","
		    "\"params\":{\"text\":\"\",\"base\":77}}", "conflict" },
		{ "still there", "{\"id\":1,\"method\":\"hello\"}", "none" },
	};
	struct peer p;
	json_t *r;
	size_t i;

	(void)state;
	peer_open(&p);
	for (i = 0; i < NELEM(rows); i++) {
		r = ask(&p, rows[i].line);
		if (r == NULL)
			fail_msg("%s: the engine closed", rows[i].name);
		if (strcmp(error_code(r), rows[i].code) != 0)
			fail_msg("%s: %s, want %s", rows[i].name,
			    error_code(r), rows[i].code);
		json_decref(r);
	}
	peer_close(&p);
}

/* Whatever the id is, it comes back; requests may share a packet. */
static void
test_ids(void **state)
{
	static const char *const ids[] = { "1", "\"a\"", "null", "[1,{}]" };
	struct peer p;
	char line[128];
	json_t *r, *want;
	size_t i;

	(void)state;
	peer_open(&p);
	for (i = 0; i < NELEM(ids); i++) {
		snprintf(line, sizeof(line), "{\"id\":%s,\"method\":"
		    "\"show.networks\"}\n", ids[i]);
		peer_send(&p, line, strlen(line));
	}
	for (i = 0; i < NELEM(ids); i++) {
		r = peer_read(&p);
		want = json_loads(ids[i], JSON_DECODE_ANY, NULL);
		assert_true(json_equal(json_object_get(r, "id"), want));
		json_decref(want);
		json_decref(r);
	}
	peer_close(&p);
}

static void
test_too_long(void **state)
{
	char *text = xcalloc(1, CONTROL_LINE_ADMIN + 65536);
	struct peer p;
	json_t *r;

	(void)state;
	memset(text, 'a', CONTROL_LINE_ADMIN + 65535);
	peer_open(&p);
	peer_send(&p, text, CONTROL_LINE_ADMIN + 65535);
	r = peer_read(&p);
	assert_non_null(r);
	assert_string_equal(error_code(r), "range");
	json_decref(r);
	assert_null(peer_read(&p));
	peer_close(&p);
	free(text);
}

static void
test_method_table(void **state)
{
	const struct method *m;
	size_t i;

	(void)state;
	for (i = 0; (m = method_at(i)) != NULL; i++) {
		if (m->role == ROLE_NONE || m->run == NULL)
			fail_msg("%s has no role", m->name);
		if (method_find(m->name) != m)
			fail_msg("%s is there twice", m->name);
		if (m->changes && m->role == ROLE_VIEWER)
			fail_msg("%s changes things for viewers", m->name);
	}
}

/* Every method x role: denied exactly below the least one. */
static void
test_roles(void **state)
{
	enum role role;
	const struct method *m;
	struct peer p;
	char line[256];
	json_t *r;
	size_t i;
	bool denied;

	(void)state;
	for (role = ROLE_VIEWER; role < ROLE_ADMIN; role++) {
		peer_open(&p);
		snprintf(line, sizeof(line), "{\"method\":\"hello\","
		    "\"params\":{\"role\":\"%s\"}}", role_name(role));
		json_decref(ask(&p, line));
		for (i = 0; (m = method_at(i)) != NULL; i++) {
			snprintf(line, sizeof(line), "{\"id\":1,\"method\":"
			    "\"%s\"}", m->name);
			r = ask(&p, line);
			denied = strcmp(error_code(r), "denied") == 0;
			if (denied != (role < m->role))
				fail_msg("%s as %s: %s", m->name,
				    role_name(role), error_code(r));
			json_decref(r);
		}
		/* never more than before */
		r = ask(&p, "{\"method\":\"hello\",\"params\":"
		    "{\"role\":\"administrator\"}}");
		assert_string_equal(json_string_value(json_object_get(
		    json_object_get(r, "result"), "role")), role_name(role));
		json_decref(r);
		peer_close(&p);
	}
}

#define CONF "vpn-network a {\\n address 10.1.0.1;\\n network-address " \
	"10.1.0.0/24;\\n placement host;\\n phase1 p {\\n remote-gateway " \
	"203.0.113.7;\\n pre-shared-key <secret:a/p>;\\n phase2 x {\\n " \
	"local-network 10.1.0.0/24;\\n remote-network 10.2.0.0/24;\\n}\\n}" \
	"\\n}\\n"
/* "correct-horse-battery-staple" */
#define KEY "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5LXN0YXBsZQ=="

static void
test_commit(void **state)
{
	struct peer p;
	json_t *v, *r;
	char *all;

	(void)state;
	peer_open(&p);
	/* without the key it is refused, with the list of what is wrong */
	r = ask(&p, "{\"id\":1,\"method\":\"config.commit\",\"params\":"
	    "{\"base\":0,\"text\":\"" CONF "\"}}");
	assert_string_equal(error_code(r), "invalid");
	assert_true(json_array_size(json_object_get(json_object_get(r,
	    "error"), "errors")) > 0);
	json_decref(r);

	v = result_of(&p, "{\"id\":1,\"method\":\"config.commit\",\"params\":"
	    "{\"base\":0,\"text\":\"" CONF "\",\"secrets\":{\"a/p\":\"" KEY
	    "\"},\"comment\":\"first\"}}", "revision");
	assert_int_equal(json_integer_value(v), 1);
	json_decref(v);
	/* the same again changes nothing and keeps the key */
	v = result_of(&p, "{\"id\":1,\"method\":\"config.commit\",\"params\":"
	    "{\"base\":1,\"text\":\"" CONF "\"}}", "changes");
	assert_int_equal(json_integer_value(v), 0);
	json_decref(v);

	r = ask(&p, "{\"id\":1,\"method\":\"config.get\"}");
	all = json_dumps(r, 0);
	assert_null(strstr(all, "correct-horse"));
	assert_null(strstr(all, KEY));
	assert_non_null(strstr(all, "<secret:a/p>"));
	free(all);
	json_decref(r);

	v = result_of(&p, "{\"id\":1,\"method\":\"show.tunnels\"}",
	    "tunnels");
	assert_int_equal(json_array_size(v), 1);
	assert_string_equal(json_string_value(json_object_get(
	    json_array_get(v, 0), "state")), "disabled");
	json_decref(v);
	r = ask(&p, "{\"id\":1,\"method\":\"connect\",\"params\":"
	    "{\"target\":[\"p\"],\"wait_ms\":1000}}");
	assert_string_equal(error_code(r), "state");
	json_decref(r);
	peer_close(&p);
}

#define P1(name) "phase1 " name " {\\n remote-gateway 203.0.113.7;\\n " \
	"key-exchange ikev1;\\n negotiation-mode main;\\n " \
	"pre-shared-key <secret:a/" name ">;\\n}\\n"
#define GUESS "vpn-network a {\\n address 10.1.0.1;\\n network-address " \
	"10.1.0.0/24;\\n placement host;\\n" P1("p") P1("q") "}\\n"

/* What config.validate says of a key that a guess stands beside. */
static json_t *
guess(struct peer *p, const char *key)
{
	char line[1024];

	snprintf(line, sizeof(line), "{\"id\":1,\"method\":"
	    "\"config.validate\",\"params\":{\"text\":\"" GUESS "\","
	    "\"secrets\":{\"a/q\":\"%s\"}}}", key);
	return result_of(p, line, "errors");
}

/* Two keys of one address are compared: only who may set them may ask. */
static void
test_guesses(void **state)
{
	static const char wrong[] =
	    "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5LXN0YXBsRQ==";
	json_t *right, *other;
	struct peer p;
	unsigned viewer;

	(void)state;
	for (viewer = 0; viewer < 2; viewer++) {
		peer_open(&p);
		if (viewer) {
			json_decref(ask(&p, "{\"method\":\"hello\","
			    "\"params\":{\"role\":\"viewer\"}}"));
		}
		right = guess(&p, KEY);
		other = guess(&p, wrong);
		assert_int_equal(json_equal(right, other), viewer);
		json_decref(right);
		json_decref(other);
		peer_close(&p);
	}
}

/* Drafts: text in the state directory, secrets in memory. */
static void
test_drafts(void **state)
{
	struct peer p;
	json_t *v;

	(void)state;
	peer_open(&p);
	json_decref(ask(&p, "{\"id\":1,\"method\":\"draft.save\",\"params\":"
	    "{\"text\":\"set system log-level debug\",\"secrets\":"
	    "{\"a/p\":\"" KEY "\"}}}"));
	v = result_of(&p, "{\"id\":1,\"method\":\"draft.load\"}", "text");
	assert_string_equal(json_string_value(v),
	    "set system log-level debug");
	json_decref(v);
	v = result_of(&p, "{\"id\":1,\"method\":\"draft.load\"}", "secrets");
	assert_string_equal(json_string_value(json_object_get(v, "a/p")),
	    KEY);
	json_decref(v);
	json_decref(ask(&p, "{\"id\":1,\"method\":\"draft.drop\"}"));
	v = result_of(&p, "{\"id\":1,\"method\":\"draft.load\"}", "text");
	assert_true(json_is_null(v));
	json_decref(v);
	peer_close(&p);
}

/* Events that are not read cost the subscription, never the engine. */
static void
test_slow_reader(void **state)
{
	struct peer slow, busy;
	json_t *r;
	const char *event;
	int i, events = 0;
	bool cut = false;

	(void)state;
	peer_open(&slow);
	peer_open(&busy);
	json_decref(ask(&slow, "{\"id\":1,\"method\":\"subscribe\","
	    "\"params\":{\"topics\":[\"log\"]}}"));
	for (i = 0; i < 6000; i++) {
		r = ask(&busy, "{\"id\":1,\"method\":\"reset.counters\"}");
		assert_non_null(r);
		json_decref(r);
	}
	while (!cut && (r = peer_read(&slow)) != NULL) {
		event = json_string_value(json_object_get(r, "event"));
		assert_non_null(event);
		cut = strcmp(event, "cut-off") == 0;
		events++;
		json_decref(r);
	}
	assert_true(cut);
	assert_true(events > 100 && events < 6000);
	/* it still gets answers */
	r = ask(&slow, "{\"id\":9,\"method\":\"show.networks\"}");
	assert_string_equal(error_code(r), "none");
	json_decref(r);
	peer_close(&slow);
	peer_close(&busy);
}

/* A client that goes away in the middle of a request. */
static void
test_gone(void **state)
{
	static const char half[] = "{\"id\":1,\"method\":\"show.system\"}\n"
	    "{\"id\":";
	struct peer p;
	json_t *r;
	int i;

	(void)state;
	for (i = 0; i < 50; i++) {
		peer_open(&p);
		json_decref(ask(&p, "{\"method\":\"show.networks\"}"));
		peer_send(&p, half, strlen(half));
		peer_close(&p);
	}
	peer_open(&p);
	r = ask(&p, "{\"id\":1,\"method\":\"show.system\"}");
	assert_string_equal(error_code(r), "none");
	json_decref(r);
	peer_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_method_table),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_commit),
		cmocka_unit_test(test_guesses),
		cmocka_unit_test(test_drafts),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, peer_engine, peer_engine_end);
}
