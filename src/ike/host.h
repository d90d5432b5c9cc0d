/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An IKE host: all IKE SAs of one network, as pure logic.  Datagrams, timer
 * expiries, commands and plane events go in; a queue of actions comes out:
 * datagrams to send, SAs to install or remove, events for the engine.  There
 * is no socket, clock or global here: time (milliseconds, see base/clock.h)
 * and randomness are handed in, so two hosts run against each other in one
 * process in virtual time (tests/sim).
 *
 * After every call that takes `now`, drain ike_host_next_action() and re-arm
 * one timer for ike_host_deadline().
 */
#ifndef SP_IKE_HOST_H
#define SP_IKE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "ike/conf.h"
#include "base/reason.h"

struct ike_host;
struct ike_job;
struct log;
struct rng;
struct sp_error;

#define IKE_PORT 500
#define IKE_PORT_NAT 4500

struct ike_path {
	struct endpoint local, remote;	/* port 4500: non-ESP marker is added
					 * and removed by the owner */
};

struct ike_host_params {
	const struct rng *rng;		/* must outlive the host */
	struct log *log;		/* may be NULL */
	int64_t retransmit_ms;		/* first time-out, 4000 */
	double retransmit_base;		/* 1.8 */
	unsigned retransmit_tries;	/* 5 */
	int64_t keep_alive_ms;		/* NAT keepalive, 20000, 0 = off */
	int64_t half_open_ms;		/* 30000 */
	unsigned cookie_threshold;	/* half-open in all, 30; 0 = never */
	unsigned cookie_threshold_address;	/* from one address, 3 */
	unsigned block_threshold;	/* from one address, 5; 0 = never */
	unsigned half_open_limit;	/* 0 = none */
};

/* Defaults of settings.md section 9 (rng and log left empty). */
struct ike_host_params ike_host_defaults(void);

enum ike_sa_state {
	IKE_SA_CONNECTING,	/* IKE_SA_INIT or IKE_AUTH under way */
	IKE_SA_ESTABLISHED,
	IKE_SA_REKEYING,	/* established, our rekey under way */
	IKE_SA_CLOSING,		/* Delete sent */
};

enum ike_child_state {
	IKE_CHILD_CREATING,
	IKE_CHILD_INSTALLED,
	IKE_CHILD_REKEYING,	/* installed, our rekey under way */
	IKE_CHILD_REKEYED,	/* replaced; waits for its Delete */
	IKE_CHILD_CLOSING,
};

/* What the data plane needs of one child; valid while the child exists. */
struct ike_child_info {
	uint32_t id;		/* unique in the host; serves as reqid */
	uint32_t sa_id;		/* the IKE SA it belongs to now */
	const char *name;	/* phase 2 name */
	const struct ike_child_conf *conf;
	const struct ike_conf *ike_conf;
	enum ike_child_state state;
	uint8_t protocol;	/* PROTO_ESP, PROTO_AH */
	bool transport;
	bool encap;		/* ESP in UDP */
	struct ike_path path;	/* outer addresses and ports */
	uint32_t spi_in, spi_out;
	struct suite suite;
	const struct ts_list *local_ts, *remote_ts;	/* as narrowed */
	const struct secret *encr_in, *integ_in;	/* keys, salt behind; all
				 * empty once CHILD_OUT has been taken */
	const struct secret *encr_out, *integ_out;
	uint32_t rekey_of;	/* id of the child it replaces, 0 = none */
	int64_t installed_at, rekey_at, expires_at;	/* ms, TIME_NEVER */
};

struct ike_sa_info {
	uint32_t id;
	const struct ike_conf *conf;	/* NULL while a responder has not
					 * chosen one */
	enum ike_sa_state state;
	unsigned version;	/* of IKE: 1 or 2 */
	bool initiator;		/* original initiator of this SA */
	uint64_t spi_i, spi_r;
	struct ike_path path;
	const struct ident *local_id, *remote_id;	/* NULL before AUTH */
	struct suite suite;	/* valid once IKE_SA_INIT is done */
	bool nat_local, nat_remote;
	bool mobike;		/* both sides can move it */
	struct ip_addr inner_local[2];	/* given to us, by family */
	struct ip_addr inner_remote[2];	/* given to the peer */
	struct ip_addr dns[CP_DNS_MAX];	/* told to us */
	size_t nr_dns;
	int64_t established_at, rekey_at, expires_at, last_in;
	unsigned nr_children;
};

