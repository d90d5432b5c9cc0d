/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The IKEv2 captures of $SP_SHARED/vectors/captures, from end to end: every
 * message is read, checked against the rules, opened with the logged keys,
 * compared with what golden.py found, and written again byte for byte; the
 * logged keys and AUTH values are derived again.  One TAP line a capture.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <pcap/pcap.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "crypto/cert.h"
#include "crypto/rng.h"
#include "crypto/seal.h"
#include "crypto/sig.h"
#include "ike/codec.h"
#include "ike/keys.h"
#include "ike/proposal.h"
#include "ike/sk.h"

#define MAX_SAS 8
#define MAX_FRAMES 512
#define MAX_MESSAGE 4096

struct sa {
	uint64_t spi_i, spi_r;
	struct suite suite;
	json_t *j;
	struct ike_keys keys;		/* as logged */
	struct seal_params params[2];	/* 0: initiator's messages */
	struct seal *open[2];
	uint8_t nonce[2][256];		/* of the exchange that made it */
	size_t nonce_len[2];
	uint8_t id[2][512];		/* ID payload bodies */
	size_t id_len[2];
	uint8_t auth[2][64];		/* AUTH payloads, if by PSK */
	uint8_t method[2];		/* of AUTH, if it signs */
	struct buf sig[2], cert[2];	/* that AUTH, the first CERT */
	size_t auth_len[2];
	const struct sa *parent;	/* that rekeyed it */
};

struct capture {
	const char *name;
	json_t *j;
	struct buf frames[MAX_FRAMES];
	size_t nr_frames;
	struct sa sas[MAX_SAS];
	size_t nr_sas;
	unsigned failures, messages, opened, resealed, keys, auths, sigs;
};

