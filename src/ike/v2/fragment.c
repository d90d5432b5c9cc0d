/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fragmentation of IKE messages (RFC 7383): what both sides agree on, how
 * large a datagram of ours may be, and the putting together of a message
 * that came in parts.
 *
 * Each fragment is authentic by itself, so an attacker can lose parts but
 * never spoil a set.  Only the one message that is awaited in each direction
 * is collected; its parts, bytes and time are bounded.
 */
#include "ike/v2/steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/prf.h"
#include "ike/sk.h"

#define IP_SIZE 1280		/* of a whole IP packet, conformance.md 5 */
#define IP_SIZE_SMALL 576	/* RFC 7383 2.5.1: passes everywhere by IPv4 */
#define UDP_LEN 8
#define MARKER_LEN 4		/* non-ESP marker */

void
v2_fragment_offer(const struct ike_conf *c, const struct ike_msg *request,
    struct ike_msg *m)
{
	if (c->fragmentation == FRAG_NO)
		return;
	/* the responder says it only to one who said it */
	if (request != NULL && ike_msg_find_notify(request,
	    N_IKEV2_FRAGMENTATION_SUPPORTED) == NULL)
		return;
	ike_msg_add_notify(m, N_IKEV2_FRAGMENTATION_SUPPORTED, NULL, 0);
}

void
v2_fragment_agree(struct v2_sa *sa, const struct ike_conf *c,
    const struct ike_msg *m)
{
	bool both = c->fragmentation != FRAG_NO && ike_msg_find_notify(m,
	    N_IKEV2_FRAGMENTATION_SUPPORTED) != NULL;

	sa->fragment_in = both;
	sa->fragment_out = both && c->fragmentation != FRAG_ACCEPT;
}

static size_t
datagram_size(const struct v2_sa *sa, bool small)
{
	bool v6 = sa->path.remote.addr.family == AF_INET6;
	size_t size = small && !v6 ? IP_SIZE_SMALL : IP_SIZE;

	return size - (v6 ? 40 : 20) - UDP_LEN - MARKER_LEN;
}

size_t
v2_fragment_size(const struct v2_sa *sa)
{
	return sa->fragment_out ? datagram_size(sa, sa->fragment_small) : 0;
}

bool
v2_fragment_could_shrink(const struct v2_sa *sa)
{
	return sa->fragment_out && !sa->fragment_small &&
	    sa->sent.len > datagram_size(sa, true);
}

void
v2_fragments_free(struct v2_sa *sa, bool answer)
{
	struct v2_fragments *f = sa->fragments[answer];
	size_t i;

	if (f == NULL)
		return;
	sa->fragments[answer] = NULL;
	for (i = 0; i < f->total; i++)
		buf_wipe(&f->part[i]);
	free(f);
}

bool
v2_fragments_hash(const struct v2_sa *sa, uint8_t out[32])
{
	const struct v2_fragments *f = sa->fragments[0];

	if (f == NULL || f->got < f->total)
		return false;
	memcpy(out, f->hash, 32);
	return true;
}

int64_t
v2_fragments_due(const struct v2_sa *sa)
{
	int64_t due = TIME_NEVER;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (sa->fragments[i] != NULL && sa->fragments[i]->until < due)
			due = sa->fragments[i]->until;
	}
	return due;
}

void
v2_fragments_expire(struct v2_sa *sa)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		if (sa->fragments[i] != NULL &&
		    sa->fragments[i]->until <= sa->host->now)
			v2_fragments_free(sa, i);
	}
}

bool
v2_fragments_why(const struct v2_sa *sa, struct ike_reason *why)
{
	const struct v2_fragments *f = sa->fragments[0];
	struct buf list = {0};
	size_t i;

	if (f == NULL)
		return false;
	buf_puts(&list, "");
	for (i = 0; i < f->total; i++) {
		if (f->part[i].len == 0)
			buf_printf(&list, "%s%zu", list.len > 0 ? ", " : "",
			    i + 1);
	}
	ike_reason_set(why, REASON_FRAGMENTS_LOST, true, "IKE_AUTH", NULL,
	    NULL, "Of the %u fragments of the peer's request these did not "
	    "arrive: %s.", f->total, (const char *)list.data);
	buf_free(&list);
	return true;
}

/* The set that the fragment belongs to, made new if it begins one; NULL if
 * it is too late or too much. */
static struct v2_fragments *
set_of(struct v2_sa *sa, const struct ike_header *hdr,
    const struct ike_payload *skf)
{
	bool answer = hdr->flags & IKE_FLAG_R;
	struct v2_fragments *f = sa->fragments[answer];
	uint16_t total = skf->u.sk.total;

	if (f != NULL && f->mid == hdr->mid && f->exchange == hdr->exchange &&
	    total <= f->total)
		return total == f->total ? f : NULL;
	/* the sender cut it anew, into more pieces, or it is another one */
	v2_fragments_free(sa, answer);
	if (total > IKE_MAX_FRAGMENTS)
		return NULL;
	f = xcalloc(1, sizeof(*f) + total * sizeof(f->part[0]));
	f->mid = hdr->mid;
	f->exchange = hdr->exchange;
	f->total = total;
	f->until = sa->host->now + V2_FRAGMENTS_MS;
	sa->fragments[answer] = f;
	return f;
}

static void
add(struct v2_fragments *f, const struct ike_payload *skf,
    const struct v2_packet *pkt, const struct bytes *text)
{
	struct buf *part = &f->part[skf->u.sk.number - 1];

	if (part->len > 0 || text->len == 0 ||
	    f->bytes + text->len > IKE_MAX_MESSAGE)
		return;
	buf_bytes(part, text->p, text->len);
	f->bytes += text->len;
	f->got++;
	if (skf->u.sk.number > 1)
		return;
	f->first_inner = skf->u.sk.first_inner;
	hash_sha256(&(struct chunk){ pkt->data, pkt->len }, 1, f->hash);
}

static int
read_whole(const struct v2_fragments *f, struct ike_msg *m,
    uint8_t *bad_type, struct sp_error *err)
{
	struct buf whole = {0};
	size_t i;
	int ret;

	for (i = 0; i < f->total; i++)
		buf_bytes(&whole, f->part[i].data, f->part[i].len);
	ret = ike_payloads_read(m, f->first_inner, whole.data, whole.len,
	    bad_type, err);
	buf_wipe(&whole);
	return ret;
}

int
v2_fragment_add(struct v2_sa *sa, const struct v2_packet *pkt,
    const struct ike_payload *skf, const struct bytes *text)
{
	struct v2_fragments *f = set_of(sa, &pkt->hdr, skf);

	if (f == NULL)
		return SP_AGAIN;
	add(f, skf, pkt, text);
	return f->got < f->total ? SP_AGAIN : 0;
}

int
v2_fragment_in(struct v2_sa *sa, struct ike_msg *m,
    const struct v2_packet *pkt, struct seal *seal, uint8_t *bad_type,
    struct sp_error *err)
{
	const struct ike_payload *skf = ike_msg_find(m, PLD_SKF);
	struct bytes text;
	int ret;

	if (!sa->fragment_in)
		return sp_fail(err, SP_AUTH, "fragments were not agreed on");
	ret = ike_sk_open_part(m, pkt->data, pkt->len, seal, &text, err);
	if (ret < 0)
		return ret;
	ret = v2_fragment_add(sa, pkt, skf, &text);
	if (ret < 0)
		return ret;
	return read_whole(sa->fragments[(pkt->hdr.flags & IKE_FLAG_R) != 0],
	    m, bad_type, err);
}
