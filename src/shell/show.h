/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Showing the engine's objects: tables by rows of show_table.c, and blocks
 * of "key: value" for everything that is one object.
 */
#ifndef SP_SHELL_SHOW_H
#define SP_SHELL_SHOW_H

#include <jansson.h>
#include <stddef.h>

struct buf;
struct tbl_col;

/*
 * Append the value at path of obj as a cell: "@path" is a time, printed as
 * age or "in 52m"; "#path" a number of bytes; "_path" words of a table,
 * translated; "a+b" two values joined by a slash; else as it is.
 */
void show_cell(struct buf *b, const json_t *obj, const char *path);

/* Append all members of obj, one a line, nested ones indented; times with
 * their age, null ones left out. */
void show_object(struct buf *b, const json_t *obj, int indent);

#endif
