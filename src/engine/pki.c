/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * From `certificate` and `authority` objects to credentials.  Files are read
 * when a phase 1 is built (a commit, a start).  What two entries have alike
 * is one object: the sets of authorities are kept by their description, so
 * ten thousand phase 1 entries share one.
 */
#include "engine/pki.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "crypto/pkey.h"
#include "crypto/revoke.h"
#include "crypto/trust.h"
#include "engine/fetch.h"
#include "ike/ident.h"

#define SETS_MAX 16		/* sets of authorities that are kept */

struct trust_set {
	char *key;		/* names, files, policy */
	struct trust *trust;
};

struct pki {
	char *dir;		/* with certs/ */
	struct log *log;
	struct revocation *revocation;
	struct trust_set set[SETS_MAX];
	unsigned next;		/* the one to be replaced */
};

struct pki *
pki_new(const char *conf_dir, struct log *log)
{
	struct pki *p = xcalloc(1, sizeof(*p));

	p->dir = xasprintf("%s/certs", conf_dir);
	p->log = log;
	p->revocation = revocation_new(fetch_uri, NULL);
	return p;
}

static void
set_free(struct trust_set *s)
{
	free(s->key);
	trust_unref(s->trust);
	memset(s, 0, sizeof(*s));
}

void
pki_free(struct pki *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < SETS_MAX; i++)
		set_free(&p->set[i]);
	revocation_unref(p->revocation);
	free(p->dir);
	free(p);
}

struct revocation *
pki_revocation(struct pki *p)
{
	return p->revocation;
}

/* ---- files ---- */

char *
pki_path(const struct pki *p, const char *name)
{
	return name[0] == '/' ? xstrdup(name) :
	    xasprintf("%s/%s", p->dir, name);
}

int
pki_read(const struct pki *p, const char *name, struct buf *out,
    struct sp_error *err)
{
	char *path = pki_path(p, name);
	int ret = fetch_file(path, CERT_FILE_MAX, out, err);

	free(path);
	return ret;
}

static int
write_all(int fd, const struct buf *b)
{
	size_t off = 0;
	ssize_t n;

	while (off < b->len) {
		n = write(fd, b->data + off, b->len - off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		off += (size_t)n;
	}
	return fsync(fd);
}

int
pki_write(const struct pki *p, const char *name, const struct buf *bytes,
    unsigned mode, struct sp_error *err)
{
	char *path = pki_path(p, name), *part = xasprintf("%s.new", path);
	int fd, ret = 0;

	(void)mkdir(p->dir, 0750);
	(void)unlink(part);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    mode);
	if (fd < 0) {
		ret = sp_fail_errno(err, errno, "\"%.200s\"", part);
	} else if (write_all(fd, bytes) < 0 || link(part, path) < 0) {
		if (errno == EEXIST)
			ret = sp_fail(err, SP_EXISTS, "There is \"%.200s\" "
			    "already; remove it or take another name.", path);
		else
			ret = sp_fail_errno(err, errno, "\"%.200s\"", path);
	}
	if (fd >= 0) {
		close(fd);
		(void)unlink(part);
	}
	free(part);
	free(path);
	return ret;
}

/* ---- certificates ---- */

static const struct secret *
pass_of(const struct conf_node *n)
{
	char name[128];

	if (!conf_secret_name(conf_str(n, "passphrase"), name, sizeof(name)))
		return NULL;
	return conf_secret(conf_node_tree(n), name);
}

static void
warn_mode(const struct pki *p, const char *name)
{
	char *path = pki_path(p, name);
	struct stat st;

	if (p->log != NULL && stat(path, &st) == 0 && (st.st_mode & 07)) {
		log_event(p->log, LOG_LVL_WARNING, "key-readable", "",
		    "file: \"%s\", mode: %o, advice: chmod 600", path,
		    (unsigned)(st.st_mode & 0777));
	}
	free(path);
}

static int
read_key(struct pki *p, const struct conf_node *n, const char *name,
    struct pki_entry *out, struct sp_error *err)
{
	struct buf b = {0};
	int ret;

