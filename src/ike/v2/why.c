/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reasons: one good sentence for every end and every refusal, with our value
 * and the peer's where they are known (conformance.md section 6).  It is made
 * here, where both are at hand; nobody above words it anew.
 *
 * What a peer sent passes str_safe() or a printer that uses it.  An error
 * notify in IKE_SA_INIT is nobody's proof: such reasons are not "sure".
 */
#include "ike/v2/why.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "crypto/alg.h"
#include "ike/v2/steps.h"

/* What {words} of a sentence stand for. */
struct words {
	const struct v2_sa *sa;
	const char *step;
	const char *notify;
};

void
v2_copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text == NULL ? "" : text);
}

static long long
seconds_since(const struct v2_sa *sa, int64_t then)
{
	return (long long)((sa->host->now - then + 500) / 1000);
}

static void
add_word(struct buf *b, const struct words *w, const char *word, size_t len)
{
	char peer[ADDR_TEXT];

	if (strncmp(word, "peer", len) == 0)
		buf_puts(b, addr_print(&w->sa->path.remote.addr, peer));
	else if (strncmp(word, "step", len) == 0)
		buf_puts(b, w->step);
	else if (strncmp(word, "notify", len) == 0)
		buf_puts(b, w->notify);
	else if (strncmp(word, "packets", len) == 0)
		buf_printf(b, "%u", w->sa->packets);
	else if (strncmp(word, "seconds", len) == 0)
		buf_printf(b, "%lld", seconds_since(w->sa,
		    w->sa->first_sent));
	else if (strncmp(word, "heard", len) == 0)
		buf_printf(b, "%lld", seconds_since(w->sa, w->sa->last_in));
}

/* The sentence of a table with its words filled in; the caller frees it. */
static char *
fill(const char *text, const struct words *w)
{
	struct buf b = {0};
	const char *end;

	while (*text != '\0') {
		end = *text == '{' ? strchr(text, '}') : NULL;
		if (end == NULL) {
			buf_bytes(&b, text++, 1);
			continue;
		}
		add_word(&b, w, text + 1, (size_t)(end - text - 1));
		text = end + 1;
	}
	return buf_steal_str(&b);
}

static void
set(struct ike_reason *why, enum ike_reason_code code, bool sure,
    const char *text, const struct words *w)
{
	char *sentence = fill(text, w);

	ike_reason_set(why, code, sure, w->step, NULL, NULL, "%s", sentence);
	free(sentence);
}

void
v2_why_code(const struct v2_sa *sa, enum ike_reason_code code,
    const char *step, struct ike_reason *why)
{
	struct words w = { sa, step, "" };
	const struct why_row *row;

	/* a responder waited; it sent nothing itself */
	if (code == REASON_PEER_SILENT_AFTER_INIT && !sa->initiator) {
		set(why, code, true, "The peer {peer} never sent {step} "
		    "after IKE_SA_INIT was answered.", &w);
		return;
	}
	for (row = why_code_table; row->text != NULL; row++) {
		if (row->code == code) {
			set(why, code, row->sure, row->text, &w);
			return;
		}
	}
	ike_reason_set(why, code, true, step, NULL, NULL, "The SA ended (%s).",
	    ike_reason_word(code));
}

static void
print_suites(struct buf *b, const struct suite *rows, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (i > 0)
			buf_puts(b, ", ");
		suite_print(b, &rows[i]);
	}
}

static void
print_pair(struct buf *b, const struct ts_list *local,
    const struct ts_list *remote)
{
	ts_list_print(b, local);
	buf_puts(b, " === ");
	ts_list_print(b, remote);
}

static char *
suites_text(const struct suite *rows, size_t nr)
{
	struct buf b = {0};

	print_suites(&b, rows, nr);
	return buf_steal_str(&b);
}

static char *
ident_text(const struct ident *id)
{
	struct buf b = {0};

	if (id == NULL || id->type == ID_ANY)
		buf_puts(&b, "any");
	else
		ident_print(&b, id, true);
	return buf_steal_str(&b);
}

static char *
pair_text(const struct ts_list *local, const struct ts_list *remote)
{
	struct buf b = {0};

	print_pair(&b, local, remote);
	return buf_steal_str(&b);
}

void
v2_why_suites(const struct suite *rows, size_t nr,
    enum ike_reason_code code, const char *step,
    const struct ike_payload *theirs, const char *text,
    struct ike_reason *why)
{
	char *ours = suites_text(rows, nr), *other;
	struct buf b = {0};

