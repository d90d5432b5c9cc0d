/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Suites: words, offers on the wire, choosing, the sentence when nothing
 * fits, checking the answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "ike/codec.h"
#include "ike/proposal.h"

#define MAX_ROWS 8

static const struct {
	const char *text;
	bool ike;
	const char *print;	/* or part of the error after "!" */
} words[] = {
	{ "aes256-sha256-modp2048", true, "aes256-sha256-modp2048" },
	{ "aes-sha1-modp1024", true, "aes128-sha1-modp1024" },
	{ "aes128gcm16-prfsha256-x25519", true,
	  "aes128gcm16-prfsha256-x25519" },
	{ "aes256gcm128-sha384-ecp384", true,
	  "aes256gcm16-prfsha384-ecp384" },
	{ "chacha20poly1305-prfsha256-curve25519", true,
	  "chacha20poly1305-prfsha256-x25519" },
	{ "aes128-sha256-prfsha512-modp2048", true,
	  "aes128-sha256-prfsha512-modp2048" },
	{ "aes128-aesxcbc-modp2048", true, "aes128-aesxcbc-modp2048" },
	{ "3des-md5-modp768", true, "3des-md5-modp768" },
	{ "aes128-sha256", false, "aes128-sha256" },
	{ "aes128-sha256-modp2048", false, "aes128-sha256-modp2048" },
	{ "aes128gcm16", false, "aes128gcm16" },
	{ "aes128gcm16-sha256-modp2048", false, "aes128gcm16-modp2048" },
	{ "aes256-sha512-ecp384-esn", false, "aes256-sha512-ecp384-esn" },
	{ "aes128-sha1-esn-noesn", false, "aes128-sha1-esn-noesn" },
	{ "aes128-sha1-noesn", false, "aes128-sha1" },
	{ "null-sha256", false, "null-sha256" },
	{ "sha256-modp2048", false, "sha256-modp2048" },
	{ "sha256-modp2048", true, "!no encryption" },
	{ "aes128-modp2048", true, "!needs a hash" },
	{ "aes128-sha256", true, "!phase 1 needs one" },
	{ "aes128gcm16-modp2048", true, "!has no PRF" },
	{ "aes128", false, "!needs a hash" },
	{ "aes128-sha256-prfsha256", false, "!not an algorithm of ESP" },
	{ "null-sha256-modp2048", true, "!not an algorithm of IKE" },
	{ "aes128-aes256-sha256-modp2048", true, "!a second algorithm" },
	{ "aes100-sha256-modp2048", true, "!\"aes100\" is not" },
	{ "aes128-sha256-modp2048-esn", true, "!\"esn\" is not" },
	{ "", true, "!\"\" is not" },
	{ "aes128--sha256", false, "!\"\" is not" },
	{ "aes128-\033[2J", false, "!\\x1B[2J" },
};

static char *
print(const struct suite *s)
{
	struct buf b = {0};

	suite_print(&b, s);
	return buf_steal_str(&b);
}

static void
test_words(void **state)
{
	struct suite s, again;
	struct sp_error err;
	bool good;
	size_t i;
	char *p;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(words); i++) {
		good = words[i].print[0] != '!';
		ret = suite_parse(&s, words[i].text, words[i].ike, &err);
		if ((ret == 0) != good)
			fail_msg("\"%s\": %d, %s", words[i].text, ret,
			    ret < 0 ? err.text : "");
		if (ret < 0) {
			if (strstr(err.text, words[i].print + 1) == NULL)
				fail_msg("\"%s\" says \"%s\"", words[i].text,
				    err.text);
			continue;
		}
		p = print(&s);
		if (!str_eq(p, words[i].print))
			fail_msg("\"%s\" prints \"%s\"", words[i].text, p);
		assert_int_equal(suite_parse(&again, p, words[i].ike, &err),
		    0);
		assert_true(suite_eq(&s, &again));
		free(p);
	}
}

/* Rows from a text with blanks between them. */
static size_t
rows_of(struct suite *rows, const char *text, bool ike)
{
	char *copy = xstrdup(text), *rest = copy, *word;
	struct sp_error err;
	size_t n = 0;

	while ((word = strsep(&rest, " ")) != NULL && n < MAX_ROWS) {
		if (word[0] != '\0' &&
		    suite_parse(&rows[n++], word, ike, &err) < 0)
			fail_msg("%s: %s", word, err.text);
	}
	free(copy);
	return n;
}

