/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Doubly linked list with the link inside the element.  The head is a
 * struct list too; an unlinked link points to itself.
 */
#ifndef SP_BASE_LIST_H
#define SP_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

/* The element of type t whose member m is the link l. */
#define LIST_ENTRY(l, t, m) ((t *)(void *)((char *)(l) - offsetof(t, m)))

/* Walk all elements; the current one may be removed while walking. */
#define LIST_EACH(v, head, t, m)					\
	for (struct list *l_##v = (head)->next, *n_##v = l_##v->next;	\
	    l_##v != (head) && ((v) = LIST_ENTRY(l_##v, t, m), 1);	\
	    l_##v = n_##v, n_##v = n_##v->next)

/* Make an empty head, or an unlinked link. */
void list_init(struct list *l);

bool list_empty(const struct list *head);

/* Link l at the end / the front of head, or before the element at. */
void list_append(struct list *head, struct list *l);
void list_prepend(struct list *head, struct list *l);

/* Unlink l; it becomes a list of its own. */
void list_remove(struct list *l);

/* Number of elements (walks the list). */
size_t list_length(const struct list *head);

#endif
