/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Public values of a peer: first byte = the group, the rest = the value.
 * Law: a value gives a secret of the group's length, or a refusal that is
 * the peer's fault and has a sentence.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"
#include "crypto/alg.h"
#include "crypto/kex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The quick ones of each kind. */
static const unsigned groups[] = { 31, 19, 27, 1, 22, 25 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct alg *g;
	struct sp_error err = { 0 };
	struct secret out = { 0 };
	struct kex *k;
	size_t want;
	int ret;

	if (len == 0)
		return 0;
	g = alg_by_id(ALG_KE, groups[data[0] % NELEM(groups)]);
	if (kex_new(&k, g, NULL) < 0)
		abort();
	ret = kex_derive(k, data + 1, len - 1, &out, &err);
	kex_free(k);
	want = g->mode == ALG_MODE_EC ? g->out_len / 2U : g->out_len;
	if (ret == 0 ? out.len != want :
	    ret != SP_PEER || err.text[0] == '\0' || out.data != NULL) {
		abort();
	}
	secret_free(&out);
	return 0;
}
