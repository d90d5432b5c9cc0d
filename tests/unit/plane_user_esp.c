/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ESP in memory: every suite in both directions, extended sequence numbers
 * across 2^32, limits, every kind of malformed packet (each has its own
 * verdict), and every ESP packet of the captured exchanges between other
 * implementations ($SP_SHARED/vectors/captures).
 */
#include <dirent.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "crypto/rng.h"
#include "plane/user/checksum.h"
#include "plane/user/esp.h"
#include "plane/user/flow.h"
#include "plane/user/transport.h"

static uint8_t key_bytes[128];

static struct plane_selector
range(const char *first, const char *last)
{
	struct plane_selector s = { .port_last = UINT16_MAX };

	assert_true(addr_parse(&s.first, first));
	assert_true(addr_parse(&s.last, last));
	return s;
}

/* An SA with fixed keys; the selectors are those of make_packet(). */
static struct esp_sa *
make_sa(enum plane_dir dir, const struct alg *encr, unsigned bits,
    const struct alg *integ, bool esn, struct plane_sa *change)
{
	struct plane_selector src = range("10.1.1.0", "10.1.1.255");
	struct plane_selector dst = range("10.2.2.0", "10.2.2.255");
	struct plane_sa p = change ? *change : (struct plane_sa){0};
	struct esp_sa *sa = NULL;
	struct sp_error err;

	p.dir = dir;
	p.spi = 0x12345678;
	p.protocol = 50;
	p.encr = encr;
	p.key_bits = bits;
	p.integ = integ;
	p.encr_key = p.integ_key = key_bytes;
	p.encr_key_len = alg_encr_key_len(encr, bits);
	p.integ_key_len = integ ? integ->key_len : 0;
	p.esn = esn;
	p.replay_window = 64;
	p.src_sel = &src;
	p.dst_sel = &dst;
	p.nr_src_sel = p.nr_dst_sel = 1;
	assert_true(addr_parse(&p.src.addr, "192.0.2.1"));
	assert_true(addr_parse(&p.dst.addr, "192.0.2.2"));
	if (esp_sa_new(&sa, &p, &err) < 0)
		print_error("%s: %s\n", encr->name, err.text);
	return sa;
}

/* An IPv4 packet of len bytes, len >= 20. */
static void
make_packet(uint8_t *p, size_t len, uint8_t tos)
{
	size_t i;

	memset(p, 0, 20);
	for (i = 20; i < len; i++)
		p[i] = (uint8_t)(i * 7);
	p[0] = 0x45;
	p[1] = tos;
	put_u16(&p[2], (uint16_t)len);
	p[8] = 64;
	p[9] = 253;
	put_u32(&p[12], 0x0a010101);
	put_u32(&p[16], 0x0a020202);
	csum_put(&p[10], csum_add(0, p, 20), 0);
}

struct pair {
	struct esp_sa *out, *in;
};

static bool
make_pair(struct pair *p, const struct alg *encr, unsigned bits,
    const struct alg *integ, bool esn)
{
	p->out = make_sa(PLANE_OUT, encr, bits, integ, esn, NULL);
	p->in = make_sa(PLANE_IN, encr, bits, integ, esn, NULL);
	return p->out != NULL && p->in != NULL;
}

static void
free_pair(struct pair *p)
{
	esp_sa_free(p->out);
	esp_sa_free(p->in);
}

static const struct alg *
alg_named(const char *name)
{
	const struct alg *a;
	size_t i;

	for (i = 0; (a = alg_at(i)) != NULL; i++) {
		if (strcmp(a->name, name) == 0)
			return a;
	}
	fail_msg("no algorithm %s", name);
	return NULL;
}

static bool
gcm_pair(struct pair *p)
{
	return make_pair(p, alg_named("ENCR_AES_GCM_16"), 128, NULL, false);
}

/* Protect one packet of len bytes into pkt; the size of the ESP packet. */
static size_t
protect(struct esp_sa *sa, uint8_t *pkt, size_t len, uint8_t tos)
{
	struct rng rng = rng_system();

	make_packet(&pkt[esp_head(sa)], len, tos);
	assert_int_equal(esp_out(sa, &rng, pkt, len, 4, 0, 1), ESP_OK);
	return esp_size(sa, len);
}

