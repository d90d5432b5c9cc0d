/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The message object and its arena.  A message is one allocation that holds
 * the struct, the first payloads and a first block of memory; longer ones
 * chain further blocks.  Everything is zeroed when handed out and wiped at
 * the end, since an opened SK payload may have carried passwords.
 */
#include "ike/codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ike/internal.h"

#define FIRST_PAYLOADS 12
#define FIRST_BLOCK 2048	/* holds a usual handshake message, decoded */
#define NEXT_BLOCK 4096
#define ALIGN _Alignof(max_align_t)

struct block {
	struct block *next;
	size_t size;
	_Alignas(max_align_t) uint8_t bytes[];
};

struct ike_arena {
	struct block *blocks;	/* those beyond the first, newest first */
	uint8_t *next;		/* free memory of the newest block */
	size_t left;
	size_t cap;		/* room in m->payloads */
};

/* A message and its first block, allocated as one. */
struct whole {
	struct ike_msg msg;
	struct ike_arena arena;
	struct ike_payload payloads[FIRST_PAYLOADS];
	_Alignas(max_align_t) uint8_t first[FIRST_BLOCK];
};

/* One allocation serves a usual message from reading to sealing. */
struct ike_msg *
ike_msg_new(void)
{
	struct whole *w = xcalloc(1, sizeof(*w));

	w->arena.next = w->first;
	w->arena.left = sizeof(w->first);
	w->arena.cap = FIRST_PAYLOADS;
	w->msg.arena = &w->arena;
	w->msg.payloads = w->payloads;
	w->msg.hdr.major = 2;
	return &w->msg;
}

struct ike_msg *
ike_msg_ref(struct ike_msg *m)
{
	m->refs++;
	return m;
}

/* Payload structs only point; the bytes are in the blocks. */
void
ike_msg_free(struct ike_msg *m)
{
	struct whole *w = (struct whole *)(void *)m;
	struct block *b;

	if (m == NULL)
		return;
	if (m->refs > 0) {
		m->refs--;
		return;
	}

	while ((b = m->arena->blocks) != NULL) {
		m->arena->blocks = b->next;
		explicit_bzero(b->bytes, b->size);
		free(b);
	}
	explicit_bzero(w->first, sizeof(w->first));
	free(w);
}

/* Get a block for at least size bytes and make it the newest. */
static void
add_block(struct ike_arena *a, size_t size)
{
	struct block *b;

	if (size < NEXT_BLOCK)
		size = NEXT_BLOCK;
	b = xcalloc(1, sizeof(*b) + size);
	b->size = size;
	b->next = a->blocks;
	a->blocks = b;
	a->next = b->bytes;
	a->left = size;
}

/*
 * n and size come from counts that the codec has bounded before; the product
 * cannot overflow.
 */
void *
ike_msg_alloc(struct ike_msg *m, size_t n, size_t size)
{
	struct ike_arena *a = m->arena;
	size_t want = n * size;
	void *p;

	want = (want + ALIGN - 1) / ALIGN * ALIGN;
	if (want > a->left)
		add_block(a, want);
	p = a->next;
	a->next += want;
	a->left -= want;
	return p;
}

struct bytes
ike_msg_bytes(struct ike_msg *m, const void *p, size_t len)
{
	struct bytes b = { NULL, len };
	uint8_t *copy;

	if (len == 0)
		return b;
	copy = ike_msg_alloc(m, len, 1);
	memcpy(copy, p, len);
	b.p = copy;
	return b;
}

/* Growing doubles; the old array stays in the arena until the end. */
struct ike_payload *
ike_msg_add(struct ike_msg *m, uint8_t type)
{
	struct ike_arena *a = m->arena;
	struct ike_payload *more;

	if (m->nr == a->cap) {
		a->cap *= 2;
		more = ike_msg_alloc(m, a->cap, sizeof(*more));
		memcpy(more, m->payloads, m->nr * sizeof(*more));
		m->payloads = more;
	}
	m->payloads[m->nr].type = type;
	return &m->payloads[m->nr++];
}

struct ike_payload *
ike_msg_add_notify(struct ike_msg *m, uint16_t type, const void *data,
    size_t len)
{
	struct ike_payload *p = ike_msg_add(m, PLD_NOTIFY);

	p->u.notify.type = type;
	p->u.notify.data = ike_msg_bytes(m, data, len);
	return p;
}

struct ike_payload *
ike_msg_find(const struct ike_msg *m, uint8_t type)
{
	size_t i;

	for (i = 0; i < m->nr; i++) {
		if (m->payloads[i].type == type)
			return &m->payloads[i];
	}
	return NULL;
}

struct ike_payload *
ike_msg_find_notify(const struct ike_msg *m, uint16_t type)
{
	struct ike_payload *p;
	size_t i;

	for (i = 0; i < m->nr; i++) {
		p = &m->payloads[i];
		if (p->type == PLD_NOTIFY && p->u.notify.type == type)
			return p;
	}
	return NULL;
}

struct ike_payload *
ike_msg_find_error(const struct ike_msg *m)
{
	struct ike_payload *p;
	size_t i;

	for (i = 0; i < m->nr; i++) {
		p = &m->payloads[i];
		if (p->type == PLD_NOTIFY && p->u.notify.type <= N_ERROR_LAST)
			return p;
	}
	return NULL;
}
