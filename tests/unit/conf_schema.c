/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/schema: laws that every row of every table keeps, values of every
 * type with their exact sentences.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/schema.h"
#include "conf/text.h"

typedef void object_fn(const struct conf_object *obj, void *arg);

static void
each_object(const struct conf_object *obj, object_fn *fn, void *arg)
{
	size_t i;

	fn(obj, arg);
	for (i = 0; obj->children[i] != NULL; i++)
		each_object(obj->children[i], fn, arg);
}

static bool
is_sentence(const char *s)
{
	size_t len = s != NULL ? strlen(s) : 0;

	return len > 3 && s[len - 1] == '.';
}

static void
check_row(const struct conf_object *obj, const struct set_row *row)
{
	struct sp_error err = {0};
	const struct set_choice *c;
	char *canon;
	bool weak = false;

	if (row->label == NULL || row->group == NULL ||
	    !is_sentence(row->help))
		fail_msg("%s %s: label, group or help", obj->word, row->name);
	if (row->def != NULL) {
		if (schema_value(row, NULL, row->def, &canon, &err) < 0)
			fail_msg("%s %s: %s", obj->word, row->name, err.text);
		assert_string_equal(canon, row->def);
		free(canon);
	}
	if (row->type == SET_ENUM)
		assert_non_null(row->choices);
	if (row->type == SET_REFERENCE)
		assert_non_null(row->ref_object);
	if (row->type == SET_TEXT)
		assert_true(row->max > 0);
	for (c = row->choices; c != NULL && c->word != NULL; c++) {
		assert_non_null(c->help);
		if (weak && c->weak == NULL)
			fail_msg("%s %s: weak choices are not last",
			    obj->word, row->name);
		weak |= c->weak != NULL;
		if (c->weak != NULL)
			assert_non_null(row->better);
	}
	/* later choices are never a default */
	if (row->def != NULL && row->choices != NULL) {
		for (c = row->choices; c->word != NULL; c++)
			assert_false(c->later && str_eq(c->word, row->def));
	}
}

static void
check_object(const struct conf_object *obj, void *arg)
{
	const struct set_row *row;
	size_t *nr = arg, here = 0;
	bool single = obj->naming == OBJ_SINGLE;

	assert_non_null(obj->label);
	assert_true(is_sentence(obj->help));
	assert_true(obj->limit > 0);
	for (row = obj->rows; row->name != NULL; row++) {
		check_row(obj, row);
		assert_ptr_equal(schema_row(obj, row->name), row);
		assert_null(schema_child(obj, row->name));
		here++;
	}
	if (obj != &conf_root_object && !single) {
		assert_non_null(schema_row(obj, "enabled"));
		assert_non_null(schema_row(obj, "description"));
	}
	assert_true(here < 64);
	*nr += here;
}

static void
test_tables(void **state)
{
	size_t nr = 0;

	(void)state;
	each_object(&conf_root_object, check_object, &nr);
	assert_true(nr > 100);
}

/* A value other than the default, for a row of a new node. */
static const char *
other_value(const struct set_row *row)
{
	static const char *const values[] = { "yes", "no", "17", "600", "2", "99999",
		"45m", "192.0.2.9", "192.0.2.0/24", "gw.example",
		"<secret:a/b>", "some text", "custom 192.0.2.0/24",
		"100/second" };
	const struct set_choice *c;
	char *canon;
	size_t i;

	for (c = row->choices; row->type == SET_ENUM && c->word != NULL; c++) {
		if (!str_eq(c->word, row->def))
			return c->word;
	}
	for (i = 0; i < NELEM(values); i++) {
		if (schema_value(row, NULL, values[i], &canon, NULL) < 0)
			continue;
		if (!str_eq(canon, row->def)) {
			free(canon);
			return values[i];
		}
		free(canon);
	}
	return row->choices != NULL ? row->choices[0].word : "none";
}

