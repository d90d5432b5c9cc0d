/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Merge of two configurations that came from the same one: what only one
 * side changed is taken from it; what both changed, and not alike, is a
 * conflict.
 */
#ifndef SP_CONF_MERGE_H
#define SP_CONF_MERGE_H

#include <stddef.h>

struct conf_tree;
struct sp_error;

struct conf_conflict {
	char *path;		/* "vpn-network a phase1 hq lifetime" */
	char *mine, *theirs;	/* values, "deleted" or "changed" for an
				 * object; safe text without secrets */
};

struct conf_conflicts {
	struct conf_conflict *c;
	size_t nr;
};

enum merge_side { MERGE_THEIRS, MERGE_MINE };

/*
 * Apply what differs between base and mine to a copy of theirs.  Returns the
 * tree (the caller's), in which conflicting places are as the side
 * prefer has them; the conflicts go to out (the caller's, also when there are
 * none).  NULL with err if it would have more objects than a configuration may have.
 */
struct conf_tree *conf_merge(const struct conf_tree *base,
    const struct conf_tree *mine, const struct conf_tree *theirs,
    enum merge_side prefer, struct conf_conflicts *out,
    struct sp_error *err);

void conf_conflicts_free(struct conf_conflicts *c);

#endif
