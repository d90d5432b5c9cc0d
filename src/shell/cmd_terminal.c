/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands about the terminal of this session.  They change nothing but how
 * things look here, and are forgotten with the session.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "conf/text.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/line.h"
#include "shell/show.h"

int
cmd_terminal_color(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	(void)err;
	session_color(sh, cmd_has(cl, "always") ? TERM_COLOR_ALWAYS :
	    cmd_has(cl, "never") ? TERM_COLOR_NEVER : TERM_COLOR_AUTO);
	return 0;
}

int
cmd_terminal_edit_mode(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	(void)err;
	line_vi(sh->line, cmd_has(cl, "vi"));
	return 0;
}

int
cmd_terminal_length(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	int64_t n = 0;

	(void)err;
	(void)str_to_i64(cmd_word(cl, "count"), 0, INT32_MAX, &n);
	sh->length = (int)n;
	return 0;
}

int
cmd_terminal_resize(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	int columns, rows;

	(void)cl;
	if (!term_ask_size(&columns, &rows)) {
		sp_fail(err, SP_TIMEOUT,
		    _("The terminal does not say how large it is."));
		sp_hint(err, "terminal size 80x24");
		return SP_TIMEOUT;
	}
	line_set_size(sh->line, columns, rows);
	buf_printf(&sh->out, "%dx%d\n", columns, rows);
	return 0;
}

int
cmd_terminal_size(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	int columns = 0, rows = 0;

	(void)err;
	/* The argument's check has read it before. */
	if (term_parse_size(cmd_word(cl, "size"), &columns, &rows))
		line_set_size(sh->line, columns, rows);
	return 0;
}

int
cmd_show_terminal(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	const char *type = getenv("TERM");
	int columns, rows;

	(void)cl, (void)err;
	line_size(&columns, &rows);
	sh->result = json_pack("{s:{s:s, s:i, s:i, s:i, s:b, s:b}}",
	    "terminal", "type", type ? type : "", "columns", columns, "rows",
	    rows, "length", sh->length < 0 ? rows : sh->length, "slow",
	    term_slow(STDOUT_FILENO), "color", sh->paint.end &&
	    sh->paint.end[0]);
	show_object(&sh->out, json_object_get(sh->result, "terminal"), 0);
	return 0;
}
