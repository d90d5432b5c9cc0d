/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Policy-routing rules, by rtnetlink (ip-rule(8)).
 *
 * One kind of rule is ours: "not from all fwmark MARK lookup TABLE".  All
 * traffic but that of our own sockets, which carry the mark, looks into the
 * table of the tunnels first; so the packets of a tunnel never enter it.
 * Rules carry NET_PROTO_SALLYPORT, as routes do.
 */
#include "net/net.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <libmnl/libmnl.h>

#include "base/error.h"
#include "net/nl.h"

/* One family: rules of IPv4 and IPv6 are lists of their own. */
static int
change(int family, uint16_t type, uint32_t pref, uint32_t mark,
    uint32_t table, struct sp_error *err)
{
	struct fib_rule_hdr frh = {
		.family = (uint8_t)family,
		.action = FR_ACT_TO_TBL,
		.flags = FIB_RULE_INVERT,
	};
	bool add = type == RTM_NEWRULE;
	struct nl_req r;

	nl_begin(&r, type, add ? NLM_F_CREATE | NLM_F_EXCL : 0, &frh,
	    sizeof(frh), "%s the routing rule %u for table %u",
	    add ? "add" : "delete", pref, table);
	mnl_attr_put_u32(r.h, FRA_PRIORITY, pref);
	mnl_attr_put_u32(r.h, FRA_FWMARK, mark);
	mnl_attr_put_u32(r.h, FRA_TABLE, table);
	mnl_attr_put_u8(r.h, FRA_PROTOCOL, NET_PROTO_SALLYPORT);
	r.there = add ? EEXIST : ENOENT;

	/* a host without IPv6 lacks nothing here */
	if (family == AF_INET6)
		r.gone = EAFNOSUPPORT;
	return nl_exchange(&r, NULL, NULL, err);
}

/* With mark 0 the kernel would leave the mark out: no packet would match. */
static int
check(uint32_t mark, uint32_t table, struct sp_error *err)
{
	if (mark != 0 && table != 0)
		return 0;
	return sp_fail(err, SP_RANGE,
	    "a routing rule needs a mark and a table other than 0");
}

int
rule_add(uint32_t pref, uint32_t mark, uint32_t table, struct sp_error *err)
{
	int ret;

	ret = check(mark, table, err);
	if (ret == 0)
		ret = change(AF_INET, RTM_NEWRULE, pref, mark, table, err);
	if (ret < 0)
		return ret;

	ret = change(AF_INET6, RTM_NEWRULE, pref, mark, table, err);
	if (ret < 0)
		change(AF_INET, RTM_DELRULE, pref, mark, table, NULL);
	return ret;
}

int
rule_del(uint32_t pref, uint32_t mark, uint32_t table, struct sp_error *err)
{
	int ret, ret6;

	ret = check(mark, table, err);
	if (ret < 0)
		return ret;

	ret = change(AF_INET, RTM_DELRULE, pref, mark, table, err);
	ret6 = change(AF_INET6, RTM_DELRULE, pref, mark, table,
	    ret == 0 ? err : NULL);
	return ret < 0 ? ret : ret6;
}
