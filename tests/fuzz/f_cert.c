/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a peer sends as its certificates: each piece of the input is two bytes
 * of length and so many of DER (or of a CRL, if the top bit is set); the
 * first is the peer's own.  Law: whatever it is, the judgement ends, and a
 * refusal has a code and a sentence that is safe to show.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "crypto/cert.h"
#include "crypto/prf.h"
#include "crypto/trust.h"

#define NOW 1800000000
#define CRLS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Printable as it is: nothing of it would have to be escaped. */
static void
check_safe(const char *text)
{
	char *safe = str_safe_dup(text);

	if (strlen(text) <= 200 && strcmp(safe, text) != 0)
		abort();
	free(safe);
}

static void
look_at(const struct cert *c)
{
	struct buf b = {0};

	cert_print_subject(&b, c);
	buf_u8(&b, '\0');
	check_safe((const char *)b.data);
	buf_reset(&b);
	cert_print_names(&b, c);
	cert_print_serial(&b, c);
	cert_print_date(&b, cert_not_after(c));
	(void)cert_has_name(c, CERT_FQDN, "gw.example", 10);
	(void)cert_has_name(c, CERT_DN, b.data, b.len);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cert_list certs = {0};
	struct chunk crls[CRLS];
	struct ike_reason why = {0};
	struct trust *t = trust_new(CRL_IF_URI);
	size_t nr_crls = 0, n, i;
	struct cert *c;
	struct rd r;

	rd_init(&r, data, len);
	while (r.left > 2 && certs.nr < 8) {
		n = rd_u16(&r);
		i = n & 0x7fff;
		if (i > r.left)
			i = r.left;
		data = rd_bytes(&r, i);
		if ((n & 0x8000) && nr_crls < CRLS)
			crls[nr_crls++] = (struct chunk){ data, i };
		else if (cert_read(&c, data, i, NULL) == 0)
			cert_list_add(&certs, c);
	}
	for (i = 0; i < certs.nr; i++)
		look_at(certs.at[i]);
	/* the last one is believed, so that chains come into being */
	if (certs.nr > 0) {
		trust_add(t, certs.at[certs.nr - 1], NULL, 0, NULL, 0);
		if (!trust_check(t, certs.at[0], &certs, crls, nr_crls, NOW,
		    "IKE_AUTH", &why) && (why.code == REASON_NONE ||
		    why.text[0] == '\0'))
			abort();
		check_safe(why.text);
		(void)trust_check_pinned(certs.at[0], NOW, "IKE_AUTH", &why);
	}
	cert_list_free(&certs);
	trust_unref(t);
	return 0;
}
