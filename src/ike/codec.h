/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The IKEv2 message codec (RFC 7296 section 3 and the extensions of
 * conformance.md).  A decoded message owns one arena; everything a payload
 * points to lies in it and goes with ike_msg_free().  The same structures
 * are filled by hand to build a message.
 *
 * Each payload type is one row of payload_table.c (number, name, least
 * length, read, write, print); each exchange and direction is one list of
 * rules_table.c (what may be there, how often).
 */
#ifndef SP_IKE_CODEC_H
#define SP_IKE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct buf;
struct sp_error;

#define IKE_HEADER_LEN 28
#define IKE_MAX_MESSAGE 65535

enum ike_payload_type {
	PLD_NONE = 0,
	PLD_SA = 33, PLD_KE = 34, PLD_IDi = 35, PLD_IDr = 36, PLD_CERT = 37,
	PLD_CERTREQ = 38, PLD_AUTH = 39, PLD_NONCE = 40, PLD_NOTIFY = 41,
	PLD_DELETE = 42, PLD_VENDOR = 43, PLD_TSi = 44, PLD_TSr = 45,
	PLD_SK = 46, PLD_CP = 47, PLD_EAP = 48, PLD_GSPM = 49, PLD_SKF = 53,
	PLD_PS = 54,
};

enum ike_exchange {
	X_IKE_SA_INIT = 34, X_IKE_AUTH = 35, X_CREATE_CHILD_SA = 36,
	X_INFORMATIONAL = 37, X_IKE_SESSION_RESUME = 38,
	X_IKE_INTERMEDIATE = 43, X_IKE_FOLLOWUP_KE = 44,
};

enum ike_flags {
	IKE_FLAG_I = 0x08,	/* sent by the original initiator */
	IKE_FLAG_V = 0x10,
	IKE_FLAG_R = 0x20,	/* a response */
};

enum ike_protocol {
	PROTO_NONE = 0, PROTO_IKE = 1, PROTO_AH = 2, PROTO_ESP = 3,
};

/* Notify message types in use by the state machines; names_table.c has all */
enum ike_notify_type {
	N_UNSUPPORTED_CRITICAL_PAYLOAD = 1, N_INVALID_IKE_SPI = 4,
	N_INVALID_MAJOR_VERSION = 5, N_INVALID_SYNTAX = 7,
	N_INVALID_MESSAGE_ID = 9, N_INVALID_SPI = 11,
	N_NO_PROPOSAL_CHOSEN = 14, N_INVALID_KE_PAYLOAD = 17,
	N_AUTHENTICATION_FAILED = 24, N_SINGLE_PAIR_REQUIRED = 34,
	N_NO_ADDITIONAL_SAS = 35, N_INTERNAL_ADDRESS_FAILURE = 36,
	N_FAILED_CP_REQUIRED = 37, N_TS_UNACCEPTABLE = 38,
	N_INVALID_SELECTORS = 39, N_UNACCEPTABLE_ADDRESSES = 40,
	N_UNEXPECTED_NAT_DETECTED = 41, N_TEMPORARY_FAILURE = 43,
	N_CHILD_SA_NOT_FOUND = 44, N_STATE_NOT_FOUND = 47,
	N_ERROR_LAST = 16383,
	N_INITIAL_CONTACT = 16384, N_SET_WINDOW_SIZE = 16385,
	N_ADDITIONAL_TS_POSSIBLE = 16386, N_IPCOMP_SUPPORTED = 16387,
	N_NAT_DETECTION_SOURCE_IP = 16388,
	N_NAT_DETECTION_DESTINATION_IP = 16389, N_COOKIE = 16390,
	N_USE_TRANSPORT_MODE = 16391, N_HTTP_CERT_LOOKUP_SUPPORTED = 16392,
	N_REKEY_SA = 16393, N_ESP_TFC_PADDING_NOT_SUPPORTED = 16394,
	N_NON_FIRST_FRAGMENTS_ALSO = 16395, N_MOBIKE_SUPPORTED = 16396,
	N_ADDITIONAL_IP4_ADDRESS = 16397, N_ADDITIONAL_IP6_ADDRESS = 16398,
	N_NO_ADDITIONAL_ADDRESSES = 16399, N_UPDATE_SA_ADDRESSES = 16400,
	N_COOKIE2 = 16401, N_NO_NATS_ALLOWED = 16402,
	N_AUTH_LIFETIME = 16403, N_CHILDLESS_IKEV2_SUPPORTED = 16418,
	N_IKEV2_FRAGMENTATION_SUPPORTED = 16430,
	N_SIGNATURE_HASH_ALGORITHMS = 16431, N_USE_PPK = 16435,
	N_PPK_IDENTITY = 16436, N_NO_PPK_AUTH = 16437,
};

