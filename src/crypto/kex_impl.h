/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside of struct kex, shared by kex.c and kex_given.c.
 */
#ifndef SP_CRYPTO_KEX_IMPL_H
#define SP_CRYPTO_KEX_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "crypto/alg.h"
#include "crypto/fetch.h"
#include "crypto/kex.h"

#define KEX_PUBLIC_MAX 1024	/* bytes: MODP-8192 */
#define EC_UNCOMPRESSED 4	/* first byte of a point in OpenSSL's form */

struct kex {
	const struct alg *group;
	const struct fetch_group *params;
	EVP_PKEY *key;		/* ours, private and public */
};

/*
 * A key of the group with the private value priv (big-endian numbers; XDH:
 * the bytes as RFC 7748 has them) and the public value that belongs to it;
 * NULL if OpenSSL refuses.
 */
EVP_PKEY *kex_key_from_private(const struct alg *group,
    const struct fetch_group *params, const uint8_t *priv, size_t len);

#endif
