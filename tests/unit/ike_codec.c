/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The message codec: every payload written and read back, lies in lengths
 * and counts, the limits of R-05, names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "ike/codec.h"
#include "ike/internal.h"

/* "1122 33" with blanks for the eye. */
static struct buf
hex(const char *s)
{
	struct buf text = {0}, out = {0};

	for (; *s != '\0'; s++) {
		if (*s != ' ')
			buf_u8(&text, (uint8_t)*s);
	}
	assert_true(str_unhex(&out, (char *)text.data, text.len));
	buf_free(&text);
	return out;
}

/* A header for one chain, with a true Length. */
static struct buf
message(uint8_t first, const struct buf *chain)
{
	struct ike_header h = { .major = 2, .exchange = X_INFORMATIONAL };
	struct buf b = {0};

	ike_header_write(&h, first, &b);
	buf_bytes(&b, chain->data, chain->len);
	buf_set_u32(&b, 24, (uint32_t)b.len);
	return b;
}

static const struct {
	const char *name;
	uint8_t type;
	const char *body;
	const char *print;	/* or the error that it must give */
	int ret;
} payloads[] = {
	{ "sa", PLD_SA,
	  "00000028 01030403 11223344 0300000c 0100000c 800e0080 "
	  "03000008 0300000c 00000008 05000000",
	  "SA: proposal 1 ESP SPI 11223344 ENCR_AES_CBC(128) "
	  "AUTH_HMAC_SHA2_256_128 NO_ESN", 0 },
	{ "sa, two proposals and a long attribute", PLD_SA,
	  "02000018 01010001 00000010 01000014 000e0004 00000080 "
	  "00000010 02010001 00000008 04000000",
	  "SA: proposal 1 IKE ENCR_AES_GCM_16(attribute 14, 4 bytes); "
	  "proposal 2 IKE KE_NONE", 0 },
	{ "sa, unknown transform", PLD_SA,
	  "00000010 01010001 00000008 0c00ffff",
	  "SA: proposal 1 IKE ADDKE7_65535", 0 },
	{ "sa, transform count lies", PLD_SA,
	  "00000010 01010002 00000008 04000000",
	  "the transforms of proposal 1 do not fit", SP_FORMAT },
	{ "sa, more marks lie", PLD_SA,
	  "02000010 01010001 00000008 04000000",
	  "the proposals do not fit", SP_FORMAT },
	{ "sa, proposal too short", PLD_SA,
	  "00000004 00000000 00000000 00000000",
	  "the proposals do not fit", SP_FORMAT },
	{ "sa, proposal of 5", PLD_SA,
	  "02000005 01 0000000f 010100 00000008 04000000",
	  "a proposal of 5 bytes", SP_FORMAT },
	{ "sa, transform of 4", PLD_SA,
	  "0000000c 01010001 00000004 00000000",
	  "the proposals do not fit", SP_FORMAT },
	{ "sa, short transform", PLD_SA,
	  "00000014 01010002 03000004 00000008 04000000",
	  "a transform of 4 bytes is too short", SP_FORMAT },
	{ "sa, attribute too long", PLD_SA,
	  "00000014 01010001 0000000c 0100000c 000e0001",
	  "an attribute of a transform is cut short", SP_FORMAT },
	{ "sa, spi too long", PLD_SA,
	  "00000010 0101ff01 00000008 04000000",
	  "the transforms of proposal 1 do not fit", SP_FORMAT },
	{ "ke", PLD_KE, "001f0000 aabb", "KE: CURVE25519, 2 bytes", 0 },
	{ "ke, empty", PLD_KE, "001f0000", "it needs 5 at least", SP_FORMAT },
	{ "idi", PLD_IDi, "02000000 67772e61", "IDi: gw.a (FQDN)", 0 },
	{ "idi, hostile", PLD_IDi, "02000000 1b5b32", "IDi: \\x1B[2 (FQDN)",
	  0 },
	{ "idr, empty", PLD_IDr, "0b000000", "IDr:  (KEY_ID)", 0 },
	{ "idr, address", PLD_IDr, "01000000 c0000201",
	  "IDr: 192.0.2.1 (IPv4 address)", 0 },
	{ "idr, address of 3 bytes", PLD_IDr, "01000000 c00002",
	  "IDr: c00002 (IPv4 address)", 0 },
	{ "cert", PLD_CERT, "04 3000", "CERT: X509_SIGNATURE, 2 bytes", 0 },
	{ "certreq", PLD_CERTREQ, "04", "CERTREQ: X509_SIGNATURE, 0 bytes",
	  0 },
	{ "auth", PLD_AUTH, "02000000 0102", "AUTH: PSK, 2 bytes", 0 },
	{ "nonce", PLD_NONCE, "00112233445566778899aabbccddeeff",
	  "NONCE: 00112233445566778899aabbccddeeff", 0 },
	{ "nonce, short", PLD_NONCE, "00112233445566778899aabbccddee",
	  "it needs 16 at least", SP_FORMAT },
	{ "notify", PLD_NOTIFY, "0000400a",
	  "N: ESP_TFC_PADDING_NOT_SUPPORTED", 0 },
	{ "notify, spi and data", PLD_NOTIFY, "03044009 11223344 aa",
	  "N: REKEY_SA ESP SPI 11223344 aa", 0 },
	{ "notify, unknown", PLD_NOTIFY, "0000a001", "N: NOTIFY_40961", 0 },
	{ "notify, spi too long", PLD_NOTIFY, "03054009 11223344",
	  "the N payload is cut short", SP_FORMAT },
	{ "delete", PLD_DELETE, "03040002 11223344 55667788",
	  "D: ESP 11223344 55667788", 0 },
	{ "delete ike", PLD_DELETE, "01000000", "D: IKE", 0 },
	{ "delete ike, count lies", PLD_DELETE, "0100ffff", "D: IKE", 0 },
	{ "delete, count lies", PLD_DELETE, "03040003 11223344 55667788",
	  "a Delete payload of 3 SPIs", SP_FORMAT },
	{ "vendor", PLD_VENDOR, "6162", "V: 6162", 0 },
	{ "vendor, empty", PLD_VENDOR, "", "V: ", 0 },
	{ "tsi", PLD_TSi, "01000000 07000010 0000ffff 0a010000 0a01ffff",
	  "TSi: 10.1.0.0/16", 0 },
	{ "tsr, v6 with port", PLD_TSr,
	  "01000000 08060028 01bb01bb "
	  "20010db8000000000000000000000001 20010db8000000000000000000000001",
	  "TSr: 2001:db8::1[tcp/443]", 0 },
	{ "tsi, none", PLD_TSi, "00000000 00000000",
	  "1 to 64 are allowed", SP_FORMAT },
	{ "tsi, backwards", PLD_TSi,
	  "01000000 07000010 0000ffff 0a01ffff 0a010000",
	  "ends before it begins", SP_FORMAT },
	{ "tsi, v4 with length of v6", PLD_TSi,
	  "01000000 07000028 01bb01bb "
	  "20010db8000000000000000000000001 20010db8000000000000000000000001",
	  "does not fit its type", SP_FORMAT },
	{ "tsi, length lies", PLD_TSi,
	  "01000000 07000011 0000ffff 0a010000 0a01ffff",
	  "does not fit into its payload", SP_FORMAT },
	{ "tsi, length 3", PLD_TSi,
	  "01000000 07000003 0000ffff 0a010000 0a01ffff",
	  "does not fit into its payload", SP_FORMAT },
	{ "tsi, bytes behind", PLD_TSi,
	  "01000000 07000010 0000ffff 0a010000 0a01ffff 00",
	  "1 bytes too many", SP_FORMAT },
	{ "sk", PLD_SK, "00112233", "SK: 4 bytes encrypted", 0 },
	{ "skf", PLD_SKF, "00010002 00112233",
	  "SKF: fragment 1 of 2, 4 bytes encrypted", 0 },
	{ "skf, number 0", PLD_SKF, "00000002 00112233", "number 0 of 2",
	  SP_FORMAT },
	{ "skf, number above total", PLD_SKF, "00030002 00112233",
	  "number 3 of 2", SP_FORMAT },
	{ "cp", PLD_CP, "01000000 00010000 00030004 08080808 00070003 780a79",
	  "CP: CFG_REQUEST INTERNAL_IP4_ADDRESS, INTERNAL_IP4_DNS=8.8.8.8, "
	  "APPLICATION_VERSION=x\\x0Ay", 0 },
	{ "cp, attribute too long", PLD_CP, "01000000 00010001",
	  "the CP payload is cut short", SP_FORMAT },
	{ "eap", PLD_EAP, "02010006 0161", "EAP: Response Identity, 6 bytes",
	  0 },
	{ "eap success", PLD_EAP, "03010004", "EAP: Success, 4 bytes", 0 },
	{ "eap, length lies", PLD_EAP, "02010007 0161",
	  "the EAP message says it has 7 bytes", SP_FORMAT },
	{ "gspm", PLD_GSPM, "01", "GSPM: 01", 0 },
	{ "ps", PLD_PS, "0102", "PS: 0102", 0 },
	{ "unknown", 200, "0102", "PAYLOAD_200: 0102", 0 },
};

