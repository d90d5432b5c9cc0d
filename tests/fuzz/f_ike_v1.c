/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IKEv1 decoders: the first byte is the payload type of a chain, the rest the
 * chain as it lies in a message.  SA payloads are taken apart to their
 * attributes and printed, ID payloads read as selectors.  Law: payloads that
 * were read are written as the same bytes, and a selector that was read is
 * written and read as the same selector.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ike/v1/offer.h"
#include "ike/v1/v1.h"
#include "ike/v1/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
write_law(const struct v1_msg *m)
{
	struct v1_out o = {0};
	size_t i;

	v1_out_begin(&o, 1, 2, X1_MAIN, 0);
	for (i = 0; i < m->nr; i++) {
		v1_out_add(&o, m->at[i].type, m->at[i].body.p,
		    m->at[i].body.len);
	}
	v1_out_finish(&o);
	if (o.b.len != IKE_HEADER_LEN + m->chain.len ||
	    (m->chain.len > 0 && memcmp(o.b.data + IKE_HEADER_LEN,
	    m->chain.p, m->chain.len) != 0))
		abort();
	buf_free(&o.b);
}

static void
ts_law(const struct bytes *body)
{
	struct ike_ts ts, again;
	struct buf b = {0};
	struct bytes id;

	if (v1_ts_of_id(body, &ts, NULL) < 0)
		return;
	v1_ts_to_id(&ts, &b);
	id = (struct bytes){ b.data, b.len };
	if (v1_ts_of_id(&id, &again, NULL) < 0 ||
	    !ts_contains(&ts, &again) || !ts_contains(&again, &ts))
		abort();
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct v1_msg m;
	struct buf text = {0};
	size_t i;

	if (len == 0 || v1_chain_read(&m, data[0], data + 1, len - 1,
	    NULL) < 0)
		return 0;
	write_law(&m);
	for (i = 0; i < m.nr; i++) {
		if (m.at[i].type == P1_SA) {
			v1_print_offer(&text, &m.at[i].body, true);
			v1_print_offer(&text, &m.at[i].body, false);
		} else if (m.at[i].type == P1_ID) {
			ts_law(&m.at[i].body);
		}
	}
	buf_free(&text);
	return 0;
}
