/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures by EVP.  What a peer declares in its AlgorithmIdentifier is
 * taken apart by OpenSSL and mapped on struct params; nothing in it chooses
 * the key: the kind has to be that of the key at hand (hardening.md: a wrong
 * key checked).  Only a return value of 1 is a good signature.
 */
#include "crypto/sig.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/pkey.h"

#define ALGID_MAX 255		/* its length is one byte, RFC 7427 3 */
#define SIG_MAX 2048		/* RSA of 16384 bits */
#define COORD_MAX 66		/* of P-521 */

const uint16_t sig_our_hashes[] = {
	SIG_SHA256, SIG_SHA384, SIG_SHA512, SIG_IDENTITY,
};
const size_t sig_nr_hashes = NELEM(sig_our_hashes);

static const struct hash_row {
	enum sig_hash hash;
	const char *name, *md;
	int nid;
} hash_table[] = {
	{ SIG_SHA1, "SHA-1", "SHA1", NID_sha1 },
	{ SIG_SHA256, "SHA-256", "SHA256", NID_sha256 },
	{ SIG_SHA384, "SHA-384", "SHA384", NID_sha384 },
	{ SIG_SHA512, "SHA-512", "SHA512", NID_sha512 },
	{ SIG_IDENTITY, "Identity", NULL, NID_undef },
};

/* What EVP needs for one signature. */
struct params {
	enum pkey_type type;
	const char *md;		/* NULL: the scheme has its own */
	const char *mgf1;	/* PSS, if other than md */
	bool pss;
	int salt;		/* PSS: bytes */
};

static const struct hash_row *
hash_row(unsigned hash)
{
	size_t i;

	for (i = 0; i < NELEM(hash_table); i++) {
		if (hash_table[i].hash == hash)
			return &hash_table[i];
	}
	return NULL;
}

static const struct hash_row *
hash_by_nid(int nid)
{
	size_t i;

	for (i = 0; i < NELEM(hash_table); i++) {
		if (hash_table[i].nid == nid && nid != NID_undef)
			return &hash_table[i];
	}
	return NULL;
}

void
sig_print_hashes(struct buf *b, unsigned hashes)
{
	size_t i, n = 0;

	for (i = 0; i < NELEM(hash_table); i++) {
		if (!(hashes & SIG_BIT(hash_table[i].hash)))
			continue;
		buf_printf(b, "%s%s", n++ > 0 ? ", " : "",
		    hash_table[i].name);
	}
	if (n == 0)
		buf_puts(b, "none");
}

void
sig_print(struct buf *b, const struct pkey *k, const struct sig *s)
{
	const struct hash_row *row = hash_row(s->hash);

	switch (pkey_type_of(k)) {
	case PKEY_RSA:
		buf_puts(b, s->pss ? "RSA-PSS" : "RSA");
		break;
	case PKEY_ECDSA:
		buf_puts(b, "ECDSA");
		break;
	case PKEY_ED25519:
	case PKEY_ED448:
		pkey_print(b, k);
		return;
	}
	if (row != NULL)
		buf_printf(b, " with %s", row->name);
}

/* ---- choice ---- */

/* Classic methods of RFC 4754: the curve says everything. */
static const struct curve_row {
	unsigned bits;
	uint8_t method, hash;
	size_t coord;
} curve_table[] = {
	{ 256, SIG_METHOD_ECDSA256, SIG_SHA256, 32 },
	{ 384, SIG_METHOD_ECDSA384, SIG_SHA384, 48 },
	{ 521, SIG_METHOD_ECDSA521, SIG_SHA512, 66 },
};

/* Row of a NIST curve; Brainpool and others have the same sizes. */
static const struct curve_row *
curve_row(const struct pkey *k)
{
	static const char *const names[] = {
		"prime256v1", "secp384r1", "secp521r1",
	};
	char group[64];
	size_t i;

	if (pkey_type_of(k) != PKEY_ECDSA ||
	    !EVP_PKEY_get_group_name(pkey_evp(k), group, sizeof(group), NULL))
		return NULL;
	for (i = 0; i < NELEM(names); i++) {
		if (strcmp(group, names[i]) == 0)
			return &curve_table[i];
	}
	return NULL;
}

