/*
 * The house template, drawn: what stands around the writer's words, so that
 * each message says who writes, why, how to leave, and how to see that it is
 * genuine, in both parts (BODY-1). What it says comes from one Markdown text
 * for both (house_template.h); names, addresses and the two registered
 * sentences come from the draft.
 */
#ifndef PLACET_HOUSE_H
#define PLACET_HOUSE_H

#include "compose/compose.h"
#include "compose/fields.h"

/* Is every registered value there and fit to be printed, and does the draft's template show what it must? ERR_INPUT
   names what is not. */
int house_check(const struct draft *d, struct err *e) MUST_USE;
/* Is a registered value there, of at most `max` bytes, without what must not be printed? ERR_INPUT says that it
   is `what`. */
int house_check_value(const char *what, const char *value, size_t max, bool lines, struct err *e) MUST_USE;
/* The whole text part around `inner` (Markdown as text), with markers. A draft that house_check refuses, or a part that
   is too large, leaves out->over set. */
void house_text(const struct draft *d, struct slots *s, const char *inner, struct buf *out);
/* The whole HTML part around `inner` (Markdown as HTML), with markers. */
void house_html(const struct draft *d, struct slots *s, const char *inner, struct buf *out);
/* "rtl" or "ltr" for a language tag. */
const char *language_direction(const char *language);

#endif