static enum esp_verdict
open_copy(struct esp_sa *sa, const uint8_t *pkt, size_t len, uint8_t tos,
    uint8_t *inner, size_t *inner_len)
{
	uint8_t *copy = xmemdup(pkt, len);	/* exact, for ASan */
	struct esp_outer outer = { .tos = tos };
	struct esp_inner in = {0};
	enum esp_verdict v;
	struct flow f;

	v = esp_in(sa, copy, len, &outer, 2, &f, &in);
	if (v == ESP_OK && inner != NULL) {
		memcpy(inner, in.ip, in.len);
		*inner_len = in.len;
	}
	free(copy);
	return v;
}

static int
check_suite(const struct alg *encr, unsigned bits, const struct alg *integ,
    bool esn)
{
	uint8_t pkt[2048], want[2048], got[2048];
	struct pair p;
	size_t len, n, got_len, i;
	int bad = 0;

	if (!make_pair(&p, encr, bits, integ, esn)) {
		free_pair(&p);
		return 1;
	}
	for (len = 20; len < 1500; len += len < 90 ? 1 : 331) {
		n = protect(p.out, pkt, len, 0);
		make_packet(want, len, 0);
		if (open_copy(p.in, pkt, n, 0, got, &got_len) != ESP_OK ||
		    got_len != len || memcmp(want, got, len) != 0)
			bad++;
		if (open_copy(p.in, pkt, n, 0, NULL, NULL) != ESP_REPLAY)
			bad++;
		if (n % 4 != 0 || len > esp_room(p.out, n) ||
		    esp_size(p.out, esp_room(p.out, n)) != n)
			bad++;
	}
	/* the SPI is looked up before and the number tells a replay */
	n = protect(p.out, pkt, 33, 0);
	for (i = 8; i < n; i++) {
		pkt[i] ^= 1;
		if (open_copy(p.in, pkt, n, 0, NULL, NULL) != ESP_AUTH)
			bad++;
		pkt[i] ^= 1;
	}
	if (bad > 0)
		print_error("%s %u %s esn %d: %d wrong\n", encr->name, bits,
		    integ ? integ->name : "-", esn, bad);
	free_pair(&p);
	return bad;
}

static int
check_cipher(const struct alg *encr, unsigned bits)
{
	const struct alg *integ;
	size_t i;
	int bad = 0;

	if ((encr->flags & ALG_AEAD) != 0)
		return check_suite(encr, bits, NULL, false) +
		    check_suite(encr, bits, NULL, true);
	for (i = 0; (integ = alg_at(i)) != NULL; i++) {
		if (integ->type != ALG_INTEG ||
		    (integ->flags & ALG_USE_ESP) == 0 ||
		    (integ->flags & ALG_ABSENT) != 0 ||
		    !alg_usable(integ, NULL))
			continue;
		bad += check_suite(encr, bits, integ, false);
		bad += check_suite(encr, bits, integ, true);
	}
	return bad;
}

static void
test_suites(void **state)
{
	const struct alg *encr;
	size_t i, k;
	int bad = 0, nr = 0;

	(void)state;
	for (i = 0; (encr = alg_at(i)) != NULL; i++) {
		if (encr->type != ALG_ENCR ||
		    (encr->flags & ALG_USE_ESP) == 0 ||
		    (encr->flags & ALG_ABSENT) != 0 ||
		    !alg_usable(encr, NULL))
			continue;
		for (k = 0; k == 0 || (k < 4 && encr->key_bits[k]); k++) {
			bad += check_cipher(encr, encr->key_bits[k]);
			nr++;
		}
	}
	print_message("%d ciphers\n", nr);
	assert_true(nr > 10);
	assert_int_equal(bad, 0);
}

