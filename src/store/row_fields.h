/*
 * What a row says of a person: the JSON object of texts in member.fields and
 * delivery.fields, taken apart. Read once for each message that is rendered
 * and each person that the gate looks at, so that it costs little.
 */
#ifndef PLACET_ROW_FIELDS_H
#define PLACET_ROW_FIELDS_H

#include "base/arena.h"
#include "base/err.h"

#define ROW_FIELDS_MAX 256

struct row_fields {
	struct {
		const char *name, *value;
	} field[ROW_FIELDS_MAX];
	size_t n;
};

/* Texts live in the arena. ERR_BROKEN when it is no object of at most ROW_FIELDS_MAX different texts; what is no text in it is
   left out. */
int row_fields_read(struct arena *a, const char *json, struct row_fields *out, struct err *e) MUST_USE;
/* NULL when there is none of that name, or it is empty. */
const char *row_fields_get(const struct row_fields *f, const char *name);

#endif
