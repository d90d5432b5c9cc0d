/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Settings of a proposal row (settings.md sections 4 and 11).  Phase 1 and
 * phase 2 have tables of their own: other defaults, PRF only in phase 1, ESN
 * and no encryption only in phase 2.
 *
 * Standing of algorithms: RFC 8247 (IKEv2), RFC 8221 (ESP, AH), RFC 9395
 * (deprecated), NIST SP 800-131A rev. 2.  Weak choices stand last.
 */
#include "conf/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"

/* Key lengths by algorithm, in bits; one length goes without saying. */
static const struct {
	const char *algorithm;
	const char *lengths[4];
} keys[] = {
	{ "aes", { "128", "192", "256" } },
	{ "aes-gcm", { "128", "192", "256" } },
	{ "chacha20-poly1305", { "256" } },
	{ "3des", { "192" } },
	{ "blowfish", { "128", "192", "256" } },
	{ "cast128", { "128" } },
};

static const char *const *
lengths_of(const char *algorithm)
{
	size_t i;

	for (i = 0; i < NELEM(keys); i++) {
		if (str_eq(keys[i].algorithm, algorithm))
			return keys[i].lengths;
	}
	return NULL;
}

static bool
is_phase1(const struct conf_node *n)
{
	return n->parent->object == &phase1_object;
}

static bool
is_ah(const struct conf_node *n)
{
	return !is_phase1(n) && str_eq(conf_str(n->parent, "protocol"), "ah");
}

/* key-exchange of the phase 1 that the row belongs to. */
static const char *
key_exchange(const struct conf_node *n)
{
	const struct conf_node *p1 = is_phase1(n) ? n->parent :
	    n->parent->parent;

	return conf_str(p1, "key-exchange");
}

static bool
shown_algorithm(const struct conf_node *n, const char **why)
{
	*why = "protocol is ah";
	return !is_ah(n);
}

static bool
fits_key_length(const struct conf_node *n, const char *value)
{
	const char *const *lengths = lengths_of(conf_str(n, "algorithm"));
	size_t i;

	for (i = 0; lengths != NULL && lengths[i] != NULL; i++) {
		if (str_eq(lengths[i], value))
			return true;
	}
	return false;
}

/* A length that the algorithm does not have is refused, not passed over. */
static bool
shown_key_length(const struct conf_node *n, const char **why)
{
	const char *const *lengths = lengths_of(conf_str(n, "algorithm"));

	if (!shown_algorithm(n, why))
		return false;
	*why = "the algorithm has no choice of key lengths";
	if (lengths == NULL)
		return false;
	return lengths[1] != NULL || (conf_is_set(n, "key-length") &&
	    !fits_key_length(n, conf_str(n, "key-length")));
}

static bool
shown_icv(const struct conf_node *n, const char **why)
{
	if (!shown_algorithm(n, why))
		return false;
	*why = "algorithm is not aes-gcm";
	return str_eq(conf_str(n, "algorithm"), "aes-gcm");
}

/*
 * An AEAD algorithm needs no hash.  In phase 1 the hash still names the PRF
 * while prf is not set (settings.md 12.13).
 */
static bool
shown_hash(const struct conf_node *n, const char **why)
{
	*why = "the algorithm protects integrity by itself";
	if (is_ah(n) || !proposal_is_aead(n))
		return true;
	return is_phase1(n) && conf_is_set(n, "hash") &&
	    !conf_is_set(n, "prf");
}

static int
check_key_length(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	const char *alg = conf_str(n, "algorithm");
	const char *const *lengths = lengths_of(alg);
	struct buf list = {0};
	size_t i;
	int ret;

	if (fits_key_length(n, value))
		return 0;
	buf_puts(&list, "");
	for (i = 0; lengths != NULL && lengths[i] != NULL; i++)
		buf_printf(&list, "%s%s", i > 0 ? ", " : "", lengths[i]);
	ret = sp_fail(err, SP_INVALID,
	    "%s has keys of %s bits; %s is none of them.", alg,
	    (const char *)list.data, value);
	buf_free(&list);
	return ret;
}

/* 256 in phase 1, 128 in phase 2, unless the algorithm has one length. */
static const char *
key_length_or(const struct conf_node *n, const char *usual)
{
	const char *const *lengths = lengths_of(conf_str(n, "algorithm"));

	if (lengths != NULL && lengths[1] == NULL)
		return lengths[0];
	return usual;
}

static const char *
default_key_length1(const struct conf_node *n)
{
	return key_length_or(n, "256");
}

static const char *
default_key_length2(const struct conf_node *n)
{
	return key_length_or(n, "128");
}

