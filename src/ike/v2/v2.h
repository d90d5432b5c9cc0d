/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The insides of the IKEv2 state machines (RFC 7296), shared by the files of
 * ike/v2 and by ike/host*.c; no other room includes this.
 *
 * Ownership: the host owns its SAs, an SA its children and tasks.  Nothing
 * frees an SA while a datagram, a timer or a command is worked on: it enters
 * V2_GONE and host_settle() reaps it.  A child is counted by reference, as
 * queued actions still show it to the owner of the host.
 */
#ifndef SP_IKE_V2_V2_H
#define SP_IKE_V2_V2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "ike/codec.h"
#include "ike/host.h"
#include "ike/keys.h"

#define V2_NONCE_LEN 32		/* of ours; at least half of any PRF key */
#define V2_RESTARTS 5		/* COOKIE, INVALID_KE_PAYLOAD: so often */
#define V2_OVERLAP_MS 5000	/* a replaced child still receives */
#define V2_SWITCH_MS 30000	/* outbound moves to a new child at last */
#define V2_COOKIE_MS 60000	/* life of a cookie secret */
#define V2_RECENT 16		/* IKE_SA_INIT remembered after their SA */
#define V2_YOUNG_MS 10000	/* two SAs this young were begun at once */
#define V2_CHILDREN 1024	/* of one IKE SA, that a peer may ask for */
#define V2_FRAGMENTS_MS 30000	/* an incomplete message is kept so long */
#define V2_ADDRESSES 8		/* further ones of a peer, RFC 4555 */
#define V2_LINGERING 4096	/* ended SAs that still answer */

struct kex;
struct map;
struct secret;
struct v2_cp;
struct v2_fragments;
struct v1_sa;
struct v2_mobike;

enum v2_state {
	V2_NEW,			/* made, nothing sent */
	V2_INIT_SENT,		/* initiator: IKE_SA_INIT is out */
	V2_AUTH_SENT,		/* initiator: IKE_AUTH is out */
	V2_AUTH_WAIT,		/* responder: IKE_SA_INIT is answered */
	V2_UP,
	V2_REPLACED,		/* children moved on; waits for its Delete */
	V2_DELETING,		/* our Delete is out */
	V2_GONE,		/* answers repeated requests, then is freed */
	V2_STATES
};

/* What we want to ask of a peer; the order is the order of sending. */
enum v2_kind {
	T_INIT,
	T_AUTH,
	T_DELETE_SA,
	T_DELETE_CHILD,
	T_LIVENESS,
	T_COOKIE2,
	T_MOBIKE,
	T_REKEY_SA,
	T_REKEY_CHILD,
	T_CREATE_CHILD,
	T_KINDS
};

/* What a step wants done next with its task. */
enum v2_next {
	V2_DONE,		/* task over */
	V2_AGAIN,		/* send it anew, at once (other group, cookie) */
	V2_LATER,		/* queue it again until not_before */
};

struct v2_timer {
	int64_t due;		/* ms, TIME_NEVER = not armed */
	size_t slot;		/* place in the heap, SIZE_MAX = none */
};

struct v2_heap {		/* binary heap of timers inside SAs */
	struct v2_timer **at;
	size_t nr, cap;
};

struct v2_task {
	struct list link;
	enum v2_kind kind;
	uint32_t child_id;	/* to rekey or to delete */
	struct ike_child_conf *conf;	/* to create: a reference */
	enum ike_reason_code why;	/* of a Delete */
	bool auth_failed;	/* T_DELETE_SA: say AUTHENTICATION_FAILED */
	int64_t not_before;
	unsigned tries;		/* times it was sent anew */
	/* while under way */
	const struct alg *group;	/* that the peer asked for, or NULL */
	struct kex *kex;
	struct buf nonce;	/* ours */
	uint32_t spi;		/* inbound SPI that we offered */
	uint64_t ike_spi;	/* T_REKEY_SA: the same */
	bool transport;		/* USE_TRANSPORT_MODE was sent */
	struct ts_list local, remote;	/* selectors that we offered */
	struct buf dead;	/* SPIs deleted before we knew them */
	uint32_t rival;		/* child or SA that the peer made meanwhile */
	struct buf rival_nonce;	/* the lower nonce of that exchange */
};

