/*
 * Where in an HTML document a template stands: between tags, in a quoted
 * attribute (of which name), in a script. mktmpl feeds it every literal
 * character and asks it before each {{ }} and {% %}.
 */
#ifndef PLACET_HTMLPLACE_H
#define PLACET_HTMLPLACE_H

#include "base/base.h"

enum html_at {
	AT_TEXT,
	AT_LESS, /* just after "<" */
	AT_TAG_NAME,
	AT_TAG,   /* between attributes */
	AT_BREAK, /* after branches that end differently: space, "/" or ">" must come */
	AT_ATTR_NAME,
	AT_ATTR_AFTER, /* spaces after an attribute's name */
	AT_EQUALS,     /* after "=" */
	AT_VALUE,      /* in a quoted value */
	AT_COMMENT,
	AT_RAW, /* in script or style */
};

struct html_place {
	enum html_at at;
	char tag[16];  /* in lower case, cut when longer; "/p" for an end */
	char attr[24]; /* likewise */
	char quote;    /* of the value */
	bool begun;    /* something stands in the value already */
	char last[9];  /* the latest characters in a comment or script, to see its end */
};

enum html_value { VALUE_TEXT, VALUE_ATTR, VALUE_URL, VALUE_NONE };

/* Each returns NULL, or what is wrong. */
const char *html_place_feed(struct html_place *h, char c);
/* What may be written here; for VALUE_NONE, *why says why nothing. */
enum html_value html_place_value(const struct html_place *h, const char **why);
/* Whether {% if %} and {% each %} may stand here. */
const char *html_place_branch(const struct html_place *h);
/* Two branches meet: `h` becomes the place that follows both. */
const char *html_place_join(struct html_place *h, const struct html_place *other);
/* The end of a loop that began at `start`: its next round must find the same place. */
const char *html_place_loop(const struct html_place *start, struct html_place *end);

#endif
