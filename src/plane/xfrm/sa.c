/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * States (security associations) in the kernel (RFC 4301 4.4.2, RFC 4303,
 * RFC 3948).
 *
 * The record kept here has addresses and numbers only.  Keys go to the kernel
 * and are not kept; moving a state to other outer addresses fetches it with
 * its keys and its place in the sequence, deletes it and adds it again.
 *
 * Invariants: a record exists exactly while we believe that the kernel has
 * the state; its key in the map is SPI, protocol and outer destination, which
 * is also the kernel's key.  Adding what is there with the same reqid and
 * deleting what is gone are successes, so that a repeat after a lost answer
 * does no harm.
 */
#include "plane/xfrm/xfrm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "crypto/alg.h"

#define KEY_MAX 256		/* bytes; the longest we know has 64 */
#define SPI_MIN 256		/* RFC 4303 2.1: lower ones are reserved */
#define DEED_MAX 160

/* The bitmap attribute is made as an array of words, head included. */
#define ESN_HEAD (sizeof(struct xfrm_replay_state_esn) / sizeof(uint32_t))
#define ESN_WORDS (ESN_HEAD + XFRM_WINDOW_MAX / 32)

/*
 * Packets that may leave between the look at a state and its deletion while
 * it is moved.  The moved state begins that much later: a gap in the sequence
 * is legal, a number used twice is not.
 */
#define MOVE_GAP 256

/* Key of the map. */
struct sa_key {
	uint32_t spi;
	uint8_t protocol, family;
	uint8_t dst[16];
};

/* Any of the algorithm attributes: AEAD and AUTH_TRUNC have a length more
 * than CRYPT before the key. */
struct alg_attr {
	char name[64];
	uint32_t key_bits;
	union {
		struct {
			uint32_t icv_bits;
			uint8_t key[KEY_MAX];
		} sized;
		uint8_t key[KEY_MAX];
	} u;
};

/* A state as the kernel sent it. */
struct fetched {
	struct xfrm_req msg;		/* attributes; holds keys */
	struct xfrm_usersa_info info;
	bool there;
};

static struct sa_key
key_of(uint32_t spi, uint8_t protocol, const struct ip_addr *dst)
{
	struct sa_key k;

	memset(&k, 0, sizeof(k));	/* padding is part of the key */
	k.spi = spi;
	k.protocol = protocol;
	k.family = dst->family;
	memcpy(k.dst, dst->b, addr_len(dst));
	return k;
}

struct xfrm_sa *
xfrm_sa_find(const struct xfrm_plane *x, uint32_t spi, uint8_t protocol,
    const struct ip_addr *dst)
{
	struct sa_key k = key_of(spi, protocol, dst);

	return map_get(x->sas, &k, sizeof(k));
}

static void
record(struct xfrm_plane *x, struct xfrm_sa *sa)
{
	struct sa_key k = key_of(sa->spi, sa->protocol, &sa->dst.addr);

	free(map_put(x->sas, &k, sizeof(k), sa));
}

/* Out of the map; the caller frees it or records it anew. */
static struct xfrm_sa *
unrecord(struct xfrm_plane *x, uint32_t spi, uint8_t protocol,
    const struct ip_addr *dst)
{
	struct sa_key k = key_of(spi, protocol, dst);

	return map_del(x->sas, &k, sizeof(k));
}

struct xfrm_usersa_id
xfrm_sa_id(uint32_t spi, uint8_t protocol, const struct ip_addr *dst)
{
	struct xfrm_usersa_id id = {
		.daddr = xfrm_addr(dst),
		.spi = htonl(spi),
		.family = dst->family,
		.proto = protocol,
	};

	return id;
}

/* Append an algorithm; icv_bits < 0: the form without that length. */
static bool
put_alg(struct xfrm_req *r, uint16_t attr, const char *name,
    const uint8_t *key, size_t len, int icv_bits)
{
	struct alg_attr a = { .key_bits = (uint32_t)len * 8 };
	size_t head = offsetof(struct alg_attr, u.key);
	uint8_t *room = a.u.key;
	bool ok;

	if (len > KEY_MAX)
		return false;

	snprintf(a.name, sizeof(a.name), "%s", name);
	if (icv_bits >= 0) {
		a.u.sized.icv_bits = (uint32_t)icv_bits;
		head = offsetof(struct alg_attr, u.sized.key);
		room = a.u.sized.key;
	}
	if (len > 0)
		memcpy(room, key, len);
	ok = xfrm_put(r, attr, &a, head + len);
	explicit_bzero(&a, sizeof(a));
	return ok;
}