static struct buf
one_payload(uint8_t type, uint8_t flags, const struct buf *body)
{
	struct buf chain = {0}, msg;

	buf_u8(&chain, 0);
	buf_u8(&chain, flags);
	buf_u16(&chain, (uint16_t)(body->len + 4));
	buf_bytes(&chain, body->data, body->len);
	msg = message(type, &chain);
	buf_free(&chain);
	return msg;
}

static void
check_good(const struct ike_msg *m, const struct buf *msg, const char *name,
    const char *print)
{
	struct buf out = {0}, text = {0};
	struct sp_error err;

	assert_int_equal(m->nr, 1);
	assert_int_equal(ike_msg_write(m, &out, &err), 0);
	if (out.len != msg->len || memcmp(out.data, msg->data, out.len) != 0)
		fail_msg("%s: written otherwise than read", name);
	ike_msg_print(m, &text);
	if (!str_prefix((char *)text.data, print))
		fail_msg("%s: prints \"%s\", expected \"%s\"", name,
		    (char *)text.data, print);
	buf_free(&out);
	buf_free(&text);
}

static void
test_payloads(void **state)
{
	struct buf body, msg;
	struct ike_msg *m;
	struct sp_error err;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(payloads); i++) {
		body = hex(payloads[i].body);
		msg = one_payload(payloads[i].type, 0, &body);
		ret = ike_msg_read(&m, msg.data, msg.len, NULL, &err);
		if (ret != payloads[i].ret)
			fail_msg("%s: %d (%s)", payloads[i].name, ret,
			    ret < 0 ? err.text : "");
		if (ret == 0) {
			check_good(m, &msg, payloads[i].name,
			    payloads[i].print);
			ike_msg_free(m);
		} else if (strstr(err.text, payloads[i].print) == NULL) {
			fail_msg("%s: says \"%s\"", payloads[i].name,
			    err.text);
		}
		buf_free(&body);
		buf_free(&msg);
	}
}

