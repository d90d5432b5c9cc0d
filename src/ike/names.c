/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names by number.  A number without a name prints with its kind, as in
 * "NOTIFY_40961", so that it can be looked up.
 */
#include "ike/codec.h"

#include <stdio.h>

#include "ike/internal.h"

/* The longest table has some eighty rows: a walk is fast enough. */
const char *
ike_name_of(const struct ike_name *names, unsigned number)
{
	for (; names->name != NULL; names++) {
		if (names->number == number)
			return names->name;
	}
	return NULL;
}

void
ike_name_print(struct buf *b, const struct ike_name *names,
    const char *prefix, unsigned number)
{
	const char *name = ike_name_of(names, number);

	if (name != NULL)
		buf_puts(b, name);
	else
		buf_printf(b, "%s_%u", prefix, number);
}

/* Copy the name, or make one of the prefix and the number. */
static const char *
fill(char *out, size_t size, const char *name, const char *prefix,
    unsigned number)
{
	if (name != NULL)
		snprintf(out, size, "%s", name);
	else
		snprintf(out, size, "%s_%u", prefix, number);
	return out;
}

const char *
ike_payload_name(unsigned type, char out[32])
{
	const struct pld_row *row = ike_pld_row(type);

	return fill(out, 32, row ? row->name : NULL, "PAYLOAD", type);
}

const char *
ike_exchange_name(unsigned type, char out[32])
{
	return fill(out, 32, ike_name_of(ike_exchange_names, type),
	    "EXCHANGE", type);
}

const char *
ike_notify_name(unsigned type, char out[48])
{
	return fill(out, 48, ike_name_of(ike_notify_names, type), "NOTIFY",
	    type);
}

const char *
ike_protocol_name(unsigned type, char out[32])
{
	return fill(out, 32, ike_name_of(ike_protocol_names, type),
	    "PROTOCOL", type);
}
