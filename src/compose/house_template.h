/*
 * The house template as a text that an institution edits (doc/TEMPLATE.md):
 * a section [look], and one for each language ("[en]") of Markdown with slots
 * (house_fill.h); a line {content} stands where the writer's words go. The
 * built-in one has the same form.
 *
 * A template cannot drop what the policy needs: house_template_check draws
 * each language, and looks for each required value in what a reader sees.
 */
#ifndef PLACET_HOUSE_TEMPLATE_H
#define PLACET_HOUSE_TEMPLATE_H

#include "base/arena.h"
#include "compose/compose.h"
#include "compose/look.h"

#define HOUSE_TEMPLATE_MAX (256 * 1024) /* bytes */
#define HOUSE_SECTION_MAX  (12 * 1024)  /* ... of one language, so that room is left for the writer (FMT-16) */
#define HOUSE_SECTIONS_MAX 64

/* One language. */
struct house_section {
	const char *language;
	const char *top, *foot;      /* Markdown: above the writer's words, and below */
	size_t top_line, foot_line;  /* of the template's text */
};

struct house_template {
	struct look look;
	struct house_section *section;
	size_t n;
};

/* Takes the text apart, and checks its form. ERR_INPUT names the line. */
int house_template_parse(struct arena *a, const char *text, struct house_template *out, struct err *e) MUST_USE;
/* May an institution use it? ERR_INPUT names the line, what is wrong with it and what to do: slots that are missing in a
   language or shown nowhere, unknown slots and keys, HTML, fields, colours that cannot be read. Whether the policy finds
   what it looks for is asked of a sample besides (store/house_template.h). */
int house_template_check(const char *text, struct err *e) MUST_USE;
/* The built-in one. */
const char *house_template_built_in(void);

/* What a draft is drawn with: its template's section for its language, else the built-in one for it, else the built-in
   English; the colours are its template's in any case. ERR_INPUT: the draft's template may not be used. */
struct house_frame {
	struct look look;
	struct house_section section;
};
int house_frame(struct arena *a, const struct draft *d, struct house_frame *out, struct err *e) MUST_USE;

/* --- between the house_template*.c files --- */

/* Draws one section with values that can be found again, and looks for them. */
int house_section_check(struct arena *a, const struct house_section *s, struct err *e) MUST_USE;

#endif
