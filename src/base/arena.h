/*
 * Memory with a scope: one arena per piece of work (a command, a request, a
 * delivery batch). What is taken from it lives until arena_clear or
 * arena_free; nothing in it is freed alone. arena_defer() closes what the
 * work opened. Built with -Darena_debug=true, each piece is a malloc of its
 * own, so that the sanitizers see overruns.
 */
#ifndef PLACET_ARENA_H
#define PLACET_ARENA_H

#include "base/base.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is fine */
/* Runs what was deferred, last first, and forgets all pieces; keeps a block for re-use. */
void arena_clear(struct arena *a);

/* `n` zeroed bytes, aligned for any type; never NULL. */
void *arena_alloc(struct arena *a, size_t n);
char *arena_text(struct arena *a, const char *s);             /* copy; NULL gives NULL */
char *arena_text_n(struct arena *a, const char *p, size_t n); /* copy of n bytes and a NUL */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
/* Calls fn(obj) at arena_clear or arena_free. */
void arena_defer(struct arena *a, void (*fn)(void *), void *obj);

/* `items` with room for one more than `n`: the same, or a doubled copy. *room starts at 0 with items NULL. */
void *arena_room(struct arena *a, void *items, size_t n, size_t *room, size_t item_size);

#define ARENA_NEW(a, type) ((type *)arena_alloc(a, sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc(a, sizeof(type) * (n)))

#endif
