/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The insides of the IKEv1 state machines (RFC 2409), on the ground that
 * v2/core.h gives both versions: SAs, children, timers, tasks, actions.  An
 * SA with sa->v1 set speaks IKEv1; what is there in place of IKEv2's fields:
 *
 *	keys.d, keys.ai	SKEYID_d, SKEYID_a; keys.ei the cipher's key
 *	keys.pi		SKEYID, until phase 1 is done
 *	setup->msg_i	SAi_b; setup->peer_ke the other side's public value
 *	answer		our last message of phase 1, answer_hash the hash of
 *			what it answers: a repeated message is answered again
 *
 * A responder never sends by itself before the peer is authenticated; a
 * repeated message is all that makes it repeat its own (no amplification).
 */
#ifndef SP_IKE_V1_V1_H
#define SP_IKE_V1_V1_H

#include "crypto/cbc.h"
#include "crypto/prf.h"
#include "ike/v1/offer.h"
#include "ike/v1/wire.h"
#include "ike/v2/core.h"

#define V1_QUICK_OPEN 8		/* of the peer's, not finished, at once */
#define V1_QUICK_MAX 256	/* remembered in all */
#define V1_QUICK_MS 180000	/* a finished one answers repetitions */
#define V1_GARBAGE 2		/* unreadable messages that tell a wrong PSK */

enum v1_step {			/* the message that phase 1 waits for */
	V1_WAIT_2, V1_WAIT_4, V1_WAIT_6,	/* initiator */
	V1_WAIT_3, V1_WAIT_5,	/* responder */
	V1_WAIT_A2, V1_WAIT_A3,	/* Aggressive Mode: either role */
	V1_DONE
};

enum v1_nat {			/* which form of NAT-T was agreed on */
	V1_NAT_NONE, V1_NAT_DRAFT_02, V1_NAT_DRAFT_02N, V1_NAT_DRAFT_03,
	V1_NAT_RFC,
};

struct v1_sa {
	enum v1_step step;
	enum v1_nat nat;
	bool dpd;		/* the peer announced RFC 3706 */
	bool told;		/* why it cannot succeed was said already */
	uint8_t iv[CBC_BLOCK_MAX];	/* of phase 1: its last block */
	struct buf own_ke;	/* until phase 1 is done */
	struct buf peer_id;	/* Aggressive Mode, responder: ID body */
	struct secret g_xy;	/* until phase 1 is done */
	unsigned garbage;	/* messages that our key does not open */
	int64_t life_ms;	/* that the peer named; 0 = none */
	uint32_t replaces;	/* id of the SA whose children it takes over */
	uint32_t dpd_out, dpd_in;	/* sequence numbers, RFC 3706 6 */
	bool dpd_heard;		/* dpd_in is the newest that came */
	bool contact;		/* INITIAL_CONTACT was obeyed: once only */
	struct list quick;
	size_t nr_quick;
};

enum v1_quick_state {
	QM_SENT,		/* ours: message 1 is out */
	QM_WAIT,		/* the peer's: message 2 is out */
	QM_DONE,
};

struct v1_quick {		/* one Quick Mode, RFC 2409 5.5 */
	struct list link;
	enum v1_quick_state state;
	bool ours;
	uint32_t mid;
	uint8_t iv[CBC_BLOCK_MAX];
	uint8_t in_hash[32];	/* of the message that `sent` answers */
	struct buf sent;	/* our last message */
	unsigned packets;
	int64_t due;		/* repeat message 2, or forget it all */
	struct v2_task *task;	/* ours: while it is under way */
	struct ike_child_conf *conf;
	struct buf ni, nr;
	struct kex *kex;
	uint32_t spi, child_id, rekey_of;
	struct v1_terms terms;
	struct ts_list local, remote;
};

/* A message taken apart; plain is wiped by v1_clear(). */
struct v1_in {
	const struct v2_packet *pkt;
	struct v1_msg m;
	struct buf plain;
};

/* v1.c: an IKEv1 datagram; work of the SA; timers; its end. */
void v1_input(struct ike_host *h, const struct v2_packet *pkt);
void v1_run_tasks(struct v2_sa *sa);
void v1_resend(struct v2_sa *sa);
int64_t v1_due(const struct v2_sa *sa);
void v1_run(struct v2_sa *sa);
void v1_free(struct v2_sa *sa);

/* host_conf.c: may the configuration be used by IKEv1: pre-shared keys both
 * ways, and nothing demanded that IKEv1 does not have? */
bool v1_conf_fits(const struct ike_conf *c);

/* v1.c: make sa an SA of IKEv1. */
struct v1_sa *v1_attach(struct v2_sa *sa);

/* v1.c: our task is over or begun anew with a retransmission timer. */
void v1_task_sent(struct v2_sa *sa, struct v2_task *t);
void v1_task_done(struct v2_sa *sa);

/* message.c: encrypt o from its header on, with the IV that moves on. */
int v1_seal(const struct v2_sa *sa, struct v1_out *o, uint8_t *iv,
    struct sp_error *err);