static struct conf_node *
make_one(struct conf_tree *t, const struct conf_object *obj)
{
	static const char *const path[][2] = {
		{ "vpn-network", "a" }, { "phase1", "b" }, { "phase2", "c" },
	};
	struct conf_node *n = conf_root(t);
	size_t i;

	if (conf_child(n, obj->word, NULL) != NULL)
		return conf_child(n, obj->word, NULL);
	if (schema_child(&conf_root_object, obj->word) == obj &&
	    !str_eq(obj->word, "vpn-network")) {
		assert_int_equal(conf_child_make(n, obj->word, "x", &n, NULL),
		    0);
		return n;
	}
	for (i = 0; i < NELEM(path); i++) {
		assert_int_equal(conf_child_make(n, path[i][0], path[i][1],
		    &n, NULL), 0);
		if (conf_node_object(n) == obj)
			return n;
		if (schema_child(conf_node_object(n), obj->word) == obj) {
			assert_int_equal(conf_child_make(n, obj->word,
			    obj->naming == OBJ_PREFIX ? "192.0.2.0/24" : "10",
			    &n, NULL), 0);
			return n;
		}
	}
	fail_msg("no place for %s", obj->word);
	return NULL;
}

/* set, print, parse, read: the same value, in both forms of text. */
static void
round_trip(const struct conf_object *obj, const struct set_row *row)
{
	struct conf_tree *t = conf_tree_new(), *again = NULL;
	struct conf_node *n = make_one(t, obj);
	struct sp_error err = {0};
	struct buf path = {0}, text = {0}, second = {0};
	int form;

	/* a single choice leaves nothing but the default to set */
	if (row->choices != NULL && row->choices[1].word == NULL &&
	    row->type == SET_ENUM) {
		conf_tree_free(t);
		return;
	}
	if (conf_set(n, row->name, other_value(row), &err) < 0)
		fail_msg("%s %s: %s", obj->word, row->name, err.text);
	for (form = 0; form < 2; form++) {
		buf_reset(&text);
		buf_reset(&second);
		if (form == 0)
			conf_print(&text, conf_root(t), false);
		else
			conf_print_set(&text, conf_root(t), false);
		if (conf_parse(&again, (const char *)text.data, &err) < 0)
			fail_msg("%s: %s", (const char *)text.data, err.text);
		if (form == 0)
			conf_print(&second, conf_root(again), false);
		else
			conf_print_set(&second, conf_root(again), false);
		assert_string_equal((const char *)text.data,
		    (const char *)second.data);
		assert_non_null(strstr((const char *)text.data, row->name));
		conf_tree_free(again);
	}
	conf_tree_free(t);
	buf_free(&path);
	buf_free(&text);
	buf_free(&second);
}

static void
trip_object(const struct conf_object *obj, void *arg)
{
	const struct set_row *row;

	(void)arg;
	for (row = obj->rows; row->name != NULL; row++)
		round_trip(obj, row);
}

static void
test_round_trip(void **state)
{
	(void)state;
	each_object(&conf_root_object, trip_object, NULL);
}

/* Whole file as a string, or NULL. */
static char *
read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	struct buf b = {0};
	char part[4096];
	size_t n;

	if (f == NULL)
		return NULL;
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_bytes(&b, part, n);
	fclose(f);
	buf_puts(&b, "");
	return buf_steal_str(&b);
}

/* Capabilities that settings.md does not know: configuration payload, PPK,
 * sides that prove themselves in different ways, idle control sessions. */
static const char *const beyond[] = {
	"request-address", "address-pool", "pool-dns", "ppk",
	"ppk-identifier", "ppk-required", "peer-authentication",
	"rsa-padding", "passphrase", "session-idle-timeout",
};

static bool
is_beyond(const char *name)
{
	size_t i;

	for (i = 0; i < NELEM(beyond); i++) {
		if (str_eq(beyond[i], name))
			return true;
	}
	return false;
}

static void
documented(const struct conf_object *obj, void *arg)
{
	const struct set_row *row;
	char *word, *full;

	for (row = obj->rows; row->name != NULL; row++) {
		word = xasprintf("`%s`", row->name);
		full = xasprintf("`%s NAME %s`", obj->word, row->name);
		if (strstr(arg, word) == NULL && strstr(arg, full) == NULL &&
		    !is_beyond(row->name))
			fail_msg("%s %s is not in settings.md", obj->word,
			    row->name);
		free(word);
		free(full);
	}
}

