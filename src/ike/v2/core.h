/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ground that the exchanges stand on: timers, the queue of actions, the
 * life of SAs, tasks and children; by file.  Every function may queue actions
 * and touch SAs; none sends or sleeps, and only v2_settle() and the maker of
 * an SA free it.
 */
#ifndef SP_IKE_V2_CORE_H
#define SP_IKE_V2_CORE_H

#include "ike/v2/v2.h"

/* heap.c: arm, move (or with TIME_NEVER disarm) a timer; the earliest. */
void v2_timer_init(struct v2_timer *t);
void v2_timer_set(struct v2_heap *h, struct v2_timer *t, int64_t due);
struct v2_timer *v2_timer_first(const struct v2_heap *h);
void v2_heap_free(struct v2_heap *h);

/* queue.c: append actions; what they point to is copied or counted. */
void v2_emit_send(struct ike_host *h, const struct ike_path *path,
    const struct buf *data);
void v2_emit_keepalive(struct ike_host *h, const struct ike_path *path);
void v2_emit_job(struct ike_host *h, struct ike_job *job);	/* taken over */
void v2_emit_child(struct v2_child *c, enum ike_action_type type);

/* queue.c: events; why may be NULL except for REFUSED and FAILED. */
void v2_emit_sa(struct v2_sa *sa, enum ike_event_type type, uint32_t new_id,
    const struct ike_reason *why);
void v2_emit_retransmit(struct v2_sa *sa, const char *step, unsigned count);
void v2_emit_child_event(struct v2_sa *sa, const struct v2_child *c,
    enum ike_event_type type, uint32_t new_id, const struct ike_reason *why);
void v2_emit_child_failed(struct v2_sa *sa, uint32_t child_id,
    const char *name, const struct ike_reason *why);
/* Rate limited; sa may be NULL. */
void v2_emit_refused(struct ike_host *h, const struct v2_sa *sa,
    const struct ike_path *path, const struct ike_reason *why);

/* queue.c: forget a CHILD_UP nobody took yet (true); forget everything. */
bool v2_queue_drop_up(struct ike_host *h, uint32_t child_id);
void v2_actions_free(struct ike_host *h);

/* host.c, host_conf.c: frame of each call; candidates by address. */
void v2_begin(struct ike_host *h, int64_t now);
void v2_settle(struct ike_host *h);
struct ike_conf *v2_conf_only(const struct ike_host *h,
    const struct ike_path *path);	/* the one that names the peer */
struct ike_conf *v2_conf_next(const struct ike_host *h,
    const struct ike_path *path, size_t *pos);

/* state.c: make, find, free; our own SPI of an SA; a free new SPI. */
struct v2_sa *v2_sa_new(struct ike_host *h, bool initiator, uint64_t our_spi,
    const struct ike_path *path);
void v2_sa_free(struct v2_sa *sa);
struct v2_sa *v2_sa_by_id(const struct ike_host *h, uint32_t id);
uint64_t v2_our_spi(const struct v2_sa *sa);
uint64_t v2_new_ike_spi(struct ike_host *h);

/* state.c: what is needed until established; counting half-open ones. */
struct v2_setup *v2_setup_new(struct v2_sa *sa);
void v2_setup_free(struct v2_sa *sa);
void v2_half_open_add(struct v2_sa *sa);
unsigned v2_half_open_from(const struct ike_host *h,
    const struct ip_addr *from);

/* state.c: the one writer of the state; mark for v2_settle(). */
void v2_enter(struct v2_sa *sa, enum v2_state state, const char *why);
void v2_touch(struct v2_sa *sa);

/* state.c: established and in use (not a rekeyed SA that waits). */
bool v2_is_live(const struct v2_sa *sa);

/* state.c: lead time of a renewal; the two moments of a life, ms. */
int64_t v2_margin(struct ike_host *h, const struct ike_conf *c);
void v2_life(struct ike_host *h, const struct ike_conf *c,
    int64_t lifetime_ms, int64_t *rekey_at, int64_t *expires_at);

