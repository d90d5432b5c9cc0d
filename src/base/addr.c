/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses.  Bytes beyond addr_len() are zero in every value made here, so
 * that whole structs may serve as map keys.
 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

size_t
addr_len(const struct ip_addr *a)
{
	return a->family == AF_INET ? 4 : a->family == AF_INET6 ? 16 : 0;
}

bool
addr_parse(struct ip_addr *a, const char *s)
{
	struct ip_addr out = {0};

	out.family = strchr(s, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(out.family, s, out.b) != 1)
		return false;
	*a = out;
	return true;
}

bool
prefix_parse(struct ip_prefix *p, const char *s)
{
	const char *slash = strchr(s, '/');
	char text[ADDR_TEXT];
	struct ip_prefix out;
	int64_t len;

	if (slash == NULL || (size_t)(slash - s) >= sizeof(text))
		return false;
	memcpy(text, s, (size_t)(slash - s));
	text[slash - s] = '\0';
	if (!addr_parse(&out.addr, text) || slash[1] == '-')
		return false;
	if (!str_to_i64(slash + 1, 0, (int64_t)addr_len(&out.addr) * 8, &len))
		return false;
	out.len = (uint8_t)len;
	*p = out;
	return true;
}

const char *
addr_print(const struct ip_addr *a, char *out)
{
	if (addr_len(a) == 0 ||
	    inet_ntop(a->family, a->b, out, ADDR_TEXT) == NULL)
		snprintf(out, ADDR_TEXT, "any");
	return out;
}

const char *
endpoint_print(const struct endpoint *e, char *out)
{
	char text[ADDR_TEXT];

	snprintf(out, ENDPOINT_TEXT,
	    e->addr.family == AF_INET6 ? "[%s]:%u" : "%s:%u",
	    addr_print(&e->addr, text), e->port);
	return out;
}

const char *
prefix_print(const struct ip_prefix *p, char *out)
{
	size_t n;

	addr_print(&p->addr, out);
	n = strlen(out);
	snprintf(out + n, ADDR_TEXT - n, "/%u", p->len);
	return out;
}

bool
addr_eq(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family == b->family &&
	    memcmp(a->b, b->b, addr_len(a)) == 0;
}

bool
endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && addr_eq(&a->addr, &b->addr);
}

int
addr_cmp(const struct ip_addr *a, const struct ip_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->b, b->b, addr_len(a));
}

bool
addr_is_any(const struct ip_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->b, zero, addr_len(a)) == 0;
}

struct ip_addr
addr_from_bytes(int family, const void *bytes)
{
	struct ip_addr a = { .family = (uint8_t)family };

	memcpy(a.b, bytes, addr_len(&a));
	return a;
}

/* Mask of the i-th byte of a prefix of len bits: ones in the network part. */
static uint8_t
mask_byte(unsigned len, size_t i)
{
	if (len >= (i + 1) * 8)
		return 0xff;
	if (len <= i * 8)
		return 0;
	return (uint8_t)(0xff00u >> (len - i * 8));
}

void
prefix_range(const struct ip_prefix *p, struct ip_addr *first,
    struct ip_addr *last)
{
	struct ip_addr f = p->addr, l = p->addr;
	size_t i;

	for (i = 0; i < addr_len(&p->addr); i++) {
		f.b[i] &= mask_byte(p->len, i);
		l.b[i] |= (uint8_t)~mask_byte(p->len, i);
	}
	*first = f;
	*last = l;
}

struct ip_prefix
prefix_masked(const struct ip_prefix *p)
{
	struct ip_prefix out = *p;
	struct ip_addr last;

	prefix_range(p, &out.addr, &last);
	return out;
}

bool
prefix_has(const struct ip_prefix *p, const struct ip_addr *a)
{
	struct ip_addr first, last;

	if (a->family != p->addr.family)
		return false;
	prefix_range(p, &first, &last);
	return addr_cmp(a, &first) >= 0 && addr_cmp(a, &last) <= 0;
}

bool
prefix_overlap(const struct ip_prefix *a, const struct ip_prefix *b)
{
	const struct ip_prefix *shorter = a->len <= b->len ? a : b;
	const struct ip_prefix *longer = shorter == a ? b : a;

	return prefix_has(shorter, &longer->addr);
}

struct ip_prefix
prefix_of_range(const struct ip_addr *first, const struct ip_addr *last)
{
	struct ip_prefix p = { .addr = *first };
	struct ip_addr f, l;
	unsigned len;

	for (len = 0; len < addr_len(first) * 8; len++) {
		p.len = (uint8_t)len;
		prefix_range(&p, &f, &l);
		if (addr_eq(&f, first) && addr_cmp(&l, last) <= 0)
			return p;
	}
	p.len = (uint8_t)(addr_len(first) * 8);
	return p;
}

socklen_t
endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ss)
{
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = e->addr.family;
	if (e->addr.family == AF_INET) {
		in->sin_port = htons(e->port);
		memcpy(&in->sin_addr, e->addr.b, 4);
		return sizeof(*in);
	}
	in6->sin6_port = htons(e->port);
	memcpy(&in6->sin6_addr, e->addr.b, 16);
	return sizeof(*in6);
}

bool
endpoint_from_sockaddr(struct endpoint *e, const struct sockaddr *sa)
{
	const struct sockaddr_in *in = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;

	memset(e, 0, sizeof(*e));
	if (sa->sa_family == AF_INET) {
		e->addr = addr_from_bytes(AF_INET, &in->sin_addr);
		e->port = ntohs(in->sin_port);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		e->addr = addr_from_bytes(AF_INET6, &in6->sin6_addr);
		e->port = ntohs(in6->sin6_port);
		return true;
	}
	return false;
}