static void
has_row(const struct conf_object *obj, void *arg)
{
	const char **word = arg;

	if (*word != NULL && schema_row(obj, *word) != NULL)
		*word = NULL;
}

/*
 * The first column of the settings' tables up to the heading of rules: each
 * word in backticks is a row somewhere; and every row is in the document.
 */
static void
test_documented(void **state)
{
	const char *shared = getenv("SP_SHARED"), *word, *left;
	char *path, *text, *line, *save = NULL, *cell, *end, *cut;

	(void)state;
	path = xasprintf("%s/doc/settings.md", shared ? shared : "");
	text = read_text(path);
	free(path);
	if (text == NULL) {
		print_message("SP_SHARED has no doc/settings.md\n");
		skip();
	}
	each_object(&conf_root_object, documented, text);
	cut = strstr(text, "## 6. Rule");
	assert_non_null(cut);
	*cut = '\0';
	for (line = strtok_r(text, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save)) {
		if (!str_prefix(line, "| `") ||
		    (end = strchr(line + 2, '|')) == NULL)
			continue;
		*end = '\0';
		for (cell = line; (cell = strchr(cell, '`')) != NULL;
		    cell = end + 1) {
			word = left = ++cell;
			end = strchr(cell, '`');
			*end = '\0';
			each_object(&conf_root_object, has_row, &left);
			if (left != NULL)
				fail_msg("%s of settings.md has no row", word);
		}
	}
	free(text);
}

struct value_row {
	const char *object, *setting, *value, *canon, *sentence;
};


