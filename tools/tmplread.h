/*
 * Reading templates: files, words, and the declarations of views. Whatever is
 * wrong ends the program with file and line: it runs while Placet is built.
 */
#ifndef PLACET_TMPLREAD_H
#define PLACET_TMPLREAD_H

#include "base/arena.h"
#include "base/buf.h"

enum type { TYPE_TEXT, TYPE_URL, TYPE_HTML, TYPE_INT, TYPE_BOOL, TYPE_LIST };

struct field {
	struct field *next;
	const char *name;
	enum type type;
	const struct shape *rows; /* of a list */
};

/* A struct of the generated header: a view, or the rows of a list. */
struct shape {
	struct shape *next;
	const char *name;
	struct field *fields;
};

struct source {
	const char *path, *name; /* name: without folder and ending */
	const char *text;
	size_t n;
	bool is_html;
	const struct shape *view; /* NULL: only for {% include %} */
	size_t view_at;           /* where its {% view %} begins */
};

struct maker {
	struct arena *a;
	struct source *sources;
	size_t n_sources;
	struct shape *shapes; /* latest first */
	struct buf c, h;
};

/* A place in a source. */
struct cursor {
	const struct source *s;
	size_t at;
	bool tags_only; /* this line holds nothing but tags, so it leaves nothing behind */
};

/* Prints "FILE:LINE: ..." for the place and ends the program. */
NORETURN void refuse(const struct cursor *c, const char *fmt, ...) PRINTF(2, 3);
/* The same for what has no place in a file. */
NORETURN void die(const char *what);

const char *type_name(enum type t);
/* As it stands before a name in C; not for lists. */
const char *type_in_c(enum type t);

/* Whether `what` stands here. */
bool sees(const struct cursor *c, const char *what);
void skip_space(struct cursor *c);
/* Goes past spaces and `what`; false if it is not there. */
bool take(struct cursor *c, const char *what);
void need(struct cursor *c, const char *what);
/* A name as C knows it: lower case, digits, _. */
const char *need_name(struct maker *m, struct cursor *c);
/* Past a {# #} that begins here. */
void skip_comment(struct cursor *c);
const struct field *find_field(const struct shape *s, const char *name);

/* What follows the last slash. */
const char *base_of(const char *path);
/* Reads a file and the declaration at its top, and adds it to m->sources, which has room. */
void read_source(struct maker *m, const char *path);

#endif
