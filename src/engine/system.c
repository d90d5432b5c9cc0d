/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Settings of `system`: the ones that every network and the log read.  An
 * absent object means the defaults of its schema, which the accessors of
 * conf/ give for an empty one too.
 */
#include "engine/internal.h"

#include "base/str.h"
#include "conf/model.h"
#include "engine/log.h"

#define LOG_BYTES (16u << 20)

static const struct conf_node *
system_node(const struct engine *e)
{
	return conf_child(conf_root(e->conf), "system", NULL);
}

struct ike_host_params
system_ike_params(struct engine *e)
{
	const struct conf_node *s = system_node(e);
	struct ike_host_params p = ike_host_defaults();

	p.rng = &e->rng;
	p.log = e->log;
	if (s == NULL)
		return p;

	p.retransmit_ms = (int64_t)(conf_decimal(s, "retransmit-timeout") *
	    1000);
	p.retransmit_base = conf_decimal(s, "retransmit-base");
	p.retransmit_tries = (unsigned)conf_int(s, "retransmit-tries");
	p.keep_alive_ms = conf_duration(s, "keep-alive") * 1000;
	p.cookie_threshold = (unsigned)conf_int(s, "cookie-threshold");
	p.cookie_threshold_address =
	    (unsigned)conf_int(s, "cookie-threshold-address");
	p.block_threshold = (unsigned)conf_int(s, "block-threshold");
	p.half_open_limit = (unsigned)conf_int(s, "half-open-limit");
	return p;
}

void
system_apply(struct engine *e)
{
	const struct conf_node *s = system_node(e);
	struct ike_host_params p = system_ike_params(e);
	enum log_level level = LOG_LVL_INFO;
	struct network *n;
	size_t bytes = LOG_BYTES;

	if (s != NULL) {
		elog_level_parse(conf_str(s, "log-level"), &level);
		bytes = (size_t)conf_int(s, "log-bytes");
	}
	elog_set(e->elog, level, bytes);
	LIST_EACH(n, &e->networks, struct network, link) {
		if (n->host != NULL)
			ike_host_set_params(n->host, &p);
	}
}

bool
system_plane_kernel(const struct engine *e, const char **why)
{
	const struct conf_node *s = system_node(e);
	const char *word = s != NULL ? conf_str(s, "data-plane") : "auto";

	*why = NULL;
	if (str_eq(word, "kernel")) {
		*why = "set by system data-plane";
		return true;
	}
	if (str_eq(word, "user")) {
		*why = "set by system data-plane";
		return false;
	}
	if (!e->kernel_works)
		*why = e->kernel_why;
	return e->kernel_works;
}