/* The number runs over 2^32; low halves only are on the wire. */
static void
test_esn_wrap(void **state)
{
	static const char *const ciphers[] = { "ENCR_AES_GCM_16",
	    "ENCR_AES_CBC" };
	uint8_t pkt[8][256];
	struct pair p;
	size_t c, i, n = 0;

	(void)state;
	for (c = 0; c < NELEM(ciphers); c++) {
		assert_true(make_pair(&p, alg_named(ciphers[c]), 128, c == 0 ?
		    NULL : alg_named("AUTH_HMAC_SHA2_256_128"), true));
		p.out->seq = 0xfffffffc;
		replay_update(&p.in->replay, 0xfffffffc);
		for (i = 0; i < 8; i++)
			n = protect(p.out, pkt[i], 40, 0);
		assert_int_equal(get_u32(&pkt[3][4]), 0);
		/* 5 of the new epoch first, 1 of the old one late */
		assert_int_equal(open_copy(p.in, pkt[5], n, 0, NULL, NULL),
		    ESP_OK);
		for (i = 0; i < 8; i++)
			assert_int_equal(open_copy(p.in, pkt[i], n, 0, NULL,
			    NULL), i == 5 ? ESP_REPLAY : ESP_OK);
		assert_true(p.in->replay.top == 0x100000004);
		free_pair(&p);
	}
}

static void
test_spent(void **state)
{
	struct plane_sa limits = { .soft_packets = 3, .hard_packets = 5 };
	struct rng rng = rng_system();
	const struct alg *gcm = alg_named("ENCR_AES_GCM_16");
	uint8_t pkt[256];
	struct esp_sa *sa;
	int i;

	(void)state;
	sa = make_sa(PLANE_OUT, gcm, 128, NULL, false, &limits);
	for (i = 0; i < 5; i++) {
		assert_int_equal(esp_sa_soft(sa), i >= 3);
		assert_false(esp_sa_spent(sa));
		protect(sa, pkt, 40, 0);
	}
	assert_true(esp_sa_spent(sa));
	assert_int_equal(esp_out(sa, &rng, pkt, 40, 4, 0, 1), ESP_SPENT);
	esp_sa_free(sa);

	limits = (struct plane_sa){ .hard_bytes = 100 };
	sa = make_sa(PLANE_OUT, gcm, 128, NULL, false, &limits);
	protect(sa, pkt, 60, 0);
	protect(sa, pkt, 60, 0);
	assert_int_equal(esp_out(sa, &rng, pkt, 60, 4, 0, 1), ESP_SPENT);
	esp_sa_free(sa);

	/* the number must not wrap, and the rekey must come before */
	sa = make_sa(PLANE_OUT, gcm, 128, NULL, false, NULL);
	sa->seq = UINT32_MAX - 1;
	protect(sa, pkt, 60, 0);
	assert_int_equal(get_u32(&pkt[4]), UINT32_MAX);
	assert_int_equal(esp_out(sa, &rng, pkt, 60, 4, 0, 1), ESP_SPENT);
	assert_true(sa->soft_packets > 0 && sa->soft_packets < UINT32_MAX);
	esp_sa_free(sa);
}

/* Seal a text as it is, trailer included. */
static size_t
seal_text(struct esp_sa *sa, uint8_t *pkt, size_t text_len)
{
	struct esp_op o;

	sa->seq++;
	put_u32(pkt, sa->spi);
	put_u32(&pkt[4], (uint32_t)sa->seq);
	esp_op_init(&o, sa, pkt, text_len, sa->seq);
	seal_make_iv(sa->seal, sa->seq, NULL, o.op.iv);
	assert_int_equal(seal_protect(sa->seal, &o.op), 0);
	return esp_head(sa) + text_len + sa->icv_len;
}

