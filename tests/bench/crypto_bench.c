/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the room costs, in CPU time, one JSON object a line:
 *
 *	seal	microseconds a packet, beside OpenSSL called directly in the
 *		same run ("raw": one keyed context, a new IV a packet)
 *	kex	CPU-seconds for 1000 handshakes, one side: a key pair, its
 *		public value, a derivation
 *	work	CPU-seconds for 1000 handshakes, one side, of all other
 *		cryptography of IKE_SA_INIT and IKE_AUTH with a PSK
 *
 * Rounds alternate and the best of each counts, as others use the machine.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"
#include "crypto/alg.h"
#include "crypto/kex.h"
#include "crypto/prf.h"
#include "crypto/rng.h"
#include "crypto/seal.h"

#define ROUNDS 7
#define PACKETS 20000

static double
cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s failed\n", what);
	exit(1);
}

static void
keep_best(double *best, double now)
{
	if (*best == 0 || now < *best)
		*best = now;
}

static const uint8_t key[64] = { 1, 2, 3 };

static struct seal *
make_seal(unsigned encr, unsigned bits, int integ, bool encrypt)
{
	struct seal_params p = {
		.encr = alg_by_id(ALG_ENCR, encr), .key_bits = bits,
		.encr_key = key, .integ_key = key, .encrypt = encrypt,
	};
	struct seal *s;

	p.encr_key_len = alg_encr_key_len(p.encr, bits);
	if (integ > 0) {
		p.integ = alg_by_id(ALG_INTEG, (unsigned)integ);
		p.integ_key_len = p.integ->key_len;
	}
	must(seal_new(&s, &p, NULL) == 0, "seal_new");
	return s;
}

/* Microseconds to protect a packet of len bytes. */
static double
time_protect(struct seal *s, size_t len, uint8_t *buf)
{
	const struct rng rng = rng_system();
	struct seal_op op = {
		.aad = buf, .aad_len = 8, .iv = buf + 8,
		.text = buf + 8 + seal_iv_len(s), .text_len = len,
	};
	double start = cpu_us();
	unsigned i;

	op.icv = op.text + len;
	for (i = 0; i < PACKETS; i++) {
		seal_make_iv(s, i, &rng, op.iv);
		if (seal_protect(s, &op) < 0)
			must(false, "seal_protect");
	}
	return (cpu_us() - start) / PACKETS;
}

/*
 * Microseconds to open one: the first of what was protected, again and
 * again, from a copy (whose cost is in the raw loop as well).
 */
static double
time_open(struct seal *in, struct seal *out, size_t len, uint8_t *buf)
{
	static uint8_t copy[2048];
	struct seal_op op = {
		.aad = buf, .aad_len = 8, .iv = buf + 8,
		.text = buf + 8 + seal_iv_len(in), .text_len = len,
	};
	size_t total;
	double start;
	unsigned i;

	op.icv = op.text + len;
	total = (size_t)(op.icv - buf) + seal_icv_len(in);
	must(seal_protect(in, &op) == 0, "seal_protect");
	memcpy(copy, buf, total);
	start = cpu_us();
	for (i = 0; i < PACKETS; i++) {
		memcpy(buf, copy, total);
		if (seal_open(out, &op) < 0)
			must(false, "seal_open");
	}
	return (cpu_us() - start) / PACKETS;
}

static double
time_raw_protect(EVP_CIPHER_CTX *c, size_t len, uint8_t *buf)
{
	uint8_t iv[12] = { 0 };
	double start = cpu_us();
	unsigned i;
	int n;

	for (i = 0; i < PACKETS; i++) {
		memcpy(iv + 8, &i, sizeof(i));
		memcpy(buf + 8, iv + 4, 8);
		if (EVP_EncryptInit_ex(c, NULL, NULL, NULL, iv) != 1 ||
		    EVP_EncryptUpdate(c, NULL, &n, buf, 8) != 1 ||
		    EVP_EncryptUpdate(c, buf + 16, &n, buf + 16,
		    (int)len) != 1 ||
		    EVP_EncryptFinal_ex(c, buf + 16 + len, &n) != 1 ||
		    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16,
		    buf + 16 + len) != 1) {
			must(false, "raw protect");
		}
	}
	return (cpu_us() - start) / PACKETS;
}

