/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole files in a directory held open: read with their modes checked,
 * replaced atomically.  For the files of store.h only.
 *
 * A replacement has two steps, so that several files can be made ready, with
 * every byte on the disk, before the first one is put in place.
 */
#ifndef SP_CONF_STORE_FILE_H
#define SP_CONF_STORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;
struct conf_tree;
struct sp_error;

struct file_dir {
	int fd;			/* -1 = not open */
	char *path;		/* for messages */
};

/* Open a directory; it and missing ones above are made, 0750. */
int file_dir_open(struct file_dir *d, const char *path, struct sp_error *err);
void file_dir_close(struct file_dir *d);

/*
 * Read a whole regular file of at most max bytes, owned by root or us and
 * with none of the forbidden mode bits.  SP_NOTFOUND: it is not there.
 * out is the caller's to wipe or free; it does not move while being read.
 */
int file_read(const struct file_dir *d, const char *name, mode_t forbidden,
    size_t max, struct buf *out, struct sp_error *err);

/* Write NAME.new and bring it to the disk. */
int file_prepare(const struct file_dir *d, const char *name, mode_t mode,
    const struct buf *data, struct sp_error *err);

/* Put NAME.new in the place of NAME; or remove it again. */
int file_commit(const struct file_dir *d, const char *name,
    struct sp_error *err);
void file_abandon(const struct file_dir *d, const char *name);

/* Both steps. */
int file_save(const struct file_dir *d, const char *name, mode_t mode,
    const struct buf *data, struct sp_error *err);

/* A second name for a file as it is now (a former one goes), and back: the
 * file is again what it was then.  A missing file is no error. */
int file_keep(const struct file_dir *d, const char *name, const char *kept,
    struct sp_error *err);
int file_return(const struct file_dir *d, const char *name, const char *kept,
    struct sp_error *err);
bool file_is_there(const struct file_dir *d, const char *name);

/* Remove a file; it may be missing. */
void file_remove(const struct file_dir *d, const char *name);

/* Append the lines of the secrets file; read them into the tree's table
 * (existing names stay as they are). */
void secrets_format(struct buf *out, const struct conf_tree *t);
int secrets_parse(struct conf_tree *t, const struct buf *text,
    struct sp_error *err);

#endif
