/*
 * Inside of a compiled message; for compile.c and render.c only. The body is
 * one run of bytes, quoted-printable and ready for the wire, with places
 * ("pieces") in between where a recipient's values go.
 */
#ifndef PLACET_COMPILED_H
#define PLACET_COMPILED_H

#include "compose/compose.h"
#include "compose/fields.h"

/* Static bytes, then a slot. The last piece of all has none. */
struct piece {
	struct slice bytes;
	const struct slot *slot; /* NULL: none */
	bool html;               /* the value is escaped */
	bool before_break;       /* a line break of the text follows the slot */
};

/* Where the lines that differ from message to message stand between those that do not. */
enum head_part { HEAD_FROM, HEAD_LIST, HEAD_POST, HEAD_END, HEAD_PARTS };

struct compiled {
	const struct slots *slots;
	const struct piece *piece;
	size_t n_pieces;
	struct slice head[HEAD_PARTS];
	const char *subject;       /* with markers */
	struct slice subject_line; /* the whole line, when it has no fields */
	const char *identity_domain, *web_url;
	const char *public_text, *body_text;
	uint8_t hash[32];
};

#endif