static const struct {
	const char *rows;
	unsigned protocol;
	bool with_ke;
	const char *hex;	/* body of the SA payload */
} offers[] = {
	{ "aes128-sha256-modp2048", PROTO_IKE, true,
	  "0000002c010100040300000c0100000c800e00800300000802000005"
	  "030000080300000c000000080400000e" },
	{ "aes256gcm16-prfsha384-ecp384", PROTO_IKE, true,
	  "00000024010100030300000c01000014800e01000300000802000006"
	  "0000000804000014" },
	{ "aes128-sha256-modp2048", PROTO_ESP, false,
	  "0000002801030403112233440300000c0100000c800e00800300000803"
	  "00000c0000000805000000" },
	{ "aes128gcm16-esn-noesn", PROTO_ESP, true,
	  "0000002801030403112233440300000c01000014800e008003000008"
	  "050000010000000805000000" },
	{ "chacha20poly1305-x25519", PROTO_ESP, true,
	  "0000002401030403112233440300000801 00001c0300000804"
	  "00001f0000000805000000" },
	{ "sha256", PROTO_AH, true,
	  "0000001c0102040211223344030000080300000c0000000805000000" },
	{ "3des-md5-modp1024", PROTO_IKE, true,
	  "000000280101000403000008010000030300000802000001"
	  "03000008030000010000000804000002" },
};

static void
test_offers(void **state)
{
	struct suite rows[MAX_ROWS];
	struct ike_msg *m;
	struct buf out, text;
	const char *h;
	uint8_t first;
	size_t i, n;

	(void)state;
	for (i = 0; i < NELEM(offers); i++) {
		m = ike_msg_new();
		n = rows_of(rows, offers[i].rows,
		    offers[i].protocol == PROTO_IKE);
		suite_offer(m, rows, n, offers[i].protocol, "\x11\x22\x33\x44",
		    offers[i].protocol == PROTO_IKE ? 0 : 4,
		    offers[i].with_ke);
		out = text = (struct buf){0};
		assert_int_equal(ike_payloads_write(m->payloads, 1, &out,
		    &first, NULL), 0);
		str_hex(&text, out.data + 4, out.len - 4);
		buf_puts(&text, "");
		buf_reset(&out);
		for (h = offers[i].hex; *h != '\0'; h++) {
			if (*h != ' ')
				buf_u8(&out, (uint8_t)*h);
		}
		buf_puts(&out, "");
		if (!str_eq((char *)text.data, (char *)out.data))
			fail_msg("%s: offers %s", offers[i].rows,
			    (char *)text.data);
		buf_free(&out);
		buf_free(&text);
		ike_msg_free(m);
	}
}

