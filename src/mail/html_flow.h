/*
 * Text as a page shows it: words with one blank between them, or a line break.
 * Private to the HTML reader.
 */
#ifndef PLACET_HTML_FLOW_H
#define PLACET_HTML_FLOW_H

#include "base/arena.h"
#include "base/buf.h"

struct flow {
	struct buf b;
	bool blank, line; /* what is due before the next word */
};

/* Bytes of the blank at p, with n > 0 bytes left: also one that does not break lines; 0: none. */
size_t flow_blank(const char *p, size_t n);
/* At most `max` bytes. */
void flow_init(struct flow *f, size_t max);
void flow_add(struct flow *f, const char *p, size_t n);
/* What it holds, in the arena; the flow is freed. */
char *flow_take(struct arena *a, struct flow *f);

#endif
