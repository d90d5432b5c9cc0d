/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * From the configuration tree to the terms of the state machines.  The
 * result is never changed once it was handed to a host: a new configuration
 * is a new object, and SAs that exist keep the one they were made with.
 */
#include "engine/ikeconf.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/defaults.h"
#include "conf/model.h"
#include "crypto/alg.h"
#include "engine/pki.h"

static int64_t
ms_of(int64_t seconds)
{
	return seconds == DURATION_FOREVER ? TIME_NEVER : seconds * 1000;
}

/* ---- proposals ---- */

static int
no_alg(const char *what, const char *word, struct sp_error *err)
{
	return sp_fail(err, SP_UNSUPPORTED,
	    "The %s \"%s\" is not known to this program.", what, word);
}

static int
find_alg(enum alg_type type, const char *what, const char *word,
    unsigned icv, const struct alg **out, struct sp_error *err)
{
	*out = NULL;
	if (word == NULL || (type == ALG_KE && str_eq(word, "none")))
		return 0;
	*out = alg_by_setting(type, word, icv);
	return *out != NULL ? 0 : no_alg(what, word, err);
}

static int
suite_of(const struct conf_proposal *p, bool ike, struct suite *s,
    struct sp_error *err)
{
	int ret;

	memset(s, 0, sizeof(*s));
	ret = find_alg(ALG_ENCR, "algorithm", p->algorithm, p->icv_length,
	    &s->encr, err);
	if (ret == 0)
		ret = find_alg(ALG_INTEG, "hash", p->hash, 0, &s->integ, err);
	if (ret == 0 && ike)
		ret = find_alg(ALG_PRF, "prf", p->prf, 0, &s->prf, err);
	if (ret == 0)
		ret = find_alg(ALG_KE, "dh-group", p->dh_group, 0, &s->ke,
		    err);
	s->key_bits = p->key_length;
	if (str_eq(p->esn, "yes"))
		s->esn = ESN_YES;
	else if (str_eq(p->esn, "either"))
		s->esn = ESN_EITHER;
	return ret;
}

static bool
suite_usable(const struct suite *s, const char **why)
{
	return (s->encr == NULL || alg_usable(s->encr, why)) &&
	    (s->integ == NULL || alg_usable(s->integ, why)) &&
	    (s->prf == NULL || alg_usable(s->prf, why)) &&
	    (s->ke == NULL || alg_usable(s->ke, why));
}

/* All rows that this machine can compute, in order of preference. */
static int
suites_of(const struct conf_node *entry, bool ike, struct suite **out,
    size_t *nr_out, struct sp_error *err)
{
	size_t i, nr = 0, rows = conf_proposal_count(entry);
	struct suite *list = xcalloc(rows + 1, sizeof(*list));
	const char *why = NULL;
	struct conf_proposal p;
	int ret = 0;

	for (i = 0; i < rows && conf_proposal_at(entry, i, &p); i++) {
		ret = suite_of(&p, ike, &list[nr], err);
		if (ret < 0)
			break;
		if (suite_usable(&list[nr], &why))
			nr++;
	}
	if (ret == 0 && nr == 0) {
		ret = sp_fail(err, SP_UNSUPPORTED, "Phase %d \"%s\" has no "
		    "proposal that this machine can use%s%s.", ike ? 1 : 2,
		    conf_node_name(entry), why != NULL ? ": " : "",
		    why != NULL ? why : "");
	}
	if (ret < 0) {
		free(list);
		return ret;
	}
	*out = xrealloc(list, nr, sizeof(*list));
	*nr_out = nr;
	return 0;
}

/* ---- children ---- */

static int
selectors_of(const struct conf_node *node, const char *setting,
    struct ts_list *list, bool *dynamic, struct sp_error *err)
{
	const char *value;
	struct ike_ts ts;
	size_t i;
	int ret;

	*dynamic = false;
	for (i = 0; (value = conf_value(node, setting, i)) != NULL; i++) {
		if (str_eq(value, "dynamic")) {
			*dynamic = true;
			continue;
		}
		ret = ts_parse(&ts, value, err);
		if (ret < 0)
			return ret;
		ts_list_add(list, &ts);
	}
	/* an empty remote-network is the remote gateway itself */
	if (i == 0)
		*dynamic = true;
	return 0;
}

