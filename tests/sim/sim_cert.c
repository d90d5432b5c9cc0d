/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IKE_AUTH by signatures between two hosts (RFC 7427, RFC 7670, RFC 7619):
 * every kind of key, both sides chosen freely, each way to fail with the
 * reason of either side, and what happens while a job takes its time.
 */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "crypto/issue.h"
#include "crypto/pkey.h"
#include "crypto/trust.h"

enum kind { K_RSA, K_P256, K_P384, K_P521, K_ED25519, K_ED448, KINDS };

static const char *const key_words[KINDS][2] = {
	[K_RSA] = { "rsa", "2048" },
	[K_P256] = { "ecdsa", "p256" },
	[K_P384] = { "ecdsa", "p384" },
	[K_P521] = { "ecdsa", "p521" },
	[K_ED25519] = { "ed25519", NULL },
	[K_ED448] = { "ed448", NULL },
};

/* Keys are made once; authority 1 is one that nobody trusts. */
static struct pkey *keys[KINDS][2], *ca_key[2];
static struct cert *ca[2];

static void
subject(struct buf *der, const char *name)
{
	struct ident id = {0};
	struct buf text = {0};

	buf_printf(&text, "dn:CN=%s", name);
	buf_u8(&text, '\0');
	assert_int_equal(ident_parse(&id, (char *)text.data, NULL), 0);
	buf_bytes(der, id.data, id.len);
	ident_free(&id);
	buf_free(&text);
}

static int
setup(void **state)
{
	struct buf der = {0};
	int i, k;

	(void)state;
	for (k = 0; k < KINDS; k++) {
		for (i = 0; i < 2; i++) {
			if (pkey_generate(&keys[k][i], key_words[k][0],
			    key_words[k][1], NULL) < 0)
				return -1;
		}
	}
	for (i = 0; i < 2; i++) {
		buf_reset(&der);
		subject(&der, i ? "Unrelated" : "Lab");
		if (pkey_generate(&ca_key[i], "ecdsa", "p256", NULL) < 0 ||
		    issue_authority(ca_key[i], &(struct issue){ der.data,
		    der.len, { { 0, NULL } }, 0, 1000 }, SIM_CLOCK, &ca[i],
		    NULL) < 0)
			return -1;
	}
	buf_free(&der);
	return 0;
}

static int
teardown(void **state)
{
	int i, k;

	(void)state;
	for (i = 0; i < 2; i++) {
		for (k = 0; k < KINDS; k++)
			pkey_unref(keys[k][i]);
		cert_unref(ca[i]);
		pkey_unref(ca_key[i]);
	}
	return 0;
}

static struct cert *
issue(const struct pkey *key, int authority, const char *name, unsigned days)
{
	struct buf der = {0}, pem = {0};
	struct issue what = { .nr_names = 1 };
	struct cert *c = NULL;

	subject(&der, name);
	what.subject = der.data;
	what.subject_len = der.len;
	what.name[0].type = ISSUE_DNS;
	what.name[0].text = name;
	assert_int_equal(issue_request(key, &what, &pem, NULL), 0);
	assert_int_equal(issue_sign(ca[authority], ca_key[authority],
	    pem.data, pem.len, "csr", days, SIM_CLOCK, &c, NULL), 0);
	buf_free(&der);
	buf_free(&pem);
	return c;
}

/* What one side is given. */
struct side {
	enum ike_auth local;
	enum kind key;
	bool stranger;		/* certificate of the other authority */
	const char *name;	/* in the certificate, else its identity */
	unsigned days;		/* of validity, 0 = 100 */
	bool raw, no_key, pin_wrong, no_pss, wrong_key;
	const char *local_id;
};

static const char *const names[2] = { "left.example", "right.example" };

