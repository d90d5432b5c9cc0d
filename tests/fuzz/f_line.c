/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Command lines.  Laws: words printed one by one split into the same words;
 * a token lies inside its line; the words behind "set" are carried out or
 * refused with a sentence.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "conf/model.h"
#include "conf/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
word_law(const struct token *t)
{
	struct buf b = {0};
	struct tokens again;

	token_print(&b, t->text);
	if (tokens_split(&again, (const char *)b.data, true, NULL) < 0)
		abort();
	if (again.nr != 1 || again.tok[0].type != TOK_WORD ||
	    strcmp(again.tok[0].text, t->text) != 0)
		abort();
	tokens_free(&again);
	buf_free(&b);
}

static void
set_law(const struct tokens *t)
{
	struct conf_tree *tree = conf_tree_new();
	struct sp_error err = {0};
	size_t nr = 0;

	while (nr < t->nr && t->tok[nr].type == TOK_WORD)
		nr++;
	if (conf_set_words(conf_root(tree), t->tok, nr, &err) < 0 &&
	    (err.text[0] == '\0' || err.line == 0))
		abort();
	conf_tree_free(tree);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xstrndup((const char *)data, len);
	struct sp_error err = {0};
	struct tokens t;
	size_t i;

	if (tokens_split(&t, text, true, &err) == 0) {
		for (i = 0; i < t.nr; i++) {
			if (t.tok[i].line < 1 || t.tok[i].column < 1 ||
			    t.tok[i].length < 1)
				abort();
			if (t.tok[i].type == TOK_WORD)
				word_law(&t.tok[i]);
		}
		set_law(&t);
		tokens_free(&t);
	} else if (err.text[0] == '\0') {
		abort();
	}
	free(text);
	return 0;
}