static const struct text_row {
	const char *name;
	size_t packet;		/* bytes of an inner packet in front */
	const char *trailer;	/* hex behind it */
	int off, value;		/* a byte of the text to change, or -1 */
	uint8_t tos, outer_tos;
	enum esp_verdict verdict;
	size_t inner;		/* bytes with ESP_OK */
} text_rows[] = {
	{ "not aligned", 22, "01020204", -1, 0, 0, 0, ESP_SHORT, 0 },
	{ "good", 24, "01020204", -1, 0, 0, 0, ESP_OK, 24 },
	{ "no padding", 22, "0004", -1, 0, 0, 0, ESP_OK, 22 },
	{ "long padding", 24, "0102030405060604", -1, 0, 0, 0, ESP_OK, 24 },
	{ "zero padding", 24, "00000204", -1, 0, 0, 0, ESP_PADDING, 0 },
	{ "padding from 2", 24, "02030204", -1, 0, 0, 0, ESP_PADDING, 0 },
	{ "pad length over all", 24, "0102ff04", -1, 0, 0, 0, ESP_PADDING, 0 },
	{ "only padding", 0, "01020204", -1, 0, 0, 0, ESP_INNER, 0 },
	{ "dummy", 24, "0102023b", -1, 0, 0, 0, ESP_DUMMY, 0 },
	{ "dummy of nothing", 0, "0102023b", -1, 0, 0, 0, ESP_DUMMY, 0 },
	{ "dummy, bad padding", 24, "0101023b", -1, 0, 0, 0, ESP_PADDING, 0 },
	{ "transport mode", 24, "01020211", -1, 0, 0, 0, ESP_INNER, 0 },
	{ "v4 said to be v6", 24, "01020229", -1, 0, 0, 0, ESP_INNER, 0 },
	{ "version 0", 24, "01020204", 0, 0x05, 0, 0, ESP_INNER, 0 },
	{ "inner too long", 24, "01020204", 3, 25, 0, 0, ESP_INNER, 0 },
	{ "inner shorter: TFC padding", 24, "01020204", 3, 21, 0, 0, ESP_OK,
	    21 },
	{ "inner length 0", 24, "01020204", 3, 0, 0, 0, ESP_INNER, 0 },
	{ "header cut", 16, "0102030405060604", -1, 0, 0, 0, ESP_INNER, 0 },
	{ "foreign source", 24, "01020204", 14, 9, 0, 0, ESP_SPOOFED, 0 },
	{ "foreign destination", 24, "01020204", 18, 9, 0, 0, ESP_SPOOFED,
	    0 },
	{ "congestion, not capable", 24, "01020204", -1, 0, 0, 3, ESP_ECN,
	    0 },
	{ "congestion, capable", 24, "01020204", -1, 0, 2, 3, ESP_OK, 24 },
	{ "outer class is not copied", 24, "01020204", -1, 0, 0xb8, 0x28,
	    ESP_OK, 24 },
};

static size_t
make_text(const struct text_row *t, uint8_t *text)
{
	struct buf trailer = {0};
	size_t len = t->packet;
	uint8_t whole[64];

	if (len > 0) {
		make_packet(whole, len < 20 ? 20 : len, t->tos);
		memcpy(text, whole, len);
	}
	if (t->off >= 0)
		text[t->off] = (uint8_t)t->value;
	assert_true(str_unhex(&trailer, t->trailer, strlen(t->trailer)));
	memcpy(&text[len], trailer.data, trailer.len);
	len += trailer.len;
	buf_free(&trailer);
	return len;
}

static void
test_texts(void **state)
{
	const struct text_row *t;
	uint8_t pkt[256], inner[256];
	size_t i, len, inner_len;
	enum esp_verdict v;
	struct pair p;
	int bad = 0;

	(void)state;
	assert_true(gcm_pair(&p));
	for (i = 0; i < NELEM(text_rows); i++) {
		t = &text_rows[i];
		len = make_text(t, &pkt[esp_head(p.out)]);
		len = seal_text(p.out, pkt, len);
		inner_len = 0;
		v = open_copy(p.in, pkt, len, t->outer_tos, inner,
		    &inner_len);
		if (v == t->verdict && inner_len == t->inner)
			continue;
		print_error("%s: verdict %d length %zu, expected %d %zu\n",
		    t->name, v, inner_len, t->verdict, t->inner);
		bad++;
	}
	assert_int_equal(bad, 0);
	free_pair(&p);
}

static void
test_ecn_mark(void **state)
{
	uint8_t pkt[256], inner[256];
	size_t len, inner_len = 0;
	struct pair p;

	(void)state;
	assert_true(gcm_pair(&p));
	len = protect(p.out, pkt, 60, 0xb8 | 2);
	assert_int_equal(open_copy(p.in, pkt, len, 3, inner, &inner_len),
	    ESP_OK);
	assert_int_equal(inner[1], 0xb8 | 3);
	assert_int_equal(csum_fold(csum_add(0, inner, 20)), 0xffff);
	free_pair(&p);
}

