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
struct bytes;
struct ike_msg;
struct rng;
struct seal;
struct sp_error;

#define IKE_MAX_FRAGMENTS 64	/* of a message, each way */

/*
 * Encode m's payloads inside one SK payload behind m's header and append the
 * whole datagram to out; a datagram that would be longer than size bytes is
 * cut into fragments (RFC 7383), appended one after the other.  size 0: never
 * cut.  *counter makes the IV of counter modes unique; it moves by one for
 * each datagram.  SP_RANGE if it does not fit.
 */
int ike_sk_seal(const struct ike_msg *m, struct seal *seal, uint64_t *counter,
    size_t size, const struct rng *rng, struct buf *out,
    struct sp_error *err);

/*
 * Open the SK payload of m, which was read from data (len bytes, unchanged),
 * and append the inner payloads to m.  SP_AUTH if the ICV or the padding is
 * wrong (nothing was read); else the errors of ike_payloads_read().
 */
int ike_sk_open(struct ike_msg *m, const uint8_t *data, size_t len,
    struct seal *seal, uint8_t *bad_type, struct sp_error *err);

/*
 * Open the SKF payload of m, which was read from data; *text gets its share
 * of the payloads, which lives as long as m.  Errors as above.
 */
int ike_sk_open_part(struct ike_msg *m, const uint8_t *data, size_t len,
    struct seal *seal, struct bytes *text, struct sp_error *err);

#endif
