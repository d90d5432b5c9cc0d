/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/store: load, save, history, modes, drafts, state; a process that dies
 * at any system call of a save, and a disk that refuses any of them.
 *
 * The calls are counted by definitions of our own that stand before libc's.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/store.h"
#include "conf/text.h"

static struct {
	int countdown;		/* calls until it happens; 0 = never */
	int error;		/* errno to fail with; 0 = die */
	int done;		/* calls seen */
} fault;

static int
strike(void)
{
	fault.done++;
	if (fault.countdown == 0 || --fault.countdown > 0)
		return 0;
	if (fault.error == 0)
		_exit(7);
	errno = fault.error;
	return -1;
}

int
fsync(int fd)
{
	return strike() < 0 ? -1 : (int)syscall(SYS_fsync, fd);
}

int
fchmod(int fd, mode_t mode)
{
	return strike() < 0 ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

int
renameat(int fd, const char *old, int newfd, const char *new)
{
	return strike() < 0 ? -1 : (int)syscall(SYS_renameat2, fd, old,
	    newfd, new, 0);
}

int
linkat(int fd, const char *old, int newfd, const char *new, int flags)
{
	return strike() < 0 ? -1 : (int)syscall(SYS_linkat, fd, old, newfd,
	    new, flags);
}

ssize_t
write(int fd, const void *p, size_t len)
{
	/* half of it, so that files can be cut in the middle */
	if (fd > 2 && strike() < 0)
		return -1;
	return syscall(SYS_write, fd, p, fd > 2 && len > 1 ? len / 2 : len);
}

struct place {
	char dir[64];
	char *conf, *state;
	struct conf_store *store;
};

static void
open_store(struct place *p)
{
	struct conf_store_paths paths = { p->conf, p->state };
	struct sp_error err;

	if (conf_store_open(&p->store, &paths, &err) < 0)
		fail_msg("%s", err.text);
}

static int
setup(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));

	fault.countdown = 0;
	snprintf(p->dir, sizeof(p->dir), "/tmp/sp-store-XXXXXX");
	if (mkdtemp(p->dir) == NULL)
		return -1;
	p->conf = xasprintf("%s/etc/sallyport", p->dir);
	p->state = xasprintf("%s/var/lib/sallyport", p->dir);
	open_store(p);
	*state = p;
	return 0;
}

/* Remove a tree of folders; what the store makes is three deep at most. */
static void
remove_tree(const char *path)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execlp("rm", "rm", "-rf", path, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
}

static int
teardown(void **state)
{
	struct place *p = *state;

	fault.countdown = 0;
	conf_store_free(p->store);
	remove_tree(p->dir);
	free(p->conf);
	free(p->state);
	free(p);
	return 0;
}

static struct conf_tree *
parse(const char *text)
{
	struct conf_tree *t = NULL;
	struct sp_error err = {0};

	if (conf_parse(&t, text, &err) < 0)
		fail_msg("%d:%d %s", err.line, err.column, err.text);
	return t;
}

static char *
text_of(const struct conf_tree *t)
{
	struct buf b = {0};

	conf_print(&b, conf_root(t), false);
	return buf_steal_str(&b);
}

static uint32_t
save(struct place *p, const char *text, const char *who, const char *comment)
{
	struct conf_tree *t = parse(text);
	struct sp_error err;
	uint32_t revision = 0;

	if (conf_store_save(p->store, t, who, comment, &revision, &err) < 0)
		fail_msg("%s", err.text);
	conf_tree_free(t);
	return revision;
}

/* Load; the text of it is the caller's. */
static char *
load(struct place *p, uint32_t *revision)
{
	struct conf_tree *t = NULL;
	struct sp_error err, broken;
	char *text;

	if (conf_store_load(p->store, &t, revision, &broken, &err) < 0)
		fail_msg("%d:%d %s", err.line, err.column, err.text);
	text = text_of(t);
	conf_tree_free(t);
	return text;
}

static void
expect_load(struct place *p, const char *text, uint32_t revision)
{
	uint32_t got;
	char *is = load(p, &got);

	assert_string_equal(is, text);
	assert_int_equal(got, revision);
	free(is);
}

static void
put_file(const char *dir, const char *name, const void *text, size_t len,
    mode_t mode)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
	chmod(path, mode);
	free(path);
}

