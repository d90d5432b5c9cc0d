/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Keys, requests, certificates: made and brought into certs/ beside the
 * configuration.  Nothing here changes the configuration; the shell adds the
 * objects to its candidate.  A key that takes long to make is made by a
 * signing thread, and the call is answered when it is there.
 */
#include "engine/methods.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "conf/model.h"
#include "crypto/cert.h"
#include "crypto/issue.h"
#include "crypto/pkey.h"
#include "engine/internal.h"
#include "engine/pki.h"
#include "ike/ident.h"

#define DAYS_MAX 36500
#define IMPORT_MAX (768u << 10)	/* characters of base64 */
#define PASS_MAX 1024

static const char *
text_of(const json_t *params, const char *key)
{
	return json_string_value(json_object_get(params, key));
}

/* The name of an object, which is that of its files too. */
static int
name_of(const json_t *params, const char *key, char out[NAME_SIZE],
    struct sp_error *err)
{
	const char *name = text_of(params, key);
	char *canon;
	int ret;

	if (name == NULL)
		return sp_fail(err, SP_FORMAT, "\"%s\" names a certificate.",
		    key);
	ret = schema_name(schema_child(&conf_root_object, "certificate"),
	    name, &canon, err);
	if (ret < 0)
		return ret;
	snprintf(out, NAME_SIZE, "%s", canon);
	free(canon);
	return 0;
}

static int
days_of(const json_t *params, unsigned def, unsigned *out,
    struct sp_error *err)
{
	const json_t *v = json_object_get(params, "days");
	json_int_t days = v == NULL ? def : json_integer_value(v);

	if (days < 1 || days > DAYS_MAX) {
		return sp_fail(err, SP_RANGE, "A certificate is valid for 1 "
		    "to %d days.", DAYS_MAX);
	}
	*out = (unsigned)days;
	return 0;
}

static json_t *
json_of(struct buf *b)
{
	json_t *s;

	buf_u8(b, '\0');
	s = json_string((const char *)b->data);
	buf_free(b);
	return s;
}

/* ---- keys ---- */

struct making {
	struct list link;
	struct client *client;	/* NULL: it is gone */
	struct engine *engine;
	json_t *id;
	char name[NAME_SIZE], type[16], param[16];
	struct pkey *key;
	struct sp_error err;
	int ret;
};

static void
run_making(void *ctx)
{
	struct making *m = ctx;

	m->ret = pkey_generate(&m->key, m->type,
	    m->param[0] != '\0' ? m->param : NULL, &m->err);
}

/* Keep the private key; an answer with its public half. */
static int
store_key(struct engine *e, const char *name, const struct pkey *key,
    json_t **out, struct sp_error *err)
{
	char *file = xasprintf("%s.key", name);
	struct buf pem = {0}, kind = {0}, pub = {0};
	int ret;

	ret = pkey_write_private(key, NULL, &pem, err);
	if (ret == 0)
		ret = pki_write(e->pki, file, &pem, 0600, err);
	if (ret == 0)
		ret = pkey_write_public(key, &pub, err);
	if (ret == 0) {
		pkey_print(&kind, key);
		*out = json_pack("{s:s s:s s:o s:o}", "name", name, "file",
		    file, "kind", json_of(&kind), "public", json_of(&pub));
	}
	buf_wipe(&pem);
	buf_free(&pub);
	free(file);
	return ret;
}

static void
end_making(void *ctx)
{
	struct making *m = ctx;
	json_t *result = NULL;

	if (m->ret == 0)
		m->ret = store_key(m->engine, m->name, m->key, &result,
		    &m->err);
	if (m->client != NULL && m->ret == 0)
		control_result(m->client, m->id, result, false);
	else if (m->client != NULL)
		control_error(m->client, m->id, &m->err, NULL);
	else
		json_decref(result);
	list_remove(&m->link);
}

static void
drop_making(void *ctx)
{
	struct making *m = ctx;

	json_decref(m->id);
	pkey_unref(m->key);
	free(m);
}

void
makings_drop_client(struct engine *e, const struct client *c)
{
	struct making *m;

	LIST_EACH(m, &e->makings, struct making, link) {
		if (m->client == c)
			m->client = NULL;
	}
}

