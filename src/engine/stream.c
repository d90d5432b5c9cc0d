/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Lists that are answered in parts.  The names of a list lie one behind the
 * other in one buffer, as a list of ten thousand tunnels is made and dropped
 * with each look at it.
 */
#include "engine/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "engine/control.h"

struct note {
	size_t network, phase1;	/* offsets in names; phase1 SIZE_MAX = NULL */
	uint32_t id;
};

struct stream {
	const char *key;
	bool detail;
	void (*add)(struct engine *e, const struct stream_item *item,
	    bool detail, json_t *list);
	json_t *id;		/* a reference */
	struct buf names;
	size_t network;		/* offset of the last one noted */
	struct note *notes;
	size_t nr, at;
};

struct stream *
stream_new(const char *key, bool detail,
    void (*add)(struct engine *e, const struct stream_item *item, bool detail,
    json_t *list))
{
	struct stream *s = xcalloc(1, sizeof(*s));

	s->key = key;
	s->detail = detail;
	s->add = add;
	return s;
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	json_decref(s->id);
	buf_free(&s->names);
	free(s->notes);
	free(s);
}

/* Where the text lies in names from now on. */
static size_t
put_name(struct stream *s, const char *name)
{
	size_t at = s->names.len;

	buf_bytes(&s->names, name, strlen(name) + 1);
	return at;
}

void
stream_note(struct stream *s, const char *network, const char *phase1,
    uint32_t id)
{
	struct note *n;

	/* grown by doubling: at 0, 1, 2, 4 ... elements */
	if ((s->nr & (s->nr - 1)) == 0)
		s->notes = xrealloc(s->notes, s->nr ? s->nr * 2 : 1,
		    sizeof(*s->notes));
	if (s->nr == 0 || strcmp((char *)s->names.data + s->network,
	    network) != 0)
		s->network = put_name(s, network);
	n = &s->notes[s->nr++];
	n->network = s->network;
	n->phase1 = phase1 != NULL ? put_name(s, phase1) : SIZE_MAX;
	n->id = id;
}

json_t *
stream_next(struct stream *s, struct engine *e, bool *last)
{
	const char *names = (const char *)s->names.data;
	json_t *list = json_array();
	struct stream_item item;
	const struct note *n;
	size_t end = s->at + STREAM_PART;

	for (; s->at < s->nr && s->at < end; s->at++) {
		n = &s->notes[s->at];
		item = (struct stream_item){
			.network = names + n->network,
			.phase1 = n->phase1 != SIZE_MAX ?
			    names + n->phase1 : NULL,
			.id = n->id,
		};
		s->add(e, &item, s->detail, list);
	}
	*last = s->at == s->nr;
	return json_pack("{s:o}", s->key, list);
}

json_t *
stream_id(const struct stream *s)
{
	return s->id;
}

int
stream_answer(struct call *call, struct stream *s)
{
	bool last;

	if (s->nr <= STREAM_PART) {
		call->result = stream_next(s, call->engine, &last);
		stream_free(s);
		return 0;
	}
	s->id = json_incref(call->id != NULL ? call->id : json_null());
	client_stream(call->client, s);
	return CALL_LATER;
}
