/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key derivation of IKEv2 (RFC 7296 2.13-2.18; fixed-key PRFs: RFC 4434,
 * RFC 4615).  Pure functions of nonces, SPIs and shared secrets; every result
 * is a struct secret.  Outputs are written only on success.
 */
#ifndef SP_IKE_KEYS_H
#define SP_IKE_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

struct alg;
struct chunk;
struct sp_error;
struct suite;

/* The seven keys of an IKE SA, in the order of RFC 7296 2.14. */
struct ike_keys {
	struct secret d;	/* SK_d: children and rekeys */
	struct secret ai, ar;	/* integrity; empty with AEAD */
	struct secret ei, er;	/* encryption, salt behind the key */
	struct secret pi, pr;	/* AUTH payloads */
};

/* Keys of a pair of ESP or AH SAs; encr has its salt behind the key. */
struct child_keys {
	struct secret encr_i, integ_i;	/* initiator -> responder */
	struct secret encr_r, integ_r;	/* responder -> initiator */
};

/*
 * SKEYSEED = prf(Ni | Nr, g^ir), RFC 7296 2.14.  g_ir keeps its leading
 * zeros.  The caller frees out.
 */
int ike_skeyseed(const struct alg *prf, const struct secret *g_ir,
    const uint8_t *ni, size_t ni_len, const uint8_t *nr, size_t nr_len,
    struct secret *out, struct sp_error *err);

/*
 * SKEYSEED of a rekeyed IKE SA = prf(SK_d(old), g^ir(new) | Ni | Nr) with
 * the PRF of the old SA, RFC 7296 2.18.  The caller frees out.
 */
int ike_skeyseed_rekey(const struct alg *old_prf, const struct secret *sk_d,
    const struct secret *g_ir, const uint8_t *ni, size_t ni_len,
    const uint8_t *nr, size_t nr_len, struct secret *out,
    struct sp_error *err);

/*
 * SK_d | SK_ai | ... | SK_pr = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr) cut to
 * the lengths of the suite (RFC 7296 2.14).  spi_i and spi_r: numbers in
 * host order.  Frees what out held before; the caller frees it at the end.
 */
int ike_keys_derive(const struct suite *s, const struct secret *skeyseed,
    const uint8_t *ni, size_t ni_len, const uint8_t *nr, size_t nr_len,
    uint64_t spi_i, uint64_t spi_r, struct ike_keys *out,
    struct sp_error *err);

/* Wipe all seven; fine on zeroed and on freed ones. */
void ike_keys_free(struct ike_keys *k);

/*
 * KEYMAT = prf+(SK_d, [g^ir |] Ni | Nr), RFC 7296 2.17: initiator's
 * direction first, encryption before integrity.  prf is the IKE SA's; g_ir
 * is NULL without a new key exchange; protocol is PROTO_ESP or PROTO_AH;
 * suite is the child's.  Frees what out held before.
 */
int ike_child_keys(const struct alg *prf, const struct secret *sk_d,
    const struct secret *g_ir, const uint8_t *ni, size_t ni_len,
    const uint8_t *nr, size_t nr_len, const struct suite *suite,
    unsigned protocol, struct child_keys *out, struct sp_error *err);

/* Wipe all four; fine on zeroed and on freed ones. */
void child_keys_free(struct child_keys *k);

/*
 * AUTH data of a pre-shared key (RFC 7296 2.15), prf->out_len bytes at out:
 * prf(prf(psk, "Key Pad for IKEv2"), msg | nonce | prf(SK_p, id_body)).
 * msg: the whole IKE_SA_INIT message that the signer sent; nonce: the other
 * side's nonce; sk_p: SK_pi or SK_pr of the signer; id_body: its ID payload
 * without the generic header (see ike_id_body()).
 */
int ike_auth_psk(const struct alg *prf, const struct secret *psk,
    const uint8_t *msg, size_t msg_len, const uint8_t *nonce,
    size_t nonce_len, const struct secret *sk_p, const uint8_t *id_body,
    size_t id_len, uint8_t *out, struct sp_error *err);

/*
 * The same of signed octets that are put together already (EAP's MSK takes
 * the place of psk, RFC 7296 2.16).
 */
int ike_auth_psk_octets(const struct alg *prf, const struct secret *psk,
    const struct chunk *octets, size_t nr, uint8_t *out,
    struct sp_error *err);

/* Bytes that ike_id_body() writes for an identity of len bytes. */
#define IKE_ID_BODY_LEN(len) ((len) + 4)

/* Body of an ID payload: type, three zero bytes, data.  Returns its length. */
size_t ike_id_body(uint8_t type, const uint8_t *data, size_t len,
    uint8_t *out);

#endif
