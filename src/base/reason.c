/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reason records: the words of the codes, and filling one in.
 */
#include "base/reason.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const words[] = {
#define X(sym, word) [REASON_##sym] = word,
	IKE_REASONS(X)
#undef X
};

const char *
ike_reason_word(enum ike_reason_code code)
{
	if (code >= REASON_COUNT)
		return words[REASON_NONE];
	return words[code];
}

void
ike_reason_set(struct ike_reason *r, enum ike_reason_code code, bool sure,
    const char *step, const char *ours, const char *theirs,
    const char *fmt, ...)
{
	va_list ap;

	r->code = code;
	r->sure = sure;
	snprintf(r->step, sizeof(r->step), "%s", step ? step : "");
	snprintf(r->ours, sizeof(r->ours), "%s", ours ? ours : "");
	snprintf(r->theirs, sizeof(r->theirs), "%s", theirs ? theirs : "");
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
}
