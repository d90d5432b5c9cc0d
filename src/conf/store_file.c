/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Files written so that a power cut leaves the old or the new one whole:
 * write NAME.new, fsync, rename, fsync the directory.  Everything goes by
 * descriptor of the directory and never follows a link, so that nobody can
 * swap a file between a check and its use.
 */
#include "conf/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#define DIR_MODE 0750

static int
make_dirs(const char *path, struct sp_error *err)
{
	char *copy = xstrdup(path), *at = copy;
	int ret = 0;

	while (ret == 0 && at != NULL) {
		at = strchr(at + 1, '/');
		if (at != NULL)
			*at = '\0';
		if (mkdir(copy, DIR_MODE) < 0 && errno != EEXIST)
			ret = sp_fail_errno(err, errno, "Cannot make %s",
			    copy);
		if (at != NULL)
			*at = '/';
	}
	free(copy);
	return ret;
}

int
file_dir_open(struct file_dir *d, const char *path, struct sp_error *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, fd, ret;

	fd = open(path, flags);
	if (fd < 0 && errno == ENOENT) {
		ret = make_dirs(path, err);
		if (ret < 0)
			return ret;
		fd = open(path, flags);
	}
	if (fd < 0)
		return sp_fail_errno(err, errno, "Cannot open %s", path);
	d->fd = fd;
	d->path = xstrdup(path);
	return 0;
}

void
file_dir_close(struct file_dir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	free(d->path);
	d->path = NULL;
	d->fd = -1;
}

/* Who else could have written it, or could read it. */
static int
check_stat(const struct file_dir *d, const char *name, const struct stat *st,
    mode_t forbidden, size_t max, struct sp_error *err)
{
	unsigned mode = st->st_mode & 07777;
	int ret;

	if (!S_ISREG(st->st_mode)) {
		return sp_fail(err, SP_DENIED, "%s/%s is not a regular file.",
		    d->path, name);
	}
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		return sp_fail(err, SP_DENIED, "%s/%s belongs to another "
		    "user.", d->path, name);
	}
	if ((mode & forbidden) != 0) {
		if (forbidden & 044) {
			ret = sp_fail(err, SP_DENIED, "%s is readable by "
			    "others (mode %04o); run chmod 600.", name, mode);
			sp_hint(err, "chmod 600 %s/%s", d->path, name);
		} else {
			ret = sp_fail(err, SP_DENIED, "%s can be changed by "
			    "others (mode %04o); run chmod 640.", name, mode);
			sp_hint(err, "chmod 640 %s/%s", d->path, name);
		}
		return ret;
	}
	if (st->st_size > (off_t)max) {
		return sp_fail(err, SP_RANGE, "%s/%s is larger than %zu "
		    "bytes.", d->path, name, max);
	}
	return 0;
}

static int
read_all(int fd, size_t size, struct buf *out)
{
	uint8_t *p = buf_space(out, size);
	size_t got = 0;
	ssize_t n;

	while (got < size) {
		n = read(fd, p + got, size - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	buf_truncate(out, got);
	return 0;
}

int
file_read(const struct file_dir *d, const char *name, mode_t forbidden,
    size_t max, struct buf *out, struct sp_error *err)
{
	struct stat st;
	int fd, ret;

	/* a FIFO must not keep us waiting: O_NONBLOCK */
	fd = openat(d->fd, name,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT) {
		return sp_fail(err, SP_NOTFOUND, "There is no %s/%s.",
		    d->path, name);
	}
	if (fd < 0)
		return sp_fail_errno(err, errno, "Cannot read %s/%s", d->path,
		    name);
	if (fstat(fd, &st) < 0)
		ret = sp_fail_errno(err, errno, "Cannot read %s/%s", d->path,
		    name);
	else
		ret = check_stat(d, name, &st, forbidden, max, err);
	if (ret == 0) {
		ret = read_all(fd, (size_t)st.st_size, out);
		if (ret < 0)
			ret = sp_fail_errno(err, -ret, "Cannot read %s/%s",
			    d->path, name);
	}
	close(fd);
	return ret;
}

static int
write_all(int fd, const struct buf *data)
{
	size_t done = 0;
	ssize_t n;

	while (done < data->len) {
		n = write(fd, data->data + done, data->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

/* All of it on the disk, or the first errno; closes fd. */
static int
fill_file(int fd, mode_t mode, const struct buf *data)
{
	int ret = 0;

	if (fchmod(fd, mode) < 0)
		ret = -errno;
	if (ret == 0)
		ret = write_all(fd, data);
	if (ret == 0 && fsync(fd) < 0)
		ret = -errno;
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	return ret;
}

int
file_prepare(const struct file_dir *d, const char *name, mode_t mode,
    const struct buf *data, struct sp_error *err)
{
	char *new = xasprintf("%s.new", name);
	int fd, ret;

	/* a leftover of a crash, or something put in our way */
	unlinkat(d->fd, new, 0);
	fd = openat(d->fd, new,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	ret = fd < 0 ? -errno : fill_file(fd, mode, data);
	if (ret < 0) {
		sp_fail_errno(err, -ret, "Cannot write %s/%s", d->path, name);
		if (fd >= 0)
			unlinkat(d->fd, new, 0);
		ret = SP_SYSTEM;
	}
	free(new);
	return ret;
}

int
file_commit(const struct file_dir *d, const char *name, struct sp_error *err)
{
	char *new = xasprintf("%s.new", name);
	int ret = 0;

	if (renameat(d->fd, new, d->fd, name) < 0) {
		ret = sp_fail_errno(err, errno, "Cannot replace %s/%s",
		    d->path, name);
		unlinkat(d->fd, new, 0);
	} else {
		/* the new one is in place whatever fsync says */
		fsync(d->fd);
	}
	free(new);
	return ret;
}

void
file_abandon(const struct file_dir *d, const char *name)
{
	char *new = xasprintf("%s.new", name);

	unlinkat(d->fd, new, 0);
	free(new);
}

int
file_save(const struct file_dir *d, const char *name, mode_t mode,
    const struct buf *data, struct sp_error *err)
{
	int ret = file_prepare(d, name, mode, data, err);

	return ret < 0 ? ret : file_commit(d, name, err);
}

int
file_keep(const struct file_dir *d, const char *name, const char *kept,
    struct sp_error *err)
{
	if ((unlinkat(d->fd, kept, 0) < 0 && errno != ENOENT) ||
	    (linkat(d->fd, name, d->fd, kept, 0) < 0 && errno != ENOENT))
		return sp_fail_errno(err, errno, "Cannot keep %s/%s", d->path,
		    name);
	return 0;
}

int
file_return(const struct file_dir *d, const char *name, const char *kept,
    struct sp_error *err)
{
	if (renameat(d->fd, kept, d->fd, name) < 0 && errno != ENOENT)
		return sp_fail_errno(err, errno, "Cannot replace %s/%s",
		    d->path, name);
	fsync(d->fd);
	return 0;
}

bool
file_is_there(const struct file_dir *d, const char *name)
{
	return faccessat(d->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void
file_remove(const struct file_dir *d, const char *name)
{
	unlinkat(d->fd, name, 0);
}
