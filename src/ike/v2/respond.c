/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IKE_SA_INIT as responder (RFC 7296 1.2, 2.6, 2.7; hardening.md R-20 - R-23).
 *
 * Work grows with trust: a repeated request is found by its hash and gets the
 * same answer; a flood costs a hash for each cookie and no memory; the suite
 * is chosen next; only then a key pair is made.  The shared secret waits
 * until the initiator shows up with IKE_AUTH (v2_auth_keys() in auth.c).
 *
 * Which configuration this is for is not known yet: the suites of all that
 * fit the addresses are tried; IKE_AUTH brings the identities.
 */
#include "ike/v2/prove.h"
#include "ike/v2/steps.h"

#include <string.h>

#include "base/error.h"
#include "base/map.h"
#include "crypto/alg.h"
#include "crypto/kex.h"
#include "crypto/prf.h"

#define STEP "IKE_SA_INIT"

/* What choosing a suite brought. */
struct pick {
	const struct ike_conf *conf;	/* whose suite it is; the nearest one
					 * after a failure */
	struct suite_choice choice;
	struct sp_error err;
};

/* A clear answer: no SPI of ours, one notify.  Never longer than the request,
 * whose source may be forged (hardening.md R-08). */
void
v2_init_notify(struct ike_host *h, const struct v2_packet *pkt,
    uint16_t type, const void *data, size_t len)
{
	struct ike_msg *m = ike_msg_new();
	struct buf out = {0};

	m->hdr.spi_i = pkt->hdr.spi_i;
	m->hdr.exchange = pkt->hdr.exchange;
	m->hdr.mid = pkt->hdr.mid;
	m->hdr.flags = IKE_FLAG_R;
	ike_msg_add_notify(m, type, data, len);
	if (ike_msg_write(m, &out, NULL) == 0 && out.len <= pkt->len)
		v2_emit_send(h, pkt->path, &out);
	buf_free(&out);
	ike_msg_free(m);
}

/* The request with its source, so that it is known again (2.1). */
static void
hash_request(const struct v2_packet *pkt, uint8_t out[32])
{
	const struct endpoint *e = &pkt->path->remote;
	struct chunk in[3] = {
		{ e->addr.b, addr_len(&e->addr) },
		{ &e->port, sizeof(e->port) }, { pkt->data, pkt->len },
	};

	hash_sha256(in, 3, out);
}

static bool
choose(struct ike_host *h, const struct v2_packet *pkt,
    const struct ike_payload *sa, struct pick *out)
{
	const struct ike_conf *c;
	struct sp_error err;
	size_t pos = 0;

	while ((c = v2_conf_next(h, pkt->path, &pos)) != NULL) {
		if (suite_choose(sa, c->suites, c->nr_suites, PROTO_IKE,
		    false, &out->choice, &err) == 0) {
			out->conf = c;
			return true;
		}
		if (out->conf == NULL) {
			out->conf = c;
			out->err = err;
		}
	}
	return false;
}

static void
refused(struct ike_host *h, const struct v2_packet *pkt,
    enum ike_reason_code code, const char *theirs, const char *text)
{
	struct ike_reason why;

	ike_reason_set(&why, code, true, STEP, NULL, theirs, "%s", text);
	v2_emit_refused(h, NULL, pkt->path, &why);
}

static void
refuse_offer(struct ike_host *h, const struct v2_packet *pkt,
    const struct ike_payload *sa, const struct pick *pick)
{
	struct ike_reason why;

	v2_init_notify(h, pkt, N_NO_PROPOSAL_CHOSEN, NULL, 0);
	if (pick->conf == NULL) {
		char peer[ADDR_TEXT], ours[ADDR_TEXT];

		ike_reason_set(&why, REASON_NO_PROPOSAL_IKE, true, STEP,
		    NULL, NULL, "No tunnel is configured between %s and the "
		    "peer %s.", addr_print(&pkt->path->local.addr, ours),
		    addr_print(&pkt->path->remote.addr, peer));
	} else {
		v2_why_suites(pick->conf->suites, pick->conf->nr_suites,
		    REASON_NO_PROPOSAL_IKE, STEP, sa, pick->err.text, &why);
	}
	v2_emit_refused(h, NULL, pkt->path, &why);
}

