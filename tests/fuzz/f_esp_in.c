/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inbound ESP.  First byte: bit 0 = the rest is a packet as it came, else it
 * is a text that a peer with the right keys sealed; bits 1 to 3: suite; the
 * upper ones: outer traffic class.  Laws: what did not verify is refused and
 * the window stays; what is accepted lies inside the packet, is replay the
 * second time, and comes out the same when it goes through a tunnel again.
 */
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/alg.h"
#include "crypto/rng.h"
#include "plane/user/flow.h"
#include "plane/user/esp.h"
#include "plane/user/transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_TEXT 4096

static const struct {
	uint16_t encr, integ;
	unsigned bits;
	bool esn, transport, v6;
} suites[8] = {
	{ 20, 0, 128, .esn = false },		/* AES-GCM */
	{ 12, 12, 128, .esn = true },		/* AES-CBC, SHA2-256 */
	{ 28, 0, 256, .esn = true },		/* ChaCha20-Poly1305 */
	{ 11, 2, 0, .esn = false },		/* NULL, SHA1 */
	{ 0, 12, 0, .v6 = true },		/* AH, SHA2-256 */
	{ 0, 2, 0, .esn = true, .transport = true, .v6 = true },
	{ 20, 0, 128, .transport = true },
	{ 12, 12, 128, .transport = true, .v6 = true },
};

/* The IPv6 addresses and the IPv4 ones are all zero. */
static struct esp_outer
outer_of(unsigned suite, uint8_t tos, uint8_t *room)
{
	struct esp_outer o = { .tos = tos, .room = room };

	o.src.family = suites[suite].v6 ? AF_INET6 : AF_INET;
	o.dst = o.src;
	return o;
}

static struct esp_sa *
make_sa(unsigned suite, enum plane_dir dir)
{
	static const uint8_t key[64];
	struct plane_sa p = { .dir = dir, .spi = 0x11223344, .protocol = 50,
	    .encr_key = key, .integ_key = key, .replay_window = 64 };
	struct esp_sa *sa;

	p.transport = suites[suite].transport;
	p.encr = suites[suite].encr != 0 ?
	    alg_by_id(ALG_ENCR, suites[suite].encr) : NULL;
	p.protocol = p.encr != NULL ? IPPROTO_ESP : IPPROTO_AH;
	p.integ = suites[suite].integ != 0 ?
	    alg_by_id(ALG_INTEG, suites[suite].integ) : NULL;
	p.key_bits = suites[suite].bits;
	p.esn = suites[suite].esn;
	p.encr_key_len = p.encr != NULL ?
	    alg_encr_key_len(p.encr, p.key_bits) : 0;
	p.integ_key_len = p.integ ? p.integ->key_len : 0;
	p.src.addr.family = suites[suite].v6 ? AF_INET6 : AF_INET;
	p.dst.addr.family = p.src.addr.family;
	if (esp_sa_new(&sa, &p, NULL) < 0)
		abort();
	return sa;
}

/* Seal the text as it is; the packet is the caller's. */
static uint8_t *
seal_text(struct esp_sa *sa, const uint8_t *text, size_t text_len, size_t *len)
{
	struct rng rng = rng_system();
	struct esp_op o;
	uint8_t *pkt;

	*len = esp_head(sa) + text_len + sa->icv_len;
	pkt = xcalloc(1, *len);
	memcpy(&pkt[esp_head(sa)], text, text_len);
	memcpy(pkt, "\x11\x22\x33\x44\0\0\0\1", ESP_HEADER);
	esp_op_init(&o, sa, pkt, text_len, 1);
	seal_make_iv(sa->seal, 1, &rng, o.op.iv);
	if (seal_protect(sa->seal, &o.op) < 0)
		abort();
	return pkt;
}

/* AH around a text whose first byte is the next header. */
static uint8_t *
wrap_text(struct esp_sa *sa, const uint8_t *text, size_t text_len,
    size_t *len)
{
	uint8_t *pkt;

	*len = esp_size(sa, text_len - 1);
	pkt = xcalloc(1, *len);
	memcpy(&pkt[esp_head(sa)], &text[1], text_len - 1);
	if (esp_out(sa, NULL, pkt, text_len - 1, text[0], 0, 1) != ESP_OK)
		abort();
	return pkt;
}

/* Through a tunnel of the same suite and back. */
static void
check_again(unsigned suite, const struct esp_inner *inner)
{
	struct esp_sa *out = make_sa(suite, PLANE_OUT);
	struct esp_sa *in = make_sa(suite, PLANE_IN);
	size_t len = esp_size(out, inner->len);
	uint8_t *pkt = xcalloc(1, len);
	struct rng rng = rng_system();
	struct esp_outer outer = outer_of(suite, 0, NULL);
	struct esp_inner got;
	struct flow f;

	memcpy(&pkt[esp_head(out)], inner->ip, inner->len);
	if (esp_out(out, &rng, pkt, inner->len,
	    inner->ip[0] >> 4 == 4 ? 4 : 41, 0, 1) != ESP_OK ||
	    esp_in(in, pkt, len, &outer, 1, &f, &got) != ESP_OK ||
	    got.len != inner->len ||
	    memcmp(got.ip, inner->ip, got.len) != 0)
		abort();
	free(pkt);
	esp_sa_free(out);
	esp_sa_free(in);
}

static void
check_packet(unsigned suite, uint8_t *pkt, size_t len, uint8_t tos, bool raw)
{
	struct esp_sa *in = make_sa(suite, PLANE_IN);
	uint8_t *again = xmemdup(pkt, len);
	uint8_t *room = xcalloc(1, len + TRANSPORT_HEADER);
	struct esp_outer outer = outer_of(suite, tos, room);
	bool transport = suites[suite].transport;
	const uint8_t *in_first = transport ? room : pkt;
	const uint8_t *in_end = transport ? room + len + TRANSPORT_HEADER :
	    pkt + len;
	struct esp_inner inner;
	struct flow f;
	enum esp_verdict v;

	v = esp_in(in, pkt, len, &outer, 1, &f, &inner);
	if (v == ESP_OK) {
		if (inner.len == 0 || inner.ip < in_first ||
		    inner.ip + inner.len > in_end ||
		    esp_in(in, again, len, &outer, 1, &f, &inner) != ESP_REPLAY)
			abort();
		if (!transport)
			check_again(suite, &inner);
	}
	/* nobody forges an ICV; a refusal before it must not move the window */
	if ((raw && (v == ESP_OK || v == ESP_DUMMY)) ||
	    ((v == ESP_AUTH || v == ESP_SHORT || v == ESP_REPLAY) &&
	    in->replay.top != 0))
		abort();
	free(again);
	free(room);
	esp_sa_free(in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct esp_sa *out;
	size_t pkt_len, text;
	unsigned suite;
	uint8_t *pkt;

	if (len < 1 + ESP_HEADER || len > MAX_TEXT)
		return 0;
	suite = data[0] >> 1 & 7;
	if (data[0] & 1) {
		pkt = xmemdup(&data[1], len - 1);
		pkt_len = len - 1;
	} else {
		out = make_sa(suite, PLANE_OUT);
		text = (len - 1) - (len - 1) % out->align;
		if (out->protocol == IPPROTO_AH)
			pkt = wrap_text(out, &data[1], len - 1, &pkt_len);
		else
			pkt = seal_text(out, &data[1], text, &pkt_len);
		esp_sa_free(out);
	}
	check_packet(suite, pkt, pkt_len, data[0] >> 4, data[0] & 1);
	free(pkt);
	return 0;
}