static const struct value_row values[] = {
	{ "phase1", "rekey", "true", "yes", NULL },
	{ "phase1", "rekey", "off", "no", NULL },
	{ "phase1", "rekey", "disabled", "no", NULL },
	{ "phase1", "rekey", "maybe", NULL,
	  "rekey is yes or no; \"maybe\" is neither." },
	{ "phase1", "dpd-action", "hold", "hold", NULL },
	{ "phase1", "dpd-action", "Hold", NULL,
	  "dpd-action is one of none, clear, hold, restart; \"Hold\" is "
	  "not." },
	{ "phase1", "keying-tries", "007", "7", NULL },
	{ "phase1", "keying-tries", "1001", NULL,
	  "keying-tries lies between 0 and 1000; 1001 is outside." },
	{ "phase1", "keying-tries", "-1", NULL,
	  "keying-tries lies between 0 and 1000; -1 is outside." },
	{ "phase1", "keying-tries", "99999999999999999999", NULL,
	  "keying-tries lies between 0 and 1000; 99999999999999999999 is "
	  "outside." },
	{ "phase1", "keying-tries", "many", NULL,
	  "keying-tries is a number between 0 and 1000; \"many\" is not." },
	{ "phase1", "keying-tries", "", NULL,
	  "keying-tries is a number between 0 and 1000; \"\" is not." },
	{ "vpn-network", "mtu", "auto", "auto", NULL },
	{ "vpn-network", "mtu", "big", NULL,
	  "mtu is a number between 576 and 9216 or auto; \"big\" is not." },
	{ "ipsec", "mss-clamp", "0", "0", NULL },
	{ "ipsec", "mss-clamp", "100", NULL,
	  "MSS 100 is below 216, the smallest that IPv4 hosts must "
	  "accept." },
	{ "ipsec", "mss-clamp", "9177", NULL,
	  "mss-clamp lies between 216 and 9176; 9177 is outside." },
	{ "phase2", "replay-window", "0", "0", NULL },
	{ "phase2", "replay-window", "16", NULL,
	  "replay-window lies between 32 and 4096; 16 is outside." },
	{ "phase1", "lifetime", "10800", "3h", NULL },
	{ "phase1", "lifetime", "90m", "90m", NULL },
	{ "phase1", "lifetime", "24h", "1d", NULL },
	{ "phase1", "lifetime", "1y", "1y", NULL },
	{ "phase1", "lifetime", "forever", "forever", NULL },
	{ "phase1", "lifetime", "59", NULL,
	  "A lifetime is at least 60 seconds; 59 is too short." },
	{ "phase1", "lifetime", "1d9", NULL,
	  "\"1d9\" is not a time. Write a number with s, m, h, d or y, such "
	  "as 3h." },
	{ "phase1", "lifetime", "1.5h", NULL,
	  "\"1.5h\" is not a time. Write a number with s, m, h, d or y, such "
	  "as 3h." },
	{ "phase1", "lifetime", "999999999999y", NULL,
	  "lifetime lies between 1m and 2147483647s; 999999999999y is "
	  "outside." },
	{ "phase1", "lifetime", "69y", NULL,
	  "lifetime lies between 1m and 2147483647s; 69y is outside." },
	{ "phase1", "dpd-delay", "forever", NULL,
	  "dpd-delay lies between 0 and 1h; forever is outside." },
	{ "phase1", "dpd-delay", "0s", "0", NULL },
	{ "system", "retransmit-timeout", "4.0", "4", NULL },
	{ "system", "retransmit-timeout", "0.250", "0.25", NULL },
	{ "system", "retransmit-timeout", "0.05", NULL,
	  "retransmit-timeout lies between 0.1 and 60; 0.05 is outside." },
	{ "system", "retransmit-timeout", "1e3", NULL,
	  "retransmit-timeout is a number between 0.1 and 60 with at most "
	  "three decimal places; \"1e3\" is not." },
	{ "system", "retransmit-base", "1.8001", NULL,
	  "retransmit-base is a number between 1 and 10 with at most three "
	  "decimal places; \"1.8001\" is not." },
	{ "vpn-network", "address", "10.1.0.1", "10.1.0.1", NULL },
	{ "vpn-network", "address", "2001:DB8:0::1", "2001:db8::1", NULL },
	{ "vpn-network", "address", "10.1.0.300", NULL,
	  "\"10.1.0.300\" is not an IPv4 or IPv6 address." },
	{ "vpn-network", "address", "any", NULL,
	  "\"any\" is not an IPv4 or IPv6 address." },
	{ "vpn-network", "network-address", "10.1.0.0/16", "10.1.0.0/16",
	  NULL },
	{ "vpn-network", "network-address", "10.1.0.0", NULL,
	  "\"10.1.0.0\" is not a network. Write it as address/length, such "
	  "as 192.168.0.0/24." },
	{ "vpn-network", "network-address", "10.1.2.3/24", NULL,
	  "10.1.2.3/24 has host bits set; the network is 10.1.2.0/24. Set "
	  "10.1.2.0/24?" },
	{ "vpn-network", "network-address", "10.0.0.0/33", NULL,
	  "\"10.0.0.0/33\" is not a network. Write it as address/length, "
	  "such as 192.168.0.0/24." },
	{ "vpn-network", "interface-network", "br0", "br0", NULL },
	{ "vpn-network", "interface-network", "a/b", NULL,
	  "A name has 1 to 31 characters out of letters, digits, \".\", "
	  "\"_\" and \"-\", and begins with a letter or digit; \"a/b\" does "
	  "not." },
	{ "phase1", "remote-gateway", "gw-1.example.net", "gw-1.example.net",
	  NULL },
	{ "phase1", "remote-gateway", "any", "any", NULL },
	{ "phase1", "remote-gateway", "10.0.0.300", NULL,
	  "\"10.0.0.300\" is neither an address nor a host name." },
	{ "phase1", "remote-gateway", "gw_1", NULL,
	  "\"gw_1\" is neither an address nor a host name." },
	{ "phase1", "remote-gateway", "-gw", NULL,
	  "\"-gw\" is neither an address nor a host name." },
	{ "phase1", "remote-gateway", "a..b", NULL,
	  "\"a..b\" is neither an address nor a host name." },
	{ "phase1", "identifier", "203.0.113.10", "203.0.113.10", NULL },
	{ "phase1", "identifier", "gw.example", "gw.example", NULL },
	{ "phase1", "identifier", "@gw", "@gw", NULL },
	{ "phase1", "identifier", "me@example.net", "me@example.net", NULL },
	{ "phase1", "identifier", "CN=gw, O=Acme \\, Inc",
	  "CN=gw, O=Acme \\, Inc", NULL },
	{ "phase1", "identifier", "keyid:branch 7", "keyid:branch 7", NULL },
	{ "phase1", "identifier", "@#0aFF", "@#0aFF", NULL },
	{ "phase1", "identifier", "@#0aF", NULL,
	  "\"@#0aF\" is not an ID_KEY_ID identity." },
	{ "phase1", "identifier", "10.0.0.300", NULL,
	  "\"10.0.0.300\" is not an ID_FQDN identity." },
	{ "phase1", "identifier", "ipv4:gw", NULL,
	  "\"ipv4:gw\" is not an ID_IPV4_ADDR identity." },
	{ "phase1", "identifier", "email:gw", NULL,
	  "\"email:gw\" is not an ID_RFC822_ADDR identity." },
	{ "phase1", "identifier", "a@b@c", NULL,
	  "\"a@b@c\" is not an ID_RFC822_ADDR identity." },
	{ "phase1", "identifier", "CN=gw,", NULL,
	  "\"CN=gw,\" is not an ID_DER_ASN1_DN identity." },
	{ "phase1", "identifier", "dn:", NULL,
	  "\"dn:\" is not an ID_DER_ASN1_DN identity." },
	{ "phase1", "identifier", "", NULL,
	  "\"\" is not an ID_FQDN identity." },
	{ "phase1", "peer-identifier", "any", "any", NULL },
	{ "phase2", "local-network", "10.0.0.0/8", "10.0.0.0/8", NULL },
	{ "phase2", "local-network", "10.0.0.5-10.0.0.9",
	  "10.0.0.5-10.0.0.9", NULL },
	{ "phase2", "local-network", "10.0.0.9-10.0.0.5", NULL,
	  "\"10.0.0.9-10.0.0.5\" is not a network. Write it as "
	  "address/length, such as 192.168.0.0/24." },
	{ "phase2", "local-network", "FD00::1", "fd00::1", NULL },
	{ "phase2", "local-network", "dynamic", "dynamic", NULL },
	{ "phase2", "local-network", "10.0.0.0/8[tcp/443]",
	  "10.0.0.0/8[tcp/443]", NULL },
	{ "phase2", "local-network", "10.0.0.1[17/500-600]",
	  "10.0.0.1[17/500-600]", NULL },
	{ "phase2", "local-network", "10.0.0.0/8[icmp/8]",
	  "10.0.0.0/8[icmp/8]", NULL },
	{ "phase2", "local-network", "10.0.0.0/8[icmp/256]", NULL,
	  "\"10.0.0.0/8[icmp/256]\" is not a protocol and port. Write "
	  "10.0.0.0/8[tcp/443]." },
	{ "phase2", "local-network", "10.0.0.0/8[any/443]", NULL,
	  "\"10.0.0.0/8[any/443]\" is not a protocol and port. Write "
	  "10.0.0.0/8[tcp/443]." },
	{ "phase2", "local-network", "10.0.0.0/8[tpc/443]", NULL,
	  "\"10.0.0.0/8[tpc/443]\" is not a protocol and port. Write "
	  "10.0.0.0/8[tcp/443]." },
	{ "phase2", "local-network", "10.0.0.1/8", NULL,
	  "10.0.0.1/8 has host bits set; the network is 10.0.0.0/8. Set "
	  "10.0.0.0/8?" },
	{ "phase1", "description", "B\xc3\xbcro, 2nd floor",
	  "B\xc3\xbcro, 2nd floor", NULL },
	{ "phase1", "description", "a\x1b[31m", NULL,
	  "description is plain text; \"a\\x1B[31m\" holds a character that "
	  "cannot be shown." },
	{ "phase1", "description", "a\nb", NULL,
	  "description is plain text; \"a\\x0Ab\" holds a character that "
	  "cannot be shown." },
	{ "ipsec", "ipsec-conf", "conn a\n\tleft=1", "conn a\n\tleft=1",
	  NULL },
	{ "phase1", "pre-shared-key", "<secret:a/b>", "<secret:a/b>", NULL },
	{ "phase1", "pre-shared-key", "in clear", "<secret:new>", NULL },
	{ "phase1", "pre-shared-key", "0x123", NULL,
	  "A pre-shared key that begins with 0x goes on with pairs of hex "
	  "digits; this one does not." },
	{ "phase1", "pre-shared-key", "0s*", NULL,
	  "A pre-shared key that begins with 0s goes on with base64; this "
	  "one does not." },
	{ "phase1", "certificate", "gw 1", NULL,
	  "A name has 1 to 31 characters out of letters, digits, \".\", "
	  "\"_\" and \"-\", and begins with a letter or digit; \"gw 1\" does "
	  "not." },
};

