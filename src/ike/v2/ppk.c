/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Post-quantum preshared keys (RFC 8784): a key that both sides have besides
 * is mixed into SK_d, SK_pi and SK_pr, so that who breaks the key exchange
 * later still reads nothing.
 *
 *	N(USE_PPK) -->				<-- N(USE_PPK)
 *	SK {IDi, AUTH, N(PPK_IDENTITY), [N(NO_PPK_AUTH)]} -->
 *				<-- SK {IDr, AUTH, [N(PPK_IDENTITY)]}
 *
 * AUTH is made with the mixed keys, NO_PPK_AUTH with the plain ones, for a
 * responder that lacks the key where it is not required.  A step may be run
 * twice (prove.h): mixing is done once.
 */
#include "ike/v2/steps.h"

#include <string.h>

#include "base/error.h"
#include "crypto/alg.h"
#include "crypto/prf.h"

#define STEP "IKE_AUTH"
#define PPK_ID_OPAQUE 1		/* RFC 8784 5.1 */
#define PPK_ID_FIXED 2

void
v2_ppk_offer(const struct ike_conf *c, struct ike_msg *m)
{
	if (c->ppk.len > 0)
		ike_msg_add_notify(m, N_USE_PPK, NULL, 0);
}

/* Which configuration it will be is not known: any that fits may need it. */
void
v2_ppk_offer_back(const struct ike_host *h, const struct ike_path *path,
    const struct ike_msg *request, struct ike_msg *m)
{
	const struct ike_conf *c;
	size_t pos = 0;

	if (ike_msg_find_notify(request, N_USE_PPK) == NULL)
		return;
	while ((c = v2_conf_next(h, path, &pos)) != NULL) {
		if (c->ppk.len > 0) {
			ike_msg_add_notify(m, N_USE_PPK, NULL, 0);
			return;
		}
	}
}

void
v2_ppk_learn(struct v2_sa *sa, const struct ike_msg *m)
{
	sa->setup->ppk_peer = ike_msg_find_notify(m, N_USE_PPK) != NULL;
}

static int
mix_one(const struct v2_sa *sa, struct secret *key, struct secret *plain,
    struct sp_error *err)
{
	struct chunk seed = { key->data, key->len };
	struct secret mixed;
	int ret;

	secret_alloc(&mixed, key->len);
	ret = prf_plus(sa->suite.prf, sa->conf->ppk.data, sa->conf->ppk.len,
	    &seed, 1, mixed.data, mixed.len, err);
	if (ret < 0) {
		secret_free(&mixed);
		return ret;
	}
	secret_move(plain, key);
	secret_move(key, &mixed);
	return 0;
}

static int
mix(struct v2_sa *sa, struct ike_reason *why)
{
	struct v2_setup *s = sa->setup;
	struct sp_error err = {0};
	int ret;

	if (s->ppk_used)
		return 0;
	s->ppk_used = true;
	ret = mix_one(sa, &sa->keys.d, &s->plain[0], &err);
	if (ret == 0)
		ret = mix_one(sa, &sa->keys.pi, &s->plain[1], &err);
	if (ret == 0)
		ret = mix_one(sa, &sa->keys.pr, &s->plain[2], &err);
	if (ret < 0) {
		ike_reason_set(why, REASON_CRYPTO_UNAVAILABLE, true, STEP,
		    NULL, NULL, "%s", err.text);
	}
	return ret;
}

static void
unmix(struct v2_sa *sa)
{
	struct v2_setup *s = sa->setup;

	secret_move(&sa->keys.d, &s->plain[0]);
	secret_move(&sa->keys.pi, &s->plain[1]);
	secret_move(&sa->keys.pr, &s->plain[2]);
	s->ppk_used = false;
}

void
v2_ppk_free(struct v2_setup *s)
{
	size_t i;

	for (i = 0; i < 3; i++)
		secret_free(&s->plain[i]);
	buf_free(&s->no_ppk_auth);
}

static int
missing(const struct v2_sa *sa, const char *text, struct ike_reason *why)
{
	ike_reason_set(why, REASON_PPK, true, STEP, sa->conf->ppk_id, NULL,
	    "%s", text);
	return SP_AUTH;
}

