/*
 * Files that the build puts into the program (tools/embed.c), as a table
 * NAME[NAME_n] in the order in which the build lists them:
 *   extern const struct embedded NAME[];
 *   extern const size_t NAME_n;
 */
#ifndef PLACET_EMBEDDED_H
#define PLACET_EMBEDDED_H

#include "base/base.h"

struct embedded {
	const char *name;       /* the file's name without its folder */
	const unsigned char *p; /* the content; p[n] is a NUL, so that text can be read as text */
	size_t n;
};

#endif
