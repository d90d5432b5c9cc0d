/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Connections: phase 1 entries with their phase 2 entries, their desired
 * state (what the configuration and the operator want) and their actual
 * state (what the IKE host and the plane have).  reconcile.c drives the
 * second towards the first, for every cause in one place.
 */
#ifndef SP_ENGINE_CONN_H
#define SP_ENGINE_CONN_H

#include "engine/internal.h"

enum behavior { BEHAVE_RESPONDER, BEHAVE_ON_DEMAND, BEHAVE_START };

/* What follows a loss; the words of dpd-action and close-action. */
enum on_loss { LOSS_NOTHING, LOSS_CLEAR, LOSS_TRAP, LOSS_RESTART };

struct record {			/* a reason with its time */
	struct ike_reason reason;
	int64_t wall_ms;	/* 0 = empty */
	char phase2[NAME_SIZE];	/* or "" */
};

#define CONN_RECORDS 16

struct child {
	struct list link;
	struct conn *conn;
	char name[NAME_SIZE];		/* the first phase 2 in it */
	struct ike_child_conf *conf;
	char **members;			/* phase 2 entries it carries */
	size_t nr_members;
	uint32_t priority;
	uint32_t reqid;			/* of its policy and SAs */
	bool wanted;			/* desired state */
	bool pending;			/* asked for, no answer yet */
	bool was_up;			/* since it was last stopped by hand */
	bool trapped;			/* policy without SA is in place */
	int64_t active_at;		/* last packet seen, or came up */
	bool rekeyed;			/* once: proves the DH group */
	unsigned tries;
	int64_t next_try;		/* clock_ms() */
	int64_t since_wall;
	struct record *last;		/* NULL = none yet */
	struct list insts;		/* its SAs in the plane */
};

struct conn {
	struct list link;
	struct network *net;
	char name[NAME_SIZE];
	char full[2 * NAME_SIZE];	/* "network/phase1" */
	bool enabled;
	struct ike_conf *conf;		/* NULL: error says why */
	char *error;			/* of conf, else NULL */
	char *gateway;			/* remote-gateway as typed */
	enum behavior behavior;
	enum on_loss dpd_action, close_action;
	unsigned tries_max;		/* 0 = for ever */
	bool armed;			/* policies stand without SAs */
	/* actual state */
	uint32_t sa_id;			/* 0 = none */
	bool sa_up;
	bool reauth;			/* going down to come back */
	bool make_first;		/* make-before-break */
	uint32_t successor;		/* the IKE SA being made beside sa_id */
	uint32_t predecessor;		/* to be deleted once it has none ... */
	unsigned missing;		/* ... of these children alone */
	struct ip_addr inner[2];	/* given by the peer, installed */
	bool failed;			/* gave up */
	bool wanted, was_up;		/* as those of a child, for the IKE SA
					 * alone: where there is no child */
	struct worker_job *job;		/* name look-up */
	struct ip_addr *addrs;		/* WORKER_ADDRS of them, or NULL */
	size_t nr_addrs, addr_at;
	unsigned tries;
	int64_t next_try;		/* clock_ms() */
	int64_t since_wall;
	struct record *records;		/* a ring, made with the first one */
	unsigned nr_records;		/* ever made */
	struct list children;
	struct list waiters;
	struct loop_timer *timer;	/* NULL: never asked for */
};

struct inst {			/* one child SA in the plane */
	struct list link;
	struct list of_child;	/* in child->insts */
	struct network *net;
	struct child *child;	/* NULL: its configuration is gone */
	uint32_t id;		/* of the host */
	uint32_t reqid, policy;	/* policy 0: the child's own serves */
	uint8_t protocol;	/* 50, 51 */
	uint32_t spi_in, spi_out;
	struct ip_addr dst_in, dst_out;
	bool in, out;		/* installed */
	bool routed;
	struct ike_path path;
	int64_t alive;		/* last_used_ms seen */
	struct plane_counters base_in, base_out;	/* at the reset */
	struct rate {			/* what went by, for live screens */
		int64_t at;		/* clock_ms() of these: */
		uint64_t bytes_in, bytes_out;
		uint64_t in, out;	/* bytes a second before */
	} rate;
};

