/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Why a tunnel is not up, or what is to be said of it though it is: field by
 * field ours beside theirs, the evidence, what mends it, and a sentence for
 * whoever runs the other side.
 */
#ifndef SP_ENGINE_EXPLAIN_H
#define SP_ENGINE_EXPLAIN_H

#include <jansson.h>
#include <stdbool.h>

struct conn;

/*
 * {"network","phase1","state","title","text","sure","fields":[{"field",
 * "ours","theirs","verdict"}],"evidence":["..."],"remedy":["..."],"tell"}
 * with verdict one of same, differs, unknown, note.  The caller's.
 */
json_t *explain_tunnel(struct conn *c);

/*
 * Rows for two lists of proposals as suite_print() writes them; theirs may
 * name several transforms of a type.  The pair with the fewest differences is
 * taken.  child: of phase 2, where a missing group means no PFS.  remedy (caller's, or NULL where the peer's cannot be set here):
 * words behind "proposal N".
 */
void explain_offer(json_t *fields, const char *ours, const char *theirs,
    bool child, char **remedy);

#endif
