/*
 * Style sheets as they are kept: rules with selectors, each in the world in
 * which it holds. Private to html_sheet.c, which reads them, and html_style.c,
 * which applies them.
 */
#ifndef PLACET_HTML_SHEET_H
#define PLACET_HTML_SHEET_H

#include "mail/css.h"
#include "mail/html_style.h"

#define COMPOUNDS_MAX 8
#define NAMES_MAX 4
#define RULES_MAX 1000

/* One compound selector: "td.note#x". */
struct compound {
	const char *type; /* NULL: any */
	const char *names[NAMES_MAX]; /* with their "." or "#" */
	int n;
	bool child; /* its element stands directly in that of the compound before it */
};

struct rule {
	struct compound compound[COMPOUNDS_MAX];
	int n;
	int world; /* 0: always */
	unsigned specificity;
	const struct css_declaration *first;
};

struct sheet {
	struct arena *a;
	struct rule *rules;
	size_t n;
	size_t bytes;
	const char *condition[WORLDS_MAX]; /* [0] is the page as it stands */
	bool dark[WORLDS_MAX];             /* ... on a dark canvas */
	int worlds;
	bool dark_page;
	bool full;
	int all; /* the world in which every condition holds; 0: none */
};

/* Does the rule's selector fit the element, in whatever world? */
bool rule_matches(const struct rule *r, const struct element *el);

#endif
