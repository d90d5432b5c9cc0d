/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The candidate: the configuration that this shell edits, beside the one it
 * came from.  Edits never touch the engine before commit.  Every edit can be
 * undone until then.
 */
#ifndef SP_SHELL_CANDIDATE_H
#define SP_SHELL_CANDIDATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct conf_tree;
struct sp_error;

struct candidate {
	struct conf_tree *tree;		/* edited here */
	struct conf_tree *base;		/* as the engine gave it */
	uint32_t revision;		/* of base */
	struct conf_tree **undo;	/* former states, the newest last */
	size_t nr_undo;
	struct conf_tree **redo;	/* undone states, the newest last */
	size_t nr_redo;
	bool comments;			/* they may differ as well */
};

/* Start from text of the engine; text must parse. */
int cand_start(struct candidate *c, const char *text, uint32_t revision,
    struct sp_error *err);
void cand_free(struct candidate *c);

/* Does it differ from base (secrets given here and comments count); how
 * many settings and objects do, at least 1 if a comment does. */
bool cand_dirty(const struct candidate *c);
size_t cand_changes(const struct candidate *c);

/* Both at once: with many tunnels each of them takes its time. */
bool cand_count(const struct candidate *c, size_t *changes);

/*
 * Remember the present state before an edit; then either go back to it, if
 * the edit failed, or keep it for undo (nothing can be redone any more).
 */
void cand_edit_begin(struct candidate *c);
void cand_edit_abort(struct candidate *c);
void cand_edit_done(struct candidate *c);

/* Put another tree in place of the candidate (taken over, undoable). */
void cand_replace(struct candidate *c, struct conf_tree *tree);

/* One step back or forward; SP_STATE when there is none. */
int cand_undo(struct candidate *c, struct sp_error *err);
int cand_redo(struct candidate *c, struct sp_error *err);

/*
 * Begin again from what runs now, as text of the engine; the edits can be
 * brought back by undo.
 */
int cand_discard(struct candidate *c, const char *text, uint32_t revision,
    struct sp_error *err);

/*
 * The edits stand on another base now: tree (taken over) is what they make of
 * base (copied), which is that revision.  Can be undone.
 */
void cand_rebase(struct candidate *c, struct conf_tree *tree,
    const struct conf_tree *base, uint32_t revision);

/* After a commit: base becomes the candidate, secrets are let go. */
void cand_committed(struct candidate *c, uint32_t revision);

/* Text and secrets {"name":"base64"} as the protocol wants them (caller's). */
char *cand_text(const struct candidate *c);
json_t *cand_secrets(const struct candidate *c);

/* Take secrets of a draft into the candidate. */
void cand_secrets_load(struct candidate *c, const json_t *secrets);

#endif