	if (str_prefix(name, "pkcs11:"))
		return pkey_open_token(&out->key, name, pass_of(n), err);
	ret = pki_read(p, name, &b, err);
	if (ret == 0) {
		ret = pkey_read_private(&out->key, b.data, b.len, pass_of(n),
		    name, err);
		warn_mode(p, name);
	}
	buf_wipe(&b);
	return ret;
}

/* A key that nothing names: in the certificate's file, or NAME.key. */
static int
find_key(struct pki *p, const struct conf_node *n, const struct buf *file,
    struct pki_entry *out, struct sp_error *err)
{
	char *name = xasprintf("%s.key", conf_node_name(n)), *path;
	int ret;

	path = pki_path(p, name);
	ret = pkey_read_private(&out->key, file->data, file->len, pass_of(n),
	    conf_str(n, "file"), err);
	if (ret == SP_FORMAT) {
		ret = 0;
		if (access(path, R_OK) == 0)
			ret = read_key(p, n, name, out, err);
	} else if (ret == 0) {
		warn_mode(p, conf_str(n, "file"));
	}
	free(path);
	free(name);
	return ret;
}

static int
read_public(const char *name, const struct buf *file, struct pki_entry *out,
    struct sp_error *err)
{
	struct sp_error why = {0};
	int ret;

	ret = cert_read_file(&out->chain, file->data, file->len, name, &why);
	if (ret == 0) {
		/* the first is the certificate, the rest its chain */
		out->cert = out->chain.at[0];
		out->chain.nr--;
		memmove(out->chain.at, out->chain.at + 1,
		    out->chain.nr * sizeof(*out->chain.at));
		if (cert_key(out->cert) != NULL)
			out->public = pkey_ref(cert_key(out->cert));
		return 0;
	}
	if (pkey_read_public(&out->public, file->data, file->len, name,
	    NULL) == 0)
		return 0;
	return sp_fail(err, (enum sp_code)ret, "%s", why.text);
}

static int
read_pkcs12(const struct conf_node *n, const struct buf *file,
    struct pki_entry *out, struct sp_error *err)
{
	int ret;

	ret = cert_read_pkcs12(&out->key, &out->chain, file->data, file->len,
	    pass_of(n), conf_str(n, "file"), err);
	if (ret < 0)
		return ret;
	out->cert = out->chain.at[0];
	out->chain.nr--;
	memmove(out->chain.at, out->chain.at + 1,
	    out->chain.nr * sizeof(*out->chain.at));
	if (cert_key(out->cert) != NULL)
		out->public = pkey_ref(cert_key(out->cert));
	return 0;
}

static int
load(struct pki *p, const struct conf_node *n, struct pki_entry *out,
    struct sp_error *err)
{
	const char *file = conf_str(n, "file"), *key = conf_str(n, "key");
	struct sp_error why = {0};
	struct buf b = {0};
	int ret;

	if (file == NULL) {
		return sp_fail(err, SP_INVALID, "Certificate \"%s\" names no "
		    "file.", conf_node_name(n));
	}
	ret = pki_read(p, file, &b, &why);
	if (ret < 0) {
		ret = sp_fail(err, (enum sp_code)ret, "\"%s\" holds no "
		    "certificate (%s).", file, why.text);
	} else if (cert_is_pkcs12(b.data, b.len)) {
		ret = read_pkcs12(n, &b, out, err);
	} else {
		ret = read_public(file, &b, out, err);
		if (ret == 0 && key == NULL)
			ret = find_key(p, n, &b, out, err);
	}
	if (ret == 0 && key != NULL)
		ret = read_key(p, n, key, out, err);
	buf_wipe(&b);
	return ret;
}

int
pki_load(struct pki *p, const struct conf_node *n, struct pki_entry *out,
    struct sp_error *err)
{
	int ret;

	memset(out, 0, sizeof(*out));
	ret = load(p, n, out, err);
	if (ret == 0 && out->public == NULL) {
		ret = sp_fail(err, SP_UNSUPPORTED, "The key of certificate "
		    "\"%s\" is of no kind that IKE signs with.",
		    conf_node_name(n));
	}
	if (ret == 0 && out->key != NULL &&
	    !pkey_same(out->key, out->public)) {
		ret = sp_fail(err, SP_INVALID, "The key in \"%s\" does not "
		    "belong to certificate \"%s\".",
		    conf_str(n, "key") != NULL ? conf_str(n, "key") :
		    conf_str(n, "file"), conf_node_name(n));
	}
	if (ret < 0)
		pki_entry_free(out);
	return ret;
}

