/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The body of the store: the directories it works in, held open from start
 * to end, so that later renames of the paths change nothing.
 */
#ifndef SP_CONF_STORE_INTERNAL_H
#define SP_CONF_STORE_INTERNAL_H

#include "conf/store_file.h"

struct conf_store {
	struct file_dir conf;		/* sallyport.conf, secrets */
	struct file_dir state;		/* state */
	struct file_dir history;	/* entries named by revision */
	struct file_dir drafts;		/* one file a user */
};

#endif