/* message.c: decrypt and take apart; SP_FORMAT: probably a wrong key. */
int v1_open(const struct v2_sa *sa, struct v1_in *in, uint8_t *iv,
    struct sp_error *err);
void v1_clear(struct v1_in *in);

/* message.c: IV of an exchange after phase 1 (RFC 2409 appendix B). */
void v1_phase2_iv(const struct v2_sa *sa, uint32_t mid, uint8_t *iv);

/*
 * message.c: prf(SKEYID_a, [0 |] M-ID | Ni_b | Nr_b | rest); ni, nr may be
 * NULL; zero: HASH(3).  Check: the first payload is HASH and says so.
 */
int v1_hash(const struct v2_sa *sa, bool zero, uint32_t mid,
    const struct buf *ni, const struct buf *nr, const struct bytes *rest,
    uint8_t out[PRF_MAX]);
bool v1_hash_good(const struct v2_sa *sa, const struct v1_in *in, bool zero,
    const struct buf *ni, const struct buf *nr);

/* message.c: begin a protected message with an empty HASH payload; fill the
 * HASH in, encrypt, and append to out. */
void v1_begin(const struct v2_sa *sa, struct v1_out *o, uint8_t exchange,
    uint32_t mid);
int v1_finish(const struct v2_sa *sa, struct v1_out *o, uint32_t mid,
    const struct buf *ni, const struct buf *nr, bool zero, uint8_t *iv,
    struct buf *out);
uint32_t v1_new_mid(struct v2_sa *sa);

/* main.c: Main Mode. */
int v1_main_begin(struct v2_sa *sa, struct v2_task *t,
    struct ike_reason *why);
void v1_main_request(struct ike_host *h, const struct v2_packet *pkt);
void v1_main_input(struct v2_sa *sa, struct v1_in *in);
/* A clear notify; a protected message before the end; an unreadable one. */
void v1_main_refused(struct v2_sa *sa, unsigned notify);
void v1_main_told(struct v2_sa *sa, const struct v1_in *in);
void v1_main_unreadable(struct v2_sa *sa);
void v1_why_silent(const struct v2_sa *sa, struct ike_reason *why);

/* aggressive.c: Aggressive Mode. */
int v1_aggressive_begin(struct v2_sa *sa, struct v2_task *t,
    struct ike_reason *why);
void v1_aggressive_request(struct ike_host *h, const struct v2_packet *pkt);
void v1_aggressive_input(struct v2_sa *sa, struct v1_in *in);

/* phase1.c: "Main Mode" or "Aggressive Mode". */
const char *v1_mode(const struct v2_sa *sa);

/* phase1.c: what becomes of a proven peer; conf and local_id are set. */
void v1_establish(struct v2_sa *sa, const struct ident *peer, bool contact);
void v1_set_local_id(struct v2_sa *sa);

/* nat.c: vendor IDs out and in; NAT detection; NAT-OA. */
void v1_add_vendors(const struct v2_sa *sa, struct v1_out *o, bool answer);
void v1_read_vendors(struct v2_sa *sa, const struct v1_msg *m);
void v1_nat_add(struct v2_sa *sa, struct v1_out *o,
    const struct ike_path *path, bool force);
void v1_nat_detect(struct v2_sa *sa, const struct v1_msg *m,
    const struct ike_path *path, bool force);
uint16_t v1_encap_mode(const struct v2_sa *sa, bool transport);
void v1_nat_oa_add(const struct v2_sa *sa, struct v1_out *o, bool initiator);

/* quick.c: Quick Mode. */
int v1_quick_begin(struct v2_sa *sa, struct v2_task *t,
    struct ike_reason *why);
void v1_quick_input(struct v2_sa *sa, const struct v2_packet *pkt);
void v1_quick_refused(struct v2_sa *sa, struct v2_task *t, unsigned notify);
void v1_quick_silent(struct v2_sa *sa);
void v1_quick_free(struct v2_sa *sa, struct v1_quick *q);
void v1_quick_due(struct v2_sa *sa, struct v1_quick *q);

/* quick_ts.c: identities of Quick Mode; SP_FORMAT for what is none. */
int v1_ts_of_id(const struct bytes *body, struct ike_ts *out,
    struct sp_error *err);
void v1_ts_to_id(const struct ike_ts *ts, struct buf *out);

/* info.c: Informational. */
void v1_info_input(struct v2_sa *sa, struct v1_in *in);
void v1_send_notify(struct v2_sa *sa, uint8_t protocol, unsigned type,
    const void *spi, size_t spi_len, const void *data, size_t len);
void v1_send_delete(struct v2_sa *sa, const struct v2_child *c);
void v1_dpd_send(struct v2_sa *sa);
void v1_farewell(struct v2_sa *sa);
void v1_clear_notify(struct ike_host *h, const struct v2_packet *pkt,
    uint64_t cky_r, unsigned type);

#endif
