/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulator (see sim.h): configurations, and questions to both hosts.
 */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

#define IKE_SUITE "aes128gcm16-prfsha256-x25519"
#define ESP_SUITE "aes128gcm16"

static void
check(int ret, const struct sp_error *err)
{
	if (ret == 0)
		return;
	printf("%s\n", err->text);
	abort();
}

static size_t
add_suites(struct suite **out, const char *const *texts, const char *def,
    bool ike)
{
	const char *one[2] = { def, NULL };
	struct sp_error err = {0};
	size_t nr = 0;

	if (texts[0] == NULL)
		texts = one;
	for (; nr < 4 && texts[nr] != NULL; nr++) {
		*out = xrealloc(*out, nr + 1, sizeof(**out));
		check(suite_parse(&(*out)[nr], texts[nr], ike, &err), &err);
	}
	return nr;
}

static void
add_ts(struct ts_list *l, const char *text)
{
	struct sp_error err = {0};
	struct ike_ts ts;

	check(ts_parse(&ts, text, &err), &err);
	ts_list_add(l, &ts);
}

static const char *
either(const char *a, const char *b)
{
	return a != NULL ? a : b;
}

struct ike_child_conf *
sim_child_new(const char *name, const char *esp, const char *local_ts,
    const char *remote_ts)
{
	struct ike_child_conf *ch = ike_child_conf_new(name);
	const char *one[4] = { esp };

	ch->nr_suites = add_suites(&ch->suites, one, ESP_SUITE, false);
	add_ts(&ch->local_ts, local_ts);
	add_ts(&ch->remote_ts, remote_ts);
	return ch;
}

struct ike_conf *
sim_conf_new(unsigned host, const struct sim_conf *opt)
{
	static const char *const ids[2] = { "left.example", "right.example" };
	static const char *const nets[2] = { "10.1.0.0/16", "10.2.0.0/16" };
	static const struct sim_conf none;
	const struct sim_conf *o = opt ? opt : &none;
	struct ike_conf *c = ike_conf_new(either(o->name, "sim/p1"));
	struct ike_child_conf *ch;
	struct sp_error err = {0};
	const char *psk = either(o->psk, "a secret of the simulator");

	check(ident_parse(&c->local_id, either(o->local_id, ids[host]),
	    &err), &err);
	check(ident_parse(&c->remote_id, either(o->remote_id, ids[!host]),
	    &err), &err);
	secret_set(&c->psk, psk, strlen(psk));
	c->nr_suites = add_suites(&c->suites, o->ike, IKE_SUITE, true);
	c->lifetime_ms = 3 * 3600000;
	c->margin_ms = 540000;

	ch = ike_child_conf_new(either(o->child, "net"));
	ch->nr_suites = add_suites(&ch->suites, o->esp, ESP_SUITE, false);
	add_ts(&ch->local_ts, either(o->local_ts, nets[host]));
	add_ts(&ch->remote_ts, either(o->remote_ts, nets[!host]));
	ch->transport = o->transport;
	ike_conf_add_child_take(c, ch);
	return c;
}

void
sim_listen_take(struct sim *s, unsigned host, struct ike_conf *c)
{
	ike_host_conf_add(s->host[host].h, c);
	ike_conf_unref(c);
}

struct ike_path
sim_path(const struct sim *s, unsigned host)
{
	return (struct ike_path){
		.local = { s->host[host].addr, IKE_PORT },
		.remote = { s->host[!host].addr, IKE_PORT },
	};
}

uint32_t
sim_initiate(struct sim *s, unsigned host, struct ike_conf *c)
{
	struct ike_path path = sim_path(s, host);
	struct sp_error err = {0};
	uint32_t id = 0;

	check(ike_host_initiate(s->host[host].h, s->now, c, NULL, &path, &id,
	    &err), &err);
	sim_drain(s);
	return id;
}

uint32_t
sim_up(struct sim *s)
{
	struct ike_conf *c = sim_conf_new(0, NULL);
	uint32_t id;

	ike_host_conf_add(s->host[0].h, c);
	sim_listen_take(s, 1, sim_conf_new(1, NULL));
	id = sim_initiate(s, 0, c);
	ike_conf_unref(c);
	if (s->manual)
		sim_pass_all(s);
	else
		sim_for(s, 1000);
	return id;
}