static const char *
default_prf(const struct conf_node *n)
{
	return conf_str(n, "hash");
}

/* RFC 5282: combined modes protect IKE itself only in IKEv2. */
static int
check_algorithm1(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	if (!proposal_is_aead(n) || !str_eq(key_exchange(n), "ikev1"))
		return 0;
	return sp_fail(err, SP_INVALID, "%s protects IKE only in IKEv2 (RFC "
	    "5282); with key-exchange ikev1 choose aes.", value);
}

static const char *
warn_algorithm1(const struct conf_node *n, const char *value, char *buf)
{
	if (!proposal_is_aead(n) || !str_eq(key_exchange(n), "auto"))
		return NULL;
	snprintf(buf, 256, "%s protects IKE only in IKEv2 (RFC 5282); with "
	    "key-exchange auto choose aes.", value);
	return buf;
}

static const char *
warn_algorithm2(const struct conf_node *n, const char *value, char *buf)
{
	(void)n;
	(void)buf;
	if (!str_eq(value, "none"))
		return NULL;
	return N_("This proposal does not encrypt.");
}

static const char *
warn_icv(const struct conf_node *n, const char *value, char *buf)
{
	(void)n;
	if (str_eq(value, "128"))
		return NULL;
	snprintf(buf, 256,
	    "A %s-bit check value is weak; RFC 8221 asks for 128.", value);
	return buf;
}

static int
check_hash1(const struct conf_node *n, const char *value,
    struct sp_error *err)
{
	if (!str_eq(value, "aes-xcbc") || !str_eq(key_exchange(n), "ikev1"))
		return 0;
	return sp_fail(err, SP_INVALID,
	    "IKEv1 has no AES-XCBC hash; choose SHA.");
}

static bool
fits_dh1(const struct conf_node *n, const char *value)
{
	(void)n;
	return !str_eq(value, "none");
}

static int
check_dh1(const struct conf_node *n, const char *value, struct sp_error *err)
{
	if (fits_dh1(n, value))
		return 0;
	return sp_fail(err, SP_INVALID, "Phase 1 needs a DH group.");
}

static const char *
warn_dh2(const struct conf_node *n, const char *value, char *buf)
{
	(void)n;
	(void)buf;
	if (!str_eq(value, "none"))
		return NULL;
	return N_("Without a DH group a stolen phase 1 key opens this traffic "
	    "too (no forward secrecy).");
}

/* Why a choice is weak, as its warning says it. */
#define WEAK_3DES "RFC 8247: MAY in IKE, RFC 8221: SHOULD NOT in ESP; " \
	"NIST disallowed after 2023"
#define WEAK_BLOWFISH "RFC 8221: MUST NOT in ESP; deprecated by RFC 9395"
#define WEAK_CAST "deprecated by RFC 9395"
#define WEAK_MD5 "RFC 8247 and 8221: MUST NOT"
#define WEAK_SHA1 "RFC 8247 and 8221: MUST-, to be dropped"

/* Lists that both phases share; the weak ones are put last. */
#define CIPHERS \
	{ "aes", N_("AES in CBC mode"), NULL, false }, \
	{ "aes-gcm", N_("AES in Galois/Counter mode"), NULL, false }, \
	{ "chacha20-poly1305", N_("ChaCha20 with Poly1305"), NULL, false }
#define WEAK_CIPHERS \
	{ "3des", N_("Triple DES"), WEAK_3DES, false }, \
	{ "blowfish", N_("Blowfish"), WEAK_BLOWFISH, false }, \
	{ "cast128", N_("CAST-128"), WEAK_CAST, false }

static const struct set_choice algorithms1[] = {
	CIPHERS, WEAK_CIPHERS, { .word = NULL }
};

static const struct set_choice algorithms2[] = {
	CIPHERS, { "none", N_("No encryption (ESP NULL)"), NULL, false },
	WEAK_CIPHERS, { .word = NULL }
};

static const struct set_choice key_lengths[] = {
	{ "128", N_("128 bits"), NULL, false },
	{ "192", N_("192 bits"), NULL, false },
	{ "256", N_("256 bits"), NULL, false },
	{ .word = NULL }
};

static const struct set_choice icv_lengths[] = {
	{ "128", N_("128 bits"), NULL, false },
	{ "96", N_("96 bits"), "RFC 8221 asks for 128 bits", false },
	{ "64", N_("64 bits"), "RFC 8221 asks for 128 bits", false },
	{ .word = NULL }
};

