/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The configuration on disk: load, save, history.  A save makes history
 * entry, secrets and configuration ready (written, on the disk) before it
 * puts the first of them in place; when that fails, the old files are whole.
 * The configuration comes last and decides: until it is in place the former
 * secrets are kept under a second name, and a load that finds them there
 * takes the half-done save back, so that no configuration ever meets the keys
 * of another.
 *
 * History entries are files named by revision: lines of a heading, the size
 * of the text, the text.  A revision that lacks bytes counts as absent.  A
 * configuration changed by hand (or left by a crash between two renames)
 * gets an entry of its own at load, so that no version is ever lost.
 */
#include "conf/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"
#include "conf/store_internal.h"
#include "conf/text.h"

#define CONF_NAME "sallyport.conf"
#define SECRETS_NAME "secrets"
#define KEPT_NAME "secrets.kept"
#define BROKEN_NAME CONF_NAME ".broken"
#define CONF_MODE 0640
#define SECRET_MODE 0600
#define REVISION_LINE "# revision %" PRIu32
#define HISTORY_KEEP 50
#define HEAD_MAX 1024		/* of a history entry */
#define SECRETS_MAX (64u << 20)
#define BY_HAND "changed outside of sallyport"

int
conf_store_open(struct conf_store **out,
    const struct conf_store_paths *paths, struct sp_error *err)
{
	struct conf_store *s = xcalloc(1, sizeof(*s));
	char *history = xasprintf("%s/history", paths->state_dir);
	char *drafts = xasprintf("%s/drafts", paths->state_dir);
	int ret;

	s->conf.fd = s->state.fd = s->history.fd = s->drafts.fd = -1;
	ret = file_dir_open(&s->conf, paths->conf_dir, err);
	if (ret == 0)
		ret = file_dir_open(&s->state, paths->state_dir, err);
	if (ret == 0)
		ret = file_dir_open(&s->history, history, err);
	if (ret == 0)
		ret = file_dir_open(&s->drafts, drafts, err);
	free(history);
	free(drafts);
	if (ret < 0) {
		conf_store_free(s);
		return ret;
	}
	*out = s;
	return 0;
}

void
conf_store_free(struct conf_store *s)
{
	if (s == NULL)
		return;
	file_dir_close(&s->conf);
	file_dir_close(&s->state);
	file_dir_close(&s->history);
	file_dir_close(&s->drafts);
	free(s);
}

static int
newer_first(const void *a, const void *b)
{
	uint32_t ra = *(const uint32_t *)a, rb = *(const uint32_t *)b;

	return ra < rb ? 1 : ra > rb ? -1 : 0;
}

static bool
revision_name(const char *name, uint32_t *revision)
{
	int64_t n;

	if (strlen(name) != 10 || !str_to_i64(name, 1, UINT32_MAX, &n))
		return false;
	*revision = (uint32_t)n;
	return true;
}