static int
choose_classic(const struct pkey *k, struct sig *out, struct sp_error *err)
{
	const struct curve_row *curve = curve_row(k);
	struct buf b = {0};

	if (pkey_type_of(k) == PKEY_RSA) {
		*out = (struct sig){ SIG_METHOD_RSA, SIG_SHA1, false };
		return 0;
	}
	if (curve != NULL) {
		*out = (struct sig){ curve->method, curve->hash, false };
		return 0;
	}
	pkey_print(&b, k);
	sp_fail(err, SP_PEER, "The peer does not know RFC 7427, which a "
	    "signature with our %.*s key needs.", (int)b.len,
	    (const char *)b.data);
	buf_free(&b);
	return SP_PEER;
}

/* The hash that fits the strength of the key first, then stronger ones. */
static unsigned
choose_hash(const struct pkey *k, unsigned hashes)
{
	static const uint8_t order[] = {
		SIG_SHA256, SIG_SHA384, SIG_SHA512, SIG_SHA256, SIG_SHA384,
		SIG_SHA1,
	};
	unsigned bits = pkey_bits(k);
	size_t i = 0;

	if (pkey_type_of(k) == PKEY_ED25519 || pkey_type_of(k) == PKEY_ED448)
		return hashes & SIG_BIT(SIG_IDENTITY) ? SIG_IDENTITY :
		    SIG_HASH_NONE;
	if (pkey_type_of(k) == PKEY_ECDSA)
		i = bits > 384 ? 2 : bits > 256 ? 1 : 0;
	for (; i < NELEM(order); i++) {
		if (hashes & SIG_BIT(order[i]))
			return order[i];
	}
	return SIG_HASH_NONE;
}

int
sig_choose(const struct pkey *k, unsigned hashes, bool pss, struct sig *out,
    struct sp_error *err)
{
	struct buf key = {0}, list = {0};
	unsigned hash;

	if (hashes == 0)
		return choose_classic(k, out, err);
	hash = choose_hash(k, hashes);
	if (hash != SIG_HASH_NONE) {
		*out = (struct sig){ SIG_METHOD_DIGITAL, (uint8_t)hash,
		    pss && pkey_type_of(k) == PKEY_RSA };
		return 0;
	}
	pkey_print(&key, k);
	sig_print_hashes(&list, hashes);
	sp_fail(err, SP_PEER, "The peer accepts no signature hash that our "
	    "%.*s key can be used with; it offers %.*s.", (int)key.len,
	    (const char *)key.data, (int)list.len, (const char *)list.data);
	buf_free(&key);
	buf_free(&list);
	return SP_PEER;
}

/* ---- EVP ---- */

static bool
set_pss(EVP_PKEY_CTX *ctx, const struct params *p)
{
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, p->salt) <= 0)
		return false;
	return p->mgf1 == NULL ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, p->mgf1, NULL) > 0;
}

static bool
start(EVP_MD_CTX *md, const struct pkey *k, const struct params *p,
    bool sign, EVP_PKEY_CTX **ctx)
{
	int ok;

	if (sign)
		ok = EVP_DigestSignInit_ex(md, ctx, p->md, NULL, NULL,
		    pkey_evp(k), NULL);
	else
		ok = EVP_DigestVerifyInit_ex(md, ctx, p->md, NULL, NULL,
		    pkey_evp(k), NULL);
	return ok == 1 && (!p->pss || set_pss(*ctx, p));
}

/* One-shot schemes (EdDSA) want all in one piece. */
static void
join(const struct chunk *in, size_t nr, struct buf *all)
{
	size_t i;

	for (i = 0; i < nr; i++)
		buf_bytes(all, in[i].p, in[i].len);
}

