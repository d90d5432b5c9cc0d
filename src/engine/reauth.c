/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Reauthentication (RFC 7296 2.8.3; settings.md 12.7): the lifetime of an IKE
 * SA asks for a new one with authentication.
 *
 *	break before make	delete the old one, come back when it is down
 *	make before break	make the new one beside it with the same
 *				children, then delete the old one
 *
 * Only the side that began the IKE SA does it: the other may not know how to
 * reach its peer.  When the new SA fails, the old way is left: break.
 */
#include "engine/conn.h"

#include "base/clock.h"
#include "base/str.h"

static void
say(const struct conn *c, const char *text)
{
	log_event(c->net->engine->log, LOG_LVL_NOTICE, "ike-reauth", c->full,
	    "%s", text);
}

static void
break_first(struct conn *c)
{
	c->reauth = true;
	ike_host_sa_delete(c->net->host, clock_ms(), c->sa_id,
	    REASON_LIFETIME_EXPIRED, false, NULL);
}

static struct child *
first_up(const struct conn *c)
{
	struct child *ch;

	LIST_EACH(ch, &c->children, struct child, link) {
		if (child_up(ch) > 0)
			return ch;
	}
	return NULL;
}

/* The new SA begins where the old one is, on the ports of a first contact. */
static bool
make_first(struct conn *c, const struct ike_sa_info *old)
{
	struct child *ch = first_up(c);
	struct ike_path path = old->path;

	if (ch == NULL)
		return false;
	path.remote.port = c->conf->remote_port;
	path.local.port = path.remote.port == IKE_PORT ? IKE_PORT :
	    IKE_PORT_NAT;
	return ike_host_initiate(c->net->host, clock_ms(), c->conf, ch->conf,
	    &path, &c->successor, NULL) == 0;
}

void
reauth_begin(struct conn *c, uint32_t sa_id)
{
	struct ike_sa_info sa;

	if (sa_id != c->sa_id || !ike_host_sa(c->net->host, sa_id, &sa) ||
	    !sa.initiator || c->successor != 0)
		return;
	say(c, "the lifetime asks for a new authentication");
	if (!c->make_first || !make_first(c, &sa))
		break_first(c);
}

/* The new SA stands: it gets the children that the old one has. */
static void
take_over(struct conn *c)
{
	struct child *first = first_up(c), *ch;

	c->predecessor = c->sa_id;
	c->sa_id = c->successor;
	c->successor = 0;
	/* the answer that brought the SA says what became of the first */
	c->missing = first != NULL;
	LIST_EACH(ch, &c->children, struct child, link) {
		if (ch == first || child_up(ch) == 0)
			continue;
		if (ike_host_child_create(c->net->host, clock_ms(), c->sa_id,
		    ch->conf, NULL) == 0)
			c->missing++;
	}
}

static void
child_told(struct conn *c)
{
	if (c->predecessor == 0 || (c->missing > 0 && --c->missing > 0))
		return;
	ike_host_sa_delete(c->net->host, clock_ms(), c->predecessor,
	    REASON_LIFETIME_EXPIRED, false, NULL);
	c->predecessor = 0;
}

void
reauth_event(struct conn *c, const struct ike_event *ev)
{
	if (ev->sa_id == c->successor && c->successor != 0) {
		if (ev->type == IKE_EV_SA_UP)
			take_over(c);
		if (ev->type != IKE_EV_SA_FAILED)
			return;
		c->successor = 0;
		say(c, "the new IKE SA failed; the old one is deleted first");
		if (conn_stands(c, c->sa_id))
			break_first(c);
		return;
	}
	if (ev->sa_id == c->sa_id && (ev->type == IKE_EV_CHILD_UP ||
	    ev->type == IKE_EV_CHILD_FAILED))
		child_told(c);
	if (ev->sa_id == c->predecessor && ev->type == IKE_EV_SA_DOWN)
		c->predecessor = 0;
}
