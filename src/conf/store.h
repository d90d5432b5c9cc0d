/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files: sallyport.conf, secrets (0600), history of the last 50 commits.
 * Written atomically: write NAME.new, fsync, rename, fsync directory.
 */
#ifndef SP_CONF_STORE_H
#define SP_CONF_STORE_H

#include <stddef.h>
#include <stdint.h>

struct conf_tree;
struct conf_store;
struct sp_error;

struct conf_store_paths {
	char *conf_dir;		/* /etc/sallyport or DIR */
	char *state_dir;	/* /var/lib/sallyport or DIR/state */
};

/* Open (directories are made, 0750); takes copies of the paths. */
int conf_store_open(struct conf_store **out,
    const struct conf_store_paths *paths, struct sp_error *err);
void conf_store_free(struct conf_store *s);

/*
 * Read configuration and secrets; an absent file is an empty configuration.
 * *revision: of the newest commit, 0 = none.  A file that was changed by
 * hand since then gets a history entry and a revision of its own.
 *
 * A file that cannot be understood (or is empty, as after a power failure on
 * a bad disk) is put aside as sallyport.conf.broken, and the newest whole
 * revision of the history is loaded in its place; broken says what was wrong
 * with the file, else its code is SP_OK.  Without a history it is an error.
 */
int conf_store_load(struct conf_store *s, struct conf_tree **out,
    uint32_t *revision, struct sp_error *broken, struct sp_error *err);

/* Save as the next revision, with history entry.  who and comment may be
 * "".  *revision gets the new number. */
int conf_store_save(struct conf_store *s, const struct conf_tree *t,
    const char *who, const char *comment, uint32_t *revision,
    struct sp_error *err);

struct conf_history {
	uint32_t revision;
	int64_t wall_ms;
	char who[64];
	char comment[160];
};

/* The newest first; returns how many were written to out (at most max). */
size_t conf_store_history(struct conf_store *s, struct conf_history *out,
    size_t max);

/* The tree of an old revision (its secrets as they are now). */
int conf_store_revision(struct conf_store *s, uint32_t revision,
    struct conf_tree **out, struct sp_error *err);

/* Drafts of shells that were cut off: one text a user. */
int conf_store_draft_save(struct conf_store *s, const char *user,
    const char *text, struct sp_error *err);
char *conf_store_draft_load(struct conf_store *s, const char *user);
void conf_store_draft_drop(struct conf_store *s, const char *user);

/*
 * A commit that waits for its confirmation: written before the commit is
 * carried out, dropped when it is confirmed or taken back.  before: the
 * configuration to return to; its keys are kept too.  get: SP_NOTFOUND when
 * none waits; *before is the caller's.
 */
struct conf_unconfirmed {
	uint32_t back_to;	/* revision of before */
	int64_t made_ms;	/* wall clock */
	int64_t deadline_ms;	/* wall clock */
	char who[64];
};
int conf_store_unconfirmed_set(struct conf_store *s,
    const struct conf_unconfirmed *u, const struct conf_tree *before,
    struct sp_error *err);
int conf_store_unconfirmed_get(struct conf_store *s,
    struct conf_unconfirmed *u, struct conf_tree **before,
    struct sp_error *err);
void conf_store_unconfirmed_drop(struct conf_store *s);

/* Small state values that outlive the process: "power/branch" -> "on".
 * A NULL value removes the key; get returns a string of the caller's, or
 * NULL. */
int conf_store_state_set(struct conf_store *s, const char *key,
    const char *value, struct sp_error *err);
char *conf_store_state_get(struct conf_store *s, const char *key);

#endif