static struct ike_conf *
conf_of(unsigned host, const struct side *me, const struct side *peer)
{
	struct sim_conf o = { .local_id = me->local_id };
	struct ike_conf *c = sim_conf_new(host, &o);
	struct ike_cred *cr = &c->cred;

	cr->local = me->local;
	cr->remote = peer->local;
	cr->pss = !me->no_pss;
	cr->sha1 = true;
	if (me->local == IKE_AUTH_CERT && !me->no_key) {
		cr->key = pkey_ref(keys[me->key][me->wrong_key ? !host :
		    host]);
		if (!me->raw) {
			cr->cert = issue(keys[me->key][host], me->stranger,
			    me->name ? me->name : names[host],
			    me->days ? me->days : 100);
		}
	}
	if (peer->local == IKE_AUTH_CERT && peer->raw) {
		cr->pinned_key = pkey_ref(keys[peer->key][me->pin_wrong ?
		    host : !host]);
	} else if (peer->local == IKE_AUTH_CERT) {
		cr->trust = trust_new(CRL_NO);
		trust_add(cr->trust, ca[0], NULL, 0, NULL, 0);
	}
	return c;
}

static void
begin(struct sim *s, struct ike_conf *c[2], const struct side *left,
    const struct side *right)
{
	c[0] = conf_of(0, left, right);
	c[1] = conf_of(1, right, left);
	ike_host_conf_add(s->host[0].h, c[0]);
	ike_host_conf_add(s->host[1].h, c[1]);
	sim_initiate(s, 0, c[0]);
}

static void
end(struct sim *s, struct ike_conf *c[2])
{
	assert_true(sim_is_sane(s));
	sim_end(s);
	ike_conf_unref(c[0]);
	ike_conf_unref(c[1]);
}

/* ---- what works ---- */

static void
check_up(struct sim *s, const char *what)
{
	const struct ike_event *l = sim_event(s, 0, IKE_EV_SA_FAILED);
	const struct ike_event *r = sim_event(s, 1, IKE_EV_REFUSED);

	if (sim_count(s, 0, IKE_EV_CHILD_UP) != 1 ||
	    sim_count(s, 1, IKE_EV_CHILD_UP) != 1 || !sim_agree(s))
		fail_msg("%s does not come up: %s / %s", what,
		    l ? l->reason.text : "", r ? r->reason.text : "");
}

/* Every kind against every kind, PKCS#1 v1.5 and PSS. */
static void
t_kinds(void **state)
{
	struct side l = { .local = IKE_AUTH_CERT };
	struct side r = { .local = IKE_AUTH_CERT };
	struct ike_conf *c[2];
	struct sim s;
	int k, m;

	(void)state;
	for (k = 0; k < KINDS; k++) {
		for (m = 0; m < KINDS; m++) {
			l.key = (enum kind)k;
			r.key = (enum kind)m;
			l.no_pss = m % 2;
			sim_start(&s, (uint64_t)(k * KINDS + m), NULL);
			begin(&s, c, &l, &r);
			sim_for(&s, 1000);
			check_up(&s, key_words[k][0]);
			end(&s, c);
		}
	}
}

static const struct {
	const char *what;
	struct side left, right;
} mixed_rows[] = {
	{ "key and certificate", { .local = IKE_AUTH_PSK },
	  { .local = IKE_AUTH_CERT, .key = K_P256 } },
	{ "certificate and key", { .local = IKE_AUTH_CERT, .key = K_ED25519 },
	  { .local = IKE_AUTH_PSK } },
	{ "raw keys", { .local = IKE_AUTH_CERT, .key = K_RSA, .raw = true },
	  { .local = IKE_AUTH_CERT, .key = K_P384, .raw = true } },
	{ "raw key and certificate",
	  { .local = IKE_AUTH_CERT, .key = K_ED448, .raw = true },
	  { .local = IKE_AUTH_CERT, .key = K_RSA } },
	{ "NULL and certificate", { .local = IKE_AUTH_NULL },
	  { .local = IKE_AUTH_CERT, .key = K_P256 } },
	{ "NULL and NULL", { .local = IKE_AUTH_NULL },
	  { .local = IKE_AUTH_NULL } },
};

static void
t_mixed(void **state)
{
	struct ike_conf *c[2];
	struct sim s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(mixed_rows); i++) {
		sim_start(&s, i, NULL);
		begin(&s, c, &mixed_rows[i].left, &mixed_rows[i].right);
		sim_for(&s, 1000);
		check_up(&s, mixed_rows[i].what);
		end(&s, c);
	}
}

/* ---- what fails ---- */

struct fail_row {
	const char *what;
	struct side good, bad;	/* bad is tried in both roles */
	enum ike_reason_code bad_code, good_code;
	int64_t skip_s;		/* the clock is this much later */
	const char *text;	/* part of the sentence of the good side */
};

