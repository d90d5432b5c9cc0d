/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Showing what the engine knows.  One function prints every list by its row
 * in show_table.c; single objects become blocks of "key: value".
 */
#include "shell/show.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/text.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/table.h"

/* ---- cells -------------------------------------------------------------- */

/* Is there nothing in it to print. */
static bool
is_empty(const json_t *v)
{
	const char *key;
	json_t *member;

	if (!json_is_object(v))
		return v == NULL || json_is_null(v) || (json_is_array(v) &&
		    json_array_size(v) == 0);
	json_object_foreach((json_t *)v, key, member) {
		if (!is_empty(member))
			return false;
	}
	return true;
}

static void
print_when(struct buf *b, const json_t *obj, const char *path)
{
	int64_t age;

	if (!jage(obj, path, &age))
		return;
	if (age < 0)
		buf_puts(b, _("in "));
	age_print(b, age < 0 ? -age : age);
}

/* Titles and grounds are strings of our tables, which the engine sends as
 * they are marked there. */
static void
print_words(struct buf *b, const json_t *v)
{
	const char *s = json_string_value(v);

	if (s == NULL || *s == '\0')
		return;
	s = _(s);
	str_safe(b, s, strlen(s));
}

void
show_cell(struct buf *b, const json_t *obj, const char *path)
{
	const char *plus = strchr(path, '+');
	const json_t *v;
	char *first;

	if (plus) {
		first = xstrndup(path, (size_t)(plus - path));
		show_cell(b, obj, first);
		if (!is_empty(jget(obj, first)))
			buf_puts(b, "/");
		show_cell(b, obj, plus + 1);
		free(first);
	} else if (*path == '@') {
		print_when(b, obj, path + 1);
	} else if (*path == '_') {
		print_words(b, jget(obj, path + 1));
	} else if (*path == '#') {
		v = jget(obj, path + 1);
		if (json_is_integer(v))
			bytes_print(b, json_integer_value(v));
	} else {
		jprint(b, jget(obj, path));
	}
}

/* Columns of a table row end with a NULL head. */
static size_t
count_cols(const struct tbl_col *cols)
{
	size_t n = 0;

	while (cols[n].head)
		n++;
	return n;
}

static void
hidden_note(struct buf *b, size_t hidden)
{
	if (hidden == 1)
		buf_puts(b, _("(1 column hidden: use | wide)\n"));
	else if (hidden > 1)
		buf_printf(b, _("(%zu columns hidden: use | wide)\n"), hidden);
}

static void
print_list(struct shell *sh, const struct show_kind *k, const json_t *list)
{
	struct tbl *t = tbl_new(k->cols, count_cols(k->cols));
	struct buf b = {0};
	size_t i, j;

	for (i = 0; i < json_array_size(list); i++) {
		for (j = 0; k->member[j]; j++) {
			buf_reset(&b);
			show_cell(&b, json_array_get(list, i), k->member[j]);
			buf_puts(&b, "");
			tbl_cell(t, (char *)b.data);
		}
	}
	hidden_note(&sh->out, tbl_print(t, sh_width(sh), &sh->out));
	buf_free(&b);
	tbl_free(t);
}

int
cmd_show(struct shell *sh, const struct cmd_line *cl, struct sp_error *err)
{
	const struct show_kind *k = cl->row->data;
	const json_t *list;
	int ret;

	ret = sh_call(sh, k->method, NULL, &sh->result, err);
	if (ret < 0 || sh->json)
		return ret;
	list = jget(sh->result, k->list);
	if (json_array_size(list) == 0)
		buf_printf(&sh->out, "%s\n", _(k->none));
	else
		print_list(sh, k, list);
	return 0;
}

/* ---- objects ------------------------------------------------------------ */

/* Does the key end so. */
static bool
ends(const char *key, const char *end)
{
	size_t n = strlen(key), m = strlen(end);

	return n > m && str_eq(key + n - m, end);
}

/* "rekey_at" -> "rekey at"; a unit goes with the value. */
static void
print_key(struct buf *b, const char *key, int indent)
{
	size_t i, n = strlen(key);

	if (ends(key, "_s") || ends(key, "_kb"))
		n = (size_t)(strrchr(key, '_') - key);
	buf_printf(b, "%*s", indent, "");
	for (i = 0; i < n; i++)
		buf_u8(b, key[i] == '_' ? ' ' : (uint8_t)key[i]);
	buf_puts(b, ":");
}

/* Sentences of the engine's tables, marked for translation there. */
static bool
is_words(const char *key)
{
	return str_eq(key, "title") || str_eq(key, "why");
}

static bool
is_time(const char *key)
{
	return str_eq(key, "since") || str_eq(key, "time") ||
	    ends(key, "_at");
}

/* Is it a list of sentences or commands, not of words. */
static bool
is_prose(const json_t *v)
{
	const char *text;
	size_t i;

	for (i = 0; i < json_array_size(v); i++) {
		text = json_string_value(json_array_get(v, i));
		if (text && strchr(text, ' '))
			return json_array_size(v) > 1;
	}
	return false;
}

static void
show_prose(struct buf *b, const json_t *list, int indent)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		buf_printf(b, "%*s", indent, "");
		jprint(b, json_array_get(list, i));
		buf_puts(b, "\n");
	}
}

