/*
 * A small block of lines that is drawn again and again: in its own place on a terminal, one after the other anywhere
 * else. What is drawn may come from outside: nothing in it reaches a terminal as a control.
 */
#ifndef PLACET_CMD_SCREEN_H
#define PLACET_CMD_SCREEN_H

#include <stdio.h>

#include "base/base.h"

struct screen {
	FILE *out;
	bool in_place;  /* a terminal that can move its cursor */
	int columns;    /* of it; lines are cut there, since a line that wraps could not be drawn over */
	size_t lines;   /* of the last block, and of this one so far */
	size_t now;
};

void screen_init(struct screen *s, FILE *out);
/* Begins a block, at the place of the one before. */
void screen_begin(struct screen *s);
void screen_line(struct screen *s, const char *fmt, ...) PRINTF(2, 3);
/* Takes away what is left of a longer block before. 0, or -1 when the output cannot be written. */
int screen_end(struct screen *s) MUST_USE;

#endif
