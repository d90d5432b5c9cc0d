/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the exchanges of phase 1 are made of (phase1.c): fresh values, keys,
 * identities, proofs (RFC 2409 5), and the reasons of their failures.
 */
#ifndef SP_IKE_V1_PHASE1_H
#define SP_IKE_V1_PHASE1_H

#include "ike/v1/v1.h"

/* Configurations that answer IKEv1 by the addresses; host_conf.c. */
struct ike_conf *v1_conf_next(const struct ike_host *h,
    const struct ike_path *path, size_t *pos);

/* May a new peer begin: floods are bounded, a repeated message is answered
 * (hardening.md R-20 - R-23). */
bool v1_admits(struct ike_host *h, const struct v2_packet *pkt);

/* The SA of a new peer, counted as half-open; takes a reference of c. */
struct v2_sa *v1_respond(struct ike_host *h, const struct v2_packet *pkt,
    struct ike_conf *c);

/* Our message of phase 1 is made: send it by the path of what it answers;
 * keep it, an initiator's with a timer. */
void v1_phase1_sent(struct v2_sa *sa, const struct v1_in *in,
    const struct v1_out *o);

/* The same of a message that is repeated only when asked again. */
void v1_answer_sent(struct v2_sa *sa, const struct v1_in *in,
    const struct ike_path *path, const struct v1_out *o);

/* Our nonce and key pair; the peer's out of a message (false: malformed). */
int v1_make_fresh(struct v2_sa *sa, struct sp_error *err);
bool v1_take_exchange(struct v2_sa *sa, const struct v1_msg *m);

/* g^xy; then SKEYID, the keys and the first IV. */
int v1_shared_secret(struct v2_sa *sa, struct sp_error *err);
int v1_make_keys(struct v2_sa *sa, const struct secret *psk,
    struct sp_error *err);

/* Append our ID, our HASH; is the peer's HASH right; read its ID (false:
 * none, or malformed). */
void v1_add_id(const struct v2_sa *sa, struct v1_out *o);
int v1_add_hash(const struct v2_sa *sa, struct v1_out *o);
bool v1_proof_good(const struct v2_sa *sa, const struct v1_msg *m);
bool v1_read_id(const struct v1_msg *m, struct ident *id);

/* INITIAL-CONTACT (RFC 2407 4.6.3.3): is it true, add it, was it said. */
bool v1_is_first_contact(const struct v2_sa *sa);
void v1_add_contact(const struct v2_sa *sa, struct v1_out *o);
bool v1_has_notify(const struct v1_msg *m, unsigned type);

/* Reasons: HASH is wrong; message 5 cannot be decrypted. */
void v1_why_hash(const struct v2_sa *sa, const struct ident *id,
    struct ike_reason *why);
void v1_why_undecryptable(const struct v2_sa *sa, struct ike_reason *why);

#endif
