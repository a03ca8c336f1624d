/* Bounded buffers: see buf.h. */
#include "base/buf.h"

#include <stdarg.h>

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->over = false;
	if (b->p)
		b->p[0] = '\0';
}

void buf_free(struct buf *b)
{
	size_t max = b->max;

	free(b->p);
	buf_init(b, max);
}

char *buf_room(struct buf *b, size_t n)
{
	size_t room = b->room ? b->room : 64;

	MUST(b->max);
	if (b->over || n > b->max - b->n) {
		b->over = true;
		return NULL;
	}
	if (n < b->room - b->n)
		return b->p + b->n;
	while (room < b->n + n + 1)
		room *= 2;
	if (room != b->room) {
		b->p = mem_grow(b->p, room);
		b->room = room;
		b->p[b->n] = '\0'; /* room that is asked for and not used leaves text behind too */
	}
	return b->p + b->n;
}

void buf_used(struct buf *b, size_t n)
{
	MUST(b->n + n < b->room);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = buf_room(b, n);

	if (!to)
		return;
	if (n)
		memcpy(to, p, n);
	buf_used(b, n);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *to;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	MUST(n >= 0);
	to = buf_room(b, (size_t)n);
	if (!to)
		return;
	va_start(ap, fmt);
	vsnprintf(to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_used(b, (size_t)n);
}

void buf_add_buf(struct buf *b, const struct buf *other)
{
	if (other->over)
		b->over = true;
	buf_add(b, buf_text(other), other->n);
}

void buf_cut(struct buf *b, size_t n)
{
	MUST(n <= b->n);
	b->n = n;
	if (b->p)
		b->p[n] = '\0';
}

const char *buf_text(const struct buf *b)
{
	return b->p ? b->p : "";
}
