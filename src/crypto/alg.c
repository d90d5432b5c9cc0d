/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looking up rows of the algorithm registry and printing them.  Words of
 * proposals are patterns: "%u" stands for a key length, which must be one of
 * the row's (RFC 7296 3.3.5).
 */
#include "crypto/alg.h"

#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/alg_table.h"
#include "crypto/fetch.h"

const struct alg *
alg_at(size_t index)
{
	const struct alg *rows;
	size_t nr;

	rows = alg_rows(&nr);
	return index < nr ? &rows[index] : NULL;
}

const struct alg *
alg_by_id(enum alg_type type, unsigned id)
{
	const struct alg *rows;
	size_t i, nr;

	rows = alg_rows(&nr);
	for (i = 0; i < nr; i++) {
		if (rows[i].type == type && rows[i].id == id)
			return &rows[i];
	}

	return NULL;
}

const struct alg *
alg_by_setting(enum alg_type type, const char *word, unsigned icv_bits)
{
	const struct alg *rows, *a;
	size_t i, nr;

	rows = alg_rows(&nr);
	for (i = 0; i < nr; i++) {
		a = &rows[i];
		if (a->type != type || a->setting == NULL ||
		    !str_eq(a->setting, word)) {
			continue;
		}
		if (icv_bits == 0 || (a->flags & ALG_AEAD) == 0 ||
		    a->icv_len * 8U == icv_bits) {
			return a;
		}
	}

	return NULL;
}

/* Does word fit the pattern; *bits gets the number in the place of %u. */
static bool
word_matches(const char *pattern, const char *word, unsigned *bits)
{
	const char *mark = strstr(pattern, "%u");
	char digits[6];
	int64_t v;
	size_t head, n;

	*bits = 0;
	if (mark == NULL)
		return str_eq(pattern, word);
	head = (size_t)(mark - pattern);
	if (strncmp(pattern, word, head) != 0)
		return false;
	word += head;
	n = strspn(word, "0123456789");
	/* the rest of a pattern may begin with letters only */
	if (n == 0 || n >= sizeof(digits) || !str_eq(mark + 2, word + n))
		return false;
	memcpy(digits, word, n);
	digits[n] = '\0';
	if (!str_to_i64(digits, 1, UINT16_MAX, &v))
		return false;
	*bits = (unsigned)v;
	return true;
}

static const struct alg *
alg_by_alias(enum alg_type type, const char *word, unsigned *bits)
{
	const struct alg_alias *aliases, *a;
	size_t i, nr;

	aliases = alg_aliases(&nr);
	for (i = 0; i < nr; i++) {
		a = &aliases[i];
		if (a->type != type || !word_matches(a->word, word, bits))
			continue;
		if (a->key_bits != 0)
			*bits = a->key_bits;
		return alg_by_id(type, a->id);
	}

	return NULL;
}

const struct alg *
alg_by_word(enum alg_type type, const char *word, unsigned *key_bits)
{
	const struct alg *rows, *found = NULL;
	unsigned bits = 0;
	size_t i, nr;

	rows = alg_rows(&nr);
	for (i = 0; i < nr && found == NULL; i++) {
		if (rows[i].type == type &&
		    word_matches(rows[i].word, word, &bits)) {
			found = &rows[i];
		}
	}
	if (found == NULL)
		found = alg_by_alias(type, word, &bits);
	if (found == NULL || (bits != 0 && !alg_has_key_bits(found, bits)))
		return NULL;
	*key_bits = bits;
	return found;
}

bool
alg_has_key_bits(const struct alg *alg, unsigned key_bits)
{
	size_t i;

	if (key_bits == 0)
		return alg->key_bits[0] == 0 || alg->key_bits[1] == 0;
	for (i = 0; i < NELEM(alg->key_bits); i++) {
		if (alg->key_bits[i] == key_bits)
			return true;
	}

	return false;
}

size_t
alg_encr_key_len(const struct alg *alg, unsigned key_bits)
{
	if (key_bits == 0)
		key_bits = alg->key_bits[0];
	return key_bits / 8U + alg->salt_len;
}

static const char *
encr_missing(const struct alg *alg)
{
	const char *why = NULL;
	unsigned bits = alg->key_bits[0];

	if (alg->mode == ALG_MODE_NULL || fetch_cipher(alg, bits, &why) != NULL)
		return NULL;
	return why;
}

static const char *
built_without(bool missing)
{
	return missing ? N_("this OpenSSL was built without it") : NULL;
}

static bool
mac_missing(const struct alg *alg)
{
	if (alg->mode == ALG_MODE_XCBC)
		return fetch_aes128_cbc() == NULL;
	return fetch_mac(alg) == NULL;
}

/* Why OpenSSL cannot compute the row, or NULL. */
static const char *
alg_missing(const struct alg *alg)
{
	if (alg->flags & ALG_ABSENT)
		return N_("OpenSSL does not have it");
	switch (alg->type) {
	case ALG_ENCR:
		return encr_missing(alg);
	case ALG_PRF:
	case ALG_INTEG:
		return built_without(mac_missing(alg));
	case ALG_KE:
		return built_without(fetch_group(alg) == NULL);
	case ALG_ESN:
		return NULL;
	}

	return NULL;
}

bool
alg_usable(const struct alg *alg, const char **why)
{
	const char *reason = alg_missing(alg);

	if (why != NULL)
		*why = reason;
	return reason == NULL;
}

void
alg_print(struct buf *b, const struct alg *alg, unsigned key_bits)
{
	const char *mark = strstr(alg->word, "%u");

	if (mark == NULL) {
		buf_puts(b, alg->word);
		return;
	}
	buf_bytes(b, alg->word, (size_t)(mark - alg->word));
	if (key_bits != 0)
		buf_printf(b, "%u", key_bits);
	buf_puts(b, mark + 2);
}
