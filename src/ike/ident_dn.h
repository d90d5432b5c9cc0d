/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Distinguished names for ident.c: text to DER and back, comparison (RFC
 * 4514 text, order kept as typed; RFC 5280 7.1 comparison, by OpenSSL).
 */
#ifndef SP_IKE_IDENT_DN_H
#define SP_IKE_IDENT_DN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Parse "C=DE, O=x, CN=y" (also with "+", quotes and backslashes) and append
 * the DER of the Name; false if it is no name.
 */
bool dn_parse(struct buf *der, const char *text);

/* Append the text form, safe for a terminal; false if it is no DER name. */
bool dn_print(struct buf *b, const uint8_t *der, size_t len);

/* Same attributes in the same order, without case and multiple blanks. */
bool dn_eq(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

/*
 * Same number of attributes, each of the pattern equal to one of the name in
 * whatever order; a value "*" of the pattern matches every value.
 */
bool dn_match(const uint8_t *pattern, size_t pattern_len,
    const uint8_t *name, size_t name_len);

#endif
