/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Proposals in force: the rows of a phase 1 or phase 2 entry or, where it
 * has none, the default rows of settings.md section 4, with every word
 * resolved.  The engine builds its suites from these and from nothing else.
 */
#ifndef SP_CONF_DEFAULTS_H
#define SP_CONF_DEFAULTS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct conf_node;

struct conf_proposal {		/* words of settings.md; not owned */
	unsigned number;	/* 10, 20, ...; of default rows as well */
	bool is_default;	/* no row of the configuration */
	const char *algorithm;	/* NULL with protocol ah */
	unsigned key_length;	/* bits; 0 = the algorithm has only one */
	unsigned icv_length;	/* bits, aes-gcm; else 0 */
	const char *hash;	/* NULL if the algorithm is AEAD */
	const char *prf;	/* phase 1; else NULL */
	const char *dh_group;	/* "14"; "none" in phase 2 */
	const char *esn;	/* phase 2: no, yes, either; else NULL */
};

/* Number of enabled (or default) rows of a phase 1 or phase 2 entry. */
size_t conf_proposal_count(const struct conf_node *entry);

/* The i-th of them in order of preference; false behind the end.  The words
 * live as long as the tree is not changed. */
bool conf_proposal_at(const struct conf_node *entry, size_t i,
    struct conf_proposal *out);

/* Append "10 algorithm aes key-length 256 hash sha256 dh-group 14". */
void conf_proposal_print(struct buf *b, const struct conf_proposal *p);

#endif
