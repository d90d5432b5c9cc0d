/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Showing text that is longer than the screen, page by page.
 */
#ifndef SP_SHELL_PAGER_H
#define SP_SHELL_PAGER_H

#include <stdbool.h>
#include <stddef.h>

/* The text by lines, and where the page begins; no terminal in here. */
struct term_paint;

struct pager {
	const char *text;
	size_t *start;		/* offset of each line; one more at the end */
	size_t nr;		/* lines */
	size_t shown;		/* lines shown so far */
	size_t page;		/* lines of a page */
};

/* Cut text (borrowed) into lines of at most width columns (0 = any). */
void pager_init(struct pager *pg, const char *text, int rows, int width);
void pager_clear(struct pager *pg);

/* Does all of it fit on the screen. */
bool pager_fits(const struct pager *pg);

/* The next lines to print, n at most: their bytes and length. */
const char *pager_take(struct pager *pg, size_t n, size_t *len);

/* Go back n lines (or to the first). */
void pager_back(struct pager *pg, size_t n);

/* Skip to the next line that holds word; false if there is none. */
bool pager_find(struct pager *pg, const char *word);

/*
 * Show text on the terminal of standard input and output, with
 * "-- 24/131 q quit, space more, / find --" between pages.  paint (may be
 * NULL): colours of the lines.
 */
void pager_show(const char *text, int rows, int width,
    const struct term_paint *paint, volatile int *interrupted);

#endif
