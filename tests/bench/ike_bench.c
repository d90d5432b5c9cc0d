/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Handshakes of two IKE hosts in one process, without sockets: CPU seconds of
 * each side for 1000 of them and heap bytes of an established, idle IKE SA
 * with its child.  One JSON line for each suite.
 *
 *	ike_bench [N]		N handshakes a suite, 1000 by default
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "crypto/rng.h"
#include "ike/host.h"

struct side {
	struct ike_host *h;
	struct ike_conf *conf;
	double cpu;		/* seconds spent in this host */
	unsigned up;		/* CHILD_UP, or SA_UP if childless */
};

struct bench {
	struct side side[2];
	int64_t now;
	bool childless;
};

static const struct {
	const char *name, *ike, *esp;	/* esp NULL: childless */
} rows[] = {
	{ "x25519-gcm-childless", "aes128gcm16-prfsha256-x25519", NULL },
	{ "x25519-gcm", "aes128gcm16-prfsha256-x25519", "aes128gcm16" },
	{ "x25519-cbc", "aes128-sha256-x25519", "aes128-sha256" },
	{ "modp2048-cbc", "aes256-sha256-modp2048", "aes256-sha256" },
	{ "ecp256-gcm", "aes256gcm16-prfsha384-ecp256", "aes256gcm16" },
};

static double
cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "ike_bench: %s\n", what);
	exit(1);
}

static struct ike_conf *
conf_new(unsigned side, const char *ike, const char *esp)
{
	static const char *const ids[2] = { "left.example", "right.example" };
	static const char *const nets[2] = { "10.1.0.0/16", "10.2.0.0/16" };
	struct ike_conf *c = ike_conf_new("bench/p1");
	struct ike_child_conf *ch;
	struct ike_ts ts;

	ident_parse(&c->local_id, ids[side], NULL);
	ident_parse(&c->remote_id, ids[!side], NULL);
	secret_set(&c->psk, "a secret of the bench", 21);
	/* the same two identities again and again */
	c->unique = UNIQUE_NEVER;
	c->nr_suites = 1;
	c->suites = xcalloc(1, sizeof(*c->suites));
	must(suite_parse(c->suites, ike, true, NULL) == 0, ike);
	if (esp == NULL)
		return c;
	ch = ike_child_conf_new("net");
	ch->nr_suites = 1;
	ch->suites = xcalloc(1, sizeof(*ch->suites));
	must(suite_parse(ch->suites, esp, false, NULL) == 0, esp);
	ts_parse(&ts, nets[side], NULL);
	ts_list_add(&ch->local_ts, &ts);
	ts_parse(&ts, nets[!side], NULL);
	ts_list_add(&ch->remote_ts, &ts);
	ike_conf_add_child_take(c, ch);
	return c;
}

/* Take the actions of a side; the other one gets what it sends. */
static bool
pump(struct bench *b, unsigned from)
{
	struct side *me = &b->side[from], *other = &b->side[!from];
	struct ike_path back;
	struct ike_action a;
	double t;
	bool any = false;

	for (;;) {
		t = cpu();
		if (!ike_host_next_action(me->h, &a))
			break;
		me->cpu += cpu() - t;
		any = true;
		if (a.type == IKE_ACT_EVENT)
			me->up += a.event.type == (b->childless ?
			    IKE_EV_SA_UP : IKE_EV_CHILD_UP);
		if (a.type != IKE_ACT_SEND)
			continue;
		back = (struct ike_path){ a.path.remote, a.path.local };
		t = cpu();
		ike_host_input(other->h, b->now, &back, a.data, a.len);
		other->cpu += cpu() - t;
	}
	return any;
}

static void
handshake(struct bench *b, unsigned n)
{
	struct ike_path path = {0};
	uint32_t id;
	double t;

	addr_parse(&path.local.addr, "192.0.2.2");
	addr_parse(&path.remote.addr, "198.51.100.2");
	path.local.port = path.remote.port = IKE_PORT;
	path.local.addr.b[2] = (uint8_t)(n >> 8);
	path.local.addr.b[3] = (uint8_t)n;
	t = cpu();
	must(ike_host_initiate(b->side[0].h, b->now, b->side[0].conf, NULL,
	    &path, &id, NULL) == 0, "cannot begin");
	b->side[0].cpu += cpu() - t;
	while (pump(b, 0) || pump(b, 1))
		;
}

static void
run(const char *name, const char *ike, const char *esp, unsigned n)
{
	struct ike_host_params p = ike_host_defaults();
	struct rng rng = rng_system();
	struct bench b = { .now = 1000, .childless = esp == NULL };
	size_t before, after;
	unsigned i;

	p.rng = &rng;
	for (i = 0; i < 2; i++) {
		b.side[i].conf = conf_new(i, ike, esp);
		b.side[i].h = ike_host_new(&p);
		ike_host_conf_add(b.side[i].h, b.side[i].conf);
	}
	handshake(&b, 0);	/* what is fetched once is not counted */
	b.side[0].cpu = b.side[1].cpu = 0;
	before = mallinfo2().uordblks;
	for (i = 1; i <= n; i++)
		handshake(&b, i);
	after = mallinfo2().uordblks;
	must(b.side[0].up == n + 1 && b.side[1].up == n + 1, "not all up");
	printf("{\"bench\": \"ike\", \"suite\": \"%s\", \"handshakes\": %u, "
	    "\"initiator_cpu_s_per_1000\": %.3f, "
	    "\"responder_cpu_s_per_1000\": %.3f, "
	    "\"heap_bytes_per_sa\": %zu}\n", name, n,
	    b.side[0].cpu * 1000 / n, b.side[1].cpu * 1000 / n,
	    (after - before) / n / 2);
	for (i = 0; i < 2; i++) {
		ike_host_free(b.side[i].h);
		ike_conf_unref(b.side[i].conf);
	}
}

int
main(int argc, char **argv)
{
	unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
	size_t i;

	must(n > 0, "N must be a positive number");
	for (i = 0; i < NELEM(rows); i++)
		run(rows[i].name, rows[i].ike, rows[i].esp, n);
	return 0;
}
