/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A block cipher in CBC mode without integrity: the encryption of IKEv1
 * messages (RFC 2409 appendix B), whose integrity is a HASH payload inside.
 * Nothing else may use it.
 */
#ifndef SP_CRYPTO_CBC_H
#define SP_CRYPTO_CBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct alg;
struct secret;
struct sp_error;

#define CBC_BLOCK_MAX 16	/* longest block of any cipher, bytes */

/*
 * Encrypt or decrypt len bytes (a multiple of the block) in place.  encr: an
 * ENCR row of mode CBC; key: of one of its lengths; iv: one block, replaced
 * by the last block of ciphertext, which the next message begins with.
 * SP_UNSUPPORTED if OpenSSL lacks the cipher, SP_RANGE for a wrong length.
 */
int cbc_crypt(const struct alg *encr, const struct secret *key, uint8_t *iv,
    uint8_t *data, size_t len, bool encrypt, struct sp_error *err);

#endif