/* Every row of the table is run by a row above. */
static void
test_table_is_covered(void **state)
{
	const struct pld_row *row;
	size_t i;
	bool found;

	(void)state;
	for (row = ike_pld_table; row->name != NULL; row++) {
		found = false;
		for (i = 0; i < NELEM(payloads); i++)
			found |= payloads[i].type == row->type &&
			    payloads[i].ret == 0;
		if (!found)
			fail_msg("no test of payload %s", row->name);
		assert_non_null(row->rfc);
		assert_true(row->least <= row->most);
	}
}

static const struct {
	const char *name;
	const char *message;	/* after the first 16 bytes of SPIs */
	const char *error;
} headers[] = {
	{ "no payload", "00202508 00000000 0000001c", NULL },
	{ "length too small", "00202508 00000000 0000001b",
	  "the IKE header says 27 bytes" },
	{ "length too great", "00202508 00000000 ffffffff",
	  "the IKE header says 4294967295 bytes" },
	{ "cut", "00202508 00000000 000000", "an IKE header needs 28" },
	{ "bytes behind the last", "00202508 00000000 0000001d 00",
	  "1 bytes follow the last payload" },
	{ "chain without payload", "29202508 00000000 0000001c",
	  "payload type 41 at byte 28 does not fit" },
	{ "payload of 3", "29202508 00000000 00000024 00000003 00004000",
	  "does not fit" },
	{ "payload too long", "29202508 00000000 00000024 00000009 00004000",
	  "does not fit" },
	{ "payload to the end", "29202508 00000000 00000024 00000008 00004000",
	  NULL },
	{ "other version", "00352508 00000000 0000001c", NULL },
	{ "sk, then more",
	  "2e202508 00000000 00000025 00000005 00 00000004",
	  "4 bytes follow the SK payload" },
};

