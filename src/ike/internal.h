/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the codec share and no other room sees: the payload
 * rows, the names by number, and the walker over a chain whose bytes lie in
 * the message's arena already.
 */
#ifndef SP_IKE_INTERNAL_H
#define SP_IKE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ike/codec.h"

struct sp_error;

/* Limits of R-05: what a peer may make us keep for one message. */
#define IKE_MAX_PAYLOADS 64
#define IKE_MAX_PROPOSALS 64
#define IKE_MAX_TRANSFORMS 255	/* of a proposal; the field has 8 bits */
#define IKE_MAX_SELECTORS 64
#define IKE_MAX_ATTRS 64	/* of a transform, of a CP payload */
#define IKE_MAX_ID 1024		/* bytes */

#define ATTR_KEY_LENGTH 14	/* the one transform attribute of IKEv2 */

struct pld_ops {
	/* Fill p from the whole body; arrays go to m's arena. */
	int (*read)(struct ike_msg *m, struct rd *r, struct ike_payload *p,
	    struct sp_error *err);
	/* Append the body; SP_RANGE if a count does not fit its field. */
	int (*write)(const struct ike_payload *p, struct buf *b,
	    struct sp_error *err);
	/* Append what a person wants to know of it, on one line. */
	void (*print)(const struct ike_payload *p, struct buf *b);
};

/* One payload type.  Lengths are of the body, without generic header. */
struct pld_row {
	uint8_t type;
	const char *name;	/* as RFC 7296 writes it: "TSi" */
	const char *rfc;	/* where its format is defined */
	uint16_t least, most;	/* body length allowed, bytes */
	const struct pld_ops *ops;
};

extern const struct pld_row ike_pld_table[];	/* ends with name NULL */

/* Row of a payload type; NULL for an unknown one. */
const struct pld_row *ike_pld_row(unsigned type);

/* How often a payload may come in a message, and where. */
enum pld_where {
	PLD_CLEAR,		/* outside of SK */
	PLD_SEALED,		/* inside of SK */
	PLD_EITHER,		/* inside; in clear if there is no SK */
};

struct pld_rule {
	uint8_t type;		/* enum ike_payload_type; 0 ends the list */
	uint8_t min, max;
	enum pld_where where;
};

#define RULE_PAYLOADS 15
#define RULE_SET 4

/* What one exchange may hold in one direction. */
struct msg_rule {
	uint8_t exchange;	/* enum ike_exchange */
	bool response;
	struct pld_rule plds[RULE_PAYLOADS];
	uint8_t any_of[RULE_SET];	/* one of these at least, if not empty */
	uint8_t together[RULE_SET];	/* all of these or none */
	bool error_suffices;	/* an error notify makes the rest optional */
	uint16_t sufficient[RULE_SET];	/* so do these status notifies */
};

extern const struct msg_rule ike_rules_table[];	/* ends with exchange 0 */

/* A number and its name; tables end with name NULL. */
struct ike_name {
	uint16_t number;
	const char *name;
};

extern const struct ike_name ike_exchange_names[];
extern const struct ike_name ike_protocol_names[];
extern const struct ike_name ike_notify_names[];
extern const struct ike_name ike_transform_type_names[];
extern const struct ike_name ike_cert_names[];
extern const struct ike_name ike_auth_names[];
extern const struct ike_name ike_cfg_type_names[];
extern const struct ike_name ike_cfg_attr_names[];
extern const struct ike_name ike_eap_code_names[];
extern const struct ike_name ike_eap_type_names[];

/* Name of a number, or NULL. */
const char *ike_name_of(const struct ike_name *names, unsigned number);

/* Append the name, or prefix_NUMBER for an unknown one. */
void ike_name_print(struct buf *b, const struct ike_name *names,
    const char *prefix, unsigned number);

/*
 * As ike_payloads_read() of bytes that live as long as m: nothing is copied.
 * base is the offset of data in the whole message (for SK).
 */
int ike_chain_read(struct ike_msg *m, uint8_t first, const uint8_t *data,
    size_t len, size_t base, uint8_t *bad_type, struct sp_error *err);

/* Append the 28 bytes; the Length field is left 0 for the caller to set. */
void ike_header_write(const struct ike_header *h, uint8_t first,
    struct buf *out);

/* What can be done with a payload, by its form (payload_*.c). */
extern const struct pld_ops pld_sa_ops;
extern const struct pld_ops pld_ke_ops;
extern const struct pld_ops pld_id_ops;		/* IDi, IDr */
extern const struct pld_ops pld_cert_ops;	/* CERT, CERTREQ */
extern const struct pld_ops pld_auth_ops;
extern const struct pld_ops pld_raw_ops;	/* unknown ones too */
extern const struct pld_ops pld_eap_ops;
extern const struct pld_ops pld_notify_ops;
extern const struct pld_ops pld_delete_ops;
extern const struct pld_ops pld_ts_ops;		/* TSi, TSr */
extern const struct pld_ops pld_cp_ops;
extern const struct pld_ops pld_sk_ops;
extern const struct pld_ops pld_skf_ops;

/* The bytes that r has left. */
struct bytes pld_rest(struct rd *r);

/* Append "ENCR_AES_CBC" or the like, "ENCR_99" for an unknown id. */
void pld_transform_print(struct buf *b, unsigned type, unsigned id);

#endif