#define HASHES \
	{ "sha256", N_("SHA-256"), NULL, false }, \
	{ "sha384", N_("SHA-384"), NULL, false }, \
	{ "sha512", N_("SHA-512"), NULL, false }, \
	{ "aes-xcbc", N_("AES-XCBC, for small devices"), NULL, false }
#define WEAK_HASHES \
	{ "sha1", N_("SHA-1"), WEAK_SHA1, false }, \
	{ "md5", N_("MD5"), WEAK_MD5, false }

static const struct set_choice hashes[] = {
	HASHES, WEAK_HASHES, { .word = NULL }
};

static const struct set_choice prfs[] = {
	HASHES, { "aes-cmac", N_("AES-CMAC"), NULL, false },
	WEAK_HASHES, { .word = NULL }
};

/* Numbers are those of IKE (IANA); 17 and 18 cost tens of ms. */
static const struct set_choice groups[] = {
	{ "14", N_("2048 bit"), NULL, false },
	{ "15", N_("3072 bit"), NULL, false },
	{ "16", N_("4096 bit"), NULL, false },
	{ "17", N_("6144 bit, slow"), NULL, false },
	{ "18", N_("8192 bit, slow"), NULL, false },
	{ "19", N_("256 bit elliptic curve"), NULL, false },
	{ "20", N_("384 bit elliptic curve"), NULL, false },
	{ "21", N_("521 bit elliptic curve"), NULL, false },
	{ "26", N_("224 bit elliptic curve"), NULL, false },
	{ "27", N_("Brainpool 224 bit elliptic curve"), NULL, false },
	{ "28", N_("Brainpool 256 bit elliptic curve"), NULL, false },
	{ "29", N_("Brainpool 384 bit elliptic curve"), NULL, false },
	{ "30", N_("Brainpool 512 bit elliptic curve"), NULL, false },
	{ "31", N_("Curve25519"), NULL, false },
	{ "32", N_("Curve448"), NULL, false },
	{ "none", N_("No DH exchange of its own (phase 2)"), NULL, false },
	{ "5", N_("1536 bit"),
	  "RFC 8247: SHOULD NOT; below NIST's 112 bits", false },
	{ "2", N_("1024 bit"),
	  "RFC 8247: SHOULD NOT; NIST disallowed", false },
	{ "1", N_("768 bit"),
	  "RFC 8247: MUST NOT; deprecated by RFC 9395", false },
	{ "22", N_("1024 bit, 160 bit subgroup"),
	  "RFC 8247: MUST NOT; deprecated by RFC 9395", false },
	{ "23", N_("2048 bit, 224 bit subgroup"),
	  "RFC 8247: SHOULD NOT; small subgroups", false },
	{ "24", N_("2048 bit, 256 bit subgroup"),
	  "RFC 8247: SHOULD NOT; small subgroups", false },
	{ "25", N_("192 bit elliptic curve"),
	  "below NIST's 112 bits", false },
	{ .word = NULL }
};

static const struct set_choice esns[] = {
	{ "no", N_("32 bit counters"), NULL, false },
	{ "yes", N_("64 bit counters; the peer must have them"), NULL,
	  false },
	{ "either", N_("Both are offered"), NULL, false },
	{ .word = NULL }
};

/* Rows that both tables have, for restart classes of their own. */
#define ROW_COMMON(restart_class) \
	{ .name = "enabled", .type = SET_BOOL, .def = "yes", \
	  .restart = restart_class, .label = N_("Enabled"), \
	  .help = N_("Is this row offered and accepted."), \
	  .group = N_("General") }, \
	{ .name = "description", .type = SET_TEXT, .max = 255, \
	  .restart = RESTART_NONE, .label = N_("Description"), \
	  .help = N_("A note for people; it has no effect."), \
	  .group = N_("General") }

#define ROW_KEY(dynamic, restart_class) \
	{ .name = "key-length", .type = SET_ENUM, .choices = key_lengths, \
	  .shown = shown_key_length, .fits = fits_key_length, \
	  .dynamic_def = dynamic, .check = check_key_length, \
	  .restart = restart_class, .label = N_("Key Length"), \
	  .help = N_("Bits of the encryption key."), \
	  .unit = N_("bits"), .group = N_("Algorithms"), \
	  .ipsec_conf = "ike/esp", .swanctl = "proposals" }, \
	{ .name = "icv-length", .type = SET_ENUM, .def = "128", \
	  .choices = icv_lengths, .shown = shown_icv, .warn = warn_icv, \
	  .restart = restart_class, .label = N_("ICV Length"), \
	  .help = N_("Bits of the check value of AES-GCM."), \
	  .unit = N_("bits"), .group = N_("Algorithms"), \
	  .weak_name = "A {v}-bit check value", .better = "128", \
	  .ipsec_conf = "ike/esp", .swanctl = "proposals" }