static unsigned
mode_of(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	struct stat st = {0};

	assert_int_equal(stat(path, &st), 0);
	free(path);
	return st.st_mode & 07777;
}

#define ONE "system {\n    log-level debug;\n}\n"
#define TWO "system {\n    log-level error;\n}\n"

static void
test_save_load(void **state)
{
	struct place *p = *state;

	expect_load(p, "", 0);
	assert_int_equal(save(p, ONE, "ana", "first"), 1);
	expect_load(p, ONE, 1);
	assert_int_equal(save(p, TWO, "", ""), 2);
	conf_store_free(p->store);
	open_store(p);
	expect_load(p, TWO, 2);
	assert_int_equal(mode_of(p->conf, "sallyport.conf"), 0640);
	assert_int_equal(mode_of(p->conf, "secrets"), 0600);
	assert_int_equal(mode_of(p->conf, "") & 0027, 0);
	assert_int_equal(mode_of(p->state, "history") & 0027, 0);
}

static void
test_history(void **state)
{
	struct place *p = *state;
	struct conf_history h[60];
	struct conf_tree *t;
	struct sp_error err;
	char text[80], *got;
	unsigned i;

	for (i = 1; i <= 55; i++) {
		snprintf(text, sizeof(text), "system {\n    routing-table %u;\n"
		    "}\n", i);
		assert_int_equal(save(p, text, "ana\n", "a\x1b b"), i);
	}
	assert_int_equal(conf_store_history(p->store, h, 60), 50);
	assert_int_equal(h[0].revision, 55);
	assert_int_equal(h[49].revision, 6);
	assert_true(h[0].wall_ms > 1500000000000);
	assert_string_equal(h[0].who, "ana\\x0A");
	assert_string_equal(h[0].comment, "a\\x1B b");
	assert_int_equal(conf_store_history(p->store, h, 3), 3);

	assert_int_equal(conf_store_revision(p->store, 20, &t, &err), 0);
	got = text_of(t);
	assert_string_equal(got, "system {\n    routing-table 20;\n}\n");
	free(got);
	conf_tree_free(t);
	assert_int_equal(conf_store_revision(p->store, 5, &t, &err),
	    SP_NOTFOUND);
	assert_string_equal(err.text, "There is no revision 5.");

	/* an entry that lacks bytes counts as absent */
	got = xasprintf("%s/history", p->state);
	put_file(got, "0000000060", "# time 1\n# who x\n# comment \n# size "
	    "10\nabc", 41, 0640);
	free(got);
	assert_int_equal(conf_store_history(p->store, h, 60), 50);
	assert_int_equal(conf_store_revision(p->store, 60, &t, &err),
	    SP_FORMAT);
	assert_string_equal(err.text, "Revision 60 is not whole.");
	assert_int_equal(save(p, ONE, "", ""), 61);
}

static void
test_by_hand(void **state)
{
	struct place *p = *state;
	struct conf_history h;

	save(p, ONE, "ana", "");
	put_file(p->conf, "sallyport.conf", "system { log-level error }", 26,
	    0640);
	expect_load(p, TWO, 2);
	assert_int_equal(conf_store_history(p->store, &h, 1), 1);
	assert_string_equal(h.comment, "changed outside of sallyport");
	/* once is enough */
	expect_load(p, TWO, 2);
}

