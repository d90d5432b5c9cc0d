/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every payload decoder: the first byte is the payload type of a chain, the
 * rest the chain, as it lies inside of SK.  Law: decode, encode, decode
 * gives the same chain, unless selectors of unknown type were left out.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ike/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool
is_skipping(const struct ike_msg *m)
{
	size_t i;

	for (i = 0; i < m->nr; i++) {
		if ((m->payloads[i].type == PLD_TSi ||
		    m->payloads[i].type == PLD_TSr) &&
		    m->payloads[i].u.ts.skipped)
			return true;
	}
	return false;
}

static void
write_law(const struct ike_msg *m)
{
	struct ike_msg *again = ike_msg_new();
	struct buf a = {0}, b = {0};
	uint8_t first;

	if (ike_payloads_write(m->payloads, m->nr, &a, &first, NULL) != 0 ||
	    ike_payloads_read(again, first, a.data, a.len, NULL, NULL) != 0 ||
	    again->nr != m->nr ||
	    ike_payloads_write(again->payloads, again->nr, &b, &first,
	    NULL) != 0 ||
	    a.len != b.len || (a.len > 0 && memcmp(a.data, b.data, a.len)))
		abort();
	ike_msg_free(again);
	buf_free(&a);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ike_msg *m = ike_msg_new();
	struct buf text = {0};
	uint8_t bad;

	if (len > 0 && ike_payloads_read(m, data[0], data + 1, len - 1, &bad,
	    NULL) == 0) {
		if (!is_skipping(m))
			write_law(m);
		ike_msg_print(m, &text);
	}
	buf_free(&text);
	ike_msg_free(m);
	return 0;
}
