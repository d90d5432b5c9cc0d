/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values that completion takes from this machine: links, own addresses, and
 * files.  They are offered, never required: what is not there yet may be
 * typed all the same.
 */
#ifndef SP_SHELL_LIVE_H
#define SP_SHELL_LIVE_H

struct choices;

/* Names of links, with what they have as help. */
void live_offer_links(const char *prefix, struct choices *out);

/* Own addresses but loopback and link-local ones, with their link. */
void live_offer_addresses(const char *prefix, struct choices *out);

/* Files and folders (with a slash behind) that begin with prefix; a thousand
 * at most, hidden ones only if a dot was typed. */
void live_offer_files(const char *prefix, struct choices *out);

#endif
