/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration as a tree of objects with settings.  Only what was set
 * is in it; accessors answer with the default else.  Secrets are kept in a
 * table of the tree and never appear in its text.
 */
#ifndef SP_CONF_MODEL_H
#define SP_CONF_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/secret.h"
#include "conf/schema.h"

struct conf_tree;
struct conf_node;

struct conf_tree *conf_tree_new(void);
struct conf_tree *conf_tree_copy(const struct conf_tree *t);
void conf_tree_free(struct conf_tree *t);

/* The root node. */
struct conf_node *conf_root(const struct conf_tree *t);

/* Structure. */
const struct conf_object *conf_node_object(const struct conf_node *n);
const char *conf_node_name(const struct conf_node *n);	/* "" if single */
struct conf_node *conf_node_parent(const struct conf_node *n);
struct conf_tree *conf_node_tree(const struct conf_node *n);

/* Child by object word and name (NULL for single ones), or NULL.  Single
 * ones (ipsec, system) are always there, empty at first. */
struct conf_node *conf_child(const struct conf_node *n, const char *word,
    const char *name);

/* The child, made if it is not there; checks the name. */
int conf_child_make(struct conf_node *n, const char *word, const char *name,
    struct conf_node **out, struct sp_error *err);

/*
 * Walk the children of one kind in order (numbered: by number; named: as
 * created); prev NULL gives the first; NULL at the end.
 */
struct conf_node *conf_next_child(const struct conf_node *n,
    const char *word, const struct conf_node *prev);

/* Delete with all below; a single one is emptied instead. */
void conf_node_delete(struct conf_node *n);
/* Another name, or a copy beside it; secrets named after the object go with
 * it, and references to a renamed one follow it. */
int conf_node_rename(struct conf_node *n, const char *name,
    struct sp_error *err);
int conf_node_copy(struct conf_node *n, const char *name,
    struct sp_error *err);

/* "vpn-network branch phase1 hq" into buf. */
void conf_node_path(const struct conf_node *n, struct buf *b);

/* Setting values.  conf_set() replaces (or, for lists, adds) one value after
 * schema_value(); conf_unset() removes it (value NULL: all values). */
int conf_set(struct conf_node *n, const char *setting, const char *value,
    struct sp_error *err);
int conf_unset(struct conf_node *n, const char *setting, const char *value,
    struct sp_error *err);

/* Was it set (not only a default). */
bool conf_is_set(const struct conf_node *n, const char *setting);

/* Values as text: i-th value set, or the default for i = 0; else NULL. */
const char *conf_value(const struct conf_node *n, const char *setting,
    size_t i);

/* How many values are set (defaults do not count). */
size_t conf_count(const struct conf_node *n, const char *setting);

/* Typed access, with defaults; the setting must exist in the schema.
 * conf_str(): NULL if unset without default.  Numbers: 0 then, and for a
 * special word such as auto; conf_duration(): DURATION_FOREVER. */
const char *conf_str(const struct conf_node *n, const char *setting);
bool conf_bool(const struct conf_node *n, const char *setting);
int64_t conf_int(const struct conf_node *n, const char *setting);
double conf_decimal(const struct conf_node *n, const char *setting);
int64_t conf_duration(const struct conf_node *n, const char *setting);
bool conf_addr(const struct conf_node *n, const char *setting,
    struct ip_addr *out);		/* false: unset or a word */
bool conf_prefix(const struct conf_node *n, const char *setting,
    struct ip_prefix *out);

/* Every object but ipsec and system: enabled (activate/deactivate). */
bool conf_node_enabled(const struct conf_node *n);

/* Secrets by name, in the tree's table.  set copies; NULL value removes. */
const struct secret *conf_secret(const struct conf_tree *t,
    const char *name);
void conf_secret_set(struct conf_tree *t, const char *name,
    const struct secret *value);
/* Walk: *pos = 0 first; returns the name or NULL. */
const char *conf_secret_next(const struct conf_tree *t, size_t *pos);

/*
 * Put a pre-shared key: checks its form (text, 0x hex, 0s base64), keeps it
 * under the name of the object ("network/phase1") and sets the setting to
 * <secret:NAME>.  conf_set() with a clear value does the same.
 */
int conf_secret_put(struct conf_node *n, const char *setting,
    const struct secret *value, struct sp_error *err);

/* The key itself: 0x and 0s forms decoded.  out is the caller's. */
int conf_secret_bytes(const struct conf_tree *t, const char *name,
    struct secret *out, struct sp_error *err);

/* NAME of "<secret:NAME>" into out[size]; false if it is no such value. */
bool conf_secret_name(const char *value, char *out, size_t size);

/* Estimated strength in bits of a secret as typed. */
unsigned conf_secret_bits(const struct secret *s);

/* Comment lines above an object or setting, as a person wrote them
 * (setting NULL: of the object); NULL if none.  Kept by parse and print.  A
 * comment on a setting that is not set sets it to its default. */
const char *conf_comment(const struct conf_node *n, const char *setting);
void conf_comment_set(struct conf_node *n, const char *setting,
    const char *text);

#endif