/*
 * The truncation of the ICV is always said: what the kernel takes for
 * hmac(sha256) by itself is 96 bits, an early draft's, not the 128 of
 * RFC 4868.
 */
static bool
put_algs(struct xfrm_req *r, const struct plane_sa *sa)
{
	if (sa->encr != NULL && (sa->encr->flags & ALG_AEAD)) {
		return put_alg(r, XFRMA_ALG_AEAD, sa->encr->kernel,
		    sa->encr_key, sa->encr_key_len, sa->encr->icv_len * 8);
	}

	if (sa->encr != NULL &&
	    !put_alg(r, XFRMA_ALG_CRYPT, sa->encr->kernel, sa->encr_key,
	    sa->encr_key_len, -1))
		return false;
	if (sa->integ == NULL)
		return true;
	return put_alg(r, XFRMA_ALG_AUTH_TRUNC, sa->integ->kernel,
	    sa->integ_key, sa->integ_key_len, sa->integ->icv_len * 8);
}

static bool
put_encap(struct xfrm_req *r, const struct endpoint *src,
    const struct endpoint *dst)
{
	struct xfrm_encap_tmpl e = {
		.encap_type = UDP_ENCAP_ESPINUDP,
		.encap_sport = htons(src->port),
		.encap_dport = htons(dst->port),
	};

	return xfrm_put(r, XFRMA_ENCAP, &e, sizeof(e));
}

/*
 * Packets of window that the state needs.  With extended sequence numbers
 * (RFC 4304) the kernel cannot go without one, in either direction: 1 is
 * enough outbound, and the widest stands for "off" inbound.
 */
static uint32_t
window_of(const struct plane_sa *sa)
{
	if (sa->dir == PLANE_OUT)
		return sa->esn ? 1 : 0;
	if (sa->esn && sa->replay_window == 0)
		return XFRM_WINDOW_MAX;
	return sa->replay_window;
}

/* The old form of the window has 32 bits and no extended numbers. */
static bool
needs_bitmap(const struct plane_sa *sa)
{
	return sa->esn || window_of(sa) > 32;
}

static bool
put_window(struct xfrm_req *r, const struct plane_sa *sa)
{
	uint32_t words[ESN_WORDS] = { 0 };
	struct xfrm_replay_state_esn head = {
		.bmp_len = (window_of(sa) + 31) / 32,
		.replay_window = window_of(sa),
	};

	memcpy(words, &head, sizeof(head));
	return xfrm_put(r, XFRMA_REPLAY_ESN_VAL, words,
	    sizeof(head) + head.bmp_len * sizeof(uint32_t));
}

static uint64_t
limit(uint64_t n)
{
	return n == 0 ? XFRM_INF : n;
}

static struct xfrm_usersa_info
info_of(const struct plane_sa *sa)
{
	struct xfrm_usersa_info info = {
		.id = {
			.daddr = xfrm_addr(&sa->dst.addr),
			.spi = htonl(sa->spi),
			.proto = sa->protocol,
		},
		.saddr = xfrm_addr(&sa->src.addr),
		.reqid = xfrm_tag(sa->reqid),
		.family = sa->dst.addr.family,
		.mode = XFRM_MODE_TRANSPORT,
		.lft = {
			.soft_byte_limit = limit(sa->soft_bytes),
			.hard_byte_limit = limit(sa->hard_bytes),
			.soft_packet_limit = limit(sa->soft_packets),
			.hard_packet_limit = limit(sa->hard_packets),
		},
	};

	/* no selector: both families may be inside, the policy chooses */
	if (!sa->transport) {
		info.mode = XFRM_MODE_TUNNEL;
		info.flags |= XFRM_STATE_AF_UNSPEC;
	}
	if (sa->esn)
		info.flags |= XFRM_STATE_ESN;
	/* RFC 4302 2.2; without the flag the kernel wants eight bytes */
	if (sa->protocol == IPPROTO_AH && sa->dst.addr.family == AF_INET)
		info.flags |= XFRM_STATE_ALIGN4;
	if (!needs_bitmap(sa))
		info.replay_window = (uint8_t)window_of(sa);
	return info;
}

/* Outbound ESP is routed with the mark of our sockets, so that it does not
 * look for its way in the table of the tunnels. */
static bool
put_mark(const struct xfrm_plane *x, struct xfrm_req *r,
    const struct plane_sa *sa)
{
	if (x->mark == 0 || sa->dir == PLANE_IN)
		return true;
	return xfrm_put(r, XFRMA_SET_MARK, &x->mark, sizeof(x->mark));
}

