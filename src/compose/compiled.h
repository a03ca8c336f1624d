/*
 * Inside of a compiled message; for compile*.c and render.c only. The body is
 * one run of bytes, quoted-printable and ready for the wire, with places
 * ("pieces") in between where a recipient's values go.
 */
#ifndef PLACET_COMPILED_H
#define PLACET_COMPILED_H

#include "compose/compose.h"
#include "compose/fields.h"
#include "compose/handmade.h"

/* Where a value stands decides how it is written. */
enum form {
	FORM_TEXT,      /* as it is */
	FORM_HTML,      /* escaped */
	FORM_URL,       /* as a part of a link behind its host: percent-encoded; in both parts alike */
	FORM_LINK_TEXT, /* the address itself */
	FORM_LINK_HTML, /* ... escaped */
};

/* Static bytes, then a slot. */
struct piece {
	struct slice bytes;
	const struct slot *slot; /* NULL: none */
	enum form form;
	bool before_break;       /* a line break of the text follows the slot */
	uint16_t on, off;        /* conditions: who sees it (struct segment) */
};

/* A field without a default, needed by those who see the piece it stands in. */
struct need {
	size_t field;
	uint16_t on, off;
};

/* Where the lines that differ from message to message stand between those that do not. */
enum head_part { HEAD_FROM, HEAD_LIST, HEAD_POST, HEAD_END, HEAD_PARTS };

struct compiled {
	const struct slots *slots;
	const struct piece *piece;
	size_t n_pieces;
	const struct need *need;
	size_t n_needs;
	bool in_url[COMPOSE_FIELDS_MAX]; /* fields that stand in links, where "." and ".." would lead elsewhere */
	struct slice head[HEAD_PARTS];
	const char *subject;       /* with markers */
	struct slice subject_line; /* the whole line, when it has no fields */
	const char *identity_domain, *web_url;
	const char *const *link_hosts, *const *link_domains; /* NULL-ended */
	bool trial;
	const struct image *const *images; /* NULL-ended */
	const char *public_text, *body_text, *left_out;
	uint8_t hash[32];
};

/* FMT-16: below the 100 kB at which mail programs cut messages off, with room for headers and values. */
#define MESSAGE_MAX 95000
#define HTML_MAX    88000

/* A buffer that lives as long as the arena; larger than any message, for what is cut, measured and refused later. */
struct buf *compile_buf(struct arena *a);

/* --- compile_body.c: what the writer wrote, in both forms, with markers and switches --- */

struct inner {
	struct buf *text, *html;
	const struct image *const *images; /* those that it names; NULL-ended */
	struct handmade_notes notes;       /* of a body of HTML: what was left out */
};
int compile_body(struct slots *s, const struct draft *d, struct inner *in, struct err *e) MUST_USE;

/* --- compile_cut.c: both parts as pieces --- */

int compile_cut(struct slots *s, const struct draft *d, const char *boundary, const struct buf *text,
		const struct buf *html, const struct inner *in, struct compiled *out, struct err *e) MUST_USE;

/* --- compile_show.c --- */

/* A part with its slots as words in braces, and its conditions as lines of their own. */
const char *compile_show(const struct slots *s, const struct buf *part);
/* Fills c->hash. */
void compile_hash(struct compiled *c, const char *html);

#endif
