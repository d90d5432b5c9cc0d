/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The send batch.  Runs of packets of one SA, class and length (the last may
 * be shorter) that lie side by side become one message with UDP_SEGMENT
 * where the socket and the path take it; all messages of one socket go in
 * one sendmmsg().
 */
#include "plane/user/batch.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "plane/user/esp.h"

#define RUN_SEGMENTS 64u	/* UDP_MAX_SEGMENTS of older kernels */
#define RUN_BYTES 65000u	/* of one message */

struct packet {
	size_t off, len;
	struct esp_sa *sa;
	uint8_t tos;
};

struct batch {
	uint8_t *data;
	size_t used;
	unsigned nr;
	struct packet packets[BATCH_PACKETS];
};

/* Messages for one socket that wait to be sent. */
struct outbox {
	struct usock *sock;
	unsigned nr, lost;
	struct sock_out out[SOCK_SEND_NR];
	struct esp_sa *sa[SOCK_SEND_NR];
};

struct batch *
batch_new(void)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->data = xcalloc(1, BATCH_BYTES);
	return b;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	free(b->data);
	free(b);
}

bool
batch_has_room(const struct batch *b, size_t len)
{
	return b->nr < BATCH_PACKETS && len <= BATCH_BYTES - b->used;
}

uint8_t *
batch_next(struct batch *b)
{
	return &b->data[b->used];
}

void
batch_add(struct batch *b, struct esp_sa *sa, size_t len, uint8_t tos)
{
	b->packets[b->nr++] = (struct packet){
		.off = b->used, .len = len, .sa = sa, .tos = tos,
	};
	b->used += len;
}

struct usock *
batch_socket(struct usock socks[SOCK_KINDS], const struct esp_sa *sa)
{
	bool v4 = sa->dst.addr.family == AF_INET;

	if (sa->encap)
		return &socks[v4 ? SOCK_UDP4 : SOCK_UDP6];
	if (sa->protocol == IPPROTO_AH)
		return &socks[v4 ? SOCK_AH4 : SOCK_AH6];
	return &socks[v4 ? SOCK_RAW4 : SOCK_RAW6];
}

static void
outbox_send(struct outbox *box)
{
	unsigned i;

	if (box->nr == 0)
		return;
	box->lost += usock_send(box->sock, box->out, box->nr);
	for (i = 0; i < box->nr; i++) {
		if (box->out[i].refused)
			box->sa[i]->no_gso = true;
	}
	box->nr = 0;
}

/* How many of the packets from p on, of nr, one message may carry. */
static unsigned
run_length(const struct packet *p, unsigned nr, const struct usock *s)
{
	unsigned n = 1;
	size_t total = p->len;

	if (!s->gso || p->sa->no_gso)
		return 1;
	while (n < nr && n < RUN_SEGMENTS && p[n].sa == p->sa &&
	    p[n].tos == p->tos && p[n].len <= p->len &&
	    total + p[n].len <= RUN_BYTES) {
		total += p[n].len;
		if (p[n++].len < p->len)
			break;
	}
	return n;
}

static void
outbox_put(struct outbox *box, const struct batch *b, unsigned first,
    unsigned nr)
{
	const struct packet *p = &b->packets[first];
	const struct packet *last = &p[nr - 1];

	box->sa[box->nr] = p->sa;
	box->out[box->nr++] = (struct sock_out){
		.data = &b->data[p->off],
		.len = last->off + last->len - p->off,
		.segment = nr > 1 ? p->len : 0,
		.tos = p->tos,
		.local = &p->sa->src, .remote = &p->sa->dst,
	};
}

unsigned
batch_flush(struct batch *b, struct usock socks[SOCK_KINDS])
{
	struct outbox box = {0};
	struct usock *s;
	unsigned i, n;

	for (i = 0; i < b->nr; i += n) {
		s = batch_socket(socks, b->packets[i].sa);
		if (s != box.sock || box.nr == SOCK_SEND_NR)
			outbox_send(&box);
		box.sock = s;
		n = 1;
		if (s->fd < 0) {
			box.lost++;
			continue;
		}
		n = run_length(&b->packets[i], b->nr - i, s);
		outbox_put(&box, b, i, n);
	}
	outbox_send(&box);
	b->nr = 0;
	b->used = 0;
	return box.lost;
}
