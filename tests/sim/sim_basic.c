/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each exchange of IKEv2 between two hosts on a calm network, both roles, and
 * each way to fail with the reason that either side gives (conformance.md 1.2
 * to 1.5 and 6; numbers V2-... name the requirement).
 */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#define NONE REASON_NONE

/* Two configurations, host 0 begins; c[] stays the caller's. */
static void
begin(struct sim *s, struct ike_conf *c[2], const struct sim_conf *left,
    const struct sim_conf *right)
{
	c[0] = sim_conf_new(0, left);
	c[1] = sim_conf_new(1, right);
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

static const struct {
	const char *ike, *esp;
} suite_rows[] = {
	{ "aes128gcm16-prfsha256-x25519", "aes128gcm16" },
	{ "aes256gcm16-prfsha384-ecp384", "aes256gcm16-esn" },
	{ "aes256-sha256-modp2048", "aes256-sha256" },
	{ "aes128-sha1-modp1536", "aes128-sha1-esn" },
	{ "chacha20poly1305-prfsha512-ecp256", "chacha20poly1305" },
	{ "aes128-aesxcbc-x25519", "aes128-aesxcbc" },
};

static void
t_suites(void **state)
{
	struct sim_conf o;
	struct ike_conf *c[2];
	struct sim s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(suite_rows); i++) {
		o = (struct sim_conf){ .ike = { suite_rows[i].ike },
		    .esp = { suite_rows[i].esp } };
		sim_start(&s, i, NULL);
		begin(&s, c, &o, &o);
		sim_for(&s, 1000);
		if (sim_count(&s, 0, IKE_EV_CHILD_UP) != 1 ||
		    sim_count(&s, 1, IKE_EV_CHILD_UP) != 1 ||
		    sim_nr_children(&s, 0) != 1 || !sim_agree(&s))
			fail_msg("%s / %s does not come up",
			    suite_rows[i].ike, suite_rows[i].esp);
		end(&s, c);
	}
}

/* V2-055: identities, and what is narrowed (V2-090). */
static void
t_narrow(void **state)
{
	struct sim_conf right = { .local_ts = "10.2.3.0/24" };
	struct ike_sa_info info;
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	begin(&s, c, NULL, &right);
	sim_for(&s, 1000);
	assert_true(sim_agree(&s));
	assert_string_equal(sim_in_use(&s, 0, "net")->remote, "10.2.3.0/24");
	assert_true(sim_sa(&s, 1, 0, &info));
	assert_false(info.initiator);
	assert_int_equal(info.state, IKE_SA_ESTABLISHED);
	assert_memory_equal(info.remote_id->data, "left.example", 12);
	end(&s, c);
}

/* A pattern tells whom to accept; it never goes out as IDr. */
static void
t_pattern(void **state)
{
	struct sim_conf o = { .remote_id = "*.example" };
	struct ike_sa_info info;
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	begin(&s, c, &o, &o);
	sim_for(&s, 1000);
	assert_true(sim_agree(&s));
	assert_true(sim_sa(&s, 0, 0, &info));
	assert_int_equal(info.state, IKE_SA_ESTABLISHED);
	assert_memory_equal(info.remote_id->data, "right.example", 13);
	end(&s, c);
}

/* RFC 6023, and a further child by CREATE_CHILD_SA with its own group. */
static void
t_children(void **state)
{
	struct ike_child_conf *ch[2];
	struct ike_conf *c[2];
	struct ike_sa_info sa;
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	begin(&s, c, NULL, NULL);
	ch[0] = sim_child_new("second", "aes256gcm16-x25519", "10.11.0.0/16",
	    "10.12.0.0/16");
	ch[1] = sim_child_new("second", "aes256gcm16-x25519", "10.12.0.0/16",
	    "10.11.0.0/16");
	ike_conf_add_child_take(c[1], ch[1]);
	sim_for(&s, 1000);
	assert_true(sim_sa(&s, 0, 0, &sa));
	assert_int_equal(ike_host_child_create(s.host[0].h, s.now, sa.id,
	    ch[0], NULL), 0);
	sim_for(&s, 1000);
	assert_int_equal(sim_nr_children(&s, 0), 2);
	assert_non_null(sim_in_use(&s, 1, "second"));
	assert_true(sim_agree(&s));
	ike_child_conf_unref(ch[0]);
	end(&s, c);
}