static int
build(const struct xfrm_plane *x, struct xfrm_req *r,
    const struct plane_sa *sa, struct sp_error *err)
{
	struct xfrm_usersa_info info = info_of(sa);

	xfrm_begin(r, XFRM_MSG_NEWSA, 0, &info, sizeof(info));
	if (!put_algs(r, sa) || !put_mark(x, r, sa) ||
	    (sa->encap && !put_encap(r, &sa->src, &sa->dst)) ||
	    (needs_bitmap(sa) && !put_window(r, sa))) {
		return sp_fail(err, SP_RANGE, "the keys of SA %08x are too "
		    "long for the kernel", sa->spi);
	}
	return 0;
}

static const char *
kernel_name(const struct alg *alg)
{
	return alg != NULL ? alg->kernel : "";
}

/* What the kernel would answer with a bare "invalid argument". */
static int
check(const struct plane_sa *sa, struct sp_error *err)
{
	const struct alg *first = sa->encr != NULL ? sa->encr : sa->integ;

	if (sa->spi < SPI_MIN) {
		return sp_fail(err, SP_RANGE,
		    "SPI %08x is reserved, the least is %08x", sa->spi,
		    SPI_MIN);
	}
	if (addr_len(&sa->src.addr) == 0 ||
	    sa->src.addr.family != sa->dst.addr.family) {
		return sp_fail(err, SP_RANGE, "SA %08x needs two outer "
		    "addresses of one family", sa->spi);
	}
	if (sa->replay_window > XFRM_WINDOW_MAX) {
		return sp_fail(err, SP_RANGE, "a replay window of %u packets "
		    "is too wide for the kernel, which takes %u",
		    sa->replay_window, XFRM_WINDOW_MAX);
	}
	if (first == NULL || kernel_name(first) == NULL ||
	    kernel_name(sa->integ) == NULL) {
		return sp_fail(err, SP_UNSUPPORTED, "the kernel has no name "
		    "for the algorithm %s", first == NULL ? "none" :
		    kernel_name(first) == NULL ? first->name :
		    sa->integ->name);
	}
	return 0;
}

/* "install the outbound ESP SA c0ffee01 with cbc(aes), hmac(sha256)" */
static const char *
deed_of(const struct plane_sa *sa, char *deed)
{
	bool two = sa->encr != NULL && sa->integ != NULL;

	snprintf(deed, DEED_MAX, "install the %s %s SA %08x with %s%s%s",
	    sa->dir == PLANE_IN ? "inbound" : "outbound",
	    sa->protocol == IPPROTO_AH ? "AH" : "ESP", sa->spi,
	    kernel_name(sa->encr), two ? ", " : "", kernel_name(sa->integ));
	return deed;
}

static void
keep_message(const struct nlmsghdr *h, void *ctx)
{
	struct fetched *f = ctx;

	if (h->nlmsg_type != XFRM_MSG_NEWSA ||
	    h->nlmsg_len > sizeof(f->msg.bytes) ||
	    !xfrm_fixed(h, &f->info, sizeof(f->info)))
		return;
	memcpy(f->msg.bytes, h, h->nlmsg_len);
	f->msg.h = (void *)f->msg.bytes;
	f->there = true;
}

/* A state from the kernel, with its keys: wipe what comes. */
static int
fetch(struct xfrm_plane *x, const struct xfrm_usersa_id *id,
    struct fetched *f)
{
	struct xfrm_req r;
	int errnum;

	memset(f, 0, sizeof(*f));
	xfrm_begin(&r, XFRM_MSG_GETSA, 0, id, sizeof(*id));
	errnum = xfrm_exchange(&x->req, &r, keep_message, f);
	if (errnum == 0 && !f->there)
		errnum = EBADMSG;
	return errnum;
}

int
xfrm_sa_remove(struct xfrm_nl *nl, const struct xfrm_usersa_id *id)
{
	struct xfrm_req r;
	int errnum;

	xfrm_begin(&r, XFRM_MSG_DELSA, 0, id, sizeof(*id));
	errnum = xfrm_exchange(nl, &r, NULL, NULL);
	return errnum == ESRCH ? 0 : errnum;
}

/*
 * The kernel has a state of that SPI.  With our reqid it is the same one,
 * whose answer was lost, and makes room; another's is a collision of SPIs.
 */
