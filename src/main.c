/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Options and the process model (ARCHITECTURE, processes and threads).
 *
 * A shell attaches to the engine that listens in RUNDIR; if there is none,
 * it runs one in its own process, in a thread.  For a terminal that process
 * is a child made before any thread exists: the parent only waits, so that
 * the child can leave the session, on `exit` or when the line is lost, and
 * the tunnels stay up.  `serve` is the engine alone, for a supervisor.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cap-ng.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/client.h"
#include "engine/engine.h"
#include "shell/shell.h"

struct app {
	char *conf_dir, *state_dir, *run_dir;
	char *socket;
	const char *commands;	/* -c */
	const char *file;	/* -f, or "-" */
	const char *complete;	/* --complete: for the outer shell */
	bool serve, standalone;
	struct shell_params shell;
};

static const char usage_text[] = N_(
    "sallyport                    shell (attaches to the engine, or runs one)\n"
    "sallyport menu               the same, beginning in the menus\n"
    "sallyport serve              the engine alone, in the foreground\n"
    "sallyport -c 'COMMANDS'      run commands separated by newline or ';'\n"
    "sallyport -f FILE | -        the same from a file or standard input\n"
    "  -d, --dir DIR     keep configuration, state and socket under DIR\n"
    "  -j, --json        replies as JSON, one object a line\n"
    "  -e, --standalone  never attach: run an engine in this process\n"
    "  -q, --quiet       no banner\n"
    "  -y, --yes         answer yes to confirmations\n"
    "  -n, --check       check only: parse and validate, change nothing\n"
    "      --keep-going  go on after a command that failed\n"
    "  -V, --version     -h, --help\n");

static void
set_paths(struct app *app, const char *dir)
{
	char cwd[PATH_MAX] = "";

	if (dir == NULL) {
		app->conf_dir = xstrdup("/etc/sallyport");
		app->state_dir = xstrdup("/var/lib/sallyport");
		app->run_dir = xstrdup("/run/sallyport");
	} else {
		/* absolute: a detached engine leaves the directory */
		if (dir[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
			app->conf_dir = xasprintf("%s/%s", cwd, dir);
		else
			app->conf_dir = xstrdup(dir);
		app->state_dir = xasprintf("%s/state", app->conf_dir);
		app->run_dir = xasprintf("%s/run", app->conf_dir);
	}
	app->socket = xasprintf("%s/control", app->run_dir);
}

static int
usage(const char *wrong)
{
	if (wrong != NULL)
		fprintf(stderr, _("error: %s\n"), wrong);
	fputs(_(usage_text), wrong != NULL ? stderr : stdout);
	return wrong != NULL ? SHELL_USAGE : SHELL_OK;
}

static const struct option longs[] = {
	{ "dir", required_argument, NULL, 'd' },
	{ "json", no_argument, NULL, 'j' },
	{ "standalone", no_argument, NULL, 'e' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "yes", no_argument, NULL, 'y' },
	{ "check", no_argument, NULL, 'n' },
	{ "keep-going", no_argument, NULL, 'k' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ "complete", required_argument, NULL, 'C' },	/* for completion/ */
	{ "complete-options", no_argument, NULL, 'O' },
	{ NULL, 0, NULL, 0 }
};

static int
print_options(void)
{
	const struct option *o;

	for (o = longs; o->name != NULL; o++) {
		if (!str_prefix(o->name, "complete"))
			printf("--%s\n", o->name);
	}
	return SHELL_OK;
}

/* -1: go on; else the exit status. */
static int
take_option(struct app *app, int opt, const char **dir)
{
	switch (opt) {
	case 'c':
		app->commands = optarg;
		break;
	case 'C':
		app->complete = optarg;
		break;
	case 'O':
		return print_options();
	case 'd':
		*dir = optarg;
		break;
	case 'e':
		app->standalone = true;
		break;
	case 'f':
		app->file = optarg;
		break;
	case 'h':
		return usage(NULL);
	case 'j':
		app->shell.json = true;
		/* what a program reads is the same everywhere */
		setlocale(LC_MESSAGES, "C");
		break;
	case 'k':
		app->shell.keep_going = true;
		break;
	case 'n':
		app->shell.check_only = true;
		break;
	case 'q':
		app->shell.quiet = true;
		break;
	case 'V':
		printf("sallyport %s\n", VERSION);
		return SHELL_OK;
	case 'y':
		app->shell.yes = true;
		break;
	default:
		return usage(_("no such option, or its value is missing"));
	}
	return -1;
}

static int
take_options(struct app *app, int argc, char **argv)
{
	const char *dir = NULL;
	int opt, ret;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "c:d:ef:hjnqVy", longs,
	    NULL)) != -1) {
		ret = take_option(app, opt, &dir);
		if (ret >= 0)
			return ret;
	}
	if (optind < argc && strcmp(argv[optind], "serve") == 0) {
		app->serve = true;
		optind++;
	} else if (optind < argc && strcmp(argv[optind], "menu") == 0) {
		app->shell.menu = true;
		optind++;
	}
	if (optind < argc)
		return usage(_("unknown word on the command line"));
	if ((app->commands != NULL && app->file != NULL) ||
	    ((app->serve || app->shell.menu) && (app->commands != NULL || app->file != NULL)))
		return usage(_("serve, menu, -c and -f exclude each other"));
	set_paths(app, dir);
	return -1;
}

