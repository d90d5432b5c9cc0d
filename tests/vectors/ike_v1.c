/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IKEv1 against $SP_SHARED/vectors: the generated key derivations and NIST's
 * (kdf/), and the v1 captures, of which every message is read, decrypted with
 * the logged key, and written and encrypted again byte for byte.  One TAP
 * line a vector and a capture.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <pcap/pcap.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "crypto/cbc.h"
#include "ike/v1/v1keys.h"
#include "ike/v1/wire.h"

#define FRAME_HEADERS 42	/* Ethernet, IPv4, UDP */

static unsigned bad, tests;

static void
result(const char *name, bool good)
{
	tests++;
	bad += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", tests, name);
}

static struct buf
hex(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	struct buf b = {0};

	if (s != NULL)
		str_unhex(&b, s, strlen(s));
	return b;
}

static struct chunk
chunk(const struct buf *b)
{
	return (struct chunk){ b->data, b->len };
}

static struct secret
secret(const json_t *j, const char *key)
{
	struct buf b = hex(j, key);
	struct secret s = {0};

	secret_set(&s, b.data, b.len);
	buf_free(&b);
	return s;
}

/* Does the vector have these bytes, as far as it goes? */
static bool
same(const json_t *j, const char *key, const void *p, size_t len)
{
	struct buf want = hex(j, key);
	bool good = want.len > 0 && memcmp(p, want.data,
	    want.len < len ? want.len : len) == 0;

	if (!good)
		printf("# %s differs\n", key);
	buf_free(&want);
	return good;
}

static const struct alg *
prf_by_name(const char *name)
{
	const struct alg *a;
	size_t i;

	for (i = 0; (a = alg_at(i)) != NULL; i++) {
		if (a->type == ALG_PRF && str_eq(a->name, name))
			return a;
	}
	return NULL;
}

static bool
check_keymat(const json_t *v, const struct suite *s, const char *key,
    const char *g_xy)
{
	struct buf ni = hex(v, "Ni_b"), nr = hex(v, "Nr_b");
	struct chunk i = chunk(&ni), r = chunk(&nr);
	struct secret d = secret(v, "SKEYID_d"), g = {0}, e = {0}, a = {0};
	struct buf spi = hex(v, "SPI"), all = {0};
	bool good;

	if (g_xy != NULL)
		g = secret(v, g_xy);
	good = v1_keymat(s->prf, &d, g_xy != NULL ? &g : NULL, PROTO_ESP,
	    get_u32(spi.data), &i, &r, s, &e, &a, NULL) == 0;
	buf_bytes(&all, e.data, e.len);
	buf_bytes(&all, a.data, a.len);
	good = good && same(v, key, all.data, all.len);
	secret_free(&d);
	secret_free(&g);
	secret_free(&e);
	secret_free(&a);
	buf_free(&ni);
	buf_free(&nr);
	buf_free(&spi);
	buf_free(&all);
	return good;
}

static bool
check_hash(const json_t *v, const struct alg *prf, bool initiator)
{
	struct buf xi = hex(v, "g_xi"), xr = hex(v, "g_xr");
	struct buf sai = hex(v, "SAi_b"), id = hex(v, "IDii_b");
	struct buf ci = hex(v, "CKY_I"), cr = hex(v, "CKY_R");
	struct secret skeyid = secret(v, "SKEYID");
	uint8_t out[PRF_MAX];
	struct v1_proof p = {
		.own_ke = chunk(initiator ? &xi : &xr),
		.other_ke = chunk(initiator ? &xr : &xi),
		.own_cky = get_u64(initiator ? ci.data : cr.data),
		.other_cky = get_u64(initiator ? cr.data : ci.data),
		.sai = chunk(&sai), .id = chunk(&id),
	};
	bool good;

	good = v1_proof_hash(prf, &skeyid, &p, out, NULL) == 0 &&
	    same(v, initiator ? "HASH_I" : "HASH_R", out, prf->out_len);
	secret_free(&skeyid);
	buf_free(&xi);
	buf_free(&xr);
	buf_free(&sai);
	buf_free(&id);
	buf_free(&ci);
	buf_free(&cr);
	return good;
}