METHOD(method_pki_key)
{
	static const struct worker_task task = {
		run_making, end_making, drop_making,
	};
	const char *type = text_of(params, "type");
	const char *param = text_of(params, "param");
	struct making *m = xcalloc(1, sizeof(*m));
	int ret;

	ret = name_of(params, "name", m->name, err);
	if (ret < 0) {
		free(m);
		return ret;
	}
	snprintf(m->type, sizeof(m->type), "%s", type ? type : "ecdsa");
	snprintf(m->param, sizeof(m->param), "%s", param ? param : "");
	m->client = call->client;
	m->engine = call->engine;
	m->id = json_incref(call->id);
	list_append(&call->engine->makings, &m->link);
	(void)worker_run(call->engine->signer, &task, m);
	return CALL_LATER;
}

static int
read_key(struct engine *e, const char *name, struct pkey **out,
    struct sp_error *err)
{
	char *file = xasprintf("%s.key", name);
	struct buf b = {0};
	int ret;

	ret = pki_read(e->pki, file, &b, err);
	if (ret == 0)
		ret = pkey_read_private(out, b.data, b.len, NULL, file, err);
	else
		sp_hint(err, "generate key-pair %s", name);
	buf_wipe(&b);
	free(file);
	return ret;
}

/* ---- requests and authorities ---- */

/* "CN=gw, O=x" or a name without "=", which is the common name. */
static int
subject_of(const json_t *params, const char *name, struct ident *out,
    struct sp_error *err)
{
	const char *text = text_of(params, "subject");
	char *dn;
	int ret;

	if (text == NULL)
		text = name;
	dn = xasprintf("dn:%s%s", strchr(text, '=') == NULL ? "CN=" : "",
	    text);
	ret = ident_parse(out, dn, err);
	free(dn);
	return ret;
}

/* The kind of a subjectAltName by its look; false: it cannot be one. */
static int
add_name(struct issue *what, const char *text, struct sp_error *err)
{
	struct ident id = {0};
	int ret;

	if (what->nr_names == ISSUE_NAMES) {
		return sp_fail(err, SP_RANGE, "A certificate has at most %d "
		    "names here.", ISSUE_NAMES);
	}
	ret = ident_parse(&id, text, err);
	if (ret < 0)
		return ret;
	switch ((enum ident_type)id.type) {
	case ID_IPV4_ADDR:
	case ID_IPV6_ADDR:
		what->name[what->nr_names].type = ISSUE_IP;
		break;
	case ID_RFC822_ADDR:
		what->name[what->nr_names].type = ISSUE_MAIL;
		break;
	case ID_FQDN:
		what->name[what->nr_names].type = ISSUE_DNS;
		break;
	case ID_ANY:
	case ID_DER_ASN1_DN:
	case ID_DER_ASN1_GN:
	case ID_KEY_ID:
	case ID_NULL:
		ret = sp_fail(err, SP_FORMAT, "\"%.80s\" cannot be a name of "
		    "a certificate; give a host name, an address or an "
		    "e-mail address.", text);
		break;
	}
	ident_free(&id);
	if (ret == 0)
		what->name[what->nr_names++].text = text;
	return ret;
}

static int
names_of(const json_t *params, struct issue *what, struct sp_error *err)
{
	json_t *list = json_object_get(params, "names"), *v;
	size_t i;
	int ret = 0;

	json_array_foreach(list, i, v) {
		if (ret == 0 && json_string_value(v) != NULL)
			ret = add_name(what, json_string_value(v), err);
	}
	return ret;
}

METHOD(method_pki_request)
{
	struct issue what = {0};
	struct ident subject = {0};
	struct pkey *key = NULL;
	struct buf pem = {0};
	char name[NAME_SIZE];
	int ret;

	ret = name_of(params, "name", name, err);
	if (ret == 0)
		ret = subject_of(params, name, &subject, err);
	if (ret == 0)
		ret = names_of(params, &what, err);
	if (ret == 0)
		ret = read_key(call->engine, name, &key, err);
	what.subject = subject.data;
	what.subject_len = subject.len;
	if (ret == 0)
		ret = issue_request(key, &what, &pem, err);
	if (ret == 0)
		call->result = json_pack("{s:s s:o}", "name", name, "pem",
		    json_of(&pem));
	ident_free(&subject);
	pkey_unref(key);
	buf_free(&pem);
	return ret;
}

/* The key of an authority: there already, or a new one. */
static int
authority_key(struct engine *e, const char *name, struct pkey **out,
    struct sp_error *err)
{
	json_t *ignored = NULL;
	int ret;

	if (read_key(e, name, out, NULL) == 0)
		return 0;
	ret = pkey_generate(out, "ecdsa", "p256", err);
	if (ret == 0)
		ret = store_key(e, name, *out, &ignored, err);
	json_decref(ignored);
	return ret;
}