	if (theirs != NULL)
		suite_print_offer(&b, theirs);
	other = buf_steal_str(&b);
	if (code == REASON_PFS_MISMATCH) {
		ike_reason_set(why, code, true, step, ours, other,
		    "The key exchange group of the child (PFS) differs: %s",
		    text);
	} else {
		ike_reason_set(why, code, true, step, ours, other,
		    "No common %s proposal: %s",
		    code == REASON_NO_PROPOSAL_IKE ? "IKE" : "ESP", text);
	}
	free(ours);
	free(other);
}

void
v2_why_offer(const struct v2_sa *sa, enum ike_reason_code code,
    const char *step, const struct ike_payload *theirs, const char *text,
    struct ike_reason *why)
{
	v2_why_suites(sa->conf->suites, sa->conf->nr_suites, code, step,
	    theirs, text, why);
}

void
v2_why_group(const struct v2_sa *sa, const char *step, unsigned id,
    struct ike_reason *why)
{
	const struct alg *theirs = alg_by_id(ALG_KE, id);
	char *ours = suites_text(sa->conf->suites, sa->conf->nr_suites);
	char number[16], peer[ADDR_TEXT];
	const char *name = number;

	snprintf(number, sizeof(number), "group %u", id);
	if (theirs != NULL)
		name = theirs->name;
	ike_reason_set(why, REASON_INVALID_KE, true, step, ours, name,
	    "The peer %s asks for the key exchange %s, which we do not "
	    "propose or have just used.",
	    addr_print(&sa->path.remote.addr, peer), name);
	free(ours);
}

static const struct notify_row *
find_notify(const struct notify_row *row, uint16_t type)
{
	while (row->type != 0 && row->type != type)
		row++;
	return row;
}

/* AUTHENTICATION_FAILED to a certificate of ours. */
static void
why_certificate(const struct v2_sa *sa, struct ike_reason *why)
{
	const struct ike_cred *c = &sa->conf->cred;
	char peer[ADDR_TEXT], *id = ident_text(&sa->local_id);
	struct buf b = {0};

	buf_puts(&b, id);
	if (c->cert != NULL) {
		buf_puts(&b, ", certificate ");
		cert_print_subject(&b, c->cert);
		buf_puts(&b, ", issued by ");
		cert_print_issuer(&b, c->cert);
	}
	buf_u8(&b, '\0');
	ike_reason_set(why, REASON_AUTH_FAILED_SIGNATURE, false, "IKE_AUTH",
	    (char *)b.data, NULL, "The peer %s refused our authentication: it "
	    "does not accept our certificate, its authority or our identity "
	    "(AUTHENTICATION_FAILED).",
	    addr_print(&sa->path.remote.addr, peer));
	buf_free(&b);
	free(id);
}

void
v2_why_notify(const struct v2_sa *sa, const char *step, uint16_t type,
    struct ike_reason *why)
{
	const struct notify_row *row = find_notify(why_ike_table, type);
	char name[48], *ours = NULL;
	struct words w = { sa, step, ike_notify_name(type, name) };

	set(why, row->code, false, row->text, &w);
	if (sa->conf == NULL)
		return;
	if (row->code == REASON_AUTH_FAILED_PSK &&
	    sa->conf->cred.local == IKE_AUTH_CERT) {
		why_certificate(sa, why);
		return;
	}
	if (row->code == REASON_NO_PROPOSAL_IKE)
		ours = suites_text(sa->conf->suites, sa->conf->nr_suites);
	else if (row->code == REASON_AUTH_FAILED_PSK)
		ours = ident_text(&sa->local_id);
	v2_copy_text(why->ours, sizeof(why->ours), ours);
	free(ours);
}

void
v2_why_child(const struct v2_sa *sa, const char *step, uint16_t type,
    const struct ike_child_conf *conf, struct ike_reason *why)
{
	const struct notify_row *row = find_notify(why_child_table, type);
	char name[48], *ours = NULL;
	struct words w = { sa, step, ike_notify_name(type, name) };
	struct ts_list local = {0}, remote = {0};

	set(why, row->code, true, row->text, &w);
	if (row->code == REASON_TS_UNACCEPTABLE) {
		v2_selectors(sa, conf, &local, &remote);
		ours = pair_text(&local, &remote);
		ts_list_free(&local);
		ts_list_free(&remote);
	} else if (row->code == REASON_NO_PROPOSAL_CHILD ||
	    row->code == REASON_INVALID_KE) {
		ours = suites_text(conf->suites, conf->nr_suites);
	}
	v2_copy_text(why->ours, sizeof(why->ours), ours);
	free(ours);
}

