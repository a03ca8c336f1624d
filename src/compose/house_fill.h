/*
 * Filling the slots of a house template: {originator}, {consent}, ... in its
 * Markdown. Values go in as escaped text, so that nothing in a value can
 * become markup; what differs from recipient to recipient stays a marker
 * (fields.h). An address stands on a line of its own, in both parts.
 *
 * What is empty reads well all the same: a department goes together with the
 * comma beside it, and a paragraph with {project_url}, {mailing_url} or
 * {other_languages} goes as a whole.
 */
#ifndef PLACET_HOUSE_FILL_H
#define PLACET_HOUSE_FILL_H

#include "compose/compose.h"
#include "compose/fields.h"

enum house_slot_kind {
	HOUSE_VALUE,
	HOUSE_OWN, /* a value in the language of the mailing */
	HOUSE_URL,
	HOUSE_MAIL,
	HOUSE_MARK, /* differs from recipient to recipient */
};

struct house_slot {
	const char *name;
	enum house_slot_kind kind;
	bool required; /* in each language (policy.md) */
	bool whole;    /* where it is empty, its paragraph goes */
};

/* All there are; *n of them. */
const struct house_slot *house_slots(size_t *n);
/* The slot named in braces at p ("{name}"), and the bytes it takes; NULL: none of that name. */
const struct house_slot *house_slot_at(const char *p, size_t *n);
/* Is the line (without its line break) one address, or one link to an address? */
bool house_is_address_line(struct slice line);
/* For HTML: what to mark (look.h). */
enum house_marks {
	HOUSE_MARK_OWN = 1, /* values in the mailing's language, since the words around them are in another */
	HOUSE_MARK_DIR = 2, /* addresses and values, since the words around them are read from right to left */
};
/* Appends `md` with its slots filled. The number of lines stays, unless a value has several. */
void house_fill(const struct draft *d, struct slots *s, const char *md, unsigned marks, struct buf *out);

#endif