static void complain(struct capture *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
complain(struct capture *c, const char *fmt, ...)
{
	va_list ap;

	if (c->failures++ > 20)
		return;
	printf("# %s: ", c->name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

static void
compare(struct capture *c, const char *what, const void *p, size_t len,
    const void *want, size_t want_len)
{
	struct buf a = {0}, b = {0};

	if (len == want_len && (len == 0 || memcmp(p, want, len) == 0))
		return;
	str_hex(&a, p, len);
	str_hex(&b, want, want_len);
	buf_puts(&a, "");
	buf_puts(&b, "");
	complain(c, "%s is\n#   %s, expected\n#   %s", what, (char *)a.data,
	    (char *)b.data);
	buf_free(&a);
	buf_free(&b);
}

static struct buf
hex_of(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	struct buf b = {0};

	if (s != NULL)
		str_unhex(&b, s, strlen(s));
	return b;
}

static void
secret_of(json_t *j, const char *key, struct secret *out)
{
	struct buf b = hex_of(j, key);

	secret_set(out, b.data, b.len);
	buf_free(&b);
}

static uint64_t
spi_of(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? strtoull(s, NULL, 16) : 0;
}

/* strongSwan's "AES_CBC_128" against our "ENCR_AES_CBC", without "_". */
static bool
same_name(const char *theirs, const char *ours, const char *prefix,
    const char **rest)
{
	if (str_prefix(ours, prefix))
		ours += strlen(prefix);
	for (;; theirs++, ours++) {
		while (*theirs == '_')
			theirs++;
		while (*ours == '_')
			ours++;
		if (*ours == '\0' || *theirs != *ours)
			break;
	}
	*rest = theirs;
	return *ours == '\0';
}

static void
take_token(struct suite *s, const char *tok)
{
	const struct alg *a;
	const char *rest;
	size_t i;

	if (s->encr == NULL) {
		for (i = 0; (a = alg_at(i)) != NULL; i++) {
			if (a->type == ALG_ENCR &&
			    same_name(tok, a->name, "ENCR_", &rest) &&
			    (*rest == '\0' || str_eq(rest, "CBC") ||
			    alg_has_key_bits(a, (unsigned)atol(rest)))) {
				s->encr = a;
				s->key_bits = (unsigned)atol(rest);
				return;
			}
		}
	}
	for (i = 0; (a = alg_at(i)) != NULL; i++) {
		if (a->type == ALG_ENCR ||
		    !same_name(tok, a->name, "AUTH_", &rest) || *rest)
			continue;
		if (a->type == ALG_PRF)
			s->prf = a;
		else if (a->type == ALG_INTEG)
			s->integ = a;
		else if (a->type == ALG_KE)
			s->ke = a;
	}
}

static struct suite
suite_of(json_t *j)
{
	char *copy = xstrdup(json_string_value(json_object_get(j, "suite")));
	char *rest = strchr(copy, ':') + 1, *tok;
	struct suite s = {0};

	while ((tok = strsep(&rest, "/")) != NULL)
		take_token(&s, tok);
	free(copy);
	return s;
}

static void
load_sa(struct capture *c, json_t *j)
{
	struct sa *sa = &c->sas[c->nr_sas++];
	struct seal_params p = {0};
	struct secret *ek, *ik;
	int dir;

	sa->j = j;
	sa->spi_i = spi_of(j, "spi_i");
	sa->spi_r = spi_of(j, "spi_r");
	sa->suite = suite_of(j);
	secret_of(j, "SK_d", &sa->keys.d);
	secret_of(j, "SK_ai", &sa->keys.ai);
	secret_of(j, "SK_ar", &sa->keys.ar);
	secret_of(j, "SK_ei", &sa->keys.ei);
	secret_of(j, "SK_er", &sa->keys.er);
	secret_of(j, "SK_pi", &sa->keys.pi);
	secret_of(j, "SK_pr", &sa->keys.pr);
	p.encr = sa->suite.encr;
	p.key_bits = suite_key_bits(&sa->suite);
	p.integ = sa->suite.integ;
	for (dir = 0; dir < 2; dir++) {
		ek = dir ? &sa->keys.er : &sa->keys.ei;
		ik = dir ? &sa->keys.ar : &sa->keys.ai;
		p.encr_key = ek->data;
		p.encr_key_len = ek->len;
		p.integ_key = ik->data;
		p.integ_key_len = ik->len;
		sa->params[dir] = p;
		if (seal_new(&sa->open[dir], &p, NULL) < 0)
			complain(c, "no seal for %s",
			    json_string_value(json_object_get(j, "suite")));
	}
}

static void
free_sa(struct sa *sa)
{
	int dir;

	for (dir = 0; dir < 2; dir++) {
		seal_free(sa->open[dir]);
		buf_free(&sa->sig[dir]);
		buf_free(&sa->cert[dir]);
	}
	ike_keys_free(&sa->keys);
}

/* The UDP payload of an Ethernet frame; IPv6 without extension headers. */
static void
take_udp(struct buf *out, const uint8_t *p, size_t len)
{
	struct rd r;
	unsigned type, ihl;

	rd_init(&r, p, len);
	rd_skip(&r, 12);
	type = rd_u16(&r);
	if (type == 0x0800) {
		ihl = (rd_u8(&r) & 15) * 4u;
		rd_skip(&r, ihl - 1);
	} else {
		rd_skip(&r, 40);
	}
	rd_skip(&r, 4);
	len = rd_u16(&r);
	rd_skip(&r, 2);
	if (!r.bad && len >= 8 && len - 8 <= r.left)
		buf_bytes(out, r.p, len - 8);
}

static bool
load_frames(struct capture *c, const char *path)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *pc = pcap_open_offline(path, errbuf);
	struct pcap_pkthdr *h;
	const u_char *p;

	if (pc == NULL) {
		complain(c, "%s", errbuf);
		return false;
	}
	while (c->nr_frames < MAX_FRAMES && pcap_next_ex(pc, &h, &p) == 1)
		take_udp(&c->frames[c->nr_frames++], p, h->caplen);
	pcap_close(pc);
	return true;
}

static struct sa *
find_sa(struct capture *c, const struct ike_header *h)
{
	size_t i;

	for (i = 0; i < c->nr_sas; i++) {
		if (c->sas[i].spi_i == h->spi_i && c->sas[i].spi_r == h->spi_r)
			return &c->sas[i];
	}
	return NULL;
}

static const char *
golden_name(unsigned type, char out[32])
{
	return type == PLD_NONCE ? "Nonce" : ike_payload_name(type, out);
}

/* Types and order of payloads from index first on. */
static void
compare_chain(struct capture *c, int n, const struct ike_msg *m, size_t first,
    json_t *chain)
{
	size_t i, nr = m->nr - first;
	const char *want;
	char name[32];

	if (nr != json_array_size(chain))
		complain(c, "frame %d: %zu payloads, expected %zu", n, nr,
		    json_array_size(chain));
	for (i = 0; i < nr && i < json_array_size(chain); i++) {
		want = json_string_value(json_object_get(
		    json_array_get(chain, i), "type"));
		if (!str_eq(golden_name(m->payloads[first + i].type, name),
		    want))
			complain(c, "frame %d: payload %zu is %s, expected %s",
			    n, i, name, want);
	}
}

static void
write_again(struct capture *c, const struct ike_msg *m, const struct buf *raw)
{
	struct buf out = {0};
	struct sp_error err;

	if (ike_msg_write(m, &out, &err) < 0)
		complain(c, "write: %s", err.text);
	else
		compare(c, "message written again", out.data, out.len,
		    raw->data, raw->len);
	buf_free(&out);
}

/* Randomness that deals out given bytes, then zeros. */
static void
canned_bytes(void *ctx, void *out, size_t len)
{
	struct rd *r = ctx;
	size_t n = len < r->left ? len : r->left;

	memset(out, 0, len);
	rd_copy(r, out, n);
}

/*
 * Seal the opened payloads again with the IV of the capture.  The daemon
 * pads with random bytes, we with zeros: where there is padding, the text
 * with its padding goes through the seal itself instead.
 */
static void
seal_again(struct capture *c, const struct ike_msg *m, size_t first,
    const struct buf *raw, struct sa *sa, int dir)
{
	const struct ike_payload *sk = &m->payloads[first - 1];
	struct ike_msg inner = { .hdr = m->hdr, .arena = m->arena };
	struct seal_params params = sa->params[dir];
	size_t iv_len = seal_iv_len(sa->open[dir]);
	struct seal *s;
	struct buf out = {0}, copy = {0};
	struct seal_op op = {0};
	struct rd iv;
	struct rng rng = { canned_bytes, &iv };
	struct sp_error err;
	uint64_t counter = iv_len == 8 ? get_u64(sk->u.sk.data.p) : 0;

	inner.payloads = m->payloads + first;
	inner.nr = m->nr - first;
	rd_init(&iv, sk->u.sk.data.p, iv_len);
	/* a new one each time: a seal may draw IVs in advance */
	params.encrypt = true;
	if (seal_new(&s, &params, &err) < 0) {
		complain(c, "seal_new: %s", err.text);
		return;
	}
	if (ike_sk_seal(&inner, s, &counter, 0, &rng, &out, &err) < 0) {
		complain(c, "seal: %s", err.text);
		goto out;
	}
	if (seal_block_len(s) == 1) {
		compare(c, "message sealed again", out.data, out.len,
		    raw->data, raw->len);
		c->resealed++;
		goto out;
	}
	if (out.len != raw->len || memcmp(out.data, raw->data,
	    sk->u.sk.offset + iv_len) != 0)
		compare(c, "message sealed again", out.data, out.len,
		    raw->data, raw->len);

	buf_bytes(&copy, raw->data, raw->len);
	op.aad = copy.data;
	op.aad_len = sk->u.sk.offset;
	op.iv = copy.data + op.aad_len;
	op.text = op.iv + iv_len;
	op.text_len = copy.len - op.aad_len - iv_len - seal_icv_len(s);
	op.icv = op.text + op.text_len;
	if (seal_open(sa->open[dir], &op) < 0)
		complain(c, "seal_open");
	memset(op.icv, 0, seal_icv_len(s));
	if (seal_protect(s, &op) < 0)
		complain(c, "seal_protect");
	compare(c, "text sealed again", copy.data, copy.len, raw->data,
	    raw->len);
	c->resealed++;
out:
	seal_free(s);
	buf_free(&out);
	buf_free(&copy);
}

static struct sa *
sa_by_half(struct capture *c, int half, uint64_t spi)
{
	size_t i;

	for (i = 0; i < c->nr_sas; i++) {
		if ((half ? c->sas[i].spi_r : c->sas[i].spi_i) == spi)
			return &c->sas[i];
	}
	return NULL;
}

/* An opened CREATE_CHILD_SA that rekeys the IKE SA: note its nonce. */
static void
note_rekey(struct capture *c, const struct ike_msg *m, struct sa *sa)
{
	const struct ike_payload *p = ike_msg_find(m, PLD_SA);
	const struct ike_payload *nonce = ike_msg_find(m, PLD_NONCE);
	int half = (m->hdr.flags & IKE_FLAG_R) != 0;
	const struct ike_proposal *prop;
	struct sa *made;

	if (p == NULL || nonce == NULL)
		return;
	prop = &p->u.sa.proposals[0];
	if (prop->protocol != PROTO_IKE || prop->spi.len != 8)
		return;
	made = sa_by_half(c, half, get_u64(prop->spi.p));
	if (made == NULL)
		return;
	made->parent = sa;
	made->nonce_len[half] = nonce->u.raw.len;
	memcpy(made->nonce[half], nonce->u.raw.p, nonce->u.raw.len);
}

/* A signature, and the certificate that belongs to it. */
static void
note_signature(const struct ike_msg *m, const struct ike_payload *auth,
    struct sa *sa, int half)
{
	const struct ike_payload *cert = ike_msg_find(m, PLD_CERT);

	if (cert == NULL || sa->sig[half].len > 0)
		return;
	sa->method[half] = auth->u.auth.method;
	buf_bytes(&sa->sig[half], auth->u.auth.data.p,
	    auth->u.auth.data.len);
	buf_bytes(&sa->cert[half], cert->u.cert.data.p,
	    cert->u.cert.data.len);
}

static void
note_auth(const struct ike_msg *m, struct sa *sa)
{
	int half = (m->hdr.flags & IKE_FLAG_R) != 0;
	const struct ike_payload *id, *auth;

	id = ike_msg_find(m, half ? PLD_IDr : PLD_IDi);
	auth = ike_msg_find(m, PLD_AUTH);
	if (id != NULL && id->u.id.data.len + 4 <= sizeof(sa->id[0]))
		sa->id_len[half] = ike_id_body(id->u.id.type,
		    id->u.id.data.p, id->u.id.data.len, sa->id[half]);
	if (auth != NULL && auth->u.auth.method == 2 &&
	    auth->u.auth.data.len <= sizeof(sa->auth[0])) {
		sa->auth_len[half] = auth->u.auth.data.len;
		memcpy(sa->auth[half], auth->u.auth.data.p,
		    sa->auth_len[half]);
	}
	if (auth != NULL && auth->u.auth.method != 2)
		note_signature(m, auth, sa, half);
}

/* Every shorter message must be refused, also with a Length that fits. */
static void
check_truncated(struct capture *c, int n, const struct buf *raw)
{
	struct buf copy = {0};
	struct ike_msg *m;
	size_t len;

	for (len = 0; len < raw->len; len++) {
		buf_reset(&copy);
		buf_bytes(&copy, raw->data, len);
		buf_set_u32(&copy, 24, (uint32_t)len);
		if (ike_msg_read(&m, copy.data, len, NULL, NULL) == 0) {
			complain(c, "frame %d is read at %zu bytes", n, len);
			ike_msg_free(m);
		}
	}
	buf_free(&copy);
}

/* The same for the chain inside of SK. */
static void
check_truncated_inner(struct capture *c, int n, uint8_t type,
    const struct buf *chain)
{
	struct ike_msg *m;
	uint8_t *exact;
	size_t len;

	for (len = 0; len < chain->len; len++) {
		m = ike_msg_new();
		exact = xmemdup(chain->data, len);
		if (ike_payloads_read(m, type, exact, len, NULL, NULL) == 0)
			complain(c, "frame %d: inner chain is read at %zu "
			    "bytes", n, len);
		free(exact);
		ike_msg_free(m);
	}
}

static void
compare_inner(struct capture *c, int n, const struct ike_msg *m, size_t first,
    json_t *j)
{
	struct buf want = hex_of(j, "plaintext"), out = {0};
	struct sp_error err;
	uint8_t type;

	compare_chain(c, n, m, first, json_object_get(j, "inner"));
	if (ike_payloads_write(m->payloads + first, m->nr - first, &out,
	    &type, &err) < 0)
		complain(c, "write: %s", err.text);
	compare(c, "inner chain", out.data, out.len, want.data, want.len);
	if (type != json_integer_value(json_object_get(j, "inner_first")))
		complain(c, "frame %d: first inner payload %u", n, type);
	check_truncated_inner(c, n, type, &want);
	buf_free(&want);
	buf_free(&out);
}

static void
open_message(struct capture *c, int n, struct ike_msg *m,
    const struct buf *raw, json_t *j)
{
	struct sa *sa = find_sa(c, &m->hdr);
	int dir = m->hdr.flags & IKE_FLAG_I ? 0 : 1;
	size_t first = m->nr;
	struct sp_error err;

	if (sa == NULL) {
		complain(c, "frame %d: no keys", n);
		return;
	}
	if (ike_sk_open(m, raw->data, raw->len, sa->open[dir], NULL,
	    &err) < 0) {
		complain(c, "frame %d: %s", n, err.text);
		return;
	}
	c->opened++;
	compare_inner(c, n, m, first, j);
	if (ike_msg_check(m, &err) < 0)
		complain(c, "frame %d: %s", n, err.text);
	seal_again(c, m, first, raw, sa, dir);
	if (m->hdr.exchange == X_CREATE_CHILD_SA)
		note_rekey(c, m, sa);
	if (m->hdr.exchange == X_IKE_AUTH)
		note_auth(m, sa);
}

/* The last fragment's entry holds the whole chain put together. */
static void
check_reassembled(struct capture *c, int n, const struct ike_msg *m,
    json_t *j)
{
	struct buf want = hex_of(j, "reassembled"), out = {0};
	struct ike_msg *whole = ike_msg_new();
	struct sp_error err;
	json_t *first = json_array_get(json_object_get(j, "inner"), 0);
	const char *name = json_string_value(json_object_get(first, "type"));
	uint8_t type = str_eq(name, "IDi") ? PLD_IDi : PLD_IDr;

	whole->hdr = m->hdr;
	if (ike_payloads_read(whole, type, want.data, want.len, NULL,
	    &err) < 0)
		complain(c, "frame %d: %s", n, err.text);
	compare_chain(c, n, whole, 0, json_object_get(j, "inner"));
	if (ike_payloads_write(whole->payloads, whole->nr, &out, &type,
	    &err) < 0)
		complain(c, "write: %s", err.text);
	compare(c, "reassembled chain", out.data, out.len, want.data,
	    want.len);
	buf_free(&want);
	buf_free(&out);
	ike_msg_free(whole);
}

static void
check_header(struct capture *c, int n, const struct ike_header *h, json_t *j)
{
	if (h->spi_i != spi_of(j, "spi_i") || h->spi_r != spi_of(j, "spi_r") ||
	    h->next_payload !=
	    json_integer_value(json_object_get(j, "next_payload")) ||
	    h->exchange !=
	    json_integer_value(json_object_get(j, "exchange")) ||
	    h->flags != json_integer_value(json_object_get(j, "flags")) ||
	    h->mid != json_integer_value(json_object_get(j, "msgid")) ||
	    h->length != json_integer_value(json_object_get(j, "length")))
		complain(c, "frame %d: the header differs", n);
}

static void
check_message(struct capture *c, int n, const struct buf *raw, json_t *j)
{
	struct buf text = {0};
	struct ike_msg *m;
	struct sp_error err;

	c->messages++;
	if (ike_msg_read(&m, raw->data, raw->len, NULL, &err) < 0) {
		complain(c, "frame %d: %s", n, err.text);
		return;
	}
	check_header(c, n, &m->hdr, j);
	check_truncated(c, n, raw);
	compare_chain(c, n, m, 0, json_object_get(j, "outer"));
	write_again(c, m, raw);
	if (ike_msg_find(m, PLD_SK) != NULL)
		open_message(c, n, m, raw, j);
	else if (ike_msg_find(m, PLD_SKF) != NULL) {
		if (json_object_get(j, "reassembled") != NULL)
			check_reassembled(c, n, m, j);
	} else if (ike_msg_check(m, &err) < 0)
		complain(c, "frame %d: %s", n, err.text);
	write_again(c, m, raw);
	ike_msg_print(m, &text);
	if (text.len == 0)
		complain(c, "frame %d prints as nothing", n);
	buf_free(&text);
	ike_msg_free(m);
}

static void
check_packets(struct capture *c)
{
	json_t *packets = json_object_get(c->j, "packets"), *p;
	struct buf raw;
	size_t i;
	int n;

	json_array_foreach(packets, i, p) {
		if (!str_eq(json_string_value(json_object_get(p, "kind")),
		    "ike"))
			continue;
		n = (int)json_integer_value(json_object_get(p, "n"));
		if (n < 1 || (size_t)n > c->nr_frames) {
			complain(c, "no frame %d", n);
			continue;
		}
		raw = c->frames[n - 1];
		if (json_is_true(json_object_get(p, "marker"))) {
			raw.data += 4;
			raw.len -= 4;
		}
		check_message(c, n, &raw, json_object_get(p, "ike"));
	}
}

static void
compare_secret(struct capture *c, const char *what, const struct secret *s,
    json_t *j)
{
	struct buf want = hex_of(j, what);

	compare(c, what, s->data, s->len, want.data, want.len);
	c->keys++;
	buf_free(&want);
}

static int
make_skeyseed(struct sa *sa, struct secret *seed, struct sp_error *err)
{
	struct buf ni = hex_of(sa->j, "Ni"), nr = hex_of(sa->j, "Nr");
	struct secret g = {0};
	int ret;

	secret_of(sa->j, "ke_secret", &g);
	if (ni.len > 0) {
		sa->nonce_len[0] = ni.len;
		sa->nonce_len[1] = nr.len;
		memcpy(sa->nonce[0], ni.data, ni.len);
		memcpy(sa->nonce[1], nr.data, nr.len);
		ret = ike_skeyseed(sa->suite.prf, &g, ni.data, ni.len,
		    nr.data, nr.len, seed, err);
	} else if (sa->parent != NULL) {
		ret = ike_skeyseed_rekey(sa->parent->suite.prf,
		    &sa->parent->keys.d, &g, sa->nonce[0], sa->nonce_len[0],
		    sa->nonce[1], sa->nonce_len[1], seed, err);
	} else {
		ret = sp_fail(err, SP_NOTFOUND, "no nonces");
	}
	secret_free(&g);
	buf_free(&ni);
	buf_free(&nr);
	return ret;
}

static void
check_keys(struct capture *c, struct sa *sa)
{
	bool ppk = strstr(c->name, "ppk") != NULL;
	struct secret seed = {0};
	struct ike_keys k = {0};
	struct sp_error err;

	if (make_skeyseed(sa, &seed, &err) < 0 ||
	    ike_keys_derive(&sa->suite, &seed, sa->nonce[0], sa->nonce_len[0],
	    sa->nonce[1], sa->nonce_len[1], sa->spi_i, sa->spi_r, &k,
	    &err) < 0) {
		complain(c, "keys: %s", err.text);
		return;
	}
	compare_secret(c, "SKEYSEED", &seed, sa->j);
	compare_secret(c, "SK_ai", &k.ai, sa->j);
	compare_secret(c, "SK_ar", &k.ar, sa->j);
	compare_secret(c, "SK_ei", &k.ei, sa->j);
	compare_secret(c, "SK_er", &k.er, sa->j);
	/* the log has these after the PPK was mixed in */
	if (!ppk) {
		compare_secret(c, "SK_d", &k.d, sa->j);
		compare_secret(c, "SK_pi", &k.pi, sa->j);
		compare_secret(c, "SK_pr", &k.pr, sa->j);
	}
	secret_free(&seed);
	ike_keys_free(&k);
}

/* The child's keys, tried with the SK_d of each IKE SA. */
static void
check_child(struct capture *c, json_t *j)
{
	struct buf seed = hex_of(j, "seed"), want = hex_of(j, "ei");
	struct suite s = suite_of(j);
	struct child_keys k = {0};
	struct secret g = {0};
	bool found = false;
	size_t i;

	secret_of(j, "ke_secret", &g);
	for (i = 0; i < c->nr_sas && !found; i++) {
		ike_child_keys(c->sas[i].suite.prf, &c->sas[i].keys.d,
		    g.len ? &g : NULL, seed.data, seed.len, NULL, 0, &s,
		    PROTO_ESP, &k, NULL);
		found = k.encr_i.len == want.len &&
		    memcmp(k.encr_i.data, want.data, want.len) == 0;
	}
	if (!found)
		complain(c, "no SK_d gives the keys of a child");
	compare_secret(c, "er", &k.encr_r, j);
	compare_secret(c, "ai", &k.integ_i, j);
	compare_secret(c, "ar", &k.integ_r, j);
	child_keys_free(&k);
	secret_free(&g);
	buf_free(&seed);
	buf_free(&want);
}

/* The quoted text behind "secret = " in one side's configuration. */
static void
psk_of(json_t *config, const char *side, struct secret *out)
{
	const char *s = json_string_value(json_object_get(config, side));
	const char *mark = "secret = \"";

	s = s ? strstr(s, mark) : NULL;
	if (s == NULL)
		return;
	s += strlen(mark);
	secret_set(out, s, strcspn(s, "\""));
}

static void
check_auth(struct capture *c, struct sa *sa, int half)
{
	json_t *signs = json_object_get(sa->j, "signed_octets");
	json_t *config = json_object_get(c->j, "config");
	const char *hex = json_string_value(json_array_get(signs, half));
	size_t prf_len = sa->suite.prf->out_len, msg_len;
	struct secret psk = {0};
	struct buf octets = {0};
	uint8_t out[64];
	struct sp_error err;

	psk_of(config, half ? "responder" : "initiator", &psk);
	if (hex == NULL || psk.len == 0 || sa->auth_len[half] == 0 ||
	    strstr(c->name, "eap") != NULL)
		goto out;
	str_unhex(&octets, hex, strlen(hex));
	msg_len = get_u32(octets.data + 24);
	if (ike_auth_psk(sa->suite.prf, &psk, octets.data, msg_len,
	    octets.data + msg_len, octets.len - msg_len - prf_len,
	    half ? &sa->keys.pr : &sa->keys.pi, sa->id[half],
	    sa->id_len[half], out, &err) < 0)
		complain(c, "auth: %s", err.text);
	compare(c, half ? "AUTH of the responder" : "AUTH of the initiator",
	    out, prf_len, sa->auth[half], sa->auth_len[half]);
	c->auths++;
out:
	buf_free(&octets);
	secret_free(&psk);
}

/* Does the recorded signature fit these octets? */
static bool
fits(const struct sa *sa, int half, const struct cert *cert,
    const struct buf *octets)
{
	struct chunk in = { octets->data, octets->len };
	struct sig how;

	return sig_check(cert_key(cert), sa->method[half],
	    sa->sig[half].data, sa->sig[half].len, false, &in, 1, &how,
	    NULL) == 0;
}

/* A recorded signature fits the certificate and one of the octets logged (in
 * EAP some come twice); with one bit of them turned it does not. */
static void
check_signature(struct capture *c, struct sa *sa, int half)
{
	json_t *signs = json_object_get(sa->j, "signed_octets"), *v;
	struct buf octets = {0};
	struct cert *cert = NULL;
	unsigned good = 0;
	size_t i;

	if (json_array_size(signs) == 0 || sa->sig[half].len == 0)
		return;
	if (cert_read(&cert, sa->cert[half].data, sa->cert[half].len,
	    NULL) < 0) {
		complain(c, "certificate %d cannot be read", half);
		return;
	}
	json_array_foreach(signs, i, v) {
		buf_reset(&octets);
		str_unhex(&octets, json_string_value(v),
		    json_string_length(v));
		good += fits(sa, half, cert, &octets);
		octets.data[octets.len / 2] ^= 1;
		if (fits(sa, half, cert, &octets))
			complain(c, "signature %d fits other octets", half);
	}
	if (good == 0)
		complain(c, "signature %d fits nothing", half);
	c->sigs++;
	cert_unref(cert);
	buf_free(&octets);
}

static void
check_capture(struct capture *c, const char *dir)
{
	char path[512];
	json_error_t jerr;
	json_t *v;
	size_t i;

	snprintf(path, sizeof(path), "%s/%s.json", dir, c->name);
	c->j = json_load_file(path, 0, &jerr);
	if (c->j == NULL) {
		complain(c, "%s: %s", path, jerr.text);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s.pcap", dir, c->name);
	json_array_foreach(json_object_get(c->j, "ike_sas"), i, v) {
		if (i < MAX_SAS)
			load_sa(c, v);
	}
	if (load_frames(c, path))
		check_packets(c);
	for (i = 0; i < c->nr_sas; i++) {
		check_keys(c, &c->sas[i]);
		check_auth(c, &c->sas[i], 0);
		check_auth(c, &c->sas[i], 1);
		check_signature(c, &c->sas[i], 0);
		check_signature(c, &c->sas[i], 1);
	}
	json_array_foreach(json_object_get(c->j, "child_sas"), i, v)
		check_child(c, v);
}

static void
free_capture(struct capture *c)
{
	size_t i;

	for (i = 0; i < c->nr_sas; i++)
		free_sa(&c->sas[i]);
	for (i = 0; i < c->nr_frames; i++)
		buf_free(&c->frames[i]);
	json_decref(c->j);
}

static int
wanted(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return str_prefix(d->d_name, "v2-") && len > 5 &&
	    str_eq(d->d_name + len - 5, ".json");
}

int
main(void)
{
	const char *shared = getenv("SP_SHARED");
	struct dirent **names;
	struct capture *c;
	char dir[400], *name;
	int n, i, bad = 0;

	snprintf(dir, sizeof(dir), "%s/vectors/captures",
	    shared ? shared : "");
	n = shared ? scandir(dir, &names, wanted, alphasort) : 0;
	if (n <= 0) {
		printf("1..0 # SKIP no captures in SP_SHARED (%s)\n", dir);
		return 77;
	}
	printf("1..%d\n", n);
	for (i = 0; i < n; i++) {
		name = xstrndup(names[i]->d_name,
		    strlen(names[i]->d_name) - 5);
		c = xcalloc(1, sizeof(*c));
		c->name = name;
		check_capture(c, dir);
		printf("# %s: %u messages, %u opened, %u sealed again, "
		    "%u keys, %u AUTH, %u signatures\n", name, c->messages, c->opened,
		    c->resealed, c->keys, c->auths, c->sigs);
		printf("%s %d - %s\n", c->failures ? "not ok" : "ok", i + 1,
		    name);
		bad += c->failures != 0;
		free_capture(c);
		free(c);
		free(name);
		free(names[i]);
	}
	free(names);
	return bad ? 1 : 0;
}
