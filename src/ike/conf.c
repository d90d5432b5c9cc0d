/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration objects of the state machines: creation with IKE's own
 * defaults (settings.md section 3 and 5), references, look-up.
 */
#include "ike/conf.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "ike/codec.h"

#define HOUR_MS (3600 * (int64_t)1000)
#define MINUTE_MS (60 * (int64_t)1000)
#define SECOND_MS ((int64_t)1000)

/* Eight hours, nine minutes of margin, probes each 30 seconds. */
struct ike_conf *
ike_conf_new(const char *name)
{
	struct ike_conf *c = xcalloc(1, sizeof(*c));

	c->refs = 1;
	c->name = xstrdup(name);
	c->remote_port = 500;
	c->lifetime_ms = 8 * HOUR_MS;
	c->margin_ms = 9 * MINUTE_MS;
	c->fuzz_percent = 100;
	c->rekey = true;
	c->dpd = true;
	c->dpd_failures = 5;
	c->dpd_delay_ms = 30 * SECOND_MS;
	c->unique = UNIQUE_YES;
	return c;
}

/* ESP in tunnel mode for an hour. */
struct ike_child_conf *
ike_child_conf_new(const char *name)
{
	struct ike_child_conf *c = xcalloc(1, sizeof(*c));

	c->refs = 1;
	c->name = xstrdup(name);
	c->protocol = PROTO_ESP;
	c->lifetime_ms = HOUR_MS;
	c->replay_window = 32;
	return c;
}

void
ike_conf_add_child_take(struct ike_conf *c, struct ike_child_conf *ch)
{
	c->children = xrealloc(c->children, c->nr_children + 1,
	    sizeof(*c->children));
	c->children[c->nr_children++] = ch;
}

struct ike_conf *
ike_conf_ref(struct ike_conf *c)
{
	c->refs++;
	return c;
}

/* Children may live on with whoever holds a reference. */
void
ike_conf_unref(struct ike_conf *c)
{
	size_t i;

	if (c == NULL || --c->refs > 0)
		return;

	for (i = 0; i < c->nr_children; i++)
		ike_child_conf_unref(c->children[i]);
	free(c->children);
	ident_free(&c->local_id);
	ident_free(&c->remote_id);
	secret_free(&c->psk);
	secret_free(&c->ppk);
	free(c->ppk_id);
	ike_cred_free(&c->cred);
	free(c->remote_addrs);
	free(c->suites);
	free(c->name);
	free(c);
}

struct ike_child_conf *
ike_child_conf_ref(struct ike_child_conf *c)
{
	c->refs++;
	return c;
}

void
ike_child_conf_unref(struct ike_child_conf *c)
{
	if (c == NULL || --c->refs > 0)
		return;

	ts_list_free(&c->local_ts);
	ts_list_free(&c->remote_ts);
	free(c->suites);
	free(c->name);
	free(c);
}

struct ike_child_conf *
ike_conf_child(const struct ike_conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->nr_children; i++) {
		if (str_eq(c->children[i]->name, name))
			return c->children[i];
	}
	return NULL;
}
