/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulator: two IKE hosts in one process, virtual time, and a network
 * between them that loses, doubles, reorders and spoils datagrams by seed, or
 * hands them over one by one as a script wants.  A fake data plane records
 * what is installed and carries numbered packets, so that a test can count
 * what a rekey loses.  A NAT may stand before host 0.
 *
 * Everything is deterministic by seed but the key pairs, which no decision
 * depends on.
 */
#ifndef SP_TESTS_SIM_H
#define SP_TESTS_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "crypto/rng.h"
#include "ike/codec.h"
#include "ike/host.h"
#include "ike/job.h"

#define SIM_CHILDREN 64		/* children in a fake plane at once */
#define SIM_KEY 96		/* bytes of a recorded traffic key */
#define SIM_CLOCK 1800000000	/* s since 1970, when it starts */

struct sim;

/* One pair of SAs as the plane has it. */
struct sim_child {
	uint32_t id;		/* 0 = free slot */
	char name[32];
	bool in, out;
	unsigned out_at;	/* order of CHILD_OUT: the highest is in use */
	uint32_t spi_in, spi_out;
	uint8_t key_in[SIM_KEY], key_out[SIM_KEY];	/* encr | integ */
	size_t key_len;
	bool encap, transport, esn;
	struct ike_path path;
	char local[128], remote[128];	/* selectors as text */
};

struct sim_event {
	int64_t at;
	struct ike_event e;	/* conf is not kept */
};

struct sim_host {
	struct sim *sim;
	unsigned nr;		/* 0 or 1 */
	struct ike_host *h;
	struct ip_addr addr;
	struct sim_child plane[SIM_CHILDREN];
	unsigned outs;		/* CHILD_OUT seen */
	unsigned moves, keepalives;
	struct sim_event *events;
	size_t nr_events;
	uint64_t sent, received, lost;	/* numbered packets */
};

struct sim_dgram {
	struct list link;
	int64_t due;
	unsigned from;		/* host; 2 = forged by the test */
	bool corrupt;		/* a byte of it was spoiled */
	struct endpoint src, dst;	/* as on the receiver's side */
	uint8_t *data;
	size_t len;
	bool esp;		/* a numbered packet of the plane */
	uint32_t spi;
	uint8_t key[SIM_KEY];
	size_t key_len;
};

struct sim_job {
	struct list link;
	int64_t due;
	unsigned host;
	struct ike_job *job;
};

struct sim {
	int64_t now;
	uint64_t seed;		/* state of the generator */
	struct rng rng;
	struct sim_host host[2];
	struct list wire;	/* in order of due time */
	struct list jobs;	/* public-key work, in order */
	int64_t job_ms;		/* that it takes */
	int64_t clock_s;	/* since 1970, for certificates */
	unsigned loss, twice, spoil, reorder;	/* per cent */
	int64_t latency, jitter;	/* ms, each way */
	bool manual;		/* datagrams wait for sim_pass() */
	bool cut;		/* nothing gets through */
	bool nat;		/* before host 0 */
	struct ip_addr nat_addr;
	uint16_t nat_port[2];	/* outside ports of 500 and 4500 */
	int64_t traffic_ms;	/* a packet each way so often, 0 = none */
	int64_t traffic_at;
	unsigned datagrams;
};

/* Start with two hosts of the default parameters (par may be NULL). */
void sim_start(struct sim *s, uint64_t seed,
    const struct ike_host_params *par);
void sim_end(struct sim *s);

/* Run until the time, or until nothing is due before it. */
void sim_run(struct sim *s, int64_t until);

/* Run on for so many ms. */
void sim_for(struct sim *s, int64_t ms);

/* Take the actions of both hosts after a direct call of ike_host_*(). */
void sim_drain(struct sim *s);

/* The path from a host to the other one, port 500. */
struct ike_path sim_path(const struct sim *s, unsigned host);

/* Manual mode: hand over (drop) the oldest datagram of the host that is not
 * ESP; false if there is none.  sim_pass_all: until the wire is silent. */
bool sim_pass(struct sim *s, unsigned from);
bool sim_drop(struct sim *s, unsigned from);
void sim_pass_all(struct sim *s);

/* Manual mode: the oldest waiting datagram of the host, or NULL. */
struct sim_dgram *sim_peek(struct sim *s, unsigned from);

/* How many IKE datagrams wait from the host. */
unsigned sim_waiting(const struct sim *s, unsigned from);

/* Give the host a datagram from the path's remote end, now. */
void sim_inject(struct sim *s, unsigned to, const struct ike_path *path,
    const void *data, size_t len);

/* What a test configures of a side; NULL fields take the defaults. */
struct sim_conf {
	const char *name, *local_id, *remote_id, *psk;
	const char *ike[4], *esp[4];	/* suites as text */
	const char *local_ts, *remote_ts;
	const char *child;
	bool transport;
};

/* Make a configuration (one child) of a side: host 0 is "left.example" with
 * 10.1.0.0/16, host 1 "right.example" with 10.2.0.0/16. */
struct ike_conf *sim_conf_new(unsigned host, const struct sim_conf *c);

/* A further child of a configuration. */
struct ike_child_conf *sim_child_new(const char *name, const char *esp,
    const char *local_ts, const char *remote_ts);

/* Give the host the configuration to answer with (takes the reference). */
void sim_listen_take(struct sim *s, unsigned host, struct ike_conf *c);

/* Begin from the host; the id of the SA. */
uint32_t sim_initiate(struct sim *s, unsigned host, struct ike_conf *c);

/* Both sides with default configurations, a tunnel up; its SA id at host 0,
 * which initiates. */
uint32_t sim_up(struct sim *s);

/* The last event of the type at the host, or NULL; how many there were. */
const struct ike_event *sim_event(const struct sim *s, unsigned host,
    enum ike_event_type type);
unsigned sim_count(const struct sim *s, unsigned host,
    enum ike_event_type type);

/* The n-th SA that the host shows (false: it has not so many). */
bool sim_sa(const struct sim *s, unsigned host, size_t n,
    struct ike_sa_info *out);
unsigned sim_nr_sas(const struct sim *s, unsigned host);

/* Children in the plane; the one whose outbound SA is in use, or NULL. */
unsigned sim_nr_children(const struct sim *s, unsigned host);
struct sim_child *sim_in_use(struct sim *s, unsigned host, const char *name);

/* Do both sides have the same SAs and the same children with the same keys;
 * prints what differs. */
bool sim_agree(struct sim *s);

/* No illegal change of state on either side. */
bool sim_is_sane(const struct sim *s);

#endif