/* Nothing of ours for others to read: files, memory, core dumps (R-43,
 * */
static void
harden(void)
{
	struct rlimit none = { 0, 0 };

	umask(077);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	/* few allocations happen outside the loop's thread: an arena for each
	 * would only keep memory from being used again */
	(void)mallopt(M_ARENA_MAX, 1);
}

/* What an engine needs: sockets and links, setns, port 500, raw sockets, the
 * group of its control socket.  Before any thread is made. */
static void
drop_capabilities(void)
{
	capng_clear(CAPNG_SELECT_BOTH);
	capng_updatev(CAPNG_ADD,
	    (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED |
	    CAPNG_BOUNDING_SET), CAP_NET_ADMIN, CAP_NET_RAW,
	    CAP_NET_BIND_SERVICE, CAP_SYS_ADMIN, CAP_CHOWN, -1);
	if (capng_apply(CAPNG_SELECT_BOTH) != 0)
		fputs(_("warning: capabilities could not be dropped\n"),
		    stderr);
}

static void
print_error(const struct sp_error *err)
{
	if (err->path[0] != '\0' && err->line > 0)
		fprintf(stderr, _("error: %s, line %d, column %d: %s\n"),
		    err->path, err->line, err->column, err->text);
	else if (err->path[0] != '\0')
		fprintf(stderr, _("error: %s: %s\n"), err->path, err->text);
	else
		fprintf(stderr, _("error: %s\n"), err->text);
	if (err->hint[0] != '\0')
		fprintf(stderr, _("  try: %s\n"), err->hint);
}

static struct engine *
make_engine(const struct app *app, bool log_stderr, bool no_socket)
{
	struct engine_params p = {
		.conf_dir = app->conf_dir, .state_dir = app->state_dir,
		.run_dir = app->run_dir, .log_stderr = log_stderr,
		.no_socket = no_socket,
	};
	struct engine *e = NULL;
	struct sp_error err = {0};

	if (engine_new(&e, &p, &err) < 0) {
		print_error(&err);
		return NULL;
	}
	return e;
}

/* ---- telling a supervisor (sd_notify's protocol) ---- */

static void
notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t len = path != NULL ? strlen(path) : 0;
	int fd;

	if (len == 0 || len >= sizeof(sa.sun_path))
		return;
	memcpy(sa.sun_path, path, len);
	if (path[0] == '@')
		sa.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL,
	    (struct sockaddr *)&sa, (socklen_t)(offsetof(struct sockaddr_un,
	    sun_path) + len));
	close(fd);
}

/* Half of the watchdog's time in milliseconds, or -1. */
static int
watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	long long v;
	char *end;

	if (usec == NULL)
		return -1;
	v = strtoll(usec, &end, 10);
	if (*end != '\0' || v < 2000 || v / 2000 > INT_MAX)
		return -1;
	return (int)(v / 2000);
}