static void
test_refusals(void **state)
{
	static const struct {
		const char *name, *text;
		size_t len;
		mode_t mode;
		int line, column;
		const char *sentence;
	} rows[] = {
		{ "sallyport.conf", "system {\n  log-levl debug;\n}\n", 29,
		  0640, 2, 3, "\"log-levl\" is not a setting of system. Did "
		  "you mean \"log-level\"?" },
		{ "sallyport.conf", "system {\n\0}", 11, 0640, 2, 1,
		  "The character 0x00 cannot stand in a configuration." },
		{ "sallyport.conf", ONE, sizeof(ONE) - 1, 0662, 0, 0,
		  "sallyport.conf can be changed by others (mode 0662); run "
		  "chmod 640." },
		{ "secrets", "a/b \"x\"\n", 8, 0640, 0, 0,
		  "secrets is readable by others (mode 0640); run chmod 600." },
		{ "secrets", "a/b \"x\"\n", 8, 0604, 0, 0,
		  "secrets is readable by others (mode 0604); run chmod 600." },
		{ "secrets", "# x\na/b \"x\n", 11, 0600, 2, 1,
		  "secrets, line 2: a line is a name and a key in quotes." },
		{ "secrets", "a\"b \"x\"\n", 8, 0600, 1, 1,
		  "secrets, line 1: a line is a name and a key in quotes." },
		{ "secrets", "a/b \"x\" y\n", 10, 0600, 1, 1,
		  "secrets, line 1: a line is a name and a key in quotes." },
	};
	struct place *p = *state;
	struct conf_tree *t = NULL;
	struct sp_error err, broken;
	uint32_t revision;
	char *path;
	size_t i;

	for (i = 0; i < NELEM(rows); i++) {
		put_file(p->conf, "sallyport.conf", "", 0, 0640);
		put_file(p->conf, "secrets", "", 0, 0600);
		put_file(p->conf, rows[i].name, rows[i].text, rows[i].len,
		    rows[i].mode);
		memset(&err, 0, sizeof(err));
		if (conf_store_load(p->store, &t, &revision, &broken,
		    &err) == 0)
			fail_msg("row %u was taken", (unsigned)i);
		if (!str_eq(err.text, rows[i].sentence) ||
		    err.line != rows[i].line || err.column != rows[i].column)
			fail_msg("row %u: %d:%d %s", (unsigned)i, err.line,
			    err.column, err.text);
		if (rows[i].mode & 066 && rows[i].mode != 0640)
			assert_non_null(strstr(err.hint, p->conf));
	}
	/* of a huge file, though it has holes, not a byte is read */
	path = xasprintf("%s/sallyport.conf", p->conf);
	assert_int_equal(truncate(path, 1 << 30), 0);
	assert_true(conf_store_load(p->store, &t, &revision, &broken,
	    &err) < 0);
	assert_non_null(strstr(err.text, "sallyport.conf is larger than "));
	assert_int_equal(truncate(path, 0), 0);
	free(path);
	/* a link is not followed */
	path = xasprintf("%s/secrets", p->conf);
	unlink(path);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_true(conf_store_load(p->store, &t, &revision, &broken,
	    &err) < 0);
	assert_non_null(strstr(err.text, "secrets"));
	free(path);
}

/* Names and keys that no check saw cannot break the file for good. */
static void
test_unchecked_secrets(void **state)
{
	static const char text[] =
	    "# <secret:a b> <secret:a/b> <secret:a/c>\nvpn-network a;\n";
	static const struct {
		const char *name, *key;
	} rows[] = {
		{ "a b", "blank" }, { "a/b", "two\nlines" },
		{ "a/c", "good" },
	};
	struct place *p = *state;
	struct secret s = {0};
	struct conf_tree *t;
	struct sp_error err, broken;
	uint32_t revision;
	size_t i;

	assert_int_equal(conf_parse(&t, text, &err), 0);
	for (i = 0; i < NELEM(rows); i++) {
		secret_set(&s, rows[i].key, strlen(rows[i].key));
		conf_secret_set(t, rows[i].name, &s);
		secret_free(&s);
	}
	assert_int_equal(conf_store_save(p->store, t, "", "", &revision,
	    &err), 0);
	conf_tree_free(t);
	if (conf_store_load(p->store, &t, &revision, &broken, &err) < 0)
		fail_msg("%s", err.text);
	assert_null(conf_secret(t, "a b"));
	assert_null(conf_secret(t, "a/b"));
	assert_non_null(conf_secret(t, "a/c"));
	conf_tree_free(t);
}