/* A replaced or new child pair; the unit of the data plane. */
struct v2_child {
	struct list link;	/* in sa->children */
	unsigned refs;
	struct v2_sa *sa;	/* NULL once it is off its SA */
	uint32_t id;
	struct ike_child_conf *conf;
	struct ike_conf *ike_conf;	/* references */
	enum ike_child_state state;
	bool transport, encap;
	bool announced;		/* CHILD_UP or CHILD_REKEYED was said */
	bool in_done, out_done;	/* installed (or asked for) */
	bool gone;		/* the peer knows it no more */
	bool doomed;		/* lost a collision; its Delete is to come */
	bool keys_used;		/* the plane has them: wipe */
	struct ike_path path;
	uint32_t spi_in, spi_out;
	struct suite suite;
	struct ts_list local_ts, remote_ts;
	struct secret encr_in, integ_in, encr_out, integ_out;
	uint32_t rekey_of;
	int64_t installed_at, rekey_at, expires_at;
	int64_t switch_at;	/* outbound moves here at the latest */
	int64_t remove_at;	/* a replaced child leaves the plane */
};

/* What an SA needs only until it is established. */
struct v2_setup {
	struct buf ni, nr;
	struct buf msg_i, msg_r;	/* the IKE_SA_INIT octets for AUTH */
	struct buf cookie;
	struct buf peer_ke;	/* responder: until the keys are derived */
	struct kex *kex;
	const struct alg *group;	/* initiator: of the KE payload sent */
	struct ike_child_conf *child;	/* initiator: a reference, or NULL */
	struct v2_task *offer;	/* initiator: of that child */
	unsigned restarts;
	int64_t created_at;
	bool derived;
	bool ppk_peer, ppk_used;	/* it can; SK_d, SK_p* are mixed */
	struct secret plain[3];	/* what they were: d, pi, pr */
	struct buf no_ppk_auth;	/* initiator: AUTH by the plain keys */
	unsigned sig_hashes;	/* the peer's of RFC 7427, SIG_BITs */
	struct v2_proof *proof;	/* prove.c: signatures; or NULL */
	uint8_t hash[32];	/* responder: of the request, to know it */
	struct ip_addr from;	/* responder: counted as half-open there */
};

struct v2_sa {
	struct v2_timer timer;	/* first member: the heap finds the SA */
	struct list dirty;	/* in host->dirty: settle me */
	struct ike_host *host;
	uint32_t id;
	enum v2_state state;
	bool initiator;		/* of this SA */
	bool announced;		/* SA_UP or SA_REKEYED was said */
	bool waiting;		/* made by the peer's rekey, not yet taken */
	bool nat_local, nat_remote, encap;
	bool nat_able;		/* the peer can do NAT traversal */
	bool soft_done;		/* rekey or reauth was begun */
	bool fragment_out, fragment_in;	/* RFC 7383, to and from the peer */
	bool fragment_small;	/* larger ones did not get through */
	uint64_t spi_i, spi_r;
	struct ike_path path;
	struct ike_conf *conf;	/* a reference; NULL: not chosen yet */
	struct ident local_id, remote_id;
	struct suite suite;
	struct ike_keys keys;
	uint64_t iv_counter;
	uint32_t mid_out, mid_in;	/* of the next request, each way */
	struct list children;
	struct list tasks;	/* by kind, then by age */
	struct v2_task *active;	/* our request under way; window is 1 */
	struct buf sent;	/* its bytes; fragments one by one */
	struct ike_msg *asked;	/* the same, to cut it anew; or NULL */
	unsigned packets;	/* times they were sent */
	int64_t first_sent, resend_at;
	struct buf answer;	/* to request mid_in - 1 */
	uint8_t answer_hash[32];	/* of that request; of fragment 1 */
	struct v2_fragments *fragments[2];	/* of a request, an answer */
	struct v2_setup *setup;
	struct v2_mobike *mobike;	/* NULL: not agreed on */
	struct v2_cp *cp;	/* NULL: no addresses were given */
	struct v1_sa *v1;	/* it speaks IKEv1; NULL: IKEv2 */
	int64_t established_at, rekey_at, expires_at;
	int64_t last_in, last_out, invalid_spi_at;
	int64_t doom_at;	/* a superseded SA ends; GONE: is freed */
	enum ike_reason_code doom_why;
	uint32_t replaces;	/* waiting: id of the SA it was made on */
	struct list twins;	/* ring of SAs with the same identities */
	bool in_twins;
	bool lingers;		/* counted in host->lingering */
};

