/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session: its engine, its candidate, its terminal's size, and the one way
 * to call the engine and to ask the person.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/client.h"
#include "shell/internal.h"
#include "shell/jget.h"
#include "shell/line.h"
#include "shell/path.h"

bool
sh_interactive(const struct shell *sh)
{
	return sh->line != NULL;
}

int
sh_width(const struct shell *sh)
{
	int columns, rows;

	if (sh->wide || !isatty(STDOUT_FILENO))
		return 0;
	line_size(&columns, &rows);
	return columns;
}

int
sh_rows(const struct shell *sh)
{
	int columns, rows;

	if (!sh_interactive(sh) || !isatty(STDOUT_FILENO))
		return 0;
	line_size(&columns, &rows);
	return sh->length < 0 ? rows : sh->length;
}

int
sh_call_each(struct shell *sh, const char *method, json_t *params,
    int (*each)(void *ctx, json_t *result), void *ctx, json_t **result,
    struct sp_error *err)
{
	json_t *got = NULL;
	int ret;

	ret = client_call(sh->client, method, params, each, ctx, -1,
	    sh->interrupted, &got, err);
	json_decref(sh->refusal);
	sh->refusal = NULL;
	if (ret < 0) {
		sh->refusal = json_incref(client_error_object(sh->client));
		/* Only a connection that ended has no error object. */
		if (sh->refusal == NULL && !*sh->interrupted)
			sh->gone = true;
		return ret;
	}
	if (result)
		*result = got;
	else
		json_decref(got);
	return 0;
}

int
sh_call(struct shell *sh, const char *method, json_t *params,
    json_t **result, struct sp_error *err)
{
	return sh_call_each(sh, method, params, NULL, NULL, result, err);
}

char
sh_ask(struct shell *sh, const char *question, const char *keys)
{
	char *answer, c;

	if (sh->asker != NULL)
		return sh->asker(sh->asker_ctx, question, keys);
	if (!sh_interactive(sh))
		return keys[0];
	for (;;) {
		answer = line_ask(sh->line, question);
		c = answer ? answer[0] : '\0';
		free(answer);
		if (c == '\0')
			return keys[0];
		if (strchr(keys, c | 0x20))
			return (char)(c | 0x20);
	}
}

void
session_color(struct shell *sh, enum term_color mode)
{
	term_paint_free(&sh->paint);
	term_paint_free(&sh->paint_err);
	term_paint_load(&sh->paint, term_colorful(mode, STDOUT_FILENO));
	term_paint_load(&sh->paint_err, term_colorful(mode, STDERR_FILENO));
}

int
session_keep_draft(struct shell *sh, struct sp_error *err)
{
	char *text = cand_text(&sh->cand);
	json_t *params;

	params = json_pack("{s:s, s:o}", "text", text, "secrets",
	    cand_secrets(&sh->cand));
	free(text);
	return sh_call(sh, "draft.save", params, NULL, err);
}

/* The first label of the host's name; a long one is cut in the middle. */
static void
host_name(char *out, size_t size)
{
	char name[256];
	size_t len;

	if (gethostname(name, sizeof(name)) < 0)
		memcpy(name, "sallyport", sizeof("sallyport"));
	name[sizeof(name) - 1] = '\0';
	len = strcspn(name, ".");
	name[len] = '\0';
	if (len <= 16)
		snprintf(out, size, "%.16s", name);
	else
		snprintf(out, size, "%.9s~%s", name, name + len - 6);
}

int
session_refresh(struct shell *sh, struct sp_error *err)
{
	json_t *conf = NULL;
	int ret;

	ret = sh_call(sh, "config.get", NULL, &conf, err);
	if (ret < 0)
		return ret;
	ret = cand_start(&sh->cand, jstr(conf, "text"),
	    (uint32_t)jint(conf, "revision", 0), err);
	sh->confirm = session_deadline(jget(conf, "confirm"));
	json_decref(conf);
	return ret;
}

int64_t
session_deadline(const json_t *confirm)
{
	if (!json_is_object(confirm))
		return 0;
	return clock_ms() + jint(confirm, "seconds_left", 0) * 1000;
}

int
session_need_candidate(struct shell *sh, struct sp_error *err)
{
	return sh->cand.tree ? 0 : session_refresh(sh, err);
}

int
session_open(struct shell *sh, const struct shell_params *p,
    struct sp_error *err)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	const char *terminal;
	int ret;

	sh->p = p;
	sh->length = -1;
	session_color(sh, TERM_COLOR_AUTO);
	sh->client = p->client;
	sh->interrupted = &sh->never;
	/* A reader of our output that goes away is an error, not the end:
	 * the engine may live in this process. */
	sigaction(SIGPIPE, &ignore, NULL);
	host_name(sh->host, sizeof(sh->host));
	terminal = ttyname(STDIN_FILENO);
	if (terminal != NULL && strncmp(terminal, "/dev/", 5) == 0)
		terminal += 5;
	ret = sh_call(sh, "hello", json_pack("{s:i, s:s}", "version", 1,
	    "terminal", terminal != NULL ? terminal : ""), &sh->hello, err);
	return ret;
}

void
session_close(struct shell *sh)
{
	cand_free(&sh->cand);
	while (sh->nr_edit > 0)
		free(sh->edit[--sh->nr_edit]);
	free(sh->edit);
	json_decref(sh->hello);
	json_decref(sh->result);
	json_decref(sh->refusal);
	buf_free(&sh->out);
	term_paint_free(&sh->paint);
	term_paint_free(&sh->paint_err);
}