static int
child_networks(struct ike_child_conf *c, const struct conf_node *node,
    struct sp_error *err)
{
	bool local, remote;
	int ret;

	ret = selectors_of(node, "local-network", &c->local_ts, &local, err);
	if (ret == 0)
		ret = selectors_of(node, "remote-network", &c->remote_ts,
		    &remote, err);
	if (ret < 0)
		return ret;
	c->local_dynamic |= local;
	c->remote_dynamic |= remote;
	return 0;
}

static int
child_build(const struct conf_node *phase1, const struct ikeconf_group *g,
    struct ike_child_conf **out, struct sp_error *err)
{
	struct ike_child_conf *c = ike_child_conf_new(g->members[0]);
	const struct conf_node *n = g->first;
	size_t i;
	int ret;

	c->protocol = str_eq(conf_str(n, "protocol"), "ah") ? PROTO_AH :
	    PROTO_ESP;
	c->transport = str_eq(conf_str(n, "mode"), "transport");
	c->lifetime_ms = ms_of(conf_duration(n, "lifetime"));
	c->life_bytes = (uint64_t)conf_int(n, "life-bytes");
	c->life_packets = (uint64_t)conf_int(n, "life-packets");
	c->inactivity_ms = ms_of(conf_duration(n, "inactivity"));
	c->replay_window = (uint32_t)conf_int(n, "replay-window");
	free(c->suites);
	c->suites = NULL;
	ret = suites_of(n, false, &c->suites, &c->nr_suites, err);
	for (i = 0; ret == 0 && i < g->nr_members; i++) {
		ret = child_networks(c, conf_child(phase1, "phase2",
		    g->members[i]), err);
	}
	if (ret < 0) {
		ike_child_conf_unref(c);
		return ret;
	}
	*out = c;
	return 0;
}

bool
ikeconf_child_same(const struct ike_child_conf *a,
    const struct ike_child_conf *b)
{
	size_t i;

	if (a->protocol != b->protocol || a->transport != b->transport ||
	    a->replay_window != b->replay_window ||
	    a->local_dynamic != b->local_dynamic ||
	    a->remote_dynamic != b->remote_dynamic ||
	    a->nr_suites != b->nr_suites ||
	    !ts_list_eq(&a->local_ts, &b->local_ts) ||
	    !ts_list_eq(&a->remote_ts, &b->remote_ts))
		return false;
	for (i = 0; i < a->nr_suites; i++) {
		if (!suite_eq(&a->suites[i], &b->suites[i]))
			return false;
	}
	return true;
}

/* ---- grouping ---- */

static bool
proposals_eq(const struct conf_node *a, const struct conf_node *b)
{
	struct suite *sa = NULL, *sb = NULL;
	size_t i, na = 0, nb = 0;
	bool eq;

	eq = suites_of(a, false, &sa, &na, NULL) == 0 &&
	    suites_of(b, false, &sb, &nb, NULL) == 0 && na == nb;
	for (i = 0; eq && i < na; i++)
		eq = suite_eq(&sa[i], &sb[i]);
	free(sa);
	free(sb);
	return eq;
}

static bool
may_join(const struct conf_node *a, const struct conf_node *b)
{
	static const char *const equal[] = {
		"mode", "protocol", "lifetime", "life-bytes", "life-packets",
		"inactivity", "replay-window", "priority",
	};
	size_t i;

	for (i = 0; i < NELEM(equal); i++) {
		if (!str_eq(conf_value(a, equal[i], 0),
		    conf_value(b, equal[i], 0)))
			return false;
	}
	return proposals_eq(a, b);
}

static void
group_add(struct ikeconf_group *g, const struct conf_node *n)
{
	g->members = xrealloc(g->members, g->nr_members + 1,
	    sizeof(*g->members));
	g->members[g->nr_members++] = xstrdup(conf_node_name(n));
}

