/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Anti-replay window as a ring of bits, after the idea of RFC 6479: the ring
 * is wider than the window, so that moving the top clears whole words and
 * never shifts.  Invariant: a set bit stands for an authentic packet of
 * (top - window, top]; words ahead of top are clear.
 */
#include "plane/user/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Window that the inference works with where no window is enforced. */
#define INFER_WINDOW 64u

static size_t
word_of(const struct replay *r, uint64_t seq)
{
	return (size_t)(seq / 64) & (r->words - 1);
}

static uint64_t
bit_of(uint64_t seq)
{
	return UINT64_C(1) << (seq % 64);
}

void
replay_init(struct replay *r, uint32_t window, bool esn)
{
	memset(r, 0, sizeof(*r));
	r->window = window < REPLAY_MAX ? window : REPLAY_MAX;
	r->esn = esn;
	/* a window that begins and ends within a word touches one more */
	r->words = 1;
	while (r->words < r->window / 64 + 2)
		r->words *= 2;
	r->bits = xcalloc(r->words, sizeof(*r->bits));
}

void
replay_free(struct replay *r)
{
	free(r->bits);
	r->bits = NULL;
}

bool
replay_infer(const struct replay *r, uint32_t low, uint64_t *seq)
{
	uint32_t window = r->window ? r->window : INFER_WINDOW;
	uint32_t top_low = (uint32_t)r->top;
	uint32_t high = (uint32_t)(r->top >> 32);
	uint32_t bottom = top_low - window + 1;	/* modulo 2^32 */

	if (!r->esn) {
		*seq = low;
		return low != 0;
	}

	/* A2.2: case A, the window lies within one epoch; else case B */
	if (top_low >= window - 1) {
		if (low < bottom && high++ == UINT32_MAX)
			return false;
	} else if (low >= bottom && high-- == 0) {
		return false;
	}
	*seq = (uint64_t)high << 32 | low;
	return *seq != 0;
}

bool
replay_check(const struct replay *r, uint64_t seq)
{
	if (seq == 0)
		return false;
	if (r->window == 0 || seq > r->top)
		return true;
	if (r->top - seq >= r->window)
		return false;
	return (r->bits[word_of(r, seq)] & bit_of(seq)) == 0;
}

void
replay_update(struct replay *r, uint64_t seq)
{
	uint64_t word;

	if (seq > r->top) {
		/* a jump over the whole ring clears each word once */
		word = r->top / 64;
		if (seq / 64 - word > r->words)
			word = seq / 64 - r->words;
		while (word < seq / 64)
			r->bits[word_of(r, ++word * 64)] = 0;
		r->top = seq;
	}
	if (r->top - seq < r->window)
		r->bits[word_of(r, seq)] |= bit_of(seq);
}