static double
time_raw_open(EVP_CIPHER_CTX *c, size_t len, uint8_t *buf,
    const uint8_t *copy)
{
	uint8_t iv[12] = { 0 };
	double start = cpu_us();
	unsigned i;
	int n;

	for (i = 0; i < PACKETS; i++) {
		memcpy(buf, copy, len + 32);
		memcpy(iv + 4, buf + 8, 8);
		if (EVP_DecryptInit_ex(c, NULL, NULL, NULL, iv) != 1 ||
		    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16,
		    buf + 16 + len) != 1 ||
		    EVP_DecryptUpdate(c, NULL, &n, buf, 8) != 1 ||
		    EVP_DecryptUpdate(c, buf + 16, &n, buf + 16,
		    (int)len) != 1 ||
		    EVP_DecryptFinal_ex(c, buf + 16 + len, &n) != 1) {
			must(false, "raw open");
		}
	}
	return (cpu_us() - start) / PACKETS;
}

static void
bench_gcm(size_t len)
{
	static uint8_t buf[2048], copy[2048];
	double raw_out = 0, raw_in = 0, out = 0, in = 0;
	EVP_CIPHER *gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	EVP_CIPHER_CTX *e = EVP_CIPHER_CTX_new(), *d = EVP_CIPHER_CTX_new();
	struct seal *se = make_seal(20, 128, 0, true);
	struct seal *sd = make_seal(20, 128, 0, false);
	int i;

	must(EVP_EncryptInit_ex(e, gcm, NULL, key, NULL) == 1, "key");
	must(EVP_DecryptInit_ex(d, gcm, NULL, key, NULL) == 1, "key");
	for (i = 0; i < ROUNDS; i++) {
		keep_best(&raw_out, time_raw_protect(e, len, buf));
		memcpy(copy, buf, len + 32);
		keep_best(&raw_in, time_raw_open(d, len, buf, copy));
		keep_best(&out, time_protect(se, len, buf));
		keep_best(&in, time_open(se, sd, len, buf));
	}
	printf("{\"bench\": \"seal\", \"suite\": \"aes128gcm16\", "
	    "\"bytes\": %zu, \"protect_us\": %.3f, \"raw_protect_us\": %.3f, "
	    "\"open_us\": %.3f, \"raw_open_us\": %.3f}\n", len, out, raw_out,
	    in, raw_in);
	seal_free(se);
	seal_free(sd);
	EVP_CIPHER_CTX_free(e);
	EVP_CIPHER_CTX_free(d);
	EVP_CIPHER_free(gcm);
}

static void
bench_suite(unsigned encr, unsigned bits, int integ, size_t len)
{
	static uint8_t buf[2048];
	struct seal *se = make_seal(encr, bits, integ, true);
	struct seal *sd = make_seal(encr, bits, integ, false);
	struct buf name = { 0 };
	double out = 0, in = 0;
	int i;

	alg_print(&name, alg_by_id(ALG_ENCR, encr), bits);
	if (integ > 0) {
		buf_puts(&name, "-");
		alg_print(&name, alg_by_id(ALG_INTEG, (unsigned)integ), 0);
	}
	for (i = 0; i < ROUNDS; i++) {
		keep_best(&out, time_protect(se, len, buf));
		keep_best(&in, time_open(se, sd, len, buf));
	}
	printf("{\"bench\": \"seal\", \"suite\": \"%s\", \"bytes\": %zu, "
	    "\"protect_us\": %.3f, \"open_us\": %.3f}\n", (char *)name.data,
	    len, out, in);
	buf_free(&name);
	seal_free(se);
	seal_free(sd);
}

static void
one_kex(const struct alg *g, const struct buf *peer)
{
	struct buf pub = { 0 };
	struct secret s;
	struct kex *k;

	must(kex_new(&k, g, NULL) == 0, "kex_new");
	must(kex_public(k, &pub, NULL) == 0, "kex_public");
	must(kex_derive(k, peer->data, peer->len, &s, NULL) == 0, "derive");
	secret_free(&s);
	buf_free(&pub);
	kex_free(k);
}

