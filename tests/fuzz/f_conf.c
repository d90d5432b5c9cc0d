/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Configuration texts.  Laws: a refusal has a sentence; what is printed
 * parses, and prints again as the same text, in the block form and in the
 * flat form; a copy has no difference; validation ends.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "conf/model.h"
#include "conf/text.h"
#include "conf/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

typedef void print_fn(struct buf *b, const struct conf_node *n, bool all);

static void
print_law(const struct conf_tree *t, print_fn *print)
{
	struct buf one = {0}, two = {0};
	struct conf_tree *again;

	print(&one, conf_root(t), false);
	if (conf_parse(&again, (const char *)one.data, NULL) < 0)
		abort();
	print(&two, conf_root(again), false);
	if (strcmp((const char *)one.data, (const char *)two.data) != 0)
		abort();
	conf_tree_free(again);
	buf_free(&one);
	buf_free(&two);
}

static void
copy_law(const struct conf_tree *t)
{
	struct conf_tree *copy = conf_tree_copy(t);
	struct conf_changes changes;
	struct buf diff = {0};

	if (conf_diff_print(&diff, t, copy) != 0 || diff.len != 0)
		abort();
	conf_changes(t, copy, &changes);
	if (changes.nr != 0)
		abort();
	conf_changes_free(&changes);
	conf_tree_free(copy);
	buf_free(&diff);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xstrndup((const char *)data, len);
	struct sp_error err = {0};
	struct conf_report report;
	struct conf_tree *t;

	if (conf_parse(&t, text, &err) == 0) {
		print_law(t, conf_print);
		print_law(t, conf_print_set);
		copy_law(t);
		conf_validate(t, &report);
		conf_report_free(&report);
		conf_tree_free(t);
	} else if (err.text[0] == '\0') {
		abort();
	}
	free(text);
	return 0;
}
