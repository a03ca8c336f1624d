/*
 * Lists of tags, "name=value; name=value", in which DKIM (RFC 6376, 3.2) and DMARC write their records.
 */
#ifndef PLACET_TAGS_H
#define PLACET_TAGS_H

#include "base/arena.h"

#define TAGS_MAX 40

struct tag {
	struct slice name, value; /* trimmed; they point into what was read */
	struct slice raw;         /* all between "=" and ";" */
};

struct tags {
	struct tag tag[TAGS_MAX];
	size_t n;
};

/* NULL, or why this is no tag list. */
const char *tags_read(struct arena *a, struct slice s, struct tags *t);
const struct tag *tag_find(const struct tags *t, const char *name);
/* The value as text, or NULL. */
const char *tag_text(struct arena *a, const struct tags *t, const char *name);
/* Is `word` (in any case) one of the words of the list, which are parted by colons? */
bool tag_list_has(struct slice list, const char *word);
bool tags_blank(char c);
/* Without blanks and line breaks at either end. */
struct slice tags_trim(struct slice s);

#endif