const struct set_row proposal1_table[] = {
	ROW_COMMON(RESTART_IKE),
	{ .name = "algorithm", .type = SET_ENUM, .def = "aes",
	  .choices = algorithms1, .check = check_algorithm1,
	  .warn = warn_algorithm1, .restart = RESTART_IKE,
	  .label = N_("Algorithm"),
	  .help = N_("Cipher that protects the IKE messages."),
	  .group = N_("Algorithms"), .better = "aes",
	  .ipsec_conf = "ike", .swanctl = "proposals" },
	ROW_KEY(default_key_length1, RESTART_IKE),
	{ .name = "hash", .type = SET_ENUM, .def = "sha256",
	  .choices = hashes, .shown = shown_hash, .check = check_hash1,
	  .restart = RESTART_IKE, .label = N_("Hash"),
	  .help = N_("Integrity check of the IKE messages."),
	  .group = N_("Algorithms"), .better = "sha256",
	  .ipsec_conf = "ike", .swanctl = "proposals" },
	{ .name = "prf", .type = SET_ENUM, .choices = prfs,
	  .dynamic_def = default_prf, .restart = RESTART_IKE,
	  .label = N_("PRF"),
	  .help = N_("Function that keys are derived with; as the hash "
	    "unless set."),
	  .group = N_("Algorithms"), .better = "sha256",
	  .ipsec_conf = "ike", .swanctl = "proposals" },
	{ .name = "dh-group", .type = SET_ENUM, .def = "14",
	  .choices = groups, .fits = fits_dh1, .check = check_dh1,
	  .restart = RESTART_IKE, .label = N_("DH Group"),
	  .help = N_("Group of the Diffie-Hellman exchange."),
	  .group = N_("Algorithms"), .weak_name = "DH group {v}",
	  .better = "group 14 or 19", .ipsec_conf = "ike",
	  .swanctl = "proposals" },
	{ .name = NULL }
};

const struct set_row proposal2_table[] = {
	ROW_COMMON(RESTART_CHILD),
	{ .name = "algorithm", .type = SET_ENUM, .def = "aes",
	  .choices = algorithms2, .shown = shown_algorithm,
	  .warn = warn_algorithm2, .restart = RESTART_CHILD,
	  .label = N_("Algorithm"),
	  .help = N_("Cipher that protects the traffic."),
	  .group = N_("Algorithms"), .better = "aes",
	  .ipsec_conf = "esp", .swanctl = "children.esp_proposals" },
	ROW_KEY(default_key_length2, RESTART_CHILD),
	{ .name = "hash", .type = SET_ENUM, .def = "sha256",
	  .choices = hashes, .shown = shown_hash, .restart = RESTART_CHILD,
	  .label = N_("Hash"),
	  .help = N_("Integrity check of the traffic."),
	  .group = N_("Algorithms"), .better = "sha256",
	  .ipsec_conf = "esp/ah", .swanctl = "children.esp_proposals" },
	{ .name = "dh-group", .type = SET_ENUM, .def = "14",
	  .choices = groups, .warn = warn_dh2, .restart = RESTART_CHILD,
	  .label = N_("DH Group"),
	  .help = N_("Group of the exchange when the child is rekeyed."),
	  .group = N_("Algorithms"), .weak_name = "DH group {v}",
	  .better = "group 14 or 19", .ipsec_conf = "esp/ah",
	  .swanctl = "children.esp_proposals" },
	{ .name = "esn", .type = SET_ENUM, .def = "no", .choices = esns,
	  .flags = SET_ADVANCED, .restart = RESTART_CHILD,
	  .label = N_("Extended Sequence Numbers"),
	  .help = N_("64 bit packet counters (RFC 4304)."),
	  .group = N_("Algorithms"), .ipsec_conf = "esp (esn, noesn)",
	  .swanctl = "children.esp_proposals" },
	{ .name = NULL }
};

static const struct conf_object *const no_children[] = { NULL };

const struct conf_object proposal1_object = {
	.word = "proposal",
	.label = N_("Proposal"),
	.help = N_("A set of algorithms for IKE, in order of preference."),
	.naming = OBJ_NUMBERED,
	.rows = proposal1_table,
	.children = no_children,
	.limit = 64,
};

const struct conf_object proposal2_object = {
	.word = "proposal",
	.label = N_("Proposal"),
	.help = N_("A set of algorithms for traffic, in order of "
	    "preference."),
	.naming = OBJ_NUMBERED,
	.rows = proposal2_table,
	.children = no_children,
	.limit = 64,
};
