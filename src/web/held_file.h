/*
 * The file that a person may have (CON-9): one ZIP with person.json for
 * programs, person.html for people, and the messages that they got, as
 * they were but for their links.
 */
#ifndef PLACET_WEB_HELD_FILE_H
#define PLACET_WEB_HELD_FILE_H

#include "base/buf.h"
#include "store/person.h"

#define HELD_FILE_MAX (64 << 20)
#define HELD_FILE_MESSAGES 500 /* the newest; all are listed */

/* Makes it from `x`, which was gathered HELD_FOR_SELF. Reads what the messages are made of; changes nothing. `address`:
   as it is to be shown. */
int held_file(struct home *h, struct arena *a, const char *address, const struct held *x, struct buf *out,
	      struct err *e) MUST_USE;

#endif
