/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secrets on their way into the candidate.  They go from the descriptor they
 * are read from into a struct secret and nowhere else; every buffer on the
 * way is wiped.  A key that is generated is shown once, on the terminal of
 * the person who asked, since the other side needs it too.
 */
#include "shell/secretin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/text.h"
#include "shell/base64.h"
#include "shell/cmd.h"
#include "shell/command.h"
#include "shell/internal.h"
#include "shell/line.h"
#include "shell/path.h"

#define SECRET_MAX 8192
#define KEY_BYTES 32		/* of a generated pre-shared key */

/* Read all of fd; one newline at the end is no part of the secret. */
static int
read_fd(int fd, const char *name, struct secret *out, struct sp_error *err)
{
	uint8_t bytes[SECRET_MAX + 1];
	size_t len = 0;
	ssize_t n = 1;
	int ret = 0;

	while (n > 0 && len < sizeof(bytes)) {
		n = read(fd, bytes + len, sizeof(bytes) - len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += (size_t)n;
	}
	if (n < 0)
		ret = sp_fail_errno(err, errno, _("Cannot read %s"), name);
	else if (len > SECRET_MAX)
		ret = sp_fail(err, SP_RANGE,
		    _("%s is longer than %d bytes; that is no secret."), name,
		    SECRET_MAX);
	if (len > 0 && bytes[len - 1] == '\n')
		len--;
	if (len > 0 && bytes[len - 1] == '\r')
		len--;
	if (ret == 0)
		secret_set(out, bytes, len);
	explicit_bzero(bytes, sizeof(bytes));
	return ret;
}

static int
read_file(const char *path, struct secret *out, struct sp_error *err)
{
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sp_fail_errno(err, errno, _("Cannot read %s"), path);
	ret = read_fd(fd, path, out, err);
	close(fd);
	return ret;
}

static int
read_stdin(struct shell *sh, struct secret *out, struct sp_error *err)
{
	if (sh->stdin_used)
		return sp_fail(err, SP_STATE, _("Standard input holds the "
		    "commands; read the secret from a file."));
	if (sh_interactive(sh))
		return sp_fail(err, SP_STATE, _("Standard input is this "
		    "terminal; leave the \"-\" out to be asked."));
	return read_fd(STDIN_FILENO, _("standard input"), out, err);
}

static void
wipe(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

/* Ask twice; the person sees nothing of it. */
static int
ask(struct shell *sh, const char *name, struct secret *out,
    struct sp_error *err)
{
	char question[128], *first, *second;
	int ret;

	snprintf(question, sizeof(question), _("New %s: "), name);
	line_quiet(sh->line, true);
	first = line_ask(sh->line, question);
	snprintf(question, sizeof(question), _("The same again: "));
	second = first && *first ? line_ask(sh->line, question) : NULL;
	line_quiet(sh->line, false);
	if (first == NULL || (*first && second == NULL))
		ret = sp_fail(err, SP_STATE, _("Nothing was changed."));
	else if (*first == '\0')
		ret = sp_fail(err, SP_STATE,
		    _("Nothing was typed; nothing was changed."));
	else if (!str_eq(first, second))
		ret = sp_fail(err, SP_STATE,
		    _("The two differ; nothing was changed."));
	else
		ret = 0;
	if (ret == 0)
		secret_set(out, first, strlen(first));
	wipe(first);
	wipe(second);
	return ret;
}

static int
secret_read(struct shell *sh, struct path *p, size_t nr, struct secret *out,
    struct sp_error *err)
{
	const struct token *v = p->value;

	if (nr == 0 && !sh_interactive(sh)) {
		return sp_fail(err, SP_FORMAT, _("%s needs a value: file "
		    "PATH, or - for standard input."), p->row->name);
	}
	if (nr == 0)
		return ask(sh, p->row->name, out, err);
	if (str_eq(v[0].text, "-") && !v[0].quoted)
		return read_stdin(sh, out, err);
	if (nr == 2)
		return read_file(v[1].text, out, err);
	secret_set(out, v[0].text, strlen(v[0].text));
	return 0;
}

int
secretin_set(struct shell *sh, struct path *p, size_t nr,
    const struct token *last, struct sp_error *err)
{
	const struct token *at = nr > 0 ? &p->value[nr - 1] : last;
	struct secret s = {0};
	int ret;

	ret = secret_read(sh, p, nr, &s, err);
	if (ret == 0)
		ret = conf_secret_put(p->node, p->row->name, &s, err);
	secret_free(&s);
	/* Where the value was asked for, no word of the line is wrong. */
	if (ret < 0 && nr > 0 && err->line == 0)
		sp_at(err, at->line, at->column, at->length);
	return ret;
}

static void
show_key(struct shell *sh, const char *name, const char *text)
{
	if (isatty(STDOUT_FILENO) && !sh->json)
		buf_printf(&sh->out, _("New key of %s, shown this once; the "
		    "peer needs it too:\n%s\n"), name, text);
	else
		report_note(sh, _("note: a new key of %s was made; it is "
		    "shown on terminals only."), name);
}

int
secretin_random(char **text, struct sp_error *err)
{
	uint8_t bytes[KEY_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return sp_fail_errno(err, errno, _("No random bytes"));
	*text = base64_encode(bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

int
cmd_generate_psk(struct shell *sh, const struct cmd_line *cl,
    struct sp_error *err)
{
	const struct cmd_arg *a = cmd_arg(cl, "tunnel");
	struct conf_node *phase1;
	struct secret s;
	char *text;
	int ret;

	ret = path_tunnel(sh, a->tok, a->nr, &phase1, NULL, err);
	if (ret == 0)
		ret = secretin_random(&text, err);
	if (ret < 0)
		return ret;
	secret_set(&s, text, strlen(text));
	ret = conf_secret_put(phase1, "pre-shared-key", &s, err);
	if (ret == 0)
		show_key(sh, conf_node_name(phase1), text);
	secret_free(&s);
	wipe(text);
	return ret;
}
