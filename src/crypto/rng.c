/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Randomness.  The system's generator is OpenSSL's public DRBG (RFC 4086);
 * a machine on which it fails cannot run IPsec at all, so that ends the
 * process.
 */
#include "crypto/rng.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/rand.h>

static void
system_bytes(void *ctx, void *out, size_t len)
{
	(void)ctx;
	if (len > INT_MAX || RAND_bytes(out, (int)len) != 1) {
		fputs("the random generator of OpenSSL failed\n", stderr);
		abort();
	}
}

struct rng
rng_system(void)
{
	return (struct rng){ .bytes = system_bytes };
}

void
rng_bytes(const struct rng *rng, void *out, size_t len)
{
	rng->bytes(rng->ctx, out, len);
}

uint32_t
rng_u32(const struct rng *rng)
{
	uint32_t v;

	rng_bytes(rng, &v, sizeof(v));
	return v;
}

uint64_t
rng_u64(const struct rng *rng)
{
	uint64_t v;

	rng_bytes(rng, &v, sizeof(v));
	return v;
}

uint64_t
rng_below(const struct rng *rng, uint64_t below)
{
	/* the lowest 2^64 mod below values would come up once too often */
	uint64_t reject = -below % below;
	uint64_t v;

	do {
		v = rng_u64(rng);
	} while (v < reject);

	return v % below;
}
