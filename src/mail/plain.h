/*
 * What a person sees of a text part. Nothing is looked up, nothing is kept.
 */
#ifndef PLACET_PLAIN_H
#define PLACET_PLAIN_H

#include "base/arena.h"

#define PLAIN_UNSEEN '\x01'

/* A copy of the text, cut where mail clients cut it off (100 kB), in which PLAIN_UNSEEN stands for each byte that is not
   surely seen: control characters that move the cursor or set colours, what they act on, piles of combining marks, and the
   message that is answered, quoted by ">" or below a frame, which clients fold away. `joins`:
   a blank at the end of a line is taken out, and the line joined to the next, by those clients that know (RFC 3676 DelSp). */
char *plain_seen(struct arena *a, const char *text, bool joins);
/* The line "-----Original Message-----", in which many clients see the end of the message; NULL if there is none. */
const char *plain_frame(const char *text);

#endif