static const struct {
	const char *theirs, *ours;
	unsigned protocol;
	bool ignore_ke;
	const char *chosen;	/* or the sentence after "!" */
	unsigned number;	/* of the peer's proposal */
} choices[] = {
	{ "aes128-sha256-modp2048", "aes128-sha256-modp2048", PROTO_IKE,
	  false, "aes128-sha256-modp2048", 1 },
	{ "aes256-sha256-modp2048 aes128-sha256-modp2048",
	  "aes128-sha256-modp2048 aes256-sha256-modp2048", PROTO_IKE, false,
	  "aes128-sha256-modp2048", 2 },
	{ "aes128-sha256-modp1024", "aes128-sha256-modp2048", PROTO_IKE,
	  false, "!the peer offers DH group modp1024, we ask modp2048", 0 },
	{ "aes128-sha256-modp2048", "aes256-sha256-modp2048", PROTO_IKE,
	  false, "!the peer offers encryption aes128, we ask aes256", 0 },
	{ "aes128-sha1-prfsha256-modp2048", "aes128-sha256-modp2048",
	  PROTO_IKE, false,
	  "!the peer offers integrity sha1, we ask sha256", 0 },
	{ "aes128-sha256-prfsha1-modp2048", "aes128-sha256-modp2048",
	  PROTO_IKE, false,
	  "!the peer offers PRF prfsha1, we ask prfsha256", 0 },
	{ "aes128gcm16-prfsha256-modp2048", "aes128-sha256-modp2048",
	  PROTO_IKE, false,
	  "!the peer offers encryption aes128gcm16, we ask aes128", 0 },
	/* the nearest pair speaks */
	{ "3des-md5-modp768 aes128-sha256-modp1024",
	  "aes256-sha512-ecp384 aes128-sha256-modp2048", PROTO_IKE, false,
	  "!the peer offers DH group modp1024, we ask modp2048", 0 },
	{ "aes128-sha256", "aes128-sha256", PROTO_ESP, false,
	  "aes128-sha256", 1 },
	{ "aes128-sha256-modp2048", "aes128-sha256", PROTO_ESP, false,
	  "!the peer offers DH group modp2048, we ask none", 0 },
	{ "aes128-sha256", "aes128-sha256-modp2048", PROTO_ESP, false,
	  "!the peer offers no DH group, we ask modp2048", 0 },
	{ "aes128-sha256", "aes128-sha256-modp2048", PROTO_ESP, true,
	  "aes128-sha256", 1 },
	{ "aes128-sha256-modp1024", "aes128-sha256-modp2048", PROTO_ESP,
	  true, "aes128-sha256", 1 },
	{ "aes128-sha256-esn", "aes128-sha256", PROTO_ESP, false,
	  "!the peer offers extended sequence numbers esn, we ask noesn", 0 },
	{ "aes128-sha256", "aes128-sha256-esn", PROTO_ESP, false,
	  "!the peer offers extended sequence numbers noesn, we ask esn", 0 },
	{ "aes128-sha256-esn-noesn", "aes128-sha256", PROTO_ESP, false,
	  "aes128-sha256", 1 },
	{ "aes128-sha256-esn-noesn", "aes128-sha256-esn-noesn", PROTO_ESP,
	  false, "aes128-sha256-esn", 1 },
	{ "aes128-sha256", "aes128-sha256-esn-noesn", PROTO_ESP, false,
	  "aes128-sha256", 1 },
	{ "sha256", "sha256", PROTO_AH, false, "sha256", 1 },
	{ "sha1", "sha256", PROTO_AH, false,
	  "!the peer offers integrity sha1, we ask sha256", 0 },
};

/* An SA payload of rows, through the wire. */
static struct ike_msg *
offer(const char *text, unsigned protocol)
{
	struct suite rows[MAX_ROWS];
	struct ike_msg *m = ike_msg_new();
	size_t n = rows_of(rows, text, protocol == PROTO_IKE);

	suite_offer(m, rows, n, protocol, "\x11\x22\x33\x44",
	    protocol == PROTO_IKE ? 0 : 4, true);
	return m;
}

static void
check_answer(const struct suite_choice *c, const struct suite *rows, size_t n,
    unsigned protocol, bool with_ke)
{
	struct ike_msg *m = ike_msg_new();
	struct suite_choice got;
	struct sp_error err;

	suite_answer(m, c, protocol, "\x55\x66\x77\x88",
	    protocol == PROTO_IKE ? 0 : 4, with_ke);
	if (suite_check_answer(&m->payloads[0], rows, n, protocol, with_ke,
	    &got, &err) < 0)
		fail_msg("answer: %s", err.text);
	assert_true(suite_eq(&got.suite, &c->suite));
	assert_int_equal(got.number, c->number);
	if (protocol != PROTO_IKE)
		assert_memory_equal(got.spi, "\x55\x66\x77\x88", 4);
	ike_msg_free(m);
}

