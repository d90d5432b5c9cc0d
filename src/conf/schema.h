/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The settings schema: one table a kind of object; each row is everything
 * the program knows about one setting.  Grammar, completion, help, forms,
 * file text, JSON and the manual are generated from these rows.
 */
#ifndef SP_CONF_SCHEMA_H
#define SP_CONF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_node;
struct conf_tree;
struct sp_error;

enum set_type {
	SET_BOOL,		/* yes, no */
	SET_ENUM,		/* one of choices */
	SET_INTEGER,		/* min..max, unit; specials in choices */
	SET_DECIMAL,		/* number with a point, at most three places;
				 * min..max in thousandths */
	SET_DURATION,		/* seconds; max DURATION_FOREVER: "forever" is
				 * allowed, numbers end at 2^31 - 1 */
	SET_ADDRESS,		/* IPv4, IPv6, or a word of choices */
	SET_PREFIX,
	SET_HOST,		/* address, host name, or a word of choices */
	SET_IDENTITY,
	SET_SELECTOR,		/* prefix, range, address, [proto/port] */
	SET_TEXT,
	SET_NAME,		/* name of something outside, or a word of
				 * choices: a link, a bridge */
	SET_REFERENCE,		/* name of another object (ref_object) */
	SET_END,		/* end of a flow: one to three words, such as
				 * "custom 10.0.0.0/8" */
	SET_PORTS,		/* port or a-b */
	SET_RATE,		/* 100/second, 64kbytes/second */
	SET_SECRET,		/* shown as <secret:NAME>, kept apart */
};

enum set_restart {		/* what a change of the setting disturbs */
	RESTART_NONE,		/* nothing */
	RESTART_CHILD,		/* this child is re-established */
	RESTART_IKE,		/* this IKE SA is re-established */
	RESTART_RULES,		/* rules or routes are reloaded */
	RESTART_NETWORK,	/* the network is power-cycled */
};

enum set_flags {
	SET_LIST = 1 << 0,	/* several values */
	SET_REQUIRED = 1 << 1,	/* missing is an error at validate */
	SET_ADVANCED = 1 << 2,	/* second page of the form */
	SET_LATER = 1 << 3,	/* another value than the default is refused
				 * at commit: not yet supported */
	SET_MULTILINE = 1 << 4,	/* SET_TEXT: newlines and tabs are fine */
};

/* A word of an enum, or a special word of another type. */
struct set_choice {
	const char *word;
	const char *help;	/* N_() */
	const char *weak;	/* basis of its weakness, or NULL */
	bool later;		/* refused at commit: not yet supported */
};

struct set_row {
	const char *name;	/* kebab-case word */
	enum set_type type;
	unsigned flags;
	const char *def;	/* default as text; NULL = none */
	int64_t min, max;
	const char *unit;
	const struct set_choice *choices;	/* ends with .word NULL */
	enum set_restart restart;
	const char *label;	/* N_(): menus */
	const char *help;	/* N_(): one sentence */
	const char *group;	/* form page group */
	const char *ref_object;	/* SET_REFERENCE: object word */
	/* Does the setting apply to this object now?  NULL = always.  *why
	 * gets the words for "has no effect while {why}". */
	bool (*shown)(const struct conf_node *node, const char **why);
	/* Choices that fit the rest of the object (key lengths by algorithm);
	 * NULL = all of choices. */
	bool (*fits)(const struct conf_node *node, const char *value);
	/* Default that depends on the object; NULL = def. */
	const char *(*dynamic_def)(const struct conf_node *node);
	/* Cross-field check of the set value at validate. */
	int (*check)(const struct conf_node *node, const char *value,
	    struct sp_error *err);
	/* Warning of the present value, or NULL; text into buf[256]. */
	const char *(*warn)(const struct conf_node *node, const char *value,
	    char *buf);
	/* Sentence for a number under min, with {v} in it; NULL = general. */
	const char *below;
	/* What a weak choice is called in the warning ("DH group {v}"; NULL =
	 * the word alone) and what to prefer. */
	const char *weak_name, *better;
	const char *ipsec_conf;	/* equivalent there, or NULL */
	const char *swanctl;	/* equivalent there, or NULL */
};

enum obj_naming {
	OBJ_SINGLE,		/* at most one, no name: ipsec, system */
	OBJ_NAMED,		/* 1-31 characters */
	OBJ_NUMBERED,		/* 1-9999, sorted: proposal 10, rule 20 */
	OBJ_PREFIX,		/* a prefix or "default": route 10.0.0.0/8 */
};

struct conf_object {
	const char *word;	/* "vpn-network" */
	const char *label;	/* N_(): "VPN network" */
	const char *help;	/* N_() */
	enum obj_naming naming;
	const struct set_row *rows;	/* ends with .name NULL */
	const struct conf_object *const *children;	/* ends with NULL;
							 * never NULL */
	unsigned limit;		/* how many a parent may have */
	/* Check of the whole object at validate; NULL = none. */
	int (*check)(const struct conf_node *node, struct sp_error *err);
};

/* The root: its children are vpn-network and system. */
extern const struct conf_object conf_root_object;

/* Row / child object of an object by word, or NULL. */
const struct set_row *schema_row(const struct conf_object *obj,
    const char *name);
const struct conf_object *schema_child(const struct conf_object *obj,
    const char *word);

/*
 * Check one value for a row by its type (words, ranges, addresses ...) and
 * bring it to its printed form in canon (a string of the caller's).  The
 * sentences are those of settings.md.  node may be NULL (no context).
 */
int schema_value(const struct set_row *row, const struct conf_node *node,
    const char *value, char **canon, struct sp_error *err);

/* The i-th word that the end of a flow may begin with, or NULL. */
const char *schema_end_word(size_t i);

/* How many words of a line make up a value that begins with this one; they
 * are one text with blanks for schema_value() and conf_set(). */
size_t schema_value_words(const struct set_row *row, const char *first);

/* The choice of a row by its word, or NULL. */
const struct set_choice *schema_choice(const struct set_row *row,
    const char *word);

/*
 * Default of a setting in its place (node NULL: without a place), or NULL;
 * and whether the setting applies there now.  *why (may be NULL) gets the
 * words for "has no effect while {why}".
 */
const char *schema_default(const struct set_row *row,
    const struct conf_node *node);
bool schema_shown(const struct set_row *row, const struct conf_node *node,
    const char **why);

/* Check the name of an object of this kind; canon is the caller's. */
int schema_name(const struct conf_object *obj, const char *name,
    char **canon, struct sp_error *err);

/* The refusal of a word that is neither setting nor object of obj. */
int schema_unknown(const struct conf_object *obj, const char *word,
    struct sp_error *err);

/* Append what may be typed: "<60..86400> seconds (default 3h)". */
struct buf;
void schema_shape(struct buf *b, const struct set_row *row);

#endif
