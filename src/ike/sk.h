/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Encrypted payload (RFC 7296 3.14, AEAD: RFC 5282) and encrypted
 * fragments (RFC 7383 2.5).
 */
#ifndef SP_IKE_SK_H
#define SP_IKE_SK_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct ike_msg;
struct rng;
struct seal;
struct sp_error;

/*
 * Encode m's payloads inside one SK payload behind m's header and append the
 * whole datagram to out.  counter makes the IV of counter modes unique.
 */
int ike_sk_seal(const struct ike_msg *m, struct seal *seal, uint64_t counter,
    const struct rng *rng, struct buf *out, struct sp_error *err);

/*
 * Open the SK payload of m, which was read from data (len bytes, unchanged),
 * and append the inner payloads to m.  SP_AUTH if the ICV or the padding is
 * wrong (nothing was read); else the errors of ike_payloads_read().
 */
int ike_sk_open(struct ike_msg *m, const uint8_t *data, size_t len,
    struct seal *seal, uint8_t *bad_type, struct sp_error *err);

#endif
