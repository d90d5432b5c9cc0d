/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The state of things as JSON, with the stable names of commands.md and
 * help/protocol.  Every function returns an object of the caller's.
 */
#ifndef SP_ENGINE_STATUS_H
#define SP_ENGINE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct conn;
struct engine;
struct network;

/* One tunnel as in show.tunnels; detail adds "records" of past reasons. */
json_t *status_tunnel(struct conn *c, bool detail);

/* A reason record of a tunnel with its remedies. */
struct record;
json_t *status_reason(const struct conn *c, const struct record *rec);

/* What a row of a table needs of it, absent where there is nothing. */
json_t *status_tunnel_brief(struct conn *c);

json_t *status_network(struct network *n);

/* Append one IKE SA, one child SA by its number in the host; nothing if it
 * is gone. */
void status_ike(struct network *n, uint32_t id, json_t *list);
void status_child(struct network *n, uint32_t id, json_t *list);

/* Lists over one network: SAs in the plane, policies. */
void status_sas(struct network *n, json_t *list);
void status_policies(struct network *n, json_t *list);

/* {"network","ike":{...},"plane":{...}}. */
json_t *status_counters(struct network *n);

/* One row an algorithm. */
json_t *status_algorithms(void);

/* show.system's object. */
json_t *status_system(struct engine *e);

/* "kernel" or "user" for new networks; *why a phrase or NULL. */
const char *status_data_plane(const struct engine *e, const char **why);

/* Tunnels that are connected, in all networks. */
unsigned status_tunnels_up(const struct engine *e);

#endif
