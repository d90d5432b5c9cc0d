/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The protocol client against bytes that a peer has already written: replies
 * in pieces, partial ones, errors, events in between, nonsense, silence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/mem.h"
#include "client/client.h"

struct row {
	const char *name;
	const char *bytes;	/* what the engine sends */
	int code;		/* of the call */
	const char *want;	/* member "v" of the result, or the sentence */
	int partial;		/* partial replies seen */
	int events;		/* events left to fetch */
	int close;		/* the engine closes behind the bytes */
};

static const struct row rows[] = {
	{ "plain", "{\"id\":1,\"result\":{\"v\":\"a\"}}\n", 0, "a", 0, 0, 0 },
	{ "partial", "{\"id\":1,\"more\":true,\"result\":{}}\n"
	  "{\"id\":1,\"more\":true,\"result\":{}}\n"
	  "{\"id\":1,\"result\":{\"v\":\"b\"}}\n", 0, "b", 2, 0, 0 },
	{ "dismissed", "{\"event\":\"closing\",\"data\":{\"message\":\"Too "
	  "many.\"}}\n", SP_NOTFOUND, "The engine has closed the connection: "
	  "Too many.", 0, 0, 1 },
	{ "events", "{\"event\":\"log\",\"data\":{}}\n"
	  "{\"id\":1,\"result\":{\"v\":\"c\"}}\n"
	  "{\"event\":\"log\",\"data\":{}}\n", 0, "c", 0, 2, 0 },
	{ "other id", "{\"id\":7,\"result\":{\"v\":\"x\"}}\n"
	  "{\"id\":1,\"result\":{\"v\":\"d\"}}\n", 0, "d", 0, 0, 0 },
	{ "nonsense", "hello\n[1]\n{\"id\":1,\"result\":{\"v\":\"e\"}}\n", 0,
	  "e", 0, 0, 0 },
	{ "error", "{\"id\":1,\"error\":{\"code\":\"conflict\",\"message\":"
	  "\"No.\",\"path\":\"a b\",\"hint\":\"c\",\"line\":2,\"column\":3}}\n",
	  SP_CONFLICT, "No.", 0, 0, 0 },
	{ "error without words", "{\"id\":1,\"error\":{}}\n", SP_SYSTEM,
	  "The engine refused without a reason.", 0, 0, 0 },
	{ "closed", "{\"id\":1,\"more\":true,\"result\":{}}\n{\"id\":",
	  SP_NOTFOUND, "The engine has closed the connection.", 1, 0, 1 },
	{ "silence", "", SP_TIMEOUT, "The engine did not answer in time.", 0,
	  0, 0 },
};

static int
count_partial(void *ctx, json_t *result)
{
	assert_true(json_is_object(result));
	++*(int *)ctx;
	return 0;
}

static int
count_events(struct client *c)
{
	bool closed;
	json_t *ev;
	int n = 0;

	while ((ev = client_event(c, &closed)) != NULL) {
		n++;
		json_decref(ev);
	}
	return n;
}

static void
check(const struct row *r)
{
	int fd[2], partial = 0, ret;
	struct sp_error err = {0};
	struct client *c;
	json_t *result = NULL;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(write(fd[1], r->bytes, strlen(r->bytes)),
	    strlen(r->bytes));
	if (r->close)
		shutdown(fd[1], SHUT_WR);
	c = client_from_fd(fd[0]);
	ret = client_call(c, "m", json_pack("{s:i}", "p", 1), count_partial,
	    &partial, r->code == SP_TIMEOUT ? 20 : 5000, NULL, &result, &err);
	if (ret != r->code)
		printf("%s: code %d, wanted %d\n", r->name, ret, r->code);
	assert_int_equal(ret, r->code);
	assert_string_equal(ret ? err.text : json_string_value(
	    json_object_get(result, "v")), r->want);
	assert_int_equal(partial, r->partial);
	assert_int_equal(count_events(c), r->events);
	if (ret == SP_CONFLICT) {
		assert_string_equal(client_error_word(c), "conflict");
		assert_string_equal(err.path, "a b");
		assert_string_equal(err.hint, "c");
		assert_int_equal(err.line, 2);
	}
	json_decref(result);
	client_free(c);
	close(fd[1]);
}

static void
test_replies(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++)
		check(&rows[i]);
}

static void
test_request(void **state)
{
	static const char want[] =
	    "{\"id\":1,\"method\":\"show.log\",\"params\":{\"last\":5}}\n";
	char got[256] = "";
	struct sp_error err = {0};
	struct client *c;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	c = client_from_fd(fd[0]);
	assert_int_equal(client_call(c, "show.log", json_pack("{s:i}", "last",
	    5), NULL, NULL, 0, NULL, NULL, &err), SP_TIMEOUT);
	assert_true(read(fd[1], got, sizeof(got) - 1) > 0);
	assert_string_equal(got, want);
	client_free(c);
	close(fd[1]);
}

/* Lists in parts are put together for who does not look at the parts. */
static void
test_parts(void **state)
{
	static const char bytes[] =
	    "{\"id\":1,\"more\":true,\"result\":{\"l\":[1,2]}}\n"
	    "{\"id\":1,\"more\":true,\"result\":{\"l\":[3]}}\n"
	    "{\"id\":1,\"result\":{\"l\":[4],\"n\":7}}\n";
	struct sp_error err = {0};
	struct client *c;
	json_t *result = NULL, *want;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(write(fd[1], bytes, strlen(bytes)), strlen(bytes));
	c = client_from_fd(fd[0]);
	assert_int_equal(client_call(c, "m", NULL, NULL, NULL, 5000, NULL,
	    &result, &err), 0);
	want = json_pack("{s:[i, i, i, i], s:i}", "l", 1, 2, 3, 4, "n", 7);
	assert_true(json_equal(result, want));
	json_decref(want);
	json_decref(result);
	client_free(c);
	close(fd[1]);
}

static void
test_interrupted(void **state)
{
	struct sp_error err = {0};
	volatile int interrupted = 1;
	struct client *c;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	c = client_from_fd(fd[0]);
	assert_int_equal(client_call(c, "m", NULL, NULL, NULL, -1,
	    &interrupted, NULL, &err), SP_STATE);
	client_free(c);
	close(fd[1]);
}

static void
test_nobody(void **state)
{
	struct sp_error err = {0};
	struct client *c = NULL;
	char path[200];

	(void)state;
	assert_int_equal(client_connect(&c, "/nonexistent/control", &err),
	    SP_NOTFOUND);
	assert_string_equal(err.text,
	    "No engine listens on /nonexistent/control.");
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(client_connect(&c, path, &err), SP_RANGE);
	assert_null(c);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