/* RFC 6023: an IKE SA without a child, but not with a peer that does not
 * announce it (here: its answer without the notify's type). */
static void
t_childless(void **state)
{
	struct sim_conf o = {0};
	struct ike_conf *c;
	struct sim_dgram *d;
	struct sim s;
	size_t i;
	int known;

	(void)state;
	for (known = 1; known >= 0; known--) {
		sim_start(&s, 1, NULL);
		c = sim_conf_new(0, &o);
		ike_child_conf_unref(c->children[--c->nr_children]);
		sim_listen_take(&s, 1, sim_conf_new(1, &o));
		s.manual = true;
		sim_initiate(&s, 0, c);
		assert_true(sim_pass(&s, 0));
		d = sim_peek(&s, 1);
		assert_non_null(d);
		for (i = 28; i + 4 <= d->len && !known; i++) {
			/* length 8, no SPI, 16418 */
			if (memcmp(d->data + i, "\0\0\x40\x22", 4) == 0)
				d->data[i + 3] = 0xff;
		}
		sim_pass_all(&s);
		assert_int_equal(sim_count(&s, 0, IKE_EV_SA_UP), known);
		assert_int_equal(sim_count(&s, 0, IKE_EV_SA_FAILED), !known);
		assert_int_equal(sim_nr_children(&s, 0), 0);
		if (!known) {
			assert_non_null(strstr(sim_event(&s, 0,
			    IKE_EV_SA_FAILED)->reason.text, "RFC 6023"));
		}
		/* refused, the responder still waits for IKE_AUTH */
		assert_true(!known || sim_is_sane(&s));
		ike_conf_unref(c);
		sim_end(&s);
	}
}

static void
t_transport(void **state)
{
	struct sim_conf left = { .transport = true,
	    .local_ts = "192.0.2.2", .remote_ts = "198.51.100.2" };
	struct sim_conf right = { .transport = true,
	    .local_ts = "198.51.100.2", .remote_ts = "192.0.2.2" };
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	begin(&s, c, &left, &right);
	sim_for(&s, 1000);
	assert_true(sim_agree(&s));
	assert_true(sim_in_use(&s, 0, "net")->transport);
	end(&s, c);
}

/* ---- what fails, and why ---- */

struct fail_row {
	const char *name;
	struct sim_conf left, right;
	enum ike_event_type left_event, right_event;
	enum ike_reason_code left_code, right_code;
	const char *right_ours, *right_theirs;	/* parts of the text */
};

