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

enum commit_type {		/* in the order in which they are done */
	COMMIT_NETWORK_REMOVE,
	COMMIT_CONN_REMOVE,
	COMMIT_SYSTEM,		/* log, IKE timers */
	COMMIT_NETWORK_CYCLE,	/* power off, and on if it was on */
	COMMIT_NETWORK_ADD,
	COMMIT_NETWORK_REFRESH,	/* bypass of the local network */
	COMMIT_CONN_ADD,
	COMMIT_CONN_RESTART,	/* its IKE SA is made anew */
	COMMIT_CONN_UPDATE,	/* for exchanges to come; children that
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
