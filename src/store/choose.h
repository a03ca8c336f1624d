/* What the files of a selection share: the people of a list as an expression sees them. See mailing.h, where.h. */
#ifndef PLACET_CHOOSE_H
#define PLACET_CHOOSE_H

#include "store/mailing.h"
#include "store/where.h"

#include <jansson.h>

/* A person of the list under a cursor. */
struct candidates {
	struct rows r;
	struct where *w;
	struct arena *a, *scratch; /* scratch: cleared for each person */
	const char *const *names;
	const char **value;
	size_t n;
	json_t *fields;
	int64_t now;
	struct where_person p;     /* valid until the next */
	int64_t address;           /* its number */
};

/* Everybody on the mailing's list, in the order of their numbers. ERR_INPUT as of selection_choose. Close in every
   case. */
int candidates_open(struct home *h, const struct mailing *m, struct candidates *x, struct err *e) MUST_USE;
/* 1, 0 at the end, -1. */
int candidates_next(struct candidates *x, struct err *e) MUST_USE;
void candidates_close(struct candidates *x);

/* Is every field that the expression names one that somebody on the list has? ERR_INPUT. */
int choose_check_fields(struct home *h, struct arena *a, int64_t list, const struct where *w, struct err *e) MUST_USE;

#endif
