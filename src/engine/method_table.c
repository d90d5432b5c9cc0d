/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Every method, the least role that may call it, whether it is recorded as a
 * change.  A method that is not here does not exist; a row without a role is
 * open to nobody (ROLE_NONE is refused by a test).
 */
#include "engine/methods.h"

#include "base/mem.h"
#include "base/str.h"

static const struct method methods[] = {
	{ "hello", ROLE_VIEWER, false, method_hello },
	{ "session.note", ROLE_VIEWER, false, method_session_note },
	{ "config.get", ROLE_VIEWER, false, method_config_get },
	{ "config.revision", ROLE_VIEWER, false, method_config_revision },
	{ "config.validate", ROLE_VIEWER, false, method_config_validate },
	{ "config.commit", ROLE_ADMIN, true, method_config_commit },
	{ "config.confirm", ROLE_ADMIN, true, method_config_confirm },
	{ "config.rollback", ROLE_ADMIN, true, method_config_rollback },
	{ "config.history", ROLE_VIEWER, false, method_config_history },
	{ "draft.save", ROLE_ADMIN, false, method_draft_save },
	{ "draft.load", ROLE_ADMIN, false, method_draft_load },
	{ "draft.drop", ROLE_ADMIN, false, method_draft_drop },
	{ "pki.key", ROLE_ADMIN, true, method_pki_key },
	{ "pki.request", ROLE_ADMIN, true, method_pki_request },
	{ "pki.authority", ROLE_ADMIN, true, method_pki_authority },
	{ "pki.sign", ROLE_ADMIN, true, method_pki_sign },
	{ "pki.import", ROLE_ADMIN, true, method_pki_import },
	{ "power", ROLE_OPERATOR, true, method_power },
	{ "connect", ROLE_OPERATOR, true, method_connect },
	{ "disconnect", ROLE_OPERATOR, true, method_disconnect },
	{ "rekey", ROLE_OPERATOR, true, method_rekey },
	{ "reset.counters", ROLE_OPERATOR, true, method_reset_counters },
	{ "show.sessions", ROLE_VIEWER, false, method_show_sessions },
	{ "explain", ROLE_VIEWER, false, method_explain },
	{ "show.networks", ROLE_VIEWER, false, method_show_networks },
	{ "show.tunnels", ROLE_VIEWER, false, method_show_tunnels },
	{ "show.ike", ROLE_VIEWER, false, method_show_ike },
	{ "show.children", ROLE_VIEWER, false, method_show_children },
	{ "show.sa", ROLE_VIEWER, false, method_show_sa },
	{ "show.policies", ROLE_VIEWER, false, method_show_policies },
	{ "show.counters", ROLE_VIEWER, false, method_show_counters },
	{ "show.algorithms", ROLE_VIEWER, false, method_show_algorithms },
	{ "show.certificates", ROLE_VIEWER, false,
	    method_show_certificates },
	{ "show.log", ROLE_VIEWER, false, method_show_log },
	{ "show.system", ROLE_VIEWER, false, method_show_system },
	{ "subscribe", ROLE_VIEWER, false, method_subscribe },
	{ "unsubscribe", ROLE_VIEWER, false, method_unsubscribe },
	{ "shutdown", ROLE_ADMIN, true, method_shutdown },
};

const struct method *
method_find(const char *name)
{
	size_t i;

	for (i = 0; i < NELEM(methods); i++) {
		if (str_eq(methods[i].name, name))
			return &methods[i];
	}
	return NULL;
}

const struct method *
method_at(size_t index)
{
	return index < NELEM(methods) ? &methods[index] : NULL;
}
