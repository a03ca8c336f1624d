/*
 * How a message looks: its colours and fonts, and the inline styles made of
 * them. Whoever draws writes places (L_INK, SERIF, ...); when a part is whole,
 * look_fill puts the look's own values there. So each institution has its
 * colours, and nothing but colours and fonts out of lists can be set.
 * Everything is legible with <style> stripped; the dark colours are the one
 * thing that needs it (BODY-5). Each pair of text and ground has a contrast of
 * 4.5:1 or more, light and dark (BODY-4).
 */
#ifndef PLACET_LOOK_H
#define PLACET_LOOK_H

#include "base/buf.h"
#include "base/err.h"

/* A place is this byte and a letter; no text from outside may hold it. */
#define LOOK_MARK "\x0e"

/* Light: a sheet of paper. */
#define L_DESK  LOOK_MARK "d" /* behind the sheet */
#define L_SHEET LOOK_MARK "s" /* the writer's words */
#define L_FOOT  LOOK_MARK "f" /* what the house says below */
#define L_INK   LOOK_MARK "i"
#define L_SOFT  LOOK_MARK "o" /* less important words */
#define L_LINK  LOOK_MARK "l"
#define L_LINE  LOOK_MARK "n"

/* Dark: the same sheet by lamplight. */
#define D_DESK  LOOK_MARK "D"
#define D_SHEET LOOK_MARK "S"
#define D_FOOT  LOOK_MARK "F"
#define D_INK   LOOK_MARK "I"
#define D_SOFT  LOOK_MARK "O"
#define D_LINK  LOOK_MARK "L"
#define D_LINE  LOOK_MARK "N"

#define SANS  "font-family:" LOOK_MARK "b" /* of the text */
#define SERIF "font-family:" LOOK_MARK "h" /* of headings */

/* Around words in another language than those beside them. */
#define LOOK_OWN_OPEN  LOOK_MARK "p"
#define LOOK_OWN_CLOSE LOOK_MARK "q"
/* Around an address, and around a value of any script, among words that are read from right to left (BODY-6). */
#define LOOK_LTR_OPEN  LOOK_MARK "x"
#define LOOK_AUTO_OPEN LOOK_MARK "y"
#define LOOK_DIR_CLOSE LOOK_MARK "z"

/* The side on which lines begin: "left" or "right". */
#define LOOK_START LOOK_MARK "w"

/* What words are drawn on, so that their contrast can be computed wherever they stand. */
#define ON_SHEET "background-color:" L_SHEET
#define ON_FOOT  "background-color:" L_FOOT

#define LINK_STYLE "class=\"link\" style=\"color:" L_LINK ";text-decoration:underline\""

/* Class selectors, colours only; !important, because inline styles would win otherwise. */
#define LOOK_STYLE                                                                                                     \
	":root{color-scheme:light dark}\n"                                                                             \
	"@media (prefers-color-scheme:dark){\n"                                                                        \
	".desk{background-color:" D_DESK "!important;color:" D_INK "!important}\n"                                     \
	".sheet{background-color:" D_SHEET "!important;color:" D_INK "!important;border-color:" D_LINE "!important}\n" \
	".foot{background-color:" D_FOOT "!important;color:" D_SOFT "!important;border-color:" D_LINE "!important}\n"  \
	".ink{color:" D_INK "!important}\n"                                                                            \
	".soft{color:" D_SOFT "!important}\n"                                                                          \
	".link{color:" D_LINK "!important}\n"                                                                          \
	".line{border-color:" D_LINE "!important}\n"                                                                   \
	"}\n"

#define LOOK_COLOURS 7

struct look {
	char colour[LOOK_COLOURS][2][8]; /* "#26231f": light, dark */
	const char *heading, *body;      /* lists of fonts */
	bool rtl;                        /* the writer's words are read from right to left */
};

/* The built-in look. */
void look_init(struct look *l);
/* Sets one key: a colour as "#rrggbb / #rrggbb" (light, dark) or a font by its name. ERR_INPUT: unknown, or no such
   value. */
int look_set(struct look *l, struct slice key, struct slice value, struct err *e) MUST_USE;
/* Can every text be read on its ground (4.5:1), light and dark? ERR_INPUT names the pair. */
int look_check(const struct look *l, struct err *e) MUST_USE;
/* Appends `html` with its places filled. `own`: the attributes of words in another language (LOOK_OWN_OPEN), NULL: none. */
void look_fill(const struct look *l, const char *own, const char *html, size_t n, struct buf *out);

#endif
