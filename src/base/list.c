/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The intrusive list.  A link is either in one list or linked to itself.
 */
#include "base/list.h"

void
list_init(struct list *l)
{
	l->next = l->prev = l;
}

bool
list_empty(const struct list *head)
{
	return head->next == head;
}

/* Put l between two neighbours. */
static void
insert(struct list *l, struct list *prev, struct list *next)
{
	l->prev = prev;
	l->next = next;
	prev->next = l;
	next->prev = l;
}

void
list_append(struct list *head, struct list *l)
{
	insert(l, head->prev, head);
}

void
list_prepend(struct list *head, struct list *l)
{
	insert(l, head, head->next);
}

void
list_remove(struct list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

size_t
list_length(const struct list *head)
{
	const struct list *l;
	size_t n = 0;

	for (l = head->next; l != head; l = l->next)
		n++;
	return n;
}
