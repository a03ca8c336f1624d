/* The end of the program for bugs and for lack of memory, and memory itself. */
#include "base/base.h"

void bug_at(const char *file, int line, const char *what)
{
	fprintf(stderr, "placet: bug: %s:%d: %s\n", file, line, what);
	abort();
}

static NORETURN void out_of_memory(size_t n)
{
	fprintf(stderr, "placet: out of memory: %zu bytes\n", n);
	_Exit(70);
}

void *mem_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		out_of_memory(n);
	return p;
}

void *mem_grow(void *p, size_t n)
{
	void *grown = realloc(p, n ? n : 1);

	if (!grown)
		out_of_memory(n);
	return grown;
}

char *mem_copy_text(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(mem_alloc(n), s, n);
}

struct slice slice_of(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

bool slice_is(struct slice s, const char *text)
{
	return strlen(text) == s.n && memcmp(s.p, text, s.n) == 0;
}