static void
bench_kex(const char *word, unsigned nr)
{
	struct buf peer = { 0 };
	double best = 0, start;
	const struct alg *g;
	struct kex *k;
	unsigned i, j, bits;

	g = alg_by_word(ALG_KE, word, &bits);
	must(g != NULL && kex_new(&k, g, NULL) == 0, word);
	must(kex_public(k, &peer, NULL) == 0, word);
	for (i = 0; i < 3; i++) {
		start = cpu_us();
		for (j = 0; j < nr; j++)
			one_kex(g, &peer);
		keep_best(&best, (cpu_us() - start) / nr);
	}
	printf("{\"bench\": \"kex\", \"group\": \"%s\", "
	    "\"cpu_s_per_1000\": %.3f}\n", word, best / 1000);
	buf_free(&peer);
	kex_free(k);
}

/* One side's messages but for the key exchange, aes256gcm16-prfsha256. */
static void
one_handshake(const struct alg *prf)
{
	static uint8_t buf[512], mat[256];
	const struct chunk half = { buf, 32 };
	const struct chunk two[] = { half, half };
	const struct chunk msg[] = { { buf, 400 }, half, half };
	struct seal *se, *sd;
	struct seal_op op = {
		.aad = buf, .aad_len = 32, .iv = buf + 32, .text = buf + 40,
		.text_len = 256, .icv = buf + 296,
	};
	unsigned i;

	for (i = 0; i < 4; i++)
		hash_sha1(two, 1, mat);
	prf_compute(prf, key, 64, &half, 1, mat, NULL);
	prf_plus(prf, mat, 32, two, 2, mat, 168, NULL);
	for (i = 0; i < 2; i++) {
		prf_compute(prf, mat, 32, &half, 1, mat, NULL);
		prf_compute(prf, key, 20, &half, 1, mat, NULL);
		prf_compute(prf, mat, 32, msg, 3, mat, NULL);
	}
	prf_plus(prf, mat, 32, two, 2, mat, 72, NULL);
	se = make_seal(20, 256, 0, true);
	sd = make_seal(20, 256, 0, false);
	must(seal_protect(se, &op) == 0, "protect");
	must(seal_open(sd, &op) == 0, "open");
	seal_free(se);
	seal_free(sd);
}

static void
bench_work(void)
{
	const struct alg *prf = alg_by_id(ALG_PRF, 5);
	double best = 0, start;
	int i, j;

	for (i = 0; i < ROUNDS; i++) {
		start = cpu_us();
		for (j = 0; j < 2000; j++)
			one_handshake(prf);
		keep_best(&best, (cpu_us() - start) / 2000);
	}
	printf("{\"bench\": \"work\", \"suite\": \"aes256gcm16-prfsha256\", "
	    "\"cpu_s_per_1000\": %.4f}\n", best / 1000);
}

int
main(void)
{
	static const struct {
		const char *word;
		unsigned nr;
	} groups[] = {
		{ "x25519", 500 }, { "x448", 100 }, { "ecp256", 500 },
		{ "ecp384", 20 }, { "ecp521", 50 }, { "ecp256bp", 50 },
		{ "modp2048", 100 }, { "modp3072", 40 }, { "modp4096", 20 },
		{ "modp2048s256", 20 },
	};
	size_t i;

	bench_gcm(64);
	bench_gcm(1400);
	bench_suite(20, 256, 0, 1408);
	bench_suite(28, 256, 0, 1408);
	bench_suite(16, 128, 0, 1408);
	bench_suite(12, 128, 12, 64);
	bench_suite(12, 128, 12, 1408);
	bench_suite(12, 256, 2, 1408);
	bench_suite(13, 128, 12, 1408);
	bench_work();
	for (i = 0; i < NELEM(groups); i++)
		bench_kex(groups[i].word, groups[i].nr);
	return 0;
}