#define CERT .local = IKE_AUTH_CERT
#define FAIL_SIG REASON_AUTH_FAILED_SIGNATURE

static const struct fail_row fail_rows[] = {
	{ "unknown authority", { CERT }, { CERT, .stranger = true },
	  FAIL_SIG, REASON_CERT_UNTRUSTED, 0, "CN=Unrelated" },
	{ "expired", { CERT, .days = 100 }, { CERT, .days = 1 },
	  FAIL_SIG, REASON_CERT_EXPIRED, 2 * 86400, "expired on 2027-01-16" },
	{ "not yet", { CERT }, { CERT }, REASON_CERT_NOT_YET_VALID,
	  REASON_CERT_NOT_YET_VALID, -86400, "not valid before 2027-01-15" },
	{ "other name", { CERT }, { CERT, .name = "other.example" },
	  FAIL_SIG, REASON_ID_NOT_IN_CERT, 0, "other.example" },
	{ "key of another", { CERT }, { CERT, .wrong_key = true },
	  FAIL_SIG, REASON_AUTH_FAILED_SIGNATURE, 0, "does not fit" },
	{ "other kind of proof", { CERT }, { .local = IKE_AUTH_PSK },
	  REASON_AUTH_METHOD_MISMATCH, REASON_AUTH_METHOD_MISMATCH, 0,
	  "" },
};

/* The reason of a side, whichever event carried it. */
static const struct ike_reason *
reason_of(const struct sim *s, unsigned host)
{
	static const enum ike_event_type types[] = {
		IKE_EV_SA_FAILED, IKE_EV_REFUSED, IKE_EV_SA_DOWN,
	};
	const struct ike_event *e;
	size_t i;

	for (i = 0; i < NELEM(types); i++) {
		e = sim_event(s, host, types[i]);
		if (e != NULL)
			return &e->reason;
	}
	return NULL;
}

static void
check_fail(const struct fail_row *r, unsigned bad)
{
	const struct ike_reason *why;
	struct ike_conf *c[2];
	struct sim s;

	sim_start(&s, bad, NULL);
	s.clock_s += r->skip_s;
	if (bad == 0)
		begin(&s, c, &r->bad, &r->good);
	else
		begin(&s, c, &r->good, &r->bad);
	/* what each expects of the other stays the certificate */
	if (r->bad.local == IKE_AUTH_PSK) {
		ike_conf_unref(c[!bad]);
		c[!bad] = conf_of(!bad, &r->good, &r->good);
		sim_end(&s);
		sim_start(&s, bad, NULL);
		ike_host_conf_add(s.host[0].h, c[0]);
		ike_host_conf_add(s.host[1].h, c[1]);
		sim_initiate(&s, 0, c[0]);
	}
	sim_for(&s, 60000);
	why = reason_of(&s, !bad);
	if (why == NULL || why->code != r->good_code ||
	    strstr(why->text, r->text) == NULL)
		fail_msg("%s, bad side %u: %s: %s [%s | %s]", r->what, bad,
		    why ? ike_reason_word(why->code) : "no reason",
		    why ? why->text : "", why ? why->ours : "",
		    why ? why->theirs : "");
	if (bad == 0) {
		why = reason_of(&s, 0);
		assert_non_null(why);
		/* all that it learns is AUTHENTICATION_FAILED */
		assert_true(why->text[0] != '\0');
		if (r->bad.local == IKE_AUTH_CERT)
			assert_int_equal(why->code, r->bad_code ==
			    REASON_CERT_NOT_YET_VALID ? FAIL_SIG :
			    r->bad_code);
	}
	assert_int_equal(sim_nr_sas(&s, 0) + sim_nr_sas(&s, 1), 0);
	assert_int_equal(sim_nr_children(&s, 0) + sim_nr_children(&s, 1), 0);
	end(&s, c);
}

static void
t_failures(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(fail_rows); i++) {
		check_fail(&fail_rows[i], 0);
		/* with a wrong clock the responder judges first, always */
		if (fail_rows[i].skip_s >= 0)
			check_fail(&fail_rows[i], 1);
	}
}

