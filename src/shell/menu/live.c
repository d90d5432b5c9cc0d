/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Live pages: all tunnels, and the log.  Rows are kept as indices into the
 * engine's answer, so that ten thousand of them are sorted and filtered
 * without a copy; only rows in sight are printed, and a tick that took long
 * makes the next ones rarer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/menu/menu.h"
#include "shell/menu/pages.h"
#include "shell/table.h"

#define TICK_MS 2000
#define TICK_SHARE 20		/* a load takes a 20th of the time at most */
#define LOG_LINES 1000
#define BAR 5			/* columns of the longest bar */

/* ---- tunnels ------------------------------------------------------------ */

enum order { BY_NAME, BY_STATE, BY_RATE, ORDERS };

struct ref {			/* a row */
	const json_t *tunnel, *child;	/* child NULL: it has none */
	int64_t key;			/* sorted by */
	size_t place;			/* in the answer: keeps names in order */
};

struct monitor {
	const char *network;	/* only this one, or NULL */
	json_t *reply;
	struct ref *ref;
	size_t nr;
	size_t up, all;
	int64_t max_rate;
	enum order order;
	char filter[64];
	bool paused;
	int64_t next_load;	/* clock_ms() */
	unsigned seen;		/* m->changed at the last load */
	char title[80];
};

static int64_t
rate(const struct ref *r)
{
	return jint(r->child, "rate_in", 0) + jint(r->child, "rate_out", 0);
}

static const char *
state_of(const struct ref *r)
{
	const char *state = jstr(r->child, "state");

	return *state ? state : jstr(r->tunnel, "state");
}

static enum scr_role
state_role(const char *state)
{
	static const struct {
		const char *state;
		enum scr_role role;
	} map[] = {
		{ "connected", ROLE_GOOD }, { "rekeying", ROLE_GOOD },
		{ "failed", ROLE_BAD }, { "connecting", ROLE_WARN },
		{ "closing", ROLE_WARN }, { "disabled", ROLE_DIM },
	};
	size_t i;

	for (i = 0; i < NELEM(map); i++) {
		if (str_eq(map[i].state, state))
			return map[i].role;
	}
	return ROLE_PLAIN;
}

/* What is wrong comes first. */
static int64_t
state_rank(const char *state)
{
	static const char *const worst[] = { "failed", "connecting",
		"closing", "waiting", "disabled", "rekeying", "connected" };
	size_t i;

	for (i = 0; i < NELEM(worst); i++) {
		if (str_eq(worst[i], state))
			break;
	}
	return (int64_t)i;
}

static void
print_name(const struct ref *r, struct buf *b)
{
	buf_printf(b, "%s/%s", jstr(r->tunnel, "network"),
	    jstr(r->tunnel, "phase1"));
	if (*jstr(r->child, "phase2"))
		buf_printf(b, "/%s", jstr(r->child, "phase2"));
	buf_puts(b, "");
}

/* The filter is looked for in names, peer and state. */
static bool
passes(const struct monitor *mon, const struct ref *r)
{
	struct buf b = {0};
	bool hit;

	if (mon->filter[0] == '\0')
		return true;
	print_name(r, &b);
	buf_printf(&b, " %s %s", state_of(r), jstr(r->tunnel, "gateway"));
	hit = strcasestr((char *)b.data, mon->filter) != NULL;
	buf_free(&b);
	return hit;
}

static void
ref_add(struct monitor *mon, const json_t *tunnel, const json_t *child)
{
	struct ref r = { .tunnel = tunnel, .child = child,
		.place = mon->all };
	int64_t now = rate(&r);

	mon->all++;
	mon->up += str_eq(state_of(&r), "connected") ||
	    str_eq(state_of(&r), "rekeying");
	if (!passes(mon, &r))
		return;
	if (mon->order == BY_STATE)
		r.key = state_rank(state_of(&r));
	else if (mon->order == BY_RATE)
		r.key = -now;
	if (now > mon->max_rate)
		mon->max_rate = now;
	mon->ref[mon->nr++] = r;
}

