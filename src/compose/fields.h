/*
 * Fields: {{name}} and {{name|default}} in a writer's text become slots, and a
 * slot stands in the text as a marker of three control bytes, which no text
 * from outside may hold. Markers pass through Markdown, wrapping and escaping
 * as if they were a word; at the end the text is cut at them.
 * A backslash before the braces makes them plain text: \{{not a field}}.
 *
 * Conditions stand on lines of their own around whole paragraphs: {{if field}},
 * {{if not field}}, {{if field = words}}, {{if field != words}}, {{else}},
 * {{end}}. Each such line becomes a switch, and what lies between two switches
 * is a segment, shown or not to a recipient as a whole.
 */
#ifndef PLACET_FIELDS_H
#define PLACET_FIELDS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define SLOTS_MAX      128
#define SEGMENTS_MAX   64
#define NESTED_MAX     4 /* conditions in each other */
#define MARK_SIZE      3
#define FIELD_NAME_MAX 40

enum slot_kind { SLOT_FIELD, SLOT_OPT_OUT, SLOT_CODE, SLOT_CONSENT, SLOT_ARM };

struct slot {
	enum slot_kind kind;
	size_t field;     /* SLOT_FIELD: index of the name */
	const char *used; /* SLOT_FIELD: the default written at this place, or NULL */
};

struct condition {
	size_t field;
	const char *is; /* NULL: it has a value at all */
};

/* What follows a switch: seen by those for whom all of `on` hold, and none of `off`. */
struct segment {
	uint16_t on, off;  /* bits of conditions */
	const char *label; /* the line itself, as it is shown to whoever compares: "{if year}" */
};

/* All slots of a message; strings live in the arena. */
struct slots {
	struct arena *arena;
	struct slot slot[SLOTS_MAX];
	size_t n;
	const char *name[32]; /* the fields, in order of first use; COMPOSE_FIELDS_MAX */
	bool link[32];        /* its values are addresses of the web */
	size_t n_names;
	struct condition condition[16]; /* CONDITIONS_MAX */
	size_t n_conditions;
	struct segment segment[SEGMENTS_MAX]; /* [0]: everybody, before the first switch */
	size_t n_segments;
	const char *const *link_fields; /* declared ones; NULL-ended, or NULL */
	bool arms;       /* {{arm}} is no field, but the number of a person's group */
	bool conditions; /* may stand in the text that is parsed */
};

/* Appends `text` with its fields as markers. `what` ("body") names it in errors. Text that does not come
   from a writer must be checked for controls before: this function refuses them too. */
int fields_parse(struct slots *s, const char *what, const char *text, struct buf *out, struct err *e) MUST_USE;
/* Appends the marker of a slot of the house, made at its first use. */
void slot_mark(struct slots *s, enum slot_kind kind, struct buf *out);
/* Is there a marker at p, with n bytes left? Its slot's number then goes to *slot. */
bool slot_at(const char *p, size_t n, size_t *slot);
/* Is there a switch at p, with n bytes left? Its segment's number then goes to *segment. It is as long as a marker. */
bool switch_at(const char *p, size_t n, size_t *segment);
/* Length of the text before the first switch in it; n if there is none. */
size_t switch_find(const char *p, size_t n);
/* Length of the text before the first marker or switch in it; n if there is none. */
size_t cut_find(const char *p, size_t n);
/* Appends the switch to a segment; 0 is everybody. */
void switch_mark(size_t segment, struct buf *out);
/* Columns that the value of the marker at p will take, guessed: a name, or the words about a consent. */
size_t slot_width(const char *p);
/* Length of the text before the first marker in it; n if there is none. */
size_t slot_find(const char *p, size_t n);
/* Does the text at p hold what people or mail clients take for a web address? */
bool holds_web_address(const char *p);

/* A subject as approved texts show it: "{name}" for "{{name|reader}}". */
const char *fields_shown(struct arena *a, const char *subject);

#endif