/* ---- conn.c ---- */
struct conn *conn_new(struct network *n, const char *name);
void conn_free(struct conn *c);
/* When conn_reconcile() is to look again; TIME_NEVER = not by the clock. */
void conn_wake_at(struct conn *c, int64_t at_ms);
struct conn *conn_find(const struct network *n, const char *name);
/* By "network/phase1" as struct ike_conf carries it. */
struct conn *conn_of(const struct network *n, const struct ike_conf *conf);
struct child *conn_child(const struct conn *c, const char *phase2);
struct child *conn_child_by_reqid(const struct network *n, uint32_t reqid);
/* Configured now; old SAs go on.  true: a child has to be built anew. */
void conn_configure(struct conn *c);
/* How many SAs of this child are installed and in use. */
unsigned child_up(const struct child *ch);
/* One of its installed SAs, or NULL. */
struct inst *child_inst(const struct child *ch);
bool conn_wanted(const struct conn *c);
/* Is this IKE SA established and not being closed. */
bool conn_stands(const struct conn *c, uint32_t sa_id);
bool conn_active(const struct conn *c);
void conn_record(struct conn *c, const char *phase2,
    const struct ike_reason *r);
const struct record *conn_last_record(const struct conn *c, unsigned back);
enum conn_state { CONN_DISABLED, CONN_WAITING, CONN_CONNECTING,
	CONN_CONNECTED, CONN_REKEYING, CONN_CLOSING, CONN_FAILED };
enum conn_state conn_state(const struct conn *c);
const char *conn_state_name(enum conn_state s);

/* ---- reauth.c: the IKE SA wants a new authentication; see each event
 * before its handler does ---- */
void reauth_begin(struct conn *c, uint32_t sa_id);
void reauth_event(struct conn *c, const struct ike_event *ev);

/* ---- inner.c: addresses that the peer gave: take those of the IKE SA; the
 * SA is gone; what an engine that was killed left ---- */
void inner_take(struct conn *c, uint32_t sa_id);
void inner_drop(struct conn *c);
void inner_sweep(struct conn *c);

/* ---- announce.c ---- */
/* A "state" event: what of help/protocol; phase2 "" = the IKE SA; r may be
 * NULL. */
void conn_announce(const struct conn *c, const char *phase2, const char *what,
    const struct ike_reason *r);

/* ---- dial.c: names, addresses, the first packet ---- */
/* Look the peer's name up, for policies and for whom we answer. */
void conn_look_up(struct conn *c);
/* Begin an attempt: with a name, look it up first. */
void conn_try(struct conn *c);
/* The next of the peer's addresses; false if there is none left. */
bool conn_try_next(struct conn *c);
/* The peer's address as far as known; our own towards it (both may be
 * empty). */
struct ip_addr conn_peer_addr(const struct conn *c);
struct ip_addr conn_own_addr(const struct conn *c,
    const struct ip_addr *peer);

/* ---- reconcile.c: desired against actual ---- */
/* The network came on / goes off. */
void conn_power_on(struct conn *c);
void conn_power_off(struct conn *c);
/* By hand; child NULL = all of them. */
void conn_connect(struct conn *c, struct child *ch);
void conn_disconnect(struct conn *c, struct child *ch, bool force);
/* Delete the IKE SAs; come back if something is wanted. */
void conn_restart(struct conn *c);
/* Traffic asked for it. */
void conn_acquire(struct child *ch);
/* The host reports. */
void conn_event(struct network *n, const struct ike_event *ev);
/* An attempt ended without an IKE SA. */
void conn_attempt_failed(struct conn *c, const struct ike_reason *r);
/* Arm or disarm the policies of children without SAs. */
void conn_arm(struct conn *c, bool on);
/* Do what is due, and arm the timer. */
void conn_reconcile(struct conn *c);


#endif
