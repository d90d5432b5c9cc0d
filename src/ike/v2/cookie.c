/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cookies (RFC 7296 2.6): above a threshold of half-open SAs an initiator has
 * to repeat its IKE_SA_INIT with a proof that it receives at its address.  We
 * keep no byte of it meanwhile.
 *
 *	cookie = version | SHA-256(version | Ni | address | SPIi | secret)
 *
 * The secret changes every minute; the former one stays good for a minute
 * more (hardening.md ).
 */
#include "ike/v2/steps.h"

#include <openssl/crypto.h>

#include "crypto/prf.h"
#include "crypto/rng.h"

#define COOKIE_LEN 33

static void
renew(struct ike_host *h)
{
	uint8_t *secret = h->cookie_secret[++h->cookie_version & 1];

	rng_bytes(h->par.rng, secret, sizeof(h->cookie_secret[0]));
	h->cookie_at = h->now;
}

static void
rotate(struct ike_host *h)
{
	if (h->cookie_at != 0 && h->now - h->cookie_at < V2_COOKIE_MS)
		return;
	/* after a long pause neither of the two may live on */
	if (h->cookie_at == 0 || h->now - h->cookie_at >= 2 * V2_COOKIE_MS)
		renew(h);
	renew(h);
}

static void
compute(const struct ike_host *h, const struct v2_packet *pkt,
    const struct bytes *ni, uint8_t version, uint8_t out[COOKIE_LEN])
{
	const struct ip_addr *from = &pkt->path->remote.addr;
	uint8_t spi[8];
	struct chunk in[5] = {
		{ &version, 1 }, { ni->p, ni->len },
		{ from->b, addr_len(from) }, { spi, sizeof(spi) },
		{ h->cookie_secret[version & 1], sizeof(h->cookie_secret[0]) },
	};

	put_u64(spi, pkt->hdr.spi_i);
	out[0] = version;
	hash_sha256(in, 5, out + 1);
}

bool
v2_cookie_wanted(const struct ike_host *h, const struct ip_addr *from)
{
	const struct ike_host_params *p = &h->par;

	if (p->cookie_threshold > 0 &&
	    h->stats.half_open >= p->cookie_threshold)
		return true;
	return p->cookie_threshold_address > 0 &&
	    v2_half_open_from(h, from) >= p->cookie_threshold_address;
}

bool
v2_cookie_good(struct ike_host *h, const struct v2_packet *pkt,
    const struct bytes *ni, const struct bytes *cookie)
{
	uint8_t want[COOKIE_LEN], age;

	rotate(h);
	if (cookie->len != COOKIE_LEN)
		return false;
	age = (uint8_t)(h->cookie_version - cookie->p[0]);
	if (age > 1)
		return false;
	compute(h, pkt, ni, cookie->p[0], want);
	return CRYPTO_memcmp(want, cookie->p, sizeof(want)) == 0;
}

void
v2_cookie_ask(struct ike_host *h, const struct v2_packet *pkt,
    const struct bytes *ni)
{
	uint8_t cookie[COOKIE_LEN];

	rotate(h);
	compute(h, pkt, ni, h->cookie_version, cookie);
	v2_init_notify(h, pkt, N_COOKIE, cookie, sizeof(cookie));
	h->stats.cookies_sent++;
}

/*
 * One answer or record in the name of nobody proven: ten a second, whatever
 * the number of packets.
 */
bool
v2_quota(struct ike_host *h)
{
	int64_t second = h->now / 1000;

	if (second != h->quota_at) {
		h->quota_at = second;
		h->quota_left = 10;
	}
	if (h->quota_left == 0)
		return false;
	h->quota_left--;
	return true;
}
