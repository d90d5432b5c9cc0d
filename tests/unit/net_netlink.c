/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/: namespaces, links, addresses, routes, rules, sysctl, in two fresh
 * network namespaces, compared with what "ip -j" sees.  Needs root and
 * iproute2; says so and exits 77 without.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/net.h"

struct lab {
	char a[32], b[32];	/* names of the namespaces */
	int home;		/* while inside a; -1 outside */
};

static struct sp_error err;

#define OK(call) do {							\
	memset(&err, 0, sizeof(err));					\
	if ((call) != 0)						\
		fail_msg("%s: %s", #call, err.text);			\
} while (0)

#define REFUSED(call, want_code, want_text) do {			\
	memset(&err, 0, sizeof(err));					\
	assert_int_equal((call), (want_code));				\
	assert_string_equal(err.text, (want_text));			\
} while (0)

static struct ip_addr
addr(const char *s)
{
	struct ip_addr a = { 0 };

	if (s[0] != '\0' && !addr_parse(&a, s))
		fail_msg("bad address %s in the test", s);
	return a;
}

static struct ip_prefix
prefix(const char *s)
{
	struct ip_prefix p;

	if (!prefix_parse(&p, s))
		fail_msg("bad prefix %s in the test", s);
	return p;
}

/* What a command prints, as JSON ("" is []); run in this thread's netns. */
static json_t *
ask(const char *command)
{
	char text[16384], *argv[24], copy[256], *save = NULL, *word;
	size_t len = 0, argc = 0;
	int fds[2], status;
	ssize_t n;
	json_t *j;
	pid_t pid;

	snprintf(copy, sizeof(copy), "%s", command);
	for (word = strtok_r(copy, " ", &save); word != NULL && argc < 23;
	    word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fds[1]);
	while ((n = read(fds[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	if (status != 0)
		fail_msg("%s: exit status %d", command, status >> 8);
	j = json_loads(len <= 1 ? "[]" : text, 0, NULL);
	if (j == NULL)
		fail_msg("%s: not JSON: %s", command, text);
	return j;
}

/*
 * Element of the answer whose members are as in want, which is a format of
 * json_pack(); NULL if there is none.
 */
static bool
has(const char *command, json_t *want)
{
	json_t *all = ask(command), *row, *v;
	bool found = false, same;
	const char *key;
	size_t i;

	json_array_foreach(all, i, row) {
		same = true;
		json_object_foreach(want, key, v) {
			if (!json_equal(json_object_get(row, key), v))
				same = false;
		}
		found |= same;
	}
	if (!found) {
		char *a = json_dumps(all, JSON_INDENT(1));
		char *w = json_dumps(want, JSON_COMPACT);

		print_message("%s: no %s in %s\n", command, w, a);
		free(a);
		free(w);
	}
	json_decref(all);
	json_decref(want);
	return found;
}

static size_t
count(const char *command)
{
	json_t *all = ask(command);
	size_t n = json_array_size(all);

	json_decref(all);
	return n;
}

static void
test_netns(void **state)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "../x" };
	struct lab *l = *state;
	int old;
	size_t i;

	assert_true(netns_exists(l->a));
	OK(netns_create(l->a, &err));		/* again: no harm */
	assert_true(has("ip -j netns list", json_pack("{ss}", "name", l->a)));

	for (i = 0; i < NELEM(bad); i++) {
		assert_int_equal(netns_create(bad[i], &err), SP_RANGE);
		assert_int_equal(netns_delete(bad[i], &err), SP_RANGE);
		assert_false(netns_exists(bad[i]));
	}
	REFUSED(netns_enter("no-such-netns", &old, &err), SP_NOTFOUND,
	    "there is no network namespace no-such-netns");

	/* a new namespace has lo alone; the thread came back from it */
	OK(netns_enter(l->b, &old, &err));
	assert_int_equal(count("ip -j link"), 1);
	OK(netns_leave(old, &err));
}

/* Going and coming, and a namespace deleted twice. */
static void
test_netns_delete(void **state)
{
	struct lab *l = *state;
	char name[48];

	snprintf(name, sizeof(name), "%s-gone", l->a);
	OK(netns_create(name, &err));
	OK(netns_delete(name, &err));
	assert_false(netns_exists(name));
	OK(netns_delete(name, &err));
}

/* Has the link a carrier, in the namespace of this thread. */
static bool
is_running(const char *ifname)
{
	struct ifreq ifr = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool running;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	running = ioctl(fd, SIOCGIFFLAGS, &ifr) == 0 &&
	    (ifr.ifr_flags & IFF_RUNNING);
	close(fd);
	return running;
}

static void
test_links(void **state)
{
	struct lab *l = *state;
	int old, i;

	OK(link_add_bridge("br0", &err));
	OK(link_add_bridge("br0", &err));
	OK(link_add_veth("va", "vb", l->b, &err));
	OK(link_add_veth("va", "vb", l->b, &err));
	assert_true(link_exists("va"));
	assert_false(link_exists("vb"));
	assert_int_equal(link_index("nothing"), 0);
	assert_int_equal(link_mtu("nothing"), 0);
	assert_int_equal(link_mtu("va"), 1500);

	REFUSED(link_add_bridge("va", &err), SP_EXISTS,
	    "link va exists already and is no bridge but veth");
	REFUSED(link_add_veth("br0", "vb", l->b, &err), SP_EXISTS,
	    "link br0 exists already and is no veth but bridge");
	REFUSED(link_add_veth("va", "vb", NULL, &err), SP_EXISTS,
	    "link va exists already, but its far end is not vb");
	REFUSED(link_up("nothing", &err), SP_NOTFOUND,
	    "cannot bring up link nothing: there is no such link here");
	REFUSED(link_set_master("va", "nothing", &err), SP_NOTFOUND,
	    "cannot attach to a bridge link va: there is no link nothing "
	    "here");
	assert_int_equal(link_add_bridge("a-name-far-too-long", &err),
	    SP_RANGE);
	assert_int_equal(link_set_mtu("va", 1, &err), SP_SYSTEM);

	OK(link_set_mtu("va", 1400, &err));
	OK(link_up("va", &err));
	OK(link_up("br0", &err));
	OK(link_set_master("va", "br0", &err));
	assert_true(has("ip -j link", json_pack("{sssssi}", "ifname", "va",
	    "master", "br0", "mtu", 1400)));

	OK(netns_enter(l->b, &old, &err));
	OK(link_up("vb", &err));
	OK(link_up("lo", &err));
	/* the carrier comes a moment after the link is set up */
	for (i = 0; i < 500 && !is_running("vb"); i++)
		usleep(10000);
	assert_true(has("ip -j link", json_pack("{ssss}", "ifname", "vb",
	    "operstate", "UP")));
	OK(netns_leave(old, &err));

	OK(link_del("br0", &err));
	OK(link_del("br0", &err));
	assert_false(link_exists("br0"));
}

static void
test_addresses(void **state)
{
	struct ip_prefix p4 = prefix("192.0.2.1/24");
	struct ip_prefix p6 = prefix("2001:db8::1/64");
	struct ip_addr first = addr("0.0.0.0"), last = addr("255.255.255.255");
	struct ip_addr got;
	struct net_addr *list;
	json_t *tentative, *row;
	size_t nr, i, seen = 0;
	char text[ADDR_TEXT];

	(void)state;
	OK(link_up("lo", &err));
	OK(link_addr_add("va", &p4, &err));
	OK(link_addr_add("va", &p4, &err));
	OK(link_addr_add("va", &p6, &err));
	REFUSED(link_addr_add("nothing", &p4, &err), SP_NOTFOUND,
	    "cannot add address 192.0.2.1/24: there is no link nothing here");
	OK(link_addr_del("nothing", &p4, &err));

	OK(link_addr_list(&list, &nr, &err));
	for (i = 0; i < nr; i++) {
		prefix_print(&list[i].prefix, text);
		if (strcmp(list[i].ifname, "va") == 0 && list[i].up &&
		    (strcmp(text, "192.0.2.1/24") == 0 ||
		    strcmp(text, "2001:db8::1/64") == 0))
			seen++;
	}
	free(list);
	assert_int_equal(seen, 2);

	/* ip(8) prints [{}] for no address */
	tentative = ask("ip -j -6 addr show dev va tentative to 2001:db8::/32");
	json_array_foreach(tentative, i, row)
		assert_null(json_object_get(row, "addr_info"));
	json_decref(tentative);

	/* not 127.0.0.1, though it is the first */
	assert_true(net_addr_in_range(&first, &last, &got));
	assert_string_equal(addr_print(&got, text), "192.0.2.1");
	first = last = addr("192.0.2.2");
	assert_false(net_addr_in_range(&first, &last, &got));
	first = addr("::");
	last = addr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	assert_true(net_addr_in_range(&first, &last, &got));
	assert_string_equal(addr_print(&got, text), "2001:db8::1");
}

/* One route and what ip(8) makes of it. */
static const struct route_row {
	const char *dst, *gateway, *ifname, *source;
	enum net_route_type type;
	uint32_t table, metric;
	unsigned mtu, advmss;
	const char *show;	/* command */
	const char *want;	/* members */
} route_rows[] = {
	{ "10.9.0.0/16", "192.0.2.2", "", "", NET_ROUTE_UNICAST, 0, 0, 0, 0,
	  "ip -j route show proto 83",
	  "{\"dst\":\"10.9.0.0/16\",\"gateway\":\"192.0.2.2\","
	  "\"dev\":\"va\"}" },
	{ "10.9.1.77/24", "", "va", "192.0.2.1", NET_ROUTE_UNICAST, 7001, 5,
	  1300, 1260, "ip -j route show table 7001 proto 83",
	  "{\"dst\":\"10.9.1.0/24\",\"scope\":\"link\",\"metric\":5,"
	  "\"prefsrc\":\"192.0.2.1\","
	  "\"metrics\":[{\"mtu\":1300,\"advmss\":1260}]}" },
	{ "0.0.0.0/0", "192.0.2.3", "va", "", NET_ROUTE_UNICAST, 7001, 0, 0,
	  0, "ip -j route show table 7001 proto 83",
	  "{\"dst\":\"default\",\"gateway\":\"192.0.2.3\"}" },
	{ "10.8.0.0/16", "", "", "", NET_ROUTE_BLACKHOLE, 0, 77, 0, 0,
	  "ip -j route show proto 83 type blackhole",
	  "{\"dst\":\"10.8.0.0/16\",\"type\":\"blackhole\",\"metric\":77}" },
	{ "10.7.0.0/16", "", "", "", NET_ROUTE_THROW, 7001, 0, 0, 0,
	  "ip -j route show table 7001 proto 83 type throw",
	  "{\"dst\":\"10.7.0.0/16\",\"type\":\"throw\"}" },
	{ "10.6.0.0/16", "2001:db8::9", "va", "", NET_ROUTE_UNICAST, 0, 0, 0,
	  0, "ip -j route show proto 83",
	  "{\"dst\":\"10.6.0.0/16\","
	  "\"via\":{\"family\":\"inet6\",\"host\":\"2001:db8::9\"}}" },
	{ "2001:db8:9::/48", "2001:db8::2", "va", "", NET_ROUTE_UNICAST, 0, 0,
	  0, 0, "ip -j -6 route show proto 83",
	  "{\"dst\":\"2001:db8:9::/48\",\"gateway\":\"2001:db8::2\"}" },
	{ "2001:db8:8::/48", "", "", "", NET_ROUTE_BLACKHOLE, 7001, 0, 0, 0,
	  "ip -j -6 route show table 7001 proto 83",
	  "{\"dst\":\"2001:db8:8::/48\",\"type\":\"blackhole\"}" },
};

static struct net_route
route(const struct route_row *row)
{
	struct net_route r = {
		.type = row->type,
		.dst = prefix(row->dst),
		.gateway = addr(row->gateway),
		.source = addr(row->source),
		.table = row->table, .metric = row->metric,
		.mtu = row->mtu, .advmss = row->advmss,
	};

	snprintf(r.ifname, sizeof(r.ifname), "%s", row->ifname);
	return r;
}

static void
test_routes(void **state)
{
	struct net_route r;
	size_t i, before;

	(void)state;
	for (i = 0; i < NELEM(route_rows); i++) {
		r = route(&route_rows[i]);
		OK(route_add(&r, &err));
		assert_true(has(route_rows[i].show,
		    json_loads(route_rows[i].want, 0, NULL)));
		before = count(route_rows[i].show);
		OK(route_add(&r, &err));
		assert_int_equal(count(route_rows[i].show), before);
		OK(route_del(&r, &err));
		assert_int_equal(count(route_rows[i].show), before - 1);
		OK(route_del(&r, &err));
	}
}

static void
test_route_owner(void **state)
{
	struct net_route r = {
		.dst = prefix("10.5.0.0/16"), .gateway = addr("192.0.2.2"),
	};
	struct net_route none = { .dst = prefix("10.5.0.0/16") };
	size_t i;

	(void)state;
	REFUSED(route_add(&none, &err), SP_RANGE,
	    "the route to 10.5.0.0/16 has neither a gateway nor a link");
	r.gateway = addr("203.0.113.1");
	assert_int_equal(route_add(&r, &err), SP_NOTFOUND);

	/* ours is replaced by ours */
	r.gateway = addr("192.0.2.2");
	OK(route_add(&r, &err));
	r.gateway = addr("192.0.2.3");
	OK(route_add(&r, &err));
	assert_true(has("ip -j route show 10.5.0.0/16",
	    json_pack("{ss}", "gateway", "192.0.2.3")));
	OK(route_del(&r, &err));

	/* a foreign one is neither replaced nor removed */
	json_decref(ask("ip route add 10.5.0.0/16 via 192.0.2.4"));
	REFUSED(route_add(&r, &err), SP_EXISTS, "a route to 10.5.0.0/16 that "
	    "sallyport did not make is in table 254 already");
	OK(route_del(&r, &err));
	for (i = 0; i < NELEM(route_rows); i++) {
		struct net_route other = route(&route_rows[i]);

		OK(route_add(&other, &err));
	}
	OK(route_flush(0, &err));
	assert_int_equal(count("ip -j route show proto 83"), 0);
	assert_int_equal(count("ip -j -6 route show proto 83"), 0);
	assert_int_equal(count("ip -j route show table 7001"), 3);
	OK(route_flush(7001, &err));
	assert_int_equal(count("ip -j route show table all proto 83"), 0);
	assert_int_equal(count("ip -j -6 route show table all proto 83"), 0);
	assert_int_equal(count("ip -j route show 10.5.0.0/16"), 1);
	OK(route_flush(7002, &err));
}

static void
test_route_get(void **state)
{
	static const struct {
		const char *dst, *src;
		uint32_t mark;
		const char *source, *gateway, *ifname;	/* NULL: no route */
		unsigned mtu;
	} rows[] = {
		{ "192.0.2.9", "", 0, "192.0.2.1", "", "va", 1400 },
		{ "10.5.1.1", "", 0, "192.0.2.1", "192.0.2.4", "va", 1400 },
		{ "10.5.1.1", "192.0.2.1", 0, "192.0.2.1", "192.0.2.4", "va",
		  1400 },
		{ "10.4.1.1", "", 0, "192.0.2.1", "", "va", 1280 },
		{ "10.4.1.1", "", 7, NULL, NULL, NULL, 0 },
		{ "2001:db8::9", "", 0, "2001:db8::1", "", "va", 1400 },
		{ "203.0.113.9", "", 0, NULL, NULL, NULL, 0 },
		{ "10.5.1.1", "198.51.100.1", 0, NULL, NULL, NULL, 0 },
		{ "2001:db8:ffff::9", "", 0, NULL, NULL, NULL, 0 },
		{ "10.3.0.1", "", 0, NULL, NULL, NULL, 0 },
		{ "192.0.2.1", "", 0, "192.0.2.1", "", "lo", 65536 },
	};
	struct net_route r = {
		.dst = prefix("10.4.0.0/16"), .ifname = "va", .mtu = 1280,
		.table = 7003,
	};
	struct net_route hole = {
		.type = NET_ROUTE_BLACKHOLE, .dst = prefix("10.3.0.0/16"),
	};
	struct ip_addr dst, src, want;
	struct net_path path;
	size_t i;
	int ret;

	(void)state;
	OK(route_add(&r, &err));
	OK(route_add(&hole, &err));
	OK(rule_add(900, 7, 7003, &err));
	for (i = 0; i < NELEM(rows); i++) {
		dst = addr(rows[i].dst);
		src = addr(rows[i].src);
		memset(&err, 0, sizeof(err));
		ret = route_get(&dst, &src, rows[i].mark, &path, &err);
		if (ret != (rows[i].ifname == NULL ? SP_NOTFOUND : 0)) {
			fail_msg("%s from %s: %d %s", rows[i].dst,
			    rows[i].src, ret, err.text);
		}
		if (ret != 0)
			continue;
		want = addr(rows[i].source);
		assert_true(addr_eq(&want, &path.source));
		want = addr(rows[i].gateway);
		assert_true(addr_eq(&want, &path.gateway));
		assert_string_equal(path.ifname, rows[i].ifname);
		assert_int_equal(path.mtu, rows[i].mtu);
	}
	dst = addr("203.0.113.9");
	REFUSED(route_get(&dst, NULL, 0, &path, &err), SP_NOTFOUND,
	    "there is no route to 203.0.113.9");
}

static void
test_rules(void **state)
{
	static const char *const families[] = { "-4", "-6" };
	char command[64];
	size_t i;

	(void)state;
	OK(rule_add(901, 0x530, 7001, &err));
	OK(rule_add(901, 0x530, 7001, &err));
	for (i = 0; i < NELEM(families); i++) {
		snprintf(command, sizeof(command), "ip -j %s rule",
		    families[i]);
		assert_true(has(command, json_loads("{\"priority\":901,"
		    "\"not\":null,\"fwmark\":\"0x530\",\"table\":\"7001\"}",
		    0, NULL)));
	}
	OK(rule_del(901, 0x530, 7001, &err));
	OK(rule_del(901, 0x530, 7001, &err));
	OK(rule_del(900, 7, 7003, &err));
	assert_int_equal(count("ip -j rule"), 3);
	assert_int_equal(count("ip -j -6 rule"), 2);
	REFUSED(rule_add(901, 0, 7001, &err), SP_RANGE,
	    "a routing rule needs a mark and a table other than 0");
}

static void
test_sysctl(void **state)
{
	FILE *f;
	int c;

	(void)state;
	OK(sysctl_set("net.ipv4.ip_forward", "1", &err));
	f = fopen("/proc/thread-self/net/../../sys/net/ipv4/ip_forward", "r");
	if (f == NULL)
		f = fopen("/proc/sys/net/ipv4/ip_forward", "r");
	assert_non_null(f);
	c = fgetc(f);
	fclose(f);
	assert_int_equal(c, '1');

	OK(sysctl_set("net.ipv4.conf.va.rp_filter", "0", &err));
	REFUSED(sysctl_set("net.ipv4.no_such", "1", &err), SP_NOTFOUND,
	    "this kernel has no setting net.ipv4.no_such");
	REFUSED(sysctl_set("net.ipv4.ip_default_ttl", "-1", &err), SP_SYSTEM,
	    "the kernel setting net.ipv4.ip_default_ttl does not take -1: "
	    "Invalid argument");
	assert_int_equal(sysctl_set("//.//etc.passwd", "x", &err), SP_RANGE);
	assert_int_equal(sysctl_set("net.//.x", "1", &err), SP_RANGE);
	assert_int_equal(sysctl_set("", "1", &err), SP_RANGE);
}

static int
enter(void **state)
{
	struct lab *l = *state;

	return netns_enter(l->a, &l->home, NULL);
}

static int
leave(void **state)
{
	struct lab *l = *state;

	return netns_leave(l->home, NULL);
}

static int
begin(void **state)
{
	static struct lab l;

	snprintf(l.a, sizeof(l.a), "spnet-%d-a", (int)getpid());
	snprintf(l.b, sizeof(l.b), "spnet-%d-b", (int)getpid());
	*state = &l;
	if (netns_create(l.a, &err) < 0 || netns_create(l.b, &err) < 0)
		return -1;
	return 0;
}

static int
end(void **state)
{
	struct lab *l = *state;
	int ret = netns_delete(l->a, NULL);

	return netns_delete(l->b, NULL) != 0 || ret != 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_netns),
		cmocka_unit_test(test_netns_delete),
		cmocka_unit_test_setup_teardown(test_links, enter, leave),
		cmocka_unit_test_setup_teardown(test_addresses, enter, leave),
		cmocka_unit_test_setup_teardown(test_routes, enter, leave),
		cmocka_unit_test_setup_teardown(test_route_owner, enter,
		    leave),
		cmocka_unit_test_setup_teardown(test_route_get, enter, leave),
		cmocka_unit_test_setup_teardown(test_rules, enter, leave),
		cmocka_unit_test_setup_teardown(test_sysctl, enter, leave),
	};
	char probe[40];

	snprintf(probe, sizeof(probe), "spnet-%d-probe", (int)getpid());
	if (access("/sbin/ip", X_OK) != 0 && access("/bin/ip", X_OK) != 0) {
		printf("skipped: iproute2 is not installed\n");
		return 77;
	}
	if (netns_create(probe, &err) < 0) {
		printf("skipped: %s\n", err.text);
		return 77;
	}
	netns_delete(probe, NULL);
	return cmocka_run_group_tests(tests, begin, end);
}
