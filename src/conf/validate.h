/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checks of a whole configuration, and its difference as a work list.
 */
#ifndef SP_CONF_VALIDATE_H
#define SP_CONF_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "conf/schema.h"

struct conf_node;
struct conf_tree;

struct conf_report {
	struct sp_error *errors;	/* commit is refused */
	size_t nr_errors;
	struct sp_error *warnings;	/* commit goes on */
	size_t nr_warnings;
};

/* Check everything; both lists have path and sentence.  Owned by caller. */
void conf_validate(const struct conf_tree *t, struct conf_report *out);
void conf_report_free(struct conf_report *r);

/* One difference between two trees. */
struct conf_change {
	char *path;		/* object path, "vpn-network a phase1 b" */
	const struct conf_object *object;
	const struct set_row *row;	/* NULL: the object came or went */
	const struct conf_node *old, *new;	/* NULL: not there */
	enum set_restart restart;
};

struct conf_changes {
	struct conf_change *change;
	size_t nr;
};

/* All differences old -> new (secrets count as changes of their setting). */
void conf_changes(const struct conf_tree *old, const struct conf_tree *new,
    struct conf_changes *out);
void conf_changes_free(struct conf_changes *c);

#endif
