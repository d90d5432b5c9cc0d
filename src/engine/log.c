/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The ring of log records.  One mutex guards it: the plane's thread and the
 * workers write as well as the loop.  Nothing is called with it held.
 */
#include "engine/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/str.h"

#define RATE_SLOTS 32		/* event words watched at once */
#define RATE_FREE 10		/* records a second without a tunnel */
#define RATE_TUNNEL 200		/* ... and for all tunnels together */

struct record {
	struct list link;
	uint64_t seq;
	int64_t wall_ms;
	enum log_level level;
	size_t size;		/* bytes it counts for */
	char *event, *tunnel, *text;
};

struct rate {			/* one event word in one second */
	char event[32];
	bool tunnel;
	int64_t second;
	unsigned count, dropped;
};

struct elog {
	struct log sink;
	pthread_mutex_t lock;
	struct list records;	/* oldest first */
	size_t nr, bytes, max_bytes;
	uint64_t seq;
	bool to_stderr;
	struct rate rate[RATE_SLOTS];
	void (*notify)(void *ctx);
	void *notify_ctx;
};

static void
record_free(struct record *r)
{
	free(r->event);
	free(r->tunnel);
	free(r->text);
	free(r);
}

static void
drop_oldest(struct elog *l)
{
	struct record *r = LIST_ENTRY(l->records.next, struct record, link);

	list_remove(&r->link);
	l->bytes -= r->size;
	l->nr--;
	record_free(r);
}

/* With the lock held: add, and make room. */
static void
append(struct elog *l, enum log_level level, const char *event,
    const char *tunnel, const char *text)
{
	struct record *r = xcalloc(1, sizeof(*r));
	char when[32];

	r->seq = ++l->seq;
	r->wall_ms = clock_wall_ms();
	r->level = level;
	r->event = xstrdup(event);
	r->tunnel = xstrdup(tunnel);
	r->text = xstrdup(text);
	r->size = sizeof(*r) + strlen(event) + strlen(tunnel) +
	    strlen(text) + 3;
	list_append(&l->records, &r->link);
	l->bytes += r->size;
	l->nr++;
	while (l->bytes > l->max_bytes && l->nr > 1)
		drop_oldest(l);
	if (l->to_stderr) {
		fprintf(stderr, "%s %-7s %s%s%s: %s\n",
		    clock_rfc3339(r->wall_ms, when), log_level_name(level),
		    event, tunnel[0] != '\0' ? " " : "", tunnel, text);
	}
}

/* With the lock held: what a second left out, said once it is over. */
static void
rate_close(struct elog *l, struct rate *s)
{
	char text[96];

	if (s->dropped > 0) {
		snprintf(text, sizeof(text),
		    "%u more records of this kind in that second left out",
		    s->dropped);
		append(l, LOG_LVL_WARNING, s->event, "", text);
	}
	s->count = s->dropped = 0;
}

/* Records of what authorised people did are never left out. */
static bool
is_audit(const char *event)
{
	return str_eq(event, "audit") || str_eq(event, "commit") ||
	    str_eq(event, "engine");
}

/* With the lock held: may this record pass. */
static bool
rate_pass(struct elog *l, const char *event, bool tunnel)
{
	int64_t now = clock_ms() / 1000;
	struct rate *s, *slot = NULL, *oldest = &l->rate[0];
	size_t i;

	for (i = 0; i < RATE_SLOTS; i++) {
		s = &l->rate[i];
		if (s->event[0] != '\0' && s->second != now)
			rate_close(l, s);
		if (s->tunnel == tunnel && str_eq(s->event, event))
			slot = s;
		if (s->second < oldest->second)
			oldest = s;
	}
	if (is_audit(event))
		return true;
	if (slot == NULL) {
		slot = oldest;
		rate_close(l, slot);
		snprintf(slot->event, sizeof(slot->event), "%s", event);
		slot->tunnel = tunnel;
	}
	slot->second = now;
	if (slot->count++ < (tunnel ? RATE_TUNNEL : RATE_FREE))
		return true;
	slot->dropped++;
	return false;
}

static void
write_record(void *ctx, const struct log_record *rec)
{
	struct elog *l = ctx;
	void (*notify)(void *ctx) = NULL;
	void *notify_ctx = NULL;

	pthread_mutex_lock(&l->lock);
	if (rate_pass(l, rec->event, rec->tunnel[0] != '\0')) {
		append(l, rec->level, rec->event, rec->tunnel, rec->text);
		notify = l->notify;
		notify_ctx = l->notify_ctx;
	}
	pthread_mutex_unlock(&l->lock);
	if (notify != NULL)
		notify(notify_ctx);
}