/* Cut packets, of every length: no read past the end, no state touched. */
static void
test_cut(void **state)
{
	uint8_t pkt[256];
	size_t len, n;
	struct pair p;
	enum esp_verdict v;

	(void)state;
	assert_true(gcm_pair(&p));
	len = protect(p.out, pkt, 60, 0);
	for (n = 8; n < len; n++) {
		v = open_copy(p.in, pkt, n, 0, NULL, NULL);
		assert_true(v == ESP_SHORT || v == ESP_AUTH);
	}
	assert_true(p.in->replay.top == 0);
	assert_int_equal(open_copy(p.in, pkt, len, 0, NULL, NULL), ESP_OK);
	assert_true(esp_counter(&p.in->count.packets) == 1);
	assert_true(esp_counter(&p.in->count.bytes) == 60);
	assert_true(esp_counter(&p.in->count.auth) > 0);
	free_pair(&p);
}

static const struct join_row {
	const char *name;
	uint8_t next;
	bool v6, repair, has_sum;
	size_t len;
	bool right;		/* the checksum, afterwards */
} join_rows[] = {
	{ "TCP as it is", IPPROTO_TCP, false, false, true, 40, false },
	{ "TCP behind a NAT", IPPROTO_TCP, false, true, true, 41, true },
	{ "UDP behind a NAT", IPPROTO_UDP, false, true, true, 64, true },
	{ "UDP in IPv6", IPPROTO_UDP, true, true, true, 33, true },
	{ "UDP without a checksum", IPPROTO_UDP, false, true, false, 64,
	    false },
	{ "ICMP has no addresses in it", IPPROTO_ICMP, false, true, true, 64,
	    false },
	{ "TCP cut", IPPROTO_TCP, false, true, true, 17, false },
};

/* RFC 3948 3.1.2, and the header that a payload travels with. */
static void
test_join(void **state)
{
	const struct join_row *t;
	struct esp_outer outer = { .tos = 0xb9 };
	uint8_t payload[64], out[64 + TRANSPORT_HEADER];
	struct flow f;
	size_t i, k, n, l4;
	bool right;
	int bad = 0;

	(void)state;
	for (i = 0; i < NELEM(join_rows); i++) {
		t = &join_rows[i];
		for (k = 0; k < sizeof(payload); k++)
			payload[k] = (uint8_t)(k * 31 + 1);
		if (!t->has_sum)
			put_u16(&payload[6], 0);
		assert_true(addr_parse(&outer.src, t->v6 ? "2001:db8::9" :
		    "198.51.100.9"));
		assert_true(addr_parse(&outer.dst, t->v6 ? "2001:db8::2" :
		    "192.0.2.2"));
		n = transport_join(out, &outer, t->next, payload, t->len,
		    t->repair);
		l4 = t->v6 ? 40 : 20;
		assert_int_equal(n, l4 + t->len);
		assert_true(flow_parse(&f, out, n));
		assert_true(addr_eq(&f.src, &outer.src) && f.tos == 0xb9);
		right = csum_fold(csum_pseudo(csum_add(0, &out[l4], t->len),
		    &f, t->len)) == 0xffff;
		if (right != t->right || (!t->right &&
		    memcmp(&out[l4], payload, t->len) != 0)) {
			print_error("%s: checksum %s\n", t->name,
			    right ? "right" : "wrong");
			bad++;
		}
	}
	assert_int_equal(bad, 0);
	assert_int_equal(transport_join(out, &outer, 6, payload, 70000, false),
	    0);
}

static const struct refuse_row {
	const char *name;
	struct plane_sa sa;
	enum sp_code code;
} refuse_rows[] = {
	{ "reserved SPI", { .spi = 255 }, SP_RANGE },
	{ "IPComp", { .spi = 256, .protocol = 108 }, SP_UNSUPPORTED },
	{ "AH in UDP", { .spi = 256, .protocol = 51, .encap = true },
	    SP_UNSUPPORTED },
	{ "no cipher", { .spi = 256, .protocol = 50 }, SP_RANGE },
};

static void
test_refused(void **state)
{
	struct esp_sa *sa = NULL;
	struct plane_sa p = {0};
	struct sp_error err;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(refuse_rows); i++) {
		err.text[0] = '\0';
		assert_int_equal(esp_sa_new(&sa, &refuse_rows[i].sa, &err),
		    refuse_rows[i].code);
		assert_true(err.text[0] != '\0');
	}
	p.spi = 256;
	p.protocol = 50;
	p.encr = alg_named("ENCR_AES_CBC");
	assert_int_equal(esp_sa_new(&sa, &p, &err), SP_UNSUPPORTED);
	assert_null(sa);
}

