/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Choosing from a peer's SA payload.  First byte: bit 0 IKE or ESP, bit 1
 * ignore KE; the rest is the body of the payload.  Law: what was chosen is
 * answered in a form that our own check of an answer accepts as the same
 * suite; what was not chosen says why.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "ike/codec.h"
#include "ike/proposal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const words[2][5] = {
	{ "aes128-sha256-modp2048", "aes128gcm16", "3des-md5-esn-noesn",
	  "sha1-esn", "null-sha256" },
	{ "aes128-sha256-modp2048", "aes256gcm16-prfsha384-ecp384",
	  "3des-md5-modp1024", "chacha20poly1305-prfsha256-x25519",
	  "aes256-aesxcbc-modp1536" },
};

static void
answer_law(const struct suite_choice *c, const struct suite *rows,
    unsigned protocol, bool ke)
{
	struct ike_msg *m = ike_msg_new();
	struct suite_choice got;

	suite_answer(m, c, protocol, c->spi, c->spi_len, ke);
	if (suite_check_answer(&m->payloads[0], rows, 5, protocol, ke, &got,
	    NULL) < 0 || !suite_eq(&got.suite, &c->suite))
		abort();
	ike_msg_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct suite rows[5];
	struct ike_msg *m;
	struct buf chain = {0}, text = {0};
	struct suite_choice c;
	struct sp_error err = {0};
	unsigned protocol;
	bool ike, ignore;
	size_t i;

	if (len < 1 || len > 65000)
		return 0;
	ike = data[0] & 1;
	ignore = data[0] & 2;
	protocol = ike ? PROTO_IKE : data[0] & 4 ? PROTO_AH : PROTO_ESP;
	for (i = 0; i < 5; i++)
		suite_parse(&rows[i], words[ike][i], ike, NULL);
	buf_u16(&chain, 0);
	buf_u16(&chain, (uint16_t)(len - 1 + 4));
	buf_bytes(&chain, data + 1, len - 1);
	m = ike_msg_new();
	if (ike_payloads_read(m, PLD_SA, chain.data, chain.len, NULL,
	    NULL) == 0) {
		if (suite_choose(&m->payloads[0], rows, 5, protocol, ignore,
		    &c, &err) == 0)
			answer_law(&c, rows, protocol, !ignore);
		else if (err.text[0] == '\0')
			abort();
		suite_check_answer(&m->payloads[0], rows, 5, protocol,
		    !ignore, &c, &err);
		suite_print_offer(&text, &m->payloads[0]);
	}
	ike_msg_free(m);
	buf_free(&chain);
	buf_free(&text);
	return 0;
}