/* Our own key is missing: nothing goes out, and we say so. */
static void
t_no_key(void **state)
{
	struct side l = { CERT, .no_key = true }, r = { CERT };
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	begin(&s, c, &l, &r);
	sim_for(&s, 60000);
	assert_int_equal(reason_of(&s, 0)->code, REASON_KEY_MISSING);
	end(&s, c);
	/* as responder: refused, the initiator learns no more than that */
	sim_start(&s, 1, NULL);
	begin(&s, c, &r, &l);
	sim_for(&s, 60000);
	assert_int_equal(reason_of(&s, 1)->code, REASON_KEY_MISSING);
	assert_int_equal(reason_of(&s, 0)->code, FAIL_SIG);
	end(&s, c);
}

/* A raw key that is not the pinned one. */
static void
t_wrong_pin(void **state)
{
	struct side l = { CERT, .raw = true, .key = K_P256 };
	struct side r = { CERT, .raw = true, .key = K_P256,
	    .pin_wrong = true };
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	begin(&s, c, &l, &r);
	sim_for(&s, 60000);
	assert_int_equal(reason_of(&s, 1)->code, FAIL_SIG);
	assert_int_equal(sim_nr_sas(&s, 0), 0);
	end(&s, c);
}

/* Classic methods, for peers that do not know RFC 7427. */
static void
t_classic(void **state)
{
	static const enum kind kinds[] = { K_RSA, K_P256, K_P384, K_P521 };
	struct side l = { CERT }, r = { CERT };
	struct sim_dgram *d;
	struct ike_conf *c[2];
	struct sim s;
	uint8_t *at;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(kinds); i++) {
		l.key = r.key = kinds[i];
		sim_start(&s, i, NULL);
		s.manual = true;
		begin(&s, c, &l, &r);
		d = sim_peek(&s, 0);
		assert_non_null(d);
		/* make the notify one that nobody knows: 16431 to 40959 */
		at = memmem(d->data, d->len, "\x40\x2f", 2);
		assert_non_null(at);
		memcpy(at, "\x9f\xff", 2);
		assert_true(sim_pass(&s, 0));
		/* the signature is over other bytes now: it must not fit,
		 * but the responder has chosen the classic method */
		sim_pass_all(&s);
		assert_int_equal(reason_of(&s, 1)->code,
		    REASON_AUTH_FAILED_SIGNATURE);
		end(&s, c);
	}
}

/* ---- while a job takes its time ---- */

/* Slow jobs, loss and copies: repeated packets do no harm. */
static void
t_slow(void **state)
{
	struct side l = { CERT, .key = K_P256 }, r = { CERT, .key = K_ED25519 };
	struct ike_conf *c[2];
	struct sim s;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 60; seed++) {
		sim_start(&s, seed, NULL);
		s.job_ms = (int64_t)(seed * 150);
		s.loss = seed % 3 * 10;
		s.twice = 20;
		s.reorder = 20;
		begin(&s, c, &l, &r);
		sim_for(&s, 120000);
		s.loss = s.twice = s.reorder = 0;
		sim_for(&s, 60000);
		if (seed % 3 == 0)
			check_up(&s, "slow jobs");
		if (!sim_agree(&s))
			fail_msg("seed %llu", (unsigned long long)seed);
		end(&s, c);
	}
}

/* The SA ends while its job runs; the result finds nobody. */
static void
t_ended(void **state)
{
	struct side l = { CERT, .key = K_P256 }, r = { CERT, .key = K_P256 };
	struct ike_conf *c[2];
	struct ike_sa_info sa;
	struct sim s;
	unsigned when;

	(void)state;
	for (when = 0; when < 50; when++) {
		sim_start(&s, when, NULL);
		s.job_ms = 100;
		begin(&s, c, &l, &r);
		sim_for(&s, when * 10);
		if (sim_sa(&s, when % 2, 0, &sa)) {
			(void)ike_host_sa_delete(s.host[when % 2].h, s.now,
			    sa.id, REASON_USER_STOPPED, true, NULL);
			sim_drain(&s);
		}
		sim_for(&s, 400000);
		assert_int_equal(sim_nr_children(&s, 0),
		    sim_nr_children(&s, 1));
		end(&s, c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_kinds),
		cmocka_unit_test(t_mixed),
		cmocka_unit_test(t_failures),
		cmocka_unit_test(t_no_key),
		cmocka_unit_test(t_wrong_pin),
		cmocka_unit_test(t_classic),
		cmocka_unit_test(t_slow),
		cmocka_unit_test(t_ended),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
