/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Help pages: files of help/ for commands and objects, and what the tables
 * say themselves.
 */
#ifndef SP_SHELL_HELP_H
#define SP_SHELL_HELP_H

#include <stddef.h>

struct buf;
struct choices;
struct sp_error;
struct token;

/* Append the page for the words; SP_NOTFOUND with a near word if none. */
int help_page(const struct token *tok, size_t nr, struct buf *out,
    struct sp_error *err);

/* Offer topics that go on after the words. */
void help_offer(const struct token *done, size_t nr, const char *prefix,
    struct choices *out);

#endif