/* Configuration payload, RFC 7296 3.15: kinds, attributes in use */
enum ike_cp_type { CP_REQUEST = 1, CP_REPLY = 2 };
enum ike_cp_attr {
	CP_IP4_ADDRESS = 1, CP_IP4_DNS = 3, CP_IP6_ADDRESS = 8,
	CP_IP6_DNS = 10,
};

struct bytes {			/* bytes in the message's arena */
	const uint8_t *p;
	size_t len;
};

struct ike_header {
	uint64_t spi_i, spi_r;	/* numbers in host order */
	uint8_t next_payload;
	uint8_t major, minor;
	uint8_t exchange;	/* enum ike_exchange, or unknown */
	uint8_t flags;		/* enum ike_flags */
	uint32_t mid;		/* Message ID */
	uint32_t length;	/* of the whole message, bytes */
};

struct ike_attr {		/* transform or configuration attribute */
	uint16_t type;		/* without the AF bit */
	bool tv;		/* fixed two-byte value */
	uint16_t value;		/* if tv */
	struct bytes data;	/* if not tv */
};

struct ike_transform {
	uint8_t type;		/* enum alg_type, or unknown */
	uint16_t id;
	struct ike_attr *attrs;
	size_t nr_attrs;
};

struct ike_proposal {
	uint8_t number;
	uint8_t protocol;	/* enum ike_protocol */
	struct bytes spi;	/* 0, 4 or 8 bytes */
	struct ike_transform *transforms;
	size_t nr_transforms;
};

struct ike_ts {			/* traffic selector, RFC 7296 3.13.1 */
	uint8_t proto;		/* 0 = any */
	uint16_t port_first, port_last;	/* 0-65535 any, 65535-0 opaque */
	struct ip_addr first, last;
};

struct ike_payload {
	uint8_t type;		/* enum ike_payload_type, or unknown */
	bool critical;
	union {
		struct {
			struct ike_proposal *proposals;
			size_t nr;
		} sa;
		struct {
			uint16_t group;
			struct bytes data;
		} ke;
		struct {
			uint8_t type;	/* enum ident_type */
			struct bytes data;
		} id;		/* IDi, IDr */
		struct {
			uint8_t encoding;
			struct bytes data;
		} cert;		/* CERT, CERTREQ */
		struct {
			uint8_t method;
			struct bytes data;
		} auth;
		struct {
			uint8_t protocol;
			struct bytes spi;
			uint16_t type;
			struct bytes data;
		} notify;
		struct {
			uint8_t protocol;
			uint8_t spi_len;
			struct bytes spis;	/* nr * spi_len bytes */
			uint16_t nr;
		} del;
		struct {
			struct ike_ts *ts;
			size_t nr;
			bool skipped;	/* held selectors of unknown type */
		} ts;		/* TSi, TSr */
		struct {
			uint8_t cfg_type;
			struct ike_attr *attrs;	/* type, data (never tv) */
			size_t nr;
		} cp;
		struct {
			uint16_t number, total;	/* SKF only */
			uint8_t first_inner;	/* Next Payload field */
			size_t offset;	/* of the IV in the whole message */
			struct bytes data;	/* IV | ciphertext | ICV */
		} sk;		/* SK, SKF */
		struct bytes raw;	/* NONCE, VENDOR, EAP, unknown */
	} u;
};

