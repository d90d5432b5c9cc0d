/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words of proposals: first byte = the transform type, the rest = the word.
 * Law: a word that is understood, printed and read again, gives the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "crypto/alg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct alg *first, *again;
	unsigned bits = 0, bits_again = 0;
	struct buf b = { 0 };
	enum alg_type type;
	char *word;

	if (len == 0)
		return 0;
	type = (enum alg_type)(1 + data[0] % 5);
	word = xstrndup((const char *)data + 1, len - 1);
	first = alg_by_word(type, word, &bits);
	free(word);
	if (first == NULL)
		return 0;
	alg_print(&b, first, bits);
	word = buf_steal_str(&b);
	again = alg_by_word(type, word, &bits_again);
	if (again != first || bits_again != bits)
		abort();
	free(word);
	return 0;
}
