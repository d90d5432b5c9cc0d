/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Proposals in force (settings.md section 4).  Default rows: phase 1
 * aes256-sha256-modp2048; phase 2 ESP aes128-sha256-modp2048, then
 * aes128gcm128-modp2048; phase 2 AH sha256-modp2048.
 */
#include "conf/defaults.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/internal.h"

/* Default rows, by kind of entry; each ends with number 0. */
enum entry_kind { ENTRY_PHASE1, ENTRY_ESP, ENTRY_AH };

static const struct conf_proposal defaults[][3] = {
	[ENTRY_PHASE1] = {
		{ .number = 10, .is_default = true, .algorithm = "aes",
		  .key_length = 256, .hash = "sha256", .prf = "sha256",
		  .dh_group = "14" },
	},
	[ENTRY_ESP] = {
		{ .number = 10, .is_default = true, .algorithm = "aes",
		  .key_length = 128, .hash = "sha256", .dh_group = "14",
		  .esn = "no" },
		{ .number = 20, .is_default = true, .algorithm = "aes-gcm",
		  .key_length = 128, .icv_length = 128, .dh_group = "14",
		  .esn = "no" },
	},
	[ENTRY_AH] = {
		{ .number = 10, .is_default = true, .hash = "sha256",
		  .dh_group = "14", .esn = "no" },
	},
};

static enum entry_kind
kind_of(const struct conf_node *entry)
{
	if (entry->object == &phase1_object)
		return ENTRY_PHASE1;
	return str_eq(conf_str(entry, "protocol"), "ah") ? ENTRY_AH :
	    ENTRY_ESP;
}

bool
proposal_is_aead(const struct conf_node *n)
{
	const char *alg = conf_str(n, "algorithm");

	return str_eq(alg, "aes-gcm") || str_eq(alg, "chacha20-poly1305");
}

/* A number if the setting applies, else 0. */
static unsigned
number_if_shown(const struct conf_node *n, const char *setting)
{
	const struct set_row *row = schema_row(n->object, setting);

	return schema_shown(row, n, NULL) ? (unsigned)conf_int(n, setting) :
	    0;
}

static void
from_row(struct conf_proposal *out, const struct conf_node *n)
{
	enum entry_kind kind = kind_of(n->parent);

	*out = (struct conf_proposal){
		.number = (unsigned)strtoul(n->name, NULL, 10),
		.dh_group = conf_str(n, "dh-group"),
	};
	if (kind == ENTRY_PHASE1)
		out->prf = conf_str(n, "prf");
	else
		out->esn = conf_str(n, "esn");
	if (kind == ENTRY_AH) {
		out->hash = conf_str(n, "hash");
		return;
	}
	out->algorithm = conf_str(n, "algorithm");
	out->key_length = number_if_shown(n, "key-length");
	out->icv_length = number_if_shown(n, "icv-length");
	if (!proposal_is_aead(n))
		out->hash = conf_str(n, "hash");
}

bool
conf_proposal_at(const struct conf_node *entry, size_t i,
    struct conf_proposal *out)
{
	const struct conf_proposal *rows = defaults[kind_of(entry)];
	struct conf_node *n = conf_next_child(entry, "proposal", NULL);
	size_t k = 0;

	if (n == NULL) {
		while (k < i && rows[k].number != 0)
			k++;
		if (k >= NELEM(defaults[0]) || rows[k].number == 0)
			return false;
		*out = rows[k];
		return true;
	}
	for (; n != NULL; n = conf_next_child(entry, "proposal", n)) {
		if (conf_node_enabled(n) && k++ == i) {
			from_row(out, n);
			return true;
		}
	}
	return false;
}

size_t
conf_proposal_count(const struct conf_node *entry)
{
	struct conf_proposal unused;
	size_t i = 0;

	while (conf_proposal_at(entry, i, &unused))
		i++;
	return i;
}

/* " word value" for what is there. */
static void
print_pair(struct buf *b, const char *word, const char *value)
{
	if (value != NULL)
		buf_printf(b, " %s %s", word, value);
}

void
conf_proposal_print(struct buf *b, const struct conf_proposal *p)
{
	buf_printf(b, "%u", p->number);
	print_pair(b, "algorithm", p->algorithm);
	if (p->key_length != 0)
		buf_printf(b, " key-length %u", p->key_length);
	if (p->icv_length != 0)
		buf_printf(b, " icv-length %u", p->icv_length);
	print_pair(b, "hash", p->hash);
	print_pair(b, "prf", p->prf);
	print_pair(b, "dh-group", p->dh_group);
	print_pair(b, "esn", p->esn);
}
