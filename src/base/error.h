/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors as data.  A function that can fail returns 0 or a negative
 * enum sp_code and fills the struct sp_error handed to it as the last
 * parameter.  The sentence is made once, where both sides of the comparison
 * are known; upper layers may add path and hint, never re-word it.
 */
#ifndef SP_BASE_ERROR_H
#define SP_BASE_ERROR_H

enum sp_code {
	SP_OK = 0,
	SP_FORMAT = -1,		/* malformed input: packet, text, file */
	SP_RANGE = -2,		/* well formed, but outside what is allowed */
	SP_PEER = -3,		/* the peer disagrees or misbehaves */
	SP_SYSTEM = -4,		/* a system call failed */
	SP_NOTFOUND = -5,	/* the named thing does not exist */
	SP_EXISTS = -6,		/* the named thing exists already */
	SP_STATE = -7,		/* not possible in the present state */
	SP_NOMEM = -8,		/* a bounded allocation failed */
	SP_DENIED = -9,		/* no right to it */
	SP_TIMEOUT = -10,	/* a wait ended without the event */
	SP_CONFLICT = -11,	/* somebody else changed the same thing */
	SP_UNSUPPORTED = -12,	/* understood, but not offered here */
	SP_INVALID = -13,	/* a configuration fails its checks */
	SP_AUTH = -14,		/* an integrity check or proof is wrong */
	SP_AGAIN = -15,		/* try later: a resource is busy */
};

struct sp_error {
	enum sp_code code;
	char text[512];		/* one sentence for a person */
	char path[192];		/* configuration path, or "" */
	char hint[256];		/* a command that mends it, or "" */
	int line;		/* 1-based position in the input, 0 = none */
	int column;		/* 1-based */
	int length;		/* characters to underline */
};

/* Fill err (may be NULL) with code and a sentence; returns code. */
int sp_fail(struct sp_error *err, enum sp_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * As sp_fail() with SP_SYSTEM; appends ": " and the words of the errno value
 * errnum.  Returns SP_SYSTEM.
 */
int sp_fail_errno(struct sp_error *err, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Add the command that mends the error.  err may be NULL. */
void sp_hint(struct sp_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Set the path of the error unless it has one already.  err may be NULL. */
void sp_path(struct sp_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Mark where in the input the error is (1-based).  err may be NULL. */
void sp_at(struct sp_error *err, int line, int column, int length);

/* Stable word of a code for JSON and logs: "format", "range", ... */
const char *sp_code_name(enum sp_code code);

#endif
