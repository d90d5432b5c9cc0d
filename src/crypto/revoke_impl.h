/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the two halves of revocation share: revoke.c (CRLs), ocsp.c.
 */
#ifndef SP_CRYPTO_REVOKE_IMPL_H
#define SP_CRYPTO_REVOKE_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "crypto/revoke.h"

struct revocation {
	atomic_uint refs;
	pthread_mutex_t lock;	/* of the lists, never held over a fetch */
	struct list crls;
	size_t nr_crls;
	struct list answers;	/* of OCSP */
	size_t nr_answers;
	unsigned fetching;
	revoke_get *get;
	void *ctx;
};

/* revoke.c: r->get(), for REVOKE_FETCHES threads at a time. */
int revoke_fetch(struct revocation *r, const char *uri, const struct buf *post,
    size_t max, struct buf *out, struct sp_error *err);

/* ocsp.c: forget all answers (with the lock held). */
void revoke_answers_flush(struct revocation *r);

#endif