void
pki_entry_free(struct pki_entry *e)
{
	cert_unref(e->cert);
	pkey_unref(e->key);
	pkey_unref(e->public);
	cert_list_free(&e->chain);
	memset(e, 0, sizeof(*e));
}

/* ---- ours ---- */

static int
check_own_id(const struct conf_node *phase1, const struct cert *c,
    const struct ident *id, struct sp_error *err)
{
	struct buf who = {0}, dn = {0}, names = {0};

	if (ike_cert_proves(c, id))
		return 0;
	ident_print(&who, id, false);
	cert_print_subject(&dn, c);
	cert_print_names(&names, c);
	buf_u8(&who, '\0');
	buf_u8(&dn, '\0');
	buf_u8(&names, '\0');
	sp_fail(err, SP_INVALID, "Identifier %.80s is not in certificate "
	    "\"%s\" (subject %.100s; names %.120s); the peer will refuse "
	    "it.", (char *)who.data, conf_str(phase1, "certificate"),
	    (char *)dn.data, (char *)names.data);
	buf_free(&who);
	buf_free(&dn);
	buf_free(&names);
	return SP_INVALID;
}

static void
set_subject_id(const struct cert *c, struct ident *id)
{
	unsigned char *der = NULL;
	int len = i2d_X509_NAME(X509_get_subject_name(cert_x509(c)), &der);

	if (len > 0)
		ident_from_wire(id, ID_DER_ASN1_DN, der, (size_t)len);
	OPENSSL_free(der);
}

static void
warn_cert(const struct pki *p, const char *name, const struct cert *c)
{
	int64_t now = (int64_t)time(NULL);
	struct buf b = {0};

	if (p->log != NULL && cert_key(c) != NULL && pkey_weak(cert_key(c))) {
		log_event(p->log, LOG_LVL_WARNING, "certificate-weak", "",
		    "Certificate \"%s\": RSA keys below 2048 bits are too "
		    "weak (NIST SP 800-131A).", name);
	}
	if (p->log == NULL || now <= cert_not_after(c))
		return;
	cert_print_date(&b, cert_not_after(c));
	log_event(p->log, LOG_LVL_WARNING, "certificate-expired", "",
	    "Certificate \"%s\" expired on %.*s.", name, (int)b.len,
	    (char *)b.data);
	buf_free(&b);
}

static const struct conf_node *
object_of(const struct conf_node *phase1, const char *word, const char *name)
{
	return conf_child(conf_root(conf_node_tree(phase1)), word, name);
}

static int
load_named(struct pki *p, const struct conf_node *phase1, const char *setting,
    struct pki_entry *out, struct sp_error *err)
{
	const char *name = conf_str(phase1, setting);
	const struct conf_node *n = NULL;

	if (name != NULL)
		n = object_of(phase1, "certificate", name);
	if (n == NULL) {
		return sp_fail(err, SP_NOTFOUND, "Phase 1 \"%s\" names "
		    "certificate \"%s\", which does not exist.",
		    conf_node_name(phase1), name != NULL ? name : "");
	}
	if (!conf_node_enabled(n)) {
		return sp_fail(err, SP_STATE, "Phase 1 \"%s\" names "
		    "certificate \"%s\", which is not enabled.",
		    conf_node_name(phase1), name);
	}
	return pki_load(p, n, out, err);
}

static int
own_credentials(struct pki *p, const struct conf_node *phase1,
    struct ident *id, struct ike_cred *out, struct sp_error *err)
{
	const char *name = conf_str(phase1, "certificate");
	struct pki_entry e;
	int ret;

	ret = load_named(p, phase1, "certificate", &e, err);
	if (ret < 0)
		return ret;
	if (e.key == NULL) {
		ret = sp_fail(err, SP_NOTFOUND, "Certificate \"%s\" has no "
		    "private key here.", name);
	} else if (e.cert != NULL && id->type == ID_ANY) {
		set_subject_id(e.cert, id);
	} else if (e.cert != NULL) {
		ret = check_own_id(phase1, e.cert, id, err);
	}
	if (ret == 0) {
		if (e.cert != NULL) {
			warn_cert(p, name, e.cert);
			out->cert = cert_ref(e.cert);
			trust_complete(out->trust, e.cert, &e.chain,
			    &out->chain);
		}
		out->key = pkey_ref(e.key);
		out->pss = !str_eq(conf_str(phase1, "rsa-padding"), "pkcs1");
	}
	pki_entry_free(&e);
	return ret;
}

