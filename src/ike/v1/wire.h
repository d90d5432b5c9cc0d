/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IKEv1 messages on the wire (ISAKMP, RFC 2408; IPsec DOI, RFC 2407; IKE,
 * RFC 2409).  Reading makes a list of views into the datagram, which must
 * outlive them; writing appends to a buffer and chains payloads as it goes.
 */
#ifndef SP_IKE_V1_WIRE_H
#define SP_IKE_V1_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ike/codec.h"

struct sp_error;

#define V1_MAX_PAYLOADS 48	/* of one message */
#define V1_MAX_TRANSFORMS 255	/* of one SA payload */
#define V1_MAX_ATTRS 32		/* of one transform */
#define V1_GENERIC_LEN 4	/* generic payload header, RFC 2408 3.2 */

enum v1_payload_type {		/* RFC 2408 3.1, RFC 3947 */
	P1_NONE = 0, P1_SA = 1, P1_PROPOSAL = 2, P1_TRANSFORM = 3, P1_KE = 4,
	P1_ID = 5, P1_CERT = 6, P1_CERTREQ = 7, P1_HASH = 8, P1_SIG = 9,
	P1_NONCE = 10, P1_NOTIFY = 11, P1_DELETE = 12, P1_VENDOR = 13,
	P1_ATTRS = 14, P1_NAT_D = 20, P1_NAT_OA = 21, P1_NAT_D_DRAFT = 130,
	P1_NAT_OA_DRAFT = 131, P1_FRAGMENT = 132,
};

enum v1_exchange_type {
	X1_MAIN = 2, X1_AGGRESSIVE = 4, X1_INFO = 5, X1_TRANSACTION = 6,
	X1_QUICK = 32,
};

#define V1_FLAG_ENCRYPTED 0x01
#define V1_FLAG_COMMIT 0x02

enum v1_notify_type {		/* RFC 2408 3.14.1, RFC 2407 4.6.3, 3706 */
	N1_INVALID_COOKIE = 4, N1_INVALID_MAJOR_VERSION = 5,
	N1_INVALID_EXCHANGE_TYPE = 7, N1_NO_PROPOSAL_CHOSEN = 14,
	N1_PAYLOAD_MALFORMED = 16, N1_INVALID_KEY_INFORMATION = 17,
	N1_INVALID_ID_INFORMATION = 18, N1_INVALID_HASH_INFORMATION = 23,
	N1_AUTHENTICATION_FAILED = 24, N1_ERROR_LAST = 16383,
	N1_CONNECTED = 16384, N1_RESPONDER_LIFETIME = 24576,
	N1_INITIAL_CONTACT = 24578, N1_R_U_THERE = 36136,
	N1_R_U_THERE_ACK = 36137,
};

enum v1_id_type {		/* of Quick Mode, RFC 2407 4.6.2.1 */
	ID1_IPV4 = 1, ID1_IPV4_SUBNET = 4, ID1_IPV6 = 5, ID1_IPV6_SUBNET = 6,
	ID1_IPV4_RANGE = 7, ID1_IPV6_RANGE = 8,
};

struct v1_payload {
	uint8_t type;
	struct bytes whole;	/* with its generic header */
	struct bytes body;	/* without */
};

struct v1_msg {
	struct ike_header hdr;
	struct v1_payload at[V1_MAX_PAYLOADS];
	size_t nr;
	struct bytes chain;	/* all payloads together, without padding */
};

/* One transform of an SA payload, with the proposal it stands in. */
struct v1_transform {
	uint8_t proposal;	/* number; equal numbers belong together */
	uint8_t protocol;	/* enum ike_protocol, or 4 for IPComp */
	struct bytes spi;
	uint8_t number, id;
	struct bytes attrs;	/* as they stand */
};

/* The value of an attribute of either form, RFC 2408 3.3. */
struct v1_attr {
	uint16_t type;
	uint64_t value;		/* of up to 8 bytes; larger: UINT64_MAX */
};

/* A message that is being built. */
struct v1_out {
	struct buf b;
	size_t next_at;		/* offset of the last Next Payload field */
};

/*
 * Walk a chain of payloads from len bytes at data; the bytes behind the last
 * one (padding) are allowed.  SP_FORMAT, also for a nonzero RESERVED field:
 * after decryption that tells a wrong key.
 */
int v1_chain_read(struct v1_msg *m, uint8_t first, const uint8_t *data,
    size_t len, struct sp_error *err);

/* First payload of the type, or the one after prev; NULL. */
const struct v1_payload *v1_find(const struct v1_msg *m, uint8_t type);
const struct v1_payload *v1_find_next(const struct v1_msg *m,
    const struct v1_payload *prev, uint8_t type);

/*
 * List the transforms of an SA payload's body in order, at most max of them;
 * their number, or SP_FORMAT (a DOI or situation other than IPsec and
 * identity-only too).
 */
int v1_sa_read(const struct bytes *body, struct v1_transform *out, size_t max,
    struct sp_error *err);

/* Take the next attribute off r; false at the end, r->bad if malformed. */
bool v1_attr_next(struct rd *r, struct v1_attr *out);

/* Begin a message: cookies, exchange, flags, Message ID. */
void v1_out_begin(struct v1_out *o, uint64_t cky_i, uint64_t cky_r,
    uint8_t exchange, uint32_t mid);

/* Begin a payload (its body is appended to o->b); returns where its generic
 * header is, for v1_out_end(). */
size_t v1_out_payload(struct v1_out *o, uint8_t type);
void v1_out_end(struct v1_out *o, size_t at);

/* A payload of these bytes. */
void v1_out_add(struct v1_out *o, uint8_t type, const void *p, size_t len);

/* Set the Length field to what was written. */
void v1_out_finish(struct v1_out *o);

/* Append an attribute in the basic (two bytes) or variable form (four). */
void v1_attr_basic(struct buf *b, uint16_t type, uint16_t value);
void v1_attr_long(struct buf *b, uint16_t type, uint32_t value);

#endif