static int
make_room(struct xfrm_plane *x, const struct plane_sa *sa)
{
	struct xfrm_usersa_id id = xfrm_sa_id(sa->spi, sa->protocol,
	    &sa->dst.addr);
	struct fetched f;
	int errnum;

	errnum = fetch(x, &id, &f);
	if (errnum == 0 && f.info.reqid != xfrm_tag(sa->reqid))
		errnum = EEXIST;
	xfrm_wipe(&f.msg);
	if (errnum == 0)
		errnum = xfrm_sa_remove(&x->req, &id);
	return errnum == ESRCH ? 0 : errnum;
}

int
xfrm_sa_add(struct plane *p, const struct plane_sa *sa, struct sp_error *err)
{
	struct xfrm_plane *x = (struct xfrm_plane *)(void *)p;
	struct xfrm_sa *rec;
	struct xfrm_req r;
	char deed[DEED_MAX];
	int ret, errnum;

	ret = check(sa, err);
	if (ret < 0)
		return ret;
	ret = build(x, &r, sa, err);
	if (ret < 0)
		goto out;

	errnum = xfrm_exchange(&x->req, &r, NULL, NULL);
	if (errnum == EEXIST) {
		errnum = make_room(x, sa);
		if (errnum == 0)
			errnum = xfrm_exchange(&x->req, &r, NULL, NULL);
	}
	if (errnum != 0) {
		ret = xfrm_refused(&x->req, errnum, err, deed_of(sa, deed));
		goto out;
	}

	rec = xcalloc(1, sizeof(*rec));
	rec->spi = sa->spi;
	rec->reqid = sa->reqid;
	rec->protocol = sa->protocol;
	rec->dir = sa->dir;
	rec->encap = sa->encap;
	rec->src = sa->src;
	rec->dst = sa->dst;
	record(x, rec);
out:
	xfrm_wipe(&r);
	return ret;
}

int
xfrm_sa_del(struct plane *p, uint32_t spi, uint8_t protocol,
    const struct ip_addr *dst, struct sp_error *err)
{
	struct xfrm_plane *x = (struct xfrm_plane *)(void *)p;
	struct xfrm_usersa_id id = xfrm_sa_id(spi, protocol, dst);
	char deed[DEED_MAX];
	int errnum;

	errnum = xfrm_sa_remove(&x->req, &id);
	if (errnum != 0) {
		snprintf(deed, sizeof(deed), "delete SA %08x", spi);
		return xfrm_refused(&x->req, errnum, err, deed);
	}
	free(unrecord(x, spi, protocol, dst));
	return 0;
}

/*
 * When the last packet passed.  Kernels before 6.2 say so for a few states
 * only: what changed since the last look was used now at the latest.  The
 * kernel's value is wall-clock seconds, which may jump, so it is believed
 * only within the time since the last look.
 */
static void
note_use(struct xfrm_sa *rec, uint64_t packets, const struct nlattr *last)
{
	int64_t now = clock_ms(), age, when = now;

	if (packets == rec->packets)
		return;
	if (last != NULL && mnl_attr_get_payload_len(last) >= 8) {
		age = clock_wall_ms() -
		    (int64_t)mnl_attr_get_u64(last) * 1000;
		if (age > 0 && now - age > rec->last_used_ms)
			when = now - age;
	}
	rec->packets = packets;
	rec->last_used_ms = when;
}

int
xfrm_sa_counters(struct plane *p, uint32_t spi, uint8_t protocol,
    const struct ip_addr *dst, struct plane_counters *out,
    struct sp_error *err)
{
	struct xfrm_plane *x = (struct xfrm_plane *)(void *)p;
	struct xfrm_usersa_id id = xfrm_sa_id(spi, protocol, dst);
	struct xfrm_sa *rec = xfrm_sa_find(x, spi, protocol, dst);
	const struct nlattr *tab[XFRMA_MAX + 1];
	char deed[DEED_MAX];
	struct fetched f;
	int errnum;

	errnum = fetch(x, &id, &f);
	if (errnum != 0) {
		snprintf(deed, sizeof(deed), "read the counters of SA %08x",
		    spi);
		xfrm_wipe(&f.msg);
		return xfrm_refused(&x->req, errnum, err, deed);
	}

	xfrm_attrs(f.msg.h, sizeof(f.info), tab);
	if (rec != NULL)
		note_use(rec, f.info.curlft.packets, tab[XFRMA_LASTUSED]);
	memset(out, 0, sizeof(*out));
	out->bytes = f.info.curlft.bytes;
	out->packets = f.info.curlft.packets;
	out->replay_errors = f.info.stats.replay + f.info.stats.replay_window;
	out->auth_errors = f.info.stats.integrity_failed;
	out->last_used_ms = rec != NULL ? rec->last_used_ms : 0;
	xfrm_wipe(&f.msg);
	return 0;
}

