/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Randomness, handed in: the system's generator in the engine, a seeded one
 * in simulations and fuzzing.
 */
#ifndef SP_CRYPTO_RNG_H
#define SP_CRYPTO_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	void (*bytes)(void *ctx, void *out, size_t len);
	void *ctx;
};

/* OpenSSL's generator (RAND_bytes); aborts if it has no entropy. */
struct rng rng_system(void);

void rng_bytes(const struct rng *rng, void *out, size_t len);
uint32_t rng_u32(const struct rng *rng);
uint64_t rng_u64(const struct rng *rng);

/* Uniform number in [0, below); below > 0. */
uint64_t rng_below(const struct rng *rng, uint64_t below);

#endif
