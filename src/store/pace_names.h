/*
 * A table of things by their names, for store/pace.c: open addressing over
 * texts, and a sweep that takes out what is no longer of use.
 */
#ifndef PLACET_PACE_NAMES_H
#define PLACET_PACE_NAMES_H

#include "base/base.h"

/* Each thing begins with its name; whoever puts it in allocates it, and `drop` releases it. */
struct pace_named {
	char *name;
};

struct names {
	struct pace_named **slot; /* NULL: free */
	size_t room, n;      /* room is a power of two, or 0 */
};

struct pace_named *names_find(const struct names *t, const char *name); /* NULL when there is none */
void names_put(struct names *t, struct pace_named *x);                  /* of a name that is not there yet */
/* Takes out and drops all for which `keep` is false; NULL keeps none. */
void names_sweep(struct names *t, bool (*keep)(const struct pace_named *x, void *ctx), void *ctx, void (*drop)(struct pace_named *x));

#endif
