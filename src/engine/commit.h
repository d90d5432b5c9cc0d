/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Making a configuration the running one.  The difference of old and new
 * becomes the smallest list of operations; what is not in it is not touched,
 * not even rekeyed.
 */
#ifndef SP_ENGINE_COMMIT_H
#define SP_ENGINE_COMMIT_H

#include <stddef.h>
#include <stdint.h>

struct conf_tree;
struct engine;
struct map;
struct sp_error;

/*
 * In the order in which they are done.  What can fail comes first, then the
 * save, then what cannot: a commit that fails has touched no tunnel of a
 * network that it does not power-cycle.
 */
enum commit_type {
	COMMIT_NETWORK_REMOVE,
	COMMIT_NETWORK_CYCLE,	/* power off, and on if it was on */
	COMMIT_NETWORK_ADD,
	COMMIT_NETWORK_REFRESH,	/* bypass of the local network, routes, IPsec
				 * on or off */
	COMMIT_CONN_REMOVE,	/* the first that is done after the save */
	COMMIT_SYSTEM,		/* log, IKE timers */
	COMMIT_CONN_ADD,
	COMMIT_CONN_RESTART,	/* its IKE SA is made anew */
	COMMIT_CONN_UPDATE,	/* SAs go on under the new terms; children that
				 * changed are made anew */
};

struct commit_op {
	enum commit_type type;
	char network[32];	/* "" for COMMIT_SYSTEM */
	char phase1[32];	/* "" for networks */
};

struct commit_plan {
	struct commit_op *op;
	size_t nr;
	size_t changes;		/* leaves and objects that differ */
	struct map *index;	/* while it is made: place + 1 of an op */
};

/* "conn-restart" and so on. */
const char *commit_type_name(enum commit_type type);

/* What has to be done to go from one configuration to the other. */
void commit_plan_make(const struct conf_tree *from, const struct conf_tree *to,
    struct commit_plan *out);
void commit_plan_free(struct commit_plan *p);

/*
 * Check, apply and save tree (taken over, on failure too).  On failure the
 * old configuration runs again.  *changes: how many; 0 = nothing was done,
 * and no revision was made.
 */
int commit_tree(struct engine *e, struct conf_tree *tree, const char *who,
    const char *comment, size_t *changes, struct sp_error *err);

/* At start: objects of all networks, those powered on that were. */
void commit_start(struct engine *e);

#endif