static void
test_headers(void **state)
{
	struct buf msg, rest;
	struct ike_msg *m;
	struct sp_error err;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(headers); i++) {
		msg = hex("0102030405060708 1112131415161718");
		rest = hex(headers[i].message);
		buf_bytes(&msg, rest.data, rest.len);
		ret = ike_msg_read(&m, msg.data, msg.len, NULL, &err);
		if (headers[i].error == NULL) {
			if (ret != 0)
				fail_msg("%s: %s", headers[i].name, err.text);
			assert_true(m->hdr.spi_i == 0x0102030405060708);
			assert_true(m->hdr.spi_r == 0x1112131415161718);
			ike_msg_free(m);
		} else if (ret != SP_FORMAT ||
		    strstr(err.text, headers[i].error) == NULL) {
			fail_msg("%s: %d, \"%s\"", headers[i].name, ret,
			    ret < 0 ? err.text : "");
		}
		buf_free(&msg);
		buf_free(&rest);
	}
}

static void
test_critical(void **state)
{
	struct buf body = hex("0102"), msg;
	struct ike_msg *m;
	struct sp_error err;
	uint8_t bad = 0;

	(void)state;
	msg = one_payload(200, 0x80, &body);
	assert_int_equal(ike_msg_read(&m, msg.data, msg.len, &bad, &err),
	    SP_UNSUPPORTED);
	assert_int_equal(bad, 200);
	assert_non_null(strstr(err.text, "200"));
	assert_int_equal(ike_msg_read(&m, msg.data, msg.len, NULL, NULL),
	    SP_UNSUPPORTED);
	buf_free(&msg);

	/* reserved bits are ignored; known payloads may be critical */
	msg = one_payload(200, 0x7f, &body);
	assert_int_equal(ike_msg_read(&m, msg.data, msg.len, &bad, &err), 0);
	ike_msg_free(m);
	buf_free(&msg);
	msg = one_payload(PLD_VENDOR, 0x80, &body);
	assert_int_equal(ike_msg_read(&m, msg.data, msg.len, &bad, &err), 0);
	assert_true(m->payloads[0].critical);
	ike_msg_free(m);
	buf_free(&msg);
	buf_free(&body);
}

