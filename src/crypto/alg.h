/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The algorithm registry: one table (alg_table.c) for every transform of
 * IKEv2, with its IKEv1 numbers, the names it has in settings, in proposals,
 * in OpenSSL and in the kernel, its sizes and its standing (RFC 8247, 8221,
 * 9395).  Parser, printer, completion, proposals, planes and warnings read it.
 */
#ifndef SP_CRYPTO_ALG_H
#define SP_CRYPTO_ALG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Transform types of RFC 7296 3.3.2. */
enum alg_type {
	ALG_ENCR = 1,
	ALG_PRF = 2,
	ALG_INTEG = 3,
	ALG_KE = 4,
	ALG_ESN = 5,
};

enum alg_class {
	ALG_OK,
	ALG_OLD,		/* works, a note is shown */
	ALG_WEAK,		/* warned about, never in a default */
	ALG_BAD,		/* MUST NOT; warned about in the same words */
};

/* The construction that computes an algorithm. */
enum alg_mode {
	ALG_MODE_NONE,		/* not computed here */
	ALG_MODE_NULL,		/* ENCR_NULL, RFC 2410 */
	ALG_MODE_CBC,		/* RFC 2451, 3602 */
	ALG_MODE_CTR,		/* RFC 3686, 5529 */
	ALG_MODE_GCM,		/* RFC 4106, 5282 */
	ALG_MODE_CCM,		/* RFC 4309, 5282 */
	ALG_MODE_CHACHA,	/* RFC 7634 */
	ALG_MODE_GMAC,		/* RFC 4543 */
	ALG_MODE_HMAC,		/* RFC 2104, 4868 */
	ALG_MODE_XCBC,		/* RFC 3566, 4434 */
	ALG_MODE_CMAC,		/* RFC 4494, 4615 */
	ALG_MODE_MODP,		/* safe primes: RFC 2409, 3526 */
	ALG_MODE_MODP_SUB,	/* prime-order subgroup: RFC 5114 */
	ALG_MODE_EC,		/* RFC 5903, 6954 */
	ALG_MODE_XDH,		/* RFC 8031 */
};

enum alg_flags {
	ALG_AEAD = 1 << 0,	/* combined mode */
	ALG_LEGACY = 1 << 1,	/* only in OpenSSL's legacy provider */
	ALG_USE_IKE = 1 << 2,	/* may protect IKE itself */
	ALG_USE_ESP = 1 << 3,
	ALG_USE_AH = 1 << 4,
	ALG_KEY_ATTR = 1 << 5,	/* Key Length attribute goes on the wire */
	ALG_COUNTER = 1 << 6,	/* counter mode: salt/nonce in the key */
	ALG_ABSENT = 1 << 7,	/* known by number and name only */
};

struct alg {
	enum alg_type type;
	uint16_t id;		/* IKEv2 transform ID */
	uint16_t v1_ike;	/* IKEv1 phase 1 attribute value, 0 = none */
	uint16_t v1_esp;	/* IPsec DOI transform / auth value, 0 = none */
	uint16_t v1_ah;		/* IPsec DOI AH transform, 0 = none */
	enum alg_mode mode;
	const char *name;	/* IANA name: "ENCR_AES_GCM_16" */
	const char *word;	/* proposal word, %u = key bits: "aes%ugcm16" */
	const char *setting;	/* word of settings: "aes-gcm", "sha256", "14" */
	const char *ossl;	/* OpenSSL name, %u = key bits: "AES-%u-GCM" */
	const char *kernel;	/* XFRM name: "rfc4106(gcm(aes))" */
	uint16_t key_bits[4];	/* allowed lengths ascending, 0 ends;
				 * without salt */
	uint8_t salt_len;	/* bytes of salt/nonce behind the key */
	uint8_t iv_len;		/* bytes on the wire */
	uint8_t block_len;	/* padding granularity of the cipher, >= 1 */
	uint8_t icv_len;	/* bytes on the wire (AEAD, INTEG) */
	uint16_t key_len;	/* PRF preferred key / INTEG key, bytes;
				 * MODP: private exponent, 0 = OpenSSL's */
	uint16_t out_len;	/* PRF output; KE: public value, bytes */
	uint16_t bits;		/* KE: size of the group as users know it */
	unsigned flags;		/* enum alg_flags */
	enum alg_class class;
	const char *basis;	/* why weak: "RFC 8221: MUST NOT" */
	const char *better;	/* what to prefer: "aes" */
};

/* Row by transform type and IKEv2 id, or NULL. */
const struct alg *alg_by_id(enum alg_type type, unsigned id);

/*
 * Row by the word of a setting.  icv_bits selects among AEAD rows that share
 * a word (aes-gcm); 0 takes the first, which is the longest.
 */
const struct alg *alg_by_setting(enum alg_type type, const char *word,
    unsigned icv_bits);

/*
 * Row by a word of a strongSwan-style proposal ("aes256gcm16", "prfsha384",
 * "x25519", "modp2048"); *key_bits gets the length in it, or 0.  NULL if no
 * row has the word or the length.  Rows with ALG_ABSENT are found too: ask
 * alg_usable() before offering one.
 */
const struct alg *alg_by_word(enum alg_type type, const char *word,
    unsigned *key_bits);

/* The table in order; index from 0, NULL at the end. */
const struct alg *alg_at(size_t index);

/*
 * Is this key length one of the algorithm's.  0 (none given) is, where there
 * is nothing to choose.
 */
bool alg_has_key_bits(const struct alg *alg, unsigned key_bits);

/*
 * Key bytes incl. salt that key derivation must produce for an ENCR row.
 * key_bits 0 means the only (or shortest) length.
 */
size_t alg_encr_key_len(const struct alg *alg, unsigned key_bits);

/*
 * Can this process compute it?  The legacy provider is loaded (in a library
 * context of its own) only for rows that need it.  *why (may be NULL) gets a
 * reason marked for translation, or NULL.
 */
bool alg_usable(const struct alg *alg, const char **why);

/*
 * Append the proposal word of the row, e.g. "aes256gcm16"; key_bits 0 leaves
 * the length out where it would be a choice.
 */
void alg_print(struct buf *b, const struct alg *alg, unsigned key_bits);

#endif