void
ikeconf_group(const struct conf_node *phase1, struct ikeconf_groups *out)
{
	const struct conf_node *n = NULL;
	/* IKEv1 carries one network on each side (settings.md 12.10) */
	bool split = conf_bool(phase1, "split-connections") ||
	    str_eq(conf_str(phase1, "key-exchange"), "ikev1");
	struct ikeconf_group *g;
	size_t i;

	memset(out, 0, sizeof(*out));
	while ((n = conf_next_child(phase1, "phase2", n)) != NULL) {
		if (!conf_node_enabled(n))
			continue;
		g = NULL;
		for (i = 0; i < out->nr && !split && g == NULL; i++) {
			if (may_join(out->group[i].first, n))
				g = &out->group[i];
		}
		if (g == NULL) {
			out->group = xrealloc(out->group, out->nr + 1,
			    sizeof(*out->group));
			g = &out->group[out->nr++];
			memset(g, 0, sizeof(*g));
			g->first = n;
		}
		group_add(g, n);
	}
}

void
ikeconf_groups_free(struct ikeconf_groups *g)
{
	size_t i, k;

	for (i = 0; i < g->nr; i++) {
		for (k = 0; k < g->group[i].nr_members; k++)
			free(g->group[i].members[k]);
		free(g->group[i].members);
	}
	free(g->group);
	memset(g, 0, sizeof(*g));
}

/* ---- phase 1 ---- */

/* Empty identifier: our address in use.  Empty peer-identifier: what
 * remote-gateway says, a name as FQDN (settings.md section 3). */
static int
identities(struct ike_conf *c, const struct conf_node *n,
    struct sp_error *err)
{
	const char *own = conf_str(n, "identifier");
	const char *peer = conf_str(n, "peer-identifier");
	int ret = 0;

	if (own != NULL && own[0] != '\0')
		ret = ident_parse(&c->local_id, own, err);
	if (ret < 0)
		return ret;
	if (peer == NULL || peer[0] == '\0')
		peer = conf_str(n, "remote-gateway");
	if (peer == NULL || str_eq(peer, "any"))
		return 0;
	return ident_parse(&c->remote_id, peer, err);
}

static int
secret_of(struct ike_conf *c, const struct conf_node *n, struct sp_error *err)
{
	const char *value = conf_str(n, "pre-shared-key");
	char name[128];

	if (conf_secret_name(value, name, sizeof(name)) &&
	    conf_secret(conf_node_tree(n), name) != NULL)
		return conf_secret_bytes(conf_node_tree(n), name, &c->psk,
		    err);
	return sp_fail(err, SP_NOTFOUND, "Phase 1 \"%s\" authenticates by "
	    "pre-shared key but has none.", conf_node_name(n));
}

/* RFC 8784: a key besides, and its name on the wire. */
static int
ppk_of(struct ike_conf *c, const struct conf_node *n, struct sp_error *err)
{
	const char *value = conf_str(n, "ppk");
	char name[128];

	if (!conf_secret_name(value, name, sizeof(name)))
		return 0;
	c->ppk_required = conf_bool(n, "ppk-required");
	c->ppk_id = xstrdup(conf_str(n, "ppk-identifier"));
	return conf_secret_bytes(conf_node_tree(n), name, &c->ppk, err);
}

static void
addresses(struct ike_conf *c, const struct conf_node *n,
    const struct ip_addr *addrs, size_t nr)
{
	struct ip_addr one;

	/* auto leaves it empty: the route decides */
	if (!conf_addr(n, "local-address", &c->local_addr))
		memset(&c->local_addr, 0, sizeof(c->local_addr));
	if (conf_addr(n, "remote-gateway", &one)) {
		addrs = &one;
		nr = 1;
	}
	free(c->remote_addrs);
	c->remote_addrs = nr > 0 ? xmemdup(addrs, nr * sizeof(*addrs)) : NULL;
	c->nr_remote_addrs = nr;
}

static enum ike_unique
unique_of(const struct conf_node *phase1)
{
	const struct conf_node *ipsec;
	const char *word;

	ipsec = conf_child(conf_node_parent(phase1), "ipsec", NULL);
	word = ipsec != NULL ? conf_str(ipsec, "unique-ids") : "yes";
	if (str_eq(word, "no"))
		return UNIQUE_NO;
	if (str_eq(word, "never"))
		return UNIQUE_NEVER;
	return str_eq(word, "keep") ? UNIQUE_KEEP : UNIQUE_YES;
}