/* Payloads 0 to 1000: 64 go, 65 do not. */
static void
test_payload_count(void **state)
{
	struct buf chain, msg;
	struct ike_msg *m;
	int n, i, ret;

	(void)state;
	for (n = 0; n <= 1000; n++) {
		chain = (struct buf){0};
		for (i = 0; i < n; i++) {
			buf_u8(&chain, i + 1 < n ? PLD_VENDOR : 0);
			buf_u8(&chain, 0);
			buf_u16(&chain, 4);
		}
		msg = message(n ? PLD_VENDOR : 0, &chain);
		ret = ike_msg_read(&m, msg.data, msg.len, NULL, NULL);
		if (ret != (n <= 64 ? 0 : SP_FORMAT))
			fail_msg("%d payloads: %d", n, ret);
		if (ret == 0) {
			assert_int_equal(m->nr, n);
			ike_msg_free(m);
		}
		buf_free(&chain);
		buf_free(&msg);
	}
}

static void
proposals(struct buf *b, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		buf_u8(b, i + 1 < n ? 2 : 0);
		buf_bytes(b, "\0\0\x10\x01\x01\0\x01\0\0\0\x08\4\0\0\0", 15);
	}
}

static void
transforms(struct buf *b, unsigned n)
{
	unsigned i;

	buf_u16(b, 0);
	buf_u16(b, (uint16_t)(8 + 8 * n));
	buf_bytes(b, "\x01\x01\0", 3);
	buf_u8(b, (uint8_t)n);
	for (i = 0; i < n; i++) {
		buf_u8(b, i + 1 < n ? 3 : 0);
		buf_bytes(b, "\0\0\x08\4\0\0\0", 7);
	}
}

static void
transform_attrs(struct buf *b, unsigned n)
{
	unsigned i;

	buf_u16(b, 0);
	buf_u16(b, (uint16_t)(16 + 4 * n));
	buf_bytes(b, "\x01\x01\0\x01\0\0", 6);
	buf_u16(b, (uint16_t)(8 + 4 * n));
	buf_bytes(b, "\1\0\0\x0c", 4);
	for (i = 0; i < n; i++)
		buf_u32(b, 0x800e0080);
}

static void
selectors(struct buf *b, unsigned n)
{
	unsigned i;

	buf_u8(b, (uint8_t)n);
	buf_zero(b, 3);
	for (i = 0; i < n; i++) {
		buf_bytes(b, "\7\0\0\x10\0\0\xff\xff", 8);
		buf_u32(b, i);
		buf_u32(b, i);
	}
}

static void
cp_attrs(struct buf *b, unsigned n)
{
	buf_u32(b, 0x01000000);
	for (; n > 0; n--)
		buf_u32(b, 0x00030000);
}

static void
identity(struct buf *b, unsigned n)
{
	buf_u32(b, 0x0b000000);
	buf_zero(b, n);
}

static void
nonce(struct buf *b, unsigned n)
{
	buf_zero(b, n);
}

/* Limits: value - 1, value, value + 1. */
static const struct {
	const char *name;
	uint8_t type;
	void (*fill)(struct buf *b, unsigned n);
	unsigned least, most;
} limits[] = {
	{ "proposals", PLD_SA, proposals, 1, 64 },
	{ "transforms", PLD_SA, transforms, 1, 255 },
	{ "attributes of a transform", PLD_SA, transform_attrs, 0, 64 },
	{ "selectors", PLD_TSi, selectors, 1, 64 },
	{ "CP attributes", PLD_CP, cp_attrs, 0, 64 },
	{ "identity", PLD_IDi, identity, 0, 1024 },
	{ "nonce", PLD_NONCE, nonce, 16, 256 },
};

static void
try_count(size_t row, unsigned n)
{
	struct buf body = {0}, msg, out = {0};
	struct ike_msg *m;
	bool good = n >= limits[row].least && n <= limits[row].most;
	int ret;

	limits[row].fill(&body, n);
	msg = one_payload(limits[row].type, 0, &body);
	ret = ike_msg_read(&m, msg.data, msg.len, NULL, NULL);
	if (ret != (good ? 0 : SP_FORMAT))
		fail_msg("%u %s: %d", n, limits[row].name, ret);
	if (ret == 0) {
		assert_int_equal(ike_msg_write(m, &out, NULL), 0);
		assert_int_equal(out.len, msg.len);
		assert_memory_equal(out.data, msg.data, msg.len);
		ike_msg_free(m);
	}
	buf_free(&out);
	buf_free(&body);
	buf_free(&msg);
}