/* Copy one attribute of a fetched state into the new request. */
static bool
copy_attr(struct xfrm_req *r, const struct nlattr *a)
{
	if (a == NULL)
		return true;
	return xfrm_put(r, mnl_attr_get_type(a), mnl_attr_get_payload(a),
	    mnl_attr_get_payload_len(a));
}

static uint32_t
later(uint32_t oseq)
{
	return oseq > UINT32_MAX - MOVE_GAP ? UINT32_MAX : oseq + MOVE_GAP;
}

/* The sequence numbers, with the gap for what is still on its way out. */
static bool
put_sequence(struct xfrm_req *r, const struct nlattr *const *tab, bool out)
{
	const struct nlattr *esn = tab[XFRMA_REPLAY_ESN_VAL];
	const struct nlattr *old = tab[XFRMA_REPLAY_VAL];
	struct xfrm_replay_state_esn head;
	struct xfrm_replay_state state;
	uint32_t words[ESN_WORDS];
	size_t len;

	if (esn != NULL) {
		len = mnl_attr_get_payload_len(esn);
		if (len < sizeof(head) || len > sizeof(words))
			return false;
		memcpy(words, mnl_attr_get_payload(esn), len);
		memcpy(&head, words, sizeof(head));
		if (out)
			head.oseq = later(head.oseq);
		memcpy(words, &head, sizeof(head));
		return xfrm_put(r, XFRMA_REPLAY_ESN_VAL, words, len);
	}
	if (old == NULL || mnl_attr_get_payload_len(old) < sizeof(state))
		return true;
	memcpy(&state, mnl_attr_get_payload(old), sizeof(state));
	if (out)
		state.oseq = later(state.oseq);
	return xfrm_put(r, XFRMA_REPLAY_VAL, &state, sizeof(state));
}

/* A fetched state as a request to add it with these outer ends. */
static bool
rebuild(struct xfrm_req *r, const struct fetched *f,
    const struct endpoint *src, const struct endpoint *dst, bool encap,
    bool out)
{
	static const uint16_t kept[] = {
		XFRMA_ALG_AEAD, XFRMA_ALG_AUTH_TRUNC, XFRMA_ALG_CRYPT,
		XFRMA_SET_MARK, XFRMA_SET_MARK_MASK, XFRMA_SA_EXTRA_FLAGS,
	};
	const struct nlattr *tab[XFRMA_MAX + 1];
	struct xfrm_usersa_info info = f->info;
	size_t i;

	xfrm_attrs(f->msg.h, sizeof(info), tab);
	info.id.daddr = xfrm_addr(&dst->addr);
	info.saddr = xfrm_addr(&src->addr);
	info.family = dst->addr.family;

	xfrm_begin(r, XFRM_MSG_NEWSA, 0, &info, sizeof(info));
	for (i = 0; i < NELEM(kept); i++) {
		if (!copy_attr(r, tab[kept[i]]))
			return false;
	}
	/* without this the counted bytes and packets would begin at 0 */
	return xfrm_put(r, XFRMA_LTIME_VAL, &info.curlft,
	    sizeof(info.curlft)) && put_sequence(r, tab, out) &&
	    (!encap || put_encap(r, src, dst));
}

/* Delete, add with the new ends; if that is refused, add as it was. */
static int
swap(struct xfrm_plane *x, const struct xfrm_sa *rec, struct fetched *f,
    const struct endpoint *src, const struct endpoint *dst, bool encap)
{
	struct xfrm_usersa_id id = xfrm_sa_id(rec->spi, rec->protocol,
	    &rec->dst.addr);
	bool out = rec->dir == PLANE_OUT;
	struct xfrm_req new, old;
	int errnum = EMSGSIZE;

	if (rebuild(&new, f, src, dst, encap, out) &&
	    rebuild(&old, f, &rec->src, &rec->dst, rec->encap, out))
		errnum = xfrm_sa_remove(&x->req, &id);
	if (errnum == 0) {
		errnum = xfrm_exchange(&x->req, &new, NULL, NULL);
		if (errnum != 0)
			xfrm_exchange(&x->req, &old, NULL, NULL);
	}
	xfrm_wipe(&new);
	xfrm_wipe(&old);
	return errnum;
}

