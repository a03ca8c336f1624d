/*
 * Work on hostile bytes in a child of this process (design decision 1): a copy
 * of it that opens no file and no socket, starts nothing, and has a bound on
 * memory, processor and time. All that comes of it are bytes through a pipe;
 * whoever reads them must not believe them more than what went in.
 *
 * The child has the memory of its parent. What it must not know (keys) the
 * work itself forgets before it looks at anything.
 */
#ifndef PLACET_CHILD_H
#define PLACET_CHILD_H

#include "base/buf.h"
#include "base/err.h"

#define CHILD_SECONDS 2

struct child;

/* What the child does: writes into `out`, whose ceiling is `max` of child_start. The parent has nothing of it but that. */
typedef void child_work(void *ctx, struct buf *out);

/* For processes without threads of their own. ERR_AGAIN when there is no room for a child. */
struct child *child_start(child_work *work, void *ctx, size_t max, struct err *e) MUST_USE;
/* Can be read when there is something to fetch. */
int child_fd(const struct child *c);
/* When it is given up, in clock_ticks(). */
int64_t child_until(const struct child *c);
/* Never waits. 1: it ended well, `out` (which lives as long as `c`) has what it wrote; 0: not yet; -1, ERR_INPUT: it died,
   wrote too much, or its time is over. */
int child_fetch(struct child *c, struct slice *out, struct err *e) MUST_USE;
/* Ends it if it runs; NULL is fine. */
void child_free(struct child *c);

#endif
