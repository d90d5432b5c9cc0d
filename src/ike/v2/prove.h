/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures in IKE_AUTH (RFC 7296 2.15, RFC 7427, RFC 7670): what we say
 * before, our signature and certificates, the judgement of the peer's.  Both
 * are jobs of the host's owner; a step that needs one which is not done says
 * V2_WAIT and is run again from its beginning afterwards.
 */
#ifndef SP_IKE_V2_PROVE_H
#define SP_IKE_V2_PROVE_H

#include "ike/v2/v2.h"

struct ike_job;
struct ike_msg;
struct ike_payload;
struct sp_error;

enum v2_step { V2_GO, V2_WAIT, V2_FAIL };

/* prove.c: SIGNATURE_HASH_ALGORITHMS out and in. */
void v2_prove_announce(struct ike_msg *m);
void v2_prove_learn(struct v2_sa *sa, const struct ike_msg *m);

/* prove.c: CERTREQ of one configuration; of all that answer on this path. */
void v2_prove_certreq(const struct ike_conf *c, struct ike_msg *m);
void v2_prove_certreq_all(const struct ike_host *h,
    const struct ike_path *path, struct ike_msg *m);

/* prove.c: is our signature there?  V2_FAIL fills why. */
enum v2_step v2_prove_own(struct v2_sa *sa, struct ike_reason *why);

/* prove.c: CERT payloads of ours; then AUTH, once v2_prove_own() said go. */
void v2_prove_add_certs(const struct v2_sa *sa, struct ike_msg *m);
void v2_prove_add_auth(const struct v2_sa *sa, struct ike_msg *m);

/* prove.c: is the peer's signature judged?  id: whom it has to prove. */
enum v2_step v2_prove_peer(struct v2_sa *sa, const struct ike_msg *m,
    const struct ident *id, struct ike_reason *why);

/* prove.c: may the answer to IKE_AUTH be taken in?  False: it is kept until
 * the peer's signature is judged. */
bool v2_prove_answer(struct v2_sa *sa, struct ike_msg *m);

/* prove.c: is a job under way; keep the request that waits for it. */
bool v2_proof_waits(const struct v2_sa *sa);
void v2_proof_hold(struct v2_sa *sa, struct ike_msg *m,
    const struct ike_path *path);
void v2_proof_free(struct v2_proof *p);

/* prove.c: is it a method that signs? */
bool v2_is_signature(unsigned method);

/* auth.c: what one side signs: its IKE_SA_INIT message, the other's nonce,
 * prf(SK_p, its identity). */
int v2_auth_octets(const struct v2_sa *sa, bool of_initiator,
    const struct ident *id, struct buf *out, struct sp_error *err);

#endif
