/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One tunnel, live: its IKE SA, timers that count down, its children, why it
 * is not up and what mends it, and the last messages.
 */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/menu/menu.h"
#include "shell/menu/pages.h"
#include "shell/table.h"

#define TICK_MS 1000
#define LOG_LINES 20
#define LABEL "%-14s "

struct tunnel_page {
	const char *network, *phase1;
	json_t *tunnel, *log;
	char **line;
	size_t nr;
};

static void
line_add(struct tunnel_page *p, struct buf *b)
{
	p->line = xrealloc(p->line, p->nr + 1, sizeof(*p->line));
	buf_puts(b, "");
	p->line[p->nr++] = buf_steal_str(b);
}

static void
lines_free(struct tunnel_page *p)
{
	while (p->nr > 0)
		free(p->line[--p->nr]);
	free(p->line);
	p->line = NULL;
}

/* "label  value", left out if there is none. */
static void
add_value(struct tunnel_page *p, const json_t *obj, const char *key,
    const char *label)
{
	struct buf b = {0};
	json_t *v = jget(obj, key);

	if (v == NULL || json_is_null(v) || (json_is_string(v) &&
	    *json_string_value(v) == '\0') || (json_is_array(v) &&
	    json_array_size(v) == 0))
		return;
	buf_printf(&b, LABEL, label);
	jprint(&b, v);
	line_add(p, &b);
}

/* "rekey in 41m20s", "since 3d04h". */
static void
add_time(struct tunnel_page *p, const json_t *obj, const char *key,
    const char *label)
{
	struct buf b = {0};
	int64_t age;

	if (!jage(obj, key, &age))
		return;
	buf_printf(&b, LABEL, label);
	if (age < 0)
		buf_puts(&b, _("in "));
	age_print(&b, age < 0 ? -age : age);
	if (age >= 0)
		buf_puts(&b, _(" ago"));
	line_add(p, &b);
}

static void
add_side(struct tunnel_page *p, const char *key, const char *label)
{
	const json_t *side = jget(p->tunnel, key);
	struct buf b = {0};

	if (*jstr(side, "address") == '\0' && *jstr(side, "id") == '\0')
		return;
	buf_printf(&b, LABEL, label);
	buf_printf(&b, "%s:%lld  %s", jstr(side, "address"),
	    (long long)jint(side, "port", 0), jstr(side, "id"));
	line_add(p, &b);
}

static void
add_reason(struct tunnel_page *p)
{
	const json_t *r = jget(p->tunnel, "reason");

	if (!json_is_object(r))
		return;
	add_value(p, r, "text", _("reason"));
	add_value(p, r, "ours", _("  ours"));
	add_value(p, r, "theirs", _("  theirs"));
	add_value(p, r, "remedy", _("  try"));
}

static void
add_child(struct tunnel_page *p, const json_t *c)
{
	struct buf b = {0};

	line_add(p, &b);
	buf_printf(&b, LABEL "%s  %s %s", jstr(c, "phase2"), jstr(c, "state"),
	    jstr(c, "protocol"), jstr(c, "proposal"));
	line_add(p, &b);
	buf_printf(&b, LABEL, _("  networks"));
	jprint(&b, jget(c, "local_ts"));
	buf_puts(&b, " = ");
	jprint(&b, jget(c, "remote_ts"));
	line_add(p, &b);
	buf_printf(&b, LABEL, _("  in, out"));
	bytes_print(&b, jint(c, "bytes_in", 0));
	buf_printf(&b, " (%lld)  ", (long long)jint(c, "packets_in", 0));
	bytes_print(&b, jint(c, "bytes_out", 0));
	buf_printf(&b, " (%lld)", (long long)jint(c, "packets_out", 0));
	line_add(p, &b);
	add_time(p, c, "rekey_at", _("  rekey"));
	add_time(p, c, "expires_at", _("  end"));
	add_value(p, c, "reason.text", _("  reason"));
}

static void
add_log(struct tunnel_page *p)
{
	const json_t *list = jget(p->log, "records");
	struct buf b = {0};
	size_t i = json_array_size(list);

	line_add(p, &b);
	buf_puts(&b, _("Last messages, the newest first"));
	line_add(p, &b);
	while (i-- > 0) {
		monitor_record(&b, json_array_get(list, i));
		line_add(p, &b);
	}
}

