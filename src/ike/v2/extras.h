/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The extensions of IKEv2 that the exchanges of steps.h call, by file: each
 * says that we can, keeps what both sides agreed on, and acts only then.
 */
#ifndef SP_IKE_V2_EXTRAS_H
#define SP_IKE_V2_EXTRAS_H

#include "ike/v2/v2.h"

struct bytes;
struct seal;
struct sp_error;

/* A message that came in part (fragment.c). */
struct v2_fragments {
	uint32_t mid;
	uint8_t exchange;
	uint8_t first_inner;	/* of fragment 1 */
	uint16_t total, got;
	size_t bytes;		/* of the parts that came */
	int64_t until;		/* forgotten then */
	uint8_t hash[32];	/* of the datagram with fragment 1 */
	struct buf part[];	/* total; empty: not yet */
};

/* Of an SA whose sides agreed on MOBIKE (mobike.c). */
struct v2_mobike {
	bool decides;		/* we began the first IKE SA of the series */
	bool update;		/* the path changed since it was told */
	bool rotated;		/* another address is being tried */
	bool has_seen;
	uint8_t seen[20];	/* hash of our address as the peer sees it */
	struct ip_addr peer[V2_ADDRESSES];	/* further ones */
	size_t nr_peer;
};

/* What the configuration payload brought (cp.c). */
struct v2_cp {
	bool server;		/* we gave it, else it was given to us */
	struct ip_addr addr[2];	/* IPv4, IPv6; family 0: none */
	struct ip_addr dns[CP_DNS_MAX];
	size_t nr_dns;
};

/* cp.c: ask in IKE_AUTH; what came back; do we ask for this family. */
void v2_cp_ask(struct v2_sa *sa, struct ike_msg *m);
void v2_cp_answered(struct v2_sa *sa, const struct ike_msg *m);
bool v2_cp_asked(const struct v2_sa *sa, uint8_t family);

/* cp.c: give what was asked for; false: the child is refused, and told so. */
bool v2_cp_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer);

/* cp.c: our (the peer's) inner address or NULL; the SA that follows takes
 * it; the end of an SA frees it. */
const struct ip_addr *v2_cp_addr(const struct v2_sa *sa, bool ours,
    uint8_t family);
void v2_cp_move(struct v2_sa *from, struct v2_sa *to);
void v2_cp_free(struct v2_sa *sa);

/* fragment.c (RFC 7383): say that we can; what both said.  The largest
 * datagram of ours, 0 = any; could what was sent be cut smaller. */
void v2_fragment_offer(const struct ike_conf *c, const struct ike_msg *request,
    struct ike_msg *m);
void v2_fragment_agree(struct v2_sa *sa, const struct ike_conf *c,
    const struct ike_msg *m);
size_t v2_fragment_size(const struct v2_sa *sa);
bool v2_fragment_could_shrink(const struct v2_sa *sa);

/* fragment.c: take one in.  0 once the message is whole and read, SP_AGAIN
 * while parts are missing, else the errors of ike_sk_open(). */
int v2_fragment_in(struct v2_sa *sa, struct ike_msg *m,
    const struct v2_packet *pkt, struct seal *seal, uint8_t *bad_type,
    struct sp_error *err);

/* fragment.c: the authentic text of one; 0 once the set is whole. */
int v2_fragment_add(struct v2_sa *sa, const struct v2_packet *pkt,
    const struct ike_payload *skf, const struct bytes *text);

/* fragment.c: hash of the first one of the request, if it came so; forget
 * those of the answer or of the request; when, and whether to; which are
 * missing (false: no request came in part). */
bool v2_fragments_hash(const struct v2_sa *sa, uint8_t out[32]);
void v2_fragments_free(struct v2_sa *sa, bool answer);
int64_t v2_fragments_due(const struct v2_sa *sa);
void v2_fragments_expire(struct v2_sa *sa);
bool v2_fragments_why(const struct v2_sa *sa, struct ike_reason *why);

/* mobike.c (RFC 4555): say that we can, and where else we are; what both
 * said; the SA that follows another; its own end. */
void v2_mobike_offer(const struct v2_sa *sa, struct ike_msg *m);
void v2_mobike_list(const struct v2_sa *sa, struct ike_msg *m);
void v2_mobike_agree(struct v2_sa *sa, const struct ike_msg *m);
void v2_mobike_inherit(struct v2_sa *sa, const struct v2_sa *old);
void v2_mobike_follow(const struct v2_sa *old, struct v2_sa *sa);
void v2_mobike_free(struct v2_sa *sa);

/* mobike.c: our address or our choice of path changed; no answer came to the
 * last packet; a packet came by this path; is a NAT to be watched; what a
 * liveness answer says of it. */
void v2_mobike_move(struct v2_sa *sa, const struct ike_path *path);
void v2_mobike_rotate(struct v2_sa *sa);
void v2_mobike_heard(struct v2_sa *sa, const struct ike_path *path);
bool v2_mobike_watches_nat(const struct v2_sa *sa);
void v2_mobike_probed(struct v2_sa *sa, const struct ike_msg *m);

/* mobike.c: UPDATE_SA_ADDRESSES or a list of addresses; COOKIE2; both in a
 * request of the peer's. */
int v2_mobike_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why);
enum v2_next v2_mobike_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m);
int v2_cookie2_build(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
    struct ike_reason *why);
enum v2_next v2_cookie2_answered(struct v2_sa *sa, struct v2_task *t,
    const struct ike_msg *m);
void v2_mobike_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_msg *answer);

/* ppk.c (RFC 8784): USE_PPK out, as initiator and back; in; the end. */
void v2_ppk_offer(const struct ike_conf *c, struct ike_msg *m);
void v2_ppk_offer_back(const struct ike_host *h, const struct ike_path *path,
    const struct ike_msg *request, struct ike_msg *m);
void v2_ppk_learn(struct v2_sa *sa, const struct ike_msg *m);
void v2_ppk_free(struct v2_setup *s);

/* ppk.c, initiator: is AUTH by the plain keys wanted first; mix the keys;
 * say which one (behind AUTH); undo it if the answer is without. */
bool v2_ppk_wants_plain(const struct v2_sa *sa);
int v2_ppk_begin(struct v2_sa *sa, struct ike_reason *why);
void v2_ppk_name(const struct v2_sa *sa, struct ike_msg *m);
void v2_ppk_settle(struct v2_sa *sa, const struct ike_msg *m);
/* ppk.c: the answer is without it, though it is required. */
bool v2_ppk_is_missed(const struct v2_sa *sa, const struct ike_msg *m,
    struct ike_reason *why);

/* ppk.c, responder: mix the keys as the request says, or refuse; say so. */
int v2_ppk_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_reason *why);
void v2_ppk_confirm(const struct v2_sa *sa, struct ike_msg *answer);

#endif
