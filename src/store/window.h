/*
 * When a mailing may be sent: its own hours, which its approval binds to, and
 * the institution's (setting send-hours), which hold for all. Both must be
 * open. What was read of hours and time zones is kept for a minute, so that it
 * costs nothing to ask all the time.
 */
#ifndef PLACET_WINDOW_H
#define PLACET_WINDOW_H

#include "store/delivery.h"
#include "store/mailing.h"

struct windows;

/* Belongs to whoever asks: one thread, one home. */
struct windows *windows_new(void);
void windows_free(struct windows *w); /* NULL is fine */

/* The first moment at `t` or later at which the hours of a mailing ("": always) and of the institution are both open; INT64_MAX:
   none (within ten weeks). ERR_INPUT when hours can no longer be read. */
int windows_opening(struct windows *w, struct home *h, const char *hours, int64_t t, int64_t *out,
		    struct err *e) MUST_USE;

/* The first moment from now on at which its hours and the institution's are open; INT64_MAX: none. */
int mailing_opens(struct home *h, const struct mailing *m, int64_t *out, struct err *e) MUST_USE;

/* When the next of a mailing that waits is due, by what its counts say, its window, hours, and the pace of its identity: into
   `counts->next_due`, 0 when none waits, or no hour comes. */
int mailing_next_due(struct home *h, const struct mailing_head *m, struct delivery_counts *counts, struct err *e) MUST_USE;

#endif
