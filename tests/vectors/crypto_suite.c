/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/vectors/crypto_suite.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "crypto/kex.h"
#include "crypto/prf.h"
#include "crypto/seal.h"

static struct seal *
packet_seal(const struct packet *p, bool encrypt)
{
	struct seal_params sp = {
		.encr = p->encr, .integ = p->integ, .encrypt = encrypt,
		.encr_key = p->key.p, .encr_key_len = p->key.len,
		.integ_key = p->integ_key.p,
		.integ_key_len = p->integ_key.len,
	};
	struct seal *s;

	if (p->encr != NULL && p->encr->key_bits[0] != 0) {
		sp.key_bits =
		    (unsigned)(p->key.len - p->encr->salt_len) * 8;
	}
	return seal_new(&s, &sp, NULL) == 0 ? s : NULL;
}

/* header | IV | text | ICV in one piece, as seal.h wants them. */
static struct bytes
packet_wire(const struct packet *p, const struct seal *s,
    struct seal_op *op)
{
	struct bytes w = vec_join(vec_join(p->aad, p->iv), p->text);
	struct bytes icv = vec_room(seal_icv_len(s));

	if (p->icv.len >= icv.len)
		memcpy(icv.p, p->icv.p, icv.len);
	w = vec_join(w, icv);
	*op = (struct seal_op){
		.aad = w.p, .aad_len = p->aad.len,
		.iv = w.p + p->aad.len,
		.text = w.p + p->aad.len + p->iv.len,
		.text_len = p->text.len,
		.icv = w.p + w.len - icv.len,
	};
	return w;
}

bool
packet_protect(struct packet *p)
{
	struct seal *s = packet_seal(p, true);
	struct bytes first = { 0 }, again;
	struct seal_op op;
	bool ok = false;

	if (s == NULL)
		return false;
	if (seal_iv_len(s) == p->iv.len) {
		first = packet_wire(p, s, &op);
		ok = seal_protect(s, &op) == 0;
		again = packet_wire(p, s, &op);
		ok = ok && seal_protect(s, &op) == 0 &&
		    bytes_eq(first, again);
	}
	if (ok) {
		p->text = vec_part(first, p->aad.len + p->iv.len,
		    p->text.len);
		p->icv = vec_part(first, first.len - seal_icv_len(s),
		    first.len);
	}
	seal_free(s);
	return ok;
}

bool
packet_open(struct packet *p)
{
	struct seal *s = packet_seal(p, false);
	struct bytes w = { 0 };
	struct seal_op op;
	bool ok = false;

	if (s == NULL)
		return false;
	if (seal_iv_len(s) == p->iv.len && seal_icv_len(s) == p->icv.len) {
		packet_wire(p, s, &op);
		ok = seal_open(s, &op) == 0;
		w = packet_wire(p, s, &op);
		/* a failure must not change what follows under the key */
		ok = (seal_open(s, &op) == 0) && ok;
	}
	if (ok)
		p->text = vec_part(w, p->aad.len + p->iv.len, p->text.len);
	seal_free(s);
	return ok;
}

static size_t
chunks(struct chunk *out, const struct bytes *in, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		out[i] = (struct chunk){ in[i].p, in[i].len };
	return nr;
}

struct bytes
prf_of(const struct alg *prf, struct bytes key, struct bytes a,
    struct bytes b, struct bytes c)
{
	const struct bytes in[] = { a, b, c };
	struct bytes out = vec_room(PRF_MAX);
	struct chunk ch[3];

	if (prf_compute(prf, key.p, key.len, ch, chunks(ch, in, 3), out.p,
	    NULL) < 0) {
		out.len = 0;
	} else {
		out.len = prf->out_len;
	}
	return out;
}

struct bytes
prf_plus_of(const struct alg *prf, struct bytes key, struct bytes a,
    struct bytes b, struct bytes c, struct bytes d, size_t len)
{
	const struct bytes in[] = { a, b, c, d };
	struct bytes out = vec_room(len);
	struct chunk ch[4];

	if (prf_plus(prf, key.p, key.len, ch, chunks(ch, in, 4), out.p, len,
	    NULL) < 0) {
		out.len = 0;
	}
	return out;
}

const struct alg *
alg_by_name(const char *name)
{
	const struct alg *a;
	size_t i;

	for (i = 0; (a = alg_at(i)) != NULL; i++) {
		if (str_eq(a->name, name))
			return a;
	}

	return NULL;
}

struct bytes
agree(const struct alg *group, struct bytes priv, struct bytes peer)
{
	struct bytes out = { .p = (uint8_t *)"" };
	struct secret shared;
	struct kex *k;

	if (kex_new_private(&k, group, priv.p, priv.len, NULL) < 0)
		return out;
	if (kex_derive(k, peer.p, peer.len, &shared, NULL) == 0) {
		out = vec_room(shared.len);
		memcpy(out.p, shared.data, shared.len);
		secret_free(&shared);
	}
	kex_free(k);
	return out;
}

struct bytes
public_of(const struct alg *group, struct bytes priv)
{
	struct bytes out = { .p = (uint8_t *)"" };
	struct buf b = { 0 };
	struct kex *k;

	if (kex_new_private(&k, group, priv.p, priv.len, NULL) < 0)
		return out;
	if (kex_public(k, &b, NULL) == 0) {
		out = vec_room(b.len);
		memcpy(out.p, b.data, b.len);
	}
	buf_free(&b);
	kex_free(k);
	return out;
}