struct v2_action {		/* queued for ike_host_next_action() */
	struct list link;
	enum ike_action_type type;
	struct ike_path path;
	struct buf data;
	struct v2_child *child;	/* a reference */
	struct ike_event *event;
	struct ike_job *job;	/* until it is handed out */
};

/* An IKE_SA_INIT whose SA is established: a late copy is not a new peer. */
struct v2_recent {
	uint8_t hash[32];
	int64_t until;		/* ms */
};

struct ike_host {
	struct ike_host_params par;
	int64_t now;		/* of the call under way */
	const struct ike_path *from;	/* of its request; NULL outside */
	struct ip_addr *own;	/* addresses of this machine */
	size_t nr_own;
	struct ike_conf **confs;	/* whom we answer; references */
	size_t nr_confs;
	struct map *by_spi;	/* our 8 byte SPI -> SA */
	struct map *by_id;	/* 4 byte id -> SA */
	struct map *by_init;	/* hash of IKE_SA_INIT -> half-open SA */
	struct map *children;	/* 4 byte id -> child */
	struct map *by_child_spi;	/* inbound SPI -> child */
	struct map *by_ids;	/* pair of identities -> one of its SAs */
	struct map *by_inner;	/* address given to a client -> its SA */
	struct map *half_open;	/* address -> count, as a pointer */
	struct v2_heap heap;
	struct list dirty, actions;
	struct v2_action *shown;	/* the owner looks at it */
	uint32_t last_id;	/* SAs and children share the numbers */
	uint8_t cookie_secret[2][32];	/* by parity of the version */
	uint8_t cookie_version;	/* of the newer one */
	int64_t cookie_at;
	struct v2_recent recent[V2_RECENT];	/* round robin */
	unsigned next_recent;
	unsigned lingering;	/* SAs in V2_GONE */
	int64_t quota_at;	/* second whose unsolicited answers ... */
	unsigned quota_left;	/* ... and refusals are counted */
	struct ike_host_stats stats;
};

/* One datagram under way through the layers. */
struct v2_packet {
	const struct ike_path *path;
	const uint8_t *data;
	size_t len;
	struct ike_header hdr;
};

/* A kind of request of ours (v2_table.c). */
struct v2_task_row {
	const char *step;	/* for reasons: "IKE_AUTH" */
	uint8_t exchange;
	bool child;		/* is about a child: not beside an IKE rekey */
	enum ike_reason_code silent;	/* when nobody answers */
	/* Fill m; 1 = no longer needed, negative = failed with reason. */
	int (*build)(struct v2_sa *sa, struct v2_task *t, struct ike_msg *m,
	    struct ike_reason *why);
	/* The answer came, authentic and well formed. */
	enum v2_next (*answer)(struct v2_sa *sa, struct v2_task *t,
	    const struct ike_msg *m);
};

/* A kind of request of the peer's (v2_table.c). */
struct v2_request_row {
	uint8_t exchange;
	enum v2_state state;
	/* Fill the answer. */
	void (*handle)(struct v2_sa *sa, const struct ike_msg *m,
	    struct ike_msg *answer);
};

/* A legal change of state. */
struct v2_state_row {
	enum v2_state from, to;
	const char *story;	/* for people, and for the diagram */
};

extern const struct v2_task_row v2_task_table[T_KINDS];
extern const struct v2_request_row v2_request_table[];
extern const struct v2_state_row v2_state_table[];
extern const char *const v2_state_names[V2_STATES];

#endif