static void
compose(struct tunnel_page *p)
{
	const json_t *t = p->tunnel, *children = jget(t, "children");
	size_t i;

	lines_free(p);
	add_value(p, t, "state", _("state"));
	add_time(p, t, "since", _("since"));
	add_value(p, t, "gateway", _("peer"));
	add_side(p, "local", _("local"));
	add_side(p, "remote", _("remote"));
	add_value(p, t, "proposal", _("proposal"));
	add_time(p, t, "rekey_at", _("rekey"));
	add_time(p, t, "expires_at", _("end"));
	add_time(p, t, "next_try_at", _("next try"));
	add_reason(p);
	add_value(p, t, "notes", _("notes"));
	for (i = 0; i < json_array_size(children); i++)
		add_child(p, json_array_get(children, i));
	add_log(p);
}

static void
tunnel_load(struct list *l)
{
	struct tunnel_page *p = l->ctx;
	struct sp_error err = {0};
	json_t *reply = NULL, *log = NULL;
	int ret;

	ret = sh_call(l->m->sh, "show.tunnels", json_pack("{s:s, s:s}",
	    "network", p->network, "phase1", p->phase1), &reply, &err);
	if (ret == 0)
		ret = sh_call(l->m->sh, "show.log", json_pack("{s:i, s:s}",
		    "last", LOG_LINES, "tunnel", p->phase1), &log, &err);
	if (ret < 0) {
		json_decref(reply);
		menu_error(l->m, &err);
		l->m->leave |= l->m->sh->gone;
		return;
	}
	json_decref(p->tunnel);
	json_decref(p->log);
	p->tunnel = json_incref(json_array_get(jget(reply, "tunnels"), 0));
	p->log = log;
	json_decref(reply);
	compose(p);
	if (p->tunnel == NULL)
		menu_note(l->m, ROLE_WARN, _("This tunnel is not in the "
		    "running configuration: commit it first."));
}

static size_t
tunnel_count(struct list *l)
{
	return ((struct tunnel_page *)l->ctx)->nr;
}

static void
tunnel_row(struct list *l, size_t i, struct buf *b, enum scr_role *role)
{
	const struct tunnel_page *p = l->ctx;

	if (i == 0)
		*role = ROLE_BOLD;
	buf_puts(b, p->line[i]);
}

static void
tunnel_key(struct list *l, int key)
{
	static const struct {
		int key;
		const char *verb;
	} acts[] = {
		{ 'c', "connect" }, { 'd', "disconnect" }, { 'r', "rekey" },
	};
	const struct tunnel_page *p = l->ctx;
	size_t i;

	for (i = 0; i < NELEM(acts); i++) {
		if (acts[i].key == key)
			(void)menu_act(l->m, acts[i].verb, "%s %s %s%s",
			    acts[i].verb, p->network, p->phase1,
			    key == 'c' ? " wait 30" : "");
	}
	if (key == 'e')
		(void)menu_do(l->m, _("Explain"), "explain %s %s",
		    p->network, p->phase1);
	if (key == 'l')
		page_log(l->m, p->phase1);
	tunnel_load(l);
}

void
page_tunnel(struct menu *m, const char *network, const char *phase1)
{
	struct tunnel_page p = { .network = network, .phase1 = phase1 };
	char *title = xasprintf("%s/%s", network, phase1);
	struct list l = {
		.m = m, .title = title, .topic = "show tunnels",
		.keys = scr_columns(m->scr) >= 60 ?
		    _("c connect  d disconnect  r rekey  e explain  l log  "
		    "q back") : _("c connect  d disconnect  q back"),
		.empty = _("no such tunnel"), .tick_ms = TICK_MS,
		.count = tunnel_count, .row = tunnel_row, .key = tunnel_key,
		.load = tunnel_load, .ctx = &p,
	};

	list_run(&l);
	lines_free(&p);
	json_decref(p.tunnel);
	json_decref(p.log);
	free(title);
}
