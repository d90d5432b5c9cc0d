/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures of IKE_AUTH (RFC 7296 2.15) and Main Mode as jobs.  Verifying:
 * find the certificate (the first CERT payload, or the pinned one), believe
 * it, see that it proves the identity, then check the signature with its
 * key; each step has its reason (conformance.md 17-26).
 */
#include "ike/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "crypto/pkey.h"
#include "crypto/trust.h"
#include "ike/conf.h"

void
ike_cred_free(struct ike_cred *c)
{
	pkey_unref(c->key);
	cert_unref(c->cert);
	cert_list_free(&c->chain);
	trust_unref(c->trust);
	cert_unref(c->pinned);
	pkey_unref(c->pinned_key);
	memset(c, 0, sizeof(*c));
}

struct ike_job *
ike_job_sign(const struct ike_cred *c, const struct sig *how,
    const char *step)
{
	struct ike_job *j = xcalloc(1, sizeof(*j));

	j->kind = JOB_SIGN;
	j->key = pkey_ref(c->key);
	j->how = *how;
	j->step = step;
	return j;
}

struct ike_job *
ike_job_verify(const struct ike_cred *c, uint8_t method,
    const struct ident *peer, const char *step)
{
	struct ike_job *j = xcalloc(1, sizeof(*j));

	j->kind = JOB_VERIFY;
	j->method = method;
	ident_copy(&j->peer, peer);
	j->sha1 = c->sha1;
	j->step = step;
	if (c->trust != NULL)
		j->trust = trust_ref(c->trust);
	if (c->pinned != NULL)
		j->pinned = cert_ref(c->pinned);
	if (c->pinned_key != NULL)
		j->pinned_key = pkey_ref(c->pinned_key);
	return j;
}

bool
ike_job_add_cert(struct ike_job *j, uint8_t encoding, const void *data,
    size_t len)
{
	if (j->nr_certs == JOB_CERTS || len == 0 || len > CERT_MAX)
		return false;
	j->cert[j->nr_certs].encoding = encoding;
	buf_bytes(&j->cert[j->nr_certs].data, data, len);
	j->nr_certs++;
	return true;
}

void
ike_job_free(struct ike_job *j)
{
	unsigned i;

	if (j == NULL)
		return;
	for (i = 0; i < j->nr_certs; i++)
		buf_free(&j->cert[i].data);
	buf_wipe(&j->octets);
	buf_free(&j->auth);
	buf_free(&j->signature);
	ident_free(&j->peer);
	pkey_unref(j->key);
	pkey_unref(j->pinned_key);
	cert_unref(j->pinned);
	trust_unref(j->trust);
	free(j);
}

/* ---- signing ---- */

static void
run_sign(struct ike_job *j)
{
	struct chunk in = { j->octets.data, j->octets.len };
	struct sp_error err = {0};
	int ret;

	if (j->raw)
		ret = sig_raw_make(j->key, in.p, in.len, &j->signature, &err);
	else
		ret = sig_make(j->key, &j->how, &in, 1, &j->signature, &err);
	j->ok = ret == 0;
	if (ret < 0) {
		ike_reason_set(&j->why, REASON_KEY_MISSING, true, j->step,
		    NULL, NULL, "Our private key does not sign: %s",
		    err.text);
	}
}

/* ---- verifying ---- */

static void
fail_with(struct ike_job *j, enum ike_reason_code code, const char *text)
{
	ike_reason_set(&j->why, code, true, j->step, NULL, NULL, "%s", text);
}

/* Read the CERT payloads; the first certificate is the peer's own. */
static bool
read_certs(struct ike_job *j, struct cert_list *certs, struct chunk *crls,
    size_t *nr_crls)
{
	struct sp_error err = {0};
	struct cert *c;
	unsigned i;

	for (i = 0; i < j->nr_certs; i++) {
		struct buf *b = &j->cert[i].data;

		if (j->cert[i].encoding == CERT_ENC_CRL) {
			crls[(*nr_crls)++] = (struct chunk){ b->data, b->len };
			continue;
		}
		if (j->cert[i].encoding != CERT_ENC_X509)
			continue;
		if (cert_read(&c, b->data, b->len, &err) < 0) {
			ike_reason_set(&j->why, REASON_INVALID_SYNTAX, true,
			    j->step, NULL, NULL, "A certificate that the peer "
			    "sent cannot be read: %s", err.text);
			return false;
		}
		cert_list_add(certs, c);
	}
	return true;
}

static void
fail_missing(struct ike_job *j)
{
	unsigned i;

	for (i = 0; i < j->nr_certs; i++) {
		if (j->cert[i].encoding == CERT_ENC_HASH_URL ||
		    j->cert[i].encoding == CERT_ENC_BUNDLE_URL) {
			fail_with(j, REASON_CERT_MISSING, "The peer sent the "
			    "URL of its certificate instead of the "
			    "certificate; we do not fetch from where a "
			    "stranger says.");
			return;
		}
	}
	for (i = 0; i < j->nr_certs; i++) {
		if (j->cert[i].encoding == CERT_ENC_RAW_KEY) {
			fail_with(j, REASON_CERT_UNTRUSTED, "The peer sent a "
			    "raw public key, and none is configured as "
			    "peer-certificate.");
			return;
		}
	}
	fail_with(j, REASON_CERT_MISSING, "The peer sent no certificate, and "
	    "none is configured as peer-certificate.");
}

