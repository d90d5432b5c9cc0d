/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Traffic selectors.  The input is the body of a TS payload, or with a first
 * byte of 0 a text.  Laws: what is printed parses to the same selector;
 * narrowing gives what both sides contain; narrowing twice changes nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ike/codec.h"
#include "ike/ts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Ports that are neither a range nor OPAQUE have no text form. */
static bool
has_text(const struct ike_ts *ts)
{
	return ts->port_first <= ts->port_last ||
	    (ts->port_first == UINT16_MAX && ts->port_last == 0);
}

static void
text_law(const struct ike_ts *ts)
{
	struct buf a = {0}, b = {0};
	struct ike_ts again;

	ts_print(&a, ts);
	buf_puts(&a, "");
	if (ts_parse(&again, (char *)a.data, NULL) < 0)
		abort();
	ts_print(&b, &again);
	if (a.len != b.len || memcmp(a.data, b.data, a.len) != 0)
		abort();
	buf_free(&a);
	buf_free(&b);
}

static void
narrow_law(const struct ts_list *theirs)
{
	struct ts_list ours = {0}, out, again;
	struct ike_ts ts;

	ts_parse(&ts, "10.0.0.0/8[tcp/80-8080]", NULL);
	ts_list_add(&ours, &ts);
	ts_parse(&ts, "10.1.0.0-10.200.0.9", NULL);
	ts_list_add(&ours, &ts);
	ts_parse(&ts, "2000::/3[icmpv6]", NULL);
	ts_list_add(&ours, &ts);
	ts_narrow(&ours, theirs, &out);
	if (!ts_list_contains(&ours, &out) || !ts_list_contains(theirs, &out))
		abort();
	ts_narrow(&ours, &out, &again);
	if (!ts_list_contains(&again, &out) || out.nr > 64)
		abort();
	ts_list_free(&ours);
	ts_list_free(&out);
	ts_list_free(&again);
}

static void
parse_text(const uint8_t *data, size_t len)
{
	char *s = xstrndup((const char *)data, len);
	struct ike_ts ts;

	if (ts_parse(&ts, s, NULL) == 0)
		text_law(&ts);
	free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ike_msg *m;
	struct buf chain = {0};
	struct ts_list l;
	size_t i;

	if (len < 1 || len > 65000)
		return 0;
	if (data[0] == 0) {
		parse_text(data + 1, len - 1);
		return 0;
	}
	buf_u16(&chain, 0);
	buf_u16(&chain, (uint16_t)(len + 4));
	buf_bytes(&chain, data, len);
	m = ike_msg_new();
	if (ike_payloads_read(m, PLD_TSi, chain.data, chain.len, NULL,
	    NULL) == 0) {
		l.ts = m->payloads[0].u.ts.ts;
		l.nr = m->payloads[0].u.ts.nr;
		for (i = 0; i < l.nr; i++) {
			if (has_text(&l.ts[i]))
				text_law(&l.ts[i]);
		}
		narrow_law(&l);
	}
	ike_msg_free(m);
	buf_free(&chain);
	return 0;
}
