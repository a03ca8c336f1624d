/* An expression as a tree: what the three files of where.h share. */
#ifndef PLACET_WHERE_TREE_H
#define PLACET_WHERE_TREE_H

#include "base/buf.h"
#include "store/where.h"

enum where_kind {
	WHERE_OR,
	WHERE_AND,
	WHERE_NOT,
	WHERE_COMPARE,
	WHERE_CONTAINS,
	WHERE_STARTS,
	WHERE_IN,
	WHERE_EMPTY,
	WHERE_FILLED,
	WHERE_MAILED,
	WHERE_MAILED_HERE,
	WHERE_ANSWERED,
	WHERE_JOINED,
	WHERE_BOUNCED,
	WHERE_FLAG,
};

enum where_op { WHERE_EQ, WHERE_NE, WHERE_LT, WHERE_LE, WHERE_GT, WHERE_GE };

struct where_value {
	enum { WHERE_NUMBER, WHERE_DATE, WHERE_TEXT } type;
	const char *text;   /* without quotes; a number in its shortest form */
	const char *folded; /* of text: as it is compared */
};

struct where_node {
	enum where_kind kind;
	enum where_op op;                 /* WHERE_COMPARE */
	const struct where_node *a, *b;   /* of and, or; a: of not */
	size_t field;                     /* index */
	const struct where_value *value;  /* compared with; of a flag its name */
	size_t n_values;
	int64_t count;                    /* of `in N days`; 0: at any time */
	const char *unit;                 /* "day", "week", "month" */
	int64_t span;                     /* both, in microseconds */
};

struct where {
	const struct where_node *root;
	const char *field[WHERE_TERMS_MAX];
	size_t column[WHERE_TERMS_MAX];   /* of each field's first mention */
	size_t n_fields;
	unsigned needs;
	const char *text, *words;
};

/* NFC and lower case: two texts that differ in nothing else are the same. */
const char *where_fold(struct arena *a, const char *s);
/* -1, 0, 1 for two texts that are decimal numbers; any length. */
bool where_is_number(const char *s);
int where_number_order(const char *a, const char *b);
/* 2026-11-23, and there is such a day. */
bool where_is_date(const char *s);
/* Is the word one of the language, so that a field of this name stands in square brackets? */
bool where_is_reserved(const char *word);

void where_print(const struct where *w, const struct where_node *n, struct buf *out);
/* As a clause: "who have answered"; negated: "who have not answered". */
void where_tell(const struct where *w, const struct where_node *n, bool negated, struct buf *out);

#endif
