/*
 * What a browser sends: query strings and bodies of forms, as
 * application/x-www-form-urlencoded or multipart/form-data (RFC 7578). Pure
 * and bounded; linear in the size of the body.
 */
#ifndef PLACET_WEB_FORM_H
#define PLACET_WEB_FORM_H

#include "base/arena.h"
#include "base/err.h"

#define FORM_FIELDS_MAX 32

struct form_field {
	const char *name;
	const char *value; /* has a NUL behind; of a file it may hold NULs */
	size_t n;
	const char *filename; /* NULL unless the field is a file; never used as a path */
};

struct form {
	struct form_field field[FORM_FIELDS_MAX];
	size_t n;
};

/* Reads "a=1&b=2". ERR_INPUT: a bad escape, too many fields, text that is not UTF-8 or holds a NUL. */
int form_read_pairs(struct arena *a, struct slice text, struct form *out, struct err *e) MUST_USE;
/* Reads a body by its Content-Type. ERR_INPUT as above, or for another type, a boundary that is missing,
   a part that does not end. An empty body without a type is an empty form. */
int form_read_body(struct arena *a, const char *content_type, struct slice body, struct form *out,
		   struct err *e) MUST_USE;
/* The first field of that name, NULL if there is none. */
const struct form_field *form_find(const struct form *f, const char *name);
/* Its text, "" if there is none or it is a file. */
const char *form_text(const struct form *f, const char *name);

/* Decodes %XX (and "+" as a blank if `plus`). NULL when an escape is bad or the result is not UTF-8 or
   holds a control character other than tab, CR, LF. */
char *percent_decode(struct arena *a, struct slice s, bool plus);

#endif
