/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Named network namespaces, in the manner of ip-netns(8): a namespace lives
 * as long as a bind mount of it on /run/netns/NAME does, so that "ip netns"
 * and sallyport see each other's.
 *
 * A namespace belongs to a thread, not to the process.  Creating one happens
 * in a helper thread, which alone leaves the present namespace and ends;
 * /proc/thread-self names the calling thread's, /proc/self would name that of
 * the first thread.
 *
 * /run/netns is made a shared mount first, as iproute2 does: without that,
 * a namespace named here could not be deleted from, or seen in, another mount
 * namespace that began as a copy of this one.
 */
#include "net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"

#define NETNS_DIR "/run/netns"
#define NETNS_SELF "/proc/thread-self/ns/net"
#define NETNS_PATH_MAX (sizeof(NETNS_DIR) + 1 + 255 + 1)

/* What the helper thread is told and what it says. */
struct make {
	const char *name;
	const char *path;
	int ret;
	struct sp_error *err;
};

/* A name becomes a file name: nothing that leads out of the folder. */
static int
path_of(const char *name, char *path, struct sp_error *err)
{
	size_t len = strlen(name);

	if (len == 0 || len > 255 || strchr(name, '/') != NULL ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		return sp_fail(err, SP_RANGE,
		    "\"%.64s\" cannot name a network namespace", name);
	}

	snprintf(path, NETNS_PATH_MAX, NETNS_DIR "/%s", name);
	return 0;
}

/* Does a namespace hang there, or is it a mere file that was left over? */
static bool
is_namespace(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == NSFS_MAGIC;
}

/* One sentence for the right that all of this needs. */
static int
fail_errno(struct sp_error *err, int errnum, const char *deed,
    const char *name)
{
	if (errnum == EPERM || errnum == EACCES) {
		return sp_fail(err, SP_DENIED, "cannot %s network namespace "
		    "%s: that needs the right CAP_SYS_ADMIN", deed, name);
	}
	return sp_fail_errno(err, errnum, "cannot %s network namespace %s",
	    deed, name);
}

/* The folder, as a shared mount of its own. */
static int
make_dir(const char *name, struct sp_error *err)
{
	if (mkdir(NETNS_DIR, 0755) < 0 && errno != EEXIST)
		return fail_errno(err, errno, "create", name);

	if (mount("", NETNS_DIR, "none", MS_SHARED | MS_REC, NULL) == 0)
		return 0;

	/* EINVAL: not a mount point yet */
	if (errno != EINVAL ||
	    mount(NETNS_DIR, NETNS_DIR, "none", MS_BIND | MS_REC, NULL) < 0 ||
	    mount("", NETNS_DIR, "none", MS_SHARED | MS_REC, NULL) < 0)
		return fail_errno(err, errno, "create", name);
	return 0;
}

static void *
make_thread(void *arg)
{
	struct make *m = arg;

	if (unshare(CLONE_NEWNET) < 0 ||
	    mount(NETNS_SELF, m->path, "none", MS_BIND, NULL) < 0)
		m->ret = fail_errno(m->err, errno, "create", m->name);
	return NULL;
}

/* The helper and its whole life; its error is ours. */
static int
make_namespace(const char *name, const char *path, struct sp_error *err)
{
	struct make m = { .name = name, .path = path, .err = err };
	pthread_t thread;
	int errnum;

	errnum = pthread_create(&thread, NULL, make_thread, &m);
	if (errnum != 0)
		return fail_errno(err, errnum, "create", name);

	pthread_join(thread, NULL);
	return m.ret;
}

int
netns_create(const char *name, struct sp_error *err)
{
	char path[NETNS_PATH_MAX];
	int fd, ret;

	ret = path_of(name, path, err);
	if (ret < 0 || is_namespace(path))
		return ret;
	ret = make_dir(name, err);
	if (ret < 0)
		return ret;

	/* a file without a namespace is what a reboot or a crash left */
	fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0);
	if (fd < 0)
		return fail_errno(err, errno, "create", name);
	close(fd);

	ret = make_namespace(name, path, err);
	if (ret < 0)
		unlink(path);
	return ret;
}

int
netns_delete(const char *name, struct sp_error *err)
{
	char path[NETNS_PATH_MAX];
	int ret;

	ret = path_of(name, path, err);
	if (ret < 0)
		return ret;

	/* EINVAL: not mounted; the file alone still has to go */
	if (umount2(path, MNT_DETACH) < 0 && errno != EINVAL &&
	    errno != ENOENT)
		return fail_errno(err, errno, "delete", name);
	if (unlink(path) < 0 && errno != ENOENT)
		return fail_errno(err, errno, "delete", name);
	return 0;
}

bool
netns_exists(const char *name)
{
	char path[NETNS_PATH_MAX];

	return path_of(name, path, NULL) == 0 && is_namespace(path);
}

int
netns_enter(const char *name, int *old, struct sp_error *err)
{
	char path[NETNS_PATH_MAX];
	int fd = -1, self, ret;

	ret = path_of(name, path, err);
	if (ret < 0)
		return ret;
	self = open(NETNS_SELF, O_RDONLY | O_CLOEXEC);
	if (self < 0)
		return fail_errno(err, errno, "enter", name);

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		ret = sp_fail(err, SP_NOTFOUND,
		    "there is no network namespace %s", name);
	} else if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) {
		ret = fail_errno(err, errno, "enter", name);
	}

	if (fd >= 0)
		close(fd);
	if (ret < 0)
		close(self);
	else
		*old = self;
	return ret;
}

int
netns_leave(int old, struct sp_error *err)
{
	int ret = 0;

	if (setns(old, CLONE_NEWNET) < 0) {
		ret = sp_fail_errno(err, errno,
		    "cannot return to the former network namespace");
	}
	close(old);
	return ret;
}
