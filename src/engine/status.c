/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What show.* answers.  Times are RFC 3339; the times of the state machines
 * are of a clock that does not jump and are brought to wall-clock time by the
 * difference of the two now.
 */
#include "engine/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "crypto/alg.h"
#include "diag/diag.h"
#include "engine/conn.h"
#include "ike/ident.h"

static json_t *
time_wall(int64_t wall_ms)
{
	char text[32];

	return wall_ms == 0 ? json_null() :
	    json_string(clock_rfc3339(wall_ms, text));
}

static json_t *
time_at(int64_t at_ms)
{
	if (at_ms == TIME_NEVER || at_ms == 0)
		return json_null();
	return time_wall(clock_wall_ms() + (at_ms - clock_ms()));
}

static json_t *
take_text(struct buf *b)
{
	json_t *s;

	buf_u8(b, '\0');
	s = json_string((const char *)b->data);
	buf_free(b);
	return s != NULL ? s : json_null();
}

static json_t *
address(const struct ip_addr *a)
{
	char text[ADDR_TEXT];

	return a->family == 0 ? json_null() : json_string(addr_print(a, text));
}

static json_t *
hex(uint64_t v, int digits)
{
	struct buf b = {0};

	buf_printf(&b, "%0*llx", digits, (unsigned long long)v);
	return take_text(&b);
}

static json_t *
identity(const struct ident *id)
{
	struct buf b = {0};

	if (id == NULL || id->type == ID_ANY)
		return json_null();
	ident_print(&b, id, false);
	return take_text(&b);
}

static json_t *
suite_text(const struct suite *s)
{
	struct buf b = {0};

	suite_print(&b, s);
	return take_text(&b);
}

static json_t *
selectors(const struct ts_list *l)
{
	json_t *list = json_array();
	struct buf b;
	size_t i;

	for (i = 0; i < l->nr; i++) {
		b = (struct buf){0};
		ts_print(&b, &l->ts[i]);
		json_array_append_new(list, take_text(&b));
	}
	return list;
}

static void
set(json_t *obj, const char *key, json_t *value)
{
	json_object_set_new(obj, key, value);
}

/* ---- IKE SAs ---- */

static const char *const sa_states[] = {
	[IKE_SA_CONNECTING] = "connecting",
	[IKE_SA_ESTABLISHED] = "connected",
	[IKE_SA_REKEYING] = "rekeying",
	[IKE_SA_CLOSING] = "closing",
};

static json_t *
side(const struct endpoint *e, const struct ident *id)
{
	return json_pack("{s:o s:i s:o}", "address", address(&e->addr),
	    "port", (int)e->port, "id", identity(id));
}

static json_t *
nat(const struct ike_sa_info *sa)
{
	return json_pack("{s:b s:b}", "local", (int)sa->nat_local, "remote",
	    (int)sa->nat_remote);
}

/* Addresses that the configuration payload brought; NULL if none. */
static json_t *
inner(const struct ip_addr *a, size_t nr)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < nr; i++) {
		if (a[i].family != 0)
			json_array_append_new(list, address(&a[i]));
	}
	return list;
}

/* The members that show.ike and show.tunnels share. */
static void
put_sa(json_t *obj, const struct ike_sa_info *sa)
{
	set(obj, "ike_version", json_integer((json_int_t)sa->version));
	set(obj, "role", json_string(sa->initiator ? "initiator" :
	    "responder"));
	set(obj, "local", side(&sa->path.local, sa->local_id));
	set(obj, "remote", side(&sa->path.remote, sa->remote_id));
	set(obj, "proposal", sa->suite.prf != NULL ? suite_text(&sa->suite) :
	    json_null());
	set(obj, "nat", nat(sa));
	set(obj, "mobike", json_boolean(sa->mobike));
	set(obj, "inner_local", inner(sa->inner_local, 2));
	set(obj, "inner_remote", inner(sa->inner_remote, 2));
	set(obj, "name_servers", inner(sa->dns, sa->nr_dns));
	set(obj, "established_at", time_at(sa->established_at));
	set(obj, "rekey_at", time_at(sa->rekey_at));
	set(obj, "expires_at", time_at(sa->expires_at));
	set(obj, "spi_i", hex(sa->spi_i, 16));
	set(obj, "spi_r", hex(sa->spi_r, 16));
}

void
status_ike(struct network *n, uint32_t id, json_t *list)
{
	struct ike_sa_info sa;
	struct conn *c;
	json_t *obj;

	if (!ike_host_sa(n->host, id, &sa))
		return;
	c = conn_of(n, sa.conf);
	obj = json_pack("{s:i s:s s:o s:s s:i}", "id", (int)sa.id,
	    "network", n->name, "phase1", c != NULL ? json_string(c->name) :
	    json_null(), "state", sa_states[sa.state], "children",
	    (int)sa.nr_children);
	put_sa(obj, &sa);
	json_array_append_new(list, obj);
}