/* Too much half-open already?  Then the packet is dropped, or paid for. */
static bool
is_admitted(struct ike_host *h, const struct v2_packet *pkt,
    const struct ike_msg *m)
{
	const struct ip_addr *from = &pkt->path->remote.addr;
	const struct ike_payload *n = ike_msg_find_notify(m, N_COOKIE);
	const struct bytes *ni = &ike_msg_find(m, PLD_NONCE)->u.raw;

	if ((h->par.block_threshold > 0 &&
	    v2_half_open_from(h, from) >= h->par.block_threshold) ||
	    (h->par.half_open_limit > 0 &&
	    h->stats.half_open >= h->par.half_open_limit)) {
		h->stats.blocked++;
		refused(h, pkt, REASON_RATE_LIMITED, NULL,
		    "Too many half-open IKE SAs: IKE_SA_INIT was ignored.");
		return false;
	}
	if (!v2_cookie_wanted(h, from))
		return true;
	if (n != NULL && v2_cookie_good(h, pkt, ni, &n->u.notify.data))
		return true;
	v2_cookie_ask(h, pkt, ni);
	return false;
}

/* The KE payload has to be of the group chosen, and of its length. */
static bool
is_ke_good(struct ike_host *h, const struct v2_packet *pkt,
    const struct ike_payload *ke, const struct alg *group)
{
	uint8_t id[2];

	if (ke->u.ke.group != group->id) {
		put_u16(id, group->id);
		v2_init_notify(h, pkt, N_INVALID_KE_PAYLOAD, id, sizeof(id));
		return false;
	}
	if (ke->u.ke.data.len != group->out_len) {
		v2_init_notify(h, pkt, N_INVALID_SYNTAX, NULL, 0);
		refused(h, pkt, REASON_INVALID_SYNTAX, NULL,
		    "The peer's KE payload has the wrong length.");
		return false;
	}
	return true;
}

static int
write_answer(struct v2_sa *sa, const struct v2_packet *pkt,
    const struct ike_msg *request, const struct pick *pick,
    struct sp_error *err)
{
	struct v2_setup *s = sa->setup;
	struct ike_msg *m = v2_msg_new(sa, X_IKE_SA_INIT, 0, true);
	int ret;

	suite_answer(m, &pick->choice, PROTO_IKE, NULL, 0, true);
	ret = v2_add_ke(m, s->kex, err);
	v2_add_nonce(m, &s->nr);
	v2_nat_offer(sa->host, m, pkt->path, pick->conf->force_encap);
	v2_fragment_offer(pick->conf, request, m);
	v2_ppk_offer_back(sa->host, pkt->path, request, m);
	if (ike_msg_find_notify(request, N_SIGNATURE_HASH_ALGORITHMS) != NULL)
		v2_prove_announce(m);
	v2_prove_certreq_all(sa->host, pkt->path, m);
	ike_msg_add_notify(m, N_CHILDLESS_IKEV2_SUPPORTED, NULL, 0);
	if (ret == 0)
		ret = ike_msg_write(m, &s->msg_r, err);
	ike_msg_free(m);
	return ret;
}