/* ---- the peer's ---- */

int
pki_load_authority(struct pki *p, const struct conf_node *n,
    struct cert_list *out, struct sp_error *err)
{
	const char *file = conf_str(n, "file");
	struct buf b = {0};
	size_t i;
	int ret;

	memset(out, 0, sizeof(*out));
	if (file == NULL) {
		return sp_fail(err, SP_INVALID, "Authority \"%s\" names no "
		    "file.", conf_node_name(n));
	}
	ret = pki_read(p, file, &b, err);
	if (ret == 0)
		ret = cert_read_file(out, b.data, b.len, file, err);
	buf_free(&b);
	for (i = 0; ret == 0 && i < out->nr; i++) {
		if (!cert_is_ca(out->at[i])) {
			ret = sp_fail(err, SP_INVALID, "\"%s\" is not a CA "
			    "certificate (basicConstraints).",
			    conf_node_name(n));
		}
	}
	if (ret < 0)
		cert_list_free(out);
	return ret;
}

/* Append what makes a set the same: a file that was replaced is another. */
static void
describe(const struct pki *p, const struct conf_node *n, struct buf *key)
{
	const char *file = conf_str(n, "file"), *value;
	struct stat st = {0};
	char *path;
	size_t i;

	if (file == NULL)
		return;
	path = pki_path(p, file);
	(void)stat(path, &st);
	buf_printf(key, "%s %lld.%09ld %lld", path, (long long)st.st_mtime,
	    st.st_mtim.tv_nsec, (long long)st.st_size);
	for (i = 0; (value = conf_value(n, "crl", i)) != NULL; i++)
		buf_printf(key, " crl %s", value);
	for (i = 0; (value = conf_value(n, "ocsp", i)) != NULL; i++)
		buf_printf(key, " ocsp %s", value);
	buf_puts(key, "\n");
	free(path);
}

/* The authorities of a phase 1: those it names, or all; disabled ones are
 * left out.  *i = 0 and prev NULL first; NULL at the end. */
static const struct conf_node *
next_authority(const struct conf_node *phase1, size_t *i,
    const struct conf_node *prev)
{
	const struct conf_node *n = prev;
	const char *name;

	if (conf_count(phase1, "authority") == 0) {
		do {
			n = conf_next_child(conf_root(conf_node_tree(
			    phase1)), "authority", n);
		} while (n != NULL && !conf_node_enabled(n));
		return n;
	}
	while ((name = conf_value(phase1, "authority", (*i)++)) != NULL) {
		n = object_of(phase1, "authority", name);
		if (n != NULL && conf_node_enabled(n))
			return n;
	}
	return NULL;
}

static enum crl_policy
policy_of(const struct conf_node *phase1)
{
	const struct conf_node *ipsec;
	const char *word;

	ipsec = conf_child(conf_node_parent(phase1), "ipsec", NULL);
	word = ipsec != NULL ? conf_str(ipsec, "strict-crl-policy") : "no";
	if (str_eq(word, "yes"))
		return CRL_YES;
	return str_eq(word, "if-uri") ? CRL_IF_URI : CRL_NO;
}

#define SOURCES_MAX 16

static int
add_authority(struct pki *p, struct trust *t, const struct conf_node *n,
    struct sp_error *err)
{
	const char *crl[SOURCES_MAX], *ocsp[SOURCES_MAX], *value;
	char *owned[SOURCES_MAX];
	size_t i, nr_crl = 0, nr_ocsp = 0;
	struct cert_list certs;
	int ret;