static void
test_limits(void **state)
{
	size_t i;
	unsigned n;

	(void)state;
	for (i = 0; i < NELEM(limits); i++) {
		for (n = limits[i].least ? limits[i].least - 1 : 0;
		    n <= limits[i].least + 1; n++)
			try_count(i, n);
		for (n = limits[i].most - 1; n <= limits[i].most + 1; n++)
			try_count(i, n);
		try_count(i, 1000);
	}
}

/* What cannot be put on the wire is refused, not cut. */
static void
test_write_limits(void **state)
{
	static const uint8_t big[70000];
	struct buf out = {0};
	struct ike_msg *m = ike_msg_new();
	struct ike_payload *p;
	int i;

	(void)state;
	p = ike_msg_add_notify(m, N_COOKIE, big, sizeof(big));
	assert_int_equal(ike_msg_write(m, &out, NULL), SP_RANGE);
	p->u.notify.data.len = 10;
	p->u.notify.spi.p = big;
	p->u.notify.spi.len = 256;
	assert_int_equal(ike_msg_write(m, &out, NULL), SP_RANGE);
	p->u.notify.spi.len = 0;
	assert_int_equal(ike_msg_write(m, &out, NULL), 0);
	for (i = 0; i < 2; i++)
		ike_msg_add_notify(m, N_COOKIE, big, 40000);
	assert_int_equal(ike_msg_write(m, &out, NULL), SP_RANGE);
	ike_msg_free(m);
	buf_free(&out);
}

static void
test_build_and_find(void **state)
{
	struct ike_msg *m = ike_msg_new();
	int i;

	(void)state;
	assert_null(ike_msg_find(m, PLD_NOTIFY));
	assert_null(ike_msg_find_error(m));
	for (i = 0; i < 100; i++) {
		ike_msg_add(m, PLD_VENDOR)->u.raw = ike_msg_bytes(m, "abc",
		    3);
	}
	ike_msg_add_notify(m, N_COOKIE, "x", 1);
	assert_null(ike_msg_find_error(m));
	ike_msg_add_notify(m, N_INVALID_SYNTAX, NULL, 0);
	assert_int_equal(m->nr, 102);
	assert_memory_equal(m->payloads[99].u.raw.p, "abc", 3);
	assert_ptr_equal(ike_msg_find_notify(m, N_COOKIE), &m->payloads[100]);
	assert_ptr_equal(ike_msg_find_error(m), &m->payloads[101]);
	assert_null(ike_msg_find_notify(m, N_REKEY_SA));
	ike_msg_free(m);
	ike_msg_free(NULL);
}

static void
test_names(void **state)
{
	char out[48];

	(void)state;
	assert_string_equal(ike_payload_name(33, out), "SA");
	assert_string_equal(ike_payload_name(9, out), "PAYLOAD_9");
	assert_string_equal(ike_exchange_name(34, out), "IKE_SA_INIT");
	assert_string_equal(ike_exchange_name(99, out), "EXCHANGE_99");
	assert_string_equal(ike_notify_name(16388, out),
	    "NAT_DETECTION_SOURCE_IP");
	assert_string_equal(ike_notify_name(40961, out), "NOTIFY_40961");
	assert_string_equal(ike_protocol_name(3, out), "ESP");
	assert_string_equal(ike_protocol_name(7, out), "PROTOCOL_7");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_payloads),
		cmocka_unit_test(test_table_is_covered),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_critical),
		cmocka_unit_test(test_payload_count),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_write_limits),
		cmocka_unit_test(test_build_and_find),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
