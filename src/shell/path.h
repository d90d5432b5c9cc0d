/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Configuration paths: words of the command line matched against the schema
 * and the candidate.
 */
#ifndef SP_SHELL_PATH_H
#define SP_SHELL_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct choices;
struct conf_node;
struct conf_object;
struct set_row;
struct shell;
struct sp_error;
struct token;

enum path_flags {
	PATH_MAKE = 1 << 0,	/* make objects that are not there */
	PATH_ABBREV = 1 << 1,	/* words may be shortened */
};

struct path {
	struct conf_node *node;		/* deepest object reached */
	const struct set_row *row;	/* its setting, or NULL */
	const struct conf_object *pending;	/* object without its name */
	const struct token *value;	/* words after the setting */
	size_t nr_values;
	struct conf_node *made;		/* topmost object that was made */
};

/*
 * Follow the words from start.  What was made stays if a later word is
 * wrong; p->made names it, so that the caller can delete it.
 */
int path_walk(struct conf_node *start, const struct token *tok, size_t nr,
    unsigned flags, struct path *p, struct sp_error *err);

/* How many of the words after p->row are its value; what is left may be
 * further settings of the same object. */
size_t path_values(const struct path *p);

/* The node that is edited in this shell (the root at top level). */
struct conf_node *path_here(struct shell *sh);

/* Set or leave the block that is edited. */
void path_edit_set(struct shell *sh, const struct conf_node *n);

/* The block that is edited, for the prompt: "/branch/hq" or "". */
char *path_edit_label(struct shell *sh);

/* Offer what may follow the words: objects, names, settings, values. */
void path_offer(struct shell *sh, const struct token *done, size_t nr,
    const char *prefix, bool values, struct choices *out);

/*
 * The phase 1 (and phase 2) that 1-3 words name: NETWORK PHASE1 [PHASE2], or
 * without the network where the name is unique.  *child may be NULL.
 */
int path_tunnel(struct shell *sh, const struct token *tok, size_t nr,
    struct conf_node **phase1, struct conf_node **child,
    struct sp_error *err);

/* Offer names for a tunnel after the words already typed. */
void path_offer_tunnel(struct shell *sh, const struct token *done,
    size_t nr, const char *prefix, struct choices *out);

#endif