const struct ike_event *
sim_event(const struct sim *s, unsigned host, enum ike_event_type type)
{
	const struct sim_host *h = &s->host[host];
	size_t i;

	for (i = h->nr_events; i > 0; i--) {
		if (h->events[i - 1].e.type == type)
			return &h->events[i - 1].e;
	}
	return NULL;
}

unsigned
sim_count(const struct sim *s, unsigned host, enum ike_event_type type)
{
	const struct sim_host *h = &s->host[host];
	unsigned n = 0;
	size_t i;

	for (i = 0; i < h->nr_events; i++)
		n += h->events[i].e.type == type;
	return n;
}

bool
sim_sa(const struct sim *s, unsigned host, size_t n, struct ike_sa_info *out)
{
	size_t pos = 0;

	while (ike_host_next_sa(s->host[host].h, &pos, out)) {
		if (n-- == 0)
			return true;
	}
	return false;
}

unsigned
sim_nr_sas(const struct sim *s, unsigned host)
{
	struct ike_sa_info info;
	unsigned n = 0;

	while (sim_sa(s, host, n, &info))
		n++;
	return n;
}

unsigned
sim_nr_children(const struct sim *s, unsigned host)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < SIM_CHILDREN; i++)
		n += s->host[host].plane[i].id != 0;
	return n;
}

static bool
has_sa(const struct sim *s, unsigned host, const struct ike_sa_info *want)
{
	struct ike_sa_info info;
	size_t n;

	for (n = 0; sim_sa(s, host, n, &info); n++) {
		if (info.spi_i == want->spi_i && info.spi_r == want->spi_r)
			return info.initiator != want->initiator;
	}
	return false;
}

static bool
same_pair(const struct sim_child *a, const struct sim_child *b)
{
	return b->id != 0 && a->in == b->in && a->out == b->out &&
	    a->spi_in == b->spi_out && a->spi_out == b->spi_in &&
	    a->key_len == b->key_len && a->key_len > 0 &&
	    memcmp(a->key_in, b->key_out, a->key_len) == 0 &&
	    memcmp(a->key_out, b->key_in, a->key_len) == 0 &&
	    strcmp(a->local, b->remote) == 0 &&
	    strcmp(a->remote, b->local) == 0 && a->esn == b->esn &&
	    a->transport == b->transport && a->encap == b->encap;
}

static bool
has_child(const struct sim *s, unsigned host, const struct sim_child *want)
{
	size_t i;

	for (i = 0; i < SIM_CHILDREN; i++) {
		if (same_pair(want, &s->host[host].plane[i]))
			return true;
	}
	return false;
}

static bool
all_known(const struct sim *s, unsigned host)
{
	const struct sim_child *p;
	struct ike_sa_info info;
	bool ok = true;
	size_t n;

	for (n = 0; sim_sa(s, host, n, &info); n++) {
		if (has_sa(s, !host, &info))
			continue;
		printf("IKE SA %u of host %u (%016" PRIx64 "_%016" PRIx64
		    ", state %d) is not at the other\n", info.id, host,
		    info.spi_i, info.spi_r, info.state);
		ok = false;
	}
	for (n = 0; n < SIM_CHILDREN; n++) {
		p = &s->host[host].plane[n];
		if (p->id == 0 || has_child(s, !host, p))
			continue;
		printf("child %u of host %u (%08x/%08x%s%s%s, %s to %s) is "
		    "not at the other\n", p->id, host, p->spi_in, p->spi_out,
		    p->in ? " in" : "", p->out ? " out" : "",
		    p->encap ? " encap" : "", p->local, p->remote);
		ok = false;
	}
	return ok;
}

bool
sim_agree(struct sim *s)
{
	struct sim_child *a = sim_in_use(s, 0, NULL);
	struct sim_child *b = sim_in_use(s, 1, NULL);
	bool ok = all_known(s, 0);

	if (!all_known(s, 1))
		ok = false;
	if ((a == NULL) != (b == NULL)) {
		printf("only one side has a child in use\n");
		ok = false;
	}
	return ok;
}

bool
sim_is_sane(const struct sim *s)
{
	struct ike_host_stats st;
	bool ok = true;
	unsigned i;

	for (i = 0; i < 2; i++) {
		ike_host_stats(s->host[i].h, &st);
		if (st.bad_transitions == 0 && st.half_open == 0)
			continue;
		printf("host %u: %" PRIu64 " illegal changes of state, %"
		    PRIu64 " half open\n", i, st.bad_transitions,
		    st.half_open);
		ok = false;
	}
	return ok;
}