/* ---- children ---- */

static const char *const child_states[] = {
	[IKE_CHILD_CREATING] = "connecting",
	[IKE_CHILD_INSTALLED] = "connected",
	[IKE_CHILD_REKEYING] = "rekeying",
	[IKE_CHILD_REKEYED] = "closing",
	[IKE_CHILD_CLOSING] = "closing",
};

static json_t *
count(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static void
put_counters(json_t *obj, struct inst *i)
{
	struct plane_counters in = {0}, out = {0};
	uint64_t rate_in = 0, rate_out = 0;

	if (i != NULL) {
		inst_counters(i, &in, &out);
		inst_rates(i, &in, &out, &rate_in, &rate_out);
	}
	set(obj, "rate_in", count(rate_in));
	set(obj, "rate_out", count(rate_out));
	set(obj, "bytes_in", count(in.bytes));
	set(obj, "bytes_out", count(out.bytes));
	set(obj, "packets_in", count(in.packets));
	set(obj, "packets_out", count(out.packets));
	set(obj, "replay_errors", count(in.replay_errors));
	set(obj, "auth_errors", count(in.auth_errors));
	set(obj, "other_errors", count(in.other_errors +
	    out.other_errors));
}

static void
put_child(json_t *obj, struct network *n, const struct ike_child_info *c)
{
	set(obj, "mode", json_string(c->transport ? "transport" : "tunnel"));
	set(obj, "protocol", json_string(c->protocol == PROTO_AH ? "ah" :
	    "esp"));
	set(obj, "plane", json_string(n->plane->ops->name));
	set(obj, "encap", json_boolean(c->encap));
	set(obj, "proposal", suite_text(&c->suite));
	set(obj, "local_ts", selectors(c->local_ts));
	set(obj, "remote_ts", selectors(c->remote_ts));
	set(obj, "spi_in", hex(c->spi_in, 8));
	set(obj, "spi_out", hex(c->spi_out, 8));
	set(obj, "rekey_at", time_at(c->rekey_at));
	set(obj, "expires_at", time_at(c->expires_at));
	put_counters(obj, inst_by_id(n, c->id));
}

void
status_child(struct network *n, uint32_t id, json_t *list)
{
	struct ike_child_info c;
	struct conn *conn;
	json_t *obj;

	if (!ike_host_child(n->host, id, &c) || c.state == IKE_CHILD_CREATING)
		return;
	conn = conn_of(n, c.ike_conf);
	obj = json_pack("{s:i s:s s:o s:s s:s}", "id", (int)c.id,
	    "network", n->name, "phase1", conn != NULL ?
	    json_string(conn->name) : json_null(), "phase2", c.name,
	    "state", child_states[c.state]);
	put_child(obj, n, &c);
	set(obj, "installed_at", time_at(c.installed_at));
	json_array_append_new(list, obj);
}

/* ---- tunnels ---- */

json_t *
status_reason(const struct conn *c, const struct record *rec)
{
	struct diag_subject who = {
		.network = c->net->name, .phase1 = c->name,
		.phase2 = rec->phase2[0] != '\0' ? rec->phase2 : NULL,
		.remote = c->gateway,
	};

	return diag_reason_json(&rec->reason, &who, rec->wall_ms);
}

static void
weak_note(json_t *notes, const char *what, const struct alg *alg)
{
	struct buf b = {0};
	json_t *note, *other;
	size_t i;

	if (alg == NULL || (alg->class != ALG_WEAK && alg->class != ALG_BAD))
		return;
	buf_printf(&b, "%s: %s is weak (%s); prefer %s.", what,
	    alg->setting != NULL ? alg->setting : alg->name,
	    alg->basis != NULL ? alg->basis : "old",
	    alg->better != NULL ? alg->better : "a newer one");
	note = take_text(&b);
	/* several proposals may share an algorithm */
	json_array_foreach(notes, i, other) {
		if (json_equal(note, other)) {
			json_decref(note);
			return;
		}
	}
	json_array_append_new(notes, note);
}

static void
suite_notes(json_t *notes, const char *what, const struct suite *s)
{
	weak_note(notes, what, s->encr);
	weak_note(notes, what, s->integ);
	weak_note(notes, what, s->prf);
	weak_note(notes, what, s->ke);
}

/* What is configured is weak before a peer has taken it, too. */
static void
offer_notes(json_t *notes, const char *what, const struct suite *rows,
    size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		suite_notes(notes, what, &rows[i]);
}

static json_t *
child_notes(const struct child *ch, const struct ike_child_info *c)
{
	json_t *notes = json_array();
	struct buf b = {0};

	suite_notes(notes, "phase 2", &c->suite);
	/* settings.md 12.12: the keys of a first child come from phase 1 */
	if (!ch->rekeyed && ch->conf->nr_suites > 0 &&
	    ch->conf->suites[0].ke != NULL) {
		buf_printf(&b, "The DH group is not yet proven: it is used "
		    "first when this child is renewed. To prove it now: rekey "
		    "%s %s %s child", ch->conn->net->name, ch->conn->name,
		    ch->name);
		json_array_append_new(notes, take_text(&b));
	}
	if (!ts_list_contains(c->local_ts, &ch->conf->local_ts) ||
	    !ts_list_contains(c->remote_ts, &ch->conf->remote_ts)) {
		json_array_append_new(notes, json_string("The peer accepted "
		    "only a part of the networks."));
	}
	return notes;
}

static const char *
idle_state(const struct child *ch)
{
	const struct conn *c = ch->conn;

	if (!conn_active(c))
		return "disabled";
	if (ch->pending || ch->wanted)
		return "connecting";
	if (ch->last != NULL && (c->failed || ch->tries > 0))
		return "failed";
	return "waiting";
}

static json_t *
members_json(const struct child *ch)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < ch->nr_members; i++)
		json_array_append_new(list, json_string(ch->members[i]));
	return list;
}