static enum cert_name
name_type(const struct ident *id)
{
	switch ((enum ident_type)id->type) {
	case ID_IPV4_ADDR:
		return CERT_IPV4;
	case ID_IPV6_ADDR:
		return CERT_IPV6;
	case ID_FQDN:
		return CERT_FQDN;
	case ID_RFC822_ADDR:
		return CERT_MAIL;
	case ID_DER_ASN1_DN:
		return CERT_DN;
	case ID_ANY:
	case ID_DER_ASN1_GN:
	case ID_KEY_ID:
	case ID_NULL:
		break;
	}
	return 0;
}

bool
ike_cert_proves(const struct cert *c, const struct ident *id)
{
	enum cert_name type = name_type(id);

	return type != 0 && cert_has_name(c, type, id->data, id->len);
}

static bool
check_identity(struct ike_job *j, const struct cert *c)
{
	struct buf id = {0}, has = {0};

	if (ike_cert_proves(c, &j->peer))
		return true;
	ident_print(&id, &j->peer, true);
	buf_u8(&id, '\0');
	buf_puts(&has, "subject ");
	cert_print_subject(&has, c);
	buf_puts(&has, "; names ");
	cert_print_names(&has, c);
	buf_u8(&has, '\0');
	ike_reason_set(&j->why, REASON_ID_NOT_IN_CERT, true, j->step,
	    (char *)id.data, (char *)has.data, "The peer says to be %.120s, "
	    "but its certificate is for %.200s.", (char *)id.data,
	    (char *)has.data);
	buf_free(&id);
	buf_free(&has);
	return false;
}

/* The key that the signature has to fit; NULL after why was filled. */
static struct pkey *
find_key(struct ike_job *j, int64_t now)
{
	struct cert_list certs = {0};
	struct chunk crls[JOB_CERTS];
	struct pkey *key = NULL;
	size_t nr_crls = 0;
	bool ok;

	if (!read_certs(j, &certs, crls, &nr_crls)) {
		cert_list_free(&certs);
		return NULL;
	}
	if (j->pinned_key != NULL) {
		key = pkey_ref(j->pinned_key);
	} else if (j->pinned != NULL) {
		if (certs.nr > 0 && !cert_eq(certs.at[0], j->pinned)) {
			fail_with(j, REASON_CERT_UNTRUSTED, "The peer's "
			    "certificate is not the one that is configured "
			    "as peer-certificate.");
		} else if (trust_check_pinned(j->pinned, now, j->step,
		    &j->why)) {
			key = pkey_ref(cert_key(j->pinned));
		}
	} else if (certs.nr == 0) {
		fail_missing(j);
	} else if (j->trust == NULL) {
		fail_with(j, REASON_CERT_UNTRUSTED, "No authority is "
		    "configured that could stand behind the peer's "
		    "certificate.");
	} else {
		ok = trust_check(j->trust, certs.at[0],
		    &certs, crls, nr_crls, now, j->step, &j->why);
		if (ok && check_identity(j, certs.at[0]))
			key = pkey_ref(cert_key(certs.at[0]));
	}
	cert_list_free(&certs);
	return key;
}

static void
judge_signature(struct ike_job *j, const struct pkey *key)
{
	struct chunk in = { j->octets.data, j->octets.len };
	enum ike_reason_code code = REASON_AUTH_FAILED_SIGNATURE;
	struct sp_error err = {0};
	struct buf id = {0}, ours = {0};
	struct sig how;
	int ret;

	if (j->raw)
		ret = sig_raw_check(key, in.p, in.len, j->auth.data,
		    j->auth.len, &err);
	else
		ret = sig_check(key, j->method, j->auth.data, j->auth.len,
		    j->sha1, &in, 1, &how, &err);
	j->ok = ret == 0;
	if (j->ok)
		return;
	if (ret == SP_UNSUPPORTED)
		code = REASON_SIG_HASH_UNSUPPORTED;
	ident_print(&id, &j->peer, true);
	buf_u8(&id, '\0');
	sig_print_hashes(&ours, SIG_OURS);
	buf_u8(&ours, '\0');
	ike_reason_set(&j->why, code, true, j->step, (char *)ours.data,
	    (char *)id.data, "%s", err.text);
	buf_free(&id);
	buf_free(&ours);
}

void
ike_job_run(struct ike_job *j, int64_t now)
{
	struct pkey *key;

	if (j->kind == JOB_SIGN) {
		run_sign(j);
		return;
	}
	key = find_key(j, now);
	if (key != NULL)
		judge_signature(j, key);
	pkey_unref(key);
}
