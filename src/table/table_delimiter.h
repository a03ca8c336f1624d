/*
 * Which character lies between the cells of a CSV file, told from its
 * beginning.
 */
#ifndef PLACET_TABLE_DELIMITER_H
#define PLACET_TABLE_DELIMITER_H

#include "base/base.h"

/* The most consistent of comma, semicolon, tab and pipe; a comma if there is none. `p` may end within a row. */
char delimiter_guess(const char *p, size_t n);
/* The length of a first line `sep=X`, as Excel writes it, with its line end; 0: there is none. */
size_t delimiter_line(const char *p, size_t n, char *delimiter);

#endif
