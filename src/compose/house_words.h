/*
 * The sentences of the house by language. In them {originator}, {department},
 * {institution}, {project} and {consent} stand for those. A language is added
 * by a row in house_words.c.
 */
#ifndef PLACET_HOUSE_WORDS_H
#define PLACET_HOUSE_WORDS_H

#include "compose/compose.h"
#include "compose/fields.h"

struct house_words {
	const char *language;
	const char *from;
	const char *from_short; /* where there is no department */
	const char *about;      /* heading of all that follows the writer's words */
	const char *why_title;
	const char *why;
	const char *genuine_title;
	const char *genuine;      /* the address of the statement page follows */
	const char *project_page; /* its address follows */
	const char *code;         /* the check code follows */
	const char *code_where;   /* the address of the check page follows */
	const char *leave_title;
	const char *leave; /* the opt-out address follows */
	const char *contact_title;
	const char *contact; /* the contact address follows */
	const char *trial;
};

/* The row of that language ("en-GB" finds "en"); English where there is none. */
const struct house_words *house_words(const char *language);
/* A sentence with its words in braces filled in, the consent as a marker. */
const char *house_say(const char *sentence, const struct house *h, struct slots *s);

#endif
