/*
 * What the demonstration plays with: texts, and a spreadsheet as people keep
 * them. All of it is invented, in reserved domains; it is the same each time.
 */
#ifndef PLACET_DEMO_DATA_H
#define PLACET_DEMO_DATA_H

#include "base/buf.h"

#include <jansson.h>

extern const char DEMO_AUDIENCE[];     /* who is written to, and why */
extern const char DEMO_DATA_USE[];     /* what happens to the data */
extern const char DEMO_SUMMARY[];      /* of the project's page */
extern const char DEMO_FIRST_DRAFT[];  /* what the policy refuses */
extern const char DEMO_GERMAN_DRAFT[]; /* of the second one */
extern const uint8_t DEMO_PICTURE[];
extern const size_t DEMO_PICTURE_SIZE;
extern const char DEMO_SECOND_DRAFT[]; /* the same wish, mended */

/* How many rows the spreadsheet has, and what has to become of them. */
struct demo_expected {
	int rows;       /* without header and blank lines */
	int added, known, rejected;
	int no_consent; /* added, but without evidence */
	int shared;     /* added, but no individual's: the validator rejects these */
	int moved;      /* mailed, and refused by the relay */
};

/* Appends the spreadsheet, and says what is in it. */
void demo_people(struct buf *out, struct demo_expected *x);
/* Recipients that the demonstration's relay refuses, as a regular expression. */
extern const char DEMO_MOVED[];

/* One of them, whose message is shown. */
#define DEMO_READER "zoe.dabrowska@hillmail.example.net"

/* What the validator of the demonstration decides about a flagged address; *why is a constant. */
bool demo_accepts(const char *flags, const char **why);

#endif