static const struct fail_row fail_rows[] = {
	{ "IKE proposal", { .ike = { "aes128-sha1-modp2048" } },
	  { .ike = { "aes256-sha256-modp2048" } },
	  IKE_EV_SA_FAILED, IKE_EV_REFUSED,
	  REASON_NO_PROPOSAL_IKE, REASON_NO_PROPOSAL_IKE, "aes256", "aes128" },
	{ "pre-shared key", { .psk = "one" }, { .psk = "other" },
	  IKE_EV_SA_FAILED, IKE_EV_REFUSED,
	  REASON_AUTH_FAILED_PSK, REASON_AUTH_FAILED_PSK, "", "" },
	{ "identity of the initiator", { .local_id = "stranger.example" },
	  { 0 }, IKE_EV_SA_FAILED, IKE_EV_REFUSED,
	  REASON_AUTH_FAILED_PSK, REASON_AUTH_FAILED_ID,
	  "left.example", "stranger.example" },
	{ "identity of the responder", { .remote_id = "wrong.example" },
	  { 0 }, IKE_EV_SA_FAILED, IKE_EV_REFUSED,
	  REASON_AUTH_FAILED_PSK, REASON_AUTH_FAILED_ID,
	  "right.example", "wrong.example" },
	{ "type of the identity", { .local_id = "keyid:left.example" },
	  { 0 }, IKE_EV_SA_FAILED, IKE_EV_REFUSED,
	  REASON_AUTH_FAILED_PSK, REASON_ID_TYPE_MISMATCH,
	  "FQDN", "KEY_ID" },
	{ "no key at the initiator", { .psk = "" }, { 0 },
	  IKE_EV_SA_FAILED, IKE_EV_REFUSED,
	  REASON_PSK_MISSING, REASON_PEER_SILENT_AFTER_INIT, "", "" },
	{ "no key at the responder", { 0 }, { .psk = "" },
	  IKE_EV_SA_FAILED, IKE_EV_REFUSED,
	  REASON_AUTH_FAILED_PSK, REASON_PSK_MISSING, "", "" },
	{ "ESP proposal", { .esp = { "aes128-sha1" } },
	  { .esp = { "aes256gcm16" } },
	  IKE_EV_CHILD_FAILED, IKE_EV_CHILD_FAILED,
	  REASON_NO_PROPOSAL_CHILD, REASON_NO_PROPOSAL_CHILD,
	  "aes256gcm16", "aes128" },
	{ "selectors", { .remote_ts = "10.77.0.0/16" }, { 0 },
	  IKE_EV_CHILD_FAILED, IKE_EV_CHILD_FAILED,
	  REASON_TS_UNACCEPTABLE, REASON_TS_UNACCEPTABLE,
	  "10.2.0.0/16", "10.77.0.0/16" },
	{ "transport, only the responder", { 0 }, { .transport = true },
	  IKE_EV_CHILD_FAILED, IKE_EV_CHILD_FAILED,
	  REASON_NO_PROPOSAL_CHILD, REASON_MODE_MISMATCH, "", "" },
	{ "transport, only the initiator", { .transport = true }, { 0 },
	  IKE_EV_CHILD_FAILED, IKE_EV_CHILD_UP,
	  REASON_MODE_MISMATCH, NONE, "", "" },
};

static void
check_fail(const struct fail_row *r, const struct sim *s)
{
	const struct ike_event *l = sim_event(s, 0, r->left_event);
	const struct ike_event *e = sim_event(s, 1, r->right_event);

	if (l == NULL || e == NULL)
		fail_msg("%s: an event is missing", r->name);
	if (l->reason.code != r->left_code || e->reason.code != r->right_code)
		fail_msg("%s: %s (%s) and %s (%s)", r->name,
		    ike_reason_word(l->reason.code), l->reason.text,
		    ike_reason_word(e->reason.code), e->reason.text);
	if (r->right_ours != NULL &&
	    (strstr(e->reason.ours, r->right_ours) == NULL ||
	    strstr(e->reason.theirs, r->right_theirs) == NULL))
		fail_msg("%s: ours \"%s\", theirs \"%s\"", r->name,
		    e->reason.ours, e->reason.theirs);
}

static void
t_failures(void **state)
{
	const struct fail_row *r;
	struct ike_conf *c[2];
	struct sim s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(fail_rows); i++) {
		r = &fail_rows[i];
		sim_start(&s, i, NULL);
		begin(&s, c, &r->left, &r->right);
		sim_for(&s, 60000);
		check_fail(r, &s);
		/* V2-059: a refused child leaves the IKE SA alone */
		assert_int_equal(sim_nr_sas(&s, 0),
		    r->left_event == IKE_EV_CHILD_FAILED);
		assert_int_equal(sim_nr_sas(&s, 1), sim_nr_sas(&s, 0));
		assert_int_equal(sim_nr_children(&s, 0), 0);
		assert_int_equal(sim_nr_children(&s, 1), 0);
		end(&s, c);
	}
}

/* V2-060: the responder passes, but we do not accept what it is. */
static void
t_wrong_responder(void **state)
{
	struct sim_conf right = { .local_id = "impostor.example" };
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	begin(&s, c, NULL, &right);
	/* it answers anybody by any name of ours */
	ident_free(&c[1]->local_id);
	sim_for(&s, 60000);
	assert_int_equal(sim_event(&s, 0, IKE_EV_SA_FAILED)->reason.code,
	    REASON_AUTH_FAILED_ID);
	/* it was up for a moment and is told */
	assert_int_equal(sim_count(&s, 1, IKE_EV_SA_DOWN), 1);
	assert_int_equal(sim_nr_sas(&s, 0) + sim_nr_sas(&s, 1), 0);
	assert_int_equal(sim_nr_children(&s, 1), 0);
	end(&s, c);
}