/* DER of an ECDSA signature to r | s and back (RFC 4754 3). */
static bool
ecdsa_to_pair(const uint8_t *der, size_t len, size_t coord, struct buf *out)
{
	const unsigned char *at = der;
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &at, (long)len);
	uint8_t pair[2 * COORD_MAX];
	bool ok;

	ok = s != NULL &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(s), pair, (int)coord) > 0 &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(s), pair + coord, (int)coord) > 0;
	if (ok)
		buf_bytes(out, pair, 2 * coord);
	ECDSA_SIG_free(s);
	return ok;
}

static bool
ecdsa_from_pair(const uint8_t *pair, size_t coord, struct buf *der)
{
	ECDSA_SIG *s = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(pair, (int)coord, NULL);
	BIGNUM *v = BN_bin2bn(pair + coord, (int)coord, NULL);
	unsigned char *p = NULL;
	int len = 0;

	if (s != NULL && r != NULL && v != NULL && ECDSA_SIG_set0(s, r, v)) {
		r = v = NULL;
		len = i2d_ECDSA_SIG(s, &p);
	}
	if (len > 0)
		buf_bytes(der, p, (size_t)len);
	OPENSSL_free(p);
	BN_free(r);
	BN_free(v);
	ECDSA_SIG_free(s);
	return len > 0;
}

/* ---- making ---- */

static bool
add_algid(EVP_PKEY_CTX *ctx, struct buf *out)
{
	uint8_t der[ALGID_MAX];
	OSSL_PARAM par[2];

	par[0] = OSSL_PARAM_construct_octet_string(
	    OSSL_SIGNATURE_PARAM_ALGORITHM_ID, der, sizeof(der));
	par[1] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_CTX_get_params(ctx, par) <= 0 ||
	    par[0].return_size == 0 || par[0].return_size > sizeof(der))
		return false;
	buf_u8(out, (uint8_t)par[0].return_size);
	buf_bytes(out, der, par[0].return_size);
	return true;
}

int
sig_make(const struct pkey *k, const struct sig *how, const struct chunk *in,
    size_t nr, struct buf *out, struct sp_error *err)
{
	const struct hash_row *hash = hash_row(how->hash);
	struct params p = { .type = pkey_type_of(k), .pss = how->pss,
	    .md = hash == NULL ? NULL : hash->md,
	    .salt = RSA_PSS_SALTLEN_DIGEST };
	const struct curve_row *curve = curve_row(k);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	size_t len = SIG_MAX, mark = out->len;
	uint8_t sig[SIG_MAX];
	struct buf all = {0};
	bool ok;

	join(in, nr, &all);
	ok = md != NULL && start(md, k, &p, true, &ctx);
	if (ok && how->method == SIG_METHOD_DIGITAL)
		ok = add_algid(ctx, out);
	ok = ok && EVP_DigestSign(md, sig, &len, all.data, all.len) == 1;
	if (ok && how->method != SIG_METHOD_DIGITAL && curve != NULL)
		ok = ecdsa_to_pair(sig, len, curve->coord, out);
	else if (ok)
		buf_bytes(out, sig, len);
	EVP_MD_CTX_free(md);
	buf_free(&all);
	if (ok)
		return 0;
	buf_truncate(out, mark);
	return ssl_fail(err, SP_SYSTEM, "Signing failed");
}

/* ---- checking ---- */

/* The digest that a nested AlgorithmIdentifier names; NULL = SHA-1, the
 * default of RFC 4055. */
static const struct hash_row *
hash_of(const X509_ALGOR *alg)
{
	const ASN1_OBJECT *obj;

	if (alg == NULL)
		return hash_by_nid(NID_sha1);
	X509_ALGOR_get0(&obj, NULL, NULL, alg);
	return hash_by_nid(OBJ_obj2nid(obj));
}

