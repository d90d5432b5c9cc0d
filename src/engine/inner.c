/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The address inside that a peer gave us (configuration payload, RFC 7296
 * 2.19): it is put on the loopback device of the network's place, where the
 * route into the tunnel finds it as source, and taken away with the IKE SA.
 * The state store remembers it, for an engine that is killed.
 */
#include "engine/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/store.h"
#include "net/net.h"

#define PLACE "lo"

static void
complain(const struct conn *c, const struct sp_error *err)
{
	log_event(c->net->engine->log, LOG_LVL_WARNING, "inner-address",
	    c->full, "%s", err->text);
}

/* The two addresses as the state store keeps them: "10.0.0.1 fd00::1". */
static void
remember(struct conn *c)
{
	char *key = xasprintf("inner/%s", c->full), text[2][ADDR_TEXT] = {""};
	char *value;
	struct sp_error err;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (c->inner[i].family != 0)
			addr_print(&c->inner[i], text[i]);
	}
	value = xasprintf("%s %s", text[0], text[1]);
	if (conf_store_state_set(c->net->engine->store, key,
	    str_eq(value, " ") ? NULL : value, &err) < 0)
		complain(c, &err);
	free(value);
	free(key);
}

static int
change(const struct ip_addr *a, bool add, struct sp_error *err)
{
	struct ip_prefix p = { *a, (uint8_t)(addr_len(a) * 8) };

	if (a->family == 0)
		return 0;
	return add ? link_addr_add(PLACE, &p, err) :
	    link_addr_del(PLACE, &p, err);
}

/* Does another tunnel of this network stand on the same address. */
static bool
is_shared(const struct conn *c, const struct ip_addr *a)
{
	struct conn *o;

	LIST_EACH(o, &c->net->conns, struct conn, link) {
		if (o != c && (addr_eq(&o->inner[0], a) ||
		    addr_eq(&o->inner[1], a)))
			return true;
	}
	return false;
}

static void
become(struct conn *c, const struct ip_addr now[2])
{
	struct sp_error err;
	size_t i;
	int old;

	if (addr_eq(&c->inner[0], &now[0]) && addr_eq(&c->inner[1], &now[1]))
		return;
	if (network_enter(c->net, &old, NULL) < 0)
		return;
	for (i = 0; i < 2; i++) {
		if (addr_eq(&c->inner[i], &now[i]))
			continue;
		if (!is_shared(c, &c->inner[i]) &&
		    change(&c->inner[i], false, &err) < 0)
			complain(c, &err);
		if (change(&now[i], true, &err) < 0)
			complain(c, &err);
	}
	network_leave(c->net, old);
	memcpy(c->inner, now, sizeof(c->inner));
	remember(c);
}

void
inner_take(struct conn *c, uint32_t sa_id)
{
	struct ike_sa_info sa;

	if (ike_host_sa(c->net->host, sa_id, &sa))
		become(c, sa.inner_local);
}

void
inner_drop(struct conn *c)
{
	static const struct ip_addr none[2];

	become(c, none);
}

void
inner_sweep(struct conn *c)
{
	char *key = xasprintf("inner/%s", c->full), *value;
	char *second;

	value = conf_store_state_get(c->net->engine->store, key);
	free(key);
	if (value == NULL)
		return;
	second = strchr(value, ' ');
	if (second != NULL) {
		*second++ = '\0';
		if (!addr_parse(&c->inner[0], value))
			memset(&c->inner[0], 0, sizeof(c->inner[0]));
		if (!addr_parse(&c->inner[1], second))
			memset(&c->inner[1], 0, sizeof(c->inner[1]));
	}
	free(value);
	inner_drop(c);
}
