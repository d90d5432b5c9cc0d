/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What only the files of conf/ share: the bodies of tree and node, the
 * tables, the checks of single values, the printer behind text and diff.
 */
#ifndef SP_CONF_INTERNAL_H
#define SP_CONF_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/list.h"
#include "base/secret.h"
#include "conf/model.h"
#include "conf/schema.h"

struct buf;
struct map;
struct token;

/* Bounds: what a file may ask for (hardening: hostile configurations). */
#define CONF_TEXT_MAX (14u << 20)	/* bytes of a whole configuration */
#define CONF_WORD_MAX 65536		/* bytes of one word */
#define CONF_TOKENS_MAX 1000000		/* words of a configuration */
#define CONF_NODES_MAX 100000		/* objects of a tree */
#define CONF_LIST_MAX 256		/* values of one list */
#define CONF_SECRET_MAX 4096		/* bytes of a pre-shared key */
#define CONF_NAME_MAX 128		/* room for the name of a secret */
#define CONF_QUOTE 132			/* room for a value in a sentence */

struct conf_leaf {			/* one setting that was set */
	const struct set_row *row;
	char **values;			/* canonical text */
	size_t nr;			/* at least one */
	char *comment;			/* or NULL */
};

struct conf_node {
	struct conf_tree *tree;
	struct conf_node *parent;	/* NULL: root */
	const struct conf_object *object;
	char *name;			/* "" if single */
	struct list link;		/* in children of the parent */
	struct list children;		/* by kind, then in order */
	unsigned nr_children;		/* single ones not counted */
	struct conf_leaf *leaves;	/* in the order of the rows */
	size_t nr_leaves;
	char *comment;			/* above the object, or NULL */
	char *tail;			/* at the end of its block, or NULL */
};

struct conf_named_secret {
	char *name;
	struct secret value;
};

struct conf_tree {
	struct conf_node *root;
	struct map *index;		/* parent, kind, name -> node */
	struct conf_named_secret *secrets;
	size_t nr_secrets;
	size_t nr_nodes;
};

/* The tables. */
extern const struct set_row network_table[], ipsec_table[], phase1_table[],
    proposal1_table[], proposal2_table[], phase2_table[], system_table[],
    rule_table[], route_table[];
extern const struct conf_object network_object, ipsec_object, phase1_object,
    proposal1_object, proposal2_object, phase2_object, system_object,
    rule_object, route_object, host_object,
    certificate_object, authority_object;

/* A value as it may stand in a sentence: safe, cut to fit out[CONF_QUOTE]. */
const char *value_quote(char *out, const char *value);

/* Is every character printable, valid UTF-8 (base/str.h's rules). */
bool value_printable(const char *s, size_t len);

/* Replace {v} in a sentence of a table and fail with it. */
int value_sentence(struct sp_error *err, enum sp_code code,
    const char *sentence, const char *value);

/*
 * Forms of addresses and names (value_net.c): append the canonical form, or
 * fail with the sentence of settings.md.  shown: value for the sentence.
 */
int value_host(struct buf *out, const char *value, const char *shown,
    struct sp_error *err);
int value_identity(struct buf *out, const char *value, const char *shown,
    struct sp_error *err);
int value_prefix(struct buf *out, const char *value, const char *shown,
    struct sp_error *err);
int value_selector(struct buf *out, const char *value, const char *shown,
    struct sp_error *err);

int value_end(struct buf *out, const char *value, const char *shown,
    struct sp_error *err);
int value_ports(struct buf *out, const char *value, const char *shown,
    struct sp_error *err);
int value_rate(struct buf *out, const char *value, const char *shown,
    struct sp_error *err);

/* First and last address of a selector as printed; false for dynamic. */
bool selector_range(const char *value, struct ip_addr *first,
    struct ip_addr *last);

/* Number with up to three decimal places, in thousandths. */
bool decimal_parse(const char *s, int64_t *thousandths);

/* The leaf of a row, or NULL; make it (empty); drop it. */
struct conf_leaf *leaf_find(const struct conf_node *n,
    const struct set_row *row);
struct conf_leaf *leaf_make(struct conf_node *n, const struct set_row *row);
void leaf_drop(struct conf_node *n, struct conf_leaf *leaf);

/* Empty the leaves of a node; copy those of src into the empty dst. */
void leaves_free(struct conf_node *n);
void leaves_copy(struct conf_node *dst, const struct conf_node *src);

/* Put a copy of the leaf from (of node src; NULL = none) in place of the one
 * of dst, with the key that it names. */
void leaf_replace(struct conf_node *dst, const struct set_row *row,
    const struct conf_node *src, const struct conf_leaf *from);

/* Copy all of src, maybe of another tree, into the empty dst. */
void node_fill(struct conf_node *dst, const struct conf_node *src);

/* Replace the values of a leaf by one text. */
void leaf_store(struct conf_leaf *leaf, const char *value);

/*
 * Append the name that a secret of node n has; with renamed, as if that
 * ancestor (or n) still were called former.
 */
void secret_default_name(struct buf *b, const struct conf_node *n,
    const struct conf_node *renamed, const char *former);

/* The same for one setting of n: pre-shared-key has the bare path. */
void secret_row_name(struct buf *b, const struct conf_node *n,
    const struct set_row *row, const struct conf_node *renamed,
    const char *former);

/* After a rename or copy: secrets named after the old place follow. */
void secrets_follow(struct conf_node *n, const struct conf_node *renamed,
    const char *former);

/* Place of a secret in the tree's table; false if it is not there. */
bool secret_at(const struct conf_tree *t, const char *name, size_t *at);

/* Check the form of a secret as typed (text, 0x hex, 0s base64). */
int secret_check(const struct secret *value, struct sp_error *err);

/* Do two trees hold the same bytes behind two values <secret:NAME>. */
bool secret_same(const struct conf_tree *a, const char *value_a,
    const struct conf_tree *b, const char *value_b);

/* Is there anything in a node (single ones are not printed when empty). */
bool node_is_empty(const struct conf_node *n);

/* Is it a comment that the printer makes itself ("default"). */
bool comment_is_generated(const char *line);

/* Keep the printable lines of a comment; NULL if nothing is left. */
char *comment_clean(const char *text);

/* Printer of the block form. */
struct printer {
	struct buf *out;
	char mark;			/* '+', '-', ' ', or 0: no column */
	bool all;			/* defaults too */
	int depth;			/* blocks around */
};

/* Lines of a node with its header, or of its contents. */
void print_node(const struct printer *pr, const struct conf_node *n);
void print_body(const struct printer *pr, const struct conf_node *n);
void print_head(const struct printer *pr, const struct conf_node *n);
void print_leaf(const struct printer *pr, const struct conf_leaf *leaf,
    const char *note);
void print_close(const struct printer *pr);

/* Objects of proposals (defaults.c): does phase 1 or 2 n use AEAD. */
bool proposal_is_aead(const struct conf_node *n);

#endif
