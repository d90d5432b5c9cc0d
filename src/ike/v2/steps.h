/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The exchanges of IKEv2 and what they share, by file.  A builder fills the
 * request of a task, an answered function takes in the answer and says what
 * becomes of the task, a request function fills the answer to the peer.
 */
#ifndef SP_IKE_V2_STEPS_H
#define SP_IKE_V2_STEPS_H

#include "ike/v2/core.h"
#include "ike/v2/extras.h"

struct bytes;
struct sp_error;

/* exchange.c: header of a message of ours; the layers of input. */
struct ike_msg *v2_msg_new(const struct v2_sa *sa, uint8_t exchange,
    uint32_t mid, bool answer);
void v2_input(struct v2_sa *sa, const struct v2_packet *pkt);
void v2_answered(struct v2_sa *sa, const struct ike_msg *m);

/* exchange.c: a request that waited for a job is handled anew. */
void v2_resume(struct v2_sa *sa, struct ike_msg *m,
    const struct ike_path *path);

/* exchange.c: start what waits; repeat what is unanswered; send once. */
void v2_run_tasks(struct v2_sa *sa);
void v2_resend(struct v2_sa *sa);
void v2_send_once(struct v2_sa *sa, struct ike_msg *m);

/* exchange.c: our request is over; forget its bytes. */
void v2_forget_sent(struct v2_sa *sa);

/* init.c: parts that others need too; group_of: row by number or NULL. */
void v2_make_nonce(struct ike_host *h, struct buf *nonce);
void v2_add_nonce(struct ike_msg *m, const struct buf *nonce);
int v2_add_ke(struct ike_msg *m, const struct kex *kex,
    struct sp_error *err);
const struct alg *v2_group_of(const struct suite *rows, size_t nr,
    unsigned id);

/* init.c: keys of the SA from the peer's public value. */
int v2_derive(struct v2_sa *sa, const uint8_t *ke, size_t len,
    struct sp_error *err);

/* init.c: IKE_SA_INIT as initiator. */
int v2_init_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why);
void v2_init_sent(struct v2_sa *sa);
void v2_init_answer(struct v2_sa *sa, const struct v2_packet *pkt,
    const struct ike_msg *m);
enum v2_next v2_init_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m);

/* respond.c: IKE_SA_INIT as responder; a lone notify in clear; the request
 * of an SA that is established now, so that a late copy is known. */
void v2_init_request(struct ike_host *h, const struct v2_packet *pkt);
void v2_init_notify(struct ike_host *h, const struct v2_packet *pkt,
    uint16_t type, const void *data, size_t len);
void v2_init_remember(struct v2_sa *sa);

/* cookie.c: is one wanted, is it good, ask for it; the quota of R-24. */
bool v2_cookie_wanted(const struct ike_host *h, const struct ip_addr *from);
bool v2_cookie_good(struct ike_host *h, const struct v2_packet *pkt,
    const struct bytes *ni, const struct bytes *cookie);
void v2_cookie_ask(struct ike_host *h, const struct v2_packet *pkt,
    const struct bytes *ni);
bool v2_quota(struct ike_host *h);

/* nat.c: hashes out, hashes in, port 4500. */
void v2_nat_offer(struct ike_host *h, struct ike_msg *m,
    const struct ike_path *path, bool force_encap);
void v2_nat_detect(struct v2_sa *sa, const struct ike_msg *m,
    const struct ike_path *path, bool force_encap);
void v2_nat_float(struct v2_sa *sa);

/* nat.c: a new authentic packet came by this path; go after the peer. */
void v2_heard(struct v2_sa *sa, const struct ike_path *path);
void v2_follow(struct v2_sa *sa, const struct endpoint *remote);

/* auth.c: keys of a responder, on demand; IKE_AUTH in both roles. */
bool v2_auth_keys(struct v2_sa *sa);
int v2_auth_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why);
enum v2_next v2_auth_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m);
void v2_auth_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer);

/* unique.c: SAs by pair of identities; the policy once authenticated. */
void v2_twins_add(struct v2_sa *sa);
void v2_twins_del(struct v2_sa *sa);
struct v2_sa *v2_find_twin(const struct v2_sa *sa,
    const struct ident *remote);
void v2_unique(struct v2_sa *sa, bool contact);
bool v2_unique_admits(const struct v2_sa *sa, const struct ident *remote,
    struct ike_reason *why);

/* nego.c: our selectors, dynamic ones filled in (caller frees). */
void v2_selectors(const struct v2_sa *sa, const struct ike_child_conf *conf,
    struct ts_list *local, struct ts_list *remote);

