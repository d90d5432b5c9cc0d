/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Netlink for the kernel's IPsec (NETLINK_XFRM): exchange, attributes,
 * addresses, and the tag by which states and policies are known as ours.
 *
 * The kernel refuses with an errno value and, in newer versions, a sentence
 * (NLMSGERR_ATTR_MSG).  Which errno means what is not documented; the table
 * below was read from the kernel and tried (reason no-ipsec-in-kernel of the
 * taxonomy): EPROTONOSUPPORT no ESP or AH, ENOSYS and ENOENT no such cipher.
 *
 * Requests hold keys: every function that builds one wipes it.
 */
#include "plane/xfrm/xfrm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <libmnl/libmnl.h>

#include "base/error.h"
#include "base/mem.h"

#define ANSWER_MAX 32768
#define ANSWER_WAIT_S 5

/* The plane that needs nothing of the kernel but a TUN device. */
#define OTHER_PLANE "set system data-plane user"

/* One exchange. */
struct talk {
	struct xfrm_nl *nl;
	xfrm_msg_fn fn;
	void *ctx;
	bool done;
	int errnum;
};

int
xfrm_nl_open(struct xfrm_nl *nl, unsigned groups, struct sp_error *err)
{
	struct timeval wait = { .tv_sec = ANSWER_WAIT_S };
	int on = 1, errnum;

	memset(nl, 0, sizeof(*nl));
	nl->s = mnl_socket_open2(NETLINK_XFRM, SOCK_CLOEXEC);
	if (nl->s == NULL && errno == EPROTONOSUPPORT) {
		sp_fail(err, SP_UNSUPPORTED,
		    "this kernel has no IPsec (no XFRM netlink)");
		sp_hint(err, "%s", OTHER_PLANE);
		return SP_UNSUPPORTED;
	}
	if (nl->s == NULL || mnl_socket_bind(nl->s, groups, 0) < 0) {
		errnum = errno;
		xfrm_nl_close(nl);
		return xfrm_refused(nl, errnum, err,
		    "open the kernel's IPsec interface");
	}

	/* these only make the answer better: older kernels lack them */
	mnl_socket_setsockopt(nl->s, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->s, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(nl->s), SOL_SOCKET, SO_RCVTIMEO, &wait,
	    sizeof(wait));
	return 0;
}

void
xfrm_nl_close(struct xfrm_nl *nl)
{
	if (nl->s != NULL)
		mnl_socket_close(nl->s);
	nl->s = NULL;
}

void
xfrm_begin(struct xfrm_req *r, uint16_t type, uint16_t flags,
    const void *fixed, size_t len)
{
	r->h = mnl_nlmsg_put_header(r->bytes);
	r->h->nlmsg_type = type;
	r->h->nlmsg_flags = NLM_F_REQUEST | flags;
	if ((flags & NLM_F_DUMP) != NLM_F_DUMP)
		r->h->nlmsg_flags |= NLM_F_ACK;
	if (len > 0)
		memcpy(mnl_nlmsg_put_extra_header(r->h, len), fixed, len);
}

bool
xfrm_put(struct xfrm_req *r, uint16_t attr, const void *p, size_t len)
{
	return mnl_attr_put_check(r->h, sizeof(r->bytes), attr, len, p);
}

void
xfrm_wipe(struct xfrm_req *r)
{
	explicit_bzero(r->bytes, sizeof(r->bytes));
	r->h = NULL;
}

/* Keep the kernel's own sentence of an error message, if it sent one. */
static void
read_words(struct xfrm_nl *nl, const struct nlmsghdr *h,
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
		snprintf(nl->words, sizeof(nl->words), "%.*s",
		    (int)mnl_attr_get_payload_len(a), mnl_attr_get_str(a));
	}
}

/* The end of an answer: acknowledgement, refusal, or end of a dump. */
static void
read_end(struct talk *t, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
	size_t len = mnl_nlmsg_get_payload_len(h);

	t->done = true;
	if (h->nlmsg_type == NLMSG_DONE) {
		if (len >= sizeof(e->error) && e->error < 0)
			t->errnum = -e->error;
		return;
	}
	if (len < sizeof(*e)) {
		t->errnum = EBADMSG;
		return;
	}
	t->errnum = -e->error;
	read_words(t->nl, h, e);
}

static void
read_message(struct talk *t, const struct nlmsghdr *h)
{
	/* the late answer to a request that was given up */
	if (h->nlmsg_seq != t->nl->seq)
		return;

	if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE)
		read_end(t, h);
	else if (h->nlmsg_type >= NLMSG_MIN_TYPE && t->fn != NULL)
		t->fn(h, t->ctx);
}

