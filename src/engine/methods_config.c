/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Configuration over the control protocol.  Texts never hold secrets; they
 * come beside it as base64, new ones only.  The others are those of the
 * running configuration, as far as the text still names them.
 */
#include "engine/methods.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/store.h"
#include "conf/text.h"
#include "engine/confirm.h"
#include "engine/internal.h"

#define SECRET_MAX 4096		/* bytes of one secret */

/* Stands for every key in what somebody validates who must not learn one. */
#define PLACEHOLDER "0x5caad2b7e9c1f0346f8e1b7d2a90c4537186eafd03b95e2c"

struct draft {			/* one secret of a user's draft */
	struct list link;
	char *user, *name;
	struct secret value;
};

static json_t *
take_text(struct buf *b)
{
	json_t *s;

	buf_u8(b, '\0');
	s = json_string((const char *)b->data);
	buf_wipe(b);
	return s != NULL ? s : json_string("");
}

static json_t *
tree_text(const struct conf_tree *t)
{
	struct buf b = {0};

	conf_print(&b, conf_root(t), false);
	return take_text(&b);
}

METHOD(method_config_get)
{
	struct engine *e = call->engine;
	json_t *names = json_array();
	const char *name;
	size_t pos = 0;

	(void)params;
	(void)err;
	while ((name = conf_secret_next(e->conf, &pos)) != NULL)
		json_array_append_new(names, json_string(name));
	call->result = json_pack("{s:i s:o s:o s:o}", "revision",
	    (int)e->revision, "text", tree_text(e->conf), "secrets", names,
	    "confirm", confirm_json(e));
	return 0;
}

METHOD(method_config_revision)
{
	json_t *rev = json_object_get(params, "revision");
	struct conf_tree *t;
	int ret;

	if (!json_is_integer(rev) || json_integer_value(rev) < 1)
		return sp_fail(err, SP_FORMAT, "\"revision\" is a number.");
	ret = conf_store_revision(call->engine->store,
	    (uint32_t)json_integer_value(rev), &t, err);
	if (ret < 0)
		return ret;
	call->result = json_pack("{s:O s:o}", "revision", rev, "text",
	    tree_text(t));
	conf_tree_free(t);
	return 0;
}

json_t *
history_json(const struct conf_history *h)
{
	char when[32];

	return json_pack("{s:i s:s s:s s:s}", "revision", (int)h->revision,
	    "time", clock_rfc3339(h->wall_ms, when), "who", h->who,
	    "comment", h->comment);
}

METHOD(method_config_history)
{
	struct conf_history *h = xcalloc(HISTORY_MAX, sizeof(*h));
	json_t *list = json_array();
	size_t i, nr;

	(void)params;
	(void)err;
	nr = conf_store_history(call->engine->store, h, HISTORY_MAX);
	for (i = 0; i < nr; i++)
		json_array_append_new(list, history_json(&h[i]));
	free(h);
	call->result = json_pack("{s:o}", "history", list);
	return 0;
}

/* ---- secrets ---- */

static int
secret_decode(struct secret *out, const char *name, const char *base64,
    size_t len, struct sp_error *err)
{
	unsigned char raw[SECRET_MAX + 4];
	size_t pad = 0;
	int n;

	if (len / 4 * 3 > SECRET_MAX || len % 4 != 0) {
		return sp_fail(err, SP_FORMAT, "The secret \"%s\" is not "
		    "base64, or longer than %d bytes.", name, SECRET_MAX);
	}
	while (pad < 2 && pad < len && base64[len - 1 - pad] == '=')
		pad++;
	n = EVP_DecodeBlock(raw, (const unsigned char *)base64, (int)len);
	if (n < 0) {
		OPENSSL_cleanse(raw, sizeof(raw));
		return sp_fail(err, SP_FORMAT,
		    "The secret \"%s\" is not base64.", name);
	}
	secret_set(out, raw, (size_t)n - pad);
	OPENSSL_cleanse(raw, sizeof(raw));
	return 0;
}

/* The secrets that came with the text. */
static int
take_secrets(struct conf_tree *t, const json_t *secrets,
    struct sp_error *err)
{
	const char *name;
	json_t *value;
	struct secret s = {0};
	int ret;

	json_object_foreach((json_t *)(uintptr_t)secrets, name, value) {
		if (!json_is_string(value))
			return sp_fail(err, SP_FORMAT, "A secret is base64.");
		ret = secret_decode(&s, name, json_string_value(value),
		    json_string_length(value), err);
		if (ret < 0)
			return ret;
		conf_secret_set(t, name, &s);
		secret_free(&s);
	}
	return 0;
}

