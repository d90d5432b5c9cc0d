/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Proposals of IKEv1 (RFC 2407 4.4, 4.5; RFC 2409 appendix A): our suites as
 * SA payloads, choosing among a peer's, checking its answer.
 */
#ifndef SP_IKE_V1_OFFER_H
#define SP_IKE_V1_OFFER_H

#include "ike/conf.h"
#include "ike/v1/wire.h"

#define V1_AUTH_PSK 1		/* authentication method, appendix A */

/* Encapsulation modes, RFC 2407 4.5 and RFC 3947 5.1. */
enum v1_encap {
	ENCAP1_TUNNEL = 1, ENCAP1_TRANSPORT = 2, ENCAP1_UDP_TUNNEL = 3,
	ENCAP1_UDP_TRANSPORT = 4, ENCAP1_DRAFT_TUNNEL = 61443,
	ENCAP1_DRAFT_TRANSPORT = 61444,
};

/* What was agreed on, of either phase. */
struct v1_choice {
	struct suite suite;
	struct v1_transform t;	/* the peer's, in its message */
	uint32_t spi;		/* phase 2: the peer's */
	int64_t life_ms;	/* as the peer wrote it; 0 = not said */
};

/* Phase 2: what beside the suites goes into each transform. */
struct v1_terms {
	uint8_t protocol;	/* enum ike_protocol */
	uint16_t encap;		/* enum v1_encap */
	const struct alg *group;	/* PFS, or NULL */
	int64_t life_ms;	/* TIME_NEVER = forever */
	uint64_t life_bytes;	/* 0 = not said */
};

/* May this row protect IKEv1 itself (no AEAD, a hash, a group)? */
bool v1_suite_fits(const struct suite *s);

/* Append the body of an SA payload for phase 1; false if no row fits.  only:
 * rows of this group alone (Aggressive Mode), or NULL. */
bool v1_offer_phase1(struct buf *b, const struct ike_conf *c,
    const struct alg *only);

/*
 * Choose for phase 1: the first of our rows that is among the peer's
 * transforms.  SP_PEER with a sentence.
 */
int v1_choose_phase1(const struct bytes *sa, const struct ike_conf *c,
    struct v1_choice *out, struct sp_error *err);

/* Append the body of an SA payload for phase 2; spi: our inbound one. */
void v1_offer_phase2(struct buf *b, const struct suite *rows, size_t nr,
    const struct v1_terms *terms, uint32_t spi);

/*
 * Choose for phase 2 of our rows; SP_PEER if there is none, SP_RANGE if all
 * but the PFS group would fit, SP_STATE if all but the mode would.
 */
int v1_choose_phase2(const struct bytes *sa, const struct suite *rows,
    size_t nr, const struct v1_terms *terms, struct v1_choice *out,
    struct sp_error *err);

/*
 * Append the body of the SA payload that answers: the chosen transform as it
 * came, with our SPI in phase 2 (spi_len 4), without one in phase 1 (0).
 */
void v1_answer(struct buf *b, const struct v1_choice *c, uint32_t spi,
    size_t spi_len);

/* Append what an SA payload offers, for people. */
void v1_print_offer(struct buf *b, const struct bytes *sa, bool phase1);

#endif
