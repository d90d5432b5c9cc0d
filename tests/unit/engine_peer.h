/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * An engine in this process, and clients of it that send raw lines.
 */
#ifndef SP_TEST_ENGINE_PEER_H
#define SP_TEST_ENGINE_PEER_H

#include <stddef.h>

#include <jansson.h>

struct peer {			/* a client that sends raw lines */
	int fd;
	char *in;
	size_t len;
};

/* Group set-up and tear-down: the engine, in a directory of its own. */
int peer_engine(void **state);
int peer_engine_end(void **state);

/* A connection made inside the process, and one through the socket. */
void peer_open(struct peer *p);
void peer_dial(struct peer *p);
void peer_close(struct peer *p);

void peer_send(struct peer *p, const char *text, size_t len);

/* The next line as JSON; NULL when the engine closed. */
json_t *peer_read(struct peer *p);

/* One line there, one line back. */
json_t *ask(struct peer *p, const char *line);

/* The word of an error reply; "none" if it is no error. */
const char *error_code(const json_t *reply);

/* The member key of the result (the caller's); an error fails the test. */
json_t *result_of(struct peer *p, const char *line, const char *key);

#endif