static int
ref_compare(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* Rows anew from the answer. */
static void
arrange(struct monitor *mon)
{
	const json_t *list = jget(mon->reply, "tunnels"), *t, *children;
	size_t i, j, room = 0;

	for (i = 0; i < json_array_size(list); i++)
		room += 1 + json_array_size(jget(json_array_get(list, i),
		    "children"));
	free(mon->ref);
	mon->ref = xcalloc(room + 1, sizeof(*mon->ref));
	mon->nr = mon->up = mon->all = 0;
	mon->max_rate = 0;
	for (i = 0; i < json_array_size(list); i++) {
		t = json_array_get(list, i);
		children = jget(t, "children");
		for (j = 0; j < json_array_size(children); j++)
			ref_add(mon, t, json_array_get(children, j));
		if (j == 0)
			ref_add(mon, t, NULL);
	}
	snprintf(mon->title, sizeof(mon->title), _("Tunnels: %zu of %zu up"),
	    mon->up, mon->all);
	qsort(mon->ref, mon->nr, sizeof(*mon->ref), ref_compare);
}

static void
monitor_load(struct list *l)
{
	struct monitor *mon = l->ctx;
	struct sp_error err = {0};
	json_t *params, *reply = NULL;
	int64_t begin = clock_ms();

	if (mon->paused || (begin < mon->next_load &&
	    mon->seen == l->m->changed))
		return;
	mon->seen = l->m->changed;
	params = json_pack("{s:b}", "brief", 1);
	if (mon->network != NULL)
		json_object_set_new(params, "network",
		    json_string(mon->network));
	if (sh_call(l->m->sh, "show.tunnels", params, &reply, &err) < 0) {
		menu_error(l->m, &err);
		l->m->leave |= l->m->sh->gone;
		return;
	}
	json_decref(mon->reply);
	mon->reply = reply;
	arrange(mon);
	mon->next_load = clock_ms() + (clock_ms() - begin) * TICK_SHARE;
}

static size_t
monitor_count(struct list *l)
{
	return ((struct monitor *)l->ctx)->nr;
}

/* Pad or cut a cell; the key column is cut in its middle. */
static void
cell(struct buf *b, const char *text, size_t width, bool right)
{
	size_t len = text_width(text), i;
	struct buf cut = {0};

	if (len > width) {
		text_cut(&cut, text, width);
		buf_puts(&cut, "");
		text = (char *)cut.data;
		len = text_width(text);
	}
	for (i = len; right && i < width; i++)
		buf_puts(b, " ");
	buf_puts(b, text);
	for (i = len; !right && i < width; i++)
		buf_puts(b, " ");
	buf_puts(b, " ");
	buf_free(&cut);
}

static void
bytes_cell(struct buf *b, const json_t *obj, const char *key)
{
	struct buf n = {0};

	if (jget(obj, key) != NULL && !json_is_null(jget(obj, key)))
		bytes_print(&n, jint(obj, key, 0));
	else
		buf_puts(&n, "-");
	buf_puts(&n, "");
	cell(b, (char *)n.data, 6, true);
	buf_free(&n);
}

/* "1.2M/s ###": the bar is a share of the busiest row. */
static void
rate_cell(const struct monitor *mon, struct buf *b, const struct ref *r,
    bool wide)
{
	int64_t now = rate(r), bar, i;

	if (wide) {
		bytes_cell(b, r->child, "rate_in");
		bytes_cell(b, r->child, "rate_out");
	}
	bar = mon->max_rate > 0 ? (now * BAR + mon->max_rate - 1) /
	    mon->max_rate : 0;
	for (i = 0; i < BAR; i++)
		buf_puts(b, i < bar ? "#" : " ");
	buf_puts(b, " ");
}

/* Width of the name column, by the screen's. */
static size_t
name_width(const struct list *l)
{
	int columns = scr_columns(l->m->scr);

	return columns >= 100 ? 30 : columns >= 60 ? 20 : 18;
}

static const char *
reason_of(const struct ref *r)
{
	const char *text = jstr(r->child, "reason.text");

	return *text ? text : jstr(r->tunnel, "reason.text");
}

static void
monitor_row(struct list *l, size_t i, struct buf *b, enum scr_role *role)
{
	const struct monitor *mon = l->ctx;
	const struct ref *r = &mon->ref[i];
	struct buf t = {0};
	int64_t age;

	*role = state_role(state_of(r));
	print_name(r, &t);
	cell(b, (char *)t.data, name_width(l), false);
	cell(b, state_of(r), 10, false);
	buf_reset(&t);
	if (jage(r->child, "since", &age) || jage(r->tunnel, "since", &age))
		age_print(&t, age);
	buf_puts(&t, "");
	cell(b, (char *)t.data, 7, true);
	if (scr_columns(l->m->scr) >= 60) {
		bytes_cell(b, r->child, "bytes_in");
		bytes_cell(b, r->child, "bytes_out");
	}
	if (scr_columns(l->m->scr) >= 80)
		rate_cell(mon, b, r, scr_columns(l->m->scr) >= 100);
	if (scr_columns(l->m->scr) >= 100)
		cell(b, jstr(r->tunnel, "gateway"), 20, false);
	buf_puts(b, reason_of(r));
	buf_free(&t);
}

static void
monitor_head(struct list *l, struct buf *b)
{
	const struct monitor *mon = l->ctx;
	int columns = scr_columns(l->m->scr);

	cell(b, _("TUNNEL"), name_width(l), false);
	cell(b, _("STATE"), 10, false);
	cell(b, _("AGE"), 7, true);
	if (columns >= 60) {
		cell(b, _("IN"), 6, true);
		cell(b, _("OUT"), 6, true);
	}
	if (columns >= 100) {
		cell(b, _("IN/s"), 6, true);
		cell(b, _("OUT/s"), 6, true);
	}
	if (columns >= 80)
		cell(b, _("RATE"), BAR, false);
	if (columns >= 100)
		cell(b, _("PEER"), 20, false);
	if (mon->filter[0] != '\0')
		buf_printf(b, "\"%s\" ", mon->filter);
	if (mon->paused)
		buf_puts(b, _("PAUSED"));
}

static void
monitor_about(struct list *l, size_t i, struct buf *b)
{
	const struct monitor *mon = l->ctx;

	buf_puts(b, reason_of(&mon->ref[i]));
}

static void
set_filter(struct list *l)
{
	struct monitor *mon = l->ctx;
	char *text = win_line(l->m, _("Only rows with: "), mon->filter,
	    false);

	if (text == NULL)
		return;
	memset(mon->filter, 0, sizeof(mon->filter));
	strncpy(mon->filter, text, sizeof(mon->filter) - 1);
	free(text);
	arrange(mon);
}

/* A command on the tunnel of the row, phase 2 and all. */
static void
monitor_act(struct list *l, const char *verb, bool child)
{
	struct monitor *mon = l->ctx;
	const struct ref *r = &mon->ref[l->at];

	if (child && *jstr(r->child, "phase2"))
		(void)menu_act(l->m, verb, "%s %s %s %s", verb,
		    jstr(r->tunnel, "network"), jstr(r->tunnel, "phase1"),
		    jstr(r->child, "phase2"));
	else
		(void)menu_act(l->m, verb, "%s %s %s", verb,
		    jstr(r->tunnel, "network"), jstr(r->tunnel, "phase1"));
	mon->next_load = 0;
	monitor_load(l);
}

static void
monitor_open(struct list *l, bool log)
{
	struct monitor *mon = l->ctx;
	const struct ref *r = &mon->ref[l->at];
	char *network = xstrdup(jstr(r->tunnel, "network"));
	char *phase1 = xstrdup(jstr(r->tunnel, "phase1"));

	if (log)
		page_log(l->m, phase1);
	else
		page_tunnel(l->m, network, phase1);
	free(network);
	free(phase1);
}

static void
monitor_key(struct list *l, int key)
{
	struct monitor *mon = l->ctx;

	if (key == 'f')
		set_filter(l);
	if (key == 'p')
		mon->paused = !mon->paused;
	if (key == 's') {
		mon->order = (mon->order + 1) % ORDERS;
		arrange(mon);
	}
	if (mon->nr == 0)
		return;
	if (key == 'c')
		monitor_act(l, "connect", true);
	else if (key == 'd')
		monitor_act(l, "disconnect", true);
	else if (key == 'r')
		monitor_act(l, "rekey", true);
	else if (key == K_ENTER || key == 'e' || key == 'l')
		monitor_open(l, key == 'l');
}

void
page_monitor(struct menu *m, const char *network)
{
	struct monitor mon = { .network = network };
	struct list l = {
		.m = m, .title = mon.title, .topic = "monitor",
		.keys = scr_columns(m->scr) >= 60 ?
		    _("Enter details  c connect  d disconnect  r rekey  "
		    "f filter  s sort  l log  q") :
		    _("c connect  d disconnect  q back"),
		.empty = _("no tunnels"), .tick_ms = TICK_MS,
		.count = monitor_count, .row = monitor_row,
		.about = monitor_about, .key = monitor_key,
		.head = monitor_head, .load = monitor_load, .ctx = &mon,
	};

	list_run(&l);
	json_decref(mon.reply);
	free(mon.ref);
}

/* ---- the log ------------------------------------------------------------ */

static const char *const levels[] = { "error", "warning", "notice", "info",
	"debug" };

struct log_page {
	const char *tunnel;	/* only of this one, or NULL */
	json_t *reply;
	size_t *row;		/* records that pass the filter */
	size_t nr;
	size_t level;
	char filter[64];
	bool paused;
};

static void
log_arrange(struct log_page *p)
{
	const json_t *list = jget(p->reply, "records");
	struct buf b = {0};
	size_t i;

	free(p->row);
	p->row = xcalloc(json_array_size(list) + 1, sizeof(*p->row));
	p->nr = 0;
	for (i = 0; i < json_array_size(list); i++) {
		buf_reset(&b);
		monitor_record(&b, json_array_get(list, i));
		if (p->filter[0] == '\0' ||
		    strcasestr((char *)b.data, p->filter) != NULL)
			p->row[p->nr++] = i;
	}
	buf_free(&b);
}

/* Following means to stay at the end, unless one has gone up. */
static void
log_load(struct list *l)
{
	struct log_page *p = l->ctx;
	struct sp_error err = {0};
	json_t *params, *reply = NULL;
	bool follow = p->nr == 0 || l->at + 1 >= p->nr;

	if (p->paused)
		return;
	params = json_pack("{s:i, s:s}", "last", LOG_LINES, "level",
	    levels[p->level]);
	if (p->tunnel != NULL)
		json_object_set_new(params, "tunnel", json_string(p->tunnel));
	if (sh_call(l->m->sh, "show.log", params, &reply, &err) < 0) {
		menu_error(l->m, &err);
		l->m->leave |= l->m->sh->gone;
		return;
	}
	json_decref(p->reply);
	p->reply = reply;
	log_arrange(p);
	if (follow && p->nr > 0)
		l->at = p->nr - 1;
}

static size_t
log_count(struct list *l)
{
	return ((struct log_page *)l->ctx)->nr;
}

static void
log_row(struct list *l, size_t i, struct buf *b, enum scr_role *role)
{
	const struct log_page *p = l->ctx;
	const json_t *rec = json_array_get(jget(p->reply, "records"),
	    p->row[i]);

	if (str_eq(jstr(rec, "level"), "error"))
		*role = ROLE_BAD;
	else if (str_eq(jstr(rec, "level"), "warning"))
		*role = ROLE_WARN;
	monitor_record(b, rec);
}

static void
log_head(struct list *l, struct buf *b)
{
	const struct log_page *p = l->ctx;

	buf_printf(b, _("level %s"), levels[p->level]);
	if (p->tunnel != NULL)
		buf_printf(b, _("  tunnel %s"), p->tunnel);
	if (p->filter[0] != '\0')
		buf_printf(b, "  \"%s\"", p->filter);
	if (p->paused)
		buf_printf(b, "  %s", _("PAUSED"));
}

static void
log_key(struct list *l, int key)
{
	struct log_page *p = l->ctx;
	const json_t *rec;
	struct buf b = {0};
	char *text;

	if (key == 'v') {
		p->level = (p->level + 1) % NELEM(levels);
		log_load(l);
	}
	if (key == 'p')
		p->paused = !p->paused;
	if (key == 'f') {
		text = win_line(l->m, _("Only rows with: "), p->filter, false);
		if (text != NULL) {
			memset(p->filter, 0, sizeof(p->filter));
			strncpy(p->filter, text, sizeof(p->filter) - 1);
			log_arrange(p);
		}
		free(text);
	}
	if (key == K_ENTER && p->nr > 0) {
		rec = json_array_get(jget(p->reply, "records"),
		    p->row[l->at]);
		monitor_record(&b, rec);
		win_text(l->m, jstr(rec, "time"), (char *)b.data);
		buf_free(&b);
	}
}

void
page_log(struct menu *m, const char *tunnel)
{
	struct log_page p = { .tunnel = tunnel, .level = 3 };
	struct list l = {
		.m = m, .title = _("Log"), .topic = "show log",
		.keys = _("f filter  v level  p pause  Enter whole line  "
		    "/ find  q back"),
		.empty = _("no records"), .tick_ms = TICK_MS,
		.count = log_count, .row = log_row, .key = log_key,
		.head = log_head, .load = log_load, .ctx = &p,
	};

	list_run(&l);
	json_decref(p.reply);
	free(p.row);
}
