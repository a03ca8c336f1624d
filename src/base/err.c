/*
 * Errors: see err.h. The table at the top is the one place that says what a
 * kind of failure means to a shell, a browser and a mail server.
 */
#include "base/err.h"

#include <stdarg.h>

static const struct err_means MEANS[] = {
	[ERR_NONE] = { "none", "Done.", 0, 200, 250 },
	[ERR_REFUSED] = { "refused", "This was refused.", 1, 409, 550 },
	[ERR_INPUT] = { "input", "This request could not be understood.", 2, 422, 501 },
	[ERR_MISSING] = { "missing", "There is nothing at this address.", 3, 404, 550 },
	[ERR_DENIED] = { "denied", "This is not allowed.", 4, 403, 550 },
	[ERR_AGAIN] = { "again", "This cannot be answered just now. Please try again later.", 75, 503, 451 },
	[ERR_BROKEN] = { "broken", "Something went wrong here. It has been noted.", 70, 500, 554 },
};

const struct err_means *err_means(enum err_kind kind)
{
	MUST((size_t)kind < COUNT(MEANS));
	return &MEANS[kind];
}

static void make_printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	MUST(kind != ERR_NONE);
	e->kind = kind;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	make_printable(e->text);
	return -1;
}

int err_sys(struct err *e, enum err_kind kind, int number, const char *fmt, ...)
{
	char what[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(e, kind, "%s: %s", what, strerror(number));
}

int err_in(struct err *e, const char *fmt, ...)
{
	char before[sizeof(e->text)], what[400];
	va_list ap;

	MUST(e->kind != ERR_NONE);
	memcpy(before, e->text, sizeof(before));
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	make_printable(what);
	if (snprintf(e->text, sizeof(e->text), "%s: %s", what, before) >= (int)sizeof(e->text))
		memcpy(e->text + sizeof(e->text) - 4, "...", 4);
	return -1;
}

void err_clear(struct err *e)
{
	e->kind = ERR_NONE;
	e->text[0] = '\0';
}