/* Suites of the captures in the registry's names. */
static const struct suite_row {
	const char *prefix, *encr, *integ;
	unsigned bits;
} suite_rows[] = {
	{ "ESP:AES_CBC_128/HMAC_SHA1_96/", "ENCR_AES_CBC",
	    "AUTH_HMAC_SHA1_96", 128 },
	{ "ESP:AES_CBC_128/HMAC_SHA2_256_128/", "ENCR_AES_CBC",
	    "AUTH_HMAC_SHA2_256_128", 128 },
	{ "ESP:AES_CBC_256/HMAC_SHA2_256_128/", "ENCR_AES_CBC",
	    "AUTH_HMAC_SHA2_256_128", 256 },
	{ "ESP:AES_CBC_256/HMAC_SHA2_384_192/", "ENCR_AES_CBC",
	    "AUTH_HMAC_SHA2_384_192", 256 },
	{ "ESP:AES_CBC_256/HMAC_SHA2_512_256/", "ENCR_AES_CBC",
	    "AUTH_HMAC_SHA2_512_256", 256 },
	{ "ESP:3DES_CBC/HMAC_MD5_96/", "ENCR_3DES", "AUTH_HMAC_MD5_96", 0 },
	{ "ESP:3DES_CBC/HMAC_SHA1_96/", "ENCR_3DES", "AUTH_HMAC_SHA1_96", 0 },
	{ "ESP:AES_GCM_16_128/", "ENCR_AES_GCM_16", NULL, 128 },
	{ "ESP:AES_GCM_16_192/", "ENCR_AES_GCM_16", NULL, 192 },
	{ "ESP:AES_GCM_16_256/", "ENCR_AES_GCM_16", NULL, 256 },
	{ "ESP:CHACHA20_POLY1305/", "ENCR_CHACHA20_POLY1305", NULL, 256 },
};

#define MAX_CAPTURE_SAS 16

struct capture_sa {
	char spi[9];
	struct esp_sa *sa;
};

