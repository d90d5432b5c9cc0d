/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables of "show WORD": columns and the members that fill them.  What a
 * member path may be is explained at show_cell().
 */
#include "base/i18n.h"
#include "shell/cmd.h"
#include "shell/table.h"

static const struct tbl_col algorithm_cols[] = {
	{ "TYPE", TBL_LEFT, 0 }, { "NAME", TBL_LEFT, 0 },
	{ "SETTING", TBL_LEFT, 2 }, { "ID", TBL_RIGHT, 4 },
	{ "USE", TBL_LEFT, 3 }, { "CLASS", TBL_LEFT, 0 },
	{ "USABLE", TBL_LEFT, 0 }, { "BASIS", TBL_LEFT, 5 },
	{ "WHY", TBL_TEXT, 6 }, { NULL, TBL_LEFT, 0 },
};
static const char *const algorithm_members[] = { "type", "name", "setting",
	"id", "use", "class", "usable", "_basis", "_why", NULL };

const struct show_kind show_algorithms = {
	.method = "show.algorithms", .list = "algorithms",
	.none = N_("no algorithms"),
	.cols = algorithm_cols, .member = algorithm_members,
};

static const struct tbl_col certificate_cols[] = {
	{ "NAME", TBL_LEFT, 0 }, { "KIND", TBL_LEFT, 0 },
	{ "STATE", TBL_LEFT, 0 }, { "SUBJECT", TBL_LEFT, 0 },
	{ "ISSUER", TBL_LEFT, 2 }, { "NOT-AFTER", TBL_LEFT, 1 },
	{ "KEY", TBL_LEFT, 3 }, { "PRIVATE", TBL_LEFT, 3 },
	{ "NAMES", TBL_LEFT, 4 }, { "SERIAL", TBL_LEFT, 5 },
	{ "FILE", TBL_LEFT, 5 }, { "ERROR", TBL_TEXT, 0 },
	{ NULL, TBL_LEFT, 0 },
};
static const char *const certificate_members[] = { "name", "kind", "state",
	"subject", "issuer", "not_after", "key", "private", "names",
	"serial", "file", "error", NULL };

const struct show_kind show_certificates = {
	.method = "show.certificates", .list = "certificates",
	.none = N_("no certificates"),
	.cols = certificate_cols, .member = certificate_members,
};

static const struct tbl_col child_cols[] = {
	{ "CHILD", TBL_LEFT, 0 }, { "STATE", TBL_LEFT, 0 },
	{ "LOCAL", TBL_LEFT, 0 }, { "REMOTE", TBL_LEFT, 0 },
	{ "IN", TBL_RIGHT, 1 }, { "OUT", TBL_RIGHT, 1 },
	{ "SPI-IN", TBL_LEFT, 4 }, { "SPI-OUT", TBL_LEFT, 4 },
	{ "PLANE", TBL_LEFT, 5 }, { "MODE", TBL_LEFT, 6 },
	{ "PROPOSAL", TBL_LEFT, 3 }, { "REKEY", TBL_RIGHT, 2 },
	{ NULL, TBL_LEFT, 0 },
};
static const char *const child_members[] = { "phase1+phase2", "state",
	"local_ts", "remote_ts", "#bytes_in", "#bytes_out", "spi_in",
	"spi_out", "plane", "mode", "proposal", "@rekey_at", NULL };

const struct show_kind show_children = {
	.method = "show.children", .list = "children",
	.none = N_("no child SAs"),
	.cols = child_cols, .member = child_members,
};

static const struct tbl_col ike_cols[] = {
	{ "TUNNEL", TBL_LEFT, 0 }, { "STATE", TBL_LEFT, 0 },
	{ "ROLE", TBL_LEFT, 2 }, { "LOCAL", TBL_LEFT, 3 },
	{ "REMOTE", TBL_LEFT, 0 }, { "AGE", TBL_RIGHT, 0 },
	{ "REKEY", TBL_RIGHT, 1 }, { "CHILDREN", TBL_RIGHT, 4 },
	{ "PROPOSAL", TBL_LEFT, 5 }, { "SPI-I", TBL_LEFT, 6 },
	{ "SPI-R", TBL_LEFT, 6 }, { NULL, TBL_LEFT, 0 },
};
static const char *const ike_members[] = { "network+phase1", "state", "role",
	"local.address", "remote.address", "@established_at", "@rekey_at",
	"children", "proposal", "spi_i", "spi_r", NULL };

