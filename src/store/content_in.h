/* Shared by content*.c and notice_test.c alone. */
#ifndef PLACET_CONTENT_IN_H
#define PLACET_CONTENT_IN_H

#include "store/content.h"
#include "store/row_fields.h"

#define CONTENT_MESSAGE_MAX (256 * 1024)
/* The field of a person that says in which language they want to be written to. */
#define LANGUAGE_FIELD "language"

/* Of a person's fields those that their version uses, in its order; they last as long. */
const struct content_version *content_values(const struct content *c, const struct row_fields *fields,
					     const char *values[COMPOSE_FIELDS_MAX]);
/* About how long their message is; 0 when it does not compile. Of fields that cannot be read, as if all of them were in it:
   whoever looks for the longest then hears of it. Clears the scratch. */
size_t content_size(const struct content *c, const struct selected *s, struct arena *scratch);
/* A copy of somebody of the selection, without delivery and date. */
void content_keep_person(struct arena *a, const struct selected *s, struct person *out);
/* Somebody who is not there, with the values that the version needs. */
void content_stand_in(struct home *h, struct arena *a, const struct content_version *v, struct person *out);
/* The whole message for a person, unsigned. ERR_INPUT when their values are refused. */
int content_render(struct home *h, struct arena *a, const struct content *c, const struct person *p, struct buf *out,
		   struct err *e) MUST_USE;

#endif