static const struct hash_row *
mgf_hash(const X509_ALGOR *mgf)
{
	const ASN1_OBJECT *obj;
	const struct hash_row *row = NULL;
	const void *val;
	X509_ALGOR *inner;
	int type;

	if (mgf == NULL)
		return hash_by_nid(NID_sha1);
	X509_ALGOR_get0(&obj, &type, &val, mgf);
	if (OBJ_obj2nid(obj) != NID_mgf1 || type != V_ASN1_SEQUENCE)
		return NULL;
	inner = ASN1_item_unpack(val, ASN1_ITEM_rptr(X509_ALGOR));
	if (inner != NULL)
		row = hash_of(inner);
	X509_ALGOR_free(inner);
	return row;
}

/* RSASSA-PSS-params, RFC 4055 3.1. */
static bool
read_pss(const void *val, int type, struct params *p, unsigned *hash)
{
	const struct hash_row *md, *mgf;
	RSA_PSS_PARAMS *pss;
	bool ok = false;
	long salt = 20;

	if (type != V_ASN1_SEQUENCE)
		return false;
	pss = ASN1_item_unpack(val, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
	if (pss == NULL)
		return false;
	md = hash_of(pss->hashAlgorithm);
	mgf = mgf_hash(pss->maskGenAlgorithm);
	if (pss->saltLength != NULL)
		salt = ASN1_INTEGER_get(pss->saltLength);
	if (md != NULL && mgf != NULL && salt >= 0 && salt <= 512 &&
	    (pss->trailerField == NULL ||
	    ASN1_INTEGER_get(pss->trailerField) == 1)) {
		p->md = md->md;
		p->mgf1 = mgf->md;
		p->salt = (int)salt;
		*hash = md->hash;
		ok = true;
	}
	RSA_PSS_PARAMS_free(pss);
	return ok;
}

static bool
read_parts(const X509_ALGOR *alg, struct params *p, unsigned *hash)
{
	const struct hash_row *row;
	const ASN1_OBJECT *obj;
	const void *val;
	int type, nid, md, pk;

	X509_ALGOR_get0(&obj, &type, &val, alg);
	nid = OBJ_obj2nid(obj);
	*hash = SIG_IDENTITY;
	if (nid == NID_rsassaPss) {
		p->type = PKEY_RSA;
		p->pss = true;
		return read_pss(val, type, p, hash);
	}
	if (nid == NID_ED25519 || nid == NID_ED448) {
		p->type = nid == NID_ED25519 ? PKEY_ED25519 : PKEY_ED448;
		return type == V_ASN1_UNDEF;
	}
	if (!OBJ_find_sigid_algs(nid, &md, &pk) ||
	    (row = hash_by_nid(md)) == NULL)
		return false;
	p->md = row->md;
	*hash = row->hash;
	p->type = pk == NID_rsaEncryption ? PKEY_RSA : PKEY_ECDSA;
	return pk == NID_rsaEncryption || pk == NID_X9_62_id_ecPublicKey;
}

/* The AlgorithmIdentifier in front of a signature; the rest is in *r. */
static int
read_algid(struct rd *r, struct params *p, unsigned *hash,
    struct sp_error *err)
{
	size_t len = rd_u8(r);
	const uint8_t *der = rd_bytes(r, len);
	const unsigned char *at = der;
	X509_ALGOR *alg;
	bool ok;

	if (r->bad || len == 0) {
		return sp_fail(err, SP_FORMAT,
		    "The peer's AUTH payload is too short.");
	}
	alg = d2i_X509_ALGOR(NULL, &at, (long)len);
	if (alg == NULL || at != der + len) {
		X509_ALGOR_free(alg);
		return ssl_fail(err, SP_FORMAT, "The algorithm of the peer's "
		    "signature is malformed");
	}
	ok = read_parts(alg, p, hash);
	X509_ALGOR_free(alg);
	ERR_clear_error();
	if (ok)
		return 0;
	return sp_fail(err, SP_UNSUPPORTED, "The peer signs by an algorithm "
	    "that is not known here.");
}

static bool
fits(const struct pkey *k, const struct params *p, const uint8_t *sig,
    size_t len, const struct buf *all)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	bool ok;

	ok = md != NULL && start(md, k, p, false, &ctx) &&
	    EVP_DigestVerify(md, sig, len, all->data, all->len) == 1;
	EVP_MD_CTX_free(md);
	ERR_clear_error();
	return ok;
}