static void
test_choose(void **state)
{
	struct suite rows[MAX_ROWS];
	struct suite_choice c;
	struct sp_error err;
	struct ike_msg *m;
	unsigned proto;
	size_t i, n;
	char *p;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(choices); i++) {
		proto = choices[i].protocol;
		m = offer(choices[i].theirs, proto);
		n = rows_of(rows, choices[i].ours, proto == PROTO_IKE);
		ret = suite_choose(&m->payloads[0], rows, n, proto,
		    choices[i].ignore_ke, &c, &err);
		if (ret < 0) {
			assert_int_equal(ret, SP_PEER);
			if (!str_eq(err.text, choices[i].chosen + 1))
				fail_msg("%s/%s: \"%s\"", choices[i].theirs,
				    choices[i].ours, err.text);
		} else {
			p = print(&c.suite);
			if (!str_eq(p, choices[i].chosen))
				fail_msg("%s/%s: chose %s",
				    choices[i].theirs, choices[i].ours, p);
			free(p);
			assert_int_equal(c.number, choices[i].number);
			assert_in_range(c.row, 0, n - 1);
			check_answer(&c, rows, n, proto,
			    !choices[i].ignore_ke);
		}
		ike_msg_free(m);
	}
}

/* Proposals that must not be chosen whatever the algorithms (V2-008). */
static void
spoil_type(struct ike_msg *m, struct ike_proposal *p)
{
	(void)m;
	p->transforms[0].type = 9;
}

static void
spoil_unknown_type(struct ike_msg *m, struct ike_proposal *p)
{
	(void)m;
	p->transforms[0].type = 241;
}

static void
spoil_attr(struct ike_msg *m, struct ike_proposal *p)
{
	p->transforms[1].attrs = ike_msg_alloc(m, 1, sizeof(struct ike_attr));
	p->transforms[1].nr_attrs = 1;
	p->transforms[1].attrs[0].type = 99;
}

static void
spoil_no_length(struct ike_msg *m, struct ike_proposal *p)
{
	(void)m;
	p->transforms[0].nr_attrs = 0;
}

static void
spoil_two_lengths(struct ike_msg *m, struct ike_proposal *p)
{
	struct ike_attr *a = ike_msg_alloc(m, 2, sizeof(*a));

	a[0] = a[1] = p->transforms[0].attrs[0];
	p->transforms[0].attrs = a;
	p->transforms[0].nr_attrs = 2;
}

static void
spoil_spi(struct ike_msg *m, struct ike_proposal *p)
{
	p->spi = ike_msg_bytes(m, "123456789", 9);
}

static void
spoil_protocol(struct ike_msg *m, struct ike_proposal *p)
{
	(void)m;
	p->protocol = PROTO_AH;
}

static const struct {
	void (*spoil)(struct ike_msg *m, struct ike_proposal *p);
	const char *sentence;
} spoils[] = {
	{ spoil_type, "the peer demands a transform of type ADDKE4, which we "
	  "do not offer" },
	{ spoil_unknown_type, "the peer demands a transform of type 241, "
	  "which is unknown here" },
	{ spoil_attr, "the peer offers PRF prfsha256 with unknown attributes, "
	  "we ask prfsha256" },
	{ spoil_no_length, "the peer offers encryption aes without key "
	  "length, we ask aes128" },
	{ spoil_two_lengths, "the peer offers encryption aes128 with unknown "
	  "attributes, we ask aes128" },
	{ spoil_spi, "the peer offers IKE with an SPI of 9 bytes" },
	{ spoil_protocol, "the peer offers AH, we ask IKE" },
};

static void
test_spoiled(void **state)
{
	struct suite row;
	struct suite_choice c;
	struct sp_error err;
	struct ike_msg *m;
	size_t i;

	(void)state;
	rows_of(&row, "aes128-sha256-modp2048", true);
	for (i = 0; i < NELEM(spoils); i++) {
		m = offer("aes128-sha256-modp2048", PROTO_IKE);
		spoils[i].spoil(m, &m->payloads[0].u.sa.proposals[0]);
		assert_int_equal(suite_choose(&m->payloads[0], &row, 1,
		    PROTO_IKE, false, &c, &err), SP_PEER);
		if (!str_eq(err.text, spoils[i].sentence))
			fail_msg("row %zu: \"%s\"", i, err.text);
		assert_int_equal(suite_check_answer(&m->payloads[0], &row, 1,
		    PROTO_IKE, true, &c, &err), SP_PEER);
		ike_msg_free(m);
	}
}