/* other: what it gets instead of the key that runs; NULL: that one. */
static void
keep_secret(struct conf_tree *t, const struct conf_tree *running,
    const char *value, const struct secret *other)
{
	char name[128];

	if (!conf_secret_name(value, name, sizeof(name)) ||
	    conf_secret(t, name) != NULL ||
	    conf_secret(running, name) == NULL)
		return;
	conf_secret_set(t, name, other != NULL ? other :
	    conf_secret(running, name));
}

/*
 * Those of the running configuration that the text names and that did not
 * come with it.  Who may not commit them gets what it says of another key:
 * the checks compare keys, so a guess beside a real one could be tried.
 */
static void
keep_secrets(struct conf_tree *t, const struct conf_tree *running,
    bool trusted)
{
	struct secret other = {
		.data = (uint8_t []){ PLACEHOLDER },
		.len = sizeof(PLACEHOLDER) - 1,
	};
	const struct conf_node *net = NULL, *p1;

	while ((net = conf_next_child(conf_root(t), "vpn-network", net))) {
		for (p1 = NULL;
		    (p1 = conf_next_child(net, "phase1", p1)) != NULL;) {
			keep_secret(t, running, conf_value(p1,
			    "pre-shared-key", 0), trusted ? NULL : &other);
			keep_secret(t, running, conf_value(p1, "ppk", 0),
			    trusted ? NULL : &other);
		}
	}
}

int
config_request_tree(struct call *call, const json_t *params, struct conf_tree **out,
    struct sp_error *err)
{
	const char *text = json_string_value(json_object_get(params, "text"));
	struct conf_tree *t;
	int ret;

	if (text == NULL)
		return sp_fail(err, SP_FORMAT, "\"text\" is missing.");
	ret = conf_parse(&t, text, err);
	if (ret < 0)
		return ret;
	ret = take_secrets(t, json_object_get(params, "secrets"), err);
	if (ret < 0) {
		conf_tree_free(t);
		return ret;
	}
	keep_secrets(t, call->engine->conf,
	    client_role(call->client) >= ROLE_ADMIN);
	*out = t;
	return 0;
}

/* ---- drafts ---- */

static void
draft_free(struct draft *d)
{
	list_remove(&d->link);
	secret_free(&d->value);
	free(d->user);
	free(d->name);
	free(d);
}

static void
drop_drafts(struct engine *e, const char *user)
{
	struct draft *d;

	LIST_EACH(d, &e->drafts, struct draft, link) {
		if (user == NULL || str_eq(d->user, user))
			draft_free(d);
	}
}

void
drafts_free(struct engine *e)
{
	drop_drafts(e, NULL);
}

static void
keep_draft(struct engine *e, const char *user, const char *name,
    struct secret *s)
{
	struct draft *d = xcalloc(1, sizeof(*d));

	d->user = xstrdup(user);
	d->name = xstrdup(name);
	secret_move(&d->value, s);
	list_append(&e->drafts, &d->link);
}

METHOD(method_draft_save)
{
	const char *text = json_string_value(json_object_get(params, "text"));
	const char *user = client_user(call->client), *name;
	struct secret s = {0};
	json_t *value;
	int ret;

	if (text == NULL)
		return sp_fail(err, SP_FORMAT, "\"text\" is missing.");
	ret = conf_store_draft_save(call->engine->store, user, text, err);
	if (ret < 0)
		return ret;
	drop_drafts(call->engine, user);
	json_object_foreach(json_object_get(params, "secrets"), name, value) {
		if (json_is_string(value) && secret_decode(&s, name,
		    json_string_value(value), json_string_length(value),
		    err) == 0)
			keep_draft(call->engine, user, name, &s);
	}
	call->result = json_object();
	return 0;
}

static json_t *
base64_of(const struct secret *s)
{
	unsigned char *text = xcalloc(1, (s->len + 2) / 3 * 4 + 1);
	json_t *out;

	EVP_EncodeBlock(text, s->data, (int)s->len);
	out = json_string((const char *)text);
	OPENSSL_cleanse(text, (s->len + 2) / 3 * 4);
	free(text);
	return out;
}

METHOD(method_draft_load)
{
	const char *user = client_user(call->client);
	char *text = conf_store_draft_load(call->engine->store, user);
	json_t *secrets = json_object();
	struct draft *d;

	(void)params;
	(void)err;
	LIST_EACH(d, &call->engine->drafts, struct draft, link) {
		if (text != NULL && str_eq(d->user, user))
			json_object_set_new(secrets, d->name,
			    base64_of(&d->value));
	}
	call->result = json_pack("{s:o s:o}", "text", text != NULL ?
	    json_string(text) : json_null(), "secrets", secrets);
	free(text);
	return 0;
}

METHOD(method_draft_drop)
{
	(void)params;
	(void)err;
	conf_store_draft_drop(call->engine->store, client_user(call->client));
	drop_drafts(call->engine, client_user(call->client));
	call->result = json_object();
	return 0;
}