/* state.c: enter V2_UP; the new SA takes the children of the old one. */
void v2_establish(struct v2_sa *sa, const char *why);
void v2_take_over(struct v2_sa *old, struct v2_sa *sa);

/* state.c: all transmissions of a request together, ms. */
int64_t v2_patience_ms(const struct ike_host *h);

/* state.c: ends.  end: over now, told with why; close: by Delete; linger:
 * how long it still answers; doom: doom_at came. */
void v2_end(struct v2_sa *sa, const struct ike_reason *why);
void v2_end_code(struct v2_sa *sa, enum ike_reason_code code,
    const char *step);
void v2_close(struct v2_sa *sa, enum ike_reason_code why);
void v2_linger(struct v2_sa *sa);
void v2_doom(struct v2_sa *sa);

/* state.c: why we are closing the SA ourselves, or other if we are not. */
enum ike_reason_code v2_close_code(const struct v2_sa *sa,
    enum ike_reason_code other);

/* exchange.c: the n-th wait for an answer, ms. */
int64_t v2_wait_ms(const struct ike_host *h, unsigned n);

/* timers.c: next deadline of an SA; do what is due. */
int64_t v2_due(const struct v2_sa *sa);
void v2_run(struct v2_sa *sa, int64_t now);

/* tasks.c: make, queue (taken over), free; forget what one try left. */
struct v2_task *v2_task_new(enum v2_kind kind);
struct v2_task *v2_task_add(struct v2_sa *sa, enum v2_kind kind);
void v2_task_queue(struct v2_sa *sa, struct v2_task *t);
void v2_task_forget(struct v2_task *t);
void v2_task_free(struct v2_task *t);
void v2_tasks_free(struct v2_sa *sa);
void v2_tasks_drop_queued(struct v2_sa *sa);

/* tasks.c: try again after a random time between the two, ms. */
void v2_task_again(struct v2_sa *sa, struct v2_task *t, int64_t least_ms,
    int64_t most_ms);

/* tasks.c: queued or under way; under way; any child work under way. */
bool v2_has_task(const struct v2_sa *sa, enum v2_kind kind,
    uint32_t child_id);
struct v2_task *v2_active(const struct v2_sa *sa, enum v2_kind kind,
    uint32_t child_id);
bool v2_child_work(const struct v2_sa *sa);

/* tasks.c: when the next may start; take it off the queue (or NULL). */
int64_t v2_tasks_due(const struct v2_sa *sa);
struct v2_task *v2_task_next(struct v2_sa *sa);

/* child.c: make (on the SA's list), count, take off the SA; find. */
uint32_t v2_new_child_spi(struct ike_host *h);
struct v2_child *v2_child_new(struct v2_sa *sa, struct ike_child_conf *conf,
    uint32_t spi_in, uint32_t spi_out);
struct v2_child *v2_child_ref(struct v2_child *c);
void v2_child_unref(struct v2_child *c);
void v2_child_unlink(struct v2_child *c);
void v2_child_wipe_keys(struct v2_child *c);
struct v2_child *v2_child_by_id(const struct ike_host *h, uint32_t id);
struct v2_child *v2_child_by_out(const struct v2_sa *sa, unsigned protocol,
    uint32_t spi);
/* The child that replaces old and still waits for its outbound. */
struct v2_child *v2_child_successor(const struct v2_sa *sa,
    const struct v2_child *old);
void v2_child_info(const struct v2_child *c, struct ike_child_info *out);

/* child.c: into the plane; up: both and told; switch: traffic goes here. */
void v2_child_install(struct v2_child *c, bool in, bool out);
void v2_child_up(struct v2_child *c);
void v2_child_switch(struct v2_child *c);

/* child.c: end now; the peer deleted it; ask the peer to; rekey it. */
void v2_child_end(struct v2_child *c, const struct ike_reason *why);
void v2_child_end_code(struct v2_child *c, enum ike_reason_code code);
void v2_child_deleted(struct v2_child *c, enum ike_reason_code why);
void v2_child_close(struct v2_child *c, enum ike_reason_code why);
void v2_child_renew(struct v2_child *c);

#endif
