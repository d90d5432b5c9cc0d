/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulator (see sim.h): time, network, NAT, the draining of actions.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"

#define START_MS 1000000	/* where virtual time begins */

/* splitmix64 (public domain, Vigna). */
static uint64_t
draw(struct sim *s)
{
	uint64_t z = (s->seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void
draw_bytes(void *ctx, void *out, size_t len)
{
	uint8_t *p = out;
	uint64_t v;
	size_t n;

	while (len > 0) {
		v = draw(ctx);
		n = len < 8 ? len : 8;
		memcpy(p, &v, n);
		p += n;
		len -= n;
	}
}

static bool
chance(struct sim *s, unsigned percent)
{
	return percent > 0 && draw(s) % 100 < percent;
}

void
sim_start(struct sim *s, uint64_t seed, const struct ike_host_params *par)
{
	struct ike_host_params p = par ? *par : ike_host_defaults();
	unsigned i;

	*s = (struct sim){ .seed = seed, .now = START_MS, .latency = 10,
	    .clock_s = SIM_CLOCK };
	s->rng = (struct rng){ draw_bytes, s };
	list_init(&s->wire);
	list_init(&s->jobs);
	addr_parse(&s->nat_addr, "198.51.100.1");
	s->nat_port[0] = 1500;
	s->nat_port[1] = 14500;
	p.rng = &s->rng;
	for (i = 0; i < 2; i++) {
		s->host[i].sim = s;
		s->host[i].nr = i;
		s->host[i].h = ike_host_new(&p);
		addr_parse(&s->host[i].addr, i ? "198.51.100.2" :
		    "192.0.2.2");
	}
}

static void
dgram_free(struct sim_dgram *d)
{
	list_remove(&d->link);
	free(d->data);
	free(d);
}

void
sim_end(struct sim *s)
{
	struct sim_dgram *d;
	struct sim_job *j;
	unsigned i;

	LIST_EACH(d, &s->wire, struct sim_dgram, link)
		dgram_free(d);
	LIST_EACH(j, &s->jobs, struct sim_job, link) {
		ike_job_free(j->job);
		free(j);
	}
	for (i = 0; i < 2; i++) {
		ike_host_free(s->host[i].h);
		free(s->host[i].events);
	}
}

/* ---- the wire ---- */

static void
put_on_wire(struct sim *s, struct sim_dgram *d)
{
	struct sim_dgram *other;

	LIST_EACH(other, &s->wire, struct sim_dgram, link) {
		if (other->due > d->due) {
			list_append(&other->link, &d->link);
			return;
		}
	}
	list_append(&s->wire, &d->link);
}

static int64_t
travel_ms(struct sim *s)
{
	int64_t ms = s->latency;

	if (s->jitter > 0)
		ms += (int64_t)(draw(s) % (uint64_t)s->jitter);
	/* far behind what was sent after it */
	if (chance(s, s->reorder))
		ms += 200 + (int64_t)(draw(s) % 3000);
	return ms;
}

/* Addresses as the receiver sees them; false if a NAT drops it. */
static bool
translate(struct sim *s, struct sim_dgram *d)
{
	unsigned i;

	if (!s->nat)
		return true;
	if (d->from == 0) {
		d->src.addr = s->nat_addr;
		d->src.port = s->nat_port[d->src.port == IKE_PORT_NAT];
		return true;
	}
	if (!addr_eq(&d->dst.addr, &s->nat_addr))
		return false;
	for (i = 0; i < 2; i++) {
		if (d->dst.port == s->nat_port[i]) {
			d->dst.addr = s->host[0].addr;
			d->dst.port = i ? IKE_PORT_NAT : IKE_PORT;
			return true;
		}
	}
	return false;
}

static void
send_one(struct sim *s, unsigned from, const struct ike_path *path,
    const struct sim_dgram *what)
{
	struct sim_dgram *d;

	d = xmemdup(what, sizeof(*what));
	d->data = xmemdup(what->data, what->len);
	list_init(&d->link);
	d->from = from;
	d->src = path->local;
	d->dst = path->remote;
	d->due = s->now + travel_ms(s);
	if (!translate(s, d)) {
		dgram_free(d);
		return;
	}
	if (!d->esp && chance(s, s->spoil) && d->len > 0) {
		d->data[draw(s) % d->len] ^= (uint8_t)(1 + draw(s) % 255);
		d->corrupt = true;
	}
	put_on_wire(s, d);
}

static void
send_dgram(struct sim *s, unsigned from, const struct ike_path *path,
    const struct sim_dgram *what)
{
	s->datagrams++;
	if (s->cut || (!what->esp && chance(s, s->loss)))
		return;
	send_one(s, from, path, what);
	if (!what->esp && chance(s, s->twice))
		send_one(s, from, path, what);
}

/* ---- the fake plane ---- */

static struct sim_child *
slot_of(struct sim_host *h, uint32_t id)
{
	size_t i;

	for (i = 0; i < SIM_CHILDREN; i++) {
		if (h->plane[i].id == id)
			return &h->plane[i];
	}
	return NULL;
}

static size_t
copy_key(uint8_t *out, const struct secret *encr, const struct secret *integ)
{
	if (encr->len > 0)
		memcpy(out, encr->data, encr->len);
	if (integ->len > 0)
		memcpy(out + encr->len, integ->data, integ->len);
	return encr->len + integ->len;
}

static void
copy_ts(char *out, size_t size, const struct ts_list *l)
{
	struct buf b = {0};
	char *text;

	ts_list_print(&b, l);
	text = buf_steal_str(&b);
	snprintf(out, size, "%s", text);
	free(text);
}

static void
plane_add(struct sim_host *h, const struct ike_child_info *c, bool out)
{
	struct sim_child *p = slot_of(h, c->id);

	if (p == NULL) {
		p = slot_of(h, 0);
		if (p == NULL) {
			printf("fake plane %u is full\n", h->nr);
			abort();
		}
		*p = (struct sim_child){ .id = c->id };
	}
	snprintf(p->name, sizeof(p->name), "%s", c->name);
	p->spi_in = c->spi_in;
	p->spi_out = c->spi_out;
	p->encap = c->encap;
	p->transport = c->transport;
	p->esn = c->suite.esn == ESN_YES;
	p->path = c->path;
	copy_ts(p->local, sizeof(p->local), c->local_ts);
	copy_ts(p->remote, sizeof(p->remote), c->remote_ts);
	if (out) {
		p->out = true;
		p->out_at = ++h->outs;
		copy_key(p->key_out, c->encr_out, c->integ_out);
	} else {
		p->in = true;
		p->key_len = copy_key(p->key_in, c->encr_in, c->integ_in);
	}
}

struct sim_child *
sim_in_use(struct sim *s, unsigned host, const char *name)
{
	struct sim_child *p, *best = NULL;
	size_t i;

	for (i = 0; i < SIM_CHILDREN; i++) {
		p = &s->host[host].plane[i];
		if (p->id == 0 || !p->out ||
		    (name != NULL && strcmp(p->name, name) != 0))
			continue;
		if (best == NULL || p->out_at > best->out_at)
			best = p;
	}
	return best;
}

/* A numbered packet by the SA in use. */
static void
send_packet(struct sim *s, unsigned from)
{
	struct sim_child *p = sim_in_use(s, from, NULL);
	struct sim_dgram d = { .esp = true };

	if (p == NULL)
		return;
	s->host[from].sent++;
	d.spi = p->spi_out;
	d.key_len = p->key_len;
	memcpy(d.key, p->key_out, sizeof(d.key));
	send_dgram(s, from, &p->path, &d);
}

static void
receive_packet(struct sim *s, unsigned to, const struct sim_dgram *d)
{
	struct sim_host *h = &s->host[to];
	struct sim_child *p;
	size_t i;

	for (i = 0; i < SIM_CHILDREN; i++) {
		p = &h->plane[i];
		if (p->id != 0 && p->in && p->spi_in == d->spi &&
		    memcmp(p->key_in, d->key, d->key_len) == 0) {
			h->received++;
			ike_host_plane_alive(h->h, s->now, p->id);
			return;
		}
	}
	h->lost++;
}

/* ---- actions ---- */

static void
keep_event(struct sim_host *h, const struct ike_event *e)
{
	struct sim_event *ev;

	h->events = xrealloc(h->events, h->nr_events + 1, sizeof(*ev));
	ev = &h->events[h->nr_events++];
	ev->at = h->sim->now;
	ev->e = *e;
	ev->e.conf = NULL;
	if (getenv("SIM_TRACE") != NULL) {
		printf("%9lld host %u event %d sa %u child %u new %u %s: %s "
		    "[%s | %s]\n", (long long)h->sim->now - START_MS, h->nr,
		    e->type, e->sa_id, e->child_id, e->new_id,
		    ike_reason_word(e->reason.code), e->reason.text,
		    e->reason.ours, e->reason.theirs);
	}
}

/* Run a job when its time comes: at once, or after job_ms. */
static void
take_job(struct sim_host *h, struct ike_job *job)
{
	struct sim_job *j = xcalloc(1, sizeof(*j));

	j->job = job;
	j->host = h->nr;
	j->due = h->sim->now + h->sim->job_ms;
	list_append(&h->sim->jobs, &j->link);
}

static void
act(struct sim_host *h, const struct ike_action *a)
{
	struct sim_dgram d = {0};
	struct sim_child *p = slot_of(h, a->child_id);

	if (a->child_id != 0 && getenv("SIM_TRACE") != NULL) {
		printf("%9lld host %u plane %d child %u %08x/%08x of %u, "
		    "sa %u\n", (long long)h->sim->now - START_MS, h->nr,
		    a->type, a->child_id, a->child.spi_in, a->child.spi_out,
		    a->child.rekey_of, a->child.sa_id);
	}
	switch (a->type) {
	case IKE_ACT_SEND:
		d.data = (uint8_t *)(uintptr_t)a->data;
		d.len = a->len;
		send_dgram(h->sim, h->nr, &a->path, &d);
		break;
	case IKE_ACT_KEEPALIVE:
		h->keepalives++;
		break;
	case IKE_ACT_CHILD_IN:
	case IKE_ACT_CHILD_OUT:
		plane_add(h, &a->child, a->type == IKE_ACT_CHILD_OUT);
		break;
	case IKE_ACT_CHILD_MOVE:
		h->moves++;
		if (p != NULL)
			p->path = a->child.path;
		if (p != NULL)
			p->encap = a->child.encap;
		break;
	case IKE_ACT_CHILD_DEL:
		if (p != NULL)
			p->id = 0;
		break;
	case IKE_ACT_EVENT:
		keep_event(h, &a->event);
		break;
	case IKE_ACT_JOB:
		take_job(h, a->job);
		break;
	}
}

/* Do the first job that is due; false if there is none. */
static bool
do_job(struct sim *s)
{
	struct sim_job *j;

	if (list_empty(&s->jobs))
		return false;
	j = LIST_ENTRY(s->jobs.next, struct sim_job, link);
	if (j->due > s->now)
		return false;
	list_remove(&j->link);
	ike_job_run(j->job, s->clock_s);
	ike_host_job_done(s->host[j->host].h, s->now, j->job);
	free(j);
	return true;
}

void
sim_drain(struct sim *s)
{
	struct ike_action a;
	unsigned i;

	do {
		for (i = 0; i < 2; i++) {
			while (ike_host_next_action(s->host[i].h, &a))
				act(&s->host[i], &a);
		}
	} while (do_job(s));
}

static unsigned
host_at(const struct sim *s, const struct ip_addr *a)
{
	return addr_eq(a, &s->host[1].addr);
}

static void
trace(const struct sim *s, const struct sim_dgram *d)
{
	struct ike_msg *m;
	struct buf b = {0};

	if (getenv("SIM_TRACE") == NULL)
		return;
	printf("%9lld %u-> %zu bytes%s\n", (long long)s->now - START_MS,
	    d->from, d->len, d->corrupt ? " spoiled" : "");
	if (ike_msg_read(&m, d->data, d->len, NULL, NULL) == 0) {
		ike_msg_print(m, &b);
		ike_msg_free(m);
	}
	buf_u8(&b, 0);
	printf("%s", (char *)b.data);
	buf_free(&b);
}

static void
deliver_take(struct sim *s, struct sim_dgram *d)
{
	struct ike_path path = { .local = d->dst, .remote = d->src };
	unsigned to = host_at(s, &d->dst.addr);

	list_remove(&d->link);
	/* nobody is at that address any more */
	if (!addr_eq(&d->dst.addr, &s->host[to].addr)) {
		dgram_free(d);
		return;
	}
	if (d->esp) {
		receive_packet(s, to, d);
	} else {
		trace(s, d);
		ike_host_input(s->host[to].h, s->now, &path, d->data, d->len);
	}
	dgram_free(d);
	sim_drain(s);
}

void
sim_inject(struct sim *s, unsigned to, const struct ike_path *path,
    const void *data, size_t len)
{
	ike_host_input(s->host[to].h, s->now, path, data, len);
	sim_drain(s);
}

/* ---- time ---- */

static int64_t
next_due(const struct sim *s)
{
	int64_t due = TIME_NEVER, t;
	unsigned i;

	if (!list_empty(&s->wire) && !s->manual)
		due = LIST_ENTRY(s->wire.next, struct sim_dgram, link)->due;
	if (!list_empty(&s->jobs)) {
		t = LIST_ENTRY(s->jobs.next, struct sim_job, link)->due;
		due = t < due ? t : due;
	}
	for (i = 0; i < 2; i++) {
		t = ike_host_deadline(s->host[i].h);
		if (t < due)
			due = t;
	}
	if (s->traffic_ms > 0 && s->traffic_at < due)
		due = s->traffic_at;
	return due;
}

static void
run_due(struct sim *s)
{
	struct sim_dgram *d;
	unsigned i;

	while (!s->manual && !list_empty(&s->wire)) {
		d = LIST_ENTRY(s->wire.next, struct sim_dgram, link);
		if (d->due > s->now)
			break;
		deliver_take(s, d);
	}
	if (s->traffic_ms > 0 && s->traffic_at <= s->now) {
		send_packet(s, 0);
		send_packet(s, 1);
		s->traffic_at = s->now + s->traffic_ms;
	}
	for (i = 0; i < 2; i++)
		ike_host_tick(s->host[i].h, s->now);
	sim_drain(s);
}

void
sim_run(struct sim *s, int64_t until)
{
	int64_t due;

	sim_drain(s);
	while ((due = next_due(s)) <= until) {
		if (due > s->now)
			s->now = due;
		run_due(s);
	}
	if (s->now < until)
		s->now = until;
}

void
sim_for(struct sim *s, int64_t ms)
{
	sim_run(s, s->now + ms);
}

/* ---- manual mode ---- */

struct sim_dgram *
sim_peek(struct sim *s, unsigned from)
{
	struct sim_dgram *d;

	LIST_EACH(d, &s->wire, struct sim_dgram, link) {
		if (!d->esp && d->from == from)
			return d;
	}
	return NULL;
}

unsigned
sim_waiting(const struct sim *s, unsigned from)
{
	const struct sim_dgram *d;
	unsigned n = 0;

	LIST_EACH(d, &s->wire, const struct sim_dgram, link)
		n += !d->esp && d->from == from;
	return n;
}

bool
sim_pass(struct sim *s, unsigned from)
{
	struct sim_dgram *d = sim_peek(s, from);

	if (d == NULL)
		return false;
	deliver_take(s, d);
	return true;
}

bool
sim_drop(struct sim *s, unsigned from)
{
	struct sim_dgram *d = sim_peek(s, from);

	if (d == NULL)
		return false;
	dgram_free(d);
	return true;
}

void
sim_pass_all(struct sim *s)
{
	while (!list_empty(&s->wire)) {
		deliver_take(s, LIST_ENTRY(s->wire.next, struct sim_dgram,
		    link));
	}
}
