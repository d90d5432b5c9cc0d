/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * show.certificates: what the certificate and authority objects of the
 * running configuration hold, whether it serves, and the revocation lists
 * at hand.
 */
#include "engine/methods.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "crypto/cert.h"
#include "crypto/pkey.h"
#include "crypto/revoke.h"
#include "engine/internal.h"
#include "engine/pki.h"

#define SOON (30 * 86400)	/* s before the end when it is said */

static json_t *
json_of(struct buf *b)
{
	json_t *s;

	buf_u8(b, '\0');
	s = json_string((const char *)b->data);
	buf_free(b);
	return s;
}

/* A date as the protocol has them: RFC 3339. */
static json_t *
date_of(int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char text[32];

	if (seconds == 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_null();
	return json_string(text);
}

static const char *
state_of(const struct cert *c)
{
	int64_t now = (int64_t)time(NULL), end = cert_not_after(c);

	if (now > end)
		return "expired";
	if (now < cert_not_before(c))
		return "not-yet-valid";
	return end - now < SOON ? "expires-soon" : "valid";
}

static void
add_cert(json_t *o, const struct cert *c)
{
	struct buf subject = {0}, issuer = {0}, serial = {0}, names = {0};
	struct buf print = {0};
	uint8_t hash[32];

	cert_print_subject(&subject, c);
	cert_print_issuer(&issuer, c);
	cert_print_serial(&serial, c);
	cert_print_names(&names, c);
	cert_fingerprint(c, hash);
	str_hex(&print, hash, sizeof(hash));
	json_object_set_new(o, "state", json_string(state_of(c)));
	json_object_set_new(o, "subject", json_of(&subject));
	json_object_set_new(o, "issuer", json_of(&issuer));
	json_object_set_new(o, "serial", json_of(&serial));
	json_object_set_new(o, "names", json_of(&names));
	json_object_set_new(o, "sha256", json_of(&print));
	json_object_set_new(o, "not_before", date_of(cert_not_before(c)));
	json_object_set_new(o, "not_after", date_of(cert_not_after(c)));
}

static void
add_key(json_t *o, const struct pkey *k)
{
	struct buf b = {0};

	if (k == NULL)
		return;
	pkey_print(&b, k);
	json_object_set_new(o, "key", json_of(&b));
	json_object_set_new(o, "weak", json_boolean(pkey_weak(k)));
}

static json_t *
object_of(const struct conf_node *n, const char *kind)
{
	const char *file = conf_str(n, "file");

	return json_pack("{s:s s:s s:s}", "name", conf_node_name(n), "kind",
	    kind, "file", file != NULL ? file : "");
}

static void
add_error(json_t *o, const struct sp_error *err)
{
	json_object_set_new(o, "state", json_string("unreadable"));
	json_object_set_new(o, "error", json_string(err->text));
}

static json_t *
one_certificate(struct engine *e, const struct conf_node *n)
{
	json_t *o = object_of(n, "certificate");
	struct sp_error err = {0};
	struct pki_entry entry;

	if (pki_load(e->pki, n, &entry, &err) < 0) {
		add_error(o, &err);
		return o;
	}
	if (entry.cert != NULL)
		add_cert(o, entry.cert);
	else
		json_object_set_new(o, "state", json_string("raw-key"));
	add_key(o, entry.public);
	json_object_set_new(o, "private", json_boolean(entry.key != NULL));
	pki_entry_free(&entry);
	return o;
}

static void
each_authority(struct engine *e, const struct conf_node *n, json_t *list)
{
	struct sp_error err = {0};
	struct cert_list certs;
	json_t *o;
	size_t i;

	if (pki_load_authority(e->pki, n, &certs, &err) < 0) {
		o = object_of(n, "authority");
		add_error(o, &err);
		json_array_append_new(list, o);
		return;
	}
	for (i = 0; i < certs.nr; i++) {
		o = object_of(n, "authority");
		add_cert(o, certs.at[i]);
		add_key(o, cert_key(certs.at[i]));
		json_array_append_new(list, o);
	}
	cert_list_free(&certs);
}

static void
each_crl(void *ctx, const char *uri, const X509_CRL *crl, int64_t fetched,
    const char *error)
{
	struct buf safe = {0}, issuer = {0};
	json_t *o = json_object();

	str_safe(&safe, uri, strlen(uri));
	json_object_set_new(o, "uri", json_of(&safe));
	if (crl != NULL) {
		cert_print_name(&issuer, X509_CRL_get_issuer(crl));
		json_object_set_new(o, "issuer", json_of(&issuer));
		json_object_set_new(o, "fetched", date_of(fetched));
		json_object_set_new(o, "this_update",
		    date_of(cert_time(X509_CRL_get0_lastUpdate(crl))));
		json_object_set_new(o, "next_update",
		    date_of(cert_time(X509_CRL_get0_nextUpdate(crl))));
	}
	if (error[0] != '\0')
		json_object_set_new(o, "error", json_string(error));
	json_array_append_new(ctx, o);
}

METHOD(method_show_certificates)
{
	struct engine *e = call->engine;
	const struct conf_node *root = conf_root(e->conf), *n = NULL;
	json_t *list = json_array(), *crls = json_array();

	(void)params;
	(void)err;
	while ((n = conf_next_child(root, "certificate", n)) != NULL)
		json_array_append_new(list, one_certificate(e, n));
	while ((n = conf_next_child(root, "authority", n)) != NULL)
		each_authority(e, n, list);
	revocation_each(pki_revocation(e->pki), each_crl, crls);
	call->result = json_pack("{s:o s:o}", "certificates", list, "crls",
	    crls);
	return 0;
}
