/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Informational (RFC 2409 5.7): HDR*, HASH(1), N or D.  It is sent once and
 * has no answer; dead peer detection (RFC 3706) is two of them.  Without a
 * right HASH it changes nothing once there are keys; before, a clear refusal
 * of the offer ends the attempt, as the peer will not say anything else.
 *
 * Nothing forbids an old message to come again, from anywhere.  So only what
 * is new by its sequence number shows that the peer lives, and where.
 */
#include "ike/v1/v1.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "ike/v2/steps.h"

#define DOI_IPSEC 1
#define NOTIFY_HEADER 8		/* DOI, protocol, SPI size, type */
#define COOKIES_LEN 16
#define DELETE_HEADER 8		/* DOI, protocol, SPI size, number */

struct notify {
	uint16_t type;
	struct bytes data;	/* behind the SPI */
};

/* ---- sending ---- */

static void
send_info(struct v2_sa *sa, struct v1_out *o, uint32_t mid)
{
	uint8_t iv[CBC_BLOCK_MAX] = {0};
	struct buf out = {0};

	v1_phase2_iv(sa, mid, iv);
	if (v1_finish(sa, o, mid, NULL, NULL, false, iv, &out) == 0) {
		sa->last_out = sa->host->now;
		v2_emit_send(sa->host, &sa->path, &out);
	}
	buf_free(&out);
	buf_wipe(&o->b);
}

static void
add_notify(struct v1_out *o, uint8_t protocol, unsigned type,
    const void *spi, size_t spi_len, const void *data, size_t len)
{
	size_t at = v1_out_payload(o, P1_NOTIFY);

	buf_u32(&o->b, DOI_IPSEC);
	buf_u8(&o->b, protocol);
	buf_u8(&o->b, (uint8_t)spi_len);
	buf_u16(&o->b, (uint16_t)type);
	if (spi_len > 0)
		buf_bytes(&o->b, spi, spi_len);
	if (len > 0)
		buf_bytes(&o->b, data, len);
	v1_out_end(o, at);
}

void
v1_send_notify(struct v2_sa *sa, uint8_t protocol, unsigned type,
    const void *spi, size_t spi_len, const void *data, size_t len)
{
	struct v1_out o = {0};
	uint32_t mid = v1_new_mid(sa);

	v1_begin(sa, &o, X1_INFO, mid);
	add_notify(&o, protocol, type, spi, spi_len, data, len);
	send_info(sa, &o, mid);
}

static void
cookies(const struct v2_sa *sa, uint8_t out[COOKIES_LEN])
{
	put_u64(out, sa->spi_i);
	put_u64(out + 8, sa->spi_r);
}

static void
send_delete(struct v2_sa *sa, uint8_t protocol, const void *spi,
    size_t spi_len)
{
	struct v1_out o = {0};
	uint32_t mid = v1_new_mid(sa);
	size_t at;

	v1_begin(sa, &o, X1_INFO, mid);
	at = v1_out_payload(&o, P1_DELETE);
	buf_u32(&o.b, DOI_IPSEC);
	buf_u8(&o.b, protocol);
	buf_u8(&o.b, (uint8_t)spi_len);
	buf_u16(&o.b, 1);
	buf_bytes(&o.b, spi, spi_len);
	v1_out_end(&o, at);
	send_info(sa, &o, mid);
}

/* The SPI is that of our inbound SA (RFC 2408 3.15). */
void
v1_send_delete(struct v2_sa *sa, const struct v2_child *c)
{
	uint8_t spi[4];

	put_u32(spi, c->spi_in);
	send_delete(sa, c->conf->protocol, spi, sizeof(spi));
}

void
v1_farewell(struct v2_sa *sa)
{
	const struct v2_child *c;
	uint8_t spi[COOKIES_LEN];

	if (sa->keys.ai.len == 0 || sa->established_at == 0)
		return;
	LIST_EACH(c, &sa->children, const struct v2_child, link) {
		if (!c->gone)
			v1_send_delete(sa, c);
	}
	cookies(sa, spi);
	send_delete(sa, PROTO_IKE, spi, sizeof(spi));
}

void
v1_dpd_send(struct v2_sa *sa)
{
	uint8_t spi[COOKIES_LEN], seq[4];

	if (sa->v1->dpd_out == 0)
		sa->v1->dpd_out = sa->id & 0x7fff;
	put_u32(seq, ++sa->v1->dpd_out);
	cookies(sa, spi);
	sa->packets++;
	sa->resend_at = sa->host->now + (sa->conf->dpd_delay_ms > 0 ?
	    sa->conf->dpd_delay_ms : sa->host->par.retransmit_ms);
	v1_send_notify(sa, PROTO_IKE, N1_R_U_THERE, spi, sizeof(spi), seq,
	    sizeof(seq));
}

/* Never longer than the request, whose source may be forged. */
void
v1_clear_notify(struct ike_host *h, const struct v2_packet *pkt,
    uint64_t cky_r, unsigned type)
{
	struct v1_out o = {0};

	if (!v2_quota(h))
		return;
	v1_out_begin(&o, pkt->hdr.spi_i, cky_r, X1_INFO, 0);
	add_notify(&o, PROTO_IKE, type, NULL, 0, NULL, 0);
	v1_out_finish(&o);
	if (o.b.len <= pkt->len)
		v2_emit_send(h, pkt->path, &o.b);
	buf_free(&o.b);
}