void
v2_why_rekey(const struct v2_sa *sa, const struct v2_child *old,
    uint16_t type, struct ike_reason *why)
{
	char name[48];

	v2_why_child(sa, "CREATE_CHILD_SA", type, old->conf, why);
	/* the first child has no group of its own: PFS shows at its rekey */
	if ((type != N_NO_PROPOSAL_CHOSEN && type != N_INVALID_KE_PAYLOAD) ||
	    old->suite.ke != NULL)
		return;
	why->code = REASON_PFS_MISMATCH;
	why->sure = false;
	snprintf(why->text, sizeof(why->text), "The peer refused the rekey of "
	    "the child (%s), though the first child worked: the key exchange "
	    "group of phase 2 (PFS) probably differs.",
	    ike_notify_name(type, name));
}

void
v2_why_ts(const char *step, const struct ts_list *our_local,
    const struct ts_list *our_remote, const struct ts_list *local,
    const struct ts_list *remote, struct ike_reason *why)
{
	char *ours = pair_text(our_local, our_remote);
	char *theirs = pair_text(local, remote);

	ike_reason_set(why, REASON_TS_UNACCEPTABLE, true, step, ours, theirs,
	    "The traffic selectors have nothing in common or too little: "
	    "ours are %.120s, the peer's %.120s.", ours, theirs);
	free(ours);
	free(theirs);
}

void
v2_why_method(unsigned method, enum ike_auth want, struct ike_reason *why)
{
	static const char *const names[] = {
		[0] = "none (EAP)", [1] = "RSA signature",
		[2] = "pre-shared key", [9] = "ECDSA P-256",
		[10] = "ECDSA P-384", [11] = "ECDSA P-521",
		[13] = "NULL", [14] = "digital signature",
	};
	static const char *const ours[] = {
		[IKE_AUTH_PSK] = "pre-shared key",
		[IKE_AUTH_CERT] = "certificate",
		[IKE_AUTH_NULL] = "NULL (no authentication)",
	};
	const char *name = NULL;
	char number[16];

	if (method < NELEM(names))
		name = names[method];
	if (name == NULL) {
		snprintf(number, sizeof(number), "method %u", method);
		name = number;
	}
	ike_reason_set(why, REASON_AUTH_METHOD_MISMATCH, true, "IKE_AUTH",
	    ours[want], name, "The peer authenticates by %s, but %s is "
	    "configured for it.", name, ours[want]);
}

void
v2_why_psk(const struct ident *id, struct ike_reason *why)
{
	struct buf b = {0};
	char *name;

	ident_print(&b, id, false);
	name = buf_steal_str(&b);
	ike_reason_set(why, REASON_AUTH_FAILED_PSK, true, "IKE_AUTH", NULL,
	    NULL, "The pre-shared key differs: the peer's AUTH value does not "
	    "fit ours for \"%.200s\".", name);
	free(name);
}

void
v2_why_psk_missing(const struct v2_sa *sa, const struct ident *id,
    struct ike_reason *why)
{
	char *name = ident_text(id);

	ike_reason_set(why, REASON_PSK_MISSING, true, "IKE_AUTH", NULL, NULL,
	    "There is no pre-shared key for %s with the peer %.200s.",
	    sa->conf->name, name);
	free(name);
}

/* Same bytes, but another type: "gw" as FQDN and "gw" as KEY_ID. */
static bool
type_differs(const struct ident *a, const struct ident *b)
{
	return a != NULL && a->type != b->type && a->type != ID_ANY &&
	    a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static void
why_ident(const struct ident *ours, const struct ident *theirs,
    const char *differs, struct ike_reason *why)
{
	char *o = ident_text(ours), *t = ident_text(theirs);

	if (type_differs(ours, theirs)) {
		ike_reason_set(why, REASON_ID_TYPE_MISMATCH, true, "IKE_AUTH",
		    o, t, "The peer's identity is of type %s, configured is "
		    "the same text as %s.", ident_type_name(theirs->type),
		    ident_type_name(ours->type));
	} else {
		ike_reason_set(why, REASON_AUTH_FAILED_ID, true, "IKE_AUTH",
		    o, t, "%s: configured is %.120s, the peer says %.120s.",
		    differs, o, t);
	}
	free(o);
	free(t);
}

void
v2_why_id(const struct ident *ours, const struct ident *theirs,
    struct ike_reason *why)
{
	why_ident(ours, theirs, "The peer's identity differs", why);
}

void
v2_why_own_id(const struct ident *ours, const struct ident *theirs,
    struct ike_reason *why)
{
	why_ident(ours, theirs, "The peer expects another identity of us",
	    why);
}
