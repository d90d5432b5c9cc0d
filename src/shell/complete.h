/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Completion and "?": what may be typed at a place of the line.
 */
#ifndef SP_SHELL_COMPLETE_H
#define SP_SHELL_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct shell;

struct choice {
	char *word;
	char *help;		/* one line, or "" */
	bool shape;		/* describes a value; cannot be inserted */
	bool weak;		/* a weak algorithm: stands last */
	size_t order;		/* in which it was added */
};

struct choices {
	struct choice *c;
	size_t nr, room;	/* used, allocated */
};

/* Add a word if it begins with prefix; copies.  The same word may be added
 * again: choices_sort() keeps the first. */
void choices_add(struct choices *out, const char *prefix, const char *word,
    const char *help);

/* The same for a weak choice, which is sorted behind the others. */
void choices_add_weak(struct choices *out, const char *prefix,
    const char *word, const char *help);

/* Add the shape of a free value, or "<cr>". */
void choices_shape(struct choices *out, const char *shape, const char *help);

/* By name, shapes behind words, "<cr>" last; each word once. */
void choices_sort(struct choices *out);

void choices_free(struct choices *out);

/* The longest text that all insertable words begin with (caller's). */
char *choices_common(const struct choices *c, size_t *nr_words);

/*
 * What may stand at the end of text (a line up to the cursor).  *start gets
 * the offset of the word that is being typed.  False inside quotes.
 */
bool complete_line(struct shell *sh, const char *text, struct choices *out,
    size_t *start);

/* Print the list: "word  help", two columns indent; width 0 = no limit. */
void choices_print(const struct choices *c, int width, struct buf *b);

#endif