/* One datagram of the answer; a wait that ends is the end of it all. */
static void
receive(struct talk *t, char *room)
{
	const struct nlmsghdr *h;
	ssize_t n;
	int left;

	do {
		n = mnl_socket_recvfrom(t->nl->s, room, ANSWER_MAX);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		t->errnum = errno == EAGAIN ? ETIMEDOUT : errno;
		t->done = true;
		return;
	}

	left = (int)n;
	for (h = (const void *)room; !t->done && mnl_nlmsg_ok(h, left);
	    h = mnl_nlmsg_next(h, &left))
		read_message(t, h);
}

int
xfrm_exchange(struct xfrm_nl *nl, struct xfrm_req *r, xfrm_msg_fn fn,
    void *ctx)
{
	struct talk t = { .nl = nl, .fn = fn, .ctx = ctx };
	char *room;

	nl->words[0] = '\0';
	r->h->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->s, r->h, r->h->nlmsg_len) < 0)
		return errno;

	room = xcalloc(1, ANSWER_MAX);
	while (!t.done)
		receive(&t, room);

	/* a state that was asked for comes with its keys */
	explicit_bzero(room, ANSWER_MAX);
	free(room);
	return t.errnum;
}

int
xfrm_refused(const struct xfrm_nl *nl, int errnum, struct sp_error *err,
    const char *deed)
{
	static const struct {
		int errnum;
		enum sp_code code;
		const char *words;
	} rows[] = {
		{ EPROTONOSUPPORT, SP_UNSUPPORTED,
		    "this kernel has no ESP or AH" },
		{ EAFNOSUPPORT, SP_UNSUPPORTED,
		    "this kernel has no IPsec for that address family" },
		{ ENOSYS, SP_UNSUPPORTED, "this kernel lacks the cipher" },
		{ ENOENT, SP_UNSUPPORTED, "this kernel lacks the cipher" },
		{ EPERM, SP_DENIED, "that needs the right CAP_NET_ADMIN" },
		{ EACCES, SP_DENIED, "that needs the right CAP_NET_ADMIN" },
		{ EEXIST, SP_EXISTS, "there is one already" },
		{ ESRCH, SP_NOTFOUND, "the kernel has none" },
		{ ETIMEDOUT, SP_TIMEOUT, "the kernel does not answer" },
		{ EBUSY, SP_AGAIN, "the kernel is busy" },
	};
	const char *sep = nl->words[0] != '\0' ? ": " : "";
	size_t i;

	for (i = 0; i < NELEM(rows); i++) {
		if (rows[i].errnum != errnum)
			continue;
		sp_fail(err, rows[i].code, "cannot %s: %s%s%s", deed,
		    rows[i].words, sep, nl->words);
		if (rows[i].code == SP_UNSUPPORTED)
			sp_hint(err, "%s", OTHER_PLANE);
		return rows[i].code;
	}
	return sp_fail(err, SP_SYSTEM, "cannot %s: %s%s%s", deed,
	    strerror(errnum), sep, nl->words);
}

bool
xfrm_fixed(const struct nlmsghdr *h, void *out, size_t len)
{
	if (mnl_nlmsg_get_payload_len(h) < len)
		return false;
	memcpy(out, mnl_nlmsg_get_payload(h), len);
	return true;
}

void
xfrm_attrs(const struct nlmsghdr *h, size_t hdr_len,
    const struct nlattr **tab)
{
	const struct nlattr *a;

	memset(tab, 0, (XFRMA_MAX + 1) * sizeof(*tab));
	if (mnl_nlmsg_get_payload_len(h) < hdr_len)
		return;
	mnl_attr_for_each(a, h, hdr_len) {
		if (mnl_attr_get_type(a) <= XFRMA_MAX)
			tab[mnl_attr_get_type(a)] = a;
	}
}

xfrm_address_t
xfrm_addr(const struct ip_addr *a)
{
	xfrm_address_t x = { .a6 = { 0 } };

	memcpy(&x, a->b, addr_len(a));
	return x;
}

struct ip_addr
xfrm_addr_read(const xfrm_address_t *x, int family)
{
	return addr_from_bytes(family, x);
}

uint32_t
xfrm_tag(uint32_t reqid)
{
	return PLANE_TAG | (reqid & ~XFRM_TAG_MASK);
}

bool
xfrm_is_tagged(uint32_t kernel_reqid)
{
	return (kernel_reqid & XFRM_TAG_MASK) == PLANE_TAG;
}
