/*
 * Inputs that are made to be slow, for linear_tool.c. An input is `before`, then `unit` over and over; with a `middle`,
 * that and then `then` over and over, up to the same number of bytes again; and `behind`. A byte 1 in a unit stands for
 * a running number.
 */
#ifndef PLACET_LINEAR_FAMILIES_H
#define PLACET_LINEAR_FAMILIES_H

#include <stddef.h>

struct family {
	const char *name, *before, *unit, *behind, *middle, *then;
};

struct families {
	const struct family *family;
	size_t n;
};

extern const struct families HTML, MESSAGES, MARKDOWN, BODIES, TEMPLATES, TEXTS, HEADERS, RECORDS, LINKED_HTML;

#endif