struct search {
	const char *object, *setting;
	const struct set_row *row;
};

static void
find_row(const struct conf_object *obj, void *arg)
{
	struct search *s = arg;

	if (s->row == NULL && str_eq(obj->word, s->object))
		s->row = schema_row(obj, s->setting);
}

static void
test_values(void **state)
{
	const struct value_row *v;
	struct search s;
	struct sp_error err;
	char *canon;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(values); i++) {
		v = &values[i];
		s = (struct search){ v->object, v->setting, NULL };
		each_object(&conf_root_object, find_row, &s);
		assert_non_null(s.row);
		canon = NULL;
		ret = schema_value(s.row, NULL, v->value, &canon, &err);
		if (v->canon != NULL && (ret < 0 || !str_eq(canon, v->canon)))
			fail_msg("%s %s: got %s", v->setting, v->value,
			    ret < 0 ? err.text : canon);
		if (v->canon == NULL && (ret == 0 ||
		    !str_eq(err.text, v->sentence)))
			fail_msg("%s %s: got %s", v->setting, v->value,
			    ret == 0 ? canon : err.text);
		free(canon);
	}
}

static void
test_long_text(void **state)
{
	const struct conf_object *net = schema_child(&conf_root_object,
	    "vpn-network");
	const struct set_row *row = schema_row(net, "description");
	char text[513], *canon;
	struct sp_error err;
	size_t i;

	(void)state;
	/* 255 characters of two bytes */
	for (i = 0; i < 510; i += 2)
		memcpy(text + i, "\xc3\xbc", 2);
	text[510] = '\0';
	assert_int_equal(schema_value(row, NULL, text, &canon, &err), 0);
	free(canon);
	memcpy(text + 510, "x", 2);
	assert_true(schema_value(row, NULL, text, &canon, &err) < 0);
	assert_string_equal(err.text,
	    "description has at most 255 characters; this has 256.");
}

