/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Wizards: a few questions with good answers ready, from which objects of the
 * configuration are made.  What is asked is a table; who asks (line by line,
 * or a form on the screen) is not known here.  Every answer goes through the
 * schema, in a tree of its own: the candidate changes at the end or not at
 * all.
 */
#ifndef SP_SHELL_WIZARD_H
#define SP_SHELL_WIZARD_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct conf_node;
struct conf_tree;
struct secret;
struct set_row;
struct sp_error;
struct wizard;

enum wiz_level { WIZ_NETWORK, WIZ_PHASE1, WIZ_PHASE2, WIZ_LEVELS };

struct wiz_step {
	enum wiz_level level;	/* the object that it belongs to */
	const char *setting;	/* NULL: the name of the object */
	const char *question;	/* N_(): a few words */
	const char *help;	/* N_(): what "?" prints first */
	/* An answer to offer, the caller's; NULL = none (or no function). */
	char *(*suggest)(const struct wizard *w);
	/* Is it asked at all; NULL = yes. */
	bool (*asked)(const struct wizard *w);
	bool optional;		/* may be left empty: nothing is set */
	bool check;		/* against what was answered before it, not
				 * only at the commit */
};

/* Site to site with a pre-shared key; ends with .question NULL. */
extern const struct wiz_step wizard_first_tunnel[];

/* Begin over a copy of from. */
struct wizard *wizard_new(const struct conf_tree *from,
    const struct wiz_step *steps);
void wizard_free(struct wizard *w);

/* The step to be answered, NULL when all are; which one of how many (steps
 * that are not asked do not count). */
const struct wiz_step *wizard_step(const struct wizard *w);
void wizard_place(const struct wizard *w, size_t *step, size_t *of);

/* Its row in the schema; NULL for a name. */
const struct set_row *wizard_row(const struct wizard *w);

/* The answer to offer: the one given before, the suggestion, the default;
 * "" if there is none.  The caller's. */
char *wizard_offer(const struct wizard *w);

/*
 * Answer the step.  An error leaves it open; err has the sentence of the
 * schema.  A secret goes by wizard_answer_secret().
 */
int wizard_answer(struct wizard *w, const char *text, struct sp_error *err);
int wizard_answer_secret(struct wizard *w, const struct secret *s,
    struct sp_error *err);

/* To the step before; false at the first one. */
bool wizard_back(struct wizard *w);

/* Append what "?" prints: help, what may be typed, the words of an enum. */
void wizard_help(const struct wizard *w, struct buf *out);

/* The objects as far as they are made, or NULL. */
const struct conf_node *wizard_node(const struct wizard *w,
    enum wiz_level level);
/* Was the object there before the wizard began. */
bool wizard_had(const struct wizard *w, enum wiz_level level);

/* Append what the wizard makes as "set" lines, without the key. */
void wizard_commands(const struct wizard *w, struct buf *out);

/* The tree with all answers; it is the caller's from now on. */
struct conf_tree *wizard_take(struct wizard *w);

#endif