struct elog *
elog_new(size_t max_bytes, bool to_stderr)
{
	struct elog *l = xcalloc(1, sizeof(*l));

	pthread_mutex_init(&l->lock, NULL);
	list_init(&l->records);
	l->max_bytes = max_bytes;
	l->to_stderr = to_stderr;
	l->sink.write = write_record;
	l->sink.ctx = l;
	l->sink.level = LOG_LVL_INFO;
	return l;
}

void
elog_free(struct elog *l)
{
	if (l == NULL)
		return;

	while (l->nr > 0)
		drop_oldest(l);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

struct log *
elog_sink(struct elog *l)
{
	return &l->sink;
}

void
elog_set(struct elog *l, enum log_level level, size_t max_bytes)
{
	pthread_mutex_lock(&l->lock);
	l->sink.level = level;
	l->max_bytes = max_bytes;
	while (l->bytes > l->max_bytes && l->nr > 1)
		drop_oldest(l);
	pthread_mutex_unlock(&l->lock);
}

void
elog_on_record(struct elog *l, void (*notify)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&l->lock);
	l->notify = notify;
	l->notify_ctx = ctx;
	pthread_mutex_unlock(&l->lock);
}

static json_t *
record_json(const struct record *r)
{
	char when[32];

	return json_pack("{s:s s:s s:s s:s s:s}",
	    "time", clock_rfc3339(r->wall_ms, when),
	    "level", log_level_name(r->level), "event", r->event,
	    "tunnel", r->tunnel, "text", r->text);
}

static bool
passes(const struct record *r, const struct elog_filter *f)
{
	return r->level <= f->level && r->wall_ms >= f->since_wall_ms &&
	    (f->tunnel == NULL || strstr(r->tunnel, f->tunnel) != NULL);
}

json_t *
elog_list(struct elog *l, const struct elog_filter *f)
{
	json_t *out = json_array(), *obj;
	struct list *at;
	struct record *r;
	size_t nr = 0;

	pthread_mutex_lock(&l->lock);
	/* back from the newest to the first that is wanted ... */
	for (at = l->records.prev; at != &l->records; at = at->prev) {
		r = LIST_ENTRY(at, struct record, link);
		if (passes(r, f) && ++nr == f->last)
			break;
	}
	if (at == &l->records)
		at = at->next;
	/* ... and forward again in order of time */
	for (; at != &l->records; at = at->next) {
		r = LIST_ENTRY(at, struct record, link);
		obj = passes(r, f) ? record_json(r) : NULL;
		if (obj != NULL)
			json_array_append_new(out, obj);
	}
	pthread_mutex_unlock(&l->lock);
	return out;
}

uint64_t
elog_newest(struct elog *l)
{
	uint64_t seq;

	pthread_mutex_lock(&l->lock);
	seq = l->seq;
	pthread_mutex_unlock(&l->lock);
	return seq;
}

/* With the lock held: the oldest record behind number seq, or NULL. */
static struct record *
first_behind(struct elog *l, uint64_t seq)
{
	struct record *r, *found = NULL;
	struct list *at;

	for (at = l->records.prev; at != &l->records; at = at->prev) {
		r = LIST_ENTRY(at, struct record, link);
		if (r->seq <= seq)
			break;
		found = r;
	}
	return found;
}

json_t *
elog_after(struct elog *l, uint64_t *seq, enum log_level level,
    uint64_t *lost)
{
	struct record *r;
	json_t *obj = NULL;
	struct list *at;

	pthread_mutex_lock(&l->lock);
	r = first_behind(l, *seq);
	if (r != NULL && r->seq > *seq + 1)
		*lost += r->seq - *seq - 1;
	for (at = r != NULL ? &r->link : &l->records;
	    at != &l->records && obj == NULL; at = at->next) {
		r = LIST_ENTRY(at, struct record, link);
		*seq = r->seq;
		if (r->level <= level)
			obj = record_json(r);
	}
	pthread_mutex_unlock(&l->lock);
	return obj;
}

size_t
elog_count(struct elog *l, size_t *bytes)
{
	size_t nr;

	pthread_mutex_lock(&l->lock);
	nr = l->nr;
	*bytes = l->bytes;
	pthread_mutex_unlock(&l->lock);
	return nr;
}

bool
elog_level_parse(const char *word, enum log_level *out)
{
	int i;

	for (i = LOG_LVL_ERROR; i <= LOG_LVL_DEBUG; i++) {
		if (str_eq(word, log_level_name((enum log_level)i))) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}