enum ike_action_type {
	IKE_ACT_SEND,		/* path, data */
	IKE_ACT_KEEPALIVE,	/* path: send one 0xff byte */
	IKE_ACT_CHILD_IN,	/* child: install the inbound SA */
	IKE_ACT_CHILD_OUT,	/* child: install the outbound SA, make it the
				 * one in use; policies for both directions */
	IKE_ACT_CHILD_MOVE,	/* child: the path changed (NAT mapping) */
	IKE_ACT_CHILD_DEL,	/* child: remove what was installed; the last
				 * action of this child */
	IKE_ACT_EVENT,		/* event */
	IKE_ACT_JOB,		/* job: yours now; run it (ike/job.h) and give
				 * it back by ike_host_job_done() */
};

enum ike_event_type {
	IKE_EV_SA_UP,		/* sa_id */
	IKE_EV_SA_DOWN,		/* sa_id, reason: an established SA is gone */
	IKE_EV_SA_FAILED,	/* sa_id, reason: never got established */
	IKE_EV_SA_REKEYED,	/* sa_id gone, new_id took over */
	IKE_EV_SA_REAUTH,	/* sa_id wants reauthentication: the owner
				 * initiates anew by its policy */
	IKE_EV_CHILD_UP,	/* sa_id, child_id */
	IKE_EV_CHILD_DOWN,	/* sa_id, child_id, reason */
	IKE_EV_CHILD_FAILED,	/* sa_id, child_name, reason: not created */
	IKE_EV_CHILD_REKEYED,	/* child_id gone or going, new_id took over */
	IKE_EV_RETRANSMIT,	/* sa_id, reason.step, count = which try */
	IKE_EV_REFUSED,		/* reason: a peer was answered with an error
				 * or ignored; conf may be NULL */
};

struct ike_event {
	enum ike_event_type type;
	uint32_t sa_id, child_id, new_id;
	struct ike_conf *conf;		/* a reference while queued, or NULL */
	char child_name[32];		/* phase 2 name, or "" */
	struct ike_path path;
	bool initiator;			/* we began the exchange */
	unsigned count;
	struct ike_reason reason;
};

struct ike_action {
	enum ike_action_type type;
	struct ike_path path;
	const uint8_t *data;		/* valid until the next call */
	size_t len;
	uint32_t child_id;		/* look at it by ike_host_child() */
	struct ike_child_info child;	/* CHILD_*: filled at emission */
	struct ike_event event;
	struct ike_job *job;
};

struct ike_host *ike_host_new(const struct ike_host_params *p);

/* Forget everything without a word to any peer. */
void ike_host_free(struct ike_host *h);

/*
 * The configurations whom we answer.  Adding one with a name that is there
 * replaces it for exchanges to come; SAs that exist keep theirs.
 */
void ike_host_conf_add(struct ike_host *h, struct ike_conf *c);
void ike_host_conf_remove(struct ike_host *h, const char *name);

/*
 * Let the IKE SAs of this name go on under c, which agrees with theirs in
 * all that was negotiated: liveness, renewal, uniqueness, what a peer may ask
 * for.  Lifetimes count from the SA's beginning; one that is over by the new
 * terms is renewed (or, without rekey, ended) within seconds.
 */
void ike_host_sa_set_conf(struct ike_host *h, int64_t now,
    struct ike_conf *c);

/* The same for one child. */
void ike_host_child_set_conf(struct ike_host *h, int64_t now,
    uint32_t child_id, struct ike_child_conf *c);

/* Change the timers for exchanges to come. */
void ike_host_set_params(struct ike_host *h, const struct ike_host_params *p);

/* A datagram came (non-ESP marker removed). */
void ike_host_input(struct ike_host *h, int64_t now,
    const struct ike_path *path, const uint8_t *data, size_t len);

/* Do what is due at `now`. */
void ike_host_tick(struct ike_host *h, int64_t now);

/* When ike_host_tick() wants to be called next, or TIME_NEVER. */
int64_t ike_host_deadline(const struct ike_host *h);

/*
 * Take the next action; false if there is none.  What it points to is valid
 * until the next call of any function of this host.
 */
bool ike_host_next_action(struct ike_host *h, struct ike_action *a);

