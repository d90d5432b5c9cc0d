/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AUTH payloads: first byte = the kind of key, second = the method, the rest
 * = the authentication data (under method 14 with its AlgorithmIdentifier).
 * Law: nobody but the owner of the key makes one that passes, and a refusal
 * has a code of sig.h and a sentence.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "crypto/pkey.h"
#include "crypto/sig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const kinds[][2] = {
	{ "ecdsa", "p256" }, { "ed25519", NULL }, { "rsa", "2048" },
	{ "ecdsa", "p521" }, { "ed448", NULL },
};

static struct pkey *
key_of(uint8_t n)
{
	static struct pkey *keys[NELEM(kinds)];

	n %= NELEM(kinds);
	if (keys[n] == NULL && pkey_generate(&keys[n], kinds[n][0],
	    kinds[n][1], NULL) < 0)
		abort();
	return keys[n];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct chunk in = { "octets", 6 };
	struct sp_error err = {0};
	struct sig how;
	int ret;

	if (len < 2)
		return 0;
	ret = sig_check(key_of(data[0]), data[1], data + 2, len - 2, true,
	    &in, 1, &how, &err);
	if ((ret != SP_AUTH && ret != SP_FORMAT && ret != SP_UNSUPPORTED &&
	    ret != SP_PEER) || err.text[0] == '\0')
		abort();
	return 0;
}
