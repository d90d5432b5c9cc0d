/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys, requests and certificates.  The engine makes and keeps the files;
 * files that an operator names are read here, with the operator's rights.
 * What came of it is added to the candidate, to be committed as any edit.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/text.h"
#include "shell/base64.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/line.h"
#include "shell/path.h"

#define FILE_MAX (512u << 10)	/* bytes of a file to be imported */

static void
wipe(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

/* The whole file in *out, with a NUL behind it. */
static int
read_file(const char *name, struct buf *out, struct sp_error *err)
{
	FILE *f = fopen(name, "re");
	char piece[4096];
	size_t n;

	if (f == NULL)
		return sp_fail_errno(err, errno, _("Cannot read %s"), name);
	while (out->len <= FILE_MAX &&
	    (n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_bytes(out, piece, n);
	explicit_bzero(piece, sizeof(piece));
	fclose(f);
	if (out->len > FILE_MAX) {
		return sp_fail(err, SP_RANGE,
		    _("%s is longer than 512 KiB."), name);
	}
	buf_u8(out, '\0');
	buf_truncate(out, out->len - 1);
	return 0;
}

static void
add_word(json_t *params, const char *key, const char *value)
{
	if (value != NULL)
		json_object_set_new(params, key, json_string(value));
}

/* Call the engine; the object stays in sh->result. */
static int
call(struct shell *sh, const char *method, json_t *params,
    struct sp_error *err)
{
	json_t *result = NULL;
	int ret;

	ret = sh_call(sh, method, params, &result, err);
	json_decref(sh->result);
	sh->result = ret < 0 ? NULL : result;
	return ret;
}

/* Set a setting of the object, which is made if it is not there. */
static int
put(struct shell *sh, const char *kind, const char *name,
    const char *setting, const char *value, struct sp_error *err)
{
	struct conf_node *n;
	int ret;

	ret = conf_child_make(conf_root(sh->cand.tree), kind, name, &n, err);
	if (ret == 0)
		ret = conf_set(n, setting, value, err);
	return ret;
}

static void
note_commit(struct shell *sh, const char *kind, const char *name)
{
	report_note(sh, _("note: %s %s is in the candidate; \"commit\" makes "
	    "it known."), kind, name);
}

int
cmd_generate_key(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	static const char *const types[] = { "rsa", "ecdsa", "ed25519",
		"ed448" };
	static const char *const sizes[] = { "2048", "3072", "4096", "8192",
		"p256", "p384", "p521" };
	json_t *params = json_object();
	size_t i;
	int ret;

	add_word(params, "name", cmd_word(cl, "name"));
	for (i = 0; i < NELEM(types); i++) {
		if (cmd_has(cl, types[i]))
			add_word(params, "type", types[i]);
	}
	for (i = 0; i < NELEM(sizes); i++) {
		if (cmd_has(cl, sizes[i]))
			add_word(params, "param", sizes[i]);
	}
	ret = call(sh, "pki.key", params, err);
	if (ret == 0) {
		buf_printf(&sh->out, _("A new %s key is in %s. Its public "
		    "half:\n%s"), jstr(sh->result, "kind"),
		    jstr(sh->result, "file"),
		    jstr(sh->result, "public"));
	}
	return ret;
}

int
cmd_generate_request(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	const struct cmd_arg *names = cmd_arg(cl, "alt-names");
	json_t *params = json_object(), *list = json_array();
	size_t i;
	int ret;

	add_word(params, "name", cmd_word(cl, "name"));
	add_word(params, "subject", cmd_word(cl, "dn"));
	for (i = 0; names != NULL && i < names->nr; i++)
		json_array_append_new(list, json_string(names->tok[i].text));
	json_object_set_new(params, "names", list);
	ret = call(sh, "pki.request", params, err);
	if (ret == 0)
		buf_puts(&sh->out, jstr(sh->result, "pem"));
	return ret;
}

static void
add_days(json_t *params, const struct cmd_line *cl)
{
	const char *word = cmd_word(cl, "count");

	if (word != NULL)
		json_object_set_new(params, "days",
		    json_integer(strtol(word, NULL, 10)));
}

int
cmd_generate_authority(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	const char *name = cmd_word(cl, "name");
	json_t *params = json_object();
	int ret;

	add_word(params, "name", name);
	add_word(params, "subject", cmd_word(cl, "dn"));
	add_days(params, cl);
	ret = call(sh, "pki.authority", params, err);
	if (ret == 0)
		ret = put(sh, "authority", name, "file",
		    jstr(sh->result, "file"), err);
	if (ret < 0)
		return ret;
	buf_puts(&sh->out, jstr(sh->result, "pem"));
	note_commit(sh, "authority", name);
	return 0;
}

int
cmd_sign_request(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	json_t *params = json_object();
	struct buf text = {0};
	int ret;

	ret = read_file(cmd_word(cl, "file"), &text, err);
	if (ret < 0 || json_object_set_new(params, "request",
	    json_stringn((const char *)text.data, text.len)) < 0) {
		json_decref(params);
		buf_free(&text);
		return ret < 0 ? ret : sp_fail(err, SP_FORMAT, _("%s holds no "
		    "request in PEM."), cmd_word(cl, "file"));
	}
	buf_free(&text);
	add_word(params, "authority", cmd_word(cl, "name"));
	add_days(params, cl);
	ret = call(sh, "pki.sign", params, err);
	if (ret == 0)
		buf_puts(&sh->out, jstr(sh->result, "pem"));
	return ret;
}

/* Hand a file to the engine; pass may be NULL. */
static int
import(struct shell *sh, const char *kind, const char *name,
    const char *file, const char *pass, struct sp_error *err)
{
	json_t *params = json_object();
	struct buf bytes = {0};
	char *text;
	int ret;

	ret = read_file(file, &bytes, err);
	if (ret < 0) {
		json_decref(params);
		buf_wipe(&bytes);
		return ret;
	}
	add_word(params, "kind", kind);
	add_word(params, "name", name);
	add_word(params, "source", file);
	text = base64_encode(bytes.data, bytes.len);
	add_word(params, "data", text);
	wipe(text);
	buf_wipe(&bytes);
	if (pass != NULL) {
		text = base64_encode(pass, strlen(pass));
		add_word(params, "passphrase", text);
		wipe(text);
	}
	return call(sh, "pki.import", params, err);
}

int
cmd_import_certificate(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	const char *name = cmd_word(cl, "name"), *kind;
	int ret;

	ret = import(sh, "certificate", name, cmd_word(cl, "file"), NULL,
	    err);
	if (ret < 0)
		return ret;
	kind = json_is_true(json_object_get(sh->result, "authority")) ?
	    "authority" : "certificate";
	ret = put(sh, kind, name, "file", jstr(sh->result, "file"), err);
	if (ret < 0)
		return ret;
	buf_printf(&sh->out, "%s\n", jstr(sh->result, "subject"));
	note_commit(sh, kind, name);
	return 0;
}

/* "/home/x/gw.p12" is "gw". */
static char *
name_of(const char *file)
{
	const char *base = strrchr(file, '/'), *dot;

	base = base == NULL ? file : base + 1;
	dot = strrchr(base, '.');
	return dot == NULL || dot == base ? xstrdup(base) :
	    xstrndup(base, (size_t)(dot - base));
}

/* The pass phrase: the first line of a file, or asked for; NULL = none. */
static int
pass_phrase(struct shell *sh, const struct cmd_line *cl, char **out,
    struct sp_error *err)
{
	const char *file = cmd_word(cl, "secret-file");
	struct buf b = {0};
	int ret;

	*out = NULL;
	if (file == NULL && sh_interactive(sh)) {
		line_quiet(sh->line, true);
		*out = line_ask(sh->line, _("Pass phrase: "));
		line_quiet(sh->line, false);
		return *out != NULL ? 0 : sp_fail(err, SP_STATE,
		    _("Nothing was changed."));
	}
	if (file == NULL)
		return 0;
	ret = read_file(file, &b, err);
	if (ret == 0) {
		*out = xstrndup((char *)b.data, b.len);
		(*out)[strcspn(*out, "\r\n")] = '\0';
	}
	buf_wipe(&b);
	return ret;
}

static int
put_passphrase(struct shell *sh, const char *name, const char *pass,
    struct sp_error *err)
{
	struct conf_node *n;
	struct secret s;
	int ret;

	if (pass == NULL || pass[0] == '\0')
		return 0;
	ret = conf_child_make(conf_root(sh->cand.tree), "certificate", name,
	    &n, err);
	if (ret < 0)
		return ret;
	secret_set(&s, pass, strlen(pass));
	ret = conf_secret_put(n, "passphrase", &s, err);
	secret_free(&s);
	return ret;
}

int
cmd_import_pkcs12(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	const char *file = cmd_word(cl, "file"), *word = cmd_word(cl, "name");
	char *name = word != NULL ? xstrdup(word) : name_of(file);
	char *pass = NULL;
	int ret;

	ret = pass_phrase(sh, cl, &pass, err);
	if (ret == 0)
		ret = import(sh, "pkcs12", name, file, pass, err);
	if (ret == 0)
		ret = put(sh, "certificate", name, "file",
		    jstr(sh->result, "file"), err);
	if (ret == 0)
		ret = put_passphrase(sh, name, pass, err);
	if (ret == 0) {
		buf_printf(&sh->out, "%s\n", jstr(sh->result, "subject"));
		note_commit(sh, "certificate", name);
	}
	wipe(pass);
	free(name);
	return ret;
}
