/*
 * The few words that every file of Placet uses: attributes, counts, and the
 * check that ends the program when what must hold does not.
 */
#ifndef PLACET_BASE_H
#define PLACET_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Ends the program: a bug, never a consequence of what came from outside. */
NORETURN void bug_at(const char *file, int line, const char *what);

#define BUG(what) bug_at(__FILE__, __LINE__, what)
#define MUST(cond) ((cond) ? (void)0 : bug_at(__FILE__, __LINE__, #cond))

/* Memory that is never NULL: running out of it ends the program. */
void *mem_alloc(size_t n) __attribute__((malloc, returns_nonnull));
void *mem_grow(void *p, size_t n) __attribute__((returns_nonnull));
char *mem_copy_text(const char *s) __attribute__((returns_nonnull));

/* A piece of somebody else's bytes; not ended by a NUL. */
struct slice {
	const char *p;
	size_t n;
};

struct slice slice_of(const char *s);
bool slice_is(struct slice s, const char *text);

#endif