/*
 * Begin an IKE SA (IKE_SA_INIT), with child in IKE_AUTH (NULL: the first of
 * the configuration; children beyond the first are asked for with
 * ike_host_child_create() once IKE_EV_SA_UP came).  Returns the SA's id.
 */
int ike_host_initiate(struct ike_host *h, int64_t now, struct ike_conf *c,
    struct ike_child_conf *child, const struct ike_path *path,
    uint32_t *sa_id, struct sp_error *err);

/* CREATE_CHILD_SA: a further child; queued if the window is full. */
int ike_host_child_create(struct ike_host *h, int64_t now, uint32_t sa_id,
    struct ike_child_conf *child, struct sp_error *err);

/* Rekey by CREATE_CHILD_SA. */
int ike_host_child_rekey(struct ike_host *h, int64_t now, uint32_t child_id,
    struct sp_error *err);
int ike_host_sa_rekey(struct ike_host *h, int64_t now, uint32_t sa_id,
    struct sp_error *err);

/*
 * Delete a child / an IKE SA with its children: INFORMATIONAL with Delete;
 * why goes into the reason of the DOWN event.  force: do not wait for the
 * answer.
 */
int ike_host_child_delete(struct ike_host *h, int64_t now, uint32_t child_id,
    enum ike_reason_code why, struct sp_error *err);
int ike_host_sa_delete(struct ike_host *h, int64_t now, uint32_t sa_id,
    enum ike_reason_code why, bool force, struct sp_error *err);

/*
 * MOBIKE: the SA goes on by another path, which the owner knows to lead to
 * the peer.  SP_STATE if the SA cannot move.
 */
int ike_host_sa_move(struct ike_host *h, int64_t now, uint32_t sa_id,
    const struct ike_path *path, struct sp_error *err);

/* The addresses by which peers may reach this host (MOBIKE lists them). */
void ike_host_set_addresses(struct ike_host *h, const struct ip_addr *addrs,
    size_t nr);

/* Send a liveness probe now unless an exchange is under way. */
void ike_host_sa_probe(struct ike_host *h, int64_t now, uint32_t sa_id);

/* The plane says: soft or hard limit of the SA with this inbound or
 * outbound SPI was reached; ESP came in (counts as life); ESP of this
 * child comes from another address or port than before. */
void ike_host_plane_expire(struct ike_host *h, int64_t now, uint32_t spi,
    bool hard);
void ike_host_plane_alive(struct ike_host *h, int64_t now, uint32_t child_id);
void ike_host_plane_moved(struct ike_host *h, int64_t now, uint32_t child_id,
    const struct endpoint *remote);

/* The plane got ESP or AH of an SPI that nobody has: the peer at that
 * address, if an IKE SA leads to it, is told so (RFC 7296 1.5), rarely. */
void ike_host_plane_unknown_spi(struct ike_host *h, int64_t now,
    uint32_t spi, const struct ip_addr *from);

/* The plane could not install what CHILD_IN/CHILD_OUT asked for. */
void ike_host_plane_failed(struct ike_host *h, int64_t now, uint32_t child_id,
    const struct ike_reason *reason);

/* A job was run; taken over.  Fine if its SA is gone by now. */
void ike_host_job_done(struct ike_host *h, int64_t now, struct ike_job *job);

/*
 * The network says that a datagram to this path cannot be delivered (ICMP,
 * send error): ends an attempt that has had no answer.
 */
void ike_host_unreachable(struct ike_host *h, int64_t now,
    const struct ike_path *path, const struct ike_reason *reason);

/* Status.  Walk: *pos = 0 first; false at the end. */
bool ike_host_next_sa(const struct ike_host *h, size_t *pos,
    struct ike_sa_info *out);
bool ike_host_next_child(const struct ike_host *h, size_t *pos,
    struct ike_child_info *out);
bool ike_host_sa(const struct ike_host *h, uint32_t sa_id,
    struct ike_sa_info *out);
bool ike_host_child(const struct ike_host *h, uint32_t child_id,
    struct ike_child_info *out);

struct ike_host_stats {
	uint64_t datagrams_in, datagrams_out, retransmits;
	uint64_t malformed, auth_failures, unknown_spi, cookies_sent;
	uint64_t blocked, half_open;
	uint64_t bad_transitions;	/* defects; tests demand 0 */
};
void ike_host_stats(const struct ike_host *h, struct ike_host_stats *out);

#endif