/* ---- receiving ---- */

static bool
read_notify(const struct v1_payload *p, struct notify *n)
{
	size_t spi;

	if (p->body.len < NOTIFY_HEADER)
		return false;
	spi = p->body.p[5];
	if (p->body.len < NOTIFY_HEADER + spi)
		return false;
	n->type = get_u16(p->body.p + 6);
	n->data.p = p->body.p + NOTIFY_HEADER + spi;
	n->data.len = p->body.len - NOTIFY_HEADER - spi;
	return true;
}

/* One that is not newer is answered all the same (it may be a repetition),
 * to where the peer is known to be. */
static void
got_probe(struct v2_sa *sa, const struct notify *n, const struct ike_path *path)
{
	uint8_t spi[COOKIES_LEN];
	uint32_t seq;

	if (n->data.len != 4)
		return;
	seq = get_u32(n->data.p);
	if (!sa->v1->dpd_heard || (int32_t)(seq - sa->v1->dpd_in) > 0) {
		sa->v1->dpd_heard = true;
		sa->v1->dpd_in = seq;
		v2_heard(sa, path);
	}
	cookies(sa, spi);
	v1_send_notify(sa, PROTO_IKE, N1_R_U_THERE_ACK, spi, sizeof(spi),
	    n->data.p, n->data.len);
}

/* The answer to any probe of this round, as the way may be slow. */
static void
got_ack(struct v2_sa *sa, const struct notify *n, const struct ike_path *path)
{
	if (n->data.len != 4 || sa->active == NULL ||
	    sa->active->kind != T_LIVENESS ||
	    sa->v1->dpd_out - get_u32(n->data.p) >= sa->packets)
		return;
	v2_heard(sa, path);
	v1_task_done(sa);
}

static void
got_notify(struct v2_sa *sa, const struct v1_payload *p,
    const struct ike_path *path)
{
	struct notify n;

	if (!read_notify(p, &n))
		return;
	if (n.type == N1_R_U_THERE) {
		got_probe(sa, &n, path);
	} else if (n.type == N1_R_U_THERE_ACK) {
		got_ack(sa, &n, path);
	} else if (n.type == N1_INITIAL_CONTACT && sa->state == V2_UP) {
		/* said again later it would end a newer SA */
		if (!sa->v1->contact)
			v2_unique(sa, true);
		sa->v1->contact = true;
	} else if (n.type <= N1_ERROR_LAST && sa->active != NULL) {
		v1_quick_refused(sa, sa->active, n.type);
	}
}

static void
got_delete(struct v2_sa *sa, const struct v1_payload *p)
{
	struct v2_child *c;
	size_t i, nr, size;
	uint8_t protocol;

	if (p->body.len < DELETE_HEADER || sa->state == V2_GONE)
		return;
	protocol = p->body.p[4];
	size = p->body.p[5];
	nr = get_u16(p->body.p + 6);
	if (p->body.len != DELETE_HEADER + nr * size)
		return;
	if (protocol == PROTO_IKE) {
		v2_end_code(sa, REASON_PEER_DELETED, "Informational");
		return;
	}
	for (i = 0; size == 4 && i < nr; i++) {
		c = v2_child_by_out(sa, protocol,
		    get_u32(p->body.p + DELETE_HEADER + 4 * i));
		if (c != NULL)
			v2_child_deleted(c, REASON_PEER_DELETED);
	}
}

static void
handle(struct v2_sa *sa, const struct v1_in *in)
{
	const struct v1_payload *p = NULL;

	while ((p = v1_find_next(&in->m, p, P1_NOTIFY)) != NULL)
		got_notify(sa, p, in->pkt->path);
	p = NULL;
	while ((p = v1_find_next(&in->m, p, P1_DELETE)) != NULL)
		got_delete(sa, p);
}

/* Phase 1 is under way, and the peer says something without proof. */
static void
got_clear(struct v2_sa *sa, struct v1_in *in)
{
	const struct v2_packet *pkt = in->pkt;
	const struct v1_payload *p;
	struct notify n;

	if (sa->active == NULL || sa->active->kind != T_INIT ||
	    !endpoint_eq(&pkt->path->remote, &sa->path.remote) ||
	    v1_chain_read(&in->m, pkt->hdr.next_payload,
	    pkt->data + IKE_HEADER_LEN, pkt->len - IKE_HEADER_LEN, NULL) < 0)
		return;
	p = v1_find(&in->m, P1_NOTIFY);
	if (p != NULL && read_notify(p, &n) && n.type <= N1_ERROR_LAST)
		v1_main_refused(sa, n.type);
}

void
v1_info_input(struct v2_sa *sa, struct v1_in *in)
{
	uint8_t iv[CBC_BLOCK_MAX] = {0};

	if (!(in->pkt->hdr.flags & V1_FLAG_ENCRYPTED)) {
		got_clear(sa, in);
		return;
	}
	if (sa->keys.ai.len == 0 || in->pkt->hdr.mid == 0)
		return;
	v1_phase2_iv(sa, in->pkt->hdr.mid, iv);
	if (v1_open(sa, in, iv, NULL) < 0 ||
	    !v1_hash_good(sa, in, false, NULL, NULL)) {
		v1_main_unreadable(sa);
		return;
	}
	if (sa->established_at == 0)
		v1_main_told(sa, in);
	else
		handle(sa, in);
}
