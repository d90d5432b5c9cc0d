/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows behind alg.h, for alg.c and fetch.c alone.
 */
#ifndef SP_CRYPTO_ALG_TABLE_H
#define SP_CRYPTO_ALG_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/alg.h"

/* A further word for a row, as other programs write it. */
struct alg_alias {
	enum alg_type type;
	uint16_t id;
	uint16_t key_bits;	/* what a word without a number means, or 0 */
	const char *word;	/* %u = key bits */
};

/* All rows, in order of transform type; *nr gets their number. */
const struct alg *alg_rows(size_t *nr);

/* All aliases; *nr gets their number. */
const struct alg_alias *alg_aliases(size_t *nr);

#endif
