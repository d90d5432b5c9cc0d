/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded into the engine by test_crash.py: once the file named by
 * SP_SHIM_ARM is there, the SP_SHIM_AT-th call that changes a file kills the
 * process (SP_SHIM_ERRNO 0) or fails with that errno; then the file
 * SP_SHIM_ARM.struck is made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
number(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? atoi(text) : 0;
}

static int
strike(void)
{
	static int seen, struck;
	const char *arm = getenv("SP_SHIM_ARM");
	char mark[512];

	if (struck || arm == NULL ||
	    syscall(SYS_faccessat, AT_FDCWD, arm, F_OK) < 0 ||
	    ++seen < number("SP_SHIM_AT"))
		return 0;
	struck = 1;
	snprintf(mark, sizeof(mark), "%s.struck", arm);
	close((int)syscall(SYS_openat, AT_FDCWD, mark, O_CREAT | O_WRONLY,
	    0600));
	if (number("SP_SHIM_ERRNO") == 0)
		kill(getpid(), SIGKILL);
	errno = number("SP_SHIM_ERRNO");
	return -1;
}

static int
is_file(int fd)
{
	struct stat st;

	return fd > 2 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if ((flags & O_CREAT) && strike() < 0)
		return -1;
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

ssize_t
write(int fd, const void *p, size_t len)
{
	if (is_file(fd) && strike() < 0)
		return -1;
	return syscall(SYS_write, fd, p, len);
}

#define WRAP(name, params, call) \
	int name params { return strike() < 0 ? -1 : (int)syscall call; }

WRAP(fsync, (int fd), (SYS_fsync, fd))
WRAP(fchmod, (int fd, mode_t mode), (SYS_fchmod, fd, mode))
WRAP(renameat, (int a, const char *x, int b, const char *y),
    (SYS_renameat2, a, x, b, y, 0))
WRAP(linkat, (int a, const char *x, int b, const char *y, int flags),
    (SYS_linkat, a, x, b, y, flags))
WRAP(unlinkat, (int dir, const char *path, int flags),
    (SYS_unlinkat, dir, path, flags))