static void
t_no_conf(void **state)
{
	struct ike_conf *c = sim_conf_new(0, NULL);
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	sim_initiate(&s, 0, c);
	sim_for(&s, 1000);
	assert_int_equal(sim_event(&s, 0, IKE_EV_SA_FAILED)->reason.code,
	    REASON_NO_PROPOSAL_IKE);
	assert_non_null(strstr(sim_event(&s, 1, IKE_EV_REFUSED)->reason.text,
	    "No tunnel is configured between 198.51.100.2 and the peer "
	    "192.0.2.2"));
	sim_end(&s);
	ike_conf_unref(c);
}

/* ---- silence and repetition ---- */

/* V2-021, V2-025: 0, 4, 11.2, 24.2, 47.5, 89.5; over at 165; same bytes. */
static void
t_silence(void **state)
{
	static const int64_t at[] = { 0, 4000, 11200, 24160, 47488, 89478 };
	struct ike_conf *c = sim_conf_new(0, NULL);
	uint8_t first[2048];
	struct sim s;
	int64_t start;
	size_t i, len = 0;

	(void)state;
	sim_start(&s, 1, NULL);
	s.manual = true;
	start = s.now;
	sim_initiate(&s, 0, c);
	for (i = 0; i < NELEM(at); i++) {
		sim_run(&s, start + at[i] - 1);
		assert_int_equal(sim_waiting(&s, 0), i == 0);
		sim_run(&s, start + at[i] + 2);
		assert_int_equal(sim_waiting(&s, 0), 1);
		if (i == 0) {
			len = sim_peek(&s, 0)->len;
			memcpy(first, sim_peek(&s, 0)->data, len);
		}
		assert_int_equal(sim_peek(&s, 0)->len, len);
		assert_memory_equal(sim_peek(&s, 0)->data, first, len);
		sim_drop(&s, 0);
	}
	sim_run(&s, start + 170000);
	assert_string_equal(sim_event(&s, 0, IKE_EV_SA_FAILED)->reason.text,
	    "The peer 198.51.100.2 did not answer IKE_SA_INIT (6 packets in "
	    "165 s, nothing at all received).");
	assert_int_equal(sim_event(&s, 0, IKE_EV_SA_FAILED)->reason.code,
	    REASON_PEER_SILENT);
	assert_int_equal(sim_count(&s, 0, IKE_EV_RETRANSMIT), 5);
	assert_int_equal(ike_host_deadline(s.host[0].h), TIME_NEVER);
	sim_end(&s);
	ike_conf_unref(c);
}

static void
t_silence_after_init(void **state)
{
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	s.manual = true;
	begin(&s, c, NULL, NULL);
	sim_pass(&s, 0);
	sim_pass(&s, 1);
	sim_for(&s, 200000);
	assert_int_equal(sim_event(&s, 0, IKE_EV_SA_FAILED)->reason.code,
	    REASON_PEER_SILENT_AFTER_INIT);
	/* V2-035 */
	assert_string_equal(sim_event(&s, 1, IKE_EV_REFUSED)->reason.text,
	    "The peer 192.0.2.2 never sent IKE_AUTH after IKE_SA_INIT was "
	    "answered.");
	end(&s, c);
}

/* Pass a copy of the datagram that waits, then the datagram itself. */
static void
pass_twice(struct sim *s, unsigned from)
{
	struct sim_dgram *d = sim_peek(s, from);
	struct ike_path path = { .local = d->dst, .remote = d->src };
	uint8_t copy[4096];
	size_t len = d->len;

	memcpy(copy, d->data, len);
	sim_pass(s, from);
	sim_inject(s, !from, &path, copy, len);
}

