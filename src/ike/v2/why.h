/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows of why_table.c, read by why.c.
 */
#ifndef SP_IKE_V2_WHY_H
#define SP_IKE_V2_WHY_H

#include <stdint.h>

#include "ike/codec.h"
#include "base/reason.h"

/* A reason that needs nothing but the SA. */
struct why_row {
	enum ike_reason_code code;
	bool sure;
	const char *text;	/* NULL ends the table */
};

/* What an error notify means; type 0 is any other one and ends the table. */
struct notify_row {
	uint16_t type;
	enum ike_reason_code code;
	const char *text;
};

extern const struct why_row why_code_table[];
extern const struct notify_row why_ike_table[];	/* refusing the IKE SA */
extern const struct notify_row why_child_table[];	/* refusing a child */

#endif
