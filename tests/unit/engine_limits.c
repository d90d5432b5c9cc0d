/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What the control server bounds (hardening.md section 8): connections of a
 * user, silence, the length of one reply; and the record of who did what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/unit/engine_peer.h"

#define TUNNELS 300

static const char *
event_of(const json_t *line)
{
	const char *s = json_string_value(json_object_get(line, "event"));

	return s != NULL ? s : "none";
}

static int64_t
revision(struct peer *p)
{
	json_t *v = result_of(p, "{\"id\":1,\"method\":\"hello\"}", "revision");
	int64_t n = json_integer_value(v);

	json_decref(v);
	return n;
}

static void
commit(struct peer *p, const char *text)
{
	struct buf b = {0};

	buf_printf(&b, "{\"id\":1,\"method\":\"config.commit\",\"params\":{"
	    "\"base\":%lld,\"text\":\"", (long long)revision(p));
	buf_puts(&b, text);
	buf_puts(&b, "\",\"secrets\":{\"k\":\"Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5LXN0"
	    "YXBsZQ==\"}}}");
	buf_u8(&b, '\0');
	json_decref(result_of(p, (char *)b.data, "revision"));
	buf_free(&b);
}

/* One user gets so many connections, is told why, and may come back. */
static void
test_connections(void **state)
{
	unsigned most = getuid() == 0 ? 32 : 8, i;
	struct peer p[33], more;
	json_t *r;

	(void)state;
	for (i = 0; i < most; i++) {
		peer_dial(&p[i]);
		r = ask(&p[i], "{\"id\":1,\"method\":\"hello\"}");
		assert_string_equal(error_code(r), "none");
		json_decref(r);
	}
	peer_dial(&more);
	r = peer_read(&more);
	assert_string_equal(event_of(r), "closing");
	json_decref(r);
	assert_null(peer_read(&more));
	peer_close(&more);

	/* those inside the process are not counted */
	peer_open(&more);
	json_decref(result_of(&more, "{\"id\":1,\"method\":\"hello\"}", "pid"));
	for (i = 0; i < most; i++)
		peer_close(&p[i]);
	/* the engine has seen them go once it answers */
	json_decref(result_of(&more, "{\"id\":1,\"method\":\"hello\"}", "pid"));
	json_decref(result_of(&more, "{\"id\":1,\"method\":\"hello\"}", "pid"));
	peer_close(&more);
	peer_dial(&more);
	r = ask(&more, "{\"id\":1,\"method\":\"hello\"}");
	assert_string_equal(error_code(r), "none");
	json_decref(r);
	peer_close(&more);
}

/* Who asks nothing and waits for nothing is sent away; who listens stays. */
static void
test_idle(void **state)
{
	struct peer inside, quiet, listener;
	json_t *r;

	(void)state;
	peer_open(&inside);
	commit(&inside, "system { session-idle-timeout 1s; }");
	peer_dial(&quiet);
	peer_dial(&listener);
	json_decref(ask(&quiet, "{\"id\":1,\"method\":\"hello\"}"));
	json_decref(ask(&listener, "{\"id\":1,\"method\":\"subscribe\","
	    "\"params\":{\"topics\":[\"config\"]}}"));
	r = peer_read(&quiet);
	assert_string_equal(event_of(r), "closing");
	json_decref(r);
	assert_null(peer_read(&quiet));
	r = ask(&listener, "{\"id\":7,\"method\":\"hello\"}");
	assert_int_equal(json_integer_value(json_object_get(r, "id")), 7);
	json_decref(r);
	commit(&inside, "");
	r = peer_read(&listener);
	assert_string_equal(event_of(r), "config");
	json_decref(r);
	peer_close(&inside);
	peer_close(&quiet);
	peer_close(&listener);
}

