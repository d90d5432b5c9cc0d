/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Conflicts between the candidate and what others committed meanwhile.
 */
#ifndef SP_SHELL_UPDATE_H
#define SP_SHELL_UPDATE_H

struct conf_node;
struct shell;
struct sp_error;

/*
 * The engine refused a commit as conflicting: print both sides of each place
 * with who and when on standard error, and put the way out into err.
 */
void update_refused(struct shell *sh, struct sp_error *err);

/* Set everything of one node, with all below, in another of its kind
 * (cmd_text.c); comments do not go along. */
int load_node(struct conf_node *to, const struct conf_node *from,
    struct sp_error *err);

#endif
