/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The anti-replay window of an inbound SA (RFC 4303 3.4.3) and the inference
 * of the high half of an extended sequence number (RFC 4303 appendix A2).
 * Sequence numbers are 64 bits wide throughout; without ESN the high half is
 * zero.
 */
#ifndef SP_PLANE_USER_REPLAY_H
#define SP_PLANE_USER_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#define REPLAY_MAX 4096u	/* widest window, packets */

struct replay {
	uint64_t top;		/* highest authentic number, 0 = none yet */
	uint32_t window;	/* packets; 0 = nothing is refused */
	bool esn;
	uint32_t words;		/* of the ring, a power of two */
	uint64_t *bits;
};

/* Empty window of at most REPLAY_MAX packets; replay_free() it. */
void replay_init(struct replay *r, uint32_t window, bool esn);

/* Free the ring; NULL contents are fine. */
void replay_free(struct replay *r);

/*
 * The whole number of a packet that carries low on the wire.  False if no
 * number can be meant that the window would take.
 */
bool replay_infer(const struct replay *r, uint32_t low, uint64_t *seq);

/* May a packet of this number still be accepted: neither too old nor seen. */
bool replay_check(const struct replay *r, uint64_t seq);

/* Note an authentic packet; only after its ICV was found good. */
void replay_update(struct replay *r, uint64_t seq);

#endif
