/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The methods of the control protocol (help/protocol), for method_table.c.
 * Each returns 0 with call->result set, CALL_LATER, or a negative code with
 * err; params may be NULL.
 */
#ifndef SP_ENGINE_METHODS_H
#define SP_ENGINE_METHODS_H

#include "engine/control.h"

struct conf_tree;

/* A method has this form. */
#define METHOD(name) \
	int name(struct call *call, const json_t *params, struct sp_error *err)

/* methods_config.c: configuration, history, drafts */
METHOD(method_config_get);
METHOD(method_config_revision);
METHOD(method_config_history);
METHOD(method_draft_save);
METHOD(method_draft_load);
METHOD(method_draft_drop);

/* methods_commit.c */
METHOD(method_config_validate);
METHOD(method_config_commit);
METHOD(method_config_confirm);
METHOD(method_config_rollback);

/* One commit as config.history shows it. */
#define HISTORY_MAX 50
struct conf_history;
json_t *history_json(const struct conf_history *h);

/*
 * The tree of a request's text and secrets (the caller's); keys that it
 * names and does not bring are those of the running configuration.
 */
int config_request_tree(struct call *call, const json_t *params,
    struct conf_tree **out, struct sp_error *err);

/* methods_tunnel.c: what changes the state of networks and tunnels */
METHOD(method_power);
METHOD(method_connect);
METHOD(method_disconnect);
METHOD(method_rekey);
METHOD(method_reset_counters);
METHOD(method_explain);

/* methods_pki.c: keys and certificates */
METHOD(method_pki_key);
METHOD(method_pki_request);
METHOD(method_pki_authority);
METHOD(method_pki_sign);
METHOD(method_pki_import);

/* The client is gone: no key that is being made is for it. */
void makings_drop_client(struct engine *e, const struct client *c);

/* methods_cert.c */
METHOD(method_show_certificates);

/* methods_show.c: what only looks, subscriptions, the end */
METHOD(method_hello);
METHOD(method_session_note);
METHOD(method_show_sessions);
METHOD(method_show_networks);
METHOD(method_show_tunnels);
METHOD(method_show_ike);
METHOD(method_show_children);
METHOD(method_show_sa);
METHOD(method_show_policies);
METHOD(method_show_counters);
METHOD(method_show_algorithms);
METHOD(method_show_log);
METHOD(method_show_system);
METHOD(method_subscribe);
METHOD(method_unsubscribe);
METHOD(method_shutdown);

/* Secrets of drafts that a user left; they die with the engine. */
void drafts_free(struct engine *e);

#endif