static int
move_one(struct xfrm_plane *x, struct xfrm_sa *rec,
    const struct endpoint *src, const struct endpoint *dst, bool encap,
    struct sp_error *err)
{
	struct xfrm_usersa_id id = xfrm_sa_id(rec->spi, rec->protocol,
	    &rec->dst.addr);
	char deed[DEED_MAX];
	struct fetched f;
	int errnum;

	if (endpoint_eq(&rec->src, src) && endpoint_eq(&rec->dst, dst) &&
	    rec->encap == encap)
		return 0;

	errnum = fetch(x, &id, &f);
	if (errnum == 0)
		errnum = swap(x, rec, &f, src, dst, encap);
	xfrm_wipe(&f.msg);
	if (errnum != 0) {
		snprintf(deed, sizeof(deed),
		    "move SA %08x to other outer addresses", rec->spi);
		return xfrm_refused(&x->req, errnum, err, deed);
	}

	rec = unrecord(x, rec->spi, rec->protocol, &rec->dst.addr);
	rec->src = *src;
	rec->dst = *dst;
	rec->encap = encap;
	record(x, rec);
	return 0;
}

/* The states of a child, gathered first: moving changes the map. */
static struct xfrm_sa **
of_reqid(const struct xfrm_plane *x, uint32_t reqid, size_t *nr)
{
	struct xfrm_sa **found = NULL, *sa;
	size_t pos = 0;

	*nr = 0;
	while ((sa = map_next(x->sas, &pos)) != NULL) {
		if (sa->reqid != reqid)
			continue;
		found = xrealloc(found, *nr + 1, sizeof(*found));
		found[(*nr)++] = sa;
	}
	return found;
}

int
xfrm_sa_move(struct plane *p, uint32_t reqid, const struct endpoint *local,
    const struct endpoint *remote, bool encap, struct sp_error *err)
{
	struct xfrm_plane *x = (struct xfrm_plane *)(void *)p;
	struct xfrm_sa **sas;
	size_t nr, i;
	int ret = 0;

	sas = of_reqid(x, reqid, &nr);
	for (i = 0; i < nr && ret == 0; i++) {
		if (sas[i]->dir == PLANE_OUT) {
			ret = move_one(x, sas[i], local, remote, encap, err);
		} else {
			sas[i]->told = *remote;
			ret = move_one(x, sas[i], remote, local, encap, err);
		}
	}
	free(sas);
	if (ret < 0)
		return ret;
	return xfrm_policy_move(x, reqid, &local->addr, &remote->addr, err);
}

/* Install and remove a state that no packet ever uses. */
static int
probe(struct xfrm_nl *nl, uint8_t protocol, bool with_gcm)
{
	static const uint8_t key[32];
	const struct ip_addr lo = { AF_INET, { 127, 0, 0, 1 } };
	struct plane_sa sa = {
		.spi = PLANE_TAG | SPI_MIN, .protocol = protocol,
		.src.addr = lo, .dst.addr = lo,
	};
	struct xfrm_usersa_id id = xfrm_sa_id(sa.spi, protocol, &lo);
	struct xfrm_usersa_info info = info_of(&sa);
	struct xfrm_req r;
	int errnum;

	xfrm_begin(&r, XFRM_MSG_NEWSA, 0, &info, sizeof(info));
	if (protocol == IPPROTO_AH) {
		put_alg(&r, XFRMA_ALG_AUTH_TRUNC, "hmac(sha256)", key, 32, 128);
	} else if (with_gcm) {
		put_alg(&r, XFRMA_ALG_AEAD, "rfc4106(gcm(aes))", key, 20, 128);
	} else {
		put_alg(&r, XFRMA_ALG_CRYPT, "ecb(cipher_null)", key, 0, -1);
		put_alg(&r, XFRMA_ALG_AUTH_TRUNC, "digest_null", key, 0, 0);
	}
	errnum = xfrm_exchange(nl, &r, NULL, NULL);
	if (errnum == 0)
		xfrm_sa_remove(nl, &id);
	return errnum == EEXIST ? 0 : errnum;
}

int
xfrm_sa_probe(struct xfrm_nl *nl, uint8_t protocol)
{
	int errnum = probe(nl, protocol, true);

	/* ciphers are looked up before ESP is: which of the two is missing? */
	if (protocol == IPPROTO_ESP && (errnum == ENOSYS || errnum == ENOENT) &&
	    probe(nl, protocol, false) == EPROTONOSUPPORT)
		return EPROTONOSUPPORT;
	return errnum;
}
