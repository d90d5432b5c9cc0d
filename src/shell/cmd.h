/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The functions that rows of cmd_table.c run.  Each gets the session and its
 * parsed line, leaves text in sh->out or an object in sh->result, and
 * returns 0 or a negative code with err filled.
 */
#ifndef SP_SHELL_CMD_H
#define SP_SHELL_CMD_H

#include <jansson.h>
#include <stdint.h>

struct cmd_line;
struct shell;
struct sp_error;

#define CMD_FUNC(name) \
	int name(struct shell *sh, const struct cmd_line *cl, \
	    struct sp_error *err)

/* cmd_config.c: the candidate. */
CMD_FUNC(cmd_set);		/* set <path-value> */
CMD_FUNC(cmd_delete);		/* delete <path-value> */
CMD_FUNC(cmd_edit);		/* edit <path> */
CMD_FUNC(cmd_up);
CMD_FUNC(cmd_top);
CMD_FUNC(cmd_rename);		/* rename <path> to <name> */
CMD_FUNC(cmd_copy);		/* copy <path> to <name> */
CMD_FUNC(cmd_activate);		/* activate <path> */
CMD_FUNC(cmd_deactivate);	/* deactivate <path> */
CMD_FUNC(cmd_annotate);		/* annotate <path> ... "text" as last word */
CMD_FUNC(cmd_undo);
CMD_FUNC(cmd_redo);

/* cmd_move.c */
CMD_FUNC(cmd_move);		/* move <path> before|after <name> */

/* secretin.c */
CMD_FUNC(cmd_generate_psk);	/* generate pre-shared-key <tunnel> */

/* cmd_pki.c: keys and certificates */
CMD_FUNC(cmd_generate_key);	/* <name> [type] [size] */
CMD_FUNC(cmd_generate_request);	/* <name> [subject] [names] */
CMD_FUNC(cmd_generate_authority);	/* <name> [subject] [days] */
CMD_FUNC(cmd_sign_request);	/* <name> <file> [days] */
CMD_FUNC(cmd_import_certificate);	/* <name> <file> */
CMD_FUNC(cmd_import_pkcs12);	/* <file> [as <name>] */

/* cmd_commit.c: the candidate as a whole, and its way to the engine. */
CMD_FUNC(cmd_show_configuration);	/* [<path>] [all] */
CMD_FUNC(cmd_compare);
CMD_FUNC(cmd_validate);
CMD_FUNC(cmd_commit);	/* [comment <text>] [confirmed] [<minutes>] */
CMD_FUNC(cmd_confirm);
CMD_FUNC(cmd_rollback);		/* <count> */
CMD_FUNC(cmd_discard);
CMD_FUNC(cmd_update);		/* [mine|theirs] */
CMD_FUNC(cmd_load);		/* <file> [merge|replace] */
CMD_FUNC(cmd_load_terminal);	/* terminal [merge|replace] */
CMD_FUNC(cmd_save);		/* <file> */
CMD_FUNC(cmd_show_history);

/* cmd_tunnel.c: acting on tunnels. */
CMD_FUNC(cmd_power);		/* on|off <network> [wait <seconds>] */
CMD_FUNC(cmd_connect);		/* <tunnel> [wait <seconds>] */
CMD_FUNC(cmd_disconnect);	/* <tunnel> [force] */
CMD_FUNC(cmd_rekey);		/* <tunnel> [ike|child] */
CMD_FUNC(cmd_reset_counters);	/* [<tunnel>] */

/* Connect ["net","phase1"] (taken over) and wait; what came of it goes to
 * sh->out. */
int tunnel_connect(struct shell *sh, json_t *target, int64_t wait,
    struct sp_error *err);

/* cmd_explain.c */
CMD_FUNC(cmd_explain);		/* <tunnel> [apply <count>] */

/* cmd_wizard.c */
CMD_FUNC(cmd_wizard);

/* cmd_show.c: what the engine knows; rows carry a struct show_kind. */
CMD_FUNC(cmd_show);
CMD_FUNC(cmd_show_log);		/* [last N] [tunnel T] [level L] [since T] */
CMD_FUNC(cmd_show_system);
CMD_FUNC(cmd_show_version);
CMD_FUNC(cmd_show_counters);

/* show_tunnels.c */
CMD_FUNC(cmd_show_tunnels);	/* [<tunnel>] [detail] */

/* monitor.c */
CMD_FUNC(cmd_monitor_log);	/* [on|off] [level <level>] */

/* cmd_terminal.c: how things look in this session. */
CMD_FUNC(cmd_terminal_color);	/* auto|always|never */
CMD_FUNC(cmd_terminal_edit_mode);	/* emacs|vi */
CMD_FUNC(cmd_terminal_length);	/* <count> */
CMD_FUNC(cmd_terminal_resize);
CMD_FUNC(cmd_terminal_size);	/* <size> */
CMD_FUNC(cmd_show_terminal);

/* menu/ */
CMD_FUNC(cmd_menu);
CMD_FUNC(cmd_monitor);

/* help.c, interactive.c */
CMD_FUNC(cmd_help);		/* [<topic>] */
CMD_FUNC(cmd_exit);

/* A table that "show WORD" prints from a list of objects. */
struct show_kind {
	const char *method;	/* of the protocol */
	const char *list;	/* member with the list */
	const char *none;	/* N_(): when it is empty */
	const struct tbl_col *cols;
	const char *const *member;	/* of each column; ends with NULL */
};

/* The kinds (show_table.c). */
extern const struct show_kind show_algorithms, show_certificates,
    show_children, show_ike,
    show_networks, show_policies, show_sa, show_sessions;

#endif