/* Every configured child, up or not; the installed one if there are two
 * while it is renewed. */
static json_t *
child_json(struct child *ch)
{
	struct network *n = ch->conn->net;
	struct inst *i = child_inst(ch);
	struct ike_child_info c;
	json_t *obj = json_object(), *notes;

	set(obj, "phase2", json_string(ch->name));
	if (ch->nr_members > 1)
		set(obj, "merged", members_json(ch));
	set(obj, "since", time_wall(ch->since_wall));
	if (i != NULL && ike_host_child(n->host, i->id, &c)) {
		/* It goes with its IKE SA, which says so first. */
		set(obj, "state", json_string(conn_state(ch->conn) ==
		    CONN_CLOSING ? "closing" : child_states[c.state]));
		put_child(obj, n, &c);
		set(obj, "notes", child_notes(ch, &c));
		return obj;
	}
	set(obj, "state", json_string(idle_state(ch)));
	set(obj, "mode", json_string(ch->conf->transport ? "transport" :
	    "tunnel"));
	set(obj, "protocol", json_string(ch->conf->protocol == PROTO_AH ?
	    "ah" : "esp"));
	set(obj, "local_ts", selectors(&ch->conf->local_ts));
	set(obj, "remote_ts", selectors(&ch->conf->remote_ts));
	put_counters(obj, NULL);
	notes = json_array();
	offer_notes(notes, "phase 2", ch->conf->suites, ch->conf->nr_suites);
	set(obj, "notes", notes);
	if (ch->last != NULL)
		set(obj, "reason", status_reason(ch->conn, ch->last));
	return obj;
}

/* What is known of a tunnel without an IKE SA: the configuration. */
static void
put_idle(json_t *obj, struct conn *c)
{
	const struct ike_conf *f = c->conf;
	struct ip_addr peer = conn_peer_addr(c), own = {0};

	if (f != NULL)
		own = f->local_addr;
	set(obj, "local", json_pack("{s:o s:o s:o}", "address",
	    address(&own), "port", json_null(), "id",
	    identity(f != NULL ? &f->local_id : NULL)));
	set(obj, "remote", json_pack("{s:o s:o s:o s:s}", "address",
	    address(&peer), "port", json_null(), "id",
	    identity(f != NULL ? &f->remote_id : NULL), "gateway",
	    c->gateway));
	set(obj, "proposal", json_null());
	set(obj, "rekey_at", json_null());
	set(obj, "expires_at", json_null());
}

/* Why it is down; an old reason says nothing while it is up. */
static json_t *
tunnel_reason(const struct conn *c, enum conn_state state)
{
	const struct record *rec = conn_last_record(c, 0);

	if (rec == NULL || state == CONN_CONNECTED || state == CONN_REKEYING)
		return json_null();
	return status_reason(c, rec);
}

