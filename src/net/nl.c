/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The exchange with rtnetlink (rtnetlink(7), RFC 3549).
 *
 * A socket is opened, used once and closed.  That costs some microseconds and
 * buys that no descriptor remembers a namespace the thread has left, and that
 * an answer can never be taken for that of another request.
 *
 * The kernel's refusal is an errno value and, since Linux 4.12, often a
 * sentence (NLMSGERR_ATTR_MSG).  Both go into the error: ours says what was
 * tried, the kernel's says what it did not like.
 */
#include "net/nl.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <libmnl/libmnl.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/net.h"

#define ANSWER_MAX 32768	/* the kernel fills dumps up to this */
#define ANSWER_WAIT_S 5

/* What one exchange knows. */
struct talk {
	struct mnl_socket *s;
	struct nl_req *r;
	nl_msg_fn fn;
	void *ctx;
	struct sp_error *err;
	int refused;		/* errno value of the kernel's answer */
	bool torn;		/* the dump was not of one moment */
	bool done;
	char words[160];	/* extended ACK */
};

void
nl_begin(struct nl_req *r, uint16_t type, uint16_t flags, const void *fixed,
    size_t len, const char *what, ...)
{
	va_list ap;

	memset(r, 0, sizeof(*r));
	r->h = mnl_nlmsg_put_header(r->bytes);
	r->h->nlmsg_type = type;
	r->h->nlmsg_flags = NLM_F_REQUEST | flags;
	if ((flags & NLM_F_DUMP) != NLM_F_DUMP)
		r->h->nlmsg_flags |= NLM_F_ACK;

	memcpy(mnl_nlmsg_put_extra_header(r->h, len), fixed, len);
	va_start(ap, what);
	vsnprintf(r->what, sizeof(r->what), what, ap);
	va_end(ap);
}

void
nl_put_addr(struct nl_req *r, uint16_t attr, const struct ip_addr *a)
{
	mnl_attr_put(r->h, attr, addr_len(a), a->b);
}

int
nl_put_link(struct nl_req *r, uint16_t attr, const char *ifname,
    struct sp_error *err)
{
	int index;

	index = link_index(ifname);
	if (index == 0) {
		return sp_fail(err, SP_NOTFOUND,
		    "cannot %s: there is no link %s here", r->what, ifname);
	}

	mnl_attr_put_u32(r->h, attr, (uint32_t)index);
	return 0;
}

/* Keep the kernel's own sentence of an error message, if it sent one. */
static void
read_words(struct talk *t, const struct nlmsghdr *h,
    const struct nlmsgerr *e)
{
	const struct nlattr *a;
	size_t off;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;

	off = sizeof(*e);
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		off += MNL_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	if (mnl_nlmsg_get_payload_len(h) <= off)
		return;

	mnl_attr_for_each(a, h, off) {
		if (mnl_attr_get_type(a) != NLMSGERR_ATTR_MSG)
			continue;
		snprintf(t->words, sizeof(t->words), "%.*s",
		    (int)mnl_attr_get_payload_len(a), mnl_attr_get_str(a));
	}
}

/* Also the acknowledgement: an error message with errno 0. */
static int
read_error(struct talk *t, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

	t->done = true;
	if (mnl_nlmsg_get_payload_len(h) < sizeof(*e)) {
		return sp_fail(t->err, SP_SYSTEM,
		    "cannot %s: the kernel's answer is cut short",
		    t->r->what);
	}

	t->refused = -e->error;
	read_words(t, h, e);
	return 0;
}

/* The end of a dump; a dump that failed half way has errno there. */
static int
read_done(struct talk *t, const struct nlmsghdr *h)
{
	const int *code = mnl_nlmsg_get_payload(h);

	t->done = true;
	if (mnl_nlmsg_get_payload_len(h) >= sizeof(*code) && *code < 0)
		t->refused = -*code;
	return 0;
}

static int
read_message(struct talk *t, const struct nlmsghdr *h)
{
	if (h->nlmsg_seq != t->r->h->nlmsg_seq)
		return 0;

	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		t->torn = true;
	if (h->nlmsg_type == NLMSG_ERROR)
		return read_error(t, h);
	if (h->nlmsg_type == NLMSG_DONE)
		return read_done(t, h);
	if (h->nlmsg_type < NLMSG_MIN_TYPE || t->fn == NULL)
		return 0;

	return t->fn(h, t->ctx);
}