static void
tunnels(struct buf *b)
{
	int i;

	buf_puts(b, "vpn-network a { address 10.1.0.1; network-address "
	    "10.1.0.0/16; placement host; ");
	for (i = 0; i < TUNNELS; i++) {
		buf_printf(b, "phase1 p%d { remote-gateway 203.0.113.%d; "
		    "peer-identifier p%d.example; pre-shared-key <secret:k>; "
		    "phase2 x { local-network 10.1.0.0/24; remote-network "
		    "10.%d.%d.0/24; } } ", i, i % 250 + 1, i, 2 + i / 250,
		    i % 250);
	}
	buf_puts(b, "}");
	buf_u8(b, '\0');
}

/* A long list comes in parts, each tunnel once, and later requests wait. */
static void
test_parts(void **state)
{
	static const char both[] = "{\"id\":1,\"method\":\"show.tunnels\","
	    "\"params\":{\"brief\":true}}\n{\"id\":2,\"method\":\"hello\"}\n";
	bool seen[TUNNELS] = { false };
	size_t i, total = 0, parts = 0;
	struct buf text = {0};
	struct peer p;
	json_t *r, *t;
	bool more;
	int n;

	(void)state;
	peer_open(&p);
	tunnels(&text);
	commit(&p, (char *)text.data);
	buf_free(&text);
	peer_send(&p, both, strlen(both));
	do {
		r = peer_read(&p);
		assert_int_equal(json_integer_value(json_object_get(r, "id")),
		    1);
		more = json_is_true(json_object_get(r, "more"));
		json_array_foreach(json_object_get(json_object_get(r,
		    "result"), "tunnels"), i, t) {
			assert_int_equal(sscanf(json_string_value(
			    json_object_get(t, "phase1")), "p%d", &n), 1);
			assert_in_range(n, 0, TUNNELS - 1);
			assert_false(seen[n]);
			assert_null(json_object_get(t, "records"));
			seen[n] = true;
			total++;
		}
		parts++;
		json_decref(r);
	} while (more);
	assert_int_equal(total, TUNNELS);
	assert_int_equal(parts, (TUNNELS + 63) / 64);
	r = peer_read(&p);
	assert_int_equal(json_integer_value(json_object_get(r, "id")), 2);
	json_decref(r);
	commit(&p, "");
	peer_close(&p);
}

/* A client that leaves in the middle of a list costs nothing. */
static void
test_gone_in_list(void **state)
{
	static const char line[] =
	    "{\"id\":1,\"method\":\"show.tunnels\"}\n";
	struct buf text = {0};
	struct peer p, q;
	int i;

	(void)state;
	peer_open(&p);
	tunnels(&text);
	commit(&p, (char *)text.data);
	buf_free(&text);
	for (i = 0; i < 20; i++) {
		peer_dial(&q);
		peer_send(&q, line, strlen(line));
		if (i % 2)
			json_decref(peer_read(&q));
		peer_close(&q);
	}
	commit(&p, "");
	peer_close(&p);
}

/* What was changed, by whom, with what result. */
static void
test_audit(void **state)
{
	static const char log[] = "{\"id\":1,\"method\":\"show.log\"}";
	struct peer p;
	json_t *v;
	char *all;

	(void)state;
	peer_open(&p);
	json_decref(ask(&p, "{\"id\":1,\"method\":\"hello\",\"params\":"
	    "{\"terminal\":\"pts/9\\u001b[2J\"}}"));
	json_decref(ask(&p, "{\"id\":1,\"method\":\"power\",\"params\":"
	    "{\"network\":\"nowhere\",\"state\":\"on\"}}"));
	json_decref(ask(&p, "{\"id\":1,\"method\":\"reset.counters\"}"));
	v = result_of(&p, log, "records");
	all = json_dumps(v, 0);
	assert_non_null(strstr(all, "terminal: pts/9"));
	assert_null(strstr(all, "u001b"));
	assert_non_null(strstr(all, "method: power nowhere, refused: There is "
	    "no network"));
	assert_non_null(strstr(all, "method: reset.counters, result: done"));
	free(all);
	json_decref(v);
	peer_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_gone_in_list),
		cmocka_unit_test(test_audit),
	};

	return cmocka_run_group_tests(tests, peer_engine, peer_engine_end);
}