static void
test_unknown(void **state)
{
	const struct conf_object *net = schema_child(&conf_root_object,
	    "vpn-network");
	const struct conf_object *p1 = schema_child(net, "phase1");
	struct sp_error err;

	(void)state;
	assert_int_equal(schema_unknown(p1, "liftime", &err), SP_NOTFOUND);
	assert_string_equal(err.text, "\"liftime\" is not a setting of "
	    "phase1. Did you mean \"lifetime\"?");
	schema_unknown(p1, "xyzzy-nothing-like-it", &err);
	assert_string_equal(err.text,
	    "\"xyzzy-nothing-like-it\" is not a setting of phase1.");
	schema_unknown(p1, "phase3", &err);
	assert_string_equal(err.text, "\"phase3\" is not a setting of phase1. "
	    "Did you mean \"phase2\"?");
}

static void
test_shape(void **state)
{
	static const struct {
		const char *object, *setting, *shape;
	} rows[] = {
		{ "phase1", "rekey", "yes|no (default yes)" },
		{ "phase1", "lifetime", "<1m..forever> (default 3h)" },
		{ "phase1", "keying-tries", "<0..1000> tries (default 3)" },
		{ "phase1", "remote-gateway", "<address or host name>|any" },
		{ "phase1", "pre-shared-key", "<key>" },
		{ "phase2", "local-network", "<network>|dynamic ..." },
		{ "vpn-network", "mtu",
		  "<576..9216>|auto bytes (default auto)" },
		{ "vpn-network", "placement",
		  "namespace|host (default namespace)" },
		{ "system", "retransmit-timeout",
		  "<0.1..60> seconds (default 4)" },
	};
	struct buf b = {0};
	struct search s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		s = (struct search){ rows[i].object, rows[i].setting, NULL };
		each_object(&conf_root_object, find_row, &s);
		buf_reset(&b);
		schema_shape(&b, s.row);
		assert_string_equal((const char *)b.data, rows[i].shape);
	}
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_documented),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
