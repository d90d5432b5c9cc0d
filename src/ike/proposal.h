/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Proposals: our configured suites, offering them in an SA payload, choosing
 * among a peer's (RFC 7296 2.7, 3.3), and saying what differed.
 */
#ifndef SP_IKE_PROPOSAL_H
#define SP_IKE_PROPOSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct alg;
struct buf;
struct ike_msg;
struct ike_payload;
struct sp_error;

enum suite_esn { ESN_NO, ESN_YES, ESN_EITHER };

/* One configured row, or one agreed suite (then esn is NO or YES). */
struct suite {
	const struct alg *encr;	/* NULL for AH */
	unsigned key_bits;	/* of encr; 0 if it has one length only */
	const struct alg *integ;	/* NULL with AEAD */
	const struct alg *prf;	/* IKE only */
	const struct alg *ke;	/* NULL = none */
	enum suite_esn esn;	/* ESP, AH only */
};

/* Parse "aes256-sha256-modp2048", "aes128gcm16-prfsha256-x25519", ... */
int suite_parse(struct suite *s, const char *text, bool ike,
    struct sp_error *err);

/* Append "aes256gcm16-prfsha384-x25519"; ESP: "...-esn" where it is on. */
void suite_print(struct buf *b, const struct suite *s);

bool suite_eq(const struct suite *a, const struct suite *b);

/* Key bits of the cipher, also where it has one length only; 0 without. */
unsigned suite_key_bits(const struct suite *s);

/*
 * Add an SA payload offering the rows in order, proposal numbers from 1.
 * protocol: enum ike_protocol; spi: inbound SPI bytes (0, 4 or 8).
 * with_ke: leave the KE transforms out if false (child in IKE_AUTH).
 */
void suite_offer(struct ike_msg *m, const struct suite *rows, size_t nr,
    unsigned protocol, const void *spi, size_t spi_len, bool with_ke);

struct suite_choice {
	struct suite suite;
	uint8_t number;		/* of the peer's proposal */
	uint8_t spi[8];
	size_t spi_len;
	size_t row;		/* index of our row */
};

/*
 * Responder: the first of our rows that the peer offers too.  ignore_ke: KE
 * transforms do not count (child in IKE_AUTH).  SP_PEER with a sentence
 * giving the first differing transform of the nearest pair, ours and theirs.
 */
int suite_choose(const struct ike_payload *sa, const struct suite *rows,
    size_t nr, unsigned protocol, bool ignore_ke, struct suite_choice *out,
    struct sp_error *err);

/* Add the answer SA payload: exactly the chosen proposal. */
void suite_answer(struct ike_msg *m, const struct suite_choice *c,
    unsigned protocol, const void *spi, size_t spi_len, bool with_ke);

/*
 * Initiator: check the peer's single answer against what we offered.
 * SP_PEER if it is not one of our rows.
 */
int suite_check_answer(const struct ike_payload *sa, const struct suite *rows,
    size_t nr, unsigned protocol, bool with_ke, struct suite_choice *out,
    struct sp_error *err);

/* Append a readable list of what an SA payload offers. */
void suite_print_offer(struct buf *b, const struct ike_payload *sa);

#endif
