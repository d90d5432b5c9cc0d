/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Long lists as several replies ("more" in help/protocol).  What the list
 * will show is noted by name at the start; each part looks its members up
 * anew, so that the loop runs on between two parts and what went away
 * meanwhile is left out.
 */
#ifndef SP_ENGINE_STREAM_H
#define SP_ENGINE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct call;
struct engine;
struct network;
struct stream;

#define STREAM_PART 64		/* members in one reply */

struct stream_item {
	const char *network;	/* borrowed from the stream */
	const char *phase1;	/* or NULL */
	uint32_t id;		/* of the host, or 0 */
};

/*
 * A list under this key (a literal), whose members add() appends: it finds
 * no object for an item that is gone.  detail is for add().
 */
struct stream *stream_new(const char *key, bool detail,
    void (*add)(struct engine *e, const struct stream_item *item, bool detail,
    json_t *list));
void stream_free(struct stream *s);

/* Append a member; the texts are copied. */
void stream_note(struct stream *s, const char *network, const char *phase1,
    uint32_t id);

/*
 * Answer the call with the list (taken over): at once if it is short, else
 * in parts as the client reads.  The value is what a method returns.
 */
int stream_answer(struct call *call, struct stream *s);

/* The next part as {key:[...]}; *last says that none follows. */
json_t *stream_next(struct stream *s, struct engine *e, bool *last);

/* The id of the request, once stream_answer() was called. */
json_t *stream_id(const struct stream *s);

#endif