/* A value in its unit, a time with its age. */
static void
show_value(struct buf *b, const json_t *obj, const char *key,
    const json_t *v)
{
	int64_t age;

	if (json_is_integer(v) && ends(key, "_s")) {
		age_print(b, json_integer_value(v));
		return;
	}
	if (json_is_integer(v) && ends(key, "_kb")) {
		bytes_print(b, json_integer_value(v) * 1024);
		return;
	}
	if (is_words(key)) {
		print_words(b, v);
		return;
	}
	jprint(b, v);
	if (is_time(key) && jage(obj, key, &age)) {
		buf_puts(b, " (");
		print_when(b, obj, key);
		buf_puts(b, ")");
	}
}

/* A list of objects: each a block of its own. */
static void
show_list(struct buf *b, const json_t *list, int indent)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		if (i > 0)
			buf_puts(b, "\n");
		show_object(b, json_array_get(list, i), indent);
	}
}

static void
show_member(struct buf *b, const json_t *obj, const char *key,
    const json_t *v, int indent)
{
	print_key(b, key, indent);
	if (json_is_object(v)) {
		buf_puts(b, "\n");
		show_object(b, v, indent + 2);
		return;
	}
	if (json_is_object(json_array_get(v, 0))) {
		buf_puts(b, "\n");
		show_list(b, v, indent + 2);
		return;
	}
	if (is_prose(v)) {
		buf_puts(b, "\n");
		show_prose(b, v, indent + 2);
		return;
	}
	buf_puts(b, " ");
	show_value(b, obj, key, v);
	buf_puts(b, "\n");
}

void
show_object(struct buf *b, const json_t *obj, int indent)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)obj, key, v) {
		if (is_empty(v))
			continue;
		show_member(b, obj, key, v, indent);
	}
}

int
cmd_show_system(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	int ret;

	(void)cl;
	ret = sh_call(sh, "show.system", NULL, &sh->result, err);
	if (ret == 0)
		show_object(&sh->out, jget(sh->result, "system"), 0);
	return ret;
}

/* From the greeting: no call is needed. */
int
cmd_show_version(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	(void)cl;
	(void)err;
	sh->result = json_pack("{s:s, s:s, s:I}", "version", VERSION,
	    "engine", jstr(sh->hello, "program"), "protocol",
	    (json_int_t)jint(sh->hello, "version", 0));
	buf_printf(&sh->out, _("sallyport %s, engine %s (pid %lld, "
	    "protocol %lld)\n"), VERSION, jstr(sh->hello, "program"),
	    (long long)jint(sh->hello, "pid", 0),
	    (long long)jint(sh->hello, "version", 0));
	return 0;
}

int
cmd_show_counters(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	const json_t *list;
	int ret;

	(void)cl;
	ret = sh_call(sh, "show.counters", NULL, &sh->result, err);
	if (ret < 0)
		return ret;
	list = jget(sh->result, "networks");
	if (json_array_size(list) == 0)
		buf_puts(&sh->out, _("no networks\n"));
	show_list(&sh->out, list, 0);
	return 0;
}

/* ---- log ---------------------------------------------------------------- */

/* A time as the protocol wants it: a duration back from now, or as typed. */
static char *
since_text(const char *typed)
{
	char out[32];
	int64_t seconds;

	if (!duration_parse(typed, &seconds) || seconds > INT32_MAX)
		return xstrdup(typed);
	return xstrdup(clock_rfc3339(clock_wall_ms() - seconds * 1000, out));
}

/* The words of a tunnel as "a/b/c". */
static char *
tunnel_text(const struct cmd_arg *a)
{
	struct buf b = {0};
	size_t i;

	for (i = 0; i < a->nr; i++)
		buf_printf(&b, "%s%s", i > 0 ? "/" : "", a->tok[i].text);
	return buf_steal_str(&b);
}

/* The newest 200 unless told otherwise: about ten screens. */
static json_t *
log_params(const struct cmd_line *cl)
{
	const struct cmd_arg *tunnel = cmd_arg(cl, "tunnel");
	json_t *p = json_object();
	int64_t last = 200;
	char *text;

	if (cmd_has(cl, "count"))
		str_to_i64(cmd_word(cl, "count"), 0, INT32_MAX, &last);
	json_object_set_new(p, "last", json_integer(last));
	/* The keyword has the name of its argument; the words come next. */
	if (tunnel && tunnel + 1 < cl->arg + cl->nr_args) {
		text = tunnel_text(tunnel + 1);
		json_object_set_new(p, "tunnel", json_string(text));
		free(text);
	}
	if (cmd_has(cl, "level"))
		json_object_set_new(p, "level", json_string((cmd_arg(cl,
		    "level") + 1)->tok->text));
	if (cmd_has(cl, "time")) {
		text = since_text(cmd_word(cl, "time"));
		json_object_set_new(p, "since", json_string(text));
		free(text);
	}
	return p;
}

int
cmd_show_log(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	json_t *list;
	size_t i;
	int ret;

	ret = sh_call(sh, "show.log", log_params(cl), &sh->result, err);
	if (ret < 0)
		return ret;
	list = jget(sh->result, "records");
	if (json_array_size(list) == 0)
		buf_puts(&sh->out, _("no records\n"));
	for (i = 0; i < json_array_size(list); i++) {
		monitor_record(&sh->out, json_array_get(list, i));
		buf_puts(&sh->out, "\n");
	}
	return 0;
}