/* INTEG NONE beside AEAD is fine, a real one is not (V2-037). */
static void
test_aead_integ(void **state)
{
	struct suite row;
	struct suite_choice c;
	struct sp_error err;
	struct ike_msg *m;
	struct ike_proposal *p;

	(void)state;
	rows_of(&row, "aes128gcm16-prfsha256-modp2048", true);
	m = offer("aes128gcm16-prfsha256-modp2048", PROTO_IKE);
	p = &m->payloads[0].u.sa.proposals[0];
	p->transforms[p->nr_transforms++] = (struct ike_transform){
		.type = ALG_INTEG, .id = 0 };
	assert_int_equal(suite_choose(&m->payloads[0], &row, 1, PROTO_IKE,
	    false, &c, &err), 0);
	p->transforms[p->nr_transforms - 1].id = 12;
	assert_int_equal(suite_choose(&m->payloads[0], &row, 1, PROTO_IKE,
	    false, &c, &err), SP_PEER);
	assert_string_equal(err.text,
	    "the peer offers integrity sha256, we ask none");
	ike_msg_free(m);
}

static const struct {
	const char *answer, *ours;
	bool with_ke;
	const char *sentence;
} answers[] = {
	{ "aes128-sha256 aes128-sha256", "aes128-sha256", true,
	  "the peer answers with 2 proposals, it must choose one" },
	{ "aes128-sha256-esn-noesn", "aes128-sha256-esn-noesn", true,
	  "the peer answers with more than one algorithm of a kind" },
	{ "aes128-sha256-modp2048", "aes128-sha256-modp2048", false,
	  "the peer answers with a DH group where none was offered" },
	{ "aes256-sha256", "aes128-sha256", true,
	  "the peer offers encryption aes256, we ask aes128" },
};

static void
test_answers(void **state)
{
	struct suite rows[MAX_ROWS];
	struct suite_choice c;
	struct sp_error err;
	struct ike_msg *m;
	size_t i, n;

	(void)state;
	for (i = 0; i < NELEM(answers); i++) {
		m = offer(answers[i].answer, PROTO_ESP);
		n = rows_of(rows, answers[i].ours, false);
		assert_int_equal(suite_check_answer(&m->payloads[0], rows, n,
		    PROTO_ESP, answers[i].with_ke, &c, &err), SP_PEER);
		if (!str_eq(err.text, answers[i].sentence))
			fail_msg("%s: \"%s\"", answers[i].answer, err.text);
		ike_msg_free(m);
	}
}

/* The answer may be any of our rows, under whatever number. */
static void
test_answer_number(void **state)
{
	struct suite rows[MAX_ROWS];
	struct suite_choice c;
	struct ike_msg *m;
	size_t n;

	(void)state;
	n = rows_of(rows, "aes256-sha256 aes128-sha256 aes128-sha256", false);
	m = offer("aes128-sha256", PROTO_ESP);
	m->payloads[0].u.sa.proposals[0].number = 3;
	assert_int_equal(suite_check_answer(&m->payloads[0], rows, n,
	    PROTO_ESP, true, &c, NULL), 0);
	assert_int_equal(c.row, 2);
	m->payloads[0].u.sa.proposals[0].number = 1;
	assert_int_equal(suite_check_answer(&m->payloads[0], rows, n,
	    PROTO_ESP, true, &c, NULL), 0);
	assert_int_equal(c.row, 1);
	m->payloads[0].u.sa.proposals[0].number = 200;
	assert_int_equal(suite_check_answer(&m->payloads[0], rows, n,
	    PROTO_ESP, true, &c, NULL), 0);
	assert_int_equal(suite_check_answer(&m->payloads[0], rows, 0,
	    PROTO_ESP, true, &c, NULL), SP_PEER);
	ike_msg_free(m);
}

static void
test_print_offer(void **state)
{
	struct ike_msg *m = offer("aes128-sha256-modp2048 "
	    "aes256gcm16-prfsha384-ecp384", PROTO_IKE);
	struct buf b = {0};

	(void)state;
	suite_print_offer(&b, &m->payloads[0]);
	buf_puts(&b, "");
	assert_string_equal((char *)b.data,
	    "aes128-prfsha256-sha256-modp2048, "
	    "aes256gcm16-prfsha384-ecp384");
	buf_free(&b);
	ike_msg_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_offers),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_spoiled),
		cmocka_unit_test(test_aead_integ),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_answer_number),
		cmocka_unit_test(test_print_offer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
