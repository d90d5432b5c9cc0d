/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What the files of engine/ know of each other.  Everything here belongs to
 * the loop's thread.  Ownership: engine -> network -> conn -> child; what the
 * plane holds of one child SA is a struct inst of its network.
 *
 * A call that makes an IKE host act is followed by tie_run(), which carries
 * out the actions; inside event handlers the one on the stack does it.
 */
#ifndef SP_ENGINE_INTERNAL_H
#define SP_ENGINE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "crypto/rng.h"
#include "engine/engine.h"
#include "engine/worker.h"
#include "ike/host.h"
#include "plane/plane.h"

struct conf_node;
struct conf_store;
struct conf_tree;
struct child;
struct confirm;
struct conn;
struct control;
struct elog;
struct inst;
struct loop;
struct loop_io;
struct loop_timer;
struct loop_wake;
struct pki;
struct map;

#define ENGINE_MARK 0x5350u	/* SO_MARK of our own sockets */
#define ENGINE_RULE_PREF 220	/* of "not fwmark ENGINE_MARK lookup T" */
#define ENGINE_DMZ_BRIDGE "sp-dmz"
#define NAME_SIZE 32		/* object names: 31 characters */

struct engine {
	char *conf_dir, *state_dir, *run_dir;
	bool no_socket;
	int lock_fd;
	struct loop *loop;
	struct loop_wake *wake;
	struct worker *worker;		/* name look-ups */
	struct pki *pki;
	struct worker *signer;		/* public-key work */
	struct elog *elog;
	struct log *log;		/* sink of elog */
	struct conf_store *store;
	struct conf_tree *conf;		/* running */
	uint32_t revision;
	char *notice;			/* for every session, or NULL */
	struct rng rng;
	struct control *control;
	struct list networks;
	struct confirm *confirm;	/* the commit that waits for it */
	struct list makings;		/* keys that are being made */
	struct list drafts;		/* secrets of drafts, in memory only */
	bool kernel_works;
	const char *kernel_why;		/* why not */
	int64_t started_ms;
	/* shared with other threads */
	pthread_t thread;
	bool threaded;
	pthread_mutex_t lock;		/* of handed[] */
	int handed[16];			/* sockets from engine_connect() */
	unsigned nr_handed;
	atomic_bool stop;
	atomic_uint pings, pongs;
	int done_fd;			/* eventfd: the loop has ended */
};

enum net_state { NET_OFF, NET_ON, NET_ERROR };

struct sock {
	struct network *net;
	int fd;				/* -1 = closed */
	int family;
	uint16_t port;
	struct loop_io *io;
};

#define NET_SOCKS 4

struct network {
	struct list link;
	struct engine *engine;
	char name[NAME_SIZE];
	char netns[NAME_SIZE + 4];	/* "" = in the host's namespace */
	bool wanted;			/* power, as the operator left it */
	bool left_over;			/* made by an engine that died */
	enum net_state state;
	struct sp_error error;		/* NET_ERROR */
	struct ip_prefix dmz;		/* own address there, family 0 none */
	struct ip_addr router;		/* own address inside, ditto */
	struct ip_prefix local;		/* network-address */
	bool exclude;			/* exclude-my-network */
	struct sock socks[NET_SOCKS];
	struct plane *plane;
	struct loop_io *plane_io;
	struct ike_host *host;
	struct loop_timer *host_timer, *pulse;
	int watch_fd;			/* of net_watch_open(), -1 = none */
	struct loop_io *watch_io;
	struct loop_timer *roam_timer;
	bool running;			/* tie_run() is on the stack */
	struct list events;		/* of the host, to be dealt with */
	struct list undelivered;	/* paths that could not be sent to */
	struct list jobs;		/* of the host, with the signers */
	struct list conns;
	struct map *conn_index;		/* by name */
	struct list insts;
	struct map *inst_index;		/* by id */
	struct list routes;
	uint32_t next_reqid;
	uint32_t table;			/* routes; 0 = none are made */
};

