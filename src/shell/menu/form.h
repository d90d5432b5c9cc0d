/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The form of an object, made from its rows of the schema.
 */
#ifndef SP_SHELL_MENU_FORM_H
#define SP_SHELL_MENU_FORM_H

#include <stdbool.h>

struct menu;

/*
 * Edit the settings of the object at path in the candidate.  Keeping makes
 * one edit that can be undone; leaving without puts everything back.  True if
 * it was kept.  fresh: the object was made for this form just now, the caller
 * has remembered the state before (cand_edit_begin()), and it goes away again
 * if the form is left.
 */
bool form_run(struct menu *m, const char *path, bool fresh);

#endif
