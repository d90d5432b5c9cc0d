/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kernel settings, through /proc/sys.  The folder net/ there shows those of
 * the network namespace of the thread that opens the file.
 */
#include "net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#define SYSCTL_DIR "/proc/sys/"
#define SYSCTL_NAME_MAX 200

/*
 * A dot separates, as in sysctl(8); a slash stands for a dot inside a link's
 * name: net.ipv4.conf.eth0/100.rp_filter.  Two in a row would be "..", the
 * folder above.
 */
static int
path_of(const char *name, char *path, struct sp_error *err)
{
	size_t len = strlen(name), i;
	char *p = path + strlen(SYSCTL_DIR);

	if (len == 0 || len > SYSCTL_NAME_MAX || name[0] == '.' ||
	    name[0] == '/' || strstr(name, "//") != NULL) {
		return sp_fail(err, SP_RANGE,
		    "\"%.64s\" cannot name a kernel setting", name);
	}

	memcpy(path, SYSCTL_DIR, sizeof(SYSCTL_DIR));
	for (i = 0; i <= len; i++) {
		p[i] = name[i];
		if (name[i] == '.')
			p[i] = '/';
		else if (name[i] == '/')
			p[i] = '.';
	}
	return 0;
}

int
sysctl_set(const char *name, const char *value, struct sp_error *err)
{
	char path[sizeof(SYSCTL_DIR) + SYSCTL_NAME_MAX];
	int fd, ret, errnum = 0;

	ret = path_of(name, path, err);
	if (ret < 0)
		return ret;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		return sp_fail(err, SP_NOTFOUND,
		    "this kernel has no setting %s", name);
	}
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		errnum = errno;
	if (fd >= 0)
		close(fd);

	if (errnum == EACCES || errnum == EPERM || errnum == EROFS) {
		return sp_fail(err, SP_DENIED,
		    "no right to set the kernel setting %s to %s: %s", name,
		    value, strerror(errnum));
	}
	if (errnum != 0) {
		return sp_fail_errno(err, errnum,
		    "the kernel setting %s does not take %s", name, value);
	}
	return 0;
}
