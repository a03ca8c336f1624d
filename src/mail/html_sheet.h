/*
 * Style sheets as they are kept: rules with selectors, each with those for
 * whom it holds. Private to html_sheet.c, which reads them, html_match.c and
 * html_style.c, which apply them.
 */
#ifndef PLACET_HTML_SHEET_H
#define PLACET_HTML_SHEET_H

#include "mail/css.h"
#include "mail/css_media.h"
#include "mail/html_style.h"

#define COMPOUNDS_MAX 8
#define PARTS_MAX 5
#define RULES_MAX 1000
#define GROUPS_MAX 32
#define STEPS_MAX 20000000u /* of matching and applying; far beyond any newsletter */

/* One condition of a compound: ".note", "#x", "[href^=tel]", ":first-child". */
struct part {
	enum { PART_CLASS, PART_ID, PART_ATTRIBUTE, PART_TYPE, PART_NTH, PART_LINK, PART_ROOT } kind;
	const char *name, *value;
	char op;         /* of an attribute: 0, or the character before "=" ("=" when there is none) */
	bool any_case, not;
	int step, from;  /* of PART_NTH: step * n + from */
};

/* One compound selector: "td.note#x". */
struct compound {
	const char *type; /* NULL: any */
	struct part part[PARTS_MAX];
	int n;
	char join; /* how it stands to the one before: ' ', '>', '+', '~' */
};

enum state { STATE_NONE, STATE_FRESH, STATE_VISITED, STATE_TOUCHED /* hovered, pressed, in focus */ };

/* For whom rules hold. */
struct group {
	const char *media; /* "": for all; else queries, one a line, that must all hold */
	enum state state;
	int client;        /* 0, or a client that puts something of its own around messages */
};

enum pseudo { PSEUDO_NONE, PSEUDO_BOX /* ::before, ::after */, PSEUDO_TEXT, PSEUDO_NOTHING };

struct rule {
	struct compound compound[COMPOUNDS_MAX];
	int n;
	int group; /* 0: it holds for all */
	unsigned specificity;
	bool odd; /* followed only roughly: where it may match, nothing is known */
	enum pseudo pseudo;
	uint64_t worlds; /* a bit for each in which it holds */
	const struct css_declaration *first;
};

struct world {
	bool sheet, media; /* the client reads style sheets; and queries */
	struct css_world w;
	enum state state;
	int client;
	bool quirk;
	bool dark; /* has a dark canvas */
	uint64_t holds; /* a bit for each group that holds */
};

struct sheet {
	struct arena *a;
	struct rule *rules; /* by weight, once sheet_ready was called */
	size_t n;
	size_t bytes;
	struct css_media media;
	struct group group[GROUPS_MAX];
	int n_groups;
	struct world world[WORLDS_MAX];
	int worlds, looked;
	bool dark_page, quirks;
	bool full;
};

/* Reads one selector into a rule: type, class, id, attribute, some pseudo-classes, and how they stand to each other.
   r->odd: it asks for more. *invalid: browsers may drop the whole rule for it. */
void selector_read(struct arena *a, const char *text, struct rule *r, struct group *g, bool *invalid);
enum match { MATCH_NOT, MATCH_MAYBE, MATCH_YES };

/* Does the rule's selector fit the element, for whomever it holds? */
enum match selector_matches(const struct rule *r, const struct element *el, unsigned *steps);

#endif
