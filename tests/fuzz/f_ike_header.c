/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole messages as they come from the network.  Law: what was read and is
 * written again reads and writes to the same bytes (reserved bits and
 * selectors of unknown type may be gone after the first time); checking
 * and printing never fail.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ike/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
write_law(const struct ike_msg *m)
{
	struct buf a = {0}, b = {0};
	struct ike_msg *again;

	if (ike_msg_write(m, &a, NULL) == 0 &&
	    ike_msg_read(&again, a.data, a.len, NULL, NULL) == 0) {
		if (ike_msg_write(again, &b, NULL) != 0 || a.len != b.len ||
		    memcmp(a.data, b.data, a.len) != 0)
			abort();
		ike_msg_free(again);
	}
	buf_free(&a);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf text = {0};
	struct ike_header h;
	struct ike_msg *m;
	uint8_t bad;

	if (ike_header_read(&h, data, len, NULL) < 0)
		return 0;
	if (ike_msg_read(&m, data, len, &bad, NULL) < 0)
		return 0;
	write_law(m);
	ike_msg_check(m, NULL);
	ike_msg_print(m, &text);
	buf_free(&text);
	ike_msg_free(m);
	return 0;
}