static json_t *
tunnel_notes(const struct conn *c, const struct ike_sa_info *sa)
{
	json_t *notes = json_array();

	if (sa != NULL && sa->suite.prf != NULL)
		suite_notes(notes, "phase 1", &sa->suite);
	if (c->net->state == NET_OFF)
		json_array_append_new(notes,
		    json_string("The network is powered off."));
	if (c->net->state == NET_ERROR)
		json_array_append_new(notes, json_string(c->net->error.text));
	if (sa == NULL && c->conf != NULL)
		offer_notes(notes, "phase 1", c->conf->suites,
		    c->conf->nr_suites);
	return notes;
}

static json_t *
records_json(const struct conn *c)
{
	json_t *list = json_array();
	const struct record *rec;
	unsigned i;

	for (i = 0; (rec = conn_last_record(c, i)) != NULL; i++)
		json_array_append_new(list, status_reason(c, rec));
	return list;
}

json_t *
status_tunnel(struct conn *c, bool detail)
{
	enum conn_state state = conn_state(c);
	struct ike_sa_info sa;
	bool has_sa = c->sa_id != 0 && c->net->host != NULL &&
	    ike_host_sa(c->net->host, c->sa_id, &sa);
	json_t *obj = json_object(), *children = json_array();
	struct child *ch;
	bool waits = c->sa_id == 0 && c->job == NULL && conn_wanted(c);

	set(obj, "network", json_string(c->net->name));
	set(obj, "phase1", json_string(c->name));
	set(obj, "state", json_string(conn_state_name(state)));
	set(obj, "since", time_wall(c->since_wall));
	if (has_sa)
		put_sa(obj, &sa);
	else
		put_idle(obj, c);
	set(obj, "gateway", json_string(c->gateway));
	set(obj, "reason", tunnel_reason(c, state));
	set(obj, "next_try_at", waits ? time_at(c->next_try) : json_null());
	set(obj, "tries", json_integer(c->tries));
	set(obj, "notes", tunnel_notes(c, has_sa ? &sa : NULL));
	LIST_EACH(ch, &c->children, struct child, link)
		json_array_append_new(children, child_json(ch));
	set(obj, "children", children);
	if (detail)
		set(obj, "records", records_json(c));
	return obj;
}

/* ---- a row of a table ---- */

static json_t *
child_row(struct child *ch)
{
	struct inst *i = child_inst(ch);
	struct ike_child_info c;
	json_t *obj = json_object();

	set(obj, "phase2", json_string(ch->name));
	set(obj, "since", time_wall(ch->since_wall));
	if (i != NULL && ike_host_child(ch->conn->net->host, i->id, &c)) {
		set(obj, "state", json_string(conn_state(ch->conn) ==
		    CONN_CLOSING ? "closing" : child_states[c.state]));
		set(obj, "proposal", suite_text(&c.suite));
		set(obj, "rekey_at", time_at(c.rekey_at));
		put_counters(obj, i);
		return obj;
	}
	set(obj, "state", json_string(idle_state(ch)));
	if (ch->last != NULL)
		set(obj, "reason", status_reason(ch->conn, ch->last));
	return obj;
}

json_t *
status_tunnel_brief(struct conn *c)
{
	enum conn_state state = conn_state(c);
	json_t *obj = json_object(), *children = json_array();
	struct ip_addr peer = conn_peer_addr(c);
	struct ike_sa_info sa;
	struct child *ch;

	set(obj, "network", json_string(c->net->name));
	set(obj, "phase1", json_string(c->name));
	set(obj, "state", json_string(conn_state_name(state)));
	set(obj, "since", time_wall(c->since_wall));
	if (c->sa_id != 0 && c->net->host != NULL &&
	    ike_host_sa(c->net->host, c->sa_id, &sa)) {
		peer = sa.path.remote.addr;
		if (sa.suite.prf != NULL)
			set(obj, "proposal", suite_text(&sa.suite));
		set(obj, "rekey_at", time_at(sa.rekey_at));
	} else if (c->job == NULL && conn_wanted(c)) {
		set(obj, "next_try_at", time_at(c->next_try));
	}
	set(obj, "remote", json_pack("{s:o}", "address", address(&peer)));
	if (c->nr_records > 0)
		set(obj, "reason", tunnel_reason(c, state));
	if (state == CONN_DISABLED)
		set(obj, "notes", tunnel_notes(c, NULL));
	LIST_EACH(ch, &c->children, struct child, link)
		json_array_append_new(children, child_row(ch));
	set(obj, "children", children);
	return obj;
}

unsigned
status_tunnels_up(const struct engine *e)
{
	struct network *n;
	struct conn *c;
	unsigned nr = 0;

	LIST_EACH(n, &e->networks, struct network, link) {
		LIST_EACH(c, &n->conns, struct conn, link) {
			enum conn_state s = conn_state(c);

			nr += s == CONN_CONNECTED || s == CONN_REKEYING;
		}
	}
	return nr;
}
