/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secrets on their way in: asked for, from a file, from standard input, or
 * typed in clear.
 */
#ifndef SP_SHELL_SECRETIN_H
#define SP_SHELL_SECRETIN_H

#include <stddef.h>

struct path;
struct shell;
struct sp_error;
struct token;

/*
 * Set the secret of the path from its first nr value words: none (asks twice
 * without echo), "file PATH", "-", or the value itself.  last is the last
 * word of the line, for the place of an error.
 */
int secretin_set(struct shell *sh, struct path *p, size_t nr,
    const struct token *last, struct sp_error *err);

/* A new random key as text (caller's, wipe it). */
int secretin_random(char **text, struct sp_error *err);

#endif
