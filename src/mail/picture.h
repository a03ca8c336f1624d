/*
 * What an image file is: told by its bytes, never by its name. PNG, JPEG and
 * GIF, which every mail program shows; not SVG, which can act.
 */
#ifndef PLACET_PICTURE_H
#define PLACET_PICTURE_H

#include "base/err.h"

struct picture {
	const char *type; /* "image/png", "image/jpeg", "image/gif" */
	int width, height; /* px */
};

/* ERR_INPUT when it is none of those, is cut off, has something behind its end, or moves. Nothing is decoded. */
int picture_read(struct slice bytes, struct picture *out, struct err *e) MUST_USE;

#endif