int
v2_ppk_begin(struct v2_sa *sa, struct ike_reason *why)
{
	if (sa->conf->ppk.len == 0)
		return 0;
	if (sa->setup->ppk_peer)
		return mix(sa, why);
	if (!sa->conf->ppk_required)
		return 0;
	return missing(sa, "The peer does not use a post-quantum preshared "
	    "key (ppk), which is required here.", why);
}

bool
v2_ppk_wants_plain(const struct v2_sa *sa)
{
	return sa->conf->ppk.len > 0 && sa->setup->ppk_peer &&
	    !sa->conf->ppk_required && !sa->setup->ppk_used &&
	    sa->setup->no_ppk_auth.len == 0;
}

void
v2_ppk_name(const struct v2_sa *sa, struct ike_msg *m)
{
	const struct buf *plain = &sa->setup->no_ppk_auth;
	uint8_t *data;
	size_t len;

	if (!sa->setup->ppk_used)
		return;
	len = strlen(sa->conf->ppk_id);
	data = ike_msg_alloc(m, 1 + len, 1);
	data[0] = PPK_ID_FIXED;
	memcpy(data + 1, sa->conf->ppk_id, len);
	ike_msg_add_notify(m, N_PPK_IDENTITY, data, 1 + len);
	if (plain->len > 0)
		ike_msg_add_notify(m, N_NO_PPK_AUTH, plain->data, plain->len);
}

void
v2_ppk_settle(struct v2_sa *sa, const struct ike_msg *m)
{
	if (!sa->setup->ppk_used || ike_msg_find(m, PLD_AUTH) == NULL ||
	    ike_msg_find_notify(m, N_PPK_IDENTITY) != NULL)
		return;
	if (!sa->conf->ppk_required)
		unmix(sa);
}

bool
v2_ppk_is_missed(const struct v2_sa *sa, const struct ike_msg *m,
    struct ike_reason *why)
{
	if (!sa->setup->ppk_used ||
	    ike_msg_find_notify(m, N_PPK_IDENTITY) != NULL)
		return false;
	missing(sa, "The peer answered without the post-quantum preshared "
	    "key (ppk), which is required here.", why);
	return true;
}

/* Does the notify name the key of this configuration? */
static bool
is_ours(const struct v2_sa *sa, const struct ike_payload *n)
{
	const struct bytes *d = &n->u.notify.data;
	size_t len = sa->conf->ppk_id == NULL ? 0 : strlen(sa->conf->ppk_id);

	return sa->conf->ppk.len > 0 && d->len == 1 + len && len > 0 &&
	    (d->p[0] == PPK_ID_FIXED || d->p[0] == PPK_ID_OPAQUE) &&
	    memcmp(d->p + 1, sa->conf->ppk_id, len) == 0;
}

int
v2_ppk_request(struct v2_sa *sa, const struct ike_msg *m,
    struct ike_reason *why)
{
	const struct ike_payload *n = ike_msg_find_notify(m, N_PPK_IDENTITY);
	const struct ike_payload *plain = ike_msg_find_notify(m,
	    N_NO_PPK_AUTH);
	struct ike_payload *auth = ike_msg_find(m, PLD_AUTH);

	if (n != NULL && is_ours(sa, n))
		return mix(sa, why);
	if (sa->conf->ppk_required && sa->conf->ppk.len > 0) {
		return missing(sa, n == NULL ? "The peer does not use a "
		    "post-quantum preshared key (ppk), which is required "
		    "here." : "The peer names another post-quantum "
		    "preshared key than ppk-identifier says.", why);
	}
	if (n == NULL)
		return 0;
	if (plain == NULL || auth == NULL) {
		return missing(sa, "The peer requires a post-quantum "
		    "preshared key that is not configured here.", why);
	}
	auth->u.auth.data = plain->u.notify.data;
	return 0;
}

void
v2_ppk_confirm(const struct v2_sa *sa, struct ike_msg *answer)
{
	if (sa->setup->ppk_used)
		ike_msg_add_notify(answer, N_PPK_IDENTITY, NULL, 0);
}