/* Write NAME.pem and answer with it. */
static int
store_cert(struct engine *e, const char *name, const struct cert *c,
    json_t **out, struct sp_error *err)
{
	char *file = xasprintf("%s.pem", name);
	struct buf pem = {0}, subject = {0};
	int ret;

	ret = cert_write_pem(c, &pem, err);
	if (ret == 0)
		ret = pki_write(e->pki, file, &pem, 0644, err);
	if (ret == 0) {
		cert_print_subject(&subject, c);
		*out = json_pack("{s:s s:s s:o s:o}", "name", name, "file",
		    file, "subject", json_of(&subject), "pem",
		    json_of(&pem));
	}
	buf_free(&pem);
	free(file);
	return ret;
}

METHOD(method_pki_authority)
{
	struct issue what = {0};
	struct ident subject = {0};
	struct pkey *key = NULL;
	struct cert *c = NULL;
	char name[NAME_SIZE];
	int ret;

	ret = name_of(params, "name", name, err);
	if (ret == 0)
		ret = subject_of(params, name, &subject, err);
	if (ret == 0)
		ret = days_of(params, 3650, &what.days, err);
	if (ret == 0)
		ret = authority_key(call->engine, name, &key, err);
	what.subject = subject.data;
	what.subject_len = subject.len;
	if (ret == 0)
		ret = issue_authority(key, &what, (int64_t)time(NULL), &c,
		    err);
	if (ret == 0)
		ret = store_cert(call->engine, name, c, &call->result, err);
	ident_free(&subject);
	pkey_unref(key);
	cert_unref(c);
	return ret;
}

static int
read_authority(struct engine *e, const char *name, struct cert_list *out,
    struct pkey **key, struct sp_error *err)
{
	const struct conf_node *n;
	char *file = xasprintf("%s.pem", name);
	struct buf b = {0};
	int ret;

	n = conf_child(conf_root(e->conf), "authority", name);
	ret = pki_read(e->pki, n != NULL && conf_str(n, "file") != NULL ?
	    conf_str(n, "file") : file, &b, err);
	if (ret == 0)
		ret = cert_read_file(out, b.data, b.len, file, err);
	else
		sp_hint(err, "generate authority %s", name);
	if (ret == 0)
		ret = read_key(e, name, key, err);
	if (ret == 0 && !cert_is_ca(out->at[0])) {
		ret = sp_fail(err, SP_INVALID, "\"%s\" is not a CA "
		    "certificate (basicConstraints).", name);
	} else if (ret == 0 && (cert_key(out->at[0]) == NULL ||
	    !pkey_same(*key, cert_key(out->at[0])))) {
		ret = sp_fail(err, SP_INVALID, "The key in \"%s.key\" does "
		    "not belong to authority \"%s\".", name, name);
	}
	buf_free(&b);
	free(file);
	return ret;
}

METHOD(method_pki_sign)
{
	const char *request = text_of(params, "request");
	struct cert_list list = {0};
	struct buf pem = {0}, subject = {0};
	struct pkey *key = NULL;
	struct cert *c = NULL;
	char name[NAME_SIZE];
	unsigned days = 0;
	int ret;

	if (request == NULL)
		return sp_fail(err, SP_FORMAT, "\"request\" is the text of a "
		    "request in PEM.");
	ret = name_of(params, "authority", name, err);
	if (ret == 0)
		ret = days_of(params, 825, &days, err);
	if (ret == 0)
		ret = read_authority(call->engine, name, &list, &key, err);
	if (ret == 0)
		ret = issue_sign(list.at[0], key, request, strlen(request),
		    "the request", days, (int64_t)time(NULL), &c, err);
	if (ret == 0)
		ret = cert_write_pem(c, &pem, err);
	if (ret == 0) {
		cert_print_subject(&subject, c);
		call->result = json_pack("{s:o s:o}", "subject",
		    json_of(&subject), "pem", json_of(&pem));
	}
	cert_list_free(&list);
	pkey_unref(key);
	cert_unref(c);
	buf_free(&pem);
	return ret;
}

/* ---- import ---- */

/* The key beside it has to be its own, if there is one. */
static int
check_beside(struct engine *e, const char *name, const struct cert *c,
    struct sp_error *err)
{
	struct pkey *key = NULL;
	int ret = 0;

	if (read_key(e, name, &key, NULL) < 0)
		return 0;
	if (cert_key(c) == NULL || !pkey_same(key, cert_key(c))) {
		ret = sp_fail(err, SP_INVALID, "The key in \"%s.key\" does "
		    "not belong to this certificate; import it under another "
		    "name.", name);
	}
	pkey_unref(key);
	return ret;
}

