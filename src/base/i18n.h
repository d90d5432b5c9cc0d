/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Translation marks.  N_() marks a string in a table, _() looks it up at the
 * point of output and nowhere else.
 */
#ifndef SP_BASE_I18N_H
#define SP_BASE_I18N_H

#include <libintl.h>

#define N_(s) s
#define _(s) gettext(s)

#endif