/* ---- network.c: a network's place, power ---- */
struct network *network_new(struct engine *e, const char *name);
void network_free(struct network *n);
struct network *network_find(struct engine *e, const char *name);
/* Its configuration, or NULL once it was removed. */
struct conf_node *network_node(const struct network *n);
/* Make everything of it; on failure nothing stays and n->error says why. */
int network_on(struct network *n, struct sp_error *err);
/* IPsec as `ipsec enabled` says, in a network that is on. */
int network_ipsec(struct network *n, struct sp_error *err);
/* Delete to every peer, then remove everything. */
void network_off(struct network *n);
/* Remove what an engine that was killed left of it, if it did. */
void network_sweep(struct network *n);
/* Into its namespace and back; *old is for network_leave(). */
int network_enter(const struct network *n, int *old, struct sp_error *err);
void network_leave(const struct network *n, int old);

/* A "state" event of its power (announce.c). */
void network_announce(const struct network *n);

/* ---- place.c: namespace, links and addresses of a network ---- */
int place_make(struct network *n, struct sp_error *err);
void place_remove(struct network *n);

/* ---- sockets.c ---- */
int sockets_open(struct network *n, struct sp_error *err);
/* Begin reading, once the plane says which sockets it reads itself. */
void sockets_watch(struct network *n);
void sockets_close(struct network *n);
/* Send; false and why filled if the path is known not to work. */
bool sockets_send(struct network *n, const struct ike_path *path,
    const void *data, size_t len, struct ike_reason *why);
void sockets_keepalive(struct network *n, const struct ike_path *path);

/* ---- tie.c, plane_tie.c: host <-> plane ---- */
void tie_run(struct network *n);
/* Note that a path does not work; the host is told by tie_run(). */
void tie_undeliverable(struct network *n, const struct ike_path *path,
    const struct ike_reason *why);
/* The queues of a network are emptied without effect. */
void tie_clear(struct network *n);
/* Make the plane that the system asks for; remove it with its insts. */
int tie_plane_open(struct network *n, struct sp_error *err);
void tie_plane_close(struct network *n);
int tie_child_in(struct network *n, const struct ike_child_info *c,
    struct ike_reason *why);
int tie_child_out(struct network *n, const struct ike_child_info *c,
    struct ike_reason *why);
void tie_child_move(struct network *n, const struct ike_child_info *c);
void tie_child_del(struct network *n, const struct ike_child_info *c);
struct inst *inst_by_id(const struct network *n, uint32_t id);
/* Counters since the last reset; NULL where not wanted. */
void inst_counters(struct inst *i, struct plane_counters *in,
    struct plane_counters *out);
void inst_reset(struct inst *i);
/* Bytes a second, from counters just read and those of some seconds ago: so
 * it costs nothing while nobody looks. */
void inst_rates(struct inst *i, const struct plane_counters *in,
    const struct plane_counters *out, uint64_t *rate_in, uint64_t *rate_out);
/* Policy of a child without SA: trap or block; removed if on is false. */
void tie_trap(struct child *ch, bool on);
/* Bypass of exclude-my-network. */
void tie_exclude(struct network *n);

/* ---- routes.c ---- */
int routes_open(struct network *n, struct sp_error *err);
void routes_close(struct network *n);
/* Routes to the remote selectors for this policy; replaces older ones. */
void routes_set(struct network *n, uint32_t reqid,
    const struct plane_selector *local, size_t nr_local,
    const struct plane_selector *remote, size_t nr_remote,
    const struct ip_addr *peer);
void routes_del(struct network *n, uint32_t reqid);
/* The throw route of exclude-my-network, as n->exclude says. */
void routes_exclude(struct network *n);
/* The table that the configuration names now, with the routes that stand; no
 * tunnel is touched.  A failure is logged. */
void routes_reload(struct network *n);

/* ---- roam.c: addresses of this machine that change (MOBIKE) ---- */
int roam_open(struct network *n, struct sp_error *err);	/* in its place */
void roam_watch(struct network *n);	/* with the host there */
void roam_close(struct network *n);

/* ---- system.c: settings of the whole program ---- */
struct ike_host_params system_ike_params(struct engine *e);
void system_apply(struct engine *e);
/* The plane of new networks: true = kernel.  *why is a phrase or NULL. */
bool system_plane_kernel(const struct engine *e, const char **why);

#endif