/* V2-022: repeated requests get the same bytes and are not done twice. */
static void
t_repeat(void **state)
{
	struct ike_conf *c[2];
	struct sim_dgram *d;
	uint8_t copy[4096];
	struct sim s;
	size_t len;
	int i;

	(void)state;
	sim_start(&s, 1, NULL);
	s.manual = true;
	begin(&s, c, NULL, NULL);
	for (i = 0; i < 2; i++) {
		pass_twice(&s, 0);
		assert_int_equal(sim_waiting(&s, 1), 2);
		d = sim_peek(&s, 1);
		len = d->len;
		memcpy(copy, d->data, len);
		sim_drop(&s, 1);
		assert_int_equal(sim_peek(&s, 1)->len, len);
		assert_memory_equal(sim_peek(&s, 1)->data, copy, len);
		pass_twice(&s, 1);
	}
	assert_int_equal(sim_count(&s, 0, IKE_EV_SA_UP), 1);
	assert_int_equal(sim_count(&s, 1, IKE_EV_SA_UP), 1);
	assert_int_equal(sim_count(&s, 1, IKE_EV_CHILD_UP), 1);
	assert_true(sim_agree(&s));
	end(&s, c);
}

/* V2-011: what is spoiled changes nothing and gets no answer. */
static void
t_spoiled(void **state)
{
	struct ike_host_stats st;
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	sim_start(&s, 1, NULL);
	s.manual = true;
	begin(&s, c, NULL, NULL);
	sim_pass(&s, 0);
	sim_pass(&s, 1);
	sim_peek(&s, 0)->data[100] ^= 1;
	sim_pass(&s, 0);
	assert_int_equal(sim_waiting(&s, 1), 0);
	ike_host_stats(s.host[1].h, &st);
	assert_int_equal(st.auth_failures, 1);
	sim_for(&s, 5000);
	sim_pass_all(&s);
	assert_true(sim_agree(&s));
	assert_int_equal(sim_count(&s, 1, IKE_EV_SA_UP), 1);
	end(&s, c);
}

/* ---- COOKIE and INVALID_KE_PAYLOAD ---- */

static struct ike_host_params
wary(void)
{
	struct ike_host_params p = ike_host_defaults();

	/* above none at all: one half-open SA is enough */
	p.cookie_threshold_address = 1;
	return p;
}

static bool
has_notify(struct sim *s, unsigned from, uint16_t type, bool first)
{
	struct sim_dgram *d = sim_peek(s, from);
	struct ike_msg *m;
	bool found;

	assert_non_null(d);
	assert_int_equal(ike_msg_read(&m, d->data, d->len, NULL, NULL), 0);
	found = ike_msg_find_notify(m, type) != NULL;
	if (first)
		found = m->payloads[0].type == PLD_NOTIFY &&
		    m->payloads[0].u.notify.type == type;
	ike_msg_free(m);
	return found;
}

/* A half-open SA from host 0, whose IKE_AUTH never comes. */
static void
half_open(struct sim *s, struct ike_conf *c)
{
	sim_initiate(s, 0, c);
	sim_pass(s, 0);
	sim_drop(s, 1);
}

/*
 * V2-030, V2-031:
 *	SA, KE(x25519), Ni -->			<-- N(COOKIE)
 *	N(COOKIE), SA, KE(x25519), Ni -->	<-- N(INVALID_KE_PAYLOAD)
 *	N(COOKIE), SA, KE(ecp256), Ni -->	<-- SA, KE, Nr
 */