	ret = pki_load_authority(p, n, &certs, err);
	if (ret < 0)
		return ret;
	while (nr_crl < SOURCES_MAX &&
	    (value = conf_value(n, "crl", nr_crl)) != NULL) {
		owned[nr_crl] = str_prefix(value, "http://") ?
		    xstrdup(value) : pki_path(p, value);
		crl[nr_crl] = owned[nr_crl];
		nr_crl++;
	}
	while (nr_ocsp < SOURCES_MAX &&
	    (value = conf_value(n, "ocsp", nr_ocsp)) != NULL)
		ocsp[nr_ocsp++] = value;
	for (i = 0; i < certs.nr; i++)
		trust_add(t, certs.at[i], crl, nr_crl, ocsp, nr_ocsp);
	for (i = 0; i < nr_crl; i++)
		free(owned[i]);
	cert_list_free(&certs);
	return 0;
}

static int
make_trust(struct pki *p, const struct conf_node *phase1,
    struct trust **out, struct sp_error *err)
{
	const struct conf_node *n = NULL;
	struct trust *t = trust_new(policy_of(phase1));
	size_t i = 0;
	int ret = 0;

	trust_set_revocation(t, p->revocation);
	while (ret == 0 && (n = next_authority(phase1, &i, n)) != NULL)
		ret = add_authority(p, t, n, err);
	if (ret == 0 && trust_is_empty(t)) {
		ret = sp_fail(err, SP_NOTFOUND, "Phase 1 \"%s\" wants a "
		    "certificate of the peer, but no authority is configured "
		    "and no peer-certificate.", conf_node_name(phase1));
		sp_hint(err, "set authority NAME file FILE");
	}
	if (ret < 0)
		trust_unref(t);
	else
		*out = t;
	return ret;
}

static int
trust_of(struct pki *p, const struct conf_node *phase1, struct trust **out,
    struct sp_error *err)
{
	const struct conf_node *n = NULL;
	struct buf key = {0};
	struct trust_set *s;
	size_t i = 0;
	int ret;

	buf_printf(&key, "%d\n", (int)policy_of(phase1));
	while ((n = next_authority(phase1, &i, n)) != NULL)
		describe(p, n, &key);
	buf_u8(&key, '\0');
	for (i = 0; i < SETS_MAX; i++) {
		if (str_eq(p->set[i].key, (char *)key.data)) {
			*out = trust_ref(p->set[i].trust);
			buf_free(&key);
			return 0;
		}
	}
	ret = make_trust(p, phase1, out, err);
	if (ret == 0) {
		s = &p->set[p->next++ % SETS_MAX];
		set_free(s);
		s->key = xstrdup((char *)key.data);
		s->trust = trust_ref(*out);
	}
	buf_free(&key);
	return ret;
}

static int
peer_credentials(struct pki *p, const struct conf_node *phase1,
    struct ike_cred *out, struct sp_error *err)
{
	struct pki_entry e;
	int ret;

	out->sha1 = true;
	if (conf_str(phase1, "peer-certificate") == NULL)
		return trust_of(p, phase1, &out->trust, err);
	ret = load_named(p, phase1, "peer-certificate", &e, err);
	if (ret < 0)
		return ret;
	if (e.cert != NULL)
		out->pinned = cert_ref(e.cert);
	else
		out->pinned_key = pkey_ref(e.public);
	pki_entry_free(&e);
	return 0;
}

static enum ike_auth
method_of(const char *word)
{
	if (str_eq(word, "certificate"))
		return IKE_AUTH_CERT;
	return str_eq(word, "null") ? IKE_AUTH_NULL : IKE_AUTH_PSK;
}

int
pki_credentials(struct pki *p, const struct conf_node *phase1,
    struct ident *local_id, struct ike_cred *out, struct sp_error *err)
{
	const char *peer = conf_str(phase1, "peer-authentication");
	int ret = 0;

	out->local = method_of(conf_str(phase1, "authentication"));
	out->remote = str_eq(peer, "same") ? out->local : method_of(peer);
	if (p == NULL && (out->local == IKE_AUTH_CERT ||
	    out->remote == IKE_AUTH_CERT)) {
		return sp_fail(err, SP_UNSUPPORTED,
		    "Certificates cannot be used here.");
	}
	if (out->remote == IKE_AUTH_CERT)
		ret = peer_credentials(p, phase1, out, err);
	if (ret == 0 && out->local == IKE_AUTH_CERT)
		ret = own_credentials(p, phase1, local_id, out, err);
	return ret;
}