const struct show_kind show_ike = {
	.method = "show.ike", .list = "ike_sas", .none = N_("no IKE SAs"),
	.cols = ike_cols, .member = ike_members,
};

static const struct tbl_col network_cols[] = {
	{ "NETWORK", TBL_LEFT, 0 }, { "POWER", TBL_LEFT, 0 },
	{ "STATE", TBL_LEFT, 0 }, { "ADDRESS", TBL_LEFT, 1 },
	{ "PLACEMENT", TBL_LEFT, 3 }, { "NAMESPACE", TBL_LEFT, 4 },
	{ "PLANE", TBL_LEFT, 2 }, { "ERROR", TBL_TEXT, 0 },
	{ NULL, TBL_LEFT, 0 },
};
static const char *const network_members[] = { "network", "power", "state",
	"address", "placement", "namespace", "data_plane", "error", NULL };

const struct show_kind show_networks = {
	.method = "show.networks", .list = "networks",
	.none = N_("no networks"),
	.cols = network_cols, .member = network_members,
};

static const struct tbl_col session_cols[] = {
	{ "USER", TBL_LEFT, 0 }, { "TERMINAL", TBL_LEFT, 0 },
	{ "ROLE", TBL_LEFT, 0 }, { "SINCE", TBL_RIGHT, 0 },
	{ "EDITS", TBL_RIGHT, 0 }, { "OWN", TBL_LEFT, 1 },
	{ NULL, TBL_LEFT, 0 },
};
static const char *const session_members[] = { "user", "terminal", "role",
	"@since", "edits", "own", NULL };

const struct show_kind show_sessions = {
	.method = "show.sessions", .list = "sessions",
	.none = N_("no sessions"),
	.cols = session_cols, .member = session_members,
};

static const struct tbl_col policy_cols[] = {
	{ "CHILD", TBL_LEFT, 0 }, { "ACTION", TBL_LEFT, 0 },
	{ "LOCAL", TBL_LEFT, 0 }, { "REMOTE", TBL_LEFT, 0 },
	{ "PRIORITY", TBL_RIGHT, 1 }, { "REQID", TBL_RIGHT, 2 },
	{ "NETWORK", TBL_LEFT, 3 }, { NULL, TBL_LEFT, 0 },
};
static const char *const policy_members[] = { "phase1+phase2", "action",
	"local", "remote", "priority", "reqid", "network", NULL };

const struct show_kind show_policies = {
	.method = "show.policies", .list = "policies",
	.none = N_("no policies"),
	.cols = policy_cols, .member = policy_members,
};

static const struct tbl_col sa_cols[] = {
	{ "SPI", TBL_LEFT, 0 }, { "DIRECTION", TBL_LEFT, 3 },
	{ "PROTOCOL", TBL_LEFT, 4 }, { "SOURCE", TBL_LEFT, 0 },
	{ "DESTINATION", TBL_LEFT, 0 }, { "BYTES", TBL_RIGHT, 0 },
	{ "PACKETS", TBL_RIGHT, 2 }, { "REPLAY", TBL_RIGHT, 5 },
	{ "AUTH", TBL_RIGHT, 5 }, { "CHILD", TBL_LEFT, 1 },
	{ "PLANE", TBL_LEFT, 6 }, { "REQID", TBL_RIGHT, 7 },
	{ "NETWORK", TBL_LEFT, 8 }, { NULL, TBL_LEFT, 0 },
};
static const char *const sa_members[] = { "spi", "direction", "protocol",
	"source", "destination", "#bytes", "packets", "replay_errors",
	"auth_errors", "phase1+phase2", "plane", "reqid", "network", NULL };

const struct show_kind show_sa = {
	.method = "show.sa", .list = "sas",
	.none = N_("no security associations"),
	.cols = sa_cols, .member = sa_members,
};