static void
accept_request(struct ike_host *h, const struct v2_packet *pkt,
    const struct ike_msg *m, const struct pick *pick)
{
	const struct bytes *ke = &ike_msg_find(m, PLD_KE)->u.ke.data;
	const struct bytes *ni = &ike_msg_find(m, PLD_NONCE)->u.raw;
	struct sp_error err = {0};
	struct v2_setup *s;
	struct v2_sa *sa;
	int ret;

	sa = v2_sa_new(h, false, v2_new_ike_spi(h), pkt->path);
	sa->spi_i = pkt->hdr.spi_i;
	sa->suite = pick->choice.suite;
	sa->mid_in = 1;
	s = v2_setup_new(sa);
	hash_request(pkt, s->hash);
	v2_half_open_add(sa);
	buf_bytes(&s->ni, ni->p, ni->len);
	buf_bytes(&s->peer_ke, ke->p, ke->len);
	buf_bytes(&s->msg_i, pkt->data, pkt->len);
	v2_make_nonce(h, &s->nr);
	v2_nat_detect(sa, m, pkt->path, pick->conf->force_encap);
	v2_fragment_agree(sa, pick->conf, m);
	v2_prove_learn(sa, m);
	v2_ppk_learn(sa, m);
	v2_enter(sa, V2_AUTH_WAIT, "IKE_SA_INIT answered");

	ret = kex_new(&s->kex, sa->suite.ke, &err);
	if (ret == 0)
		ret = write_answer(sa, pkt, m, pick, &err);
	if (ret < 0) {
		v2_end_code(sa, REASON_CRYPTO_UNAVAILABLE, STEP);
		return;
	}
	v2_emit_send(h, pkt->path, &s->msg_r);
}

void
v2_init_remember(struct v2_sa *sa)
{
	struct ike_host *h = sa->host;
	struct v2_recent *r = &h->recent[h->next_recent++ % V2_RECENT];

	memcpy(r->hash, sa->setup->hash, sizeof(r->hash));
	r->until = h->now + h->par.half_open_ms;
}

/* A copy that the network held back, of a request long served. */
static bool
is_stale(const struct ike_host *h, const uint8_t hash[32])
{
	size_t i;

	for (i = 0; i < V2_RECENT; i++) {
		if (h->recent[i].until > h->now &&
		    memcmp(h->recent[i].hash, hash, 32) == 0)
			return true;
	}
	return false;
}

static bool
is_repeated(struct ike_host *h, const struct v2_packet *pkt)
{
	struct v2_sa *sa;
	uint8_t hash[32];

	hash_request(pkt, hash);
	sa = map_get(h->by_init, hash, sizeof(hash));
	if (sa == NULL)
		return is_stale(h, hash);
	h->stats.retransmits++;
	v2_emit_send(h, pkt->path, &sa->setup->msg_r);
	return true;
}

static void
judge_request(struct ike_host *h, const struct v2_packet *pkt,
    const struct ike_msg *m)
{
	const struct ike_payload *sa = ike_msg_find(m, PLD_SA);
	const struct ike_payload *ke = ike_msg_find(m, PLD_KE);
	struct pick pick = {0};

	if (!is_admitted(h, pkt, m))
		return;
	if (!choose(h, pkt, sa, &pick)) {
		refuse_offer(h, pkt, sa, &pick);
		return;
	}
	if (is_ke_good(h, pkt, ke, pick.choice.suite.ke))
		accept_request(h, pkt, m, &pick);
}

void
v2_init_request(struct ike_host *h, const struct v2_packet *pkt)
{
	struct sp_error err = {0};
	struct ike_msg *m;
	uint8_t type = 0;
	int ret;

	if (is_repeated(h, pkt))
		return;
	ret = ike_msg_read(&m, pkt->data, pkt->len, &type, &err);
	if (ret < 0) {
		h->stats.malformed++;
		if (ret != SP_UNSUPPORTED)
			return;
		v2_init_notify(h, pkt, N_UNSUPPORTED_CRITICAL_PAYLOAD, &type,
		    1);
		refused(h, pkt, REASON_CRITICAL_PAYLOAD, NULL, err.text);
		return;
	}
	if (ike_msg_check(m, &err) < 0)
		h->stats.malformed++;
	else
		judge_request(h, pkt, m);
	ike_msg_free(m);
}
