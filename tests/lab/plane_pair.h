/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two planes in two network namespaces without names, joined by a veth, with
 * fixed keys: userspace ones, or the kernel's where it has ESP.
 *
 *	a: lo 10.1.1.1 fd00:1::1 | sp-a | v0 192.0.2.1 2001:db8::1
 *	b: lo 10.2.2.1 fd00:2::1 | sp-b | v0 192.0.2.2 2001:db8::2
 */
#ifndef SP_TESTS_LAB_PLANE_PAIR_H
#define SP_TESTS_LAB_PLANE_PAIR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/addr.h"
#include "plane/user/user.h"

#define PAIR_REQID 7u
#define PAIR_SPI_AB 0x10000a0bu	/* a's outbound */
#define PAIR_SPI_BA 0x10000b0au

struct side {
	const char *name;
	int ns;				/* descriptor of the namespace */
	bool kernel;			/* its plane is the kernel's */
	struct plane *plane;
	int udp4, udp6;
	struct endpoint outer[2];	/* IPv4, IPv6 */
	/* events seen */
	unsigned acquires, expires, moves, unknown, ike;
	struct endpoint moved_to;
	uint8_t ike_data[64];
	size_t ike_len;
};

struct pair {
	struct side a, b;
	bool wide;			/* selectors take any IPv4 address */
};

struct pair_suite {
	const char *encr, *integ;	/* names of the registry; no encr: AH */
	unsigned bits;
	bool encap, outer_v6, esn, transport;
	uint32_t spi_add;		/* added to both SPIs */
	uint64_t hard_packets;		/* of a's outbound SA */
};

/* NULL if this machine can run such a test, else why not. */
const char *pair_obstacle(void);

/* Make namespaces and planes; aborts the test with a message if it fails. */
void pair_make(struct pair *p, enum tun_level most, bool udp_offload);
void pair_free(struct pair *p);

/* As pair_make() with offloads, and the kernel's plane on either side. */
void pair_make_mixed(struct pair *p, bool kernel_a, bool kernel_b);

/*
 * The policies and SAs of a suite on both sides, and routes for transport
 * mode; false if a kernel does not have an algorithm.  pair_down() removes.
 */
bool pair_up(struct pair *p, const struct pair_suite *suite);
void pair_down(struct pair *p, const struct pair_suite *suite);

/* The policy of both sides. */
void pair_policies(struct pair *p, bool trap);

/* Add / remove the SAs of one suite at one side or both. */
void pair_add_sas(struct side *s, const struct pair *p,
    const struct pair_suite *suite);
void pair_del_sas(struct side *s, const struct pair *p,
    const struct pair_suite *suite);

/*
 * Replace the SAs of one suite as IKE does: inbound at both, outbound at
 * both, and the old ones go when all that was sent with them has come; false
 * if some of it has not after two seconds.
 */
bool pair_rekey(struct pair *p, const struct pair_suite *old,
    const struct pair_suite *next);

/* Counters of the SA that carries a to b, as s sees it. */
struct plane_counters pair_counters(struct side *s, const struct pair *p,
    const struct pair_suite *suite);

/* Enter the namespace of a side. */
void pair_enter(const struct side *s);

/* Run a command there; exit status.  pair_start() does not wait. */
int pair_run(const struct side *s, const char *command);
pid_t pair_start(const struct side *s, const char *command);
int pair_wait(pid_t pid);

/* Dispatch a plane's events until *count is at least want or ms passed. */
bool pair_await(struct side *s, const unsigned *count, unsigned want,
    int ms);

#endif