/* nego.c: add the offer of a child; old: what it replaces, or NULL. */
int v2_child_offer(struct v2_sa *sa, struct v2_task *t,
    const struct ike_child_conf *conf, const struct v2_child *old,
    struct ike_msg *m, struct ike_reason *why);

/* nego.c: an address came with the answer: what was offered means it now. */
void v2_child_narrow(struct v2_sa *sa, struct v2_task *t,
    const struct ike_child_conf *conf);

/* nego.c: the child of an answer, or NULL with why. */
struct v2_child *v2_child_accept(struct v2_sa *sa, struct v2_task *t,
    struct ike_child_conf *conf, const struct v2_child *old,
    const struct ike_msg *m, struct ike_reason *why);

/* nego.c: the child of a request, or NULL after the refusal was added and
 * told.  nonce: ours; NULL in IKE_AUTH. */
struct v2_child *v2_child_respond(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer, const struct v2_child *old, struct buf *nonce);

/* create.c: nonces of a collision, RFC 7296 2.8.1. */
void v2_lower_nonce(const struct bytes *a, const struct bytes *b,
    struct buf *out);
bool v2_lost_collision(const struct v2_task *t, const struct bytes *nr);

/* create.c: CREATE_CHILD_SA for children. */
int v2_create_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why);
enum v2_next v2_create_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m);
int v2_rekey_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why);
enum v2_next v2_rekey_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m);
void v2_create_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer);
void v2_create_too_late(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer);

/* rekey.c: the IKE SA anew; peer_chose: a waiting SA is used by the peer. */
int v2_ike_rekey_build(struct v2_sa *sa, struct v2_task *t,
    struct ike_msg *m, struct ike_reason *why);
enum v2_next v2_ike_rekey_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m);
void v2_ike_rekey_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer);
void v2_peer_chose(struct v2_sa *sa);

/* info.c: INFORMATIONAL; probe: a hint says that the peer may be gone. */
int v2_delete_sa_build(struct v2_sa *sa, struct v2_task *t,
    struct ike_msg *m, struct ike_reason *why);
enum v2_next v2_delete_sa_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m);
int v2_delete_child_build(struct v2_sa *sa, struct v2_task *t,
    struct ike_msg *m, struct ike_reason *why);
enum v2_next v2_delete_child_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m);
int v2_liveness_build(struct v2_sa *sa, struct v2_task *t,
    struct ike_msg *m, struct ike_reason *why);
enum v2_next v2_liveness_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m);
void v2_info_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer);
void v2_info_gone(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer);
void v2_probe(struct v2_sa *sa);
/* info.c: INVALID_SPI goes with a liveness probe. */
void v2_say_unknown_spi(struct v2_sa *sa, uint32_t spi);
/* info.c: does the request end its IKE SA? */
bool v2_is_farewell(const struct ike_msg *m);

/* why.c: bounded copy of a text; NULL is "". */
void v2_copy_text(char *out, size_t size, const char *text);

/* why.c: fill a reason.  By code alone; by an error notify to the IKE SA, to
 * a child, to its rekey. */
void v2_why_code(const struct v2_sa *sa, enum ike_reason_code code,
    const char *step, struct ike_reason *why);
void v2_why_notify(const struct v2_sa *sa, const char *step, uint16_t type,
    struct ike_reason *why);
void v2_why_child(const struct v2_sa *sa, const char *step, uint16_t type,
    const struct ike_child_conf *conf, struct ike_reason *why);
void v2_why_rekey(const struct v2_sa *sa, const struct v2_child *old,
    uint16_t type, struct ike_reason *why);

/* why.c: proposals, groups, selectors: ours beside theirs. */
void v2_why_suites(const struct suite *rows, size_t nr,
    enum ike_reason_code code, const char *step,
    const struct ike_payload *theirs, const char *text,
    struct ike_reason *why);
void v2_why_offer(const struct v2_sa *sa, enum ike_reason_code code,
    const char *step, const struct ike_payload *theirs, const char *text,
    struct ike_reason *why);
void v2_why_group(const struct v2_sa *sa, const char *step, unsigned id,
    struct ike_reason *why);
void v2_why_ts(const char *step, const struct ts_list *our_local,
    const struct ts_list *our_remote, const struct ts_list *local,
    const struct ts_list *remote, struct ike_reason *why);

/* why.c: authentication; ours may be NULL. */
void v2_why_method(unsigned method, enum ike_auth want,
    struct ike_reason *why);
void v2_why_psk(const struct ident *id, struct ike_reason *why);
void v2_why_psk_missing(const struct v2_sa *sa, const struct ident *id,
    struct ike_reason *why);
void v2_why_id(const struct ident *ours, const struct ident *theirs,
    struct ike_reason *why);
void v2_why_own_id(const struct ident *ours, const struct ident *theirs,
    struct ike_reason *why);

#endif