/* Numbers of all entries, the newest first; the caller frees. */
static uint32_t *
list_revisions(const struct conf_store *s, size_t *nr)
{
	int fd = openat(s->history.fd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	uint32_t *list = NULL, revision;
	const struct dirent *e;

	*nr = 0;
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	while ((e = readdir(dir)) != NULL) {
		if (!revision_name(e->d_name, &revision))
			continue;
		list = xrealloc(list, *nr + 1, sizeof(*list));
		list[(*nr)++] = revision;
	}
	closedir(dir);
	if (*nr > 1)
		qsort(list, *nr, sizeof(*list), newer_first);
	return list;
}

/* Value of "# key value" at *p into out[size]; steps behind the line. */
static bool
head_line(const char **p, const char *key, char *out, size_t size)
{
	size_t len = strcspn(*p, "\n"), skip = strlen(key) + 3;

	if (!str_prefix(*p, "# ") || !str_prefix(*p + 2, key) ||
	    len < skip || len - skip >= size || (*p)[len] != '\n')
		return false;
	memcpy(out, *p + skip, len - skip);
	out[len - skip] = '\0';
	*p += len + 1;
	return true;
}

/* Heading and text of an entry; *text points into the file's bytes. */
static bool
entry_parse(const struct buf *file, struct conf_history *h,
    const char **text)
{
	const char *p = (const char *)file->data;
	char when[32], size[32];
	int64_t ms, n;

	*h = (struct conf_history){0};
	if (!head_line(&p, "time", when, sizeof(when)) ||
	    !head_line(&p, "who", h->who, sizeof(h->who)) ||
	    !head_line(&p, "comment", h->comment, sizeof(h->comment)) ||
	    !head_line(&p, "size", size, sizeof(size)) ||
	    !str_to_i64(when, 0, INT64_MAX, &ms) ||
	    !str_to_i64(size, 0, CONF_TEXT_MAX, &n) ||
	    strlen(p) != (size_t)n)
		return false;
	h->wall_ms = ms;
	*text = p;
	return true;
}

/* Read an entry whole; file holds the bytes of *text. */
static int
entry_read(const struct conf_store *s, uint32_t revision, struct buf *file,
    struct conf_history *h, const char **text, struct sp_error *err)
{
	char name[16];
	int ret;

	snprintf(name, sizeof(name), "%010" PRIu32, revision);
	ret = file_read(&s->history, name, 022, CONF_TEXT_MAX + HEAD_MAX,
	    file, err);
	if (ret < 0)
		return ret;
	buf_puts(file, "");
	if (!entry_parse(file, h, text)) {
		return sp_fail(err, SP_FORMAT, "Revision %" PRIu32 " is not "
		    "whole.", revision);
	}
	h->revision = revision;
	return 0;
}

/* A text for one heading line: no line breaks, cut to fit. */
static void
head_text(struct buf *b, const char *key, const char *value, size_t size)
{
	struct buf safe = {0};
	size_t len;

	str_safe(&safe, value, strlen(value));
	len = safe.len < size ? safe.len : size - 1;
	while (len > 0 && len < safe.len && (safe.data[len] & 0xc0) == 0x80)
		len--;
	buf_printf(b, "# %s %.*s\n", key, (int)len, (const char *)safe.data);
	buf_free(&safe);
}

/* Make entry NAME ready with this text. */
static int
entry_prepare(const struct conf_store *s, const char *name, const char *who,
    const char *comment, const struct buf *text, struct sp_error *err)
{
	struct conf_history sizes;
	struct buf b = {0};
	int ret;

	buf_printf(&b, "# time %" PRId64 "\n", clock_wall_ms());
	head_text(&b, "who", who, sizeof(sizes.who));
	head_text(&b, "comment", comment, sizeof(sizes.comment));
	buf_printf(&b, "# size %zu\n", text->len);
	buf_bytes(&b, text->data, text->len);
	ret = file_prepare(&s->history, name, CONF_MODE, &b, err);
	buf_free(&b);
	return ret;
}

static void
next_name(const struct conf_store *s, char name[16], uint32_t *revision)
{
	size_t nr;
	uint32_t *list = list_revisions(s, &nr);

	*revision = nr > 0 ? list[0] + 1 : 1;
	snprintf(name, 16, "%010" PRIu32, *revision);
	free(list);
}

/* Entries beyond the last HISTORY_KEEP go. */
static void
prune(const struct conf_store *s)
{
	size_t nr, i;
	uint32_t *list = list_revisions(s, &nr);
	char name[16];

	for (i = HISTORY_KEEP; i < nr; i++) {
		snprintf(name, sizeof(name), "%010" PRIu32, list[i]);
		file_remove(&s->history, name);
	}
	free(list);
}

size_t
conf_store_history(struct conf_store *s, struct conf_history *out,
    size_t max)
{
	size_t nr, i, n = 0;
	uint32_t *list = list_revisions(s, &nr);
	struct buf file = {0};
	const char *text;

	for (i = 0; i < nr && n < max; i++) {
		if (entry_read(s, list[i], &file, &out[n], &text, NULL) == 0)
			n++;
		buf_reset(&file);
	}
	buf_free(&file);
	free(list);
	return n;
}

static int
load_secrets(const struct conf_store *s, struct conf_tree *t,
    struct sp_error *err)
{
	struct buf b = {0};
	int ret = file_read(&s->conf, SECRETS_NAME, 077, SECRETS_MAX, &b,
	    err);

	if (ret == SP_NOTFOUND)
		ret = 0;
	else if (ret == 0)
		ret = secrets_parse(t, &b, err);
	buf_wipe(&b);
	return ret;
}

/* Not one byte, though there have been configurations: nobody writes that by
 * hand, a power failure may. */
static int
fail_empty(const struct conf_store *s, struct sp_error *err)
{
	size_t nr;

	free(list_revisions(s, &nr));
	if (nr == 0)
		return 0;
	sp_fail(err, SP_FORMAT, "The file is empty.");
	sp_at(err, 1, 1, 1);
	return SP_FORMAT;
}

static int
load_text(const struct conf_store *s, struct conf_tree **out,
    struct sp_error *err)
{
	struct buf b = {0};
	int ret = file_read(&s->conf, CONF_NAME, 022, CONF_TEXT_MAX, &b, err);

	if (ret == SP_NOTFOUND) {
		buf_free(&b);
		*out = conf_tree_new();
		return 0;
	}
	if (ret == 0 && b.len == 0)
		ret = fail_empty(s, err);
	if (ret == 0) {
		buf_puts(&b, "");
		ret = conf_check_nul(&b, err);
	}
	if (ret == 0)
		ret = conf_parse(out, (const char *)b.data, err);
	buf_wipe(&b);
	return ret;
}

/* The newest whole entry: number (0 = none), and is its text this one. */
static uint32_t
newest(const struct conf_store *s, const struct buf *text, bool *same)
{
	size_t nr, i;
	uint32_t *list = list_revisions(s, &nr), found = 0;
	struct conf_history h;
	struct buf file = {0};
	const char *body;

	*same = false;
	for (i = 0; i < nr && found == 0; i++) {
		buf_reset(&file);
		if (entry_read(s, list[i], &file, &h, &body, NULL) < 0)
			continue;
		found = list[i];
		*same = str_eq(body, (const char *)text->data);
	}
	buf_free(&file);
	free(list);
	return found;
}

/*
 * Revision of what was loaded; an entry is made if history does not know it.
 * A state directory that cannot be written must not keep tunnels down.
 */
static uint32_t
note_loaded(const struct conf_store *s, const struct conf_tree *t)
{
	struct buf text = {0};
	uint32_t revision, next;
	char name[16];
	bool same;

	conf_print(&text, t->root, false);
	revision = newest(s, &text, &same);
	if (!same && (revision > 0 || text.len > 0)) {
		next_name(s, name, &next);
		if (entry_prepare(s, name, "", BY_HAND, &text, NULL) == 0 &&
		    file_commit(&s->history, name, NULL) == 0)
			revision = next;
	}
	buf_free(&text);
	return revision;
}

/* The revision that the secrets file was written with; 0 = it does not say. */
static uint32_t
secrets_revision(const struct conf_store *s)
{
	struct buf b = {0};
	uint32_t revision = 0;

	if (file_read(&s->conf, SECRETS_NAME, 077, SECRETS_MAX, &b, NULL) ==
	    0) {
		buf_u8(&b, '\0');
		if (sscanf((const char *)b.data, REVISION_LINE, &revision) !=
		    1)
			revision = 0;
	}
	buf_wipe(&b);
	return revision;
}

/* Is the configuration on the disk the one of this revision. */
static bool
is_in_place(const struct conf_store *s, uint32_t revision)
{
	struct buf conf = {0}, file = {0};
	struct conf_history h;
	const char *text;
	bool same = false;

	if (revision != 0 && file_read(&s->conf, CONF_NAME, 022,
	    CONF_TEXT_MAX, &conf, NULL) == 0 &&
	    entry_read(s, revision, &file, &h, &text, NULL) == 0) {
		buf_puts(&conf, "");
		same = str_eq((const char *)conf.data, text);
	}
	buf_wipe(&conf);
	buf_free(&file);
	return same;
}

/* The entry of a save that did not happen; an older one is true. */
static void
drop_entry(const struct conf_store *s, uint32_t revision)
{
	size_t nr;
	uint32_t *list = list_revisions(s, &nr);
	char entry[16];

	if (nr > 0 && list[0] == revision) {
		snprintf(entry, sizeof(entry), "%010" PRIu32, revision);
		file_remove(&s->history, entry);
	}
	free(list);
}

/* A save was cut off between its renames: it happened whole if the
 * configuration got its place, else not at all. */
static int
recover(const struct conf_store *s, struct sp_error *err)
{
	uint32_t revision;

	if (!file_is_there(&s->conf, KEPT_NAME))
		return 0;
	revision = secrets_revision(s);
	if (!is_in_place(s, revision)) {
		drop_entry(s, revision);
		return file_return(&s->conf, SECRETS_NAME, KEPT_NAME, err);
	}
	file_remove(&s->conf, KEPT_NAME);
	return 0;
}

/* Is it the text that is wrong, and not that it may not be read. */
static bool
is_broken(int ret, const struct sp_error *err)
{
	return ret < 0 && err->line > 0;
}

/*
 * The newest whole revision in place of a broken file, which is kept beside
 * it: the next save would overwrite what somebody may want to mend.
 */
static int
load_newest(const struct conf_store *s, struct conf_tree **out)
{
	size_t nr, i;
	uint32_t *list = list_revisions(s, &nr);
	struct conf_history h;
	struct buf file = {0};
	const char *text;
	int ret = SP_NOTFOUND;

	for (i = 0; i < nr && ret < 0; i++) {
		buf_reset(&file);
		if (entry_read(s, list[i], &file, &h, &text, NULL) == 0)
			ret = conf_parse(out, text, NULL);
	}
	buf_free(&file);
	free(list);
	if (ret == 0)
		(void)renameat(s->conf.fd, CONF_NAME, s->conf.fd,
		    BROKEN_NAME);
	return ret;
}

int
conf_store_load(struct conf_store *s, struct conf_tree **out,
    uint32_t *revision, struct sp_error *broken, struct sp_error *err)
{
	struct conf_tree *t = NULL;
	struct sp_error why = {0};
	int ret = recover(s, &why);

	if (ret == 0)
		ret = load_text(s, &t, &why);
	*broken = (struct sp_error){0};
	if (is_broken(ret, &why) && load_newest(s, &t) == 0) {
		*broken = why;
		ret = 0;
	}
	if (ret < 0 && err != NULL)
		*err = why;
	if (ret == 0)
		ret = load_secrets(s, t, err);
	if (ret < 0) {
		conf_tree_free(t);
		return ret;
	}
	*revision = note_loaded(s, t);
	*out = t;
	return 0;
}

int
conf_store_revision(struct conf_store *s, uint32_t revision,
    struct conf_tree **out, struct sp_error *err)
{
	struct conf_tree *t = NULL;
	struct conf_history h;
	struct buf file = {0};
	const char *text;
	int ret = entry_read(s, revision, &file, &h, &text, err);

	if (ret == SP_NOTFOUND)
		sp_fail(err, ret, "There is no revision %" PRIu32 ".",
		    revision);
	if (ret == 0)
		ret = conf_parse(&t, text, err);
	if (ret == 0)
		ret = load_secrets(s, t, err);
	if (ret == 0) {
		*out = t;
		t = NULL;
	}
	conf_tree_free(t);
	buf_free(&file);
	return ret;
}

/* Mark (in keep) the secrets that a text names; returns how many are not
 * marked yet. */
static size_t
mark_named(const struct conf_tree *t, const char *text, bool *keep)
{
	static const char begin[] = "<secret:";
	char name[CONF_NAME_MAX];
	size_t i, len, open = 0;

	while ((text = strstr(text, begin)) != NULL) {
		text += sizeof(begin) - 1;
		len = strcspn(text, ">\n");
		if (text[len] != '>' || len >= sizeof(name))
			continue;
		memcpy(name, text, len);
		name[len] = '\0';
		if (secret_at(t, name, &i))
			keep[i] = true;
	}
	for (i = 0; i < t->nr_secrets; i++)
		open += !keep[i];
	return open;
}

/* Could the secrets file be read again with this line in it? */
static bool
is_writable(const struct conf_named_secret *s)
{
	char *token = xasprintf("<secret:%s>", s->name);
	char name[CONF_NAME_MAX];
	bool ok = conf_secret_name(token, name, sizeof(name)) &&
	    s->value.len <= CONF_SECRET_MAX &&
	    (s->value.len == 0 ||
	    memchr(s->value.data, '\n', s->value.len) == NULL);

	free(token);
	return ok;
}

/* What nothing but a comment names was never checked: it goes too if the
 * file would be broken by it. */
static void
drop_unmarked(struct conf_tree *t, const bool *keep)
{
	size_t i;

	for (i = t->nr_secrets; i-- > 0;) {
		if (!keep[i] || !is_writable(&t->secrets[i]))
			conf_secret_set(t, t->secrets[i].name, NULL);
	}
}

/*
 * The secrets to save: those of the tree, and those of the file before that
 * a kept revision still names, so that a rollback finds them.
 */
static int
secrets_to_keep(const struct conf_store *s, const struct conf_tree *t,
    const struct buf *text, struct conf_tree **out, struct sp_error *err)
{
	struct conf_tree *all = conf_tree_new();
	uint32_t *list = NULL;
	struct conf_history h;
	struct buf file = {0};
	const char *body;
	size_t i, nr = 0, open;
	bool *keep;
	int ret;

	for (i = 0; i < t->nr_secrets; i++)
		conf_secret_set(all, t->secrets[i].name,
		    &t->secrets[i].value);
	ret = load_secrets(s, all, err);
	if (ret < 0) {
		conf_tree_free(all);
		return ret;
	}
	keep = xcalloc(all->nr_secrets + 1, sizeof(*keep));
	open = mark_named(all, (const char *)text->data, keep);
	if (open > 0)
		list = list_revisions(s, &nr);
	for (i = 0; open > 0 && i < nr && i + 1 < HISTORY_KEEP; i++) {
		if (entry_read(s, list[i], &file, &h, &body, NULL) == 0)
			open = mark_named(all, body, keep);
		buf_reset(&file);
	}
	drop_unmarked(all, keep);
	free(keep);
	free(list);
	buf_free(&file);
	*out = all;
	return 0;
}

static int
prepare_secrets(const struct conf_store *s, const struct conf_tree *t,
    const struct buf *text, uint32_t revision, struct sp_error *err)
{
	struct conf_tree *keep = NULL;
	struct buf b = {0};
	int ret = secrets_to_keep(s, t, text, &keep, err);

	if (ret < 0)
		return ret;
	buf_printf(&b, REVISION_LINE "\n", revision);
	secrets_format(&b, keep);
	ret = file_prepare(&s->conf, SECRETS_NAME, SECRET_MODE, &b, err);
	buf_wipe(&b);
	conf_tree_free(keep);
	return ret;
}

/* Put the three prepared files in place, the configuration last. */
static int
commit_files(const struct conf_store *s, const char *entry,
    struct sp_error *err)
{
	int ret = file_keep(&s->conf, SECRETS_NAME, KEPT_NAME, err);

	if (ret == 0)
		ret = file_commit(&s->conf, SECRETS_NAME, err);
	if (ret == 0)
		ret = file_commit(&s->history, entry, err);
	if (ret == 0)
		ret = file_commit(&s->conf, CONF_NAME, err);
	if (ret < 0) {
		file_remove(&s->history, entry);
		(void)file_return(&s->conf, SECRETS_NAME, KEPT_NAME, NULL);
	}
	file_remove(&s->conf, KEPT_NAME);
	return ret;
}

int
conf_store_save(struct conf_store *s, const struct conf_tree *t,
    const char *who, const char *comment, uint32_t *revision,
    struct sp_error *err)
{
	struct buf text = {0};
	uint32_t next;
	char entry[16];
	int ret;

	conf_print(&text, t->root, false);
	next_name(s, entry, &next);
	ret = entry_prepare(s, entry, who, comment, &text, err);
	if (ret == 0)
		ret = prepare_secrets(s, t, &text, next, err);
	if (ret == 0)
		ret = file_prepare(&s->conf, CONF_NAME, CONF_MODE, &text,
		    err);
	if (ret == 0)
		ret = commit_files(s, entry, err);
	if (ret < 0) {
		file_abandon(&s->history, entry);
		file_abandon(&s->conf, SECRETS_NAME);
		file_abandon(&s->conf, CONF_NAME);
	} else {
		*revision = next;
		prune(s);
	}
	buf_free(&text);
	return ret;
}
