/*
 * Numbers that went out into the world: links and codes in messages stand for
 * the number of a delivery, a notice or a sign-up. A restored database would
 * give those that it lost once more, to other people, and the link of one
 * person would open, or opt out, another. So numbers never come back.
 */
#ifndef PLACET_NUMBERS_H
#define PLACET_NUMBERS_H

#include <jansson.h>

#include "store/home.h"

/* How far the numbers have come: an object, for a note that outlives the data. */
int numbers_read(struct home *h, json_t **out, struct err *e) MUST_USE;
/* In the settling of data that were copied so long ago (microseconds): the next numbers are behind those of `before`,
   as numbers_read gave it, or NULL; and behind those that may have been given since the copy, should `before` know
   nothing of them, as in a home that is made anew. */
int numbers_go_on(struct home *h, const json_t *before, int64_t age, struct err *e) MUST_USE;

#endif
