/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key derivation of IKEv1 (RFC 2409 section 5 and appendix B).  prf is the
 * HMAC of the negotiated hash; cookies are numbers in host order.  Pure
 * functions; the caller frees what they fill.
 */
#ifndef SP_IKE_V1_V1KEYS_H
#define SP_IKE_V1_V1KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/prf.h"
#include "ike/keys.h"
#include "ike/proposal.h"

/* SKEYID = prf(pre-shared key, Ni_b | Nr_b), RFC 2409 5. */
int v1_skeyid_psk(const struct alg *prf, const struct secret *psk,
    const struct chunk *ni, const struct chunk *nr, struct secret *out,
    struct sp_error *err);

/*
 * From SKEYID to the keys of phase 1: out->d is SKEYID_d, out->ai SKEYID_a,
 * out->ei the cipher's key made of SKEYID_e (appendix B); the other fields
 * are not touched.  s: the agreed suite; g_xy: the shared secret.
 */
int v1_phase1_keys(const struct suite *s, const struct secret *skeyid,
    const struct secret *g_xy, uint64_t cky_i, uint64_t cky_r,
    struct ike_keys *out, struct sp_error *err);

/*
 * HASH_I or HASH_R = prf(SKEYID, own KE | other KE | own cookie | other
 * cookie | SAi_b | own ID_b), RFC 2409 5; prf->out_len bytes at out.
 */
struct v1_proof {
	struct chunk own_ke, other_ke;
	uint64_t own_cky, other_cky;
	struct chunk sai, id;	/* bodies without generic headers */
};
int v1_proof_hash(const struct alg *prf, const struct secret *skeyid,
    const struct v1_proof *p, uint8_t out[PRF_MAX], struct sp_error *err);

/*
 * KEYMAT of one SA of Quick Mode (RFC 2409 5.5): spi is the SA's, chosen by
 * its receiver; g_xy is NULL without PFS.  encr gets its salt behind the key.
 */
int v1_keymat(const struct alg *prf, const struct secret *skeyid_d,
    const struct secret *g_xy, unsigned protocol, uint32_t spi,
    const struct chunk *ni, const struct chunk *nr, const struct suite *s,
    struct secret *encr, struct secret *integ, struct sp_error *err);

#endif