struct ike_msg {
	unsigned refs;		/* beyond the first */
	struct ike_header hdr;
	struct ike_payload *payloads;
	size_t nr;
	struct ike_arena *arena;
};

/* Empty message to build, with its header zeroed (version 2.0). */
struct ike_msg *ike_msg_new(void);
struct ike_msg *ike_msg_ref(struct ike_msg *m);
void ike_msg_free(struct ike_msg *m);	/* the last reference frees */

/* Zeroed memory / a copy of bytes that live as long as the message. */
void *ike_msg_alloc(struct ike_msg *m, size_t n, size_t size);
struct bytes ike_msg_bytes(struct ike_msg *m, const void *p, size_t len);

/* Append a payload of the type, its union zeroed; valid until the next add. */
struct ike_payload *ike_msg_add(struct ike_msg *m, uint8_t type);

/*
 * Append a notify (protocol PROTO_NONE, no SPI) with len bytes of data
 * (copied; NULL and 0 for none).  Returns it.
 */
struct ike_payload *ike_msg_add_notify(struct ike_msg *m, uint16_t type,
    const void *data, size_t len);

/* First payload of the type / first notify of the type, or NULL. */
struct ike_payload *ike_msg_find(const struct ike_msg *m, uint8_t type);
struct ike_payload *ike_msg_find_notify(const struct ike_msg *m,
    uint16_t type);

/* First notify in the error range (below 16384), or NULL. */
struct ike_payload *ike_msg_find_error(const struct ike_msg *m);

/*
 * Read and check the fixed header (RFC 7296 3.1): at least 28 bytes, Length
 * equal to len.  The version is not judged.
 */
int ike_header_read(struct ike_header *h, const uint8_t *data, size_t len,
    struct sp_error *err);

/*
 * Decode a message with its clear payloads; an SK or SKF payload is kept
 * undecoded and must be the last (RFC 7296 3.14).  Limits: 64 payloads,
 * proposals, selectors, attributes; 255 transforms a proposal.  On success
 * *out is the caller's.  An unknown payload with the critical bit is
 * SP_UNSUPPORTED and err->text names it; *bad_type (may be NULL) gets its
 * number.
 */
int ike_msg_read(struct ike_msg **out, const uint8_t *data, size_t len,
    uint8_t *bad_type, struct sp_error *err);

/* Decode a chain of payloads (inside SK) and append them to m. */
int ike_payloads_read(struct ike_msg *m, uint8_t first, const uint8_t *data,
    size_t len, uint8_t *bad_type, struct sp_error *err);

/* Append the encoded chain of payloads; *first gets the first type. */
int ike_payloads_write(const struct ike_payload *plds, size_t nr,
    struct buf *out, uint8_t *first, struct sp_error *err);

/* Append the encoded clear message (header with right lengths). */
int ike_msg_write(const struct ike_msg *m, struct buf *out,
    struct sp_error *err);

/* Append one readable line per payload (trace, debug log). */
void ike_msg_print(const struct ike_msg *m, struct buf *out);

/*
 * Check the payloads against the rules of the exchange and direction
 * (rules_table.c): SP_FORMAT with a sentence naming the payload.
 */
int ike_msg_check(const struct ike_msg *m, struct sp_error *err);

/* Names by number for people; unknown ones print as "NOTIFY_40961". */
const char *ike_payload_name(unsigned type, char out[32]);
const char *ike_exchange_name(unsigned type, char out[32]);
const char *ike_notify_name(unsigned type, char out[48]);
const char *ike_protocol_name(unsigned type, char out[32]);

#endif