/* The names of the generated vectors. */
static bool
check_vector(const json_t *v)
{
	struct suite s = {
		.encr = alg_by_id(ALG_ENCR, 12), .key_bits = 256,
		.integ = alg_by_id(ALG_INTEG, 12),
		.prf = prf_by_name(json_string_value(json_object_get(v,
		    "prf"))),
	};
	struct buf ni = hex(v, "Ni_b"), nr = hex(v, "Nr_b");
	struct buf ci = hex(v, "CKY_I"), cr = hex(v, "CKY_R");
	struct chunk i = chunk(&ni), r = chunk(&nr);
	struct secret psk = secret(v, "psk"), g = secret(v, "g_xy");
	struct secret skeyid = {0};
	struct ike_keys k = {0};
	bool good = true;

	if (str_eq(json_string_value(json_object_get(v, "auth")), "psk")) {
		good = v1_skeyid_psk(s.prf, &psk, &i, &r, &skeyid, NULL) ==
		    0 && same(v, "SKEYID", skeyid.data, skeyid.len);
	} else {
		skeyid = secret(v, "SKEYID");
	}
	good = good && v1_phase1_keys(&s, &skeyid, &g, get_u64(ci.data),
	    get_u64(cr.data), &k, NULL) == 0 &&
	    same(v, "SKEYID_d", k.d.data, k.d.len) &&
	    same(v, "SKEYID_a", k.ai.data, k.ai.len) &&
	    same(v, "Ka_first_32", k.ei.data, k.ei.len) &&
	    check_keymat(v, &s, "KEYMAT", NULL) &&
	    check_keymat(v, &s, "KEYMAT_pfs", "g_xy_quick") &&
	    check_hash(v, s.prf, true);
	ike_keys_free(&k);
	secret_free(&psk);
	secret_free(&g);
	secret_free(&skeyid);
	buf_free(&ni);
	buf_free(&nr);
	buf_free(&ci);
	buf_free(&cr);
	return good;
}

/* NIST's form of the same; signatures have another SKEYID. */
static bool
check_acvp(const json_t *v)
{
	const json_t *in = json_object_get(v, "input");
	const json_t *out = json_object_get(v, "expected");
	struct suite s = { .encr = alg_by_id(ALG_ENCR, 12), .key_bits = 128,
	    .prf = prf_by_name("PRF_HMAC_SHA1") };
	struct buf ni = hex(in, "nInit"), nr = hex(in, "nResp");
	struct buf ci = hex(in, "ckyInit"), cr = hex(in, "ckyResp");
	struct chunk i = chunk(&ni), r = chunk(&nr);
	struct secret psk = secret(in, "preSharedKey"), g = secret(in, "gxy");
	struct secret skeyid = {0};
	struct ike_keys k = {0};
	bool good;

	good = v1_skeyid_psk(s.prf, &psk, &i, &r, &skeyid, NULL) == 0 &&
	    same(out, "sKeyId", skeyid.data, skeyid.len) &&
	    v1_phase1_keys(&s, &skeyid, &g, get_u64(ci.data),
	    get_u64(cr.data), &k, NULL) == 0 &&
	    same(out, "sKeyIdD", k.d.data, k.d.len) &&
	    same(out, "sKeyIdA", k.ai.data, k.ai.len) &&
	    same(out, "sKeyIdE", k.ei.data, k.ei.len);
	ike_keys_free(&k);
	secret_free(&psk);
	secret_free(&g);
	secret_free(&skeyid);
	buf_free(&ni);
	buf_free(&nr);
	buf_free(&ci);
	buf_free(&cr);
	return good;
}

/* ---- captures ---- */

/* Write the payloads anew and compare with the bytes they came from. */
static bool
write_again(const struct v1_msg *m, const struct ike_header *hdr,
    struct v1_out *o)
{
	size_t i;

	v1_out_begin(o, hdr->spi_i, hdr->spi_r, hdr->exchange, hdr->mid);
	for (i = 0; i < m->nr; i++) {
		v1_out_add(o, m->at[i].type, m->at[i].body.p,
		    m->at[i].body.len);
	}
	v1_out_finish(o);
	return o->b.len - IKE_HEADER_LEN == m->chain.len &&
	    memcmp(o->b.data + IKE_HEADER_LEN, m->chain.p, m->chain.len) == 0;
}

/* strongSwan's name of the cipher. */
static const struct alg *
cipher_of(const char *suite)
{
	return alg_by_id(ALG_ENCR, strstr(suite, "3DES") != NULL ? 3 : 12);
}

static bool
check_sealed(const json_t *ike, const json_t *sa, const uint8_t *data,
    const struct ike_header *hdr)
{
	const char *suite = json_string_value(json_object_get(sa, "suite"));
	const struct alg *encr = cipher_of(suite ? suite : "");
	size_t len = hdr->length - IKE_HEADER_LEN;
	struct secret key = secret(sa, "Ka");
	struct buf iv = hex(ike, "iv"), iv2 = hex(ike, "iv"), text = {0};
	struct v1_out o = {0};
	struct v1_msg m;
	bool good;

	buf_bytes(&text, data + IKE_HEADER_LEN, len);
	good = iv.len == encr->block_len && cbc_crypt(encr, &key, iv.data,
	    text.data, len, false, NULL) == 0 &&
	    same(ike, "plaintext", text.data, len) &&
	    v1_chain_read(&m, hdr->next_payload, text.data, len, NULL) == 0 &&
	    write_again(&m, hdr, &o);
	if (good) {
		/* the padding as it was, then encrypted again */
		buf_bytes(&o.b, text.data + m.chain.len, len - m.chain.len);
		good = cbc_crypt(encr, &key, iv2.data,
		    o.b.data + IKE_HEADER_LEN, len, true, NULL) == 0 &&
		    memcmp(o.b.data + IKE_HEADER_LEN,
		    data + IKE_HEADER_LEN, len) == 0;
	}
	secret_free(&key);
	buf_free(&iv);
	buf_free(&iv2);
	buf_free(&text);
	buf_free(&o.b);
	return good;
}

