/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A userspace plane.  One thread owns all of it but the command slot and the
 * event queue; the engine's thread changes things by commands, which the
 * plane's thread runs between two batches while the engine waits.  Since
 * nothing else changes the tables, the engine may read them at any time, and
 * counters are atomic: the path of a packet takes no lock.
 */
#ifndef SP_PLANE_USER_USER_H
#define SP_PLANE_USER_USER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/rng.h"
#include "plane/plane.h"
#include "plane/user/batch.h"
#include "plane/user/events.h"
#include "plane/user/mtu.h"
#include "plane/user/sadb.h"
#include "plane/user/sock.h"
#include "plane/user/spd.h"
#include "plane/user/tun.h"

struct user_stats {		/* as struct plane_stats */
	_Atomic uint64_t no_sa, malformed, policy_drops, queue_drops;
};

/* Random bytes for IVs, fetched from the system's generator in lots. */
struct rng_pool {
	uint8_t bytes[4096];
	size_t left;
	struct rng rng;		/* takes from here */
};

#define USER_ARENA (1024u * 1024u)

struct coalesce;
struct command;
struct log;

struct user_plane {
	struct plane plane;	/* first */
	struct plane_events events;
	struct log *log;
	struct event_queue queue;
	struct utun tun;
	struct usock socks[SOCK_KINDS];
	struct sadb sadb;
	struct spd spd;
	struct mtu_table mtu;
	struct user_stats stats;
	unsigned outer_mtu;

	/* the thread's own */
	int64_t now_ms;		/* of the batch in work */
	int64_t unknown_ms;	/* last unknown-spi event */
	struct sock_recv *recv;
	struct coalesce *coalesce;
	struct batch *batch;
	struct rng_pool pool;
	uint8_t *tun_buf;	/* TUN_READ_MAX bytes */
	uint8_t *scratch;	/* as many: a packet to be cut */
	uint8_t *arena;		/* USER_ARENA bytes: packets put together */
	size_t arena_used;
	bool stop;

	/* the meeting point of the two threads */
	pthread_t thread;
	bool running;
	int epoll_fd, wake_fd;
	pthread_mutex_t lock;
	pthread_cond_t done;
	struct command *command;	/* waits to be run, or NULL */
};

/* As plane_user_new(), with the TUN offloads limited and UDP's on or off. */
int user_plane_new(struct plane **out, const struct plane_params *p,
    enum tun_level most, bool udp_offload, struct sp_error *err);

/*
 * output.c: read what the TUN device has, protect, send.  False if the
 * device is gone.
 */
bool user_output(struct user_plane *u);

/* output.c: send what waits at a policy that has an SA now. */
void user_send_held(struct user_plane *u, struct policy *pol);

/* input.c: read what one socket has, open, write to the TUN device. */
void user_input(struct user_plane *u, struct usock *s);

/* output.c: tell the engine, once, of limits that this SA has reached. */
void user_check_limits(struct user_plane *u, struct esp_sa *sa);

/* thread.c: start the thread; SP_SYSTEM if there can be none. */
int user_thread_start(struct user_plane *u, struct sp_error *err);

/* thread.c: stop it and wait for its end. */
void user_thread_stop(struct user_plane *u);

/*
 * thread.c: run fn(u, arg) in the plane's thread and wait for it.  Called by
 * the engine's thread only.
 */
void user_call(struct user_plane *u,
    void (*fn)(struct user_plane *u, void *arg), void *arg);

#endif
