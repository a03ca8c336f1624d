/*
 * How a message looks: colours and the inline styles made of them. Everything
 * is legible with <style> stripped; the dark colours are the one thing that
 * needs it (BODY-5). Each pair of text and ground has a contrast of 4.5:1 or
 * more, light and dark (BODY-4); test_compose.c computes it.
 */
#ifndef PLACET_LOOK_H
#define PLACET_LOOK_H

/* Light: a warm sheet of paper. */
#define L_DESK  "#f3efe7" /* behind the sheet */
#define L_SHEET "#fffdf9" /* the writer's words */
#define L_FOOT  "#f8f4ec" /* what Placet says below */
#define L_INK   "#26231f"
#define L_SOFT  "#5c554b" /* less important words */
#define L_LINK  "#0b5563"
#define L_LINE  "#ddd5c6"

/* Dark: the same sheet by lamplight. */
#define D_DESK  "#161412"
#define D_SHEET "#211e1b"
#define D_FOOT  "#1b1917"
#define D_INK   "#ece6dc"
#define D_SOFT  "#b9b0a2"
#define D_LINK  "#8fd0dd"
#define D_LINE  "#453f37"

#define SANS  "font-family:'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
#define SERIF "font-family:Georgia,'Times New Roman',serif"

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

#endif