static void
t_cookie_then_ke(void **state)
{
	struct sim_conf left = { .ike = { "aes128gcm16-prfsha256-x25519",
	    "aes128gcm16-prfsha256-ecp256" } };
	struct sim_conf right = { .ike = { "aes128gcm16-prfsha256-ecp256" } };
	struct ike_host_params p = wary();
	struct ike_host_stats st;
	struct ike_conf *c[2];
	struct sim s;

	(void)state;
	sim_start(&s, 1, &p);
	s.manual = true;
	begin(&s, c, &left, &right);
	/* the first costs no cookie, but another group at once */
	sim_pass(&s, 0);
	assert_true(has_notify(&s, 1, N_INVALID_KE_PAYLOAD, true));
	sim_pass(&s, 1);
	sim_pass(&s, 0);	/* now it is half open */
	sim_initiate(&s, 0, c[0]);
	sim_drop(&s, 1);
	sim_pass(&s, 0);
	assert_true(has_notify(&s, 1, N_COOKIE, true));
	sim_pass(&s, 1);
	assert_true(has_notify(&s, 0, N_COOKIE, true));
	sim_pass(&s, 0);
	assert_true(has_notify(&s, 1, N_INVALID_KE_PAYLOAD, true));
	sim_pass(&s, 1);
	assert_true(has_notify(&s, 0, N_COOKIE, true));
	sim_pass(&s, 0);
	assert_false(has_notify(&s, 1, N_COOKIE, false));
	s.manual = false;
	sim_for(&s, 60000);
	assert_true(sim_agree(&s));
	ike_host_stats(s.host[1].h, &st);
	assert_true(st.cookies_sent > 0);
	end(&s, c);
}

/* The other order: KE first, then the threshold is crossed, then COOKIE. */
static void
t_ke_then_cookie(void **state)
{
	struct sim_conf left = { .ike = { "aes128gcm16-prfsha256-x25519",
	    "aes128gcm16-prfsha256-ecp256" } };
	struct sim_conf right = { .ike = { "aes128gcm16-prfsha256-ecp256" } };
	struct ike_host_params p = wary();
	struct ike_conf *c[2], *other;
	struct sim s;

	(void)state;
	sim_start(&s, 1, &p);
	s.manual = true;
	begin(&s, c, &left, &right);
	sim_pass(&s, 0);
	assert_true(has_notify(&s, 1, N_INVALID_KE_PAYLOAD, true));
	sim_pass(&s, 1);
	/* meanwhile somebody at that address leaves an SA half open */
	other = sim_conf_new(0, &right);
	sim_initiate(&s, 0, other);
	pass_twice(&s, 0);
	sim_drop(&s, 1);
	sim_drop(&s, 1);
	sim_drop(&s, 1);
	sim_for(&s, 4100);
	s.manual = false;
	sim_for(&s, 60000);
	assert_true(sim_count(&s, 0, IKE_EV_SA_UP) >= 1);
	assert_true(sim_agree(&s));
	ike_conf_unref(other);
	end(&s, c);
}

/* Cookies stop being good; forged ones never are; floods cost no memory. */
static void
t_cookie_age(void **state)
{
	struct ike_host_params p = wary();
	struct sim_dgram *d;
	struct ike_path path;
	struct ike_conf *c[2];
	struct sim s;
	uint8_t copy[2048];
	size_t len;

	(void)state;
	sim_start(&s, 1, &p);
	s.manual = true;
	begin(&s, c, NULL, NULL);
	sim_pass(&s, 0);
	sim_drop(&s, 1);
	sim_initiate(&s, 0, c[0]);
	sim_pass(&s, 0);
	sim_pass(&s, 1);
	d = sim_peek(&s, 0);	/* with the cookie; keep it */
	path = (struct ike_path){ .local = d->dst, .remote = d->src };
	len = d->len;
	memcpy(copy, d->data, len);
	copy[40] ^= 1;		/* inside the cookie */
	sim_inject(&s, 1, &path, copy, len);
	assert_true(has_notify(&s, 1, N_COOKIE, true));
	sim_drop(&s, 1);
	copy[40] ^= 1;
	sim_for(&s, 200000);
	while (sim_drop(&s, 0) || sim_drop(&s, 1))
		;
	half_open(&s, c[0]);
	while (sim_drop(&s, 0) || sim_drop(&s, 1))
		;
	sim_inject(&s, 1, &path, copy, len);
	assert_true(has_notify(&s, 1, N_COOKIE, true));
	sim_for(&s, 200000);
	end(&s, c);
}

