/*
 * A table of Markdown as plain text: columns side by side where that fits into
 * a line and nothing varies in width, else each row as "Heading: cell" lines.
 */
#ifndef PLACET_MARKDOWN_TABLE_H
#define PLACET_MARKDOWN_TABLE_H

#include "base/buf.h"

#define TABLE_COLUMNS 12
#define TABLE_CELLS   600

struct text_table {
	struct buf cells;              /* the texts, one behind the other */
	size_t start[TABLE_CELLS + 1]; /* where each begins; start[n] is the end */
	size_t n;
	size_t columns;
	bool right[TABLE_COLUMNS]; /* aligned to the right */
};

void table_init(struct text_table *t, size_t columns);
void table_free(struct text_table *t);
/* Adds the next cell, row by row, the head first; false when there are too many. */
bool table_add(struct text_table *t, const char *p, size_t n);
/* Appends the table. Each line begins with `first`, then `rest`. */
void table_write(const struct text_table *t, struct buf *out, const char *first, const char *rest);

#endif