/* Method 1: SHA-1 by the book, SHA-2 as some peers do (conformance V2-052). */
static bool
fits_rsa(const struct pkey *k, bool sha1, const uint8_t *sig, size_t len,
    const struct buf *all, struct sig *how)
{
	static const uint8_t order[] = {
		SIG_SHA256, SIG_SHA384, SIG_SHA512, SIG_SHA1,
	};
	struct params p = { .type = PKEY_RSA };
	size_t i;

	for (i = 0; i < NELEM(order); i++) {
		if (order[i] == SIG_SHA1 && !sha1)
			continue;
		p.md = hash_row(order[i])->md;
		how->hash = order[i];
		if (fits(k, &p, sig, len, all))
			return true;
	}
	return false;
}

static bool
fits_pair(const struct pkey *k, const struct curve_row *curve,
    const uint8_t *sig, size_t len, const struct buf *all, struct sig *how)
{
	struct params p = { .type = PKEY_ECDSA };
	struct buf der = {0};
	bool ok;

	how->hash = curve->hash;
	p.md = hash_row(curve->hash)->md;
	ok = len == 2 * curve->coord && ecdsa_from_pair(sig, curve->coord,
	    &der) && fits(k, &p, der.data, der.len, all);
	buf_free(&der);
	return ok;
}

static int
other_kind(const struct pkey *k, struct sp_error *err)
{
	struct buf b = {0};

	pkey_print(&b, k);
	sp_fail(err, SP_PEER, "The peer's signature is of another kind than "
	    "its %.*s key.", (int)b.len, (const char *)b.data);
	buf_free(&b);
	return SP_PEER;
}

static int
check_digital(const struct pkey *k, const uint8_t *auth, size_t len,
    bool sha1, const struct buf *all, struct sig *how, struct sp_error *err)
{
	struct params p = {0};
	unsigned hash = SIG_HASH_NONE;
	struct rd r;
	int ret;

	rd_init(&r, auth, len);
	ret = read_algid(&r, &p, &hash, err);
	if (ret < 0)
		return ret;
	how->hash = (uint8_t)hash;
	how->pss = p.pss;
	if (hash == SIG_SHA1 && !sha1) {
		return sp_fail(err, SP_UNSUPPORTED, "The peer signs with "
		    "SHA-1, which we did not offer and which is too weak.");
	}
	if (p.type != pkey_type_of(k))
		return other_kind(k, err);
	if (r.left > 0 && r.left <= SIG_MAX &&
	    fits(k, &p, auth + (len - r.left), r.left, all))
		return 0;
	return sp_fail(err, SP_AUTH, "The peer's signature does not fit its "
	    "key.");
}

static int
check_classic(const struct pkey *k, unsigned method, const uint8_t *auth,
    size_t len, bool sha1, const struct buf *all, struct sig *how,
    struct sp_error *err)
{
	const struct curve_row *curve = curve_row(k);
	bool ok;

	if (method == SIG_METHOD_RSA && pkey_type_of(k) == PKEY_RSA)
		ok = fits_rsa(k, sha1, auth, len, all, how);
	else if (curve != NULL && curve->method == method)
		ok = fits_pair(k, curve, auth, len, all, how);
	else
		return other_kind(k, err);
	if (ok)
		return 0;
	return sp_fail(err, SP_AUTH, "The peer's signature does not fit its "
	    "key.");
}

int
sig_check(const struct pkey *k, unsigned method, const uint8_t *auth,
    size_t len, bool sha1, const struct chunk *in, size_t nr,
    struct sig *how, struct sp_error *err)
{
	struct buf all = {0};
	int ret;

	*how = (struct sig){ .method = (uint8_t)method };
	join(in, nr, &all);
	if (method == SIG_METHOD_DIGITAL)
		ret = check_digital(k, auth, len, sha1, &all, how, err);
	else
		ret = check_classic(k, method, auth, len, sha1, &all, how,
		    err);
	buf_free(&all);
	return ret;
}