/* A broken file gives way to the newest whole revision, and is kept. */
static void
test_broken_file(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *why;
	} rows[] = {
		{ "vpn-network a {\n  bogus 1;\n}\n", 2, "bogus" },
		{ "vpn-network a {", 1, "" },
		{ "", 1, "The file is empty." },
	};
	struct place *p = *state;
	struct sp_error err, broken;
	struct conf_tree *t;
	uint32_t revision, saved = 0;
	char *path, *text;
	size_t i;

	path = xasprintf("%s/sallyport.conf.broken", p->conf);
	for (i = 0; i < NELEM(rows); i++) {
		saved = save(p, i % 2 == 0 ? ONE : TWO, "", "");
		put_file(p->conf, "sallyport.conf", rows[i].text,
		    strlen(rows[i].text), 0640);
		if (conf_store_load(p->store, &t, &revision, &broken,
		    &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(revision, saved);
		assert_int_equal(broken.line, rows[i].line);
		if (strstr(broken.text, rows[i].why) == NULL)
			fail_msg("row %zu: %s", i, broken.text);
		text = text_of(t);
		assert_string_equal(text, i % 2 == 0 ? ONE : TWO);
		free(text);
		conf_tree_free(t);
		assert_int_equal(access(path, F_OK), 0);
		unlink(path);
	}
	free(path);
}

/* A tree with keys; saved keys come back, those no text names do not. */
static void
test_secrets(void **state)
{
	static const char two_nets[] =
	    "vpn-network a { phase1 b { pre-shared-key "
	    "\"first \\\"key\\\" \\\\ #\"; } phase1 c { pre-shared-key "
	    "0s3q2+7w==; } }";
	struct place *p = *state;
	struct conf_tree *t;
	const struct secret *s;
	struct sp_error err, broken;
	uint32_t revision;
	unsigned i;

	save(p, two_nets, "", "");
	assert_int_equal(conf_store_load(p->store, &t, &revision,
	    &broken, &err), 0);
	s = conf_secret(t, "a/b");
	assert_non_null(s);
	assert_int_equal(s->len, 15);
	assert_memory_equal(s->data, "first \"key\" \\ #", 15);
	assert_non_null(conf_secret(t, "a/c"));
	conf_tree_free(t);

	/* without c: its key is kept while history names it */
	save(p, "vpn-network a { phase1 b { pre-shared-key new; } }", "", "");
	assert_int_equal(conf_store_revision(p->store, 1, &t, &err), 0);
	assert_non_null(conf_secret(t, "a/c"));
	s = conf_secret(t, "a/b");
	assert_int_equal(s->len, 3);		/* as it is now */
	conf_tree_free(t);
	for (i = 0; i < 50; i++)
		save(p, ONE, "", "");
	assert_int_equal(conf_store_load(p->store, &t, &revision,
	    &broken, &err), 0);
	assert_null(conf_secret(t, "a/c"));
	assert_null(conf_secret(t, "a/b"));
	conf_tree_free(t);
}

static void
test_drafts_state(void **state)
{
	struct place *p = *state;
	struct sp_error err;
	char *got, *path;

	assert_null(conf_store_draft_load(p->store, "ana"));
	assert_int_equal(conf_store_draft_save(p->store, "ana", ONE, &err),
	    0);
	assert_int_equal(conf_store_draft_save(p->store, "../x", TWO, &err),
	    0);
	got = conf_store_draft_load(p->store, "ana");
	assert_string_equal(got, ONE);
	free(got);
	got = conf_store_draft_load(p->store, "../x");
	assert_string_equal(got, TWO);
	free(got);
	path = xasprintf("%s/drafts", p->state);
	assert_int_equal(mode_of(path, "u616e61"), 0600);
	free(path);
	conf_store_draft_drop(p->store, "ana");
	assert_null(conf_store_draft_load(p->store, "ana"));

	assert_null(conf_store_state_get(p->store, "power/a"));
	conf_store_state_set(p->store, "power/a", "on", &err);
	conf_store_state_set(p->store, "power/b", "x \"y\"\nz", &err);
	conf_store_state_set(p->store, "power/a", "off", &err);
	conf_store_free(p->store);
	open_store(p);
	got = conf_store_state_get(p->store, "power/a");
	assert_string_equal(got, "off");
	free(got);
	got = conf_store_state_get(p->store, "power/b");
	assert_string_equal(got, "x \"y\"\nz");
	free(got);
	conf_store_state_set(p->store, "power/a", NULL, &err);
	assert_null(conf_store_state_get(p->store, "power/a"));
}

#define OLD "vpn-network a {\n    phase1 b {\n        pre-shared-key " \
	"<secret:a/b>;\n    }\n}\n"
#define NEW OLD "system {\n    log-level debug;\n}\n"

/* The old text with the key "old-key"; returns the new tree. */
static struct conf_tree *
old_and_new(struct place *p)
{
	struct conf_tree *t = parse(OLD);
	struct secret s;
	struct sp_error err;
	uint32_t revision;

	secret_set(&s, "old-key", 7);
	conf_secret_set(t, "a/b", &s);
	secret_free(&s);
	assert_int_equal(conf_store_save(p->store, t, "", "", &revision,
	    &err), 0);
	conf_tree_free(t);
	t = parse(NEW);
	secret_set(&s, "new-key", 7);
	conf_secret_set(t, "a/b", &s);
	secret_free(&s);
	return t;
}

/* What is on the disk is whole: one of the two, with its key. */
static bool
is_new(struct place *p)
{
	struct conf_tree *t;
	struct sp_error err, broken;
	uint32_t revision;
	char *text;
	bool new;

	if (conf_store_load(p->store, &t, &revision, &broken, &err) < 0)
		fail_msg("%s", err.text);
	text = text_of(t);
	new = str_eq(text, NEW);
	if (!new)
		assert_string_equal(text, OLD);
	assert_non_null(conf_secret(t, "a/b"));
	/* the key of this text, never that of the other */
	assert_int_equal(conf_secret(t, "a/b")->len, 7);
	assert_memory_equal(conf_secret(t, "a/b")->data, new ? "new-key" :
	    "old-key", 7);
	assert_int_equal(mode_of(p->conf, "secrets"), 0600);
	assert_int_equal(mode_of(p->conf, "sallyport.conf"), 0640);
	free(text);
	conf_tree_free(t);
	return new;
}

static void
test_die_anywhere(void **state)
{
	struct place *p = *state;
	struct conf_tree *t = old_and_new(p);
	struct sp_error err;
	struct secret s = {0};
	uint32_t revision;
	int at, status = 0, seen_new = 0;
	pid_t pid;

	for (at = 1; at < 1000; at++) {
		pid = fork();
		if (pid == 0) {
			/* secrets do not survive a fork */
			secret_set(&s, "new-key", 7);
			conf_secret_set(t, "a/b", &s);
			fault.countdown = at;
			fault.error = 0;
			conf_store_save(p->store, t, "", "", &revision,
			    &err);
			_exit(0);
		}
		waitpid(pid, &status, 0);
		/* it may turn new once, and then stays so */
		if (is_new(p))
			seen_new++;
		else
			assert_int_equal(seen_new, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			break;
	}
	assert_true(at > 20 && at < 1000);
	assert_true(seen_new > 0);
	conf_tree_free(t);
}

/* The message names file and cause; the old files are whole. */
static void
check_refusal(struct place *p, int at, int error, const struct sp_error *err,
    size_t entries)
{
	struct conf_history h[60];

	if (!str_prefix(err->text, "Cannot ") ||
	    strstr(err->text, p->dir) == NULL ||
	    strstr(err->text, strerror(error)) == NULL)
		fail_msg("call %d: %s", at, err->text);
	assert_false(is_new(p));
	assert_int_equal(conf_store_history(p->store, h, 60), entries);
}

static void
test_refuse_anywhere(void **state)
{
	static const int errors[] = { ENOSPC, EIO, EROFS };
	struct place *p = *state;
	struct conf_tree *t = old_and_new(p), *old = parse(OLD);
	struct conf_history h[60];
	struct sp_error err;
	struct secret s;
	uint32_t revision = 0;
	size_t entries;
	int at, ret, refused = 0;
	bool fired = true;

	secret_set(&s, "old-key", 7);
	conf_secret_set(old, "a/b", &s);
	secret_free(&s);
	for (at = 1; fired; at++) {
		assert_int_equal(conf_store_save(p->store, old, "", "",
		    &revision, &err), 0);
		entries = conf_store_history(p->store, h, 60);
		fault.countdown = at;
		fault.error = errors[at % 3];
		ret = conf_store_save(p->store, t, "", "", &revision, &err);
		fired = fault.countdown == 0;
		fault.countdown = 0;
		/* what fails only when all is in place is no failure */
		if (ret == 0) {
			assert_true(is_new(p));
			continue;
		}
		check_refusal(p, at, errors[at % 3], &err, entries);
		refused++;
	}
	assert_true(refused > 20);
	conf_tree_free(old);
	conf_tree_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_save_load, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_history, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_by_hand, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_secrets, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_unchecked_secrets, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_drafts_state, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_die_anywhere, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_refuse_anywhere, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_broken_file, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
