/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pages of the menus.  Paths are words as after "set":
 * "vpn-network branch phase1 hq"; "" is the whole configuration.
 */
#ifndef SP_SHELL_MENU_PAGES_H
#define SP_SHELL_MENU_PAGES_H

#include <stdbool.h>

struct menu;
struct conf_node;

/* object.c: an object of the candidate, and those of one kind below it. */
void page_object(struct menu *m, const char *path);
void page_children(struct menu *m, const char *path, const char *word);

/* The node of a path in the candidate, NULL if it is not there. */
struct conf_node *object_find(const struct menu *m, const char *path);

/* live.c */
void page_monitor(struct menu *m, const char *network);
void page_log(struct menu *m, const char *tunnel);

/* tunnel.c: "branch", "hq". */
void page_tunnel(struct menu *m, const char *network, const char *phase1);

/* config.c: changes, commit, history. */
void page_config(struct menu *m);

/* wizard.c: the first tunnel in a window. */
void page_wizard(struct menu *m);

#endif