/* Wait until the engine ends, or SIGTERM or SIGINT (blocked) ends it. */
static void
supervise(struct engine *e, const sigset_t *signals)
{
	int fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	struct pollfd p[2] = {
		{ .fd = engine_done_fd(e), .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	int wait = watchdog_ms(), n;

	for (;;) {
		n = poll(p, 2, wait);
		if (n > 0 && (p[0].revents || p[1].revents))
			break;
		if (n == 0 && engine_alive(e))
			notify("WATCHDOG=1");
	}
	notify("STOPPING=1");
	engine_stop(e);
	close(fd);
}

static void
block_signals(sigset_t *set)
{
	signal(SIGHUP, SIG_IGN);
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigprocmask(SIG_BLOCK, set, NULL);
}

static int
serve(const struct app *app)
{
	struct sp_error err = {0};
	struct engine *e;
	sigset_t set;

	drop_capabilities();
	block_signals(&set);
	e = make_engine(app, true, false);
	if (e == NULL)
		return SHELL_NO_ENGINE;
	if (engine_start(e, &err) < 0) {
		print_error(&err);
		engine_free(e);
		return SHELL_NO_ENGINE;
	}
	notify("READY=1");
	supervise(e, &set);
	engine_free(e);
	return SHELL_OK;
}

/* ---- shells ---- */

static enum shell_status
run_commands(struct app *app, struct client *c)
{
	app->shell.client = c;
	if (app->commands != NULL)
		return shell_run_text(&app->shell, app->commands);
	return shell_run_file(&app->shell, app->file);
}

/* The engine in this process: started, and a client of it. */
static struct client *
start_engine(struct engine *e)
{
	struct sp_error err = {0};
	int fd;

	fd = engine_start(e, &err);
	if (fd == 0)
		fd = engine_connect(e, &err);
	if (fd < 0) {
		print_error(&err);
		return NULL;
	}
	return client_from_fd(fd);
}

static int
commands_in_process(struct app *app)
{
	enum shell_status status = SHELL_NO_ENGINE;
	struct engine *e = make_engine(app, false, true);
	struct client *c;

	if (e == NULL)
		return SHELL_NO_ENGINE;
	c = start_engine(e);
	if (c != NULL) {
		app->shell.in_process = true;
		status = run_commands(app, c);
		client_free(c);
	}
	engine_stop(e);
	engine_free(e);
	return (int)status;
}

/* Out of the session, off the terminal. */
static void
leave_terminal(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	if (chdir("/") < 0 || fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* In the child: shell and engine; detached_fd tells the parent to go. */
static int
shell_and_engine(struct app *app, int detached_fd)
{
	enum shell_end end;
	struct engine *e;
	struct client *c;
	sigset_t set;

	signal(SIGHUP, SIG_IGN);
	e = make_engine(app, false, false);
	if (e == NULL)
		return SHELL_NO_ENGINE;
	c = start_engine(e);
	if (c == NULL) {
		engine_free(e);
		return SHELL_NO_ENGINE;
	}
	app->shell.client = c;
	app->shell.in_process = true;
	end = shell_interactive(&app->shell);
	client_free(c);
	if (end == SHELL_END_EXIT) {
		engine_stop(e);
	} else {
		leave_terminal();
		(void)!write(detached_fd, "D", 1);
		close(detached_fd);
		block_signals(&set);
		supervise(e, &set);
	}
	engine_free(e);
	return SHELL_OK;
}

static pid_t shell_pid;		/* for the handler below alone */

static void
pass_on(int sig)
{
	kill(shell_pid, sig);
}

/* The parent: the terminal's signals are the child's. */
static int
wait_for_shell(pid_t pid, int detached_fd)
{
	int status = 0;
	ssize_t got;
	char byte;

	shell_pid = pid;
	signal(SIGTERM, pass_on);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	do {
		got = read(detached_fd, &byte, 1);
	} while (got < 0 && errno == EINTR);
	if (got == 1)
		return SHELL_OK;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : SHELL_FAILED;
}

static int
interactive_in_process(struct app *app)
{
	int fd[2], status;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) < 0) {
		perror("pipe");
		return SHELL_NO_ENGINE;
	}
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		return SHELL_NO_ENGINE;
	}
	if (pid == 0) {
		close(fd[0]);
		return shell_and_engine(app, fd[1]);
	}
	close(fd[1]);
	status = wait_for_shell(pid, fd[0]);
	close(fd[0]);
	return status;
}

static int
with_engine(struct app *app, struct client *c)
{
	int status = SHELL_OK;

	if (app->commands != NULL || app->file != NULL) {
		status = (int)run_commands(app, c);
	} else {
		app->shell.client = c;
		signal(SIGHUP, SIG_IGN);
		(void)shell_interactive(&app->shell);
	}
	client_free(c);
	return status;
}

static int
shell(struct app *app)
{
	struct sp_error err = {0};
	struct client *c;
	int ret;

	if (!app->standalone) {
		ret = client_connect(&c, app->socket, &err);
		if (ret == 0)
			return with_engine(app, c);
		if (ret != SP_NOTFOUND) {
			print_error(&err);
			return SHELL_NO_ENGINE;
		}
	}
	if (app->commands != NULL || app->file != NULL)
		return commands_in_process(app);
	return interactive_in_process(app);
}

/* Words for the outer shell; an engine is asked only if it runs. */
static int
complete(struct app *app)
{
	struct client *c = NULL;

	(void)client_connect(&c, app->socket, NULL);
	app->shell.client = c;
	shell_complete(&app->shell, app->complete);
	client_free(c);
	return SHELL_OK;
}

/* The language is the person's; numbers are read and written alike in all. */
static void
set_language(void)
{
	const char *dir = secure_getenv("SALLYPORT_LOCALE");

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	bindtextdomain(PACKAGE, dir != NULL ? dir : LOCALEDIR);
	textdomain(PACKAGE);
}

int
main(int argc, char **argv)
{
	struct app app = {0};
	int status;

	set_language();
	harden();
	status = take_options(&app, argc, argv);
	if (status >= 0)
		return status;

	if (app.commands == NULL && app.file == NULL && !app.serve &&
	    !isatty(STDIN_FILENO))
		app.file = "-";
	if (app.complete != NULL)
		status = complete(&app);
	else
		status = app.serve ? serve(&app) : shell(&app);
	free(app.conf_dir);
	free(app.state_dir);
	free(app.run_dir);
	free(app.socket);
	return status;
}
