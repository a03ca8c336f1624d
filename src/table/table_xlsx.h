/*
 * Inside XLSX: relations between parts, the shared strings and styles that
 * cells refer to, and the rows of one sheet.
 */
#ifndef PLACET_TABLE_XLSX_H
#define PLACET_TABLE_XLSX_H

#include "table/table_sheet.h"
#include "table/table_value.h"

#define XLSX_STRINGS_MAX (64 * 1024 * 1024 - 1) /* bytes of shared strings; with its last NUL a power of two */
#define XLSX_STRING_COUNT_MAX (4 * 1024 * 1024)
#define XLSX_STYLES_MAX 65536
#define XLSX_BUILTIN_MAX 164 /* number formats below need no code */

/* A relation from one part to another. */
struct xlsx_relation {
	const char *id;
	const char *type; /* the last word of its address: both versions of the standard have the same */
	const char *part;
};

struct xlsx_relations {
	struct xlsx_relation *at;
	size_t n, room;
};

/* The relations of `part`, or of the whole package ("") into *out; none if it has none. */
int xlsx_relations(struct pack *k, const char *part, struct arena *a, struct xlsx_relations *out, struct err *e) MUST_USE;
/* The part that has this type, and if `id` is not NULL this id; or NULL. */
const char *xlsx_related(const struct xlsx_relations *l, const char *type, const char *id);

/* Texts one behind the other, each ended by a NUL. */
struct xlsx_strings {
	struct buf text;
	uint32_t *at; /* where each begins; at[n] is where the next one would */
	size_t n, room;
};

/* What each style of a cell makes of a number. */
struct xlsx_styles {
	uint16_t *format; /* the number of its number format */
	size_t n, room;
	uint8_t *kind; /* of each number format */
};

int xlsx_strings_read(struct pack *k, int64_t part, struct xlsx_strings *out, struct err *e) MUST_USE;
void xlsx_strings_free(struct xlsx_strings *s);
int xlsx_styles_read(struct pack *k, int64_t part, struct xlsx_styles *out, struct err *e) MUST_USE;
void xlsx_styles_free(struct xlsx_styles *s);
enum value_kind xlsx_style_kind(const struct xlsx_styles *s, int64_t style);

/* The texts inside a string, which may have runs of different looks; how it is pronounced is left out. */
struct xlsx_run {
	bool in_text, preserve; /* preserve: blanks at its ends count */
	int phonetic;
	size_t from; /* of the run, in the buffer */
};

void xlsx_run_open(struct xlsx_run *r, const struct buf *b, const char *name, const char **attrs);
void xlsx_run_close(struct xlsx_run *r, struct buf *b, const char *name);

/* Undoes _x000D_ and the like from `from` on, in place. */
void xlsx_unescape(struct buf *b, size_t from);

struct xlsx_book {
	struct xlsx_strings strings;
	struct xlsx_styles styles;
	bool from_1904;
};

int xlsx_sheet_read(struct pack *k, int64_t part, const struct xlsx_book *book, struct sheet *sheet, struct err *e) MUST_USE;

#endif
