/*
 * --where: the expression by which a mailing chooses people of its list.
 *
 *   year >= 2004 and not mailed in 14 days and not answered
 *
 * Pure: text in, an answer for one person out. It is evaluated here, over a
 * cursor of members, and never becomes SQL: there is no text of a user in any
 * statement. Bounded in bytes, depth and terms. doc/SELECTION.md has the
 * language in full; the policy has the approval bind to it (`responsibility`).
 */
#ifndef PLACET_WHERE_H
#define PLACET_WHERE_H

#include "base/arena.h"
#include "base/err.h"

#define WHERE_BYTES_MAX 2000
#define WHERE_DEPTH_MAX 32  /* brackets and nots within each other */
#define WHERE_TERMS_MAX 100 /* comparisons, and values of `in (...)` */

struct where;

/* What has to be known of a person, so that no more is looked up. */
enum where_needs {
	WHERE_NEEDS_FIELDS = 1,
	WHERE_NEEDS_MAILED = 2,      /* when last, by any project */
	WHERE_NEEDS_MAILED_HERE = 4, /* when last, by this project */
	WHERE_NEEDS_JOINED = 8,
};

/* NULL with ERR_INPUT, which names the column (in characters, from 1) and the mend. What is returned, and all
   text of it, lives in the arena. */
struct where *where_parse(struct arena *a, const char *text, struct err *e) MUST_USE;
/* The one way in which this expression is written: parsed again it gives the same. Stored, and bound by the approval. */
const char *where_text(const struct where *w);
/* The same in words: "people whose year is at least 2004 and who have not answered". */
const char *where_words(const struct where *w);

unsigned where_needs(const struct where *w);
/* The fields named, each once. "address" is the mail address. */
size_t where_fields(const struct where *w, const char *const **names);
/* ERR_INPUT when `missing`, an index into where_fields, is no field of the list; names those of `known`. */
int where_unknown_field(const struct where *w, size_t missing, const char *const *known, size_t n, struct err *e);

struct where_person {
	const char *const *value; /* one for each of where_fields; NULL or "": empty */
	const char *flags;        /* words with blanks between */
	int64_t mailed, mailed_here, answered, joined; /* when last; 0: never */
	bool bounced;
};
/* Is this person in? `scratch` gets what folding takes; the caller clears it now and then. */
bool where_holds(const struct where *w, const struct where_person *p, int64_t now, struct arena *scratch);
/* Of somebody who is out: the words of the first part (between its outermost `and`s) that does not hold. */
const char *where_failing(const struct where *w, const struct where_person *p, int64_t now, struct arena *scratch);

#endif
