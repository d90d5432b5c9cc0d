/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What this machine has, for completion.  One system call or one folder each:
 * no name is looked up and nobody is asked.
 */
#include "shell/live.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "shell/complete.h"

#define FILES_MAX 1000

void
live_offer_links(const char *prefix, struct choices *out)
{
	struct ifaddrs *all, *a;

	if (getifaddrs(&all) < 0)
		return;
	/* A link comes once for itself and once for each address; the list
	 * is made free of doubles when it is sorted. */
	for (a = all; a; a = a->ifa_next) {
		if (!(a->ifa_flags & IFF_LOOPBACK))
			choices_add(out, prefix, a->ifa_name,
			    a->ifa_flags & IFF_UP ? _("link, up") :
			    _("link, down"));
	}
	freeifaddrs(all);
}

/* The address as text; NULL if it is none to offer. */
static const char *
address_text(const struct sockaddr *sa, char *out, socklen_t size)
{
	const struct sockaddr_in6 *sin6;
	const struct sockaddr_in *sin;

	if (sa && sa->sa_family == AF_INET) {
		sin = (const struct sockaddr_in *)(const void *)sa;
		return inet_ntop(AF_INET, &sin->sin_addr, out, size);
	}
	if (sa == NULL || sa->sa_family != AF_INET6)
		return NULL;
	sin6 = (const struct sockaddr_in6 *)(const void *)sa;
	if (IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr))
		return NULL;
	return inet_ntop(AF_INET6, &sin6->sin6_addr, out, size);
}

void
live_offer_addresses(const char *prefix, struct choices *out)
{
	char text[INET6_ADDRSTRLEN];
	struct ifaddrs *all, *a;

	if (getifaddrs(&all) < 0)
		return;
	for (a = all; a; a = a->ifa_next) {
		if (!(a->ifa_flags & IFF_LOOPBACK) &&
		    address_text(a->ifa_addr, text, sizeof(text)))
			choices_add(out, prefix, text, a->ifa_name);
	}
	freeifaddrs(all);
}

/* A name that needs quotes is left to be typed. */
static bool
is_plain(const char *name, bool hidden)
{
	if (name[0] == '.' && (!hidden || name[1] == '\0' ||
	    (name[1] == '.' && name[2] == '\0')))
		return false;
	for (; *name; name++) {
		if ((unsigned char)*name <= ' ' || *name == 0x7f ||
		    strchr("\"'\\;|#", *name))
			return false;
	}
	return true;
}

static void
offer_file(const char *prefix, const char *folder, const char *name,
    struct choices *out)
{
	struct stat st;
	char *path = xasprintf("%s%s", folder, name), *slash;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		slash = xasprintf("%s/", path);
		choices_add(out, prefix, slash, _("folder"));
		free(slash);
	} else {
		choices_add(out, prefix, path, "");
	}
	free(path);
}

void
live_offer_files(const char *prefix, struct choices *out)
{
	const char *base = strrchr(prefix, '/');
	struct dirent *entry;
	size_t n = 0, len;
	char *folder;
	DIR *dir;

	base = base ? base + 1 : prefix;
	len = strlen(base);
	folder = xstrndup(prefix, (size_t)(base - prefix));
	dir = opendir(*folder ? folder : ".");
	while (dir && n < FILES_MAX && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, base, len) != 0 ||
		    !is_plain(entry->d_name, *base == '.'))
			continue;
		offer_file(prefix, folder, entry->d_name, out);
		n++;
	}
	if (dir)
		closedir(dir);
	free(folder);
}