static void
times(struct ike_conf *c, const struct conf_node *n)
{
	c->lifetime_ms = ms_of(conf_duration(n, "lifetime"));
	c->margin_ms = ms_of(conf_duration(n, "margin-time"));
	c->fuzz_percent = (unsigned)conf_int(n, "rekey-fuzz");
	c->rekey = conf_bool(n, "rekey");
	c->reauth = conf_bool(n, "reauth");
	c->dpd = !str_eq(conf_str(n, "dpd-action"), "none");
	c->dpd_delay_ms = c->dpd ? ms_of(conf_duration(n, "dpd-delay")) : 0;
}

static enum ike_version
version_of(const struct conf_node *phase1)
{
	const char *word = conf_str(phase1, "key-exchange");

	if (str_eq(word, "ikev1"))
		return IKE_VERSION_1;
	return str_eq(word, "ikev2") ? IKE_VERSION_2 : IKE_VERSION_AUTO;
}

static enum ike_fragmentation
fragmentation_of(const struct conf_node *phase1)
{
	const char *word = conf_str(phase1, "fragmentation");

	if (str_eq(word, "no"))
		return FRAG_NO;
	if (str_eq(word, "force"))
		return FRAG_FORCE;
	return str_eq(word, "accept") ? FRAG_ACCEPT : FRAG_YES;
}

/* Configuration payload: what we ask for, what we give. */
static void
inner_addresses(struct ike_conf *c, const struct conf_node *phase1)
{
	const char *word = conf_str(phase1, "request-address"), *value;
	struct ip_prefix p;
	struct ip_addr a;
	size_t i;

	c->ask_address[0] = str_eq(word, "ipv4") || str_eq(word, "both");
	c->ask_address[1] = str_eq(word, "ipv6") || str_eq(word, "both");
	for (i = 0; (value = conf_value(phase1, "address-pool", i)); i++) {
		if (prefix_parse(&p, value))
			c->pool[p.addr.family == AF_INET6] = p;
	}
	for (i = 0; (value = conf_value(phase1, "pool-dns", i)) &&
	    c->nr_dns < CP_DNS_MAX; i++) {
		if (addr_parse(&a, value))
			c->dns[c->nr_dns++] = a;
	}
}

static int
add_children(struct ike_conf *c, const struct conf_node *n,
    struct sp_error *err)
{
	struct ikeconf_groups groups;
	struct ike_child_conf *child;
	size_t i;
	int ret = 0;

	ikeconf_group(n, &groups);
	for (i = 0; i < groups.nr && ret == 0; i++) {
		ret = child_build(n, &groups.group[i], &child, err);
		if (ret == 0)
			ike_conf_add_child_take(c, child);
	}
	ikeconf_groups_free(&groups);
	return ret;
}

int
ikeconf_build(const struct conf_node *phase1, const struct ip_addr *addrs,
    size_t nr_addrs, struct pki *pki, struct ike_conf **out,
    struct sp_error *err)
{
	char *name = xasprintf("%s/%s",
	    conf_node_name(conf_node_parent(phase1)), conf_node_name(phase1));
	struct ike_conf *c = ike_conf_new(name);
	int ret;

	free(name);
	addresses(c, phase1, addrs, nr_addrs);
	times(c, phase1);
	c->remote_port = (uint16_t)conf_int(phase1, "remote-port");
	c->force_encap = conf_bool(phase1, "force-udp-encapsulation");
	c->unique = unique_of(phase1);
	c->fragmentation = fragmentation_of(phase1);
	c->version = version_of(phase1);
	c->aggressive = str_eq(conf_str(phase1, "negotiation-mode"),
	    "aggressive");
	c->dpd_failures = (unsigned)conf_int(phase1, "dpd-failures");
	c->mobike = conf_bool(phase1, "mobike");
	inner_addresses(c, phase1);
	free(c->suites);
	c->suites = NULL;
	ret = suites_of(phase1, true, &c->suites, &c->nr_suites, err);
	if (ret == 0)
		ret = identities(c, phase1, err);
	if (ret == 0)
		ret = pki_credentials(pki, phase1, &c->local_id, &c->cred,
		    err);
	if (ret == 0 && (c->cred.local == IKE_AUTH_PSK ||
	    c->cred.remote == IKE_AUTH_PSK))
		ret = secret_of(c, phase1, err);
	if (ret == 0)
		ret = ppk_of(c, phase1, err);
	if (ret == 0)
		ret = add_children(c, phase1, err);
	if (ret < 0) {
		ike_conf_unref(c);
		return ret;
	}
	*out = c;
	return 0;
}
