/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Explanations: what a reason code means, whose side it points to, and the
 * commands that mend it.  The sentences with the values of the case were made
 * where the failure was seen (struct ike_reason); here is what holds for
 * every case of a code.
 */
#ifndef SP_DIAG_DIAG_H
#define SP_DIAG_DIAG_H

#include <jansson.h>
#include <stdint.h>

#include "base/reason.h"

/* Where the fault is to be looked for. */
enum diag_side {
	DIAG_NONE,		/* nothing is wrong: a note */
	DIAG_OURS,
	DIAG_PEER,
	DIAG_BOTH,		/* the two sides differ; either may change */
	DIAG_BETWEEN,		/* the network between them */
};

#define DIAG_REMEDIES 4

/*
 * One row a code.  In the remedies {network}, {phase1}, {phase2}, {remote}
 * and {ours}, {theirs} are replaced; a remedy that names something unknown
 * in the case is left out.
 */
struct diag_row {
	const char *title;		/* N_(): a few words */
	enum diag_side side;
	const char *remedy[DIAG_REMEDIES];
};

/* Row of a code; never NULL for a code below REASON_COUNT. */
const struct diag_row *diag_row(enum ike_reason_code code);

/* Whom a reason is about; strings may be NULL where unknown. */
struct diag_subject {
	const char *network, *phase1, *phase2;
	const char *remote;		/* the peer's address or name */
};

/*
 * One remedy with its words filled in, as a string of the caller's; NULL if
 * it names something the case does not have.
 */
char *diag_remedy(const char *tmpl, const struct ike_reason *r,
    const struct diag_subject *who);

/*
 * {"code","title","side","sure","text","ours","theirs","step","remedy":[]}
 * with side one of none, ours, peer, both, between: the form in show tunnels and in failed connects.  wall_ms 0: no "time".
 */
json_t *diag_reason_json(const struct ike_reason *r,
    const struct diag_subject *who, int64_t wall_ms);

#endif
