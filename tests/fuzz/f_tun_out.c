/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a TUN device hands over: a virtio header and a packet.  Laws: either
 * it is refused, or its segments are whole packets no longer than announced,
 * whose payloads are that of the packet, in order; and joining and cutting
 * them does not lose one.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plane/user/coalesce.h"
#include "plane/user/flow.h"
#include "plane/user/segment.h"
#include "plane/user/tun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define JOIN_MAX 60u		/* segments that are joined again */

static bool
count_bytes(void *ctx, const struct iovec *iov, int nr)
{
	size_t *total = ctx;
	int i;

	for (i = 1; i < nr; i++)
		*total += iov[i].iov_len;
	return true;
}

static void
check_segments(struct segments *s, size_t payload)
{
	size_t longest = segments_longest(s), head = s->head;
	size_t n, bytes = 0, in = 0, joined = 0;
	uint8_t *out[JOIN_MAX];
	struct coalesce *c = coalesce_new(true, true, count_bytes, &joined);
	unsigned i, nr = 0;
	struct flow f;

	do {
		uint8_t *p = xcalloc(1, longest);

		n = segments_next(s, p);
		if (n > longest || (n > 0 && (!flow_parse(&f, p, n) ||
		    f.len != n)))
			abort();
		bytes += n > 0 ? n - head : 0;
		if (n == 0 || nr == JOIN_MAX) {
			free(p);
			continue;
		}
		in += n;
		out[nr++] = p;
		coalesce_add(c, s, &f, p);
	} while (n > 0);
	if (coalesce_flush(c) != 0 || joined > in || (nr > 0 && joined == 0) ||
	    bytes != payload)
		abort();
	for (i = 0; i < nr; i++)
		free(out[i]);
	coalesce_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct segments s;
	struct flow f;

	if (len <= TUN_HEADER || len > TUN_READ_MAX ||
	    !flow_parse(&f, &data[TUN_HEADER], len - TUN_HEADER) ||
	    !segments_begin(&s, data, &f))
		return 0;
	check_segments(&s, f.len - s.head);
	return 0;
}
