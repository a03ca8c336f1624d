/*
 * Arenas: see arena.h. Blocks double up to 256 KiB; a piece larger than a
 * block gets a block of its own.
 */
#include "base/arena.h"

#include <stdarg.h>

#define ALIGN 16
#define FIRST_BLOCK 4096
#define LARGEST_BLOCK (256 * 1024)

struct block {
	struct block *next;
	size_t size, used;
	_Alignas(ALIGN) char bytes[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *obj;
};

struct arena {
	struct block *blocks; /* newest first */
	struct deferred *deferred;
};

struct arena *arena_new(void)
{
	return mem_alloc(sizeof(struct arena));
}

static void run_deferred(struct arena *a)
{
	while (a->deferred) {
		struct deferred *d = a->deferred;

		a->deferred = d->next;
		d->fn(d->obj);
	}
}

static void free_blocks(struct block *b)
{
	while (b) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	run_deferred(a);
	free_blocks(a->blocks);
	free(a);
}

void arena_clear(struct arena *a)
{
	run_deferred(a);
#ifdef ARENA_DEBUG
	free_blocks(a->blocks);
	a->blocks = NULL;
#else
	if (a->blocks) {
		free_blocks(a->blocks->next);
		a->blocks->next = NULL;
		a->blocks->used = 0;
	}
#endif
}

static struct block *block_new(struct arena *a, size_t need)
{
	size_t size = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
	struct block *b;

	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
#ifdef ARENA_DEBUG
	size = need;
#endif
	if (size < need)
		size = need;
	b = mem_grow(NULL, sizeof(*b) + size); /* each piece is cleared when it is given out */
	*b = (struct block){ .size = size, .next = a->blocks };
	a->blocks = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct block *b = a->blocks;
	void *p;

	MUST(n < SIZE_MAX / 2);
#ifndef ARENA_DEBUG
	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
#endif
	if (!b || b->size - b->used < n)
		b = block_new(a, n);
	p = b->bytes + b->used;
	b->used += n;
	return memset(p, 0, n);
}

char *arena_text_n(struct arena *a, const char *p, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	if (n)
		memcpy(copy, p, n);
	return copy;
}

char *arena_text(struct arena *a, const char *s)
{
	return s ? arena_text_n(a, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	MUST(fmt); /* also tells gcc, which suspects otherwise when it builds with the sanitizers */
	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	MUST(n >= 0);
	s = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *obj)
{
	struct deferred *d = arena_alloc(a, sizeof(*d));

	d->fn = fn;
	d->obj = obj;
	d->next = a->deferred;
	a->deferred = d;
}

void *arena_room(struct arena *a, void *items, size_t n, size_t *room, size_t item_size)
{
	size_t more = *room ? *room * 2 : 16;
	char *copy;

	if (n < *room)
		return items;
	copy = arena_alloc(a, more * item_size);
	if (n)
		memcpy(copy, items, n * item_size);
	*room = more;
	return copy;
}