/* One datagram of the answer; a signal may interrupt the wait. */
static int
receive(struct talk *t, char *room)
{
	const struct nlmsghdr *h;
	ssize_t n;
	int left, ret;

	do {
		n = mnl_socket_recvfrom(t->s, room, ANSWER_MAX);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		return sp_fail_errno(t->err, errno,
		    "cannot %s: no answer from the kernel", t->r->what);
	}

	left = (int)n;
	for (h = (const void *)room; !t->done && mnl_nlmsg_ok(h, left);
	    h = mnl_nlmsg_next(h, &left)) {
		ret = read_message(t, h);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int
open_socket(struct talk *t)
{
	struct timeval wait = { .tv_sec = ANSWER_WAIT_S };
	int on = 1;

	t->s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (t->s == NULL || mnl_socket_bind(t->s, 0, 0) < 0) {
		return sp_fail_errno(t->err, errno,
		    "cannot %s: rtnetlink cannot be opened", t->r->what);
	}

	/* all three only make the answer better: older kernels lack them */
	mnl_socket_setsockopt(t->s, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(t->s, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(t->s, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(t->s), SOL_SOCKET, SO_RCVTIMEO, &wait,
	    sizeof(wait));
	return 0;
}

/* Words and code of a refusal. */
static int
refusal(const struct talk *t)
{
	static const struct {
		int errnum;
		enum sp_code code;
	} codes[] = {
		{ EPERM, SP_DENIED }, { EACCES, SP_DENIED },
		{ ENOENT, SP_NOTFOUND }, { ENODEV, SP_NOTFOUND },
		{ ESRCH, SP_NOTFOUND }, { EADDRNOTAVAIL, SP_NOTFOUND },
		{ ENETUNREACH, SP_NOTFOUND }, { EHOSTUNREACH, SP_NOTFOUND },
		{ EEXIST, SP_EXISTS }, { EOPNOTSUPP, SP_UNSUPPORTED },
		{ EAFNOSUPPORT, SP_UNSUPPORTED }, { EBUSY, SP_AGAIN },
	};
	enum sp_code code = SP_SYSTEM;
	size_t i;

	for (i = 0; i < NELEM(codes); i++) {
		if (codes[i].errnum == t->refused)
			code = codes[i].code;
	}
	if (t->refused == EPERM) {
		return sp_fail(t->err, code, "cannot %s: that needs the "
		    "right CAP_NET_ADMIN", t->r->what);
	}

	return sp_fail(t->err, code, "cannot %s: %s%s%s", t->r->what,
	    strerror(t->refused), t->words[0] != '\0' ? ": " : "", t->words);
}

static int
once(struct talk *t, char *room)
{
	int ret;

	t->r->h->nlmsg_seq = 1;
	if (mnl_socket_sendto(t->s, t->r->h, t->r->h->nlmsg_len) < 0) {
		return sp_fail_errno(t->err, errno,
		    "cannot %s: the kernel did not take the request",
		    t->r->what);
	}

	while (!t->done) {
		ret = receive(t, room);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/*
 * A dump during which the table changed may lack entries: SP_AGAIN, and the
 * caller, who alone knows how to forget the first half, asks once more.
 */
static int
run(struct talk *t)
{
	char *room;
	int ret;

	ret = open_socket(t);
	room = xcalloc(1, ANSWER_MAX);
	if (ret == 0)
		ret = once(t, room);
	if (t->s != NULL)
		mnl_socket_close(t->s);
	free(room);

	if (ret == 0 && t->torn) {
		return sp_fail(t->err, SP_AGAIN,
		    "cannot %s: it changes all the time", t->r->what);
	}
	if (t->refused == t->r->gone || t->refused == t->r->there)
		t->refused = 0;
	return ret;
}

int
nl_exchange(struct nl_req *r, nl_msg_fn fn, void *ctx, struct sp_error *err)
{
	struct talk t = { .r = r, .fn = fn, .ctx = ctx, .err = err };
	int ret;

	ret = run(&t);
	if (ret < 0)
		return ret;
	if (t.refused != 0)
		return refusal(&t);
	return 0;
}

int
nl_try(struct nl_req *r, nl_msg_fn fn, void *ctx, int *refused,
    struct sp_error *err)
{
	struct talk t = { .r = r, .fn = fn, .ctx = ctx, .err = err };
	int ret;

	ret = run(&t);
	if (ret < 0)
		return ret;
	*refused = t.refused;
	return t.refused != 0 ? refusal(&t) : 0;
}

static void
keep_attr(const struct nlattr *a, const struct nlattr **tab, size_t max)
{
	if (mnl_attr_get_type(a) <= max)
		tab[mnl_attr_get_type(a)] = a;
}

void
nl_attrs(const struct nlmsghdr *h, size_t hdr_len, const struct nlattr **tab,
    size_t max)
{
	const struct nlattr *a;

	memset(tab, 0, (max + 1) * sizeof(*tab));
	if (mnl_nlmsg_get_payload_len(h) < hdr_len)
		return;
	mnl_attr_for_each(a, h, hdr_len)
		keep_attr(a, tab, max);
}

void
nl_attrs_nested(const struct nlattr *nest, const struct nlattr **tab,
    size_t max)
{
	const struct nlattr *a;

	memset(tab, 0, (max + 1) * sizeof(*tab));
	if (nest == NULL)
		return;
	mnl_attr_for_each_nested(a, nest)
		keep_attr(a, tab, max);
}

struct ip_addr
nl_get_addr(const struct nlattr *a, int family)
{
	struct ip_addr none = { 0 };
	size_t want = family == AF_INET ? 4 : 16;

	if (a == NULL || mnl_attr_get_payload_len(a) < want)
		return none;
	return addr_from_bytes(family, mnl_attr_get_payload(a));
}

uint32_t
nl_get_u32(const struct nlattr *a)
{
	if (a == NULL || mnl_attr_get_payload_len(a) < sizeof(uint32_t))
		return 0;
	return mnl_attr_get_u32(a);
}