/* V2-031: a group outside of our list ends it; so do endless cookies. */
static void
t_init_loops(void **state)
{
	static const uint8_t modp[2] = { 0, 14 };
	struct ike_conf *c = sim_conf_new(0, NULL);
	struct ike_path path;
	struct ike_msg *m, *in;
	struct buf b = {0};
	struct sim s;
	int i;

	(void)state;
	for (i = 0; i < 12; i++) {
		if (i == 0) {
			sim_start(&s, 1, NULL);
			s.manual = true;
			sim_initiate(&s, 0, c);
		}
		if (sim_peek(&s, 0) == NULL)
			break;
		assert_int_equal(ike_msg_read(&in, sim_peek(&s, 0)->data,
		    sim_peek(&s, 0)->len, NULL, NULL), 0);
		sim_drop(&s, 0);
		m = ike_msg_new();
		m->hdr.spi_i = in->hdr.spi_i;
		m->hdr.exchange = X_IKE_SA_INIT;
		m->hdr.flags = IKE_FLAG_R;
		ike_msg_add_notify(m, N_COOKIE, "cookie", 6);
		buf_reset(&b);
		assert_int_equal(ike_msg_write(m, &b, NULL), 0);
		path = sim_path(&s, 0);
		sim_inject(&s, 0, &path, b.data, b.len);
		ike_msg_free(m);
		ike_msg_free(in);
	}
	assert_int_equal(i, 6);
	assert_int_equal(sim_event(&s, 0, IKE_EV_SA_FAILED)->reason.code,
	    REASON_RATE_LIMITED);

	sim_initiate(&s, 0, c);
	m = ike_msg_new();
	assert_int_equal(ike_msg_read(&in, sim_peek(&s, 0)->data,
	    sim_peek(&s, 0)->len, NULL, NULL), 0);
	m->hdr.spi_i = in->hdr.spi_i;
	m->hdr.exchange = X_IKE_SA_INIT;
	m->hdr.flags = IKE_FLAG_R;
	ike_msg_add_notify(m, N_INVALID_KE_PAYLOAD, modp, 2);
	buf_reset(&b);
	assert_int_equal(ike_msg_write(m, &b, NULL), 0);
	sim_inject(&s, 0, &path, b.data, b.len);
	assert_int_equal(sim_event(&s, 0, IKE_EV_SA_FAILED)->reason.code,
	    REASON_INVALID_KE);
	ike_msg_free(m);
	ike_msg_free(in);
	buf_free(&b);
	sim_end(&s);
	ike_conf_unref(c);
}

/* Beyond the block threshold an address is ignored, and that ends. */
static void
t_block(void **state)
{
	struct ike_host_params p = ike_host_defaults();
	struct ike_host_stats st;
	struct ike_conf *c[2];
	struct sim s;
	int i;

	(void)state;
	p.cookie_threshold = p.cookie_threshold_address = 0;
	sim_start(&s, 1, &p);
	s.manual = true;
	begin(&s, c, NULL, NULL);
	for (i = 0; i < 8; i++)
		sim_initiate(&s, 0, c[0]);
	for (i = 0; i < 9; i++)
		sim_pass(&s, 0);
	assert_int_equal(sim_waiting(&s, 1), 5);
	ike_host_stats(s.host[1].h, &st);
	assert_int_equal(st.half_open, 5);
	assert_int_equal(st.blocked, 4);
	sim_for(&s, 31000);
	ike_host_stats(s.host[1].h, &st);
	assert_int_equal(st.half_open, 0);
	sim_end(&s);
	ike_conf_unref(c[0]);
	ike_conf_unref(c[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_suites),
		cmocka_unit_test(t_narrow),
		cmocka_unit_test(t_pattern),
		cmocka_unit_test(t_children),
		cmocka_unit_test(t_childless),
		cmocka_unit_test(t_transport),
		cmocka_unit_test(t_failures),
		cmocka_unit_test(t_wrong_responder),
		cmocka_unit_test(t_no_conf),
		cmocka_unit_test(t_silence),
		cmocka_unit_test(t_silence_after_init),
		cmocka_unit_test(t_repeat),
		cmocka_unit_test(t_spoiled),
		cmocka_unit_test(t_cookie_then_ke),
		cmocka_unit_test(t_ke_then_cookie),
		cmocka_unit_test(t_cookie_age),
		cmocka_unit_test(t_init_loops),
		cmocka_unit_test(t_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
