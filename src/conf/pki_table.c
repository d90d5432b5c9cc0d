/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Certificates and authorities (settings.md section 8).  Only the names of
 * files are kept here; the engine reads them (engine/pki.c).  A file without
 * a slash in front lies in the folder certs/ beside the configuration.
 */
#include "conf/internal.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/str.h"

static int
check_file(const struct conf_node *n, const char *value, struct sp_error *err)
{
	char quote[CONF_QUOTE];

	(void)n;
	if (strstr(value, "..") == NULL && value[0] != '\0')
		return 0;
	return sp_fail(err, SP_INVALID, "\"%s\" is no file name that may be "
	    "used here: no \"..\" in it.", value_quote(quote, value));
}

static int
check_crl(const struct conf_node *n, const char *value, struct sp_error *err)
{
	char quote[CONF_QUOTE];

	if (str_prefix(value, "http://"))
		return 0;
	if (strstr(value, "://") == NULL)
		return check_file(n, value, err);
	return sp_fail(err, SP_INVALID, "\"%s\" is neither a file nor an "
	    "http:// URI.", value_quote(quote, value));
}

static int
check_ocsp(const struct conf_node *n, const char *value, struct sp_error *err)
{
	char quote[CONF_QUOTE];

	(void)n;
	if (str_prefix(value, "http://"))
		return 0;
	return sp_fail(err, SP_INVALID, "\"%s\" is no http:// URI.",
	    value_quote(quote, value));
}

static const struct set_row certificate_table[] = {
	{ .name = "enabled", .type = SET_BOOL, .def = "yes",
	  .restart = RESTART_IKE, .label = N_("Enabled"),
	  .help = N_("Is this entry in use."), .group = N_("General") },
	{ .name = "description", .type = SET_TEXT, .max = 255,
	  .label = N_("Description"),
	  .help = N_("A note for people; it has no effect."),
	  .group = N_("General") },
	{ .name = "file", .type = SET_TEXT, .max = 1023,
	  .flags = SET_REQUIRED,
	  .check = check_file, .restart = RESTART_IKE,
	  .label = N_("Certificate File"),
	  .help = N_("PEM, DER or PKCS#12; a PEM \"PUBLIC KEY\" is a raw "
	    "key without certificate."),
	  .group = N_("General"), .swanctl = "local.certs" },
	{ .name = "key", .type = SET_TEXT, .max = 1023,
	  .check = check_file,
	  .restart = RESTART_IKE, .label = N_("Private Key"),
	  .help = N_("File with the private key, or pkcs11: URI of a token; "
	    "empty: in the same file, or NAME.key."),
	  .group = N_("General"), .swanctl = "secrets.private" },
	{ .name = "passphrase", .type = SET_SECRET, .restart = RESTART_IKE,
	  .label = N_("Pass Phrase"),
	  .help = N_("Opens the private key, the PKCS#12 file or the "
	    "token."),
	  .group = N_("General"), .swanctl = "secrets.private.secret" },
	{ .name = NULL }
};

static const struct set_row authority_table[] = {
	{ .name = "enabled", .type = SET_BOOL, .def = "yes",
	  .restart = RESTART_IKE, .label = N_("Enabled"),
	  .help = N_("Is this entry in use."), .group = N_("General") },
	{ .name = "description", .type = SET_TEXT, .max = 255,
	  .label = N_("Description"),
	  .help = N_("A note for people; it has no effect."),
	  .group = N_("General") },
	{ .name = "file", .type = SET_TEXT, .max = 1023,
	  .flags = SET_REQUIRED,
	  .check = check_file, .restart = RESTART_IKE,
	  .label = N_("Certificate File"),
	  .help = N_("Certificates of the authority, PEM or DER."),
	  .group = N_("General"), .swanctl = "authorities.cacert" },
	{ .name = "crl", .type = SET_TEXT, .max = 1023,
	  .flags = SET_LIST,
	  .check = check_crl, .restart = RESTART_IKE,
	  .label = N_("Revocation Lists"),
	  .help = N_("Files and http URIs of CRLs, beside those that "
	    "certificates name."),
	  .group = N_("Revocation"), .swanctl = "authorities.crl_uris" },
	{ .name = "ocsp", .type = SET_TEXT, .max = 1023,
	  .flags = SET_LIST,
	  .check = check_ocsp, .restart = RESTART_IKE,
	  .label = N_("OCSP Responders"),
	  .help = N_("http URIs of responders, beside those that "
	    "certificates name."),
	  .group = N_("Revocation"), .swanctl = "authorities.ocsp_uris" },
	{ .name = NULL }
};

static const struct conf_object *const no_children[] = { NULL };

const struct conf_object certificate_object = {
	.word = "certificate",
	.label = N_("Certificate"),
	.help = N_("A certificate or raw key, of ours or of a peer."),
	.naming = OBJ_NAMED,
	.rows = certificate_table,
	.children = no_children,
	.limit = 20000,
};

const struct conf_object authority_object = {
	.word = "authority",
	.label = N_("Authority"),
	.help = N_("Who issues certificates that we believe."),
	.naming = OBJ_NAMED,
	.rows = authority_table,
	.children = no_children,
	.limit = 1000,
};