static const struct suite_row *
suite_of(const char *name)
{
	size_t i;

	for (i = 0; i < NELEM(suite_rows); i++) {
		if (str_prefix(name, suite_rows[i].prefix))
			return &suite_rows[i];
	}
	fail_msg("no row for the suite %s", name);
	return NULL;
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static void
unhex(struct buf *b, const char *s)
{
	assert_true(str_unhex(b, s, strlen(s)));
}

static void
load_sa(const json_t *child, const json_t *spi, struct capture_sa *out)
{
	const struct suite_row *suite = suite_of(text_of(child, "suite"));
	const char *key = text_of(spi, "key");
	struct buf e = {0}, a = {0};
	struct plane_sa p = { .dir = PLANE_IN, .protocol = 50,
	    .replay_window = 32 };
	struct sp_error err;
	const char ek[] = { 'e', key[0], '\0' };
	const char ak[] = { 'a', key[0], '\0' };

	unhex(&e, text_of(child, ek));
	unhex(&a, text_of(child, ak));
	snprintf(out->spi, sizeof(out->spi), "%s", text_of(spi, "spi"));
	p.spi = (uint32_t)strtoul(out->spi, NULL, 16);
	p.encr = alg_named(suite->encr);
	p.key_bits = suite->bits ? suite->bits : p.encr->key_bits[0];
	p.integ = suite->integ ? alg_named(suite->integ) : NULL;
	p.encr_key = e.data;
	p.encr_key_len = e.len;
	p.integ_key = a.data;
	p.integ_key_len = p.integ ? a.len : 0;
	assert_true(addr_parse(&p.src.addr, text_of(spi, "src")));
	assert_true(addr_parse(&p.dst.addr, text_of(spi, "dst")));
	if (esp_sa_new(&out->sa, &p, &err) < 0)
		fail_msg("%s: %s", text_of(child, "suite"), err.text);
	buf_free(&e);
	buf_free(&a);
}

static size_t
load_sas(const json_t *doc, struct capture_sa *sas)
{
	const json_t *child, *spi;
	size_t i, j, nr = 0;

	json_array_foreach(json_object_get(doc, "child_sas"), i, child) {
		json_array_foreach(json_object_get(child, "spis"), j, spi) {
			if (*text_of(spi, "key") == '\0')
				continue;	/* no packet used it */
			assert_true(nr < MAX_CAPTURE_SAS);
			load_sa(child, spi, &sas[nr++]);
		}
	}
	return nr;
}

/* The payload behind Ethernet, IP and UDP of frame n (from 1). */
static size_t
frame(const uint8_t *pcap, size_t size, size_t n, const uint8_t **p)
{
	size_t off = 24, len = 0, skip;
	uint32_t le;

	for (; n > 0; n--) {
		assert_true(off + 16 <= size);
		off += len;
		memcpy(&le, &pcap[off + 8], 4);
		len = le;
		off += 16;
	}
	skip = pcap[off + 14] >> 4 == 4 ? 14 + 20 + 8 : 14 + 40 + 8;
	*p = &pcap[off + skip];
	return len - skip;
}

static struct buf
slurp(const char *path)
{
	struct buf b = {0};
	uint8_t part[4096];
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_bytes(&b, part, n);
	fclose(f);
	return b;
}

static bool
check_packet(const json_t *pkt, const struct buf *pcap,
    struct capture_sa *sas, size_t nr_sas)
{
	const json_t *esp = json_object_get(pkt, "esp");
	size_t n = (size_t)json_integer_value(json_object_get(pkt, "n"));
	uint8_t got[2048];
	struct buf want = {0};
	const uint8_t *p;
	size_t i, len, got_len = 0;
	bool ok = false;

	len = frame(pcap->data, pcap->len, n, &p);
	unhex(&want, text_of(esp, "inner"));
	for (i = 0; i < nr_sas; i++) {
		if (strcmp(sas[i].spi, text_of(esp, "spi")) == 0)
			ok = open_copy(sas[i].sa, p, len, 0, got, &got_len) ==
			    ESP_OK && got_len == want.len &&
			    memcmp(got, want.data, want.len) == 0;
	}
	buf_free(&want);
	return ok;
}

static int
check_capture(const char *dir, const char *name, int *nr)
{
	struct capture_sa sas[MAX_CAPTURE_SAS];
	char path[512];
	struct buf pcap;
	const json_t *pkt;
	json_t *doc;
	size_t i, nr_sas;
	int bad = 0;

	snprintf(path, sizeof(path), "%s/%s.json", dir, name);
	doc = json_load_file(path, 0, NULL);
	snprintf(path, sizeof(path), "%s/%s.pcap", dir, name);
	pcap = slurp(path);
	nr_sas = load_sas(doc, sas);
	json_array_foreach(json_object_get(doc, "packets"), i, pkt) {
		if (strcmp(text_of(pkt, "kind"), "esp") != 0)
			continue;
		++*nr;
		if (!check_packet(pkt, &pcap, sas, nr_sas)) {
			print_error("%s: packet %zu does not open\n", name, i);
			bad++;
		}
	}
	for (i = 0; i < nr_sas; i++)
		esp_sa_free(sas[i].sa);
	buf_free(&pcap);
	json_decref(doc);
	return bad;
}

static void
test_captures(void **state)
{
	const char *shared = getenv("SP_SHARED");
	const json_t *entry;
	char path[256];
	json_t *index;
	size_t i;
	int bad = 0, nr = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/vectors/captures/index.json",
	    shared ? shared : "");
	index = json_load_file(path, 0, NULL);
	if (index == NULL) {
		print_message("no captures: SP_SHARED is not set\n");
		skip();
	}
	path[strlen(path) - strlen("/index.json")] = '\0';
	json_array_foreach(index, i, entry)
		bad += check_capture(path, text_of(entry, "name"), &nr);
	json_decref(index);
	print_message("%d captured ESP packets\n", nr);
	assert_true(nr > 0);
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suites),
		cmocka_unit_test(test_esn_wrap),
		cmocka_unit_test(test_spent),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_ecn_mark),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_captures),
	};
	size_t i;

	for (i = 0; i < sizeof(key_bytes); i++)
		key_bytes[i] = (uint8_t)(i * 13 + 5);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