static const json_t *
sa_of(const json_t *j, const char *spi_i)
{
	const json_t *sa;
	size_t i;

	json_array_foreach(json_object_get(j, "ike_sas"), i, sa) {
		if (str_eq(json_string_value(json_object_get(sa, "spi_i")),
		    spi_i))
			return sa;
	}
	return NULL;
}

static bool
check_message(const json_t *j, const json_t *ike, const uint8_t *data,
    size_t len)
{
	const json_t *sa = sa_of(j, json_string_value(json_object_get(ike,
	    "spi_i")));
	struct ike_header hdr;
	struct v1_out o = {0};
	struct v1_msg m;
	bool good;

	if (ike_header_read(&hdr, data, len, NULL) < 0 || hdr.major != 1)
		return false;
	if (hdr.flags & 1) {
		/* sealed by another key (a wrong secret): the logs lack it */
		if (!json_is_true(json_object_get(ike, "parse_ok")))
			return true;
		return sa != NULL && check_sealed(ike, sa, data, &hdr);
	}
	good = v1_chain_read(&m, hdr.next_payload, data + IKE_HEADER_LEN,
	    len - IKE_HEADER_LEN, NULL) == 0 && write_again(&m, &hdr, &o) &&
	    o.b.len == len;
	buf_free(&o.b);
	return good;
}

static bool
check_capture(const char *base)
{
	char path[700], errbuf[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *p;
	const json_t *packet, *ike;
	bool good = true;
	pcap_t *pc;
	json_t *j;
	size_t i, off;

	snprintf(path, sizeof(path), "%s.json", base);
	j = json_load_file(path, 0, NULL);
	snprintf(path, sizeof(path), "%s.pcap", base);
	pc = pcap_open_offline(path, errbuf);
	if (j == NULL || pc == NULL)
		return false;
	json_array_foreach(json_object_get(j, "packets"), i, packet) {
		if (pcap_next_ex(pc, &h, &p) != 1)
			return false;
		ike = json_object_get(packet, "ike");
		off = FRAME_HEADERS + (json_object_get(packet, "marker") ? 4 :
		    0);
		if (ike == NULL || h->caplen < off)
			continue;
		off = h->caplen - (size_t)json_integer_value(
		    json_object_get(ike, "length"));
		if (check_message(j, ike, p + off, h->caplen - off))
			continue;
		printf("# packet %zu of %s\n", i + 1, base);
		good = false;
	}
	pcap_close(pc);
	json_decref(j);
	return good;
}

static void
captures(const char *shared)
{
	char dir[300], base[600];
	const struct dirent *e;
	size_t len;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/vectors/captures", shared);
	d = opendir(dir);
	while (d != NULL && (e = readdir(d)) != NULL) {
		len = strlen(e->d_name);
		if (!str_prefix(e->d_name, "v1-") || len < 5 ||
		    !str_eq(e->d_name + len - 5, ".pcap"))
			continue;
		snprintf(base, sizeof(base), "%s/%.*s", dir, (int)len - 5,
		    e->d_name);
		result(e->d_name, check_capture(base));
	}
	if (d != NULL)
		closedir(d);
}

int
main(void)
{
	const char *shared = getenv("SP_SHARED");
	char path[400];
	json_t *root;
	const json_t *v;
	size_t i;

	snprintf(path, sizeof(path), "%s/vectors/kdf/generated.json",
	    shared ? shared : "");
	root = json_load_file(path, 0, NULL);
	if (root == NULL) {
		printf("1..0 # SKIP %s is not there\n", path);
		return 77;
	}
	json_array_foreach(json_object_get(root, "vectors"), i, v) {
		if (str_eq(json_string_value(json_object_get(v, "kind")),
		    "ikev1"))
			result(json_string_value(json_object_get(v, "id")),
			    check_vector(v));
	}
	json_decref(root);
	snprintf(path, sizeof(path), "%s/vectors/kdf/acvp-libreswan.json",
	    shared);
	root = json_load_file(path, 0, NULL);
	json_array_foreach(json_object_get(root, "vectors"), i, v) {
		if (str_eq(json_string_value(json_object_get(v, "form")),
		    "ikev1_psk"))
			result("acvp ikev1_psk", check_acvp(v));
	}
	json_decref(root);
	captures(shared);
	printf("1..%u\n", tests);
	return bad > 0;
}