static int
check_dates(const struct cert *c, struct sp_error *err)
{
	struct buf date = {0};

	if ((int64_t)time(NULL) <= cert_not_after(c))
		return 0;
	cert_print_date(&date, cert_not_after(c));
	sp_fail(err, SP_INVALID, "The certificate expired on %.*s.",
	    (int)date.len, (char *)date.data);
	buf_free(&date);
	return SP_INVALID;
}

static int
import_certs(struct engine *e, const char *name, const char *source,
    const struct buf *data, json_t **out, struct sp_error *err)
{
	struct cert_list list = {0};
	struct buf subject = {0}, bytes = {0};
	char *file = xasprintf("%s.pem", name);
	int ret;
	size_t i;

	ret = cert_read_file(&list, data->data, data->len, source, err);
	if (ret == 0)
		ret = check_dates(list.at[0], err);
	if (ret == 0)
		ret = check_beside(e, name, list.at[0], err);
	for (i = 0; ret == 0 && i < list.nr; i++)
		ret = cert_write_pem(list.at[i], &bytes, err);
	if (ret == 0)
		ret = pki_write(e->pki, file, &bytes, 0644, err);
	if (ret == 0) {
		cert_print_subject(&subject, list.at[0]);
		*out = json_pack("{s:s s:s s:o s:b}", "name", name, "file",
		    file, "subject", json_of(&subject), "authority",
		    cert_is_ca(list.at[0]));
	}
	cert_list_free(&list);
	buf_free(&bytes);
	free(file);
	return ret;
}

static int
import_pkcs12(struct engine *e, const char *name, const char *source,
    const struct buf *data, const struct secret *pass, json_t **out,
    struct sp_error *err)
{
	struct cert_list list = {0};
	struct buf subject = {0}, bytes = {0};
	char *file = xasprintf("%s.p12", name);
	struct pkey *key = NULL;
	int ret;

	ret = cert_read_pkcs12(&key, &list, data->data, data->len, pass,
	    source, err);
	if (ret == 0)
		ret = check_dates(list.at[0], err);
	buf_bytes(&bytes, data->data, data->len);
	if (ret == 0)
		ret = pki_write(e->pki, file, &bytes, 0600, err);
	if (ret == 0) {
		cert_print_subject(&subject, list.at[0]);
		*out = json_pack("{s:s s:s s:o s:i}", "name", name, "file",
		    file, "subject", json_of(&subject), "more",
		    (int)list.nr - 1);
	}
	cert_list_free(&list);
	pkey_unref(key);
	buf_wipe(&bytes);
	free(file);
	return ret;
}

/* Base64 by OpenSSL, which knows no length: the padding tells it. */
static int
decode(const json_t *params, const char *key, struct buf *out,
    struct sp_error *err)
{
	const char *text = text_of(params, key);
	size_t len = text == NULL ? 0 : strlen(text), pad = 0;
	int n;

	if (len == 0 || len > IMPORT_MAX)
		return sp_fail(err, SP_RANGE, "\"%s\" is base64 of 1 to %u "
		    "characters.", key, IMPORT_MAX);
	while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
		pad++;
	n = EVP_DecodeBlock(buf_space(out, len / 4 * 3 + 3),
	    (const unsigned char *)text, (int)len);
	if (n < 0 || (size_t)n < pad)
		return sp_fail(err, SP_FORMAT, "\"%s\" is not base64.", key);
	buf_truncate(out, (size_t)n - pad);
	return 0;
}

METHOD(method_pki_import)
{
	bool bag = str_eq(text_of(params, "kind"), "pkcs12");
	const char *source = text_of(params, "source");
	struct buf data = {0}, word = {0};
	struct secret pass = {0};
	char name[NAME_SIZE];
	int ret;

	ret = name_of(params, "name", name, err);
	if (source == NULL)
		source = name;
	if (ret == 0)
		ret = decode(params, "data", &data, err);
	if (ret == 0 && text_of(params, "passphrase") != NULL)
		ret = decode(params, "passphrase", &word, err);
	if (ret == 0 && word.len > PASS_MAX)
		ret = sp_fail(err, SP_RANGE, "A pass phrase has at most %d "
		    "bytes.", PASS_MAX);
	if (ret == 0 && word.len > 0)
		secret_set(&pass, word.data, word.len);
	if (ret == 0 && bag)
		ret = import_pkcs12(call->engine, name, source, &data,
		    &pass, &call->result, err);
	else if (ret == 0)
		ret = import_certs(call->engine, name, source, &data,
		    &call->result, err);
	buf_wipe(&data);
	buf_wipe(&word);
	secret_free(&pass);
	return ret;
}
